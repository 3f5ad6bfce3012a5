"""Planted faults that measure the checks."""
