"""Plain data held against the dataclass that they are to become: every fault at once, each with its place in the file.

`plain.from_plain` stops at the first thing that does not fit, which is right for what programs wrote. What people wrote
is looked through here first: `faults_in` goes on after a fault, names every unknown key with the nearest known one, and
`read_yaml` says on which line and column each key stands.
"""

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

from driving_data.errors import Fault, InputError, nearest_name
from driving_data.plain import from_plain


@dataclass(frozen=True, slots=True)
class Written:
    """A mapping that somebody wrote, and where.

    Attributes:
        data: as YAML reads it.
        file: as the user named it; empty for what was given in Python.
        places: line and column, from 1, by path as `rules[0].metric`.
        twice: keys that stand a second time in the same mapping, with that place; YAML itself would take the last.
    """

    data: Mapping[str, Any]
    file: str = ""
    places: Mapping[str, tuple[int, int]] = field(default_factory=lambda: {})
    twice: tuple[tuple[str, tuple[int, int]], ...] = ()

    def fault(
        self, path: str, code: str, found: str, expected: str, nearest: str | None = None, under: str = ""
    ) -> Fault:
        """A fault at a path; where the path itself was not written, at what holds it.

        Args:
            path: as in `places`.
            code: kind of fault.
            found: what stands there.
            expected: in words.
            nearest: valid name.
            under: what the message puts before the path.
        """
        line, column = self.place(path)
        return Fault(self.file, line, column, ".".join(filter(None, (under, path))), code, found, expected, nearest)

    def place(self, path: str) -> tuple[int, int]:
        """Line and column of a path, or of the nearest thing around it; (0, 0) where nothing is known."""
        while path and path not in self.places:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.places.get(path, (0, 0))

    def in_order(self, faults: Sequence[Fault]) -> list[Fault]:
        """The faults in the order of the file."""
        return sorted(faults, key=lambda fault: (fault.line, fault.column))


def read_yaml(path: Path, expected: str) -> Written:
    """A mapping from a YAML file.

    Args:
        path: of the file.
        expected: what it should be, for the message.

    Raises:
        InputError: it cannot be read, is no YAML, or holds no mapping.
    """
    import yaml

    try:
        text = path.read_text("utf-8")
        root, data = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise InputError(
            [Fault(str(path), line, column, "", "yaml-syntax", str(error.problem), "valid YAML")]
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError([Fault(str(path), 0, 0, "", "unreadable", str(error), expected)]) from error
    if not isinstance(data, dict):
        raise InputError([Fault(str(path), 1, 1, "", "wrong-type", type(data).__name__, "a mapping of keys to values")])
    places: dict[str, tuple[int, int]] = {}
    twice = [(where, place) for where, place in _marks(root, "") if places.setdefault(where, place) != place]
    return Written({str(key): value for key, value in data.items()}, str(path), places, tuple(twice))


def _marks(node: Any, path: str) -> Iterator[tuple[str, tuple[int, int]]]:
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            yield inner, (key.start_mark.line + 1, key.start_mark.column + 1)
            yield from _marks(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield f"{path}[{index}]", (item.start_mark.line + 1, item.start_mark.column + 1)
            yield from _marks(item, f"{path}[{index}]")


def faults_in(kind: Any, written: Written, under: str = "", instead: Mapping[str, str] | None = None) -> list[Fault]:
    """Every fault of plain data that are to become a `kind`, in the order of the file.

    Args:
        kind: a dataclass.
        written: the data.
        under: what the messages put before the paths.
        instead: present names by former ones, for the nearest name.
    """
    twice = [
        Fault(written.file, *place, f"{under}.{path}".lstrip("."), "twice", "the same key again", "every key once")
        for path, place in written.twice
    ]
    found = [written.fault(*each, under=under) for each in _looked(kind, written.data, "", instead or {})]
    return written.in_order([*twice, *found])


_Found = tuple[str, str, str, str, str | None]


def _looked(kind: Any, data: Any, path: str, instead: Mapping[str, str]) -> Iterator[_Found]:
    origin: Any = get_origin(kind)
    if origin in (typing.Union, types.UnionType) and data is not None:
        kind = next((option for option in get_args(kind) if _is_record(option)), kind)
    if _is_record(kind) and isinstance(data, Mapping):
        yield from _looked_record(kind, data, path, instead)
    elif origin in (tuple, list, Sequence) and isinstance(data, (list, tuple)) and _is_open(kind):
        for index, item in enumerate(data):
            yield from _looked(get_args(kind)[0], item, f"{path}[{index}]", instead)
    elif origin in (dict, Mapping) and isinstance(data, Mapping):
        for key, item in data.items():
            yield from _looked(get_args(kind)[1], item, _inner(path, key), instead)
    else:
        try:
            from_plain(kind, data)
        except ValueError as error:
            yield path, "wrong-type", repr(data), _expected(error, kind), None


def _looked_record(kind: Any, data: Mapping[str, Any], path: str, instead: Mapping[str, str]) -> Iterator[_Found]:
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = {each.name: each for each in dataclasses.fields(kind) if each.init}
    for key, value in data.items():
        if key in fields:
            yield from _looked(hints[key], value, _inner(path, key), instead)
        elif key != "type":
            near = instead.get(str(key)) or nearest_name(str(key), fields)
            yield _inner(path, key), "unknown-name", repr(key), f"one of {', '.join(fields)}", near
    for name, each in fields.items():
        if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING and name not in data:
            yield path, "missing", "", f"the key {name!r}", None


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def _is_open(kind: Any) -> bool:
    return get_origin(kind) is not tuple or get_args(kind)[-1] is Ellipsis


def _inner(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def _expected(error: ValueError, kind: Any) -> str:
    """What `from_plain` expected, out of its text `path: expected this, found that`."""
    expected = str(error).rpartition(": expected ")[2].rpartition(", found ")[0]
    return expected or f"a {getattr(kind, '__name__', kind)}"
