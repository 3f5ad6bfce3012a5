"""The road and its rules: progress, leaving the road, direction, speed limit, red lights.

Thresholds after nuPlan (nuplan-devkit e924167) where it has the metric; the source of each stands in its definition.
"""

import numpy as np

from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale, not_applicable
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.polyline import project
from driving_data.taxonomy import SignalState

OFF_ROAD_TOLERANCE_M = 0.3
MIN_PROGRESS_M = 2.0
MIN_PROGRESS_RATIO = 0.2
MAX_OVERSPEED_MPS = 2.23
_STOP = (int(SignalState.RED), int(SignalState.RED_YELLOW))


def progress(drive: Drive) -> MetricValue:
    """Distance gained along the route over the distance that the task allows for, at most 1.

    The allowance is the way to the goal, or what the target speed covers in the time given, whichever is less.
    """
    task = drive.task
    if task is None:
        return not_applicable("no task is known")
    if any(event.kind == "goal_reached" for event in drive.rollout.events):
        return MetricValue(1.0, reason="reached the goal")
    reference = min(task.distance_m, task.target_speed_mps * task.duration_s)
    if task.route_m is not None:
        s, _, _ = project(drive.center_m[[0, -1]], task.route_m)
        gained = float(s[1] - s[0])
    else:
        gained = float(drive.ego_s_m[-1])
    # Standing tasks: nuPlan's floor of 2 m keeps the ratio defined where there is no way to go.
    ratio = max(gained, MIN_PROGRESS_M) / max(reference, MIN_PROGRESS_M) if gained > -MIN_PROGRESS_M else 0.0
    return MetricValue(min(1.0, ratio), evidence={"gained_m": gained, "reference_m": reference})


def making_progress(drive: Drive) -> MetricValue:
    """1 where the progress ratio is at least 0.2."""
    ratio = progress(drive)
    if ratio.value is None:
        return ratio
    return MetricValue(float(ratio.value >= MIN_PROGRESS_RATIO), evidence=ratio.evidence)


def goal_reached(drive: Drive) -> MetricValue:
    """1 where the ego arrived within its time."""
    if drive.task is None:
        return not_applicable("no task is known")
    for event in drive.rollout.events:
        if event.kind == "goal_reached":
            return MetricValue(1.0, at_s=(event.timestamp_ns - int(drive.rollout.timestamps_ns[0])) * 1e-9)
    gained = progress(drive).evidence.get("gained_m", 0.0)
    return MetricValue(float(gained >= drive.task.distance_m))


def off_road(drive: Drive) -> MetricValue:
    """1 where a corner of the ego was more than 0.3 m outside the drivable area."""
    if drive.place is None:
        return not_applicable("no lane map")
    outside = drive.place.corner_outside_m
    beyond = outside > OFF_ROAD_TOLERANCE_M
    at = float(drive.time_s[int(np.argmax(beyond))]) if beyond.any() else None
    reason = f"{float(outside.max()):.1f} m off the road" if beyond.any() else ""
    return MetricValue(float(beyond.any()), reason=reason, at_s=at, evidence={"farthest_m": float(outside.max())})


def driving_direction(drive: Drive) -> MetricValue:
    """1, 0.5 or 0: at most 2 m, 6 m, or more driven against the lane within any second."""
    if drive.place is None:
        return not_applicable("no lane map")
    steps = np.hypot(*np.diff(drive.center_m, axis=0).T)
    wrong = np.concatenate([[0.0], np.cumsum(steps * drive.place.against[1:])])
    window = max(round(1.0 / drive.step_s), 1) if drive.num_steps > 1 else 1
    lagged = np.concatenate([np.zeros(window), wrong])[: len(wrong)]
    worst = float(np.max(wrong - lagged))
    return MetricValue(1.0 if worst < 2.0 else 0.5 if worst < 6.0 else 0.0, evidence={"worst_m": worst})


def speed_limit_compliance(drive: Drive) -> MetricValue:
    """1 - (integral of the excess over the limit) / (2.23 m/s x duration), at least 0."""
    if drive.place is None or np.isnan(drive.place.speed_limit_mps).all():
        return not_applicable("no speed limit is known")
    if drive.num_steps < 2:
        return not_applicable("a single moment")
    over = np.maximum(drive.speed_mps - drive.place.speed_limit_mps, 0.0)
    over = np.where(np.isnan(over), 0.0, over)
    share = float(np.sum(over[1:] * np.diff(drive.time_s))) / (MAX_OVERSPEED_MPS * float(drive.time_s[-1]))
    return MetricValue(max(0.0, 1.0 - share), evidence={"max_over_mps": float(over.max())})


def signal_violation(drive: Drive) -> MetricValue:
    """1 where the ego's front crossed a stop line in the direction of travel while its signal was red."""
    lane_map = drive.rollout.lane_map
    if lane_map is None or not lane_map.signals:
        return not_applicable("no traffic light")
    front = drive.center_m + 0.5 * drive.size_m[0] * drive.forward
    column = {name: k for k, name in enumerate(drive.rollout.signals.ids)}
    for signal in lane_map.signals:
        if signal.id not in column:
            continue
        state = drive.rollout.signals.state[drive.step, column[signal.id]]
        crossed = crossings(front, signal.stop_line_m[:, :2], signal.heading_rad)
        bad = crossed & np.isin(state[1:], _STOP)
        if bad.any():
            at = float(drive.time_s[1 + int(np.argmax(bad))])
            return MetricValue(1.0, reason=f"crossed the stop line of {signal.id} at red", at_s=at)
    return MetricValue(0.0)


def crossings(points_m: np.ndarray, line_m: np.ndarray, lamp_heading_rad: float) -> np.ndarray:
    """Which steps of a path cross a line, towards drivers who face the lamps; shape (T - 1,)."""
    a, along = line_m[0], line_m[1] - line_m[0]
    offset = points_m - a
    side = along[0] * offset[:, 1] - along[1] * offset[:, 0]
    share = (offset @ along) / max(float(along @ along), 1e-12)
    step = np.diff(points_m, axis=0)
    change = side[:-1] - side[1:]
    fraction = np.where(change == 0, 0.0, side[:-1] / np.where(change == 0, 1.0, change))
    at = share[:-1] + fraction * np.diff(share)
    towards = step @ np.array([np.cos(lamp_heading_rad), np.sin(lamp_heading_rad)]) < 0
    # The line belongs to the step that arrives on it, so that a car which stops exactly there has not crossed twice.
    changes = (side[:-1] * side[1:] < 0) | ((side[1:] == 0) & (side[:-1] != 0))
    return np.asarray(changes & (at >= 0) & (at <= 1) & towards)


_LOW, _HIGH = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER
_NUPLAN = "nuPlan closed-loop score (nuplan-devkit e924167, {})"

METRICS = (
    Metric(
        "progress", "1.0.0", "Progress", "", _HIGH, Scale.MEAN, _NUPLAN.format("ego_progress_along_expert_route")
        + "; the expert is replaced by the task",
        "Way gained along the route over the way that goal, target speed and time allow.", progress,
    ),
    Metric(
        "making_progress", "1.0.0", "Making progress", "", _HIGH, Scale.RATE, _NUPLAN.format("ego_is_making_progress"),
        "Progress of at least 0.2.", making_progress,
    ),
    Metric(
        "goal_reached", "1.0.0", "Goal reached", "", _HIGH, Scale.RATE, "The scenario's task",
        "The ego arrived at its goal in time.", goal_reached,
    ),
    Metric(
        "off_road", "1.0.0", "Off road", "", _LOW, Scale.RATE, _NUPLAN.format("drivable_area_compliance"),
        "A corner of the ego was more than 0.3 m outside the drivable area.", off_road,
    ),
    Metric(
        "driving_direction", "1.0.0", "Driving direction", "", _HIGH, Scale.MEAN,
        _NUPLAN.format("driving_direction_compliance"),
        "1, 0.5 or 0 for at most 2 m, at most 6 m or more driven against the lane within a second, outside junctions.",
        driving_direction,
    ),
    Metric(
        "speed_limit_compliance", "1.0.0", "Speed limit", "", _HIGH, Scale.MEAN,
        _NUPLAN.format("speed_limit_compliance"),
        "1 less the mean excess over the limit in units of 2.23 m/s, at least 0.", speed_limit_compliance,
    ),
    Metric(
        "signal_violation", "1.0.0", "Red light run", "", _LOW, Scale.RATE,
        "NAVSIM traffic_light_compliance (navsim 0a380a9), on stop lines",
        "The ego's front crossed a stop line while its light was red.", signal_violation,
    ),
)  # fmt: skip
