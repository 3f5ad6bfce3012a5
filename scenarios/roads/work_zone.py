"""A road in town with a work zone: signs announce it, the limit is reduced, and one lane is closed.

The lanes stay in the map: cones and barriers that close one are actors, which the scenario places.
"""

from dataclasses import dataclass

from driving_data.maps.opendrive.build import Strip, cross_section
from driving_data.maps.opendrive.document import Document, ObjectRecord, Section
from scenarios.roads.furniture import Post, kmh, sign_post
from scenarios.roads.parameters import count, number, refuse
from scenarios.roads.straights import bend, lanes_by_route, oncoming_by_route, one_road
from scenarios.roads.urban import KERB_M, roadside

MEDIAN_M = 2.0
WARNING_M = 60.0
REDUCED_M = 40.0
BEHIND_M = 20.0


@dataclass(frozen=True, slots=True)
class WorkZone:
    """Parameters of `work_zone`."""

    lanes: int = count(2, 2, 3, "driving lanes per direction")
    oncoming: int = count(2, 0, 3, "driving lanes of the other direction; 0 makes a one-way street")
    closed_lane: int = count(1, 1, 3, "lane that is closed, 1 is rightmost")
    length_m: float = number(400.0, 150.0, 2000.0, "m", "length")
    closure_start_m: float = number(180.0, 70.0, 1900.0, "m", "where the closure begins")
    closure_end_m: float = number(260.0, 80.0, 1970.0, "m", "where it ends")
    curvature_1pm: float = number(0.0, -0.01, 0.01, "1pm", "constant curvature, positive to the left")
    speed_limit_mps: float = number(13.89, 5.0, 28.0, "mps", "speed limit outside the zone")
    zone_limit_mps: float = number(8.33, 2.0, 23.0, "mps", "speed limit from 40 m before the closure")
    lane_width_m: float = number(3.25, 2.75, 4.0, "m", "width of each driving lane")
    light_towers: int = count(0, 0, 6, "portable light towers beside the closure")
    sidewalk_width_m: float = number(2.5, 1.0, 6.0, "m", "width of each pavement")


def layout(p: WorkZone) -> Document:
    """The OpenDRIVE document of a road with a work zone."""
    if p.closure_end_m < p.closure_start_m + 10.0:
        expected = f"at least closure_start_m + 10 m = {p.closure_start_m + 10:g} m"
        raise refuse("closure_end_m", p.closure_end_m, expected)
    if p.closure_end_m > p.length_m - BEHIND_M - 10.0:
        expected = f"at most length_m - 30 m = {p.length_m - 30:g} m"
        raise refuse("closure_end_m", p.closure_end_m, expected)
    if p.closed_lane > p.lanes:
        raise refuse("closed_lane", p.closed_lane, f"one of the {p.lanes} lanes")
    starts = (0.0, p.closure_start_m - REDUCED_M, p.closure_end_m + BEHIND_M)
    limits = (p.speed_limit_mps, p.zone_limit_mps, p.speed_limit_mps)
    sections = [_section(p, s, limit) for s, limit in zip(starts, limits, strict=True)]
    inner = 1 if p.oncoming else 0
    routes = {
        **lanes_by_route(p.lanes, p.lanes + inner),
        **oncoming_by_route(p.oncoming, p.oncoming + inner),
        "sidewalk.right": -(p.lanes + inner + 1),
    }
    kerb = p.lanes * p.lane_width_m + (0.5 * MEDIAN_M if inner else 0.0)
    kerbs = {"right": kerb, "left": p.oncoming * p.lane_width_m + (0.5 * MEDIAN_M if inner else 0.0)}
    objects = (*roadside(p.length_m, kerbs, p.sidewalk_width_m, True), *_towers(p, kerb))
    geometry = bend(p.length_m, p.curvature_1pm)
    return one_road("work_zone", "town", geometry, p.speed_limit_mps, sections, routes, _signs(p, kerb), objects)


def _towers(p: WorkZone, kerb_m: float) -> list[ObjectRecord]:
    """Light towers on the pavement, evenly along the closure."""
    step = (p.closure_end_m - p.closure_start_m) / max(p.light_towers, 1)
    return [
        ObjectRecord(f"light_tower.{k}", "pole", p.closure_start_m + (k + 0.5) * step, -(kerb_m + 1.1), "light_tower",
                     subtype="lightTower", radius=0.9, height=7.0)
        for k in range(p.light_towers)
    ]  # fmt: skip


def _section(p: WorkZone, s_m: float, limit_mps: float) -> Section:
    reduced = limit_mps != p.speed_limit_mps
    color = "yellow" if reduced else "standard"
    right = _side(p, p.lanes, limit_mps, color)
    left = _side(p, p.oncoming, p.speed_limit_mps, "standard")
    if not p.oncoming:
        # The left edge of a one-way street: kerb and pavement without lanes.
        return cross_section(s_m, [_walk(p, True)], right[1:], "curb")
    return cross_section(s_m, left, right)


def _side(p: WorkZone, lanes: int, limit_mps: float, color: str) -> list[Strip]:
    """From the middle outwards: half the median, lanes, pavement."""
    inner = [Strip("driving", p.lane_width_m, "broken", color, limit_mps=limit_mps) for _ in range(max(lanes - 1, 0))]
    last = Strip("driving", p.lane_width_m, "curb", lane_change="none", limit_mps=limit_mps)
    return [Strip("median", 0.5 * MEDIAN_M, "curb"), *inner, last, _walk(p, False)]


def _walk(p: WorkZone, reversed_: bool) -> Strip:
    return Strip("sidewalk", p.sidewalk_width_m, height_m=KERB_M, reversed=reversed_)


def _signs(p: WorkZone, kerb_m: float) -> list[Post]:
    t, start, end = -(kerb_m + 0.45), p.closure_start_m, p.closure_end_m
    return [
        sign_post("sign.limit.main", "speed_limit", min(8.0, start - WARNING_M - 4.0), t, "+", kmh(p.speed_limit_mps)),
        sign_post("sign.work_zone", "work_zone", start - WARNING_M, t, "+"),
        sign_post("sign.narrowing", "narrowing", start - WARNING_M + 10.0, t, "+"),
        sign_post("sign.limit.zone", "speed_limit", start - REDUCED_M, t, "+", kmh(p.zone_limit_mps)),
        sign_post("sign.limit.end", "speed_limit", end + BEHIND_M, t, "+", kmh(p.speed_limit_mps)),
    ]
