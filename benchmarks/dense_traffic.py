"""Dense traffic at junctions: worlds that fill them, and what is counted: collisions, who left, red lights, flows."""

import math
from dataclasses import dataclass

import numpy as np

from driving_data.environment import Environment
from driving_data.maps.lane_map import LaneMap
from driving_data.maps.routes import place, project, route_path
from driving_data.rollout import Rollout
from driving_data.sensors import SensorRig
from driving_data.taxonomy import ActorClass, SignalState
from scenarios.concrete import Actor, ConcreteScenario, Driver, Ego, Place, RoadChoice, SignalProgram
from scenarios.habits import Habits
from scenarios.roads import build_road
from sim_bridge.embedded.simulator import EmbeddedSimulator

SIZE_M = (4.5, 1.8, 1.5)
STEP_S = 0.1
GREEN, YELLOW, RED = SignalState.GREEN, SignalState.YELLOW, SignalState.RED
ACROSS = ((GREEN, 24.0), (YELLOW, 3.0), (RED, 33.0))
ALONG = ((RED, 30.0), (GREEN, 24.0), (YELLOW, 3.0), (RED, 3.0))


def lights(lane_map: LaneMap) -> tuple[SignalProgram, ...]:
    """A cycle of 60 s: east and west, then north and south, each with 3 s of yellow and 3 s of red for all."""
    return tuple(SignalProgram(s.id, ACROSS if abs(math.cos(s.heading_rad)) > 0.7 else ALONG) for s in lane_map.signals)


def crowd(road: RoadChoice, count: int, duration_s: float, seed: int) -> ConcreteScenario:
    """`count` drivers with habits on random routes, at least 13 m apart and clear of the junctions; a parked ego."""
    lane_map, rng = build_road(road), np.random.default_rng([seed, 17])
    names = sorted(name for name in lane_map.routes if name != "tour")
    paths = {name: route_path(lane_map, name) for name in names}
    inner = [lane for lane in lane_map.lanes if lane.junction_id is not None]
    boxes = np.concatenate([lane.centerline_m[:, :2] for lane in inner])
    home = names[0]
    taken = [place(paths[home], 4.0, 0.0)[0][:2]]
    actors: list[Actor] = []
    for _ in range(60 * count):
        if len(actors) == count:
            break
        name = names[int(rng.integers(len(names)))]
        s_m = float(rng.uniform(12.0, 0.75 * paths[name].length_m))
        point = place(paths[name], s_m, 0.0)[0][:2]
        near = np.linalg.norm(boxes - point, axis=-1).min() < 12.0
        if near or min(np.linalg.norm(point - other) for other in taken) < 13.0:
            continue
        taken.append(point)
        speed = float(rng.uniform(9.0, 13.0))
        driver = Driver(desired_speed_mps=speed, habits=Habits())
        actors.append(Actor(f"a{len(actors)}", ActorClass.CAR, SIZE_M, Place(name, s_m), 5.0, driver))
    ego = Ego(Place(home, 4.0), 0.0, 0.0, paths[home].length_m)
    return ConcreteScenario(
        "crowd", road, Environment(), ego, tuple(actors), SensorRig("none"), signals=lights(lane_map),
        duration_s=duration_s,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one crowd.

    Attributes:
        count: drivers.
        collisions: pairs that touched.
        over_red: stop lines driven over at red.
        left: drivers who reached the end of their route.
        last_s: when the last of them did; NaN where somebody did not.
    """

    count: int
    collisions: int
    over_red: int
    left: int
    last_s: float


def outcome(rollout: Rollout, scenario: ConcreteScenario, end_m: float = 12.0) -> Outcome:
    """Counts what happened; one has left who is within `end_m` of the end of the route, or gone."""
    assert rollout.lane_map is not None
    left: list[float] = []
    for k, actor in enumerate(scenario.actors, start=1):
        path = route_path(rollout.lane_map, actor.start.route)
        end = place(path, path.length_m, 0.0)[0]
        far = np.linalg.norm(rollout.world_from_actor.translation_m[:, k, :2] - end[:2], axis=-1)
        there = np.flatnonzero(~rollout.valid[:, k] | (far < end_m))
        if len(there):
            left.append(STEP_S * int(there[0]))
    kinds = [event.kind for event in rollout.events]
    done = len(left) == len(scenario.actors)
    return Outcome(
        len(scenario.actors), kinds.count("collision"), kinds.count("signal_violation"), len(left),
        max(left) if done else math.nan,
    )  # fmt: skip


def play_crowds(road: RoadChoice, count: int, duration_s: float, seeds: range) -> list[Outcome]:
    """One crowd per seed, played for `duration_s`."""
    worlds = [crowd(road, count, duration_s, seed) for seed in seeds]
    session = EmbeddedSimulator().open(worlds, list(seeds))
    session.run(round(duration_s / STEP_S), "idm_lane_follow")
    found = [outcome(rollout, world) for rollout, world in zip(session.rollouts(), worlds, strict=True)]
    session.close()
    return found


def crossing_times_s(rollout: Rollout, route: str, line_m: float, ids: list[int]) -> list[float]:
    """When the fronts of actors pass a place of a route, in order."""
    assert rollout.lane_map is not None
    path = route_path(rollout.lane_map, route)
    times: list[float] = []
    for k in ids:
        s_m, _ = project(path, rollout.world_from_actor.translation_m[rollout.valid[:, k], k])
        past = np.flatnonzero(s_m + 0.5 * SIZE_M[0] >= line_m)
        if len(past):
            times.append(STEP_S * int(past[0]))
    return sorted(times)


def idm_capacity_veh_h(headway_s: float, desired_mps: float = 13.89, min_gap_m: float = 2.0) -> float:
    """The most that a lane of such drivers carries in equilibrium: v / (l + s_e(v)), largest over v."""
    v = np.linspace(0.5, 0.999 * desired_mps, 400)
    gap = (min_gap_m + v * headway_s) / np.sqrt(1.0 - (v / desired_mps) ** 4)
    return float(3600.0 * np.max(v / (SIZE_M[0] + gap)))


def saturation_flow_veh_h(
    headway_s: float = 1.5, archetype: str = "t_junction", route: str = "main.straight", queue: int = 30
) -> float:
    """Vehicles an hour and lane out of a standing queue at green, from the fifth on, as the HCM measures it."""
    road = RoadChoice(archetype, {"control": "signals", "arm_length_m": 400.0})
    lane_map = build_road(road)
    line_m = 400.0
    driver = Driver(desired_speed_mps=13.89, time_headway_s=headway_s, habits=Habits())
    actors = tuple(
        Actor(f"q{k}", ActorClass.CAR, SIZE_M, Place(route, line_m - 6.0 - 6.6 * k), 0.0, driver) for k in range(queue)
    )
    programs = tuple(
        SignalProgram(s.id, ((RED, 10.0), (GREEN, 300.0)) if "main" in s.id or "oncoming" in s.id else ((RED, 300.0),))
        for s in lane_map.signals
    )
    ego = Ego(Place(route, 5.0), 0.0, 0.0, 450.0)
    scenario = ConcreteScenario(
        "queue", road, Environment(), ego, actors, SensorRig("none"), signals=programs, duration_s=120.0
    )
    session = EmbeddedSimulator().open([scenario], [0])
    session.run(1200, "idm_lane_follow")
    rollout = session.rollouts()[0]
    session.close()
    times = crossing_times_s(rollout, route, line_m, list(range(1, queue + 1)))
    return 3600.0 * (len(times) - 5) / (times[-1] - times[4])


def gap_capacity_veh_h(flow_veh_h: float, critical_s: float, follow_up_s: float) -> float:
    """Capacity of an approach that gives way (Harders 1968; HCM chapter 20): q e^(-q tc) / (1 - e^(-q tf))."""
    q = flow_veh_h / 3600.0
    return 3600.0 * q * math.exp(-q * critical_s) / (1.0 - math.exp(-q * follow_up_s))


def stop_capacity_veh_h(flow_veh_h: float, seeds: range, queue: int = 12) -> tuple[float, float]:
    """What a queue at a stop sign discharges across a stream with priority, and that stream's flow as driven.

    The stream comes along the major road of a crossroads with exponential headways of at least 1.2 s; the queue waits
    on the minor one and goes straight on. Counted from the first who enters to the last who does while the stream
    still passes.
    """
    road = RoadChoice("crossroads", {"control": "stop", "arm_length_m": 500.0})
    line_m, worlds = 500.0, []
    for seed in seeds:
        rng = np.random.default_rng([seed, 5])
        driver = Driver(desired_speed_mps=10.0, habits=Habits())
        mean_s = 3600.0 / flow_veh_h
        stream: list[Actor] = []
        at = line_m - 10.0
        while True:
            at -= 10.0 * (1.2 + float(rng.exponential(mean_s - 1.2)))
            if at < 5.0:
                break
            stream.append(Actor(f"m{len(stream)}", ActorClass.CAR, SIZE_M, Place("main.straight", at), 10.0, driver))
        wait = Driver(desired_speed_mps=10.0, habits=Habits(impatience_s=1e9))
        queued = [
            Actor(f"q{k}", ActorClass.CAR, SIZE_M, Place("from_right.straight", line_m - 4.0 - 6.6 * k), 0.0, wait)
            for k in range(queue)
        ]
        ego = Ego(Place("from_left.straight", 5.0), 0.0, 0.0, 550.0)
        worlds.append(
            ConcreteScenario("stop", road, Environment(), ego, (*queued, *stream), SensorRig("none"), duration_s=60.0)
        )
    session = EmbeddedSimulator().open(worlds, list(seeds))
    session.run(600, "idm_lane_follow")
    entered, passed, time_s = 0, 0, 0.0
    for rollout, world in zip(session.rollouts(), worlds, strict=True):
        assert not [event for event in rollout.events if event.kind == "collision"]
        major = crossing_times_s(rollout, "main.straight", line_m, list(range(queue + 1, len(world.actors) + 1)))
        minor = crossing_times_s(rollout, "from_right.straight", line_m + 1.0, list(range(1, queue + 1)))
        if not major:
            continue
        end = min(major[-1], minor[-1] if len(minor) == queue else math.inf)
        entered += sum(t <= end for t in minor)
        passed += sum(t <= end for t in major)
        time_s += end
    session.close()
    return 3600.0 * entered / time_s, 3600.0 * passed / time_s
