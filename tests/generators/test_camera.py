from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from driving_data.environment import Environment
from driving_data.geometry import SE3, box_corners
from driving_data.ports import SceneDescription
from driving_data.sensors import CameraModel
from driving_data.taxonomy import SemanticClass
from generators.effects.atmosphere import LN_20, extinction_per_m
from generators.raytrace.cameras.geometry import amodal_box_px, directions, pixel_grid, project
from generators.raytrace.cameras.render import render_view
from generators.raytrace.cameras.settings import Development
from tests.generators.street import CAMERA_AXES, PAINT, StreetGenerator, joined, plane, rig, rollout, sphere

LENSES = [
    {},
    {"distortion": (-0.28, 0.07, 0.0008, -0.0005, 0.01)},
    {"distortion": (0.03, -0.01, 0.002, -0.001), "model": "fisheye"},
]


def lens(**more):
    return CameraModel("c", 160, 96, 100.0, 102.0, 81.5, 47.0, SE3(CAMERA_AXES, np.array([1.6, 0.0, 1.5])), **more)


def pictures(ride, sensors, static=None, step=0, end=None, seed=3, threads=0, appearance=None):
    scene = SceneDescription(None, ride.actors, 0, ride.environment, (), appearance or {})
    generator = StreetGenerator(threads, static, Development())
    renderer = generator.open(scene, sensors, seed)
    return renderer, renderer.render(ride.state_at(step), ride.state_at(step if end is None else end))


@pytest.mark.parametrize("more", LENSES)
def test_projection_undoes_directions(more):
    model = lens(**more)
    pixel, front = project(model, 7.0 * directions(model, pixel_grid(model)))
    assert front.all() and np.abs(pixel - pixel_grid(model)).max() < 1e-6


@pytest.mark.parametrize("more", LENSES)
def test_depth_of_the_ground_is_that_of_the_plane(more):
    ride = rollout(1)
    sensors = replace(rig(lidar=False), cameras=(lens(**more),))
    _, seen = pictures(ride, sensors, plane(-900, 900, -900, 900, 0))
    frame = seen.frames[0]
    rays = directions(sensors.cameras[0], pixel_grid(sensors.cameras[0]))
    world = frame.world_from_camera.rotate(rays)
    height = frame.world_from_camera.translation_m[2]
    down = world[..., 2] < -0.01
    depth = np.where(down, height / np.where(down, -world[..., 2], 1.0), np.inf) * rays[..., 2]
    assert np.allclose(frame.depth_m[down], depth[down], rtol=1e-4)
    assert np.all(np.isinf(frame.depth_m[world[..., 2] > 0])) and np.all(
        frame.semantic[world[..., 2] > 0] == SemanticClass.SKY
    )
    assert np.all(frame.semantic[down] == SemanticClass.ROAD) and not frame.instance.any()


def test_the_silhouette_of_a_sphere_is_a_disc():
    ride = rollout(1)
    sensors = rig(320, 200, lidar=False)
    _, seen = pictures(ride, sensors, joined([plane(900, 901, 0, 1, 0), sphere((20.25, -1.8, 1.5), 3.0, 80, PAINT)]))
    frame, model = seen.frames[0], sensors.cameras[0]
    axis = np.arctan2(np.hypot(*(pixel_grid(model) - [160, 100]).transpose(2, 0, 1)), model.fx_px)
    distance = 20.25 - frame.world_from_camera.translation_m[0]
    wanted = axis < np.arcsin(3.0 / distance)
    found = frame.semantic == SemanticClass.CAR
    assert (found & wanted).sum() / (found | wanted).sum() > 0.985


def test_masks_fill_the_projected_boxes_of_actors_in_the_open():
    ride = rollout(6)
    renderer, seen = pictures(ride, rig(480, 270, lidar=False))
    frame, model = seen.frames[0], rig(480, 270).cameras[0]
    counts = renderer.silhouettes(ride.state_at(0), ride.state_at(0), seen)
    checked = 0
    for actor in range(1, 6):
        if counts.alone[0, actor] < 50 or counts.visible[0, actor] < counts.alone[0, actor]:
            continue
        corners = frame.world_from_camera.inverse().apply(
            box_corners(ride.world_from_actor[0, actor], ride.actors.size_m[actor])
        )
        pixel, front = project(model, corners)
        if not front.all() or pixel.min() < 0 or pixel[:, 0].max() > 480 or pixel[:, 1].max() > 270:
            continue
        hull = _inside_hull(pixel, 480, 270)
        mask = frame.instance == actor + 1
        assert (mask & hull).sum() / (mask | hull).sum() > 0.9
        checked += 1
    assert checked >= 2


def _inside_hull(points, width, height):
    from scipy.spatial import ConvexHull

    hull = ConvexHull(points)
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return np.all([a * u + b * v + c <= 0 for a, b, c in hull.equations], axis=0)


def test_bytes_do_not_depend_on_threads_or_history():
    ride = rollout(5)
    _, one = pictures(ride, rig(), threads=1, end=1)
    _, three = pictures(ride, rig(), threads=3, end=1)
    assert np.array_equal(one.frames[0].rgb, three.frames[0].rgb)
    assert np.array_equal(one.frames[0].depth_m, three.frames[0].depth_m)
    assert np.array_equal(one.sweeps[0].points_m, three.sweeps[0].points_m)
    renderer, _ = pictures(ride, rig(), step=4, end=5)
    assert np.array_equal(renderer.render(ride.state_at(0), ride.state_at(1)).frames[0].rgb, one.frames[0].rgb)
    _, other = pictures(ride, rig(), seed=4, end=1)
    assert not np.array_equal(other.frames[0].rgb, one.frames[0].rgb)


def test_a_rolling_shutter_leans_what_passes_by():
    ride = rollout(2, speed_mps=20.0)
    sensors = rig(320, 200, readout_s=0.08, lidar=False)
    still = rig(320, 200, lidar=False)
    passing = replace(ride, world_from_actor=ride.world_from_actor)
    _, skewed = pictures(passing, sensors, end=1)
    _, straight = pictures(passing, still, end=1)
    left = [np.flatnonzero((f.semantic == SemanticClass.BUILDING)[:, 40:60].any(axis=1)) for f in
            (skewed.frames[0], straight.frames[0])]  # fmt: skip
    assert len(left[0]) and len(left[1])
    assert not np.array_equal(skewed.frames[0].depth_m, straight.frames[0].depth_m)
    # The middle rows are read at the timestamp: there both cameras stand at the same place.
    rows = slice(99, 101)
    assert np.allclose(skewed.frames[0].depth_m[rows, 150:170], straight.frames[0].depth_m[rows, 150:170], rtol=0.01)
    assert np.allclose(
        skewed.frames[0].world_from_camera.translation_m, straight.frames[0].world_from_camera.translation_m, atol=1e-9
    )


def test_fog_follows_koschmieder():
    """The light of one scene with and without the air between: ln((I - A) / (J - A)) falls with slope -beta."""
    thick = replace(Environment(), fog_visibility_m=120.0)
    ride = rollout(6, environment=thick)
    scene = SceneDescription(None, ride.actors, 0, thick)
    renderer = StreetGenerator(1).open(scene, rig(lidar=False), 3)
    view = renderer.view(ride.state_at(0), ride.state_at(0), 0)
    through_air = render_view(view, 1.0, 1)
    row = view.lighting.light.copy()
    air = row[16:19].astype(np.float64)
    row[15] = 0.0
    clear = render_view(replace(view, lighting=view.lighting._replace(light=row)), 1.0, 1)
    model = rig().cameras[0]
    length = through_air.depth_m / directions(model, pixel_grid(model))[..., 2]
    seen = np.isfinite(length) & (length < 60) & (np.abs(clear.light[..., 1] - air[1]) > 0.02)
    seen &= ~_next_to_an_edge(through_air.depth_m)
    ratio = (through_air.light[..., 1] - air[1])[seen] / (clear.light[..., 1] - air[1])[seen]
    slope = np.polyfit(length[seen], np.log(ratio), 1)[0]
    assert -slope == pytest.approx(LN_20 / 120.0, rel=0.02)
    assert extinction_per_m(thick) == pytest.approx(LN_20 / 120.0)


def _next_to_an_edge(depth):
    low, high = ndimage.minimum_filter(depth, 3), ndimage.maximum_filter(depth, 3)
    return ~(high < 1.3 * low)


@pytest.mark.parametrize("corners", [
    np.array([[5.0, 0, 10]] * 8), np.array([[0.0, 0, -5]] * 8),
])  # fmt: skip
def test_boxes_out_of_view_have_no_amodal_box(corners):
    aside = corners + np.array([100.0, 0, 0])
    assert amodal_box_px(rig().cameras[0], aside) is None


def test_a_box_that_the_camera_stands_in_fills_the_picture():
    corners = box_corners(SE3.identity(), np.array([4.0, 4.0, 4.0]))
    assert np.allclose(amodal_box_px(rig().cameras[0], corners), [0, 0, 160, 96])


def test_exposure_draws_change_brightness_and_nothing_else():
    ride = rollout(3)
    _, plain = pictures(ride, rig(lidar=False))
    _, bright = pictures(ride, rig(lidar=False), appearance={"camera.exposure_ev": 1.0})
    assert bright.frames[0].rgb.mean() > 1.2 * plain.frames[0].rgb.mean()
    assert np.array_equal(bright.frames[0].depth_m, plain.frames[0].depth_m)
