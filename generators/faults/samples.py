"""Faults of inertial units, satellite receivers and odometers: what their samples become. Clean values stay beside.

BIAS          imu: `accel_mps2` else 0.5 m/s^2, `gyro_radps` else 0.02 rad/s, on every axis; receiver: `east_m`,
              `north_m`, `up_m`, else 30 m times the severity in a drawn direction (spoofing); odometer: wheel speeds
              larger by `scale` else 5 %, steering by `steering_rad` else 0.05 rad; all times the severity
NOISE         imu: 0.5 m/s^2 and 0.02 rad/s; receiver: 10 m; odometer: 0.5 m/s and 0.02 rad; all times the severity
INTERFERENCE  receiver, jammed: noise of 15 m times the severity, and fixes lost with the chance of the severity squared
BLOCKED       receiver, antenna covered: fixes lost with the chance of the severity, the others twice as rough at worst
FROZEN        the last sample from before the fault
DROPPED_FRAMES, OUTAGE  samples are NaN (ticks stay as they were counted)
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from driving_data.draws import named_generator
from driving_data.sensors import FaultKind, GnssFixes, ImuSamples, OdometrySamples, SensorFault

IMU_BIAS, IMU_NOISE = (0.5, 0.02), (0.5, 0.02)
GNSS_BIAS_M, GNSS_NOISE_M, JAMMED_M = 30.0, 10.0, 15.0


def spoiled_imu(
    samples: ImuSamples, faults: Sequence[SensorFault], lost: Bool[np.ndarray, "N"], start_ns: int, seed: int
) -> ImuSamples:
    """The samples with faults laid over them."""
    force, rate = samples.specific_force_mps2.copy(), samples.angular_velocity_radps.copy()
    for fault, there, rng in _each(samples.imu, faults, samples.timestamp_ns, start_ns, seed):
        if fault.kind == FaultKind.BIAS:
            force[there] += float(fault.parameters.get("accel_mps2", IMU_BIAS[0] * fault.severity))
            rate[there] += float(fault.parameters.get("gyro_radps", IMU_BIAS[1] * fault.severity))
        elif fault.kind == FaultKind.NOISE:
            noise = fault.severity * rng.standard_normal((len(there), 6))
            force[there] += IMU_NOISE[0] * noise[there, :3]
            rate[there] += IMU_NOISE[1] * noise[there, 3:]
        elif fault.kind == FaultKind.FROZEN:
            _freeze(there, force, rate)
    force[lost], rate[lost] = np.nan, np.nan
    return replace(samples, specific_force_mps2=force, angular_velocity_radps=rate)


def spoiled_gnss(
    fixes: GnssFixes, faults: Sequence[SensorFault], lost: Bool[np.ndarray, "N"], start_ns: int, seed: int
) -> GnssFixes:
    """The fixes with faults laid over them; the stated accuracy knows of jamming and covers, not of spoofing."""
    place, speed, course, sigma = (
        values.copy() for values in (fixes.position_m, fixes.speed_mps, fixes.course_rad, fixes.sigma_m)
    )
    gone = lost | ~fixes.valid
    for fault, there, rng in _each(fixes.receiver, faults, fixes.timestamp_ns, start_ns, seed):
        noise, luck = rng.standard_normal((len(there), 3)), rng.random(len(there))
        if fault.kind == FaultKind.BIAS:
            place[there] += _spoofed(fault, rng)
        elif fault.kind == FaultKind.NOISE:
            place[there] += GNSS_NOISE_M * fault.severity * noise[there]
        elif fault.kind == FaultKind.INTERFERENCE:
            rough = JAMMED_M * fault.severity
            place[there] += rough * noise[there]
            sigma[there] = np.hypot(sigma[there], rough)
            gone = gone | (there & (luck < fault.severity**2))
        elif fault.kind == FaultKind.BLOCKED:
            place[there] += fault.severity * np.sqrt(3.0) * sigma[there] * noise[there]
            sigma[there] *= np.sqrt(1.0 + 3.0 * fault.severity**2)
            gone = gone | (there & (luck < fault.severity))
        elif fault.kind == FaultKind.FROZEN:
            _freeze(there, place, speed, course, sigma)
    for values in (place, speed, course, sigma):
        values[gone] = np.nan
    return replace(fixes, position_m=place, speed_mps=speed, course_rad=course, sigma_m=sigma, valid=~gone)


def spoiled_odometry(
    samples: OdometrySamples, faults: Sequence[SensorFault], lost: Bool[np.ndarray, "N"], start_ns: int, seed: int
) -> OdometrySamples:
    """The samples with faults laid over them."""
    speed, steering, ticks = samples.wheel_speed_mps.copy(), samples.steering_rad.copy(), samples.ticks.copy()
    for fault, there, rng in _each(samples.odometer, faults, samples.timestamp_ns, start_ns, seed):
        noise = rng.standard_normal((len(there), 3))
        if fault.kind == FaultKind.BIAS:
            speed[there] *= 1.0 + float(fault.parameters.get("scale", 0.05 * fault.severity))
            steering[there] += float(fault.parameters.get("steering_rad", 0.05 * fault.severity))
        elif fault.kind == FaultKind.NOISE:
            speed[there] += 0.5 * fault.severity * noise[there, :2]
            steering[there] += 0.02 * fault.severity * noise[there, 2]
        elif fault.kind == FaultKind.FROZEN:
            _freeze(there, speed, steering, ticks)
    speed[lost], steering[lost] = np.nan, np.nan
    return replace(samples, wheel_speed_mps=speed, steering_rad=steering, ticks=ticks)


def _each(
    sensor: str, faults: Sequence[SensorFault], times_ns: np.ndarray, start_ns: int, seed: int
) -> list[tuple[SensorFault, np.ndarray, np.random.Generator]]:
    """Each fault that does something, when it is there, and its draws; frozen ones last."""
    found: list[tuple[SensorFault, np.ndarray, np.random.Generator]] = []
    for fault in sorted(faults, key=lambda each: each.kind == FaultKind.FROZEN):
        if fault.severity <= 0.0 and not fault.parameters:
            continue
        there = np.array([fault.active((time - start_ns) * 1e-9) for time in times_ns.tolist()], dtype=bool)
        rng = named_generator(seed, sensor, fault.kind.name, round(fault.start_s * 1e9))
        found.append((fault, there, rng))
    return found


def _spoofed(fault: SensorFault, rng: np.random.Generator) -> Float[np.ndarray, "3"]:
    names = ("east_m", "north_m", "up_m")
    if any(name in fault.parameters for name in names):
        return np.array([float(fault.parameters.get(name, 0.0)) for name in names])
    angle = rng.uniform(0.0, 2.0 * np.pi)
    return GNSS_BIAS_M * fault.severity * np.array([np.cos(angle), np.sin(angle), 0.0])


def _freeze(there: Bool[np.ndarray, "N"], *columns: np.ndarray) -> None:
    """Every sample of the fault becomes the one before it; the first stays where nothing was before."""
    for k in np.flatnonzero(there):
        if k > 0:
            for values in columns:
                values[k] = values[k - 1]
