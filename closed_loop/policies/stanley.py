"""The steering law of the car Stanley with a speed controller: follows the route and minds nobody."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from closed_loop.policies.corridor import Corridor, corridor_of, ego_of, places_on_route
from closed_loop.policies.lateral import MAX_STEERING_RAD
from closed_loop.policies.pid import Clock, SpeedControl, SpeedController
from closed_loop.policies.tracking import allowed_speed_mps, front_axle_m, route_curvature_at, route_heading_at
from driving_data.geometry import wrap_angle
from driving_data.ports import Control, Observation


@dataclass(frozen=True, slots=True)
class StanleyParameters:
    """Gains. The paper prints none that would fit another car; these are tuned on the embedded simulator's.

    Attributes:
        gain_1ps: k, of the cross-track error.
        softening_mps: k_soft, keeps the law calm at low speed.
        yaw_damping_s: k_d_yaw, of the difference between the ego's yaw rate and the route's.
        steer_damping: k_d_steer, of the change of the measured steering angle in the last step.
        slip_s2pm: k_ag = m / (C_y (1 + a / b)), heading held in a steady bend by tyres that slip; 0 without slip.
        speed: speed controller.
        lateral_mps2: lateral acceleration that bends are taken with on a dry road.
        braking_mps2: braking with which it slows down for bends and limits ahead.
    """

    gain_1ps: float = 1.0
    softening_mps: float = 1.0
    yaw_damping_s: float = 0.1
    steer_damping: float = 0.1
    slip_s2pm: float = 0.0
    speed: SpeedControl = field(default_factory=SpeedControl)
    lateral_mps2: float = 2.5
    braking_mps2: float = 1.5


class StanleyPolicy:
    """Heading and cross-track error of the front axle, with damping of yaw rate and steering."""

    Parameters: ClassVar[type] = StanleyParameters

    def __init__(self, parameters: StanleyParameters | None = None) -> None:
        self.parameters = parameters or StanleyParameters()
        self._speed, self._clock = SpeedController(self.parameters.speed), Clock()
        self._steering: np.ndarray | None = None

    @property
    def name(self) -> str:
        """Name in reports."""
        return "stanley"

    def reset(self, num_worlds: int) -> None:
        """Forgets the errors of speed and the last steering angle."""
        self._speed.reset()
        self._clock.reset()
        self._steering = None

    def act(self, observation: Observation) -> Control:
        """Follows the route at the speed that it allows."""
        p, corridor = self.parameters, corridor_of(observation)
        wanted = allowed_speed_mps(observation, corridor, p.lateral_mps2, p.braking_mps2)
        acceleration = self._speed.step(wanted, corridor.speed_mps, self._clock.tick(observation.time_s))
        now = observation.steering_rad
        before = now if self._steering is None or self._steering.shape != now.shape else self._steering
        self._steering = now.copy()
        return Control(acceleration, stanley_steering_rad(observation, corridor, p, before))


def stanley_steering_rad(
    observation: Observation, corridor: Corridor, parameters: StanleyParameters, steering_before_rad: np.ndarray
) -> Float[np.ndarray, "B"]:
    """The law of Hoffmann et al. in this project's signs (everything positive to the left), within 0.6 rad.

    delta = -(psi - k_ag v r_route) - atan(k e / (k_soft + v)) - k_d_yaw (r - r_route) + k_d_steer (delta_1 - delta_0)

    psi is the ego's heading relative to the route and e its offset to the left, both at the route point nearest to
    the *front* axle, r the yaw rate and r_route = v times the curvature there; delta_0 is the present steering angle,
    delta_1 that of the step before. A car whose front axle stands on a circle of radius R and whose rear axle follows
    has psi = -asin(L / R): the heading term alone steers the bend, no feed-forward is needed.
    Source: Hoffmann, Tomlin, Montemerlo, Thrun, "Autonomous automobile trajectory tracking for off-road driving",
    American Control Conference (2007), equations for the kinematic law and its damping terms.
    """
    s, e, _ = places_on_route(front_axle_m(observation)[:, None], observation.route_m[..., :2])
    place = s[:, 0]
    speed = np.maximum(corridor.speed_mps, 0.0)
    ego = observation.ego_index
    psi = wrap_angle(ego_of(observation.yaw_rad, ego) - route_heading_at(observation, place))
    route_rate = speed * route_curvature_at(observation, corridor, place)
    heading = psi - parameters.slip_s2pm * speed * route_rate
    cross = np.arctan2(parameters.gain_1ps * e[:, 0], np.maximum(parameters.softening_mps + speed, 1e-9))
    damping = parameters.yaw_damping_s * (ego_of(observation.yaw_rate_radps, ego) - route_rate)
    counter = parameters.steer_damping * (steering_before_rad - observation.steering_rad)
    return np.clip(-heading - cross - damping + counter, -MAX_STEERING_RAD, MAX_STEERING_RAD)
