"""How new a draw is: its distance to the nearest draw that was seen.

d(x, y) is the mean over the axes that one of the two has: |x - y| / range for numbers, 0 or 1 for texts, flags and
options, 1 where only one has the axis (Gower, Biometrics 27, 857, 1971, with absence as a difference). 0 is a draw
that was seen, 1 one that differs in everything as much as it can.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from scenarios.concrete import ConcreteScenario
from scenarios.coverage.grid import Grid

_CHUNK = 256


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Draws as points.

    Attributes:
        grid: whose axes are the coordinates.
    """

    grid: Grid

    def points(self, concretes: Iterable[ConcreteScenario]) -> Float[np.ndarray, "N axes"]:
        """One row for each draw: numbers as shares of their range, all else as the number of its bin; NaN for none."""
        found: list[list[float]] = []
        for concrete in concretes:
            row = self.grid.row(concrete.draws, concrete.tags)
            found.append([self._place(i, concrete, row[i]) for i in range(len(self.grid.axes))])
        return np.array(found, dtype=np.float64).reshape(len(found), len(self.grid.axes))

    def _place(self, axis: int, concrete: ConcreteScenario, number: int) -> float:
        own = self.grid.axes[axis]
        if number < 0:
            return np.nan
        if not self.graded[axis]:
            return float(number)
        low, high = self._span(axis)
        value = concrete.draws.get(own.path)
        if not isinstance(value, (int, float)):
            edge = own.edges[number]
            assert not isinstance(edge, frozenset)
            value = 0.5 * (edge[0] + edge[1])
        return (float(value) - low) / (high - low)

    @property
    def graded(self) -> tuple[bool, ...]:
        """Which axes are numbers, so that nearer values are nearer."""
        return tuple(
            not isinstance(axis.edges[0], frozenset) and axis.path not in self.grid.choices for axis in self.grid.axes
        )

    def _span(self, axis: int) -> tuple[float, float]:
        edges = [edge for edge in self.grid.axes[axis].edges if not isinstance(edge, frozenset)]
        return edges[0][0], edges[-1][1]


def distances(
    new: Float[np.ndarray, "N axes"], seen: Float[np.ndarray, "M axes"], graded: tuple[bool, ...]
) -> Float[np.ndarray, "N M"]:
    """The distance of each new point to each seen one."""
    a, b = new[:, None, :], seen[None, :, :]
    apart = np.where(np.array(graded, dtype=bool), np.minimum(np.abs(a - b), 1.0), (a != b).astype(np.float64))
    one, both = np.isnan(a) ^ np.isnan(b), np.isnan(a) & np.isnan(b)
    apart = np.where(both, 0.0, np.where(one, 1.0, apart))
    return apart.sum(axis=-1) / np.maximum((~both).sum(axis=-1), 1)


def novelty(
    grid: Grid, new: Iterable[ConcreteScenario], seen: Iterable[ConcreteScenario]
) -> Float[np.ndarray, "N"]:  # fmt: skip
    """For each new draw its distance to the nearest seen one; 1 where none was seen."""
    space = Space(grid)
    points, others = space.points(new), space.points(seen)
    nearest = np.ones(len(points))
    if len(others) and points.shape[1]:
        for start in range(0, len(points), _CHUNK):
            part = points[start : start + _CHUNK]
            nearest[start : start + _CHUNK] = distances(part, others, space.graded).min(axis=1)
    return nearest


def spread(grid: Grid, concretes: Iterable[ConcreteScenario]) -> Float[np.ndarray, "N"]:
    """For each draw of a set its distance to the nearest of the others; near 0 where the set repeats itself."""
    space = Space(grid)
    points = space.points(concretes)
    if len(points) < 2:
        return np.ones(len(points))
    found = np.ones(len(points))
    for start in range(0, len(points), _CHUNK):
        part = distances(points[start : start + _CHUNK], points, space.graded)
        part[np.arange(len(part)), start + np.arange(len(part))] = np.inf
        found[start : start + _CHUNK] = part.min(axis=1)
    return found
