"""Which leaves a draw takes: options chosen, restrictions met by trying again."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from scenarios.draws import NotDrawn, Rejected, Replay, Sampler, evaluate
from scenarios.expressions import Expression, Value
from scenarios.leaf import Leaf, Step
from scenarios.normal_form import Block, ChoiceOf, Restricted, key_of
from scenarios.remember import by_identity

MAX_TRIES = 1000
PLAIN_TRIES = 16
SOLVED_TRIES = 100_000
# Attempts of solved draws are numbers that no plain attempt has.
SOLVED_FROM = 1 << 48


@by_identity
def choice_path(choice: ChoiceOf) -> str:
    """Path of the draw that resolves a choice: named by what it chooses among, so that nothing else moves it."""
    return f"choice:{sha256(key_of(choice).encode()).hexdigest()[:12]}"


@by_identity
def shares_of(choice: ChoiceOf) -> tuple[float, ...]:
    """Weights of the options, summed up from the first."""
    total, shares = 0.0, list[float]()
    for weight, _ in choice.options:
        total += float(weight)
        shares.append(total)
    return tuple(shares)


def select(blocks: Iterable[Block], sampler: Sampler, attempt: int) -> Iterator[Leaf]:
    """The leaves of one draw; their values are made known to the sampler.

    Raises:
        Infeasible: no draw meets a restriction.
        Rejected: a restriction was not met within `SOLVED_TRIES` tries.
    """
    for block in blocks:
        if isinstance(block, Leaf):
            sampler.sources.update(block.paths())
            if attempt:
                sampler.attempts.update(dict.fromkeys(block.paths(), attempt))
            yield block
        elif isinstance(block, ChoiceOf):
            yield from select(block.options[_pick(block, sampler, attempt)][1], sampler, attempt)
        else:
            yield from _accepted(block, sampler, attempt)


def _pick(choice: ChoiceOf, sampler: Sampler, attempt: int) -> int:
    path = choice_path(choice)
    sampler.attempts.setdefault(path, attempt)
    fraction = sampler.fraction(path)
    index = next((i for i, share in enumerate(shares_of(choice)) if fraction < share), len(choice.options) - 1)
    sampler.got[path] = index
    return index


def _accepted(block: Restricted, sampler: Sampler, first: int) -> list[Leaf]:
    """The first draws as they come, so that a draw that meets the restriction is the one without it; then solved."""
    from scenarios.constraints.solve import solution_of  # solves restrictions by what is defined here

    for attempt in range(first, first + PLAIN_TRIES):
        leaves = _tried(block, sampler, attempt, {})
        if leaves is not None:
            return leaves
    solution = solution_of(block)
    tries = SOLVED_TRIES if solution is not None else MAX_TRIES
    for attempt in range(SOLVED_FROM + first * SOLVED_TRIES, SOLVED_FROM + first * SOLVED_TRIES + tries):
        cell = solution.cell(sampler.fractions(solution.path, attempt)) if solution is not None else None
        leaves = _tried(block, sampler, attempt, dict(cell.box) if cell is not None else {})
        if leaves is not None:
            return leaves
    share = f"at most {solution.paving.volume:.1g} of the draws can" if solution is not None else "their choices are "\
        "too many to be solved"  # fmt: skip
    named = " and ".join(repr(condition.text().removeprefix("= ")) for condition in block.where)
    raise Rejected(f"none of {tries} draws met {named}: {share}; widen a range, or compute one value from another")


def _tried(
    block: Restricted, sampler: Sampler, attempt: int, boxes: dict[str, tuple[float, float]]
) -> list[Leaf] | None:  # fmt: skip
    trial = Sampler({}, sampler.fractions, base_attempt=attempt, values=sampler.values, boxes=boxes)
    leaves = list(select(block.blocks, trial, attempt))
    if not all(evaluate(condition, trial.get, "where", trial.sources) for condition in block.where):
        return None
    sampler.sources.update(trial.sources)
    sampler.attempts.update(dict.fromkeys(trial.sources, attempt))
    # Within an inner restriction the attempt is its own.
    sampler.attempts.update(trial.attempts)
    sampler.boxes.update(trial.boxes)
    sampler.got.update(trial.got)
    return leaves


def recorded(blocks: Iterable[Block], replay: Replay) -> list[Leaf]:
    """The leaves that a concrete scenario says it was drawn from.

    Raises:
        NotDrawn: it does not say, or its draws break a restriction.
    """
    leaves: list[Leaf] = []
    conditions: list[Expression] = []
    _recorded(blocks, replay, leaves, conditions)
    for condition in conditions:
        if not evaluate(condition, replay.get, "where", replay.sources):
            raise NotDrawn(f"the draws break {condition.text()!r}")
    return leaves


def _recorded(blocks: Iterable[Block], replay: Replay, leaves: list[Leaf], conditions: list[Expression]) -> None:
    for block in blocks:
        if isinstance(block, Leaf):
            replay.sources.update(block.paths())
            leaves.append(block)
        elif isinstance(block, Restricted):
            _recorded(block.blocks, replay, leaves, conditions)
            conditions.extend(block.where)
        else:
            index: Any = replay.recorded.get(choice_path(block))
            if not isinstance(index, int) or not 0 <= index < len(block.options):
                raise NotDrawn("it does not say which option was taken")
            replay.seen.add(choice_path(block))
            _recorded(block.options[index][1], replay, leaves, conditions)


def drawn_paths(leaf: Leaf) -> Iterator[tuple[str, Value]]:
    """Values of a leaf that are drawn once for each scenario."""
    if leaf.kind == "traffic":
        count = leaf.path_of("count")
        yield from ((path, value) for path, value in leaf.paths().items() if path == count)
    elif leaf.kind == "do":
        for i, step in enumerate(leaf.steps):
            yield from _step_paths(step, f"{leaf.prefix}[{i}]")
    else:
        yield from leaf.paths().items()


def _step_paths(step: Step, prefix: str) -> Iterator[tuple[str, Value]]:
    yield from ((path, value) for path, value in step.paths(prefix) if not _below(path, prefix))
    if step.action != "repeat":
        for i, inner in enumerate(step.steps):
            yield from _step_paths(inner, f"{prefix}[{i}]")


def _below(path: str, prefix: str) -> bool:
    return path[len(prefix) :].startswith("[")
