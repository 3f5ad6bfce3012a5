"""The page of a decision of the gate."""

from dataclasses import dataclass

from closed_loop.gates.decisions import DeploymentDecision, GateReason, Outcome
from closed_loop.report.data import Fact
from closed_loop.report.pages import rendered
from closed_loop.report.suite_rows import facts_of

MEANINGS = {
    Outcome.PASS: "Everything that the plan asks for is shown.",
    Outcome.HOLD: "It cannot be said that the candidate is worse, nor has it been shown to be no worse.",
    Outcome.BLOCK: "A rule is broken with confidence: the candidate may not replace the baseline.",
}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A reason as texts."""

    reason: GateReason
    candidate: str
    baseline: str
    difference: str
    interval: str
    flips: str
    p: str
    p_adjusted: str
    threshold: str


def decision_page(decision: DeploymentDecision) -> str:
    """The decision as an HTML page that needs nothing else."""
    return rendered(
        "decision.html.j2",
        d=decision,
        word=decision.outcome.value.upper(),
        meaning=MEANINGS[decision.outcome],
        facts=_facts(decision),
        against=decision.against(),
        rows=[rule_row(reason) for reason in decision.reasons],
        rules=list(dict.fromkeys(reason.rule for reason in decision.reasons)),
        identities=(
            ("decision", decision.digest()),
            ("plan", decision.plan_digest),
            ("suite", decision.suite_digest),
            ("gate version", decision.gate_version),
            *(decision.versions or {}).items(),
        ),
        plan=facts_of(decision.plan or {}),
    )


def rule_row(reason: GateReason) -> RuleRow:
    """A reason as texts: the interval is that of the difference where two are compared, else of the value."""
    difference = "" if reason.candidate is None or reason.baseline is None else reason.candidate - reason.baseline
    return RuleRow(
        reason=reason,
        candidate=_text(reason.candidate),
        baseline=_text(reason.baseline),
        difference="" if difference == "" else f"{difference:+.3g}",
        interval="" if reason.low is None or reason.high is None else f"{reason.low:.3g} to {reason.high:.3g}",
        flips="" if reason.num_only_candidate is None else f"{reason.num_only_candidate} / {reason.num_only_baseline}",
        p=_text(reason.p_value),
        p_adjusted=_text(reason.p_adjusted),
        threshold=f"{reason.threshold:g}",
    )


def _facts(decision: DeploymentDecision) -> tuple[Fact, ...]:
    counts = {outcome: sum(reason.outcome is outcome for reason in decision.reasons) for outcome in Outcome}
    missing = [round(reason.candidate or 0.0) for reason in decision.reasons if reason.rule == "missing"]
    return (
        Fact("Rules that block", str(counts[Outcome.BLOCK]), f"of {len(decision.reasons)} judged"),
        Fact("Rules that hold", str(counts[Outcome.HOLD]), "not shown either way"),
        Fact("Rules that are met", str(counts[Outcome.PASS])),
        Fact("Missing episodes", " / ".join(map(str, missing)) or "0", "candidate / baseline; never counted as passed"),
        Fact("Flips", str(decision.num_flips), "scenarios that exactly one fails"),
        Fact("Signatures", str(len(decision.sign_offs)), f"plan {decision.plan_digest[:12]}"),
    )


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
