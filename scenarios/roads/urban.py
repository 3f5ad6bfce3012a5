"""Streets in town: lanes, parking lanes, kerbs, pavements, lamps and trees; and their narrow residential kin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from driving_data.maps.opendrive.build import Strip, cross_section
from driving_data.maps.opendrive.document import Document, ObjectRecord
from scenarios.roads.furniture import LAMP_SPACING_M, crosswalk, kmh, lamps, present, sign_post, trees
from scenarios.roads.parameters import count, flag, number, optional_place, refuse
from scenarios.roads.straights import bend, lanes_by_route, oncoming_by_route, one_road

KERB_M = 0.12
# Lane markings end half a metre before a zebra crossing.
ZEBRA_HALF_M = 2.0


@dataclass(frozen=True, slots=True)
class Urban:
    """Parameters of `urban`."""

    lanes: int = count(1, 1, 2, "driving lanes per direction")
    parking: bool = flag(True, "parking lanes on both sides")
    length_m: float = number(300.0, 60.0, 3000.0, "m", "length")
    curvature_1pm: float = number(0.0, -0.025, 0.025, "1pm", "constant curvature, positive to the left")
    speed_limit_mps: float = number(13.89, 5.0, 20.0, "mps", "speed limit")
    lane_width_m: float = number(3.25, 2.75, 4.0, "m", "width of each driving lane")
    parking_width_m: float = number(2.2, 1.8, 3.0, "m", "width of each parking lane")
    sidewalk_width_m: float = number(2.5, 1.0, 6.0, "m", "width of each pavement")
    crosswalk_s_m: float | None = optional_place(5.0, 2995.0, "where a zebra crossing lies, if any")
    trees: bool = flag(True, "trees along the outer edge of the pavements")


@dataclass(frozen=True, slots=True)
class Residential:
    """Parameters of `residential`."""

    parking: bool = flag(True, "parking lanes on both sides")
    length_m: float = number(200.0, 60.0, 1500.0, "m", "length")
    curvature_1pm: float = number(0.0, -0.03, 0.03, "1pm", "constant curvature, positive to the left")
    speed_limit_mps: float = number(8.33, 2.0, 14.0, "mps", "speed limit")
    lane_width_m: float = number(2.75, 2.5, 3.5, "m", "width of each driving lane")
    parking_width_m: float = number(2.0, 1.8, 2.5, "m", "width of each parking lane")
    sidewalk_width_m: float = number(2.0, 1.0, 4.0, "m", "width of each pavement")
    crosswalk_s_m: float | None = optional_place(5.0, 1495.0, "where a zebra crossing lies, if any")
    trees: bool = flag(True, "trees along the outer edge of the pavements")


def layout(p: Urban) -> Document:
    """The OpenDRIVE document of a street in town."""
    if p.crosswalk_s_m is not None and p.crosswalk_s_m > p.length_m - 5.0:
        raise refuse("crosswalk_s_m", p.crosswalk_s_m, f"at most length_m - 5 m = {p.length_m - 5.0:g} m")
    return _street("urban", "town", p, "solid solid" if p.lanes > 1 else "broken")


def residential(p: Residential) -> Document:
    """The OpenDRIVE document of a residential street: no centre line, as is usual at 30 km/h."""
    if p.crosswalk_s_m is not None and p.crosswalk_s_m > p.length_m - 5.0:
        raise refuse("crosswalk_s_m", p.crosswalk_s_m, f"at most length_m - 5 m = {p.length_m - 5.0:g} m")
    street = Urban(
        1, p.parking, p.length_m, p.curvature_1pm, p.speed_limit_mps, p.lane_width_m, p.parking_width_m,
        p.sidewalk_width_m, p.crosswalk_s_m, p.trees,
    )  # fmt: skip
    return _street("residential", "lowSpeed", street, "none")


def side_strips(p: Urban) -> list[Strip]:
    """One side of the street from the centre outwards."""
    lanes = [Strip("driving", p.lane_width_m, "broken") for _ in range(p.lanes)]
    if p.parking:
        lanes[-1] = replace(lanes[-1], mark="broken", mark_width_m=0.12, lane_change="none")
        lanes.append(Strip("parking", p.parking_width_m, "curb"))
    else:
        lanes[-1] = replace(lanes[-1], mark="curb", lane_change="none")
    return [*lanes, Strip("sidewalk", p.sidewalk_width_m, height_m=KERB_M)]


def _street(name: str, kind: str, p: Urban, center: str) -> Document:
    right = side_strips(p)
    left = [replace(strip, reversed=strip.type != "driving") for strip in right]
    kerb = p.lanes * p.lane_width_m + (p.parking_width_m if p.parking else 0.0)
    walk = p.lanes + p.parking + 1
    routes = {**lanes_by_route(p.lanes, p.lanes), **oncoming_by_route(p.lanes, p.lanes)}
    if p.parking:
        routes |= {"parking.right": -(p.lanes + 1), "parking.left": p.lanes + 1}
    routes |= {"sidewalk.right": -walk, "sidewalk.left": walk}
    plate, sign_t = kmh(p.speed_limit_mps), kerb + 0.45
    posts = [
        sign_post("sign.limit.main", "speed_limit", 12.0, -sign_t, "+", plate),
        sign_post("sign.limit.oncoming", "speed_limit", p.length_m - 12.0, sign_t, "-", plate),
    ]
    objects = roadside(p.length_m, {"right": kerb, "left": kerb}, p.sidewalk_width_m, p.trees)
    if p.crosswalk_s_m is not None:
        at = p.crosswalk_s_m
        objects.append(crosswalk("crosswalk.1", at, -kerb, kerb))
        posts += [
            sign_post("sign.crosswalk.main", "crosswalk_sign", max(at - 2.5, 0.5), -sign_t, "+"),
            sign_post("sign.crosswalk.oncoming", "crosswalk_sign", at + 2.5, sign_t, "-"),
        ]
    geometry = bend(p.length_m, p.curvature_1pm)
    sections = [cross_section(0.0, left, right, center)]
    if p.crosswalk_s_m is not None:
        bare = cross_section(p.crosswalk_s_m - ZEBRA_HALF_M, without_marks(left), without_marks(right))
        sections += [bare, cross_section(p.crosswalk_s_m + ZEBRA_HALF_M, left, right, center)]
    return one_road(name, kind, geometry, p.speed_limit_mps, sections, routes, posts, objects)


def roadside(
    length_m: float, kerbs_m: Mapping[str, float], walk_m: float, with_trees: bool, start_m: float = 8.0
) -> list[ObjectRecord]:
    """Lamps and trees along a street whose kerbs (`right`, `left`) lie that far from its reference line.

    Lamps stand just behind the kerb, on opposite sides half a spacing apart; trees at the outer edge of the pavement.
    """
    found: list[ObjectRecord | None] = []
    end = length_m - 8.0
    for name, kerb in kerbs_m.items():
        side, shift = (-1.0, 0.0) if name == "right" else (1.0, 0.5 * LAMP_SPACING_M)
        found.append(lamps(f"street_lamp.{name}", start_m + shift, end, side * (kerb + 0.5)))
        if with_trees:
            found.append(trees(f"tree.{name}", start_m + 7.0, end, side * (kerb + walk_m + 1.6), 15.0))
    return list(present(found))


def without_marks(strips: Sequence[Strip]) -> list[Strip]:
    """The strips without painted lines, as on a zebra crossing; kerbs and rights to change lanes stay."""
    painted = ("broken", "solid", "solid solid")
    return [
        replace(s, mark="none", lane_change=s.lane_change or ("both" if s.mark == "broken" else "none"))
        if s.mark in painted
        else s
        for s in strips
    ]
