"""The element tree of an OpenSCENARIO XML file as plain values, with the line of every element."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Node:
    """One element.

    Equality looks at the tag, the attributes and the children; where it was read from is not compared.

    Attributes:
        tag: name of the element.
        attributes: by name, as written.
        children: in document order.
        text: character data, stripped; only properties and custom commands have any.
        line: line in `source`, from 1; 0 where the element was made, not read.
        source: file that it was read from; empty where it was made.
    """

    tag: str
    attributes: Mapping[str, str] = field(default_factory=lambda: {})
    children: tuple["Node", ...] = ()
    text: str = ""
    line: int = field(default=0, compare=False)
    source: str = field(default="", compare=False)

    def child(self, tag: str) -> "Node | None":
        """First child with that tag."""
        return next((child for child in self.children if child.tag == tag), None)

    def all(self, tag: str) -> tuple["Node", ...]:
        """Children with that tag, in order."""
        return tuple(child for child in self.children if child.tag == tag)

    def find(self, path: str) -> "Node | None":
        """First descendant by a path of tags, as `Init/Actions`."""
        node: Node | None = self
        for tag in path.split("/"):
            node = node.child(tag) if node is not None else None
        return node

    def walk(self) -> Iterator["Node"]:
        """This element and everything below it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def get(self, name: str, default: str = "") -> str:
        """An attribute as written."""
        return self.attributes.get(name, default)
