"""The ways of seeing: numbers by name, one flat vector, a picture from above, or sensors."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import gymnasium
import numpy as np
from gymnasium import spaces

from closed_loop.environment.raster import Raster
from closed_loop.environment.vectors import NUM_FLAT, encode_vectors, flatten, vector_spaces
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.ports import Observation
from driving_data.rollout import Rollout

Encoded = Any
Lived = Callable[[], tuple[Rollout, ...]]


@runtime_checkable
class View(Protocol):
    """A way of seeing."""

    @property
    def space(self) -> gymnasium.Space[Any]:
        """What one world looks like."""
        ...

    def begin(self, num_worlds: int) -> None:
        """Forgets the worlds that it saw; called when episodes begin."""
        ...

    def see(self, observation: Observation, lived: Lived) -> Encoded:
        """All B worlds, with a leading axis B in every array; `lived` gives their rollouts so far."""
        ...


class VectorView:
    """Numbers by name, as `closed_loop.environment.vectors` tells."""

    @property
    def space(self) -> gymnasium.Space[Any]:
        """A Dict of boxes."""
        return spaces.Dict(vector_spaces())

    def begin(self, num_worlds: int) -> None:
        """There is nothing to forget."""

    def see(self, observation: Observation, lived: Lived) -> Encoded:
        """The numbers."""
        return encode_vectors(observation)


class FlatView:
    """The same numbers in one vector of 233."""

    @property
    def space(self) -> gymnasium.Space[Any]:
        """A Box."""
        return spaces.Box(-np.inf, np.inf, (NUM_FLAT,), np.float32)

    def begin(self, num_worlds: int) -> None:
        """There is nothing to forget."""

    def see(self, observation: Observation, lived: Lived) -> Encoded:
        """The vector."""
        return flatten(encode_vectors(observation))


class RasterView:
    """A picture from above, as `closed_loop.environment.raster` tells, with the numbers of the ego and the signal."""

    def __init__(self, raster: Raster | None = None) -> None:
        self.raster = raster or Raster()

    @property
    def space(self) -> gymnasium.Space[Any]:
        """A Dict of the picture and two boxes."""
        numbers = vector_spaces()
        return spaces.Dict({"raster": self.raster.space, "ego": numbers["ego"], "signal": numbers["signal"]})

    def begin(self, num_worlds: int) -> None:
        """There is nothing to forget."""

    def see(self, observation: Observation, lived: Lived) -> Encoded:
        """Picture and numbers."""
        numbers = encode_vectors(observation)
        return {"raster": self.raster.draw(observation), "ego": numbers["ego"], "signal": numbers["signal"]}


def _sensors() -> View:
    from closed_loop.environment.sensors import SensorView

    return SensorView()


VIEWS: dict[str, Callable[[], View]] = {
    "vector": VectorView, "flat": FlatView, "raster": RasterView, "sensors": _sensors
}  # fmt: skip


def view_of(view: "str | View") -> View:
    """The view of that name.

    Raises:
        InputError: there is none; the fault names the nearest.
    """
    if not isinstance(view, str):
        return view
    if view not in VIEWS:
        expected = f"one of {', '.join(VIEWS)}"
        raise InputError([Fault("", 0, 0, "view", "unknown-name", repr(view), expected, nearest_name(view, VIEWS))])
    return VIEWS[view]()
