"""The finite side of a logical scenario: its axes with their bins, and which bins may stand together.

What an option of a choice brings exists only where that option is taken; such an axis has one more value, "absent",
which is not counted. Conditions become relations among the bins that they read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations, product
from math import prod
from typing import Any

import numpy as np

from scenarios.concrete import ConcreteScenario
from scenarios.coverage.axes import Axis, Binning, axis_over, bin_fractions, drawn_as
from scenarios.coverage.boxes import System, contradicts, drawn_paths, draws_under, named_draws
from scenarios.coverage.options import choice_title, option_labels
from scenarios.designs.axes import Axes, Relation
from scenarios.designs.universe import Feasibility, Universe, universe_of
from scenarios.expressions import Apply, Bounds, Expression, Linked, Term, Value
from scenarios.leaf import Leaf
from scenarios.normal_form import Block, Blocks, ChoiceOf, Restricted
from scenarios.selection import choice_path
from scenarios.space import Const

ABSENT = "absent"
CELL_TAG = "cell:"
JOINT_CELLS = 4096
MAX_CELLS = 40_000

Gate = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a path has its value from: under which options (choice path and index), and what it then is.

    A range in a branch of an `if` is drawn only `when` some conditions hold.
    """

    path: str
    value: Value
    gate: Gate
    when: tuple[Term, ...] = ()

    def open(self, taken: Mapping[str, int]) -> bool:
        """Whether the options that were taken bring it."""
        return all(taken.get(path) == index for path, index in self.gate)


@dataclass(frozen=True, slots=True)
class Guard:
    """Conditions of one restriction, and the options under which it stands."""

    conditions: tuple[Expression, ...]
    gate: Gate


@dataclass(frozen=True, eq=False)
class Grid:
    """Axes of a logical scenario, with what may stand together.

    Attributes:
        axes: the axes, choices among products included, by path.
        sources: where each path, axis or not, has its value from.
        finite: the same axes for the designs, with the value "absent" where an axis may not exist.
        loose: conditions that read too many axes to be told exactly; cells that they refuse may be counted.
        choices: which axes are choices among products, with the option shares.
    """

    axes: tuple[Axis, ...]
    sources: Mapping[str, tuple[Source, ...]]
    finite: Axes
    loose: tuple[str, ...]
    choices: Mapping[str, ChoiceOf]

    @cached_property
    def feasibility(self) -> Feasibility:
        """Which tuples of bins can occur."""
        return Feasibility(self.finite)

    def universe(self, strength: int) -> Universe:
        """The tuples of `strength` bins that can occur."""
        if strength < 1:
            raise ValueError("coverage counts combinations of at least one axis with at least one bin")
        combos = combinations(range(len(self.axes)), min(strength, len(self.axes)))
        return universe_of(self.finite, combos, self.feasibility)

    def source(self, path: str, taken: Mapping[str, int]) -> Source | None:
        """Where a path has its value from, given the options that were taken."""
        return next((each for each in self.sources.get(path, ()) if each.open(taken)), None)

    def taken(self, row: Sequence[int] | np.ndarray) -> dict[str, int]:
        """The options that a row of bins takes."""
        return {
            axis.path: int(index) for axis, index in zip(self.axes, row, strict=True)
            if axis.path in self.choices and 0 <= index < len(axis.labels)
        }  # fmt: skip

    def row(self, draws: Mapping[str, Any], tags: Iterable[str] = ()) -> tuple[int, ...]:
        """The bins of drawn values; -1 where an axis has no value or one outside its bins.

        Args:
            draws: values by path.
            tags: those that say a bin themselves, as `cell:weather.rain=2..4 mm/h`, where there is no draw.
        """
        said = dict(tag.removeprefix(CELL_TAG).split("=", 1) for tag in tags if tag.startswith(CELL_TAG) and "=" in tag)
        found = [self._bin(axis, draws, said) for axis in self.axes]
        taken = self.taken(found)
        for i, axis in enumerate(self.axes):
            unknown = found[i] < 0 and axis.path not in self.choices
            source = self.source(axis.path, taken) if unknown else None
            if source is not None and isinstance(source.value, Const):
                known = axis.bin_of(source.value.value)
                found[i] = -1 if known is None else known
        return tuple(found)

    def _bin(self, axis: Axis, draws: Mapping[str, Any], said: Mapping[str, str]) -> int:
        if axis.path in draws:
            known = axis.bin_of(draws[axis.path])
            return -1 if known is None else known
        return axis.labels.index(said[axis.path]) if said.get(axis.path) in axis.labels else -1

    def whole(self, row: Sequence[int] | np.ndarray) -> np.ndarray:
        """A row with "absent" for the axes that its options do not bring."""
        taken = self.taken(row)
        found: list[int] = []
        for axis, values, index in zip(self.axes, self.finite.values, row, strict=True):
            source = self.source(axis.path, taken)
            absent = index < 0 and len(values) > len(axis.labels) and (source is None or bool(source.when))
            found.append(len(axis.labels) if absent else int(index))
        return np.array(found, dtype=np.int64)

    def rows(self, concretes: Iterable[ConcreteScenario]) -> np.ndarray:
        """The bins of drawn scenarios, shape (scenarios, axes); -1 where an axis is absent."""
        found = [self.row(concrete.draws, concrete.tags) for concrete in concretes]
        return np.array(found, dtype=np.int64).reshape(len(found), len(self.axes))


@lru_cache(maxsize=64)
def _cached(blocks: Blocks, bins: int) -> Grid:
    return _grid(blocks, Binning(bins))


def grid_of(blocks: Blocks, bins: int | Binning = 5) -> Grid:
    """The grid of a logical scenario's blocks."""
    return _cached(blocks, bins) if isinstance(bins, int) else _grid(blocks, bins)


def _grid(blocks: Blocks, binning: Binning) -> Grid:
    sources: dict[str, list[Source]] = {}
    guards: list[Guard] = []
    choices: dict[str, ChoiceOf] = {}
    hidden: set[str] = set()
    for found in _walk(blocks, ()):
        if isinstance(found, Guard):
            guards.append(found)
        elif isinstance(found, Source):
            sources.setdefault(found.path, []).append(found)
        elif isinstance(found, str):
            hidden.add(found)
        else:
            choices[choice_path(found)] = found
    axes = [_choice_axis(path, choice) for path, choice in choices.items()]
    for path, each in sources.items():
        if path not in choices and path not in hidden and (axis := _axis(path, each, binning)) is not None:
            axes.append(axis)
    axes.sort(key=lambda axis: axis.path)
    kept = {path: tuple(each) for path, each in sources.items()}
    return _assembled(tuple(axes), kept, guards, choices)


def _assembled(
    axes: tuple[Axis, ...], sources: Mapping[str, tuple[Source, ...]], guards: list[Guard],
    choices: Mapping[str, ChoiceOf],
) -> Grid:  # fmt: skip
    index = {axis.path: i for i, axis in enumerate(axes)}
    gated = [i for i, axis in enumerate(axes) if any(source.gate or source.when for source in sources[axis.path])]
    values = tuple(axis.labels + ((ABSENT,) if i in gated else ()) for i, axis in enumerate(axes))
    counted = tuple((True,) * len(axis.labels) + ((False,) if i in gated else ()) for i, axis in enumerate(axes))
    builder = _Relations(axes, sources, index, tuple(len(each) for each in values))
    relations = [builder.gate(i) for i in gated]
    relations.extend(each for i in range(len(axes)) if i not in gated and (each := builder.support(i)) is not None)
    relations.extend(each for group in _branches(axes, sources) if (each := builder.branches(group)) is not None)
    loose: list[str] = []
    for guard in guards:
        made, left = builder.guard(guard)
        relations.extend(made)
        loose.extend(left)
    telling = tuple(relation for relation in relations if not relation.allowed.all())
    finite = Axes(tuple(axis.path for axis in axes), values, telling, counted)
    return Grid(axes, sources, finite, tuple(loose), choices)


def _walk(blocks: Iterable[Block], gate: Gate) -> Iterator[Source | Guard | ChoiceOf | str]:
    """Everything that the blocks bring; a text is a path that is no axis."""
    for block in blocks:
        if isinstance(block, Restricted):
            yield Guard(block.where, gate)
            yield from _walk(block.blocks, gate)
        elif isinstance(block, ChoiceOf):
            path = choice_path(block)
            yield block
            yield Source(path, Const(0), gate)
            for i, (_, parts) in enumerate(block.options):
                yield from _walk(parts, (*gate, (path, i)))
        else:
            paths = sorted(block.paths().items())
            when = {
                f"{path}#{index}": tuple(named_draws(term, path) for term in given)
                for path, value in paths if isinstance(value, Expression)
                for index, given in draws_under(value.term)
            }  # fmt: skip
            for path, value in paths:
                yield Source(path, value, gate, when.get(path, ()))
                # What a stream draws for each of its actors is no axis of the scenario; how many there are is one.
                if block.kind == "traffic" and not path.endswith(".count"):
                    yield path
                if isinstance(value, Expression) and isinstance(value.term, Linked):
                    yield f"{path}#0"


def _choice_axis(path: str, choice: ChoiceOf) -> Axis:
    edges: tuple[Bounds, ...] = tuple((float(i), float(i)) for i in range(len(choice.options)))
    return Axis(path, option_labels(choice), edges, True, choice_title(choice))


def _axis(path: str, sources: list[Source], binning: Binning) -> Axis | None:
    drawn = [value for each in sources if (value := drawn_as(each.value)) is not None]
    if not drawn or all(isinstance(value, Const) for value in drawn):
        return None
    return axis_over(path, drawn, binning)


@dataclass(frozen=True, slots=True)
class _Relations:
    """Makes relations among bins."""

    axes: tuple[Axis, ...]
    sources: Mapping[str, tuple[Source, ...]]
    index: Mapping[str, int]
    sizes: tuple[int, ...]

    def gate(self, axis: int) -> Relation:
        """Which bins of an axis exist under which options."""
        own = self.axes[axis]
        gates = {self.index[path] for source in self.sources[own.path] for path, _ in source.gate}
        return self._table([*gates, axis], lambda bins: self._exists(own, axis, bins))

    def branches(self, axes: Sequence[int]) -> Relation | None:
        """Which ranges in the branches of one expression are drawn together, and when; None where nothing tells."""
        given = {i: self.sources[self.axes[i].path][0] for i in axes}
        whens = {i: _all_of(source.when) for i, source in given.items()}
        read = [i for i in self._read(tuple(whens.values()), next(iter(given.values())).gate) if i not in given]
        if not read or prod(self.sizes[i] for i in (*read, *axes)) > MAX_CELLS:
            return None
        known: dict[tuple[bool, ...], Relation | None] = {}

        def allowed(bins: Mapping[int, int]) -> bool:
            pattern = tuple(bins[i] < len(self.axes[i].labels) for i in axes)
            if pattern not in known:
                terms = tuple(whens[i] if here else Apply("not", (whens[i],))
                              for i, here in zip(axes, pattern, strict=True))  # fmt: skip
                known[pattern] = None if contradicts(terms) else self._condition(terms, read, given[axes[0]].gate)
            relation = known[pattern]
            return relation is not None and bool(relation.allowed[tuple(bins[i] for i in relation.axes)])

        return self._table([*read, *axes], allowed)

    def support(self, axis: int) -> Relation | None:
        """Which bins of an axis that always exists hold a value at all; None where all do."""
        held = np.array([self._exists(self.axes[axis], axis, {axis: i}) for i in range(self.sizes[axis])])
        return None if held.all() else Relation((axis,), held)

    def _exists(self, own: Axis, axis: int, bins: Mapping[int, int]) -> bool:
        source = self._source(own.path, bins)
        number = bins[axis]
        value = None if source is None else drawn_as(source.value)
        if value is None:
            return number == len(own.labels)
        if number == len(own.labels):
            return source is not None and bool(source.when)
        # A choice among products is written as a constant here: each of its options exists.
        return own.path.startswith("choice:") or bool(bin_fractions(own, number, value))

    def _source(self, path: str, bins: Mapping[int, int]) -> Source | None:
        taken = {self.axes[i].path: number for i, number in bins.items() if self.axes[i].path.startswith("choice:")}
        return next((each for each in self.sources.get(path, ()) if each.open(taken)), None)

    def guard(self, guard: Guard) -> tuple[list[Relation], list[str]]:
        """Relations of conditions: jointly where few cells are read, else one by one; and those that are loose."""
        terms = tuple(condition.term for condition in guard.conditions)
        every = self._read(terms, guard.gate)
        if prod(self.sizes[i] for i in every) <= JOINT_CELLS:
            return [self._condition(terms, every, guard.gate)], []
        relations, loose = list[Relation](), list[str]()
        for condition in guard.conditions:
            read = self._read((condition.term,), guard.gate)
            if prod(self.sizes[i] for i in read) > MAX_CELLS:
                loose.append(condition.text())
                while prod(self.sizes[i] for i in read) > MAX_CELLS:
                    free = [i for i in read if not self.axes[i].path.startswith("choice:")]
                    read.remove(max(free or read, key=lambda i: (self.sizes[i], i)))
            if read:
                relations.append(self._condition((condition.term,), read, guard.gate))
        return relations, loose

    def _read(self, terms: tuple[Term, ...], gate: Gate) -> list[int]:
        """Axes that conditions read, with the choices that decide what they read."""
        found = {self.index[path] for path, _ in gate}
        for option in self._contexts():
            paths = drawn_paths(terms, option)
            found |= {self.index[path] for path in paths if path in self.index}
            for path in paths:
                found |= {self.index[choice] for source in self.sources[path] for choice, _ in source.gate}
        return sorted(found)

    def _contexts(self) -> Iterator[dict[str, Value]]:
        """Values by path, so that every source of every path is in one of them."""
        for rank in range(max((len(each) for each in self.sources.values()), default=0)):
            yield {path: each[min(rank, len(each) - 1)].value for path, each in self.sources.items()}

    def _condition(self, terms: tuple[Term, ...], read: list[int], gate: Gate) -> Relation:
        systems: dict[tuple[int, ...], System] = {}
        chosen = [i for i in read if self.axes[i].path.startswith("choice:")]

        def allowed(bins: Mapping[int, int]) -> bool:
            if any(bins.get(self.index[path]) != option for path, option in gate):
                return True
            key = tuple(bins[i] for i in chosen)
            if key not in systems:
                systems[key] = self._system(terms, bins)
            fixed = {
                self.axes[i].path: self.axes[i].edges[number] for i, number in bins.items()
                if i not in chosen and number < len(self.axes[i].labels)
            }  # fmt: skip
            return systems[key].can_hold(fixed)

        return self._table(read, allowed)

    def _system(self, terms: tuple[Term, ...], bins: Mapping[int, int]) -> System:
        values: dict[str, Value] = {}
        for path in self.sources:
            source = self._source(path, bins)
            if source is not None and not path.startswith("choice:"):
                values[path] = source.value
        whole = frozenset(axis.path for axis in self.axes if axis.whole)
        return System(terms, values, whole)

    def _table(self, read: Iterable[int], allowed: Any) -> Relation:
        order = tuple(sorted(set(read)))
        shape = [self.sizes[i] for i in order]
        truth = [bool(allowed(dict(zip(order, cell, strict=True)))) for cell in product(*map(range, shape))]
        return Relation(order, np.array(truth, dtype=bool).reshape(shape))


def _all_of(terms: tuple[Term, ...]) -> Term:
    return terms[0] if len(terms) == 1 else Apply("and", terms)


def _branches(axes: Sequence[Axis], sources: Mapping[str, tuple[Source, ...]]) -> list[list[int]]:
    """Axes that are ranges in branches, those of one expression together; only where one option brings them."""
    found: dict[str, list[int]] = {}
    for i, axis in enumerate(axes):
        own = sources[axis.path]
        if len(own) == 1 and own[0].when:
            found.setdefault(axis.path.partition("#")[0], []).append(i)
    return list(found.values())


def leaves_taken(blocks: Iterable[Block], taken: Mapping[str, int]) -> Iterator[Leaf | Expression]:
    """Leaves of the options that were taken, and the conditions around them."""
    for block in blocks:
        if isinstance(block, Leaf):
            yield block
        elif isinstance(block, Restricted):
            yield from block.where
            yield from leaves_taken(block.blocks, taken)
        else:
            yield from leaves_taken(block.options[taken[choice_path(block)]][1], taken)
