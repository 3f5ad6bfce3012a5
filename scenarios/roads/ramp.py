"""A motorway with an entry ramp: the ramp curves in, runs beside the main lanes and ends with a taper.

The ramp joins in a junction (without crossing traffic): road 1 leads there, road 2 leaves it with one lane more.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from driving_data.maps.opendrive.build import (
    Pose,
    Strip,
    chain,
    chain_ending,
    cross_section,
    length_of,
    linked,
    same_ids,
    smooth_step,
    turn_parts,
)
from driving_data.maps.opendrive.curves import reference_line
from driving_data.maps.opendrive.document import (
    Connection,
    Cubic,
    Document,
    Geometry,
    Junction,
    Line,
    Road,
    RoadLink,
    RoadType,
)
from scenarios.roads.furniture import guard_rail, kmh, sign_post
from scenarios.roads.motorway import MEDIAN_M, SHOULDER_M, VERGE_M, carriageway, outer_edge_m
from scenarios.roads.parameters import count, number

JUNCTION = "100"
GORE_M = 40.0
TAPER_M = 60.0
SHRINK_M = 90.0
RAMP_ANGLE_RAD = math.radians(14.0)
RAMP_RADIUS_M = 180.0
RAMP_SHOULDER_M = 1.5


@dataclass(frozen=True, slots=True)
class Ramp:
    """Parameters of `ramp`."""

    lanes: int = count(2, 2, 4, "driving lanes per direction")
    approach_m: float = number(250.0, 160.0, 2000.0, "m", "main lanes before the ramp joins; the ramp is as long")
    merge_length_m: float = number(200.0, 50.0, 500.0, "m", "length of the acceleration lane, without its taper")
    exit_length_m: float = number(300.0, 80.0, 2000.0, "m", "main lanes behind the taper")
    speed_limit_mps: float = number(33.33, 16.0, 45.0, "mps", "speed limit of the main lanes")
    ramp_limit_mps: float = number(22.22, 8.0, 40.0, "mps", "speed limit of the ramp")
    lane_width_m: float = number(3.75, 3.25, 4.25, "m", "width of each driving lane")


def layout(p: Ramp) -> Document:
    """The OpenDRIVE document of a motorway with an entry ramp."""
    roads = (_before(p), _behind(p), _ramp(p), _through(p), _joining(p), _oncoming(p))
    ids = [-(k + 1) for k in range(p.lanes + 1)]
    links = tuple((i, i) for i in ids)
    connections = (
        Connection("0", "1", "11", "start", links),
        Connection("1", "3", "12", "start", ((-1, -1), (-2, -2), (-3, -3))),
    )
    routes: dict[str, tuple[str, ...]] = {}
    for k in range(p.lanes):
        lane = -(p.lanes + 1 - k)
        routes[f"main.{k + 1}"] = (f"1.0.{lane}", f"11.0.{lane}", *(f"2.{n}.{lane}" for n in range(3)))
    for k in range(p.lanes):
        routes[f"oncoming.{k + 1}"] = (f"4.0.{-(p.lanes + 1 - k)}",)
    routes["ramp"] = ("3.0.-1", "12.0.-1", f"2.0.{-(p.lanes + 2)}")
    return Document(roads, (Junction(JUNCTION, connections, "merge"),), "ramp", routes=routes)


def _types(limit_mps: float) -> tuple[RoadType, ...]:
    return (RoadType(0.0, "motorway", limit_mps),)


def _before(p: Ramp) -> Road:
    """The main lanes; hard shoulder and verge narrow to nothing where the ramp comes in."""
    lanes = carriageway(p.lanes, p.lane_width_m)
    ramp = _ramp_line(p)
    lanes[-2] = replace(lanes[-2], width_m=_wedge(p, ramp, SHOULDER_M, 0.0))
    lanes[-1] = replace(lanes[-1], width_m=_wedge(p, ramp, VERGE_M, SHOULDER_M))
    outside = outer_edge_m(p.lanes, p.lane_width_m) + 0.6
    post = sign_post("sign.limit.main", "speed_limit", 60.0, -outside - 0.7, "+", kmh(p.speed_limit_mps), 0.75)
    return Road(
        "1",
        p.approach_m,
        chain(Pose(0.0, 0.0, 0.0), [(Line(), p.approach_m)]),
        (cross_section(0.0, (), lanes, "none"),),
        "main.before",
        successor=RoadLink("junction", JUNCTION),
        types=_types(p.speed_limit_mps),
        signals=(post.sign,),
        objects=(
            guard_rail("guard_rail.median.1", 0.0, p.approach_m, -0.5),
            # Behind this the rail would stand in the ramp.
            guard_rail("guard_rail.right.1", 0.0, p.approach_m - 70.0, -outside),
            post.pole,
        ),
    )


def _wedge(p: Ramp, ramp: tuple[Geometry, ...], full_m: float, taken_m: float) -> tuple[Cubic, ...]:
    """Width of a strip of the main road that ends where the ramp comes in, as pieces of 1 m.

    It has its full width where the gap between main lanes and ramp, less the `taken_m` of strips before it, is wider.
    """
    at = np.linspace(0.0, length_of(ramp), 4 * math.ceil(length_of(ramp)))
    points = reference_line(ramp, at)[0]
    s = np.arange(math.floor(p.approach_m - SHRINK_M), p.approach_m, 1.0)
    s = np.append(s, p.approach_m)
    gap = -(MEDIAN_M + p.lanes * p.lane_width_m) - np.interp(s, points[:, 0], points[:, 1])
    width = np.clip(gap - taken_m, 0.0, full_m)
    slopes = np.diff(width) / np.diff(s)
    return (
        Cubic(0.0, full_m),
        *(Cubic(float(x), float(w), float(b)) for x, w, b in zip(s[:-1], width[:-1], slopes, strict=True)),
    )


def _through(p: Ramp) -> Road:
    """The main lanes past the nose of the ramp; without hard shoulder, for there the ramp comes in."""
    strips = carriageway(p.lanes, p.lane_width_m)[: p.lanes + 1]
    section = cross_section(0.0, (), strips)
    ids = {lane.id: lane.id for lane in section.lanes if lane.id}
    return Road(
        "11",
        GORE_M,
        chain(Pose(p.approach_m, 0.0, 0.0), [(Line(), GORE_M)]),
        (linked(section, ids, ids),),
        "main.past_nose",
        JUNCTION,
        predecessor=RoadLink("road", "1", "end"),
        successor=RoadLink("road", "2", "start"),
        types=_types(p.speed_limit_mps),
        objects=(guard_rail("guard_rail.median.11", 0.0, GORE_M, -0.5),),
    )


def _behind(p: Ramp) -> Road:
    """Acceleration lane, its taper, and the road behind it."""
    n, width = p.lanes, p.lane_width_m
    base = carriageway(n, width)
    main, shoulder, verge = base[: n + 1], base[n + 1], base[n + 2]
    crossable = replace(main[-1], mark="broken", lane_change="both")
    length = p.merge_length_m + TAPER_M + p.exit_length_m
    entry = Strip("entry", width, "solid", mark_width_m=0.3, lane_change="none", limit_mps=p.speed_limit_mps)
    taper = replace(entry, width_m=(smooth_step(0.0, TAPER_M, width, 0.0),))
    narrow = replace(shoulder, width_m=RAMP_SHOULDER_M)
    wide = replace(shoulder, width_m=(smooth_step(0.0, TAPER_M, RAMP_SHOULDER_M, SHOULDER_M),))
    sections = [
        cross_section(0.0, (), [*main[:-1], crossable, entry, narrow, verge]),
        cross_section(p.merge_length_m, (), [*main[:-1], crossable, taper, wide, verge]),
        cross_section(p.merge_length_m + TAPER_M, (), base),
    ]
    plain = same_ids(sections[:2])
    last = {i: i for i in (-(k + 1) for k in range(n + 1))} | {-(n + 2): -(n + 3), -(n + 3): -(n + 4)}
    joined = (plain[0], linked(plain[1], None, {there: here for here, there in last.items()}))
    into = {-(k + 1): -(k + 1) for k in range(n + 3)}
    outside = outer_edge_m(n, width) + 0.6
    beside = outside + width - SHOULDER_M + RAMP_SHOULDER_M
    return Road(
        "2",
        length,
        chain(Pose(p.approach_m + GORE_M, 0.0, 0.0), [(Line(), length)]),
        (linked(joined[0], into, None), joined[1], linked(sections[2], last, None)),
        "main.behind",
        predecessor=RoadLink("junction", JUNCTION),
        types=_types(p.speed_limit_mps),
        objects=(
            guard_rail("guard_rail.median.2", 0.0, length, -0.5),
            guard_rail("guard_rail.right.2", 0.0, p.merge_length_m, -beside),
            guard_rail("guard_rail.taper", p.merge_length_m, p.merge_length_m + TAPER_M, -beside, -outside),
            guard_rail("guard_rail.right.3", p.merge_length_m + TAPER_M, length, -outside),
        ),
    )


def _ramp_strips(p: Ramp) -> list[Strip]:
    lane = Strip("entry", p.lane_width_m, "solid", mark_width_m=0.3, lane_change="none", limit_mps=p.ramp_limit_mps)
    return [lane, Strip("shoulder", RAMP_SHOULDER_M, "grass"), Strip("none", VERGE_M)]


def _nose(p: Ramp) -> Pose:
    """The left edge of the acceleration lane where it begins."""
    return Pose(p.approach_m + GORE_M, -(MEDIAN_M + p.lanes * p.lane_width_m), 0.0)


def _joining(p: Ramp) -> Road:
    """The last, straight metres of the ramp beside the main lanes."""
    section = cross_section(0.0, (), _ramp_strips(p), "solid")
    entry = -(p.lanes + 2)
    return Road(
        "12",
        GORE_M,
        chain(_nose(p).ahead(-GORE_M), [(Line(), GORE_M)]),
        (linked(section, {-1: -1, -2: -2, -3: -3}, {-1: entry, -2: entry - 1, -3: entry - 2}),),
        "ramp.nose",
        JUNCTION,
        predecessor=RoadLink("road", "3", "end"),
        successor=RoadLink("road", "2", "start"),
        types=_types(p.ramp_limit_mps),
        objects=(guard_rail("guard_rail.nose", 0.0, GORE_M, -(p.lane_width_m + RAMP_SHOULDER_M + 0.6)),),
    )


def _ramp_line(p: Ramp) -> tuple[Geometry, ...]:
    """The left edge of the ramp up to where it runs beside the main lanes."""
    turn = turn_parts(-RAMP_ANGLE_RAD, RAMP_RADIUS_M)
    bend = sum(length for _, length in turn)
    return chain_ending(_nose(p).ahead(-GORE_M), [(Line(), p.approach_m - bend), *turn])


def _ramp(p: Ramp) -> Road:
    geometry = _ramp_line(p)
    length = length_of(geometry)
    edge = p.lane_width_m + RAMP_SHOULDER_M + 0.6
    post = sign_post("sign.limit.ramp", "speed_limit", 20.0, -edge - 0.6, "+", kmh(p.ramp_limit_mps), 0.75)
    return Road(
        "3",
        length,
        geometry,
        (cross_section(0.0, (), _ramp_strips(p), "solid"),),
        "ramp",
        successor=RoadLink("junction", JUNCTION),
        types=_types(p.ramp_limit_mps),
        signals=(post.sign,),
        objects=(guard_rail("guard_rail.ramp", 0.0, length, -edge), post.pole),
    )


def _oncoming(p: Ramp) -> Road:
    length = p.approach_m + GORE_M + p.merge_length_m + TAPER_M + p.exit_length_m
    outside = outer_edge_m(p.lanes, p.lane_width_m) + 0.6
    post = sign_post("sign.limit.oncoming", "speed_limit", 60.0, -outside - 0.7, "+", kmh(p.speed_limit_mps), 0.75)
    return Road(
        "4",
        length,
        chain(Pose(length, 0.0, math.pi), [(Line(), length)]),
        (cross_section(0.0, (), carriageway(p.lanes, p.lane_width_m)),),
        "oncoming",
        types=_types(p.speed_limit_mps),
        signals=(post.sign,),
        objects=(
            guard_rail("guard_rail.median.4", 0.0, length, -0.5),
            guard_rail("guard_rail.right.4", 0.0, length, -outside),
            post.pole,
        ),
    )
