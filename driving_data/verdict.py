"""What validation says of a segment. Made in `validation`, stored and queried with the data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgment of one check on one segment.

    Attributes:
        check: registered name of the check.
        version: version of its definition.
        passed: whether the segment may be used, as far as this check goes.
        score: the measured quantity, in `unit`; never NaN (a check that could not measure is not `applicable`).
        threshold: the value that `score` was compared with.
        unit: unit of score and threshold.
        applicable: False where the segment lacks what the check needs; such a verdict passes and says why.
        hard: whether failing keeps the segment out (a soft check only marks it).
        reason: one sentence for a person.
        evidence: plain data: which actor, when, how much.
    """

    check: str
    version: str
    passed: bool
    score: float
    threshold: float
    unit: str = ""
    applicable: bool = True
    hard: bool = True
    reason: str = ""
    evidence: Mapping[str, Any] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """Every verdict on one segment, and the decision that follows."""

    segment_id: str
    verdicts: tuple[Verdict, ...]

    @property
    def admitted(self) -> bool:
        """Whether no hard check failed."""
        return all(verdict.passed or not verdict.hard for verdict in self.verdicts)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it was refused: one line per failed hard check."""
        return tuple(f"{v.check}: {v.reason}" for v in self.verdicts if v.hard and not v.passed)
