"""City blocks driven: at red lights one waits, at stop signs one stands, who has priority drives on."""

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.maps.routes import project, route_path
from driving_data.rollout import Rollout
from driving_data.sensors import SensorRig
from driving_data.taxonomy import ActorClass, SignalState
from scenarios.concrete import Actor, ConcreteScenario, Driver, Ego, Place, RoadChoice, SignalProgram
from scenarios.habits import Habits
from scenarios.roads import build_road
from sim_bridge.embedded.simulator import EmbeddedSimulator

AWAY = Ego(Place("south.2.1.right", 5.0), 0.0, 0.0, 100.0)


def played(control: str, ego: Ego, duration_s: float, actors: tuple[Actor, ...] = (), red: str = "") -> Rollout:
    """What happens on four junctions of city blocks, all lights green but one."""
    road = RoadChoice("urban_grid", {"control": control})
    lights = tuple(
        SignalProgram(signal.id, ((SignalState.RED if signal.id == red else SignalState.GREEN, 3600.0),))
        for signal in build_road(road).signals
    )
    scenario = ConcreteScenario(
        "blocks", road, Environment(), ego, actors, SensorRig("none"), signals=lights, duration_s=duration_s
    )
    session = EmbeddedSimulator().open([scenario], [3])
    session.run(round(duration_s / 0.1), "idm_lane_follow")
    return session.rollouts()[0]


def along(rollout: Rollout, actor: int, route: str) -> tuple[np.ndarray, np.ndarray]:
    """Where the middle of an actor is along a route and how fast it goes, shape (T,) each."""
    there = rollout.valid[:, actor]
    path = route_path(rollout.lane_map, route)
    s_m, _ = project(path, rollout.world_from_actor.translation_m[there, actor])
    return s_m, np.linalg.norm(rollout.velocity_mps[there, actor, :2], axis=-1)


def test_the_tour_is_driven_from_end_to_end():
    ego = Ego(Place("tour", 10.0), 8.0, 10.0, 640.0)
    rollout = played("signals", ego, 100.0)
    route = route_path(rollout.lane_map, "tour")
    assert [event for event in rollout.events if event.kind in ("collision", "off_road")] == []
    assert any(event.kind == "goal_reached" for event in rollout.events)
    assert route.length_m - 70.0 < 640.0, "the goal lies behind the last junction"
    middle = rollout.world_from_actor.translation_m[:, rollout.ego_index, :2]
    for corner in ((70.0, -55.0), (70.0, 55.0), (-70.0, 55.0), (-70.0, -55.0)):
        assert np.linalg.norm(middle - corner, axis=-1).min() < 12.0
    nearest = np.linalg.norm(middle[:, None] - route.points_m[None, :, :2], axis=-1).min(axis=-1)
    assert nearest.max() < 1.0


def test_a_red_light_in_the_middle_of_the_blocks_is_obeyed():
    rollout = played("signals", Ego(Place("east.1.straight", 10.0), 8.0, 10.0, 300.0), 40.0, red="signal.1.2.east")
    s_m, speed_mps = along(rollout, rollout.ego_index, "east.1.straight")
    # 70 m to the first line, which is green, and one block of 140 m to the second.
    assert speed_mps[s_m < 180.0].min() > 6.0
    assert speed_mps[-1] < 0.1 and 195.0 < s_m[-1] + 2.5 < 210.0
    free = played("signals", Ego(Place("east.1.straight", 10.0), 8.0, 10.0, 300.0), 40.0, red="signal.2.2.east")
    assert along(free, free.ego_index, "east.1.straight")[0].max() > 260.0


@pytest.mark.parametrize(
    ("control", "route", "stands"),
    [("stop", "east.1.straight", True), ("stop", "north.1.straight", False), ("priority", "east.1.straight", False),
     ("all_way_stop", "north.1.straight", True)],
)  # fmt: skip
def test_at_stop_signs_one_stands_at_both_junctions(control, route, stands):
    driver = Driver(desired_speed_mps=10.0, habits=Habits())
    actor = Actor("car", ActorClass.CAR, (4.5, 1.8, 1.5), Place(route, 10.0), 8.0, driver)
    rollout = played(control, AWAY, 60.0, (actor,))
    s_m, speed_mps = along(rollout, 1 - rollout.ego_index, route)
    block_m = 140.0 if route.startswith("east") else 110.0
    for line_m in (70.0, 70.0 + block_m):
        near = (s_m > line_m - 15.0) & (s_m < line_m + 2.0)
        assert near.any()
        assert (speed_mps[near].min() < 0.15) == stands, speed_mps[near].min()
