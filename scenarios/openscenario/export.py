"""A concrete scenario of ours as OpenSCENARIO XML 1.3 with its road as OpenDRIVE.

What the standard has no word for is listed, never left out in silence: a driver model becomes its speed, a distance
ahead along the road becomes a place near the other actor. The reference point of actors is the middle of their box;
that of the ego its rear axle, as the standard asks for vehicles.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from driving_data.environment import Environment
from driving_data.maps.routes import RoutePath, place, route_path
from driving_data.store.files import replace_file
from driving_data.taxonomy import ActorClass, SignalState
from scenarios.concrete import Actor, ConcreteScenario, Place
from scenarios.openscenario.export_behaviour import Poser, at_time, events_of, number
from scenarios.openscenario.node import Node
from scenarios.openscenario.write import write_openscenario
from scenarios.roads import build_road, road_text

_VEHICLES: Mapping[ActorClass, str] = {
    ActorClass.CAR: "car", ActorClass.VAN: "van", ActorClass.TRUCK: "truck", ActorClass.TRAILER: "trailer",
    ActorClass.BUS: "bus", ActorClass.EMERGENCY_VEHICLE: "car", ActorClass.CONSTRUCTION_VEHICLE: "truck",
    ActorClass.MOTORCYCLE: "motorbike", ActorClass.BICYCLE: "bicycle", ActorClass.E_SCOOTER: "bicycle",
}  # fmt: skip
_WALKERS: Mapping[ActorClass, str] = {
    ActorClass.PEDESTRIAN: "pedestrian", ActorClass.CHILD: "pedestrian", ActorClass.FLAGGER: "pedestrian",
    ActorClass.WHEELCHAIR: "wheelchair", ActorClass.ANIMAL: "animal",
}  # fmt: skip
_OKTAS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight")
_SIGNALS: Mapping[SignalState, str] = {
    SignalState.RED: "red", SignalState.YELLOW: "yellow", SignalState.GREEN: "green",
    SignalState.RED_YELLOW: "red;yellow", SignalState.FLASHING_YELLOW: "yellow:flashing",
    SignalState.FLASHING_RED: "red:flashing", SignalState.OFF: "off",
}  # fmt: skip
_FULL_SUN_LUX = 100_000.0


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported scenario.

    Attributes:
        xosc: the OpenSCENARIO file.
        xodr: the OpenDRIVE text of its road.
        approximated: one line for everything that the standard says less exactly than the scenario.
    """

    xosc: bytes
    xodr: str
    approximated: tuple[str, ...]


def export_openscenario(concrete: ConcreteScenario, road_name: str) -> Exported:
    """A concrete scenario as OpenSCENARIO XML 1.3.

    Args:
        concrete: what is written.
        road_name: file name under which the OpenDRIVE text will lie beside the OpenSCENARIO file.

    Raises:
        InputError: the road or a place on it is wrong.
    """
    poser = poser_of(concrete)
    groups, notes = [], _drivers(concrete)
    for actor in concrete.actors:
        if actor.behaviour is not None:
            events, approximated = events_of(actor, poser)
            notes += approximated
            groups.append(_group(actor.id, events))
    root = Node("OpenSCENARIO", {}, (
        _header(concrete),
        Node("ParameterDeclarations"),
        Node("CatalogLocations"),
        _road(concrete, road_name),
        Node("Entities", {}, (_ego(concrete), *(_entity(actor) for actor in concrete.actors))),
        _storyboard(concrete, poser, groups),
    ))  # fmt: skip
    return Exported(write_openscenario(root), road_text(concrete.road), tuple(notes))


def write_export(concrete: ConcreteScenario, path: Path) -> Exported:
    """Writes the OpenSCENARIO file and, beside it, its road; each is complete or not there.

    Raises:
        InputError: as `export_openscenario`.
    """
    road = path.with_suffix(".xodr")
    exported = export_openscenario(concrete, road.name)
    for target, data in ((road, exported.xodr.encode()), (path, exported.xosc)):
        replace_file(target, data)
    return exported


def poser_of(concrete: ConcreteScenario) -> Poser:
    """Poses on the road of a scenario, and the number of the lane under a route."""
    lane_map = build_road(concrete.road)

    @cache
    def path(route: str) -> RoutePath:
        return route_path(lane_map, route)

    def pose(at: Place) -> tuple[float, float, float, float]:
        point, yaw = place(path(at.route), at.s_m, at.d_m, at.heading_rad)
        return float(point[0]), float(point[1]), float(point[2]), yaw

    def lane(route: str, s_m: float) -> int:
        along = path(route)
        k = int(np.clip(np.searchsorted(along.s_m, s_m), 0, len(along.s_m) - 1))
        return int(along.lane_ids[int(along.lane_index[k])].rsplit(".", 1)[-1])

    return Poser(pose, lane)


def _header(concrete: ConcreteScenario) -> Node:
    # The date is that of no clock: the same scenario gives the same bytes.
    return Node("FileHeader", {
        "revMajor": "1", "revMinor": "3", "date": "1970-01-01T00:00:00", "author": "Roadloom",
        "description": concrete.description or concrete.name,
    }, (Node("Properties", {}, (
        _property("roadloom:scenario", concrete.name), _property("roadloom:seed", str(concrete.seed)),
        _property("roadloom:index", str(concrete.index)), _property("roadloom:digest", concrete.digest()),
        _property("roadloom:tags", " ".join(concrete.tags)),
    )),))  # fmt: skip


def _property(name: str, value: str) -> Node:
    return Node("Property", {"name": name, "value": value})


def _road(concrete: ConcreteScenario, road_name: str) -> Node:
    children = [Node("LogicFile", {"filepath": road_name})]
    controllers = tuple(
        Node("TrafficSignalController", {"name": f"signal {program.signal_id}"}, tuple(
            Node("Phase", {"name": f"{k} {state.name.lower()}", "duration": number(duration)}, (
                Node("TrafficSignalState", {"trafficSignalId": program.signal_id, "state": _SIGNALS[state]}),))
            for k, (state, duration) in enumerate(_from_start(program.phases, program.offset_s))))
        for program in concrete.signals if program.phases)  # fmt: skip
    if controllers:
        children.append(Node("TrafficSignals", {}, controllers))
    return Node("RoadNetwork", {}, tuple(children))


def _from_start(phases: tuple[tuple[SignalState, float], ...], offset_s: float) -> list[tuple[SignalState, float]]:
    """The phases of a cycle as they follow each other from time zero on; a phase under way is cut in two."""
    cycle = sum(duration for _, duration in phases)
    into = offset_s % cycle if cycle > 0.0 else 0.0
    for k, (state, duration) in enumerate(phases):
        if into < duration:
            rest = [(state, duration - into), *phases[k + 1 :], *phases[:k]]
            return [*rest, (state, into)] if into > 0.0 else list(rest)
        into -= duration
    return list(phases)


def _ego(concrete: ConcreteScenario) -> Node:
    ego = concrete.ego
    return Node("ScenarioObject", {"name": "ego"}, (
        _vehicle("ego", ego.kind, ego.size_m, ego.rear_axle_to_center_m, ego.wheelbase_m, rear_m=0.0),))  # fmt: skip


def _entity(actor: Actor) -> Node:
    length, _, height = actor.size_m
    if actor.kind in _VEHICLES:
        body = _vehicle(actor.id, actor.kind, actor.size_m, 0.0, 0.6 * length, rear_m=-0.3 * length)
    elif actor.kind in _WALKERS:
        body = Node("Pedestrian", {
            "name": actor.id, "mass": number(80.0 * height / 1.75), "pedestrianCategory": _WALKERS[actor.kind],
        }, (_box(actor.size_m, 0.0), _class(actor.kind)))  # fmt: skip
    else:
        category = "barrier" if actor.kind == ActorClass.BARRIER else "obstacle"
        body = Node("MiscObject", {"name": actor.id, "mass": "10", "miscObjectCategory": category},
                    (_box(actor.size_m, 0.0), _class(actor.kind)))  # fmt: skip
    return Node("ScenarioObject", {"name": actor.id}, (body,))


def _class(kind: ActorClass) -> Node:
    """Our finer class, for readers that know it."""
    return Node("Properties", {}, (_property("roadloom:class", kind.label),))


def _vehicle(
    name: str, kind: ActorClass, size_m: tuple[float, float, float], center_m: float, wheelbase_m: float, rear_m: float
) -> Node:
    def axle(tag: str, x_m: float, steering: float) -> Node:
        wheel = min(0.65, 0.45 * size_m[2])
        return Node(tag, {"positionX": number(x_m), "positionZ": number(wheel / 2), "maxSteering": number(steering),
                          "trackWidth": number(0.85 * size_m[1]), "wheelDiameter": number(wheel)})  # fmt: skip

    attributes = {"name": name, "vehicleCategory": _VEHICLES.get(kind, "car")}
    if kind == ActorClass.EMERGENCY_VEHICLE:
        attributes["role"] = "ambulance"
    return Node("Vehicle", attributes, (
        _box(size_m, center_m),
        Node("Performance", {"maxSpeed": "70", "maxAcceleration": "10", "maxDeceleration": "10"}),
        Node("Axles", {}, (axle("FrontAxle", rear_m + wheelbase_m, 0.6), axle("RearAxle", rear_m, 0.0))),
        _class(kind),
    ))  # fmt: skip


def _box(size_m: tuple[float, float, float], center_m: float) -> Node:
    length, width, height = size_m
    return Node("BoundingBox", {}, (
        Node("Center", {"x": number(center_m), "y": "0", "z": number(height / 2)}),
        Node("Dimensions", {"length": number(length), "width": number(width), "height": number(height)}),
    ))  # fmt: skip


def _group(name: str, events: tuple[Node, ...]) -> Node:
    return Node("ManeuverGroup", {"name": f"{name} group", "maximumExecutionCount": "1"}, (
        Node("Actors", {"selectTriggeringEntities": "false"}, (Node("EntityRef", {"entityRef": name}),)),
        Node("Maneuver", {"name": f"{name} maneuver"}, events),
    ))  # fmt: skip


def _storyboard(concrete: ConcreteScenario, poser: Poser, groups: list[Node]) -> Node:
    ego = concrete.ego
    x, y, z, yaw = poser.pose(ego.start)
    back = ego.rear_axle_to_center_m
    rear = (x - back * math.cos(yaw), y - back * math.sin(yaw), z, yaw)
    goal = poser.pose(Place(ego.start.route, ego.goal_s_m))
    route = Node("PrivateAction", {}, (Node("RoutingAction", {}, (Node("AssignRouteAction", {}, (
        Node("Route", {"name": f"ego on {ego.start.route}", "closed": "false"}, tuple(
            Node("Waypoint", {"routeStrategy": "shortest"}, (Node("Position", {}, (world(pose),)),))
            for pose in (rear, goal))),)),)),))  # fmt: skip
    privates = [Node("Private", {"entityRef": "ego"}, (*_begin(rear, ego.speed_mps), route))]
    privates += [Node("Private", {"entityRef": actor.id}, _begin(poser.pose(actor.start), actor.speed_mps))
                 for actor in concrete.actors]  # fmt: skip
    actions = Node("Actions", {}, (_environment(concrete.environment), *privates))
    start = after_time(0.0)
    stories = tuple([Node("Story", {"name": concrete.name or "story"}, (
        Node("Act", {"name": "act"}, (*groups, start)),))] if groups else [])  # fmt: skip
    stop = Node("StopTrigger", {}, after_time(concrete.duration_s).children)
    return Node("Storyboard", {}, (Node("Init", {}, (actions,)), *stories, stop))


def after_time(time_s: float) -> Node:
    """A start trigger that fires at a simulation time."""
    return Node("StartTrigger", {}, (Node("ConditionGroup", {}, (at_time(time_s),)),))


def world(pose: tuple[float, float, float, float]) -> Node:
    """A position in world coordinates."""
    x, y, z, yaw = pose
    return Node("WorldPosition", {"x": number(x), "y": number(y), "z": number(z), "h": number(yaw)})


def _begin(pose: tuple[float, float, float, float], speed_mps: float) -> tuple[Node, Node]:
    dynamics = Node("SpeedActionDynamics", {"dynamicsShape": "step", "dynamicsDimension": "time", "value": "0"})
    target = Node("SpeedActionTarget", {}, (Node("AbsoluteTargetSpeed", {"value": number(speed_mps)}),))
    return (
        Node("PrivateAction", {}, (Node("TeleportAction", {}, (Node("Position", {}, (world(pose),)),)),)),
        Node("PrivateAction", {}, (Node("LongitudinalAction", {}, (Node("SpeedAction", {}, (dynamics, target)),)),)),
    )


def _environment(environment: Environment) -> Node:
    """Weather and road as a global action; the sun's azimuth counts clockwise from north in both."""
    cover = f"{_OKTAS[round(8 * environment.cloud_cover)]}Oktas"
    rain, snow = environment.rain_mmph, environment.snow_mmph
    kind = "snow" if snow > 0 else "rain" if rain > 0 else "dry"
    light = max(0.0, math.sin(environment.sun_elevation_rad)) * _FULL_SUN_LUX * (1.0 - 0.8 * environment.cloud_cover)
    return Node("GlobalAction", {}, (Node("EnvironmentAction", {}, (Node("Environment", {"name": "environment"}, (
        Node("Weather", {"fractionalCloudCover": cover}, (
            Node("Sun", {"azimuth": number(environment.sun_azimuth_rad),
                         "elevation": number(environment.sun_elevation_rad), "illuminance": number(light)}),
            Node("Fog", {"visualRange": number(environment.fog_visibility_m)}),
            Node("Precipitation", {"precipitationType": kind, "precipitationIntensity": number(snow or rain)}),
            Node("Wind", {"direction": "0", "speed": number(environment.wind_mps)}),
        )),
        Node("RoadCondition", {"frictionScaleFactor": number(environment.road_friction)}, (
            Node("Properties", {}, (_property("roadloom:wetness", number(environment.road_wetness)),)),)),
    )),)),))  # fmt: skip


def _drivers(concrete: ConcreteScenario) -> list[str]:
    """Driver models, which the standard leaves to the simulator."""
    return [f"{actor.id}: its driver model (idm) is not written; it keeps its speed of {number(actor.speed_mps)} m/s"
            for actor in concrete.actors if actor.driver.kind != "none"]  # fmt: skip
