"""The port of this room: what a simulator takes and gives."""

from driving_data.ports import Control, Observation, Session, Simulator

__all__ = ["Control", "Observation", "Session", "Simulator"]
