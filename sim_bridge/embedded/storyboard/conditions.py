"""Conditions: whether they hold now, on which edge, how long ago; and triggers made of them.

A condition is looked at once per step. An edge needs the value of the step before, so it never fires at the first
look. A delayed condition reports what it was `delay_s` ago. Conditions of a group are looked at in order until one
does not hold; those with a delay are always looked at, so that their past is known.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from scenarios import storyboard as sb
from sim_bridge.embedded.storyboard.distances import box_distance, road_gap, to_body, to_place, touch
from sim_bridge.embedded.storyboard.network import TINY, wrapped
from sim_bridge.embedded.storyboard.positions import place_of
from sim_bridge.embedded.storyboard.stage import Body, Stage

FAR = 1e10


def compare(found: float, rule: str, value: float) -> bool:
    """A rule of the standard between two numbers."""
    if rule == "greaterThan":
        return found > value
    if rule == "greaterOrEqual":
        return found >= value
    if rule == "lessThan":
        return found < value
    if rule == "lessOrEqual":
        return found <= value
    near = abs(found - value) < TINY
    return near if rule == "equalTo" else not near


def compare_text(found: str, rule: str, value: str) -> bool:
    """The rule between numbers where both texts are numbers, else between texts."""
    try:
        return compare(float(found), rule, float(value))
    except ValueError:
        pass
    if found.lower() in ("true", "false") and value.lower() in ("true", "false"):
        return compare(float(found.lower() == "true"), rule, float(value.lower() == "true"))
    return {
        "greaterThan": found > value,
        "greaterOrEqual": found >= value,
        "lessThan": found < value,
        "lessOrEqual": found <= value,
        "equalTo": found == value,
    }.get(rule, found != value)


@dataclass(slots=True, eq=False)
class Watch:
    """What happened to the storyboard element that a condition names, since it was last looked at."""

    changes: list[tuple[str, str]] = field(default_factory=lambda: [])
    state: str = ""

    def look(self, wanted: str) -> bool:
        """Whether the element reached the wanted state, or is in it, or made the wanted transition."""
        if not self.changes:
            return self.state == wanted
        found = any(wanted in change for change in self.changes)
        self.state = self.changes[-1][1]
        self.changes.clear()
        return found


@dataclass(slots=True, eq=False)
class Test:
    """A condition at work."""

    spec: sb.Condition
    watch: Watch | None = None
    seen: bool = False
    last: bool = False
    history: list[tuple[float, bool]] = field(default_factory=lambda: [])
    read: int = 0
    by: list[Body] = field(default_factory=lambda: [])

    def look(self, stage: Stage) -> bool:
        """Whether the condition holds in this step, edge and delay included."""
        result = self._holds(stage)
        value = self._edge(result)
        self.last, self.seen = result, True
        self._note(stage.time, value)
        return self._at(stage.time - self.spec.delay_s)

    def _edge(self, result: bool) -> bool:
        edge = self.spec.edge
        if edge == "none":
            return result
        if not self.seen:
            return False
        rises, falls = result and not self.last, self.last and not result
        return {"rising": rises, "falling": falls}.get(edge, rises or falls)

    def _note(self, time: float, value: bool) -> None:
        # The first two steps both look at time zero; only the first of them counts.
        if not self.history or (time >= self.history[-1][0] + TINY and value != self.history[-1][1]):
            self.history.append((time, value))

    def _at(self, time: float) -> bool:
        if self.read >= len(self.history):
            return bool(self.history) and self.history[-1][1]
        found = False
        while self.read < len(self.history) and time > self.history[self.read][0] - TINY:
            found = found or self.history[self.read][1]
            self.read += 1
        return found

    def reset(self) -> None:
        """Forgets the past, for another execution."""
        self.history.clear()
        self.read = 0
        if self.watch is not None:
            self.watch.changes.clear()

    def _holds(self, stage: Stage) -> bool:
        what = self.spec.what
        if isinstance(what, sb.OnElement):
            return self.watch is not None and self.watch.look(what.state)
        if isinstance(
            what, (sb.OnTime, sb.OnValue, sb.OnSignal, sb.OnSignalController, sb.OnUserValue, sb.OnTimeOfDay)
        ):
            return by_value(stage, what)
        self.by = []
        results: list[bool] = []
        for name in self.spec.entities:
            body = stage.bodies[name]
            if not body.active:
                continue
            holds = by_entity(stage, what, body)
            results.append(holds)
            if holds:
                self.by.append(body)
        if not results:
            return False
        return all(results) if self.spec.rule == "all" else any(results)


def by_value(
    stage: Stage,
    what: sb.OnTime | sb.OnValue | sb.OnSignal | sb.OnSignalController | sb.OnUserValue | sb.OnTimeOfDay,
) -> bool:
    """Whether a condition on the world holds."""
    if isinstance(what, sb.OnTime):
        return compare(stage.time, what.than.rule, what.than.value)
    if isinstance(what, sb.OnValue):
        return what.name in stage.values and compare_text(stage.values[what.name], what.rule, what.value)
    if isinstance(what, sb.OnSignal):
        return stage.signals.shown.get(what.signal, "") == what.state
    if isinstance(what, sb.OnSignalController):
        return stage.signals.phase(what.controller) == what.phase
    if isinstance(what, sb.OnTimeOfDay):
        now = stage.time_of_day_s
        return now is not None and compare(now + stage.time, what.than.rule, what.than.value)
    return False


def by_entity(stage: Stage, what: sb.ByEntity, body: Body) -> bool:
    """Whether a condition on an entity holds for a body."""
    return _LOOKS[type(what)](stage, what, body)


def _reaches(stage: Stage, what: sb.Reaches, body: Body) -> bool:
    place = place_of(stage, what.position)
    near = math.hypot(body.place.x - place.x, body.place.y - place.y) < what.tolerance_m
    if not near or what.angle_tolerance_rad is None:
        return near
    return abs(wrapped(body.place.heading - place.heading)) < what.angle_tolerance_rad


def _headway(stage: Stage, what: sb.Headway, body: Body) -> bool:
    other = stage.bodies[what.entity]
    if not other.active:
        return False
    distance = to_body(stage, body, other, what.coordinates, what.distance_kind, what.freespace)
    distance = FAR if distance is None else distance
    if distance == 0.0 and what.freespace:
        # Side by side: the reference trajectories show the gap between the boxes here, not zero.
        distance = box_distance(body, other)
    if distance < 0.0 or body.speed < TINY:
        return False
    return compare(distance / body.speed, what.than.rule, what.than.value)


def _collides(stage: Stage, what: sb.Collides, body: Body) -> bool:
    for other in stage.present():
        wanted = other.name == what.entity or (what.type != "" and other.entity.category == what.type)
        if other is not body and wanted and touch(body, other):
            return True
    return False


def _ttc(stage: Stage, what: sb.TimeToCollision, body: Body) -> bool:
    args = (what.coordinates, what.distance_kind, what.freespace)
    if what.entity:
        other = stage.bodies[what.entity]
        if not other.active:
            return False
        distance = to_body(stage, body, other, *args)
        closing = closing_speed(body, other)
    else:
        place = place_of(stage, what.position) if what.position is not None else body.place
        distance, closing = to_place(stage, body, place, *args), body.speed
    distance = FAR if distance is None else distance
    if abs(distance) < TINY or abs(closing) < TINY or distance / closing < 0.0:
        return False
    return compare(distance / closing, what.than.rule, what.than.value)


def closing_speed(body: Body, other: Body) -> float:
    """Speed of a body less that of another, along the way of the other (its own where the other stands)."""
    ox, oy, _ = other.velocity
    size = math.hypot(ox, oy)
    if size < TINY:
        return body.speed
    along = (body.velocity[0] * ox + body.velocity[1] * oy) / size
    direction = (1 if body.speed >= 0 else -1) * (1 if along >= 0 else -1)
    return direction * (along - abs(other.speed))


def _distance(stage: Stage, what: sb.DistanceTo, body: Body) -> bool:
    place = place_of(stage, what.position)
    found = to_place(stage, body, place, what.coordinates, what.distance_kind, what.freespace)
    return compare(FAR if found is None else abs(found), what.than.rule, what.than.value)


def _relative_distance(stage: Stage, what: sb.RelativeDistance, body: Body) -> bool:
    other = stage.bodies[what.entity]
    if not other.active:
        return False
    found = to_body(stage, body, other, what.coordinates, what.distance_kind, what.freespace)
    return compare(FAR if found is None else abs(found), what.than.rule, what.than.value)


def _part(vector: tuple[float, float, float], heading: float, direction: str) -> float:
    if direction == "vertical":
        return vector[2]
    cos, sin = math.cos(heading), math.sin(heading)
    return vector[0] * cos + vector[1] * sin if direction == "longitudinal" else -vector[0] * sin + vector[1] * cos


def _has_speed(_stage: Stage, what: sb.HasSpeed, body: Body) -> bool:
    found = body.speed
    if what.direction:
        found = _part(body.velocity, body.place.heading, what.direction)
    return compare(found, what.than.rule, what.than.value)


def _has_relative_speed(stage: Stage, what: sb.HasRelativeSpeed, body: Body) -> bool:
    other = stage.bodies[what.entity]
    found = body.speed - other.speed
    if what.direction:
        heading = other.place.heading
        found = _part(body.velocity, heading, what.direction) - _part(other.velocity, heading, what.direction)
    return compare(found, what.than.rule, what.than.value)


def _has_acceleration(_stage: Stage, what: sb.HasAcceleration, body: Body) -> bool:
    heading = body.place.heading
    if what.direction:
        found = _part(body.acceleration, heading, what.direction)
    else:
        ahead = _part(body.acceleration, heading, "longitudinal")
        found = math.copysign(math.hypot(*body.acceleration[:2]), ahead)
    return compare(found, what.than.rule, what.than.value)


def _travelled(_stage: Stage, what: sb.Travelled, body: Body) -> bool:
    return body.odometer >= what.distance_m


def _stands(stage: Stage, what: sb.StandsStill, body: Body) -> bool:
    return body.stands_since is not None and stage.time - body.stands_since >= what.duration_s - TINY


def _road_ends(stage: Stage, what: sb.AtEndOfRoad, body: Body) -> bool:
    return body.ends_since is not None and stage.time - body.ends_since >= what.duration_s - TINY


def _off_road(stage: Stage, what: sb.OffRoad, body: Body) -> bool:
    return body.off_since is not None and stage.time - body.off_since >= what.duration_s - TINY


def _clearance(stage: Stage, what: sb.Clearance, body: Body) -> bool:
    track = body.place.track
    if track is None:
        return False
    low, high = _range(what)
    for other in stage.present():
        if other is body or (what.entities and other.name not in what.entities):
            continue
        gap = road_gap(stage, body.place, other.place)
        if gap is None:
            continue
        ds = _free(gap.ds, body, other) if what.freespace else gap.ds
        inside = -what.backward_m <= ds <= what.forward_m and low <= gap.lanes <= high
        if inside and (what.opposite_lanes or not gap.opposite):
            return False
    strip = track.strips[track.strip_index(body.place.s)]
    lane = body.place.lane
    return any(
        record.driven and lane + low <= k <= lane + high and (what.opposite_lanes or k * lane > 0)
        for k, record in strip.lanes.items()
    )


def _range(what: sb.Clearance) -> tuple[float, float]:
    return (
        -math.inf if what.lane_from is None else float(what.lane_from),
        math.inf if what.lane_to is None else float(what.lane_to),
    )


def _free(ds: float, body: Body, other: Body) -> float:
    half = 0.5 * (body.entity.size_m[0] + other.entity.size_m[0])
    shift = other.entity.center_m[0] - body.entity.center_m[0]
    gap = abs(ds + shift) - half
    return math.copysign(max(gap, 0.0), ds)


def _has_angle(stage: Stage, what: sb.HasAngle, body: Body) -> bool:
    place = body.place
    if what.kind == "heading":
        base = {"world": 0.0, "entity": 0.0}.get(what.coordinates, place.along)
        if what.coordinates in ("lane", "road") and not place.lane_forward():
            base += math.pi if what.coordinates == "lane" else 0.0
        if what.entity:
            base = stage.bodies[what.entity].place.heading
        found = place.heading - base
    else:
        found = place.pitch if what.kind == "pitch" else place.roll
        if what.entity:
            other = stage.bodies[what.entity].place
            found -= other.pitch if what.kind == "pitch" else other.roll
    return abs(wrapped(found - what.angle_rad)) <= what.tolerance_rad


_LOOKS: dict[type, Callable[..., bool]] = {
    sb.Reaches: _reaches,
    sb.Headway: _headway,
    sb.Collides: _collides,
    sb.TimeToCollision: _ttc,
    sb.DistanceTo: _distance,
    sb.RelativeDistance: _relative_distance,
    sb.HasSpeed: _has_speed,
    sb.HasRelativeSpeed: _has_relative_speed,
    sb.HasAcceleration: _has_acceleration,
    sb.Travelled: _travelled,
    sb.StandsStill: _stands,
    sb.AtEndOfRoad: _road_ends,
    sb.OffRoad: _off_road,
    sb.Clearance: _clearance,
    sb.HasAngle: _has_angle,
}


@dataclass(slots=True, eq=False)
class Firing:
    """A trigger at work: fires where all conditions of a group hold; without groups as `empty` says."""

    groups: list[list[Test]]
    empty: bool
    by: list[Body] = field(default_factory=lambda: [])

    @staticmethod
    def of(spec: sb.Trigger, empty: bool) -> "Firing":
        """A trigger, not looked at yet."""
        return Firing([[Test(condition) for condition in group] for group in spec.groups], empty)

    def look(self, stage: Stage) -> bool:
        """Whether it fires in this step."""
        if not self.groups:
            return self.empty
        fired = False
        for group in self.groups:
            holds = bool(group)
            for test in group:
                if holds or test.spec.delay_s > 0.0:
                    holds = test.look(stage) and holds
            if holds:
                self.by = [body for test in group for body in test.by]
            fired = fired or holds
        if fired:
            for group in self.groups:
                for test in group:
                    test.seen = False
        return fired

    def reset(self) -> None:
        """Forgets the past."""
        for group in self.groups:
            for test in group:
                test.reset()


__all__ = ["Firing", "Test", "Watch", "by_entity", "by_value", "closing_speed", "compare", "compare_text"]
