"""Building machines: a tracked excavator and a wheel loader."""

import numpy as np

from generators.raytrace.assets.finish import Finish
from generators.raytrace.assets.wheels import wheel_pair
from generators.raytrace.solids import bar, box, cylinder, prism, rounded_box, sheet
from generators.raytrace.soup import Soup, concat, fitted, mirrored, moved, roll_rotation, turned

Size = tuple[float, float, float]


def excavator(size_m: Size, finish: Finish) -> Soup:
    """A tracked excavator with its arm ahead, exactly filling its box."""
    parts = [_tracks(finish), _house(finish), _arm(finish)]
    return fitted(concat(parts), size_m)


def _tracks(finish: Finish) -> Soup:
    angle = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 6)
    outline = np.concatenate(
        [
            np.column_stack([1.35 + 0.42 * np.cos(angle), 0.42 + 0.42 * np.sin(angle)]),
            np.column_stack([-1.35 - 0.42 * np.cos(angle), 0.42 - 0.42 * np.sin(angle)]),
        ]
    )
    # The outline stands in the x-z plane: drawn along y by rolling a prism over.
    track = turned(prism(outline, -0.28, 0.28, finish.under), roll_rotation(0.5 * np.pi))
    left = moved(track, (0.0, 1.05, 0.0))
    plates = [box((0.07, 0.6, 0.05), (x, 1.05, 0.855), finish.trim) for x in np.linspace(-1.3, 1.3, 11)]
    hubs = [cylinder((x, 1.05, 0.42), (x, 1.36, 0.42), 0.24, finish.paint, 10) for x in (-1.35, -0.45, 0.45, 1.35)]
    left = concat([left, *plates, *hubs])
    return concat([left, mirrored(left), box((1.8, 1.7, 0.3), (0, 0, 0.6), finish.under)])


def _house(finish: Finish) -> Soup:
    cab = rounded_box((1.35, 0.95, 1.55), (0.75, 0.75, 1.95), finish.paint, 0.1)
    glass = [
        box((0.02, 0.8, 0.95), (1.43, 0.75, 2.1), finish.glass),
        box((1.1, 0.02, 0.85), (0.78, 1.23, 2.15), finish.glass),
        box((1.1, 0.02, 0.85), (0.78, 0.27, 2.15), finish.glass),
        box((0.02, 0.75, 0.7), (0.07, 0.75, 2.2), finish.glass),
    ]
    deck = rounded_box((2.9, 2.4, 0.75), (-0.35, 0, 1.32), finish.paint, 0.08)
    weight = rounded_box((0.7, 2.5, 1.0), (-1.75, 0, 1.45), finish.trim, 0.18)
    engine = rounded_box((1.4, 1.9, 0.45), (-0.9, -0.1, 1.85), finish.paint, 0.1)
    vents = [box((0.5, 0.02, 0.3), (-0.7 + 0.6 * i, -1.21, 1.4), finish.under) for i in range(2)]
    ring = cylinder((0, 0, 0.75), (0, 0, 1.0), 0.75, finish.under, 14)
    beacon = cylinder((0.6, 0.75, 2.72), (0.6, 0.75, 2.9), 0.08, finish.left_indicator, 8)
    lamps = [box((0.06, 0.16, 0.12), (1.42, y, 2.66), finish.headlight) for y in (0.5, 1.0)]
    return concat([cab, *glass, deck, weight, engine, *vents, ring, beacon, *lamps])


def _arm(finish: Finish) -> Soup:
    boom = np.array([[0.95, 1.5], [2.4, 3.15], [3.9, 3.25]])
    stick = np.array([[3.75, 3.35], [4.85, 1.4]])
    parts = []
    for a, b, depth in ((boom[0], boom[1], 0.5), (boom[1], boom[2], 0.42), (stick[0], stick[1], 0.34)):
        parts.append(bar((a[0], -0.25, a[1]), (b[0], -0.25, b[1]), 0.3, depth, finish.paint))
    for start, end in (((0.9, 1.3), (2.2, 2.75)), ((2.5, 3.5), (3.75, 3.65)), ((4.1, 3.2), (4.95, 1.75))):
        parts.append(cylinder((start[0], -0.25, start[1]), (end[0], -0.25, end[1]), 0.07, finish.chrome, 8))
    return concat([*parts, _bucket(finish)])


def _bucket(finish: Finish) -> Soup:
    angle = np.linspace(0.1, 1.25, 6) * np.pi
    curve = np.column_stack([4.75 + 0.5 * np.cos(angle), 0.9 + 0.5 * np.sin(angle)])
    points = np.stack([np.column_stack([curve[:, 0], np.full(6, y), curve[:, 1]]) for y in (-0.75, 0.25)], axis=1)
    outside = sheet(points[::-1], finish.trim)
    inside = sheet(points * np.array([0.97, 0.98, 0.97]) + np.array([0.14, 0, 0.03]), finish.trim)
    x, z = float(curve[-1, 0]), float(curve[-1, 1])
    teeth = [bar((x, y, z), (x + 0.22, y, z - 0.06), 0.1, 0.06, finish.chrome)
             for y in (-0.7, -0.4, -0.1, 0.2)]  # fmt: skip
    sides = [prism(curve[::-1], -0.02, 0.02, finish.trim)]
    side = turned(sides[0], roll_rotation(0.5 * np.pi))
    return concat([outside, inside, *teeth, moved(side, (0, -0.75, 0)), moved(side, (0, 0.25, 0))])


def wheel_loader(size_m: Size, finish: Finish) -> Soup:
    """A wheel loader, exactly filling its box."""
    parts = [
        rounded_box((2.6, 1.9, 0.9), (-1.3, 0, 1.5), finish.paint, 0.15),
        rounded_box((0.5, 2.1, 0.9), (-2.6, 0, 1.25), finish.trim, 0.12),
        rounded_box((1.3, 1.5, 1.6), (0.2, 0, 2.4), finish.paint, 0.1),
        box((1.1, 1.52, 0.9), (0.2, 0, 2.6), finish.glass),
        box((1.32, 1.3, 0.9), (0.2, 0, 2.6), finish.glass),
        rounded_box((1.6, 1.2, 0.6), (1.1, 0, 1.1), finish.paint, 0.1),
        wheel_pair(-1.5, 2.5, 0.75, 0.55, finish, 6),
        wheel_pair(1.3, 2.5, 0.75, 0.55, finish, 6),
        prism(np.array([[2.7, -1.35], [3.7, -1.35], [3.7, 1.35], [2.7, 1.35]]), 0.15, 0.25, finish.trim),
        box((0.12, 2.7, 1.1), (2.75, 0, 0.65), finish.trim),
        box((0.9, 0.06, 0.8), (3.2, 1.32, 0.55), finish.trim),
        box((0.9, 0.06, 0.8), (3.2, -1.32, 0.55), finish.trim),
        cylinder((0.3, 0, 3.2), (0.3, 0, 3.4), 0.09, finish.left_indicator, 8),
    ]
    for y in (-0.6, 0.6):
        parts.append(bar((0.9, y, 1.7), (2.8, y, 0.8), 0.2, 0.3, finish.paint))
    return fitted(concat(parts), size_m)
