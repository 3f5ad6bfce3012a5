"""Behaviour trees flattened into phases: what each waits for, when it fires, what it does.

A sequence makes each step need all phases that end the step before it; parallel branches need the same ones. A
phase's needs are bits of a 64-bit mask over the phases of its actor.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from driving_data.errors import Unsupported
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
from scenarios.types.cargo import SIDES
from sim_bridge.embedded.layout import (
    BRAKE_LOSS,
    DO_CHANGE_LANE,
    DO_CHANGE_SPEED,
    DO_DROP,
    DO_FAIL,
    DO_FOLLOW_PATH,
    DO_KEEP_SPEED,
    DO_MOVE_SIDEWAYS,
    DO_NOTHING,
    DO_OPEN_DOOR,
    DO_WAIT,
    FLAT_FRONT,
    FLAT_REAR,
    ON_AHEAD,
    ON_DISTANCE,
    ON_NOTHING,
    ON_REACH,
    ON_TIME,
    ON_TIME_GAP,
    ON_TTC,
    STEER_LOSS,
)

MAX_PHASES = 62
SPEED_CHANNEL, LATERAL_CHANNEL = "speed", "lateral position"


@dataclass(frozen=True, slots=True)
class Phase:
    """One row of an actor's phase table; `path` is the index of a path in the world, -1 for none.

    `other` is the index of the actor that the trigger looks at, -1 for none; `label` names the node in events.
    """

    kind: int
    need: int
    trigger: int
    other: int
    path: int
    a: float
    b: float
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """How a behaviour's names become indices.

    Attributes:
        actor: index of an actor by id.
        lane_path: index of the path of a route in this world and +1, or -1 where the actor drives along it backwards;
            takes the route and the label of the node.
        walk_path: index of the path through the points of a `FollowPath`.
        loose: index of the cargo or door that the node of that label lets go.
        against: whether the actor drives its own route backwards, so that left of the route is to its right.
        route_length_m: length of the actor's own route where it drives it backwards, else None.
    """

    actor: Callable[[str], int]
    lane_path: Callable[[str, str], tuple[int, float]]
    walk_path: Callable[[FollowPath], int]
    loose: Callable[[str], int]
    against: bool = False
    route_length_m: float | None = None


@dataclass(frozen=True, slots=True)
class _Tree:
    lookup: Lookup
    phases: list[Phase] = field(default_factory=lambda: [])


def flatten(behaviour: Behaviour | None, lookup: Lookup, step_s: float) -> tuple[Phase, ...]:
    """The phases of a behaviour, each behind those that it needs.

    Raises:
        Unsupported: a node cannot be played; the message names it.
    """
    tree = _Tree(lookup)
    if behaviour is not None:
        _add(tree, behaviour, 0, "behaviour", step_s)
    return tuple(tree.phases)


def _add(tree: _Tree, node: Behaviour, need: int, label: str, step_s: float) -> int:
    """Adds a node that needs the phases of mask `need`; returns the mask of phases whose end is its end."""
    if isinstance(node, Sequence):
        for k, step in enumerate(node.steps):
            need = _add(tree, step, need, f"{label}.steps[{k}]", step_s)
        return need
    if isinstance(node, Parallel):
        _refuse_shared_channels(node, label)
        ends = 0
        for k, branch in enumerate(node.branches):
            ends |= _add(tree, branch, need, f"{label}.branches[{k}]", step_s)
        return ends
    if isinstance(node, When):
        kind, other, value = _trigger(node.trigger, tree.lookup, label)
        gate = _append(tree, Phase(DO_NOTHING, need, kind, other, -1, 0.0, 0.0, value, f"{label}.trigger"))
        return _add(tree, node.then, gate, f"{label}.then", step_s)
    return _append(tree, _action(node, need, tree.lookup, label, step_s))


def _append(tree: _Tree, phase: Phase) -> int:
    if len(tree.phases) >= MAX_PHASES:
        raise Unsupported(f"{phase.label}: the embedded simulator plays at most {MAX_PHASES} actions per actor")
    tree.phases.append(phase)
    return 1 << (len(tree.phases) - 1)


def _action(node: Behaviour, need: int, lookup: Lookup, label: str, step_s: float) -> Phase:
    def phase(kind: int, a: float, b: float = 0.0, path: int = -1) -> Phase:
        return Phase(kind, need, ON_NOTHING, -1, path, a, b, 0.0, label)

    if isinstance(node, KeepSpeed):
        return phase(DO_KEEP_SPEED, node.speed_mps)
    if isinstance(node, ChangeSpeed):
        return phase(DO_CHANGE_SPEED, node.speed_mps, abs(node.rate_mps2))
    if isinstance(node, ChangeLane):
        path, sign = lookup.lane_path(node.route, label)
        return phase(DO_CHANGE_LANE, sign * node.offset_m, max(node.duration_s, step_s), path)
    if isinstance(node, MoveSideways):
        offset = -node.offset_m if lookup.against else node.offset_m
        return phase(DO_MOVE_SIDEWAYS, offset, max(node.duration_s, step_s))
    if isinstance(node, FollowPath):
        return phase(DO_FOLLOW_PATH, node.speed_mps, path=lookup.walk_path(node))
    if isinstance(node, Wait):
        return phase(DO_WAIT, node.duration_s)
    if isinstance(node, Failure):
        other = lookup.actor(node.actor) if node.actor else -1
        column, loss = failure_of(node)
        return Phase(DO_FAIL, need, ON_NOTHING, other, -1, float(column), loss, 0.0, label)
    if isinstance(node, DropCargo):
        return Phase(DO_DROP, need, ON_NOTHING, lookup.loose(label), -1, 0.0, 0.0, 0.0, label)
    if isinstance(node, OpenDoor):
        side = float(SIDES.index(node.side))
        return Phase(DO_OPEN_DOOR, need, ON_NOTHING, lookup.loose(label), -1, side, node.duration_s, 0.0, label)
    if isinstance(node, FailSignal | FaultSensor | Show):
        # Begins and ends at once; `triggered` reads when, and does the rest.
        return phase(DO_NOTHING, 0.0)
    raise Unsupported(f"{label}: the embedded simulator cannot play {type(node).__name__}")


def failure_of(node: Failure) -> tuple[int, float]:
    """Column of the state that a failure writes, and what it writes: the share lost, signed by side for a tyre."""
    loss = 1.0 - node.remaining
    if node.part == "tyre":
        return FLAT_FRONT if node.wheel.startswith("front") else FLAT_REAR, loss if node.wheel.endswith(
            "left"
        ) else -loss
    return BRAKE_LOSS if node.part == "brakes" else STEER_LOSS, loss


def _trigger(trigger: Trigger, lookup: Lookup, label: str) -> tuple[int, int, float]:
    if isinstance(trigger, AtTime):
        return ON_TIME, -1, trigger.time_s
    if isinstance(trigger, ReachS):
        length = lookup.route_length_m
        return ON_REACH, -1, trigger.s_m if length is None else length - trigger.s_m
    if isinstance(trigger, DistanceBelow):
        return ON_DISTANCE, lookup.actor(trigger.actor), trigger.distance_m
    if isinstance(trigger, TimeGapBelow):
        return ON_TIME_GAP, lookup.actor(trigger.actor), trigger.time_s
    if isinstance(trigger, TimeToCollisionBelow):
        return ON_TTC, lookup.actor(trigger.actor), trigger.time_s
    return _trigger_ahead(trigger, lookup, label)


def _trigger_ahead(trigger: object, lookup: Lookup, label: str) -> tuple[int, int, float]:
    if isinstance(trigger, AheadOf):
        return ON_AHEAD, lookup.actor(trigger.actor), trigger.distance_m
    raise Unsupported(f"{label}.trigger: the embedded simulator knows no trigger {type(trigger).__name__}")


def channels(node: Behaviour) -> frozenset[str]:
    """The channels that a behaviour claims."""
    if isinstance(node, (KeepSpeed, ChangeSpeed)):
        return frozenset({SPEED_CHANNEL})
    if isinstance(node, (ChangeLane, MoveSideways)):
        return frozenset({LATERAL_CHANNEL})
    if isinstance(node, FollowPath):
        return frozenset({SPEED_CHANNEL, LATERAL_CHANNEL})
    if isinstance(node, When):
        return channels(node.then)
    if isinstance(node, Sequence):
        return frozenset().union(*(channels(step) for step in node.steps))
    if isinstance(node, Parallel):
        return frozenset().union(*(channels(branch) for branch in node.branches))
    return frozenset()


def _refuse_shared_channels(node: Parallel, label: str) -> None:
    claimed: dict[str, int] = {}
    for k, branch in enumerate(node.branches):
        for channel in sorted(channels(branch)):
            if channel in claimed:
                raise Unsupported(
                    f"{label}.branches[{k}]: claims the {channel} that branches[{claimed[channel]}] already moves"
                )
            claimed[channel] = k
