"""Labels in words and graphs: relations, captions, causes, reasoning."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Relation:
    """How two things stand to each other at one moment.

    Attributes:
        step: index into the rollout's moments.
        subject: actor id, signal id or lane id.
        predicate: 'in_front_of', 'left_of', 'yields_to', 'occluded_by', ...
        object: as `subject`.
        value: the quantity behind it, in the unit that the predicate states; None where there is none.
    """

    step: int
    subject: str
    predicate: str
    object: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence about a span of time.

    Attributes:
        start_ns: first moment.
        end_ns: last moment.
        text: the sentence.
        kind: name of the event that it tells of.
        actors: ids of who takes part.
        true: False for a sentence that is wrong on purpose.
        wrong_in: what is wrong with it: 'actor', 'direction', 'order', 'number', ...; empty for a true one.
        claim: what it says as a statement of `generators.labels.predicates`: holds over the span for a true sentence
            and does not for a wrong one; empty where there is none.
    """

    start_ns: int
    end_ns: int
    text: str
    kind: str
    actors: tuple[str, ...] = ()
    true: bool = True
    wrong_in: str = ""
    claim: str = ""


@dataclass(frozen=True, slots=True)
class CausalNode:
    """Something that happened: an event, an act of the ego, or a state that lasted.

    Attributes:
        name: unique within the graph.
        kind: as `lead_brakes`, `ego_brakes`, `signal_turns_red`.
        start_ns: first moment.
        end_ns: last moment.
        actors: ids of who takes part.
        text: one sentence.
    """

    name: str
    kind: str
    start_ns: int
    end_ns: int
    actors: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class CausalEdge:
    """That one thing led to another, and how that is known.

    Attributes:
        cause: name of a node.
        effect: name of a node that does not begin before the cause.
        evidence: 'mechanism' (a law of the simulator ties them), 'counterfactual' (without the cause, played again,
            the effect is gone), 'precedence' (only the order speaks for it).
        strength: 0 to 1; for a counterfactual, how much of the effect is gone without the cause.
    """

    cause: str
    effect: str
    evidence: str
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class CausalGraph:
    """What happened and what led to what; without cycles."""

    nodes: tuple[CausalNode, ...] = ()
    edges: tuple[CausalEdge, ...] = ()


class StepVerdict(IntEnum):
    """What a step of reasoning is worth; the lower-case name is written."""

    CORRECT_NECESSARY = 0
    CORRECT_REDUNDANT = 1
    INCORRECT = 2
    INCOMPLETE = 3


@dataclass(frozen=True, slots=True)
class ReasoningStep:
    """One step from a question towards its answer.

    Attributes:
        text: the sentence.
        predicate: formula over the world state, as `lateral_gap(ego, walker) < 1.5`.
        verdict: what it is worth.
        evidence: values that the predicate met in the world state, by name.
        refs: ids of what it speaks of.
        start_ns: span of time that it looks at.
        end_ns: end of that span.
        category: 'perception', 'prediction', 'planning' or 'behavior', as DriveLM sorts them.
        world: 'actual', or 'changed' for a step about the drive played again with the intervention.
    """

    text: str
    predicate: str
    verdict: StepVerdict
    evidence: Mapping[str, Any] = field(default_factory=lambda: {})
    refs: tuple[str, ...] = ()
    start_ns: int = 0
    end_ns: int = 0
    category: str = "perception"
    world: str = "actual"


@dataclass(frozen=True, slots=True)
class ReasoningPath:
    """One way from the question to an answer.

    Attributes:
        steps: in order.
        answer: where it leads.
        correct: whether the answer is right and no step is wrong or missing.
    """

    steps: tuple[ReasoningStep, ...]
    answer: str
    correct: bool


@dataclass(frozen=True, slots=True)
class ReasoningTrace:
    """A question about a drive with several ways to answer it, right and wrong.

    Attributes:
        question: the sentence.
        category: 'perception', 'prediction', 'planning', 'behavior' or 'counterfactual'.
        timestamp_ns: moment at which it is asked.
        answer: the right one.
        paths: at least one correct path, and negatives.
        intervention: what was changed for a counterfactual, as `walker.start -0.5 s`; empty otherwise.
    """

    question: str
    category: str
    timestamp_ns: int
    answer: str
    paths: tuple[ReasoningPath, ...]
    intervention: str = ""
