"""Portable light towers of work zones: a trailer, a mast and four flood lights, where the map names them."""

import numpy as np

from driving_data.maps.lane_map import MapObject
from driving_data.taxonomy import SemanticClass
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Glow, Lamps
from generators.raytrace.scenery.plan import Plan
from generators.raytrace.scenery.poles import no_lamps, steel
from generators.raytrace.solids import box, rounded_box, tube
from generators.raytrace.soup import EMPTY, Soup, concat, placed

# A tower of four LED heads of 20 000 lm each; two heads make one lamp of 16 kcd on either side.
FLOOD_COLOR = np.array([0.97, 1.0, 1.04]) * 0.16
DOWN_RAD = 0.75
COS_CONE = 0.3


def light_towers(plan: Plan, objects: tuple[MapObject, ...], book: MaterialBook) -> tuple[Soup, Lamps]:
    """Every tower within reach, and its lamps, which burn by night and shine along the road both ways."""
    found = [item for item in objects if item.kind == "light_tower"]
    if not found:
        return EMPTY, no_lamps()
    yellow = book.add(Surface("#d9a514", SemanticClass.POLE, roughness=0.4, reflectance=0.05, wettable=0.1))
    glass = book.add(Surface("#dcdcd6", SemanticClass.POLE, roughness=0.3, emission=(1.5, 1.55, 1.6),
                             glow=Glow.NIGHT, wettable=0.0))  # fmt: skip
    dark = steel(book, "#2b2d2f")
    parts: list[Soup] = []
    places: list[np.ndarray] = []
    ways: list[np.ndarray] = []
    for item in found:
        tall = float(np.clip(item.size_m[2], 4.0, 9.0))
        ground = float(plan.verge_height_m(item.position_m[None, :2])[0])
        foot = (float(item.position_m[0]), float(item.position_m[1]), ground)
        parts.append(placed(_tower(tall, yellow, dark, glass), foot, item.heading_rad))
        for side in (-1.0, 1.0):
            along = side * np.array([np.cos(item.heading_rad), np.sin(item.heading_rad)])
            ways.append(np.array([*(np.cos(DOWN_RAD) * along), -np.sin(DOWN_RAD)]))
            places.append(np.array([*(foot[:2] + 0.45 * along), ground + tall]))
    count = len(places)
    return concat(parts), Lamps(np.array(places), np.array(ways), np.tile(FLOOD_COLOR, (count, 1)),
                                np.full(count, COS_CONE))  # fmt: skip


def _tower(tall: float, yellow: int, dark: int, glass: int) -> Soup:
    heads: list[Soup] = []
    for x in (-0.3, 0.3):
        for y in (-0.35, 0.35):
            heads.append(box((0.16, 0.5, 0.4), (x, y, tall), dark))
            heads.append(box((0.02, 0.44, 0.34), (x + np.sign(x) * 0.1, y, tall), glass))
    return concat([
        rounded_box((1.9, 1.2, 1.0), (0.0, 0.0, 0.85), yellow, 0.08),
        *[box((0.5, 0.2, 0.5), (0.0, y, 0.25), dark) for y in (-0.6, 0.6)],
        tube(np.array([[0.0, 0.0, 1.3], [0.0, 0.0, tall]]), np.array([0.09, 0.05]), dark, 8, caps=False),
        box((0.1, 1.3, 0.08), (0.0, 0.0, tall), dark), *heads,
    ])  # fmt: skip
