"""The gate: which checks judge, and what may pass."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from driving_data.plain import from_plain
from driving_data.ports import Check
from driving_data.segment import Calibrated, Raw, Segment, Validated, validated
from driving_data.verdict import ValidationReport
from validation.registry import CHECKS, make_check


@dataclass(frozen=True, slots=True)
class GateConfig:
    """Which checks a gate runs.

    Attributes:
        checks: names; empty for every registered one.
        without: names that are left out.
        parameters: thresholds by name of the check, as plain data.
    """

    checks: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {})

    @staticmethod
    def from_plain(data: Mapping[str, Any]) -> "GateConfig":
        """The configuration from plain data.

        Raises:
            ValueError: it does not fit; the message names the path.
        """
        return from_plain(GateConfig, data, "gate")

    def build(self) -> tuple[Check, ...]:
        """The checks, in order of name.

        Raises:
            InputError: a check or parameter has no such name.
        """
        names = sorted({*(self.checks or CHECKS.names())} - {*self.without})
        for name in (*self.without, *self.parameters):
            CHECKS.load(name)
        return tuple(make_check(name, self.parameters.get(name)) for name in names)


def judge(segment: Segment[Raw], checks: Iterable[Check]) -> ValidationReport:
    """Every verdict on one segment, in the order of the checks."""
    return ValidationReport(segment.segment_id, tuple(check.judge(segment) for check in checks))


def admit(segment: Segment[Calibrated], report: ValidationReport) -> Segment[Validated]:
    """The segment at stage `Validated`, with its report.

    Raises:
        RoadloomError: a hard check failed, or the report is of another segment.
    """
    return validated(segment, report)
