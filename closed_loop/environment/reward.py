"""What a step is worth, for B worlds at once.

Metres gained along the route / (target speed x step) (1 for driving as asked), minus `effort` times the squared share
of the comfortable acceleration of 3 m/s^2, minus `collision` at a collision, `off_road` at leaving the road, `signal`
at running a red light, plus `goal` at the goal.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from driving_data.ports import Happening

COMFORT_MPS2 = 3.0
LEAST_MOVE_M = 0.1


@dataclass(frozen=True, slots=True)
class RewardWeights:
    """Weights of the reward; see the top of the module."""

    progress: float = 1.0
    effort: float = 0.1
    collision: float = 20.0
    off_road: float = 10.0
    signal: float = 10.0
    goal: float = 10.0


def step_rewards(
    gained_m: Float[np.ndarray, "B"],
    target_mps: Float[np.ndarray, "B"],
    step_s: Float[np.ndarray, "B"],
    acceleration_mps2: Float[np.ndarray, "B"],
    happened: Bool[np.ndarray, "B 4"],
    weights: RewardWeights,
) -> Float[np.ndarray, "B"]:
    """The reward of one step of every world; `happened` has the columns of `Happening`."""

    def hit(bit: Happening) -> np.ndarray:
        return happened[:, bit]

    reward = weights.progress * gained_m / np.maximum(target_mps * step_s, LEAST_MOVE_M)
    reward = reward - weights.effort * (acceleration_mps2 / COMFORT_MPS2) ** 2
    reward = reward - weights.collision * hit(Happening.COLLISION) - weights.off_road * hit(Happening.OFF_ROAD)
    return reward - weights.signal * hit(Happening.SIGNAL_VIOLATION) + weights.goal * hit(Happening.GOAL_REACHED)
