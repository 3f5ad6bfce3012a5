"""Shutters and apertures: rolling skew, motion blur, circles of confusion, exposure that follows the light."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.sensors import CameraModel, SensorRig
from generators.raytrace.cameras import optics
from generators.raytrace.cameras.exposure import Control
from generators.raytrace.cameras.look import gathered
from generators.raytrace.cameras.rays import pixel_rays
from generators.raytrace.cameras.settings import Development
from generators.raytrace.cameras.shutter import subframes
from generators.raytrace.moment import Opened, moment_of
from generators.raytrace.renderer import RaytraceRenderer
from generators.raytrace.scene import Lamps, Materials, MeshScene
from generators.raytrace.shading_light import sky_row
from generators.raytrace.tracer import num_threads, prepare
from tests.generators.street import CAMERA_AXES, PAINT, WALL, StreetGenerator, joined, materials, plane, rig, rollout
from tests.generators.street import mesh as made_of
from tests.generators.test_camera import pictures

WHITE, BLACK = 0, 1
SPEED = 18.0
STEP_S = 0.1


def board(x, y0, y1, z0, z1, material):
    """A wall across the road, facing the camera."""
    return made_of([[x, y0, z0], [x, y0, z1], [x, y1, z1], [x, y1, z0]], [[0, 1, 2], [0, 2, 3]], material)


def glowing():
    """A white and a grey that shine evenly: pictures of known light."""
    plain = materials()
    emission = np.zeros((8, 3), np.float32)
    emission[WHITE], emission[BLACK] = 1.0, 0.8
    zero = np.zeros(8, np.float32)
    return Materials(
        np.zeros((8, 3), np.float32), np.zeros((8, 3), np.float32), np.ones(8, np.float32), zero, emission,
        np.zeros(8, np.int32), plain.signal, np.zeros(8, np.int32), plain.texture_scale_m, plain.semantic,
        plain.lidar_reflectivity, zero,
    )  # fmt: skip


def moving_past(static, speed_mps=SPEED, sideways=True, development=None, **lens):
    """Light, view and picture of a camera that slides sideways past a still scene in the vacuum of the night."""
    night = Environment(sun_elevation_rad=-0.6, fog_visibility_m=1e9, cloud_cover=0.0)
    ride = rollout(1, environment=night)
    scene = SceneDescription(None, ride.actors, 0, night)
    model = CameraModel("c", 240, 120, 200.0, 200.0, 120.0, 60.0, SE3(CAMERA_AXES, np.array([1.35, 0.0, 0.75])), **lens)
    mesh_scene = MeshScene(static, (), np.full((1, 1), -1), np.full(1, np.inf), glowing(), no_lamps(), night)
    opened = Opened(
        prepare(mesh_scene), scene, SensorRig("r", (model,)), 3, development or Development(), num_threads(),
        sky_row(night, 3),
    )  # fmt: skip
    start = replace(ride.state_at(0), world_from_actor=SE3.from_yaw(np.zeros(1), np.array([[0.0, 0.0, 0.75]])))
    step = np.array([[0.0, speed_mps * STEP_S, 0.0]]) if sideways else np.zeros((1, 3))
    end = replace(
        start, timestamp_ns=start.timestamp_ns + round(STEP_S * 1e9),
        world_from_actor=SE3.from_yaw(np.zeros(1), np.array([[0.0, 0.0, 0.75]]) + step),
    )  # fmt: skip
    return gathered(opened, moment_of(opened, start, end), pixel_rays(model))


def no_lamps():
    return Lamps(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))


def edge_of(profile):
    """Where a profile that falls from its left value to its right value would step, in pixels."""
    low, high = profile[-1], profile[0]
    return float(np.sum((profile - low) / (high - low)))


EDGE = 20.0  # metres ahead of the lens
HALVES = joined([board(EDGE, 0.3, 60.0, -50.0, 50.0, WHITE), board(EDGE, -60.0, 0.3, -50.0, 50.0, BLACK)])


def test_a_rolling_shutter_shifts_each_row_by_its_time():
    """Row r is read readout (r - (H - 1) / 2) / H after the middle: a shift of f v t / depth pixels."""
    readout = 0.03
    _, seen = moving_past(HALVES, readout_s=readout)
    found = np.array([edge_of(row[:, 1].astype(np.float64)) for row in seen.light])
    time_s = ((np.arange(120) + 0.5) / 120 - 0.5) * readout
    wanted = 200.0 * SPEED * time_s / EDGE
    # Single rows are as exact as their few rays through the edge; their line is what a reader of the skew measures.
    slope, middle = np.polyfit(wanted, found, 1)
    assert abs((slope - 1.0) * np.ptp(wanted)) < 0.1
    assert abs(middle - edge_of(moving_past(HALVES)[1].light[60, :, 1].astype(np.float64))) < 0.15
    assert np.abs(found - np.polyval([slope, middle], wanted)).max() < 0.35


@pytest.mark.parametrize("speed_mps", [15.5, 18.0])
@pytest.mark.parametrize("exposure_s", [0.01, 0.03, 0.05])
def test_motion_blur_is_as_long_as_speed_times_exposure(exposure_s, speed_mps):
    """An edge becomes a ramp of L = f v t / depth pixels, whose slope has the variance L^2 / 12.

    The pixel and the difference between two of them are boxes of one pixel: 1 / 12 more each.
    """
    _, seen = moving_past(HALVES, speed_mps, exposure_s=exposure_s)
    variance = _variance(seen.light[:, :, 1].astype(np.float64).mean(axis=0))
    length = np.sqrt(12.0 * (variance - 2.0 / 12.0))
    assert length == pytest.approx(200.0 * speed_mps * exposure_s / EDGE, abs=0.3)


def _variance(profile):
    """Variance of the derivative of an edge, about its place."""
    slope = np.abs(np.diff(profile))
    slope /= slope.sum()
    at = np.arange(len(slope))
    mean = (at * slope).sum()
    return float(((at - mean) ** 2 * slope).sum())


def test_blur_follows_the_exposure_not_the_frame_and_labels_stay_sharp():
    view, blurred = moving_past(HALVES, exposure_s=0.03)
    _, sharp = moving_past(HALVES)
    assert view.world_from_camera.shape == (1,)
    assert np.array_equal(blurred.depth_m, sharp.depth_m) and np.array_equal(blurred.semantic, sharp.semantic)
    assert not np.array_equal(blurred.light, sharp.light)
    assert subframes(0.05, 24) == 1 and subframes(3.2, 24) == 5 and subframes(80.0, 24) == 24


@pytest.mark.parametrize("depth_m", [4.0, 6.0, 12.0, 60.0])
def test_the_circle_of_confusion_is_that_of_a_thin_lens(depth_m):
    """radius = f_px A / 2 |1 / z - 1 / s| pixels with A = f / N; a disc's edge has the variance radius^2 / 4."""
    lens = {"f_number": 1.4, "focus_m": 6.0, "pixel_pitch_m": 2e-3}
    halves = joined([board(depth_m + 1e-6, 0.003, 60.0, -50, 50, WHITE), board(depth_m, -60.0, 0.003, -50, 50, BLACK)])
    _, seen = moving_past(halves, 0.0, False, replace(Development(), lens_samples=96), **lens)
    _, sharp = moving_past(halves, 0.0, False)
    aperture = 200.0 * 2e-3 / 1.4
    wanted = 200.0 * 0.5 * aperture * abs(1.0 / depth_m - 1.0 / 6.0)
    variance = _variance(seen.light[60, :, 1].astype(np.float64)) - _variance(sharp.light[60, :, 1].astype(np.float64))
    assert 2.0 * np.sqrt(max(variance, 0.0)) == pytest.approx(wanted, rel=0.04, abs=0.12)


def test_fog_in_the_raw_picture_follows_koschmieder():
    """Black boards at several distances: light of the air A (1 - exp(-beta z)), beta = ln 20 / MOR, in raw numbers."""
    fog = Environment(fog_visibility_m=150.0, cloud_cover=1.0)
    places = [(20.0, 3.0), (35.0, 1.8), (50.0, 0.0), (80.0, -4.0), (120.0, -12.0)]
    boards = [board(x, y - 0.02 * x, y + 0.02 * x, -2, 0.06 * x + 1, WALL) for x, y in places]
    ride = rollout(1, environment=fog)
    black = replace(materials(), albedo=np.zeros((8, 3), np.float32), second=np.zeros((8, 3), np.float32),
                    reflectance=np.zeros(8, np.float32), texture=np.zeros(8, np.int32))  # fmt: skip
    far = board(3000.0, -3000, 3000, -500, 3000, WALL)
    made = MeshScene(joined([*boards, far]), (), np.full((1, 1), -1), np.full(1, np.inf), black, no_lamps(), fog)
    settings = replace(Development(), bloom=0.0, flare=0.0, noise=0.0, keep_raw=True)
    scene = SceneDescription(None, ride.actors, 0, fog)
    renderer = RaytraceRenderer(prepare(made), scene, rig(480, 270, lidar=False), 3, settings, 1)
    frame = renderer.render(ride.state_at(0), ride.state_at(0)).frames[0]
    rays = pixel_rays(rig(480, 270).cameras[0])
    light = (frame.raw.astype(float) - settings.chip.black_level) / optics.shading(rays)
    green = np.zeros(light.shape, bool)
    green[0::2, 1::2] = True
    air = np.median(light[green & (frame.depth_m > 2000) & (rays.direction[..., 2] > 0.9)])
    distances, logs = [], []
    for x, _ in places:
        mine = ndimage.binary_erosion(np.abs(frame.depth_m - (x - frame.world_from_camera.translation_m[0])) < 0.5)
        length = frame.depth_m / rays.direction[..., 2]
        distances.append(np.mean(length[mine & green]))
        logs.append(np.log(1.0 - np.mean(light[mine & green]) / air))
    slope = np.polyfit(distances, logs, 1)[0]
    assert -slope == pytest.approx(2.9957 / 150.0, rel=0.02)


def test_a_pinhole_camera_takes_one_picture_of_one_moment():
    ride = rollout(3)
    _, plain = pictures(ride, rig(lidar=False), end=1)
    _, again = pictures(ride, rig(lidar=False, f_number=0.0, exposure_s=0.0), end=1)
    assert np.array_equal(plain.frames[0].rgb, again.frames[0].rgb)
    assert plain.frames[0].exposure_s > 0.0 and plain.frames[0].gain >= 1.0 and plain.frames[0].raw is None


def test_blurred_and_defocused_bytes_do_not_depend_on_threads():
    ride = rollout(4, speed_mps=15.0)
    sensors = rig(96, 64, lidar=False, exposure_s=0.02, readout_s=0.02, f_number=1.8, pixel_pitch_m=2e-5)
    _, one = pictures(ride, sensors, threads=1, end=1)
    _, three = pictures(ride, sensors, threads=3, end=1)
    assert np.array_equal(one.frames[0].rgb, three.frames[0].rgb)
    assert one.frames[0].exposure_s == 0.02


def test_raw_numbers_are_kept_on_request():
    ride = rollout(2)
    scene = SceneDescription(None, ride.actors, 0, ride.environment)
    kept = StreetGenerator(1, None, replace(Development(), keep_raw=True)).open(scene, rig(lidar=False), 3)
    raw = kept.render(ride.state_at(0), ride.state_at(1)).frames[0].raw
    assert raw is not None and raw.dtype == np.uint16 and raw.shape == (96, 160)
    assert Development().chip.black_level < raw.mean() < Development().chip.top


def tunnel(adapt_s):
    """Exposures of a camera that drives out of a dark tunnel at 20 m/s: at its end and each 0.1 s beyond."""
    day = Environment()
    ride = rollout(1, num_steps=25, speed_mps=20.0, environment=day)
    roof = plane(-60, 20, -8, 8, WALL, 5.0)
    sides = [made_of([[-60, y, 0], [20, y, 0], [20, y, 5], [-60, y, 5]], [[0, 1, 2], [0, 2, 3]], WALL) for y in (-8, 8)]
    static = joined([plane(-200, 400, -60, 60, 0), roof, *sides, board(70.0, -9, 9, 0, 6, PAINT)])
    settings = replace(Development(), control=Control(adapt_s=adapt_s))
    scene = SceneDescription(None, ride.actors, 0, day)
    sensors = rig(96, 64, lidar=False)
    renderer = StreetGenerator(0, static, settings).open(scene, sensors, 3)
    frames = [renderer.render(ride.state_at(k), ride.state_at(k + 1)).frames[0] for k in (0, 11, 13, 23)]
    alone = StreetGenerator(1, static, settings).open(scene, sensors, 3)
    assert np.array_equal(alone.render(ride.state_at(13), ride.state_at(14)).frames[0].rgb, frames[2].rgb)
    return [frame.exposure_s * frame.gain for frame in frames], [float(frame.rgb.mean()) for frame in frames]


def test_exposure_follows_the_light_with_a_lag_whoever_asks():
    slow, brightness = tunnel(0.4)
    fast, _ = tunnel(0.0)
    # Just outside the slow control still exposes for the dark, and the picture is too bright; later both agree.
    assert slow[1] > 1.15 * fast[1]
    assert brightness[1] > brightness[3] + 10.0
    assert slow[0] > slow[1] > slow[3]
    assert slow[3] == pytest.approx(fast[3], rel=0.25)
