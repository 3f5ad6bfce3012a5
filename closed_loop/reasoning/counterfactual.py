"""What if: the same scenario with the same draws, one thing changed, played again, and how much of an effect is gone.

`remove x` puts an actor 1,000 m beside the road, where it does nothing and nobody meets it: the others keep their
numbers, and with them every draw. `x.start +0.5 s` shifts what makes an actor act: a clock later, a time gap or time to
collision smaller by as much. Draws of a logical scenario are changed by `closed_loop.causes.counterfactual.changed`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from driving_data.errors import Fault, InputError, Unsupported, nearest_name
from driving_data.labels import CausalEdge, CausalGraph, CausalNode
from driving_data.ports import Simulator
from driving_data.rollout import Rollout
from generators.labels.predicates import FUNCTIONS, View, holds
from generators.labels.predicates.grammar import quoted
from scenarios.behaviour import AtTime, Behaviour, Parallel, TimeGapBelow, TimeToCollisionBelow, When
from scenarios.behaviour import Sequence as Steps
from scenarios.concrete import Actor, ConcreteScenario, Driver

AWAY_M = 1000.0
SURE = 0.5
_SHIFT = re.compile(r"(?P<actor>.+)\.start (?P<shift>[+-]\d+(?:\.\d+)?) s")
BRAKES = ("braking", "hard_braking")


@dataclass(frozen=True, slots=True)
class Intervention:
    """One change of a scenario: an actor taken away, or made to act by `shift_s` later."""

    actor: str
    shift_s: float | None = None

    def __str__(self) -> str:
        return f"remove {self.actor}" if self.shift_s is None else f"{self.actor}.start {self.shift_s:+g} s"

    @staticmethod
    def read(text: str) -> "Intervention":
        """The intervention that `str` wrote.

        Raises:
            ValueError: the text is none.
        """
        if text.startswith("remove "):
            return Intervention(text.removeprefix("remove "))
        match = _SHIFT.fullmatch(text)
        if match is None:
            raise ValueError(f"no intervention: {text!r}; expected 'remove x' or 'x.start +0.5 s'")
        return Intervention(match["actor"], float(match["shift"]))


@dataclass(frozen=True, slots=True)
class Replay:
    """How a rollout was made, so that it can be made again.

    Attributes:
        scenario: what was played.
        simulator: who played it.
        seed: of the world.
        driver: kernel that drives the ego, by its name in the session.
    """

    scenario: ConcreteScenario
    simulator: Simulator
    seed: int
    driver: str = "idm_lane_follow"

    def play(self, intervention: Intervention | None = None) -> Rollout:
        """The drive, with a change or as it was.

        Raises:
            InputError: there is no such actor.
            Unsupported: nothing that it does can be shifted.
        """
        scenario = self.scenario if intervention is None else intervened(self.scenario, intervention)
        session = self.simulator.open([scenario], [self.seed])
        try:
            session.run(round(scenario.duration_s / scenario.step_s), self.driver)
            return session.rollouts()[0]
        finally:
            session.close()


def intervened(scenario: ConcreteScenario, change: Intervention) -> ConcreteScenario:
    """The scenario with one change; all draws as they were.

    Raises:
        InputError: there is no such actor.
        Unsupported: nothing that it does can be shifted.
    """
    ids = [actor.id for actor in scenario.actors]
    if change.actor not in ids:
        fault = Fault("", 0, 0, "intervention", "unknown-name", repr(change.actor), "an actor of the scenario",
                      nearest_name(change.actor, ids))  # fmt: skip
        raise InputError([fault])
    actors = tuple(_changed(actor, change) if actor.id == change.actor else actor for actor in scenario.actors)
    return replace(scenario, actors=actors)


def _changed(actor: Actor, change: Intervention) -> Actor:
    if change.shift_s is None:
        away = replace(actor.start, d_m=actor.start.d_m - AWAY_M)
        return replace(actor, start=away, speed_mps=0.0, driver=Driver(kind="none"), behaviour=None, traits={})
    shifted = None if actor.behaviour is None else shifted_by(actor.behaviour, change.shift_s)
    if shifted is None:
        raise Unsupported(f"{actor.id} waits for no clock, time gap or time to collision that could be shifted")
    return replace(actor, behaviour=shifted)


def shifted_by(behaviour: Behaviour, shift_s: float) -> Behaviour | None:
    """The behaviour whose first trigger fires that much later; None where nothing of it can be shifted."""
    match behaviour:
        case When(AtTime(time_s), then):
            return When(AtTime(max(time_s + shift_s, 0.0)), then)
        case When(TimeGapBelow(actor, time_s), then):
            return When(TimeGapBelow(actor, max(time_s - shift_s, 0.05)), then)
        case When(TimeToCollisionBelow(actor, time_s), then):
            return When(TimeToCollisionBelow(actor, max(time_s - shift_s, 0.05)), then)
        case Steps(steps) | Parallel(steps):
            for k, step in enumerate(steps):
                if (found := shifted_by(step, shift_s)) is not None:
                    return type(behaviour)((*steps[:k], found, *steps[k + 1 :]))
            return None
        case _:
            return None


def with_counterfactuals(graph: CausalGraph, rollout: Rollout, replay: Replay, most: int = 4) -> CausalGraph:
    """The graph with evidence from playing again without the actor of each cause.

    An edge whose effect is gone by half or more without its cause becomes 'counterfactual', with the share that is gone
    as strength; where less is gone, an edge of mere precedence is left out and one of a mechanism stays as it was.

    Args:
        graph: of the drive.
        rollout: the drive.
        replay: how it was made.
        most: at most so many actors are taken away, in the order of the nodes.
    """
    view, nodes = View.of(rollout), {node.name: node for node in graph.nodes}
    known = {actor.id for actor in replay.scenario.actors}
    blamed = [nodes[e.cause].actors[0] for e in sorted(graph.edges, key=lambda e: nodes[e.cause].start_ns)]
    actors = [a for a in dict.fromkeys(blamed) if a in known][:most]
    others = {actor: View.of(replay.play(Intervention(actor))) for actor in actors}
    edges: list[CausalEdge] = []
    for edge in graph.edges:
        effect, actor = nodes[edge.effect], nodes[edge.cause].actors[0]
        if actor not in others or effect.actors[0] == actor:
            edges.append(edge)
            continue
        gone = share_gone(effect, view, others[actor])
        if gone >= SURE:
            edges.append(CausalEdge(edge.cause, edge.effect, "counterfactual", round(gone, 4)))
        elif edge.evidence == "mechanism":
            edges.append(edge)
    return CausalGraph(graph.nodes, (*edges, *_far_effects(graph, edges, view, others)))


def _far_effects(
    graph: CausalGraph, edges: Sequence[CausalEdge], view: View, others: dict[str, View]
) -> list[CausalEdge]:
    """Braking of others than the ego that is gone too: the first cause of an actor and each such effect after it."""
    told = {(edge.cause, edge.effect) for edge in edges}
    found: list[CausalEdge] = []
    for actor, other in others.items():
        first = next(node for node in graph.nodes if node.actors[0] == actor and node.kind != "trigger")
        for node in graph.nodes:
            braked = node.kind in BRAKES and actor not in node.actors and node.actors[0] != view.ego
            if not braked or node.start_ns <= first.start_ns or (first.name, node.name) in told:
                continue
            gone = share_gone(node, view, other)
            if gone >= SURE:
                found.append(CausalEdge(first.name, node.name, "counterfactual", round(gone, 4)))
    return found


def share_gone(effect: CausalNode, view: View, other: View) -> float:
    """How much of an effect another drive has not.

    Of braking, the share of the peak deceleration within the same span; of all else, 1 where it does not happen there.
    """
    who = quoted(effect.actors[0])
    start, end = effect.start_ns, effect.end_ns
    if effect.kind in BRAKES:
        before, after = (_peak(each, effect) for each in (view, other))
        return float(np.clip(1.0 - after / max(before, 1e-9), 0.0, 1.0))
    asked = {"stop": f"finally stands({who})", "start": f"finally speed({who}) >= 1.5 m/s",
             "yielding": f"eventually brakes({who})"}  # fmt: skip
    if effect.kind == "collision":
        text = f"eventually collides({who}, {quoted(effect.actors[1])})"
        end = int(other.rollout.timestamps_ns[-1])
    elif effect.kind == "near_miss":
        text = f"eventually time_to_collision({who}, {quoted(effect.actors[1])}) < 1.5 s"
    else:
        text = asked.get(effect.kind, "")
    return 0.0 if not text or holds(text, other, start, end) else 1.0


def _peak(view: View, effect: CausalNode) -> float:
    """Greatest deceleration of who brakes, within the span."""
    first, last = view.step(effect.start_ns), view.step(effect.end_ns)
    values = FUNCTIONS["acceleration"].values(view, (effect.actors[0],))[first : last + 1]
    return max(float(-np.nan_to_num(values, nan=0.0).min()), 0.0)
