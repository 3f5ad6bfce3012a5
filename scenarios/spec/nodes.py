"""YAML text into plain data with the position of every key and value.

YAML is read as people mean it: only `true` and `false` are booleans (so that `on:` is a key and `no` a word), only
plain decimal numbers are numbers, and what YAML allows but nobody wants is refused: duplicate keys, several
documents, tags, aliases that multiply.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from driving_data.errors import Fault
from scenarios.units import split_suffix

MAX_BYTES = 1_000_000
MAX_NODES = 100_000
MAX_DEPTH = 40
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*([eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)")

_TAGS = ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")

Path = tuple[str | int, ...]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Document:
    """A YAML document as plain data.

    Attributes:
        file: its name, as the user gave it.
        data: dicts, lists, texts, numbers, booleans and None.
        places: line and column (from 1) of each value by its path; a key's own place is under `(*path, "key")`.
        faults: what is wrong with the YAML itself.
    """

    file: str
    data: Any = None
    places: dict[Path, tuple[int, int]] = field(default_factory=lambda: {})
    keys: dict[Path, tuple[int, int]] = field(default_factory=lambda: {})
    faults: list[Fault] = field(default_factory=lambda: [])
    count: int = 0

    def fault(
        self, path: Path, code: str, found: str, expected: str, nearest: str | None = None, offset: int = 0,
        at_key: bool = False,
    ) -> None:  # fmt: skip
        """Adds a fault at the place of a path; `offset` is how far into its text."""
        line, column = self.place(path, at_key)
        self.faults.append(
            Fault(self.file, line, column + offset, path_text(path), code, found, expected, nearest)
        )  # fmt: skip

    def place(self, path: Path, at_key: bool = False) -> tuple[int, int]:
        """Line and column of a path, or of the nearest thing around it that the file has."""
        for end in range(len(path), -1, -1):
            for candidate in self._spellings(path[:end]):
                if at_key and candidate in self.keys:
                    return self.keys[candidate]
                if candidate in self.places:
                    return self.places[candidate]
        return 1, 1

    def _spellings(self, path: Path) -> list[Path]:
        """The path, and the paths whose last key says its unit (`heading_deg` for `heading`)."""
        if not path or not isinstance(path[-1], str):
            return [path]
        named = [
            other for other in self.places
            if len(other) == len(path) and other[:-1] == path[:-1] and isinstance(other[-1], str)
            and other != path and split_suffix(other[-1])[0] == path[-1]
        ]  # fmt: skip
        return [path, *named] if path not in self.places else [path]


def path_text(path: Path) -> str:
    """A path as it is shown: `actors.cutter.do[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_document(text: str, file: str) -> Document:
    """Reads YAML; what is wrong stands in `faults`, and the rest is still there."""
    document = Document(file)
    tab = re.search(r"^ *\t", text, re.MULTILINE)
    if tab:
        line = text.count("\n", 0, tab.start()) + 1
        _whole(document, line, tab.end() - tab.start(), "tab", "a tab in the indentation", "spaces")
        return document
    try:
        nodes = list(_compose(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        _whole(document, line, column, "bad-yaml", (error.problem or str(error)).strip(), "valid YAML")
        return document
    except yaml.YAMLError as error:
        _whole(document, 1, 1, "bad-yaml", " ".join(str(error).split()), "valid YAML")
        return document
    except RecursionError:
        _whole(document, 1, 1, "too-deep", "nesting without end", f"at most {MAX_DEPTH} levels")
        return document
    if not nodes or _is_null(nodes[0]):
        _whole(document, 1, 1, "empty", "an empty file", "a scenario")
        return document
    if len(nodes) > 1:
        mark = nodes[1].start_mark
        _whole(document, mark.line + 1, 1, "several-documents", f"{len(nodes)} documents", "one document")
    document.data = _plain(document, nodes[0], (), 0, ())
    return document


def _compose(text: str) -> Any:
    loader = _Loader(text)
    try:
        while loader.check_node():
            yield loader.get_node()
    finally:
        loader.dispose()


def _is_null(node: Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in ("", "~", "null")


def _whole(document: Document, line: int, column: int, code: str, found: str, expected: str) -> None:
    document.faults.append(Fault(document.file, line, column, "", code, found, expected))


def _plain(document: Document, node: Any, path: Path, depth: int, open_nodes: tuple[int, ...]) -> Any:
    mark = node.start_mark
    document.places[path] = (mark.line + 1, mark.column + 1)
    document.count += 1
    if document.count > MAX_NODES or depth > MAX_DEPTH or id(node) in open_nodes:
        if not any(fault.code == "too-large" for fault in document.faults):
            what = f"more than {MAX_NODES} values or {MAX_DEPTH} levels, aliases counted each time"
            document.fault(path, "too-large", what, "a smaller file")
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(document, node, path, depth, (*open_nodes, id(node)))
    if isinstance(node, yaml.SequenceNode):
        inner = (*open_nodes, id(node))
        return [_plain(document, item, (*path, i), depth + 1, inner) for i, item in enumerate(node.value)]
    return _scalar(document, node, path)


def _mapping(document: Document, node: Any, path: Path, depth: int, open_nodes: tuple[int, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        mark = key_node.start_mark
        if not isinstance(key_node, yaml.ScalarNode):
            document.places[(*path, "?")] = (mark.line + 1, mark.column + 1)
            document.fault((*path, "?"), "bad-key", "a key that is no word", "a word")
            continue
        key = key_node.value
        here = (*path, key)
        document.keys.setdefault(here, (mark.line + 1, mark.column + 1))
        if key in found:
            document.faults.append(
                Fault(document.file, mark.line + 1, mark.column + 1, path_text(here), "duplicate-key", repr(key),
                      f"the key once; it stands first in line {document.keys[here][0]}")
            )  # fmt: skip
            continue
        found[key] = _plain(document, value_node, here, depth + 1, open_nodes)
    return found


def _scalar(document: Document, node: Any, path: Path) -> Any:
    text = node.value
    if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS:
        document.fault(path, "bad-yaml", f"the tag {node.tag}", "a value without a tag")
        return None
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
