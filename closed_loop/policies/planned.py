"""Where a policy wants to be, turned into controls: what functions, networks, servers and learners share.

A plan is a `Trajectory` of rear axles in `world`, or poses in the ego frame of now: an array (B, N, 2) of x forward and
y left in metres, or (B, N, 3) with headings in radians, N > 1, of `step_s`, `2 step_s`, ... from now. The present pose
is put before them. Without headings those of the way between the points are taken, where it moves.

tracking 'lqr': nuPlan's tracker, which sees the plan resampled at 0.1 s, as the trajectory action of Gymnasium does.
tracking 'preview': acceleration and curvature of the plan at the moment at which the vehicle's lags let the command
act, plus feedback of place and speed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from closed_loop.tracking import RearAxleState, Trajectory, ego_state, track
from driving_data.errors import RoadloomError
from driving_data.geometry import wrap_angle
from driving_data.ports import Control, Observation

MAX_ACCELERATION_MPS2 = 8.0
MAX_STEERING_RAD = 0.6
TRACKINGS = ("lqr", "preview")
_STILL_M = 0.05


@dataclass(frozen=True, slots=True)
class Lags:
    """Lags of the vehicle that 'preview' allows for."""

    acceleration_s: float = 0.2
    steering_s: float = 0.05

    def moments_s(self) -> tuple[float, float, float]:
        """Now, and when a command of now acts on the acceleration and on the steering (half a step of 0.1 s later)."""
        return 0.0, self.acceleration_s + 0.05, self.steering_s + 0.05


def check_tracking(tracking: str) -> None:
    """Refuses what is no tracking.

    Raises:
        ValueError: it is neither 'lqr' nor 'preview'.
    """
    if tracking not in TRACKINGS:
        raise ValueError(f"tracking {tracking!r} is neither 'lqr' nor 'preview'")


def bounded(control: Control) -> Control:
    """Controls cut to +-8 m/s^2 and +-0.6 rad."""
    return Control(
        np.clip(control.acceleration_mps2, -MAX_ACCELERATION_MPS2, MAX_ACCELERATION_MPS2),
        np.clip(control.steering_rad, -MAX_STEERING_RAD, MAX_STEERING_RAD),
    )


def follow(observation: Observation, plan: Trajectory, tracking: str = "lqr") -> Control:
    """The control that follows a plan which begins now."""
    if tracking == "lqr":
        return bounded(track(observation, plan.resampled()))
    state, moments = ego_state(observation), np.array(Lags().moments_s())
    rows = _at(motion(plan), moments / plan.step_s)
    return bounded(preview(state.position_m, state, rows, observation.wheelbase_m))


def preview(
    place_m: Float[np.ndarray, "B 2"],
    state: RearAxleState,
    rows: Float[np.ndarray, "B 3 6"],
    wheelbase_m: Float[np.ndarray, "B"],
) -> Control:
    """Feed-forward of a way at the moments of `Lags.moments_s`, and feedback of the point that is to be on it.

    Args:
        place_m: the point, as the rear axle or the middle of the box.
        state: headings and speeds.
        rows: x, y, yaw, speed, acceleration and yaw rate of the way, at the three moments.
        wheelbase_m: of the vehicles.
    """
    here, drive, bend = rows[:, 0], rows[:, 1], rows[:, 2]
    forward = np.stack([np.cos(here[:, 2]), np.sin(here[:, 2])], axis=-1)
    off = place_m - here[:, :2]
    along = np.sum(off * forward, axis=-1)
    left = off[:, 1] * forward[:, 0] - off[:, 0] * forward[:, 1]
    turned = wrap_angle(state.yaw_rad - here[:, 2])
    acceleration = drive[:, 4] + 2.0 * (here[:, 3] - state.speed_mps) - along
    length = np.maximum(3.0, 0.7 * state.speed_mps)
    curvature = np.where(bend[:, 3] > 0.5, bend[:, 5] / np.maximum(bend[:, 3], 0.5), 0.0)
    # Critically damped in the way driven: both errors vanish over about `length`.
    curvature = curvature - left / length**2 - 2.0 * turned / length
    return Control(acceleration, np.arctan(wheelbase_m * curvature))


def motion(plan: Trajectory) -> Float[np.ndarray, "B N 6"]:
    """x, y, unwrapped yaw, speed along it, acceleration and yaw rate at every pose, by second-order differences."""
    yaw = np.unwrap(plan.yaw_rad, axis=1)
    velocity = np.gradient(plan.position_m, plan.step_s, axis=1, edge_order=2)
    speed = velocity[..., 0] * np.cos(yaw) + velocity[..., 1] * np.sin(yaw)
    acceleration, turn = (np.gradient(values, plan.step_s, axis=1, edge_order=2) for values in (speed, yaw))
    return np.concatenate([plan.position_m, np.stack([yaw, speed, acceleration, turn], axis=-1)], axis=-1)


def _at(values: Float[np.ndarray, "B N D"], place: Float[np.ndarray, "K"]) -> Float[np.ndarray, "B K D"]:
    inside = np.clip(place, 0.0, values.shape[1] - 1.0)
    k = np.minimum(inside.astype(np.int64), values.shape[1] - 2)
    share = (inside - k)[None, :, None]
    return values[:, k] * (1.0 - share) + values[:, k + 1] * share


def plan_of(answer: Any, observation: Observation, step_s: float, who: str) -> Trajectory:
    """The plan that an answer means.

    Raises:
        RoadloomError: it means none; it says who gave what and what was expected.
    """
    count = len(observation.done)
    plan = answer if isinstance(answer, Trajectory) else None
    points: Any = answer.position_m if isinstance(answer, Trajectory) else answer
    shape = np.shape(points)
    if len(shape) != 3 or shape[0] != count or shape[1] < 2 or shape[2] not in ((2,) if plan is not None else (2, 3)):
        raise RoadloomError(f"{who} gave shape {shape}; a trajectory has shape ({count}, N > 1, 2 or 3)")
    if plan is None:
        plan = world_trajectory(ego_state(observation), np.asarray(points, dtype=np.float64), step_s)
    elif plan.yaw_rad.shape != shape[:2]:
        raise RoadloomError(f"{who} gave headings of shape {plan.yaw_rad.shape} for poses of shape {shape}")
    if not (np.isfinite(plan.position_m).all() and np.isfinite(plan.yaw_rad).all()):
        raise RoadloomError(f"{who} gave numbers that are not finite")
    return plan


def world_trajectory(state: RearAxleState, poses: Float[np.ndarray, "B N D"], step_s: float) -> Trajectory:
    """Poses in the ego frame as a trajectory in `world` that begins at the present pose."""
    points = np.concatenate([np.zeros((len(poses), 1, 2)), poses[..., :2]], axis=1)
    if poses.shape[2] == 3:
        heading = np.concatenate([np.zeros((len(poses), 1)), poses[..., 2]], axis=1)
    else:
        heading = headings(points)
    cos, sin = np.cos(state.yaw_rad)[:, None], np.sin(state.yaw_rad)[:, None]
    x = state.position_m[:, :1] + cos * points[..., 0] - sin * points[..., 1]
    y = state.position_m[:, 1:] + sin * points[..., 0] + cos * points[..., 1]
    return Trajectory(np.stack([x, y], axis=-1), heading + state.yaw_rad[:, None], step_s)


def headings(points: Float[np.ndarray, "B N 2"]) -> Float[np.ndarray, "B N"]:
    """Headings along points: of the way to each point; where it moves under 5 cm, as before; 0 at the first."""
    step = np.diff(points, axis=1)
    found = np.arctan2(step[..., 1], step[..., 0])
    moves = np.hypot(step[..., 0], step[..., 1]) >= _STILL_M
    heading = np.zeros(points.shape[:2])
    for k in range(1, points.shape[1]):
        heading[:, k] = np.where(moves[:, k - 1], found[:, k - 1], heading[:, k - 1])
    return heading
