"""Values of OpenSCENARIO DSL expressions, as expressions of our own scenario files with their bounds."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from driving_data.errors import Fault, InputError, nearest_name
from scenarios.openscenario.dsl import tree
from scenarios.openscenario.dsl.units import Unit, base_word, combined

Exponents = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A number that may be a range.

    Attributes:
        text: as our own scenario files write it; the name of a parameter where it is a range.
        low: lower bound, in base units.
        high: upper bound, in base units.
        exponents: its dimension.
    """

    text: str
    low: float
    high: float
    exponents: Exponents = ()

    @property
    def constant(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class ActorReference:
    """An actor, by its name in the scenario that is made."""

    name: str


Evaluated = Value | ActorReference | str | bool | tuple[Any, ...] | None
AddParameter = Callable[[str, str], str]
_ATOM = re.compile(r"[A-Za-z_][\w.]*|[\d.]+(e[+-]?\d+)?( [a-zA-Z/\d]+)?")


def number(value: float, exponents: Exponents, word: str | None = None, factor: float = 1.0) -> Value:
    """A constant in base units, written in the unit `word` of `factor` base units, or in its base unit."""
    unit = word or base_word(exponents)
    shown = value / factor if word else value
    text = f"{shown:.9g} {unit}".strip() if unit is not None else f"{shown:.9g}"
    return Value(text, value, value, exponents)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where names are looked up.

    Attributes:
        file: for faults.
        names: values by name.
        units: units by name.
        methods: methods by `struct.name`.
        add_parameter: called with a hint and the text of a range; gives the name of the parameter that holds it.
        outer: the scope around this one.
    """

    file: str
    names: dict[str, Evaluated]
    units: Mapping[str, Unit]
    methods: Mapping[str, tree.Method]
    add_parameter: AddParameter
    outer: "Scope | None" = None

    def find(self, name: str) -> Evaluated:
        """Value of a name here or further out; None where there is none."""
        if name in self.names:
            return self.names[name]
        return self.outer.find(name) if self.outer is not None else None

    def has(self, name: str) -> bool:
        """Whether the name is known here or further out."""
        return name in self.names or (self.outer is not None and self.outer.has(name))

    def known(self) -> list[str]:
        """Every name."""
        return [*self.names, *(self.outer.known() if self.outer is not None else ())]


def fault(scope: Scope, spot: tree.Spot, code: str, found: str, expected: str, near: str = "") -> InputError:
    """An error at a place of the file."""
    return InputError([Fault(scope.file, spot.line, spot.column, "", code, found, expected, near)])


def evaluate(expression: tree.Expression, scope: Scope, hint: str = "value") -> Evaluated:
    """Value of an expression.

    Args:
        expression: what is computed.
        scope: where its names are looked up.
        hint: what a parameter is called that holds a range in it.

    Raises:
        InputError: a name or unit is unknown, or the operands do not go together.
    """
    match expression:
        case tree.Literal(value=value) if isinstance(value, (bool, str)):
            return value
        case tree.Literal(value=value):
            return number(float(value), ())
        case tree.Physical():
            unit = unit_of(expression, scope)
            return number(expression.value * unit.factor, unit.exponents, unit.word, unit.factor)
        case tree.Name(text=text, spot=spot):
            if not scope.has(text):
                raise fault(scope, spot, "unknown-name", repr(text), "a name that is declared",
                            nearest_name(text, scope.known()) or "")  # fmt: skip
            return scope.find(text)
        case tree.Between():
            return _between(expression, scope, hint)
        case tree.Listing(items=items):
            return tuple(evaluate(item, scope, hint) for item in items)
        case tree.Member(of=of, name=name):
            path = dotted(expression)
            return scope.find(path) if scope.has(path) else name if isinstance(of, tree.Name) else None
        case tree.Call():
            return _call(expression, scope, hint)
        case tree.Operation():
            return _operation(expression, scope, hint)


def dotted(expression: tree.Expression) -> str:
    """`a.b.c` as a text; empty for anything else."""
    if isinstance(expression, tree.Name):
        return expression.text
    if isinstance(expression, tree.Member):
        of = dotted(expression.of)
        return f"{of}.{expression.name}" if of else ""
    return ""


def unit_of(physical: tree.Physical, scope: Scope) -> Unit:
    """The unit of a number.

    Raises:
        InputError: neither the file nor the standard library declares it.
    """
    unit = scope.units.get(physical.unit)
    if unit is None:
        raise fault(scope, physical.spot, "unknown-unit", repr(physical.unit), "a unit that is declared",
                    nearest_name(physical.unit, scope.units) or "")  # fmt: skip
    return unit


def quantity(expression: tree.Expression, scope: Scope, exponents: Exponents, hint: str) -> Value:
    """A number of a certain dimension.

    Raises:
        InputError: it is none, or measures something else.
    """
    value = evaluate(expression, scope, hint)
    if not isinstance(value, Value):
        raise fault(scope, expression.spot, "wrong-type", f"{value!r}", f"a number in {base_word(exponents) or '1'}")
    if value.exponents != exponents:
        own = base_word(value.exponents) or dict(value.exponents)
        raise fault(scope, expression.spot, "wrong-dimension", f"{value.text} measures {own or 'nothing'}",
                    f"a quantity in {base_word(exponents) or 'no unit'}")  # fmt: skip
    return value


def _between(expression: tree.Between, scope: Scope, hint: str) -> Value:
    low, high = evaluate(expression.low, scope, hint), evaluate(expression.high, scope, hint)
    if not (isinstance(low, Value) and isinstance(high, Value)) or low.exponents != high.exponents:
        raise fault(scope, expression.spot, "bad-range", "ends that measure different things", "two alike")
    if low.low > high.high:
        raise fault(scope, expression.spot, "bad-range", f"{low.text}..{high.text}", "the lower end first")
    if low.low == high.high:
        return low
    text = f"{low.low:.9g}..{high.high:.9g} {base_word(low.exponents) or ''}".strip()
    (first, _, unit), (second, _, other) = low.text.partition(" "), high.text.partition(" ")
    if low.constant and high.constant and unit == other:
        text = f"{first}..{second} {unit}".strip()
    return Value(scope.add_parameter(hint, text), low.low, high.high, low.exponents)


def _call(call: tree.Call, scope: Scope, hint: str) -> Evaluated:
    name = dotted(call.function)
    method = scope.methods.get(name)
    if method is None:
        raise fault(scope, call.spot, "unknown-method", f"{name}(...)", "a method that is declared",
                    nearest_name(name, scope.methods) or "")  # fmt: skip
    if method.body is None:
        raise fault(scope, call.spot, "external-method", f"{name} runs code outside the file",
                    "a method with `is expression`")  # fmt: skip
    inner: dict[str, Evaluated] = {}
    for place, parameter in enumerate(method.arguments):
        given = next((a.value for a in call.arguments if a.name == parameter.name), None)
        if given is None and place < len(call.arguments) and not call.arguments[place].name:
            given = call.arguments[place].value
        given = parameter.default if given is None else given
        if given is None:
            raise fault(scope, call.spot, "missing-argument", f"{name} without {parameter.name!r}", "every argument")
        inner[parameter.name] = evaluate(given, scope, hint)
    return evaluate(method.body, Scope(scope.file, inner, scope.units, scope.methods, scope.add_parameter), hint)


def _operation(operation: tree.Operation, scope: Scope, hint: str) -> Evaluated:
    operands = [evaluate(operand, scope, hint) for operand in operation.operands]
    if all(isinstance(operand, Value) for operand in operands):
        found = arithmetic(operation.operator, [o for o in operands if isinstance(o, Value)])
        if found is not None:
            return found
    raise fault(scope, operation.spot, "bad-expression", f"{operation.operator!r} between these",
                "+ - * / between numbers that go together")  # fmt: skip


def arithmetic(operator: str, operands: list[Value]) -> Value | None:
    """Sum, difference, product or quotient with its bounds; None where the operands do not go together."""
    if operator == "-" and len(operands) == 1:
        only = operands[0]
        return Value(f"-{_grouped(only)}", -only.high, -only.low, only.exponents)
    if len(operands) != 2:
        return None
    a, b = operands
    if operator in ("+", "-"):
        if a.exponents != b.exponents:
            return None
        low, high = (a.low + b.low, a.high + b.high) if operator == "+" else (a.low - b.high, a.high - b.low)
        exponents = a.exponents
    elif operator in ("*", "/") and not (operator == "/" and b.low <= 0.0 <= b.high):
        ends = [x * y if operator == "*" else x / y for x in (a.low, a.high) for y in (b.low, b.high)]
        low, high, exponents = min(ends), max(ends), combined(a.exponents, b.exponents, 1 if operator == "*" else -1)
    else:
        return None
    if a.constant and b.constant:
        return number(low, exponents)
    if operator == "-" and b.text.startswith("-") and _ATOM.fullmatch(b.text[1:]):
        return Value(f"{a.text} + {b.text[1:]}", low, high, exponents)
    left = a.text if operator in "+-" else _grouped(a)
    return Value(f"{left} {operator} {_grouped(b)}", low, high, exponents)


def _grouped(value: Value) -> str:
    """The text of an operand, in parentheses where it is more than a name or a quantity."""
    return value.text if _ATOM.fullmatch(value.text) else f"({value.text})"
