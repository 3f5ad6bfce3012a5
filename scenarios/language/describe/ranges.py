"""A logical scenario looked at from outside: its likeliest parts, and between which numbers each value lies."""

from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.algebra import LogicalScenario
from scenarios.expressions import Value
from scenarios.language.slots import Range
from scenarios.leaf import Leaf
from scenarios.normal_form import Block, ChoiceOf, Restricted, value_bounds
from scenarios.space import Choice, Const


@dataclass(frozen=True, slots=True)
class Parts:
    """The leaves of the likeliest options, by kind and name, and every value by its path."""

    leaves: tuple[Leaf, ...]
    values: dict[str, Value]

    @staticmethod
    def of(logical: LogicalScenario) -> "Parts":
        """The parts of a scenario."""
        leaves = tuple(_likeliest(logical.blocks))
        return Parts(leaves, {path: value for leaf in leaves for path, value in leaf.paths().items()})

    def one(self, kind: str) -> Leaf | None:
        """The leaf of a kind that there is once."""
        return next((leaf for leaf in self.leaves if leaf.kind == kind), None)

    def named(self, kind: str) -> tuple[Leaf, ...]:
        """The leaves of a kind, by name."""
        return tuple(sorted((leaf for leaf in self.leaves if leaf.kind == kind), key=lambda leaf: leaf.name))

    def bounds(self, value: Value | None) -> Range | None:
        """Between which numbers a value lies; None where nothing is known."""
        if value is None:
            return None
        found = value_bounds(value, self._at)
        if found is None or isinstance(found, frozenset):
            return None
        low, high = float(found[0]), float(found[1])
        return (low, high) if abs(low) != float("inf") and abs(high) != float("inf") else None

    def _at(self, path: str) -> object:
        value = self.values.get(path)
        return None if value is None else value_bounds(value, self._at, 1)

    def number(self, leaf: Leaf | None, name: str, default: Range | None = None) -> Range | None:
        """Bounds of a value of a leaf."""
        value = dict(leaf.values).get(name) if leaf is not None else None
        return default if value is None else self.bounds(value)


def texts(leaf: Leaf | None, name: str, default: str = "") -> tuple[str, ...]:
    """What a text value may be, the likeliest first."""
    value = dict(leaf.values).get(name) if leaf is not None else None
    if isinstance(value, Const):
        return (str(value.value),)
    if isinstance(value, Choice):
        weighted = [(weight, -i, str(option.value)) for i, (option, weight) in enumerate(value.options)
                    if isinstance(option, Const)]  # fmt: skip
        return tuple(dict.fromkeys(text for _, _, text in sorted(weighted, reverse=True)))
    return (default,) if default and value is None else ()


def _likeliest(blocks: Sequence[Block]) -> list[Leaf]:
    found: list[Leaf] = []
    for block in blocks:
        if isinstance(block, Leaf):
            found.append(block)
        elif isinstance(block, Restricted):
            found.extend(_likeliest(block.blocks))
        else:
            assert isinstance(block, ChoiceOf)
            found.extend(_likeliest(max(block.options, key=lambda option: option[0])[1]))
    return found
