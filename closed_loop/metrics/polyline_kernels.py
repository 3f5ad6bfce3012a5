"""The nearest piece of a polyline, compiled; `polyline.project` without a kernel needs room for every pair."""

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def nearest_pieces(points: np.ndarray, pieces: np.ndarray, best: np.ndarray, along: np.ndarray) -> None:
    """Writes for each of K points the nearest piece and the place along it; piece 0 and NaN for a point of NaN.

    `pieces`: start x, y, direction x, y and length, one column per piece; the first and the last go on for ever. Of
    equally near pieces the first counts.
    """
    last = pieces.shape[1] - 1
    for k in range(points.shape[0]):
        x, y = points[k, 0], points[k, 1]
        nearest, at, place = math.inf, 0, math.nan
        for j in range(last + 1):
            tx, ty = pieces[2, j], pieces[3, j]
            ox, oy = x - pieces[0, j], y - pieces[1, j]
            way = ox * tx + oy * ty
            if j > 0 and way < 0.0:
                way = 0.0
            if j < last and way > pieces[4, j]:
                way = pieces[4, j]
            gx, gy = ox - way * tx, oy - way * ty
            distance = gx * gx + gy * gy
            if distance < nearest:
                nearest, at, place = distance, j, way
        best[k], along[k] = at, place
