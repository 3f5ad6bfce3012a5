"""Rays against the two-level scene, compiled: closest hit and any hit in one kernel.

Slabs are tested in float32 against boxes that were padded when built; triangles by Möller and Trumbore, "Fast,
minimum storage ray-triangle intersection" (1997), with a small tolerance at the edges, so that neighbours leave
no crack.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

EDGE = np.float32(2e-6)
ZERO = np.float32(0.0)
ONE = np.float32(1.0)
HUGE = np.float32(1e30)
TINY = np.float32(1e-20)
Real = np.float32


class Geometry(NamedTuple):
    """Every mesh of a scene in one set of arrays; `roots` of the meshes, the street first."""

    bounds: np.ndarray
    child: np.ndarray
    triangle: np.ndarray


class Instances(NamedTuple):
    """Placed actors: a hierarchy over their swept boxes, root nodes of their meshes, poses by time slot."""

    bounds: np.ndarray
    child: np.ndarray
    order: np.ndarray
    root: np.ndarray
    actor_from_world: np.ndarray


@njit(cache=True, nogil=True)
def _safe_inverse(x: Real) -> Real:
    if abs(x) > TINY:
        return ONE / x
    return HUGE


@njit(cache=True, nogil=True)
def _hit_mesh(
    geometry: Geometry, root: Any, ox: Real, oy: Real, oz: Real, dx: Real, dy: Real, dz: Real, limit: Real,
    any_hit: bool, stack: np.ndarray, stack_t: np.ndarray,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """Nearest triangle of one mesh nearer than `limit`: (t, triangle, u, v); triangle -1 for none."""
    bounds, child, triangle = geometry.bounds, geometry.child, geometry.triangle
    ix, iy, iz = _safe_inverse(dx), _safe_inverse(dy), _safe_inverse(dz)
    best, best_u, best_v = np.int32(-1), ZERO, ZERO
    current, depth = root, 0
    while True:
        if current >= 0:
            n = np.uint32(current)
            a, b = (bounds[n, 0] - ox) * ix, (bounds[n, 3] - ox) * ix
            near0, far0 = (a, b) if a < b else (b, a)
            a, b = (bounds[n, 1] - oy) * iy, (bounds[n, 4] - oy) * iy
            low, high = (a, b) if a < b else (b, a)
            near0 = low if low > near0 else near0
            far0 = high if high < far0 else far0
            a, b = (bounds[n, 2] - oz) * iz, (bounds[n, 5] - oz) * iz
            low, high = (a, b) if a < b else (b, a)
            near0 = low if low > near0 else near0
            far0 = high if high < far0 else far0
            a, b = (bounds[n, 6] - ox) * ix, (bounds[n, 9] - ox) * ix
            near1, far1 = (a, b) if a < b else (b, a)
            a, b = (bounds[n, 7] - oy) * iy, (bounds[n, 10] - oy) * iy
            low, high = (a, b) if a < b else (b, a)
            near1 = low if low > near1 else near1
            far1 = high if high < far1 else far1
            a, b = (bounds[n, 8] - oz) * iz, (bounds[n, 11] - oz) * iz
            low, high = (a, b) if a < b else (b, a)
            near1 = low if low > near1 else near1
            far1 = high if high < far1 else far1
            hit0 = near0 <= far0 and far0 >= ZERO and near0 < limit
            hit1 = near1 <= far1 and far1 >= ZERO and near1 < limit
            if hit0 and hit1:
                if near0 <= near1:
                    current, stack[depth], stack_t[depth] = child[n, 0], child[n, 1], near1
                else:
                    current, stack[depth], stack_t[depth] = child[n, 1], child[n, 0], near0
                depth += 1
                continue
            if hit0:
                current = child[n, 0]
                continue
            if hit1:
                current = child[n, 1]
                continue
        else:
            code = np.uint32(-1 - current)
            first = code >> np.uint32(3)
            for k in range(first, first + (code & np.uint32(7))):
                e1x, e1y, e1z = triangle[k, 3], triangle[k, 4], triangle[k, 5]
                e2x, e2y, e2z = triangle[k, 6], triangle[k, 7], triangle[k, 8]
                px, py, pz = dy * e2z - dz * e2y, dz * e2x - dx * e2z, dx * e2y - dy * e2x
                det = e1x * px + e1y * py + e1z * pz
                if abs(det) < TINY:
                    continue
                inverse = ONE / det
                sx, sy, sz = ox - triangle[k, 0], oy - triangle[k, 1], oz - triangle[k, 2]
                u = (sx * px + sy * py + sz * pz) * inverse
                if u < -EDGE or u > ONE + EDGE:
                    continue
                qx, qy, qz = sy * e1z - sz * e1y, sz * e1x - sx * e1z, sx * e1y - sy * e1x
                v = (dx * qx + dy * qy + dz * qz) * inverse
                if v < -EDGE or u + v > ONE + EDGE:
                    continue
                t = (e2x * qx + e2y * qy + e2z * qz) * inverse
                if t > ZERO and t < limit:
                    limit, best, best_u, best_v = t, np.int32(k), u, v
                    if any_hit:
                        return limit, best, best_u, best_v
        resumed = False
        while depth > 0 and not resumed:
            depth -= 1
            if stack_t[depth] < limit:
                current = stack[depth]
                resumed = True
        if not resumed:
            return limit, best, best_u, best_v


@njit(cache=True, nogil=True)
def _enters(
    bounds: np.ndarray, n: int, side: int, ox: Real, oy: Real, oz: Real, ix: Real, iy: Real, iz: Real, limit: Real
) -> bool:
    a, b = (bounds[n, 6 * side] - ox) * ix, (bounds[n, 6 * side + 3] - ox) * ix
    near, far = min(a, b), max(a, b)
    a, b = (bounds[n, 6 * side + 1] - oy) * iy, (bounds[n, 6 * side + 4] - oy) * iy
    near, far = max(near, min(a, b)), min(far, max(a, b))
    a, b = (bounds[n, 6 * side + 2] - oz) * iz, (bounds[n, 6 * side + 5] - oz) * iz
    near, far = max(near, min(a, b)), min(far, max(a, b))
    return near <= far and far >= ZERO and near < limit


@njit(cache=True, nogil=True)
def trace(
    geometry: Geometry, instances: Instances, origin: np.ndarray, direction: np.ndarray, slot: np.ndarray,
    limit: np.ndarray, any_hit: bool, only: int, distance: np.ndarray, triangle: np.ndarray, instance: np.ndarray,
    barycentric: np.ndarray,
) -> None:  # fmt: skip
    """Fills distance (inf for none), triangle row (-1), instance (-1 for the street) and (u, v) of each ray.

    `only` >= 0 looks at that instance alone. With `any_hit` the first hit found is kept: only triangle >= 0 counts.
    """
    stack, stack_t = np.empty(96, np.int32), np.empty(96, np.float32)
    upper = np.empty(64, np.int32)
    root = np.int32(0)
    for i in range(origin.shape[0]):
        ox, oy, oz = origin[i, 0], origin[i, 1], origin[i, 2]
        dx, dy, dz = direction[i, 0], direction[i, 1], direction[i, 2]
        t, hit, u, v, who = limit[i], np.int32(-1), ZERO, ZERO, np.int32(-1)
        if only < 0:
            t, hit, u, v = _hit_mesh(geometry, root, ox, oy, oz, dx, dy, dz, t, any_hit, stack, stack_t)
        if not (any_hit and hit >= 0) and instances.root.shape[0] > 0:
            ix, iy, iz = _safe_inverse(dx), _safe_inverse(dy), _safe_inverse(dz)
            upper[0] = 0
            depth = 1
            while depth > 0:
                depth -= 1
                node = upper[depth]
                if node >= 0:
                    for side in range(2):
                        if _enters(instances.bounds, node, side, ox, oy, oz, ix, iy, iz, t):
                            upper[depth] = instances.child[node, side]
                            depth += 1
                    continue
                code = -1 - node
                for k in range(code >> 3, (code >> 3) + (code & 7)):
                    which = instances.order[k]
                    if only >= 0 and which != only:
                        continue
                    m = instances.actor_from_world[slot[i], which]
                    lx = m[0] * ox + m[1] * oy + m[2] * oz + m[3]
                    ly = m[4] * ox + m[5] * oy + m[6] * oz + m[7]
                    lz = m[8] * ox + m[9] * oy + m[10] * oz + m[11]
                    gx = m[0] * dx + m[1] * dy + m[2] * dz
                    gy = m[4] * dx + m[5] * dy + m[6] * dz
                    gz = m[8] * dx + m[9] * dy + m[10] * dz
                    t2, hit2, u2, v2 = _hit_mesh(
                        geometry, instances.root[which], lx, ly, lz, gx, gy, gz, t, any_hit, stack, stack_t
                    )
                    if hit2 >= 0:
                        t, hit, u, v, who = t2, hit2, u2, v2, np.int32(which)
                        if any_hit:
                            depth = 0
                            break
        distance[i] = t if hit >= 0 else np.inf
        triangle[i] = hit
        instance[i] = who
        barycentric[i, 0] = u
        barycentric[i, 1] = v
