"""What user code may answer, turned into controls: a control, two numbers, rows of numbers, or a trajectory."""

from typing import Any

import numpy as np

from driving_data.errors import RoadloomError
from driving_data.ports import Control

EXPECTED = (
    "a Control, a pair (acceleration_mps2, steering_rad) of numbers or arrays of shape (B,), "
    "or an array of shape (B, 2)"
)


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
