"""Checks of motion, contact and time."""
