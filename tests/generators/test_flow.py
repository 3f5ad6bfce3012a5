"""Normals and optical flow: against closed forms, and by warping one picture onto another."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.provenance import Provenance
from driving_data.sensors import CameraModel
from generators.generate import generate
from generators.raytrace.cameras.geometry import directions, pixel_grid, project
from tests.generators.street import CAMERA_AXES, StreetGenerator, box, plane, rig, rollout, sphere

LENSES = [
    {},
    {"distortion": (-0.28, 0.07, 0.0008, -0.0005, 0.01)},
    {"distortion": (0.03, -0.01, 0.002, -0.001), "model": "fisheye"},
]


def camera(width=160, height=96, **more):
    return CameraModel(
        "c", width, height, 100.0, 102.0, 81.5, 47.0, SE3(CAMERA_AXES, np.array([1.6, 0.0, 1.5])), **more
    )


def opened(ride, sensors, static=None):
    scene = SceneDescription(None, ride.actors, 0, ride.environment, ())
    return StreetGenerator(static=static).open(scene, sensors, 3)


def driven(ride, turn_rad=0.0, climb_m=0.0):
    """The ride with an ego that also turns and climbs while it drives."""
    steps = ride.num_steps
    share = np.linspace(0.0, 1.0, steps)
    place = ride.world_from_actor.translation_m.copy()
    place[:, 0, 2] += climb_m * share
    angles = np.zeros((steps, place.shape[1], 3))
    angles[..., 2] = np.arctan2(ride.world_from_actor.rotation[..., 1, 0], ride.world_from_actor.rotation[..., 0, 0])
    angles[:, 0, 2] += turn_rad * share
    return replace(ride, world_from_actor=SE3.from_rpy(angles, place))


@pytest.mark.parametrize("more", LENSES)
def test_flow_of_a_wall_ahead_is_that_of_the_formula(more):
    ride = rollout(1, speed_mps=8.0)
    wall = box((40.0, 0.0, 0.0), (2.0, 200.0, 200.0), 2)
    sensors = replace(rig(lidar=False), cameras=(camera(**more),), rate_hz=10.0)
    frame = opened(ride, sensors, wall).render(ride.state_at(0), ride.state_at(1)).frames[0]
    model = sensors.cameras[0]
    rays = directions(model, pixel_grid(model))
    depth = 39.0 - frame.world_from_camera.translation_m[0]
    points = rays / rays[..., 2:] * depth
    moved, _ = project(model, points - [0.0, 0.0, 0.8])
    seen = np.isclose(frame.depth_m, depth, rtol=1e-4)
    assert seen.mean() > 0.9
    assert np.abs(frame.flow_px - (moved - pixel_grid(model)))[seen].max() < 0.05
    assert np.allclose(frame.normal[seen], [0.0, 0.0, -1.0], atol=1e-3)


def test_flow_of_a_moving_box_is_that_of_its_points():
    """The ego stands; a car crosses, turning as it goes: every pixel of it moves as that point of its body does."""
    ride = rollout(2, speed_mps=0.0)
    begin = SE3.from_rpy(np.array([[0.0, 0, 0], [0, 0, 0.4]]), np.array([[0.0, 0, 0.75], [14.0, -2.0, 0.75]]))
    finish = SE3.from_rpy(np.array([[0.0, 0, 0], [0, 0, 0.55]]), np.array([[0.0, 0, 0.75], [13.2, -0.9, 0.75]]))
    start = replace(ride.state_at(0), world_from_actor=begin)
    later = replace(ride.state_at(2), world_from_actor=finish)
    sensors = replace(rig(lidar=False), cameras=(camera(),))
    frame = opened(ride, sensors).render_before(start, start, later).frames[0]
    model = sensors.cameras[0]
    mine = frame.instance == 2
    assert mine.sum() > 100
    rays = directions(model, pixel_grid(model))
    points = frame.world_from_camera.apply((rays / rays[..., 2:])[mine] * frame.depth_m[mine][:, None])
    carried = finish[1].apply(begin[1].inverse().apply(points))
    wanted, _ = project(model, frame.world_from_camera.inverse().apply(carried))
    assert np.abs(frame.flow_px[mine] - (wanted - pixel_grid(model)[mine])).max() < 0.05
    assert np.linalg.norm(frame.flow_px[mine], axis=-1).min() > 2.0
    others = (frame.instance == 0) & np.isfinite(frame.depth_m)
    assert np.abs(frame.flow_px[others]).max() < 1e-2, "what stands still is seen where it was"


@pytest.mark.parametrize("more", LENSES)
def test_the_next_frame_warped_back_is_this_frame(more):
    """Instance ids and depths of frame t + 1, fetched along the flow, are those of frame t where nothing hides them."""
    ride = driven(rollout(6, speed_mps=9.0), turn_rad=0.25, climb_m=0.3)
    model = camera(320, 192, **more)
    model = replace(model, fx_px=200.0, fy_px=204.0, cx_px=161.0, cy_px=95.0)
    sensors = replace(rig(lidar=False), cameras=(model,), rate_hz=5.0)
    made = generate(ride, sensors, 3, StreetGenerator(), Provenance("t"), max_frames=3)
    checked = 0
    for first, second in zip(made.frames, made.frames[1:], strict=False):
        there = np.floor(pixel_grid(model) + first.flow_px)
        inside = np.isfinite(there).all(-1) & (there >= 0).all(-1) & (there[..., 0] < 320) & (there[..., 1] < 192)
        u, v = (np.where(inside, there[..., k], 0).astype(int) for k in (0, 1))
        wanted = _depth_then(ride, model, first, second)
        # What is nearer at the target hides the point; a pixel's own slope shifts its depth by what it covers.
        hidden = second.depth_m[v, u] < wanted - 0.03 * wanted - 0.1
        kept = inside & ~hidden & ~_at_an_edge(first) & ~_at_an_edge(second)[v, u]
        assert kept.sum() > 10_000
        same = (second.instance[v, u] == first.instance) & (
            np.abs(second.depth_m[v, u] - wanted) <= 0.06 * wanted + 0.05
        )
        assert same[kept].mean() >= 0.99
        moving = kept & (first.instance > 0)
        checked += int(moving.sum())
        assert moving.sum() == 0 or same[moving].mean() >= 0.99
    assert checked > 300


def _depth_then(ride, model, first, second):
    """Depth in the second camera of what the first sees, carried with its actor."""
    rays = directions(model, pixel_grid(model))
    world = first.world_from_camera.apply(
        rays / rays[..., 2:] * np.where(np.isfinite(first.depth_m), first.depth_m, 1)[..., None]
    )
    a, b = (int(np.searchsorted(ride.timestamps_ns, f.timestamp_ns)) for f in (first, second))
    for actor in range(1, len(ride.actors)):
        mine = first.instance == actor + 1
        there = ride.world_from_actor[b, actor] @ ride.world_from_actor[a, actor].inverse()
        world[mine] = there.apply(world[mine])
    return second.world_from_camera.inverse().apply(world)[..., 2]


def _at_an_edge(frame):
    """Pixels next to another actor or to a jump of a tenth in depth."""
    number, inverse = frame.instance.astype(int), 1.0 / frame.depth_m
    edge = np.zeros(number.shape, bool)
    for rows, columns in ((1, 0), (0, 1)):
        near = (slice(rows, None), slice(columns, None))
        far = (slice(None, -rows or None), slice(None, -columns or None))
        jump = np.abs(inverse[near] - inverse[far]) > 0.1 * np.minimum(inverse[near], inverse[far])
        jump |= number[near] != number[far]
        edge[near] |= jump
        edge[far] |= jump
    return edge


def test_without_a_later_state_flow_goes_on_for_one_period_of_the_camera():
    ride = rollout(3, speed_mps=6.0)
    slow = replace(rig(lidar=False), cameras=(camera(),), rate_hz=5.0)
    quick = replace(slow, cameras=(replace(camera(), clock=replace(camera().clock, rate_hz=10.0)),))
    start, end = ride.state_at(0), ride.state_at(1)
    guessed = opened(ride, slow).render(start, end).frames[0].flow_px
    told = opened(ride, slow).render_before(start, end, ride.state_at(2)).frames[0].flow_px
    assert np.allclose(guessed, told, atol=0.02, equal_nan=True)
    short = opened(ride, quick).render(start, end).frames[0].flow_px
    assert np.allclose(
        short, opened(ride, slow).render_before(start, end, end).frames[0].flow_px, atol=0.02, equal_nan=True
    )
    assert np.nanmax(np.abs(guessed - short)) > 1.0
    still = opened(ride, slow).render(start, start).frames[0].flow_px
    assert np.nanmax(np.abs(still)) < 1e-2


def test_flow_of_a_rolling_shutter_is_that_of_the_timestamps():
    """Rows far from the middle are seen at other times, yet what they see moves as between the two timestamps."""
    ride = rollout(1, speed_mps=20.0)
    wall = box((40.0, 0.0, 0.0), (2.0, 200.0, 200.0), 2)
    sensors = replace(rig(lidar=False), cameras=(camera(readout_s=0.08),), rate_hz=10.0)
    frame = opened(ride, sensors, wall).render(ride.state_at(0), ride.state_at(1)).frames[0]
    model = sensors.cameras[0]
    rays = directions(model, pixel_grid(model))
    when = ((np.arange(96) + 0.5) / 96 - 0.5) * 0.08
    now = 39.0 - frame.world_from_camera.translation_m[0]
    points = rays / rays[..., 2:] * (now - 20.0 * when)[:, None, None]
    points[..., 2] = now
    wanted = project(model, points - [0, 0, 2.0])[0] - project(model, points)[0]
    seen = np.isfinite(frame.depth_m) & (np.abs(frame.depth_m - (now - 20.0 * when)[:, None]) < 0.01)
    assert seen.mean() > 0.9
    assert np.abs(frame.flow_px - wanted)[seen].max() < 0.05


def test_what_is_behind_the_camera_then_and_the_sky_have_no_flow():
    ride = rollout(1, speed_mps=60.0)
    sensors = replace(rig(lidar=False), cameras=(camera(),), rate_hz=10.0)
    frame = opened(ride, sensors, plane(-900, 900, -900, 900, 0)).render(ride.state_at(0), ride.state_at(1)).frames[0]
    sky = np.isinf(frame.depth_m)
    assert np.isnan(frame.flow_px[sky]).all() and not frame.normal[sky].any()
    passed = frame.depth_m < 6.0 - 0.06
    assert passed.any() and np.isnan(frame.flow_px[passed]).all()
    ahead = np.isfinite(frame.depth_m) & (frame.depth_m > 6.1)
    assert np.isfinite(frame.flow_px[ahead]).all()
    down = frame.world_from_camera.rotation.T @ [0.0, 0.0, 1.0]
    assert np.allclose(frame.normal[~sky], down, atol=2e-3) and frame.normal.dtype == np.float16


def test_normals_of_a_sphere_point_outwards_and_towards_the_camera():
    ride = rollout(1)
    sensors = replace(rig(lidar=False), cameras=(camera(320, 200),))
    frame = (
        opened(ride, sensors, sphere((12.0, -1.8, 1.5), 2.0, 60, 3))
        .render(ride.state_at(0), ride.state_at(0))
        .frames[0]
    )
    model = sensors.cameras[0]
    met = np.isfinite(frame.depth_m)
    rays = directions(model, pixel_grid(model))
    points = rays / rays[..., 2:] * np.where(met, frame.depth_m, 1.0)[..., None]
    center = frame.world_from_camera.inverse().apply(np.array([12.0, -1.8, 1.5]))
    wanted = (points - center) / np.linalg.norm(points - center, axis=-1, keepdims=True)
    facing = np.sum(wanted * rays, axis=-1) < -0.1
    assert (met & facing).sum() > 500
    assert np.sum(wanted * frame.normal, axis=-1)[met & facing].min() > 0.998
    assert np.all(np.sum(frame.normal * rays, axis=-1)[met] < 0)
