from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.sensors import SensorRig, UltrasonicModel
from generators.raytrace.ultrasonics.look import (
    air_temperature_c,
    cone,
    facing,
    first_echoes,
    heard,
    read_range_m,
    speed_of_sound_mps,
)
from tests.generators.street import WALL, StreetGenerator, box, joined, mesh, plane, rollout

HEIGHT = 0.5


def sensor(**changes):
    """In the front bumper of the test car (its rear axle lies 1.35 m behind its middle)."""
    base = UltrasonicModel("front", SE3(np.eye(3), np.array([3.65, 0.0, HEIGHT])), range_noise_m=0.0)
    return replace(base, **changes)


def listen(model, static, environment=None, seed=1, ride=None):
    ride = rollout(1) if ride is None else ride
    ride = replace(ride, environment=environment or Environment())
    scene = SceneDescription(None, ride.actors, 0, ride.environment)
    rig = SensorRig("one", ultrasonics=model if isinstance(model, tuple) else (model,))
    return StreetGenerator(1, static).open(scene, rig, seed).render(ride.state_at(0), ride.state_at(0)).ultrasonic


def nose():
    """Where the sensor sits in world."""
    return (rollout(1).world_from_ego()[0] @ sensor().ego_from_ultrasonic).translation_m


def wall(distance_m, turn_rad=0.0, height=2.0):
    face = box((0.25, 0, 0), (0.5, 30.0, height), WALL)
    turned = SE3.from_yaw(np.array(turn_rad), nose() + np.array([distance_m, 0.0, 0.5]))
    return replace(face, vertices_m=turned.apply(face.vertices_m.astype(float)).astype(np.float32))


def post(distance_m, left_m=0.0, radius=0.0375, sides=48):
    angle = 2 * np.pi * np.arange(sides) / sides
    around = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)
    place = nose()[:2] + np.array([distance_m + radius, left_m])
    low = np.concatenate([around + place, np.zeros((sides, 1))], -1)
    points = np.concatenate([low, low + np.array([0, 0, 1.2])])
    k = np.arange(sides)
    n = (k + 1) % sides
    return mesh(
        points, np.concatenate([np.stack([k, n, n + sides], -1), np.stack([k, n + sides, k + sides], -1)]), WALL
    )


ROAD = plane(-20, 40, -20, 20, 0)


def test_the_first_echo_is_the_distance_to_the_wall():
    for distance in (0.4, 1.0, 2.5, 4.0):
        heard_at = listen(sensor(), joined([ROAD, wall(distance)]))[0]
        assert len(heard_at.range_m) >= 1
        assert heard_at.clean_range_m[0] == pytest.approx(distance, abs=0.03)
        assert heard_at.amplitude[0] > 1.0 and heard_at.instance[0] == 0
        assert np.all(np.diff(heard_at.clean_range_m) > 0)


def test_road_alone_is_silent_and_so_is_what_is_too_near_or_too_far():
    assert len(listen(sensor(), ROAD)[0].range_m) == 0
    assert len(listen(sensor(), joined([ROAD, wall(6.0)]))[0].range_m) == 0
    near = listen(sensor(), joined([ROAD, wall(0.1)]))[0]
    assert not np.any(near.clean_range_m < 0.15)


def test_a_post_is_heard_at_two_metres_and_lost_far_away():
    assert listen(sensor(), joined([ROAD, post(2.0)]))[0].clean_range_m == pytest.approx([2.0], abs=0.03)
    assert len(listen(sensor(), joined([ROAD, post(4.8)]))[0].range_m) == 0
    two = listen(sensor(), joined([ROAD, post(1.0, 0.25), post(1.9, -0.3)]))[0]
    wanted = [np.hypot(1.0375, 0.25) - 0.0375, np.hypot(1.9375, 0.3) - 0.0375]
    assert two.clean_range_m == pytest.approx(wanted, abs=0.03)


def test_a_tilted_wall_mirrors_the_sound_away():
    straight = listen(sensor(), joined([ROAD, wall(2.0)]))[0]
    tilted = listen(sensor(), joined([ROAD, wall(2.0, turn_rad=np.deg2rad(20))]))[0]
    assert tilted.amplitude.max() < 0.6 * straight.amplitude.max()
    away = listen(sensor(), joined([ROAD, wall(2.0, turn_rad=np.deg2rad(55))]))[0]
    assert away.amplitude.max(initial=0.0) < 0.02 * straight.amplitude.max()
    # What it does hear is where the wall faces it: nearer than straight ahead.
    assert tilted.clean_range_m[0] == pytest.approx(2.0 * np.cos(np.deg2rad(20)), abs=0.05)
    assert facing(np.array([1.0]))[0] == pytest.approx(1.001)
    assert facing(np.cos(np.array([0.209])))[0] == pytest.approx(np.exp(-1) + 1e-3, abs=1e-4)


def test_sound_is_slower_in_the_cold_and_the_unit_does_not_know():
    assert speed_of_sound_mps(20.0) == pytest.approx(343.2, abs=0.1)
    assert speed_of_sound_mps(0.0) == pytest.approx(331.3)
    assert read_range_m(np.array([4.0]), 0.0)[0] == pytest.approx(4.0 * np.sqrt(293.15 / 273.15))
    snow = listen(sensor(), joined([ROAD, wall(3.0)]), Environment(snow_mmph=1.0))[0]
    assert air_temperature_c(Environment(snow_mmph=1.0)) == 0.0
    assert snow.range_m[0] / snow.clean_range_m[0] == pytest.approx(1.0360, abs=1e-3)


@given(st.floats(0.3, 2.5), st.floats(1.2, 2.0))
def test_amplitude_falls_with_spreading_and_absorption(range_m, factor):
    model, one = sensor(), np.ones(1)
    near, far = (heard(model, np.array([r]), np.array([r]), one, one, one)[0] for r in (range_m, range_m * factor))
    absorbed = 10 ** (-0.1 * 2 * 1.3 * range_m * (factor - 1))
    assert far / near == pytest.approx(absorbed / factor**2)


def test_the_cone_is_filled_evenly():
    direction, solid, gain = cone(sensor())
    off = np.arccos(direction[:, 0].astype(float))
    assert off.max() < 0.6 and solid.sum() == pytest.approx(2 * np.pi * (1 - np.cos(0.6)))
    assert np.abs(direction[:, 1:].mean(axis=0)).max() < 1e-3
    assert gain.max() == pytest.approx(1.0, abs=0.05) and gain.min() == pytest.approx(1 / 16, abs=0.01)
    half = np.mean(direction[:, 0] > 1 - 0.5 * (1 - np.cos(0.6)))
    assert half == pytest.approx(0.5, abs=0.02)


def test_echoes_need_the_threshold_and_name_the_loudest():
    model = sensor()
    ranges = np.array([1.0, 1.01, 1.02, 3.0, 3.01])
    strong = np.array([0.3, 0.3, 0.5, 0.4, 0.5])
    clean, amplitude, number = first_echoes(model, ranges, strong, np.array([4, 4, 7, 2, 2]))
    assert clean == pytest.approx([1.02]) and amplitude == pytest.approx([1.1]) and number.tolist() == [5]
    none = first_echoes(model, np.zeros(0), np.zeros(0), np.zeros(0, np.int64))
    assert all(len(column) == 0 for column in none)


def test_noise_is_as_declared_and_cars_are_named():
    ride = rollout(2)
    ride = replace(ride, world_from_actor=SE3.from_yaw(
        np.zeros((11, 2)), np.tile([[0.0, -1.8, 0.75], [6.6, -1.8, 0.75]], (11, 1, 1))))  # fmt: skip
    seen = [listen(sensor(range_noise_m=0.01), ROAD, seed=k, ride=ride)[0] for k in range(60)]
    assert all(each.instance[0] == 2 for each in seen)
    error = np.array([each.range_m[0] for each in seen]) - read_range_m(seen[0].clean_range_m, 18.0)[0]
    assert error.std() == pytest.approx(0.01, rel=0.3)
    assert seen[0].clean_range_m[0] == pytest.approx(2.0, abs=0.1)


def test_a_neighbour_hears_the_tone_on_its_own_way():
    """A post 1.2 m ahead of one sensor: its neighbour 0.6 m to the left hears it at half of the whole way."""
    left = sensor(name="left", ego_from_ultrasonic=SE3(np.eye(3), np.array([3.65, 0.6, HEIGHT])))
    far = sensor(name="far", ego_from_ultrasonic=SE3(np.eye(3), np.array([3.65, -1.2, HEIGHT])))
    own, other, away = listen((sensor(), left, far), joined([ROAD, post(1.2)]))
    assert set(own.sender) == {"front", "left"} and "front" not in away.sender
    assert own.clean_range_m[own.sender.index("front")] == pytest.approx(1.2, abs=0.02)
    whole = 1.2 + np.hypot(1.2375, 0.6) - 0.0375
    crossed = other.clean_range_m[other.sender.index("front")]
    assert crossed == pytest.approx(0.5 * whole, abs=0.02)
    # Both ways round the same, and between what each hears of itself.
    assert own.clean_range_m[own.sender.index("left")] == pytest.approx(crossed, abs=0.02)
    assert own.clean_range_m[own.sender.index("front")] < crossed < other.clean_range_m[other.sender.index("left")]


def test_a_neighbour_does_not_ring():
    """15 cm is the blind zone of the sender alone."""
    left = sensor(name="left", ego_from_ultrasonic=SE3(np.eye(3), np.array([3.65, 0.05, HEIGHT])))
    seen = listen((sensor(), left), joined([ROAD, wall(0.12)]))
    assert all(each.ultrasonic != who for each in seen for who, r in zip(each.sender, each.clean_range_m, strict=True)
               if r < 0.15)  # fmt: skip
    assert any(r < 0.15 for each in seen for r in each.clean_range_m)
