"""Contacts, leaving the road, red lights and goals: seen when they happen, and only then."""

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.geometry import overlap_depth_m
from driving_data.ports import Control
from driving_data.taxonomy import ActorClass, SignalState
from scenarios.behaviour import FollowPath, TimeGapBelow, When
from scenarios.concrete import Driver, Ego, Place, SignalProgram
from tests.sim_bridge.worlds import car, scenario, simulator

STILL = Driver(kind="none")


def run(wanted, driver="constant_speed", steps=None):
    session = simulator().open([wanted], [0])
    seen = session.run(steps or round(wanted.duration_s / wanted.step_s), driver)
    return session.rollouts()[0], seen


def kinds(rollout):
    return [event.kind for event in rollout.events]


def late_pedestrian():
    crossing = FollowPath("middle", ((130.0, -5.5), (130.0, 6.0)), 1.6)
    return car(
        "ped", 130.0, 0.0, kind=ActorClass.PEDESTRIAN, size_m=(0.5, 0.6, 1.75), driver=STILL,
        start=Place("middle", 130.0, -5.5, np.pi / 2), behaviour=When(TimeGapBelow("ego", 4.0), crossing),
    )  # fmt: skip


def test_a_late_pedestrian_is_hit_by_a_careless_ego():
    rollout, seen = run(scenario(late_pedestrian()))
    hit = next(event for event in rollout.events if event.kind == "collision")
    assert hit.actor_ids == ("ego", "ped")
    assert hit.data["side"] == "front"
    assert hit.data["impact_speed_mps"] == pytest.approx(15.1, abs=0.2)
    assert seen.done[0]
    assert rollout.timestamps_ns[-1] - hit.timestamp_ns == pytest.approx(5e8, abs=1)
    assert np.linalg.norm(rollout.velocity_mps[-1, 1]) > 5.0


def test_the_same_pedestrian_is_spared_by_a_driver_who_looks():
    rollout, _ = run(scenario(late_pedestrian()), "idm_lane_follow")
    assert "collision" not in kinds(rollout)
    assert rollout.velocity_mps[:, 0, 0].min() < 8.0


def test_a_rear_end_contact_parts_the_boxes_and_conserves_momentum():
    rollout, _ = run(scenario(car("slow", 90.0, 3.0, driver=STILL)))
    hit = next(event for event in rollout.events if event.kind == "collision")
    step = round(hit.timestamp_ns / 1e8)
    assert hit.data["closing_speed_mps"] == pytest.approx(12.0, abs=0.05)
    before, after = rollout.velocity_mps[step - 1, :, 0], rollout.velocity_mps[step, :, 0]
    assert before.sum() == pytest.approx(after.sum(), abs=0.1)
    pose = rollout.world_from_actor
    depth = overlap_depth_m(
        pose.translation_m[step:, 0, :2], pose.yaw_rad()[step:, 0], np.broadcast_to([4.6, 1.85], (6, 2)),
        pose.translation_m[step:, 1, :2], pose.yaw_rad()[step:, 1], np.broadcast_to([4.5, 1.8], (6, 2)),
    )  # fmt: skip
    assert depth.max() < 0.01
    assert rollout.lights[step, 0] & 4


def test_a_barrier_does_not_move():
    wall = car("wall", 110.0, 0.0, kind=ActorClass.BARRIER, size_m=(1.0, 3.0, 1.0), driver=STILL)
    rollout, _ = run(scenario(wall))
    assert "collision" in kinds(rollout)
    assert np.ptp(rollout.world_from_actor.translation_m[:, 1], axis=0).max() == 0.0
    assert rollout.velocity_mps[-1, 0, 0] <= 0.0


def test_others_collide_too_and_stop():
    fast, slow = car("fast", 100.0, 20.0, "left", driver=STILL), car("slow", 130.0, 5.0, "left", driver=STILL)
    rollout, _ = run(scenario(fast, slow))
    hit = next(event for event in rollout.events if event.kind == "collision")
    assert set(hit.actor_ids) == {"fast", "slow"}
    assert kinds(rollout).count("collision") == 1
    assert np.abs(rollout.velocity_mps[-1, 1:]).max() < 0.01
    assert rollout.num_steps == 101


def test_actors_that_overlap_from_the_start_are_told_at_the_first_step():
    rollout, _ = run(scenario(car("inside", 51.0, 1.0, driver=STILL)))
    assert rollout.events[0].kind == "collision"
    assert rollout.events[0].timestamp_ns == 1e8


def test_leaving_the_road_is_told_once():
    session = simulator().open([scenario(ego=Ego(Place("right", 50.0), 10.0, 10.0, 1000.0))], [0])
    for step in range(60):
        session.step(Control(np.array([0.0]), np.array([-0.05 if step < 30 else 0.0])))
    rollout = session.rollouts()[0]
    assert kinds(rollout).count("off_road") == 1
    event = next(event for event in rollout.events if event.kind == "off_road")
    step = round(event.timestamp_ns / 1e8)
    y, yaw = rollout.world_from_actor.translation_m[step, 0, 1], rollout.world_from_actor.yaw_rad()[step, 0]
    lowest = y - 0.5 * (4.6 * abs(np.sin(yaw)) + 1.85 * np.cos(yaw))
    assert -5.25 - 1.2 < lowest < -5.25 - 0.2


def lights_of(state, seconds=100.0):
    return (SignalProgram("light", ((state, seconds), (SignalState.GREEN, 1.0))),)


def test_a_red_light_is_obeyed_by_drivers_and_run_by_the_careless():
    red = scenario(car("other", 60.0, 12.0, "right"), signals=lights_of(SignalState.RED), duration_s=20.0)
    rollout, _ = run(red, "idm_lane_follow")
    assert "signal_violation" not in kinds(rollout)
    front = rollout.world_from_actor.translation_m[-1, :, 0] + np.array([2.3, 2.25])
    assert np.all((front < 200.0) & (front > 197.0))
    rollout, _ = run(red, "constant_speed")
    event = next(event for event in rollout.events if event.kind == "signal_violation")
    assert event.actor_ids == ("ego",)
    assert event.data["signal"] == "light"


def test_a_green_light_stops_nobody_and_a_programme_runs_in_cycles():
    programme = SignalProgram(
        "light", ((SignalState.GREEN, 3.0), (SignalState.YELLOW, 1.0), (SignalState.RED, 2.0)), 1.0
    )
    rollout, _ = run(scenario(signals=(programme,), duration_s=12.0), steps=119)
    assert rollout.signals.state[[0, 19, 20, 29, 30, 49, 50, 80], 0].tolist() == [1, 1, 2, 2, 3, 3, 1, 2]
    assert "signal_violation" not in kinds(run(scenario(signals=lights_of(SignalState.GREEN)), "idm_lane_follow")[0])


def test_reaching_the_goal_ends_the_world():
    rollout, seen = run(scenario(ego=Ego(Place("middle", 50.0), 15.0, 15.0, 79.9)))
    assert kinds(rollout) == ["goal_reached"]
    assert seen.done[0]
    assert seen.route_remaining_m[0] == 0.0
    assert rollout.num_steps == 21


def test_actors_leave_at_the_end_of_their_route():
    rollout, _ = run(scenario(car("gone", 1180.0, 15.0)))
    event = next(event for event in rollout.events if event.kind == "despawn")
    assert event.actor_ids == ("gone",)
    gone = ~rollout.valid[:, 1]
    assert gone.any()
    assert np.isnan(rollout.world_from_actor.translation_m[gone, 1]).all()
    assert (rollout.lights[gone, 1] == 0).all()
    assert np.isfinite(rollout.velocity_mps[~gone, 1]).all()


def test_lamps():
    dark = scenario(car("o", 100.0, 15.0), car("parked", 300.0, 0.0, driver=STILL),
                    environment=Environment(sun_elevation_rad=-0.5))  # fmt: skip
    rollout, _ = run(dark, steps=3)
    assert rollout.lights[0].tolist() == [1, 1, 0]
    session = simulator().open([scenario()], [0])
    session.step(Control(np.array([-3.0]), np.array([0.0])))
    assert session.rollouts()[0].lights[:, 0].tolist() == [0, 4]
