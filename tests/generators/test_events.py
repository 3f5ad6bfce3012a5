"""Event cameras: thresholds crossed are counted exactly, in time; a still scene gives noise alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.ports import SceneDescription
from driving_data.sensors import EventCameraModel, SensorRig
from generators.raytrace.events.changes import PixelThresholds, changes_between, log_light, thresholds_of
from generators.raytrace.events.reference import changes_of_pixel
from tests.generators.street import StreetGenerator, rig, rollout


def even(theta_on, theta_off, shape=(1, 1)):
    return PixelThresholds(np.full(shape, theta_on), np.full(shape, theta_off))


def watched(ride, end, threads=0, **numbers):
    camera = replace(rig(96, 64).cameras[0], name="events")
    sensors = SensorRig("e", event_cameras=(EventCameraModel(camera, **numbers),))
    scene = SceneDescription(None, ride.actors, 0, ride.environment)
    renderer = StreetGenerator(threads).open(scene, sensors, 3)
    return renderer.render(ride.state_at(0), ride.state_at(end)).events[0]


@given(st.floats(-3.0, 3.0), st.floats(0.05, 0.6), st.integers(1, 6))
@settings(deadline=None)
def test_a_ramp_gives_the_floor_of_its_contrast(change, theta, pieces):
    """However the ramp is cut, a change of the logarithm by D makes floor(|D| / theta) events, evenly spaced."""
    if abs(abs(change) / theta - round(abs(change) / theta)) < 1e-6:
        change *= 1.01
    levels = np.linspace(0.0, change, pieces + 1)[:, None, None]
    seen = changes_between(levels, np.linspace(0.0, 0.1, pieces + 1), even(theta, theta), 0.0, np.zeros((1, 1)))
    count = int(np.floor(abs(change) / theta))
    assert len(seen.time_s) == count
    assert np.all(seen.brighter == (change > 0))
    assert np.allclose(seen.time_s, 0.1 * theta * np.arange(1, count + 1) / max(abs(change), 1e-12), atol=1e-9)
    assert seen.memory[0, 0] == pytest.approx(np.sign(change) * count * theta)


@given(
    st.integers(0, 2**31), st.integers(2, 7), st.floats(0.05, 0.5), st.floats(0.05, 0.5), st.sampled_from([0.0, 0.01])
)
@settings(deadline=None, max_examples=60)
def test_the_kernel_is_its_reference(seed, moments, rise, fall, refractory):
    rng = np.random.default_rng(seed)
    levels = np.cumsum(rng.normal(0.0, 0.5, (moments, 3, 4)), axis=0)
    when = np.cumsum(rng.uniform(0.001, 0.02, moments))
    memory = levels[0] + rng.uniform(-0.04, 0.04, (3, 4))
    seen = changes_between(levels, when, even(rise, fall, (3, 4)), refractory, memory)
    assert np.all(np.diff(seen.time_s) >= 0)
    for row in range(3):
        for column in range(4):
            mine = (seen.row == row) & (seen.column == column)
            slow = changes_of_pixel(
                list(levels[:, row, column]), list(when), rise, fall, refractory, float(memory[row, column])
            )
            assert list(zip(seen.time_s[mine], seen.brighter[mine], strict=True)) == slow


def test_a_pixel_is_silent_after_an_event():
    levels = np.array([0.0, 10.0])[:, None, None]
    seen = changes_between(levels, np.array([0.0, 1.0]), even(0.1, 0.1), 0.035, np.zeros((1, 1)))
    # Crossings every 10 ms; of them the first one at least 35 ms after the last reported is reported.
    assert np.allclose(np.diff(seen.time_s), 0.04) and len(seen.time_s) == 25
    assert seen.memory[0, 0] == pytest.approx(10.0)


def test_thresholds_differ_from_pixel_to_pixel_by_the_stated_spread():
    model = EventCameraModel(replace(rig(200, 150).cameras[0], name="e"), 0.25, 0.2, 0.03)
    drawn = thresholds_of(model, 5, 0)
    assert drawn.rise.mean() == pytest.approx(0.25, abs=1e-3) and drawn.fall.mean() == pytest.approx(0.2, abs=1e-3)
    assert drawn.rise.std() == pytest.approx(0.03, rel=0.03)
    again, other = thresholds_of(model, 5, 0), thresholds_of(model, 6, 0)
    assert np.array_equal(again.rise, drawn.rise) and not np.array_equal(other.rise, drawn.rise)


def test_equal_contrast_is_equal_whatever_the_light():
    assert log_light(np.array([0.02])) - log_light(np.array([0.01])) == pytest.approx(np.log(2.0), rel=1e-3)
    assert log_light(np.array([2e-7])) - log_light(np.array([1e-7])) < 0.1  # the dark current drowns it


def test_a_still_scene_gives_noise_alone_at_its_rate():
    ride = rollout(4, speed_mps=0.0)
    still = replace(
        ride, world_from_actor=replace(ride.world_from_actor, translation_m=np.repeat(
            ride.world_from_actor.translation_m[:1], 11, axis=0)), velocity_mps=np.zeros_like(ride.velocity_mps)
    )  # fmt: skip
    seen = watched(still, 10, noise_hz=2.0)
    expected = 2.0 * 1.0 * 96 * 64
    assert seen.noise.all()
    assert len(seen.noise) == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert abs(seen.brighter.mean() - 0.5) < 0.03
    assert len(watched(still, 10, noise_hz=0.0).noise) == 0


def test_what_moves_is_reported_in_its_time():
    ride = rollout(5, speed_mps=10.0)
    seen = watched(ride, 1, noise_hz=0.0)
    assert len(seen.noise) > 300 and not seen.noise.any()
    assert seen.start_ns == ride.state_at(0).timestamp_ns and seen.end_ns == ride.state_at(1).timestamp_ns
    assert np.all(np.diff(seen.timestamp_ns) >= 0)
    assert seen.timestamp_ns[0] >= seen.start_ns and seen.timestamp_ns[-1] <= seen.end_ns
    assert len(np.unique(seen.timestamp_ns)) > 0.8 * len(seen.timestamp_ns)  # exact times, not those of the renders
    assert 0.1 < seen.brighter.mean() < 0.9
    # Higher thresholds, fewer events.
    assert len(watched(ride, 1, noise_hz=0.0, contrast_on=0.5, contrast_off=0.5).noise) < 0.7 * len(seen.noise)


def test_bytes_do_not_depend_on_threads():
    ride = rollout(4)
    one, three = watched(ride, 1, threads=1), watched(ride, 1, threads=3)
    for name in ("timestamp_ns", "row", "column", "brighter", "noise"):
        assert np.array_equal(getattr(one, name), getattr(three, name))
