from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.sensors import (
    CameraFrame,
    FaultKind,
    GnssModel,
    ImuModel,
    OdometryModel,
    RadarModel,
    SensorFault,
    SensorKind,
    ThermalModel,
    UltrasonicModel,
    sensors_of,
)
from driving_data.taxonomy import SemanticClass
from generators.faults.reliability import (
    EFFECT,
    Looked,
    around_losses,
    fault_losses,
    light_losses,
    night_loss,
    reliability,
    together,
    weather_losses,
)
from tests.generators.street import rig

ALL = {
    each.kind: each
    for each in sensors_of(
        replace(
            rig(), radars=(RadarModel("radar", SE3.identity()),),
            thermals=(ThermalModel(replace(rig().cameras[0], name="thermal")),),
            ultrasonics=(UltrasonicModel("park", SE3.identity()),), imus=(ImuModel("imu", SE3.identity()),),
            receivers=(GnssModel("gnss", SE3.identity()),), odometers=(OdometryModel("wheels"),),
        )
    )
}  # fmt: skip
CLEAR = Environment(wind_mps=0.0)


def lost(kind, **weather):
    return together(weather_losses(ALL[kind], replace(CLEAR, **weather)))


def test_in_clear_air_nothing_is_lost():
    assert all(lost(kind) == 0.0 for kind in ALL)


def test_losses_are_the_stated_formulae():
    beta = np.log(20) / 200.0 - np.log(20) / 10_000.0
    assert lost(SensorKind.CAMERA, fog_visibility_m=200.0) == pytest.approx(1 - np.exp(-beta * 50))
    assert lost(SensorKind.LIDAR, fog_visibility_m=200.0) == pytest.approx(1 - np.exp(-2 * beta * 50))
    assert lost(SensorKind.THERMAL, fog_visibility_m=200.0) == pytest.approx(1 - np.exp(-0.5 * beta * 50))
    assert lost(SensorKind.LIDAR, rain_mmph=20.0) == pytest.approx(1 - np.exp(-2 * 0.01 * 20**0.6 * 50))
    assert lost(SensorKind.RADAR, rain_mmph=50.0) == pytest.approx(1 - 10 ** (-0.2 * 1.1 * 50**0.71 / 40))
    assert lost(SensorKind.ODOMETRY, road_friction=0.1) == pytest.approx(0.4)


def test_radars_mind_neither_fog_nor_dust_nor_snow_and_thermal_cameras_no_darkness():
    thick = {"fog_visibility_m": 30.0, "snow_mmph": 3.0}
    assert lost(SensorKind.RADAR, **thick) == 0.0 and lost(SensorKind.CAMERA, **thick) > 0.9
    assert lost(SensorKind.IMU, **thick) == lost(SensorKind.GNSS, **thick) == lost(SensorKind.ULTRASONIC, **thick) == 0


@given(st.sampled_from(sorted(ALL, key=lambda kind: kind.value)), st.floats(0.0, 60.0), st.floats(0.0, 60.0))
@settings(max_examples=60, deadline=None)
def test_more_rain_never_helps(kind, one, two):
    low, high = sorted((one, two))
    assert lost(kind, rain_mmph=low) <= lost(kind, rain_mmph=high) < 1.0


@given(st.sampled_from(sorted(EFFECT)), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_worse_faults_never_help(kind, one, two):
    low, high = sorted((one, two))
    less, more = (together(fault_losses([SensorFault("s", kind, severity=s)], 1.0, False)) for s in (low, high))
    assert 0 <= less <= more <= 1 and less == pytest.approx(EFFECT[kind] * low)


def test_what_is_lost_or_frozen_is_worth_nothing_and_a_survivor_of_dropping_is_whole():
    dropping = SensorFault("s", FaultKind.DROPPED_FRAMES, severity=0.9)
    assert together(fault_losses([dropping], 0.0, False)) == 0.0
    assert fault_losses([dropping], 0.0, True)[-1] == ("dropped_frames", 1.0)
    for kind in (FaultKind.FROZEN, FaultKind.OUTAGE):
        assert together(fault_losses([SensorFault("s", kind, severity=0.1)], 0.0, False)) == 1.0
    assert together(fault_losses([SensorFault("s", FaultKind.BLUR, 2.0)], 1.0, False)) == 0.0, "not yet there"


def picture(level, sky=0):
    rgb = np.full((20, 30, 3), level, np.uint8)
    semantic = np.full((20, 30), int(SemanticClass.ROAD), np.uint8)
    semantic[:sky] = int(SemanticClass.SKY)
    return CameraFrame("camera_front", 0, SE3.identity(), rgb, None, semantic)


def test_glare_is_the_share_of_white_pixels_below_the_sky():
    frame = picture(120, sky=10)
    frame.rgb[:10] = 255
    assert dict(light_losses(frame, CLEAR))["glare"] == 0.0, "a white sky is no glare"
    frame.rgb[10:12] = 255
    assert dict(light_losses(frame, CLEAR))["glare"] == pytest.approx((0.2 - 0.01) / 0.3)


def test_darkness_is_in_the_pixels_and_in_the_sun():
    day, night = CLEAR, replace(CLEAR, sun_elevation_rad=-0.3)
    assert dict(light_losses(picture(120), day))["darkness"] == 0.0
    assert dict(light_losses(picture(5), day))["darkness"] == pytest.approx(0.9)
    assert dict(light_losses(picture(120), night))["darkness"] == pytest.approx(0.3)
    assert night_loss(replace(night, street_lights=True)) == pytest.approx(0.2)
    fall = [night_loss(replace(day, sun_elevation_rad=e)) for e in np.linspace(0.4, -0.4, 30).tolist()]
    assert np.all(np.diff(fall) >= 0) and fall[0] == 0.0


def test_rows_multiply_and_name_their_causes():
    camera, radar = ALL[SensorKind.CAMERA], ALL[SensorKind.RADAR]
    times = np.array([0, 1_000_000_000])
    faults = (SensorFault("camera_front", FaultKind.DIRT, 0.5, None, 1.0),)
    none = np.zeros(2, dtype=bool)
    wet = replace(CLEAR, rain_mmph=30.0)
    rows = reliability(
        [
            Looked(camera, times, faults, none, {0: (("glare", 0.5),), 1_000_000_000: (("glare", 0.001),)}),
            Looked(radar, times, (), np.array([False, True]), {}),
        ], wet, 0,
    )  # fmt: skip
    assert rows.sensor == ("camera_front", "camera_front", "radar", "radar")
    assert rows.causes[:2] == ("rain,glare", "rain,dirt") and rows.causes[3] == "rain,lost"
    assert np.allclose(rows.score, (1 - rows.weather) * (1 - rows.light) * (1 - rows.fault))
    assert rows.fault.tolist() == pytest.approx([0, 0.7, 0, 1]) and rows.score[3] == 0.0
    assert rows.light[0] == 0.5 and rows.weather[0] == pytest.approx(lost(SensorKind.CAMERA, rain_mmph=30.0))


def test_tunnels_and_houses_take_fixes():
    around = around_losses(np.array([0.5, 0.0]), np.array([False, True]))
    assert around == ((("multipath", 0.3),), (("tunnel", 1.0),))
