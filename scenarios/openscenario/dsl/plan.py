"""Acts of a timeline into what each actor does in our own words: lanes, places, speeds and steps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from driving_data.errors import Fault
from scenarios.openscenario.dsl import tree
from scenarios.openscenario.dsl.timeline import ACCELERATION, METRES, SPEED, Act, Timeline
from scenarios.openscenario.dsl.values import ActorReference, Value, arithmetic, evaluate, number, quantity

DEFAULT_SPEED_MPS, DEFAULT_RATE, LONGEST_LANE_CHANGE_S = 30.0 / 3.6, "3 m/s2", 8.0
_HELD = ("keep_lane", "keep_speed", "follow_lane", "keep_position", "lateral")


@dataclass(slots=True)
class Plan:
    """What is known of one actor.

    Attributes:
        name: its name.
        lane: present lane, counted from the left from 1.
        first_lane: lane at the beginning.
        start: metres ahead of another actor at the beginning.
        speed: at the beginning.
        now: present speed.
        offset: present metres ahead of another actor.
        steps: what it does, as steps of a scenario file.
        fastest: largest speed that it may have.
    """

    name: str
    lane: int | None = None
    first_lane: int = 1
    start: tuple[str, Value] | None = None
    speed: Value | None = None
    now: Value | None = None
    offset: tuple[str, Value] | None = None
    steps: list[dict[str, Any]] = field(default_factory=lambda: [])
    fastest: float = 0.0


class Planner:
    """Makes the plans of one timeline."""

    def __init__(self, timeline: Timeline, ego: str, file: str) -> None:
        self.timeline, self.ego, self._file = timeline, ego, file
        self.plans = {name: Plan(name) for name in timeline.actors if any(a.actor == name for a in timeline.acts)}
        self.assumed: list[str] = []
        self.lanes = max(2, timeline.lanes)

    def run(self) -> None:
        """Makes every plan; what is assumed and what is dropped is noted."""
        firsts = {name: next(a for a in self.timeline.acts if a.actor == name) for name in self.plans}
        self._first_lanes(firsts)
        for act in self.timeline.acts:
            self._act(act, firsts[act.actor] is act)
        for name in self.timeline.actors:
            if name not in self.plans:
                self.assumed.append(f"actors.{name} = left out: it does nothing in {self._file}")

    def drop(self, spot: tree.Spot, found: str, expected: str) -> None:
        """Notes what has no counterpart."""
        entry = Fault(self._file, spot.line, spot.column, "", "not-translated", found, expected)
        if entry not in self.timeline.dropped:
            self.timeline.dropped.append(entry)

    def _first_lanes(self, firsts: dict[str, Act]) -> None:
        """Lanes at the beginning; a lane beside another actor's waits until that one is known."""
        wanted = {name: [m for m in act.modifiers if m.name == "lane" and at_of(m) != "end"]
                  for name, act in firsts.items()}  # fmt: skip
        for _ in range(len(firsts) + 1):
            for name, modifiers in wanted.items():
                for modifier in modifiers:
                    lane = self._lane(modifier, firsts[name])
                    if lane is not None and self.plans[name].lane is None:
                        self.plans[name].lane = lane
            if all(plan.lane is not None for plan in self.plans.values()):
                break
            unknown = next(name for name in self.plans if self.plans[name].lane is None)
            if not wanted[unknown]:
                self.plans[unknown].lane = 1
                self.assumed.append(f"{self._path(unknown)}.on = lane 1 from the left: no lane is given")
        for plan in self.plans.values():
            plan.lane = plan.first_lane = plan.lane if plan.lane is not None else 1
            self.lanes = max(self.lanes, plan.lane)

    def _lane(self, modifier: tree.Modifier, act: Act) -> int | None:
        """The lane that a modifier asks for; None where it hangs on an actor whose lane is not known yet."""
        for argument in _computed(modifier):
            value = evaluate(argument.value, act.scope)
            if isinstance(value, Value) and argument.name in ("", "lane"):
                return max(1, round(value.low))
            if isinstance(value, ActorReference) and argument.name in _BESIDE:
                other = self.plans.get(value.name)
                if other is None or other.lane is None:
                    return None
                return max(1, other.lane + _BESIDE[argument.name])
        return None

    def _act(self, act: Act, first: bool) -> None:
        plan = self.plans[act.actor]
        speed: Value | None = None
        rate = DEFAULT_RATE
        lane: int | None = None
        for modifier in act.modifiers:
            match modifier.name:
                case "speed" | "assign_speed" | "set_speed":
                    speed = self._argument(modifier, act, SPEED, "speed")
                case "change_speed":
                    change = self._argument(modifier, act, SPEED, "change")
                    speed = _plus(self._now(plan), change) if change is not None else None
                case "acceleration" | "assign_acceleration":
                    speed, rate = self._accelerated(modifier, act, plan)
                case "position":
                    speed = self._position(modifier, act, plan, first) or speed
                case "lane":
                    lane = self._lane(modifier, act) if at_of(modifier) == "end" or not first else lane
                case "change_lane":
                    lane = self._changed_lane(modifier, act, plan)
                case name if name in _HELD:
                    pass
                case _:
                    self.drop(modifier.spot, f"{modifier.name}(...)", "speed, lane, position, change_speed, "
                              "change_lane, acceleration or keep_lane")  # fmt: skip
        self._apply(plan, act, speed, rate, lane, first)

    def _apply(self, plan: Plan, act: Act, speed: Value | None, rate: str, lane: int | None, first: bool) -> None:
        if first and not _begins_late(act):
            plan.speed = speed if speed is not None else self._default_speed(plan)
            plan.now, speed = self._shown(plan), None
        elif plan.speed is None:
            plan.speed = self._default_speed(plan)
            plan.now = self._shown(plan)
        moving: dict[str, Any] = {}
        held = plan.speed if plan.now == self._shown(plan) else plan.now
        if speed is not None and speed != held:
            moving["change_speed"] = {
                "to": f"max({speed.text}, 0 m/s)" if speed.low < 0.0 else speed.text,
                "rate": rate,
            }
            plan.now = speed
        if lane is not None and lane != plan.lane:
            self.lanes = max(self.lanes, lane)
            moving["change_lane"] = {"to": LaneName(lane), "within": _within(act)}
            plan.lane = lane
        plan.fastest = max(plan.fastest, self._now(plan).high)
        if moving:
            self._moving(plan, act, moving)

    def _moving(self, plan: Plan, act: Act, moving: dict[str, Any]) -> None:
        if plan.name == self.ego:
            doing = " and ".join(word.replace("_", " ") for word in moving)
            phase = f" in {act.label}" if act.label else ""
            self.drop(act.spot, f"the ego shall {doing}{phase}", "the policy drives the ego; only its start is set")
            return
        step: dict[str, Any] = dict(moving) if len(moving) == 1 else {"parallel": [{k: v} for k, v in moving.items()]}
        when = self._when(plan, act)
        plan.steps.append({"when": when, **step} if when else step)

    def _when(self, plan: Plan, act: Act) -> str:
        if act.trigger:
            actor, _, length = act.trigger.partition(" drove ")
            if actor == plan.name:
                return f"s >= {plan.name}.at + {length}"
            self.drop(act.spot, f"waits until {act.trigger}", "a distance that the actor itself has driven")
        return f"time >= {act.start.text}" if _begins_late(act) else ""

    def _argument(self, modifier: tree.Modifier, act: Act, exponents: Any, name: str) -> Value | None:
        """The first number among a modifier's arguments, or the one of that name."""
        for argument in _computed(modifier):
            if argument.name in ("", name, modifier.name, "target", "rate", "speed"):
                hint = f"{act.actor}_{name}"
                value = evaluate(argument.value, act.scope, hint)
                if isinstance(value, Value):
                    return quantity(argument.value, act.scope, exponents, hint)
                self.drop(modifier.spot, f"{modifier.name} of {value!r}", "a number with its unit")
        return None

    def _accelerated(self, modifier: tree.Modifier, act: Act, plan: Plan) -> tuple[Value | None, str]:
        rate = self._argument(modifier, act, ACCELERATION, "acceleration")
        if rate is None or act.duration is None:
            self.drop(modifier.spot, "acceleration without a duration", "a phase with a duration")
            return None, DEFAULT_RATE
        change = arithmetic("*", [rate, act.duration])
        size = max(abs(rate.low), abs(rate.high), 0.01)
        return (_plus(self._now(plan), change) if change is not None else None), f"{size:.6g} m/s2"

    def _position(self, modifier: tree.Modifier, act: Act, plan: Plan, first: bool) -> Value | None:
        """A place ahead of or behind another: a start, or the speed that gets there by the end of the phase."""
        other, distance, sign = "", None, 1.0
        for argument in _computed(modifier):
            value = evaluate(argument.value, act.scope, f"{act.actor}_distance")
            if isinstance(value, ActorReference):
                other, sign = value.name, -1.0 if argument.name == "behind" else 1.0
            elif isinstance(value, Value):
                distance = quantity(argument.value, act.scope, METRES, f"{act.actor}_distance")
        if distance is None or other not in self.plans:
            self.drop(modifier.spot, "a position without a distance and an actor", "position(15m, behind: npc)")
            return None
        ahead = distance if sign > 0.0 else arithmetic("-", [distance])
        assert ahead is not None
        if first and at_of(modifier) != "end":
            plan.start = plan.offset = (other, ahead)
            return None
        return self._reaching(modifier, act, plan, other, ahead)

    def _reaching(self, modifier: tree.Modifier, act: Act, plan: Plan, other: str, ahead: Value) -> Value | None:
        if at_of(modifier) != "end" or act.duration is None:
            self.drop(modifier.spot, "a position that is held or reached at no stated time", "at: start or at: end")
            return None
        if plan.offset is None or plan.offset[0] != other:
            self.assumed.append(f"{self._path(plan.name)}.at = beside {other}: no place at the start is given")
            plan.start = plan.offset = (other, number(0.0, METRES))
        way = arithmetic("-", [ahead, plan.offset[1]])
        assert way is not None
        gain = arithmetic("/", [way, act.duration])
        plan.offset = (other, ahead)
        return _plus(self._now(self.plans[other]), gain) if gain is not None else None

    def _changed_lane(self, modifier: tree.Modifier, act: Act, plan: Plan) -> int | None:
        count, side = 1.0, "left"
        for argument in modifier.arguments:
            # A side is a word of an enumeration, which no scope holds.
            word = argument.value.text if isinstance(argument.value, tree.Name) else ""
            if word in ("left", "right", "inside", "outside", "same") or argument.name == "side":
                side = word or side
                continue
            value = evaluate(argument.value, act.scope)
            if isinstance(value, Value):
                count = value.low
                if not value.constant:
                    self.assumed.append(f"{self._path(plan.name)} = moves over by {count:g}: the least of the range")
        if plan.lane is None:
            return None
        lane = plan.lane + round(count) * (1 if side in ("right", "outside") else -1)
        if lane < 1:
            self.assumed.append(f"{self._path(plan.name)} = stays in lane 1: there is none further left")
        return max(1, lane)

    def _now(self, plan: Plan) -> Value:
        return plan.now if plan.now is not None else self._shown(plan)

    def _shown(self, plan: Plan) -> Value:
        """Its speed at the beginning, as other expressions read it."""
        speed = plan.speed if plan.speed is not None else number(DEFAULT_SPEED_MPS, SPEED)
        return Value(f"{self._path(plan.name, '')}.speed", speed.low, speed.high, SPEED)

    def _default_speed(self, plan: Plan) -> Value:
        """30 km/h, or the ego's speed for the others."""
        if plan.name != self.ego and self.ego in self.plans:
            self.assumed.append(f"{self._path(plan.name)}.speed = the ego's: none is given")
            return self._now(self.plans[self.ego])
        self.assumed.append(f"{self._path(plan.name)}.speed = 30 km/h: none is given")
        return number(DEFAULT_SPEED_MPS, SPEED, "km/h", 1 / 3.6)

    def _path(self, name: str, folder: str = "actors.") -> str:
        return "ego" if name == self.ego else f"{folder}{name}"


@dataclass(frozen=True, slots=True)
class LaneName:
    """A lane counted from the left; its route is named when the number of lanes is known."""

    lane: int


_BESIDE = {"right_of": 1, "left_of": -1, "same_as": 0}
Resolve = Callable[[LaneName], str]


def at_of(modifier: tree.Modifier) -> str:
    """`start`, `end`, or empty for the whole phase."""
    for argument in modifier.arguments:
        if argument.name == "at" and isinstance(argument.value, tree.Name):
            return argument.value.text
    return ""


def _computed(modifier: tree.Modifier) -> list[tree.Argument]:
    """Arguments that are values; `at: start` is a word."""
    return [argument for argument in modifier.arguments if argument.name != "at"]


def _begins_late(act: Act) -> bool:
    return act.start.high > 0.0


def _within(act: Act) -> str:
    if act.duration is None or act.duration.high > LONGEST_LANE_CHANGE_S:
        return "5 s"
    return act.duration.text


def _plus(one: Value, two: Value | None) -> Value | None:
    return arithmetic("+", [one, two]) if two is not None else None
