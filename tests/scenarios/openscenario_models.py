"""Content models read from the schemas that scenariogeneration brings, and random files that are valid against them."""

import random
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest
from lxml import etree

from scenarios.openscenario.examples import text_of
from scenarios.openscenario.node import Node
from scenarios.openscenario.schema import UNBOUNDED, ElementType, Particle, read_types

XS = "{http://www.w3.org/2001/XMLSchema}"
VERSIONS = ("1_0", "1_1", "1_2", "1_3_1")


@cache
def schema_path(version: str) -> Path:
    """The schema of a version; skips where the package that has it is not installed."""
    try:
        found = [file for file in files("scenariogeneration") or [] if file.name == f"OpenSCENARIO_{version}.xsd"]
    except PackageNotFoundError:
        found = []
    if not found:
        pytest.skip("scenariogeneration, which brings the schemas, is not installed")
    return Path(str(found[0].locate()))


@cache
def validator(version: str = "1_3_1") -> etree.XMLSchema:
    """Judges whether a tree is valid against a schema."""
    return etree.XMLSchema(etree.parse(str(schema_path(version))))


def _deprecated(node: etree._Element) -> bool:
    return any(info.text == "deprecated" for info in node.iter(f"{XS}appinfo"))


def _often(node: etree._Element) -> str:
    low, high = node.get("minOccurs", "1"), node.get("maxOccurs", "1")
    known = {("1", "1"): "", ("0", "1"): "?", ("0", "unbounded"): "*", ("1", "unbounded"): "+"}
    return known.get((low, high), f"{{{low},}}")


def _part(node: etree._Element, groups: dict[str, etree._Element]) -> str:
    kind = node.tag.removeprefix(XS)
    if kind == "element":
        name, type_name = node.get("name"), node.get("type")
        return name + (f":{type_name}" if type_name != name else "") + ("~" if _deprecated(node) else "") + _often(node)
    if kind == "group":
        inner, often = _part(groups[node.get("ref")][-1], groups), _often(node)
        return inner if not often else (inner if inner.startswith("(") else f"({inner})") + often
    parts = [
        _part(c, groups) for c in node if c.tag in [XS + t for t in ("element", "group", "sequence", "choice", "all")]
    ]
    text = {"sequence": " ", "choice": " | ", "all": " & "}[kind].join(parts)
    often = _often(node)
    return (f"({text})" if len(parts) > 1 or (often and not text.startswith("(")) else text) + often


def table_of(version: str) -> tuple[list[str], list[str]]:
    """The lines of VALUES and TYPES that a schema amounts to."""
    root = etree.parse(str(schema_path(version))).getroot()
    groups = {group.get("name"): group for group in root.findall(f"{XS}group")}
    values, kinds = list[str](), list[str]()
    for simple in root.findall(f"{XS}simpleType"):
        found = [
            e.get("value") + ("~" if e.find(f"{XS}annotation") is not None else "")
            for e in simple.iter(f"{XS}enumeration")
        ]
        values += [f"{simple.get('name')} = {' '.join(found)}"] if found else []
    for kind in root.findall(f"{XS}complexType"):
        words = [kind.get("name"), "="]
        for attribute in kind.iter(f"{XS}attribute"):
            type_name = "" if attribute.get("type") == "String" else f":{attribute.get('type')}"
            marks = ("!" if attribute.get("use") == "required" else "") + ("~" if _deprecated(attribute) else "")
            words.append(f"@{attribute.get('name')}{type_name}{marks}")
        for child in kind:
            if child.tag in [XS + t for t in ("sequence", "choice", "all", "group")]:
                words.append(_part(child, groups))
                break
            if child.tag == f"{XS}simpleContent":
                words.append("TEXT")
        kinds.append(" ".join(word for word in words if word))
    return values, kinds


@cache
def model_of(version: str) -> dict[str, ElementType]:
    """The content model of a version."""
    return dict(read_types("\n".join(table_of(version)[1])))


class Maker:
    """Makes random trees that a model allows."""

    def __init__(self, version: str, seed: int, richness: float) -> None:
        self.types = model_of(version)
        self.values = {
            row.partition(" =")[0]: row.partition("= ")[2].replace("~", "").split() for row in table_of(version)[0]
        }
        self.random = random.Random(seed)
        self.richness = richness
        self.left = 3000
        self.expressions = {"1_0": (), "1_1": ("${1 + $a}",)}.get(version, ("${1 + $a}", "${-max($a, 2.5) * pi}"))

    def node(self, tag: str, type_name: str, depth: int = 0) -> Node:
        self.left -= 1
        kind = self.types[type_name]
        attributes = {
            name: self.text(name, item.type)
            for name, item in kind.attributes.items()
            if item.required or self.random.random() < 0.5
        }
        children = self.children(kind.content, depth) if kind.content is not None else []
        if kind.content is not None and kind.free:
            self.random.shuffle(children)
        return Node(tag, attributes, tuple(children), "free text" if kind.has_text else "")

    def text(self, name: str, type_name: str) -> str:
        if type_name in self.values:
            return self.random.choice(self.values[type_name])
        if type_name == "Double":
            return self.random.choice(("0.5", "-3", "1e3", "$a", *self.expressions))
        return text_of(name, type_name) if type_name != "String" else self.random.choice(("x", "$a", "ä <&> \"'", ""))

    def children(self, particle: Particle, depth: int) -> list[Node]:
        rich = self.richness if depth < 14 and self.left > 0 else 0.0
        extra = self.random.random() < rich
        count = particle.at_least + (
            extra if particle.at_least < particle.at_most or particle.at_most == UNBOUNDED else 0
        )
        found: list[Node] = []
        for _ in range(count):
            if particle.kind == "element":
                found.append(self.node(particle.tag, particle.type, depth + 1))
            elif particle.kind == "choice":
                options = [p for p in particle.parts if not p.deprecated] or list(particle.parts)
                option = self.random.choice(options) if rich else options[0]
                # Older schemas allow empty choices, which mean nothing; the standard's text never did.
                found += self.children(option if option.at_least else _once(option), depth)
            else:
                found += [child for part in particle.parts for child in self.children(part, depth)]
        return found


def _once(particle: Particle) -> Particle:
    return Particle(
        particle.kind, particle.tag, particle.type, particle.parts, 1, particle.at_most, particle.deprecated
    )


def as_xml(node: Node) -> bytes:
    """A tree as XML text, children in the order they have."""

    def element(item: Node) -> etree._Element:
        made = etree.Element(item.tag, dict(item.attributes))
        made.text = item.text or None
        made.extend([element(child) for child in item.children])
        return made

    return etree.tostring(element(node), xml_declaration=True, encoding="UTF-8")
