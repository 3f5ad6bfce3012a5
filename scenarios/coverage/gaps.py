"""The logical scenario of what is missing: a choice among the cells that close the gaps, ready to be run.

The missing combinations are packed into as few cells as a covering array needs behind the rows that are there. Each
cell is an option: the options of choices taken, the ranges that its combinations read narrowed to their bins, all
else as free as it was. Every draw shows at least one missing combination; a Latin hypercube of as many draws as there
are cells (or the design `1way`) takes each cell once and closes the gap.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from scenarios.algebra import LogicalScenario, choice
from scenarios.concrete import ConcreteScenario
from scenarios.coverage.axes import Binning
from scenarios.coverage.figure import Coverage, coverage_of_rows
from scenarios.coverage.grid import CELL_TAG, Grid, grid_of, leaves_taken
from scenarios.coverage.narrowing import Narrowing
from scenarios.designs.cells import draw_cell, ordered
from scenarios.designs.covering import cover
from scenarios.designs.universe import Universe
from scenarios.expressions import Expression
from scenarios.leaf import Leaf, make_leaf
from scenarios.normal_form import assemble
from scenarios.units import FLAG


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """What is missing and how to get it.

    Attributes:
        logical: a scenario whose draws show what is missing; None where nothing is.
        coverage: what is there.
        cells: the bins of each option by path, in the order of the cells.
        unreachable: missing combinations that no draw reached, though nothing proves that they cannot be.
    """

    logical: LogicalScenario | None
    coverage: Coverage
    cells: tuple[dict[str, str], ...]
    unreachable: tuple[dict[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.cells)


def gaps(
    logical: LogicalScenario, concretes: Iterable[ConcreteScenario] = (), strength: int = 2, *,
    bins: int | Binning = 5, seed: int = 0, max_cells: int | None = None,
) -> Gaps:  # fmt: skip
    """What draws of a logical scenario have not touched, as a logical scenario.

    Args:
        logical: the space.
        concretes: what was drawn already.
        strength: 2 for pairs.
        bins: how ranges are cut.
        seed: of the search for few cells.
        max_cells: at most so many cells, those that close most first.
    """
    grid = grid_of(logical.blocks, bins)
    return gaps_of_rows(logical, grid, grid.rows(concretes), strength, seed, max_cells)


def gaps_of_rows(
    logical: LogicalScenario, grid: Grid, rows: np.ndarray, strength: int = 2, seed: int = 0,
    max_cells: int | None = None,
) -> Gaps:  # fmt: skip
    """As `gaps`, for rows of bins: real segments and generated ones in the same cells."""
    coverage = coverage_of_rows(grid, rows, strength)
    if coverage.num_covered == coverage.total:
        return Gaps(None, coverage, ())
    array = cover(coverage.universe, seed, rows)
    new = ordered(array)[array.num_kept :][:max_cells]
    maker = _Maker(logical, grid, coverage.universe, list(coverage.missing_tables()), seed)
    for row in new:
        maker.add(row)
    if max_cells is None:
        maker.add_rest()
    options = [(1, option) for option in maker.options]
    return Gaps(choice(*options) if options else None, coverage, tuple(maker.cells), tuple(maker.unreachable))


@dataclass(slots=True)
class _Maker:
    """Collects the cells, each shown to hold a draw."""

    logical: LogicalScenario
    grid: Grid
    universe: Universe
    needed: list[np.ndarray]
    seed: int
    options: list[LogicalScenario] = field(default_factory=lambda: [])
    cells: list[dict[str, str]] = field(default_factory=lambda: [])
    unreachable: list[dict[str, str]] = field(default_factory=lambda: [])

    def add(self, row: np.ndarray) -> None:
        """The cell of a row, unless nothing can be drawn in it."""
        if not self.logical.problems() and draw_cell(self.logical, self.grid, row, self.seed, len(self.cells)) is None:
            return
        axes, own = self.grid.axes, _axes_needed(self.universe, self.needed, row)
        if not own:
            return
        wanted = {i for i in own if 0 <= row[i] < len(axes[i].labels)}
        taken = {i for i, axis in enumerate(axes) if axis.path in self.grid.choices and row[i] < len(axis.labels)}
        self.options.append(_cell(self.logical, self.grid, row, wanted | taken))
        self.cells.append({axes[i].path: axes[i].labels[row[i]] for i in sorted(wanted)})

    def add_rest(self) -> None:
        """Cells around what no row could show; what cannot be drawn at all is out of reach."""
        for combo, table in zip(self.universe.combos, self.needed, strict=True):
            for place in np.argwhere(table).tolist():
                if not table[tuple(place)]:
                    continue
                row = np.full(len(self.grid.axes), -1, dtype=np.int64)
                row[list(combo)] = place
                drawn = draw_cell(self.logical, self.grid, row, self.seed, len(self.cells))
                if drawn is None:
                    named = zip(combo, place, strict=True)
                    self.unreachable.append({self.grid.axes[i].path: self.grid.axes[i].labels[k] for i, k in named})
                    continue
                self.add(self.grid.whole(self.grid.row(drawn.draws, drawn.tags)))


def _axes_needed(universe: Universe, needed: list[np.ndarray], row: np.ndarray) -> set[int]:
    """Axes of the missing tuples that a row shows; takes those tuples out of what is needed."""
    found: set[int] = set()
    for combo, table in zip(universe.combos, needed, strict=True):
        place = tuple(row[list(combo)].tolist())
        if table[place]:
            table[place] = False
            found.update(combo)
    return found


def _cell(logical: LogicalScenario, grid: Grid, row: np.ndarray, wanted: set[int]) -> LogicalScenario:
    """The part of a logical scenario in a cell of the grid."""
    bins = {grid.axes[i].path: (grid.axes[i], int(row[i])) for i in sorted(wanted)}
    narrowing = Narrowing(bins)
    leaves: list[Leaf] = []
    conditions: list[Expression] = []
    for found in leaves_taken(logical.blocks, grid.taken(row)):
        if isinstance(found, Leaf):
            leaves.append(narrowing.leaf(found))
        else:
            conditions.append(found)
    conditions.extend(_branches_taken(grid, row, wanted))
    # What a draw will not tell any more is said by a tag: options that were taken, values with one choice left.
    silent = [path for path in bins if path in grid.choices or path in narrowing.fixed]
    tags = [f"{CELL_TAG}{path}={bins[path][0].labels[bins[path][1]]}" for path in silent]
    return LogicalScenario(assemble(_tagged(leaves, tags), [*conditions, *narrowing.conditions]))


def _branches_taken(grid: Grid, row: np.ndarray, wanted: set[int]) -> Iterator[Expression]:
    """Conditions under which ranges in the branches of an `if` are drawn, for those that the cell asks for."""
    taken = grid.taken(row)
    for i in sorted(wanted):
        source = grid.source(grid.axes[i].path, taken)
        for term in source.when if source is not None else ():
            condition = Expression(term, FLAG)
            if not any("#" in name for name in condition.names()):
                yield condition


def _tagged(leaves: list[Leaf], tags: list[str]) -> list[Leaf]:
    if not tags:
        return leaves
    about = next((leaf for leaf in leaves if leaf.kind == "about"), None)
    texts = dict(about.texts) if about else {}
    rest = [leaf for leaf in leaves if leaf.kind != "about"]
    return [*rest, make_leaf("about", texts={**texts, **{f"tag:{tag}": "" for tag in tags}})]
