"""What vehicles know of their own motion: satellite fixes, wheels and gyro, with their errors and how sure they are."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float


@dataclass(frozen=True, slots=True, eq=False)
class Localization:
    """Measured motion of the egos of B worlds; NaN and False where a world has no such sensors.

    A fix stays until the next one: `fix_time_s` says of which moment it tells. `world_from_odom` is not given: `odom`
    is a smooth frame that begins at the ego's first pose and drifts away from it.

    Attributes:
        valid: whether there is a fix, shape (B,); not in a tunnel, not during an outage, not before the first one.
        fix_time_s: moment of the fix, shape (B,).
        position_m: rear axle on the ground in `world`, shape (B, 3).
        heading_rad: shape (B,).
        speed_mps: along the heading, shape (B,).
        covariance: of (east, north, up, heading, speed) as the receiver states it, shape (B, 5, 5).
        odom_position_m: rear axle in `odom` (x ahead and y left of where it began), now, shape (B, 2).
        odom_heading_rad: in `odom`, now, shape (B,).
        odom_covariance: of (x, y, heading) in `odom`, shape (B, 3, 3).
        wheel_speed_mps: what the wheels say, now, shape (B,).
        yaw_rate_radps: what the gyro says, now, shape (B,).
    """

    valid: Bool[np.ndarray, "B"]
    fix_time_s: Float[np.ndarray, "B"]
    position_m: Float[np.ndarray, "B 3"]
    heading_rad: Float[np.ndarray, "B"]
    speed_mps: Float[np.ndarray, "B"]
    covariance: Float[np.ndarray, "B 5 5"]
    odom_position_m: Float[np.ndarray, "B 2"]
    odom_heading_rad: Float[np.ndarray, "B"]
    odom_covariance: Float[np.ndarray, "B 3 3"]
    wheel_speed_mps: Float[np.ndarray, "B"]
    yaw_rate_radps: Float[np.ndarray, "B"]
