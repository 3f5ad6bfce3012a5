"""Each check on segments whose answer is known, and the noise rule behind the real ones."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.geometry import SE3
from driving_data.rollout import Event
from driving_data.segment import Raw, Segment, Source
from driving_data.taxonomy import ActorClass
from tests.validation.scenes import (
    circle_drive,
    noisy,
    rollout_of,
    seen_segment,
    segment_of,
    straight_drive,
)
from validation.motion import motion_of, noise_sigma, savgol_weights
from validation.projection import box_in_picture, intersection_over_union, poses_at
from validation.registry import CHECKS, default_checks, make_check


@pytest.fixture(scope="module")
def seen() -> Segment[Raw]:
    return seen_segment(3)


@pytest.mark.parametrize("name", CHECKS.names())
def test_every_check_passes_what_is_sound(seen: Segment[Raw], name: str) -> None:
    verdict = make_check(name).judge(seen)
    assert verdict.applicable and verdict.passed, verdict
    assert verdict.check == name and verdict.version == make_check(name).version


@pytest.mark.parametrize("name", CHECKS.names())
def test_a_bare_segment_is_passed_with_a_reason_where_nothing_can_be_judged(name: str) -> None:
    verdict = make_check(name).judge(segment_of(circle_drive(steps=1)))
    assert verdict.passed
    assert verdict.applicable or verdict.reason


def test_friction_is_that_of_the_road() -> None:
    drive = circle_drive(radius_m=20.0, speed_mps=11.0)  # 6.05 m/s^2
    for friction, passes in ((0.9, True), (0.6, False)):
        road = replace(drive, environment=replace(drive.environment, road_friction=friction))
        verdict = make_check("friction_circle").judge(segment_of(road))
        assert verdict.passed is passes
        expected = 11.0**2 / 20.0 / (friction * 9.81)
        assert abs(verdict.score - expected) < 0.06 * expected
    assert verdict.evidence["worst"][0]["actor"] == "car_0"


def test_a_labelled_collision_excuses_its_actors_only() -> None:
    rollout = straight_drive(np.random.default_rng(1))
    velocity = rollout.velocity_mps.copy()
    velocity[10:, 1] -= [6.0, 0, 0]
    crash = Event(int(rollout.timestamps_ns[10]), "collision", ("car_0", "car_1"))
    hit = replace(rollout, velocity_mps=velocity)
    assert not make_check("friction_circle").judge(segment_of(hit)).passed
    assert make_check("friction_circle").judge(segment_of(replace(hit, events=(crash,)))).passed
    other = replace(crash, actor_ids=("truck_2",))
    assert not make_check("friction_circle").judge(segment_of(replace(hit, events=(other,)))).passed


def test_overlap_is_excused_by_its_collision_only() -> None:
    rollout = straight_drive(np.random.default_rng(1))
    place = rollout.world_from_actor.translation_m.copy()
    place[5:8, 1, :2] = place[5:8, 0, :2] + [4.3, 0.0]
    inside = replace(rollout, world_from_actor=SE3(rollout.world_from_actor.rotation, place))
    verdict = make_check("interpenetration").judge(segment_of(inside))
    assert not verdict.passed and abs(verdict.score - 0.3) < 1e-6
    assert sorted(verdict.evidence["worst"][0]["actors"]) == ["car_0", "car_1"]
    crash = Event(int(rollout.timestamps_ns[5]), "collision", ("car_1", "car_0"))
    assert make_check("interpenetration").judge(segment_of(replace(inside, events=(crash,)))).passed
    once = replace(inside, world_from_actor=SE3(place_rotation := inside.world_from_actor.rotation, place.copy()))
    once.world_from_actor.translation_m[6:8, 1] += [20.0, 0, 0]
    assert place_rotation.shape == (20, 5, 3, 3)
    assert make_check("interpenetration").judge(segment_of(once)).passed


def test_boxes_one_above_the_other_do_not_touch() -> None:
    rollout = straight_drive(np.random.default_rng(1))
    place = rollout.world_from_actor.translation_m.copy()
    place[:, 1] = place[:, 0] + [0, 0, 6.0]
    bridge = replace(rollout, world_from_actor=SE3(rollout.world_from_actor.rotation, place))
    assert make_check("interpenetration").judge(segment_of(bridge)).passed


@given(radius=st.floats(6.0, 200.0), speed=st.floats(1.0, 7.0))
@settings(max_examples=25, deadline=None)
def test_rolling_on_any_circle_is_steering(radius: float, speed: float) -> None:
    drive = circle_drive(radius, speed, steps=12)
    assert make_check("steering_geometry").judge(segment_of(drive)).passed
    assert make_check("no_teleport").judge(segment_of(drive)).passed


def test_turning_tighter_than_a_car_can_is_noticed() -> None:
    verdict = make_check("steering_geometry").judge(segment_of(circle_drive(2.0, 2.0)))
    assert not verdict.passed and verdict.score > 1.5


def test_a_pedestrian_cannot_drive() -> None:
    time = np.arange(10)[:, None] * 0.1
    place = np.stack([9.0 * time, np.zeros_like(time)], -1)
    velocity = np.broadcast_to([9.0, 0.0], (10, 1, 2))
    walk = rollout_of([ActorClass.PEDESTRIAN], place, np.zeros((10, 1)), velocity, np.zeros((10, 1)), None)
    verdict = make_check("class_speed").judge(segment_of(walk))
    assert not verdict.passed and abs(verdict.score - 9 / 7) < 1e-9
    assert make_check("class_speed", {"pedestrian_mps": 9.5}).judge(segment_of(walk)).passed


def test_clocks_that_run_backwards_or_jitter_are_noticed(seen: Segment[Raw]) -> None:
    check = make_check("time_stamps")
    frames = list(seen.frames)
    frames[1] = replace(frames[1], timestamp_ns=frames[0].timestamp_ns - 1)
    backwards = check.judge(replace(seen, frames=tuple(frames)))
    assert not backwards.passed and "camera" in backwards.reason
    late = replace(seen.frames[2], timestamp_ns=seen.frames[2].timestamp_ns + 30_000_000)
    desynced = check.judge(replace(seen, frames=(*seen.frames[:2], late, *seen.frames[3:])))
    assert not desynced.passed
    dropped = check.judge(replace(seen, frames=seen.frames[:1] + seen.frames[2:], sweeps=seen.sweeps))
    assert dropped.passed


def test_a_tag_allows_the_verge() -> None:
    rollout = straight_drive(np.random.default_rng(1))
    place = rollout.world_from_actor.translation_m + np.array([0.0, -9.0, 0.0])
    verge = segment_of(replace(rollout, world_from_actor=SE3(rollout.world_from_actor.rotation, place)))
    assert not make_check("drivable_area").judge(verge).passed
    assert not make_check("drivable_area").judge(replace(verge, tags=("off_road:allowed",))).applicable


@pytest.mark.parametrize("sigma", [0.01, 0.03, 0.08])
def test_noise_of_a_real_log_raises_no_alarm(sigma: float) -> None:
    rng = np.random.default_rng(7)
    for rollout in (circle_drive(40.0, 8.0, 80), straight_drive(rng, 80)):
        measured = noisy(rollout, sigma, rng)
        for check in default_checks():
            assert check.judge(measured).passed, check.name


def test_a_broken_track_of_a_real_log_is_noticed_and_a_stray_one_forgiven() -> None:
    rng = np.random.default_rng(7)
    measured = noisy(straight_drive(rng, 60), 0.02, rng)
    rollout = measured.rollout
    for share, passes in ((1, True), (12, False)):
        velocity = rollout.velocity_mps.copy()
        velocity[10 : 10 + share, 1] += [25.0, 0.0, 0.0]
        broken = replace(measured, rollout=replace(rollout, velocity_mps=velocity))
        verdict = make_check("no_teleport").judge(broken)
        assert verdict.passed is passes
        assert verdict.evidence["worst_ratio"] > 1


def test_noise_is_estimated_from_the_track_itself() -> None:
    rng = np.random.default_rng(2)
    time = np.arange(400) * 0.1
    track = np.stack([8 * time + 0.3 * np.sin(time), 0.2 * time**2 / 2], axis=-1)[:, None]
    for sigma in (0.02, 0.05, 0.2):
        found = noise_sigma(track + rng.normal(0, sigma, track.shape), 0.1, 0.001, 1.0)[0]
        assert abs(found - sigma) < 0.15 * sigma


@pytest.mark.parametrize(("window", "order", "gain"), [(7, 1, 0.051), (7, 2, 0.22), (7, 3, 4.1), (11, 2, 0.068)])
def test_noise_gains_are_those_of_the_literature(window: int, order: int, gain: float) -> None:
    weights = savgol_weights(window, 3, order, 0.1)
    assert abs(0.01 * np.linalg.norm(weights) - gain) < 0.06 * gain
    offset = (np.arange(window) - window // 2) * 0.1
    cubic = np.polynomial.Polynomial([2.0, -1.0, 0.5, 3.0])
    assert np.isclose(weights @ cubic(offset), cubic.deriv(order)(0.0))


def test_smoothed_motion_of_a_circle_is_right() -> None:
    measured = noisy(circle_drive(40.0, 8.0, 120), 0.02, np.random.default_rng(3))
    motion = motion_of(measured)
    known = np.isfinite(motion.acceleration_mps2[:, 0, 0])
    size = np.linalg.norm(motion.acceleration_mps2[known, 0], axis=-1)
    assert abs(np.median(size) - 1.6) < 0.15
    assert abs(np.median(motion.yaw_rate_radps[known, 0]) - 0.2) < 0.01


def test_depth_and_lidar_of_another_moment_are_not_compared(seen: Segment[Raw]) -> None:
    later = tuple(replace(sweep, timestamp_ns=sweep.timestamp_ns + 50_000_000) for sweep in seen.sweeps)
    assert not make_check("lidar_depth_camera").judge(replace(seen, sweeps=later)).applicable


def test_a_still_world_may_show_the_same_picture_twice(seen: Segment[Raw]) -> None:
    copy = replace(seen.frames[1], rgb=seen.frames[0].rgb)
    twice = replace(seen, frames=(seen.frames[0], copy, *seen.frames[2:]))
    assert not make_check("image_integrity").judge(twice).passed
    rollout = seen.rollout
    standing = SE3(rollout.world_from_actor.rotation,
                   np.broadcast_to(rollout.world_from_actor.translation_m[:1], (20, 5, 3)).copy())  # fmt: skip
    assert (
        make_check("image_integrity").judge(replace(twice, rollout=replace(rollout, world_from_actor=standing))).passed
    )


def test_a_night_picture_may_be_dark(seen: Segment[Raw]) -> None:
    dark = tuple(replace(frame, rgb=frame.rgb // 40) for frame in seen.frames)
    assert not make_check("image_integrity").judge(replace(seen, frames=dark)).passed
    assert make_check("image_integrity").judge(replace(seen, frames=dark, tags=("light:night",))).passed


def test_a_box_behind_the_camera_is_not_in_the_picture(seen: Segment[Raw]) -> None:
    camera, frame = seen.rig.cameras[0], seen.frames[0]
    pose = frame.world_from_camera
    behind = SE3(np.eye(3), pose.translation_m + pose.rotate(np.array([0.0, 0.0, -10.0])))
    beside = SE3(np.eye(3), pose.translation_m + pose.rotate(np.array([2.0, 0.0, 0.5])))
    assert box_in_picture(camera, frame, behind, np.array([4.0, 2.0, 1.5])) is None
    cut = box_in_picture(camera, frame, beside, np.array([4.0, 2.0, 1.5]))
    assert cut is not None and cut[2] == camera.width_px


def test_overlap_of_boxes() -> None:
    a = np.array([0.0, 0, 10, 10])
    assert intersection_over_union(a, a) == 1.0
    assert intersection_over_union(a, a + 20) == 0.0
    assert np.isclose(intersection_over_union(a, np.array([5.0, 0, 15, 10])), 1 / 3)


def test_poses_between_moments_are_interpolated(seen: Segment[Raw]) -> None:
    times = seen.rollout.timestamps_ns
    middle, valid = poses_at(seen.rollout, int((times[3] + times[4]) // 2))
    expected = 0.5 * (seen.rollout.world_from_actor[3].translation_m + seen.rollout.world_from_actor[4].translation_m)
    assert valid.all() and np.allclose(middle.translation_m, expected, atol=1e-6)


def test_real_source_decides_the_estimator() -> None:
    drive = circle_drive(30.0, 8.0)
    assert np.isfinite(motion_of(segment_of(drive)).acceleration_mps2).all()
    assert np.isnan(motion_of(segment_of(drive, Source.REAL)).acceleration_mps2[0]).all()
