"""Where a lidar looks when: spinning heads, a pair of turning prisms, a mirror that sweeps line after line.

Spinning: firing k of K begins k / K of a turn after the timestamp and looks at azimuth a0 - 2 pi k / K (clockwise seen
from above); a beam that fires t later within the firing looks 2 pi f t further on.

Risley: light goes through two wedges that turn at different speeds about the x axis; each surface bends it by Snell's
law. The two sheets and speeds of the Livox Mid-40 (R. G. Brazeal et al., Sensors 21, 4722, 2021: wedges of 18 degrees,
n = 1.51, 7294 and -4664 turns a minute) draw a rosette that never repeats: each frame goes on where the last ended.

Raster: several beams side by side, each drawn over its part of the field line by line, forth and back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int32

from driving_data.sensors import LidarModel

_NUM_SLOTS = 500


@dataclass(frozen=True, slots=True, eq=False)
class Firings:
    """The rays of one turn or frame, in order of firing.

    Attributes:
        direction: in the lidar frame, shape (n, 3).
        ring: beam of each ray.
        firing: time slot of each ray, 0 to K - 1.
        offset_s: when each ray is fired after the turn began, shape (n,).
        slot_s: time of each slot, shape (K,).
        grid: the rays as rows of (along the scan, across it, side by side); neighbours there are neighbours in space.
            (n, 1, 1) for a scan without such rows.
    """

    direction: Float32[np.ndarray, "n 3"]
    ring: Int32[np.ndarray, "n"]
    firing: Int32[np.ndarray, "n"]
    offset_s: Float[np.ndarray, "n"]
    slot_s: Float[np.ndarray, "K"]
    grid: tuple[int, int, int]


def firings(model: LidarModel, begin_s: float = 0.0) -> Firings:
    """The rays of one turn that begins `begin_s` after the sensor was switched on (only rosettes care).

    Raises:
        KeyError: the model names a pattern that there is none of.
    """
    if not model.pattern:
        return _spinning(model)
    if model.pattern not in PATTERNS:
        raise KeyError(f"no scan pattern {model.pattern!r}; there are {sorted(PATTERNS)}")
    return PATTERNS[model.pattern](model, begin_s)


def repeats(model: LidarModel) -> bool:
    """Whether every turn looks where the last one did."""
    return model.pattern != "risley"


def firing_fractions(turn: Firings, interval_s: float) -> Float[np.ndarray, "K"]:
    """When each slot happens, as a fraction of the interval between the two world states; 0 if that is empty."""
    return turn.slot_s / interval_s if interval_s > 0.0 else np.zeros(1)


def unit(azimuth_rad: Float[np.ndarray, "*n"], elevation_rad: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n 3"]:
    """Unit vectors from angles: azimuth from x to the left, elevation up."""
    flat = np.cos(elevation_rad)
    return np.stack([np.cos(azimuth_rad) * flat, np.sin(azimuth_rad) * flat, np.sin(elevation_rad)], axis=-1)


def _spinning(model: LidarModel) -> Firings:
    count, beams = model.num_azimuths, len(model.elevation_rad)
    fired = np.array(model.firing_offset_s) if model.firing_offset_s else np.zeros(beams)
    offset = np.array(model.azimuth_offset_rad) if model.azimuth_offset_rad else np.zeros(beams)
    begin = np.arange(count) / (count * model.rate_hz)
    time = begin[:, None] + fired[None]
    azimuth = model.start_azimuth_rad - 2.0 * np.pi * model.rate_hz * time + offset[None]
    elevation = np.broadcast_to(np.array(model.elevation_rad)[None], azimuth.shape)
    return Firings(
        np.ascontiguousarray(unit(azimuth, elevation).reshape(-1, 3), dtype=np.float32),
        np.tile(np.arange(beams, dtype=np.int32), count),
        np.repeat(np.arange(count, dtype=np.int32), beams),
        time.reshape(-1),
        begin,
        (count, beams, 1),
    )


def refracted(
    direction: Float[np.ndarray, "n 3"], normal: Float[np.ndarray, "n 3"], ratio: float
) -> Float[np.ndarray, "n 3"]:
    """Snell's law in vector form; the normal points against the light, `ratio` is n before over n behind."""
    cosine = -np.sum(direction * normal, axis=-1, keepdims=True)
    inside = np.sqrt(1.0 - ratio**2 * (1.0 - cosine**2))
    return ratio * direction + (ratio * cosine - inside) * normal


@dataclass(frozen=True, slots=True)
class Wedge:
    """A turning prism: the face towards the laser is tilted, the other upright.

    Attributes:
        angle_rad: between its faces.
        index: of refraction.
        turn_hz: turns per second about the x axis; the sign is the sense.
    """

    angle_rad: float
    index: float
    turn_hz: float


MID_40_WEDGES = (Wedge(np.deg2rad(18.0), 1.51, 7294.0 / 60.0), Wedge(np.deg2rad(18.0), 1.51, -4664.0 / 60.0))


def through_wedges(time_s: Float[np.ndarray, "n"], wedges: tuple[Wedge, ...]) -> Float[np.ndarray, "n 3"]:
    """Where light that enters along x leaves a row of turning wedges."""
    direction = np.broadcast_to(np.array([1.0, 0.0, 0.0]), (len(time_s), 3))
    upright = np.broadcast_to(np.array([-1.0, 0.0, 0.0]), (len(time_s), 3))
    for wedge in wedges:
        phase = 2.0 * np.pi * wedge.turn_hz * time_s
        sine = np.sin(wedge.angle_rad)
        tilted = np.stack(
            [np.full(len(time_s), -np.cos(wedge.angle_rad)), -sine * np.cos(phase), -sine * np.sin(phase)], axis=-1
        )
        direction = refracted(direction, tilted, 1.0 / wedge.index)
        direction = refracted(direction, upright, wedge.index)
    return direction


def _slots(model: LidarModel, offset_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count = min(_NUM_SLOTS, model.num_azimuths)
    begin = np.arange(count) / (count * model.rate_hz)
    return np.minimum(np.floor(offset_s * model.rate_hz * count + 1e-9), count - 1).astype(np.int32), begin


def _risley(model: LidarModel, begin_s: float) -> Firings:
    offset = np.arange(model.num_azimuths) / (model.num_azimuths * model.rate_hz)
    direction = through_wedges(begin_s + offset, MID_40_WEDGES)
    firing, begin = _slots(model, offset)
    n = len(offset)
    return Firings(
        np.ascontiguousarray(direction, dtype=np.float32), np.zeros(n, np.int32), firing, offset, begin, (n, 1, 1)
    )


RASTER_LINES, RASTER_COLUMNS = 126, 125
RASTER_FIELD_RAD = (float(np.deg2rad(24.0)), float(np.deg2rad(25.0)))


def _raster(model: LidarModel, begin_s: float) -> Firings:
    """Lines from the top down; odd lines are drawn from right to left. Each beam covers its own 24 by 25 degrees."""
    beams = len(model.azimuth_offset_rad)
    width, height = RASTER_FIELD_RAD
    line, column = np.meshgrid(np.arange(RASTER_LINES), np.arange(RASTER_COLUMNS), indexing="ij")
    step = np.where(line % 2 == 0, column, RASTER_COLUMNS - 1 - column)
    elevation = 0.5 * height - (line + 0.5) * height / RASTER_LINES
    azimuth = 0.5 * width - (column + 0.5) * width / RASTER_COLUMNS
    offset = (line * RASTER_COLUMNS + step) / (RASTER_LINES * RASTER_COLUMNS * model.rate_hz)
    wide = azimuth[..., None] + np.array(model.azimuth_offset_rad)
    direction = unit(wide, np.broadcast_to(elevation[..., None], wide.shape))
    time = np.repeat(offset.reshape(-1), beams)
    firing, begin = _slots(model, time)
    return Firings(
        np.ascontiguousarray(direction.reshape(-1, 3), dtype=np.float32),
        np.tile(np.arange(beams, dtype=np.int32), RASTER_LINES * RASTER_COLUMNS),
        firing, time, begin, (RASTER_LINES, RASTER_COLUMNS, beams),
    )  # fmt: skip


PATTERNS: Mapping[str, Callable[[LidarModel, float], Firings]] = {"risley": _risley, "raster": _raster}
