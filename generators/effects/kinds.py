"""The effects that may be laid over a segment, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from driving_data.environment import Environment
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.plain import to_plain
from scenarios.expressions import Expression, TextFault
from scenarios.parse import parse_value
from scenarios.space import sample
from scenarios.units import LENGTH, PRECIPITATION, RATIO, Dimension


@dataclass(frozen=True, slots=True)
class Fog:
    """Fog of a meteorological optical range in metres."""

    visibility_m: float = 120.0


@dataclass(frozen=True, slots=True)
class Rain:
    """Rain in mm/h: streaks, haze, dull light."""

    rate_mmph: float = 8.0


@dataclass(frozen=True, slots=True)
class Snow:
    """Falling snow in mm/h of water; what lies on the ground is not changed."""

    rate_mmph: float = 1.0


@dataclass(frozen=True, slots=True)
class Night:
    """The light of a day turned into night.

    Attributes:
        darkness: how many stops of daylight are left away.
        beam: strength of the ego's low beam, 1 as built.
        noise: factor on the sensor noise of a dark picture.
    """

    darkness: float = 5.0
    beam: float = 1.0
    noise: float = 1.0


@dataclass(frozen=True, slots=True)
class Exposure:
    """Brighter or darker by stops, in linear light, clipped at white."""

    ev: float = 0.0


@dataclass(frozen=True, slots=True)
class WhiteBalance:
    """Gains of red and blue."""

    red: float = 1.0
    blue: float = 1.0


@dataclass(frozen=True, slots=True)
class Blur:
    """Defocus: standard deviation in pixels."""

    sigma_px: float = 1.0


@dataclass(frozen=True, slots=True)
class Jpeg:
    """Compression at a quality of 1 to 95."""

    quality: float = 60.0


Effect = Fog | Rain | Snow | Night | Exposure | WhiteBalance | Blur | Jpeg

_KINDS: Mapping[str, type[Effect]] = {
    "fog": Fog, "rain": Rain, "snow": Snow, "night": Night, "exposure": Exposure, "white_balance": WhiteBalance,
    "blur": Blur, "jpeg": Jpeg,
}  # fmt: skip
PARAMETERS: Mapping[str, tuple[str, Dimension]] = {
    "fog.visibility": ("visibility_m", LENGTH),
    "rain.rate": ("rate_mmph", PRECIPITATION),
    "snow.rate": ("rate_mmph", PRECIPITATION),
    "night.darkness": ("darkness", RATIO),
    "night.beam": ("beam", RATIO),
    "night.noise": ("noise", RATIO),
    "exposure.ev": ("ev", RATIO),
    "white_balance.red": ("red", RATIO),
    "white_balance.blue": ("blue", RATIO),
    "blur.sigma_px": ("sigma_px", RATIO),
    "jpeg.quality": ("quality", RATIO),
}
READY: Mapping[str, Mapping[str, str]] = {
    "fog": {"fog.visibility": "40 m..250 m"},
    "rain": {"rain.rate": "loguniform(2 mm/h, 40 mm/h)", "exposure.ev": "-0.5..0.0"},
    "snow": {"snow.rate": "loguniform(0.4 mm/h, 2.5 mm/h)"},
    "night": {"night.darkness": "4.0..5.5", "night.beam": "0.7..1.4", "night.noise": "0.7..1.6"},
    "camera": {
        "exposure.ev": "-1.0..1.0",
        "white_balance.red": "0.85..1.15",
        "white_balance.blue": "0.85..1.15",
        "blur.sigma_px": "0.3..1.5",
        "jpeg.quality": "40.0..85.0",
    },
}


def draw_effects(space: str | Mapping[str, str], seed: int, index: int) -> tuple[Effect, ...]:
    """Effects drawn from a ready space ('fog', 'rain', 'snow', 'night', 'camera') or from written distributions.

    Effects come in the order of light: night, then weather, then the camera.

    Raises:
        InputError: with a fault for every entry that is wrong.
    """
    if isinstance(space, str) and space not in READY:
        raise InputError([_fault("", "unknown-name", repr(space), f"one of {', '.join(READY)}",
                                 nearest_name(space, READY))])  # fmt: skip
    written = READY[space] if isinstance(space, str) else space
    faults: list[Fault] = []
    fields: dict[str, dict[str, float]] = {}
    for key, text in written.items():
        value = _drawn(key, str(text), seed, index)
        if isinstance(value, Fault):
            faults.append(value)
        else:
            fields.setdefault(key.partition(".")[0], {})[PARAMETERS[key][0]] = value
    if faults:
        raise InputError(faults)
    order = ("night", "fog", "rain", "snow", "exposure", "white_balance", "blur", "jpeg")
    return tuple(_KINDS[name](**fields[name]) for name in order if name in fields)


def _drawn(key: str, text: str, seed: int, index: int) -> float | Fault:
    if key not in PARAMETERS:
        return _fault(key, "unknown-name", repr(key), f"one of {', '.join(PARAMETERS)}", nearest_name(key, PARAMETERS))
    try:
        value = parse_value(text, PARAMETERS[key][1])
    except TextFault as fault:
        return _fault(key, fault.code, fault.found, fault.expected, fault.nearest)
    if isinstance(value, Expression):
        return _fault(key, "not-a-distribution", text, "a distribution without other parameters", None)
    return float(sample(value, seed, index, f"effects.{key}"))


def _fault(key: str, code: str, found: str, expected: str, nearest: str | None) -> Fault:
    return Fault("", 0, 0, f"effects.{key}" if key else "effects", code, found, expected, nearest)


def effect_draws(effects: Sequence[Effect]) -> dict[str, Any]:
    """Every number of the effects by name, for provenance."""
    names = {kind: name for name, kind in _KINDS.items()}
    return {
        f"{names[type(effect)]}.{field}": value
        for effect in effects
        for field, value in to_plain(effect).items()
        if field != "type"
    }


def changed_environment(environment: Environment, effects: Sequence[Effect]) -> Environment:
    """Weather and light as the effects show them."""
    for effect in effects:
        if isinstance(effect, Fog):
            nearer = min(environment.fog_visibility_m, effect.visibility_m)
            environment = replace(environment, fog_visibility_m=nearer)
        elif isinstance(effect, Rain):
            cloudy = max(environment.cloud_cover, 0.9)
            environment = replace(environment, rain_mmph=environment.rain_mmph + effect.rate_mmph, cloud_cover=cloudy)
        elif isinstance(effect, Snow):
            cloudy = max(environment.cloud_cover, 0.9)
            environment = replace(environment, snow_mmph=environment.snow_mmph + effect.rate_mmph, cloud_cover=cloudy)
        elif isinstance(effect, Night):
            environment = replace(environment, sun_elevation_rad=min(environment.sun_elevation_rad, -0.35))
    return environment
