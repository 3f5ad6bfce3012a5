"""What makes the simulator fast must not change what it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.worlds import motorway
from driving_data.errors import Unsupported
from driving_data.ports import Control
from sim_bridge.embedded.layout import LINE, PCURV, PHEAD, PLIMIT, PX, PY, W_NEAR, W_REACH, X, Y
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.paths import path_table, path_through, steady_columns
from sim_bridge.embedded.reference import Road
from sim_bridge.embedded.simulator import EmbeddedSimulator


def straight(heading, length=200.0):
    s = np.linspace(0.0, length, 60)
    points = np.stack([3.0 + s * np.cos(heading), -7.0 + s * np.sin(heading), np.zeros_like(s)], axis=-1)
    wide = np.full(len(s), 4.0)
    return path_table(points, s, np.full(len(s), heading), wide, wide, np.full(len(s), 25.0), True)


@given(st.floats(-3.1, 3.1), st.floats(-20.0, 220.0), st.floats(-10.0, 10.0))
def test_a_straight_path_is_known_as_a_line_and_its_places_are_those_of_the_table(heading, s, d):
    table = straight(heading)
    bits, values = steady_columns(table)
    assert bits & LINE and bits >> PCURV & 1 and bits >> PLIMIT & 1
    tx, ty = np.cos(heading), np.sin(heading)
    x, y = values[PX] + s * tx - d * ty, values[PY] + s * ty + d * tx
    # The slow twin looks the point up in the samples; beyond the ends it goes straight on.
    point, tangent = Road(table).point(s)
    np.testing.assert_allclose(point - d * np.array([ty, -tx]), [x, y], atol=1e-6)
    np.testing.assert_allclose(tangent, [tx, ty], atol=1e-9)


def test_a_bend_of_a_millimetre_is_no_line():
    table = straight(0.0)
    table.rows[len(table.rows) // 2, PY] += 1e-3
    assert not steady_columns(table)[0] & LINE
    curved = path_through(np.array([[0.0, 0.0, 0.0], [20.0, 0.0, 0.0], [30.0, 10.0, 0.0]]))
    bits, _ = steady_columns(curved)
    assert not bits & LINE and not bits >> PHEAD & 1


def batch_of(session):
    return session._batch


@pytest.mark.parametrize(("actors", "steps"), [(2, 0), (7, 13), (12, 40)])
def test_the_broad_phase_counts_every_circle_that_meets_another(actors, steps):
    session = EmbeddedSimulator().open([motorway(actors, 10.0)], [0])
    session.run(steps + 1, "idm_lane_follow")
    state, work = batch_of(session).state[0], batch_of(session).work[0]
    gap = np.hypot(state[X][:, None] - state[X][None], state[Y][:, None] - state[Y][None])
    meets = (gap < work[W_REACH][:, None] + work[W_REACH][None]).sum(axis=1) - 1
    np.testing.assert_array_equal(work[W_NEAR], meets)


def test_observations_stay_as_they_were():
    session = EmbeddedSimulator().open([motorway(5, 10.0)], [0])
    seen = session.reset()
    kept = {name: np.array(getattr(seen, name)) for name in ("position_m", "velocity_mps", "route_m", "time_s", "done")}
    for _ in range(5):
        session.step(Control(np.ones(1), np.zeros(1)))
    for name, before in kept.items():
        np.testing.assert_array_equal(getattr(seen, name), before)
    with pytest.raises(ValueError, match="read-only"):
        seen.size_m[:] = 0.0


def test_without_records_the_worlds_are_the_same_and_nothing_is_kept():
    with_log = EmbeddedSimulator().open([motorway(8, 30.0)], [0])
    without = EmbeddedSimulator(EmbeddedOptions(records=False)).open([motorway(8, 30.0)], [0])
    ours, theirs = with_log.run(250, "idm_lane_follow"), without.run(250, "idm_lane_follow")
    np.testing.assert_array_equal(ours.position_m, theirs.position_m)
    assert batch_of(without).log.shape[1] == 2
    with pytest.raises(Unsupported, match="records=False"):
        without.rollouts()


def test_batch_size_and_threads_change_no_byte_on_plain_roads():
    alone = EmbeddedSimulator().open([motorway(16, 30.0)], [3])
    many = EmbeddedSimulator(EmbeddedOptions(num_threads=2)).open([motorway(16, 30.0)] * 5, [0, 1, 2, 3, 4])
    ours, theirs = alone.run(200, "idm_lane_follow"), many.run(200, "idm_lane_follow")
    assert ours.position_m[0].tobytes() == theirs.position_m[3].tobytes()
    assert alone.rollouts()[0].velocity_mps.tobytes() == many.rollouts()[3].velocity_mps.tobytes()


def test_nothing_denormal_is_left_in_a_jam_that_stands_for_long():
    session = EmbeddedSimulator(EmbeddedOptions(records=False, ends_at_goal=False)).open([motorway(12, 400.0)], [0])
    session.run(4000, "idm_lane_follow")
    state = batch_of(session).state
    tiny = (state != 0.0) & (np.abs(state) < np.finfo(np.float64).tiny)
    assert not tiny.any()
