"""Which tuples of values can occur at all: the universe that coverage is counted in.

U_t = {(I, u): |I| = t, some whole row x that meets every relation has x_I = u}. Relations tie axes into groups that
are independent of one another, so that a tuple is possible where each of its parts is. A group with at most
`MAX_ROWS` rows is enumerated; in a larger one each part is looked for by backtracking.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from math import prod

import numpy as np

from driving_data.errors import RoadloomError
from scenarios.designs.axes import Axes, groups_of

MAX_ROWS = 1_000_000
MAX_NODES = 2_000_000

Combo = tuple[int, ...]


class Contradiction(RoadloomError, ValueError):
    """Relations that no row meets; the message names the axes that they join."""


@dataclass(frozen=True, slots=True, eq=False)
class Universe:
    """The tuples of some combinations of axes that can occur.

    Attributes:
        axes: the axes.
        combos: combinations of axes.
        possible: for each combination a truth table over the values of its axes; tuples with a value that is not
            counted are False.
        num_refused: tuples of counted values that cannot occur.
        num_undecided: tuples that a search of `MAX_NODES` nodes could not decide; they are kept as possible.
    """

    axes: Axes
    combos: tuple[Combo, ...]
    possible: tuple[np.ndarray, ...]
    num_refused: int
    num_undecided: int = 0

    @property
    def size(self) -> int:
        """How many tuples can occur."""
        return sum(int(table.sum()) for table in self.possible)

    @property
    def num_cells(self) -> int:
        """How many tuples there are, possible or not."""
        return self.size + self.num_refused

    def covered(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        """For each combination the possible tuples that rows (value indices, -1 where unknown) show."""
        return tuple(
            shown(rows, combo, table.shape) & table for combo, table in zip(self.combos, self.possible, strict=True)
        )


def shown(rows: np.ndarray, combo: Sequence[int], shape: tuple[int, ...]) -> np.ndarray:
    """Truth table of the tuples that rows show in one combination of axes."""
    table = np.zeros(shape, dtype=bool)
    part = np.asarray(rows)[:, list(combo)]
    part = part[(part >= 0).all(axis=1)]
    if len(part):
        table[tuple(part.T)] = True
    return table


@dataclass(slots=True)
class Feasibility:
    """Answers which tuples can occur; remembers what it enumerated.

    Attributes:
        axes: the axes.
        groups: axes that relations tie together.
        rows: the rows of each group, None for one that is too large.
        num_undecided: tuples that the search gave up on.
    """

    axes: Axes
    groups: tuple[Combo, ...] = ()
    rows: tuple[np.ndarray | None, ...] = ()
    num_undecided: int = 0
    _known: dict[Combo, np.ndarray] = field(default_factory=lambda: {})

    def __post_init__(self) -> None:
        self.groups = groups_of(self.axes)
        self.rows = tuple(group_rows(self.axes, group) for group in self.groups)
        for group, rows in zip(self.groups, self.rows, strict=True):
            if (rows is not None and not len(rows)) or (rows is None and not self._searched(group[:1]).any()):
                names = ", ".join(self.axes.names[axis] for axis in group)
                raise Contradiction(f"no combination of {names} meets all their relations")

    def possible(self, combo: Combo) -> np.ndarray:
        """Truth table of the tuples of one combination of axes."""
        shape = [len(self.axes.values[axis]) for axis in combo]
        table = np.ones(shape, dtype=bool)
        for group, rows in zip(self.groups, self.rows, strict=True):
            part = tuple(axis for axis in combo if axis in group)
            if part:
                own = self._part(part, group, rows)
                table &= own.reshape([size if axis in part else 1 for axis, size in zip(combo, shape, strict=True)])
        return table

    def _part(self, part: Combo, group: Combo, rows: np.ndarray | None) -> np.ndarray:
        if part not in self._known:
            if rows is None:
                self._known[part] = self._searched(part)
            else:
                shape = tuple(len(self.axes.values[axis]) for axis in part)
                self._known[part] = shown(rows, [group.index(axis) for axis in part], shape)
        return self._known[part]

    def _searched(self, part: Combo) -> np.ndarray:
        from scenarios.designs.packing import pack_relations
        from scenarios.designs.search_kernels import completable

        shape = [len(self.axes.values[axis]) for axis in part]
        cells = np.array(list(product(*map(range, shape))), dtype=np.int64)
        found = completable(np.array(part, dtype=np.int64), cells, pack_relations(self.axes), MAX_NODES)
        self.num_undecided += int((found < 0).sum())
        return (found != 0).reshape(shape)


def group_rows(axes: Axes, group: Combo) -> np.ndarray | None:
    """Every row over the axes of a group that meets its relations, shape (rows, axes); None where they are too many.

    Axes join one by one, and what breaks a relation falls out as soon as the relation can be read.
    """
    rows = np.zeros((1, 0), dtype=np.int16)
    inside = [relation for relation in axes.relations if set(relation.axes) <= set(group)]
    for count, axis in enumerate(group, 1):
        size = len(axes.values[axis])
        if len(rows) * size > 4 * MAX_ROWS:
            return None
        new = np.tile(np.arange(size, dtype=np.int16), len(rows))
        rows = np.concatenate([np.repeat(rows, size, axis=0), new[:, None]], axis=1)
        seen = set(group[:count])
        for relation in inside:
            if axis in relation.axes and set(relation.axes) <= seen:
                places = tuple(rows[:, group.index(each)] for each in relation.axes)
                rows = rows[relation.allowed[places]]
    return rows if len(rows) <= MAX_ROWS else None


def universe_of(axes: Axes, combos: Iterable[Combo], feasibility: Feasibility | None = None) -> Universe:
    """The universe of some combinations of axes.

    Raises:
        Contradiction: no row meets the relations.
    """
    known = feasibility or Feasibility(axes)
    kept, tables, refused = list[Combo](), list[np.ndarray](), 0
    for combo in combos:
        counted = reduce(np.multiply.outer, (axes.counts(axis) for axis in combo))
        table = known.possible(combo) & counted
        refused += int(counted.sum() - table.sum())
        kept.append(combo)
        tables.append(table)
    return Universe(axes, tuple(kept), tuple(tables), refused, known.num_undecided)


def num_rows(axes: Axes, feasibility: Feasibility | None = None) -> int | None:
    """How many whole rows meet the relations; None where a group is too large to count."""
    known = feasibility or Feasibility(axes)
    inside = {axis for group in known.groups for axis in group}
    total = prod(len(axes.values[axis]) for axis in range(len(axes.names)) if axis not in inside)
    for rows in known.rows:
        if rows is None:
            return None
        total *= len(rows)
    return total
