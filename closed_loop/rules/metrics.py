"""Every shipped rule as a metric: 1 where it is kept, 0 where it is broken, not applicable where it says nothing."""

import math
from collections.abc import Sequence
from functools import partial

from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale, not_applicable
from closed_loop.metrics.drive import Drive
from closed_loop.rules.monitor import monitor
from closed_loop.rules.rulebook import Rule, shipped_rules


def measure_rule(drive: Drive, rule: Rule) -> MetricValue:
    """The verdict as a value; `evidence` holds margin, unit, normalised margin, first violation and witness."""
    verdict = monitor(rule, drive)
    if not verdict.applicable:
        return not_applicable(verdict.reason)
    return MetricValue(
        float(not verdict.violated),
        reason=verdict.reason,
        at_s=verdict.first_violation_s,
        evidence={
            "robustness": _finite(verdict.robustness),
            "unit": verdict.unit,
            "normalized": _finite(verdict.normalized),
            "first_violation_s": verdict.first_violation_s,
            "least_at_s": verdict.at_s,
            "predicate": verdict.predicate,
            "predicate_at_s": verdict.predicate_at_s,
            "actors": list(verdict.actors),
        },
    )


def _finite(value: float) -> float | None:
    """JSON has no infinity: a margin that nothing decides is None."""
    return value if math.isfinite(value) else None


def metrics_of(rules: Sequence[Rule]) -> tuple[Metric, ...]:
    """Rules as metrics."""
    return tuple(
        Metric(
            f"rule_{rule.id}", "1.0.0", rule.title, "", Direction.HIGHER_IS_BETTER, Scale.RATE, rule.source, rule.about,
            partial(measure_rule, rule=rule),
        )
        for rule in rules
    )  # fmt: skip


METRICS = metrics_of(shipped_rules())
