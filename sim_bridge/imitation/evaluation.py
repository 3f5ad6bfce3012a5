"""How well a law of driving repeats what drivers in logs did: windows driven again, distance from the logged place."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from scenarios.concrete import Driver
from sim_bridge.embedded.imitation_kernels import BRAKES_MPS2, PUSHES_MPS2
from sim_bridge.imitation.samples import Windows, features, seen
from sim_bridge.imitation.weights import Weights

Seen = list[Float[np.ndarray, "N"]]
Law = Callable[[Float[np.ndarray, "N"], Float[np.ndarray, "N"], Seen], Float[np.ndarray, "N"]]


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors of a law over windows.

    Attributes:
        final_m: mean distance along the way from the logged place at the end of the windows.
        mean_m: the same over all moments.
        num_windows: how many.
    """

    final_m: float
    mean_m: float
    num_windows: int


def constant_velocity(speed: Float[np.ndarray, "N"], desired: Float[np.ndarray, "N"], around: Seen) -> np.ndarray:
    """Nobody changes speed."""
    return np.zeros_like(speed)


def idm_law(driver: Driver) -> Law:
    """IDM with the parameters of a driver, behind the leader."""
    a, b = driver.max_acceleration_mps2, driver.comfortable_deceleration_mps2

    def law(speed: Float[np.ndarray, "N"], desired: Float[np.ndarray, "N"], around: Seen) -> np.ndarray:
        gap, lead = around[0], around[1]
        wish = speed * driver.time_headway_s + speed * (speed - lead) / (2.0 * np.sqrt(a * b))
        taken = np.where(np.isfinite(gap), (driver.min_gap_m + np.maximum(wish, 0.0)) / np.maximum(gap, 0.1), 0.0)
        return np.maximum(np.maximum(a * (1.0 - (speed / desired) ** 4), -b) - a * taken**2, -8.0)

    return law


def learned_law(weights: Weights) -> Law:
    """The network, held to what a driver asks of a vehicle."""

    def law(speed: Float[np.ndarray, "N"], desired: Float[np.ndarray, "N"], around: Seen) -> np.ndarray:
        found = weights.acceleration(features(speed, desired, *around))
        return np.clip(found, -BRAKES_MPS2, PUSHES_MPS2)

    return law


def driven(windows: Windows, law: Law) -> Float[np.ndarray, "N K"]:
    """Places along their ways of drivers who follow a law from the first moment of each window."""
    s, v = windows.s_m[:, 0].copy(), np.maximum(windows.speed_mps[:, 0], 0.0)
    places = [s.copy()]
    for k in range(windows.s_m.shape[1] - 1):
        accel = law(v, windows.desired_mps, seen(windows, k, s))
        end = np.maximum(v + accel * windows.step_s, 0.0)
        s = s + 0.5 * (v + end) * windows.step_s
        v = end
        places.append(s.copy())
    return np.stack(places, axis=-1)


def errors_of(windows: Windows, law: Law) -> Errors:
    """Errors of a law over windows."""
    away = np.abs(driven(windows, law) - windows.s_m)
    return Errors(float(away[:, -1].mean()), float(away[:, 1:].mean()), len(windows))


def split(windows: Windows, share: float = 0.3) -> tuple[Windows, Windows]:
    """Windows to learn from and windows held out, apart by vehicle: every vehicle is on one side only."""
    every = max(round(1.0 / share), 2)
    held = windows.vehicle % every == 0
    return windows.picked(~held), windows.picked(held)
