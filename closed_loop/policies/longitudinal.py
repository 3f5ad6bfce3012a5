"""The Intelligent Driver Model, for any number of leaders at once."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class IdmParameters:
    """Parameters of the car-following law; the defaults are a passenger car's (nuPlan's: `idm.NUPLAN_FOLLOWING`).

    Attributes:
        min_gap_m: gap at standstill (s0).
        headway_s: time gap (T).
        max_acceleration_mps2: comfortable acceleration (a).
        comfortable_braking_mps2: comfortable braking (b), a magnitude.
        exponent: delta.
        hard_braking_mps2: strongest braking that is commanded on a dry road (friction 0.9), a magnitude.
        gap_floor_m: a smaller gap is taken for this one.
    """

    min_gap_m: float = 2.0
    headway_s: float = 1.5
    max_acceleration_mps2: float = 1.5
    comfortable_braking_mps2: float = 2.0
    exponent: float = 4.0
    hard_braking_mps2: float = 8.0
    gap_floor_m: float = 0.1


def idm_acceleration_mps2(
    speed_mps: Float[np.ndarray, "B"],
    desired_mps: Float[np.ndarray, "B"],
    gap_m: Float[np.ndarray, "B K"],
    lead_speed_mps: Float[np.ndarray, "B K"],
    idm: IdmParameters,
) -> Float[np.ndarray, "B"]:
    """Acceleration of a driver who keeps a safe gap to K leaders (gap inf for none), in m/s^2.

    a = a_max (1 - (v / v0)^delta - max_k (s*_k / s_k)^2),  s* = s0 + max(0, v T + v dv / (2 sqrt(a_max b)))

    Above the desired speed the free-road term is limited to comfortable braking, as drivers do.
    Source: Treiber, Hennecke, Helbing, Phys. Rev. E 62, 1805 (2000); limit: Treiber and Kesting, Traffic Flow
    Dynamics (2013), section 11.3.
    """
    a, b = idm.max_acceleration_mps2, idm.comfortable_braking_mps2
    v = np.maximum(speed_mps, 0.0)
    free = a * (1.0 - (v / np.maximum(desired_mps, 0.1)) ** idm.exponent)
    free = np.maximum(free, -b)
    closing = v[:, None] - lead_speed_mps
    wished = idm.min_gap_m + np.maximum(0.0, v[:, None] * idm.headway_s + v[:, None] * closing / (2 * np.sqrt(a * b)))
    ratio2 = (wished / np.maximum(gap_m, idm.gap_floor_m)) ** 2
    return free - a * ratio2.max(axis=1, initial=0.0)
