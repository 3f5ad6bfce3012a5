"""What a driver model of the regulation sees of one other vehicle: n cases side by side."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """Ego and one other vehicle on a straight lane, both aligned with it; every array has shape (n,).

    Attributes:
        gap_m: between the boxes along the lane, negative where they overlap.
        lateral_gap_m: between the boxes across the lane, negative where they overlap.
        center_distance_m: between the box centres along the lane, never negative.
        length_m: half the ego's length plus half the other's.
        speed_mps: of the ego.
        other_speed_mps: of the other, along the lane.
        approach_mps: speed of the other across the lane, towards the ego.
        acceleration_mps2: of the ego during the last step.
        passed: whether the ego is ahead of the other.
    """

    gap_m: Float[np.ndarray, "n"]
    lateral_gap_m: Float[np.ndarray, "n"]
    center_distance_m: Float[np.ndarray, "n"]
    length_m: Float[np.ndarray, "n"]
    speed_mps: Float[np.ndarray, "n"]
    other_speed_mps: Float[np.ndarray, "n"]
    approach_mps: Float[np.ndarray, "n"]
    acceleration_mps2: Float[np.ndarray, "n"]
    passed: Bool[np.ndarray, "n"]


@dataclass(frozen=True, slots=True, eq=False)
class Danger:
    """What a driver model thinks of a situation; every array has shape (n,).

    Attributes:
        unsafe: whether it reacts.
        braking_mps2: the deceleration that the situation asks for; inf for as much as the driver has.
        settled: whether the case is over for this driver: it will never react (the careful driver once the time to
            collision at the beginning of the intrusion is long enough).
    """

    unsafe: Bool[np.ndarray, "n"]
    braking_mps2: Float[np.ndarray, "n"]
    settled: Bool[np.ndarray, "n"]


def firm(unsafe: Bool[np.ndarray, "n"]) -> Danger:
    """Danger that asks for all the braking there is."""
    return Danger(unsafe, np.full(len(unsafe), np.inf), np.zeros(len(unsafe), dtype=bool))
