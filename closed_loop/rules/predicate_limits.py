"""Predicates of speed: limits, flow, congestion, standing, and braking."""

import numpy as np

from closed_loop.rules.definition import Need, PredicateDefinition
from closed_loop.rules.laws import stopping_speed_mps
from closed_loop.rules.predicate_pairs import gap_ahead, same_lane
from closed_loop.rules.view import View


def _ego_speed(view: View) -> np.ndarray:
    return np.abs(view.scene.speed_mps[:, 0])


def _fov_mps(view: View) -> float:
    p = view.parameters
    return stopping_speed_mps(p.field_of_view_m, p.ego_brake_mps2, p.reaction_s)


def _brake_mps(view: View) -> float:
    p = view.parameters
    return stopping_speed_mps(p.field_of_view_m, p.comfort_brake_mps2, p.reaction_s)


def _suggested(view: View) -> np.ndarray:
    """The limit of the lane, the desired speed where there is none; shape (T, M)."""
    return np.where(np.isinf(view.limit_mps), view.parameters.desired_mps, view.limit_mps)


def slow_leader(view: View) -> np.ndarray:
    """Someone in front in the ego's lane drives more than 15 m/s below what is permitted to it."""
    p = view.parameters
    allowed = np.minimum(np.minimum(_suggested(view), view.type_limit_mps), p.road_condition_mps)[:, 1:]
    slow = allowed - np.abs(view.along_mps[:, 1:]) - p.slow_by_mps
    return _any(np.minimum(np.minimum(same_lane(view), gap_ahead(view)), slow))


def flow(view: View) -> np.ndarray:
    """15 m/s less what the ego's speed is below the permitted one."""
    p = view.parameters
    allowed = np.minimum(_suggested(view)[:, 0], view.type_limit_mps[0])
    allowed = np.minimum(allowed, min(p.road_condition_mps, _fov_mps(view), _brake_mps(view)))
    return p.slow_by_mps - (allowed - _ego_speed(view))


def _any(values: np.ndarray) -> np.ndarray:
    """The greatest over others, absent ones aside."""
    return np.max(np.where(np.isnan(values), -np.inf, values), axis=-1, initial=-np.inf)


def crowd(view: View, speed_mps: float) -> np.ndarray:
    """How many-th leader is slow: the margin of the third slowest-and-nearest of those in front, shape (T, M)."""
    count = round(view.parameters.congestion_count)
    each = np.minimum(view.same_lane_m, view.ahead_m)
    each = np.minimum(each, speed_mps - np.abs(view.along_mps)[:, None, :])
    each = np.where(np.isnan(each), -np.inf, each)
    if each.shape[2] < count:
        return np.full(each.shape[:2], -np.inf)
    return np.partition(each, each.shape[2] - count, axis=2)[:, :, each.shape[2] - count]


def _standing_leader(view: View) -> np.ndarray:
    stands = view.parameters.standstill_mps - np.abs(view.along_mps[:, 1:])
    return _any(np.minimum(np.minimum(same_lane(view), gap_ahead(view)), stands))


def minimum_speed(view: View) -> np.ndarray:
    """Speed less the minimum speed sign of the ego's lane, +inf where none holds."""
    road = view.road
    limit = np.zeros(len(road.ego_lane))
    for sign in road.lane_map.signs:
        if sign.kind == "minimum_speed":
            own = np.array([lane.id in sign.lane_ids for lane in road.lanes], dtype=bool)
            limit = np.maximum(limit, np.where(own[road.ego_lane], sign.value, 0.0))
    return np.where(limit > 0, _ego_speed(view) - limit, np.inf)


_D = PredicateDefinition
_CROWD = "At least three vehicles in front in the same lane drive at most {}; margin of the third."


def _crowded(name: str, field: str, speed: str) -> PredicateDefinition:
    def everyone(view: View) -> np.ndarray:
        return crowd(view, float(getattr(view.parameters, field)))

    return _D(name, "m/s", 5.0, _CROWD.format(speed),
              {"ego": lambda v: everyone(v)[:, 0], "*": lambda v: everyone(v)[:, 1:]})  # fmt: skip


PREDICATES = (
    _D("keeps_lane_speed_limit", "m/s", 5.0, "At most the limit of every lane that the ego's middle lies in; +inf "
       "without one.", {"ego": lambda v: v.limit_mps[:, 0] - _ego_speed(v)}),
    _D("keeps_type_speed_limit", "m/s", 5.0, "At most the limit of the ego's class: trucks 22.22, buses 27.78 m/s.",
       {"ego": lambda v: v.type_limit_mps[0] - _ego_speed(v)}, ()),
    _D("keeps_fov_speed_limit", "m/s", 5.0, "Able to stop with -10 m/s^2 after 0.3 s within the field of view, 200 m.",
       {"ego": lambda v: _fov_mps(v) - _ego_speed(v)}, ()),
    _D("keeps_brake_speed_limit", "m/s", 5.0, "Able to stop with -4 m/s^2 after 0.3 s within the field of view.",
       {"ego": lambda v: _brake_mps(v) - _ego_speed(v)}, ()),
    _D("slow_leading_vehicle", "m/s", 5.0, "Someone in front in the ego's lane is more than 15 m/s below its limit.",
       {"ego": slow_leader}, strict=True),
    _D("preserves_traffic_flow", "m/s", 5.0, "Less than 15 m/s below the permitted speed.", {"ego": flow}, strict=True),
    _D("keeps_minimum_speed", "m/s", 5.0, "At least the minimum speed sign of the lane.", {"ego": minimum_speed},
       (Need.ROAD, Need.MINIMUM_SPEED)),
    _crowded("in_congestion", "congestion_mps", "2.78 m/s"),
    _crowded("in_slow_moving_traffic", "slow_moving_mps", "8.33 m/s"),
    _crowded("in_queue_of_vehicles", "queue_mps", "16.67 m/s"),
    _D("exist_standing_leading_vehicle", "m/s", 1.0, "Someone in front in the ego's lane stands (0.01 m/s).",
       {"ego": _standing_leader}),
    _D("in_standstill", "m/s", 1.0, "The ego's speed is at most 0.01 m/s.",
       {"ego": lambda v: v.parameters.standstill_mps - _ego_speed(v)}, ()),
    _D("reverses", "m/s", 1.0, "The ego drives backwards faster than 0.01 m/s.",
       {"ego": lambda v: -v.scene.speed_mps[:, 0] - v.parameters.standstill_mps}, (), strict=True),
    _D("brakes_abruptly", "m/s^2", 2.0, "The ego's acceleration is below -2 m/s^2.",
       {"ego": lambda v: v.parameters.abrupt_mps2 - v.scene.acceleration_mps2[:, 0]}, (), strict=True),
    _D("speed", "m/s", 5.0, "The ego's speed along its heading.", {"ego": lambda v: v.scene.speed_mps[:, 0]}, ()),
    _D("acceleration", "m/s^2", 2.0, "The ego's acceleration along its heading.",
       {"ego": lambda v: v.scene.acceleration_mps2[:, 0]}, ()),
)  # fmt: skip
