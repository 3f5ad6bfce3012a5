"""A check of one's own, judged on a segment and held to the rules of checks: `python examples/own_check.py`."""

from dataclasses import dataclass

import numpy as np

from driving_data.provenance import Provenance
from driving_data.segment import Raw, Segment, Source
from driving_data.verdict import Verdict
from roadloom.pipeline.recipes import simulate
from roadloom.settings import Choice
from scenarios import library
from validation.conformance import check_faults


@dataclass(frozen=True, slots=True)
class GentleEgo:
    """The ego never brakes or turns harder than passengers like."""

    name: str = "gentle_ego"
    max_acceleration_mps2: float = 4.0

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """The verdict, soft: a segment that fails is marked, not kept out."""
        ego = segment.rollout.acceleration_mps2[:, segment.rollout.ego_index, :2]
        known = ego[np.isfinite(ego).all(axis=-1)]
        worst = float(np.linalg.norm(known, axis=-1).max(initial=0.0))
        passed, limit = worst <= self.max_acceleration_mps2, self.max_acceleration_mps2
        reason = "" if passed and len(known) else f"the ego felt {worst:.1f} m/s2 in {len(known)} known moments"
        return Verdict(self.name, "1", passed, worst, limit, "m/s2", len(known) > 0, hard=False, reason=reason)


if __name__ == "__main__":
    scenario = library.load("lead_brakes_hard").sample(seed=1)
    rollout = simulate(scenario, "idm", Choice("embedded"))
    segment = Segment("example", Source.SYNTHETIC, rollout, scenario.rig, Provenance("example", seed=1))
    print(GentleEgo().judge(segment))
    print(check_faults(GentleEgo(), [segment]) or "keeps every rule; register it in the group `roadloom.checks`")
