"""City blocks: every route is driven without gap, every street links two junctions, every approach is governed."""

import math
from itertools import pairwise

import numpy as np
import pytest

from driving_data.maps.opendrive import parse_opendrive, parse_text
from driving_data.maps.queries import drivable_area, is_drivable
from driving_data.maps.routes import route_path
from scenarios.concrete import RoadChoice
from scenarios.leaf import IllTyped
from scenarios.picture.canvas import Canvas, Pane
from scenarios.picture.road import draw_road
from scenarios.roads import build_road
from scenarios.types.layout import layout_of
from scenarios.types.manoeuvres import lane_beside

HEADINGS = {"east": 0.0, "north": 0.5 * math.pi, "west": math.pi, "south": -0.5 * math.pi}
SIZES = [(1, 1), (2, 2), (1, 3), (3, 2)]


def build(**parameters):
    return build_road(RoadChoice("urban_grid", parameters))


def direction(points_m):
    step = points_m[1, :2] - points_m[0, :2]
    return math.atan2(step[1], step[0])


def circle_ends(points_m):
    """Tangents at both ends of a lane, from the circles through its outermost three points."""
    steps = np.diff(points_m[:, :2], axis=0)
    chord = np.linalg.norm(steps, axis=-1)
    heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    if len(steps) == 1:
        return heading[0], heading[0]
    first = heading[0] - (heading[1] - heading[0]) * chord[0] / (chord[0] + chord[1])
    last = heading[-1] + (heading[-1] - heading[-2]) * chord[-1] / (chord[-1] + chord[-2])
    return first, last


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_every_route_is_driven_without_gap_or_kink(rows, columns):
    lane_map = build(rows=rows, columns=columns)
    for route, ids in lane_map.routes.items():
        for before, after in pairwise(lane_map.lane_by_id[i] for i in ids):
            assert after.id in before.successors and before.id in after.predecessors
            for one, other in ((before.centerline_m, after.centerline_m), (before.left_m, after.left_m)):
                assert np.linalg.norm(one[-1] - other[0]) < 0.01, (route, before.id, after.id)
            kink = math.remainder(circle_ends(after.centerline_m)[0] - circle_ends(before.centerline_m)[1], math.tau)
            assert abs(kink) < math.radians(0.5), (route, before.id, after.id)
        path = route_path(lane_map, route)
        assert is_drivable(lane_map, path.points_m[1:-1, :2]).all(), route


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_routes_do_what_their_names_say(rows, columns):
    lane_map = build(rows=rows, columns=columns, block_length_m=150.0, block_depth_m=100.0, arm_length_m=40.0)
    count = 2 * (rows + columns) + 8 * rows * columns + (1 if rows > 1 and columns > 1 else 0)
    assert len(lane_map.routes) == count
    for route in lane_map.routes:
        if route == "tour":
            continue
        heading, line, *turn = route.removesuffix(".straight").split(".")
        path = route_path(lane_map, route)
        assert math.remainder(path.heading_rad[0] - HEADINGS[heading], math.tau) == pytest.approx(0.0, abs=1e-6)
        turned = {"left": 0.5 * math.pi, "right": -0.5 * math.pi}[turn[1]] if turn else 0.0
        difference = math.remainder(path.heading_rad[-1] - HEADINGS[heading] - turned, math.tau)
        assert difference == pytest.approx(0.0, abs=1e-3)
        eastward = heading in ("east", "west")
        # Traffic keeps to the right of the middle of its row or column: half a lane of 3.5 m.
        keep = -1.75 if heading in ("east", "south") else 1.75
        middle = (int(line) - 0.5 * ((rows if eastward else columns) + 1)) * (100.0 if eastward else 150.0)
        assert path.points_m[0, 1 if eastward else 0] == pytest.approx(middle + keep, abs=1e-6)
        if turn:
            other = (int(turn[0]) - 0.5 * ((columns if eastward else rows) + 1)) * (150.0 if eastward else 100.0)
            assert abs(path.points_m[-1, 0 if eastward else 1] - other) == pytest.approx(1.75, abs=1e-3)


def test_the_tour_goes_once_around_the_blocks():
    lane_map = build(rows=3, columns=3)
    path = route_path(lane_map, "tour")
    assert np.unwrap(path.heading_rad)[-1] == pytest.approx(math.pi, abs=1e-3)
    assert path.points_m[-1, 0] == pytest.approx(path.points_m[0, 0], abs=1e-3)
    assert path.points_m[-1, 1] - path.points_m[0, 1] == pytest.approx(3.5, abs=1e-3)
    # Twice two blocks of 140 m and 110 m, cut at three corners to the left, with both arms.
    junctions = {lane_map.lane_by_id[i].junction_id for i in lane_map.routes["tour"]} - {None}
    assert len(junctions) == 8
    assert len(set(lane_map.routes["tour"])) == len(lane_map.routes["tour"])


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_streets_are_linked_with_a_junction_at_both_ends(rows, columns):
    lane_map = build(rows=rows, columns=columns)
    document = parse_text(lane_map.opendrive)
    junctions = {junction.id: junction for junction in document.junctions}
    assert len(junctions) == rows * columns
    assert len({road.id for road in document.roads}) == len(document.roads)
    outer = [road for road in document.roads if road.junction in ("", "-1")]
    inner = [road for road in outer if road.predecessor is not None]
    assert len(inner) == rows * (columns - 1) + columns * (rows - 1)
    assert len(outer) == len(inner) + 2 * (rows + columns)
    for road in outer:
        assert road.successor.element_type == "junction"
        ends = [link.element_id for link in (road.predecessor, road.successor) if link is not None]
        assert len(set(ends)) == len(ends)
        for identity in ends:
            leaving = [c for c in junctions[identity].connections if c.incoming_road == road.id]
            assert len(leaving) == 3, "right, straight on, left"
    ids = [s.id for road in document.roads for s in road.signals] + [
        o.id for road in document.roads for o in road.objects
    ]
    assert len(set(ids)) == len(ids)
    again = parse_opendrive(lane_map.opendrive, lane_map.name)
    assert again.routes == lane_map.routes
    for one, other in zip(lane_map.lanes, again.lanes, strict=True):
        np.testing.assert_array_equal(one.centerline_m, other.centerline_m)
        assert (one.id, one.predecessors, one.successors) == (other.id, other.predecessors, other.successors)


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_every_approach_has_its_light(rows, columns):
    lane_map = build(rows=rows, columns=columns)
    names = {f"signal.{r + 1}.{c + 1}.{h}" for r in range(rows) for c in range(columns) for h in HEADINGS}
    assert {signal.id for signal in lane_map.signals} == names
    for signal in lane_map.signals:
        _, row, column, heading = signal.id.split(".")
        lanes = [lane_map.lane_by_id[i] for i in signal.lane_ids]
        assert len(lanes) == 3
        for lane in lanes:
            assert math.remainder(direction(lane.centerline_m) - HEADINGS[heading], math.tau) == pytest.approx(
                0, abs=0.01
            )
            np.testing.assert_allclose(lane.centerline_m[0], signal.stop_line_m.mean(axis=0), atol=1e-6)
        facing = np.array([math.cos(signal.heading_rad), math.sin(signal.heading_rad)])
        assert facing @ [math.cos(HEADINGS[heading]), math.sin(HEADINGS[heading])] == pytest.approx(-1.0)
        line = row if heading in ("east", "west") else column
        assert set(signal.lane_ids) & set(lane_map.routes[f"{heading}.{line}.straight"])
        assert not is_drivable(lane_map, signal.position_m[None])[0]


@pytest.mark.parametrize(
    ("control", "minor", "major"),
    [("priority", "yield", "priority"), ("stop", "stop", "priority"), ("all_way_stop",) + ("stop",) * 2],
)
def test_signs_say_who_goes_first_at_every_approach(control, minor, major):
    lane_map = build(rows=2, columns=3, control=control)
    assert lane_map.signals == ()
    said = {sign.id: sign for sign in lane_map.signs if sign.kind in ("yield", "stop", "priority")}
    assert len(said) == 4 * 6
    for sign in said.values():
        _, kind, row, column, heading = sign.id.split(".")
        assert sign.kind == kind == (minor if heading in ("east", "west") else major)
        line = row if heading in ("east", "west") else column
        route = lane_map.routes[f"{heading}.{line}.straight"]
        (lane,) = sign.lane_ids
        assert lane in route
        # The sign stands a metre before the junction that it is named after, to the right, facing its traffic.
        middle = np.array([(int(column) - 2.0) * 140.0, (int(row) - 1.5) * 110.0])
        end = lane_map.lane_by_id[lane].centerline_m[-1, :2]
        assert np.linalg.norm(end - middle) < 25.0
        ahead = np.array([math.cos(HEADINGS[heading]), math.sin(HEADINGS[heading])])
        offset = sign.position_m[:2] - end
        assert offset @ ahead == pytest.approx(-1.0, abs=1e-6)
        assert offset @ [-ahead[1], ahead[0]] < -1.75
        assert ahead @ [math.cos(sign.heading_rad), math.sin(sign.heading_rad)] == pytest.approx(-1.0)
        lines = [area for area in lane_map.areas if area.id.endswith(f"line.{row}.{column}.{heading}")]
        assert [area.kind for area in lines] == ([] if kind == "priority" else [f"{kind}_line"])
        for area in lines:
            np.testing.assert_allclose(area.polygon_m[:, :2].mean(axis=0), end, atol=0.01)


def test_no_street_lies_beside_another_as_a_lane_does():
    for route in build(rows=2, columns=2).routes:
        with pytest.raises(IllTyped):
            lane_beside(route, 1)


def test_approaches_are_the_straight_routes():
    layout = layout_of(RoadChoice("urban_grid", {}))
    assert set(layout.lights("east")) == {f"signal.{r}.{c}.east" for r in (1, 2) for c in (1, 2)}
    assert set(layout.lights("north.2.straight")) == {"signal.1.2.north", "signal.2.2.north"}
    assert layout.lights("signal.2.1.west") == ("signal.2.1.west",)


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_blocks_are_enclosed(rows, columns):
    area = drivable_area(build(rows=rows, columns=columns))
    assert area.geom_type == "Polygon"
    assert len(area.interiors) == (rows - 1) * (columns - 1)


def test_broken_lines_are_drawn_in_one_rhythm():
    """Dashes of 3 m every 7.5 m: a line that came in pieces would begin anew at each of them."""
    canvas = Canvas((1200, 400))
    pane = Pane(canvas, (0.0, 0.0), (1200.0, 400.0), (0.0, 0.0), 0.0, (-60.0, -75.0, 60.0, -35.0))
    draw_road(pane, build())
    row = canvas.pixels()[200].astype(int).sum(axis=-1)[310:890]  # within the broken line, 10 pixels to the metre
    paint = row > 0.5 * (row.max() + row.min())
    begins = np.flatnonzero(paint[1:] & ~paint[:-1])
    assert len(begins) >= 7
    assert np.abs(np.diff(begins) - 75).max() <= 1
    assert abs(paint.mean() - 0.4) < 0.05
