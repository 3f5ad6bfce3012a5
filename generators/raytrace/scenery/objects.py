"""Standing objects that the map itself names: buildings, trees, poles, lamps, rails, bus shelters, walls."""

from collections.abc import Sequence

import numpy as np
import shapely
from scipy.spatial import KDTree

from driving_data.maps.lane_map import MapObject, RoadSign
from driving_data.taxonomy import SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.assets.devices import barrier, fitting_barrier
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Texture
from generators.raytrace.scenery.plan import Plan
from generators.raytrace.scenery.poles import delineator, steel
from generators.raytrace.scenery.rails import mapped_rail
from generators.raytrace.scenery.roads import concrete
from generators.raytrace.scenery.vegetation import bush, foliage
from generators.raytrace.solids import box, cylinder, quads
from generators.raytrace.soup import EMPTY, Soup, concat, fitted, moved, placed


def map_objects(
    plan: Plan, objects: Sequence[MapObject], signs: Sequence[RoadSign], book: MaterialBook, appearance: Appearance
) -> Soup:
    """Objects within reach, but trees and lamps, which have builders of their own, and the posts of signs.

    One that stands on a driven lane is left out, as the map then means its outline.
    """
    parts: list[Soup] = []
    plates = KDTree(np.array([sign.position_m[:2] for sign in signs])) if signs else None
    for item in objects:
        if item.kind in ("tree", "street_lamp", "kerb", "light_tower"):
            continue
        if item.kind == "pole" and plates is not None and plates.query(item.position_m[:2])[0] < 0.3:
            continue
        spot = shapely.Point(item.position_m[0], item.position_m[1])
        size = np.maximum(np.array(item.size_m, dtype=np.float64), 0.05)
        radius = 0.5 * float(np.hypot(size[0], size[1]))
        if not plan.region.contains(spot) or plan.driven.distance(spot) < min(radius, 1.5):
            continue
        soup = _body(item, size, book, appearance)
        ground = float(plan.verge_height_m(item.position_m[None, :2])[0])
        z = max(float(item.position_m[2]), ground - 1.0)
        parts.append(placed(soup, (item.position_m[0], item.position_m[1], min(z, ground + 0.5)), item.heading_rad))
    parts.append(_kerbs(plan, [item for item in objects if item.kind == "kerb"], book))
    return concat(parts)


def _kerbs(plan: Plan, items: Sequence[MapObject], book: MaterialBook) -> Soup:
    """Thousands of short kerb stones at once: top and both sides; none lies on a driven lane."""
    if not items:
        return EMPTY
    xy = np.array([item.position_m[:2] for item in items])
    size = np.array([item.size_m for item in items])
    yaw = np.array([item.heading_rad for item in items])
    keep = shapely.contains_xy(plan.region, xy[:, 0], xy[:, 1])
    keep &= plan.to_driven.distance_m(xy) > 0.5 * size[:, 1]
    xy, size, yaw = xy[keep], size[keep], yaw[keep]
    ahead = 0.5 * size[:, :1] * np.column_stack([np.cos(yaw), np.sin(yaw)])
    aside = 0.5 * size[:, 1:2] * np.column_stack([-np.sin(yaw), np.cos(yaw)])
    low = plan.verge_height_m(xy)
    corners = [np.column_stack([xy + i * ahead + j * aside, low]) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    top = [corner + np.column_stack([np.zeros((len(xy), 2)), np.minimum(size[:, 2], 0.2)]) for corner in corners]
    faces = [top, [corners[0], corners[1], top[1], top[0]], [corners[2], corners[3], top[3], top[2]]]
    stacked = np.concatenate([np.stack(face, axis=1) for face in faces])
    return quads(stacked, concrete(book, SemanticClass.KERB, "#b3b0a8"))


def _body(item: MapObject, size: np.ndarray, book: MaterialBook, appearance: Appearance) -> Soup:
    """The body on the ground, about the origin in the plane."""
    lift = (0.0, 0.0, 0.5 * float(size[2]))
    rng = appearance.rng(f"object.{item.id}")
    if item.kind in ("vegetation", "bush"):
        return moved(fitted(bush(rng, foliage(book, appearance, 1), 1), size), lift)
    if item.kind in ("pole", "lamp_post", "windsock"):
        return cylinder((0, 0, -0.2), (0, 0, float(size[2])), float(np.clip(0.5 * size[0], 0.04, 0.2)), steel(book), 8)
    if item.kind == "building":
        wall = book.add(
            Surface("#b4aa9a", SemanticClass.BUILDING, second="#171c21", texture=Texture.FACADE, texture_scale_m=3.0)
        )
        return box((size[0], size[1], size[2] + 1.0), (0, 0, 0.5 * size[2] - 0.5), wall)
    if item.kind == "guard_rail":
        return mapped_rail(item, book)
    if item.kind == "bollard":
        return delineator(book) if size[2] > 0.7 else cylinder((0, 0, 0), (0, 0, float(size[2])), 0.07, steel(book), 8)
    if item.kind == "barrier" and size[2] < 1.3:
        sides = (float(size[0]), float(size[1]), float(size[2]))
        return moved(barrier(sides, fitting_barrier(sides), book).poses[0], lift)
    if item.kind == "fence":
        return _fence(size, steel(book, "#7d8387", SemanticClass.FENCE))
    if item.kind in ("wall", "noise_wall", "barrier", "obstacle"):
        return moved(box(size, (0, 0, 0), concrete(book, SemanticClass.WALL, "#9c988d")), lift)
    if item.kind in ("crosswalk", "parking_space", "patch", "road_mark"):
        return EMPTY
    return moved(box(size, (0, 0, 0), steel(book, "#8a8d90", SemanticClass.FENCE)), lift)


def _fence(size: np.ndarray, material: int) -> Soup:
    """Posts and two rails."""
    length, tall = float(size[0]), float(size[2])
    count = max(2, int(length / 2.0))
    posts = [
        box((0.06, 0.06, tall), (float(x), 0, 0.5 * tall), material) for x in np.linspace(-0.49, 0.49, count) * length
    ]
    return concat([*posts, *[box((length, 0.04, 0.06), (0, 0, z * tall), material) for z in (0.45, 0.95)]])
