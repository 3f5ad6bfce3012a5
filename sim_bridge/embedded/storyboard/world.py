"""A storyboard as a world of the embedded simulator: its actors, the ego's way, and the rows that the player fills."""

import math
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

import numpy as np

from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane, LaneMap
from driving_data.maps.opendrive import parse_text
from driving_data.maps.opendrive.network import Network
from driving_data.rollout import Actors
from driving_data.taxonomy import ActorClass
from scenarios.concrete import ConcreteScenario
from scenarios.storyboard import Storyboard
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.classes import traits_of
from sim_bridge.embedded.ego import ego_vehicle, fill_ego, model_number
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.paths import PathTable, path_through, reversed_path
from sim_bridge.embedded.pool import PoolBuilder
from sim_bridge.embedded.roads import laid_out, with_edges
from sim_bridge.embedded.storyboard.engine import Engine
from sim_bridge.embedded.storyboard.network import RoadNetwork, wrapped
from sim_bridge.embedded.storyboard.place import Place
from sim_bridge.embedded.storyboard.plan import StoryPlan
from sim_bridge.embedded.worlds import WorldSpec

WAY_M = 4000.0
LEAST_WAY_M = 30.0
MAX_KEPT = 16
_NETWORKS: dict[str, "Layout"] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A road as the player needs it: exact, as lane names, and as sampled paths by lane sequence."""

    lane_map: LaneMap
    network: RoadNetwork
    names: Network | None
    paths: dict[Hashable, PathTable] = field(default_factory=lambda: {})


def layout_of(lane_map: LaneMap, key: str) -> Layout:
    """The road of a storyboard world; those used last are kept."""
    found = _NETWORKS.get(key)
    if found is None or found.lane_map is not lane_map:
        while len(_NETWORKS) >= MAX_KEPT:
            _NETWORKS.pop(next(iter(_NETWORKS)))
        document = parse_text(lane_map.opendrive) if lane_map.opendrive else None
        names = None if document is None else Network.of(document)
        found = _NETWORKS[key] = Layout(lane_map, RoadNetwork.of(document), names)
    return found


def story_spec(
    scenario: ConcreteScenario, board: Storyboard, road: Layout, key: str, pool: PoolBuilder,
    options: EmbeddedOptions, seed: int,
) -> WorldSpec:  # fmt: skip
    """The specification of the world that plays a storyboard."""
    engine = Engine.of(board, road.network, scenario.environment)
    engine.begin()
    names = (board.ego, *(entity.name for entity in board.entities if entity.name != board.ego))
    ego = engine.stage.bodies[board.ego]
    path_key, table = asked_way(road, scenario.ego.start.route) or ego_way(road, ego.place)
    known = pool.find(("story", key, path_key))
    path_id = pool.add(("story", key, path_key), table) if known is None else known
    bodies = [engine.stage.bodies[name] for name in names]
    count = len(bodies)
    num_steps = round(scenario.duration_s / scenario.step_s)
    param_f, param_i = _parameters(bodies[0].entity.front_axle_m, engine, names)
    signals = len(road.lane_map.signals)
    dim = scenario.environment.light() != "day" or scenario.environment.weather() in ("rain", "snow", "fog")
    flags = np.zeros((at.INT_COLUMNS, count), dtype=np.int64)
    flags[[at.SPEED_PHASE, at.LATERAL_PHASE, at.PATH_PHASE, at.PATH]] = -1
    flags[at.PATH, 0], flags[at.MODE] = 0, at.MODE_REPLAY
    target = ego_target_mps(scenario, ego.speed)
    goal = scenario.ego.goal_s_m if path_key == ("route", scenario.ego.start.route) else table.length_m
    world_f = _floats(scenario, options, target, min(goal, table.length_m), float(param_f[at.WHEELBASE, 0]))
    world_i = np.zeros(at.WORLD_INTS, dtype=np.int64)
    world_i[at.NUM_ACTORS], world_i[at.NUM_PATHS] = count, 1
    world_i[at.NUM_SIGNALS], world_i[at.NUM_STEPS] = signals, num_steps
    world_i[at.LOW_BEAM], world_i[at.SEED] = int(dim), seed % (2**31)
    world_i[at.EGO_MODEL] = model_number(options)
    plan = StoryPlan(
        board, road.network, scenario.environment, names, table,
        tuple(signal.id for signal in road.lane_map.signals), dim,
    )  # fmt: skip
    return WorldSpec(
        actors=_actors(engine, names),
        ego_index=0,
        lane_map=road.lane_map,
        environment=scenario.environment,
        signal_ids=plan.signal_ids,
        timestamps_ns=np.arange(num_steps + 1, dtype=np.int64) * round(scenario.step_s * 1e9),
        target_speed_mps=target,
        world_f=world_f,
        world_i=world_i,
        paths=np.array([path_id], dtype=np.int64),
        param_f=param_f,
        param_i=param_i,
        state=np.zeros((at.STATE_COLUMNS, count)),
        flags=flags,
        phase_i=np.zeros((0, at.PHASE_INTS), dtype=np.int64),
        phase_f=np.zeros((0, at.PHASE_FLOATS)),
        phase_labels=event_labels(board),
        signal_i=np.tile(np.array([[0, -1]], dtype=np.int64), (signals, 1)),
        signal_f=np.ones((signals, 2)),
        program=np.zeros((0, 2)),
        replay=np.zeros((num_steps + 1, at.LOG_COLUMNS + 1, count)),
        replay_valid=np.zeros((num_steps + 1, count), dtype=np.int64),
        replay_signal=np.full((num_steps + 1, signals), 7, dtype=np.int64),
        story=plan,
    )


def event_labels(board: Storyboard) -> tuple[str, ...]:
    """Names of the events of a storyboard, as `manoeuvre/event`, in order."""
    return tuple(
        f"{maneuver.name}/{event.name}"
        for story in board.stories
        for act in story.acts
        for group in act.groups
        for maneuver in group.maneuvers
        for event in maneuver.events
    )


def ego_target_mps(scenario: ConcreteScenario, speed_mps: float) -> float:
    """The speed asked of the ego: that of the scenario, else that with which it starts."""
    return scenario.ego.target_speed_mps if scenario.ego.target_speed_mps > 0.0 else max(abs(speed_mps), 1.0)


def _parameters(front_axle_m: float | None, engine: Engine, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    count = len(names)
    param_f, param_i = np.zeros((at.PARAM_COLUMNS, count)), np.zeros((at.PARAM_INTS, count), dtype=np.int64)
    for i, name in enumerate(names):
        entity = engine.stage.bodies[name].entity
        traits = traits_of(entity.kind)
        base = 0.0 if i else max((front_axle_m or 0.6 * entity.size_m[0]) - entity.rear_axle_m, 0.5)
        rear = 0.0 if i else entity.center_m[0] - entity.rear_axle_m
        param_f[: at.FORESIGHT + 1, i] = [
            *entity.size_m, traits.mass_kg, 1.5, 2.0, 1.8, 2.5, traits.jerk_mps3, base, rear, traits.foresight_s,
        ]  # fmt: skip
        param_i[at.KIND, i], param_i[at.LAMPS, i] = entity.kind, traits.lamps
        param_i[at.WALKS, i] = int(traits.walks)
    param_i[at.DRIVER, 0] = at.DRIVER_IDM
    return param_f, param_i


def _actors(engine: Engine, names: tuple[str, ...]) -> Actors:
    entities = [engine.stage.bodies[name].entity for name in names]
    rolls = [traits_of(ActorClass(entity.kind)).rolls for entity in entities]
    return Actors(
        ids=("ego", *names[1:]),
        kind=np.array([entity.kind for entity in entities], dtype=np.int64),
        size_m=np.array([entity.size_m for entity in entities], dtype=np.float64),
        rear_axle_to_center_m=np.array(
            [
                entity.center_m[0] - entity.rear_axle_m if roll or k == 0 else 0.0
                for k, (entity, roll) in enumerate(zip(entities, rolls, strict=True))
            ]
        ),
    )


def _floats(
    scenario: ConcreteScenario,
    options: EmbeddedOptions,
    target_mps: float,
    goal_m: float,
    wheelbase_m: float,
) -> np.ndarray:
    values = np.zeros(at.WORLD_FLOATS)
    values[at.DT], values[at.FRICTION] = scenario.step_s, scenario.environment.road_friction
    values[at.TARGET_SPEED], values[at.GOAL_S] = target_mps, goal_m
    fill_ego(values, ego_vehicle(scenario.ego.kind, wheelbase_m, options), options)
    return values


def asked_way(road: Layout, route: str) -> tuple[Hashable, PathTable] | None:
    """The route that the scenario names for the ego as a path; None where it names none."""
    if route not in road.lane_map.routes:
        return None
    key = ("route", route)
    if key not in road.paths:
        road.paths[key] = laid_out(road.lane_map).path(route, edges=True)
    return key, road.paths[key]


def ego_way(road: Layout, place: Place) -> tuple[Hashable, PathTable]:
    """The way of the ego as a path: along its assigned route, else where its lane leads; straight ahead off lanes."""
    lanes, against = lanes_ahead(road, place)
    if not lanes:
        key: Hashable = ("straight", place.x, place.y, place.heading)
        ahead = np.array([math.cos(place.heading), math.sin(place.heading), 0.0])
        start = np.array([place.x, place.y, place.z])
        return key, _open(path_through(np.stack([start - 20.0 * ahead, start + 1000.0 * ahead])))
    key = (lanes, against)
    if key not in road.paths:
        named = replace(road.lane_map, routes={"ego": lanes})
        table = laid_out(named).path("ego")
        road.paths[key] = with_edges(reversed_path(table) if against else table, road.lane_map)
    return key, road.paths[key]


def _open(table: PathTable) -> PathTable:
    rows = table.rows.copy()
    rows[:, [at.PLEFT, at.PRIGHT]] = 1e3
    return replace(table, rows=rows)


def lanes_ahead(road: Layout, place: Place) -> tuple[tuple[str, ...], bool]:
    """Lanes that the ego goes along, in the direction of traffic, and whether it goes against it."""
    lanes = road.lane_map.lane_by_id
    name = road.names.lane_id_at(place.road, place.lane, place.s) if road.names is not None and place.road else None
    if name is None or name not in lanes or lanes[name].kind not in DRIVABLE_KINDS:
        name = _nearest(road.lane_map, place)
    if name is None:
        return (), False
    against = _against(lanes[name], place)
    wanted = [] if place.route is None else [stretch.road for stretch in place.route.stretches]
    chain, seen, length = [name], {name}, 0.0
    while length < WAY_M:
        here = lanes[chain[-1]]
        options = [i for i in (here.predecessors if against else here.successors) if i not in seen and i in lanes]
        if not options:
            break
        chosen = min(options, key=lambda i: _preference(here, lanes[i], wanted, against))
        chain.append(chosen)
        seen.add(chosen)
        length += float(np.linalg.norm(np.diff(lanes[chosen].centerline_m[:, :2], axis=0), axis=-1).sum())
    return tuple(reversed(chain) if against else chain), against


def _preference(here: Lane, other: Lane, wanted: list[str], against: bool) -> tuple[int, float]:
    """Lower is better: roads of the route first, then the straightest way."""
    return (0 if other.road_id in wanted else 1, abs(wrapped(_turn(other, against) - _turn(here, against))))


def _turn(lane: Lane, against: bool) -> float:
    a, b = (lane.centerline_m[1], lane.centerline_m[0]) if against else lane.centerline_m[-2:]
    return math.atan2(b[1] - a[1], b[0] - a[0])


def _against(lane: Lane, place: Place) -> bool:
    steps = np.diff(lane.centerline_m[:, :2], axis=0)
    gaps = np.hypot(lane.centerline_m[:-1, 0] - place.x, lane.centerline_m[:-1, 1] - place.y)
    step = steps[int(np.argmin(gaps))]
    return math.cos(place.heading) * float(step[0]) + math.sin(place.heading) * float(step[1]) < 0.0


def _nearest(lane_map: LaneMap, place: Place) -> str | None:
    """The drivable lane within 30 m whose middle is nearest."""
    best, name = LEAST_WAY_M, None
    for lane in lane_map.lanes:
        if lane.kind in DRIVABLE_KINDS:
            gap = float(np.hypot(lane.centerline_m[:, 0] - place.x, lane.centerline_m[:, 1] - place.y).min())
            if gap < best:
                best, name = gap, lane.id
    return name
