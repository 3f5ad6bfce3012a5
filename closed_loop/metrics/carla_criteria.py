"""CARLA's criteria as pure functions over arrays: from what was driven to infraction events.

Every function takes plain arrays of T moments. Thresholds and the strictness of comparisons follow
carla-simulator/leaderboard (scenarios/route_scenario.py) and scenario_runner (atomic_criteria.py, timer.py), as read
in 2025. CARLA ticks at 20 Hz; these functions take any rate.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

COLLISION_RADIUS_M = 5.0
COLLISION_ID_TIME_S = 5.0
COLLISION_MIN_SPEED_MPS = 0.1
BLOCKED_SPEED_MPS = 0.1
BLOCKED_TIME_S = 180.0
OFF_ROUTE_MAX_M = 30.0
OFF_ROUTE_SHARE = 0.30
COMPLETED_SHARE = 0.99
COMPLETED_DISTANCE_M = 10.0
STOP_PROXIMITY_M = 4.0
STOP_SPEED_MPS = 0.1
LANE_TOLERANCE_M = 0.5
WRONG_WAY_RAD = float(np.deg2rad(120.0))
TIMEOUT_S = 300.0
MIN_SPEED_CHECKPOINTS = 4
BENCH2DRIVE_CHECKPOINTS = 20
_LAST_CHECKPOINT_SHARE = 0.95
_TIMEOUT_SHARE = 0.10


def merged_collisions(
    step: Int[np.ndarray, "n"],
    actor: Int[np.ndarray, "n"],
    time_s: Float[np.ndarray, "T"],
    position_m: Float[np.ndarray, "T 2"],
    speed_mps: Float[np.ndarray, "T"],
) -> Int[np.ndarray, "k"]:
    """Which raw contacts count as collisions: indices into `step` and `actor`.

    A contact sensor reports the same crash at every tick. A report is dropped where the ego is slower than 0.1 m/s,
    where the last counted collision was with the same actor not more than 5 s ago, or where the ego has not yet been
    more than 5 m away from the place of the last counted collision.

    Args:
        step: index of the moment of each report, ascending.
        actor: with whom.
        time_s: of the T moments.
        position_m: of the ego.
        speed_mps: of the ego.
    """
    kept: list[int] = []
    last_actor: int | None = None
    last_time = -np.inf
    place: np.ndarray | None = None
    seen = 0
    for index, (moment, who) in enumerate(zip(step.tolist(), actor.tolist(), strict=True)):
        if time_s[moment] - last_time > COLLISION_ID_TIME_S:
            last_actor = None
        if place is not None:
            away = np.hypot(*(position_m[seen : moment + 1] - place).T)
            if bool((away > COLLISION_RADIUS_M).any()):
                place = None
        seen = moment
        if who == last_actor or place is not None or speed_mps[moment] < COLLISION_MIN_SPEED_MPS:
            continue
        kept.append(index)
        last_actor, last_time, place = who, float(time_s[moment]), position_m[moment]
    return np.asarray(kept, dtype=np.int64)


def blocked_at(time_s: Float[np.ndarray, "T"], speed_mps: Float[np.ndarray, "T"]) -> int | None:
    """First moment at which the ego has been slower than 0.1 m/s for more than 180 s; None where it never was."""
    last_moving = float(time_s[0])
    for step, (time, speed) in enumerate(zip(time_s.tolist(), speed_mps.tolist(), strict=True)):
        if speed >= BLOCKED_SPEED_MPS:
            last_moving = time
        elif time - last_moving > BLOCKED_TIME_S:
            return step
    return None


@dataclass(frozen=True, slots=True, eq=False)
class RouteProgress:
    """Progress along a route.

    Attributes:
        reached_m: farthest place so far, shape (T,).
        completion: share of the route, 0 to 1, shape (T,).
        deviated_step: first moment of a deviation that ends the route; None without one.
        completed_step: first moment at which the target is reached; None where it never is.
    """

    reached_m: Float[np.ndarray, "T"]
    completion: Float[np.ndarray, "T"]
    deviated_step: int | None
    completed_step: int | None


def route_progress(
    s_m: Float[np.ndarray, "T"],
    off_m: Float[np.ndarray, "T"],
    to_target_m: Float[np.ndarray, "T"],
    length_m: float,
) -> RouteProgress:
    """Completion and deviation from places along a route.

    Completion is the farthest place reached while within 30 m of the route. The route is left where the ego is 30 m or
    more away, or where the length gained while more than half of that away exceeds 30 % of the route. It is done where
    more than 99 % are behind and the target is less than 10 m away. Half of the limit is scenario_runner's default.

    Args:
        s_m: nearest place on the route at each moment.
        off_m: distance from the route.
        to_target_m: distance from the end of the route.
        length_m: of the route.
    """
    near = off_m < OFF_ROUTE_MAX_M
    reached = np.maximum.accumulate(np.clip(np.where(near, s_m, 0.0), 0.0, length_m))
    gained = np.diff(reached, prepend=reached[:1])
    outside = np.cumsum(np.where(off_m >= 0.5 * OFF_ROUTE_MAX_M, gained, 0.0))
    deviated = ~near | (outside > OFF_ROUTE_SHARE * length_m)
    completion = reached / length_m
    done = (completion > COMPLETED_SHARE) & (to_target_m < COMPLETED_DISTANCE_M)
    return RouteProgress(reached, completion, _first(deviated), _first(done))


def stop_infraction_at(to_line_m: Float[np.ndarray, "T"], speed_mps: Float[np.ndarray, "T"]) -> int | None:
    """First moment at which the ego has crossed a stop line without having stopped; None where it obeyed.

    It obeyed where it was slower than 0.1 m/s at some moment within 4 m before the line.

    Args:
        to_line_m: way from the ego to the line along its route; negative behind the line.
        speed_mps: of the ego.
    """
    crossed = _first((to_line_m[1:] < 0.0) & (to_line_m[:-1] >= 0.0))
    if crossed is None:
        return None
    before = slice(0, crossed + 1)
    stopped = (speed_mps[before] < STOP_SPEED_MPS) & (to_line_m[before] <= STOP_PROXIMITY_M)
    return None if bool(stopped.any()) else crossed + 1


def outside_lanes_percent(
    off_center_m: Float[np.ndarray, "T"],
    lane_width_m: Float[np.ndarray, "T"],
    angle_rad: Float[np.ndarray, "T"],
    in_junction: Bool[np.ndarray, "T"],
    moved_m: Float[np.ndarray, "T"],
    tolerance_m: float = LANE_TOLERANCE_M,
) -> float:
    """Share of the driven distance outside lanes or against them, in %.

    Outside means farther than half a lane and 0.5 m (1.3 m in leaderboard 1.0) from the middle of the nearest driving
    or parking lane; against means turned by more than 120 degrees. In junctions neither counts.

    Args:
        off_center_m: distance of the ego centre from the middle of the nearest lane.
        lane_width_m: of that lane.
        angle_rad: between ego and lane, 0 to pi.
        in_junction: whether that lane belongs to a junction.
        moved_m: distance since the moment before.
        tolerance_m: beyond half of the lane.
    """
    outside = off_center_m > 0.5 * lane_width_m + tolerance_m
    wrong = ~in_junction & (outside | (angle_rad > WRONG_WAY_RAD))
    driven = float(moved_m.sum())
    return 100.0 * float(moved_m[wrong].sum()) / driven if driven > 0 else 0.0


def min_speed_percents(
    completion: Float[np.ndarray, "T"],
    ego_speed_mps: Float[np.ndarray, "T"],
    traffic_speed_mps: Float[np.ndarray, "T"],
    checkpoints: int = MIN_SPEED_CHECKPOINTS,
) -> Float[np.ndarray, "k"]:
    """Mean ego speed over mean traffic speed on each finished part of the route, in %, rounded to two decimals.

    A part is finished at the first moment at which more than 1 / checkpoints of the route lies behind since the part
    began; that moment belongs to the next one. The last part is finished by the end of the drive where more than 95 %
    of the route are behind. Moments without traffic (NaN) count for neither mean; a part without any, or whose
    traffic stood, counts 100 %.

    Args:
        completion: share of the route at each moment.
        ego_speed_mps: of the ego.
        traffic_speed_mps: mean speed of the surrounding traffic; NaN where there is none.
        checkpoints: 4 on the leaderboard, 20 in Bench2Drive.
    """
    ends: list[int] = []
    begun = 0.0
    for step, share in enumerate(completion.tolist()):
        if share - begun > 1.0 / checkpoints + 1e-12:
            ends.append(step)
            begun = share
    if float(completion[-1]) > _LAST_CHECKPOINT_SHARE:
        ends.append(len(completion))
    starts = [0, *ends[:-1]]
    return np.array(
        [_percent(ego_speed_mps[a:b], traffic_speed_mps[a:b]) for a, b in zip(starts, ends, strict=False)],
        dtype=np.float64,
    )


def _percent(ego_mps: np.ndarray, traffic_mps: np.ndarray) -> float:
    known = np.isfinite(traffic_mps)
    traffic = float(traffic_mps[known].mean()) if known.any() else 0.0
    return round(100.0 * float(ego_mps[known].mean()) / traffic, 2) if traffic > 0 else 100.0


def timed_out_at(
    time_s: Float[np.ndarray, "T"], reached_m: Float[np.ndarray, "T"], speed_limit_mps: Float[np.ndarray, "T"]
) -> int | None:
    """First moment after the time allowed: 300 s, and for every metre gained what it takes at a tenth of the limit.

    Args:
        time_s: of the moments.
        reached_m: farthest place on the route so far.
        speed_limit_mps: in force for the ego; where it is unknown (NaN) nothing is added.
    """
    gained = np.diff(reached_m, prepend=reached_m[:1])
    known = np.isfinite(speed_limit_mps) & (speed_limit_mps > 0)
    extra = np.where(known, gained / (_TIMEOUT_SHARE * np.where(known, speed_limit_mps, 1.0)), 0.0)
    return _first(time_s - time_s[0] > TIMEOUT_S + np.cumsum(extra))


def _first(flags: np.ndarray) -> int | None:
    return int(np.argmax(flags)) if bool(flags.any()) else None
