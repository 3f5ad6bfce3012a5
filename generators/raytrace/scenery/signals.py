"""Traffic lights: three-lamp heads on masts, or on arms where they hang over the road."""

from collections.abc import Sequence

import numpy as np
import shapely

from driving_data.maps.lane_map import TrafficSignal
from driving_data.taxonomy import SemanticClass
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Glow
from generators.raytrace.scenery.plan import Plan
from generators.raytrace.scenery.poles import steel
from generators.raytrace.solids import bar, box, ellipsoid, rounded_box, sheet, tube
from generators.raytrace.soup import Soup, concat, placed

CLEAR_HEIGHT_M = 4.5
HEAD_HALF_M = 0.55
LAMPS = (
    (0.34, Glow.SIGNAL_RED, "#3a0c0c", (2.2, 0.05, 0.03)),
    (0.0, Glow.SIGNAL_YELLOW, "#3a2a08", (2.0, 1.05, 0.03)),
    (-0.34, Glow.SIGNAL_GREEN, "#08301c", (0.06, 1.9, 0.75)),
)


def traffic_lights(plan: Plan, signals: Sequence[TrafficSignal], signal_ids: Sequence[str], book: MaterialBook) -> Soup:
    """Heads with their supports; a head whose state is not reported stays dark."""
    order = {name: index for index, name in enumerate(signal_ids)}
    parts: list[Soup] = []
    for signal in signals:
        spot = shapely.Point(signal.position_m[0], signal.position_m[1])
        if plan.region.contains(spot):
            parts.append(_one(plan, signal, order.get(signal.id, -1), spot, book))
    return concat(parts)


def _one(plan: Plan, signal: TrafficSignal, index: int, spot: shapely.Point, book: MaterialBook) -> Soup:
    pole = steel(book, "#54585b")
    ground = float(plan.verge_height_m(signal.position_m[None, :2])[0])
    position = np.array(signal.position_m, dtype=np.float64)
    over_road = plan.driven.distance(spot) < 0.3
    lowest = ground + (CLEAR_HEIGHT_M + 0.25 if over_road else 2.2) + HEAD_HALF_M
    position[2] = max(position[2], lowest)
    head = placed(_head(index, book), position, signal.heading_rad)
    shine = np.array([np.cos(signal.heading_rad), np.sin(signal.heading_rad)])
    if not over_road:
        foot = position[:2] - 0.2 * shine
        mast = tube(np.array([[*foot, ground - 0.3], [*foot, position[2] + 0.7]]), 0.06, pole, 8)
        bracket = bar((*foot, position[2]), (*(foot + 0.1 * shine), position[2]), 0.05, 0.08, pole)
        return concat([head, mast, bracket, _push_button(foot, ground, signal.heading_rad, book)])
    return concat([head, _arm(plan, position, pole)])


def _arm(plan: Plan, position: np.ndarray, material: int) -> Soup:
    """A mast at the nearest place off the road, with an arm above the head."""
    spot = shapely.Point(position[0], position[1])
    edge = shapely.shortest_line(plan.road.boundary, spot)
    near = shapely.get_coordinates(edge)[0]
    away = near - position[:2]
    away = away / max(float(np.linalg.norm(away)), 1e-6)
    foot = near + 0.6 * away
    ground = float(plan.verge_height_m(foot[None])[0])
    top = position[2] + HEAD_HALF_M + 0.25
    return concat(
        [
            tube(np.array([[*foot, ground - 0.3], [*foot, top + 0.25]]), np.array([0.13, 0.09]), material, 8),
            tube(np.array([[*foot, top], [*position[:2], top + 0.1]]), np.array([0.075, 0.05]), material, 7),
            tube(np.array([[*position[:2], top + 0.1], [*position[:2], position[2] + 0.5]]), 0.04, material, 6),
        ]
    )


def _head(index: int, book: MaterialBook) -> Soup:
    """A head that shines along +x, centred on its middle lamp."""
    case = book.add(Surface("#16181a", SemanticClass.TRAFFIC_LIGHT, roughness=0.5, lidar_reflectivity=0.15))
    rim = book.add(Surface("#d8d8d2", SemanticClass.TRAFFIC_LIGHT, roughness=0.5, lidar_reflectivity=1.2))
    parts = [
        rounded_box((0.2, 0.34, 1.08), (-0.02, 0, 0), case, 0.04),
        box((0.012, 0.56, 1.30), (-0.06, 0, 0), case),
        box((0.010, 0.60, 1.34), (-0.064, 0, 0), rim),
    ]
    for z, glow, dull, light in LAMPS:
        lens = book.add(
            Surface(dull, SemanticClass.TRAFFIC_LIGHT, roughness=0.25, reflectance=0.05, emission=light, glow=glow,
                    signal=index, lidar_reflectivity=0.6, wettable=0.0)
        )  # fmt: skip
        parts.append(ellipsoid((0.075, 0, z), (0.045, 0.125, 0.125), lens, 8, 10))
        parts.append(_visor(z, case))
    return concat(parts)


def _visor(z: float, material: int) -> Soup:
    """The hood above a lens, a single sheet."""
    angle = np.linspace(-0.15, 1.15, 8) * np.pi
    y, up = 0.14 * np.cos(angle), 0.14 * np.sin(angle) + z
    back = np.column_stack([np.full(8, 0.07), y, up])
    front = np.column_stack([0.24 - 0.08 * (np.sin(angle) < 0.3), y, up])
    grid = np.stack([back, front])
    return sheet(grid, material)


def _push_button(foot: np.ndarray, ground: float, heading: float, book: MaterialBook) -> Soup:
    """A push-button box for people on foot."""
    yellow = book.add(Surface("#d9a51c", SemanticClass.POLE, roughness=0.5))
    return placed(box((0.1, 0.12, 0.2), (0.09, 0.0, 1.05), yellow), (foot[0], foot[1], ground), heading + 0.5 * np.pi)
