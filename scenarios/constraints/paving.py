"""Branch and contract: the draws that can meet some conditions, as boxes whose measure is known.

Boxes lie in the cube of fractions, where every leaf is uniform, so that the measure of a box is its volume whatever
the distributions are. A box is contracted (HC4), thrown away where a condition cannot hold, kept where all must, and
cut in two otherwise; the largest undecided box is always next. Drawing a box by its volume and a point in it, until
the point meets the conditions, is drawing from the restricted measure exactly.
Source of the scheme: Jaulin, Walter, "Set inversion via interval analysis", Automatica 29 (1993).
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import mul

from scenarios.constraints.nodes import Box, Node, draws_below
from scenarios.constraints.problem import Question
from scenarios.constraints.ranges import SLACK, Part, cuts_of

ROUNDS = 4
NARROWEST = 1e-9
_TRUE, _FALSE = frozenset([True]), frozenset([False])


@dataclass(frozen=True, slots=True)
class Cell:
    """A box of draws.

    Attributes:
        box: parts of [0, 1) by path of a draw or a choice.
        volume: its measure.
        decided: whether every draw in it meets the conditions.
        way: which of the questions it answers.
    """

    box: tuple[tuple[str, Part], ...]
    volume: float
    decided: bool
    way: int


@dataclass(frozen=True, slots=True)
class Paving:
    """Boxes that hold every draw that meets the conditions, and no two of which share a draw."""

    cells: tuple[Cell, ...]

    @property
    def volume(self) -> float:
        """Measure of the boxes: at least that of what meets the conditions."""
        return math.fsum(cell.volume for cell in self.cells)

    @property
    def certain(self) -> float:
        """Measure of the boxes that meet them altogether: at most that of what meets the conditions."""
        return math.fsum(cell.volume for cell in self.cells if cell.decided)


def pave(questions: Sequence[Question], budget: int, enough: float = 0.5) -> Paving:
    """The boxes of several ways of choosing.

    Args:
        questions: conditions in each way.
        budget: how many boxes are looked at.
        enough: share of the measure of the boxes that is certain when the search may end; 0 ends it at the first.
    """
    waiting: list[tuple[float, int, int, Box]] = []
    done: list[Cell] = []
    order, certain, open_volume = 0, 0.0, 0.0
    for k, question in enumerate(questions):
        heapq.heappush(waiting, (-_volume(question.start), order, k, dict(question.start)))
        order, open_volume = order + 1, open_volume + _volume(question.start)
    while waiting and budget > 0 and certain <= enough * (certain + open_volume):
        negative, _, k, box = heapq.heappop(waiting)
        open_volume += negative
        budget -= 1
        verdicts = contract(questions[k].conditions, box)
        # What is no wider than the rounding of the bounds holds nothing that matters.
        if verdicts is None or any(box[path][1] - box[path][0] <= 4 * SLACK for path in questions[k].axes):
            continue
        volume = _volume(box)
        axis = None if all(verdicts) else _widest(questions[k], verdicts, box)
        if axis is None:
            decided = all(verdicts)
            certain += volume if decided else 0.0
            done.append(Cell(tuple(box.items()), volume, decided, k))
            continue
        for half in _halves(questions[k], box, axis):
            heapq.heappush(waiting, (-_volume(half), order, k, half))
            order, open_volume = order + 1, open_volume + _volume(half)
    for negative, _, k, box in sorted(waiting, key=lambda item: item[:2]):
        done.append(Cell(tuple(box.items()), -negative, False, k))
    return Paving(tuple(done))


def contract(conditions: Sequence[Node], box: Box) -> list[bool] | None:
    """Narrows a box to the draws that can meet every condition; says which ones must hold in it.

    Returns:
        For each condition whether it holds everywhere in the box; None where the box holds no draw that meets all.
    """
    for _ in range(ROUNDS):
        before = _volume(box)
        verdicts: list[bool] = []
        for condition in conditions:
            found = condition.forward(box)
            if found == _FALSE:
                return None
            verdicts.append(found == _TRUE)
            if found != _TRUE and not condition.backward(box, _TRUE):
                return None
        if all(verdicts):
            return verdicts
        if _volume(box) > 0.9 * before:
            return verdicts
    return [condition.forward(box) == _TRUE for condition in conditions]


def _volume(box: Box) -> float:
    return reduce(mul, (high - low for low, high in box.values()), 1.0)


def _widest(question: Question, verdicts: Sequence[bool], box: Box) -> str | None:
    """The axis to cut: the widest of those that the undecided conditions read; None where all are too narrow."""
    open_axes = {
        path for tree, holds in zip(question.conditions, verdicts, strict=True) if not holds
        for path in draws_below(tree)
    }  # fmt: skip
    wide = [(box[path][1] - box[path][0], path) for path in sorted(open_axes)]
    width, axis = max(wide, default=(0.0, ""), key=lambda item: item[0])
    return axis if width > NARROWEST else None


def _halves(question: Question, box: Box, axis: str) -> tuple[Box, Box]:
    low, high = box[axis]
    middle = 0.5 * (low + high)
    cuts = cuts_of(question.axes[axis], (low, high))
    cut = min(cuts, key=lambda end: abs(end - middle)) if cuts else middle
    return {**box, axis: (low, cut)}, {**box, axis: (cut, high)}
