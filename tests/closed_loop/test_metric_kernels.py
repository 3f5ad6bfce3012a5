"""What the metrics share is quick: it equals the slow and obvious way on random input."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import savgol_filter

from closed_loop.metrics.encounters import Track, conflict_area, swept_area
from closed_loop.metrics.nuplan.lanes import index_of
from closed_loop.metrics.nuplan.road import corners_far_off
from closed_loop.metrics.polyline import distinct, project
from closed_loop.metrics.smoothing import savitzky_golay
from driving_data.maps.queries import drivable_area
from scenarios import library
from tests.effort import examples

SEEDS = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=examples(60))
@given(SEEDS, st.integers(1, 16), st.integers(0, 3), st.integers(0, 2), st.integers(0, 40))
def test_the_filter_is_scipys(seed, window, order, derivative, longer):
    draw = np.random.default_rng(seed)
    values = draw.normal(0.0, 3.0, (2, window + longer)).cumsum(axis=-1)
    if order >= window:
        with pytest.raises(ValueError, match="must exceed the order"):
            savitzky_golay(values, window, order, derivative, 0.1)
        return
    wanted = savgol_filter(values, window, order, deriv=derivative, delta=0.1, mode="interp", axis=-1)
    assert savitzky_golay(values, window, order, derivative, 0.1) == pytest.approx(wanted, rel=1e-7, abs=1e-7)


def test_the_filter_keeps_a_parabola_to_its_ends():
    time = 0.1 * np.arange(30.0)
    made = savitzky_golay(2.0 + 3.0 * time - 0.5 * time**2, 8, 2, 1, 0.1)
    assert made[[0, 1, -2, -1]] == pytest.approx((3.0 - time)[[0, 1, -2, -1]], abs=1e-9), "the ends are not held"


def projected(points, line):
    """All pairs of points and pieces at once, as `project` was written before it had a kernel."""
    line = distinct(line)
    start, step = line[:-1], np.diff(line, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    tangent = step / length[:, None]
    offset = points[..., None, :] - start
    along = offset[..., 0] * tangent[:, 0] + offset[..., 1] * tangent[:, 1]
    place = np.arange(len(start))
    low, high = np.where(place == 0, -np.inf, 0.0), np.where(place == len(start) - 1, np.inf, length)
    clamped = np.minimum(np.maximum(along, low), high)
    gap = offset - clamped[..., None] * tangent
    best = np.argmin(np.where(np.isnan(along), np.inf, gap[..., 0] ** 2 + gap[..., 1] ** 2), axis=-1)
    beside = np.take_along_axis(gap, best[..., None, None], axis=-2)[..., 0, :]
    left = tangent[best, 0] * beside[..., 1] - tangent[best, 1] * beside[..., 0]
    s = np.concatenate([[0.0], np.cumsum(length)])[best] + np.take_along_axis(clamped, best[..., None], -1)[..., 0]
    heading = np.where(np.isnan(s), np.nan, np.arctan2(tangent[best, 1], tangent[best, 0]))
    return s, np.where(left >= 0, 1.0, -1.0) * np.hypot(beside[..., 0], beside[..., 1]), heading


@settings(deadline=None, max_examples=examples(60))
@given(SEEDS, st.integers(2, 30), st.integers(0, 6), st.integers(0, 4))
def test_the_nearest_piece_is_that_of_all_pairs(seed, num, rows, columns):
    draw = np.random.default_rng(seed)
    line = draw.integers(-3, 4, (num, 2)).astype(float).cumsum(axis=0)
    if len(distinct(line)) < 2:
        line = np.array([[0.0, 0.0], [1.0, 0.0]])
    points = draw.integers(-12, 13, (rows, columns, 2)).astype(float)
    points[draw.random((rows, columns)) < 0.2] = np.nan
    for ours, wanted in zip(project(points, line), projected(points, line), strict=True):
        np.testing.assert_array_equal(ours, wanted)


@pytest.fixture(scope="module")
def lane_maps():
    from sim_bridge.embedded.simulator import EmbeddedSimulator

    found = []
    for name in ("roundabout_entry", "merge_from_ramp"):
        session = EmbeddedSimulator().open([library.load(name).sample(1, 0)], [1])
        found.append(session.rollouts()[0].lane_map)
        session.close()
    return found


def test_places_on_lanes_are_those_of_every_polygon(lane_maps):
    draw = np.random.default_rng(5)
    for lane_map in lane_maps:
        index = index_of(lane_map)
        middle = np.concatenate([lane.centerline_m[:, :2] for lane in index.lanes])
        edges = np.concatenate([lane.left_m[:, :2] for lane in index.lanes])
        points = np.concatenate([middle, edges, middle + draw.normal(0.0, 4.0, middle.shape)])[::5]
        wanted = np.array([shapely.intersects(polygon, shapely.points(points)) for polygon in index.polygons])
        np.testing.assert_array_equal(index.members(points), wanted)
        assert wanted.any() and not wanted.all()
        assert index.containing(points) == tuple(tuple(np.flatnonzero(column).tolist()) for column in wanted.T)
        # The drivable area holds every drivable lane, so that a corner on a lane needs no distance.
        held = wanted.any(axis=0)
        assert (shapely.distance(drivable_area(lane_map), shapely.points(points[held])) == 0.0).all()


def test_corners_are_as_far_off_as_from_every_polygon(lane_maps):
    draw = np.random.default_rng(6)
    for lane_map in lane_maps:
        index = index_of(lane_map)
        middle = np.concatenate([lane.centerline_m[:, :2] for lane in index.lanes])
        corners = middle[draw.integers(0, len(middle), (60, 1))] + draw.normal(0.0, 6.0, (60, 4, 2))
        far, distance = corners_far_off(corners, index.drivable)
        wanted = np.min([shapely.distance(area, shapely.points(corners)) for area in index.drivable], axis=0)
        np.testing.assert_array_equal(distance, wanted)
        np.testing.assert_array_equal(far, wanted >= 0.3)
        assert far.any() and not far.all()


@settings(deadline=None, max_examples=25)
@given(SEEDS)
def test_a_conflict_area_is_the_common_part_of_the_whole_ways(seed):
    draw = np.random.default_rng(seed)

    def track():
        heading = draw.uniform(-np.pi, np.pi)
        yaw = heading + 0.05 * draw.normal() * np.arange(20.0)
        step = draw.uniform(0.2, 1.5) * np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
        center = draw.uniform(-9.0, 9.0, 2) + step.cumsum(axis=0)
        return Track(0.1 * np.arange(20.0), center, yaw, np.array([4.5, 1.8]))

    first, second = track(), track()
    whole = shapely.intersection(swept_area(first), swept_area(second))
    found = conflict_area(first, second)
    if found is None:
        assert whole.area <= 1e-6
    else:
        assert found.area == pytest.approx(whole.area, rel=1e-9)
        assert shapely.symmetric_difference(found, whole).area < 1e-6
