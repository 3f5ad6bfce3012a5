"""Signals of motion and nearness: jerk, hard braking, time to collision, headway, required deceleration."""

import numpy as np

from closed_loop.metrics.comfort import motion_of
from closed_loop.metrics.proximity import (
    box_time_to_collision_s,
    leader_gap_m,
    longitudinal_time_to_collision_s,
    required_deceleration_mps2,
)
from closed_loop.rules.definition import Need, PredicateDefinition
from closed_loop.rules.view import View

HARD_MPS2 = -3.92
MINUTE_S = 60.0


def _headway(view: View) -> np.ndarray:
    """Gap over speed; +inf without a leader or at a standstill."""
    gap, _ = leader_gap_m(view.drive)
    speed = view.drive.speed_mps
    moves = speed > view.parameters.standstill_mps
    return np.where(moves, gap / np.where(moves, speed, 1.0), np.inf)


def _leader_ttc(view: View) -> np.ndarray:
    gap, lead = leader_gap_m(view.drive)
    return longitudinal_time_to_collision_s(gap, view.drive.speed_mps, lead)


def _required(view: View) -> np.ndarray:
    gap, lead = leader_gap_m(view.drive)
    return required_deceleration_mps2(gap, view.drive.speed_mps, lead)


def _hard_brakes(view: View) -> np.ndarray:
    """How often the ego began to brake hard within the minute that ends at each moment."""
    hard = motion_of(view.drive).longitudinal_mps2 < HARD_MPS2
    begins = np.cumsum(hard & ~np.concatenate([[False], hard[:-1]]))
    time = view.drive.time_s
    before = np.searchsorted(time, time - MINUTE_S + 1e-9)
    return (begins - np.concatenate([[0], begins])[before]).astype(np.float64)


_D = PredicateDefinition
_FILTERED = (Need.MOTION,)

PREDICATES = (
    _D("time_to_collision", "s", 1.0, "Exact time until the boxes touch at constant velocity; +inf where they do not.",
       {"ego,*": lambda v: box_time_to_collision_s(v.drive)}, ()),
    _D("leader_time_to_collision", "s", 1.0, "Gap over closing speed to the leader on the driven path.",
       {"ego": _leader_ttc}, ()),
    _D("time_headway", "s", 1.0, "Gap to the leader on the driven path over the ego's speed.", {"ego": _headway}, ()),
    _D("required_deceleration", "m/s^2", 2.0, "(v - v_lead)^2 / (2 gap) to the leader on the driven path.",
       {"ego": _required}, ()),
    _D("longitudinal_jerk", "m/s^3", 2.0, "Filtered jerk along the heading, as in the comfort metric.",
       {"ego": lambda v: motion_of(v.drive).longitudinal_jerk_mps3}, _FILTERED),
    _D("jerk", "m/s^3", 2.0, "Filtered rate of change of the magnitude of acceleration, as in the comfort metric.",
       {"ego": lambda v: motion_of(v.drive).jerk_mps3}, _FILTERED),
    _D("hard_brakes_per_minute", "1/min", 1.0, "Times that the filtered acceleration fell below -3.92 m/s^2 within the "
       "last minute.", {"ego": _hard_brakes}, _FILTERED),
)  # fmt: skip
