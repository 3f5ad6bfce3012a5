"""nuScenes key frames as mmdetection3d info pickles: six cameras, one sweep, boxes, every calibration.

Boxes stand in the lidar frame with their centre in the middle. nuScenes' lidar has x right and y forward; ours has
x forward: the points are turned, the mounting with them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.geometry import SE3
from driving_data.labels import Labels
from driving_data.logs.assemble import (
    LogSource,
    Tracks,
    actors_of,
    boxes_3d,
    no_boxes_2d,
    real_segment,
    rollout_from_tracks,
)
from driving_data.logs.files import checked_segments, head, input_error, read_image, read_records
from driving_data.logs.restricted_pickle import read_pickle
from driving_data.logs.scenarionet import NUSCENES_EGO_SIZE_M, NUSCENES_REAR_AXLE_TO_CENTER_M
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.sensors import CameraFrame, CameraModel, LidarModel, LidarSweep, SensorRig
from driving_data.taxonomy import ActorClass

LICENCE = "CC BY-NC-SA 4.0 (non-commercial)"
_CLASSES = {
    "car": ActorClass.CAR,
    "truck": ActorClass.TRUCK,
    "trailer": ActorClass.TRAILER,
    "bus": ActorClass.BUS,
    "construction_vehicle": ActorClass.CONSTRUCTION_VEHICLE,
    "bicycle": ActorClass.BICYCLE,
    "motorcycle": ActorClass.MOTORCYCLE,
    "pedestrian": ActorClass.PEDESTRIAN,
    "traffic_cone": ActorClass.CONE,
    "barrier": ActorClass.BARRIER,
}
_RINGS = 32
# Our lidar axes (x forward) from those of nuScenes (y forward).
_FORWARD_FROM_RIGHT = SE3(np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.zeros(3))
# HDL-32E: 32 beams between -30.67 and +10.67 degrees, 1.33 degrees apart.
_HDL32_ELEVATION_RAD = tuple(float(value) for value in np.deg2rad(np.linspace(-30.67, 10.67, _RINGS)))


class NuScenesFrameReader:
    """Reads an info pickle (mmdetection3d, info version 1.1) with the images and sweeps beside it."""

    @property
    def name(self) -> str:
        """Format name."""
        return "nuscenes_frame"

    def recognises(self, path: Path) -> bool:
        """Whether the file is a pickle that starts with the metainfo of an info file."""
        start = head(path, 512) if path.is_file() else b""
        return start[:1] == b"\x80" and b"metainfo" in start

    def read(self, path: Path) -> Iterator[Segment[Raw]]:
        """One segment per key frame in the pickle.

        Raises:
            InputError: the pickle, an image or the sweep is missing or damaged.
        """
        return checked_segments(path, "a nuScenes info pickle", self._segments(path))

    def _segments(self, path: Path) -> Iterator[Segment[Raw]]:
        document = read_pickle(path)
        if not isinstance(document, dict) or not {"metainfo", "data_list"} <= set(document):
            raise input_error(path, "no metainfo and data_list", "an info pickle")
        names = {int(number): str(name) for name, number in document["metainfo"]["categories"].items()}
        version = str(document["metainfo"]["version"])
        for info in document["data_list"]:
            yield self._frame(path, info, names, version)

    def _frame(self, path: Path, info: Mapping[str, Any], names: Mapping[int, str], version: str) -> Segment[Raw]:
        time = _nanoseconds(info["timestamp"])
        world_from_ego = _se3(info["ego2global"])
        lidar = info["lidar_points"]
        ego_from_lidar = _se3(lidar["lidar2ego"])
        world_from_lidar = world_from_ego @ ego_from_lidar
        kept = list(info["instances"])
        rollout = _rollout(time, world_from_ego, world_from_lidar, kept, names)
        images = [_camera(path.parent, name, item, world_from_lidar) for name, item in info["images"].items()]
        rig = SensorRig("nuscenes", tuple(camera for camera, _ in images), (_lidar_model(ego_from_lidar),))
        counts = np.array([int(item["num_lidar_pts"]) for item in kept], dtype=np.int64)
        rows = np.arange(len(kept), dtype=np.int64)
        labels = Labels(boxes_3d(rollout, np.zeros_like(rows), rows + 1, counts), no_boxes_2d())
        source = LogSource("nuscenes_frame", "nuScenes", LICENCE, str(info["token"]), path.name, {"version": version})
        return real_segment(
            source, rollout, rig=rig, labels=labels, frames=[frame for _, frame in images],
            sweeps=[_sweep(path.parent, lidar, time, world_from_lidar)],
            tags=("dataset:nuscenes", "location:singapore" if path.name.startswith("n015") else "location:boston"),
            description=f"One key frame with {len(kept)} boxes, {len(images)} cameras and a lidar sweep.",
        )  # fmt: skip


def _nanoseconds(seconds: Any) -> int:
    """Microseconds are what nuScenes counts; the pickle holds them as float seconds."""
    return round(float(seconds) * 1e6) * 1000


def _se3(matrix: Any) -> SE3:
    values = np.asarray(matrix, dtype=np.float64)
    if values.shape != (4, 4) or not np.isfinite(values).all():
        raise ValueError("expected a finite 4x4 matrix")
    # Stored as float32: the nearest rotation, so that inverses are exact.
    u, _, vt = np.linalg.svd(values[:3, :3])
    return SE3(u @ vt, values[:3, 3])


def _rollout(time: int, world_from_ego: SE3, world_from_lidar: SE3, items: Sequence[Mapping[str, Any]],
             names: Mapping[int, str]) -> Rollout:  # fmt: skip
    boxes = np.array([item["bbox_3d"] for item in items], dtype=np.float64).reshape(-1, 7)
    velocity = np.array([item["velocity"] for item in items], dtype=np.float64).reshape(-1, 2)
    # -1 stands for the categories that the detection task leaves out.
    kinds = [_CLASSES[names[int(item["bbox_label_3d"])]] if item["bbox_label_3d"] >= 0 else ActorClass.OTHER
             for item in items]  # fmt: skip
    in_lidar = SE3.from_yaw(boxes[:, 6], boxes[:, :3])
    pose = world_from_lidar @ in_lidar
    center = np.array([NUSCENES_REAR_AXLE_TO_CENTER_M, 0.0, 0.5 * NUSCENES_EGO_SIZE_M[2]])
    ego = world_from_ego @ SE3(np.eye(3), center)
    poses = SE3(np.concatenate([ego.rotation[None], pose.rotation])[None],
                np.concatenate([ego.translation_m[None], pose.translation_m])[None])  # fmt: skip
    moving = np.concatenate([velocity, np.zeros((len(items), 1))], axis=1)
    velocities = np.concatenate([np.full((1, 3), np.nan), world_from_lidar.rotate(moving)])[None]
    offset = np.zeros(len(items) + 1)
    offset[0] = NUSCENES_REAR_AXLE_TO_CENTER_M
    ids = ("ego", *(f"box_{index}" for index in range(len(items))))
    actors = actors_of(ids, [ActorClass.CAR, *kinds], np.concatenate([[NUSCENES_EGO_SIZE_M], boxes[:, 3:6]]), offset)
    valid = np.ones((1, len(items) + 1), dtype=bool)
    return rollout_from_tracks(np.array([time]), Tracks(actors, 0, poses, valid, velocities))


def _camera(folder: Path, name: str, item: Mapping[str, Any], world_from_lidar: SE3) -> tuple[CameraModel, CameraFrame]:
    rgb = read_image(folder / Path(str(item["img_path"])).name)
    lens = np.asarray(item["cam2img"], dtype=np.float64)
    camera = CameraModel(
        name=name, width_px=rgb.shape[1], height_px=rgb.shape[0], fx_px=float(lens[0, 0]), fy_px=float(lens[1, 1]),
        cx_px=float(lens[0, 2]), cy_px=float(lens[1, 2]), ego_from_camera=_se3(item["cam2ego"]),
    )  # fmt: skip
    # lidar2cam holds the motion of the ego between the two exposures.
    pose = world_from_lidar @ _se3(item["lidar2cam"]).inverse()
    return camera, CameraFrame(name, _nanoseconds(item["timestamp"]), pose, rgb)


def _lidar_model(ego_from_lidar: SE3) -> LidarModel:
    return LidarModel(
        "LIDAR_TOP", _HDL32_ELEVATION_RAD, 1084, ego_from_lidar @ _FORWARD_FROM_RIGHT.inverse(), rate_hz=20.0
    )


def _sweep(folder: Path, lidar: Mapping[str, Any], time: int, world_from_lidar: SE3) -> LidarSweep:
    records = read_records(folder / Path(str(lidar["lidar_path"])).name, int(lidar["num_pts_feats"]))
    if records.shape[1] < 5:
        raise ValueError("expected x, y, z, intensity and ring per point")
    return LidarSweep(
        lidar="LIDAR_TOP",
        timestamp_ns=time,
        world_from_lidar=world_from_lidar @ _FORWARD_FROM_RIGHT.inverse(),
        points_m=np.ascontiguousarray(_FORWARD_FROM_RIGHT.apply(records[:, :3].astype(np.float64)), dtype=np.float32),
        intensity=records[:, 3] / np.float32(255),
        ring=records[:, 4].astype(np.int64),
        offset_ns=np.zeros(len(records), dtype=np.int64),
    )
