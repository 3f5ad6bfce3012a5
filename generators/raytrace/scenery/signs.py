"""Road signs: plates in layers, with strokes for digits and letters, on a post."""

from collections.abc import Callable, Sequence

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
from generators.raytrace.soup import Soup, concat, moved, placed, roll_rotation, turned

LAYER_M = 0.004
PLATE_HEIGHT_M = 2.3
PAINTED = frozenset({"stop_line", "yield_line", "crosswalk", "arrow"})
TRIANGLES = frozenset({"warning", "crossroads_ahead", "signals_ahead", "pedestrians", "children", "animals", "cyclists",
                       "curve", "double_curve", "narrowing", "two_way"})  # fmt: skip
DIGGER: tuple[Stroke, ...] = (
    ((0.5, 1.75), (0.5, 2)), ((0.1, 0), (0.5, 0.9), (0.35, 1.5)), ((0.5, 0.9), (0.8, 0)), ((0.35, 1.5), (1.0, 0.9)),
    ((0.7, 1.3), (1.5, 0.3)), ((1.2, 0), (2.0, 0), (1.6, 0.5), (1.2, 0)),
)  # fmt: skip
WALKER: tuple[Stroke, ...] = (
    ((0.55, 1.8), (0.6, 1.95)), ((0.5, 1.5), (0.5, 0.9)), ((0.5, 0.9), (0.1, 0.05)),
    ((0.5, 0.9), (0.75, 0.5), (0.9, 0.0)),
    ((0.5, 1.45), (0.1, 1.05)), ((0.5, 1.45), (0.95, 1.1)),
)  # fmt: skip
CHILDREN = (*WALKER, *(tuple((0.75 * x + 1.1, 0.72 * y) for x, y in line) for line in WALKER))
DEER: tuple[Stroke, ...] = (
    ((-0.2, 1.0), (0.9, 1.1), (1.3, 1.6), (1.6, 1.5)), ((-0.1, 1.0), (-0.4, 0.4), (-0.6, 0.2)),
    ((0.1, 1.0), (0.1, 0.2)),
    ((0.8, 1.05), (1.2, 0.6), (1.5, 0.7)), ((0.7, 1.05), (0.8, 0.2)), ((1.3, 1.6), (1.2, 2.0), (1.4, 2.1)),
)  # fmt: skip
CYCLE: tuple[Stroke, ...] = (
    *(tuple((x + 0.42 * np.cos(t), 0.5 + 0.42 * np.sin(t)) for t in np.arange(11) * np.pi / 5) for x in (-0.2, 1.2)),
    ((-0.2, 0.5), (0.25, 1.2), (0.95, 1.2), (1.2, 0.5)), ((0.25, 1.2), (0.5, 0.5), (0.95, 1.2), (0.9, 1.5)),
)  # fmt: skip
BEND: tuple[Stroke, ...] = (((0.8, 0.0), (0.8, 0.9), (0.2, 1.4), (0.2, 2.0)), ((-0.15, 1.65), (0.2, 2.0), (0.55, 1.65)))
NARROW: tuple[Stroke, ...] = (
    ((0.0, 0.0), (0.0, 0.7), (0.3, 1.2), (0.3, 2.0)),
    ((1.0, 0.0), (1.0, 0.7), (0.7, 1.2), (0.7, 2.0)),
)
OPPOSED: tuple[Stroke, ...] = (
    ((0.15, 0.0), (0.15, 2.0)), ((-0.15, 0.4), (0.15, 0.0), (0.45, 0.4)), ((0.85, 0.0), (0.85, 2.0)),
    ((0.55, 1.6), (0.85, 2.0), (1.15, 1.6)),
)  # fmt: skip
CROSS: tuple[Stroke, ...] = (((0.5, 0.2), (0.5, 1.9)), ((-0.2, 1.1), (1.2, 1.1)))
MOTORWAY: tuple[Stroke, ...] = (
    ((-0.2, 0.1), (0.2, 1.9)), ((1.2, 0.1), (0.8, 1.9)), ((-0.5, 1.2), (1.5, 1.2)), ((0.5, 0.1), (0.5, 0.8)),
    ((0.5, 1.5), (0.5, 1.9))
)  # fmt: skip
HOUSE: tuple[Stroke, ...] = (((1.2, 0.0), (1.2, 0.9), (1.6, 1.3), (2.0, 0.9), (2.0, 0.0)),)
BANS = frozenset({"no_overtaking", "no_parking", "no_stopping", "no_vehicles", "closed", "weight_limit", "height_limit",
                  "yield_oncoming"})  # fmt: skip
BUS: tuple[Stroke, ...] = (
    ((-0.3, 0.4), (1.3, 0.4), (1.3, 1.6), (-0.3, 1.6), (-0.3, 0.4)), ((-0.3, 1.0), (1.3, 1.0)),
    ((0.2, 1.0), (0.2, 1.6)),
    ((0.75, 1.0), (0.75, 1.6)), ((0.0, 0.15), (0.15, 0.15)), ((0.9, 0.15), (1.05, 0.15)),
)  # fmt: skip


def _ring() -> tuple[Stroke, ...]:
    """Three arrows that chase each other against the clock."""
    lines: list[Stroke] = []
    for k in range(3):
        t = np.linspace(0.0, 1.55, 7) + k * 2 * np.pi / 3
        arc = tuple((0.5 + 0.85 * float(np.cos(a)), 1.0 + 0.85 * float(np.sin(a))) for a in t)
        tip, along = np.array(arc[-1]), np.array([-np.sin(t[-1]), np.cos(t[-1])])
        out = np.array([np.cos(t[-1]), np.sin(t[-1])])
        barbs = [tip - 0.35 * along + side * 0.32 * out for side in (1, -1)]
        lines += [arc, (tuple(barbs[0]), tuple(tip + 0.1 * along), tuple(barbs[1]))]
    return tuple(lines)


# Kinds with a face of their own.
FACES = TRIANGLES | BANS | {
    "stop", "yield", "give_way", "speed_limit", "zone_limit", "work_zone", "construction", "speed_limit_end",
    "limits_end", "work_zone_beacon", "work_zone_barrier", "work_zone_arrow", "no_entry", "priority",
    "crosswalk_sign", "pedestrian_crossing", "exit", "gantry", "detour", "one_way", "one_way_left", "one_way_right",
    "parking", "bus_stop", "direction", "mandatory_left", "mandatory_right", "keep_left", "keep_right", "roundabout",
    "mandatory_straight", "ahead_only", "town", "motorway", "residential", "lanes_shift",
}  # fmt: skip
# What stands in a warning triangle; an exclamation mark where nothing else is said.
WARNINGS: dict[str, tuple[Stroke, ...]] = {
    "pedestrians": WALKER, "children": CHILDREN, "animals": DEER, "cyclists": CYCLE, "curve": BEND,
    "double_curve": BEND, "narrowing": NARROW, "two_way": OPPOSED, "crossroads_ahead": CROSS, "work_zone": DIGGER,
    "construction": DIGGER,
}  # fmt: skip


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
        return concat([_layers(outline, ((1.0, white), (0.94, red)), back), _text("STOP", 0.105, white, 3)])
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
        drawing = WARNINGS.get(kind)
        glyph = _text("!", 0.15, black, 3) if drawing is None else _drawing(drawing, 0.145, black, 3)
        return concat([_layers(outline, ((1.0, red), (0.74, fill)), back), moved(glyph, (0.0, 0.0, -0.05))])
    if kind in ("speed_limit_end", "limits_end"):
        outline = _polygon(20, 0.34, 0.0)
        text = f"{round(value)}" if np.isfinite(value) else ""
        bar = _text("/", 0.32, black, 4)
        return concat([_layers(outline, ((1.0, black), (0.95, white)), back), _text(text, 0.13, back, 3), bar])
    if kind == "work_zone_arrow":
        board = np.array([[-0.75, -0.3], [0.75, -0.3], [0.75, 0.3], [-0.75, 0.3]])
        chevrons: list[Stroke] = [((x, -0.8), (x + 0.7, 0.0), (x, 0.8)) for x in (-2.2, -0.9, 0.4, 1.7)]
        return concat([_layers(board, ((1.0, red),), back), strokes(chevrons, 0.3, white, 3 * LAYER_M, 0.5)])
    if kind in ("work_zone_beacon", "work_zone_barrier"):
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
                       moved(_layers(_polygon(3, 0.29, 0.5 * np.pi), ((1.0, white),), back), (3 * LAYER_M, 0.0, -0.03)),
                       moved(_drawing(WALKER, 0.11, black, 6), (0.0, 0.0, -0.06))])  # fmt: skip
    if kind in ("one_way", "one_way_left", "one_way_right"):
        board = np.array([[-0.55, -0.18], [0.55, -0.18], [0.55, 0.18], [-0.55, 0.18]])
        arrow = _text("<" if kind == "one_way_left" else ">", 0.17, white, 3)
        return concat([_layers(board, ((1.0, white), (0.95, blue)), back), arrow])
    if kind in ("parking", "bus_stop"):
        square = _polygon(4, 0.46, np.pi / 4)
        drawn = _text("P", 0.2, white, 3) if kind == "parking" else _drawing(BUS, 0.2, white, 3)
        return concat([_layers(square, ((1.0, white), (0.95, blue)), back), drawn])
    if kind in BANS:
        return _ban(kind, value, tint, back)
    if kind in ("direction", "mandatory_left", "mandatory_right", "keep_left", "keep_right", "roundabout"):
        disc = _layers(_polygon(20, 0.34, 0.0), ((1.0, white), (0.94, blue)), back)
        if kind == "roundabout":
            return concat([disc, _drawing(_ring(), 0.2, white, 3)])
        arrow = _text("<" if kind.endswith("left") else ">", 0.2, white, 3)
        slant = 0.7 * (1.0 if kind == "keep_left" else -1.0) if kind.startswith("keep") else 0.0
        return concat([disc, turned(arrow, roll_rotation(slant))])
    if kind in ("town", "motorway", "residential", "lanes_shift"):
        return _board(kind, tint, back)
    if kind in ("exit", "gantry"):
        board = np.array([[-1.5, -0.8], [1.5, -0.8], [1.5, 0.8], [-1.5, 0.8]])
        return concat([_layers(board, ((1.0, white), (0.965, blue)), back), _text("^", 0.35, white, 3)])
    if kind == "detour":
        board = np.array([[-0.5, -0.22], [0.5, -0.22], [0.5, 0.22], [-0.5, 0.22]])
        return concat([_layers(board, ((1.0, black), (0.94, orange)), back), _text("^", 0.12, black, 3)])
    if kind in ("mandatory_straight", "ahead_only"):
        disc = _layers(_polygon(20, 0.34, 0.0), ((1.0, white), (0.94, blue)), back)
        return concat([disc, _text("^", 0.2, white, 3)])
    # Kinds that we have no face for: a plain grey board of usual size, which `undrawn_signs` names.
    board = np.array([[-0.3, -0.3], [0.3, -0.3], [0.3, 0.3], [-0.3, 0.3]])
    return _layers(board, ((1.0, black), (0.95, white)), back)


def _board(kind: str, tint: Callable[[str], int], back: int) -> Soup:
    """Rectangles: the entry of a town, a motorway, a home zone, shifted lanes."""
    white, black, blue, yellow = tint("#eceae4"), tint("#141414"), tint("#1c4f9c"), tint("#e3b31b")
    if kind == "town":
        board = np.array([[-0.6, -0.3], [0.6, -0.3], [0.6, 0.3], [-0.6, 0.3]])
        return concat([_layers(board, ((1.0, black), (0.95, yellow)), back), _text("TOWN", 0.11, black, 3)])
    board = np.array([[-0.42, -0.42], [0.42, -0.42], [0.42, 0.42], [-0.42, 0.42]])
    if kind == "lanes_shift":
        return concat([_layers(board, ((1.0, black), (0.95, yellow)), back), _drawing(BEND, 0.28, black, 3)])
    drawing = MOTORWAY if kind == "motorway" else (*WALKER, *HOUSE)
    return concat([_layers(board, ((1.0, white), (0.94, blue)), back), _drawing(drawing, 0.26, white, 3)])


def _ban(kind: str, value: float, tint: Callable[[str], int], back: int) -> Soup:
    """A white disc in a red ring with what is forbidden; a blue one crossed out for stopping and parking."""
    red, white, black, blue = tint("#b01820"), tint("#eceae4"), tint("#141414"), tint("#1c4f9c")
    outline = _polygon(20, 0.34, 0.0)
    if kind in ("no_parking", "no_stopping"):
        bars = [_text("/", 0.28, red, 3)]
        if kind == "no_stopping":
            bars.append(turned(_text("/", 0.28, red, 4), roll_rotation(-2.0 * float(np.arctan2(2.0, 1.0)))))
        return concat([_layers(outline, ((1.0, red), (0.84, blue)), back), *bars])
    disc = _layers(outline, ((1.0, red), (0.80, white)), back)
    if kind == "no_overtaking":
        cars: tuple[Stroke, ...] = (((-0.6, 0.6), (0.3, 0.6), (0.3, 1.1), (-0.6, 1.1), (-0.6, 0.6)),)
        other = tuple(tuple((x + 1.3, y) for x, y in line) for line in cars)
        return concat([disc, _drawing(cars, 0.17, red, 3), _drawing(other, 0.17, black, 3)])
    if kind == "yield_oncoming":
        return concat([disc, _drawing(OPPOSED, 0.17, black, 3)])
    if kind in ("weight_limit", "height_limit"):
        text = f"{round(value)}" + ("T" if kind == "weight_limit" else "M") if np.isfinite(value) else ""
        return concat([disc, _text(text, 0.10, black, 3)])
    return disc


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
