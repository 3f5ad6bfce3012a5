"""Making verdicts: the same form for every check."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment, Source
from driving_data.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Rule:
    """Who judges: name, version, unit of the score, and whether failing keeps a segment out."""

    check: str
    version: str
    unit: str
    hard: bool = True

    def not_applicable(self, reason: str) -> Verdict:
        """The verdict where the segment lacks what the check needs; it passes and says why."""
        return Verdict(self.check, self.version, True, 0.0, 0.0, self.unit, False, self.hard, reason)

    def at_most(self, score: float, threshold: float, reason: str, evidence: Mapping[str, Any]) -> Verdict:
        """The verdict that passes where `score` is not above `threshold`; a passed one needs no reason."""
        passed = score <= threshold
        return Verdict(self.check, self.version, passed, float(score), float(threshold), self.unit, True, self.hard,
                       "" if passed else reason, evidence)  # fmt: skip

    def ratio(self, segment: Segment[Raw], ratio: Float[np.ndarray, "T A"], value: Float[np.ndarray, "T A"],
              words: str, real_max_share: float) -> Verdict:  # fmt: skip
        """The verdict on ratios of values to limits, NaN where nothing is judged; `words` has a place for the worst.

        A simulated segment passes where no ratio exceeds 1. Tracks of a real log are measured, and the best of them
        hold a few broken ones: it passes where at most `real_max_share` of the actor-moments break the limit.
        """
        rollout = segment.rollout
        judged = np.isfinite(ratio)
        if not judged.any():
            return self.not_applicable("no actor whose motion is known")
        worst = float(np.max(ratio, where=judged, initial=0.0))
        evidence = worst_of(rollout, ratio, value)
        reason = words.format(f"{worst:.2f}")
        if not is_real(segment):
            return self.at_most(worst, 1.0, reason, evidence)
        share = float((ratio > 1.0).sum() / judged.sum())
        rule = Rule(self.check, self.version, "part of actor-moments", self.hard)
        reason = f"{reason}; {100 * share:.2f} % of the actor-moments break the limit"
        return rule.at_most(share, real_max_share, reason, {**evidence, "worst_ratio": worst})


def is_real(segment: Segment[Raw]) -> bool:
    """Whether tracks were measured, with noise, instead of simulated: real logs, and what was augmented from them."""
    return segment.source is not Source.SYNTHETIC and segment.provenance.scenario is None


def worst_of(rollout: Rollout, ratio: Float[np.ndarray, "T A"], value: Float[np.ndarray, "T A"], *,
             limit: int = 5) -> dict[str, Any]:  # fmt: skip
    """Evidence: the actors with the highest ratio of value to limit, when, and how much."""
    filled = np.where(np.isfinite(ratio), ratio, -np.inf)
    peak = filled.max(axis=0, initial=-np.inf)
    order = [int(actor) for actor in np.argsort(-peak, kind="stable")[:limit] if np.isfinite(peak[actor])]
    rows = []
    for actor in order:
        step = int(np.argmax(filled[:, actor]))
        rows.append({
            "actor": rollout.actors.ids[actor], "class": rollout.actors.kind_of(actor).label,
            "timestamp_ns": int(rollout.timestamps_ns[step]), "value": float(value[step, actor]),
            "ratio": float(filled[step, actor]),
        })  # fmt: skip
    return {"worst": rows}
