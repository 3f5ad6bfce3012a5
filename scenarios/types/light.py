"""Light leaves: where the sun stands, and the street lamps."""

from collections.abc import Mapping
from math import radians

from driving_data.environment import Environment
from scenarios.leaf import Leaf, make_leaf
from scenarios.types.fields import Field, Get, Given, as_values
from scenarios.types.lookup import known
from scenarios.units import ANGLE, FLAG

LAMPS_BELOW_RAD = radians(3.0)

LIGHT: Mapping[str, Field] = {
    "sun_elevation": Field(ANGLE, "sun above the horizon", radians(40.0), -radians(90.0), radians(90.0)),
    "sun_azimuth": Field(ANGLE, "sun, clockwise from north", radians(150.0), -radians(360.0), radians(360.0)),
    "street_lights": Field(FLAG, "street lamps burn; else by the sun", None),
    "tunnel_lights": Field(FLAG, "lamps in tunnels burn", True),
    "vehicle_lights": Field(FLAG, "vehicles drive with their lights on; else by the sun", None),
}
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
    """Sun elevation, sun azimuth and street lamps; lamps burn by themselves once the sun is below 3 degrees."""
    elevation, lamps = float(read("sun_elevation")), read("street_lights")
    return elevation, float(read("sun_azimuth")), bool(elevation < LAMPS_BELOW_RAD if lamps is None else lamps)


def light_tags(environment: Environment) -> tuple[str, ...]:
    """OpenLABEL names and slices of the light."""
    name = environment.light()
    own = {"day": ("IlluminationDay",), "dusk": ("IlluminationLowLight", "LowLightAmbient"),
           "night": ("IlluminationLowLight", "LowLightNight")}[name]  # fmt: skip
    lamps = ("IlluminationArtificial", "ArtificialStreetLighting") if environment.street_lights else ()
    return ("EnvironmentIllumination", *own, *lamps, f"light:{name}")
