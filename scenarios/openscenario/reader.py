"""OpenSCENARIO XML files of any 1.x, read into one spelling, that of 1.3; every fault of a file at once."""

from dataclasses import dataclass
from pathlib import Path

from driving_data.errors import Fault, InputError, nearest_name
from scenarios.openscenario.lexical import allows, allows_reference, mended, phrase
from scenarios.openscenario.node import Node, child_paths
from scenarios.openscenario.resolve import resolve_tree
from scenarios.openscenario.schema import ROOT, Attribute, ElementType, types, types_of_tag
from scenarios.openscenario.upgrade import upgrade
from scenarios.openscenario.xml import Element, parse_xml, read_bytes

KINDS = {"Storyboard": "scenario", "Catalog": "catalog", "ParameterValueDistribution": "parameter_variation"}


@dataclass(frozen=True, slots=True)
class Document:
    """One OpenSCENARIO file.

    Attributes:
        root: the tree in the spelling of 1.3, children in the order of the standard, references not resolved.
        kind: `scenario`, `catalog` or `parameter_variation`.
        path: where it was read from; relative paths inside it start at its folder.
        declared: the revision that the file states, as `1.1`.
        notes: what was upgraded, put in order or forgiven while reading, each with its line.
    """

    root: Node
    kind: str
    path: Path
    declared: str = "1.3"
    notes: tuple[Fault, ...] = ()


def read_openscenario(path: str | Path) -> Document:
    """Reads a scenario, catalog or parameter variation file of OpenSCENARIO XML 1.0 to 1.3.

    Raises:
        InputError: with every fault: no XML, unknown or missing elements and attributes, values of a wrong type.
    """
    path = Path(path)
    return parse_openscenario(read_bytes(path), path)


def parse_openscenario(data: bytes, path: str | Path = "") -> Document:
    """`read_openscenario` of bytes; `path` names the file in faults and is where relative paths start."""
    path = Path(path)
    source = str(path) if str(path) != "." else ""
    reader = _Reader(source)
    root = parse_xml(data, source)
    if root.tag.lower() != ROOT.lower():
        found = f"the element {root.tag}"
        raise InputError([Fault(source, root.line, root.column, "", "not-openscenario", found, f"the root {ROOT}")])
    root.tag = ROOT
    declared = upgrade(root, source, reader.notes)
    node = reader.node(root, types()["OpenScenario"], ROOT)
    if reader.faults:
        raise InputError(sorted(reader.faults, key=lambda fault: (fault.line, fault.column)))
    kind = next((name for tag, name in KINDS.items() if node.child(tag) is not None), "scenario")
    return Document(node, kind, path, declared, tuple(reader.notes))


def resolve(document: Document, parameters: "dict[str, str] | None" = None) -> Node:
    """The tree of a document without parameter references, expressions and catalog references.

    Parameters are replaced by their values (those given here before the declared ones), expressions are evaluated,
    every CatalogReference is replaced by the element that it names with its parameter assignments in place.

    Args:
        document: what was read.
        parameters: values for global parameters by name, as text.

    Raises:
        InputError: with every reference that leads nowhere, cyclic parameter and value of a wrong type.
    """
    node, faults, _ = resolve_tree(document.root, document.path, parameters or {})
    if faults:
        raise InputError(faults)
    return node


class _Reader:
    """Makes nodes of elements against the table, and collects what is wrong."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.faults: list[Fault] = []
        self.notes: list[Fault] = []

    def node(self, element: Element, kind: ElementType, path: str) -> Node:
        attributes = self.attributes(element, kind, path)
        known = self.known_children(element, kind, path)
        for code, found, expected in kind.faults_of(child.tag for child in known):
            self.fault(element, path, code, found, expected)
        if not kind.in_order(child.tag for child in known):
            self.note(element, path, "order", "children in another order", "the order of the standard")
        known.sort(key=lambda child: kind.rank[child.tag])
        if element.text and not kind.has_text:
            self.fault(element, path, "unexpected-text", repr(element.text[:30]), "no text here")
        children = tuple(
            self.node(child, types()[kind.children[child.tag]], where)
            for child, where in zip(known, child_paths(path, [child.tag for child in known]), strict=True)
        )
        text = element.text if kind.has_text else ""
        return Node(element.tag, attributes, children, text, element.line, self.source, element.column)

    def attributes(self, element: Element, kind: ElementType, path: str) -> dict[str, str]:
        for name in element.attributes:
            if name not in kind.attributes:
                known = ", ".join(kind.attributes) or "no attributes"
                near = nearest_name(name, kind.attributes)
                self.fault(element, path, "unknown-attribute", f"the attribute {name}", f"one of {known}", near)
        found: dict[str, str] = {}
        for name, attribute in kind.attributes.items():
            if name in element.attributes:
                found[name] = self.value(element, attribute, path)
            elif attribute.required:
                self.fault(element, path, "missing-attribute", "", f"the attribute {name} ({phrase(attribute.type)})")
        return found

    def value(self, element: Element, attribute: Attribute, path: str) -> str:
        written = element.attributes[attribute.name]
        text = mended(attribute.type, written)
        if text != written and text != written.strip():
            place = f"{path}/@{attribute.name}"
            self.note(element, place, "mended", repr(written), repr(text))
        if not allows(attribute.type, text) and not allows_reference(attribute.type, text):
            place = f"{path}/@{attribute.name}"
            if text.startswith("${"):
                expected = "an expression of numbers, $parameters, + - * / %, functions and brackets"
                self.fault(element, place, "bad-expression", repr(written[:60]), expected)
            else:
                near = nearest_name(text, phrase(attribute.type).removeprefix("one of ").split(", "))
                self.fault(element, place, "wrong-type", repr(written[:60]), phrase(attribute.type), near)
        return text

    def known_children(self, element: Element, kind: ElementType, path: str) -> list[Element]:
        known = [child for child in element.children if child.tag in kind.children]
        for child in element.children:
            if child.tag not in kind.children:
                near = nearest_name(child.tag, kind.children) or nearest_name(child.tag, types_of_tag())
                expected = f"one of {', '.join(kind.children)}" if kind.children else "no elements here"
                self.fault(child, path, "unknown-element", f"the element {child.tag}", expected, near)
        return known

    def fault(self, element: Element, path: str, code: str, found: str, expected: str, near: str | None = None) -> None:
        self.faults.append(Fault(self.source, element.line, element.column, path, code, found, expected, near))

    def note(self, element: Element, path: str, code: str, found: str, expected: str) -> None:
        self.notes.append(Fault(self.source, element.line, element.column, path, code, found, expected))
