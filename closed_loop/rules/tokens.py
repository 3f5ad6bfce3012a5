"""Words of a formula: numbers, names, operators, with their places."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

KEYWORDS: Mapping[str, str] = {
    "always": "always", "G": "always", "eventually": "eventually", "F": "eventually",
    "historically": "historically", "H": "historically", "once": "once", "O": "once",
    "until": "until", "U": "until", "since": "since", "S": "since", "unless": "unless", "W": "unless",
    "next": "next", "X": "next", "prev": "prev", "Y": "prev",
    "s_next": "s_next", "sX": "s_next", "s_prev": "s_prev", "sY": "s_prev",
    "rise": "rise", "fall": "fall",
    "not": "not", "!": "not", "and": "and", "&": "and", "or": "or", "|": "or",
    "implies": "implies", "->": "implies", "iff": "iff", "<->": "iff", "xor": "xor",
    "A": "forall", "forall": "forall", "E": "exists", "exists": "exists",
    "abs": "abs", "sqrt": "sqrt", "exp": "exp", "pow": "pow", "inf": "inf",
}  # fmt: skip
OPERATOR_NAMES = tuple(word for word in KEYWORDS if len(word) > 1 and word.isidentifier())
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")

_TOKEN = re.compile(
    r"(?P<space>\s+|\#[^\n]*)"
    r"|(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<mark><->|->|!==|!=|==|<=|>=|[-+*/()\[\],:<>!&|])"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word: what kind it is, its text as written, and where it begins."""

    kind: Literal["number", "name", "mark", "keyword", "end", "wrong"]
    text: str
    start: int

    @property
    def word(self) -> str:
        """The meaning of a keyword or mark, whichever spelling was used."""
        if self.text == "!==":
            return "!="
        return KEYWORDS.get(self.text, self.text) if self.kind in ("keyword", "mark") else self.text


def tokens_of(text: str) -> list[Token]:
    """Every word of a text, an end behind them; a character that begins no word is a word of the kind 'wrong'."""
    found: list[Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            found.append(Token("wrong", text[place], place))
            place += 1
            continue
        word = match.group()
        if match.lastgroup == "number":
            found.append(Token("number", word, place))
        elif match.lastgroup == "name":
            found.append(Token("keyword" if word in KEYWORDS else "name", word, place))
        elif match.lastgroup == "mark":
            found.append(Token("mark", word, place))
        place = match.end()
    return [*found, Token("end", "", len(text))]
