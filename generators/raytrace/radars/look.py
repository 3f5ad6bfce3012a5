"""What one radar reports at one moment: its reflections in cells, detected against noise, estimated as points.

Reflections that share a cell of range, range rate (folded), azimuth and elevation add their powers; the strongest names
the return. A cell is detected by the law of `law`, keeps its place only where no neighbour in range, range rate and
azimuth holds more, and gives one point: the mean of its reflections by power, with noise of resolution / sqrt(2 SNR).

The mean echo of the ground in a cell raises its noise, as a detector of constant false-alarm rate learns it from the
cells around; the ground is spikier than that (a Weibull law of shape 0.7), and what still stands out is clutter. False
alarms come at the stated rate from the cells of the range-Doppler map, anywhere in azimuth; heavy rain adds a few
returns near by (0.05 per look and mm/h within 20 m; our choice).
"""

from dataclasses import dataclass
from math import gamma

import numpy as np
from jaxtyping import Bool, Float

from driving_data.sensors import RadarModel, RadarOrigin, RadarReturns
from generators.raytrace.moment import Moment, Opened, sensor_poses
from generators.raytrace.radars.echoes import Echoes, RadarRays, clean_returns, radar_rng
from generators.raytrace.radars.law import REFERENCE_M, accuracy, cell_powers, folded, num_cells, pattern

_SPIKY = 0.7
_RAIN_RATE, _RAIN_REACH_M = 0.05, 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Columns of what a radar reports, one row per point: snr and rcs as power ratio and m^2."""

    range_m: Float[np.ndarray, "n"]
    azimuth_rad: Float[np.ndarray, "n"]
    elevation_rad: Float[np.ndarray, "n"]
    rate_mps: Float[np.ndarray, "n"]
    snr: Float[np.ndarray, "n"]
    actor: np.ndarray
    origin: np.ndarray


def look(opened: Opened, moment: Moment, index: int, rays: RadarRays) -> RadarReturns:
    """What one radar of the rig reports at the start of the moment."""
    model = opened.rig.radars[index]
    rng = radar_rng(opened, moment, index)
    pose = sensor_poses(moment, np.zeros(1), model.ego_from_radar)[0]
    exact = clean_returns(opened, moment, index, rays)
    seen = measure(model, exact, opened.scene.environment.rain_mmph, rng)
    flat = np.cos(seen.elevation_rad)
    direction = np.stack(
        [np.cos(seen.azimuth_rad) * flat, np.sin(seen.azimuth_rad) * flat, np.sin(seen.elevation_rad)], axis=-1
    )
    section = seen.snr * (seen.range_m / REFERENCE_M) ** 4 * 10.0 ** (-0.1 * model.reference_snr_db)
    section = section / pattern(model, seen.azimuth_rad, seen.elevation_rad)
    return RadarReturns(
        radar=model.name,
        timestamp_ns=moment.start.timestamp_ns,
        world_from_radar=pose,
        position_m=seen.range_m[:, None] * direction,
        range_rate_mps=seen.rate_mps,
        track_id=np.full(len(seen.snr), -1, np.int64),
        rcs_dbsm=10.0 * np.log10(section),
        snr_db=10.0 * np.log10(seen.snr),
        instance=(seen.actor + 1).astype(np.uint16),
        origin=seen.origin.astype(np.uint8),
    )


def measure(model: RadarModel, exact: Echoes, rain_mmph: float, rng: np.random.Generator) -> Measured:
    """Detections of exact reflections, false alarms and rain, by range."""
    parts = [_detected(model, exact, rng), _false_alarms(model, rng)]
    if rain_mmph > 0.0:
        parts.append(_rain(model, rain_mmph, rng))
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Measured.__dataclass_fields__}
    near = np.argsort(columns["range_m"], kind="stable")
    return Measured(**{name: column[near] for name, column in columns.items()})


def _detected(model: RadarModel, exact: Echoes, rng: np.random.Generator) -> Measured:
    azimuth = np.arctan2(exact.position_m[:, 1], exact.position_m[:, 0])
    elevation = np.arcsin(np.clip(exact.position_m[:, 2] / exact.range_m, -1.0, 1.0))
    rate = folded(exact.range_rate_mps, model.max_speed_mps)
    cells = np.stack(
        [
            np.floor(exact.range_m / model.range_resolution_m),
            np.floor((rate + model.max_speed_mps) / model.speed_resolution_mps),
            np.floor((azimuth + 0.5 * model.horizontal_fov_rad) / model.azimuth_resolution_rad),
            np.zeros(len(rate))
            if model.elevation_resolution_rad <= 0.0
            else np.floor((elevation + 0.5 * model.vertical_fov_rad) / model.elevation_resolution_rad),
        ],
        axis=-1,
    ).astype(np.int64)
    size = cells.max(axis=0, initial=0) + 3
    key = _key(cells + 1, size)
    keys, group = np.unique(key, return_inverse=True)
    ground = exact.origin == RadarOrigin.CLUTTER
    clutter = np.bincount(group, weights=np.where(ground, exact.snr, 0.0), minlength=len(keys))
    target = np.bincount(group, weights=np.where(ground, 0.0, exact.snr), minlength=len(keys))
    whole = np.bincount(group, weights=exact.snr, minlength=len(keys))
    order = np.argsort(exact.snr, kind="stable")
    strongest = np.zeros(len(keys), np.int64)
    strongest[group[order]] = order
    burst = rng.weibull(_SPIKY, len(keys)) / gamma(1.0 + 1.0 / _SPIKY)
    power = cell_powers(target + clutter * burst, rng) / (1.0 + clutter)
    rows = np.flatnonzero((power > -np.log(model.false_alarm_rate)) & _peaks(keys, power, size))

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(group, weights=exact.snr * values, minlength=len(keys))[rows] / whole[rows]

    found = power[rows] - 1.0
    noise = rng.standard_normal((4, len(rows)))
    # A target wanders over the fold within a cell only by its noise, so its rate is folded again.
    return Measured(
        np.maximum(mean(exact.range_m) + accuracy(model.range_resolution_m, found) * noise[0], 0.05),
        mean(azimuth) + accuracy(model.azimuth_resolution_rad, found) * noise[1],
        np.zeros(len(rows))
        if model.elevation_resolution_rad <= 0.0
        else mean(elevation) + accuracy(model.elevation_resolution_rad, found) * noise[2],
        folded(mean(rate) + accuracy(model.speed_resolution_mps, found) * noise[3], model.max_speed_mps),
        found,
        exact.actor[strongest[rows]],
        exact.origin[strongest[rows]],
    )


def _key(cells: np.ndarray, size: np.ndarray) -> np.ndarray:
    return ((cells[:, 0] * size[1] + cells[:, 1]) * size[2] + cells[:, 2]) * size[3] + cells[:, 3]


def _peaks(keys: np.ndarray, power: np.ndarray, size: np.ndarray) -> Bool[np.ndarray, "n"]:
    """Cells that hold at least as much as each neighbour in range, range rate and azimuth at their elevation."""
    best = np.ones(len(keys), dtype=bool)
    if len(keys) == 0:
        return best
    for shift in np.ndindex(3, 3, 3):
        step = np.array(shift) - 1
        delta = int(((step[0] * size[1] + step[1]) * size[2] + step[2]) * size[3])
        if delta <= 0:
            continue
        place = np.minimum(np.searchsorted(keys, keys + delta), len(keys) - 1)
        there = np.flatnonzero(keys[place] == keys + delta)
        other = place[there]
        best[there] &= power[there] >= power[other]
        best[other] &= power[other] >= power[there]
    return best


def _false_alarms(model: RadarModel, rng: np.random.Generator) -> Measured:
    """Noise alone, conditional on its exceeding the threshold."""
    count = int(rng.binomial(num_cells(model), model.false_alarm_rate))
    return _anywhere(model, count, model.max_range_m, RadarOrigin.FALSE_ALARM, model.max_speed_mps, rng)


def _rain(model: RadarModel, rain_mmph: float, rng: np.random.Generator) -> Measured:
    count = int(rng.poisson(_RAIN_RATE * rain_mmph))
    return _anywhere(model, count, min(_RAIN_REACH_M, model.max_range_m), RadarOrigin.CLUTTER, 8.0, rng)


def _anywhere(
    model: RadarModel, count: int, reach_m: float, origin: RadarOrigin, speed_mps: float, rng: np.random.Generator
) -> Measured:
    place, extra = rng.random((4, count)), rng.standard_exponential(count)
    measures_height = model.elevation_resolution_rad > 0.0
    return Measured(
        np.maximum(place[0] * reach_m, model.range_resolution_m),
        (place[1] - 0.5) * model.horizontal_fov_rad,
        (place[2] - 0.5) * model.vertical_fov_rad if measures_height else np.zeros(count),
        (2.0 * place[3] - 1.0) * min(speed_mps, model.max_speed_mps),
        extra - np.log(model.false_alarm_rate) - 1.0,
        np.full(count, -1, np.int64),
        np.full(count, origin, np.int64),
    )
