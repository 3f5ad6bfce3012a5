"""nuScenes' names and numbers: categories, attributes, visibility levels, channels; and ours for them.

The 32 categories stand in the order of the lidarseg index. The devkit renders no others, so a fine class gets the
nearest of them, and its own name goes into an extra field.
"""

from collections.abc import Sequence

import numpy as np

from driving_data.geometry import SE3
from driving_data.sensors import CameraModel
from driving_data.taxonomy import PEDESTRIANS, TWO_WHEELERS, VEHICLES, ActorClass, SemanticClass

CATEGORIES = (
    "noise", "animal", "human.pedestrian.adult", "human.pedestrian.child", "human.pedestrian.construction_worker",
    "human.pedestrian.personal_mobility", "human.pedestrian.police_officer", "human.pedestrian.stroller",
    "human.pedestrian.wheelchair", "movable_object.barrier", "movable_object.debris",
    "movable_object.pushable_pullable", "movable_object.trafficcone", "static_object.bicycle_rack",
    "vehicle.bicycle", "vehicle.bus.bendy", "vehicle.bus.rigid", "vehicle.car", "vehicle.construction",
    "vehicle.emergency.ambulance", "vehicle.emergency.police", "vehicle.motorcycle", "vehicle.trailer",
    "vehicle.truck", "flat.driveable_surface", "flat.other", "flat.sidewalk", "flat.terrain", "static.manmade",
    "static.other", "static.vegetation", "vehicle.ego",
)  # fmt: skip

CATEGORY_OF_ACTOR: dict[ActorClass, str] = {
    ActorClass.CAR: "vehicle.car",
    ActorClass.VAN: "vehicle.car",
    ActorClass.TRUCK: "vehicle.truck",
    ActorClass.TRAILER: "vehicle.trailer",
    ActorClass.BUS: "vehicle.bus.rigid",
    ActorClass.EMERGENCY_VEHICLE: "vehicle.emergency.police",
    ActorClass.CONSTRUCTION_VEHICLE: "vehicle.construction",
    ActorClass.MOTORCYCLE: "vehicle.motorcycle",
    ActorClass.BICYCLE: "vehicle.bicycle",
    ActorClass.E_SCOOTER: "human.pedestrian.personal_mobility",
    ActorClass.PEDESTRIAN: "human.pedestrian.adult",
    ActorClass.CHILD: "human.pedestrian.child",
    ActorClass.WHEELCHAIR: "human.pedestrian.wheelchair",
    ActorClass.FLAGGER: "human.pedestrian.construction_worker",
    ActorClass.ANIMAL: "animal",
    ActorClass.CONE: "movable_object.trafficcone",
    ActorClass.BARRIER: "movable_object.barrier",
    ActorClass.DEBRIS: "movable_object.debris",
    ActorClass.OTHER: "movable_object.pushable_pullable",
}

CATEGORY_OF_SEMANTIC: dict[SemanticClass, str] = {
    SemanticClass.UNLABELED: "noise",
    SemanticClass.ROAD: "flat.driveable_surface",
    SemanticClass.LANE_MARKING: "flat.driveable_surface",
    SemanticClass.KERB: "flat.other",
    SemanticClass.SIDEWALK: "flat.sidewalk",
    SemanticClass.TERRAIN: "flat.terrain",
    SemanticClass.BUILDING: "static.manmade",
    SemanticClass.WALL: "static.manmade",
    SemanticClass.FENCE: "static.manmade",
    SemanticClass.VEGETATION: "static.vegetation",
    SemanticClass.POLE: "static.manmade",
    SemanticClass.TRAFFIC_SIGN: "static.manmade",
    SemanticClass.TRAFFIC_LIGHT: "static.manmade",
    SemanticClass.GUARD_RAIL: "static.manmade",
    SemanticClass.BRIDGE: "static.manmade",
    SemanticClass.SKY: "noise",
    SemanticClass.CAR: "vehicle.car",
    SemanticClass.TRUCK: "vehicle.truck",
    SemanticClass.BUS: "vehicle.bus.rigid",
    SemanticClass.MOTORCYCLE: "vehicle.motorcycle",
    SemanticClass.BICYCLE: "vehicle.bicycle",
    SemanticClass.PEDESTRIAN: "human.pedestrian.adult",
    SemanticClass.RIDER: "vehicle.bicycle",
    SemanticClass.ANIMAL: "animal",
    SemanticClass.CONE: "movable_object.trafficcone",
    SemanticClass.BARRIER: "movable_object.barrier",
    SemanticClass.CONSTRUCTION_VEHICLE: "vehicle.construction",
    SemanticClass.OTHER_DYNAMIC: "movable_object.debris",
    SemanticClass.WATER: "static.other",
}

ATTRIBUTES = (
    "vehicle.moving", "vehicle.stopped", "vehicle.parked", "cycle.with_rider", "cycle.without_rider",
    "pedestrian.sitting_lying_down", "pedestrian.standing", "pedestrian.moving",
)  # fmt: skip

# Token, level, description; the upper end of each band of visible fraction.
VISIBILITY = (
    ("1", "v0-40", "visibility of whole object is between 0 and 40%", 0.4),
    ("2", "v40-60", "visibility of whole object is between 40 and 60%", 0.6),
    ("3", "v60-80", "visibility of whole object is between 60 and 80%", 0.8),
    ("4", "v80-100", "visibility of whole object is between 80 and 100%", 1.0),
)

MOVING_MPS = 0.2
_CAMERA_NAMES = {
    "front": "CAM_FRONT", "front_center": "CAM_FRONT", "front_left": "CAM_FRONT_LEFT",
    "front_right": "CAM_FRONT_RIGHT", "back": "CAM_BACK", "rear": "CAM_BACK", "back_left": "CAM_BACK_LEFT",
    "rear_left": "CAM_BACK_LEFT", "back_right": "CAM_BACK_RIGHT", "rear_right": "CAM_BACK_RIGHT",
}  # fmt: skip
_PREFIXES = ("camera_", "cam_", "ring_", "lidar_", "radar_")


def attribute_of(kind: ActorClass, speed_mps: float, ever_moved: bool) -> str | None:
    """The attribute of an annotation: moving, standing, parked (never moves), with a rider (ever moves)."""
    moving = speed_mps > MOVING_MPS
    if kind in PEDESTRIANS:
        return "pedestrian.moving" if moving else "pedestrian.standing"
    if kind in TWO_WHEELERS and kind != ActorClass.E_SCOOTER:
        return "cycle.with_rider" if ever_moved else "cycle.without_rider"
    if kind in VEHICLES:
        return "vehicle.moving" if moving else "vehicle.stopped" if ever_moved else "vehicle.parked"
    return None


def visibility_token(visible_fraction: float) -> str:
    """The level of a visible fraction; empty where it is unknown."""
    if np.isnan(visible_fraction):
        return ""
    return next((token for token, _, _, end in VISIBILITY if visible_fraction <= end), "4")


def camera_channels(cameras: Sequence[CameraModel]) -> dict[str, str]:
    """The nuScenes channel by camera name.

    By its own name, else by where it looks if that channel is free, else `CAM_<NAME>`.
    """
    channels = {camera.name: _CAMERA_NAMES.get(_bare(camera.name), "") for camera in cameras}
    for camera in cameras:
        if not channels[camera.name]:
            wanted = _by_direction(camera.ego_from_camera)
            free = wanted not in channels.values() and _bare(camera.name).upper() not in wanted
            channels[camera.name] = wanted if free else f"CAM_{_bare(camera.name).upper()}"
    return _unique(channels)


def lidar_channels(names: Sequence[str]) -> dict[str, str]:
    """The only, the upper or the first lidar is LIDAR_TOP, which the devkit asks for; others keep their names."""
    top = next((name for word in ("top", "up") for name in names if word in name.lower()), names[0] if names else "")
    return _unique({name: "LIDAR_TOP" if name == top else f"LIDAR_{_bare(name).upper()}" for name in names})


def radar_channels(names: Sequence[str]) -> dict[str, str]:
    """RADAR_FRONT and the like."""
    return _unique({name: f"RADAR_{_bare(name).upper()}" for name in names})


def _bare(name: str) -> str:
    lower = name.lower()
    for prefix in _PREFIXES:
        lower = lower.removeprefix(prefix)
    for suffix in ("_camera", "_lidar", "_radar"):
        lower = lower.removesuffix(suffix)
    return "".join(letter if letter.isalnum() else "_" for letter in lower) or "sensor"


def _by_direction(ego_from_camera: SE3) -> str:
    axis = ego_from_camera.rotation[:, 2]
    yaw_deg = float(np.rad2deg(np.arctan2(axis[1], axis[0])))
    side = "LEFT" if yaw_deg > 0 else "RIGHT"
    if abs(yaw_deg) < 30:
        return "CAM_FRONT"
    if abs(yaw_deg) > 150:
        return "CAM_BACK"
    return f"CAM_FRONT_{side}" if abs(yaw_deg) < 80 else f"CAM_BACK_{side}"


def _unique(channels: dict[str, str]) -> dict[str, str]:
    """Where two sensors got one channel, the later ones are numbered."""
    seen: dict[str, int] = {}
    out: dict[str, str] = {}
    for name, channel in channels.items():
        seen[channel] = seen.get(channel, 0) + 1
        out[name] = channel if seen[channel] == 1 else f"{channel}_{seen[channel]}"
    return out
