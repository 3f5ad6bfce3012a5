"""Cameras: rays of their pixels, the picture, and what the sensor makes of it."""

from generators.raytrace.cameras.look import look, view_of

__all__ = ["look", "view_of"]
