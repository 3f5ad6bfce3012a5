"""Tags of a concrete scenario: OpenLABEL names (ASAM OpenLABEL 1.0) and `key:value` slices.

Both are read from the drawn scenario, not from the ranges: weather, light, classes and speeds are those that came out.
"""

from collections.abc import Iterable

from driving_data.taxonomy import PEDESTRIANS, TWO_WHEELERS, ActorClass
from scenarios.concrete import ConcreteScenario
from scenarios.leaf import Leaf
from scenarios.types.layout import Layout
from scenarios.types.light import light_tags
from scenarios.types.manoeuvres import ACTIONS, all_steps
from scenarios.types.road import road_tags
from scenarios.types.weather import weather_tags

_SPECIAL = frozenset({ActorClass.EMERGENCY_VEHICLE, ActorClass.CONSTRUCTION_VEHICLE, ActorClass.FLAGGER})


def tags_of(
    scenario: ConcreteScenario, behaviours: Iterable[Leaf], layout: Layout, own: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Every tag of a scenario, each once, slices last."""
    found = [
        *own,
        *road_tags(scenario.road, layout),
        *weather_tags(scenario.environment),
        *light_tags(scenario.environment),
        *_actor_tags(scenario),
        *_manoeuvre_tags(behaviours),
    ]
    unique = dict.fromkeys(found)
    return (*(tag for tag in unique if ":" not in tag), *(tag for tag in unique if ":" in tag))


def _actor_tags(scenario: ConcreteScenario) -> list[str]:
    kinds = sorted({actor.kind for actor in scenario.actors})
    tags = ["DynamicElementsSubjectVehicle", *(("DynamicElementsTraffic", "TrafficAgentType") if kinds else ())]
    if _SPECIAL.intersection(kinds):
        tags.append("TrafficSpecialVehicle")
    if ActorClass.CONE in kinds or ActorClass.BARRIER in kinds:
        tags.append("TemporaryStructureRoadWorks")
    tags.extend(f"actor:{kind.label}" for kind in kinds)
    if PEDESTRIANS.intersection(kinds) or TWO_WHEELERS.intersection(kinds):
        tags.append("actor:vulnerable")
    return tags


def _manoeuvre_tags(behaviours: Iterable[Leaf]) -> list[str]:
    tags: list[str] = []
    for leaf in behaviours:
        for step in all_steps(leaf):
            action = ACTIONS[step.action]
            tags.extend(action.tags)
            if action.template:
                tags.append(f"manoeuvre:{step.action}")
    return tags
