"""Rays against the two-level scene, compiled: closest hit and any hit in one kernel.

Eight boxes are tested at once (`simd_kernels`), in float32, against boxes that were padded when built; triangles by
Möller and Trumbore, "Fast, minimum storage ray-triangle intersection" (1997), with a small tolerance at the edges, so
that neighbours leave no crack. `first_hit` and what it calls are plain scalar functions of one ray: `cuda_kernels`
compiles the same source for a GPU, with the twins of `simd_kernels` in place of the vectors.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from generators.raytrace.simd_kernels import lowest, slabs

EDGE = np.float32(2e-6)
ZERO = np.float32(0.0)
ONE = np.float32(1.0)
HUGE = np.float32(1e30)
TINY = np.float32(1e-20)
STACK = 256
Real = np.float32
_njit: Any = njit
# One ray's functions allocate nothing: without reference counting, and with numpy's division, they are twice as fast.
_scalar: Any = _njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
_inlined: Any = _njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)


class Geometry(NamedTuple):
    """Every mesh of a scene in one set of arrays (see `bvh.Hierarchy`), the street first."""

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


class Scratch(NamedTuple):
    """Where one ray's traversal keeps what it has still to visit: `near` (8), stacks of `STACK` for each level."""

    near: np.ndarray
    node: np.ndarray
    entry: np.ndarray
    upper: np.ndarray
    upper_entry: np.ndarray


@_inlined
def safe_inverse(x: Real) -> Real:
    """1 / x, finite."""
    if abs(x) > TINY:
        return ONE / x
    return HUGE


@_inlined
def hit_leaf(
    triangle: np.ndarray, code: Any, ox: Real, oy: Real, oz: Real, dx: Real, dy: Real, dz: Real, limit: Real
) -> tuple[Any, Any, Any, Any]:
    """Nearest triangle of a leaf nearer than `limit`: (t, triangle, u, v); triangle -1 for none."""
    best, best_u, best_v = np.int32(-1), ZERO, ZERO
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
    return limit, best, best_u, best_v


@_inlined
def hit_mesh(
    geometry: Geometry, root: Any, ox: Real, oy: Real, oz: Real, dx: Real, dy: Real, dz: Real, limit: Real,
    any_hit: bool, scratch: Scratch,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """Nearest triangle of one mesh nearer than `limit`: (t, triangle, u, v); triangle -1 for none.

    Children are visited from near to far; with `any_hit` in any order, until the first hit.
    """
    bounds, child, triangle = geometry.bounds, geometry.child, geometry.triangle
    near, stack, entry = scratch.near, scratch.node, scratch.entry
    ix, iy, iz = safe_inverse(dx), safe_inverse(dy), safe_inverse(dz)
    near_x, near_y, near_z = near_planes(ix, iy, iz)
    best, best_u, best_v = np.int32(-1), ZERO, ZERO
    current, depth = np.int32(root), np.uint64(0)
    while True:
        if current >= 0:
            node = np.uint64(current)
            mask = slabs(bounds, node, near_x, near_y, near_z, ox, oy, oz, ix, iy, iz, limit, near)
            if mask != 0:
                k = lowest(mask)
                mask = mask & (mask - np.uint32(1))
                current = child[node, k]
                if mask == 0:
                    continue
                nearest, bottom = near[k], depth
                while mask != 0:
                    k = lowest(mask)
                    mask = mask & (mask - np.uint32(1))
                    what, start = child[node, k], near[k]
                    if start < nearest:
                        what, current, start, nearest = current, what, nearest, start
                    j = depth
                    depth += np.uint64(1)
                    while j > bottom and not any_hit and entry[j - np.uint64(1)] < start:
                        stack[j], entry[j] = stack[j - np.uint64(1)], entry[j - np.uint64(1)]
                        j -= np.uint64(1)
                    stack[j], entry[j] = what, start
                continue
        else:
            t, hit, u, v = hit_leaf(triangle, np.uint32(-1 - current), ox, oy, oz, dx, dy, dz, limit)
            if hit >= 0:
                limit, best, best_u, best_v = t, hit, u, v
                if any_hit:
                    return limit, best, best_u, best_v
        resumed = False
        while depth > 0 and not resumed:
            depth -= np.uint64(1)
            if entry[depth] < limit:
                current = stack[depth]
                resumed = True
        if not resumed:
            return limit, best, best_u, best_v


@_inlined
def near_planes(ix: Real, iy: Real, iz: Real) -> tuple[Any, Any, Any]:
    """Columns of a node's row at which the planes begin that the ray meets first."""
    return (
        np.uint64(0) if ix >= ZERO else np.uint64(24),
        np.uint64(8) if iy >= ZERO else np.uint64(32),
        np.uint64(16) if iz >= ZERO else np.uint64(40),
    )


@_inlined
def first_hit(
    geometry: Geometry, instances: Instances, ox: Real, oy: Real, oz: Real, dx: Real, dy: Real, dz: Real, slot: Any,
    limit: Real, any_hit: bool, only: int, scratch: Scratch,
) -> tuple[Any, Any, Any, Any, Any]:  # fmt: skip
    """What one ray meets: (t, triangle, u, v, instance); triangle -1 for nothing, instance -1 for the street."""
    t, hit, u, v, who = limit, np.int32(-1), ZERO, ZERO, np.int32(-1)
    if limit <= ZERO:
        return t, hit, u, v, who
    near, stack, entry = scratch.near, scratch.upper, scratch.upper_entry
    boxes, child, order = instances.bounds, instances.child, instances.order
    ix, iy, iz = safe_inverse(dx), safe_inverse(dy), safe_inverse(dz)
    near_x, near_y, near_z = near_planes(ix, iy, iz)
    stack[0], entry[0] = np.int32(0), ZERO
    depth = np.uint64(1)
    which, root = np.int32(-1), np.int32(0)
    lx, ly, lz, gx, gy, gz = ox, oy, oz, dx, dy, dz
    while True:
        if which >= 0 or only < 0:
            t2, hit2, u2, v2 = hit_mesh(geometry, root, lx, ly, lz, gx, gy, gz, t, any_hit, scratch)
            if hit2 >= 0:
                t, hit, u, v, who = t2, hit2, u2, v2, which
                if any_hit:
                    return t, hit, u, v, who
        which = np.int32(-1)
        while depth > 0 and which < 0:
            depth -= np.uint64(1)
            if entry[depth] >= t:
                continue
            node = stack[depth]
            if node < 0:  # a leaf holds one instance (or none: an empty world)
                code = -1 - node
                if code & 7 and (only < 0 or order[code >> 3] == only):
                    which = order[code >> 3]
                continue
            row = np.uint64(node)
            mask = slabs(boxes, row, near_x, near_y, near_z, ox, oy, oz, ix, iy, iz, t, near)
            while mask != 0:
                k = lowest(mask)
                mask = mask & (mask - np.uint32(1))
                stack[depth], entry[depth] = child[row, k], near[k]
                depth += np.uint64(1)
        if which < 0:
            return t, hit, u, v, who
        root = instances.root[which]
        m = instances.actor_from_world[slot, which]
        lx = m[0] * ox + m[1] * oy + m[2] * oz + m[3]
        ly = m[4] * ox + m[5] * oy + m[6] * oz + m[7]
        lz = m[8] * ox + m[9] * oy + m[10] * oz + m[11]
        gx = m[0] * dx + m[1] * dy + m[2] * dz
        gy = m[4] * dx + m[5] * dy + m[6] * dz
        gz = m[8] * dx + m[9] * dy + m[10] * dz


@njit(cache=True, nogil=True)
def trace(
    geometry: Geometry, instances: Instances, origin: np.ndarray, direction: np.ndarray, slot: np.ndarray,
    limit: np.ndarray, any_hit: bool, only: int, distance: np.ndarray, triangle: np.ndarray, instance: np.ndarray,
    barycentric: np.ndarray,
) -> None:  # fmt: skip
    """Fills distance (inf for none), triangle row (-1), instance (-1 for the street) and (u, v) of each ray.

    `only` >= 0 looks at that instance alone. With `any_hit` the first hit found is kept: only triangle >= 0 counts.
    """
    scratch = Scratch(
        np.empty(8, np.float32), np.empty(STACK, np.int32), np.empty(STACK, np.float32), np.empty(STACK, np.int32),
        np.empty(STACK, np.float32),
    )  # fmt: skip
    for i in range(origin.shape[0]):
        t, hit, u, v, who = first_hit(
            geometry, instances, origin[i, 0], origin[i, 1], origin[i, 2], direction[i, 0], direction[i, 1],
            direction[i, 2], slot[i], limit[i], any_hit, only, scratch,
        )  # fmt: skip
        distance[i] = t if hit >= 0 else np.inf
        triangle[i] = hit
        instance[i] = who
        barycentric[i, 0] = u
        barycentric[i, 1] = v
