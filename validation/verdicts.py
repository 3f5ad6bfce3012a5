"""Making verdicts: the same form for every check."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

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


def is_real(segment: Segment[Raw]) -> bool:
    """Whether tracks were measured, with noise, instead of simulated."""
    return segment.source is Source.REAL


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


def sustained(over: Bool[np.ndarray, "T A"], count: int) -> Bool[np.ndarray, "T A"]:
    """Where `over` holds for at least `count` moments in a row."""
    if count <= 1 or len(over) < count:
        return over if count <= 1 else np.zeros_like(over)
    windows = np.lib.stride_tricks.sliding_window_view(over, count, axis=0).all(axis=-1)
    result = np.zeros_like(over)
    for shift in range(count):
        result[shift : shift + len(windows)] |= windows
    return result
