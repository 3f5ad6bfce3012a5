"""Registered policies; plug-ins join through the entry-point group `roadloom.policies`.

A policy is named
    by its registered name              idm, pdm_closed, ...
    as Python of your own               python:package.module:name, python:path/to/file.py:name
    as a network                        torch:model.pt2, onnx:model.onnx
    as a log that is driven again       log:path/to/log
    as a server                         http://host:port, https://host:port, grpc://host:port
"""

import dataclasses
import typing
from collections.abc import Callable, Mapping
from typing import Any

from driving_data.errors import Fault, InputError, PluginError, nearest_name
from driving_data.plain import from_plain
from driving_data.ports import Policy
from driving_data.registry import Registry

POLICIES = Registry(
    port="policy",
    group="roadloom.policies",
    builtin={
        "idm": "closed_loop.policies.idm:IdmPolicy",
        "idm_nuplan": "closed_loop.policies.idm:NuplanIdmPolicy",
        "idm_mobil": "closed_loop.policies.idm_mobil:IdmMobilPolicy",
        "cautious": "closed_loop.policies.cautious:CautiousPolicy",
        "constant_speed": "closed_loop.policies.constant_speed:ConstantSpeedPolicy",
        "aeb": "closed_loop.policies.aeb:AebPolicy",
        "constant_velocity": "closed_loop.policies.constant_velocity:ConstantVelocityPolicy",
        "pure_pursuit": "closed_loop.policies.pure_pursuit:PurePursuitPolicy",
        "stanley": "closed_loop.policies.stanley:StanleyPolicy",
        "carla_pid": "closed_loop.policies.carla_pid:CarlaPidPolicy",
        "careful_driver": "closed_loop.policies.regulation_driver:CarefulDriverPolicy",
        "fuzzy_safety": "closed_loop.policies.regulation_driver:FuzzySafetyPolicy",
        "reg157": "closed_loop.policies.regulation_driver:Reg157Policy",
        "rss_driver": "closed_loop.policies.regulation_driver:RssDriverPolicy",
        "pdm_closed": "closed_loop.policies.pdm.policy:PdmClosedPolicy",
        "rss_guarded": "closed_loop.policies.rss_guarded:RssGuardedPolicy",
        "delayed": "closed_loop.policies.delayed:DelayedPolicy",
    },
)
# What stands before the first colon of a name that is none of the above, and who makes the policy from the rest.
SCHEMES: Mapping[str, str] = {
    "python": "closed_loop.policies.own_code:load_policy",
    "torch": "closed_loop.policies.torch_network:load_policy",
    "onnx": "closed_loop.policies.onnx_network:load_policy",
    "log": "closed_loop.policies.log_replay:load_policy",
    "http": "closed_loop.policies.remote:at_http",
    "https": "closed_loop.policies.remote:at_https",
    "grpc": "closed_loop.policies.remote:at_grpc",
}


def make_policy(name: str, parameters: Mapping[str, Any] | None = None) -> Policy:
    """The policy of that name; `parameters` (plain data) override fields of its parameter dataclass.

    Raises:
        InputError: no such policy, or a parameter does not fit; every fault is told.
        PluginError: the policy is registered but cannot be imported.
        MissingExtra: it needs a package that is not installed.
    """
    scheme, colon, target = name.partition(":")
    if colon and scheme in SCHEMES:
        return _maker(scheme)(target, parameters)
    return build_policy(POLICIES.load(name), name, parameters)


def _maker(scheme: str) -> Callable[[str, Mapping[str, Any] | None], Policy]:
    from importlib import import_module

    module, _, attribute = SCHEMES[scheme].partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise PluginError(f"policies of the kind {scheme}: cannot be loaded: {error}") from error


def build_policy(factory: Callable[..., Any], name: str, parameters: Mapping[str, Any] | None = None) -> Policy:
    """What the factory makes of plain parameters; `factory.Parameters` says which there are.

    Raises:
        InputError: a parameter is unknown or does not fit; every fault is told.
    """
    if not parameters:
        return factory()
    kind = getattr(factory, "Parameters", None)
    if kind is None:
        raise InputError(
            [Fault("", 0, 0, f"policy.{name}", "no-parameters", repr(sorted(parameters)), "no parameters", None)]
        )
    faults = _unknown(kind, parameters, f"policy.{name}")
    if faults:
        raise InputError(faults)
    try:
        return factory(from_plain(kind, dict(parameters), f"policy.{name}"))
    except ValueError as error:
        raise InputError([_wrong_value(f"policy.{name}", str(error))]) from error


def _unknown(kind: type[Any], parameters: Mapping[str, Any], path: str) -> list[Fault]:
    """Every name that is no field, also inside of parameters that are dataclasses themselves."""
    known = [field.name for field in dataclasses.fields(kind)]
    expected = f"one of {', '.join(known)}" if known else "no parameters"
    hints = typing.get_type_hints(kind)
    faults: list[Fault] = []
    for key, value in parameters.items():
        if key not in known and key != "type":
            faults.append(
                Fault("", 0, 0, f"{path}.{key}", "unknown-name", repr(key), expected, nearest_name(key, known))
            )
        elif isinstance(value, Mapping) and dataclasses.is_dataclass(hints.get(key)):
            faults += _unknown(hints[key], value, f"{path}.{key}")
    return faults


def _wrong_value(path: str, text: str) -> Fault:
    """The fault of a text as `from_plain` writes it: `path: expected this, found that`; of another text as it is."""
    place, separator, rest = text.partition(": expected ")
    expected, also, found = rest.rpartition(", found ")
    if separator and also:
        return Fault("", 0, 0, place, "wrong-value", found, expected)
    return Fault("", 0, 0, path, "wrong-value", "", text)
