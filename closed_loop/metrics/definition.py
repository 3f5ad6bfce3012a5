"""What a metric is: a definition with a version and a source, and a value that says whether it applies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from closed_loop.metrics.drive import Drive


class Direction(Enum):
    """Which way is better."""

    HIGHER_IS_BETTER = "higher"
    LOWER_IS_BETTER = "lower"


class Scale(Enum):
    """What the values of many episodes are: 0 or 1, whose mean is a rate, or numbers, whose mean is a mean."""

    RATE = "rate"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One metric of one episode.

    Attributes:
        value: in the metric's unit; None where the metric does not apply.
        applicable: whether the episode has what the metric needs.
        reason: why it does not apply, or what happened, in one sentence.
        at_s: moment of the episode that decided the value, where there is one.
        evidence: plain data: who, how much.
    """

    value: float | None
    applicable: bool = True
    reason: str = ""
    at_s: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=lambda: {})


def not_applicable(reason: str) -> MetricValue:
    """The value of a metric that an episode cannot have."""
    return MetricValue(None, applicable=False, reason=reason)


@dataclass(frozen=True, slots=True)
class Metric:
    """The definition of a metric.

    Attributes:
        id: name in files, as `at_fault_collision`.
        version: changes whenever a value may change.
        title: name for a person.
        unit: SI unit; empty for ratios and rates.
        direction: which way is better.
        scale: rate or mean.
        source: where the definition comes from.
        description: what is measured, in one or two sentences.
        measure: the measurement.
    """

    id: str
    version: str
    title: str
    unit: str
    direction: Direction
    scale: Scale
    source: str
    description: str
    measure: Callable[[Drive], MetricValue]


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """A definition without its function: what a report keeps. Fields as in `Metric`."""

    id: str
    version: str
    title: str
    unit: str
    direction: Direction
    scale: Scale
    source: str
    description: str


def info(metric: Metric) -> MetricInfo:
    """The definition as plain facts."""
    return MetricInfo(
        metric.id, metric.version, metric.title, metric.unit, metric.direction, metric.scale, metric.source,
        metric.description,
    )  # fmt: skip
