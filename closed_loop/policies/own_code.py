"""Your own Python as a policy: `python:package.module:name` or `python:path/to/file.py:name`.

Loading a module runs it. Naming one is the user's own choice, as with any `import`; nothing here loads code that the
command line, a configuration or a caller did not name.

`name` may be
    a function   observation -> answer, where the observation holds B worlds (`each: true`: one world at a time, as a
                 batch of one) and the answer is what `answers.driven_by`
                 takes: controls, or a trajectory, which is followed;
    a class      with `name`, `reset` and `act` (the port `Policy`); parameters go to its `Parameters` dataclass;
    an object    of such a class, or a callable object.
"""

import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from closed_loop.policies.answers import driven_by
from closed_loop.policies.batches import joined, one_world
from closed_loop.policies.planned import check_tracking
from closed_loop.registry import build_policy
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.ports import Control, Observation, Policy


@dataclass(frozen=True, slots=True)
class CallableParameters:
    """Which function drives.

    Attributes:
        target: `package.module:name` or `path.py:name`; empty for a function that was handed over in Python.
        sha256: of the source file, so that results of changed code are not taken for those of the old one.
        each: the function sees one world at a time instead of all of the batch.
        step_s: time between the poses of a trajectory that the function answers in the ego frame.
        tracking: 'lqr' or 'preview': how a trajectory is followed, see `planned`.
    """

    target: str = ""
    sha256: str = ""
    each: bool = False
    step_s: float = 0.5
    tracking: str = "lqr"

    def __post_init__(self) -> None:
        check_tracking(self.tracking)
        if not self.step_s > 0:
            raise ValueError(f"step_s must be positive, not {self.step_s}")


class CallablePolicy:
    """A function as a policy; it gives an `answers.Answer` and must not remember what `reset` should forget.

    With `each` the function never sees the batch, so no answer can depend on it.
    """

    Parameters: ClassVar[type] = CallableParameters

    def __init__(
        self,
        function: Callable[[Observation], Any],
        parameters: CallableParameters | None = None,
        name: str | None = None,
    ) -> None:
        self.function = function
        self.parameters = parameters or CallableParameters()
        self._name = name or getattr(function, "__name__", type(function).__name__)

    def __reduce__(self) -> tuple[Any, ...]:
        # A function from a file has no importable name: workers load it again, and notice where it has changed.
        if self.parameters.target:
            return _again, (self.parameters,)
        return CallablePolicy, (self.function, self.parameters, self._name)

    @property
    def name(self) -> str:
        """Name in reports."""
        return self._name

    def reset(self, num_worlds: int) -> None:
        """There is nothing to forget."""

    def act(self, observation: Observation) -> Control:
        """What the function answers, or what follows the trajectory that it answers.

        Raises:
            RoadloomError: the answer is neither a control nor a trajectory.
        """
        if not self.parameters.each:
            return self._drive(observation)
        return joined([self._drive(one_world(observation, k)) for k in range(len(observation.done))])

    def _drive(self, observation: Observation) -> Control:
        p = self.parameters
        return driven_by(self.function(observation), observation, p.step_s, p.tracking, f"policy {self._name!r}")


def load_policy(target: str, parameters: Mapping[str, Any] | None = None) -> Policy:
    """The policy that `target` names.

    Raises:
        InputError: there is no such file, module or name, it fails to load, or it is nothing that drives.
    """
    found, digest = load_object(target)
    if isinstance(found, type):
        return _checked(build_policy(found, target, parameters), target)
    if isinstance(found, Policy):
        if parameters:
            raise _fault(target, "no-parameters", repr(sorted(parameters)), "no parameters for an object")
        return found
    if not callable(found):
        raise _fault(target, "not-a-policy", type(found).__name__, "a function, a policy class or a policy")
    given = {"target": target, "sha256": digest}
    if fixed := sorted(set(given) & set(parameters or {})):
        raise _fault(target, "wrong-value", repr(fixed), "parameters each, step_s or tracking")
    function: Callable[[Observation], Any] = found
    return build_policy(_Function(function), target, {**(parameters or {}), **given})


class _Function:
    """Makes policies of one function; `build_policy` reads their parameters as those of any other."""

    Parameters: ClassVar[type] = CallableParameters

    def __init__(self, function: Callable[[Observation], Any]) -> None:
        self.function = function

    def __call__(self, parameters: CallableParameters) -> CallablePolicy:
        return CallablePolicy(self.function, parameters, _name_of(self.function, parameters.target))


def _name_of(function: Callable[[Observation], Any], target: str) -> str:
    """Callable objects have no name of their own."""
    return function.__name__ if inspect.isfunction(function) else target


def _again(parameters: CallableParameters) -> CallablePolicy:
    found, digest = load_object(parameters.target)
    if digest != parameters.sha256:
        raise _fault(parameters.target, "changed", digest, f"the source with sha256 {parameters.sha256}")
    return CallablePolicy(found, parameters, _name_of(found, parameters.target))


def load_object(target: str) -> tuple[Any, str]:
    """What `module:name` or `file.py:name` names, and the sha256 of its source.

    Raises:
        InputError: as `load_policy`.
    """
    place, _, name = target.rpartition(":")
    if not place or not name:
        raise _fault(target, "wrong-value", repr(target), "package.module:name or path/to/file.py:name")
    module = _from_file(target, Path(place)) if place.endswith(".py") else _from_package(target, place)
    if name not in vars(module):
        names = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise _fault(
            target, "unknown-name", repr(name), f"one of {', '.join(names) or 'no names'}", nearest_name(name, names)
        )
    source = inspect.getsourcefile(module)
    digest = hashlib.sha256(Path(source).read_bytes()).hexdigest() if source else ""
    return vars(module)[name], digest


def _from_file(target: str, path: Path) -> Any:
    if not path.is_file():
        raise _fault(target, "no-file", repr(str(path)), "an existing Python file")
    name = f"_roadloom_policy_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise _fault(target, "not-python", repr(str(path)), "a Python file")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickle look a class's module up by its name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # user code may raise anything; it is told as a fault
        del sys.modules[name]
        raise _fault(target, "fails-to-load", f"{type(error).__name__}: {error}", "a file that runs") from error
    return module


def _from_package(target: str, module: str) -> Any:
    try:
        return importlib.import_module(module)
    except Exception as error:  # as above
        raise _fault(
            target, "fails-to-load", f"{type(error).__name__}: {error}", "an importable module (or path.py:name)"
        ) from error


def _checked(policy: Any, target: str) -> Policy:
    if not isinstance(policy, Policy):
        raise _fault(target, "not-a-policy", type(policy).__name__, "a class with name, reset(num_worlds) and act")
    return policy


def _fault(target: str, code: str, found: str, expected: str, nearest: str | None = None) -> InputError:
    return InputError([Fault("", 0, 0, f"policy.{target}", code, found, expected, nearest)])
