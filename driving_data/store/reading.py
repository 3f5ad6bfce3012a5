"""Files to a segment: each is checked against the manifest before it is believed."""

import hashlib
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, get_type_hints

import numpy as np

from driving_data.environment import Environment
from driving_data.errors import StoreError
from driving_data.geometry import SE3
from driving_data.labels import Boxes2D, Boxes3D, Labels
from driving_data.messages import Message
from driving_data.plain import from_plain
from driving_data.provenance import Provenance
from driving_data.rollout import Actors, Event, FaultSpan, Rollout, SignalStates
from driving_data.segment import Raw, Segment, Source
from driving_data.sensors import CameraFrame, LidarSweep, RadarReturns, SensorRig, SensorStreams
from driving_data.store import arrays, texts
from driving_data.store.maps import read_map
from driving_data.store.payload import (
    CAMERA_PARTS,
    MANIFEST,
    RADAR_EXTRAS,
    ROLLOUT_ARRAYS,
    SCHEMA_VERSION,
    FileEntry,
    content_hash,
    frame_path,
    sweep_path,
)
from driving_data.store.records import from_record
from driving_data.verdict import ValidationReport

T = TypeVar("T")
_DECODERS = 2
PART_NAMES = frozenset(part.name for part in CAMERA_PARTS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which heavy parts of a segment are read; the rest comes back empty.

    Attributes:
        frames: all camera frames, none, or those of these indices.
        sweeps: all lidar sweeps, none, or those of these indices.
        radar: radar returns.
        lane_map: the lane map of the rollout.
        camera_parts: which of 'depth', 'semantic', 'instance', 'normal', 'flow', 'raw' come with a frame.
        labels: which labels beside the boxes: all, none, or those of these names.
        streams: all further streams, none, or those of these names.
    """

    frames: bool | Collection[int] = True
    sweeps: bool | Collection[int] = True
    radar: bool = True
    lane_map: bool = True
    camera_parts: frozenset[str] = PART_NAMES
    labels: bool | Collection[str] = True
    streams: bool | Collection[str] = True


EVERYTHING = Wanted()
SKELETON = Wanted(frames=False, sweeps=False, radar=False, labels=False, streams=False)


@dataclass(frozen=True, slots=True)
class SegmentFiles:
    """The directory of a segment, with its manifest read.

    Attributes:
        root: the directory.
        segment_id: the segment.
        content_hash: sha256 of the manifest.
        entries: size and sha256 of each file.
        verify: whether hashes are checked as files are read, not only sizes.
    """

    root: Path
    segment_id: str
    content_hash: str
    entries: Mapping[str, FileEntry] = field(repr=False)
    verify: bool = False

    @staticmethod
    def open(root: Path, verify: bool = False) -> "SegmentFiles":
        """Reads the manifest.

        Raises:
            StoreError: it is missing, damaged or of a foreign version.
        """
        path = root / MANIFEST
        try:
            data = path.read_bytes()
            plain = texts.parse(data)
            if plain["schema"] != SCHEMA_VERSION:
                raise StoreError(f"{path}: schema {plain['schema']}; this version reads {SCHEMA_VERSION}")
            entries = {_inside(name): FileEntry(int(entry["size"]), str(entry["sha256"]))
                       for name, entry in plain["files"].items()}  # fmt: skip
            return SegmentFiles(root, str(plain["segment_id"]), content_hash(data), entries, verify)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f"{path}: damaged or missing: {error}") from error

    def read(self, name: str) -> bytes:
        """The bytes of one file.

        Raises:
            StoreError: it is missing or not what the manifest says.
        """
        path = self.root / name
        entry = self.entries.get(name)
        if entry is None:
            raise StoreError(f"{path}: not in the manifest")
        try:
            data = path.read_bytes()
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
        if len(data) != entry.size:
            raise StoreError(f"{path}: {len(data)} bytes, the manifest says {entry.size}")
        if self.verify and hashlib.sha256(data).hexdigest() != entry.sha256:
            raise StoreError(f"{path}: the content does not have the sha256 of the manifest")
        return data

    def decode(self, name: str, decoder: Callable[[bytes], T]) -> T:
        """The decoded content of one file.

        Raises:
            StoreError: it is missing or damaged.
        """
        data = self.read(name)
        try:
            return decoder(data)
        except (ValueError, KeyError, TypeError, IndexError, UnicodeDecodeError) as error:
            raise StoreError(f"{self.root / name}: damaged: {error}") from error

    def check_hashes(self) -> None:
        """Reads every file and compares it with the manifest.

        Raises:
            StoreError: naming each file that is not what it should be.
        """
        faults: list[str] = []
        for name in sorted(self.entries):
            try:
                replace(self, verify=True).read(name)
            except StoreError as error:
                faults.append(str(error))
        if faults:
            raise StoreError("; ".join(faults))

    @property
    def num_bytes(self) -> int:
        """Size of all files."""
        return sum(entry.size for entry in self.entries.values())


def _inside(name: str) -> str:
    """The name, refused where it would lead out of the segment's directory."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise ValueError(f"file name {name!r} leads out of the segment")
    return name


def read_segment(files: SegmentFiles, wanted: Wanted) -> Segment[Raw]:
    """The segment in a directory.

    Raises:
        StoreError: a file is missing, damaged or does not fit the others; the message names it.
    """
    return files.decode("segment.json", lambda data: _segment(files, texts.parse(data), wanted))


def _segment(files: SegmentFiles, plain: dict[str, Any], wanted: Wanted) -> Segment[Raw]:
    provenance: Provenance = from_plain(Provenance, plain["provenance"], "provenance")
    hashes = {name: entry.sha256 for name, entry in files.entries.items()}
    embeddings = files.decode("embeddings.npz", arrays.from_npz) if plain["embeddings"] else {}
    with ThreadPoolExecutor(max_workers=_DECODERS) as pool:
        # Decoding lets go of the interpreter lock.
        chosen = _chosen(wanted.frames, plain["frames"])
        frames = tuple(pool.map(lambda index: read_frame(files, plain, index, wanted.camera_parts), chosen))
        sweeps = tuple(pool.map(lambda index: read_sweep(files, plain, index), _chosen(wanted.sweeps, plain["sweeps"])))
    return Segment(
        segment_id=plain["segment_id"],
        source=from_plain(Source, plain["source"], "source"),
        rollout=_rollout(files, plain["has_map"] and wanted.lane_map),
        rig=from_plain(SensorRig, plain["rig"], "rig"),
        provenance=replace(provenance, hashes=hashes),
        frames=frames,
        sweeps=sweeps,
        radar=_radar(files, plain["radars"]) if wanted.radar and plain["radars"] else (),
        labels=_labels(files, plain["ontology_version"], _named(wanted.labels, plain.get("labels", []))),
        tags=tuple(plain["tags"]),
        description=plain["description"],
        triggers=tuple(plain["triggers"]),
        embeddings={name: embeddings[f"vector_{k:03d}"] for k, name in enumerate(plain["embeddings"])},
        vehicle_id=plain["vehicle_id"],
        report=from_plain(ValidationReport | None, plain["report"], "report"),
        streams=_records(files, SensorStreams, "streams", _named(wanted.streams, plain.get("streams", []))),
    )


def _chosen(wanted: bool | Collection[int], index: list[Any]) -> list[int]:
    if isinstance(wanted, bool):
        return list(range(len(index))) if wanted else []
    return sorted(wanted)


def _named(wanted: bool | Collection[str], there: list[str]) -> list[str]:
    if isinstance(wanted, bool):
        return there if wanted else []
    return [name for name in there if name in wanted]


def _records(files: SegmentFiles, kind: type[T], folder: str, names: list[str]) -> T:
    """A dataclass, those of its fields filled that stand in files of their own."""
    hints = get_type_hints(kind, include_extras=True)
    return kind(**{name: files.decode(f"{folder}/{name}.npz", partial(from_record, hints[name])) for name in names})


def read_frame(
    files: SegmentFiles, plain: Mapping[str, Any], index: int, parts: frozenset[str] = PART_NAMES
) -> CameraFrame:
    """One camera frame; `plain` is the content of `segment.json`."""
    entry = plain["frames"][index]
    place = frame_path(entry["camera"], index)
    there = [part for part in CAMERA_PARTS if part.name in parts and part.name in entry["parts"]]
    return CameraFrame(
        camera=entry["camera"],
        timestamp_ns=entry["timestamp_ns"],
        world_from_camera=from_plain(SE3, entry["world_from_camera"], "world_from_camera"),
        rgb=files.decode(f"{place}.{entry['rgb']}", arrays.from_picture),
        exposure_s=float(entry.get("exposure_s", 0.0)),
        gain=float(entry.get("gain", 0.0)),
        **{part.field: files.decode(f"{place}.{part.suffix}", part.decode) for part in there},  # pyright: ignore[reportArgumentType]
    )


def read_sweep(files: SegmentFiles, plain: Mapping[str, Any], index: int) -> LidarSweep:
    """One lidar sweep; `plain` is the content of `segment.json`."""
    entry = plain["sweeps"][index]
    columns = files.decode(sweep_path(entry["lidar"], index), arrays.from_parquet)
    pose: SE3 = from_plain(SE3, entry["world_from_lidar"], "world_from_lidar")
    return LidarSweep(lidar=entry["lidar"], timestamp_ns=entry["timestamp_ns"], world_from_lidar=pose,
                      **columns)  # pyright: ignore[reportArgumentType]  # fmt: skip


@dataclass(frozen=True, slots=True)
class SegmentReader:
    """Single frames and sweeps of one segment, its index read once.

    Attributes:
        files: the directory.
        frame_times_ns: when each camera frame was taken, int64.
        sweep_times_ns: when each lidar sweep was taken, int64.
    """

    files: SegmentFiles
    frame_times_ns: np.ndarray
    sweep_times_ns: np.ndarray
    _plain: Mapping[str, Any] = field(repr=False)

    @staticmethod
    def open(files: SegmentFiles) -> "SegmentReader":
        """Reads the index.

        Raises:
            StoreError: it is damaged.
        """
        plain = files.decode("segment.json", texts.parse)
        frames, sweeps = ([entry["timestamp_ns"] for entry in plain[name]] for name in ("frames", "sweeps"))
        return SegmentReader(files, np.array(frames, np.int64), np.array(sweeps, np.int64), plain)

    def frame(self, index: int, parts: frozenset[str] = frozenset()) -> CameraFrame:
        """One camera frame; `parts` names what comes with it, as in `Wanted.camera_parts`."""
        return read_frame(self.files, self._plain, index, parts)

    def sweep(self, index: int) -> LidarSweep:
        """One lidar sweep."""
        return read_sweep(self.files, self._plain, index)


def _rollout(files: SegmentFiles, with_map: bool) -> Rollout:
    named = files.decode("rollout.npz", arrays.from_npz)
    plain = files.decode("rollout.json", texts.parse)
    actors = Actors(tuple(plain["actor_ids"]), named["actor_kind"], named["actor_size_m"],
                    named["actor_rear_axle_to_center_m"])  # fmt: skip
    lane_map = None
    if with_map:
        present = [name for name in ("map.npz", "map.xodr") if name in files.entries]
        rest = {name: files.read(name) for name in present}
        lane_map = files.decode("map.json", lambda data: read_map({"map.json": data, **rest}))
    return Rollout(
        **{name: named[name] for name in ROLLOUT_ARRAYS},  # pyright: ignore[reportArgumentType]
        actors=actors,
        ego_index=plain["ego_index"],
        world_from_actor=SE3(named["rotation"], named["translation_m"]),
        signals=SignalStates(tuple(plain["signal_ids"]), named["signal_state"]),
        events=from_plain(tuple[Event, ...], plain["events"], "events"),
        lane_map=lane_map,
        environment=from_plain(Environment, plain["environment"], "environment"),
        messages=from_plain(tuple[Message, ...], plain.get("messages", []), "messages"),
        modes=named.get("modes"),
        sensor_faults=from_plain(tuple[FaultSpan, ...], plain.get("sensor_faults", []), "sensor_faults"),
    )


def _radar(files: SegmentFiles, radars: list[str]) -> tuple[RadarReturns, ...]:
    named = files.decode("radar.npz", arrays.from_npz)
    ends = np.cumsum(named["lengths"])
    extras = {name: _extra(named, name) for name in RADAR_EXTRAS}
    returns: list[RadarReturns] = []
    for index, (radar, end, length) in enumerate(zip(radars, ends, named["lengths"], strict=True)):
        rows = slice(int(end - length), int(end))
        translation = named["translation_m"][index]
        pose = None if np.isnan(translation).all() else SE3(named["rotation"][index], translation)
        columns = {name: None if parts is None else parts[index] for name, parts in extras.items()}
        returns.append(RadarReturns(radar, int(named["timestamp_ns"][index]), pose, named["position_m"][rows],
                                    named["range_rate_mps"][rows], named["track_id"][rows], **columns))  # fmt: skip
    return tuple(returns)


def _extra(named: Mapping[str, np.ndarray], name: str) -> list[np.ndarray | None] | None:
    """A column that only some returns have, cut into them."""
    if name not in named:
        return None
    there = named[f"{name}.there"]
    parts = iter(np.split(named[name], np.cumsum(named["lengths"][there])[:-1]))
    return [next(parts) if has else None for has in there]


def _labels(files: SegmentFiles, ontology_version: str | None, further: list[str]) -> Labels | None:
    if ontology_version is None:
        return None
    boxes_3d = files.decode("labels/boxes_3d.parquet", arrays.from_parquet)
    boxes_2d = files.decode("labels/boxes_2d.parquet", arrays.from_parquet)
    hints = get_type_hints(Labels, include_extras=True)
    return Labels(
        Boxes3D(**{name: boxes_3d[name] for name in Boxes3D.__dataclass_fields__}),
        Boxes2D(**{name: boxes_2d[name] for name in Boxes2D.__dataclass_fields__}),
        ontology_version,
        **{name: files.decode(f"labels/{name}.npz", partial(from_record, hints[name])) for name in further},
    )
