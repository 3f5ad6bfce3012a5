"""The sun against published positions."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.sun import J2000, refraction_rad, sun_equatorial_rad, sun_position
from scenarios.leaf import IllTyped
from scenarios.types.light import light
from scenarios.types.weather import build_environment


def test_meeus_example_25_a():
    days = (datetime(1992, 10, 13, tzinfo=UTC) - J2000).total_seconds() / 86400.0
    ascension, declination = np.rad2deg(sun_equatorial_rad(days))
    assert ascension == pytest.approx(198.38083, abs=2e-4)
    assert declination == pytest.approx(-7.78507, abs=2e-4)


def test_example_of_the_solar_position_algorithm():
    # Reda and Andreas, NREL/TP-560-34302 (2008), table A5.1, at 820 hPa and 11 degrees C; ours at sea level.
    moment = datetime(2003, 10, 17, 12, 30, 30, tzinfo=timezone(timedelta(hours=-7)))
    elevation, azimuth = np.rad2deg(sun_position(np.deg2rad(39.742476), np.deg2rad(-105.1786), moment))
    assert 90.0 - elevation == pytest.approx(50.11162, abs=0.008)
    assert azimuth == pytest.approx(194.34024, abs=0.003)


def test_the_sun_rises_in_london_at_midsummer_as_the_almanac_says():
    # HM Nautical Almanac Office, London 2024-06-20: sunrise 04:43, sunset 21:21 British summer time.
    place = np.deg2rad(51.5), np.deg2rad(-0.117)
    for hour, minute in ((3, 43), (20, 21)):
        moment = datetime(2024, 6, 20, hour, minute, tzinfo=UTC)
        # At sunrise the upper edge, a quarter of a degree above the middle, appears.
        assert np.rad2deg(sun_position(*place, moment)[0]) == pytest.approx(-0.27, abs=0.15)


@pytest.mark.parametrize(("minutes", "lifted"), [(0.0, 29.0), (600.0, 5.4), (2700.0, 1.0)])
def test_refraction_is_that_of_the_table(minutes, lifted):
    assert np.rad2deg(refraction_rad(np.deg2rad(minutes / 60.0))) * 60.0 == pytest.approx(lifted, abs=0.15)


@given(latitude=st.floats(-66.0, 66.0), longitude=st.floats(-180.0, 180.0), day=st.integers(0, 364))
def test_noon_stands_over_the_meridian_and_as_high_as_the_declination_says(latitude, longitude, day):
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    place = np.deg2rad(latitude), np.deg2rad(longitude)
    at = [start + timedelta(minutes=2 * k) for k in range(720)]
    heights = [sun_position(*place, moment, refracted=False)[0] for moment in at[::30]]
    best = at[::30][int(np.argmax(heights))]
    near = [best + timedelta(minutes=k) for k in range(-62, 63, 2)]
    top = max(sun_position(*place, moment, refracted=False)[0] for moment in near)
    _, declination = sun_equatorial_rad((best - J2000).total_seconds() / 86400.0)
    expected = 0.5 * np.pi - abs(place[0] - declination)
    assert top == pytest.approx(expected, abs=np.deg2rad(0.03))


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        sun_position(0.5, 0.0, datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="latitude"):
        sun_position(2.0, 0.0, J2000)


def test_a_scenario_may_say_place_and_time():
    leaf = light(latitude="48.137 deg", longitude="11.575 deg", year=2026, day=172, time="11.25 h")
    made = build_environment(None, leaf, lambda name: pytest.fail(f"{name} is fixed"))
    expected = sun_position(np.deg2rad(48.137), np.deg2rad(11.575), datetime(2026, 6, 21, 11, 15, tzinfo=UTC))
    assert (made.sun_elevation_rad, made.sun_azimuth_rad) == pytest.approx(expected)
    assert made.sun_elevation_rad == pytest.approx(np.deg2rad(65.3), abs=np.deg2rad(0.1))  # 90 - 48.14 + 23.44


def test_places_beyond_the_pole_are_refused():
    with pytest.raises(IllTyped, match="latitude"):
        light(latitude="95 deg")
