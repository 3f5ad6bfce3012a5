"""Actions at work: what each action of a storyboard does while it runs, and which channels of its actor it claims."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from scenarios import storyboard as sb
from sim_bridge.embedded.storyboard.lateral import LaneChangeDoing, LaneOffsetDoing, LateralDistanceDoing
from sim_bridge.embedded.storyboard.longitudinal import DistanceDoing, ProfileDoing, SpeedDoing, SynchronizeDoing
from sim_bridge.embedded.storyboard.positions import place_of
from sim_bridge.embedded.storyboard.routing import (
    FollowDoing,
    FreeRouteDoing,
    RouteDoing,
    TeleportDoing,
    align,
    couple,
)
from sim_bridge.embedded.storyboard.stage import LATERAL, LIGHTS, LONGITUDINAL, Body, Stage
from sim_bridge.embedded.storyboard.transition import Transition


@runtime_checkable
class Doing(Protocol):
    """An action at work.

    `begin` starts it, `go` is called once per step from the same step on; both say whether the action is over.
    """

    domains: int

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        ...

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        ...


@dataclass(slots=True, eq=False)
class LightDoing:
    """Switches a light; a flashing one flashes until another action switches it."""

    spec: sb.LightState
    since: float = 0.0
    domains: int = LIGHTS

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        self.since = stage.time
        body.lamps[self.spec.light] = (self.spec.mode, stage.time, self.spec.on_s, self.spec.off_s)
        return False

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        mode = body.lamps.get(self.spec.light, ("", 0.0, 0.0, 0.0))
        replaced = mode[:2] != (self.spec.mode, self.since)
        return replaced or (self.spec.mode != "flashing" and stage.time - self.since >= self.spec.transition_s)


@dataclass(slots=True, eq=False)
class MomentDoing:
    """What is over in the step in which it begins."""

    effect: Callable[[Stage, Body], None]
    domains: int = 0

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        self.effect(stage, body)
        return False

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        return True


def doing_of(action: sb.PrivateAction) -> Doing:
    """A private action, ready to begin."""
    made = _PRIVATE.get(type(action))
    if made is not None:
        return made(action)
    return MomentDoing(lambda stage, body: _moment(stage, body, action))


def _moment(stage: Stage, body: Body, action: sb.PrivateAction) -> None:
    if isinstance(action, sb.Visibility):
        body.visible = (action.graphics, action.sensors, action.traffic)
    elif isinstance(action, sb.OverrideControls):
        body.overridden.update(action.values)
        for name in action.released:
            body.overridden.pop(name, None)
    elif isinstance(action, sb.ConnectTrailer):
        couple(body, stage.bodies[action.trailer] if action.trailer else None)
    elif isinstance(action, sb.ControllerSwitch):
        stage.notes.append(f"{body.name}: controller {action.controller!r} is not played")


_PRIVATE: dict[type, Callable[[Any], Doing]] = {
    sb.Teleport: TeleportDoing,
    sb.Speed: lambda action: SpeedDoing(action, Transition.of(action.dynamics)),
    sb.SpeedProfile: ProfileDoing,
    sb.LongitudinalDistance: DistanceDoing,
    sb.LaneChange: lambda action: LaneChangeDoing(action, Transition.of(action.dynamics)),
    sb.LaneOffset: lambda action: LaneOffsetDoing(action, Transition("step", "time")),
    sb.LateralDistance: LateralDistanceDoing,
    sb.AssignRoute: RouteDoing,
    sb.AcquirePosition: RouteDoing,
    sb.RandomRoute: FreeRouteDoing,
    sb.FollowTrajectory: lambda action: FollowDoing(
        action, domains=LATERAL if action.timing == "none" else LATERAL | LONGITUDINAL
    ),
    sb.Synchronize: SynchronizeDoing,
    sb.LightState: LightDoing,
}


def do_global(stage: Stage, action: sb.GlobalAction) -> None:
    """Does an action on the world, at once."""
    if isinstance(action, sb.SetEnvironment):
        stage.environment = action.environment
    elif isinstance(action, sb.AddEntity):
        body = stage.bodies[action.entity]
        body.active = True
        body.place.take(place_of(stage, action.position, body))
        body.jumped = True
        align(body)
    elif isinstance(action, sb.DeleteEntity):
        _delete(stage.bodies[action.entity])
    elif isinstance(action, sb.SetValue):
        stage.values[action.name] = action.value
    elif isinstance(action, sb.ModifyValue):
        before = float(stage.values.get(action.name, "0") or 0.0)
        after = before + action.value if action.rule == "add" else before * action.value
        stage.values[action.name] = repr(after)
    elif isinstance(action, sb.SetSignal):
        stage.signals.shown[action.signal] = action.state
    elif isinstance(action, sb.SetSignalController):
        stage.signals.set_phase(action.controller, action.phase, stage.time)
    else:
        stage.notes.append(f"user command {action.kind!r} has no effect")


def _delete(body: Body) -> None:
    found: Body | None = body
    while found is not None:
        found.active = False
        found = found.trailer
