"""When sensors look, by whose clock, and when what they saw arrives."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of one sensor.

    Its own time is `true + offset_s + drift_ppm * 1e-6 * (true - start)`. What it saw at a moment arrives
    `latency_s` later, give or take the jitter, and never before it was seen.

    Attributes:
        rate_hz: looks per second; 0 for the rate of the rig.
        phase_s: time of the first look after the start of the rollout.
        latency_s: mean time from the look to the arrival.
        jitter_s: standard deviation of that time.
        offset_s: what its own clock is ahead of true time at the start.
        drift_ppm: how much faster it runs than true time, in parts per million.
    """

    rate_hz: float = 0.0
    phase_s: float = 0.0
    latency_s: float = 0.0
    jitter_s: float = 0.0
    offset_s: float = 0.0
    drift_ppm: float = 0.0


PERFECT_CLOCK = Clock()


def keeps_rig_time(clock: Clock) -> bool:
    """Whether a sensor looks whenever the rig does: its clock names neither a rate nor a phase."""
    return clock.rate_hz == 0.0 and clock.phase_s == 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """Every look of one sensor: the true moment, the moment that the sensor claims, the moment of arrival.

    Attributes:
        sensor: name in the rig.
        true_ns: when it looked, shape (N,).
        stamped_ns: when its own clock says that it looked, shape (N,).
        arrived_ns: true time at which it arrived, at least `true_ns`; -1 for a look that was lost; shape (N,).
    """

    sensor: str
    true_ns: Int[np.ndarray, "N"]
    stamped_ns: Int[np.ndarray, "N"]
    arrived_ns: Int[np.ndarray, "N"]
