"""Tags of a concrete scenario: OpenLABEL names (ASAM OpenLABEL 1.0) and `key:value` slices.

Both are read from the drawn scenario, not from the ranges: weather, light, classes and speeds are those that came out.
One vocabulary (`types.openlabel`) for slices, coverage and queries: whatever is tagged with a class is tagged with the
classes that it belongs to.
"""

from collections.abc import Iterable, Iterator
from math import cos, pi, remainder

from driving_data.taxonomy import PEDESTRIANS, TWO_WHEELERS, VEHICLES, ActorClass
from scenarios.concrete import ConcreteScenario, Feature
from scenarios.leaf import Leaf
from scenarios.remember import by_identity
from scenarios.types.actors import TASKS
from scenarios.types.catalogue import LEAF_TYPES
from scenarios.types.layout import Layout
from scenarios.types.light import light_tags
from scenarios.types.manoeuvres import ACTIONS, SHOWN, all_steps
from scenarios.types.openlabel import PARENTS, with_parents
from scenarios.types.road import road_tags
from scenarios.types.traits import trait_tags
from scenarios.types.weather import weather_tags

_SPECIAL = frozenset({ActorClass.EMERGENCY_VEHICLE, ActorClass.CONSTRUCTION_VEHICLE, ActorClass.FLAGGER})
_RAIN_TYPES = {"dynamic": "RainTypeDynamic", "convective": "RainTypeConvective", "orographic": "RainTypeOrographic"}
RUNNING_MPS = 2.5  # people change from walking to running at about 2 to 2.5 m/s (Alexander, 1989)


def tags_of(
    scenario: ConcreteScenario, behaviours: Iterable[Leaf], layout: Layout, own: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Every tag of a scenario, each once: the writer's own, OpenLABEL names, slices."""
    found = [
        *own,
        *road_tags(scenario.road, layout),
        *weather_tags(scenario.environment),
        *light_tags(scenario.environment),
        *_sun_tags(scenario, layout),
        *_actor_tags(scenario),
        *_ego_tags(scenario),
        *(tag for leaf in behaviours for tag in _manoeuvre_tags(leaf)),
    ]
    featured = [tag for feature in scenario.features for tag in feature_tags(feature)]
    if "MotorwayUnmanaged" in found and "ZoneTrafficManagement" in featured:
        featured.append("MotorwayManaged")
    settled = _settled(featured)
    suggested = [tag for tag in found if PARENTS.get(tag) not in settled] if settled else found
    names = tuple(dict.fromkeys(tag for tag in (*suggested, *featured) if tag in PARENTS))
    slices = dict.fromkeys(tag for tag in (*found, *featured) if ":" in tag)
    others = (tag for tag in own if tag not in PARENTS and ":" not in tag)
    return tuple(dict.fromkeys((*others, *with_parents(names), *slices)))


# Families of which a place has one member: where a feature says which, what the road suggests is left out.
_ONE_OF = ("JunctionIntersection", "JunctionRoundabout", "LaneSpecificationTravelDirection", "RoadTypeMotorway")
_JUNCTIONS = frozenset(name for name, above in PARENTS.items() if above in _ONE_OF[:2] or name in _ONE_OF[:2])


def _settled(featured: Iterable[str]) -> frozenset[str]:
    """Families that features have settled, by the name of the class above."""
    found: set[str] = set()
    for tag in featured:
        above = PARENTS.get(tag, "")
        if above in _ONE_OF or above in _JUNCTIONS:
            found |= {*_ONE_OF[:2], *_JUNCTIONS} if above in _JUNCTIONS else {above}
    return frozenset(found)


def feature_tags(feature: Feature) -> tuple[str, ...]:
    """OpenLABEL names and slices of one feature."""
    if feature.kind in LEAF_TYPES:
        return tuple(LEAF_TYPES[feature.kind].tags(feature.values))
    if feature.kind == "action":
        shown = feature.values.get("show")
        return (SHOWN[str(shown)], f"signal:{shown}") if shown else ()
    if feature.kind == "light":
        return ("IlluminationArtificial", "ArtificialVehicleLighting") if feature.values.get("vehicle_lights") else ()
    return _air_tags(feature)


def _air_tags(feature: Feature) -> tuple[str, ...]:
    tags: list[str] = []
    if "rain_type" in feature.values:
        tags.append(_RAIN_TYPES[str(feature.values["rain_type"])])
    if (particulates := str(feature.values.get("particulates", "none"))) != "none":
        tags += [f"Particulates{particulates.capitalize()}", f"particulates:{particulates}"]
    if float(feature.values.get("gusts") or 0.0) > 8.0:
        tags.append("WeatherWind")
    return tuple(tags)


def _sun_tags(scenario: ConcreteScenario, layout: Layout) -> Iterator[str]:
    """Where the sun stands, seen from the ego as it begins."""
    if scenario.environment.sun_elevation_rad <= 0.0:
        return
    yield "DaySunElevation"
    heading = layout.pose(scenario.ego.start)[2]
    # The azimuth is clockwise from north, the heading counter-clockwise from east.
    left = remainder(0.5 * pi - scenario.environment.sun_azimuth_rad - heading, 2.0 * pi)
    if cos(left) >= 0.5**0.5:
        yield "SunPositionFront"
    elif cos(left) <= -(0.5**0.5):
        yield "SunPositionBehind"
    else:
        yield "SunPositionLeft" if left > 0 else "SunPositionRight"


def _ego_tags(scenario: ConcreteScenario) -> Iterator[str]:
    yield from ("DynamicElementsSubjectVehicle", "SubjectVehicleSpeed")
    for task in scenario.ego.task:
        yield from (*TASKS[task], f"ego:{task}")


def _actor_tags(scenario: ConcreteScenario) -> list[str]:
    kinds = sorted({actor.kind for actor in scenario.actors})
    tags = ["TrafficAgentType"] if kinds else []
    if VEHICLES.intersection(kinds):
        tags.append("TrafficAgentDensity")
    if _SPECIAL.intersection(kinds):
        tags.append("TrafficSpecialVehicle")
    if ActorClass.CONE in kinds or ActorClass.BARRIER in kinds:
        tags.append("TemporaryStructureRoadWorks")
    if any(actor.kind in PEDESTRIANS and actor.speed_mps > RUNNING_MPS for actor in scenario.actors):
        tags.append("MotionRun")
    tags.extend(f"actor:{kind.label}" for kind in kinds)
    if PEDESTRIANS.intersection(kinds) or TWO_WHEELERS.intersection(kinds):
        tags.append("actor:vulnerable")
    for actor in scenario.actors:
        if actor.traits:
            tags.extend(trait_tags(actor.kind, actor.traits))
    return tags


@by_identity
def _manoeuvre_tags(leaf: Leaf) -> tuple[str, ...]:
    found: list[str] = []
    for step in all_steps(leaf):
        action = ACTIONS[step.action]
        found.extend((*action.tags, f"manoeuvre:{step.action}") if action.template else action.tags)
    return tuple(dict.fromkeys(found))
