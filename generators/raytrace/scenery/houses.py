"""Whole buildings: town houses with shops, blocks of flats, offices, brick terraces, detached houses.

Local frame: the front runs along x from 0 and is seen from -y, the house lies towards +y, the ground is z = 0.
Walls reach below the ground, so that uneven land shows no gap.
"""

from dataclasses import dataclass

import numpy as np

from generators.raytrace.scenery.facades import (
    WallLook,
    Windows,
    balconies,
    door,
    rectangles,
    shop_front,
    windowed_wall,
)
from generators.raytrace.solids import box, boxes, quads
from generators.raytrace.soup import Soup, concat, moved, turned, yaw_rotation

FOOTING_M = 1.2


@dataclass(frozen=True, slots=True)
class HouseLook:
    """Materials of one building: walls as `WallLook`, and what else it needs.

    Attributes:
        walls: the facade.
        plain: the same wall with painted-on windows, for sides that one hardly sees.
        roof: tiles or gravel.
        base: plinth.
        sign: shop name board.
        awning: striped cloth.
        garage: garage doors.
    """

    walls: WallLook
    plain: int
    roof: int
    base: int
    sign: int
    awning: int
    garage: int


@dataclass(frozen=True, slots=True)
class HouseShape:
    """Measures of one building.

    Attributes:
        style: 'flats', 'office', 'terrace' or 'house'.
        width_m: along the street.
        depth_m: away from it.
        floors: storeys.
        shop: whether the ground floor is a shop.
        fine: whether openings have depth.
        lit_share: share of windows lit at night.
    """

    style: str
    width_m: float
    depth_m: float
    floors: int
    shop: bool
    fine: bool
    lit_share: float


def build_house(shape: HouseShape, look: HouseLook, rng: np.random.Generator) -> Soup:
    """The building."""
    if shape.style == "house":
        return _detached(shape, look, rng)
    return _town_house(shape, look, rng)


def _town_house(shape: HouseShape, look: HouseLook, rng: np.random.Generator) -> Soup:
    width, depth = shape.width_m, shape.depth_m
    windows = _grid(shape, rng)
    base = 4.1 if shape.shop else 0.55
    top = base + shape.floors * windows.floor_m
    front, openings = windowed_wall(width, base, shape.floors, windows, look.walls, rng, shape.fine)
    parts = [front]
    if shape.shop:
        parts.append(shop_front(width, base, look.walls, look.sign, look.awning, rng, True))
    else:
        parts += [rectangles(np.array([[0.0, width, 0.0, base]]), 0.0, look.base)]
        parts.append(door(width * float(rng.choice([0.2, 0.5, 0.8])), look.walls))
    parts += _other_walls(shape, look, windows, base, top, rng)
    parts.append(rectangles(np.array([[0.0, width, -FOOTING_M, 0.0]]), 0.0, look.base))
    if shape.style == "flats" and rng.random() < 0.65:
        parts.append(balconies(openings, rng, look.walls, int(rng.integers(2, 4))))
    if shape.style != "office":
        parts.append(box((width + 0.1, 0.24, 0.18), (0.5 * width, 0.0, base), look.walls.reveal))
    if shape.style == "terrace" or (shape.style == "flats" and rng.random() < 0.45):
        parts.append(_gable_roof(width, depth, top, float(rng.uniform(2.2, 3.6)), look, dormers=shape.fine, rng=rng))
        parts.append(box((width + 0.1, 0.4, 0.22), (0.5 * width, -0.08, top - 0.05), look.walls.reveal))
    else:
        parts.append(_flat_roof(width, depth, top, look, rng))
    parts.append(_downpipe(width - 0.12, top, look.walls.metal))
    return concat(parts)


def _grid(shape: HouseShape, rng: np.random.Generator) -> Windows:
    if shape.style == "office":
        return Windows(bay_m=1.9, width_m=1.6, height_m=2.1, sill_m=0.7, floor_m=3.4, lit_share=shape.lit_share)
    if shape.style == "terrace":
        return Windows(bay_m=2.4, width_m=1.0, height_m=1.65, sill_m=0.8, floor_m=3.0, lit_share=shape.lit_share)
    bay = float(rng.choice([2.6, 3.0, 3.4]))
    return Windows(bay_m=bay, width_m=float(rng.choice([1.2, 1.5, 1.8])), height_m=float(rng.choice([1.45, 1.7])),
                   sill_m=0.85, floor_m=3.0, lit_share=shape.lit_share)  # fmt: skip


def _other_walls(
    shape: HouseShape, look: HouseLook, windows: Windows, base: float, top: float, rng: np.random.Generator
) -> list[Soup]:
    """Right, back and left: the right and left with a few windows, the back painted."""
    width, depth = shape.width_m, shape.depth_m
    parts: list[Soup] = []
    sparse = Windows(bay_m=max(4.0, 0.45 * depth), width_m=1.1, height_m=windows.height_m, sill_m=windows.sill_m,
                     floor_m=windows.floor_m, lit_share=shape.lit_share)  # fmt: skip
    for length, place, yaw in ((depth, (width, 0.0), 0.5 * np.pi), (depth, (0.0, depth), -0.5 * np.pi)):
        wall, _ = windowed_wall(length, base, shape.floors, sparse, look.walls, rng, False)
        below = rectangles(np.array([[0.0, length, -FOOTING_M, base]]), 0.0, look.walls.wall)
        parts.append(moved(turned(concat([wall, below]), yaw_rotation(yaw)), (*place, 0.0)))
    back = rectangles(np.array([[0.0, width, -FOOTING_M, top]]), 0.0, look.plain)
    parts.append(moved(turned(back, yaw_rotation(np.pi)), (width, depth, 0.0)))
    return parts


def _flat_roof(width: float, depth: float, top: float, look: HouseLook, rng: np.random.Generator) -> Soup:
    rim = 0.7
    middle = (0.5 * width, 0.5 * depth)
    parts = [
        box((width, depth, 0.05), (*middle, top), look.roof),
        box((width + 0.12, 0.25, rim), (middle[0], 0.1, top + 0.5 * rim - 0.1), look.walls.wall),
        box((width, 0.25, rim), (middle[0], depth - 0.12, top + 0.5 * rim - 0.1), look.walls.wall),
        box((0.25, depth, rim), (0.1, middle[1], top + 0.5 * rim - 0.1), look.walls.wall),
        box((0.25, depth, rim), (width - 0.1, middle[1], top + 0.5 * rim - 0.1), look.walls.wall),
        box((width + 0.2, 0.4, 0.08), (middle[0], 0.1, top + rim - 0.1), look.walls.reveal),
    ]
    if rng.random() < 0.8:
        x, y = rng.uniform(0.3, 0.7) * width, rng.uniform(0.4, 0.7) * depth
        parts.append(box((3.0, 2.6, 2.2), (float(x), float(y), top + 1.1), look.walls.wall))
    for _ in range(int(rng.integers(0, 4))):
        x, y = rng.uniform(0.15, 0.85) * width, rng.uniform(0.25, 0.75) * depth
        parts.append(box((1.2, 0.9, 0.9), (float(x), float(y), top + 0.45), look.walls.metal))
    return concat(parts)


def _gable_roof(
    width: float, depth: float, top: float, rise: float, look: HouseLook, *, dormers: bool, rng: np.random.Generator
) -> Soup:
    """Ridge along the street, eaves overhanging, gables closed, a chimney, and dormers where seen."""
    over, ridge = 0.35, top + rise
    low = top - over * rise / (0.5 * depth)
    x0, x1, y0, y1, ym = -0.1, width + 0.1, -over, depth + over, 0.5 * depth
    slopes = np.array(
        [
            [[x0, y0, low], [x1, y0, low], [x1, ym, ridge], [x0, ym, ridge]],
            [[x1, y1, low], [x0, y1, low], [x0, ym, ridge], [x1, ym, ridge]],
            [[x1, y0, low - 0.15], [x0, y0, low - 0.15], [x0, ym, ridge - 0.15], [x1, ym, ridge - 0.15]],
            [[x0, y1, low - 0.15], [x1, y1, low - 0.15], [x1, ym, ridge - 0.15], [x0, ym, ridge - 0.15]],
            [[x0, y0, low - 0.15], [x1, y0, low - 0.15], [x1, y0, low], [x0, y0, low]],
        ]
    )
    gables = np.array(
        [
            [[width, 0.0, top], [width, depth, top], [width, ym, ridge - 0.1], [width, ym, ridge - 0.1]],
            [[0.0, depth, top], [0.0, 0.0, top], [0.0, ym, ridge - 0.1], [0.0, ym, ridge - 0.1]],
        ]
    )
    rims = np.array(
        [
            [[x1, y0, low - 0.15], [x1, ym, ridge - 0.15], [x1, ym, ridge], [x1, y0, low]],
            [[x1, ym, ridge - 0.15], [x1, y1, low - 0.15], [x1, y1, low], [x1, ym, ridge]],
            [[x0, ym, ridge - 0.15], [x0, y0, low - 0.15], [x0, y0, low], [x0, ym, ridge]],
            [[x0, y1, low - 0.15], [x0, ym, ridge - 0.15], [x0, ym, ridge], [x0, y1, low]],
        ]
    )
    materials = np.array([look.roof, look.roof, look.walls.reveal, look.walls.reveal, look.walls.metal])
    parts = [quads(slopes, materials), quads(gables, look.walls.wall), quads(rims, look.walls.reveal)]
    x = float(rng.uniform(0.2, 0.8) * width)
    parts.append(box((0.7, 0.5, 1.9), (x, 0.62 * depth, ridge), look.base))
    if dormers and rise > 2.4 and width > 6:
        parts.append(_dormers(width, depth, top, rise, look))
    return concat(parts)


def _dormers(width: float, depth: float, top: float, rise: float, look: HouseLook) -> Soup:
    count = max(1, int(width / 4.5))
    x = (np.arange(count) + 0.5) * width / count
    y, z = 0.22 * depth, top + 0.12 * rise + 0.85
    ones = np.ones(count)
    body = boxes(np.tile([1.5, 2.2, 1.7], (count, 1)), np.column_stack([x, (y + 0.75) * ones, z * ones]),
                 look.walls.wall)  # fmt: skip
    lid = boxes(np.tile([1.8, 2.6, 0.12], (count, 1)), np.column_stack([x, (y + 0.7) * ones, (z + 0.9) * ones]),
                look.roof)  # fmt: skip
    rows = np.column_stack([x - 0.5, x + 0.5, np.full(count, z - 0.55), np.full(count, z + 0.6)])
    return concat([body, lid, rectangles(rows, y - 0.37, look.walls.dark)])


def _downpipe(x: float, top: float, material: int) -> Soup:
    return box((0.09, 0.09, top), (x, -0.06, 0.5 * top), material)


def _detached(shape: HouseShape, look: HouseLook, rng: np.random.Generator) -> Soup:
    """A family house: gabled, with porch, chimney and a garage beside it."""
    garage = 3.4 if shape.width_m > 11 else 0.0
    width, depth = shape.width_m - garage, shape.depth_m
    floors = min(shape.floors, 2)
    windows = Windows(bay_m=2.9, width_m=1.35, height_m=1.35, sill_m=0.95, floor_m=2.75, lit_share=shape.lit_share)
    top = 0.35 + floors * windows.floor_m
    parts: list[Soup] = []
    for length, place, yaw in (
        (width, (0.0, 0.0), 0.0), (depth, (width, 0.0), 0.5 * np.pi), (width, (width, depth), np.pi),
        (depth, (0.0, depth), -0.5 * np.pi),
    ):  # fmt: skip
        wall, _ = windowed_wall(length, 0.35, floors, windows, look.walls, rng, shape.fine and yaw != np.pi)
        plinth = rectangles(np.array([[0.0, length, -FOOTING_M, 0.35]]), 0.0, look.base)
        parts.append(moved(turned(concat([wall, plinth]), yaw_rotation(yaw)), (*place, 0.0)))
    parts.append(_gable_roof(width, depth, top, float(rng.uniform(2.3, 3.4)), look, dormers=False, rng=rng))
    parts += [_porch(0.5 * width / max(1, int(width / 2.9)) * 2, look), _downpipe(width - 0.15, top, look.walls.metal)]
    if garage:
        parts.append(_garage(width, garage, look))
    return concat(parts)


def _porch(x: float, look: HouseLook) -> Soup:
    return concat(
        [
            door(x, look.walls),
            box((2.2, 1.5, 0.12), (x, -0.75, 2.75), look.roof),
            box((0.1, 0.1, 2.7), (x - 0.95, -1.4, 1.35), look.walls.frame),
            box((0.1, 0.1, 2.7), (x + 0.95, -1.4, 1.35), look.walls.frame),
        ]
    )


def _garage(x: float, width: float, look: HouseLook) -> Soup:
    middle, deep, tall = x + 0.5 * width, 6.0, 2.6
    panels = np.array([[x + 0.3, x + width - 0.3, 0.05 + 0.53 * i, 0.55 + 0.53 * i] for i in range(4)])
    return concat(
        [
            box((width, deep, tall + FOOTING_M), (middle, 0.5 * deep + 0.8, 0.5 * (tall - FOOTING_M)), look.walls.wall),
            box((width + 0.3, deep + 0.5, 0.16), (middle, 0.5 * deep + 0.75, tall + 0.05), look.walls.metal),
            rectangles(panels, 0.77, look.garage),
        ]
    )
