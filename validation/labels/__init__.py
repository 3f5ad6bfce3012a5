"""Checks of labels, pictures and calibration against one another."""
