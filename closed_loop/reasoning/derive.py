"""What follows from what: the answer from the stated steps, and what each step is worth.

A step whose predicate is false is incorrect. Where the true steps derive the answer, steps are tried from the last to
the first: one without which the answer still follows is redundant and stays out, the others are necessary. Where they
do not derive it, the proof that shares most steps with the path says which of them would be necessary; if no step is
incorrect, the last of those is incomplete: it leads to the answer without a premise that it needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from closed_loop.reasoning.questions import Answer, Question, statement
from driving_data.labels import StepVerdict


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement about one of the worlds."""

    predicate: str
    world: str = "actual"


def proofs_of(question: Question, answer: str, who: str) -> tuple[frozenset[Fact], ...]:
    """Sets of facts from which an answer follows; none for an answer of another question."""
    found = next((each for each in question.answers if each.text == answer), None)
    return () if found is None else tuple(facts_of(found, who))


def facts_of(answer: Answer, who: str) -> list[frozenset[Fact]]:
    """The proofs of an answer about somebody."""
    return [frozenset(Fact(statement(p.predicate, who), p.world) for p in proof) for proof in answer.proofs]


def follows(facts: frozenset[Fact], proofs: Sequence[frozenset[Fact]]) -> bool:
    """Whether one of the proofs is complete."""
    return any(proof <= facts for proof in proofs)


def verdicts(steps: Sequence[Fact], true: Sequence[bool], proofs: Sequence[frozenset[Fact]]) -> tuple[StepVerdict, ...]:
    """What each step of a path is worth."""
    found = [StepVerdict.CORRECT_NECESSARY if holds else StepVerdict.INCORRECT for holds in true]
    if follows(stated(steps, true), proofs):
        kept = list(true)
        for k in range(len(steps) - 1, -1, -1):
            without = [here and j != k for j, here in enumerate(kept)]
            if true[k] and follows(stated(steps, without), proofs):
                found[k], kept = StepVerdict.CORRECT_REDUNDANT, without
        return tuple(found)
    best = max(proofs, key=lambda proof: len(proof & frozenset(steps)), default=frozenset[Fact]())
    for k, fact in enumerate(steps):
        if true[k] and fact not in best:
            found[k] = StepVerdict.CORRECT_REDUNDANT
    needed = [k for k, fact in enumerate(steps) if true[k] and fact in best]
    if all(true) and steps:
        found[needed[-1] if needed else len(steps) - 1] = StepVerdict.INCOMPLETE
    return tuple(found)


def stated(steps: Sequence[Fact], kept: Sequence[bool]) -> frozenset[Fact]:
    """The facts of the steps that are kept."""
    return frozenset(fact for fact, here in zip(steps, kept, strict=True) if here)
