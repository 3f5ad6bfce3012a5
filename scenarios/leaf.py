"""Leaves of the scenario tree: what a logical scenario is made of, whatever it says.

A leaf binds one slot (the road, the weather, the ego, one actor, what that actor does, ...) and holds values. The
modules in `types/` make leaves, check them and turn them into parts of a concrete scenario.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from driving_data.errors import RoadloomError
from driving_data.plain import canonical_text
from scenarios.expressions import Expression, Value
from scenarios.remember import by_identity
from scenarios.units import Dimension


class IllTyped(RoadloomError, ValueError):
    """Parts of a scenario that do not fit together; the message says why."""


@dataclass(frozen=True, slots=True)
class TriggerSpec:
    """When a step begins: a kind of `types.manoeuvres.TRIGGERS`, the actor it looks at, the limit."""

    kind: str
    value: Value
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a behaviour, with values instead of numbers: an action, a template, or a group of steps.

    Attributes:
        action: a name of `types.manoeuvres.ACTIONS`.
        values: arguments that are drawn, sorted by name.
        texts: arguments that are names of actors, sorted.
        steps: steps below, of 'sequence', 'parallel' and 'repeat'.
        when: what it waits for.
    """

    action: str
    values: tuple[tuple[str, Value], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    steps: "tuple[Step, ...]" = ()
    when: TriggerSpec | None = None

    def paths(self, prefix: str) -> Iterator[tuple[str, Value]]:
        """Path and value of every argument, those of the steps below included."""
        for name, value in self.values:
            yield f"{prefix}.{name}", value
        if self.when is not None:
            yield f"{prefix}.when", self.when.value
        for i, step in enumerate(self.steps):
            yield from step.paths(f"{prefix}[{i}]")

    def plain(self) -> dict[str, Any]:
        """As plain data, values as they are written."""
        when = None if self.when is None else [self.when.kind, self.when.actor, self.when.value.text()]
        values = {name: value.text() for name, value in self.values}
        return {
            "action": self.action, "values": values, "texts": dict(self.texts), "when": when,
            "steps": [step.plain() for step in self.steps],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leaf:
    """A typed leaf.

    Attributes:
        kind: 'about', 'parameter', 'road', 'weather', 'light', 'ego', 'actor', 'role', 'do', 'traffic', 'signals',
            'sensors', 'time', or a key of `types.catalogue.LEAF_TYPES`.
        name: which one, where a scenario may hold several: actor id, parameter, traffic stream, signal.
        texts: what is fixed and no number, sorted by name.
        values: what is drawn, sorted by name.
        steps: of a 'do' leaf.
    """

    kind: str
    name: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, Value], ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def slot(self) -> str:
        """What it binds; a product binds each slot once. A role takes the slot of the actor that it will be."""
        return f"{'actor' if self.kind == 'role' else self.kind} {self.name}".strip()

    @property
    def prefix(self) -> str:
        """Beginning of the paths of its values."""
        if self.kind in ("actor", "role"):
            return self.name
        return f"{self.name}.do" if self.kind == "do" else ".".join(filter(None, (self.kind, self.name)))

    def text(self, name: str, default: str = "") -> str:
        """One of its texts."""
        return dict(self.texts).get(name, default)

    def paths(self) -> Mapping[str, Value]:
        """Every value by its path."""
        return _paths(self)

    def path_of(self, name: str) -> str:
        """Path of one of its values."""
        return self.name if self.kind == "parameter" else f"{self.prefix}.{name}"

    def plain(self) -> dict[str, Any]:
        """As plain data, values as they are written."""
        return {
            "kind": self.kind, "name": self.name, "texts": [list(pair) for pair in self.texts],
            "values": {name: value.text() for name, value in self.values},
            "steps": [step.plain() for step in self.steps],
        }  # fmt: skip


@by_identity
def _paths(leaf: Leaf) -> Mapping[str, Value]:
    found: dict[str, Value] = {leaf.path_of(name): value for name, value in leaf.values}
    for i, step in enumerate(leaf.steps):
        found.update(step.paths(f"{leaf.prefix}[{i}]"))
    for path, value in list(found.items()):
        if isinstance(value, Expression):
            found.update({f"{path}#{i}": draw for i, draw in enumerate(value.draws())})
    return found


@lru_cache(maxsize=8192)
def leaf_key(leaf: Leaf) -> str:
    """Canonical text of a leaf: equal leaves have equal texts; the order of a normal form."""
    return canonical_text(leaf.plain())


def make_leaf(
    kind: str, name: str = "", texts: Mapping[str, str] | None = None, values: Mapping[str, Value] | None = None,
    steps: tuple[Step, ...] = (),
) -> Leaf:  # fmt: skip
    """A leaf with its texts and values in order."""
    return Leaf(kind, name, tuple(sorted((texts or {}).items())), tuple(sorted((values or {}).items())), steps)


def names_read(leaf: Leaf) -> set[str]:
    """Paths that the expressions of a leaf read."""
    return {name for value in leaf.paths().values() if isinstance(value, Expression) for name in value.names()}


def types_of(leaf: Leaf) -> dict[str, Dimension]:
    """What each value of a leaf measures."""
    return {path: value.dimension for path, value in leaf.paths().items()}


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why leaves do not go together.

    Attributes:
        slot: of the leaf that is at fault.
        field: path of the value within it, as `on` or `[0].to`; empty for the leaf as a whole.
        code: stable identifier of the kind of fault.
        found: what stands there.
        expected: what was expected, in words.
        nearest: the nearest valid name.
    """

    slot: str
    field: str
    code: str
    found: str
    expected: str
    nearest: str | None = None

    def __str__(self) -> str:
        where = f"{self.slot}{'' if self.field.startswith('[') or not self.field else '.'}{self.field}"
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else ""
        return f"{where}: {self.found}; expected {self.expected}{hint}"
