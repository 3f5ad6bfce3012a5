"""Registered policies; plug-ins join through the entry-point group `roadloom.policies`."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from driving_data.errors import Fault, InputError, nearest_name
from driving_data.plain import from_plain
from driving_data.ports import Policy
from driving_data.registry import Registry

POLICIES = Registry(
    port="policy",
    group="roadloom.policies",
    builtin={
        "idm": "closed_loop.policies.idm:IdmPolicy",
        "cautious": "closed_loop.policies.cautious:CautiousPolicy",
        "constant_speed": "closed_loop.policies.constant_speed:ConstantSpeedPolicy",
        "aeb": "closed_loop.policies.aeb:AebPolicy",
        "constant_velocity": "closed_loop.policies.constant_velocity:ConstantVelocityPolicy",
        "pure_pursuit": "closed_loop.policies.pure_pursuit:PurePursuitPolicy",
        "stanley": "closed_loop.policies.stanley:StanleyPolicy",
        "carla_pid": "closed_loop.policies.carla_pid:CarlaPidPolicy",
    },
)


def make_policy(name: str, parameters: Mapping[str, Any] | None = None) -> Policy:
    """The policy of that name; `parameters` (plain data) override fields of its parameter dataclass.

    Raises:
        InputError: no such policy, or a parameter does not fit; every fault is told.
        PluginError: the policy is registered but cannot be imported.
    """
    factory = POLICIES.load(name)
    if not parameters:
        return factory()
    kind = getattr(factory, "Parameters", None)
    if kind is None:
        raise InputError(
            [Fault("", 0, 0, f"policy.{name}", "no-parameters", repr(sorted(parameters)), "no parameters", None)]
        )
    known = [field.name for field in dataclasses.fields(kind)]
    faults = [
        Fault("", 0, 0, f"policy.{name}.{key}", "unknown-name", repr(key), f"one of {', '.join(known)}",
              nearest_name(key, known))
        for key in parameters if key not in known
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    try:
        return factory(from_plain(kind, dict(parameters), f"policy.{name}"))
    except ValueError as error:
        raise InputError([Fault("", 0, 0, f"policy.{name}", "wrong-value", "", str(error))]) from error
