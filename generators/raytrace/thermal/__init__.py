"""Thermal cameras: temperatures of what is seen, and the infrared that reaches the lens."""

from generators.raytrace.thermal.look import look

__all__ = ["look"]
