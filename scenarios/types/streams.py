"""Streams of background actors set out on their routes (the leaf is in `traffic`)."""

from dataclasses import dataclass
from typing import Any

from scenarios.behaviour import KeepSpeed
from scenarios.concrete import Actor, Place
from scenarios.draws import Draws
from scenarios.expressions import Value
from scenarios.leaf import IllTyped, Leaf
from scenarios.types.actors import DRIVEN, SIZES_M, driver_of
from scenarios.types.fields import Field, OutOfLimits, limits_text
from scenarios.types.layout import Layout, boxes_meet
from scenarios.types.traffic import TRAFFIC
from scenarios.types.traits import ALIASES, class_of, usual_size

CLEARANCE_M = 2.0
MAX_MOVES = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """Someone who already has a place; `pose` is x, y and yaw in `world`."""

    name: str
    place: Place
    size_m: tuple[float, float, float]
    pose: tuple[float, float, float]


def build_stream(leaf: Leaf, draws: Draws, layout: Layout, standing: list[Standing]) -> list[Actor]:
    """The actors of a stream; each is added to `standing`, so that the next stream keeps clear of it."""
    stream = _Stream(leaf, dict(leaf.values), leaf.prefix, draws, layout, standing, len(standing), {})
    actors: list[Actor] = []
    for i in range(int(draws.get(leaf.path_of("count")))):
        actor = stream.actor(i)
        if actor is not None:
            actors.append(actor)
            standing.append(Standing(actor.id, actor.start, actor.size_m, layout.pose(actor.start)))
    return actors


@dataclass(frozen=True, slots=True)
class _Stream:
    leaf: Leaf
    values: dict[str, Value]
    prefix: str
    draws: Draws
    layout: Layout
    standing: list[Standing]
    named: int
    cursor: dict[str, float]

    def read(self, name: str, i: int) -> Any:
        """A field of the `i`-th actor, drawn for it alone."""
        field, value = TRAFFIC[name], self.values.get(name)
        if value is None:
            return field.default
        path = f"{self.prefix}[{i}].{name}"
        return _held(self.draws.draw(path, value), field, path)

    def actor(self, i: int) -> Actor | None:
        route, label = str(self.read("on", i)), str(self.read("kind", i))
        kind = class_of(label)
        size, speed = usual_size(kind, label, {}, SIZES_M), float(self.read("speed", i))
        lateral = float(self.read("lateral", i)) + i * float(self.read("lateral_step", i))
        place = self._place(i, Place(route, 0.0, lateral, float(self.read("heading", i))), size)
        if place is None:
            return None
        driver = driver_of(self.leaf, lambda name: self.read(name, i), kind, speed)
        walks = speed > 0 and kind not in DRIVEN
        traits = {"variant": ALIASES[label][1]} if label in ALIASES else {}
        behaviour = KeepSpeed(speed) if walks else None
        return Actor(f"{self.leaf.name}_{i}", kind, size, place, speed, driver, behaviour, traits)

    def _place(self, i: int, start: Place, size: tuple[float, float, float]) -> Place | None:
        """The next free place on the route; None behind the end of the stretch."""
        route, length = start.route, self.layout.length_m(start.route)
        begin, end = float(self.read("from", i)), self.read("to", i)
        last = length - 2.0 if end is None else min(float(end), length)
        if route in self.cursor:
            s = self.cursor[route] + max(float(self.read("spacing", i)), size[0] + CLEARANCE_M * (size[0] > 1.2))
        else:
            s = begin
        clear = float(self.read("clear", i))
        for _ in range(MAX_MOVES):
            place = Place(route, s, start.d_m, start.heading_rad)
            if s > last:
                return None
            blocker = self._blocker(place, size, clear)
            if blocker is None:
                self.cursor[route] = s
                return place
            s = blocker
        raise IllTyped(f"{self.prefix}: no free place for actor {i}")

    def _blocker(self, place: Place, size: tuple[float, float, float], clear: float) -> float | None:
        """Where to try next, if someone stands too close."""
        pose = self.layout.pose(place)
        for k, other in enumerate(self.standing):
            there = other.pose
            if boxes_meet(pose, (size[0] + 1.0, size[1] + 0.4, size[2]), there, other.size_m):
                return place.s_m + 2.0
            if not self.layout.share_lanes(place.route, other.place.route):
                continue
            near = clear if k < self.named else CLEARANCE_M * (size[0] > 1.2)
            gap = ((pose[0] - there[0]) ** 2 + (pose[1] - there[1]) ** 2) ** 0.5
            sideways = abs(place.d_m - other.place.d_m) if place.route == other.place.route else 0.0
            if sideways < 1.5 and gap < near + 0.5 * (size[0] + other.size_m[0]):
                return place.s_m + 2.0
        return None


def _held(value: Any, field: Field, path: str) -> Any:
    if field.dimension.numeric and not field.low <= value <= field.high:
        raise OutOfLimits(f"{path} came out as {value:g}; it is {limits_text(field)}")
    return value
