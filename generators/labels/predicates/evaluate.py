"""Whether a statement holds in a drive, and the values that decide it.

A statement is judged at the first moment of its span; `always`, `eventually`, `finally`, `change` and `onset` look
ahead to the span's end, or over the seconds of their window, which ends with the drive. `always` over no moment holds,
`eventually` over none does not. What is said of somebody who is not there does not hold, whatever it is; only
`exists` asks, and `not` of such a statement holds.

Evidence tells the values at the moment that decides: of `eventually` the first at which it holds, of `always` the first
at which it does not; where there is none, the moment at which a comparison comes nearest to changing its mind.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from generators.labels.predicates import nodes as n
from generators.labels.predicates.grammar import Names, parse
from generators.labels.predicates.table import FUNCTIONS
from generators.labels.predicates.view import View


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a statement.

    Attributes:
        holds: whether it holds.
        evidence: value of each quantity and fact at the moment that decides, by its text; moments in seconds as
            `text @s` where that is not the first of the span.
    """

    holds: bool
    evidence: Mapping[str, Any] = field(default_factory=lambda: {})


def evaluate(statement: str | n.Node, view: View, start_ns: int, end_ns: int) -> Verdict:
    """Whether a statement holds over a span of time, with its evidence.

    Raises:
        InputError: it is no statement about this drive.
    """
    node = parse(statement, Names.of(view)) if isinstance(statement, str) else statement
    start = view.step(start_ns)
    end = max(int(np.searchsorted(view.rollout.timestamps_ns, end_ns, side="right")) - 1, start)
    judge = _Judge(view, end)
    evidence: dict[str, Any] = {}
    judge.explain(node, start, start, evidence)
    return Verdict(bool(judge.truth(node)[start]), evidence)


def holds(statement: str | n.Node, view: View, start_ns: int, end_ns: int) -> bool:
    """Whether a statement holds over a span of time."""
    return evaluate(statement, view, start_ns, end_ns).holds


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges statements at every moment up to the end of one span."""

    view: View
    end: int

    def truth(self, node: n.Node) -> Bool[np.ndarray, "T"]:
        match node:
            case n.Call():
                return values_of(node, self.view).astype(bool) & self.there(node)
            case n.Compare():
                return self.compare(node)
            case n.Not(of):
                return ~self.truth(of)
            case n.Both():
                left, right = self.truth(node.left), self.truth(node.right)
                if node.word == "and":
                    return left & right
                return left | right if node.word == "or" else ~left | right
            case n.Over():
                return self.over(node)

    def there(self, node: n.Node | n.Term) -> Bool[np.ndarray, "T"]:
        """Whether everybody of whom a comparison or call speaks now is there."""
        here = np.ones(len(self.view.seconds), dtype=bool)
        for call in calls_now(node):
            for kind, name in zip(FUNCTIONS[call.function].takes, call.arguments, strict=True):
                if kind == "actor":
                    here = here & self.view.here(name.strip('"'))
        return here

    def compare(self, node: n.Compare) -> Bool[np.ndarray, "T"]:
        left, right = self.term(node.left), self.term(node.right)
        match node.sign:
            case "<":
                found = left < right
            case "<=":
                found = left <= right
            case ">":
                found = left > right
            case ">=":
                found = left >= right
            case "==":
                found = left == right
            case _:
                found = left != right
        return np.broadcast_to(np.asarray(found), self.view.seconds.shape) & self.there(node)

    def term(self, term: n.Term) -> np.ndarray:
        match term:
            case n.Number():
                return np.full(len(self.view.seconds), term.value)
            case n.Word():
                return np.full(len(self.view.seconds), term.name)
            case n.Call():
                return values_of(term, self.view)
            case n.Change(of):
                now = self.term(of)
                return now[self.end] - now
            case n.Onset(of):
                return self.onset(of)
            case n.Arithmetic():
                left, right = self.term(term.left), self.term(term.right)
                return left + right if term.sign == "+" else left - right

    def onset(self, node: n.Node) -> Float[np.ndarray, "T"]:
        true, seconds = self.truth(node), self.view.seconds
        first = np.full(len(seconds), np.inf)
        coming = np.inf
        for k in range(len(seconds) - 1, -1, -1):
            if k <= self.end and true[k]:
                coming = float(seconds[k])
            first[k] = coming - seconds[k]
        return first

    def window(self, node: n.Over, k: int) -> tuple[int, int]:
        """First and last moment that an operator looks at from moment `k`; empty where the last is before the first."""
        if node.from_s is None or node.to_s is None:
            return k, self.end
        now, seconds = float(self.view.seconds[k]), self.view.seconds
        first = int(np.searchsorted(seconds, now + node.from_s - 1e-6))
        return first, int(np.searchsorted(seconds, now + node.to_s + 1e-6)) - 1

    def over(self, node: n.Over) -> Bool[np.ndarray, "T"]:
        inner = self.truth(node.of)
        if node.word == "finally":
            return np.full(len(inner), bool(inner[self.end]))
        counts = np.concatenate([[0], np.cumsum(inner)])
        result = np.zeros(len(inner), dtype=bool)
        for k in range(len(inner)):
            first, last = self.window(node, k)
            length = max(last - first + 1, 0)
            true = int(counts[last + 1] - counts[first]) if length else 0
            result[k] = true == length if node.word == "always" else true > 0
        return result

    def explain(self, node: n.Node, k: int, start: int, evidence: dict[str, Any]) -> None:
        """Writes what decides a statement at moment `k`."""
        match node:
            case n.Not(of):
                self.explain(of, k, start, evidence)
            case n.Both():
                self.explain(node.left, k, start, evidence)
                self.explain(node.right, k, start, evidence)
            case n.Over():
                moment = self.deciding(node, k)
                if moment is not None:
                    self.explain(node.of, moment, start, evidence)
            case n.Compare():
                self.note_term(node.left, k, start, evidence)
                self.note_term(node.right, k, start, evidence)
            case n.Call():
                self.note(str(node), self.truth(node)[k], k, start, evidence)

    def note_term(self, term: n.Term, k: int, start: int, evidence: dict[str, Any]) -> None:
        match term:
            case n.Number() | n.Word():
                return
            case n.Arithmetic():
                self.note_term(term.left, k, start, evidence)
                self.note_term(term.right, k, start, evidence)
            case _:
                self.note(str(term), self.term(term)[k], k, start, evidence)

    def note(self, text: str, value: Any, k: int, start: int, evidence: dict[str, Any]) -> None:
        evidence[text] = plain_value(value)
        if k != start:
            evidence[f"{text} @s"] = round(float(self.view.seconds[k]), 3)

    def deciding(self, node: n.Over, k: int) -> int | None:
        """The moment that decides an operator; None where it looks at none."""
        if node.word == "finally":
            return self.end
        first, last = self.window(node, k)
        if last < first:
            return None
        inner = self.truth(node.of)[first : last + 1]
        wanted = node.word == "eventually"
        if (inner == wanted).any():
            return first + int(np.argmax(inner == wanted))
        return first + nearest_miss(self.margin(node.of)[first : last + 1])

    def margin(self, node: n.Node) -> Float[np.ndarray, "T"]:
        """How far a comparison of quantities is from changing its mind; NaN for everything else."""
        if isinstance(node, n.Compare):
            left, right = self.term(node.left), self.term(node.right)
            if left.dtype.kind == "f" and right.dtype.kind == "f":
                with np.errstate(invalid="ignore"):
                    return np.abs(left - right)
        return np.full(len(self.view.seconds), np.nan)


def calls_now(node: n.Node | n.Term) -> tuple[n.Call, ...]:
    """The calls whose value at this very moment counts; those under `change` and `onset` look elsewhere too."""
    if isinstance(node, n.Onset):
        return ()
    return n.calls_in(node) if not isinstance(node, n.Compare) else (*calls_now(node.left), *calls_now(node.right))


def values_of(call: n.Call, view: View) -> np.ndarray:
    """Values of a call at every moment."""
    function = FUNCTIONS[call.function]
    return function.values(view, tuple(name.strip('"') for name in call.arguments))


def nearest_miss(margin: Float[np.ndarray, "k"]) -> int:
    """Where a margin is least; 0 where there is none."""
    return int(np.nanargmin(margin)) if np.isfinite(margin).any() else 0


def plain_value(value: Any) -> Any:
    """A value as plain data: numbers with four digits behind the point, infinities and NaN as text."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, str):
        return str(value)
    number = float(value)
    if not np.isfinite(number):
        return "nan" if np.isnan(number) else ("inf" if number > 0 else "-inf")
    return round(number, 4)


_NUMBER = re.compile(r"(?<![\w.\-])-?\d+(?:\.\d+)?")


def numbers_in(text: str) -> tuple[float, ...]:
    """The numbers that a statement compares with."""
    return tuple(float(x) for x in _NUMBER.findall(re.sub(r"\([^()]*\)", "", text)))
