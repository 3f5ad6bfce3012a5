"""Road surfaces, pavements, medians, kerbs and verges."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from driving_data.maps.lane_map import Lane
from driving_data.taxonomy import SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Texture
from generators.raytrace.scenery.ground import Heights, edging, oriented_strip, ring_profile, surface
from generators.raytrace.scenery.plan import ROAD_KINDS, Plan, lane_polygon, polygons
from generators.raytrace.soup import EMPTY, Soup, concat

GREEN_MEDIAN_M2 = 25.0
APRON_M = {"urban": 6.0, "residential": 5.0, "rural": 3.0, "motorway": 4.0}
APRON_FALL = {"urban": 0.012, "residential": 0.06, "rural": 0.1, "motorway": 0.075}
GRASS_GREENS = {"summer": (0.055, 0.10, 0.025), "spring": (0.06, 0.125, 0.028), "autumn": (0.085, 0.09, 0.03),
                "winter": (0.10, 0.095, 0.055)}  # fmt: skip
KERB_PROFILE_M = np.array([[0.0, -0.05], [0.0, 0.095], [0.012, 0.116], [0.03, 0.12], [0.15, 0.121]])
# The edging's own height is the pavement's, so the profile hangs below it.
KERB_BELOW_WALK_M = KERB_PROFILE_M - np.array([0.0, 0.12])
SKIRT_PROFILE_M = np.array([[-1.6, -0.9], [-0.5, -0.22], [0.0, 0.0]])


def asphalt(book: MaterialBook, appearance: Appearance) -> int:
    """The road's material."""
    tone, warmth = appearance.number("asphalt_tone"), 0.06 * appearance.number("asphalt_warmth")
    color = (round(tone * (1 + warmth), 5), round(tone, 5), round(tone * (1 - warmth), 5))
    darker = (round(0.72 * color[0], 5), round(0.72 * color[1], 5), round(0.72 * color[2], 5))
    return book.add(
        Surface(color, SemanticClass.ROAD, second=darker, roughness=0.9, reflectance=0.03, texture=Texture.ASPHALT,
                texture_scale_m=1.0, lidar_reflectivity=0.14, wettable=1.0)
    )  # fmt: skip


def paving(book: MaterialBook, appearance: Appearance, scale_m: float = 0.4) -> int:
    """The pavement's material."""
    tone = appearance.number("sidewalk_tone")
    color = (round(tone * 1.02, 5), round(tone, 5), round(tone * 0.95, 5))
    return book.add(
        Surface(color, SemanticClass.SIDEWALK, second=(0.5 * tone, 0.5 * tone, 0.48 * tone), roughness=0.9,
                texture=Texture.PAVING, texture_scale_m=scale_m, lidar_reflectivity=0.35, wettable=0.8)
    )  # fmt: skip


def grass(book: MaterialBook, appearance: Appearance) -> int:
    """The material of verges, gardens and fields."""
    fresh = np.array(GRASS_GREENS[appearance.choice("season")])
    dry = np.array([0.16, 0.13, 0.055])
    share = 0.55 * appearance.number("grass_dryness")
    color = (1 - share) * fresh + share * dry
    second = 0.55 * fresh + 0.45 * dry
    return book.add(
        Surface((float(color[0]), float(color[1]), float(color[2])), SemanticClass.TERRAIN,
                second=(float(second[0]), float(second[1]), float(second[2])), roughness=1.0, reflectance=0.02,
                texture=Texture.GRASS, texture_scale_m=1.0, lidar_reflectivity=0.5, wettable=0.5)
    )  # fmt: skip


def concrete(book: MaterialBook, semantic: SemanticClass, color: str = "#a9a69d") -> int:
    """Kerb stones, medians, walls."""
    return book.add(
        Surface(color, semantic, roughness=0.85, texture=Texture.CONCRETE, texture_scale_m=1.5,
                lidar_reflectivity=0.4, wettable=0.7)
    )  # fmt: skip


def road_surfaces(plan: Plan, book: MaterialBook, appearance: Appearance) -> Soup:
    """Lanes as strips with uv along the road, all other road as one surface, and a bed below that closes every gap."""
    material = asphalt(book, appearance)
    lanes = [lane for lane in plan.lanes if lane.kind in ROAD_KINDS and not crosses(lane, plan.junctions)]
    rest = plan.road.difference(shapely.union_all([lane_polygon(lane) for lane in lanes]))
    return concat(
        [
            surface(plan.road.buffer(0.04), plan.road_height_m, -0.035, material),
            surface(rest.intersection(plan.region), plan.road_height_m, 0.0, material, 8.0),
            *[lane_strip(lane, material) for lane in lanes],
        ]
    )


def crosses(lane: Lane, crossing: BaseGeometry) -> bool:
    """Whether a lane lies where lanes cross, so that it has no surface of its own."""
    if lane.junction_id is not None:
        return True
    if crossing.is_empty:
        return False
    area = lane_polygon(lane)
    return bool(crossing.intersection(area).area > 0.9 * area.area)


def lane_strip(lane: Lane, material: int) -> Soup:
    """The surface of one lane: u along it, v across, in metres; v is measured in the plane for texture continuity."""
    keep = _needed(lane)
    left, right, center = lane.left_m[keep], lane.right_m[keep], lane.centerline_m[keep]
    grid = np.stack([right, left], axis=1)
    u = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(center, axis=0), axis=-1))])
    width = np.linalg.norm(left - right, axis=-1)
    uv = np.stack([np.stack([u, 0 * width], axis=-1), np.stack([u, width], axis=-1)], axis=1)
    # Neighbouring lanes must not show the same stones: each lane begins elsewhere on the pattern.
    uv = uv + np.floor(np.array([center[0, 0], center[0, 1]]) * 3.7) % 97
    return oriented_strip(grid, uv, material, flip=False)


def _needed(lane: Lane) -> np.ndarray:
    """Indices of the points that the strip cannot do without: ends, bends, and one in twenty metres."""
    count = len(lane.centerline_m)
    if count <= 3:
        return np.arange(count)
    keep = [0]
    for i in range(1, count - 1):
        last = keep[-1]
        chord = lane.centerline_m[i + 1] - lane.centerline_m[last]
        length = max(float(np.linalg.norm(chord)), 1e-6)
        worst = 0.0
        for line in (lane.left_m, lane.right_m):
            span = line[i + 1] - line[last]
            share = np.linspace(0, 1, i + 2 - last)[:, None]
            worst = max(worst, float(np.abs(line[last : i + 2] - (line[last] + share * span)).max()))
        if length > 20.0 or worst > 0.015:
            keep.append(i)
    return np.array([*keep, count - 1])


def walk_surfaces(plan: Plan, book: MaterialBook, appearance: Appearance) -> Soup:
    """Raised pavements and medians with bevelled kerbs."""
    kerb = concrete(book, SemanticClass.KERB, "#b3b0a8")
    parts = [
        surface(plan.walks, plan.walk_height_m, 0.0, paving(book, appearance), 12.0),
        edging(plan.walks, KERB_BELOW_WALK_M, plan.walk_height_m, kerb),
    ]
    for median in polygons(plan.medians):
        if plan.setting == "motorway":
            parts.append(surface(median, plan.road_height_m, -0.02, grass(book, appearance)))
            continue
        green = median.area > GREEN_MEDIAN_M2 and median.buffer(-1.2).area > 0.3 * median.area
        top = grass(book, appearance) if green else concrete(book, SemanticClass.SIDEWALK)
        parts.append(surface(median, lambda xy: plan.road_height_m(xy) + 0.12, 0.0, top))
        parts.append(edging(median, KERB_BELOW_WALK_M, lambda xy: plan.road_height_m(xy) + 0.12, kerb))
    return concat(parts)


def apron_height_m(setting: str, beside_m: np.ndarray, distance_m: np.ndarray) -> np.ndarray:
    """Height of the apron: level with the paving in town, falling away from it elsewhere."""
    return beside_m - 0.012 - APRON_FALL[setting] * distance_m


def apron(plan: Plan, book: MaterialBook, appearance: Appearance) -> Soup:
    """The ground beside the paving, level with it, falling to the terrain at its outer edge."""
    width = APRON_M[plan.setting]
    wide = plan.paved.buffer(width, quad_segs=3)
    ring = wide.difference(plan.paved).intersection(plan.region)
    if ring.is_empty:
        return EMPTY
    green = grass(book, appearance)
    near = green
    if plan.setting == "urban":
        near = concrete(book, SemanticClass.SIDEWALK, "#8f8c85")

    def height(xy: np.ndarray) -> np.ndarray:
        distance = plan.to_paved.distance_m(xy)
        return apron_height_m(plan.setting, plan.verge_height_m(xy), distance)

    parts = [surface(ring, height, 0.0, near, 10.0)]
    outer = wide.simplify(0.05)
    for part in shapely.get_parts(outer):
        hull = shapely.geometry.polygon.orient(part)
        coordinates = shapely.get_coordinates(shapely.segmentize(hull.exterior, 8.0))
        parts.append(_skirt(coordinates, height, green))
        for hole in hull.interiors:
            parts.append(_skirt(shapely.get_coordinates(shapely.segmentize(hole, 8.0)), height, green))
    return concat(parts)


def _skirt(ring: np.ndarray, height: Heights, material: int) -> Soup:
    return ring_profile(ring, SKIRT_PROFILE_M, height, material)
