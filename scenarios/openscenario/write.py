"""OpenSCENARIO XML 1.3 written from a tree, in the order that the standard asks for."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from scenarios.openscenario.node import Node
from scenarios.openscenario.reader import Document
from scenarios.openscenario.schema import ElementType, types

_WHITE = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def write_openscenario(document: Document | Node) -> bytes:
    """A document as UTF-8 text that is valid against the schema of 1.3; the same tree gives the same bytes.

    Args:
        document: what was read, or a tree whose root is `OpenSCENARIO`; attributes and children may stand in any order.

    Raises:
        ValueError: where the root is another element, or an element or attribute is unknown to 1.3.
    """
    root = document.root if isinstance(document, Document) else document
    if root.tag != "OpenSCENARIO":
        raise ValueError(f"the root must be OpenSCENARIO, not {root.tag}")
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', *_lines(root, types()["OpenScenario"], "")]
    return ("\n".join(lines) + "\n").encode()


def _lines(node: Node, kind: ElementType, indent: str) -> Iterator[str]:
    unknown = [name for name in node.attributes if name not in kind.attributes]
    unknown += [child.tag for child in node.children if child.tag not in kind.children]
    if unknown:
        raise ValueError(f"{node.tag} has no {unknown[0]} in OpenSCENARIO 1.3")
    known = (name for name in kind.attributes if name in node.attributes)
    attributes = "".join(f" {name}={quoteattr(node.attributes[name], _WHITE)}" for name in known)
    opening = f"{indent}<{node.tag}{attributes}"
    if node.children:
        yield f"{opening}>"
        for child in sorted(node.children, key=lambda child: kind.rank[child.tag]):
            yield from _lines(child, types()[kind.children[child.tag]], indent + "  ")
        yield f"{indent}</{node.tag}>"
    elif node.text and kind.has_text:
        yield f"{opening}>{escape(node.text, {chr(13): '&#13;'})}</{node.tag}>"
    else:
        yield f"{opening}/>"
