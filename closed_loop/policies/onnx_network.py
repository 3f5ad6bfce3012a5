"""An ONNX network as a policy: `onnx:model.onnx`. Needs the package onnxruntime (extra `onnx`).

A network with one input takes the flat features; one with several takes the named ones (its inputs have their names).
Its first output is read. Runs on the CPU, one thread, operators one after the other.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from closed_loop.policies.network import FEATURES, NetworkParameters, drive, file_digest
from closed_loop.registry import build_policy
from driving_data.errors import Fault, InputError, MissingExtra
from driving_data.ports import Control, Observation, Policy


class OnnxPolicy:
    """A network in an ONNX file."""

    Parameters: ClassVar[type] = NetworkParameters

    def __init__(self, parameters: NetworkParameters) -> None:
        digest = file_digest(parameters.path, f"onnx:{parameters.path}")
        if parameters.sha256 not in ("", digest):
            raise ValueError(f"{parameters.path} has changed: its sha256 is {digest}, not {parameters.sha256}")
        self._session = _session(parameters)
        self._inputs = tuple(item.name for item in self._session.get_inputs())
        kind = "flat" if len(self._inputs) == 1 else "named"
        unknown = [name for name in self._inputs if kind == "named" and name not in FEATURES]
        if unknown:
            expected = f"one input, or inputs named as in {', '.join(FEATURES)}"
            raise InputError(
                [Fault(parameters.path, 0, 0, "inputs", "unknown-name", repr(name), expected) for name in unknown]
            )
        self.parameters = replace(parameters, sha256=digest, inputs=kind)

    def __reduce__(self) -> tuple[Any, ...]:
        return OnnxPolicy, (self.parameters,)

    @property
    def name(self) -> str:
        """Name in reports."""
        return f"onnx:{self.parameters.path}"

    def reset(self, num_worlds: int) -> None:
        """Networks here remember nothing."""

    def act(self, observation: Observation) -> Control:
        """What the network says.

        Raises:
            RoadloomError: its output has a wrong shape or is not finite.
        """
        return drive(observation, self._run, self.parameters, self.name)

    def _run(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        fed = {self._inputs[0]: inputs["flat"]} if "flat" in inputs else {name: inputs[name] for name in self._inputs}
        return np.asarray(self._session.run(None, fed)[0])


def _session(parameters: NetworkParameters) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtra("onnxruntime", "onnx", "an ONNX network as a policy") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = parameters.threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    try:
        return onnxruntime.InferenceSession(parameters.path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own classes are not public
        fault = Fault(parameters.path, 0, 0, "", "not-onnx", "", f"an ONNX network: {error}")
        raise InputError([fault]) from error


def load_policy(target: str, parameters: Mapping[str, Any] | None = None) -> Policy:
    """The policy of an ONNX file.

    Raises:
        InputError: the file is missing or no network, or a parameter does not fit.
        MissingExtra: onnxruntime is not installed.
    """
    return build_policy(OnnxPolicy, f"onnx:{target}", {**(parameters or {}), "path": target})
