"""Every sensor of a rig by name, whatever it is; what can be wrong with which kind; rigs with sensors moved."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from driving_data.errors import nearest_name
from driving_data.geometry import SE3
from driving_data.sensors.clock import Clock
from driving_data.sensors.faults import FaultKind
from driving_data.sensors.models import SensorRig


class SensorKind(Enum):
    """What a sensor is."""

    CAMERA = "camera"
    THERMAL = "thermal camera"
    EVENT = "event camera"
    LIDAR = "lidar"
    RADAR = "radar"
    ULTRASONIC = "ultrasonic sensor"
    IMU = "inertial unit"
    GNSS = "satellite receiver"
    ODOMETRY = "odometer"


RENDERED = (SensorKind.CAMERA, SensorKind.LIDAR, SensorKind.RADAR, SensorKind.THERMAL, SensorKind.EVENT,
            SensorKind.ULTRASONIC)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Sensor:
    """One sensor of a rig, seen from outside.

    Attributes:
        name: in the rig.
        kind: what it is.
        clock: when it looks.
        mounting: `ego_from_sensor` as the rig believes it.
        model: the model itself.
    """

    name: str
    kind: SensorKind
    clock: Clock
    mounting: SE3
    model: Any


def sensors_of(rig: SensorRig) -> tuple[Sensor, ...]:
    """Every sensor, in the order of `SensorRig`."""
    return tuple(_listed(rig))


def _listed(rig: SensorRig) -> Iterator[Sensor]:
    for camera in rig.cameras:
        yield Sensor(camera.name, SensorKind.CAMERA, camera.clock, camera.ego_from_camera, camera)
    for lidar in rig.lidars:
        yield Sensor(lidar.name, SensorKind.LIDAR, lidar.clock, lidar.ego_from_lidar, lidar)
    for radar in rig.radars:
        yield Sensor(radar.name, SensorKind.RADAR, radar.clock, radar.ego_from_radar, radar)
    for thermal in rig.thermals:
        optics = thermal.camera
        yield Sensor(optics.name, SensorKind.THERMAL, optics.clock, optics.ego_from_camera, thermal)
    for changes in rig.event_cameras:
        optics = changes.camera
        yield Sensor(optics.name, SensorKind.EVENT, optics.clock, optics.ego_from_camera, changes)
    for parking in rig.ultrasonics:
        yield Sensor(parking.name, SensorKind.ULTRASONIC, parking.clock, parking.ego_from_ultrasonic, parking)
    for imu in rig.imus:
        yield Sensor(imu.name, SensorKind.IMU, imu.clock, imu.ego_from_imu, imu)
    for receiver in rig.receivers:
        yield Sensor(receiver.name, SensorKind.GNSS, receiver.clock, receiver.ego_from_antenna, receiver)
    for odometer in rig.odometers:
        yield Sensor(odometer.name, SensorKind.ODOMETRY, odometer.clock, SE3.identity(), odometer)


def moved(rig: SensorRig, mountings: Mapping[str, SE3]) -> SensorRig:
    """The rig with these sensors mounted elsewhere; others, and odometers, which have no mounting, stay."""
    if not mountings:
        return rig

    def camera(model: Any) -> Any:
        return replace(model, ego_from_camera=mountings.get(model.name, model.ego_from_camera))

    def held(models: Iterable[Any], field: str) -> tuple[Any, ...]:
        return tuple(replace(m, **{field: mountings.get(m.name, getattr(m, field))}) for m in models)

    return replace(
        rig,
        cameras=tuple(camera(model) for model in rig.cameras),
        lidars=held(rig.lidars, "ego_from_lidar"),
        radars=held(rig.radars, "ego_from_radar"),
        thermals=tuple(replace(model, camera=camera(model.camera)) for model in rig.thermals),
        event_cameras=tuple(replace(model, camera=camera(model.camera)) for model in rig.event_cameras),
        ultrasonics=held(rig.ultrasonics, "ego_from_ultrasonic"),
        imus=held(rig.imus, "ego_from_imu"),
        receivers=held(rig.receivers, "ego_from_antenna"),
    )


_F, _K = FaultKind, SensorKind
_EVERY = (_F.DROPPED_FRAMES, _F.TIME_OFFSET, _F.OUTAGE, _F.NOISE)
_MOUNTED = (_F.MISALIGNMENT, _F.VIBRATION)
POSSIBLE_FAULTS: Mapping[SensorKind, tuple[FaultKind, ...]] = {
    kind: tuple(sorted((*_EVERY, *more)))
    for kind, more in {
        _K.CAMERA: (_F.BLUR, _F.DIRT, _F.DEAD_PIXELS, *_MOUNTED, _F.FROZEN, _F.EXPOSURE, _F.WATER_DROPS, _F.BLOCKED),
        _K.THERMAL: (_F.BLUR, _F.DIRT, _F.DEAD_PIXELS, *_MOUNTED, _F.FROZEN, _F.WATER_DROPS, _F.BLOCKED, _F.BIAS),
        _K.EVENT: (_F.DIRT, _F.DEAD_PIXELS, *_MOUNTED, _F.BLOCKED),
        _K.LIDAR: (_F.DIRT, *_MOUNTED, _F.FROZEN, _F.WATER_DROPS, _F.DEAD_BEAMS, _F.INTERFERENCE, _F.BLOCKED, _F.BIAS),
        _K.RADAR: (*_MOUNTED, _F.FROZEN, _F.INTERFERENCE, _F.BLOCKED, _F.BIAS),
        _K.ULTRASONIC: (_F.MISALIGNMENT, _F.FROZEN, _F.INTERFERENCE, _F.BLOCKED, _F.BIAS),
        _K.IMU: (*_MOUNTED, _F.FROZEN, _F.BIAS),
        _K.GNSS: (_F.FROZEN, _F.INTERFERENCE, _F.BLOCKED, _F.BIAS),
        _K.ODOMETRY: (_F.FROZEN, _F.BIAS),
    }.items()
}  # fmt: skip
"""What can be wrong with each kind of sensor; anything else is refused."""

_ALIKE: Mapping[str, tuple[FaultKind, ...]] = {
    "dropout": (_F.DROPPED_FRAMES,),
    "misaligned": (_F.MISALIGNMENT,),
    "delayed": (_F.TIME_OFFSET,),
    "miscalibrated": (_F.MISALIGNMENT, _F.BIAS),
    "crosstalk": (_F.INTERFERENCE,),
    "dead_pixels": (_F.DEAD_PIXELS, _F.DEAD_BEAMS),
    "ice": (_F.DIRT, _F.BLOCKED),
    "glare": (_F.EXPOSURE,),
}


def fault_words() -> tuple[str, ...]:
    """Every word that may name a fault: the lower-case names of `FaultKind`, and other words for them."""
    return tuple(dict.fromkeys((*(kind.name.lower() for kind in FaultKind), *_ALIKE)))


def possible_words(kind: SensorKind) -> tuple[str, ...]:
    """The words that mean something for one kind of sensor."""
    return tuple(word for word in fault_words() if meant_fault(word, kind) is not None)


def meant_fault(word: str, kind: SensorKind) -> FaultKind | None:
    """What a word means for a kind of sensor, the first that it can have; None where it can have none of them."""
    named = {each.name.lower(): each for each in FaultKind}
    candidates = _ALIKE.get(word) or ((named[word],) if word in named else ())
    return next((each for each in candidates if each in POSSIBLE_FAULTS[kind]), None)


def nearest_fault(word: str, kind: SensorKind) -> str | None:
    """The nearest word that means something for a kind of sensor."""
    return nearest_name(word, possible_words(kind))
