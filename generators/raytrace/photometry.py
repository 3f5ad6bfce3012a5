"""How bright the world is, in lux: the sun's beam, the sky's light and the night's, by elevation and cloud.

Day: the daylight availability of the Illuminating Engineering Society (Recommended Practice RP-21, 1984): the beam is
E = E0 exp(-c m), with E0 = 127.5 klx outside the air, c = 0.21 for a clear sky, and m the optical air mass (Kasten and
Young, Applied Optics 28, 4735, 1989); the sky gives a level surface 0.8 + 15.5 sin^0.5 h klx when clear,
0.3 + 45 sin h when partly cloudy, 0.3 + 21 sin h when overcast.
Twilight: Janiczek and DeYoung, Computer Programs for Sun and Moon Illuminance, US Naval Observatory Circular 171
(1987), which passes through the 3.4 lx of the end of civil and the 0.008 lx of the end of nautical twilight.
Night: 0.001 lx of stars and airglow (RCA Electro-Optics Handbook), and what lit streets send back from above.

Radiances elsewhere in the tracer are relative to a white wall in 100 klx: `WHITE_LX`.
"""

import numpy as np
from jaxtyping import Float

from driving_data.environment import Environment
from generators.effects.atmosphere import extinction_per_m

WHITE_LX = 1.0e5
LUMA = np.array([0.2126, 0.7152, 0.0722])
STARS_LX, SKYGLOW_LX = 1.0e-3, 0.06
FOG_HEIGHT_M = 120.0
_OUTSIDE_LX, _CLEAR_EXTINCTION = 127_500.0, 0.21
# log10 of lux by x = elevation / 90 degrees: lower end in degrees, then the polynomial in x.
_TWILIGHT = (
    (-0.8, (2.88, 22.26, -207.64, 1034.30)), (-5.0, (2.88, 21.81, -258.11, -858.36)),
    (-12.0, (2.70, 12.17, -431.69, -1899.83)), (-18.0, (13.84, 262.72, 1447.42, 2797.93)),
)  # fmt: skip


def overcast(environment: Environment) -> float:
    """Cloud cover that the sky shows: rain and snow need clouds."""
    wet = 0.93 if environment.rain_mmph > 0 or environment.snow_mmph > 0 else 0.0
    return float(np.clip(max(environment.cloud_cover, wet), 0.0, 1.0))


def air_mass(elevation_rad: float) -> float:
    """Optical air mass: 1 at the zenith, about 38 at the horizon."""
    degrees = max(float(np.rad2deg(elevation_rad)), 0.0)
    return float(1.0 / (np.sin(np.deg2rad(degrees)) + 0.50572 * (degrees + 6.07995) ** -1.6364))


def clear_beam_lx(elevation_rad: float) -> float:
    """Illuminance of a surface that faces the sun through a clear sky, from the sun alone; 0 once it has set."""
    risen = float(np.clip((np.rad2deg(elevation_rad) + 0.8) / 0.8, 0.0, 1.0))
    return risen * _OUTSIDE_LX * float(np.exp(-_CLEAR_EXTINCTION * air_mass(elevation_rad)))


def clouds_pass(environment: Environment) -> float:
    """Share of the sun's beam that clouds let through: a sun between clouds shines, an overcast sky hides it."""
    cover = overcast(environment)
    return float(np.clip(1.0 - 1.02 * cover**1.8, 0.0, 1.0))


def beam_lx(environment: Environment) -> float:
    """Illuminance of a surface that faces the sun, from the sun alone, behind the clouds and fog there are."""
    path = FOG_HEIGHT_M / max(np.sin(environment.sun_elevation_rad), 0.1)
    through = np.exp(-extinction_per_m(environment) * path)
    return clear_beam_lx(environment.sun_elevation_rad) * clouds_pass(environment) * float(through)


def twilight_lx(elevation_rad: float) -> float:
    """Illuminance of a level surface while the sun is below the horizon; 0 from 18 degrees below."""
    degrees = min(float(np.rad2deg(elevation_rad)), 0.0)
    for low, polynomial in _TWILIGHT:
        if degrees >= low:
            x = degrees / 90.0
            return float(10.0 ** sum(factor * x**power for power, factor in enumerate(polynomial)))
    return 0.0


def sky_lx(environment: Environment) -> float:
    """Illuminance of a level surface from the sky: blue, clouds, twilight, stars, the glow of lit streets."""
    cover = overcast(environment)
    sine = max(float(np.sin(environment.sun_elevation_rad)), 0.0)
    kinds = (800.0 + 15_500.0 * np.sqrt(sine), 300.0 + 45_000.0 * sine, 300.0 + 21_000.0 * sine)
    day = float(np.interp(cover, (0.0, 0.5, 1.0), kinds))
    if environment.sun_elevation_rad < 0.0:
        day *= twilight_lx(environment.sun_elevation_rad) / twilight_lx(0.0)
    # Thick rain clouds: half of the light at 20 mm/h.
    thick = 1.0 / (1.0 + (environment.rain_mmph + 5.0 * environment.snow_mmph) / 20.0)
    stars = STARS_LX * (1.0 - 0.9 * cover)
    glow = SKYGLOW_LX * (1.0 + 4.0 * cover) if environment.street_lights else 0.0
    return day * thick + stars + glow


def horizontal_lx(environment: Environment) -> float:
    """Illuminance of a level surface in the open: sun and sky, without any lamp."""
    sine = max(float(np.sin(environment.sun_elevation_rad)), 0.0)
    return beam_lx(environment) * sine + sky_lx(environment)


def lamp_lx(
    color: Float[np.ndarray, "L 3"], position_m: Float[np.ndarray, "L 3"], direction: Float[np.ndarray, "L 3"],
    cos_cone: Float[np.ndarray, "L"], point_m: Float[np.ndarray, "P 3"],
) -> Float[np.ndarray, "P"]:  # fmt: skip
    """Illuminance of level surfaces from street lamps (`scene.Lamps`), nothing in between, lit.

    The distribution is that of the tracer: full inside the cone, cut off beyond it.
    """
    if not len(color):
        return np.zeros(len(point_m))
    away = position_m[None] - point_m[:, None]
    square = np.maximum(np.sum(away * away, axis=-1), 1e-4)
    unit = away / np.sqrt(square)[..., None]
    cosine = -np.sum(unit * direction[None], axis=-1)
    share = np.clip((cosine - (cos_cone - 0.05)) / 0.30, 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    candela = (color @ LUMA) * WHITE_LX
    return np.sum(candela[None] * share * np.maximum(unit[..., 2], 0.0) / square, axis=-1)
