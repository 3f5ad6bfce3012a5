"""The open-loop score of nuPlan: how near planned trajectories stay to an expert's.

Plans and expert are compared once a second up to 8 s. Per horizon of 3, 5 and 8 s and per plan: mean and final
distance, mean and final heading error, greatest distance. score = (no horizon has over 30 % of plans whose greatest
distance exceeds 6, 8, 16 m) x (ADE + FDE + 2 AHE + 2 FHE) / 6, each max(0, 1 - mean error / bound), bounds 8 m and
0.8 rad, the mean over plans and horizons. Source: nuplan-devkit e924167, planner_expert_* and planner_miss_rate.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.geometry import wrap_angle

HORIZONS_S = (3, 5, 8)
MISS_M = (6.0, 8.0, 16.0)
MAX_MISS_RATE = 0.3
MAX_DISTANCE_M, MAX_HEADING_RAD = 8.0, 0.8
WEIGHTS = {"average_distance": 1.0, "final_distance": 1.0, "average_heading": 2.0, "final_heading": 2.0}


@dataclass(frozen=True, slots=True)
class OpenLoopScore:
    """The score and what it is made of.

    Attributes:
        score: 0 to 1.
        miss_rates: share of plans that miss, for each horizon.
        errors: mean errors in metres and radians, by the names of `WEIGHTS`.
        parts: scores of these errors.
    """

    score: float
    miss_rates: tuple[float, ...]
    errors: dict[str, float]
    parts: dict[str, float]


def open_loop_score(
    plan_m: Float[np.ndarray, "K 8 2"],
    plan_yaw_rad: Float[np.ndarray, "K 8"],
    expert_m: Float[np.ndarray, "K 8 2"],
    expert_yaw_rad: Float[np.ndarray, "K 8"],
) -> OpenLoopScore:
    """Scores K plans against the expert at 1, 2, ... 8 s after each plan was made; centres of the boxes."""
    distance = np.hypot(*np.moveaxis(plan_m - expert_m, -1, 0))
    turn = np.abs(wrap_angle(plan_yaw_rad - expert_yaw_rad))
    misses = tuple(
        float(np.mean(distance[:, :h].max(axis=1) > bound)) for h, bound in zip(HORIZONS_S, MISS_M, strict=True)
    )
    errors = {
        "average_distance": float(np.mean([distance[:, :h].mean(axis=1) for h in HORIZONS_S])),
        "final_distance": float(np.mean([distance[:, h - 1] for h in HORIZONS_S])),
        "average_heading": float(np.mean([turn[:, :h].mean(axis=1) for h in HORIZONS_S])),
        "final_heading": float(np.mean([turn[:, h - 1] for h in HORIZONS_S])),
    }
    parts = {
        name: max(0.0, 1.0 - error / (MAX_DISTANCE_M if name.endswith("distance") else MAX_HEADING_RAD))
        for name, error in errors.items()
    }
    mean = sum(WEIGHTS[name] * part for name, part in parts.items()) / sum(WEIGHTS.values())
    return OpenLoopScore(mean * float(all(rate <= MAX_MISS_RATE for rate in misses)), misses, errors, parts)
