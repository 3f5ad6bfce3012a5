"""Hierarchies of triangle meshes, and the slow obvious twin of the tracer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int, Int32

from generators.raytrace import bvh_kernels, tracer_kernels
from generators.raytrace.scene import Mesh

MAX_LEAF = 3
PADDING_M = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """Meshes ready to be hit, in one set of arrays.

    Attributes:
        bounds: boxes of the eight children of each node as `simd_kernels` reads them, shape (N, 48).
        child: inner node, or leaf as -1 - (8 * first + count), shape (N, 8).
        triangle: first corner and two edges of each triangle, in the order of the leaves, shape (F, 9).
        source: row of the triangle in its mesh, shape (F,).
        mesh: which mesh it belongs to, shape (F,).
        root: root node of each mesh.
    """

    bounds: Float32[np.ndarray, "N 48"]
    child: Int32[np.ndarray, "N 8"]
    triangle: Float32[np.ndarray, "F 9"]
    source: Int32[np.ndarray, "F"]
    mesh: Int32[np.ndarray, "F"]
    root: Int32[np.ndarray, "M"]


def build_boxes(
    lo_m: Float[np.ndarray, "n 3"], hi_m: Float[np.ndarray, "n 3"], max_leaf: int = MAX_LEAF
) -> tuple[Float32[np.ndarray, "nodes 12"], Int32[np.ndarray, "nodes 2"], Int32[np.ndarray, "n"]]:
    """A binary hierarchy over boxes, each padded so that float32 slabs never miss what lies on a face."""
    reach = np.maximum(np.abs(lo_m), np.abs(hi_m)).max(axis=-1, keepdims=True) if len(lo_m) else np.zeros((0, 1))
    padding = PADDING_M + 4e-7 * reach
    low, high = (lo_m - padding).astype(np.float32), (hi_m + padding).astype(np.float32)
    return bvh_kernels.build(np.ascontiguousarray(low), np.ascontiguousarray(high), max_leaf)


def build_wide(
    lo_m: Float[np.ndarray, "n 3"], hi_m: Float[np.ndarray, "n 3"], max_leaf: int = MAX_LEAF
) -> tuple[Float32[np.ndarray, "nodes 48"], Int32[np.ndarray, "nodes 8"], Int32[np.ndarray, "n"]]:
    """As `build_boxes`, with eight children a node.

    Raises:
        ValueError: its traversal would need a deeper stack than the kernels have.
    """
    bounds, child, order = build_boxes(lo_m, hi_m, max_leaf)
    wide, kids, depth = bvh_kernels.widen(bounds, child)
    if depth > tracer_kernels.STACK:
        raise ValueError(f"a mesh of {len(lo_m)} triangles nests {depth} boxes deep; {tracer_kernels.STACK} at most")
    return wide, kids, order


def build_hierarchy(meshes: Sequence[Mesh], origin_m: Float[np.ndarray, "3"]) -> Hierarchy:
    """Hierarchies of all meshes, one behind the other; the first mesh (the street) is moved by -`origin_m`.

    Speed: 150,000 triangles in about 0.2 s on one core.
    """
    parts: list[tuple[np.ndarray, ...]] = []
    num_nodes, num_triangles = 0, 0
    roots: list[int] = []
    for index, mesh in enumerate(meshes):
        shift = origin_m if index == 0 else np.zeros(3)
        corners = (mesh.vertices_m.astype(np.float64) - shift).astype(np.float32)[mesh.triangles]
        bounds, child, order = build_wide(corners.min(axis=1), corners.max(axis=1))
        first = corners[:, 0]
        triangle = np.concatenate([first, corners[:, 1] - first, corners[:, 2] - first], axis=1)[order]
        child = np.where(child >= 0, child + num_nodes, child - 8 * num_triangles)
        parts.append((bounds, child, triangle, order, np.full(len(order), index)))
        roots.append(num_nodes)
        num_nodes, num_triangles = num_nodes + len(bounds), num_triangles + len(order)
    bounds, child, triangle, source, mesh_index = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Hierarchy(
        bounds.astype(np.float32),
        child.astype(np.int32),
        np.ascontiguousarray(triangle, dtype=np.float32),
        source.astype(np.int32),
        mesh_index.astype(np.int32),
        np.array(roots, dtype=np.int32),
    )


def brute_force(
    corners_m: Float[np.ndarray, "F 3 3"], origin_m: Float[np.ndarray, "n 3"], direction: Float[np.ndarray, "n 3"]
) -> tuple[Float[np.ndarray, "n"], Int[np.ndarray, "n"]]:
    """Distance and row of the nearest triangle of every ray, by trying all; (inf, -1) for none.

    The plane of the triangle is cut first, then the point is looked for inside its three edges.
    """
    if len(corners_m) == 0:
        return np.full(len(origin_m), np.inf), np.full(len(origin_m), -1)
    a, b, c = (corners_m[:, k].astype(np.float64)[None] for k in range(3))
    normal = np.cross(b - a, c - a)
    o, d = origin_m[:, None].astype(np.float64), direction[:, None].astype(np.float64)
    slope = np.sum(normal * d, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.sum(normal * (a - o), axis=-1) / slope
        point = o + t[..., None] * d
        inside = np.ones(t.shape, dtype=bool)
        for start, end in ((a, b), (b, c), (c, a)):
            inside &= np.sum(np.cross(end - start, point - start) * normal, axis=-1) >= 0
    t = np.where(inside & (t > 0) & np.isfinite(t), t, np.inf)
    nearest = np.argmin(t, axis=1)
    distance = t[np.arange(len(t)), nearest]
    return distance, np.where(np.isfinite(distance), nearest, -1)
