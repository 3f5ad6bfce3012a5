"""Coverage weighted by how often things happen: the measure of what was touched.

A combination of bins weighs as much as a random scenario is likely to show it. The weighted coverage is the mean, over
the combinations of axes, of the weight of what was touched: the chance that a pair (triple, ...) of a random scenario
is one that was seen. It is additive: mu(A u B) = mu(A) + mu(B) - mu(A n B).
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce

import numpy as np

from scenarios.algebra import LogicalScenario
from scenarios.coverage.axes import bin_fractions, drawn_as
from scenarios.coverage.figure import Coverage
from scenarios.coverage.grid import Grid
from scenarios.designs.universe import Universe
from scenarios.draws import Sampler
from scenarios.expressions import Expression
from scenarios.randomness import unit_draw
from scenarios.selection import select


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """How likely each combination of bins is.

    Attributes:
        universe: the combinations.
        weights: for each combination of axes a table of probabilities.
        num_draws: draws that they were counted from; 0 where they are exact.
    """

    universe: Universe
    weights: tuple[np.ndarray, ...]
    num_draws: int

    def measure(self, tables: Sequence[np.ndarray]) -> float:
        """The measure of some combinations, given as truth tables in the order of the universe; 0 to 1."""
        if not self.weights:
            return 1.0
        whole = [float(weight.sum()) for weight in self.weights]
        parts = [
            float(weight[table].sum()) / total if total else 1.0
            for weight, table, total in zip(self.weights, tables, whole, strict=True)
        ]
        return sum(parts) / len(parts)

    def of(self, coverage: Coverage) -> float:
        """The measure of what was touched."""
        return self.measure(coverage.hits)


def exposure_of(
    logical: LogicalScenario, grid: Grid, universe: Universe, *, draws: int = 400, seed: int = 0
) -> Exposure:
    """The weights of a universe under the measure of its scenario.

    Without restrictions and options they are products of the shares of the bins, exact. Else `draws` scenarios are
    drawn and counted: a weight p then has a standard error of sqrt(p (1 - p) / draws).
    """
    if not grid.finite.relations and all(_independent(grid, axis.path) for axis in grid.axes):
        shares = [_shares(grid, i) for i in range(len(grid.axes))]
        tables = tuple(reduce(np.multiply.outer, [shares[axis] for axis in combo]) for combo in universe.combos)
        return Exposure(universe, tables, 0)
    rows = _drawn_rows(logical, grid, draws, seed)
    return Exposure(universe, tuple(
        _counted(rows, combo, table) for combo, table in zip(universe.combos, universe.possible, strict=True)
    ), draws)  # fmt: skip


def _independent(grid: Grid, path: str) -> bool:
    return len(grid.sources[path]) == 1 and not isinstance(grid.sources[path][0].value, Expression)


def _shares(grid: Grid, axis: int) -> np.ndarray:
    own = grid.axes[axis]
    if own.path in grid.choices:
        return np.array([float(weight) for weight, _ in grid.choices[own.path].options])
    value = drawn_as(grid.sources[own.path][0].value)
    assert value is not None
    return np.array([sum(b - a for a, b in bin_fractions(own, k, value)) for k in range(len(own.labels))])


def _drawn_rows(logical: LogicalScenario, grid: Grid, count: int, seed: int) -> np.ndarray:
    """Rows of bins of random draws; only what the axes read is drawn, no scenario is built."""
    rows: list[tuple[int, ...]] = []
    for index in range(count):
        sampler = Sampler({}, partial(unit_draw, seed, index))
        deque(select(logical.blocks, sampler, 0), maxlen=0)
        for path in dict.fromkeys(axis.path.partition("#")[0] for axis in grid.axes):
            # What stands in an expression is drawn where the expression asks for it.
            if path in sampler.sources:
                sampler.get(path)
        rows.append(grid.row(sampler.got))
    return np.array(rows, dtype=np.int64).reshape(count, len(grid.axes))


def _counted(rows: np.ndarray, combo: tuple[int, ...], possible: np.ndarray) -> np.ndarray:
    counts = np.zeros(possible.shape, dtype=np.float64)
    part = rows[:, list(combo)]
    part = part[(part >= 0).all(axis=1)]
    if len(part):
        np.add.at(counts, tuple(part.T), 1.0)
    return counts * possible / max(len(rows), 1)
