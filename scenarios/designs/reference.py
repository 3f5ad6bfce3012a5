"""Slow twins of the searches: every cell of the product is looked at, one after the other."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product

from scenarios.designs.axes import Axes

Tuple = tuple[tuple[int, int], ...]


def cells(axes: Axes) -> Iterator[tuple[int, ...]]:
    """Every row of value indices that meets every relation."""
    for row in product(*(range(size) for size in axes.sizes)):
        if all(relation.allowed[tuple(row[axis] for axis in relation.axes)] for relation in axes.relations):
            yield row


def tuples_of(row: Sequence[int], strength: int) -> Iterator[Tuple]:
    """The tuples of a row, each as axis and value index."""
    for axes in combinations(range(len(row)), strength):
        yield tuple((axis, int(row[axis])) for axis in axes)


def universe(axes: Axes, strength: int) -> frozenset[Tuple]:
    """Every tuple that some cell shows."""
    return frozenset(found for row in cells(axes) for found in tuples_of(row, strength))


def uncovered(axes: Axes, rows: Iterable[Sequence[int]], strength: int) -> frozenset[Tuple]:
    """The tuples that can be and that no row shows."""
    return universe(axes, strength) - {found for row in rows for found in tuples_of(row, strength)}
