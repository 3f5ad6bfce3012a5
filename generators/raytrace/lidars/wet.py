"""How a film of water changes what a surface sends back to a lidar.

Light goes through the film twice, each time losing what Fresnel's law mirrors away at the angle of incidence (water,
n = 1.33), and the soaked surface is darker (albedo times 0.6). Little is lost square on; at a graze nearly all, so that
far rings on wet roads vanish (as M. Hahner et al., "LiDAR snowfall simulation", CVPR 2022, model wet ground). Wetness
and how much a material takes of it mix the dry and the wet law.
"""

import numpy as np
from jaxtyping import Float

WATER = 1.33
SOAKED = 0.6


def fresnel_transmittance(cosine: Float[np.ndarray, "n"], index: float = WATER) -> Float[np.ndarray, "n"]:
    """Share of unpolarised light that enters water at that incidence (Fresnel)."""
    cosine = np.clip(cosine, 0.0, 1.0).astype(np.float64)
    inside = np.sqrt(1.0 - (1.0 - cosine**2) / index**2)
    upright = (cosine - index * inside) / (cosine + index * inside)
    along = (index * cosine - inside) / (index * cosine + inside)
    return 1.0 - 0.5 * (upright**2 + along**2)


def wet_factor(
    cosine: Float[np.ndarray, "n"], wettable: Float[np.ndarray, "n"], wetness: float
) -> Float[np.ndarray, "n"]:
    """Factor on the diffuse reflectivity of surfaces that take up so much (0 to 1) of so wet a road (0 to 1)."""
    share = wettable * wetness
    return 1.0 - share + share * SOAKED * fresnel_transmittance(cosine) ** 2
