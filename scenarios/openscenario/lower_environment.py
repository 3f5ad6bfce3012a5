"""Environment elements as weather and light in SI units."""

import math
from dataclasses import replace
from datetime import datetime

from driving_data.environment import Environment
from scenarios.openscenario.lower_context import Context
from scenarios.openscenario.node import Node

CLOUDS = {
    "zerooktas": 0.0, "oneoktas": 0.125, "twooktas": 0.25, "threeoktas": 0.375, "fouroktas": 0.5, "fiveoktas": 0.625,
    "sixoktas": 0.75, "sevenoktas": 0.875, "eightoktas": 1.0, "nineoktas": 1.0, "free": 0.0, "cloudy": 0.6,
    "overcast": 0.95, "rainy": 1.0, "skyoff": 1.0,
}  # fmt: skip
WETNESS = {"dry": 0.0, "moist": 0.3, "wetwithpuddles": 0.7, "lowflooded": 0.9, "highflooded": 1.0}
DRY_FRICTION = 0.9
LATITUDE_RAD = math.radians(48.0)


def environment_of(context: Context, node: Node, before: Environment) -> Environment:
    """What an Environment element changes; what it does not name stays as `before`."""
    found = before
    weather = node.child("Weather")
    time = node.child("TimeOfDay")
    if time is not None:
        elevation, azimuth = sun_at(seconds_of(context, time))
        found = replace(found, sun_elevation_rad=elevation, sun_azimuth_rad=azimuth)
    if weather is not None:
        found = _weather(context, weather, found)
    road = node.child("RoadCondition")
    if road is not None:
        scale = context.optional(road, "frictionScaleFactor")
        wet = road.get("wetness").lower()
        friction = found.road_friction if scale is None else DRY_FRICTION * scale
        found = replace(found, road_friction=friction, road_wetness=WETNESS.get(wet, found.road_wetness))
    return found


def _weather(context: Context, weather: Node, found: Environment) -> Environment:
    clouds = weather.get("fractionalCloudCover") or weather.get("cloudState")
    if clouds:
        found = replace(found, cloud_cover=CLOUDS.get(clouds.lower(), found.cloud_cover))
    sun = weather.child("Sun")
    if sun is not None:
        found = replace(
            found,
            sun_elevation_rad=context.number(sun, "elevation", found.sun_elevation_rad),
            # The format counts from north, counterclockwise as all its angles; ours runs as on a compass.
            sun_azimuth_rad=-context.number(sun, "azimuth", -found.sun_azimuth_rad) % (2.0 * math.pi),
        )
    fog = weather.child("Fog")
    if fog is not None:
        found = replace(found, fog_visibility_m=max(context.number(fog, "visualRange", 20000.0), 1.0))
    rain = weather.child("Precipitation")
    if rain is not None:
        found = _precipitation(context, rain, found)
    wind = weather.child("Wind")
    if wind is not None:
        found = replace(found, wind_mps=context.number(wind, "speed"))
    return found


def _precipitation(context: Context, rain: Node, found: Environment) -> Environment:
    rate = context.optional(rain, "precipitationIntensity")
    # The older `intensity` has no unit: 0 to 1, read as a share of heavy rain.
    amount = 50.0 * context.number(rain, "intensity") if rate is None else rate
    kind = rain.get("precipitationType", "dry").lower()
    return replace(
        found, rain_mmph=amount if kind == "rain" else 0.0, snow_mmph=amount if kind in ("snow", "hail") else 0.0
    )


def seconds_of(context: Context, node: Node) -> float:
    """Seconds since 1970 of the `dateTime` of a TimeOfDay."""
    text = node.get("dateTime")
    try:
        return (
            datetime.fromisoformat(text).timestamp()
            if "+" in text[10:] or text.endswith("Z")
            else (datetime.fromisoformat(f"{text}+00:00").timestamp())
        )
    except ValueError:
        context.fault(node, "bad-time", repr(text), "a date and time as 2026-06-21T12:00:00")
        return 0.0


def sun_at(seconds: float) -> tuple[float, float]:
    """Elevation and azimuth (clockwise from north) of the sun at a local solar time, at 48 degrees north.

    Declination after Cooper (1969); hour angle from the clock. Good to a degree or two, which is enough for light.
    """
    day = seconds / 86400.0
    hour = (day % 1.0) * 24.0
    declination = math.radians(23.45) * math.sin(2.0 * math.pi * (284.0 + day % 365.25 + 1.0) / 365.25)
    angle = math.radians(15.0 * (hour - 12.0))
    height = math.sin(LATITUDE_RAD) * math.sin(declination)
    height += math.cos(LATITUDE_RAD) * math.cos(declination) * math.cos(angle)
    elevation = math.asin(max(-1.0, min(1.0, height)))
    azimuth = math.atan2(
        math.sin(angle), math.cos(angle) * math.sin(LATITUDE_RAD) - math.tan(declination) * math.cos(LATITUDE_RAD)
    )
    return elevation, (azimuth + math.pi) % (2.0 * math.pi)
