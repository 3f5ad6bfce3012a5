"""Actions and conditions of a storyboard as English phrases."""

from collections.abc import Callable, Iterator
from math import degrees

from driving_data.taxonomy import SignalState
from scenarios import storyboard as sb
from scenarios.language.describe.text import length_text, speed_text
from scenarios.openscenario.deeds import Deed

Name = Callable[[str], str]
_MANNERS = {
    "cut_in": "cuts in", "cut_out": "cuts out", "lane_change_left": "changes to a lane on its left",
    "lane_change_right": "changes to a lane on its right",
}  # fmt: skip
_COMPARED = {
    "greaterThan": "more than", "greaterOrEqual": "at least", "lessThan": "less than", "lessOrEqual": "at most",
    "equalTo": "exactly", "notEqualTo": "other than",
}  # fmt: skip
_TEMPO = {"step": "at once", "linear": "evenly", "sinusoidal": "smoothly", "cubic": "smoothly"}
STARTED = ("startTransition", "runningState")


def deed_text(deed: Deed, name: Name) -> str:
    """What somebody does, in the third person; '' for what changes nothing that is seen."""
    action = deed.action
    if isinstance(action, sb.Speed):
        return _speed(deed, action, name)
    if isinstance(action, sb.SpeedProfile):
        end = f" and ends at {_kmh(action.entries[-1].speed_mps)}" if action.entries and not action.entity else ""
        return f"follows a speed profile{end}"
    if isinstance(action, sb.LaneChange):
        manner = _MANNERS.get(deed.word, "changes lanes")
        if deed.word == "cut_in":
            manner = "cuts in into the lane of the ego"
        if deed.word == "cut_out":
            manner = "cuts out of the lane of the ego"
        return f"{manner}{_during(action.dynamics)}"
    if isinstance(action, sb.FollowTrajectory):
        return "crosses the road along a trajectory" if deed.word == "cross" else "follows a trajectory"
    if isinstance(action, sb.Synchronize):
        speed = action.final_speed
        fast = f", at {_kmh(speed.value)}" if speed is not None and not speed.entity else ""
        return f"arrives at its place when {name(action.master)} is at its own{fast}"
    return _beside(action, name) or _elsewhere(action, name)


def _beside(action: sb.Action, name: Name) -> str:
    """What relates somebody to somebody else, or to the middle of the lane."""
    if isinstance(action, sb.LongitudinalDistance):
        asked = [f"{action.time_gap_s:.10g} s"] if action.time_gap_s is not None else []
        asked += [_metres(action.distance_m)] if action.distance_m is not None else []
        return (
            f"{'keeps' if action.continuous else 'takes'} a distance of {' or '.join(asked)} to {name(action.entity)}"
        )
    if isinstance(action, sb.LateralDistance):
        return f"keeps {_metres(action.distance_m)} beside {name(action.entity)}"
    if isinstance(action, sb.LaneOffset):
        if action.entity:
            return f"moves sideways in its lane as {name(action.entity)} does"
        if abs(action.offset_m) < 0.005:
            return "moves back to the middle of its lane"
        return f"moves {_metres(abs(action.offset_m))} to the {'left' if action.offset_m > 0 else 'right'} in its lane"
    if isinstance(action, sb.ConnectTrailer):
        return f"couples the trailer {action.trailer}" if action.trailer else "uncouples its trailer"
    return ""


def _elsewhere(action: sb.Action, name: Name) -> str:
    """What changes places, lights and the world."""
    if isinstance(action, sb.Teleport):
        return "is put elsewhere at once"
    if isinstance(action, sb.AssignRoute):
        return "follows a route"
    if isinstance(action, sb.AcquirePosition):
        return "drives to a place"
    if isinstance(action, sb.RandomRoute):
        return "chooses its way by chance"
    if isinstance(action, sb.LightState):
        light = _spaced(action.light)
        return f"switches its {light} off" if action.mode == "off" else f"switches its {light} {_lit(action.mode)}"
    if isinstance(action, sb.AddEntity):
        return f"{name(action.entity)} appears"
    if isinstance(action, sb.DeleteEntity):
        return f"{name(action.entity)} disappears"
    if isinstance(action, sb.SetEnvironment):
        sky = action.environment
        return f"the weather becomes {sky.weather()}, the light {sky.light()}"
    if isinstance(action, sb.SetSignal):
        return f"the traffic light {action.signal} shows {lamps(action.state)}"
    if isinstance(action, sb.SetSignalController):
        return f"the traffic lights of {action.controller} go to phase {action.phase}"
    return ""


def lamps(text: str) -> str:
    """'off;on;off' as 'yellow'; lamps of which it is not known which they are as the file has them."""
    state = sb.signal_state(text)
    known = text.count(";") == 2 or (";" not in text and state != SignalState.OFF)
    return state.name.lower().replace("_", " and ") if known else text


def _lit(mode: str) -> str:
    return "to flashing" if mode == "flashing" else "on"


def _spaced(words: str) -> str:
    """'indicatorLeft' as 'indicator left'."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in words).strip()


def _speed(deed: Deed, action: sb.Speed, name: Name) -> str:
    target = action.target
    goal = _kmh(abs(deed.speed_mps)) if deed.speed_mps is not None else ""
    if target.entity and target.kind != "absolute":
        factor = "" if target.value == 1.0 else f"{target.value:.10g} times "
        relative = f"{factor}the speed of {name(target.entity)}"
        if target.kind == "delta":
            much = f"{_kmh(abs(target.value))} {'above' if target.value > 0 else 'below'} " if target.value else ""
            relative = f"{much}the speed of {name(target.entity)}"
        goal = relative
    if deed.happening is None:
        return f"crosses the road at {goal}" if deed.word == "cross" else f"drives at {goal}"
    how = _during(action.dynamics)
    if deed.word == "stop":
        return f"brakes to a stop{how}"
    if deed.word == "cross":
        return f"sets out across the road at {goal}{how}"
    verb = {"brake": "brakes to", "accelerate": "accelerates to", "reverse": "reverses at"}.get(deed.word, "drives at")
    return f"{verb} {goal}{how}"


def _during(dynamics: sb.Dynamics) -> str:
    if dynamics.shape == "step" or not dynamics.value:
        return ""
    value = abs(dynamics.value)
    if dynamics.dimension == "time":
        return f" within {value:.10g} s"
    if dynamics.dimension == "distance":
        return f" within {_metres(value)}"
    return f" with {round(value, 2):.10g} m/s²" if dynamics.shape == "linear" else ""


def _kmh(speed_mps: float) -> str:
    return speed_text((speed_mps, speed_mps))


def _metres(length_m: float | None) -> str:
    return length_text(None if length_m is None else (round(length_m, 2), round(length_m, 2)))


def condition_text(condition: sb.Condition, name: Name, board: sb.Storyboard) -> str:
    """When something happens, as 'when the ego ...' or 'after 5 s'; '' for at once."""
    found = next(filter(None, (rule(condition, name, board) for rule in (_by_value, _by_place, _by_motion))), "")
    late = f", {condition.delay_s:.10g} s later" if condition.delay_s and found else ""
    return f"{found}{late}"


def _by_value(condition: sb.Condition, name: Name, board: sb.Storyboard) -> str:
    what = condition.what
    if isinstance(what, sb.OnTime):
        seconds = what.than.value + condition.delay_s
        return f"after {round(seconds, 2):.10g} s" if seconds > 0.051 and what.than.rule.startswith("great") else ""
    if isinstance(what, sb.OnElement):
        return _element(what, name, board)
    if isinstance(what, sb.OnValue | sb.OnUserValue):
        return f"when {what.name} is {_COMPARED.get(what.rule, what.rule)} {what.value}"
    if isinstance(what, sb.OnSignal):
        return f"when the traffic light {what.signal} shows {lamps(what.state)}"
    if isinstance(what, sb.OnSignalController):
        return f"when the traffic lights of {what.controller} are in phase {what.phase}"
    if isinstance(what, sb.OnTimeOfDay):
        return "at a time of day"
    return ""


def _element(what: sb.OnElement, name: Name, board: sb.Storyboard) -> str:
    """Refers to another event by what is done there; '' for elements that begin with the scenario."""
    for actors, element, deeds in _elements(board):
        if element in (what.element, what.element.split("::")[-1].split("/")[-1]):
            doers = " and ".join(name(actor) for actor in actors) or "that"
            if what.state in STARTED:
                return f"as {doers} begins with {deeds}"
            return f"after {doers} has ended {deeds}"
    return ""


def is_then(condition: sb.Condition, board: sb.Storyboard) -> bool:
    """Whether a condition waits for the end of another element."""
    return isinstance(condition.what, sb.OnElement) and condition.what.state not in STARTED


_NAMES: dict[type, str] = {
    sb.Speed: "its change of speed", sb.SpeedProfile: "its speed profile", sb.LaneChange: "its lane change",
    sb.LaneOffset: "its move in the lane", sb.FollowTrajectory: "its trajectory", sb.Synchronize: "its approach",
    sb.LongitudinalDistance: "keeping its distance", sb.LateralDistance: "keeping its distance",
    sb.AssignRoute: "its route", sb.AcquirePosition: "its route", sb.Teleport: "its jump",
}  # fmt: skip


def _elements(board: sb.Storyboard) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Events and actions by name with who acts and what is done."""
    for story in board.stories:
        for act in story.acts:
            for group in act.groups:
                for maneuver in group.maneuvers:
                    for event in maneuver.events:
                        done = next((_NAMES[type(a.action)] for a in event.actions if type(a.action) in _NAMES), "")
                        for key in (event.name, *(named.name for named in event.actions)) if done else ():
                            yield group.actors, key, done


def _who(condition: sb.Condition, name: Name) -> str:
    joint = " or " if condition.rule == "any" else " and "
    return joint.join(name(entity) for entity in condition.entities) or "somebody"


def _by_place(condition: sb.Condition, name: Name, board: sb.Storyboard) -> str:
    what, who = condition.what, _who(condition, name)
    if isinstance(what, sb.Headway):
        return f"when the time headway of {who} to {name(what.entity)} is {_compared(what.than)} s"
    if isinstance(what, sb.TimeToCollision):
        other = name(what.entity) if what.entity else "a place"
        return f"when the time to collision of {who} with {other} is {_compared(what.than)} s"
    if isinstance(what, sb.RelativeDistance):
        return f"when {who} is {_compared(what.than)} m from {name(what.entity)}"
    if isinstance(what, sb.DistanceTo):
        return f"when {who} is {_compared(what.than)} m from a place"
    if isinstance(what, sb.Reaches):
        near = next((f" of {name(value)}" for field in ("entity",) if (value := getattr(what.position, field, ""))), "")
        return f"when {who} reaches {'the place' if near else 'a place'}{near}"
    if isinstance(what, sb.Travelled):
        return f"when {who} has driven {_metres(what.distance_m)}"
    if isinstance(what, sb.Collides):
        return f"when {who} touches {name(what.entity) if what.entity else with_type(what.type)}"
    if isinstance(what, sb.Clearance):
        return f"when the way of {who} is free"
    if isinstance(what, sb.AtEndOfRoad):
        return f"when {who} is at the end of the road"
    return f"when {who} is off the road" if isinstance(what, sb.OffRoad) else ""


def with_type(kind: str) -> str:
    """'a vehicle', 'a pedestrian', 'something'."""
    return f"a {kind}" if kind in ("vehicle", "pedestrian") else "something"


def _by_motion(condition: sb.Condition, name: Name, board: sb.Storyboard) -> str:
    what, who = condition.what, _who(condition, name)
    if isinstance(what, sb.HasSpeed):
        return f"when {who} drives at {_COMPARED.get(what.than.rule, '')} {_kmh(what.than.value)}".replace("  ", " ")
    if isinstance(what, sb.HasRelativeSpeed):
        return (
            f"when {who} is {_COMPARED.get(what.than.rule, '')} {_kmh(what.than.value)} faster than {name(what.entity)}"
        )
    if isinstance(what, sb.HasAcceleration):
        return f"when {who} accelerates with {_compared(what.than)} m/s²"
    if isinstance(what, sb.StandsStill):
        return f"when {who} has stood for {what.duration_s:.10g} s"
    return f"when {who} is turned by {degrees(what.angle_rad):.0f}°" if isinstance(what, sb.HasAngle) else ""


def _compared(than: sb.Comparison) -> str:
    return f"{_COMPARED.get(than.rule, than.rule)} {round(than.value, 3):.10g}"
