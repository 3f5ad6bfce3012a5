"""Log replay: it drives the log again, finds the right one, and stands where an expert should in the order."""

from dataclasses import replace

import numpy as np
import pytest

from closed_loop.policies.log_replay import LogReplayParameters, LogReplayPolicy, logged_way
from closed_loop.registry import make_policy
from closed_loop.suites.run import run_rollouts, run_suite
from closed_loop.suites.suite import library_suite
from driving_data.errors import InputError, RoadloomError
from sim_bridge.embedded.simulator import EmbeddedSimulator
from tests.closed_loop import worlds


def ego_track(rollout):
    return rollout.world_from_actor.translation_m[:, rollout.ego_index, :2]


@pytest.fixture(scope="module")
def recorded():
    """Four scenarios, as the cautious policy drove them: two draws each, which begin at the same place."""
    scenarios = library_suite("few", ("cut_in", "roundabout_entry"), 2, 11).scenarios
    return scenarios, run_rollouts(make_policy("cautious"), EmbeddedSimulator(), scenarios)


@pytest.mark.slow
@pytest.mark.parametrize(("tracking", "bound_m"), [("preview", 0.35), ("lqr", 3.0)])
def test_the_log_is_driven_again(recorded, tracking, bound_m):
    """A policy that took the first log for every world would be tens of metres off in the second draws."""
    scenarios, logs = recorded
    again = run_rollouts(LogReplayPolicy(LogReplayParameters(tracking=tracking), logs), EmbeddedSimulator(), scenarios)
    for log, new in zip(logs, again, strict=True):
        count = min(log.num_steps, new.num_steps)
        assert count > 60
        assert np.linalg.norm(ego_track(log)[:count] - ego_track(new)[:count], axis=-1).max() < bound_m
    alone = run_rollouts(
        LogReplayPolicy(LogReplayParameters(tracking=tracking), logs), EmbeddedSimulator(), scenarios[3:]
    )
    assert ego_track(alone[0]).tobytes() == ego_track(again[3]).tobytes()


def test_an_ego_without_a_log_is_told():
    log = worlds.straight([[0.0, 0.0], [40.0, 0.0]], [10.0, 5.0])
    policy = LogReplayPolicy(rollouts=[log])
    policy.reset(1)
    with pytest.raises(RoadloomError, match=r"nearest of 1 is 30\.0 m"):
        policy.act(worlds.observation([[30.0, 0.0]], [[10.0, 0.0]]))


def test_the_log_that_begins_alike_is_chosen():
    slow = worlds.straight([[0.0, 0.0], [40.0, 0.0]], [5.0, 5.0])
    fast = worlds.straight([[0.0, 0.0], [40.0, 0.0]], [10.0, 5.0])
    near = worlds.straight([[0.0, 0.0], [20.0, 0.0]], [10.0, 5.0])
    policy = LogReplayPolicy(rollouts=[slow, fast, near])
    for place, speed, chosen in ((40.0, 5.0, 0), (40.0, 10.0, 1), (20.0, 10.0, 2)):
        seen = worlds.observation([[0.0, 0.0], [place, 0.0]], [[speed, 0.0], [5.0, 0.0]])
        assert policy._match(seen, 0) is policy._ways[chosen]


def test_it_keeps_the_logged_speed_and_stops_at_the_end_of_the_log():
    log = worlds.straight([[0.0, 0.0], [40.0, 0.0]], [10.0, 5.0], num_steps=40)
    for tracking in ("lqr", "preview"):
        policy = LogReplayPolicy(LogReplayParameters(tracking=tracking), [log])
        policy.reset(1)
        assert policy.act(worlds.observation([[0, 0], [40, 0]], [[10, 0], [5, 0]])).acceleration_mps2[0] == (
            pytest.approx(0.0, abs=0.01)
        )
        later = replace(worlds.observation([[39, 0], [60, 0]], [[10, 0], [5, 0]]), time_s=np.array([5.0]))
        assert policy.act(later).acceleration_mps2[0] < -5.0


def test_a_log_of_nobody_is_refused(tmp_path):
    log = worlds.straight([[0.0, 0.0], [40.0, 0.0]], [10.0, 5.0])
    gone = replace(log, valid=log.valid & np.array([False, True]))
    assert logged_way(gone) is None
    with pytest.raises(ValueError, match="no log to replay"):
        LogReplayPolicy(rollouts=[gone])
    with pytest.raises(InputError):
        make_policy(f"log:{tmp_path / 'nothing'}")


@pytest.mark.slow
def test_the_order_of_the_policies_is_that_of_the_published_ones():
    """Log replay and PDM-Closed over nuPlan's IDM planner over constant velocity, by mean driving score."""
    suite = library_suite(
        "order", ("cut_in", "cyclist_overtake_oncoming", "late_pedestrian", "lead_brakes_hard"), 1, 11
    )
    logs = run_rollouts(make_policy("cautious"), EmbeddedSimulator(), suite.scenarios)
    expert = LogReplayPolicy(LogReplayParameters(tracking="preview"), logs)
    policies = (expert, make_policy("pdm_closed"), make_policy("idm_nuplan"), make_policy("constant_velocity"))
    reports = [run_suite(policy, suite, EmbeddedSimulator(), metrics=("driving_score",)) for policy in policies]
    replay, pdm, idm, blind = (float(np.mean(report.values("driving_score"))) for report in reports)
    assert max(replay, pdm) > idm > blind and pdm > idm
    assert min(replay, pdm) > blind
