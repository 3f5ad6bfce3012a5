"""Importance weights: scenarios drawn from a proposal, each with how much more often the target would draw it.

The weight of a draw is p(x) / q(x), the product over its numbers of the density (or, for single values, the share)
that the target gives each over that of the proposal, over the shares of options, and over the shares that restrictions
leave. Means of weighted draws are means over the target (Owen, Monte Carlo theory, methods and examples, chapter 9).
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from scenarios.algebra import LogicalScenario
from scenarios.build import build
from scenarios.concrete import ConcreteScenario
from scenarios.constraints.solve import measure_of
from scenarios.drawing import parts_of
from scenarios.draws import Replay, inner_of
from scenarios.expressions import Apply, Draw, Expression, Linked, Literal, Name, Value, walk
from scenarios.leaf import Leaf, Step
from scenarios.normal_form import Block, ChoiceOf, Restricted, key_of
from scenarios.sampling import sample_many
from scenarios.selection import choice_path, recorded
from scenarios.sequencing import mapped
from scenarios.space import Choice, Const, Distribution
from scenarios.types.fields import Given, as_value


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Draws of a proposal with their weights under a target.

    Attributes:
        scenarios: the draws.
        log_weights: logarithm of p / q of each.
        constant_error: how far the weights may be off together, relative, where the share that a restriction leaves is
            known only between bounds; 0 where it is exact. Normalised weights do not depend on it.
    """

    scenarios: tuple[ConcreteScenario, ...]
    log_weights: Float[np.ndarray, "N"]
    constant_error: float

    def weights(self) -> Float[np.ndarray, "N"]:
        """The ratios p / q; their mean goes to 1."""
        return np.exp(self.log_weights)

    def normalised(self) -> Float[np.ndarray, "N"]:
        """Weights that sum to 1. Take these where actors that would begin in one another were drawn again."""
        shifted = np.exp(self.log_weights - self.log_weights.max(initial=-np.inf))
        return shifted / shifted.sum()

    def effective_count(self) -> float:
        """How many draws of the target are worth as much (Kish): (sum w)^2 / sum w^2."""
        weights = self.normalised()
        return 1.0 / float((weights**2).sum()) if len(weights) else 0.0


def sample_weighted(
    target: LogicalScenario, proposal: LogicalScenario | Mapping[str, Given], count: int, seed: int,
    design: str = "random",
) -> Weighted:  # fmt: skip
    """Draws of a proposal, weighted so that they stand for the target.

    Args:
        target: whose means are wanted.
        proposal: a logical scenario of the same shape, or other distributions by path, as `{"gap": "5..8 m"}`.
        count: how many.
        seed: seed.
        design: as in `sample_many`.

    Raises:
        ValueError: the proposal has another shape, or never draws something that the target does.
    """
    drawn_from = proposal if isinstance(proposal, LogicalScenario) else with_values(target, proposal)
    ratio = Ratio.of(target, drawn_from)
    scenarios = tuple(sample_many(drawn_from, count, seed, design))
    logs = np.array([ratio.log_weight(concrete) for concrete in scenarios], dtype=np.float64)
    return Weighted(scenarios, logs, ratio.constant_error)


def with_values(logical: LogicalScenario, given: Mapping[str, Given]) -> LogicalScenario:
    """The same scenario with other distributions at some paths.

    Raises:
        ValueError: a path is not there or holds a computed value.
        TextFault: a value cannot be read or measures something else.
    """
    known = {path: value for leaf in logical.leaves() for path, value in leaf.paths().items()}
    for path in given:
        if isinstance(known.get(path), Expression) or path not in known:
            raise ValueError(f"{path!r} is computed" if path in known else f"nothing is drawn at {path!r}")
    return LogicalScenario(mapped(logical.blocks, lambda leaf: _exchanged(leaf, given)))


def _exchanged(leaf: Leaf, given: Mapping[str, Given]) -> Leaf:
    def put(path: str, value: Value) -> Value:
        return as_value(given[path], value.dimension) if path in given else value

    def inside(step: Step, prefix: str) -> Step:
        values = tuple((name, put(f"{prefix}.{name}", value)) for name, value in step.values)
        when = step.when and replace(step.when, value=put(f"{prefix}.when", step.when.value))
        steps = tuple(inside(below, f"{prefix}[{i}]") for i, below in enumerate(step.steps))
        return replace(step, values=values, when=when, steps=steps)

    return replace(
        leaf,
        values=tuple((name, put(leaf.path_of(name), value)) for name, value in leaf.values),
        steps=tuple(inside(step, f"{leaf.prefix}[{i}]") for i, step in enumerate(leaf.steps)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """p / q of a draw, part by part.

    Attributes:
        proposal: from which is drawn.
        counterparts: the target's distribution for each of the proposal's, by identity (kept alive beside it).
        shares: logarithm of target over proposal of each option, by path of the choice.
        constant: logarithm of what restrictions leave in the proposal over what they leave in the target.
        constant_error: how far that may be off, relative.
    """

    proposal: LogicalScenario
    counterparts: Mapping[int, tuple[Distribution, Distribution]]
    shares: Mapping[str, tuple[float, ...]]
    constant: float
    constant_error: float

    @staticmethod
    def of(target: LogicalScenario, proposal: LogicalScenario) -> "Ratio":
        """The ratio of two scenarios of the same shape.

        Raises:
            ValueError: their shapes differ, or the proposal never draws something that the target does.
        """
        counterparts: dict[int, tuple[Distribution, Distribution]] = {}
        shares: dict[str, tuple[float, ...]] = {}
        constants: list[tuple[float, float]] = []
        changed: set[str] = set()
        for wanted, drawn in _pairs(target.blocks, proposal.blocks):
            if isinstance(wanted, ChoiceOf) and isinstance(drawn, ChoiceOf):
                shares[choice_path(drawn)] = _option_ratios(wanted, drawn)
            elif isinstance(wanted, Restricted) and isinstance(drawn, Restricted):
                constants.append(_constant(wanted, drawn))
            elif isinstance(wanted, Leaf) and isinstance(drawn, Leaf):
                for path, value in drawn.paths().items():
                    other = wanted.paths()[path]
                    changed |= {path} if value != other else set()
                    for one, two in _drawn_pairs(path, other, value):
                        counterparts[id(two)] = one, two
        _refuse_linked(target, changed)
        return Ratio(proposal, counterparts, shares, math.fsum(log for log, _ in constants),
                     math.fsum(error for _, error in constants))  # fmt: skip

    def log_weight(self, concrete: ConcreteScenario) -> float:
        """The logarithm of p / q of a draw of the proposal; minus infinity where the target never draws it."""
        replay = Replay({}, concrete.draws)
        build(parts_of(tuple(recorded(self.proposal.blocks, replay))), replay, concrete.seed, concrete.index)
        total = self.constant
        for path, value in replay.asked.items():
            if id(value) in self.counterparts:
                total += _log_ratio(*self.counterparts[id(value)], concrete.draws[path])
        return total + math.fsum(self.shares[path][concrete.draws[path]] for path in self.shares if path in replay.seen)


def _log_ratio(wanted: Distribution, drawn: Distribution, value: Any) -> float:
    if wanted == drawn:
        return 0.0
    shares = wanted.mass(value), drawn.mass(value)
    above, below = shares if shares[1] > 0 else (wanted.density(value), drawn.density(value))
    return math.log(above) - math.log(below) if above > 0 and below > 0 else -math.inf


def _option_ratios(wanted: ChoiceOf, drawn: ChoiceOf) -> tuple[float, ...]:
    """Ratios in the order of the proposal's options."""
    shares: dict[int, float] = {}
    listed = [[parts for _, parts in choice.options] for choice in (wanted, drawn)]
    for i, j in _matched_options(*listed):
        shares[j] = math.log(wanted.options[i][0]) - math.log(drawn.options[j][0])
    return tuple(shares[j] for j in range(len(drawn.options)))


def _constant(wanted: Restricted, drawn: Restricted) -> tuple[float, float]:
    """The logarithm of the share left in the proposal over that left in the target, and how far it may be off."""
    if wanted == drawn:
        return 0.0, 0.0
    logs: list[float] = []
    error = 0.0
    for block in (drawn, wanted):
        low, high = measure_of(block)
        middle = 0.5 * (low + high)
        logs.append(math.log(middle))
        error += 0.5 * (high - low) / middle
    return logs[0] - logs[1], error if error > 1e-8 else 0.0


def _pairs(wanted: Sequence[Block], drawn: Sequence[Block]) -> Iterator[tuple[Block, Block]]:
    shapes = [_shape([block]) for block in wanted], [_shape([block]) for block in drawn]
    keys = [key_of(block) for block in wanted], [key_of(block) for block in drawn]
    for i, j in _matched(*shapes, *keys):
        one, two = wanted[i], drawn[j]
        yield one, two
        if isinstance(one, Restricted) and isinstance(two, Restricted):
            yield from _pairs(one.blocks, two.blocks)
        elif isinstance(one, ChoiceOf) and isinstance(two, ChoiceOf):
            listed = [[parts for _, parts in choice.options] for choice in (one, two)]
            for a, b in _matched_options(*listed):
                yield from _pairs(listed[0][a], listed[1][b])


def _matched_options(one: Sequence[Sequence[Block]], two: Sequence[Sequence[Block]]) -> list[tuple[int, int]]:
    shapes = [_shape(parts) for parts in one], [_shape(parts) for parts in two]
    return _matched(*shapes, [_keys(parts) for parts in one], [_keys(parts) for parts in two])


def _matched(
    shapes: Sequence[Any], other_shapes: Sequence[Any], keys: Sequence[str], other_keys: Sequence[str]
) -> list[tuple[int, int]]:
    """Indices of items of the same shape; equal items first, then in order."""
    if sorted(map(repr, shapes)) != sorted(map(repr, other_shapes)):
        missing = Counter(map(repr, shapes)) - Counter(map(repr, other_shapes))
        lacking = next((shape for shape in shapes if repr(shape) in missing), None)
        what = "more than the target" if lacking is None else f"no counterpart of {_named(lacking)}"
        raise ValueError(f"the proposal has another shape than the target: it has {what}")
    free = set(range(len(other_shapes)))
    pairs: list[tuple[int, int]] = []
    same: Callable[[int, int], bool] = lambda i, j: keys[i] == other_keys[j] and shapes[i] == other_shapes[j]  # noqa: E731
    alike: Callable[[int, int], bool] = lambda i, j: shapes[i] == other_shapes[j]  # noqa: E731
    left = list(range(len(shapes)))
    for test in (same, alike):
        for i in list(left):
            found = next((j for j in sorted(free) if test(i, j)), None)
            if found is not None:
                pairs.append((i, found))
                free.remove(found)
                left.remove(i)
    return sorted(pairs)


def _named(shape: Any) -> str:
    names = [part for part in _flat(shape) if isinstance(part, str)]
    return " ".join(names[:2]) or "a part"


def _flat(shape: Any) -> Iterator[Any]:
    if isinstance(shape, tuple):
        for part in shape:
            yield from _flat(part)
    else:
        yield shape


def _keys(blocks: Iterable[Block]) -> str:
    return "|".join(key_of(block) for block in blocks)


def _shape(blocks: Iterable[Block]) -> tuple[Any, ...]:
    """What two scenarios have in common that differ in their distributions only."""
    return tuple(sorted((_block_shape(block) for block in blocks), key=repr))


def _block_shape(block: Block) -> Any:
    if isinstance(block, Leaf):
        values = tuple((path, _value_shape(value)) for path, value in sorted(block.paths().items()))
        steps = tuple(_step_shape(step) for step in block.steps)
        return block.kind, block.name, block.texts, values, steps
    if isinstance(block, Restricted):
        return "restriction", tuple(condition.text() for condition in block.where), _shape(block.blocks)
    return "choice", tuple(sorted((_shape(parts) for _, parts in block.options), key=repr))


def _step_shape(step: Step) -> Any:
    trigger = step.when and (step.when.kind, step.when.actor)
    return step.action, step.texts, trigger, tuple(_step_shape(below) for below in step.steps)


def _value_shape(value: Value) -> Any:
    if isinstance(value, Const):
        return value.text()
    if not isinstance(value, Expression):
        return "~"
    if isinstance(value.term, Linked):
        return value.text()
    return tuple("~" if isinstance(part, Draw) else part.name if isinstance(part, Apply) else part.text()
                 for part in walk(value.term) if isinstance(part, (Draw, Apply, Literal, Name)))  # fmt: skip


def _drawn_pairs(path: str, wanted: Value, drawn: Value) -> Iterator[tuple[Distribution, Distribution]]:
    if isinstance(wanted, Expression) and isinstance(drawn, Expression):
        pairs = list(zip(inner_of(wanted), inner_of(drawn), strict=True))
    elif isinstance(wanted, Expression) or isinstance(drawn, Expression):
        raise ValueError(f"{path} is computed in one of the two scenarios and drawn in the other")
    else:
        pairs = [(wanted, drawn)]
    for one, two in pairs:
        if not covers(two, one):
            raise ValueError(f"the proposal draws {path} from {two.text()} and never reaches all of {one.text()}")
        yield one, two


def covers(drawn: Distribution, wanted: Distribution) -> bool:
    """Whether everything that `wanted` draws can come from `drawn`: its range, and its single values."""
    atoms = list(_atoms(wanted))
    if any(drawn.mass(value) <= 0.0 for value in atoms):
        return False
    if not wanted.dimension.numeric or isinstance(wanted, Const):
        return True
    (low, high), (least, most) = wanted.bounds(), drawn.bounds()
    slack = 1e-12 * max(abs(least), abs(most))
    return least - slack <= low and high <= most + slack


def _atoms(distribution: Distribution) -> Iterator[Any]:
    if isinstance(distribution, Const):
        yield distribution.value
    elif isinstance(distribution, Choice):
        for option, _ in distribution.options:
            yield from _atoms(option)


def _refuse_linked(target: LogicalScenario, changed: set[str]) -> None:
    for leaf in target.leaves():
        for path, value in leaf.paths().items():
            if isinstance(value, Expression) and isinstance(value.term, Linked):
                others = sorted({path, *value.names()} & changed)
                if others:
                    raise ValueError(f"{others[0]} is drawn jointly ({path} is linked); its distribution is kept")
