"""Where one drives at walking pace: the aisle of a car park, and a street that everybody shares."""

from dataclasses import dataclass

from driving_data.maps.opendrive.build import Strip, cross_section
from driving_data.maps.opendrive.document import Document
from scenarios.roads.furniture import kmh, lamps, present, sign_post, trees
from scenarios.roads.parameters import flag, number
from scenarios.roads.straights import bend, lanes_by_route, oncoming_by_route, one_road

EDGE_M = 1.5


@dataclass(frozen=True, slots=True)
class Parking:
    """Parameters of `parking`."""

    length_m: float = number(120.0, 30.0, 600.0, "m", "length of the aisle")
    curvature_1pm: float = number(0.0, -0.03, 0.03, "1pm", "constant curvature, positive to the left")
    speed_limit_mps: float = number(2.78, 1.0, 8.4, "mps", "speed limit")
    lane_width_m: float = number(3.0, 2.5, 4.0, "m", "width of each lane of the aisle")
    bay_depth_m: float = number(5.0, 2.0, 6.0, "m", "depth of the bays beside it, 5 m for cars side by side")
    trees: bool = flag(True, "trees behind the bays")


@dataclass(frozen=True, slots=True)
class SharedSpace:
    """Parameters of `shared_space`."""

    length_m: float = number(150.0, 40.0, 800.0, "m", "length")
    curvature_1pm: float = number(0.0, -0.03, 0.03, "1pm", "constant curvature, positive to the left")
    speed_limit_mps: float = number(2.78, 1.0, 8.4, "mps", "speed limit")
    lane_width_m: float = number(2.75, 2.5, 3.5, "m", "width in which each direction usually drives")
    side_width_m: float = number(3.0, 1.0, 6.0, "m", "width on each side where people usually walk, on the same level")
    trees: bool = flag(True, "trees along both sides")


def parking(p: Parking) -> Document:
    """The OpenDRIVE document of a car park: an aisle for both directions between two rows of bays, nothing painted."""
    lane = Strip("driving", p.lane_width_m, "solid", mark_width_m=0.1, lane_change="none")
    bays = Strip("parking", p.bay_depth_m, "curb")
    side = [lane, bays, Strip("none", EDGE_M)]
    left = [lane, Strip("parking", p.bay_depth_m, "curb", reversed=True), Strip("none", EDGE_M, reversed=True)]
    routes = {**lanes_by_route(1, 1), **oncoming_by_route(1, 1), "parking.right": -2, "parking.left": 2}
    edge = p.lane_width_m + p.bay_depth_m
    return _calm("parking", p.length_m, p.curvature_1pm, p.speed_limit_mps, (left, side), routes, edge, p.trees)


def shared_space(p: SharedSpace) -> Document:
    """The OpenDRIVE document of a shared space: no kerbs and no markings; walkers and vehicles on one surface."""
    side = [Strip("driving", p.lane_width_m, "none", lane_change="none"), Strip("sidewalk", p.side_width_m)]
    left = [side[0], Strip("sidewalk", p.side_width_m, reversed=True)]
    routes = {**lanes_by_route(1, 1), **oncoming_by_route(1, 1), "sidewalk.right": -2, "sidewalk.left": 2}
    edge = p.lane_width_m + p.side_width_m
    return _calm("shared_space", p.length_m, p.curvature_1pm, p.speed_limit_mps, (left, side), routes, edge, p.trees)


def _calm(
    name: str, length_m: float, curvature_1pm: float, limit_mps: float, sides: tuple[list[Strip], list[Strip]],
    routes: dict[str, int], edge_m: float, with_trees: bool,
) -> Document:  # fmt: skip
    plate, end = kmh(limit_mps), length_m - 8.0
    posts = [
        sign_post("sign.limit.main", "speed_limit", 8.0, -edge_m - 0.5, "+", plate),
        sign_post("sign.limit.oncoming", "speed_limit", length_m - 8.0, edge_m + 0.5, "-", plate),
    ]
    standing = [lamps(f"street_lamp.{k}", 8.0, end, t) for k, t in enumerate((-edge_m - 0.6, edge_m + 0.6))]
    if with_trees:
        standing += [trees(f"tree.{k}", 15.0, end, t, 15.0) for k, t in enumerate((-edge_m - 2.4, edge_m + 2.4))]
    section = cross_section(0.0, sides[0], sides[1], "none")
    return one_road(
        name, "lowSpeed", bend(length_m, curvature_1pm), limit_mps, [section], routes, posts, present(standing)
    )
