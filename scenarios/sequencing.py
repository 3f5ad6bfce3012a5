"""Behaviours of two scenarios joined: one after the other, at once, several times."""

from collections.abc import Callable, Iterable
from fractions import Fraction

from scenarios.expressions import Expression
from scenarios.leaf import IllTyped, Leaf, Step
from scenarios.normal_form import Block, Blocks, ChoiceOf, Restricted, assemble, leaves_of, mix
from scenarios.types.manoeuvres import claims

Join = Callable[[Leaf, Leaf], Leaf]


def after(first: Leaf, second: Leaf) -> Leaf:
    """What an actor does in `first`, then what it does in `second`."""
    return Leaf("do", first.name, steps=(*first.steps, *second.steps))


def beside(first: Leaf, second: Leaf) -> Leaf:
    """Both at once, in canonical order.

    Raises:
        IllTyped: both move the same channel.
    """
    branches = [_as_one(first.steps), _as_one(second.steps)]
    shared = claims(branches[0]) & claims(branches[1])
    if shared:
        raise IllTyped(f"{first.name} cannot do both at once: both move its {' and '.join(sorted(shared))}")
    return Leaf("do", first.name, steps=(Step("parallel", steps=tuple(sorted(branches, key=repr))),))


def repeated(times: int, leaf: Leaf) -> Leaf:
    """What an actor does, several times in a row; other leaves as they are."""
    return Leaf("do", leaf.name, steps=leaf.steps * times) if leaf.kind == "do" else leaf


def waits_for_itself(leaf: Leaf) -> bool:
    """Whether what an actor does begins by a trigger of its own."""
    first = leaf.steps[0]
    while first.when is None and first.action == "sequence":
        first = first.steps[0]
    return first.when is not None


def _as_one(steps: tuple[Step, ...]) -> Step:
    return steps[0] if len(steps) == 1 else Step("sequence", steps=steps)


def doers(blocks: Iterable[Block]) -> set[str]:
    """Actors that do something in some option."""
    return {leaf.name for leaf in leaves_of(blocks) if leaf.kind == "do"}


def combine(one: Blocks, two: Blocks, join: Join) -> Blocks:
    """The product of two scenarios in which actors of both have their behaviours joined.

    Joining distributes over choice, and a restriction of one part holds for the joined whole.
    """
    left, left_where = _open(one)
    right, right_where = _open(two)
    shared = doers(left) & doers(right)
    if not shared:
        return assemble([*left, *right], [*left_where, *right_where])
    name = min(shared)
    mine, yours = (next(block for block in side if name in doers([block])) for side in (left, right))
    left.remove(mine)
    right.remove(yours)
    joined = _joined(mine, yours, join)
    return assemble(combine((*left, *joined), tuple(right), join), [*left_where, *right_where])


def _joined(mine: Block, yours: Block, join: Join) -> Blocks:
    if isinstance(mine, Leaf) and isinstance(yours, Leaf):
        return (join(mine, yours),)
    return mix(
        (weight * share, combine(parts, others, join))
        for weight, parts in _options(mine)
        for share, others in _options(yours)
    )


def _options(block: Block) -> Iterable[tuple[Fraction, Blocks]]:
    return block.options if isinstance(block, ChoiceOf) else ((Fraction(1), (block,)),)


def _open(blocks: Blocks) -> tuple[list[Block], list[Expression]]:
    """Blocks without the restrictions around them, and those."""
    pool: list[Block] = []
    where: list[Expression] = []
    for block in blocks:
        if isinstance(block, Restricted):
            pool.extend(block.blocks)
            where.extend(block.where)
        else:
            pool.append(block)
    return pool, where


def mapped(blocks: Blocks, change: Callable[[Leaf], Leaf | None]) -> Blocks:
    """The same scenario with every leaf changed (None drops it), in every option; restrictions stay."""
    pool, where = _open(blocks)
    changed: list[Block | None] = []
    for block in pool:
        if isinstance(block, Leaf):
            changed.append(change(block))
        else:
            assert isinstance(block, ChoiceOf)
            changed.extend(mix((weight, mapped(parts, change)) for weight, parts in block.options))
    return assemble((block for block in changed if block is not None), where)
