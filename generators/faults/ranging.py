"""Faults of lidars, radars and ultrasonic sensors: what their returns become.

Lidar. An echo of intensity I at range R behind a window that lets the share t through twice arrives as I t^2; below
the detector's threshold, 0.1 / (2 R_max)^2 of I / R^2, it is lost.
DIRT, WATER_DROPS  patches on the window; BLOCKED a sector of the severity times the full turn is shut
DEAD_BEAMS         the severity times the number of beams, at least one, give nothing
INTERFERENCE       pulses of another lidar: 5 % times the severity of the points again as false ones, at any range, in
                   the directions of real ones, instance 0, class unlabeled
NOISE              range noise of 0.3 m times the severity; BIAS `range_m`, else 0.5 m times the severity
FROZEN             the last sweep from before the fault, where the sensor is now

Radar. BLOCKED weakens all by 30 dB times the severity (mud, ice, a wet bumper), INTERFERENCE lifts the noise by
15 dB times the severity and adds up to twelve false returns along one bearing, NOISE lifts it by 10 dB; a return below
`THRESHOLD_DB` is lost; a radar that states no ratio loses each with the chance 1 - 10^(-dB / 40), as the range at which
it sees a target shrinks (R^4 law). BIAS: `range_m` else 1 m, `range_rate_mps` else 0.5 m/s, times the severity.

Ultrasonic. BLOCKED leaves 1 - severity of each amplitude and rings at the shortest range from a half on; INTERFERENCE
hears up to two tones of others; echoes of amplitude below 1 are lost. MISALIGNMENT is rendered.
"""

from dataclasses import fields, replace
from typing import Any

import numpy as np
from jaxtyping import Bool

from driving_data.sensors import (
    FaultKind,
    LidarModel,
    LidarSweep,
    RadarModel,
    RadarOrigin,
    RadarReturns,
    UltrasonicEchoes,
    UltrasonicModel,
)
from generators.faults.draws import FaultDraws
from generators.faults.soiling import window

DARK_TARGET = 0.1
THRESHOLD_DB = 10.0
LIDAR_NOISE_M, LIDAR_BIAS_M, CROSS_TALK = 0.3, 0.5, 0.05
RADAR_BLOCKED_DB, RADAR_JAMMED_DB, RADAR_NOISE_DB, RADAR_FALSE = 30.0, 15.0, 10.0, 12


def spoiled_sweep(sweep: LidarSweep, before: LidarSweep | None, draws: FaultDraws, model: LidarModel) -> LidarSweep:
    """The sweep with one fault; `before` is the last one that the sensor gave."""
    fault = draws.fault
    severity = fault.severity
    if severity <= 0.0 and not fault.parameters:
        return sweep
    if fault.kind == FaultKind.FROZEN:
        if before is None:
            return sweep
        return replace(before, timestamp_ns=sweep.timestamp_ns, world_from_lidar=sweep.world_from_lidar)
    if fault.kind in (FaultKind.DIRT, FaultKind.WATER_DROPS):
        return _behind_window(sweep, draws, model)
    if fault.kind == FaultKind.BLOCKED:
        middle = draws.still().uniform(-np.pi, np.pi)
        away = np.abs(np.remainder(_azimuth(sweep) - middle + np.pi, 2.0 * np.pi) - np.pi)
        return kept(sweep, away >= np.pi * severity)
    if fault.kind == FaultKind.DEAD_BEAMS:
        beams = len(model.elevation_rad)
        dead = draws.still().permutation(beams)[: max(1, round(severity * beams))]
        return kept(sweep, ~np.isin(sweep.ring, dead))
    if fault.kind == FaultKind.INTERFERENCE:
        return _cross_talk(sweep, draws, model)
    if fault.kind == FaultKind.NOISE:
        return _lengthened(sweep, LIDAR_NOISE_M * severity * draws.now().standard_normal(len(sweep.ring)))
    if fault.kind == FaultKind.BIAS:
        longer = float(fault.parameters.get("range_m", LIDAR_BIAS_M * severity))
        return _lengthened(sweep, np.full(len(sweep.ring), longer))
    return sweep


def kept(returns: Any, keep: Bool[np.ndarray, "n"]) -> Any:
    """The returns of a sweep or a radar that are kept: every array of one row per return is cut alike."""
    count = len(keep)
    cut: dict[str, Any] = {}
    for field in fields(returns):
        value = getattr(returns, field.name)
        if isinstance(value, np.ndarray) and value.shape[:1] == (count,):
            cut[field.name] = value[keep]
    return replace(returns, **cut)


def _azimuth(sweep: LidarSweep) -> np.ndarray:
    return np.arctan2(sweep.points_m[:, 1].astype(np.float64), sweep.points_m[:, 0].astype(np.float64))


def _behind_window(sweep: LidarSweep, draws: FaultDraws, model: LidarModel) -> LidarSweep:
    points = sweep.points_m.astype(np.float64)
    distance = np.maximum(np.linalg.norm(points, axis=-1), 1e-6)
    rise = np.arcsin(np.clip(points[:, 2] / distance, -1.0, 1.0))
    drops = draws.fault.kind == FaultKind.WATER_DROPS
    through = window(_azimuth(sweep), rise, draws.fault.severity, drops, draws.still())
    weaker = sweep.intensity * np.square(through)
    enough = weaker / np.square(distance) >= DARK_TARGET / (2.0 * model.max_range_m) ** 2
    # A clean part of the window loses nothing, however weak its echoes were.
    keep = enough | (through >= 1.0)
    return kept(replace(sweep, intensity=weaker.astype(np.float32)), keep)


def _lengthened(sweep: LidarSweep, longer_m: np.ndarray) -> LidarSweep:
    """Every point farther along its ray; those that would come behind the sensor stay at 1 cm."""
    points = sweep.points_m.astype(np.float64)
    distance = np.maximum(np.linalg.norm(points, axis=-1), 1e-6)
    now = np.maximum(distance + longer_m, 0.01)
    return replace(sweep, points_m=(points * (now / distance)[:, None]).astype(np.float32))


def _cross_talk(sweep: LidarSweep, draws: FaultDraws, model: LidarModel) -> LidarSweep:
    rng, count = draws.now(), len(sweep.ring)
    false = int(rng.binomial(count, CROSS_TALK * draws.fault.severity)) if count else 0
    if false == 0:
        return sweep
    chosen = rng.integers(0, count, false)
    distance = rng.uniform(model.min_range_m, model.max_range_m, false)
    ray = sweep.points_m[chosen].astype(np.float64)
    ray /= np.maximum(np.linalg.norm(ray, axis=-1, keepdims=True), 1e-6)
    made: dict[str, np.ndarray] = {
        "points_m": (ray * distance[:, None]).astype(np.float32),
        "intensity": rng.uniform(0.0, 0.3, false).astype(np.float32),
        "ring": sweep.ring[chosen],
        "offset_ns": sweep.offset_ns[chosen],
    }
    joined: dict[str, Any] = {}
    for field in fields(sweep):
        value = getattr(sweep, field.name)
        if isinstance(value, np.ndarray):
            new = made.get(field.name, np.zeros((false, *value.shape[1:]), value.dtype))
            joined[field.name] = np.concatenate([value, new.astype(value.dtype)])
    return replace(sweep, **joined)


def spoiled_radar(
    returns: RadarReturns, before: RadarReturns | None, draws: FaultDraws, model: RadarModel
) -> RadarReturns:
    """The returns with one fault; `before` are the last ones that the sensor gave."""
    fault = draws.fault
    severity = fault.severity
    if severity <= 0.0 and not fault.parameters:
        return returns
    if fault.kind == FaultKind.FROZEN:
        if before is None:
            return returns
        return replace(before, timestamp_ns=returns.timestamp_ns, world_from_radar=returns.world_from_radar)
    if fault.kind == FaultKind.BLOCKED:
        return _weaker(returns, RADAR_BLOCKED_DB * severity, draws)
    if fault.kind == FaultKind.NOISE:
        return _weaker(returns, RADAR_NOISE_DB * severity, draws)
    if fault.kind == FaultKind.INTERFERENCE:
        return _with_false_returns(_weaker(returns, RADAR_JAMMED_DB * severity, draws), draws, model)
    if fault.kind == FaultKind.BIAS:
        distance = np.maximum(np.linalg.norm(returns.position_m, axis=-1, keepdims=True), 1e-6)
        longer = float(fault.parameters.get("range_m", severity))
        faster = float(fault.parameters.get("range_rate_mps", 0.5 * severity))
        return replace(
            returns,
            position_m=returns.position_m * np.maximum(distance + longer, 0.01) / distance,
            range_rate_mps=returns.range_rate_mps + faster,
        )
    return returns


def _weaker(returns: RadarReturns, loss_db: float, draws: FaultDraws) -> RadarReturns:
    if returns.snr_db is None:
        luck = draws.now("luck").random(len(returns.range_rate_mps))
        return kept(returns, luck >= 1.0 - 10.0 ** (-loss_db / 40.0))
    ratio = returns.snr_db - loss_db
    return kept(replace(returns, snr_db=ratio), (ratio >= THRESHOLD_DB) | (loss_db <= 0.0))


def _with_false_returns(returns: RadarReturns, draws: FaultDraws, model: RadarModel) -> RadarReturns:
    """Another radar's chirps: a spoke of false returns towards it, with any range rate."""
    rng = draws.now()
    bearing = draws.still().uniform(-0.5, 0.5) * model.horizontal_fov_rad
    false = round(RADAR_FALSE * draws.fault.severity)
    distance = rng.uniform(2.0, model.max_range_m, false)
    turn = bearing + 0.5 * model.azimuth_resolution_rad * rng.standard_normal(false)
    new: dict[str, np.ndarray] = {
        "position_m": np.stack([distance * np.cos(turn), distance * np.sin(turn), np.zeros(false)], axis=-1),
        "range_rate_mps": rng.uniform(-model.max_speed_mps, model.max_speed_mps, false),
        "track_id": np.full(false, -1, np.int64),
        "rcs_dbsm": rng.uniform(-10.0, 10.0, false),
        "snr_db": THRESHOLD_DB + rng.exponential(4.0, false),
        "instance": np.zeros(false, np.uint16),
        "origin": np.full(false, int(RadarOrigin.FALSE_ALARM), np.uint8),
    }
    joined: dict[str, Any] = {}
    for name, values in new.items():
        value = getattr(returns, name)
        if value is not None:
            joined[name] = np.concatenate([value, values.astype(value.dtype)])
    return replace(returns, **joined)


def spoiled_echoes(
    echoes: UltrasonicEchoes, before: UltrasonicEchoes | None, draws: FaultDraws, model: UltrasonicModel
) -> UltrasonicEchoes:
    """What a parking sensor hears with one fault."""
    fault = draws.fault
    severity = fault.severity
    if severity <= 0.0 and not fault.parameters:
        return echoes
    if fault.kind == FaultKind.FROZEN:
        return echoes if before is None else replace(before, timestamp_ns=echoes.timestamp_ns)
    if fault.kind == FaultKind.NOISE:
        noise = 0.1 * severity * draws.now().standard_normal(len(echoes.range_m))
        return _nearest_first(replace(echoes, range_m=np.maximum(echoes.range_m + noise, 0.0)))
    if fault.kind == FaultKind.BIAS:
        longer = float(fault.parameters.get("range_m", 0.3 * severity))
        return replace(echoes, range_m=np.maximum(echoes.range_m + longer, 0.0))
    if fault.kind == FaultKind.BLOCKED:
        weaker = replace(echoes, amplitude=echoes.amplitude * (1.0 - severity))
        heard = kept(weaker, weaker.amplitude >= 1.0)
        return _heard(heard, np.array([model.min_range_m]) if severity >= 0.5 else np.zeros(0))
    if fault.kind == FaultKind.INTERFERENCE:
        others = draws.now().uniform(model.min_range_m, model.max_range_m, 2)
        return _heard(echoes, others[: int(np.ceil(2.0 * severity - 1e-9))])
    return echoes


def _heard(echoes: UltrasonicEchoes, range_m: np.ndarray) -> UltrasonicEchoes:
    """The echoes with false ones, of which nothing in the scene is the cause."""
    count = len(range_m)
    return _nearest_first(
        replace(
            echoes,
            range_m=np.concatenate([echoes.range_m, range_m]),
            amplitude=np.concatenate([echoes.amplitude, np.full(count, 2.0)]),
            clean_range_m=np.concatenate([echoes.clean_range_m, np.full(count, np.nan)]),
            instance=np.concatenate([echoes.instance, np.zeros(count, np.uint16)]),
        )
    )


def _nearest_first(echoes: UltrasonicEchoes) -> UltrasonicEchoes:
    order = np.argsort(echoes.range_m, kind="stable")
    return replace(
        echoes, range_m=echoes.range_m[order], amplitude=echoes.amplitude[order],
        clean_range_m=echoes.clean_range_m[order], instance=echoes.instance[order],
    )  # fmt: skip
