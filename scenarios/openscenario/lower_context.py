"""What every part of the lowering shares: reading attributes as numbers, and the list of what could not be lowered."""

from dataclasses import dataclass, field

from driving_data.errors import Fault, nearest_name
from scenarios.openscenario.node import Node


@dataclass(slots=True)
class Context:
    """Collects faults while a resolved tree is lowered.

    Attributes:
        entities: names of the entities of the scenario.
        faults: everything wrong or not supported, each with its line.
        notes: what has no effect on what is played, as colours of lights, each with its line.
    """

    entities: tuple[str, ...] = ()
    faults: list[Fault] = field(default_factory=lambda: [])
    notes: list[Fault] = field(default_factory=lambda: [])

    def fault(self, node: Node, code: str, found: str, expected: str, nearest: str | None = None) -> None:
        """Adds a fault at an element."""
        self.faults.append(Fault(node.source, node.line, 0, node.tag, code, found, expected, nearest))

    def unsupported(self, node: Node, what: str) -> None:
        """Names something that Roadloom cannot play."""
        self.fault(node, "unsupported", what, "a feature that can be played (see docs/design/storyboard.md)")

    def note(self, node: Node, what: str, why: str) -> None:
        """Names something that is read and has no effect."""
        self.notes.append(Fault(node.source, node.line, 0, node.tag, "no-effect", what, why))

    def number(self, node: Node, name: str, default: float = 0.0) -> float:
        """An attribute as a number."""
        found = self.optional(node, name)
        return default if found is None else found

    def optional(self, node: Node, name: str) -> float | None:
        """An attribute as a number, None where it is not given."""
        text = node.get(name).strip()
        if text == "":
            return None
        try:
            return float(text)
        except ValueError:
            self.fault(node, "bad-number", f"{name}={text!r}", "a number")
            return None

    def whole(self, node: Node, name: str, default: int = 0) -> int:
        """An attribute as a whole number."""
        return round(self.number(node, name, float(default)))

    def flag(self, node: Node, name: str, default: bool = False) -> bool:
        """An attribute as a truth value."""
        text = node.get(name).strip().lower()
        return default if text == "" else text in ("true", "1")

    def maybe_flag(self, node: Node, name: str) -> bool | None:
        """An attribute as a truth value, None where it is not given."""
        return None if node.get(name).strip() == "" else self.flag(node, name)

    def entity(self, node: Node, name: str = "entityRef") -> str:
        """An attribute that names an entity."""
        text = node.get(name)
        if text not in self.entities:
            expected = f"the name of an entity ({', '.join(self.entities) or 'there are none'})"
            self.fault(node, "unknown-entity", repr(text), expected, nearest_name(text, self.entities))
        return text


def only(node: Node) -> Node | None:
    """The first child, of elements that hold exactly one."""
    return node.children[0] if node.children else None
