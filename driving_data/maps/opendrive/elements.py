"""Reading attributes of XML elements while collecting every fault of the file."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driving_data.errors import Fault, InputError, nearest_name

MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Faults:
    """Collects what is wrong with one file.

    Attributes:
        file: path as the user named it.
        items: the faults found so far.
    """

    file: str
    items: list[Fault] = field(default_factory=lambda: [])

    def add(self, element: Any, code: str, found: str, expected: str, nearest: str | None = None) -> None:
        """Notes a fault at an element."""
        self.items.append(
            Fault(self.file, element.sourceline or 0, 0, path_of(element), code, found, expected, nearest)
        )

    def at_line(self, line: int, path: str, code: str, found: str, expected: str, nearest: str | None = None) -> None:
        """Notes a fault at a line."""
        self.items.append(Fault(self.file, line, 0, path, code, found, expected, nearest))

    def raise_any(self) -> None:
        """Raises `InputError` with every fault, in the order of the file, if there are any."""
        if self.items:
            raise InputError(sorted(self.items, key=lambda fault: fault.line))

    def number(self, element: Any, name: str, default: float | None = None) -> float:
        """A finite number; a fault where it is missing without a default, or is no number."""
        text = element.get(name)
        if text is None or not text.strip():
            if default is None:
                self.add(
                    element, "missing-attribute", "", f"the attribute '{name}'", nearest_name(name, element.keys())
                )
                return 0.0
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.add(element, "bad-number", f"{name}={text!r}", "a finite number")
            return default if default is not None else 0.0
        return value

    def positive(self, element: Any, name: str) -> float:
        """A number above zero, with one fault at most; 1 where it is none."""
        before = len(self.items)
        value = self.number(element, name)
        if value <= 0.0 and len(self.items) == before:
            self.add(element, "bad-number", f"{name}={element.get(name)!r}", "a number above 0")
        return value if value > 0.0 else 1.0

    def whole(self, element: Any, name: str, default: int | None = None) -> int:
        """A whole number, likewise."""
        value = self.number(element, name, None if default is None else float(default))
        if value != int(value):
            self.add(element, "bad-number", f"{name}={element.get(name)!r}", "a whole number")
        return int(value)

    def text(self, element: Any, name: str, default: str | None = None) -> str:
        """A string; a fault where it is missing without a default."""
        value = element.get(name)
        if value is None:
            if default is None:
                self.add(
                    element, "missing-attribute", "", f"the attribute '{name}'", nearest_name(name, element.keys())
                )
                return ""
            return default
        return value

    def choice(self, element: Any, name: str, options: Iterable[str], default: str) -> str:
        """One of the names; a fault with the nearest one otherwise."""
        value = element.get(name)
        allowed = tuple(options)
        if value is None or value == "":
            return default
        if value not in allowed:
            nearest = nearest_name(value, allowed)
            self.add(element, "unknown-name", f"{name}={value!r}", f"one of {', '.join(allowed)}", nearest)
            return default
        return value


def path_of(element: Any) -> str:
    """Place of an element in its document, as `OpenDRIVE.road[1].planView.geometry[3]` (ids where there are any)."""
    parts: list[str] = []
    while element is not None:
        parent = element.getparent()
        name = element.get("id")
        if name is None and parent is not None:
            same = parent.findall(element.tag)
            name = str(same.index(element)) if len(same) > 1 else None
        parts.append(f"{element.tag}[{name}]" if name is not None else str(element.tag))
        element = parent
    return ".".join(reversed(parts))


def parse_xml(source: bytes, file: str, root: str) -> Any:
    """The root element of an XML text from outside: no entities, no network, no DTD, at most `MAX_BYTES`.

    Raises:
        InputError: it is too large, not well-formed, declares a document type, or has another root element.
    """
    if len(source) > MAX_BYTES:
        raise InputError([Fault(file, 0, 0, "", "too-large", f"{len(source)} bytes", f"at most {MAX_BYTES} bytes")])
    # Loaded here: whoever only builds or simulates roads in memory does not need lxml.
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        tree = etree.fromstring(source, parser).getroottree()
    except etree.XMLSyntaxError as error:
        raise InputError(_syntax_faults(error, parser, file)) from error
    if tree.docinfo.doctype:
        raise InputError([Fault(file, 1, 0, "", "doctype", tree.docinfo.doctype, "no document type declaration")])
    element = tree.getroot()
    if etree.QName(element).localname != root:
        raise InputError([Fault(file, element.sourceline or 1, 0, "", "wrong-root", str(element.tag), f"<{root}>")])
    for node in element.iter():
        if isinstance(node.tag, str) and node.tag.startswith("{"):
            node.tag = etree.QName(node).localname
    return element


def _syntax_faults(error: Any, parser: Any, file: str) -> list[Fault]:
    entries = [
        Fault(file, entry.line, max(entry.column, 0), "", "xml-syntax", entry.message, "well-formed XML")
        for entry in parser.error_log
    ]
    return entries or [Fault(file, error.lineno or 0, 0, "", "xml-syntax", str(error.msg), "well-formed XML")]


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, refused unread where it is larger than `MAX_BYTES`.

    Raises:
        InputError: there is no such file, it cannot be read or it is too large.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError([Fault(str(path), 0, 0, "", "too-large", f"{size} bytes", f"at most {MAX_BYTES} bytes")])
        return path.read_bytes()
    except OSError as error:
        raise InputError([Fault(str(path), 0, 0, "", "unreadable", error.strerror or "", "a readable file")]) from error
