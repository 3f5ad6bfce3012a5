"""How late one may still react: time to brake, to kick down, to steer, found by search along a planned trajectory.

The ego follows its plan until it reacts at one of the plan's moments, and then keeps the plan's path with full braking
(TTB) or full acceleration (TTK), or its speed with a full swerve to the left or right (TTS). TTX is the latest such
moment from which no box of anyone else, at its own predicted or real place, is touched until the end of the plan. TTR
is the greatest of the three. TTC* is the first contact along the plan itself: inf without one, and then every TTX is
inf too; where no reaction helps, TTX is -inf.

Source: Tamke, Dang and Breuel, IEEE IV (2011). Limits after CommonRoad-CriMe, whose point mass is bounded to 8 m/s^2 on
each axis of the map: braking 8, kick-down min(8, 11.5 v_s / v) with v_s = 7.319 m/s, lateral 8, all at once (a bound of
the jerk may be set). Every moment is tried instead of a binary search, which needs that success at one moment implies
success before it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.metrics.boxes import overlap_m


@dataclass(frozen=True, slots=True)
class Limits:
    """What the ego can do at most.

    Attributes:
        braking_mps2: full braking.
        kickdown_mps2: bound of the acceleration.
        power_mps2: acceleration at and below the switching speed; falls with 1 / v above.
        switching_speed_mps: where the engine's power begins to bound.
        lateral_mps2: of a swerve.
        jerk_mps3: growth of braking and kick-down; unbounded by default.
        swerve_m: lateral offset of a swerve: there and no farther.
        max_speed_mps: top speed.
    """

    braking_mps2: float = 8.0
    kickdown_mps2: float = 8.0
    power_mps2: float = 11.5
    switching_speed_mps: float = 7.319
    lateral_mps2: float = 8.0
    jerk_mps3: float = float("inf")
    swerve_m: float = 3.5
    max_speed_mps: float = 50.8


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The ego's planned trajectory at H evenly spaced moments.

    Attributes:
        step_s: between moments.
        center_m: shape (H, 2).
        yaw_rad: shape (H,).
        speed_mps: shape (H,).
        size_m: length and width.
    """

    step_s: float
    center_m: Float[np.ndarray, "H 2"]
    yaw_rad: Float[np.ndarray, "H"]
    speed_mps: Float[np.ndarray, "H"]
    size_m: Float[np.ndarray, "2"]


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """Everyone else at the same moments: centres (H, N, 2), headings (H, N), sizes (N, 2), presence (H, N)."""

    center_m: Float[np.ndarray, "H N 2"]
    yaw_rad: Float[np.ndarray, "H N"]
    size_m: Float[np.ndarray, "N 2"]
    valid: Bool[np.ndarray, "H N"]


@dataclass(frozen=True, slots=True)
class ReactionTimes:
    """Times from the plan's first moment, in seconds; inf where nothing threatens, -inf where nothing helps."""

    ttc_star_s: float
    brake_s: float
    kickdown_s: float
    steer_s: float

    @property
    def react_s(self) -> float:
        """TTR: the latest moment at which any of the three still helps."""
        return max(self.brake_s, self.kickdown_s, self.steer_s)


def first_contact_s(plan: Plan, traffic: Traffic) -> float:
    """TTC*: first moment of the plan at which its box overlaps another; inf without one."""
    hit = _hits(plan.center_m, plan.yaw_rad, plan, traffic)
    return float(np.argmax(hit)) * plan.step_s if hit.any() else float("inf")


def reaction_times(plan: Plan, traffic: Traffic, limits: Limits | None = None) -> ReactionTimes:
    """TTC*, TTB, TTK, TTS by exhaustive search over the moments before the contact."""
    limits = limits or Limits()
    contact = first_contact_s(plan, traffic)
    if not np.isfinite(contact):
        return ReactionTimes(contact, contact, contact, contact)
    last = round(contact / plan.step_s)
    brake, kick, steer = (float("-inf"),) * 3
    for start in range(last):
        time = start * plan.step_s
        if not _hits(*_longitudinal(plan, start, limits, True), plan, traffic).any():
            brake = time
        if not _hits(*_longitudinal(plan, start, limits, False), plan, traffic).any():
            kick = time
        if any(not _hits(*_swerve(plan, start, limits, side), plan, traffic).any() for side in (1.0, -1.0)):
            steer = time
    return ReactionTimes(contact, brake, kick, steer)


def _hits(center_m: np.ndarray, yaw_rad: np.ndarray, plan: Plan, traffic: Traffic) -> np.ndarray:
    """Whether the ego overlaps anyone at each moment, shape (H,); touching without depth is no contact."""
    depth = overlap_m(
        center_m[:, None], yaw_rad[:, None], plan.size_m, traffic.center_m, traffic.yaw_rad, traffic.size_m
    )
    return np.asarray(((np.where(np.isnan(depth), -1.0, depth) > 0) & traffic.valid).any(axis=1))


def _longitudinal(plan: Plan, start: int, limits: Limits, brake: bool) -> tuple[np.ndarray, np.ndarray]:
    """The path of the plan driven with full braking or acceleration from `start` on."""
    step = plan.step_s
    along = _way_m(plan)
    s, speed, acceleration = float(along[start]), float(plan.speed_mps[start]), 0.0
    places = along[: start + 1].tolist()
    for _ in range(start + 1, len(along)):
        power = limits.power_mps2 * min(1.0, limits.switching_speed_mps / max(speed, 1e-6))
        wanted = -limits.braking_mps2 if brake else min(limits.kickdown_mps2, power)
        change = limits.jerk_mps3 * step
        acceleration = min(max(wanted, acceleration - change), acceleration + change)
        following = min(max(speed + acceleration * step, 0.0), limits.max_speed_mps)
        s += 0.5 * (speed + following) * step
        speed = following
        places.append(s)
    return _on_path(plan, along, np.array(places))


def _swerve(plan: Plan, start: int, limits: Limits, side: float) -> tuple[np.ndarray, np.ndarray]:
    """The plan with a lateral offset that grows with full acceleration, turns at half and ends at `swerve_m`."""
    time = np.maximum(np.arange(len(plan.yaw_rad)) - start, 0) * plan.step_s
    half = np.sqrt(limits.swerve_m / limits.lateral_mps2)
    out = 0.5 * limits.lateral_mps2 * time**2
    back = limits.swerve_m - 0.5 * limits.lateral_mps2 * np.maximum(2 * half - time, 0.0) ** 2
    offset = side * np.where(time < half, out, back)
    rate = side * limits.lateral_mps2 * np.where(time < half, time, np.maximum(2 * half - time, 0.0))
    left = np.stack([-np.sin(plan.yaw_rad), np.cos(plan.yaw_rad)], axis=-1)
    turn = np.where(time > 0, np.arctan2(rate, np.maximum(plan.speed_mps, 1e-3)), 0.0)
    return plan.center_m + offset[:, None] * left, plan.yaw_rad + turn


def _way_m(plan: Plan) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(plan.center_m, axis=0).T))])


def _on_path(plan: Plan, along: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres and headings at places on the plan's path, which goes on straight beyond its end."""
    center = np.stack([np.interp(places, along, plan.center_m[:, axis]) for axis in (0, 1)], axis=-1)
    yaw = np.interp(places, along, np.unwrap(plan.yaw_rad))
    beyond = np.maximum(places - along[-1], 0.0)
    return center + beyond[:, None] * np.stack([np.cos(yaw), np.sin(yaw)], axis=-1), yaw
