"""Where two policies part: scenarios that one fails and the other passes, and rules that no average can outweigh."""

import shlex

from closed_loop.causes.failure_modes import modes_of
from closed_loop.gates.decisions import Flip, GateReason, Outcome, reason_of
from closed_loop.gates.plans import GatePlan
from closed_loop.results import EpisodeResult, EvalReport
from closed_loop.suites.names import failure_name
from driving_data.taxonomy import VULNERABLE, ActorClass

_VULNERABLE = frozenset(kind.label for kind in VULNERABLE - {ActorClass.MOTORCYCLE})


def hard(candidate: EvalReport, baseline: EvalReport, plan: GatePlan) -> list[GateReason]:
    """The hard rules of a plan."""
    reasons: list[GateReason] = []
    if "vru_collision" in plan.hard:
        passed = {episode.scenario_digest for episode in baseline.episodes if not episode.failed}
        hit = [e for e in candidate.episodes if e.scenario_digest in passed and hits_vulnerable(e)]
        text = f"the candidate hits a vulnerable road user in {len(hit)} scenarios that the baseline passes"
        text += f": {', '.join(f'{e.scenario_name} {e.scenario_digest[:12]}' for e in hit[:5])}" if hit else ""
        reasons.append(reason_of("hard", Outcome.BLOCK if hit else Outcome.PASS, text, num=len(hit)))
    if "new_failure_mode" in plan.hard:
        known = {mode.signature for mode in modes_of(baseline.episodes)}
        new = [m for m in modes_of(candidate.episodes) if m.signature not in known and m.num >= plan.min_new_mode]
        text = "modes of failure that the baseline has not: " + (
            ", ".join(f"{m.name} ({m.num})" for m in new) or "none"
        )
        reasons.append(reason_of("hard", Outcome.BLOCK if new else Outcome.PASS, text, num=len(new)))
    return reasons


def hits_vulnerable(episode: EpisodeResult) -> bool:
    """Whether the ego hits a pedestrian, a cyclist or the like by its own fault."""
    return any(f.kind == "collision" and f.at_fault and f.actor_kind in _VULNERABLE for f in episode.failures)


def flips_of(candidate: EvalReport, baseline: EvalReport) -> tuple[Flip, ...]:
    """Scenarios in which exactly one policy fails, new failures first; missing episodes are no flips."""
    other = {e.scenario_digest: (e.failed, e.error is not None, _first(e)) for e in baseline.episodes}
    found: list[Flip] = []
    for episode in candidate.episodes:
        failed, missing, reason = other.get(episode.scenario_digest, (False, True, ""))
        if missing or episode.error is not None or failed == episode.failed:
            continue
        fails, why = ("candidate", _first(episode)) if episode.failed else ("baseline", reason)
        policy = candidate.policy if episode.failed else baseline.policy
        command = shlex.join(["roadloom", "replay", replay_file(policy, episode), policy])
        found.append(
            Flip(episode.scenario_name, episode.scenario_digest, episode.seed, episode.index, fails, why, command)
        )
    return tuple(sorted(found, key=lambda flip: flip.fails != "candidate"))


def replay_file(policy: str, episode: EpisodeResult) -> str:
    """Where `evaluate` writes the scenario of a failed episode, below the folder of its report."""
    return f"failures/{failure_name(policy, episode)}"


def _first(episode: EpisodeResult) -> str:
    return next((failure.reason for failure in episode.failures if failure.at_fault), "")
