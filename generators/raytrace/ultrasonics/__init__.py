"""Ultrasonic parking sensors: a tone, a cone, and the first echoes."""

from generators.raytrace.ultrasonics.look import look

__all__ = ["look"]
