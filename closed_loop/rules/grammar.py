"""Reads formulae.

formula  := formula (iff | xor) formula | formula implies formula | formula or formula | formula and formula
          | formula (until | since | unless) [interval] formula
          | (always | eventually | historically | once) [interval] formula
          | (not | next | prev | s_next | s_prev) formula | (rise | fall) "(" formula ")"
          | (A | E) name ":" formula | term [comparison term] | "(" formula ")"
interval := "[" bound (":" | ",") bound "]"       bound := number [s | ms | us | ns] | inf
term     := term (+ - * /) term | - term | number | name | name "(" actor {"," actor} ")"
          | (abs | sqrt | exp) "(" term ")" | pow "(" term "," term ")" | "(" term ")"

Each line of `formula` binds less tightly than those below it; the order is that of rtamt. A chain of `implies` needs
parentheses: rtamt reads it from the left, logic books from the right. A quantifier reaches as far right as it can.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from closed_loop.rules.formula import (
    Arithmetic,
    Compare,
    Edge,
    ForActors,
    Formula,
    Holds,
    Interval,
    Join,
    Node,
    Not,
    Number,
    Reach,
    Shift,
    Signal,
    Term,
    Window,
    children,
)
from closed_loop.rules.tokens import COMPARISONS, OPERATOR_NAMES, Token, tokens_of
from driving_data.errors import Fault, InputError, nearest_name

_LEVELS: tuple[tuple[str, ...], ...] = (("iff", "xor"), ("implies",), ("or",), ("and",), ("until", "since", "unless"))
_FUNCTIONS = {"abs": 1, "sqrt": 1, "exp": 1, "pow": 2}
EGO_NAMES = ("ego", "a0")
_DEEPEST = 24
_TALLEST = 100


@dataclass(frozen=True, slots=True)
class Wrong(Exception):
    """Where reading stopped, and why."""

    start: int
    code: str
    found: str
    expected: str
    nearest: str | None = None


def parse(
    text: str,
    *,
    signals: Collection[str] | None = None,
    constants: Mapping[str, float] = MappingProxyType({}),
    file: str = "",
    place: Callable[[int, int], tuple[int, int]] = lambda line, column: (line, column),
    path: str = "",
) -> Formula:
    """Reads a formula.

    Args:
        text: the formula; `#` begins a comment.
        signals: names that it may use; any where None.
        constants: names that stand for numbers.
        file: for messages.
        place: the line and column in the file of a line and column (from 1) of the text.
        path: place of the formula in its document.

    Raises:
        InputError: the text is no formula, or names signals that do not exist; every unknown name is told.
    """
    reader = _Reader(tokens_of(text), signals, constants)
    root: Node | None = None
    wrong = list[Wrong]()
    try:
        root = reader.whole()
    except Wrong as stopped:
        wrong = [stopped]
    wrong = sorted([*reader.unknown, *wrong], key=lambda one: one.start)
    if root is None or wrong:
        raise InputError([_fault(one, text, file, place, path) for one in wrong])
    return Formula(root, text)


def _fault(wrong: Wrong, text: str, file: str, place: Callable[[int, int], tuple[int, int]], path: str) -> Fault:
    before = text[: wrong.start]
    line, column = place(before.count("\n") + 1, wrong.start - (before.rfind("\n") + 1) + 1)
    return Fault(file, line, column, path, wrong.code, wrong.found, wrong.expected, wrong.nearest)


@dataclass(slots=True)
class _Reader:
    """Reads one formula by recursive descent; a side is a term until something makes it a formula."""

    tokens: list[Token]
    signals: Collection[str] | None
    constants: Mapping[str, float]
    at: int = 0
    depth: int = 0
    bound: tuple[str, ...] = ()
    unknown: list[Wrong] = field(default_factory=lambda: [])

    def whole(self) -> Node:
        """The formula up to the end of the text."""
        root = _node(self.level(0))
        if self.now.kind != "end":
            raise self.wrong("an operator or the end of the formula")
        if _height(root) > _TALLEST:
            raise self.wrong(f"at most {_TALLEST} operators in a row", self.tokens[0])
        return root

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def wrong(self, expected: str, token: Token | None = None, names: Collection[str] = ()) -> Wrong:
        """The letter to the writer about a word."""
        token = token or self.now
        found = "the end of the formula" if token.kind == "end" else repr(token.text)
        nearest = nearest_name(token.text, names) if names and token.kind == "name" else None
        return Wrong(token.start, "formula", found, expected, nearest)

    def accept(self, *words: str) -> str | None:
        """The next word where it is one of these, and past it."""
        if self.now.kind in ("keyword", "mark") and self.now.word in words:
            self.at += 1
            return self.tokens[self.at - 1].word
        return None

    def need(self, word: str, why: str) -> None:
        """Past a word that must stand here."""
        if self.accept(word) is None:
            raise self.wrong(f"{word!r} {why}")

    def level(self, level: int) -> Node | Term:
        """Operators that bind as tightly as `_LEVELS[level]`, or more."""
        if level == len(_LEVELS):
            return self.compared()
        left = self.level(level + 1)
        while (word := self.accept(*_LEVELS[level])) is not None:
            op: Any = word
            interval = self.interval() if word in _LEVELS[-1] else None
            right = _node(self.level(level + 1))
            left = Reach(op, _node(left), right, interval) if word in _LEVELS[-1] else Join(op, _node(left), right)
            if word == "implies" and self.now.word == "implies":
                raise self.wrong("parentheses: which of two 'implies' comes first differs between tools")
        return left

    def compared(self) -> Node | Term:
        """A term, a comparison of two, or a formula that begins with its operator."""
        left = self.sum()
        op: Any = self.accept(*COMPARISONS)
        if op is None:
            return left
        start = self.now
        right = self.sum()
        if not isinstance(left, Term) or not isinstance(right, Term):
            raise self.wrong("terms on both sides of a comparison", start)
        if self.now.kind == "mark" and self.now.word in COMPARISONS:
            raise self.wrong("'and' between two comparisons")
        return Compare(op, left, right)

    def sum(self) -> Node | Term:
        left = self.product()
        while self.now.kind == "mark" and self.now.text in ("+", "-"):
            left = self.arithmetic(left, self.product)
        return left

    def product(self) -> Node | Term:
        left = self.prefixed()
        while self.now.kind == "mark" and self.now.text in ("*", "/"):
            left = self.arithmetic(left, self.prefixed)
        return left

    def arithmetic(self, left: Node | Term, read: Callable[[], Node | Term]) -> Term:
        sign = self.now
        self.at += 1
        right = read()
        if not isinstance(left, Term) or not isinstance(right, Term):
            raise self.wrong("terms, not formulae, on both sides", sign)
        op: Any = sign.text
        return Arithmetic(op, (left, right))

    def prefixed(self) -> Node | Term:
        """What begins with an operator, or a single thing."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.wrong(f"at most {_DEEPEST} operators inside one another")
        try:
            return self.operator()
        finally:
            self.depth -= 1

    def operator(self) -> Node | Term:
        op: Any = self.now.word if self.now.kind in ("keyword", "mark") else ""
        if self.accept("-"):
            return self.negative()
        if self.accept("not"):
            return Not(self.child())
        if self.accept("always", "eventually", "historically", "once"):
            interval = self.interval()
            return Window(op, self.child(), interval)
        if self.accept("next", "prev", "s_next", "s_prev"):
            return Shift(op, self.child())
        if self.accept("rise", "fall"):
            self.need("(", f"after {op!r}")
            inner = _node(self.level(0))
            self.need(")", f"that closes {op!r}")
            return Edge(op, inner)
        if self.accept("forall", "exists"):
            return self.quantifier(op == "forall")
        return self.single()

    def child(self) -> Node:
        """The operand of a prefix operator: it binds tighter than everything but comparison and arithmetic."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.wrong(f"at most {_DEEPEST} operators inside one another")
        found = _node(self.compared())
        self.depth -= 1
        return found

    def negative(self) -> Term:
        start = self.now
        inner = self.prefixed()
        if not isinstance(inner, Term):
            raise self.wrong("a term after '-'; a formula is negated by 'not'", start)
        return Number(-inner.value) if isinstance(inner, Number) else Arithmetic("-", (Number(0.0), inner))

    def quantifier(self, every: bool) -> Node:
        if self.now.kind != "name" or self.now.text in EGO_NAMES:
            raise self.wrong("a name for the other actor, as 'a1'")
        name = self.now.text
        if name in self.bound:
            raise self.wrong(f"a name other than {name!r}, which is in use here")
        self.at += 1
        self.need(":", "after the name of the actor")
        self.bound = (*self.bound, name)
        inner = _node(self.level(0))
        self.bound = self.bound[:-1]
        return ForActors(every, name, inner)

    def single(self) -> Node | Term:
        token = self.now
        if token.kind == "number":
            self.at += 1
            return Number(float(token.text))
        if self.accept("("):
            inner = self.level(0)
            self.need(")", "that closes '('")
            return inner
        if self.accept("inf"):
            return Number(float("inf"))
        if token.kind == "keyword" and token.word in _FUNCTIONS:
            return self.function()
        if token.kind == "name":
            return self.signal()
        raise self.wrong("a signal, a number or an operator")

    def function(self) -> Term:
        op: Any = self.now.word
        self.at += 1
        self.need("(", f"after {op!r}")
        parts: list[Term] = []
        for k in range(_FUNCTIONS[op]):
            if k:
                self.need(",", f"between the terms of {op!r}")
            start = self.now
            part = self.sum()
            if not isinstance(part, Term):
                raise self.wrong("a term", start)
            parts.append(part)
        self.need(")", f"that closes {op!r}")
        return Arithmetic(op, tuple(parts))

    def signal(self) -> Term:
        token = self.now
        self.at += 1
        if token.text in self.constants:
            return Number(float(self.constants[token.text]))
        known = self.signals is None or token.text in self.signals
        if not known:
            names = [*(self.signals or ()), *self.constants, *OPERATOR_NAMES]
            self.unknown.append(
                Wrong(token.start, "unknown-name", repr(token.text), "a known signal, predicate or operator",
                      nearest_name(token.text, names))
            )  # fmt: skip
        args: list[str] = []
        if self.accept("("):
            while True:
                args.append(self.actor(known))
                if self.accept(")"):
                    break
                self.need(",", "or ')' after an actor")
        return Signal(token.text, tuple(args))

    def actor(self, known: bool) -> str:
        token = self.now
        allowed = (*self.bound, *EGO_NAMES)
        if token.kind != "name" or token.text not in allowed:
            if not known:
                # What looks like a call of an unknown operator is told as that.
                raise self.unknown.pop()
            raise self.wrong(f"an actor, one of {', '.join(dict.fromkeys(allowed))}", names=allowed)
        self.at += 1
        return "ego" if token.text in EGO_NAMES else token.text

    def interval(self) -> Interval | None:
        start = self.now
        if self.accept("[") is None:
            return None
        begin, begin_unit = self.bound_of(False)
        if self.accept(":", ",") is None:
            raise self.wrong("':' or ',' between the bounds of an interval")
        end, end_unit = self.bound_of(True)
        self.need("]", "that closes the interval")
        units = {unit for unit in (begin_unit, end_unit) if unit}
        if len(units) > 1:
            raise self.wrong("one unit for both bounds", start)
        if begin is None or (end is not None and end < begin):
            raise self.wrong("bounds in order", start)
        return Interval(begin, end, units.pop() if units else "")

    def bound_of(self, last: bool) -> tuple[Fraction | None, str]:
        if last and self.accept("inf"):
            return None, ""
        token = self.now
        if token.kind != "number":
            raise self.wrong("a bound of the interval: a number with or without a unit" + (", or inf" if last else ""))
        self.at += 1
        unit = ""
        if self.now.kind == "name" and self.now.start == token.start + len(token.text):
            unit = self.now.text
            if unit not in ("s", "ms", "us", "ns"):
                raise self.wrong("a unit of time: s, ms, us or ns", names=("s", "ms", "us", "ns"))
            self.at += 1
        return Fraction(token.text), unit


def _height(root: Node) -> int:
    """Operators on the longest way down."""
    rows, height = [root], 0
    while rows:
        rows, height = [child for node in rows for child in children(node)], height + 1
    return height


def _node(side: Node | Term) -> Node:
    return Holds(side) if isinstance(side, Term) else side
