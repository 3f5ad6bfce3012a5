"""The Gymnasium environment: its checker, seeds, rewards, ends."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from closed_loop.env import ENV_ID, DriveEnv, register, step_reward
from driving_data.errors import RoadloomError
from tests.closed_loop import worlds


def make(scenarios=None):
    return DriveEnv(
        scenarios or [worlds.concrete(index=k, gap_m=20.0 + 10 * k) for k in range(4)], worlds.PointWorlds()
    )


# The checker remarks that unbounded boxes are unusual and that a wrapper-free env has no spec; both are meant.
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_gymnasiums_checker_is_content():
    check_env(make(), skip_render_check=True)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_registered_environment_is_made_by_name():
    assert register() == register() == ENV_ID
    env = gymnasium.make(ENV_ID, scenarios=[worlds.concrete()], simulator=worlds.PointWorlds())
    seen, info = env.reset(seed=1)
    assert env.observation_space.contains(seen)
    assert info["scenario"] == "follow"
    env.close()


def episode(env, seed, acceleration=0.0):
    seen, info = env.reset(seed=seed)
    trace, rewards = [seen], []
    for _ in range(200):
        seen, reward, terminated, truncated, _ = env.step(np.array([acceleration, 0.0], dtype=np.float32))
        trace.append(seen)
        rewards.append(reward)
        if terminated or truncated:
            return trace, rewards, info["index"], terminated, truncated
    raise AssertionError("the episode never ended")


def test_the_same_seed_gives_the_same_episode():
    one, two = episode(make(), 5), episode(make(), 5)
    assert one[1:] == two[1:]
    assert all(a[k].tobytes() == b[k].tobytes() for a, b in zip(one[0], two[0], strict=True) for k in a)
    assert len({episode(make(), seed)[2] for seed in range(12)}) > 1


def test_driving_on_ends_in_a_collision_and_costs():
    trace, rewards, _, terminated, truncated = episode(make([worlds.concrete()]), 0, acceleration=1.0)
    assert (terminated, truncated) == (True, False)
    assert rewards[-1] < -15
    assert all(reward > 0 for reward in rewards[:-1])
    assert trace[0]["actors"][0, 0] == pytest.approx(34.0 + 1.35, abs=0.1)


def test_standing_still_is_truncated_without_reward():
    env = make([worlds.concrete()])
    _, rewards, _, terminated, truncated = episode(env, 0, acceleration=-8.0)
    assert (terminated, truncated) == (False, True)
    assert len(rewards) == 80


def test_the_reward_is_its_formula():
    assert step_reward(1.2, 12.0, 0.1, 0.0, set()) == pytest.approx(1.0)
    assert step_reward(0.0, 12.0, 0.1, 3.0, {"collision"}) == pytest.approx(-20.1)
    assert step_reward(0.6, 12.0, 0.1, 0.0, {"goal_reached"}) == pytest.approx(10.5)


def test_scenarios_can_be_named_and_misuse_is_told():
    env = make()
    assert env.reset(options={"index": 2})[1]["index"] == 2
    with pytest.raises(RoadloomError, match="no scenario 9"):
        env.reset(options={"index": 9})
    with pytest.raises(RoadloomError, match="call reset"):
        make().step(np.zeros(2, dtype=np.float32))
    with pytest.raises(RoadloomError, match="at least one"):
        DriveEnv([], worlds.PointWorlds())


def test_the_observation_is_in_the_ego_frame():
    seen, _ = make([worlds.concrete()]).reset(seed=0)
    assert seen["route"][:, :2] == pytest.approx(np.stack([np.arange(20) * 3.0, np.zeros(20)], axis=-1), abs=0.1)
    assert seen["present"].sum() == 1
    assert seen["ego"][0] == pytest.approx(10.0)
    assert seen["signal"].tolist() == [200.0, 1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("action", [np.zeros(5), np.zeros(1), np.zeros((1, 2))])
def test_an_action_of_another_shape_is_refused(action):
    env = make()
    env.reset(seed=1)
    with pytest.raises(ValueError, match=r"expected \(2,\)"):
        env.step(action.astype(np.float32))
    env.close()
