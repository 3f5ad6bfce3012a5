"""Cameras: rays of their pixels, the picture, and what the sensor makes of it."""
