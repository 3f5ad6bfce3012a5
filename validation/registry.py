"""Names to checks of one segment; plug-ins register in the entry-point group `roadloom.checks`."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from driving_data.errors import Fault, InputError, nearest_name
from driving_data.plain import from_plain
from driving_data.ports import Check
from driving_data.registry import Registry

CHECKS = Registry(
    "check",
    "roadloom.checks",
    {
        "friction_circle": "validation.physics.limits:FrictionCircle",
        "kinematic_envelope": "validation.physics.limits:KinematicEnvelope",
        "class_speed": "validation.physics.limits:ClassSpeed",
        "no_teleport": "validation.physics.continuity:NoTeleport",
        "time_stamps": "validation.physics.continuity:TimeStamps",
        "steering_geometry": "validation.physics.steering:SteeringGeometry",
        "interpenetration": "validation.physics.contact:Interpenetration",
        "ground_contact": "validation.physics.contact:GroundContact",
        "drivable_area": "validation.physics.area:DrivableArea",
        "identity": "validation.labels.identity:Identity",
        "points_in_boxes": "validation.labels.points:PointsInBoxes",
        "box_pixels": "validation.labels.pixels:BoxPixels",
        "box_reprojection": "validation.labels.pixels:BoxReprojection",
        "sensor_poses": "validation.labels.poses:SensorPoses",
        "lidar_depth_camera": "validation.labels.depth:LidarDepthCamera",
        "image_integrity": "validation.labels.images:ImageIntegrity",
    },
)


def make_check(name: str, parameters: Mapping[str, Any] | None = None) -> Check:
    """The check of that name with these thresholds; what is not given keeps its default.

    Raises:
        InputError: no check has that name, or a parameter is unknown or of the wrong type.
    """
    kind = CHECKS.load(name)
    given = dict(parameters or {})
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        return kind(**given)
    fields = {field.name for field in dataclasses.fields(kind)} - {"name", "version"}
    faults = [
        Fault("", 0, 0, f"{name}.{key}", "unknown-name", repr(key), f"one of {', '.join(sorted(fields))}",
              nearest_name(key, fields))
        for key in given if key not in fields
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    try:
        return from_plain(kind, given, name)
    except ValueError as error:
        raise InputError([Fault("", 0, 0, name, "bad-value", str(error), "thresholds of the check")]) from error


def default_checks() -> tuple[Check, ...]:
    """Every registered check with its default thresholds, in order of name."""
    return tuple(make_check(name) for name in CHECKS.names())
