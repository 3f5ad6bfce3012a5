"""Logical scenarios: trees over typed leaves with a measure on them.

    a & b                 product: both, independently; every slot (road, weather, an actor, ...) is bound once
    a | b, choice(...)    one of them, evenly or by weight; resolved when a scenario is drawn
    mixture(...)          choice whose weights are shares: they sum to 1
    a.then(b)             what actors do in a, and after that what they do in b
    a.together(b)         at once; the two move different channels
    a.where(condition)    restriction: the measure of a, given the condition
    a.repeat(n)           what actors do, n times
    a.override(leaf)      another leaf in a slot that a has
    a.bind(cutter=who)    the actor of a role (`types.actors.role`) that a leaves open

Equal measures are equal values: everything is kept in the normal form of `normal_form`. `sample` fixes every number,
`in` asks whether a concrete scenario can have been drawn, `coverage` counts what a set of draws has touched.

Choice is a convex algebra: `a | a == a`, `a | b == b | a`, and a choice of choices is the choice with multiplied
weights. Therefore `|` is the middle of two and no row of three: were `a | b | c` thirds, `(a | a) | b` would have to
differ from `a | b` though `a | a == a`. `choice(a, b, c)` gives thirds.

To add an operator, read `docs/algebra.md`: it maps blocks to blocks and ends in `_checked`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from hashlib import sha256
from typing import Any

from driving_data.plain import canonical_text
from scenarios.build import build
from scenarios.completeness import missing, slots_always
from scenarios.concrete import ConcreteScenario
from scenarios.constraints.solve import Lint, lints_of, refuse_unsolvable
from scenarios.coverage import Coverage, measure
from scenarios.drawing import draw_scenario, parts_of
from scenarios.draws import Fractions, NotDrawn, Rejected, Replay
from scenarios.expressions import Expression
from scenarios.leaf import IllTyped, Leaf, Misfit
from scenarios.normal_form import Block, Blocks, ChoiceOf, Restricted, assemble, key_of, leaves_of, mix
from scenarios.parse import parse_condition
from scenarios.randomness import unit_draw
from scenarios.remember import by_identity
from scenarios.selection import recorded
from scenarios.sequencing import after, beside, combine, doers, mapped, repeated, waits_for_itself
from scenarios.space import is_constant
from scenarios.types.actors import cast
from scenarios.types.rules import misfits


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
        """One of the two, evenly: the middle of two measures. For thirds write `choice(a, b, c)`."""
        return choice(self, other)

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

        An actor that does nothing in this one has no last step to follow. It may begin by a trigger of its own, or
        where nobody here does anything, so that nothing comes before.

        Raises:
            IllTyped: an actor of `other` does nothing before, others do, and no `when` says when it begins.
        """
        early = doers(self.blocks)
        late = {leaf.name for leaf in leaves_of(other.blocks) if leaf.kind == "do" and not waits_for_itself(leaf)}
        if early and late - early:
            raise IllTyped(f"{', '.join(sorted(late - early))} does nothing before; give its first step a `when`")
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

    def override(self, *leaves: Leaf) -> "LogicalScenario":
        """The same with other leaves in slots that it has; restrictions stay and hold of the new leaves.

        Raises:
            IllTyped: a slot is not bound in every option, is named twice, or the new leaf does not fit.
        """
        new = {leaf.slot: leaf for leaf in leaves}
        if absent := sorted(new.keys() - slots_always(self.blocks)):
            raise IllTyped(f"no {', '.join(absent)} to override in every option; `&` adds what is not there")
        if len(new) < len(leaves):
            raise IllTyped("a slot is overridden twice at once")
        return _checked(mapped(self.blocks, lambda leaf: new.get(leaf.slot, leaf)))

    def bind(self, **players: Leaf) -> "LogicalScenario":
        """The same with actors for its roles, as `cut_in.bind(cutter=player("truck"))`.

        Raises:
            IllTyped: a role is not open (it never was, or it is bound already), or its player does not fit it.
        """
        if closed := sorted(players.keys() - set(self.roles)):
            raise IllTyped(f"no open role {', '.join(closed)}; open are: {', '.join(self.roles) or 'none'}")
        return _checked(mapped(self.blocks, partial(_played, players)))

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of the roles that are still open."""
        return tuple(sorted({leaf.name for leaf in leaves_of(self.blocks) if leaf.kind == "role"}))

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
        return draw_scenario(self.blocks, fractions or partial(unit_draw, seed, index), seed, index)

    def __contains__(self, concrete: object) -> bool:
        """Whether the concrete scenario is a draw of this one: its draws are possible and give exactly it."""
        return isinstance(concrete, ConcreteScenario) and self.why_not(concrete) is None

    def why_not(self, concrete: ConcreteScenario) -> str | None:
        """Why a concrete scenario cannot have been drawn from here; None where it can."""
        replay = Replay({}, concrete.draws)
        try:
            leaves = tuple(recorded(self.blocks, replay))
            again = build(parts_of(leaves), replay, concrete.seed, concrete.index)
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

    def lints(self) -> tuple[Lint, ...]:
        """Conditions that restrict nothing: always true within the ranges, or implied by the others."""
        return lints_of(self.blocks)

    def problems(self) -> tuple[Misfit, ...]:
        """What is missing before the scenario can be drawn."""
        return _problems(self.blocks)


def scenario(*leaves: Leaf) -> LogicalScenario:
    """The product of leaves.

    Raises:
        IllTyped: two bind the same slot, or do not fit together.
    """
    return _checked(assemble(leaves))


Weight = int | float | Fraction
Option = LogicalScenario | tuple[Weight, LogicalScenario]


def choice(*options: Option) -> LogicalScenario:
    """One of several: `choice(a, b, c)` evenly, `choice((3, a), (1, b))` by weight.

    Raises:
        IllTyped: there are no options, or a weight is not above 0.
    """
    weighted = [_weighted(option) for option in options]
    if not weighted or any(weight <= 0 for weight, _ in weighted):
        raise IllTyped("a choice has options, each with a weight above 0")
    total = sum((weight for weight, _ in weighted), Fraction(0))
    return _checked(mix((weight / total, one.blocks) for weight, one in weighted))


def mixture(*shares: tuple[Weight, LogicalScenario]) -> LogicalScenario:
    """The choice of `shares`, which sum to 1, as `mixture((0.7, clear), (0.3, rain))`: nothing is left out unseen.

    Raises:
        IllTyped: the shares do not sum to 1, or one is not above 0.
    """
    total = sum((_weighted(share)[0] for share in shares), Fraction(0))
    if total != 1:
        raise IllTyped(f"the shares of a mixture sum to 1, not to {float(total):g}; `choice` takes any weights")
    return choice(*shares)


def _weighted(option: Option) -> tuple[Fraction, LogicalScenario]:
    if isinstance(option, LogicalScenario):
        return Fraction(1), option
    weight, one = option
    # The decimal as it is written: 0.1 is a tenth.
    return Fraction(str(weight)) if isinstance(weight, float) else Fraction(weight), one


def _played(players: Mapping[str, Leaf], leaf: Leaf) -> Leaf:
    return cast(leaf, players[leaf.name]) if leaf.kind == "role" and leaf.name in players else leaf


def _checked(blocks: Blocks) -> LogicalScenario:
    for one, two in pairs_of(blocks):
        if found := misfits(one, two):
            raise IllTyped("; ".join(str(misfit) for misfit in found))
    refuse_unsolvable(blocks)
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


__all__ = ["IllTyped", "LogicalScenario", "Rejected", "choice", "mixture", "scenario"]
