"""Roads with traffic set out on them by hand: what the sheet of roads, weathers and times is taken from.

Every road is an archetype of the library with fixed numbers. Actors stand on its routes at fixed places, so that a
picture depends on nothing but this file and the seed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.maps.lane_map import LaneMap
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors, WorldState
from driving_data.taxonomy import ActorClass, Light, SignalState
from scenarios.concrete import RoadChoice
from scenarios.roads import build_road

SIZES: Mapping[ActorClass, tuple[float, float, float]] = {
    ActorClass.CAR: (4.5, 1.82, 1.5), ActorClass.VAN: (5.6, 2.05, 2.4), ActorClass.TRUCK: (9.5, 2.5, 3.6),
    ActorClass.BUS: (12.0, 2.55, 3.1), ActorClass.PEDESTRIAN: (0.5, 0.6, 1.75), ActorClass.BICYCLE: (1.8, 0.65, 1.75),
    ActorClass.CONE: (0.4, 0.4, 0.75), ActorClass.BARRIER: (0.5, 2.0, 1.1), ActorClass.FLAGGER: (0.5, 0.6, 1.78),
    ActorClass.CONSTRUCTION_VEHICLE: (7.0, 2.5, 3.1), ActorClass.EMERGENCY_VEHICLE: (5.6, 2.05, 2.6),
    ActorClass.MOTORCYCLE: (2.2, 0.85, 1.5),
}  # fmt: skip
_DRIVING = frozenset({
    ActorClass.CAR, ActorClass.VAN, ActorClass.TRUCK, ActorClass.BUS, ActorClass.EMERGENCY_VEHICLE,
    ActorClass.MOTORCYCLE,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Extra:
    """Somebody or something on a stage.

    Attributes:
        kind: what it is; its size follows.
        route: name of the route that it is on.
        s_m: how far along.
        left_m: how far to the left of the route.
        turn_rad: turned from the direction of the route.
        lights: lit besides what the time of day asks for.
    """

    kind: ActorClass
    route: str
    s_m: float
    left_m: float = 0.0
    turn_rad: float = 0.0
    lights: Light = Light.NONE


@dataclass(frozen=True, slots=True)
class Stage:
    """A kind of road with traffic.

    Attributes:
        name: as `crossroads_lights`.
        answers: names that count as right when somebody says what the picture shows.
        archetype: the road.
        parameters: of the archetype.
        route: where the ego is.
        s_m: how far along.
        extras: who else is there.
        draws: of the scene's appearance.
        eye_m: height of the camera.
        down_rad: how far it looks down.
    """

    name: str
    answers: tuple[str, ...]
    archetype: str
    parameters: Mapping[str, Any]
    route: str
    s_m: float
    extras: tuple[Extra, ...]
    draws: Mapping[str, Any] = field(default_factory=lambda: {})
    eye_m: float = 1.5
    down_rad: float = 0.02


def lane_map_of(stage: Stage) -> LaneMap:
    """The road of a stage."""
    return build_road(RoadChoice(archetype=stage.archetype, parameters=dict(stage.parameters)))


def along(lane_map: LaneMap, route: str, s_m: float, left_m: float = 0.0) -> tuple[np.ndarray, float]:
    """Point on the ground and heading at a place of a route."""
    line = np.concatenate([lane_map.lane_by_id[lane].centerline_m for lane in lane_map.routes[route]])
    step = np.linalg.norm(np.diff(line[:, :2], axis=0), axis=-1)
    line = line[np.concatenate([[True], step > 1e-6])]
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line[:, :2], axis=0), axis=-1))])
    point = np.array([np.interp(s_m, arc, line[:, k]) for k in range(3)])
    ahead = np.array([np.interp(s_m + 0.5, arc, line[:, k]) - np.interp(s_m - 0.5, arc, line[:, k]) for k in range(2)])
    yaw = float(np.arctan2(ahead[1], ahead[0]))
    return point + left_m * np.array([-np.sin(yaw), np.cos(yaw), 0.0]), yaw


def placed(
    stage: Stage, environment: Environment, high_beam: bool = False
) -> tuple[SceneDescription, WorldState]:  # fmt: skip
    """The stage as the tracer takes it; lights burn when it is dark, foggy or wet."""
    lane_map = lane_map_of(stage)
    extras = (Extra(ActorClass.CAR, stage.route, stage.s_m), *stage.extras)
    sizes = np.array([SIZES[extra.kind] for extra in extras])
    spots = [along(lane_map, extra.route, extra.s_m, extra.left_m) for extra in extras]
    place = np.array([spot for spot, _ in spots]) + 0.5 * np.array([[0.0, 0.0, size[2]] for size in sizes])
    yaw = np.array([heading + extra.turn_rad for (_, heading), extra in zip(spots, extras, strict=True)])
    dim = environment.light() != "day" or environment.weather() in ("rain", "snow", "fog")
    dim |= bool(stage.archetype == "tunnel")
    beam = Light.LOW_BEAM if dim else Light.NONE
    lights = [int(extra.lights | (beam if extra.kind in _DRIVING else Light.NONE)) for extra in extras]
    lights[0] |= int(Light.HIGH_BEAM) if high_beam else 0
    actors = Actors(
        ("ego", *(f"extra_{k}" for k in range(1, len(extras)))), np.array([extra.kind for extra in extras]), sizes,
        np.where(np.arange(len(extras)) == 0, 1.35, 0.0),
    )  # fmt: skip
    ids = tuple(signal.id for signal in lane_map.signals)
    green = np.array([_state(lane_map, stage, index) for index in range(len(ids))], dtype=np.int64)
    state = WorldState(
        4_250_000_000, SE3.from_yaw(yaw, place), np.zeros((len(extras), 3)), np.zeros(len(extras)),
        np.zeros(len(extras)), np.array(lights, dtype=np.uint8), np.ones(len(extras), dtype=bool), green,
    )  # fmt: skip
    draws = {"season": "summer", "hill_height": 25.0, **stage.draws}
    return SceneDescription(lane_map, actors, 0, environment, ids, draws), state


def _state(lane_map: LaneMap, stage: Stage, index: int) -> int:
    """Lights on the ego's way are red, the others green."""
    _, heading = along(lane_map, stage.route, stage.s_m)
    towards = np.cos(lane_map.signals[index].heading_rad - heading)
    return int(SignalState.RED if abs(towards) > 0.7 else SignalState.GREEN)


def _zone_of_cones(route: str, start_m: float, end_m: float, left_m: float) -> tuple[Extra, ...]:
    """Cones that taper a lane away over 30 m, then along its edge."""
    at = np.arange(start_m, end_m, 6.0)
    offset = np.clip((at - start_m) / 30.0, 0.0, 1.0) * (1.55 + left_m) - 1.55
    cones = [Extra(ActorClass.CONE, route, float(s), float(t)) for s, t in zip(at, offset, strict=True)]
    boards = [Extra(ActorClass.BARRIER, route, start_m + 33.0, 0.0)]
    return (*cones, *boards)


_CAR, _VAN, _TRUCK, _WALKER = ActorClass.CAR, ActorClass.VAN, ActorClass.TRUCK, ActorClass.PEDESTRIAN

STAGES: tuple[Stage, ...] = (
    Stage("motorway", ("motorway", "highway", "freeway", "autobahn"), "motorway", {"lanes": 3, "length_m": 900.0},
          "main.2", 200.0, (
              Extra(_TRUCK, "main.1", 238.0), Extra(_CAR, "main.2", 246.0), Extra(_CAR, "main.3", 222.0),
              Extra(_VAN, "main.1", 290.0), Extra(_CAR, "oncoming.2", 600.0), Extra(_CAR, "oncoming.3", 640.0),
              Extra(_TRUCK, "oncoming.1", 625.0))),
    Stage("rural", ("rural road", "country road"), "rural", {"length_m": 700.0, "curvature_1pm": 0.0018},
          "main.1", 200.0, (Extra(_CAR, "main.1", 232.0), Extra(_CAR, "oncoming.1", 450.0))),
    Stage("urban", ("urban street", "city street", "town street"), "urban",
          {"length_m": 400.0, "parking": True, "crosswalk_s_m": 160.0}, "main.1", 120.0, (
              Extra(_CAR, "main.1", 145.0, 0.0, 0.0, Light.BRAKE), Extra(_CAR, "oncoming.1", 238.0),
              Extra(_CAR, "parking.right", 136.0), Extra(_VAN, "parking.right", 146.0),
              Extra(_CAR, "parking.left", 245.0), Extra(_WALKER, "sidewalk.right", 134.0),
              Extra(_WALKER, "sidewalk.left", 250.0), Extra(ActorClass.BUS, "oncoming.1", 214.0))),
    Stage("residential", ("residential street", "suburban street", "town street"), "residential", {"length_m": 300.0},
          "main.1", 90.0, (
              Extra(_CAR, "parking.right", 108.0), Extra(_CAR, "parking.right", 121.0),
              Extra(_CAR, "parking.left", 185.0), Extra(ActorClass.BICYCLE, "main.1", 106.0, -0.6),
              Extra(_WALKER, "sidewalk.left", 190.0), Extra(_CAR, "oncoming.1", 165.0))),
    Stage("crossroads_lights", ("crossroads", "intersection", "four-way with traffic lights"), "crossroads",
          {"signals": True}, "main.straight", 62.0, (
              Extra(_CAR, "main.straight", 78.0, 0.0, 0.0, Light.BRAKE), Extra(_CAR, "from_left.straight", 100.0),
              Extra(_VAN, "from_right.straight", 88.0), Extra(_CAR, "oncoming.straight", 70.0))),
    Stage("crossroads", ("crossroads", "intersection", "four-way without lights"), "crossroads",
          {"signals": False}, "main.straight", 66.0, (
              Extra(_CAR, "from_right.straight", 88.0), Extra(_CAR, "oncoming.straight", 60.0))),
    Stage("t_junction", ("t-junction", "side road joins", "junction"), "t_junction", {}, "minor.left", 62.0, (
        Extra(_CAR, "main.straight", 84.0), Extra(_CAR, "oncoming.straight", 66.0))),
    Stage("roundabout", ("roundabout", "traffic circle"), "roundabout", {}, "main.straight", 50.0, (
        Extra(_CAR, "from_left.straight", 96.0), Extra(_CAR, "main.straight", 70.0)), {}, 2.2, 0.06),
    Stage("ramp", ("ramp", "motorway entry", "merge", "acceleration lane"), "ramp", {}, "ramp", 110.0, (
        Extra(_TRUCK, "main.1", 240.0), Extra(_CAR, "main.2", 215.0), Extra(_CAR, "ramp", 150.0))),
    Stage("tunnel", ("tunnel",), "tunnel", {"tunnel_s_m": 200.0, "tunnel_length_m": 200.0}, "main.1", 240.0, (
        Extra(_CAR, "main.1", 266.0), Extra(_TRUCK, "oncoming.1", 300.0), Extra(_CAR, "oncoming.1", 325.0))),
    Stage("tunnel_entrance", ("tunnel", "tunnel entrance", "tunnel portal"), "tunnel",
          {"tunnel_s_m": 200.0, "tunnel_length_m": 200.0}, "main.1", 160.0, (
              Extra(_CAR, "main.1", 187.0), Extra(_CAR, "oncoming.1", 415.0))),
    Stage("work_zone", ("work zone", "road works", "construction"), "work_zone",
          {"closure_start_m": 150.0, "closure_end_m": 230.0}, "main.2", 135.0, (
              *_zone_of_cones("main.1", 142.0, 232.0, 1.55), Extra(ActorClass.CONSTRUCTION_VEHICLE, "main.1", 196.0),
              Extra(ActorClass.FLAGGER, "main.1", 176.0, 0.4, np.pi), Extra(ActorClass.FLAGGER, "main.1", 184.0, -0.8),
              Extra(_CAR, "main.2", 172.0, 0.0, 0.0, Light.BRAKE), Extra(_CAR, "oncoming.1", 215.0))),
)  # fmt: skip
