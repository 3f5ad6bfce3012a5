"""Sensor rigs by name.

`front`: one camera and one lidar, the smallest rig that sees and measures. `surround`: six cameras and a lidar with
the names and rough layout of the nuScenes vehicle (Caesar et al., CVPR 2020, figure 4), so that exports keep their
channels. `camera`: one camera. `night`: a camera, a long-wave infrared camera and an event camera, all ahead. `none`:
nothing. `full`: the surround cameras, a spinning lidar on the roof (HDL-32E, as that vehicle has), a scanning one in
front (RS-LiDAR-M1), its five radars, and twelve parking sensors.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import radians, tan

import numpy as np

from driving_data.geometry import SE3
from driving_data.sensors import (
    CameraModel,
    Clock,
    EventCameraModel,
    LidarModel,
    RadarModel,
    SensorRig,
    ThermalModel,
    UltrasonicModel,
    lidar_device,
)
from scenarios.leaf import Leaf, make_leaf
from scenarios.types.lookup import known

# Camera axes (x right, y down, z forward) seen from the ego (x forward, y left, z up).
_EGO_AXES_FROM_CAMERA = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])

# name, yaw to the left, horizontal field of view, mounting from the rear axle (forward, left, up in metres)
_NUSCENES_CAMERAS = (
    ("CAM_FRONT", 0.0, 70.0, (1.70, 0.00, 1.51)),
    ("CAM_FRONT_RIGHT", -55.0, 70.0, (1.55, -0.49, 1.50)),
    ("CAM_BACK_RIGHT", -110.0, 70.0, (1.01, -0.48, 1.56)),
    ("CAM_BACK", 180.0, 110.0, (0.03, 0.00, 1.57)),
    ("CAM_BACK_LEFT", 110.0, 70.0, (1.03, 0.48, 1.59)),
    ("CAM_FRONT_LEFT", 55.0, 70.0, (1.52, 0.49, 1.51)),
)

# name, yaw to the left, mounting (the same vehicle)
_NUSCENES_RADARS = (
    ("RADAR_FRONT", 0.0, (3.41, 0.00, 0.50)),
    ("RADAR_FRONT_LEFT", 90.0, (2.42, 0.80, 0.78)),
    ("RADAR_FRONT_RIGHT", -90.0, (2.42, -0.80, 0.77)),
    ("RADAR_BACK_LEFT", 175.0, (-0.56, 0.63, 0.53)),
    ("RADAR_BACK_RIGHT", -175.0, (-0.56, -0.62, 0.53)),
)

# Six in each bumper: two at the corners that look sideways, four across. A car of 4.6 m whose rear axle lies 1 m in.
_PARKING = (
    ("side_left", 85.0, -0.35, 0.86),
    ("corner_left", 35.0, -0.10, 0.70),
    ("middle_left", 5.0, 0.00, 0.28),
    ("middle_right", -5.0, 0.00, -0.28),
    ("corner_right", -35.0, -0.10, -0.70),
    ("side_right", -85.0, -0.35, -0.86),
)
_BUMPERS = (("front", 3.62, 1.0), ("rear", -0.98, -1.0))


def sensors(name: str = "front") -> Leaf:
    """A rig leaf.

    Raises:
        IllTyped: no rig has that name.
    """
    return make_leaf("sensors", texts={"rig": known("sensor rig", name, RIGS)})


@lru_cache(maxsize=16)
def rig(name: str) -> SensorRig:
    """The rig of that name.

    Raises:
        IllTyped: there is none.
    """
    return RIGS[known("sensor rig", name, RIGS)]()


def camera(
    name: str, yaw_rad: float, horizontal_fov_rad: float, position_m: tuple[float, float, float],
    size_px: tuple[int, int] = (480, 270),
) -> CameraModel:  # fmt: skip
    """A pinhole camera with square pixels; `position_m` is (forward, left, up) from the rear axle on the ground."""
    width, height = size_px
    focal = 0.5 * width / tan(0.5 * horizontal_fov_rad)
    turn = SE3.from_yaw(np.array(yaw_rad), np.array(position_m))
    mounting = SE3(turn.rotation @ _EGO_AXES_FROM_CAMERA, turn.translation_m)
    return CameraModel(name, width, height, focal, focal, 0.5 * width, 0.5 * height, mounting)


def lidar(name: str, position_m: tuple[float, float, float]) -> LidarModel:
    """A lidar of 32 beams from -30 to +10 degrees (as the HDL-32E has them) and 900 azimuths."""
    beams = tuple(float(value) for value in np.linspace(radians(-30.0), radians(10.0), 32))
    return LidarModel(name, beams, 900, SE3(np.eye(3), np.array(position_m)))


def radar(name: str, yaw_rad: float, position_m: tuple[float, float, float]) -> RadarModel:
    """A 77 GHz radar with the figures of a long-range automotive unit (Continental ARS 408-21: near and far scans).

    250 m, 120 degrees wide, 14 degrees high, 0.4 m and 0.1 m/s cells, 3.2 degrees in azimuth, 13 looks a second; it
    does not measure elevation.
    """
    return RadarModel(
        name, SE3.from_yaw(np.array(yaw_rad), np.array(position_m)), max_range_m=250.0,
        horizontal_fov_rad=radians(120.0), vertical_fov_rad=radians(14.0), range_resolution_m=0.4,
        azimuth_resolution_rad=radians(3.2), elevation_resolution_rad=0.0, speed_resolution_mps=0.1,
        max_speed_mps=55.0, reference_snr_db=25.0, false_alarm_rate=1e-6, clock=Clock(rate_hz=13.0),
    )  # fmt: skip


def parking_sensors() -> tuple[UltrasonicModel, ...]:
    """Twelve ultrasonic sensors half a metre above the ground, six in each bumper."""
    made: list[UltrasonicModel] = []
    for end, reach_m, way in _BUMPERS:
        for name, yaw_deg, back_m, left_m in _PARKING:
            yaw = radians(yaw_deg) if way > 0 else np.pi - radians(yaw_deg)
            place = np.array([reach_m + way * back_m, left_m, 0.5])
            made.append(UltrasonicModel(f"ultrasonic_{end}_{name}", SE3.from_yaw(np.array(yaw), place)))
    return tuple(made)


def _full() -> SensorRig:
    cameras = tuple(camera(n, radians(yaw), radians(fov), place) for n, yaw, fov, place in _NUSCENES_CAMERAS)
    top = lidar_device("HDL-32E", "LIDAR_TOP", SE3(np.eye(3), np.array([0.94, 0.0, 1.84])))
    front = lidar_device("RS-LiDAR-M1", "LIDAR_FRONT", SE3(np.eye(3), np.array([3.60, 0.0, 0.60])))
    radars = tuple(radar(name, radians(yaw), place) for name, yaw, place in _NUSCENES_RADARS)
    return SensorRig("full", cameras, (top, front), radars, ultrasonics=parking_sensors())


def _front() -> SensorRig:
    front = camera("camera_front", 0.0, radians(70.0), (1.7, 0.0, 1.5))
    return SensorRig("front", (front,), (lidar("lidar_top", (0.94, 0.0, 1.84)),))


def _camera() -> SensorRig:
    return SensorRig("camera", (camera("camera_front", 0.0, radians(70.0), (1.7, 0.0, 1.5)),))


def _surround() -> SensorRig:
    cameras = tuple(camera(n, radians(yaw), radians(fov), place) for n, yaw, fov, place in _NUSCENES_CAMERAS)
    return SensorRig("surround", cameras, (lidar("LIDAR_TOP", (0.94, 0.0, 1.84)),))


def _night() -> SensorRig:
    place = (1.7, 0.0, 1.5)
    infrared = camera("thermal_front", 0.0, radians(50.0), (1.9, 0.2, 0.7), (320, 256))
    changes = camera("events_front", 0.0, radians(70.0), place, (240, 180))
    return SensorRig(
        "night",
        (camera("camera_front", 0.0, radians(70.0), place),),
        thermals=(ThermalModel(infrared),),
        event_cameras=(EventCameraModel(changes),),
    )


def _none() -> SensorRig:
    return SensorRig("none")


RIGS: Mapping[str, Callable[[], SensorRig]] = {
    "front": _front, "camera": _camera, "night": _night, "surround": _surround, "full": _full, "none": _none,
}  # fmt: skip
