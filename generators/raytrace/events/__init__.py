"""Event cameras: pixels that report changes of light."""
