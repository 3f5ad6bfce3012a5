"""Triangle soup: what every builder of the street and of the actors makes, and what can be done with it.

A soup has no shared vertices; that makes joining, placing and copying plain array operations. `to_mesh` ends it.
Corners run counter-clockwise seen from outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from generators.raytrace.scene import Mesh

SMALLEST_AREA_M2 = 1e-8
_OTHER_SIDE = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15)  # of `KEYPOINTS`
# Whole numbers are welcome where coordinates are written by hand.
Point = Sequence[float | int] | np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Soup:
    """F triangles without shared vertices.

    Attributes:
        corners_m: shape (F, 3, 3).
        normals: shading normals at the corners, unit, shape (F, 3, 3).
        uv_m: texture coordinates in metres at the corners, shape (F, 3, 2).
        material: row of the materials, shape (F,).
        keypoints_m: the COCO keypoints of the person in it, in the order of `KEYPOINTS`, shape (17, 3); they move with
            the triangles. None without a person.
    """

    corners_m: Float[np.ndarray, "F 3 3"]
    normals: Float[np.ndarray, "F 3 3"]
    uv_m: Float[np.ndarray, "F 3 2"]
    material: Int[np.ndarray, "F"]
    keypoints_m: "Float[np.ndarray, '17 3'] | None" = None

    def __len__(self) -> int:
        return len(self.material)


EMPTY = Soup(np.zeros((0, 3, 3)), np.zeros((0, 3, 3)), np.zeros((0, 3, 2)), np.zeros(0, dtype=np.int64))


def flat(
    corners_m: Float[np.ndarray, "F 3 3"],
    material: "int | Int[np.ndarray, 'F']",
    uv_m: "Float[np.ndarray, 'F 3 2'] | None" = None,
) -> Soup:
    """Facetted triangles; those without area are left out.

    Args:
        corners_m: counter-clockwise from outside.
        material: one row for all, or one per triangle.
        uv_m: texture coordinates; by default metres in the face's own plane.
    """
    cross = np.cross(corners_m[:, 1] - corners_m[:, 0], corners_m[:, 2] - corners_m[:, 0])
    double_area = np.linalg.norm(cross, axis=-1)
    keep = double_area > 2 * SMALLEST_AREA_M2
    corners_m, cross, double_area = corners_m[keep], cross[keep], double_area[keep]
    normal = cross / double_area[:, None]
    rows = np.asarray(material)
    rows = np.full(len(corners_m), rows) if rows.ndim == 0 else rows[keep]
    uv_m = planar_uv(corners_m, normal) if uv_m is None else uv_m[keep]
    return Soup(corners_m, np.repeat(normal[:, None], 3, axis=1), uv_m, rows.astype(np.int64))


def planar_uv(corners_m: Float[np.ndarray, "F 3 3"], normal: Float[np.ndarray, "F 3"]) -> Float[np.ndarray, "F 3 2"]:
    """Metres along the two axes of each face's plane: v upwards on walls, both level on floors."""
    level = np.abs(normal[:, 2]) > 0.999
    side = np.stack([-normal[:, 1], normal[:, 0], np.zeros(len(normal))], axis=-1)
    side[level] = (1.0, 0.0, 0.0)
    side /= np.linalg.norm(side, axis=-1, keepdims=True)
    up = np.cross(normal, side)
    return np.stack(
        [np.einsum("fij,fj->fi", corners_m, side), np.einsum("fij,fj->fi", corners_m, up)],
        axis=-1,
    )


def concat(soups: Sequence[Soup]) -> Soup:
    """All of them as one; of several people the first one's keypoints are kept."""
    parts = [soup for soup in soups if len(soup)]
    if not parts:
        return EMPTY
    return Soup(
        np.concatenate([part.corners_m for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.uv_m for part in parts]),
        np.concatenate([part.material for part in parts]),
        next((part.keypoints_m for part in parts if part.keypoints_m is not None), None),
    )


def moved(soup: Soup, offset_m: Point) -> Soup:
    """Moved by an offset."""
    by = np.asarray(offset_m, dtype=np.float64)
    keypoints = None if soup.keypoints_m is None else soup.keypoints_m + by
    return replace(soup, corners_m=soup.corners_m + by, keypoints_m=keypoints)


def turned(soup: Soup, rotation: Float[np.ndarray, "3 3"]) -> Soup:
    """Turned about the origin."""
    keypoints = None if soup.keypoints_m is None else soup.keypoints_m @ rotation.T
    return Soup(
        soup.corners_m @ rotation.T, soup.normals @ rotation.T, soup.uv_m, soup.material, keypoints
    )  # fmt: skip


def scaled(soup: Soup, factors: Point) -> Soup:
    """Scaled per axis about the origin by positive factors; normals follow by the inverse."""
    by = np.asarray(factors, dtype=np.float64)
    normals = soup.normals / by
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    keypoints = None if soup.keypoints_m is None else soup.keypoints_m * by
    return Soup(soup.corners_m * by, normals, soup.uv_m, soup.material, keypoints)


def mirrored(soup: Soup) -> Soup:
    """Reflected in the plane y = 0, still counter-clockwise from outside; a left hand becomes a right one."""
    flip = np.array([1.0, -1.0, 1.0])
    order = [0, 2, 1]
    keypoints = None if soup.keypoints_m is None else (soup.keypoints_m * flip)[list(_OTHER_SIDE)]
    return Soup(
        (soup.corners_m * flip)[:, order], (soup.normals * flip)[:, order], soup.uv_m[:, order], soup.material,
        keypoints,
    )  # fmt: skip


def recolored(soup: Soup, lookup: Int[np.ndarray, "M"]) -> Soup:
    """The same shape with every material row replaced by `lookup[row]`."""
    return replace(soup, material=lookup[soup.material].astype(np.int64))


def yaw_rotation(yaw_rad: float) -> Float[np.ndarray, "3 3"]:
    """Rotation about z."""
    cos, sin = float(np.cos(yaw_rad)), float(np.sin(yaw_rad))
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def pitch_rotation(pitch_rad: float) -> Float[np.ndarray, "3 3"]:
    """Rotation about y; positive turns x downwards."""
    cos, sin = float(np.cos(pitch_rad)), float(np.sin(pitch_rad))
    return np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])


def roll_rotation(roll_rad: float) -> Float[np.ndarray, "3 3"]:
    """Rotation about x; positive turns y upwards."""
    cos, sin = float(np.cos(roll_rad)), float(np.sin(roll_rad))
    return np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])


def placed(soup: Soup, position_m: Point, yaw_rad: float) -> Soup:
    """Turned about z, then moved."""
    return moved(turned(soup, yaw_rotation(yaw_rad)), position_m)


def instances(
    soup: Soup,
    position_m: Float[np.ndarray, "N 3"],
    yaw_rad: Float[np.ndarray, "N"],
    scale: "Float[np.ndarray, 'N'] | None" = None,
) -> Soup:
    """N copies: scaled evenly, turned about z, moved."""
    count = len(position_m)
    if count == 0:
        return EMPTY
    cos, sin, zero, one = np.cos(yaw_rad), np.sin(yaw_rad), np.zeros(count), np.ones(count)
    rotation = np.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], axis=-1).reshape(count, 1, 3, 3)
    size = one if scale is None else scale
    flat_corners = soup.corners_m.reshape(1, -1, 3) * size[:, None, None]
    corners = np.matmul(flat_corners, np.swapaxes(rotation[:, 0], -1, -2)) + position_m[:, None]
    normals = np.matmul(soup.normals.reshape(1, -1, 3), np.swapaxes(rotation[:, 0], -1, -2))
    return Soup(
        corners.reshape(-1, 3, 3),
        normals.reshape(-1, 3, 3),
        np.tile(soup.uv_m, (count, 1, 1)),
        np.tile(soup.material, count),
    )


def smooth(soup: Soup, crease_rad: float = 0.7) -> Soup:
    """Shading normals averaged over faces that meet at a corner at less than `crease_rad`, weighted by area."""
    if not len(soup):
        return soup
    corners = soup.corners_m
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    unit = cross / np.maximum(np.linalg.norm(cross, axis=-1, keepdims=True), 1e-12)
    _, vertex = np.unique(np.round(corners.reshape(-1, 3) * 2e4).astype(np.int64), axis=0, return_inverse=True)
    order = np.argsort(vertex.ravel(), kind="stable")
    sorted_vertex = vertex.ravel()[order]
    start = np.searchsorted(sorted_vertex, np.arange(sorted_vertex[-1] + 1))
    slot = np.arange(len(order)) - start[sorted_vertex]
    members = np.full((len(start), int(slot.max()) + 1), -1)
    members[sorted_vertex, slot] = order // 3
    there = members >= 0
    face_unit = np.where(there[..., None], unit[members], 0.0)
    face_cross = np.where(there[..., None], cross[members], 0.0)
    near = np.einsum("vid,vjd->vij", face_unit, face_unit) > np.cos(crease_rad)
    total = np.einsum("vij,vjd->vid", near.astype(np.float64), face_cross)
    length = np.linalg.norm(total, axis=-1, keepdims=True)
    total = np.where(length > 1e-12, total / np.maximum(length, 1e-12), face_unit)
    normals = np.empty((len(order), 3))
    normals[order] = total[sorted_vertex, slot]
    return replace(soup, normals=normals.reshape(-1, 3, 3))


def fitted(soup: Soup, size_m: Point) -> Soup:
    """Scaled and moved so that its bounding box is exactly (length, width, height) about the origin."""
    low, high = bounds(soup)
    extent = np.maximum(high - low, 1e-6)
    return scaled(moved(soup, -0.5 * (low + high)), np.asarray(size_m, dtype=np.float64) / extent)


def bounds(soup: Soup) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
    """Lowest and highest coordinates."""
    points = soup.corners_m.reshape(-1, 3)
    return points.min(axis=0), points.max(axis=0)


def to_mesh(soup: Soup) -> Mesh:
    """As the tracer takes it."""
    count = len(soup)
    return Mesh(
        vertices_m=np.ascontiguousarray(soup.corners_m.reshape(-1, 3), dtype=np.float32),
        triangles=np.arange(3 * count, dtype=np.int32).reshape(count, 3),
        material=soup.material.astype(np.int32),
        uv_m=np.ascontiguousarray(soup.uv_m, dtype=np.float32),
        normals=np.ascontiguousarray(soup.normals, dtype=np.float32),
        keypoints_m=soup.keypoints_m,
    )


def blurred_normals(soup: Soup, centers_m: Float[np.ndarray, "C 3"], share: float) -> Soup:
    """Normals drawn towards the direction away from the nearest centre: leaves shade like the crown they make."""
    middle = soup.corners_m.mean(axis=1)
    _, nearest = KDTree(centers_m).query(middle)
    away = soup.corners_m - centers_m[nearest][:, None]
    away /= np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-9)
    normals = (1 - share) * soup.normals + share * away
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    return Soup(soup.corners_m, normals, soup.uv_m, soup.material)
