"""Paint on the road: lane lines, stop lines, zebra crossings; thin sheets a centimetre above the surface."""

import numpy as np
import shapely
from jaxtyping import Float

from driving_data.maps.lane_map import LaneMap, Marking, MarkingKind
from driving_data.taxonomy import SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.materials import MaterialBook, Surface, linear
from generators.raytrace.scene import Texture
from generators.raytrace.scenery.ground import arc_length_m, ribbon
from generators.raytrace.scenery.plan import Plan
from generators.raytrace.scenery.roads import crosses
from generators.raytrace.solids import quads
from generators.raytrace.soup import EMPTY, Soup, concat

LIFT_M = 0.01
PIECE_M = 5.0
DASH_M = {"urban": (3.0, 6.0), "residential": (3.0, 6.0), "rural": (4.0, 8.0), "motorway": (6.0, 12.0)}
LINE_GAP_M = 0.12
PAINTS = {"white": "#e4e4de", "yellow": "#d9a41c", "red": "#a5312a", "blue": "#2c5a9c", "green": "#3c7a4a",
          "orange": "#cf6a1a"}  # fmt: skip


def paint(book: MaterialBook, appearance: Appearance, color: str) -> int:
    """Road paint; worn paint lets the asphalt through."""
    wear = 0.5 * min(max(appearance.number("marking_wear"), 0.0), 1.0)
    fresh, ground = np.array(linear(PAINTS.get(color, PAINTS["white"]))), appearance.number("asphalt_tone")
    mixed = (1 - wear) * fresh + wear * ground
    return book.add(
        Surface((float(mixed[0]), float(mixed[1]), float(mixed[2])), SemanticClass.LANE_MARKING, roughness=0.75,
                reflectance=0.04, texture=Texture.CONCRETE, texture_scale_m=40.0, lidar_reflectivity=0.75,
                wettable=0.7)
    )  # fmt: skip


def lane_lines(plan: Plan, book: MaterialBook, appearance: Appearance) -> Soup:
    """The lines on both sides of every lane, each drawn once."""
    parts: list[Soup] = []
    for line, marking in _distinct_lines(plan):
        parts.append(line_soup(line, marking, paint(book, appearance, marking.color), plan.setting))
    return concat(parts)


def _distinct_lines(plan: Plan) -> list[tuple[np.ndarray, Marking]]:
    """Boundaries with paint; a boundary that two lanes share counts once."""
    seen: dict[tuple[int, int, int], int] = {}
    lines: list[tuple[np.ndarray, Marking]] = []
    for lane in plan.lanes:
        for line, marking in ((lane.left_m, lane.left_marking), (lane.right_m, lane.right_marking)):
            if marking.kind in (MarkingKind.NONE, MarkingKind.KERB, MarkingKind.GRASS):
                continue
            middle = 0.25 * (line[0] + line[-1]) + 0.5 * line[len(line) // 2]
            key = (round(middle[0] / 0.5), round(middle[1] / 0.5), round(arc_length_m(line)))
            near = [(key[0] + i, key[1] + j, key[2] + k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)]
            if not any(other in seen for other in near):
                seen[key] = len(lines)
                lines.append((_on_surface(plan, line) if crosses(lane, plan.junctions) else line, marking))
    return lines


def _on_surface(plan: Plan, line_m: np.ndarray) -> np.ndarray:
    """The line where lanes cross: the surface there is not the lane's own."""
    return np.column_stack([line_m[:, :2], plan.road_height_m(line_m[:, :2])])


def line_soup(line_m: Float[np.ndarray, "n 3"], marking: Marking, material: int, setting: str) -> Soup:
    """One painted boundary."""
    length = arc_length_m(line_m)
    if length < 0.3:
        return EMPTY
    width = marking.width_m if marking.width_m > 0.02 else 0.12
    dash, gap = DASH_M[setting]
    solid, broken = _pieces(length, PIECE_M, 0.0), _pieces(length, dash, gap)
    shift = 0.5 * (width + LINE_GAP_M)
    strokes: list[tuple[tuple[np.ndarray, np.ndarray], float]]
    if marking.kind == MarkingKind.SOLID:
        strokes = [(solid, 0.0)]
    elif marking.kind == MarkingKind.BROKEN:
        strokes = [(broken, 0.0)]
    elif marking.kind == MarkingKind.SOLID_SOLID:
        strokes = [(solid, shift), (solid, -shift)]
    elif marking.kind == MarkingKind.SOLID_BROKEN:
        strokes = [(solid, shift), (broken, -shift)]
    elif marking.kind == MarkingKind.BROKEN_SOLID:
        strokes = [(broken, shift), (solid, -shift)]
    else:
        strokes = [(_pieces(length, 0.1, 1.2), 0.0)]
    return concat([ribbon(line_m, begin, end, offset, width, LIFT_M, material) for (begin, end), offset in strokes])


def _pieces(length: float, dash: float, gap: float) -> tuple[np.ndarray, np.ndarray]:
    begin = np.arange(0.0, length, dash + gap)
    if gap > 0 and length > dash + gap:
        begin = begin + 0.5 * gap
    end = np.minimum(begin + dash, length)
    keep = end - begin > 0.2 * dash
    if not keep.any():
        return np.array([0.0]), np.array([length])
    return begin[keep], end[keep]


def crossings_and_stop_lines(plan: Plan, lane_map: LaneMap, book: MaterialBook, appearance: Appearance) -> Soup:
    """Zebra bars of crosswalk areas and the stop lines of signals, signs and areas."""
    white = paint(book, appearance, "white")
    built = {lane.id for lane in plan.lanes}
    parts: list[Soup] = []
    for area in lane_map.areas:
        shape = shapely.Polygon(area.polygon_m[:, :2])
        if not shape.intersects(plan.region):
            continue
        if area.kind == "crosswalk":
            parts.append(_zebra(plan, shape, white))
        elif area.kind == "stop_line":
            parts.append(_sheet_on_road(plan, _rectangle(shape)[None], white))
    for signal in lane_map.signals:
        if shapely.LineString(signal.stop_line_m[:, :2]).intersects(plan.region):
            parts.append(_stop_line(plan, signal.stop_line_m[:, :2], white))
    for sign in lane_map.signs:
        if sign.kind == "stop":
            for lane_id in sign.lane_ids:
                lane = lane_map.lane_by_id.get(lane_id)
                if lane is not None and lane_id in built:
                    end = -1 if np.linalg.norm(lane.centerline_m[-1, :2] - sign.position_m[:2]) < np.linalg.norm(
                        lane.centerline_m[0, :2] - sign.position_m[:2]) else 0  # fmt: skip
                    parts.append(_stop_line(plan, np.array([lane.left_m[end, :2], lane.right_m[end, :2]]), white))
    return concat(parts)


def _rectangle(shape: shapely.Polygon) -> np.ndarray:
    return shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))[:4]


def _zebra(plan: Plan, shape: shapely.Polygon, material: int) -> Soup:
    """Bars of half a metre along the traffic, spread over the long side of the area."""
    a, b, c, d = _rectangle(shape)
    if np.linalg.norm(b - a) < np.linalg.norm(c - b):
        a, b, c, d = b, c, d, a
    length = float(np.linalg.norm(b - a))
    count = max(2, int(length // 1.0))
    start = (np.arange(count) + 0.25) / count
    end = (np.arange(count) + 0.75) / count
    corners = np.stack(
        [
            a + start[:, None] * (b - a),
            a + end[:, None] * (b - a),
            d + end[:, None] * (c - d),
            d + start[:, None] * (c - d),
        ],
        axis=1,
    )
    middle = shapely.points(corners.mean(axis=1))
    return _sheet_on_road(plan, corners[shapely.intersects(plan.road, middle)], material)


def _stop_line(plan: Plan, ends: np.ndarray, material: int) -> Soup:
    along = ends[1] - ends[0]
    size = float(np.linalg.norm(along))
    if size < 0.3:
        return EMPTY
    side = 0.2 * np.array([-along[1], along[0]]) / size
    inset = 0.12 * along / size
    corners = np.array([ends[0] + inset - side, ends[1] - inset - side, ends[1] - inset + side, ends[0] + inset + side])
    return _sheet_on_road(plan, corners[None], material)


def _sheet_on_road(plan: Plan, corners: np.ndarray, material: int) -> Soup:
    """Flat four-sided sheets just above the road, whatever way round they are given."""
    if not len(corners):
        return EMPTY
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    turn = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    corners = np.where((turn < 0)[:, None, None], corners[:, ::-1], corners)
    corners = _split(corners)
    z = plan.road_height_m(corners.reshape(-1, 2)).reshape(-1, 4) + LIFT_M + 0.003
    return quads(np.concatenate([corners, z[..., None]], axis=-1), material)


def _split(corners: np.ndarray) -> np.ndarray:
    """Sheets cut across into pieces of at most 1.5 m, so that they follow the road."""
    pieces: list[np.ndarray] = []
    for a, b, c, d in corners:
        if np.linalg.norm(b - a) < np.linalg.norm(d - a):
            a, b, c, d = b, c, d, a
        share = np.linspace(0, 1, int(np.ceil(np.linalg.norm(b - a) / 1.5)) + 1)[:, None]
        near, far = a + share * (b - a), d + share * (c - d)
        pieces.append(np.stack([near[:-1], near[1:], far[1:], far[:-1]], axis=1))
    return np.concatenate(pieces)
