"""How a drive feels: weighted accelerations and the motion sickness dose of ISO 2631-1.

The frequency weightings are the magnitudes of the standard's transfer functions (annex A): band limits, a transition
from acceleration to velocity and, for vertical and for sickness, an upward step. They are applied to the spectrum of
the whole drive up to its first contact, so that no filter has to settle.

    weighted r.m.s. = sqrt(mean a_w^2),   MSDV = sqrt(integral a_w^2 dt) in m/s^1.5

Horizontal motion is weighted with W_d for comfort. For sickness W_f is taken in the plane: the standard gives it for
the vertical axis only, and a planar simulator has no other motion.
"""

from enum import Enum

import numpy as np
from jaxtyping import Float

from closed_loop.metrics.collision import contacts
from closed_loop.metrics.comfort import raw_acceleration_mps2
from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale, not_applicable
from closed_loop.metrics.drive import Drive

_LEAST_MOMENTS = 5


class Weighting(Enum):
    """Frequency weightings of ISO 2631-1: f1, f2 (band), f3, f4, Q4 (transition), f5, Q5, f6, Q6 (step)."""

    VERTICAL = (0.4, 100.0, 12.5, 12.5, 0.63, 2.37, 0.91, 3.35, 0.91)
    HORIZONTAL = (0.4, 100.0, 2.0, 2.0, 0.63, None, None, None, None)
    SICKNESS = (0.08, 0.63, None, 0.25, 0.86, 0.0625, 0.80, 0.1, 0.80)


def weight(frequency_hz: Float[np.ndarray, "n"], weighting: Weighting) -> Float[np.ndarray, "n"]:
    """Magnitude of a weighting at each frequency; 0 at 0 Hz."""
    f1, f2, f3, f4, q4, f5, q5, f6, q6 = weighting.value
    f = np.asarray(frequency_hz, dtype=np.float64)
    band = np.sqrt(f**4 / (f**4 + f1**4)) * np.sqrt(f2**4 / (f**4 + f2**4))
    change = np.sqrt(f4**4 * q4**2 / _second_order(f, f4, q4))
    if f3 is not None:
        change = change * np.sqrt((f**2 + f3**2) / f3**2)
    if f5 is None or q5 is None or f6 is None or q6 is None:
        return band * change
    return band * change * (q6 / q5) * np.sqrt(_second_order(f, f5, q5) / _second_order(f, f6, q6))


def _second_order(f: np.ndarray, f0: float, q: float) -> np.ndarray:
    return f**4 * q**2 + f**2 * f0**2 * (1 - 2 * q**2) + f0**4 * q**2


def weighted(
    acceleration_mps2: Float[np.ndarray, "T *k"], step_s: float, weighting: Weighting
) -> Float[np.ndarray, "T *k"]:
    """The weighted signal, without phase; the signal is padded with as many zeros as it has samples."""
    count = len(acceleration_mps2)
    spectrum = np.fft.rfft(acceleration_mps2, n=2 * count, axis=0)
    gain = weight(np.fft.rfftfreq(2 * count, step_s), weighting)
    shaped = gain.reshape(-1, *([1] * (acceleration_mps2.ndim - 1)))
    return np.fft.irfft(spectrum * shaped, n=2 * count, axis=0)[:count]


def weighted_rms_mps2(acceleration_mps2: Float[np.ndarray, "T k"], step_s: float, weighting: Weighting) -> float:
    """Root of the mean square of the weighted acceleration, over all k axes together (root sum of squares)."""
    return float(np.sqrt(np.mean(np.sum(weighted(acceleration_mps2, step_s, weighting) ** 2, axis=-1))))


def motion_sickness_dose(
    acceleration_mps2: Float[np.ndarray, "T k"], step_s: float, weighting: Weighting = Weighting.SICKNESS
) -> float:
    """MSDV in m/s^1.5: root of the integral of the squared weighted acceleration, over all axes together."""
    return float(np.sqrt(step_s * np.sum(weighted(acceleration_mps2, step_s, weighting) ** 2)))


def _counted(drive: Drive) -> np.ndarray | None:
    found = contacts(drive)
    last = found[0].step if found else drive.num_steps
    return None if last < _LEAST_MOMENTS else raw_acceleration_mps2(drive)[:last]


_SHORT = "too few moments before a contact"


def ride_rms(drive: Drive) -> MetricValue:
    """Weighted r.m.s. of the horizontal acceleration."""
    values = _counted(drive)
    if values is None:
        return not_applicable(_SHORT)
    return MetricValue(weighted_rms_mps2(values, drive.step_s, Weighting.HORIZONTAL))


def plain_rms(drive: Drive) -> MetricValue:
    """Unweighted r.m.s. of the horizontal acceleration."""
    values = _counted(drive)
    if values is None:
        return not_applicable(_SHORT)
    return MetricValue(float(np.sqrt(np.mean(np.sum(values**2, axis=-1)))))


def sickness(drive: Drive) -> MetricValue:
    """MSDV of the horizontal acceleration."""
    values = _counted(drive)
    return not_applicable(_SHORT) if values is None else MetricValue(motion_sickness_dose(values, drive.step_s))


_ISO = "ISO 2631-1:1997, annex A and 6.1"
METRICS = (
    Metric("acceleration_rms", "1.0.0", "Acceleration r.m.s.", "m/s^2", Direction.LOWER_IS_BETTER, Scale.MEAN,
           "Root mean square", "Root mean square of the horizontal acceleration of the ego.", plain_rms),
    Metric("weighted_acceleration_rms", "1.0.0", "Weighted acceleration r.m.s.", "m/s^2", Direction.LOWER_IS_BETTER,
           Scale.MEAN, _ISO, "The same weighted for comfort with W_d.", ride_rms),
    Metric("motion_sickness_dose", "1.0.0", "Motion sickness dose", "m/s^1.5", Direction.LOWER_IS_BETTER, Scale.MEAN,
           "ISO 2631-1:1997, 9.1, applied in the plane", "MSDV of the horizontal acceleration, weighted with W_f.",
           sickness),
)  # fmt: skip
