"""Proactive and critical fuzzy safety of a rear-end situation.

PFS = 1 below d_unsafe, 0 above d_safe, linear between, of the distance less a margin, with
    d_safe = v t + v^2 / (2 b_comfort) - w^2 / (2 b_lead) + margin,  d_unsafe = v t + v^2 / (2 b_max) - w^2 / (2 b_lead)
CFS asks what remains if both keep their accelerations during the reaction time, with a' = max(a, -b_comfort):
    d_safe = (v + a' t / 2 - w) t + (v + a' t - w)^2 / (2 b_comfort),  d_unsafe with b_max

v ego speed, w speed ahead, a ego acceleration, t reaction time. Source: Mattas et al., Fuzzy surrogate safety metrics
for real-time assessment of rear-end collision risk, Accident Analysis and Prevention 148 (2020) 105794.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from closed_loop.regulation.situation import Situation


@dataclass(frozen=True, slots=True)
class FuzzyParameters:
    """Parameters of the two measures, as in the published grids.

    Attributes:
        reaction_s: time before the ego brakes.
        comfort_mps2: braking that is no emergency.
        braking_mps2: braking in an emergency.
        lead_braking_mps2: hardest braking of the vehicle ahead.
        margin_m: distance to keep at standstill.
        safe_margin_m: further distance that the safe threshold adds.
    """

    reaction_s: float = 0.75
    comfort_mps2: float = 4.0
    braking_mps2: float = 6.0
    lead_braking_mps2: float = 7.0
    margin_m: float = 2.0
    safe_margin_m: float = 2.0


def graded(
    distance_m: Float[np.ndarray, "n"], safe_m: Float[np.ndarray, "n"], unsafe_m: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "n"]:
    """0 beyond `safe_m`, 1 within `unsafe_m`, linear between."""
    span = unsafe_m - safe_m
    between = (distance_m - safe_m) / np.where(span == 0.0, 1.0, span)
    return np.where(distance_m > safe_m, 0.0, np.where(distance_m < unsafe_m, 1.0, between))


def proactive(seen: Situation, p: FuzzyParameters) -> Float[np.ndarray, "n"]:
    """PFS, 0 (safe) to 1: whether the ego could still stop if the vehicle ahead braked as hard as it can."""
    v, w = seen.speed_mps, seen.other_speed_mps
    reached = v * p.reaction_s
    lead = w**2 / (2 * p.lead_braking_mps2)
    safe = reached + v**2 / (2 * p.comfort_mps2) - lead + p.safe_margin_m
    unsafe = reached + v**2 / (2 * p.braking_mps2) - lead
    return graded(seen.gap_m - p.margin_m, safe, unsafe)


def critical(seen: Situation, p: FuzzyParameters) -> Float[np.ndarray, "n"]:
    """CFS, 0 (safe) to 1: whether the ego avoids the vehicle ahead if that one keeps its speed."""
    v, w, a, t = seen.speed_mps, seen.other_speed_mps, seen.acceleration_mps2, p.reaction_s
    kept = np.maximum(a, -p.comfort_mps2)
    travelled = (v + kept * t / 2 - w) * t
    left = (v + kept * t - w) ** 2
    closing = graded(seen.gap_m, travelled + left / (2 * p.comfort_mps2), travelled + left / (2 * p.braking_mps2))
    slows = v + t * kept < w
    needed = (v - w) ** 2 / np.where(slows & (a != 0), np.abs(2 * a), 1.0)
    return np.where(v <= w, 0.0, np.where(slows, np.where(seen.gap_m < needed, 1.0, 0.0), closing))
