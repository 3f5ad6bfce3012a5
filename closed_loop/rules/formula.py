"""Formulae of signal temporal logic as data: terms over signals, predicates, and operators in time and over actors.

Nodes are immutable and compare by what they say, so that a part that stands twice in a formula is evaluated once.
`text_of` writes a node back, fully in parentheses, in the spelling that `parse` and rtamt both read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

UNITS_S = {"s": Fraction(1), "ms": Fraction(1, 1000), "us": Fraction(1, 10**6), "ns": Fraction(1, 10**9)}


@dataclass(frozen=True, slots=True)
class Number:
    """A constant of a term."""

    value: float


@dataclass(frozen=True, slots=True)
class Signal:
    """A named signal; `args` are `ego` or names bound by a quantifier, none for a plain signal."""

    name: str
    args: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """How a trace names it: `gap(*)` has one actor axis, `cut_in(*,ego)` too, `apart(*,*)` two."""
        if not self.args:
            return self.name
        return f"{self.name}({','.join('ego' if arg == 'ego' else '*' for arg in self.args)})"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+ - * /` of two terms, or `abs sqrt exp pow` of one or two."""

    op: Literal["+", "-", "*", "/", "abs", "sqrt", "exp", "pow"]
    parts: tuple["Term", ...]


Term: TypeAlias = Number | Signal | Arithmetic


@dataclass(frozen=True, slots=True)
class Compare:
    """A predicate.

    Margin: right - left for `<` and `<=`, left - right for `>` and `>=`, -|left - right| for `==`, |left - right| for
    `!=`.
    """

    op: Literal["<", "<=", ">", ">=", "==", "!="]
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Holds:
    """A term that stands as a predicate: its value is its margin."""

    term: Term


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    child: "Node"


@dataclass(frozen=True, slots=True)
class Join:
    """Two formulae at one moment. `iff` and `xor` compare margins, as rtamt does: -|l - r| and |l - r|."""

    op: Literal["and", "or", "implies", "iff", "xor"]
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of a temporal operator, both ends included.

    Attributes:
        begin: samples where `unit` is empty, else the unit.
        end: likewise; None for no end.
        unit: '', 's', 'ms', 'us' or 'ns'.
    """

    begin: Fraction
    end: Fraction | None
    unit: str = ""

    def steps(self, step_s: float) -> tuple[int, int | None]:
        """The first and last sample that lie within the interval.

        A bound that is no multiple of the step counts the samples inside it; a bound within 1e-6 of a step of a
        sample is that sample (steps such as 0.1 s are no exact binary numbers).

        Raises:
            ValueError: no sample lies within, or the bounds are in samples and no whole numbers.
        """
        if not self.unit:
            if self.begin.denominator != 1 or (self.end is not None and self.end.denominator != 1):
                raise ValueError(
                    f"the interval {self} counts samples: its bounds must be whole numbers, or carry a unit"
                )
            return int(self.begin), None if self.end is None else int(self.end)
        step = Fraction(step_s).limit_denominator(10**9) / UNITS_S[self.unit]
        slack = Fraction(1, 10**6)
        first = -((-self.begin / step + slack).__floor__())
        last = None if self.end is None else (self.end / step + slack).__floor__()
        if last is not None and last < first:
            raise ValueError(f"no sample lies within {self} at a step of {step_s} s")
        return first, last

    def __str__(self) -> str:
        end = "inf" if self.end is None else f"{_plain(self.end)}{self.unit}"
        return f"[{_plain(self.begin)}{self.unit}:{end}]"


@dataclass(frozen=True, slots=True)
class Window:
    """A formula at every or at some moment of a window ahead (always, eventually) or behind (historically, once)."""

    op: Literal["always", "eventually", "historically", "once"]
    child: "Node"
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """`left until right` ahead, `left since right` behind, `left unless right`: always left, or left until right.

    Left need not hold at the moment at which right does.
    """

    op: Literal["until", "since", "unless"]
    left: "Node"
    right: "Node"
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """One sample back or ahead; beyond the ends `prev` and `next` hold (+inf), `s_prev` and `s_next` do not (-inf)."""

    op: Literal["prev", "s_prev", "next", "s_next"]
    child: "Node"


@dataclass(frozen=True, slots=True)
class Edge:
    """`rise`: it holds now and did not a sample ago; `fall`: it does not and did.

    Before the start it neither held nor failed: the first sample of `rise` is that of the child, of `fall` its
    negation.
    """

    op: Literal["rise", "fall"]
    child: "Node"


@dataclass(frozen=True, slots=True)
class ForActors:
    """`A a1: ...` for every other actor that is present at the moment, `E a1: ...` for one of them."""

    every: bool
    name: str
    child: "Node"


Node: TypeAlias = Compare | Holds | Not | Join | Window | Reach | Shift | Edge | ForActors


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read: its root and its text."""

    root: Node
    text: str

    def signals(self) -> tuple[Signal, ...]:
        """Every signal that it names, once, in the order of the text."""
        seen = dict.fromkeys(term for node in walk(self.root) for term in _terms_of(node) if isinstance(term, Signal))
        return tuple(seen)

    def __str__(self) -> str:
        return text_of(self.root)


def children(node: Node) -> tuple[Node, ...]:
    """The formulae directly below a node."""
    match node:
        case Compare() | Holds():
            return ()
        case Join() | Reach():
            return (node.left, node.right)
        case _:
            return (node.child,)


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, from the top."""
    yield node
    for child in children(node):
        yield from walk(child)


def term_parts(term: Term) -> Iterator[Term]:
    """A term and all below it."""
    yield term
    if isinstance(term, Arithmetic):
        for part in term.parts:
            yield from term_parts(part)


def _terms_of(node: Node) -> Iterator[Term]:
    if isinstance(node, Compare):
        yield from term_parts(node.left)
        yield from term_parts(node.right)
    elif isinstance(node, Holds):
        yield from term_parts(node.term)


def text_of(node: Node | Term) -> str:
    """The formula as text, every part in parentheses; the spelling is that of rtamt wherever rtamt has the operator."""
    match node:
        case Number():
            return repr(node.value)
        case Signal():
            return f"{node.name}({', '.join(node.args)})" if node.args else node.name
        case Arithmetic():
            if node.op in ("+", "-", "*", "/"):
                return f"({text_of(node.parts[0])} {node.op} {text_of(node.parts[1])})"
            return f"{node.op}({', '.join(text_of(part) for part in node.parts)})"
        case Compare():
            return f"({text_of(node.left)} {'!==' if node.op == '!=' else node.op} {text_of(node.right)})"
        case Holds():
            return text_of(node.term)
        case Not():
            return f"(not ({text_of(node.child)}))"
        case Join():
            return f"({text_of(node.left)} {node.op} {text_of(node.right)})"
        case Reach():
            return f"({text_of(node.left)} {node.op}{node.interval or ''} {text_of(node.right)})"
        case Window():
            return f"({node.op}{node.interval or ''} ({text_of(node.child)}))"
        case Shift():
            return f"({node.op} ({text_of(node.child)}))"
        case Edge():
            return f"{node.op}({text_of(node.child)})"
        case ForActors():
            return f"({'A' if node.every else 'E'} {node.name}: {text_of(node.child)})"


def _plain(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.9g}"
