"""Lorries, trailers and fire engines, built from a cab, a chassis and a body."""

import numpy as np

from generators.raytrace.assets.coach import lorry_cab
from generators.raytrace.assets.finish import Finish
from generators.raytrace.assets.wheels import wheel_pair
from generators.raytrace.solids import bar, box, cylinder, rounded_box
from generators.raytrace.soup import Soup, concat, fitted, mirrored

Size = tuple[float, float, float]


def lorry(size_m: Size, finish: Finish, cargo: int, service: bool = False) -> Soup:
    """A rigid lorry, or an articulated one where it is long; exactly fills its box.

    Args:
        size_m: length, width, height.
        finish: materials of the cab.
        cargo: material of the box body.
        service: a fire engine: lockers, stripe, ladder and blue lights instead of a plain box.
    """
    length, width, height = size_m
    radius = min(0.5, 0.17 * height)
    articulated = length > 10.5
    cab_length = min(2.4, 0.3 * length)
    front = 0.5 * length
    parts = [_shifted(lorry_cab(cab_length, width, (0.80 if articulated else 0.84) * height, radius, finish), front)]
    body_front = front - cab_length - (0.65 if articulated else 0.18)
    parts.append(_chassis(front - 0.6 * cab_length, -0.5 * length + 0.15, width, radius, finish))
    if service:
        parts.append(_fire_body(body_front, -0.5 * length + 0.02, width, height, radius, finish))
    else:
        parts.append(_box_body(body_front, -0.5 * length + 0.02, width, height, radius, finish, cargo))
        parts.append(_deflector(front, cab_length, width, height, articulated, finish))
    parts += _rear_axles(length, width, radius, articulated, finish)
    parts.append(_rear_end(-0.5 * length, width, radius, finish))
    return fitted(concat(parts), size_m)


def trailer(size_m: Size, finish: Finish, cargo: int) -> Soup:
    """A box trailer with a drawbar, exactly filling its box."""
    length, width, height = size_m
    radius = min(0.45, 0.16 * height)
    parts = [
        _chassis(0.46 * length, -0.48 * length, width, radius, finish),
        _box_body(0.44 * length, -0.49 * length, width, height, radius, finish, cargo),
        bar((0.40 * length, 0.25 * width, radius), (0.5 * length, 0, radius), 0.1, 0.1, finish.trim),
        bar((0.40 * length, -0.25 * width, radius), (0.5 * length, 0, radius), 0.1, 0.1, finish.trim),
        _rear_end(-0.5 * length, width, radius, finish),
    ]
    spread = 1.2 if length > 7 else 0.0
    for x in sorted({-0.18 * length - 0.5 * spread, -0.18 * length + 0.5 * spread}):
        parts.append(wheel_pair(x, 0.97 * width, radius, 0.28, finish, 8))
    return fitted(concat(parts), size_m)


def _shifted(soup: Soup, x: float) -> Soup:
    return Soup(soup.corners_m + np.array([x, 0.0, 0.0]), soup.normals, soup.uv_m, soup.material)


def _chassis(front: float, rear: float, width: float, radius: float, finish: Finish) -> Soup:
    middle, span = 0.5 * (front + rear), front - rear
    beam = box((span, 0.12, 0.26), (middle, 0.3 * width / 2 + 0.1, 1.75 * radius), finish.under)
    y, low = 0.36 * width, 1.35 * radius
    tank = cylinder((middle + 0.1 * span, y, low), (middle + 0.24 * span, y, low), 0.3, finish.chrome, 12)  # fmt: skip
    y, low = 0.46 * width, 1.25 * radius
    guard = bar((middle - 0.12 * span, y, low), (middle + 0.05 * span, y, low), 0.03, 0.34, finish.trim)  # fmt: skip
    left = concat([beam, tank, guard])
    return concat([left, mirrored(left)])


def _box_body(
    front: float, rear: float, width: float, height: float, radius: float, finish: Finish, cargo: int
) -> Soup:
    low = 2.15 * radius
    middle, span, tall = 0.5 * (front + rear), front - rear, height - low
    parts = [
        rounded_box((span, 0.985 * width, tall), (middle, 0, low + 0.5 * tall), cargo, 0.05),
        box((span, 0.99 * width, 0.09), (middle, 0, low), finish.trim),
    ]
    for y in (-0.012, 0.012, -0.46 * width, 0.46 * width):
        parts.append(box((0.03, 0.018, 0.9 * tall), (rear - 0.01, y, low + 0.5 * tall), finish.chrome))
    for share in (0.25, 0.5, 0.75):
        parts.append(box((0.02, 0.992 * width, 0.93 * tall), (rear + share * span, 0, low + 0.5 * tall), cargo))
    marker_x = np.arange(rear + 0.8, front - 0.4, 2.0)
    for x in marker_x:
        marker = box((0.1, 0.02, 0.05), (float(x), 0.493 * width, low + 0.02), finish.left_indicator)
        parts += [marker, mirrored(marker)]
    return concat(parts)


def _deflector(front: float, cab: float, width: float, height: float, articulated: bool, finish: Finish) -> Soup:
    base = (0.76 if articulated else 0.80) * height
    middle = (front - 0.62 * cab, 0, 0.5 * (base + 0.93 * height))
    return rounded_box((0.55 * cab, 0.8 * width, 0.93 * height - base), middle,
                       finish.paint, 0.12)  # fmt: skip


def _rear_axles(length: float, width: float, radius: float, articulated: bool, finish: Finish) -> list[Soup]:
    if articulated:
        places = [-0.5 * length + 1.4, -0.5 * length + 2.7, -0.5 * length + 4.0, 0.5 * length - 4.6]
    elif length > 8.5:
        places = [-0.5 * length + 1.6, -0.5 * length + 2.95]
    else:
        places = [-0.5 * length + 0.22 * length]
    track = 0.97 * width
    axles = [wheel_pair(x, track, radius, 0.3, finish, 8) for x in places]
    for x in places:
        wing = box((2.3 * radius, 0.32, 0.03), (x, 0.5 * track - 0.16, 2.08 * radius), finish.trim)
        axles += [wing, mirrored(wing)]
    return axles


def _rear_end(x: float, width: float, radius: float, finish: Finish) -> Soup:
    z = 1.25 * radius
    lamps = [
        box((0.05, 0.2, 0.12), (x + 0.03, 0.37 * width, z), finish.brake),
        box((0.05, 0.12, 0.12), (x + 0.03, 0.37 * width + 0.16, z), finish.left_indicator),
        box((0.05, 0.12, 0.12), (x + 0.03, 0.37 * width - 0.16, z), finish.tail),
    ]
    right = [
        box((0.05, 0.2, 0.12), (x + 0.03, -0.37 * width, z), finish.brake),
        box((0.05, 0.12, 0.12), (x + 0.03, -0.37 * width - 0.16, z), finish.right_indicator),
        box((0.05, 0.12, 0.12), (x + 0.03, -0.37 * width + 0.16, z), finish.tail),
    ]
    beam = box((0.06, 0.95 * width, 0.14), (x + 0.08, 0, z), finish.trim)
    plate = box((0.02, 0.5, 0.11), (x + 0.04, 0, z), finish.plate)
    return concat([*lamps, *right, beam, plate])


def _fire_body(front: float, rear: float, width: float, height: float, radius: float, finish: Finish) -> Soup:
    low, top = 1.3 * radius, 0.88 * height
    middle, span = 0.5 * (front + rear), front - rear
    parts = [
        rounded_box(
            (span, 0.97 * width, top - 2.15 * radius), (middle, 0, 0.5 * (top + 2.15 * radius)), finish.paint, 0.05
        ),
        box((span, 0.98 * width, 0.2), (middle, 0, low + 1.05 * radius), finish.second_paint),
        box((0.35, 0.7 * width, 0.13), (front + 0.9, 0, 0.86 * height), finish.blue_light),
    ]
    for share in (0.12, 0.37, 0.62):
        x = rear + share * span
        locker = box(
            (0.21 * span, 0.02, 0.45 * (top - low)), (x + 0.1 * span, 0.487 * width, 0.62 * top), finish.chrome
        )
        parts += [locker, mirrored(locker)]
    for y in (-0.25, 0.25):
        parts.append(bar((rear + 0.1, y, 0.90 * height), (front - 0.2, y, 0.93 * height), 0.06, 0.08, finish.chrome))
    for x in np.linspace(rear + 0.3, front - 0.4, 9):
        parts.append(box((0.04, 0.5, 0.04), (float(x), 0, 0.915 * height), finish.chrome))
    return concat(parts)
