"""Sensors of the vehicle's own motion: inertial units, satellite receivers, wheels and steering."""
