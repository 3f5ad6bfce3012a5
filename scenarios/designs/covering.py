"""Covering arrays: few tests that show every combination of values of any `strength` axes that can occur.

Rows are grown one by one, each the best of several candidates around an open tuple (the idea of AETG: Cohen, Dalal,
Fredman, Patton, IEEE Trans. Softw. Eng. 23, 437, 1997); then a tabu search on tuples takes rows away while
everything stays covered (the idea of TCA: Lin, Luo, Cai, Su, Hao, Zhang, ASE 2015). Both know the relations: every
row meets them, tuples that cannot occur are not asked for, and completeness is checked at the end.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driving_data.errors import RoadloomError
from scenarios.designs.axes import Axes, combos_of
from scenarios.designs.packing import pack_relations, pack_tuples
from scenarios.designs.universe import Feasibility, Universe, universe_of

MAX_NODES = 200_000
CANDIDATES = 12
ITERATIONS = 60_000


class Incomplete(RoadloomError):
    """A covering array that could not be completed; the message says where."""


@dataclass(frozen=True, slots=True, eq=False)
class CoveringArray:
    """Tests that show every tuple of the universe.

    Attributes:
        universe: what is covered.
        rows: value indices, shape (tests, axes); the rows that were there before come first.
        num_kept: how many were there before.
    """

    universe: Universe
    rows: np.ndarray
    num_kept: int = 0

    @property
    def axes(self) -> Axes:
        """The axes."""
        return self.universe.axes

    def __len__(self) -> int:
        return len(self.rows)

    def tests(self) -> list[dict[str, Any]]:
        """The rows as values by name; an axis that a kept row leaves open is left out."""
        return [self.axes.named(row) for row in self.rows.tolist()]

    def num_uncovered(self) -> int:
        """Tuples of the universe that no row shows; 0 for what `covering_array` gives."""
        shown = self.universe.covered(self.rows)
        return self.universe.size - sum(int(table.sum()) for table in shown)


def covering_array(
    axes: Axes, strength: int = 2, seed: int = 0, *, rows: Sequence[Mapping[str, Any] | Sequence[int]] = (),
    stronger: Iterable[tuple[Sequence[str], int]] = (), effort: float = 1.0,
) -> CoveringArray:  # fmt: skip
    """A covering array; the same arguments give the same rows.

    Args:
        axes: what is combined.
        strength: every combination of so many axes is covered; 2 is pairwise.
        seed: seed of the search.
        rows: tests that were run already, by name or as value indices (-1: unknown); they are kept and count.
        stronger: mixed strength: axes by name, with the strength among them.
        effort: how long rows are taken away again; 0 not at all. The time grows with it, the array shrinks.

    Raises:
        Contradiction: no row meets the relations.
        Incomplete: a search gave up.
    """
    groups = [(tuple(axes.index(name) for name in names), each) for names, each in stronger]
    combos = combos_of(len(axes.names), strength, groups)
    return cover(universe_of(axes, combos, Feasibility(axes)), seed, _as_rows(axes, rows), effort)


def cover(universe: Universe, seed: int, kept: np.ndarray, effort: float = 1.0) -> CoveringArray:
    """A covering array of a universe, behind rows that are kept.

    Raises:
        Incomplete: a search gave up.
    """
    from scenarios.designs.search_kernels import greedy_rows, mark, shrink

    axes = universe.axes
    relations, tuples = pack_relations(axes), pack_tuples(axes.sizes, universe.combos)
    wanted = np.concatenate([np.zeros(0, bool), *(table.ravel() for table in universe.possible)]).astype(np.uint8)
    count = np.zeros(len(wanted), dtype=np.int32)
    for row in kept:
        mark(row, tuples, count, 1)
    wanted[count > 0] = 0
    count[:] = 0
    state = np.array([_state(seed)], dtype=np.uint64)
    most = int(wanted.sum()) + 1
    found, num = greedy_rows(relations, tuples, wanted, count, state, CANDIDATES, most, MAX_NODES)
    if num < 0:
        raise Incomplete(f"a tuple of {', '.join(axes.names)} could not be completed within {MAX_NODES} steps")
    new = np.ascontiguousarray(found[:num])
    if effort > 0 and num:
        new = new[: shrink(new, relations, tuples, wanted, count, state, round(effort * ITERATIONS), MAX_NODES)]
    array = CoveringArray(universe, np.concatenate([kept, new]), len(kept))
    if left := array.num_uncovered():
        raise Incomplete(f"{left} tuples are left open")
    return array


def _as_rows(axes: Axes, rows: Sequence[Mapping[str, Any] | Sequence[int]]) -> np.ndarray:
    plain = [axes.row(row) if isinstance(row, Mapping) else tuple(int(value) for value in row) for row in rows]
    found = np.array(plain, dtype=np.int64).reshape(len(plain), len(axes.names))
    if ((found < -1) | (found >= np.array(axes.sizes))).any():
        raise ValueError("a test that was run has a value index outside its axis")
    return found


def _state(seed: int) -> int:
    """A state of the generator that is never 0: splitmix64 (Steele, Lea, Flood, OOPSLA 2014) of the seed."""
    mask = (1 << 64) - 1
    z = (seed + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return (z ^ (z >> 31)) or 1
