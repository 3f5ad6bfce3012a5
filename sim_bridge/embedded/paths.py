"""Paths as the kernels want them: equally spaced samples, a grid that finds the nearest one, stop lines.

A path comes from a route of the road, from that route driven backwards, from points that an actor walks along, or
from the trajectory of a log. An actor is at (s, d) of exactly one path.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int32
from scipy.interpolate import CubicHermiteSpline
from scipy.spatial import KDTree

from sim_bridge.embedded.layout import (
    LINE,
    PATH_COLUMNS,
    PBANK,
    PCURV,
    PGRADE,
    PHEAD,
    PLEFT,
    PLIMIT,
    PRIGHT,
    PSLOW,
    PTURN,
    PTX,
    PTY,
    PX,
    PY,
    PZ,
)

SPACING_M = 0.5
GRID_REACH_M = 15.0
CURVE_ACCELERATION_MPS2 = 2.2
CURVE_BRAKING_MPS2 = 1.0
FREE_SPEED_MPS = 1e3


@dataclass(frozen=True, slots=True, eq=False)
class PathTable:
    """One path, sampled.

    Attributes:
        rows: columns as in `layout` (`PX` to `PGRADE`), shape (n, 14), equally spaced along the path.
        spacing_m: distance between rows.
        leaves_world: whether an actor that reaches the end leaves the world (it stands there otherwise).
        grid: origin x, y, cell size, width, height.
        cells: nearest row of each grid cell, -1 where the path is far; row by row from the origin.
        stops: stop lines: distance along the path and index of the signal.
        half_lane_m: half the usual width of the lane, also where the columns hold the edges of the drivable area.
    """

    rows: Float[np.ndarray, "n 14"]
    spacing_m: float
    leaves_world: bool
    grid: tuple[float, float, float, int, int]
    cells: Int32[np.ndarray, "cells"]
    stops: tuple[tuple[float, int], ...] = ()
    half_lane_m: float = 1.75

    @property
    def length_m(self) -> float:
        """Length along the path."""
        return (len(self.rows) - 1) * self.spacing_m


def path_table(
    points_m: Float[np.ndarray, "n 3"],
    s_m: Float[np.ndarray, "n"],
    heading_rad: Float[np.ndarray, "n"],
    left_m: Float[np.ndarray, "n"],
    right_m: Float[np.ndarray, "n"],
    limit_mps: Float[np.ndarray, "n"],
    leaves_world: bool,
) -> PathTable:
    """Resamples a path to equal spacing; curvature is the slope of the heading, so that both agree.

    `left_m`, `right_m`: distance to the edges of the drivable area. `limit_mps`: NaN where there is none.
    """
    count = max(2, round((s_m[-1] - s_m[0]) / SPACING_M) + 1)
    at = np.linspace(s_m[0], s_m[-1], count)
    spacing = float(at[1] - at[0])
    heading = np.unwrap(heading_rad)
    curve = CubicHermiteSpline(s_m, points_m[:, :2], np.stack([np.cos(heading), np.sin(heading)], axis=-1))
    rows = np.zeros((count, PATH_COLUMNS))
    rows[:, PX : PY + 1] = curve(at)
    rows[:, PZ] = np.interp(at, s_m, points_m[:, 2])
    rows[:, PHEAD] = np.interp(at, s_m, heading)
    rows[:, PTX], rows[:, PTY] = np.cos(rows[:, PHEAD]), np.sin(rows[:, PHEAD])
    rows[:, PCURV] = np.gradient(rows[:, PHEAD], spacing)
    rows[:, PGRADE] = np.gradient(rows[:, PZ], spacing)
    rows[:, PLEFT], rows[:, PRIGHT] = np.interp(at, s_m, left_m), np.interp(at, s_m, right_m)
    limit = np.where(np.isfinite(limit_mps), limit_mps, FREE_SPEED_MPS)
    rows[:, PLIMIT] = limit[np.clip(np.searchsorted(s_m, at, side="right") - 1, 0, len(s_m) - 1)]
    rows[:, PSLOW] = curve_speed(rows[:, PCURV], spacing)
    half = 0.5 * float(np.median(left_m + right_m))
    empty = np.zeros(0, dtype=np.int32)
    return with_grid(PathTable(rows, spacing, leaves_world, (0.0, 0.0, 1.0, 0, 0), empty, half_lane_m=half))


def steady_columns(path: PathTable) -> tuple[int, Float[np.ndarray, "14"]]:
    """Bits of the columns that are the same all along the path, with `LINE` for a straight one, and their values.

    The same means: within 1e-12 of the first row (headings within 1e-10, which is 5 mm at the end of 50,000 km); a
    line: every row within 1e-9 m of where equal steps along the chord would have it. Curvatures below 1e-12 are 0.
    """
    rows = path.rows
    values, bits = rows[0].copy(), 0
    allowed = np.full(PATH_COLUMNS, 1e-12)
    allowed[PHEAD] = 1e-10
    for column in range(PATH_COLUMNS):
        if np.all(np.abs(rows[:, column] - values[column]) <= allowed[column]):
            bits |= 1 << column
    if abs(values[PCURV]) <= 1e-12:
        values[PCURV] = 0.0
    chord = rows[-1, PX : PY + 1] - rows[0, PX : PY + 1]
    along = chord / np.linalg.norm(chord)
    steps = path.spacing_m * np.arange(len(rows))[:, None]
    if np.all(np.abs(rows[:, PX : PY + 1] - rows[0, PX : PY + 1] - steps * along) <= 1e-9) and bits >> PHEAD & 1:
        bits |= LINE
        values[PTX], values[PTY] = along
    return bits, values


def curve_speed(curvature_1pm: Float[np.ndarray, "n"], spacing_m: float) -> Float[np.ndarray, "n"]:
    """Speed at which a driver takes each place, slowing down in time for the curves beyond it."""
    window = np.ones(5) / 5.0
    bend = np.convolve(np.pad(np.abs(curvature_1pm), 2, mode="edge"), window, mode="valid")
    speed = np.sqrt(CURVE_ACCELERATION_MPS2 / np.maximum(bend, 1e-6))
    for k in range(len(speed) - 2, -1, -1):
        speed[k] = min(speed[k], math.sqrt(speed[k + 1] ** 2 + 2.0 * CURVE_BRAKING_MPS2 * spacing_m))
    return np.asarray(speed)


def with_grid(path: PathTable) -> PathTable:
    """The path with its grid of nearest rows."""
    points = path.rows[:, PX : PY + 1]
    low, high = points.min(axis=0) - GRID_REACH_M, points.max(axis=0) + GRID_REACH_M
    cell = max(4.0, float(np.sqrt(np.prod(high - low) / 16384.0)))
    width, height = (int(n) for n in np.ceil((high - low) / cell))
    x = low[0] + (np.arange(width) + 0.5) * cell
    y = low[1] + (np.arange(height) + 0.5) * cell
    centres = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    _, nearest = KDTree(points).query(centres, distance_upper_bound=GRID_REACH_M + 0.8 * cell)
    cells = np.where(nearest < len(points), nearest, -1).astype(np.int32)
    return replace(path, grid=(float(low[0]), float(low[1]), cell, width, height), cells=cells)


def reversed_path(path: PathTable) -> PathTable:
    """The same path driven the other way: s runs from its end, left and right change places."""
    rows = path.rows[::-1].copy()
    rows[:, PHEAD] += np.pi
    for column in (PTX, PTY, PCURV, PBANK, PGRADE, PTURN):
        rows[:, column] *= -1.0
    rows[:, [PLEFT, PRIGHT]] = rows[:, [PRIGHT, PLEFT]]
    rows[:, PSLOW] = curve_speed(rows[:, PCURV], path.spacing_m)
    return with_grid(replace(path, rows=rows, stops=()))


def path_through(
    points_m: Float[np.ndarray, "n 3"], leaves_world: bool = False, corner_m: float = 0.6, lead_out_m: float = 0.0
) -> PathTable:
    """A smooth path through points: straight lines whose corners are rounded within `corner_m`.

    `lead_out_m`: length of a straight run added behind the last point.
    """
    points = distinct(points_m)
    if len(points) == 1:
        points = np.stack([points[0], points[0] + [0.05, 0.0, 0.0]])
    if lead_out_m > 0.0:
        along = points[-1] - points[-2]
        points = np.concatenate([points, points[-1:] + lead_out_m * along / np.linalg.norm(along[:2])])
    rounded = round_corners(points, corner_m)
    steps = np.linalg.norm(np.diff(rounded[:, :2], axis=0), axis=-1)
    s = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(2, math.ceil(s[-1] / 0.25) + 1)
    at = np.linspace(0.0, s[-1], count)
    dense = np.stack([np.interp(at, s, rounded[:, k]) for k in range(3)], axis=-1)
    heading = np.unwrap(np.arctan2(np.gradient(dense[:, 1], at), np.gradient(dense[:, 0], at)))
    wide, free = np.full(count, 3.0), np.full(count, np.nan)
    return path_table(dense, at, heading, wide, wide, free, leaves_world)


def distinct(points_m: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "m 3"]:
    """The points without those that repeat the one before."""
    keep = [0]
    for k in range(1, len(points_m)):
        if np.linalg.norm(points_m[k, :2] - points_m[keep[-1], :2]) > 0.02:
            keep.append(k)
    return points_m[keep]


def round_corners(points_m: Float[np.ndarray, "n 3"], corner_m: float) -> Float[np.ndarray, "m 3"]:
    """Replaces each corner by a quadratic curve that begins and ends `corner_m` (at most half a leg) from it."""
    parts = [points_m[:1]]
    for before, corner, after in zip(points_m[:-2], points_m[1:-1], points_m[2:], strict=True):
        into, out = corner - before, after - corner
        reach = min(corner_m, 0.5 * float(np.linalg.norm(into[:2])), 0.5 * float(np.linalg.norm(out[:2])))
        start = corner - into * (reach / np.linalg.norm(into[:2]))
        end = corner + out * (reach / np.linalg.norm(out[:2]))
        t = np.linspace(0.0, 1.0, 9)[:, None]
        parts.append((1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * end)
    parts.append(points_m[-1:])
    return distinct(np.concatenate(parts))
