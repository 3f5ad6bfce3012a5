"""Routes as paths: named lane sequences sampled along their length, and places (s, d) on them.

s runs along the middle of the lanes in the ground plane (as in OpenDRIVE, heights do not lengthen it), d to the left.
Between the samples of the lanes the path is a cubic Hermite curve whose tangents are those of the circles through
three neighbouring samples: exact for straight lines, and for arcs up to the fourth order of the spacing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.interpolate import CubicHermiteSpline
from scipy.spatial import KDTree

from driving_data.errors import Fault, InputError, nearest_name
from driving_data.maps.lane_map import Lane, LaneMap

_SAME_POINT_M = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class RoutePath:
    """A route, sampled at equal steps along its length.

    Attributes:
        points_m: middle of the lane in `world`.
        s_m: distance along the route, in the ground plane.
        heading_rad: direction of travel, unwrapped (no jumps by 2 pi).
        curvature_1pm: positive to the left.
        left_width_m: from the middle to the left edge of the lane.
        right_width_m: likewise to the right edge.
        speed_limit_mps: NaN where the map does not say.
        lane_index: which of `lane_ids` each point lies in.
        lane_ids: the lanes of the route, in order.
    """

    points_m: Float[np.ndarray, "N 3"]
    s_m: Float[np.ndarray, "N"]
    heading_rad: Float[np.ndarray, "N"]
    curvature_1pm: Float[np.ndarray, "N"]
    left_width_m: Float[np.ndarray, "N"]
    right_width_m: Float[np.ndarray, "N"]
    speed_limit_mps: Float[np.ndarray, "N"]
    lane_index: Int[np.ndarray, "N"]
    lane_ids: tuple[str, ...]

    @property
    def length_m(self) -> float:
        """Length in the ground plane."""
        return float(self.s_m[-1])


def route_path(lane_map: LaneMap, route: str, spacing_m: float = 0.5) -> RoutePath:
    """The path of a named route, sampled about every `spacing_m` (equal steps that end exactly at its end).

    Raises:
        InputError: the map has no such route, or the route names a lane that the map does not have.
        ValueError: the spacing is not positive.
    """
    if route not in lane_map.routes:
        names = tuple(lane_map.routes)
        expected = f"one of the routes {', '.join(names)}" if names else "a map with routes"
        raise InputError([Fault("", 0, 0, "route", "unknown-route", repr(route), expected, nearest_name(route, names))])
    return lanes_path(lane_map, lane_map.routes[route], spacing_m)


def lanes_path(lane_map: LaneMap, lane_ids: Sequence[str], spacing_m: float = 0.5) -> RoutePath:
    """The path along a sequence of lanes, each leading to the next.

    Raises:
        InputError: a lane is unknown.
        ValueError: the spacing is not positive, or there are no lanes.
    """
    if spacing_m <= 0.0 or not lane_ids:
        raise ValueError(f"a path needs lanes and a positive spacing, not {len(lane_ids)} lanes and {spacing_m} m")
    unknown = [lane_id for lane_id in lane_ids if lane_id not in lane_map.lane_by_id]
    if unknown:
        faults = [
            Fault("", 0, 0, "route", "unknown-lane", repr(i), "a lane of the map", nearest_name(i, lane_map.lane_by_id))
            for i in unknown
        ]
        raise InputError(faults)
    lanes = [lane_map.lane_by_id[lane_id] for lane_id in lane_ids]
    rows, index = _joined(lanes)
    knots_s, tangents = _arc_lengths(rows[:, :2])
    curve = CubicHermiteSpline(knots_s, rows[:, :2], tangents)
    count = max(2, round(knots_s[-1] / spacing_m) + 1)
    s = np.linspace(0.0, knots_s[-1], count)
    slope = curve(s, 1)
    heading = np.unwrap(np.arctan2(slope[:, 1], slope[:, 0]))
    beside = np.stack([np.interp(s, knots_s, rows[:, k]) for k in (2, 3, 4)], axis=-1)
    segment = np.clip(np.searchsorted(knots_s, s, side="right") - 1, 0, len(knots_s) - 1)
    at = index[segment]
    return RoutePath(
        points_m=np.concatenate([curve(s), beside[:, :1]], axis=-1),
        s_m=s,
        heading_rad=heading,
        curvature_1pm=np.gradient(heading, s),
        left_width_m=beside[:, 1],
        right_width_m=beside[:, 2],
        speed_limit_mps=np.array([lane.speed_limit_mps for lane in lanes], dtype=np.float64)[at],
        lane_index=at,
        lane_ids=tuple(lane_ids),
    )


def _joined(lanes: Sequence[Lane]) -> tuple[np.ndarray, np.ndarray]:
    """Rows (x, y, z, left width, right width) of all lanes without repeated points, and the lane of each row."""
    rows: list[np.ndarray] = []
    index: list[np.ndarray] = []
    for k, lane in enumerate(lanes):
        center = lane.centerline_m
        left = np.linalg.norm(lane.left_m[:, :2] - center[:, :2], axis=-1)
        right = np.linalg.norm(lane.right_m[:, :2] - center[:, :2], axis=-1)
        part = np.concatenate([center, left[:, None], right[:, None]], axis=-1)
        if rows and np.linalg.norm(part[0, :2] - rows[-1][-1, :2]) < _SAME_POINT_M:
            rows[-1], index[-1] = rows[-1][:-1], index[-1][:-1]
        rows.append(part)
        index.append(np.full(len(part), k))
    joined, owner = np.concatenate(rows), np.concatenate(index)
    steps = np.linalg.norm(np.diff(joined[:, :2], axis=0), axis=-1)
    keep = np.concatenate([[True], steps > 1e-4])
    if keep.sum() < 2:
        raise ValueError("lanes without length make no path")
    return joined[keep], owner[keep]


def _arc_lengths(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Arc length at each point and unit tangents, from the circles through neighbouring points."""
    steps = np.diff(points, axis=0)
    chord = np.linalg.norm(steps, axis=-1)
    direction = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    if len(chord) == 1:
        heading = np.repeat(direction, 2)
    else:
        inner = (direction[:-1] * chord[1:] + direction[1:] * chord[:-1]) / (chord[1:] + chord[:-1])
        heading = np.concatenate([[2 * direction[0] - inner[0]], inner, [2 * direction[-1] - inner[-1]]])
    half = 0.5 * np.abs(np.diff(heading))
    bow = np.where(half > 1e-6, half / np.maximum(np.sin(np.minimum(half, 1.5)), 1e-9), 1.0)
    s = np.concatenate([[0.0], np.cumsum(chord * np.where(half < 0.5, bow, 1.0))])
    return s, np.stack([np.cos(heading), np.sin(heading)], axis=-1)


def place(path: RoutePath, s_m: float, d_m: float, heading_rad: float = 0.0) -> tuple[Float[np.ndarray, "3"], float]:
    """The point `s_m` along the path and `d_m` to its left, and a heading relative to the path there.

    Beyond both ends the path goes straight on, level.

    Returns:
        Position in `world` and yaw in [-pi, pi).
    """
    inside = float(np.clip(s_m, 0.0, path.length_m))
    heading = float(np.interp(inside, path.s_m, path.heading_rad))
    point = np.array([np.interp(inside, path.s_m, path.points_m[:, k]) for k in range(3)])
    forward = np.array([np.cos(heading), np.sin(heading), 0.0])
    left = np.array([-forward[1], forward[0], 0.0])
    yaw = heading + heading_rad
    return point + (s_m - inside) * forward + d_m * left, float((yaw + np.pi) % (2 * np.pi) - np.pi)


def project(
    path: RoutePath, points_m: Float[np.ndarray, "K 3"]
) -> tuple[Float[np.ndarray, "K"], Float[np.ndarray, "K"]]:
    """Distance along the path and to its left of the nearest place of the path, for each point.

    The inverse of `place` within half the radius of the path's curves; beyond the ends s goes on straight.
    """
    targets = np.asarray(points_m, dtype=np.float64)[:, :2]
    _, near = KDTree(path.points_m[:, :2]).query(targets)
    s, last = path.s_m[near], len(path.s_m) - 1
    d = np.zeros(len(targets))
    for _ in range(3):
        at = np.clip(s, 0.0, path.length_m)
        heading = np.interp(at, path.s_m, path.heading_rad)
        here = np.stack([np.interp(at, path.s_m, path.points_m[:, k]) for k in range(2)], axis=-1)
        offset = targets - here
        along = offset[:, 0] * np.cos(heading) + offset[:, 1] * np.sin(heading)
        d = -offset[:, 0] * np.sin(heading) + offset[:, 1] * np.cos(heading)
        stretch = 1.0 - d * path.curvature_1pm[np.clip(near, 0, last)]
        beyond = ((at <= 0.0) & (along < 0.0)) | ((at >= path.length_m) & (along > 0.0))
        s = at + np.where(beyond, along, along / np.clip(stretch, 0.3, 3.0))
    return s, d
