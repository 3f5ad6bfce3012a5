"""The ego's corridor: the route ahead, everyone's place beside it, and who leads, crosses or will cross.

Places are (s, d): metres along the route from beside the ego's rear axle, metres to its left. All functions are
vectorised over B worlds, A actors and P route points.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.policies.corridor_kernels import fill_corridor
from driving_data.geometry import wrap_angle
from driving_data.ports import Observation
from driving_data.taxonomy import SignalState

STOP_STATES = (int(SignalState.RED), int(SignalState.RED_YELLOW))
_FAR_M = 1e4


@dataclass(frozen=True, slots=True, eq=False)
class Corridor:
    """What a policy needs of the route ahead and of the actors beside it.

    Attributes:
        s_m: place of every actor's centre along the route, shape (B, A); the ego and the absent are far away.
        d_m: to the left of the route, shape (B, A).
        speed_along_mps: velocity along the route at that place, shape (B, A).
        speed_across_mps: velocity to the left of the route, shape (B, A).
        half_along_m: half extent of the box along the route, shape (B, A).
        half_across_m: half extent across it, shape (B, A).
        turned_rad: heading relative to the route, shape (B, A).
        present: who counts: exists and is not the ego, shape (B, A).
        front_m: place of the ego's front, shape (B,).
        half_width_m: half width of the ego, shape (B,).
        speed_mps: of the ego along its heading, shape (B,).
        heading_error_rad: ego heading relative to the route, shape (B,).
        curvature_1pm: of the route at its points, left positive, shape (B, P).
    """

    s_m: Float[np.ndarray, "B A"]
    d_m: Float[np.ndarray, "B A"]
    speed_along_mps: Float[np.ndarray, "B A"]
    speed_across_mps: Float[np.ndarray, "B A"]
    half_along_m: Float[np.ndarray, "B A"]
    half_across_m: Float[np.ndarray, "B A"]
    turned_rad: Float[np.ndarray, "B A"]
    present: Bool[np.ndarray, "B A"]
    front_m: Float[np.ndarray, "B"]
    half_width_m: Float[np.ndarray, "B"]
    speed_mps: Float[np.ndarray, "B"]
    heading_error_rad: Float[np.ndarray, "B"]
    curvature_1pm: Float[np.ndarray, "B P"]


def ego_of(values: Float[np.ndarray, "B A *rest"], ego_index: np.ndarray) -> Float[np.ndarray, "B *rest"]:
    """The ego's entry of each world."""
    return values[np.arange(len(values)), ego_index]


def corridor_of(observation: Observation) -> Corridor:
    """Places everyone beside the route.

    The compiled kernel does what `places_on_route` and `curvature_1pm` do, to rounding; a test compares them.
    """
    ego = observation.ego_index
    worlds = np.arange(len(ego))
    route, velocity, size = observation.route_m, observation.velocity_mps, observation.size_m
    present = observation.valid.copy()
    present[worlds, ego] = False
    places, curvature = np.empty((7, *present.shape)), np.empty(route.shape[:2])
    fill_corridor(
        observation.position_m, velocity, observation.yaw_rad, size, present, route,
        float(observation.route_spacing_m), places, curvature,
    )  # fmt: skip
    yaw, motion, body = observation.yaw_rad[worlds, ego], velocity[worlds, ego], size[worlds, ego]
    step = route[:, 1] - route[:, 0]
    return Corridor(
        s_m=places[0],
        d_m=places[1],
        speed_along_mps=places[2],
        speed_across_mps=places[3],
        half_along_m=places[4],
        half_across_m=places[5],
        turned_rad=places[6],
        present=present,
        front_m=observation.rear_axle_to_center_m + 0.5 * body[:, 0],
        half_width_m=0.5 * body[:, 1],
        speed_mps=motion[:, 0] * np.cos(yaw) + motion[:, 1] * np.sin(yaw),
        heading_error_rad=wrap_angle(yaw - np.arctan2(step[:, 1], step[:, 0])),
        curvature_1pm=curvature,
    )


def places_on_route(points_m: np.ndarray, route_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nearest places (s, d, heading) of points (B, A, 2) on routes (B, P, 2), extended straight at both ends.

    The heading is that of the nearest piece of the polyline.
    """
    start, step = route_m[:, :-1], np.diff(route_m, axis=1)
    length = np.maximum(np.hypot(step[..., 0], step[..., 1]), 1e-9)
    tx, ty = step[..., 0] / length, step[..., 1] / length
    points = np.where(np.isnan(points_m), 0.0, points_m)
    ox = points[:, :, None, 0] - start[:, None, :, 0]
    oy = points[:, :, None, 1] - start[:, None, :, 1]
    along = ox * tx[:, None] + oy * ty[:, None]
    last = length.shape[1] - 1
    low, high = np.zeros(last + 1), np.zeros(last + 1)
    low[0], high[last] = -_FAR_M, _FAR_M
    along = np.clip(along, low, high + length[:, None])
    gx, gy = ox - along * tx[:, None], oy - along * ty[:, None]
    best = np.argmin(gx * gx + gy * gy, axis=-1)

    def pick(values: np.ndarray) -> np.ndarray:
        return np.take_along_axis(values, best[..., None], axis=-1)[..., 0]

    world = np.arange(len(route_m))[:, None]
    ux, uy = tx[world, best], ty[world, best]
    before = np.concatenate([np.zeros((len(length), 1)), np.cumsum(length, axis=1)], axis=1)[world, best]
    return before + pick(along), ux * pick(gy) - uy * pick(gx), np.arctan2(uy, ux)


def curvature_1pm(route_m: Float[np.ndarray, "B P 2"], spacing_m: float) -> Float[np.ndarray, "B P"]:
    """Curvature of equally spaced polylines: change of heading per metre over a window of five points."""
    step = np.diff(route_m, axis=1)
    heading = np.unwrap(np.arctan2(step[..., 1], step[..., 0]), axis=1)
    change = np.diff(heading, axis=1) / spacing_m
    padded = np.pad(change, ((0, 0), (3, 3)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 5, axis=1)
    return np.asarray(windows.mean(axis=-1))


def in_corridor(corridor: Corridor, margin_m: float) -> Bool[np.ndarray, "B A"]:
    """Whose box overlaps the swath of the ego, grown by `margin_m` on both sides, and is not all behind its front."""
    reach = corridor.half_across_m + corridor.half_width_m[:, None] + margin_m
    ahead = corridor.s_m + corridor.half_along_m > corridor.front_m[:, None]
    return corridor.present & ahead & (np.abs(corridor.d_m) < reach)


def gap_m(corridor: Corridor) -> Float[np.ndarray, "B A"]:
    """Distance along the route from the ego's front to the near side of every actor; 0 where it is beside."""
    return np.maximum(corridor.s_m - corridor.half_along_m - corridor.front_m[:, None], 0.0)


def crossing_window_s(corridor: Corridor, margin_m: float) -> tuple[Float[np.ndarray, "B A"], Float[np.ndarray, "B A"]]:
    """When actors that keep their velocity enter and leave the swath, in seconds from now; inf where they never do."""
    reach = corridor.half_across_m + corridor.half_width_m[:, None] + margin_m
    rate, offset = corridor.speed_across_mps, corridor.d_m
    moving = np.abs(rate) > 0.05
    safe = np.where(moving, rate, 1.0)
    first, second = (-reach - offset) / safe, (reach - offset) / safe
    enter = np.where(moving, np.minimum(first, second), np.where(np.abs(offset) < reach, 0.0, np.inf))
    leave = np.where(moving, np.maximum(first, second), np.where(np.abs(offset) < reach, np.inf, -np.inf))
    never = (leave <= 0) | ~corridor.present
    return np.where(never, np.inf, np.maximum(enter, 0.0)), np.where(never, np.inf, leave)


def curve_speed_mps(
    curvature: Float[np.ndarray, "B P"], spacing_m: float, lateral_mps2: float, braking_mps2: float
) -> Float[np.ndarray, "B"]:
    """Speed now from which one can slow down with `braking_mps2` for every bend ahead: min sqrt(a / k + 2 b s)."""
    allowed2 = lateral_mps2 / np.maximum(np.abs(curvature), 1e-6)
    way = np.arange(curvature.shape[1]) * spacing_m
    return np.sqrt(np.min(allowed2 + 2 * braking_mps2 * way, axis=1))


def limit_speed_mps(limits: Float[np.ndarray, "B P"], spacing_m: float, braking_mps2: float) -> Float[np.ndarray, "B"]:
    """Speed now from which one can slow down with `braking_mps2` for every lower limit ahead; NaN is no limit."""
    way = np.arange(limits.shape[1]) * spacing_m
    allowed2 = np.where(np.isnan(limits), np.inf, limits) ** 2 + 2 * braking_mps2 * way
    return np.sqrt(np.min(allowed2, axis=1))


def signal_gap_m(
    observation: Observation, speed_mps: Float[np.ndarray, "B"], firm_mps2: float, last_mps2: float
) -> Float[np.ndarray, "B"]:
    """Gap to a stop line at which one must stop; inf where one may go.

    Red: stop if `last_mps2` is enough for it. Yellow: stop if `firm_mps2` is enough.
    """
    distance = observation.signal_distance_m
    needed = speed_mps**2 / (2 * np.maximum(distance, 0.1))
    shown = observation.signal_state
    red = (shown == STOP_STATES[0]) | (shown == STOP_STATES[1])
    yellow = shown == int(SignalState.YELLOW)
    stops = (red & (needed <= last_mps2)) | (yellow & (needed <= firm_mps2))
    return np.where(stops & (distance >= 0), np.maximum(distance, 0.0), np.inf)
