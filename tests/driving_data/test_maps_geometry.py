"""Roads as the simulator sees them, against the same roads computed slowly and apart (`slow_roads`)."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from driving_data.maps.opendrive import assemble, parse_opendrive, parse_text, write_opendrive
from driving_data.maps.opendrive.network import Network, runs_forward
from driving_data.maps.opendrive.sampling import borders
from driving_data.maps.queries import ground_height_m, nearest_lane
from tests.driving_data.slow_roads import SlowLane, SlowRoad, clothoid, opendrive, profile

KNOT_M, BETWEEN_M = 1e-6, 0.005
QUADRANTS = [0.7, 2.2, -2.6, -0.5]
PLANS = {
    "line": [("line", (), 37.0)],
    "arc": [("arc", (0.02,), 60.0)],
    "arc to the right": [("arc", (-1 / 15,), 40.0)],
    "spiral from straight": [("spiral", (0.0, 0.05), 50.0)],
    "spiral to straight": [("spiral", (-0.04, 0.0), 45.0)],
    "spiral from curve to curve": [("spiral", (0.03, 0.08), 40.0)],
    "spiral through an inflection": [("spiral", (0.05, -0.05), 60.0)],
    "spiral that is almost an arc": [("spiral", (0.02, 0.0200001), 60.0)],
    "poly3": [("poly3", (0.0, 0.2, 0.01, -2e-4), 30.0)],
    "poly3 beside its start": [("poly3", (1.5, -0.3, -0.004, 1e-4), 25.0)],
    "paramPoly3 normalized": [("normalized", (0.0, 30.0, 4.0, -3.0, 0.0, 0.0, 12.0, -5.0), 33.0)],
    "paramPoly3 over arc length": [("arcLength", (0.0, 1.0, -1e-3, -1e-5, 0.0, 0.0, 0.012, -1e-4), 30.0)],
    "chain": [
        ("line", (), 11.3), ("spiral", (0.0, 0.02), 25.0), ("arc", (0.02,), 17.7), ("spiral", (0.02, -0.03), 31.0),
        ("arc", (-0.03,), 9.9), ("arcLength", (0.0, 1.0, 0.0, 0.0, 0.0, 0.0, -0.015, 1e-4), 12.0), ("line", (), 8.0),
    ],
}  # fmt: skip


def joined(*records):
    """A profile without jumps: each record (start, b, c, d) begins where the one before ends; the first with its a."""
    made = [records[0]]
    for start, *rest in records[1:]:
        made.append((start, profile(made, start - 1e-8), *rest))
    return made


def plain():
    return [(0.0, [SlowLane(2), SlowLane(1), SlowLane(-1), SlowLane(-2)])]


def rich(length):
    """Two sections with different lanes, widths that change inside them, kerbs, a level walk, a lane by its border."""
    cut = 0.45 * length
    one = [
        SlowLane(2, [(0.0, 2.0, 0.02, 0.0, 0.0)], level=True, kind="sidewalk", heights=[(0.0, 0.12, 0.15)]),
        SlowLane(1, joined((0.0, 3.0, 0.0, 0.004, -1e-4), (0.2 * length, 0.01, 0.0, 0.0))),
        SlowLane(-1),
        SlowLane(-2, [(0.0, 3.25, -0.02, 0.0, 0.0)], kind="shoulder"),
    ]
    two = [
        SlowLane(1, [(0.0, 4.0, 0.0, -0.003, 5e-5)]),
        SlowLane(-1, [(0.0, 0.5, 0.0, 0.01, -1.6e-4)]),
        SlowLane(-2),
        SlowLane(-3, [], borders=[(0.0, -9.0, -0.01, -2e-4, 0.0)], kind="shoulder"),
    ]
    return [(0.0, one), (cut, two)]


def banked(length):
    """Hill, bank that swings from one side to the other, and an offset of the lanes."""
    half = 0.5 * length
    return {
        "elevation": joined((0.0, 4.0, 0.05, -1e-3, 1e-5), (0.6 * length, -0.04, 2e-3, 0.0)),
        "bank": joined((0.0, 0.06, 0.0, -0.12 / length**2, 0.0), (half, -0.12 / length, 0.0, 0.0)),
        "offset": [(0.0, 0.0, 0.0, 3.0 / half**2, -2.0 / half**3), (half, 1.0, 0.0, 0.0, 0.0)],
    }


def check(road, rule="RHT", between_m=BETWEEN_M):
    """Every border of every lane of the map: exact at its points, near enough between them; and its direction."""
    document = parse_text(opendrive(road.text()))
    lane_map = assemble(document)
    seen = 0
    for piece in Network.of(document).pieces[road.id]:
        knots = borders(piece).s_m
        section = max((x for x in road.sections if x[0] <= piece.start + 1e-9), key=lambda x: x[0])
        tries = np.sort(np.concatenate([0.5 * (knots[1:] + knots[:-1]), knots[:-1] + 0.31 * np.diff(knots)]))
        for record in piece.section.lanes:
            lane = lane_map.lane_by_id.get(f"{road.id}.{piece.index}.{record.id}")
            if lane is None:
                continue
            seen += 1
            true = np.array([road.borders(section, record.id, s) for s in knots])
            # Who drives on the right has the middle of the road to the left, in either direction.
            inner, outer = (lane.left_m, lane.right_m) if rule == "RHT" else (lane.right_m, lane.left_m)
            if (record.id > 0) == (rule == "RHT"):
                inner, outer = inner[::-1], outer[::-1]
            np.testing.assert_allclose(inner, true[:, 0], atol=KNOT_M)
            np.testing.assert_allclose(outer, true[:, 1], atol=KNOT_M)
            middle = 0.5 * (true[:, 0] + true[:, 1])
            run = lane.centerline_m if runs_forward(piece.road, record) else lane.centerline_m[::-1]
            np.testing.assert_allclose(run, middle, atol=KNOT_M)
            for s in tries:
                if any(abs(s - at) < 0.02 for at in kerbs(section)):
                    continue
                for side, sampled in enumerate((inner, outer)):
                    k = int(np.searchsorted(knots, s)) - 1
                    point = road.borders(section, record.id, s)[side]
                    assert off(point, sampled[k], sampled[k + 1]) < between_m
    assert seen == sum(len(lanes) for _, lanes in road.sections)
    return lane_map


def off(point, start, end):
    """Distance of a point from the straight piece between two others."""
    along = end - start
    share = np.clip((point - start) @ along / (along @ along), 0.0, 1.0)
    return np.linalg.norm(point - start - share * along)


def kerbs(section):
    return [section[0] + row[0] for lane in section[1] for row in lane.heights]


@pytest.mark.parametrize("heading", QUADRANTS)
@pytest.mark.parametrize("name", PLANS)
def test_lanes_of_every_kind_of_plan_lie_where_the_formulae_say(name, heading):
    check(SlowRoad((120.0, -45.0, heading), PLANS[name], plain()))


@pytest.mark.parametrize("heading", QUADRANTS)
@pytest.mark.parametrize("name", ["chain", "arc to the right", "spiral from curve to curve", "poly3"])
def test_surfaces_with_everything_lie_where_the_formulae_say(name, heading):
    length = sum(part[2] for part in PLANS[name])
    check(SlowRoad((-310.0, 77.0, heading), PLANS[name], rich(length), **banked(length)))


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_any_road_lies_where_the_formulae_say(seed):
    rng = np.random.default_rng(seed)
    bends = rng.uniform(-0.04, 0.04, 5)
    pieces = []
    for before, after in pairwise(bends):
        far = rng.uniform(3.0, 30.0)
        flat = (0.0, far, 0.0, 0.0, 0.0, 0.0, 0.5 * before * far**2, rng.uniform(-0.3, 0.3))
        kinds = [("line", ()), ("arc", (before,)), ("spiral", (before, after)), ("normalized", flat)]
        pieces.append((*kinds[int(rng.integers(4))], far))
    road = SlowRoad((*rng.uniform(-500, 500, 2), rng.uniform(-math.pi, math.pi)), pieces, plain())
    length = road.length
    road.sections = rich(length)
    road.elevation = [(0.0, *rng.uniform([-5, -0.1, -1e-3, -1e-5], [5, 0.1, 1e-3, 1e-5]))]
    road.bank = [(0.0, *rng.uniform([-0.1, -1e-3, -1e-5, 0], [0.1, 1e-3, 1e-5, 0]))]
    road.offset = [(0.0, rng.uniform(-2, 2), rng.uniform(-0.01, 0.01), 0.0, 0.0)]
    # Plan, hill, bank and widths are each kept to 4 mm; here they all bend at once.
    check(road, between_m=0.008)


def test_left_hand_traffic_has_the_same_surface_and_runs_the_other_way():
    check(SlowRoad((0.0, 0.0, 1.0), PLANS["chain"], plain(), rule="LHT", **banked(115.0)), "LHT")


@pytest.mark.parametrize("side", ["left", "right", "both"])
def test_crossfall_lowers_its_side_beside_the_bank(side):
    road = SlowRoad(
        (5.0, 6.0, 2.5), PLANS["chain"], plain(), falls=[(side, 0.0, 0.03, 2e-4, 0.0, 0.0)], **banked(115.0)
    )
    lane_map = check(road)
    level = check(SlowRoad((5.0, 6.0, 2.5), PLANS["chain"], plain(), **banked(115.0)))
    for lane_id, falls in (("7.0.1", side != "right"), ("7.0.-2", side != "left")):
        # Offset and length of the knots differ a little, but both begin and end at the ends of the road.
        lower = level.lane_by_id[lane_id].right_m[[0, -1], 2] - lane_map.lane_by_id[lane_id].right_m[[0, -1], 2]
        outer = level.lane_by_id[lane_id].left_m[[0, -1], 2] - lane_map.lane_by_id[lane_id].left_m[[0, -1], 2]
        assert (np.max(np.abs([lower, outer])) > 0.1) == falls
        assert min(lower.min(), outer.min()) > -1e-9


def test_a_fall_to_both_sides_is_that_of_a_roof():
    road = SlowRoad((0.0, 0.0, 0.0), [("line", (), 40.0)], plain(), falls=[("both", 0.0, 0.025, 0.0, 0.0, 0.0)])
    lanes = check(road).lane_by_id
    for lane_id in ("7.0.-2", "7.0.2"):
        np.testing.assert_allclose(lanes[lane_id].right_m[:, 2], -7.0 * math.sin(0.025), atol=1e-12)


def test_the_shape_of_a_cross_section_lies_on_the_banked_plane():
    """Stations at which the height over the plane is a cubic in t, in two parts; between them it is mixed."""
    shapes = [
        (0.0, -20.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, -0.02, 0.0, 0.0),
        (60.0, -20.0, 0.4, -0.02, 0.0, 0.0), (60.0, 0.0, 0.0, 0.03, 2e-3, -1e-4),
    ]  # fmt: skip
    check(SlowRoad((5.0, 6.0, -2.0), PLANS["chain"], plain(), shapes=shapes, **banked(115.0)))
    check(SlowRoad((5.0, 6.0, -2.0), PLANS["chain"], plain(), shapes=shapes[:2]))


def test_bank_crossfall_and_shape_are_written_and_read_back():
    shapes = [(0.0, -9.0, 0.1, 0.0, 0.0, 0.0), (50.0, -9.0, 0.2, 0.01, 0.0, 0.0)]
    falls = [("left", 0.0, 0.02, 0.0, 0.0, 0.0), ("both", 30.0, 0.03, 0.0, 0.0, 0.0)]
    road = SlowRoad((0.0, 0.0, 0.0), PLANS["chain"], plain(), shapes=shapes, falls=falls, **banked(115.0))
    document = parse_text(opendrive(road.text()))
    assert parse_text(write_opendrive(document)) == document


@pytest.mark.parametrize(("bank", "t"), [(0.08, 6.0), (-0.05, 6.0), (0.08, -6.0), (0.3, -2.5)])
def test_a_banked_point_is_as_high_as_the_sine_says(bank, t):
    """Closed form: z = t sin(bank), |t| cos(bank) beside the reference line."""
    road = SlowRoad((0.0, 0.0, 0.4), [("line", (), 50.0)], plain(), bank=[(0.0, bank, 0.0, 0.0, 0.0)])
    lane_map = parse_opendrive(opendrive(road.text()))
    beside = t * math.cos(bank)
    point = 20.0 * np.array([math.cos(0.4), math.sin(0.4)]) + beside * np.array([-math.sin(0.4), math.cos(0.4)])
    assert ground_height_m(lane_map, point[None])[0] == pytest.approx(t * math.sin(bank), abs=1e-9)


def test_level_lanes_lie_flat_one_beside_the_other():
    """Both of them: the outer begins where the inner ends, not at the banked plane."""
    lanes = [SlowLane(-1), SlowLane(-2, level=True, kind="sidewalk"), SlowLane(-3, level=True, kind="sidewalk")]
    road = SlowRoad((0, 0, 0), [("line", (), 30.0)], [(0.0, lanes)], bank=[(0.0, 0.1, 0.0, 0.0, 0.0)])
    made = check(road).lane_by_id
    edge = -3.5 * math.sin(0.1)
    for lane_id in ("7.0.-2", "7.0.-3"):
        np.testing.assert_allclose(made[lane_id].right_m[:, 2], edge, atol=1e-12)
    np.testing.assert_allclose(made["7.0.-3"].right_m[:, 1], -3.5 * math.cos(0.1) - 7.0, atol=1e-12)


def test_the_height_of_a_lane_jumps_where_the_file_says():
    """A kerb of 12 cm from s = 20 m to 33.5 m, not a ramp from the point before to the point behind."""
    walk = SlowLane(-1, kind="sidewalk", heights=[(0.0, 0.0, 0.0), (20.0, 0.12, 0.12), (33.5, 0.0, 0.02)])
    lane_map = check(SlowRoad((0, 0, 0), [("line", (), 60.0)], [(0.0, [walk])]))
    at = np.array([[x, -1.75] for x in (19.9, 20.1, 26.0, 33.4, 33.6, 50.0)])
    np.testing.assert_allclose(ground_height_m(lane_map, at), [0.0, 0.12, 0.12, 0.12, 0.01, 0.01], atol=1e-9)


@pytest.mark.parametrize("numbers", [(0.0, 1 / 400), (1 / 900, -1 / 600), (-1 / 500, -1 / 350)])
def test_long_spirals_keep_the_millimetre_to_their_end(numbers):
    """3 km, several turns: the end by adaptive quadrature, by Fresnel's integrals and by the map."""
    length = 3000.0
    start, end = numbers

    def angle(s):
        return s * (start + 0.5 * (end - start) / length * s)

    parts = np.linspace(0.0, length, 61)
    u = sum(quad(lambda s: math.cos(angle(s)), a, b, epsabs=1e-12)[0] for a, b in pairwise(parts))
    v = sum(quad(lambda s: math.sin(angle(s)), a, b, epsabs=1e-12)[0] for a, b in pairwise(parts))
    assert clothoid(start, end, length, length)[:2] == pytest.approx((u, v), abs=1e-7)
    lane = [(0.0, [SlowLane(1, [(0.0, 0.02, 0.0, 0.0, 0.0)])])]
    road = SlowRoad((10.0, 20.0, 2.0), [("spiral", numbers, length)], lane)
    made = parse_opendrive(opendrive(road.text())).lane_by_id["7.0.1"].left_m[0]
    cos, sin = math.cos(2.0), math.sin(2.0)
    np.testing.assert_allclose(made[:2], [10.0 + u * cos - v * sin, 20.0 + u * sin + v * cos], atol=1e-6)


@pytest.mark.parametrize("roof", [False, True])
@pytest.mark.parametrize("heading", QUADRANTS)
def test_the_ground_has_the_height_of_the_surface_anywhere_in_a_lane(heading, roof):
    """At random (s, t) of both directions, also where geometry and profiles change; the ridge lies between lanes."""
    rng = np.random.default_rng(int(1000 * abs(heading)))
    road = SlowRoad((40.0, -9.0, heading), PLANS["chain"], plain())
    for name, rows in banked(road.length).items():
        setattr(road, name, rows)
    if roof:
        road.offset, road.falls = [], [("both", 0.0, 0.02, 0.0, 0.0, 0.0)]
    lane_map = parse_opendrive(opendrive(road.text()))
    edges = [11.3, 36.3, 54.0, 85.0, 94.9, 106.9]
    at = [(s, t) for s in [*rng.uniform(1.0, road.length - 1.0, 60), *edges] for t in rng.uniform(-5.9, 5.9, 3)]
    points = np.array([road.point(s, t) for s, t in at])
    np.testing.assert_allclose(ground_height_m(lane_map, points[:, :2]), points[:, 2], atol=BETWEEN_M)


def test_the_direction_of_a_lane_is_that_of_its_traffic():
    for heading in QUADRANTS:
        road = SlowRoad((0.0, 0.0, heading), PLANS["spiral from curve to curve"], plain())
        lane_map = parse_opendrive(opendrive(road.text()))
        for t, turn in ((-1.75, 0.0), (1.75, math.pi)):
            found = nearest_lane(lane_map, road.point(20.0, t)[None])
            expected = road.reference(20.0)[2] + turn
            assert abs(math.remainder(found.heading_rad[0] - expected, 2 * math.pi)) < 0.02
            along = found.s_m[0] / lane_map.lanes[found.lane[0]].arc_length_m()[-1]
            assert along == pytest.approx(0.5, abs=0.1)


def test_a_connecting_road_leads_on_from_millimetre_to_millimetre():
    """From the last points of the incoming lanes to the first of the outgoing, left and right lanes alike."""
    start = (3.0, 4.0, 2.9)
    one = SlowRoad(
        start, [("line", (), 30.0), ("spiral", (0.0, 0.05), 20.0)], [(0.0, [SlowLane(1), SlowLane(-1)])], id="1"
    )
    turn = SlowRoad(one.reference(50.0), [("arc", (0.05,), 25.0)], one.sections, id="2")
    two = SlowRoad(turn.reference(25.0), [("spiral", (0.05, 0.0), 20.0)], one.sections, id="3")
    texts = [road.text() for road in (one, turn, two)]
    junction = '<successor elementType="junction" elementId="9"/>'
    texts[0] = texts[0].replace("<planView>", f"<link>{junction}</link><planView>")
    texts[2] = texts[2].replace("<planView>", f"<link>{junction.replace('successor', 'predecessor')}</link><planView>")
    texts[1] = (
        texts[1]
        .replace('junction="-1"', 'junction="9"')
        .replace(
            "<planView>",
            """<link>
      <predecessor elementType="road" elementId="1" contactPoint="end"/>
      <successor elementType="road" elementId="3" contactPoint="start"/></link><planView>""",
        )
    )
    texts[1] = _linked(texts[1])
    more = """<junction id="9" name=""><connection id="0" incomingRoad="1" connectingRoad="2" contactPoint="start">
      <laneLink from="-1" to="-1"/></connection><connection id="1" incomingRoad="3" connectingRoad="2"
      contactPoint="end"><laneLink from="1" to="1"/></connection></junction>"""
    lanes = parse_opendrive(opendrive(*texts, more=more)).lane_by_id
    for names in (("1.0.-1", "2.0.-1", "3.0.-1"), ("3.0.1", "2.0.1", "1.0.1")):
        for before, after in pairwise(names):
            assert after in lanes[before].successors and before in lanes[after].predecessors
            for side in ("left_m", "centerline_m", "right_m"):
                np.testing.assert_allclose(getattr(lanes[before], side)[-1], getattr(lanes[after], side)[0], atol=1e-9)
    assert lanes["2.0.1"].junction_id == "9"


def _linked(text):
    """Each lane of the connecting road linked with the lane of its own id on both sides."""
    for lane_id in ("1", "-1"):
        head = f'<lane id="{lane_id}" type="driving" level="false">'
        link = f'<link><predecessor id="{lane_id}"/><successor id="{lane_id}"/></link>'
        text = text.replace(head, head + link)
    return text


def up(height_m):
    return np.array([0.0, 0.0, height_m])


def furnished(extra, heading=2.2, rule="RHT"):
    road = SlowRoad((40.0, -9.0, heading), PLANS["chain"], plain(), extra=extra, rule=rule)
    for name, rows in banked(road.length).items():
        setattr(road, name, rows)
    return road, parse_opendrive(opendrive(road.text()))


@pytest.mark.parametrize("heading", QUADRANTS)
@pytest.mark.parametrize("orientation", ["+", "-", "none"])
@pytest.mark.parametrize(("s", "t"), [(20.0, -6.5), (36.3, 7.5), (80.0, -8.0)])
def test_plates_stand_on_the_banked_surface_and_look_at_their_traffic(heading, orientation, s, t):
    """Its middle is zOffset and half its height above the surface; '+' is for who drives along s, who sees its face."""
    extra = f"""<signals><signal id="a" s="{s}" t="{t}" zOffset="2.1" height="0.8" width="0.6" hOffset="0.2"
      orientation="{orientation}" dynamic="no" type="206" subtype="-1" value="-1"/></signals>"""
    road, lane_map = furnished(extra, heading)
    (sign,) = lane_map.signs
    np.testing.assert_allclose(sign.position_m, road.point(s, t) + up(2.5), atol=1e-9)
    expected = road.reference(s)[2] + (0.0 if orientation == "-" else math.pi) + 0.2
    assert math.remainder(sign.heading_rad - expected, 2 * math.pi) == pytest.approx(0.0, abs=1e-9)
    along, against = {"7.0.-1", "7.0.-2"}, {"7.0.1", "7.0.2"}
    assert set(sign.lane_ids) == {"+": along, "-": against, "none": along | against}[orientation]


@pytest.mark.parametrize("tag", ["signal", "reference"])
@pytest.mark.parametrize(
    ("orientation", "rule", "validity", "lanes"),
    [
        ("+", "RHT", ((-2, -2),), {-2}),
        ("+", "RHT", ((-1, -2),), {-1, -2}),
        ("-", "RHT", ((1, 1), (2, 2)), {1, 2}),
        ("+", "RHT", ((-2, 2),), {-1, -2}),
        ("none", "RHT", ((-1, 1),), {-1, 1}),
        ("+", "LHT", (), {1, 2}),
        ("-", "LHT", (), {-1, -2}),
    ],
)
def test_lights_count_for_the_lanes_of_their_validity_and_side(tag, orientation, rule, validity, lanes):
    rows = "".join(f'<validity fromLane="{a}" toLane="{b}"/>' for a, b in validity)
    where = f's="60" t="-8" orientation="{orientation}"'
    light = f'<signal id="L" {where} dynamic="yes" type="1000001" subtype="-1" zOffset="5">{rows}</signal>'
    if tag == "reference":
        light = light.replace(rows, '<validity fromLane="9" toLane="9"/>') if rows else light
        light += f'<signalReference id="L" {where}>{rows}</signalReference>'
    _, lane_map = furnished(f"<signals>{light}</signals>", rule=rule)
    assert {int(name.split(".")[-1]) for name in lane_map.signals[0].lane_ids} == lanes


@pytest.mark.parametrize("heading", QUADRANTS)
@pytest.mark.parametrize("orientation", ["+", "-", "none"])
def test_objects_stand_where_they_are_said_to(heading, orientation):
    extra = f"""<objects>
      <object id="tree" type="tree" s="50" t="9" zOffset="0.3" hdg="0.5" orientation="{orientation}" radius="1"
        height="6"/>
      <object id="box" type="obstacle" s="30" t="-8" zOffset="0.2" hdg="0.4" orientation="{orientation}">
        <outline><cornerLocal u="2" v="1" z="0" height="1.5"/><cornerLocal u="-2" v="1" z="0" height="1.5"/>
        <cornerLocal u="-2" v="-1" z="0" height="1.5"/><cornerLocal u="2" v="-1" z="0" height="1.5"/></outline></object>
      <object id="walk" type="crosswalk" s="70" t="0" zOffset="0" hdg="0" orientation="{orientation}">
        <outline><cornerRoad s="68" t="-6" dz="0.02"/><cornerRoad s="72" t="-6" dz="0.02"/>
        <cornerRoad s="72" t="6" dz="0.02"/><cornerRoad s="68" t="6" dz="0.02"/></outline></object>
    </objects>"""  # fmt: skip
    road, lane_map = furnished(extra, heading)
    tree, box = lane_map.objects
    turned = math.pi if orientation == "-" else 0.0
    np.testing.assert_allclose(tree.position_m, road.point(50.0, 9.0) + up(0.3), atol=1e-9)
    assert math.remainder(tree.heading_rad - road.reference(50.0)[2] - 0.5 - turned, 2 * math.pi) == pytest.approx(0.0)
    np.testing.assert_allclose(tree.size_m, [2.0, 2.0, 6.0])
    np.testing.assert_allclose(box.position_m, road.point(30.0, -8.0) + up(0.2), atol=1e-9)
    np.testing.assert_allclose(box.size_m, [4.0, 2.0, 1.5], atol=1e-9)
    corners = [road.point(s, t) + up(0.02) for s, t in ((68, -6), (72, -6), (72, 6), (68, 6))]
    np.testing.assert_allclose(lane_map.areas[0].polygon_m, corners, atol=1e-9)


def test_a_repetition_says_its_own_height_and_takes_the_rest_from_its_object():
    """zOffsetStart 0 is a height; a repetition that says none has the object's. So it is with t."""
    extra = """<objects>
      <object id="a" type="pole" s="10" t="8" zOffset="1.5" hdg="0" height="1" radius="0.1">
        <repeat s="20" length="40" distance="20" tStart="8" tEnd="10" zOffsetStart="0" zOffsetEnd="0"/></object>
      <object id="b" type="pole" s="10" t="-8" zOffset="1.5" hdg="0" height="1" radius="0.1">
        <repeat s="20" length="40" distance="20"/></object></objects>"""
    road, lane_map = furnished(extra)
    expected = [road.point(s, t) for s, t in ((20, 8), (40, 9), (60, 10))]
    expected += [road.point(s, -8.0) + up(1.5) for s in (20, 40, 60)]
    np.testing.assert_allclose([item.position_m for item in lane_map.objects], expected, atol=1e-9)
