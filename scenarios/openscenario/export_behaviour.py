"""Behaviour trees of ours as events of an OpenSCENARIO maneuver."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field

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
from scenarios.concrete import Actor, Place
from scenarios.openscenario.node import Node

_PEAK_OF_QUINTIC = 10.0 / math.sqrt(3.0)
_NEAR_M = 5.0

Pose = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Poser:
    """Where places are in the world: `pose` gives (x, y, z, yaw), `lane` the OpenDRIVE number of a route's lane."""

    pose: Callable[[Place], Pose]
    lane: Callable[[str, float], int]


@dataclass(frozen=True, slots=True)
class _Since:
    """What must have happened before something begins: events that ended, conditions, and a delay after both."""

    events: tuple[str, ...] = ()
    conditions: tuple[Node, ...] = ()
    delay_s: float = 0.0


@dataclass(slots=True)
class _Writer:
    actor: Actor
    poser: Poser
    events: list[Node] = field(default_factory=lambda: [])
    notes: list[str] = field(default_factory=lambda: [])
    route: str = ""

    def tree(self, item: Behaviour, since: _Since) -> _Since:
        """Writes a piece that begins after `since`; gives what its successor begins after."""
        match item:
            case Sequence(steps=steps):
                for step in steps:
                    since = self.tree(step, since)
                return since
            case Parallel(branches=branches):
                ends = [self.tree(branch, since) for branch in branches]
                return _Since(tuple(name for end in ends for name in end.events), (), max(e.delay_s for e in ends))
            case When(trigger=trigger, then=then):
                # The trigger is looked at once what came before has ended, so both stand in one group.
                return self.tree(
                    then, _Since(since.events, (*since.conditions, self.condition(trigger)), since.delay_s)
                )
            case Wait(duration_s=duration_s):
                return _Since(since.events, since.conditions, since.delay_s + duration_s)
            case Failure(part=part, actor=whose):
                self.notes.append(f"{self.actor.id}: the failure of the {part} of {whose or self.actor.id} is left "
                                  "out: the standard has no action that breaks a vehicle")  # fmt: skip
                return since
            case DropCargo() | OpenDoor() | FailSignal() | FaultSensor() | Show():
                self.notes.append(f"{self.actor.id}: {type(item).__name__} is left out: the standard has no action "
                                  "for it that players agree on")  # fmt: skip
                return since
            case _:
                return self.event(item, since)

    def event(self, item: Behaviour, since: _Since) -> _Since:
        name = f"{self.actor.id} {len(self.events) + 1} {type(item).__name__}"
        self.add(name, self.action(item), since)
        if isinstance(item, FollowPath):
            # Whoever has come to the end of a path stands; in the standard it would go on along the road.
            self.add(f"{self.actor.id} {len(self.events) + 1} Stand", _speed(0.0, None), _Since((name,)))
            self.notes.append(f"{self.actor.id}: goes along its path at once at {number(item.speed_mps)} m/s, without "
                              "the first moments in which it comes to that speed")  # fmt: skip
        return _Since((name,))

    def add(self, name: str, content: Node, since: _Since) -> None:
        """Adds an event with one private action."""
        action = Node("Action", {"name": f"{name} action"}, (Node("PrivateAction", {}, (content,)),))
        priority = {"name": name, "priority": "parallel", "maximumExecutionCount": "1"}
        self.events.append(Node("Event", priority, (action, self.trigger(since))))

    def trigger(self, since: _Since) -> Node:
        conditions = [
            _condition(f"after {name}", Node("ByValueCondition", {}, (
                Node("StoryboardElementStateCondition", {
                    "storyboardElementType": "event", "storyboardElementRef": name, "state": "completeState"}),)),
                since.delay_s) for name in since.events]  # fmt: skip
        conditions += [
            Node(c.tag, {**c.attributes, "delay": number(since.delay_s)}, c.children) for c in since.conditions
        ]
        if not conditions:
            conditions = [at_time(since.delay_s)]
        return Node("StartTrigger", {}, (Node("ConditionGroup", {}, tuple(conditions)),))

    def condition(self, trigger: Trigger) -> Node:
        own = self.actor.id
        match trigger:
            case AtTime(time_s=time_s):
                return at_time(time_s)
            case DistanceBelow(actor=other, distance_m=distance_m):
                return _by_entity(own, "RelativeDistanceCondition", {
                    "entityRef": other, "relativeDistanceType": "euclidianDistance", "freespace": "true",
                    "value": number(distance_m), "rule": "lessThan"})  # fmt: skip
            case TimeGapBelow(actor=other, time_s=time_s):
                return _by_entity(other, "TimeHeadwayCondition", {
                    "entityRef": own, "value": number(time_s), "rule": "lessThan", "freespace": "true",
                    "coordinateSystem": "entity", "relativeDistanceType": "euclidianDistance"})  # fmt: skip
            case TimeToCollisionBelow(actor=other, time_s=time_s):
                target = Node("TimeToCollisionConditionTarget", {}, (Node("EntityRef", {"entityRef": other}),))
                return _by_entity(own, "TimeToCollisionCondition", {
                    "value": number(time_s), "rule": "lessThan", "freespace": "true", "coordinateSystem": "entity",
                    "relativeDistanceType": "euclidianDistance"}, target)  # fmt: skip
            case ReachS(s_m=s_m):
                way = max(0.0, s_m - self.actor.start.s_m)
                return _by_entity(own, "TraveledDistanceCondition", {"value": number(way)})
            case AheadOf(actor=other, distance_m=distance_m):
                self.notes.append(f"{own}: being {number(distance_m)} m ahead of {other} along the road is written as "
                                  f"coming within {_NEAR_M:g} m of that place in its lane")  # fmt: skip
                beside = Node("RelativeRoadPosition", {"entityRef": other, "ds": number(distance_m), "dt": "0"})
                place = Node("Position", {}, (beside,))
                return _by_entity(own, "ReachPositionCondition", {"tolerance": number(_NEAR_M)}, place)

    def action(self, item: Behaviour) -> Node:
        match item:
            case KeepSpeed(speed_mps=speed_mps):
                return _speed(speed_mps, self.actor.driver.max_acceleration_mps2)
            case ChangeSpeed(speed_mps=speed_mps, rate_mps2=rate_mps2):
                return _speed(speed_mps, rate_mps2)
            case ChangeLane(route=route, duration_s=duration_s, offset_m=offset_m):
                self.route = route
                lane = self.poser.lane(route, self.actor.start.s_m)
                return Node("LateralAction", {}, (Node("LaneChangeAction", {"targetLaneOffset": number(offset_m)}, (
                    Node("LaneChangeActionDynamics", {"dynamicsShape": "cubic", "dynamicsDimension": "time",
                                                      "value": number(duration_s)}),
                    Node("LaneChangeTarget", {}, (Node("AbsoluteTargetLane", {"value": str(lane)}),)),
                )),))  # fmt: skip
            case MoveSideways(offset_m=offset_m, duration_s=duration_s):
                # Largest acceleration of a quintic from rest to rest: 10 / sqrt(3) times distance over time squared.
                reach = max(abs(offset_m - self.actor.start.d_m), 0.01)
                peak = _PEAK_OF_QUINTIC * reach / max(duration_s, 0.1) ** 2
                return Node("LateralAction", {}, (Node("LaneOffsetAction", {"continuous": "false"}, (
                    Node("LaneOffsetActionDynamics", {"dynamicsShape": "cubic", "maxLateralAcc": number(peak)}),
                    Node("LaneOffsetTarget", {}, (Node("AbsoluteTargetLaneOffset", {"value": number(offset_m)}),)),
                )),))  # fmt: skip
            case FollowPath():
                return self.trajectory(item)
            case _:
                raise TypeError(f"{type(item).__name__} is no action")

    def trajectory(self, item: FollowPath) -> Node:
        poses = [self.poser.pose(Place(item.route, s, d)) for s, d in item.points_m]
        headings = [math.atan2(b[1] - a[1], b[0] - a[0]) for a, b in itertools.pairwise(poses)] or [poses[0][3]]
        headings.append(headings[-1])
        times = [0.0, *itertools.accumulate(
            math.dist(a[:2], b[:2]) / max(item.speed_mps, 0.01) for a, b in itertools.pairwise(poses))]  # fmt: skip
        vertices = tuple(
            Node("Vertex", {"time": number(time)}, (Node("Position", {}, (
                Node("WorldPosition", {"x": number(x), "y": number(y), "z": number(z), "h": number(yaw)}),)),))
            for (x, y, z, _), yaw, time in zip(poses, headings, times, strict=True))  # fmt: skip
        if len(vertices) == 1:
            vertices = (*vertices, Node("Vertex", {"time": "0.01"}, vertices[0].children))
        name = f"{self.actor.id} path {len(self.events) + 1}"
        return Node("RoutingAction", {}, (Node("FollowTrajectoryAction", {}, (
            Node("TrajectoryRef", {}, (Node("Trajectory", {"name": name, "closed": "false"}, (
                Node("Shape", {}, (Node("Polyline", {}, vertices),)),)),)),
            Node("TimeReference", {}, (
                Node("Timing", {"domainAbsoluteRelative": "relative", "scale": "1", "offset": "0"}),)),
            Node("TrajectoryFollowingMode", {"followingMode": "position"}),
        )),))  # fmt: skip


def events_of(actor: Actor, poser: Poser) -> tuple[tuple[Node, ...], list[str]]:
    """Events of an actor's behaviour, and what is said less exactly."""
    writer = _Writer(actor, poser, route=actor.start.route)
    if actor.behaviour is not None:
        writer.tree(actor.behaviour, _Since())
    return tuple(writer.events), writer.notes


def _speed(speed_mps: float, rate_mps2: float | None) -> Node:
    dynamics = {"dynamicsShape": "step", "dynamicsDimension": "time", "value": "0"}
    if rate_mps2 is not None:
        dynamics = {"dynamicsShape": "linear", "dynamicsDimension": "rate", "value": number(rate_mps2)}
    return Node("LongitudinalAction", {}, (Node("SpeedAction", {}, (
        Node("SpeedActionDynamics", dynamics),
        Node("SpeedActionTarget", {}, (Node("AbsoluteTargetSpeed", {"value": number(speed_mps)}),)),
    )),))  # fmt: skip


def _condition(name: str, content: Node, delay_s: float = 0.0) -> Node:
    return Node("Condition", {"name": name, "delay": number(delay_s), "conditionEdge": "none"}, (content,))


def at_time(time_s: float) -> Node:
    """A condition that holds from a simulation time on."""
    value = Node("SimulationTimeCondition", {"value": number(time_s), "rule": "greaterOrEqual"})
    return _condition(f"time {number(time_s)}", Node("ByValueCondition", {}, (value,)))


def _by_entity(entity: str, tag: str, attributes: dict[str, str], *children: Node) -> Node:
    return _condition(tag, Node("ByEntityCondition", {}, (
        Node("TriggeringEntities", {"triggeringEntitiesRule": "any"}, (Node("EntityRef", {"entityRef": entity}),)),
        Node("EntityCondition", {}, (Node(tag, attributes, children),)),
    )))  # fmt: skip


def number(value: float) -> str:
    """A number as the file holds it: ten significant digits, no negative zero."""
    text = f"{value:.10g}"
    return "0" if text == "-0" else text
