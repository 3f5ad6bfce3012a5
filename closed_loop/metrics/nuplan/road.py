"""Drivable area, driving direction, speed limit and progress as nuPlan measures them, on arrays.

Source: nuplan-devkit e924167: drivable_area_compliance, driving_direction_compliance, speed_limit_compliance,
ego_progress_along_expert_route (threshold 2 m, from the configuration that its scores are made with).
"""

from collections.abc import Sequence

import numpy as np
import shapely
from jaxtyping import Bool, Float

from closed_loop.metrics.nuplan.lanes import LaneIndex, LanesOfPath

OUTSIDE_M = 0.3
DIRECTION_WINDOW_S = 1.0
DIRECTION_COMPLIANT_M, DIRECTION_VIOLATED_M = 2.0, 6.0
MAX_OVERSPEED_MPS = 2.23
PROGRESS_FLOOR_M = 2.0
MIN_PROGRESS_RATIO = 0.2


def corners_far_off(
    corners_m: Float[np.ndarray, "T 4 2"],
    drivable: Sequence[shapely.Geometry],
    center_lanes: Sequence[Sequence[shapely.Geometry]] = (),
    lanes: Sequence[shapely.Geometry] = (),
) -> tuple[Bool[np.ndarray, "T 4"], Float[np.ndarray, "T 4"]]:
    """Which corners are outside and at least 0.3 m from the nearest drivable polygon, and how far off each is.

    Args:
        corners_m: of the ego's box.
        drivable: polygons of the drivable area; empty means that everything is infinitely far from it.
        center_lanes: per frame the lanes that hold the ego's centre; a corner under 0.3 m from one is forgiven.
        lanes: all lanes; a corner in one of them is not outside, even where no drivable polygon covers it.

    Returns:
        far off, shape (T, 4); distance from the nearest drivable polygon, shape (T, 4).
    """
    points = np.atleast_1d(np.asarray(shapely.points(corners_m.reshape(-1, 2))))
    distance = np.full(len(points), np.inf)
    if drivable and len(points):
        tree = shapely.STRtree(list(drivable))
        # Most corners are on the road: that is asked first, for the search of the nearest polygon is slow.
        distance[tree.query(points, predicate="intersects")[0]] = 0.0
        off = np.flatnonzero(distance > 0.0)
        pairs, found = tree.query_nearest(points[off], return_distance=True, all_matches=False)
        distance[off[pairs[0]]] = found
    outside = distance > 0.0
    if lanes:
        outside[np.unique(shapely.STRtree(list(lanes)).query(points, predicate="intersects")[0])] = False
    far = outside & (distance >= OUTSIDE_M)
    for k in np.flatnonzero(far):
        mine = center_lanes[int(k) // 4] if center_lanes else ()
        if any(shapely.distance(lane, points[k]) < OUTSIDE_M for lane in mine):
            far[k] = False
    return far.reshape(-1, 4), distance.reshape(-1, 4)


def direction_progress_m(
    index: LaneIndex, route: LanesOfPath, points_m: Float[np.ndarray, "T 2"]
) -> Float[np.ndarray, "T"]:
    """Signed progress of each frame along the middle of the lane that the path is in.

    0 off the lanes, in the first two frames in a lane (the definition learns a lane at its first frame and the place
    in it at the second), and where the place in the lane is its very start.
    """
    made = np.zeros(len(route))
    places = {k: index.along_m(k, points_m) for k in {here[0] for here in route if here}}
    lane = route[0][0] if route and route[0] else None
    before: float | None = None
    for t, here in enumerate(route):
        if not here:
            continue
        if here[0] != lane:
            lane, before = here[0], None
            continue
        at = float(places[here[0]][t])
        made[t] = at - before if before is not None and at else 0.0
        before = at
    return made


def window_sums(values: Float[np.ndarray, "T"], num_back: int) -> Float[np.ndarray, "T"]:
    """Sum over each value and the `num_back` before it: num_back + 1 samples."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    last = np.arange(1, len(values) + 1)
    return total[last] - total[np.maximum(last - 1 - num_back, 0)]


def samples_in(window_s: float, timestamps_ns: np.ndarray) -> int:
    """int(window / mean step), in whole nanoseconds so that 1 s at 10 Hz is 10."""
    return int(window_s * 1e9 / float(np.mean(np.diff(timestamps_ns))))


def direction_score(worst_m: float) -> float:
    """1 under 2 m driven against the traffic within the window, 0.5 under 6 m, else 0."""
    return 1.0 if worst_m < DIRECTION_COMPLIANT_M else 0.5 if worst_m < DIRECTION_VIOLATED_M else 0.0


def overspeed_mps(speed_mps: Float[np.ndarray, "T"], limit_mps: Float[np.ndarray, "T"]) -> Float[np.ndarray, "T"]:
    """Speed over the limit, 0 where it holds or is not known (off the lanes)."""
    return np.where(np.isnan(limit_mps), 0.0, np.maximum(speed_mps - np.nan_to_num(limit_mps), 0.0))


def speed_limit_score(over_mps: Float[np.ndarray, "T"], duration_s: float) -> float:
    """max(0, 1 - sum(over) dt / (2.23 m/s x duration)), dt the mean step; every frame counts, the first too.

    Raises:
        ValueError: there is no duration.
    """
    if not duration_s > 0 or len(over_mps) < 2:
        raise ValueError("the speed limit needs at least two frames")
    step = duration_s / (len(over_mps) - 1)
    return max(0.0, 1.0 - float(np.sum(over_mps)) * step / (MAX_OVERSPEED_MPS * duration_s))


def progress_score(ego_m: float, expert_m: float | None) -> float:
    """min(1, max(ego, 2) / max(expert, 2)); 0 where the ego went back over 2 m; 1 where the expert has no route."""
    if expert_m is None:
        return 1.0
    if ego_m < -PROGRESS_FLOOR_M:
        return 0.0
    return min(1.0, max(ego_m, PROGRESS_FLOOR_M) / max(expert_m, PROGRESS_FLOOR_M))
