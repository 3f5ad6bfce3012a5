"""Lidars: where they look when, and the echoes that come back."""

from generators.raytrace.lidars.look import look

__all__ = ["look"]
