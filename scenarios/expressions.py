"""Expressions over other values: `ego.speed - 2..8 m/s`, `gap / ego.speed < 3 s`, with units and no `eval`.

An `Expression` is a value that is computed; ranges inside it are draws of their own, named `path#0`, `path#1`.
`if(condition, value, otherwise)` draws only in the branch that it takes; `linked(distribution, other, rank)` is drawn
jointly with another value (`Linked`). `parse.py` reads them; here they are checked (dimensions), evaluated and
bounded by interval arithmetic.
"""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scenarios.space import Choice, Distribution, Scalar, Uniform, scalar_text
from scenarios.units import FLAG, RATIO, TEXT, Dimension, format_number

Get = Callable[[str], Scalar]
Bounds = tuple[float, float] | frozenset[Any]


class TextFault(ValueError):
    """A written value is wrong; says what was found, what was expected and at which offset of the text."""

    def __init__(self, code: str, found: str, expected: str, offset: int = 0, nearest: str | None = None) -> None:
        self.code, self.found, self.expected, self.offset, self.nearest = code, found, expected, offset, nearest
        hint = f"; did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"{found}; expected {expected}{hint}")


@dataclass(frozen=True, slots=True)
class Literal:
    """A number with its unit, a text or a flag."""

    value: Scalar
    dimension: Dimension = RATIO

    def text(self) -> str:
        """As it is written."""
        if isinstance(self.value, str):
            return f"'{self.value}'"
        return scalar_text(self.value, self.dimension)


@dataclass(frozen=True, slots=True)
class Name:
    """Another value, by path; `offset` is where it stands in the text."""

    path: str
    offset: int = field(default=0, compare=False)

    def text(self) -> str:
        """As it is written."""
        return self.path


@dataclass(frozen=True, slots=True)
class Draw:
    """A range inside an expression: the `index`-th draw of the value."""

    index: int
    distribution: Distribution

    def text(self) -> str:
        """As it is written."""
        return _inner_text(self.distribution)


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or function applied to terms."""

    name: str
    terms: "tuple[Term, ...]"
    offset: int = field(default=0, compare=False)

    def text(self) -> str:
        """As it is written, with parentheses where an operator's terms are operators."""
        if self.name in FUNCTIONS:
            return f"{self.name}({', '.join(term.text() for term in self.terms)})"
        parts = [_bracketed(term) for term in self.terms]
        if len(parts) == 1:
            return f"not {parts[0]}" if self.name == "not" else f"-{parts[0]}"
        return f" {self.name} ".join(parts)


@dataclass(frozen=True, slots=True)
class Linked:
    """A draw that goes with others: a Gaussian copula whose rank correlations (Spearman) are given.

    Each of its own draws is as `marginal` says, whatever it is linked to; `copula` computes it. It stands alone,
    never inside arithmetic, and its own part of the chance is the draw `#0`.

    Attributes:
        marginal: how it is drawn by itself.
        partners: paths that it goes with, each with the rank correlation, -1 to 1.
    """

    marginal: Distribution
    partners: tuple[tuple[str, float], ...]

    @property
    def own(self) -> Draw:
        """Its own part of the chance."""
        return Draw(0, Uniform(0.0, 1.0))

    def text(self) -> str:
        """As it is written: `linked(20..30 m/s, ego.speed, 0.7)`."""
        named = (f"{path}, {format_number(rank)}" for path, rank in self.partners)
        return f"linked({_inner_text(self.marginal)}, {', '.join(named)})"


Term = Literal | Name | Draw | Linked | Apply


def _inner_text(distribution: Distribution) -> str:
    """A distribution as it is written inside an expression, where a bare word would be a name."""
    if not isinstance(distribution, Choice):
        quoted = distribution.dimension == TEXT
        return f"'{distribution.text()}'" if quoted else distribution.text()
    equal = len({weight for _, weight in distribution.options}) == 1
    texts = [
        f"{_inner_text(option)}{'' if equal else f' @ {format_number(weight)}'}"
        for option, weight in distribution.options
    ]
    return f"({' | '.join(texts)})"


def _bracketed(term: Term) -> str:
    if isinstance(term, Apply) and term.name not in FUNCTIONS:
        return f"({term.text()})"
    return term.text()


FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "min": (2, min), "max": (2, max), "abs": (1, abs), "sqrt": (1, math.sqrt), "if": (3, lambda *parts: parts),
}  # fmt: skip
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expression:
    """A value computed from others."""

    term: Term
    dimension: Dimension = RATIO

    def text(self) -> str:
        """As it is written; a text or flag begins with `=` to be told from a name."""
        return self.term.text() if self.dimension.numeric else f"= {self.term.text()}"

    def names(self) -> tuple[str, ...]:
        """Paths that it reads, in order."""
        return tuple(dict.fromkeys(term.path for term in walk(self.term) if isinstance(term, Name)))

    def draws(self) -> tuple[Distribution, ...]:
        """The ranges inside it, by index."""
        return tuple(term.distribution for term in walk(self.term) if isinstance(term, Draw))


Value = Distribution | Expression


def walk(term: Term) -> list[Term]:
    """The term and every term below it, left to right."""
    if isinstance(term, Linked):
        return [term, term.own, *(Name(path) for path, _ in term.partners)]
    return [term, *(below for child in term.terms for below in walk(child))] if isinstance(term, Apply) else [term]


def compile_term(term: Term) -> Callable[[Get, str], Any]:
    """A function of (getter of values by path, path of this expression) that computes the term."""
    if isinstance(term, Literal):
        constant = term.value
        return lambda get, path: constant
    if isinstance(term, Name):
        name = term.path
        return lambda get, path: get(name)
    if isinstance(term, Draw):
        suffix = f"#{term.index}"
        return lambda get, path: get(path + suffix)
    if isinstance(term, Linked):
        raise TypeError(f"{term.text()} is drawn by scenarios.copula, not computed")
    return _compile_apply(term)


def _compile_apply(term: Apply) -> Callable[[Get, str], Any]:
    parts = [compile_term(child) for child in term.terms]
    if term.name == "and":
        return lambda get, path: all(part(get, path) for part in parts)
    if term.name == "or":
        return lambda get, path: any(part(get, path) for part in parts)
    if term.name == "not":
        return lambda get, path: not parts[0](get, path)
    if term.name == "if":
        cases, otherwise = tuple(zip(parts[0:-1:2], parts[1::2], strict=True)), parts[-1]

        def taken(get: Get, path: str) -> Any:
            return next((value for holds, value in cases if holds(get, path)), otherwise)(get, path)

        return taken
    if term.name in FUNCTIONS:
        function = FUNCTIONS[term.name][1]
        return lambda get, path: function(*(part(get, path) for part in parts))
    if len(parts) == 1:
        return lambda get, path: -parts[0](get, path)
    apply = ARITHMETIC.get(term.name) or COMPARISONS[term.name]
    left, right = parts
    return lambda get, path: apply(left(get, path), right(get, path))


def dimension_of(term: Term, types: Mapping[str, Dimension]) -> Dimension | None:
    """What a term measures; None where a name's type is not known yet.

    Raises:
        TextFault: terms that do not fit together.
    """
    if isinstance(term, Literal):
        return term.dimension
    if isinstance(term, Draw):
        return term.distribution.dimension
    if isinstance(term, Linked):
        return term.marginal.dimension
    if isinstance(term, Name):
        return types.get(term.path)
    found = [dimension_of(child, types) for child in term.terms]
    if term.name in ("and", "or", "not"):
        for child, kind in zip(term.terms, found, strict=True):
            _require(kind is None or kind == FLAG, child, "a condition such as ego.speed > 10 m/s")
        return FLAG
    if term.name in COMPARISONS:
        _same(term, found)
        return FLAG
    if term.name == "if":
        for child, kind in zip(term.terms[:-1:2], found[:-1:2], strict=True):
            _require(kind is None or kind == FLAG, child, "a condition such as ego.speed > 10 m/s")
        return _same(term, [*found[1::2], found[-1]])
    for child, kind in zip(term.terms, found, strict=True):
        _require(kind is None or kind.numeric, child, "a number")
    return _arithmetic_dimension(term, [None if kind is None else kind.as_number() for kind in found])


def _arithmetic_dimension(term: Apply, found: list[Dimension | None]) -> Dimension | None:
    if term.name in ("*", "/"):
        left, right = found
        return None if left is None or right is None else left.times(right, 1 if term.name == "*" else -1)
    if term.name == "sqrt":
        inner = found[0]
        if inner is None:
            return None
        _require(not (inner.m % 2 or inner.s % 2 or inner.rad % 2), term, "a square under the root, as m2/s2")
        return Dimension("number", inner.m // 2, inner.s // 2, inner.rad // 2, inner.mmph // 2)
    return _same(term, found)


def _same(term: Apply, found: list[Dimension | None]) -> Dimension | None:
    known = [kind.as_number() for kind in found if kind is not None]
    if known and any(kind != known[0] for kind in known):
        words = " and ".join(kind.words for kind in dict.fromkeys(known))
        raise TextFault("wrong-dimension", f"{term.text()!r} joins {words}", "terms that measure the same", term.offset)
    return known[0] if known and len(known) == len(found) else (known[0] if known else None)


def _require(holds: bool, term: Term, expected: str) -> None:
    if not holds:
        raise TextFault("wrong-dimension", repr(term.text()), expected, getattr(term, "offset", 0))


def bounds_of(term: Term, box: Callable[[str], Bounds | None]) -> Bounds | None:
    """Everything that a term may be while names stay in their boxes: an interval or a set; None where unknown.

    A condition gives a set of truth values. The result never leaves anything out.
    """
    if isinstance(term, Literal):
        value = term.value
        return frozenset([value]) if isinstance(value, (bool, str)) else (float(value), float(value))
    if isinstance(term, Draw):
        return None if not term.distribution.dimension.numeric else term.distribution.bounds()
    if isinstance(term, Linked):
        return term.marginal.bounds() if term.marginal.dimension.numeric else None
    if isinstance(term, Name):
        return box(term.path)
    return apply_bounds(term.name, [bounds_of(child, box) for child in term.terms])


def apply_bounds(name: str, parts: list[Bounds | None]) -> Bounds | None:
    """Everything that an operation may give while its terms stay in their bounds; None where unknown."""
    if name in ("and", "or", "not"):
        return _logic_bounds(
            name, [part if isinstance(part, frozenset) else frozenset([True, False]) for part in parts]
        )
    if name in COMPARISONS:
        return _comparison_bounds(name, parts[0], parts[1])
    if name == "if":
        return _if_bounds(parts)
    intervals = [part for part in parts if isinstance(part, tuple)]
    if len(intervals) < len(parts):
        return None
    if len(intervals) == 1 and name == "-":
        return -intervals[0][1], -intervals[0][0]
    if name in ("min", "max"):
        function = FUNCTIONS[name][1]
        return function(low for low, _ in intervals), function(high for _, high in intervals)
    if name in ("abs", "sqrt"):
        low, high = intervals[0]
        if name == "sqrt":
            return math.sqrt(max(low, 0.0)), math.sqrt(max(high, 0.0))
        return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
    return _arithmetic_bounds(name, *intervals)


def _if_bounds(parts: list[Bounds | None]) -> Bounds | None:
    possible: list[Bounds | None] = []
    for condition, value in zip(parts[:-1:2], parts[1::2], strict=True):
        holds = condition if isinstance(condition, frozenset) else frozenset([True, False])
        possible += [value] if True in holds else []
        if False not in holds:
            break
    else:
        possible.append(parts[-1])
    return hull(possible)


def hull(parts: list[Bounds | None]) -> Bounds | None:
    """The smallest interval or set that holds every part; None where one is unknown or they mix."""
    intervals = [part for part in parts if isinstance(part, tuple)]
    sets = [part for part in parts if isinstance(part, frozenset)]
    if parts and len(intervals) == len(parts):
        return min(low for low, _ in intervals), max(high for _, high in intervals)
    return frozenset[Any]().union(*sets) if sets and len(sets) == len(parts) else None


def _arithmetic_bounds(name: str, left: tuple[float, float], right: tuple[float, float]) -> Bounds | None:
    if name == "/" and right[0] <= 0 <= right[1]:
        return None
    corners = [ARITHMETIC[name](a, b) for a in left for b in right]
    return min(corners), max(corners)


def _logic_bounds(name: str, parts: list[frozenset[Any]]) -> Bounds:
    if name == "not":
        return frozenset(not value for value in parts[0])
    result = parts[0]
    for part in parts[1:]:
        result = frozenset((a and b) if name == "and" else (a or b) for a in result for b in part)
    return result


def _comparison_bounds(name: str, left: Bounds | None, right: Bounds | None) -> Bounds:
    both: frozenset[Any] = frozenset([True, False])
    if isinstance(left, frozenset) and isinstance(right, frozenset):
        return frozenset(COMPARISONS[name](a, b) for a in left for b in right) if name in ("==", "!=") else both
    if not (isinstance(left, tuple) and isinstance(right, tuple)):
        return both
    (a, b), (c, d) = left, right
    if name in (">", ">="):
        (a, b), (c, d), name = right, left, "<" if name == ">" else "<="
    if name in ("<", "<="):
        always, never = (b < c, a >= d) if name == "<" else (b <= c, a > d)
    else:
        equal, apart = a == b == c == d, b < c or d < a
        always, never = (equal, apart) if name == "==" else (apart, equal)
    return frozenset([True]) if always else frozenset([False]) if never else both
