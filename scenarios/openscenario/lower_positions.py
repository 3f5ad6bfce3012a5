"""Positions, routes and trajectories of a resolved tree as storyboard values."""

from scenarios import storyboard as sb
from scenarios.openscenario.lower_context import Context, only
from scenarios.openscenario.node import Node

ORIGIN = sb.WorldPosition(0.0, 0.0)


def position_of(context: Context, holder: Node | None, at: Node) -> sb.Position:
    """The position inside a Position, TargetPosition, PositionStart, ... element."""
    node = only(holder) if holder is not None else None
    if node is None:
        context.fault(at, "missing-position", "", "a position")
        return ORIGIN
    if node.tag == "Position":
        return position_of(context, node, at)
    maker = _MAKERS.get(node.tag)
    if maker is None:
        context.unsupported(node, node.tag)
        return ORIGIN
    return maker(context, node)


def orientation_of(context: Context, node: Node) -> sb.Orientation:
    """The Orientation below a position; unsaid without one."""
    found = node.child("Orientation")
    if found is None:
        return sb.Orientation()
    relative = found.get("type", "absolute") == "relative"
    h, p, r = (context.optional(found, name) for name in "hpr")
    return sb.Orientation(h, p, r, relative)


def _world(context: Context, node: Node) -> sb.Position:
    x, y = context.number(node, "x"), context.number(node, "y")
    z, h, p, r = (context.optional(node, name) for name in "zhpr")
    return sb.WorldPosition(x, y, z, h, p, r)


def _lane(context: Context, node: Node) -> sb.Position:
    return sb.LanePosition(
        node.get("roadId"), context.whole(node, "laneId"), context.number(node, "s"), context.number(node, "offset"),
        orientation_of(context, node),
    )  # fmt: skip


def _road(context: Context, node: Node) -> sb.Position:
    return sb.RoadPosition(
        node.get("roadId"), context.number(node, "s"), context.number(node, "t"), orientation_of(context, node)
    )


def _relative_lane(context: Context, node: Node) -> sb.Position:
    along_lane = node.get("dsLane").strip() != ""
    return sb.RelativeLanePosition(
        context.entity(node), context.whole(node, "dLane"), context.number(node, "dsLane" if along_lane else "ds"),
        context.number(node, "offset"), along_lane, orientation_of(context, node),
    )  # fmt: skip


def _relative_road(context: Context, node: Node) -> sb.Position:
    return sb.RelativeRoadPosition(
        context.entity(node), context.number(node, "ds"), context.number(node, "dt"), orientation_of(context, node)
    )


def _relative_object(context: Context, node: Node) -> sb.Position:
    dx, dy, dz = (context.number(node, name) for name in ("dx", "dy", "dz"))
    return sb.RelativeObjectPosition(context.entity(node), dx, dy, dz, orientation_of(context, node))


def _relative_world(context: Context, node: Node) -> sb.Position:
    dx, dy, dz = (context.number(node, name) for name in ("dx", "dy", "dz"))
    return sb.RelativeWorldPosition(context.entity(node), dx, dy, dz, orientation_of(context, node))


def _route(context: Context, node: Node) -> sb.Position:
    orientation = orientation_of(context, node)
    holder = node.child("RouteRef")
    route = route_of(context, only(holder) if holder is not None else None, node)
    within = node.child("InRoutePosition")
    where = only(within) if within is not None else None
    if where is None:
        context.fault(node, "missing-position", "", "an InRoutePosition")
        return sb.RoutePosition(route)
    path = context.number(where, "pathS")
    if where.tag == "FromCurrentEntity":
        return sb.RoutePosition(route, of_entity=context.entity(where), orientation=orientation)
    if where.tag == "FromRoadCoordinates":
        return sb.RoutePosition(route, path, t_m=context.number(where, "t"), orientation=orientation)
    offset, lane = context.number(where, "laneOffset"), context.whole(where, "laneId")
    return sb.RoutePosition(route, path, offset, lane=lane, orientation=orientation)


def _trajectory(context: Context, node: Node) -> sb.Position:
    holder = node.child("TrajectoryRef")
    found = trajectory_of(context, only(holder) if holder is not None else None, node)
    s, t = context.number(node, "s"), context.number(node, "t")
    return sb.TrajectoryPosition(found, s, t, orientation_of(context, node))


def route_of(context: Context, node: Node | None, at: Node) -> sb.RouteSpec:
    """A Route element."""
    if node is None or node.tag != "Route":
        context.fault(at, "missing-route", "" if node is None else node.tag, "a Route or a reference to one")
        return sb.RouteSpec("", ())
    waypoints = tuple(
        sb.Waypoint(position_of(context, point.child("Position"), point), point.get("routeStrategy", "shortest"))
        for point in node.all("Waypoint")
    )
    return sb.RouteSpec(node.get("name"), waypoints, context.flag(node, "closed"))


def trajectory_of(context: Context, node: Node | None, at: Node) -> sb.TrajectorySpec:
    """A Trajectory element."""
    holder = node.child("Shape") if node is not None and node.tag == "Trajectory" else None
    shape = only(holder) if holder is not None else None
    if node is None or shape is None:
        context.fault(at, "missing-trajectory", "", "a Trajectory with a Shape, or a reference to one")
        return sb.TrajectorySpec("", sb.Polyline(()))
    return sb.TrajectorySpec(node.get("name"), _shape(context, shape), context.flag(node, "closed"))


def _shape(context: Context, node: Node) -> sb.Shape:
    if node.tag == "Polyline":
        return sb.Polyline(
            tuple(
                sb.Vertex(position_of(context, vertex.child("Position"), vertex), context.optional(vertex, "time"))
                for vertex in node.all("Vertex")
            )
        )
    if node.tag == "Clothoid":
        prime = context.optional(node, "curvaturePrime")
        return sb.Clothoid(
            position_of(context, node.child("Position"), node), context.number(node, "curvature"),
            context.number(node, "curvatureDot") if prime is None else prime, context.number(node, "length"),
            context.optional(node, "startTime"), context.optional(node, "stopTime"),
        )  # fmt: skip
    if node.tag == "ClothoidSpline":
        return _spline(context, node)
    if node.tag == "Nurbs":
        points = tuple(
            sb.ControlPoint(
                position_of(context, point.child("Position"), point),
                context.optional(point, "time"),
                context.number(point, "weight", 1.0),
            )
            for point in node.all("ControlPoint")
        )
        knots = tuple(context.number(knot, "value") for knot in node.all("Knot"))
        if len(knots) != len(points) + context.whole(node, "order"):
            expected = f"{len(points) + context.whole(node, 'order')} knots: as many as control points and order"
            context.fault(node, "bad-knots", f"{len(knots)} knots", expected)
        return sb.Nurbs(context.whole(node, "order"), points, knots)
    context.unsupported(node, node.tag)
    return sb.Polyline(())


def _spline(context: Context, node: Node) -> sb.Shape:
    pieces: list[sb.ClothoidPiece] = []
    before = 0.0
    for segment in node.all("ClothoidSplineSegment"):
        start = context.number(segment, "curvatureStart", before)
        before = context.number(segment, "curvatureEnd", start)
        holder = segment.child("PositionStart")
        place = None if holder is None else position_of(context, holder, segment)
        length, turn = context.number(segment, "length"), context.number(segment, "hOffset")
        pieces.append(sb.ClothoidPiece(start, before, length, place, turn, context.optional(segment, "timeStart")))
    return sb.ClothoidSpline(tuple(pieces), context.optional(node, "timeEnd"))


_MAKERS = {
    "WorldPosition": _world,
    "LanePosition": _lane,
    "RoadPosition": _road,
    "RelativeLanePosition": _relative_lane,
    "RelativeRoadPosition": _relative_road,
    "RelativeObjectPosition": _relative_object,
    "RelativeWorldPosition": _relative_world,
    "RoutePosition": _route,
    "TrajectoryPosition": _trajectory,
}
