"""Makes traces: questions where a drive has something to ask about, right paths, and paths wrong on purpose."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from closed_loop.reasoning.counterfactual import Intervention, Replay, with_counterfactuals
from closed_loop.reasoning.derive import Fact, follows, proofs_of, stated, verdicts
from closed_loop.reasoning.questions import INTERVENTIONS, QUESTIONS, Answer, Premise, Question, filled, statement
from closed_loop.reasoning.verify import span_of
from driving_data.errors import Unsupported
from driving_data.labels import Labels, ReasoningPath, ReasoningStep, ReasoningTrace, StepVerdict
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from generators.labels.predicates import FUNCTIONS, View, evaluate, holds
from generators.labels.story import Happening, happenings, narrate

MAX_MOMENTS = 4
MAX_ACTORS = 3
_NEGATED = "not "


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question about somebody at a moment, and the worlds that it is about."""

    question: Question
    who: str
    timestamp_ns: int
    worlds: Mapping[str, View]

    @property
    def view(self) -> View:
        """What happened."""
        return self.worlds["actual"]

    def span(self) -> tuple[int, int]:
        """The span at which steps look."""
        return span_of(self.question, self.timestamp_ns, self.view)

    def right(self) -> Answer | None:
        """The only answer whose claim holds; None where none or several do."""
        found = [a for a in self.question.answers
                 if holds(statement(a.claim, self.who), self.worlds[a.claim_world], *self.span())]  # fmt: skip
        return found[0] if len(found) == 1 else None

    def step(self, premise: Premise) -> ReasoningStep:
        """A step, with its evidence, not yet judged."""
        text = statement(premise.predicate, self.who)
        start, end = self.span()
        told = evaluate(text, self.worlds[premise.world], start, end)
        return ReasoningStep(
            filled(premise.text, self.view, self.who), text, StepVerdict.CORRECT_NECESSARY, told.evidence,
            tuple(dict.fromkeys(("ego", self.who))), start, end, premise.category, premise.world,
        )  # fmt: skip

    def path(self, steps: Sequence[ReasoningStep], answer: str, right: str) -> ReasoningPath:
        """A path, judged."""
        facts = [Fact(step.predicate, step.world) for step in steps]
        true = [evaluate(s.predicate, self.worlds[s.world], s.start_ns, s.end_ns).holds for s in steps]
        proofs = proofs_of(self.question, answer, self.who)
        worth = verdicts(facts, true, proofs)
        sound = answer == right and all(true) and follows(stated(facts, true), proofs)
        return ReasoningPath(
            tuple(replace(step, verdict=each) for step, each in zip(steps, worth, strict=True)), answer, sound
        )


def reason(
    segment_or_rollout: Segment[Raw] | Rollout, replay: Replay | None = None, *, max_moments: int = MAX_MOMENTS
) -> tuple[ReasoningTrace, ...]:
    """Traces of a drive, by moment; with `replay` counterfactual ones too.

    Args:
        segment_or_rollout: what happened.
        replay: how it was made, to play it again; None asks nothing that would need it.
        max_moments: at most so many moments are asked about, those at which events begin first.
    """
    rollout = segment_or_rollout if isinstance(segment_or_rollout, Rollout) else segment_or_rollout.rollout
    view = View.of(rollout)
    events = [e for e in happenings(view) if view.ego in e.actors]
    found: list[ReasoningTrace] = []
    for k in moments(view, events, max_moments):
        for question in QUESTIONS:
            if question.span_s is None:
                continue
            for who in subjects(view, question, events, k):
                asked = _Asked(question, who, int(rollout.timestamps_ns[k]), {"actual": view})
                if (trace := trace_of(asked)) is not None:
                    found.append(trace)
    if replay is not None:
        found += counterfactuals(view, events, replay)
    return tuple(found)


def told(segment: Segment[Raw], seed: int = 0, replay: Replay | None = None) -> Labels:
    """The segment's labels with everything in words: `narrate`, counterfactual evidence of causes, and traces."""
    labels = narrate(segment, seed)
    causes = labels.causes
    if replay is not None and causes is not None:
        causes = with_counterfactuals(causes, segment.rollout, replay)
    return replace(labels, causes=causes, reasoning=reason(segment, replay))


def moments(view: View, events: Sequence[Happening], most: int) -> list[int]:
    """Where questions are asked: where events of the ego begin, and the middle of the drive where there is none."""
    starts = list(dict.fromkeys(min(e.first + 1, len(view.seconds) - 1) for e in events))[:most]
    return sorted(starts) or [len(view.seconds) // 2]


def subjects(view: View, question: Question, events: Sequence[Happening], k: int) -> list[str]:
    """Whom a question is asked about: partners of events first, then who is nearest; or lights that rule the ego."""
    if question.about == "signal":
        ruled = [s for s in view.rollout.signals.ids if FUNCTIONS["controlled_by"].values(view, (view.ego, s))[k]]
        return ruled[:1]
    partners = [a for e in events if e.first <= k <= e.last for a in e.actors if a != view.ego and a in view.ids]
    there = [a for a in view.ids if a != view.ego and view.here(a)[k] and not view.is_static(a)]
    near = sorted(there, key=lambda a: float(FUNCTIONS["distance"].values(view, (view.ego, a))[k]))
    return [a for a in dict.fromkeys((*partners, *near)) if a in there][:MAX_ACTORS]


def counterfactuals(view: View, events: Sequence[Happening], replay: Replay) -> Iterator[ReasoningTrace]:
    """Questions about the drive played again, for the actors that had to do with the ego."""
    known = {actor.id for actor in replay.scenario.actors}
    partners = [a for e in events for a in e.actors if a != view.ego and a in known]
    for who in list(dict.fromkeys(partners))[:2]:
        for question in QUESTIONS:
            if question.span_s is not None:
                continue
            change = Intervention.read(INTERVENTIONS[question.name].replace("{x}", who))
            try:
                changed = View.of(replay.play(change))
            except Unsupported:
                continue  # nothing of this actor can be shifted, so nothing is asked about it
            asked = _Asked(question, who, view.rollout.timestamps_ns[0].item(), {"actual": view, "changed": changed})
            if (trace := trace_of(asked, str(change))) is not None:
                yield trace


def trace_of(asked: _Asked, intervention: str = "") -> ReasoningTrace | None:
    """The trace of a question; None where no answer is the only right one, or none can be derived."""
    right = asked.right()
    if right is None:
        return None
    paths = [asked.path([asked.step(p) for p in proof], right.text, right.text) for proof in right.proofs]
    valid = [path for path in paths if path.correct]
    if not valid:
        return None
    negatives = [
        *_with_more(asked, valid), *_with_wrong_step(asked, valid[0]), *_with_less(asked, valid[0]),
        *_wrong_answers(asked, right),
    ]  # fmt: skip
    text = filled(asked.question.text, asked.view, asked.who)
    return ReasoningTrace(text, asked.question.category, asked.timestamp_ns, right.text, (*valid, *negatives),
                          intervention)  # fmt: skip


def _with_more(asked: _Asked, valid: Sequence[ReasoningPath]) -> Iterator[ReasoningPath]:
    """The first right path with a step more that it does not need."""
    first = valid[0]
    have = {(step.predicate, step.world) for step in first.steps}
    spare = [s for path in valid[1:] for s in path.steps if (s.predicate, s.world) not in have]
    extra = spare or [asked.step(Premise("exists(ego)", "The ego is there."))]
    path = asked.path((extra[0], *first.steps), first.answer, first.answer)
    if any(step.verdict is StepVerdict.CORRECT_REDUNDANT for step in path.steps):
        yield path


def _with_wrong_step(asked: _Asked, valid: ReasoningPath) -> Iterator[ReasoningPath]:
    """The path with its last step turned into its contrary, which is false: a right answer for a wrong reason."""
    last = valid.steps[-1]
    contrary = statement(contrary_of(last.predicate), asked.who)
    told = evaluate(contrary, asked.worlds[last.world], last.start_ns, last.end_ns)
    if not told.holds:
        wrong = replace(last, predicate=contrary, text=denied(last.text), evidence=told.evidence)
        yield asked.path((*valid.steps[:-1], wrong), valid.answer, valid.answer)


def contrary_of(predicate: str) -> str:
    """A statement that says the contrary."""
    return predicate.removeprefix(_NEGATED) if predicate.startswith(_NEGATED) else f"{_NEGATED}({predicate})"


def denied(text: str) -> str:
    """A sentence that says the contrary."""
    again = "Played again, " if text.startswith("Played again, ") else ""
    rest = text.removeprefix(again)
    inner = f"it is not true that {rest[:1].lower()}{rest[1:]}"
    return again + inner if again else inner[:1].upper() + inner[1:]


def _with_less(asked: _Asked, valid: ReasoningPath) -> Iterator[ReasoningPath]:
    """The path without its first step, which is necessary."""
    if len(valid.steps) > 1:
        yield asked.path(valid.steps[1:], valid.answer, valid.answer)


def _wrong_answers(asked: _Asked, right: Answer) -> Iterator[ReasoningPath]:
    """Another answer, with the steps that would lead to it."""
    for answer in asked.question.answers:
        if answer.text != right.text:
            yield asked.path([asked.step(p) for p in answer.proofs[0]], answer.text, right.text)
            return
