"""Argoverse 2 sensor logs and their annotation-only kin (scenario mining): boxes, poses, calibration, sweeps, map.

Source: the layout and columns of the files themselves. Argoverse's egovehicle frame sits in the middle of the rear
axle; ours lies under it, on the ground.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.geometry import SE3, interpolate
from driving_data.labels import Labels
from driving_data.logs.argoverse_map import read_argoverse_map
from driving_data.logs.assemble import (
    LogSource,
    Tracks,
    actors_of,
    boxes_3d,
    no_boxes_2d,
    real_segment,
    rollout_from_tracks,
)
from driving_data.logs.files import checked_segments, input_error
from driving_data.logs.tables import feather_columns, read_feather
from driving_data.maps.lane_map import LaneMap
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.sensors import CameraModel, LidarModel, LidarSweep, SensorRig
from driving_data.taxonomy import ActorClass

LICENCE = "CC BY-NC-SA 4.0 (non-commercial)"
AXLE_HEIGHT_M = 0.33
EGO_SIZE_M = (4.877, 2.0, 1.473)
EGO_REAR_AXLE_TO_CENTER_M = 1.38
_POSE = ("qw", "qx", "qy", "qz", "tx_m", "ty_m", "tz_m")
_BOX = ("timestamp_ns", "track_uuid", "category", "length_m", "width_m", "height_m", *_POSE, "num_interior_pts")
_SWEEP = ("x", "y", "z", "intensity", "laser_number", "offset_ns")
_LENS = ("sensor_name", "fx_px", "fy_px", "cx_px", "cy_px", "k1", "k2", "k3", "height_px", "width_px")
CITIES = {
    "ATX": "austin",
    "DTW": "detroit",
    "MIA": "miami",
    "PAO": "palo-alto",
    "PIT": "pittsburgh",
    "WDC": "washington-dc",
}
CLASSES = {
    "REGULAR_VEHICLE": ActorClass.CAR,
    "LARGE_VEHICLE": ActorClass.VAN,
    "BUS": ActorClass.BUS,
    "SCHOOL_BUS": ActorClass.BUS,
    "ARTICULATED_BUS": ActorClass.BUS,
    "BOX_TRUCK": ActorClass.TRUCK,
    "TRUCK": ActorClass.TRUCK,
    "TRUCK_CAB": ActorClass.TRUCK,
    "VEHICULAR_TRAILER": ActorClass.TRAILER,
    "TRAFFIC_LIGHT_TRAILER": ActorClass.TRAILER,
    "MESSAGE_BOARD_TRAILER": ActorClass.TRAILER,
    "RAILED_VEHICLE": ActorClass.OTHER,
    "PEDESTRIAN": ActorClass.PEDESTRIAN,
    "OFFICIAL_SIGNALER": ActorClass.FLAGGER,
    "WHEELCHAIR": ActorClass.WHEELCHAIR,
    "STROLLER": ActorClass.OTHER,
    "BICYCLE": ActorClass.BICYCLE,
    "BICYCLIST": ActorClass.BICYCLE,
    "MOTORCYCLE": ActorClass.MOTORCYCLE,
    "MOTORCYCLIST": ActorClass.MOTORCYCLE,
    "WHEELED_DEVICE": ActorClass.E_SCOOTER,
    "WHEELED_RIDER": ActorClass.E_SCOOTER,
    "DOG": ActorClass.ANIMAL,
    "ANIMAL": ActorClass.ANIMAL,
    "CONSTRUCTION_CONE": ActorClass.CONE,
    "CONSTRUCTION_BARREL": ActorClass.BARRIER,
    "BOLLARD": ActorClass.BARRIER,
    "STOP_SIGN": ActorClass.OTHER,
    "SIGN": ActorClass.OTHER,
    "MOBILE_PEDESTRIAN_SIGN": ActorClass.OTHER,
    "MOBILE_PEDESTRIAN_CROSSING_SIGN": ActorClass.OTHER,
    "EGO_VEHICLE": ActorClass.CAR,
}


class Argoverse2SensorReader:
    """Reads a log folder with `city_SE3_egovehicle.feather` and annotations."""

    @property
    def name(self) -> str:
        """Format name."""
        return "argoverse2_sensor"

    def recognises(self, path: Path) -> bool:
        """Whether the folder holds poses of an Argoverse ego vehicle and boxes."""
        return path.is_dir() and _annotations(path) is not None and (path / "city_SE3_egovehicle.feather").is_file()

    def read(self, path: Path) -> Iterator[Segment[Raw]]:
        """One segment per log.

        Raises:
            InputError: a file of the log is missing or damaged.
        """
        return checked_segments(path, "an Argoverse 2 log folder", self._segments(path))

    def _segments(self, path: Path) -> Iterator[Segment[Raw]]:
        annotations = _annotations(path)
        if annotations is None:
            raise input_error(path, "no annotations.feather", "an Argoverse 2 log folder", code="missing-file")
        boxes = read_feather(annotations, _BOX)
        pose_table = read_feather(path / "city_SE3_egovehicle.feather", ("timestamp_ns", *_POSE))
        lane_map, log_id, city = _map(path)
        rollout, labels = _rollout(boxes, pose_table, lane_map, annotations)
        rig, sweep_frame = _rig(path)
        sweeps = [
            _sweep(file, pose_table, sweep_frame) for file in sorted((path / "sensors" / "lidar").glob("*.feather"))
        ]
        rig = _with_measured_beams(rig, sweeps)
        source = LogSource(self.name, "Argoverse 2", LICENCE, log_id, path.name, {
            "ego_size_m": list(EGO_SIZE_M), "axle_height_m": AXLE_HEIGHT_M,
            "rear_axle_to_center_m": EGO_REAR_AXLE_TO_CENTER_M,
        })  # fmt: skip
        seconds = float(rollout.seconds()[-1])
        yield real_segment(
            source, rollout, rig=rig, sweeps=[_ring_ordered(sweep, rig) for sweep in sweeps], labels=labels,
            tags=("dataset:argoverse2", f"location:{city}"),
            description=f"{seconds:.1f} s of driving in {city} among {rollout.num_actors - 1} labelled actors.",
        )  # fmt: skip


def _annotations(path: Path) -> Path | None:
    for name in ("annotations.feather", "annotations_with_ego.feather"):
        if (path / name).is_file() and "track_uuid" in feather_columns(path / name):
            return path / name
    for name in ("annotations.feather", "annotations_with_ego.feather"):
        if (path / name).is_file():
            return path / name
    return None


def _map(path: Path) -> tuple[LaneMap | None, str, str]:
    files = sorted((path / "map").glob("log_map_archive_*.json"))
    if not files:
        return None, path.name, "unknown"
    log_id, _, rest = files[0].name.removeprefix("log_map_archive_").partition("____")
    city = CITIES.get(rest.partition("_city_")[0], "unknown")
    return read_argoverse_map(files[0], city), log_id or path.name, city


def _poses(table: Mapping[str, np.ndarray]) -> SE3:
    quaternion = np.stack([table[key] for key in _POSE[:4]], axis=-1).astype(np.float64)
    return SE3.from_quaternion(quaternion, np.stack([table[key] for key in _POSE[4:]], axis=-1).astype(np.float64))


def _pose_at(table: Mapping[str, np.ndarray], timestamps_ns: np.ndarray) -> SE3:
    """`world_from_axle` at any moments inside the log: exact where Argoverse has them, else interpolated."""
    order = np.argsort(table["timestamp_ns"], kind="stable")
    times = table["timestamp_ns"][order].astype(np.int64)
    if len(times) < 2:
        raise ValueError("fewer than two ego poses")
    poses = _poses(table)[order]
    outside = (timestamps_ns < times[0]) | (timestamps_ns > times[-1])
    if outside.any():
        raise ValueError(f"no ego pose around {int(timestamps_ns[outside][0])} ns")
    after = np.clip(np.searchsorted(times, timestamps_ns), 1, len(times) - 1)
    span = np.maximum(times[after] - times[after - 1], 1)
    return interpolate(poses[after - 1], poses[after], (timestamps_ns - times[after - 1]) / span)


def _rollout(boxes: Mapping[str, np.ndarray], pose_table: Mapping[str, np.ndarray], lane_map: LaneMap | None,
             path: Path) -> tuple[Rollout, Labels]:  # fmt: skip
    keep = boxes["category"] != "EGO_VEHICLE"
    rows = {key: values[keep] for key, values in boxes.items()}
    times, all_steps = np.unique(boxes["timestamp_ns"].astype(np.int64), return_inverse=True)
    step = all_steps[keep]
    ids, first, actor = np.unique(rows["track_uuid"].astype(str), return_index=True, return_inverse=True)
    if len(np.unique(step * (len(ids) + 1) + actor)) != len(step):
        raise input_error(path, "a track twice at one moment", "one box per track and moment")
    kinds = [_class_of(str(rows["category"][index]), path) for index in first]
    extent = np.stack([rows["length_m"], rows["width_m"], rows["height_m"]], axis=-1).astype(np.float64)
    size = (
        np.stack([np.median(extent[actor == index], axis=0) for index in range(len(ids))])
        if len(ids)
        else np.zeros((0, 3))
    )
    world_from_axle = _pose_at(pose_table, times)
    valid = np.zeros((len(times), len(ids) + 1), dtype=bool)
    pose = SE3(np.full((*valid.shape, 3, 3), np.nan), np.full((*valid.shape, 3), np.nan))
    world_from_box = world_from_axle[step] @ _poses(rows)
    pose.rotation[step, actor + 1] = world_from_box.rotation
    pose.translation_m[step, actor + 1] = world_from_box.translation_m
    valid[step, actor + 1] = True
    ego = world_from_axle @ _axle_from_center()
    pose.rotation[:, 0], pose.translation_m[:, 0], valid[:, 0] = ego.rotation, ego.translation_m, True
    offset = np.zeros(len(ids) + 1)
    offset[0] = EGO_REAR_AXLE_TO_CENTER_M
    actors = actors_of(("ego", *ids.tolist()), [ActorClass.CAR, *kinds], np.concatenate([[EGO_SIZE_M], size]), offset)
    rollout = rollout_from_tracks(times, Tracks(actors, 0, pose, valid), lane_map=lane_map)
    return rollout, Labels(boxes_3d(rollout, step, actor + 1, rows["num_interior_pts"]), no_boxes_2d())


def _class_of(category: str, path: Path) -> ActorClass:
    if category not in CLASSES:
        raise input_error(path, repr(category), f"one of {', '.join(CLASSES)}", code="unknown-name")
    return CLASSES[category]


def _axle_from_center() -> SE3:
    return SE3(np.eye(3), np.array([EGO_REAR_AXLE_TO_CENTER_M, 0.0, 0.5 * EGO_SIZE_M[2] - AXLE_HEIGHT_M]))


def _ego_from_axle() -> SE3:
    return SE3(np.eye(3), np.array([0.0, 0.0, AXLE_HEIGHT_M]))


def _rig(path: Path) -> tuple[SensorRig, SE3]:
    """The rig, and where its lidar sits in Argoverse's axle frame (in which sweeps are given)."""
    folder = path / "calibration"
    if not folder.is_dir():
        return SensorRig("argoverse2"), SE3.identity()
    mounts = read_feather(folder / "egovehicle_SE3_sensor.feather", ("sensor_name", *_POSE))
    poses = _poses(mounts)
    by_name = {str(name): poses[index] for index, name in enumerate(mounts["sensor_name"])}
    lens = read_feather(folder / "intrinsics.feather", _LENS)
    cameras = tuple(_camera(lens, row, by_name[str(name)]) for row, name in enumerate(lens["sensor_name"]))
    up = by_name["up_lidar"]
    lidar = LidarModel("lidar_top", (), 1800, _ego_from_axle() @ up, max_range_m=225.0)
    return SensorRig("argoverse2", cameras=cameras, lidars=(lidar,), rate_hz=10.0), up


def _camera(lens: Mapping[str, np.ndarray], row: int, axle_from_camera: SE3) -> CameraModel:
    value: Mapping[str, Any] = {key: lens[key][row] for key in _LENS}
    return CameraModel(
        name=str(value["sensor_name"]),
        width_px=int(value["width_px"]),
        height_px=int(value["height_px"]),
        fx_px=float(value["fx_px"]),
        fy_px=float(value["fy_px"]),
        cx_px=float(value["cx_px"]),
        cy_px=float(value["cy_px"]),
        ego_from_camera=_ego_from_axle() @ axle_from_camera,
        distortion=(float(value["k1"]), float(value["k2"]), 0.0, 0.0, float(value["k3"])),
    )


def _sweep(file: Path, pose_table: Mapping[str, np.ndarray], axle_from_lidar: SE3) -> LidarSweep:
    if not file.stem.isdecimal():
        raise input_error(file, repr(file.stem), "a timestamp in ns as file name", code="bad-name")
    table = read_feather(file, _SWEEP)
    points = np.stack([table[key].astype(np.float64) for key in ("x", "y", "z")], axis=-1)
    if not np.isfinite(points).all():
        raise input_error(file, "a point that is not a number", "finite coordinates")
    time = int(file.stem)
    return LidarSweep(
        lidar="lidar_top",
        timestamp_ns=time,
        world_from_lidar=_pose_at(pose_table, np.array([time]))[0] @ axle_from_lidar,
        points_m=axle_from_lidar.inverse().apply(points).astype(np.float32),
        intensity=table["intensity"].astype(np.float32) / np.float32(255),
        ring=table["laser_number"].astype(np.int64),
        offset_ns=table["offset_ns"].astype(np.int64),
    )


def _with_measured_beams(rig: SensorRig, sweeps: list[LidarSweep]) -> SensorRig:
    """Argoverse gives no beam table: the median elevation of each laser in the sweeps, lowest first."""
    from dataclasses import replace

    if not rig.lidars or not sweeps:
        return rig
    elevation = np.sort(_laser_elevation(sweeps))
    return replace(rig, lidars=(replace(rig.lidars[0], elevation_rad=tuple(float(value) for value in elevation)),))


def _laser_elevation(sweeps: list[LidarSweep]) -> np.ndarray:
    points = np.concatenate([sweep.points_m for sweep in sweeps]).astype(np.float64)
    ring = np.concatenate([sweep.ring for sweep in sweeps])
    elevation = np.arctan2(points[:, 2], np.linalg.norm(points[:, :2], axis=-1))
    return np.array([np.median(elevation[ring == laser]) for laser in np.unique(ring)])


def _ring_ordered(sweep: LidarSweep, rig: SensorRig) -> LidarSweep:
    """Rings numbered from the lowest beam up, as everywhere here, instead of Argoverse's laser numbers."""
    from dataclasses import replace

    if not rig.lidars or len(sweep.ring) == 0:
        return sweep
    lasers, index = np.unique(sweep.ring, return_inverse=True)
    rank = np.argsort(np.argsort(_laser_elevation([sweep]), kind="stable"), kind="stable")
    return replace(sweep, ring=rank[index].astype(np.int64)) if len(lasers) else sweep
