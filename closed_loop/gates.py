"""May the policy be released? Rules as plain data, a decision with a reason for each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from closed_loop.metrics.definition import Direction
from closed_loop.results import EvalReport
from closed_loop.statistics import ALL, Comparison, compare, estimate, slices_of
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.plain import from_plain


class Outcome(Enum):
    """What a rule, and the whole gate, comes to."""

    ACCEPT = "accept"
    REJECT = "reject"
    INSUFFICIENT_EVIDENCE = "insufficient evidence"


@dataclass(frozen=True, slots=True)
class RegressionRule:
    """The candidate must not be worse than the baseline.

    Rejects where it is worse by more than `tolerance` and the paired test says so (Holm-adjusted p below `alpha`).
    Where it is worse by more than `tolerance` and the test cannot tell, the evidence is insufficient.

    Attributes:
        metric: metric id.
        tolerance: how much worse is still no regression, in the metric's unit.
        slices: 'all' and `key:value` slices; an empty list means 'all' and every slice with enough pairs.
        min_pairs: slices with fewer common scenarios are not judged (the coverage rule says which must have them).
    """

    metric: str
    tolerance: float = 0.0
    slices: tuple[str, ...] = ()
    min_pairs: int = 10


@dataclass(frozen=True, slots=True)
class LimitRule:
    """A metric must keep to an absolute limit: an upper one where lower is better, a lower one where higher is.

    Accepts where the whole interval keeps it, rejects where the whole interval breaks it, else the evidence is
    insufficient.
    """

    metric: str
    limit: float
    slice: str = ALL


@dataclass(frozen=True, slots=True)
class CoverageRule:
    """A slice must have been driven in at least `min_episodes` episodes without error."""

    slice: str
    min_episodes: int


@dataclass(frozen=True, slots=True)
class GateRules:
    """What a release asks for; the defaults suit small suites.

    Attributes:
        regressions: no-regression rules.
        limits: absolute limits.
        coverage: slices that must have been driven.
        max_errors: episodes that may have failed to run.
        alpha: significance level of tests, after correction.
        confidence: of the intervals of limits.
    """

    regressions: tuple[RegressionRule, ...] = (
        RegressionRule("collision"),
        RegressionRule("at_fault_collision"),
        RegressionRule("driving_score", tolerance=0.05, slices=(ALL,)),
    )
    limits: tuple[LimitRule, ...] = (LimitRule("at_fault_collision", 0.2), LimitRule("off_road", 0.2))
    coverage: tuple[CoverageRule, ...] = field(default=(CoverageRule(ALL, 20),))
    max_errors: int = 0
    alpha: float = 0.05
    confidence: float = 0.95

    @staticmethod
    def from_plain(data: Mapping[str, Any]) -> "GateRules":
        """Rules from plain data; what is not given keeps its default.

        Raises:
            InputError: a name is unknown or a value does not fit.
        """
        known = ("regressions", "limits", "coverage", "max_errors", "alpha", "confidence")
        faults = [
            Fault("", 0, 0, f"rules.{key}", "unknown-name", repr(key), f"one of {', '.join(known)}",
                  nearest_name(key, known))
            for key in data if key not in known and key != "type"
        ]  # fmt: skip
        if faults:
            raise InputError(faults)
        try:
            return from_plain(GateRules, dict(data))
        except ValueError as error:
            raise InputError([Fault("", 0, 0, "rules", "wrong-value", "", str(error))]) from error


@dataclass(frozen=True, slots=True)
class GateReason:
    """What one rule came to on one slice.

    Attributes:
        rule: 'regression', 'limit', 'coverage' or 'errors'.
        outcome: what it came to.
        metric: metric id; empty for coverage and errors.
        slice: which slice.
        candidate: value of the candidate.
        baseline: value of the baseline, for regressions.
        low: lower end of the interval: of the difference for regressions, of the value for limits.
        high: upper end.
        threshold: tolerance, limit or least number.
        num: episodes or pairs.
        text: one sentence for a person.
    """

    rule: str
    outcome: Outcome
    metric: str
    slice: str
    candidate: float | None
    baseline: float | None
    low: float | None
    high: float | None
    threshold: float
    num: int
    text: str


@dataclass(frozen=True, slots=True)
class DeploymentDecision:
    """The decision: reject where any rule rejects, else insufficient evidence where any says so, else accept."""

    outcome: Outcome
    candidate: str
    baseline: str
    suite: str
    reasons: tuple[GateReason, ...]

    def against(self) -> tuple[GateReason, ...]:
        """The reasons that kept it from being accepted, rejections first."""
        order = {Outcome.REJECT: 0, Outcome.INSUFFICIENT_EVIDENCE: 1}
        return tuple(sorted((r for r in self.reasons if r.outcome in order), key=lambda r: order[r.outcome]))


def decide(candidate: EvalReport, baseline: EvalReport, rules: GateRules = GateRules()) -> DeploymentDecision:
    """Judges a candidate against a baseline on the same suite.

    Raises:
        InputError: the reports are of different suites, or a rule names a metric that they do not have.
    """
    _check(candidate, baseline, rules)
    reasons = [_errors(candidate, rules), *(_coverage(candidate, rule) for rule in rules.coverage)]
    for rule in rules.regressions:
        reasons.extend(_regressions(candidate, baseline, rule, rules))
    reasons.extend(_limit(candidate, rule, rules) for rule in rules.limits)
    outcomes = {reason.outcome for reason in reasons}
    worst = next((o for o in (Outcome.REJECT, Outcome.INSUFFICIENT_EVIDENCE) if o in outcomes), Outcome.ACCEPT)
    return DeploymentDecision(worst, candidate.policy, baseline.policy, candidate.suite, tuple(reasons))


def _check(candidate: EvalReport, baseline: EvalReport, rules: GateRules) -> None:
    faults: list[Fault] = []
    if candidate.suite_digest != baseline.suite_digest:
        faults.append(
            Fault("", 0, 0, "suite", "different-suites", f"{candidate.suite} and {baseline.suite}",
                  "two reports on the same scenarios")
        )  # fmt: skip
    for rule in (*rules.regressions, *rules.limits):
        for report in (candidate, baseline):
            if rule.metric not in report.metrics:
                faults.append(
                    Fault("", 0, 0, f"rules.{type(rule).__name__}", "unknown-metric", repr(rule.metric),
                          f"a metric of the report on {report.policy}", nearest_name(rule.metric, report.metrics))
                )  # fmt: skip
    if faults:
        raise InputError(faults)


def _errors(report: EvalReport, rules: GateRules) -> GateReason:
    num = sum(episode.error is not None for episode in report.episodes)
    outcome = Outcome.ACCEPT if num <= rules.max_errors else Outcome.INSUFFICIENT_EVIDENCE
    text = f"{num} of {len(report.episodes)} episodes could not be run; at most {rules.max_errors} may"
    return GateReason("errors", outcome, "", ALL, float(num), None, None, None, float(rules.max_errors),
                      len(report.episodes), text)  # fmt: skip


def _coverage(report: EvalReport, rule: CoverageRule) -> GateReason:
    members = slices_of(report, (rule.slice.partition(":")[0],)).get(rule.slice, ())
    num = sum(episode.error is None for episode in members)
    outcome = Outcome.ACCEPT if num >= rule.min_episodes else Outcome.INSUFFICIENT_EVIDENCE
    text = f"{rule.slice}: {num} episodes were driven, at least {rule.min_episodes} are asked for"
    return GateReason("coverage", outcome, "", rule.slice, float(num), None, None, None, float(rule.min_episodes),
                      num, text)  # fmt: skip


def _regressions(
    candidate: EvalReport, baseline: EvalReport, rule: RegressionRule, rules: GateRules
) -> list[GateReason]:
    names: Sequence[str] = rule.slices or [
        name for name, members in slices_of(candidate).items() if name == ALL or len(members) >= rule.min_pairs
    ]
    made = compare(candidate, baseline, rule.metric, names, rules.confidence)
    named = set(rule.slices) | {ALL}
    return [_regression(c, rule, rules) for c in made if c.num_pairs >= rule.min_pairs or c.slice in named]


def _regression(comparison: Comparison, rule: RegressionRule, rules: GateRules) -> GateReason:
    c = comparison
    if c.difference is None or c.num_pairs < rule.min_pairs:
        outcome, words = Outcome.INSUFFICIENT_EVIDENCE, f"only {c.num_pairs} common episodes of {rule.min_pairs}"
    else:
        worse = c.difference if c.direction is Direction.LOWER_IS_BETTER else -c.difference
        significant = c.p_adjusted < rules.alpha
        if worse <= rule.tolerance + 1e-12:
            outcome, words = Outcome.ACCEPT, "no regression"
        elif significant:
            outcome, words = Outcome.REJECT, f"worse, adjusted p = {c.p_adjusted:.3g}"
        else:
            outcome = Outcome.INSUFFICIENT_EVIDENCE
            words = f"worse, but it may be chance (adjusted p = {c.p_adjusted:.3g})"
    text = (
        f"{c.metric} on {c.slice}: {_number(c.candidate)} against {_number(c.baseline)} in {c.num_pairs} pairs, "
        f"difference {_number(c.difference)} {_interval(c.low, c.high)}, tolerance {rule.tolerance:g}: {words}"
    )
    return GateReason("regression", outcome, c.metric, c.slice, c.candidate, c.baseline, c.low, c.high, rule.tolerance,
                      c.num_pairs, text)  # fmt: skip


def _limit(report: EvalReport, rule: LimitRule, rules: GateRules) -> GateReason:
    definition = report.metrics[rule.metric]
    members = slices_of(report, (rule.slice.partition(":")[0],)).get(rule.slice, ())
    values = [value for episode in members if (value := episode.value(rule.metric)) is not None]
    found = estimate(values, definition.scale, rules.confidence)
    upper = definition.direction is Direction.LOWER_IS_BETTER
    if found.low is None or found.high is None:
        outcome = Outcome.INSUFFICIENT_EVIDENCE
    elif (found.high <= rule.limit) if upper else (found.low >= rule.limit):
        outcome = Outcome.ACCEPT
    elif (found.low > rule.limit) if upper else (found.high < rule.limit):
        outcome = Outcome.REJECT
    else:
        outcome = Outcome.INSUFFICIENT_EVIDENCE
    words = {
        Outcome.ACCEPT: "kept with confidence",
        Outcome.REJECT: "broken with confidence",
        Outcome.INSUFFICIENT_EVIDENCE: "the interval leaves it open",
    }[outcome]
    bound = "at most" if upper else "at least"
    text = (
        f"{rule.metric} on {rule.slice}: {_number(found.value)} {_interval(found.low, found.high)} in {found.num} "
        f"episodes, {bound} {rule.limit:g}: {words}"
    )
    return GateReason("limit", outcome, rule.metric, rule.slice, found.value, None, found.low, found.high, rule.limit,
                      found.num, text)  # fmt: skip


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}"


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{low:.3g}, {high:.3g}]"
