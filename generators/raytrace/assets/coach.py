"""Upright bodies with a flat front: buses, lorry cabs and box bodies."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from generators.raytrace.assets.body import Body, Kit, Size
from generators.raytrace.assets.finish import Finish
from generators.raytrace.lettering import lettering
from generators.raytrace.solids import box, cylinder, prism, rounded_box, sheet
from generators.raytrace.soup import Soup, concat, mirrored, moved, placed, roll_rotation, smooth, turned

CAP_FRACTIONS = np.array([-1.0, -0.93, -0.72, -0.3, 0.0, 0.3, 0.72, 0.93, 1.0])


@dataclass(frozen=True, slots=True)
class CoachShape:
    """An upright body; lengths are fractions of its length (from the front) and height (from the ground).

    Attributes:
        wheels: axles.
        wheel_radius_m: radius of the wheels; also makes the arches.
        clearance: of the skirt.
        belt: lower edge of the windows.
        window_top: upper edge.
        windows: ranges of side windows.
        doors: ranges of doors on the right.
        band: whether a stripe of the second paint runs below the windows.
        rear_glass: whether the rear has a window.
        lean: how far the windscreen leans back, fraction of the length.
    """

    wheels: tuple[float, ...]
    wheel_radius_m: float
    clearance: float
    belt: float
    window_top: float
    windows: tuple[tuple[float, float], ...]
    doors: tuple[tuple[float, float], ...] = ()
    band: bool = False
    rear_glass: bool = True
    lean: float = 0.02


def coach(shape: CoachShape, size_m: tuple[float, float, float], finish: Finish) -> Soup:
    """The body without wheels: x about its middle, z from the ground."""
    f = _stations(shape, size_m[0])
    half = _half(shape, f, size_m)
    cells = _side_materials(shape, f, half.shape[1], finish)
    with_doors = cells.copy()
    middle = 0.5 * (f[1:] + f[:-1])
    for low, high in shape.doors:
        with_doors[np.ix_((middle > low) & (middle < high), np.arange(3, 7))] = finish.glass
    with_doors[with_doors == finish.left_indicator] = finish.right_indicator
    caps = [_front(shape, half[0], finish), _rear(shape, half[-1], finish)]
    return smooth(concat([sheet(half, cells), mirrored(sheet(half, with_doors)), *caps]), 0.6)


def _stations(shape: CoachShape, length: float) -> np.ndarray:
    arch = 1.16 * shape.wheel_radius_m / length
    arcs = [f + arch * np.sin(np.linspace(-0.5, 0.5, 9) * np.pi) for f in shape.wheels]
    arcs += [np.array([f - arch - 2e-3, f + arch + 2e-3]) for f in shape.wheels]
    edges = np.array([edge for pair in (*shape.windows, *shape.doors) for edge in pair])
    every = np.unique(np.round(np.concatenate([*arcs, edges, [0.0, 0.006, 0.02, 0.98, 0.995, 1.0]]), 4))
    every = every[(every >= 0) & (every <= 1)]
    return every[np.concatenate([[True], np.diff(every) > 8e-4])]


def _half(shape: CoachShape, f: np.ndarray, size_m: tuple[float, float, float]) -> np.ndarray:
    length, width, height = size_m
    radius = 1.16 * shape.wheel_radius_m
    arch = np.full(len(f), shape.clearance)
    for wheel in shape.wheels:
        square = radius**2 - ((f - wheel) * length) ** 2
        top = (shape.wheel_radius_m + np.sqrt(np.maximum(square, 0))) / height
        arch = np.maximum(arch, np.where(square > 0, top, 0))
    low = np.full(len(f), shape.clearance)
    plan = 1 - 0.045 * np.clip(1 - f / 0.02, 0, 1) ** 2 - 0.03 * np.clip((f - 0.98) / 0.02, 0, 1) ** 2
    roof = 1 - 0.03 * np.clip(1 - f / 0.02, 0, 1) ** 2 - 0.02 * np.clip((f - 0.98) / 0.02, 0, 1) ** 2
    mid = np.maximum(0.5 * (shape.belt + shape.clearance), arch + 0.01)
    belt = np.maximum(shape.belt, mid + 0.01)
    rows = [(0.0, low), (0.74, low), (0.74, arch), (0.985, arch), (1.0, mid), (1.0, belt), (0.998, belt + 0.012),
            (0.985, shape.window_top + 0 * f), (0.975, shape.window_top + 0.03 + 0 * f), (0.94, 0.968 * roof),
            (0.84, 0.995 * roof), (0.0, roof)]  # fmt: skip
    y = np.stack([0.5 * width * share * plan for share, _ in rows], axis=1)
    z = np.stack([part for _, part in rows], axis=1) * height
    x = np.broadcast_to(((0.5 - f) * length)[:, None], y.shape).copy()
    leaning = np.clip((z / height - shape.belt) / (1 - shape.belt), 0, 1) * shape.lean * length
    x -= leaning * np.clip(1 - f / 0.12, 0, 1)[:, None]
    return np.stack([x, y, z], axis=-1)


def _side_materials(shape: CoachShape, f: np.ndarray, rows: int, finish: Finish) -> np.ndarray:
    middle = 0.5 * (f[1:] + f[:-1])
    cells = np.full((len(middle), rows - 1), finish.paint)
    cells[:, :3] = finish.under
    if shape.band:
        cells[:, 4] = finish.second_paint
    for low, high in shape.windows:
        cells[(middle > low) & (middle < high), 6] = finish.glass
    if shape.windows:
        first, last = shape.windows[0][0], shape.windows[-1][1]
        between = (middle > first) & (middle < last) & (cells[:, 6] != finish.glass)
        cells[between, 6] = finish.trim
    return cells


def _cap(edge: np.ndarray) -> np.ndarray:
    edge = edge[1:]
    y = CAP_FRACTIONS[:, None] * edge[None, :, 1]
    x = np.broadcast_to(edge[:, 0], y.shape)
    return np.stack([x, y, np.broadcast_to(edge[:, 2], y.shape)], axis=-1)


def _front(shape: CoachShape, edge: np.ndarray, finish: Finish) -> Soup:
    grid = _cap(edge)
    cells = np.full((grid.shape[0] - 1, grid.shape[1] - 1), finish.paint)
    cells[:, 2] = finish.trim
    cells[1:-1, 5] = finish.glass
    cells[1:-1, 6] = finish.trim
    cells[1, 3], cells[-2, 3] = finish.headlight, finish.headlight
    cells[0, 3], cells[-1, 3] = finish.right_indicator, finish.left_indicator
    cells[2:-2, 3] = finish.trim
    return sheet(grid, cells)


def _rear(shape: CoachShape, edge: np.ndarray, finish: Finish) -> Soup:
    grid = _cap(edge)[::-1]
    cells = np.full((grid.shape[0] - 1, grid.shape[1] - 1), finish.paint)
    cells[:, 2] = finish.trim
    if shape.rear_glass:
        cells[1:-1, 5] = finish.glass
    cells[1, 3] = cells[-2, 3] = finish.brake
    cells[0, 3], cells[-1, 3] = finish.left_indicator, finish.right_indicator
    cells[2, 2] = cells[-3, 2] = finish.tail
    cells[3, 2] = cells[-4, 2] = finish.reverse
    return sheet(grid, cells)


def bus(size_m: Size, style: str, finish: Finish) -> Body:
    """A bus, exactly filling its box.

    Args:
        size_m: length, width, height.
        style: 'city', 'coach', 'articulated' or 'school'.
        finish: its materials.
    """
    if style == "school":
        return _school_bus(size_m, finish)
    length, width, height = size_m
    kit = Kit()
    if style == "articulated" and length > 14.0:
        joint = 0.04 * length
        front_length = 0.56 * length
        _bus_body(kit, (front_length - 0.5 * joint, width, height), 0.5 * (length - front_length + 0.5 * joint), style,
                  finish, rear=False)  # fmt: skip
        rear_length = length - front_length - 0.5 * joint
        _bus_body(kit, (rear_length, width, height), -0.5 * (length - rear_length), style, finish, front=False)
        middle = 0.5 * length - front_length
        for step in np.linspace(-0.5, 0.5, 7):
            share = 0.90 if round(6 * (step + 0.5)) % 2 else 0.82
            at = (middle + step * joint * 1.1, 0.0, 0.53 * height)
            kit.add(rounded_box((joint / 6, share * width, 0.80 * height), at, finish.trim, 0.03))
    else:
        _bus_body(kit, size_m, 0.0, style, finish)
    kit.add(_arm_mirrors(0.49 * length, width, 0.94 * width, 0.72 * height, finish))
    return kit.fitted(size_m)


def _bus_body(
    kit: Kit, size_m: Size, x_m: float, style: str, finish: Finish, *, front: bool = True, rear: bool = True
) -> None:
    """One carriage of a bus, its middle at `x_m`."""
    length, width, height = size_m
    touring = style == "coach"
    edges = np.linspace(
        0.075 if front else 0.03, 0.955 if rear else 0.97, max(3, round(length / (1.9 if touring else 1.5)))
    )
    pillar = (0.02 if touring else 0.05) / length
    windows = tuple((float(a) + pillar, float(b) - pillar) for a, b in pairwise(edges))
    axles = (*((2.7 / length,) if front else ()), *((1 - 3.3 / length,) if rear else ()), *(() if rear else (0.88,)))
    doors: tuple[tuple[float, float], ...] = ((0.02, 0.02 + 1.25 / length),) if front else ()
    if not touring:
        doors = (*doors, (0.47, 0.47 + 1.3 / length))
    shape = CoachShape(
        wheels=axles, wheel_radius_m=0.48, clearance=0.085, belt=0.47 if touring else 0.36,
        window_top=0.86 if touring else 0.80, windows=windows, doors=doors, band=True,
        lean=0.028 if touring else 0.012, rear_glass=not touring,
    )  # fmt: skip
    body_width = width * 0.94
    kit.add(moved(coach(shape, (length, body_width, height * 0.965), finish), (x_m, 0.0, 0.0)))
    for f in axles:
        kit.axle(x_m + (0.5 - f) * length, body_width * 0.985, 0.48, 0.3, finish, spokes=8, steered=f < 0.35 and front)
    size = (0.3 * length, 0.7 * width, 0.05 * height)
    kit.add(rounded_box(size, (x_m - 0.1 * length, 0, 0.96 * height), finish.paint, 0.06))
    if touring:
        _luggage_flaps(kit, x_m, length, body_width, height, finish)
    if not front:
        return
    nose = x_m + 0.5 * length
    if not touring:
        kit.add(box((0.03, 0.66 * body_width, 0.075 * height), (nose - 0.01, 0, 0.855 * height), finish.under))
        words = lettering("12 CENTRE", 0.045 * height, finish.amber_sign, 0.02)
        kit.add(moved(words, (nose - 0.01, 0.0, 0.855 * height)))


def _luggage_flaps(kit: Kit, x_m: float, length: float, width: float, height: float, finish: Finish) -> None:
    for share in (0.34, 0.46, 0.58):
        at = (x_m + (0.5 - share) * length, 0.495 * width, 0.24 * height)
        kit.both(box((0.1 * length, 0.02, 0.17 * height), at, finish.second_paint))


def _school_bus(size_m: Size, finish: Finish) -> Body:
    """A yellow bus with a bonnet ahead, black bands, red lamps and a stop arm."""
    length, width, height = size_m
    kit = Kit()
    hood = 1.5
    body_length, body_width = length - hood, 0.92 * width
    edges = np.linspace(0.11, 0.975, max(5, round(body_length / 1.0)))
    windows = tuple((float(a) + 0.008, float(b) - 0.008) for a, b in pairwise(edges))
    rear = 1 - 2.6 / body_length
    shape = CoachShape(
        wheels=(rear,), wheel_radius_m=0.48, clearance=0.14, belt=0.52, window_top=0.78, windows=windows,
        doors=((0.02, 0.02 + 0.95 / body_length),), band=False, lean=0.01,
    )  # fmt: skip
    back = -0.5 * hood
    kit.add(moved(coach(shape, (body_length, body_width, 0.97 * height), finish), (back, 0.0, 0.0)))
    for z in (0.30, 0.40, 0.495):
        at = (back - 0.02 * body_length, 0.5 * body_width, z * height)
        kit.both(box((0.93 * body_length, 0.02, 0.03 * height), at, finish.under))
    nose = 0.5 * length
    kit.add(rounded_box((hood + 0.25, 0.78 * body_width, 0.26 * height), (nose - 0.5 * hood - 0.02, 0.0, 0.36 * height),
                        finish.paint, 0.16))  # fmt: skip
    kit.add(box((0.04, 0.42 * body_width, 0.16 * height), (nose - 0.03, 0.0, 0.35 * height), finish.under))
    kit.add(rounded_box((0.14, 0.95 * width, 0.09 * height), (nose - 0.03, 0.0, 0.19 * height), finish.under, 0.03))
    kit.both(rounded_box((1.1, 0.3, 0.2 * height), (nose - 0.78, 0.40 * width, 0.30 * height), finish.paint, 0.1))
    kit.both(cylinder((nose - 0.06, 0.32 * width, 0.36 * height), (nose - 0.01, 0.32 * width, 0.36 * height), 0.11,
                      finish.headlight, 10))  # fmt: skip
    for x, steered in ((nose - 0.8, True), (back + (0.5 - rear) * body_length, False)):
        kit.axle(x, body_width * 0.985, 0.48, 0.3, finish, spokes=8, steered=steered)
    face = nose - hood
    kit.add(rounded_box((0.2, 0.7 * body_width, 0.1 * height), (face, 0.0, 0.93 * height), finish.paint, 0.04))
    for side, spin in ((1, 0.0), (-1, np.pi)):
        x = face + 0.11 if side > 0 else back - 0.5 * body_length
        words = lettering("SCHOOL BUS", 0.062 * height, finish.under, 0.012)
        kit.add(placed(words, (x, 0.0, 0.925 * height if side > 0 else 0.90 * height), spin))
        kit.both(cylinder((x - side * 0.1, 0.42 * body_width, 0.92 * height), (x + side * 0.02, 0.42 * body_width,
                          0.92 * height), 0.1, finish.brake, 10))  # fmt: skip
    turn = np.arange(8) * np.pi / 4 + np.pi / 8
    plate = prism(0.22 * np.column_stack([np.cos(turn), np.sin(turn)]), -0.015, 0.015, finish.brake)
    kit.add(moved(turned(plate, roll_rotation(0.5 * np.pi)), (face - 1.5, 0.5 * body_width + 0.04, 0.45 * height)))
    kit.add(_arm_mirrors(face + 0.1, width, body_width, 0.62 * height, finish))
    return kit.fitted(size_m)


def _arm_mirrors(x: float, width: float, body_width: float, z: float, finish: Finish) -> Soup:
    reach = 0.5 * (width - body_width)
    left = concat(
        [
            rounded_box((0.1, max(0.9 * reach, 0.03), 0.34), (x, 0.5 * width - 0.45 * reach, z), finish.trim, 0.02),
            box((0.05, reach + 0.05, 0.04), (x - 0.03, 0.5 * body_width + 0.5 * reach - 0.02, z + 0.15), finish.trim),
        ]
    )
    return concat([left, mirrored(left)])


def lorry_cab(
    kit: Kit, front_m: float, length_m: float, width_m: float, height_m: float, radius_m: float, finish: Finish
) -> None:
    """A cab-over driver's cab with its steered wheels; its front at x = `front_m`, z from the ground."""
    shape = CoachShape(
        wheels=(0.62,), wheel_radius_m=radius_m, clearance=0.12, belt=0.56, window_top=0.84, windows=((0.08, 0.52),),
        rear_glass=False, lean=0.06,
    )  # fmt: skip
    body_width = 0.94 * width_m
    middle = front_m - 0.5 * length_m
    kit.add(
        moved(
            concat([
                coach(shape, (length_m, body_width, height_m), finish),
                _arm_mirrors(0.44 * length_m, width_m, body_width, 0.72 * height_m, finish),
                box((0.16, 0.86 * body_width, 0.03), (0.46 * length_m, 0, 0.87 * height_m), finish.trim),
            ]),
            (middle, 0, 0),
        )
    )  # fmt: skip
    kit.axle(middle + (0.5 - 0.62) * length_m, body_width * 0.99, radius_m, 0.3, finish, steered=True, spokes=8)
