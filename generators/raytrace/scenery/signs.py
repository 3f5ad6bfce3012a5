"""Road signs: plates in layers, with strokes for digits and letters, on a post."""

from collections.abc import Sequence

import numpy as np
import shapely

from driving_data.maps.lane_map import RoadSign
from driving_data.taxonomy import SemanticClass
from generators.raytrace.lettering import Stroke, lettering, strokes
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Texture
from generators.raytrace.scenery.plan import Plan
from generators.raytrace.scenery.poles import steel
from generators.raytrace.solids import fan, quads, tube
from generators.raytrace.soup import Soup, concat, moved, placed

LAYER_M = 0.004
PLATE_HEIGHT_M = 2.3
PAINTED = frozenset({"stop_line", "yield_line", "crosswalk", "arrow"})
TRIANGLES = frozenset({"warning", "crossroads_ahead", "signals_ahead", "pedestrians", "children", "animals", "cyclists",
                       "curve", "double_curve", "narrowing", "two_way"})  # fmt: skip
DIGGER: tuple[Stroke, ...] = (
    ((0.5, 1.75), (0.5, 2)), ((0.1, 0), (0.5, 0.9), (0.35, 1.5)), ((0.5, 0.9), (0.8, 0)), ((0.35, 1.5), (1.0, 0.9)),
    ((0.7, 1.3), (1.5, 0.3)), ((1.2, 0), (2.0, 0), (1.6, 0.5), (1.2, 0)),
)  # fmt: skip


def road_signs(plan: Plan, signs: Sequence[RoadSign], book: MaterialBook) -> Soup:
    """All signs of the map within reach, moved off the road where the map puts them on it."""
    parts: list[Soup] = []
    for sign in signs:
        if sign.kind in PAINTED:
            continue
        xy = np.array(sign.position_m[:2], dtype=np.float64)
        if not shapely.contains_xy(plan.region, xy[0], xy[1]):
            continue
        xy = off_the_road(plan, xy, 0.45)
        ground = float(plan.verge_height_m(xy[None])[0])
        above = float(sign.position_m[2]) - ground
        parts.append(placed(sign_on_post(sign.kind, sign.value, above if above > 1.2 else PLATE_HEIGHT_M, book),
                            (xy[0], xy[1], ground), sign.heading_rad))  # fmt: skip
    return concat(parts)


def off_the_road(plan: Plan, xy_m: np.ndarray, clearance_m: float) -> np.ndarray:
    """The place itself, or the nearest one that is `clearance_m` clear of the lanes."""
    point = shapely.Point(xy_m[0], xy_m[1])
    if plan.driven.distance(point) >= clearance_m or plan.driven.is_empty:
        return xy_m
    ring = plan.driven.buffer(clearance_m).boundary
    return shapely.get_coordinates(shapely.shortest_line(ring, point))[0]


def sign_on_post(kind: str, value: float, height_m: float, book: MaterialBook) -> Soup:
    """A sign that faces +x, its plate's centre `height_m` above the ground."""
    post = steel(book, "#8a8f93")
    plate = _plate(kind, value, book)
    mast = tube(np.array([[-0.05, 0, -0.3], [-0.05, 0, height_m + 0.3]]), 0.032, post, 7)
    return concat([mast, moved(plate, (0.0, 0.0, height_m))])


def _plate(kind: str, value: float, book: MaterialBook) -> Soup:
    def tint(color: str) -> int:
        return book.add(Surface(color, SemanticClass.TRAFFIC_SIGN, roughness=0.35, reflectance=0.05,
                                lidar_reflectivity=1.8, wettable=0.05))  # fmt: skip

    red, white, black, blue = tint("#b01820"), tint("#eceae4"), tint("#141414"), tint("#1c4f9c")
    yellow, orange, back = tint("#e3b31b"), tint("#d9660f"), tint("#8f9396")
    if kind == "stop":
        outline = _polygon(8, 0.40, np.pi / 8)
        return concat([_layers(outline, ((1.0, white), (0.94, red)), back), _text("STOP", 0.125, white, 3)])
    if kind in ("yield", "give_way"):
        return _layers(_polygon(3, 0.50, -0.5 * np.pi), ((1.0, red), (0.68, white)), back)
    if kind in ("speed_limit", "zone_limit"):
        outline = _polygon(20, 0.34, 0.0)
        text = f"{round(value)}" if np.isfinite(value) else ""
        return concat([_layers(outline, ((1.0, red), (0.80, white)), back), _text(text, 0.14, black, 3)])
    if kind in ("work_zone", "construction") or kind in TRIANGLES:
        outline = _polygon(3, 0.52, 0.5 * np.pi)
        works = kind not in TRIANGLES
        fill = yellow if works else white
        glyph = _drawing(DIGGER, 0.13, black, 3) if works else _text("!", 0.13, black, 3)
        drawn = moved(glyph, (0.0, -0.05 if works else 0.0, -0.03))
        return concat([_layers(outline, ((1.0, red), (0.72, fill)), back), drawn])
    if kind in ("speed_limit_end", "limits_end"):
        outline = _polygon(20, 0.34, 0.0)
        text = f"{round(value)}" if np.isfinite(value) else ""
        bar = _text("/", 0.32, black, 4)
        return concat([_layers(outline, ((1.0, black), (0.95, white)), back), _text(text, 0.13, back, 3), bar])
    if kind in ("work_zone_beacon", "work_zone_barrier", "work_zone_arrow"):
        stripes = book.add(Surface("#b01820", SemanticClass.TRAFFIC_SIGN, second="#eceae4", texture=Texture.STRIPES,
                                   texture_scale_m=0.25, lidar_reflectivity=1.8))  # fmt: skip
        wide = 0.14 if kind == "work_zone_beacon" else 0.75
        return _layers(np.array([[-wide, -0.45], [wide, -0.45], [wide, 0.45], [-wide, 0.45]]), ((1.0, stripes),), back)
    if kind == "no_entry":
        return concat([_layers(_polygon(20, 0.34, 0.0), ((1.0, white), (0.95, red)), back), _text("-", 0.2, white, 3)])
    if kind == "priority":
        return _layers(_polygon(4, 0.40, 0.0), ((1.0, white), (0.78, yellow)), back)
    if kind in ("crosswalk_sign", "pedestrian_crossing"):
        square = _polygon(4, 0.46, np.pi / 4)
        return concat([_layers(square, ((1.0, white), (0.95, blue)), back),
                       moved(_layers(_polygon(3, 0.28, 0.5 * np.pi), ((1.0, white),), back), (3 * LAYER_M, 0.0, 0.0)),
                       _text("!", 0.08, black, 6)])  # fmt: skip
    if kind in ("exit", "direction", "gantry"):
        board = np.array([[-1.5, -0.8], [1.5, -0.8], [1.5, 0.8], [-1.5, 0.8]])
        return concat([_layers(board, ((1.0, white), (0.965, blue)), back), _text("^", 0.35, white, 3)])
    if kind == "detour":
        board = np.array([[-0.5, -0.22], [0.5, -0.22], [0.5, 0.22], [-0.5, 0.22]])
        return concat([_layers(board, ((1.0, black), (0.94, orange)), back), _text("^", 0.12, black, 3)])
    return concat([_layers(_polygon(20, 0.32, 0.0), ((1.0, white), (0.94, blue)), back), _text("^", 0.18, white, 3)])


def _polygon(corners: int, radius: float, turn: float) -> np.ndarray:
    angle = np.arange(corners) * 2 * np.pi / corners + turn
    return radius * np.column_stack([np.cos(angle), np.sin(angle)])


def _layers(outline: np.ndarray, layers: tuple[tuple[float, int], ...], back: int) -> Soup:
    """Plates of one outline, each smaller one nearer to the viewer; the plane is y-z, seen from +x."""
    parts: list[Soup] = []
    for i, (share, material) in enumerate(layers):
        parts.append(fan(_upright(outline * share, i * LAYER_M), material))
    parts.append(fan(_upright(outline, -0.012)[::-1], back))
    ring = np.concatenate([outline, outline[:1]])
    front, rear = _upright(ring, 0.0), _upright(ring, -0.012)
    parts.append(quads(np.stack([rear[:-1], rear[1:], front[1:], front[:-1]], axis=1), back))
    return concat(parts)


def _upright(flat: np.ndarray, x: float) -> np.ndarray:
    return np.column_stack([np.full(len(flat), x), flat[:, 0], flat[:, 1]])


def _text(text: str, size_m: float, material: int, layer: int) -> Soup:
    """Glyphs `size_m` wide, centred, on the given layer."""
    return lettering(text, 2.0 * size_m, material, layer * LAYER_M)


def _drawing(lines: tuple[Stroke, ...], size_m: float, material: int, layer: int) -> Soup:
    """A pictogram on the grid of the glyphs, about its middle."""
    centred = [tuple((x - 0.5, y - 1.0) for x, y in line) for line in lines]
    return strokes(centred, size_m, material, layer * LAYER_M)
