"""Gate plans: what a release asks for, fixed and hashed before anything is run.

A plan is YAML. `read_plan` tells all its faults at once; `GatePlan.digest` is over what the plan says, defaults
included, so that a comment may change and a margin may not. `evaluate --plan` writes the digest into the report, and
the gate refuses a report that was made under another plan. Reviewers sign the digest of a decision (`SignOff`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from closed_loop.table import ALL
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.plain import digest, from_plain

PLAN_VERSION = "1.0.0"
_OLD_KEYS = {"max_errors": "max_missing", "confidence": "limit_confidence"}
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
        faults = [*_unknown(data, file), *_old_rules(data, file)]
        if faults:
            raise InputError(faults)
        try:
            plan = from_plain(GatePlan, {str(key): value for key, value in data.items()}, "plan")
        except ValueError as error:
            raise InputError([Fault(file, 0, 0, "plan", "wrong-value", "", str(error))]) from error
        if faults := list(_out_of_range(plan, file)):
            raise InputError(faults)
        return plan


HARD_RULES = ("vru_collision", "new_failure_mode")


def _unknown(data: Mapping[str, Any], file: str) -> list[Fault]:
    known = [each.name for each in fields(GatePlan)]
    return [
        Fault(file, 0, 0, f"plan.{key}", "unknown-name", repr(key), f"one of {', '.join(known)}",
              _OLD_KEYS.get(str(key)) or nearest_name(str(key), known))
        for key in data if key not in known
    ]  # fmt: skip


def _old_rules(data: Mapping[str, Any], file: str) -> list[Fault]:
    """`tolerance` of the former rules: a point estimate was compared with it; a margin must be shown."""
    found = data.get("regressions")
    rules: list[Any] = list(found) if isinstance(found, (list, tuple)) else []
    return [
        Fault(file, 0, 0, f"plan.regressions[{k}].tolerance", "old-rule", "tolerance",
              "margin: the largest loss that may remain possible, to be shown with confidence", "margin")
        for k, rule in enumerate(rules) if isinstance(rule, Mapping) and "tolerance" in rule
    ]  # fmt: skip


def _out_of_range(plan: GatePlan, file: str) -> Sequence[Fault]:
    faults: list[Fault] = []

    def refuse(path: str, found: Any, expected: str) -> None:
        faults.append(Fault(file, 0, 0, f"plan.{path}", "wrong-value", repr(found), expected))

    for path, number in (("alpha", plan.alpha), ("noninferiority_alpha", plan.noninferiority_alpha),
                         ("limit_confidence", plan.limit_confidence)):  # fmt: skip
        if not 0.0 < number < 1.0:
            refuse(path, number, "a number between 0 and 1")
    for path, number in (("slice_share", plan.slice_share), ("max_missing", plan.max_missing)):
        if not 0.0 <= number <= 1.0:
            refuse(path, number, "a number from 0 to 1")
    for k, rule in enumerate(plan.regressions):
        if rule.margin <= 0.0 or any(margin <= 0.0 for margin in rule.margins.values()):
            refuse(
                f"regressions[{k}].margin", rule.margin, "a number above 0: that nothing at all is lost is not shown"
            )
        if unknown := set(rule.margins) - set(plan.severity.values()):
            refuse(f"regressions[{k}].margins", sorted(unknown), "severity classes that a slice has")
    for name in plan.hard:
        if name not in HARD_RULES:
            refuse("hard", name, f"one of {', '.join(HARD_RULES)}")
    return faults


def read_plan(path: Path) -> GatePlan:
    """A plan from a YAML file.

    Raises:
        InputError: the file cannot be read or the plan is wrong; every fault is told.
    """
    import yaml

    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise InputError(
            [Fault(str(path), line, column, "", "yaml-syntax", str(error.problem), "valid YAML")]
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError([Fault(str(path), 0, 0, "", "unreadable", str(error), "a plan in YAML")]) from error
    if not isinstance(data, dict):
        raise InputError([Fault(str(path), 1, 1, "", "wrong-type", type(data).__name__, "a mapping of keys to values")])
    return GatePlan.from_plain(data, str(path))


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
