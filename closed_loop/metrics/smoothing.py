"""Savitzky-Golay filtering of many short signals: `scipy.signal.savgol_filter(mode="interp")`, prepared once.

The filter is linear. Inside it is a convolution; at both ends, half a window long, the polynomial fitted to the
outermost window is read off, which is a fixed matrix for each window, order and derivative. scipy fits it anew at
every call, which for signals of a hundred samples is nearly all the work. Equal to scipy to rounding.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.ndimage import convolve1d
from scipy.signal import savgol_coeffs


def savitzky_golay(
    values: Float[np.ndarray, "*batch T"], window: int, order: int, derivative: int = 0, step_s: float = 1.0
) -> Float[np.ndarray, "*batch T"]:
    """Values, or a derivative of them, of the polynomials fitted to a sliding window along the last axis.

    Args:
        values: equally spaced samples.
        window: samples of the window, even or odd; a window of even length is read half a sample late, as in scipy.
        order: of the polynomial.
        derivative: 0 for the values.
        step_s: time between samples.

    Raises:
        ValueError: the window is longer than the signal, or not longer than the order.
    """
    if not order < window <= values.shape[-1]:
        raise ValueError(f"a window of {window} samples must exceed the order {order} and fit {values.shape[-1]}")
    signal = np.asarray(values, dtype=np.float64)
    inside, first, last = _weights(window, order, derivative, step_s)
    made = convolve1d(signal, inside, axis=-1, mode="constant")
    half = window // 2
    made[..., :half] = np.einsum("...w,hw->...h", signal[..., :window], first)
    made[..., signal.shape[-1] - half :] = np.einsum("...w,hw->...h", signal[..., -window:], last)
    return made


@lru_cache(maxsize=64)
def _weights(window: int, order: int, derivative: int, step_s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the convolution, and of the samples of the outermost windows for each sample of the two ends."""
    inside = np.asarray(savgol_coeffs(window, order, deriv=derivative, delta=step_s))
    place = np.arange(window, dtype=np.float64)
    # Read at places counted from the middle of the window, where the powers are small and the fit is well posed.
    middle = 0.5 * (window - 1)
    scale = max(middle, 1.0)
    fit = np.linalg.pinv(np.vander((place - middle) / scale, order + 1, increasing=True))
    read = np.zeros((window, order + 1))
    for power in range(derivative, order + 1):
        factor = float(np.prod(np.arange(power - derivative + 1, power + 1, dtype=np.float64)))
        read[:, power] = factor * ((place - middle) / scale) ** (power - derivative) / (scale * step_s) ** derivative
    ends = read @ fit
    half = window // 2
    return inside, ends[:half], ends[window - half :]
