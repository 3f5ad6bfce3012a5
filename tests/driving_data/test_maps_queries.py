"""Questions about places, against slow and obvious answers."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from driving_data.maps.lane_map import DRIVABLE_KINDS, LaneKind, LaneMap, MapArea
from driving_data.maps.opendrive import parse_opendrive
from driving_data.maps.queries import edge_distance_m, ground_height_m, is_drivable, lane_at, nearest_lane
from tests.driving_data.test_maps_opendrive import lane, opendrive, road

ARC = '<geometry s="0" x="0" y="0" hdg="0.3" length="90"><arc curvature="0.02"/></geometry>'
BANK = '<lateralProfile><superelevation s="0" a="0.1" b="0" c="0" d="0"/></lateralProfile>'
STREET = parse_opendrive(
    opendrive(
        road(lane(1) + lane(2, "sidewalk", 2.0), lane(-1) + lane(-2, "shoulder", 1.5), plan=ARC, length=90, extra=BANK)
    )
)
POINTS = st.lists(st.tuples(st.floats(-20.0, 90.0), st.floats(-20.0, 90.0)), min_size=1, max_size=20)


@given(POINTS)
def test_drivable_is_what_lies_in_a_drivable_lane(points):
    points = np.array(points)
    lanes = [x for x in STREET.lanes if x.kind in DRIVABLE_KINDS]
    areas = [shapely.Polygon(np.concatenate([x.left_m[:, :2], x.right_m[::-1, :2]])) for x in lanes]
    distance = np.array([min(area.distance(shapely.Point(p)) for area in areas) for p in points])
    found = is_drivable(STREET, points)
    # Seams are closed by 2 cm, so nothing is asked of points that close to an edge.
    clear = (distance == 0.0) | (distance > 0.05)
    np.testing.assert_array_equal(found[clear], (distance == 0.0)[clear])


@given(POINTS)
def test_the_edge_is_as_far_as_the_boundary(points):
    points = np.array(points)
    lanes = [x for x in STREET.lanes if x.kind in DRIVABLE_KINDS]
    area = shapely.union_all([shapely.Polygon(np.concatenate([x.left_m[:, :2], x.right_m[::-1, :2]])) for x in lanes])
    expected = np.array([area.boundary.distance(shapely.Point(p)) for p in points])
    found = edge_distance_m(STREET, points)
    np.testing.assert_allclose(np.abs(found), expected, atol=0.06)
    assert ((found > 0) == is_drivable(STREET, points)).all()


@given(POINTS)
def test_the_nearest_lane_is_the_nearest_of_all(points):
    points = np.array(points)
    found = nearest_lane(STREET, points)
    for k, point in enumerate(points):
        gaps = {
            i: shapely.LineString(x.centerline_m[:, :2]).distance(shapely.Point(point))
            for i, x in enumerate(STREET.lanes)
            if x.kind in DRIVABLE_KINDS
        }
        assert gaps[int(found.lane[k])] == pytest.approx(min(gaps.values()), abs=1e-6)


def test_places_along_the_nearest_lane():
    drive = next(x for x in STREET.lanes if x.id == "1.0.-1")
    k = 40
    step = drive.centerline_m[k + 1] - drive.centerline_m[k]
    left = np.array([-step[1], step[0]]) / np.hypot(step[0], step[1])
    point = drive.centerline_m[k, :2] + 0.4 * left
    found = nearest_lane(STREET, point[None])
    assert STREET.lanes[int(found.lane[0])].id == "1.0.-1"
    assert found.s_m[0] == pytest.approx(drive.arc_length_m()[k], abs=0.05)
    assert found.d_m[0] == pytest.approx(0.4, abs=0.01)
    assert found.heading_rad[0] == pytest.approx(np.arctan2(step[1], step[0]), abs=0.03)


def test_lane_at_prefers_the_lane_of_the_heading():
    layered = parse_opendrive(
        opendrive(
            road("", lane(-1), identity="1"),
            road(
                "",
                lane(-1),
                identity="2",
                plan='<geometry s="0" x="50" y="-50" hdg="1.5707963" length="100"><line/></geometry>',
            ),
        )
    )
    point = np.array([[51.5, -1.5]])
    east, north = lane_at(layered, point, np.array([0.1])), lane_at(layered, point, np.array([1.5]))
    assert layered.lanes[int(east[0])].id == "1.0.-1"
    assert layered.lanes[int(north[0])].id == "2.0.-1"
    assert lane_at(layered, np.array([[0.0, 30.0]]), np.array([0.0]))[0] == -1
    assert lane_at(layered, point, np.array([0.0]), (LaneKind.SIDEWALK,))[0] == -1


def test_the_ground_follows_the_bank():
    drive = next(x for x in STREET.lanes if x.id == "1.0.-1")
    quarter = 0.75 * drive.left_m[30] + 0.25 * drive.right_m[30]
    height = ground_height_m(STREET, quarter[None, :2])
    assert height[0] == pytest.approx(quarter[2], abs=1e-3)
    assert abs(height[0] - drive.centerline_m[30, 2]) > 0.05


def test_an_empty_map_has_no_roads():
    nothing = LaneMap(())
    points = np.zeros((3, 2))
    assert not is_drivable(nothing, points).any()
    assert (edge_distance_m(nothing, points) == -np.inf).all()
    assert (nearest_lane(nothing, points).lane == -1).all()
    assert (lane_at(nothing, points, np.zeros(3)) == -1).all()


def test_drivable_areas_of_logs_count():
    square = np.array([[0.0, 0, 0], [10, 0, 0], [10, 10, 0], [0, 10, 0]])
    parking = LaneMap((), areas=(MapArea("a", "drivable", square), MapArea("b", "crosswalk", square + 20.0)))
    assert is_drivable(parking, np.array([[5.0, 5.0], [25.0, 25.0]])).tolist() == [True, False]
