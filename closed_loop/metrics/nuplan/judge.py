"""The sub-metrics of nuPlan on one drive, each with what decided it."""

from functools import lru_cache

import numpy as np

from closed_loop.metrics.comfort import raw_acceleration_mps2
from closed_loop.metrics.definition import MetricValue, not_applicable
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.nuplan import comfort, road
from closed_loop.metrics.nuplan.contacts import nuplan_contacts, score_of
from closed_loop.metrics.nuplan.lanes import LaneIndex, LanesOfPath, driven_lanes, index_of, route_of, route_progress_m
from closed_loop.metrics.nuplan.lanes import speed_limits_mps as limits_of
from closed_loop.metrics.nuplan.ttc import BOUND_S, nuplan_ttc_s
from closed_loop.metrics.polyline import project

_NO_MAP = "no lane map"
_ONE_FRAME = "fewer than two frames"


def no_at_fault_collisions(drive: Drive) -> MetricValue:
    """Product over the categories of who was hit."""
    found = nuplan_contacts(drive)
    blamed = [contact for contact in found if contact.at_fault]
    evidence = {
        "contacts": [
            {"actor": c.actor_id, "kind": c.kind.label, "type": c.type.value, "at_fault": c.at_fault,
             "time_s": c.time_s, "delta_v_mps": c.delta_v_mps}
            for c in found
        ]
    }  # fmt: skip
    reason = f"hit {blamed[0].actor_id}, {blamed[0].type.value.replace('_', ' ')}" if blamed else ""
    return MetricValue(score_of(found), reason=reason, at_s=blamed[0].time_s if blamed else None, evidence=evidence)


@lru_cache(maxsize=8)
def lanes_of_ego(drive: Drive) -> tuple[LaneIndex, LanesOfPath] | None:
    """The lanes of the ego's centre; None without a map."""
    lane_map = drive.rollout.lane_map
    if lane_map is None or not index_of(lane_map).lanes:
        return None
    index = index_of(lane_map)
    return index, driven_lanes(index, drive.center_m)


def drivable_area(drive: Drive) -> MetricValue:
    """1 unless a corner was outside and 0.3 m or more from the drivable area."""
    lanes = lanes_of_ego(drive)
    if lanes is None:
        return not_applicable(_NO_MAP)
    index, route = lanes
    mine = [[index.polygons[k] for k in here] for here in route]
    far, distance = road.corners_far_off(drive.corners_m, index.drivable, mine, index.polygons)
    if not far.any():
        return MetricValue(1.0, evidence={"farthest_m": float(distance.max())})
    step, corner = np.unravel_index(int(np.argmax(far)), far.shape)
    name = ("front left", "front right", "rear right", "rear left")[int(corner)]
    return MetricValue(
        0.0, reason=f"the {name} corner was {float(distance[step, corner]):.2f} m off the road",
        at_s=float(drive.time_s[step]), evidence={"farthest_m": float(distance.max())},
    )  # fmt: skip


@lru_cache(maxsize=8)
def driving_direction(drive: Drive) -> MetricValue:
    """1, 0.5 or 0 by the worst way against the lane within a second."""
    lanes = lanes_of_ego(drive)
    if lanes is None:
        return not_applicable(_NO_MAP)
    if drive.num_steps < 2:
        return not_applicable(_ONE_FRAME)
    back = road.samples_in(road.DIRECTION_WINDOW_S, drive.rollout.timestamps_ns[drive.step])
    sums = road.window_sums(road.direction_progress_m(*lanes, drive.center_m), back)
    step = int(np.argmin(sums))
    worst = abs(float(sums[step]))
    score = road.direction_score(worst)
    return MetricValue(score, at_s=float(drive.time_s[step]) if score < 1 else None, evidence={"worst_m": worst})


def speed_limit(drive: Drive) -> MetricValue:
    """1 less the mean excess over the limit in units of 2.23 m/s."""
    lanes = lanes_of_ego(drive)
    if lanes is None:
        return not_applicable(_NO_MAP)
    if drive.num_steps < 2:
        return not_applicable(_ONE_FRAME)
    limit = limits_of(*lanes)
    if np.isnan(limit).all():
        return not_applicable("no speed limit is known")
    over = road.overspeed_mps(drive.speed_mps, limit)
    score = road.speed_limit_score(over, float(drive.time_s[-1] - drive.time_s[0]))
    step = int(np.argmax(over))
    return MetricValue(
        score, at_s=float(drive.time_s[step]) if over[step] > 0 else None, evidence={"max_over_mps": float(over[step])}
    )


@lru_cache(maxsize=8)
def progress(drive: Drive) -> MetricValue:
    """Progress along the expert's route over the expert's; the task stands in for an expert where there is none."""
    task = drive.task
    if task is None:
        return not_applicable("neither an expert nor a task is known")
    if task.expert_m is None:
        reference = min(task.distance_m, task.target_speed_mps * task.duration_s)
        gained = float(drive.ego_s_m[-1])
        if task.route_m is not None:
            s, _, _ = project(drive.center_m[[0, -1]], task.route_m)
            gained = float(s[1] - s[0])
        if any(event.kind == "goal_reached" for event in drive.rollout.events):
            # The world ends at the goal: the rest of the way was not on offer.
            gained = max(gained, reference)
        return MetricValue(
            road.progress_score(gained, reference),
            evidence={"ego_m": gained, "expert_m": reference, "expert": "the task"},
        )
    lanes = lanes_of_ego(drive)
    if lanes is None:
        return not_applicable(_NO_MAP)
    index = lanes[0]
    route = route_of(index, driven_lanes(index, task.expert_m))
    if not route.baseline:
        return MetricValue(1.0, reason="the expert was on no lane", evidence={"expert": "log"})
    ego = float(route_progress_m(index, route, drive.center_m).sum())
    expert = float(route_progress_m(index, route, task.expert_m).sum())
    return MetricValue(road.progress_score(ego, expert), evidence={"ego_m": ego, "expert_m": expert, "expert": "log"})


def making_progress(drive: Drive) -> MetricValue:
    """1 where the progress is at least 0.2."""
    ratio = progress(drive)
    if ratio.value is None:
        return ratio
    return MetricValue(float(ratio.value >= road.MIN_PROGRESS_RATIO), evidence={"progress": ratio.value})


def time_to_collision(drive: Drive) -> MetricValue:
    """1 where the least TTC is over 0.95 s."""
    times, names = nuplan_ttc_s(drive)
    step = int(np.argmin(times))
    least = float(times[step])
    known = least if np.isfinite(least) else None
    evidence = {"least_s": known, "actor": names[step]}
    if least > BOUND_S:
        return MetricValue(1.0, evidence=evidence)
    step = int(np.argmax(times <= BOUND_S))
    return MetricValue(0.0, reason=f"towards {names[step]}", at_s=float(drive.time_s[step]), evidence=evidence)


@lru_cache(maxsize=8)
def motion_of_ego(drive: Drive) -> dict[str, np.ndarray] | None:
    """The six filtered quantities; None where there are too few frames to filter."""
    if drive.num_steps < 4:
        return None
    return comfort.motion(raw_acceleration_mps2(drive), drive.yaw_rad, drive.step_s)


def is_comfortable(drive: Drive) -> MetricValue:
    """1 where all six quantities stay strictly within their bounds."""
    values = motion_of_ego(drive)
    if values is None:
        return not_applicable("too few frames to filter")
    bad = {q.name: (values[q.name] <= q.low) | (values[q.name] >= q.high) for q in comfort.QUANTITIES}
    broken = [name for name, steps in bad.items() if steps.any()]
    first = min((float(drive.time_s[int(np.argmax(bad[name]))]) for name in broken), default=None)
    reason = "" if not broken else "over the bound: " + ", ".join(name.replace("_", " ") for name in broken)
    evidence = {q.name: [float(values[q.name].min()), float(values[q.name].max())] for q in comfort.QUANTITIES}
    return MetricValue(float(not broken), reason=reason, at_s=first, evidence=evidence)


def greatest(drive: Drive, quantity: comfort.Quantity) -> MetricValue:
    """Greatest magnitude of one filtered quantity, whether it stayed within nuPlan's bounds, and when it was worst."""
    values = motion_of_ego(drive)
    if values is None:
        return not_applicable("too few frames to filter")
    found = values[quantity.name]
    step = int(np.argmax(np.abs(found)))
    evidence = {
        "least": float(found.min()), "greatest": float(found.max()), "bounds": [quantity.low, quantity.high],
        "within": bool(comfort.within(quantity, found)),
    }  # fmt: skip
    return MetricValue(float(abs(found[step])), at_s=float(drive.time_s[step]), evidence=evidence)
