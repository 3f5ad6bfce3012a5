"""Signed distance to the edge of the road: negative on the road, positive off it.

Edges are polylines with the road on their left. The nearest segment is found in three dimensions with heights stretched
by 3, so that a bridge does not answer for the road below; its distance is then horizontal. Beyond the end of a segment
the neighbour decides together with it: at a left turn one is off the road where either says so, at a right turn where
both do. Polylines whose ends are less than 1 m apart are closed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from jaxtyping import Float
from scipy.spatial import KDTree

from driving_data.maps.lane_map import LaneMap, MapObject
from driving_data.maps.queries import drivable_area

Z_STRETCH = 3.0
_CLOSED_M2 = 1.0
_LONGEST_M = 2.0
_CANDIDATES = 24
_CHUNK = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class RoadEdges:
    """Segments of all edges, at most 2 m long, and a tree over their stretched middles.

    Attributes:
        start_m: shape (S, 3).
        end_m: shape (S, 3).
        before: index of the segment before, itself at an open end, shape (S,).
        after: index of the segment after, likewise.
        tree: over the middles with stretched height.
    """

    start_m: Float[np.ndarray, "S 3"]
    end_m: Float[np.ndarray, "S 3"]
    before: np.ndarray
    after: np.ndarray
    tree: KDTree


def road_edges(polylines_m: Sequence[Float[np.ndarray, "_ 3"]]) -> RoadEdges | None:
    """Prepares polylines that have the road on their left; None where no segment has a length."""
    starts: list[np.ndarray] = []
    ends: list[np.ndarray] = []
    before: list[np.ndarray] = []
    after: list[np.ndarray] = []
    count = 0
    for line in polylines_m:
        points = _subdivided(line)
        if len(points) < 2:
            continue
        size = len(points) - 1
        index = np.arange(size)
        closed = float(np.sum((points[0, :2] - points[-1, :2]) ** 2)) < _CLOSED_M2 and size > 2
        previous, following = index - 1, index + 1
        previous[0], following[-1] = (size - 1, 0) if closed else (0, size - 1)
        starts.append(points[:-1])
        ends.append(points[1:])
        before.append(previous + count)
        after.append(following + count)
        count += size
    if not count:
        return None
    start, end = np.concatenate(starts), np.concatenate(ends)
    tree = KDTree(0.5 * (start + end) * np.array([1.0, 1.0, Z_STRETCH]))
    return RoadEdges(start, end, np.concatenate(before), np.concatenate(after), tree)


def _subdivided(line: np.ndarray) -> np.ndarray:
    length = np.hypot(*np.diff(line[:, :2], axis=0).T)
    line = line[np.concatenate([[True], length > 1e-6])]
    length = np.hypot(*np.diff(line[:, :2], axis=0).T)
    parts: list[np.ndarray] = []
    for k, whole in enumerate(length):
        number = max(1, int(np.ceil(whole / _LONGEST_M)))
        parts.append(line[k] + np.arange(number)[:, None] / number * (line[k + 1] - line[k]))
    return np.concatenate([*parts, line[-1:]]) if parts else line[:1]


def edge_distance_m(edges: RoadEdges, points_m: Float[np.ndarray, "*b 3"]) -> Float[np.ndarray, "*b"]:
    """Signed distance of points from the edge of the road, positive off the road; NaN stays NaN."""
    flat = points_m.reshape(-1, 3)
    result = np.full(len(flat), np.nan)
    known = np.flatnonzero(np.isfinite(flat).all(axis=-1))
    for begin in range(0, len(known), _CHUNK):
        rows = known[begin : begin + _CHUNK]
        result[rows] = _signed_m(edges, flat[rows])
    return result.reshape(points_m.shape[:-1])


def _signed_m(edges: RoadEdges, points: np.ndarray) -> np.ndarray:
    stretch = np.array([1.0, 1.0, Z_STRETCH])
    near = edges.tree.query(points * stretch, k=min(_CANDIDATES, len(edges.start_m)))[1].reshape(len(points), -1)
    start, along = edges.start_m[near], edges.end_m[near] - edges.start_m[near]
    offset = points[:, None] - start
    share = np.sum(offset[..., :2] * along[..., :2], axis=-1) / np.sum(along[..., :2] ** 2, axis=-1)
    gap = offset - np.clip(share, 0.0, 1.0)[..., None] * along
    rows = np.arange(len(points))
    best = np.argmin(np.sum((gap * stretch) ** 2, axis=-1), axis=1)
    segment, at = near[rows, best], share[rows, best]
    distance = np.hypot(gap[rows, best, 0], gap[rows, best, 1])
    own = _right_of(edges, segment, points)
    neighbour = np.where(at < 0, edges.before[segment], np.where(at > 1, edges.after[segment], segment))
    other = _right_of(edges, neighbour, points)
    first, second = np.where(at < 0, neighbour, segment), np.where(at < 0, segment, neighbour)
    left_turn = _cross(_direction(edges, first), _direction(edges, second)) > 0
    sign = np.where(left_turn, np.maximum(own, other), np.minimum(own, other))
    return np.where((at >= 0) & (at <= 1), own, sign) * distance


def _direction(edges: RoadEdges, segment: np.ndarray) -> np.ndarray:
    return (edges.end_m[segment] - edges.start_m[segment])[:, :2]


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _right_of(edges: RoadEdges, segment: np.ndarray, points: np.ndarray) -> np.ndarray:
    """1 where the point lies to the right of the segment's line (off the road), -1 to its left."""
    side = _cross(points[:, :2] - edges.start_m[segment][:, :2], _direction(edges, segment))
    return np.where(side > 0, 1.0, -1.0)


def edges_of_map(lane_map: LaneMap) -> RoadEdges | None:
    """Edges of a lane map: its kerbs where it has some (logs in Waymo's vocabulary), else the drivable area's border.

    The border of the area has the road on its left once shells run counter-clockwise and holes clockwise; its height
    is taken as 0.
    """
    kerbs = _kerb_lines([item for item in lane_map.objects if item.kind == "kerb"])
    return road_edges(kerbs) if kerbs else road_edges(_area_lines(lane_map))


def _kerb_lines(kerbs: Sequence[MapObject]) -> list[np.ndarray]:
    """Polylines of the features whose pieces are named `<feature>_<index>`."""
    features: dict[str, dict[int, MapObject]] = {}
    for item in kerbs:
        found = re.fullmatch(r"(.+)_(\d+)", item.id)
        if found:
            features.setdefault(found[1], {})[int(found[2])] = item
    return [np.stack(_ends(pieces)) for pieces in features.values()]


def _ends(pieces: dict[int, MapObject]) -> list[np.ndarray]:
    ordered = [pieces[index] for index in sorted(pieces)]
    points: list[np.ndarray] = []
    for item in ordered:
        half = 0.5 * float(item.size_m[0]) * np.array([np.cos(item.heading_rad), np.sin(item.heading_rad), 0.0])
        points += [item.position_m - half, item.position_m + half]
    # The end of a piece is the start of the next: one point for both, between them where slopes differ.
    inner = [0.5 * (points[k] + points[k + 1]) for k in range(1, len(points) - 1, 2)]
    return [points[0], *inner, points[-1]]


def _area_lines(lane_map: LaneMap) -> list[np.ndarray]:
    lines: list[np.ndarray] = []
    for part in shapely.get_parts(drivable_area(lane_map)):
        oriented = shapely.orient_polygons(part)
        for ring in (oriented.exterior, *oriented.interiors):
            xy = shapely.get_coordinates(ring)
            lines.append(np.concatenate([xy, np.zeros((len(xy), 1))], axis=-1))
    return lines
