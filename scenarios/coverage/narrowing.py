"""Leaves and values narrowed to bins: the same scenario with less room."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from scenarios.coverage.axes import Axis, fractions_of
from scenarios.coverage.boxes import with_draws
from scenarios.expressions import Apply, Bounds, Draw, Expression, Linked, Literal, Name, Term, Value
from scenarios.leaf import Leaf, Step
from scenarios.space import Choice, Const, Distribution, IntRange, LogUniform, Normal, Uniform
from scenarios.units import FLAG, Dimension


@dataclass(slots=True)
class Narrowing:
    """Narrows the values of leaves to bins.

    Attributes:
        bins: bin by path.
        conditions: what had to be said as a condition instead.
        fixed: paths that have one value left, which a draw then no longer tells.
    """

    bins: Mapping[str, tuple[Axis, int]]
    conditions: list[Expression] = field(default_factory=lambda: [])
    fixed: list[str] = field(default_factory=lambda: [])

    def leaf(self, leaf: Leaf) -> Leaf:
        """The leaf, narrowed."""
        values = tuple((name, self.value(leaf.path_of(name), value)) for name, value in leaf.values)
        steps = tuple(self._step(step, f"{leaf.prefix}[{i}]") for i, step in enumerate(leaf.steps))
        return replace(leaf, values=values, steps=steps)

    def _step(self, step: Step, prefix: str) -> Step:
        values = tuple((name, self.value(f"{prefix}.{name}", value)) for name, value in step.values)
        steps = tuple(self._step(inner, f"{prefix}[{i}]") for i, inner in enumerate(step.steps))
        when = None if step.when is None else replace(step.when, value=self.value(f"{prefix}.when", step.when.value))
        return replace(step, values=values, steps=steps, when=when)

    def value(self, path: str, value: Value) -> Value:
        """The value at a path, narrowed where it has a bin."""
        if isinstance(value, Expression) and isinstance(value.term, Linked):
            if path in self.bins:
                self.conditions.append(_within(path, *self.bins[path], value.dimension))
            return value
        if isinstance(value, Expression):
            return Expression(with_draws(value.term, lambda draw: self._draw(path, draw)), value.dimension)
        if path not in self.bins or isinstance(value, Const):
            return value
        axis, number = self.bins[path]
        narrow = narrowed(value, axis.edges[number])
        if narrow is None:
            self.conditions.append(_within(path, axis, number, value.dimension))
            return value
        if isinstance(narrow, Const):
            self.fixed.append(path)
        return narrow

    def _draw(self, path: str, draw: Draw) -> Term:
        inner = f"{path}#{draw.index}"
        if inner not in self.bins:
            return draw
        axis, number = self.bins[inner]
        narrow = narrowed(draw.distribution, axis.edges[number])
        if narrow is None:
            self.conditions.append(_within(inner, axis, number, draw.distribution.dimension))
            return draw
        # A constant would be no draw any more, and the draws behind it would get other names.
        kept = Choice(((narrow, 1.0), (narrow, 1.0))) if isinstance(narrow, Const) else narrow
        return Draw(draw.index, kept)


def narrowed(value: Distribution, edge: Bounds) -> Distribution | None:
    """The distribution, given that a draw is in the bin; None where its kind cannot say that."""
    if isinstance(value, Choice):
        return _narrowed_choice(value, edge)
    if isinstance(value, Const) or isinstance(edge, frozenset):
        return value
    low, high = max(edge[0], value.bounds()[0]), min(edge[1], value.bounds()[1])
    if isinstance(value, IntRange):
        return IntRange(int(low), int(high))
    if isinstance(value, (Uniform, LogUniform, Normal)):
        return replace(value, low=low, high=high)
    return None


def _narrowed_choice(value: Choice, edge: Bounds) -> Distribution | None:
    options: list[tuple[Distribution, float]] = []
    for option, weight in value.options:
        mass = sum(b - a for a, b in fractions_of(option, edge))
        if mass <= 0:
            continue
        narrow = narrowed(option, edge)
        if narrow is None:
            return None
        options.append((narrow, weight * mass))
    if len({weight for _, weight in options}) == 1:
        options = [(option, 1.0) for option, _ in options]
    return options[0][0] if len(options) == 1 else Choice(tuple(options))


def _within(path: str, axis: Axis, number: int, dimension: Dimension) -> Expression:
    edge = axis.edges[number]
    assert not isinstance(edge, frozenset)
    parts: list[Term] = [
        Apply(sign, (Name(path), Literal(limit, dimension.as_number())))
        for sign, limit in ((">=" if number == 0 else ">", edge[0]), ("<=", edge[1]))
    ]
    return Expression(Apply("and", tuple(parts)), FLAG)
