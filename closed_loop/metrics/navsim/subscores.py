"""The sub-scores of NAVSIM, each for P plans at once.

NC: first contact of each track that the ego did not touch at the start; 1 without fault, 0 where the ego is at fault
against a vehicle or person, 1/2 against an object. DAC: 0 where a corner was outside the drivable area in any frame (no
tolerance). DDC: nuPlan's 2 m and 6 m, but of path length while the centre is in no lane of the route and in no
intersection. TLC: 0 where the ego's box touches a lane with a red light. TTC: the ego's box moved on by 0, 0.3, 0.6 and
0.9 s at constant speed against the true future boxes; a track whose first such hit is not ahead (nor to the side while
the ego is across lanes, off the road or in an intersection) is dropped. LK: 0 where the centre was over 0.5 m off the
centreline for 2 s on end; frames in intersections are passed over without ending the row. HC: nuPlan's six bounds on
history and plan. EC: RMS differences of consecutive plans over their overlap.
Source: navsim 0a380a9, pdm_scorer and pdm_comfort_metrics. Chosen where the text is silent: a track's speed is that of
the frame; windows of the comfort filters are nuPlan's (the code of NAVSIM takes the whole signal as window for four of
them: `WHOLE_SIGNAL`).
"""

import numpy as np
import shapely
from jaxtyping import Bool, Float

from closed_loop.metrics.boxes import edge_meets_box, overlap_m
from closed_loop.metrics.navsim.scene import STEP_S, PlanMotion, PlanScene, ground
from closed_loop.metrics.nuplan import comfort, road
from closed_loop.metrics.nuplan.contacts import BEHIND_RAD, STOPPED_MPS
from closed_loop.metrics.nuplan.ttc import AHEAD_RAD
from closed_loop.metrics.nuplan.ttc import STOPPED_MPS as TTC_STOPPED_MPS

TTC_FRAMES = (0, 3, 6, 9)
LANE_KEEPING_M, LANE_KEEPING_S = 0.5, 2.0
EXTENDED_BOUNDS = {"acceleration": 0.7, "jerk": 0.5, "yaw_rate": 0.1, "yaw_acceleration": 0.1}
WHOLE_SIGNAL = comfort.Windows(acceleration=0, jerk=0, yaw=5)
_TOUCH_M = 1e-9


def across_lanes(motion: PlanMotion, scene: PlanScene) -> Bool[np.ndarray, "P T"]:
    """Whether the corners are in several lanes and in none together, or one of them is off the road."""
    if scene.index is None:
        return np.ones(motion.yaw_rad.shape, dtype=bool)
    corners = motion.corners_m()
    inside = _in_lanes(scene, corners.reshape(-1, 2)).reshape(-1, *corners.shape[:3])
    several = inside.any(axis=-1).sum(axis=0) > 1
    none_whole = ~inside.all(axis=-1).any(axis=0)
    return np.asarray((several & none_whole) | off_road(motion, scene))


def off_road(motion: PlanMotion, scene: PlanScene) -> Bool[np.ndarray, "P T"]:
    """Whether a corner is outside the drivable area."""
    if scene.index is None:
        return np.zeros(motion.yaw_rad.shape, dtype=bool)
    corners = motion.corners_m()
    on = shapely.intersects_xy(ground(scene.index), corners[..., 0], corners[..., 1])
    return np.asarray(~on.all(axis=-1))


def in_intersection(points_m: Float[np.ndarray, "P T 2"], scene: PlanScene) -> Bool[np.ndarray, "P T"]:
    """Whether points are in a lane of a junction."""
    if scene.index is None:
        return np.zeros(points_m.shape[:2], dtype=bool)
    return scene.index.in_junction(points_m.reshape(-1, 2)).reshape(points_m.shape[:2])


def _in_lanes(scene: PlanScene, points_m: Float[np.ndarray, "K 2"]) -> Bool[np.ndarray, "L K"]:
    assert scene.index is not None
    held = np.zeros((len(scene.index.lanes), len(points_m)), dtype=bool)
    pairs = scene.index.tree.query(shapely.points(points_m), predicate="intersects")
    held[pairs[1], pairs[0]] = True
    return held


def _bearing(motion: PlanMotion, center_m: Float[np.ndarray, "*any 2"], extra: int = 0) -> np.ndarray:
    """Angle at the rear axle between heading and a centre; `extra` further axes stand between frames and tracks."""
    shape = (*motion.yaw_rad.shape, *([1] * extra), 1)
    rear, forward = motion.rear_axle_m().reshape(*shape, 2), motion.forward().reshape(*shape, 2)
    offset = center_m - rear
    ahead = np.sum(offset * forward, axis=-1)
    left = offset[..., 1] * forward[..., 0] - offset[..., 0] * forward[..., 1]
    return np.abs(np.arctan2(left, ahead))


def _meets(
    motion: PlanMotion,
    scene: PlanScene,
    center_m: Float[np.ndarray, "P T S 2"],
    frame: np.ndarray,
) -> Bool[np.ndarray, "P T S N"]:
    """Whether the ego's box, moved to `center_m`, meets each track in the frame given for each (T, S)."""
    yaw = motion.yaw_rad[:, : len(frame), None]
    depth = overlap_m(
        center_m[..., None, :], np.broadcast_to(yaw, center_m.shape[:-1])[..., None], motion.size_m,
        scene.track_center_m[frame][None], scene.track_yaw_rad[frame][None], scene.track_size_m,
    )  # fmt: skip
    return np.where(np.isnan(depth), -np.inf, depth) >= -_TOUCH_M


def no_collision(motion: PlanMotion, scene: PlanScene) -> Float[np.ndarray, "P"]:
    """NC: 0, 1/2 or 1."""
    num_plans, num_frames = motion.yaw_rad.shape
    if not scene.track_size_m.shape[0]:
        return np.ones(num_plans)
    frames = np.arange(num_frames)[:, None]
    meets = _meets(motion, scene, motion.center_m[:, :, None], frames)[:, :, 0]
    meets &= ~meets[:, :1]
    fault = _at_fault(motion, scene)
    first = np.argmax(meets, axis=1)
    blamed = meets.any(axis=1) & np.take_along_axis(fault, first[:, None], axis=1)[:, 0]
    worth = np.where(blamed, np.where(scene.agent, 0.0, 0.5), 1.0)
    return worth.min(axis=1)


def _at_fault(motion: PlanMotion, scene: PlanScene) -> Bool[np.ndarray, "P T N"]:
    """Whether a contact with each track in each frame would be the ego's fault; nuPlan's types in their order."""
    stopped_track = (scene.track_speed_mps <= STOPPED_MPS) | ~scene.agent
    behind = _bearing(motion, scene.track_center_m[None]) > BEHIND_RAD
    front = motion.corners_m()[:, :, :2]
    shape = (*motion.yaw_rad.shape, scene.track_size_m.shape[0])

    def spread(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values, (*shape, 2))

    meets = edge_meets_box(
        spread(front[:, :, 0, None]), spread(front[:, :, 1, None]), spread(scene.track_center_m[None]),
        np.broadcast_to(scene.track_yaw_rad[None], shape), spread(scene.track_size_m + 2 * _TOUCH_M),
    )  # fmt: skip
    active = np.where(meets, True, across_lanes(motion, scene)[:, :, None])
    moving = motion.speed_mps[:, :, None] > STOPPED_MPS
    return np.asarray(moving & (stopped_track[None] | (~behind & active)))


def drivable_area(motion: PlanMotion, scene: PlanScene) -> Float[np.ndarray, "P"]:
    """DAC: 0 or 1."""
    return np.asarray(1.0 - off_road(motion, scene).any(axis=1))


def driving_direction(motion: PlanMotion, scene: PlanScene) -> Float[np.ndarray, "P"]:
    """DDC: 0, 1/2 or 1."""
    assert scene.index is not None
    held = _in_lanes(scene, motion.center_m.reshape(-1, 2))
    on_route = held[scene.on_route].any(axis=0).reshape(motion.yaw_rad.shape)
    wrong = ~on_route & ~in_intersection(motion.center_m, scene)
    step = np.hypot(*np.moveaxis(np.diff(motion.center_m, axis=1, prepend=motion.center_m[:, :1]), -1, 0))
    back = round(road.DIRECTION_WINDOW_S / STEP_S)
    worst = [float(road.window_sums(row, back).max()) for row in np.where(wrong, step, 0.0)]
    return np.array([road.direction_score(way) for way in worst])


def traffic_light(motion: PlanMotion, scene: PlanScene) -> Float[np.ndarray, "P"]:
    """TLC: 0 or 1."""
    assert scene.index is not None
    made = np.ones(len(motion.yaw_rad))
    closed = scene.red.any(axis=1)
    if not closed.any():
        return made
    boxes = np.asarray(shapely.polygons(motion.corners_m()))
    for lane in np.flatnonzero(scene.red.any(axis=0)):
        touches = shapely.intersects(boxes, scene.index.polygons[int(lane)]) & scene.red[:, lane]
        made[np.asarray(touches).any(axis=1)] = 0.0
    return made


def time_to_collision(motion: PlanMotion, scene: PlanScene) -> Float[np.ndarray, "P"]:
    """TTC: 0 or 1; frames whose look-ahead ends within the horizon."""
    num_plans, num_frames = motion.yaw_rad.shape
    last = num_frames - TTC_FRAMES[-1]
    if last < 1 or not scene.track_size_m.shape[0]:
        return np.ones(num_plans)
    ahead = np.array(TTC_FRAMES)
    frame = np.arange(last)[:, None] + ahead
    move = motion.forward()[:, :last, None] * (motion.speed_mps[:, :last, None] * ahead * STEP_S)[..., None]
    hits = _meets(motion, scene, motion.center_m[:, :last, None] + move, frame)
    hits &= (motion.speed_mps[:, :last] >= TTC_STOPPED_MPS)[:, :, None, None]
    hits &= ~_meets(motion, scene, motion.center_m[:, :1, None], np.zeros((1, 1), dtype=np.int64))
    part = PlanMotion(
        motion.center_m[:, :last], motion.yaw_rad[:, :last], motion.speed_mps[:, :last],
        motion.acceleration_mps2[:, :last], motion.size_m, motion.rear_axle_to_center_m,
    )  # fmt: skip
    wide = across_lanes(part, scene) | in_intersection(part.rear_axle_m(), scene)
    bearing = _bearing(part, scene.track_center_m[frame][None], extra=1)
    counts = (bearing < AHEAD_RAD) | (wide[:, :, None, None] & (bearing <= BEHIND_RAD))
    in_order, counted = hits.reshape(num_plans, -1, hits.shape[-1]), counts.reshape(num_plans, -1, hits.shape[-1])
    first = np.argmax(in_order, axis=1)
    fails = in_order.any(axis=1) & np.take_along_axis(counted, first[:, None], axis=1)[:, 0]
    return np.asarray(1.0 - fails.any(axis=1))


def progress_m(motion: PlanMotion, scene: PlanScene) -> Float[np.ndarray, "P"]:
    """Way gained along the centreline from the first frame to the last, at least 0; clamped to its ends."""
    assert scene.centerline_m is not None
    line = shapely.LineString(scene.centerline_m)
    ends = shapely.line_locate_point(line, np.asarray(shapely.points(motion.center_m[:, [0, -1]])))
    return np.maximum(np.asarray(ends)[:, 1] - np.asarray(ends)[:, 0], 0.0)


def lane_keeping(motion: PlanMotion, scene: PlanScene) -> Float[np.ndarray, "P"]:
    """LK: 0 or 1."""
    assert scene.centerline_m is not None
    line = shapely.LineString(scene.centerline_m)
    off = np.asarray(shapely.distance(line, np.asarray(shapely.points(motion.center_m)))) > LANE_KEEPING_M
    crossing = in_intersection(motion.center_m, scene)
    needed = int(np.ceil(LANE_KEEPING_S / STEP_S - 1e-9))
    made = np.ones(len(off))
    for plan in range(len(off)):
        row = 0
        for is_off in off[plan][~crossing[plan]]:
            row = row + 1 if is_off else 0
            if row >= needed:
                made[plan] = 0.0
    return made


def is_comfortable(
    motion: PlanMotion,
    history_acceleration_mps2: Float[np.ndarray, "H 2"] | None = None,
    history_yaw_rad: Float[np.ndarray, "H"] | None = None,
    windows: comfort.Windows = comfort.NUPLAN_WINDOWS,
) -> Float[np.ndarray, "P"]:
    """HC on the history and the plan, C on the plan alone where there is no history: 0 or 1."""
    acceleration, yaw = motion.acceleration_mps2, motion.yaw_rad
    if history_acceleration_mps2 is not None and history_yaw_rad is not None:
        num = len(yaw)
        acceleration = np.concatenate([np.tile(history_acceleration_mps2, (num, 1, 1)), acceleration], axis=1)
        yaw = np.concatenate([np.tile(history_yaw_rad, (num, 1)), yaw], axis=1)
    return comfort.comfortable(comfort.motion(acceleration, yaw, STEP_S, windows)).astype(np.float64)


def plan_features(
    acceleration_mps2: Float[np.ndarray, "T 2"], yaw_rad: Float[np.ndarray, "T"]
) -> dict[str, Float[np.ndarray, "T"]]:
    """What EC compares: magnitude of the acceleration, its derivative, yaw rate, yaw acceleration (order 2)."""
    size = np.hypot(acceleration_mps2[:, 0], acceleration_mps2[:, 1])
    smooth = comfort.filtered(size, STEP_S, 8)
    yaw = np.unwrap(yaw_rad)
    return {
        "acceleration": smooth,
        "jerk": comfort.filtered(smooth, STEP_S, 15, derivative=1),
        "yaw_rate": comfort.filtered(yaw, STEP_S, 5, derivative=1),
        "yaw_acceleration": comfort.filtered(yaw, STEP_S, 5, derivative=2),
    }


def extended_comfort(
    before: PlanMotion, now: PlanMotion, num_steps: int
) -> tuple[Float[np.ndarray, "P"], tuple[dict[str, float], ...]]:
    """EC of P pairs of plans that begin `num_steps` frames apart, and the RMS differences; bounds are inclusive.

    Raises:
        ValueError: the plans do not overlap.
    """
    count = now.yaw_rad.shape[1] - num_steps
    if not 0 < count < now.yaw_rad.shape[1]:
        raise ValueError(f"plans of {now.yaw_rad.shape[1]} frames that begin {num_steps} apart cannot be compared")
    scores: list[float] = []
    rms: list[dict[str, float]] = []
    for k in range(len(now.yaw_rad)):
        old = plan_features(before.acceleration_mps2[k, num_steps:], before.yaw_rad[k, num_steps:])
        new = plan_features(now.acceleration_mps2[k, :count], now.yaw_rad[k, :count])
        apart = {name: float(np.sqrt(np.mean((new[name] - old[name]) ** 2))) for name in EXTENDED_BOUNDS}
        rms.append(apart)
        scores.append(float(all(apart[name] <= bound for name, bound in EXTENDED_BOUNDS.items())))
    return np.array(scores), tuple(rms)
