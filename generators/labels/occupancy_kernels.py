"""Triangles into voxels and rays through voxels, compiled.

Coordinates are in units of voxels: voxel (i, j, k) spans [i, i + 1) x [j, j + 1) x [k, k + 1).
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _overlaps(p: np.ndarray, cx: float, cy: float, cz: float) -> bool:
    """Whether a triangle touches the unit cube around a centre: the separating axis test with its thirteen axes.

    Akenine-Moeller, "Fast 3D triangle-box overlap testing" (2001).
    """
    v = np.empty((3, 3))
    for a in range(3):
        v[a, 0], v[a, 1], v[a, 2] = p[a, 0] - cx, p[a, 1] - cy, p[a, 2] - cz
    for axis in range(3):
        if min(v[0, axis], v[1, axis], v[2, axis]) > 0.5 or max(v[0, axis], v[1, axis], v[2, axis]) < -0.5:
            return False
    e0x, e0y, e0z = v[1, 0] - v[0, 0], v[1, 1] - v[0, 1], v[1, 2] - v[0, 2]
    e1x, e1y, e1z = v[2, 0] - v[1, 0], v[2, 1] - v[1, 1], v[2, 2] - v[1, 2]
    nx, ny, nz = e0y * e1z - e0z * e1y, e0z * e1x - e0x * e1z, e0x * e1y - e0y * e1x
    d = nx * v[0, 0] + ny * v[0, 1] + nz * v[0, 2]
    if abs(d) > 0.5 * (abs(nx) + abs(ny) + abs(nz)):
        return False
    for a in range(3):
        b = (a + 1) % 3
        ex, ey, ez = v[b, 0] - v[a, 0], v[b, 1] - v[a, 1], v[b, 2] - v[a, 2]
        for axis in range(3):
            if axis == 0:
                ax, ay, az = 0.0, -ez, ey
            elif axis == 1:
                ax, ay, az = ez, 0.0, -ex
            else:
                ax, ay, az = -ey, ex, 0.0
            p0 = ax * v[0, 0] + ay * v[0, 1] + az * v[0, 2]
            p1 = ax * v[1, 0] + ay * v[1, 1] + az * v[1, 2]
            p2 = ax * v[2, 0] + ay * v[2, 1] + az * v[2, 2]
            r = 0.5 * (abs(ax) + abs(ay) + abs(az))
            if min(p0, p1, p2) > r or max(p0, p1, p2) < -r:
                return False
    return True


@njit(cache=True, nogil=True)
def voxelize(corners: np.ndarray, label: np.ndarray, weight: np.ndarray) -> None:
    """Adds to `weight` (X, Y, Z, L) of every voxel that a triangle touches its area, shared evenly among them."""
    shape = weight.shape
    for f in range(corners.shape[0]):
        p = corners[f]
        lo, hi = np.empty(3, np.int64), np.empty(3, np.int64)
        away = False
        for axis in range(3):
            low = np.floor(min(p[0, axis], p[1, axis], p[2, axis]))
            high = np.floor(max(p[0, axis], p[1, axis], p[2, axis]))
            if high < 0 or low >= shape[axis]:
                away = True
                break
            lo[axis], hi[axis] = int(max(low, 0.0)), int(min(high, shape[axis] - 1.0))
        if away:
            continue
        ux, uy, uz = p[1, 0] - p[0, 0], p[1, 1] - p[0, 1], p[1, 2] - p[0, 2]
        wx, wy, wz = p[2, 0] - p[0, 0], p[2, 1] - p[0, 1], p[2, 2] - p[0, 2]
        nx, ny, nz = uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx
        area = 0.5 * np.sqrt(nx * nx + ny * ny + nz * nz)
        count = (hi[0] - lo[0] + 1) * (hi[1] - lo[1] + 1) * (hi[2] - lo[2] + 1)
        # A triangle larger than a face of a voxel fills about one face of each voxel that it crosses.
        share = min(max(area / count, 1e-6), 1.0) if count <= 8 else 1.0
        for i in range(lo[0], hi[0] + 1):
            for j in range(lo[1], hi[1] + 1):
                for k in range(lo[2], hi[2] + 1):
                    if count == 1 or _overlaps(p, i + 0.5, j + 0.5, k + 0.5):
                        weight[i, j, k, label[f]] += share


@njit(cache=True, nogil=True)
def march(origin: np.ndarray, target: np.ndarray, crossed: np.ndarray) -> None:
    """Marks every voxel that the segments from `origin` to `target` enter.

    Amanatides and Woo, "A fast voxel traversal algorithm for ray tracing" (1987).
    """
    shape = crossed.shape
    for r in range(target.shape[0]):
        o = origin[r]
        start, end = 0.0, 1.0
        inside = True
        for axis in range(3):
            d = target[r, axis] - o[axis]
            if abs(d) < 1e-12:
                if o[axis] < 0.0 or o[axis] >= shape[axis]:
                    inside = False
                continue
            a, b = -o[axis] / d, (shape[axis] - o[axis]) / d
            if a > b:
                a, b = b, a
            start, end = max(start, a), min(end, b)
        if not inside or start >= end:
            continue
        cell, step = np.empty(3, np.int64), np.empty(3, np.int64)
        ahead, stride = np.empty(3), np.empty(3)
        for axis in range(3):
            d = target[r, axis] - o[axis]
            at = o[axis] + start * d
            c = int(np.floor(at + (1e-9 if d >= 0 else -1e-9)))
            cell[axis] = min(max(c, 0), shape[axis] - 1)
            if d > 1e-12:
                step[axis], stride[axis] = 1, 1.0 / d
                ahead[axis] = (cell[axis] + 1 - o[axis]) / d
            elif d < -1e-12:
                step[axis], stride[axis] = -1, -1.0 / d
                ahead[axis] = (cell[axis] - o[axis]) / d
            else:
                step[axis], stride[axis], ahead[axis] = 0, np.inf, np.inf
        while True:
            crossed[cell[0], cell[1], cell[2]] = True
            axis = 0
            if ahead[1] < ahead[axis]:
                axis = 1
            if ahead[2] < ahead[axis]:
                axis = 2
            if ahead[axis] >= end:
                break
            cell[axis] += step[axis]
            if cell[axis] < 0 or cell[axis] >= shape[axis]:
                break
            ahead[axis] += stride[axis]
