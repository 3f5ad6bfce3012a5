"""Judges a drive by a rule: kept or violated, by what margin, when first, and who and what decided it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.metrics.drive import Drive, DrivingTask, drive_of
from closed_loop.rules.definition import Need, PredicateDefinition
from closed_loop.rules.evaluate import Evaluation, evaluation, trace_of
from closed_loop.rules.formula import Arithmetic, Compare, ForActors, Formula, Holds, Node, Signal, Window, walk
from closed_loop.rules.parameters import RuleParameters
from closed_loop.rules.predicate_lanes import sign_lines, stop_lines
from closed_loop.rules.predicates import Asked, asked_of, margins_of, needs_of
from closed_loop.rules.rulebook import Rule
from closed_loop.rules.scene import Scene, scene_of
from closed_loop.rules.view import View
from closed_loop.rules.witness import first_violation, witness_of
from driving_data.maps.lane_map import LaneKind
from driving_data.rollout import Rollout

INTERSTATE_MPS = 60.0 / 3.6
_FEWEST_TO_FILTER = 5


@dataclass(frozen=True, slots=True, eq=False)
class RuleVerdict:
    """What a rule says of a drive.

    Attributes:
        rule: id of the rule.
        applicable: whether the drive has what the rule speaks of; nothing else is set where it has not.
        reason: why not, or what decided, in one sentence.
        violated: whether the rule is broken; exact where the margin is 0 (`>=` or `>`).
        robustness: least margin over time, in `unit`; +inf where nothing that happened could break the rule.
        unit: unit of the deciding predicate.
        normalized: robustness with every margin divided by the scale of its predicate; comparable between rules.
        first_violation_s: when it was first broken; None where it was kept.
        at_s: moment of the least margin.
        predicate: the predicate that decides the least margin, as text.
        predicate_at_s: moment of that predicate; earlier or later than `at_s` under a temporal operator.
        actors: ids of the others that it speaks of.
        margins: of the rule at every moment, (T,); of the whole formula at the first where it is no `G(...)`.
        holds: likewise whether it holds.
    """

    rule: str
    applicable: bool
    reason: str
    violated: bool = False
    robustness: float = float("nan")
    unit: str = ""
    normalized: float = float("nan")
    first_violation_s: float | None = None
    at_s: float | None = None
    predicate: str = ""
    predicate_at_s: float | None = None
    actors: tuple[str, ...] = ()
    margins: Float[np.ndarray, "T"] | None = None
    holds: Bool[np.ndarray, "T"] | None = None


@lru_cache(maxsize=4)
def _scene(drive: Drive) -> Scene:
    return scene_of(drive)


@lru_cache(maxsize=16)
def _view(drive: Drive, parameters: RuleParameters) -> View:
    return View(_scene(drive), parameters)


def monitor(rule: Rule, what: Drive | Rollout) -> RuleVerdict:
    """Judges a drive, or the ego of a rollout.

    Raises:
        ValueError: the ego never exists, or a margin is no number.
    """
    drive = what if isinstance(what, Drive) else drive_of(what)
    view = _view(drive, rule.parameters)
    keys = {signal.key: asked for signal in rule.formula.signals() if (asked := asked_of(signal.key)) is not None}
    reason = _not_applicable(rule, view, needs_of(keys))
    if reason:
        return RuleVerdict(rule.id, applicable=False, reason=reason)
    return _judge(rule, view, keys)


def monitor_all(rules: Sequence[Rule], what: Drive | Rollout) -> Mapping[str, RuleVerdict]:
    """Verdicts of many rules on one drive, by id."""
    drive = what if isinstance(what, Drive) else drive_of(what)
    return {rule.id: monitor(rule, drive) for rule in rules}


def body_of(formula: Formula) -> tuple[Node, bool]:
    """What is judged, and whether at every moment: the inside of an outermost `G`, else the whole at the first."""
    root = formula.root
    if isinstance(root, Window) and root.op == "always" and root.interval is None:
        return root.child, True
    return root, False


def _judge(rule: Rule, view: View, keys: Mapping[str, Asked]) -> RuleVerdict:
    drive, body = view.drive, body_of(rule.formula)
    step_s = drive.step_s if drive.num_steps > 1 else 1.0
    margins = margins_of(view, keys)
    strict = frozenset(key for key, asked in keys.items() if asked.definition.strict)
    present = view.scene.valid[:, 1:]

    trace = trace_of(rule.formula, margins, present, strict)
    exact, truth = evaluation(rule.formula, trace, step_s), evaluation(rule.formula, trace, step_s, truth=True)
    count = drive.num_steps if body[1] else 1
    series = _over_time(exact, body[0], drive.num_steps)
    holds = _over_time(truth, body[0], drive.num_steps) > 0
    at = int(np.argmin(np.where(holds[:count], np.inf, -np.inf) if _tied(series, holds, count) else series[:count]))
    scaled = evaluation(rule.formula, trace, step_s, scales=_scales(rule.formula, keys))
    normalized = _over_time(scaled, body[0], drive.num_steps)[:count]
    first = first_violation(holds[:count])
    found = witness_of(exact, body[0], 0, at)
    predicate, unit, actors, when = "", "", tuple[str, ...](), None
    if found is not None:
        predicate, when = found.predicate, float(drive.time_s[found.moment])
        unit = definition.unit if (definition := _measured_by(found.node, keys)) else ""
        actors = tuple(drive.others.ids[column] for column in found.actors.values())
    least = float(series[:count].min())
    return RuleVerdict(
        rule.id, True, _sentence(rule, first, least, unit, predicate, actors, drive), first is not None, least, unit,
        float(normalized.min()), None if first is None else float(drive.time_s[first]), float(drive.time_s[at]),
        predicate, when, actors, series[:count], holds[:count],
    )  # fmt: skip


def _tied(series: np.ndarray, holds: np.ndarray, count: int) -> bool:
    """Whether the least margin is 0 and the rule broken there: then a broken moment is the one to name."""
    return float(series[:count].min()) == 0.0 and not holds[:count].all()


def _over_time(running: Evaluation, body: Node, count: int) -> np.ndarray:
    value = running.value(body)
    return np.broadcast_to(value.reshape(-1, value.shape[-1]), (1, count))[0].copy()


def _scales(formula: Formula, keys: Mapping[str, Asked]) -> dict[Node, float]:
    nodes = [node for node in walk(formula.root) if isinstance(node, Compare | Holds)]
    found = {node: _measured_by(node, keys) for node in nodes}
    return {node: definition.scale for node, definition in found.items() if definition is not None}


def _measured_by(node: Compare | Holds, keys: Mapping[str, Asked]) -> PredicateDefinition | None:
    """The first predicate of a comparison: its unit and scale are those of the margin."""
    terms = [node.term] if isinstance(node, Holds) else [node.left, node.right]
    while terms:
        term = terms.pop(0)
        if isinstance(term, Signal):
            return keys[term.key].definition
        if isinstance(term, Arithmetic):
            terms += term.parts
    return None


def _sentence(
    rule: Rule, first: int | None, least: float, unit: str, predicate: str, actors: tuple[str, ...], drive: Drive
) -> str:
    if np.isposinf(least):
        return "nothing happened that could break it"
    who = f" with {', '.join(actors)}" if actors else ""
    if first is None:
        return f"kept by {least:.3g} {unit}: {predicate}{who}"
    return f"broken at {drive.time_s[first]:.1f} s by {abs(least):.3g} {unit}: {predicate}{who}"


def _not_applicable(rule: Rule, view: View, needs: frozenset[Need]) -> str:
    """Why a rule does not apply; empty where it does."""
    drive = view.drive
    quantified = [node.every for node in walk(rule.formula.root) if isinstance(node, ForActors)]
    # "For all" says nothing of nobody; "there is one" does: that there is none.
    if quantified and all(quantified) and not drive.others.valid.any():
        return "no other actor"
    if (Need.ROAD in needs or rule.applies == "interstate") and view.scene.road is None:
        return f"needs {Need.ROAD.value}"
    if Need.TASK in needs and drive.task is None:
        return f"needs {Need.TASK.value}"
    if Need.TASK in needs and drive.task is not None and _out_of_reach(drive.task):
        return "the goal lies farther away than the target speed leads in the time of the task"
    if Need.MOTION in needs and drive.num_steps < _FEWEST_TO_FILTER:
        return f"needs {Need.MOTION.value}"
    if Need.SIGNALS in needs and not _knows_a_light(view):
        return f"needs {Need.SIGNALS.value}"
    if Need.STOP_SIGNS in needs and not len(sign_lines(view)):
        return f"needs {Need.STOP_SIGNS.value}"
    if Need.MINIMUM_SPEED in needs and all(sign.kind != "minimum_speed" for sign in view.road.lane_map.signs):
        return f"needs {Need.MINIMUM_SPEED.value}"
    return "no interstate" if rule.applies == "interstate" and not _interstate(view) else ""


def _out_of_reach(task: DrivingTask) -> bool:
    return task.distance_m > task.target_speed_mps * task.duration_s


def _knows_a_light(view: View) -> bool:
    return bool({name for name, _ in stop_lines(view)} & set(view.drive.rollout.signals.ids))


def _interstate(view: View) -> bool:
    """Two lanes of one direction or a ramp, no junction on the way, and no limit below 60 km/h."""
    road = view.road
    driven = [road.lanes[k] for k in sorted(set(road.ego_lane.tolist()))]
    wide = any(lane.left_neighbor or lane.right_neighbor or lane.kind is LaneKind.ENTRY for lane in driven)
    slow = any(lane.speed_limit_mps < INTERSTATE_MPS for lane in driven)
    return wide and not slow and all(lane.junction_id is None for lane in driven)
