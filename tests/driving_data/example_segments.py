"""A small complete segment for tests: an ego, a car and a pedestrian, a camera and a lidar, exact labels."""

import numpy as np

from driving_data.environment import Environment
from driving_data.geometry import SE3, points_in_boxes
from driving_data.labels import Boxes2D, Boxes3D, Labels
from driving_data.maps.lane_map import Lane, LaneKind, LaneMap, MapArea
from driving_data.provenance import Provenance
from driving_data.rollout import Actors, Rollout, SignalStates
from driving_data.segment import Segment, Source
from driving_data.sensors import CameraFrame, CameraModel, LidarModel, LidarSweep, RadarModel, RadarReturns, SensorRig
from driving_data.taxonomy import ActorClass, SemanticClass
from driving_data.verdict import ValidationReport, Verdict

STEP_NS = 500_000_000
CAMERA_AXES = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
KINDS = (ActorClass.CAR, ActorClass.CAR, ActorClass.PEDESTRIAN, ActorClass.CONE, ActorClass.BICYCLE)
SIZES_M = np.array([[4.6, 1.9, 1.5], [4.4, 1.8, 1.5], [0.6, 0.6, 1.75], [0.4, 0.4, 0.7], [1.8, 0.6, 1.7]])


def example_segment(
    segment_id,
    source=Source.SYNTHETIC,
    tags=(),
    admitted=None,
    family="",
    parents=(),
    steps=4,
    seed=0,
    cameras=("camera_front",),
    lidars=("lidar_top",),
    radars=(),
    picture_px=(32, 18),
    origin_m=(0.0, 0.0),
    start_ns=1_700_000_000_000_000_000,
):
    """The segment; `admitted` None leaves it unjudged."""
    rng = np.random.default_rng(seed)
    rollout = example_rollout(steps, np.array([*origin_m, 0.0]), start_ns)
    rig = example_rig(cameras, lidars, radars, picture_px)
    frames, boxes = [], []
    sweeps = []
    for step in range(steps):
        ego = rollout.world_from_ego()[step]
        for camera in rig.cameras:
            frame, rows = _frame(rollout, camera, ego, step, rng, len(frames))
            frames.append(frame)
            boxes += rows
        sweeps += [_sweep(rollout, lidar, ego, step, rng) for lidar in rig.lidars]
    labels = Labels(_boxes_3d(rollout, sweeps, len(rig.lidars)), _boxes_2d(boxes))
    verdict = Verdict("speed", "1", bool(admitted), 1.0, 2.0, "m/s", reason="" if admitted else "too fast")
    report = None if admitted is None else ValidationReport(segment_id, (verdict,))
    provenance = Provenance("tests", seed=seed, family=family, parents=tuple(parents), scenario_digest=None)
    return Segment(segment_id, source, rollout, rig, provenance, tuple(frames), tuple(sweeps),
                   _radar(rollout, rig), labels, tuple(tags), "a short drive", report=report)  # fmt: skip


def example_rollout(steps, origin_m, start_ns):
    """The ego drives at 10 m/s behind a car at 8 m/s; a pedestrian and a bicycle move beside a cone."""
    start_m = np.array([[0.0, 0, 0.75], [15.0, 0.5, 0.75], [12.0, 4.0, 0.875], [10.0, -3.0, 0.35], [20.0, -4, 0.85]])
    velocity = np.array([[10.0, 0, 0], [8.0, 0, 0], [0, -1.2, 0], [0, 0, 0], [4.0, 0, 0]])
    seconds = np.arange(steps) * STEP_NS * 1e-9
    position = origin_m + start_m + seconds[:, None, None] * velocity
    count = len(KINDS)
    valid = np.ones((steps, count), bool)
    valid[0, 4] = False
    gone = np.where(valid, 0.0, np.nan)[..., None]
    yaw = np.broadcast_to(np.array([0.0, 0.05, -np.pi / 2, 0.0, 0.0]), (steps, count))
    poses = SE3.from_yaw(yaw, position)
    lane = Lane(
        "lane", LaneKind.DRIVING, *(np.array([[-20.0, y, 0], [90.0, y, 0]]) + origin_m for y in (0.0, 1.75, -1.75))
    )
    area = MapArea("x", "crosswalk", origin_m + np.array([[8.0, -2, 0], [10, -2, 0], [10, 2, 0], [8, 2, 0]]))
    return Rollout(
        timestamps_ns=start_ns + STEP_NS * np.arange(steps, dtype=np.int64),
        actors=Actors(("ego", "car", "walker", "cone", "rider"), np.array([int(k) for k in KINDS]), SIZES_M,
                      np.array([1.4, 0, 0, 0, 0.0])),
        ego_index=0,
        world_from_actor=SE3(poses.rotation + gone[..., None], position + gone),
        velocity_mps=np.broadcast_to(velocity, (steps, count, 3)) + gone,
        acceleration_mps2=np.zeros((steps, count, 3)) + gone,
        yaw_rate_radps=np.zeros((steps, count)) + gone[..., 0],
        steering_rad=np.full((steps, count), np.nan),
        lights=np.zeros((steps, count), np.uint8),
        valid=valid,
        signals=SignalStates((), np.zeros((steps, 0), np.int64)),
        events=(),
        lane_map=LaneMap((lane,), areas=(area,), routes={"main": ("lane",)}, name="straight"),
        environment=Environment(),
    )  # fmt: skip


def example_rig(cameras, lidars, radars, picture_px):
    """Cameras that look ahead, a lidar on the roof, a radar in the bumper."""
    width, height = picture_px
    mount = SE3(CAMERA_AXES, np.array([1.5, 0.0, 1.5]))
    return SensorRig(
        "example",
        tuple(CameraModel(n, width, height, width * 0.8, width * 0.8, width / 2, height / 2, mount) for n in cameras),
        tuple(LidarModel(n, (-0.2, 0.0), 90, SE3(np.eye(3), np.array([1.0, 0.0, 1.8]))) for n in lidars),
        tuple(RadarModel(n, SE3(np.eye(3), np.array([3.5, 0.0, 0.5]))) for n in radars),
        rate_hz=2.0,
    )


def _frame(rollout, camera, ego, step, rng, index):
    """Boxes are drawn from far to near as flat rectangles; labels are read off the instance picture."""
    pose = ego @ camera.ego_from_camera
    shape = (camera.height_px, camera.width_px)
    rgb = rng.integers(90, 130, (*shape, 3)).astype(np.uint8)
    depth = np.full(shape, np.inf, np.float32)
    semantic = np.full(shape, SemanticClass.ROAD, np.uint8)
    instance = np.zeros(shape, np.uint16)
    local = pose.inverse().apply(rollout.world_from_actor.translation_m[step])
    outlines = {}
    for actor in sorted(range(1, rollout.num_actors), key=lambda k: -np.nan_to_num(local[k, 2])):
        if not rollout.valid[step, actor] or local[actor, 2] < 2:
            continue
        half = 0.5 * SIZES_M[actor, [1, 2]] * camera.fx_px / local[actor, 2]
        middle = local[actor, :2] / local[actor, 2] * camera.fx_px + [camera.cx_px, camera.cy_px]
        low = np.clip(np.floor(middle - half), 0, shape[::-1]).astype(int)
        high = np.clip(np.ceil(middle + half), 0, shape[::-1]).astype(int)
        if (high <= low).any():
            continue
        outlines[actor] = (*low, *high)
        area = np.s_[low[1] : high[1], low[0] : high[0]]
        rgb[area] = 40 * actor
        depth[area] = local[actor, 2]
        semantic[area] = SemanticClass.CAR
        instance[area] = actor + 1
    frame = CameraFrame(camera.name, int(rollout.timestamps_ns[step]), pose, rgb, depth, semantic, instance)
    rows = []
    for actor, outline in sorted(outlines.items()):
        y, x = np.nonzero(instance == actor + 1)
        if len(x):
            rows.append((index, actor, (x.min(), y.min(), x.max() + 1, y.max() + 1), outline, len(x)))
    return frame, rows


def _sweep(rollout, lidar, ego, step, rng):
    """Points on the ground and inside every box."""
    pose = ego @ lidar.ego_from_lidar
    ground = np.column_stack([rng.uniform(-30, 30, (60, 2)) + ego.translation_m[:2], np.full(60, -0.01)])
    points, instance = [ground], [np.zeros(60)]
    for actor in range(1, rollout.num_actors):
        if rollout.valid[step, actor]:
            inside = rng.uniform(-0.45, 0.45, (5 + actor, 3)) * SIZES_M[actor]
            points.append(rollout.world_from_actor[step, actor].apply(inside))
            instance.append(np.full(len(inside), actor + 1))
    local = pose.inverse().apply(np.concatenate(points)).astype(np.float32)
    who = np.concatenate(instance).astype(np.uint16)
    classes = np.where(who > 0, SemanticClass.CAR, SemanticClass.ROAD).astype(np.uint8)
    count = len(local)
    return LidarSweep(lidar.name, int(rollout.timestamps_ns[step]), pose, local, np.full(count, 0.5, np.float32),
                      np.arange(count) % 2, np.zeros(count, np.int64), classes, who)  # fmt: skip


def _radar(rollout, rig):
    returns = []
    for step in range(rollout.num_steps):
        for radar in rig.radars:
            pose = rollout.world_from_ego()[step] @ radar.ego_from_radar
            seen = rollout.valid[step] & (np.arange(rollout.num_actors) > 0)
            points = pose.inverse().apply(rollout.world_from_actor.translation_m[step, seen])
            returns.append(RadarReturns(radar.name, int(rollout.timestamps_ns[step]), pose, points,
                                        -points[:, 0] * 0.1, np.full(len(points), -1)))  # fmt: skip
    return tuple(returns)


def _boxes_3d(rollout, sweeps, num_lidars):
    step, actor = np.nonzero(rollout.valid & (np.arange(rollout.num_actors) > 0))
    counts = []
    for at, who in zip(step, actor, strict=True):
        total = -1
        for sweep in sweeps[at * num_lidars : (at + 1) * num_lidars]:
            world = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))
            inside = points_in_boxes(world, rollout.world_from_actor[at : at + 1, who], SIZES_M[who : who + 1])
            total = max(total, 0) + int(inside.sum())
        counts.append(total)
    return Boxes3D(rollout.timestamps_ns[step], step, actor, np.array(counts, np.int64), np.full(len(step), 0.9))


def _boxes_2d(rows):
    def column(k, dtype, width=None):
        shape = (len(rows),) if width is None else (len(rows), width)
        return np.array([row[k] for row in rows], dtype).reshape(shape)

    return Boxes2D(column(0, np.int64), column(1, np.int64), column(2, np.float32, 4), column(3, np.float32, 4),
                   column(4, np.int64), np.zeros(len(rows)))  # fmt: skip
