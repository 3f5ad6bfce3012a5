"""Who, what and when decides a robustness: the way from the root of a formula down to one predicate at one moment.

Every operator is a least or a greatest of its parts, so one part has the very value of the whole. Of several the
first in time is taken, then the left one, then the first actor.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from closed_loop.rules.evaluate import Evaluation
from closed_loop.rules.formula import (
    Compare,
    Edge,
    ForActors,
    Formula,
    Holds,
    Join,
    Node,
    Not,
    Reach,
    Shift,
    Window,
    text_of,
)


@dataclass(frozen=True, slots=True)
class Witness:
    """What decides.

    Attributes:
        predicate: the deciding predicate as text.
        node: the same as a node.
        moment: index of the sample.
        actors: column of each quantified actor that it speaks of, by name.
        margin: the predicate's margin there.
        negated: whether the predicate stands under an odd number of negations: its margin has the other sign.
    """

    predicate: str
    node: Compare | Holds
    moment: int
    actors: dict[str, int]
    margin: float
    negated: bool


def witness_of(running: Evaluation, root: Node, row: int, moment: int) -> Witness | None:
    """The predicate that decides the value of `root` on one trace at one moment.

    None where nothing decides it: an operator over no moment (infinite), nobody to quantify over, or an `iff` or
    `xor`, whose value is a difference of two.
    """
    search = _Search(running, row)
    node, t, who, negated = root, moment, dict[str, int](), False
    while not isinstance(node, Compare | Holds):
        step = search.below(node, t, who)
        if step is None:
            return None
        node, t, flip = step
        negated ^= flip
    names = {arg for signal in _signals(node) for arg in signal}
    return Witness(text_of(node), node, t, {name: who[name] for name in who if name in names},
                   search.at(node, t, who), negated)  # fmt: skip


def _signals(node: Compare | Holds) -> list[tuple[str, ...]]:
    return [signal.args for signal in Formula(node, "").signals()]


@dataclass(frozen=True, slots=True)
class _Search:
    running: Evaluation
    row: int

    def at(self, node: Node, t: int, who: dict[str, int]) -> float:
        """The value of a part at a moment, for the actors chosen so far."""
        value = self.running.value(node)
        places = [who.get(name, 0) if value.shape[1 + k] > 1 else 0 for k, name in enumerate(self.running.names)]
        return float(value[(min(self.row, value.shape[0] - 1), *places, t)])

    def below(self, node: Node, t: int, who: dict[str, int]) -> tuple[Node, int, bool] | None:
        """The part, the moment, and whether the sign turned; who is chosen goes into `who`."""
        whole = self.at(node, t, who)
        match node:
            case Not():
                return node.child, t, True
            case Join():
                return self._first(whole, [(node.left, t, node.op == "implies"), (node.right, t, False)], who)
            case Window():
                sign = 1 if node.op in ("always", "eventually") else -1
                return self._first(whole, [(node.child, s, False) for s in sorted(self._moments(node, t, sign))], who)
            case Reach():
                return self._reach(node, t, whole, who)
            case Shift():
                s = t + (1 if "next" in node.op else -1)
                return (node.child, s, False) if 0 <= s < self._count else None
            case Edge():
                rising = node.op == "rise"
                before = [(node.child, t - 1, rising)] if t else []
                return self._first(whole, [*before, (node.child, t, not rising)], who)
            case ForActors():
                return self._actor(node, t, whole, who)
            case _:
                return None

    @property
    def _count(self) -> int:
        return self.running.trace.num_steps

    def _first(
        self, whole: float, parts: Iterable[tuple[Node, int, bool]], who: dict[str, int]
    ) -> tuple[Node, int, bool] | None:
        for node, t, flip in parts:
            value = self.at(node, t, who)
            if (-value if flip else value) == whole:
                return node, t, flip
        return None

    def _moments(self, node: Window | Reach, t: int, sign: int) -> list[int]:
        begin, end = (0, None) if node.interval is None else node.interval.steps(self.running.step_s)
        last = self._count if end is None else end
        return [s for d in range(begin, last + 1) if 0 <= (s := t + sign * d) < self._count]

    def _reach(self, node: Reach, t: int, whole: float, who: dict[str, int]) -> tuple[Node, int, bool] | None:
        sign = -1 if node.op == "since" else 1
        for s in self._moments(node, t, sign):
            held = [(node.left, e, False) for e in range(t, s, sign)]
            parts = [*held, (node.right, s, False)]
            if min(self.at(part, e, who) for part, e, _ in parts) == whole:
                return self._first(whole, parts, who)
        if node.op == "unless":
            end = self._moments(node, t, 1)
            parts = [(node.left, e, False) for e in range(t, (end[-1] if end else self._count - 1) + 1)]
            return self._first(whole, parts, who)
        return None

    def _actor(self, node: ForActors, t: int, whole: float, who: dict[str, int]) -> tuple[Node, int, bool] | None:
        present = self.running.trace.present
        axis = 1 + self.running.names.index(node.name)
        for actor in range(self.running.value(node.child).shape[axis]):
            if present is not None and not present[min(self.row, len(present) - 1), actor, t]:
                continue
            chosen = {**who, node.name: actor}
            if self.at(node.child, t, chosen) == whole:
                who[node.name] = actor
                return node.child, t, False
        return None


def first_violation(holds: np.ndarray) -> int | None:
    """The first moment at which something does not hold; None where it always does."""
    return None if holds.all() else int(np.argmin(holds))
