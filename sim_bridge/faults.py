"""What is wrong with a concrete scenario on its road: names that do not exist, numbers that are none. All at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import cast

from driving_data.errors import Fault, nearest_name
from driving_data.maps.lane_map import LaneMap
from driving_data.maps.opendrive import parse_text
from scenarios.behaviour import (
    AheadOf,
    Behaviour,
    ChangeLane,
    ChangeSpeed,
    DistanceBelow,
    DropCargo,
    FailSignal,
    Failure,
    FaultSensor,
    FollowPath,
    KeepSpeed,
    MoveSideways,
    OpenDoor,
    Parallel,
    Show,
    TimeGapBelow,
    TimeToCollisionBelow,
    Wait,
    When,
)
from scenarios.behaviour import Sequence as InOrder
from scenarios.concrete import ConcreteScenario, Place
from scenarios.habits import DRIVER_KINDS
from scenarios.storyboard import LanePosition, RoadPosition, Storyboard
from scenarios.types.cargo import CARGO, SIDES
from scenarios.types.digital import FAULTS
from scenarios.types.manoeuvres import SHOWN, WHEELS
from scenarios.types.temporary import FAILURES
from scenarios.types.traits import WORKING_MODES
from sim_bridge.embedded.roads import RoadPaths


def faults_of(scenario: ConcreteScenario, road: RoadPaths) -> list[Fault]:
    """Everything in a scenario that names what does not exist or is no possible number."""
    lane_map = road.lane_map
    check = _Check(scenario.name, tuple(lane_map.routes), ("ego", *(actor.id for actor in scenario.actors)), road)
    check.number(scenario.step_s > 0, "step_s", scenario.step_s, "a step above 0 s")
    check.number(scenario.duration_s >= scenario.step_s, "duration_s", scenario.duration_s, "at least one step")
    if scenario.storyboard is not None:
        return [*check.faults, *story_faults(scenario.name, scenario.storyboard, lane_map)]
    check.place(scenario.ego.start, "ego.start")
    check.goal(scenario)
    check.number(min(scenario.ego.size_m) > 0, "ego.size_m", scenario.ego.size_m, "sizes above 0 m")
    check.number(scenario.ego.wheelbase_m > 0, "ego.wheelbase_m", scenario.ego.wheelbase_m, "a wheelbase above 0 m")
    check.number(scenario.ego.speed_mps >= 0, "ego.speed_mps", scenario.ego.speed_mps, "a speed of at least 0")
    ids: set[str] = {"ego"}
    for k, actor in enumerate(scenario.actors):
        place = f"actors[{k}]"
        if actor.id in ids:
            check.add(f"{place}.id", "duplicate-id", actor.id, "an id that no other actor has")
        ids.add(actor.id)
        check.place(actor.start, f"{place}.start")
        check.number(min(actor.size_m) > 0, f"{place}.size_m", actor.size_m, "sizes above 0 m")
        check.number(actor.speed_mps >= 0, f"{place}.speed_mps", actor.speed_mps, "a speed of at least 0")
        if actor.driver.kind not in DRIVER_KINDS:
            check.name(actor.driver.kind, DRIVER_KINDS, f"{place}.driver.kind", "unknown-driver")
        if actor.traits.get("towed_by"):
            others = tuple(name for name in check.actors if name != actor.id)
            check.name(str(actor.traits["towed_by"]), others, f"{place}.traits.towed_by", "unknown-actor")
        for label, node in walk(actor.behaviour, f"{place}.behaviour"):
            check.node(label, node)
    for k, program in enumerate(scenario.signals):
        names = tuple(signal.id for signal in lane_map.signals)
        check.name(program.signal_id, names, f"signals[{k}].signal_id", "unknown-signal")
        total = sum(duration for _, duration in program.phases)
        check.number(total > 0, f"signals[{k}].phases", total, "a cycle above 0 s")
    return check.faults


def story_faults(name: str, board: Storyboard, lane_map: LaneMap) -> list[Fault]:
    """Roads and lanes that a storyboard names and the map does not have."""
    roads = {lane.road_id for lane in lane_map.lanes}
    document = parse_text(lane_map.opendrive) if lane_map.opendrive else None
    lanes = (
        {}
        if document is None
        else {road.id: {lane.id for section in road.sections for lane in section.lanes} for road in document.roads}
    )
    roads |= set(lanes)
    faults: list[Fault] = []
    for path, place in positions_in(board, "storyboard"):
        if place.road not in roads:
            expected = f"one of the roads {', '.join(sorted(roads)[:20])}" if roads else "a road network"
            nearest = nearest_name(place.road, roads)
            faults.append(Fault(name, 0, 0, path, "unknown-road", repr(place.road), expected, nearest))
        elif isinstance(place, LanePosition) and place.lane not in lanes.get(place.road, {place.lane}):
            expected = f"a lane of road {place.road}: {', '.join(str(k) for k in sorted(lanes[place.road]))}"
            faults.append(Fault(name, 0, 0, path, "unknown-lane", str(place.lane), expected))
    return list(dict.fromkeys(faults))


def positions_in(value: object, path: str) -> Iterator[tuple[str, LanePosition | RoadPosition]]:
    """Every position on a road inside a value, with its path."""
    if isinstance(value, (LanePosition, RoadPosition)):
        yield path, value
    elif isinstance(value, tuple):
        for k, item in enumerate(cast("tuple[object, ...]", value)):
            yield from positions_in(item, f"{path}[{k}]")
    elif is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            yield from positions_in(getattr(value, part.name), f"{path}.{part.name}")


def walk(node: Behaviour | None, label: str) -> Iterator[tuple[str, Behaviour]]:
    """Every node of a behaviour with its path in the document."""
    if node is None:
        return
    yield label, node
    if isinstance(node, InOrder):
        for k, step in enumerate(node.steps):
            yield from walk(step, f"{label}.steps[{k}]")
    elif isinstance(node, Parallel):
        for k, branch in enumerate(node.branches):
            yield from walk(branch, f"{label}.branches[{k}]")
    elif isinstance(node, When):
        yield from walk(node.then, f"{label}.then")


@dataclass(frozen=True, slots=True)
class _Check:
    name_of_scenario: str
    routes: tuple[str, ...]
    actors: tuple[str, ...]
    road: RoadPaths
    faults: list[Fault] = field(default_factory=lambda: [])

    def add(self, path: str, code: str, found: object, expected: str, nearest: str | None = None) -> None:
        self.faults.append(Fault(self.name_of_scenario, 0, 0, path, code, repr(found), expected, nearest))

    def number(self, holds: bool, path: str, found: object, expected: str) -> None:
        if not holds:
            self.add(path, "bad-number", found, expected)

    def name(self, name: str, valid: tuple[str, ...], path: str, code: str) -> None:
        if name not in valid:
            self.add(
                path, code, name, f"one of {', '.join(valid) or 'none: there are none'}", nearest_name(name, valid)
            )

    def route(self, name: str, path: str) -> None:
        self.name(name, self.routes, path, "unknown-route")

    def place(self, place: Place, path: str) -> None:
        self.route(place.route, f"{path}.route")
        if place.route in self.routes:
            length = self.road.path(place.route).length_m
            self.number(
                0.0 <= place.s_m <= length, f"{path}.s_m", place.s_m, f"a place on the route, 0 to {length:.1f} m"
            )

    def goal(self, scenario: ConcreteScenario) -> None:
        ego = scenario.ego
        if ego.start.route in self.routes:
            length = self.road.path(ego.start.route).length_m
            expected = f"a goal beyond the start and on the route, {ego.start.s_m:.1f} to {length:.1f} m"
            self.number(ego.start.s_m < ego.goal_s_m <= length, "ego.goal_s_m", ego.goal_s_m, expected)

    def node(self, label: str, node: Behaviour) -> None:
        if isinstance(node, (ChangeLane, FollowPath)):
            self.route(node.route, f"{label}.route")
        if isinstance(node, FollowPath):
            self.number(len(node.points_m) > 0, f"{label}.points_m", node.points_m, "at least one point")
            self.number(node.speed_mps > 0, f"{label}.speed_mps", node.speed_mps, "a speed above 0")
        if isinstance(node, KeepSpeed):
            self.number(node.speed_mps >= 0, f"{label}.speed_mps", node.speed_mps, "a speed of at least 0")
        if isinstance(node, ChangeSpeed):
            self.number(node.speed_mps >= 0, f"{label}.speed_mps", node.speed_mps, "a speed of at least 0")
            self.number(node.rate_mps2 != 0, f"{label}.rate_mps2", node.rate_mps2, "a rate that is not 0")
        if isinstance(node, (ChangeLane, MoveSideways, Wait)):
            self.number(node.duration_s >= 0, f"{label}.duration_s", node.duration_s, "a duration of at least 0")
        if isinstance(node, DropCargo):
            self.name(node.what, tuple(CARGO), f"{label}.what", "unknown-cargo")
        if isinstance(node, OpenDoor):
            self.name(node.side, SIDES, f"{label}.side", "unknown-side")
            self.number(node.duration_s >= 0, f"{label}.duration_s", node.duration_s, "a duration of at least 0")
        if isinstance(node, Failure):
            self.name(node.part, ("brakes", "tyre", "steering"), f"{label}.part", "unknown-part")
            wheels = WHEELS if node.part == "tyre" else ("",)
            self.name(node.wheel, wheels, f"{label}.wheel", "unknown-wheel")
            self.number(0.0 <= node.remaining <= 1.0, f"{label}.remaining", node.remaining, "a share from 0 to 1")
            if node.actor:
                self.name(node.actor, self.actors, f"{label}.actor", "unknown-actor")
        if isinstance(node, FailSignal):
            names = tuple(signal.id for signal in self.road.lane_map.signals)
            self.name(node.kind, FAILURES, f"{label}.kind", "unknown-failure")
            if not any(name.startswith(node.signal) for name in names):
                self.name(node.signal, names, f"{label}.signal", "unknown-signal")
        if isinstance(node, Show):
            self.name(node.what, (*SHOWN, *WORKING_MODES), f"{label}.what", "unknown-sign")
            self.number(node.duration_s >= 0, f"{label}.duration_s", node.duration_s, "a duration of at least 0")
        if isinstance(node, FaultSensor):
            self.name(node.kind, FAULTS, f"{label}.kind", "unknown-fault")
            self.number(0.0 <= node.severity <= 1.0, f"{label}.severity", node.severity, "a share from 0 to 1")
        if isinstance(node, When):
            trigger = node.trigger
            if isinstance(trigger, (DistanceBelow, TimeGapBelow, TimeToCollisionBelow, AheadOf)):
                self.name(trigger.actor, self.actors, f"{label}.trigger.actor", "unknown-actor")
