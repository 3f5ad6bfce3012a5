"""Manoeuvres as slots: steps with ranges and drawn behaviour trees into the words that people use for them."""

from collections.abc import Callable, Iterator

from scenarios.behaviour import (
    AtTime,
    Behaviour,
    ChangeLane,
    ChangeSpeed,
    DistanceBelow,
    FollowPath,
    KeepSpeed,
    Parallel,
    Sequence,
    TimeGapBelow,
    TimeToCollisionBelow,
    When,
)
from scenarios.expressions import Value
from scenarios.language.describe.company import lane_number
from scenarios.language.slots import Range, TriggerSlots
from scenarios.leaf import Step, TriggerSpec

Bounds = Callable[[Value | None], Range | None]
_SAME = frozenset({
    "cut_in", "cut_out", "accelerate", "cross", "overtake", "swerve", "merge", "reverse", "open_door", "follow",
    "drive_slowly", "stand_still", "drop_cargo", "signal", "u_turn", "turn_left", "turn_right", "lane_change_left",
    "lane_change_right", "stop",
})  # fmt: skip
_OTHER = {"run_red": ("run_red_light",), "pull_out": ("merge",), "stop_and_go": ("brake", "accelerate")}


def step_words(steps: tuple[Step, ...], route: str, speed: Range | None, bounds: Bounds) -> tuple[str, ...]:
    """What an actor does, in order, from its steps."""
    found: list[str] = []
    for item in steps:
        values = dict(item.values)
        if item.steps:
            found.extend(step_words(item.steps, route, speed, bounds))
        elif item.action in ("lead_brake", "brake", "change_speed"):
            found.extend(speed_words(bounds(values.get("to")) or (0.0, 0.0), speed, item.action != "change_speed"))
        elif item.action == "change_lane":
            found.extend(_lane_words(route, str(getattr(values["to"], "value", ""))))
        elif item.action == "turn":
            found.extend(f"turn_{way}" for way in ("left", "right") if route.endswith(f".{way}"))
        elif item.action in _SAME:
            found.append(item.action)
            then = bounds(values.get("then_speed")) if item.action == "cut_in" else None
            if then is not None and speed is not None and _below(then, speed):
                found.append("brake")
        else:
            found.extend(_OTHER.get(item.action, ()))
    return tuple(dict.fromkeys(found))


def speed_words(to: Range, speed: Range | None, brakes: bool) -> Iterator[str]:
    """What a change of speed is called."""
    low, high = to
    if high == 0.0:
        yield from ("brake", "stop")
    elif brakes or (speed is not None and _below(to, speed)):
        yield "brake"
    elif speed is not None and low is not None and speed[1] is not None and low > speed[1]:
        yield "accelerate"


def _below(to: Range, speed: Range) -> bool:
    return to[1] is not None and speed[1] is not None and to[1] < speed[1] and (to[0] or 0.0) < (speed[0] or 0.0)


def _lane_words(route: str, to: str) -> tuple[str, ...]:
    here, there = lane_number(route), lane_number(to)
    if here is None or there is None or here == there:
        return ()
    return ("lane_change_left" if there > here else "lane_change_right",)


def step_trigger(steps: tuple[Step, ...], bounds: Bounds) -> TriggerSlots | None:
    """What the first step that waits waits for, as far as the slots have words for it."""
    for item in steps:
        if item.when is not None:
            return _trigger(item.when, bounds)
        if item.steps and (found := step_trigger(item.steps, bounds)) is not None:
            return found
    return None


def _trigger(spec: TriggerSpec, bounds: Bounds) -> TriggerSlots | None:
    value = bounds(spec.value)
    if value is None or (spec.actor and spec.actor != "ego"):
        return None
    kind = {"time": "time", "distance": "distance", "ttc": "ttc", "time_gap": "ttc"}.get(spec.kind)
    return None if kind is None else TriggerSlots(kind, value)


def tree_words(tree: Behaviour | None, route: str, ego_route: str, speed_mps: float) -> tuple[str, ...]:
    """What an actor does, in order, from its drawn behaviour."""
    found: list[str] = []
    for node in _actions(tree):
        if isinstance(node, ChangeSpeed):
            found.extend(speed_words((node.speed_mps, node.speed_mps), (speed_mps, speed_mps), False))
        elif isinstance(node, ChangeLane):
            if node.route == ego_route and route != ego_route:
                found.append("merge" if route == "ramp" or route.startswith("parking") else "cut_in")
            elif route == ego_route and node.route != route:
                found.append("cut_out")
            else:
                found.extend(_lane_words(route, node.route))
        elif isinstance(node, FollowPath) and len(node.points_m) > 1:
            (_, first), (_, last) = node.points_m[0], node.points_m[-1]
            found.extend(["cross"] if abs(last - first) > 3.0 else [])
        elif isinstance(node, KeepSpeed) and "stop" in found:
            found.append("accelerate")
    return tuple(dict.fromkeys(found))


def tree_trigger(tree: Behaviour | None) -> TriggerSlots | None:
    """What a drawn behaviour waits for first."""
    when = next((node for node in _nodes(tree) if isinstance(node, When)), None)
    if when is None:
        return None
    trigger = when.trigger
    if isinstance(trigger, AtTime):
        return TriggerSlots("time", (trigger.time_s, trigger.time_s))
    if isinstance(trigger, DistanceBelow) and trigger.actor == "ego":
        return TriggerSlots("distance", (trigger.distance_m, trigger.distance_m))
    if isinstance(trigger, TimeGapBelow | TimeToCollisionBelow) and trigger.actor == "ego":
        return TriggerSlots("ttc", (trigger.time_s, trigger.time_s))
    return None


def _nodes(tree: Behaviour | None) -> Iterator[Behaviour]:
    if tree is None:
        return
    yield tree
    children: tuple[Behaviour, ...] = ()
    if isinstance(tree, Sequence):
        children = tree.steps
    elif isinstance(tree, Parallel):
        children = tree.branches
    elif isinstance(tree, When):
        children = (tree.then,)
    for child in children:
        yield from _nodes(child)


def _actions(tree: Behaviour | None) -> Iterator[Behaviour]:
    return (node for node in _nodes(tree) if not isinstance(node, Sequence | Parallel | When))
