"""Riders and people, slowly: the leaning pendulum on a grid of moments, powers, brakes, steps."""

import math

import numpy as np
from jaxtyping import Float

from sim_bridge.embedded.layout import GRAVITY


def upright_lean(times_s: Float[np.ndarray, "n"], across_mps2: Float[np.ndarray, "n"], height_m: float) -> np.ndarray:
    """Lean of a pendulum that never falls, linear: h phi'' = g phi - a_y, by central differences on equal steps.

    At both ends it is in balance: phi = a_y / g.
    """
    n, h = len(times_s), float(times_s[1] - times_s[0])
    k = height_m / (GRAVITY * h * h)
    matrix = np.diag(np.full(n, -2.0 * k - 1.0)) + np.diag(np.full(n - 1, k), 1) + np.diag(np.full(n - 1, k), -1)
    right = -across_mps2 / GRAVITY
    for end in (0, n - 1):
        matrix[end] = 0.0
        matrix[end, end], right[end] = 1.0, across_mps2[end] / GRAVITY
    return np.linalg.solve(matrix, right)


def steady_ride(power_w: float, grade: float, mass_kg: float, drag: float, rolling: float) -> float:
    """Speed at which a rider's power is used up, m/s: the root of P = v (drag v^2 + m g (c_r cos + sin)), bisected."""
    slope = math.atan(grade)
    weight = mass_kg * GRAVITY * (rolling * math.cos(slope) + math.sin(slope))
    low, high = 0.0, 200.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle * (drag * middle**2 + weight) < power_w:
            low = middle
        else:
            high = middle
    return low


def tipping_brake(length_m: float, height_m: float, grade: float) -> float:
    """Braking at which the rear wheel carries nothing, from the moments about the front contact, m/s^2.

    Inertia m a at the height h turns forwards, weight across the road times l back, weight down the road forwards.
    """
    slope = math.atan(grade)
    return GRAVITY * (math.cos(slope) * length_m + math.sin(slope) * height_m) / height_m


def walked(speed_mps: float, wish_mps: float, relaxation_s: float, time_s: float) -> float:
    """Speed after a time: v0 + (v - v0) exp(-t / tau)."""
    return wish_mps + (speed_mps - wish_mps) * math.exp(-time_s / relaxation_s)
