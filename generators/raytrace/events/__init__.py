"""Event cameras: pixels that report changes of light."""

from generators.raytrace.events.look import look

__all__ = ["look"]
