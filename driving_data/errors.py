"""The errors of Roadloom, one tree.

RoadloomError
├── InputError        what a user gave is wrong; carries every fault of the file at once
├── Unsupported       a backend was asked for something it says it cannot do
├── MissingExtra      an optional package is not installed; names the `pip install` line
├── PluginError       a registered plug-in failed to load; carries the cause
├── StoreError        the store cannot be read or written (disk full, damaged segment, foreign version)
└── TaskError         a task of an executor failed, timed out or lost its worker
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class RoadloomError(Exception):
    """Root of every error that Roadloom raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in what a user gave.

    Attributes:
        file: path of the file as the user named it.
        line: line, from 1; 0 where the fault belongs to the whole file.
        column: column, from 1; 0 where the fault belongs to the whole line or file.
        path: place inside the document, as `actors[0].kind`.
        code: stable identifier of the kind of fault, as `unknown-name`.
        found: what stands there, as text.
        expected: what was expected, in words.
        nearest: the nearest valid name, where there is one.
    """

    file: str
    line: int
    column: int
    path: str
    code: str
    found: str
    expected: str
    nearest: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        where = f" {self.path}:" if self.path else ""
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else ""
        found = f" {self.found};" if self.found else ""
        return f"{place}:{where}{found} expected {self.expected}{hint}".removeprefix(":").lstrip()


class InputError(RoadloomError):
    """What a user gave is wrong. `faults` holds every fault found, in the order of the file."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type["InputError"], tuple[object, ...]]:
        # Workers hand errors over by pickle, which would otherwise call this class with the text.
        return InputError, (self.faults,)


class Unsupported(RoadloomError):
    """A backend was asked for something it cannot do; the message says what and who can."""


class MissingExtra(RoadloomError):
    """An optional package is missing; the message holds the line that installs it."""

    def __init__(self, package: str, extra: str, needed_for: str) -> None:
        self.package = package
        self.extra = extra
        self.needed_for = needed_for
        super().__init__(f"{needed_for} needs the package '{package}': pip install 'roadloom[{extra}]'")

    def __reduce__(self) -> tuple[type["MissingExtra"], tuple[object, ...]]:
        return MissingExtra, (self.package, self.extra, self.needed_for)


class PluginError(RoadloomError):
    """A registered plug-in failed to load; the cause is chained."""


class StoreError(RoadloomError):
    """The store cannot be read or written; nothing that it held before is lost."""


class TaskError(RoadloomError):
    """A task failed, ran out of time or lost its worker; `key` names it."""

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        self.reason = reason
        super().__init__(f"task {key}: {reason}")

    def __reduce__(self) -> tuple[type["TaskError"], tuple[object, ...]]:
        return TaskError, (self.key, self.reason)


def nearest_name(name: str, valid: Iterable[str]) -> str | None:
    """The valid name closest to `name`, or None where nothing comes near."""
    matches = get_close_matches(name.lower(), {item.lower(): item for item in valid}, n=1, cutoff=0.5)
    by_lower = {item.lower(): item for item in valid}
    return by_lower[matches[0]] if matches else None
