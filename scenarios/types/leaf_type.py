"""Leaves described by data: what a kind of leaf is called, holds and means.

A `LeafType` is all that a new leaf needs. The reader of scenario files, the writer, the JSON Schema, the tags, the
coverage axes and the table in `docs/operational_design_domain.md` are driven by it (see `docs/algebra.md`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scenarios.expressions import Value
from scenarios.leaf import IllTyped, Leaf, make_leaf
from scenarios.types.fields import Field, Given, Schema, as_values, texts_of
from scenarios.types.lookup import known

Row = Mapping[str, Given]
Drawn = Mapping[str, Any]


def _no_tags(values: Drawn) -> Iterable[str]:
    return ()


def _no_objection(leaf: Leaf) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class LeafType:
    """A kind of leaf.

    Attributes:
        kind: its name: the slot that it binds and its key in a scenario file.
        layer: of the six layers of PEGASUS: 1 road, 2 furniture, 3 temporary, 4 moving, 5 environment, 6 digital.
        doc: what it is, in words.
        fields: its values.
        several: whether a scenario may hold several, each with a name of its own.
        required: fields that must be given.
        rows: lists of records by their key, as the `phases` of a work zone.
        presets: values by the name of what people call them.
        tags: OpenLABEL names and slices of the drawn values.
        objections: why values do not fit one another.
        played: fields that an engine acts on; the others are held, tagged and named by `unplayed`.
    """

    kind: str
    layer: int
    doc: str
    fields: Schema
    several: bool = False
    required: tuple[str, ...] = ()
    rows: Mapping[str, Schema] = field(default_factory=lambda: {})
    presets: Mapping[str, Mapping[str, Given]] = field(default_factory=lambda: {})
    tags: Callable[[Drawn], Iterable[str]] = _no_tags
    objections: Callable[[Leaf], Iterable[str]] = _no_objection
    played: frozenset[str] = frozenset()

    def make(
        self, name: str = "", preset: str | None = None, rows: Mapping[str, Sequence[Row]] | None = None, /,
        **values: Given,
    ) -> Leaf:  # fmt: skip
        """A leaf of this kind.

        Args:
            name: which one, where a scenario may hold several.
            preset: a name of `presets`; values that are given besides replace those of the preset.
            rows: records by the key of their list.
            values: names of `fields`; `from_` stands for the word that Python keeps for itself.

        Raises:
            IllTyped: a name or value does not fit, or something is missing.
        """
        if self.several != bool(name) or (name and not name.isidentifier()):
            form = "a name of letters, digits and _" if self.several else "no name: a scenario has one"
            raise IllTyped(f"{self.kind} takes {form}, not {name!r}")
        given: dict[str, Given | None] = {}
        if preset is not None:
            given.update(self.presets[known(f"{self.kind} preset", preset, self.presets)])
        given.update({key.rstrip("_"): value for key, value in values.items()})
        what = f"{self.kind} {name}".strip()
        found: dict[str, Value] = as_values(what, self.fields, given)
        for key, records in (rows or {}).items():
            schema = self.rows[known(f"list of {self.kind}", key, self.rows)]
            for i, record in enumerate(records):
                read = as_values(f"{what}.{key}[{i}]", schema, record)
                found |= {row_path(key, i, column): value for column, value in read.items()}
        return self.checked(make_leaf(self.kind, name, values=found))

    def checked(self, leaf: Leaf) -> Leaf:
        """The leaf itself, if nothing is missing and its values fit one another.

        Raises:
            IllTyped: otherwise.
        """
        values = dict(leaf.values)
        faults = [f"needs {name!r}: {self.fields[name].doc}" for name in self.required if name not in values]
        faults.extend(self.objections(leaf))
        if faults:
            raise IllTyped(f"{leaf.slot}: {'; '.join(faults)}")
        return leaf

    def schema_of(self, path: str) -> Field:
        """The field of a value of a leaf, that of a record included."""
        if "[" not in path:
            return self.fields[path]
        return self.rows[path.split("[")[0]][path.split("].")[1]]


def row_path(key: str, index: int, column: str) -> str:
    """Name of a record's value among the values of its leaf; two digits keep the order when sorted."""
    return f"{key}[{index:02d}].{column}"


def rows_of(values: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The records of a list, from the values of a leaf."""
    found: dict[int, dict[str, Any]] = {}
    for path, value in values.items():
        if path.startswith(f"{key}["):
            index, column = path.removeprefix(f"{key}[").split("].")
            found.setdefault(int(index), {})[column] = value
    return [found[index] for index in sorted(found)]


def only_texts(leaf: Leaf, name: str, default: str = "") -> tuple[str, ...]:
    """Every text that a value of a leaf may be; empty where an expression says."""
    value = dict(leaf.values).get(name)
    return (default,) if value is None and default else () if value is None else texts_of(value)
