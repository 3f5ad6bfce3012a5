"""The careless policy: keeps its target speed along the route and minds nobody. The floor of every comparison."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from closed_loop.policies.corridor import corridor_of
from closed_loop.policies.lateral import SteeringParameters, steer
from driving_data.ports import Control, Observation


@dataclass(frozen=True, slots=True)
class ConstantSpeedParameters:
    """A proportional speed controller: gain and bounds; steering as for the others."""

    gain_1ps: float = 1.0
    max_acceleration_mps2: float = 2.0
    max_braking_mps2: float = 3.0
    steering: SteeringParameters = field(default_factory=SteeringParameters)


class ConstantSpeedPolicy:
    """Holds the target speed; no leaders, no signals, no limits, no bends."""

    Parameters: ClassVar[type] = ConstantSpeedParameters

    def __init__(self, parameters: ConstantSpeedParameters | None = None) -> None:
        self.parameters = parameters or ConstantSpeedParameters()

    @property
    def name(self) -> str:
        """Name in reports."""
        return "constant_speed"

    def reset(self, num_worlds: int) -> None:
        """There is nothing to forget."""

    def act(self, observation: Observation) -> Control:
        """Holds the target speed along the route."""
        corridor = corridor_of(observation)
        wished = self.parameters.gain_1ps * (observation.target_speed_mps - corridor.speed_mps)
        acceleration = np.clip(wished, -self.parameters.max_braking_mps2, self.parameters.max_acceleration_mps2)
        return Control(acceleration, steer(observation, corridor, self.parameters.steering))
