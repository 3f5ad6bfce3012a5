"""Laws of drivers: against their twins, and where the answer is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_bridge.embedded import driver_kernels as laws
from sim_bridge.embedded import reference_drivers as twin
from sim_bridge.embedded.traffic_kernels import noise

speeds, gaps = st.floats(0.0, 50.0), st.one_of(st.floats(0.01, 400.0), st.just(math.inf))
drivers = st.tuples(st.floats(0.0, 45.0), st.floats(0.3, 3.0), st.floats(0.5, 5.0), st.floats(0.3, 3.0),
                    st.floats(0.5, 5.0), st.floats(1.0, 8.0))  # fmt: skip
seconds = st.floats(0.0, 30.0)
accelerations = st.floats(-9.0, 4.0)


@given(drivers, speeds, gaps, speeds)
def test_laws_of_following_agree_with_their_twins(driver, v, gap, lead):
    v0, headway, s0, a, b, delta = driver
    f = twin.Follower(v0, headway, s0, a, b, delta)
    given_to = (v, v0, gap, lead, headway, s0, a, b, delta)
    assert laws.idm_2000(*given_to) == pytest.approx(f.idm_2000(v, gap, lead), rel=1e-12, abs=1e-12)
    assert laws.idm_plus(*given_to) == pytest.approx(f.idm_plus(v, gap, lead), rel=1e-12, abs=1e-12)
    assert laws.iidm(*given_to) == pytest.approx(f.iidm(v, gap, lead), rel=1e-9, abs=1e-12)
    assert laws.agent_idm(*given_to[:-1]) == pytest.approx(f.agent(v, gap, lead), rel=1e-12, abs=1e-12)


def test_the_equilibrium_gap_is_the_published_one():
    f = twin.Follower(33.3, 1.6, 2.0, 0.73, 1.67)
    for v in (5.0, 15.0, 25.0):
        gap = f.equilibrium_gap_m(v)
        assert gap == pytest.approx((2.0 + 1.6 * v) / math.sqrt(1 - (v / 33.3) ** 4))
        assert laws.idm_2000(v, 33.3, gap, v, 1.6, 2.0, 0.73, 1.67, 4.0) == pytest.approx(0.0, abs=1e-12)
    # IDM+ and the improved IDM keep s0 + v T instead, which the IDM does not.
    assert laws.idm_plus(25.0, 33.3, 42.0, 25.0, 1.6, 2.0, 0.73, 1.67, 4.0) == pytest.approx(0.0, abs=1e-12)
    assert laws.iidm(25.0, 33.3, 42.0, 25.0, 1.6, 2.0, 0.73, 1.67, 4.0) == pytest.approx(0.0, abs=1e-12)
    assert laws.idm_2000(25.0, 33.3, 42.0, 25.0, 1.6, 2.0, 0.73, 1.67, 4.0) < -0.2


@pytest.mark.parametrize(("a", "stable"), [(0.3, False), (0.73, False), (1.5, True), (3.0, True)])
def test_waves_along_a_platoon_grow_exactly_where_theory_says(a, stable):
    """Growth rates of all waves on a ring of 200 cars at 15 m/s, from the slopes of the compiled law."""
    v, f, h = 15.0, twin.Follower(33.3, 1.2, 2.0, a, 1.67), 1e-5
    assert twin.is_string_stable(f, v) is stable

    def law(speed: float, gap: float, lead: float) -> float:
        return laws.idm_2000(speed, f.v0, gap, lead, f.headway, f.s0, f.a, f.b, f.delta)

    s = f.equilibrium_gap_m(v)
    by_s = (law(v, s + h, v) - law(v, s - h, v)) / (2 * h)
    by_v = (law(v + h, s, v) - law(v - h, s, v)) / (2 * h)
    by_lead = (law(v, s, v + h) - law(v, s, v - h)) / (2 * h)
    growth = []
    for k in range(1, 200):
        turn = np.exp(-2j * np.pi * k / 200)
        growth.append(np.roots([1.0, -(by_v + by_lead * turn), -by_s * (turn - 1.0)]).real.max())
    assert bool(max(growth) < 0.0) is stable


truth_table = [
    # own, own new, follower, follower new, old, old new, politeness, to the right, answer
    (0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, False, True),
    (0.0, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0, False, False),
    (0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, False, False),  # the threshold itself is not enough
    (0.0, 1.0, 0.0, -3.0, 0.0, 0.0, 0.0, False, True),
    (0.0, 1.0, 0.0, -3.0, 0.0, 0.0, 0.5, False, False),  # politeness flips the decision
    (0.0, 1.0, 0.0, -3.0, -2.0, 0.0, 1.0, False, False),
    (0.0, 1.2, 0.0, -3.0, -2.0, 0.0, 1.0, False, True),  # who is relieved behind counts too
    (0.0, 9.0, 0.0, -4.01, 0.0, 0.0, 0.0, False, False),  # unsafe, whatever it gains
    (0.0, 9.0, 0.0, -4.0, 0.0, 0.0, 0.0, False, True),
]


@pytest.mark.parametrize("row", truth_table)
def test_mobil_truth_table(row):
    own, own_new, n, n_new, o, o_new, politeness, to_right, answer = row
    gain = laws.mobil_gain(own, own_new, n, n_new, o, o_new, politeness)
    assert laws.mobil_changes(gain, n_new, 0.1, 4.0, 0.0, to_right) is answer
    assert twin.Candidate(own, own_new, n, n_new, o, o_new).changes(politeness, 0.1, 4.0, 0.0, to_right) is answer


def test_the_bias_keeps_to_the_right():
    assert laws.mobil_changes(-0.1, 0.0, 0.1, 4.0, 0.3, True)
    assert not laws.mobil_changes(0.3, 0.0, 0.1, 4.0, 0.3, False)
    assert laws.european(1.0, -0.5, 30.0, 20.0, 16.7) == -0.5
    assert laws.european(1.0, -0.5, 30.0, 10.0, 16.7) == 1.0  # congested: overtaking on the right is allowed
    assert laws.european(1.0, -0.5, 15.0, 20.0, 16.7) == 1.0


@given(*[accelerations] * 6, st.floats(-1.0, 1.0), st.booleans())
def test_mobil_agrees_with_its_twin(own, own_new, n, n_new, o, o_new, politeness, to_right):
    gain = laws.mobil_gain(own, own_new, n, n_new, o, o_new, politeness)
    slow = own_new - own + politeness * ((n_new - n) + (o_new - o))
    assert gain == pytest.approx(slow, abs=1e-9)
    if abs(gain - 0.4) > 1e-9 and abs(gain + 0.2) > 1e-9:
        expected = twin.Candidate(own, own_new, n, n_new, o, o_new).changes(politeness, 0.1, 4.0, 0.3, to_right)
        assert laws.mobil_changes(gain, n_new, 0.1, 4.0, 0.3, to_right) is expected


@given(st.lists(st.tuples(seconds, seconds), max_size=4), seconds, seconds, seconds, seconds)
def test_gap_acceptance_agrees_with_its_twin(traffic, line, enter, clear, needed):
    arrivals = [(arrive, arrive + length) for arrive, length in traffic]
    taken = not any(laws.gap_refused(a, b, line, enter, clear, needed) for a, b in arrivals)
    slow = twin.accepts(arrivals, line, enter, clear, needed)
    if all(abs(a - line - needed) > 1e-9 for a, _ in arrivals):
        assert taken is slow


def test_gaps_computed_by_hand():
    # At the line, two seconds through: 6.2 s are enough, 6.1 s are not, with a follow-up time of 3.3 s they are.
    assert not laws.gap_refused(6.2, 7.0, 0.0, 0.5, 2.0, 6.2)
    assert laws.gap_refused(6.1, 7.0, 0.0, 0.5, 2.0, 6.2)
    assert not laws.gap_refused(6.1, 7.0, 0.0, 0.5, 2.0, 3.3)
    # Who needs eight seconds to get through does not take a gap of seven, whatever his critical gap.
    assert laws.gap_refused(7.0, 8.0, 0.0, 0.5, 8.0, 3.3)
    # One second away from the line the same vehicle is one second nearer when it counts.
    assert laws.gap_refused(6.2, 7.0, 1.0, 1.5, 3.0, 6.2)
    # It is gone before one comes.
    assert not laws.gap_refused(0.5, 1.5, 3.0, 3.5, 5.0, 6.2)
    # Half an hour of patience: 60 s bring 6.2 s down to 4.1 s.
    assert laws.accepted_gap(6.2, 4.1, 0.0, 60.0) == 6.2
    assert laws.accepted_gap(6.2, 4.1, 30.0, 60.0) == pytest.approx(5.15)
    assert laws.accepted_gap(6.2, 4.1, 600.0, 60.0) == pytest.approx(4.1)


@given(st.floats(0.0, 300.0), st.floats(0.0, 30.0), st.floats(0.0, 30.0), st.floats(0.5, 3.0))
def test_the_time_to_cover_a_distance_is_that_of_the_motion(distance, v, v0, a):
    slow_s, slow_v, slow_t, dt = 0.0, v, 0.0, 1e-2
    top = max(v0, v, 0.5)
    while slow_s < distance and slow_t < 700.0:
        slow_v = min(slow_v + a * dt, top)
        slow_s, slow_t = slow_s + slow_v * dt, slow_t + dt
    assert laws.time_to_go(distance, v, v0, a) == pytest.approx(slow_t, abs=0.05, rel=0.02)


@given(st.integers(0, 2**31), st.integers(0, 300), st.integers(0, 10_000), st.integers(1, 5))
def test_draws_depend_on_their_arguments_only(seed, i, k, stream):
    assert laws.uniform(seed, i, k, stream) == twin.draw(seed, i, k, stream)
    assert 0.0 <= laws.uniform(seed, i, k, stream) < 1.0


@given(st.integers(0, 2**31), st.integers(0, 300), st.integers(0, 10_000))
def test_the_noise_of_imperfect_drivers_agrees_with_its_twin(seed, i, step):
    assert noise(seed, i, step) == pytest.approx(twin.noise(seed, i, step, laws.DRAW_NOISE), abs=1e-12)


def test_the_noise_of_imperfect_drivers_is_standard_and_of_one_moment_only():
    """Signed products that overflow gave numbers of which nobody could say this."""
    sample = np.array([[noise(7, i, k) for k in range(4000)] for i in range(5)])
    assert np.abs(sample.mean(axis=1)).max() < 0.06
    assert np.abs(sample.std(axis=1) - 1.0).max() < 0.04
    assert np.abs(np.corrcoef(sample) - np.eye(5)).max() < 0.06
    assert abs(np.corrcoef(sample[0, 1:], sample[0, :-1])[0, 1]) < 0.06


def test_normal_draws_are_standard():
    sample = np.array([laws.normal(7, 3, k, laws.DRAW_GAP) for k in range(20_000)])
    assert abs(sample.mean()) < 0.03
    assert abs(sample.std() - 1.0) < 0.03
    assert abs((sample**3).mean()) < 0.1


@given(st.integers(0, 1000), st.integers(0, 20), st.integers(20, 90), st.integers(1, 19))
def test_glances_agree_with_their_twin(seed, i, every, length):
    away = twin.glances(seed, i, 400, every, length, laws.DRAW_GLANCE)
    starts = [laws.glance_start(seed, i, step, every, length) for step in range(400)]
    assert [start >= 0 for start in starts] == away
    assert all(start < 0 or start <= step < start + length for step, start in enumerate(starts))


def test_errors_of_perception_have_the_published_spread_and_persistence():
    value, kept, dt, tau = 0.0, [], 0.1, 20.0
    for k in range(200_000):
        value = laws.drift(value, laws.normal(1, 1, k, laws.DRAW_GAP), dt, tau)
        kept.append(value)
    w = np.array(kept)
    assert w.std() == pytest.approx(1.0, abs=0.12)
    lag = round(tau / dt)
    assert np.corrcoef(w[:-lag], w[lag:])[0, 1] == pytest.approx(math.exp(-1), abs=0.1)
    assert laws.estimated_gap(40.0, 0.05, 1.0) == pytest.approx(40.0 * math.exp(0.05))
    assert laws.estimated_lead(40.0, 20.0, 0.01, 1.0) == pytest.approx(19.6)


def test_a_flagger_shows_stop_and_slow_in_turns():
    shown = [laws.hand_shown(0, 20.0, 15.0, t) for t in (0.0, 19.95, 20.0, 34.9, 35.0)]
    assert shown == [1, 1, 2, 2, 1]
    assert laws.hand_shown(3, 20.0, 0.0, 5.0) == 3


def test_the_gap_of_walkers_is_the_manual_s():
    # 7.2 m at 1.2 m/s and 3 s: nine seconds.
    assert laws.walk_gap(7.2, 1.2, 3.0, 0.0, 0.0) == pytest.approx(9.0)
    assert laws.walk_gap(7.2, 1.2, 3.0, 10.0, 20.0) == pytest.approx(7.5)
