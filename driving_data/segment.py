"""The segment: the atomic unit of driving data, real or made.

A segment's type says how far it has come: `Segment[Raw]` was recorded or generated, `Segment[Calibrated]` has a
calibration that was checked against its sensors, `Segment[Validated]` has passed the gate. A later stage is also
an earlier one, so what asks for `Segment[Calibrated]` takes `Segment[Validated]`; training asks for `Validated`,
and pyright refuses anything less.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Generic, TypeVar, cast

import numpy as np

from driving_data.errors import RoadloomError
from driving_data.labels import Labels
from driving_data.provenance import Provenance
from driving_data.rollout import Rollout
from driving_data.sensors import NO_STREAMS, CameraFrame, LidarSweep, RadarReturns, SensorRig, SensorStreams
from driving_data.verdict import ValidationReport


class Raw:
    """Stage: recorded or generated, nothing checked."""


class Calibrated(Raw):
    """Stage: every frame and sweep belongs to a sensor of the rig and fits it."""


class Validated(Calibrated):
    """Stage: passed the gate; may enter a training set."""


Stage = TypeVar("Stage", bound=Raw, covariant=True)


class Source(Enum):
    """Where the sensor data came from."""

    REAL = "real"
    SYNTHETIC = "synthetic"
    AUGMENTED = "augmented"


@dataclass(frozen=True, slots=True, eq=False)
class Segment(Generic[Stage]):
    """What was seen, with everything that is known of it.

    Attributes:
        segment_id: unique and stable: the same content asked for again has the same id.
        source: real, synthetic or augmented.
        rollout: what happened (for a real log: its tracks).
        rig: the sensors.
        provenance: where it came from.
        frames: camera frames in time order.
        sweeps: lidar sweeps in time order.
        radar: radar returns in time order.
        labels: what is known of it; None where the data have none.
        tags: ASAM OpenLABEL names and `key:value` slices, as `weather:rain`.
        description: one sentence.
        triggers: why the segment was kept, as `time_to_collision`.
        embeddings: vectors by name.
        vehicle_id: which vehicle.
        report: verdicts, once judged.
        streams: further sensors, timing, true mountings, and what faults hid.
    """

    segment_id: str
    source: Source
    rollout: Rollout
    rig: SensorRig
    provenance: Provenance
    frames: tuple[CameraFrame, ...] = ()
    sweeps: tuple[LidarSweep, ...] = ()
    radar: tuple[RadarReturns, ...] = ()
    labels: Labels | None = None
    tags: tuple[str, ...] = ()
    description: str = ""
    triggers: tuple[str, ...] = ()
    embeddings: Mapping[str, np.ndarray] = field(default_factory=lambda: {})
    vehicle_id: str = ""
    report: ValidationReport | None = None
    streams: SensorStreams = NO_STREAMS

    @property
    def start_timestamp_ns(self) -> int:
        """First moment."""
        return int(self.rollout.timestamps_ns[0])

    @property
    def end_timestamp_ns(self) -> int:
        """Last moment."""
        return int(self.rollout.timestamps_ns[-1])


def calibrated(segment: Segment[Raw]) -> Segment[Calibrated]:
    """The segment at stage `Calibrated`.

    Raises:
        RoadloomError: a frame or sweep has no sensor in the rig, or does not fit it.
    """
    cameras = {camera.name: camera for camera in segment.rig.cameras}
    for frame in segment.frames:
        camera = cameras.get(frame.camera)
        if camera is None:
            raise RoadloomError(f"{segment.segment_id}: no calibration for camera {frame.camera!r}")
        if frame.rgb.shape[:2] != (camera.height_px, camera.width_px):
            raise RoadloomError(
                f"{segment.segment_id}: a frame of {frame.camera!r} is {frame.rgb.shape[1]}x{frame.rgb.shape[0]}, "
                f"its calibration {camera.width_px}x{camera.height_px}"
            )
    lidars = {lidar.name for lidar in segment.rig.lidars}
    for sweep in segment.sweeps:
        if sweep.lidar not in lidars:
            raise RoadloomError(f"{segment.segment_id}: no calibration for lidar {sweep.lidar!r}")
    return cast("Segment[Calibrated]", segment)


def validated(segment: Segment[Calibrated], report: ValidationReport) -> Segment[Validated]:
    """The segment at stage `Validated`, with its report.

    Raises:
        RoadloomError: the report is of another segment or does not admit this one.
    """
    if report.segment_id != segment.segment_id:
        raise RoadloomError(f"the report of {report.segment_id} cannot admit {segment.segment_id}")
    if not report.admitted:
        raise RoadloomError(f"{segment.segment_id} is refused: " + "; ".join(report.reasons))
    return cast("Segment[Validated]", replace(segment, report=report))
