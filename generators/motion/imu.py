"""An inertial unit: specific force and angular rate at its mounting, with the errors of IEEE Std 952 and 1293.

    f = R^T (a_p - g),  g = (0, 0, -9.80665)           what a perfect unit reads (at rest: +9.80665 upwards)
    y = (1 + s) x + b + W(t) + w                       each axis of each triad on its own

s scale error and b turn-on bias, drawn once; W a Wiener process of `*_walk` (rate random walk); w white noise of the
density `*_noise` (angle or velocity random walk), of standard deviation density * sqrt(rate) in each sample. The Allan
deviation over a time tau is then noise / sqrt(tau) for short and walk * sqrt(tau / 3) for long times.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from driving_data.draws import named_generator
from driving_data.geometry import SE3
from driving_data.rollout import Rollout
from driving_data.sensors import FaultKind, ImuModel, ImuSamples, SensorFault
from generators.motion.trajectory import ego_motion

GRAVITY_MPS2 = 9.80665
ROAD_MPS2, ROAD_RADPS = 3.0, 0.05
_ROAD_HZ = ((8.0, 12.0), (20.0, 35.0), (60.0, 90.0))


def imu_samples(
    model: ImuModel, rollout: Rollout, times_ns: Int[np.ndarray, "N"], ego_from_imu: SE3, seed: int,
    faults: Sequence[SensorFault] = (),
) -> ImuSamples:  # fmt: skip
    """Everything that a unit measures.

    Args:
        model: its errors.
        rollout: what happened.
        times_ns: when it measures.
        ego_from_imu: where it really sits, one pose or one for each time.
        seed: of the errors.
        faults: VIBRATION shakes it (the other faults are laid over the samples afterwards).
    """
    motion = ego_motion(rollout, times_ns, ego_from_imu)
    up = np.array([0.0, 0.0, GRAVITY_MPS2])
    force = np.einsum("nji,nj->ni", motion.world_from_body.rotation, motion.acceleration_mps2 + up)
    period_s = _period_s(times_ns, model.clock.rate_hz)
    shake_force, shake_rate = _shake(faults, times_ns, int(rollout.timestamps_ns[0]), model.name, seed)
    rate = with_errors(
        motion.rate_radps + shake_rate, period_s, model.gyro_noise, model.gyro_walk, model.gyro_bias_radps,
        model.scale_error, named_generator(seed, model.name, "gyro"),
    )  # fmt: skip
    felt = with_errors(
        force + shake_force, period_s, model.accel_noise, model.accel_walk, model.accel_bias_mps2, model.scale_error,
        named_generator(seed, model.name, "accelerometer"),
    )  # fmt: skip
    return ImuSamples(model.name, times_ns, rate, felt, motion.rate_radps, force)


def with_errors(
    true: Float[np.ndarray, "N 3"], period_s: float, noise: float, walk: float, bias: float, scale: float,
    rng: np.random.Generator,
) -> Float[np.ndarray, "N 3"]:  # fmt: skip
    """Three axes as a unit of these errors measures them; the first sample is taken before anything has walked."""
    once = rng.standard_normal((2, 3))
    drawn = rng.standard_normal((len(true), 2, 3))
    steps = walk * np.sqrt(period_s) * drawn[:, 1]
    steps[:1] = 0.0
    white = noise / np.sqrt(period_s) * drawn[:, 0]
    return (1.0 + scale * once[0]) * true + bias * once[1] + np.cumsum(steps, axis=0) + white


def _period_s(times_ns: np.ndarray, rate_hz: float) -> float:
    if rate_hz > 0.0:
        return 1.0 / rate_hz
    return float(np.median(np.diff(times_ns))) * 1e-9 if len(times_ns) > 1 else 1.0


def _shake(
    faults: Sequence[SensorFault], times_ns: np.ndarray, start_ns: int, name: str, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """A loose unit: three tones between 8 and 90 Hz on each axis, together 3 m/s^2 and 0.05 rad/s (rms) at worst."""
    force, rate = np.zeros((len(times_ns), 3)), np.zeros((len(times_ns), 3))
    seconds = (times_ns - start_ns) * 1e-9
    for fault in faults:
        if fault.kind != FaultKind.VIBRATION:
            continue
        rng = named_generator(seed, name, fault.kind.name, "tones", round(fault.start_s * 1e9))
        there = np.array([fault.active(float(time)) for time in seconds], dtype=bool)[:, None]
        for low, high in _ROAD_HZ:
            tone = rng.uniform(low, high)
            angle = 2.0 * np.pi * (tone * seconds[:, None] + rng.random(6))
            wave = fault.severity * np.sqrt(2.0 / len(_ROAD_HZ)) * np.sin(angle) * there
            force, rate = force + ROAD_MPS2 * wave[:, :3], rate + ROAD_RADPS * wave[:, 3:]
    return force, rate
