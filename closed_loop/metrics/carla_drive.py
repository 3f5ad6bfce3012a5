"""CARLA's driving score measured on a rollout: the criteria applied to an ego that drove a route, and the metrics.

What a rollout cannot show comes from its events: a scenario that was not finished in its own time ('scenario_timeout')
and an emergency vehicle that was held up ('yield_violation'). Collisions are contacts of the oriented boxes and
recorded 'collision' events; walkers and animals count as pedestrians, everything on wheels as a vehicle, the rest as
static. Red lights are crossings of a stop line by the ego's front. The surrounding traffic of the minimum-speed
criterion is every vehicle of the rollout. The route begins where the ego begins, and ends with the first of target,
deviation, blockage and time-out: later events do not count.
"""

from functools import lru_cache

import numpy as np

from closed_loop.metrics.bench2drive import Telemetry, efficiency_percent, smoothness, succeeded
from closed_loop.metrics.carla_criteria import (
    BENCH2DRIVE_CHECKPOINTS,
    MIN_SPEED_CHECKPOINTS,
    RouteProgress,
    blocked_at,
    merged_collisions,
    min_speed_percents,
    outside_lanes_percent,
    route_progress,
    stop_infraction_at,
    timed_out_at,
)
from closed_loop.metrics.carla_score import (
    Infraction,
    InfractionEvent,
    Protocol,
    RouteRecord,
    infraction_penalty,
    route_score,
)
from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale, not_applicable
from closed_loop.metrics.drive import Drive, DrivingTask
from closed_loop.metrics.polyline import arc_length_m, distinct, project
from closed_loop.metrics.road import crossings
from driving_data.geometry import wrap_angle
from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane, LaneKind
from driving_data.maps.queries import nearest_lane
from driving_data.taxonomy import PEDESTRIANS, TWO_WHEELERS, VEHICLES, ActorClass, SignalState

_RED = (int(SignalState.RED), int(SignalState.RED_YELLOW))
_LANE_KINDS = DRIVABLE_KINDS | {LaneKind.PARKING}
_SIGN_REACH_M = 12.0
_TOLERANCE_M = {Protocol.LEADERBOARD_1_0: 1.3}
_FROM_EVENTS = {"scenario_timeout": Infraction.SCENARIO_TIMEOUT, "yield_violation": Infraction.YIELD_EMERGENCY}


@lru_cache(maxsize=8)
def route_record(drive: Drive, protocol: Protocol) -> RouteRecord | None:
    """The record of the route that the ego was asked to drive; None where it has none."""
    task = drive.task
    if task is None or task.route_m is None or task.distance_m <= 0 or len(distinct(task.route_m)) < 2:
        return None
    progress = _progress(drive, task)
    limit = drive.place.speed_limit_mps if drive.place is not None else np.full(drive.num_steps, np.nan)
    ends = {
        Infraction.ROUTE_DEVIATION: progress.deviated_step,
        Infraction.BLOCKED: blocked_at(drive.time_s, drive.speed_mps),
        Infraction.ROUTE_TIMEOUT: timed_out_at(drive.time_s, progress.reached_m, limit),
    }
    last = drive.num_steps - 1
    done = progress.completed_step
    first = min((step for step in (*ends.values(), done) if step is not None), default=last)
    reached = done is not None and done == first
    events = [event for event in _events(drive, task, protocol) if not event.at_s > drive.time_s[first]]
    if not reached:
        events += [InfractionEvent(kind, at_s=float(drive.time_s[first])) for kind, at in ends.items() if at == first]
    events += _of_distance(drive, progress, first, protocol)
    completion = 100.0 if reached else 100.0 * min(float(progress.completion[first]), 1.0)
    # An episode that simply ends has used up the time that it was given.
    failure = "" if reached or any(at == first for at in ends.values()) else "Agent timed out"
    return RouteRecord(drive.rollout.actors.ids[drive.rollout.ego_index], completion, task.distance_m,
                       tuple(sorted(events, key=_when)), reached, failure)  # fmt: skip


def _when(event: InfractionEvent) -> float:
    return float("inf") if np.isnan(event.at_s) else event.at_s


def _progress(drive: Drive, task: DrivingTask) -> RouteProgress:
    assert task.route_m is not None
    route = distinct(task.route_m)
    s, d, _ = project(drive.center_m, route)
    along = arc_length_m(route)
    goal_s = s[0] + task.distance_m
    goal = np.array([np.interp(goal_s, along, route[:, axis]) for axis in (0, 1)])
    found = route_progress(s - s[0], np.abs(d), np.hypot(*(drive.center_m - goal).T), task.distance_m)
    for event in drive.rollout.events:
        if event.kind == "goal_reached":
            moments = drive.rollout.timestamps_ns[drive.step]
            at = min(int(np.searchsorted(moments, event.timestamp_ns)), drive.num_steps - 1)
            return RouteProgress(found.reached_m, found.completion, found.deviated_step, at)
    return found


def _events(drive: Drive, task: DrivingTask, protocol: Protocol) -> list[InfractionEvent]:
    events = [*_collisions(drive), *_red_lights(drive), *_stop_signs(drive, task)]
    if protocol is not Protocol.LEADERBOARD_1_0:
        start = drive.rollout.timestamps_ns[0]
        events += [
            InfractionEvent(_FROM_EVENTS[event.kind], at_s=float(event.timestamp_ns - start) * 1e-9)
            for event in drive.rollout.events
            if event.kind in _FROM_EVENTS
        ]
    return events


def _collisions(drive: Drive) -> list[InfractionEvent]:
    other = drive.others
    touches = np.where(np.isnan(drive.distance_m), np.inf, drive.distance_m) <= 0.0
    moments = drive.rollout.timestamps_ns[drive.step]
    for event in drive.rollout.events:
        if event.kind == "collision" and drive.rollout.actors.ids[drive.rollout.ego_index] in event.actor_ids:
            row = min(int(np.searchsorted(moments, event.timestamp_ns)), len(moments) - 1)
            for column in (k for k, name in enumerate(other.ids) if name in event.actor_ids):
                touches[row, column] |= bool(other.valid[row, column])
    step, actor = np.nonzero(touches)
    # A resolved impact may leave the ego standing at the moment that shows the contact.
    speed = np.maximum(drive.speed_mps, np.concatenate([drive.speed_mps[:1], drive.speed_mps[:-1]]))
    kept = merged_collisions(step, actor, drive.time_s, drive.center_m, speed)
    return [
        InfractionEvent(_collision_kind(other.kind[actor[k]]), at_s=float(drive.time_s[step[k]]),
                        reason=f"hit {other.ids[actor[k]]}")
        for k in kept
    ]  # fmt: skip


def _collision_kind(kind: ActorClass) -> Infraction:
    if kind in PEDESTRIANS or kind is ActorClass.ANIMAL:
        return Infraction.COLLISION_PEDESTRIAN
    return Infraction.COLLISION_VEHICLE if kind in VEHICLES | TWO_WHEELERS else Infraction.COLLISION_STATIC


def _red_lights(drive: Drive) -> list[InfractionEvent]:
    lane_map = drive.rollout.lane_map
    if lane_map is None:
        return []
    front = drive.center_m + 0.5 * drive.size_m[0] * drive.forward
    column = {name: k for k, name in enumerate(drive.rollout.signals.ids)}
    events: list[InfractionEvent] = []
    for signal in lane_map.signals:
        if signal.id in column:
            state = drive.rollout.signals.state[drive.step, column[signal.id]]
            ran = crossings(front, signal.stop_line_m[:, :2], signal.heading_rad) & np.isin(state[1:], _RED)
            times = drive.time_s[1:][ran]
            events += [InfractionEvent(Infraction.RED_LIGHT, at_s=float(t), reason=signal.id) for t in times]
    # Lights of neighbouring lanes may share a line: one crossing is one infraction.
    first = {event.at_s: event for event in reversed(events)}
    return list(first.values())


def _stop_signs(drive: Drive, task: DrivingTask) -> list[InfractionEvent]:
    lane_map = drive.rollout.lane_map
    signs = [] if lane_map is None else [sign for sign in lane_map.signs if sign.kind == "stop"]
    if not signs or task.route_m is None:
        return []
    place = np.array([sign.position_m[:2] for sign in signs], dtype=np.float64)
    s, d, heading = project(place, task.route_m)
    facing = np.abs(wrap_angle(np.array([sign.heading_rad for sign in signs]) - heading - np.pi)) < 0.25 * np.pi
    front = project(drive.center_m, task.route_m)[0] + 0.5 * drive.size_m[0]
    events: list[InfractionEvent] = []
    for k in np.flatnonzero(facing & (np.abs(d) < _SIGN_REACH_M)):
        at = stop_infraction_at(s[k] - front, drive.speed_mps)
        if at is not None:
            events.append(InfractionEvent(Infraction.STOP, at_s=float(drive.time_s[at]), reason=signs[k].id))
    return events


def _of_distance(drive: Drive, progress: RouteProgress, last: int, protocol: Protocol) -> list[InfractionEvent]:
    """Infractions that are measured over the whole drive: outside lanes, minimum speed."""
    part = slice(0, last + 1)
    events: list[InfractionEvent] = []
    outside = _outside_percent(drive, part, _TOLERANCE_M.get(protocol, 0.5))
    if outside > 0:
        events.append(InfractionEvent(Infraction.OUTSIDE_LANES, outside))
    if protocol is Protocol.LEADERBOARD_1_0:
        return events
    bench = protocol is Protocol.BENCH2DRIVE
    percents = min_speed_percents(
        progress.completion[part], drive.speed_mps[part], traffic_speed_mps(drive)[part],
        BENCH2DRIVE_CHECKPOINTS if bench else MIN_SPEED_CHECKPOINTS,
    )  # fmt: skip
    return events + [InfractionEvent(Infraction.MIN_SPEED, p) for p in percents.tolist() if bench or p < 100.0]


def traffic_speed_mps(drive: Drive) -> np.ndarray:
    """Mean speed of all vehicles but the ego at each moment; NaN without any, shape (T,)."""
    wheels = np.array([kind in VEHICLES | TWO_WHEELERS for kind in drive.others.kind], dtype=bool)
    there = drive.others.valid & wheels
    total = np.where(there, drive.others.speed_mps, 0.0).sum(axis=1)
    count = there.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _outside_percent(drive: Drive, part: slice, tolerance_m: float) -> float:
    lane_map = drive.rollout.lane_map
    if lane_map is None:
        return 0.0
    center = drive.center_m[part]
    found = nearest_lane(lane_map, center, _LANE_KINDS)
    if (found.lane < 0).any():
        return 0.0
    lanes = [lane_map.lanes[k] for k in found.lane]
    width = np.empty(len(lanes))
    for k in set(found.lane.tolist()):
        there = found.lane == k
        width[there] = _width_m(lane_map.lanes[k], found.s_m[there])
    angle = np.abs(wrap_angle(drive.yaw_rad[part] - found.heading_rad))
    junction = np.array([lane.junction_id is not None for lane in lanes], dtype=bool)
    moved = np.concatenate([[0.0], np.hypot(*np.diff(center, axis=0).T)])
    return outside_lanes_percent(np.abs(found.d_m), width, angle, junction, moved, tolerance_m)


def _width_m(lane: Lane, s_m: np.ndarray) -> np.ndarray:
    return np.interp(s_m, lane.arc_length_m(), np.hypot(*(lane.left_m - lane.right_m)[:, :2].T))


def _score(drive: Drive, protocol: Protocol) -> MetricValue:
    record = route_record(drive, protocol)
    if record is None:
        return not_applicable("no route is known")
    score = route_score(record, protocol)
    counts = {kind.value: sum(event.kind is kind for event in record.events) for kind in Infraction}
    return MetricValue(
        score.composed, reason=score.status,
        evidence={"completion_percent": score.completion_percent, "penalty": score.penalty,
                  "infractions": {name: count for name, count in counts.items() if count}},
    )  # fmt: skip


def score_1_0(drive: Drive) -> MetricValue:
    """Driving score of leaderboard 1.0 in %."""
    return _score(drive, Protocol.LEADERBOARD_1_0)


def score_2_0(drive: Drive) -> MetricValue:
    """Driving score of leaderboard 2.0 in %."""
    return _score(drive, Protocol.LEADERBOARD_2_0)


def score_2_1(drive: Drive) -> MetricValue:
    """Driving score of leaderboard 2.1 in %."""
    return _score(drive, Protocol.LEADERBOARD_2_1)


def score_bench2drive(drive: Drive) -> MetricValue:
    """Driving score of Bench2Drive in %."""
    return _score(drive, Protocol.BENCH2DRIVE)


def route_completion(drive: Drive) -> MetricValue:
    """Share of the route that was driven, in %."""
    record = route_record(drive, Protocol.LEADERBOARD_2_1)
    return not_applicable("no route is known") if record is None else MetricValue(record.completion_percent)


def penalty(drive: Drive) -> MetricValue:
    """Infraction penalty of leaderboard 2.1."""
    record = route_record(drive, Protocol.LEADERBOARD_2_1)
    if record is None:
        return not_applicable("no route is known")
    return MetricValue(infraction_penalty(record.events, Protocol.LEADERBOARD_2_1))


def bench2drive_success(drive: Drive) -> MetricValue:
    """1 where the route was completed with no infraction but minimum speed."""
    record = route_record(drive, Protocol.BENCH2DRIVE)
    return not_applicable("no route is known") if record is None else MetricValue(float(succeeded(record)))


def bench2drive_efficiency(drive: Drive) -> MetricValue:
    """Mean of ego speed over traffic speed at the checkpoints, in %."""
    record = route_record(drive, Protocol.BENCH2DRIVE)
    if record is None:
        return not_applicable("no route is known")
    found = efficiency_percent([record])
    return not_applicable("no checkpoint was passed") if np.isnan(found) else MetricValue(found)


def telemetry(drive: Drive) -> Telemetry:
    """The drive as Bench2Drive logs it, resampled to 10 Hz where it has another rate."""
    rollout = drive.rollout
    acceleration = rollout.acceleration_mps2[drive.step, rollout.ego_index, :2]
    if np.isnan(acceleration).any():
        acceleration = np.gradient(drive.velocity_mps, drive.time_s, axis=0)
    rate = rollout.yaw_rate_radps[drive.step, rollout.ego_index]
    if np.isnan(rate).any():
        rate = np.gradient(drive.yaw_rad, drive.time_s)
    moments = np.arange(0.0, float(drive.time_s[-1]) + 1e-6, 0.1) + float(drive.time_s[0])
    yaw = np.interp(moments, drive.time_s, drive.yaw_rad)
    known = np.stack([np.interp(moments, drive.time_s, acceleration[:, axis]) for axis in (0, 1)], axis=-1)
    forward = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    right = np.stack([np.sin(yaw), -np.cos(yaw)], axis=-1)
    return Telemetry(known, forward, right, np.interp(moments, drive.time_s, rate))


def _smoothness(drive: Drive, compat: bool) -> MetricValue:
    if drive.num_steps < 2:
        return not_applicable("a single moment")
    route = telemetry(drive)
    if len(route.yaw_rate_radps) < 3:
        return not_applicable("too few moments to filter")
    return MetricValue(smoothness(route, compat))


def smoothness_compat(drive: Drive) -> MetricValue:
    """Bench2Drive's smoothness, bug for bug."""
    return _smoothness(drive, compat=True)


def smoothness_strict(drive: Drive) -> MetricValue:
    """Bench2Drive's smoothness as it is described."""
    return _smoothness(drive, compat=False)


_HIGH = Direction.HIGHER_IS_BETTER
_BOARD = "CARLA leaderboard, utils/statistics_manager.py at {}"
_BENCH = "Bench2Drive 7ec25d1 (v0.0.4), {}"

METRICS = (
    Metric(
        "carla_driving_score_1_0", "1.0.0", "CARLA driving score 1.0", "%", _HIGH, Scale.MEAN,
        _BOARD.format("2165f5e"), "Route completion times the product of the infraction factors.", score_1_0,
    ),
    Metric(
        "carla_driving_score_2_0", "1.0.0", "CARLA driving score 2.0", "%", _HIGH, Scale.MEAN,
        _BOARD.format("a87a341"),
        "As 1.0, with scenario time-outs, yielding and minimum speed.", score_2_0,
    ),
    Metric(
        "carla_driving_score_2_1", "1.0.0", "CARLA driving score 2.1", "%", _HIGH, Scale.MEAN,
        _BOARD.format("cfecdc8"),
        "Route completion over one plus the sum of the infraction coefficients, times the share inside lanes.",
        score_2_1,
    ),
    Metric(
        "carla_route_completion", "1.0.0", "CARLA route completion", "%", _HIGH, Scale.MEAN,
        _BOARD.format("cfecdc8"), "Share of the route that was driven.", route_completion,
    ),
    Metric(
        "carla_infraction_penalty", "1.0.0", "CARLA infraction penalty", "", _HIGH, Scale.MEAN,
        _BOARD.format("cfecdc8"), "Factor by which infractions lower the score of leaderboard 2.1.", penalty,
    ),
    Metric(
        "bench2drive_driving_score", "1.0.0", "Bench2Drive driving score", "%", _HIGH, Scale.MEAN,
        _BENCH.format("statistics_manager.py"), "As leaderboard 2.0 without the minimum-speed factor.",
        score_bench2drive,
    ),
    Metric(
        "bench2drive_success", "1.0.0", "Bench2Drive success", "", _HIGH, Scale.RATE,
        _BENCH.format("merge_route_json.py"), "Route completed with no infraction but minimum speed.",
        bench2drive_success,
    ),
    Metric(
        "bench2drive_efficiency", "1.0.0", "Bench2Drive efficiency", "%", _HIGH, Scale.MEAN,
        _BENCH.format("efficiency_smoothness_benchmark.py"),
        "Mean over 20 checkpoints of ego speed over the mean speed of the traffic.", bench2drive_efficiency,
    ),
    Metric(
        "bench2drive_smoothness_compat", "1.0.0", "Bench2Drive smoothness (compat)", "", _HIGH, Scale.MEAN,
        _BENCH.format("efficiency_smoothness_benchmark.py"),
        "Share of windows of 20 samples within six bounds, with the defects of the public tool.", smoothness_compat,
    ),
    Metric(
        "bench2drive_smoothness_strict", "1.0.0", "Bench2Drive smoothness (strict)", "", _HIGH, Scale.MEAN,
        _BENCH.format("efficiency_smoothness_benchmark.py") + ", as described",
        "Share of windows of 2 s within six bounds, filtered whole, in rad/s, with a true yaw acceleration.",
        smoothness_strict,
    ),
)  # fmt: skip
