"""Small synthetic segments with known answers: boxes on a flat road, seen by a camera and a lidar of a few lines."""

import numpy as np

from driving_data.environment import Environment
from driving_data.geometry import SE3, box_corners
from driving_data.labels import Boxes2D, Boxes3D, Labels
from driving_data.maps.lane_map import Lane, LaneKind, LaneMap
from driving_data.provenance import Provenance
from driving_data.rollout import Actors, Rollout, SignalStates, ego_frame
from driving_data.segment import Raw, Segment, Source
from driving_data.sensors import CameraFrame, CameraModel, LidarModel, LidarSweep, SensorRig
from driving_data.taxonomy import SEMANTIC_OF_ACTOR, ActorClass, SemanticClass

STEP_S = 0.1
SIZES = {
    ActorClass.CAR: (4.6, 1.9, 1.5),
    ActorClass.TRUCK: (9.0, 2.5, 3.4),
    ActorClass.PEDESTRIAN: (0.6, 0.6, 1.8),
}
LANE_WIDTH_M = 3.5
AXES = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


def straight_map() -> LaneMap:
    x = np.linspace(-50.0, 300.0, 36)

    def line(y: float) -> np.ndarray:
        return np.stack([x, np.full_like(x, y), np.zeros_like(x)], axis=-1)

    lanes = tuple(
        Lane(str(i), LaneKind.DRIVING, line(y), line(y + LANE_WIDTH_M / 2), line(y - LANE_WIDTH_M / 2))
        for i, y in enumerate((0.0, LANE_WIDTH_M, 2 * LANE_WIDTH_M))
    )
    return LaneMap(lanes)


def rollout_of(kinds: list[ActorClass], place: np.ndarray, yaw: np.ndarray, velocity: np.ndarray, yaw_rate: np.ndarray,
               lane_map: LaneMap | None) -> Rollout:  # fmt: skip
    """A rollout from box centres on the ground (T, A, 2), headings, velocities and yaw rates."""
    steps, count = yaw.shape
    size = np.array([SIZES[kind] for kind in kinds])
    rear = np.array([0.3 * SIZES[kind][0] if kind is not ActorClass.PEDESTRIAN else 0.0 for kind in kinds])
    actors = Actors(
        tuple(f"{kind.label}_{i}" for i, kind in enumerate(kinds)), np.array(kinds, dtype=np.int64), size, rear
    )
    height = np.broadcast_to(0.5 * size[:, 2], (steps, count))
    full = np.concatenate([velocity, np.zeros((steps, count, 1))], axis=-1)
    acceleration = np.gradient(full, STEP_S, axis=0) if steps > 1 else np.zeros_like(full)
    return Rollout(
        timestamps_ns=(np.arange(steps) * STEP_S * 1e9).round().astype(np.int64),
        actors=actors,
        ego_index=0,
        world_from_actor=SE3.from_yaw(yaw, np.concatenate([place, height[..., None]], axis=-1)),
        velocity_mps=full,
        acceleration_mps2=acceleration,
        yaw_rate_radps=yaw_rate,
        steering_rad=np.full((steps, count), np.nan),
        lights=np.zeros((steps, count), dtype=np.uint8),
        valid=np.ones((steps, count), dtype=bool),
        signals=SignalStates((), np.zeros((steps, 0), dtype=np.int64)),
        events=(),
        lane_map=lane_map,
        environment=Environment(),
    )


def straight_drive(rng: np.random.Generator, steps: int = 20) -> Rollout:
    """An ego, three vehicles ahead in their lanes, and a pedestrian beside the road."""
    kinds = [ActorClass.CAR, ActorClass.CAR, ActorClass.TRUCK, ActorClass.CAR, ActorClass.PEDESTRIAN]
    lateral = np.array([0.0, 0.0, LANE_WIDTH_M, 2 * LANE_WIDTH_M, -3.5]) + rng.uniform(-0.3, 0.3, 5)
    start = np.array([0.0, 14.0, 20.0, 32.0, 24.0]) + rng.uniform(-2.0, 2.0, 5)
    speed = np.array([9.0, 9.0, 10.0, 9.5, 1.2]) + rng.uniform(-0.5, 0.5, 5)
    acceleration = np.append(rng.uniform(-0.5, 0.5, 4), 0.0)
    time = np.arange(steps)[:, None] * STEP_S
    x = start + speed * time + 0.5 * acceleration * time**2
    place = np.stack([x, np.broadcast_to(lateral, x.shape)], axis=-1)
    along = speed + acceleration * time
    velocity = np.stack([along, np.zeros_like(along)], axis=-1)
    return rollout_of(kinds, place, np.zeros_like(x), velocity, np.zeros_like(x), straight_map())


def circle_drive(radius_m: float = 30.0, speed_mps: float = 8.0, steps: int = 40, step_s: float = STEP_S) -> Rollout:
    """A car whose rear axle follows a circle."""
    rate = speed_mps / radius_m
    yaw = (np.arange(steps) * step_s * rate)[:, None]
    ahead = 0.3 * SIZES[ActorClass.CAR][0]
    forward, left = np.stack([np.cos(yaw), np.sin(yaw)], -1), np.stack([-np.sin(yaw), np.cos(yaw)], -1)
    place = -radius_m * left + ahead * forward
    velocity = speed_mps * forward + ahead * rate * left
    return rollout_of([ActorClass.CAR], place, yaw, velocity, np.full_like(yaw, rate), None)


def segment_of(rollout: Rollout, source: Source = Source.SYNTHETIC, name: str = "synthetic") -> Segment[Raw]:
    return Segment(name, source, rollout, SensorRig("none"), Provenance("tests", seed=0))


def noisy(rollout: Rollout, sigma_m: float, rng: np.random.Generator) -> Segment[Raw]:
    """The same drive as a real log would tell it: positions with noise, velocities from their differences."""
    from driving_data.logs.assemble import Tracks, rollout_from_tracks

    pose = rollout.world_from_actor
    place = pose.translation_m + rng.normal(0.0, sigma_m, pose.translation_m.shape) * [1.0, 1.0, 0.2]
    yaw = pose.yaw_rad() + rng.normal(0.0, 0.3 * sigma_m, pose.shape)
    tracks = Tracks(rollout.actors, 0, SE3.from_yaw(yaw, place), rollout.valid)
    measured = rollout_from_tracks(rollout.timestamps_ns, tracks, lane_map=rollout.lane_map)
    return segment_of(measured, Source.REAL, "measured")


def cast(origin: np.ndarray, directions: np.ndarray, pose: SE3, size: np.ndarray,
         skip: int) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Distance along each ray (in units of its direction) to every box but `skip`, shape (A, n), and to the ground."""
    local_origin = pose.inverse().apply(origin)
    local = np.einsum("aji,nj->ani", pose.rotation, directions)
    half = 0.5 * size[:, None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        low = (-half - local_origin[:, None]) / local
        high = (half - local_origin[:, None]) / local
        enter = np.nanmax(np.minimum(low, high), axis=-1)
        leave = np.nanmin(np.maximum(low, high), axis=-1)
        ground = np.where(directions[:, 2] < 0, -origin[2] / directions[:, 2], np.inf)
    distance = np.where((enter <= leave) & (enter > 0), enter, np.inf)
    distance[skip] = np.inf
    return distance, ground


def rig_of() -> SensorRig:
    camera = CameraModel("camera_front", 160, 96, 110.0, 110.0, 80.0, 40.0, SE3(AXES, np.array([1.6, 0.0, 1.4])))
    elevation = tuple(np.deg2rad(np.linspace(-18.0, 3.0, 22)).tolist())
    lidar = LidarModel("lidar_top", elevation, 240, SE3(np.eye(3), np.array([1.4, 0.0, 1.7])), max_range_m=80.0)
    return SensorRig("tests", (camera,), (lidar,))


def picture(rollout: Rollout, step: int, camera: CameraModel) -> tuple[CameraFrame, dict[int, tuple[int, int]]]:
    """The picture at a step, and for each actor its visible and its unoccluded number of pixels."""
    pose, size = rollout.world_from_actor[step], rollout.actors.size_m
    mount = ego_frame(pose[0], rollout.actors, 0) @ camera.ego_from_camera
    u, v = np.meshgrid(np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5)
    rays = np.stack(
        [(u - camera.cx_px) / camera.fx_px, (v - camera.cy_px) / camera.fy_px, np.ones_like(u)], -1
    ).reshape(-1, 3)
    directions = mount.rotate(rays)
    distance, ground = cast(mount.translation_m, directions, pose, size, 0)
    nearest = np.argmin(distance, axis=0)
    depth = np.minimum(distance[nearest, np.arange(len(rays))], ground)
    hit = distance[nearest, np.arange(len(rays))] <= ground
    hit &= np.isfinite(depth)
    instance = np.where(hit, nearest + 1, 0).astype(np.uint16)
    kinds = np.array([int(SEMANTIC_OF_ACTOR[ActorClass(int(kind))]) for kind in rollout.actors.kind])
    semantic = np.where(hit, kinds[nearest], np.where(np.isfinite(ground), SemanticClass.ROAD, SemanticClass.SKY))
    where = mount.translation_m + directions * np.where(np.isfinite(depth), depth, 0.0)[:, None]
    tiles = 70 + 30 * ((np.floor(where[:, 0]) + np.floor(where[:, 1])) % 2)
    grey = np.where(
        hit, 60 + 35 * (nearest % 4) + 20 * np.cos(3 * where[:, 2]), np.where(np.isfinite(ground), tiles, 200)
    )
    shape = (camera.height_px, camera.width_px)
    rgb = np.clip(np.stack([grey, grey * 0.95, grey * 0.9], -1), 0, 255).astype(np.uint8).reshape(*shape, 3)
    frame = CameraFrame(camera.name, int(rollout.timestamps_ns[step]), mount, rgb,
                        depth.astype(np.float32).reshape(shape), semantic.astype(np.uint8).reshape(shape),
                        instance.reshape(shape))  # fmt: skip
    whole = np.isfinite(distance) & (distance <= ground)
    counts = {a: (int((instance == a + 1).sum()), int(whole[a].sum())) for a in range(1, rollout.num_actors)}
    return frame, counts


def sweep_of(rollout: Rollout, step: int, lidar: LidarModel, rng: np.random.Generator) -> LidarSweep:
    pose, size = rollout.world_from_actor[step], rollout.actors.size_m
    mount = ego_frame(pose[0], rollout.actors, 0) @ lidar.ego_from_lidar
    azimuth = np.linspace(-np.pi, np.pi, lidar.num_azimuths, endpoint=False)
    ring, turn = np.meshgrid(np.arange(len(lidar.elevation_rad)), azimuth, indexing="ij")
    up = np.asarray(lidar.elevation_rad)[ring]
    rays = np.stack([np.cos(up) * np.cos(turn), np.cos(up) * np.sin(turn), np.sin(up)], -1).reshape(-1, 3)
    distance, ground = cast(mount.translation_m, mount.rotate(rays), pose, size, 0)
    nearest = np.argmin(distance, axis=0)
    closest = distance[nearest, np.arange(len(rays))]
    hit = closest <= ground
    reach = np.minimum(closest, ground)
    seen = (reach > lidar.min_range_m) & (reach < lidar.max_range_m)
    noise = rng.normal(0.0, lidar.range_noise_m, len(reach))
    points = (rays * np.where(seen, reach + noise, 0.0)[:, None])[seen]
    kinds = np.array([int(SEMANTIC_OF_ACTOR[ActorClass(int(kind))]) for kind in rollout.actors.kind])
    return LidarSweep(
        lidar=lidar.name,
        timestamp_ns=int(rollout.timestamps_ns[step]),
        world_from_lidar=mount,
        points_m=points.astype(np.float32),
        intensity=np.full(int(seen.sum()), 0.5, dtype=np.float32),
        ring=ring.reshape(-1)[seen].astype(np.int64),
        offset_ns=np.zeros(int(seen.sum()), dtype=np.int64),
        semantic=np.where(hit, kinds[nearest], int(SemanticClass.ROAD))[seen].astype(np.uint8),
        instance=np.where(hit, nearest + 1, 0)[seen].astype(np.uint16),
    )


def seen_segment(seed: int, every: int = 5) -> Segment[Raw]:
    """A straight drive with pictures, sweeps and labels, every number of them known."""
    rng = np.random.default_rng(seed)
    rollout, rig = straight_drive(rng), rig_of()
    camera, lidar = rig.cameras[0], rig.lidars[0]
    frames, sweeps, rows_2d, rows_3d = [], [], [], []
    for step in range(0, rollout.num_steps, every):
        frame, counts = picture(rollout, step, camera)
        sweep = sweep_of(rollout, step, lidar, rng)
        for actor, (visible, whole) in counts.items():
            rows_3d.append((step, actor, int((sweep.instance == actor + 1).sum())))
            if visible:
                y, x = np.nonzero(frame.instance == actor + 1)
                corners = frame.world_from_camera.inverse().apply(
                    box_corners(rollout.world_from_actor[step, actor], rollout.actors.size_m[actor])
                )
                assert corners[:, 2].min() > 0.1
                px = corners[:, :2] / corners[:, 2:] * [camera.fx_px, camera.fy_px] + [camera.cx_px, camera.cy_px]
                low = np.clip(px.min(axis=0), 0, [camera.width_px, camera.height_px])
                high = np.clip(px.max(axis=0), 0, [camera.width_px, camera.height_px])
                bounds = (x.min(), y.min(), x.max() + 1, y.max() + 1)
                rows_2d.append((len(frames), actor, bounds, (*low, *high), visible, 1 - visible / whole))
        frames.append(frame)
        sweeps.append(sweep)
    step, actor, count = (np.array(column, dtype=np.int64) for column in zip(*rows_3d, strict=True))
    boxes_3d = Boxes3D(rollout.timestamps_ns[step], step, actor, count, np.full(len(step), np.nan))
    frame_i, actor_2, visible_px, amodal, pixels, occlusion = zip(*rows_2d, strict=True)
    boxes_2d = Boxes2D(np.array(frame_i, dtype=np.int64), np.array(actor_2, dtype=np.int64),
                       np.array(visible_px, dtype=np.float32), np.array(amodal, dtype=np.float32),
                       np.array(pixels, dtype=np.int64), np.array(occlusion, dtype=np.float64))  # fmt: skip
    return Segment(f"seen-{seed}", Source.SYNTHETIC, rollout, rig, Provenance("tests", seed=seed), tuple(frames),
                   tuple(sweeps), labels=Labels(boxes_3d, boxes_2d))  # fmt: skip
