"""Which echoes a lidar's detector notices.

The power of an echo is P = rho cos(theta) e^{-2 alpha R} / R^2. The detector adds Gaussian noise of standard
deviation s and notices what exceeds k s, so that the chance is Phi(k (P / T - 1)) with T = k s the threshold. k = 6:
noise alone exceeds it once in 10^9 samples. T follows from the range that the maker states for a dark target: 90 % of
the pulses see 10 % reflectivity at `LidarModel.dark_range_m`.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import ndtr, ndtri

from driving_data.sensors import LidarModel

NOISE_RATIO = 6.0
_DARK_TARGET = 0.1
_SEEN = 0.9


def threshold(model: LidarModel) -> float:
    """The power that half of the pulses notice, in units of rho / m^2."""
    if model.dark_range_m > 0.0:
        return float(_DARK_TARGET / model.dark_range_m**2 / (1.0 + ndtri(_SEEN) / NOISE_RATIO))
    return float(_DARK_TARGET / (2.0 * model.max_range_m) ** 2)


def power_of(echo: Float[np.ndarray, "*n"], distance_m: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """What arrives of an echo of that strength."""
    return echo / np.square(distance_m)


def detection_chance(
    echo: Float[np.ndarray, "*n"], distance_m: Float[np.ndarray, "*n"], model: LidarModel
) -> Float[np.ndarray, "*n"]:
    """Chance that an echo rho cos(theta) e^{-2 alpha R} at that range is noticed."""
    return np.asarray(ndtr(NOISE_RATIO * (power_of(echo, distance_m) / threshold(model) - 1.0)))


def noticed(
    power: Float[np.ndarray, "*n"], noise: Float[np.ndarray, "*n"], model: LidarModel
) -> Bool[np.ndarray, "*n"]:
    """Whether each power and its standard normal noise together exceed the threshold; powers of 0 never do."""
    return (power > 0.0) & (power / threshold(model) + noise / NOISE_RATIO > 1.0)
