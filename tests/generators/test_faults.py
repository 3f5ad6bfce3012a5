"""Each fault is measured: what it changes, how much, where, and that it grows with its severity."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from driving_data.errors import InputError
from driving_data.geometry import SE3
from driving_data.rollout import FaultSpan as ToldFault
from driving_data.sensors import (
    POSSIBLE_FAULTS,
    CameraFrame,
    EventStream,
    FaultKind,
    LidarModel,
    LidarSweep,
    RadarModel,
    RadarOrigin,
    RadarReturns,
    SensorFault,
    SensorFrames,
    SensorKind,
    ThermalFrame,
    UltrasonicEchoes,
    UltrasonicModel,
    sensors_of,
)
from generators.effects.image import LUMA, to_linear
from generators.faults.apply import FaultLayer
from generators.faults.declared import declared_faults
from generators.faults.draws import FaultDraws, lost_looks
from generators.faults.pictures import spoiled_events, spoiled_picture, spoiled_thermal
from generators.faults.ranging import DARK_TARGET, spoiled_echoes, spoiled_radar, spoiled_sweep
from generators.faults.soiling import cover, dirt, drops
from tests.generators.street import rig, rollout

SIZE = (90, 160)
SEVERITIES = st.floats(0.0, 1.0)


def draws(kind, severity=0.5, time=7, start=0.0, **parameters):
    return FaultDraws(3, SensorFault("s", kind, start, None, severity, parameters), time)


def picture(time=7, seed=1):
    """Soft random patches with one bright point in the dark."""
    rng = np.random.default_rng(seed)
    soft = ndimage.gaussian_filter(rng.random((*SIZE, 3)), (6, 6, 0))
    rgb = (60 + 120 * (soft - soft.min()) / np.ptp(soft)).astype(np.uint8)
    rgb[40:50, 75:85] = 0
    rgb[45, 80] = 255
    depth = np.full(SIZE, 9.0, np.float32)
    return CameraFrame("s", time, SE3.identity(), rgb, depth, raw=np.ones(SIZE, np.uint16))


def grey(level, size=SIZE):
    """An even picture without anything beside it."""
    return CameraFrame("s", 7, SE3.identity(), np.full((*size, 3), level, np.uint8))


def light(frame):
    return to_linear(frame.rgb) @ LUMA


def spoiled(kind, severity=0.5, frame=None, before=None, **parameters):
    return spoiled_picture(frame or picture(), before, draws(kind, severity, **parameters))


PICTURE_FAULTS = (FaultKind.BLUR, FaultKind.DIRT, FaultKind.WATER_DROPS, FaultKind.BLOCKED, FaultKind.EXPOSURE,
                  FaultKind.NOISE, FaultKind.DEAD_PIXELS)  # fmt: skip


@pytest.mark.parametrize("kind", PICTURE_FAULTS)
def test_a_picture_fault_of_no_severity_changes_nothing_and_a_worse_one_changes_more(kind):
    clean = picture()
    assert spoiled_picture(clean, None, draws(kind, 0.0)) is clean
    away = [np.abs(light(spoiled(kind, s)) - light(clean)).mean() for s in (0.25, 0.5, 1.0)]
    assert 0 < away[0] < away[1] < away[2]
    once, again = (spoiled(kind, frame=clean) for _ in range(2))
    assert np.array_equal(once.rgb, again.rgb) and once.raw is None
    assert once.depth_m is clean.depth_m and once.timestamp_ns == clean.timestamp_ns


@pytest.mark.parametrize("kind", PICTURE_FAULTS)
def test_dirt_stays_and_noise_is_new(kind):
    one, two = (spoiled_picture(picture(), None, draws(kind, 0.6, time)).rgb for time in (1, 2))
    assert np.array_equal(one, two) == (kind is not FaultKind.NOISE)


def test_blur_spreads_a_point_as_wide_as_it_says():
    dark = replace(picture(), rgb=np.zeros((*SIZE, 3), np.uint8))
    dark.rgb[45, 80] = 255
    spread = light(spoiled(FaultKind.BLUR, frame=dark, sigma_px=2.0))
    x = np.arange(SIZE[1]) + 0.0
    row = spread.sum(axis=0)
    # 8 bits cut the tails off; over what is left the variance is that of a Gaussian cut there.
    mean = (row * x).sum() / row.sum()
    assert mean == pytest.approx(80.0, abs=0.01)
    assert spread[45, 82] / spread[45, 80] == pytest.approx(np.exp(-0.5), rel=0.05)


@given(SEVERITIES, SEVERITIES)
@settings(max_examples=20, deadline=None)
def test_what_dirt_and_covers_hide_only_grows(one, two):
    low, high = sorted((one, two))
    for make in (dirt, cover):
        less, more = (make(30, 50, s, np.random.default_rng(4)) for s in (low, high))
        assert np.all(more >= less) and less.min() >= 0 and more.max() <= 1
    few, many = (drops(30, 50, s, np.random.default_rng(4)) for s in (low, high))
    assert np.array_equal(many.center_px[: len(few.center_px)], few.center_px)


def test_dirt_covers_the_share_that_it_declares_and_lets_some_light_through():
    hidden = dirt(120, 200, 1.0, np.random.default_rng(2))
    assert (hidden > 0.01).mean() == pytest.approx(0.6, abs=0.02) and 0.5 < hidden.max() <= 0.96
    assert not dirt(120, 200, 0.0, np.random.default_rng(2)).any()
    assert cover(120, 200, 1.0, np.random.default_rng(2)).min() == 1.0
    assert cover(120, 200, 0.0, np.random.default_rng(2)).max() == 0.0
    assert cover(120, 200, 0.5, np.random.default_rng(2)).mean() == pytest.approx(0.5, abs=0.1)


def test_a_drop_shows_the_scene_upside_down():
    split = replace(picture(), rgb=np.full((*SIZE, 3), 20, np.uint8))
    split.rgb[:45] = 200
    found = drops(*SIZE, 0.5, draws(FaultKind.WATER_DROPS).still())
    wet = spoiled(FaultKind.WATER_DROPS, frame=split).rgb[..., 1].astype(float)
    k = int(np.argmax(found.radius_px * (np.abs(found.center_px[:, 1] - 45) < 10)))
    (x, y), r = found.center_px[k], found.radius_px[k]
    top, bottom = wet[int(y - 0.55 * r), int(x)], wet[int(y + 0.55 * r), int(x)]
    assert r > 2.5 and top < bottom, "below the middle of the drop is the bright sky"


def test_exposure_counts_in_stops():
    # Below white four stops times a half are a factor of four in linear light.
    even = grey(60)
    ratio = light(spoiled(FaultKind.EXPOSURE, 0.5, even)) / light(even)
    assert np.median(ratio) == pytest.approx(4.0, rel=0.02)
    darker = light(spoiled(FaultKind.EXPOSURE, frame=even, ev=-1.0)) / light(even)
    assert np.median(darker) == pytest.approx(0.5, rel=0.04)


def test_noise_is_that_of_few_photons():
    even = grey(150, (300, 300))
    linear = to_linear(even.rgb)[0, 0, 0]
    white = 9000.0 * 2.0**-4.0
    found = to_linear(spoiled(FaultKind.NOISE, 0.4, even).rgb)
    assert found.std() == pytest.approx(np.sqrt(linear * white + 25.0) / white, rel=0.03)
    assert found.mean() == pytest.approx(linear, rel=0.01)


def test_dead_pixels_are_the_declared_share_half_of_them_white():
    found = spoiled(FaultKind.DEAD_PIXELS, 0.5, grey(99, (400, 400))).rgb[..., 0]
    for level in (0, 255):
        assert (found == level).mean() == pytest.approx(0.005, rel=0.2)
    assert np.all((found == 99) | (found == 0) | (found == 255))


def test_a_frozen_camera_gives_its_last_picture_with_the_labels_of_now():
    before, now = picture(1, 1), picture(2, 2)
    stuck = spoiled(FaultKind.FROZEN, frame=now, before=before)
    assert stuck.rgb is before.rgb and stuck.timestamp_ns == 2 and stuck.depth_m is now.depth_m
    assert spoiled(FaultKind.FROZEN, frame=now) is now, "nothing came before"


def test_thermal_pictures_have_faults_in_kelvin():
    kelvin = np.full(SIZE, 290.0, np.float32)
    kelvin[30:60, 60:100] = 310.0
    frame = ThermalFrame("s", 1, SE3.identity(), kelvin, kelvin)

    def hot(kind, severity=1.0, **given):
        return spoiled_thermal(frame, None, draws(kind, severity, **given)).temperature_k

    assert np.allclose(hot(FaultKind.BIAS) - kelvin, 5.0) and np.allclose(hot(FaultKind.BIAS, temperature_k=-2.0),
                                                                          kelvin - 2.0)  # fmt: skip
    assert np.allclose(hot(FaultKind.BLOCKED), 290.0) and (hot(FaultKind.NOISE, 0.5) - kelvin).std() == pytest.approx(
        1.0, rel=0.03
    )
    blurred = hot(FaultKind.BLUR)
    assert 300 < blurred[30:60, 60:100].max() < 311 and blurred.mean() == pytest.approx(kelvin.mean(), abs=0.01)
    for kind in (FaultKind.DIRT, FaultKind.WATER_DROPS, FaultKind.DEAD_PIXELS):
        assert (hot(kind, 0.9) != kelvin).any() and np.array_equal(hot(kind, 0.0), kelvin)
    assert spoiled_thermal(frame, None, draws(FaultKind.BIAS, 1.0)).clean_k is frame.clean_k


def test_event_cameras_lose_events_and_see_false_ones():
    rng = np.random.default_rng(1)
    count = 4000
    column, row = (rng.integers(0, size, count).astype(np.uint16) for size in SIZE[::-1])
    when = np.sort(rng.integers(0, 100_000_000, count))
    stream = EventStream("s", 0, 100_000_000, when, column, row, rng.random(count) < 0.5, np.zeros(count, dtype=bool))

    def after(kind, severity):
        return spoiled_events(stream, None, draws(kind, severity), SIZE)

    assert len(after(FaultKind.DEAD_PIXELS, 1.0).row) == pytest.approx(0.98 * count, rel=0.01)
    assert len(after(FaultKind.BLOCKED, 1.0).row) == 0
    noisy = after(FaultKind.NOISE, 0.5)
    assert noisy.noise.sum() == pytest.approx(10.0 * 0.1 * SIZE[0] * SIZE[1], rel=0.05)
    assert np.all(np.diff(noisy.timestamp_ns) >= 0) and (~noisy.noise).sum() == count
    assert len(after(FaultKind.DIRT, 0.3).row) > len(after(FaultKind.DIRT, 0.9).row)


LIDAR = LidarModel("s", tuple(np.deg2rad(np.linspace(-24.0, 4.0, 32))), 360, SE3.identity(), max_range_m=80.0)


def sweep(time=7, distance_m=20.0):
    """A sphere around the lidar, every beam at every degree."""
    beam, turn = np.meshgrid(np.arange(32), np.deg2rad(np.arange(-180.0, 180.0)), indexing="ij")
    rise = np.array(LIDAR.elevation_rad)[beam]
    ray = np.stack([np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise)], axis=-1).reshape(-1, 3)
    count = len(ray)
    return LidarSweep(
        "s", time, SE3.identity(), (distance_m * ray).astype(np.float32), np.full(count, 0.2, np.float32),
        beam.ravel().astype(np.int64), np.zeros(count, np.int64), np.ones(count, np.uint8), np.ones(count, np.uint16),
    )  # fmt: skip


def after(kind, severity, before=None, full=None, **given):
    return spoiled_sweep(full or sweep(), before, draws(kind, severity, **given), LIDAR)


def test_dirt_on_a_lidar_loses_what_two_ways_through_it_leave_too_weak():
    full = sweep()
    dirty = after(FaultKind.DIRT, 1.0)
    assert 0.02 < 1 - len(dirty.ring) / len(full.ring) < 0.6
    weak = dirty.intensity < 0.2
    assert weak.any() and np.all(dirty.intensity[weak] / 20.0**2 >= DARK_TARGET / 160.0**2)
    near = after(FaultKind.DIRT, 1.0, full=sweep(distance_m=3.0))
    assert len(near.ring) > len(dirty.ring), "what is near comes through more dirt"
    assert len(after(FaultKind.DIRT, 0.4).ring) >= len(dirty.ring)
    assert len(after(FaultKind.WATER_DROPS, 1.0).ring) < len(full.ring)
    assert after(FaultKind.DIRT, 0.0, full=full) is full


@given(SEVERITIES)
@settings(max_examples=15, deadline=None)
def test_a_blocked_sector_is_as_wide_as_it_says(severity):
    left = after(FaultKind.BLOCKED, severity)
    assert len(left.ring) == pytest.approx((1 - severity) * 32 * 360, abs=64)


def test_dead_beams_give_nothing_and_the_same_ones_stay_dead():
    few, many = after(FaultKind.DEAD_BEAMS, 0.25), after(FaultKind.DEAD_BEAMS, 0.5)
    assert len(np.unique(few.ring)) == 24 and len(np.unique(many.ring)) == 16
    assert set(np.unique(many.ring)) < set(np.unique(few.ring))
    assert len(np.unique(after(FaultKind.DEAD_BEAMS, 0.001).ring)) == 31


def test_ranges_go_wrong_along_the_ray():
    full = sweep()
    far = np.linalg.norm(after(FaultKind.BIAS, 0.5, range_m=1.5).points_m, axis=-1)
    assert np.allclose(far, 21.5, atol=1e-4)
    noisy = after(FaultKind.NOISE, 0.5).points_m
    assert np.linalg.norm(noisy, axis=-1).std() == pytest.approx(0.15, rel=0.05)
    ray = full.points_m / 20.0
    assert np.allclose(np.cross(noisy, ray), 0.0, atol=1e-4)


def test_another_lidars_pulses_are_false_points_that_no_actor_made():
    talk = after(FaultKind.INTERFERENCE, 0.6)
    false = np.arange(len(talk.ring)) >= 32 * 360
    assert false.sum() == pytest.approx(0.03 * 32 * 360, rel=0.2)
    assert talk.instance is not None and talk.semantic is not None
    assert not talk.instance[false].any() and not talk.semantic[false].any() and talk.instance[~false].all()
    reach = np.linalg.norm(talk.points_m[false], axis=-1)
    assert reach.min() >= LIDAR.min_range_m - 1e-3 and reach.max() <= LIDAR.max_range_m + 1e-3 and reach.std() > 10


def test_a_frozen_lidar_gives_old_points_at_the_new_place():
    old, new = sweep(1, 10.0), replace(sweep(2), world_from_lidar=SE3(np.eye(3), np.array([5.0, 0, 0])))
    stuck = after(FaultKind.FROZEN, 0.5, before=old, full=new)
    assert stuck.points_m is old.points_m and stuck.timestamp_ns == 2
    assert stuck.world_from_lidar.translation_m[0] == 5.0


RADAR = RadarModel("s", SE3.identity())


def returns(with_ratio=True):
    count = 400
    turn = np.linspace(-0.5, 0.5, count)
    place = 60.0 * np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=-1)
    return RadarReturns(
        "s", 7, SE3.identity(), place, np.zeros(count), np.full(count, -1, np.int64), np.full(count, 3.0),
        np.linspace(10.0, 40.0, count) if with_ratio else None, np.ones(count, np.uint16),
        np.zeros(count, np.uint8),
    )  # fmt: skip


def test_a_covered_radar_loses_what_is_weak():
    for severity in (0.25, 0.5, 0.75):
        left = spoiled_radar(returns(), None, draws(FaultKind.BLOCKED, severity), RADAR)
        assert len(left.range_rate_mps) == pytest.approx(400 * (1 - severity), abs=2)
        assert left.snr_db is not None and left.snr_db.min() >= 10.0
    blind = spoiled_radar(returns(False), None, draws(FaultKind.BLOCKED, 0.4), RADAR)
    assert len(blind.range_rate_mps) / 400 == pytest.approx(10 ** (-12 / 40), abs=0.07)


def test_a_jammed_radar_sees_a_spoke_of_false_returns():
    jammed = spoiled_radar(returns(), None, draws(FaultKind.INTERFERENCE, 1.0), RADAR)
    assert jammed.origin is not None and jammed.instance is not None
    false = jammed.origin == RadarOrigin.FALSE_ALARM
    bearing = np.arctan2(jammed.position_m[false, 1], jammed.position_m[false, 0])
    assert false.sum() == 12 and bearing.std() < 0.04 and not jammed.instance[false].any()
    assert (~false).sum() == pytest.approx(200, abs=2)
    biased = spoiled_radar(returns(), None, draws(FaultKind.BIAS, 1.0, range_m=2.0), RADAR)
    assert np.allclose(np.linalg.norm(biased.position_m, axis=-1), 62.0) and np.allclose(biased.range_rate_mps, 0.5)


def test_parking_sensors_hear_others_and_fall_silent():
    echoes = UltrasonicEchoes("s", 7, np.array([1.0, 2.0]), np.array([5.0, 1.4]), np.array([1.0, 2.0]),
                              np.array([1, 2], np.uint16))  # fmt: skip
    model = UltrasonicModel("s", SE3.identity())

    def hear(kind, severity):
        return spoiled_echoes(echoes, None, draws(kind, severity), model)

    assert hear(FaultKind.BLOCKED, 0.4).range_m.tolist() == [1.0]
    assert hear(FaultKind.BLOCKED, 0.9).range_m.tolist() == [model.min_range_m]
    crowded = hear(FaultKind.INTERFERENCE, 1.0)
    assert len(crowded.range_m) == 4 and np.all(np.diff(crowded.range_m) >= 0)
    assert np.isnan(crowded.clean_range_m[crowded.instance == 0]).all()
    assert np.allclose(hear(FaultKind.BIAS, 1.0).range_m, [1.3, 2.3])


def test_losses_are_as_frequent_as_the_severity_and_a_worse_fault_loses_the_same_and_more():
    times = np.arange(2000) * 50_000_000

    def lost(kind, severity):
        return lost_looks("s", (SensorFault("s", kind, 10.0, 90.0, severity),), times, 0, 5)

    some, more = lost(FaultKind.DROPPED_FRAMES, 0.2), lost(FaultKind.DROPPED_FRAMES, 0.7)
    there = (times >= 10e9) & (times < 90e9)
    assert some[there].mean() == pytest.approx(0.2, abs=0.03) and more[there].mean() == pytest.approx(0.7, abs=0.03)
    assert not np.any(some & ~more) and not some[~there].any()
    assert np.array_equal(lost(FaultKind.OUTAGE, 0.1), there) and not lost(FaultKind.OUTAGE, 0.0).any()


def layer(*faults, told=()):
    own = replace(rig(), faults=faults)
    ride = replace(rollout(2), sensor_faults=told)
    return FaultLayer({s.name: s for s in sensors_of(own)}, declared_faults(ride, own), 0, 3)


def frames(time):
    return SensorFrames(frames=(replace(picture(time, time), camera="camera_front"),),
                        sweeps=(replace(sweep(time), lidar="lidar_top"),))  # fmt: skip


def test_the_clean_value_stands_beside_what_was_changed_and_only_that():
    faults = layer(SensorFault("camera_front", FaultKind.BLUR, 1e-9, 3e-9))
    untouched = faults.lay(frames(0), 0, frozenset())
    assert untouched.clean is None
    seen = frames(1)
    changed = faults.lay(seen, 1, frozenset())
    assert changed.clean is not None and changed.clean.frames == seen.frames and changed.clean.sweeps == ()
    assert not np.array_equal(changed.frames[0].rgb, seen.frames[0].rgb) and changed.sweeps == seen.sweeps
    assert faults.lay(frames(3), 3, frozenset()).clean is None, "a fault ends just before its end"


def test_lost_looks_are_kept_clean_and_a_frozen_camera_holds_the_last_that_arrived():
    faults = layer(SensorFault("camera_front", FaultKind.FROZEN, 2e-9))
    first = faults.lay(frames(0), 0, frozenset())
    faults.lay(frames(1), 1, frozenset({"camera_front"}))
    gone = faults.lay(frames(1), 1, frozenset({"camera_front"}))
    assert gone.frames == () and gone.clean is not None and len(gone.clean.frames) == 1
    for time in (2, 3):
        stuck = faults.lay(frames(time), time, frozenset())
        assert np.array_equal(stuck.frames[0].rgb, first.frames[0].rgb) and stuck.frames[0].timestamp_ns == time


def test_faults_that_a_rollout_tells_of_are_laid_over_the_right_sensors():
    start = int(rollout(2).timestamps_ns[0])
    told = (ToldFault("", "dirt", 0.7, start + 100_000_000, None), ToldFault("lidar_top", "delayed", 0.5, start),
            ToldFault("camera_front", "glare", 0.5, start - 300_000_000, start + 500_000_000))  # fmt: skip
    found = declared_faults(replace(rollout(2), sensor_faults=told), rig())
    dirty, glare = found["camera_front"]
    assert (dirty.kind, dirty.start_s, dirty.end_s) == (FaultKind.DIRT, pytest.approx(0.1), None)
    assert dirty.sensor == "camera_front" and dirty.severity == 0.7
    assert (glare.kind, glare.start_s, glare.end_s) == (FaultKind.EXPOSURE, pytest.approx(-0.3), pytest.approx(0.5))
    assert [each.kind for each in found["lidar_top"]] == [FaultKind.DIRT, FaultKind.TIME_OFFSET]
    assert found["lidar_top"][1].parameters == {"latency_s": 0.1}


def test_wrong_faults_are_named_all_at_once():
    wrong = (
        SensorFault("camera_frnt", FaultKind.BLUR),
        SensorFault("camera_front", FaultKind.DEAD_BEAMS),
        SensorFault("lidar_top", FaultKind.BIAS, severity=1.5, parameters={"range": 1.0}),
        SensorFault("lidar_top", FaultKind.DIRT, 2.0, 1.0),
    )
    with pytest.raises(InputError) as caught:
        declared_faults(rollout(2), replace(rig(), faults=wrong))
    faults = caught.value.faults
    assert [fault.path for fault in faults] == [
        "rig.faults[0].sensor", "rig.faults[1].kind", "rig.faults[2].severity", "rig.faults[2].parameters",
        "rig.faults[3].end_s",
    ]  # fmt: skip
    assert [fault.nearest for fault in faults[:4]] == ["camera_front", "dead_pixels", None, "range_m"]


def test_every_possible_fault_of_pictures_and_sweeps_does_something():
    """Of the table, faults that neither move the sensor nor its clock nor lose a look change what it gives."""
    elsewhere = {FaultKind.MISALIGNMENT, FaultKind.VIBRATION, FaultKind.TIME_OFFSET, FaultKind.DROPPED_FRAMES,
                 FaultKind.OUTAGE}  # fmt: skip
    for kind in set(POSSIBLE_FAULTS[SensorKind.CAMERA]) - elsewhere:
        assert not np.array_equal(spoiled(kind, 0.8, before=picture(1, 9)).rgb, picture().rgb), kind
    for kind in set(POSSIBLE_FAULTS[SensorKind.LIDAR]) - elsewhere:
        assert not np.array_equal(after(kind, 0.8, sweep(1, 5.0)).points_m, sweep().points_m), kind
