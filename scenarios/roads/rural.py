"""A country road: two lanes without a median, paved shoulders, marker posts, hills."""

from dataclasses import dataclass

from driving_data.maps.opendrive.build import Strip, cross_section, smooth_step
from driving_data.maps.opendrive.document import Cubic, Document
from scenarios.roads.furniture import delineators, kmh, present, sign_post, trees
from scenarios.roads.parameters import flag, number
from scenarios.roads.straights import bend, one_road

VERGE_M = 2.0


@dataclass(frozen=True, slots=True)
class Rural:
    """Parameters of `rural`."""

    length_m: float = number(600.0, 80.0, 5000.0, "m", "length")
    curvature_1pm: float = number(0.0, -0.012, 0.012, "1pm", "constant curvature, positive to the left")
    speed_limit_mps: float = number(27.78, 8.0, 28.0, "mps", "speed limit")
    lane_width_m: float = number(3.5, 2.75, 4.0, "m", "width of each lane")
    shoulder_width_m: float = number(1.5, 0.5, 2.5, "m", "width of each shoulder")
    grade: float = number(0.0, -0.12, 0.12, "m/m", "rise per metre along the road")
    crest_m: float = number(0.0, -8.0, 8.0, "m", "height of a hill (or depth of a dip) half way")
    trees: bool = flag(False, "an avenue of trees on both sides")


def hill(length_m: float, grade: float, crest_m: float) -> tuple[Cubic, ...]:
    """Heights: a constant grade, and a smooth hill whose flanks take 30 % of the road each."""
    if crest_m == 0.0:
        return (Cubic(0.0, 0.0, grade),) if grade else ()
    flank, middle = 0.3 * length_m, 0.5 * length_m
    up = smooth_step(middle - flank, flank, 0.0, crest_m)
    down = smooth_step(middle, flank, crest_m, 0.0)
    flat = (Cubic(0.0, 0.0), up, down, Cubic(middle + flank, 0.0))
    return tuple(Cubic(k.s, k.a + grade * k.s, k.b + grade, k.c, k.d) for k in flat)


def layout(p: Rural) -> Document:
    """The OpenDRIVE document of a country road."""
    side = [
        Strip("driving", p.lane_width_m, "solid", lane_change="none"),
        Strip("shoulder", p.shoulder_width_m, "grass"),
        Strip("none", VERGE_M),
    ]
    # Shoulder and verge on the left run with the ego, so that places on them count along its way.
    left = [side[0], *(Strip(s.type, s.width_m, s.mark, reversed=True) for s in side[1:])]
    edge, plate = p.lane_width_m + p.shoulder_width_m, kmh(p.speed_limit_mps)
    end = p.length_m - 15.0
    posts = [
        sign_post("sign.limit.main", "speed_limit", 30.0, -edge - 1.0, "+", plate),
        sign_post("sign.limit.oncoming", "speed_limit", p.length_m - 30.0, edge + 1.0, "-", plate),
    ]
    avenue = [trees(f"tree.{k}", 15.0, end, t, 12.0) for k, t in enumerate((-edge - 3.5, edge + 3.5)) if p.trees]
    markers = [delineators(f"delineator.{k}", 10.0, end, t) for k, t in enumerate((-edge - 0.4, edge + 0.4))]
    return one_road(
        "rural",
        "rural",
        bend(p.length_m, p.curvature_1pm),
        p.speed_limit_mps,
        [cross_section(0.0, left, side, "broken")],
        {"main.1": -1, "oncoming.1": 1, "shoulder.right": -2, "shoulder.left": 2},
        posts,
        present([*markers, *avenue]),
        hill(p.length_m, p.grade, p.crest_m),
    )
