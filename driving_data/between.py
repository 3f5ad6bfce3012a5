"""The world between the moments of a rollout, and rollouts with moments put in between.

Between two moments h apart, at the share u of the way, positions follow the cubic through both places with both
velocities (Hermite):

    p(u) = (2u^3 - 3u^2 + 1) p0 + (u^3 - 2u^2 + u) h v0 + (3u^2 - 2u^3) p1 + (u^3 - u^2) h v1

which is exact wherever the acceleration is constant. Where places and velocities contradict each other (a log with
rough velocities, a file that sets an actor aside), or velocities are unknown, positions go straight. Rotations are
slerped; velocities, accelerations, yaw rates and steering go linearly; lights, modes and signals stay as they were at
the earlier moment. An actor that is missing at either moment is missing in between: nobody knows where it was.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from driving_data.geometry import SE3, interpolate
from driving_data.rollout import Rollout, WorldState

_CONTRADICTION_M, _CONTRADICTION = 0.1, 0.2


def state_between(rollout: Rollout, time_ns: int) -> WorldState:
    """The world at any time of a rollout; exactly `rollout.state_at` at its own moments.

    Raises:
        ValueError: the time lies before the first or after the last moment.
    """
    mixed = with_moments(rollout, np.array([time_ns], dtype=np.int64))
    return mixed.state_at(int(np.searchsorted(mixed.timestamps_ns, time_ns)))


def with_moments(rollout: Rollout, times_ns: Int[np.ndarray, "n"]) -> Rollout:
    """The rollout with these moments in it; the very same one where it has them all.

    Raises:
        ValueError: a time lies before the first or after the last moment.
    """
    times = _union(rollout, times_ns)
    if len(times) == rollout.num_steps:
        return rollout
    known = rollout.timestamps_ns
    before = np.minimum(np.searchsorted(known, times, side="right") - 1, len(known) - 2)
    before = np.where(times == known[-1], len(known) - 1, before)
    after = np.where(known[before] == times, before, np.minimum(before + 1, len(known) - 1))
    span = np.maximum(known[after] - known[before], 1)
    share = (times - known[before]) / span
    return _mixed(rollout, times, before, after, share)


def _union(rollout: Rollout, times_ns: np.ndarray) -> np.ndarray:
    known = rollout.timestamps_ns
    if len(times_ns) and (int(times_ns.min()) < known[0] or int(times_ns.max()) > known[-1]):
        raise ValueError(
            f"times from {int(times_ns.min())} to {int(times_ns.max())} ns are not within the rollout, "
            f"{int(known[0])} to {int(known[-1])} ns"
        )
    return np.union1d(known, times_ns).astype(np.int64)


def _mixed(
    rollout: Rollout, times: np.ndarray, before: np.ndarray, after: np.ndarray, share: Float[np.ndarray, "n"]
) -> Rollout:
    own = before == after
    valid = rollout.valid[before] & rollout.valid[after]

    def linear(values: np.ndarray) -> np.ndarray:
        weight = share.reshape(-1, *(1,) * (values.ndim - 1))
        mixed = (1.0 - weight) * values[before] + weight * values[after]
        return np.where(own.reshape(weight.shape), values[before], mixed)

    def masked(values: np.ndarray) -> np.ndarray:
        return np.where(valid.reshape(*valid.shape, *(1,) * (values.ndim - 2)), linear(values), np.nan)

    return replace(
        rollout,
        timestamps_ns=times,
        world_from_actor=_poses(rollout, before, after, share, valid),
        velocity_mps=masked(rollout.velocity_mps),
        acceleration_mps2=masked(rollout.acceleration_mps2),
        yaw_rate_radps=masked(rollout.yaw_rate_radps),
        steering_rad=masked(rollout.steering_rad),
        lights=rollout.lights[before],
        valid=valid,
        signals=replace(rollout.signals, state=rollout.signals.state[before]),
        modes=None if rollout.modes is None else rollout.modes[before],
    )


def _poses(rollout: Rollout, before: np.ndarray, after: np.ndarray, share: np.ndarray, valid: np.ndarray) -> SE3:
    start, end = rollout.world_from_actor[before], rollout.world_from_actor[after]
    rotation = start.rotation.copy()
    place = np.where(valid[..., None], start.translation_m, np.nan)
    rotation[~valid] = np.nan
    row, actor = np.nonzero(valid & (before != after)[:, None])
    if len(row):
        h = (rollout.timestamps_ns[after[row]] - rollout.timestamps_ns[before[row]]) * 1e-9
        u = share[row]
        turned = interpolate(start[row, actor], end[row, actor], u)
        rotation[row, actor] = turned.rotation
        v0, v1 = rollout.velocity_mps[before[row], actor], rollout.velocity_mps[after[row], actor]
        place[row, actor] = hermite(start.translation_m[row, actor], v0, end.translation_m[row, actor], v1, h, u)
    return SE3(rotation, place)


def hermite(
    start_m: Float[np.ndarray, "n 3"], start_mps: Float[np.ndarray, "n 3"], end_m: Float[np.ndarray, "n 3"],
    end_mps: Float[np.ndarray, "n 3"], span_s: Float[np.ndarray, "n"], share: Float[np.ndarray, "n"],
) -> Float[np.ndarray, "n 3"]:  # fmt: skip
    """Places at the share of the way; straight where velocities are unknown or contradict the places."""
    h, u = span_s[:, None], share[:, None]
    straight = start_m + u * (end_m - start_m)
    curved = (
        (2 * u**3 - 3 * u**2 + 1) * start_m
        + (u**3 - 2 * u**2 + u) * h * start_mps
        + (3 * u**2 - 2 * u**3) * end_m
        + (u**3 - u**2) * h * end_mps
    )
    with np.errstate(invalid="ignore"):
        told = 0.5 * h * (start_mps + end_mps)
        apart = np.linalg.norm(end_m - start_m - told, axis=-1)
        believed = apart <= _CONTRADICTION_M + _CONTRADICTION * np.linalg.norm(told, axis=-1)
    return np.where(believed[:, None], curved, straight)
