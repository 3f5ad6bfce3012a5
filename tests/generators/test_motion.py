from dataclasses import replace

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.maps.lane_map import LaneMap, MapArea, MapObject
from driving_data.sensors import FaultKind, GnssModel, ImuModel, OdometryModel, SensorFault
from generators.faults.samples import spoiled_gnss, spoiled_imu, spoiled_odometry
from generators.motion.gnss import gnss_fixes
from generators.motion.imu import GRAVITY_MPS2, imu_samples, with_errors
from generators.motion.odometry import odometry_samples
from generators.motion.trajectory import ego_motion
from tests.generators.street import rollout

QUIET_IMU = ImuModel("imu", SE3.identity(), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def circle(radius_m=40.0, speed_mps=10.0, seconds=12.0, step_s=0.05, accel=0.0, lane_map=None, friction=0.9):
    """The ego's rear axle on a circle to the left, from the origin eastwards."""
    t = np.arange(round(seconds / step_s) + 1) * step_s
    way = speed_mps * t + 0.5 * accel * t**2
    yaw = way / radius_m
    rear = np.stack([radius_m * np.sin(yaw), radius_m * (1 - np.cos(yaw)), 0 * t], axis=-1)
    ride = rollout(2, len(t))
    center = ride.actors.rear_axle_to_center_m[0]
    height = 0.5 * ride.actors.size_m[0, 2]
    body = rear + np.stack([center * np.cos(yaw), center * np.sin(yaw), height + 0 * t], axis=-1)
    place, turn = ride.world_from_actor.translation_m.copy(), np.zeros((len(t), 2))
    place[:, 0], turn[:, 0] = body, yaw
    return replace(
        ride, timestamps_ns=np.round(t * 1e9).astype(np.int64), world_from_actor=SE3.from_yaw(turn, place),
        steering_rad=np.full((len(t), 2), 0.07), lane_map=lane_map, environment=Environment(road_friction=friction),
    )  # fmt: skip


def at(ride, rate_hz, skip_s=0.5):
    """Times of a rate, away from the ends, where a spline has nothing to hold on to."""
    first, last = ride.timestamps_ns[0] + round(skip_s * 1e9), ride.timestamps_ns[-1] - round(skip_s * 1e9)
    return np.arange(first, last, round(1e9 / rate_hz)).astype(np.int64)


def test_a_circle_feels_as_it_should_at_the_lever_arm():
    ride = circle()
    arm = SE3(np.eye(3), np.array([1.5, -0.4, 0.9]))
    times = at(ride, 37.0)
    samples = imu_samples(replace(QUIET_IMU, ego_from_imu=arm), ride, times, arm, 1)
    omega = 10.0 / 40.0
    assert np.allclose(samples.clean_angular_velocity_radps, [0, 0, omega], atol=1e-5)
    # Inwards is +y at the rear axle; the arm adds omega^2 towards the middle of the turn.
    wanted = [-(omega**2) * 1.5, omega**2 * (40.0 + 0.4), GRAVITY_MPS2]
    assert np.allclose(samples.clean_specific_force_mps2, wanted, atol=2e-3)
    assert np.array_equal(samples.specific_force_mps2, samples.clean_specific_force_mps2)


def test_a_turned_unit_measures_in_its_own_axes():
    ride = circle()
    turned = SE3.from_rpy(np.array([0.0, 0.0, np.pi / 2]), np.zeros(3))
    samples = imu_samples(QUIET_IMU, ride, at(ride, 10.0), turned, 1)
    assert np.allclose(samples.clean_specific_force_mps2, [10.0**2 / 40.0, 0.0, GRAVITY_MPS2], atol=2e-3)


def test_integrating_the_unit_gives_the_ride_back():
    ride = circle(accel=0.4)
    times = at(ride, 200.0)
    samples = imu_samples(QUIET_IMU, ride, times, SE3.identity(), 1)
    true = ego_motion(ride, times, SE3.identity())
    dt = np.diff(times) * 1e-9
    yaw = true.world_from_body.yaw_rad()[0] + np.concatenate(
        [[0], np.cumsum(0.5 * dt * (samples.angular_velocity_radps[1:, 2] + samples.angular_velocity_radps[:-1, 2]))]
    )
    force = samples.specific_force_mps2
    accel = np.stack([np.cos(yaw) * force[:, 0] - np.sin(yaw) * force[:, 1],
                      np.sin(yaw) * force[:, 0] + np.cos(yaw) * force[:, 1]], axis=-1)  # fmt: skip
    speed = true.velocity_mps[0, :2] + np.concatenate(
        [np.zeros((1, 2)), np.cumsum(0.5 * dt[:, None] * (accel[1:] + accel[:-1]), axis=0)]
    )
    place = true.world_from_body.translation_m[0, :2] + np.concatenate(
        [np.zeros((1, 2)), np.cumsum(0.5 * dt[:, None] * (speed[1:] + speed[:-1]), axis=0)]
    )
    assert np.allclose(place[-1], true.world_from_body.translation_m[-1, :2], atol=0.02)
    # Forces that are nothing but differences of stored velocities would miss the lever arm and the turn.
    assert np.abs(force[:, 1]).min() > 1.0


def allan(values, rate_hz, tau_s):
    """Overlapping Allan deviation of one axis at one averaging time (IEEE Std 952, annex C)."""
    m = round(tau_s * rate_hz)
    angle = np.concatenate([[0.0], np.cumsum(values)]) / rate_hz
    second = angle[2 * m :] - 2 * angle[m:-m] + angle[: -2 * m]
    return np.sqrt(np.mean(second**2) / (2 * tau_s**2))


def test_the_allan_deviation_is_the_declared_one():
    rate, noise, walk = 50.0, 2e-3, 4e-4
    rng = np.random.default_rng(5)
    still = np.zeros((400_000, 3))
    found = with_errors(still, 1 / rate, noise, walk, 0.0, 0.0, rng)
    short = np.mean([allan(found[:, k], rate, 0.2) for k in range(3)])
    long = np.mean([allan(found[:, k], rate, 300.0) for k in range(3)])
    assert short == pytest.approx(noise / np.sqrt(0.2), rel=0.03)
    assert long == pytest.approx(np.sqrt(walk**2 * 300.0 / 3 + noise**2 / 300.0), rel=0.2)
    halfway = np.mean([allan(found[:, k], rate, 5.0) for k in range(3)])
    assert halfway == pytest.approx(np.sqrt(noise**2 / 5 + walk**2 * 5 / 3), rel=0.06)


def test_biases_and_scales_are_drawn_once_for_each_axis():
    true = np.tile([2.0, 0.0, -1.0], (50, 1))
    rows = np.stack([with_errors(true, 0.01, 0.0, 0.0, 0.3, 0.02, np.random.default_rng(k)) for k in range(600)])
    assert np.ptp(rows, axis=1).max() < 1e-12, "without noise and walk all samples are alike"
    assert np.allclose(rows[:, 0].std(axis=0), np.hypot(0.3, 0.02 * np.array([2, 0, 1])), rtol=0.1)


def test_vibration_shakes_the_unit_and_leaves_the_clean_value():
    ride = circle()
    times = at(ride, 400.0)
    fault = SensorFault("imu", FaultKind.VIBRATION, 4.0, None, 1.0)
    samples = imu_samples(QUIET_IMU, ride, times, SE3.identity(), 1, (fault,))
    off = samples.specific_force_mps2 - samples.clean_specific_force_mps2
    before, after = times < 4_000_000_000, times >= 4_000_000_000
    assert not off[before].any() and off[after].std() == pytest.approx(3.0, rel=0.1)
    half = imu_samples(QUIET_IMU, ride, times, SE3.identity(), 1, (replace(fault, severity=0.5),))
    assert np.allclose(half.specific_force_mps2 - half.clean_specific_force_mps2, 0.5 * off)


def test_fixes_scatter_as_they_say_and_remember_as_they_should():
    ride = circle(seconds=3.0)
    model = GnssModel("gnss", SE3(np.eye(3), np.array([0.5, 0.0, 1.6])), 1.2, 2.4, 60.0, 0.15, 0.05)
    times = np.arange(0, 3_000_000_001, 100_000_000).astype(np.int64)
    fixes = [gnss_fixes(model, ride, times, model.ego_from_antenna, seed) for seed in range(400)]
    error = np.stack([fix.position_m - fix.clean_position_m for fix in fixes])
    assert np.allclose(error[:, -1].std(axis=0), [1.209, 1.209, 2.405], rtol=0.1)
    assert np.allclose(fixes[0].sigma_m, np.hypot([1.2, 1.2, 2.4], 0.15))
    alike = np.mean(error[:, 0, 0] * error[:, 30, 0]) / 1.2**2
    assert alike == pytest.approx(np.exp(-3.0 / 60.0), abs=0.12), "3 s are nothing to the slow error"
    step = (error[:, 1] - error[:, 0]).std()
    assert step == pytest.approx(np.hypot(0.15 * np.sqrt(2), 1.6 * np.sqrt(2 * 0.1 / 60.0)), rel=0.15)
    assert fixes[0].clean_position_m[0] == pytest.approx([0.5, 0.0, 1.6]), "it is the antenna that is found"
    assert np.median(fixes[0].speed_mps) == pytest.approx(10.0, abs=0.3)


def tunnel_map(houses=()):
    left = np.array([[20.0, 60.0, 0.0], [60.0, 60.0, 0.0]])
    right = np.array([[60.0, 20.0, 0.0], [20.0, 20.0, 0.0]])
    return LaneMap((), areas=(MapArea("t", "tunnel", np.concatenate([left, right])),), objects=tuple(houses))


def test_no_fix_in_a_tunnel_and_rough_ones_between_houses():
    ride = circle(lane_map=tunnel_map())
    model = GnssModel("gnss", SE3.identity())
    fixes = gnss_fixes(model, ride, at(ride, 10.0), SE3.identity(), 1)
    x, y = fixes.clean_position_m[:, :2].T
    below = (x >= 20) & (x <= 60) & (y >= 20) & (y <= 60)
    assert below.any() and np.array_equal(~fixes.valid, below) and np.isnan(fixes.position_m[below]).all()
    walls = [MapObject(f"h{k}", "building", np.array([x, y, 5.0]), 0.0, np.array([200.0, 6.0, 10.0]))
             for k, (x, y) in enumerate(((0.0, -12.0), (0.0, 100.0)))]  # fmt: skip
    town = circle(seconds=2.0, lane_map=LaneMap((), objects=tuple(walls)))
    canyon = gnss_fixes(model, town, at(town, 10.0), SE3.identity(), 1)
    assert canyon.sigma_m[0, 0] > 1.5 > 1.3 > fixes.sigma_m[0, 0]


def test_ticks_count_the_way_and_speeds_are_those_of_the_believed_radius():
    ride = circle(speed_mps=12.0)
    model = OdometryModel("wheels", radius_error=0.01, steering_sigma_rad=0.001)
    times = at(ride, 50.0)
    samples = odometry_samples(model, ride, times, 4)
    swing = 0.5 * model.track_m * 12.0 / 40.0
    assert np.allclose(samples.clean_wheel_speed_mps, [12.0 - swing, 12.0 + swing], atol=1e-3)
    turns = (samples.ticks[-1] - samples.ticks[0]) / model.ticks_per_turn
    way = samples.clean_wheel_speed_mps[0] * (times[-1] - times[0]) * 1e-9
    radius = way / turns / (2 * np.pi)
    assert np.all(abs(radius / model.wheel_radius_m - 1) < 0.04) and abs(radius[0] - radius[1]) > 1e-5
    assert samples.wheel_speed_mps[1:, 0].mean() == pytest.approx(
        turns[0] * 2 * np.pi * model.wheel_radius_m / ((times[-1] - times[0]) * 1e-9), rel=1e-9
    )
    step = 2 * np.pi * model.wheel_radius_m / model.ticks_per_turn * 50.0
    counts = samples.wheel_speed_mps[1:] / step
    assert np.allclose(counts, np.round(counts)), "a speed is a whole number of ticks"
    assert samples.steering_rad.std() == pytest.approx(0.001, rel=0.2) and samples.clean_steering_rad[0] == 0.07


def test_wheels_slip_when_pulling_on_ice():
    pull = {"speed_mps": 2.0, "accel": 1.0, "seconds": 5.0}
    model = OdometryModel("wheels", radius_error=0.0)
    ratio = []
    for friction in (0.9, 0.15):
        ride = circle(**pull, friction=friction)
        samples = odometry_samples(model, ride, at(ride, 50.0), 4)
        ratio.append(samples.wheel_speed_mps[20:].sum() / samples.clean_wheel_speed_mps[20:].sum())
    assert ratio[0] == pytest.approx(1.002, abs=0.003) and ratio[1] > 1.03


def test_faults_of_samples_do_what_they_say_and_keep_the_clean_value():
    ride = circle()
    times = at(ride, 20.0)
    there = (times >= 4_000_000_000) & (times < 6_000_000_000)
    none = np.zeros(len(times), dtype=bool)
    imu = imu_samples(QUIET_IMU, ride, times, SE3.identity(), 1)

    def imu_with(kind, severity=0.5, **parameters):
        fault = SensorFault("imu", kind, 4.0, 6.0, severity, parameters)
        return spoiled_imu(imu, (fault,), none, 0, 1)

    biased = imu_with(FaultKind.BIAS, accel_mps2=0.7)
    assert np.allclose((biased.specific_force_mps2 - imu.specific_force_mps2)[there], 0.7)
    assert np.array_equal(biased.specific_force_mps2[~there], imu.specific_force_mps2[~there])
    assert np.array_equal(biased.clean_specific_force_mps2, imu.clean_specific_force_mps2)
    frozen = imu_with(FaultKind.FROZEN)
    first = np.flatnonzero(there)[0]
    assert np.array_equal(frozen.specific_force_mps2[there], np.tile(imu.specific_force_mps2[first - 1],
                                                                     (there.sum(), 1)))  # fmt: skip
    rough, rougher = imu_with(FaultKind.NOISE, 0.2), imu_with(FaultKind.NOISE, 0.8)
    spread = [(each.specific_force_mps2 - imu.specific_force_mps2)[there].std() for each in (rough, rougher)]
    assert spread[0] == pytest.approx(0.1, rel=0.15) and spread[1] == pytest.approx(4 * spread[0])
    lost = spoiled_imu(imu, (), there, 0, 1)
    assert np.isnan(lost.specific_force_mps2[there]).all() and np.isfinite(lost.specific_force_mps2[~there]).all()


def test_jamming_spoofing_and_covers_of_a_receiver():
    ride = circle()
    times = at(ride, 20.0)
    fixes = gnss_fixes(GnssModel("gnss", SE3.identity()), ride, times, SE3.identity(), 1)
    none = np.zeros(len(times), dtype=bool)

    def spoiled(kind, severity, **parameters):
        return spoiled_gnss(fixes, (SensorFault("gnss", kind, 0.0, None, severity, parameters),), none, 0, 1)

    spoofed = spoiled(FaultKind.BIAS, 0.5, east_m=12.0)
    assert np.allclose(spoofed.position_m - fixes.position_m, [12, 0, 0])
    assert np.array_equal(spoofed.sigma_m, fixes.sigma_m), "a spoofed receiver is sure of itself"
    mild, heavy = spoiled(FaultKind.INTERFERENCE, 0.3), spoiled(FaultKind.INTERFERENCE, 0.9)
    assert mild.valid.mean() == pytest.approx(0.91, abs=0.06) and heavy.valid.mean() == pytest.approx(0.19, abs=0.08)
    assert not np.any(heavy.valid & ~mild.valid) and np.nanmin(heavy.sigma_m) > np.nanmin(mild.sigma_m)
    covered = spoiled(FaultKind.BLOCKED, 0.5)
    assert covered.valid.mean() == pytest.approx(0.5, abs=0.1) and np.isnan(covered.position_m[~covered.valid]).all()
    assert np.array_equal(covered.clean_position_m, fixes.clean_position_m)


def test_a_worn_tyre_and_a_bent_column():
    ride = circle()
    times = at(ride, 20.0)
    wheels = odometry_samples(OdometryModel("w"), ride, times, 1)
    fault = SensorFault("w", FaultKind.BIAS, severity=1.0)
    bent = spoiled_odometry(wheels, (fault,), np.zeros(len(times), dtype=bool), 0, 1)
    assert np.allclose(bent.wheel_speed_mps, 1.05 * wheels.wheel_speed_mps)
    assert np.allclose(bent.steering_rad - wheels.steering_rad, 0.05)
    assert np.array_equal(bent.ticks, wheels.ticks)


def test_a_single_moment_stands_still():
    ride = circle(seconds=0.0)
    motion = ego_motion(ride, ride.timestamps_ns, SE3.identity())
    assert not motion.acceleration_mps2.any() and motion.world_from_body.shape == (1,)
