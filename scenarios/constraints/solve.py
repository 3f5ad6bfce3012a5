"""Restrictions solved: boxes to draw from, spaces that nothing meets, conditions that say nothing."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate
from math import nextafter

import numpy as np

from scenarios.constraints.paving import Cell, Paving, pave
from scenarios.constraints.problem import Question, question_of, restrictions_of, ways_of
from scenarios.constraints.ranges import WHOLE
from scenarios.copula import is_continuous
from scenarios.expressions import Apply, Expression, Linked, Term, Value, walk
from scenarios.leaf import IllTyped
from scenarios.normal_form import Block, Blocks, Restricted, key_of, leaves_of
from scenarios.randomness import unit_draw
from scenarios.units import FLAG

BUILD_BUDGET = 256
DRAW_BUDGETS = (512, 4096)
ENOUGH_ACCEPTED = 0.04
PROBES = 128
LINT_BUDGET = 1024


class Infeasible(IllTyped):
    """Nothing can meet these conditions together; the message names the fewest that clash, and the ranges.

    Attributes:
        conditions: the fewest conditions that no draw meets together.
    """

    def __init__(self, message: str, conditions: tuple[str, ...]) -> None:
        self.conditions = conditions
        super().__init__(message)

    def __reduce__(self) -> tuple[type["Infeasible"], tuple[object, ...]]:
        return Infeasible, (str(self), self.conditions)


@dataclass(frozen=True, slots=True)
class Solution:
    """Boxes to draw from.

    Attributes:
        path: path of the draw that picks a box.
        cells: the boxes.
        paving: measures of the boxes.
        ends: measure up to the end of each box, as a share of all.
    """

    path: str
    cells: tuple[Cell, ...]
    paving: Paving
    ends: tuple[float, ...] = field(repr=False)

    def cell(self, fraction: float) -> Cell:
        """The box that a fraction picks, by measure."""
        return self.cells[min(bisect_right(self.ends, fraction), len(self.cells) - 1)]

    def edges(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Lower and upper ends of every box, by path; [0, 1) where a box does not have the path."""
        paths = sorted({path for cell in self.cells for path, _ in cell.box})
        boxes = [dict(cell.box) for cell in self.cells]
        return {
            path: (np.array([box.get(path, WHOLE)[0] for box in boxes]),
                   np.array([box.get(path, WHOLE)[1] for box in boxes]))
            for path in paths
        }  # fmt: skip


@lru_cache(maxsize=256)
def solution_of(block: Restricted) -> Solution | None:
    """The boxes of a restriction; None where its choices fall in too many ways to be listed.

    Raises:
        Infeasible: no draw meets it.
    """
    questions = questions_of(block.blocks, block.where)
    if questions is None:
        return None
    paving = Paving(())
    for budget in DRAW_BUDGETS:
        paving = pave(questions, budget)
        if not paving.cells:
            raise clash_of(block, budget)
        if _accepted(paving, questions) >= ENOUGH_ACCEPTED:
            break
    path = f"solve:{sha256(key_of(block).encode()).hexdigest()[:12]}"
    cells = tuple(cell for cell in paving.cells if cell.volume > 0.0)
    sums = list(accumulate(cell.volume for cell in cells))
    return Solution(path, cells, paving, tuple(total / sums[-1] for total in sums))


def _accepted(paving: Paving, questions: Sequence[Question]) -> float:
    """About which share of points in the boxes meets the conditions; the same each time."""
    total, met = paving.volume, 0
    ends = list(accumulate(cell.volume for cell in paving.cells))
    for probe in range(PROBES):
        cell = paving.cells[min(bisect_right(ends, total * unit_draw(0, probe, "cell")), len(ends) - 1)]
        point = dict(cell.box)
        for path, (low, high) in cell.box:
            if path in questions[cell.way].axes:
                at = min(low + (high - low) * unit_draw(0, probe, path), nextafter(high, low))
                point[path] = at, nextafter(at, 2.0)
        met += all(tree.forward(point) == frozenset([True]) for tree in questions[cell.way].conditions)
    return met / PROBES


def questions_of(blocks: Blocks, conditions: Sequence[Expression]) -> list[Question] | None:
    """The conditions in every way of choosing; None where there are too many ways."""
    ways = ways_of(blocks)
    return None if ways is None else [question_of(way, conditions) for way in ways]


def refuse_unsolvable(blocks: Blocks) -> None:
    """Looks at every restriction when it is built.

    Raises:
        Infeasible: no draw meets one, as far as a short search can tell.
        IllTyped: a condition fixes a continuous value exactly, which no draw ever meets.
    """
    for block in restrictions_of(blocks):
        _refuse(block)


@lru_cache(maxsize=2048)
def _refuse(block: Restricted) -> None:
    for condition in block.where:
        refuse_equality(condition, block)
    questions = questions_of(block.blocks, block.where)
    if questions is not None and not pave(questions, BUILD_BUDGET, 0.0).cells:
        raise clash_of(block, BUILD_BUDGET)


def clash_of(block: Restricted, budget: int) -> Infeasible:
    """The error for a restriction that nothing meets: conditions are left out one by one while the rest clash."""
    kept = list(block.where)
    for condition in block.where:
        rest = [other for other in kept if other is not condition]
        questions = questions_of(block.blocks, rest)
        if questions is not None and rest and not pave(questions, budget, 0.0).cells:
            kept = rest
    texts = tuple(condition.text().removeprefix("= ") for condition in kept)
    together = "can never hold" if len(texts) == 1 else "can never hold together"
    named = " and ".join(repr(text) for text in texts)
    return Infeasible(f"{named} {together}: {ranges_text(block.blocks, kept)}; widen a range or leave one out", texts)


def ranges_text(blocks: Blocks, conditions: Sequence[Expression]) -> str:
    """The values that conditions read, directly and through expressions, as they are written."""
    listed: dict[str, str] = {}
    names = [name for condition in conditions for name in condition.names()]
    given: dict[str, list[Value]] = {}
    for leaf in leaves_of(blocks):
        for path, value in leaf.paths().items():
            given.setdefault(path, []).append(value)
    while names:
        name = names.pop(0)
        if name in listed or name not in given:
            continue
        listed[name] = " or ".join(dict.fromkeys(value.text().removeprefix("= ") for value in given[name]))
        names.extend(n for value in given[name] if isinstance(value, Expression) for n in value.names())
    return ", ".join(f"{name} is {text}" for name, text in listed.items())


def refuse_equality(condition: Expression, block: Restricted) -> None:
    """Refuses `a == b` where both sides together vary continuously: it has probability 0.

    Raises:
        IllTyped: it does; the message says what to write instead.
    """
    term = condition.term
    if not (isinstance(term, Apply) and term.name == "=="):
        return
    for question in questions_of(block.blocks, [condition]) or []:
        if not _smooth(term, block) or not question.axes or not any(map(is_continuous, question.axes.values())):
            return
    left, right = (side.text() for side in term.terms)
    raise IllTyped(
        f"{condition.text().removeprefix('= ')!r} fixes a value that varies continuously, which no draw ever meets; "
        f"let one follow from the other (write {right!r} where {left!r} is given), "
        f"or leave room: 'abs({left} - ({right})) < ...'"
    )


def _smooth(term: Term, block: Restricted) -> bool:
    """Whether a comparison reads draws through arithmetic only, so that it has no values of its own to stick to."""
    given = {path: value for leaf in leaves_of(block.blocks) for path, value in leaf.paths().items()}
    seen, waiting = set[str](), [term]
    while waiting:
        for part in walk(waiting.pop()):
            if isinstance(part, Linked) or (isinstance(part, Apply) and part.name not in _SMOOTH):
                return False
            path = getattr(part, "path", "")
            value = given.get(path)
            if path not in seen and isinstance(value, Expression):
                seen.add(path)
                waiting.append(value.term)
    return True


_SMOOTH = ("+", "-", "*", "/", "sqrt", "abs", "==")


@dataclass(frozen=True, slots=True)
class Lint:
    """A condition that changes nothing.

    Attributes:
        condition: as it is written.
        code: 'vacuous' (always true within the ranges) or 'implied' (true wherever the other conditions hold).
        because: the ranges, or the other conditions, that make it so.
    """

    condition: str
    code: str
    because: str

    def __str__(self) -> str:
        how = "holds always" if self.code == "vacuous" else "follows from the other conditions"
        return f"{self.condition!r} {how} and restricts nothing: {self.because}"


def lints_of(blocks: Blocks) -> tuple[Lint, ...]:
    """Conditions that restrict nothing, as far as a bounded search can prove it."""
    found: list[Lint] = []
    for block in restrictions_of(blocks):
        kept = list(block.where)
        for condition in block.where:
            opposite = Expression(Apply("not", (condition.term,)), FLAG)
            text = condition.text().removeprefix("= ")
            others = [other for other in kept if other is not condition]
            if _empty(block.blocks, [opposite]):
                found.append(Lint(text, "vacuous", ranges_text(block.blocks, [condition])))
            elif others and _empty(block.blocks, [opposite, *others]):
                found.append(Lint(text, "implied", " and ".join(repr(c.text().removeprefix("= ")) for c in others)))
            else:
                continue
            kept.remove(condition)
    return tuple(found)


def _empty(blocks: Sequence[Block], conditions: Sequence[Expression]) -> bool:
    questions = questions_of(tuple(blocks), conditions)
    return questions is not None and not pave(questions, LINT_BUDGET, 0.0).cells


def measure_of(block: Restricted, budget: int = DRAW_BUDGETS[-1], enough: float = 1.0) -> tuple[float, float]:
    """Share of the draws of a restriction's blocks that meet it: a lower and an upper bound."""
    questions = questions_of(block.blocks, block.where)
    if questions is None:
        return 0.0, 1.0
    paving = pave(questions, budget, enough)
    return paving.certain, min(paving.volume, 1.0)
