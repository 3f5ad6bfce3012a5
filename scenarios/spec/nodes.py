"""YAML text into a tree of values that know where they stand.

YAML is read as people mean it: only `true` and `false` are booleans (so that `on:` is a key and `no` a word), only
plain decimal numbers are numbers, and what YAML allows but nobody wants is refused: duplicate keys, several
documents, tags, aliases that multiply.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, NamedTuple

import yaml

from driving_data.errors import Fault
from scenarios.units import split_suffix

MAX_BYTES = 1_000_000
MAX_NODES = 30_000
MAX_DEPTH = 40
MAX_FAULTS = 500
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*([eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)")
_MAX_DIGITS = 300
_TABS = re.compile(r"^[ ]*\t[ \t]*", re.MULTILINE)

_TAGS = ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")

Path = tuple[str | int, ...]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Place(NamedTuple):
    """Where something stands: line and column from 1, and the file."""

    line: int
    column: int
    file: str


@dataclass(slots=True)
class Node:
    """A value of a file.

    Attributes:
        data: a text, number, boolean, None, a list of nodes, or nodes by key.
        place: where the value stands.
        key: where its key stands, if it has one.
        removed: whether it is written as `~` or `null`: what an included file gave is taken away.
        quoted: whether it is a text in quotes.
    """

    data: Any
    place: Place
    key: Place | None = None
    removed: bool = False
    quoted: bool = False

    def plain(self) -> Any:
        """The value without its places."""
        if isinstance(self.data, dict):
            return {key: node.plain() for key, node in self.data.items()}
        return [node.plain() for node in self.data] if isinstance(self.data, list) else self.data

    def walk(self, path: Path = ()) -> "Iterator[tuple[Path, Node]]":
        """Every node from here on, with its path."""
        yield path, self
        inner = self.data.items() if isinstance(self.data, dict) else ()
        inner = enumerate(self.data) if isinstance(self.data, list) else inner
        for part, node in inner:
            yield from node.walk((*path, part))


@dataclass(slots=True)
class Document:
    """A scenario file, with what it includes, as plain data.

    Attributes:
        file: its name, as the user gave it.
        data: dicts, lists, texts, numbers, booleans and None.
        places: where each value stands, by its path.
        keys: where its key stands.
        faults: what is wrong.
        spelt: where a key stands that says its unit, by its path without the unit.
        nodes: the values with their places, by path.
        broken: whether something could not be read at all, so that what is missing may stand there.
    """

    file: str
    data: Any = None
    places: dict[Path, Place] = field(default_factory=lambda: {})
    keys: dict[Path, Place] = field(default_factory=lambda: {})
    faults: list[Fault] = field(default_factory=lambda: [])
    spelt: dict[Path, Path] = field(default_factory=lambda: {})
    broken: bool = False
    nodes: dict[Path, Node] = field(default_factory=lambda: {})

    def hold(self, root: Node) -> None:
        """Takes a tree as the document's data."""
        self.data = root.plain()
        for path, node in root.walk():
            self.places[path] = node.place
            self.nodes[path] = node
            if node.key:
                self.keys[path] = node.key
            if path and isinstance(path[-1], str):
                base = split_suffix(path[-1])[0]
                if base != path[-1]:
                    self.spelt.setdefault((*path[:-1], base), path)

    def fault(
        self, path: Path, code: str, found: str, expected: str, nearest: str | None = None, offset: int = 0,
        at_key: bool = False,
    ) -> None:  # fmt: skip
        """Adds a fault at the place of a path; `offset` is how far into its text.

        Without an offset the fault stands at the word that it quotes, where the value has it; that of a section at the
        section's key.
        """
        place, node = path, self.nodes.get(self.spelt.get(path, path) if path not in self.places else path)
        if node is not None and not at_key:
            place, shift = (path, offset) if offset else _within(path, node, found)
            at_key = place != path and isinstance(node.data, dict)
            node = self.nodes.get(place, node)
            offset = shift + 1 if shift and node.quoted else shift
        at = self.place(place, at_key or (node is not None and isinstance(node.data, dict)))
        self.faults.append(
            Fault(at.file, at.line, at.column + offset, path_text(path), code, found, expected, nearest)
        )  # fmt: skip

    def place(self, path: Path, at_key: bool = False) -> Place:
        """Where a path stands, or the nearest thing around it that the file has.

        `heading` stands where the file has `heading_deg`.
        """
        for end in range(len(path), -1, -1):
            here = path[:end]
            if here not in self.places:
                here = self.spelt.get(here, here)
            if (at_key or end < len(path)) and here in self.keys:
                return self.keys[here]
            if here in self.places:
                return self.places[here]
        return Place(1, 1, self.file)


def _within(path: Path, node: Node, found: str) -> tuple[Path, int]:
    """The place of the word that a fault quotes, inside of the value at fault: its path and the offset in its text."""
    quoted = re.search(r"'([^']+)'", found)
    if quoted is None:
        return path, 0
    word = re.compile(rf"(?<![\w.]){re.escape(quoted[1])}(?!\w)")
    if isinstance(node.data, str) and (match := word.search(node.data)):
        return path, match.start()
    if isinstance(node.data, dict) and quoted[1] in node.data:
        return (*path, quoted[1]), 0
    for part, item in enumerate(node.data) if isinstance(node.data, list) else ():
        if isinstance(item.data, str) and (match := word.search(item.data)):
            return (*path, part), match.start()
    return path, 0


def path_text(path: Path) -> str:
    """A path as it is shown: `actors.cutter.do[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def place_of(file: FilePath, path: Path) -> Place:
    """Where a file has the key of a path; line and column 0 where it has none (another file may give it)."""
    here, _ = read_tree(file.read_text("utf-8-sig"), str(file)) if path else (None, [])
    for part in path:
        here = here.data.get(part) if here is not None and isinstance(here.data, dict) else None
    return (here.key or here.place) if here is not None else Place(0, 0, str(file))


def read_tree(text: str, file: str) -> tuple[Node | None, list[Fault]]:
    """Reads YAML into a tree; None where nothing can be read, and every fault of the YAML itself."""
    reader = _TreeReader(file)
    return reader.tree(text), reader.faults


@dataclass(slots=True)
class _TreeReader:
    file: str
    faults: list[Fault] = field(default_factory=lambda: [])
    count: int = 0

    def tree(self, text: str) -> Node | None:
        if broken := _unreadable(text):
            self.whole(*broken)
            if broken[2] != "tab":
                return None
            # The rest is read as if the tabs were spaces, so that its faults are found too.
            text = _TABS.sub(lambda match: match[0].replace("\t", "  "), text)
        try:
            nodes = list(_compose(text))
        except yaml.MarkedYAMLError as error:
            if self.faults:
                return None
            mark = error.problem_mark or error.context_mark
            if error.context_mark and mark and mark.line > error.context_mark.line and _is_open(error):
                mark = error.context_mark  # what was opened is at fault, not where that was noticed
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            return self.whole(line, column, "bad-yaml", *_explained(error, text, line))
        except yaml.YAMLError as error:
            return self.whole(1, 1, "bad-yaml", " ".join(str(error).split()), "valid YAML")
        except RecursionError:
            return self.whole(1, 1, "too-deep", "nesting without end", f"at most {MAX_DEPTH} levels")
        if not nodes or _is_null(nodes[0]):
            return self.whole(1, 1, "empty", "an empty file", "a scenario: at least the sections road and ego")
        if len(nodes) > 1:
            mark = nodes[1].start_mark
            self.whole(mark.line + 1, 1, "several-documents", f"{len(nodes)} documents", "one document, without '---'")
        tree = self.node(nodes[0], (), ())
        # What is left of a tree that was cut off is no scenario: nothing more can be said of it.
        return None if any(fault.code == "too-large" for fault in self.faults) else tree

    def whole(self, line: int, column: int, code: str, found: str, expected: str) -> None:
        self.faults.append(Fault(self.file, line, column, "", code, found, expected))

    def fault(self, node: Any, path: Path, code: str, found: str, expected: str) -> None:
        mark = node.start_mark
        self.faults.append(Fault(self.file, mark.line + 1, mark.column + 1, path_text(path), code, found, expected))

    def node(self, node: Any, path: Path, open_nodes: tuple[int, ...]) -> Node:
        place = Place(node.start_mark.line + 1, node.start_mark.column + 1, self.file)
        self.count += 1
        if self.count > MAX_NODES or len(open_nodes) > MAX_DEPTH or id(node) in open_nodes:
            if not any(fault.code == "too-large" for fault in self.faults):
                what = f"more than {MAX_NODES} values or {MAX_DEPTH} levels, aliases counted each time"
                self.fault(node, path, "too-large", what, "a smaller file")
            return Node(None, place)
        inner = (*open_nodes, id(node))
        if isinstance(node, yaml.MappingNode):
            return Node(self.mapping(node, path, inner), place)
        if isinstance(node, yaml.SequenceNode):
            self.join_list(node, path)
            return Node([self.node(item, (*path, i), inner) for i, item in enumerate(node.value)], place)
        removed = not node.style and node.value in ("~", "null")
        return Node(self.scalar(node, path), place, None, removed, node.style in ("'", '"'))

    def mapping(self, node: Any, path: Path, open_nodes: tuple[int, ...]) -> dict[str, Node]:
        found: dict[str, Node] = {}
        self.join_values(node, path)
        for key_node, value_node in node.value:
            mark = key_node.start_mark
            if not isinstance(key_node, yaml.ScalarNode):
                self.fault(key_node, (*path, "?"), "bad-key", "a key that is no word", "a word")
                continue
            key, here = key_node.value, (*path, key_node.value)
            if key == "<<":
                self.fault(key_node, here, "bad-key", "the merge key '<<'", "an `include:` of a file, or the keys")
            elif key in found:
                first = found[key].key
                where = f"; it stands first in line {first.line}" if first else ""
                self.fault(key_node, here, "duplicate-key", repr(key), f"the key once{where}")
            else:
                found[key] = self.node(value_node, here, open_nodes)
                found[key].key = Place(mark.line + 1, mark.column + 1, self.file)
        return found

    def join_values(self, node: Any, path: Path) -> None:
        """Puts values of { } together that YAML cut at a comma between parentheses: one fault each, not one a piece."""
        kept: list[Any] = []
        for key, value in node.value if node.flow_style else ():
            last = kept[-1][1] if kept else None
            if last is not None and _is_open_text(last) and _is_null(value) and isinstance(key, yaml.ScalarNode):
                last.value += f", {key.value}"
                self.cut(last, (*path, kept[-1][0].value))
            else:
                kept.append((key, value))
        node.value = kept if node.flow_style else node.value

    def join_list(self, node: Any, path: Path) -> None:
        """The same for the values of [ ]."""
        kept: list[Any] = []
        for item in node.value if node.flow_style else ():
            if kept and _is_open_text(kept[-1]) and isinstance(item, yaml.ScalarNode):
                kept[-1].value += f", {item.value}"
                self.cut(kept[-1], (*path, len(kept) - 1))
            else:
                kept.append(item)
        node.value = kept if node.flow_style else node.value

    def cut(self, node: Any, path: Path) -> None:
        """The fault of a text that was cut, once its last piece is there."""
        if not _is_open_text(node):
            mark, text = node.start_mark, f'"{node.value}"'
            found, expected = f"{node.value.split(',')[0]!r}, which YAML ends at the comma", "a text in quotes"
            self.faults.append(Fault(self.file, mark.line + 1, mark.column + 1, path_text(path), "bad-yaml", found,
                                     expected, text))  # fmt: skip

    def scalar(self, node: Any, path: Path) -> Any:
        text = node.value
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS:
            self.fault(node, path, "bad-yaml", f"the tag {node.tag}", "a value without a tag")
            return text
        if node.style in ("'", '"', "|", ">"):
            return text
        if text in ("", "~", "null"):
            return None
        if text in ("true", "false"):
            return text == "true"
        if len(text) > _MAX_DIGITS:
            return text
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
        return text


def _unreadable(text: str) -> tuple[int, int, str, str, str] | None:
    """What YAML would refuse with words that help nobody: tabs, and characters that cannot be seen."""
    tabs = list(_TABS.finditer(text))
    if tabs:
        line = text.count("\n", 0, tabs[0].start()) + 1
        more = f", and in {len(tabs) - 1} lines below" if len(tabs) > 1 else ""
        return line, tabs[0][0].index("\t") + 1, "tab", f"a tab in the indentation{more}", "spaces"
    odd = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if odd:
        line, start = text.count("\n", 0, odd.start()) + 1, text.rfind("\n", 0, odd.start()) + 1
        return line, odd.start() - start + 1, "bad-yaml", f"the character U+{ord(odd.group()):04X}", "printable text"
    return None


_HINTS = (
    ("mapping values are not allowed", "one 'key: value' in a line; indent nested keys under a line that ends in ':'"),
    ("could not find expected ':'", "'key: value' with a colon and a space"),
    ("did not find expected key", "keys in one column; close what is open before (a quote, '{', '[')"),
    ("did not find expected '-' indicator", "'- ' in the same column as the others"),
    ("did not find expected ',' or '}'", "',' between the keys of { }, and '}' at the end"),
    ("did not find expected ',' or ']'", "',' between the values of [ ], and ']' at the end"),
    ("found unexpected end of stream", "a closing quote"),
    ("found character that cannot start any token", "a value in quotes: it begins with a sign that YAML keeps"),
    ("found undefined alias", "a value in quotes, if no alias is meant"),
    ("block sequence entries are not allowed", "'- ' on a line of its own"),
    ("block mapping", "keys in one column"),
)


def _is_open(error: yaml.MarkedYAMLError) -> bool:
    opened = ("flow mapping", "flow sequence", "quoted scalar", "simple key")
    return any(word in (error.context or "") for word in opened)


def _explained(error: yaml.MarkedYAMLError, text: str, line: int) -> tuple[str, str]:
    """What YAML found and what it means for the writer."""
    problem = " ".join((error.problem or str(error)).split())
    context = " ".join((error.context or "").split())
    said = f"{problem} {context}"
    hint = next((expected for start, expected in _HINTS if start in said), "valid YAML")
    lines = text.splitlines()
    if "flow" in said and 0 < line <= len(lines) and "${" in lines[line - 1]:
        hint = "$name instead of ${name} inside of { }, or the text in quotes"
    opened = error.context_mark
    since = f" ({context} that begins in line {opened.line + 1})" if opened and opened.line + 1 != line else ""
    return f"{problem}{since}", hint


def _compose(text: str) -> Any:
    loader = _Loader(text)
    try:
        while loader.check_node():
            yield loader.get_node()
    finally:
        loader.dispose()


def _is_open_text(node: Any) -> bool:
    """Whether a text without quotes has a parenthesis that it does not close."""
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value.count("(") > node.value.count(")")


def _is_null(node: Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in ("", "~", "null")
