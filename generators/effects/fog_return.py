"""What fog sends back to a lidar: the soft return beside the hard one of the target.

After M. Hahner et al., "Fog simulation on real lidar point clouds", ICCV 2021, and R. H. Rasshofer et al., Adv. Radio
Sci. 9, 49 (2011). A pulse sin^2(pi t / (2 tau)), 0 <= t <= 2 tau, meets a target at R0 and the droplets before it:

    hard  P(R) = C beta_0 e^{-2 alpha R0} / R0^2 sin^2(pi (R - R0) / (c tau)),             R0 <= R <= R0 + c tau
    soft  P(R) = C beta int_0^{2 tau} sin^2(pi t / (2 tau)) e^{-2 alpha r} xi(r) / r^2 U(R0 - r) dt,   r = R - c t / 2

with the overlap xi of transmitter and receiver rising from 0 at 0.9 m to 1 at 1 m, alpha = ln 20 / MOR,
beta = 0.046 / MOR, tau = 20 ns, and beta_0 = rho cos(theta) 1e-6 / pi for a target of reflectivity rho (Hahner's
differential reflectivity, taken for a white one met squarely). Here powers are divided by C 1e-6 / pi, so that the
hard return peaks at rho cos(theta) e^{-2 alpha R0} / R0^2, as everywhere else in this package.

In r the soft integral is (2 / c) int sin^2(pi (R - r) / (c tau)) e^{-2 alpha r} xi(r) / r^2 dr. With
sin^2 x = (1 - cos 2x) / 2 it is a sum of int e^{-z r} / r^2 dr = E2(z r) / r and of int e^{-z r} / r dr = E1(z r),
z = 2 alpha and 2 alpha + 2 pi i / (c tau): exponential integrals, a closed form (`soft_closed_form`). Renders read the
largest P over R and its place from a table by R0 (`SoftReturn`).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.special import exp1

from generators.effects.atmosphere import LN_20

LIGHT_MPS = 299_792_458.0
PULSE_S = 20.0e-9
OVERLAP_M = (0.9, 1.0)
TARGET = 1.0e-6 / np.pi
_REACH_M = LIGHT_MPS * PULSE_S
_FAR_M = 40.0


def backscatter(alpha_per_m: float) -> float:
    """Backscatter coefficient beta of fog from its extinction: 0.046 / MOR, MOR = ln 20 / alpha."""
    return 0.046 * alpha_per_m / LN_20


def hard_return(alpha_per_m: float, target_m: float, echo: float = 1.0) -> float:
    """Peak power of a target of rho cos(theta) = `echo`."""
    return float(echo * np.exp(-2.0 * alpha_per_m * target_m) / target_m**2)


def soft_closed_form(alpha_per_m: float, range_m: float, target_m: float) -> float:
    """The soft return at one R, by exponential integrals: the twin of the table."""
    low, high = max(range_m - _REACH_M, OVERLAP_M[0]), min(range_m, target_m)
    if high <= low:
        return 0.0
    wave = 2j * np.pi / _REACH_M
    plain = _overlapped(2.0 * alpha_per_m + 0j, low, high)
    # cos(k (R - r)) = Re(e^{i k R} e^{-i k r})
    turned = np.exp(wave * range_m) * _overlapped(2.0 * alpha_per_m + wave, low, high)
    integral = 0.5 * (plain.real - turned.real) * 2.0 / LIGHT_MPS
    return float(backscatter(alpha_per_m) / TARGET * integral)


def _overlapped(z: complex, low: float, high: float) -> complex:
    """Integral of e^{-z r} xi(r) / r^2 dr from low to high."""
    begin, full = OVERLAP_M
    total = 0j
    if low < full:
        a, b = low, min(high, full)
        # xi = (r - begin) / (full - begin)
        total += (_first(z, a, b) - begin * _second(z, a, b)) / (full - begin)
    if high > full:
        total += _second(z, max(low, full), high)
    return total


def _first(z: complex, a: float, b: float) -> complex:
    return complex(exp1(z * a) - exp1(z * b)) if z != 0 else complex(np.log(b / a))


def _second(z: complex, a: float, b: float) -> complex:
    """Integral of e^{-z r} / r^2 dr = E2(z a) / a - E2(z b) / b, E2(x) = e^{-x} - x E1(x)."""
    if z == 0:
        return complex(1.0 / a - 1.0 / b)
    ea = np.exp(-z * a) - z * a * exp1(z * a)
    eb = np.exp(-z * b) - z * b * exp1(z * b)
    return complex(ea / a - eb / b)


@dataclass(frozen=True, slots=True, eq=False)
class SoftReturn:
    """The strongest soft return by the range of the target behind it, for one extinction.

    Attributes:
        target_m: ranges of the target, increasing, shape (n,); beyond the last nothing changes.
        power: largest power, shape (n,).
        place_m: range that the lidar reads: the R of that power less c tau / 2, by which a hard peak lags too.
    """

    target_m: Float[np.ndarray, "n"]
    power: Float[np.ndarray, "n"]
    place_m: Float[np.ndarray, "n"]

    def at(self, target_m: Float[np.ndarray, "m"]) -> tuple[Float[np.ndarray, "m"], Float[np.ndarray, "m"]]:
        """Power and range for targets anywhere; inf is no target at all."""
        clipped = np.minimum(target_m, self.target_m[-1])
        return (
            np.asarray(np.interp(clipped, self.target_m, self.power)),
            np.asarray(np.interp(clipped, self.target_m, self.place_m)),
        )


@lru_cache(maxsize=32)
def soft_return(alpha_per_m: float) -> SoftReturn:
    """Works the table out: cumulative integrals of e^{-2 alpha r} xi / r^2, alone and with cos and sin of k r."""
    edge = np.linspace(OVERLAP_M[0], _FAR_M, 8001)
    middle, width = 0.5 * (edge[1:] + edge[:-1]), edge[1] - edge[0]
    overlap = np.clip((middle - OVERLAP_M[0]) / (OVERLAP_M[1] - OVERLAP_M[0]), 0.0, 1.0)
    weight = np.exp(-2.0 * alpha_per_m * middle) * overlap / middle**2 * width
    wave = 2.0 * np.pi / _REACH_M
    sums = [
        np.concatenate([[0.0], np.cumsum(weight * factor)])
        for factor in (np.ones_like(middle), np.cos(wave * middle), np.sin(wave * middle))
    ]
    target = np.concatenate([np.linspace(OVERLAP_M[0], 6.0, 256), np.linspace(6.1, 20.0, 64)])
    place = np.linspace(OVERLAP_M[0], 20.0, 1911)
    low = np.maximum(place - _REACH_M, OVERLAP_M[0])[None]
    high = np.maximum(np.minimum(place[None], target[:, None]), low)
    flat, cosine, sine = (np.interp(high, edge, each) - np.interp(low, edge, each) for each in sums)
    integral = 0.5 * (flat - np.cos(wave * place) * cosine - np.sin(wave * place) * sine)
    power = backscatter(alpha_per_m) / TARGET * 2.0 / LIGHT_MPS * integral
    best = np.argmax(power, axis=1)
    seen = np.maximum(place[best] - 0.5 * _REACH_M, OVERLAP_M[0])
    return SoftReturn(target, power[np.arange(len(target)), best], seen)
