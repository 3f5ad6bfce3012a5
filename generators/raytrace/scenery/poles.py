"""Street lamps, delineators, bins, benches and bollards along the edges of the paving."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from jaxtyping import Float
from shapely.geometry.base import BaseGeometry

from driving_data.maps.lane_map import MapObject
from driving_data.taxonomy import SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Glow, Lamps
from generators.raytrace.scenery.plan import Plan, Ruler, polygons
from generators.raytrace.solids import box, cylinder, ellipsoid, rounded_box, tube
from generators.raytrace.soup import EMPTY, Soup, concat, instances

# A lamp of 9 000 lm over 5 sr gives 1 800 cd; a white wall at 1 m has 1 800 / pi cd/m2, over 32 000.
LAMP_RADIANCE = 0.018
KERB_DISTANCE_M = 0.45


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """Places along an edge: points, and the direction to the road."""

    xy_m: Float[np.ndarray, "n 2"]
    yaw_rad: Float[np.ndarray, "n"]


def along_edge(plan: Plan, base: BaseGeometry, offset_m: float, spacing_m: float, start_m: float = 0.0) -> Spot:
    """Places every `spacing_m` along the outline of `base`, `offset_m` outside it, turned towards it."""
    places: list[np.ndarray] = []
    for part in polygons(base.buffer(offset_m, quad_segs=4).simplify(0.03)):
        for ring in (part.exterior, *part.interiors):
            count = max(0, int((ring.length - start_m) / spacing_m))
            if count:
                points = shapely.line_interpolate_point(ring, start_m + spacing_m * np.arange(count))
                places.append(shapely.get_coordinates(points))
    if not places:
        return Spot(np.zeros((0, 2)), np.zeros(0))
    xy = np.concatenate(places)
    xy = xy[shapely.contains_xy(plan.region, xy[:, 0], xy[:, 1])]
    line = shapely.shortest_line(base, shapely.points(xy))
    ends = shapely.get_coordinates(line).reshape(-1, 2, 2)
    inward = ends[:, 0] - ends[:, 1]
    return Spot(xy, np.arctan2(inward[:, 1], inward[:, 0]))


def picked(spot: Spot, keep: np.ndarray) -> Spot:
    """Those places only."""
    return Spot(spot.xy_m[keep], spot.yaw_rad[keep])


def clear_of(spot: Spot, shape: BaseGeometry, distance_m: float) -> Spot:
    """Places at least that far from a shape."""
    if shape.is_empty or not len(spot.xy_m):
        return spot
    return picked(spot, Ruler(shape).distance_m(spot.xy_m) > distance_m)


def on_ground(plan: Plan, spot: Spot) -> Float[np.ndarray, "n 3"]:
    """The places with the height of the ground there."""
    return np.column_stack([spot.xy_m, plan.verge_height_m(spot.xy_m)])


def steel(book: MaterialBook, color: str = "#6f7478", semantic: SemanticClass = SemanticClass.POLE) -> int:
    """Painted or galvanised steel."""
    return book.add(Surface(color, semantic, roughness=0.45, reflectance=0.08, lidar_reflectivity=0.45, wettable=0.1))


def black_body_rgb(kelvin: float) -> tuple[float, float, float]:
    """Colour of a lamp by its temperature, green = 1; straight lines through sodium (2200 K) and daylight (6500 K)."""
    share = float(np.clip((kelvin - 2200.0) / 4300.0, 0.0, 1.0))
    return (1.75 - 0.75 * share, 1.0, 0.22 + 0.78 * share)


def street_lamps(
    plan: Plan, crossings: BaseGeometry, mapped: Sequence[MapObject], book: MaterialBook, appearance: Appearance
) -> tuple[Soup, Lamps]:
    """Lamps where the map names them, else along every road in town; none in the country."""
    tall = 8.2 if plan.setting == "urban" else 5.2
    if mapped:
        spot = Spot(np.array([item.position_m[:2] for item in mapped]), np.array([item.heading_rad for item in mapped]))
        spot = picked(spot, shapely.contains_xy(plan.region, spot.xy_m[:, 0], spot.xy_m[:, 1]))
        tall = float(np.clip(np.median([item.size_m[2] for item in mapped]), 4.0, 14.0))
        spot = clear_of(spot, plan.driven, 0.15)
    elif plan.setting in ("urban", "residential"):
        spacing = max(appearance.number("street_lamp_spacing"), 10.0)
        spot = along_edge(plan, plan.road, KERB_DISTANCE_M, spacing, 4.0)
        spot = clear_of(clear_of(spot, plan.driven, KERB_DISTANCE_M - 0.1), crossings, 2.0)
    else:
        return EMPTY, no_lamps()
    rgb = black_body_rgb(appearance.number("street_lamp_temperature"))
    template, head = (_arm_lamp if tall > 5.8 else _post_lamp)(tall, rgb, book)
    foot = on_ground(plan, spot)
    cos, sin = np.cos(spot.yaw_rad), np.sin(spot.yaw_rad)
    position = foot + np.column_stack([head[0] * cos, head[0] * sin, np.full(len(foot), head[2])])
    share = (tall / 8.2) ** 2
    return instances(template, foot, spot.yaw_rad), Lamps(
        position_m=position, direction=np.tile([0.0, 0.0, -1.0], (len(foot), 1)),
        color=np.tile(np.array(rgb) * LAMP_RADIANCE * share, (len(foot), 1)), cos_cone=np.full(len(foot), 0.17),
    )  # fmt: skip


def no_lamps() -> Lamps:
    """No lamps at all."""
    return Lamps(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))


def _glass(book: MaterialBook, rgb: tuple[float, float, float]) -> int:
    light = (0.35 * rgb[0], 0.35 * rgb[1], 0.35 * rgb[2])
    return book.add(
        Surface("#cfcfca", SemanticClass.POLE, roughness=0.3, emission=light, glow=Glow.NIGHT, wettable=0.0)
    )


def _arm_lamp(tall: float, rgb: tuple[float, float, float], book: MaterialBook) -> tuple[Soup, np.ndarray]:
    grey = steel(book)
    arm = np.array([[0, 0, tall - 1.2], [0.06, 0, tall - 0.4], [0.45, 0, tall], [1.5, 0, tall + 0.12]])
    parts = [
        tube(np.array([[0, 0, -0.3], [0, 0, 1.1]]), 0.10, grey, 8, caps=False),
        tube(np.array([[0, 0, 1.1], [0, 0, tall - 1.2]]), np.array([0.075, 0.05]), grey, 8, caps=False),
        tube(arm, 0.042, grey, 6, caps=False),
        rounded_box((0.75, 0.28, 0.11), (1.75, 0, tall + 0.12), grey, 0.04),
        box((0.55, 0.2, 0.02), (1.78, 0, tall + 0.055), _glass(book, rgb)),
    ]
    return concat(parts), np.array([1.78, 0.0, tall - 0.02])


def _post_lamp(tall: float, rgb: tuple[float, float, float], book: MaterialBook) -> tuple[Soup, np.ndarray]:
    dark = steel(book, "#33383a")
    parts = [
        tube(np.array([[0, 0, -0.3], [0, 0, 0.8]]), 0.09, dark, 8, caps=False),
        tube(np.array([[0, 0, 0.8], [0, 0, tall - 0.5]]), np.array([0.06, 0.045]), dark, 8, caps=False),
        ellipsoid((0, 0, tall - 0.28), (0.19, 0.19, 0.24), _glass(book, rgb), 6, 10),
        cylinder((0, 0, tall - 0.08), (0, 0, tall), 0.24, dark, 10),
    ]
    return concat(parts), np.array([0.0, 0.0, tall - 0.6])


def delineators(plan: Plan, book: MaterialBook) -> Soup:
    """White marker posts with reflectors, on rural roads and motorways."""
    if plan.setting not in ("rural", "motorway"):
        return EMPTY
    spot = along_edge(plan, plan.road, 0.9 if plan.setting == "rural" else 0.45, 25.0, 5.0)
    spot = clear_of(spot, plan.driven, 0.35)
    return instances(delineator(book), on_ground(plan, spot), spot.yaw_rad + 0.5 * np.pi)


def delineator(book: MaterialBook) -> Soup:
    """One marker post."""
    white = book.add(Surface("#e2e2dc", SemanticClass.POLE, roughness=0.6, lidar_reflectivity=0.8))
    black = book.add(Surface("#1a1a1a", SemanticClass.POLE, roughness=0.6, lidar_reflectivity=0.1))
    glass = book.add(Surface("#c98a1b", SemanticClass.POLE, roughness=0.2, reflectance=0.1, lidar_reflectivity=3.0))
    return concat([rounded_box((0.10, 0.12, 1.2), (0, 0, 0.45), white, 0.03),
                   box((0.104, 0.124, 0.22), (0, 0, 0.85), black),
                   box((0.108, 0.05, 0.16), (0, 0, 0.85), glass)])  # fmt: skip


def furniture(plan: Plan, crossings: BaseGeometry, book: MaterialBook, appearance: Appearance) -> Soup:
    """Bins, benches, cabinets and bollards of a street, at the kerb or at the back of the pavement."""
    amount = min(max(appearance.number("street_furniture"), 0.0), 1.0)
    if plan.setting not in ("urban", "residential") or amount <= 0 or plan.walks.is_empty:
        return EMPTY
    rng = appearance.rng("furniture")
    parts: list[Soup] = []
    for template, base, offset, spacing, facing in (
        (_bin(book), plan.road, 0.42, 55.0, 0.0), (_cabinet(book), plan.paved, 0.45, 75.0, 0.0),
        (_bench(book), plan.paved, 0.5, 48.0, 0.0), (_bollard(book), plan.road, 0.35, 9.0, 0.0),
        (_bike_rack(book), plan.paved, 0.9, 85.0, 0.5 * np.pi),
    ):  # fmt: skip
        spot = along_edge(plan, base, offset, spacing, float(rng.uniform(3, 20)))
        spot = clear_of(clear_of(spot, plan.driven, 0.25), crossings, 1.5)
        chance = amount * (0.25 if spacing < 10 else 0.8)
        spot = picked(spot, rng.random(len(spot.xy_m)) < chance)
        spot = picked(spot, plan.focus_distance_m(spot.xy_m) < 130.0) if len(spot.xy_m) else spot
        parts.append(instances(template, on_ground(plan, spot), spot.yaw_rad + facing))
    return concat(parts)


def _bin(book: MaterialBook) -> Soup:
    body = steel(book, "#2f4a3c")
    return concat(
        [cylinder((0, 0, -0.05), (0, 0, 0.8), 0.22, body, 12), ellipsoid((0, 0, 0.8), (0.24, 0.24, 0.1), body, 4, 12)]
    )


def _cabinet(book: MaterialBook) -> Soup:
    grey = steel(book, "#8d938f")
    return concat(
        [rounded_box((0.35, 0.9, 1.15), (0, 0, 0.55), grey, 0.03), box((0.4, 0.95, 0.08), (0, 0, 1.12), grey)]
    )


def _bench(book: MaterialBook) -> Soup:
    wood = book.add(Surface("#7a5634", SemanticClass.POLE, roughness=0.7, lidar_reflectivity=0.4))
    iron = steel(book, "#2b2e30")
    slats = [box((0.1, 1.6, 0.04), (x, 0, 0.45), wood) for x in (-0.12, 0.0, 0.12, 0.24)]
    back = [box((0.04, 1.6, 0.1), (-0.22, 0, z), wood) for z in (0.62, 0.76, 0.9)]
    legs = [box((0.45, 0.06, 0.45), (0.04, y, 0.2), iron) for y in (-0.65, 0.65)]
    return concat([*slats, *back, *legs])


def _bollard(book: MaterialBook) -> Soup:
    dark = steel(book, "#3a3d40")
    white = book.add(Surface("#dededa", SemanticClass.POLE, roughness=0.5, lidar_reflectivity=1.5))
    return concat(
        [cylinder((0, 0, -0.05), (0, 0, 0.9), 0.06, dark, 8), cylinder((0, 0, 0.72), (0, 0, 0.8), 0.063, white, 8)]
    )


def _bike_rack(book: MaterialBook) -> Soup:
    bright = steel(book, "#a9adb0")
    hoops = []
    for x in (-0.8, 0.0, 0.8):
        path = np.array(
            [[x, -0.35, -0.05], [x, -0.35, 0.7], [x, -0.2, 0.82], [x, 0.2, 0.82], [x, 0.35, 0.7], [x, 0.35, -0.05]]
        )
        hoops.append(tube(path, 0.025, bright, 6, caps=False))
    return concat(hoops)
