"""Evaluates formulae over batches of traces: robustness at every moment, and whether the formula holds.

Semantics: those of rtamt 0.4.10 in discrete time, to the last bit. Windows are clipped at the ends of the trace;
`always` over nothing is +inf, `eventually` over nothing -inf; in `x until y` x need not hold at the moment of y.
A bounded until is O(T): x U[a,b] y = F[a,b] y and (x until y after a moments of x), an identity of least and greatest
(Donzé, Ferrère, Maler, CAV 2013, lemma 4), hence exact.

Robustness 0 does not say whether `x >= 0` or `x > 0` was meant; `satisfaction` does: the same operators on truth
values instead of margins.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float

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
    walk,
)
from closed_loop.rules.numeric import Arrays, NumpyArrays
from driving_data.errors import Fault, InputError, nearest_name

_BLOCK = 1 << 15

Signals: TypeAlias = Mapping[str, Any]
"""Values by `Signal.key`: (*batch, T) for `speed`, (*batch, T, A) for `gap(*)`, (*batch, T, A, A) for `apart(*,*)`."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Signals ready to be read: leading axes flattened to one batch, time last.

    Attributes:
        values: by key; (B, T), or (B, A, T) and (B, A, A, T) with actor axes.
        batch: the shape that the batch had.
        num_steps: T.
        present: who takes part in quantifiers, (B, A, T); None where everyone always does.
        strict: keys of signals that hold only above zero; the others hold at zero too.
    """

    values: Mapping[str, Any]
    batch: tuple[int, ...]
    num_steps: int
    present: Bool[np.ndarray, "B A T"] | None = None
    strict: frozenset[str] = frozenset()


@dataclass(slots=True)
class Evaluation:
    """The value of every part of a formula on a trace, made when first asked and kept; (B, one axis a variable, T)."""

    trace: Trace
    names: tuple[str, ...]
    step_s: float
    arrays: Arrays
    truth: bool = False
    scales: Mapping[Node, float] = field(default_factory=lambda: {})
    known: dict[Node, Any] = field(default_factory=lambda: {})

    def value(self, node: Node) -> Any:
        """Robustness of a part at every moment; its truth as +1 and -1 where `truth`."""
        if node not in self.known:
            self.known[node] = self._make(node)
        return self.known[node]

    def _make(self, node: Node) -> Any:
        match node:
            case Compare() | Holds():
                return self._predicate(node)
            case Not():
                return self._one("neg", self.value(node.child))
            case Join():
                return self._join(node)
            case Window():
                return self._window(node)
            case Reach():
                return self._reach(node)
            case Shift():
                offset = 1 if node.op in ("next", "s_next") else -1
                return self.arrays.shift(self.value(node.child), offset, np.inf * (-1 if node.op[:2] == "s_" else 1))
            case Edge():
                child = self.value(node.child)
                now = child if node.op == "rise" else self._one("neg", child)
                before = self._one("neg", now)
                return self._two("min", self.arrays.shift(before, -1, np.inf), now)
            case ForActors():
                child, axis = self.value(node.child), 1 + self.names.index(node.name)
                return self.arrays.reduce(child, axis, self._present(node, child), not node.every)

    def _one(self, op: str, value: Any) -> Any:
        return self.arrays.elementary(op, (value,))

    def _two(self, op: str, left: Any, right: Any) -> Any:
        return self.arrays.elementary(op, (left, right))

    def _join(self, node: Join) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        match node.op:
            case "and":
                return self._two("min", left, right)
            case "or":
                return self._two("max", left, right)
            case "implies":
                return self._two("max", self._one("neg", left), right)
            case _ if self.truth:
                differs = np.where(left * right > 0, -1.0, 1.0)
                return differs if node.op == "xor" else -differs
            case _:
                # Two infinite margins are equal margins; their difference is no number.
                apart = self.arrays.elementary("differ", (left, right))
                return apart if node.op == "xor" else self._one("neg", apart)

    def _least(self, value: Any, low: int, high: int, largest: bool) -> Any:
        if not largest:
            return self.arrays.least(value, low, high)
        return self._one("neg", self.arrays.least(self._one("neg", value), low, high))

    def _window(self, node: Window) -> Any:
        begin, end = self._steps(node)
        largest = node.op in ("eventually", "once")
        low, high = (begin, end) if node.op in ("always", "eventually") else (-end, -begin)
        return self._least(self.value(node.child), low, high, largest)

    def _steps(self, node: Window | Reach) -> tuple[int, int]:
        begin, end = (0, None) if node.interval is None else node.interval.steps(self.step_s)
        return begin, max(begin, self.trace.num_steps) if end is None else end

    def _reach(self, node: Reach) -> Any:
        backward = node.op == "since"
        left, right = self.value(node.left), self.value(node.right)
        begin, end = self._steps(node)
        found = self.arrays.reach(left, right, backward)
        sign = -1 if backward else 1
        if begin:
            low, high = sorted((0, sign * (begin - 1)))
            found = self._two(
                "min", self.arrays.least(left, low, high), self.arrays.shift(found, sign * begin, -np.inf)
            )
        if end < self.trace.num_steps:
            low, high = sorted((sign * begin, sign * end))
            found = self._two("min", found, self._least(right, low, high, True))
        if node.op == "unless":
            found = self._two("max", found, self._least(left, 0, end, False))
        return found

    def _predicate(self, node: Compare | Holds) -> Any:
        if isinstance(node, Holds):
            margin = self._term(node.term)
            strict = isinstance(node.term, Signal) and node.term.key in self.trace.strict
            op = ">" if strict else ">="
        else:
            margin, op = self._compare(node), node.op
        margin = self._known_only(node, margin)
        if not self.truth:
            return margin / self.scales[node] if node in self.scales else margin
        at_zero = op in ("<=", ">=", "==")
        return np.where(margin >= 0 if at_zero else margin > 0, 1.0, -1.0)

    def _compare(self, node: Compare) -> Any:
        left, right = self._term(node.left), self._term(node.right)
        match node.op:
            case "<" | "<=":
                return self._two("-", right, left)
            case ">" | ">=":
                return self._two("-", left, right)
            case "!=":
                return self._one("abs", self._two("-", left, right))
            case "==":
                return self._one("neg", self._one("abs", self._two("-", left, right)))

    def _known_only(self, node: Compare | Holds, margin: Any) -> Any:
        """Of one who is absent nothing holds; of one who is there a margin that is no number is an error."""
        missing = margin != margin
        if not bool(missing.any()):
            return margin
        if self._absent(node) is not None:
            wrong = missing & ~np.broadcast_to(self._absent(node), missing.shape)
            if not wrong.any():
                return np.where(missing, -np.inf, margin)
        raise ValueError(
            f"the margin of {node} is no number at some moment: a signal is NaN, or the term undefined there"
        )

    def _absent(self, node: Compare | Holds) -> Any:
        """Where one of the actors that a predicate speaks of is absent; None where nobody ever is."""
        if self.trace.present is None:
            return None
        absent: Any = None
        for signal in Formula(node, "").signals():
            for arg in signal.args:
                if arg != "ego":
                    gone = ~self._along(self.trace.present, arg)
                    absent = gone if absent is None else absent | gone
        return absent

    def _present(self, node: ForActors, child: Any) -> np.ndarray:
        if self.trace.present is None:
            return np.ones((1,) * child.ndim, dtype=bool)
        return self._along(self.trace.present, node.name)

    def _along(self, values: np.ndarray, name: str) -> np.ndarray:
        """(B, A, T) with the actor axis where the variable has its own."""
        shape = [1] * len(self.names)
        shape[self.names.index(name)] = values.shape[1]
        return values.reshape(values.shape[0], *shape, values.shape[2])

    def _term(self, term: Term) -> Any:
        match term:
            case Number():
                return np.full((1,) * (1 + len(self.names)) + (self.trace.num_steps,), term.value)
            case Arithmetic():
                return self.arrays.elementary(term.op, [self._term(part) for part in term.parts])
            case Signal():
                return self._signal(term)

    def _signal(self, signal: Signal) -> Any:
        values = self.trace.values[signal.key]
        variables = [arg for arg in signal.args if arg != "ego"]
        places = [self.names.index(name) for name in variables]
        # The axes stand in the order of the arguments; the variables have theirs in the order of the formula.
        order = sorted(range(len(places)), key=lambda k: places[k])
        turned = values if order == list(range(len(places))) else values.transpose(0, *(1 + k for k in order), -1)
        shape = [1] * len(self.names)
        for k, axis in zip(order, sorted(places), strict=True):
            shape[axis] = values.shape[1 + k]
        return turned.reshape(values.shape[0], *shape, values.shape[-1])


def robustness(
    formula: Formula,
    signals: Signals,
    step_s: float,
    *,
    present: Bool[np.ndarray, "*batch T A"] | None = None,
) -> Float[np.ndarray, "*batch T"]:
    """Robustness of a formula at every moment of every trace, in the unit of its margins; below 0 it is violated.

    Args:
        formula: what is asked.
        signals: values by `Signal.key`.
        step_s: time between samples.
        present: who exists when; quantifiers pass over the absent, and of them no predicate holds.

    Raises:
        InputError: a signal of the formula is missing; every missing one is told.
        ValueError: shapes do not fit, a margin is NaN, or an interval holds no sample.
    """
    return _in_blocks(formula, trace_of(formula, signals, present), step_s, truth=False)


def satisfaction(
    formula: Formula,
    signals: Signals,
    step_s: float,
    *,
    present: Bool[np.ndarray, "*batch T A"] | None = None,
    strict: frozenset[str] = frozenset(),
) -> Bool[np.ndarray, "*batch T"]:
    """Whether a formula holds at every moment: as the sign of `robustness`, and decided where that is 0.

    Args: as `robustness`; `strict` names the signals that hold only above zero where they stand as predicates.
    Raises: as `robustness`.
    """
    return _in_blocks(formula, trace_of(formula, signals, present, strict), step_s, truth=True) > 0


def evaluation(
    formula: Formula,
    trace: Trace,
    step_s: float,
    truth: bool = False,
    scales: Mapping[Node, float] = MappingProxyType({}),
) -> Evaluation:
    """An evaluation of a formula on a trace, with nothing evaluated yet; `scales` divide margins of predicates."""
    if not step_s > 0:
        raise ValueError(f"a step of {step_s} s")
    return Evaluation(trace, variables_of(formula), step_s, NumpyArrays(), truth, scales)


def variables_of(formula: Formula) -> tuple[str, ...]:
    """Names that its quantifiers bind, in the order of the text."""
    return tuple(dict.fromkeys(node.name for node in walk(formula.root) if isinstance(node, ForActors)))


def trace_of(
    formula: Formula,
    signals: Signals,
    present: np.ndarray | None = None,
    strict: frozenset[str] = frozenset(),
    kind: Literal["numpy", "torch"] = "numpy",
) -> Trace:
    """The signals of a formula, brought to one shape.

    Raises:
        InputError: a signal is missing.
        ValueError: shapes do not fit.
    """
    wanted = {signal.key: len([arg for arg in signal.args if arg != "ego"]) for signal in formula.signals()}
    faults = [
        Fault("", 0, 0, "signals", "unknown-name", repr(key), f"a value for it; given are {', '.join(signals)}",
              nearest_name(key, signals))
        for key in wanted if key not in signals
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    # A formula of constants has the length of whatever plain signal is given.
    wanted = wanted or {key: 0 for key in list(signals)[:1] if "(" not in key}
    if not wanted:
        raise ValueError("a formula without signals needs a signal that says how long the trace is")
    batch: tuple[int, ...] | None = None
    steps, values = 0, dict[str, Any]()
    for key, axes in wanted.items():
        value: Any = np.asarray(signals[key], dtype=np.float64) if kind == "numpy" else signals[key]
        if value.ndim < 1 + axes:
            raise ValueError(f"signal {key!r} has shape {tuple(value.shape)}: time and {axes} actor axes were expected")
        lead, count = tuple(value.shape[: value.ndim - 1 - axes]), int(value.shape[value.ndim - 1 - axes])
        if batch is None:
            batch, steps = lead, count
        if (lead, count) != (batch, steps):
            raise ValueError(f"signal {key!r} has batch {lead} and {count} moments, others {batch} and {steps}")
        flat = value.reshape(math.prod(lead), *value.shape[value.ndim - 1 - axes :])
        values[key] = _time_last(flat, axes)
    if steps == 0:
        raise ValueError("a trace without moments")
    there = None
    if present is not None:
        there = np.asarray(present, dtype=bool)
        there = _time_last(there.reshape(math.prod(there.shape[:-2]), *there.shape[-2:]), 1)
    return Trace(values, batch or (), steps, there, strict)


def _time_last(value: Any, axes: int) -> Any:
    return value if axes == 0 else value.transpose(0, *range(2, 2 + axes), 1) if isinstance(value, np.ndarray) else (
        value.permute(0, *range(2, 2 + axes), 1)
    )  # fmt: skip


def _in_blocks(formula: Formula, trace: Trace, step_s: float, truth: bool) -> Any:
    """The root's values (*batch, T), a few traces at a time.

    Every part of a formula is an array; those of a block stay in the cache, and small ones are used again, where
    arrays of a whole batch are new pages of memory each time (five times slower, measured).
    """
    rows = math.prod(trace.batch)
    out = np.empty((rows, trace.num_steps))
    largest = max((value[0].size for value in trace.values.values() if len(value)), default=1)
    block = max(1, _BLOCK // max(largest, 1))
    for first in range(0, rows, block):
        part = slice(first, first + block)
        values = {key: value[part] for key, value in trace.values.items()}
        present = None if trace.present is None else trace.present[part]
        piece = Trace(values, trace.batch, trace.num_steps, present, trace.strict)
        value = evaluation(formula, piece, step_s, truth).value(formula.root)
        out[part] = value.reshape(value.shape[0], trace.num_steps)
    return out.reshape(*trace.batch, trace.num_steps)
