"""Any policy, acting late."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from closed_loop.policies.latency import LatencyLine, LatencyParameters
from closed_loop.registry import make_policy
from driving_data.ports import Control, Observation, Policy


@dataclass(frozen=True, slots=True)
class DelayedParameters:
    """Who acts late, and how late.

    Attributes:
        inner: name of the wrapped policy, as `make_policy` takes it.
        inner_parameters: its parameters.
        latency: how late.
    """

    inner: str = "idm"
    inner_parameters: Mapping[str, Any] = field(default_factory=lambda: {})
    latency: LatencyParameters = field(default_factory=lambda: LatencyParameters(latency_s=0.2))


class DelayedPolicy:
    """The wrapped policy computes in every step; its controls act when their latency is over."""

    Parameters: ClassVar[type] = DelayedParameters

    def __init__(self, parameters: DelayedParameters | None = None, inner: Policy | None = None) -> None:
        chosen = parameters or DelayedParameters()
        self.inner: Policy = inner or make_policy(chosen.inner, chosen.inner_parameters)
        self.parameters = chosen if inner is None else replace(chosen, inner=inner.name, inner_parameters={})
        self._line = LatencyLine(self.parameters.latency)

    @property
    def name(self) -> str:
        """Name in reports."""
        return f"delayed({self.inner.name})"

    def reset(self, num_worlds: int) -> None:
        """Resets the wrapped policy and forgets what is under way."""
        self.inner.reset(num_worlds)
        self._line.reset()

    def act(self, observation: Observation) -> Control:
        """What was decided some time ago."""
        return self._line.hand_over(observation, self.inner.act(observation))
