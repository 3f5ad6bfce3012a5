"""The closed-loop score of nuPlan and its parts as metrics.

score = N D P W x (5 progress + 5 TTC + 4 speed limit + 2 comfort) / 16

N at-fault collisions, D drivable area, P making progress, W driving direction. Source: nuplan-devkit e924167, the
weighted average of its configurations closed_loop_{nonreactive,reactive}_agents (its page of the aggregation names
driving direction among the weighted parts; its configuration and code multiply by it, and so do we). A map without
any speed limit counts as kept, as there, and `evidence` says so; a drive that lacks a map, frames or a task has no
score. `nuplan_cls_r` applies where the other actors reacted, `nuplan_cls_nr` where they did not, `nuplan_cls`
everywhere; the evidence records which it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale, not_applicable
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.nuplan import comfort, judge

WEIGHTS: Mapping[str, float] = {"progress": 5.0, "time_to_collision": 5.0, "speed_limit": 4.0, "comfort": 2.0}
MULTIPLIERS = ("no_at_fault_collisions", "drivable_area", "making_progress", "driving_direction")


def cls_score(multipliers: Mapping[str, float], parts: Mapping[str, float]) -> float:
    """The formula; every multiplier and every part must be there.

    Raises:
        ValueError: a name is missing or unknown.
    """
    if set(multipliers) != set(MULTIPLIERS) or set(parts) != set(WEIGHTS):
        raise ValueError(f"the score needs {', '.join(MULTIPLIERS)} and {', '.join(WEIGHTS)}")
    mean = sum(WEIGHTS[name] * parts[name] for name in WEIGHTS) / sum(WEIGHTS.values())
    return float(np.prod([multipliers[name] for name in MULTIPLIERS])) * mean


def nuplan_cls(drive: Drive) -> MetricValue:
    """The closed-loop score, however the other actors were simulated."""
    multipliers = {
        "no_at_fault_collisions": judge.no_at_fault_collisions(drive),
        "drivable_area": judge.drivable_area(drive),
        "making_progress": judge.making_progress(drive),
        "driving_direction": judge.driving_direction(drive),
    }
    parts = {
        "progress": judge.progress(drive),
        "time_to_collision": judge.time_to_collision(drive),
        "speed_limit": judge.speed_limit(drive),
        "comfort": judge.is_comfortable(drive),
    }
    assumed: list[str] = []
    if parts["speed_limit"].value is None and parts["speed_limit"].reason == "no speed limit is known":
        parts["speed_limit"] = MetricValue(1.0)
        assumed.append("no speed limit is known, which the definition counts as kept")
    values = {name: value.value for name, value in (*multipliers.items(), *parts.items())}
    for name, value in (*multipliers.items(), *parts.items()):
        if value.value is None:
            return not_applicable(f"{name.replace('_', ' ')}: {value.reason}")
    known = {name: float(value) for name, value in values.items() if value is not None}
    score = cls_score({name: known[name] for name in MULTIPLIERS}, {name: known[name] for name in WEIGHTS})
    moments = [value.at_s for value in multipliers.values() if value.at_s is not None and value.value == 0.0]
    evidence = {
        "multipliers": {name: known[name] for name in MULTIPLIERS},
        "parts": {name: known[name] for name in WEIGHTS},
        "others": others_of(drive), "expert": parts["progress"].evidence.get("expert", ""), "assumed": assumed,
    }  # fmt: skip
    return MetricValue(score, at_s=min(moments, default=None), evidence=evidence)


def others_of(drive: Drive) -> str:
    """How the other actors were simulated: 'reactive', 'non_reactive' or 'unknown'."""
    reactive = None if drive.task is None else drive.task.reactive
    return "unknown" if reactive is None else "reactive" if reactive else "non_reactive"


def nuplan_cls_r(drive: Drive) -> MetricValue:
    """The score of a drive among actors that react."""
    if others_of(drive) != "reactive":
        return not_applicable(f"the other actors were simulated as: {others_of(drive)}")
    return nuplan_cls(drive)


def nuplan_cls_nr(drive: Drive) -> MetricValue:
    """The score of a drive among actors that follow their log or script whatever the ego does."""
    if others_of(drive) != "non_reactive":
        return not_applicable(f"the other actors were simulated as: {others_of(drive)}")
    return nuplan_cls(drive)


@dataclass(frozen=True, slots=True)
class ScoreOfScenarios:
    """A score over many scenarios.

    Attributes:
        score: mean over the scenarios that have one.
        num_scored: how many these are.
        num_left_out: how many have none.
        by_type: mean of each type of scenario.
    """

    score: float
    num_scored: int
    num_left_out: int
    by_type: Mapping[str, float]


def over_scenarios(values: Sequence[MetricValue], types: Sequence[str] = ()) -> ScoreOfScenarios:
    """Mean over scenarios, each counting alike whatever its type, with the mean of each type beside it.

    Raises:
        ValueError: no scenario has a score, or the types are not as many as the values.
    """
    kinds = types or [""] * len(values)
    if len(kinds) != len(values):
        raise ValueError(f"{len(values)} values and {len(kinds)} types")
    known = [(kind, value.value) for kind, value in zip(kinds, values, strict=True) if value.value is not None]
    if not known:
        raise ValueError("no scenario has a score")
    by_type = {kind: float(np.mean([v for k, v in known if k == kind])) for kind in dict.fromkeys(k for k, _ in known)}
    return ScoreOfScenarios(float(np.mean([v for _, v in known])), len(known), len(values) - len(known), by_type)


_LOW, _HIGH = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER
_SOURCE = "nuPlan closed-loop score (nuplan-devkit e924167, {})"


METRICS = (
    Metric(
        "nuplan_cls", "1.0.0", "nuPlan closed-loop score", "", _HIGH, Scale.MEAN, _SOURCE.format("weighted average"),
        "At-fault collisions, drivable area, making progress and driving direction times the weighted mean of progress "
        "(5), TTC (5), speed limit (4) and comfort (2); exact.", nuplan_cls,
    ),
    Metric(
        "nuplan_cls_r", "1.0.0", "nuPlan score, reactive", "", _HIGH, Scale.MEAN,
        _SOURCE.format("closed_loop_reactive_agents"), "`nuplan_cls` where the other actors react to the ego.",
        nuplan_cls_r,
    ),
    Metric(
        "nuplan_cls_nr", "1.0.0", "nuPlan score, non-reactive", "", _HIGH, Scale.MEAN,
        _SOURCE.format("closed_loop_nonreactive_agents"),
        "`nuplan_cls` where the other actors follow their log or script.", nuplan_cls_nr,
    ),
    Metric(
        "nuplan_no_at_fault_collisions", "1.0.0", "No at-fault collisions", "", _HIGH, Scale.MEAN,
        _SOURCE.format("no_ego_at_fault_collisions"),
        "Product over vulnerable users, vehicles and objects of max(0, 1 - n / (allowed + 1)), allowed 0, 0 and 1.",
        judge.no_at_fault_collisions,
    ),
    Metric(
        "nuplan_drivable_area", "1.0.0", "Drivable area", "", _HIGH, Scale.RATE,
        _SOURCE.format("drivable_area_compliance"),
        "1 unless a corner was outside and 0.3 m or more from the drivable area and from the lane of the ego's centre.",
        judge.drivable_area,
    ),
    Metric(
        "nuplan_making_progress", "1.0.0", "Makes progress", "", _HIGH, Scale.RATE,
        _SOURCE.format("ego_is_making_progress"), "Progress of at least 0.2 of the expert's.", judge.making_progress,
    ),
    Metric(
        "nuplan_driving_direction", "1.0.0", "Drives in the lane's direction", "", _HIGH, Scale.MEAN,
        _SOURCE.format("driving_direction_compliance"),
        "1, 0.5 or 0 for under 2 m, under 6 m or more against the lane's middle within int(1 s / dt) + 1 frames.",
        judge.driving_direction,
    ),
    Metric(
        "nuplan_progress", "1.0.0", "Progress along the expert's route", "", _HIGH, Scale.MEAN,
        _SOURCE.format("ego_progress_along_expert_route"),
        "min(1, max(ego, 2 m) / max(expert, 2 m)) along the road blocks that the expert drove; the task's way where "
        "there is no expert.", judge.progress,
    ),
    Metric(
        "nuplan_time_to_collision", "1.0.0", "TTC over 0.95 s", "", _HIGH, Scale.RATE,
        _SOURCE.format("time_to_collision_within_bound"),
        "Boxes projected along their headings at 0.1 to 2.9 s meet no earlier than 0.95 s; 0 at an at-fault contact.",
        judge.time_to_collision,
    ),
    Metric(
        "nuplan_speed_limit", "1.0.0", "Keeps the speed limit", "", _HIGH, Scale.MEAN,
        _SOURCE.format("speed_limit_compliance"),
        "1 less the mean excess over the limit in units of 2.23 m/s; on connectors the greatest limit around.",
        judge.speed_limit,
    ),
    Metric(
        "nuplan_comfort", "1.0.0", "Comfortable by nuPlan", "", _HIGH, Scale.RATE, _SOURCE.format("ego_is_comfortable"),
        "Six filtered quantities stay strictly within their bounds at every frame.", judge.is_comfortable,
    ),
    *(
        Metric(
            f"nuplan_{quantity.name}", "1.0.0", f"Greatest {quantity.name.replace('_', ' ')}", quantity.unit, _LOW,
            Scale.MEAN, _SOURCE.format("ego_is_comfortable"),
            f"Greatest magnitude of the filtered {quantity.name.replace('_', ' ')}; "
            f"bounds {quantity.low:g} and {quantity.high:g}.", partial(judge.greatest, quantity=quantity),
        )
        for quantity in comfort.QUANTITIES
    ),
)  # fmt: skip
