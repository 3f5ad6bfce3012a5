"""Light leaves: where the sun stands, or where and when that follows from, and the street lamps."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import radians

from driving_data.environment import Environment
from driving_data.sun import sun_position
from scenarios.leaf import Leaf, make_leaf
from scenarios.types.fields import Field, Get, Given, as_values
from scenarios.types.lookup import known
from scenarios.units import ANGLE, COUNT, FLAG, TIME

LAMPS_BELOW_RAD = radians(3.0)

LIGHT: Mapping[str, Field] = {
    "sun_elevation": Field(ANGLE, "sun above the horizon", radians(40.0), -radians(90.0), radians(90.0)),
    "sun_azimuth": Field(ANGLE, "sun, clockwise from north", radians(150.0), -radians(360.0), radians(360.0)),
    "latitude": Field(ANGLE, "north of the equator; with it the sun follows from place and time", None,
                      -radians(90.0), radians(90.0)),
    "longitude": Field(ANGLE, "east of Greenwich, where a latitude is given", 0.0, -radians(180.0), radians(180.0)),
    "year": Field(COUNT, "of the date, where a latitude is given", 2026, 1901, 2099),
    "day": Field(COUNT, "of the year, 1 is the first of January, where a latitude is given", 172, 1, 366),
    "time": Field(TIME, "since midnight, universal time, where a latitude is given", 43200.0, 0.0, 86400.0),
    "street_lights": Field(FLAG, "street lamps burn; else by the sun", None),
    "tunnel_lights": Field(FLAG, "lamps in tunnels burn", True),
    "vehicle_lights": Field(FLAG, "vehicles drive with their lights on; else by the sun", None),
}  # fmt: skip
# Values that `Environment` has no field for: kept as a feature of the concrete scenario.
LIGHT_EXTRAS = ("tunnel_lights", "vehicle_lights")

PRESETS: Mapping[str, Mapping[str, str]] = {
    "day": {"sun_elevation": "15..60 deg", "sun_azimuth": "90..270 deg"},
    "noon": {"sun_elevation": "45..65 deg", "sun_azimuth": "165..195 deg"},
    "low_sun": {"sun_elevation": "6.5..12 deg", "sun_azimuth": "60..300 deg"},
    "dusk": {"sun_elevation": "-5..3 deg", "sun_azimuth": "260..300 deg"},
    "dawn": {"sun_elevation": "-5..3 deg", "sun_azimuth": "60..100 deg"},
    "night": {"sun_elevation": "-40..-10 deg", "sun_azimuth": "0..360 deg"},
}


def light(preset: str | None = None, **values: Given) -> Leaf:
    """A light leaf: a time of day by name, or values by name (`sun_elevation`, ...), or both.

    Raises:
        IllTyped: a name or value does not fit.
    """
    given: dict[str, Given | None] = {}
    if preset is not None:
        given.update(PRESETS[known("light", preset, PRESETS)])
    given.update(values)
    return make_leaf("light", values=as_values("light", LIGHT, given))


def light_parts(read: Get) -> tuple[float, float, bool]:
    """Sun elevation, sun azimuth and street lamps; lamps burn by themselves once the sun is below 3 degrees.

    Where a latitude is given the sun stands where it stands there and then, whatever its elevation says.
    """
    latitude, lamps = read("latitude"), read("street_lights")
    if latitude is None:
        elevation, azimuth = float(read("sun_elevation")), float(read("sun_azimuth"))
    else:
        start = datetime(int(read("year")), 1, 1, tzinfo=UTC)
        moment = start + timedelta(days=int(read("day")) - 1, seconds=float(read("time")))
        elevation, azimuth = sun_position(float(latitude), float(read("longitude")), moment)
    return elevation, azimuth, bool(elevation < LAMPS_BELOW_RAD if lamps is None else lamps)


def light_tags(environment: Environment) -> tuple[str, ...]:
    """OpenLABEL names and slices of the light."""
    name = environment.light()
    own = {"day": ("IlluminationDay",), "dusk": ("IlluminationLowLight", "LowLightAmbient"),
           "night": ("IlluminationLowLight", "LowLightNight")}[name]  # fmt: skip
    lamps = ("IlluminationArtificial", "ArtificialStreetLighting") if environment.street_lights else ()
    return ("EnvironmentIllumination", *own, *lamps, f"light:{name}")
