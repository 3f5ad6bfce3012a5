"""A concrete scenario as slots: every number as it was drawn."""

from math import pi, remainder

from scenarios.concrete import Actor, ConcreteScenario
from scenarios.language.describe.company import SMALL, class_word, grouped, lane_number, relations
from scenarios.language.describe.deeds import tree_trigger, tree_words
from scenarios.language.describe.scene import (
    JUNCTIONS,
    light_word,
    road_slots,
    speed_range,
    surface_words,
    weather_words,
)
from scenarios.language.slots import ActorSlots, EgoSlots, Range, RoadSlots, Slots, TriggerSlots

_TELLING = {"surface": "damage", "signs": "meaning"}


def drawn_slots(scenario: ConcreteScenario) -> Slots:
    """What a concrete scenario says, in slots."""
    ego = scenario.ego
    tasks = ego.task or _task(scenario)
    return sky_slots(scenario, _road(scenario), EgoSlots(tuple(tasks), _speed(ego.speed_mps)),
                     tuple(_actors(scenario)))  # fmt: skip


def sky_slots(scenario: ConcreteScenario, road: RoadSlots, ego: EgoSlots, actors: tuple[ActorSlots, ...]) -> Slots:
    """Slots with weather, light and surface as a concrete scenario has them."""
    sky = scenario.environment
    features = {feature.kind: feature.values for feature in scenario.features}
    surface = features.get("surface", {})
    dust = features.get("weather", {}).get("particulates") == "dust"
    weather = weather_words(
        _at(sky.rain_mmph), _at(sky.snow_mmph), _at(sky.fog_visibility_m), _at(sky.wind_mps), _at(sky.cloud_cover), dust
    )
    return Slots(
        road=road,
        weather=weather,
        light=light_word(_at(sky.sun_elevation_rad), _at(sky.sun_azimuth_rad)),
        surface=surface_words(str(surface.get("kind", "")), str(surface.get("condition", "")),
                              _at(sky.road_wetness), sky.rain_mmph > 0 or sky.snow_mmph > 0),
        ego=ego,
        actors=actors,
    )  # fmt: skip


def _at(value: float) -> Range:
    return (float(value), float(value))


def _speed(speed_mps: float) -> Range | None:
    return speed_range(speed_mps, speed_mps) if speed_mps > 0.005 else None


def _road(scenario: ConcreteScenario) -> RoadSlots:
    fixed = {_bare(name): value for name, value in scenario.road.parameters.items()}
    told = [
        (feature.kind, str(feature.values[key]))
        for feature in scenario.features
        if (key := _TELLING.get(feature.kind, "kind")) in feature.values
    ]
    return road_slots(scenario.road.archetype, fixed, told)


def _bare(name: str) -> str:
    """The parameter without the unit at the end of its name."""
    for unit in ("_m", "_mps", "_1pm"):
        if name.endswith(unit):
            return name.removesuffix(unit)
    return name


def _task(scenario: ConcreteScenario) -> tuple[str, ...]:
    route, archetype = scenario.ego.start.route, scenario.road.archetype
    if archetype == "roundabout":
        return ("enter_roundabout",)
    if archetype in JUNCTIONS and route.endswith((".left", ".right")):
        return (f"turn_{route.rpartition('.')[2]}",)
    if route == "ramp":
        return ("merge",)
    if scenario.ego.target_speed_mps == 0.0:
        return ("stop",)
    return ("drive_straight",) if scenario.ego.speed_mps > 0.005 else ()


def _actors(scenario: ConcreteScenario) -> list[ActorSlots]:
    """Those who act or are placed by themselves one by one, the rest of the traffic in groups."""
    own: list[ActorSlots] = []
    crowd: list[ActorSlots] = []
    for actor in scenario.actors:
        found = _actor(actor, scenario)
        if found is None:
            continue
        stem, _, number = actor.id.rpartition("_")
        if actor.behaviour is None and stem and number.isdigit():
            crowd.append(ActorSlots(found.kind, 1, found.relation, found.manoeuvre))
        else:
            own.append(found)
    return [*grouped(own), *grouped(crowd)]


def _actor(actor: Actor, scenario: ConcreteScenario) -> ActorSlots | None:
    kind = class_word(actor.kind.label, str(actor.traits.get("variant", "")))
    if kind is None:
        return None
    ego, start = scenario.ego, actor.start
    stem = start.route.partition(".")[0]
    deeds = list(tree_words(actor.behaviour, start.route, ego.start.route, actor.speed_mps))
    moves = actor.speed_mps > 0.005
    if scenario.road.archetype == "crossroads" and stem in ("from_left", "from_right") and moves:
        if start.route.endswith(".straight"):
            deeds.insert(0, "cross")
        if not actor.driver.minds_signals and actor.behaviour is not None and scenario.road.parameters.get("signals"):
            deeds.append("run_red_light")
    against = abs(remainder(start.heading_rad, 2.0 * pi)) > 2.5
    where = relations(start.route, ego.start.route, moves, "cross" in deeds, against, start.d_m)
    if not moves and not deeds and "parked" not in where and kind not in SMALL | {"cone", "debris", "flagger"}:
        deeds = ["stand_still"]
    gap: float | None = None
    if "cross" not in deeds and lane_number(start.route) is not None and lane_number(ego.start.route) is not None:
        ahead = start.s_m - ego.start.s_m
        gap = abs(ahead) - 0.5 * (actor.size_m[0] + ego.size_m[0])
        where = ["ahead" if ahead >= 0 else "behind", *where]
    trigger = tree_trigger(actor.behaviour) if deeds else None
    if trigger is not None and trigger.value is not None:
        assert trigger.value[0] is not None
        trigger = TriggerSlots(trigger.kind, (round(trigger.value[0], 2), round(trigger.value[0], 2)))
    distance = (round(gap, 1), round(gap, 1)) if gap is not None and gap > 0.1 else None
    return ActorSlots(kind, 1, tuple(dict.fromkeys(where)), tuple(dict.fromkeys(deeds)), _speed(actor.speed_mps),
                      distance, None, trigger)  # fmt: skip
