from dataclasses import replace

import numpy as np
import pytest

from driving_data.geometry import SE3
from driving_data.sensors import (
    CalibrationDrift,
    Clock,
    FaultKind,
    ImuModel,
    SensorFault,
    sensors_of,
)
from generators.clocks.mounting import drifted, knocked, mounting_truth, true_mounting
from generators.clocks.schedule import look_times, schedule
from generators.clocks.timing import timing
from tests.generators.street import rig, rollout

SECOND = 1_000_000_000


def with_clock(clock, **more):
    own = rig()
    return replace(own, cameras=(replace(own.cameras[0], clock=clock),), **more)


def test_sensors_without_a_clock_look_with_the_rig():
    plan = schedule(rollout(2, 21), rig())
    assert np.array_equal(plan.looks["camera_front"], plan.looks["lidar_top"])
    assert np.array_equal(plan.rendered_ns, plan.labelled_ns) and len(plan.rendered_ns) == 11
    assert set(plan.due) == {frozenset({"camera_front", "lidar_top"})}


def test_rates_and_phases_are_each_sensors_own():
    ride = rollout(2, 21)
    plan = schedule(ride, with_clock(Clock(rate_hz=8.0, phase_s=0.03)))
    seconds = (plan.looks["camera_front"] - ride.timestamps_ns[0]) / SECOND
    assert np.allclose(seconds, 0.03 + np.arange(16) / 8.0, atol=1e-9)
    assert len(plan.looks["lidar_top"]) == 11 and len(plan.rendered_ns) == 27
    assert {len(due) for due in plan.due} == {1}
    thin = schedule(ride, with_clock(Clock(rate_hz=8.0, phase_s=0.03)), max_frames=4)
    assert len(thin.looks["camera_front"]) == 4 and len(thin.looks["lidar_top"]) == 4
    assert np.allclose(np.diff(thin.looks["camera_front"]) / SECOND, 0.5)


def test_a_fast_clock_strikes_early_and_nothing_looks_without_the_ego():
    ride = rollout(2, 201)
    fast = look_times(ride, Clock(rate_hz=1.0, drift_ppm=100_000.0), 2.0)
    assert np.allclose((fast - ride.timestamps_ns[0]) / SECOND, np.arange(23) / 1.1, atol=1e-9)
    late = ride.valid.copy()
    late[:50, 0] = False
    there = look_times(replace(ride, valid=late), Clock(rate_hz=10.0), 2.0)
    assert there[0] == ride.timestamps_ns[50] and len(there) == 151


def test_motion_sensors_are_not_thinned_and_render_nothing():
    imu = ImuModel("imu", SE3.identity())
    plan = schedule(rollout(2, 21), replace(rig(), imus=(imu,)), max_frames=2)
    assert len(plan.looks["imu"]) == 201 and len(plan.rendered_ns) == 2


def test_stamps_go_by_the_sensors_own_clock():
    times = np.arange(0, 101) * SECOND // 10
    clock = Clock(offset_s=0.25, drift_ppm=50.0, latency_s=0.04, jitter_s=0.005)
    made = timing("s", clock, times + 7, 7, (), np.zeros(101, dtype=bool), 3)
    assert np.allclose((made.stamped_ns - made.true_ns) / SECOND, 0.25 + 50e-6 * times / SECOND, atol=2e-9)
    late = (made.arrived_ns - made.true_ns) / SECOND
    assert late.mean() == pytest.approx(0.04, abs=3 * 0.005 / 10) and late.std() == pytest.approx(0.005, rel=0.25)


def test_nothing_arrives_before_it_was_seen_and_lost_looks_never_do():
    times, lost = np.arange(2000) * 1_000_000, np.zeros(2000, dtype=bool)
    lost[::7] = True
    made = timing("s", Clock(latency_s=0.001, jitter_s=0.05), times, 0, (), lost, 3)
    assert np.all(made.arrived_ns[~lost] >= made.true_ns[~lost]) and np.all(made.arrived_ns[lost] == -1)
    assert np.any(made.arrived_ns[~lost] == made.true_ns[~lost]), "the jitter is cut, not folded"
    assert np.array_equal(made.arrived_ns, timing("s", Clock(latency_s=0.001, jitter_s=0.05), times, 0, (), lost,
                                                  3).arrived_ns)  # fmt: skip


def test_time_offsets_are_faults_of_the_stamp_or_of_the_arrival():
    times, none = np.arange(10) * SECOND // 10, np.zeros(10, dtype=bool)
    fault = SensorFault("s", FaultKind.TIME_OFFSET, 0.35, 0.75, 0.5)
    made = timing("s", Clock(), times, 0, (fault,), none, 3)
    assert ((made.stamped_ns - times) / SECOND).tolist() == [0, 0, 0, 0, 0.05, 0.05, 0.05, 0.05, 0, 0]
    assert np.array_equal(made.arrived_ns, times)
    late = replace(fault, parameters={"latency_s": 0.2})
    made = timing("s", Clock(), times, 0, (late,), none, 3)
    assert np.array_equal(made.stamped_ns, times) and (made.arrived_ns - times)[4] == SECOND // 5


def test_drift_has_the_spread_that_it_declares():
    (sensor,) = [each for each in sensors_of(rig()) if each.name == "camera_front"]
    drift = CalibrationDrift(turn_rad=0.01, turn_walk=0.002, warm_shift_m=0.03, warming_s=50.0)
    times = np.array([0.0, 25.0, 100.0])
    rows = np.stack([drifted(sensor, (drift,), times, seed) for seed in range(800)])
    spread = rows.std(axis=0)
    wanted = np.sqrt(0.01**2 + 0.002**2 * times)
    assert np.allclose(spread[:, :3], wanted[:, None], rtol=0.1)
    assert np.allclose(spread[:, 3:], 0.03 * (1 - np.exp(-times / 50.0))[:, None], rtol=0.1)


def test_drift_knows_no_future():
    (sensor,) = [each for each in sensors_of(rig()) if each.name == "camera_front"]
    drift = (CalibrationDrift(sensor="camera_front", turn_walk=0.002),)
    short, whole = np.array([0.3, 4.1]), np.linspace(0.0, 30.0, 301)
    assert np.allclose(drifted(sensor, drift, short, 5), drifted(sensor, drift, whole, 5)[[3, 41]])
    assert not drifted(sensor, (replace(drift[0], sensor="other"),), whole, 5).any()


def test_knocks_last_as_long_as_the_fault_and_turn_what_they_say():
    (sensor,) = [each for each in sensors_of(rig()) if each.name == "camera_front"]
    times = np.arange(6) * SECOND
    given = SensorFault("camera_front", FaultKind.MISALIGNMENT, 2.0, 4.0, parameters={"pitch_rad": 0.1, "x_m": 0.02})
    offsets = knocked("camera_front", (given,), times / SECOND, 1)
    assert np.flatnonzero(offsets.any(axis=1)).tolist() == [2, 3] and offsets[2].tolist() == [0, 0.1, 0, 0.02, 0, 0]
    truth = mounting_truth(sensor, times, offsets)
    believed_from_true = sensor.mounting.inverse() @ true_mounting(sensor, offsets)
    angle = np.arccos((np.trace(believed_from_true.rotation[2]) - 1) / 2)
    assert angle == pytest.approx(0.1) and np.allclose(believed_from_true.translation_m[2], [0.02, 0, 0])
    assert truth is not None and np.allclose(truth.rotation[0], sensor.mounting.rotation)
    assert mounting_truth(sensor, times, np.zeros((6, 6))) is None
    drawn = knocked("camera_front", (SensorFault("camera_front", FaultKind.MISALIGNMENT, severity=0.5),),
                    times / SECOND, 1)  # fmt: skip
    assert np.linalg.norm(drawn[0, :3]) == pytest.approx(np.deg2rad(1.0)) and np.ptp(drawn, axis=0).max() == 0
    shaken = knocked("s", (SensorFault("s", FaultKind.VIBRATION, severity=1.0),), np.arange(4000.0), 1)
    assert shaken[:, :3].std() == pytest.approx(np.deg2rad(0.5), rel=0.05) and abs(shaken[:, 3]).max() <= 0.015
