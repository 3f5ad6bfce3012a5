"""Plays the driver models on the published grids: point by point as the authors did, many cases side by side.

Steps of 0.1 s; in each the model judges, a new speed is chosen, and the place moves by the new speed. While nothing was
ever unsafe the ego keeps its speed; once it reacted it holds what it has whenever the situation is safe again. A crash
is an overlap of the boxes at a step; its kind is `SIDE` where the ego is already ahead.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from closed_loop.regulation.models import Braking, DriverModel
from closed_loop.regulation.situation import Danger, Situation

RATE_HZ = 10.0
LENGTH_M = 4.3
WIDTH_M = 1.9
NO_CRASH, SIDE, REAR_END = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Others:
    """The other vehicle of n cases at one step: place, velocity and length; every array has shape (n,)."""

    x_m: Float[np.ndarray, "n"]
    y_m: Float[np.ndarray, "n"]
    vx_mps: Float[np.ndarray, "n"]
    vy_mps: Float[np.ndarray, "n"]
    length_m: Float[np.ndarray, "n"]


@dataclass(slots=True, eq=False)
class Egos:
    """The running egos of n cases; arrays of shape (n,) that `step` replaces.

    Attributes:
        x_m: place along the lane.
        speed_mps: present speed.
        before_mps: speed one step before.
        wait_s: what is left of the reaction time.
        deceleration_mps2: how hard it brakes now.
        calm: whether nothing was unsafe yet.
        running: whether the case goes on.
        crash: `NO_CRASH`, `SIDE` or `REAR_END`, by the first overlap.
    """

    x_m: Float[np.ndarray, "n"]
    speed_mps: Float[np.ndarray, "n"]
    before_mps: Float[np.ndarray, "n"]
    wait_s: Float[np.ndarray, "n"]
    deceleration_mps2: Float[np.ndarray, "n"]
    calm: Bool[np.ndarray, "n"]
    running: Bool[np.ndarray, "n"]
    crash: Int[np.ndarray, "n"] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def egos_at(x_m: Float[np.ndarray, "n"], speed_mps: Float[np.ndarray, "n"], model: DriverModel) -> Egos:
    """Egos that drive freely."""
    n = len(x_m)
    return Egos(
        x_m.copy(), speed_mps.copy(), speed_mps.copy(), np.full(n, model.braking.wait_s), np.zeros(n),
        np.ones(n, dtype=bool), np.ones(n, dtype=bool), np.zeros(n, dtype=np.int64),
    )  # fmt: skip


def situation_of(egos: Egos, others: Others) -> Situation:
    """What the egos see; the egos are `LENGTH_M` by `WIDTH_M` at y = 0, the others as wide."""
    distance = np.abs(egos.x_m - others.x_m)
    return Situation(
        gap_m=distance - LENGTH_M / 2 - others.length_m / 2,
        lateral_gap_m=np.abs(others.y_m) - WIDTH_M / 2 - WIDTH_M / 2,
        center_distance_m=distance,
        length_m=LENGTH_M / 2 + others.length_m / 2,
        speed_mps=egos.speed_mps,
        other_speed_mps=others.vx_mps,
        approach_mps=-others.vy_mps,
        acceleration_mps2=(egos.speed_mps - egos.before_mps) * RATE_HZ,
        passed=egos.x_m > others.x_m,
    )


def reaction(egos: Egos, danger: Danger, style: Braking) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Speed, waiting time and deceleration of drivers who react during this step."""
    waits = egos.wait_s > 0
    grown = np.minimum(egos.deceleration_mps2 + style.jerk_mps3 / RATE_HZ, style.most_mps2)
    braked = np.where(waits, style.release_mps2, np.minimum(grown, danger.braking_mps2))
    speed = np.maximum(egos.speed_mps - braked / RATE_HZ, 0.0)
    return speed, np.where(waits, egos.wait_s - 1 / RATE_HZ, egos.wait_s), braked


def step(egos: Egos, others: Others, model: DriverModel, active: Bool[np.ndarray, "n"], *, triggered: bool) -> Danger:
    """Judges and moves the egos that are running and `active` by one step; notes who overlaps before the move."""
    seen = situation_of(egos, others)
    danger = model.judge(seen, triggered=triggered)
    now = egos.running & active
    reacts = now & danger.unsafe
    speed, wait, braked = reaction(egos, danger, model.braking)
    overlap = now & (seen.lateral_gap_m < 0) & (seen.gap_m < 0) & (egos.crash == NO_CRASH)
    egos.crash = np.where(overlap, np.where(seen.passed, SIDE, REAR_END), egos.crash)
    egos.before_mps = np.where(now, egos.speed_mps, egos.before_mps)
    egos.speed_mps = np.where(reacts, speed, egos.speed_mps)
    egos.wait_s = np.where(reacts, wait, egos.wait_s)
    egos.deceleration_mps2 = np.where(reacts, braked, egos.deceleration_mps2)
    egos.calm = egos.calm & ~reacts
    egos.x_m = np.where(now, egos.x_m + egos.speed_mps / RATE_HZ, egos.x_m)
    return danger
