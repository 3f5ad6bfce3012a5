"""Sensors: what they are (models), when they look (clock), what they give (frames), what goes wrong (faults)."""

from driving_data.sensors.clock import (
    PERFECT_CLOCK,
    Clock,
    Timing,
)
from driving_data.sensors.faults import (
    CalibrationDrift,
    FaultKind,
    MountingTruth,
    Reliability,
    SensorFault,
)
from driving_data.sensors.frames import (
    CameraFrame,
    EventStream,
    GnssFixes,
    ImuSamples,
    LidarSweep,
    OdometrySamples,
    RadarOrigin,
    RadarReturns,
    SensorFrames,
    ThermalFrame,
    UltrasonicEchoes,
)
from driving_data.sensors.kinds import (
    POSSIBLE_FAULTS,
    RENDERED,
    Sensor,
    SensorKind,
    sensors_of,
)
from driving_data.sensors.lidar_devices import (
    DEVICES,
    lidar_device,
    lidar_from_table,
)
from driving_data.sensors.models import (
    CameraModel,
    EventCameraModel,
    GnssModel,
    ImuModel,
    LidarModel,
    OdometryModel,
    RadarModel,
    SensorRig,
    ThermalModel,
    UltrasonicModel,
)
from driving_data.sensors.motion import (
    compensated_points_m,
    poses_at,
    raw_points_m,
)
from driving_data.sensors.streams import (
    NO_STREAMS,
    SensorStreams,
)

__all__ = [
    "DEVICES",
    "NO_STREAMS",
    "PERFECT_CLOCK",
    "POSSIBLE_FAULTS",
    "RENDERED",
    "CalibrationDrift",
    "CameraFrame",
    "CameraModel",
    "Clock",
    "EventCameraModel",
    "EventStream",
    "FaultKind",
    "GnssFixes",
    "GnssModel",
    "ImuModel",
    "ImuSamples",
    "LidarModel",
    "LidarSweep",
    "MountingTruth",
    "OdometryModel",
    "OdometrySamples",
    "RadarModel",
    "RadarOrigin",
    "RadarReturns",
    "Reliability",
    "Sensor",
    "SensorFault",
    "SensorFrames",
    "SensorKind",
    "SensorRig",
    "SensorStreams",
    "ThermalFrame",
    "ThermalModel",
    "Timing",
    "UltrasonicEchoes",
    "UltrasonicModel",
    "compensated_points_m",
    "lidar_device",
    "lidar_from_table",
    "poses_at",
    "raw_points_m",
    "sensors_of",
]
