"""Routes as paths, places on them and back, and where two get in each other's way."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.errors import InputError
from driving_data.maps.conflicts import conflict, conflicts
from driving_data.maps.lane_map import Lane, LaneKind, LaneMap
from driving_data.maps.routes import lanes_path, place, project, route_path


def lane_along(name, xy, width=3.5, **more):
    """A lane whose middle is given; its borders are offset by the local normal."""
    xy = np.asarray(xy, dtype=np.float64)
    slope = np.gradient(xy, axis=0)
    normal = np.stack([-slope[:, 1], slope[:, 0]], axis=-1) / np.linalg.norm(slope, axis=-1, keepdims=True)
    flat = np.zeros((len(xy), 1))

    def lifted(points):
        return np.concatenate([points, flat], axis=-1)

    left, right = lifted(xy + 0.5 * width * normal), lifted(xy - 0.5 * width * normal)
    return Lane(name, LaneKind.DRIVING, lifted(xy), left, right, **more)


def circle_map(radius=20.0, quarter=64):
    angle = np.linspace(0.0, math.pi / 2, quarter)
    arc = np.stack([radius * np.sin(angle), radius * (1.0 - np.cos(angle))], axis=-1)
    into = np.stack([np.linspace(-30.0, 0.0, 60), np.zeros(60)], axis=-1)
    lanes = (lane_along("in", into, speed_limit_mps=10.0, successors=("arc",)), lane_along("arc", arc))
    return LaneMap(lanes, routes={"r": ("in", "arc")})


def test_a_path_follows_its_lanes():
    path = route_path(circle_map(), "r")
    assert path.length_m == pytest.approx(30.0 + 10.0 * math.pi, abs=1e-3)
    assert np.allclose(np.diff(path.s_m), path.s_m[1]) and path.s_m[1] == pytest.approx(0.5, abs=0.01)
    on_arc = path.s_m > 32.0
    np.testing.assert_allclose(path.curvature_1pm[on_arc], 1.0 / 20.0, rtol=0.02)
    np.testing.assert_allclose(path.curvature_1pm[path.s_m < 28.0], 0.0, atol=1e-6)
    np.testing.assert_allclose(path.heading_rad[-1], math.pi / 2, atol=2e-3)
    radii = np.linalg.norm(path.points_m[path.s_m > 30.0, :2] - [0.0, 20.0], axis=-1)
    np.testing.assert_allclose(radii, 20.0, atol=1e-3)
    np.testing.assert_allclose(path.left_width_m, 1.75, atol=1e-2)
    assert path.lane_ids == ("in", "arc")
    assert path.lane_index[0] == 0 and path.lane_index[-1] == 1
    assert path.speed_limit_mps[0] == 10.0 and math.isnan(path.speed_limit_mps[-1])


@given(st.floats(-10.0, 75.0), st.floats(-4.0, 4.0))
def test_project_undoes_place(s, d):
    path = route_path(circle_map(), "r")
    point, _ = place(path, s, d)
    s_back, d_back = project(path, point[None])
    assert s_back[0] == pytest.approx(s, abs=0.01)
    assert d_back[0] == pytest.approx(d, abs=0.01)


def test_places_beyond_the_ends_lie_straight_on():
    path = route_path(circle_map(), "r")
    point, yaw = place(path, -5.0, 1.0, 0.25)
    np.testing.assert_allclose(point, [-35.0, 1.0, 0.0], atol=1e-9)
    assert yaw == pytest.approx(0.25)
    point, yaw = place(path, path.length_m + 5.0, 0.0, math.pi)
    np.testing.assert_allclose(point, [20.0, 25.0, 0.0], atol=0.02)
    assert yaw == pytest.approx(-math.pi / 2, abs=2e-3)


def test_wrong_names_are_named():
    with pytest.raises(InputError) as caught:
        route_path(circle_map(), "rr")
    assert caught.value.faults[0].nearest == "r"
    with pytest.raises(InputError, match="lane of the map"):
        lanes_path(circle_map(), ("in", "arcc"))
    with pytest.raises(ValueError, match="positive spacing"):
        route_path(circle_map(), "r", 0.0)


def crossing():
    def straight(name, a, b):
        return lane_along(name, np.linspace(a, b, 81))

    bend = np.concatenate([np.linspace([-40.0, 30.0], [-10.0, 3.0], 60), np.linspace([-9.5, 2.6], [0.0, 0.0], 20)])
    lanes = (
        straight("east", [-40.0, 0.0], [40.0, 0.0]), straight("north", [5.0, -40.0], [5.0, 40.0]),
        straight("far", [-40.0, 20.0], [40.0, 20.0]),
        lane_along("merge", np.concatenate([bend, np.linspace([0.5, 0.0], [40.0, 0.0], 60)])),
    )  # fmt: skip
    return LaneMap(lanes, routes={lane.id: (lane.id,) for lane in lanes})


def test_conflicts_of_crossing_merging_and_parallel_routes():
    lane_map = crossing()
    s_a, s_b = conflicts(lane_map, "east", "north")
    assert 43.0 <= s_a <= 43.6
    assert s_b == pytest.approx(40.0, abs=0.5)
    found = conflict(lane_map, "east", "north")
    assert found.leaves_a_m == pytest.approx(47.0, abs=0.6)
    assert found.leaves_b_m == pytest.approx(42.0, abs=0.6)
    assert not found.merges
    assert conflicts(lane_map, "east", "far") is None
    merging = conflict(lane_map, "east", "merge")
    assert merging.merges and merging.leaves_a_m == pytest.approx(80.0)
    assert conflicts(lane_map, "east", "east") == (0.0, 0.0)
    wide, narrow = conflict(lane_map, "east", "north", 4.0), conflict(lane_map, "east", "north", 1.0)
    assert wide.s_a_m < narrow.s_a_m
