"""How bright it is, in lux: sun, sky, twilight, street lamps and low beams, from formulas of illuminating engineering.

Sun, on a surface that faces it:  E = 127,500 exp(-0.21 m) lux, times 1 - cloud cover, with the air mass
  m = 1 / (sin h + 0.50572 (h + 6.07995)^-1.6364), h in degrees (Kasten and Young, Applied Optics 28, 1989).
Sky, on a level surface:  clear 800 + 15,500 sqrt(sin h), overcast 300 + 21,000 sin h lux, mixed by the cloud cover.
  Both, and the extinction of 0.21, from the IES daylight availability model (IES RP-21; Lighting Handbook, 9th ed.).
Twilight, sun below the horizon: log-linear between 800 lux at 0, 3.4 at -6, 0.0083 at -12 and 0.00065 at -18 degrees
  (the last three: Seidelmann, Explanatory Supplement to the Astronomical Almanac, 1992, table 9.3: no moon), times
  1 - 0.6 cloud cover.
Street lamp: 6,000 lm into the lower half space by Lambert's law, I = (6000 / pi) cos(theta) cd; about 30 lux below a
  lamp at 8 m, as EN 13201 asks of lit roads.
Low beam of one lamp: 15,000 cd in the middle, falling as exp(-(azimuth / 20 deg)^2) to the sides, below the cut-off
  of 0.57 degrees downwards; 200 cd above it (UN R112 holds the intensities at its test points to this order).

The renderer has units of its own for pictures; these are physical, so that a label means the same in every renderer.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.environment import Environment
from generators.effects.atmosphere import extinction_per_m

SOLAR_LUX, EXTINCTION = 127_500.0, 0.21
LAMP_LM = 6_000.0
BEAM_CD, BEAM_STRAY_CD = 15_000.0, 200.0
CUTOFF_RAD, SPREAD_RAD = float(np.deg2rad(-0.57)), float(np.deg2rad(20.0))
GROUND_ALBEDO = 0.15
_TWILIGHT_DEG = (-18.0, -12.0, -6.0, 0.0)
_TWILIGHT_LUX = (6.5e-4, 8.3e-3, 3.4, 800.0)


@dataclass(frozen=True, slots=True, eq=False)
class Lights:
    """Point lights: street lamps that shine down, and low beams.

    Attributes:
        lamp_m: street lamps in `world`, shape (L, 3).
        beam_m: lamps of low beams in `world`, shape (B, 3).
        forward: unit direction of each beam, shape (B, 3).
        owner: actor whose beam it is, shape (B,).
    """

    lamp_m: Float[np.ndarray, "L 3"]
    beam_m: Float[np.ndarray, "B 3"]
    forward: Float[np.ndarray, "B 3"]
    owner: np.ndarray


def cloud_cover(environment: Environment) -> float:
    """Cloud cover that the light meets: rain and snow fall from a closed sky."""
    falling = environment.rain_mmph > 0 or environment.snow_mmph > 0
    return float(np.clip(max(environment.cloud_cover, 0.93 if falling else 0.0), 0.0, 1.0))


def sun_lux(environment: Environment) -> float:
    """On a surface that faces the sun, from the sun alone."""
    elevation = environment.sun_elevation_rad
    if elevation <= 0.0:
        return 0.0
    mass = 1.0 / (np.sin(elevation) + 0.50572 * (np.rad2deg(elevation) + 6.07995) ** -1.6364)
    # Fog thins the beam as it thins every other: over a layer of 120 m, as the pictures have it.
    fog = np.exp(-extinction_per_m(environment) * 120.0 / max(float(np.sin(elevation)), 0.1))
    return float(SOLAR_LUX * np.exp(-EXTINCTION * mass) * (1.0 - cloud_cover(environment)) * fog)


def sky_lux(environment: Environment) -> float:
    """On a level surface, from the sky alone."""
    cover, elevation = cloud_cover(environment), environment.sun_elevation_rad
    if elevation <= 0.0:
        log = np.interp(np.rad2deg(elevation), _TWILIGHT_DEG, np.log10(_TWILIGHT_LUX))
        return float(10.0**log * (1.0 - 0.6 * cover))
    sine = float(np.sin(elevation))
    return (1.0 - cover) * (800.0 + 15_500.0 * np.sqrt(sine)) + cover * (300.0 + 21_000.0 * sine)


def level_lux(environment: Environment) -> float:
    """On a level surface in the open, from sun and sky."""
    return sun_lux(environment) * max(float(np.sin(environment.sun_elevation_rad)), 0.0) + sky_lux(environment)


def lamp_lux(
    lamp_m: Float[np.ndarray, "L 3"], point_m: Float[np.ndarray, "n 3"], normal: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "n L"]:
    """What each street lamp gives on surfaces, were nothing in between."""
    way = lamp_m[None] - point_m[:, None]
    far = np.maximum(np.linalg.norm(way, axis=-1), 0.1)
    towards = way / far[..., None]
    intensity = LAMP_LM / np.pi * np.maximum(towards[..., 2], 0.0)
    return intensity * np.maximum(np.einsum("nli,ni->nl", towards, normal), 0.0) / np.square(far)


def beam_lux(
    lights: Lights, point_m: Float[np.ndarray, "n 3"], normal: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "n B"]:
    """What each low beam gives on surfaces, were nothing in between."""
    way = point_m[:, None] - lights.beam_m[None]
    far = np.maximum(np.linalg.norm(way, axis=-1), 0.1)
    ray = way / far[..., None]
    ahead = np.einsum("nbi,bi->nb", ray, lights.forward)
    left = lights.forward[None, :, 0] * ray[..., 1] - lights.forward[None, :, 1] * ray[..., 0]
    azimuth = np.arctan2(left, ahead)
    below = np.arcsin(np.clip(ray[..., 2], -1.0, 1.0)) < CUTOFF_RAD
    main = BEAM_CD * np.exp(-np.square(azimuth / SPREAD_RAD))
    intensity = np.where(ahead > 0, np.where(below, np.maximum(main, BEAM_STRAY_CD), BEAM_STRAY_CD), 0.0)
    facing = np.maximum(-np.einsum("nbi,ni->nb", ray, normal), 0.0)
    return intensity * facing / np.square(far)


__all__ = ["Lights", "beam_lux", "cloud_cover", "lamp_lux", "level_lux", "sky_lux", "sun_lux"]
