"""Encounters at a conflict area: encroachment time and post-encroachment time, independent of the sampling rate.

PET = t_enter(second) - t_exit(first), ET = time that one dwells in the area. The area may be given (the overlap of two
lanes, as CommonRoad-CriMe takes it); by default it is what both bodies sweep over: the common part of the two swept
areas. Entries and exits are found between the moments by bisection of the interpolated box.
Source: Allen, Shin and Cooper, Transportation Research Record 667 (1978).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from jaxtyping import Float
from shapely.geometry.base import BaseGeometry

from closed_loop.metrics.boxes import box_corners_2d
from driving_data.geometry import wrap_angle

_BISECTIONS = 20
_LEAST_AREA_M2 = 1e-6
_SHARE_OF_SIDE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A box that moves: times (T,), centres (T, 2), headings (T,), and its length and width."""

    time_s: Float[np.ndarray, "T"]
    center_m: Float[np.ndarray, "T 2"]
    yaw_rad: Float[np.ndarray, "T"]
    size_m: Float[np.ndarray, "2"]


@dataclass(frozen=True, slots=True)
class Encroachment:
    """When a box enters an area first and leaves it last; inf where it does not within its track."""

    enter_s: float
    exit_s: float

    @property
    def time_s(self) -> float:
        """ET, inf where the area is never entered or never left."""
        return self.exit_s - self.enter_s if np.isfinite(self.enter_s) else float("inf")


@lru_cache(maxsize=4)
def _hulls(track: Track) -> np.ndarray:
    """Hulls of consecutive boxes of a track."""
    corners = box_corners_2d(track.center_m, track.yaw_rad, track.size_m)
    if len(corners) == 1:
        return np.array([shapely.Polygon(corners[0])], dtype=object)
    return np.atleast_1d(
        np.asarray(shapely.convex_hull(shapely.multipoints(np.concatenate([corners[:-1], corners[1:]], axis=1))))
    )


def swept_area(track: Track) -> BaseGeometry:
    """The ground that a box passes over: union of the hulls of consecutive boxes."""
    return shapely.union_all(_hulls(track))


def conflict_area(first: Track, second: Track) -> BaseGeometry | None:
    """The common part of two swept areas; None where they share none."""
    mine, theirs = _hulls(first), _hulls(second)
    # Only what meets somebody of the other can be in both: a union of few hulls is quick, and most pairs have none.
    one, other = shapely.STRtree(theirs).query(mine, predicate="intersects")
    if not len(one):
        return None
    area = shapely.intersection(shapely.union_all(mine[np.unique(one)]), shapely.union_all(theirs[np.unique(other)]))
    return area if area.area > _LEAST_AREA_M2 else None


def encroachment(track: Track, area: BaseGeometry) -> Encroachment:
    """First entry into and last exit from an area.

    A box that begins inside has entered at its first moment; one that ends inside never leaves (exit inf). The box is
    looked at so often that it moves by no more than half of its smaller side in between: a visit between two moments of
    the track counts too.
    """
    track = _refined(track)
    corners = box_corners_2d(track.center_m, track.yaw_rad, track.size_m)
    inside = np.asarray(shapely.intersects(shapely.polygons(corners), area))
    if not inside.any():
        return Encroachment(float("inf"), float("inf"))
    first, last = int(np.argmax(inside)), len(inside) - 1 - int(np.argmax(inside[::-1]))
    enter = float(track.time_s[0]) if first == 0 else _change_s(track, area, first - 1, True)
    leave = float("inf") if last == len(inside) - 1 else _change_s(track, area, last, False)
    return Encroachment(enter, leave)


def _refined(track: Track) -> Track:
    """The same motion with moments put in between, so that consecutive boxes overlap."""
    way = np.hypot(*np.diff(track.center_m, axis=0).T)
    turn = np.asarray(wrap_angle(np.diff(track.yaw_rad)))
    way = way + 0.5 * np.abs(turn) * np.hypot(*track.size_m)
    parts = np.maximum(np.ceil(way / (_SHARE_OF_SIDE * float(np.min(track.size_m)))), 1.0).astype(np.int64)
    if int(parts.max(initial=1)) == 1:
        return track
    place = np.concatenate([k + np.arange(num) / num for k, num in enumerate(parts.tolist())] + [[len(parts)]])
    steps = np.arange(len(track.time_s))
    heading = track.yaw_rad[0] + np.concatenate([[0.0], np.cumsum(turn)])
    center = np.stack([np.interp(place, steps, track.center_m[:, axis]) for axis in (0, 1)], axis=-1)
    return Track(np.interp(place, steps, track.time_s), center, np.interp(place, steps, heading), track.size_m)


def _change_s(track: Track, area: BaseGeometry, step: int, entering: bool) -> float:
    """The moment between `step` and the next at which the box begins or ceases to touch the area."""
    low, high = 0.0, 1.0
    turn = float(wrap_angle(np.array(track.yaw_rad[step + 1] - track.yaw_rad[step])))
    for _ in range(_BISECTIONS):
        share = 0.5 * (low + high)
        center = track.center_m[step] + share * (track.center_m[step + 1] - track.center_m[step])
        box = shapely.Polygon(box_corners_2d(center, np.array(track.yaw_rad[step] + share * turn), track.size_m))
        if bool(shapely.intersects(box, area)) is entering:
            high = share
        else:
            low = share
    return float(track.time_s[step] + high * (track.time_s[step + 1] - track.time_s[step]))


def post_encroachment_s(first: Encroachment, second: Encroachment) -> float:
    """PET of two encroachments, whoever came first; inf where both were inside at once or one never came."""
    if second.enter_s >= first.exit_s:
        return second.enter_s - first.exit_s if np.isfinite(second.enter_s) else float("inf")
    if first.enter_s >= second.exit_s:
        return first.enter_s - second.exit_s if np.isfinite(first.enter_s) else float("inf")
    return float("inf")
