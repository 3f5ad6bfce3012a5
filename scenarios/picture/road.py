"""The road from above: lanes, markings, crossings, signals, signs and trees."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
import shapely.ops

from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane, LaneKind, LaneMap, MapArea, MarkingKind
from driving_data.maps.queries import drivable_area, lane_polygon
from scenarios.picture.canvas import (
    FAINT,
    GROUND,
    INK,
    KERB,
    LEAF,
    ROAD,
    SIDE,
    STRIPE,
    WHITE,
    YELLOW,
    Color,
    Pane,
    to_view,
)

_SIDE_KINDS = frozenset({LaneKind.SIDEWALK, LaneKind.SHOULDER, LaneKind.PARKING, LaneKind.BICYCLE})
_LINE_KINDS = frozenset({"stop_line", "yield_line"})
_DASH_M, _GAP_M = 3.0, 4.5
_SIGN_COLORS: dict[str, Color] = {
    "speed_limit": (196, 58, 58),
    "stop": (196, 58, 58),
    "yield": (196, 58, 58),
    "work_zone": (232, 140, 48),
}


def draw_road(pane: Pane, lane_map: LaneMap) -> None:
    """Draws what of the map lies in the window of the pane."""
    window = window_in_world(pane)
    pane.canvas.box(*pane.corner_px, *pane.size_px, GROUND)
    trees = [shapely.Point(thing.position_m[:2]) for thing in lane_map.objects if thing.kind == "tree"]
    pane.area(shapely.union_all([tree.buffer(1.3) for tree in trees if window.contains(tree)]), LEAF)
    lanes = [lane for lane in lane_map.lanes if window.intersects(shapely.LineString(lane.centerline_m[:, :2]))]
    side = [lane_polygon(lane) for lane in lanes if lane.kind in _SIDE_KINDS]
    pane.area(shapely.intersection(shapely.union_all([shapely.make_valid(part) for part in side]), window), SIDE)
    pane.area(shapely.intersection(shapely.make_valid(drivable_area(lane_map)), window), ROAD)
    stripes = [s for area in lane_map.areas if area.kind == "crosswalk" for s in _stripes(area)]
    pane.area(shapely.intersection(shapely.union_all(stripes), window), STRIPE)
    for kind, color, lines in _markings(lanes, window):
        wide = 2.2 if kind is MarkingKind.SOLID_SOLID else 1.3
        broken = kind in (MarkingKind.BROKEN, MarkingKind.BOTTS_DOTS)
        pane.lines([d for line in lines for d in (_dashes(line) if broken else [line])], color, wide)
    lines = [shapely.Polygon(area.polygon_m[:, :2]) for area in lane_map.areas if area.kind in _LINE_KINDS]
    pane.area(shapely.intersection(shapely.union_all(lines), window), WHITE)
    for signal in lane_map.signals:
        pane.lines([signal.stop_line_m], WHITE, max(2.0, 0.35 * pane.scale))
    _furniture(pane, lane_map, window)


def window_in_world(pane: Pane) -> Any:
    """The window of a pane as a polygon in `world`, a little larger than what is seen."""
    left, low, right, high = pane.window_m
    corners = np.array([[left, low], [right, low], [right, high], [left, high]])
    back = to_view(corners, (0.0, 0.0), -pane.yaw_rad) + pane.origin_m
    return shapely.Polygon(back).buffer(2.0)


def _stripes(area: MapArea) -> Iterator[Any]:
    """The bars of a zebra crossing, which lie along the traffic."""
    around: Any = shapely.Polygon(area.polygon_m[:, :2]).minimum_rotated_rectangle
    corners = np.asarray(around.exterior.coords)
    sides = corners[1] - corners[0], corners[2] - corners[1]
    across, along = (sides[0], sides[1]) if np.hypot(*sides[0]) >= np.hypot(*sides[1]) else (sides[1], sides[0])
    start = corners[0] if across is sides[0] else corners[1]
    step = across / np.hypot(*across)
    inward = along if across is sides[0] else -along
    for at in np.arange(0.3, np.hypot(*across) - 0.4, 1.0):
        one = start + at * step
        yield shapely.Polygon([one, one + 0.5 * step, one + 0.5 * step + inward, one + inward])


def _markings(lanes: list[Lane], window: Any) -> Iterator[tuple[MarkingKind, Color, list[np.ndarray]]]:
    """Painted boundaries inside the window, each once, by kind and colour."""
    found: dict[tuple[MarkingKind, Color], list[np.ndarray]] = {}
    seen: set[tuple[float, ...]] = set()
    for lane in lanes:
        if lane.kind not in DRIVABLE_KINDS and lane.kind not in _SIDE_KINDS:
            continue
        for line, marking in ((lane.left_m, lane.left_marking), (lane.right_m, lane.right_marking)):
            ends = sorted([tuple(np.round(line[0, :2], 1)), tuple(np.round(line[-1, :2], 1))])
            key = tuple(float(v) for end in ends for v in end)
            if marking.kind in (MarkingKind.NONE, MarkingKind.GRASS) or key in seen:
                continue
            seen.add(key)
            color = KERB if marking.kind is MarkingKind.KERB else YELLOW if marking.color == "yellow" else WHITE
            # An intersection may come in pieces that touch, each of which would begin its own dashes.
            inside = shapely.line_merge(shapely.intersection(shapely.LineString(line[:, :2]), window))
            for part in shapely.get_parts(inside):
                if part.geom_type == "LineString" and part.length > 0.3:
                    found.setdefault((marking.kind, color), []).append(np.asarray(part.coords))
    for (kind, color), lines in found.items():
        yield kind, color, lines


def _dashes(points_m: np.ndarray) -> list[np.ndarray]:
    line = shapely.LineString(points_m)
    starts = np.arange(0.0, line.length, _DASH_M + _GAP_M)
    pieces = [shapely.ops.substring(line, s, min(s + _DASH_M, line.length)) for s in starts]
    return [np.asarray(piece.coords) for piece in pieces if piece.geom_type == "LineString"]


def _furniture(pane: Pane, lane_map: LaneMap, window: Any) -> None:
    """Lamps of signals and plates of signs, of a size that is seen at any scale."""
    radius = max(0.5, 2.6 / pane.scale)
    for signal in lane_map.signals:
        if not window.contains(shapely.Point(signal.position_m[:2])):
            continue
        ahead = np.array([np.cos(signal.heading_rad), np.sin(signal.heading_rad)])
        for k, color in enumerate(((214, 69, 80), (232, 180, 60), (70, 160, 90))):
            middle = signal.position_m[:2] + (k - 1) * 1.6 * radius * np.array([-ahead[1], ahead[0]])
            pane.area(shapely.Point(middle).buffer(radius), color, outline=INK)
    for sign in lane_map.signs:
        if sign.kind not in _SIGN_COLORS or not window.contains(shapely.Point(sign.position_m[:2])):
            continue
        point = shapely.Point(sign.position_m[:2])
        pane.area(point.buffer(1.3 * radius), WHITE, outline=_SIGN_COLORS[sign.kind], width=2)
        if sign.kind == "speed_limit" and np.isfinite(sign.value):
            at = pane.screen(sign.position_m[None, :2])[0]
            if not pane.corner_px[0] + 8 < at[0] < pane.corner_px[0] + pane.size_px[0] - 8:
                continue
            pane.canvas.text((at[0], at[1] - 6), f"{sign.value:.0f}", 10, FAINT, halo=True, anchor="ms")
