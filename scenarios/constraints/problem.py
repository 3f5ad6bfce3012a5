"""A restriction as something to solve: the ways its choices can fall, and its conditions as trees over draws."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from scenarios.constraints.nodes import Box, Node, Scope, draws_below
from scenarios.constraints.ranges import WHOLE, Part
from scenarios.expressions import Expression, Value
from scenarios.leaf import Leaf
from scenarios.normal_form import Block, ChoiceOf, Restricted, leaves_of
from scenarios.selection import choice_path
from scenarios.space import Distribution

MAX_WAYS = 512


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which the choices under a restriction can fall.

    Attributes:
        box: the parts of [0, 1) in which the fractions of the choices lie.
        sources: values by path.
        untouched: paths that have a restriction of their own, whose draws are left to it.
    """

    box: dict[str, Part]
    sources: dict[str, Value]
    untouched: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """The conditions in one way of choosing.

    Attributes:
        conditions: a tree for each condition.
        axes: the draws that the conditions read, by path.
        start: the box of everything: choices as they fell, axes whole.
    """

    conditions: tuple[Node, ...]
    axes: dict[str, Distribution]
    start: Box


def ways_of(blocks: Iterable[Block]) -> list[Way] | None:
    """Every way in which the choices can fall; None for more than `MAX_WAYS`."""
    ways = [Way({}, {})]
    for block in blocks:
        ways = [_joined(one, two) for one in ways for two in _of_block(block)]
        if len(ways) > MAX_WAYS:
            return None
    return ways


def _joined(one: Way, two: Way) -> Way:
    return Way({**one.box, **two.box}, {**one.sources, **two.sources}, one.untouched | two.untouched)


def _of_block(block: Block) -> Iterator[Way]:
    if isinstance(block, Leaf):
        yield Way({}, dict(block.paths()))
    elif isinstance(block, Restricted):
        yield _left_alone(block)
    else:
        shares = [*accumulate(float(weight) for weight, _ in block.options)][:-1]
        for (_, parts), part in zip(block.options, pairwise([0.0, *shares, 1.0]), strict=True):
            for way in ways_of(parts) or []:
                yield _joined(Way({choice_path(block): part}, {}), way)


def _left_alone(block: Restricted) -> Way:
    """A restriction inside an option draws by itself: only values that it gives whatever it chooses are known."""
    given: dict[str, set[Value]] = {}
    for leaf in leaves_of([block]):
        for path, value in leaf.paths().items():
            given.setdefault(path, set()).add(value)
    single = {path: next(iter(values)) for path, values in given.items() if len(values) == 1}
    return Way({}, single, frozenset(given))


def question_of(way: Way, conditions: Sequence[Expression]) -> Question:
    """The conditions as trees over the draws of one way."""
    scope = Scope(way.sources, way.untouched)
    trees = tuple(scope.node(condition.term) for condition in conditions)
    axes = {path: found for tree in trees for path, found in draws_below(tree).items()}
    ordered = {path: axes[path] for path in sorted(axes)}
    return Question(trees, ordered, {**way.box, **dict.fromkeys(ordered, WHOLE)})


def restrictions_of(blocks: Iterable[Block]) -> Iterator[Restricted]:
    """Every restriction of the blocks, those inside options too."""
    for block in blocks:
        if isinstance(block, Restricted):
            yield block
            yield from restrictions_of(block.blocks)
        elif isinstance(block, ChoiceOf):
            for _, parts in block.options:
                yield from restrictions_of(parts)
