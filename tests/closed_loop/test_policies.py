"""Policies: the port's rules, closed forms of their laws, and behaviour in small worlds."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closed_loop.conformance import ConformanceFailure, check_policy, sample_observation
from closed_loop.policies.aeb import AebPolicy
from closed_loop.policies.corridor import corridor_of, crossing_window_s, curvature_1pm, curve_speed_mps
from closed_loop.policies.lateral import SteeringParameters, pure_pursuit, stanley
from closed_loop.policies.longitudinal import IdmParameters, idm_acceleration_mps2
from closed_loop.registry import POLICIES, make_policy
from driving_data.errors import InputError
from driving_data.ports import Control
from driving_data.taxonomy import ActorClass, SignalState
from tests.closed_loop import worlds
from tests.effort import examples

PERSON = (0.6, 0.6, 1.8)


@pytest.mark.parametrize("name", POLICIES.builtin)
def test_every_policy_keeps_the_rules_of_its_port(name):
    check_policy(lambda: make_policy(name), seed=3)


class _Forgetful:
    name = "forgetful"

    def __init__(self, broken):
        self.broken, self.calls = broken, 0

    def reset(self, num_worlds):
        pass

    def act(self, observation):
        self.calls += 1
        count = len(observation.done)
        acceleration = np.zeros(count)
        if self.broken == "state":
            acceleration += self.calls
        elif self.broken == "nan":
            acceleration[0] = np.nan
        elif self.broken == "shape":
            acceleration = np.zeros((count, 1))
        elif self.broken == "bound":
            acceleration += 40.0
        elif self.broken == "batch":
            acceleration += count * 0.1
        elif self.broken == "writes":
            observation.target_speed_mps[:] = 0.0
        return Control(acceleration, np.zeros(count))


@pytest.mark.parametrize("broken", ["state", "nan", "bound", "batch", "writes"])
def test_conformance_finds_a_broken_policy(broken):
    with pytest.raises(ConformanceFailure):
        check_policy(lambda: _Forgetful(broken))


def accelerations(name, observation, parameters=None):
    return make_policy(name, parameters).act(observation).acceleration_mps2


def test_idm_law_has_its_closed_forms():
    idm = IdmParameters(min_gap_m=2.0, headway_s=1.5, max_acceleration_mps2=1.0)
    none = np.full((1, 1), np.inf), np.zeros((1, 1))
    assert idm_acceleration_mps2(np.array([15.0]), np.array([15.0]), *none, idm)[0] == pytest.approx(0.0)
    assert idm_acceleration_mps2(np.array([0.0]), np.array([15.0]), *none, idm)[0] == pytest.approx(1.0)
    equal = idm_acceleration_mps2(
        np.array([10.0]), np.array([20.0]), np.array([[17.0]]), np.array([[10.0]]), idm
    )  # the gap is s0 + v T, so only the free term is left above -a
    assert equal[0] == pytest.approx(1.0 - 0.5**4 - 1.0)


@settings(max_examples=examples(60), deadline=None)
@given(speed=st.floats(0, 40), gap=st.floats(0.5, 200), lead=st.floats(0, 40), more=st.floats(0.1, 50))
def test_idm_brakes_no_less_for_a_nearer_leader(speed, gap, lead, more):
    idm = IdmParameters()

    def at(distance):
        return idm_acceleration_mps2(
            np.array([speed]), np.array([20.0]), np.array([[distance]]), np.array([[lead]]), idm
        )[0]

    assert at(gap) <= at(gap + more) + 1e-12


def follow(name, num_steps=300, lead_speed=8.0, gap=40.0, speed=12.0, dt=0.1):
    """Drives behind a leader of constant speed with exact point-mass motion; returns gaps and speeds."""
    x, lead, gaps = 0.0, gap + 4.0, []
    for _ in range(num_steps):
        what = worlds.observation([[x, 0], [lead, 0]], [[speed, 0], [lead_speed, 0]])
        speed = max(0.0, speed + float(accelerations(name, what)[0]) * dt)
        x, lead = x + speed * dt, lead + lead_speed * dt
        gaps.append(lead - x - 4.0)
    return np.array(gaps), speed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["idm", "cautious"])
@pytest.mark.parametrize("lead_speed", [8.0, 0.0])
def test_followers_settle_behind_the_leader(name, lead_speed):
    gaps, speed = follow(name, lead_speed=lead_speed)
    assert gaps.min() > 1.0
    assert speed == pytest.approx(lead_speed, abs=0.3)
    assert gaps[-1] < 30.0


def test_the_careless_policy_runs_into_the_leader():
    gaps, speed = follow("constant_speed")
    assert gaps.min() < 0
    assert speed == pytest.approx(15.0, abs=0.1)


def pedestrian(y, speed_y, x=30.0):
    return worlds.observation(
        [[0, 0], [x, y]], [[12.0, 0], [0, speed_y]], kinds=[ActorClass.CAR, ActorClass.PEDESTRIAN],
        sizes=[worlds.CAR, PERSON], yaw_rad=[0, np.pi / 2],
    )  # fmt: skip


def test_a_person_who_will_cross_is_braked_for_and_one_who_walks_away_is_not():
    for name in ("idm", "cautious"):
        empty = accelerations(name, pedestrian(-40.0, 0.0))[0]
        assert accelerations(name, pedestrian(-4.0, 1.5))[0] < -1.0
        assert accelerations(name, pedestrian(-4.0, -1.5))[0] == pytest.approx(empty)
    assert accelerations("constant_speed", pedestrian(-4.0, 1.5))[0] == pytest.approx(2.0)


def test_cautious_brakes_earlier_than_idm():
    late = pedestrian(-6.5, 1.5, x=45.0)
    assert accelerations("cautious", late)[0] < accelerations("idm", late)[0] - 0.5


@pytest.mark.parametrize(
    ("state", "distance", "stops"),
    [
        (SignalState.RED, 30.0, True),
        (SignalState.RED_YELLOW, 30.0, True),
        (SignalState.GREEN, 30.0, False),
        (SignalState.YELLOW, 40.0, True),
        (SignalState.YELLOW, 10.0, False),
        (SignalState.OFF, 30.0, False),
    ],
)
def test_signals_are_obeyed_where_stopping_is_possible(state, distance, stops):
    what = worlds.observation([[0, 0]], [[12.0, 0]], signal_m=distance, signal=state)
    assert (accelerations("idm", what)[0] < -0.5) == stops


def circle(radius=30.0, speed=15.0):
    angle = np.arange(101) / radius
    route = np.stack([radius * np.sin(angle), radius * (1 - np.cos(angle)), np.zeros(101)], axis=-1)
    return worlds.observation([[1.3, 0.0]], [[speed, 0.0]], route_m=route)


def test_bends_are_slowed_down_for():
    assert np.allclose(curvature_1pm(circle().route_m[..., :2], 1.0), 1 / 30, atol=1e-4)
    assert curve_speed_mps(np.full((1, 50), 1 / 40), 1.0, 2.5, 1.5)[0] == pytest.approx(10.0)
    assert accelerations("idm", circle())[0] < -1.0
    assert accelerations("idm", circle(speed=5.0))[0] > 0.5


@pytest.mark.parametrize("law", [pure_pursuit, stanley])
def test_steering_on_a_circle_is_the_bicycles(law):
    what = circle(speed=5.0)
    got = law(what, corridor_of(what), SteeringParameters(min_lookahead_m=4.0))
    assert got[0] == pytest.approx(np.arctan(2.7 / 30), abs=0.012 if law is pure_pursuit else 0.03)


@pytest.mark.parametrize("method", ["pure_pursuit", "stanley"])
def test_steering_returns_to_the_route(method):
    policy = make_policy("constant_speed", {"steering": {"method": method}})
    x, y, yaw, speed = 0.0, 1.0, 0.1, 10.0
    for _ in range(150):
        what = worlds.observation(
            [[x + 1.3 * np.cos(yaw), y + 1.3 * np.sin(yaw)]], [[speed * np.cos(yaw), speed * np.sin(yaw)]],
            yaw_rad=[yaw], lateral_m=y,
            route_m=np.stack([x + np.arange(101.0), np.zeros(101), np.zeros(101)], axis=-1),
        )  # fmt: skip
        delta = float(policy.act(what).steering_rad[0])
        x, y = x + speed * np.cos(yaw) * 0.05, y + speed * np.sin(yaw) * 0.05
        yaw += speed / 2.7 * np.tan(delta) * 0.05
    assert abs(y) < 0.05
    assert abs(yaw) < 0.02


def test_emergency_braking_overrules_and_lets_go():
    near = worlds.observation([[0, 0], [14.0, 0]], [[12.0, 0], [0, 0]])
    far = worlds.observation([[0, 0], [60.0, 0]], [[12.0, 0], [0, 0]])
    policy = AebPolicy()
    assert policy.act(near).acceleration_mps2[0] == -9.0
    assert policy.act(far).acceleration_mps2[0] == pytest.approx(2.0)
    assert policy.name == "aeb(constant_speed)"


def test_crossing_windows_are_the_times_at_the_swath_edges():
    enter, leave = crossing_window_s(corridor_of(pedestrian(-4.3, 1.5)), 0.2)
    assert enter[0, 1] == pytest.approx((4.3 - 0.3 - 1.0 - 0.2) / 1.5)
    assert leave[0, 1] == pytest.approx((4.3 + 1.5) / 1.5)
    assert np.isinf(enter[0, 0])


def test_slippery_roads_are_driven_slower():
    dry = circle(speed=9.0)
    wet = replace(dry, road_friction=np.full(1, 0.3))
    assert accelerations("idm", wet)[0] < accelerations("idm", dry)[0]


def test_parameters_come_as_plain_data_and_are_checked():
    policy = make_policy("idm", {"following": {"headway_s": 3.0}})
    assert policy.parameters.following.headway_s == 3.0
    with pytest.raises(InputError, match="did you mean 'corridor_margin_m'"):
        make_policy("idm", {"corridor_margin": 1})
    with pytest.raises(InputError, match="'imd'"):
        make_policy("imd")
    with pytest.raises(InputError, match="neither 'pure_pursuit' nor 'stanley'"):
        make_policy("idm", {"steering": {"method": "magic"}})


def test_sample_observations_repeat():
    one, two = sample_observation(3, 4, 5), sample_observation(3, 4, 5)
    assert one.position_m.tobytes() == two.position_m.tobytes()
    assert sample_observation(3, 4, 6).position_m.tobytes() != one.position_m.tobytes()
