"""The functions of the language by name: what they take, what they give, in which unit, and what they mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from driving_data.messages import HazardCause
from driving_data.taxonomy import ActorClass, ActorMode, SignalState
from generators.labels.predicates import functions as f

TRUTH, NAME = "truth", "name"
WORDS: Mapping[str, tuple[str, ...]] = {
    "mode": tuple(name.lower() for name, mode in ActorMode.__members__.items() if mode),
    "part": ("brakes", "tyre", "steering"),
    "cause": tuple(cause.name.lower() for cause in HazardCause),
    "class": tuple(kind.label for kind in ActorClass),
    "state": tuple(state.name.lower() for state in SignalState),
}
"""What an argument or a comparison may name, by the kind of name."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    Attributes:
        name: as it is written.
        takes: kind of each argument: 'actor', 'lane', 'signal', or a key of `WORDS`.
        gives: 'truth', a unit ('m', 's', 'm/s', 'm/s2', 'rad', '1'), or a key of `WORDS` for a name.
        compute: its values at every moment, shape (T,).
    """

    name: str
    takes: tuple[str, ...]
    gives: str
    compute: Callable[..., Any]

    @property
    def doc(self) -> str:
        """What it means."""
        return " ".join((self.compute.__doc__ or "").split())

    def values(self, view: f.View, arguments: tuple[str, ...]) -> np.ndarray:
        """Its values, computed once per view."""
        return view.keep((self.name, *arguments), lambda: np.asarray(self.compute(view, *arguments)))


_A, _AB, _AS = ("actor",), ("actor", "actor"), ("actor", "signal")
_ALL = (
    Function("distance", _AB, "m", f.distance),
    Function("gap", _AB, "m", f.gap),
    Function("lateral_gap", _AB, "m", f.lateral_gap),
    Function("lateral_offset", _AB, "m", f.lateral_offset),
    Function("time_to_collision", _AB, "s", f.time_to_collision),
    Function("headway", _AB, "s", f.headway),
    Function("closing_speed", _AB, "m/s", f.closing_speed),
    Function("speed", _A, "m/s", f.speed),
    Function("acceleration", _A, "m/s2", f.acceleration),
    Function("heading", _A, "rad", f.heading),
    Function("visibility", _AB, "1", f.visibility),
    Function("stop_distance", _AS, "m", f.stop_distance),
    Function("exists", _A, TRUTH, f.exists),
    Function("stands", _A, TRUTH, f.stands),
    Function("brakes", _A, TRUTH, f.brakes),
    Function("brake_lights", _A, TRUTH, f.brake_lights),
    Function("ahead_of", _AB, TRUTH, f.ahead_of),
    Function("left_of", _AB, TRUTH, f.left_of),
    Function("right_of", _AB, TRUTH, f.right_of),
    Function("oncoming", _AB, TRUTH, f.oncoming),
    Function("crossing_path", _AB, TRUTH, f.crossing_path),
    Function("same_lane", _AB, TRUTH, f.same_lane),
    Function("in_lane", ("actor", "lane"), TRUTH, f.in_lane),
    Function("lane_left_of", ("lane", "lane"), TRUTH, f.lane_left_of),
    Function("lane_right_of", ("lane", "lane"), TRUTH, f.lane_right_of),
    Function("on_road", _A, TRUTH, f.on_road),
    Function("in_work_zone", _A, TRUTH, f.in_work_zone),
    Function("controlled_by", _AS, TRUTH, f.controlled_by),
    Function("collides", _AB, TRUTH, f.collides),
    Function("mode", ("actor", "mode"), TRUTH, f.mode),
    Function("fails", ("actor", "part"), TRUTH, f.fails),
    Function("warned_of", ("actor", "cause"), TRUTH, f.warned_of),
    Function("signal_state", ("signal",), "state", f.signal_state),
    Function("kind", _A, "class", f.kind_of),
)
FUNCTIONS: Mapping[str, Function] = {function.name: function for function in _ALL}
