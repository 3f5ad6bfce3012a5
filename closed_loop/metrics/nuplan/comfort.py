"""Comfort as nuPlan judges it: six filtered quantities, each strictly within its bounds at every frame.

Filters are Savitzky-Golay with polynomial order 2 and the fit carried on to the ends: acceleration at the box centre
window 8; jerk = derivative with window 15 of that; "jerk magnitude" = derivative of |a| (not |da/dt|); yaw rate =
derivative of the unwrapped heading with window 5; yaw acceleration = second derivative with window 5, order 3.
A window of 8 is even: it covers three samples before its frame and four after, and the polynomial is read at its
middle, half a sample late (the convention of scipy; older releases refused even windows).
Windows are samples at 10 Hz, the rate of the definition; at another rate they keep their length in seconds.
Source: nuplan-devkit e924167, ego_is_comfortable and state_extractors.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.metrics.smoothing import savitzky_golay

RATE_HZ = 10.0


@dataclass(frozen=True, slots=True)
class Windows:
    """Lengths of the filters in samples at 10 Hz; 0 stands for the whole signal."""

    acceleration: int = 8
    jerk: int = 15
    yaw: int = 5


NUPLAN_WINDOWS = Windows()


@dataclass(frozen=True, slots=True)
class Quantity:
    """One of the six: its name, unit and open bounds."""

    name: str
    unit: str
    low: float
    high: float


QUANTITIES = (
    Quantity("longitudinal_acceleration", "m/s^2", -4.05, 2.40),
    Quantity("lateral_acceleration", "m/s^2", -4.89, 4.89),
    Quantity("jerk_magnitude", "m/s^3", -8.37, 8.37),
    Quantity("longitudinal_jerk", "m/s^3", -4.13, 4.13),
    Quantity("yaw_rate", "rad/s", -0.95, 0.95),
    Quantity("yaw_acceleration", "rad/s^2", -1.93, 1.93),
)


def filtered(
    values: Float[np.ndarray, "*batch T"], step_s: float, window: int, order: int = 2, derivative: int = 0
) -> Float[np.ndarray, "*batch T"]:
    """Savitzky-Golay along the last axis; the window is shortened to the signal where that is shorter.

    Raises:
        ValueError: there are too few samples for the order.
    """
    count = values.shape[-1]
    length = min(round(window / (RATE_HZ * step_s)), count) if window else count
    length = max(length, min(order + 1, count))
    if order >= length:
        raise ValueError(f"a filter of order {order} needs more than {order} samples, there are {count}")
    return savitzky_golay(values, length, order, derivative, step_s)


def motion(
    acceleration_mps2: Float[np.ndarray, "*batch T 2"],
    yaw_rad: Float[np.ndarray, "*batch T"],
    step_s: float,
    windows: Windows = Windows(),
) -> dict[str, Float[np.ndarray, "*batch T"]]:
    """The six filtered quantities by name.

    Args:
        acceleration_mps2: of the box centre in the vehicle's axes (forward, left).
        yaw_rad: heading, wrapped or not.
        step_s: time between samples.
        windows: of the filters.
    """
    ahead = filtered(acceleration_mps2[..., 0], step_s, windows.acceleration)
    size = filtered(np.hypot(acceleration_mps2[..., 0], acceleration_mps2[..., 1]), step_s, windows.acceleration)
    heading = np.unwrap(yaw_rad, axis=-1)
    return {
        "longitudinal_acceleration": ahead,
        "lateral_acceleration": filtered(acceleration_mps2[..., 1], step_s, windows.acceleration),
        "jerk_magnitude": filtered(size, step_s, windows.jerk, derivative=1),
        "longitudinal_jerk": filtered(ahead, step_s, windows.jerk, derivative=1),
        "yaw_rate": filtered(heading, step_s, windows.yaw, derivative=1),
        "yaw_acceleration": filtered(heading, step_s, windows.yaw, order=3, derivative=2),
    }


def within(quantity: Quantity, values: Float[np.ndarray, "*batch T"]) -> Bool[np.ndarray, "*batch"]:
    """Whether every value lies strictly between the bounds."""
    return np.asarray(np.all((values > quantity.low) & (values < quantity.high), axis=-1))


def comfortable(values: dict[str, Float[np.ndarray, "*batch T"]]) -> Bool[np.ndarray, "*batch"]:
    """Whether all six quantities hold at every frame."""
    return np.asarray(np.all([within(quantity, values[quantity.name]) for quantity in QUANTITIES], axis=0))
