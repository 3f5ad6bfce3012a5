"""Segments whose sensors keep clocks of their own are judged as strictly as others, and no more strictly."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.provenance import Provenance
from driving_data.sensors import PERFECT_CLOCK, Clock, FaultKind, SensorFault
from generators.generate import generate
from tests.generators.street import StreetGenerator, rig, rollout
from validation.motion import motion_of, own_rows
from validation.registry import make_check


def made(camera=PERFECT_CLOCK, faults=()):
    own = rig(64, 48)
    own = replace(own, cameras=(replace(own.cameras[0], clock=camera),), faults=faults)
    ride = rollout(3)
    jerky = ride.velocity_mps.copy()
    jerky[1::2, 1, 0] += 0.01
    return generate(replace(ride, velocity_mps=jerky), own, 3, StreetGenerator(), Provenance("t"))


@pytest.fixture(scope="module")
def clocked():
    return made(Clock(rate_hz=7.0, phase_s=0.0005))


def test_moments_that_sensors_put_in_do_not_change_what_is_measured(clocked):
    plain = made()
    rows = own_rows(clocked)
    assert len(rows) == 11 < clocked.rollout.num_steps and np.array_equal(
        clocked.rollout.timestamps_ns[rows], plain.rollout.timestamps_ns
    )
    one, two = motion_of(plain), motion_of(clocked)
    assert np.allclose(one.jerk_mps3, two.jerk_mps3[rows]) and two.jerk_mps3.shape[0] == clocked.rollout.num_steps
    for name in ("time_stamps", "kinematic_envelope", "no_teleport"):
        check = make_check(name)
        assert check.judge(plain).passed and check.judge(clocked).passed, name
    assert make_check("kinematic_envelope").judge(clocked).score == pytest.approx(
        make_check("kinematic_envelope").judge(plain).score
    )


def test_a_clock_that_stumbles_is_still_seen(clocked):
    late = replace(clocked.frames[2], timestamp_ns=clocked.frames[2].timestamp_ns + 40_000_000)
    frames = (*clocked.frames[:2], late, *clocked.frames[3:])
    assert not make_check("time_stamps").judge(replace(clocked, frames=frames)).passed


def test_a_lost_sweep_is_no_camera_out_of_step():
    lossy = made(faults=(SensorFault("lidar_top", FaultKind.DROPPED_FRAMES, severity=0.6),))
    assert 0 < len(lossy.sweeps) < len(lossy.frames) and make_check("time_stamps").judge(lossy).passed
    untold = replace(lossy, streams=replace(lossy.streams, timing=()))
    assert not make_check("time_stamps").judge(untold).passed
