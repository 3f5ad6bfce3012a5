"""A motorway: two carriageways of two to four lanes, hard shoulders, a median with guard rails."""

from dataclasses import dataclass

from driving_data.maps.opendrive.build import Strip, cross_section
from driving_data.maps.opendrive.document import Document
from scenarios.roads.furniture import guard_rail, kmh, sign_post
from scenarios.roads.parameters import count, number
from scenarios.roads.straights import bend, lanes_by_route, oncoming_by_route, one_road

MEDIAN_M = 1.6
SHOULDER_M = 3.0
VERGE_M = 1.5


@dataclass(frozen=True, slots=True)
class Motorway:
    """Parameters of `motorway`."""

    lanes: int = count(3, 2, 4, "driving lanes per direction")
    length_m: float = number(800.0, 100.0, 5000.0, "m", "length along the middle")
    curvature_1pm: float = number(0.0, -0.0025, 0.0025, "1pm", "constant curvature, positive to the left")
    speed_limit_mps: float = number(36.11, 16.0, 45.0, "mps", "speed limit")
    lane_width_m: float = number(3.75, 3.25, 4.25, "m", "width of each driving lane")


def carriageway(lanes: int, lane_width_m: float) -> list[Strip]:
    """Half a motorway from the middle outwards: median, lanes, hard shoulder, verge."""
    broken = [Strip("driving", lane_width_m, "broken", mark_width_m=0.15) for _ in range(lanes - 1)]
    return [
        Strip("median", MEDIAN_M, "solid", mark_width_m=0.3, lane_change="none"),
        *broken,
        Strip("driving", lane_width_m, "solid", mark_width_m=0.3, lane_change="none"),
        Strip("stop", SHOULDER_M, "grass"),
        Strip("none", VERGE_M),
    ]


def outer_edge_m(lanes: int, lane_width_m: float) -> float:
    """From the middle of the motorway to the outer edge of the hard shoulder."""
    return MEDIAN_M + lanes * lane_width_m + SHOULDER_M


def layout(p: Motorway) -> Document:
    """The OpenDRIVE document of a motorway."""
    half = carriageway(p.lanes, p.lane_width_m)
    outside = outer_edge_m(p.lanes, p.lane_width_m) + 0.6
    plate = kmh(p.speed_limit_mps)
    rails = {"right": -outside, "left": outside, "median.right": -0.5, "median.left": 0.5}
    return one_road(
        "motorway",
        "motorway",
        bend(p.length_m, p.curvature_1pm),
        p.speed_limit_mps,
        [cross_section(0.0, half, half)],
        {
            **lanes_by_route(p.lanes, p.lanes + 1),
            **oncoming_by_route(p.lanes, p.lanes + 1),
            "shoulder.right": -(p.lanes + 2),
        },
        [
            sign_post("sign.limit.main", "speed_limit", 60.0, -outside - 0.7, "+", plate, 0.75),
            sign_post("sign.limit.oncoming", "speed_limit", p.length_m - 60.0, outside + 0.7, "-", plate, 0.75),
        ],
        [guard_rail(f"guard_rail.{name}", 0.0, p.length_m, t) for name, t in rails.items()],
    )
