"""The RSS guard: distances by hand, the proper response and its beginning, and what simpler guards would do."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closed_loop.policies.corridor import corridor_of
from closed_loop.policies.rss import (
    PEDESTRIAN,
    RssDynamics,
    rss_state,
    safe_lateral_m,
    safe_opposite_m,
    safe_same_direction_m,
    stopping_m,
)
from closed_loop.policies.rss_guarded import RssGuardedParameters, RssGuardedPolicy
from closed_loop.registry import make_policy
from driving_data.ports import Control
from tests.closed_loop import worlds
from tests.effort import examples

CAR = RssDynamics()


def one(value):
    return np.array([float(value)])


class _Eager:
    """Accelerates by 6 m/s^2 and steers as told."""

    name = "eager"

    def __init__(self, steering=0.0):
        self.steering = steering

    def reset(self, num_worlds):
        pass

    def act(self, observation):
        count = len(observation.done)
        return Control(np.full(count, 6.0), np.full(count, self.steering))


def test_the_distance_behind_a_leader():
    """20 + 1.75 + 23.5^2 / 8 - 10^2 / 16 = 84.53; without a response time it would be 50 - 6.25 = 43.75."""
    assert safe_same_direction_m(one(20), one(10), CAR, CAR)[0] == pytest.approx(20 + 1.75 + 23.5**2 / 8 - 6.25)
    assert safe_same_direction_m(one(0), one(30), CAR, CAR)[0] == 0.0


def test_the_distance_to_oncoming_traffic():
    """The ego in its lane brakes by 3, who comes by 4 m/s^2."""
    expected = (10 + 1.75 + 13.5**2 / 6) + (10 + 1.75 + 13.5**2 / 8)
    assert safe_opposite_m(one(10), one(10), CAR, CAR)[0] == pytest.approx(expected)


def test_the_distance_across():
    still = 0.1 * 1 + 0.2 * 0.2 / 1.6
    assert safe_lateral_m(one(0), one(0), CAR, CAR)[0] == pytest.approx(0.1 + 2 * still)
    towards = (1 + 1.2) / 2 + 1.2**2 / 1.6
    assert safe_lateral_m(one(1), one(0), CAR, CAR)[0] == pytest.approx(0.1 + towards + still)
    assert safe_lateral_m(one(-3), one(0), CAR, CAR)[0] == pytest.approx(0.1)


def test_nobody_accelerates_beyond_the_greatest_speed():
    slow = replace(CAR, max_speed_mps=11.0)
    rise = 1.0 / 3.5
    expected = 10 * rise + 0.5 * 3.5 * rise**2 + 11 * (1 - rise) + 11**2 / 8
    assert stopping_m(one(10), slow, 4.0)[0] == pytest.approx(expected)


@settings(max_examples=examples(60), deadline=None)
@given(v=st.floats(0, 40), w=st.floats(0, 40), more=st.floats(0.1, 10))
def test_the_distance_grows_with_the_speed_behind_and_shrinks_with_the_one_ahead(v, w, more):
    base = safe_same_direction_m(one(v), one(w), CAR, CAR)[0]
    assert safe_same_direction_m(one(v + more), one(w), CAR, CAR)[0] >= base
    assert safe_same_direction_m(one(v), one(w + more), CAR, CAR)[0] <= base


@settings(max_examples=examples(40), deadline=None)
@given(v=st.floats(1, 30), w=st.floats(0, 30))
def test_who_keeps_the_distance_and_responds_never_touches_a_leader_who_brakes(v, w):
    """The promise of the model: the worst leader, the slowest permitted response."""
    gap, dt = float(safe_same_direction_m(one(v), one(w), CAR, CAR)[0]), 0.001
    for k in range(30_000):
        v = v + 3.5 * dt if k * dt < 1.0 else max(v - 4.0 * dt, 0.0)
        w = max(w - 8.0 * dt, 0.0)
        gap += (w - v) * dt
        assert gap > -0.1
        if v == 0.0:
            break


def follow(gap, y=0.0, time=0.0, speed=20.0, lead=10.0, **rest):
    seen = worlds.observation([[0, 0], [gap + 4.0, y]], [[speed, 0], [lead, 0]], **rest)
    return replace(seen, time_s=np.array([time]))


def timeline(seconds, **parameters):
    guard = RssGuardedPolicy(RssGuardedParameters(**parameters), _Eager())
    guard.reset(1)
    return [guard.act(follow(50.0, time=0.1 * k)).acceleration_mps2[0] for k in range(round(10 * seconds))]


def test_the_response_begins_after_the_response_time():
    """Until then at most a_max; from then on at least b_min. A guard without response time brakes at once."""
    told = timeline(1.5)
    assert told[:10] == [3.5] * 10
    assert told[10:] == [-4.0] * 5
    assert timeline(0.3, wait_s=0.0) == [-4.0] * 3


def test_safe_situations_are_left_alone_and_left_again():
    guard = RssGuardedPolicy(RssGuardedParameters(wait_s=0.0), _Eager(0.01))
    guard.reset(1)
    assert guard.act(follow(90.0)).acceleration_mps2[0] == 6.0
    assert guard.act(follow(80.0, time=0.1)).acceleration_mps2[0] == -4.0
    free = guard.act(follow(90.0, time=0.2))
    assert free.acceleration_mps2[0] == 6.0 and free.steering_rad[0] == 0.01
    assert guard.name == "rss_guarded(eager)"


def test_who_drives_beside_at_a_safe_distance_is_no_danger():
    """50 m ahead but 1.5 m beside: a guard that minds the distance along alone would brake."""
    for y, expected in ((3.5, 6.0), (2.3, -4.0)):
        guard = RssGuardedPolicy(RssGuardedParameters(wait_s=0.0), _Eager())
        assert guard.act(follow(50.0, y=y)).acceleration_mps2[0] == expected


def test_a_drift_towards_who_is_beside_is_answered_by_steering_alone():
    """The distance along was too small before, the one across becomes so: that one is restored."""
    guard = RssGuardedPolicy(RssGuardedParameters(wait_s=0.0), _Eager(0.05))
    guard.reset(1)
    calm = worlds.observation([[0, 0], [0, 3.5]], [[10, 0], [10, 0]])
    assert guard.act(calm).steering_rad[0] == 0.05
    velocity = [[10 * np.cos(0.1), 10 * np.sin(0.1)], [10, 0]]
    route = np.stack([-1.3 + np.arange(101.0), np.zeros(101), np.zeros(101)], axis=-1)
    drifts = worlds.observation([[0, 0], [0, 3.5]], velocity, yaw_rad=[0.1, 0.0], route_m=route)
    answer = guard.act(replace(drifts, time_s=np.array([0.1])))
    assert answer.steering_rad[0] == pytest.approx(np.arctan(2.7 * (-0.8 / 100)), rel=1e-6)
    assert answer.acceleration_mps2[0] == 3.5


def test_people_have_parameters_of_their_own():
    from driving_data.taxonomy import ActorClass

    seen = worlds.observation(
        [[0, 0], [24.0, 0]], [[10, 0], [0, 0]], kinds=[ActorClass.CAR, ActorClass.PEDESTRIAN],
        sizes=[worlds.CAR, (0.6, 0.6, 1.8)],
    )  # fmt: skip
    # 34.5 m for a standing obstacle at 10 m/s: 21.7 m are too few whoever stands there.
    assert rss_state(seen, corridor_of(seen), CAR, PEDESTRIAN).dangerous[0, 1]
    walks = replace(seen, velocity_mps=np.array([[[10.0, 0, 0], [3.0, 0, 0]]]), position_m=seen.position_m.copy())
    walks.position_m[0, 1, 0] = 36.0
    # Walking away at 3 m/s it stops within 9 / 8 m, a car within 9 / 16 m.
    assert not rss_state(walks, corridor_of(walks), CAR, PEDESTRIAN).near_along[0, 1]
    assert rss_state(walks, corridor_of(walks), CAR, CAR).near_along[0, 1]


def test_the_guard_takes_its_policy_by_name():
    guard = make_policy("rss_guarded", {"inner": "constant_speed", "vehicle": {"response_s": 0.5}})
    assert guard.name == "rss_guarded(constant_speed)"
    assert guard.parameters.vehicle.response_s == 0.5
