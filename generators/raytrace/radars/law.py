"""The radar equation, detection and accuracy.

SNR = SNR_ref sigma (100 m / R)^4 G^2 L, SNR_ref that of 1 m^2 at 100 m on the axis, G^2 the two-way antenna pattern
(Gaussian, a quarter at the edge of the field of view), L the loss to rain on the way there and back: Recommendation
ITU-R P.838-3, gamma = k rate^a dB/km. Fog and dust take less than 0.5 dB/km at 77 GHz (ITU-R P.840) and are left out.

Detection (square law, one look, Swerling 1): a cell holds z ~ Exp(1 + SNR), the threshold is -ln P_fa, so that
P_d = P_fa^(1 / (1 + SNR)) (P. Swerling, RAND RM-1217, 1954). A value measured with resolution d has the standard
deviation d / sqrt(2 SNR) (M. I. Skolnik, Introduction to Radar Systems, accuracy of estimates).
"""

import numpy as np
from jaxtyping import Float

from driving_data.sensors import RadarModel

REFERENCE_M = 100.0

# ITU-R P.838-3, tables 1 and 3 (horizontal polarization): a_j, b_j, c_j, then m and c.
_K = ((-5.33980, -0.10008, 1.13098), (-0.35351, 1.26970, 0.45400), (-0.23789, 0.86036, 0.15354),
      (-0.94158, 0.64552, 0.16817))  # fmt: skip
_K_LINE = (-0.18961, 0.71147)
_A = ((-0.14318, 1.82442, -0.55187), (0.29591, 0.77564, 0.19822), (0.32177, 0.63773, 0.13164),
      (-5.37610, -0.96230, 1.47828), (16.1721, -3.29980, 3.43990))  # fmt: skip
_A_LINE = (0.67849, -1.95537)


def rain_loss_db_per_km(rate_mmph: float, frequency_hz: float) -> float:
    """Specific attenuation by rain, one way (ITU-R P.838-3, horizontal polarization, 1 to 1000 GHz)."""
    if rate_mmph <= 0.0:
        return 0.0
    f = np.log10(frequency_hz * 1e-9)
    k = 10.0 ** (sum(a * np.exp(-(((f - b) / c) ** 2)) for a, b, c in _K) + _K_LINE[0] * f + _K_LINE[1])
    alpha = sum(a * np.exp(-(((f - b) / c) ** 2)) for a, b, c in _A) + _A_LINE[0] * f + _A_LINE[1]
    return float(k * rate_mmph**alpha)


def pattern(
    model: RadarModel, azimuth_rad: Float[np.ndarray, "*n"], elevation_rad: Float[np.ndarray, "*n"]
) -> Float[np.ndarray, "*n"]:
    """Two-way gain against the axis."""
    off = (2.0 * azimuth_rad / model.horizontal_fov_rad) ** 2 + (2.0 * elevation_rad / model.vertical_fov_rad) ** 2
    return np.asarray(np.exp(-np.log(4.0) * off))


def mean_snr(
    model: RadarModel, rcs_m2: Float[np.ndarray, "*n"], range_m: Float[np.ndarray, "*n"], rain_mmph: float = 0.0
) -> Float[np.ndarray, "*n"]:
    """Mean signal-to-noise ratio (a power ratio) of a target on the axis."""
    loss_db = 2e-3 * rain_loss_db_per_km(rain_mmph, model.frequency_hz) * range_m
    reference = 10.0 ** (0.1 * (model.reference_snr_db - loss_db))
    return np.asarray(reference * rcs_m2 * (REFERENCE_M / range_m) ** 4)


def detection_probability(snr: Float[np.ndarray, "*n"], false_alarm_rate: float) -> Float[np.ndarray, "*n"]:
    """P_d of a Swerling 1 target of that mean signal-to-noise ratio."""
    return np.asarray(false_alarm_rate ** (1.0 / (1.0 + snr)))


def cell_powers(snr: Float[np.ndarray, "n"], rng: np.random.Generator) -> Float[np.ndarray, "n"]:
    """What cells of that mean signal-to-noise ratio hold at one look, in units of the noise: Exp(1 + SNR)."""
    return (1.0 + snr) * rng.standard_exponential(len(snr))


def folded(rate_mps: Float[np.ndarray, "*n"], max_speed_mps: float) -> Float[np.ndarray, "*n"]:
    """The range rate that the radar reads: beyond plus or minus the largest it folds back."""
    return np.asarray((rate_mps + max_speed_mps) % (2.0 * max_speed_mps) - max_speed_mps)


def accuracy(resolution: float, snr: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Standard deviation of an estimate of that resolution."""
    return np.asarray(resolution / np.sqrt(2.0 * snr))


def num_cells(model: RadarModel) -> int:
    """Cells of the range-Doppler map, each of which may raise a false alarm."""
    ranges = int(np.ceil(model.max_range_m / model.range_resolution_m))
    return ranges * int(np.ceil(2.0 * model.max_speed_mps / model.speed_resolution_mps))
