"""How far a lidar range may be off: the noise of the sensor, and what rain adds.

sigma = hypot(sigma_sensor, 0.02 R (1 - e^{-rate})^2), rate in mm/h. Source of the rain term: Goodin, Carruth, Doude,
Hudson, Predicting the influence of rain on LIDAR in ADAS, Electronics 8, 89 (2019).
"""

import numpy as np
from jaxtyping import Float

from driving_data.segment import Raw, Segment
from validation.verdicts import is_real


def range_sigma_m(segment: Segment[Raw], range_m: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Standard deviation of ranges, in metres; the rain term only where the ranges were simulated."""
    sensor = max((lidar.range_noise_m for lidar in segment.rig.lidars), default=0.0)
    if is_real(segment):
        return np.full(np.shape(range_m), sensor)
    rain = 0.02 * np.asarray(range_m) * (1.0 - np.exp(-segment.rollout.environment.rain_mmph)) ** 2
    return np.asarray(np.hypot(sensor, rain))
