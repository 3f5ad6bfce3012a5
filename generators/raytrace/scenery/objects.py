"""Standing objects that the map itself names: buildings, trees, poles, lamps, rails, bus shelters, walls."""

from collections.abc import Sequence

import numpy as np
import shapely

from driving_data.maps.lane_map import MapObject
from driving_data.taxonomy import SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Texture
from generators.raytrace.scenery.plan import Plan
from generators.raytrace.scenery.poles import steel
from generators.raytrace.scenery.roads import concrete
from generators.raytrace.scenery.vegetation import broadleaf, bush, foliage
from generators.raytrace.solids import box, cylinder
from generators.raytrace.soup import EMPTY, Soup, concat, fitted, moved, placed


def map_objects(plan: Plan, objects: Sequence[MapObject], book: MaterialBook, appearance: Appearance) -> Soup:
    """Objects within reach; one that stands on a driven lane is left out, as the map then means its outline."""
    parts: list[Soup] = []
    for item in objects:
        spot = shapely.Point(item.position_m[0], item.position_m[1])
        size = np.maximum(np.array(item.size_m, dtype=np.float64), 0.05)
        radius = 0.5 * float(np.hypot(size[0], size[1]))
        if not plan.region.contains(spot) or plan.driven.distance(spot) < min(radius, 1.5):
            continue
        soup = _body(item, size, book, appearance)
        ground = float(plan.verge_height_m(item.position_m[None, :2])[0])
        z = max(float(item.position_m[2]), ground - 1.0)
        parts.append(placed(soup, (item.position_m[0], item.position_m[1], min(z, ground + 0.5)), item.heading_rad))
    return concat(parts)


def _body(item: MapObject, size: np.ndarray, book: MaterialBook, appearance: Appearance) -> Soup:
    """The body on the ground, about the origin in the plane."""
    lift = (0.0, 0.0, 0.5 * float(size[2]))
    rng = appearance.rng(f"object.{item.id}")
    if item.kind == "tree":
        tree = broadleaf(rng, foliage(book, appearance, int(rng.integers(3))), 1, appearance.choice("season") == "winter")
        return moved(fitted(tree, size), lift)
    if item.kind in ("vegetation", "bush"):
        return moved(fitted(bush(rng, foliage(book, appearance, 1), 1), size), lift)
    if item.kind in ("pole", "street_lamp", "lamp_post"):
        return cylinder((0, 0, -0.2), (0, 0, float(size[2])), float(np.clip(0.5 * size[0], 0.04, 0.2)), steel(book), 8)
    if item.kind == "building":
        wall = book.add(
            Surface("#b4aa9a", SemanticClass.BUILDING, second="#171c21", texture=Texture.FACADE, texture_scale_m=3.0)
        )
        return box((size[0], size[1], size[2] + 1.0), (0, 0, 0.5 * size[2] - 0.5), wall)
    if item.kind in ("guard_rail", "barrier", "railing"):
        rail = book.add(Surface("#a4a9ad", SemanticClass.GUARD_RAIL, roughness=0.4, reflectance=0.3, lidar_reflectivity=0.7))
        return concat([box((size[0], 0.08, 0.32), (0, 0, 0.62), rail), _posts(size, rail)])
    if item.kind in ("wall", "noise_wall", "fence", "obstacle"):
        semantic = SemanticClass.FENCE if item.kind == "fence" else SemanticClass.WALL
        return moved(box(size, (0, 0, 0), concrete(book, semantic, "#9c988d")), lift)
    if item.kind in ("crosswalk", "parking_space", "patch", "road_mark"):
        return EMPTY
    return moved(box(size, (0, 0, 0), steel(book, "#8a8d90", SemanticClass.FENCE)), lift)


def _posts(size: np.ndarray, material: int) -> Soup:
    count = max(2, int(size[0] / 2.0))
    return concat([box((0.1, 0.12, 0.9), (float(x), 0, 0.3), material) for x in np.linspace(-0.48, 0.48, count) * size[0]])
