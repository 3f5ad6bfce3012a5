"""How good roll-outs are: NC * DAC * DDC * (5 progress + 5 time to collision + 2 comfort) / 12."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from closed_loop.metrics.nuplan import comfort
from closed_loop.policies.pdm import pdm_kernels as kernels
from closed_loop.policies.pdm.drivable import lane_grid, route_lanes
from closed_loop.policies.pdm.parameters import PdmParameters
from driving_data.ports import Observation
from driving_data.taxonomy import STATIC_OBJECTS, ActorClass

# Who moves by itself: nuPlan's agents. Whatever else is hit costs half.
_AGENTS = tuple(int(kind) for kind in ActorClass if kind not in STATIC_OBJECTS | {ActorClass.OTHER})


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Everyone but the ego.

    Attributes:
        rows: x, y, yaw, velocity x and y, length, width; zeros where absent; shape (B, A, 7).
        valid: who exists, shape (B, A).
        agent: who moves by itself, shape (B, A).
    """

    rows: Float[np.ndarray, "B A 7"]
    valid: Bool[np.ndarray, "B A"]
    agent: Bool[np.ndarray, "B A"]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Parts and total of every roll-out, each of shape (B, Q).

    Attributes:
        no_collision: 1, 1/2 or 0.
        on_road: 1 or 0.
        direction: 1, 1/2 or 0.
        progress: 0 to 1.
        time_to_collision: 1 or 0.
        comfort: 1 or 0.
        total: the score.
        contact_s: time of the first at-fault contact; inf for none.
    """

    no_collision: Float[np.ndarray, "B Q"]
    on_road: Float[np.ndarray, "B Q"]
    direction: Float[np.ndarray, "B Q"]
    progress: Float[np.ndarray, "B Q"]
    time_to_collision: Float[np.ndarray, "B Q"]
    comfort: Float[np.ndarray, "B Q"]
    total: Float[np.ndarray, "B Q"]
    contact_s: Float[np.ndarray, "B Q"]


def crowd_of(observation: Observation) -> Crowd:
    """The others of an observation."""
    valid = observation.valid.copy()
    valid[np.arange(len(valid)), observation.ego_index] = False
    rows = np.concatenate(
        [
            observation.position_m[..., :2],
            observation.yaw_rad[..., None],
            observation.velocity_mps[..., :2],
            observation.size_m[..., :2],
        ],
        axis=-1,
    )
    rows = np.where(valid[..., None], rows, 0.0)
    return Crowd(np.ascontiguousarray(rows), valid, np.isin(observation.kind, _AGENTS))


def score(
    observation: Observation,
    crowd: Crowd,
    ego: Float[np.ndarray, "B Q T 4"],
    acceleration_mps2: Float[np.ndarray, "B Q T 2"],
    parameters: PdmParameters,
) -> Scores:
    """Scores of roll-outs.

    Args:
        observation: where they begin.
        crowd: the others, forecast at constant velocity.
        ego: box centre, yaw and speed.
        acceleration_mps2: of the box centre in the vehicle's axes.
        parameters: weights and step.
    """
    p, worlds = parameters, np.arange(len(ego))
    size = np.ascontiguousarray(observation.size_m[worlds, observation.ego_index, :2])
    flags = map_flags(observation, ego, size)
    shape = ego.shape[:2]
    nc, ttc, hit, gained = np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape)
    kernels.contacts(
        ego, size, observation.rear_axle_to_center_m, crowd.rows, crowd.valid, crowd.agent,
        np.ascontiguousarray(flags[..., :2]), p.step_s, nc, ttc, hit,
    )  # fmt: skip
    kernels.progress(ego, np.ascontiguousarray(observation.route_m[..., :2]), gained)
    on_road = 1.0 - flags[..., 2].max(axis=-1)
    direction = direction_score(ego, flags[..., 3], round(1.0 / p.step_s))
    multiplier = nc * on_road * direction
    progress = progress_share(gained, multiplier, p.least_progress_m)
    calm = comfort.comfortable(comfort.motion(acceleration_mps2, ego[..., 2], p.step_s)).astype(np.float64)
    weights = p.progress_weight, p.ttc_weight, p.comfort_weight
    mean = (weights[0] * progress + weights[1] * ttc + weights[2] * calm) / sum(weights)
    return Scores(nc, on_road, direction, progress, ttc, calm, multiplier * mean, hit)


def progress_share(
    gained_m: Float[np.ndarray, "B Q"], multiplier: Float[np.ndarray, "B Q"], least_m: float
) -> Float[np.ndarray, "B Q"]:
    """Progress over the greatest product of progress and multiplier.

    Where that product is nowhere over `least_m`, 1 for those whose multiplier is not 0.
    """
    most = (gained_m * multiplier).max(axis=1, keepdims=True)
    share = np.clip(gained_m / np.maximum(most, 1e-9), 0.0, 1.0)
    return np.where(most > least_m, share, (multiplier > 0).astype(np.float64))


def direction_score(
    ego: Float[np.ndarray, "B Q T 4"], wrong: Int[np.ndarray, "B Q T"], window: int
) -> Float[np.ndarray, "B Q"]:
    """1, 1/2 or 0 as the longest way against the traffic within one second is under 2 m, under 6 m, or longer."""
    step = np.hypot(np.diff(ego[..., 0], axis=-1), np.diff(ego[..., 1], axis=-1)) * wrong[..., 1:]
    way = np.concatenate([np.zeros((*step.shape[:-1], 1)), np.cumsum(step, axis=-1)], axis=-1)
    back = np.maximum(np.arange(way.shape[-1]) - window, 0)
    worst = (way - way[..., back]).max(axis=-1)
    return np.where(worst < 2.0, 1.0, np.where(worst < 6.0, 0.5, 0.0))


def map_flags(
    observation: Observation, ego: Float[np.ndarray, "B Q T 4"], size_m: Float[np.ndarray, "B 2"]
) -> Int[np.ndarray, "B Q T 4"]:
    """Not within one lane, in an intersection, off road, wrong way; all zero where there is no map."""
    flags = np.zeros((*ego.shape[:3], 4), dtype=np.int64)
    for b, lane_map in enumerate(observation.lane_maps):
        grid = None if lane_map is None else lane_grid(lane_map)
        if lane_map is None or grid is None:
            continue
        route = observation.routes[b] if b < len(observation.routes) else ""
        kernels.on_map(
            ego[b], size_m[b], grid.origin_m, grid.cell_m, grid.shape, grid.cell_start, grid.cell_items,
            grid.point_start, grid.points_m, grid.owner, grid.follows, route_lanes(lane_map, route), grid.in_junction,
            flags[b],
        )  # fmt: skip
    return flags
