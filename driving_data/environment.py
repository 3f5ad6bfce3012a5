"""Weather and light as facts: every number fixed, in SI units."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class Environment:
    """Weather, light and road surface during a rollout.

    Attributes:
        sun_elevation_rad: angle of the sun above the horizon; negative at night.
        sun_azimuth_rad: clockwise from north, as on a compass.
        cloud_cover: 0 clear to 1 overcast.
        rain_mmph: rain rate in mm/h.
        snow_mmph: snow rate in mm/h of water.
        fog_visibility_m: meteorological optical range (5 % contrast) in metres.
        wind_mps: wind speed.
        road_wetness: 0 dry to 1 standing water.
        road_friction: peak friction coefficient between tyre and road.
        street_lights: whether street lights burn.
    """

    sun_elevation_rad: float = 0.7
    sun_azimuth_rad: float = 2.6
    cloud_cover: float = 0.2
    rain_mmph: float = 0.0
    snow_mmph: float = 0.0
    fog_visibility_m: float = 20000.0
    wind_mps: float = 0.0
    road_wetness: float = 0.0
    road_friction: float = 0.9
    street_lights: bool = False

    def sun_direction(self) -> Float[np.ndarray, "3"]:
        """Unit vector towards the sun in `world` (east, north, up)."""
        cos_elevation = np.cos(self.sun_elevation_rad)
        return np.array(
            [
                np.sin(self.sun_azimuth_rad) * cos_elevation,
                np.cos(self.sun_azimuth_rad) * cos_elevation,
                np.sin(self.sun_elevation_rad),
            ]
        )

    def weather(self) -> str:
        """The slice name of the weather: 'snow', 'rain', 'fog', 'overcast' or 'clear'."""
        if self.snow_mmph > 0:
            return "snow"
        if self.rain_mmph > 0:
            return "rain"
        if self.fog_visibility_m < 1000:
            return "fog"
        return "overcast" if self.cloud_cover >= 0.75 else "clear"

    def light(self) -> str:
        """The slice name of the light: 'day', 'dusk' (sun within 6 degrees of the horizon) or 'night'."""
        if self.sun_elevation_rad < -np.deg2rad(6):
            return "night"
        return "dusk" if self.sun_elevation_rad < np.deg2rad(6) else "day"
