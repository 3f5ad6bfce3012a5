"""Crossroads and T-junctions of two-lane streets, with pavements around the corners; the ways through them anywhere.

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
    SignalRecord,
    SignalReference,
    Validity,
)
from scenarios.roads.arms import HOME, NAMES, TURNS, Arm, Site, Street, arm, connector, exit_pose, stop_pose
from scenarios.roads.furniture import Post, crosswalk, light, line_across, pole, sign_post
from scenarios.roads.parameters import choice, flag, number, optional_choice

ZEBRA_M = 5.0
FOUR_WAYS = tuple((k, turn) for k in range(4) for turn in TURNS)


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
    control: str | None = optional_choice(
        ("signals", "yield", "stop", "all_way_stop"),
        "what governs it, whatever `signals` says; under yield and stop main goes first",
    )


@dataclass(frozen=True, slots=True)
class TJunction:
    """Parameters of `t_junction`."""

    control: str = choice("yield", ("yield", "stop", "signals"), "sign on the minor road, or lights")
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
    street, control = _street(p), p.control or ("signals" if p.signals else "yield")
    arms: list[Arm] = []
    for k in range(4):
        posts, lines = governed(street, NAMES[k], rule_of(control, k % 2 == 0))
        arms.append(arm(street, k, HOME.junction, posts, lines))
    roads = four_ways(street, HOME, control == "signals", p.crosswalks)
    return _document("crossroads", arms, roads, FOUR_WAYS, NAMES)


def t_junction(p: TJunction) -> Document:
    """The OpenDRIVE document of a junction where a minor road meets a priority road from the right."""
    street = _street(p)
    names = ("main", "minor", "oncoming")
    lit = p.control == "signals"
    arms: list[Arm] = []
    for k in range(3):
        rule = rule_of(p.control, k != 1)
        posts = [] if lit else [control_post(street, NAMES[k], rule)]
        arms.append(arm(street, k, HOME.junction, posts, painted(street, names[k], rule)))
    arms[1] = replace(arms[1], road=replace(arms[1].road, name="minor"))
    ways = [(0, "straight"), (0, "right"), (1, "left"), (1, "right"), (2, "straight"), (2, "left")]
    roads: list[Road] = []
    for k, turn in ways:
        edge = turn == "right" or (k, turn) == (2, "straight")
        zebra = p.crosswalks and (turn == "straight" or (k, turn) == (1, "right"))
        objects = [_zebra(street, NAMES[k])] if zebra else []
        signals: list[SignalRecord] = []
        if lit and turn == "straight":
            signals.append(_light(street, names[k]))
            objects.append(pole(f"pole.signal.{names[k]}", *_light_place(street), 3.5, 0.06))
            if k == 2:
                signals.append(_light_opposite(street, names[1]))
                objects.append(pole(f"pole.signal.{names[1]}", *_opposite_place(street), 3.5, 0.06))
        way = _way(street, HOME, k, turn, edge, signals, objects)
        refers = lit and turn != "straight"
        roads.append(replace(way, signal_references=(_reference(names[k]),)) if refers else way)
    return _document("t_junction", arms, roads, ways, names)


def _street(p: Crossroads | TJunction) -> Street:
    stop = stop_m(p.lane_width_m, p.corner_radius_m)
    return Street(p.lane_width_m, p.sidewalk_width_m, p.speed_limit_mps, p.arm_length_m, p.exit_length_m, stop, p.trees)


def stop_m(lane_m: float, corner_m: float) -> float:
    """From the centre of a junction to its stop lines: the zebra crossing and the turn around the kerb."""
    return ZEBRA_M + tangent_m(0.5 * math.pi, corner_m + lane_m)


def rule_of(control: str, major: bool) -> str:
    """What an arm has: 'signals', or its sign: 'priority', 'yield' or 'stop'."""
    if control == "all_way_stop":
        return "stop"
    return control if control == "signals" or not major else "priority"


def governed(street: Street, name: str, rule: str) -> tuple[list[Post], list[SignalRecord]]:
    """Signs and painted lines at the end of an arm; lights stand beyond the junction."""
    posts = [] if rule == "signals" else [control_post(street, name, rule)]
    return posts, painted(street, name, rule)


def painted(street: Street, name: str, rule: str) -> list[SignalRecord]:
    """The line at the end of an arm, where one must stop or yield."""
    if rule == "priority":
        return []
    kind = "yield_line" if rule == "yield" else "stop_line"
    return [line_across(f"line.{name}", kind, street.length_m, -1)]


def control_post(street: Street, name: str, kind: str) -> Post:
    """The sign of an arm that says who goes first."""
    return sign_post(f"sign.{kind}.{name}", kind, street.length_m - 1.0, -street.sign_t_m, "+")


def four_ways(street: Street, site: Site, lit: bool, crosswalks: bool) -> list[Road]:
    """All twelve ways through crossroads, with a light for each arm where they are `lit`, and zebra crossings."""
    roads: list[Road] = []
    for k, turn in FOUR_WAYS:
        name, straight = site.names[k], turn == "straight"
        signals = [_light(street, name)] if lit and straight else []
        objects = [pole(f"pole.signal.{name}", *_light_place(street), 3.5, 0.06)] if signals else []
        if crosswalks and straight:
            objects.append(_zebra(street, name))
        way = _way(street, site, k, turn, turn == "right", signals, objects)
        roads.append(way if straight or not lit else replace(way, signal_references=(_reference(name),)))
    return roads


def _reference(name: str) -> SignalReference:
    return SignalReference(f"signal.{name}", 0.0, 0.0, "+", (Validity(-1, -1),))


def _light_place(street: Street) -> tuple[float, float]:
    """Beyond the junction on the right, so that drivers at the stop line see it."""
    return 2.0 * street.stop_m - ZEBRA_M - 0.6, -(street.lane_m + 0.7)


def _light(street: Street, name: str) -> SignalRecord:
    s, t = _light_place(street)
    return light(f"signal.{name}", s - 0.12, t, -1)


def _opposite_place(street: Street) -> tuple[float, float]:
    """Beyond the street that the minor road ends on, opposite its inbound lane; from the way straight on of arm 2."""
    return street.stop_m - 0.5 * street.lane_m, -(street.lane_m + 0.7)


def _light_opposite(street: Street, name: str) -> SignalRecord:
    """The light of the minor road: it hangs beside a way that it does not govern, turned towards those who wait."""
    s, t = _opposite_place(street)
    record = light(f"signal.{name}", s, t + 0.12, 0)
    return replace(record, h_offset=-0.5 * math.pi)


def _zebra(street: Street, name: str) -> ObjectRecord:
    return crosswalk(f"crosswalk.{name}", 0.5 * ZEBRA_M, -street.lane_m, street.lane_m)


def _way(
    street: Street,
    site: Site,
    k: int,
    turn: str,
    edge: bool,
    signals: Sequence[SignalRecord],
    objects: Sequence[ObjectRecord],
) -> Road:
    """The way from arm k; with kerb and pavement on its right where `edge` says so."""
    to = (k + TURNS[turn]) % 4
    start, end = stop_pose(street, k, site), exit_pose(street, to, site)
    parts = fillet(start.ahead(ZEBRA_M), end.ahead(-ZEBRA_M))
    geometry = chain(start, [(Line(), ZEBRA_M), *parts, (Line(), ZEBRA_M)])
    strips = [street.lane("curb"), street.walk()] if edge else [street.lane()]
    name, links = f"{site.names[k]}.{turn}", (site.links[k], site.links[to])
    identity = way_id(site, k, turn)
    return connector(name, identity, site.junction, geometry, strips, *links, street.limit_mps, signals, objects)


def way_id(site: Site, k: int, turn: str) -> str:
    """Road id of the way from arm k."""
    return f"{site.ways}{k + 1}{TURNS[turn]}"


def junction_of(site: Site, name: str, ways: Sequence[Road], turns: Sequence[tuple[int, str]]) -> Junction:
    """The junction of these ways, each of which begins at the arm that `turns` names beside it."""
    connections = tuple(
        Connection(
            str(n),
            site.links[k].element_id,
            way.id,
            "start",
            tuple((lane.predecessors[0], lane.id) for lane in way.sections[0].lanes if lane.id),
        )
        for n, ((k, _), way) in enumerate(zip(turns, ways, strict=True))
    )
    return Junction(site.junction, connections, name)


def _document(
    name: str, arms: Sequence[Arm], ways: Sequence[Road], turns: Sequence[tuple[int, str]], names: Sequence[str]
) -> Document:
    routes: dict[str, tuple[str, ...]] = {}
    for (k, turn), way in sorted(zip(turns, ways, strict=True), key=lambda item: _order(*item[0])):
        to = (k + TURNS[turn]) % 4
        routes[f"{names[k]}.{turn}"] = (*arms[k].inbound, f"{way.id}.0.-1", *arms[to].outbound)
    roads = (*(item.road for item in arms), *ways)
    return Document(roads, (junction_of(HOME, name, ways, turns),), name, routes=routes)


def _order(k: int, turn: str) -> tuple[int, int]:
    return k, ("straight", "left", "right").index(turn)
