"""What each sensor gave over time, and which of it shows a moment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from driving_data.geometry import SE3
from driving_data.sensors import CameraFrame, CameraModel, LidarSweep, RadarReturns

_NS_PER_S = 1_000_000_000
_TOLERANCE_NS = 100_000_000
Datum = CameraFrame | LidarSweep | RadarReturns


@dataclass(frozen=True, slots=True)
class Stream:
    """What one sensor gave, in time order; `model` is its calibration, `ego_from_sensor` where it sits."""

    channel: str
    modality: str
    model: CameraModel | None
    ego_from_sensor: SE3
    data: tuple[Datum, ...]
    times_ns: np.ndarray

    def tolerance_ns(self) -> int:
        """How far a datum may be from a moment and still show it: half a period, at most 0.1 s."""
        if len(self.times_ns) < 2:
            return _TOLERANCE_NS
        return int(min(_TOLERANCE_NS, np.median(np.diff(self.times_ns)) // 2 + 1))

    def nearest(self, moment_ns: int) -> int | None:
        """Index of the datum that shows a moment."""
        if not len(self.times_ns):
            return None
        index = int(np.argmin(np.abs(self.times_ns - moment_ns)))
        return index if abs(int(self.times_ns[index]) - moment_ns) <= self.tolerance_ns() else None


def sensor_stream(channel: str, modality: str, model: CameraModel | None, mount: SE3, data: Sequence[Datum]) -> Stream:
    """A stream with its data in time order."""
    ordered = tuple(sorted(data, key=lambda datum: datum.timestamp_ns))
    return Stream(channel, modality, model, mount, ordered, np.array([d.timestamp_ns for d in ordered], np.int64))


def thinned(moments: list[tuple[int, int]], rate_hz: float) -> list[tuple[int, int]]:
    """Moments at most `rate_hz` apart, beginning with the first; a tenth of a period is forgiven."""
    gap_ns = 0.9 * _NS_PER_S / rate_hz if rate_hz > 0 else 0.0
    kept: list[tuple[int, int]] = []
    for moment in moments:
        if not kept or moment[0] - kept[-1][0] >= max(gap_ns, 1.0):
            kept.append(moment)
    return kept


def count_points(data: dict[str, Datum], world_from_box: SE3, size_m: np.ndarray) -> tuple[int | None, int]:
    """Lidar and radar points of a sample inside one box; None where the sample has no lidar."""
    lidar: int | None = None
    radar = 0
    for datum in data.values():
        if isinstance(datum, LidarSweep):
            lidar = (lidar or 0) + _inside(world_from_box.inverse() @ datum.world_from_lidar, datum.points_m, size_m)
        elif isinstance(datum, RadarReturns) and datum.world_from_radar is not None:
            radar += _inside(world_from_box.inverse() @ datum.world_from_radar, datum.position_m, size_m)
    return lidar, radar


def _inside(box_from_sensor: SE3, points_m: np.ndarray, size_m: np.ndarray) -> int:
    """Points inside a box; only those within its half diagonal are moved into its frame."""
    center = box_from_sensor.inverse().translation_m
    near = np.sum((points_m - center) ** 2, axis=1) <= 0.2501 * float(size_m @ size_m)
    local = box_from_sensor.apply(points_m[near].astype(np.float64))
    return int(np.all(np.abs(local) <= 0.5 * size_m, axis=1).sum())
