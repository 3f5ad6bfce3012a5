"""Wheels and steering: ticks of two wheels, the speeds that a vehicle computes from them, the road-wheel angle.

The rear axle's wheels roll at v_l,r = v -+ w track / 2 (v along the vehicle, w its yaw rate) and slip by
`positioning.wheel_slip`. A wheel's true radius is r (1 + e), e drawn once for each wheel; it turns by the way over that
radius, and each full 1 / ticks_per_turn of a turn counts one tick (the count steps down when it rolls back). The
vehicle knows r only: speed = ticks since the last sample * 2 pi r / ticks_per_turn / time. At low speed that is coarse,
as it is in a real vehicle.
"""

import numpy as np
from jaxtyping import Float, Int

from driving_data.draws import named_generator
from driving_data.geometry import SE3
from driving_data.positioning import wheel_slip
from driving_data.rollout import Rollout
from driving_data.sensors import OdometryModel, OdometrySamples
from generators.motion.trajectory import ego_motion

_FINE_S = 0.01


def odometry_samples(
    model: OdometryModel, rollout: Rollout, times_ns: Int[np.ndarray, "N"], seed: int
) -> OdometrySamples:
    """Everything that an odometer measures; the first sample has no ticks yet and says the speed is 0."""
    rng = named_generator(seed, model.name, "odometry")
    radius = model.wheel_radius_m * (1.0 + model.radius_error * rng.standard_normal(2))
    noise = model.steering_sigma_rad * rng.standard_normal(len(times_ns))
    clean, _ = _rolling(model, rollout, times_ns)
    way = _way(model, rollout, times_ns)
    ticks = np.floor(way / (2.0 * np.pi * radius) * model.ticks_per_turn + 1e-9).astype(np.int64)
    gap_s = np.diff(times_ns, prepend=times_ns[:1]) * 1e-9
    turned = np.diff(ticks, axis=0, prepend=ticks[:1]) / model.ticks_per_turn
    with np.errstate(invalid="ignore", divide="ignore"):
        told = np.where(gap_s[:, None] > 0, turned * 2.0 * np.pi * model.wheel_radius_m / gap_s[:, None], 0.0)
    steering = _steering(rollout, times_ns)
    return OdometrySamples(model.name, times_ns, ticks, told, steering + noise, clean, steering)


def _rolling(
    model: OdometryModel, rollout: Rollout, times_ns: Int[np.ndarray, "N"]
) -> tuple[Float[np.ndarray, "N 2"], Float[np.ndarray, "N"]]:
    """Speeds of the wheels over the ground (left, right), and the acceleration along the vehicle."""
    motion = ego_motion(rollout, times_ns, SE3.identity())
    ahead = motion.world_from_body.rotation[:, :, 0]
    speed = np.sum(ahead * motion.velocity_mps, axis=-1)
    swing = 0.5 * model.track_m * motion.rate_radps[:, 2]
    return np.stack([speed - swing, speed + swing], axis=-1), np.sum(ahead * motion.acceleration_mps2, axis=-1)


def _way(model: OdometryModel, rollout: Rollout, times_ns: Int[np.ndarray, "N"]) -> Float[np.ndarray, "N 2"]:
    """How far each wheel has rolled since the first sample, slip included: the trapezoid rule over 10 ms."""
    if len(times_ns) == 0:
        return np.zeros((0, 2))
    first, last = int(times_ns[0]), int(times_ns[-1])
    fine = np.union1d(np.arange(first, last + 1, round(_FINE_S * 1e9)), times_ns).astype(np.int64)
    speed, acceleration = _rolling(model, rollout, fine)
    friction = rollout.environment.road_friction
    slip = np.array([wheel_slip(float(a), friction) for a in acceleration])
    rolled = (1.0 + slip)[:, None] * speed
    steps = 0.5 * (rolled[1:] + rolled[:-1]) * (np.diff(fine) * 1e-9)[:, None]
    way = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    return way[np.searchsorted(fine, times_ns)]


def _steering(rollout: Rollout, times_ns: Int[np.ndarray, "N"]) -> Float[np.ndarray, "N"]:
    """The road-wheel angle, straight between moments; NaN where the rollout does not know it."""
    angle = rollout.steering_rad[:, rollout.ego_index]
    known = np.isfinite(angle)
    if not known.any():
        return np.full(len(times_ns), np.nan)
    return np.interp(times_ns, rollout.timestamps_ns[known], angle[known])
