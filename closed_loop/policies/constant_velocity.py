"""The blind policy: keeps its present speed and heading. What every forecast is compared with.

NAVSIM's constant-velocity agent plans a straight line at the present speed and heading. Planned anew in every step
this is: no acceleration, wheels straight. It knows no route, so it leaves every bend, and nobody is minded.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from driving_data.ports import Control, Observation


@dataclass(frozen=True, slots=True)
class ConstantVelocityParameters:
    """There is nothing to choose."""


class ConstantVelocityPolicy:
    """No acceleration, no steering. Source of the idea: NAVSIM's `constant_velocity_agent`."""

    Parameters: ClassVar[type] = ConstantVelocityParameters

    def __init__(self, parameters: ConstantVelocityParameters | None = None) -> None:
        self.parameters = parameters or ConstantVelocityParameters()

    @property
    def name(self) -> str:
        """Name in reports."""
        return "constant_velocity"

    def reset(self, num_worlds: int) -> None:
        """There is nothing to forget."""

    def act(self, observation: Observation) -> Control:
        """Goes on as it goes."""
        count = len(observation.done)
        return Control(np.zeros(count), np.zeros(count))
