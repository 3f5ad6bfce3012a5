"""Conditions as trees that know their bounds and narrow what is below them.

Forward, every node says what it may be while the draws stay in a box; backward, a node that must lie within bounds
narrows the draws below it. One pass forward and one backward is the contraction HC4-revise (Benhamou, Goualard,
Granvilliers, Puget, "Revising hull and box consistency", ICLP 1999).
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scenarios.constraints.ranges import Part, bounds_of_value, part_of, range_of
from scenarios.expressions import COMPARISONS, Apply, Bounds, Draw, Expression, Linked, Literal, Name, Term, Value
from scenarios.expressions import apply_bounds as bounds_of_apply
from scenarios.space import Choice, Const, Distribution
from scenarios.units import FLAG, TEXT

Box = dict[str, Part]
MAX_DEPTH = 24
MAX_NODES = 2000
_EITHER: frozenset[Any] = frozenset([True, False])


class Node(ABC):
    """One term."""

    @abstractmethod
    def forward(self, box: Box) -> Bounds | None:
        """Everything that the term may be in the box; None where unknown."""

    @abstractmethod
    def backward(self, box: Box, wanted: Bounds) -> bool:
        """Narrows the box to where the term can lie in `wanted`, after `forward`; False where it cannot."""


@dataclass(slots=True)
class Fixed(Node):
    """A number, text or flag, or something of which no more than its bounds is known."""

    bounds: Bounds | None

    def forward(self, box: Box) -> Bounds | None:
        """Its bounds."""
        return self.bounds

    def backward(self, box: Box, wanted: Bounds) -> bool:
        """Nothing to narrow."""
        return meet(self.bounds, wanted) is not _NOTHING


@dataclass(slots=True)
class Drawn(Node):
    """A draw; the box holds the part of [0, 1) in which its fraction lies."""

    path: str
    distribution: Distribution
    known: dict[Part, Bounds | None] = field(default_factory=lambda: {})

    def forward(self, box: Box) -> Bounds | None:
        """What can be drawn."""
        part = box[self.path]
        if part not in self.known:
            if len(self.known) > 4096:
                self.known.clear()
            self.known[part] = range_of(self.distribution, part)
        return self.known[part]

    def backward(self, box: Box, wanted: Bounds) -> bool:
        """Narrows the fraction."""
        now = self.forward(box)
        if isinstance(now, tuple) and isinstance(wanted, tuple) and wanted[0] <= now[0] and now[1] <= wanted[1]:
            return True
        part = part_of(self.distribution, wanted, box[self.path])
        if part is None:
            return False
        box[self.path] = part
        return True


@dataclass(slots=True)
class Applied(Node):
    """An operator, function, comparison or connective."""

    name: str
    parts: list[Node]
    last: list[Bounds | None] = field(default_factory=lambda: [])

    def forward(self, box: Box) -> Bounds | None:
        """By interval arithmetic."""
        self.last = [part.forward(box) for part in self.parts]
        return bounds_of_apply(self.name, self.last)

    def backward(self, box: Box, wanted: Bounds) -> bool:
        """By the inverse of each operation."""
        if self.name in ("and", "or", "not"):
            return self._connective(box, wanted)
        if self.name == "if":
            return self._branches(box, wanted)
        if self.name in COMPARISONS:
            return wanted == _EITHER or self._comparison(box, self.name if True in wanted else _OPPOSITE[self.name])
        if not isinstance(wanted, tuple) or any(not isinstance(part, tuple) for part in self.last):
            return True
        intervals = [part for part in self.last if isinstance(part, tuple)]
        return all(
            asked is None or part.backward(box, asked)
            for part, asked in zip(self.parts, _inverse(self.name, intervals, wanted), strict=True)
        )

    def _connective(self, box: Box, wanted: Bounds) -> bool:
        if not isinstance(wanted, frozenset) or wanted == _EITHER:
            return True
        holds = True in wanted
        if self.name == "not":
            return self.parts[0].backward(box, frozenset([not holds]))
        if holds == (self.name == "and"):
            return all(part.backward(box, frozenset([holds])) for part in self.parts)
        # One of them is enough; where only one still can, it must.
        able = [part for part, now in zip(self.parts, self.last, strict=True)
                if not isinstance(now, frozenset) or holds in now]  # fmt: skip
        return bool(able) and (len(able) > 1 or able[0].backward(box, frozenset([holds])))

    def _branches(self, box: Box, wanted: Bounds) -> bool:
        conditions, values = self.parts[:-1:2], [*self.parts[1::2], self.parts[-1]]
        bounds = [*self.last[1::2], self.last[-1]]
        able = [k for k, now in enumerate(bounds) if meet(now, wanted) is not _NOTHING and self._reached(k)]
        if not able:
            return False
        if len(able) > 1:
            return True
        taken = able[0]
        refused = all(part.backward(box, frozenset([False])) for part in conditions[:taken])
        chosen = taken == len(conditions) or conditions[taken].backward(box, frozenset([True]))
        return refused and chosen and values[taken].backward(box, wanted)

    def _reached(self, branch: int) -> bool:
        before, own = self.last[: 2 * branch : 2], self.last[2 * branch : -1 : 2][:1]
        refusable = all(not isinstance(now, frozenset) or False in now for now in before)
        return refusable and all(not isinstance(now, frozenset) or True in now for now in own)

    def _comparison(self, box: Box, name: str) -> bool:
        one, two = self.last
        if isinstance(one, frozenset) or isinstance(two, frozenset):
            return self._sets(box, name)
        if one is None or two is None or name == "!=":
            return True
        if name == "==":
            return self.parts[0].backward(box, two) and self.parts[1].backward(box, one)
        less, more = (0, 1) if name in ("<", "<=") else (1, 0)
        low, high = (one, two) if less == 0 else (two, one)
        if low[0] > high[1] or (name in ("<", ">") and low[0] >= high[1]):
            return False
        return self.parts[less].backward(box, (-math.inf, high[1])) and self.parts[more].backward(
            box, (low[0], math.inf)
        )

    def _sets(self, box: Box, name: str) -> bool:
        one, two = self.last
        if not isinstance(one, frozenset) or not isinstance(two, frozenset) or name not in ("==", "!="):
            return True
        if name == "==":
            return self.parts[0].backward(box, two) and self.parts[1].backward(box, one)
        left = len(two) > 1 or self.parts[0].backward(box, one - two)
        return left and (len(one) > 1 or self.parts[1].backward(box, two - one))


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


class _Nothing:
    """No value at all."""


_NOTHING = _Nothing()


def meet(one: Bounds | None, two: Bounds | None) -> "Bounds | _Nothing | None":
    """What is in both; `_NOTHING` where they have nothing in common."""
    if one is None or two is None:
        return two if one is None else one
    if isinstance(one, tuple) and isinstance(two, tuple):
        low, high = max(one[0], two[0]), min(one[1], two[1])
        return (low, high) if low <= high else _NOTHING
    if isinstance(one, frozenset) and isinstance(two, frozenset):
        return one & two or _NOTHING
    return _NOTHING


Interval = tuple[float, float]


def _inverse(name: str, parts: list[Interval], wanted: Interval) -> list[Interval | None]:
    """What each term must be so that the operation can lie in `wanted`; None where nothing follows."""
    low, high = _padded(wanted)
    if len(parts) == 1 and name == "-":
        return [(-high, -low)]
    if name in ("min", "max"):
        return _extreme_inverse(name, parts, (low, high))
    if name == "abs":
        (a, b) = parts[0]
        return [(max(low, 0.0), high) if a >= 0 else (-high, -max(low, 0.0)) if b <= 0 else (-high, high)]
    if name == "sqrt":
        return [(max(low, 0.0) ** 2 if low > 0 else -math.inf, high**2 if high >= 0 else -math.inf)]
    (a, b), (c, d) = parts
    if name == "+":
        return [(low - d, high - c), (low - b, high - a)]
    if name == "-":
        return [(low + c, high + d), (a - high, b - low)]
    if name == "*":
        return [_quotient((low, high), (c, d)), _quotient((low, high), (a, b))]
    return [_product((low, high), (c, d)), _quotient((a, b), (low, high))]


def _padded(wanted: Interval) -> Interval:
    """Room for the rounding of the operation forward."""
    low, high = wanted
    return low - 1e-14 * abs(low) if low > -math.inf else low, high + 1e-14 * abs(high) if high < math.inf else high


def _extreme_inverse(name: str, parts: list[Interval], wanted: Interval) -> list[Interval | None]:
    found: list[Interval | None] = []
    for k in range(len(parts)):
        others = [part for i, part in enumerate(parts) if i != k]
        if name == "min":
            alone = min((low for low, _ in others), default=math.inf) > wanted[1]
            found.append((wanted[0], wanted[1] if alone else math.inf))
        else:
            alone = max((high for _, high in others), default=-math.inf) < wanted[0]
            found.append((wanted[0] if alone else -math.inf, wanted[1]))
    return found


def _product(one: Interval, two: Interval) -> Interval | None:
    if not all(map(math.isfinite, (*one, *two))):
        return None
    corners = [a * b for a in one for b in two]
    return min(corners), max(corners)


def _quotient(one: Interval, two: Interval) -> Interval | None:
    if two[0] <= 0 <= two[1]:
        return None
    if not all(map(math.isfinite, two)):
        return None
    corners = [a / b for a in one for b in two]
    return min(corners), max(corners)


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean: values by path, and those among them whose draws are not to be touched."""

    sources: Mapping[str, Value]
    untouched: frozenset[str] = frozenset()
    made: list[int] = field(default_factory=lambda: [0])

    def node(self, term: Term, path: str = "where", depth: int = 0) -> Node:
        """The tree of a term that belongs to the value at `path`."""
        # Values that read others twice, again and again, would make trees without end: what is below is left unknown.
        self.made[0] += 1
        if self.made[0] > MAX_NODES:
            return Fixed(None)
        if isinstance(term, Literal):
            return Fixed(bounds_of_value(term.value))
        if isinstance(term, Draw):
            return self._drawn(f"{path}#{term.index}", term.distribution, path in self.untouched)
        if isinstance(term, Name):
            return self._named(term.path, depth)
        if isinstance(term, Linked):
            return Fixed(_whole(term.marginal))
        assert isinstance(term, Apply)
        return Applied(term.name, [self.node(child, path, depth) for child in term.terms])

    def _named(self, path: str, depth: int) -> Node:
        value = self.sources.get(path)
        if value is None or depth > MAX_DEPTH:
            return Fixed(None)
        if isinstance(value, Expression):
            return self.node(value.term, path, depth + 1)
        return self._drawn(path, value, path in self.untouched)

    def _drawn(self, path: str, distribution: Distribution, untouched: bool) -> Node:
        if isinstance(distribution, Const) or untouched:
            return Fixed(_whole(distribution))
        return Drawn(path, distribution)


def _whole(distribution: Distribution) -> Bounds | None:
    if isinstance(distribution, Const):
        return bounds_of_value(distribution.value)
    if distribution.dimension.numeric:
        return distribution.bounds()
    if isinstance(distribution, Choice) and distribution.dimension in (TEXT, FLAG):
        return frozenset(option.value for option, _ in distribution.options if isinstance(option, Const))
    return None


def draws_below(node: Node) -> dict[str, Distribution]:
    """The draws that a tree reads, by path."""
    if isinstance(node, Drawn):
        return {node.path: node.distribution}
    if isinstance(node, Applied):
        return {path: found for part in node.parts for path, found in draws_below(part).items()}
    return {}
