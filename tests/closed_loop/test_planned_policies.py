"""Policies that answer where they want to be: functions, servers; how near to it they drive."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from closed_loop.conformance import check_policy, sample_observation
from closed_loop.environment.actions import TrajectoryActions
from closed_loop.policies.log_replay import logged_way
from closed_loop.policies.network import NetworkParameters, drive
from closed_loop.policies.own_code import CallableParameters, CallablePolicy
from closed_loop.policies.planned import follow, plan_of
from closed_loop.policies.remote import RemoteParameters, RemotePolicy
from closed_loop.policies.remote_server import PolicyHost, serve_http
from closed_loop.policies.wire import Message
from closed_loop.registry import make_policy
from closed_loop.suites.run import run_rollouts
from closed_loop.suites.suite import library_suite
from closed_loop.tracking import Trajectory, ego_state
from driving_data.errors import InputError, RoadloomError
from sim_bridge.embedded.simulator import EmbeddedSimulator
from tests.closed_loop import worlds

SOURCE = """
import numpy as np

def bends(observation):
    t = 0.5 * np.arange(1, 9)
    poses = np.stack([6.0 * t, 0.2 * t**2], axis=-1)
    return np.broadcast_to(poses, (len(observation.done), 8, 2)).copy()
"""


def bend():
    t = 0.5 * np.arange(1, 9)
    return np.stack([6.0 * t, 0.2 * t**2, np.arctan2(0.4 * t, 6.0)], axis=-1)


def test_a_function_is_followed_as_the_trajectory_action_of_gymnasium():
    seen = sample_observation(3, 4, 2)
    want = TrajectoryActions().control(np.tile(bend(), (3, 1, 1)), seen)
    policy = CallablePolicy(lambda observation: np.tile(bend(), (len(observation.done), 1, 1)))
    got, each = policy.act(seen), CallablePolicy(policy.function, CallableParameters(each=True)).act(seen)
    assert got.steering_rad.tolist() == want.steering_rad.tolist() == each.steering_rad.tolist()
    assert np.clip(got.acceleration_mps2, -8, 4).tolist() == want.acceleration_mps2.tolist()
    network = drive(
        seen, lambda inputs: np.tile(bend(), (1, 1, 1)), NetworkParameters(outputs="trajectory"), "the network"
    )
    assert network.steering_rad.tolist() == got.steering_rad.tolist()


def test_a_turn_round_is_turned_the_short_way():
    """Headings 3 and -3 are 0.28 apart: halfway between them lies pi, where plain linear interpolation gives 0."""
    plan = Trajectory(np.zeros((1, 3, 2)), np.array([[3.0, -3.0, -3.0]]), 0.2).resampled(0.1)
    assert plan.yaw_rad[0] == pytest.approx([3.0, np.pi, 2 * np.pi - 3.0, 2 * np.pi - 3.0, 2 * np.pi - 3.0])
    assert plan.step_s == 0.1


def test_every_ego_is_followed_with_its_own_wheelbase():
    seen = sample_observation(2, 3, 5)
    long = replace(seen, wheelbase_m=np.array([2.5, 6.0]))
    plan = plan_of(np.tile(bend(), (2, 1, 1)), long, 0.5, "it")
    for world in range(2):
        alone = follow(replace(seen, wheelbase_m=np.full(2, long.wheelbase_m[world])), plan)
        assert follow(long, plan).steering_rad[world] == alone.steering_rad[world]
    assert follow(long, plan).steering_rad[1] != follow(seen, plan).steering_rad[1]


@pytest.mark.parametrize("tracking", ["lqr", "preview"])
def test_it_keeps_the_rules_of_policies(tmp_path, tracking):
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    check_policy(lambda: make_policy(f"python:{path}:bends", {"tracking": tracking, "step_s": 0.5}), seed=3)


def along(logs):
    """The next four seconds of a log that begins where the world does, as plans of rear axles in `world`."""
    ways = [logged_way(log) for log in logs]
    chosen = []

    def plan(observation):
        if observation.time_s.max() == 0.0:
            places = observation.position_m[np.arange(len(observation.done)), observation.ego_index, :2]
            speeds = np.linalg.norm(
                observation.velocity_mps[np.arange(len(places)), observation.ego_index, :2], axis=-1
            )
            chosen[:] = [
                min(ways, key=lambda w: np.hypot(*(w.center_m[0] - p)) + abs(w.speed_mps[0] - v))
                for p, v in zip(places, speeds, strict=True)
            ]
        ahead = 0.1 * np.arange(41)
        rows = np.stack([way.at(t + ahead) for way, t in zip(chosen, observation.time_s, strict=True)])
        yaw = rows[..., 2]
        back = observation.rear_axle_to_center_m[:, None, None] * np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
        return Trajectory(rows[..., :2] - back, yaw, 0.1)

    return plan


@pytest.mark.slow
@pytest.mark.parametrize(("tracking", "bound_m"), [("preview", 0.35), ("lqr", 3.0)])
def test_a_plan_is_driven_within_the_published_error_of_its_tracker(tracking, bound_m):
    """Bounds of docs/policies.md. One that took the poses for controls, or for the ego frame, is tens of metres off."""
    scenarios = library_suite("few", ("cut_in", "roundabout_entry"), 1, 11).scenarios
    logs = run_rollouts(make_policy("cautious"), EmbeddedSimulator(), scenarios)
    policy = CallablePolicy(along(logs), CallableParameters(tracking=tracking))
    again = run_rollouts(policy, EmbeddedSimulator(), scenarios)
    for log, new in zip(logs, again, strict=True):
        count = min(log.num_steps, new.num_steps)
        there, here = (one.world_from_actor.translation_m[:count, one.ego_index, :2] for one in (log, new))
        assert count > 60
        assert np.linalg.norm(there - here, axis=-1).max() < bound_m


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (np.zeros((2, 8, 4)), r"shape \(2, 8, 4\); a trajectory has shape \(2, N > 1, 2 or 3\)"),
        (np.zeros((3, 8, 3)), r"shape \(3, 8, 3\); a trajectory has shape \(2,"),
        (np.zeros((2, 1, 3)), r"N > 1"),
        (np.full((2, 8, 3), np.nan), "not finite"),
        (np.zeros((8, 3)), r"ndarray of shape \(8, 3\); expected .*or a trajectory"),
        (Trajectory(np.zeros((3, 8, 2)), np.zeros((3, 8))), r"shape \(3, 8, 2\); a trajectory"),
    ],
)
def test_a_wrong_shape_is_refused(answer, what):
    with pytest.raises(RoadloomError, match=f"policy 'mine'.*{what}"):
        CallablePolicy(lambda observation: answer, name="mine").act(sample_observation(2, 3, 0))


def test_a_server_may_answer_poses():
    class Host(PolicyHost):
        """A server in another language: it answers poses."""

        def answer(self, body, kind, authorization):
            call = Message.from_bytes(body, kind)
            if call.header["call"] == "reset":
                return 200, Message({}).to_bytes(kind)
            count = len(call.arrays["done"])
            return 200, Message(self.header, {"poses": np.tile(bend(), (count, 1, 1))[:, : self.poses]}).to_bytes(kind)

    host = Host(lambda: make_policy("idm"), "")
    host.header, host.poses = {"step_s": 0.5}, 8
    server = serve_http(host, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    policy = RemotePolicy(RemoteParameters(f"http://127.0.0.1:{server.server_address[1]}"))
    try:
        seen = sample_observation(2, 3, 1)
        policy.reset(2)
        want = follow(seen, plan_of(np.tile(bend(), (2, 1, 1)), seen, 0.5, "it"))
        assert policy.act(seen).steering_rad == pytest.approx(want.steering_rad, abs=1e-12)
        host.header = {}
        with pytest.raises(RoadloomError, match="step_s None; expected a positive number of seconds"):
            policy.act(seen)
        host.header, host.poses = {"step_s": 0.5}, 1
        with pytest.raises(RoadloomError, match="N > 1"):
            policy.act(seen)
    finally:
        policy.close()
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_wrong_tracking_is_told():
    with pytest.raises(InputError, match="'pid' is neither 'lqr' nor 'preview'"):
        make_policy("http://127.0.0.1:1", {"tracking": "pid"})
    assert ego_state(worlds.observation([[1.3, 0.0]], [[10.0, 0.0]])).position_m[0].tolist() == [0.0, 0.0]
