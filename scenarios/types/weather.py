"""Weather leaves: rain, snow, fog, wind and what they do to the road.

Friction that a scenario does not give follows from the water on the road: peak coefficients between tyre and asphalt
of about 0.9 dry, 0.6 wet, 0.45 with standing water, 0.25 on snow (Wong, Theory of Ground Vehicles, table 1.3;
Bosch Automotive Handbook, chapter Tyre grip, give the same order). Wetness follows from the rain rate: a road is
as wet as it gets at 10 mm/h.
"""

from collections.abc import Mapping
from typing import Any

from driving_data.environment import Environment
from scenarios.leaf import Leaf, make_leaf
from scenarios.types.fields import Field, Get, Given, as_values, reader
from scenarios.types.light import LIGHT, light_parts
from scenarios.types.lookup import known
from scenarios.types.scenery import surface_parts
from scenarios.units import ANGLE, LENGTH, PRECIPITATION, RATIO, SPEED, TEXT

DRY_FRICTION, WET_FRICTION, FLOODED_FRICTION, SNOW_FRICTION = 0.9, 0.6, 0.45, 0.25
SOAKING_RAIN_MMPH = 10.0

WEATHER: Mapping[str, Field] = {
    "rain": Field(PRECIPITATION, "rain rate", 0.0, 0.0, 150.0),
    "snow": Field(PRECIPITATION, "snow rate, as water", 0.0, 0.0, 20.0),
    "fog_visibility": Field(LENGTH, "meteorological optical range", 20000.0, 10.0, 100000.0),
    "wind": Field(SPEED, "wind speed", 2.0, 0.0, 40.0),
    "clouds": Field(RATIO, "cloud cover, 0 clear to 1 overcast", None, 0.0, 1.0),
    "wetness": Field(RATIO, "water on the road, 0 dry to 1 standing", None, 0.0, 1.0),
    "friction": Field(RATIO, "peak friction of tyre and road", None, 0.02, 1.2),
    "rain_type": Field(TEXT, "how the rain comes about", "dynamic", names=("dynamic", "convective", "orographic")),
    "particulates": Field(TEXT, "what is in the air and takes the view besides rain and snow", "none",
                          names=("none", "water", "dust", "pollution", "marine", "volcanic")),
    "wind_direction": Field(ANGLE, "where the wind comes from, clockwise from north", 0.0, -7.0, 7.0),
    "gusts": Field(SPEED, "wind speed of gusts", None, 0.0, 90.0),
}  # fmt: skip
# Values that `Environment` has no field for: kept as a feature of the concrete scenario.
WEATHER_EXTRAS = ("rain_type", "particulates", "wind_direction", "gusts")

PRESETS: Mapping[str, Mapping[str, str]] = {
    "clear": {"clouds": "0..0.3"},
    "overcast": {"clouds": "0.75..1.0"},
    "light_rain": {"rain": "0.5..2.5 mm/h", "clouds": "0.8..1.0"},
    "rain": {"rain": "2.5..10 mm/h", "clouds": "0.9..1.0"},
    "heavy_rain": {"rain": "10..40 mm/h", "clouds": "1", "fog_visibility": "800..3000 m"},
    "wet_road": {"wetness": "0.3..0.7", "clouds": "0.3..0.9"},
    "fog": {"fog_visibility": "60..300 m", "clouds": "0.8..1.0"},
    "snow": {"snow": "0.5..4 mm/h", "clouds": "1", "fog_visibility": "500..3000 m"},
    "wind": {"wind": "12..25 m/s", "clouds": "0.2..0.9"},
    "dust": {"particulates": "dust", "fog_visibility": "80..600 m", "wind": "6..18 m/s", "clouds": "0..0.5"},
}


def weather(preset: str | None = None, **values: Given) -> Leaf:
    """A weather leaf: a preset, or values by name (`rain`, `fog_visibility`, ...), or both.

    Raises:
        IllTyped: a name or value does not fit.
    """
    given: dict[str, Given | None] = {}
    if preset is not None:
        given.update(PRESETS[known("weather", preset, PRESETS)])
    given.update(values)
    return make_leaf("weather", values=as_values("weather", WEATHER, given))


def build_environment(
    weather_leaf: Leaf | None, light_leaf: Leaf | None, get: Get, surface: Mapping[str, Any] | None = None
) -> Environment:
    """Weather and light with every number fixed, and what `surface`, drawn, makes of the road."""
    read = reader(weather_leaf or make_leaf("weather"), WEATHER, get)
    rain, snow = read("rain"), read("snow")
    clouds, wetness, friction = read("clouds"), read("wetness"), read("friction")
    if clouds is None:
        clouds = 0.9 if rain + snow > 0 else 0.2
    if wetness is None:
        wetness = min(1.0, rain / SOAKING_RAIN_MMPH) if rain > 0 else (0.3 if snow > 0 else 0.0)
    paved, water = surface_parts(surface) if surface is not None else (None, None)
    wetness = max(wetness, water or 0.0)
    if friction is None:
        friction = friction_of(wetness, snow)
        friction = friction if paved is None else paved if surface and "friction" in surface else min(friction, paved)
    elevation, azimuth, lamps = light_parts(reader(light_leaf or make_leaf("light"), LIGHT, get))
    return Environment(
        sun_elevation_rad=elevation,
        sun_azimuth_rad=azimuth,
        cloud_cover=float(clouds),
        rain_mmph=float(rain),
        snow_mmph=float(snow),
        fog_visibility_m=float(read("fog_visibility")),
        wind_mps=float(read("wind")),
        road_wetness=float(wetness),
        road_friction=float(friction),
        street_lights=lamps,
    )


def friction_of(wetness: float, snow_mmph: float) -> float:
    """Peak friction of a road with so much water or falling snow on it (see the module's sources).

    Falls from dry to wet over the first half of the wetness and on to standing water over the second.
    """
    if snow_mmph > 0:
        return SNOW_FRICTION
    if wetness <= 0.5:
        return DRY_FRICTION + (WET_FRICTION - DRY_FRICTION) * wetness / 0.5
    return WET_FRICTION + (FLOODED_FRICTION - WET_FRICTION) * (wetness - 0.5) / 0.5


def weather_tags(environment: Environment) -> tuple[str, ...]:
    """OpenLABEL names and slices of the weather."""
    tags = ["EnvironmentWeather", f"weather:{environment.weather()}"]
    for holds, names in (
        (environment.rain_mmph > 0, ("WeatherRain",)),
        (environment.snow_mmph > 0, ("WeatherSnow", "SurfaceConditionSnow")),
        (environment.wind_mps > 8, ("WeatherWind",)),
        (environment.fog_visibility_m < 1000, ("EnvironmentParticulates", "ParticulatesWater")),
        (environment.road_wetness > 0.05 and environment.snow_mmph == 0, ("SurfaceConditionWet",)),
        (environment.road_wetness > 0.8, ("SurfaceConditionStandingWater",)),
        (environment.cloud_cover > 0.1, ("IlluminationCloudiness",)),
    ):
        tags.extend(names if holds else ())
    return tuple(tags)
