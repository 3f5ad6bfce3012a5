"""What the annotations of a room exclude is refused while tests run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pytest
from beartype import beartype
from jaxtyping import Bool, Float

from tests.tools.typechecked import checked

Points = Float[np.ndarray, "n 2"]


def _middles(first: Points, second: Points, mode: Literal["mean", "wrong"] = "mean") -> Points:
    return (first + second) / 2 if mode == "mean" else (first + second)[:1]


def _length(value: float, names: "list[str]") -> float:
    return value * len(names)


def _pairs(points: Points, wanted: "Bool[np.ndarray, 'n']") -> Iterator[int]:
    yield from np.flatnonzero(wanted + 0 * points[:, 0])


@dataclass(frozen=True, slots=True)
class _Track:
    positions: Points
    times: Float[np.ndarray, " n"]
    notes: list[str] = field(default_factory=list)


middles, length, pairs, track = (checked(beartype, thing) for thing in (_middles, _length, _pairs, _Track))


def test_what_fits_passes():
    points = np.zeros((3, 2))
    assert middles(points, points).shape == (3, 2)
    assert length(2.0, ["a"]) == 2.0
    assert list(pairs(points, np.ones(3, bool))) == [0, 1, 2]
    assert track(points, np.zeros(3)).notes == []
    # The names of sizes belong to one call: the next one may have another number of points.
    assert middles(np.zeros((5, 2)), np.zeros((5, 2))).shape == (5, 2)


@pytest.mark.parametrize(
    "call",
    [
        lambda: length(2, ["a"]),
        lambda: length(2.0, [1]),
        lambda: length(2.0, "a"),
        lambda: middles(np.zeros((3, 2)), np.zeros((4, 2))),
        lambda: middles(np.zeros((3, 3)), np.zeros((3, 3))),
        lambda: middles(np.zeros((3, 2), int), np.zeros((3, 2))),
        lambda: middles(np.zeros((3, 2)), np.zeros((3, 2)), "median"),
        lambda: middles(np.zeros((3, 2)), np.zeros((3, 2)), "wrong"),
        lambda: pairs(np.zeros((3, 2)), np.ones(4, bool)),
        lambda: track(np.zeros((3, 2)), np.zeros(4)),
        lambda: track(np.zeros((3, 2)), np.zeros(3), ["note", "note"][0]),
    ],
)
def test_what_does_not_fit_is_refused(call):
    with pytest.raises(Exception, match=r"(?i)type|violates"):
        call()
