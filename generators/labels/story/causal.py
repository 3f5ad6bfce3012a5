"""What led to what: nodes from events and from the simulator's triggers, edges by mechanism, else by precedence.

An edge leads from an earlier node to a later one (of equal beginning: in the order of the nodes), so there is no cycle.
Mechanisms, each a law by which the simulator moves its actors:

| from | to | when |
|---|---|---|
| trigger of an actor | its crossing, braking, lane change, cut-in | begins within 5 s after |
| crossing of x | braking of the ego, yielding to x | begins while x is in the way, or up to 1 s after |
| crossing of x | collision or near miss with x | begins while x is in the way, or up to 1 s after |
| braking of the one ahead | braking of the one behind | the next in its lane, headway 4 s at most, 0 to 3 s later |
| cut-in ahead of x | braking of x | begins during it or up to 3 s after |
| light turns yellow or red | braking and stop of the ego | within 8 s |
| light turns green | start of the ego | within 5 s |
| braking | stop of the same one | the stop begins while it brakes, or up to 2 s after |
| failure of brakes, tyre or steering | collision of the same one | within 8 s |

Reaction up to 3 s: the spread of brake reaction times in Green, Transportation Human Factors 2, 195 (2000). What shares
an actor and follows within 2 s without a mechanism is linked by precedence; its strength falls with the delay from 1
to 0. Counterfactual evidence comes from `closed_loop.reasoning`, which plays the scenario again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from driving_data.labels import CausalEdge, CausalGraph, CausalNode
from generators.labels.predicates import FUNCTIONS, View
from generators.labels.story.captions import caption
from generators.labels.story.events import Happening
from generators.labels.story.relations import nobody_between
from generators.labels.story.words import capital, named

PRECEDENCE_S = 2.0
FOLLOW_S, HEADWAY_S = 3.0, 4.0
BRAKES = frozenset({"braking", "hard_braking"})
EFFECTS = BRAKES | {"stop", "start", "lane_change", "yielding", "collision", "near_miss"}
SET_OFF = BRAKES | {"crossing", "lane_change", "cut_in", "start", "turn", "debris_falls", "door_open"}


@dataclass(frozen=True, slots=True)
class Placed:
    """A node and the event behind it, None for a trigger."""

    node: CausalNode
    event: Happening | None
    order: int

    @property
    def start_s(self) -> float:
        """Beginning in seconds of the clock of the rollout."""
        return self.node.start_ns * 1e-9

    @property
    def end_s(self) -> float:
        """End in seconds of the clock of the rollout."""
        return self.node.end_ns * 1e-9


def causal_graph(view: View, events: Sequence[Happening]) -> CausalGraph:
    """The graph of a drive, without counterfactual evidence."""
    nodes = placed_nodes(view, events)
    edges: list[CausalEdge] = []
    for cause in nodes:
        for effect in nodes:
            if (cause.node.start_ns, cause.order) >= (effect.node.start_ns, effect.order):
                continue
            if any(law(view, cause, effect) for law in _LAWS):
                edges.append(CausalEdge(cause.node.name, effect.node.name, "mechanism"))
            elif (strength := precedence(cause, effect)) > 0.0:
                edges.append(CausalEdge(cause.node.name, effect.node.name, "precedence", strength))
    return CausalGraph(tuple(each.node for each in nodes), tuple(without_detours(edges)))


def without_detours(edges: Sequence[CausalEdge]) -> list[CausalEdge]:
    """The edges without those of mere precedence between nodes that mechanisms already connect."""
    onward: dict[str, list[str]] = {}
    for edge in edges:
        if edge.evidence == "mechanism":
            onward.setdefault(edge.cause, []).append(edge.effect)
    return [e for e in edges if e.evidence == "mechanism" or e.effect not in reached(onward, e.cause)]


def reached(onward: Mapping[str, Sequence[str]], start: str) -> set[str]:
    """Every node to which a chain of edges leads."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in onward.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def placed_nodes(view: View, events: Sequence[Happening]) -> list[Placed]:
    """Nodes by beginning, named `kind.actor`, with a number where that is not unique."""
    made = [(e.start_ns(view), e.end_ns(view), e.kind, e.actors, caption(view, e, 0).text, e) for e in events]
    made += [(*row, None) for row in _triggers(view)]
    made.sort(key=lambda row: (row[0], row[2] != "trigger", row[2], row[3]))
    counts: dict[str, int] = {}
    found: list[Placed] = []
    for order, (start, end, kind, actors, text, event) in enumerate(made):
        name = f"{kind}.{actors[0]}"
        counts[name] = counts.get(name, 0) + 1
        unique = name if counts[name] == 1 else f"{name}.{counts[name]}"
        found.append(Placed(CausalNode(unique, kind, start, end, actors, text), event, order))
    return found


def _triggers(view: View) -> Iterator[tuple[int, int, str, tuple[str, ...], str]]:
    for event in view.rollout.events:
        if event.kind != "trigger" or not event.actor_ids or event.actor_ids[0] not in view.ids:
            continue
        who = named(view, event.actor_ids[0])
        others = [x for x in event.actor_ids[1:] if x in view.ids]
        reason = f", as {named(view, others[0])} is near enough" if others else ", as planned"
        text = f"{capital(who)} begins to act{reason}."
        yield event.timestamp_ns, event.timestamp_ns, "trigger", tuple(event.actor_ids), text


def _delay(cause: Placed, effect: Placed) -> float:
    return effect.start_s - cause.start_s


def _by_trigger(view: View, cause: Placed, effect: Placed) -> bool:
    del view
    who = cause.node.actors[0]
    acts = effect.event is not None and effect.node.actors[0] == who and effect.node.kind in SET_OFF
    return cause.node.kind == "trigger" and acts and _delay(cause, effect) <= 5.0


def _by_crossing(view: View, cause: Placed, effect: Placed) -> bool:
    if cause.node.kind != "crossing" or effect.node.actors[0] != view.ego or effect.start_s > cause.end_s + 1.0:
        return False
    if effect.node.kind == "yielding":
        return effect.node.actors[1] == cause.node.actors[0]
    return effect.node.kind in BRAKES


def _by_meeting(view: View, cause: Placed, effect: Placed) -> bool:
    del view
    meets = effect.node.kind in ("collision", "near_miss") and cause.node.actors[0] in effect.node.actors
    return cause.node.kind == "crossing" and meets and effect.start_s <= cause.end_s + 1.0


def _by_following(view: View, cause: Placed, effect: Placed) -> bool:
    a, b = cause.node.actors[0], effect.node.actors[0]
    if not {cause.node.kind, effect.node.kind} <= BRAKES or a == b or not 0.0 <= _delay(cause, effect) <= FOLLOW_S:
        return False
    k = view.step(effect.node.start_ns)
    ahead = bool(FUNCTIONS["same_lane"].values(view, (b, a))[k]) and bool(FUNCTIONS["ahead_of"].values(view, (a, b))[k])
    return ahead and float(FUNCTIONS["headway"].values(view, (b, a))[k]) <= HEADWAY_S and nobody_between(view, b, a, k)


def _by_cut_in(view: View, cause: Placed, effect: Placed) -> bool:
    del view
    fits = cause.node.kind == "cut_in" and effect.node.kind in BRAKES and effect.node.actors[0] == cause.node.actors[1]
    return fits and effect.start_s <= cause.end_s + FOLLOW_S


def _by_light(view: View, cause: Placed, effect: Placed) -> bool:
    if cause.node.kind != "signal_change" or cause.event is None or effect.node.actors[0] != view.ego:
        return False
    if cause.event.words["to"] == "green":
        return effect.node.kind == "start" and _delay(cause, effect) <= 5.0
    return effect.node.kind in BRAKES | {"stop"} and _delay(cause, effect) <= 8.0


def _by_braking(view: View, cause: Placed, effect: Placed) -> bool:
    del view
    same = cause.node.actors[0] == effect.node.actors[0]
    return same and cause.node.kind in BRAKES and effect.node.kind == "stop" and effect.start_s <= cause.end_s + 2.0


def _by_failure(view: View, cause: Placed, effect: Placed) -> bool:
    del view
    broken = cause.node.kind in ("brake_failure", "tyre_burst", "steering_failure")
    hit = effect.node.kind == "collision" and cause.node.actors[0] in effect.node.actors
    return broken and hit and _delay(cause, effect) <= 8.0


_LAWS: tuple[Callable[[View, Placed, Placed], bool], ...] = (
    _by_trigger, _by_crossing, _by_meeting, _by_following, _by_cut_in, _by_light, _by_braking, _by_failure,
)  # fmt: skip


def precedence(cause: Placed, effect: Placed) -> float:
    """How far mere order speaks for a link: 1 at once, 0 after two seconds or where they share nobody."""
    shares = bool(set(cause.node.actors) & set(effect.node.actors))
    delay = _delay(cause, effect)
    if not shares or effect.node.kind not in EFFECTS or not 0.0 < delay < PRECEDENCE_S:
        return 0.0
    return round(1.0 - delay / PRECEDENCE_S, 4)
