"""Passenger cars and vans: one lofted body per side, caps at nose and tail, wheels, mirrors, plates.

The left half is a grid of stations (nose to tail) and rows (underbody, wheel well, sill, side, belt, glass, roof);
each cell of the grid has its own material, so lamps, glass and liveries lie exactly on the body.
"""

from dataclasses import astuple, fields
from functools import lru_cache

import numpy as np

from generators.raytrace.assets.body import Body, Kit, Part, hinged, painted
from generators.raytrace.assets.car_shapes import CarShape
from generators.raytrace.assets.finish import Finish
from generators.raytrace.lettering import lettering
from generators.raytrace.scene import Joint
from generators.raytrace.solids import box, rounded_box, sheet, tube
from generators.raytrace.soup import Soup, concat, mirrored, moved, placed, smooth

UNDER_ROWS, SILL_ROW, GLASS_ROW, TOP_ROWS = (0, 1, 2), 3, 8, slice(10, 12)
CAP_FRACTIONS = np.array([-1.0, -0.86, -0.6, -0.28, 0.0, 0.28, 0.6, 0.86, 1.0])
BODY_WIDTH_SHARE = 0.945
TEMPLATE_STEP_M = (0.4, 0.1, 0.1)
DOOR_RAD = 1.1


def car(shape: CarShape, size_m: tuple[float, float, float], finish: Finish, livery: str = "") -> Body:
    """A car, exactly filling its box, in the actor's frame; its wheels and the driver's door are parts.

    Args:
        shape: body style.
        size_m: length, width (over the mirrors), height.
        finish: its materials.
        livery: '' for a civil car, else 'police', 'ambulance' or 'fire' (coloured side bands and blue lights),
            'taxi' (checks and a roof sign) or 'parcels' (a band along the body).
    """
    step = np.array(TEMPLATE_STEP_M)
    near = np.maximum(np.round(np.array(size_m) / step), 1.0) * step
    template = _template(shape, (float(near[0]), float(near[1]), float(near[2])), livery)
    painting = painted(template, np.array(astuple(finish)))
    return Kit([painting.poses[0]], list(painting.parts)).fitted(size_m)


@lru_cache(maxsize=64)
def _template(shape: CarShape, size_m: tuple[float, float, float], livery: str) -> Body:
    """A car of about that size in placeholder materials: cars of one style share it, stretched by a few percent."""
    finish = Finish(*range(len(fields(Finish))))
    length, width, height = size_m
    stations = _stations(shape, length, height)
    half = _half_section(shape, stations, size_m)
    cells = _body_materials(shape, stations, half, finish, livery)
    right = mirrored(sheet(half, _swapped_sides(cells, finish)))
    door, opening = _door(shape, stations, half, cells, finish)
    cells[opening, 4:9] = finish.under
    body = smooth(concat([sheet(half, cells), right, *_caps(shape, half, size_m, finish)]), 0.75)
    radius = shape.wheel_radius * height
    track = width * BODY_WIDTH_SHARE * 0.985
    tread = 0.115 * width if height < 2.0 else 0.1 * width
    kit = Kit([body, _mirrors(shape, size_m, finish), _details(shape, half, size_m, finish, livery)], [door])
    for number, place in enumerate(shape.wheels):
        kit.axle(_x(place, length), track, radius, tread, finish, steered=number == 0)
    return Body((concat(kit.soups),), parts=tuple(kit.parts))


def _door(
    shape: CarShape, f: np.ndarray, half: np.ndarray, cells: np.ndarray, finish: Finish
) -> tuple[Part, np.ndarray]:
    """The driver's door, a little outside the body, hinged ahead; and the columns of cells that it covers."""
    middle = 0.5 * (f[1:] + f[:-1])
    low, high = shape.seams[0], shape.seams[1]
    covered = (middle > low) & (middle < high)
    first, last = int(np.flatnonzero(covered)[0]), int(np.flatnonzero(covered)[-1]) + 1
    outside = half[first : last + 1, 4:10] + np.array([0.0, 0.006, 0.0])
    inside = outside - np.array([0.0, 0.05, 0.0])
    skin = smooth(sheet(outside, cells[first:last, 4:9]), 0.75)
    lining = sheet(inside[::-1], np.where(cells[first:last, 4:9] == finish.glass, finish.glass, finish.trim)[::-1])
    edge = np.concatenate([outside[:, 0], outside[-1, 1:], outside[-2::-1, -1], outside[0, -2::-1]])
    back = edge - np.array([0.0, 0.05, 0.0])
    rim = sheet(np.stack([back, edge], axis=1), finish.trim)
    pivot = outside[0, 1:4].mean(axis=0)
    return hinged("door", concat([skin, lining, rim]), pivot, (0.0, 0.0, 1.0), -DOOR_RAD, Joint.OPENS), covered


def _x(fraction: float, length_m: float) -> float:
    return (0.5 - fraction) * length_m


def _stations(shape: CarShape, length: float, height: float) -> np.ndarray:
    arch = 1.14 * shape.wheel_radius * height / length
    arcs = [f + arch * np.sin(np.linspace(-0.5, 0.5, 7) * np.pi) for f in shape.wheels]
    arcs += [np.array([f - arch - 1e-3, f + arch + 1e-3]) for f in shape.wheels]
    pillars = [np.array([f - 0.011, f + 0.011]) for f in shape.pillars]
    seams = [np.array([f - 0.0014, f + 0.0014]) for f in shape.seams]
    tops = np.array([f for f, _ in shape.top])
    edges = np.array([*shape.windscreen, *shape.rear_window, *shape.side_glass, 0.03, 0.045, 0.965, 0.9])
    beds = [edge + side for edge, side in zip(shape.bed, (-0.002, 0.002), strict=True)]
    edges = np.concatenate([edges, beds, shape.bed])
    every = np.unique(np.round(np.concatenate([*arcs, *pillars, *seams, tops, edges]), 4))
    every = every[(every >= 0.0) & (every <= 1.0)]
    keep = np.concatenate([[True], np.diff(every) > 9e-4])
    return every[keep]


def _half_section(shape: CarShape, f: np.ndarray, size_m: tuple[float, float, float]) -> np.ndarray:
    """Left half of the body: grid (stations, 13 rows, 3), z from the ground."""
    length, width, height = size_m
    w = 0.5 * width * BODY_WIDTH_SHARE * _plan(f)
    top = np.interp(f, *np.array(shape.top).T)
    belt_line = np.interp(f, (0.0, 1.0), shape.belt)
    cab = np.clip((top - belt_line - 0.03) / (0.97 - belt_line - 0.03), 0.0, 1.0)
    belt = np.minimum(belt_line, top - 0.022)
    low = shape.clearance + 0.07 * np.clip(1 - f / 0.035, 0, 1) ** 2 + 0.10 * np.clip((f - 0.955) / 0.045, 0, 1) ** 2
    arch = np.maximum(low, _arch_height(shape, f, length, height))
    z4 = np.maximum(low + 0.075, arch + 0.012)
    z5 = np.maximum(np.interp(f, (0.0, 0.06, 0.95, 1.0), (0.315, 0.40, 0.42, 0.40)), z4 + 0.012)
    z5 = np.minimum(z5, belt - 0.03)
    z6 = np.clip(np.interp(f, (0.0, 0.06, 0.95, 1.0), (0.385, 0.50, 0.53, 0.50)), z5 + 0.012, belt - 0.012)
    z4 = np.minimum(z4, z5 - 0.004)
    roof = shape.roof_width
    rows = [
        (0.0 * f, low),
        (0.70 + 0 * f, low),
        (0.70 + 0 * f, arch),
        (0.955 + 0 * f, arch),
        (0.972 + 0 * f, z4),
        (1.0 + 0 * f, z5),
        (0.985 + 0 * f, z6),
        (0.95 + 0 * f, belt),
        (_mix(0.925, 0.925, cab), _mix(belt + 0.008, belt_line + 0.012, cab)),
        (_mix(0.86, roof, cab), _mix(top - 0.011, top - 0.075, cab)),
        (_mix(0.78, roof - 0.075, cab), _mix(top - 0.007, top - 0.02, cab)),
        (_mix(0.42, 0.5 * roof, cab), top - 0.002),
        (0.0 * f, top),
    ]
    y = np.stack([part[0] for part in rows], axis=1) * w[:, None]
    z = np.stack([np.broadcast_to(part[1], f.shape) for part in rows], axis=1) * height
    inside = (f >= shape.bed[0]) & (f <= shape.bed[1])
    if inside.any():
        y[inside, 9:] = w[inside, None] * np.array([0.91, 0.84, 0.83, 0.0])
        z[inside, 9:] = height * np.stack([top, top, 0.0 * top + 0.40, 0.0 * top + 0.40], axis=1)[inside]
    x = np.broadcast_to(((0.5 - f) * length)[:, None], y.shape)
    return np.stack([x, y, z], axis=-1)


def _mix(a: "float | np.ndarray", b: "float | np.ndarray", share: np.ndarray) -> np.ndarray:
    return np.asarray(a + (b - a) * share)


def _plan(f: np.ndarray) -> np.ndarray:
    nose = np.clip((0.15 - f) / 0.15, 0, 1)
    tail = np.clip((f - 0.85) / 0.15, 0, 1)
    return 1.0 - 0.15 * nose**2.2 - 0.09 * tail**2.2


def _arch_height(shape: CarShape, f: np.ndarray, length: float, height: float) -> np.ndarray:
    radius = 1.14 * shape.wheel_radius * height
    result = np.zeros_like(f)
    for wheel in shape.wheels:
        square = radius**2 - ((f - wheel) * length) ** 2
        result = np.maximum(result, np.where(square > 0, shape.wheel_radius * height + np.sqrt(np.abs(square)), 0.0))
    return result / height


def _body_materials(shape: CarShape, f: np.ndarray, half: np.ndarray, finish: Finish, livery: str) -> np.ndarray:
    middle = 0.5 * (f[1:] + f[:-1])
    cells = np.full((len(middle), half.shape[1] - 1), finish.paint)
    cells[:, UNDER_ROWS] = finish.under
    cells[:, SILL_ROW] = finish.trim
    if shape.trim_arches:
        near = np.any([np.abs(middle - wheel) < 0.098 for wheel in shape.wheels], axis=0)
        cells[near, 3:4] = finish.trim
    glazed = (middle > shape.side_glass[0]) & (middle < shape.side_glass[1])
    cells[glazed, GLASS_ROW] = finish.glass
    for pillar in shape.pillars:
        cells[np.abs(middle - pillar) < 0.011, GLASS_ROW] = finish.trim
    for low, high in (shape.windscreen, shape.rear_window):
        inside = (middle > low) & (middle < high)
        cells[inside, TOP_ROWS] = finish.glass
    cells[(middle > shape.bed[0]) & (middle < shape.bed[1]), 9:] = finish.trim
    for seam in shape.seams:
        cells[np.abs(middle - seam) < 0.0014, 4:7] = finish.under
    if livery:
        _paint_livery(cells, middle, finish, livery)
    cells[middle < 0.045, 6] = finish.headlight
    cells[middle > 0.965, 5:7] = finish.tail
    cells[(middle > 0.965) & (middle < 0.985), 5] = finish.left_indicator
    return cells


def _paint_livery(cells: np.ndarray, middle: np.ndarray, finish: Finish, livery: str) -> None:
    if livery == "parcels":
        cells[(middle > 0.33) & (middle < 0.97), 7] = finish.second_paint
        return
    if livery == "taxi":
        cells[(np.floor(middle * 30).astype(int) % 2 == 0) & (middle > 0.16) & (middle < 0.9), 6] = finish.under
        return
    checked = (np.floor(middle * 12).astype(int) % 2 == 0) & (middle > 0.06) & (middle < 0.94)
    cells[checked, 5] = finish.second_paint
    cells[~checked & (middle > 0.06) & (middle < 0.94), 4] = finish.second_paint


def _swapped_sides(cells: np.ndarray, finish: Finish) -> np.ndarray:
    return np.where(cells == finish.left_indicator, finish.right_indicator, cells)


def _caps(shape: CarShape, half: np.ndarray, size_m: tuple[float, float, float], finish: Finish) -> list[Soup]:
    front = _cap_grid(half[0], shape.nose_bulge * size_m[0])
    rear = _cap_grid(half[-1], -0.6 * shape.nose_bulge * size_m[0])
    columns, rows = front.shape[0] - 1, front.shape[1] - 1
    front_cells = np.full((columns, rows), finish.paint)
    front_cells[:, :3] = finish.trim
    front_cells[1:-1, 3] = finish.under
    front_cells[2:-2, 4] = finish.under
    front_cells[:2, 5] = front_cells[-2:, 5] = finish.headlight
    front_cells[2:-2, 5] = finish.trim
    front_cells[0, 4], front_cells[-1, 4] = finish.right_indicator, finish.left_indicator
    rear_cells = np.full((columns, rows), finish.paint)
    rear_cells[:, :3] = finish.trim
    rear_cells[:2, 5] = rear_cells[-2:, 5] = finish.brake
    rear_cells[0, 4] = rear_cells[-1, 4] = finish.tail
    rear_cells[1, 4], rear_cells[-2, 4] = finish.right_indicator, finish.left_indicator
    rear_cells[2, 4] = rear_cells[-3, 4] = finish.reverse
    return [sheet(front, front_cells), sheet(rear[::-1], rear_cells[::-1])]


def _cap_grid(edge: np.ndarray, bulge_m: float) -> np.ndarray:
    """Between the left edge of the body and its mirror image, from right to left, rows upwards."""
    edge = edge[1:]
    y = CAP_FRACTIONS[:, None] * edge[None, :, 1]
    x = edge[None, :, 0] + bulge_m * (1 - CAP_FRACTIONS[:, None] ** 2)
    return np.stack([x, y, np.broadcast_to(edge[:, 2], y.shape)], axis=-1)


def _mirrors(shape: CarShape, size_m: tuple[float, float, float], finish: Finish) -> Soup:
    length, width, height = size_m
    x = _x(shape.windscreen[0] + 0.055, length)
    z = (shape.belt[0] + 0.05) * height
    inner = 0.5 * width * BODY_WIDTH_SHARE * 0.90
    housing = rounded_box((0.11, 0.5 * width - inner, 0.12), (x, 0.5 * (inner + 0.5 * width), z), finish.paint, 0.03)
    glass = box((0.004, 0.7 * (0.5 * width - inner), 0.08), (x - 0.056, 0.5 * (inner + 0.5 * width), z), finish.chrome)
    left = concat([housing, glass])
    return concat([left, mirrored(left)])


def _details(
    shape: CarShape, half: np.ndarray, size_m: tuple[float, float, float], finish: Finish, livery: str
) -> Soup:
    length, width, height = size_m
    nose, tail = half[0, 5, 0] + shape.nose_bulge * length, half[-1, 5, 0] - 0.6 * shape.nose_bulge * length
    plate = (0.02, 0.5, 0.11)
    parts = [
        box(plate, (nose, 0.0, 0.265 * height), finish.plate),
        box(plate, (tail, 0.0, 0.44 * height), finish.plate),
        box((0.02, 0.46 * width, 0.02), (nose - 0.004, 0.0, 0.36 * height), finish.chrome),
        box((0.02, 0.3, 0.03), (_x(shape.rear_window[0] if shape.rear_window[0] < 1 else 0.992, length), 0.0,
                                0.955 * height), finish.brake),
    ]  # fmt: skip
    for seam in shape.seams[1 : 2 + shape.rear_doors]:
        x, z = _x(seam - 0.028, length), 0.56 * height if height < 2.0 else 0.46 * height
        handle = rounded_box((0.15, 0.03, 0.03), (x, 0.488 * width * BODY_WIDTH_SHARE, z), finish.trim, 0.008)
        parts += [handle, mirrored(handle)]
    if shape.rails:
        x = np.array([_x(0.46, length), _x(0.48, length), _x(0.80, length), _x(0.82, length)])
        rail_z = np.array([0.95, 0.995, 0.985, 0.94]) * height
        path = np.column_stack([x, np.full(4, 0.355 * width), rail_z])
        rail = tube(path, 0.018, finish.trim, 5)
        parts += [rail, mirrored(rail)]
    if shape.spoiler:
        post = box((0.06, 0.05, 0.08 * height), (_x(0.955, length), 0.28 * width, 0.73 * height), finish.trim)
        parts += [post, mirrored(post)]
        wing = (_x(0.96, length), 0.0, 0.78 * height)
        parts.append(rounded_box((0.24, 0.82 * width, 0.03), wing, finish.paint, 0.01))
    if livery in ("police", "ambulance", "fire"):
        parts.append(_light_bar(_x(0.47, length), width, height, finish))
        parts += _lettered(shape, livery, size_m, finish)
    if livery == "taxi":
        at = (_x(0.50, length), 0.0, 1.045 * height)
        parts.append(rounded_box((0.2, 0.62, 0.15), at, finish.plate, 0.03))
        words = lettering("TAXI", 0.11, finish.under, 0.012)
        for side in (1, -1):
            parts.append(placed(words, (at[0] + side * 0.1, 0.0, at[2]), 0.0 if side > 0 else np.pi))
    if shape.bed[0] < 1.0:
        hoop = np.array([[0.0, 0.36, 0.62], [0.0, 0.33, 0.93], [0.0, 0.0, 0.955]])
        hoop = np.concatenate([hoop, hoop[-2::-1] * [1, -1, 1]]) * [1.0, width, height]
        parts.append(tube(hoop + np.array([_x(0.665, length), 0.0, 0.0]), 0.035, finish.chrome, 6))
    return concat(parts)


def _light_bar(x: float, width: float, height: float, finish: Finish) -> Soup:
    """Blue lights on the roof whose two halves flash in turn."""
    z = 1.035 * height
    left = rounded_box((0.3, 0.27 * width, 0.13), (x, 0.19 * width, z), finish.blue_light, 0.03)
    right = rounded_box((0.3, 0.27 * width, 0.13), (x, -0.19 * width, z), finish.blue_light_after, 0.03)
    return concat([left, right, rounded_box((0.31, 0.12 * width, 0.135), (x, 0.0, z), finish.trim, 0.02)])


def _lettered(shape: CarShape, livery: str, size_m: tuple[float, float, float], finish: Finish) -> list[Soup]:
    """The word of the service on both sides and the bonnet or the roof's edge."""
    length, width, height = size_m
    word = {"police": "POLICE", "ambulance": "AMBULANCE", "fire": "FIRE"}[livery]
    tall = height > 2.0
    letter = 0.13 * height
    z, x = (0.76, _x(0.66, length)) if tall else (0.575, _x(0.5, length))
    y = 0.5 * width * BODY_WIDTH_SHARE * (0.95 if tall else 0.985) + 0.02
    color = finish.second_paint if tall else finish.under
    words = lettering(word, letter, color, 0.012)
    parts = [placed(words, (x, side * y, z * height), side * 0.5 * np.pi) for side in (1, -1)]
    cross = box((0.5, 0.02, 0.16), (0.0, 0.0, 0.0), finish.brake), box((0.16, 0.02, 0.5), (0.0, 0.0, 0.0), finish.brake)
    if livery == "ambulance":
        for side in (1, -1):
            at = (_x(0.45, length), side * y, 0.60 * height)
            parts += [moved(piece, at) for piece in cross]
    return parts
