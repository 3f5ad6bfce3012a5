"""The smooth part of the sky as a table of radiances: clear, overcast, twilight, and the blend between them.

Clear: A. J. Preetham, P. Shirley, B. Smits, A Practical Analytic Model for Daylight, SIGGRAPH 1999, appendix A.2
(Perez's distribution of luminance and chromaticity by turbidity). Overcast: the CIE standard overcast sky
(Moon and Spencer, 1942): L = Lz (1 + 2 sin h) / 3. Twilight: bands of colour by the sun's depth, ours.
Each is scaled so that it gives a level surface the illuminance that `photometry` says.

Directions lie on a square: with p = (x, y) / (|x| + |y| + z), u = p_x + p_y and v = p_x - p_y run from -1 to 1, the
horizon along the border; node (i, j) of the table is at u = -1 + 2 i / (`SIDE` - 1), v likewise.
"""

import numpy as np
from jaxtyping import Float

from driving_data.environment import Environment
from generators.raytrace import photometry
from generators.raytrace.sky_kernels import SIDE

LOW_SUN_RAD, HIGH_SUN_RAD = float(np.deg2rad(0.5)), float(np.deg2rad(7.0))
_XYZ_TO_RGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
# Perez's A to E for luminance, x and y: factor on turbidity, then constant.
_PEREZ = np.array([
    [[0.1787, -1.4630], [-0.3554, 0.4275], [-0.0227, 5.3251], [0.1206, -2.5771], [-0.0670, 0.3703]],
    [[-0.0193, -0.2592], [-0.0665, 0.0008], [-0.0004, 0.2125], [-0.0641, -0.8989], [-0.0033, 0.0452]],
    [[-0.0167, -0.2608], [-0.0950, 0.0092], [-0.0079, 0.2102], [-0.0441, -1.6537], [-0.0109, 0.0529]],
])  # fmt: skip
# Chromaticity at the zenith: rows for T^2, T, 1; columns for theta^3, theta^2, theta, 1.
_ZENITH_X = np.array([
    [0.00166, -0.00375, 0.00209, 0.0], [-0.02903, 0.06377, -0.03202, 0.00394], [0.11693, -0.21196, 0.06052, 0.25886],
])  # fmt: skip
_ZENITH_Y = np.array([
    [0.00275, -0.00610, 0.00317, 0.0], [-0.04214, 0.08970, -0.04153, 0.00516], [0.15346, -0.26756, 0.06670, 0.26688],
])  # fmt: skip
_DUSK_DEG = (-18.0, -12.0, -6.0, -3.0, 0.0, 4.0)
_DUSK_ZENITH = np.array(
    [[0.8, 0.9, 1.15], [0.5, 0.75, 1.6], [0.42, 0.7, 1.7], [0.5, 0.75, 1.5], [0.55, 0.8, 1.4], [0.6, 0.85, 1.35]]
)
_DUSK_HORIZON = np.array(
    [[1.0, 1.0, 1.0], [1.4, 0.95, 0.8], [1.9, 0.9, 0.55], [2.2, 0.95, 0.45], [1.9, 1.0, 0.6], [1.5, 1.05, 0.75]]
)
_GREY = np.array([0.95, 1.0, 1.06])


def turbidity(environment: Environment) -> float:
    """Preetham's turbidity: 2 in very clear air, 2.3 at 20 km of visibility, 8 in thick haze."""
    return float(np.clip(1.6 + 14_000.0 / environment.fog_visibility_m, 2.0, 8.0))


def directions() -> Float[np.ndarray, "N N 3"]:
    """Unit directions of the table's nodes."""
    u, v = np.meshgrid(np.linspace(-1.0, 1.0, SIDE), np.linspace(-1.0, 1.0, SIDE), indexing="ij")
    x, y = 0.5 * (u + v), 0.5 * (u - v)
    towards = np.stack([x, y, np.maximum(1.0 - np.abs(x) - np.abs(y), 0.0)], axis=-1)
    return towards / np.linalg.norm(towards, axis=-1, keepdims=True)


def solid_angles(towards: Float[np.ndarray, "N N 3"]) -> Float[np.ndarray, "N N"]:
    """What each node stands for, in steradian: 2 pi in all."""
    x, y, z = np.moveaxis(towards, -1, 0)
    # On the plane |x| + |y| + z = 1 a unit of (u, v) covers half a unit of (x, y); its solid angle grows with r^-3.
    weight = (np.abs(x) + np.abs(y) + z) ** 3
    border = np.ones(SIDE)
    border[[0, -1]] = 0.5
    weight = weight * border[:, None] * border[None, :]
    return weight * (2.0 * np.pi / weight.sum())


def horizontal(dome: Float[np.ndarray, "N N 3"]) -> Float[np.ndarray, "3"]:
    """Irradiance over pi of a level surface: the radiance that a white one shows."""
    towards = directions()
    weight = solid_angles(towards) * towards[..., 2]
    return np.asarray((dome * weight[..., None]).sum(axis=(0, 1)) / weight.sum())


def clear_sky(towards: Float[np.ndarray, "N N 3"], sun: Float[np.ndarray, "3"], haze: float) -> np.ndarray:
    """Preetham's sky in linear RGB, relative to the luminance at the zenith; the sun at least 4 degrees up."""
    theta_sun = min(float(np.arccos(np.clip(sun[2], -1.0, 1.0))), float(np.deg2rad(86.0)))
    flat = np.hypot(sun[0], sun[1])
    lifted = np.array([*(np.sin(theta_sun) * sun[:2] / max(flat, 1e-9)), np.cos(theta_sun)])
    cosine = np.clip(towards @ lifted, -1.0, 1.0)
    gamma, up = np.arccos(cosine), np.maximum(towards[..., 2], 0.02)
    powers = theta_sun ** np.array([3.0, 2.0, 1.0, 0.0])
    rows = np.array([haze * haze, haze, 1.0])
    zenith = (1.0, float(rows @ _ZENITH_X @ powers), float(rows @ _ZENITH_Y @ powers))
    values: list[np.ndarray] = []
    for coefficients, at_zenith in zip(_PEREZ, zenith, strict=True):
        a, b, c, d, e = coefficients[:, 0] * haze + coefficients[:, 1]
        here = (1.0 + a * np.exp(b / up)) * (1.0 + c * np.exp(d * gamma) + e * cosine**2)
        there = (1.0 + a * np.exp(b)) * (1.0 + c * np.exp(d * theta_sun) + e * np.cos(theta_sun) ** 2)
        values.append(at_zenith * here / there)
    luminance, x, y = values
    xyz = np.stack([x / y, np.ones_like(x), (1.0 - x - y) / y], axis=-1) * np.maximum(luminance, 1e-6)[..., None]
    return np.maximum(xyz @ _XYZ_TO_RGB.T, 0.0)


def twilight_sky(towards: Float[np.ndarray, "N N 3"], sun: Float[np.ndarray, "3"], elevation_deg: float) -> np.ndarray:
    """Deep blue above, a warm band where the sun went down and a pale one opposite; relative."""
    zenith, horizon = (
        np.array([np.interp(elevation_deg, _DUSK_DEG, table[:, c]) for c in range(3)])
        for table in (_DUSK_ZENITH, _DUSK_HORIZON)
    )
    flat = max(float(np.hypot(sun[0], sun[1])), 1e-9)
    ahead = (towards[..., :2] @ (sun[:2] / flat)) / np.maximum(np.hypot(towards[..., 0], towards[..., 1]), 1e-9)
    ahead = np.clip(ahead, -1.0, 1.0)
    band = np.exp(-6.0 * towards[..., 2])
    warm = band * (0.25 + 0.75 * (0.5 + 0.5 * ahead) ** 2)
    depth = float(np.clip((elevation_deg + 16.0) / 10.0, 0.0, 1.0))
    bright = 1.0 + depth * (3.5 * band * (0.5 + 0.5 * ahead) ** 3 + 0.4 * band)
    return (zenith + (horizon - zenith) * warm[..., None]) * bright[..., None]


def dome_of(environment: Environment, even: float) -> Float[np.ndarray, "N N 3"]:
    """Radiances of the sky without clouds and sun's disc, relative to a white wall in 100 klx.

    Args:
        environment: weather and light.
        even: share of the overcast sky.
    """
    towards, sun = directions(), environment.sun_direction()
    degrees = float(np.rad2deg(environment.sun_elevation_rad))
    day = float(np.clip((environment.sun_elevation_rad - LOW_SUN_RAD) / (HIGH_SUN_RAD - LOW_SUN_RAD), 0.0, 1.0))
    clear = np.zeros((SIDE, SIDE, 3))
    if day > 0.0:
        clear += day * _scaled(clear_sky(towards, sun, turbidity(environment)))
    if day < 1.0:
        clear += (1.0 - day) * _scaled(twilight_sky(towards, sun, degrees))
    grey = _scaled(((1.0 + 2.0 * towards[..., 2]) / 3.0)[..., None] * _GREY)
    open_lx = photometry.sky_lx(_without_clouds(environment))
    sky = (1.0 - even) * open_lx * clear + even * photometry.sky_lx(environment) * grey
    if environment.street_lights:  # towns light the haze above them
        glow = _scaled(np.exp(-3.0 * towards[..., 2])[..., None] * np.array([1.3, 0.95, 0.7]))
        sky = sky + photometry.SKYGLOW_LX * (1.0 - even) * glow
    return sky / photometry.WHITE_LX


def _scaled(sky: Float[np.ndarray, "N N 3"]) -> Float[np.ndarray, "N N 3"]:
    """The sky scaled to a level illuminance of 1 (as a radiance of white)."""
    return sky / float(horizontal(sky) @ photometry.LUMA)


def _without_clouds(environment: Environment) -> Environment:
    return Environment(environment.sun_elevation_rad, environment.sun_azimuth_rad, cloud_cover=0.0)
