"""Trailers, each an actor of its own behind what tows it; z from the ground, the coupling ahead."""

from generators.raytrace.assets.body import Body, Kit, Size
from generators.raytrace.assets.finish import Finish
from generators.raytrace.assets.lorries import box_body, tank_body
from generators.raytrace.solids import bar, box, cylinder, ellipsoid, rounded_box
from generators.raytrace.soup import Soup, concat


def trailer(size_m: Size, style: str, finish: Finish, cargo: int) -> Body:
    """A trailer, exactly filling its box.

    Args:
        size_m: length (with the drawbar), width, height.
        style: 'semi', 'box' (with a drawbar), 'tanker', 'flatbed' or 'caravan'.
        finish: its materials.
        cargo: material of the body.
    """
    if style == "caravan":
        return _caravan(size_m, finish)
    length, width, height = size_m
    radius = min(0.48, 0.16 * max(height, 2.6))
    kit = Kit()
    drawbar = 0.0 if style == "semi" else min(1.4, 0.18 * length)
    front, rear = 0.5 * length - drawbar, -0.49 * length
    kit.add(box((0.96 * (front - rear), 0.9, 0.2), (0.5 * (front + rear), 0, 1.8 * radius), finish.under))
    space = (front, rear, width, height, radius)
    if style == "tanker":
        kit.add(tank_body(space, finish, cargo))
    elif style == "flatbed":
        _low_bed(kit, front, rear, width, height, radius, finish)
    else:
        kit.add(box_body(space, finish, cargo))
    if drawbar:
        kit.both(
            bar((front - 0.3, 0.25 * width, 1.3 * radius), (0.5 * length, 0, 1.2 * radius), 0.1, 0.12, finish.trim)
        )
    else:
        leg = 0.5 * length - 0.19 * length
        kit.both(box((0.14, 0.14, 1.5 * radius), (leg, 0.3 * width, 1.0 * radius), finish.trim),
                 box((0.3, 0.3, 0.05), (leg, 0.3 * width, 0.25 * radius), finish.trim))  # fmt: skip
    for x in _axles(style, length):
        kit.axle(x, 0.97 * width, radius, 0.3, finish, spokes=8)
        kit.both(box((2.2 * radius, 0.3, 0.03), (x, 0.47 * width - 0.15, 2.06 * radius), finish.trim))
    kit.add(_tail(-0.5 * length, width, radius, finish))
    return kit.fitted(size_m)


def _axles(style: str, length: float) -> list[float]:
    if style == "semi" or length > 9.0:
        return [-0.5 * length + 1.5 + 1.31 * k for k in range(3)]
    if length > 5.5:
        return [-0.12 * length - 0.6, -0.12 * length + 0.6]
    return [-0.12 * length]


def _low_bed(kit: Kit, front: float, rear: float, width: float, height: float, radius: float, finish: Finish) -> None:
    """A platform with boards at its sides and a load of crates."""
    low = 2.15 * radius
    middle, span = 0.5 * (front + rear), front - rear
    kit.add(box((span, 0.98 * width, 0.12), (middle, 0, low), finish.wood))
    kit.both(box((span, 0.04, 0.3), (middle, 0.48 * width, low + 0.2), finish.paint))
    kit.add(box((0.05, 0.96 * width, 0.3), (front, 0, low + 0.2), finish.paint),
            box((0.05, 0.96 * width, 0.3), (rear + 0.03, 0, low + 0.2), finish.paint))  # fmt: skip
    room = max(height - low - 0.1, 0.2)
    for k, share in enumerate((0.2, 0.5, 0.78)):
        size = (0.2 * span, 0.6 * width, room * (1.0, 0.8, 0.9)[k])
        kit.add(rounded_box(size, (rear + share * span, 0, low + 0.06 + 0.5 * size[2]), finish.cargo_heap, 0.02))


def _tail(x: float, width: float, radius: float, finish: Finish) -> Soup:
    z = 1.3 * radius
    parts: list[Soup] = [box((0.06, 0.95 * width, 0.14), (x + 0.08, 0, z), finish.trim),
                         box((0.02, 0.5, 0.11), (x + 0.04, 0, z), finish.plate)]  # fmt: skip
    for side, indicator in ((1, finish.left_indicator), (-1, finish.right_indicator)):
        parts += [
            box((0.05, 0.2, 0.12), (x + 0.03, side * 0.37 * width, z), finish.brake),
            box((0.05, 0.12, 0.12), (x + 0.03, side * (0.37 * width + 0.16), z), indicator),
            box((0.05, 0.12, 0.12), (x + 0.03, side * (0.37 * width - 0.16), z), finish.tail),
        ]
    return concat(parts)


def _caravan(size_m: Size, finish: Finish) -> Body:
    """A white caravan with rounded ends, windows, a door, a stripe and a drawbar with a gas box."""
    length, width, height = size_m
    kit = Kit()
    drawbar = 1.15
    body = length - drawbar
    back, low = -0.5 * length, 0.42
    middle, tall = back + 0.5 * body, height - low
    kit.add(rounded_box((body, 0.97 * width, tall), (middle, 0, low + 0.5 * tall), finish.second_paint, 0.32),
            box((0.9 * body, 0.975 * width, 0.14), (middle, 0, low + 0.30 * tall), finish.paint))  # fmt: skip
    for share in (0.2, 0.52, 0.8):
        at = (back + share * body, 0.486 * width, low + 0.62 * tall)
        kit.both(rounded_box((0.2 * body, 0.03, 0.26 * tall), at, finish.glass, 0.01))
    for x in (back, back + body):
        kit.add(rounded_box((0.04, 0.68 * width, 0.26 * tall), (x, 0, low + 0.64 * tall), finish.glass, 0.01))
    door = (back + 0.36 * body, -0.487 * width, low + 0.45 * tall)
    kit.add(box((0.62, 0.02, 0.78 * tall), door, finish.plate))
    kit.add(rounded_box((0.6, 0.5, 0.06), (middle, 0, height - 0.01), finish.trim, 0.02))
    kit.both(bar((back + body - 0.2, 0.3 * width, 0.45), (0.5 * length, 0, 0.45), 0.07, 0.09, finish.trim))
    kit.add(rounded_box((0.45, 0.9, 0.5), (back + body + 0.28, 0, 0.72), finish.second_paint, 0.08),
            cylinder((0.5 * length - 0.2, 0, 0.08), (0.5 * length - 0.2, 0, 0.5), 0.05, finish.trim, 8),
            ellipsoid((0.5 * length - 0.2, 0, 0.09), (0.1, 0.06, 0.09), finish.tyre, 5, 8))  # fmt: skip
    kit.axle(middle - 0.05 * body, 0.955 * width, 0.32, 0.19, finish)
    arch = [cylinder((middle - 0.05 * body, y, 0.36), (middle - 0.05 * body, y + 0.02, 0.36), 0.42, finish.under, 14)
            for y in (0.475 * width,)]  # fmt: skip
    kit.both(*arch)
    kit.add(_tail(back, width, 0.42, finish))
    return kit.fitted(size_m)
