"""Which leaves a draw takes: options chosen, restrictions met by trying again."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from scenarios.draws import NotDrawn, Rejected, Replay, Sampler, evaluate
from scenarios.expressions import Expression
from scenarios.leaf import Leaf
from scenarios.normal_form import Block, ChoiceOf, Restricted, key_of
from scenarios.remember import by_identity

MAX_TRIES = 1000


@by_identity
def choice_path(choice: ChoiceOf) -> str:
    """Path of the draw that resolves a choice: named by what it chooses among, so that nothing else moves it."""
    return f"choice:{sha256(key_of(choice).encode()).hexdigest()[:12]}"


@by_identity
def _shares(choice: ChoiceOf) -> tuple[float, ...]:
    total, shares = 0.0, list[float]()
    for weight, _ in choice.options:
        total += float(weight)
        shares.append(total)
    return tuple(shares)


def select(blocks: Iterable[Block], sampler: Sampler, attempt: int) -> Iterator[Leaf]:
    """The leaves of one draw; their values are made known to the sampler.

    Raises:
        Rejected: a restriction was not met within `MAX_TRIES` tries.
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
    fraction = sampler.fractions(choice_path(choice), attempt)
    index = next((i for i, share in enumerate(_shares(choice)) if fraction < share), len(choice.options) - 1)
    sampler.got[choice_path(choice)] = index
    return index


def _accepted(block: Restricted, sampler: Sampler, first: int) -> list[Leaf]:
    passed = [0] * len(block.where)
    for attempt in range(first, first + MAX_TRIES):
        trial = Sampler({}, sampler.fractions, base_attempt=attempt)
        leaves = list(select(block.blocks, trial, attempt))
        verdicts = [bool(evaluate(condition, trial.get, "where")) for condition in block.where]
        if all(verdicts):
            sampler.sources.update(trial.sources)
            sampler.attempts.update(dict.fromkeys(trial.sources, attempt))
            sampler.got.update(trial.got)
            return leaves
        passed = [count + verdict for count, verdict in zip(passed, verdicts, strict=True)]
    rates = "; ".join(
        f"{condition.text()!r} held in {count / MAX_TRIES:.1%}"
        for condition, count in zip(block.where, passed, strict=True)
    )
    raise Rejected(f"none of {MAX_TRIES} draws met the restrictions (acceptance below {1 / MAX_TRIES:.1%}): {rates}")


def recorded(blocks: Iterable[Block], replay: Replay) -> list[Leaf]:
    """The leaves that a concrete scenario says it was drawn from.

    Raises:
        NotDrawn: it does not say, or its draws break a restriction.
    """
    leaves: list[Leaf] = []
    conditions: list[Expression] = []
    _recorded(blocks, replay, leaves, conditions)
    for condition in conditions:
        if not evaluate(condition, replay.get, "where"):
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
