"""What a scenario says of radio, ready to be played: links, stations, obstacles, what the roadside knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from driving_data.maps.lane_map import DRIVABLE_KINDS, LaneMap, TrafficSignal
from driving_data.rollout import Actors
from driving_data.taxonomy import PEDESTRIANS, VEHICLES, ActorClass
from scenarios.concrete import ConcreteScenario, Feature, SignalProgram
from scenarios.types.devices import stands
from scenarios.types.digital import CONNECTIVITY
from scenarios.types.temporary import WORK_ZONES
from sim_bridge.embedded.counted import Purpose, uniforms
from sim_bridge.embedded.layout import PLEFT, PRIGHT
from sim_bridge.embedded.roads import RoadPaths, point_at

TOWN_LIMIT_MPS = 60.0 / 3.6 + 0.1
RSU_HEIGHT_M, POCKET_HEIGHT_M = 5.0, 1.2
OBSTACLES = frozenset({"building", "wall"})
SLIPPERY_FRICTION = 0.5


@dataclass(frozen=True, slots=True)
class Link:
    """One radio link of the ego, values as in the leaf `connectivity`."""

    name: str
    roadside: bool
    direct: bool
    latency_s: float
    jitter_s: float
    loss: float
    range_m: float
    rate_hz: float
    triggered: bool
    busy: float


@dataclass(frozen=True, slots=True)
class Intersection:
    """A roadside unit that tells what the lights of a junction show.

    Attributes:
        name: the junction.
        position_m: of its antenna.
        signals: rows of the lane map's signals.
    """

    name: str
    position_m: tuple[float, float, float]
    signals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WorkSite:
    """A roadside unit that warns of road works."""

    name: str
    position_m: tuple[float, float, float]
    heading_rad: float
    reach_m: float


@dataclass(frozen=True, slots=True, eq=False)
class RadioPlan:
    """Everything that radio needs of a scenario.

    Attributes:
        links: the links of the ego.
        seed: of the draws.
        ego: index of the receiver.
        actors: who there is.
        equipped: who has a radio, shape (A,).
        antenna_m: height of the antennas above the ground, shape (A,).
        obstacles: buildings and walls as (x, y, yaw, length, width), shape (N, 5).
        town: whether all limits are 60 km/h at most.
        signals: of the lane map.
        programs: of the signals, by id.
        intersections: roadside units at lights.
        work_sites: roadside units at road works.
        friction: of the road.
    """

    links: tuple[Link, ...]
    seed: int
    ego: int
    actors: Actors
    equipped: Bool[np.ndarray, "A"]
    antenna_m: Float[np.ndarray, "A"]
    obstacles: Float[np.ndarray, "N 5"]
    town: bool
    signals: tuple[TrafficSignal, ...]
    programs: Mapping[str, SignalProgram]
    intersections: tuple[Intersection, ...]
    work_sites: tuple[WorkSite, ...]
    friction: float


def radio_plan(scenario: ConcreteScenario, road: RoadPaths, actors: Actors, seed: int) -> RadioPlan | None:
    """The plan of a scenario; None where its ego has no radio."""
    features = [feature for feature in scenario.features if feature.kind == "connectivity"]
    if not features:
        return None
    given = [{n: field.default for n, field in CONNECTIVITY.fields.items()} | dict(f.values) for f in features]
    vehicles = [values for values in given if values["kind"] == "v2v"]
    return RadioPlan(
        links=tuple(_link(feature.name, values) for feature, values in zip(features, given, strict=True)),
        seed=seed,
        ego=0,
        actors=actors,
        equipped=_equipped(actors, vehicles[0] if vehicles else {}, seed),
        antenna_m=_antennas(actors),
        obstacles=obstacles_of(scenario.features, road),
        town=is_town(road.lane_map),
        signals=road.lane_map.signals,
        programs={program.signal_id: program for program in scenario.signals},
        intersections=_intersections(road.lane_map),
        work_sites=_work_sites(scenario, road),
        friction=scenario.environment.road_friction,
    )


def _link(name: str, values: Mapping[str, Any]) -> Link:
    return Link(
        name, values["kind"] == "v2i", values["medium"] == "wifi", float(values["latency"]), float(values["jitter"]),
        float(values["loss"]), float(values["range"]), float(values["rate"]), values["format"] == "cam",
        float(values["busy"]),
    )  # fmt: skip


def is_town(lane_map: LaneMap) -> bool:
    """Whether every driving lane with a limit has one of at most 60 km/h, and at least one has a limit."""
    limits = np.array([lane.speed_limit_mps for lane in lane_map.lanes if lane.kind in DRIVABLE_KINDS])
    limits = limits[np.isfinite(limits)]
    return len(limits) > 0 and bool((limits <= TOWN_LIMIT_MPS).all())


def _equipped(actors: Actors, values: Mapping[str, Any], seed: int) -> np.ndarray:
    """The share of a class that has a radio is the chance of each of its members; the ego has one."""
    drawn = uniforms(seed, Purpose.EQUIPPED, np.arange(len(actors)))
    shares = np.zeros(len(actors))
    for i in range(len(actors)):
        kind = actors.kind_of(i)
        if kind in VEHICLES or kind is ActorClass.MOTORCYCLE:
            shares[i] = float(values.get("equipped", 0.0))
        elif kind in (ActorClass.BICYCLE, ActorClass.E_SCOOTER):
            shares[i] = float(values.get("equipped_cyclists", 0.0))
        elif kind in PEDESTRIANS:
            shares[i] = float(values.get("equipped_people", 0.0))
    equipped = drawn < shares
    equipped[0] = True
    return equipped


def _antennas(actors: Actors) -> np.ndarray:
    """On the roof; people carry theirs in a pocket."""
    held = np.array([actors.kind_of(i) in PEDESTRIANS for i in range(len(actors))])
    return np.where(held, np.minimum(actors.size_m[:, 2], POCKET_HEIGHT_M), actors.size_m[:, 2])


def obstacles_of(features: Sequence[Feature], road: RoadPaths) -> Float[np.ndarray, "N 5"]:
    """Buildings and walls of the map, and those that the scenario puts along a route."""
    rows = [
        (float(item.position_m[0]), float(item.position_m[1]), item.heading_rad, *map(float, item.size_m[:2]))
        for item in road.lane_map.objects if item.kind in OBSTACLES
    ]  # fmt: skip
    for feature in features:
        values = feature.values
        if feature.kind == "structures" and values.get("kind") == "building" and {"on", "from", "to"} <= values.keys():
            rows.extend(_beside(road, values))
    return np.array(rows, dtype=np.float64).reshape(-1, 5)


def _beside(road: RoadPaths, values: Mapping[str, Any]) -> list[tuple[float, float, float, float, float]]:
    """A row of boxes of at most 10 m along a route, its front 2 m behind the edge of what may be driven on."""
    path = road.path(str(values["on"]), edges=True)
    begin, end, depth = float(values["from"]), float(values["to"]), float(values.get("width") or 10.0)
    count = max(1, int(np.ceil((end - begin) / 10.0)))
    sides = {"left": (1.0,), "right": (-1.0,)}.get(str(values.get("side", "both")), (1.0, -1.0))
    boxes: list[tuple[float, float, float, float, float]] = []
    for k in range(count):
        s = begin + (k + 0.5) * (end - begin) / count
        for sign in sides:
            row = path.rows[min(int(s / path.spacing_m), len(path.rows) - 1)]
            edge = min(float(row[PLEFT if sign > 0.0 else PRIGHT]), 20.0)
            place, heading = point_at(path, s, sign * (edge + 2.0 + 0.5 * depth))
            boxes.append((float(place[0]), float(place[1]), heading, (end - begin) / count, depth))
    return boxes


def _intersections(lane_map: LaneMap) -> tuple[Intersection, ...]:
    groups: dict[str, list[int]] = {}
    for row, signal in enumerate(lane_map.signals):
        lanes = [lane_map.lane_by_id[lane] for lane in signal.lane_ids if lane in lane_map.lane_by_id]
        junction = next((lane.junction_id for lane in lanes if lane.junction_id is not None), None)
        groups.setdefault(signal.id if junction is None else junction, []).append(row)
    found: list[Intersection] = []
    for name, rows in groups.items():
        middle = np.mean([lane_map.signals[row].position_m for row in rows], axis=0)
        ground = np.mean([lane_map.signals[row].stop_line_m[:, 2].mean() for row in rows])
        place = (float(middle[0]), float(middle[1]), float(ground) + RSU_HEIGHT_M)
        found.append(Intersection(name, place, tuple(rows)))
    return tuple(found)


def _work_sites(scenario: ConcreteScenario, road: RoadPaths) -> tuple[WorkSite, ...]:
    found: list[WorkSite] = []
    for feature in scenario.features:
        if not stands(feature):
            continue
        values: dict[str, Any] = {name: field.default for name, field in WORK_ZONES.fields.items()}
        values |= feature.values
        route = str(values["on"] or f"main.{max(int(values['closed_lane']), 1)}")
        place, heading = point_at(road.path(route), float(values["from"]), 0.0)
        position = (float(place[0]), float(place[1]), float(place[2]))
        found.append(WorkSite(feature.name, position, heading, float(values["to"]) - float(values["from"])))
    return tuple(found)
