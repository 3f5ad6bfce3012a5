"""What a learner does: controls, or a trajectory that a tracker turns into controls."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import gymnasium
import numpy as np
from gymnasium import spaces
from jaxtyping import Float

from closed_loop.policies.planned import world_trajectory
from closed_loop.tracking import LqrTracker, RearAxleState, Trajectory, ego_state, track
from driving_data.ports import Control, Observation

ACCELERATION_MPS2 = (-8.0, 4.0)
STEERING_RAD = (-0.6, 0.6)
REACH_M = 200.0


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
        plan = self.trajectory(np.asarray(action, dtype=np.float64), ego_state(observation))
        control = track(observation, plan, self.tracker)
        return Control(
            np.clip(control.acceleration_mps2, *ACCELERATION_MPS2), np.clip(control.steering_rad, *STEERING_RAD)
        )

    def trajectory(self, poses: Float[np.ndarray, "B N 3"], state: RearAxleState) -> Trajectory:
        """The poses in `world`, the present one first, resampled at 0.1 s."""
        return world_trajectory(state, poses, self.step_s).resampled()


ACTIONS: dict[str, Actions] = {"control": ControlActions(), "trajectory": TrajectoryActions()}
