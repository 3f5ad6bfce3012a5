from dataclasses import replace

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.ports import SceneDescription
from driving_data.taxonomy import SemanticClass
from generators.effects.atmosphere import lidar_extinction_per_m
from generators.raytrace.lidars.detector import detection_chance
from generators.raytrace.lidars.scan import firing_fractions, firings
from tests.generators.street import StreetGenerator, plane, rig, rollout


def turn(ride, static=None, step=0, end=None, seed=3, sensors=None):
    sensors = sensors or rig()
    scene = SceneDescription(None, ride.actors, 0, ride.environment)
    renderer = StreetGenerator(1, static).open(scene, replace(sensors, cameras=()), seed)
    return renderer.render(ride.state_at(step), ride.state_at(step if end is None else end)).sweeps[0]


def test_rays_go_round_once_and_each_firing_holds_all_rings():
    model = rig().lidars[0]
    rays = firings(model)
    assert np.allclose(np.linalg.norm(rays.direction, axis=1), 1.0, atol=1e-6)
    assert np.array_equal(rays.ring[:32], np.arange(32)) and np.all(rays.firing[:32] == 0)
    elevation = np.arcsin(rays.direction[:32, 2])
    assert np.allclose(elevation, model.elevation_rad, atol=1e-6)
    azimuth = np.unwrap(np.arctan2(rays.direction[::32, 1], rays.direction[::32, 0]))
    assert np.allclose(np.diff(azimuth), -2 * np.pi / 360, atol=1e-5)
    assert firing_fractions(rays, 0.1)[[0, 180]].tolist() == pytest.approx([0.0, 0.5])


def test_the_ground_is_flat_and_as_noisy_as_said():
    sensors = rig()
    sensors = replace(sensors, lidars=(replace(sensors.lidars[0], range_noise_m=0.05),))
    sweep = turn(rollout(1), plane(-900, 900, -900, 900, 0), sensors=sensors)
    slope = -sweep.points_m[:, 2] / np.linalg.norm(sweep.points_m, axis=1)
    error = sweep.points_m[:, 2] + 1.9
    along = error / slope
    assert abs(along.mean()) < 0.004 and along.std() == pytest.approx(0.05, rel=0.05)
    assert np.all(sweep.semantic == SemanticClass.ROAD) and not sweep.instance.any()


def test_points_are_compensated_for_the_ride():
    ride = rollout(4, speed_mps=15.0)
    moving, still = turn(ride, end=1), turn(ride)
    assert moving.offset_ns.max() > 95_000_000 and still.offset_ns.max() == 0
    # Walls stand where they stand, whenever they were hit: their faces towards the road are at y = +-11.
    world = moving.world_from_lidar.apply(moving.points_m.astype(float))
    face = (moving.semantic == SemanticClass.BUILDING) & (np.abs(np.abs(world[:, 1]) - 11) < 0.5) & (world[:, 2] < 7)
    assert face.sum() > 200 and np.abs(np.abs(world[face, 1]) - 11).mean() < 0.03


def test_fog_weakens_and_loses_echoes():
    ride = rollout(3)
    clear = turn(ride)
    foggy = turn(replace(ride, environment=replace(Environment(), fog_visibility_m=60.0)))
    assert not clear.scatter.any() and foggy.scatter.sum() > 300
    assert np.sum(~foggy.scatter) < 0.98 * len(clear.points_m)
    assert np.all(np.linalg.norm(foggy.points_m[foggy.scatter], axis=1) < 4.0)
    reach = [np.percentile(np.linalg.norm(s.points_m[~s.scatter], axis=1), 99) for s in (clear, foggy)]
    assert reach[1] < reach[0]
    # Same beam, same surface: the ratio of intensities is exp(-2 (alpha' - alpha) R).
    keys = [dict(zip(zip(s.ring, np.round(np.arctan2(s.points_m[:, 1], s.points_m[:, 0]), 3), strict=True),
                     range(len(s.ring)), strict=True)) for s in (clear, foggy)]  # fmt: skip
    both = sorted(set(keys[0]) & set(keys[1]))
    i, j = [keys[0][k] for k in both], [keys[1][k] for k in both]
    distance = np.linalg.norm(clear.points_m[i], axis=1)
    strong = (foggy.intensity[j] > 1e-3) & (distance > 3) & ~foggy.scatter[j]
    alpha = -0.5 * np.log(foggy.intensity[j][strong] / clear.intensity[i][strong]) / distance[strong]
    wanted = lidar_extinction_per_m(replace(Environment(), fog_visibility_m=60.0)) - lidar_extinction_per_m(
        Environment()
    )
    assert np.median(alpha) == pytest.approx(wanted, rel=0.02)


def test_detection_falls_with_range_and_rises_with_brightness():
    model = replace(rig().lidars[0], max_range_m=100.0)
    distance = np.linspace(5, 300, 50)
    chance = detection_chance(np.full(50, 0.1), distance, model)
    assert np.all(np.diff(chance) <= 0) and chance[0] > 0.999 and chance[-1] < 0.01
    assert detection_chance(np.array([0.1]), np.array([200.0]), model)[0] == pytest.approx(0.5)
    assert detection_chance(np.array([0.5]), np.array([250.0]), model)[0] > 0.9


def test_same_seed_same_points():
    ride = rollout(4)
    one, two, other = turn(ride, end=1), turn(ride, end=1), turn(ride, end=1, seed=9)
    assert np.array_equal(one.points_m, two.points_m) and np.array_equal(one.intensity, two.intensity)
    assert len(other.points_m) != len(one.points_m) or not np.array_equal(other.points_m, one.points_m)
