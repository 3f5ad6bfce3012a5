"""What if: one drawn number of a scenario changed alone, everything else as it was, and what becomes of it.

`changed` makes the scenario again from its draws with one of them replaced: "the pedestrian half a second earlier" is
the draw of the moment at which it sets off, less 0.5 s. What is computed from that draw follows; every other draw
stays. `what_if` runs both and tells the difference; `critical_value` finds, by halving, where the outcome turns.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any

from closed_loop.results import EpisodeResult
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.plain import canonical_text
from scenarios.algebra import LogicalScenario
from scenarios.build import build
from scenarios.concrete import ConcreteScenario
from scenarios.drawing import parts_of
from scenarios.draws import Replay, evaluate, inner_of
from scenarios.expressions import Expression, Value
from scenarios.randomness import unit_draw
from scenarios.selection import recorded
from scenarios.space import Const, Scalar

Run = Callable[[Sequence[ConcreteScenario]], Sequence[EpisodeResult]]
"""Drives the policy in question through scenarios; results in their order."""
HALVINGS = 10


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A scenario, the same with one draw changed, and what came of both.

    Attributes:
        path: the draw.
        value: what it was.
        changed_to: what it is.
        scenario: the changed scenario.
        before: result as it was.
        after: result with the change.
        outcome: 'mended', 'broken', 'still fails' or 'still passes'.
        metrics: value before and after of every metric that differs, by id.
        impossible: why the changed scenario cannot be drawn from its logical one; empty where it can.
    """

    path: str
    value: Scalar
    changed_to: Scalar
    scenario: ConcreteScenario
    before: EpisodeResult
    after: EpisodeResult
    outcome: str
    metrics: Mapping[str, tuple[float | None, float | None]]
    impossible: str


@dataclass(slots=True)
class _Redraw:
    """Draws as they were recorded, but for those that are changed; what is computed is computed again."""

    sources: dict[str, Value]
    recorded: Mapping[str, Any]
    changes: Mapping[str, Scalar]
    seed: int
    index: int
    got: dict[str, Any] = field(default_factory=lambda: {})

    def get(self, path: str) -> Any:
        if path in self.got:
            return self.got[path]
        return self.draw(path, self.sources[path])

    def draw(self, path: str, value: Value) -> Any:
        if path in self.got:
            return self.got[path]
        if path in self.changes:
            result: Any = self.changes[path]
        elif isinstance(value, Const):
            return value.value
        elif isinstance(value, Expression):
            for i, inner in enumerate(inner_of(value)):
                self.sources.setdefault(f"{path}#{i}", inner)
            result = evaluate(value, self.get, path, self.sources)
        elif path in self.recorded:
            result = self.recorded[path]
        else:
            # A change made room for somebody who was not there, as one more car of a stream.
            result = value.quantile(unit_draw(self.seed, self.index, path, 0))
        self.got[path] = result
        return result


def changed(logical: LogicalScenario, concrete: ConcreteScenario, changes: Mapping[str, Scalar]) -> ConcreteScenario:
    """The scenario with other values at some paths, which need not be draws: a computed or constant value may be set.

    Args:
        logical: what it was drawn from.
        concrete: the scenario.
        changes: new values in base units, by path.

    Raises:
        InputError: a path is not one of the scenario.
        IllTyped: the changed numbers make no scenario, as where two actors would begin in one another.
        NotDrawn: the scenario is not of this logical one.
    """
    as_it_was = _made(logical, concrete, {})
    again = _made(logical, concrete, changes)
    added = tuple(tag for tag in concrete.tags if tag not in as_it_was.tags)
    return replace(again, tags=(*again.tags, *added))


def _made(logical: LogicalScenario, concrete: ConcreteScenario, changes: Mapping[str, Scalar]) -> ConcreteScenario:
    leaves = tuple(recorded(logical.blocks, Replay({}, concrete.draws)))
    sources = {path: value for leaf in leaves for path, value in leaf.paths().items()}
    known = {*sources, *concrete.draws}
    if unknown := [path for path in changes if path not in known]:
        raise InputError([_no_path(path, known) for path in unknown])
    redraw = _Redraw(sources, concrete.draws, changes, concrete.seed, concrete.index)
    made = build(parts_of(leaves), redraw, concrete.seed, concrete.index)
    choices = {path: value for path, value in concrete.draws.items() if path.startswith("choice:")}
    return replace(made, draws=dict(sorted({**choices, **redraw.got}.items())))


def what_if(logical: LogicalScenario, concrete: ConcreteScenario, path: str, to: Scalar, run: Run) -> WhatIf:
    """Runs a scenario as it is and with one value changed.

    Raises:
        InputError, IllTyped, NotDrawn: as `changed`.
    """
    other = changed(logical, concrete, {path: to})
    before, after = run((concrete, other))
    failed = (before.failed, after.failed)
    outcome = {(True, False): "mended", (False, True): "broken", (True, True): "still fails"}.get(
        failed, "still passes"
    )
    return WhatIf(
        path, value_at(concrete, logical, path), to, other, before, after, outcome, differences(before, after),
        logical.why_not(replace(other, tags=_made(logical, other, {}).tags)) or "",
    )  # fmt: skip


def value_at(concrete: ConcreteScenario, logical: LogicalScenario, path: str) -> Scalar:
    """The value of a path in a scenario, drawn or constant."""
    if path in concrete.draws:
        return concrete.draws[path]
    leaves = recorded(logical.blocks, Replay({}, concrete.draws))
    fixed = {name: value.value for leaf in leaves for name, value in leaf.paths().items() if isinstance(value, Const)}
    if path not in fixed:
        raise InputError([_no_path(path, {*concrete.draws, *fixed})])
    return fixed[path]


def _no_path(path: str, known: Iterable[str]) -> Fault:
    """The fault of a path that the scenario has not, with those that it has, the most alike first."""
    # Ways of drawing stand among the draws, but are no values that could be changed alone.
    names = sorted(name for name in known if not name.startswith("choice:"))
    alike = sorted(names, key=lambda name: -SequenceMatcher(None, name.lower(), path.lower()).ratio())
    expected = f"a path of the scenario, the most alike first: {', '.join(alike)}"
    return Fault("", 0, 0, path, "unknown-name", repr(path), expected, nearest_name(path, names))


def differences(before: EpisodeResult, after: EpisodeResult) -> dict[str, tuple[float | None, float | None]]:
    """Values of the metrics that are not the same in two results."""
    names = dict.fromkeys((*before.metrics, *after.metrics))
    return {name: (before.value(name), after.value(name)) for name in names if before.value(name) != after.value(name)}


@dataclass(frozen=True, slots=True)
class Turn:
    """Where the outcome turns along one value.

    Attributes:
        path: of the value.
        passes_at: value at which the policy passes.
        fails_at: value at which it fails, close to the other.
        num_runs: scenarios that were run.
    """

    path: str
    passes_at: float
    fails_at: float
    num_runs: int


def critical_value(
    logical: LogicalScenario, concrete: ConcreteScenario, path: str, one: float, other: float, run: Run,
    halvings: int = HALVINGS,
) -> Turn | None:  # fmt: skip
    """Where between two values of a path the outcome turns; None where it is the same at both.

    The interval is halved, so that one turn is found also where there are several.
    """

    def fails(value: float) -> bool:
        return run((changed(logical, concrete, {path: value}),))[0].failed

    ends = {fails(one): one, fails(other): other}
    if len(ends) < 2:
        return None
    for _ in range(halvings):
        middle = 0.5 * (ends[True] + ends[False])
        ends[fails(middle)] = middle
    return Turn(path, ends[False], ends[True], 2 + halvings)


def same_scenario(one: ConcreteScenario, other: ConcreteScenario) -> bool:
    """Whether two scenarios are the same but for what was written down of their draws and tags."""
    plain = [replace(each, draws={}, tags=()) for each in (one, other)]
    return canonical_text(plain[0]) == canonical_text(plain[1])
