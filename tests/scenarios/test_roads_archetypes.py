"""Archetypes: smooth, closed, with the routes, lines and signs that they promise, for any parameters."""

import hashlib
import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driving_data.errors import InputError
from driving_data.maps.conflicts import conflicts
from driving_data.maps.lane_map import DRIVABLE_KINDS, LaneKind, MarkingKind
from driving_data.maps.opendrive import parse_opendrive, parse_text
from driving_data.maps.opendrive.curves import end_pose
from driving_data.maps.opendrive.write import write_opendrive
from driving_data.maps.queries import drivable_area, edge_distance_m, is_drivable
from driving_data.maps.routes import route_path
from scenarios.concrete import RoadChoice
from scenarios.roads import archetype, archetypes, build_road
from scenarios.types.road import road as road_leaf

NAMES = tuple(archetypes())
JUNCTIONS = ("crossroads", "t_junction", "roundabout")
MAX_GAP_M, MAX_KINK_RAD = 0.01, math.radians(0.5)


def build(name, **parameters):
    return build_road(RoadChoice(name, parameters))


def ends(lane):
    """Tangents at both ends, from the circles through the three points nearest to each."""
    steps = np.diff(lane.centerline_m[:, :2], axis=0)
    chord = np.linalg.norm(steps, axis=-1)
    heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    if len(steps) == 1:
        return heading[0], heading[0]
    first = heading[0] - (heading[1] - heading[0]) * chord[0] / (chord[0] + chord[1])
    last = heading[-1] + (heading[-1] - heading[-2]) * chord[-1] / (chord[-1] + chord[-2])
    return first, last


def check_reference_lines(lane_map):
    """Poses of the reference lines themselves where roads meet: no sampling, so no tolerance but the format's."""
    roads = {road.id: road for road in parse_text(lane_map.opendrive).roads}

    def pose(road, end):
        x, y, heading = end_pose(road.geometry[-1])
        first = road.geometry[0]
        return (x, y, heading + math.pi) if end == "end" else (first.x, first.y, first.hdg)

    for road in roads.values():
        for before, after in pairwise(road.geometry):
            assert end_pose(before) == pytest.approx((after.x, after.y, after.hdg), abs=1e-6)
        for link, end in ((road.predecessor, "start"), (road.successor, "end")):
            if link is not None and link.element_type == "road":
                x, y, heading = pose(road, end)
                other = pose(roads[link.element_id], link.contact_point)
                # Carriageways of a ramp meet beside one another; their lanes are compared elsewhere.
                if math.hypot(x - other[0], y - other[1]) < 1.0:
                    assert math.hypot(x - other[0], y - other[1]) < 1e-6
                assert abs(math.remainder(heading + math.pi - other[2], 2 * math.pi)) < 1e-6


def check_smooth(lane_map, max_kink_rad=MAX_KINK_RAD):
    check_reference_lines(lane_map)
    for lane in lane_map.lanes:
        for successor in lane.successors:
            after = lane_map.lane_by_id[successor]
            assert lane.id in after.predecessors
            pairs = [(lane.centerline_m, after.centerline_m)]
            if lane.kind in DRIVABLE_KINDS:
                pairs += [(lane.left_m, after.left_m), (lane.right_m, after.right_m)]
            for before_m, after_m in pairs:
                assert np.linalg.norm(before_m[-1] - after_m[0]) < MAX_GAP_M, (lane.id, successor)
            kink = math.remainder(ends(after)[0] - ends(lane)[1], 2 * math.pi)
            assert abs(kink) < max_kink_rad, (lane.id, successor, math.degrees(kink))


def drawn(name):
    """Parameters of an archetype, drawn from their ranges."""
    kinds = {}
    for p in archetype(name).parameters:
        if p.kind == "flag":
            kinds[p.name] = st.booleans()
        elif p.kind == "choice":
            kinds[p.name] = st.sampled_from(p.choices)
        elif p.kind == "count":
            kinds[p.name] = st.integers(int(p.minimum), int(p.maximum))
        elif p.kind == "number":
            kinds[p.name] = st.floats(p.minimum, min(p.maximum, 400.0) if p.unit == "m" else p.maximum)
    return st.fixed_dictionaries({}, optional=kinds)


@pytest.mark.parametrize("name", NAMES)
def test_lanes_meet_without_gap_or_kink(name):
    check_smooth(build(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_whatever_the_parameters(name, data):
    parameters = data.draw(drawn(name))
    try:
        lane_map = build(name, **parameters)
    except InputError as error:
        # Parameters that are possible one by one may be refused together, in words.
        assert name in ("work_zone", "roundabout", "urban", "residential", "tunnel")
        assert all(fault.expected.startswith(("at ", "one of", "a larger")) for fault in error.faults)
        return
    # Tangents of sampled lanes are estimates: less exact where a short clothoid begins.
    check_smooth(lane_map, math.radians(1.5))
    assert tuple(lane_map.routes) == archetype(name).route_names(parameters)
    for route in lane_map.routes:
        path = route_path(lane_map, route)
        assert np.isfinite(path.points_m).all()
        assert np.max(np.abs(np.diff(path.heading_rad))) < 0.2
        assert (path.left_width_m > 0.2).all() and (path.right_width_m > 0.2).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_simulated_is_the_file_that_is_written(name):
    lane_map = build(name)
    again = parse_opendrive(lane_map.opendrive, lane_map.name)
    assert again.routes == lane_map.routes
    assert [lane.id for lane in again.lanes] == [lane.id for lane in lane_map.lanes]
    for one, other in zip(lane_map.lanes, again.lanes, strict=True):
        np.testing.assert_array_equal(one.centerline_m, other.centerline_m)


@pytest.mark.parametrize("name", JUNCTIONS)
@pytest.mark.parametrize(("arm", "leave"), [(80.0, 60.0), (40.0, 70.0), (50.0, 50.0), (26.0, 25.0)])
def test_every_route_reaches_its_line_after_the_length_of_the_arm(name, arm, leave):
    lane_map = build(name, arm_length_m=arm, exit_length_m=leave)
    for route in lane_map.routes:
        path = route_path(lane_map, route)
        inside = [lane_map.lane_by_id[path.lane_ids[k]].junction_id is not None for k in path.lane_index]
        first = int(np.argmax(inside))
        assert path.s_m[first] == pytest.approx(arm, abs=0.51), route
        last = len(inside) - 1 - int(np.argmax(inside[::-1]))
        assert path.length_m - path.s_m[last] == pytest.approx(leave, abs=0.51), route


def test_turns_turn():
    for name in JUNCTIONS:
        lane_map = build(name)
        for route in lane_map.routes:
            path = route_path(lane_map, route)
            turned = math.remainder(path.heading_rad[-1] - path.heading_rad[0], 2 * math.pi)
            expected = {"straight": 0.0, "left": math.pi / 2, "right": -math.pi / 2}[route.split(".")[1]]
            assert abs(math.remainder(turned - expected, 2 * math.pi)) < 1e-3, (name, route)


def test_main_runs_east_and_meets_the_others_where_they_should_be():
    lane_map = build("crossroads")
    start = {name: route_path(lane_map, f"{name}.straight") for name in ("main", "oncoming", "from_left", "from_right")}
    middle = start["main"].points_m[0, :2] + [start["main"].length_m / 2, 0.0]
    assert start["main"].heading_rad[0] == pytest.approx(0.0)
    assert start["from_right"].points_m[0, 1] < middle[1] - 50.0
    assert start["from_left"].points_m[0, 1] > middle[1] + 50.0
    assert abs(math.remainder(start["oncoming"].heading_rad[0] - math.pi, 2 * math.pi)) < 1e-6


def test_lights_of_crossroads_control_their_arm():
    lane_map = build("crossroads")
    assert [signal.id for signal in lane_map.signals] == [
        "signal.main", "signal.from_right", "signal.oncoming", "signal.from_left",
    ]  # fmt: skip
    assert archetype("crossroads").signal_ids({}) == tuple(signal.id for signal in lane_map.signals)
    for signal in lane_map.signals:
        name = signal.id.removeprefix("signal.")
        for turn in ("straight", "left", "right"):
            path = route_path(lane_map, f"{name}.{turn}")
            assert set(signal.lane_ids) & set(path.lane_ids)
            at = np.argmin(np.linalg.norm(path.points_m - signal.stop_line_m.mean(axis=0), axis=-1))
            assert path.s_m[at] == pytest.approx(80.0, abs=0.5)
        # The lamps hang beyond the junction and look at whoever waits.
        ahead = route_path(lane_map, f"{name}.straight")
        to_light = signal.position_m[:2] - ahead.points_m[160, :2]
        facing = np.array([math.cos(signal.heading_rad), math.sin(signal.heading_rad)])
        assert to_light @ facing < -20.0
        assert not is_drivable(lane_map, signal.position_m[None])[0]
    dark = build("crossroads", signals=False)
    assert dark.signals == ()
    assert sorted({sign.kind for sign in dark.signs}) == ["priority", "speed_limit", "yield", "yield_line"]


@pytest.mark.parametrize("control", ["yield", "stop"])
def test_the_minor_road_has_its_sign(control):
    lane_map = build("t_junction", control=control)
    (sign,) = [sign for sign in lane_map.signs if sign.kind == control]
    assert set(sign.lane_ids) & set(lane_map.routes["minor.left"])
    assert not set(sign.lane_ids) & set(lane_map.routes["main.straight"])
    assert any(area.kind == f"{control}_line" for area in lane_map.areas)
    expected = {"main.straight", "main.right", "oncoming.straight", "oncoming.left", "minor.left", "minor.right"}
    assert set(lane_map.routes) == expected


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("crossroads", {"control": "yield"}, ("priority", "yield", "priority", "yield")),
        ("crossroads", {"control": "stop"}, ("priority", "stop", "priority", "stop")),
        ("crossroads", {"control": "all_way_stop"}, ("stop",) * 4),
        ("crossroads", {"control": "signals"}, ("signal",) * 4),
        ("crossroads", {"control": "signals", "signals": False}, ("signal",) * 4),
        ("crossroads", {"signals": False}, ("priority", "yield", "priority", "yield")),
        ("crossroads", {}, ("signal",) * 4),
        ("t_junction", {}, ("priority", "yield", "priority", None)),
        ("t_junction", {"control": "stop"}, ("priority", "stop", "priority", None)),
        ("t_junction", {"control": "signals"}, ("signal", "signal", "signal", None)),
        ("roundabout", {}, ("yield",) * 4),
    ],
)
def test_every_approach_of_a_junction_is_governed(name, parameters, expected):
    """By a sign on the last lane before the junction, or by a light over every way through it."""
    lane_map = build(name, **parameters)
    stems = ("main", "minor", "oncoming", None) if name == "t_junction" else (
        "main", "from_right", "oncoming", "from_left")  # fmt: skip
    for stem, kind in zip(stems, expected, strict=True):
        routes = [lanes for route, lanes in lane_map.routes.items() if route.split(".")[0] == stem]
        assert bool(routes) == (stem is not None)
        for lanes in routes:
            entered = next(k for k, i in enumerate(lanes) if lane_map.lane_by_id[i].junction_id is not None)
            signs = {sign.kind for sign in lane_map.signs if lanes[entered - 1] in sign.lane_ids}
            signs &= {"stop", "yield", "priority"}
            lights = {signal.id for signal in lane_map.signals if lanes[entered] in signal.lane_ids}
            assert signs == (set() if kind == "signal" else {kind}), (stem, lanes)
            assert lights == ({f"signal.{stem}"} if kind == "signal" else set()), (stem, lanes)
            end_m = lane_map.lane_by_id[lanes[entered - 1]].centerline_m[-1, :2]
            lines = [area for area in lane_map.areas if area.kind in ("stop_line", "yield_line")]
            painted = [area.kind for area in lines if np.linalg.norm(area.polygon_m[:, :2].mean(axis=0) - end_m) < 0.1]
            wanted = {"signal": ["stop_line"], "stop": ["stop_line"], "yield": ["yield_line"], "priority": []}[kind]
            assert painted == wanted, (stem, lanes)


def test_lights_of_a_t_junction_look_at_those_who_wait():
    lane_map = build("t_junction", control="signals")
    assert archetype("t_junction").signal_ids({"control": "signals"}) == tuple(s.id for s in lane_map.signals)
    assert {signal.id: len(signal.lane_ids) for signal in lane_map.signals} == {
        "signal.main": 2, "signal.minor": 2, "signal.oncoming": 2,
    }  # fmt: skip
    for signal in lane_map.signals:
        start = lane_map.lane_by_id[signal.lane_ids[0]].centerline_m[:2, :2]
        ahead = (start[1] - start[0]) / np.linalg.norm(start[1] - start[0])
        facing = np.array([math.cos(signal.heading_rad), math.sin(signal.heading_rad)])
        assert facing @ ahead == pytest.approx(-1.0, abs=1e-6)
        offset = signal.position_m[:2] - start[0]
        assert offset @ ahead > 15.0 and abs(offset @ [-ahead[1], ahead[0]]) < 4.0
        np.testing.assert_allclose(signal.stop_line_m.mean(axis=0)[:2], start[0], atol=1e-6)
        assert not is_drivable(lane_map, signal.position_m[None])[0]


DOCUMENTS = {
    "motorway": "06d3b926ea399131",
    "rural": "194e64c6332759df",
    "urban": "e87f837e0581a595",
    "residential": "c1face00cb72aa7a",
    "crossroads": "58e3e8eae0f51005",
    "t_junction": "02b478f246561ff6",
    "urban_grid": "b7f23398bdbcd6d9",
    "roundabout": "34453ca6de12c324",
    "ramp": "618e7047928e87a7",
    "tunnel": "28e3ac55a05afe6e",
    "work_zone": "1ee08cfa0a482e1c",
    "parking": "c0fbcfeadbb7c0f2",
    "shared_space": "2f2238f08167aec6",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_default_documents_stay_as_they_were(name):
    """Kept scenarios name an archetype, not its file: the bytes that they mean may not change behind them."""
    text = write_opendrive(archetype(name).document({}))
    assert hashlib.sha256(text.encode()).hexdigest().startswith(DOCUMENTS[name])


def test_a_parameter_that_is_not_given_is_no_part_of_a_scenario():
    leaf = road_leaf("crossroads")
    assert "control" not in dict(leaf.values)
    assert "control" in dict(road_leaf("crossroads", control="stop").values)


def test_opposing_left_turns_pass_before_one_another():
    lane_map = build("crossroads")
    assert conflicts(lane_map, "main.left", "oncoming.left", 2.2) is None
    assert conflicts(lane_map, "main.straight", "from_left.straight") is not None
    s_main, s_oncoming = conflicts(lane_map, "main.left", "oncoming.straight")
    assert s_main > 80.0 and s_oncoming > 80.0


def test_a_roundabout_is_driven_counter_clockwise():
    lane_map = build("roundabout", radius_m=20.0)
    lengths = [route_path(lane_map, f"main.{turn}").length_m for turn in ("right", "straight", "left")]
    assert lengths == sorted(lengths)
    path = route_path(lane_map, "main.left")
    ring = np.abs(np.hypot(path.points_m[:, 0], path.points_m[:, 1]) - 20.0) < 0.02
    angle = np.unwrap(np.arctan2(path.points_m[ring, 1], path.points_m[ring, 0]))
    assert (np.diff(angle) > 0.0).all() and angle[-1] - angle[0] > math.pi
    (island,) = [area for area in lane_map.areas if area.id == "island.island.centre"]
    np.testing.assert_allclose(np.hypot(*island.polygon_m[:, :2].T), 18.0, atol=1e-6)
    assert not is_drivable(lane_map, np.zeros((1, 2)))[0]


def test_the_drivable_area_of_junctions_is_closed():
    for name in JUNCTIONS:
        lane_map = build(name)
        area = drivable_area(lane_map)
        assert area.geom_type == "Polygon", name
        islands = sum(item.kind == "island" for item in lane_map.areas)
        assert len(area.interiors) == islands, name


def test_lanes_are_counted_from_the_right():
    for name in ("motorway", "urban", "work_zone", "ramp"):
        lane_map = build(name, lanes=2)
        for kind in ("main", "oncoming"):
            right, left = (route_path(lane_map, f"{kind}.{k}") for k in (1, 2))
            offset = left.points_m[10, :2] - right.points_m[10, :2]
            normal = np.array([-math.sin(right.heading_rad[10]), math.cos(right.heading_rad[10])])
            assert offset @ normal > 2.5, (name, kind)
            assert lane_map.lane_by_id[left.lane_ids[0]].right_neighbor == right.lane_ids[0]
            assert lane_map.lane_by_id[right.lane_ids[0]].left_neighbor == left.lane_ids[0]


def test_side_routes_run_with_the_ego():
    for name in ("urban", "residential", "rural"):
        lane_map = build(name, curvature_1pm=0.005)
        ego = route_path(lane_map, "main.1")
        for route in lane_map.routes:
            if not route.startswith("oncoming"):
                path = route_path(lane_map, route)
                assert path.heading_rad[0] == pytest.approx(ego.heading_rad[0], abs=0.01), route
            side = {"left": 1.0, "right": -1.0}.get(route.split(".")[1])
            if side is not None:
                offset = route_path(lane_map, route).points_m[0, :2] - ego.points_m[0, :2]
                assert side * offset[1] > 2.0


def test_streets_have_kerbs_and_pavements_and_roads_have_shoulders_and_rails():
    for name in ("urban", "residential", "crossroads", "t_junction", "work_zone"):
        lane_map = build(name)
        walks = [lane for lane in lane_map.lanes if lane.kind is LaneKind.SIDEWALK]
        assert walks
        assert all(MarkingKind.KERB in (w.left_marking.kind, w.right_marking.kind) for w in walks)
        assert all(w.centerline_m[:, 2].min() > 0.1 for w in walks)
        assert {"street_lamp", "tree"} <= {item.kind for item in lane_map.objects}
    for name in ("motorway", "rural", "ramp"):
        assert any(lane.kind is LaneKind.SHOULDER for lane in build(name).lanes)
    for name in ("motorway", "ramp"):
        lane_map = build(name)
        rails = np.array([item.position_m for item in lane_map.objects if item.kind == "guard_rail"])
        assert len(rails) and not is_drivable(lane_map, rails).any()
    for name in NAMES:
        lane_map = build(name)
        posts = np.array([item.position_m for item in lane_map.objects if item.kind in ("pole", "street_lamp", "tree")])
        assert (edge_distance_m(lane_map, posts) < -0.2).all(), name
        for lane in lane_map.lanes:
            assert lane.kind not in DRIVABLE_KINDS or lane.speed_limit_mps > 0.0


def test_hills_of_country_roads():
    path = route_path(build("rural", length_m=300.0, grade=0.05, crest_m=4.0), "main.1")
    assert np.interp(150.0, path.s_m, path.points_m[:, 2]) == pytest.approx(7.5 + 4.0, abs=0.02)
    assert path.points_m[-1, 2] == pytest.approx(15.0, abs=1e-6)
    slope = np.gradient(path.points_m[:, 2], path.s_m)
    assert np.max(np.abs(np.diff(slope))) < 0.01


def test_a_ramp_ends_beside_the_main_lane_that_it_merges_onto():
    lane_map = build("ramp", merge_length_m=150.0)
    ramp = route_path(lane_map, "ramp")
    last = lane_map.lane_by_id[ramp.lane_ids[-1]]
    assert last.kind is LaneKind.ENTRY
    assert last.left_neighbor in lane_map.routes["main.1"]
    assert last.arc_length_m()[-1] == pytest.approx(150.0)
    assert lane_map.lane_by_id[last.left_neighbor].right_neighbor == last.id
    assert ramp.speed_limit_mps[0] < ramp.speed_limit_mps[-1]
    surfaces = [
        shapely.Polygon(np.concatenate([lane.left_m[:, :2], lane.right_m[::-1, :2]])).buffer(0)
        for lane in lane_map.lanes
    ]
    overlap = sum(surface.area for surface in surfaces) - shapely.union_all(surfaces).area
    assert overlap < 2.0


def test_a_work_zone_reduces_the_limit_before_the_closure():
    lane_map = build("work_zone", closure_start_m=150.0, closure_end_m=220.0)
    path = route_path(lane_map, "main.1")
    slow = path.speed_limit_mps < 10.0
    assert path.s_m[np.argmax(slow)] == pytest.approx(110.0, abs=0.5)
    assert path.s_m[slow][-1] == pytest.approx(240.0, abs=0.5)
    kinds = [sign.kind for sign in lane_map.signs]
    assert "work_zone" in kinds and kinds.count("speed_limit") == 3
    one_way = build("work_zone", oncoming=0)
    assert not any(route.startswith("oncoming") for route in one_way.routes)
    check_smooth(one_way)


def test_zebra_crossings_interrupt_the_lines():
    lane_map = build("urban", lanes=2, crosswalk_s_m=100.0)
    (zebra,) = [area for area in lane_map.areas if area.kind == "crosswalk"]
    assert zebra.polygon_m[:, 0].min() == pytest.approx(98.5) and zebra.polygon_m[:, 0].max() == pytest.approx(101.5)
    under = [lane for lane in lane_map.lanes if lane.kind is LaneKind.DRIVING and lane.id.startswith("1.1.")]
    assert under and all(lane.left_marking.kind is MarkingKind.NONE for lane in under)
    assert lane_map.lane_by_id["1.1.-2"].left_neighbor == "1.1.-1"


def test_wrong_choices_are_named():
    with pytest.raises(InputError) as caught:
        build("motorwy")
    assert caught.value.faults[0].nearest == "motorway"
    with pytest.raises(InputError) as caught:
        build("motorway", lane=2, lanes=7, length_m="long", speed_limit_mps=True, lane_width_m=9)
    assert [fault.code for fault in caught.value.faults] == ["unknown-parameter"] + ["bad-parameter"] * 4
    assert caught.value.faults[0].nearest == "lanes"
    assert "from 2 to 4" in caught.value.faults[1].expected
    with pytest.raises(InputError, match="one of yield, stop"):
        build("t_junction", control="lights")
    for parameters in ({"closure_start_m": 200.0, "closure_end_m": 190.0}, {"length_m": 200.0}, {"closed_lane": 3}):
        with pytest.raises(InputError):
            build("work_zone", **parameters)
    with pytest.raises(InputError, match="length_m - 5"):
        build("urban", length_m=80.0, crosswalk_s_m=78.0)
    with pytest.raises(InputError, match="either an archetype or a file"):
        build_road(RoadChoice())


def test_listed_parameters_are_those_that_are_taken():
    for name, item in archetypes().items():
        assert item.parameters and item.routes and item.doc
        defaults = {p.name: p.default for p in item.parameters if p.default is not None}
        assert tuple(build(name, **defaults).routes) == item.routes
        for p in item.parameters:
            assert p.accepts(p.default), (name, p.name)
            assert p.doc and (p.unit or p.kind in ("count", "flag", "choice"))


def test_equal_roads_are_built_once():
    assert build("urban", length_m=100.0) is build("urban", length_m=100)
    assert build("urban", length_m=100.0) is not build("urban", length_m=101.0)


def test_roads_from_files(tmp_path):
    text = build("rural").opendrive
    file = tmp_path / "mine.xodr"
    file.write_text(text, encoding="utf-8")
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    lane_map = build_road(RoadChoice(file=str(file), sha256=sha, routes={"ego": ("1.0.-1",)}))
    assert lane_map.routes["ego"] == ("1.0.-1",) and "main.1" in lane_map.routes
    assert lane_map.name == "mine" and lane_map.opendrive == text
    file.write_text(text.replace('length="600"', 'length="590"', 1), encoding="utf-8")
    with pytest.raises(InputError, match="sha256"):
        build_road(RoadChoice(file=str(file), sha256=sha))
    with pytest.raises(InputError) as caught:
        build_road(RoadChoice(file=str(file), routes={"ego": ("1.0.-1", "1.0.1"), "none": ("1.0.-7",)}))
    assert [fault.code for fault in caught.value.faults] == ["broken-route", "unknown-lane"]
