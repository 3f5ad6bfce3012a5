"""Distances between bodies and places: straight, along the axes of a body, along the road, or along a trajectory.

Freespace distances are those between bounding boxes, the others between reference points. Signs: positive ahead and to
the left of the body that measures.
"""

import math
from dataclasses import dataclass

from sim_bridge.embedded.storyboard.network import TINY, sign
from sim_bridge.embedded.storyboard.place import Place
from sim_bridge.embedded.storyboard.routes import Spot, way_between
from sim_bridge.embedded.storyboard.stage import Body, Stage

STRAIGHT = ("euclidianDistance", "cartesianDistance", "")
HEIGHT_APART_M = 2.5


@dataclass(frozen=True, slots=True)
class RoadGap:
    """Way along the road (positive ahead), t across it, and lanes between; `opposite` lanes run the other way."""

    ds: float
    dt: float
    lanes: int
    opposite: bool


def local(place: Place, x: float, y: float) -> tuple[float, float]:
    """A point seen from a place: ahead and left, along the road where the place is on one."""
    heading = place.heading
    if place.road:
        heading = place.along if place.forward else place.along + math.pi
    dx, dy = x - place.x, y - place.y
    return dx * math.cos(heading) + dy * math.sin(heading), -dx * math.sin(heading) + dy * math.cos(heading)


def signed(place: Place, x: float, y: float) -> float:
    """Straight distance, negative for points behind."""
    ahead, left = local(place, x, y)
    return math.copysign(math.hypot(ahead, left), 1.0 if ahead > 0.0 else -1.0)


def road_gap(stage: Stage, one: Place, other: Place) -> RoadGap | None:
    """The way along the road network between two places; None where there is none."""
    if not one.road or not other.road:
        return None
    start, target = Spot(one.road, one.lane, one.s), Spot(other.road, other.lane, other.s)
    best: tuple[float, bool, int] | None = None
    for forward in (True, False):
        found = way_between(stage.network, start, target, forward)
        if found is not None and (best is None or found[0] < best[0]):
            best = found[0], forward, found[1][-1].lane if one.road != other.road else one.lane
    if best is None:
        return None
    ds = best[0] if best[1] == one.forward else -best[0]
    lane = best[2]
    lanes = other.lane - lane
    opposite = other.lane * lane < 0
    if opposite:
        lanes = (abs(lanes) - 1) * sign(lanes)
    across = other.t - (one.t if one.road == other.road else abs(one.t) * sign(lane))
    return RoadGap(ds, across, lanes, opposite)


def axis_gaps(one: Body, other: Body) -> tuple[float, float, bool]:
    """Gaps between two boxes along the axes of the first (0 where they overlap there), and whether they touch."""
    a, b = one.corners(), other.corners()
    gaps: list[float] = []
    touching = True
    for heading in (one.place.heading, one.place.heading + 0.5 * math.pi):
        low, high = _span(a, heading)
        other_low, other_high = _span(b, heading)
        gap = 0.0
        if high < other_low - TINY:
            gap, touching = other_low - high, False
        elif low > other_high + TINY:
            gap, touching = other_high - low, False
        gaps.append(gap)
    for heading in (other.place.heading, other.place.heading + 0.5 * math.pi):
        low, high = _span(a, heading)
        other_low, other_high = _span(b, heading)
        if high < other_low - TINY or low > other_high + TINY:
            touching = False
    return gaps[0], gaps[1], touching


def touch(one: Body, other: Body) -> bool:
    """Whether two boxes overlap, at about the same height."""
    reach = sum(math.hypot(*body.entity.size_m[:2]) for body in (one, other))
    if math.hypot(one.place.x - other.place.x, one.place.y - other.place.y) > reach + 20.0:
        return False
    return abs(one.place.z - other.place.z) <= HEIGHT_APART_M and axis_gaps(one, other)[2]


def _span(corners: list[tuple[float, float]], heading: float) -> tuple[float, float]:
    cos, sin = math.cos(heading), math.sin(heading)
    values = [x * cos + y * sin for x, y in corners]
    return min(values), max(values)


def box_distance(one: Body, other: Body) -> float:
    """Shortest distance between two boxes; 0 where they touch."""
    if axis_gaps(one, other)[2]:
        return 0.0
    a, b = one.corners(), other.corners()
    return min(
        _to_edge(point, edge, ends[(k + 1) % 4])
        for points, ends in ((a, b), (b, a))
        for point in points
        for k, edge in enumerate(ends)
    )


def _to_edge(point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    share = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / max(dx * dx + dy * dy, 1e-12)
    share = min(max(share, 0.0), 1.0)
    return math.hypot(point[0] - start[0] - share * dx, point[1] - start[1] - share * dy)


def free_road_gap(stage: Stage, one: Body, other: Body) -> tuple[float, float] | None:
    """Gaps between two boxes along and across the road; 0 where they overlap there."""
    if touch(one, other):
        return 0.0, 0.0
    seen = [[_on_road(stage, one.place, x, y) for x, y in body.corners()] for body in (one, other)]
    along: list[list[float]] = []
    across: list[list[float]] = []
    for mine in seen[0]:
        gaps = [road_gap(stage, mine, theirs) for theirs in seen[1]]
        if any(gap is None for gap in gaps):
            return None
        along.append([gap.ds for gap in gaps if gap is not None])
        across.append([gap.dt for gap in gaps if gap is not None])
    return _nearest(along), _nearest(across)


def _nearest(rows: list[list[float]]) -> float:
    values = [value for row in rows for value in row]
    if any(len({value < 0.0 for value in row}) > 1 for row in rows) or len({value < 0.0 for value in values}) > 1:
        return 0.0
    return min(values, key=abs)


def _on_road(stage: Stage, near: Place, x: float, y: float) -> Place:
    place = Place(stage.network)
    place.road, place.turn = near.road, near.turn
    place.set_point(x, y)
    return place


def to_body(stage: Stage, one: Body, other: Body, coordinates: str, kind: str, freespace: bool) -> float | None:
    """Distance from one body to another as a condition measures it; None where there is no way."""
    if kind in STRAIGHT:
        if freespace:
            return math.copysign(box_distance(one, other), 1.0 if axis_gaps(one, other)[0] >= 0.0 else -1.0)
        return signed(one.place, other.place.x, other.place.y)
    lateral = kind == "lateral"
    if coordinates in ("road", "lane"):
        if freespace:
            gaps = free_road_gap(stage, one, other)
            return None if gaps is None else gaps[1 if lateral else 0]
        gap = road_gap(stage, one.place, other.place)
        return None if gap is None else (gap.dt if lateral else gap.ds)
    if coordinates == "trajectory" and one.curve is not None:
        return along_curve(one, other.place.x, other.place.y)[1 if lateral else 0]
    if freespace:
        return axis_gaps(one, other)[1 if lateral else 0]
    return local(one.place, other.place.x, other.place.y)[1 if lateral else 0]


def to_place(stage: Stage, one: Body, place: Place, coordinates: str, kind: str, freespace: bool) -> float | None:
    """Distance from a body to a place as a condition measures it."""
    if freespace:
        return _free_to_place(stage, one, place, coordinates, kind)
    if kind in STRAIGHT:
        return signed(one.place, place.x, place.y)
    lateral = kind == "lateral"
    if coordinates in ("road", "lane"):
        gap = road_gap(stage, one.place, place)
        return None if gap is None else (gap.dt if lateral else gap.ds)
    if coordinates == "trajectory" and one.curve is not None:
        return along_curve(one, place.x, place.y)[1 if lateral else 0]
    return local(one.place, place.x, place.y)[1 if lateral else 0]


def _free_to_place(stage: Stage, one: Body, place: Place, coordinates: str, kind: str) -> float | None:
    length, width, _ = one.entity.size_m
    cx, cy, _ = one.entity.center_m
    dx, dy = place.x - one.place.x, place.y - one.place.y
    cos, sin = math.cos(one.place.heading), math.sin(one.place.heading)
    ahead, left = dx * cos + dy * sin - cx, -dx * sin + dy * cos - cy
    over = (max(abs(ahead) - 0.5 * length, 0.0) * sign(ahead), max(abs(left) - 0.5 * width, 0.0) * sign(left))
    if kind in STRAIGHT:
        return math.copysign(math.hypot(*over), ahead)
    lateral = kind == "lateral"
    if coordinates not in ("road", "lane"):
        return over[1 if lateral else 0]
    gaps = [road_gap(stage, _on_road(stage, one.place, x, y), place) for x, y in one.corners()]
    found = [gap.dt if lateral else gap.ds for gap in gaps if gap is not None]
    return _nearest([found]) if len(found) == 4 else None


def along_curve(one: Body, x: float, y: float) -> tuple[float, float]:
    """Way along the trajectory of a body to where a point is beside it, and the distance to its left there."""
    curve = one.curve
    if curve is None:
        return 0.0, 0.0
    count = max(2, round(curve.length / 0.25))
    best, found = math.inf, (0.0, 0.0)
    for k in range(count + 1):
        s = curve.length * k / count
        px, py, _, heading = curve.at(s)
        gap = math.hypot(x - px, y - py)
        if gap < best:
            best = gap
            along = (x - px) * math.cos(heading) + (y - py) * math.sin(heading)
            found = (s + along - one.curve_s, -(x - px) * math.sin(heading) + (y - py) * math.cos(heading))
    return found
