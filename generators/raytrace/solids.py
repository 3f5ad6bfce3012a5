"""Simple bodies as triangle soups: sheets, boxes, tubes, bodies of revolution, ellipsoids, prisms."""

import numpy as np
from jaxtyping import Float, Int

from generators.raytrace.soup import SMALLEST_AREA_M2, Point, Soup, concat, flat, moved, roll_rotation, smooth, turned


def sheet(
    points_m: Float[np.ndarray, "n m 3"],
    material: "int | Int[np.ndarray, 'rows columns']",
    uv_m: "Float[np.ndarray, 'n m 2'] | None" = None,
) -> Soup:
    """A grid of points as a surface, facetted; outside is (along n) x (along m).

    Args:
        points_m: the grid.
        material: one row, or one per cell, shape (n - 1, m - 1).
        uv_m: texture coordinates; by default metres along the two directions.
    """
    uv = _grid_uv(points_m) if uv_m is None else uv_m
    corners = _cells(points_m)
    rows = np.asarray(material)
    if rows.ndim:
        rows = np.repeat(rows.ravel(), 2)
    return flat(corners, rows if rows.ndim else int(rows), _cells(uv))


def sheet_with_normals(
    points_m: Float[np.ndarray, "n m 3"], normals: Float[np.ndarray, "n m 3"], material: int
) -> Soup:
    """As `sheet`, with shading normals given at the grid points."""
    corners, corner_normals, uv = _cells(points_m), _cells(normals), _cells(_grid_uv(points_m))
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    keep = np.einsum("fi,fi->f", cross, cross) > 4 * SMALLEST_AREA_M2**2
    count = int(keep.sum())
    return Soup(corners[keep], corner_normals[keep], uv[keep], np.full(count, material, dtype=np.int64))


def _cells(grid: np.ndarray) -> np.ndarray:
    a, b, c, d = grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]
    size = grid.shape[-1]
    return np.stack([np.stack([a, b, c], axis=2), np.stack([a, c, d], axis=2)], axis=2).reshape(-1, 3, size)


def _grid_uv(points_m: np.ndarray) -> np.ndarray:
    along = np.linalg.norm(np.diff(points_m, axis=0), axis=-1).mean(axis=1)
    across = np.linalg.norm(np.diff(points_m, axis=1), axis=-1).mean(axis=0)
    u = np.concatenate([[0.0], np.cumsum(along)])
    v = np.concatenate([[0.0], np.cumsum(across)])
    return np.stack(np.broadcast_arrays(u[:, None], v[None, :]), axis=-1)


def quads(corners_m: Float[np.ndarray, "Q 4 3"], material: "int | Int[np.ndarray, 'Q']") -> Soup:
    """Flat four-sided faces, counter-clockwise from outside."""
    triangles = corners_m[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3, 3)
    rows = np.asarray(material)
    return flat(triangles, np.repeat(rows, 2) if rows.ndim else int(rows))


_BOX_FACES = np.array([[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]])
_BOX_SIGNS = np.array(
    [[-1, -1, -1], [1, -1, -1], [1, 1, -1], [-1, 1, -1], [-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]],
    dtype=np.float64,
)


def box(size_m: Point, center_m: Point, material: int) -> Soup:
    """An upright box."""
    return boxes(np.asarray([size_m], dtype=np.float64), np.asarray([center_m], dtype=np.float64), material)


def boxes(size_m: Float[np.ndarray, "N 3"], center_m: Float[np.ndarray, "N 3"], material: int) -> Soup:
    """N upright boxes."""
    corners = center_m[:, None] + 0.5 * size_m[:, None] * _BOX_SIGNS
    return quads(corners[:, _BOX_FACES].reshape(-1, 4, 3), material)


def rounded_box(size_m: Point, center_m: Point, material: int, bevel_m: float) -> Soup:
    """A box with bevelled edges and smooth shading across the bevels."""
    half = 0.5 * np.asarray(size_m, dtype=np.float64)
    bevel = min(bevel_m, 0.45 * float(half.min()))
    inner = half - bevel
    x, y = inner[0], inner[1]
    ring = np.array(
        [[-x, -half[1]], [x, -half[1]], [half[0], -y], [half[0], y], [x, half[1]], [-x, half[1]], [-half[0], y],
         [-half[0], -y]]
    )  # fmt: skip
    small = np.sign(ring) * np.minimum(np.abs(ring), [x, y])
    levels = [(small, -half[2]), (ring, -inner[2]), (ring, inner[2]), (small, half[2])]
    rings = np.stack([np.column_stack([points, np.full(8, z)]) for points, z in levels], axis=1)
    closed = np.concatenate([rings, rings[:1]], axis=0)
    body = sheet(closed, material)
    caps = concat([fan(rings[::-1, 0], material), fan(rings[:, -1], material)])
    return moved(smooth(concat([body, caps]), 1.0), center_m)


def fan(points_m: Float[np.ndarray, "n 3"], material: int) -> Soup:
    """A convex polygon."""
    middle = np.broadcast_to(points_m[:1], (len(points_m) - 2, 3))
    return flat(np.stack([middle, points_m[1:-1], points_m[2:]], axis=1), material)


def prism(outline_m: Float[np.ndarray, "n 2"], low_m: float, high_m: float, material: int) -> Soup:
    """A convex outline (counter-clockwise) drawn upwards."""
    bottom = np.column_stack([outline_m, np.full(len(outline_m), low_m)])
    top = np.column_stack([outline_m, np.full(len(outline_m), high_m)])
    ring = np.stack([bottom, top], axis=1)
    wall = sheet(np.concatenate([ring, ring[:1]]), material)
    return concat([wall, fan(bottom[::-1], material), fan(top, material)])


def slab(outline_m: Float[np.ndarray, "n 2"], low_m: float, high_m: float, material: int) -> Soup:
    """A convex outline (x, z), either way round, drawn along y between two values."""
    after = np.roll(outline_m, -1, axis=0)
    area = float(np.sum(outline_m[:, 0] * after[:, 1] - outline_m[:, 1] * after[:, 0]))
    # Rolled over by a quarter turn, y becomes z and z becomes -y.
    return turned(
        prism(outline_m if area > 0 else outline_m[::-1], -high_m, -low_m, material), roll_rotation(0.5 * np.pi)
    )


def tube(
    path_m: Float[np.ndarray, "n 3"],
    radius_m: "float | Float[np.ndarray, 'n']",
    material: int,
    sides: int = 8,
    squash: float = 1.0,
    caps: bool = True,
) -> Soup:
    """A round tube along a path, smooth, with flat ends; `squash` flattens its second cross direction."""
    path = np.asarray(path_m, dtype=np.float64)
    radius = np.broadcast_to(np.asarray(radius_m, dtype=np.float64), (len(path),))
    tangent = np.gradient(path, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=-1, keepdims=True), 1e-12)
    # The axis that no part of the path runs along; y where it will do.
    aligned = np.abs(tangent).max(axis=0)
    reference = np.eye(3)[1 if aligned[1] < 0.8 else int(np.argmin(aligned))]
    side = np.cross(tangent, reference)
    side /= np.maximum(np.linalg.norm(side, axis=-1, keepdims=True), 1e-12)
    other = np.cross(tangent, side)
    angle = np.linspace(0.0, 2 * np.pi, sides + 1)
    ring = np.cos(angle)[:, None, None] * side + squash * np.sin(angle)[:, None, None] * other
    points = path + radius[:, None] * ring
    points[-1] = points[0]
    outward = np.cos(angle)[:, None, None] * side + np.sin(angle)[:, None, None] * other / squash
    outward = outward / np.maximum(np.linalg.norm(outward, axis=-1, keepdims=True), 1e-12)
    soup = sheet_with_normals(points, outward, material)
    if caps:
        soup = concat([soup, fan(points[-2::-1, 0], material), fan(points[:-1, -1], material)])
    return soup


def revolved(
    profile_m: Float[np.ndarray, "n 2"],
    material: "int | Int[np.ndarray, 'rows']",
    sides: int = 12,
    crease_rad: float = 0.6,
) -> Soup:
    """A profile (radius, height), upwards on the outside, turned about z."""
    angle = np.linspace(0.0, 2 * np.pi, sides + 1)
    cos, sin = np.cos(angle), np.sin(angle)
    cos[-1], sin[-1] = 1.0, 0.0
    radius, height = profile_m[:, 0], profile_m[:, 1]
    points = np.stack(
        [cos[:, None] * radius, sin[:, None] * radius, np.broadcast_to(height, (sides + 1, len(height)))], axis=-1
    )
    rows = np.asarray(material)
    if rows.ndim:
        return smooth(sheet(points, np.broadcast_to(rows, (sides, len(rows)))), crease_rad)
    return smooth(sheet(points, int(rows)), crease_rad)


def ellipsoid(center_m: Point, radii_m: Point, material: int, rings: int = 6, sides: int = 10) -> Soup:
    """An upright ellipsoid with exact normals."""
    polar = np.linspace(-0.5 * np.pi, 0.5 * np.pi, rings + 1)
    angle = np.linspace(0.0, 2 * np.pi, sides + 1)
    angle[-1] = 0.0
    unit = np.stack(
        [
            np.cos(angle)[:, None] * np.cos(polar),
            np.sin(angle)[:, None] * np.cos(polar),
            np.broadcast_to(np.sin(polar), (sides + 1, rings + 1)),
        ],
        axis=-1,
    )
    radii = np.asarray(radii_m, dtype=np.float64)
    soup = sheet(unit * radii, material)
    normals = soup.corners_m / radii**2
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    return moved(Soup(soup.corners_m, normals, soup.uv_m, soup.material), center_m)


def cylinder(start_m: Point, end_m: Point, radius_m: float, material: int, sides: int = 8) -> Soup:
    """A straight round bar with flat ends."""
    return tube(np.array([start_m, end_m], dtype=np.float64), radius_m, material, sides)


def bar(start_m: Point, end_m: Point, width_m: float, height_m: float, material: int) -> Soup:
    """A straight four-sided bar; `height_m` lies in the vertical plane through it."""
    start, end = np.asarray(start_m, dtype=np.float64), np.asarray(end_m, dtype=np.float64)
    tangent = (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)
    up = np.array([0.0, 0.0, 1.0]) if abs(tangent[2]) < 0.95 else np.array([1.0, 0.0, 0.0])
    side = np.cross(up, tangent)
    side /= np.linalg.norm(side)
    up = np.cross(tangent, side)
    cross = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * 0.5
    offsets = cross[:, :1] * width_m * side + cross[:, 1:] * height_m * up
    near, far = start + offsets, end + offsets
    faces = [[near[i], near[j], far[j], far[i]] for i, j in ((1, 0), (2, 1), (3, 2), (0, 3))]
    faces += [[near[0], near[1], near[2], near[3]], [far[3], far[2], far[1], far[0]]]
    soup = quads(np.array(faces), material)
    outward = np.einsum("fi,fi->f", soup.corners_m.mean(axis=1) - 0.5 * (start + end), soup.normals[:, 0])
    return soup if outward.sum() > 0 else flat(soup.corners_m[:, ::-1], material)
