"""Route trackers: hand-computed commands, and what simpler versions of the laws would give instead."""

from dataclasses import replace

import numpy as np
import pytest

from closed_loop.policies.pid import Pid, PidParameters
from closed_loop.registry import make_policy
from tests.closed_loop import worlds

L = 2.7


def straight(speed, lateral=0.0, **rest):
    return worlds.observation([[0.0, 0.0]], [[speed, 0.0]], lateral_m=lateral, **rest)


def steering(name, seen, **parameters):
    return float(make_policy(name, parameters).act(seen).steering_rad[0])


def test_constant_velocity_does_nothing_whatever_happens():
    seen = replace(straight(12.0, 2.0), steering_rad=np.array([0.3]))
    control = make_policy("constant_velocity").act(seen)
    assert control.acceleration_mps2[0] == 0.0 and control.steering_rad[0] == 0.0
    assert make_policy("constant_speed").act(seen).acceleration_mps2[0] == pytest.approx(2.0)


@pytest.mark.parametrize(("speed", "lookahead"), [(10.0, 5.0), (4.0, 3.0), (16.0, 8.0)])
def test_pure_pursuit_looks_half_a_second_ahead_but_at_least_three_metres(speed, lookahead):
    """1 m left of the route: delta = atan(-2 L / l^2). A fixed lookahead would not depend on the speed."""
    assert steering("pure_pursuit", straight(speed, 1.0)) == pytest.approx(np.arctan(-2 * L / lookahead**2))


def test_pure_pursuit_measures_the_lookahead_from_the_vehicle():
    """Along the route instead the point would be sqrt(26) m away: atan(-5.4 / 26) = -0.2047."""
    assert steering("pure_pursuit", straight(10.0, 1.0)) == pytest.approx(np.arctan(-5.4 / 25))
    assert abs(steering("pure_pursuit", straight(10.0, 1.0)) - np.arctan(-5.4 / 26)) > 0.005


def test_pure_pursuit_far_from_the_route_still_turns_towards_it():
    assert -0.61 < steering("pure_pursuit", straight(4.0, 6.0)) < -0.2


def test_stanley_is_softened_at_low_speed():
    """k 1, 1 m left at 3 m/s: -atan(1 / (1 + 3)); without softening it would be -atan(1 / 3)."""
    assert steering("stanley", straight(3.0, 1.0)) == pytest.approx(-np.arctan(0.25))
    assert steering("stanley", straight(3.0, 1.0), softening_mps=0.0) == pytest.approx(-np.arctan(1 / 3))
    assert steering("stanley", straight(0.0, 1.0)) == pytest.approx(-0.6)


def on_circle(radius=30.0, speed=6.0, at=0.12):
    """An ego whose front axle stands on a circle to the left and whose rear axle follows it without slip."""
    angle = np.arange(101) / radius
    route = np.stack([radius * np.sin(angle), radius * (1 - np.cos(angle)), np.zeros(101)], axis=-1)
    yaw = at - np.arcsin(L / radius)
    forward = np.array([np.cos(yaw), np.sin(yaw)])
    front = np.array([radius * np.sin(at), radius * (1 - np.cos(at))])
    center = front - (L - 1.3) * forward
    seen = worlds.observation([center], [speed * forward], yaw_rad=[yaw], route_m=route)
    return replace(seen, yaw_rate_radps=np.array([[speed / radius]]))


def test_stanley_measured_at_the_front_axle_needs_no_feed_forward():
    """The heading error there is asin(L / R) = 0.0901. Measured at the rear axle it is 0, and the law steers right."""
    assert steering("stanley", on_circle()) == pytest.approx(np.arcsin(L / 30), abs=3e-3)


def test_stanley_damps_yaw_and_steering():
    turning = replace(straight(5.0), yaw_rate_radps=np.array([[0.5]]))
    assert steering("stanley", turning) == pytest.approx(-0.05)
    policy = make_policy("stanley")
    policy.reset(1)
    policy.act(replace(straight(5.0), steering_rad=np.array([0.1])))
    assert policy.act(replace(straight(5.0), steering_rad=np.array([0.2]))).steering_rad[0] == pytest.approx(-0.01)
    # A yaw rate that the route asks for is not damped.
    assert steering("stanley", on_circle(), yaw_damping_s=2.0) == pytest.approx(np.arcsin(L / 30), abs=8e-3)


def test_stanley_holds_the_heading_of_slipping_tyres():
    seen = on_circle(speed=10.0)
    more = steering("stanley", seen, slip_s2pm=0.005) - steering("stanley", seen)
    assert more == pytest.approx(0.005 * 10.0 * 10.0 / 30.0, rel=0.03)


def test_pid_sums_a_window_of_errors_and_knows_its_first_call():
    pid, dt = Pid(PidParameters(1.0, 0.5, 0.2, memory=3)), np.array([0.1])
    got = [float(pid.step(np.array([e]), dt)[0]) for e in (1.0, 2.0, 4.0, 4.0)]
    assert got == pytest.approx([1.0, 2 + 0.15 + 2.0, 4 + 0.35 + 4.0, 4 + 0.5 + 0.0])
    pid.reset()
    assert float(pid.step(np.array([1.0]), dt)[0]) == 1.0


def test_speed_is_held_by_the_controller():
    policy = make_policy("pure_pursuit")
    policy.reset(1)
    first = policy.act(straight(14.0)).acceleration_mps2[0]
    second = policy.act(replace(straight(14.0), time_s=np.array([0.1]))).acceleration_mps2[0]
    assert (first, second) == pytest.approx((1.0, 1.0 + 0.05 * 2 * 0.1))


def test_carla_pid_counts_in_kilometres_per_hour_and_shares_of_throttle():
    """5 m/s too slow is 18 km/h: throttle 0.75 (3 m/s^2 at 4 m/s^2 full); too fast: brake 0.3 of 8 m/s^2."""
    assert make_policy("carla_pid").act(straight(10.0)).acceleration_mps2[0] == pytest.approx(3.0)
    assert make_policy("carla_pid").act(straight(20.0)).acceleration_mps2[0] == pytest.approx(-2.4)
    assert make_policy("carla_pid").act(straight(14.9)).acceleration_mps2[0] == pytest.approx(4 * 0.36)


def test_carla_pid_steers_by_the_angle_to_a_point_ahead_and_changes_slowly():
    policy = make_policy("carla_pid")
    policy.reset(1)
    first = policy.act(straight(0.0, 0.2)).steering_rad[0]
    assert first == pytest.approx(1.2217 * 1.95 * np.arctan2(-0.2, 3.0))
    second = policy.act(replace(straight(0.0, -1.0), time_s=np.array([0.1]))).steering_rad[0]
    assert second - first == pytest.approx(1.2217 * 0.1)


@pytest.mark.parametrize("name", ["pure_pursuit", "stanley", "carla_pid"])
def test_trackers_return_to_the_route(name):
    policy = make_policy(name)
    policy.reset(1)
    x, y, yaw, speed, delta = 0.0, 1.0, 0.1, 8.0, 0.0
    for k in range(240):
        rate = speed / L * np.tan(delta)
        seen = worlds.observation(
            [[x + 1.3 * np.cos(yaw), y + 1.3 * np.sin(yaw)]], [[speed * np.cos(yaw), speed * np.sin(yaw)]],
            yaw_rad=[yaw], lateral_m=y,
            route_m=np.stack([x + np.arange(101.0), np.zeros(101), np.zeros(101)], axis=-1),
        )  # fmt: skip
        seen = replace(
            seen, time_s=np.array([0.05 * k]), yaw_rate_radps=np.array([[rate]]), steering_rad=np.array([delta])
        )
        delta = float(policy.act(seen).steering_rad[0])
        x, y = x + speed * np.cos(yaw) * 0.05, y + speed * np.sin(yaw) * 0.05
        yaw += speed / L * np.tan(delta) * 0.05
    assert abs(y) < 0.05 and abs(yaw) < 0.02


def test_nuplans_idm_planner_has_its_own_law():
    """a = 1 - (10 / 15)^4 - (16 / 10)^2; the default driver (s0 2, a 1.5) brakes harder."""
    follows = worlds.observation([[0, 0], [14, 0]], [[10, 0], [10, 0]])
    assert make_policy("idm_nuplan").act(follows).acceleration_mps2[0] == pytest.approx(1 - (2 / 3) ** 4 - 2.56)
    assert make_policy("idm").act(follows).acceleration_mps2[0] < -2.5
    near = worlds.observation([[0, 0], [7, 0]], [[10, 0], [0, 0]])
    assert make_policy("idm_nuplan").act(near).acceleration_mps2[0] == -3.0


def test_nuplans_idm_planner_counts_small_gaps_as_the_standstill_gap():
    """At 0.5 m/s, 0.5 m behind a standing car: s* = 1 + 0.75 + 0.25 / (2 sqrt 3), over 1 m; over 0.5 m it is -12."""
    creeping = worlds.observation([[0, 0], [4.5, 0]], [[0.5, 0], [0, 0]])
    wished = 1.0 + 0.75 + 0.25 / (2 * np.sqrt(3.0))
    expected = 1.0 - (0.5 / 15.0) ** 4 - wished**2
    assert make_policy("idm_nuplan").act(creeping).acceleration_mps2[0] == pytest.approx(expected)
