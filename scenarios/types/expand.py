"""Steps with values into trees of `scenarios.behaviour` with numbers; templates become raw actions here."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import cos, pi, sin
from typing import Any

from scenarios.behaviour import (
    AheadOf,
    AtTime,
    Behaviour,
    ChangeLane,
    ChangeSpeed,
    DistanceBelow,
    DropCargo,
    FailSignal,
    Failure,
    FaultSensor,
    FollowPath,
    KeepSpeed,
    MoveSideways,
    OpenDoor,
    Parallel,
    ReachS,
    Sequence,
    Show,
    TimeGapBelow,
    TimeToCollisionBelow,
    Trigger,
    Wait,
    When,
)
from scenarios.concrete import Place
from scenarios.expressions import Value
from scenarios.leaf import Leaf, Step, TriggerSpec
from scenarios.types.fields import OutOfLimits, limits_text
from scenarios.types.manoeuvres import ACTIONS, TRIGGERS, all_steps, lane_beside

# Actions that people do at their own pace.
WALKED = ("cross", "walk")


@dataclass(frozen=True, slots=True)
class Stage:
    """What an expansion needs: draws by path, where the actor begins, and how fast it walks when nobody says."""

    draw: Callable[[str, Value], Any]
    start: Place
    pace: Value | None = None


def expand_leaf(leaf: Leaf, stage: Stage) -> Behaviour:
    """The behaviour of a 'do' leaf, every number fixed."""
    return _in_order([expand(step, f"{leaf.prefix}[{i}]", stage) for i, step in enumerate(leaf.steps)])


def minds_nothing(leaf: Leaf) -> bool:
    """Whether the behaviour makes its driver mind neither signals nor right of way."""
    return any(step.action == "run_red" for step in all_steps(leaf))


def expand(step: Step, path: str, stage: Stage) -> Behaviour:
    """One step, every number fixed."""
    if step.action == "repeat":
        arguments = _arguments(step, path, stage)
        tree = _in_order([
            expand(child, f"{path}@{turn}[{i}]", stage)
            for turn in range(arguments["times"]) for i, child in enumerate(step.steps)
        ])  # fmt: skip
    elif step.steps:
        children = tuple(expand(child, f"{path}[{i}]", stage) for i, child in enumerate(step.steps))
        tree = Parallel(children) if step.action == "parallel" else _in_order(list(children))
    else:
        tree = _EXPANSIONS[step.action](_arguments(step, path, stage), stage.start)
    if step.when is None:
        return tree
    return When(_trigger(step.when, float(stage.draw(f"{path}.when", step.when.value))), tree)


def _arguments(step: Step, path: str, stage: Stage) -> dict[str, Any]:
    fields = ACTIONS[step.action].fields
    values: dict[str, Any] = {name: field.default for name, field in fields.items()}
    for name, value in step.values:
        values[name] = stage.draw(f"{path}.{name}", value)
        field = fields.get(name)
        if field and field.dimension.numeric and not field.low <= values[name] <= field.high:
            raise OutOfLimits(f"{path}.{name} came out as {values[name]:g}; it is {limits_text(field)}")
    if step.action in WALKED and stage.pace is not None and "speed" not in dict(step.values):
        values["speed"] = stage.draw(f"{path}.speed", stage.pace)
    return values | dict(step.texts)


def _trigger(spec: TriggerSpec, limit: float) -> Trigger:
    assert spec.kind in TRIGGERS
    if spec.kind == "time":
        return AtTime(limit)
    if spec.kind == "s":
        return ReachS(limit)
    if spec.kind == "distance":
        return DistanceBelow(spec.actor, limit)
    if spec.kind == "time_gap":
        return TimeGapBelow(spec.actor, limit)
    return TimeToCollisionBelow(spec.actor, limit) if spec.kind == "ttc" else AheadOf(spec.actor, limit)


def _in_order(steps: list[Behaviour]) -> Behaviour:
    return steps[0] if len(steps) == 1 else Sequence(tuple(steps))


def _follow_path(a: dict[str, Any], start: Place) -> Behaviour:
    count = sum(1 for name in a if name.startswith("points[") and name.endswith(".s"))
    points = tuple((float(a[f"points[{i}].s"]), float(a[f"points[{i}].d"])) for i in range(count))
    return FollowPath(a["on"] or start.route, points, a["speed"])


def _cross(a: dict[str, Any], start: Place) -> Behaviour:
    here, to = (start.s_m, start.d_m), (start.s_m, float(a["to"]))
    if a["pause_at"] is None:
        return FollowPath(start.route, (here, to), a["speed"])
    middle = (start.s_m, float(a["pause_at"]))
    first, second = (FollowPath(start.route, legs, a["speed"]) for legs in ((here, middle), (middle, to)))
    return Sequence((first, Wait(a["pause"]), second))


def _walk(a: dict[str, Any], start: Place) -> Behaviour:
    here = (start.s_m, start.d_m)
    return FollowPath(start.route, (here, (start.s_m + a["distance"], start.d_m)), a["speed"])


def _cut_in(a: dict[str, Any], start: Place) -> Behaviour:
    change = ChangeLane(a["to"], a["within"])
    return change if a["then_speed"] is None else Sequence((change, ChangeSpeed(a["then_speed"], a["rate"])))


def _overtake(a: dict[str, Any], start: Place) -> Behaviour:
    out: Behaviour = MoveSideways(a["offset"], a["within"]) if a["by"] is None else ChangeLane(a["by"], a["within"])
    back: Behaviour = (
        MoveSideways(start.d_m, a["within"]) if a["by"] is None else ChangeLane(start.route, a["within"], start.d_m)
    )
    if a["speed"] is not None:
        out = Parallel((out, ChangeSpeed(a["speed"], a["rate"])))
    return Sequence((out, When(AheadOf(a["of"], a["clear"]), back)))


def _with_speed(a: dict[str, Any], start: Place) -> Behaviour:
    change = ChangeLane(a["to"], a["within"])
    return change if a["speed"] is None else Parallel((change, ChangeSpeed(a["speed"], a["rate"])))


def _swerve(a: dict[str, Any], start: Place) -> Behaviour:
    return Sequence((MoveSideways(a["to"], a["within"]), Wait(a["hold"]), MoveSideways(start.d_m, a["within"])))


def _stop_and_go(a: dict[str, Any], start: Place) -> Behaviour:
    # Setting off again is KeepSpeed: the driver minds whoever is still standing ahead. It ends at once, so that the
    # time that setting off takes has to pass before the next step, which may be to stop again.
    going_s = max(0.0, float(a["speed"]) - float(a["slow_to"])) / float(a["rate"])
    steps = (ChangeSpeed(a["slow_to"], a["rate"]), Wait(a["stand"]), KeepSpeed(a["speed"]), Wait(going_s))
    return Sequence(steps)


def _stop(a: dict[str, Any], start: Place) -> Behaviour:
    return Sequence((ChangeSpeed(0.0, a["rate"]), Wait(a["for"])))


def _lane_change(side: int, a: dict[str, Any], start: Place) -> Behaviour:
    return ChangeLane(a["to"] or lane_beside(start.route, side), a["within"])


def _u_turn(a: dict[str, Any], start: Place) -> Behaviour:
    at, side = float(a["at"]), float(a["to"])
    radius, middle = 0.5 * (side - start.d_m), 0.5 * (side + start.d_m)
    turn = [(at + abs(radius) * sin(k * pi / 6), middle - radius * cos(k * pi / 6)) for k in range(7)]
    here = (start.s_m, start.d_m)
    points = (here, *turn) if at > start.s_m else tuple(turn)
    return FollowPath(start.route, (*points, (at - float(a["back"]), side)), a["speed"])


def _reverse(a: dict[str, Any], start: Place) -> Behaviour:
    back, heading = float(a["distance"]), float(start.heading_rad)
    there = (start.s_m - back * cos(heading), start.d_m - back * sin(heading))
    return FollowPath(start.route, ((start.s_m, start.d_m), there), a["speed"])


def _whose(a: dict[str, Any]) -> str:
    return "" if a["who"] == "self" else str(a["who"])


_EXPANSIONS: dict[str, Callable[[dict[str, Any], Place], Behaviour]] = {
    "keep_speed": lambda a, start: KeepSpeed(a["speed"]),
    "change_speed": lambda a, start: ChangeSpeed(a["to"], a["rate"]),
    "change_lane": lambda a, start: ChangeLane(a["to"], a["within"], a["offset"]),
    "move_sideways": lambda a, start: MoveSideways(a["to"], a["within"]),
    "follow_path": _follow_path,
    "wait": lambda a, start: Wait(a["for"]),
    "cut_in": _cut_in,
    "cut_out": lambda a, start: ChangeLane(a["to"], a["within"]),
    "lead_brake": lambda a, start: ChangeSpeed(a["to"], a["rate"]),
    "cross": _cross,
    "walk": _walk,
    "overtake": _overtake,
    "turn": lambda a, start: KeepSpeed(a["speed"]),
    "run_red": lambda a, start: ChangeSpeed(a["speed"], a["rate"]),
    "merge": _with_speed,
    "pull_out": _with_speed,
    "swerve": _swerve,
    "stop_and_go": _stop_and_go,
    "brake": lambda a, start: ChangeSpeed(a["to"], a["rate"]),
    "stop": _stop,
    "accelerate": lambda a, start: ChangeSpeed(a["to"], a["rate"]),
    "drive_slowly": lambda a, start: KeepSpeed(a["speed"]),
    "follow": lambda a, start: KeepSpeed(a["speed"]),
    "stand_still": lambda a, start: Sequence((ChangeSpeed(0.0, 6.0), Wait(a["for"]))),
    "lane_change_left": partial(_lane_change, 1),
    "lane_change_right": partial(_lane_change, -1),
    "turn_left": lambda a, start: KeepSpeed(a["speed"]),
    "turn_right": lambda a, start: KeepSpeed(a["speed"]),
    "u_turn": _u_turn,
    "reverse": _reverse,
    "brake_failure": lambda a, start: Failure("brakes", a["remaining"], actor=_whose(a)),
    "tyre_burst": lambda a, start: Failure("tyre", a["remaining"], a["wheel"], _whose(a)),
    "steering_failure": lambda a, start: Failure("steering", a["remaining"], actor=_whose(a)),
    "signal_failure": lambda a, start: FailSignal(a["kind"], a["signal"], a["for"] or None),
    "sensor_fault": lambda a, start: FaultSensor(a["kind"], a["sensor"], a["severity"], a["for"] or None),
    # Effects move nothing: their time passes, their meaning is kept as a feature (`features`).
    "open_door": lambda a, start: Sequence((OpenDoor(a["side"], a["for"]), Wait(a["for"]))),
    "drop_cargo": lambda a, start: Sequence((DropCargo(a["what"]), Wait(a["for"]))),
    "signal": lambda a, start: Sequence((Show(a["show"], a["for"]), Wait(a["for"]))),
    "work": lambda a, start: Sequence((Show(a["mode"], a["for"]), Wait(a["for"]))),
}
