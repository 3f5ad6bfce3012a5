"""comma2k19 segments: camera poses in ECEF, CAN speed and steering, radar tracks, the first frame.

Source: the data set's README and its `utils/camera.py` (focal length 910 px of the EON camera, device axes forward,
right, down). Poses go to local east-north-up around the first one (WGS 84).
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from driving_data.geometry import SE3
from driving_data.logs.assemble import LogSource, Tracks, actors_of, real_segment, rollout_from_tracks
from driving_data.logs.files import checked_segments, read_array, read_image
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.sensors import CameraFrame, CameraModel, RadarModel, RadarReturns, SensorRig
from driving_data.taxonomy import ActorClass

LICENCE = "MIT"
# Honda Civic 2016 of this dongle; the camera is glued behind the windscreen.
EGO_SIZE_M = (4.63, 1.80, 1.42)
REAR_AXLE_TO_CENTER_M = 1.33
EGO_FROM_CAMERA_M = (1.70, 0.0, 1.22)
STEERING_RATIO = 15.38
FOCAL_PX = 910.0
_RADAR_CYCLE_S = 0.01
_CAMERA_FROM_DEVICE = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
_EGO_FROM_DEVICE = np.diag([1.0, -1.0, -1.0])
_WGS84_A_M = 6378137.0
_WGS84_E2 = 6.69437999014e-3


class Comma2k19Reader:
    """Reads a segment folder with `global_pose` and `processed_log`."""

    @property
    def name(self) -> str:
        """Format name."""
        return "comma2k19"

    def recognises(self, path: Path) -> bool:
        """Whether the folder holds poses and a processed log."""
        return path.is_dir() and (path / "global_pose" / "frame_positions").is_file()

    def read(self, path: Path) -> Iterator[Segment[Raw]]:
        """One segment.

        Raises:
            InputError: an array of the segment is missing or damaged.
        """
        return checked_segments(path, "a comma2k19 segment", self._segments(path))

    def _segments(self, path: Path) -> Iterator[Segment[Raw]]:
        pose = path / "global_pose"
        seconds = read_array(pose / "frame_times", columns=())
        ecef = read_array(pose / "frame_positions", columns=(3,))
        quaternion = read_array(pose / "frame_orientations", columns=(4,))
        velocity = read_array(pose / "frame_velocities", columns=(3,))
        times = np.round(seconds * 1e9).astype(np.int64)
        enu_from_ecef = _enu_from_ecef(ecef[0])
        world_from_device = enu_from_ecef @ SE3.from_quaternion(quaternion, ecef)
        velocity = enu_from_ecef.rotate(velocity)
        ego_from_device = _mounting(world_from_device, velocity)
        rollout = _rollout(path, times, world_from_device @ ego_from_device.inverse(), velocity)
        rig, frames = _camera(path / "preview.png", times, world_from_device, ego_from_device)
        radar = _radar(path / "processed_log" / "CAN" / "radar", rollout, rig.radars[0])
        source = LogSource(self.name, "comma2k19", LICENCE, path.name, path.name, {
            "ego_from_camera_m": list(EGO_FROM_CAMERA_M), "steering_ratio": STEERING_RATIO, "focal_px": FOCAL_PX,
            "ecef_of_world_origin_m": ecef[0].tolist(),
        })  # fmt: skip
        yield real_segment(
            source, rollout, rig=rig, frames=frames, radar=radar,
            tags=("dataset:comma2k19", "location:california", "road:highway", "ego_frame:assumed", "light:day"),
            description=f"{rollout.seconds()[-1]:.1f} s of a highway commute with {len(radar)} radar cycles.",
            vehicle_id="b0c9d2329ad1606b",
        )  # fmt: skip


def _enu_from_ecef(origin_m: np.ndarray) -> SE3:
    """East-north-up at a point near the ground (geodetic latitude by Bowring's iteration)."""
    x, y, z = (float(value) for value in origin_m)
    longitude, radius = np.arctan2(y, x), np.hypot(x, y)
    latitude = np.arctan2(z, radius * (1 - _WGS84_E2))
    for _ in range(6):
        normal = _WGS84_A_M / np.sqrt(1 - _WGS84_E2 * np.sin(latitude) ** 2)
        latitude = np.arctan2(z + _WGS84_E2 * normal * np.sin(latitude), radius)
    so, co, sa, ca = np.sin(longitude), np.cos(longitude), np.sin(latitude), np.cos(latitude)
    rotation = np.array([[-so, co, 0.0], [-sa * co, -sa * so, ca], [ca * co, ca * so, sa]])
    return SE3(rotation, -rotation @ np.asarray(origin_m))


def _mounting(world_from_device: SE3, velocity_mps: np.ndarray) -> SE3:
    """`ego_from_device`: the car drives where its x axis points, so the median direction of travel is that axis.

    Raises:
        ValueError: the car never drives faster than 5 m/s.
    """
    moving = np.linalg.norm(velocity_mps, axis=-1) > 5.0
    if not moving.any():
        raise ValueError("a segment without driving: the mounting of the camera cannot be found")
    travel = world_from_device.inverse().rotate(velocity_mps)[moving] @ _EGO_FROM_DEVICE.T
    x, y, z = np.median(travel / np.linalg.norm(travel, axis=-1, keepdims=True), axis=0)
    tilt = SE3.from_rpy(np.array([0.0, -np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)]), np.zeros(3))
    return SE3(tilt.rotation.T @ _EGO_FROM_DEVICE, np.array(EGO_FROM_CAMERA_M))


def _rollout(path: Path, times: np.ndarray, world_from_ego: SE3, velocity_mps: np.ndarray) -> Rollout:
    center = SE3(np.eye(3), np.array([REAR_AXLE_TO_CENTER_M, 0.0, 0.5 * EGO_SIZE_M[2]]))
    pose = (world_from_ego @ center)[:, None]
    steering = path / "processed_log" / "CAN" / "steering_angle"
    seconds = read_array(steering / "t", columns=())
    degrees = read_array(steering / "value").reshape(len(seconds))
    wheel = np.interp(times * 1e-9, seconds, np.deg2rad(degrees) / STEERING_RATIO)
    actors = actors_of(("ego",), [ActorClass.CAR], np.array([EGO_SIZE_M]), np.array([REAR_AXLE_TO_CENTER_M]))
    valid = np.ones((len(times), 1), dtype=bool)
    tracks = Tracks(actors, 0, pose, valid, velocity_mps[:, None], wheel[:, None])
    return rollout_from_tracks(times, tracks)


def _camera(preview: Path, times: np.ndarray, world_from_device: SE3,
            ego_from_device: SE3) -> tuple[SensorRig, list[CameraFrame]]:  # fmt: skip
    ego_from_camera = ego_from_device @ SE3(_CAMERA_FROM_DEVICE.T, np.zeros(3))
    radar = RadarModel("radar_front", SE3(np.eye(3), np.array([3.6, 0.0, 0.5])), max_range_m=250.0)
    camera = CameraModel("camera_road", 1164, 874, FOCAL_PX, FOCAL_PX, 582.0, 437.0, ego_from_camera)
    rig = SensorRig("comma_eon", cameras=(camera,), radars=(radar,), rate_hz=20.0)
    if not preview.is_file():
        return rig, []
    rgb = read_image(preview)
    if rgb.shape[:2] != (camera.height_px, camera.width_px):
        raise ValueError(f"preview.png is {rgb.shape[1]}x{rgb.shape[0]}, the camera 1164x874")
    pose = world_from_device[0] @ SE3(_CAMERA_FROM_DEVICE.T, np.zeros(3))
    return rig, [CameraFrame("camera_road", int(times[0]), pose, rgb)]


def _radar(folder: Path, rollout: Rollout, model: RadarModel) -> list[RadarReturns]:
    """Rows of one cycle come within microseconds; a row flagged as new starts a new track of its address."""
    seconds = read_array(folder / "t", columns=())
    rows = read_array(folder / "value", columns=(7,))
    if len(rows) != len(seconds) or len(rows) == 0:
        raise ValueError("radar rows and times do not fit")
    order = np.argsort(seconds, kind="stable")
    seconds, rows = seconds[order], rows[order]
    tracks = _track_ids(rows[:, 5].astype(np.int64), rows[:, 6] > 0.5)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(seconds) > _RADAR_CYCLE_S) + 1, [len(seconds)]])
    world_from_ego = rollout.world_from_ego()
    returns: list[RadarReturns] = []
    for first, last in pairwise(starts.tolist()):
        time = round(float(seconds[first]) * 1e9)
        part = rows[first:last]
        nearest = int(np.argmin(np.abs(rollout.timestamps_ns - time)))
        near = abs(int(rollout.timestamps_ns[nearest]) - time) <= 50_000_000
        returns.append(RadarReturns(
            radar=model.name,
            timestamp_ns=time,
            world_from_radar=world_from_ego[nearest] @ model.ego_from_radar if near else None,
            position_m=np.stack([part[:, 0], part[:, 1], np.zeros(len(part))], axis=-1),
            range_rate_mps=part[:, 2].copy(),
            track_id=tracks[first:last],
        ))  # fmt: skip
    return returns


def _track_ids(address: np.ndarray, new: np.ndarray) -> np.ndarray:
    """One number per track: each address counts the tracks that it carried."""
    ids = np.zeros(len(address), dtype=np.int64)
    current: dict[int, int] = {}
    following = 0
    for row, (place, fresh) in enumerate(zip(address.tolist(), new.tolist(), strict=True)):
        if fresh or place not in current:
            current[place] = following
            following += 1
        ids[row] = current[place]
    return ids
