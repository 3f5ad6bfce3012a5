"""Questions about places: which lane, may one drive there, how far to the edge, how high the ground.

Each map is indexed once, when it is first asked; maps are compared by identity. All questions take many points.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree
from shapely.geometry.base import BaseGeometry

from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane, LaneKind, LaneMap

SEAM_M = 0.02
_CANDIDATES = 8


@dataclass(frozen=True, slots=True, eq=False)
class _Index:
    """What is prepared for one map: the drivable area, its edge and the segments of all lanes."""

    drivable: BaseGeometry
    edge: shapely.STRtree
    has_edge: bool
    polygons: shapely.STRtree


@dataclass(frozen=True, slots=True, eq=False)
class _Segments:
    """Segments of the centrelines of some lanes: ends, lane of each, and a tree over their middles."""

    start_m: Float[np.ndarray, "n 3"]
    end_m: Float[np.ndarray, "n 3"]
    s_m: Float[np.ndarray, "n"]
    lane: Int[np.ndarray, "n"]
    tree: KDTree


@dataclass(frozen=True, slots=True, eq=False)
class NearestLane:
    """For each of K points, the lane whose middle is nearest.

    Attributes:
        lane: index into `lane_map.lanes`; -1 where the map has no such lanes.
        s_m: distance along that lane.
        d_m: distance to its left.
        heading_rad: direction of travel there.
        height_m: height of its middle there.
    """

    lane: Int[np.ndarray, "K"]
    s_m: Float[np.ndarray, "K"]
    d_m: Float[np.ndarray, "K"]
    heading_rad: Float[np.ndarray, "K"]
    height_m: Float[np.ndarray, "K"]


_indices: "WeakKeyDictionary[LaneMap, _Index]" = WeakKeyDictionary()
_segments: "WeakKeyDictionary[LaneMap, dict[frozenset[LaneKind] | None, _Segments | None]]" = WeakKeyDictionary()
_lock = Lock()


def lane_polygon(lane: Lane) -> BaseGeometry:
    """The area of a lane in the ground plane."""
    ring = np.concatenate([lane.left_m[:, :2], lane.right_m[::-1, :2]])
    polygon = shapely.Polygon(ring)
    return polygon if shapely.is_valid(polygon) else shapely.buffer(polygon, 0.0)


def drivable_area(lane_map: LaneMap) -> BaseGeometry:
    """Union of the drivable lanes and areas, each grown by `SEAM_M` so that seams between lanes close."""
    return _index(lane_map).drivable


def is_drivable(lane_map: LaneMap, points_m: Float[np.ndarray, "K _"]) -> Bool[np.ndarray, "K"]:
    """Whether points (x, y or x, y, z) lie on a drivable lane or area."""
    return shapely.contains_xy(_index(lane_map).drivable, points_m[:, 0], points_m[:, 1])


def edge_distance_m(lane_map: LaneMap, points_m: Float[np.ndarray, "K _"]) -> Float[np.ndarray, "K"]:
    """Distance to the edge of the drivable area, positive inside; -inf where nothing is drivable."""
    index = _index(lane_map)
    if not index.has_edge or not len(points_m):
        return np.full(len(points_m), -np.inf)
    points = shapely.points(points_m[:, 0], points_m[:, 1])
    pairs, distance = index.edge.query_nearest(points, return_distance=True, all_matches=False)
    found = np.zeros(len(points_m))
    found[pairs[0]] = distance
    return np.where(is_drivable(lane_map, points_m), found, -found)


def nearest_lane(
    lane_map: LaneMap, points_m: Float[np.ndarray, "K _"], kinds: Iterable[LaneKind] | None = DRIVABLE_KINDS
) -> NearestLane:
    """The lane of the given kinds (all where None) whose middle is nearest, and the place along it."""
    segments = _segments_of(lane_map, None if kinds is None else frozenset(kinds))
    count = len(points_m)
    if segments is None or not count:
        empty = np.full(count, np.nan)
        return NearestLane(np.full(count, -1), empty, empty.copy(), empty.copy(), empty.copy())
    points = np.asarray(points_m[:, :2], dtype=np.float64)
    near = np.atleast_2d(segments.tree.query(points, k=min(_CANDIDATES, len(segments.lane)))[1].reshape(count, -1))
    a, b = segments.start_m[near, :2], segments.end_m[near, :2]
    along = b - a
    length = np.linalg.norm(along, axis=-1)
    f = np.clip(np.sum((points[:, None] - a) * along, axis=-1) / length**2, 0.0, 1.0)
    gap = np.linalg.norm(points[:, None] - (a + f[..., None] * along), axis=-1)
    rows, best = np.arange(count), np.argmin(gap, axis=-1)
    chosen, share = near[rows, best], f[rows, best]
    direction = along[rows, best] / length[rows, best, None]
    offset = points - a[rows, best]
    low, high = segments.start_m[chosen, 2], segments.end_m[chosen, 2]
    return NearestLane(
        lane=segments.lane[chosen],
        s_m=segments.s_m[chosen] + share * length[rows, best],
        d_m=direction[:, 0] * offset[:, 1] - direction[:, 1] * offset[:, 0],
        heading_rad=np.arctan2(direction[:, 1], direction[:, 0]),
        height_m=low + share * (high - low),
    )


def lane_at(
    lane_map: LaneMap,
    points_m: Float[np.ndarray, "K _"],
    heading_rad: Float[np.ndarray, "K"],
    kinds: Iterable[LaneKind] = DRIVABLE_KINDS,
) -> Int[np.ndarray, "K"]:
    """Index of the lane that contains each point and runs most nearly along its heading; -1 for none.

    Lanes that run against the heading are taken only where no other lane contains the point.
    """
    allowed = frozenset(kinds)
    index = _index(lane_map)
    points = shapely.points(points_m[:, 0], points_m[:, 1])
    pairs = index.polygons.query(points, predicate="intersects")
    best = np.full(len(points_m), -1)
    score = np.full(len(points_m), -np.inf)
    for point, lane in zip(pairs[0], pairs[1], strict=True):
        if lane_map.lanes[lane].kind not in allowed:
            continue
        cosine = float(np.cos(_heading_near(lane_map.lanes[lane], points_m[point, :2]) - heading_rad[point]))
        if cosine > score[point]:
            best[point], score[point] = lane, cosine
    return best


def ground_height_m(lane_map: LaneMap, points_m: Float[np.ndarray, "K _"]) -> Float[np.ndarray, "K"]:
    """Height of the lane (of any kind) below each point, banks included; of the nearest middle elsewhere."""
    found = nearest_lane(lane_map, points_m, None)
    height = found.height_m.copy()
    index = _index(lane_map)
    pairs = index.polygons.query(shapely.points(points_m[:, 0], points_m[:, 1]), predicate="intersects")
    for point, lane in zip(pairs[0], pairs[1], strict=True):
        height[point] = _height_within(lane_map.lanes[lane], points_m[point, :2])
    return height


def _height_within(lane: Lane, point: np.ndarray) -> float:
    """Height of the lane's surface at a point inside it, between the borders at the nearest place along it."""
    k, f = _nearest_segment(lane, point)
    left = (1 - f) * lane.left_m[k] + f * lane.left_m[k + 1]
    right = (1 - f) * lane.right_m[k] + f * lane.right_m[k + 1]
    across = left[:2] - right[:2]
    share = float(np.clip((point - right[:2]) @ across / max(float(across @ across), 1e-12), 0.0, 1.0))
    return float(right[2] + share * (left[2] - right[2]))


def _nearest_segment(lane: Lane, point: np.ndarray) -> tuple[int, float]:
    a, along = lane.centerline_m[:-1, :2], np.diff(lane.centerline_m[:, :2], axis=0)
    f = np.clip(np.sum((point - a) * along, axis=-1) / np.maximum(np.sum(along * along, axis=-1), 1e-12), 0.0, 1.0)
    k = int(np.argmin(np.linalg.norm(point - (a + f[:, None] * along), axis=-1)))
    return k, float(f[k])


def _heading_near(lane: Lane, point: np.ndarray) -> float:
    k, _ = _nearest_segment(lane, point)
    step = lane.centerline_m[k + 1] - lane.centerline_m[k]
    return float(np.arctan2(step[1], step[0]))


def _index(lane_map: LaneMap) -> _Index:
    with _lock:
        if lane_map not in _indices:
            _indices[lane_map] = _make_index(lane_map)
        return _indices[lane_map]


def _make_index(lane_map: LaneMap) -> _Index:
    polygons = [lane_polygon(lane) for lane in lane_map.lanes]
    parts = [area for lane, area in zip(lane_map.lanes, polygons, strict=True) if lane.kind in DRIVABLE_KINDS]
    for area in lane_map.areas:
        if area.kind == "drivable" and len(area.polygon_m) >= 3:
            parts.append(shapely.Polygon(area.polygon_m[:, :2]).buffer(0.0))
    drivable = shapely.union_all(shapely.buffer(np.array(parts, dtype=object), SEAM_M, join_style="mitre"))
    shapely.prepare(drivable)
    edges = _edges(drivable)
    return _Index(drivable, shapely.STRtree(edges), len(edges) > 0, shapely.STRtree(polygons))


def _edges(area: BaseGeometry) -> Sequence[BaseGeometry]:
    """The boundary, segment by segment, so that a tree finds the nearest one fast."""
    made: list[BaseGeometry] = []
    for line in shapely.get_parts(shapely.boundary(area)):
        xy = shapely.get_coordinates(line)
        made += [shapely.LineString(pair) for pair in np.stack([xy[:-1], xy[1:]], axis=1)]
    return made


def _segments_of(lane_map: LaneMap, kinds: frozenset[LaneKind] | None) -> _Segments | None:
    with _lock:
        table = _segments.setdefault(lane_map, {})
        if kinds not in table:
            table[kinds] = _make_segments(lane_map, kinds)
        return table[kinds]


def _make_segments(lane_map: LaneMap, kinds: frozenset[LaneKind] | None) -> _Segments | None:
    """Segments at most a few metres long, so that the nearest middles are those of the nearest segments."""
    starts: list[np.ndarray] = []
    ends: list[np.ndarray] = []
    along: list[np.ndarray] = []
    owner: list[np.ndarray] = []
    for k, lane in enumerate(lane_map.lanes):
        if kinds is not None and lane.kind not in kinds:
            continue
        points = _shortened(lane.centerline_m)
        steps = np.linalg.norm(np.diff(points[:, :2], axis=0), axis=-1)
        keep = steps > 1e-6
        starts.append(points[:-1][keep])
        ends.append(points[1:][keep])
        along.append((np.cumsum(steps) - steps)[keep])
        owner.append(np.full(int(keep.sum()), k))
    if not starts or not sum(len(part) for part in starts):
        return None
    a, b = np.concatenate(starts), np.concatenate(ends)
    middles = 0.5 * (a + b)[:, :2]
    return _Segments(a, b, np.concatenate(along), np.concatenate(owner), KDTree(middles))


def _shortened(points: np.ndarray, longest_m: float = 2.0) -> np.ndarray:
    steps = np.linalg.norm(np.diff(points[:, :2], axis=0), axis=-1)
    counts = np.maximum(1, np.ceil(steps / longest_m).astype(int))
    if counts.max(initial=1) == 1:
        return points
    parts = [points[k] + np.arange(n)[:, None] / n * (points[k + 1] - points[k]) for k, n in enumerate(counts)]
    return np.concatenate([*parts, points[-1:]])
