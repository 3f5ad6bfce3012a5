"""What a leaf may hold: names, dimensions and defaults, and the conversion of Python arguments into values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from driving_data.errors import nearest_name
from scenarios.expressions import Expression, TextFault, Value
from scenarios.leaf import IllTyped, Leaf
from scenarios.parse import parse_value
from scenarios.space import Choice, Const, Scalar
from scenarios.units import Dimension

Given = Value | Scalar
Get = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a leaf.

    Attributes:
        dimension: what it measures.
        doc: what it is, in words.
        default: where the file does not say; None where it must, or where it follows from others.
        low: smallest value that makes sense.
        high: largest value that makes sense.
        names: what a text may be; empty for any.
    """

    dimension: Dimension
    doc: str
    default: Scalar | None = None
    low: float | int = float("-inf")
    high: float | int = float("inf")
    names: tuple[str, ...] = ()


Schema = Mapping[str, Field]


def as_value(given: Given, dimension: Dimension) -> Value:
    """A Python argument as a value: text is read as in a file, numbers are in base units.

    Raises:
        TextFault: the text cannot be read or measures something else.
    """
    if not isinstance(given, (str, bool, int, float)):
        if given.dimension.as_number() != dimension.as_number():
            raise TextFault("wrong-dimension", f"{given.text()} is {given.dimension.words}", dimension.words)
        return given
    if isinstance(given, str):
        return parse_value(given, dimension)
    if isinstance(given, bool) or not dimension.numeric:
        return parse_value(str(given).lower(), dimension)
    return Const(int(given) if dimension.sort == "count" else float(given), dimension)


def as_values(what: str, schema: Schema, given: Mapping[str, Given | None]) -> dict[str, Value]:
    """Arguments as values; None is left out.

    Raises:
        IllTyped: a name is unknown, a value does not fit or lies outside the limits of its field.
    """
    values: dict[str, Value] = {}
    for name, argument in given.items():
        if argument is None:
            continue
        if name not in schema:
            near = nearest_name(name, schema)
            hint = f"; did you mean {near!r}?" if near else ""
            raise IllTyped(f"{what} has no {name!r}; it has {', '.join(schema)}{hint}")
        try:
            values[name] = as_value(argument, schema[name].dimension)
            check_limits(values[name], schema[name])
        except TextFault as fault:
            raise IllTyped(f"{what}.{name}: {fault}") from fault
    return values


def check_limits(value: Value, field: Field) -> None:
    """Refuses a value that can leave the limits of its field; expressions are checked when they are drawn.

    Raises:
        TextFault: it can.
    """
    if isinstance(value, Expression):
        return
    if not value.dimension.numeric:
        for name in texts_of(value) if field.names else ():
            if name not in field.names:
                raise TextFault("unknown-name", repr(name), f"one of {', '.join(field.names)}", 0,
                                nearest_name(name, field.names))  # fmt: skip
        return
    low, high = value.bounds()
    if low < field.low or high > field.high:
        raise TextFault("out-of-range", value.text(), limits_text(field))


def texts_of(value: Value) -> tuple[str, ...]:
    """Every text that a value may be; empty for expressions."""
    if isinstance(value, Const):
        return (str(value.value),)
    return tuple(t for option, _ in value.options for t in texts_of(option)) if isinstance(value, Choice) else ()


def limits_text(field: Field) -> str:
    """The limits of a field in words, in its base unit."""
    unit = f" {field.dimension.unit}" if field.dimension.unit else ""
    if field.low == float("-inf"):
        return f"at most {field.high:g}{unit}"
    if field.high == float("inf"):
        return f"at least {field.low:g}{unit}"
    return f"{field.low:g} to {field.high:g}{unit}"


def reader(leaf: Leaf, schema: Schema, get: Get) -> Get:
    """A getter of a leaf's fields by name that knows their defaults; drawn values are held to the field's limits."""
    fixed, asked = _plan(leaf, schema)

    def read(name: str) -> Any:
        if name in fixed:
            return fixed[name]
        path, field = asked[name]
        value = get(path)
        if field.dimension.numeric and not (field.low <= value <= field.high):
            raise OutOfLimits(f"{path} came out as {value:g}; it is {limits_text(field)}")
        return value

    return read


Plan = tuple[dict[str, Any], dict[str, tuple[str, Field]]]
_PLANS: dict[tuple[int, int], tuple[Leaf, Schema, Plan]] = {}
_MAX_PLANS = 4096


def _plan(leaf: Leaf, schema: Schema) -> Plan:
    """Fields that are the same in every draw, and the paths of the others; kept for each leaf, by identity."""
    key = (id(leaf), id(schema))
    kept = _PLANS.get(key)
    if kept is None:
        if len(_PLANS) >= _MAX_PLANS:
            _PLANS.clear()
        given = dict(leaf.values)
        fixed = {name: field.default for name, field in schema.items() if name not in given}
        for name, value in given.items():
            if isinstance(value, Const) and name in schema and _within(value.value, schema[name]):
                fixed[name] = value.value
        asked = {name: (leaf.path_of(name), schema[name]) for name in given if name in schema and name not in fixed}
        # Leaf and schema are kept alive with their plan, so that their ids stay their own.
        kept = _PLANS[key] = leaf, schema, (fixed, asked)
    return kept[2]


def _within(value: Scalar, field: Field) -> bool:
    return not field.dimension.numeric or (not isinstance(value, str) and field.low <= value <= field.high)


class OutOfLimits(IllTyped):
    """An expression came out beyond what its field allows."""
