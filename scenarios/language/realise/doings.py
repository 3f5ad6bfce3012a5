"""What each actor does: manoeuvres of the slots as steps, in order; what no action plays is named."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from scenarios.language.realise.ledger import Ledger, Span, closed
from scenarios.language.realise.places import LOOSE, SMALL, Placed, label_of
from scenarios.language.realise.stage import Stage
from scenarios.leaf import Step, TriggerSpec
from scenarios.types.actors import class_of
from scenarios.types.manoeuvres import ACTIONS, step, when

_SHOWN = {"flagger": "stop", "emergency_vehicle": "emergency", "pedestrian": "wave", "child": "wave"}


@dataclass(frozen=True, slots=True)
class Doer:
    """Whose steps are made, on which stage, beside whom."""

    stage: Stage
    placed: Placed
    others: Sequence[Placed]
    speed: Span
    ledger: Ledger

    @property
    def label(self) -> str:
        """Its class."""
        return label_of(self.placed.actor.kind)

    def can(self, action: str) -> bool:
        """Whether its class can do an action."""
        return class_of(self.label) in ACTIONS[action].kinds

    @property
    def pace(self) -> Span:
        """The speed that it goes at once it goes."""
        if self.speed.high > 0.3:
            return self.speed
        if self.placed.actor.speed_mps is not None:
            return closed(self.placed.actor.speed_mps, f"{self.placed.path}.speed_mps", "m/s", self.ledger)
        return WALKING.get(self.placed.actor.kind, Span(4.0, 7.0))


WALKING: Mapping[str, Span] = {
    "pedestrian": Span(1.2, 2.0), "child": Span(1.8, 3.2), "animal": Span(2.0, 4.0), "flagger": Span(1.0, 1.5),
    "bicycle": Span(3.5, 5.5), "e_scooter": Span(3.5, 5.5), "tram": Span(7.0, 11.0),
}  # fmt: skip


# What an actor does from the beginning on, whatever its trigger starts.
STATES = frozenset({"drive_slowly", "follow", "stand_still"})


# Deeds of one who drives along a lane.
_ALONG_LANES = frozenset({
    "cut_in", "cut_out", "merge", "overtake", "follow", "lane_change_left", "lane_change_right", "u_turn",
})  # fmt: skip


def steps_of(doer: Doer) -> tuple[Step, ...]:
    """The steps of an actor, the first of which waits for its trigger."""
    placed, ledger = doer.placed, doer.ledger
    made: list[Step] = []
    deeds = [(j, deed) for j, deed in enumerate(placed.actor.manoeuvre) if not _is_state(doer, j, deed)]
    follows = {j: later for (j, _), (_, later) in pairwise(deeds)}
    for j, deed in deeds:
        path = f"{placed.path}.manoeuvre[{j}]"
        if (deed, follows.get(j)) == ("brake", "stop"):
            continue
        along = placed.role == "crossing" and deed in _ALONG_LANES
        found = "it goes across the road, not along its lanes" if along else _DEEDS[deed](doer)
        if isinstance(found, str):
            ledger.miss(path, deed, found)
            continue
        for item in found:
            waits = _trigger(doer, deed) if not any(other.when for other in made) and deed not in STATES else None
            made.append(_waiting(item, waits))
        if (kind := ACTIONS.get(deed)) is not None and (kind.effect or kind.approximated):
            ledger.miss(path, deed, kind.approximated or "it is kept and tagged; nothing is seen of it")
    if not any(item.when for item in made) and placed.actor.trigger is not None:
        ledger.miss(f"{placed.path}.trigger", placed.actor.trigger.kind, "nothing that is played waits for it")
    return tuple(made)


def _is_state(doer: Doer, j: int, deed: str) -> bool:
    """Whether a deed is the state at the start, which the speed says and a later step ends."""
    standing = deed == "stand_still" and j == 0 and len(doer.placed.actor.manoeuvre) > 1
    return standing or (deed in ("cross", "run_red_light") and doer.placed.actor.kind in LOOSE)


def _waiting(item: Step, trigger: TriggerSpec | None) -> Step:
    return item if trigger is None else replace(item, when=trigger)


def _trigger(doer: Doer, deed: str) -> TriggerSpec | None:
    """What the first step waits for."""
    said, path = doer.placed.actor.trigger, f"{doer.placed.path}.trigger"
    if said is None or said.value is None:
        spec, shown = _usual_trigger(doer, deed)
        if said is not None:
            doer.ledger.assume(path, shown, f"an {said.kind} without a number" if said.kind == "event"
                               else f"a {said.kind} without a number")  # fmt: skip
            if said.kind == "event":
                doer.ledger.miss(
                    path, "event", f"steps wait for places and times, not for deeds; {shown} stands for it"
                )
        elif spec is not None:
            doer.ledger.assume(path, shown, f"nothing is said of when the {doer.placed.name} begins")
        return spec
    unit = "m" if said.kind == "distance" else "s"
    span = closed(said.value, f"{path}.value", unit, doer.ledger)
    if said.kind == "time":
        return when("time", span.text("s"))
    limit = Span(max(span.low, 0.1), max(span.high, 0.1))
    return when(said.kind, limit.text(unit), "ego")


def _usual_trigger(doer: Doer, deed: str) -> tuple[TriggerSpec | None, str]:
    moving = doer.stage.ego_speed.low > 2.0
    if deed == "run_red_light" or deed.startswith("turn_") or (deed == "cross" and doer.placed.role == "arm"):
        return None, "at once"
    if deed in ("cross", "merge") and doer.placed.role in ("crossing", "kerb", "edge") and moving:
        return when("time_gap", "2.2..3.4 s", "ego"), "time_gap(ego) < 2.2..3.4 s"
    if deed == "merge" and doer.placed.role == "ramp":
        return when("s", "275..330 m"), "s >= 275..330 m"
    if deed == "cut_out" and (hidden := _hidden_by(doer)) is not None:
        reach = Span(2.2 * doer.pace.low, 3.0 * doer.pace.high)
        return when("distance", reach.text("m"), hidden.name), f"distance({hidden.name}) < {reach.text('m')}"
    return when("time", "1.5..3.5 s"), "time >= 1.5..3.5 s"


def _hidden_by(doer: Doer) -> Placed | None:
    return next((other for other in doer.others if other.anchor == doer.placed.name), None)


Made = list[Step] | str


def _cut_in(doer: Doer) -> Made:
    if not doer.can("cut_in"):
        return f"a {doer.label} has no lane to change"
    if doer.placed.role in ("arm", "inside") or (doer.stage.junction and doer.placed.role != "kerb"):
        return "the road has one lane per direction here"
    if doer.placed.role == "oncoming":
        return [step("move_sideways", to=f"{doer.stage.lane_width_m:g} m", within="2..3.5 s")]
    if doer.placed.spot.route == doer.stage.own_route:
        return [step("move_sideways", to="0 m", within="2..3.5 s")]
    return [step("cut_in", to=doer.stage.own_route, within="2..3.5 s")]


def _cut_out(doer: Doer) -> Made:
    stage, lane = doer.stage, doer.placed.lane
    if not doer.can("cut_out") or not lane:
        return "it is in no lane that it could leave"
    for number in (lane + 1, lane - 1):
        if (spot := stage.lane(number)) is not None:
            return [step("cut_out", to=spot.route, within="2..3 s")]
    return [step("move_sideways", to=f"{-(stage.lane_width_m - 0.4):.3g} m", within="2..3 s")]


def _change(doer: Doer, left: bool) -> Made:
    stage, lane = doer.stage, doer.placed.lane
    if not doer.can("change_lane") or doer.placed.role in ("arm", "inside"):
        return "it is in no lane that it could change"
    beside = stage.lane(lane + (1 if left else -1)) if lane else None
    if beside is not None:
        return [step(f"lane_change_{'left' if left else 'right'}", to=beside.route, within="2.5..4 s")]
    width = stage.lane_width_m if left else -stage.lane_width_m
    return [step("move_sideways", to=f"{doer.placed.spot.lateral_m + width:.4g} m", within="2.5..4 s")]


def _slower(doer: Doer) -> Made:
    if not doer.can("brake"):
        return f"a {doer.label} does not move"
    slow = doer.pace.scaled(0.3, 0.6)
    return [step("brake", to=slow.text("m/s"), rate="3..5 m/s2")]


def _halt(doer: Doer) -> Made:
    if not doer.can("stop"):
        return f"a {doer.label} does not move"
    hard = "brake" in doer.placed.actor.manoeuvre
    return [step("stop", rate="3.5..6 m/s2" if hard else "2..4 m/s2")]


def _stand(doer: Doer) -> Made:
    return [step("stand_still")] if doer.can("stand_still") else f"a {doer.label} never moves"


def _slow(doer: Doer) -> Made:
    if not doer.can("drive_slowly") or doer.pace.high > 30.0:
        return f"its speed says it; nothing more is told to a {doer.label}"
    return [step("drive_slowly", speed=Span(max(doer.pace.low, 0.1), max(doer.pace.high, 0.1)).text("m/s"))]


def _follow(doer: Doer) -> Made:
    if not doer.can("follow"):
        return f"a {doer.label} does not follow"
    placed = doer.placed
    target = placed.anchor if placed.relation == "behind" else "ego"
    if placed.relation != "behind":
        before = [o.name for o in doer.others if o.spot.route == placed.spot.route and o.gap and placed.gap
                  and o.relation == "ahead_of" and o.gap.low > placed.gap.low]  # fmt: skip
        if not before:
            return "there is nobody ahead of it to follow"
        target = before[0]
    return [step("follow", of=target, speed=doer.pace.scaled(1.0, 1.1).text("m/s"))]


def _show(doer: Doer) -> Made:
    if not doer.can("signal"):
        return f"a {doer.label} signals nothing"
    shown = _SHOWN.get(doer.placed.actor.kind, "hazard")
    doer.ledger.assume(f"{doer.placed.path}.manoeuvre.signal", shown, "what is shown is no slot")
    return [step("signal", show=shown)]


def _open(doer: Doer) -> Made:
    if not doer.can("open_door"):
        return f"a {doer.label} has no door"
    return [step("open_door", side="left" if doer.placed.side == "right" else "right")]


def _drop(doer: Doer) -> Made:
    return [step("drop_cargo")] if doer.can("drop_cargo") else f"a {doer.label} carries no load"


def _back(doer: Doer) -> Made:
    if not doer.can("reverse") or doer.placed.role in ("arm", "inside", "wrong_way", "oncoming"):
        return f"a {doer.label} does not reverse here"
    return [step("reverse", distance="4..8 m")]


def _around(doer: Doer) -> Made:
    return "where it turns on its route is not said; no step is told"


def _faster(doer: Doer) -> Made:
    if not doer.can("accelerate"):
        return f"a {doer.label} does not move"
    fast = Span(min(1.2 * doer.pace.low, 85.0), min(1.5 * doer.pace.high, 89.0))
    return [step("accelerate", to=fast.text("m/s"), rate="1..2.5 m/s2")]


def _cross(doer: Doer) -> Made:
    placed, stage, pace = doer.placed, doer.stage, doer.pace
    if placed.role == "arm":
        if placed.actor.trigger is not None or "stand_still" in placed.actor.manoeuvre[:1]:
            return [step("keep_speed", speed=pace.text("m/s"))]
        return []
    if not doer.can("follow_path"):
        return f"a {doer.label} does not move by itself; it lies in the road"
    if placed.role != "crossing" and not doer.can("cross"):
        return f"a {doer.label} that is placed in a lane keeps to it"
    across = stage.across_m(placed.spot, placed.side)
    stays = "stop" in placed.actor.manoeuvre or "stand_still" in placed.actor.manoeuvre[1:]
    speed = Span(min(max(pace.low, 0.1), 20.0), min(max(pace.high, 0.1), 20.0))
    if doer.can("cross"):
        to = f"{across:.4g} m"
        if stays:
            middle = -stage.offset_m(placed.spot.route) if placed.spot.route != stage.own_route else 0.0
            return [step("cross", to=to, speed=speed.text("m/s"), pause_at=f"{middle:.4g} m", pause="6..10 s")]
        return [step("cross", to=to, speed=speed.text("m/s"))]
    return [step("follow_path", points=((f"{placed.name}.at", f"{across:.4g} m"),), speed=speed.text("m/s"))]


def _red(doer: Doer) -> Made:
    if doer.placed.role == "crossing":
        return "our lights for people on foot show nothing of their own; it crosses as if it were red"
    if not doer.can("run_red") or not doer.stage.junction:
        return "there is no traffic light that it could run"
    return [step("run_red", speed=doer.pace.text("m/s"))]


def _turn(doer: Doer, way: str) -> Made:
    if not doer.stage.junction or not doer.can(f"turn_{way}") or not doer.placed.spot.route.endswith(f".{way}"):
        return "there is no road to turn into"
    return [step(f"turn_{way}", speed=Span(min(doer.pace.low, 6.0), min(doer.pace.high, 9.0)).text("m/s"))]


def _overtake(doer: Doer) -> Made:
    placed, stage = doer.placed, doer.stage
    if not doer.can("overtake") or placed.role in ("arm", "inside", "crossing"):
        return "it has no lane in which it could pass"
    ahead = [o for o in doer.others if o.spot.route == placed.spot.route and o.role == placed.role and o is not placed
             and o.anchor == "ego" and o.gap is not None and placed.gap is not None
             and o.relation == "ahead_of" == placed.relation]  # fmt: skip
    target = "ego"
    if placed.role == "oncoming" or (placed.relation == "ahead_of" and placed.lane == stage.ego_lane):
        if placed.role == "oncoming":
            passed = [o for o in ahead if o.gap and placed.gap and o.gap.low < placed.gap.low]
        else:
            passed = [o for o in ahead if o.gap and placed.gap and o.gap.low > placed.gap.low]
        if not passed:
            return "there is nobody ahead of it to overtake"
        target = passed[0].name
    beside = stage.lane(placed.lane + 1) if placed.lane and placed.role == "lane" else None
    if beside is not None:
        return [step("overtake", of=target, by=beside.route, within="2.5..3.5 s")]
    if placed.lane and placed.lane != stage.ego_lane and placed.role == "lane":
        return []
    return [
        step("overtake", of=target, offset=f"{placed.spot.lateral_m + stage.lane_width_m:.4g} m", within="2.5..3.5 s")
    ]


def _merge(doer: Doer) -> Made:
    placed, stage = doer.placed, doer.stage
    if not doer.can("merge"):
        return f"a {doer.label} does not join traffic"
    if placed.role == "arm":
        return [step("turn", speed=Span(min(doer.pace.low, 5.0), min(doer.pace.high, 8.0)).text("m/s"))]
    pace = doer.pace.scaled(0.9, 1.1)
    if placed.role == "ramp":
        return [step("merge", to="main.1", within="3..4 s", speed=pace.text("m/s"))]
    if placed.spot.route == stage.own_route:
        aside = step("move_sideways", to="0 m", within="2.5..4 s")
        return [step("parallel", steps=(aside, step("change_speed", to=pace.text("m/s"), rate="1.5..2.5 m/s2")))]
    action = "pull_out" if doer.speed.high < 0.3 else "merge"
    return [step(action, to=stage.own_route, within="2.5..4 s", speed=pace.text("m/s"), rate="1.5..2.5 m/s2")]


def _swerve(doer: Doer) -> Made:
    if not doer.can("swerve"):
        return f"a {doer.label} does not move"
    side = -1.0 if doer.placed.side == "left" and doer.placed.role == "lane" else 1.0
    to = doer.placed.spot.lateral_m + side * (1.2 if doer.placed.actor.kind in SMALL else 1.6)
    return [step("swerve", to=f"{to:.4g} m", within="1.2..2 s", hold="0.4..1 s")]


_DEEDS: Mapping[str, Callable[[Doer], Made]] = {
    "cut_in": _cut_in,
    "cut_out": _cut_out,
    "brake": _slower,
    "stop": lambda doer: [] if _paused(doer) else _halt(doer),
    "stand_still": lambda doer: [] if _paused(doer) else _stand(doer) if doer.speed.high < 0.3 else _halt(doer),
    "drive_slowly": _slow,
    "follow": _follow,
    "signal": _show,
    "open_door": _open,
    "drop_cargo": _drop,
    "reverse": _back,
    "u_turn": _around,
    "accelerate": _faster,
    "cross": _cross,
    "run_red_light": _red,
    "turn_left": lambda doer: _turn(doer, "left"),
    "turn_right": lambda doer: _turn(doer, "right"),
    "lane_change_left": lambda doer: _change(doer, True),
    "lane_change_right": lambda doer: _change(doer, False),
    "overtake": _overtake,
    "merge": _merge,
    "swerve": _swerve,
}


def _paused(doer: Doer) -> bool:
    """Whether a stop is already part of the crossing."""
    return "cross" in doer.placed.actor.manoeuvre and doer.can("cross") and doer.placed.role == "crossing"
