"""How much the air takes away: extinction of visible light and of a lidar's, by weather.

Koschmieder: contrast falls as e^{-beta z}; the meteorological optical range is where 5 % is left, so
beta = ln 20 / MOR = 2.996 / MOR.
"""

import numpy as np

from driving_data.environment import Environment

LN_20 = 2.9957322735539909


def extinction_per_m(environment: Environment) -> float:
    """Extinction of visible light, 1/m: fog or haze, rain and snow add up.

    Rain: visibility 11.6 R^-0.63 km (Atlas, J. Meteorology 10, 486, 1953); snow: 1.0 R^-0.9 km, the usual classes of
    light, moderate and heavy snowfall (R in mm/h of water).
    """
    beta = LN_20 / environment.fog_visibility_m
    if environment.rain_mmph > 0:
        beta += LN_20 / (11600.0 * environment.rain_mmph**-0.63)
    if environment.snow_mmph > 0:
        beta += LN_20 / (1000.0 * environment.snow_mmph**-0.9)
    return float(beta)


def lidar_extinction_per_m(environment: Environment) -> float:
    """Extinction at 905 nm, 1/m; the echo is weakened by exp(-2 alpha R).

    Fog: alpha = ln 20 / MOR (Hahner et al., ICCV 2021). Rain: alpha = 0.01 R^0.6 (Goodin et al., Electronics 8, 89,
    2019). Snow as for visible light: flakes are large against both wavelengths.
    """
    alpha = LN_20 / environment.fog_visibility_m
    if environment.rain_mmph > 0:
        alpha += 0.01 * environment.rain_mmph**0.6
    if environment.snow_mmph > 0:
        alpha += LN_20 / (1000.0 * environment.snow_mmph**-0.9)
    return float(alpha)


def rain_range_noise_m(environment: Environment, range_m: np.ndarray) -> np.ndarray:
    """Standard deviation that rain adds to a range, 0.02 R (1 - e^{-rate})^2 (Goodin et al., 2019)."""
    return 0.02 * range_m * (1.0 - np.exp(-environment.rain_mmph)) ** 2
