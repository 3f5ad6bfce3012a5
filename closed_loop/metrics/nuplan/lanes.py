"""Which lanes a moving box belongs to, as nuPlan assigns them, and how far it gets along a route of lanes.

A lane of a junction is a lane connector; lanes that are left and right neighbours of one another form a road block.
Outside junctions a point belongs to one lane, inside to every connector that holds it. Assignment has memory: a point
that is still in the lanes of the moment before, or in a lane that follows the only one of them, stays there.
Source: nuplan-devkit e924167, ego_lane_change and route_extractor. Silent there: our maps have no polygon for the
junction as a whole, so being in an intersection means being in any lane of a junction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import shapely
from jaxtyping import Bool, Float
from shapely.geometry.base import BaseGeometry

from closed_loop.metrics.polyline import arc_length_m, project
from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane, LaneMap
from driving_data.maps.queries import lane_polygon

CONNECTOR_REACH_M = 5.0
LanesOfPath = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class LaneIndex:
    """The drivable lanes of a map, prepared for many points.

    Attributes:
        lanes: the drivable lanes; everything below counts in their order.
        polygons: their areas.
        follows: lanes that lead on from each.
        leads: lanes that lead to each.
        connector: whether each lies in a junction.
        block: road block of each; equal numbers for lanes beside one another.
        drivable: polygons on which one may drive: the lanes and the map's drivable areas.
    """

    lanes: tuple[Lane, ...]
    polygons: tuple[BaseGeometry, ...]
    follows: LanesOfPath
    leads: LanesOfPath
    connector: Bool[np.ndarray, "L"]
    block: tuple[int, ...]
    drivable: tuple[BaseGeometry, ...]

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Over the lanes."""
        return shapely.STRtree(list(self.polygons))

    @cached_property
    def drivable_tree(self) -> shapely.STRtree:
        """Over the drivable polygons."""
        return shapely.STRtree(list(self.drivable))

    @cached_property
    def _prepared(self) -> np.ndarray:
        """The polygons, ready for many points each."""
        polygons = np.array(self.polygons, dtype=object)
        shapely.prepare(polygons)
        return polygons

    def members(self, points_m: Float[np.ndarray, "K 2"]) -> Bool[np.ndarray, "L K"]:
        """Which lane holds which point, its edge included."""
        holds = np.zeros((len(self.lanes), len(points_m)), dtype=bool)
        if not len(self.lanes):
            return holds
        point, lane = self.tree.query(shapely.points(points_m))
        holds[lane, point] = shapely.intersects_xy(self._prepared[lane], points_m[point, 0], points_m[point, 1])
        return holds

    def containing(self, points_m: Float[np.ndarray, "K 2"]) -> LanesOfPath:
        """The lanes that hold each point, in the order of the map."""
        return lanes_held(self.members(points_m))

    def in_junction(self, points_m: Float[np.ndarray, "K 2"]) -> Bool[np.ndarray, "K"]:
        """Whether each point lies in a lane of a junction."""
        return np.asarray((self.members(points_m) & self.connector[:, None]).any(axis=0))

    def along_m(self, lane: int, points_m: Float[np.ndarray, "K 2"]) -> Float[np.ndarray, "K"]:
        """Distance along the middle of a lane of the place nearest to each point, within the lane's ends."""
        line = self.lanes[lane].centerline_m[:, :2]
        s, _, _ = project(points_m, line)
        return np.clip(s, 0.0, arc_length_m(line)[-1])


def lanes_held(members: Bool[np.ndarray, "L K"]) -> LanesOfPath:
    """The lanes of each of K points, in the order of the map."""
    found: list[list[int]] = [[] for _ in range(members.shape[1])]
    for point, lane in zip(*(axis.tolist() for axis in np.nonzero(members.T)), strict=True):
        found[point].append(lane)
    return tuple(map(tuple, found))


@lru_cache(maxsize=8)
def index_of(lane_map: LaneMap) -> LaneIndex:
    """Prepares a map."""
    lanes = tuple(lane for lane in lane_map.lanes if lane.kind in DRIVABLE_KINDS)
    place = {lane.id: k for k, lane in enumerate(lanes)}

    def known(names: Iterable[str]) -> tuple[int, ...]:
        return tuple(place[name] for name in names if name in place)

    polygons = tuple(lane_polygon(lane) for lane in lanes)
    areas = [
        shapely.Polygon(area.polygon_m[:, :2]).buffer(0.0)
        for area in lane_map.areas
        if area.kind == "drivable" and len(area.polygon_m) >= 3
    ]
    return LaneIndex(
        lanes=lanes,
        polygons=polygons,
        follows=tuple(known(lane.successors) for lane in lanes),
        leads=tuple(known(lane.predecessors) for lane in lanes),
        connector=np.array([lane.junction_id is not None for lane in lanes], dtype=bool),
        block=_blocks(lanes, place),
        drivable=(*polygons, *areas),
    )


def _blocks(lanes: Sequence[Lane], place: dict[str, int]) -> tuple[int, ...]:
    block = list(range(len(lanes)))

    def root(k: int) -> int:
        while block[k] != k:
            k = block[k]
        return k

    for k, lane in enumerate(lanes):
        for name in (lane.left_neighbor, lane.right_neighbor):
            if name in place:
                first, second = sorted((root(k), root(place[name])))
                block[second] = first
    return tuple(root(k) for k in range(len(lanes)))


def _stay(index: LaneIndex, here: Sequence[int], before: Sequence[int]) -> tuple[int, ...]:
    """Of the lanes of the moment before those that hold the point, else followers of the only one of them."""
    kept = tuple(k for k in before if k in here)
    if kept or len(before) != 1:
        return kept
    return tuple(k for k in index.follows[before[0]] if k in here)


def _anew(index: LaneIndex, here: Sequence[int]) -> tuple[int, ...]:
    """One lane where there is one, else every connector."""
    outside = [k for k in here if not index.connector[k]]
    return (outside[0],) if outside else tuple(here)


def driven_lanes(index: LaneIndex, points_m: Float[np.ndarray, "T 2"]) -> LanesOfPath:
    """The lane or lane connectors of each moment of a path, empty off them."""
    held = index.containing(points_m)
    route: list[tuple[int, ...]] = []
    now: tuple[int, ...] = ()
    for t, here in enumerate(held):
        now = _stay(index, here, now) if now else ()
        if not now:
            now = _anew(index, here)
            # A path that leaves its connector for another by a little is kept on the one it was in.
            if t > 1 and route[-1] and index.connector[route[-1][0]] and now and index.connector[now[0]]:
                point = shapely.Point(*points_m[t])
                near = tuple(k for k in route[-1] if index.polygons[k].distance(point) < CONNECTOR_REACH_M)
                now = near or now
        route.append(now)
    return _thinned(index, route)


def _thinned(index: LaneIndex, route: list[tuple[int, ...]]) -> LanesOfPath:
    """Of several connectors those that the path ends up in."""
    thin = list(route)
    for t in range(len(route) - 2, -1, -1):
        now, after = thin[t], thin[t + 1]
        if len(now) <= 1:
            continue
        if len(now) > len(after) and set(after) <= set(now):
            thin[t] = after
        if after and not index.connector[after[0]]:
            kept = tuple(k for k in now if k in index.leads[after[0]])
            thin[t] = kept or thin[t]
    return tuple(thin)


def in_one_lane(index: LaneIndex, corners_m: Float[np.ndarray, "T 4 2"]) -> Bool[np.ndarray, "T"]:
    """Whether the corners (front-left, front-right, rear-right, rear-left) share a lane or lie in connected ones."""
    held = index.containing(corners_m.reshape(-1, 2))
    found = np.zeros(len(corners_m), dtype=bool)
    candidates: tuple[int, ...] = ()
    for t in range(len(corners_m)):
        of_corner: list[tuple[int, ...]] = []
        for here in held[4 * t : 4 * t + 4]:
            kept = _stay(index, here, candidates) if candidates else ()
            of_corner.append(kept or _anew(index, here))
        candidates = tuple(dict.fromkeys(k for lanes in of_corner for k in lanes))
        found[t] = _common_or_connected(index, *map(frozenset, of_corner))
    return found


def _common_or_connected(
    index: LaneIndex,
    front_left: frozenset[int],
    front_right: frozenset[int],
    rear_right: frozenset[int],
    rear_left: frozenset[int],
) -> bool:
    if not (front_left and front_right and rear_right and rear_left):
        return False
    if front_left & front_right & rear_right & rear_left:
        return True

    def on(lanes: frozenset[int]) -> frozenset[int]:
        return lanes.union(*(index.follows[k] for k in lanes))

    def back(lanes: frozenset[int]) -> frozenset[int]:
        return lanes.union(*(index.leads[k] for k in lanes))

    if not (rear_left & on(rear_right) or rear_right & on(rear_left)):
        return False
    return bool(back(front_left) & on(rear_right) & back(front_right) & on(rear_left))


def speed_limits_mps(index: LaneIndex, route: LanesOfPath) -> Float[np.ndarray, "T"]:
    """The limit of each moment: the lane's own; on connectors the greatest of the lanes before and after.

    NaN off the lanes and where one of the limits is unknown.
    """
    known: dict[tuple[int, ...], float] = {(): float("nan")}
    for here in set(route):
        if not here:
            continue
        if not index.connector[here[0]]:
            limits = [index.lanes[here[0]].speed_limit_mps]
        else:
            around = [k for lane in here for k in (*index.follows[lane], *index.leads[lane])]
            limits = [index.lanes[k].speed_limit_mps for k in around]
        known[here] = max(limits) if limits and not np.isnan(limits).any() else float("nan")
    return np.array([known[here] for here in route])


@dataclass(frozen=True, slots=True)
class RouteOfBlocks:
    """The road blocks that an expert drove through, with the lane whose middle measures progress in each."""

    baseline: tuple[int, ...]
    block: tuple[int, ...]


def route_of(index: LaneIndex, expert_lanes: LanesOfPath) -> RouteOfBlocks:
    """Simplifies the lanes of an expert's path to road blocks that differ from the one before."""
    simple: list[tuple[int, ...]] = []
    for here in expert_lanes:
        if here and not (simple and set(here) & set(simple[-1])):
            simple.append(here)
    pairs: list[tuple[int, int]] = []
    for here in simple:
        if not pairs or pairs[-1][1] != index.block[here[0]]:
            pairs.append((here[0], index.block[here[0]]))
    return RouteOfBlocks(tuple(lane for lane, _ in pairs), tuple(block for _, block in pairs))


def route_progress_m(index: LaneIndex, route: RouteOfBlocks, points_m: Float[np.ndarray, "T 2"]) -> np.ndarray:
    """Progress of each moment along the baselines of a route, signed, shape (T,); the first is 0.

    Raises:
        ValueError: the route is empty.
    """
    if not route.baseline:
        raise ValueError("an expert that is on no lane has no route")
    held = [frozenset(index.block[k] for k in here) for here in index.containing(points_m)]
    ends = np.stack([index.lanes[k].centerline_m[[0, -1], :2] for k in route.baseline])
    lengths = [float(arc_length_m(index.lanes[k].centerline_m[:, :2])[-1]) for k in route.baseline]
    # Places of the path, and of where every block begins and ends, on every baseline.
    at = np.stack([index.along_m(k, points_m) for k in route.baseline])
    begin_on, end_on = (np.stack([index.along_m(k, ends[:, side]) for k in route.baseline]) for side in (0, 1))
    made = np.zeros(len(points_m))
    now, before = 0, float(at[0, 0])
    for t in range(1, len(points_m)):
        if route.block[now] in held[t]:
            made[t], before = at[now, t] - before, float(at[now, t])
            continue
        skipped, last = 0.0, now
        for later in range(now + 1, len(route.block)):
            if route.block[later] in held[t]:
                made[t] = lengths[now] - before + at[later, t] - end_on[later, now] + skipped
                now, before = later, float(at[later, t])
                break
            if later + 1 < len(route.block):
                skipped += float(begin_on[later, later + 1] - end_on[later, last])
                last = later
    return made
