"""Pure pursuit with a speed controller: follows the route and minds nobody."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from closed_loop.policies.corridor import corridor_of
from closed_loop.policies.lateral import MAX_STEERING_RAD
from closed_loop.policies.pid import Clock, SpeedControl, SpeedController
from closed_loop.policies.tracking import allowed_speed_mps, forward_of_ego, point_on_circle, rear_axle_m
from driving_data.ports import Control, Observation


@dataclass(frozen=True, slots=True)
class PurePursuitParameters:
    """How it follows.

    Attributes:
        min_lookahead_m: least distance to the point that is aimed at.
        lookahead_s: and at least what the ego drives in this time.
        speed: speed controller.
        lateral_mps2: lateral acceleration that bends are taken with on a dry road.
        braking_mps2: braking with which it slows down for bends and limits ahead.
    """

    min_lookahead_m: float = 3.0
    lookahead_s: float = 0.5
    speed: SpeedControl = field(default_factory=SpeedControl)
    lateral_mps2: float = 2.5
    braking_mps2: float = 1.5


class PurePursuitPolicy:
    """Steers along the circle through the rear axle and the route point at the lookahead distance."""

    Parameters: ClassVar[type] = PurePursuitParameters

    def __init__(self, parameters: PurePursuitParameters | None = None) -> None:
        self.parameters = parameters or PurePursuitParameters()
        self._speed, self._clock = SpeedController(self.parameters.speed), Clock()

    @property
    def name(self) -> str:
        """Name in reports."""
        return "pure_pursuit"

    def reset(self, num_worlds: int) -> None:
        """Forgets the errors of speed."""
        self._speed.reset()
        self._clock.reset()

    def act(self, observation: Observation) -> Control:
        """Follows the route at the speed that it allows."""
        p, corridor = self.parameters, corridor_of(observation)
        wanted = allowed_speed_mps(observation, corridor, p.lateral_mps2, p.braking_mps2)
        acceleration = self._speed.step(wanted, corridor.speed_mps, self._clock.tick(observation.time_s))
        return Control(acceleration, pursuit_steering_rad(observation, corridor.speed_mps, p))


def pursuit_steering_rad(
    observation: Observation, speed_mps: Float[np.ndarray, "B"], parameters: PurePursuitParameters
) -> Float[np.ndarray, "B"]:
    """Delta = atan(2 L y / l^2): the circle, tangent to the heading, through the rear axle and the point aimed at.

    The point is where the route leaves the circle of radius max(min_lookahead_m, lookahead_s v) around the rear axle;
    y is its offset to the left of the heading and l its distance. Bounded to 0.6 rad.
    Source: Coulter, CMU-RI-TR-92-01 (1992), whose lookahead is the distance from the vehicle, not along the path.
    """
    radius = np.maximum(parameters.min_lookahead_m, parameters.lookahead_s * np.maximum(speed_mps, 0.0))
    offset = point_on_circle(observation, radius) - rear_axle_m(observation)
    forward = forward_of_ego(observation)
    left = forward[:, 0] * offset[:, 1] - forward[:, 1] * offset[:, 0]
    distance2 = np.maximum(np.sum(offset**2, axis=-1), 1e-6)
    steering = np.arctan(2.0 * observation.wheelbase_m * left / distance2)
    return np.clip(steering, -MAX_STEERING_RAD, MAX_STEERING_RAD)
