"""What networks share: their input, their output, and worlds one by one so that no batch changes a bit of an answer.

Input: `flat`, one tensor (B, 233), or `named`, the tensors ego, route, actors, present, signal (see `views`), float32.
Output `controls`: (B, 2), acceleration in m/s^2 and steering angle in rad; values are cut to +-8 and +-0.6.
Output `trajectory`: (B, N, 3) or (B, N, 2), x, y (and heading) of the rear axle in the ego frame of now (x forward, y
left), at `step_s`, `2 step_s`, ...; the present pose is put before them and the LQR tracker follows. Without headings
those of the way between the points are taken, where it moves.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from closed_loop.policies.batches import joined, one_world
from closed_loop.policies.views import FEATURES, flat_features, named_features
from closed_loop.tracking import LqrParameters, LqrTracker, Trajectory, ego_state
from driving_data.errors import Fault, InputError, RoadloomError
from driving_data.ports import Control, Observation

MAX_ACCELERATION_MPS2 = 8.0
MAX_STEERING_RAD = 0.6
Run = Callable[[Mapping[str, np.ndarray]], np.ndarray]


@dataclass(frozen=True, slots=True)
class NetworkParameters:
    """A network in a file.

    Attributes:
        path: of the network.
        sha256: of the file, filled in when it is loaded, so that results of other weights are not taken for these.
        inputs: 'flat' or 'named'.
        outputs: 'controls' or 'trajectory'.
        step_s: time between the poses of a trajectory.
        batched: the network sees all worlds at once: faster, but its answers may then differ in the last bits with
            the size of the batch, and with them the bytes of a result.
        threads: threads that the network may use; more than one may cost equal bytes.
        module: for a torch state dict: `python:file.py:name` of what makes the module that it belongs to.
    """

    path: str = ""
    sha256: str = ""
    inputs: str = "flat"
    outputs: str = "controls"
    step_s: float = 0.5
    batched: bool = False
    threads: int = 1
    module: str = ""

    def __post_init__(self) -> None:
        if self.inputs not in ("flat", "named"):
            raise ValueError(f"inputs {self.inputs!r} is neither 'flat' nor 'named'")
        if self.outputs not in ("controls", "trajectory"):
            raise ValueError(f"outputs {self.outputs!r} is neither 'controls' nor 'trajectory'")
        if not (self.step_s > 0 and self.threads >= 1):
            raise ValueError(f"step_s and threads must be positive, not {self.step_s} and {self.threads}")


def file_digest(path: str, what: str) -> str:
    """sha256 of a file.

    Raises:
        InputError: there is none.
    """
    if not Path(path).is_file():
        raise InputError([Fault("", 0, 0, f"policy.{what}", "no-file", repr(path), "an existing file")])
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def inputs_of(observation: Observation, kind: str) -> dict[str, np.ndarray]:
    """The tensors by name; 'flat' for the joined one."""
    return {"flat": flat_features(observation)} if kind == "flat" else dict(named_features(observation))


def drive(observation: Observation, run: Run, parameters: NetworkParameters, who: str) -> Control:
    """The controls that a network gives.

    Raises:
        RoadloomError: its output has a wrong shape or numbers that are not finite.
    """
    if parameters.batched or len(observation.done) == 1:
        return _drive(observation, run, parameters, who)
    worlds = range(len(observation.done))
    return joined([_drive(one_world(observation, k), run, parameters, who) for k in worlds])


def _drive(observation: Observation, run: Run, parameters: NetworkParameters, who: str) -> Control:
    output = np.asarray(run(inputs_of(observation, parameters.inputs)), dtype=np.float64)
    count = len(observation.done)
    if not np.isfinite(output).all():
        raise RoadloomError(f"{who} gave numbers that are not finite")
    if parameters.outputs == "controls":
        if output.shape != (count, 2):
            raise RoadloomError(f"{who} gave shape {output.shape}; controls of {count} worlds have shape ({count}, 2)")
        acceleration, steering = output[:, 0], output[:, 1]
    else:
        if output.ndim != 3 or output.shape[0] != count or output.shape[1] < 2 or output.shape[2] not in (2, 3):
            raise RoadloomError(f"{who} gave shape {output.shape}; a trajectory has shape ({count}, N > 1, 2 or 3)")
        acceleration, steering = follow(observation, output, parameters.step_s)
    return Control(
        np.clip(acceleration, -MAX_ACCELERATION_MPS2, MAX_ACCELERATION_MPS2),
        np.clip(steering, -MAX_STEERING_RAD, MAX_STEERING_RAD),
    )


def follow(
    observation: Observation, poses: Float[np.ndarray, "B N D"], step_s: float
) -> tuple[Float[np.ndarray, "B"], Float[np.ndarray, "B"]]:
    """Acceleration and steering angle that follow poses in the ego frame (x, y, heading, or x, y)."""
    plan = world_trajectory(observation, poses, step_s)
    state = ego_state(observation)
    acceleration, steering = np.empty(len(poses)), np.empty(len(poses))
    for world, wheelbase in enumerate(observation.wheelbase_m):
        tracker = LqrTracker(LqrParameters(wheelbase_m=float(wheelbase)))
        part = Trajectory(plan.position_m[world : world + 1], plan.yaw_rad[world : world + 1], step_s)
        mine = type(state)(
            *(
                values[world : world + 1]
                for values in (
                    state.position_m, state.yaw_rad, state.speed_mps, state.acceleration_mps2, state.steering_rad
                )
            )
        )  # fmt: skip
        here = tracker.control(mine, part)
        acceleration[world], steering[world] = here[0][0], here[1][0]
    return acceleration, steering


def world_trajectory(observation: Observation, poses: Float[np.ndarray, "B N D"], step_s: float) -> Trajectory:
    """Poses in the ego frame as a trajectory in `world` that begins at the present pose."""
    state = ego_state(observation)
    start = np.zeros((len(poses), 1, 2))
    points = np.concatenate([start, poses[..., :2]], axis=1)
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
    moves = np.hypot(step[..., 0], step[..., 1]) >= 0.05
    heading = np.zeros(points.shape[:2])
    for k in range(1, points.shape[1]):
        heading[:, k] = np.where(moves[:, k - 1], found[:, k - 1], heading[:, k - 1])
    return heading


__all__ = ["FEATURES", "NetworkParameters", "Run", "drive", "file_digest", "follow", "inputs_of", "world_trajectory"]
