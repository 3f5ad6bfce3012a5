"""A logical scenario as slots: what holds for every draw of its likeliest options."""

from scenarios.algebra import LogicalScenario
from scenarios.language.describe.company import SMALL, class_word, relations
from scenarios.language.describe.deeds import step_trigger, step_words
from scenarios.language.describe.ranges import Parts, texts
from scenarios.language.describe.scene import (
    JUNCTIONS,
    light_word,
    road_slots,
    speed_range,
    surface_words,
    weather_words,
)
from scenarios.language.slots import SEVERAL, ActorSlots, EgoSlots, Range, RoadSlots, Slots, V2xSlots
from scenarios.leaf import Leaf
from scenarios.space import Const
from scenarios.types.actors import tasks_of
from scenarios.types.catalogue import LEAF_TYPES

_TELLING = {"surface": "damage", "signs": "meaning"}
_BACK_RAD = 2.5


def wished_slots(logical: LogicalScenario) -> Slots:
    """What a logical scenario says, in slots; ranges where it has ranges, nothing where it leaves things open."""
    parts = Parts.of(logical)
    ego = parts.one("ego")
    route = next(iter(texts(ego, "on")), "")
    return Slots(
        road=_road(parts),
        weather=_weather(parts),
        light=_light(parts),
        surface=_surface(parts),
        ego=EgoSlots(_tasks(parts, route), _speed(parts.number(ego, "speed"))),
        actors=tuple(_hidden_last([*_actors(parts, route), *_streams(parts, route)])),
        v2x=_radio(parts),
        negations=("no street lights",) if _is(parts.one("light"), "street_lights", False) else (),
    )


def _hidden_last(actors: list[ActorSlots]) -> list[ActorSlots]:
    """Whoever is hidden comes behind what hides it, so that this is known when it is spoken of."""
    return sorted(actors, key=lambda actor: actor.occluded_by is not None)


def _road(parts: Parts) -> RoadSlots:
    leaf = parts.one("road")
    if leaf is None:
        return road_slots("", {}, ())
    fixed = {name: value.value for name, value in leaf.values if isinstance(value, Const)}
    told = [
        (kind, value)
        for kind in LEAF_TYPES
        for one in parts.named(kind)
        for value in texts(one, _TELLING.get(kind, "kind"))[:1]
    ]
    return road_slots(leaf.text("archetype"), fixed, told)


def _weather(parts: Parts) -> tuple[str, ...]:
    leaf = parts.one("weather")
    if leaf is None:
        return ()
    zero, clear = (0.0, 0.0), (20000.0, 20000.0)
    return weather_words(
        parts.number(leaf, "rain", zero) or zero, parts.number(leaf, "snow", zero) or zero,
        parts.number(leaf, "fog_visibility", clear) or clear, parts.number(leaf, "wind", zero) or zero,
        parts.number(leaf, "clouds"), texts(leaf, "particulates")[:1] == ("dust",),
    )  # fmt: skip


def _light(parts: Parts) -> str | None:
    leaf = parts.one("light")
    elevation, azimuth = parts.number(leaf, "sun_elevation"), parts.number(leaf, "sun_azimuth", (2.6, 2.6))
    return None if elevation is None or azimuth is None else light_word(elevation, azimuth)


def _surface(parts: Parts) -> tuple[str, ...]:
    leaf, weather = parts.one("surface"), parts.one("weather")
    kind, condition = next(iter(texts(leaf, "kind")), ""), next(iter(texts(leaf, "condition")), "")
    rain = parts.number(weather, "rain", (0.0, 0.0)) or (0.0, 0.0)
    return surface_words(kind, condition, parts.number(weather, "wetness"), bool(rain[1]))


def _tasks(parts: Parts, route: str) -> tuple[str, ...]:
    ego, road = parts.one("ego"), parts.one("road")
    if ego is not None and ego.text("task"):
        return tasks_of(ego.text("task"))
    archetype = road.text("archetype") if road is not None else ""
    if archetype == "roundabout":
        return ("enter_roundabout",)
    if archetype in JUNCTIONS and route.endswith((".left", ".right")):
        return (f"turn_{route.rpartition('.')[2]}",)
    if route == "ramp":
        return ("merge",)
    target = parts.number(ego, "target_speed")
    if target == (0.0, 0.0):
        return ("stop",)
    speed = parts.number(ego, "speed")
    return ("drive_straight",) if speed is not None and (speed[1] or 0.0) > 0.0 else ()


def _speed(given: Range | None) -> Range | None:
    if given is None or given[0] is None or given[1] is None or given[1] <= 0.0:
        return None
    return speed_range(given[0], given[1])


def rounded(given: Range | None) -> Range | None:
    """Numbers to two decimals, as slots are compared."""
    return None if given is None else (_round(given[0]), _round(given[1]))


def _round(end: float | None) -> float | None:
    return None if end is None else round(end, 2)


def _actors(parts: Parts, ego_route: str) -> list[ActorSlots]:
    acts = {leaf.name: leaf for leaf in parts.named("do")}
    found = [_actor(parts, leaf, acts.get(leaf.name), ego_route) for leaf in parts.named("actor")]
    return [actor for actor in found if actor is not None]


def _actor(parts: Parts, leaf: Leaf, acts: Leaf | None, ego_route: str) -> ActorSlots | None:
    kind = class_word(next(iter(texts(leaf, "kind", "car"))), next(iter(texts(leaf, "variant")), ""))
    if kind is None:
        return None
    route = next(iter(texts(leaf, "on")), ego_route)
    speed = parts.number(leaf, "speed", (0.0, 0.0))
    steps = acts.steps if acts is not None else ()
    deeds = list(step_words(steps, route, speed, parts.bounds))
    stem = route.partition(".")[0]
    side_arm = stem in ("from_left", "from_right", "minor")
    moves = speed is None or speed[1] != 0.0
    if side_arm and (route.endswith(".straight") and _on_crossroads(parts)):
        deeds = ["cross", *(deed for deed in deeds if deed != "cross")]
    heading = parts.number(leaf, "heading", (0.0, 0.0)) or (0.0, 0.0)
    lateral = parts.number(leaf, "lateral", (0.0, 0.0)) or (0.0, 0.0)
    against = (heading[0] or 0.0) > _BACK_RAD
    where = relations(route, ego_route, moves, "cross" in deeds, against, lateral[0] or 0.0)
    if "reverse" not in deeds and not moves and not deeds and kind not in SMALL | {"cone", "debris", "flagger"}:
        deeds = [] if "parked" in where else ["stand_still"]
    distance: Range | None = None
    if leaf.text("of") == "ego" and "crossing" not in where:
        word = {"ahead_of": "ahead", "behind": "behind"}.get(leaf.text("relation"), "")
        if word and stem in ("main", "oncoming", "ramp"):
            where = [word, *where]
            distance = rounded(parts.number(leaf, "by"))
    trigger = step_trigger(steps, parts.bounds) if deeds else None
    if trigger is not None:
        trigger = type(trigger)(trigger.kind, rounded(trigger.value))
    own_speed = _cross_speed(parts, acts) if "cross" in deeds and not moves else speed
    return ActorSlots(kind, 1, tuple(dict.fromkeys(where)), tuple(deeds), _speed(own_speed), distance,
                      _hider(parts, leaf), trigger)  # fmt: skip


def _on_crossroads(parts: Parts) -> bool:
    road = parts.one("road")
    return road is not None and road.text("archetype") == "crossroads"


def _cross_speed(parts: Parts, acts: Leaf | None) -> Range | None:
    """The speed at which one who stands at first goes across."""
    for item in acts.steps if acts is not None else ():
        if item.action in ("cross", "follow_path"):
            return parts.bounds(dict(item.values).get("speed")) or (1.4, 1.4)
    return None


def _hider(parts: Parts, leaf: Leaf) -> str | None:
    """Who stands between one who waits off the lanes and the ego: a vehicle at the kerb on the ego's side of it."""
    route = next(iter(texts(leaf, "on")), "")
    if route.partition(".")[0] not in ("sidewalk", "shoulder"):
        return None
    side = route.partition(".")[2]
    own = parts.number(leaf, "at")
    for other in parts.named("actor"):
        kerb = next(iter(texts(other, "on")), "")
        if other.name == leaf.name or kerb != f"parking.{side}":
            continue
        if other.text("of") == leaf.name and other.text("relation") == "behind":
            return class_word(next(iter(texts(other, "kind", "car"))))
        at = parts.number(other, "at")
        if own is not None and at is not None and 0.0 <= (own[0] or 0.0) - (at[0] or 0.0) <= 12.0:
            return class_word(next(iter(texts(other, "kind", "car"))))
    return None


def _streams(parts: Parts, ego_route: str) -> list[ActorSlots]:
    """Background streams that are there in every draw, as groups."""
    found: list[ActorSlots] = []
    for leaf in parts.named("traffic"):
        count = parts.number(leaf, "count", (0.0, 0.0)) or (0.0, 0.0)
        kind = class_word(next(iter(texts(leaf, "kind", "car")), "car"))
        if kind is None or not count[0]:
            continue
        speed = parts.number(leaf, "speed", (0.0, 0.0))
        moves = speed is None or speed[1] != 0.0
        routes = texts(leaf, "on")
        places = [tuple(relations(route, ego_route, moves, False, False, 0.0)) for route in routes]
        common = [word for word in places[0] if all(word in place for place in places)] if places else []
        number: int | str = int(count[0]) if count[0] == count[1] and count[0] <= 12 else SEVERAL
        stands = not moves and "parked" not in common and kind not in SMALL | {"cone", "debris"}
        deeds = ("stand_still",) if stands else ()
        found.append(ActorSlots(kind, number, tuple(common), deeds, _speed(speed) if moves else None))
    return list(dict.fromkeys(found))


def _radio(parts: Parts) -> V2xSlots | None:
    leaf = next(iter(parts.named("connectivity")), None)
    if leaf is None:
        return None
    latency, loss = parts.number(leaf, "latency"), parts.number(leaf, "loss")
    in_ms = None if latency is None else (1e3 * (latency[0] or 0.0), 1e3 * (latency[1] or 0.0))
    return V2xSlots(rounded(in_ms), rounded(loss))


def _is(leaf: Leaf | None, name: str, value: object) -> bool:
    found = dict(leaf.values).get(name) if leaf is not None else None
    return isinstance(found, Const) and found.value == value
