"""Ultrasonic parking sensors: a tone, a cone, and the first echoes."""
