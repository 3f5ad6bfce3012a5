"""Comfort after nuPlan: six bounds on accelerations, jerks and yaw, and hard braking.

Filters as in nuplan-devkit e924167 (ego_is_comfortable, state_extractors): Savitzky-Golay, polynomial order 2;
acceleration window 8 samples, jerk window 15, yaw rate window 5, yaw acceleration window 5 with order 3. The windows
count samples at 10 Hz; at another rate they keep their length in seconds. The "jerk magnitude" is nuPlan's derivative
of the magnitude of the acceleration. Moments after the first contact are aftermath and do not count.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float

from closed_loop.metrics.collision import contacts
from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale, not_applicable
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.smoothing import savitzky_golay

HARD_BRAKING_MPS2 = -3.92
"""0.4 g, the bound that insurers' and field-operational studies commonly call a hard brake."""
_MIN_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class ComfortBounds:
    """Strict bounds; defaults are those of nuPlan (ego_is_comfortable)."""

    min_longitudinal_mps2: float = -4.05
    max_longitudinal_mps2: float = 2.40
    max_lateral_mps2: float = 4.89
    max_jerk_mps3: float = 8.37
    max_longitudinal_jerk_mps3: float = 4.13
    max_yaw_rate_radps: float = 0.95
    max_yaw_acceleration_radps2: float = 1.93


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Filtered motion of the ego, each of shape (T,)."""

    longitudinal_mps2: Float[np.ndarray, "T"]
    lateral_mps2: Float[np.ndarray, "T"]
    jerk_mps3: Float[np.ndarray, "T"]
    longitudinal_jerk_mps3: Float[np.ndarray, "T"]
    yaw_rate_radps: Float[np.ndarray, "T"]
    yaw_acceleration_radps2: Float[np.ndarray, "T"]


def smooth(
    values: Float[np.ndarray, "T"], window_s: float, step_s: float, order: int = 2, derivative: int = 0
) -> Float[np.ndarray, "T"]:
    """Savitzky-Golay filter whose window is given in seconds; shortened to the signal where that is shorter."""
    window = min(max(round(window_s / step_s), order + 1), len(values))
    return savitzky_golay(values, window, min(order, window - 1), derivative, step_s)


def raw_acceleration_mps2(drive: Drive) -> Float[np.ndarray, "T 2"]:
    """Acceleration of the box centre in the ego's axes (forward, left); from the velocity where it is unknown."""
    rollout = drive.rollout
    known = rollout.acceleration_mps2[drive.step, rollout.ego_index, :2]
    if np.isnan(known).any():
        known = np.gradient(drive.velocity_mps, drive.time_s, axis=0)
    ahead = np.sum(known * drive.forward, axis=-1)
    left = known[:, 1] * drive.forward[:, 0] - known[:, 0] * drive.forward[:, 1]
    return np.stack([ahead, left], axis=-1)


def motion_of(drive: Drive) -> Motion:
    """Filtered accelerations, jerks and yaw of the ego."""
    step = drive.step_s
    raw = raw_acceleration_mps2(drive)
    ahead, left = smooth(raw[:, 0], 0.8, step), smooth(raw[:, 1], 0.8, step)
    magnitude = smooth(np.hypot(raw[:, 0], raw[:, 1]), 0.8, step)
    return Motion(
        ahead,
        left,
        smooth(magnitude, 1.5, step, derivative=1),
        smooth(ahead, 1.5, step, derivative=1),
        smooth(drive.yaw_rad, 0.5, step, derivative=1),
        smooth(drive.yaw_rad, 0.5, step, order=3, derivative=2),
    )


def _counted(drive: Drive) -> int:
    found = contacts(drive)
    return found[0].step if found else drive.num_steps


@lru_cache(maxsize=4)
def _until(drive: Drive, count: int) -> Motion | None:
    """Motion of the first `count` moments; None where they are too few to filter."""
    if count < _MIN_SAMPLES:
        return None
    whole = motion_of(drive) if count == drive.num_steps else None
    return whole or motion_of(_truncated(drive, count))


def _truncated(drive: Drive, count: int) -> Drive:
    return Drive(
        drive.rollout, drive.task, drive.time_s[:count], drive.step[:count], drive.center_m[:count],
        drive.yaw_rad[:count], drive.velocity_mps[:count], drive.size_m, drive.rear_axle_to_center_m, drive.others,
    )  # fmt: skip


def excesses(motion: Motion, bounds: ComfortBounds) -> dict[str, float]:
    """By how much each bound is exceeded at worst, as a share of the bound; negative where it is held."""
    return {
        "longitudinal_acceleration": max(
            float(motion.longitudinal_mps2.min()) / bounds.min_longitudinal_mps2,
            float(motion.longitudinal_mps2.max()) / bounds.max_longitudinal_mps2,
        ) - 1.0,
        "lateral_acceleration": _share(motion.lateral_mps2, bounds.max_lateral_mps2),
        "jerk": _share(motion.jerk_mps3, bounds.max_jerk_mps3),
        "longitudinal_jerk": _share(motion.longitudinal_jerk_mps3, bounds.max_longitudinal_jerk_mps3),
        "yaw_rate": _share(motion.yaw_rate_radps, bounds.max_yaw_rate_radps),
        "yaw_acceleration": _share(motion.yaw_acceleration_radps2, bounds.max_yaw_acceleration_radps2),
    }  # fmt: skip


def _share(values: np.ndarray, bound: float) -> float:
    return float(np.abs(values).max()) / bound - 1.0


def comfort(drive: Drive) -> MetricValue:
    """1 where every bound holds at every moment before a contact."""
    motion = _until(drive, _counted(drive))
    if motion is None:
        return not_applicable("too few moments to filter")
    over = excesses(motion, ComfortBounds())
    broken = [name for name, excess in over.items() if excess >= 0]
    reason = "" if not broken else "over the bound: " + ", ".join(name.replace("_", " ") for name in broken)
    return MetricValue(float(not broken), reason=reason, evidence={"excess": over})


def hard_brakes(drive: Drive) -> MetricValue:
    """How often the filtered longitudinal acceleration fell below -3.92 m/s^2 (0.4 g), before a contact."""
    motion = _until(drive, _counted(drive))
    if motion is None:
        return not_applicable("too few moments to filter")
    hard = motion.longitudinal_mps2 < HARD_BRAKING_MPS2
    begins = hard & ~np.concatenate([[False], hard[:-1]])
    first = float(drive.time_s[int(np.argmax(begins))]) if begins.any() else None
    return MetricValue(float(begins.sum()), at_s=first)


def max_jerk(drive: Drive) -> MetricValue:
    """Greatest longitudinal jerk, in magnitude, before a contact."""
    motion = _until(drive, _counted(drive))
    if motion is None:
        return not_applicable("too few moments to filter")
    step = int(np.argmax(np.abs(motion.longitudinal_jerk_mps3)))
    return MetricValue(float(abs(motion.longitudinal_jerk_mps3[step])), at_s=float(drive.time_s[step]))


_NUPLAN = "nuPlan closed-loop score (nuplan-devkit e924167, ego_is_comfortable)"

METRICS = (
    Metric(
        "comfort", "1.0.0", "Comfortable", "", Direction.HIGHER_IS_BETTER, Scale.RATE, _NUPLAN,
        "Six bounds on filtered acceleration, jerk, yaw rate and yaw acceleration hold at every moment.", comfort,
    ),
    Metric(
        "hard_brakes", "1.0.0", "Hard brakes", "", Direction.LOWER_IS_BETTER, Scale.MEAN,
        "0.4 g, as in field-operational studies", "Number of times the ego braked harder than 3.92 m/s^2.",
        hard_brakes,
    ),
    Metric(
        "max_longitudinal_jerk", "1.0.0", "Maximum longitudinal jerk", "m/s^3", Direction.LOWER_IS_BETTER, Scale.MEAN,
        _NUPLAN, "Greatest magnitude of the filtered longitudinal jerk.", max_jerk,
    ),
)  # fmt: skip
