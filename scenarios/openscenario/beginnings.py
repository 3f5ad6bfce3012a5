"""Where the entities of a storyboard begin: places of the file as poses and lanes of the road.

The player of a simulator knows the same places exactly, hills and bank included; here they serve routes, tags,
descriptions and pictures, which are made without one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from driving_data.maps.lane_map import LaneMap
from driving_data.maps.opendrive.document import Road
from driving_data.maps.opendrive.network import Network, runs_forward
from driving_data.maps.opendrive.parse import parse_text
from driving_data.maps.opendrive.profiles import value
from driving_data.maps.opendrive.sampling import Piece, point_on
from scenarios import storyboard as sb
from scenarios.remember import by_identity

NEAR_LANE_M = 30.0
MAX_ROADS = 20


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in `world`, and on the road where it is on one.

    Attributes:
        x_m: of the reference point, as is y_m.
        y_m: see x_m.
        yaw_rad: heading.
        road: id of the road; '' off all roads.
        lane: number of the lane in the file; 0 for none.
        s_m: along the road.
        t_m: to the left of its reference line.
    """

    x_m: float
    y_m: float
    yaw_rad: float
    road: str = ""
    lane: int = 0
    s_m: float = 0.0
    t_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Beginning:
    """How one entity begins.

    Attributes:
        entity: who.
        spot: of its reference point.
        speed_mps: along its heading.
        present: whether it is put somewhere at the start.
    """

    entity: sb.Entity
    spot: Spot
    speed_mps: float
    present: bool = True

    @property
    def center(self) -> tuple[float, float, float]:
        """x, y and yaw of the middle of its box."""
        ahead, left, _ = self.entity.center_m
        cos, sin = math.cos(self.spot.yaw_rad), math.sin(self.spot.yaw_rad)
        return self.spot.x_m + ahead * cos - left * sin, self.spot.y_m + ahead * sin + left * cos, self.spot.yaw_rad


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The road below a storyboard; `network` is None on an open plane."""

    lane_map: LaneMap
    network: Network | None

    def lane_id(self, spot: Spot) -> str:
        """Lane of the map below a spot; '' for none."""
        if self.network is None or not spot.road:
            return ""
        return self.network.lane_id_at(spot.road, spot.lane, spot.s_m) or ""

    def on_lane(self, road_id: str, lane: int, s_m: float, offset_m: float = 0.0) -> Spot | None:
        """The place `offset_m` left of the middle of a lane, heading along s; None where there is no such lane."""
        road, piece = self._piece(road_id, s_m)
        if road is None or piece is None:
            return None
        t = middle_t_m(piece, lane, s_m) + offset_m
        return replace(self.on_road(road, s_m, t), lane=lane)

    def on_road(self, road: Road, s_m: float, t_m: float) -> Spot:
        """The place (s, t) of a road, heading along s, in the lane that is there."""
        point, heading = point_on(road, s_m, t_m)
        return Spot(float(point[0]), float(point[1]), heading, road.id, self.lane_at(road, s_m, t_m), s_m, t_m)

    def lane_at(self, road: Road, s_m: float, t_m: float) -> int:
        """Number of the lane at (s, t): the one whose middle is nearest of those on that side; 0 for none."""
        _, piece = self._piece(road.id, s_m)
        if piece is None:
            return 0
        lanes = [lane.id for lane in piece.section.lanes if lane.id != 0]
        return min(lanes, key=lambda lane: abs(middle_t_m(piece, lane, s_m) - t_m), default=0)

    def runs_along(self, spot: Spot) -> bool:
        """Whether traffic in the lane of a spot goes along s."""
        road, piece = self._piece(spot.road, spot.s_m)
        if road is None or piece is None:
            return True
        return next((runs_forward(road, lane) for lane in piece.section.lanes if lane.id == spot.lane), True)

    def _piece(self, road_id: str, s_m: float) -> tuple[Road | None, Piece | None]:
        road = None if self.network is None else self.network.roads.get(road_id)
        return road, None if road is None or self.network is None else self.network.piece_at(road, s_m)

    def nearest(self, x_m: float, y_m: float) -> Spot | None:
        """The nearest place in the middle of a lane within 30 m, heading along its road."""
        best, found = NEAR_LANE_M, None
        for lane in self.lane_map.lanes:
            gaps = np.hypot(lane.centerline_m[:, 0] - x_m, lane.centerline_m[:, 1] - y_m)
            if float(gaps.min()) < best:
                best, found = float(gaps.min()), lane
        if found is None or self.network is None:
            return None
        road_id, index, number = found.id.rsplit(".", 2)
        road = self.network.roads[road_id]
        piece = self.network.pieces[road_id][int(index)]
        share = _share(found.centerline_m, x_m, y_m)
        forward = next((runs_forward(road, lane) for lane in piece.section.lanes if lane.id == int(number)), True)
        s = piece.start + (share if forward else 1.0 - share) * (piece.end - piece.start)
        return self.on_lane(road_id, int(number), s)

    def advanced(self, spot: Spot, ds_m: float) -> Spot:
        """`ds_m` further along the road, and along those that follow, in the lane that leads there."""
        lane_id, here = self.lane_id(spot), self.lane_map.lane_by_id
        if self.network is None or lane_id not in here:
            return spot
        road = self.network.roads[spot.road]
        if 0.0 <= spot.s_m + ds_m <= road.length:
            return self.on_lane(spot.road, spot.lane, spot.s_m + ds_m) or spot
        onward = (ds_m > 0) == self.runs_along(spot)
        left = abs(ds_m) - (road.length - spot.s_m if ds_m > 0 else spot.s_m)
        for _ in range(MAX_ROADS):
            lane = here[lane_id]
            options = [i for i in (lane.successors if onward else lane.predecessors) if i in here]
            if not options:
                break
            lane_id = options[0]
            road_id, index, number = lane_id.rsplit(".", 2)
            if road_id == lane.road_id:
                continue
            following = self.network.roads[road_id]
            probe = Spot(0.0, 0.0, 0.0, road_id, int(number), self.network.pieces[road_id][int(index)].start)
            up = self.runs_along(probe) == onward
            if left <= following.length:
                return self.on_lane(road_id, int(number), left if up else following.length - left) or spot
            left -= following.length
        return self.on_lane(spot.road, spot.lane, road.length if ds_m > 0 else 0.0) or spot


def _share(points_m: np.ndarray, x_m: float, y_m: float) -> float:
    """How far along a line the place nearest to a point is, from 0 to 1."""
    start, step = points_m[:-1, :2], np.diff(points_m[:, :2], axis=0)
    size = np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-9)
    at = np.clip(((np.array([x_m, y_m]) - start) * step).sum(axis=1) / size**2, 0.0, 1.0)
    gap = np.hypot(*(start + at[:, None] * step - [x_m, y_m]).T)
    k = int(np.argmin(gap))
    total = np.concatenate([[0.0], np.cumsum(size)])
    return float((total[k] + at[k] * size[k]) / total[-1])


def middle_t_m(piece: Piece, lane: int, s_m: float) -> float:
    """T of the middle of a lane: half its own width beyond the widths of the lanes before it."""
    at, local = np.array([s_m]), np.array([s_m - piece.section.s])
    t = float(value(piece.road.lane_offset, at)[0])
    sign = 1 if lane > 0 else -1
    lanes = {record.id: record for record in piece.section.lanes}
    inner = t
    for number in range(sign, lane + sign, sign) if lane else ():
        record = lanes.get(number)
        if record is None:
            break
        outer = inner + sign * max(float(value(record.widths, local)[0]), 0.0)
        if record.borders and not record.widths:
            outer = t + float(value(record.borders, local)[0])
        if number == lane:
            return 0.5 * (inner + outer)
        inner = outer
    return inner


@by_identity
def ground_of(lane_map: LaneMap) -> Ground:
    """The road of a lane map, to place things on it."""
    text = lane_map.opendrive
    return Ground(lane_map, Network.of(parse_text(text)) if text else None)


def beginnings(board: sb.Storyboard, ground: Ground) -> dict[str, Beginning]:
    """How every entity begins, by name, in the order of the file.

    Who has no place at the start stands at the origin and counts as not present: nobody meant it to stand there.
    """
    spots: dict[str, Spot] = {}
    waiting = [(item.entity, place) for item in board.init if (place := _first_place(item.action)) is not None]
    waiting += [(item.action.entity, item.action.position) for item in board.init
                if isinstance(item.action, sb.AddEntity)]  # fmt: skip
    for _ in range(len(waiting) + 1):
        left: list[tuple[str, sb.Position]] = []
        for name, place in waiting:
            found = spot_of(place, ground, spots)
            if found is None:
                left.append((name, place))
            else:
                spots[name] = found
        if not left or len(left) == len(waiting):
            break
        waiting = left
    drawn = _coupled(board, spots)
    return {
        entity.name: Beginning(
            entity, spots.get(entity.name, Spot(0.0, 0.0, 0.0)),
            first_speed(board, drawn.get(entity.name, entity.name)), entity.name in spots,
        )
        for entity in board.entities
    }  # fmt: skip


def _coupled(board: sb.Storyboard, spots: dict[str, Spot]) -> dict[str, str]:
    """Puts trailers behind those who draw them; who draws each."""
    by_name = {entity.name: entity for entity in board.entities}
    trailers = {entity.trailer for entity in board.entities}
    drawn: dict[str, str] = {}
    for first in board.entities:
        front = first
        while first.name not in trailers and front.name in spots and front.trailer in by_name:
            trailer = by_name[front.trailer]
            if trailer.name in drawn:
                break
            drawn[trailer.name] = first.name
            spots[trailer.name] = _behind(front, trailer, spots[front.name])
            front = trailer
    return drawn


def _first_place(action: sb.Action) -> sb.Position | None:
    if isinstance(action, sb.Teleport):
        return action.position
    if isinstance(action, sb.FollowTrajectory):
        return sb.TrajectoryPosition(action.trajectory, action.initial_m)
    return None


def _behind(front: sb.Entity, trailer: sb.Entity, spot: Spot) -> Spot:
    """Where a trailer stands that is coupled to a vehicle at a spot, in line with it."""
    back = (front.hitch_m or 0.0) - (trailer.coupler_m or 0.0)
    cos, sin = math.cos(spot.yaw_rad), math.sin(spot.yaw_rad)
    return replace(spot, x_m=spot.x_m + back * cos, y_m=spot.y_m + back * sin)


def first_speed(board: sb.Storyboard, name: str, known: Mapping[str, float] | None = None) -> float:
    """Speed of an entity at the start; relative ones are those of whom they refer to."""
    seen = dict(known or {})
    for item in board.init:
        if item.entity == name and isinstance(item.action, sb.Speed):
            target = item.action.target
            if not target.entity or target.kind == "absolute":
                return target.value
            if target.entity in seen:
                continue
            other = first_speed(board, target.entity, {**seen, name: 0.0})
            return other + target.value if target.kind == "delta" else other * target.value
    return 0.0


def spot_of(place: sb.Position, ground: Ground, spots: Mapping[str, Spot]) -> Spot | None:
    """A position as a spot; None where it refers to somebody who has no spot yet, or to no road."""
    if isinstance(place, sb.WorldPosition):
        return _at_point(ground, place.x_m, place.y_m, place.h_rad)
    if isinstance(place, sb.LanePosition):
        return _turned(ground, ground.on_lane(place.road, place.lane, place.s_m, place.offset_m), place.orientation)
    if isinstance(place, sb.RoadPosition):
        road = None if ground.network is None else ground.network.roads.get(place.road)
        return None if road is None else _oriented(ground.on_road(road, place.s_m, place.t_m), place.orientation, 0.0)
    if isinstance(place, sb.RoutePosition):
        return _on_route(place, ground, spots)
    if isinstance(place, sb.TrajectoryPosition):
        return _on_trajectory(place, ground, spots)
    other = spots.get(place.entity)
    if other is None:
        return None
    if isinstance(place, sb.RelativeLanePosition | sb.RelativeRoadPosition):
        return _along(place, other, ground)
    ahead, left = place.dx_m, place.dy_m
    if isinstance(place, sb.RelativeObjectPosition):
        cos, sin = math.cos(other.yaw_rad), math.sin(other.yaw_rad)
        ahead, left = ahead * cos - left * sin, ahead * sin + left * cos
    turn = place.orientation
    heading = (turn.h_rad or 0.0) + (other.yaw_rad if turn.relative or turn.h_rad is None else 0.0)
    return _at_point(ground, other.x_m + ahead, other.y_m + left, heading)


def _at_point(ground: Ground, x_m: float, y_m: float, heading: float | None) -> Spot:
    near = ground.nearest(x_m, y_m)
    if near is None:
        return Spot(x_m, y_m, heading or 0.0)
    road_yaw = near.yaw_rad if heading is None else heading
    return replace(near, x_m=x_m, y_m=y_m, yaw_rad=road_yaw)


def _oriented(spot: Spot, turn: sb.Orientation, base_rad: float) -> Spot:
    if turn.h_rad is not None and not turn.relative:
        return replace(spot, yaw_rad=turn.h_rad)
    return replace(spot, yaw_rad=spot.yaw_rad + base_rad + (turn.h_rad or 0.0))


def _turned(ground: Ground, spot: Spot | None, turn: sb.Orientation) -> Spot | None:
    """A spot of a lane as asked: relative headings count from the direction of its traffic."""
    return None if spot is None else _oriented(spot, turn, 0.0 if ground.runs_along(spot) else math.pi)


def _along(place: sb.RelativeLanePosition | sb.RelativeRoadPosition, other: Spot, ground: Ground) -> Spot | None:
    if ground.network is None or not other.road:
        return None
    lane_wise = isinstance(place, sb.RelativeLanePosition) and place.along_lane
    against = lane_wise and not ground.runs_along(other)
    moved = ground.advanced(other, -place.ds_m if against else place.ds_m)
    if isinstance(place, sb.RelativeRoadPosition):
        road = ground.network.roads[moved.road]
        return _oriented(ground.on_road(road, moved.s_m, other.t_m + place.dt_m), place.orientation, 0.0)
    side = -1 if against else 1
    lane = beside(moved.lane, side * place.d_lane)
    spot = ground.on_lane(moved.road, lane, moved.s_m, side * place.offset_m)
    if spot is None or not place.along_lane:
        return None if spot is None else _oriented(spot, place.orientation, 0.0)
    return _turned(ground, spot, place.orientation)


def beside(lane: int, step: int) -> int:
    """The lane `step` lanes to the left in the frame of the road; there is no lane 0."""
    found = lane + step
    if step and (found == 0 or found * lane < 0):
        return found + (1 if step > 0 else -1)
    return found


def _on_route(place: sb.RoutePosition, ground: Ground, spots: Mapping[str, Spot]) -> Spot | None:
    """Along the road from the first waypoint of the route, or of whoever is on it, towards the next one."""
    if place.of_entity:
        return spots.get(place.of_entity)
    found = [spot_of(waypoint.position, ground, spots) for waypoint in place.route.waypoints[:2]]
    first = found[0] if found else None
    if first is None:
        return None
    second = found[1] if len(found) > 1 else None
    back = not ground.runs_along(first)
    if second is not None and second.road == first.road:
        back = second.s_m < first.s_m
    spot = ground.advanced(first, -place.path_s_m if back else place.path_s_m)
    if place.lane is not None:
        spot = ground.on_lane(spot.road, place.lane, spot.s_m, place.offset_m) or spot
    else:
        spot = ground.on_lane(spot.road, spot.lane, spot.s_m, place.offset_m) or spot
    return _turned(ground, spot, place.orientation)


def _on_trajectory(place: sb.TrajectoryPosition, ground: Ground, spots: Mapping[str, Spot]) -> Spot | None:
    """Along the straight lines between the corners of a trajectory; the start of one that has no corners."""
    shape = place.trajectory.shape
    if isinstance(shape, sb.Clothoid):
        return spot_of(shape.start, ground, spots)
    if isinstance(shape, sb.ClothoidSpline):
        start = shape.pieces[0].start if shape.pieces else None
        return None if start is None else spot_of(start, ground, spots)
    corners = [item.position for item in (shape.vertices if isinstance(shape, sb.Polyline) else shape.points)]
    found = [spot for corner in corners if (spot := spot_of(corner, ground, spots)) is not None]
    if not found:
        return None
    left = place.s_m
    for one, two in pairwise(found):
        length = math.hypot(two.x_m - one.x_m, two.y_m - one.y_m)
        yaw = math.atan2(two.y_m - one.y_m, two.x_m - one.x_m)
        if length > 1e-6 and left <= length:
            return _at_point(ground, one.x_m + left * math.cos(yaw), one.y_m + left * math.sin(yaw), yaw)
        left -= length
    return found[-1]


__all__ = ["Beginning", "Ground", "Spot", "beginnings", "beside", "first_speed", "ground_of", "middle_t_m", "spot_of"]
