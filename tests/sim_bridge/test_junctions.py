"""Dense traffic over the junctions of the road archetypes: nobody collides, nobody blocks the others for ever."""

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.geometry import overlap_depth_m
from driving_data.maps.lane_map import LaneMap
from driving_data.maps.routes import place, route_path
from driving_data.sensors import SensorRig
from driving_data.taxonomy import ActorClass, SignalState
from scenarios.concrete import Actor, ConcreteScenario, Driver, Ego, Place, RoadChoice, SignalProgram
from scenarios.roads import build_road
from sim_bridge.embedded.conflicts import meetings
from sim_bridge.embedded.simulator import EmbeddedSimulator

DURATION_S = 60.0
GREEN, YELLOW, RED = SignalState.GREEN, SignalState.YELLOW, SignalState.RED
MAIN = ((GREEN, 10.0), (YELLOW, 3.0), (RED, 15.0))
SIDE = ((RED, 14.0), (GREEN, 10.0), (YELLOW, 3.0), (RED, 1.0))


def lights_of(lane_map: LaneMap) -> tuple[SignalProgram, ...]:
    return tuple(SignalProgram(signal.id, SIDE if "from" in signal.id else MAIN) for signal in lane_map.signals)


def busy(archetype: str, seed: int, with_lights: bool) -> ConcreteScenario:
    """Up to ten cars on random routes towards the junction, at least 14 m apart at the start."""
    lane_map, rng = build_road(RoadChoice(archetype)), np.random.default_rng(seed)
    routes = list(lane_map.routes)
    ego = routes[int(rng.integers(len(routes)))]
    taken = [place(route_path(lane_map, ego), 15.0, 0.0)[0]]
    actors: list[Actor] = []
    for k in range(10):
        route, s_m = routes[int(rng.integers(len(routes)))], float(rng.uniform(5.0, 55.0))
        point = place(route_path(lane_map, route), s_m, 0.0)[0]
        if min(np.linalg.norm(point - other) for other in taken) < 14.0:
            continue
        taken.append(point)
        speed = float(rng.uniform(6.0, 9.0))
        driver = Driver(desired_speed_mps=speed + 2.0)
        actors.append(Actor(f"a{k}", ActorClass.CAR, (4.5, 1.8, 1.5), Place(route, s_m), speed, driver))
    goal = route_path(lane_map, ego).length_m - 15.0
    return ConcreteScenario(
        archetype, RoadChoice(archetype), Environment(), Ego(Place(ego, 15.0), 8.0, 11.0, goal), tuple(actors),
        SensorRig("none"), signals=lights_of(lane_map) if with_lights else (), duration_s=DURATION_S,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("archetype", "with_lights"),
    [("crossroads", True), ("crossroads", False), ("t_junction", False), ("roundabout", False)],
)
def test_busy_junctions_flow_without_a_collision(archetype, with_lights):
    worlds = [busy(archetype, seed, with_lights) for seed in range(8)]
    session = EmbeddedSimulator().open(worlds, list(range(8)))
    session.run(round(DURATION_S / 0.1), "idm_lane_follow")
    for rollout in session.rollouts():
        assert [event for event in rollout.events if event.kind in ("collision", "off_road")] == []
        assert any(event.kind == "goal_reached" for event in rollout.events)


def test_driven_vehicles_go_where_they_point_and_never_jump():
    session = EmbeddedSimulator().open([busy("crossroads", 3, True)], [0])
    session.run(250, "idm_lane_follow")
    rollout = session.rollouts()[0]
    speed = np.linalg.norm(rollout.velocity_mps[..., :2], axis=-1)
    moving = rollout.valid & (speed > 0.5)
    # A box centre swings out in a bend; its rear axle goes where the vehicle points.
    yaw, rear = rollout.world_from_actor.yaw_rad(), rollout.actors.rear_axle_to_center_m
    across = rollout.velocity_mps[..., 1] * np.cos(yaw) - rollout.velocity_mps[..., 0] * np.sin(yaw)
    sideways = np.abs(across - rear * rollout.yaw_rate_radps)
    assert sideways[moving].max() < 0.25
    assert np.quantile(sideways[moving], 0.95) < 0.1
    both = rollout.valid[1:] & rollout.valid[:-1]
    gone = np.linalg.norm(np.diff(rollout.world_from_actor.translation_m, axis=0), axis=-1)
    assert np.all(gone[both] < (0.12 * np.maximum(speed[1:], speed[:-1]) + 0.05)[both])
    pose, size = rollout.world_from_actor, rollout.actors.size_m
    for i in range(rollout.num_actors):
        for j in range(i):
            here = rollout.valid[:, i] & rollout.valid[:, j]
            shape = (int(here.sum()), 2)
            depth = overlap_depth_m(
                pose.translation_m[here, i, :2], pose.yaw_rad()[here, i], np.broadcast_to(size[i, :2], shape),
                pose.translation_m[here, j, :2], pose.yaw_rad()[here, j], np.broadcast_to(size[j, :2], shape),
            )  # fmt: skip
            assert depth.max(initial=-1.0) < 0.0


def test_exactly_one_side_gives_way_and_left_turns_wait_for_oncoming_traffic():
    lane_map = build_road(RoadChoice("crossroads"))
    assert all(not m.first_yields for m in meetings(lane_map, "main.straight", "oncoming.left"))
    assert all(m.first_yields for m in meetings(lane_map, "main.left", "oncoming.straight"))
    ring = build_road(RoadChoice("roundabout"))
    assert [m.first_yields for m in meetings(ring, "from_left.straight", "main.straight")] == [False]


def test_the_minor_road_waits_at_its_line():
    lane_map = build_road(RoadChoice("t_junction"))
    line = next(s for s in lane_map.signs if s.kind == "yield")
    lanes = lane_map.routes["minor.left"]
    end = sum(lane_map.lane_by_id[lane].arc_length_m()[-1] for lane in lanes[: lanes.index(line.lane_ids[0]) + 1])
    found = meetings(lane_map, "minor.left", "oncoming.straight")
    assert all(m.first_yields for m in found)
    assert found[0].wait_a_m == pytest.approx(end, abs=1.0)
