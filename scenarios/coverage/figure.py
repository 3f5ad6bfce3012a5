"""The figure itself: covered, missing and infeasible combinations of bins."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from scenarios.concrete import ConcreteScenario
from scenarios.coverage.axes import Axis, Binning
from scenarios.coverage.grid import Grid, grid_of
from scenarios.designs.universe import Universe
from scenarios.normal_form import Blocks

Cell = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """What a set of draws has touched.

    Attributes:
        strength: how many axes a combination joins.
        axes: the axes.
        universe: the combinations that can be touched.
        hits: for each combination of axes of the universe, a truth table of what was touched.
        num_rows: how many draws were counted.
    """

    strength: int
    axes: tuple[Axis, ...]
    universe: Universe
    hits: tuple[np.ndarray, ...]
    num_rows: int

    @property
    def total(self) -> int:
        """Combinations that can be touched, |U_t|."""
        return self.universe.size

    @property
    def infeasible(self) -> int:
        """Combinations that were left out because they break a restriction."""
        return self.universe.num_refused

    @property
    def num_covered(self) -> int:
        """Combinations that were touched."""
        return sum(int(table.sum()) for table in self.hits)

    @property
    def ratio(self) -> float:
        """Share of them that was touched; 1 where there are none."""
        return self.num_covered / self.total if self.total else 1.0

    @property
    def covered(self) -> frozenset[Cell]:
        """Combinations that were touched."""
        return frozenset(cells_of(self, self.hits))

    @property
    def missing(self) -> frozenset[Cell]:
        """Combinations that can be touched and were not."""
        return frozenset(cells_of(self, self.missing_tables()))

    def missing_tables(self) -> tuple[np.ndarray, ...]:
        """For each combination of axes, what can be touched and was not."""
        return tuple(table & ~hit for table, hit in zip(self.universe.possible, self.hits, strict=True))

    def gaps(self) -> tuple[dict[str, str], ...]:
        """The combinations that are missing, as bin labels by path."""
        return self.named(self.missing)

    def named(self, cells: Iterable[Cell]) -> tuple[dict[str, str], ...]:
        """Combinations as bin labels by path, in order."""
        known = {axis.path: axis for axis in self.axes}
        return tuple({path: known[path].labels[i] for path, i in cell} for cell in sorted(cells))

    def text(self) -> str:
        """The figure in one line, the size of the universe and what was left out included."""
        return (
            f"{self.strength}-way coverage {self.ratio:.1%}: {self.num_covered} of {self.total} feasible combinations "
            f"of {len(self.axes)} axes by {self.num_rows} draws ({self.infeasible} infeasible left out)"
        )


def cells_of(coverage: Coverage, tables: Iterable[np.ndarray]) -> Iterator[Cell]:
    """The combinations that truth tables mark, as path and bin."""
    paths = [axis.path for axis in coverage.axes]
    for combo, table in zip(coverage.universe.combos, tables, strict=True):
        for place in np.argwhere(table).tolist():
            yield tuple((paths[axis], index) for axis, index in zip(combo, place, strict=True))


def measure(
    blocks: Blocks, concretes: Iterable[ConcreteScenario], strength: int = 2, bins: int | Binning = 5
) -> Coverage:  # fmt: skip
    """Coverage of the blocks of a logical scenario by draws (see the package)."""
    grid = grid_of(blocks, bins)
    return coverage_of_rows(grid, grid.rows(concretes), strength)


def coverage_of_rows(grid: Grid, rows: np.ndarray, strength: int = 2) -> Coverage:
    """Coverage of a grid by rows of bins, shape (rows, axes); -1 where a bin is not known.

    With fewer axes than `strength`, whole cells are counted.
    """
    universe = grid.universe(strength)
    return Coverage(strength, grid.axes, universe, universe.covered(rows), len(rows))


def union(one: Coverage, two: Coverage) -> Coverage:
    """What both have touched together.

    Raises:
        ValueError: they do not count the same combinations.
    """
    if one.axes != two.axes or one.universe.combos != two.universe.combos:
        raise ValueError("two coverages can be joined where their axes and strengths are the same")
    hits = tuple(a | b for a, b in zip(one.hits, two.hits, strict=True))
    return Coverage(one.strength, one.axes, one.universe, hits, one.num_rows + two.num_rows)


def difference(one: Coverage, two: Coverage) -> tuple[dict[str, str], ...]:
    """Combinations that the first has touched and the second has not (combinatorial difference, NIST IR 7878).

    Raises:
        ValueError: they do not count the same combinations.
    """
    joined = union(one, two)
    tables = (a & ~b for a, b in zip(one.hits, two.hits, strict=True))
    return joined.named(cells_of(joined, tables))
