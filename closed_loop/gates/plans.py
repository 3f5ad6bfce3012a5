"""Gate plans: what a release asks for, fixed and hashed before anything is run.

A plan is YAML. `read_plan` tells all its faults at once; `GatePlan.digest` is over what the plan says, defaults
included, so that a comment may change and a margin may not. `evaluate --plan` writes the digest into the report, and
the gate refuses a report that was made under another plan. Reviewers sign the digest of a decision (`SignOff`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from closed_loop.gates.plan_faults import faults_of
from closed_loop.statistics.table import ALL
from driving_data.checked import Written, read_yaml
from driving_data.errors import Fault, InputError
from driving_data.plain import digest, from_plain

PLAN_VERSION = "1.0.0"
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class MetricRule:
    """The candidate must not be worse than the baseline in this metric.

    Attributes:
        metric: metric id.
        margin: how much worse is tolerable, in the metric's unit, where no severity says otherwise. It must be shown
            that the candidate is not worse by this much (non-inferiority); without that the gate holds.
        margins: margin by severity class of the slice, as {critical: 0.01}.
        slices: 'all' and `key:value` slices; an empty list means 'all' and every slice with enough pairs.
        min_pairs: slices with fewer common scenarios are not judged (the coverage rule says which must have them).
        prove: whether non-inferiority must be shown; else only a significant regression is held against it.
    """

    metric: str
    margin: float = 0.05
    margins: Mapping[str, float] = field(default_factory=lambda: {})
    slices: tuple[str, ...] = ()
    min_pairs: int = 20
    prove: bool = True


@dataclass(frozen=True, slots=True)
class LimitRule:
    """A metric must keep to an absolute limit: an upper one where lower is better, a lower one where higher is.

    Passes where the whole interval keeps it, blocks where the whole interval breaks it, else the gate holds.
    """

    metric: str
    limit: float
    slice: str = ALL


@dataclass(frozen=True, slots=True)
class CoverageRule:
    """A slice, a tag or a scenario name must have been driven in at least `min_episodes` episodes without error."""

    slice: str
    min_episodes: int = 1


@dataclass(frozen=True, slots=True)
class GatePlan:
    """What a release asks for; the defaults ask that nothing that matters for safety gets worse.

    Attributes:
        name: of the plan.
        regressions: what must not get worse.
        limits: absolute limits.
        coverage: what must have been driven.
        severity: severity class of slices, by slice; the strictest margin of a slice holds.
        hard: hard rules by name: 'vru_collision' blocks where the candidate hits a vulnerable road user by its fault in
            a scenario that the baseline passes; 'new_failure_mode' where it has a mode of failure that the baseline has
            not, in at least `min_new_mode` scenarios.
        min_new_mode: see `hard`.
        alpha: chance of blocking a candidate that is no worse, over all tests of regression together.
        slice_share: part of alpha for the tests of slices (corrected after Holm); the rest is for 'all'.
        noninferiority_alpha: level of each test of non-inferiority; all of them must succeed, so none is corrected.
        limit_confidence: of the intervals of limits (exact ones for rates).
        max_missing: share of episodes that may be missing, of either policy. More of them hold the gate.
        sequential: tests of regression by e-processes, which hold however often one looks before the end.
        sign_offs: how many people must have signed the decision.
        reviewers: who may sign; empty for anybody.
        suite_digest: the suite that must have been driven; empty for any.
    """

    name: str = "default"
    regressions: tuple[MetricRule, ...] = (
        MetricRule("at_fault_collision", 0.05, {"critical": 0.02}),
        MetricRule("collision", 0.05, {"critical": 0.02}),
        MetricRule("driving_score", 0.05, slices=(ALL,)),
    )
    limits: tuple[LimitRule, ...] = ()
    coverage: tuple[CoverageRule, ...] = ()
    severity: Mapping[str, str] = field(
        default_factory=lambda: {
            "actor:pedestrian": "critical", "actor:child": "critical", "actor:bicycle": "critical",
            "actor:wheelchair": "critical", "actor:e_scooter": "critical", "actor:flagger": "critical",
        }
    )  # fmt: skip
    hard: tuple[str, ...] = ("vru_collision",)
    min_new_mode: int = 3
    alpha: float = 0.05
    slice_share: float = 0.5
    noninferiority_alpha: float = 0.05
    limit_confidence: float = 0.95
    max_missing: float = 0.0
    sequential: bool = False
    sign_offs: int = 0
    reviewers: tuple[str, ...] = ()
    suite_digest: str = ""

    def digest(self) -> str:
        """sha256 of what the plan says, and of the version of its meaning."""
        return digest({"plan_version": PLAN_VERSION, "plan": self})

    def margin(self, rule: MetricRule, slice_name: str) -> float:
        """The margin of a rule on a slice."""
        return rule.margins.get(self.severity.get(slice_name, ""), rule.margin)

    @staticmethod
    def from_plain(data: Mapping[str, Any], file: str = "") -> "GatePlan":
        """A plan from plain data; what is not given keeps its default.

        Raises:
            InputError: a rule is unknown, out of range or of the wrong form; every fault is told. The file of the
                gate before plans is recognised, and the fault says how to write it now.
        """
        return plan_of(Written({str(key): value for key, value in data.items()}, file))


def plan_of(written: Written) -> GatePlan:
    """A plan from what somebody wrote.

    Raises:
        InputError: as `GatePlan.from_plain`, each fault with its place.
    """
    if faults := faults_of(GatePlan, written):
        raise InputError(faults)
    return from_plain(GatePlan, dict(written.data), "plan")


def read_plan(path: Path) -> GatePlan:
    """A plan from a YAML file.

    Raises:
        InputError: the file cannot be read or the plan is wrong; every fault is told, with line and column.
    """
    return plan_of(read_yaml(path, "a plan in YAML"))


@dataclass(frozen=True, slots=True)
class SignOff:
    """Somebody has looked at a decision and stands for it.

    Attributes:
        reviewer: name.
        date: the day that the reviewer gives, as 2026-05-31.
        decision_digest: of the decision that was signed (`DeploymentDecision.digest`).
        statement: what the reviewer says.
    """

    reviewer: str
    date: str
    decision_digest: str
    statement: str = ""

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        if not self.reviewer.strip():
            faults.append(Fault("", 0, 0, "sign_off.reviewer", "empty-value", "", "a name"))
        if not _DATE.match(self.date):
            faults.append(Fault("", 0, 0, "sign_off.date", "wrong-form", repr(self.date), "a day as 2026-05-31"))
        if faults:
            raise InputError(faults)


def read_sign_off(path: Path) -> SignOff:
    """A sign-off from a JSON file.

    Raises:
        InputError: it is none.
    """
    import json

    try:
        return from_plain(SignOff, json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise InputError([Fault(str(path), 0, 0, "", "not-a-sign-off", "", f"a sign-off: {error}")]) from error
