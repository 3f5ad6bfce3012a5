"""Walls with windows: openings with reveals, panes, frames and sills, as flat rectangles in the plane y = 0.

A wall runs along x, stands on z, and is seen from -y. Rectangles are rows x0, x1, z0, z1.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from generators.raytrace.solids import boxes, quads
from generators.raytrace.soup import EMPTY, Soup, concat

RECESS_M = 0.16


@dataclass(frozen=True, slots=True)
class WallLook:
    """Rows of the materials of a wall.

    Attributes:
        wall: plaster, brick or cladding.
        reveal: inner sides of the openings, sills, cornices.
        frame: window frames and doors.
        dark: panes of unlit windows.
        lit: panes that shine at night.
        metal: railings, gutters.
    """

    wall: int
    reveal: int
    frame: int
    dark: int
    lit: tuple[int, ...]
    metal: int


@dataclass(frozen=True, slots=True)
class Windows:
    """The grid of windows of a wall.

    Attributes:
        bay_m: desired distance between window axes.
        width_m: of an opening.
        height_m: of an opening.
        sill_m: lower edge above the floor.
        floor_m: height of a storey.
        lit_share: share of windows that are lit at night.
    """

    bay_m: float = 3.0
    width_m: float = 1.3
    height_m: float = 1.5
    sill_m: float = 0.9
    floor_m: float = 3.0
    lit_share: float = 0.3


def rectangles(rows: Float[np.ndarray, "n 4"], y_m: float, material: "int | np.ndarray") -> Soup:
    """Upright rectangles in the plane y = `y_m`, seen from -y."""
    if not len(rows):
        return EMPTY
    x0, x1, z0, z1 = rows.T
    y = np.full(len(rows), y_m)
    corners = np.stack([np.stack([x0, y, z0], -1), np.stack([x1, y, z0], -1), np.stack([x1, y, z1], -1),
                        np.stack([x0, y, z1], -1)], axis=1)  # fmt: skip
    return quads(corners, material)


def reveals(rows: Float[np.ndarray, "n 4"], depth_m: float, material: int) -> Soup:
    """The four inner sides of openings that are `depth_m` deep."""
    if not len(rows):
        return EMPTY
    x0, x1, z0, z1 = rows.T
    zero, deep = np.zeros(len(rows)), np.full(len(rows), depth_m)

    def point(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.stack([x, y, z], axis=-1)

    sides = [
        [point(x0, zero, z0), point(x0, deep, z0), point(x0, deep, z1), point(x0, zero, z1)],
        [point(x1, deep, z0), point(x1, zero, z0), point(x1, zero, z1), point(x1, deep, z1)],
        [point(x0, zero, z0), point(x1, zero, z0), point(x1, deep, z0), point(x0, deep, z0)],
        [point(x0, deep, z1), point(x1, deep, z1), point(x1, zero, z1), point(x0, zero, z1)],
    ]
    return quads(np.concatenate([np.stack(side, axis=1) for side in sides]), material)


def windowed_wall(
    length_m: float, base_m: float, floors: int, windows: Windows, look: WallLook, rng: np.random.Generator, fine: bool
) -> tuple[Soup, Float[np.ndarray, "n 4"]]:
    """A wall of `floors` storeys above `base_m`, and the rectangles of its openings.

    Args:
        length_m: along x from 0.
        base_m: height at which the first of these storeys begins.
        floors: number of storeys.
        windows: the grid.
        look: materials.
        rng: draws which windows are lit.
        fine: openings with reveals, frames and sills; else panes lie on the wall.
    """
    count = max(1, int(length_m / windows.bay_m))
    pitch = length_m / count
    width = min(windows.width_m, 0.8 * pitch)
    middle = (np.arange(count) + 0.5) * pitch
    level = base_m + windows.floor_m * np.arange(floors)
    x, z = (part.ravel() for part in np.meshgrid(middle, level + windows.sill_m))
    openings = np.stack([x - 0.5 * width, x + 0.5 * width, z, z + windows.height_m], axis=-1)
    lit = rng.random(len(openings)) < windows.lit_share
    panes = np.where(lit, np.array(look.lit)[rng.integers(len(look.lit), size=len(openings))], look.dark)
    if not fine:
        whole = np.array([[0.0, length_m, base_m, base_m + floors * windows.floor_m]])
        return concat([rectangles(whole, 0.0, look.wall), rectangles(openings, -0.02, panes)]), openings
    parts = [
        _solid_parts(length_m, base_m, floors, openings, count, windows, look.wall),
        reveals(openings, RECESS_M, look.reveal),
        rectangles(openings, RECESS_M, panes),
        _frames(openings, look.frame),
        _sills(openings, look.reveal),
    ]
    return concat(parts), openings


def _solid_parts(
    length: float, base: float, floors: int, openings: np.ndarray, count: int, windows: Windows, material: int
) -> Soup:
    rows: list[list[float]] = []
    for floor in range(floors):
        low = base + floor * windows.floor_m
        sill, head = low + windows.sill_m, low + windows.sill_m + windows.height_m
        rows += [[0.0, length, low, sill], [0.0, length, head, low + windows.floor_m]]
        line = openings[floor * count : (floor + 1) * count]
        edges = np.concatenate([[0.0], line[:, :2].ravel(), [length]]).reshape(-1, 2)
        rows += [[float(a), float(b), sill, head] for a, b in edges]
    return rectangles(np.array(rows), 0.0, material)


def _frames(openings: np.ndarray, material: int) -> Soup:
    """One upright and one crossbar before each pane, and the frame around it."""
    x0, x1, z0, z1 = openings.T
    middle, cross = 0.5 * (x0 + x1), z0 + 0.68 * (z1 - z0)
    thick = 0.06
    rows = [
        np.stack([middle - 0.5 * thick, middle + 0.5 * thick, z0, z1], -1),
        np.stack([x0, x1, cross - 0.5 * thick, cross + 0.5 * thick], -1),
        np.stack([x0, x0 + thick, z0, z1], -1),
        np.stack([x1 - thick, x1, z0, z1], -1),
        np.stack([x0, x1, z1 - thick, z1], -1),
        np.stack([x0, x1, z0, z0 + thick], -1),
    ]
    return rectangles(np.concatenate(rows), RECESS_M - 0.03, material)


def _sills(openings: np.ndarray, material: int) -> Soup:
    x0, x1, z0, _ = openings.T
    top = np.stack(
        [np.stack([x0 - 0.06, 0 * x0 - 0.07, z0], -1), np.stack([x1 + 0.06, 0 * x0 - 0.07, z0], -1),
         np.stack([x1 + 0.06, 0 * x0, z0 + 0.01], -1), np.stack([x0 - 0.06, 0 * x0, z0 + 0.01], -1)], axis=1,
    )  # fmt: skip
    front = np.stack([x0 - 0.06, x1 + 0.06, z0 - 0.06, z0], axis=-1)
    return concat([quads(top, material), rectangles(front, -0.07, material)])


def balconies(openings: Float[np.ndarray, "n 4"], rng: np.random.Generator, look: WallLook, every: int) -> Soup:
    """Slabs with railings before every `every`-th column of windows."""
    if not len(openings):
        return EMPTY
    columns = np.unique(np.round(openings[:, 0], 3))
    first = int(rng.integers(every))
    chosen = openings[np.isin(np.round(openings[:, 0], 3), columns[first::every])]
    if not len(chosen):
        return EMPTY
    x, z = 0.5 * (chosen[:, 0] + chosen[:, 1]), chosen[:, 2] - 0.85
    wide, deep = 2.3, 1.15
    count = len(chosen)
    ones = np.ones(count)
    slab = boxes(
        np.stack([wide * ones, deep * ones, 0.14 * ones], -1), np.stack([x, -0.5 * deep * ones, z], -1), look.reveal
    )
    rail = boxes(
        np.stack([wide * ones, 0.05 * ones, 0.05 * ones], -1),
        np.stack([x, -deep * ones + 0.04, z + 1.05], -1),
        look.metal,
    )
    offsets = np.linspace(-0.5 * wide + 0.03, 0.5 * wide - 0.03, 9)
    bars_x = (x[:, None] + offsets).ravel()
    bars_z = np.repeat(z + 0.55, len(offsets))
    thin = 0.5 * 0.035
    rows = np.stack([bars_x - thin, bars_x + thin, bars_z - 0.5, bars_z + 0.5], -1)
    bars = rectangles(rows, -deep + 0.04, look.metal)
    sides = [
        boxes(np.stack([0.04 * ones, deep * ones, 0.9 * ones], -1),
              np.stack([x + sign * 0.5 * wide, -0.5 * deep * ones, z + 0.55], -1), look.metal)
        for sign in (-1, 1)
    ]  # fmt: skip
    return concat([slab, rail, bars, *sides])


def shop_front(
    length_m: float, height_m: float, look: WallLook, sign: int, awning: int, rng: np.random.Generator, lit: bool
) -> Soup:
    """A ground floor of shop windows between piers, with a door, a name board and now and then an awning."""
    count = max(2, round(length_m / 3.6))
    pitch = length_m / count
    x0 = np.arange(count) * pitch + 0.3
    x1 = x0 + pitch - 0.6
    doors = np.zeros(count, dtype=bool)
    doors[int(rng.integers(count))] = True
    low, high = np.where(doors, 0.02, 0.55), np.full(count, height_m - 0.95)
    openings = np.stack([x0, x1, low, high], axis=-1)
    rows = [[0.0, length_m, height_m - 0.95, height_m], [0.0, 0.3, 0.0, height_m - 0.95]]
    rows += [[float(x1[i]), float(x1[i]) + (0.6 if i < count - 1 else 0.3), 0.0, height_m - 0.95] for i in range(count)]
    rows += [[float(x0[i]), float(x1[i]), 0.0, float(low[i])] for i in range(count)]
    panes = np.where(rng.random(count) < (0.75 if lit else 0.4), look.lit[0], look.dark)
    edge = np.concatenate([np.stack([x0 + k * (x1 - x0) / 2 - 0.03, x0 + k * (x1 - x0) / 2 + 0.03, low, high], -1)
                           for k in (0, 1, 2)])  # fmt: skip
    parts = [
        rectangles(np.array(rows), 0.0, look.wall),
        reveals(openings, 0.3, look.reveal),
        rectangles(openings, 0.3, panes),
        rectangles(edge, 0.27, look.frame),
        boxes(np.array([[length_m - 0.5, 0.12, 0.55]]), np.array([[0.5 * length_m, -0.07, height_m - 0.55]]), sign),
    ]  # fmt: skip
    if rng.random() < 0.5:
        reach, top = 1.3, height_m - 0.95
        end, low = length_m - 0.2, top - 0.75
        slope = np.array([[[0.2, -reach, low], [end, -reach, low], [end, -0.02, top], [0.2, -0.02, top]]])
        parts.append(quads(slope, awning))
        parts.append(rectangles(np.array([[0.2, length_m - 0.2, top - 0.97, top - 0.75]]), -reach, awning))
    return concat(parts)


def door(x_m: float, look: WallLook, wide_m: float = 1.1) -> Soup:
    """A front door with frame, fanlight and step, before the wall."""
    x0, x1 = x_m - 0.5 * wide_m, x_m + 0.5 * wide_m
    return concat(
        [
            rectangles(np.array([[x0 - 0.1, x1 + 0.1, 0.0, 2.55]]), -0.03, look.reveal),
            rectangles(np.array([[x0, x1, 0.12, 2.1]]), -0.05, look.frame),
            rectangles(np.array([[x0, x1, 2.15, 2.45]]), -0.05, look.dark),
            rectangles(np.array([[x0 + 0.25, x1 - 0.25, 1.2, 1.9]]), -0.06, look.dark),
            boxes(np.array([[wide_m + 0.6, 0.7, 0.14]]), np.array([[x_m, -0.33, 0.07]]), look.reveal),
        ]
    )
