"""May the policy be released? PASS, HOLD or BLOCK, with a reason for every rule of the plan.

BLOCK where a slice or the whole is significantly worse than the baseline, a limit is broken with confidence, or a hard
rule is broken. HOLD where that cannot be said but the candidate has not been shown to be no worse either: too few
scenarios, too wide an interval, missing episodes, missing coverage, missing signatures, a plan that was not fixed
before. PASS where everything is shown. Missing episodes never count as passed.

'Some slice is worse' is a union of tests, corrected after Holm within `slice_share` of alpha, the rest being for the
whole; 'every slice is no worse' is an intersection, in which each test keeps its own level. Only pairs of the same
scenario and seed are compared. `closed_loop.gates.simulation` measures how often each rule errs.
"""

from collections.abc import Sequence
from dataclasses import replace

from closed_loop.gates.decisions import GATE_VERSION, DeploymentDecision, Flip, GateReason, Outcome, reason_of, worst
from closed_loop.gates.flips import flips_of, hard
from closed_loop.gates.plans import CoverageRule, GatePlan, LimitRule, MetricRule, SignOff
from closed_loop.gates.rules import coverage, limit, missing, regressions, was_registered
from closed_loop.results import EvalReport
from closed_loop.statistics.table import table_of
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.plain import to_plain

MAX_FLIPS = 200
DEFAULT_PLAN = GatePlan()


def decide(
    candidate: EvalReport,
    baseline: EvalReport,
    plan: GatePlan = DEFAULT_PLAN,
    sign_offs: Sequence[SignOff] = (),
    registered: bool = False,
) -> DeploymentDecision:
    """Judges a candidate against a baseline on the same suite.

    Args:
        candidate: the report on the policy that wants to be released.
        baseline: the report on the policy that it is compared with.
        plan: what the release asks for.
        sign_offs: signatures; those under another decision are refused.
        registered: whether the plan must have been fixed before the runs: then both reports name its digest.

    Raises:
        InputError: the reports are of different suites or under another plan, or a rule names a metric that they do
            not have; every fault is told.
    """
    _check(candidate, baseline, plan, registered)
    mine, theirs = table_of(candidate), table_of(baseline)
    reasons = [*(missing(table, name, plan) for table, name in ((mine, "candidate"), (theirs, "baseline")))]
    reasons += [coverage(mine, rule) for rule in plan.coverage]
    if registered:
        reasons += [
            was_registered(report, name, plan) for report, name in ((candidate, "candidate"), (baseline, "baseline"))
        ]
    for rule in plan.regressions:
        reasons += regressions(mine, theirs, rule, plan)
    reasons += [limit(mine, rule, plan) for rule in plan.limits]
    reasons += hard(candidate, baseline, plan)
    flips = flips_of(candidate, baseline)
    decision = DeploymentDecision(
        worst(reasons), candidate.policy, baseline.policy, candidate.suite, tuple(reasons), flips[:MAX_FLIPS],
        len(flips), to_plain(plan), plan.digest(), candidate.suite_digest, dict(candidate.versions),
    )  # fmt: skip
    return signed(decision, plan, sign_offs)


def signed(decision: DeploymentDecision, plan: GatePlan, sign_offs: Sequence[SignOff]) -> DeploymentDecision:
    """The decision with signatures, and the reason that they give where the plan asks for some.

    Raises:
        InputError: a signature is of another decision, or of somebody who may not sign.
    """
    own, faults = decision.digest(), list[Fault]()
    for k, sign_off in enumerate(sign_offs):
        if sign_off.decision_digest != own:
            faults.append(Fault("", 0, 0, f"sign_offs[{k}]", "other-decision", sign_off.decision_digest[:12],
                                f"a signature of this decision, {own[:12]}"))  # fmt: skip
        if plan.reviewers and sign_off.reviewer not in plan.reviewers:
            faults.append(Fault("", 0, 0, f"sign_offs[{k}].reviewer", "unknown-name", repr(sign_off.reviewer),
                                f"one of {', '.join(plan.reviewers)}",
                                nearest_name(sign_off.reviewer, plan.reviewers)))  # fmt: skip
    if faults:
        raise InputError(faults)
    if not plan.sign_offs:
        return replace(decision, sign_offs=tuple(sign_offs))
    people = sorted({sign_off.reviewer for sign_off in sign_offs})
    outcome = Outcome.PASS if len(people) >= plan.sign_offs else Outcome.HOLD
    text = f"signed by {', '.join(people) or 'nobody'}; {plan.sign_offs} must sign"
    reason = reason_of("sign-off", outcome, text, threshold=float(plan.sign_offs), num=len(people))
    kept = tuple(each for each in decision.reasons if each.rule != "sign-off")
    reasons = (*kept, reason)
    return replace(decision, outcome=worst(reasons), reasons=reasons, sign_offs=tuple(sign_offs))


def _check(candidate: EvalReport, baseline: EvalReport, plan: GatePlan, registered: bool) -> None:
    faults: list[Fault] = []
    if candidate.suite_digest != baseline.suite_digest:
        faults.append(
            Fault("", 0, 0, "suite", "different-suites", f"{candidate.suite} and {baseline.suite}",
                  "two reports on the same scenarios")
        )  # fmt: skip
    if plan.suite_digest and candidate.suite_digest != plan.suite_digest:
        faults.append(
            Fault("", 0, 0, "plan.suite_digest", "other-suite", candidate.suite_digest[:12],
                  f"the suite {plan.suite_digest[:12]} of the plan")
        )  # fmt: skip
    for report, name in ((candidate, "candidate"), (baseline, "baseline")):
        if registered and report.plan_digest not in ("", plan.digest()):
            faults.append(
                Fault("", 0, 0, "plan", "plan-changed", f"{plan.digest()[:12]} now",
                      f"the plan {report.plan_digest[:12]} under which the {name} was run")
            )  # fmt: skip
    for rule in (*plan.regressions, *plan.limits):
        for report in (candidate, baseline):
            if rule.metric not in report.metrics:
                faults.append(
                    Fault("", 0, 0, f"plan.{type(rule).__name__}", "unknown-metric", repr(rule.metric),
                          f"a metric of the report on {report.policy}", nearest_name(rule.metric, report.metrics))
                )  # fmt: skip
    if faults:
        raise InputError(faults)


__all__ = [
    "GATE_VERSION", "CoverageRule", "DeploymentDecision", "Flip", "GatePlan", "GateReason", "LimitRule", "MetricRule",
    "Outcome", "SignOff", "decide", "signed",
]  # fmt: skip
