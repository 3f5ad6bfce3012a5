"""Triggers fire when they should, behaviours play in order, and what cannot be played is refused."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.errors import InputError, Unsupported
from driving_data.taxonomy import ActorClass
from scenarios.behaviour import (
    AheadOf,
    AtTime,
    ChangeLane,
    ChangeSpeed,
    DistanceBelow,
    FollowPath,
    KeepSpeed,
    MoveSideways,
    Parallel,
    ReachS,
    Sequence,
    TimeGapBelow,
    TimeToCollisionBelow,
    Wait,
    When,
)
from scenarios.concrete import Driver, Ego, Place
from tests.sim_bridge.test_conflicts import crossing
from tests.sim_bridge.worlds import car, lane_along, scenario, simulator

STILL = Driver(kind="none")


def fired_at(trigger, actor=None, ego_speed=15.0, steps=80):
    """Seconds at which the trigger fired, and the gap between the boxes then."""
    actor = actor or car("a", 100.0, 5.0, driver=STILL, behaviour=When(trigger, KeepSpeed(5.0)))
    wanted = scenario(actor, ego=Ego(Place("left", 50.0), ego_speed, ego_speed, 1100.0))
    session = simulator().open([wanted], [0])
    session.run(steps, "constant_speed")
    rollout = session.rollouts()[0]
    event = next(event for event in rollout.events if event.kind == "trigger")
    step = round(event.timestamp_ns / 1e8)
    x = rollout.world_from_actor.translation_m[step, :, 0]
    return event.timestamp_ns * 1e-9, x[1] - x[0]


def test_at_time():
    assert fired_at(AtTime(2.3))[0] == pytest.approx(2.3)


def test_reach_s():
    assert fired_at(ReachS(110.0))[0] == pytest.approx(2.0, abs=0.11)


def test_distance_below_is_between_boxes():
    _, ahead = fired_at(DistanceBelow("ego", 12.0))
    across = 3.5 - 0.5 * (1.85 + 1.8)
    gap = np.hypot(ahead - 0.5 * (4.6 + 4.5), across)
    assert 12.0 - 1.1 <= gap < 12.0


def test_time_gap_below():
    _, ahead = fired_at(TimeGapBelow("ego", 1.5))
    assert 1.4 <= (ahead - 4.55) / 15.0 < 1.5


def test_time_to_collision_below():
    oncoming = car("a", 400.0, 10.0, start=Place("left", 400.0, 0.0, np.pi), driver=STILL,
                   behaviour=When(TimeToCollisionBelow("ego", 4.0), KeepSpeed(10.0)))  # fmt: skip
    _, ahead = fired_at(None, oncoming, steps=150)
    assert 3.85 <= (ahead - 4.55) / 25.0 < 4.0


def test_ahead_of_counts_along_the_road():
    _, ahead = fired_at(AheadOf("ego", -10.0), car("a", 20.0, 25.0, driver=STILL,
                        behaviour=When(AheadOf("ego", -10.0), KeepSpeed(25.0))))  # fmt: skip
    assert -10.0 < ahead <= -8.9


def test_a_cut_in_is_played_from_start_to_end():
    cut = Sequence((When(AheadOf("ego", 8.0), ChangeLane("middle", 2.5)), ChangeSpeed(8.0, 3.0), Wait(1.0),
                    MoveSideways(-0.5, 1.0)))  # fmt: skip
    other = car("cut", 45.0, 20.0, "left", driver=STILL, behaviour=cut)
    session = simulator().open([scenario(other, duration_s=12.0)], [0])
    session.run(120, "idm_lane_follow")
    rollout = session.rollouts()[0]
    x, y = np.moveaxis(rollout.world_from_actor.translation_m[:, 1, :2], -1, 0)
    assert y[0] == 3.5
    assert y[-1] == pytest.approx(-0.5, abs=1e-9)
    assert rollout.velocity_mps[-1, 1, 0] == pytest.approx(8.0, abs=0.05)
    start = next(e for e in rollout.events if e.kind == "trigger").timestamp_ns * 1e-9
    crossed = np.argmax(y < 1.75) * 0.1
    assert start < crossed < start + 2.5
    assert (rollout.lights[round(start * 10) + 2 : round(crossed * 10), 1] & 16).all()
    slow = rollout.velocity_mps[:, 1, 0] < 19.9
    assert np.argmax(slow) * 0.1 > start + 2.4
    assert not [e for e in rollout.events if e.kind == "collision"]
    assert rollout.velocity_mps[-1, 0, 0] < 10.0
    assert np.all(np.diff(x) > 0)


def test_parallel_plays_both_channels():
    both = Parallel((ChangeSpeed(10.0, 2.0), MoveSideways(1.0, 2.0)))
    session = simulator().open([scenario(car("a", 100.0, 15.0, driver=STILL, behaviour=both))], [0])
    session.run(60, "constant_speed")
    rollout = session.rollouts()[0]
    assert rollout.velocity_mps[-1, 1, 0] == pytest.approx(10.0, abs=0.05)
    assert rollout.world_from_actor.translation_m[-1, 1, 1] == pytest.approx(1.0)


def test_change_speed_keeps_its_rate_and_does_not_overshoot():
    change = When(AtTime(0.5), ChangeSpeed(9.0, 4.0))
    session = simulator().open([scenario(car("a", 100.0, 20.0, driver=STILL, behaviour=change))], [0])
    session.run(60, "constant_speed")
    speed = session.rollouts()[0].velocity_mps[:, 1, 0]
    rate = -np.diff(speed) / 0.1
    assert rate.max() == pytest.approx(4.0, abs=1e-9)
    assert speed.min() > 8.9
    assert speed[-1] == pytest.approx(9.0, abs=0.05)


def test_branches_that_move_the_same_thing_are_refused_by_name():
    both = Parallel((KeepSpeed(3.0), Sequence((Wait(1.0), ChangeSpeed(9.0, 4.0)))))
    with pytest.raises(Unsupported, match=r"behaviour\.branches\[1\].*speed"):
        simulator().open([scenario(car("a", 100.0, 20.0, behaviour=both))], [0])


def test_too_many_actions_are_refused():
    steps = Sequence(tuple(Wait(0.1) for _ in range(70)))
    with pytest.raises(Unsupported, match=r"steps\[62\]"):
        simulator().open([scenario(car("a", 100.0, 20.0, behaviour=steps))], [0])


def test_every_wrong_name_is_reported_at_once():
    one = car("a", 100.0, 20.0, "midle", behaviour=When(DistanceBelow("ega", 5.0), ChangeLane("lef", 2.0)))
    two = car("a", 150.0, 20.0, driver=Driver(kind="idn"))
    with pytest.raises(InputError) as raised:
        simulator().open([scenario(one, two)], [0])
    found = {(fault.path, fault.code, fault.nearest) for fault in raised.value.faults}
    assert found == {
        ("actors[0].start.route", "unknown-route", "middle"),
        ("actors[0].behaviour.trigger.actor", "unknown-actor", "ego"),
        ("actors[0].behaviour.then.route", "unknown-route", "left"),
        ("actors[1].id", "duplicate-id", None),
        ("actors[1].driver.kind", "unknown-driver", "idm"),
    }


def test_an_oncoming_actor_drives_its_route_backwards():
    oncoming = car(
        "o", 300.0, 12.0, start=Place("left", 300.0, 0.2, np.pi), behaviour=When(ReachS(280.0), KeepSpeed(3.0))
    )
    session = simulator().open([scenario(oncoming)], [0])
    session.run(40, "constant_speed")
    rollout = session.rollouts()[0]
    pose = rollout.world_from_actor
    assert pose.translation_m[0, 1, :2] == pytest.approx([300.0, 3.7])
    assert np.cos(pose.yaw_rad()[:, 1]) == pytest.approx(-1.0)
    assert rollout.velocity_mps[0, 1, 0] == pytest.approx(-12.0)
    event = next(e for e in rollout.events if e.kind == "trigger")
    assert event.timestamp_ns * 1e-9 == pytest.approx(20.0 / 12.0, abs=0.11)


def test_a_walker_with_speed_and_no_plan_goes_where_it_faces():
    walker = car("w", 100.0, 1.5, kind=ActorClass.PEDESTRIAN, size_m=(0.5, 0.6, 1.7), driver=STILL,
                 start=Place("middle", 100.0, -6.0, np.pi / 2))  # fmt: skip
    parked = Ego(Place("middle", 10.0), 0.0, 0.0, 900.0)
    session = simulator().open([scenario(walker, ego=parked)], [0])
    session.run(40, "constant_speed")
    track = session.rollouts()[0].world_from_actor.translation_m[:, 1, :2]
    assert track[0] == pytest.approx([100.0, -6.0])
    assert track[-1] == pytest.approx([100.0, -6.0 + 1.5 * 4.0], abs=1e-6)


def test_walking_begins_where_the_actor_stands():
    path = FollowPath("middle", ((101.0, 4.0), (101.0, 8.0)), 1.5)
    walker = car("w", 100.0, 0.0, kind=ActorClass.CHILD, size_m=(0.4, 0.4, 1.2), driver=STILL,
                 start=Place("middle", 100.0, -6.0, np.pi / 2), behaviour=When(AtTime(1.0), path))  # fmt: skip
    session = simulator().open([scenario(walker, duration_s=15.0)], [0])
    session.run(150, "constant_speed")
    track = session.rollouts()[0].world_from_actor.translation_m[:, 1, :2]
    assert np.linalg.norm(np.diff(track, axis=0), axis=-1).max() < 0.16
    assert np.allclose(track[:10], track[0])
    assert track[-1] == pytest.approx([101.0, 8.0], abs=0.25)


def test_an_oncoming_overtaker_keeps_its_direction_in_the_other_lane():
    over = Sequence((When(AtTime(0.5), ChangeLane("middle", 2.0, 0.3)), MoveSideways(-0.4, 1.0)))
    oncoming = car("o", 300.0, 12.0, start=Place("left", 300.0, 0.0, np.pi), driver=STILL, behaviour=over)
    session = simulator().open([scenario(oncoming, ego=Ego(Place("right", 5.0), 0.0, 0.0, 900.0))], [0])
    session.run(30, "constant_speed")
    middle = session.rollouts()[0]
    assert middle.world_from_actor.translation_m[25, 1, 1] == pytest.approx(0.3)
    session.run(20, "constant_speed")
    pose = session.rollouts()[0].world_from_actor
    assert pose.translation_m[-1, 1, :2] == pytest.approx([300.0 - 60.0, -0.4], abs=1e-6)
    assert np.cos(pose.yaw_rad()[:, 1]).max() < -0.95


def test_a_lane_change_to_a_route_elsewhere_is_refused():
    lane_map = crossing()
    far = replace(lane_map, lanes=(*lane_map.lanes, lane_along("f", np.array([[0.0, 300.0, 0.0], [50.0, 300.0, 0.0]]))),
                  routes={**lane_map.routes, "far": ("f",)})  # fmt: skip
    wanted = scenario(car("a", 100.0, 5.0, behaviour=When(AtTime(1.0), ChangeLane("far", 2.0))),
                      ego=Ego(Place("north", 50.0), 5.0, 5.0, 200.0))  # fmt: skip
    with pytest.raises(Unsupported, match=r"actors\[0\]\.behaviour\.then: route 'far'"):
        simulator(far).open([wanted], [0])


def walker_at(name, s_m, d_m, heading, speed=1.4):
    return car(name, s_m, speed, kind=ActorClass.PEDESTRIAN, size_m=(0.4, 0.6, 1.75), driver=STILL,
               start=Place("right", s_m, d_m, heading))  # fmt: skip


def test_walkers_who_meet_step_aside_and_go_back_to_their_line():
    meeting = [walker_at("a", 100.0, 0.0, 0.0), walker_at("b", 110.0, 0.1, np.pi), walker_at("c", 96.0, 0.1, 0.0, 2.4)]
    ego = Ego(Place("left", 10.0), 0.0, 0.0, 900.0)
    session = simulator().open([scenario(*meeting, ego=ego, duration_s=15.0)], [0])
    session.run(150, "constant_speed")
    rollout = session.rollouts()[0]
    assert [event for event in rollout.events if event.kind == "collision"] == []
    points = rollout.world_from_actor.translation_m[:, 1:, :2]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert np.linalg.norm(points[:, i] - points[:, j], axis=-1).min() > 0.6
    assert points[-1, :, 1] == pytest.approx([-3.5, -3.4, -3.4], abs=0.05)
