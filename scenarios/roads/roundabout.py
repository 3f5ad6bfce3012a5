"""A roundabout: one lane counter-clockwise around an island, four arms, all entries yield.

Entry and exit swing to the right and touch the ring from outside, curvature continuous all along. Each arm has its
own junction, where the entry joins the ring behind the exit; the ring between two arms is an ordinary road.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.optimize import root_scalar

from driving_data.maps.opendrive.build import Pose, chain, circle, cross_section, length_of
from driving_data.maps.opendrive.curves import end_pose, reference_line
from driving_data.maps.opendrive.document import (
    Arc,
    Connection,
    Document,
    Junction,
    ObjectRecord,
    Road,
    RoadLink,
    RoadType,
    Shape,
    Spiral,
)
from scenarios.roads.arms import NAMES, TURNS, Arm, Street, arm, connector, road_id, stop_pose
from scenarios.roads.furniture import crosswalk, island, line_across, sign_post
from scenarios.roads.parameters import flag, number, refuse

ENTRY_RADIUS_SHARE = 0.8
ZEBRA_M = 7.0
# Small rings leave less room for clothoids between arm and arc and between arc and ring.
SPIRAL_SHARES = (1.0, 0.8, 0.6, 0.4, 0.2, 0.05)


@dataclass(frozen=True, slots=True)
class Roundabout:
    """Parameters of `roundabout`."""

    radius_m: float = number(16.0, 11.0, 40.0, "m", "radius of the middle of the ring lane")
    crosswalks: bool = flag(True, "zebra crossings on all arms")
    arm_length_m: float = number(80.0, 25.0, 500.0, "m", "from the beginning of each route to the yield line")
    exit_length_m: float = number(60.0, 20.0, 500.0, "m", "length of each route behind the roundabout")
    speed_limit_mps: float = number(13.89, 5.0, 20.0, "mps", "speed limit")
    lane_width_m: float = number(4.0, 3.25, 5.0, "m", "width of each lane")
    sidewalk_width_m: float = number(2.0, 1.0, 4.0, "m", "width of each pavement")
    trees: bool = flag(True, "trees along the arms")


@dataclass(frozen=True, slots=True)
class _Ring:
    """The ring and the way onto it, along the inner edges of the lanes.

    Attributes:
        inner_m: radius of the island.
        entry: parts of an entry: clothoid, arc to the right, clothoid onto the circle.
        stop_m: from the centre to the beginning of the entries.
        join_rad: angle, seen from the centre, from an arm to where its entry joins.
    """

    inner_m: float
    entry: tuple[tuple[Shape, float], ...]
    stop_m: float
    join_rad: float

    @staticmethod
    def of(p: Roundabout) -> "_Ring":
        """The ring with the longest clothoids for which a piece of ring is left between entry and exit."""
        inner = p.radius_m - 0.5 * p.lane_width_m
        narrowest = p.lane_width_m + p.sidewalk_width_m + 2.0
        radius = min(max(ENTRY_RADIUS_SHARE * p.radius_m, narrowest), 1.2 * inner)

        for share in SPIRAL_SHARES:
            ring = _Ring._with(inner, radius, share)
            if (0.5 * math.pi - 2.0 * ring.join_rad) * inner >= 1.0:
                return ring
        raise refuse("radius_m", p.radius_m, "a larger radius, or narrower lanes and pavements: entry and exit meet")

    @staticmethod
    def _with(inner_m: float, radius_m: float, share: float) -> "_Ring":
        """Solves for the length of the arc with which an entry from the arm's axis touches the ring."""

        def aside(arc_m: float) -> float:
            return _ring_centre(_entry(radius_m, arc_m, inner_m, share), inner_m)[1]

        arc = float(root_scalar(aside, bracket=(0.0, math.pi * radius_m), method="brentq").root)
        parts = _entry(radius_m, arc, inner_m, share)
        x, _, turn = _ring_centre(parts, inner_m)
        return _Ring(inner_m, tuple(parts), x, 0.5 * math.pi + turn)

    def pose(self, angle_rad: float) -> Pose:
        """The inner edge of the ring at an angle, heading counter-clockwise."""
        x, y = self.inner_m * math.cos(angle_rad), self.inner_m * math.sin(angle_rad)
        return Pose(x, y, angle_rad + 0.5 * math.pi)

    @property
    def exit(self) -> list[tuple[Shape, float]]:
        """Parts of an exit: those of an entry backwards and mirrored, which leaves every curvature as it is."""
        return [(_backwards(shape), length) for shape, length in reversed(self.entry)]


def _entry(radius_m: float, arc_m: float, inner_m: float, share: float) -> list[tuple[Shape, float]]:
    bend, ring = -1.0 / radius_m, 1.0 / inner_m
    into, onto = 0.4 * share * radius_m, 0.5 * share * radius_m
    return [(Spiral(0.0, bend), into), (Arc(bend), arc_m), (Spiral(bend, ring), onto)]


def _ring_centre(parts: Sequence[tuple[Shape, float]], inner_m: float) -> tuple[float, float, float]:
    """Centre of the circle that an entry from the origin along x ends on, and the heading there."""
    x, y, turn = end_pose(chain(Pose(0.0, 0.0, 0.0), parts)[-1])
    return x - inner_m * math.sin(turn), y + inner_m * math.cos(turn), turn


def _backwards(shape: Shape) -> Shape:
    return Spiral(shape.curv_end, shape.curv_start) if isinstance(shape, Spiral) else shape


def layout(p: Roundabout) -> Document:
    """The OpenDRIVE document of a roundabout with four arms."""
    ring = _Ring.of(p)
    street = Street(
        p.lane_width_m, p.sidewalk_width_m, p.speed_limit_mps, p.arm_length_m, p.exit_length_m, ring.stop_m, p.trees
    )
    arms = [_arm(street, k, p.crosswalks) for k in range(4)]
    roads: list[Road] = [item.road for item in arms]
    junctions: list[Junction] = []
    for k in range(4):
        roads += [_segment(street, ring, k), *_ways(street, ring, k)]
        junctions.append(_junction(k))
    return Document(tuple(roads), tuple(junctions), "roundabout", routes=_routes(arms))


def _angle(k: int) -> float:
    """Where arm k lies, seen from the centre."""
    return math.pi + 0.5 * math.pi * k


def _arm(street: Street, k: int, zebra: bool) -> Arm:
    length = street.length_m
    posts = [
        sign_post(f"sign.yield.{NAMES[k]}", "yield", length - 1.0, -street.sign_t_m, "+"),
        sign_post(f"sign.roundabout.{NAMES[k]}", "roundabout", length - 2.5, -street.sign_t_m, "+"),
    ]
    lines = [line_across(f"line.{NAMES[k]}", "yield_line", length, -1)]
    name = f"crosswalk.{NAMES[k]}"
    objects = [crosswalk(name, length - ZEBRA_M, -street.lane_m, street.lane_m)] if zebra else []
    return arm(street, k, _junction_id(k), posts, lines, objects, ZEBRA_M if zebra else None)


def _junction_id(k: int) -> str:
    return str(101 + k % 4)


def _ring_id(k: int) -> str:
    return str(11 + k % 4)


def _segment(street: Street, ring: _Ring, k: int) -> Road:
    """The ring between the entry of arm k and the exit of arm k + 1."""
    turn = 0.5 * math.pi - 2.0 * ring.join_rad
    if turn * ring.inner_m < 1.0:
        raise refuse(
            "radius_m", street.stop_m, "a larger radius, or narrower lanes and pavements: entries and exits meet"
        )
    length = ring.inner_m * turn
    section = cross_section(0.0, (), [street.lane("curb"), street.walk()], "curb")
    return Road(
        _ring_id(k),
        length,
        chain(ring.pose(_angle(k) + ring.join_rad), [(Arc(1.0 / ring.inner_m), length)]),
        (section,),
        f"ring.{k}",
        predecessor=RoadLink("junction", _junction_id(k)),
        successor=RoadLink("junction", _junction_id(k + 1)),
        types=(RoadType(0.0, "town", street.limit_mps),),
        objects=(_centre(ring),) if k == 0 else (),
    )


def _centre(ring: _Ring) -> ObjectRecord:
    """The island, given in the frame of the first piece of the ring, whose inner edge is its rim."""
    return island("island.centre", [(x, y + ring.inner_m) for x, y in circle(0.0, 0.0, ring.inner_m)])


def _ways(street: Street, ring: _Ring, k: int) -> list[Road]:
    """Entry of arm k, the ring past it, and its exit."""
    junction = _junction_id(k)
    outside = [street.lane("curb"), street.walk()]
    here = RoadLink("road", road_id(k), "end")
    before, after = RoadLink("road", _ring_id(k - 1), "end"), RoadLink("road", _ring_id(k), "start")
    past = [(Arc(1.0 / ring.inner_m), 2.0 * ring.join_rad * ring.inner_m)]
    entry = chain(stop_pose(street, k), ring.entry)
    leave = chain(ring.pose(_angle(k) - ring.join_rad), ring.exit)
    through = chain(ring.pose(_angle(k) - ring.join_rad), past)
    splitter = (_splitter(street, ring, k),)
    limit, name = street.limit_mps, NAMES[k]
    splitter = [item for item in (_splitter(street, ring, k),) if item is not None]
    return [
        connector(f"entry.{name}", f"2{k + 1}", junction, entry, outside, here, after, limit, (), splitter),
        connector(f"exit.{name}", f"3{k + 1}", junction, leave, outside, before, here, limit),
        connector(f"past.{name}", f"4{k + 1}", junction, through, [street.lane()], before, after, limit, center="curb"),
    ]


def _splitter(street: Street, ring: _Ring, k: int) -> ObjectRecord | None:
    """The island between entry and exit, in the frame of the entry: within both inner edges, outside the ring lane."""
    way = chain(Pose(0.0, 0.0, 0.0), ring.entry)
    edge = reference_line(way, np.linspace(0.0, length_of(way), 60))[0]
    wedge = shapely.Polygon(np.concatenate([edge, (edge * [1.0, -1.0])[::-1]]))
    lane = shapely.Point(ring.stop_m, 0.0).buffer(ring.inner_m + street.lane_m, quad_segs=32)
    left = wedge.difference(lane).buffer(-0.35).simplify(0.02)
    if left.is_empty or left.geom_type != "Polygon" or left.area < 0.5:
        return None
    return island(f"island.{NAMES[k]}", [(float(x), float(y)) for x, y in shapely.get_coordinates(left)[:-1]])


def _junction(k: int) -> Junction:
    ways = [(road_id(k), f"2{k + 1}", 2), (_ring_id(k - 1), f"3{k + 1}", 2), (_ring_id(k - 1), f"4{k + 1}", 1)]
    connections = tuple(
        Connection(str(n), incoming, way, "start", tuple((-(i + 1), -(i + 1)) for i in range(lanes)))
        for n, (incoming, way, lanes) in enumerate(ways)
    )
    return Junction(_junction_id(k), connections, f"roundabout.{NAMES[k]}")


def _routes(arms: list[Arm]) -> dict[str, tuple[str, ...]]:
    """From every arm to every other; `straight` and `left` pass one or two arms on the ring."""
    routes: dict[str, tuple[str, ...]] = {}
    for k in range(4):
        for turn in ("straight", "left", "right"):
            passed = TURNS[turn]
            lanes = [f"2{k + 1}.0.-1", f"{_ring_id(k)}.0.-1"]
            for n in range(1, passed):
                lanes += [f"4{(k + n) % 4 + 1}.0.-1", f"{_ring_id(k + n)}.0.-1"]
            to = (k + passed) % 4
            routes[f"{NAMES[k]}.{turn}"] = (*arms[k].inbound, *lanes, f"3{to + 1}.0.-1", *arms[to].outbound)
    return routes
