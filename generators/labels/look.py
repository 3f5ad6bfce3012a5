"""What the rig saw at one moment, as the makers of labels take it."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from driving_data.rollout import WorldState
from driving_data.sensors import CameraFrame, LidarSweep
from generators.interface import Silhouettes
from generators.raytrace.inspection import Inspection


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the rig saw at one moment of the rollout.

    Attributes:
        step: index of the moment.
        frames: pictures taken then, with their index in the segment.
        sweeps: lidar turns begun then.
        silhouettes: counts of the actors' pixels; None where the generator cannot say.
        inspection: the geometry that was shown; None where the generator cannot say, or nobody asked.
    """

    step: int
    frames: tuple[tuple[int, CameraFrame], ...]
    sweeps: tuple[LidarSweep, ...]
    silhouettes: Silhouettes | None
    inspection: Inspection | None = None


@runtime_checkable
class InspectedRenderer(Protocol):
    """A renderer that shows the geometry behind its pictures; labels of space are made from it."""

    def inspect(self, start: WorldState, end: WorldState) -> Inspection:
        """The geometry behind what `render(start, end)` shows."""
        ...


__all__ = ["InspectedRenderer", "Look"]
