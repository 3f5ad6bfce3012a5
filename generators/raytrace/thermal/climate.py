"""Air, sky and sun as a thermal camera feels them.

`Environment` says nothing of warmth, so the air's temperature and humidity come from the scene's appearance
(`air_temperature_c`, `relative_humidity`, `latitude_deg`) or from what its weather makes likely. The sun's way of the
last day follows from where it stands now and the latitude (spherical astronomy), so that an afternoon road is warmer
than a morning road under the same sun.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from driving_data.environment import Environment
from generators.effects.atmosphere import LN_20
from generators.raytrace.thermal.radiance import Band

ZERO_C_K = 273.15
_STEFAN_BOLTZMANN = 5.670374419e-8
_LAPSE_K_PER_M = 0.0065
_FOG_HEIGHT_M = 120.0
STEP_H = 0.25


@dataclass(frozen=True, slots=True)
class Climate:
    """The air and the sky.

    Attributes:
        air_k: temperature of the air.
        humidity: relative, 0 to 1.
        cloud_cover: 0 to 1.
        extinction_per_m: of the band in the air near the ground.
        fog_per_m: the part of it that fog, rain and snow add.
        wind_mps: wind.
        wetness: of the ground.
        sun_hours: sines of the sun's elevation in the last day, the present first, one per `STEP_H`.
    """

    air_k: float
    humidity: float
    cloud_cover: float
    extinction_per_m: float
    fog_per_m: float
    wind_mps: float
    wetness: float
    sun_hours: tuple[float, ...]

    def dew_point_c(self) -> float:
        """Magnus' formula (Sonntag, Zeitschrift fuer Meteorologie 70, 340, 1990)."""
        celsius = self.air_k - ZERO_C_K
        gamma = np.log(self.humidity) + 17.62 * celsius / (243.12 + celsius)
        return float(243.12 * gamma / (17.62 - gamma))

    def water_cm(self) -> float:
        """Precipitable water: ln w = 0.1102 + 0.0614 dew point (Reitan, J. Applied Meteorology 2, 776, 1963)."""
        return float(np.exp(0.1102 + 0.0614 * self.dew_point_c()))

    def sky_emissivity(self) -> float:
        """Of the whole sky over all wavelengths, clouds included.

        Clear: 0.711 + 0.56 d + 0.73 d^2, d the dew point in 100 C (Berdahl and Martin, Solar Energy 32, 663, 1984).
        """
        d = self.dew_point_c() / 100.0
        clear = 0.711 + 0.56 * d + 0.73 * d * d
        return float(np.clip(clear + (1.0 - clear) * 0.85 * self.cloud_cover, 0.5, 1.0))

    def sky_loss_w_m2(self) -> float:
        """What level ground radiates away more than it gets back."""
        return float(_STEFAN_BOLTZMANN * self.air_k**4 * (1.0 - self.sky_emissivity()))

    def sun_w_m2(self) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
        """Direct and diffuse sunlight on level ground in the last day, the present first.

        Clear: 1098 sin(h) exp(-0.059 / sin(h)) (Haurwitz, J. Meteorology 2, 154, 1945), of which 15 % is diffuse;
        clouds take 75 % of the total in proportion to cover^3.4 (Kasten and Czeplak, Solar Energy 24, 177, 1980).
        """
        sine = np.array(self.sun_hours)
        up = np.maximum(sine, 1e-3)
        clear = np.where(sine > 0.0, 1098.0 * up * np.exp(-0.059 / up), 0.0)
        total = clear * (1.0 - 0.75 * self.cloud_cover**3.4)
        direct = 0.85 * clear * max(0.0, 1.0 - self.cloud_cover**1.5)
        direct = np.minimum(direct, total)
        return direct, total - direct

    def sky_radiance(self, elevation_sine: Float[np.ndarray, "n"], band: Band) -> Float[np.ndarray, "n"]:
        """Of the sky in a band near 10 um, W/(m^2 sr).

        A layer of the air's temperature, whose zenith lets exp(-(0.08 + 0.17 w)) through (w centimetres of water:
        chosen so that a dry clear zenith reads some 60 K below the air, as radiometers see it), more of it towards
        the horizon (Rozenberg's air mass); clouds behind it at the temperature of their base, 1.5 km up, lower when it
        rains; fog in front.
        """
        sine = np.maximum(elevation_sine, 0.0)
        mass = 1.0 / (sine + 0.025 * np.exp(-11.0 * sine))
        depth = (0.08 + 0.17 * self.water_cm()) * mass
        depth = depth + self.fog_per_m * _FOG_HEIGHT_M * np.minimum(mass, 40.0)
        through = np.exp(-depth)
        base_m = 600.0 if self.wetness > 0.5 else 1500.0
        cloud = float(band.radiance(np.array(self.air_k - _LAPSE_K_PER_M * base_m)))
        air = float(band.radiance(np.array(self.air_k)))
        return air * (1.0 - through) + self.cloud_cover * cloud * through


def climate_of(environment: Environment, appearance: Mapping[str, Any]) -> Climate:
    """The climate of a scene.

    Likely values where the appearance says none: air 10 C plus 12 C times the sine of the sun's elevation (at least
    -0.3), half of that under clouds, at most 12 C in rain and -2 C in snow; humidity 60 %, in rain 92 %, in snow
    85 %, in fog 98 %.
    """
    wet = environment.rain_mmph > 0 or environment.snow_mmph > 0
    cover = max(environment.cloud_cover, 0.93 if wet else 0.0)
    swing = 12.0 * max(float(np.sin(environment.sun_elevation_rad)), -0.3) * (1.0 - 0.5 * cover)
    celsius, humidity = 10.0 + swing, 0.6
    if environment.fog_visibility_m < 1000.0:
        celsius, humidity = min(celsius, 8.0), 0.98
    if environment.rain_mmph > 0:
        celsius, humidity = min(celsius, 12.0), 0.92
    if environment.snow_mmph > 0:
        celsius, humidity = min(celsius, -2.0), 0.85
    air = float(appearance.get("air_temperature_c", celsius)) + ZERO_C_K
    humidity = float(np.clip(float(appearance.get("relative_humidity", humidity)), 0.05, 1.0))
    fog = fog_extinction_per_m(environment)
    latitude = np.deg2rad(float(appearance.get("latitude_deg", 48.0)))
    hours = sun_sines(environment.sun_elevation_rad, environment.sun_azimuth_rad, float(latitude))
    plain = Climate(
        air, humidity, min(cover, 1.0), 0.0, fog, environment.wind_mps, environment.road_wetness, hours
    )  # fmt: skip
    gas = 5e-5 + 6e-5 * plain.water_cm()
    return Climate(
        air, humidity, min(cover, 1.0), gas + fog, fog, environment.wind_mps, environment.road_wetness, hours
    )  # fmt: skip


def fog_extinction_per_m(environment: Environment) -> float:
    """Extinction of fog, rain and snow at 8 to 14 um, 1/m.

    Thin fog and haze have drops smaller than the wavelength and are seen through; dense fog stops both (Beier and
    Gemperlein, "Simulation of infrared detection range at fog conditions for enhanced vision systems in civil
    aviation", Aerospace Science and Technology 8, 63, 2004). Chosen: 0.15 of the visible extinction from 1200 m of
    visibility on, 0.9 below 90 m, in between along the logarithm. Rain and snow as for light: drops and flakes are
    large against both.
    """
    visible = LN_20 / environment.fog_visibility_m
    share = np.interp(np.log(environment.fog_visibility_m), np.log([90.0, 1200.0]), [0.9, 0.15])
    beta = float(share) * visible
    if environment.rain_mmph > 0:
        beta += LN_20 / (11600.0 * environment.rain_mmph**-0.63)
    if environment.snow_mmph > 0:
        beta += LN_20 / (1000.0 * environment.snow_mmph**-0.9)
    return float(beta)


def sun_sines(elevation_rad: float, azimuth_rad: float, latitude_rad: float) -> tuple[float, ...]:
    """Sines of the sun's elevation during the last day, the present first.

    sin(d) = sin(p) sin(h) + cos(p) cos(h) cos(A) gives the declination, sin(H) = -sin(A) cos(h) / cos(d) the hour
    angle; going back, only the hour angle changes.
    """
    sin_d = np.sin(latitude_rad) * np.sin(elevation_rad) + np.cos(latitude_rad) * np.cos(elevation_rad) * np.cos(
        azimuth_rad
    )
    cos_d = np.sqrt(max(1.0 - sin_d * sin_d, 1e-9))
    sin_hour = -np.sin(azimuth_rad) * np.cos(elevation_rad) / cos_d
    cos_hour = (np.sin(elevation_rad) - np.sin(latitude_rad) * sin_d) / (np.cos(latitude_rad) * cos_d)
    hour = np.arctan2(sin_hour, cos_hour) - np.deg2rad(15.0) * STEP_H * np.arange(int(24 / STEP_H))
    sines = np.sin(latitude_rad) * sin_d + np.cos(latitude_rad) * cos_d * np.cos(hour)
    return tuple(float(value) for value in sines)
