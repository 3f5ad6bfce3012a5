"""KITTI object frames: left colour image, Velodyne sweep, calibration, labels.

Labels stand in the rectified frame of camera 0: bottom centre, height-width-length, rotation about the downward y
axis. The benchmark has no poses: `world` is the ego frame of that frame. Source: the benchmark's `readme.txt`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from driving_data.geometry import SE3
from driving_data.labels import Boxes2D, Labels
from driving_data.logs.assemble import LogSource, Tracks, actors_of, boxes_3d, real_segment, rollout_from_tracks
from driving_data.logs.files import checked_segments, input_error, read_bytes, read_image, read_records
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.sensors import CameraFrame, CameraModel, LidarModel, LidarSweep, SensorRig
from driving_data.taxonomy import ActorClass

LICENCE = "CC BY-NC-SA 3.0 (non-commercial)"
# Passat B6 of the recording: the Velodyne sits 1.73 m over the ground and 0.76 m before the rear axle.
EGO_FROM_VELODYNE = SE3(np.eye(3), np.array([0.76, 0.0, 1.73]))
EGO_SIZE_M = (4.77, 1.82, 1.52)
REAR_AXLE_TO_CENTER_M = 1.36
_FRAME_NS = 100_000_000
_CLASSES = {
    "Car": ActorClass.CAR,
    "Van": ActorClass.VAN,
    "Truck": ActorClass.TRUCK,
    "Pedestrian": ActorClass.PEDESTRIAN,
    "Person_sitting": ActorClass.PEDESTRIAN,
    "Cyclist": ActorClass.BICYCLE,
    "Tram": ActorClass.OTHER,
    "Misc": ActorClass.OTHER,
}
# HDL-64E: 64 beams between -24.8 and +2 degrees.
_HDL64_ELEVATION_RAD = tuple(float(value) for value in np.deg2rad(np.linspace(-24.8, 2.0, 64)))


@dataclass(frozen=True, slots=True)
class _Label:
    name: str
    occluded: int
    box_px: tuple[float, ...]
    size_m: tuple[float, ...]
    bottom_m: tuple[float, ...]
    rotation_rad: float


class KittiReader:
    """Reads a split folder with `calib`, `image_2`, `label_2` and `velodyne`."""

    @property
    def name(self) -> str:
        """Format name."""
        return "kitti"

    def recognises(self, path: Path) -> bool:
        """Whether the folder has calibrations and sweeps in KITTI's layout."""
        return path.is_dir() and (path / "calib").is_dir() and (path / "velodyne").is_dir()

    def read(self, path: Path) -> Iterator[Segment[Raw]]:
        """One segment per frame.

        Raises:
            InputError: a file of a frame is missing or damaged.
        """
        return checked_segments(path, "a KITTI object folder", self._segments(path))

    def _segments(self, path: Path) -> Iterator[Segment[Raw]]:
        frames = sorted((path / "calib").glob("*.txt"))
        if not frames:
            raise input_error(path / "calib", "no *.txt", "at least one calibration", code="missing-file")
        for file in frames:
            yield _segment(path, file.stem)


def _segment(root: Path, stem: str) -> Segment[Raw]:
    velo_from_rect0, lens = _calibration(root / "calib" / f"{stem}.txt")
    rgb = read_image(root / "image_2" / f"{stem}.png")
    label_file = root / "label_2" / f"{stem}.txt"
    items = _labels(label_file) if label_file.is_file() else []
    time = int(stem) * _FRAME_NS if stem.isdecimal() else 0
    ego_from_rect0 = EGO_FROM_VELODYNE @ velo_from_rect0
    rollout = _rollout(time, ego_from_rect0, items)
    camera = _camera(lens, rgb.shape[1], rgb.shape[0], ego_from_rect0)
    frame = CameraFrame("image_2", time, camera.ego_from_camera, rgb)
    lidar = LidarModel("velodyne", _HDL64_ELEVATION_RAD, 2083, EGO_FROM_VELODYNE, max_range_m=120.0)
    rows = np.arange(len(items), dtype=np.int64)
    labels = Labels(boxes_3d(rollout, np.zeros_like(rows), rows + 1, np.full(len(rows), -1)), _boxes_2d(items))
    source = LogSource("kitti", "KITTI", LICENCE, f"object_{root.name}_{stem}", f"{root.name}/calib/{stem}.txt", {
        "ego_from_velodyne_m": EGO_FROM_VELODYNE.translation_m.tolist(),
        "timestamp": "frame number times 0.1 s; the benchmark gives none",
    })  # fmt: skip
    return real_segment(
        source, rollout, rig=SensorRig("kitti", (camera,), (lidar,), rate_hz=10.0), frames=[frame],
        sweeps=[_sweep(root / "velodyne" / f"{stem}.bin", time)], labels=labels,
        tags=("dataset:kitti", "location:karlsruhe", "light:day", "timestamp:assumed", "ego_frame:assumed"),
        description=f"One frame with {len(items)} labelled objects, a camera image and a full lidar sweep.",
    )  # fmt: skip


def _calibration(file: Path) -> tuple[SE3, np.ndarray]:
    """`velo_from_rect0` and the projection matrix of camera 2 (3, 4)."""
    values: dict[str, np.ndarray] = {}
    for number, line in enumerate(_lines(file), 1):
        key, colon, rest = line.partition(":")
        if line.strip() and colon:
            try:
                values[key.strip()] = np.array([float(part) for part in rest.split()])
            except ValueError as error:
                raise input_error(file, str(error), "numbers", line=number, place=key) from error
    for key, count in (("P2", 12), ("R0_rect", 9), ("Tr_velo_to_cam", 12)):
        if key not in values or len(values[key]) != count or not np.isfinite(values[key]).all():
            raise input_error(file, f"{len(values.get(key, ()))} numbers", f"{count} numbers", place=key)
    rect = np.eye(4)
    rect[:3, :3] = values["R0_rect"].reshape(3, 3)
    camera_from_velo = np.eye(4)
    camera_from_velo[:3] = values["Tr_velo_to_cam"].reshape(3, 4)
    rect0_from_velo = rect @ camera_from_velo
    u, _, vt = np.linalg.svd(rect0_from_velo[:3, :3])
    return SE3(u @ vt, rect0_from_velo[:3, 3]).inverse(), values["P2"].reshape(3, 4)


def _lines(file: Path) -> list[str]:
    data = read_bytes(file)
    try:
        return data.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise input_error(file, "bytes that are no text", "a text file") from error


def _camera(lens: np.ndarray, width: int, height: int, ego_from_rect0: SE3) -> CameraModel:
    """Camera 2 sits beside camera 0: P2 = K [I | t] with t the offset in the rectified frame."""
    matrix = lens[:, :3]
    rect0_from_camera = SE3(np.eye(3), -np.linalg.solve(matrix, lens[:, 3]))
    return CameraModel(
        name="image_2", width_px=width, height_px=height, fx_px=float(matrix[0, 0]), fy_px=float(matrix[1, 1]),
        cx_px=float(matrix[0, 2]) + 0.5, cy_px=float(matrix[1, 2]) + 0.5,
        ego_from_camera=ego_from_rect0 @ rect0_from_camera,
    )  # fmt: skip


def _labels(file: Path) -> list[_Label]:
    labels: list[_Label] = []
    for number, line in enumerate(_lines(file), 1):
        parts = line.split()
        if not parts or parts[0] == "DontCare":
            continue
        if len(parts) not in (15, 16):
            raise input_error(file, f"{len(parts)} columns", "15 columns", line=number)
        if parts[0] not in _CLASSES:
            raise input_error(file, repr(parts[0]), f"one of {', '.join(_CLASSES)}", line=number, code="unknown-name")
        try:
            values = [float(part) for part in parts[1:15]]
        except ValueError as error:
            raise input_error(file, str(error), "numbers", line=number) from error
        height, width, length = values[7:10]
        labels.append(_Label(parts[0], int(values[1]), tuple(values[3:7]), (length, width, height),
                             tuple(values[10:13]), values[13]))  # fmt: skip
    return labels


def _rollout(time: int, ego_from_rect0: SE3, items: list[_Label]) -> Rollout:
    angle = np.array([item.rotation_rad for item in items])
    size = np.array([item.size_m for item in items]).reshape(-1, 3)
    bottom = np.array([item.bottom_m for item in items]).reshape(-1, 3)
    cos, sin, zero = np.cos(angle), np.sin(angle), np.zeros(len(items))
    forward = np.stack([cos, zero, -sin], axis=-1)
    up = np.tile([0.0, -1.0, 0.0], (len(items), 1))
    rotation = np.stack([forward, np.cross(up, forward), up], axis=-1)
    boxes = ego_from_rect0 @ SE3(rotation, bottom + 0.5 * size[:, 2:] * up)
    ego = np.array([REAR_AXLE_TO_CENTER_M, 0.0, 0.5 * EGO_SIZE_M[2]])
    pose = SE3(np.concatenate([np.eye(3)[None], boxes.rotation])[None],
               np.concatenate([ego[None], boxes.translation_m])[None])  # fmt: skip
    offset = np.zeros(len(items) + 1)
    offset[0] = REAR_AXLE_TO_CENTER_M
    names: Mapping[int, str] = {index: f"{item.name.lower()}_{index}" for index, item in enumerate(items)}
    actors = actors_of(("ego", *names.values()), [ActorClass.CAR, *(_CLASSES[item.name] for item in items)],
                       np.concatenate([[EGO_SIZE_M], size]), offset)  # fmt: skip
    return rollout_from_tracks(np.array([time]), Tracks(actors, 0, pose, np.ones((1, len(items) + 1), dtype=bool)))


def _boxes_2d(items: list[_Label]) -> Boxes2D:
    """KITTI draws one box per object, around the projected 3D box inside the image; hidden parts are not cut off."""
    box = np.array([item.box_px for item in items], dtype=np.float32).reshape(-1, 4)
    rows = np.arange(len(items), dtype=np.int64)
    occlusion = np.array([0.0 if item.occluded == 0 else np.nan for item in items])
    unknown = np.full_like(box, np.nan)
    return Boxes2D(np.zeros_like(rows), rows + 1, unknown, box, np.full_like(rows, -1), occlusion)


def _sweep(file: Path, time: int) -> LidarSweep:
    records = read_records(file, 4)
    points = np.ascontiguousarray(records[:, :3])
    elevation = np.arctan2(points[:, 2], np.linalg.norm(points[:, :2], axis=-1))
    middle = 0.5 * (np.asarray(_HDL64_ELEVATION_RAD[1:]) + np.asarray(_HDL64_ELEVATION_RAD[:-1]))
    return LidarSweep(
        lidar="velodyne",
        timestamp_ns=time,
        world_from_lidar=EGO_FROM_VELODYNE,
        points_m=points,
        intensity=records[:, 3].copy(),
        ring=np.searchsorted(middle, elevation).astype(np.int64),
        offset_ns=np.zeros(len(points), dtype=np.int64),
    )
