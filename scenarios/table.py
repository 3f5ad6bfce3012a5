"""Draws of a logical scenario as columns: every value of many scenarios, without roads, places and behaviours.

`draw_table` draws what `sample` draws, bit for bit, a column at a time. It is the fast way to look at a space (what
comes out, how often, how restricted) where nothing has to be placed on a road; `sample_many` makes the scenarios.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Integer

from scenarios.algebra import LogicalScenario
from scenarios.columns import Chunk, Column, quantiles
from scenarios.constraints.solve import Solution, solution_of
from scenarios.copula import linked_value
from scenarios.draws import Rejected
from scenarios.expressions import Expression, Linked, Value
from scenarios.leaf import Leaf
from scenarios.normal_form import Block, ChoiceOf, Restricted
from scenarios.sampling import CHUNK, chunks_of
from scenarios.selection import MAX_TRIES, PLAIN_TRIES, SOLVED_FROM, SOLVED_TRIES, choice_path, drawn_paths, shares_of
from scenarios.space import Const
from scenarios.vector import evaluate_rows

Rows = Integer[np.ndarray, "_"]
Part = tuple[float, float]
WHOLE_CHUNK = 16 * CHUNK


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Values of many scenarios.

    Attributes:
        columns: values by path, one for each scenario; constants are left out.
        present: for paths that only some scenarios have, which ones; values elsewhere mean nothing.
        count: how many scenarios.
    """

    columns: Mapping[str, Column]
    present: Mapping[str, Bool[np.ndarray, "_"]]
    count: int

    def row(self, index: int) -> dict[str, Any]:
        """The values of one scenario, as `ConcreteScenario.draws` has them."""
        found: dict[str, Any] = {}
        for path, column in self.columns.items():
            if path not in self.present or self.present[path][index]:
                value = column[index]
                found[path] = value.item() if isinstance(value, np.generic) else value
        return found

    def rows(self) -> list[dict[str, Any]]:
        """The values of every scenario."""
        names = tuple(self.columns)
        found = [dict(zip(names, values, strict=True)) for values in zip(*self._lists(), strict=True)]
        for path, there in self.present.items():
            for index in np.flatnonzero(~there).tolist():
                del found[index][path]
        return found if names else [{} for _ in range(self.count)]

    def _lists(self) -> Iterator[list[Any]]:
        return (column.tolist() for column in self.columns.values())


def draw_table(logical: LogicalScenario, count: int, seed: int, design: str = "random") -> Table:
    """The values of `count` scenarios; row i has those of `sample_one(logical, i, count, seed, design)`.

    Left out are values that only a built scenario asks for: those of the single actors of a stream and of the turns
    of a repetition. Scenarios whose actors would begin in one another are drawn again by `sample_many`, not here.

    Raises:
        ValueError: there is no such design, or `count` is below 0.
        Infeasible: no draw meets a restriction.
        Rejected: a restriction rejects nearly everything.
    """
    parts = [_filled(logical, chunk) for chunk in chunks_of(logical, count, seed, design, WHOLE_CHUNK)]
    paths = sorted({path for part in parts for path in part.groups})
    columns: dict[str, Column] = {}
    present: dict[str, np.ndarray] = {}
    for path in paths:
        pieces = [part.column(path) if path in part.groups else _nothing(part.size) for part in parts]
        columns[path] = np.concatenate(_alike(pieces))
        there = np.concatenate([part.present(path) for part in parts])
        if not there.all():
            present[path] = there
    return Table(columns, present, count)


def _nothing(size: int) -> Column:
    return np.full(size, None, dtype=object)


def _alike(pieces: Sequence[Column]) -> list[Column]:
    same = len({piece.dtype for piece in pieces}) == 1
    return [piece if same else piece.astype(object) for piece in pieces]


def _filled(logical: LogicalScenario, chunk: Chunk) -> "_Filler":
    filler = _Filler(chunk, len(chunk.indices))
    filler.fill(logical.blocks, np.arange(len(chunk.indices)), 0)
    return filler


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Rows whose value at a path comes from the same value, attempt and box."""

    rows: Rows
    value: Value
    attempt: int
    low: "np.ndarray | None" = None
    high: "np.ndarray | None" = None

    def of(self, rows: Rows) -> "_Group":
        """The same for some of the rows."""
        if self.low is None or self.high is None:
            return _Group(rows, self.value, self.attempt)
        at = np.searchsorted(self.rows, rows)
        return _Group(rows, self.value, self.attempt, self.low[at], self.high[at])


@dataclass(slots=True)
class _Filler:
    """Groups of rows by path, and the columns made of them."""

    chunk: Chunk
    size: int
    groups: dict[str, list[_Group]] = field(default_factory=lambda: {})
    boxes: dict[str, tuple[Column, Column]] = field(default_factory=lambda: {})
    made: dict[str, Column] = field(default_factory=lambda: {})

    def fill(self, blocks: Iterable[Block], rows: Rows, attempt: int) -> None:
        """Chooses leaves for the rows, options and restrictions included."""
        for block in blocks:
            if isinstance(block, Leaf):
                for path, value in drawn_paths(block):
                    self.add(path, value, rows, attempt)
            elif isinstance(block, ChoiceOf):
                self._choose(block, rows, attempt)
            else:
                self._restrict(block, rows, attempt)

    def add(self, path: str, value: Value, rows: Rows, attempt: int) -> None:
        """Rows whose value at a path is drawn from `value`."""
        low, high = self.boxes.get(path, (None, None))
        inside = (low, high) if low is None or high is None else (low[rows], high[rows])
        self.groups.setdefault(path, []).append(_Group(rows, value, attempt, *inside))
        for i, inner in enumerate(value.draws() if isinstance(value, Expression) else ()):
            self.add(f"{path}#{i}", inner, rows, attempt)

    def _choose(self, block: ChoiceOf, rows: Rows, attempt: int) -> None:
        path = choice_path(block)
        low, high = self.boxes.get(path, (None, None))
        fractions = _inside(self._fractions(path, attempt, rows), None if low is None else low[rows],
                            None if high is None else high[rows])  # fmt: skip
        taken = np.minimum(np.searchsorted(shares_of(block), fractions, side="right"), len(block.options) - 1)
        for k, (_, parts) in enumerate(block.options):
            chosen = rows[taken == k]
            self.groups.setdefault(path, []).append(_Group(chosen, Const(k), attempt))
            if len(chosen):
                self.fill(parts, chosen, attempt)

    def _restrict(self, block: Restricted, rows: Rows, first: int) -> None:
        pending = rows
        for attempt in range(first, first + PLAIN_TRIES):
            pending = self._tried(block, pending, attempt, None)
        if not len(pending):
            return
        solution = solution_of(block)
        begin = SOLVED_FROM + first * SOLVED_TRIES
        for attempt in range(begin, begin + (MAX_TRIES if solution is None else SOLVED_TRIES)):
            pending = self._tried(block, pending, attempt, solution)
            if not len(pending):
                return
        raise Rejected(f"a restriction was not met in any of its draws: {block.where[0].text()!r}")

    def _tried(self, block: Restricted, rows: Rows, attempt: int, solution: Solution | None) -> Rows:
        """Draws the rows once; the ones that break a condition are given back."""
        if not len(rows):
            return rows
        boxes = {} if solution is None else self._boxes(solution, rows, attempt)
        trial = _Filler(self.chunk, self.size, boxes=boxes)
        trial.fill(block.blocks, rows, attempt)
        met = rows
        for condition in block.where:
            holds = evaluate_rows(condition, "where", met, trial.value_at)
            met = met[np.asarray(holds, dtype=bool)]
        for path, groups in trial.groups.items():
            kept = [group.of(np.intersect1d(group.rows, met, assume_unique=True)) for group in groups]
            self.groups.setdefault(path, []).extend(group for group in kept if len(group.rows))
        return np.setdiff1d(rows, met, assume_unique=True)

    def _boxes(self, solution: Solution, rows: Rows, attempt: int) -> dict[str, tuple[Column, Column]]:
        fractions = self._fractions(solution.path, attempt, rows)
        picked = np.minimum(np.searchsorted(solution.ends, fractions, side="right"), len(solution.cells) - 1)
        edges = solution.edges()
        found: dict[str, tuple[Column, Column]] = {}
        for path, (lows, highs) in edges.items():
            low, high = np.zeros(self.size), np.ones(self.size)
            low[rows], high[rows] = lows[picked], highs[picked]
            found[path] = low, high
        return found

    def _fractions(self, path: str, attempt: int, rows: Rows) -> Column:
        if attempt == 0 or len(rows) == self.size:
            return self.chunk.fractions(path, attempt)[rows]
        return self.chunk.some_fractions(path, attempt, rows)

    def present(self, path: str) -> Bool[np.ndarray, "_"]:
        """Which rows have a value at the path."""
        there = np.zeros(self.size, dtype=bool)
        for group in self.groups.get(path, []):
            there[group.rows] = True
        return there

    def column(self, path: str) -> Column:
        """The values at a path; those of rows that have none mean nothing."""
        if path not in self.made:
            parts = [(group, self._drawn(path, group)) for group in self.groups[path] if len(group.rows)]
            dtypes = {values.dtype for _, values in parts}
            column = np.zeros(self.size, dtype=dtypes.pop() if len(dtypes) == 1 else object)
            for group, values in parts:
                column[group.rows] = values.tolist() if column.dtype == object else values
            self.made[path] = column
        return self.made[path]

    def value_at(self, path: str, rows: Rows) -> Column:
        """Values of some rows at a path, constants included."""
        return self.column(path)[rows]

    def _drawn(self, path: str, group: _Group) -> Column:
        if isinstance(group.value, Expression):
            if isinstance(group.value.term, Linked):
                return self._linked(path, group, group.value.term)
            return evaluate_rows(group.value, path, group.rows, self.value_at)
        if isinstance(group.value, Const):
            return quantiles(group.value, np.zeros(len(group.rows)))
        return quantiles(group.value, _inside(self._fractions(path, group.attempt, group.rows), group.low, group.high))

    def _linked(self, path: str, group: _Group, term: Linked) -> Column:
        owners = {name: self._owners(name) for name in self.groups}
        values: list[Any] = []
        for row in group.rows.tolist():
            sources = {name: owner[row] for name, owner in owners.items() if row in owner}
            values.append(linked_value(term, path, lambda name, row=row: self.column(name)[row], sources))
        column = np.empty(len(values), dtype=object)
        column[:] = values
        return np.array(values) if len({type(value) for value in values}) == 1 and values[0] is not str else column

    def _owners(self, path: str) -> dict[int, Value]:
        return {row: group.value for group in self.groups[path] for row in group.rows.tolist()}


def _inside(fractions: Column, low: "Column | None", high: "Column | None") -> Column:
    if low is None or high is None:
        return fractions
    return np.minimum(low + (high - low) * fractions, np.nextafter(high, low))
