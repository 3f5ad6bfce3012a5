"""The element tree of an OpenSCENARIO XML file as plain values, with the line of every element."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
        column: column of its `<` in that line, from 1; 0 where it was made.
    """

    tag: str
    attributes: Mapping[str, str] = field(default_factory=lambda: {})
    children: tuple["Node", ...] = ()
    text: str = ""
    line: int = field(default=0, compare=False)
    source: str = field(default="", compare=False)
    column: int = field(default=0, compare=False)

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


def child_paths(path: str, tags: Sequence[str]) -> list[str]:
    """Paths of children: the tag, with a number where the tag occurs more than once."""
    counts, seen = Counter(tags), dict[str, int]()
    paths: list[str] = []
    for tag in tags:
        number = seen.get(tag, 0)
        seen[tag] = number + 1
        paths.append(f"{path}/{tag}[{number}]" if counts[tag] > 1 else f"{path}/{tag}")
    return paths
