"""What a generator of pictures does: the ports, and what one may do besides.

`Generator.open(scene, rig, seed)` prepares a scene; its `Renderer` then makes what the rig sees between two moments.
`generators.generate.generate` is a loop over these. A renderer that can look at one actor alone is also a
`SilhouetteRenderer`; labels then say how much of each actor is hidden (otherwise that is unknown: NaN).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from driving_data.geometry import SE3
from driving_data.ports import Generator, Renderer, SceneDescription, SensorFrames, SensorRig, WorldState


@dataclass(frozen=True, slots=True, eq=False)
class Silhouettes:
    """How many sample rays met each actor, with the world in the way and without it.

    Both counts are over the same rays (a regular grid, no denser than the image's pixels), so their ratio is the
    visible fraction.

    Attributes:
        visible: rays that see the actor, shape (C, A) for C cameras.
        alone: rays that would see it were nothing else there, shape (C, A).
        outline_px: x_min, y_min, x_max, y_max around the whole projected surface of the actor, hidden or not, clipped
            to the image, shape (C, A, 4); NaN where it is out of view. None where the surface is not known.
    """

    visible: Int[np.ndarray, "C A"]
    alone: Int[np.ndarray, "C A"]
    outline_px: "Float[np.ndarray, 'C A 4'] | None" = None


@runtime_checkable
class SilhouetteRenderer(Protocol):
    """A renderer that can also look at one actor alone."""

    def silhouettes(self, start: WorldState, end: WorldState, frames: SensorFrames) -> Silhouettes:
        """Counts for every camera and actor, for frames that `render(start, end)` gave."""
        ...


@runtime_checkable
class FlowRenderer(Protocol):
    """A renderer that gives optical flow, and wants to know at which state the rig looks next."""

    def render_before(self, start: WorldState, end: WorldState, later: WorldState) -> SensorFrames:
        """As `render(start, end)`, with flow from `start` to `later`."""
        ...


@runtime_checkable
class SelectiveRenderer(Protocol):
    """A renderer that can be asked for some of its sensors, and for sensors that do not sit where the rig says.

    Renderers without it are asked for everything and what is not due is dropped; for sensors that moved a scene is
    opened anew.
    """

    def only(self, names: Collection[str], mountings: Mapping[str, SE3]) -> Renderer:
        """The same open scene, seen by these sensors alone, those in `mountings` from there (`ego_from_sensor`).

        Each sensor gives the very bytes that it gives among the others. Closing the view does not close the scene.
        """
        ...


__all__ = [
    "FlowRenderer",
    "Generator",
    "Renderer",
    "SceneDescription",
    "SelectiveRenderer",
    "SensorFrames",
    "SensorRig",
    "SilhouetteRenderer",
    "Silhouettes",
    "WorldState",
]
