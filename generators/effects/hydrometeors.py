"""How many drops and flakes of which size hang in a cubic metre.

Exponential distributions N(D) = N0 e^{-L D}, D the (melted) diameter in mm, N0 per m^3 and mm, L per mm:

- rain: N0 = 8000, L = 4.1 R^-0.21 (J. S. Marshall, W. M. Palmer, J. Meteorology 5, 165, 1948)
- snow: N0 = 3800 R^-0.87, L = 2.55 R^-0.48 (K. L. S. Gunn, J. S. Marshall, J. Meteorology 15, 452, 1958)
- snow: N0 = 2500 R^-0.94, L = 2.29 R^-0.45 (R. S. Sekhon, R. C. Srivastava, J. Atmospheric Sci. 27, 299, 1970)

with R the rate in mm/h of water.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class SizeDistribution:
    """N(D) = `intercept` e^{-`slope` D}, per m^3 and mm."""

    intercept: float
    slope: float

    def above(self, diameter_mm: float) -> float:
        """Particles of at least that diameter in a cubic metre."""
        return float(self.intercept / self.slope * np.exp(-self.slope * diameter_mm))

    def within(self, edges_mm: Float[np.ndarray, "k"]) -> Float[np.ndarray, "j"]:
        """Particles in a cubic metre between each pair of neighbouring diameters."""
        return np.asarray(-np.diff(self.intercept / self.slope * np.exp(-self.slope * edges_mm)))


def marshall_palmer(rate_mmph: float) -> SizeDistribution:
    """Rain."""
    return SizeDistribution(8000.0, 4.1 * rate_mmph**-0.21)


def gunn_marshall(rate_mmph: float) -> SizeDistribution:
    """Snow."""
    return SizeDistribution(3800.0 * rate_mmph**-0.87, 2.55 * rate_mmph**-0.48)


def sekhon_srivastava(rate_mmph: float) -> SizeDistribution:
    """Snow."""
    return SizeDistribution(2500.0 * rate_mmph**-0.94, 2.29 * rate_mmph**-0.45)


DISTRIBUTIONS: Mapping[str, Callable[[float], SizeDistribution]] = {
    "marshall_palmer": marshall_palmer, "gunn_marshall": gunn_marshall, "sekhon_srivastava": sekhon_srivastava,
}  # fmt: skip
