"""What route trackers share: axles, points and headings on the route, and the speed that the road allows."""

import numpy as np
from jaxtyping import Float

from closed_loop.policies.corridor import Corridor, curve_speed_mps, ego_of, limit_speed_mps
from driving_data.ports import Observation


def forward_of_ego(observation: Observation) -> Float[np.ndarray, "B 2"]:
    """Unit vector along the ego's x axis."""
    yaw = ego_of(observation.yaw_rad, observation.ego_index)
    return np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)


def rear_axle_m(observation: Observation) -> Float[np.ndarray, "B 2"]:
    """Middle of the ego's rear axle in `world`."""
    center = ego_of(observation.position_m, observation.ego_index)[:, :2]
    return center - observation.rear_axle_to_center_m[:, None] * forward_of_ego(observation)


def front_axle_m(observation: Observation) -> Float[np.ndarray, "B 2"]:
    """Middle of the ego's front axle in `world`."""
    return rear_axle_m(observation) + observation.wheelbase_m[:, None] * forward_of_ego(observation)


def route_point_at(observation: Observation, s_m: Float[np.ndarray, "B"]) -> Float[np.ndarray, "B 2"]:
    """The point `s_m` along the route, linear between its points, straight on beyond both ends."""
    route = observation.route_m[..., :2]
    position = s_m / observation.route_spacing_m
    k = np.clip(np.floor(position), 0, route.shape[1] - 2).astype(np.int64)
    share = (position - k)[:, None]
    world = np.arange(len(k))
    return route[world, k] * (1.0 - share) + route[world, k + 1] * share


def route_heading_at(observation: Observation, s_m: Float[np.ndarray, "B"]) -> Float[np.ndarray, "B"]:
    """Heading of the route at `s_m`, linear between the middles of its pieces, constant beyond both ends."""
    step = np.diff(observation.route_m[..., :2], axis=1)
    heading = np.unwrap(np.arctan2(step[..., 1], step[..., 0]), axis=1)
    return _between(heading, s_m / observation.route_spacing_m - 0.5)


def route_curvature_at(
    observation: Observation, corridor: Corridor, s_m: Float[np.ndarray, "B"]
) -> Float[np.ndarray, "B"]:
    """Curvature of the route at `s_m`, left positive."""
    return _between(corridor.curvature_1pm, s_m / observation.route_spacing_m)


def _between(values: np.ndarray, position: np.ndarray) -> np.ndarray:
    inside = np.clip(position, 0.0, values.shape[1] - 1.0)
    k = np.minimum(inside.astype(np.int64), max(values.shape[1] - 2, 0))
    share, world = inside - k, np.arange(len(k))
    return values[world, k] * (1.0 - share) + values[world, np.minimum(k + 1, values.shape[1] - 1)] * share


def point_on_circle(observation: Observation, radius_m: Float[np.ndarray, "B"]) -> Float[np.ndarray, "B 2"]:
    """Where the route, followed from the point nearest to the rear axle, first leaves the circle around that axle.

    Where the whole route ahead lies outside (the ego is farther from it than the radius) or inside it, the point
    `radius_m` along the route from the nearest one.
    """
    route, axle = observation.route_m[..., :2], rear_axle_m(observation)
    away = np.hypot(route[..., 0] - axle[:, :1], route[..., 1] - axle[:, 1:])
    nearest = np.argmin(away, axis=1)
    index = np.arange(away.shape[1])[None]
    outside = (index > nearest[:, None]) & (away >= radius_m[:, None])
    k = np.maximum(np.argmax(outside, axis=1), 1)
    world = np.arange(len(k))
    crosses = outside.any(axis=1) & (away[world, k - 1] < radius_m)
    start = route[world, k - 1]
    step, offset = route[world, k] - start, start - axle
    # |offset + t step| = radius, the root at which one leaves.
    a = np.maximum(np.sum(step**2, axis=-1), 1e-12)
    b = np.sum(offset * step, axis=-1)
    c = np.sum(offset**2, axis=-1) - radius_m**2
    t = (-b + np.sqrt(np.maximum(b * b - a * c, 0.0))) / a
    along = route_point_at(observation, nearest * observation.route_spacing_m + radius_m)
    return np.where(crosses[:, None], start + t[:, None] * step, along)


def allowed_speed_mps(
    observation: Observation, corridor: Corridor, lateral_mps2: float, braking_mps2: float
) -> Float[np.ndarray, "B"]:
    """Least of the target speed, the limits ahead and what the bends ahead allow on this road's grip."""
    grip = np.sqrt(np.minimum(observation.road_friction / 0.9, 1.0))
    spacing = observation.route_spacing_m
    bends = curve_speed_mps(corridor.curvature_1pm, spacing, lateral_mps2, braking_mps2) * grip
    limits = limit_speed_mps(observation.route_speed_limit_mps, spacing, braking_mps2)
    return np.minimum(np.minimum(observation.target_speed_mps, limits), bends)
