"""Radars: reflections by range, direction and Doppler, ghosts, clutter and false alarms."""
