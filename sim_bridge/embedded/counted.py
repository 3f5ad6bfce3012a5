"""Counter-based draws for arrays: each number is a function of the seed, a purpose and its counters, nothing else.

A chain of the finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA
2014) over the counters. So a station that comes or goes, another batch or another order leaves all other draws alone.
"""

from enum import IntEnum

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

_GOLDEN, _ONE, _TWO = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_MASK = (1 << 64) - 1


class Purpose(IntEnum):
    """What a draw is for; each has a stream of its own."""

    EQUIPPED = 1
    PHASE = 2
    SHADOW = 3
    BLOCKAGE = 4
    FADING = 5
    LOSS = 6
    COLLISION = 7
    LATENCY = 8
    GNSS_BIAS = 20
    GNSS_MULTIPATH = 21
    GNSS_NOISE = 22
    GNSS_HEADING = 23
    GNSS_SPEED = 24
    WHEEL_SCALE = 30
    WHEEL_NOISE = 31
    GYRO_BIAS = 32
    GYRO_WALK = 33
    GYRO_NOISE = 34


def uniforms(seed: int, purpose: Purpose, *counters: np.ndarray | int) -> Float[np.ndarray, "..."]:
    """Numbers in (0, 1), one for each element of the counters as numpy broadcasts them."""
    # Unsigned arithmetic wraps, as the function wants; numpy warns of it for single numbers only.
    with np.errstate(over="ignore"):
        state = _mix(np.uint64(seed & _MASK) ^ (np.uint64(int(purpose)) * _GOLDEN))
        for counter in counters:
            given = np.asarray(counter, dtype=np.int64).astype(np.uint64)
            state = _mix(state ^ (given * _GOLDEN + _GOLDEN))
    return np.asarray(((state >> _S11).astype(np.float64) + 0.5) * 2.0**-53)


def normals(seed: int, purpose: Purpose, *counters: np.ndarray | int) -> Float[np.ndarray, "..."]:
    """Standard normal numbers, by the inverse of the distribution function."""
    return np.asarray(ndtri(uniforms(seed, purpose, *counters)))


def _mix(values: np.ndarray | np.uint64) -> np.ndarray:
    values = np.asarray(values + _GOLDEN, dtype=np.uint64)
    values = (values ^ (values >> _S30)) * _ONE
    values = (values ^ (values >> _S27)) * _TWO
    return np.asarray(values ^ (values >> _S31))
