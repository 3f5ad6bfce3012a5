"""Sensors: what they are (calibration) and what they give (frames, sweeps, returns)."""

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8, UInt16

from driving_data.geometry import SE3


@dataclass(frozen=True, slots=True, eq=False)
class CameraModel:
    """A camera and where it sits.

    Attributes:
        name: as `camera_front`.
        width_px: image width.
        height_px: image height.
        fx_px: focal length in x; the pixel centre of column u is u + 0.5.
        fy_px: focal length in y.
        cx_px: principal point.
        cy_px: principal point.
        distortion: k1, k2, p1, p2, k3 (Brown-Conrady, as OpenCV) or k1..k4 for 'fisheye'; empty for none.
        model: 'pinhole' or 'fisheye'.
        ego_from_camera: mounting; camera axes are x right, y down, z forward.
        readout_s: time from the first to the last row (rolling shutter); 0 is a global shutter.
    """

    name: str
    width_px: int
    height_px: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    ego_from_camera: SE3
    distortion: tuple[float, ...] = ()
    model: str = "pinhole"
    readout_s: float = 0.0

    def matrix(self) -> Float[np.ndarray, "3 3"]:
        """The intrinsic matrix."""
        return np.array([[self.fx_px, 0, self.cx_px], [0, self.fy_px, self.cy_px], [0, 0, 1.0]])


@dataclass(frozen=True, slots=True, eq=False)
class LidarModel:
    """A spinning lidar and where it sits.

    Attributes:
        name: as `lidar_top`.
        elevation_rad: elevation of each beam, from the lowest ring up.
        num_azimuths: firings in one turn.
        rate_hz: turns per second.
        min_range_m: nearer returns are dropped.
        max_range_m: farther returns are dropped.
        range_noise_m: standard deviation of the range.
        ego_from_lidar: mounting; lidar axes are x forward, y left, z up.
    """

    name: str
    elevation_rad: tuple[float, ...]
    num_azimuths: int
    ego_from_lidar: SE3
    rate_hz: float = 10.0
    min_range_m: float = 1.0
    max_range_m: float = 100.0
    range_noise_m: float = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class RadarModel:
    """A radar and where it sits (x forward, y left, z up)."""

    name: str
    ego_from_radar: SE3
    max_range_m: float = 150.0
    horizontal_fov_rad: float = 1.2


_Sensor = TypeVar("_Sensor", CameraModel, LidarModel, RadarModel)


@dataclass(frozen=True, slots=True, eq=False)
class SensorRig:
    """The calibration bundle: every sensor of a vehicle, and how often it looks.

    Attributes:
        name: as `front_camera_top_lidar`.
        cameras: cameras.
        lidars: lidars.
        radars: radars.
        rate_hz: frames per second that a generator makes.
    """

    name: str
    cameras: tuple[CameraModel, ...] = ()
    lidars: tuple[LidarModel, ...] = ()
    radars: tuple[RadarModel, ...] = ()
    rate_hz: float = 2.0

    def camera(self, name: str) -> CameraModel:
        """The camera of that name.

        Raises:
            KeyError: the rig has none.
        """
        return _named(self.cameras, name)

    def lidar(self, name: str) -> LidarModel:
        """The lidar of that name.

        Raises:
            KeyError: the rig has none.
        """
        return _named(self.lidars, name)


def _named(sensors: tuple[_Sensor, ...], name: str) -> _Sensor:
    for sensor in sensors:
        if sensor.name == name:
            return sensor
    raise KeyError(f"no sensor {name!r}; there are {[sensor.name for sensor in sensors]}")


@dataclass(frozen=True, slots=True, eq=False)
class CameraFrame:
    """One picture, with what was rendered beside it.

    Attributes:
        camera: name in the rig.
        timestamp_ns: middle of the exposure.
        world_from_camera: pose at that moment.
        rgb: shape (H, W, 3).
        depth_m: distance along the camera's z axis, shape (H, W); inf where nothing was hit (sky).
        semantic: `SemanticClass` numbers, shape (H, W).
        instance: actor index + 1; 0 where no actor is seen; shape (H, W).
    """

    camera: str
    timestamp_ns: int
    world_from_camera: SE3
    rgb: UInt8[np.ndarray, "H W 3"]
    depth_m: Float32[np.ndarray, "H W"] | None = None
    semantic: UInt8[np.ndarray, "H W"] | None = None
    instance: UInt16[np.ndarray, "H W"] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LidarSweep:
    """One turn of a lidar, motion-compensated to `timestamp_ns`.

    Attributes:
        lidar: name in the rig.
        timestamp_ns: reference time of the sweep.
        world_from_lidar: pose at that time.
        points_m: in the lidar frame at that time, shape (N, 3).
        intensity: 0 to 1, shape (N,).
        ring: beam number, shape (N,).
        offset_ns: time of firing after `timestamp_ns`, shape (N,).
        semantic: `SemanticClass` numbers, shape (N,); None for real logs without point labels.
        instance: actor index + 1, 0 for none, shape (N,).
    """

    lidar: str
    timestamp_ns: int
    world_from_lidar: SE3
    points_m: Float32[np.ndarray, "N 3"]
    intensity: Float32[np.ndarray, "N"]
    ring: Int[np.ndarray, "N"]
    offset_ns: Int[np.ndarray, "N"]
    semantic: UInt8[np.ndarray, "N"] | None = None
    instance: UInt16[np.ndarray, "N"] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RadarReturns:
    """Detections of a radar at one moment.

    Attributes:
        radar: name in the rig.
        timestamp_ns: when.
        world_from_radar: pose at that time; None where the log does not say.
        position_m: in the radar frame, shape (N, 3).
        range_rate_mps: towards the sensor negative, shape (N,).
        track_id: -1 where the radar gives none, shape (N,).
    """

    radar: str
    timestamp_ns: int
    world_from_radar: SE3 | None
    position_m: Float[np.ndarray, "N 3"]
    range_rate_mps: Float[np.ndarray, "N"]
    track_id: Int[np.ndarray, "N"]


@dataclass(frozen=True, slots=True)
class SensorFrames:
    """Everything that a rig saw between two world states."""

    frames: tuple[CameraFrame, ...] = ()
    sweeps: tuple[LidarSweep, ...] = ()
    radar: tuple[RadarReturns, ...] = field(default=())
