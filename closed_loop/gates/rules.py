"""The rules of a gate, one function each: what it looked at, what it came to, in one sentence with its figures."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from closed_loop.gates.decisions import GateReason, Outcome, reason_of
from closed_loop.gates.plans import CoverageRule, GatePlan, LimitRule, MetricRule
from closed_loop.metrics.definition import Direction, Scale
from closed_loop.results import EvalReport
from closed_loop.statistics.comparisons import Comparison, Pairs, common_metric, compare_pairs, estimate_slice, pairs_of
from closed_loop.statistics.paired_tests import holm, sequential, sign_flip_test, worse_test
from closed_loop.statistics.table import ALL, EpisodeTable


def missing(table: EpisodeTable, name: str, plan: GatePlan) -> GateReason:
    """Whether few enough episodes of a policy are missing."""
    num, total = int(table.missing.sum()), len(table.missing)
    outcome = Outcome.PASS if num <= plan.max_missing * total else Outcome.HOLD
    text = f"{num} of {total} episodes of the {name} are missing; at most {plan.max_missing:.3g} of them may be"
    return reason_of("missing", outcome, text, threshold=plan.max_missing, num=total, candidate=float(num))


def coverage(table: EpisodeTable, rule: CoverageRule) -> GateReason:
    """Whether a slice, or a scenario of that name, was driven often enough; repeats count once."""
    rows = table.rows(rule.slice)
    if len(rows) == 0:
        rows = np.flatnonzero(np.array([name == rule.slice for name in table.names], dtype=bool))
    num = len(np.unique(table.origins[rows[~table.missing[rows]]]))
    outcome = Outcome.PASS if num >= rule.min_episodes else Outcome.HOLD
    text = f"{rule.slice}: {num} scenarios were driven, at least {rule.min_episodes} are asked for"
    return reason_of("coverage", outcome, text, slice_name=rule.slice, threshold=float(rule.min_episodes), num=num)


def was_registered(report: EvalReport, name: str, plan: GatePlan) -> GateReason:
    """Whether a report was made under this plan."""
    fixed = report.plan_digest == plan.digest()
    text = (
        f"the {name} was run under this plan"
        if fixed
        else f"the {name} was run without a plan: it was not fixed before"
    )
    return reason_of("plan", Outcome.PASS if fixed else Outcome.HOLD, text)


@dataclass(frozen=True, slots=True, eq=False)
class _Tested:
    """One slice of one rule: its pairs and the p value of 'the candidate is worse'."""

    slice: str
    pairs: Pairs
    comparison: Comparison
    p_value: float


def regressions(mine: EpisodeTable, theirs: EpisodeTable, rule: MetricRule, plan: GatePlan) -> list[GateReason]:
    """The tests of one metric: is the candidate worse anywhere, and is it shown that it is not?"""
    metric = common_metric(mine, theirs, rule.metric)
    names = list(rule.slices) or [ALL, *(name for name in mine.slices() if name != ALL)]
    tested: list[_Tested] = []
    for name in names:
        pairs = pairs_of(mine, theirs, metric, name)
        if len(np.unique(pairs.origins)) >= rule.min_pairs or name in rule.slices or name == ALL:
            compared = compare_pairs(pairs, name, metric, 1.0 - 2.0 * plan.noninferiority_alpha)
            tested.append(_Tested(name, pairs, compared, _p_worse(pairs, metric.scale, plan)))
    reasons: list[GateReason] = []
    of_slices, of_whole = [t for t in tested if t.slice != ALL], [t for t in tested if t.slice == ALL]
    for part, share in ((of_slices, plan.slice_share), (of_whole, 1.0 - plan.slice_share)):
        alone = len(part) == len(tested)
        for one, adjusted in zip(part, holm([t.p_value for t in part]), strict=True):
            level = plan.alpha if alone else plan.alpha * share
            shown = _noninferior(one, rule, plan)
            reasons += [_regression(one, adjusted, level), *([] if shown is None else [shown])]
    order = {name: k for k, name in enumerate(names)}
    return sorted(reasons, key=lambda r: order[r.slice])


def _p_worse(pairs: Pairs, scale: Scale, plan: GatePlan) -> float:
    """One-sided p value that the candidate is worse."""
    if len(pairs.losses) == 0:
        return 1.0
    signs = pairs.signs()
    if plan.sequential:
        return sequential(signs.tolist(), plan.alpha).p_value
    if scale is Scale.RATE:
        return worse_test(int((signs < 0).sum()), int((signs > 0).sum()))
    return sign_flip_test(pairs.losses, pairs.origins)


def _regression(one: _Tested, adjusted: float, level: float) -> GateReason:
    c = one.comparison
    worse = _loss(c) > 0.0
    outcome = Outcome.BLOCK if worse and adjusted < level else Outcome.PASS
    words = "worse" if outcome is Outcome.BLOCK else "not significantly worse"
    return _compared(
        "regression", outcome, one, level, f"{words}, adjusted p = {adjusted:.3g}, level {level:.3g}", adjusted
    )


def _noninferior(one: _Tested, rule: MetricRule, plan: GatePlan) -> GateReason | None:
    c, margin = one.comparison, plan.margin(rule, one.slice)
    bound = _loss_bound(c)
    if c.num_pairs < rule.min_pairs:
        words = f"only {c.num_pairs} common scenarios of {rule.min_pairs}"
        return _compared("non-inferiority", Outcome.HOLD, one, margin, words, num_needed=rule.min_pairs)
    if not rule.prove:
        return None
    if bound is None:
        return _compared("non-inferiority", Outcome.HOLD, one, margin, "too few clusters for an interval")
    if bound < margin:
        return _compared("non-inferiority", Outcome.PASS, one, margin, f"no worse by {margin:g} or more")
    needed = pairs_needed(one.pairs, margin, plan.noninferiority_alpha)
    words = f"a loss of {bound:.3g} is still possible, margin {margin:g}"
    words += f"; {needed - c.num_pairs} more scenarios may settle it" if needed and needed > c.num_pairs else ""
    return _compared("non-inferiority", Outcome.HOLD, one, margin, words, num_needed=needed)


def _loss(c: Comparison) -> float:
    if c.difference is None:
        return 0.0
    return c.difference if c.direction is Direction.LOWER_IS_BETTER else -c.difference


def _loss_bound(c: Comparison) -> float | None:
    if c.low is None or c.high is None:
        return None
    return c.high if c.direction is Direction.LOWER_IS_BETTER else -c.low


def pairs_needed(pairs: Pairs, margin: float, alpha: float) -> int | None:
    """Pairs with which non-inferiority would be shown nine times in ten, were the truth what was seen.

    n = ((z_alpha + z_0.9) sd / (margin - loss))^2; None where the loss that was seen is not below the margin.
    """
    loss = float(pairs.losses.mean())
    if loss >= margin:
        return None
    # Where no pair differs yet one more might: a half counts on either side.
    variance = max(float(pairs.losses.var()), 1.0 / (len(pairs.losses) + 1)) if len(pairs.losses) else 1.0
    z = float(norm.ppf(1.0 - alpha) + norm.ppf(0.9))
    return math.ceil(z * z * variance / (margin - loss) ** 2)


def _compared(
    rule: str, outcome: Outcome, one: _Tested, threshold: float, words: str, adjusted: float | None = None,
    num_needed: int | None = None,
) -> GateReason:  # fmt: skip
    c = one.comparison
    text = (
        f"{c.metric} on {c.slice}: {_number(c.candidate)} against {_number(c.baseline)} in {c.num_pairs} pairs, "
        f"difference {_number(c.difference)} {_interval(c.low, c.high)}: {words}"
    )
    both = int(((one.pairs.candidate > 0.5) & (one.pairs.baseline > 0.5)).sum())
    return GateReason(
        rule, outcome, c.metric, c.slice, c.candidate, c.baseline, c.low, c.high, threshold, c.num_pairs, text,
        one.p_value if adjusted is not None else None, adjusted, both, c.num_worse, c.num_better, num_needed,
    )  # fmt: skip


def limit(table: EpisodeTable, rule: LimitRule, plan: GatePlan) -> GateReason:
    """Whether a metric keeps to its absolute limit."""
    definition = table.metrics[rule.metric]
    found = estimate_slice(table, rule.metric, rule.slice, plan.limit_confidence, exact=True)
    upper = definition.direction is Direction.LOWER_IS_BETTER
    if found.low is None or found.high is None:
        outcome = Outcome.HOLD
    elif (found.high <= rule.limit) if upper else (found.low >= rule.limit):
        outcome = Outcome.PASS
    elif (found.low > rule.limit) if upper else (found.high < rule.limit):
        outcome = Outcome.BLOCK
    else:
        outcome = Outcome.HOLD
    words = {
        Outcome.PASS: "kept with confidence",
        Outcome.BLOCK: "broken with confidence",
        Outcome.HOLD: "the interval leaves it open",
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
