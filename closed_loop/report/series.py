"""What a person wants to see over time of an episode: speed, acceleration, time to collision, distance."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from closed_loop.metrics.drive import Drive, drive_of
from closed_loop.metrics.proximity import HORIZON_S, box_time_to_collision_s
from driving_data.rollout import Rollout


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A quantity of the ego at every moment of a rollout.

    Attributes:
        id: name in files.
        title: name for a person.
        unit: SI unit.
        values: shape (T,); NaN where it is not defined: the ego is absent, nobody is there, nobody comes nearer.
        least: the axis of a plot reaches at least this far, so that calm episodes look calm.
    """

    id: str
    title: str
    unit: str
    values: Float[np.ndarray, "T"]
    least: float


def series_of(rollout: Rollout) -> tuple[Series, ...]:
    """The series of a rollout whose ego exists.

    Time to collision is that of the metric `min_time_to_collision`: exact contact of oriented boxes at constant
    velocity, the least over all actors, up to 10 s. Acceleration is along the ego's heading; distance is between boxes.

    Raises:
        ValueError: the ego never exists.
    """
    drive = drive_of(rollout)
    return (
        Series("speed", "Speed", "m/s", _spread(drive, drive.speed_mps), 5.0),
        Series("acceleration", "Acceleration", "m/s²", _spread(drive, _along(drive)), 2.0),
        Series("time_to_collision", "Time to collision", "s", _spread(drive, _least_time(drive)), HORIZON_S),
        Series("distance", "Distance to the nearest", "m", _spread(drive, _least_distance(drive)), 5.0),
    )


def _along(drive: Drive) -> np.ndarray:
    acceleration = drive.rollout.acceleration_mps2[drive.step, drive.rollout.ego_index, :2]
    return np.asarray((acceleration * drive.forward).sum(axis=-1), dtype=np.float64)


def _least_time(drive: Drive) -> np.ndarray:
    if not drive.others.ids:
        return np.full(drive.num_steps, np.nan)
    times = box_time_to_collision_s(drive).min(axis=1)
    return np.where(times <= HORIZON_S, times, np.nan)


def _least_distance(drive: Drive) -> np.ndarray:
    if not drive.others.ids:
        return np.full(drive.num_steps, np.nan)
    distance = np.where(drive.others.valid, drive.distance_m, np.inf).min(axis=1)
    return np.where(np.isfinite(distance), np.maximum(distance, 0.0), np.nan)


def _spread(drive: Drive, values: np.ndarray) -> np.ndarray:
    """Values of the moments at which the ego exists, over all moments of the rollout."""
    spread = np.full(drive.rollout.num_steps, np.nan)
    spread[drive.step] = values
    return spread
