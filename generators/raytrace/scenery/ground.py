"""Flat polygons to triangles, rings to kerbs, lines to ribbons: the tools of everything that lies on the ground."""

from collections.abc import Callable

import numpy as np
import shapely
from jaxtyping import Float
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from generators.raytrace.scenery.plan import polygons
from generators.raytrace.soup import EMPTY, Soup, concat, flat

GRID_M = 0.01
CELL_M = 3.0
EVEN_M = 0.03
Heights = Callable[[np.ndarray], np.ndarray]


def surface(shape: BaseGeometry, height: Heights, lift_m: float, material: int, spacing_m: float = 15.0) -> Soup:
    """A polygon as a surface: constrained Delaunay triangles, heights from `height`, uv as world metres."""
    if shape.is_empty:
        return EMPTY
    parts = _without_spikes(shape, spacing_m)
    triangles = _triangulated(_cut_where_uneven(parts, height))
    if not len(triangles):
        return EMPTY
    xy = shapely.get_coordinates(triangles).reshape(-1, 4, 2)[:, :3]
    one, two = xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]
    turn = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    xy = np.where((turn < 0)[:, None, None], xy[:, ::-1], xy)
    z = height(xy.reshape(-1, 2)).reshape(-1, 3) + lift_m
    return flat(np.concatenate([xy, z[..., None]], axis=-1), material, xy)


def _triangulated(shapes: np.ndarray) -> np.ndarray:
    """Triangles of the polygons; one that the constrained triangulation refuses is cut by an unconstrained one."""
    try:
        return shapely.get_parts(shapely.constrained_delaunay_triangles(shapes))
    except shapely.GEOSException:
        if len(shapes) > 1:
            return np.concatenate([_triangulated(shapes[i : i + 1]) for i in range(len(shapes))])
    triangles = shapely.get_parts(shapely.delaunay_triangles(shapely.segmentize(shapes[0], 1.0)))
    return triangles[shapely.contains(shapes[0], shapely.centroid(triangles))]


def _cut_where_uneven(shapes: np.ndarray, height: Heights) -> np.ndarray:
    """Polygons over uneven ground cut into cells, so that the surface has points inside, not only at its edge."""
    pieces: list[np.ndarray] = []
    for shape in shapes:
        low, high = np.floor(np.array(shape.bounds).reshape(2, 2) / CELL_M)
        x, y = np.meshgrid(np.arange(low[0], high[0] + 1) * CELL_M, np.arange(low[1], high[1] + 1) * CELL_M)
        inside = shapely.contains_xy(shape, x, y)
        points = np.concatenate([np.column_stack([x[inside], y[inside]]), shapely.get_coordinates(shape)])
        if inside.sum() < 4 or _unevenness_m(points, height) < EVEN_M:
            pieces.append(np.array([shape], dtype=object))
            continue
        cells = shapely.box(x.ravel(), y.ravel(), x.ravel() + CELL_M, y.ravel() + CELL_M)
        shapely.prepare(shape)
        touched = cells[shapely.intersects(shape, cells)]
        cut = shapely.get_parts(shapely.intersection(touched, shape))
        pieces.append(cut[(shapely.get_type_id(cut) == 3) & (shapely.area(cut) > 1e-6)])
    return np.concatenate(pieces) if pieces else np.array([], dtype=object)


def _unevenness_m(points: np.ndarray, height: Heights) -> float:
    """Largest deviation of the ground from a plane."""
    design = np.column_stack([points - points.mean(axis=0), np.ones(len(points))])
    z = height(points)
    solution, *_ = np.linalg.lstsq(design, z, rcond=None)
    return float(np.abs(z - design @ solution).max())


def _without_spikes(shape: BaseGeometry, spacing_m: float) -> np.ndarray:
    """Its polygons, fit for triangulation: on a grid of centimetres, no part thinner than that, edges not too long."""
    sound = shapely.set_precision(shape, GRID_M)
    sound = shapely.set_precision(sound.buffer(GRID_M, join_style="mitre").simplify(0.5 * GRID_M), 0.2 * GRID_M)
    return np.asarray(shapely.segmentize(np.array(polygons(sound), dtype=object), spacing_m), dtype=object)


def ring_profile(
    ring_m: Float[np.ndarray, "n 2"], profile_m: Float[np.ndarray, "k 2"], height: Heights, material: int
) -> Soup:
    """A profile (distance from the ring, height above the ground) swept around a closed ring.

    Args:
        ring_m: closed ring, first point repeated; counter-clockwise for an outer ring.
        profile_m: from the outer to the inner side; distances run to the left of the ring, inwards.
        height: ground height at plane points.
        material: row of the material.
    """
    points = ring_m[:-1]
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    normal = _left(before) + _left(after)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
    cosine = np.clip(np.sum(normal * _left(after), axis=-1, keepdims=True), 0.5, 1.0)
    normal = normal / cosine
    z = height(points)
    sweep = points[:, None] + profile_m[None, :, :1] * normal[:, None]
    grid = np.concatenate([sweep, (z[:, None] + profile_m[None, :, 1])[..., None]], axis=-1)
    grid = np.concatenate([grid, grid[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(ring_m, axis=0), axis=-1))])
    across = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(profile_m, axis=0), axis=-1))])
    uv = np.stack(np.broadcast_arrays(along[:, None], across[None, :]), axis=-1)
    return oriented_strip(grid, uv, material, flip=False)


def oriented_strip(grid: np.ndarray, uv: np.ndarray, material: int, flip: bool) -> Soup:
    """A grid of points as a surface; outside is (along rows) x (along columns), or the other side."""
    a, b, c, d = grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]
    ua, ub, uc, ud = uv[:-1, :-1], uv[1:, :-1], uv[1:, 1:], uv[:-1, 1:]
    corners = np.concatenate([np.stack([a, b, c], 2), np.stack([a, c, d], 2)]).reshape(-1, 3, 3)
    coordinates = np.concatenate([np.stack([ua, ub, uc], 2), np.stack([ua, uc, ud], 2)]).reshape(-1, 3, 2)
    if flip:
        corners, coordinates = corners[:, ::-1], coordinates[:, ::-1]
    return flat(corners, material, coordinates)


def _left(vector: np.ndarray) -> np.ndarray:
    unit = vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)
    return np.stack([-unit[:, 1], unit[:, 0]], axis=-1)


def rings(shape: BaseGeometry, simplify_m: float = 0.01) -> list[tuple[np.ndarray, bool]]:
    """Closed rings of a shape, the shape always to their left; the flag says whether it is an outer ring."""
    result: list[tuple[np.ndarray, bool]] = []
    for part in polygons(shape.simplify(simplify_m)):
        oriented = shapely.geometry.polygon.orient(part)
        result.append((shapely.get_coordinates(oriented.exterior), True))
        result += [(shapely.get_coordinates(hole), False) for hole in oriented.interiors if Polygon(hole).area > 0.5]
    return result


def edging(shape: BaseGeometry, profile_m: np.ndarray, height: Heights, material: int, spacing_m: float = 6.0) -> Soup:
    """The profile swept along every ring of a shape, on its inner side."""
    parts: list[Soup] = []
    for ring, _ in rings(shape):
        dense = shapely.get_coordinates(shapely.segmentize(shapely.LineString(ring), spacing_m))
        if len(dense) > 3:
            parts.append(ring_profile(dense, profile_m, height, material))
    return concat(parts)


def ribbon(
    line_m: Float[np.ndarray, "n 3"],
    begin_m: Float[np.ndarray, "q"],
    end_m: Float[np.ndarray, "q"],
    offset_m: float,
    width_m: float,
    lift_m: float,
    material: int,
) -> Soup:
    """Flat pieces along a line, from `begin_m` to `end_m` of its length, `offset_m` to its left."""
    steps = np.linalg.norm(np.diff(line_m[:, :2], axis=0), axis=-1)
    arc = np.concatenate([[0.0], np.cumsum(steps)])
    tangent = np.gradient(line_m[:, :2], np.maximum(arc, np.arange(len(arc)) * 1e-6), axis=0)
    side = _left(tangent)

    def at(s: np.ndarray, offset: float) -> np.ndarray:
        across = np.stack([np.interp(s, arc, side[:, k]) for k in range(2)], axis=-1)
        middle = np.stack([np.interp(s, arc, line_m[:, k]) for k in range(3)], axis=-1)
        middle[:, :2] += offset * across
        middle[:, 2] += lift_m
        return middle

    low, high = offset_m - 0.5 * width_m, offset_m + 0.5 * width_m
    a, b, c, d = at(begin_m, low), at(end_m, low), at(end_m, high), at(begin_m, high)
    corners = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    zero = np.zeros_like(begin_m)
    ua, ub = np.stack([begin_m, zero], -1), np.stack([end_m, zero], -1)
    uc, ud = np.stack([end_m, zero + width_m], -1), np.stack([begin_m, zero + width_m], -1)
    return flat(corners, material, np.concatenate([np.stack([ua, ub, uc], 1), np.stack([ua, uc, ud], 1)]))


def arc_length_m(line_m: Float[np.ndarray, "n 3"]) -> float:
    """Length in the plane."""
    return float(np.linalg.norm(np.diff(line_m[:, :2], axis=0), axis=-1).sum())
