"""What an actor shall do, with values: raw actions, triggers, and templates that expand into them.

A template is a manoeuvre that people name (`cut_in`, `overtake`, `run_red`); it expands into a tree of
`scenarios.behaviour` and tags the scenario with its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi

from driving_data.taxonomy import PEDESTRIANS, VEHICLES, ActorClass
from scenarios.leaf import IllTyped, Leaf, Step, TriggerSpec, make_leaf
from scenarios.types.actors import DRIVEN, MOVING
from scenarios.types.cargo import CARGO
from scenarios.types.digital import FAULTS
from scenarios.types.fields import Field, Given, as_value, as_values
from scenarios.types.lookup import known
from scenarios.types.temporary import FAILURES
from scenarios.types.traits import WORKING_MODES
from scenarios.units import ACCELERATION, ANGLE, COUNT, LENGTH, RATIO, SPEED, TEXT, TIME, Dimension

_SPEED = Field(SPEED, "speed to reach", None, 0.0, 90.0)
_RATE = Field(ACCELERATION, "magnitude of the acceleration", 2.0, 0.01, 20.0)
_WITHIN = Field(TIME, "duration of the movement", 3.0, 0.2, 60.0)
ROUTE = Field(TEXT, "route")
_WALK = frozenset(PEDESTRIANS | {ActorClass.ANIMAL, ActorClass.BICYCLE, ActorClass.E_SCOOTER})
_LASTING = Field(TIME, "for how long", 3.0, 0.1, 600.0)
_CARRYING = frozenset({ActorClass.CAR, ActorClass.VAN, ActorClass.TRUCK, ActorClass.TRAILER, ActorClass.BUS,
                       ActorClass.CONSTRUCTION_VEHICLE})  # fmt: skip
WHEELS = ("front_left", "front_right", "rear_left", "rear_right")
_WHO = Field(TEXT, "whose: its own or the ego's", "self", names=("self", "ego"))
# what is shown: OpenLABEL name
SHOWN: Mapping[str, str] = {
    "left": "CommunicationSignalLeft", "right": "CommunicationSignalRight", "hazard": "CommunicationSignalHazard",
    "slowing": "CommunicationSignalSlowing", "emergency": "CommunicationSignalEmergency",
    "headlight_flash": "CommunicationHeadlightFlash", "horn": "CommunicationHorn", "wave": "CommunicationWave",
    "stop": "CommunicationWave", "slow": "CommunicationWave", "go": "CommunicationWave",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ActionType:
    """What an action takes and claims.

    Attributes:
        doc: what it does, in words.
        fields: its arguments; those without a default must be given unless `optional` names them.
        kinds: classes that can do it.
        claims: channels that it moves: 'speed', 'lateral'.
        optional: arguments that may be left out though they have no default.
        target: whether it names another actor (`of`).
        tags: OpenLABEL names.
        template: whether it is a named manoeuvre, with a slice `manoeuvre:<name>`.
        main: the argument that stands alone when the action is written with one value only.
        effect: whether it moves nothing, so that a simulator only lets its time pass; its meaning is kept as a
            feature of the concrete scenario and named by `unplayed`.
        approximated: how engines play it otherwise than it is meant; empty where they play it.
        side: +1 or -1 for a change to the lane on the left or right, 0 otherwise.
        turn: where its route has to lead ('left', 'right', 'any'); empty where it does not matter.
    """

    doc: str
    fields: Mapping[str, Field]
    kinds: frozenset[ActorClass] = DRIVEN
    claims: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    target: bool = False
    tags: tuple[str, ...] = ()
    template: bool = False
    main: str = ""
    effect: bool = False
    approximated: str = ""
    side: int = 0
    turn: str = ""


_BOTH = ("speed", "lateral")
ACTIONS: Mapping[str, ActionType] = {
    "keep_speed": ActionType("drive at a speed, minding the traffic if the driver does", {"speed": _SPEED}, MOVING,
                             ("speed",), main="speed"),
    "change_speed": ActionType("go to a speed whatever is ahead", {"to": _SPEED, "rate": _RATE}, MOVING, ("speed",),
                               main="to"),
    "change_lane": ActionType("move onto a parallel route",
                              {"to": ROUTE, "within": _WITHIN, "offset": Field(LENGTH, "left of its middle", 0.0)},
                              DRIVEN, ("lateral",), main="to"),
    "move_sideways": ActionType("move within or beside the lane",
                                {"to": Field(LENGTH, "left of the middle of the route"), "within": _WITHIN}, MOVING,
                                ("lateral",), main="to"),
    "follow_path": ActionType("go along points of a route, lanes or not", {"on": ROUTE, "speed": _SPEED}, MOVING,
                              _BOTH, optional=("on",)),
    "wait": ActionType("do nothing for a while", {"for": Field(TIME, "duration", None, 0.0, 600.0)}, MOVING,
                       main="for"),
    "sequence": ActionType("one after the other", {}, MOVING),
    "parallel": ActionType("at once", {}, MOVING),
    "repeat": ActionType("several times", {"times": Field(COUNT, "how often", None, 1, 20)}, MOVING),
    "cut_in": ActionType("change into a lane close ahead of another, then perhaps change speed",
                         {"to": ROUTE, "within": _WITHIN, "then_speed": _SPEED, "rate": _RATE}, DRIVEN, _BOTH,
                         ("then_speed",), tags=("MotionCutIn",), template=True, main="to"),
    "cut_out": ActionType("leave the lane and uncover what is ahead", {"to": ROUTE, "within": _WITHIN}, DRIVEN,
                          ("lateral",), tags=("MotionCutOut",), template=True, main="to"),
    "lead_brake": ActionType("brake ahead of another, perhaps to a stop",
                             {"to": Field(SPEED, "speed to reach", 0.0, 0.0, 90.0),
                              "rate": Field(ACCELERATION, "magnitude of the braking", 6.0, 0.1, 12.0)}, DRIVEN,
                             ("speed",), tags=("MotionDecelerate", "MotionStop"), template=True),
    "cross": ActionType("go straight across the road",
                        {"to": Field(LENGTH, "where it ends, left of the middle of its route"),
                         "speed": Field(SPEED, "speed", 1.4, 0.1, 20.0),
                         "pause_at": Field(LENGTH, "where it stops, left of its route"),
                         "pause": Field(TIME, "for how long", 1.0, 0.0, 60.0)}, _WALK, _BOTH, ("pause_at",),
                        tags=("MotionCross",), template=True),
    "walk": ActionType("go along the route", {"distance": Field(LENGTH, "how far; negative against the route"),
                                             "speed": Field(SPEED, "speed", 1.4, 0.1, 10.0)}, _WALK, _BOTH,
                       tags=("MotionWalk",), template=True),
    "overtake": ActionType("pull out, pass another and return",
                           {"by": ROUTE, "offset": Field(LENGTH, "pull out by so much within the lane instead"),
                            "speed": _SPEED, "rate": _RATE, "within": _WITHIN,
                            "clear": Field(LENGTH, "centre distance ahead of it before the return", 12.0, 0.0, 200.0)},
                           DRIVEN, _BOTH, ("by", "offset", "speed"), True, ("MotionOvertake",), True),
    "turn": ActionType("take the turn of its route at a speed", {"speed": _SPEED}, DRIVEN, ("speed",),
                       tags=("MotionTurn",), template=True, main="speed", turn="any"),
    "run_red": ActionType("drive on through the junction, minding neither signal nor right of way",
                          {"speed": _SPEED, "rate": _RATE}, DRIVEN, ("speed",), tags=("MotionDrive",), template=True,
                          main="speed"),
    "merge": ActionType("join the traffic of another lane",
                        {"to": ROUTE, "within": _WITHIN, "speed": _SPEED, "rate": _RATE}, DRIVEN, _BOTH, ("speed",),
                        tags=("MotionLaneChangeLeft",), template=True, main="to"),
    "pull_out": ActionType("set off from the roadside into a lane",
                           {"to": ROUTE, "within": _WITHIN, "speed": _SPEED, "rate": _RATE}, DRIVEN, _BOTH,
                           tags=("MotionAccelerate", "MotionDrive"), template=True, main="to"),
    "swerve": ActionType("move aside and back", {"to": Field(LENGTH, "left of the middle of the route"),
                                                "within": _WITHIN, "hold": Field(TIME, "time aside", 1.0, 0.0, 60.0)},
                         MOVING, ("lateral",), template=True, main="to"),
    "stop_and_go": ActionType("stop, stand, set off again",
                              {"speed": _SPEED, "rate": _RATE, "stand": Field(TIME, "standing time", 2.0, 0.0, 120.0),
                               "slow_to": Field(SPEED, "lowest speed", 0.0, 0.0, 40.0)}, DRIVEN, ("speed",),
                              tags=("MotionStop", "MotionAccelerate"), template=True, main="speed"),
    "brake": ActionType("slow down, perhaps to a stop",
                        {"to": Field(SPEED, "speed to reach", 0.0, 0.0, 90.0),
                         "rate": Field(ACCELERATION, "magnitude of the braking", 3.0, 0.1, 12.0)}, MOVING, ("speed",),
                        tags=("MotionDecelerate",), template=True, main="to"),
    "stop": ActionType("come to a stop and stand",
                       {"rate": Field(ACCELERATION, "magnitude of the braking", 2.5, 0.1, 12.0),
                        "for": Field(TIME, "standing time", 0.0, 0.0, 600.0)}, MOVING, ("speed",),
                       tags=("MotionDecelerate", "MotionStop"), template=True),
    "accelerate": ActionType("go faster", {"to": _SPEED, "rate": _RATE}, MOVING, ("speed",),
                             tags=("MotionAccelerate",), template=True, main="to"),
    "drive_slowly": ActionType("drive much slower than others do",
                               {"speed": Field(SPEED, "speed", 5.0, 0.1, 30.0)}, MOVING, ("speed",),
                               tags=("MotionDrive",), template=True, main="speed"),
    "follow": ActionType("keep behind another, as the driver minds it, and no faster than a speed",
                         {"speed": _SPEED}, DRIVEN, ("speed",), target=True, tags=("MotionDrive",), template=True),
    "stand_still": ActionType("stand where it is", {"for": Field(TIME, "for how long", 600.0, 0.1, 3600.0)}, MOVING,
                              ("speed",), tags=("MotionStop",), template=True, main="for"),
    "lane_change_left": ActionType("change to the lane on the left, or to a route",
                                   {"to": ROUTE, "within": _WITHIN}, DRIVEN, ("lateral",), ("to",),
                                   tags=("MotionLaneChangeLeft",), template=True, main="to", side=1),
    "lane_change_right": ActionType("change to the lane on the right, or to a route",
                                    {"to": ROUTE, "within": _WITHIN}, DRIVEN, ("lateral",), ("to",),
                                    tags=("MotionLaneChangeRight",), template=True, main="to", side=-1),
    "turn_left": ActionType("take a route that turns left at a speed", {"speed": _SPEED}, DRIVEN, ("speed",),
                            tags=("MotionTurnLeft",), template=True, main="speed", turn="left"),
    "turn_right": ActionType("take a route that turns right at a speed", {"speed": _SPEED}, DRIVEN, ("speed",),
                             tags=("MotionTurnRight",), template=True, main="speed", turn="right"),
    "u_turn": ActionType("turn round and drive back beside its route",
                         {"at": Field(LENGTH, "where on its route it turns"),
                          "to": Field(LENGTH, "where it drives back, left of the middle of its route"),
                          "back": Field(LENGTH, "how far back", 40.0, 1.0, 2000.0),
                          "speed": Field(SPEED, "speed", 4.0, 0.5, 15.0)}, DRIVEN, _BOTH,
                         tags=("MotionUTurn",), template=True),
    "reverse": ActionType("drive backwards",
                          {"distance": Field(LENGTH, "how far", None, 0.1, 500.0),
                           "speed": Field(SPEED, "speed", 1.5, 0.1, 10.0)}, DRIVEN, _BOTH,
                          tags=("MotionReverse",), template=True, main="distance",
                          approximated="it turns round and drives there forwards"),
    "brake_failure": ActionType("the brakes fail at once and stay so",
                                {"remaining": Field(RATIO, "share of the braking force that is left", 0.0, 0.0, 1.0),
                                 "who": _WHO}, VEHICLES, template=True, main="remaining"),
    "tyre_burst": ActionType("a tyre bursts: it pulls to its side, grips less and rolls hard",
                             {"wheel": Field(TEXT, "which", "front_left", names=WHEELS),
                              "remaining": Field(RATIO, "share of the tyre that is left", 0.0, 0.0, 1.0),
                              "who": _WHO}, VEHICLES, template=True, main="wheel"),
    "steering_failure": ActionType("the wheels turn no further than a share of their angle",
                                   {"remaining": Field(RATIO, "share of the angle that is left", 0.1, 0.0, 1.0),
                                    "who": _WHO}, VEHICLES, template=True, main="remaining"),
    "signal_failure": ActionType("traffic lights fail",
                                 {"kind": Field(TEXT, "how", "dark", names=FAILURES),
                                  "signal": Field(TEXT, "id of the light, or its beginning; else all of them", ""),
                                  "for": Field(TIME, "for how long; 0 to the end", 0.0, 0.0, 3600.0)},
                                 MOVING, template=True, main="kind"),
    "sensor_fault": ActionType("something is wrong with a sensor of the ego",
                               {"kind": Field(TEXT, "what is wrong", "dropout", names=FAULTS),
                                "sensor": Field(TEXT, "its name in the rig; else all of them", ""),
                                "severity": Field(RATIO, "0 none to 1 nothing left", 0.5, 0.0, 1.0),
                                "for": Field(TIME, "for how long; 0 to the end", 0.0, 0.0, 3600.0)},
                               MOVING, template=True, main="kind"),
    "open_door": ActionType("open a door",
                            {"side": Field(TEXT, "which", "left", names=("left", "right", "rear")), "for": _LASTING},
                            VEHICLES, template=True, main="side"),
    "drop_cargo": ActionType("lose something on the road",
                             {"what": Field(TEXT, "what", "box",
                                            names=tuple(CARGO)),
                              "for": Field(TIME, "time that it takes", 0.5, 0.1, 60.0)}, _CARRYING, template=True,
                             main="what"),
    "signal": ActionType("show others something: indicator, hazard lights, horn, gesture of a flagger",
                         {"show": Field(TEXT, "what", None, names=tuple(SHOWN)), "for": _LASTING},
                         MOVING - {ActorClass.ANIMAL}, template=True, main="show", effect=True),
    "work": ActionType("work as a machine does, arm included",
                       {"mode": Field(TEXT, "what it does", None, names=WORKING_MODES), "for": _LASTING,
                        "swing": Field(ANGLE, "turn of the upper body meanwhile", 0.0, -2 * pi, 2 * pi)},
                       frozenset({ActorClass.CONSTRUCTION_VEHICLE}), template=True, main="mode", effect=True),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TriggerType:
    """A trigger: what its limit measures, which way it is compared, whether it names another actor."""

    doc: str
    dimension: Dimension
    sign: str
    target: bool


TRIGGERS: Mapping[str, TriggerType] = {
    "time": TriggerType("the clock has reached", TIME, ">=", False),
    "s": TriggerType("the distance along its route has reached", LENGTH, ">=", False),
    "distance": TriggerType("the gap to the other falls below", LENGTH, "<", True),
    "time_gap": TriggerType("the time that the other needs to get here falls below", TIME, "<", True),
    "ttc": TriggerType("the time to collision with the other falls below", TIME, "<", True),
    "ahead_of": TriggerType("it is ahead of the other, centre to centre, by more than", LENGTH, ">", True),
}


def when(kind: str, limit: Given, actor: str = "") -> TriggerSpec:
    """A trigger, as `when("ttc", "2..3 s", "ego")`.

    Raises:
        IllTyped: there is no such trigger, or it needs (or takes no) actor.
    """
    trigger = TRIGGERS[known("trigger", kind, TRIGGERS)]
    if trigger.target != bool(actor):
        raise IllTyped(f"the trigger {kind} {'names an actor' if trigger.target else 'names no actor'}")
    return TriggerSpec(kind, as_value(limit, trigger.dimension), actor)


def step(
    action: str, *, of: str = "", when: TriggerSpec | None = None, steps: tuple[Step, ...] = (),
    points: tuple[tuple[Given, Given], ...] = (), **values: Given,
) -> Step:  # fmt: skip
    """One step of a behaviour.

    Args:
        action: a name of `ACTIONS`.
        of: the other actor, where the action names one.
        when: what it waits for.
        steps: the steps of a group.
        points: (s, d) of a `follow_path`.
        values: its arguments; `for_` stands for the word that Python keeps for itself.

    Raises:
        IllTyped: something does not fit.
    """
    return step_of(action, values, of, when, steps, points)


def step_of(
    action: str, values: Mapping[str, Given], of: str = "", when: TriggerSpec | None = None,
    steps: tuple[Step, ...] = (), points: tuple[tuple[Given, Given], ...] = (),
) -> Step:  # fmt: skip
    """One step of a behaviour, its arguments as a mapping (else as `step`)."""
    kind = ACTIONS[known("action", action, ACTIONS)]
    given = as_values(action, kind.fields, {name.rstrip("_"): value for name, value in values.items()})
    problems = step_problems(action, set(given), bool(of), bool(steps), bool(points))
    if problems:
        raise IllTyped(f"{action}: {'; '.join(problems)}")
    for i, (s, d) in enumerate(points):
        given[f"points[{i}].s"], given[f"points[{i}].d"] = as_value(s, LENGTH), as_value(d, LENGTH)
    if action == "parallel":
        _refuse_shared_channels(steps)
    return Step(action, tuple(sorted(given.items())), (("of", of),) if of else (), steps, when)


def step_problems(action: str, given: set[str], target: bool, steps: bool, points: bool) -> list[str]:
    """What is missing from an action, or too much, in words."""
    kind = ACTIONS[action]
    problems = [
        f"needs {name!r} ({field.dimension.words})"
        for name, field in kind.fields.items()
        if field.default is None and name not in kind.optional and name not in given
    ]
    if kind.target != target:
        problems.append("names the other actor with 'of'" if kind.target else "names no other actor")
    if (action in ("sequence", "parallel", "repeat")) != steps:
        problems.append("needs steps" if not steps else "takes no steps")
    if (action == "follow_path") != points:
        problems.append("needs points" if not points else "takes no points")
    if action == "overtake" and ("by" in given) == ("offset" in given):
        problems.append("pulls out either 'by' a route or by an 'offset'")
    return problems


def _refuse_shared_channels(steps: tuple[Step, ...]) -> None:
    for channel in _BOTH:
        users = [branch.action for branch in steps if channel in claims(branch)]
        if len(users) > 1:
            raise IllTyped(f"{' and '.join(users)} both move the {channel} at the same time")


def claims(item: Step) -> frozenset[str]:
    """Channels that a step moves."""
    below = frozenset[str]().union(*(claims(inner) for inner in item.steps))
    return frozenset(ACTIONS[item.action].claims) | below


def do(actor: str, *steps: Step) -> Leaf:
    """What an actor shall do, one step after the other.

    Raises:
        IllTyped: there are no steps.
    """
    if not steps:
        raise IllTyped(f"{actor} is to do nothing; leave the behaviour out")
    leaf = make_leaf("do", actor, steps=steps)
    beside = [item.action for item in all_steps(leaf) if ACTIONS[item.action].side and "to" not in dict(item.values)]
    if len(beside) > 1:
        raise IllTyped(f"{actor}: {' and '.join(beside)} both mean the lane beside the first one; say `to` which route")
    return leaf


def lane_beside(route: str, side: int) -> str:
    """The route one lane to the left (+1) or right (-1): lanes of a direction are numbered from the right.

    Raises:
        IllTyped: the route is no lane of a numbered row.
    """
    stem, _, number = route.rpartition(".")
    if not stem or not number.isdigit():
        raise IllTyped(f"the route {route!r} has no numbered lane beside it; say `to` which route")
    return f"{stem}.{int(number) + side}"


def all_steps(leaf: Leaf) -> list[Step]:
    """Every step of a 'do' leaf, those of groups included, in order."""

    def below(item: Step) -> list[Step]:
        return [item, *(inner for child in item.steps for inner in below(child))]

    return [found for item in leaf.steps for found in below(item)]
