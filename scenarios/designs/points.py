"""Points that fill the unit cube: a number in [0, 1) for each index and path, each to be had alone.

- `random`: independent numbers (the counter of `scenarios.randomness`).
- `lhs`: Latin hypercube. Each path has one point in each of `count` equal strata; the order of the strata is a
  permutation keyed by (seed, path), so that a path that comes or goes leaves the others as they are (McKay, Beckman,
  Conover, Technometrics 21, 239, 1979; the permutation is a Feistel network that walks its cycles).
- `sobol`: Sobol points with Owen's scrambling (scipy.stats.qmc); a path has the dimension of its place in the order
  of all paths, and the first points of a longer run are those of a shorter one.
- `grid`: midpoints of the smallest regular grid with at least `count` cells, in an order that the seed shuffles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from jaxtyping import Float

from driving_data.errors import nearest_name
from scenarios.randomness import unit_draw

POINTS = ("random", "sobol", "lhs", "grid")
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class PointDesign:
    """Points of one design.

    Attributes:
        design: one of `POINTS`.
        paths: the dimensions, in alphabetical order.
        count: how many points there are.
        seed: the seed.
    """

    design: str
    paths: tuple[str, ...]
    count: int
    seed: int

    def __post_init__(self) -> None:
        if self.design not in POINTS:
            near = nearest_name(self.design, POINTS)
            raise ValueError(
                f"no design {self.design!r}; there are {', '.join(POINTS)}" + (f"; {near!r}?" if near else "")
            )
        if self.count < 0 or list(self.paths) != sorted(set(self.paths)):
            raise ValueError("a design has a count of at least 0, and its paths in order, each once")

    def at(self, index: int) -> dict[str, float]:
        """The point at an index, by path.

        Raises:
            ValueError: the index is not one of `count`.
        """
        if not 0 <= index < self.count:
            raise ValueError(f"index {index} is not one of {self.count}")
        if self.design == "random":
            return {path: unit_draw(self.seed, index, path) for path in self.paths}
        if self.design == "lhs":
            return {path: latin_fraction(self.seed, index, self.count, path) for path in self.paths}
        if self.design == "grid":
            return dict(zip(self.paths, grid_point(self.seed, index, self.count, len(self.paths)), strict=True))
        block, offset = divmod(index, _BLOCK)
        return dict(zip(self.paths, _sobol_block(len(self.paths), self.seed, block)[offset].tolist(), strict=True))

    def points(self) -> Float[np.ndarray, "count paths"]:
        """Every point, one row for each index."""
        rows = [list(self.at(index).values()) for index in range(self.count)]
        return np.array(rows, dtype=np.float64).reshape(self.count, len(self.paths))


_BLOCK = 256


@lru_cache(maxsize=64)
def _sobol_block(dimensions: int, seed: int, block: int) -> np.ndarray:
    from scipy.stats import qmc

    source: Any = qmc.Sobol(max(dimensions, 1), scramble=True, rng=_generator(seed, dimensions))
    if block:
        source.fast_forward(block * _BLOCK)
    return np.asarray(source.random(_BLOCK))[:, :dimensions]


def _generator(seed: int, dimensions: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed % 2**64, dimensions])))


def latin_fraction(seed: int, index: int, count: int, path: str) -> float:
    """The number of one path at one index of a Latin hypercube of `count` points."""
    stratum = permuted(index, count, f"{path}!lhs", seed)
    return min((stratum + unit_draw(seed, index, path)) / count, 1 - 2.0**-53)


def permuted(index: int, count: int, path: str, seed: int) -> int:
    """Where a permutation of `range(count)` that (seed, path) names takes an index, without making the whole of it.

    A Feistel network permutes pairs of digits; what lands beyond `count` goes through it again (cycle walking:
    Black, Rogaway, CT-RSA 2002).
    """
    side = 1
    while side * side < count:
        side += 1
    place = index
    while True:
        left, right = divmod(place, side)
        for turn in range(_ROUNDS):
            left, right = right, (left + int(unit_draw(seed, right, path, turn) * side)) % side
        place = left * side + right
        if place < count:
            return place


def grid_levels(dimensions: int, count: int) -> tuple[int, ...]:
    """Levels of each axis, at most one apart, so that the grid has at least `count` cells."""
    levels = [1] * dimensions
    axis = 0
    while dimensions and prod(levels) < count:
        levels[axis % dimensions] += 1
        axis += 1
    return tuple(levels)


def grid_point(seed: int, index: int, count: int, dimensions: int) -> list[float]:
    """The midpoint of the cell that a shuffled regular grid has at an index."""
    levels = grid_levels(dimensions, count)
    place = permuted(index % max(prod(levels), 1), max(prod(levels), 1), "!grid", seed)
    found: list[float] = []
    for level in reversed(levels):
        place, digit = divmod(place, level)
        found.append((digit + 0.5) / level)
    return found[::-1]


def lost_strata(values: Sequence[float], quantile: Any, count: int) -> tuple[int, ...]:
    """Strata of a Latin hypercube that hold no value any more, as after a restriction has drawn some again.

    Args:
        values: what came out.
        quantile: the quantile function that they were drawn through; must not fall.
        count: how many strata there were.
    """
    ends = np.array([float(quantile(k / count)) for k in range(1, count)])
    held = set(np.searchsorted(ends, np.asarray(values, dtype=np.float64), side="right").tolist())
    return tuple(k for k in range(count) if k not in held)
