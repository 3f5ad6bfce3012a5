"""Definitions written down a second time from their publications, slowly, and compared on random inputs.

TTS      Tamke, Dang, Breuel, IEEE IV (2011); swerve by integration in small steps, contacts by polygons.
PSD      Allen, Shin, Cooper, TRR 667 (1978): remaining way to the conflict area over v^2 / (2 D).
SOI      Tsukaguchi and Mori (1987), Ogawa (2007): personal spaces as polygons, counted one by one.
CPI      Cunto (2008): the truncated normal of the braking that is there, by numerical integration.
LQR      finite horizon: least squares over the stacked system; infinite horizon: scipy's solve_discrete_are; nuPlan's
         tracker and bicycle once more in one loop, one vehicle at a time, profiles by stacked least squares.
BCa      Efron, JASA 82 (1987), against scipy.stats.bootstrap.
"""

from math import erf, sqrt

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import solve_discrete_are
from scipy.stats import bootstrap

from closed_loop.metrics.criticality import space_occupancy
from closed_loop.metrics.crossings import crossings_of, stopping_proportion
from closed_loop.metrics.drive import drive_of
from closed_loop.metrics.longitudinal import crash_potential_index, proportion_of_stopping_distance
from closed_loop.metrics.manoeuvres import Limits, Plan, Traffic, reaction_times
from closed_loop.metrics.threats import intrudes
from closed_loop.statistics.intervals import bca_interval
from closed_loop.tracking import (
    KinematicBicycle,
    LqrParameters,
    LqrTracker,
    RearAxleState,
    Trajectory,
    lateral_command,
    longitudinal_command,
)
from tests.closed_loop import worlds


def box(center, yaw, length, width, ahead=0.0, behind=0.0, beside=0.0):
    """A polygon around an oriented box, with more room ahead, behind and at both sides."""
    x = [length / 2 + ahead, -length / 2 - behind]
    y = [width / 2 + beside, -width / 2 - beside]
    c, s = np.cos(yaw), np.sin(yaw)
    corners = [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]
    return shapely.Polygon([(center[0] + c * u - s * v, center[1] + s * u + c * v) for u, v in corners])


# --- TTS ---


def swerved(plan, start, side, limits, fine=400):
    """The plan with full lateral acceleration from `start` on, out, and from half way on back, in small Euler steps."""
    centers, yaws = [tuple(p) for p in plan.center_m[: start + 1]], list(plan.yaw_rad[: start + 1])
    offset = rate = 0.0
    turned = False
    for k in range(start + 1, len(plan.yaw_rad)):
        for _ in range(fine):
            dt = plan.step_s / fine
            turned = turned or offset >= limits.swerve_m / 2
            rate = max(rate - limits.lateral_mps2 * dt, 0.0) if turned else rate + limits.lateral_mps2 * dt
            offset += rate * dt
        yaw = plan.yaw_rad[k]
        centers.append(
            (plan.center_m[k, 0] - side * offset * np.sin(yaw), plan.center_m[k, 1] + side * offset * np.cos(yaw))
        )
        yaws.append(yaw + np.arctan2(side * rate, max(plan.speed_mps[k], 1e-3)))
    return centers, yaws


def deepest(centers, yaws, plan, traffic):
    """How far the boxes of anybody overlap at the worst moment: side of a square of the common area; 0 apart."""
    worst = 0.0
    for k, (center, yaw) in enumerate(zip(centers, yaws, strict=True)):
        mine = box(center, yaw, *plan.size_m)
        for n in range(traffic.size_m.shape[0]):
            if traffic.valid[k, n]:
                theirs = box(traffic.center_m[k, n], traffic.yaw_rad[k, n], *traffic.size_m[n])
                worst = max(worst, mine.intersection(theirs).area)
    return worst


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_tts_is_the_last_moment_of_a_slow_search(seed):
    rng = np.random.default_rng(seed)
    steps, count = 26, int(rng.integers(1, 4))
    time, speed, bend = 0.1 * np.arange(steps), rng.uniform(4, 25), rng.uniform(-0.02, 0.02)
    yaw = rng.uniform(-3, 3) + bend * speed * time
    step = 0.1 * speed * np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    plan = Plan(0.1, np.concatenate([np.zeros((1, 2)), np.cumsum(step[:-1], axis=0)]), yaw, np.full(steps, speed),
                np.array([4.6, 1.9]))  # fmt: skip
    at = rng.integers(6, steps, count)
    velocity = rng.uniform(-4, 4, (count, 2))
    place = plan.center_m[at] + rng.uniform(-1.5, 1.5, (count, 2))
    others = place[None] + (time[:, None] - time[at])[..., None] * velocity[None]
    traffic = Traffic(others, np.tile(rng.uniform(-3, 3, count), (steps, 1)), rng.uniform(0.6, 5, (count, 2)),
                      rng.random((steps, count)) < 0.95)  # fmt: skip
    limits = Limits()
    # Euler's steps and polygons are off by millimetres: an overlap under 1 cm^2 counts as either.
    contact = [deepest([plan.center_m[k]], [plan.yaw_rad[k]], plan, moment(traffic, k)) for k in range(steps)]
    if any(0.0 < area < 1e-4 for area in contact):
        return
    got = reaction_times(plan, traffic, limits)
    if not any(contact):
        assert got.steer_s == got.ttc_star_s == float("inf")
        return
    first = int(np.argmax(np.array(contact) > 0))
    assert got.ttc_star_s == pytest.approx(0.1 * first)
    areas = [min(deepest(*swerved(plan, k, side, limits), plan, traffic) for side in (1.0, -1.0)) for k in range(first)]
    sure = max((0.1 * k for k, area in enumerate(areas) if area == 0.0), default=-np.inf)
    perhaps = max((0.1 * k for k, area in enumerate(areas) if area < 0.05), default=-np.inf)
    assert sure - 1e-9 <= got.steer_s <= perhaps + 1e-9


def moment(traffic, k):
    return Traffic(traffic.center_m[k : k + 1], traffic.yaw_rad[k : k + 1], traffic.size_m, traffic.valid[k : k + 1])


def test_tts_where_nothing_helps_and_where_nobody_is_met():
    """A wall as wide as the road, 10 m ahead at 20 m/s, and a wall that is far beside."""
    x = 2.0 * np.arange(21)
    plan = Plan(0.1, np.stack([x, 0 * x], axis=-1), 0 * x, 0 * x + 20.0, np.array([4.0, 2.0]))

    def wall(at, beside):
        return Traffic(
            np.tile([[at, beside]], (21, 1, 1)), np.zeros((21, 1)), np.array([[1.0, 40.0]]), np.ones((21, 1), bool)
        )

    assert reaction_times(plan, wall(12.0, 0.0)).steer_s == float("-inf")
    assert reaction_times(plan, wall(12.0, 60.0)).steer_s == float("inf")


# --- PSD ---


@settings(max_examples=200)
@given(st.floats(0, 500), st.floats(-60, 60))
def test_psd_is_the_way_left_over_the_stopping_distance(remaining, speed):
    got = float(proportion_of_stopping_distance(remaining, speed))
    if speed * speed / (2.0 * 11.5) == 0.0:
        assert got == float("inf")
    else:
        assert got == pytest.approx(remaining / (speed * speed / (2.0 * 11.5)), rel=1e-12)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_psd_of_a_drive_looks_at_every_moment_before_the_area(seed):
    """Two that cross at a right angle at constant speed: the area is where both boxes sweep, an exact square."""
    rng = np.random.default_rng(seed)
    mine, theirs = rng.uniform(6, 20), rng.uniform(4, 12)
    far, later = rng.uniform(20, 40), rng.uniform(8, 40)
    drive = drive_of(
        worlds.straight([[-far, 0.0], [0.0, -far * theirs / mine - later]], [mine, theirs], num_steps=100,
                        yaws=[0.0, np.pi / 2])
    )  # fmt: skip
    found = crossings_of(drive)
    length = drive.size_m[0]
    other = drive.others.size_m[0]
    if not found:
        return
    edge = -0.5 * other[1] - 0.5 * length
    ways = [edge - x for x in drive.center_m[:, 0] if x < edge]
    want = min([way / (mine**2 / 23.0) for way in ways] + [10.0])
    assert stopping_proportion(drive).value == pytest.approx(want, abs=2e-3)


# --- SOI ---


def in_space(ego, other, friction):
    """Whether another's box meets the personal space: 2 m and the stopping distance ahead, 0.5 m behind and beside."""
    center, yaw, (length, width), speed = ego
    stop = 0.0 if friction is None else (speed * 3.6) ** 2 / (254.0 * friction)
    space = box(center, yaw, length, width, 2.0 + stop, 0.5, 0.5)
    return space, box(other[0], other[1], *other[2])


@settings(max_examples=200)
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 0.7, 0.3]))
def test_soi_is_who_stands_in_the_polygon_of_the_personal_space(seed, friction):
    rng = np.random.default_rng(seed)
    ego = (rng.uniform(-5, 5, 2), rng.uniform(-4, 4), (4.6, 1.9), rng.uniform(0, 30))
    other = (rng.uniform(-30, 30, 2), rng.uniform(-4, 4), rng.uniform(0.5, 12, 2))
    space, body = in_space(ego, other, friction)
    got = bool(intrudes(ego[0], np.array(ego[1]), np.array(ego[2]), np.array(ego[3]), other[0], np.array(other[1]),
                        other[2], friction))  # fmt: skip
    if 0.0 < space.distance(body) < 1e-9 or 0.0 < space.intersection(body).area < 1e-9:
        return
    assert got == space.intersects(body)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_soi_of_a_drive_counts_moments_and_actors(seed):
    rng = np.random.default_rng(seed)
    starts = np.concatenate([[[0.0, 0.0]], rng.uniform([5, -6], [40, 6], (3, 2))])
    yaws = np.concatenate([[0.0], rng.uniform(-3, 3, 3)])
    valid = rng.random((20, 4)) < 0.8
    valid[:, 0] = True
    drive = drive_of(worlds.straight(starts, rng.uniform(0, 12, 4), num_steps=20, yaws=yaws, valid=valid))
    met = [np.inf]
    count = 0
    for t in range(drive.num_steps):
        for n in range(3):
            if not drive.others.valid[t, n]:
                continue
            ego = (drive.center_m[t], drive.yaw_rad[t], drive.size_m, drive.speed_mps[t])
            other = (drive.others.center_m[t, n], drive.others.yaw_rad[t, n], drive.others.size_m[n])
            if box(ego[0], ego[1], *ego[2]).intersects(box(*other[:2], *other[2])):
                met.append(t)
            space, body = in_space(ego, other, 0.7)
            count += bool(space.intersects(body)) if t <= min(met) else 0
    if min(met) == np.inf:
        assert space_occupancy(drive).value == count


# --- CPI ---


def normal_cdf(x):
    return 0.5 * (1.0 + erf(x / sqrt(2.0)))


@pytest.mark.parametrize("drac", [[0.0], [4.0, 4.23, 4.24], [6.0, 8.45, 10.0], [12.67, 12.68, 40.0], [np.inf, 0.0]])
def test_cpi_is_the_share_of_braking_that_does_not_suffice(drac):
    low, high = (normal_cdf((end - 8.45) / 1.40) for end in (4.23, 12.68))
    each = [(normal_cdf((min(max(d, 4.23), 12.68) - 8.45) / 1.40) - low) / (high - low) for d in drac]
    assert float(crash_potential_index(np.array(drac))) == pytest.approx(np.mean(each), abs=1e-12)


# --- LQR ---


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_the_lateral_command_is_the_minimum_of_its_cost(seed):
    """Stacked least squares over x(H) and u, and the first step of the Riccati recursion that ends in scipy's solution.

    For a straight way at constant speed and H dt as one step: A = A_dt^H, B = sum A_dt^k B_dt. The gain of the tracker
    is (R + B'QB)^-1 B'QA, the first iterate from P = Q; with more of them P goes to solve_discrete_are(A, B, Q, R).
    """
    rng = np.random.default_rng(seed)
    p = LqrParameters(wheelbase_m=float(rng.uniform(1.5, 6)), q_lateral=(1.0, 10.0, float(rng.uniform(0.01, 1))))
    speed, error = float(rng.uniform(0.5, 30)), rng.uniform(-0.3, 0.3, 3)
    one = np.eye(3) + 0.1 * np.array([[0, speed, 0], [0, 0, speed / p.wheelbase_m], [0, 0, 0]])
    a = np.linalg.matrix_power(one, 10)
    b = sum(np.linalg.matrix_power(one, k) @ np.array([[0.0], [0.0], [0.1]]) for k in range(10))
    q, r = np.diag(p.q_lateral), np.array([[p.r_lateral]])
    flat = np.concatenate([np.sqrt(q) @ b, np.sqrt(r)])
    best = np.linalg.lstsq(flat, -np.concatenate([np.sqrt(q) @ a @ error, [0.0]]), rcond=None)[0]
    got = lateral_command(error[None], np.full((1, 10), speed), np.zeros((1, 10)), p)
    if np.abs(a @ error)[1:].max() < 3.0:  # nothing is wrapped
        assert got[0] == pytest.approx(best[0], rel=1e-8, abs=1e-12)
        assert got[0] == pytest.approx(float(-np.linalg.solve(r + b.T @ q @ b, b.T @ q @ a @ error)[0]), rel=1e-8)
    riccati = q
    for _ in range(400):
        riccati = q + a.T @ riccati @ a - a.T @ riccati @ b @ np.linalg.solve(r + b.T @ riccati @ b, b.T @ riccati @ a)
    stable = solve_discrete_are(a, b, q, r)
    assert np.allclose(riccati, stable, rtol=1e-6)


@settings(max_examples=50)
@given(st.floats(0.1, 50), st.floats(0.1, 20), st.floats(0, 30), st.floats(0, 30))
def test_with_the_riccati_weight_the_speed_gain_is_that_of_the_infinite_horizon(q, r, speed, reference):
    """v' = v + (H dt) a with weight P of solve_discrete_are: the tracker's gain is scipy's K = P B / (R + B P B)."""
    a, b = np.array([[1.0]]), np.array([[1.0]])
    weight = float(solve_discrete_are(a, b, np.array([[q]]), np.array([[r]]))[0, 0])
    gain = weight / (r + weight)
    p = LqrParameters(q_longitudinal=weight, r_longitudinal=r)
    got = longitudinal_command(np.array([speed]), np.array([reference]), p)
    assert got[0] == pytest.approx(-gain * (speed - reference), rel=1e-9, abs=1e-12)


def slow_profiles(xy, yaw, dt):
    """nuPlan's two regularised fits, as stacked least squares in speeds and curvatures themselves."""
    steps = np.diff(xy, axis=0)
    n = len(steps)
    rows, right = [], []
    for k in range(n):
        for axis, direction in enumerate((np.cos(yaw[k]), np.sin(yaw[k]))):
            row = np.zeros(n)
            row[0], row[1 : k + 1] = dt * direction, dt * dt * direction
            rows.append(row)
            right.append(steps[k, axis])
    for k in range(1, n - 1):
        row = np.zeros(n)
        row[k], row[k + 1] = -1e-2, 1e-2  # sqrt(1e-4)
        rows.append(row)
        right.append(0.0)
    solved = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0]
    speed = solved[0] + dt * np.concatenate([[0.0], np.cumsum(solved[1:])])
    turns = (np.diff(yaw) + np.pi) % (2 * np.pi) - np.pi
    rows, right = [], []
    for k in range(n):
        row = np.zeros(n)
        row[0], row[1 : k + 1] = speed[k] * dt, speed[k] * dt * dt
        rows.append(row)
        right.append(turns[k])
    for k in range(n):
        row = np.zeros(n)
        row[k] = 1e-5 if k == 0 else 1e-1  # sqrt(1e-10), sqrt(1e-2)
        rows.append(row)
        right.append(0.0)
    solved = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0]
    return speed, solved[0] + dt * np.concatenate([[0.0], np.cumsum(solved[1:])])


def slow_drive(xy, yaw, dt, pose, speed, steps, wheelbase=3.089):
    """nuPlan's tracker and bicycle in one loop, with matrices."""
    fitted, bends = slow_profiles(xy, yaw, dt)
    grid = dt * np.arange(len(fitted))
    poses = dt * np.arange(len(xy))
    x, y, heading = pose
    accel = steer = 0.0
    path = [(x, y, heading, speed)]
    for k in range(steps):
        now = 0.1 * k
        target = np.interp(now + 1.0, grid, fitted)
        if speed <= 0.2 and target <= 0.2:
            command, rate = -0.5 * (speed - target), 0.0
        else:
            command = -10.0 / 11.0 * (speed - target)
            px, py = np.interp(now, poses, xy[:, 0]), np.interp(now, poses, xy[:, 1])
            ph = np.interp(now, poses, np.unwrap(yaw))
            e = np.array([-(x - px) * np.sin(ph) + (y - py) * np.cos(ph), wrapped(heading - ph), steer])
            a, b, g = np.eye(3), np.zeros(3), np.zeros(3)
            for j in range(10):
                v = speed + 0.1 * j * command
                one = np.array([[1, v * 0.1, 0], [0, 1, v * 0.1 / wheelbase], [0, 0, 1]])
                a, b = one @ a, one @ b + np.array([0, 0, 0.1])
                g = one @ g + np.array([0, -v * np.interp(now + 0.1 * j, grid, bends) * 0.1, 0])
            end = a @ e + g
            end[1:] = [wrapped(end[1]), wrapped(end[2])]
            q = np.diag([1.0, 10.0, 0.0])
            rate = -(b @ q @ end) / (b @ q @ b + 1.0)
        accel += 0.1 / 0.3 * (command - accel)
        x, y = x + 0.1 * speed * np.cos(heading), y + 0.1 * speed * np.sin(heading)
        heading = wrapped(heading + 0.1 * speed * np.tan(steer) / wheelbase)
        speed += 0.1 * accel
        steer = float(np.clip(steer + 0.1 / 0.15 * 0.1 * rate, -np.pi / 3, np.pi / 3))
        path.append((x, y, heading, speed))
    return np.array(path)


def wrapped(angle):
    return (angle + np.pi) % (2 * np.pi) - np.pi


@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1))
def test_the_whole_closed_loop_is_that_of_a_slow_loop(seed):
    """Bends, stops, offsets and coarse plans; a version that uses the speed of now as reference is metres off."""
    rng = np.random.default_rng(seed)
    step = float(rng.choice([0.1, 0.2]))
    count = int(rng.integers(21, 41))
    speeds = np.maximum(rng.uniform(0, 15) + np.cumsum(rng.uniform(-0.4, 0.3, count)), 0.0)
    yaw = rng.uniform(-3, 3) + np.cumsum(rng.uniform(-0.02, 0.03, count) * np.minimum(speeds, 1.0))
    move = (speeds * step)[:, None] * np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    xy = np.concatenate([np.zeros((1, 2)), np.cumsum(move[:-1], axis=0)])
    start = np.array([*rng.uniform(-0.5, 0.5, 2), yaw[0] + rng.uniform(-0.1, 0.1)])
    speed = float(max(speeds[0] + rng.uniform(-1, 1), 0.0))
    want = slow_drive(xy, yaw, step, start, speed, 60)
    state = RearAxleState(start[None, :2], start[2:], np.array([speed]), np.zeros(1), np.zeros(1))
    states = LqrTracker().drive(state, Trajectory(xy[None], yaw[None], step), 60, KinematicBicycle())
    got = np.array([[*s.position_m[0], s.yaw_rad[0], s.speed_mps[0]] for s in states])
    assert np.abs(got[:, [0, 1, 3]] - want[:, [0, 1, 3]]).max() < 1e-5
    assert np.abs(wrapped(got[:, 2] - want[:, 2])).max() < 1e-5


# --- BCa ---


def data(name):
    rng = np.random.default_rng(3)
    return {
        "normal": rng.normal(2, 1, 60),
        "lognormal": rng.lognormal(0, 1, 40),
        "rare": (rng.random(120) < 0.06).astype(float),
        "two": np.array([0.0, 1.0, 1.0, 1.0]),
        "outlier": np.concatenate([rng.normal(0, 1, 30), [25.0]]),
        "tiny": 1e-9 * rng.lognormal(0, 1, 25),
        "large": 1e9 + rng.normal(0, 1, 50),
    }[name]


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("name", ["normal", "lognormal", "rare", "two", "outlier", "tiny", "large"])
def test_bca_is_that_of_scipy_on_the_same_resamples(name, confidence):
    """scipy draws the same resamples from the same generator in equal batches, so no noise hides a difference.

    Without the acceleration the ends of 'lognormal' are elsewhere, without half of the ties those of 'rare' are.
    'tiny': what counts as a tie must hang on the spread of the values, not on 1.
    """
    values, seed = data(name), 77
    got = bca_interval(values, confidence=confidence, resamples=4_000, seed=seed)
    want = bootstrap(
        (values,), np.mean, n_resamples=4_000, batch=min(4_000, 2_000_000 // len(values)), method="BCa",
        confidence_level=confidence, rng=np.random.Generator(np.random.Philox(key=seed)),
    ).confidence_interval  # fmt: skip
    assert got == pytest.approx((want.low, want.high), rel=0.0, abs=1e-6 * float(np.ptp(values)))
