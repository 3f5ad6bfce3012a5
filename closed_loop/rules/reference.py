"""The slow twin of the evaluator: the definitions, one trace, one moment, one part at a time.

z = rho(formula, t), with minimum and maximum over the moments that exist:

    always[a,b] x      min over d in [a, b] of x(t + d)          historically[a,b] x   min of x(t - d)
    eventually[a,b] x  max of x(t + d)                           once[a,b] x           max of x(t - d)
    x until[a,b] y     max over d in [a, b] of min(y(t + d), min over 0 <= e < d of x(t + e))
    x since[a,b] y     max over d in [a, b] of min(y(t - d), min over 0 <= e < d of x(t - e))
    x unless[a,b] y    max(always[0,b] x, x until[a,b] y)

Source: Maler, Nickovic, FORMATS 2004; Donzé, Maler, FORMATS 2010; conventions at the ends as measured of rtamt 0.4.10.
"""

import math
from collections.abc import Mapping, Sequence

from closed_loop.rules.formula import (
    Arithmetic,
    Compare,
    Edge,
    ForActors,
    Formula,
    Holds,
    Join,
    Node,
    Not,
    Number,
    Reach,
    Shift,
    Signal,
    Term,
    Window,
)

Trace = Mapping[str, Sequence[float] | Sequence[Sequence[float]]]


def robustness_at(
    formula: Formula, trace: Trace, step_s: float, moment: int, present: Sequence[Sequence[bool]] | None = None
) -> float:
    """Robustness of one formula on one trace (signals of T samples, or T x A) at one moment."""
    return _Reference(trace, step_s, present).at(formula.root, moment, {})


class _Reference:
    def __init__(self, trace: Trace, step_s: float, present: Sequence[Sequence[bool]] | None) -> None:
        self.trace, self.step_s, self.present = trace, step_s, present
        self.count = len(next(iter(trace.values())))

    def at(self, node: Node, t: int, who: Mapping[str, int]) -> float:
        match node:
            case Compare() | Holds():
                return self.predicate(node, t, who)
            case Not():
                return -self.at(node.child, t, who)
            case Join():
                return _join(node.op, self.at(node.left, t, who), self.at(node.right, t, who))
            case Window():
                return self.window(node, t, who)
            case Reach():
                return self.reach(node, t, who)
            case Shift():
                s = t + (1 if "next" in node.op else -1)
                return self.at(node.child, s, who) if 0 <= s < self.count else math.inf * (-1 if "s_" in node.op else 1)
            case Edge():
                sign = 1 if node.op == "rise" else -1
                now = sign * self.at(node.child, t, who)
                return now if t == 0 else min(-sign * self.at(node.child, t - 1, who), now)
            case ForActors():
                return self.actors(node, t, who)

    def actors(self, node: ForActors, t: int, who: Mapping[str, int]) -> float:
        tables = [value for key, value in self.trace.items() if "*" in key]
        everyone = range(len(tables[0][0])) if tables and isinstance(tables[0][0], Sequence) else range(0)
        there = [a for a in everyone if self.present is None or self.present[t][a]]
        margins = [self.at(node.child, t, {**who, node.name: a}) for a in there]
        return min(margins, default=math.inf) if node.every else max(margins, default=-math.inf)

    def predicate(self, node: Compare | Holds, t: int, who: Mapping[str, int]) -> float:
        terms = (node.term,) if isinstance(node, Holds) else (node.left, node.right)
        values = [self.term(term, t, who) for term in terms]
        if any(math.isnan(value) for value in values):
            return -math.inf
        if isinstance(node, Holds):
            return values[0]
        gap = values[1] - values[0] if node.op in ("<", "<=") else values[0] - values[1]
        return -abs(gap) if node.op == "==" else abs(gap) if node.op == "!=" else gap

    def term(self, term: Term, t: int, who: Mapping[str, int]) -> float:
        match term:
            case Number():
                return term.value
            case Signal():
                sample = self.trace[term.key][t]
                for arg in term.args:
                    if arg != "ego" and isinstance(sample, Sequence):
                        sample = sample[who[arg]]
                assert not isinstance(sample, Sequence)
                return float(sample)
            case Arithmetic():
                return _arithmetic(term.op, [self.term(part, t, who) for part in term.parts])

    def offsets(self, node: Window | Reach) -> range:
        begin, end = (0, None) if node.interval is None else node.interval.steps(self.step_s)
        return range(begin, max(begin, self.count) + 1 if end is None else end + 1)

    def window(self, node: Window, t: int, who: Mapping[str, int]) -> float:
        sign = 1 if node.op in ("always", "eventually") else -1
        moments = [t + sign * d for d in self.offsets(node)]
        margins = [self.at(node.child, s, who) for s in moments if 0 <= s < self.count]
        if node.op in ("always", "historically"):
            return min(margins, default=math.inf)
        return max(margins, default=-math.inf)

    def reach(self, node: Reach, t: int, who: Mapping[str, int]) -> float:
        sign = -1 if node.op == "since" else 1
        best = -math.inf
        for d in self.offsets(node):
            if not 0 <= t + sign * d < self.count:
                continue
            held = min((self.at(node.left, t + sign * e, who) for e in range(d)), default=math.inf)
            best = max(best, min(self.at(node.right, t + sign * d, who), held))
        if node.op == "unless":
            last = min(self.offsets(node)[-1], self.count - 1 - t)
            best = max(best, min(self.at(node.left, t + e, who) for e in range(last + 1)))
        return best


def _join(op: str, left: float, right: float) -> float:
    match op:
        case "and":
            return min(left, right)
        case "or":
            return max(left, right)
        case "implies":
            return max(-left, right)
        case _:
            apart = 0.0 if left == right else abs(left - right)
            return apart if op == "xor" else -apart


def _arithmetic(op: str, parts: list[float]) -> float:
    match op:
        case "+":
            return parts[0] + parts[1]
        case "-":
            return parts[0] - parts[1]
        case "*":
            return parts[0] * parts[1]
        case "/":
            return parts[0] / parts[1]
        case "pow":
            return math.pow(parts[0], parts[1])
        case "sqrt":
            return math.sqrt(parts[0])
        case "exp":
            return math.exp(parts[0])
        case _:
            return abs(parts[0])
