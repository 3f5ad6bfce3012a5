"""Constraints on parameters: a declaration holds where one of its groups holds, a group where all of its rules hold.

`judge_constraints` finds groups that, taken together, allow everything or nothing: a common slip, since a list of
groups looks like a list of rules but is an "or".
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scenarios.openscenario.expressions import (
    Constant,
    ExpressionFault,
    Parameter,
    Term,
    Value,
    evaluate_term,
    names_in,
    parse_expression,
    to_value,
)
from scenarios.openscenario.lexical import EXPRESSION, PARAMETER
from scenarios.openscenario.node import Node

Interval = tuple[float, bool, float, bool]
"""Low, whether it belongs to it, high, whether it belongs to it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One ValueConstraint: how the value compares with a bound."""

    rule: str
    bound: Term
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Constraint:
    """Everything that a declaration asks of its parameter.

    Attributes:
        name: of the parameter.
        type: of the parameter, as `double`.
        groups: one of them must hold; in a group all rules.
        node: the declaration.
    """

    name: str
    type: str
    groups: tuple[tuple[Rule, ...], ...]
    node: Node

    def holds(self, lookup: Mapping[str, Value]) -> bool:
        """Whether values satisfy it.

        Raises:
            ExpressionFault: a bound has no value.
        """
        value = lookup[self.name]
        return any(
            all(compare(rule.rule, value, bound_value(rule, self.type, lookup)) for rule in group)
            for group in self.groups
        )

    def names(self) -> tuple[str, ...]:
        """The parameters that it reads, its own first."""
        read = [name for group in self.groups for rule in group for name in names_in(rule.bound)]
        return tuple(dict.fromkeys([self.name, *read]))


def bound_value(rule: Rule, type_name: str, lookup: Mapping[str, Value]) -> Value:
    """The value of the bound of a rule."""
    value = evaluate_term(rule.bound, lookup.__getitem__)
    return to_value(value, type_name) if isinstance(value, str) and type_name != "string" else value


def compare(rule: str, left: Value, right: Value) -> bool:
    """Whether `left rule right`; values that are no numbers are compared as texts."""
    one: Value | str = left
    two: Value | str = right
    if isinstance(left, str) or isinstance(right, str):
        one, two = str(left), str(right)
    if rule in ("equalTo", "notEqualTo"):
        return (one == two) == (rule == "equalTo")
    less = one < two  # type: ignore[operator]
    if rule == "lessThan":
        return less
    if rule == "greaterOrEqual":
        return not less
    return (less or one == two) == (rule == "lessOrEqual")


def term_of(text: str) -> Term:
    """The term of an attribute: a reference, an expression, or its own text."""
    if EXPRESSION.match(text):
        return parse_expression(text[2:-1])
    return Parameter(text[1:]) if PARAMETER.match(text) else Constant(text)


def constraints_of(declarations: Node | None) -> list[Constraint]:
    """The constraints of a ParameterDeclarations element; a declaration without groups has none."""
    found: list[Constraint] = []
    for node in declarations.all("ParameterDeclaration") if declarations is not None else ():
        groups = tuple(
            tuple(
                Rule(item.get("rule"), term_of(item.get("value")), item.line, item.column)
                for item in group.all("ValueConstraint")
            )
            for group in node.all("ConstraintGroup")
        )
        if groups:
            found.append(Constraint(node.get("name"), node.get("parameterType"), groups, node))
    return found


def _interval(rule: str, bound: float) -> list[Interval]:
    everything = math.inf
    return {
        "lessThan": [(-everything, False, bound, False)],
        "lessOrEqual": [(-everything, False, bound, True)],
        "greaterThan": [(bound, False, everything, False)],
        "greaterOrEqual": [(bound, True, everything, False)],
        "equalTo": [(bound, True, bound, True)],
        "notEqualTo": [(-everything, False, bound, False), (bound, False, everything, False)],
    }[rule]


def _meet(one: Iterable[Interval], two: Iterable[Interval]) -> list[Interval]:
    found: list[Interval] = []
    for a, b in itertools.product(one, two):
        low, low_in = max((a[0], not a[1]), (b[0], not b[1]))
        high, high_in = min((a[2], a[3]), (b[2], b[3]))
        if low < high or (low == high and not low_in and high_in):
            found.append((low, not low_in, high, high_in))
    return found


def _covers_everything(intervals: list[Interval]) -> bool:
    reach, reach_in = -math.inf, True
    for low, low_in, high, high_in in sorted(intervals, key=lambda item: (item[0], not item[1])):
        if low > reach or (low == reach and not low_in and not reach_in):
            return False
        reach, reach_in = max((reach, reach_in), (high, high_in))
    return reach == math.inf


def allowed(constraint: Constraint, lookup: Mapping[str, Value]) -> list[Interval]:
    """The numbers that a constraint allows while all other parameters keep their values."""
    found: list[Interval] = []
    for group in constraint.groups:
        inside: list[Interval] = [(-math.inf, False, math.inf, False)]
        for rule in group:
            bound = bound_value(rule, constraint.type, lookup)
            inside = _meet(inside, _interval(rule.rule, float(bound)))
        found += inside
    return found


def judge_constraints(constraints: list[Constraint], defaults: Mapping[str, Value]) -> Iterator[tuple[str, Constraint]]:
    """Constraints that allow every value (`vacuous-constraint`) or none (`impossible-constraint`).

    Where a bound depends on other parameters, their values are tried at the default, at both ends and in the middle of
    what their own constraints allow; a verdict must hold for all of these.
    """
    by_name = {constraint.name: constraint for constraint in constraints}
    for constraint in constraints:
        if constraint.type in ("string", "boolean", "dateTime"):
            continue
        verdicts: set[str] = set()
        try:
            for lookup in _situations(constraint, by_name, defaults):
                intervals = allowed(constraint, lookup)
                everything = _covers_everything(intervals)
                verdicts.add("vacuous-constraint" if everything else "" if intervals else "impossible-constraint")
        except (ExpressionFault, ValueError, KeyError, OverflowError):
            continue  # bounds without a value are reported where they are resolved
        if len(verdicts) == 1 and (verdict := verdicts.pop()):
            yield verdict, constraint


def _situations(
    constraint: Constraint, by_name: Mapping[str, Constraint], defaults: Mapping[str, Value]
) -> Iterator[dict[str, Value]]:
    others = [name for name in constraint.names() if name != constraint.name][:4]
    options: list[list[Value]] = []
    for name in others:
        values: list[Value] = [defaults[name]]
        if name in by_name and by_name[name].type not in ("string", "boolean", "dateTime"):
            values += _probes(allowed(by_name[name], defaults))
        options.append(values)
    for combination in itertools.product(*options):
        yield {**defaults, **dict(zip(others, combination, strict=True))}


def _probes(intervals: list[Interval]) -> list[Value]:
    found: list[Value] = []
    for low, low_in, high, high_in in intervals:
        low, high = max(low, -1e6), min(high, 1e6)
        nudge = 1e-6 * max(1.0, high - low)
        found += [low if low_in else low + nudge, 0.5 * (low + high), high if high_in else high - nudge]
    return found
