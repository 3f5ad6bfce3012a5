"""Reactive agents of a log: vehicles that keep to their logged way and choose their speed by themselves.

Only vehicles react; people, cyclists and everything else do what the log says. Facts and parameters as in nuPlan's
reactive simulation (idm_agents_observation.yaml): desired speed 10 m/s or the speed limit, standstill gap 1 m, time
headway 1.5 s, acceleration 1 m/s^2, deceleration 2 m/s^2, exponent 4, leaders within 100 m.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from driving_data.maps.lane_map import LaneMap
from driving_data.maps.queries import nearest_lane
from driving_data.rollout import Rollout
from driving_data.taxonomy import VEHICLES, ActorClass
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.paths import FREE_SPEED_MPS, PathTable, path_through
from sim_bridge.embedded.pool import PoolBuilder
from sim_bridge.embedded.worlds import WorldSpec
from sim_bridge.replay.worlds import driven_points, known_velocity, stops_on

MOVES_M = 2.0
NEAR_LANE_M = 3.0
LEAD_OUT_M = 60.0
LIMIT_EVERY_M = 10.0


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """Parameters of reactive log agents.

    Attributes:
        desired_speed_mps: where the map has no speed limit.
        min_gap_m: standstill gap; smaller gaps count as this.
        time_headway_s: desired time gap.
        max_acceleration_mps2: largest acceleration.
        comfortable_deceleration_mps2: hardest braking.
        minds_limits: whether the speed limit of the lane replaces the desired speed.
    """

    desired_speed_mps: float = 10.0
    min_gap_m: float = 1.0
    time_headway_s: float = 1.5
    max_acceleration_mps2: float = 1.0
    comfortable_deceleration_mps2: float = 2.0
    minds_limits: bool = True


def reactive_actors(rollout: Rollout) -> Bool[np.ndarray, "A"]:
    """Which actors react: vehicles other than the ego that go at least two metres in the log."""
    kinds = np.array([ActorClass(int(kind)) in VEHICLES for kind in rollout.actors.kind], dtype=bool)
    for i in np.flatnonzero(kinds):
        here = rollout.valid[:, i]
        points = rollout.world_from_actor.translation_m[here, i, :2]
        kinds[i] = len(points) > 1 and bool(np.linalg.norm(points - points[0], axis=-1).max() >= MOVES_M)
    kinds[rollout.ego_index] = False
    return kinds


def agent_path(rollout: Rollout, actor: int, options: AgentOptions) -> PathTable:
    """The way that an actor went in the log, straight on beyond its end, with the speed limits of its lanes."""
    points = driven_points(rollout, actor)
    table = path_through(points, corner_m=2.0, lead_out_m=LEAD_OUT_M, leaves_world=True)
    if rollout.lane_map is None:
        return table
    table = replace(table, stops=stops_on(table, rollout.lane_map, rollout.signals))
    if not options.minds_limits:
        return table
    rows, every = table.rows.copy(), max(round(LIMIT_EVERY_M / table.spacing_m), 1)
    rows[:, at.PLIMIT] = np.repeat(limits_at(rollout.lane_map, rows[::every]), every)[: len(rows)]
    return replace(table, rows=rows)


def limits_at(lane_map: LaneMap, rows: Float[np.ndarray, "n columns"]) -> Float[np.ndarray, "n"]:
    """Speed limits of the lanes under rows of a path; that of a free road where there is none."""
    found = nearest_lane(lane_map, rows[:, [at.PX, at.PY]])
    limits = np.full(len(rows), FREE_SPEED_MPS)
    for k, lane in enumerate(found.lane):
        if lane >= 0 and abs(found.d_m[k]) < NEAR_LANE_M:
            limit = lane_map.lanes[int(lane)].speed_limit_mps
            limits[k] = limit if np.isfinite(limit) else FREE_SPEED_MPS
    return limits


def with_agents(spec: WorldSpec, rollout: Rollout, pool: PoolBuilder, key: int, options: AgentOptions) -> WorldSpec:
    """The world of a log in which its vehicles react; `key` tells the logs of a batch apart.

    Each begins with its logged speed at its first logged moment. One that appears later is there from the moment
    after that, unless somebody else stands in its place: then it stays away.
    """
    reacts = reactive_actors(rollout)
    paths, world_i = list(spec.paths), spec.world_i.copy()
    param_f, param_i, state, flags = spec.param_f.copy(), spec.param_i.copy(), spec.state.copy(), spec.flags.copy()
    speed = np.linalg.norm(np.nan_to_num(known_velocity(rollout)[..., :2]), axis=-1)
    for i in (int(k) for k in np.flatnonzero(reacts)):
        first = int(np.argmax(rollout.valid[:, i]))
        paths.append(pool.add(("agent", key, i), agent_path(rollout, i, options)))
        param_f[[at.HEADWAY, at.MIN_GAP, at.MAX_ACCEL, at.COMFORT], i] = (
            options.time_headway_s, options.min_gap_m, options.max_acceleration_mps2,
            options.comfortable_deceleration_mps2,
        )  # fmt: skip
        param_f[at.WHEELBASE, i], param_i[at.DRIVER, i] = 0.6 * param_f[at.LENGTH, i], at.DRIVER_AGENT
        state[:, i] = 0.0
        state[at.SPEED, i], state[at.DESIRED, i] = speed[first, i], options.desired_speed_mps
        flags[at.PATH, i] = len(paths) - 1
        flags[at.MODE, i] = at.MODE_PATH if first == 0 else at.MODE_COMING
        flags[at.VALID, i] = int(first == 0)
    world_i[at.NUM_PATHS] = len(paths)
    return replace(
        spec, paths=np.array(paths, dtype=np.int64), world_i=world_i, param_f=param_f, param_i=param_i, state=state,
        flags=flags,
    )  # fmt: skip
