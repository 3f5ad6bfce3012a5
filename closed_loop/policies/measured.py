"""What a policy measured of itself besides driving."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from driving_data.ports import Policy


@runtime_checkable
class Measured(Protocol):
    """A policy that keeps statistics; they are put into the evidence of its episodes."""

    def statistics(self) -> Mapping[str, Any]:
        """Plain data since the last `reset`."""
        ...


def evidence_of(policy: Policy) -> dict[str, Any]:
    """Statistics of a policy, and of those that it wraps; empty where nobody keeps any."""
    found = dict(policy.statistics()) if isinstance(policy, Measured) else {}
    inner = getattr(policy, "inner", None)
    wrapped = evidence_of(inner) if isinstance(inner, Policy) else {}
    return {**found, "inner": wrapped} if wrapped else found


def spread_ms(seconds: list[float]) -> dict[str, float]:
    """Mean, median, 95th percentile and greatest of durations, in milliseconds."""
    if not seconds:
        return {}
    values = 1e3 * np.asarray(seconds)
    return {
        "mean_ms": float(values.mean()),
        "p50_ms": float(np.percentile(values, 50)),
        "p95_ms": float(np.percentile(values, 95)),
        "max_ms": float(values.max()),
    }
