"""XML text to elements with line and column: no entities, nothing fetched, limits on size and depth."""

from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from driving_data.errors import Fault, InputError

MAX_BYTES = 64 * 2**20
MAX_DEPTH = 100
MAX_ELEMENTS = 2_000_000


@dataclass(slots=True)
class Element:
    """One element while a file is read and upgraded; it becomes a `Node` when that is done."""

    tag: str
    attributes: dict[str, str] = field(default_factory=lambda: {})
    children: list["Element"] = field(default_factory=lambda: [])
    text: str = ""
    line: int = 0
    column: int = 0

    def child(self, tag: str) -> "Element | None":
        """First child with that tag."""
        return next((child for child in self.children if child.tag == tag), None)


class _Builder:
    def __init__(self, source: str) -> None:
        self.source = source
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.entity
        self.parser.EntityDeclHandler = self.entity
        self.parser.ExternalEntityRefHandler = self.entity
        self.open: list[Element] = []
        self.root: Element | None = None
        self.count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        parser = self.parser
        own = {name: value for name, value in attributes.items() if not name.startswith(("xmlns", "xsi:", "xml:"))}
        element = Element(
            tag.rpartition(":")[2], own, line=parser.CurrentLineNumber, column=parser.CurrentColumnNumber + 1
        )
        self.count += 1
        if self.count > MAX_ELEMENTS or len(self.open) >= MAX_DEPTH:
            self.refuse("too-large", "the file", f"at most {MAX_ELEMENTS} elements, {MAX_DEPTH} deep")
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, tag: str) -> None:
        element = self.open.pop()
        element.text = element.text.strip()

    def text(self, text: str) -> None:
        self.open[-1].text += text

    def entity(self, *_: object) -> int:
        self.refuse("entity", "a document type with entities", "none (entities are not expanded)")
        return 0

    def refuse(self, code: str, found: str, expected: str) -> None:
        raise InputError(
            [Fault(self.source, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1, "", code, found,
                   expected)]
        )  # fmt: skip


def read_bytes(path: Path) -> bytes:
    """The bytes of a file; a fault where it cannot be read or is too large."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError([Fault(str(path), 0, 0, "", "too-large", "the file", f"at most {MAX_BYTES} bytes")])
        return path.read_bytes()
    except OSError as error:
        found = "there is no such file" if isinstance(error, FileNotFoundError) else str(error.strerror)
        raise InputError([Fault(str(path), 0, 0, "", "missing-file", found, "a readable file")]) from None


def parse_xml(data: bytes, source: str) -> Element:
    """The root element of an XML text.

    Raises:
        InputError: where the text is no well-formed XML, declares entities, or is too large or too deep.
    """
    builder = _Builder(source)
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    try:
        builder.parser.Parse(data.lstrip(), True)
    except expat.ExpatError as error:
        expected = "well-formed XML"
        raise InputError(
            [Fault(source, error.lineno, error.offset + 1, "", "not-xml", expat.ErrorString(error.code), expected)]
        ) from None
    except (LookupError, ValueError) as error:
        raise InputError([Fault(source, 1, 1, "", "not-xml", str(error), "XML in a known encoding")]) from None
    if builder.root is None:
        raise InputError([Fault(source, 1, 1, "", "not-xml", "no element", "well-formed XML")])
    return builder.root
