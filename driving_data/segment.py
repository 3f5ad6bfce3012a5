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
from jaxtyping import Float, Float32, Int

from driving_data.errors import RoadloomError
from driving_data.provenance import Provenance
from driving_data.rollout import Rollout
from driving_data.sensors import CameraFrame, LidarSweep, RadarReturns, SensorRig
from driving_data.taxonomy import ONTOLOGY_VERSION
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
class Boxes3D:
    """3D boxes, one row per actor and labelled moment; the pose itself is in the rollout.

    Attributes:
        timestamp_ns: shape (N,).
        step: index into the rollout's moments, shape (N,).
        actor: index into the rollout's actors, shape (N,).
        num_lidar_points: points inside the box, shape (N,); -1 where unknown.
        visible_fraction: visible part of the projected actor over all cameras, 0 to 1; NaN where unknown; (N,).
    """

    timestamp_ns: Int[np.ndarray, "N"]
    step: Int[np.ndarray, "N"]
    actor: Int[np.ndarray, "N"]
    num_lidar_points: Int[np.ndarray, "N"]
    visible_fraction: Float[np.ndarray, "N"]


@dataclass(frozen=True, slots=True, eq=False)
class Boxes2D:
    """2D boxes, one row per actor and camera frame in which at least one pixel of it is seen.

    Attributes:
        frame: index into the segment's frames, shape (N,).
        actor: index into the rollout's actors, shape (N,).
        visible_px: x_min, y_min, x_max, y_max around the visible pixels (max exclusive), shape (N, 4).
        amodal_px: the same around the projected 3D box, clipped to the image, shape (N, 4).
        num_pixels: visible pixels, shape (N,).
        occlusion: hidden part of the actor's pixels inside the image, 0 to 1; NaN where unknown; shape (N,).
    """

    frame: Int[np.ndarray, "N"]
    actor: Int[np.ndarray, "N"]
    visible_px: Float32[np.ndarray, "N 4"]
    amodal_px: Float32[np.ndarray, "N 4"]
    num_pixels: Int[np.ndarray, "N"]
    occlusion: Float[np.ndarray, "N"]


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Labels of a segment. Tracks are the rollout's actors: the same index is the same actor."""

    boxes_3d: Boxes3D
    boxes_2d: Boxes2D
    ontology_version: str = ONTOLOGY_VERSION


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
        labels: boxes; None where the data have none.
        tags: ASAM OpenLABEL names and `key:value` slices, as `weather:rain`.
        description: one sentence.
        triggers: why the segment was kept, as `time_to_collision`.
        embeddings: vectors by name.
        vehicle_id: which vehicle.
        report: verdicts, once judged.
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
