"""A segment as files: which there are, what stands in each. `reading.py` is the way back.

segment.json                          metadata, rig, provenance, tags, verdicts, index of frames and sweeps
rollout.npz  rollout.json             (T, A) arrays; actors, signals, events, environment
map.json  map.npz  map.xodr           lane map
cameras/<camera>/000000.rgb.webp      lossless; .depth.parquet (exact float32), .semantic.png, .instance.png,
                                      .normal.parquet, .flow.parquet, .raw.png
lidar/<lidar>/000000.parquet          x, y, z, intensity, ring, offset, semantic, instance, echo, velocity, scatter
radar.npz  embeddings.npz
streams/<name>.npz                    further sensors, timing, true mountings, what faults hid (`records.py`)
labels/boxes_3d.parquet  boxes_2d.parquet  <name>.npz
manifest.json                         sha256 and size of each of the above; its own sha256 names the content
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from driving_data.labels import FURTHER_LABELS, Boxes2D, Boxes3D, Labels
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.sensors import CameraFrame, LidarSweep, RadarReturns, SensorStreams
from driving_data.store import arrays, texts
from driving_data.store.files import safe_name
from driving_data.store.maps import map_encoders
from driving_data.store.records import to_record
from driving_data.taxonomy import ActorClass

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
ROLLOUT_ARRAYS = (
    "timestamps_ns", "velocity_mps", "acceleration_mps2", "yaw_rate_radps", "steering_rad", "lights", "valid",
)  # fmt: skip
RADAR_EXTRAS = ("rcs_dbsm", "snr_db", "instance", "origin")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Size and sha256 of one file."""

    size: int
    sha256: str


Encoder = Callable[[], bytes]


def payload_encoders(segment: Segment[Raw]) -> Iterator[tuple[str, Encoder]]:
    """Path and encoder of every file but the manifest; encoders may run on several threads, in any order."""
    yield "segment.json", partial(_metadata_bytes, segment)
    yield from _rollout_files(segment.rollout)
    for index, frame in enumerate(segment.frames):
        yield from _frame_files(frame, index)
    for index, sweep in enumerate(segment.sweeps):
        yield sweep_path(sweep.lidar, index), partial(_sweep_bytes, sweep)
    if segment.radar:
        yield "radar.npz", partial(_radar_bytes, segment.radar)
    if segment.labels is not None:
        for name, boxes in (("boxes_3d", segment.labels.boxes_3d), ("boxes_2d", segment.labels.boxes_2d)):
            yield f"labels/{name}.parquet", partial(_boxes_bytes, boxes, segment.rollout)
        for name in further_labels(segment.labels):
            yield f"labels/{name}.npz", partial(to_record, getattr(segment.labels, name))
    for name in further_streams(segment.streams):
        yield f"streams/{name}.npz", partial(to_record, getattr(segment.streams, name))
    if segment.embeddings:
        vectors = {f"vector_{k:03d}": segment.embeddings[name] for k, name in enumerate(sorted(segment.embeddings))}
        yield "embeddings.npz", partial(arrays.to_npz, vectors)


def further_labels(labels: Labels | None) -> list[str]:
    """Names of the labels beside the boxes that there are."""
    return [] if labels is None else [name for name in FURTHER_LABELS if getattr(labels, name) not in (None, ())]


def further_streams(streams: SensorStreams) -> list[str]:
    """Names of the streams that there are."""
    return [name for name in SensorStreams.__dataclass_fields__ if getattr(streams, name) not in (None, ())]


def manifest_bytes(segment_id: str, entries: dict[str, FileEntry]) -> bytes:
    """The manifest; its sha256 is the content hash of the segment."""
    files = {path: {"size": entry.size, "sha256": entry.sha256} for path, entry in entries.items()}
    return texts.dump({"schema": SCHEMA_VERSION, "segment_id": segment_id, "files": files})


def content_hash(manifest: bytes) -> str:
    """The content hash: sha256 of the manifest."""
    return hashlib.sha256(manifest).hexdigest()


def frame_path(camera: str, index: int) -> str:
    """Where the files of a frame lie, without their suffix."""
    return f"cameras/{safe_name(camera)}/{index:06d}"


def sweep_path(lidar: str, index: int) -> str:
    """Where a sweep lies."""
    return f"lidar/{safe_name(lidar)}/{index:06d}.parquet"


def _metadata_bytes(segment: Segment[Raw]) -> bytes:
    """Everything but the arrays. The file hashes stay out: they are the manifest's, and would hash themselves."""
    metadata = {
        "schema": SCHEMA_VERSION,
        "segment_id": segment.segment_id,
        "source": segment.source,
        "rig": segment.rig,
        "provenance": replace(segment.provenance, hashes={}),
        "frames": [_frame_index(frame) for frame in segment.frames],
        "sweeps": [_sweep_index(sweep) for sweep in segment.sweeps],
        "num_radar": len(segment.radar),
        "radars": [item.radar for item in segment.radar],
        "ontology_version": None if segment.labels is None else segment.labels.ontology_version,
        "tags": segment.tags,
        "description": segment.description,
        "triggers": segment.triggers,
        "embeddings": sorted(segment.embeddings),
        "vehicle_id": segment.vehicle_id,
        "report": segment.report,
        "has_map": segment.rollout.lane_map is not None,
    }
    for name, there in (("labels", further_labels(segment.labels)), ("streams", further_streams(segment.streams))):
        if there:
            # Only where there are any: a segment without them has the bytes that it always had.
            metadata[name] = there
    return texts.dump(metadata)


def _frame_index(frame: CameraFrame) -> dict[str, Any]:
    height, width = frame.rgb.shape[:2]
    index: dict[str, Any] = {
        "camera": frame.camera, "timestamp_ns": int(frame.timestamp_ns),
        "world_from_camera": frame.world_from_camera, "rgb": f"rgb.{arrays.picture_suffix(frame.rgb)}",
        "width_px": width, "height_px": height,
        "parts": [part.name for part in CAMERA_PARTS if getattr(frame, part.field) is not None],
    }  # fmt: skip
    if frame.exposure_s > 0:
        index |= {"exposure_s": frame.exposure_s, "gain": frame.gain}
    return index


@dataclass(frozen=True, slots=True)
class CameraPart:
    """An array beside a picture: its name in `Wanted` and in files, its field in `CameraFrame`, its codec."""

    name: str
    field: str
    suffix: str
    encode: Callable[[np.ndarray, str], bytes]
    decode: Callable[[bytes], np.ndarray]


def _to_png(ids: np.ndarray, _: str) -> bytes:
    return arrays.to_png(ids)


CAMERA_PARTS = (
    CameraPart("depth", "depth_m", "depth.parquet", arrays.to_dense, arrays.from_dense),
    CameraPart("semantic", "semantic", "semantic.png", _to_png, arrays.from_picture),
    CameraPart("instance", "instance", "instance.png", _to_png, arrays.from_picture),
    CameraPart("normal", "normal", "normal.parquet", arrays.to_dense, arrays.from_dense),
    CameraPart("flow", "flow_px", "flow.parquet", arrays.to_dense, arrays.from_dense),
    CameraPart("raw", "raw", "raw.png", _to_png, arrays.from_picture),
)


def _sweep_index(sweep: LidarSweep) -> dict[str, Any]:
    return {
        "lidar": sweep.lidar, "timestamp_ns": int(sweep.timestamp_ns), "world_from_lidar": sweep.world_from_lidar,
        "num_points": len(sweep.points_m),
    }  # fmt: skip


def _rollout_files(rollout: Rollout) -> Iterator[tuple[str, Encoder]]:
    yield "rollout.npz", partial(_rollout_bytes, rollout)
    named: dict[str, Any] = {
        "actor_ids": rollout.actors.ids, "ego_index": int(rollout.ego_index), "signal_ids": rollout.signals.ids,
        "events": rollout.events, "environment": rollout.environment,
    }  # fmt: skip
    if rollout.messages:
        # Only where there are any: a segment without radio has the bytes that it always had.
        named["messages"] = rollout.messages
    if rollout.sensor_faults:
        named["sensor_faults"] = rollout.sensor_faults
    yield "rollout.json", partial(texts.dump, named)
    if rollout.lane_map is not None:
        yield from map_encoders(rollout.lane_map).items()


def _rollout_bytes(rollout: Rollout) -> bytes:
    named = {name: getattr(rollout, name) for name in ROLLOUT_ARRAYS}
    named |= {
        "rotation": rollout.world_from_actor.rotation, "translation_m": rollout.world_from_actor.translation_m,
        "actor_kind": rollout.actors.kind, "actor_size_m": rollout.actors.size_m,
        "actor_rear_axle_to_center_m": rollout.actors.rear_axle_to_center_m, "signal_state": rollout.signals.state,
    }  # fmt: skip
    if rollout.modes is not None:
        named["modes"] = rollout.modes
    return arrays.to_npz(named)


def _frame_files(frame: CameraFrame, index: int) -> Iterator[tuple[str, Encoder]]:
    place = frame_path(frame.camera, index)
    yield f"{place}.rgb.{arrays.picture_suffix(frame.rgb)}", partial(arrays.to_picture, frame.rgb)
    for part in CAMERA_PARTS:
        values = getattr(frame, part.field)
        if values is not None:
            yield f"{place}.{part.suffix}", partial(part.encode, values, part.field)


def _sweep_bytes(sweep: LidarSweep) -> bytes:
    columns: dict[str, np.ndarray | list[str]] = {
        "points_m": sweep.points_m, "intensity": sweep.intensity, "ring": sweep.ring, "offset_ns": sweep.offset_ns,
    }  # fmt: skip
    for name in ("semantic", "instance", "echo", "velocity_mps", "scatter"):
        column = getattr(sweep, name)
        if column is not None:
            columns[name] = column
    return arrays.to_parquet(columns)


def _radar_bytes(radar: tuple[RadarReturns, ...]) -> bytes:
    """Every return of every moment, one after the other; a pose of NaN stands for one that the log does not give."""
    unknown = np.full((3, 3), np.nan), np.full(3, np.nan)
    poses = [
        unknown if item.world_from_radar is None else
        (item.world_from_radar.rotation, item.world_from_radar.translation_m) for item in radar
    ]  # fmt: skip
    named = {
        "lengths": np.array([len(item.position_m) for item in radar], np.int64),
        "timestamp_ns": np.array([item.timestamp_ns for item in radar], np.int64),
        "rotation": np.stack([rotation for rotation, _ in poses]),
        "translation_m": np.stack([translation for _, translation in poses]),
        "position_m": np.concatenate([item.position_m for item in radar]),
        "range_rate_mps": np.concatenate([item.range_rate_mps for item in radar]),
        "track_id": np.concatenate([item.track_id for item in radar]),
    }
    for name in RADAR_EXTRAS:
        columns = [getattr(item, name) for item in radar]
        if any(column is not None for column in columns):
            named[f"{name}.there"] = np.array([column is not None for column in columns])
            named[name] = np.concatenate([column for column in columns if column is not None])
    return arrays.to_npz(named)


def _boxes_bytes(boxes: Boxes2D | Boxes3D, rollout: Rollout) -> bytes:
    """The label table, with class and track by name so that it can be queried alone."""
    columns = _named_actors(boxes.actor, rollout)
    for name in type(boxes).__dataclass_fields__:
        columns[name] = getattr(boxes, name)
    return arrays.to_parquet(columns)


def _named_actors(actor: np.ndarray, rollout: Rollout) -> dict[str, np.ndarray | list[str]]:
    """Names for people and queries; a faulty index or class number is kept as it is and has no name."""
    classes = {int(kind): kind.label for kind in ActorClass}
    ids = dict(enumerate(rollout.actors.ids))
    kinds = {index: classes.get(int(kind), "") for index, kind in enumerate(rollout.actors.kind)}
    rows = [int(index) for index in actor]
    return {"track": [ids.get(row, "") for row in rows], "class": [kinds.get(row, "") for row in rows]}
