"""Concrete scenarios from cells: a covering array over the bins of a logical scenario, a point drawn in each cell.

A row of the array says a bin for every axis. A bin is a part of [0, 1) that the quantile function takes into it; the
seed draws a number there, again and again where a condition cuts through the cell. A cell that cannot be drawn (a
condition leaves a sliver of it, actors stand in one another) gives its tuples to rows of their own, with everything
else left to chance; a tuple that is out of reach even so is reported.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from math import prod

import numpy as np

from scenarios.algebra import LogicalScenario
from scenarios.concrete import ConcreteScenario
from scenarios.coverage.axes import Binning, bin_fractions
from scenarios.coverage.axes import Fraction as Part
from scenarios.coverage.grid import Grid, grid_of
from scenarios.designs.axes import MAX_TABLE, Axes, Relation, groups_of
from scenarios.designs.covering import CoveringArray, cover
from scenarios.designs.universe import Contradiction, Universe, universe_of
from scenarios.draws import Rejected
from scenarios.expressions import Expression
from scenarios.randomness import unit_draw

MAX_TRIES = 24
MAX_ROUNDS = 4
INSET = 1e-9
# Attempts of one turn; those of the next are beyond them.
_TURN = 1 << 56


@dataclass(frozen=True, slots=True, eq=False)
class CellDraws:
    """What came of drawing the rows of an array.

    Attributes:
        scenarios: one for each row that could be drawn, and those that stand in for rows that could not.
        array: the array.
        unreachable: tuples (bin labels by path) that no draw reached.
    """

    scenarios: tuple[ConcreteScenario, ...]
    array: CoveringArray
    unreachable: tuple[dict[str, str], ...] = ()


def logical_array(
    logical: LogicalScenario, strength: int = 2, seed: int = 0, *, bins: int | Binning = 5,
    done: Iterable[ConcreteScenario] = (), effort: float = 0.5,
) -> CoveringArray:  # fmt: skip
    """A covering array over the bins of a logical scenario, behind draws that were made already."""
    grid = grid_of(logical.blocks, bins)
    array = cover(grid.universe(strength), seed, grid.rows(done), effort)
    return CoveringArray(array.universe, ordered(array), array.num_kept)


def ordered(array: CoveringArray) -> np.ndarray:
    """The rows, kept ones first, then each time the one that shows most that is new: a short run covers most."""
    rest = list(range(array.num_kept, len(array.rows)))
    tables = [table.copy() for table in array.universe.possible]
    for row in array.rows[: array.num_kept]:
        _new_tuples(array.universe, tables, row, take=True)
    order = list(range(array.num_kept))
    gains = {i: _new_tuples(array.universe, tables, array.rows[i]) for i in rest}
    while rest:
        # A gain only falls, so that the first whose gain is still what it was is the best.
        while True:
            best = max(rest, key=lambda i: (gains[i], -i))
            now = _new_tuples(array.universe, tables, array.rows[best])
            if now == gains[best]:
                break
            gains[best] = now
        _new_tuples(array.universe, tables, array.rows[best], take=True)
        rest.remove(best)
        order.append(best)
    return array.rows[order]


def _new_tuples(universe: Universe, tables: list[np.ndarray], row: np.ndarray, take: bool = False) -> int:
    found = 0
    for combo, table in zip(universe.combos, tables, strict=True):
        place = tuple(row[list(combo)].tolist())
        if min(place) >= 0 and table[place]:
            found += 1
            if take:
                table[place] = False
    return found


def draw_array(
    logical: LogicalScenario, strength: int = 2, seed: int = 0, *, bins: int | Binning = 5,
    done: Iterable[ConcreteScenario] = (), effort: float = 0.5,
) -> CellDraws:  # fmt: skip
    """Concrete scenarios that cover every reachable combination of `strength` bins, with those of `done`."""
    earlier = tuple(done)
    grid = grid_of(logical.blocks, bins)
    array = logical_array(logical, strength, seed, bins=bins, done=earlier, effort=effort)
    drawn: list[ConcreteScenario] = []
    universe, rows, failed = array.universe, array.rows[array.num_kept :], list[np.ndarray]()
    for _ in range(MAX_ROUNDS):
        for row in rows:
            concrete = draw_cell(logical, grid, row, seed, len(drawn) + len(failed))
            if concrete is None:
                failed.append(row)
            else:
                drawn.append(concrete)
        known = grid.rows([*earlier, *drawn])
        narrower = without_cells(universe, failed)
        if narrower is None or _num_open(narrower, known) == 0:
            break
        # What could not be drawn is asked for again around the cells that failed.
        rows = cover(narrower, seed, known, effort).rows[len(known) :]
    if not failed:
        return CellDraws(tuple(drawn), array)
    unreachable = list(_repaired(logical, grid, universe, [*earlier, *drawn], drawn, seed))
    return CellDraws(tuple(drawn), array, tuple(unreachable))


def without_cells(universe: Universe, cells: Iterable[np.ndarray]) -> Universe | None:
    """The universe if cells cannot be: their bins on the axes that relations tie together are forbidden at once.

    None where there are no such cells, or no relations that could be to blame.
    """
    axes, failed = universe.axes, np.array(list(cells), dtype=np.int64)
    groups = [group for group in groups_of(axes) if prod(axes.sizes[axis] for axis in group) <= MAX_TABLE]
    if not len(failed) or not groups:
        return None
    learned: list[Relation] = []
    for group in groups:
        allowed = np.ones([axes.sizes[axis] for axis in group], dtype=bool)
        allowed[tuple(failed[:, list(group)].T)] = False
        learned.append(Relation(group, allowed))
    narrower = Axes(axes.names, axes.values, (*axes.relations, *learned), axes.counted)
    try:
        return universe_of(narrower, universe.combos)
    except Contradiction:
        return None


def _num_open(universe: Universe, rows: np.ndarray) -> int:
    return universe.size - sum(int(table.sum()) for table in universe.covered(rows))


def draw_cells(logical: LogicalScenario, strength: int, count: int, seed: int) -> list[ConcreteScenario]:
    """`count` draws of a covering array: its first ones, and beyond its last row further draws in the same cells.

    Raises:
        Rejected: a cell beyond the last row cannot be drawn again.
    """
    if count < 1:
        return []
    made = draw_array(logical, strength, seed)
    found = list(made.scenarios[:count])
    grid = grid_of(logical.blocks)
    rows = grid.rows(made.scenarios)
    for index in range(len(found), count):
        concrete = draw_cell(logical, grid, rows[index % len(rows)], seed, index)
        if concrete is None:
            raise Rejected(f"cell {index % len(rows)} of the array gives no draw at index {index}")
        found.append(concrete)
    return found


def draw_cell(
    logical: LogicalScenario, grid: Grid, row: np.ndarray, seed: int, index: int
) -> ConcreteScenario | None:  # fmt: skip
    """A draw in the cell of a row (-1 leaves an axis to chance); None where none was found in `MAX_TRIES` tries.

    A restriction that is solved may take a draw out of its cell; what came out is looked at, and drawn again.
    """
    wanted = np.asarray(row)
    asked = (wanted >= 0) & (wanted < [len(axis.labels) for axis in grid.axes])
    for turn in range(MAX_TRIES):
        try:
            concrete = logical.sample(seed, index, cell_fractions(grid, row, seed, index, turn))
        except Rejected:
            continue
        if (np.array(grid.row(concrete.draws, concrete.tags))[asked] == wanted[asked]).all():
            return concrete
    return None


def _repaired(
    logical: LogicalScenario, grid: Grid, universe: Universe, known: list[ConcreteScenario],
    drawn: list[ConcreteScenario], seed: int,
) -> Iterator[dict[str, str]]:  # fmt: skip
    """Draws what is still missing, tuple by tuple; gives those that are out of reach."""
    hits = list(universe.covered(grid.rows(known)))
    for number, combo in enumerate(universe.combos):
        for place in np.argwhere(universe.possible[number]).tolist():
            if hits[number][tuple(place)]:
                continue
            row = np.full(len(grid.axes), -1, dtype=np.int64)
            row[list(combo)] = place
            concrete = draw_cell(logical, grid, row, seed, len(universe.combos) + len(drawn))
            if concrete is None:
                yield {
                    grid.axes[axis].path: grid.axes[axis].labels[index]
                    for axis, index in zip(combo, place, strict=True)
                }
                continue
            drawn.append(concrete)
            hits = [hit | new for hit, new in zip(hits, universe.covered(grid.rows([concrete])), strict=True)]


def cell_fractions(grid: Grid, row: np.ndarray, seed: int, index: int, turn: int = 0) -> "partial[float]":
    """The numbers in [0, 1) that keep a draw in the cell of a row, by path and attempt; others in another turn."""
    bins = [int(each) for each in row]
    taken = grid.taken(bins)
    parts: dict[str, tuple[Part, ...]] = {}
    for axis, number in zip(grid.axes, bins, strict=True):
        if not 0 <= number < len(axis.labels):
            continue
        if axis.path in grid.choices:
            parts[axis.path] = (_share(grid, axis.path, number),)
            continue
        source = grid.source(axis.path, taken)
        if source is not None and not isinstance(source.value, Expression):
            parts[axis.path] = bin_fractions(axis, number, source.value)
    return partial(_fraction, parts, seed, index, turn * _TURN)


def _share(grid: Grid, path: str, number: int) -> Part:
    weights = [float(weight) for weight, _ in grid.choices[path].options]
    start = sum(weights[:number])
    # The ends are drawn in a little: shares are sums of fractions, and rounding must not name a neighbour.
    inset = INSET * weights[number]
    return start + inset, start + weights[number] - inset


def _fraction(
    parts: dict[str, tuple[Part, ...]], seed: int, index: int, first: int, path: str, attempt: int
) -> float:  # fmt: skip
    unit = unit_draw(seed, index, path, first + attempt)
    if not parts.get(path):
        return unit
    rest = unit * sum(b - a for a, b in parts[path])
    a, b = 0.0, 1.0
    for a, b in parts[path]:
        if rest < b - a:
            break
        rest -= b - a
    # Quantile functions are exact to some bits only: a draw keeps clear of the ends of its bin.
    inset = INSET * (b - a)
    return min(max(a + rest, a + inset), b - inset)
