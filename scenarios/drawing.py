"""One concrete scenario from the blocks of a logical one: leaves chosen, values drawn, parts built.

Actors that would begin in one another are drawn again, everything anew, at most `MAX_OVERLAPS` times.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scenarios.build import Overlap, Parts, build
from scenarios.concrete import ConcreteScenario
from scenarios.draws import Fractions, Rejected, Sampler, Values
from scenarios.leaf import Leaf
from scenarios.normal_form import Blocks
from scenarios.selection import MAX_TRIES, select

MAX_OVERLAPS = 50


def draw_scenario(
    blocks: Blocks, fractions: Fractions, seed: int, index: int, values: Values | None = None,
    ready: Mapping[str, Any] | None = None,
) -> ConcreteScenario:  # fmt: skip
    """The concrete scenario at `index` of `seed`.

    Args:
        blocks: of a logical scenario that lacks nothing.
        fractions: number in [0, 1) for a path and an attempt.
        seed: seed.
        index: which draw of that seed.
        values: the same draws, where somebody has made many at once.
        ready: the first draws of leaves that stand in every product, likewise.

    Raises:
        Rejected: no draw met the restrictions, or actors began in one another in every one.
        IllTyped: something came out that makes no scenario.
    """
    reason, actor = "", ""
    for overlap in range(MAX_OVERLAPS):
        attempt = overlap * MAX_TRIES
        first = ready if ready is not None and attempt == 0 else {}
        sampler = Sampler({}, fractions, base_attempt=attempt, values=values, ready=first)
        leaves = tuple(select(blocks, sampler, attempt))
        try:
            concrete = build(parts_of(leaves), sampler, seed, index)
        except Overlap as error:
            reason, actor = str(error), error.name
            continue
        return replace(concrete, draws=dict(sorted(sampler.got.items())))
    raise Rejected(f"{MAX_OVERLAPS} draws had no room for everyone: {reason}", actor)


_KEPT_PARTS: dict[tuple[int, ...], tuple[tuple[Leaf, ...], Parts]] = {}


def parts_of(leaves: tuple[Leaf, ...]) -> Parts:
    """The leaves by what they are; remembered by the identity of the leaves, which are kept alive for it."""
    key = tuple(map(id, leaves))
    kept = _KEPT_PARTS.get(key)
    if kept is None:
        if len(_KEPT_PARTS) >= 1024:
            _KEPT_PARTS.clear()
        kept = _KEPT_PARTS[key] = (leaves, Parts.of(leaves))
    return kept[1]
