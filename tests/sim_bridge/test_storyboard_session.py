"""Storyboards in sessions: the same rollouts, contacts and policies as every other scenario."""

import math
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.errors import InputError, Unsupported
from driving_data.maps.opendrive import read_opendrive
from driving_data.ports import Control
from driving_data.taxonomy import ActorClass, Light, SignalState
from scenarios import storyboard as sb
from scenarios.concrete import ConcreteScenario, Ego, Place, RoadChoice
from scenarios.types.sensors import rig
from sim_bridge.conformance import check_simulator, expect_same
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.simulator import EmbeddedSimulator
from tests.sim_bridge.storyboards import after, car, event, put, road_text, story, when
from tests.sim_bridge.worlds import scenario as plain
from tests.sim_bridge.worlds import straight_map

SIGNAL = """<signals><signal id="s1" s="100" t="-6" zOffset="3" dynamic="yes" orientation="+" type="1000001"
subtype="-1" country="OpenDRIVE" name="s1"><validity fromLane="-2" toLane="-1"/></signal></signals></road>"""


@pytest.fixture
def concrete(tmp_path):
    """Makes the scenario of a storyboard on the straight road with a signal at 100 m."""
    path = tmp_path / "road.xodr"
    path.write_text(road_text().replace("</road>", SIGNAL), encoding="utf-8")

    def made(board: sb.Storyboard, duration_s: float = 4.0, road: bool = True) -> ConcreteScenario:
        ego = next(entity for entity in board.entities if entity.name == board.ego)
        choice = RoadChoice(file=str(path), sha256=sha256(path.read_bytes()).hexdigest()) if road else RoadChoice()
        return ConcreteScenario(
            "story", choice, Environment(),
            Ego(Place("", 0.0), 10.0, 10.0, 0.0, size_m=ego.size_m, wheelbase_m=3.0, rear_axle_to_center_m=1.5),
            (), rig("front"), duration_s=duration_s, step_s=0.05, storyboard=board,
        )  # fmt: skip

    return made


def board(*stories, init=None, entities=None, **changes):
    """A at 10 m/s from s = 10, B at 5 m/s from s = 60 in front of it."""
    init = put("A", -1, 10.0, 10.0) + put("B", -1, 60.0, 5.0) if init is None else init
    return sb.Storyboard(entities or (car("A"), car("B")), "A", init, stories, **changes)


def rollout(scenario, driver="storyboard", seconds=None):
    session = EmbeddedSimulator().open([scenario], [0])
    session.run(round((seconds or scenario.duration_s) / 0.05), driver)
    made = session.rollouts()[0]
    session.close()
    return made


def test_the_rollout_holds_the_middles_of_the_boxes(concrete):
    made = rollout(concrete(board()))
    assert made.actors.ids == ("ego", "B")
    assert made.world_from_actor.translation_m[80, 0] == pytest.approx((51.5, -1.75, 0.75), abs=1e-5)
    assert made.world_from_actor.translation_m[80, 1] == pytest.approx((81.5, -1.75, 0.75), abs=1e-5)
    assert float(made.velocity_mps[80, 1, 0]) == pytest.approx(5.0)


def test_a_driven_ego_is_seen_by_the_conditions_of_the_others(concrete):
    """B gets out of the way when the ego is near; an ego that brakes is never near."""
    away = event(
        "away",
        sb.LaneChange(-2, dynamics=sb.Dynamics("linear", "time", 1.0)),
        start=when(sb.RelativeDistance("B", sb.Comparison("lessThan", 40.0)), by=("A",)),
    )
    wanted = concrete(board(story("B", away)), 6.0)
    session = EmbeddedSimulator().open([wanted], [0])
    ends = []
    for accel in (0.0, -5.0):
        session.reset()
        for _ in range(100):
            session.step(Control(np.full(1, accel), np.zeros(1)))
        ends.append(session.rollouts()[0].world_from_actor.translation_m[-1])
    session.close()
    assert ends[0][0, 0] > ends[1][0, 0] + 20.0
    assert ends[0][1, 1] == pytest.approx(-5.25, abs=1e-3)
    assert ends[1][1, 1] == pytest.approx(-1.75, abs=1e-3)


def test_the_built_in_driver_follows_a_scripted_car(concrete):
    slow = event("slow", sb.Speed(sb.SpeedTarget(0.0), sb.Dynamics("linear", "rate", 3.0)), start=after(1.0))
    made = rollout(concrete(board(story("B", slow)), 14.0), "idm_lane_follow")
    gap = made.world_from_actor.translation_m[-1, 1, 0] - made.world_from_actor.translation_m[-1, 0, 0]
    assert 4.0 < gap < 12.0
    assert [found.kind for found in made.events] == ["trigger"], "nobody touches anybody"


def test_a_collision_of_scripts_is_an_event_once(concrete):
    made = rollout(concrete(board(), 12.0))
    contacts = [one for one in made.events if one.kind == "collision"]
    assert len(contacts) == 1
    assert contacts[0].timestamp_ns * 1e-9 == pytest.approx(9.2, abs=0.15)


def test_lights_signals_and_absence_reach_the_rollout(concrete):
    lamp = event("lamp", sb.LightState("indicatorLeft", "flashing"), start=after(1.0))
    gone = event("gone", sb.DeleteEntity("B"), start=after(3.0))
    phases = (sb.SignalPhase("go", 2.0, {"s1": "off;off;on"}), sb.SignalPhase("halt", 2.0, {"s1": "on;off;off"}))
    wanted = board(story("B", lamp, gone), signals=(sb.SignalController("c", phases),))
    made = rollout(concrete(wanted))
    assert not int(made.lights[10, 1]) & int(Light.LEFT_INDICATOR)
    assert int(made.lights[40, 1]) & int(Light.LEFT_INDICATOR)
    assert made.valid[50, 1] and not made.valid[70, 1]
    states = made.signals.state[:, made.signals.ids.index("s1")]
    assert SignalState(int(states[20])) == SignalState.GREEN
    assert SignalState(int(states[60])) == SignalState.RED


def test_the_stop_trigger_ends_the_rollout(concrete):
    stop = when(sb.OnTime(sb.Comparison("greaterThan", 2.0)))
    assert rollout(concrete(board(stop=stop))).num_steps == pytest.approx(42, abs=1)


def test_no_road_is_an_open_plane(concrete):
    """Off every road nothing leads a car along; a trajectory does."""
    points = (sb.Vertex(sb.WorldPosition(5.0, 6.0), 0.0), sb.Vertex(sb.WorldPosition(5.0, 22.0), 4.0))
    line = sb.FollowTrajectory(sb.TrajectorySpec("t", sb.Polyline(points)), "absolute")
    init = (sb.InitAction("A", sb.Teleport(sb.WorldPosition(5.0, 6.0, h_rad=math.pi / 2))), sb.InitAction("A", line))
    made = rollout(concrete(board(init=init, entities=(car("A"),)), road=False))
    assert made.world_from_actor.translation_m[60, 0, :2] == pytest.approx((5.0, 6.0 + 1.5 + 12.0), abs=1e-5)


def test_again_and_beside_others_it_is_the_same(concrete):
    wanted = concrete(board(story("B", event("e", sb.LaneChange(-2, dynamics=sb.Dynamics("cubic", "time", 2.0))))))
    alone = rollout(wanted)
    session = EmbeddedSimulator().open([replace(wanted, duration_s=2.0), wanted], [3, 4])
    for _ in range(2):
        session.reset()
        session.run(80, "storyboard")
        expect_same(session.rollouts()[1], alone)
    session.close()


def test_conformance_of_the_simulator_on_storyboards(concrete):
    walker = sb.Entity("P", ActorClass.PEDESTRIAN, "pedestrian", (0.5, 0.6, 1.8))
    line = sb.TrajectorySpec(
        "t", sb.Polyline((sb.Vertex(sb.WorldPosition(60.0, -8.0)), sb.Vertex(sb.WorldPosition(60.0, 8.0))))
    )
    crossing = story("P", event("cross", sb.FollowTrajectory(line), start=after(0.5)))
    walk = sb.InitAction("P", sb.Speed(sb.SpeedTarget(1.5)))
    init = (*put("A", -1, 10.0, 10.0), sb.InitAction("P", sb.Teleport(sb.WorldPosition(60.0, -8.0))), walk)
    crowd = board(crossing, init=init, entities=(car("A"), walker))
    check_simulator(EmbeddedSimulator(), [concrete(board()), concrete(crowd), concrete(board(), 3.0)])


def test_the_driver_needs_a_storyboard_in_every_world(concrete):
    def road_of(choice: RoadChoice):
        return read_opendrive(Path(choice.file)) if choice.file else straight_map()

    session = EmbeddedSimulator(EmbeddedOptions(), road_of).open([concrete(board()), plain()], [0, 1])
    with pytest.raises(Unsupported, match="storyboard"):
        session.run(1, "storyboard")
    session.run(5, "idm_lane_follow")
    session.close()


def test_roads_and_lanes_that_are_not_there_are_all_named(concrete):
    init = (
        sb.InitAction("A", sb.Teleport(sb.LanePosition("7", -1, 0.0))),
        sb.InitAction("B", sb.Teleport(sb.LanePosition("1", -9, 0.0))),
    )
    with pytest.raises(InputError) as caught:
        EmbeddedSimulator().open([concrete(board(init=init))], [0])
    assert {fault.code for fault in caught.value.faults} == {"unknown-road", "unknown-lane"}
