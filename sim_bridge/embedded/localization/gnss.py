"""Satellite fixes: slow bias, noise, multipath between buildings, outages, latency.

error = bias + noise + exposure * multipath, for east, north and up each (up 1.6 times as large: the ratio of the
vertical to the horizontal accuracy standard, 13 m to 8 m, of the GPS SPS Performance Standard, 5th edition, 2020).

bias       first-order Gauss-Markov of 1800 s, as satellite clock, orbit and ionosphere leave (Groves, Principles of
           GNSS, Inertial, and Multisensor Integrated Navigation Systems, 2nd ed. 2013, 9.3.1): b' = e^(-h/T) b +
           sqrt(1 - e^(-2h/T)) s n. It begins in its stationary law, so that it neither grows without bound nor
           averages out over a scenario. Four fifths of the variance, the choice made here.
noise      white, the other fifth.
multipath  first-order Gauss-Markov of 5 s, times the share of the horizon that buildings within 30 m hide.

Heading comes from two antennas, speed from Doppler; both are white. Under a tunnel and during an outage there is no
fix, and the bias goes on meanwhile.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from driving_data.positioning import exposure, gauss_markov, inside
from sim_bridge.embedded.counted import Purpose, normals
from sim_bridge.embedded.localization.plan import PositioningPlan

BIAS_TIME_S, BIAS_SHARE, MULTIPATH_TIME_S = 1800.0, 0.8, 5.0
HEADING_RAD, SPEED_MPS = np.deg2rad(0.2), 0.05
AXES = np.array([1.0, 1.0, 1.6])


@dataclass(frozen=True, slots=True, eq=False)
class Fix:
    """One fix; None in place of it where satellites are not seen.

    Attributes:
        time_s: moment of which it tells.
        position_m: shape (3,).
        heading_rad: measured.
        speed_mps: measured.
        covariance: of (east, north, up, heading, speed), shape (5, 5).
    """

    time_s: float
    position_m: Float[np.ndarray, "3"]
    heading_rad: float
    speed_mps: float
    covariance: Float[np.ndarray, "5 5"]


@dataclass(slots=True)
class Receiver:
    """A satellite receiver: `measure` makes the fixes, one after the other, number 0 first."""

    plan: PositioningPlan
    number: int = 0
    bias: Float[np.ndarray, "3"] = field(default_factory=lambda: np.zeros(3))
    reflected: Float[np.ndarray, "3"] = field(default_factory=lambda: np.zeros(3))

    def measure(
        self, time_s: float, position_m: Float[np.ndarray, "3"], heading_rad: float, speed_mps: float
    ) -> Fix | None:
        """The fix of a moment, from the true pose of the rear axle; None in a tunnel or during an outage."""
        plan, number, axes = self.plan, self.number, np.arange(3)
        self.number += 1
        gap = 1.0 / plan.rate_hz
        self.bias = gauss_markov(
            self.bias, normals(plan.seed, Purpose.GNSS_BIAS, number, axes), gap / BIAS_TIME_S, number == 0
        )
        self.reflected = gauss_markov(
            self.reflected, normals(plan.seed, Purpose.GNSS_MULTIPATH, number, axes), gap / MULTIPATH_TIME_S,
            number == 0,
        )  # fmt: skip
        if plan.outage_s[0] <= time_s < plan.outage_s[1] or inside(position_m[:2], plan.tunnels):
            return None
        spread = AXES * plan.accuracy_m
        hidden = AXES * plan.multipath_m * exposure(position_m[:2], plan.obstacles)
        noise = normals(plan.seed, Purpose.GNSS_NOISE, number, axes)
        error = spread * (np.sqrt(BIAS_SHARE) * self.bias + np.sqrt(1.0 - BIAS_SHARE) * noise) + hidden * self.reflected
        turn = HEADING_RAD * float(normals(plan.seed, Purpose.GNSS_HEADING, number))
        faster = SPEED_MPS * float(normals(plan.seed, Purpose.GNSS_SPEED, number))
        stated = np.diag([*(spread**2 + hidden**2), HEADING_RAD**2, SPEED_MPS**2])
        return Fix(time_s, position_m + error, wrapped(heading_rad + turn), speed_mps + faster, stated)


def wrapped(angle_rad: float) -> float:
    """The angle in (-pi, pi]."""
    return float(np.arctan2(np.sin(angle_rad), np.cos(angle_rad)))
