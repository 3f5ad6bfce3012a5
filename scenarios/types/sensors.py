"""Sensor rigs by name.

`front`: one camera and one lidar, the smallest rig that sees and measures. `surround`: six cameras and a lidar with
the names and rough layout of the nuScenes vehicle (Caesar et al., CVPR 2020, figure 4), so that exports keep their
channels. `camera`: one camera. `night`: a camera, a long-wave infrared camera and an event camera, all ahead. `none`:
nothing.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import radians, tan

import numpy as np

from driving_data.geometry import SE3
from driving_data.sensors import CameraModel, EventCameraModel, LidarModel, SensorRig, ThermalModel
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
    "front": _front, "camera": _camera, "night": _night, "surround": _surround, "none": _none,
}  # fmt: skip
