import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.errors import InputError
from driving_data.ports import SceneDescription
from generators.randomize.parameters import STANDARD, dimensions
from generators.randomize.randomization import NOTHING, Randomization, randomized, read_randomization
from generators.raytrace.appearance import APPEARANCE_SPACE
from tests.effort import examples
from tests.generators.street import DAY, rig, rollout


def scene(environment=DAY):
    return SceneDescription(None, rollout(2).actors, 0, environment)


@given(st.integers(0, 2**62), st.integers(0, 10**6))
@settings(deadline=None, max_examples=examples(40))
def test_draws_lie_in_the_space_and_depend_on_seed_and_index_alone(seed, index):
    space = read_randomization("standard")
    draws = space.draw(seed, index)
    assert draws == space.draw(seed, index) and draws != space.draw(seed, index + 1)
    assert all(draws[key] in space.space[key] for key in draws)


def test_a_parameter_that_goes_leaves_the_others():
    whole = read_randomization("standard")
    fewer = read_randomization("standard", {"facade_hue": None})
    a, b = whole.draw(3, 1), fewer.draw(3, 1)
    assert "facade_hue" not in b and all(a[key] == b[key] for key in b)


def test_nothing_is_drawn_from_nothing():
    plain, sensors, draws = randomized(scene(), rig(), NOTHING, 3, 0)
    assert draws == {} and plain.environment == scene().environment and dict(plain.appearance) == {}
    assert np.array_equal(sensors.cameras[0].ego_from_camera.matrix(), rig().cameras[0].ego_from_camera.matrix())


def test_every_fault_is_told_with_the_nearest_name():
    with pytest.raises(InputError) as caught:
        read_randomization("mine", {"camera.exposure": "0..1", "weather.fog_visibility": "20.0..30.0",
                                    "building_style": "brik | modern", "marking_wear": [1]})  # fmt: skip
    faults = {fault.path: fault for fault in caught.value.faults}
    assert faults["randomization.camera.exposure"].nearest == "camera.exposure_ev"
    assert faults["randomization.weather.fog_visibility"].code == "missing-unit"
    assert faults["randomization.building_style"].nearest == "brick"
    assert faults["randomization.marking_wear"].code == "wrong-type"
    with pytest.raises(InputError, match="did you mean 'standard'"):
        read_randomization("standart")


def test_light_and_weather_replace_and_shift():
    written = {"weather.fog_visibility": "80 m", "weather.rain": "5 mm/h", "light.sun_azimuth": "90 deg",
               "light.sun_azimuth_offset": "10 deg", "light.sun_elevation_offset": "-80 deg"}  # fmt: skip
    space = read_randomization("x", written)
    drawn, _, draws = randomized(scene(), rig(), space, 1, 0)
    weather = drawn.environment
    assert weather.fog_visibility_m == 80 and weather.rain_mmph == 5
    assert weather.sun_azimuth_rad == pytest.approx(np.deg2rad(100))
    assert weather.light() == "day", "an offset makes no night of a day"
    assert draws["weather.fog_visibility"] == 80 and "weather.fog_visibility" not in drawn.appearance


def test_actors_may_be_painted():
    space = read_randomization("x", {"car_color.car_1": "red | blue @ 2"})
    drawn, _, _ = randomized(scene(), rig(), space, 1, 0)
    assert drawn.appearance["car_color.car_1"] in ("red", "blue")


def test_mountings_differ_by_sensor_and_keep_their_axes():
    space = read_randomization("x", {"mounting.yaw": "-2 deg..2 deg"})
    _, sensors, draws = randomized(scene(), rig(), space, 5, 0)
    assert draws["mounting.yaw.camera_front"] != draws["mounting.yaw.lidar_top"]
    turn = rig().lidars[0].ego_from_lidar.inverse() @ sensors.lidars[0].ego_from_lidar
    assert turn.yaw_rad() == pytest.approx(draws["mounting.yaw.lidar_top"])
    assert np.allclose(turn.translation_m, 0)


def test_the_standard_space_names_only_what_exists_and_is_written_back():
    assert set(STANDARD) <= set(dimensions()) and set(APPEARANCE_SPACE) <= set(dimensions())
    space = read_randomization("standard")
    again = read_randomization("again", space.texts())
    assert isinstance(again, Randomization) and again.draw(1, 2) == space.draw(1, 2)
