"""Parameters of archetypes: declared once as dataclass fields, checked and listed from there."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from driving_data.errors import Fault, InputError, nearest_name


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an archetype.

    Attributes:
        name: as in the scenario file.
        kind: 'number', 'count' (whole number), 'flag' (true or false), 'choice', or 'place' (a number, or absent).
            A choice without a default may be absent too.
        unit: as `m`, `mps`, `1pm`; empty for counts, flags and choices.
        default: what it is when not given.
        minimum: smallest value; None for flags and choices.
        maximum: largest value; None for flags and choices.
        choices: the names of a choice.
        doc: what it does, in a few words.
    """

    name: str
    kind: str
    unit: str
    default: Any
    minimum: float | int | None
    maximum: float | int | None
    choices: tuple[str, ...]
    doc: str

    def expected(self) -> str:
        """What a value must be, in words."""
        if self.kind == "flag":
            return "true or false"
        if self.kind == "choice":
            return f"one of {', '.join(self.choices)}"
        what = "a whole number" if self.kind == "count" else "a number"
        return f"{what} from {self.minimum:g} to {self.maximum:g}{' ' + self.unit if self.unit else ''}"

    def accepts(self, value: Any) -> bool:
        """Whether a value is of the right type and in range."""
        if self.kind == "flag":
            return isinstance(value, bool)
        if self.kind == "choice":
            return value in self.choices or (value is None and self.default is None)
        if value is None:
            return self.kind == "place"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if self.kind == "count" and value != int(value):
            return False
        assert self.minimum is not None and self.maximum is not None
        return self.minimum <= value <= self.maximum


def number(default: float, minimum: float, maximum: float, unit: str, doc: str) -> Any:
    """A field for a number."""
    return _field("number", default, unit, doc, minimum, maximum)


def count(default: int, minimum: int, maximum: int, doc: str) -> Any:
    """A field for a whole number."""
    return _field("count", default, "", doc, minimum, maximum)


def flag(default: bool, doc: str) -> Any:
    """A field for true or false."""
    return _field("flag", default, "", doc)


def choice(default: str, choices: tuple[str, ...], doc: str) -> Any:
    """A field for one of several names."""
    return _field("choice", default, "", doc, choices=choices)


def optional_choice(choices: tuple[str, ...], doc: str) -> Any:
    """A field for one of several names, or None.

    A parameter that is added later and is not given is no part of a scenario: those that were kept keep their digests.
    """
    return _field("choice", None, "", doc, choices=choices)


def optional_place(minimum: float, maximum: float, doc: str) -> Any:
    """A field for a distance along the road, or None."""
    return _field("place", None, "m", doc, minimum, maximum)


def _field(
    kind: str,
    default: Any,
    unit: str,
    doc: str,
    minimum: float | int | None = None,
    maximum: float | int | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    about = {"kind": kind, "unit": unit, "doc": doc, "minimum": minimum, "maximum": maximum, "choices": choices}
    return dataclasses.field(default=default, metadata=about)


def parameters_of(kind: type[Any]) -> tuple[Parameter, ...]:
    """The parameters that a dataclass of such fields declares."""
    return tuple(Parameter(name=item.name, default=item.default, **item.metadata) for item in dataclasses.fields(kind))


def checked(kind: type[Any], values: Mapping[str, Any], where: str = "road.parameters") -> Any:
    """The dataclass filled with `values`.

    Raises:
        InputError: every unknown name and every value of the wrong type or out of range.
    """
    known = {parameter.name: parameter for parameter in parameters_of(kind)}
    faults: list[Fault] = []
    filled: dict[str, Any] = {}
    for name, value in values.items():
        path = f"{where}.{name}"
        parameter = known.get(name)
        if parameter is None:
            expected, nearest = f"one of {', '.join(known)}", nearest_name(name, known)
            faults.append(Fault("", 0, 0, path, "unknown-parameter", repr(name), expected, nearest))
        elif not parameter.accepts(value):
            nearest = nearest_name(str(value), parameter.choices) if parameter.choices else None
            faults.append(Fault("", 0, 0, path, "bad-parameter", repr(value), parameter.expected(), nearest))
        else:
            filled[name] = _cast(parameter, value)
    if faults:
        raise InputError(faults)
    return kind(**filled)


def _cast(parameter: Parameter, value: Any) -> Any:
    if parameter.kind == "count":
        return int(value)
    return float(value) if parameter.kind in ("number", "place") and value is not None else value


def refuse(path: str, found: Any, expected: str) -> InputError:
    """The error for parameters that are possible one by one but not together."""
    return InputError([Fault("", 0, 0, f"road.parameters.{path}", "bad-parameter", repr(found), expected)])
