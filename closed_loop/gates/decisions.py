"""What a gate says: the decision, its reasons, the scenarios in which the two policies part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from closed_loop.gates.plans import SignOff
from driving_data.plain import digest

GATE_VERSION = "2.0.0"


class Outcome(Enum):
    """What a rule, and the whole gate, comes to."""

    PASS = "pass"
    HOLD = "hold"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class GateReason:
    """What one rule found.

    Attributes:
        rule: 'regression', 'non-inferiority', 'limit', 'coverage', 'missing', 'hard', 'plan' or 'sign-off'.
        outcome: what it came to.
        metric: metric id; empty where the rule has none.
        slice: which slice.
        candidate: value of the candidate.
        baseline: value of the baseline, where it is compared.
        low: lower end of the interval: of the difference where it is compared, of the value for limits.
        high: upper end.
        threshold: margin, limit, level or least number.
        num: episodes or pairs.
        text: one sentence for a person.
        p_value: of the test; None where the rule has none.
        p_adjusted: after the correction.
        num_both_fail: for rates: pairs in which both have the event.
        num_only_candidate: in which only the candidate has it.
        num_only_baseline: in which only the baseline has it.
        num_needed: for holds of non-inferiority: pairs that would be needed if the rates stayed as they are.
    """

    rule: str
    outcome: Outcome
    metric: str
    slice: str
    candidate: float | None
    baseline: float | None
    low: float | None
    high: float | None
    threshold: float
    num: int
    text: str
    p_value: float | None = None
    p_adjusted: float | None = None
    num_both_fail: int | None = None
    num_only_candidate: int | None = None
    num_only_baseline: int | None = None
    num_needed: int | None = None


@dataclass(frozen=True, slots=True)
class Flip:
    """A scenario in which one policy fails and the other does not.

    Attributes:
        scenario: name of the logical scenario.
        scenario_digest: identity.
        seed: of the draw.
        index: of the draw.
        fails: 'candidate' or 'baseline'.
        reason: what happened.
        command: what plays it again, run in the folder of the report of who fails.
    """

    scenario: str
    scenario_digest: str
    seed: int
    index: int
    fails: str
    reason: str
    command: str


@dataclass(frozen=True, slots=True)
class DeploymentDecision:
    """The decision: block where any rule blocks, else hold where any holds, else pass.

    Attributes:
        outcome: the decision.
        candidate: name of the policy that wants to be released.
        baseline: name of the policy that it is compared with.
        suite: name of the suite.
        reasons: one for each rule and slice.
        flips: scenarios in which exactly one of the two fails, the candidate's first; at most 200.
        num_flips: how many there are.
        plan: the plan as plain data; its digest.
        plan_digest: identity of the plan.
        suite_digest: identity of the suite.
        versions: of the packages that the candidate's report depends on.
        sign_offs: who has signed.
        gate_version: of the meaning of all this.
    """

    outcome: Outcome
    candidate: str
    baseline: str
    suite: str
    reasons: tuple[GateReason, ...]
    flips: tuple[Flip, ...] = ()
    num_flips: int = 0
    plan: Mapping[str, Any] | None = None
    plan_digest: str = ""
    suite_digest: str = ""
    versions: Mapping[str, str] | None = None
    sign_offs: tuple[SignOff, ...] = ()
    gate_version: str = GATE_VERSION

    def against(self) -> tuple[GateReason, ...]:
        """The reasons that kept it from passing, blocks first."""
        order = {Outcome.BLOCK: 0, Outcome.HOLD: 1}
        return tuple(sorted((r for r in self.reasons if r.outcome in order), key=lambda r: order[r.outcome]))

    def digest(self) -> str:
        """Identity of what was found, which reviewers sign: everything but the signatures and what hangs on them."""
        reasons = tuple(reason for reason in self.reasons if reason.rule != "sign-off")
        return digest(replace(self, outcome=worst(reasons), reasons=reasons, sign_offs=()))


def worst(reasons: Sequence[GateReason]) -> Outcome:
    """What reasons come to together."""
    outcomes = {reason.outcome for reason in reasons}
    return next((o for o in (Outcome.BLOCK, Outcome.HOLD) if o in outcomes), Outcome.PASS)


def reason_of(
    rule: str, outcome: Outcome, text: str, *, metric: str = "", slice_name: str = "all", threshold: float = 0.0,
    num: int = 0, candidate: float | None = None,
) -> GateReason:  # fmt: skip
    """A reason without comparison."""
    return GateReason(rule, outcome, metric, slice_name, candidate, None, None, None, threshold, num, text)
