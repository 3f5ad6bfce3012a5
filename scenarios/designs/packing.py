"""Relations and tuples as the flat arrays that the kernels take."""

from collections.abc import Sequence
from math import prod

import numpy as np

from scenarios.designs.axes import Axes, groups_of
from scenarios.designs.search_kernels import Relations, Tuples


def with_open(allowed: np.ndarray) -> np.ndarray:
    """The table of a relation with one more place per axis, for "open": whether any value would do."""
    for axis in range(allowed.ndim):
        allowed = np.concatenate([allowed, allowed.any(axis=axis, keepdims=True)], axis=axis)
    return allowed


def pack_relations(axes: Axes) -> Relations:
    """The relations of the axes, and the order in which a search fills them: group by group, the tightest first."""
    num = len(axes.names)
    tables = [with_open(relation.allowed) for relation in axes.relations]
    of_axis = [[r for r, relation in enumerate(axes.relations) if axis in relation.axes] for axis in range(num)]
    groups = groups_of(axes)
    order = [axis for group in groups for axis in sorted(group, key=lambda a: (-len(of_axis[a]), axes.sizes[a], a))]
    group_of = np.full(num, -1, dtype=np.int64)
    for number, group in enumerate(groups):
        group_of[list(group)] = number
    return Relations(
        sizes=np.array(axes.sizes, dtype=np.int64),
        axis_start=_starts(of_axis),
        axis_list=_flat(of_axis),
        start=_starts([relation.axes for relation in axes.relations]),
        axes=_flat([relation.axes for relation in axes.relations]),
        strides=_flat([_strides(table.shape) for table in tables]),
        table_start=np.array([0, *np.cumsum([table.size for table in tables])], dtype=np.int64),
        table=np.concatenate([np.ones(1, bool)[:0], *(table.ravel() for table in tables)]).astype(np.uint8),
        order=np.array(order, dtype=np.int64),
        group=group_of,
    )


def pack_tuples(sizes: Sequence[int], combos: Sequence[tuple[int, ...]]) -> Tuples:
    """Numbers for the tuples of value indices of some combinations of axes, combination after combination."""
    of_axis = [[c for c, combo in enumerate(combos) if axis in combo] for axis in range(len(sizes))]
    counts = [prod(sizes[axis] for axis in combo) for combo in combos]
    return Tuples(
        axis_start=_starts(of_axis),
        axis_list=_flat(of_axis),
        start=_starts(combos),
        axes=_flat(combos),
        strides=_flat([_strides([sizes[axis] for axis in combo]) for combo in combos]),
        offset=np.array([0, *np.cumsum(counts)[:-1]], dtype=np.int64)[: len(combos)],
    )


def _strides(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(prod(shape[k + 1 :]) for k in range(len(shape)))


def _starts(lists: Sequence[Sequence[int]]) -> np.ndarray:
    return np.array([0, *np.cumsum([len(each) for each in lists])], dtype=np.int64)


def _flat(lists: Sequence[Sequence[int]]) -> np.ndarray:
    return np.array([value for each in lists for value in each], dtype=np.int64)
