"""What networks share: their input, their output, and worlds one by one so that no batch changes a bit of an answer.

Input: `flat`, one tensor (B, 233), or `named`, the tensors ego, route, actors, present, signal (see `views`), float32.
Output `controls`: (B, 2), acceleration in m/s^2 and steering angle in rad; values are cut to +-8 and +-0.6.
Output `trajectory`: (B, N, 3) or (B, N, 2), x, y (and heading) of the rear axle in the ego frame of now (x forward, y
left), at `step_s`, `2 step_s`, ..., followed as `planned` says.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from closed_loop.policies.batches import joined, one_world
from closed_loop.policies.planned import bounded, check_tracking, follow, plan_of
from closed_loop.policies.views import FEATURES, flat_features, named_features
from driving_data.errors import Fault, InputError, RoadloomError
from driving_data.ports import Control, Observation

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
        tracking: 'lqr' or 'preview': how a trajectory is followed.
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
    tracking: str = "lqr"
    batched: bool = False
    threads: int = 1
    module: str = ""

    def __post_init__(self) -> None:
        if self.inputs not in ("flat", "named"):
            raise ValueError(f"inputs {self.inputs!r} is neither 'flat' nor 'named'")
        if self.outputs not in ("controls", "trajectory"):
            raise ValueError(f"outputs {self.outputs!r} is neither 'controls' nor 'trajectory'")
        check_tracking(self.tracking)
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
        return bounded(Control(output[:, 0], output[:, 1]))
    return follow(observation, plan_of(output, observation, parameters.step_s, who), parameters.tracking)


__all__ = ["FEATURES", "NetworkParameters", "Run", "drive", "file_digest", "inputs_of"]
