"""How far each look of each sensor may be believed: score = (1 - weather) (1 - light) (1 - fault).

weather  1 - e^(-x), x summed over fog, rain and snow, at a reference distance R = 50 m:
    camera, event camera  beta R                  beta of `atmosphere.extinction_per_m`; haze beyond 10 km is no loss
    thermal camera        0.5 beta_fog R + beta_rain R + beta_snow R   (fog hides less at 10 um; the half is chosen)
    lidar                 2 alpha R               there and back, alpha of `atmosphere.lidar_extinction_per_m`
    radar                 rain only: the share of its range that it loses, 1 - 10^(-dB / 40) (R^4 law), where
                          dB = 2 x 1.1 rate^0.71 per km x 0.1 km (ITU-R P.838-3 between its rows of 70 and 80 GHz);
                          fog, snow, dust and darkness take nothing from it
    ultrasonic            wind: (v / 25 m/s)^2
    odometer              a slippery road: 0.5 (0.5 - mu) / 0.5 below a friction of 0.5
    receiver              0.6 of the share of the horizon that buildings hide; all in a tunnel (`tunnel`, `multipath`)
light    cameras and event cameras only:
    glare     (s - 0.01) / 0.3 from 0 to 1, s the share of the pixels below the sky whose channels all reach 250
    darkness  0.9 (d - 0.1) / 0.8 from 0 to 0.9, d the share of them darker than 1 % of white in linear light; and
              0.3 (6 deg - e) / 12 deg from 0 to 0.3 by the sun's elevation e, with street lights two thirds of that
fault    1 - product of (1 - effect x severity) over the faults that are there; a look that was lost has 1

Each loss grows with what causes it. A cause is named where it takes more than 1 %.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from driving_data.environment import Environment
from driving_data.sensors import CameraFrame, FaultKind, Reliability, Sensor, SensorFault, SensorKind
from driving_data.taxonomy import SemanticClass
from generators.effects.atmosphere import LN_20
from generators.effects.image import LUMA, to_linear

REFERENCE_M, CLEAR_M = 50.0, 10_000.0
EFFECT: Mapping[FaultKind, float] = {
    FaultKind.BLUR: 0.6, FaultKind.DIRT: 0.7, FaultKind.DEAD_PIXELS: 0.2, FaultKind.MISALIGNMENT: 0.6,
    FaultKind.DROPPED_FRAMES: 0.0, FaultKind.TIME_OFFSET: 0.5, FaultKind.EXPOSURE: 0.8, FaultKind.WATER_DROPS: 0.6,
    FaultKind.DEAD_BEAMS: 0.9, FaultKind.INTERFERENCE: 0.5, FaultKind.BLOCKED: 1.0, FaultKind.BIAS: 0.5,
    FaultKind.VIBRATION: 0.4, FaultKind.NOISE: 0.5,
}  # fmt: skip
"""Share of the score that a fault of severity 1 takes. FROZEN and OUTAGE take all at any severity above 0; of
DROPPED_FRAMES only a look that is really lost loses anything."""
_TOTAL = (FaultKind.FROZEN, FaultKind.OUTAGE)
_LENSES = (SensorKind.CAMERA, SensorKind.EVENT)
_NAMED = 0.01
Losses = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What is known of all looks of one sensor.

    Attributes:
        sensor: which.
        times_ns: true times, shape (N,).
        faults: its faults.
        lost: looks that never arrived, shape (N,).
        light: what light took from each look, by time; empty for sensors that need none.
        around: what tunnels and buildings took from each look, N of them; empty for all but receivers.
    """

    sensor: Sensor
    times_ns: Int[np.ndarray, "N"]
    faults: tuple[SensorFault, ...]
    lost: Bool[np.ndarray, "N"]
    light: Mapping[int, Losses]
    around: tuple[Losses, ...] = ()


def reliability(looked: Sequence[Looked], environment: Environment, start_ns: int) -> Reliability:
    """One row per look of each sensor, sensor after sensor."""
    names: list[str] = []
    causes: list[str] = []
    rows: list[tuple[float, float, float]] = []
    for each in looked:
        weather = weather_losses(each.sensor, environment)
        for k, time in enumerate(each.times_ns.tolist()):
            around = each.around[k] if each.around else ()
            parts = (
                (*weather, *around),
                each.light.get(time, ()),
                fault_losses(each.faults, (time - start_ns) * 1e-9, bool(each.lost[k])),
            )
            rows.append((together(parts[0]), together(parts[1]), together(parts[2])))
            names.append(each.sensor.name)
            causes.append(",".join(dict.fromkeys(name for part in parts for name, loss in part if loss > _NAMED)))
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    times = [each.times_ns for each in looked]
    return Reliability(
        sensor=tuple(names),
        timestamp_ns=np.concatenate([*times, np.zeros(0, np.int64)]).astype(np.int64),
        score=np.prod(1.0 - table, axis=-1),
        weather=table[:, 0],
        light=table[:, 1],
        fault=table[:, 2],
        causes=tuple(causes),
    )


def together(losses: Losses) -> float:
    """What several losses take together, each of what the others have left."""
    left = 1.0
    for _, loss in losses:
        left *= 1.0 - loss
    return 1.0 - left


def fault_losses(faults: Sequence[SensorFault], time_s: float, lost: bool) -> Losses:
    """What faults take at a time since the start; of a lost look all, by whatever lost it."""
    there = [fault for fault in faults if fault.active(time_s)]
    losses = [(fault.kind.name.lower(), _effect(fault)) for fault in there]
    if lost:
        losing = [f for f in there if f.kind in (FaultKind.OUTAGE, FaultKind.DROPPED_FRAMES)]
        losses += [(f.kind.name.lower(), 1.0) for f in losing] or [("lost", 1.0)]
    return tuple(losses)


def _effect(fault: SensorFault) -> float:
    if fault.kind in _TOTAL:
        return 1.0 if fault.severity > 0.0 else 0.0
    return EFFECT[fault.kind] * fault.severity


def weather_losses(sensor: Sensor, environment: Environment) -> Losses:
    """What fog, rain, snow and wind take from a sensor."""
    kind = sensor.kind
    if kind is SensorKind.RADAR:
        loss_db = 0.2 * 1.1 * environment.rain_mmph**0.71
        return (("rain", 1.0 - 10.0 ** (-loss_db / 40.0)),)
    if kind is SensorKind.ULTRASONIC:
        return (("wind", 1.0 - float(np.exp(-((environment.wind_mps / 25.0) ** 2)))),)
    if kind is SensorKind.ODOMETRY:
        return (("slippery_road", float(np.clip((0.5 - environment.road_friction) / 0.5, 0.0, 1.0)) * 0.5),)
    if kind in (SensorKind.IMU, SensorKind.GNSS):
        return ()
    fog = max(LN_20 / environment.fog_visibility_m - LN_20 / CLEAR_M, 0.0)
    rain, snow = _rain_per_m(environment, kind), 0.0
    if environment.snow_mmph > 0:
        snow = LN_20 / (1000.0 * environment.snow_mmph**-0.9)
    weights = {SensorKind.LIDAR: (2.0, 2.0, 2.0), SensorKind.THERMAL: (0.5, 1.0, 1.0)}.get(kind, (1.0, 1.0, 1.0))
    way = [weight * beta * REFERENCE_M for weight, beta in zip(weights, (fog, rain, snow), strict=True)]
    return tuple(zip(("fog", "rain", "snow"), [1.0 - float(np.exp(-x)) for x in way], strict=True))


def _rain_per_m(environment: Environment, kind: SensorKind) -> float:
    if environment.rain_mmph <= 0.0:
        return 0.0
    if kind is SensorKind.LIDAR:
        return 0.01 * environment.rain_mmph**0.6
    return LN_20 / (11600.0 * environment.rain_mmph**-0.63)


def light_losses(frame: CameraFrame, environment: Environment) -> Losses:
    """What glare and darkness take from a picture, by its own pixels and by the sun's place."""
    below = np.ones(frame.rgb.shape[:2], dtype=bool) if frame.semantic is None else frame.semantic != SemanticClass.SKY
    night = night_loss(environment)
    if not below.any():
        return (("darkness", night),)
    pixels = frame.rgb[below]
    white = float((pixels >= 250).all(axis=-1).mean())
    dark = float((to_linear(pixels[None])[0] @ LUMA < 0.01).mean())
    unseen = 0.9 * float(np.clip((dark - 0.1) / 0.8, 0.0, 1.0))
    return (
        ("glare", float(np.clip((white - 0.01) / 0.3, 0.0, 1.0))),
        ("darkness", 1.0 - (1.0 - unseen) * (1.0 - night)),
    )


def night_loss(environment: Environment) -> float:
    """What the missing sun takes: noise and narrow sight where head lights do not reach."""
    share = float(np.clip((np.deg2rad(6.0) - environment.sun_elevation_rad) / np.deg2rad(12.0), 0.0, 1.0))
    return 0.3 * share * (2.0 / 3.0 if environment.street_lights else 1.0)


def needs_light(kind: SensorKind) -> bool:
    """Whether darkness and glare matter to a sensor."""
    return kind in _LENSES


def around_losses(hidden: Float[np.ndarray, "N"], below: Bool[np.ndarray, "N"]) -> tuple[Losses, ...]:
    """What buildings and tunnels take from a receiver's fixes."""
    return tuple(
        (("tunnel", 1.0),) if under else (("multipath", 0.6 * float(share)),)
        for share, under in zip(hidden, below, strict=True)
    )
