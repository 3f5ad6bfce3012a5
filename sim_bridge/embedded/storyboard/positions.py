"""Positions of a storyboard as places on the network; routes and trajectories laid out in the world."""

import math

from scenarios import storyboard as sb
from sim_bridge.embedded.storyboard.curves import Curve, Knot, Piece, clothoid, nurbs, polyline, spiral_end, spline
from sim_bridge.embedded.storyboard.place import Place
from sim_bridge.embedded.storyboard.routes import Route, Spot
from sim_bridge.embedded.storyboard.stage import Body, Stage


def place_of(stage: Stage, position: sb.Position, mover: Body | None = None) -> Place:
    """Where a position is now; `mover` is whose route relative positions follow."""
    place = Place(stage.network)
    if mover is not None:
        place.any_lane = mover.place.any_lane
    if isinstance(position, sb.WorldPosition):
        place.set_point(position.x_m, position.y_m, position.h_rad, position.z_m)
    elif isinstance(position, sb.LanePosition):
        _on_lane(stage, place, position)
    elif isinstance(position, sb.RoadPosition):
        if position.road in stage.network.tracks:
            place.set_track(position.road, position.s_m, position.t_m)
        _orient(place, position.orientation, 0.0)
    elif isinstance(position, (sb.RelativeLanePosition, sb.RelativeRoadPosition)):
        _along(stage, place, position, mover)
    elif isinstance(position, (sb.RelativeObjectPosition, sb.RelativeWorldPosition)):
        _beside(stage, place, position)
    elif isinstance(position, sb.RoutePosition):
        _on_route(stage, place, position)
    else:
        curve = curve_of(stage, position.trajectory, mover)
        x, y, z, heading = curve.at(position.s_m)
        place.set_point(x - position.t_m * math.sin(heading), y + position.t_m * math.cos(heading), heading, z)
    return place


def _orient(place: Place, orientation: sb.Orientation, base: float) -> None:
    """Turns a place as asked; `base` is the turn that a relative heading counts from."""
    if orientation.h_rad is not None and not orientation.relative:
        place.set_heading(orientation.h_rad)
    else:
        place.set_turn(base + (orientation.h_rad or 0.0))
    _lean(place, orientation, place)


def _lean(place: Place, orientation: sb.Orientation, base: Place) -> None:
    """Pitch and roll as asked: against the road, against `base`, or of the world."""
    if orientation.p_rad is None and orientation.r_rad is None:
        return
    pitch, roll = orientation.p_rad or 0.0, orientation.r_rad or 0.0
    if not orientation.relative:
        pitch, roll = pitch - (place.pitch - place.own_pitch), roll - (place.roll - place.own_roll)
    elif base is not place:
        pitch, roll = pitch + base.own_pitch, roll + base.own_roll
    place.lean(pitch, roll)


def _on_lane(stage: Stage, place: Place, position: sb.LanePosition) -> None:
    if position.road not in stage.network.tracks:
        return
    place.any_lane = True
    place.set_lane(position.road, position.lane, position.s_m, position.offset_m)
    place.any_lane = False
    _orient(place, position.orientation, 0.0 if place.lane_forward() else math.pi)


def _along(
    stage: Stage, place: Place, position: sb.RelativeLanePosition | sb.RelativeRoadPosition, mover: Body | None
) -> None:
    other = stage.bodies[position.entity].place
    moved = other.copy()
    if mover is not None and mover.place.route is not None:
        moved.route = mover.place.route.copy()
    lane_wise = isinstance(position, sb.RelativeLanePosition) and position.along_lane
    moved.advance(position.ds_m, actual=False, direction="lane" if lane_wise else "road")
    place.take(moved)
    track = place.track
    if track is None:
        return
    base = 0.0
    if isinstance(position, sb.RelativeLanePosition):
        with_s = (other.forward and other.lane < 0 and not track.left_hand) or (
            not other.forward and other.lane > 0 and track.left_hand
        )
        side = 1 if with_s or not position.along_lane else -1
        lane = beside(moved.lane, side * position.d_lane)
        place.set_lane(moved.road, lane, moved.s, side * position.offset_m, section=moved.section)
        base = math.pi if position.along_lane and not place.lane_forward() else 0.0
    else:
        place.set_track(moved.road, moved.s, moved.t + position.dt_m)
    _orient(place, position.orientation, base)


def beside(lane: int, step: int) -> int:
    """The lane `step` lanes to the left (in the frame of the road); there is no lane 0."""
    found = lane + step
    if step != 0 and (found == 0 or found * lane < 0):
        return (1 if found - lane > 0 else -1) * (abs(found) + 1)
    return found


def _beside(stage: Stage, place: Place, position: sb.RelativeObjectPosition | sb.RelativeWorldPosition) -> None:
    other = stage.bodies[position.entity].place
    ahead, left, up = position.dx_m, position.dy_m, position.dz_m
    if isinstance(position, sb.RelativeObjectPosition):
        ahead, left, up = turned((ahead, left, up), other.heading, other.pitch, other.roll)
    turn = position.orientation
    heading = other.heading + (turn.h_rad or 0.0)
    if not turn.relative and turn.h_rad is not None:
        heading = turn.h_rad
    place.road = other.road
    place.set_point(other.x + ahead, other.y + left, heading, other.z + up if position.dz_m else None)
    _lean(place, turn, other)


def turned(vector: tuple[float, float, float], heading: float, pitch: float, roll: float) -> tuple[float, float, float]:
    """A vector in the axes of a body, in the world: roll about x, then pitch about y, then heading about z."""
    x, y, z = vector
    y, z = y * math.cos(roll) - z * math.sin(roll), y * math.sin(roll) + z * math.cos(roll)
    x, z = x * math.cos(pitch) + z * math.sin(pitch), -x * math.sin(pitch) + z * math.cos(pitch)
    return x * math.cos(heading) - y * math.sin(heading), x * math.sin(heading) + y * math.cos(heading), z


def _on_route(stage: Stage, place: Place, position: sb.RoutePosition) -> None:
    route = route_of(stage, position.route)
    if route is None:
        return
    distance = position.path_s_m
    if position.of_entity:
        body = stage.bodies[position.of_entity]
        distance = route.s_of(body.place.road, body.place.s) or 0.0
    road, lane, s, forward = route.place(distance)
    if position.t_m is not None:
        place.set_track(road, s, position.t_m)
        base = 0.0 if forward else math.pi
    else:
        place.set_lane(road, lane if position.lane is None else position.lane, s, position.offset_m)
        base = 0.0 if place.lane_forward() else math.pi
    _orient(place, position.orientation, base)


def route_of(stage: Stage, spec: sb.RouteSpec, first: Place | None = None) -> Route | None:
    """A route laid out on the network; None where its waypoints are not joined."""
    places = [place_of(stage, waypoint.position) for waypoint in spec.waypoints]
    if first is not None:
        places.insert(0, first)
    if spec.closed and places:
        places.append(places[0])
    spots = [Spot(place.road, place.lane, place.s, place.forward) for place in places if place.road]
    return Route.through(stage.network, spec.name, spots)


def curve_of(stage: Stage, spec: sb.TrajectorySpec, mover: Body | None, following: str = "position") -> Curve:
    """A trajectory laid out in the world as it is now."""
    shape, speed = spec.shape, 0.0 if mover is None else mover.speed
    if isinstance(shape, sb.Polyline):
        knots = [_knot(stage, vertex.position, vertex.time_s, mover) for vertex in shape.vertices]
        return polyline(knots, spec.closed, following, speed)
    if isinstance(shape, sb.Nurbs):
        knots = [_knot(stage, point.position, point.time_s, mover) for point in shape.points]
        return nurbs(shape.order, knots, [point.weight for point in shape.points], shape.knots, spec.closed)
    if isinstance(shape, sb.Clothoid):
        place = place_of(stage, shape.start, mover)
        last = shape.curvature_1pm + shape.curvature_prime_1pm2 * shape.length_m
        piece = (place.x, place.y, place.heading, shape.curvature_1pm, last, shape.length_m)
        return clothoid(piece, [shape.start_time_s, shape.stop_time_s], spec.closed)
    return _spline(stage, spec, shape, mover)


def _spline(stage: Stage, spec: sb.TrajectorySpec, shape: sb.ClothoidSpline, mover: Body | None) -> Curve:
    pieces: list[Piece] = []
    for piece in shape.pieces:
        if piece.start is not None:
            place = place_of(stage, piece.start, mover)
            x, y, heading = place.x, place.y, place.heading
        elif pieces:
            x, y, heading = spiral_end(pieces[-1], pieces[-1][5])
        elif mover is not None:
            x, y, heading = mover.place.x, mover.place.y, mover.place.heading
        else:
            x, y, heading = 0.0, 0.0, 0.0
        start, end = piece.curvature_start_1pm, piece.curvature_end_1pm
        pieces.append((x, y, heading + piece.h_offset_rad, start, end, piece.length_m))
    times = [*(piece.start_time_s for piece in shape.pieces), shape.end_time_s]
    return spline(pieces, times, spec.closed)


def _knot(stage: Stage, position: sb.Position, time: float | None, mover: Body | None) -> Knot:
    place = place_of(stage, position, mover)
    heading, height = None, None
    if isinstance(position, sb.WorldPosition):
        heading, height = position.h_rad, position.z_m
    elif position.orientation.h_rad is not None:
        heading = place.heading
    return Knot(place.x, place.y, height, heading, time)
