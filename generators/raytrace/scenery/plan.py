"""The ground plan: what is road, what is pavement, how high the ground lies, where things may stand.

Everything here is in the plane; heights come from the nearest points of the lanes.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely
from jaxtyping import Float
from scipy.spatial import KDTree
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane, LaneKind, LaneMap

KERB_HEIGHT_M = 0.12
WALK_KINDS = frozenset({LaneKind.SIDEWALK})
MEDIAN_KINDS = frozenset({LaneKind.MEDIAN})
ROAD_KINDS = DRIVABLE_KINDS | {
    LaneKind.SHOULDER, LaneKind.BICYCLE, LaneKind.PARKING, LaneKind.BORDER, LaneKind.RESTRICTED,
}  # fmt: skip
LARGEST_HOLE_M2 = 60.0
LONGEST_ROUTE_M = 1500.0
MOTORWAY_MPS, RURAL_MPS, RESIDENTIAL_MPS = 26.0, 19.0, 9.5


@dataclass(frozen=True, eq=False)
class Ruler:
    """Measures distances to one shape, many points at a time."""

    shape: BaseGeometry

    @cached_property
    def _sides(self) -> shapely.STRtree:
        shapely.prepare(self.shape)
        ends: list[np.ndarray] = []
        for part in polygons(self.shape):
            for ring in (part.exterior, *part.interiors):
                corners = shapely.get_coordinates(ring)
                ends.append(np.stack([corners[:-1], corners[1:]], axis=1))
        return shapely.STRtree(np.asarray(shapely.linestrings(np.concatenate(ends)), dtype=object))

    def distance_m(self, xy_m: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n"]:
        """Distance of points to the shape: 0 inside, inf where there is no shape."""
        if self.shape.is_empty or not len(xy_m):
            return np.full(len(xy_m), np.inf)
        (_, _), distance = self._sides.query_nearest(shapely.points(xy_m), return_distance=True, all_matches=False)
        inside = shapely.contains_xy(self.shape, xy_m[:, 0], xy_m[:, 1])
        return np.where(inside, 0.0, distance)


@dataclass(frozen=True, eq=False)
class Plan:
    """Ground plan of the part of a map that is built.

    Attributes:
        lanes: lanes within reach.
        region: what is built.
        road: where vehicles roll, shoulders included; small gaps between lanes closed.
        driven: where nothing may stand below 4.5 m: every lane of the road but shoulders.
        walks: pavements for pedestrians.
        medians: raised or green strips between carriageways.
        junctions: the part of the road where lanes cross.
        setting: 'urban', 'residential', 'rural' or 'motorway'.
        focus_m: points around which detail matters, shape (n, 2).
    """

    lanes: tuple[Lane, ...]
    region: BaseGeometry
    road: BaseGeometry
    driven: BaseGeometry
    walks: BaseGeometry
    medians: BaseGeometry
    junctions: BaseGeometry
    setting: str
    focus_m: Float[np.ndarray, "n 2"]

    @cached_property
    def paved(self) -> BaseGeometry:
        """Road, pavements and medians together."""
        return shapely.union_all([self.road, self.walks, self.medians]).buffer(0.02).buffer(-0.02)

    @cached_property
    def to_paved(self) -> Ruler:
        """Distances to the paving."""
        return Ruler(self.paved)

    @cached_property
    def to_driven(self) -> Ruler:
        """Distances to the lanes where nothing may stand."""
        return Ruler(self.driven)

    @cached_property
    def _to_road(self) -> Ruler:
        return Ruler(self.road)

    @cached_property
    def _to_walks(self) -> Ruler:
        return Ruler(self.walks)

    @cached_property
    def _road_tree(self) -> tuple[KDTree, np.ndarray]:
        return _tree([lane for lane in self.lanes if lane.kind in ROAD_KINDS] or list(self.lanes))

    @cached_property
    def _walk_tree(self) -> "tuple[KDTree, np.ndarray] | None":
        walks = [lane for lane in self.lanes if lane.kind in WALK_KINDS]
        return _tree(walks) if walks else None

    @cached_property
    def _focus_tree(self) -> KDTree:
        return KDTree(self.focus_m)

    def road_height_m(self, xy_m: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n"]:
        """Height of the road surface, from the nearest lane points weighted by 1 / distance^2."""
        return _interpolated(*self._road_tree, xy_m)

    def walk_height_m(self, xy_m: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n"]:
        """Height of the pavement: a kerb above the road, or what the map says where that is more."""
        above = self.road_height_m(xy_m) + KERB_HEIGHT_M
        if self._walk_tree is None:
            return above
        own = _interpolated(*self._walk_tree, xy_m)
        return np.where(own > above - 0.07, own, above)

    def verge_height_m(self, xy_m: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n"]:
        """Height of the ground beside the paving: that of the nearest pavement or road edge."""
        if self.walks.is_empty:
            return self.road_height_m(xy_m)
        beside_walk = self._to_walks.distance_m(xy_m) <= self._to_road.distance_m(xy_m)
        return np.where(beside_walk, self.walk_height_m(xy_m), self.road_height_m(xy_m))

    def focus_distance_m(self, xy_m: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n"]:
        """Distance to the nearest focus point, and a twentieth of that to their middle, which settles ties."""
        distance, _ = self._focus_tree.query(xy_m)
        return np.asarray(distance + 0.05 * np.linalg.norm(xy_m - self.focus_m.mean(axis=0), axis=-1))


def _tree(lanes: list[Lane]) -> tuple[KDTree, np.ndarray]:
    lines = [_dense(part) for lane in lanes for part in (lane.left_m, lane.right_m, lane.centerline_m)]
    points = np.concatenate(lines)
    return KDTree(points[:, :2]), points[:, 2]


def _dense(line_m: np.ndarray) -> np.ndarray:
    """The line with a point at least every metre, so that heights on slopes are exact to centimetres."""
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line_m[:, :2], axis=0), axis=-1))])
    at = np.linspace(0.0, arc[-1], max(2, int(np.ceil(arc[-1])) + 1))
    return np.stack([np.interp(at, arc, line_m[:, k]) for k in range(3)], axis=-1)


def _interpolated(tree: KDTree, height: np.ndarray, xy_m: np.ndarray) -> np.ndarray:
    if not len(xy_m):
        return np.zeros(0)
    count = min(3, len(height))
    distance, index = tree.query(xy_m, k=count)
    distance, index = distance.reshape(len(xy_m), count), index.reshape(len(xy_m), count)
    weight = 1.0 / (distance**2 + 1e-3)
    return np.sum(weight * height[index], axis=1) / np.sum(weight, axis=1)


def lane_polygon(lane: Lane) -> BaseGeometry:
    """The lane's area in the plane."""
    return Polygon(np.concatenate([lane.left_m[:, :2], lane.right_m[::-1, :2]])).buffer(0)


def make_plan(lane_map: LaneMap, focus_m: "Float[np.ndarray, 'n 2'] | None", reach_m: float) -> Plan:
    """Ground plan around the focus points (by default the ego's route, or the whole map if it is small)."""
    focus = default_focus(lane_map) if focus_m is None else focus_m
    region = shapely.union_all(shapely.buffer(shapely.points(_thinned(focus, 20.0)), reach_m, quad_segs=6))
    shapely.prepare(region)
    lanes = tuple(part for lane in lane_map.lanes for part in _within(lane, region))
    area = {lane.id: lane_polygon(lane) for lane in lanes}
    lanes = tuple(lane for lane in lanes if area[lane.id].area > 0.05)
    roads = [area[lane.id] for lane in lanes if lane.kind in ROAD_KINDS]
    driven = [area[lane.id] for lane in lanes if lane.kind in ROAD_KINDS - {LaneKind.SHOULDER, LaneKind.BORDER}]
    road = _closed(shapely.union_all(roads), 0.8) if roads else MultiPolygon()
    for lane_area in lane_map.areas:
        if lane_area.kind == "drivable" and len(lane_area.polygon_m) > 2:
            road = road.union(Polygon(lane_area.polygon_m[:, :2]).buffer(0).intersection(region))
    islands = [Polygon(item.polygon_m[:, :2]).buffer(0) for item in lane_map.areas if item.kind == "island"]
    road = _without_holes(road, islands)
    medians = shapely.union_all([area[lane.id] for lane in lanes if lane.kind in MEDIAN_KINDS] + islands)
    medians = medians.difference(shapely.union_all(driven)) if driven else medians
    walks = shapely.union_all([area[lane.id] for lane in lanes if lane.kind in WALK_KINDS])
    walks = _closed(walks, 0.05).difference(road.buffer(0.01))
    return Plan(
        lanes=lanes, region=region, road=road.difference(medians), driven=shapely.union_all(driven), walks=walks,
        medians=medians, junctions=_crossings(lanes, area), setting=_setting(lane_map, lanes), focus_m=focus,
    )  # fmt: skip


def default_focus(lane_map: LaneMap) -> Float[np.ndarray, "n 2"]:
    """Points along the ego's route, else along the first route, else everywhere."""
    for name in ("ego", *lane_map.routes):
        if name in lane_map.routes:
            lanes = [lane_map.lane_by_id[lane] for lane in lane_map.routes[name]]
            line = np.concatenate([lane.centerline_m[:, :2] for lane in lanes])
            gone = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=-1))])
            return _thinned(line[gone <= LONGEST_ROUTE_M], 5.0)
    return _thinned(np.concatenate([lane.centerline_m[:, :2] for lane in lane_map.lanes]), 5.0)


def _within(lane: Lane, region: BaseGeometry) -> list[Lane]:
    """The part of a lane that lies in the region, from its first to its last point there."""
    inside = shapely.intersects_xy(region, lane.centerline_m[:, 0], lane.centerline_m[:, 1])
    if inside.all():
        return [lane]
    if not inside.any():
        return [lane] if region.intersects(lane_polygon(lane)) and len(lane.centerline_m) <= 3 else []
    first, last = int(np.argmax(inside)), len(inside) - 1 - int(np.argmax(inside[::-1]))
    keep = slice(max(first - 1, 0), last + 2)
    return [replace(lane, centerline_m=lane.centerline_m[keep], left_m=lane.left_m[keep], right_m=lane.right_m[keep])]


def _thinned(points: np.ndarray, spacing: float) -> np.ndarray:
    _, first = np.unique(np.floor(points / spacing).astype(np.int64), axis=0, return_index=True)
    return np.asarray(points[np.sort(first)], dtype=np.float64)


def _closed(shape: BaseGeometry, gap_m: float) -> BaseGeometry:
    return shape.buffer(gap_m, join_style="mitre").buffer(-gap_m, join_style="mitre")


def _without_holes(shape: BaseGeometry, islands: list[Polygon]) -> BaseGeometry:
    """Small holes between crossing lanes are paved over, unless the map calls them islands."""
    keep = shapely.union_all(islands) if islands else MultiPolygon()
    filled: list[BaseGeometry] = []
    for part in polygons(shape):
        holes = [ring for ring in part.interiors
                 if Polygon(ring).area > LARGEST_HOLE_M2 or Polygon(ring).intersects(keep)]  # fmt: skip
        filled.append(Polygon(part.exterior, holes))
    return shapely.union_all(filled)


def polygons(shape: BaseGeometry) -> list[Polygon]:
    """Its polygons, slivers left out."""
    parts = shapely.get_parts(shape)
    return [part for part in np.atleast_1d(parts) if isinstance(part, Polygon) and part.area > 0.02]


def _crossings(lanes: tuple[Lane, ...], area: dict[str, BaseGeometry]) -> BaseGeometry:
    """Where road lanes lie over one another: inside junctions, or wherever two lanes overlap."""
    chosen = [lane for lane in lanes if lane.kind in ROAD_KINDS]
    shapes = np.array([area[lane.id] for lane in chosen], dtype=object)
    over = {i for i, lane in enumerate(chosen) if lane.junction_id is not None}
    if len(shapes) > 1:
        left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        pair = left < right
        left, right = left[pair], right[pair]
        shared = shapely.area(shapely.intersection(shapes[left], shapes[right]))
        smaller = np.minimum(shapely.area(shapes[left]), shapely.area(shapes[right]))
        clash = (shared > 0.5) & (shared > 0.02 * smaller)
        over |= {int(i) for i in np.concatenate([left[clash], right[clash]])}
    return shapely.union_all([shapes[i] for i in sorted(over)])


def _setting(lane_map: LaneMap, lanes: tuple[Lane, ...]) -> str:
    for name in ("motorway", "highway", "rural", "country", "residential", "urban", "crossroads", "roundabout"):
        if name in lane_map.name.lower():
            return {"highway": "motorway", "country": "rural", "crossroads": "urban", "roundabout": "residential"}.get(
                name, name
            )
    limits = [lane.speed_limit_mps for lane in lanes if lane.kind in DRIVABLE_KINDS and lane.speed_limit_mps > 0]
    walks = any(lane.kind in WALK_KINDS for lane in lanes)
    walks |= bool(lane_map.signals) or any(area.kind == "crosswalk" for area in lane_map.areas)
    limit = float(np.median(limits)) if limits else (13.9 if walks else 22.0)
    if limit > MOTORWAY_MPS and not walks:
        return "motorway"
    if limit > RURAL_MPS and not walks:
        return "rural"
    return "residential" if limit < RESIDENTIAL_MPS else "urban"
