from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.sensors import LidarModel, SensorRig, compensated_points_m, poses_at, raw_points_m
from generators.conformance import depth_agreement
from generators.raytrace.lidars.detector import NOISE_RATIO, detection_chance, noticed, threshold
from generators.raytrace.lidars.scan import firings
from generators.raytrace.lidars.sweep import MIDDLE_WEIGHT, RING_RADIUS, RING_WEIGHT, returns_of, sub_directions
from generators.raytrace.lidars.waveform_kernels import peaks
from generators.raytrace.moment import placed_at, sensor_poses
from generators.raytrace.motion import rigid_velocity_mps, swept_velocity_mps
from tests.generators.street import PAINT, WALL, StreetGenerator, box, joined, mesh_scene, plane, rig, rollout, still

TOP = np.array([1.0, 0.0, 1.9])


def spinning(**changes):
    """A lidar on the roof of the test rig, without noise unless asked for."""
    base = LidarModel("top", tuple(np.deg2rad(np.linspace(-12.0, 12.0, 25))), 720, SE3(np.eye(3), TOP),
                      max_range_m=120.0, range_noise_m=0.0)  # fmt: skip
    return replace(base, **changes)


def look(model, static, ride=None, step=0, end=None, seed=3, environment=None):
    ride = rollout(1) if ride is None else ride
    ride = ride if environment is None else replace(ride, environment=environment)
    scene = SceneDescription(None, ride.actors, 0, ride.environment)
    renderer = StreetGenerator(1, static).open(scene, SensorRig("one", lidars=(model,)), seed)
    return renderer, renderer.render(ride.state_at(step), ride.state_at(step if end is None else end)).sweeps[0]


def sensor_m(ride, model):
    """Where the lidar of a still ego is, in world."""
    return (ride.world_from_ego()[0] @ model.ego_from_lidar).translation_m


def wall(distance_m, material=WALL, height=40.0, depth=1.0):
    """A wall across the road, its near face so far ahead of the lidar of `rollout(1)`."""
    x = sensor_m(rollout(1), spinning())[0] + distance_m + 0.5 * depth
    return box((x, 0.0, 0.0), (depth, 300.0, height), material)


def test_returns_come_from_the_known_distance_to_a_millimetre():
    for distance in (5.0, 33.3, 90.0):
        model = spinning()
        _, seen = look(model, wall(distance, PAINT))
        ahead = np.abs(np.arctan2(seen.points_m[:, 1], seen.points_m[:, 0])) < 0.7
        assert ahead.sum() > 100
        assert np.abs(seen.points_m[ahead, 0] - distance).max() < 1e-3


def test_range_noise_is_as_wide_as_declared_and_each_beam_has_its_bias():
    _, noisy = look(spinning(range_noise_m=0.04), wall(10.0, PAINT))
    _, clean = look(spinning(), wall(10.0, PAINT))
    error = np.linalg.norm(noisy.points_m, axis=1) - np.linalg.norm(clean.points_m, axis=1)
    assert len(error) > 4000
    assert error.std() == pytest.approx(0.04, rel=0.04) and abs(error.mean()) < 0.002
    assert norm.fit(error / 0.04)[1] == pytest.approx(1.0, rel=0.04)
    assert np.mean(np.abs(error) < 0.04) == pytest.approx(0.683, abs=0.02)
    _, biased = look(spinning(range_bias_m=0.05), wall(10.0, PAINT))
    error = np.linalg.norm(biased.points_m, axis=1) - np.linalg.norm(clean.points_m, axis=1)
    means = np.array([error[clean.ring == k].mean() for k in range(25)])
    spreads = np.array([error[clean.ring == k].std() for k in range(25)])
    assert spreads.max() < 1e-4 and 0.025 < means.std() < 0.09


def test_points_on_a_target_are_its_solid_angle_over_the_resolution():
    """A box face 30 m away, 6 m wide and 5 m high, seen by beams 1 degree and firings 0.5 degrees apart."""
    model = spinning()
    place = sensor_m(rollout(1), model)
    target = box((place[0] + 30.5, 0.0, place[2]), (1.0, 6.0, 5.0), PAINT)
    _, seen = look(model, target)
    front = np.abs(seen.points_m[:, 0] - 30.0) < 1e-2
    wide, high = 2 * np.arctan(3.0 / 30.0), 2 * np.arctan(2.5 / 30.0)
    expected = wide / np.deg2rad(0.5) * high / np.deg2rad(1.0)
    assert front.sum() == pytest.approx(expected, rel=0.08)
    # The same as an exact count over the rays.
    rays = firings(model).direction.astype(float)
    with np.errstate(divide="ignore"):
        hit = rays * (30.0 / rays[:, :1])
    exact = (rays[:, 0] > 0) & (np.abs(hit[:, 1]) < 3.0) & (np.abs(hit[:, 2]) < 2.5)
    assert abs(int(front.sum()) - int(exact.sum())) <= 2


def edge_scene(behind_m=15.0):
    """A near box 10 m ahead whose left edge cuts the view straight ahead, and a wall so far behind its face.

    Its right edge lies between two firings.
    """
    place = sensor_m(rollout(1), spinning())
    near = box((place[0] + 10.5, place[1] + 0.005 - 4.87, place[2]), (1.0, 9.74, 10.0), PAINT)
    return joined([near, wall(10.0 + behind_m, WALL)])


def test_a_beam_on_an_edge_gives_two_echoes_at_the_two_distances():
    model = spinning(elevation_rad=(-0.02, 0.0, 0.02), divergence_rad=0.008, returns=2)
    _, seen = look(model, edge_scene())
    assert seen.echo is not None
    second = np.flatnonzero(seen.echo == 1)
    assert len(second) == 3 and set(seen.ring[second]) == {0, 1, 2}
    assert np.abs(seen.points_m[second, 0] - 25.0).max() < 0.01
    first = second - 1
    assert np.array_equal(seen.offset_ns[first], seen.offset_ns[second]) and np.all(seen.echo[first] == 0)
    assert np.abs(seen.points_m[first, 0] - 10.0).max() < 0.01
    # Less light reaches each than a whole beam sends back: what both get is all there is.
    whole_near = seen.intensity[(np.abs(seen.points_m[:, 0] - 10.0) < 0.01) & (seen.points_m[:, 1] < -0.5)].max()
    assert np.all(seen.intensity[first] < 0.95 * whole_near)
    _, strongest = look(replace(model, returns=1), edge_scene())
    assert not strongest.echo.any() and len(strongest.points_m) == len(seen.points_m) - 3
    _, thin = look(replace(model, divergence_rad=0.0), edge_scene())
    assert not thin.echo.any()


def test_surfaces_nearer_to_each_other_than_the_pulse_merge():
    for step_m, echoes in ((0.3, 0), (2.0, 1)):
        model = spinning(elevation_rad=(0.0,), divergence_rad=0.008, returns=2, pulse_s=5e-9)
        _, seen = look(model, edge_scene(step_m))
        ahead = np.abs(np.arctan2(seen.points_m[:, 1], seen.points_m[:, 0])) < 0.004
        assert int(seen.echo[ahead].sum()) == echoes and ahead.sum() == 1 + echoes
        between = (seen.points_m[ahead, 0] > 10.01) & (seen.points_m[ahead, 0] < 9.99 + step_m)
        assert between.any() == (echoes == 0)


def slow_peaks(distance, power, sigma):
    """Local maxima of the sampled waveform."""
    r = np.arange(distance.min() - 1.0, distance.max() + 1.0, sigma / 400)
    wave = np.sum(power * np.exp(-((r[:, None] - distance) ** 2) / (2 * sigma**2)), axis=1)
    top = np.flatnonzero((wave[1:-1] > wave[:-2]) & (wave[1:-1] >= wave[2:])) + 1
    return r[top], wave[top]


@given(st.lists(st.tuples(st.floats(5.0, 12.0), st.floats(0.05, 1.0)), min_size=1, max_size=7))
def test_peaks_of_the_waveform_are_those_of_its_samples(rays):
    sigma = 0.3
    distance = np.full((1, 7), np.inf)
    power = np.zeros((1, 7))
    distance[0, : len(rays)], power[0, : len(rays)] = np.array(rays).T
    place, much, ray = np.empty((1, 2)), np.empty((1, 2)), np.empty((1, 2), np.int32)
    peaks(distance, power, sigma, 0.01, place, much, ray)
    at, height = slow_peaks(distance[0, : len(rays)], power[0, : len(rays)], sigma)
    assert much[0, 0] == pytest.approx(height.max(), rel=1e-3)
    assert np.abs(at[height > 0.999 * height.max()] - place[0, 0]).min() < 0.02
    assert 0 <= ray[0, 0] < len(rays)
    # Where two maxima are all but one, the sampled waveform cannot tell them apart; clear ones must agree.
    apart = len(at) == 1 or np.diff(at).min() > 2.5 * sigma
    if apart:
        best = int(np.argmax(height))
        if len(at) > 1 and best != len(at) - 1:
            assert place[0, 1] == pytest.approx(at[-1], abs=0.02)
        elif len(at) == 1:
            assert ray[0, 1] == -1 and much[0, 1] == 0.0


def test_sub_rays_stand_in_for_a_gaussian_beam():
    assert pytest.approx(1.0, abs=2e-6) == MIDDLE_WEIGHT + 6 * RING_WEIGHT
    x = np.linspace(0, 5, 200_001)
    power = 4 * x * np.exp(-2 * x**2) * (x[1] - x[0])
    assert power[x < 0.4].sum() == pytest.approx(MIDDLE_WEIGHT, abs=1e-4)
    assert (power * x)[x >= 0.4].sum() / power[x >= 0.4].sum() == pytest.approx(RING_RADIUS, abs=1e-4)
    for direction in ([1.0, 0, 0], [0, 0, 1.0], [0.6, -0.48, 0.64]):
        around = sub_directions(np.array([direction], np.float32), 0.01)[0].astype(float)
        off = np.arccos(np.clip(around @ np.array(direction), -1, 1))
        assert np.allclose(off, np.arctan(np.tan(0.005 * RING_RADIUS)), rtol=0.02)
        assert np.allclose(around.mean(axis=0) / np.linalg.norm(around.mean(axis=0)), direction, atol=1e-4)


def test_sub_rays_at_edges_find_what_sub_rays_everywhere_find():
    ride = rollout(5)
    model = spinning(divergence_rad=0.004, returns=2, num_azimuths=900)
    scene = SceneDescription(None, ride.actors, 0, ride.environment)
    renderer = StreetGenerator(1).open(scene, SensorRig("one", lidars=(model,)), 3)
    opened, moment = renderer._opened, renderer._moment(ride.state_at(0), still(ride.state_at(0)))
    placed, poses = placed_at(opened, moment, np.zeros(1)), sensor_poses(moment, np.zeros(1), model.ego_from_lidar)

    def returns(everywhere):
        return returns_of(opened.traced, placed, poses, model, firings(model), Environment(), (),
                          np.random.default_rng(1), 1, everywhere)[0]  # fmt: skip

    few, all_of_them = returns(False), returns(True)

    def keyed(kept):
        return {(int(r), int(o)): d for r, o, d in zip(kept.ray, kept.order, kept.range_m, strict=True)}

    one, two = keyed(few), keyed(all_of_them)
    both = set(one) & set(two)
    assert len(both) > 0.99 * max(len(one), len(two))
    same = np.array([abs(one[k] - two[k]) < 0.02 + 0.002 * two[k] for k in both])
    assert same.mean() > 0.995

    # Second echoes of other surfaces; seven rays on the road far away, met at a graze, are no two surfaces.
    def second(kept):
        return {int(r) for r, o, m in zip(kept.ray, kept.order, kept.material, strict=True) if o == 1 and m > 1}

    assert len(second(all_of_them)) > 40
    assert len(second(few) & second(all_of_them)) >= 0.95 * len(second(all_of_them))


def test_nine_of_ten_pulses_see_a_dark_target_at_the_makers_range():
    model = spinning(dark_range_m=80.0)
    assert detection_chance(np.array([0.1]), np.array([80.0]), model)[0] == pytest.approx(0.9, abs=1e-9)
    rng = np.random.default_rng(2)
    seen = noticed(np.full(40_000, 0.1 / 80.0**2), rng.standard_normal(40_000), model)
    assert seen.mean() == pytest.approx(0.9, abs=0.006)
    assert noticed(np.array([threshold(model)]), np.array([1e-9]), model)[0]
    assert not noticed(np.array([0.0]), np.array([2 * NOISE_RATIO]), model)[0]
    # Brighter by four, seen as well from twice as far.
    assert detection_chance(np.array([0.4]), np.array([160.0]), model)[0] == pytest.approx(0.9, abs=1e-9)


def test_intensity_is_reflectivity_times_cosine_and_retroreflectors_saturate():
    model = spinning(elevation_rad=(0.0, 0.05))
    _, seen = look(model, wall(20.0, PAINT), environment=Environment(fog_visibility_m=1e9))
    level = (seen.ring == 0) & (seen.points_m[:, 0] > 0)
    azimuth = np.arctan2(seen.points_m[level, 1], seen.points_m[level, 0])
    assert np.allclose(seen.intensity[level], 0.5 * np.cos(azimuth), atol=1e-4)
    scene = mesh_scene(1, static=wall(20.0, PAINT))
    shiny = scene.materials.lidar_reflectivity.copy()
    shiny[PAINT] = 3.0
    assert shiny[PAINT] > 1.0
    from generators.raytrace.tracer import place, prepare

    ride = rollout(1)
    made = prepare(replace(scene, materials=replace(scene.materials, lidar_reflectivity=shiny)))
    state = ride.state_at(0)
    from generators.raytrace.lidars.sweep import sweep

    poses = ride.world_from_ego()[:1] @ model.ego_from_lidar
    placed = place(made, state, state, np.zeros(1), 0)
    retro = sweep(made, placed, poses, model, firings(model), 0, Environment(), np.random.default_rng(0), 1)
    inside = np.abs(np.arctan2(retro.points_m[:, 1], retro.points_m[:, 0])) < np.deg2rad(45)
    assert inside.sum() > 100 and np.all(retro.intensity[inside] == 1.0)


def test_motion_of_the_sensor_is_taken_out_and_put_back():
    """A still wall seen from a car at 20 m/s: straight when compensated, a spiral as measured."""
    ride = rollout(1, speed_mps=20.0)
    model = spinning(rate_hz=10.0)
    _, seen = look(model, wall(30.0, PAINT), ride, 0, 1)
    when = seen.timestamp_ns + seen.offset_ns
    world_from_lidar = poses_at(ride.timestamps_ns, ride.world_from_ego(), when) @ model.ego_from_lidar
    raw = raw_points_m(seen, world_from_lidar)
    ahead = seen.points_m[:, 0] > 5.0
    assert np.abs(seen.points_m[ahead, 0] - 30.0).max() < 2e-3
    # As measured the wall comes nearer by the way driven since the turn began.
    assert np.allclose(raw[ahead, 0], 30.0 - 20.0 * seen.offset_ns[ahead] * 1e-9, atol=2e-3)
    assert raw[ahead, 0].min() < 29.5
    back = compensated_points_m(raw, world_from_lidar, seen.world_from_lidar)
    assert np.abs(back - seen.points_m).max() < 1e-5
    # Raw points lie on the rays along which the lidar looked.
    rays = firings(model)
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    row = np.round(seen.offset_ns * 1e-9 * 720 * 10).astype(int) * 25 + seen.ring
    assert np.abs(unit - rays.direction[row]).max() < 1e-5


@given(st.floats(-0.5, 0.5), st.floats(-3, 3), st.floats(0, 1))
def test_compensation_undoes_itself_for_any_motion(turn, step, share):
    poses = SE3.from_yaw(np.array([0.2, 0.2 + turn]), np.array([[1.0, 2.0, 0.1], [1.0 + step, 2.0, 0.3]]))
    times = np.array([1000, 101000], np.int64)
    when = np.full(4, 1000 + round(share * 100000), np.int64)
    then = poses_at(times, poses, when)
    raw = np.array([[5.0, 1, 0], [-3, 2, 1], [0, 0, 9], [1, 1, 1]])
    points = compensated_points_m(raw, then, poses[0])
    assert np.allclose(then.apply(raw), poses[0].apply(points), atol=1e-12)
    with pytest.raises(ValueError, match="two"):
        poses_at(times[:1], poses[:1], when)


def test_points_carry_the_velocity_of_what_they_lie_on():
    ride = rollout(5)
    _, seen = look(spinning(num_azimuths=1440), None, ride, 0, 1)
    assert seen.instance is not None and seen.velocity_mps is not None
    for actor in (1, 2):
        on = seen.instance == actor + 1
        assert on.sum() > 20 and np.allclose(seen.velocity_mps[on], ride.velocity_mps[0, actor], atol=1e-3)
    assert np.all(seen.velocity_mps[seen.instance == 0] == 0.0)


@given(st.floats(-0.8, 0.8), st.floats(0.0, 1.0))
def test_scene_flow_of_a_turning_actor_is_its_rigid_motion(turn, share):
    ride = rollout(2)
    start, later = ride.state_at(0), ride.state_at(1)
    pose = start.world_from_actor
    finish = SE3.from_yaw(pose.yaw_rad() + turn, pose.translation_m + np.array([0.5, 0.1, 0.0]))
    end = replace(later, world_from_actor=finish)
    local = np.array([[2.0, 0.7, 0.3]])
    from generators.raytrace.tracer import poses_between

    def at(fraction):
        return poses_between(pose, finish, np.array([fraction]))[0, 1].apply(local)

    velocity = swept_velocity_mps(start, end, np.array([1]), at(share), np.array([share]))
    numeric = (at(share + 1e-5) - at(share - 1e-5)) / (2e-5 * 0.1)
    assert np.allclose(velocity, numeric, atol=1e-4)
    spun = replace(start, yaw_rate_radps=np.full(2, 0.4))
    still_velocity = rigid_velocity_mps(spun, np.array([1, -1]), np.concatenate([pose[1].apply(local)] * 2))
    arm = pose[1].rotate(local)[0]
    wanted = ride.velocity_mps[0, 1] + 0.4 * np.array([-arm[1], arm[0], 0.0])
    assert np.allclose(still_velocity, [wanted, np.zeros(3)], atol=1e-12)


def test_lidar_depth_and_camera_agree():
    """A lidar point has the depth of the pixel that it falls on: to 2 % away from edges, and 5 cm on flat walls."""
    ride = rollout(4)
    sensors = rig(320, 192)
    top = replace(sensors.lidars[0], divergence_rad=0.003, returns=2, range_noise_m=0.0)
    sensors = replace(sensors, lidars=(top,))
    scene = SceneDescription(None, ride.actors, 0, ride.environment)
    renderer = StreetGenerator(1).open(scene, sensors, 3)
    state = still(ride.state_at(0))
    seen = renderer.render(state, state)
    share = depth_agreement(seen.frames[0], sensors.cameras[0], seen.sweeps[0], 0.0)
    assert share is not None and share > 0.97


def test_turns_are_the_same_whatever_the_threads_and_firing_times_shift_the_pose():
    ride = rollout(4, speed_mps=15.0)
    model = spinning(divergence_rad=0.003, returns=2, firing_offset_s=tuple(np.linspace(0, 1.2e-4, 25)))
    scene = SceneDescription(None, ride.actors, 0, replace(ride.environment, snow_mmph=2.0))
    one, two = (
        StreetGenerator(t).open(scene, SensorRig("one", lidars=(model,)), 3).render(ride.state_at(0), ride.state_at(1))
        for t in (1, 2)
    )
    for name in ("points_m", "intensity", "ring", "offset_ns", "echo", "scatter", "velocity_mps", "instance"):
        assert np.array_equal(
            getattr(one.sweeps[0], name), getattr(two.sweeps[0], name), equal_nan=name == "velocity_mps"
        )
    offsets = one.sweeps[0].offset_ns
    high = one.sweeps[0].ring == 24
    assert np.all((offsets[high] - 120_000) % 1 == 0) and offsets[high].min() >= 120_000


def test_a_plane_without_anything_gives_only_ground():
    _, seen = look(spinning(divergence_rad=0.003, returns=2), plane(-900, 900, -900, 900, 0))
    assert np.abs(seen.points_m[:, 2] + sensor_m(rollout(1), spinning())[2]).max() < 0.05 and not seen.scatter.any()
