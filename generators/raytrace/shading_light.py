"""Sun, sky and air of an environment, as the rows that the shading kernels take, and which lamps glow.

Radiances are relative to a white wall in 100 klx (`photometry.WHITE_LX`), so that a clear sky is near 0.15, the end
of civil twilight near 1e-5 and a lit street at night near 2e-5; the camera's exposure makes up the rest.
"""

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

from driving_data.environment import Environment
from driving_data.taxonomy import Light, SignalState
from generators.effects.atmosphere import extinction_per_m
from generators.raytrace import photometry, sky_dome, sky_kernels
from generators.raytrace.photometry import FOG_HEIGHT_M, LUMA, WHITE_LX, overcast
from generators.raytrace.scene import Glow, Lamps, Materials

_SUN_DEG = (0.0, 2.0, 6.0, 12.0, 25.0, 60.0)
_SUN = (
    (0.035, 0.012, 0.002), (0.13, 0.06, 0.018), (0.36, 0.22, 0.1), (0.6, 0.44, 0.27), (0.8, 0.7, 0.55),
    (0.88, 0.82, 0.72),
)  # fmt: skip
SUN_SOLID_ANGLE_SR = 6.8e-5  # a disc 0.533 degrees across
_HALO_FROM_1PM = 2.0e-3


def sun_color(elevation_rad: float) -> Float[np.ndarray, "3"]:
    """Colour of the sun's beam at luminance 1: white when high, orange at the horizon."""
    table = np.array(_SUN)
    degrees = float(np.rad2deg(elevation_rad))
    rgb = np.array([np.interp(degrees, _SUN_DEG, table[:, c]) for c in range(3)])
    return rgb / float(rgb @ LUMA)


def sun_radiance(environment: Environment) -> Float[np.ndarray, "3"]:
    """Radiance of a white wall that faces the sun, from the sun alone, behind the clouds and fog there are."""
    return sun_color(environment.sun_elevation_rad) * photometry.beam_lx(environment) / WHITE_LX


def evenness(environment: Environment) -> float:
    """How much of the sky is one grey sheet: 0 with clouds in the blue, 1 overcast or in fog."""
    fog = float(np.clip(1.0 - environment.fog_visibility_m / 1500.0, 0.0, 1.0))
    return max(float(np.clip((overcast(environment) - 0.7) / 0.3, 0.0, 1.0)) ** 2, 0.9 * fog)


def sky_row(environment: Environment, seed: int) -> Float32[np.ndarray, "P"]:
    """Parameters of the sky and its table (`sky_kernels`); the clouds' places come from the seed."""
    degrees = float(np.rad2deg(environment.sun_elevation_rad))
    even = evenness(environment)
    level = photometry.sky_lx(environment) / WHITE_LX
    clear = photometry.clear_beam_lx(environment.sun_elevation_rad) / WHITE_LX
    sun = sun_color(environment.sun_elevation_rad) * clear
    low = float(np.clip(1.0 - abs(degrees - 1.0) / 9.0, 0.0, 1.0))
    lit = 0.33 * sun + level * (np.array([1.25, 1.2, 1.15]) + low * np.array([1.1, 0.35, 0.1]))
    shade = level * np.array([0.62, 0.66, 0.74])
    glow = sun * 1.2 + level * low * np.array([1.6, 0.8, 0.3])
    stars = 2e-5 * float(np.clip(-(degrees + 7.0) / 5.0, 0.0, 1.0))
    rng = np.random.Generator(np.random.Philox(key=[seed % 2**64, 0x5C1]))
    offset = rng.uniform(-50.0, 50.0, 2)
    disc = sun * np.pi / SUN_SOLID_ANGLE_SR
    ground = 0.14 * (sun * max(np.sin(environment.sun_elevation_rad), 0.0) + level)
    dome = sky_dome.dome_of(environment, even)
    row = np.concatenate(
        [environment.sun_direction(), [overcast(environment)], lit, shade, [stars], offset, [even], disc, ground, glow,
         dome.ravel()]
    )  # fmt: skip
    return np.ascontiguousarray(row, dtype=np.float32)


def uniform_sky(radiance: float) -> Float32[np.ndarray, "P"]:
    """A sky of the same radiance everywhere, without sun, clouds and stars: for tests of energy."""
    row = np.full(sky_kernels.SKY, radiance, dtype=np.float32)
    row[: sky_kernels.PARAMETERS] = 0.0
    row[2], row[13], row[17:20] = -1.0, 1.0, radiance
    return row


def dome_in(sky: Float32[np.ndarray, "P"]) -> Float[np.ndarray, "N N 3"]:
    """The table of a row of the sky."""
    side = sky_kernels.SIDE
    return sky[sky_kernels.PARAMETERS :].reshape(side, side, 3).astype(np.float64)


def light_row(
    environment: Environment,
    sky: Float32[np.ndarray, "P"],
    lamps: Lamps,
    lamps_lit: bool,
    viewer_m: "Float[np.ndarray, '3'] | None" = None,
) -> Float32[np.ndarray, "25"]:
    """Sun, ambient light and air (`shading_kernels`); `viewer_m` relative to the tracer's origin."""
    dome = dome_in(sky)
    above = sky_dome.horizontal(dome)
    # Between clouds: the light of the whole sky, blue and white, as the tables of daylight have it.
    clouds = (0.33 * sky[4:7] + 0.67 * sky[7:10]).astype(np.float64)
    cover = overcast(environment) * (1.0 - float(sky[13]))
    tint = above * (1.0 - cover) + clouds * (cover * float(above @ LUMA) / max(float(clouds @ LUMA), 1e-12))
    above = tint * (photometry.sky_lx(environment) / WHITE_LX / max(float(tint @ LUMA), 1e-12))
    around = _ring(dome)
    sun = sun_radiance(environment)
    sine = max(float(np.sin(environment.sun_elevation_rad)), 0.0)
    below = 0.18 * (sun * sine + above)
    beta = extinction_per_m(environment)
    air = around + 0.25 * sun * sine
    halo = 0.0
    if beta > _HALO_FROM_1PM and photometry.sky_lx(environment) < 300.0:
        halo = beta
        if lamps_lit and len(lamps.color):
            air = air + lamps.color.mean(axis=0) / 1500.0 * min(1.0, 40.0 * beta)
    up = 1.0 if float(sun.max()) > 2e-4 else 0.0
    place = np.zeros(3) if viewer_m is None else viewer_m
    row = np.concatenate(
        [environment.sun_direction(), sun, above, below, 0.25 * (around - around.min()), [beta], air,
         [FOG_HEIGHT_M, up, halo], place]
    )  # fmt: skip
    return np.ascontiguousarray(row, dtype=np.float32)


def _ring(dome: Float[np.ndarray, "N N 3"]) -> Float[np.ndarray, "3"]:
    """Mean radiance of the sky at the horizon."""
    border = np.concatenate([dome[0], dome[-1], dome[1:-1, 0], dome[1:-1, -1]])
    return np.asarray(border.mean(axis=0))


def lamps_are_lit(environment: Environment) -> bool:
    """Whether street lamps and windows burn."""
    return bool(environment.street_lights) or environment.sun_elevation_rad < 0.0


def glow_table(
    materials: Materials,
    lights: UInt8[np.ndarray, "I"],
    signal_state: Int[np.ndarray, "S"],
    timestamp_ns: int,
    night: bool,
) -> Float32[np.ndarray, "rows M"]:
    """Brightness of each material's glow on the street (row 0) and on each instance (the rest).

    Indicators blink at 1.5 Hz, warning lamps at 2 Hz (the two sides in turn), lamps of work zones at 1 Hz with the
    clock.
    """
    blink, fast = _blinks(timestamp_ns, 1.5), _blinks(timestamp_ns, 2.0)
    bits = np.concatenate([[0], lights]).astype(np.int64)[:, None]
    beam = (bits & (Light.LOW_BEAM | Light.HIGH_BEAM)) > 0
    state = np.full(len(materials.signal), SignalState.OFF, dtype=np.int64)
    known = (materials.signal >= 0) & (materials.signal < len(signal_state))
    state[known] = signal_state[materials.signal[known]]
    signals = {
        Glow.SIGNAL_RED: _shows(state, (SignalState.RED, SignalState.RED_YELLOW), SignalState.FLASHING_RED, blink),
        Glow.SIGNAL_YELLOW: _shows(
            state, (SignalState.YELLOW, SignalState.RED_YELLOW), SignalState.FLASHING_YELLOW, blink
        ),
        Glow.SIGNAL_GREEN: _shows(state, (SignalState.GREEN,), SignalState.UNKNOWN, False),
    }
    levels: dict[Glow, np.ndarray | float] = {
        Glow.ALWAYS: 1.0,
        Glow.NIGHT: float(night),
        Glow.LOW_BEAM: beam.astype(np.float64),
        Glow.BRAKE: ((bits & Light.BRAKE) > 0).astype(np.float64),
        Glow.LEFT_INDICATOR: ((bits & Light.LEFT_INDICATOR) > 0) * blink,
        Glow.RIGHT_INDICATOR: ((bits & Light.RIGHT_INDICATOR) > 0) * blink,
        Glow.EMERGENCY: ((bits & Light.EMERGENCY) > 0) * (0.25 + 0.75 * fast),
        Glow.EMERGENCY_AFTER: ((bits & Light.EMERGENCY) > 0) * (0.25 + 0.75 * (not fast)),
        Glow.REVERSE: ((bits & Light.REVERSE) > 0).astype(np.float64),
        Glow.FLASHING: float(_blinks(timestamp_ns, 1.0)),
        **signals,
    }
    table = np.zeros((len(bits), len(materials.glow)))
    for glow, level in levels.items():
        column = np.broadcast_to(np.asarray(level, dtype=np.float64), (len(bits), len(materials.glow)))
        table = np.where(materials.glow[None] == glow, column, table)
    return np.ascontiguousarray(table, dtype=np.float32)


def _blinks(timestamp_ns: int, rate_hz: float) -> bool:
    return int(timestamp_ns * 2e-9 * rate_hz) % 2 == 0


def _shows(state: np.ndarray, steady: tuple[SignalState, ...], flashing: SignalState, blink: bool) -> np.ndarray:
    return (np.isin(state, steady) | ((state == flashing) & blink)).astype(np.float64)
