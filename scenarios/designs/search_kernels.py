"""Kernels over packed relations and tuples: search for complete rows, greedy rows, and local search on arrays.

A row holds value indices, -1 where open. The table of a relation has one more place per axis, for "open": it says
whether any value there would do, so that one look tells whether a partial row can still meet the relation.
"""

from typing import NamedTuple

import numpy as np
from numba import njit


class Relations(NamedTuple):
    """Packed relations (see `packing.pack_relations`)."""

    sizes: np.ndarray
    axis_start: np.ndarray
    axis_list: np.ndarray
    start: np.ndarray
    axes: np.ndarray
    strides: np.ndarray
    table_start: np.ndarray
    table: np.ndarray
    order: np.ndarray
    group: np.ndarray


class Tuples(NamedTuple):
    """Packed combinations of axes (see `packing.pack_tuples`)."""

    axis_start: np.ndarray
    axis_list: np.ndarray
    start: np.ndarray
    axes: np.ndarray
    strides: np.ndarray
    offset: np.ndarray


@njit(cache=True, nogil=True)
def next_random(state: np.ndarray, below: int) -> int:
    """A whole number in [0, below); xorshift64* (Vigna 2016) on a state of one uint64."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    high = (x * np.uint64(2685821657736338717)) >> np.uint64(33)
    return int(high % np.uint64(below))


@njit(cache=True, nogil=True)
def possible_at(row: np.ndarray, axis: int, rel: Relations) -> bool:
    """Whether each relation of an axis can still be met."""
    for k in range(rel.axis_start[axis], rel.axis_start[axis + 1]):
        r = rel.axis_list[k]
        place = rel.table_start[r]
        for j in range(rel.start[r], rel.start[r + 1]):
            value = row[rel.axes[j]]
            place += (value if value >= 0 else rel.sizes[rel.axes[j]]) * rel.strides[j]
        if not rel.table[place]:
            return False
    return True


@njit(cache=True, nogil=True)
def complete(row: np.ndarray, rel: Relations, shift: int, max_nodes: int) -> int:
    """Fills the open axes of the relations, by backtracking; 1 done, 0 impossible, -1 undecided after `max_nodes`.

    Values are tried from `shift` on, so that different shifts find different rows. Where it fails the row is as before.
    Axes that no relation joins, directly or through others, are in different groups: one that fails fails for good.
    """
    free = np.empty(len(rel.order), dtype=np.int64)
    num = 0
    for axis in rel.order:
        if row[axis] < 0:
            free[num] = axis
            num += 1
        elif not possible_at(row, axis, rel):
            return 0
    tried = np.zeros(num + 1, dtype=np.int64)
    depth, nodes = 0, 0
    while depth < num:
        axis = free[depth]
        size = rel.sizes[axis]
        found = False
        while tried[depth] < size:
            row[axis] = (tried[depth] + shift) % size
            tried[depth] += 1
            nodes += 1
            if possible_at(row, axis, rel):
                found = True
                break
        if found:
            depth += 1
            tried[depth] = 0
            continue
        row[axis] = -1
        depth -= 1
        lost = depth < 0 or rel.group[free[depth]] != rel.group[axis]
        if lost or nodes > max_nodes:
            for k in range(num):
                row[free[k]] = -1
            return 0 if lost else -1
    return 1


@njit(cache=True, nogil=True)
def completable(combos: np.ndarray, cells: np.ndarray, rel: Relations, max_nodes: int) -> np.ndarray:
    """For each cell (values of the axes in `combos`): 1 where it is part of a whole row, 0 where not, -1 undecided."""
    num_axes = len(rel.sizes)
    result = np.zeros(len(cells), dtype=np.int8)
    row = np.empty(num_axes, dtype=np.int64)
    for i in range(len(cells)):
        row[:] = -1
        for j in range(len(combos)):
            row[combos[j]] = cells[i, j]
        result[i] = complete(row, rel, i, max_nodes)
    return result


@njit(cache=True, nogil=True)
def tuple_id(row: np.ndarray, combo: int, tup: Tuples) -> int:
    """Number of the tuple that a whole row shows in one combination; -1 where it is open there."""
    place = tup.offset[combo]
    for j in range(tup.start[combo], tup.start[combo + 1]):
        value = row[tup.axes[j]]
        if value < 0:
            return -1
        place += value * tup.strides[j]
    return place


@njit(cache=True, nogil=True)
def mark(row: np.ndarray, tup: Tuples, count: np.ndarray, step: int) -> None:
    """Adds `step` to the count of each tuple of a row."""
    for combo in range(len(tup.offset)):
        place = tuple_id(row, combo, tup)
        if place >= 0:
            count[place] += step


@njit(cache=True, nogil=True)
def new_in(row: np.ndarray, tup: Tuples, wanted: np.ndarray, count: np.ndarray) -> int:
    """How many wanted tuples a row shows that no row has shown."""
    total = 0
    for combo in range(len(tup.offset)):
        place = tuple_id(row, combo, tup)
        if place >= 0 and wanted[place] and count[place] == 0:
            total += 1
    return total


@njit(cache=True, nogil=True)
def seed_row(row: np.ndarray, place: int, tup: Tuples) -> None:
    """Sets the values of one tuple in a row, and nothing else."""
    low, high = 0, len(tup.offset)
    while high - low > 1:
        middle = (low + high) // 2
        if tup.offset[middle] <= place:
            low = middle
        else:
            high = middle
    rest = place - tup.offset[low]
    for j in range(tup.start[low], tup.start[low + 1]):
        row[tup.axes[j]] = rest // tup.strides[j]
        rest = rest % tup.strides[j]


@njit(cache=True, nogil=True)
def grow(
    row: np.ndarray, rel: Relations, tup: Tuples, wanted: np.ndarray, count: np.ndarray, state: np.ndarray,
    max_nodes: int,
) -> bool:  # fmt: skip
    """Fills a partial row axis by axis, in random order, each with the value that shows most new tuples.

    False where the relations leave no whole row.
    """
    num_axes = len(rel.sizes)
    axes = np.arange(num_axes)
    for k in range(num_axes - 1, 0, -1):
        other = next_random(state, k + 1)
        axes[k], axes[other] = axes[other], axes[k]
    gains = np.empty(max(1, np.max(rel.sizes)), dtype=np.int64)
    trial = np.empty(num_axes, dtype=np.int64)
    for turn in range(num_axes):
        axis = int(axes[turn])
        if row[axis] >= 0:
            continue
        size = rel.sizes[axis]
        _gains_of(row, axis, size, tup, wanted, count, gains)
        constrained = rel.axis_start[axis + 1] > rel.axis_start[axis]
        while True:
            best, ties = -1, 0
            for value in range(size):
                if gains[value] < 0 or (best >= 0 and gains[value] < gains[best]):
                    continue
                ties = ties + 1 if best >= 0 and gains[value] == gains[best] else 1
                if ties == 1 or next_random(state, ties) == 0:
                    best = value
            if best < 0:
                return False
            row[axis] = best
            if not constrained:
                break
            if possible_at(row, axis, rel):
                trial[:] = row
                if complete(trial, rel, next_random(state, 64), max_nodes) == 1:
                    break
            row[axis] = -1
            gains[best] = -1
    return True


@njit(cache=True, nogil=True)
def _gains_of(
    row: np.ndarray, axis: int, size: int, tup: Tuples, wanted: np.ndarray, count: np.ndarray, gains: np.ndarray
) -> None:
    gains[:] = 0
    for k in range(tup.axis_start[axis], tup.axis_start[axis + 1]):
        combo = tup.axis_list[k]
        place, stride, whole = tup.offset[combo], 0, True
        for j in range(tup.start[combo], tup.start[combo + 1]):
            other = tup.axes[j]
            if other == axis:
                stride = tup.strides[j]
            elif row[other] < 0:
                whole = False
                break
            else:
                place += row[other] * tup.strides[j]
        if whole:
            for value in range(size):
                at = place + value * stride
                if wanted[at] and count[at] == 0:
                    gains[value] += 1


@njit(cache=True, nogil=True)
def greedy_rows(
    rel: Relations, tup: Tuples, wanted: np.ndarray, count: np.ndarray, state: np.ndarray, candidates: int,
    max_rows: int, max_nodes: int,
) -> tuple[np.ndarray, int]:  # fmt: skip
    """Rows until every wanted tuple is shown, each the best of some candidates grown around an open tuple.

    Returns the rows and how many there are; -1 where a tuple that was wanted could not be completed.
    """
    num_axes = len(rel.sizes)
    rows = np.empty((max_rows, num_axes), dtype=np.int64)
    open_tuples = np.empty(len(wanted), dtype=np.int64)
    num_open = 0
    for place in range(len(wanted)):
        if wanted[place] and count[place] == 0:
            open_tuples[num_open] = place
            num_open += 1
    num = 0
    row, best = np.empty(num_axes, dtype=np.int64), np.empty(num_axes, dtype=np.int64)
    while num_open > 0:
        if num >= max_rows:
            return rows, -2
        best_gain = 0
        for _ in range(candidates):
            row[:] = -1
            seed_row(row, open_tuples[next_random(state, num_open)], tup)
            if not grow(row, rel, tup, wanted, count, state, max_nodes):
                return rows, -1
            gain = new_in(row, tup, wanted, count)
            if gain > best_gain:
                best_gain = gain
                best[:] = row
        rows[num] = best
        num += 1
        mark(best, tup, count, 1)
        kept = 0
        for k in range(num_open):
            if count[open_tuples[k]] == 0:
                open_tuples[kept] = open_tuples[k]
                kept += 1
        num_open = kept
    return rows, num


@njit(cache=True, nogil=True)
def shift_cost(
    row: np.ndarray, axis: int, value: int, tup: Tuples, wanted: np.ndarray, count: np.ndarray
) -> int:  # fmt: skip
    """How many more wanted tuples are open if one value of a row changes (below 0: fewer)."""
    cost = 0
    old = row[axis]
    for k in range(tup.axis_start[axis], tup.axis_start[axis + 1]):
        combo = tup.axis_list[k]
        place, stride = tup.offset[combo], 0
        for j in range(tup.start[combo], tup.start[combo + 1]):
            other = tup.axes[j]
            if other == axis:
                stride = tup.strides[j]
            else:
                place += row[other] * tup.strides[j]
        before, after = place + old * stride, place + value * stride
        if wanted[before] and count[before] == 1:
            cost += 1
        if wanted[after] and count[after] == 0:
            cost -= 1
    return cost


@njit(cache=True, nogil=True)
def _close(place: int, open_tuples: np.ndarray, where: np.ndarray, num_open: int) -> int:
    last = open_tuples[num_open - 1]
    open_tuples[where[place]] = last
    where[last] = where[place]
    return num_open - 1


@njit(cache=True, nogil=True)
def _count_row(
    row: np.ndarray, step: int, tup: Tuples, wanted: np.ndarray, count: np.ndarray, open_tuples: np.ndarray,
    where: np.ndarray, num_open: int,
) -> int:  # fmt: skip
    for combo in range(len(tup.offset)):
        place = tuple_id(row, combo, tup)
        num_open = _count_one(place, step, wanted, count, open_tuples, where, num_open)
    return num_open


@njit(cache=True, nogil=True)
def _count_one(
    place: int, step: int, wanted: np.ndarray, count: np.ndarray, open_tuples: np.ndarray, where: np.ndarray,
    num_open: int,
) -> int:  # fmt: skip
    before = count[place]
    count[place] = before + step
    if wanted[place]:
        if before == 0 and step > 0:
            return _close(place, open_tuples, where, num_open)
        if before == 1 and step < 0:
            open_tuples[num_open] = place
            where[place] = num_open
            return num_open + 1
    return num_open


@njit(cache=True, nogil=True)
def _change(
    row: np.ndarray, axis: int, value: int, tup: Tuples, wanted: np.ndarray, count: np.ndarray,
    open_tuples: np.ndarray, where: np.ndarray, num_open: int,
) -> int:  # fmt: skip
    for step in (-1, 1):
        if step > 0:
            row[axis] = value
        for k in range(tup.axis_start[axis], tup.axis_start[axis + 1]):
            place = tuple_id(row, tup.axis_list[k], tup)
            num_open = _count_one(place, step, wanted, count, open_tuples, where, num_open)
    return num_open


@njit(cache=True, nogil=True)
def _least_needed(rows: np.ndarray, first: int, num: int, tup: Tuples, wanted: np.ndarray, count: np.ndarray) -> int:
    worst, least = first, 1 << 60
    for r in range(first, num):
        alone = 0
        for combo in range(len(tup.offset)):
            place = tuple_id(rows[r], combo, tup)
            if wanted[place] and count[place] == 1:
                alone += 1
        if alone < least:
            worst, least = r, alone
    return worst


@njit(cache=True, nogil=True)
def shrink(
    rows: np.ndarray, rel: Relations, tup: Tuples, wanted: np.ndarray, count: np.ndarray, state: np.ndarray,
    iterations: int, max_nodes: int,
) -> int:  # fmt: skip
    """Takes rows away while local search can cover everything with those that are left; returns how many are left.

    A tabu search on tuples: an open tuple is drawn, and the cheapest change of one value of one row closes it; the
    changed place then rests for a while. Where no row is one change away, a row is grown anew around the tuple.
    `rows` and `count` are left as they were when everything was covered last.
    """
    num, num_axes = len(rows), rows.shape[1]
    best = rows.copy()
    best_num = num
    open_tuples, where = np.empty(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.int64)
    num_open = 0
    rests = np.zeros(rows.shape, dtype=np.int64)
    goal, fresh = np.empty(num_axes, dtype=np.int64), np.empty(num_axes, dtype=np.int64)
    for step in range(1, iterations + 1):
        if num_open == 0:
            best[:num] = rows[:num]
            best_num = num
            if num == 0:
                break
            gone = _least_needed(rows, 0, num, tup, wanted, count)
            num_open = _count_row(rows[gone], -1, tup, wanted, count, open_tuples, where, num_open)
            rows[gone] = rows[num - 1]
            num -= 1
            rests[:] = 0
            continue
        if num == 0:
            break
        goal[:] = -1
        seed_row(goal, open_tuples[next_random(state, num_open)], tup)
        chosen, axis_of, cost, ties = -1, -1, 1 << 60, 0
        for r in range(num):
            axis, apart = -1, 0
            for a in range(num_axes):
                if goal[a] >= 0 and goal[a] != rows[r, a]:
                    axis = a
                    apart += 1
                    if apart > 1:
                        break
            if apart != 1 or rests[r, axis] > step:
                continue
            old = rows[r, axis]
            rows[r, axis] = goal[axis]
            allowed = possible_at(rows[r], axis, rel)
            rows[r, axis] = old
            if not allowed:
                continue
            here = shift_cost(rows[r], axis, goal[axis], tup, wanted, count)
            ties = ties + 1 if here == cost else 1
            if here < cost or (here == cost and next_random(state, ties) == 0):
                chosen, axis_of, cost = r, axis, here
        if chosen >= 0 and (cost <= 0 or next_random(state, 8) > 0):
            rests[chosen, axis_of] = step + 3 + next_random(state, 6)
            num_open = _change(
                rows[chosen], axis_of, goal[axis_of], tup, wanted, count, open_tuples, where, num_open
            )  # fmt: skip
            continue
        # No row is one allowed change away (or for a change): one is bent to the tuple, keeping what it can.
        r = next_random(state, num)
        if not bend(rows[r], goal, rel, fresh, state, max_nodes):
            continue
        num_open = _count_row(rows[r], -1, tup, wanted, count, open_tuples, where, num_open)
        rows[r] = fresh
        num_open = _count_row(rows[r], 1, tup, wanted, count, open_tuples, where, num_open)
    rows[:best_num] = best[:best_num]
    return best_num


@njit(cache=True, nogil=True)
def bend(
    row: np.ndarray, goal: np.ndarray, rel: Relations, fresh: np.ndarray, state: np.ndarray, max_nodes: int
) -> bool:
    """A row that shows the tuple in `goal` and otherwise keeps the values of `row` where the relations let it."""
    fresh[:] = goal
    num_axes = len(row)
    trial = np.empty(num_axes, dtype=np.int64)
    first = next_random(state, num_axes)
    for k in range(num_axes):
        axis = (first + k) % num_axes
        if fresh[axis] >= 0:
            continue
        fresh[axis] = row[axis]
        if rel.axis_start[axis + 1] == rel.axis_start[axis]:
            continue
        if possible_at(fresh, axis, rel):
            trial[:] = fresh
            if complete(trial, rel, next_random(state, 64), max_nodes) == 1:
                continue
        fresh[axis] = -1
    return complete(fresh, rel, next_random(state, 64), max_nodes) == 1
