"""Crossroads and T-junctions of two-lane streets, with pavements around the corners.

The way through the junction begins at the stop line: 5 m straight on over the zebra crossing, then the turn
(clothoid, arc, clothoid), then 5 m straight out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from driving_data.maps.opendrive.build import chain, fillet, tangent_m
from driving_data.maps.opendrive.document import (
    Connection,
    Document,
    Junction,
    Line,
    ObjectRecord,
    Road,
    RoadLink,
    SignalRecord,
    SignalReference,
    Validity,
)
from scenarios.roads.arms import NAMES, TURNS, Arm, Street, arm, connector, exit_pose, road_id, stop_pose
from scenarios.roads.furniture import Post, crosswalk, light, line_across, pole, sign_post
from scenarios.roads.parameters import choice, flag, number

JUNCTION = "100"
ZEBRA_M = 5.0


@dataclass(frozen=True, slots=True)
class Crossroads:
    """Parameters of `crossroads`."""

    signals: bool = flag(True, "traffic lights; without them main has priority and the others yield")
    crosswalks: bool = flag(True, "zebra crossings on all arms")
    arm_length_m: float = number(80.0, 20.0, 500.0, "m", "from the beginning of each route to the stop line")
    exit_length_m: float = number(60.0, 20.0, 500.0, "m", "length of each route behind the junction")
    speed_limit_mps: float = number(13.89, 5.0, 20.0, "mps", "speed limit")
    lane_width_m: float = number(3.5, 2.75, 4.0, "m", "width of each lane")
    sidewalk_width_m: float = number(2.5, 1.0, 5.0, "m", "width of each pavement")
    corner_radius_m: float = number(7.0, 6.0, 15.0, "m", "radius of the kerb at the corners")
    trees: bool = flag(True, "trees along the arms")


@dataclass(frozen=True, slots=True)
class TJunction:
    """Parameters of `t_junction`."""

    control: str = choice("yield", ("yield", "stop"), "sign on the minor road")
    crosswalks: bool = flag(False, "zebra crossings on all arms")
    arm_length_m: float = number(80.0, 20.0, 500.0, "m", "from the beginning of each route to the stop line")
    exit_length_m: float = number(60.0, 20.0, 500.0, "m", "length of each route behind the junction")
    speed_limit_mps: float = number(13.89, 5.0, 20.0, "mps", "speed limit")
    lane_width_m: float = number(3.5, 2.75, 4.0, "m", "width of each lane")
    sidewalk_width_m: float = number(2.5, 1.0, 5.0, "m", "width of each pavement")
    corner_radius_m: float = number(7.0, 6.0, 15.0, "m", "radius of the kerb at the corners")
    trees: bool = flag(True, "trees along the arms")


def crossroads(p: Crossroads) -> Document:
    """The OpenDRIVE document of crossroads with four arms."""
    street, ways = _street(p), [(k, turn) for k in range(4) for turn in TURNS]
    arms: list[Arm] = []
    for k in range(4):
        major = k % 2 == 0
        posts = [] if p.signals else [_control(street, k, "priority" if major else "yield")]
        kind = "stop_line" if p.signals else "yield_line"
        lines = [] if major and not p.signals else [line_across(f"line.{NAMES[k]}", kind, street.length_m, -1)]
        arms.append(arm(street, k, JUNCTION, posts, lines))
    roads: list[Road] = []
    for k, turn in ways:
        signals = [_light(street, k)] if p.signals and turn == "straight" else []
        objects = [pole(f"pole.signal.{NAMES[k]}", *_light_place(street), 3.5, 0.06)] if signals else []
        if p.crosswalks and turn == "straight":
            objects.append(_zebra(street, k))
        way = _way(street, k, turn, ["curb", "walk"] if turn == "right" else [], signals, objects)
        if p.signals and turn != "straight":
            reference = SignalReference(f"signal.{NAMES[k]}", 0.0, 0.0, "+", (Validity(-1, -1),))
            way = replace(way, signal_references=(reference,))
        roads.append(way)
    return _document("crossroads", arms, roads, ways, NAMES)


def t_junction(p: TJunction) -> Document:
    """The OpenDRIVE document of a junction where a minor road meets a priority road from the right."""
    street = _street(p)
    names = ("main", "minor", "oncoming")
    posts = [_control(street, k, p.control if k == 1 else "priority") for k in range(3)]
    lines = [line_across("line.minor", f"{p.control}_line", street.length_m, -1)]
    arms = [arm(street, k, JUNCTION, [posts[k]], lines if k == 1 else []) for k in range(3)]
    arms[1] = replace(arms[1], road=replace(arms[1].road, name="minor"))
    ways = [(0, "straight"), (0, "right"), (1, "left"), (1, "right"), (2, "straight"), (2, "left")]
    roads: list[Road] = []
    for k, turn in ways:
        edge = ["curb", "walk"] if turn == "right" or (k, turn) == (2, "straight") else []
        zebra = p.crosswalks and (turn == "straight" or (k, turn) == (1, "right"))
        roads.append(_way(street, k, turn, edge, [], [_zebra(street, k)] if zebra else []))
    return _document("t_junction", arms, roads, ways, names)


def _street(p: Crossroads | TJunction) -> Street:
    turn = tangent_m(0.5 * math.pi, p.corner_radius_m + p.lane_width_m)
    return Street(
        p.lane_width_m, p.sidewalk_width_m, p.speed_limit_mps, p.arm_length_m, p.exit_length_m, ZEBRA_M + turn, p.trees
    )


def _control(street: Street, k: int, kind: str) -> Post:
    return sign_post(f"sign.{kind}.{NAMES[k]}", kind, street.length_m - 1.0, -street.sign_t_m, "+")


def _light_place(street: Street) -> tuple[float, float]:
    """Beyond the junction on the right, so that drivers at the stop line see it."""
    return 2.0 * street.stop_m - ZEBRA_M - 0.6, -(street.lane_m + 0.7)


def _light(street: Street, k: int) -> SignalRecord:
    s, t = _light_place(street)
    return light(f"signal.{NAMES[k]}", s - 0.12, t, -1)


def _zebra(street: Street, k: int) -> ObjectRecord:
    return crosswalk(f"crosswalk.{NAMES[k]}", 0.5 * ZEBRA_M, -street.lane_m, street.lane_m)


def _way(
    street: Street,
    k: int,
    turn: str,
    edge: Sequence[str],
    signals: Sequence[SignalRecord],
    objects: Sequence[ObjectRecord],
) -> Road:
    """The way from arm k; with kerb and pavement on its right where `edge` says so."""
    to = (k + TURNS[turn]) % 4
    start, end = stop_pose(street, k), exit_pose(street, to)
    parts = fillet(start.ahead(ZEBRA_M), end.ahead(-ZEBRA_M))
    geometry = chain(start, [(Line(), ZEBRA_M), *parts, (Line(), ZEBRA_M)])
    strips = [street.lane("curb"), street.walk()] if edge else [street.lane()]
    links = (RoadLink("road", road_id(k), "end"), RoadLink("road", road_id(to), "end"))
    name = f"{NAMES[k]}.{turn}"
    return connector(name, _way_id(k, turn), JUNCTION, geometry, strips, *links, street.limit_mps, signals, objects)


def _way_id(k: int, turn: str) -> str:
    return f"1{k + 1}{TURNS[turn]}"


def _document(
    name: str, arms: Sequence[Arm], ways: Sequence[Road], turns: Sequence[tuple[int, str]], names: Sequence[str]
) -> Document:
    connections = tuple(
        Connection(
            str(n), road_id(k), way.id, "start", tuple((lane.id, lane.id) for lane in way.sections[0].lanes if lane.id)
        )
        for n, ((k, _), way) in enumerate(zip(turns, ways, strict=True))
    )
    routes: dict[str, tuple[str, ...]] = {}
    for (k, turn), way in sorted(zip(turns, ways, strict=True), key=lambda item: _order(*item[0])):
        to = (k + TURNS[turn]) % 4
        routes[f"{names[k]}.{turn}"] = (*arms[k].inbound, f"{way.id}.0.-1", *arms[to].outbound)
    roads = (*(item.road for item in arms), *ways)
    return Document(roads, (Junction(JUNCTION, connections, name),), name, routes=routes)


def _order(k: int, turn: str) -> tuple[int, int]:
    return k, ("straight", "left", "right").index(turn)
