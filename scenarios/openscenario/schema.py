"""The table of OpenSCENARIO XML 1.3, read: types, their attributes, and how their children may follow each other."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from scenarios.openscenario.schema_table import TYPES, VALUES

ROOT = "OpenSCENARIO"
UNBOUNDED = -1


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a type: the type of its value, whether it must be there, whether 1.3 advises against it."""

    name: str
    type: str
    required: bool
    deprecated: bool


@dataclass(frozen=True, slots=True)
class Particle:
    """A part of a content model: an element, or several parts in sequence, in any order, or to choose from.

    Attributes:
        kind: `element`, `sequence`, `all` or `choice`.
        tag: name of the element; empty for the others.
        type: type of the element; empty for the others.
        parts: what the others are made of.
        at_least: how often at least.
        at_most: how often at most, or UNBOUNDED.
        deprecated: 1.3 advises against it.
    """

    kind: str
    tag: str = ""
    type: str = ""
    parts: tuple["Particle", ...] = ()
    at_least: int = 1
    at_most: int = 1
    deprecated: bool = False

    def elements(self) -> Iterator["Particle"]:
        """Every element in this part, in the order of writing."""
        if self.kind == "element":
            yield self
        for part in self.parts:
            yield from part.elements()


@dataclass(frozen=True, slots=True)
class ElementType:
    """What an element may hold.

    Attributes:
        name: name of the type.
        attributes: by name, in the order of writing.
        content: how children may follow each other; None where there are none.
        has_text: it holds character data.
        children: type of each child by tag.
        rank: place of each child in the order of writing; children of equal rank keep the order they have.
        free: children that may stand in any order; they are written in the order of `rank` all the same.
    """

    name: str
    attributes: Mapping[str, Attribute]
    content: Particle | None
    has_text: bool
    children: Mapping[str, str]
    rank: Mapping[str, int]
    free: bool = False

    def in_order(self, tags: Iterable[str]) -> bool:
        """Whether children stand in an order that the standard allows."""
        ranks = [self.rank[tag] for tag in tags]
        return self.free or ranks == sorted(ranks)

    def faults_of(self, tags: Iterable[str]) -> list[tuple[str, str, str]]:
        """What is wrong with these children: (code, what stands there, what was expected)."""
        counts = Counter(tag for tag in tags if tag in self.children)
        return _judge(self.content, counts) if self.content is not None else []


def _judge(particle: Particle, counts: Mapping[str, int]) -> list[tuple[str, str, str]]:
    present = sum(counts.get(element.tag, 0) for element in particle.elements())
    names = [element.tag for element in particle.elements()]
    if particle.kind == "element":
        if present < particle.at_least:
            what = f"the element {particle.tag}" if particle.at_least == 1 else f"{particle.at_least} of {particle.tag}"
            return [("missing-element", f"{present} of {particle.tag}" if present else "", what)]
        if particle.at_most != UNBOUNDED and present > particle.at_most:
            return [("too-many-elements", f"{present} of {particle.tag}", f"at most {particle.at_most}")]
        return []
    if not present and (particle.at_least == 0 or _may_be_empty(particle)):
        return []
    if particle.kind != "choice":
        return [fault for part in particle.parts for fault in _judge(part, counts)]
    if particle.at_most == UNBOUNDED:
        return []
    chosen = [part for part in particle.parts if any(counts.get(e.tag, 0) for e in part.elements())]
    if not chosen:
        return [("missing-element", "", _one_of(names))]
    if len(chosen) > 1:
        found = " and ".join(next(e.tag for e in part.elements() if counts.get(e.tag, 0)) for part in chosen)
        return [("too-many-elements", found, f"only {_one_of(names)}")]
    return _judge(chosen[0], counts)


def _may_be_empty(particle: Particle) -> bool:
    if particle.at_least == 0:
        return True
    if particle.kind == "element":
        return False
    empties = [_may_be_empty(part) for part in particle.parts]
    return any(empties) if particle.kind == "choice" else all(empties)


def _one_of(names: list[str]) -> str:
    return f"one of {', '.join(names)}" if len(names) > 1 else f"the element {names[0]}"


_TOKEN = re.compile(r"\s*([()|&?*+]|\{\d+,\}|[A-Za-z0-9:~]+)")


class _Reader:
    """Reads one content model; `at` walks over the tokens."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(text)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def group(self) -> Particle:
        parts, separator = [self.item()], " "
        while self.peek() not in ("", ")"):
            if self.peek() in ("|", "&"):
                separator = self.peek()
                self.at += 1
            parts.append(self.item())
        if len(parts) == 1 and parts[0].kind != "element":
            return parts[0]
        kind = {" ": "sequence", "&": "all", "|": "choice"}[separator]
        return Particle(kind, parts=tuple(parts))

    def item(self) -> Particle:
        if self.peek() == "(":
            self.at += 1
            found = self.group()
            self.at += 1
        else:
            tag, _, kind = self.peek().replace("~", "").partition(":")
            found = Particle("element", tag, kind or tag, deprecated="~" in self.peek())
            self.at += 1
        low, high = self.occurrence()
        return replace(found, at_least=low, at_most=high)

    def occurrence(self) -> tuple[int, int]:
        token = self.peek()
        known = {"?": (0, 1), "*": (0, UNBOUNDED), "+": (1, UNBOUNDED)}
        if token not in known and not token.startswith("{"):
            return 1, 1
        self.at += 1
        return known[token] if token in known else (int(token[1:-2]), UNBOUNDED)


def _ranked(particle: Particle, rank: dict[str, int], start: int) -> int:
    if particle.kind == "element":
        rank.setdefault(particle.tag, start)
        return start + 1
    at = start
    for part in particle.parts:
        after = _ranked(part, rank, start if particle.kind == "choice" else at)
        at = max(at, after)
    return at


def _type(line: str) -> ElementType:
    name, _, rest = line.partition(" =")
    attributes: dict[str, Attribute] = {}
    words = rest.split()
    while words and words[0].startswith("@"):
        word = words.pop(0)
        key, _, kind = word.strip("@!~").partition(":")
        attributes[key] = Attribute(key, kind or "String", "!" in word, "~" in word)
    text = " ".join(words)
    has_text = text == "TEXT"
    content = _Reader(text).group() if text and not has_text else None
    rank: dict[str, int] = {}
    if content is not None:
        _ranked(content, rank, 0)
    children = {element.tag: element.type for element in content.elements()} if content is not None else {}
    free = content is not None and content.kind == "all"
    return ElementType(name, attributes, content, has_text, children, rank, free)


@cache
def types() -> Mapping[str, ElementType]:
    """Every type of 1.3 by name; `OpenScenario` is the type of the root."""
    return read_types(TYPES)


def read_types(table: str) -> Mapping[str, ElementType]:
    """Types by name, of a table as in `schema_table`."""
    return {found.name: found for found in map(_type, filter(None, table.strip().splitlines()))}


@cache
def words() -> Mapping[str, tuple[str, ...]]:
    """The words that an attribute of each enumerated type may have."""
    rows = (line.partition(" = ") for line in VALUES.strip().splitlines())
    return {name: tuple(rest.replace("~", "").split()) for name, _, rest in rows}


@cache
def types_of_tag() -> Mapping[str, tuple[str, ...]]:
    """Names of the types that an element with a tag can have, anywhere in a file."""
    found: dict[str, dict[str, None]] = {ROOT: {"OpenScenario": None}}
    for kind in types().values():
        for tag, child in kind.children.items():
            found.setdefault(tag, {})[child] = None
    return {tag: tuple(kinds) for tag, kinds in found.items()}
