"""Everyone's place beside a route and the route's curvature, compiled; `corridor.py` has the array-at-once twins."""

import math

import numpy as np
from numba import njit

FAR_M = 1e4


@njit(cache=True, nogil=True, error_model="numpy")
def wrap(angle: float) -> float:
    """The same angle in [-pi, pi)."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi


@njit(cache=True, nogil=True, error_model="numpy")
def nearest_place(x: float, y: float, pieces: np.ndarray) -> tuple[float, float, float, float]:
    """Place (s, d) and direction (ux, uy) of a point on a polyline that goes on straight at both ends.

    `pieces`: start x, y, direction x, y, length and distance from the first point, one column per piece. Of equally
    near pieces the first counts.
    """
    last = pieces.shape[1] - 1
    best, place, offset, at = math.inf, 0.0, 0.0, 0
    for k in range(last + 1):
        tx, ty = pieces[2, k], pieces[3, k]
        ox, oy = x - pieces[0, k], y - pieces[1, k]
        low, high = -FAR_M if k == 0 else 0.0, pieces[4, k] + (FAR_M if k == last else 0.0)
        along = min(max(ox * tx + oy * ty, low), high)
        gx, gy = ox - along * tx, oy - along * ty
        distance = gx * gx + gy * gy
        if distance < best:
            best, at = distance, k
            place, offset = pieces[5, k] + along, tx * gy - ty * gx
    return place, offset, pieces[2, at], pieces[3, at]


@njit(cache=True, nogil=True, error_model="numpy")
def cut(route: np.ndarray, pieces: np.ndarray) -> None:
    """Writes the pieces of a polyline (P, 2 or 3) as `nearest_place` wants them, shape (6, P - 1)."""
    before = 0.0
    for k in range(pieces.shape[1]):
        dx, dy = route[k + 1, 0] - route[k, 0], route[k + 1, 1] - route[k, 1]
        length = max(math.hypot(dx, dy), 1e-9)
        pieces[0, k], pieces[1, k] = route[k, 0], route[k, 1]
        pieces[2, k], pieces[3, k] = dx / length, dy / length
        pieces[4, k], pieces[5, k] = length, before
        before += length


@njit(cache=True, nogil=True, error_model="numpy")
def bend(route: np.ndarray, spacing: float, change: np.ndarray, curvature: np.ndarray) -> None:
    """Writes the curvature at each of P points: change of heading per metre, mean over a window of five.

    `change`: room for P - 2 numbers.
    """
    points = route.shape[0]
    before = math.atan2(route[1, 1] - route[0, 1], route[1, 0] - route[0, 0])
    for k in range(points - 2):
        after = math.atan2(route[k + 2, 1] - route[k + 1, 1], route[k + 2, 0] - route[k + 1, 0])
        turn = after - before
        change[k] = (turn if abs(turn) < math.pi else wrap(turn)) / spacing
        before = after
    for k in range(points):
        total = 0.0
        for m in range(k - 3, k + 2):
            total += change[min(max(m, 0), points - 3)]
        curvature[k] = total / 5.0


@njit(cache=True, nogil=True, error_model="numpy")
def fill_corridor(
    position: np.ndarray, velocity: np.ndarray, yaw: np.ndarray, size: np.ndarray, present: np.ndarray,
    route: np.ndarray, spacing: float, places: np.ndarray, curvature: np.ndarray,
) -> None:  # fmt: skip
    """Fills `places` (7, B, A): s, d, speed along, speed across, half along, half across, turned; and the curvature.

    Who is not `present` stands at (-1e4, 1e4) and has no size and no speed.
    """
    pieces, change = np.empty((6, route.shape[1] - 1)), np.empty(route.shape[1] - 2)
    for b in range(route.shape[0]):
        cut(route[b], pieces)
        bend(route[b], spacing, change, curvature[b])
        for a in range(yaw.shape[1]):
            places[0, b, a], places[1, b, a] = -FAR_M, FAR_M
            places[2:, b, a] = 0.0
            if not present[b, a]:
                continue
            s, d, ux, uy = nearest_place(position[b, a, 0], position[b, a, 1], pieces)
            heading = math.atan2(uy, ux)
            turned = wrap(yaw[b, a] - heading)
            cos, sin = math.cos(heading), math.sin(heading)
            tilt, tall = abs(math.cos(turned)), abs(math.sin(turned))
            places[0, b, a], places[1, b, a] = s, d
            places[2, b, a] = velocity[b, a, 0] * cos + velocity[b, a, 1] * sin
            places[3, b, a] = velocity[b, a, 1] * cos - velocity[b, a, 0] * sin
            places[4, b, a] = 0.5 * (tilt * size[b, a, 0] + tall * size[b, a, 1])
            places[5, b, a] = 0.5 * (tall * size[b, a, 0] + tilt * size[b, a, 1])
            places[6, b, a] = turned
