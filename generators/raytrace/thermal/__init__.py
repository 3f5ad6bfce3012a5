"""Thermal cameras: temperatures of what is seen, and the infrared that reaches the lens."""
