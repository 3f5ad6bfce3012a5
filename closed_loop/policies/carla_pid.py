"""CARLA's local planner: one controller for the angle to a route point ahead, one for the speed. Minds nobody.

Gains, bounds and lookahead are those of CARLA 0.9's `agents/navigation` (LocalPlanner, VehiclePIDController). Its
outputs are a throttle, a brake and a steer in shares; what they mean for a car is CARLA's vehicle model, for which
this policy takes one acceleration at full throttle, one deceleration at full brake and one road-wheel angle at full
steer.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from closed_loop.policies.corridor import corridor_of, ego_of, places_on_route
from closed_loop.policies.lateral import MAX_STEERING_RAD
from closed_loop.policies.pid import Clock, Pid, PidParameters, SpeedControl, SpeedController
from closed_loop.policies.tracking import allowed_speed_mps, forward_of_ego, route_point_at
from driving_data.ports import Control, Observation

CARLA_SPEED = SpeedControl(
    pid=PidParameters(1.0, 0.05, 0.0),
    unit_per_mps=3.6,
    max_throttle=0.75,
    max_brake=0.3,
    full_throttle_mps2=4.0,
    full_brake_mps2=8.0,
)


@dataclass(frozen=True, slots=True)
class CarlaPidParameters:
    """CARLA's defaults.

    Attributes:
        lateral: gains of the angle between the heading and the direction to the point aimed at.
        speed: gains of the speed in km/h, bounds of throttle and brake, and what they give.
        lookahead_m: the point aimed at is this far along the route from beside the box centre,
        lookahead_s: plus what is driven in this time.
        max_steer: bound of the steer command.
        max_change: most that the steer command changes from one step to the next.
        full_steer_rad: road-wheel angle at steer 1 (70 degrees at the front wheels of CARLA's cars).
        lateral_mps2: lateral acceleration that bends are taken with on a dry road.
        braking_mps2: braking with which it slows down for bends and limits ahead.
    """

    lateral: PidParameters = field(default_factory=lambda: PidParameters(1.95, 0.05, 0.2))
    speed: SpeedControl = CARLA_SPEED
    lookahead_m: float = 3.0
    lookahead_s: float = 0.5
    max_steer: float = 0.8
    max_change: float = 0.1
    full_steer_rad: float = 1.2217
    lateral_mps2: float = 2.5
    braking_mps2: float = 1.5


class CarlaPidPolicy:
    """Two independent controllers, as CARLA's `VehiclePIDController`."""

    Parameters: ClassVar[type] = CarlaPidParameters

    def __init__(self, parameters: CarlaPidParameters | None = None) -> None:
        self.parameters = parameters or CarlaPidParameters()
        self._lateral, self._speed = Pid(self.parameters.lateral), SpeedController(self.parameters.speed)
        self._clock = Clock()
        self._steer: np.ndarray | None = None

    @property
    def name(self) -> str:
        """Name in reports."""
        return "carla_pid"

    def reset(self, num_worlds: int) -> None:
        """Forgets the errors and the last steer command."""
        self._lateral.reset()
        self._speed.reset()
        self._clock.reset()
        self._steer = None

    def act(self, observation: Observation) -> Control:
        """Follows the route at the speed that it allows."""
        p, corridor = self.parameters, corridor_of(observation)
        dt = self._clock.tick(observation.time_s)
        wanted = allowed_speed_mps(observation, corridor, p.lateral_mps2, p.braking_mps2)
        acceleration = self._speed.step(wanted, corridor.speed_mps, dt)
        center = ego_of(observation.position_m, observation.ego_index)[:, :2]
        beside = places_on_route(center[:, None], observation.route_m[..., :2])[0][:, 0]
        ahead = beside + p.lookahead_m + p.lookahead_s * np.maximum(corridor.speed_mps, 0.0)
        offset, forward = route_point_at(observation, ahead) - center, forward_of_ego(observation)
        angle = np.arctan2(
            forward[:, 0] * offset[:, 1] - forward[:, 1] * offset[:, 0], np.sum(forward * offset, axis=-1)
        )
        steer = np.clip(self._lateral.step(angle, dt), -1.0, 1.0)
        last = self._steer
        if last is not None and last.shape == steer.shape:
            steer = np.clip(steer, last - p.max_change, last + p.max_change)
        self._steer = steer = np.clip(steer, -p.max_steer, p.max_steer)
        return Control(acceleration, np.clip(steer * p.full_steer_rad, -MAX_STEERING_RAD, MAX_STEERING_RAD))
