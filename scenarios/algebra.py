"""Logical scenarios: trees over typed leaves with a measure on them.

    a & b                 product: both, independently; every slot (road, weather, an actor, ...) is bound once
    a | b, choice(...)    one of them, evenly or by weight; resolved when a scenario is drawn
    a.then(b)             what actors do in a, and after that what they do in b
    a.together(b)         at once; the two move different channels
    a.where(condition)    restriction: the measure of a, given the condition
    a.repeat(n)           what actors do, n times

Equal measures are equal values: everything is kept in the normal form of `normal_form`. `sample` fixes every number,
`in` asks whether a concrete scenario can have been drawn, `coverage` counts what a set of draws has touched.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from hashlib import sha256
from typing import Any

from driving_data.plain import canonical_text
from scenarios.build import Overlap, Parts, build
from scenarios.completeness import missing
from scenarios.concrete import ConcreteScenario
from scenarios.coverage import Coverage, measure
from scenarios.draws import Fractions, NotDrawn, Rejected, Replay, Sampler
from scenarios.expressions import Expression
from scenarios.leaf import IllTyped, Leaf, Misfit
from scenarios.normal_form import Block, Blocks, ChoiceOf, Restricted, assemble, key_of, leaves_of, mix
from scenarios.parse import parse_condition
from scenarios.randomness import unit_draw
from scenarios.remember import by_identity
from scenarios.selection import MAX_TRIES, recorded, select
from scenarios.sequencing import after, beside, combine, doers, mapped, repeated
from scenarios.space import is_constant
from scenarios.types.rules import misfits

MAX_OVERLAPS = 50


@dataclass(frozen=True, slots=True)
class LogicalScenario:
    """A logical scenario. Build it with `scenario`, the operators and `scenarios.spec`, not from blocks."""

    blocks: Blocks

    def __and__(self, other: "LogicalScenario") -> "LogicalScenario":
        """Both, independently.

        Raises:
            IllTyped: they bind the same slot, or do not fit together.
        """
        return _checked(assemble((*self.blocks, *other.blocks)))

    def __or__(self, other: "LogicalScenario") -> "LogicalScenario":
        """One of the two, evenly. `a | b | c` gives c one half; `choice((1, a), (1, b), (1, c))` gives thirds."""
        return choice((1, self), (1, other))

    def where(self, condition: str | Expression) -> "LogicalScenario":
        """The same measure, given a condition over values, as `"ego.speed > cutter.speed + 2 m/s"`.

        Raises:
            IllTyped: the condition reads what is not always there, or can never hold.
            TextFault: the condition cannot be read.
        """
        parsed = condition if isinstance(condition, Expression) else parse_condition(condition)
        return _checked(assemble(self.blocks, [parsed]))

    def then(self, other: "LogicalScenario") -> "LogicalScenario":
        """This, and after it what the actors do in `other`, each behind its own last step.

        Raises:
            IllTyped: an actor of `other` does nothing before; who begins anew needs a trigger and `&`.
        """
        late = doers(other.blocks) - doers(self.blocks)
        if late:
            raise IllTyped(f"{', '.join(sorted(late))} does nothing before; join it with & and give it a `when`")
        return _checked(combine(self.blocks, other.blocks, after))

    def together(self, other: "LogicalScenario") -> "LogicalScenario":
        """Both at once; an actor that acts in both moves its speed in one and its lateral place in the other.

        Raises:
            IllTyped: both move the same.
        """
        return _checked(combine(self.blocks, other.blocks, beside))

    def repeat(self, times: int) -> "LogicalScenario":
        """What the actors do, `times` times in a row, every number drawn anew.

        Raises:
            IllTyped: `times` is below 1.
        """
        if times < 1:
            raise IllTyped(f"repeated {times} times; at least once is meant")
        return _checked(mapped(self.blocks, partial(repeated, times)))

    def sample(self, seed: int, index: int = 0, fractions: Fractions | None = None) -> ConcreteScenario:
        """Draws a scenario: the same seed and index give the same bytes.

        Args:
            seed: seed.
            index: which draw of that seed; each can be made alone.
            fractions: number in [0, 1) for a path and an attempt; random ones by `unit_draw` if None.

        Raises:
            Rejected: no draw met the restrictions; the message gives the acceptance rates.
            IllTyped: something that a whole scenario needs is missing.
        """
        if problems := self.problems():
            raise IllTyped("; ".join(str(problem) for problem in problems))
        source = fractions or partial(unit_draw, seed, index)
        reason = ""
        for overlap in range(MAX_OVERLAPS):
            try:
                return self._sampled(source, seed, index, overlap * MAX_TRIES)
            except Overlap as error:
                reason = str(error)
        raise Rejected(f"{MAX_OVERLAPS} draws put actors into one another: {reason}")

    def _sampled(self, fractions: Fractions, seed: int, index: int, attempt: int) -> ConcreteScenario:
        sampler = Sampler({}, fractions, base_attempt=attempt)
        leaves = tuple(select(self.blocks, sampler, attempt))
        concrete = build(_parts(leaves), sampler, seed, index)
        return replace(concrete, draws=dict(sorted(sampler.got.items())))

    def __contains__(self, concrete: object) -> bool:
        """Whether the concrete scenario is a draw of this one: its draws are possible and give exactly it."""
        return isinstance(concrete, ConcreteScenario) and self.why_not(concrete) is None

    def why_not(self, concrete: ConcreteScenario) -> str | None:
        """Why a concrete scenario cannot have been drawn from here; None where it can."""
        replay = Replay({}, concrete.draws)
        try:
            leaves = tuple(recorded(self.blocks, replay))
            again = build(_parts(leaves), replay, concrete.seed, concrete.index)
        except (NotDrawn, IllTyped) as error:
            return str(error)
        plain, other = replace(concrete, draws={}).to_plain(), again.to_plain()
        for name in plain:
            if canonical_text(plain[name]) != canonical_text(other[name]):
                return f"its {name} is not what its draws give"
        return None

    def coverage(self, concretes: Iterable[ConcreteScenario], strength: int = 2, bins: int = 5) -> Coverage:
        """How many combinations of `strength` bins a set of draws has touched, of those that can be.

        Args:
            concretes: draws of this scenario.
            strength: 1 for single bins, 2 for pairs.
            bins: into how many a range is cut; a choice has a bin for each option.
        """
        return measure(self.blocks, tuple(concretes), strength, bins)

    def text(self) -> str:
        """Canonical text: equal scenarios have equal texts."""
        return canonical_text([key_of(block) for block in self.blocks])

    def digest(self) -> str:
        """sha256 of the canonical text."""
        return sha256(self.text().encode()).hexdigest()

    def leaves(self) -> tuple[Leaf, ...]:
        """Every leaf, of every option."""
        return tuple(leaves_of(self.blocks))

    @property
    def name(self) -> str:
        """Name that the scenario gives itself; empty without one."""
        return next((leaf.text("name") for leaf in self.leaves() if leaf.kind == "about"), "")

    @property
    def description(self) -> str:
        """Description that the scenario gives itself; empty without one."""
        return next((leaf.text("description") for leaf in self.leaves() if leaf.kind == "about"), "")

    def values(self) -> Mapping[str, Any]:
        """Every value that is no constant, by path."""
        return {p: v for leaf in self.leaves() for p, v in sorted(leaf.paths().items()) if not is_constant(v)}

    def problems(self) -> tuple[Misfit, ...]:
        """What is missing before the scenario can be drawn."""
        return _problems(self.blocks)


def scenario(*leaves: Leaf) -> LogicalScenario:
    """The product of leaves.

    Raises:
        IllTyped: two bind the same slot, or do not fit together.
    """
    return _checked(assemble(leaves))


def choice(*options: tuple[int | float | Fraction, LogicalScenario]) -> LogicalScenario:
    """One of several, by weight.

    Raises:
        IllTyped: there are no options, or a weight is not above 0.
    """
    weights = [Fraction(str(weight)) if isinstance(weight, float) else Fraction(weight) for weight, _ in options]
    if not options or any(weight <= 0 for weight in weights):
        raise IllTyped("a choice has options, each with a weight above 0")
    total = sum(weights, Fraction(0))
    return _checked(mix((weight / total, one.blocks) for weight, (_, one) in zip(weights, options, strict=True)))


def _checked(blocks: Blocks) -> LogicalScenario:
    for one, two in pairs_of(blocks):
        if found := misfits(one, two):
            raise IllTyped("; ".join(str(misfit) for misfit in found))
    return LogicalScenario(blocks)


def pairs_of(blocks: Sequence[Block]) -> Iterator[tuple[Leaf, Leaf]]:
    """Leaves that can stand in one product."""
    listed = [tuple(leaves_of([block])) for block in blocks]
    for i, own in enumerate(listed):
        for other in listed[i + 1 :]:
            yield from ((one, two) for one in own for two in other)
    for block in blocks:
        if isinstance(block, Restricted):
            yield from pairs_of(block.blocks)
        elif isinstance(block, ChoiceOf):
            for _, parts in block.options:
                yield from pairs_of(parts)


@by_identity
def _problems(blocks: Blocks) -> tuple[Misfit, ...]:
    return missing(blocks)


_KEPT_PARTS: dict[tuple[int, ...], tuple[tuple[Leaf, ...], Parts]] = {}


def _parts(leaves: tuple[Leaf, ...]) -> Parts:
    """The leaves by what they are; remembered by the identity of the leaves, which are kept alive for it."""
    key = tuple(map(id, leaves))
    kept = _KEPT_PARTS.get(key)
    if kept is None:
        if len(_KEPT_PARTS) >= 1024:
            _KEPT_PARTS.clear()
        kept = _KEPT_PARTS[key] = (leaves, Parts.of(leaves))
    return kept[1]


__all__ = ["IllTyped", "LogicalScenario", "Rejected", "choice", "scenario"]
