"""Dataclasses to plain data and back: one codec for JSON files, canonical texts and provenance.

A dataclass becomes a dict of its fields, a tuple a list, an enum its name in lower case, an array a nested list.
Where a field is a union of dataclasses, the dict carries the class name under "type".
"""

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Mapping, Sequence
from enum import Enum, IntFlag
from typing import Any, TypeVar, get_args, get_origin

import numpy as np

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """The value as dicts, lists, strings, numbers, booleans and None.

    Raises:
        TypeError: a value has no plain form.
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, IntFlag):
        return int(value)
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if dataclasses.is_dataclass(value) and not isinstance(value, (type, Sequence)):
        plain = {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"type": type(value).__name__, **plain}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [to_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(kind: Any, data: Any, path: str = "") -> Any:
    """Rebuilds a value of the annotated type `kind` from plain data.

    Raises:
        ValueError: the data do not fit; the message names the path.
    """
    origin = get_origin(kind)
    if kind is Any:
        return data
    if origin in (typing.Union, types.UnionType):
        return _from_union(get_args(kind), data, path)
    if origin in (tuple, list, Sequence):
        return _from_sequence(origin, get_args(kind), data, path)
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        _expect(isinstance(data, Mapping), path, "a mapping", data)
        value_kind = get_args(kind)[1]
        return {key: from_plain(value_kind, item, f"{path}.{key}") for key, item in data.items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _from_dataclass(kind, data, path)
    return _from_scalar(kind, data, path)


def _from_union(options: tuple[Any, ...], data: Any, path: str) -> Any:
    if data is None and type(None) in options:
        return None
    classes: dict[str, type[Any]] = {
        option.__name__: option for option in options if isinstance(option, type) and dataclasses.is_dataclass(option)
    }
    if isinstance(data, Mapping) and data.get("type") in classes:
        return from_plain(classes[data["type"]], data, path)
    failures: list[str] = []
    for option in options:
        if option is type(None):
            continue
        try:
            return from_plain(option, data, path)
        except ValueError as error:
            failures.append(str(error))
    raise ValueError("; or ".join(failures))


def _from_sequence(origin: Any, args: tuple[Any, ...], data: Any, path: str) -> Any:
    _expect(isinstance(data, (list, tuple)), path, "a list", data)
    if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
        _expect(len(data) == len(args), path, f"{len(args)} items", data)
        return tuple(from_plain(a, item, f"{path}[{i}]") for i, (a, item) in enumerate(zip(args, data, strict=True)))
    kind = list if origin is list else tuple
    return kind(from_plain(args[0], item, f"{path}[{i}]") for i, item in enumerate(data))


def _from_dataclass(kind: type[Any], data: Any, path: str) -> Any:
    _expect(isinstance(data, Mapping), path, f"the fields of {kind.__name__}", data)
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    unknown = set(data) - set(fields) - {"type"}
    _expect(not unknown, path, f"one of {sorted(fields)}", sorted(unknown))
    values = {name: from_plain(hints[name], data[name], f"{path}.{name}") for name in fields if name in data}
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"{path or kind.__name__}: {error}") from error


def _from_scalar(kind: Any, data: Any, path: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, IntFlag):
        return kind(data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        _expect(isinstance(data, str) and data.upper() in kind.__members__, path, f"a name of {kind.__name__}", data)
        return kind[data.upper()]
    if kind is float:
        _expect(isinstance(data, (int, float)) and not isinstance(data, bool), path, "a number", data)
        return float(data)
    if kind in (int, str, bool):
        fits = isinstance(data, kind) and (kind is bool or not isinstance(data, bool))
        _expect(fits, path, kind.__name__, data)
        return data
    dtype = getattr(kind, "dtypes", None)
    if dtype is not None or kind is np.ndarray:
        return np.asarray(data, dtype=_numpy_dtype(dtype))
    raise ValueError(f"{path}: cannot read a value of {kind!r}")


def _numpy_dtype(names: Any) -> Any:
    names = names if isinstance(names, (list, tuple)) else ()
    for name in ("float64", "int64", "bool", "bool_", "uint8"):
        if name in names:
            return name
    return names[0] if names else None


def _expect(holds: bool, path: str, expected: str, found: Any) -> None:
    if not holds:
        raise ValueError(f"{path or '.'}: expected {expected}, found {found!r}")


def canonical_text(value: Any) -> str:
    """The value as JSON that is equal for equal values: sorted keys, no spaces, shortest exact numbers (1.0 is 1)."""
    return json.dumps(
        _shortest(to_plain(value)), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def _shortest(plain: Any) -> Any:
    if isinstance(plain, float) and plain.is_integer():
        return int(plain)
    if isinstance(plain, dict):
        return {key: _shortest(item) for key, item in plain.items()}
    if isinstance(plain, list):
        return [_shortest(item) for item in plain]
    return plain


def digest(value: Any) -> str:
    """sha256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical_text(value).encode()).hexdigest()
