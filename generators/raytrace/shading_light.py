"""Sun, sky, air and lamps of an environment, as the rows that the shading kernels take.

Radiances are relative to a white wall in full sun (about 32 000 cd/m2), so that a clear sky is near 0.15, the end of
civil twilight near 3e-5 and a lit street at night a little above that; the camera's exposure makes up the rest.
"""

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.taxonomy import Light, SignalState
from generators.effects.atmosphere import extinction_per_m
from generators.raytrace import shading_kernels, sky_kernels
from generators.raytrace.scene import Glow, Lamps, Materials

_ELEVATION_DEG = (-18.0, -12.0, -6.0, -2.0, 1.0, 4.0, 8.0, 20.0, 60.0)
_SKY_LOG10 = (-5.4, -5.1, -4.0, -2.7, -1.95, -1.45, -1.1, -0.8, -0.68)
_ZENITH = (
    (0.55, 0.62, 0.95), (0.45, 0.58, 1.0), (0.32, 0.48, 0.95), (0.36, 0.52, 0.95), (0.42, 0.58, 0.95),
    (0.44, 0.62, 1.0), (0.42, 0.64, 1.08), (0.36, 0.6, 1.12), (0.3, 0.55, 1.15),
)  # fmt: skip
_HORIZON = (
    (1.25, 1.0, 0.75), (1.0, 0.85, 0.8), (0.95, 0.75, 0.75), (1.3, 0.9, 0.68), (1.5, 1.0, 0.66),
    (1.4, 1.05, 0.78), (1.25, 1.1, 0.95), (1.15, 1.2, 1.25), (1.05, 1.15, 1.25),
)  # fmt: skip
_SUN_DEG = (-0.9, 0.0, 2.0, 6.0, 12.0, 25.0, 60.0)
_SUN = (
    (0.0, 0.0, 0.0), (0.035, 0.012, 0.002), (0.13, 0.06, 0.018), (0.36, 0.22, 0.1), (0.6, 0.44, 0.27),
    (0.8, 0.7, 0.55), (0.88, 0.82, 0.72),
)  # fmt: skip
_LOW_BEAM = np.array([0.26, 0.25, 0.22])
_LAMP_REACH_M, _OWN_BEAM_M, _OTHER_BEAM_M = 32.0, 90.0, 40.0
_MAX_LAMPS = 14
_MAX_BEAMS = 6
_FOG_HEIGHT_M = 120.0


def _blend(elevation_deg: float, knots: tuple[float, ...], rows: tuple[tuple[float, ...], ...]) -> np.ndarray:
    table = np.array(rows)
    return np.array([np.interp(elevation_deg, knots, table[:, c]) for c in range(3)])


def overcast(environment: Environment) -> float:
    """Cloud cover that the sky shows: rain and snow need clouds."""
    wet = 0.93 if environment.rain_mmph > 0 or environment.snow_mmph > 0 else 0.0
    return float(np.clip(max(environment.cloud_cover, wet), 0.0, 1.0))


def sun_radiance(environment: Environment) -> Float[np.ndarray, "3"]:
    """Radiance of a white wall that faces the sun, from the sun alone, behind the clouds and fog there are."""
    elevation = np.rad2deg(environment.sun_elevation_rad)
    clouds = max(0.0, 1.0 - overcast(environment) ** 1.8 * 1.02)
    path = _FOG_HEIGHT_M / max(np.sin(environment.sun_elevation_rad), 0.1)
    return _blend(elevation, _SUN_DEG, _SUN) * clouds * np.exp(-extinction_per_m(environment) * path)


def sky_row(environment: Environment, seed: int) -> Float32[np.ndarray, "29"]:
    """Parameters of the sky (`sky_kernels`); the clouds' places come from the seed."""
    elevation = float(np.rad2deg(environment.sun_elevation_rad))
    level = 10.0 ** np.interp(elevation, _ELEVATION_DEG, _SKY_LOG10)
    cover = overcast(environment)
    fog = float(np.clip(1.0 - environment.fog_visibility_m / 1500.0, 0.0, 1.0))
    even = float(np.clip((cover - 0.7) / 0.3, 0.0, 1.0)) ** 2
    even = max(even, 0.9 * fog)
    grey = np.array([0.95, 1.0, 1.06]) * (1.0 - 0.25 * (cover > 0.9) * (environment.rain_mmph > 4))
    chroma_horizon = _blend(elevation, _ELEVATION_DEG, _HORIZON)
    horizon = level * (chroma_horizon * (1.0 - even) + grey * chroma_horizon.mean() * even)
    zenith = level * _blend(elevation, _ELEVATION_DEG, _ZENITH)
    sun = _blend(elevation, _SUN_DEG, _SUN)
    low = float(np.clip(1.0 - abs(elevation - 1.0) / 9.0, 0.0, 1.0))
    glow = level * np.array([1.6, 0.8, 0.3]) * low + 0.12 * sun + level * 0.25
    lit = 0.33 * sun + level * (np.array([1.5, 1.45, 1.4]) + low * np.array([0.9, 0.3, 0.1]))
    shade = level * np.array([0.75, 0.78, 0.86])
    stars = 3e-4 * float(np.clip(-(elevation + 7.0) / 5.0, 0.0, 1.0))
    rng = np.random.Generator(np.random.Philox(key=[seed % 2**64, 0x5C1]))
    disc = 30.0 * sun * (1.0 if elevation > -1.0 else 0.0)
    ground = 0.14 * (sun * max(np.sin(environment.sun_elevation_rad), 0.0) + level)
    row = np.concatenate(
        [environment.sun_direction(), zenith, horizon, glow, disc, [cover], lit, shade, [stars],
         rng.uniform(-50.0, 50.0, 2), [even], ground]
    )  # fmt: skip
    return np.ascontiguousarray(row, dtype=np.float32)


def _sky_means(sky: Float32[np.ndarray, "29"]) -> tuple[np.ndarray, np.ndarray]:
    """Cosine-weighted mean of the upper sky, and mean of a ring just above the horizon (both smooth parts)."""
    azimuth = 2 * np.pi * (np.arange(24) + 0.5) / 24
    rings: list[np.ndarray] = []
    for sine in (0.02, *np.sqrt((np.arange(5) + 0.5) / 5)):
        flat = np.sqrt(1 - sine * sine)
        rings.append(np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.full(24, sine)], axis=-1))
    directions = np.concatenate(rings).astype(np.float32)
    out = np.empty_like(directions)
    sky_kernels.sky_radiance(directions, sky, 0.0, out)
    return out[24:].mean(axis=0).astype(np.float64), out[:24].mean(axis=0).astype(np.float64)


def light_row(
    environment: Environment, sky: Float32[np.ndarray, "29"], lamps: Lamps, lamps_lit: bool
) -> Float32[np.ndarray, "21"]:
    """Sun, ambient light and air (`shading_kernels`)."""
    above, around = _sky_means(sky)
    sun = sun_radiance(environment)
    sine = max(float(np.sin(environment.sun_elevation_rad)), 0.0)
    from_clouds = (0.33 * sky[16:19] + 0.67 * sky[19:22]).astype(np.float64)
    cover = overcast(environment) * (1.0 - float(sky[25]))
    above = above * (1.0 - 0.5 * cover) + 0.5 * cover * from_clouds
    above = 1.25 * (0.7 * above + 0.3 * above.mean())
    below = 0.18 * (sun * sine + above)
    beta = extinction_per_m(environment)
    air = around + 0.25 * sun * sine
    if lamps_lit and len(lamps.color):
        air = air + lamps.color.mean(axis=0) / 600.0 * min(1.0, 40.0 * beta)
    up = 1.0 if float(sun.max()) > 2e-4 else 0.0
    row = np.concatenate(
        [
            environment.sun_direction(),
            sun,
            above,
            below,
            0.25 * (around - around.min()),
            [beta],
            air,
            [_FOG_HEIGHT_M, up],
        ]
    )
    return np.ascontiguousarray(row, dtype=np.float32)


def lamps_are_lit(environment: Environment) -> bool:
    """Whether street lamps and windows burn."""
    return bool(environment.street_lights) or environment.sun_elevation_rad < 0.0


def lamp_rows(
    lamps: Lamps,
    lit: bool,
    beams: list[tuple[SE3, float]],
    viewer_m: Float[np.ndarray, "3"],
    origin_m: Float[np.ndarray, "3"],
) -> Float32[np.ndarray, "L 12"]:
    """The lamps that matter to a viewer: the nearest street lamps, then low beams.

    Args:
        lamps: street lamps.
        lit: whether they burn.
        beams: `world_from_beam` (x forward) and strength of each low beam.
        viewer_m: where the sensor is, in `world`.
        origin_m: the tracer's origin.
    """
    rows: list[np.ndarray] = []
    if lit and len(lamps.position_m):
        distance = np.linalg.norm(lamps.position_m - viewer_m, axis=-1)
        for k in np.argsort(distance, kind="stable")[:_MAX_LAMPS]:
            place = lamps.position_m[k] - origin_m
            rows.append(
                np.concatenate(
                    [place, lamps.direction[k], lamps.color[k], [float(lamps.cos_cone[k]), 0.0, _LAMP_REACH_M]]
                )
            )
    beams = sorted(beams, key=lambda beam: float(np.linalg.norm(beam[0].translation_m - viewer_m)))
    for number, (pose, strength) in enumerate(beams[:_MAX_BEAMS]):
        reach = _OWN_BEAM_M if number < 2 else _OTHER_BEAM_M  # the nearest two are the viewer's own
        forward = pose.rotation[:, 0]
        place = pose.translation_m - origin_m
        rows.append(np.concatenate([place, forward, strength * _LOW_BEAM, [0.0, 1.0, reach]]))
    table = np.array(rows) if rows else np.zeros((0, shading_kernels.LAMP))
    return np.ascontiguousarray(table, dtype=np.float32)


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
