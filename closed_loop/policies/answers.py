"""What user code may answer, turned into controls: a control, two numbers, rows of numbers, or a trajectory."""

from typing import Any

import numpy as np

from closed_loop.policies.planned import follow, plan_of
from closed_loop.tracking import Trajectory
from driving_data.errors import RoadloomError
from driving_data.ports import Control, Observation

Answer = Control | Trajectory | np.ndarray | tuple[Any, Any] | list[Any]
EXPECTED = (
    "a Control, a pair (acceleration_mps2, steering_rad) of numbers or arrays of shape (B,), an array of shape (B, 2), "
    "or a trajectory: a Trajectory in world, or an array of poses in the ego frame of shape (B, N > 1, 2 or 3)"
)


def driven_by(answer: Any, observation: Observation, step_s: float, tracking: str, who: str) -> Control:
    """The control that an answer means; a trajectory is followed.

    Args:
        answer: an `Answer`: a control in one of its forms, a `Trajectory`, or poses (B, N, 2 or 3) in the ego frame.
        observation: what the answer is about.
        step_s: time between poses of the ego frame.
        tracking: 'lqr' or 'preview', see `planned`.
        who: gave it.

    Raises:
        RoadloomError: the answer means none; it says who gave what.
    """
    if isinstance(answer, Trajectory) or (isinstance(answer, np.ndarray) and answer.ndim == 3):
        return follow(observation, plan_of(answer, observation, step_s, who), tracking)
    return control_of(answer, len(observation.done), who)


def control_of(answer: Any, num_worlds: int, who: str) -> Control:
    """The control that an answer means.

    Raises:
        RoadloomError: the answer means none; it says who gave what.
    """
    if isinstance(answer, Control):
        pair: tuple[Any, Any] = (answer.acceleration_mps2, answer.steering_rad)
    elif isinstance(answer, (tuple, list)) and len(answer) == 2:
        pair = (answer[0], answer[1])
    elif isinstance(answer, np.ndarray) and answer.ndim == 2 and answer.shape[1] == 2:
        pair = (answer[:, 0], answer[:, 1])
    else:
        shape = f" of shape {answer.shape}" if isinstance(answer, np.ndarray) else ""
        raise RoadloomError(f"{who} answered {type(answer).__name__}{shape}; expected {EXPECTED}")
    columns: list[np.ndarray] = []
    for name, value in zip(("acceleration_mps2", "steering_rad"), pair, strict=True):
        try:
            column = np.asarray(value, dtype=np.float64)
            columns.append(np.array(np.broadcast_to(column.reshape(-1) if column.size == 1 else column, (num_worlds,))))
        except (TypeError, ValueError) as error:
            raise RoadloomError(f"{who}: {name} does not fit {num_worlds} worlds: {error}") from error
    return Control(*columns)
