"""Steering along the route: pure pursuit and Stanley."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from closed_loop.policies.corridor import Corridor, ego_of
from driving_data.geometry import wrap_angle
from driving_data.ports import Observation

MAX_STEERING_RAD = 0.6


@dataclass(frozen=True, slots=True)
class SteeringParameters:
    """How the ego follows its route.

    Attributes:
        method: 'pure_pursuit' or 'stanley'.
        lookahead_s: pure pursuit looks this time ahead.
        min_lookahead_m: and at least so far.
        stanley_gain_1ps: gain of the lateral offset.
        softening_mps: keeps Stanley calm at low speed.
    """

    method: str = "pure_pursuit"
    lookahead_s: float = 0.6
    min_lookahead_m: float = 4.0
    stanley_gain_1ps: float = 1.0
    softening_mps: float = 2.0

    def __post_init__(self) -> None:
        if self.method not in ("pure_pursuit", "stanley"):
            raise ValueError(f"steering method {self.method!r} is neither 'pure_pursuit' nor 'stanley'")


def steer(
    observation: Observation, corridor: Corridor, parameters: SteeringParameters = SteeringParameters()
) -> Float[np.ndarray, "B"]:
    """Road-wheel angle, left positive, within +-0.6 rad."""
    follow = pure_pursuit if parameters.method == "pure_pursuit" else stanley
    return np.clip(follow(observation, corridor, parameters), -MAX_STEERING_RAD, MAX_STEERING_RAD)


def pure_pursuit(
    observation: Observation, corridor: Corridor, parameters: SteeringParameters
) -> Float[np.ndarray, "B"]:
    """Delta = atan(2 L sin(alpha) / l_d), the circle through the rear axle and a point l_d ahead on the route.

    Source: Coulter, CMU-RI-TR-92-01 (1992).
    """
    wanted = np.maximum(parameters.min_lookahead_m, parameters.lookahead_s * np.maximum(corridor.speed_mps, 0.0))
    position = np.minimum(wanted / observation.route_spacing_m, observation.route_m.shape[1] - 1.001)
    k = position.astype(np.int64)
    share = (position - k)[:, None]
    world = np.arange(len(k))
    target = observation.route_m[world, k, :2] * (1 - share) + observation.route_m[world, k + 1, :2] * share
    yaw = ego_of(observation.yaw_rad, observation.ego_index)
    forward = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    center = ego_of(observation.position_m, observation.ego_index)[:, :2]
    offset = target - (center - observation.rear_axle_to_center_m[:, None] * forward)
    distance2 = np.maximum(np.sum(offset**2, axis=-1), 1e-6)
    left = forward[:, 0] * offset[:, 1] - forward[:, 1] * offset[:, 0]
    return np.arctan(2.0 * observation.wheelbase_m * left / distance2)


def stanley(observation: Observation, corridor: Corridor, parameters: SteeringParameters) -> Float[np.ndarray, "B"]:
    """Delta = route curvature + heading error + atan(k e / (v_soft + v)), e taken at the front axle.

    Source: Hoffmann, Tomlin, Montemerlo, Thrun, American Control Conference (2007).
    """
    error = wrap_angle(-corridor.heading_error_rad)
    at_front = observation.route_lateral_m + observation.wheelbase_m * np.sin(corridor.heading_error_rad)
    speed = parameters.softening_mps + np.maximum(corridor.speed_mps, 0.0)
    bend = np.arctan(observation.wheelbase_m * corridor.curvature_1pm[:, 0])
    return bend + error - np.arctan(parameters.stanley_gain_1ps * at_front / speed)
