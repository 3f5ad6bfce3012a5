"""What a learner does: controls, or a trajectory that a tracker turns into controls."""

from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

import gymnasium
import numpy as np
from gymnasium import spaces
from jaxtyping import Float

from closed_loop.environment.vectors import turned
from closed_loop.tracking import LqrParameters, LqrTracker, RearAxleState, Trajectory
from driving_data.ports import Control, Observation

ACCELERATION_MPS2 = (-8.0, 4.0)
STEERING_RAD = (-0.6, 0.6)
REACH_M = 200.0
FINE_STEP_S = 0.1


@runtime_checkable
class Actions(Protocol):
    """A way to act."""

    @property
    def space(self) -> gymnasium.Space[np.ndarray]:
        """Actions of one world."""
        ...

    def control(self, action: np.ndarray, observation: Observation) -> Control:
        """Controls of B worlds from their actions, which have a leading axis B."""
        ...


def shaped(action: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The action as an array.

    Raises:
        ValueError: it has another shape; nothing is cut off or repeated silently.
    """
    acted = np.asarray(action)
    if acted.shape != shape:
        raise ValueError(f"the action has the shape {acted.shape}; expected {shape}")
    return acted


@dataclass(frozen=True, slots=True)
class ControlActions:
    """Box (2,): acceleration in m/s^2 (-8 to 4), steering angle in rad (-0.6 to 0.6); what lies beyond is cut off."""

    @property
    def space(self) -> gymnasium.Space[np.ndarray]:
        """As above."""
        low, high = zip(ACCELERATION_MPS2, STEERING_RAD, strict=True)
        return spaces.Box(np.array(low, dtype=np.float32), np.array(high, dtype=np.float32), dtype=np.float32)

    def control(self, action: np.ndarray, observation: Observation) -> Control:
        """The two columns, cut off at their bounds."""
        acted = np.asarray(action, dtype=np.float64)
        return Control(np.clip(acted[:, 0], *ACCELERATION_MPS2), np.clip(acted[:, 1], *STEERING_RAD))


@dataclass(frozen=True, slots=True)
class TrajectoryActions:
    """Box (N, 3): where the rear axle shall be after every `step_s`: x, y in metres and heading, in the ego frame.

    The LQR tracker of `closed_loop.tracking` drives along it until the next action. Positions between the poses are
    linear, as are headings.
    """

    num_poses: int = 8
    step_s: float = 0.5
    tracker: LqrTracker = field(default_factory=LqrTracker)

    @property
    def space(self) -> gymnasium.Space[np.ndarray]:
        """As above; x and y within 200 m, headings within pi."""
        bound = np.tile(np.array([REACH_M, REACH_M, np.pi], dtype=np.float32), (self.num_poses, 1))
        return spaces.Box(-bound, bound, dtype=np.float32)

    def control(self, action: np.ndarray, observation: Observation) -> Control:
        """Controls that follow the trajectories, with each ego's own wheelbase."""
        state = rear_axle_state(observation)
        plan = self.trajectory(np.asarray(action, dtype=np.float64), state)
        acceleration, steering = np.zeros(len(observation.done)), np.zeros(len(observation.done))
        for wheelbase in np.unique(observation.wheelbase_m):
            own = observation.wheelbase_m == wheelbase
            tracker = replace(self.tracker, parameters=_for(self.tracker.parameters, float(wheelbase)))
            acceleration[own], steering[own] = tracker.control(_of(state, own), _part(plan, own))
        return Control(np.clip(acceleration, *ACCELERATION_MPS2), np.clip(steering, *STEERING_RAD))

    def trajectory(self, poses: Float[np.ndarray, "B N 3"], state: RearAxleState) -> Trajectory:
        """The poses in `world`, the present one first, resampled at 0.1 s."""
        start = np.zeros((len(poses), 1, 3))
        coarse = np.concatenate([start, poses], axis=1)
        fine = max(1, round(self.step_s / FINE_STEP_S))
        at = np.arange(self.num_poses * fine + 1) / fine
        k = np.minimum(at.astype(np.int64), self.num_poses - 1)
        share = (at - k)[None, :, None]
        local = coarse[:, k] * (1 - share) + coarse[:, k + 1] * share
        cos, sin = np.cos(state.yaw_rad)[:, None], np.sin(state.yaw_rad)[:, None]
        x, y = turned(local[..., 0], local[..., 1], cos, -sin)
        position = state.position_m[:, None] + np.stack([x, y], axis=-1)
        return Trajectory(position, state.yaw_rad[:, None] + local[..., 2], self.step_s / fine)


def _for(parameters: LqrParameters, wheelbase_m: float) -> LqrParameters:
    return replace(parameters, wheelbase_m=wheelbase_m)


def _of(state: RearAxleState, own: np.ndarray) -> RearAxleState:
    return RearAxleState(
        state.position_m[own], state.yaw_rad[own], state.speed_mps[own], state.acceleration_mps2[own],
        state.steering_rad[own],
    )  # fmt: skip


def _part(plan: Trajectory, own: np.ndarray) -> Trajectory:
    return Trajectory(plan.position_m[own], plan.yaw_rad[own], plan.step_s)


def rear_axle_state(observation: Observation) -> RearAxleState:
    """Where the egos are and how they move."""
    world, ego = np.arange(len(observation.done)), observation.ego_index
    yaw = observation.yaw_rad[world, ego]
    forward = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    velocity = observation.velocity_mps[world, ego, :2]
    return RearAxleState(
        observation.position_m[world, ego, :2] - observation.rear_axle_to_center_m[:, None] * forward,
        yaw,
        np.sum(velocity * forward, axis=-1),
        observation.acceleration_mps2[world, ego],
        observation.steering_rad,
    )


ACTIONS: dict[str, Actions] = {"control": ControlActions(), "trajectory": TrajectoryActions()}
