"""Whether a trace is what it says: predicates evaluated again, verdicts derived again, answers checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from closed_loop.reasoning.derive import Fact, follows, proofs_of, stated, verdicts
from closed_loop.reasoning.questions import Question, recognised, statement
from driving_data.errors import InputError
from driving_data.labels import ReasoningPath, ReasoningStep, ReasoningTrace
from driving_data.rollout import Rollout
from generators.labels.predicates import Verdict, View, evaluate, holds


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong with a trace, one line each; nothing for a trace that is what it says."""

    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def verify(trace: ReasoningTrace, rollout: Rollout, changed: Rollout | None = None) -> Report:
    """Checks a trace against what happened.

    Args:
        trace: the trace.
        rollout: what happened.
        changed: the drive played again with `trace.intervention`; needed for counterfactual questions.
    """
    worlds = {"actual": View.of(rollout)} | ({} if changed is None else {"changed": View.of(changed)})
    return verify_views(trace, worlds)


def verify_views(trace: ReasoningTrace, worlds: Mapping[str, View]) -> Report:
    """As `verify`, with views that are there already."""
    known = recognised(trace.question)
    if known is None:
        return Report((f"no known kind of question: {trace.question!r}",))
    question, who = known
    if trace.category == "counterfactual" and "changed" not in worlds:
        return Report((f"{trace.question!r}: the drive played again is needed ({trace.intervention})",))
    faults = _answer_faults(trace, question, who, worlds)
    if not any(path.correct for path in trace.paths):
        faults.append("no path is correct")
    for number, path in enumerate(trace.paths):
        faults += [f"paths[{number}]: {fault}" for fault in _path_faults(trace, path, question, who, worlds)]
    return Report(tuple(faults))


def _answer_faults(trace: ReasoningTrace, question: Question, who: str, worlds: Mapping[str, View]) -> list[str]:
    faults: list[str] = []
    if question.category != trace.category:
        faults.append(f"the category is {question.category}, not {trace.category}")
    if trace.answer not in [answer.text for answer in question.answers]:
        faults.append(f"no answer to this question: {trace.answer!r}")
    for answer in question.answers:
        view = worlds[answer.claim_world]
        start, end = span_of(question, trace.timestamp_ns, view)
        right = holds(statement(answer.claim, who), view, start, end)
        if right is not (answer.text == trace.answer):
            faults.append(f"{answer.text!r} is {'right' if right else 'wrong'}, by {statement(answer.claim, who)}")
    return faults


def _path_faults(
    trace: ReasoningTrace, path: ReasoningPath, question: Question, who: str, worlds: Mapping[str, View]
) -> list[str]:
    faults: list[str] = []
    true: list[bool] = []
    for k, step in enumerate(path.steps):
        told = judged(step, worlds)
        true.append(told is not None and told.holds)
        if told is None:
            faults.append(f"steps[{k}]: no statement about this drive: {step.predicate}")
        elif dict(told.evidence) != dict(step.evidence):
            faults.append(f"steps[{k}]: evidence is {dict(told.evidence)}, not {dict(step.evidence)}")
        if (step.start_ns, step.end_ns) != span_of(question, trace.timestamp_ns, worlds["actual"]):
            faults.append(f"steps[{k}]: looks at another span than the question")
    proofs = proofs_of(question, path.answer, who)
    facts = [Fact(step.predicate, step.world) for step in path.steps]
    for k, verdict in enumerate(verdicts(facts, true, proofs)):
        if verdict is not path.steps[k].verdict:
            faults.append(f"steps[{k}]: is {verdict.name.lower()}, not {path.steps[k].verdict.name.lower()}")
    sound = path.answer == trace.answer and all(true) and follows(stated(facts, true), proofs)
    if sound is not path.correct:
        faults.append(f"is {'correct' if sound else 'not correct'}")
    return faults


def judged(step: ReasoningStep, worlds: Mapping[str, View]) -> Verdict | None:
    """What becomes of a step's predicate; None where it cannot be asked of its world."""
    view = worlds.get(step.world)
    try:
        return None if view is None else evaluate(step.predicate, view, step.start_ns, step.end_ns)
    except InputError:
        return None


def span_of(question: Question, timestamp_ns: int, view: View) -> tuple[int, int]:
    """The span at which a question and its steps look."""
    if question.span_s is None:
        return int(view.rollout.timestamps_ns[0]), int(view.rollout.timestamps_ns[-1])
    return timestamp_ns, timestamp_ns + round(question.span_s * 1e9)


def admitted(trace: ReasoningTrace, path: ReasoningPath, rollout: Rollout, changed: Rollout | None = None) -> bool:
    """The quality gate: whether a path may be shown as a right one. A right answer with an invalid step may not."""
    worlds = {"actual": View.of(rollout)} | ({} if changed is None else {"changed": View.of(changed)})
    known = recognised(trace.question)
    if known is None or path.answer != trace.answer:
        return False
    told = [judged(step, worlds) for step in path.steps]
    true = [each is not None and each.holds for each in told]
    facts = [Fact(step.predicate, step.world) for step in path.steps]
    return all(true) and follows(stated(facts, true), proofs_of(known[0], path.answer, known[1]))
