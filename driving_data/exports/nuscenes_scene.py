"""One segment as one nuScenes scene: its rows and its files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.exports.common import token, write_jpeg
from driving_data.exports.nuscenes_files import (
    MAP_RESOLUTION_M,
    map_bounds,
    panoptic_bytes,
    point_categories,
    write_lidar,
    write_map_mask,
    write_radar,
)
from driving_data.exports.nuscenes_names import (
    CATEGORY_OF_ACTOR,
    MOVING_MPS,
    attribute_of,
    camera_channels,
    lidar_channels,
    radar_channels,
    visibility_token,
)
from driving_data.exports.nuscenes_streams import Datum, Stream, count_points, sensor_stream, thinned
from driving_data.geometry import SE3
from driving_data.segment import Raw, Segment
from driving_data.sensors import CameraFrame, LidarSweep
from driving_data.store.catalog import family_of
from driving_data.taxonomy import ActorClass

TABLES = (
    "category", "attribute", "visibility", "instance", "sensor", "calibrated_sensor", "ego_pose", "log", "scene",
    "sample", "sample_data", "sample_annotation", "map",
)  # fmt: skip
POINT_TABLES = ("lidarseg", "panoptic")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows of every table so far."""

    rows: Mapping[str, list[Row]] = field(default_factory=lambda: {name: [] for name in (*TABLES, *POINT_TABLES)})

    def add(self, table: str, **row: Any) -> str:
        """Adds a row and returns its token."""
        self.rows[table].append(row)
        return row["token"]


@dataclass(frozen=True, slots=True)
class SceneOptions:
    """How a scene is made; fields as in `NuscenesExporter`."""

    version: str
    keyframe_rate_hz: float
    point_labels: bool


@dataclass(frozen=True)
class SceneWriter:
    """Writes one segment into the tables and below the root.

    Attributes:
        segment: the segment.
        root: the root of the data set.
        tables: where rows go.
        options: how.
    """

    segment: Segment[Raw]
    root: Path
    tables: Tables
    options: SceneOptions

    @property
    def name(self) -> str:
        """Name of the scene."""
        return self.segment.segment_id

    @cached_property
    def scene(self) -> str:
        """Token of the scene."""
        return token("scene", self.options.version, self.name)

    @cached_property
    def streams(self) -> tuple[Stream, ...]:
        """The sensors that gave something."""
        rig, segment = self.segment.rig, self.segment
        cameras = {camera.name: camera for camera in rig.cameras}
        lidars = {lidar.name: lidar.ego_from_lidar for lidar in rig.lidars}
        radars = {radar.name: radar.ego_from_radar for radar in rig.radars}
        seen = {name: [f for f in segment.frames if f.camera == name] for name in cameras}
        sweeps = {name: [s for s in segment.sweeps if s.lidar == name] for name in lidars}
        names = sorted({item.radar for item in segment.radar})
        # The devkit refuses radar clouds without a point.
        returns = {n: [r for r in segment.radar if r.radar == n and len(r.position_m)] for n in names}
        out: list[Stream] = []
        for name, channel in lidar_channels([n for n in lidars if sweeps[n]]).items():
            out.append(sensor_stream(channel, "lidar", None, lidars[name], sweeps[name]))
        for name, channel in camera_channels([c for n, c in cameras.items() if seen[n]]).items():
            out.append(sensor_stream(channel, "camera", cameras[name], cameras[name].ego_from_camera, seen[name]))
        for name, channel in radar_channels([n for n in names if returns[n]]).items():
            out.append(sensor_stream(channel, "radar", None, radars.get(name, SE3.identity()), returns[name]))
        return tuple(out)

    @cached_property
    def keyframes(self) -> tuple[tuple[int, int], ...]:
        """(timestamp_ns, step) of each sample: labelled moments that the main sensor shows, at the asked rate."""
        times = self.segment.rollout.timestamps_ns
        labels = self.segment.labels
        if labels is not None and len(labels.boxes_3d.step):
            pairs = set(zip(labels.boxes_3d.timestamp_ns.tolist(), labels.boxes_3d.step.tolist(), strict=True))
        else:
            moments = self.streams[0].times_ns if self.streams else times
            pairs = {(int(t), int(np.argmin(np.abs(times - t)))) for t in moments}
        ordered = sorted(pairs)
        if self.streams:
            shown = [pair for pair in ordered if self.streams[0].nearest(pair[0]) is not None]
            ordered = shown or ordered
        return tuple(thinned(ordered, self.options.keyframe_rate_hz))

    @cached_property
    def bounds(self) -> tuple[np.ndarray, tuple[int, int]]:
        """Corner and size of the map mask."""
        rollout = self.segment.rollout
        path = rollout.world_from_actor.translation_m[:, rollout.ego_index, :2]
        path = path[np.isfinite(path).all(axis=1)]
        return map_bounds(path if len(path) else np.zeros((1, 2)))

    @cached_property
    def global_from_world(self) -> SE3:
        """The maps of nuScenes have their origin at the lower left of the mask: a shift by whole metres."""
        corner, _ = self.bounds
        return SE3(np.eye(3), np.array([-corner[0], -corner[1], 0.0]))

    def write(self) -> None:
        """Adds the rows of the scene and writes its files."""
        log = self._log()
        samples = [token("sample", self.scene, index) for index in range(len(self.keyframes))]
        key_data = self._sample_data(samples)
        for index, (timestamp_ns, _) in enumerate(self.keyframes):
            self.tables.add("sample", token=samples[index], timestamp=timestamp_ns // 1000, scene_token=self.scene,
                            prev=samples[index - 1] if index else "",
                            next=samples[index + 1] if index + 1 < len(samples) else "")  # fmt: skip
        self._annotations(samples, key_data)
        provenance = self.segment.provenance
        self.tables.add(
            "scene", token=self.scene, log_token=log, name=self.name, nbr_samples=len(samples),
            first_sample_token=samples[0], last_sample_token=samples[-1], description=self.segment.description,
            source=self.segment.source.value, tags=list(self.segment.tags), provenance_digest=provenance.identity(),
            scenario_digest=provenance.scenario_digest, family=family_of(provenance, self.name),
            producer=provenance.producer, licence=provenance.licence, generation_depth=provenance.generation_depth,
        )  # fmt: skip

    def _log(self) -> str:
        segment, lane_map = self.segment, self.segment.rollout.lane_map
        corner, size_px = self.bounds
        log = self.tables.add(
            "log", token=token("log", self.scene), logfile=segment.provenance.origin or segment.segment_id,
            vehicle=segment.vehicle_id or segment.rig.name, location=(lane_map.name if lane_map else "") or "unknown",
            date_captured=str(np.datetime64(segment.start_timestamp_ns, "ns").astype("datetime64[D]")),
            global_from_world_m=[-float(corner[0]), -float(corner[1]), 0.0],
        )  # fmt: skip
        filename = f"maps/{token('map', self.scene)}.png"
        write_map_mask(self.root / filename, lane_map, corner, size_px)
        self.tables.add("map", token=token("map", self.scene), category="semantic_prior", filename=filename,
                        log_tokens=[log])  # fmt: skip
        return log

    def _sample_data(self, samples: list[str]) -> list[dict[str, Datum]]:
        """Rows and files of every stream; returns what each sample shows, by channel."""
        key_data: list[dict[str, Datum]] = [{} for _ in samples]
        for stream in self.streams:
            calibrated = self._calibration(stream)
            key_of: dict[int, int] = {}
            for sample, (moment_ns, _) in enumerate(self.keyframes):
                nearest = stream.nearest(moment_ns)
                if nearest is not None and nearest not in key_of:
                    key_of[nearest] = sample
                    key_data[sample][stream.channel] = stream.data[nearest]
            tokens = [token("sample_data", self.scene, stream.channel, k) for k in range(len(stream.data))]
            for k, datum in enumerate(stream.data):
                sample = key_of.get(k)
                owner = samples[self._following(datum.timestamp_ns) if sample is None else sample]
                self._datum(stream, datum, owner, sample is not None, calibrated, tokens, k)
        if not any(stream.channel == "LIDAR_TOP" for stream in self.streams):
            self._placeholder(samples)
        return key_data

    def _following(self, timestamp_ns: int) -> int:
        """The sample that follows a moment closest in time, or the last."""
        moments = [moment for moment, _ in self.keyframes]
        return min(int(np.searchsorted(moments, timestamp_ns)), len(moments) - 1)

    def _datum(
        self, stream: Stream, datum: Datum, owner: str, is_key: bool, calibrated: str, tokens: list[str], k: int
    ) -> None:
        suffix = {"camera": "jpg", "lidar": "pcd.bin", "radar": "pcd"}[stream.modality]
        folder = "samples" if is_key else "sweeps"
        timestamp_us = datum.timestamp_ns // 1000
        filename = (
            f"{folder}/{stream.channel}/{token('file', self.name)[:12]}__{stream.channel}__{timestamp_us}.{suffix}"
        )
        path = self.root / filename
        world_from_ego = self._ego_pose(stream, datum)
        size = {"height": 0, "width": 0}
        if isinstance(datum, CameraFrame):
            write_jpeg(path, datum.rgb)
            size = {"height": datum.rgb.shape[0], "width": datum.rgb.shape[1]}
        elif isinstance(datum, LidarSweep):
            write_lidar(path, datum)
            if is_key and self.options.point_labels and datum.semantic is not None:
                self._point_labels(datum, tokens[k])
        else:
            write_radar(path, datum, self._sensor_velocity(stream, datum, world_from_ego))
        self._add_datum(tokens[k], owner, world_from_ego, calibrated, timestamp_us, is_key, filename, suffix, size,
                        tokens[k - 1] if k else "", tokens[k + 1] if k + 1 < len(tokens) else "")  # fmt: skip

    def _add_datum(
        self, name: str, owner: str, world_from_ego: SE3, calibrated: str, timestamp_us: int, is_key: bool,
        filename: str, suffix: str, size: dict[str, int], before: str, after: str, **extra: Any,
    ) -> None:  # fmt: skip
        pose = self.global_from_world @ world_from_ego
        ego = self.tables.add(
            "ego_pose",
            token=token("ego_pose", name),
            timestamp=timestamp_us,
            translation=pose.translation_m.tolist(),
            rotation=pose.quaternion_wxyz().tolist(),
        )
        fileformat = {"pcd.bin": "pcd"}.get(suffix, suffix)
        self.tables.add("sample_data", token=name, sample_token=owner, ego_pose_token=ego,
                        calibrated_sensor_token=calibrated, timestamp=timestamp_us, fileformat=fileformat,
                        is_key_frame=is_key, filename=filename, prev=before, next=after, **size, **extra)  # fmt: skip

    def _placeholder(self, samples: list[str]) -> None:
        """The official evaluation finds the ego through LIDAR_TOP: where there is no lidar, an empty sweep says so."""
        stream = sensor_stream("LIDAR_TOP", "lidar", None, SE3.identity(), [])
        calibrated = self._calibration(stream)
        names = [token("sample_data", self.scene, "LIDAR_TOP", k) for k in range(len(samples))]
        for k, (moment_ns, _) in enumerate(self.keyframes):
            filename = f"samples/LIDAR_TOP/{token('file', self.name)[:12]}__LIDAR_TOP__{moment_ns // 1000}.pcd.bin"
            write_lidar(self.root / filename, None)
            self._add_datum(names[k], samples[k], self._ego_at(moment_ns), calibrated, moment_ns // 1000, True,
                            filename, "pcd.bin", {"height": 0, "width": 0}, names[k - 1] if k else "",
                            names[k + 1] if k + 1 < len(names) else "", placeholder=True)  # fmt: skip

    def _calibration(self, stream: Stream) -> str:
        """The sensor, once per data set, and its calibration, once per scene."""
        sensor = token("sensor", stream.channel)
        if all(row["token"] != sensor for row in self.tables.rows["sensor"]):
            self.tables.add("sensor", token=sensor, channel=stream.channel, modality=stream.modality)
        camera = stream.model
        mount = stream.ego_from_sensor
        return self.tables.add(
            "calibrated_sensor", token=token("calibrated_sensor", self.scene, stream.channel), sensor_token=sensor,
            translation=mount.translation_m.tolist(), rotation=mount.quaternion_wxyz().tolist(),
            camera_intrinsic=[] if camera is None else camera.matrix().tolist(),
            camera_distortion=[] if camera is None else list(camera.distortion),
            camera_model="" if camera is None else camera.model,
        )  # fmt: skip

    def _ego_pose(self, stream: Stream, datum: Datum) -> SE3:
        """The ego pose that brings this datum exactly to where it was taken."""
        if isinstance(datum, CameraFrame):
            world_from_sensor = datum.world_from_camera
        elif isinstance(datum, LidarSweep):
            world_from_sensor = datum.world_from_lidar
        else:
            world_from_sensor = datum.world_from_radar
        if world_from_sensor is not None and np.isfinite(world_from_sensor.translation_m).all():
            return world_from_sensor @ stream.ego_from_sensor.inverse()
        return self._ego_at(datum.timestamp_ns)

    @cached_property
    def _ego_steps(self) -> np.ndarray:
        """Moments of the rollout at which the ego's pose is known."""
        rollout = self.segment.rollout
        position = rollout.world_from_actor.translation_m[:, rollout.ego_index]
        return np.flatnonzero(np.isfinite(position).all(axis=1))

    def _ego_at(self, timestamp_ns: int) -> SE3:
        """The ego pose nearest in time that is known; the middle of the map mask where the log gives none at all."""
        if not len(self._ego_steps):
            corner, size_px = self.bounds
            middle = corner + 0.5 * MAP_RESOLUTION_M * np.array(size_px)
            return SE3(np.eye(3), np.array([*middle, 0.0]))
        times = self.segment.rollout.timestamps_ns[self._ego_steps]
        return self.segment.rollout.world_from_ego()[int(self._ego_steps[np.argmin(np.abs(times - timestamp_ns))])]

    def _step(self, timestamp_ns: int) -> int:
        return int(np.argmin(np.abs(self.segment.rollout.timestamps_ns - timestamp_ns)))

    def _sensor_velocity(self, stream: Stream, datum: Datum, world_from_ego: SE3) -> np.ndarray:
        """Velocity of the sensor in its own frame; the turning of the ego is left out."""
        rollout = self.segment.rollout
        velocity = np.nan_to_num(rollout.velocity_mps[self._step(datum.timestamp_ns), rollout.ego_index])
        return (world_from_ego @ stream.ego_from_sensor).inverse().rotate(velocity)

    def _point_labels(self, sweep: LidarSweep, sample_data: str) -> None:
        categories = point_categories(sweep, self.segment.rollout.actors)
        for table, suffix, data in (
            ("lidarseg", "lidarseg.bin", categories.tobytes()),
            ("panoptic", "panoptic.npz", panoptic_bytes(categories, sweep)),
        ):
            filename = f"{table}/{self.options.version}/{sample_data}_{suffix}"
            (self.root / filename).parent.mkdir(parents=True, exist_ok=True)
            (self.root / filename).write_bytes(data)
            self.tables.add(table, token=sample_data, sample_data_token=sample_data, filename=filename)

    def _annotations(self, samples: list[str], key_data: list[dict[str, Datum]]) -> None:
        """Boxes of every sample; the same actor is the same instance through the scene."""
        by_actor: dict[int, list[Row]] = {}
        for index, (moment_ns, step) in enumerate(self.keyframes):
            for row in self._boxes_at(moment_ns, step, samples[index], key_data[index]):
                by_actor.setdefault(row.pop("actor"), []).append(row)
        for actor in sorted(by_actor):
            rows = by_actor[actor]
            for index, row in enumerate(rows):
                row["prev"] = rows[index - 1]["token"] if index else ""
                row["next"] = rows[index + 1]["token"] if index + 1 < len(rows) else ""
            kind = self.segment.rollout.actors.kind_of(actor)
            self.tables.add("instance", token=rows[0]["instance_token"],
                            category_token=token("category", CATEGORY_OF_ACTOR[kind]), nbr_annotations=len(rows),
                            first_annotation_token=rows[0]["token"], last_annotation_token=rows[-1]["token"],
                            actor_id=self.segment.rollout.actors.ids[actor], fine_class=kind.label)  # fmt: skip
        order = {sample: index for index, sample in enumerate(samples)}
        rows = [row for actor in sorted(by_actor) for row in by_actor[actor]]
        self.tables.rows["sample_annotation"].extend(sorted(rows, key=lambda row: order[row["sample_token"]]))

    def _boxes_at(self, moment_ns: int, step: int, sample: str, data: dict[str, Datum]) -> list[Row]:
        labels, rollout = self.segment.labels, self.segment.rollout
        if labels is None:
            return []
        boxes = labels.boxes_3d
        poses = rollout.world_from_actor
        there = (boxes.step == step) & (boxes.timestamp_ns == moment_ns) & (boxes.actor != rollout.ego_index)
        indices = [int(k) for k in np.flatnonzero(there) if np.isfinite(poses[step, boxes.actor[k]].rotation).all()]
        rows: list[Row] = []
        for k in indices:
            actor = int(boxes.actor[k])
            counted = count_points(data, poses[step, actor], rollout.actors.size_m[actor])
            length, width, height = rollout.actors.size_m[actor].tolist()
            pose = self.global_from_world @ poses[step, actor]
            attribute = self._attribute(step, actor)
            rows.append({
                "token": token("annotation", self.scene, rollout.actors.ids[actor], sample), "sample_token": sample,
                "instance_token": token("instance", self.scene, rollout.actors.ids[actor]),
                "visibility_token": visibility_token(float(boxes.visible_fraction[k])),
                "attribute_tokens": [] if attribute is None else [token("attribute", attribute)],
                "translation": pose.translation_m.tolist(), "size": [width, length, height],
                "rotation": pose.quaternion_wxyz().tolist(),
                "num_lidar_pts": int(boxes.num_lidar_points[k]) if counted[0] is None else counted[0],
                "num_radar_pts": counted[1], "fine_class": rollout.actors.kind_of(actor).label, "actor": actor,
            })  # fmt: skip
        return rows

    def _attribute(self, step: int, actor: int) -> str | None:
        speeds = np.linalg.norm(self.segment.rollout.velocity_mps[:, actor], axis=-1)
        ever_moved = bool(np.nanmax(speeds, initial=0.0) > MOVING_MPS)
        kind = ActorClass(int(self.segment.rollout.actors.kind[actor]))
        return attribute_of(kind, float(np.nan_to_num(speeds[step])), ever_moved)
