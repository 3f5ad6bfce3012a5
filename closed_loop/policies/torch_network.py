"""A torch network as a policy: `torch:model.pt`, `torch:model.pt2`, `torch:weights.safetensors`. Needs extra `learn`.

    .pt2             saved by `torch.export.save`
    .pt, .ts, .jit   TorchScript, read by `torch.jit.load`
    .safetensors     weights alone; the parameter `module: python:file.py:name` names what makes the module
    .pth, .ckpt      the same as a state dict in torch's own format, read with weights_only=True

Nothing is unpickled: a .pt2 file that carries pickled weights, constants or objects is refused before torch reads it
(torch itself would unpickle them). TorchScript is code: as with any program, run files of people whom you trust.
Inference runs without gradients, in eval mode, on the CPU and on `threads` threads.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from closed_loop.policies.network import FEATURES, NetworkParameters, drive, file_digest
from closed_loop.policies.own_code import load_object
from closed_loop.registry import build_policy
from driving_data.errors import Fault, InputError, MissingExtra
from driving_data.ports import Control, Observation, Policy

_SCRIPTS = (".pt", ".ts", ".jit")
_WEIGHTS = (".safetensors", ".pth", ".ckpt")


class TorchPolicy:
    """A torch module. With `inputs` named it is called with the tensors of `views.FEATURES` in that order."""

    Parameters: ClassVar[type] = NetworkParameters

    def __init__(self, parameters: NetworkParameters, module: Any = None) -> None:
        self._torch = _torch_package()
        digest = "" if module is not None else file_digest(parameters.path, f"torch:{parameters.path}")
        if parameters.sha256 not in ("", digest):
            raise ValueError(f"{parameters.path} has changed: its sha256 is {digest}, not {parameters.sha256}")
        self._given = module
        self._module = module if module is not None else _read(self._torch, parameters)
        self.parameters = replace(parameters, sha256=digest)

    def __reduce__(self) -> tuple[Any, ...]:
        return TorchPolicy, (self.parameters, self._given)

    @property
    def name(self) -> str:
        """Name in reports."""
        return f"torch:{self.parameters.path or type(self._module).__name__}"

    def reset(self, num_worlds: int) -> None:
        """Networks here remember nothing."""

    def act(self, observation: Observation) -> Control:
        """What the network says.

        Raises:
            RoadloomError: its output has a wrong shape or is not finite.
        """
        before = self._torch.get_num_threads()
        self._torch.set_num_threads(self.parameters.threads)
        try:
            return drive(observation, self._run, self.parameters, self.name)
        finally:
            self._torch.set_num_threads(before)

    def _run(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        names = ("flat",) if "flat" in inputs else FEATURES
        with self._torch.no_grad():
            answer = self._module(*(self._torch.from_numpy(np.ascontiguousarray(inputs[name])) for name in names))
        return answer.detach().cpu().numpy()


def _torch_package() -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingExtra("torch", "learn", "a torch network as a policy") from error
    return torch


def _read(torch: Any, parameters: NetworkParameters) -> Any:
    path = Path(parameters.path)
    readers = {".pt2": _exported, **dict.fromkeys(_SCRIPTS, _scripted), **dict.fromkeys(_WEIGHTS, _weights)}
    reader = readers.get(path.suffix)
    if reader is None:
        raise _fault(parameters.path, "unknown-format", repr(path.suffix), f"one of {', '.join(readers)}")
    try:
        return reader(torch, parameters, path.read_bytes())
    except (RuntimeError, KeyError, ValueError, zipfile.BadZipFile, ImportError) as error:
        told = str(error).strip().splitlines()
        raise _fault(parameters.path, "not-a-network", "", f"a network: {told[0] if told else error!r}") from error


def _scripted(torch: Any, parameters: NetworkParameters, data: bytes) -> Any:
    import warnings

    with warnings.catch_warnings():
        # Deprecated since torch 2.9 in favour of torch.export; existing files are still read.
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.load(io.BytesIO(data), map_location="cpu").eval()


def _exported(torch: Any, parameters: NetworkParameters, data: bytes) -> Any:
    _refuse_pickles(torch, parameters.path, data)
    return torch.export.load(io.BytesIO(data)).module()


def _weights(torch: Any, parameters: NetworkParameters, data: bytes) -> Any:
    if not parameters.module:
        raise _fault(parameters.path, "no-module", "", "the parameter 'module', as python:file.py:name")
    made = load_object(parameters.module.removeprefix("python:"))[0]()
    if parameters.path.endswith(".safetensors"):
        from safetensors.torch import load

        state = load(data)
    else:
        try:
            state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises pickle's errors
            fault = f"weights alone: {type(error).__name__}"
            raise _fault(parameters.path, "not-weights", "", fault) from error
    made.load_state_dict(state)
    return made.eval()


def _refuse_pickles(torch: Any, path: str, data: bytes) -> None:
    """Refuses an archive in which torch would unpickle anything but plain tensors."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        for name in names:
            if name.endswith("_config.json") and ("/weights/" in name or "/constants/" in name):
                for key, entry in json.loads(archive.read(name)).get("config", {}).items():
                    place = str(entry.get("path_name", ""))
                    tensor = place.startswith(("weight_", "tensor_"))
                    if entry.get("use_pickle") or not tensor or entry.get("tensor_meta") is None:
                        raise _fault(path, "pickled", repr(key), "weights and constants that are plain tensors")
            elif name.endswith((".pt", ".pkl", ".pickle")):
                if "/sample_inputs/" not in name:
                    raise _fault(path, "pickled", repr(name), "no pickled payload")
                try:
                    torch.load(io.BytesIO(archive.read(name)), weights_only=True)
                except Exception as error:  # pickle's errors
                    raise _fault(path, "pickled", repr(name), "sample inputs that are plain tensors") from error
        if not any(name.endswith("/archive_format") for name in names):
            raise _fault(path, "not-a-network", "", "an archive of torch.export.save")


def load_policy(target: str, parameters: Mapping[str, Any] | None = None) -> Policy:
    """The policy of a file with a torch network.

    Raises:
        InputError: the file is missing or no network, or a parameter does not fit.
        MissingExtra: torch is not installed.
    """
    return build_policy(TorchPolicy, f"torch:{target}", {**(parameters or {}), "path": target})


def _fault(path: str, code: str, found: str, expected: str) -> InputError:
    return InputError([Fault(path, 0, 0, "", code, found, expected)])
