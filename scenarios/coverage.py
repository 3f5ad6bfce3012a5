"""Combinatorial coverage of a logical scenario by a set of its draws.

cov_t(X) = |t-way combinations of bins that X touches| / |t-way combinations that can be touched|  (Kuhn, Kacker,
Lei, "Combinatorial coverage measurement", NIST IR 7878). Axes are the ranges and choices of the leaves; a range is
cut into equal bins. Combinations that interval arithmetic proves to break a restriction are left out of the
universe; others that can never be drawn may remain in it, so that the figure is a lower bound.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from typing import Any

from scenarios.concrete import ConcreteScenario
from scenarios.expressions import Bounds, Expression, Value, bounds_of
from scenarios.normal_form import Block, Blocks, ChoiceOf, Restricted
from scenarios.selection import choice_path
from scenarios.space import Choice, Const, IntRange

Cell = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """One range or choice, cut into bins.

    Attributes:
        path: whose draw it is.
        labels: what each bin is called.
        edges: bounds of each bin: an interval, or a set of texts or flags.
    """

    path: str
    labels: tuple[str, ...]
    edges: tuple[Bounds, ...]

    def bin_of(self, value: Any) -> int | None:
        """The first bin that holds a value."""
        for i, edge in enumerate(self.edges):
            if value in edge if isinstance(edge, frozenset) else edge[0] <= value <= edge[1]:
                return i
        return None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a set of draws has touched.

    Attributes:
        strength: how many axes a combination joins.
        covered: combinations that were touched.
        missing: combinations that can be touched and were not.
        infeasible: how many combinations were left out because they break a restriction.
        axes: the axes.
    """

    strength: int
    covered: frozenset[Cell]
    missing: frozenset[Cell]
    infeasible: int
    axes: tuple[Axis, ...]

    @property
    def total(self) -> int:
        """Combinations that can be touched."""
        return len(self.covered) + len(self.missing)

    @property
    def ratio(self) -> float:
        """Share of them that was touched; 1 where there are none."""
        return len(self.covered) / self.total if self.total else 1.0

    def gaps(self) -> tuple[dict[str, str], ...]:
        """The combinations that are missing, as bin labels by path."""
        named = {axis.path: axis for axis in self.axes}
        return tuple({path: named[path].labels[i] for path, i in cell} for cell in sorted(self.missing))


def measure(
    blocks: Blocks, concretes: tuple[ConcreteScenario, ...], strength: int = 2, bins: int = 5
) -> Coverage:  # fmt: skip
    """Coverage of the blocks by draws (see the module)."""
    if strength < 1 or bins < 1:
        raise ValueError("coverage counts combinations of at least one axis with at least one bin")
    products = list(_products(blocks, bins))
    universe: set[Cell] = set()
    refused: set[Cell] = set()
    for axes, conditions, values in products:
        for chosen in combinations(axes, strength):
            for cell in product(*([(axis.path, i) for i in range(len(axis.edges))] for axis in chosen)):
                (universe if _possible(cell, chosen, conditions, values) else refused).add(tuple(sorted(cell)))
    named = {axis.path: axis for axes, _, _ in products for axis in axes}
    hit = {cell for concrete in concretes for cell in _cells(concrete, named, strength)} & universe
    axes = tuple(named[path] for path in sorted(named))
    return Coverage(strength, frozenset(hit), frozenset(universe - hit), len(refused - universe), axes)


def _cells(concrete: ConcreteScenario, axes: Mapping[str, Axis], strength: int) -> Iterator[Cell]:
    placed = [
        (path, index) for path in sorted(concrete.draws) if path in axes
        for index in [axes[path].bin_of(concrete.draws[path])] if index is not None
    ]  # fmt: skip
    return combinations(placed, strength)


Product = tuple[list[Axis], list[Expression], dict[str, Value]]


def _products(blocks: Iterable[Block], bins: int) -> Iterator[Product]:
    """Axes, conditions and values of each product that the options make."""
    states: list[Product] = [([], [], {})]
    for block in blocks:
        states = [_joined(state, more) for state in states for more in _of_block(block, bins)]
        if len(states) > 4096:
            raise ValueError("more than 4096 alternatives to measure")
    yield from states


def _joined(one: Product, two: Product) -> Product:
    return [*one[0], *two[0]], [*one[1], *two[1]], {**one[2], **two[2]}


def _of_block(block: Block, bins: int) -> Iterator[Product]:
    if isinstance(block, Restricted):
        for axes, conditions, values in _products(block.blocks, bins):
            yield axes, [*conditions, *block.where], values
    elif isinstance(block, ChoiceOf):
        path = choice_path(block)
        labels = tuple(f"option {i}" for i in range(len(block.options)))
        edges: tuple[Bounds, ...] = tuple((float(i), float(i)) for i in range(len(block.options)))
        for i, (_, parts) in enumerate(block.options):
            taken = Axis(path, labels, edges)
            for axes, conditions, values in _products(parts, bins):
                yield [taken, *axes], conditions, {**values, path: Const(i)}
    else:
        # What a stream draws for each of its actors is no axis of the scenario; how many there are is one.
        own = {p: v for p, v in block.paths().items() if block.kind != "traffic" or p.endswith(".count")}
        yield [axis for p, v in sorted(own.items()) if (axis := axis_of(p, v, bins))], [], dict(block.paths())


def axis_of(path: str, value: Value, bins: int) -> Axis | None:
    """The axis of a value; None for constants and for what is computed."""
    if isinstance(value, (Const, Expression)):
        return None
    if isinstance(value, Choice):
        edges = tuple(_edge(option) for option, _ in value.options)
        return Axis(path, tuple(option.text() for option, _ in value.options), edges)
    low, high = value.bounds()
    if isinstance(value, IntRange) and value.high - value.low < 2 * bins:
        whole = range(value.low, value.high + 1)
        return Axis(path, tuple(str(i) for i in whole), tuple((float(i), float(i)) for i in whole))
    if low == high:
        return None
    ends = [low + (high - low) * i / bins for i in range(bins)] + [high]
    cells = tuple(pairwise(ends))
    return Axis(path, tuple(f"{a:g}..{b:g}" for a, b in cells), cells)


def _edge(option: Value) -> Bounds:
    if isinstance(option, Const) and not option.dimension.numeric:
        return frozenset([option.value])
    assert not isinstance(option, Expression)
    return option.bounds()


def _possible(cell: tuple[tuple[str, int], ...], axes: tuple[Axis, ...], conditions: list[Expression],
              values: Mapping[str, Value]) -> bool:  # fmt: skip
    fixed = {path: axis.edges[i] for (path, i), axis in zip(cell, axes, strict=True)}
    taken = [values[path] for path, _ in cell if path.startswith("choice:")]
    if any(Const(i) not in taken for path, i in cell if path.startswith("choice:")):
        return False

    def box(path: str) -> Bounds | None:
        if path in fixed:
            return fixed[path]
        value = values.get(path)
        if value is None:
            return None
        if isinstance(value, Expression):
            return bounds_of(value.term, box)
        return _edge(value) if isinstance(value, Const) else (value.bounds() if value.dimension.numeric else None)

    return all(bounds_of(condition.term, box) != frozenset([False]) for condition in conditions)
