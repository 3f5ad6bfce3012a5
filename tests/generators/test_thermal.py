"""Thermal cameras: black bodies read what they are, people stand out at night, air and sky do what is written."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors
from driving_data.sensors import SensorRig, ThermalModel
from driving_data.taxonomy import ActorClass, SemanticClass
from generators.raytrace.build import build_scene
from generators.raytrace.cameras.rays import pixel_rays
from generators.raytrace.cameras.settings import Development
from generators.raytrace.moment import moment_of
from generators.raytrace.renderer import RaytraceRenderer
from generators.raytrace.thermal import render as thermal_look
from generators.raytrace.thermal.bodies import SKIN_K, warmed
from generators.raytrace.thermal.climate import ZERO_C_K, climate_of, fog_extinction_per_m, sun_sines
from generators.raytrace.thermal.radiance import band_of
from generators.raytrace.thermal.surfaces import surfaces_of
from generators.raytrace.tracer import prepare
from tests.generators.street import StreetGenerator, materials, plane, rig, rollout

BAND = band_of(8.0e-6, 14.0e-6)
NIGHT = Environment(sun_elevation_rad=-0.5, cloud_cover=0.1)
DAY = Environment(sun_elevation_rad=0.9, sun_azimuth_rad=3.3, cloud_cover=0.0)


def infrared(width=96, height=64, noise_k=0.05):
    camera = replace(rig(width, height).cameras[0], name="thermal")
    return SensorRig("t", thermals=(ThermalModel(camera, noise_k),))


def seen_in(ride, static=None, appearance=None, threads=0, sensors=None):
    scene = SceneDescription(None, ride.actors, 0, ride.environment, (), appearance or {})
    renderer = StreetGenerator(threads, static).open(scene, sensors or infrared(), 3)
    return renderer, renderer.render(ride.state_at(0), ride.state_at(1)).thermal[0]


@given(st.floats(200.0, 600.0))
@settings(deadline=None, max_examples=20)
def test_the_band_is_plancks_law(kelvin):
    def spectral(wavelength_um):
        wavelength = wavelength_um * 1e-6
        x = 6.62607015e-34 * 299792458.0 / (wavelength * 1.380649e-23 * kelvin)
        return 2 * 6.62607015e-34 * 299792458.0**2 / wavelength**5 / np.expm1(x) * 1e-6

    exact = integrate.quad(spectral, 8.0, 14.0, epsabs=0.0, epsrel=1e-10)[0]
    assert float(BAND.radiance(np.array(kelvin))) == pytest.approx(exact, rel=2e-6)
    assert float(BAND.temperature(np.array(exact))) == pytest.approx(kelvin, abs=1e-3)


@pytest.mark.parametrize("kelvin", [263.15, 300.0, 340.0])
def test_a_black_body_reads_its_temperature_within_the_noise(kelvin, monkeypatch):
    """Ground of emissivity 1 and one temperature, no air in between: every pixel of it reads that temperature."""
    ride = rollout(1, environment=NIGHT)
    scene = SceneDescription(None, ride.actors, 0, NIGHT)
    sensors = infrared(noise_k=0.05)
    renderer = StreetGenerator(1, plane(-900, 900, -900, 900, 0)).open(scene, sensors, 3)
    warmth_of = thermal_look.warmth_of

    def black(opened, state, band):
        warmth = warmth_of(opened, state, band)
        count = len(warmth.surfaces.emissivity)
        surfaces = replace(
            warmth.surfaces, emissivity=np.ones(count), direct_k=np.zeros(count),
            diffuse_k=np.full(count, kelvin - warmth.climate.air_k), loss_k=np.zeros(count),
        )  # fmt: skip
        return replace(warmth, surfaces=surfaces, climate=replace(warmth.climate, extinction_per_m=0.0))

    monkeypatch.setattr(thermal_look, "warmth_of", black)
    frame = renderer.render(ride.state_at(0), ride.state_at(0)).thermal[0]
    ground = frame.temperature_k[40:]
    assert np.abs(frame.clean_k[40:] - kelvin).max() < 2e-3
    assert ground.mean() == pytest.approx(kelvin, abs=4 * 0.05 / np.sqrt(ground.size))
    assert ground.std() == pytest.approx(0.05, rel=0.08)


def test_a_grey_body_mirrors_the_sky_and_air_weakens_it():
    ride = rollout(1, environment=NIGHT)
    opened = StreetGenerator(1, plane(-900, 900, -900, 900, 0)).open(
        SceneDescription(None, ride.actors, 0, NIGHT), infrared(), 3
    )._opened  # fmt: skip
    warmth = thermal_look.warmth_of(opened, ride.state_at(0), BAND)
    model = infrared().thermals[0].camera
    moment = moment_of(opened, ride.state_at(0), ride.state_at(0))
    from generators.raytrace.cameras.look import at_rows

    placed, poses = at_rows(opened, moment, model)
    rays = pixel_rays(model)
    thick = replace(warmth, climate=replace(warmth.climate, extinction_per_m=0.004))
    seen = thermal_look.apparent_k(opened, moment, placed, poses, rays, thick)
    row, column = 60, 40
    ray = poses[0].rotate(rays.direction[row, column].astype(float))
    distance = poses[0].translation_m[2] / -ray[2]
    kelvin = float(warmth.surfaces.temperature_k(thick.climate.air_k, np.array([0]), np.ones(1), np.ones(1))[0])
    e = warmth.surfaces.emissivity[0]
    sky = float(thick.climate.sky_radiance(np.array([-ray[2]]), BAND)[0])
    through = np.exp(-0.004 * distance)
    air = float(BAND.radiance(np.array(thick.climate.air_k)))
    wanted = through * (e * BAND.radiance(np.array(kelvin)) + (1 - e) * sky) + (1 - through) * air
    assert seen[row, column] == pytest.approx(float(BAND.temperature(np.array(wanted))), abs=0.02)


def test_darkness_changes_nothing_but_the_suns_warmth():
    """Street lamps and head lights do not reach a thermal camera."""
    ride = rollout(5, environment=NIGHT)
    _, dark = seen_in(ride)
    _, lit = seen_in(replace(ride, environment=replace(NIGHT, street_lights=True)))
    assert np.array_equal(dark.temperature_k, lit.temperature_k)


def street_with(kind, size, environment):
    """One actor ten metres ahead in the built scene; the picture and its pixels."""
    actors = Actors(("ego", "other"), np.array([ActorClass.CAR, kind]), np.array([[4.6, 1.85, 1.5], size]),
                    np.array([1.35, 0.0]))  # fmt: skip
    ride = rollout(2, environment=environment)
    place = np.array([[0.0, -1.8, 0.75], [12.0, -1.8, 0.5 * size[2]]])
    ride = replace(ride, actors=actors, world_from_actor=SE3.from_yaw(np.zeros((11, 2)), np.tile(place, (11, 1, 1))),
                   velocity_mps=np.zeros((11, 2, 3)))  # fmt: skip
    scene = SceneDescription(None, actors, 0, environment)
    sensors = replace(infrared(240, 160, 0.0), cameras=rig(240, 160).cameras)
    renderer = RaytraceRenderer(prepare(build_scene(scene, 3)), scene, sensors, 3, Development())
    seen = renderer.render(ride.state_at(0), ride.state_at(0))
    return seen.thermal[0], seen.frames[0]


@pytest.mark.parametrize("environment", [NIGHT, replace(NIGHT, fog_visibility_m=400.0)])
def test_people_stand_out_at_night(environment):
    thermal, frame = street_with(ActorClass.PEDESTRIAN, [0.5, 0.6, 1.78], environment)
    person = frame.semantic == SemanticClass.PEDESTRIAN
    around = ~person & np.isfinite(frame.depth_m)
    assert person.sum() > 60
    contrast = np.median(thermal.clean_k[person]) - np.percentile(thermal.clean_k[around], 95)
    assert contrast > 4.0
    rows = np.flatnonzero(person.any(axis=1))
    head = thermal.clean_k[rows[0] : rows[0] + max(2, len(rows) // 12)][person[rows[0] : rows[0] + 2].any(axis=0)[None]
                                                                       .repeat(max(2, len(rows) // 12), 0)]  # fmt: skip
    assert head.max() == pytest.approx(SKIN_K, abs=2.5)
    assert thermal.clean_k[person].min() > np.median(thermal.clean_k[around])


def test_engines_tyres_and_exhausts_are_warm_only_while_they_run():
    size = np.array([4.6, 1.85, 1.5])
    spots = np.array([[1.8, 0.0, 0.3], [1.4, -0.85, -0.5], [-2.3, -0.55, -0.4], [-1.0, 0.0, 0.7], [2.29, 0.0, -0.2]])
    cold = np.full(5, 280.0)
    nobody = np.zeros(5, bool)
    off = warmed(ActorClass.CAR, size, spots, nobody, cold, 280.0, False, 0.0)
    on = warmed(ActorClass.CAR, size, spots, nobody, cold, 280.0, True, 20.0)
    assert np.array_equal(off, cold)
    bonnet, tyre, exhaust, roof, grill = on - 280.0
    assert bonnet == pytest.approx(22.0) and tyre == pytest.approx(16.0) and 60.0 < exhaust < 75.0
    assert roof == pytest.approx(0.0) and grill == pytest.approx(22.0, abs=5.0)
    towed = warmed(ActorClass.TRAILER, size, spots, nobody, cold, 280.0, True, 20.0)
    assert np.array_equal(towed, cold)


def test_clothes_lie_between_air_and_skin_and_fur_hides_more():
    size, place = np.array([0.5, 0.6, 1.8]), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.8]])
    body, head = warmed(ActorClass.PEDESTRIAN, size, place, np.ones(2, bool), np.full(2, 275.0), 275.0, False, 1.0)
    assert head == SKIN_K and 275.0 + 0.25 * (SKIN_K - 275.0) < body < 275.0 + 0.45 * (SKIN_K - 275.0)
    animal = warmed(ActorClass.ANIMAL, size, place, np.zeros(2, bool), np.full(2, 275.0), 275.0, False, 0.0)
    assert 275.0 < animal[0] < SKIN_K


def test_the_sun_of_the_day_warms_the_road_and_shade_keeps_it_cool():
    rows = materials()
    afternoon, morning = (
        surfaces_of(rows, climate_of(replace(DAY, sun_elevation_rad=0.5, sun_azimuth_rad=azimuth), {}))
        for azimuth in (4.4, 1.88)
    )
    assert afternoon.direct_k[0] > 1.3 * morning.direct_k[0]  # the road remembers noon
    noon = surfaces_of(rows, climate_of(DAY, {"air_temperature_c": 25}))
    road, paint = noon.temperature_k(298.15, np.array([0, 1]), np.ones(2), np.ones(2)) - 298.15
    assert 12.0 < road < 40.0 and paint < 0.6 * road
    shade = noon.temperature_k(298.15, np.array([0]), np.zeros(1), np.ones(1))[0] - 298.15
    assert shade < 0.3 * road
    overcast = surfaces_of(rows, climate_of(replace(DAY, cloud_cover=1.0), {"air_temperature_c": 25}))
    assert overcast.direct_k[0] == 0.0 and overcast.diffuse_k[0] < 0.5 * noon.direct_k[0]


def test_the_suns_way_is_that_of_spherical_astronomy():
    """Equinox at 48 degrees: at noon the sun stands 42 degrees high; six hours before it rises."""
    sines = np.array(sun_sines(np.deg2rad(42.0), np.pi, np.deg2rad(48.0)))
    assert sines[0] == pytest.approx(np.sin(np.deg2rad(42.0)))
    assert sines[24] == pytest.approx(0.0, abs=1e-9)
    assert sines[12] == pytest.approx(np.sin(np.deg2rad(42.0)) * np.cos(np.deg2rad(45.0)))
    assert sines[48] == pytest.approx(-np.sin(np.deg2rad(42.0)))


def test_the_sky_is_cold_when_clear_and_dry_and_warm_at_the_horizon():
    clear, cloudy = (climate_of(replace(NIGHT, cloud_cover=c), {"air_temperature_c": 10.0}) for c in (0.0, 1.0))
    humid = climate_of(replace(NIGHT, cloud_cover=0.0), {"air_temperature_c": 10.0, "relative_humidity": 1.0})
    dry = climate_of(replace(NIGHT, cloud_cover=0.0), {"air_temperature_c": 10.0, "relative_humidity": 0.3})
    up = {name: float(BAND.temperature(c.sky_radiance(np.array([1.0]), BAND))[0]) - 283.15 for name, c in
          (("clear", clear), ("cloudy", cloudy), ("humid", humid), ("dry", dry))}  # fmt: skip
    assert up["dry"] < up["clear"] < up["humid"] < up["cloudy"] < -3.0
    assert -90.0 < up["dry"] < -45.0 and up["cloudy"] > -15.0
    low = float(BAND.temperature(clear.sky_radiance(np.array([0.0]), BAND))[0])
    assert low == pytest.approx(283.15, abs=1.0)
    # Sonntag's formula: 20 C at 50 % has its dew point at 9.3 C.
    half = climate_of(NIGHT, {"air_temperature_c": 20.0, "relative_humidity": 0.5})
    assert half.dew_point_c() == pytest.approx(9.26, abs=0.05)
    assert half.air_k == 20.0 + ZERO_C_K


def test_infrared_sees_further_than_light_in_thin_fog_only():
    thin, dense = (fog_extinction_per_m(replace(NIGHT, fog_visibility_m=v)) * v / 2.9957 for v in (1500.0, 60.0))
    assert thin == pytest.approx(0.15, abs=1e-3) and dense == pytest.approx(0.9, abs=1e-3)


def test_a_moving_shadow_does_not_cool_the_road():
    ride = rollout(2, environment=DAY)
    _, with_car = seen_in(ride, plane(-100, 200, -50, 50, 0))
    _, empty = seen_in(rollout(1, environment=DAY), plane(-100, 200, -50, 50, 0))
    differs = np.abs(with_car.clean_k - empty.clean_k) > 0.01
    columns = np.nonzero(differs)[1]
    # Only the car itself differs: nothing beside or below it.
    assert 0 < differs.sum() < 700 and np.ptp(columns) < 40


def test_bytes_do_not_depend_on_threads():
    ride = rollout(4, environment=DAY)
    _, one = seen_in(ride, threads=1)
    _, four = seen_in(ride, threads=4)
    assert np.array_equal(one.temperature_k, four.temperature_k)
    assert one.camera == "thermal" and one.timestamp_ns == ride.state_at(0).timestamp_ns
    assert not np.array_equal(one.temperature_k, one.clean_k)
