"""Velocities, accelerations and jerks that a check may trust, each with the noise of its estimate.

Simulated states are exact: differences of the stored velocities. Measured tracks carry noise, which differences
amplify (1 cm at 10 Hz becomes 2.5 m/s^2): a cubic is fitted to a sliding window (Savitzky and Golay, Anal. Chem. 36,
1627, 1964) and the noise of position, estimated from third differences, is carried through its weights. The rule of
every check that uses it: a value is too high where it exceeds its limit by more than `sigmas` times that noise.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from driving_data.geometry import wrap_angle
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.taxonomy import TWO_WHEELERS, VEHICLES
from validation.verdicts import is_real

WINDOW_S = 0.9
_MIN_POSITION_SIGMA_M = 0.01
_MIN_YAW_SIGMA_RAD = 0.002
_MAX_SIGMA_M = 0.25
_MAX_YAW_SIGMA_RAD = 0.05
_BY_MOMENT = ("velocity_mps", "acceleration_mps2", "jerk_mps3", "yaw_rate_radps", "yaw_acceleration_radps2")


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Kinematics of every actor; NaN where they cannot be known. Sigmas are one per actor, 0 for simulated states.

    Attributes:
        velocity_mps: horizontal, in `world`, shape (T, A, 2).
        acceleration_mps2: shape (T, A, 2).
        jerk_mps3: shape (T, A, 2).
        yaw_rate_radps: shape (T, A).
        yaw_acceleration_radps2: shape (T, A).
        velocity_sigma: shape (A,).
        acceleration_sigma: shape (A,).
        jerk_sigma: shape (A,).
        yaw_rate_sigma: shape (A,).
        yaw_acceleration_sigma: shape (A,).
        position_sigma_m: shape (A,).
    """

    velocity_mps: Float[np.ndarray, "T A 2"]
    acceleration_mps2: Float[np.ndarray, "T A 2"]
    jerk_mps3: Float[np.ndarray, "T A 2"]
    yaw_rate_radps: Float[np.ndarray, "T A"]
    yaw_acceleration_radps2: Float[np.ndarray, "T A"]
    velocity_sigma: Float[np.ndarray, "A"]
    acceleration_sigma: Float[np.ndarray, "A"]
    jerk_sigma: Float[np.ndarray, "A"]
    yaw_rate_sigma: Float[np.ndarray, "A"]
    yaw_acceleration_sigma: Float[np.ndarray, "A"]
    position_sigma_m: Float[np.ndarray, "A"]


def has_motion(segment: Segment[Raw]) -> str:
    """Why the motion cannot be judged; empty where it can."""
    rollout = segment.rollout
    if rollout.num_steps < 4:
        return "fewer than four moments"
    return "" if rollout.valid.any() else "no actor with a known pose"


def motion_of(segment: Segment[Raw]) -> Motion:
    """The motion of every actor, exact for simulated segments and smoothed for real ones."""
    if is_real(segment):
        return _measured(segment.rollout)
    rows = own_rows(segment)
    if len(rows) == segment.rollout.num_steps:
        return _simulated(segment.rollout)
    # Differences over the slivers of time beside a moment that was put in would magnify every rounding.
    own = _simulated(_cut(segment.rollout, rows))
    before = np.maximum(np.searchsorted(rows, np.arange(segment.rollout.num_steps), side="right") - 1, 0)
    spread = {name: getattr(own, name)[before] for name in _BY_MOMENT}
    return replace(own, **spread)


def own_rows(segment: Segment[Raw]) -> Int[np.ndarray, "n"]:
    """Rows of a rollout's own moments, without those that were put in where sensors looked in between."""
    added = np.array(segment.streams.added_ns, dtype=np.int64)
    return np.flatnonzero(~np.isin(segment.rollout.timestamps_ns, added))


def _cut(rollout: Rollout, rows: Int[np.ndarray, "n"]) -> Rollout:
    return replace(
        rollout,
        timestamps_ns=rollout.timestamps_ns[rows],
        world_from_actor=rollout.world_from_actor[rows],
        velocity_mps=rollout.velocity_mps[rows],
        acceleration_mps2=rollout.acceleration_mps2[rows],
        yaw_rate_radps=rollout.yaw_rate_radps[rows],
        steering_rad=rollout.steering_rad[rows],
        lights=rollout.lights[rows],
        valid=rollout.valid[rows],
        signals=replace(rollout.signals, state=rollout.signals.state[rows]),
        modes=None if rollout.modes is None else rollout.modes[rows],
    )


def well_seen(segment: Segment[Raw], min_points: int = 5) -> Bool[np.ndarray, "T A"]:
    """Which actor-moments are more than a guess: in real logs with point counts, those with enough lidar points.

    The ego, simulated actors and tracks without counts are taken as seen.
    """
    rollout = segment.rollout
    seen = np.ones(rollout.valid.shape, dtype=np.bool_)
    if is_real(segment) and segment.labels is not None:
        boxes = segment.labels.boxes_3d
        few = (boxes.num_lidar_points >= 0) & (boxes.num_lidar_points < min_points)
        seen[boxes.step[few], boxes.actor[few]] = False
    return seen


def step_s(rollout: Rollout) -> float:
    """The usual time between two moments."""
    return float(np.median(np.diff(rollout.timestamps_ns))) * 1e-9


def wheeled(rollout: Rollout) -> Bool[np.ndarray, "A"]:
    """Which actors roll on wheels."""
    kinds = [int(kind) for kind in (*VEHICLES, *TWO_WHEELERS)]
    return np.isin(rollout.actors.kind, kinds)


def unwrapped_yaw(rollout: Rollout) -> Float[np.ndarray, "T A"]:
    """Headings without jumps by full turns; NaN where not valid."""
    yaw = rollout.world_from_actor.yaw_rad()
    first = np.where(np.isfinite(yaw), yaw, 0.0)
    turns = np.concatenate([first[:1], first[:1] + np.cumsum(wrap_angle(np.diff(first, axis=0)), axis=0)])
    return np.where(rollout.valid, turns, np.nan)


def noise_sigma(values: Float[np.ndarray, "T A *k"], default: float, lowest: float,
                highest: float) -> Float[np.ndarray, "A"]:  # fmt: skip
    """Noise of a signal per actor from its third differences, whose variance is 20 times that of white noise."""
    third = np.abs(np.diff(values, n=3, axis=0))
    flat = third.reshape(len(third), values.shape[1], -1)
    sigma = np.full(values.shape[1], default)
    for actor in range(values.shape[1]):
        known = flat[:, actor][np.isfinite(flat[:, actor])]
        if known.size >= 8:
            sigma[actor] = 1.4826 * np.median(known) / np.sqrt(20.0)
    return np.clip(sigma, lowest, highest)


def savgol_weights(window: int, order: int, derivative: int, step: float) -> Float[np.ndarray, "window"]:
    """Weights of the derivative of the fitted polynomial at the middle of an odd window."""
    offset = (np.arange(window) - window // 2) * step
    basis = offset[:, None] ** np.arange(order + 1)
    factorial = float(np.prod(np.arange(1, derivative + 1))) if derivative else 1.0
    return np.linalg.pinv(basis)[derivative] * factorial


def _filtered(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted sums over a sliding window; NaN where the window is not whole."""
    result = np.full(values.shape, np.nan)
    window = len(weights)
    if len(values) >= window:
        views = np.lib.stride_tricks.sliding_window_view(values, window, axis=0)
        result[window // 2 : len(values) - window // 2] = views @ weights
    return result


def _measured(rollout: Rollout) -> Motion:
    step = step_s(rollout)
    window = max(5, 2 * round(0.5 * WINDOW_S / step) + 1)
    weights = [savgol_weights(window, 3, order, step) for order in range(4)]
    gain = [float(np.linalg.norm(weight)) for weight in weights]
    place = rollout.world_from_actor.translation_m[..., :2]
    yaw = unwrapped_yaw(rollout)
    sigma = noise_sigma(place, 0.1, _MIN_POSITION_SIGMA_M, _MAX_SIGMA_M)
    yaw_sigma = noise_sigma(yaw, 0.02, _MIN_YAW_SIGMA_RAD, _MAX_YAW_SIGMA_RAD)
    return Motion(
        velocity_mps=_filtered(place, weights[1]),
        acceleration_mps2=_filtered(place, weights[2]),
        jerk_mps3=_filtered(place, weights[3]),
        yaw_rate_radps=_filtered(yaw, weights[1]),
        yaw_acceleration_radps2=_filtered(yaw, weights[2]),
        velocity_sigma=gain[1] * sigma,
        acceleration_sigma=gain[2] * sigma,
        jerk_sigma=gain[3] * sigma,
        yaw_rate_sigma=gain[1] * yaw_sigma,
        yaw_acceleration_sigma=gain[2] * yaw_sigma,
        position_sigma_m=sigma,
    )


def _simulated(rollout: Rollout) -> Motion:
    seconds = np.diff(rollout.timestamps_ns)[:, None] * 1e-9
    velocity = rollout.velocity_mps[..., :2]
    stored = rollout.acceleration_mps2[..., :2]
    measured = _difference(velocity, seconds[..., None])
    # What moves the velocity must stand in the acceleration too: the larger of both is judged.
    larger = np.linalg.norm(measured, axis=-1) > np.linalg.norm(np.nan_to_num(stored), axis=-1)
    acceleration = np.where(larger[..., None] & np.isfinite(measured), measured, stored)
    zero = np.zeros(rollout.num_actors)
    return Motion(velocity, acceleration, _difference(acceleration, seconds[..., None]), rollout.yaw_rate_radps,
                  _difference(rollout.yaw_rate_radps, seconds), zero, zero, zero, zero, zero, zero)  # fmt: skip


def _difference(values: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Forward differences; the last moment repeats the one before."""
    steps = np.diff(values, axis=0) / seconds
    return np.concatenate([steps, steps[-1:]])


def along_and_across(rollout: Rollout, vectors: Float[np.ndarray, "T A 2"]) -> Float[np.ndarray, "T A 2"]:
    """Horizontal vectors in the axes of the actor: forward, left."""
    yaw = rollout.world_from_actor.yaw_rad()
    cos, sin = np.cos(yaw), np.sin(yaw)
    along = vectors[..., 0] * cos + vectors[..., 1] * sin
    return np.stack([along, -vectors[..., 0] * sin + vectors[..., 1] * cos], axis=-1)


def away_from_events(rollout: Rollout, kinds: tuple[str, ...], margin_s: float) -> Bool[np.ndarray, "T A"]:
    """False near events of these kinds, for the actors that took part (all of them where the event names none)."""
    clear = np.ones(rollout.valid.shape, dtype=np.bool_)
    index = {name: number for number, name in enumerate(rollout.actors.ids)}
    for event in rollout.events:
        if event.kind in kinds:
            near = np.abs(rollout.timestamps_ns - event.timestamp_ns) <= margin_s * 1e9
            who = [index[name] for name in event.actor_ids if name in index] or list(range(rollout.num_actors))
            clear[np.ix_(near, np.asarray(who))] = False
    return clear
