"""Where sensors really sit: the believed mounting, and what drifts, knocks and vibration did to it.

    true = believed @ turn_and_shift(drift(t) + misalignment + shake),  all in the sensor's own axes, angles as
    roll, pitch, yaw about x, y, z

drift         `CalibrationDrift`: what calibration left, a Wiener process of vibration, a warm-up
misalignment  constant during a fault MISALIGNMENT: `roll_rad`, `pitch_rad`, `yaw_rad`, `x_m`, `y_m`, `z_m` where any of
              them is given; else a turn of 2 degrees times the severity about a drawn axis
shake         new at each look during a fault VIBRATION: angles of 0.5 degrees and shifts of 5 mm (standard deviations)
              times the severity, cut at three of them
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from driving_data.draws import named_generator
from driving_data.geometry import SE3
from driving_data.sensors import CalibrationDrift, FaultKind, MountingTruth, Sensor, SensorFault, SensorKind

KNOCK_RAD = np.deg2rad(2.0)
SHAKE_RAD, SHAKE_M = np.deg2rad(0.5), 0.005
MOVING_FAULTS = (FaultKind.MISALIGNMENT, FaultKind.VIBRATION)
ANGLES, SHIFTS = ("roll_rad", "pitch_rad", "yaw_rad"), ("x_m", "y_m", "z_m")
_GRID_S = 0.5


def drifted(
    sensor: Sensor, drifts: Sequence[CalibrationDrift], times_s: Float[np.ndarray, "n"], seed: int
) -> Float[np.ndarray, "n 6"]:
    """Angles and shifts that drift adds at times since the start; a later time changes nothing at an earlier one."""
    total = np.zeros((len(times_s), 6))
    for number, drift in enumerate(drifts):
        if drift.sensor not in ("", sensor.name) or sensor.kind is SensorKind.ODOMETRY:
            continue
        rng = named_generator(seed, sensor.name, "drift", number)
        first, warm = rng.standard_normal(6), rng.standard_normal(6)
        start = np.repeat([drift.turn_rad, drift.shift_m], 3) * first
        walk = np.repeat([drift.turn_walk, drift.shift_walk], 3)
        heat = np.repeat([drift.warm_turn_rad, drift.warm_shift_m], 3) * warm
        share = 1.0 - np.exp(-times_s / drift.warming_s)
        total += start + walk * _wiener(rng, times_s) + share[:, None] * heat
    return total


def _wiener(rng: np.random.Generator, times_s: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n 6"]:
    """Six Wiener processes: exact at every half second, straight in between."""
    count = int(np.ceil(float(times_s.max(initial=0.0)) / _GRID_S)) + 1
    steps = np.sqrt(_GRID_S) * rng.standard_normal((count, 6))
    path = np.concatenate([np.zeros((1, 6)), np.cumsum(steps, axis=0)])
    grid = _GRID_S * np.arange(count + 1)
    return np.stack([np.interp(times_s, grid, path[:, axis]) for axis in range(6)], axis=-1)


def knocked(
    sensor: str, faults: Sequence[SensorFault], times_s: Float[np.ndarray, "n"], seed: int
) -> Float[np.ndarray, "n 6"]:
    """Angles and shifts that faults add at each look."""
    total = np.zeros((len(times_s), 6))
    for fault in faults:
        if fault.kind not in MOVING_FAULTS or (fault.severity <= 0.0 and not fault.parameters):
            continue
        there = np.array([fault.active(float(time)) for time in times_s], dtype=bool)
        rng = named_generator(seed, sensor, fault.kind.name, round(fault.start_s * 1e9))
        if fault.kind == FaultKind.MISALIGNMENT:
            total[there] += _knock(fault, rng)
        else:
            spread = fault.severity * np.repeat([SHAKE_RAD, SHAKE_M], 3)
            shake = np.clip(rng.standard_normal((len(times_s), 6)), -3.0, 3.0) * spread
            total[there] += shake[there]
    return total


def _knock(fault: SensorFault, rng: np.random.Generator) -> Float[np.ndarray, "6"]:
    given = [float(fault.parameters.get(name, 0.0)) for name in (*ANGLES, *SHIFTS)]
    if any(name in fault.parameters for name in (*ANGLES, *SHIFTS)):
        return np.array(given)
    axis = rng.standard_normal(3)
    return np.concatenate([KNOCK_RAD * fault.severity * axis / np.linalg.norm(axis), np.zeros(3)])


def true_mounting(sensor: Sensor, offsets: Float[np.ndarray, "n 6"]) -> SE3:
    """True `ego_from_sensor` at each look, batch shape (n,)."""
    return sensor.mounting @ SE3.from_rpy(offsets[:, :3], offsets[:, 3:])


def mounting_truth(
    sensor: Sensor, times_ns: Int[np.ndarray, "n"], offsets: Float[np.ndarray, "n 6"]
) -> MountingTruth | None:
    """The record of a sensor; None where it sits as the rig says."""
    if not offsets.any():
        return None
    poses = true_mounting(sensor, offsets)
    return MountingTruth(sensor.name, times_ns, poses.rotation, poses.translation_m)
