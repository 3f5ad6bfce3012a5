"""Text of an OpenSCENARIO DSL file into tokens, with INDENT and DEDENT as in Python."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from driving_data.errors import Fault, InputError

MAX_BYTES = 1 << 20
_PATTERN = re.compile(
    r"""
      (?P<physical>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?(?!\.\.)[A-Za-z_]\w*)
    | (?P<number>0[xX][0-9A-Fa-f]+|\d+\.\d+(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+)
    | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    | (?P<name>[A-Za-z_]\w*|\|[^|\n]+\|)
    | (?P<op>\.\.|->|=>|==|!=|<=|>=|[-+*/%()\[\]:,.=<>?@!])
    | (?P<space>[ \t]+|\\\r?\n)
    | (?P<comment>\#[^\n]*)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        kind: name, number, physical, string, op, newline, indent, dedent or end.
        text: as written.
        line: from 1.
        column: from 1.
    """

    kind: str
    text: str
    line: int
    column: int


def tokens_of(text: str, file: str) -> list[Token]:
    """Tokens of a file.

    Raises:
        InputError: a character that no token begins with, an indentation that fits no block, an open bracket.
    """
    return list(_Lexer(text, file).run())


class _Lexer:
    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text.replace("\r\n", "\n").expandtabs(8), file
        self._indents = [0]
        self._depth = 0
        self._line = 1
        self._line_start = 0

    def run(self) -> Iterator[Token]:
        at, fresh, length = 0, True, len(self._text)
        while at < length:
            if fresh and self._depth == 0:
                end = self._text.find("\n", at)
                end = length if end < 0 else end
                line = self._text[at:end]
                stripped = line.strip()
                if not stripped or stripped.startswith("#"):
                    at = end + 1
                    self._next_line(at)
                    continue
                width = len(line) - len(line.lstrip())
                yield from self._indentation(width)
                at, fresh = at + width, False
                continue
            if self._text[at] == "\n":
                if self._depth == 0:
                    yield self._token("newline", "\n", at)
                    fresh = True
                at += 1
                self._next_line(at)
                continue
            match = _PATTERN.match(self._text, at)
            if match is None:
                raise self._error(at, f"{self._text[at]!r} begins no token", "OpenSCENARIO DSL")
            yield from self._matched(match)
            at = match.end()
        if self._depth:
            raise self._error(length, "the file ends inside a bracket", "a closing bracket")
        if not fresh:
            yield self._token("newline", "\n", length)
        yield from self._indentation(0)
        yield self._token("end", "", length)

    def _matched(self, match: re.Match[str]) -> Iterator[Token]:
        kind, text = str(match.lastgroup), match.group()
        if kind == "space":
            if "\n" in text:
                self._next_line(match.end())
            return
        if kind == "comment":
            return
        if text in ("(", "["):
            self._depth += 1
        elif text in (")", "]"):
            self._depth = max(0, self._depth - 1)
        yield self._token(kind, text, match.start())

    def _indentation(self, width: int) -> Iterator[Token]:
        if width > self._indents[-1]:
            self._indents.append(width)
            yield Token("indent", "", self._line, width + 1)
        while width < self._indents[-1]:
            self._indents.pop()
            yield Token("dedent", "", self._line, width + 1)
        if width != self._indents[-1]:
            fault = Fault(self._file, self._line, width + 1, "", "bad-indentation", f"indented by {width} columns",
                          f"as an open block: {', '.join(map(str, self._indents))}")  # fmt: skip
            raise InputError([fault])

    def _next_line(self, start: int) -> None:
        self._line += 1
        self._line_start = start

    def _token(self, kind: str, text: str, at: int) -> Token:
        return Token(kind, text, self._line, at - self._line_start + 1)

    def _error(self, at: int, found: str, expected: str) -> InputError:
        return InputError([Fault(self._file, self._line, at - self._line_start + 1, "", "bad-token", found, expected)])
