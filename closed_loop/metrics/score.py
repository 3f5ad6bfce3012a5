"""The composite driving score, after nuPlan's closed-loop score.

score = N D P W S * (5 progress + 5 ttc + 4 speed_limit + 2 comfort) / (sum of the weights that apply)

N is nuPlan's product over classes of at-fault contacts, D 1 on the road and 0 off it, P 1 when making progress,
W the driving direction (1, 0.5, 0) and S 0 where a red light was run: nuPlan's multipliers and weights, plus the
traffic light of NAVSIM v2, which nuPlan lacks. A part that does not apply (no map, no limit, no task) is left out of
product and sum; `evidence` says which. Source: nuplan-devkit e924167, closed_loop_nonreactive_agents_weighted_average;
navsim 0a380a9, pdm_scorer.
"""

from closed_loop.metrics.collision import collision_score, contacts
from closed_loop.metrics.comfort import comfort
from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.proximity import time_to_collision_within_bound
from closed_loop.metrics.road import (
    driving_direction,
    making_progress,
    off_road,
    progress,
    signal_violation,
    speed_limit_compliance,
)

WEIGHTS = {"progress": 5.0, "time_to_collision": 5.0, "speed_limit": 4.0, "comfort": 2.0}


def composite(multipliers: dict[str, float | None], parts: dict[str, float | None]) -> float:
    """The formula: product of the multipliers that apply times the weighted mean of the parts that apply."""
    product = 1.0
    for value in multipliers.values():
        product *= 1.0 if value is None else value
    weights = {name: WEIGHTS[name] for name, value in parts.items() if value is not None}
    total = sum(weights.values())
    mean = sum(weights[name] * float(parts[name] or 0.0) for name in weights) / total if total else 1.0
    return product * mean


def _not(value: float | None) -> float | None:
    return None if value is None else 1.0 - value


def driving_score(drive: Drive) -> MetricValue:
    """The composite score, 0 to 1."""
    multipliers: dict[str, float | None] = {
        "no_at_fault_collision": collision_score(contacts(drive)),
        "on_road": _not(off_road(drive).value),
        "making_progress": making_progress(drive).value,
        "driving_direction": driving_direction(drive).value,
        "no_signal_violation": _not(signal_violation(drive).value),
    }
    parts: dict[str, float | None] = {
        "progress": progress(drive).value,
        "time_to_collision": time_to_collision_within_bound(drive).value,
        "speed_limit": speed_limit_compliance(drive).value,
        "comfort": comfort(drive).value,
    }
    return MetricValue(composite(multipliers, parts), evidence={"multipliers": multipliers, "parts": parts})


METRICS = (
    Metric(
        "driving_score", "1.0.0", "Driving score", "", Direction.HIGHER_IS_BETTER, Scale.MEAN,
        "nuPlan closed-loop score (nuplan-devkit e924167) with NAVSIM's traffic light",
        "Multipliers for collisions, road, progress, direction and red lights times the weighted mean of progress, "
        "time to collision, speed limit and comfort.", driving_score,
    ),
)  # fmt: skip
