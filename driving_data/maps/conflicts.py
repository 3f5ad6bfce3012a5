"""Where two routes get in each other's way."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from driving_data.maps.lane_map import LaneMap
from driving_data.maps.routes import route_path

_SPACING_M = 0.5


@dataclass(frozen=True, slots=True)
class Conflict:
    """Where two routes are closer than a width.

    Attributes:
        s_a_m: where route a comes so close for the first time.
        s_b_m: the place of route b nearest to that.
        leaves_a_m: where route a is clear again for the first time after that (its end if it never is).
        leaves_b_m: likewise for route b.
        merges: whether the routes go on together (same heading) where a leaves or ends, rather than cross.
    """

    s_a_m: float
    s_b_m: float
    leaves_a_m: float
    leaves_b_m: float
    merges: bool


def conflicts(lane_map: LaneMap, route_a: str, route_b: str, width_m: float = 2.0) -> tuple[float, float] | None:
    """Where routes first come closer than `width_m`: (s on a, s on b), or None where they never do.

    Routes that begin on the same lane conflict at once, at (0, 0).
    """
    found = conflict(lane_map, route_a, route_b, width_m)
    return None if found is None else (found.s_a_m, found.s_b_m)


def conflict(lane_map: LaneMap, route_a: str, route_b: str, width_m: float = 2.0) -> Conflict | None:
    """The first conflict of two routes with its extent; None where they never come closer than `width_m`.

    Raises:
        InputError: the map has no such route.
    """
    return next(iter(all_conflicts(lane_map, route_a, route_b, width_m)), None)


def all_conflicts(lane_map: LaneMap, route_a: str, route_b: str, width_m: float = 2.0) -> tuple[Conflict, ...]:
    """Every conflict of two routes along route a: they may meet at one junction after another.

    Middles of the lanes are compared at samples every 0.5 m.

    Raises:
        InputError: the map has no such route.
    """
    a, b = route_path(lane_map, route_a, _SPACING_M), route_path(lane_map, route_b, _SPACING_M)
    reach_b, nearest = _nearest(a.points_m, b.points_m)
    reach_a, back = _nearest(b.points_m, a.points_m)
    close_a, close_b = reach_b < width_m, reach_a < width_m
    found: list[Conflict] = []
    for first in np.flatnonzero(close_a & ~np.concatenate([[False], close_a[:-1]])).tolist():
        last = _run_end(close_a, first)
        at_b = int(nearest[first])
        within = close_b & (back >= first) & (back <= last)
        end_b = int(np.flatnonzero(within)[-1]) if within.any() else at_b
        same = np.cos(a.heading_rad[last] - b.heading_rad[nearest[last]]) > 0.9
        ends = float(a.s_m[last]), float(b.s_m[max(end_b, at_b)])
        found.append(Conflict(float(a.s_m[first]), float(b.s_m[at_b]), *ends, bool(same)))
    return tuple(found)


def _nearest(points: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    distance, index = KDTree(others[:, :2]).query(points[:, :2])
    return np.asarray(distance), np.asarray(index)


def _run_end(close: np.ndarray, first: int) -> int:
    gone = np.flatnonzero(~close[first:])
    return first + int(gone[0]) if len(gone) else len(close) - 1
