"""Which sensor has which fault: those of the rig, and those that the rollout tells of.

The scenario's words (`dropout`, `delayed`, `ice`, ...) mean the fault of that kind of sensor; see `fault_words`. A
fault without a sensor is of every sensor that can have it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from driving_data.errors import Fault, InputError, nearest_name
from driving_data.rollout import Rollout
from driving_data.sensors import POSSIBLE_FAULTS, FaultKind, Sensor, SensorFault, SensorKind, SensorRig, sensors_of
from driving_data.sensors.kinds import meant_fault, nearest_fault, possible_words

ALL_SENSORS = ""
PARAMETERS: Mapping[FaultKind, tuple[str, ...]] = {
    FaultKind.BLUR: ("sigma_px",),
    FaultKind.EXPOSURE: ("ev",),
    FaultKind.MISALIGNMENT: ("roll_rad", "pitch_rad", "yaw_rad", "x_m", "y_m", "z_m"),
    FaultKind.TIME_OFFSET: ("offset_s", "latency_s"),
    FaultKind.BIAS: ("range_m", "range_rate_mps", "temperature_k", "accel_mps2", "gyro_radps", "east_m", "north_m",
                     "up_m", "scale", "steering_rad"),
}  # fmt: skip
"""Values that a fault may carry beside its severity; what is not given follows from the severity."""


def declared_faults(rollout: Rollout, rig: SensorRig) -> Mapping[str, tuple[SensorFault, ...]]:
    """The faults of each sensor, by name; sensors without any are left out.

    Raises:
        InputError: with a fault for each one that names no sensor of the rig, or that its sensor cannot have.
    """
    wrong: list[Fault] = []
    found: dict[str, list[SensorFault]] = {}
    sensors = {sensor.name: sensor for sensor in sensors_of(rig)}
    for number, fault in enumerate(rig.faults):
        wrong.extend(_wrong(f"rig.faults[{number}]", fault, sensors))
        for sensor in _meant(fault.sensor, sensors):
            if fault.kind in POSSIBLE_FAULTS[sensor.kind]:
                found.setdefault(sensor.name, []).append(replace(fault, sensor=sensor.name))
    start = int(rollout.timestamps_ns[0])
    for number, told in enumerate(rollout.sensor_faults):
        path = f"sensor_faults[{number}]"
        wrong.extend(_wrong_word(path, told.sensor, told.kind, sensors))
        for sensor in _meant(told.sensor, sensors):
            kind = meant_fault(told.kind, sensor.kind)
            if kind is not None:
                begin, end = (
                    (told.start_ns - start) * 1e-9,
                    None if told.end_ns is None else (told.end_ns - start) * 1e-9,
                )
                given = {"latency_s": 0.2 * told.severity} if told.kind == "delayed" else {}
                found.setdefault(sensor.name, []).append(
                    SensorFault(sensor.name, kind, begin, end, told.severity, given)
                )
    if wrong:
        raise InputError(wrong)
    return {name: tuple(faults) for name, faults in found.items()}


def _meant(name: str, sensors: Mapping[str, Sensor]) -> Sequence[Sensor]:
    if name == ALL_SENSORS:
        return tuple(sensors.values())
    return (sensors[name],) if name in sensors else ()


def _wrong(path: str, fault: SensorFault, sensors: Mapping[str, Sensor]) -> Iterator[Fault]:
    yield from _wrong_word(path, fault.sensor, fault.kind.name.lower(), sensors)
    if not 0.0 <= fault.severity <= 1.0:
        yield Fault("", 0, 0, f"{path}.severity", "out-of-range", repr(fault.severity), "a number from 0 to 1")
    if fault.end_s is not None and fault.end_s < fault.start_s:
        yield Fault("", 0, 0, f"{path}.end_s", "backwards", repr(fault.end_s), f"at least start_s, {fault.start_s}")
    known = PARAMETERS.get(fault.kind, ())
    for name in fault.parameters:
        if name not in known:
            expected = f"one of {', '.join(known)}" if known else f"no parameters for {fault.kind.name.lower()}"
            yield Fault("", 0, 0, f"{path}.parameters", "unknown-name", repr(name), expected, nearest_name(name, known))


def _wrong_word(path: str, name: str, word: str, sensors: Mapping[str, Sensor]) -> Iterator[Fault]:
    if name != ALL_SENSORS and name not in sensors:
        listed = ", ".join(sensors) if sensors else "a rig with sensors"
        yield Fault("", 0, 0, f"{path}.sensor", "unknown-name", repr(name), f"one of {listed}",
                    nearest_name(name, sensors))  # fmt: skip
    elif name != ALL_SENSORS:
        kind = sensors[name].kind
        if meant_fault(word, kind) is None:
            yield impossible(f"{path}.kind", word, kind)
    elif sensors and all(meant_fault(word, sensor.kind) is None for sensor in sensors.values()):
        yield impossible(f"{path}.kind", word, next(iter(sensors.values())).kind)


def impossible(path: str, word: str, kind: SensorKind) -> Fault:
    """The letter to whoever asked for a fault that a sensor cannot have."""
    expected = f"a fault that a {kind.value} can have: {', '.join(possible_words(kind))}"
    return Fault("", 0, 0, path, "impossible-fault", repr(word), expected, nearest_fault(word, kind))
