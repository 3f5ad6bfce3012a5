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
from driving_data.sensors.streams import (
    NO_STREAMS,
    SensorStreams,
)

__all__ = [
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
    "sensors_of",
]
