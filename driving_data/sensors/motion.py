"""Motion during a turn of a lidar: points as measured (raw) and as compensated to one time, and back.

A raw point stands in the lidar frame of the moment at which its pulse was fired, p_raw = r d; the compensated point
stands in the lidar frame of the sweep's timestamp: p = (world_from_lidar(t0))^-1 world_from_lidar(t0 + offset) p_raw.
Only the sensor's own motion is taken out: an actor that moves during the turn stays where each pulse met it.
"""

import numpy as np
from jaxtyping import Float, Int

from driving_data.geometry import SE3, interpolate
from driving_data.sensors.frames import LidarSweep


def poses_at(timestamps_ns: Int[np.ndarray, "T"], poses: SE3, when_ns: Int[np.ndarray, "N"]) -> SE3:
    """Poses (N,) at any times from poses (T,) at known ones: straight in translation, slerp in rotation.

    Before the first and after the last time the nearest pair goes on as it moves.

    Raises:
        ValueError: fewer than two times are known.
    """
    if len(timestamps_ns) < 2:
        raise ValueError("poses between times need at least two of them")
    row = np.clip(np.searchsorted(timestamps_ns, when_ns, side="right") - 1, 0, len(timestamps_ns) - 2)
    span = (timestamps_ns[row + 1] - timestamps_ns[row]).astype(np.float64)
    fraction = (when_ns - timestamps_ns[row]).astype(np.float64) / span
    return interpolate(poses[row], poses[row + 1], fraction)


def raw_points_m(sweep: LidarSweep, world_from_lidar: SE3) -> Float[np.ndarray, "N 3"]:
    """The points as the lidar measured them, each in its frame at the time of its own pulse.

    Args:
        sweep: compensated to its timestamp.
        world_from_lidar: pose of the lidar at `timestamp_ns + offset_ns` of each point, batch shape (N,).
    """
    return world_from_lidar.inverse().apply(sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64)))


def compensated_points_m(
    raw_m: Float[np.ndarray, "N 3"], world_from_lidar: SE3, world_from_reference: SE3
) -> Float[np.ndarray, "N 3"]:
    """Raw points brought into the lidar frame of one time: the inverse of `raw_points_m`.

    Args:
        raw_m: as measured.
        world_from_lidar: pose at the time of each point, batch shape (N,).
        world_from_reference: pose at the time to which they are brought.
    """
    return world_from_reference.inverse().apply(world_from_lidar.apply(raw_m))
