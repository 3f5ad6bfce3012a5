"""The tracker and its bicycle: hand-computed gains, a slow twin with matrices, laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closed_loop.tracking import (
    KinematicBicycle,
    LqrParameters,
    LqrTracker,
    RearAxleState,
    Trajectory,
    lateral_command,
    longitudinal_command,
    profiles,
    track,
)
from tests.closed_loop import worlds
from tests.effort import examples


def state(x=0.0, y=0.0, yaw=0.0, speed=10.0, acceleration=0.0, steering=0.0):
    return RearAxleState(
        np.array([[x, y]]), np.array([yaw]), np.array([speed]), np.array([acceleration]), np.array([steering])
    )


def straight(speed=10.0, num_poses=41, step_s=0.1):
    x = speed * step_s * np.arange(num_poses)
    return Trajectory(np.stack([x, np.zeros(num_poses)], axis=-1)[None], np.zeros((1, num_poses)), step_s)


def arc(radius=20.0, speed=8.0, num_poses=41):
    """A circle to the left, driven exactly."""
    angle = speed * 0.1 * np.arange(num_poses) / radius
    return Trajectory(radius * np.stack([np.sin(angle), 1 - np.cos(angle)], axis=-1)[None], angle[None])


def test_the_longitudinal_gain_is_ten_elevenths():
    """H dt = 10 x 0.1 = 1, so a = -(1 x 10) (v - v_ref) / (1 x 10 x 1 + 1) = -10/11 (8 - 10) = 1.8182.

    A gain of q / r = 10, or the infinite-horizon gain 2.70, would give 20 or 5.4.
    """
    got = longitudinal_command(np.array([8.0]), np.array([10.0]), LqrParameters())
    assert got == pytest.approx(20 / 11)
    acceleration, _ = LqrTracker().control(state(speed=8.0), straight(10.0))
    assert acceleration == pytest.approx(20 / 11, abs=1e-6)


def test_the_reference_speed_is_the_one_a_second_ahead():
    """Speeds 5, 5.2, 5.4, ... (2 m/s^2): after 10 steps the fitted speed is 7, so a = 10/11 (7 - 5) = 1.818, not 0."""
    speed = 5.0 + 0.2 * np.arange(40)
    x = np.concatenate([[0.0], np.cumsum(speed * 0.1)])
    plan = Trajectory(np.stack([x, 0 * x], axis=-1)[None], np.zeros((1, 41)))
    assert profiles(plan)[0][0, 10] == pytest.approx(7.0, abs=1e-6)
    acceleration, _ = LqrTracker().control(state(speed=5.0), plan)
    assert acceleration == pytest.approx(20 / 11, abs=1e-5)


def test_stopping_is_proportional_and_straight():
    """Both at or under 0.2 m/s: a = -0.5 (0.2 - 0.1) = -0.05 and the wheels stay; at 0.21 m/s the LQR works."""
    plan = straight(0.1)
    acceleration, steering = LqrTracker().control(state(y=1.0, speed=0.2, steering=0.1), plan)
    assert acceleration == pytest.approx(-0.05, abs=1e-9)
    assert steering == pytest.approx(0.1, abs=1e-12)
    acceleration, steering = LqrTracker().control(state(y=1.0, speed=0.21, steering=0.1), plan)
    assert acceleration == pytest.approx(-10 / 11 * 0.11, abs=1e-9)
    assert steering != pytest.approx(0.1, abs=1e-6)


def lateral_twin(error, speeds, curvature, p):
    """The matrices of the definition, one step after the other."""
    big_a, big_b, big_g = np.eye(3), np.zeros(3), np.zeros(3)
    for k in range(p.horizon):
        a, b, g = np.eye(3), np.zeros(3), np.zeros(3)
        a[0, 1] = speeds[k] * p.step_s
        a[1, 2] = speeds[k] * p.step_s / p.wheelbase_m
        b[2] = p.step_s
        g[1] = -speeds[k] * curvature[k] * p.step_s
        big_a, big_b, big_g = a @ big_a, a @ big_b + b, a @ big_g + g
    e = big_a @ error + big_g
    e[1:] = (e[1:] + np.pi) % (2 * np.pi) - np.pi
    q = np.diag(p.q_lateral)
    return -(big_b @ q @ e) / (big_b @ q @ big_b + p.r_lateral)


@settings(max_examples=examples(100), deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_lateral_command_is_that_of_the_matrices(seed):
    rng = np.random.default_rng(seed)
    p = LqrParameters()
    error = rng.uniform(-2, 2, (4, 3)) * [1.0, 1.0, 0.3]
    speeds, curvature = rng.uniform(-3, 25, (4, 10)), rng.uniform(-0.2, 0.2, (4, 10))
    got = lateral_command(error, speeds, curvature, p)
    for row in range(4):
        assert got[row] == pytest.approx(lateral_twin(error[row], speeds[row], curvature[row], p), rel=1e-9, abs=1e-12)


def profile_twin(xy, yaw, dt, jerk, rate):
    """Two least-squares problems written row by row, with the penalties as further rows."""
    count = len(xy) - 1
    rows, right = [], []
    for k in range(count):
        for axis, unit in enumerate((np.cos(yaw[k]), np.sin(yaw[k]))):
            rows.append([unit * dt] + [unit * dt**2 if j < k else 0.0 for j in range(count - 1)])
            right.append(xy[k + 1, axis] - xy[k, axis])
    for j in range(count - 2):
        row = np.zeros(count)
        row[1 + j], row[2 + j] = -np.sqrt(jerk), np.sqrt(jerk)
        rows.append(row)
        right.append(0.0)
    fit = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0]
    speed = [fit[0]]
    for a in fit[1:]:
        speed.append(speed[-1] + a * dt)
    rows, right = [], []
    for k in range(count):
        rows.append([speed[k] * dt] + [speed[k] * dt**2 if j < k else 0.0 for j in range(count - 1)])
        right.append((yaw[k + 1] - yaw[k] + np.pi) % (2 * np.pi) - np.pi)
    for j in range(count):
        row = np.zeros(count)
        row[j] = np.sqrt(1e-10 if j == 0 else rate)
        rows.append(row)
        right.append(0.0)
    fit = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0]
    bend = [fit[0]]
    for a in fit[1:]:
        bend.append(bend[-1] + a * dt)
    return np.array(speed), np.array(bend)


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(3, 30))
def test_profiles_are_the_regularised_fits(seed, count):
    rng = np.random.default_rng(seed)
    yaw = 3.0 + np.cumsum(rng.uniform(-0.05, 0.05, count))
    step = rng.uniform(0.3, 1.5, count - 1)
    along = step[:, None] * np.stack([np.cos(yaw[:-1]), np.sin(yaw[:-1])], axis=-1)
    xy = np.array([5.0, -7.0]) + np.concatenate([np.zeros((1, 2)), np.cumsum(along, axis=0)])
    xy = xy + rng.normal(0, 0.01, xy.shape)
    wrapped = (yaw + np.pi) % (2 * np.pi) - np.pi
    speed, bend = profiles(Trajectory(xy[None], wrapped[None]))
    want = profile_twin(xy, wrapped, 0.1, 1e-4, 1e-2)
    assert np.allclose(speed[0], want[0], atol=1e-5)
    assert np.allclose(bend[0], want[1], atol=1e-4)


def test_the_bicycle_lags_and_moves_with_the_speed_it_had():
    """Step 0.1 s from 10 m/s with commands 3 m/s^2 and 0.5 rad/s.

    acceleration 0.1 / (0.1 + 0.2) x 3 = 1; speed 10 + 0.1 x 1 = 10.1; steering 0.2 + 0.1/0.15 x 0.05 = 0.2333;
    x = 10 x 0.1 = 1 (not 1.01); yaw = 1 x tan(0.2) / 3.089 = 0.06562 (with the steering before the step).
    """
    after = KinematicBicycle().step(state(steering=0.2), np.array([3.0]), np.array([0.5]))
    assert after.acceleration_mps2 == pytest.approx(1.0)
    assert after.speed_mps == pytest.approx(10.1)
    assert after.steering_rad == pytest.approx(0.2 + 0.05 / 1.5)
    assert after.position_m[0] == pytest.approx([1.0, 0.0])
    assert after.yaw_rad == pytest.approx(np.tan(0.2) / 3.089)
    limited = KinematicBicycle().step(state(steering=1.04), np.array([0.0]), np.array([9.0]))
    assert limited.steering_rad == pytest.approx(np.pi / 3)


def test_an_arc_is_followed_within_decimetres_and_an_offset_is_taken_back():
    plan = arc()
    start = state(speed=8.0, steering=float(np.arctan(3.089 / 20)))
    states = LqrTracker().drive(start, plan, 40, KinematicBicycle())
    gap = [float(np.hypot(*(s.position_m[0] - plan.position_m[0, k]))) for k, s in enumerate(states)]
    assert max(gap) < 0.3
    beside = LqrTracker().drive(state(y=1.0, speed=10.0), straight(10.0, 81), 80, KinematicBicycle())
    assert abs(float(beside[-1].position_m[0, 1])) < 0.1


@settings(max_examples=examples(40), deadline=None)
@given(angle=st.floats(-3, 3), x=st.floats(-900, 900), y=st.floats(-900, 900))
def test_commands_do_not_depend_on_where_the_world_lies(angle, x, y):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    plan, start = arc(), state(0.2, -0.4, 0.1, 7.0, 0.3, 0.05)
    moved = Trajectory(plan.position_m @ turn.T + [x, y], (plan.yaw_rad + angle + np.pi) % (2 * np.pi) - np.pi)
    there = RearAxleState(
        start.position_m @ turn.T + [x, y], start.yaw_rad + angle, start.speed_mps, start.acceleration_mps2,
        start.steering_rad,
    )  # fmt: skip
    assert np.allclose(LqrTracker().control(start, plan), LqrTracker().control(there, moved), atol=1e-6)


def test_mirror_turns_the_steering_round():
    plan, start = arc(), state(0.2, -0.4, 0.1, 7.0, 0.3, 0.05)
    flipped = Trajectory(plan.position_m * [1, -1], -plan.yaw_rad)
    there = state(0.2, 0.4, -0.1, 7.0, 0.3, -0.05)
    (a, left), (b, right) = LqrTracker().control(start, plan), LqrTracker().control(there, flipped)
    assert a == pytest.approx(b)
    assert left == pytest.approx(-right)


def test_a_batch_gives_what_each_gives_alone():
    one, two = arc(), straight(8.0)
    both = Trajectory(np.concatenate([one.position_m, two.position_m]), np.concatenate([one.yaw_rad, two.yaw_rad]))
    first, second = state(speed=7.5), state(0.0, 0.5, 0.0, 9.0)
    together = RearAxleState(*(
        np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("position_m", "yaw_rad", "speed_mps", "acceleration_mps2", "steering_rad")
    ))  # fmt: skip
    got = LqrTracker().control(together, both)
    alone = [LqrTracker().control(first, one), LqrTracker().control(second, two)]
    for row in range(2):
        assert got[0][row] == pytest.approx(alone[row][0][0], abs=1e-12)
        assert got[1][row] == pytest.approx(alone[row][1][0], abs=1e-12)


def test_an_observation_is_tracked_at_its_rear_axle():
    """The ego's centre at (1.3, 0) puts its rear axle at the origin, on the plan: no steering."""
    seen = worlds.observation([[1.3, 0.0]], [[10.0, 0.0]])
    control = track(seen, straight(10.0))
    assert control.steering_rad == pytest.approx(0.0, abs=1e-12)
    assert control.acceleration_mps2 == pytest.approx(0.0, abs=1e-9)


def test_a_trajectory_of_two_poses_is_refused():
    with pytest.raises(ValueError, match="at least three poses"):
        straight(num_poses=2)
