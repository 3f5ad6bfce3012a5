"""Logs as worlds."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.errors import RoadloomError
from driving_data.ports import Control
from driving_data.taxonomy import ActorClass
from scenarios.behaviour import AtTime, ChangeLane, ChangeSpeed, When
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.replay.agents import AgentOptions
from sim_bridge.replay.simulator import ReplaySimulator
from sim_bridge.replay.worlds import uniform
from tests.sim_bridge.worlds import car, scenario, simulator, winding_map


def recording(lane_map=None, **changes):
    lead = car("lead", 95.0, 12.0, behaviour=When(AtTime(2.0), ChangeSpeed(3.0, 3.0)))
    other = car("other", 70.0, 14.0, "left", behaviour=When(AtTime(1.0), ChangeLane("middle", 3.0)))
    session = simulator(lane_map).open([scenario(lead, other, **changes)], [0])
    session.run(100, "idm_lane_follow")
    return session.rollouts()[0]


@pytest.mark.parametrize("winding", [False, True])
def test_others_do_what_the_log_says_whatever_the_ego_does(winding):
    log = recording(winding_map() if winding else None)
    session = ReplaySimulator().open_rollouts([log])
    for _ in range(40):
        session.step(Control(np.array([-2.0]), np.array([0.0])))
    again = session.rollouts()[0]
    steps = again.num_steps
    np.testing.assert_allclose(
        again.world_from_actor.translation_m[:, 1:], log.world_from_actor.translation_m[:steps, 1:], atol=1e-9
    )
    np.testing.assert_array_equal(again.velocity_mps[:, 1:, :2], log.velocity_mps[:steps, 1:, :2])
    np.testing.assert_array_equal(again.lights[:, 1:], log.lights[:steps, 1:])
    assert again.velocity_mps[-1, 0, 0] < log.velocity_mps[steps - 1, 0, 0] - 1.0


def test_the_ego_starts_as_logged_and_may_follow_its_way():
    log = recording(winding_map())
    session = ReplaySimulator().open_rollouts([log])
    seen = session.run(100, "idm_lane_follow")
    again = session.rollouts()[0]
    np.testing.assert_allclose(
        again.world_from_actor.translation_m[0], log.world_from_actor.translation_m[0], atol=1e-3
    )
    assert again.velocity_mps[0, 0, :2] == pytest.approx(log.velocity_mps[0, 0, :2], abs=1e-3)
    assert abs(seen.route_lateral_m[0]) < 0.3
    way = log.world_from_actor.translation_m[:, 0, :2]
    nearest = np.linalg.norm(again.world_from_actor.translation_m[:, None, 0, :2] - way[None], axis=-1).min(axis=1)
    assert np.quantile(nearest, 0.9) < 1.0


def test_a_world_ends_where_its_log_ends():
    log = recording()
    session = ReplaySimulator().open_rollouts([log])
    seen = None
    for _ in range(log.num_steps + 5):
        seen = session.step(Control(np.array([-1.0]), np.array([0.0])))
    assert seen.done[0]
    assert session.rollouts()[0].num_steps <= log.num_steps


def test_actors_that_come_and_go_do_so_again():
    log = recording()
    valid = log.valid.copy()
    valid[:5, 1], valid[30:, 2] = False, False
    hidden = replace(
        log,
        valid=valid,
        velocity_mps=np.where(valid[..., None], log.velocity_mps, np.nan),
        acceleration_mps2=np.where(valid[..., None], log.acceleration_mps2, np.nan),
        world_from_actor=replace(
            log.world_from_actor,
            translation_m=np.where(valid[..., None], log.world_from_actor.translation_m, np.nan),
            rotation=np.where(valid[..., None, None], log.world_from_actor.rotation, np.nan),
        ),
    )
    session = ReplaySimulator().open_rollouts([hidden])
    for _ in range(40):
        session.step(Control(np.array([-2.0]), np.array([0.0])))
    again = session.rollouts()[0]
    np.testing.assert_array_equal(again.valid, valid[: again.num_steps])
    comings = [(e.kind, e.actor_ids[0], round(e.timestamp_ns / 1e8)) for e in again.events]
    assert comings == [("spawn", "lead", 5), ("despawn", "other", 30)]


def test_uneven_time_steps_are_made_even():
    log = recording()
    shift = np.zeros(log.num_steps, dtype=np.int64)
    shift[1:-1:2] = 7_000_000
    even = uniform(replace(log, timestamps_ns=log.timestamps_ns + shift))
    assert len(set(np.diff(even.timestamps_ns).tolist())) == 1
    assert np.isfinite(even.world_from_actor.translation_m[even.valid]).all()
    assert uniform(log) is log


def test_velocities_that_a_log_lacks_come_from_its_positions():
    log = recording()
    bare = replace(log, velocity_mps=np.full_like(log.velocity_mps, np.nan))
    session = ReplaySimulator().open_rollouts([bare])
    session.run(20, "constant_speed")
    speed = session.rollouts()[0].velocity_mps[1:20, 1, 0]
    assert speed == pytest.approx(log.velocity_mps[1:20, 1, 0], abs=0.3)


def test_careless_ego_hits_the_logged_leader():
    log = recording()
    session = ReplaySimulator().open_rollouts([log])
    session.run(100, "constant_speed")
    assert [e.actor_ids for e in session.rollouts()[0].events if e.kind == "collision"][:1] == [("ego", "other")]


def test_who_hits_a_body_whose_turning_the_log_does_not_know_has_a_speed_afterwards():
    """Without the yaw rate taken as 0 at the contact both bodies, and with them the ego's policy, would be NaN."""
    log = recording()
    unknown = replace(log, yaw_rate_radps=np.full_like(log.yaw_rate_radps, np.nan))
    session = ReplaySimulator().open_rollouts([unknown])
    session.run(100, "constant_speed")
    made = session.rollouts()[0]
    assert "collision" in [event.kind for event in made.events]
    hit = made.actors.ids.index("other")
    assert np.isfinite(made.velocity_mps[made.valid]).all()
    assert np.isfinite(made.yaw_rate_radps[-1, hit])


def test_a_log_of_one_moment_is_refused():
    log = recording()
    one = replace(
        log,
        timestamps_ns=log.timestamps_ns[:1],
        world_from_actor=log.world_from_actor[:1],
        velocity_mps=log.velocity_mps[:1],
        acceleration_mps2=log.acceleration_mps2[:1],
        yaw_rate_radps=log.yaw_rate_radps[:1],
        steering_rad=log.steering_rad[:1],
        lights=log.lights[:1],
        valid=log.valid[:1],
        signals=replace(log.signals, state=log.signals.state[:1]),
    )
    with pytest.raises(RoadloomError, match="two moments"):
        ReplaySimulator().open_rollouts([one])


def test_reactive_vehicles_stop_behind_an_ego_that_brakes_and_keep_to_their_way():
    """The car behind the ego drove on in the log; only reactive it does not run into an ego that stops."""
    lead, behind = car("lead", 110.0, 14.0), car("behind", 28.0, 14.0)
    session = simulator().open([scenario(lead, behind, duration_s=12.0)], [0])
    session.run(120, "idm_lane_follow")
    log = session.rollouts()[0]
    ends = {}
    for reactive in (False, True):
        session = ReplaySimulator(reactive=reactive, agents=AgentOptions(desired_speed_mps=14.0)).open_rollouts([log])
        for _ in range(115):
            session.step(Control(np.array([-1.5]), np.array([0.0])))
        ends[reactive] = session.rollouts()[0]
    assert any(event.kind == "collision" for event in ends[False].events)
    assert not any(event.kind == "collision" for event in ends[True].events)
    again = ends[True]
    assert again.velocity_mps[-1, 2, 0] < 1.0
    # Across its way it stays where the log has it; ahead of the ego the lead is free.
    assert np.abs(again.world_from_actor.translation_m[:, 2, 1]).max() < 0.05
    assert again.world_from_actor.translation_m[-1, 1, 0] > 200.0


def test_people_and_riders_do_what_the_log_says_even_when_vehicles_react():
    rider = car("rider", 90.0, 5.0, kind=ActorClass.BICYCLE, size_m=(1.8, 0.6, 1.7))
    session = simulator().open([scenario(rider, car("far", 200.0, 12.0), duration_s=6.0)], [0])
    session.run(60, "constant_speed")
    log = session.rollouts()[0]
    session = ReplaySimulator(reactive=True).open_rollouts([log])
    for _ in range(40):
        session.step(Control(np.array([-3.0]), np.array([0.0])))
    again = session.rollouts()[0]
    logged = log.world_from_actor.translation_m[: again.num_steps, 1]
    np.testing.assert_allclose(again.world_from_actor.translation_m[:, 1], logged, atol=1e-9)
    # The free vehicle drives as the agents' IDM does: no harder than 1 m/s^2 towards 10 m/s, so it slows from 12.
    speed = again.velocity_mps[:, 2, 0]
    assert speed[-1] < 11.0
    assert np.diff(speed).min() > -0.2001 - 1e-6


def test_reactive_replay_is_the_same_in_any_batch():
    log = recording(winding_map())
    one = ReplaySimulator(reactive=True).open_rollouts([log])
    two = ReplaySimulator(reactive=True, options=EmbeddedOptions(num_threads=2)).open_rollouts([log, log, log])
    one.run(80, "idm_lane_follow")
    two.run(80, "idm_lane_follow")
    for rollout in two.rollouts():
        poses = rollout.world_from_actor.translation_m
        assert poses.tobytes() == one.rollouts()[0].world_from_actor.translation_m.tobytes()


def test_vehicles_of_real_logs_react(shared_data):
    from driving_data.logs.commonroad import CommonRoadReader

    folder = shared_data / "logs" / "commonroad"
    reader = CommonRoadReader()
    path = next(p for p in sorted(folder.rglob("*.xml")) if "US101" in p.name)
    log = next(iter(reader.read(path))).rollout
    session = ReplaySimulator(reactive=True).open_rollouts([log])
    session.run(log.num_steps - 1, "idm_lane_follow")
    again = session.rollouts()[0]
    assert again.valid[:, 1:].any()
    moved = np.linalg.norm(np.diff(again.world_from_actor.translation_m[..., :2], axis=0), axis=-1)
    assert np.nanmax(moved) < 5.0
