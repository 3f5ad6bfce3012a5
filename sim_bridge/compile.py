"""Concrete scenarios into packed worlds: names checked, roads laid out as paths, behaviours flattened.

Everything wrong with a scenario is reported at once; what the embedded simulator cannot play is `Unsupported`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.spatial import KDTree

from driving_data.errors import InputError, Unsupported
from driving_data.maps.lane_map import LaneMap
from driving_data.plain import canonical_text
from driving_data.rollout import Actors
from scenarios.behaviour import FollowPath
from scenarios.concrete import Actor, ConcreteScenario, RoadChoice
from scenarios.roads import build_road
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.articulated import usual_trailer
from sim_bridge.embedded.bodies import fill_body
from sim_bridge.embedded.classes import traits_of
from sim_bridge.embedded.drivers import driver_code
from sim_bridge.embedded.ego import ego_vehicle, fill_ego, model_number
from sim_bridge.embedded.localization.plan import positioning_plan
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.paths import PathTable, path_through
from sim_bridge.embedded.phases import Lookup, Phase, flatten
from sim_bridge.embedded.pool import PoolBuilder
from sim_bridge.embedded.roads import RoadPaths, laid_out, point_at
from sim_bridge.embedded.storyboard.world import layout_of, story_spec
from sim_bridge.embedded.trailers import coupling_of, is_semi
from sim_bridge.embedded.triggered import Triggered, triggered_of
from sim_bridge.embedded.v2x.plan import radio_plan
from sim_bridge.embedded.worlds import WorldSpec
from sim_bridge.faults import faults_of, walk
from sim_bridge.habits import Ways, extend_paths, habits_and_rules
from sim_bridge.loose import fill_loose, index_of, loose_of, with_loose
from sim_bridge.modes import mode_plan
from sim_bridge.signal_failures import played_programs, timed_faults

RoadBuilder = Callable[[RoadChoice], LaneMap]
MAX_KEPT_ROADS = 32
_ROADS: dict[tuple[RoadBuilder, str], RoadPaths] = {}
LANE_CHANGE_REACH_M = 12.0
AGAINST_RAD = math.radians(120.0)
ALONG_RAD = math.radians(60.0)


def compile_scenarios(
    scenarios: Sequence[ConcreteScenario],
    seeds: Sequence[int],
    options: EmbeddedOptions,
    build: RoadBuilder = build_road,
) -> tuple[list[WorldSpec], at.Pool]:
    """Worlds of one batch and the paths that they share.

    Raises:
        InputError: a scenario refers to what does not exist; every fault of every scenario is named.
        Unsupported: a scenario asks for something that the embedded simulator cannot play.
    """
    if len(scenarios) != len(seeds) or not scenarios:
        raise ValueError(f"{len(scenarios)} scenarios need as many seeds and at least one, not {len(seeds)}")
    roads = roads_of(scenarios, build)
    faults = [f for scenario, road in zip(scenarios, roads, strict=True) for f in faults_of(scenario, road)]
    if faults:
        raise InputError(faults)
    pool = PoolBuilder()
    specs = [
        _spec(scenario, road, pool, options, seed) for scenario, road, seed in zip(scenarios, roads, seeds, strict=True)
    ]
    return specs, pool.build()


def _spec(
    scenario: ConcreteScenario, road: RoadPaths, pool: PoolBuilder, options: EmbeddedOptions, seed: int
) -> WorldSpec:
    key = canonical_text(scenario.road)
    if scenario.storyboard is not None:
        return story_spec(scenario, scenario.storyboard, layout_of(road.lane_map, key), key, pool, options, seed)
    return _World(scenario, road, key, pool, options, seed).spec()


def roads_of(scenarios: Sequence[ConcreteScenario], build: RoadBuilder) -> list[RoadPaths]:
    """The laid-out road of each scenario; the roads used last are kept, by what they are made from."""
    roads: list[RoadPaths] = []
    for scenario in scenarios:
        key = (build, canonical_text(scenario.road))
        if key not in _ROADS:
            while len(_ROADS) >= MAX_KEPT_ROADS:
                _ROADS.pop(next(iter(_ROADS)))
            _ROADS[key] = laid_out(LaneMap(()) if is_open_plane(scenario) else build(scenario.road))
        roads.append(_ROADS[key])
    return roads


@dataclass(frozen=True, slots=True)
class _World:
    """Builds the specification of one world; actor 0 is the ego."""

    scenario: ConcreteScenario
    road: RoadPaths
    road_key: str
    pool: PoolBuilder
    options: EmbeddedOptions
    seed: int
    paths: list[int] = field(default_factory=lambda: [])

    def spec(self) -> WorldSpec:
        scenario = self.scenario
        loose = loose_of(scenario.actors)
        first = len(scenario.actors) + 1
        count = first + len(loose)
        param_f, param_i = np.zeros((at.PARAM_COLUMNS, count)), np.zeros((at.PARAM_INTS, count), dtype=np.int64)
        state, flags = np.zeros((at.STATE_COLUMNS, count)), np.zeros((at.INT_COLUMNS, count), dtype=np.int64)
        flags[[at.SPEED_PHASE, at.LATERAL_PHASE, at.PATH_PHASE]] = -1
        flags[at.VALID] = 1
        self._ego(param_f, param_i, state, flags)
        phases: list[Phase] = []
        breaks: list[Triggered] = []
        for i, actor in enumerate(scenario.actors, start=1):
            own = self._actor(i, actor, param_f, param_i, state, flags)
            param_i[at.FIRST_PHASE, i], param_i[at.NUM_PHASES, i] = len(phases), len(own)
            breaks += triggered_of(
                i, len(phases), [phase.label for phase in own], dict(walk(actor.behaviour, "behaviour"))
            )
            phases.extend(own)
        ranks = self._couple(param_f, param_i, flags)
        constants = world_floats(scenario, self.options)
        articulated = self._felt(param_f, param_i, constants)
        fill_loose(loose, first, param_f, param_i, flags)
        ways = Ways(scenario, self.road.lane_map, self.pool, self.paths, self._lane_path, self._local)
        extend_paths(ways)
        self._conflicts()
        habit, rule = habits_and_rules(ways)
        if habit is not None:
            habit = np.pad(habit, ((0, 0), (0, len(loose))))
        signal_i, signal_f, program = self._signals()
        num_steps = round(scenario.duration_s / scenario.step_s)
        actors = with_loose(self._actors(), loose)
        return WorldSpec(
            actors=actors,
            ego_index=0,
            lane_map=self.road.lane_map,
            environment=scenario.environment,
            signal_ids=tuple(signal.id for signal in self.road.lane_map.signals),
            timestamps_ns=np.arange(num_steps + 1, dtype=np.int64) * round(scenario.step_s * 1e9),
            target_speed_mps=scenario.ego.target_speed_mps,
            world_f=constants,
            world_i=self._integers(count, num_steps, ranks, articulated, len(loose)),
            paths=np.array(self.paths, dtype=np.int64),
            param_f=param_f,
            param_i=param_i,
            state=state,
            flags=flags,
            phase_i=np.array([[p.kind, p.need, p.trigger, p.other, p.path] for p in phases], dtype=np.int64).reshape(
                -1, at.PHASE_INTS
            ),
            phase_f=np.array([[p.a, p.b, p.value] for p in phases], dtype=np.float64).reshape(-1, at.PHASE_FLOATS),
            phase_labels=tuple(phase.label for phase in phases),
            signal_i=signal_i,
            signal_f=signal_f,
            program=program,
            replay=np.zeros((1, at.LOG_COLUMNS + 1, count)),
            replay_valid=np.zeros((1, count), dtype=np.int64),
            replay_signal=np.zeros((1, len(signal_i)), dtype=np.int64),
            ego_route=scenario.ego.start.route,
            radio=radio_plan(scenario, self.road, actors, self.seed),
            positioning=positioning_plan(scenario, self.road, self.options, self.seed),
            habit=habit,
            rule=rule,
            triggered=tuple(breaks),
            sensor_faults=timed_faults(scenario),
            modes=mode_plan(scenario, loose, param_i[at.DRIVER], self._ends, self.seed),
        )

    def _local(self, key: tuple[object, ...], make: Callable[[], PathTable]) -> int:
        """Index in this world of the path under `key`, which `make` builds if no world has it yet."""
        found = self.pool.find(key)
        if found is None:
            found = self.pool.add(key, make())
        if found not in self.paths:
            self.paths.append(found)
        return self.paths.index(found)

    def _lane_path(self, route: str, backwards: bool = False) -> int:
        edges = route == self.scenario.ego.start.route and not backwards
        key = ("route", self.road_key, route, backwards, edges)
        return self._local(key, lambda: self.road.path(route, backwards, edges))

    def _beside(self, own: PathTable, route: str, label: str) -> tuple[int, float]:
        """Path of a route as an actor on `own` would drive it: along it (+1) or against its direction (-1)."""
        target = self.road.path(route).rows
        gap, nearest = KDTree(own.rows[:, at.PX : at.PY + 1]).query(target[:, at.PX : at.PY + 1])
        row = int(np.argmin(gap))
        if gap[row] > LANE_CHANGE_REACH_M:
            raise Unsupported(f"{label}: route {route!r} is never within {LANE_CHANGE_REACH_M:g} m of the actor's own")
        along = math.cos(target[row, at.PHEAD] - own.rows[int(np.asarray(nearest)[row]), at.PHEAD])
        return self._lane_path(route, backwards=along < 0.0), 1.0 if along >= 0.0 else -1.0

    def _walk_path(self, actor: Actor, node: FollowPath) -> int:
        key = ("walk", self.road_key, actor.start, node.route, node.points_m, actor.speed_mps)

        def build() -> PathTable:
            route = self.road.path(node.route)
            points = [point_at(route, s, d)[0] for s, d in node.points_m]
            start, _ = point_at(self.road.path(actor.start.route), actor.start.s_m, actor.start.d_m)
            if len(points) == 1 or (np.linalg.norm(points[0][:2] - start[:2]) < 30.0 and actor.speed_mps == 0.0):
                points.insert(0, start)
            return path_through(np.array(points))

        return self._local(key, build)

    def _ends(self, i: int) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Where the way of a walker begins and ends; None for one without a way of its own."""
        actor = self.scenario.actors[i - 1]
        walked = [node for _, node in walk(actor.behaviour, "behaviour") if isinstance(node, FollowPath)]
        if not walked:
            return None
        start, _ = point_at(self.road.path(actor.start.route), actor.start.s_m, actor.start.d_m)
        end, _ = point_at(self.road.path(walked[-1].route), *walked[-1].points_m[-1])
        return (float(start[0]), float(start[1])), (float(end[0]), float(end[1]))

    def _straight_path(self, actor: Actor) -> int:
        route = self.road.path(actor.start.route)
        start, heading = point_at(route, actor.start.s_m, actor.start.d_m)
        yaw = heading + actor.start.heading_rad
        reach = 20.0 + actor.speed_mps * self.scenario.duration_s
        end = start + reach * np.array([math.cos(yaw), math.sin(yaw), 0.0])
        return self._local(
            ("straight", self.road_key, actor.start, reach), lambda: path_through(np.array([start, end]))
        )

    def _ego(self, param_f: np.ndarray, param_i: np.ndarray, state: np.ndarray, flags: np.ndarray) -> None:
        ego, traits = self.scenario.ego, traits_of(self.scenario.ego.kind)
        param_f[: at.FORESIGHT + 1, 0] = [
            *ego.size_m, traits.mass_kg, 1.5, 2.0, 1.8, 2.5, traits.jerk_mps3, ego.wheelbase_m,
            ego.rear_axle_to_center_m, traits.foresight_s,
        ]  # fmt: skip
        param_i[at.KIND, 0], param_i[at.DRIVER, 0], param_i[at.LAMPS, 0] = ego.kind, at.DRIVER_IDM, traits.lamps
        flags[at.MODE, 0], flags[at.PATH, 0] = at.MODE_EGO, self._lane_path(ego.start.route)
        state[at.S, 0], state[at.D, 0], state[at.YAW, 0] = ego.start.s_m, ego.start.d_m, ego.start.heading_rad
        state[at.SPEED, 0], state[at.DESIRED, 0] = ego.speed_mps, ego.target_speed_mps

    def _actor(
        self, i: int, actor: Actor, param_f: np.ndarray, param_i: np.ndarray, state: np.ndarray, flags: np.ndarray
    ) -> tuple[Phase, ...]:
        traits, driver = traits_of(actor.kind), actor.driver
        minds, still = driver.kind in ("idm", "imitation"), is_still(actor)
        base = 0.6 * actor.size_m[0] if traits.rolls else 0.0
        param_f[: at.FORESIGHT + 1, i] = [
            *actor.size_m, traits.mass_kg, driver.time_headway_s, driver.min_gap_m, driver.max_acceleration_mps2,
            driver.comfortable_deceleration_mps2, traits.jerk_mps3, base, 0.0, traits.foresight_s,
        ]  # fmt: skip
        param_i[: at.WALKS + 1, i] = [
            actor.kind, driver_code(actor), int(minds and driver.minds_signals),
            int(minds and driver.minds_conflicts), round(driver.reaction_time_s / self.scenario.step_s), 0, 0,
            0 if still else traits.lamps, int(traits.walks),
        ]  # fmt: skip
        if self.options.bodies and not still:
            param_i[at.BODY, i] = fill_body(actor, param_f[:, i])
        flags[at.MODE, i] = at.MODE_STATIC if still else at.MODE_PATH
        length = self._start(i, actor, still, state, flags)
        state[at.SPEED, i] = actor.speed_mps
        state[at.DESIRED, i] = driver.desired_speed_mps if minds else actor.speed_mps
        own = self.pool.tables[self.paths[flags[at.PATH, i]]]
        lookup = Lookup(
            self._index_of,
            lambda route, label: self._beside(own, route, label),
            lambda node: self._walk_path(actor, node),
            lambda label: index_of(loose_of(self.scenario.actors), len(self.scenario.actors) + 1, i, label),
            length is not None,
            length,
        )
        try:
            return flatten(actor.behaviour, lookup, self.scenario.step_s)
        except Unsupported as error:
            raise Unsupported(f"{self.scenario.name}: actors[{i - 1}].{error}") from error

    def _couple(self, param_f: np.ndarray, param_i: np.ndarray, flags: np.ndarray) -> int:
        """Hangs every trailer behind what tows it; returns the length of the longest chain."""
        tows = {i: self._index_of(str(a.traits["towed_by"])) for i, a in enumerate(self.scenario.actors, start=1)
                if a.traits.get("towed_by")}  # fmt: skip
        for i, j in tows.items():
            rank, ahead = 1, j
            while ahead in tows:
                rank, ahead = rank + 1, tows[ahead]
                if rank > len(tows):
                    raise Unsupported(f"{self.scenario.name}: actors[{i - 1}]: trailers tow one another in a ring")
            ego = self.scenario.ego
            tractor_kind = ego.kind if j == 0 else self.scenario.actors[j - 1].kind
            coupling = coupling_of(tractor_kind, float(param_f[at.LENGTH, j]), float(param_f[at.LENGTH, i]))
            param_f[at.HITCH_AT : at.TOW_FOLD + 1, i] = coupling
            if j == 0 and is_semi(tractor_kind, float(param_f[at.LENGTH, i])):
                param_f[at.HITCH_AT, i] = ego.rear_axle_to_center_m
            param_i[at.TOWED_BY, i], param_i[at.TOW_RANK, i] = j, rank
            flags[at.MODE, i] = at.MODE_TRAILER
        return int(param_i[at.TOW_RANK].max())

    def _felt(self, param_f: np.ndarray, param_i: np.ndarray, constants: np.ndarray) -> bool:
        """Whether the ego feels a trailer: a dynamic one that tows; writes the trailer into the constants."""
        behind = np.flatnonzero((param_i[at.TOW_RANK] == 1) & (param_i[at.TOWED_BY] == 0))
        if self.options.ego_model != "dynamic" or not self.options.feels_trailer or len(behind) == 0:
            return False
        i, kind = int(behind[0]), self.scenario.ego.kind
        trailer = usual_trailer(kind, float(param_f[at.LENGTH, i]), float(param_f[at.TOW_AXLE, i]))
        ahead = float(param_f[at.REAR, 0] - constants[at.V_FIRST + at.V_REAR])
        constants[at.T_FIRST :] = trailer.row(float(param_f[at.HITCH_AT, i]) - ahead, float(param_f[at.TOW_FOLD, i]), i)
        return True

    def _start(self, i: int, actor: Actor, still: bool, state: np.ndarray, flags: np.ndarray) -> float | None:
        """Writes where an actor begins and on which path; returns its route's length if it drives that backwards."""
        turned = math.remainder(actor.start.heading_rad, 2.0 * math.pi)
        if abs(turned) > AGAINST_RAD and not still:
            length = self.road.path(actor.start.route).length_m
            flags[at.PATH, i] = self._lane_path(actor.start.route, backwards=True)
            state[at.S, i], state[at.D, i] = length - actor.start.s_m, -actor.start.d_m
            state[at.YAW, i] = turned - math.copysign(math.pi, turned)
            return length
        if abs(turned) > ALONG_RAD and actor.speed_mps > 0.0 and actor.driver.kind == "none":
            flags[at.PATH, i] = self._straight_path(actor)
            return None
        flags[at.PATH, i] = self._lane_path(actor.start.route)
        state[at.S, i], state[at.D, i], state[at.YAW, i] = actor.start.s_m, actor.start.d_m, turned
        return None

    def _index_of(self, actor: str) -> int:
        return 0 if actor == "ego" else 1 + [other.id for other in self.scenario.actors].index(actor)

    def _actors(self) -> Actors:
        ego, others = self.scenario.ego, self.scenario.actors
        return Actors(
            ids=("ego", *(actor.id for actor in others)),
            kind=np.array([ego.kind, *(actor.kind for actor in others)], dtype=np.int64),
            size_m=np.array([ego.size_m, *(actor.size_m for actor in others)], dtype=np.float64),
            rear_axle_to_center_m=np.array(
                [ego.rear_axle_to_center_m]
                + [0.3 * actor.size_m[0] if traits_of(actor.kind).rolls else 0.0 for actor in others]
            ),
        )

    def _integers(self, count: int, num_steps: int, ranks: int, articulated: bool, loose: int) -> np.ndarray:
        environment = self.scenario.environment
        dim = environment.light() != "day" or environment.weather() in ("rain", "snow", "fog")
        values = np.zeros(at.WORLD_INTS, dtype=np.int64)
        values[at.NUM_ACTORS], values[at.NUM_PATHS] = count, len(self.paths)
        values[at.NUM_SIGNALS], values[at.NUM_STEPS] = len(self.road.lane_map.signals), num_steps
        values[at.LOOSE] = loose
        values[at.EGO], values[at.LOW_BEAM], values[at.SEED] = 0, int(dim), self.seed % (2**31)
        values[at.ENDS_AT_GOAL] = int(self.options.ends_at_goal)
        values[at.TOW_RANKS] = ranks
        values[at.EGO_MODEL] = at.MODEL_ARTICULATED if articulated else model_number(self.options)
        values[at.LEFT_HAND] = int(self.road.lane_map.left_hand_traffic)
        return values

    def _conflicts(self) -> None:
        """Adds what the routes of this world have to do with one another, once per pair."""
        prefix = ("route", self.road_key)
        routes = {
            key[2]: path for key, path in self._tuples() if key[:2] == prefix and not key[3] and path in self.paths
        }
        for one, path in routes.items():
            for two, other in routes.items():
                if path != other and (path, other) not in self.pool.conflicts:
                    self.pool.conflicts[path, other] = self.road.conflicts.rows(one, two, other)

    def _tuples(self) -> list[tuple[tuple[Any, ...], int]]:
        return [(key, path) for key, path in self.pool.ids.items() if isinstance(key, tuple)]

    def _signals(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        signals = self.road.lane_map.signals
        programs = played_programs(self.scenario, [signal.id for signal in signals])
        signal_i, signal_f = np.zeros((len(signals), 2), dtype=np.int64), np.ones((len(signals), 2))
        rows: list[tuple[float, float]] = []
        for k, signal in enumerate(signals):
            program = programs.get(signal.id)
            if program is None:
                continue
            signal_i[k] = len(rows), len(program.phases)
            signal_f[k] = program.offset_s, sum(duration for _, duration in program.phases)
            rows.extend((float(state), duration) for state, duration in program.phases)
        return signal_i, signal_f, np.array(rows, dtype=np.float64).reshape(-1, 2)


def is_open_plane(scenario: ConcreteScenario) -> bool:
    """Whether a storyboard is played without any road."""
    return scenario.storyboard is not None and not scenario.road.file and not scenario.road.archetype


def is_still(actor: Actor) -> bool:
    """Whether nothing will ever move this actor by itself."""
    return actor.speed_mps == 0.0 and actor.behaviour is None and actor.driver.kind == "none"


def world_floats(scenario: ConcreteScenario, options: EmbeddedOptions) -> np.ndarray:
    """Constants of a world, columns as in `layout`."""
    values = np.zeros(at.WORLD_FLOATS)
    values[at.DT], values[at.FRICTION] = scenario.step_s, scenario.environment.road_friction
    values[at.TARGET_SPEED], values[at.GOAL_S] = scenario.ego.target_speed_mps, scenario.ego.goal_s_m
    values[at.NOISE] = options.acceleration_noise_mps2
    values[at.PATH_FRICTION] = scenario.environment.road_friction if options.paths_need_grip else 1e3
    tows = any(actor.traits.get("towed_by") == "ego" for actor in scenario.actors)
    fill_ego(values, ego_vehicle(scenario.ego.kind, scenario.ego.wheelbase_m, options, tows), options)
    return values
