"""Guard rails, noise walls, fences and gantries along roads outside towns."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from driving_data.maps.lane_map import DRIVABLE_KINDS, MapObject
from driving_data.taxonomy import SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Texture
from generators.raytrace.scenery.ground import oriented_strip
from generators.raytrace.scenery.plan import Plan
from generators.raytrace.scenery.poles import Spot, along_edge, clear_of, on_ground, picked, steel
from generators.raytrace.solids import box, boxes, quads, tube
from generators.raytrace.soup import EMPTY, Soup, concat, instances

# Cross-section of a W beam: (distance towards the road, height above the ground).
BEAM_M = np.array([[0.0, 0.46], [0.05, 0.50], [0.05, 0.55], [0.0, 0.61], [0.05, 0.67], [0.05, 0.72], [0.0, 0.77]])
RAIL_OFFSET_M = 0.75


def rail_metal(book: MaterialBook) -> int:
    """Galvanised steel."""
    return book.add(Surface("#a4a9ad", SemanticClass.GUARD_RAIL, roughness=0.4, reflectance=0.3, lidar_reflectivity=0.7,
                            wettable=0.1))  # fmt: skip


def mapped_rail(item: MapObject, book: MaterialBook) -> Soup:
    """A straight piece of W beam with posts, as long as the map's object, about the origin of its own frame."""
    metal = rail_metal(book)
    half = 0.5 * float(item.size_m[0])
    grid = np.stack([np.column_stack([np.full(len(BEAM_M), x), BEAM_M[:, 0], BEAM_M[:, 1]]) for x in (-half, half)])
    uv = np.stack(np.broadcast_arrays(np.array([0.0, 2 * half])[:, None], BEAM_M[None, :, 1]), axis=-1)
    places = np.arange(-half + min(1.0, half), half, 4.0)
    posts = boxes(np.tile([0.09, 0.12, 1.1], (len(places), 1)),
                  np.column_stack([places, np.full(len(places), -0.06), np.full(len(places), 0.2)]), metal)  # fmt: skip
    return concat([oriented_strip(grid, uv, metal, flip=True), posts])


def guard_rails(plan: Plan, book: MaterialBook, appearance: Appearance) -> Soup:
    """W-beam rails beside motorways and along medians; on rural roads here and there."""
    if plan.setting not in ("motorway", "rural"):
        return EMPTY
    metal = rail_metal(book)
    rng = appearance.rng("rails")
    parts: list[Soup] = []
    lines = _lines(plan.road.union(plan.medians).buffer(RAIL_OFFSET_M, quad_segs=4), plan)
    if plan.setting == "rural":
        lines = _stretches(lines, rng, 40.0, 90.0, 0.25)
    if not plan.medians.is_empty and plan.setting == "motorway":
        for part in shapely.get_parts(plan.medians.buffer(-0.9)):
            lines += _lines(part, plan, reverse=True)
    for line in lines:
        parts.append(_rail(plan, line, metal))
    return concat(parts)


def _lines(shape: BaseGeometry, plan: Plan, reverse: bool = False) -> list[np.ndarray]:
    """Outlines clipped to the region, the road to their left, at most 4 m between points."""
    result: list[np.ndarray] = []
    inner = plan.region.buffer(-3.0)
    for part in np.atleast_1d(shapely.get_parts(shape)):
        oriented = shapely.geometry.polygon.orient(part)
        for ring in (oriented.exterior, *oriented.interiors):
            kept = shapely.line_merge(shapely.intersection(shapely.LineString(ring.coords), inner))
            for piece in np.atleast_1d(shapely.get_parts(kept)):
                if piece.length > 12.0:
                    points = shapely.get_coordinates(shapely.segmentize(piece.simplify(0.04), 4.0))
                    result.append(points[::-1] if reverse else points)
    return result


def _stretches(
    lines: list[np.ndarray], rng: np.random.Generator, low: float, high: float, share: float
) -> list[np.ndarray]:
    result: list[np.ndarray] = []
    for line in lines:
        whole = shapely.LineString(line)
        s = float(rng.uniform(0, high))
        while s < whole.length:
            size = float(rng.uniform(low, high))
            if rng.random() < share:
                piece = substring(whole, s, min(s + size, whole.length))
                points = shapely.get_coordinates(piece)
                if len(points) > 2:
                    result.append(points)
            s += size
    return result


def _rail(plan: Plan, line: np.ndarray, material: int) -> Soup:
    tangent = np.gradient(line, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=-1, keepdims=True), 1e-9)
    left = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    z = plan.road_height_m(line)
    if plan.driven.distance(shapely.MultiPoint(line)) < 0.25:
        return EMPTY
    sweep = line[:, None] + BEAM_M[None, :, :1] * left[:, None]
    grid = np.concatenate([sweep, (z[:, None] + BEAM_M[None, :, 1])[..., None]], axis=-1)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=-1))])
    uv = np.stack(np.broadcast_arrays(along[:, None], BEAM_M[None, :, 1]), axis=-1)
    face = oriented_strip(grid, uv, material, flip=True)
    post_at = line[::1]
    posts = boxes(np.tile([0.09, 0.12, 1.1], (len(post_at), 1)),
                  np.column_stack([post_at - 0.07 * left, z + 0.2]), material)  # fmt: skip
    return concat([face, posts])


def noise_walls(plan: Plan, book: MaterialBook, appearance: Appearance) -> Soup:
    """Walls of concrete panels beside stretches of a motorway."""
    if plan.setting != "motorway":
        return EMPTY
    rng = appearance.rng("noise walls")
    panel = book.add(Surface("#8f9384", SemanticClass.WALL, second="#757a6c", roughness=0.9, texture=Texture.CONCRETE,
                             texture_scale_m=1.0, lidar_reflectivity=0.4, wettable=0.5))  # fmt: skip
    post = steel(book, "#5c6468", SemanticClass.WALL)
    parts: list[Soup] = []
    for line in _stretches(_lines(plan.paved.buffer(6.5, quad_segs=3), plan), rng, 60.0, 140.0, 0.3):
        tall = float(rng.uniform(3.0, 4.5))
        z = plan.verge_height_m(line)
        low, high = np.column_stack([line, z - 1.2]), np.column_stack([line, z + tall])
        faces = np.stack([low[1:], low[:-1], high[:-1], high[1:]], axis=1)
        parts.append(quads(faces, panel))
        parts.append(
            boxes(
                np.tile([0.25, 0.25, tall + 1.3], (len(line), 1)), np.column_stack([line, z + 0.5 * tall - 0.5]), post
            )
        )
    return concat(parts)


def field_fences(plan: Plan, book: MaterialBook, appearance: Appearance) -> Soup:
    """Post-and-rail fences along stretches of a rural road."""
    if plan.setting != "rural":
        return EMPTY
    rng = appearance.rng("fences")
    wood = book.add(
        Surface("#6b5a45", SemanticClass.FENCE, texture=Texture.BARK, texture_scale_m=0.4, lidar_reflectivity=0.4)
    )
    parts: list[Soup] = []
    for line in _stretches(_lines(plan.paved.buffer(4.5, quad_segs=3), plan), rng, 50.0, 120.0, 0.35):
        z = plan.verge_height_m(line) - 0.25
        parts.append(boxes(np.tile([0.12, 0.12, 1.7], (len(line), 1)), np.column_stack([line, z + 0.4]), wood))
        for height in (0.55, 1.05):
            path = np.column_stack([line, z + height])
            parts.append(tube(path, 0.045, wood, 4, caps=False))
    return concat(parts)


def gantry(plan: Plan, book: MaterialBook, appearance: Appearance) -> Soup:
    """An overhead sign bridge across a motorway, some way along the route."""
    if plan.setting != "motorway" or len(plan.focus_m) < 4:
        return EMPTY
    rng = appearance.rng("gantry")
    at = plan.focus_m[min(len(plan.focus_m) - 2, int(len(plan.focus_m) * rng.uniform(0.35, 0.6)))]
    lane = min(
        (lane for lane in plan.lanes if lane.kind in DRIVABLE_KINDS),
        key=lambda lane: float(np.min(np.linalg.norm(lane.centerline_m[:, :2] - at, axis=-1))),
    )
    nearest = int(np.argmin(np.linalg.norm(lane.centerline_m[:, :2] - at, axis=-1)))
    tangent = np.gradient(lane.centerline_m[:, :2], axis=0)[nearest]
    tangent = tangent / max(float(np.linalg.norm(tangent)), 1e-9)
    side = np.array([-tangent[1], tangent[0]])
    carriageway = next(
        (part for part in np.atleast_1d(shapely.get_parts(plan.road)) if part.distance(shapely.Point(*at)) < 1),
        plan.road,
    )
    cut = shapely.intersection(carriageway.buffer(1.4), shapely.LineString([at - 60 * side, at + 60 * side]))
    if cut.is_empty:
        return EMPTY
    piece = min(np.atleast_1d(shapely.get_parts(cut)), key=lambda part: part.distance(shapely.Point(*at)))
    ends = shapely.get_coordinates(piece)[[0, -1]]
    if plan.driven.distance(shapely.MultiPoint(ends)) < 0.4:
        return EMPTY
    return _gantry_between(plan, ends, tangent, book)


def _gantry_between(plan: Plan, ends: np.ndarray, tangent: np.ndarray, book: MaterialBook) -> Soup:
    metal = steel(book, "#7d8387")
    blue = book.add(Surface("#1f4f96", SemanticClass.TRAFFIC_SIGN, roughness=0.4, lidar_reflectivity=1.6))
    white = book.add(Surface("#e9e8e2", SemanticClass.TRAFFIC_SIGN, roughness=0.4, lidar_reflectivity=1.8))
    z = float(plan.road_height_m(ends).max())
    a, b = np.array([*ends[0], z + 6.3]), np.array([*ends[1], z + 6.3])
    parts = [tube(np.array([[*end, z - 0.4], [*end, z + 7.6]]), 0.17, metal, 8) for end in ends]
    for lift in (0.0, 1.1):
        parts.append(tube(np.array([a, b]) + np.array([0, 0, lift]), 0.09, metal, 6))
    span = float(np.linalg.norm(b - a))
    for share in np.arange(0.5, span / 1.5) * 1.5 / span:
        foot = a + share * (b - a)
        parts.append(tube(np.array([foot, foot + 1.5 / span * (b - a) + [0, 0, 1.1]]), 0.04, metal, 4, caps=False))
    across = (b - a) / span
    facing = -np.array([*tangent, 0.0])
    if span > 8.0:
        for share in (0.28, 0.62):
            middle = a + share * (b - a) + np.array([0, 0, 0.55]) + 0.25 * facing
            parts.append(_board(middle, across, facing, 1.9, 1.15, blue, white))
    return concat(parts)


def _board(
    middle: np.ndarray, across: np.ndarray, facing: np.ndarray, half: float, tall: float, blue: int, white: int
) -> Soup:
    up = np.array([0.0, 0.0, 1.0])
    right = np.cross(up, facing)

    def panel(x0: float, x1: float, z0: float, z1: float, lift: float, material: int) -> Soup:
        corners = [middle + x * right + z * up + lift * facing for x, z in ((x0, z0), (x1, z0), (x1, z1), (x0, z1))]
        return quads(np.array([corners]), material)

    rows = [(-0.75, 0.35, 0.45, 0.75), (-0.75, 0.75, -0.05, 0.25), (-0.75, 0.1, -0.55, -0.25)]
    parts = [
        panel(-half, half, -tall, tall, 0.0, white),
        panel(-0.97 * half, 0.97 * half, -0.95 * tall, 0.95 * tall, 0.01, blue),
    ]
    parts += [panel(x0 * half, x1 * half, z0 * tall, z1 * tall, 0.02, white) for x0, x1, z0, z1 in rows]
    around = ((half, -tall), (-half, -tall), (-half, tall), (half, tall))
    parts.append(quads(np.array([[middle + x * right + z * up - 0.03 * facing
                                  for x, z in around]]), white))  # fmt: skip
    return concat(parts)


def map_fence_spots(plan: Plan, offset_m: float, spacing_m: float) -> Spot:
    """Places for posts outside the paving, clear of every lane."""
    spot = clear_of(along_edge(plan, plan.paved, offset_m, spacing_m), plan.driven, 0.4)
    return picked(spot, plan.focus_distance_m(spot.xy_m) < 200.0) if len(spot.xy_m) else spot


def utility_poles(plan: Plan, book: MaterialBook) -> Soup:
    """Wooden poles with a cross-arm along one side of a rural road."""
    if plan.setting != "rural":
        return EMPTY
    wood = book.add(
        Surface("#5a4a3a", SemanticClass.POLE, texture=Texture.BARK, texture_scale_m=0.4, lidar_reflectivity=0.3)
    )
    spot = map_fence_spots(plan, 5.5, 48.0)
    spot = picked(spot, np.sin(spot.yaw_rad + 0.3) > 0)
    pole = concat(
        [
            tube(np.array([[0, 0, -1.0], [0, 0, 8.5]]), np.array([0.15, 0.10]), wood, 7),
            box((0.12, 1.8, 0.12), (0, 0, 8.0), wood),
        ]
    )
    return instances(pole, on_ground(plan, spot), spot.yaw_rad + 0.5 * np.pi)
