"""Tags of a drawn storyboard: the slices and OpenLABEL names that scenarios of ours carry, read from what it tells."""

from collections.abc import Iterator, Mapping
from math import cos, pi, remainder, sin

from driving_data.maps.lane_map import LaneMap
from driving_data.taxonomy import PEDESTRIANS, TWO_WHEELERS, VEHICLES, ActorClass
from scenarios.concrete import ConcreteScenario
from scenarios.openscenario.beginnings import Beginning, Ground, beginnings, ground_of
from scenarios.openscenario.deeds import Deed, deeds
from scenarios.openscenario.surroundings import meets_junction, road_kind
from scenarios.types.layout import Layout, layout_of
from scenarios.types.light import light_tags
from scenarios.types.openlabel import PARENTS, with_parents
from scenarios.types.road import map_tags
from scenarios.types.weather import weather_tags

LANGUAGE = "language:openscenario"
_ROADS: Mapping[str, tuple[str, ...]] = {
    "motorway": ("RoadTypeMotorway",), "rural": ("RoadTypeRadial",), "urban": ("RoadTypeDistributor",),
    "residential": ("RoadTypeMinor",), "intersection": ("JunctionIntersection",),
}  # fmt: skip
_DEEDS: Mapping[str, tuple[str, ...]] = {
    "cut_in": ("MotionCutIn",), "cut_out": ("MotionCutOut",), "cross": ("MotionCross",),
    "brake": ("MotionDecelerate",), "stop": ("MotionDecelerate", "MotionStop"), "accelerate": ("MotionAccelerate",),
    "reverse": ("MotionReverse",), "lane_change_left": ("MotionLaneChangeLeft",),
    "lane_change_right": ("MotionLaneChangeRight",), "follow": ("MotionDrive",), "swerve": ("MotionDrive",),
}  # fmt: skip
_SPECIAL = frozenset({ActorClass.EMERGENCY_VEHICLE, ActorClass.CONSTRUCTION_VEHICLE, ActorClass.FLAGGER})
RUNNING_MPS = 2.5
CURVED_RAD = 0.1


def story_tags(scenario: ConcreteScenario) -> tuple[str, ...]:
    """Slices and OpenLABEL names of a scenario with a storyboard; of any other only where it comes from."""
    board = scenario.storyboard
    if board is None:
        return (LANGUAGE,)
    ground = ground_under(scenario)
    begins = beginnings(board, ground)
    others = [one for name, one in begins.items() if name != board.ego]
    found = [
        *_road(scenario, ground, begins[board.ego]),
        *weather_tags(scenario.environment),
        *light_tags(scenario.environment),
        *_sun(scenario, begins[board.ego]),
        "DynamicElementsSubjectVehicle", "SubjectVehicleSpeed",
        *_actors(others),
        *(tag for deed in deeds(board, ground, begins) for tag in _deed(deed, board.ego)),
    ]  # fmt: skip
    names = tuple(dict.fromkeys(tag for tag in found if tag in PARENTS))
    slices = dict.fromkeys(tag for tag in found if ":" in tag)
    return (LANGUAGE, *with_parents(names), *slices)


def ground_under(scenario: ConcreteScenario) -> Ground:
    """The road of a scenario, to place its storyboard on; an open plane where it has none."""
    return ground_of(layout_under(scenario).lane_map)


def layout_under(scenario: ConcreteScenario) -> Layout:
    """The layout of a scenario; one without lanes where a storyboard plays on an open plane."""
    if not scenario.road.file and not scenario.road.archetype:
        return OPEN_PLANE
    return layout_of(scenario.road)


OPEN_PLANE = Layout(LaneMap(()))


def _road(scenario: ConcreteScenario, ground: Ground, ego: Beginning) -> Iterator[str]:
    if ground.network is None:
        yield "road:open_plane"
        return
    layout, route = layout_of(scenario.road), scenario.road.routes.get(scenario.ego.start.route, ())
    kind = scenario.road.archetype or road_kind(ground, ego.spot, route)
    yield from _ROADS.get(kind, ())
    if meets_junction(ground, ego.spot, route):
        yield "JunctionIntersection"
    yield "HorizontalCurves" if _bends(layout, scenario) else "HorizontalStraights"
    yield from map_tags(layout)
    yield f"road:{kind or 'file'}"


def _bends(layout: Layout, scenario: ConcreteScenario) -> bool:
    """Whether the way of the ego turns by more than 0.1 rad from its start to its goal."""
    ego = scenario.ego
    if ego.start.route not in layout.lane_map.routes:
        return False
    path = layout.path(ego.start.route)
    here = path.heading_rad[(path.s_m >= ego.start.s_m) & (path.s_m <= ego.goal_s_m)]
    return len(here) > 0 and float(here.max() - here.min()) > CURVED_RAD


def _sun(scenario: ConcreteScenario, ego: Beginning) -> Iterator[str]:
    """Where the sun stands, seen from the ego as it begins."""
    sky = scenario.environment
    if sky.sun_elevation_rad <= 0.0:
        return
    yield "DaySunElevation"
    left = remainder(0.5 * pi - sky.sun_azimuth_rad - ego.spot.yaw_rad, 2.0 * pi)
    if abs(sin(left)) <= 0.5**0.5:
        yield "SunPositionFront" if cos(left) > 0 else "SunPositionBehind"
    else:
        yield "SunPositionLeft" if left > 0 else "SunPositionRight"


def _actors(others: list[Beginning]) -> Iterator[str]:
    kinds = sorted({ActorClass(one.entity.kind) for one in others})
    if kinds:
        yield "TrafficAgentType"
    if VEHICLES.intersection(kinds):
        yield "TrafficAgentDensity"
    if _SPECIAL.intersection(kinds):
        yield "TrafficSpecialVehicle"
    if any(one.entity.kind in PEDESTRIANS and one.speed_mps > RUNNING_MPS for one in others):
        yield "MotionRun"
    yield from (f"actor:{kind.label}" for kind in kinds)
    if PEDESTRIANS.intersection(kinds) or TWO_WHEELERS.intersection(kinds):
        yield "actor:vulnerable"


def _deed(deed: Deed, ego: str) -> tuple[str, ...]:
    """Names of what somebody does; manoeuvres of the ego are its task, as those of our scenarios are."""
    if deed.word not in _DEEDS:
        return ()
    return (*_DEEDS[deed.word], f"{'ego' if deed.actor == ego else 'manoeuvre'}:{deed.word}")
