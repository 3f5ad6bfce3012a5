"""Radars: reflections by range, direction and Doppler, ghosts, clutter and false alarms."""

from generators.raytrace.radars.echoes import Echoes, clean_returns, radar_rays
from generators.raytrace.radars.look import look

__all__ = ["Echoes", "clean_returns", "look", "radar_rays"]
