"""What each pixel sees, carried with its actor to two moments, and its normal, in camera axes; compiled."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def carry(
    point: np.ndarray, instance: np.ndarray, slot: np.ndarray, material: np.ndarray, actor_from_world: np.ndarray,
    camera_from_part: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Camera coordinates (n, 3) of surface points at another moment.

    `camera_from_part` (1 + I, 12) holds a row-major 3 x 4 transform for the street (row 0) and for each instance, from
    the tracer's or the actor's own coordinates. Rows of the sky become NaN.
    """
    for i in range(point.shape[0]):
        if material[i] < 0:
            out[i, 0], out[i, 1], out[i, 2] = np.nan, np.nan, np.nan
            continue
        x, y, z = point[i, 0], point[i, 1], point[i, 2]
        who = instance[i]
        if who >= 0:
            m = actor_from_world[slot[i], who]
            x, y, z = (
                m[0] * x + m[1] * y + m[2] * z + m[3],
                m[4] * x + m[5] * y + m[6] * z + m[7],
                m[8] * x + m[9] * y + m[10] * z + m[11],
            )
        c = camera_from_part[who + 1]
        out[i, 0] = c[0] * x + c[1] * y + c[2] * z + c[3]
        out[i, 1] = c[4] * x + c[5] * y + c[6] * z + c[7]
        out[i, 2] = c[8] * x + c[9] * y + c[10] * z + c[11]


@njit(cache=True, nogil=True)
def seen_normals(
    point: np.ndarray, material: np.ndarray, slot: np.ndarray, rotation: np.ndarray, out: np.ndarray
) -> None:
    """Shading normals (n, 3) of surface points in the axes of the camera; 0 for the sky.

    `rotation` (S, 3, 3) is `world_from_camera` at each time slot.
    """
    for i in range(point.shape[0]):
        if material[i] < 0:
            out[i, 0], out[i, 1], out[i, 2] = 0.0, 0.0, 0.0
            continue
        r = rotation[slot[i]]
        x, y, z = point[i, 3], point[i, 4], point[i, 5]
        for c in range(3):
            out[i, c] = r[0, c] * x + r[1, c] * y + r[2, c] * z
