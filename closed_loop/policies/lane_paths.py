"""Lanes beside the ego as paths: which lane it is in, its neighbours, and their way onward along the route."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from closed_loop.policies.corridor import ego_of
from driving_data.geometry import wrap_angle
from driving_data.maps.lane_map import DRIVABLE_KINDS, LaneMap
from driving_data.maps.routes import RoutePath, lanes_path
from driving_data.ports import Observation


@dataclass(frozen=True, slots=True, eq=False)
class LanePoints:
    """Middle points of all drivable lanes of a map, with headings and the lane of each."""

    tree: KDTree
    heading_rad: Float[np.ndarray, "n"]
    lane: tuple[str, ...]


@lru_cache(maxsize=64)
def lane_points(lane_map: LaneMap) -> LanePoints | None:
    """The points of a map; None where it has no drivable lane."""
    points: list[np.ndarray] = []
    headings: list[np.ndarray] = []
    names: list[str] = []
    for lane in lane_map.lanes:
        if lane.kind in DRIVABLE_KINDS and len(lane.centerline_m) > 1:
            path = lanes_path(lane_map, (lane.id,), 2.0)
            points.append(path.points_m[:, :2])
            headings.append(path.heading_rad)
            names += [lane.id] * len(path.s_m)
    if not points:
        return None
    return LanePoints(KDTree(np.concatenate(points)), np.concatenate(headings), tuple(names))


def lane_of(lane_map: LaneMap, place_m: Float[np.ndarray, "2"], yaw_rad: float) -> str | None:
    """The lane whose middle is nearest among those that run the ego's way (within 60 degrees), at most 3 m off."""
    known = lane_points(lane_map)
    if known is None:
        return None
    away, index = known.tree.query(place_m, k=min(12, len(known.lane)))
    for far, k in zip(np.atleast_1d(away), np.atleast_1d(index), strict=True):
        if far <= 3.0 and abs(float(wrap_angle(np.array(known.heading_rad[k] - yaw_rad)))) < np.pi / 3:
            return known.lane[int(k)]
    return None


@lru_cache(maxsize=256)
def beside_route(lane_map: LaneMap, route: str) -> frozenset[str]:
    """Lanes of a route and all beside them that one may change to."""
    wanted, seen = list(lane_map.routes.get(route, ())), set[str]()
    while wanted:
        name = wanted.pop()
        lane = lane_map.lane_by_id.get(name)
        if lane is not None and name not in seen:
            seen.add(name)
            wanted += [other for other in (lane.left_neighbor, lane.right_neighbor) if other is not None]
    return frozenset(seen)


@lru_cache(maxsize=1024)
def onward(lane_map: LaneMap, lane: str, route: str) -> RoutePath:
    """The path along a lane and on, as long as it stays on the route or beside it."""
    allowed, chain = beside_route(lane_map, route), [lane]
    while True:
        follows = [name for name in lane_map.lane_by_id[chain[-1]].successors if name in allowed and name not in chain]
        if not follows:
            return lanes_path(lane_map, tuple(chain), 0.5)
        on_route = [name for name in follows if name in lane_map.routes.get(route, ())]
        chain.append((on_route or follows)[0])


def left_on(path: RoutePath, place_m: Float[np.ndarray, "2"]) -> float:
    """Length of the path that is left from beside a place."""
    nearest = int(np.argmin(np.sum((path.points_m[:, :2] - place_m) ** 2, axis=1)))
    return path.length_m - float(path.s_m[nearest])


def along_path(observation: Observation, path: RoutePath, axle_m: Float[np.ndarray, "2"]) -> tuple[Observation, float]:
    """A world (a batch of one) as if this path were its route, and the rear axle's offset to the left of it."""
    s, heading = path.s_m, path.heading_rad
    nearest = int(np.argmin(np.sum((path.points_m[:, :2] - axle_m) ** 2, axis=1)))
    tangent = np.array([np.cos(heading[nearest]), np.sin(heading[nearest])])
    offset = axle_m - path.points_m[nearest, :2]
    start = float(np.clip(s[nearest] + offset @ tangent, 0.0, path.length_m))
    lateral = float(tangent[0] * offset[1] - tangent[1] * offset[0])
    places = start + observation.route_spacing_m * np.arange(observation.route_m.shape[1])
    inside = np.minimum(places, path.length_m)
    points = np.stack([np.interp(inside, s, path.points_m[:, k]) for k in range(3)], axis=-1)
    beyond = (places - inside)[:, None] * np.array([np.cos(heading[-1]), np.sin(heading[-1])])
    points[:, :2] += beyond
    index = np.clip(np.searchsorted(s, inside), 0, len(s) - 1)
    return replace(
        observation,
        route_m=points[None],
        route_lateral_m=np.array([lateral]),
        route_speed_limit_mps=path.speed_limit_mps[index][None],
    ), lateral


def shifted(observation: Observation, offset_m: Float[np.ndarray, "P"]) -> Observation:
    """A world (a batch of one) whose route is moved to the left, by so much at each of its points."""
    route = observation.route_m[0]
    step = np.gradient(route[:, :2], axis=0)
    step /= np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-9)[:, None]
    moved = route.copy()
    moved[:, 0] -= step[:, 1] * offset_m
    moved[:, 1] += step[:, 0] * offset_m
    lateral = observation.route_lateral_m - offset_m[0]
    return replace(observation, route_m=moved[None], route_lateral_m=lateral)


def axle_of(observation: Observation) -> tuple[Float[np.ndarray, "2"], float]:
    """Rear axle and heading of the ego of a batch of one."""
    yaw = float(ego_of(observation.yaw_rad, observation.ego_index)[0])
    center = ego_of(observation.position_m, observation.ego_index)[0, :2]
    return center - float(observation.rear_axle_to_center_m[0]) * np.array([np.cos(yaw), np.sin(yaw)]), yaw
