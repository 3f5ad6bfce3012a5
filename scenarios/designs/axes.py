"""Finite axes and what may stand together on them: the input of every combinatorial design.

An axis has a name and a few values. A relation says which combinations of some axes are allowed; it is kept as a
table of truth values, made from a predicate or from forbidden combinations. No logical scenario is needed:

    axes = finite_axes(
        {"weather": ("dry", "rain", "snow"), "speed_mps": (5, 15, 25)},
        where=[lambda weather, speed_mps: weather != "snow" or speed_mps < 20],
        forbidden=[{"weather": "rain", "speed_mps": 25}],
    )
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import prod
from typing import Any

import numpy as np

from driving_data.errors import nearest_name

MAX_TABLE = 2_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A predicate over named axes: `allows(*values)`, the values in the order of the names."""

    names: tuple[str, ...]
    allows: Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """Which combinations of values may stand together.

    Attributes:
        axes: indices of the axes, ascending.
        allowed: truth by value index, one dimension for each of the axes.
    """

    axes: tuple[int, ...]
    allowed: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """Named axes with a finite number of values each, and relations among them.

    Attributes:
        names: unique names.
        values: the values of each axis.
        relations: every one must hold.
        counted: per axis, which values are part of what is to be covered; a value that only says "this axis does
            not exist here" is not. Empty: all are.
    """

    names: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]
    relations: tuple[Relation, ...] = ()
    counted: tuple[tuple[bool, ...], ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.names)) < len(self.names):
            raise ValueError("axes have different names")
        if len(self.names) != len(self.values) or not all(self.values):
            raise ValueError("each axis has at least one value")
        for relation in self.relations:
            shape = tuple(len(self.values[axis]) for axis in relation.axes)
            if relation.allowed.shape != shape or list(relation.axes) != sorted(set(relation.axes)):
                raise ValueError(f"a relation over {relation.axes} has the shape {relation.allowed.shape}, not {shape}")

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(values) for values in self.values)

    @property
    def num_cells(self) -> int:
        """Cells of the whole product, allowed or not."""
        return prod(self.sizes)

    def counts(self, axis: int) -> np.ndarray:
        """Truth per value of one axis: is it to be covered?"""
        if not self.counted:
            return np.ones(len(self.values[axis]), dtype=bool)
        return np.array(self.counted[axis], dtype=bool)

    def index(self, name: str) -> int:
        """Index of an axis.

        Raises:
            ValueError: there is none of that name.
        """
        if name not in self.names:
            near = nearest_name(name, self.names)
            raise ValueError(f"no axis {name!r}" + (f"; did you mean {near!r}?" if near else ""))
        return self.names.index(name)

    def row(self, values: Mapping[str, Any]) -> tuple[int, ...]:
        """Value indices of a test that is given by values; -1 where it has none or one that the axis does not know."""
        found: list[int] = []
        for name, known in zip(self.names, self.values, strict=True):
            found.append(known.index(values[name]) if name in values and values[name] in known else -1)
        return tuple(found)

    def named(self, row: Iterable[int]) -> dict[str, Any]:
        """A test by name, without the axes that it leaves open."""
        return {
            name: values[int(index)]
            for name, values, index in zip(self.names, self.values, row, strict=True)
            if int(index) >= 0
        }


def finite_axes(
    values: Mapping[str, Sequence[Any]],
    where: Iterable[Rule | Callable[..., Any]] = (),
    forbidden: Iterable[Mapping[str, Any]] = (),
) -> Axes:
    """Axes from plain values.

    Args:
        values: the values of each axis, by name.
        where: predicates that must hold; a plain function reads the axes that its parameters are called after.
        forbidden: combinations that may not occur, each a value for two or more axes (or one).

    Raises:
        ValueError: a rule reads an unknown axis or value, or its table would be larger than `MAX_TABLE`.
    """
    bare = Axes(tuple(values), tuple(tuple(each) for each in values.values()))
    rules = [rule if isinstance(rule, Rule) else Rule(tuple(inspect.signature(rule).parameters), rule)
             for rule in where]  # fmt: skip
    relations = [_tabulated(bare, rule) for rule in rules]
    relations.extend(_forbidding(bare, each) for each in forbidden)
    return Axes(bare.names, bare.values, tuple(relations))


def _tabulated(axes: Axes, rule: Rule) -> Relation:
    given = [axes.index(name) for name in rule.names]
    order = sorted(range(len(given)), key=lambda k: given[k])
    shape = [len(axes.values[axis]) for axis in given]
    if prod(shape) > MAX_TABLE:
        raise ValueError(f"a rule over {', '.join(rule.names)} has {prod(shape)} cells; {MAX_TABLE} is the most")
    cells = product(*(axes.values[axis] for axis in given))
    table = np.fromiter((bool(rule.allows(*cell)) for cell in cells), dtype=bool, count=prod(shape)).reshape(shape)
    return Relation(tuple(given[k] for k in order), np.ascontiguousarray(table.transpose(order)))


def _forbidding(axes: Axes, combination: Mapping[str, Any]) -> Relation:
    indices = sorted(axes.index(name) for name in combination)
    table = np.ones([len(axes.values[axis]) for axis in indices], dtype=bool)
    place: list[int] = []
    for axis in indices:
        value = combination[axes.names[axis]]
        if value not in axes.values[axis]:
            raise ValueError(f"the axis {axes.names[axis]!r} has no value {value!r}")
        place.append(axes.values[axis].index(value))
    table[tuple(place)] = False
    return Relation(tuple(indices), table)


def groups_of(axes: Axes) -> tuple[tuple[int, ...], ...]:
    """Axes that relations join, directly or through others; axes without a relation are in none."""
    groups: list[set[int]] = []
    for relation in axes.relations:
        tied = [group for group in groups if group & set(relation.axes)]
        groups = [group for group in groups if group not in tied]
        groups.append(set(relation.axes).union(*tied))
    return tuple(sorted(tuple(sorted(group)) for group in groups))


def combos_of(
    num_axes: int, strength: int, stronger: Iterable[tuple[tuple[int, ...], int]] = ()
) -> list[tuple[int, ...]]:  # fmt: skip
    """Combinations of axes that an array of mixed strength covers, each once, none that lies in a larger one.

    Raises:
        ValueError: a strength is below 1.
    """
    wanted = [(tuple(range(num_axes)), strength), *stronger]
    if any(each < 1 for _, each in wanted):
        raise ValueError("a covering array has a strength of at least 1")
    found: set[tuple[int, ...]] = set()
    for group, each in wanted:
        found.update(combinations(sorted(set(group)), min(each, len(set(group)))))
    whole = sorted(found, key=lambda combo: (-len(combo), combo))
    if len({len(combo) for combo in whole}) == 1:
        return sorted(whole)
    kept: list[tuple[int, ...]] = []
    for combo in whole:
        if not any(len(larger) > len(combo) and set(combo) <= set(larger) for larger in kept):
            kept.append(combo)
    return sorted(kept)
