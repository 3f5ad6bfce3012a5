"""Where buildings stand: along the edge of the paving, never on it, and clear of the corners of junctions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from driving_data.maps.lane_map import MapObject
from driving_data.taxonomy import SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.materials import Color, MaterialBook, Surface, tinted
from generators.raytrace.scene import Glow, Texture
from generators.raytrace.scenery.facades import WallLook
from generators.raytrace.scenery.houses import HouseLook, HouseShape, build_house
from generators.raytrace.scenery.plan import Plan, polygons
from generators.raytrace.scenery.terrain import ground_height_m
from generators.raytrace.soup import Soup, concat, placed

FINE_WITHIN_M = 60.0
MOST_FINE = 44
SIGHT_M = 5.0
# About 60 to 90 cd/m2 behind a curtain or in a shop.
LIT_ROOMS = ((0.0028, 0.0021, 0.0012), (0.0022, 0.0014, 0.0006), (0.0017, 0.0018, 0.0019))


@dataclass(frozen=True, eq=False)
class Lot:
    """A place for a building: its front-left corner (seen from the street), where its x axis points, its area."""

    corner_m: np.ndarray
    yaw_rad: float
    area: BaseGeometry
    shape: HouseShape


@dataclass(frozen=True, slots=True)
class Zoning:
    """How a setting is built up: setback, gap, widths, depths, storeys, share of lots, styles with weights."""

    setback_m: tuple[float, float]
    gap_m: tuple[float, float]
    width_m: tuple[float, float]
    depth_m: tuple[float, float]
    floors: tuple[int, int]
    share: float
    styles: tuple[tuple[str, float], ...]
    shop_share: float


ZONING = {
    "urban": Zoning((2.2, 3.4), (0.0, 0.6), (10.0, 22.0), (10.0, 14.0), (3, 6), 0.96,
                    (("flats", 0.5), ("terrace", 0.25), ("office", 0.25)), 0.6),
    "residential": Zoning((5.0, 8.0), (4.0, 9.0), (9.0, 14.5), (8.0, 10.0), (1, 2), 0.93,
                          (("house", 0.85), ("terrace", 0.15)), 0.0),
    "rural": Zoning((14.0, 30.0), (40.0, 140.0), (9.0, 15.0), (8.0, 11.0), (1, 2), 0.5, (("house", 1.0),), 0.0),
    "motorway": Zoning((60.0, 110.0), (60.0, 200.0), (10.0, 22.0), (9.0, 14.0), (1, 3), 0.4,
                       (("house", 0.7), ("office", 0.3)), 0.0),
}  # fmt: skip
STYLE_OF_DRAW = {"plaster": "flats", "brick": "terrace", "modern": "office", "house": "house"}


def buildings(
    plan: Plan, trees: Sequence[MapObject], book: MaterialBook, appearance: Appearance
) -> tuple[Soup, tuple[Lot, ...]]:
    """All buildings, and the lots they stand on, clear of the trees that the map names."""
    rng = appearance.rng("buildings")
    lots = _lots(plan, trees, appearance, rng)
    looks = _palette(book, appearance)
    near = _fine(plan, lots)
    parts: list[Soup] = []
    for lot, fine in zip(lots, near, strict=True):
        choices = looks[lot.shape.style]
        soup = build_house(replace(lot.shape, fine=bool(fine)), choices[int(rng.integers(len(choices)))], rng)
        z = float(ground_height_m(plan, _base_points(lot), appearance).max()) - 0.03
        parts.append(placed(soup, (lot.corner_m[0], lot.corner_m[1], z), lot.yaw_rad))
    return concat(parts), tuple(lots)


def _fine(plan: Plan, lots: list[Lot]) -> np.ndarray:
    """Which buildings are near enough to the focus for windows with depth."""
    if not lots:
        return np.zeros(0, dtype=bool)
    distance = plan.focus_distance_m(np.array([shapely.get_coordinates(lot.area.centroid)[0] for lot in lots]))
    rank = np.argsort(np.argsort(distance, kind="stable"), kind="stable")
    return (distance < FINE_WITHIN_M) & (rank < MOST_FINE)


def _base_points(lot: Lot) -> np.ndarray:
    along = np.array([np.cos(lot.yaw_rad), np.sin(lot.yaw_rad)])
    return lot.corner_m + np.array([[0.1], [0.5], [0.9]]) * lot.shape.width_m * along


def _lots(plan: Plan, trees: Sequence[MapObject], appearance: Appearance, rng: np.random.Generator) -> list[Lot]:
    zoning = ZONING[plan.setting]
    keep_clear = plan.paved.buffer(zoning.setback_m[0] - 0.3)
    sight = plan.junctions.buffer(SIGHT_M) if not plan.junctions.is_empty else Polygon()
    crowns = [shapely.Point(item.position_m[0], item.position_m[1]).buffer(1.7, quad_segs=2) for item in trees]
    forbidden = shapely.union_all([keep_clear, sight, *crowns])
    shapely.prepare(forbidden)
    lots: list[Lot] = []
    for distance in (zoning.setback_m[0], 0.5 * sum(zoning.setback_m), zoning.setback_m[1]):
        for part in polygons(plan.paved.buffer(distance, quad_segs=4).simplify(0.1)):
            for ring in (part.exterior, *part.interiors):
                _along_ring(plan, ring, zoning, forbidden, appearance, rng, lots)
    return lots


def _along_ring(
    plan: Plan, ring: BaseGeometry, zoning: Zoning, forbidden: BaseGeometry, appearance: Appearance,
    rng: np.random.Generator, lots: list[Lot],
) -> None:  # fmt: skip
    s, length = float(rng.uniform(0, 3)), ring.length
    dense = zoning.share * min(appearance.number("building_density"), 1.0)
    scale = appearance.number("building_height_scale")
    style_draw = appearance.choice("building_style")
    lit = min(max(appearance.number("lit_window_share"), 0.0), 1.0)
    while s < length:
        shape = _drawn_shape(zoning, style_draw, scale, lit, rng)
        lot = _lot_at(plan, ring, s, shape, forbidden, lots)
        if lot is None:
            s += 4.0
            continue
        s += shape.width_m + float(rng.uniform(*zoning.gap_m))
        if rng.random() < dense:
            lots.append(lot)


def _drawn_shape(zoning: Zoning, drawn: str, scale: float, lit: float, rng: np.random.Generator) -> HouseShape:
    names, weights = zip(*zoning.styles, strict=True)
    style = str(names[int(rng.choice(len(names), p=np.array(weights) / sum(weights)))])
    if drawn in STYLE_OF_DRAW and rng.random() < 0.75 and STYLE_OF_DRAW[drawn] in names:
        style = STYLE_OF_DRAW[drawn]
    floors = max(1, round(float(rng.integers(zoning.floors[0], zoning.floors[1] + 1)) * scale))
    width = float(rng.uniform(*zoning.width_m)) * (0.62 if style == "terrace" else 1.0)
    floors = min(floors, 4) if style == "terrace" else floors
    return HouseShape(style, width, float(rng.uniform(*zoning.depth_m)), floors,
                      bool(rng.random() < zoning.shop_share), True, lit)  # fmt: skip


def _lot_at(
    plan: Plan, ring: BaseGeometry, s: float, shape: HouseShape, forbidden: BaseGeometry, lots: list[Lot]
) -> Lot | None:
    first, last = ring.interpolate(s), ring.interpolate((s + shape.width_m) % ring.length)
    a, b = np.array([first.x, first.y]), np.array([last.x, last.y])
    chord = b - a
    size = float(np.linalg.norm(chord))
    if size < 0.97 * shape.width_m:
        return None
    along = chord / size
    for sign in (1.0, -1.0):
        away = sign * np.array([-along[1], along[0]])
        probe = a + 0.5 * chord + 2.0 * away
        if plan.paved.distance(shapely.Point(probe[0], probe[1])) > plan.paved.distance(ring.interpolate(s)) + 0.8:
            break
    else:
        return None
    corners = np.array([a, b, b + shape.depth_m * away, a + shape.depth_m * away])
    area = Polygon(corners)
    yard = area.buffer(-0.15)
    if yard.intersects(forbidden) or not plan.region.contains(area.centroid):
        return None
    if lots and shapely.intersects(yard, np.array([lot.area for lot in lots], dtype=object)).any():
        return None
    detailed = replace(shape, width_m=size)
    corner = a if sign > 0 else b
    direction = along if sign > 0 else -along
    return Lot(corner, float(np.arctan2(direction[1], direction[0])), area, detailed)


def _palette(book: MaterialBook, appearance: Appearance) -> dict[str, list[HouseLook]]:
    """A few looks per style, around the drawn hue."""
    rng = appearance.rng("facades")
    hue, saturation = appearance.number("facade_hue"), appearance.number("facade_saturation")
    looks: dict[str, list[HouseLook]] = {"flats": [], "office": [], "terrace": [], "house": []}
    for _ in range(5):
        warm = (0.09 + 0.05 * float(rng.normal())) if rng.random() < 0.6 else hue + 0.08 * float(rng.normal())
        color = tinted(warm, saturation * float(rng.uniform(0.3, 1.0)), float(rng.uniform(0.55, 0.84)))
        looks["flats"].append(_look(book, color, Texture.CONCRETE, rng))
        looks["house"].append(_look(book, color if rng.random() < 0.7 else "#d2cdc0", Texture.CONCRETE, rng))
    for color in ("#8c4a35", "#9c5a40", "#74402f", "#a8745a"):
        looks["terrace"].append(_look(book, color, Texture.BRICK, rng))
    looks["house"].append(_look(book, "#8f5240", Texture.BRICK, rng))
    for color in ("#7f858b", "#a9adb0", "#5c6066", "#c2beb5"):
        looks["office"].append(_look(book, color, Texture.CONCRETE, rng))
    return looks


def _look(book: MaterialBook, color: Color, texture: Texture, rng: np.random.Generator) -> HouseLook:
    building = SemanticClass.BUILDING

    def plain(albedo: Color, roughness: float = 0.85, kind: Texture = Texture.NONE, scale: float = 1.0) -> int:
        return book.add(
            Surface(albedo, building, second="#b8b2a6", roughness=roughness, texture=kind, texture_scale_m=scale,
                    lidar_reflectivity=0.4, wettable=0.4)
        )  # fmt: skip

    def lamp_lit(emission: tuple[float, float, float]) -> int:
        return book.add(
            Surface("#14181c", building, roughness=0.04, reflectance=0.10, emission=emission, glow=Glow.NIGHT,
                    lidar_reflectivity=0.08, wettable=0.0)
        )  # fmt: skip

    pane = book.add(
        Surface("#10151a", building, roughness=0.04, reflectance=0.10, lidar_reflectivity=0.08, wettable=0.0)
    )
    wall = plain(color, kind=texture, scale=0.25 if texture == Texture.BRICK else 2.0)
    frame = plain(("#e8e6e0", "#3a3d40", "#5a4632", "#d8d4c8")[int(rng.integers(4))], 0.5)
    reveal = plain(("#d9d5cb", "#c4bfb4", "#b0aca4")[int(rng.integers(3))])
    walls = WallLook(wall, reveal, frame, pane, tuple(lamp_lit(light) for light in LIT_ROOMS), plain("#4a4d50", 0.5))
    painted = book.add(
        Surface(color, building, second="#171c21", roughness=0.85, emission=LIT_ROOMS[0], glow=Glow.NIGHT,
                texture=Texture.FACADE, texture_scale_m=3.0, lidar_reflectivity=0.4, wettable=0.4)
    )  # fmt: skip
    roof_color = ("#6e3a2a", "#4a4643", "#7a4a36", "#585a5c")[int(rng.integers(4))]
    sign_color = tinted(float(rng.random()), 0.6, float(rng.uniform(0.3, 0.8)))
    glimmer = (0.005 * sign_color[0] + 8e-4, 0.005 * sign_color[1] + 8e-4, 0.005 * sign_color[2] + 8e-4)
    sign = book.add(Surface(sign_color, building, roughness=0.4, emission=glimmer, glow=Glow.NIGHT,
                            wettable=0.1))  # fmt: skip
    cloth = tinted(float(rng.random()), 0.7, 0.6)
    awning = book.add(Surface(cloth, building, second="#dcd8cc", texture=Texture.STRIPES,
                              texture_scale_m=0.6, wettable=0.4))  # fmt: skip
    roof = book.add(Surface(roof_color, building, second="#3a3230", texture=Texture.ROOF, texture_scale_m=1.0,
                            lidar_reflectivity=0.3, wettable=0.5))  # fmt: skip
    return HouseLook(walls, painted, roof, plain("#77746d", kind=Texture.CONCRETE), sign, awning,
                     plain(("#d4d2cc", "#6a4f38", "#55595e")[int(rng.integers(3))], 0.5))  # fmt: skip
