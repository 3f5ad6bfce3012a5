"""A rollout as a world: everyone but the ego does again what the log says, the ego is free on its own path."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from driving_data.errors import RoadloomError
from driving_data.geometry import SE3, interpolate
from driving_data.maps.lane_map import LaneMap
from driving_data.rollout import Rollout, SignalStates
from driving_data.taxonomy import ActorClass
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.classes import traits_of
from sim_bridge.embedded.ego import ego_vehicle, fill_ego, model_number
from sim_bridge.embedded.localization.plan import PositioningPlan, plan_of, tunnels_of
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.paths import PathTable, path_through
from sim_bridge.embedded.roads import laid_out, with_edges
from sim_bridge.embedded.v2x.plan import obstacles_of
from sim_bridge.embedded.worlds import WorldSpec

POINT_DISTANCE_M = 0.5
LEAD_OUT_M = 120.0
STOP_LINE_REACH_M = 6.0
NO_LIMIT = 1e3


@dataclass(frozen=True, slots=True)
class EgoTask:
    """What is asked of the ego in a replayed log.

    Attributes:
        target_speed_mps: None for the highest speed that the logged ego drove.
        wheelbase_m: None for six tenths of its length.
    """

    target_speed_mps: float | None = None
    wheelbase_m: float | None = None


def world_of_rollout(
    rollout: Rollout, path_id: int, table: PathTable, task: EgoTask, options: EmbeddedOptions, seed: int
) -> WorldSpec:
    """The specification of the world that replays `rollout`; `table` is the ego's path under `path_id`.

    The rollout is one that `uniform` has passed.
    """
    ego, count = rollout.ego_index, rollout.num_actors
    speed = ego_speeds(rollout)
    length = float(rollout.actors.size_m[ego, 0])
    rear = float(rollout.actors.rear_axle_to_center_m[ego]) or 0.3 * length
    rears = rollout.actors.rear_axle_to_center_m.copy()
    rears[ego] = rear
    target = task.target_speed_mps if task.target_speed_mps is not None else max(float(speed.max()), 1.0)
    logged = logged_columns(rollout)
    state, flags = np.zeros((at.STATE_COLUMNS, count)), np.zeros((at.INT_COLUMNS, count), dtype=np.int64)
    state[: at.LOG_COLUMNS] = np.nan_to_num(logged[0, : at.LOG_COLUMNS])
    state[at.SPEED] = np.hypot(state[at.VX], state[at.VY])
    flags[[at.SPEED_PHASE, at.LATERAL_PHASE, at.PATH_PHASE, at.PATH]] = -1
    flags[at.VALID], flags[at.MODE] = rollout.valid[0], at.MODE_REPLAY
    state[:, ego] = 0.0
    turned = float(rollout.world_from_actor.yaw_rad()[0, ego]) - float(table.rows[0, at.PHEAD])
    state[at.YAW, ego], state[at.SPEED, ego] = turned, speed[0]
    flags[at.MODE, ego], flags[at.PATH, ego] = at.MODE_EGO, 0
    param_f, param_i = parameters(rollout, ego, rear, task.wheelbase_m or 0.6 * length)
    signals = len(rollout.signals.ids)
    return WorldSpec(
        actors=replace(rollout.actors, rear_axle_to_center_m=rears),
        ego_index=ego,
        lane_map=rollout.lane_map,
        environment=rollout.environment,
        signal_ids=rollout.signals.ids,
        timestamps_ns=rollout.timestamps_ns,
        target_speed_mps=target,
        world_f=world_floats(rollout, target, driven_length_m(rollout), float(param_f[at.WHEELBASE, ego]), options),
        world_i=world_integers(rollout, seed, options),
        paths=np.array([path_id], dtype=np.int64),
        param_f=param_f,
        param_i=param_i,
        state=state,
        flags=flags,
        phase_i=np.zeros((0, at.PHASE_INTS), dtype=np.int64),
        phase_f=np.zeros((0, at.PHASE_FLOATS)),
        phase_labels=(),
        signal_i=np.tile(np.array([[0, -1]], dtype=np.int64), (signals, 1)),
        signal_f=np.ones((signals, 2)),
        program=np.zeros((0, 2)),
        replay=logged,
        replay_valid=rollout.valid.astype(np.int64),
        replay_signal=rollout.signals.state.astype(np.int64),
        positioning=positioning_in_log(rollout, rear, options, seed),
    )


def positioning_in_log(rollout: Rollout, rear_m: float, options: EmbeddedOptions, seed: int) -> PositioningPlan | None:
    """Positioning of the ego of a replayed log, where the options ask for it."""
    if not options.localizes:
        return None
    road = laid_out(rollout.lane_map if rollout.lane_map is not None else LaneMap(()))
    return plan_of({}, seed, rear_m, obstacles_of((), road), tunnels_of((), road), rollout.environment.road_friction)


def ego_speeds(rollout: Rollout) -> Float[np.ndarray, "T"]:
    """Speed of the logged ego; 0 where the log does not say."""
    return np.linalg.norm(np.nan_to_num(rollout.velocity_mps[:, rollout.ego_index, :2]), axis=-1)


def driven_length_m(rollout: Rollout) -> float:
    """Length of the logged ego's way, counted between points that are apart enough not to be noise."""
    points = driven_points(rollout)
    return float(np.linalg.norm(np.diff(points[:, :2], axis=0), axis=-1).sum())


def driven_points(rollout: Rollout, actor: int | None = None) -> Float[np.ndarray, "n 3"]:
    """Where the ground under the box centre of the ego, or of another actor, was, at least half a metre apart."""
    ego = rollout.ego_index if actor is None else actor
    valid = rollout.valid[:, ego]
    if actor is None and not valid[0]:
        raise RoadloomError("the ego must exist at the first moment of a log that is to be replayed")
    poses = rollout.world_from_actor[valid][:, ego]
    ground = poses.translation_m - 0.5 * rollout.actors.size_m[ego, 2] * poses.rotation[..., 2]
    keep = [0]
    for k in range(1, len(ground)):
        if np.linalg.norm(ground[k, :2] - ground[keep[-1], :2]) >= POINT_DISTANCE_M:
            keep.append(k)
    return ground[keep]


def ego_path(rollout: Rollout) -> PathTable:
    """The way that the logged ego drove, as the path of the ego, straight on beyond its end."""
    points = driven_points(rollout)
    if len(points) < 3:
        yaw = float(rollout.world_from_actor.yaw_rad()[0, rollout.ego_index])
        points = np.stack([points[0], points[0] + 2.0 * np.array([np.cos(yaw), np.sin(yaw), 0.0])])
    table = path_through(points, corner_m=2.0, lead_out_m=LEAD_OUT_M)
    if rollout.lane_map is None:
        rows = table.rows.copy()
        rows[:, [at.PLEFT, at.PRIGHT]] = 1e3
        return replace(table, rows=rows)
    return replace(with_edges(table, rollout.lane_map), stops=stops_on(table, rollout.lane_map, rollout.signals))


def stops_on(table: PathTable, lane_map: LaneMap, signals: SignalStates) -> tuple[tuple[float, int], ...]:
    """Stop lines that the path crosses towards their signal, with the signal's index in the log."""
    stops: list[tuple[float, int]] = []
    index = {name: k for k, name in enumerate(signals.ids)}
    for signal in lane_map.signals:
        middle = signal.stop_line_m.mean(axis=0)[:2]
        distance = np.linalg.norm(table.rows[:, at.PX : at.PY + 1] - middle, axis=-1)
        row = int(np.argmin(distance))
        facing = np.cos(table.rows[row, at.PHEAD] - signal.heading_rad) < -0.5
        if distance[row] < STOP_LINE_REACH_M and facing and signal.id in index:
            stops.append((row * table.spacing_m, index[signal.id]))
    return tuple(stops)


def logged_columns(rollout: Rollout) -> Float[np.ndarray, "T 14 A"]:
    """The log in the columns of the kernels, lights last; velocities that the log lacks come from its positions."""
    poses = rollout.world_from_actor
    up = poses.rotation[..., 2]
    ground = poses.translation_m - 0.5 * rollout.actors.size_m[:, 2:3] * up
    columns = np.full((rollout.num_steps, at.LOG_COLUMNS + 1, rollout.num_actors), np.nan)
    columns[:, at.X], columns[:, at.Y], columns[:, at.Z] = ground[..., 0], ground[..., 1], ground[..., 2]
    columns[:, at.YAW] = poses.yaw_rad()
    columns[:, at.GX], columns[:, at.GY] = -up[..., 0] / up[..., 2], -up[..., 1] / up[..., 2]
    velocity = known_velocity(rollout)
    columns[:, at.VX], columns[:, at.VY] = velocity[..., 0], velocity[..., 1]
    acceleration = rollout.acceleration_mps2
    columns[:, at.AX], columns[:, at.AY] = acceleration[..., 0], acceleration[..., 1]
    columns[:, at.YAW_RATE], columns[:, at.STEER] = rollout.yaw_rate_radps, rollout.steering_rad
    yaw = columns[:, at.YAW]
    columns[:, at.ALONG] = acceleration[..., 0] * np.cos(yaw) + acceleration[..., 1] * np.sin(yaw)
    columns[:, at.LOG_COLUMNS] = rollout.lights
    return columns


def known_velocity(rollout: Rollout) -> Float[np.ndarray, "T A 3"]:
    """Logged velocities, and where they are missing the slope of the positions (0 for a single one)."""
    velocity = rollout.velocity_mps.copy()
    missing = rollout.valid & ~np.isfinite(velocity[..., :2]).all(axis=-1)
    if missing.any():
        times = rollout.seconds()
        position = rollout.world_from_actor.translation_m
        slope = np.gradient(position, times, axis=0) if len(times) > 1 else np.zeros_like(position)
        velocity[missing] = np.nan_to_num(slope[missing])
    return velocity


def parameters(rollout: Rollout, ego: int, rear_m: float, wheelbase_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Parameters of all actors, floats and integers; drivers matter for the ego alone."""
    count = rollout.num_actors
    param_f, param_i = np.zeros((at.PARAM_COLUMNS, count)), np.zeros((at.PARAM_INTS, count), dtype=np.int64)
    for i in range(count):
        traits = traits_of(ActorClass(int(rollout.actors.kind[i])))
        base, back = (wheelbase_m, rear_m) if i == ego else (0.0, 0.0)
        param_f[: at.FORESIGHT + 1, i] = [
            *rollout.actors.size_m[i], traits.mass_kg, 1.5, 2.0, 1.8, 2.5, traits.jerk_mps3, base, back,
            traits.foresight_s,
        ]  # fmt: skip
        param_i[at.KIND, i], param_i[at.LAMPS, i] = rollout.actors.kind[i], traits.lamps
        param_i[at.WALKS, i] = int(traits.walks)
    param_i[at.DRIVER, ego] = at.DRIVER_IDM
    return param_f, param_i


def world_floats(
    rollout: Rollout, target_mps: float, goal_s_m: float, wheelbase_m: float, options: EmbeddedOptions
) -> Float[np.ndarray, "wf"]:
    """Constants of the world, columns as in `layout`."""
    values = np.zeros(at.WORLD_FLOATS)
    values[at.DT] = (rollout.timestamps_ns[1] - rollout.timestamps_ns[0]) * 1e-9
    values[at.FRICTION], values[at.TARGET_SPEED] = rollout.environment.road_friction, target_mps
    values[at.PATH_FRICTION] = rollout.environment.road_friction if options.paths_need_grip else 1e3
    values[at.GOAL_S] = goal_s_m
    values[at.PATH_FRICTION] = rollout.environment.road_friction if options.paths_need_grip else NO_LIMIT
    kind = ActorClass(int(rollout.actors.kind[rollout.ego_index]))
    fill_ego(values, ego_vehicle(kind, wheelbase_m, options), options)
    return values


def world_integers(rollout: Rollout, seed: int, options: EmbeddedOptions) -> Int[np.ndarray, "wi"]:
    """Counts and switches of the world, columns as in `layout`."""
    environment = rollout.environment
    dim = environment.light() != "day" or environment.weather() in ("rain", "snow", "fog")
    values = np.zeros(at.WORLD_INTS, dtype=np.int64)
    values[at.NUM_ACTORS], values[at.NUM_PATHS] = rollout.num_actors, 1
    values[at.NUM_SIGNALS], values[at.NUM_STEPS] = len(rollout.signals.ids), rollout.num_steps - 1
    values[at.EGO], values[at.LOW_BEAM], values[at.SEED] = rollout.ego_index, int(dim), seed % (2**31)
    values[at.EGO_MODEL] = model_number(options)
    values[at.ENDS_AT_GOAL] = int(options.ends_at_goal)
    return values


def uniform(rollout: Rollout) -> Rollout:
    """The rollout at equal time steps (the median of its own); one that has them already is returned as it is.

    Raises:
        RoadloomError: the rollout has fewer than two moments.
    """
    times = rollout.timestamps_ns
    if len(times) < 2:
        raise RoadloomError("a log of fewer than two moments cannot be replayed")
    step = int(np.median(np.diff(times)))
    if np.abs(np.diff(times) - step).max() <= 1:
        return rollout
    wanted = np.arange(times[0], times[-1] + 1, step, dtype=np.int64)
    after = np.clip(np.searchsorted(times, wanted, side="right"), 1, len(times) - 1)
    before = after - 1
    share = (wanted - times[before]) / (times[after] - times[before])
    near = np.where(share < 0.5, before, after)
    valid = rollout.valid[before] & rollout.valid[after]
    return replace(
        rollout,
        timestamps_ns=wanted,
        world_from_actor=interpolated_poses(rollout, before, after, share, valid),
        velocity_mps=blend(rollout.velocity_mps, before, after, share, valid),
        acceleration_mps2=blend(rollout.acceleration_mps2, before, after, share, valid),
        yaw_rate_radps=blend(rollout.yaw_rate_radps, before, after, share, valid),
        steering_rad=blend(rollout.steering_rad, before, after, share, valid),
        lights=np.where(valid, rollout.lights[near], 0).astype(np.uint8),
        valid=valid,
        modes=None if rollout.modes is None else np.where(valid, rollout.modes[near], 0).astype(np.uint16),
        signals=replace(rollout.signals, state=rollout.signals.state[near]),
    )


def blend(
    values: np.ndarray, before: np.ndarray, after: np.ndarray, share: np.ndarray, valid: Bool[np.ndarray, "K A"]
) -> np.ndarray:
    """Values between moments, NaN where the actor does not exist at both."""
    weight = share.reshape(-1, *([1] * (values.ndim - 1)))
    mixed = (1 - weight) * values[before] + weight * values[after]
    return np.where(valid.reshape(*valid.shape, *([1] * (values.ndim - 2))), mixed, np.nan)


def interpolated_poses(
    rollout: Rollout, before: np.ndarray, after: np.ndarray, share: np.ndarray, valid: Bool[np.ndarray, "K A"]
) -> SE3:
    """Poses between moments, NaN where the actor does not exist at both."""
    poses = rollout.world_from_actor
    start, end = poses[before], poses[after]
    rotation, translation = np.full((*valid.shape, 3, 3), np.nan), np.full((*valid.shape, 3), np.nan)
    mixed = interpolate(start[valid], end[valid], np.broadcast_to(share[:, None], valid.shape)[valid])
    rotation[valid], translation[valid] = mixed.rotation, mixed.translation_m
    return replace(poses, rotation=rotation, translation_m=translation)
