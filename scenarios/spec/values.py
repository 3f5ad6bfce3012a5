"""Written values at the boundary: pydantic types made from the schemas of the leaves."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, create_model, model_validator
from pydantic_core import PydanticCustomError

from driving_data.errors import nearest_name
from scenarios.expressions import Expression, TextFault, Value
from scenarios.forms import DISTRIBUTIONS
from scenarios.parse import parse_value
from scenarios.space import Choice
from scenarios.spec.hints import explained, meant_word, refused_outright
from scenarios.types.fields import Field, Schema, check_limits
from scenarios.units import FLAG, TEXT, Dimension, split_suffix

_FALSE_WORDS = {"no": "false", "off": "false", "n": "false", "yes": "true", "on": "true", "y": "true"}
_DISTRIBUTIONS = (*DISTRIBUTIONS, "choice")


def refuse(
    code: str, found: str, expected: str, nearest: str | None = None, offset: int = 0, key: str = ""
) -> PydanticCustomError:
    """A fault in the words of `driving_data.errors.Fault`; `key` is the key inside of the section that it is about."""
    context = {"found": found, "expected": expected, "nearest": nearest or "", "offset": offset, "key": key}
    return PydanticCustomError("fault", "{found}; expected {expected}", {**context, "code": code})


def read_value(data: Any, field: Field) -> Value:
    """A value as it stands in a file: a text, a number, a list to choose from, or `{uniform: [a, b]}`."""
    try:
        value = _read(data, field.dimension)
        check_limits(value, field)
    except TextFault as fault:
        if fault.code == "unknown-name" and field.names:
            fault.nearest = meant_word(fault.found, field.names)
        raise refuse(fault.code, fault.found, fault.expected, fault.nearest, fault.offset) from None
    return value


def _read(data: Any, dimension: Dimension) -> Value:
    if isinstance(data, Mapping):
        return _read_mapping(data, dimension)
    if isinstance(data, list):
        return _choice([(item, 1.0) for item in data], dimension)
    return parsed(_as_text(data, dimension), dimension)


def parsed(text: str, dimension: Dimension) -> Value:
    """A text as a value; what is wrong with it is said in words that help.

    Raises:
        TextFault: it cannot be read or measures something else.
    """
    if dimension.numeric and (refused := refused_outright(text)):
        raise refused
    try:
        return parse_value(text, dimension)
    except TextFault as fault:
        raise explained(text, fault) from None
    except ValueError as error:
        fault = TextFault("bad-number", str(error), dimension.words)
        raise explained(text, fault) from None


def _as_text(data: Any, dimension: Dimension) -> str:
    if isinstance(data, bool):
        if dimension != FLAG:
            raise TextFault("wrong-type", str(data).lower(), dimension.words)
        return str(data).lower()
    if data is None:
        raise TextFault("empty-value", "nothing", dimension.words)
    if isinstance(data, (int, float)):
        if dimension == TEXT:
            raise TextFault("wrong-type", f"the number {data}", dimension.words)
        return repr(data)
    if dimension == FLAG and str(data).lower() in _FALSE_WORDS:
        raise TextFault("wrong-type", repr(data), "true or false", 0, _FALSE_WORDS[str(data).lower()])
    # A name or flag that is computed begins with '='; `$name` can be nothing else.
    return f"={data}" if dimension in (TEXT, FLAG) and str(data).startswith("$") else str(data)


def _read_mapping(data: Mapping[str, Any], dimension: Dimension) -> Value:
    if len(data) != 1:
        raise TextFault("bad-distribution", f"keys {', '.join(data)}", f"one of {', '.join(_DISTRIBUTIONS)}")
    name, inner = next(iter(data.items()))
    if name not in _DISTRIBUTIONS:
        raise TextFault("unknown-distribution", repr(name), f"one of {', '.join(_DISTRIBUTIONS)}", 0,
                        nearest_name(name, _DISTRIBUTIONS))  # fmt: skip
    if name == "choice":
        weighted = inner.items() if isinstance(inner, Mapping) else [(item, 1.0) for item in _listed(name, inner)]
        return _choice(list(weighted), dimension)
    if name == "normal" and isinstance(inner, Mapping):
        order = ("mean", "std", "min", "max")
        if unknown := [key for key in inner if key not in order]:
            raise TextFault("unknown-key", repr(unknown[0]), f"one of {', '.join(order)}", 0,
                            nearest_name(unknown[0], order))  # fmt: skip
        inner = [inner[key] for key in order if key in inner]
    texts = [_as_text(item, dimension) for item in _listed(name, inner)]
    return parsed(f"{name}({', '.join(texts)})", dimension)


def _listed(name: str, data: Any) -> list[Any]:
    if not isinstance(data, list) or not data:
        raise TextFault("bad-distribution", repr(data), f"a list, as {name}: [a, b]")
    return data


def _choice(options: list[tuple[Any, Any]], dimension: Dimension) -> Value:
    if not options:
        raise TextFault("bad-distribution", "an empty list", "at least one option")
    read: list[tuple[Any, float]] = []
    for data, weight in options:
        value = _read(data, dimension)
        if isinstance(value, Expression):
            raise TextFault("bad-distribution", repr(data), "options that are numbers, ranges or names")
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or weight <= 0:
            raise TextFault("bad-weight", repr(weight), "a weight above 0")
        read.append((value, float(weight)))
    return read[0][0] if len(read) == 1 else Choice(tuple(read))


ValueType = Value


class Section(BaseModel):
    """Base of every section: frozen, no unknown keys, keys that end in a unit take bare numbers in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _with_units(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise refuse("wrong-type", _shown(data), f"keys such as {', '.join(written_names(cls)[:6])}")
        renamed: dict[str, Any] = {}
        valid = names_of(cls)
        for key, value in data.items():
            base, unit = split_suffix(str(key))
            if str(key) in valid or not unit or base not in valid:
                renamed[str(key)] = value
            elif base in data:
                raise refuse("duplicate-key", repr(key), f"either {base!r} or {key!r}", key=str(key))
            else:
                renamed[base] = _with_unit(value, unit)
        return renamed


def _with_unit(value: Any, unit: str) -> Any:
    if isinstance(value, list):
        return [_with_unit(item, unit) for item in value]
    if isinstance(value, Mapping):
        return {
            key: _with_unit(item, unit) if key != "choice" or not isinstance(item, Mapping)
            else {f"{option} {unit}": weight for option, weight in item.items()}
            for key, item in value.items()
        }  # fmt: skip
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value} {unit}" if is_number or (isinstance(value, str) and _is_range(value)) else value


def _is_range(text: str) -> bool:
    return all(part.strip().lstrip("-").replace(".", "", 1).isdigit() for part in text.split("..")) and ".." in text


def _shown(data: Any) -> str:
    return "nothing" if data is None else "a list" if isinstance(data, list) else repr(data)[:60]


def names_of(model: type[BaseModel]) -> tuple[str, ...]:
    """Keys of a section as they are written."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def written_names(model: type[BaseModel]) -> tuple[str, ...]:
    """Keys of a section as they are shown: fields with a dot are in a section of their own."""
    return tuple(name.replace("__", ".") for name in names_of(model))


def section(name: str, schema: Schema, **extra: Any) -> type[Section]:
    """A section whose keys are the fields of a schema and `extra` ones (pydantic field definitions)."""
    fields: dict[str, Any] = {}
    for key, field in schema.items():
        fields[key.replace(".", "__")] = (Annotated[ValueType | None, reader_of(field)], None)
    return create_model(name, __base__=Section, **fields, **extra)


def reader_of(field: Field) -> BeforeValidator:
    """Reads one value of a field."""
    return BeforeValidator(lambda data: read_value(data, field))


def values_of(model: BaseModel, schema: Schema) -> dict[str, Value]:
    """The values that a section gives, by field."""
    found = {key: getattr(model, key.replace(".", "__")) for key in schema}
    return {key: value for key, value in found.items() if value is not None}
