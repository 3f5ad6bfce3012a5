"""Gymnasium environments over one world and over batches: checkers, determinism, what is seen, done and paid."""

import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from hypothesis import given, settings
from hypothesis import strategies as st

from closed_loop.conformance import sample_observation
from closed_loop.env import encode
from closed_loop.environment import ENV_ID, register_envs
from closed_loop.environment.actions import ControlActions, TrajectoryActions
from closed_loop.environment.raster import LAYERS, Raster, RasterSize, map_patch, picture
from closed_loop.environment.reward import RewardWeights, step_rewards
from closed_loop.environment.single import ScenarioEnv
from closed_loop.environment.vector import ScenarioVectorEnv
from closed_loop.environment.vectors import NUM_FLAT, encode_vectors
from driving_data.errors import InputError, RoadloomError
from driving_data.ports import Happening
from scenarios import library
from scenarios.roads import build_road
from tests.effort import examples

# The checker remarks that unbounded boxes and actions in physical units are unusual; both are meant.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def make(scenario="late_pedestrian", **kwargs):
    register_envs()
    return gymnasium.make(ENV_ID, scenario=scenario, **kwargs)


@pytest.mark.parametrize("view", ["vector", "flat", "raster"])
@pytest.mark.parametrize("action", ["control", "trajectory"])
def test_gymnasiums_checker_is_content(view, action):
    check_env(make(view=view, action=action).unwrapped, skip_render_check=True)


@pytest.mark.parametrize("first", ["import roadloom, gymnasium", "import gymnasium, roadloom", "import gymnasium"])
def test_gymnasium_knows_the_environment_once_the_package_is_imported(first):
    prefix = "closed_loop.environment:" if "roadloom" not in first else ""
    code = f"{first}\ngymnasium.make('{prefix}{ENV_ID}', scenario='cut_in', view='flat')"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.slow
def test_a_camera_sees_the_road():
    env = make(view="sensors")
    seen, _ = env.reset(seed=1)
    assert env.observation_space.contains(seen)
    assert seen["front"].std() > 10
    after, *_ = env.step(np.array([2.0, 0.0], dtype=np.float32))
    assert (after["front"] != seen["front"]).any()
    env.close()


def drive(env, seed, steps=60, acceleration=0.5):
    seen, info = env.reset(seed=seed)
    trace, paid = [seen], []
    for _ in range(steps):
        seen, reward, terminated, truncated, _ = env.step(np.array([acceleration, 0.0], dtype=np.float32))
        trace.append(seen)
        paid.append(reward)
        if terminated or truncated:
            break
    return trace, paid, info


def test_the_same_seed_gives_the_same_episode_and_seeds_differ():
    one, two = drive(make(view="flat"), 7), drive(make(view="flat"), 7)
    assert one[1:] == two[1:]
    assert np.array_equal(np.stack(one[0]), np.stack(two[0]))
    assert drive(make(view="flat"), 8)[2]["digest"] != one[2]["digest"]


def test_full_throttle_ends_in_a_collision_that_is_paid_once():
    env = make("lead_brakes_hard", view="flat")
    _, paid, _ = drive(env, 3, steps=400, acceleration=4.0)
    assert min(paid) < -15
    assert sum(reward < -15 for reward in paid) == 1


def test_scenarios_come_from_names_files_and_values():
    concrete = library.load("cut_in").sample(5)
    assert make(concrete).reset(seed=0)[1]["digest"] == concrete.digest()
    assert make(library.path("cut_in")).reset(seed=0)[1]["scenario"] == "cut_in"
    indices = {make(["cut_in", "late_pedestrian"]).reset(seed=k)[1]["index"] for k in range(8)}
    assert indices == {0, 1}
    with pytest.raises(InputError, match="cut_in"):
        ScenarioEnv("cutin")
    with pytest.raises(InputError, match="raster"):
        ScenarioEnv("cut_in", view="rastr")
    with pytest.raises(InputError, match="trajectory"):
        ScenarioEnv("cut_in", action="trajectories")
    with pytest.raises(RoadloomError, match="reset"):
        ScenarioEnv("cut_in").step(np.zeros(2))


@settings(max_examples=examples(30))
@given(worlds=st.integers(1, 5), actors=st.integers(1, 24), seed=st.integers(0, 10_000))
def test_the_batched_numbers_agree_with_one_world_at_a_time(worlds, actors, seed):
    observation = sample_observation(worlds, actors, seed)
    batched = encode_vectors(observation)
    for world in range(worlds):
        for name, value in encode(observation, world).items():
            np.testing.assert_allclose(batched[name][world], value, rtol=1e-5, atol=1e-4, err_msg=name)


def test_the_picture_shows_who_is_where():
    env = make(library.load("late_pedestrian").sample(1), view="raster")
    seen, _ = env.reset(seed=0)
    raster, size = seen["raster"], RasterSize()
    assert set(np.unique(raster)) <= {0, 255}
    ego = np.argwhere(raster[LAYERS.index("ego")] > 0)
    back = size.height - size.back_m / size.pixel_m
    assert abs(ego[:, 0].mean() + 0.5 - back) < 1 and abs(ego[:, 1].mean() + 0.5 - size.width / 2) < 1
    # A car of 4.6 m x 1.85 m covers as many pixels of half a metre as its area says, to a row.
    assert abs(len(ego) * size.pixel_m**2 - 4.6 * 1.85) < 3.0
    on_road = raster[LAYERS.index("drivable")][raster[LAYERS.index("ego")] > 0]
    assert (on_road > 0).mean() > 0.95
    assert raster[LAYERS.index("vulnerable")].any()


def test_the_picture_turns_and_moves_with_the_ego():
    env = make(library.load("cut_in").sample(1))
    env.reset(seed=0)
    observation = env.unwrapped._seen
    lane_map = observation.lane_maps[0]
    patch = map_patch(lane_map, 0.0, 0.0, 60.0)
    drawn = Raster().draw(observation)[0]
    y, x = observation.position_m[0, 0, 1], observation.position_m[0, 0, 0]
    near = map_patch(lane_map, float(x), float(y), 40.0)
    assert patch.layers.shape == (2, 480, 480)
    # What is drivable beneath the ego on the patch is drivable beneath it in the picture.
    assert near.layers[0, 160, 160] == 255
    size = RasterSize()
    assert drawn[0, size.height - int(size.back_m / size.pixel_m) - 1, size.width // 2] == 255


def test_rendering_gives_a_picture_for_people():
    env = make("unprotected_left_turn", render_mode="rgb_array")
    env.reset(seed=2)
    image = env.render()
    assert image.shape == (384, 288, 3) and len(np.unique(image.reshape(-1, 3), axis=0)) >= 4
    assert make().unwrapped.render() is None
    assert picture(env.unwrapped._seen, 0).tobytes() == image.tobytes()


def test_a_straight_trajectory_is_driven_straight_at_its_speed():
    env = make(library.load("cut_in").sample(1), action="trajectory")
    env.reset(seed=0)
    for _ in range(40):
        ahead = 20.0 * 0.5 * np.arange(1, 9)
        plan = np.stack([ahead, np.zeros(8), np.zeros(8)], axis=-1).astype(np.float32)
        seen, *_ = env.step(plan)
    assert seen["ego"][0] == pytest.approx(20.0, abs=0.3)
    assert abs(seen["ego"][3]) < 0.02


def test_a_trajectory_that_bends_left_steers_left():
    observation = sample_observation(3, 4, 1)
    along = 5.0 * np.arange(1, 9)
    bend = np.stack([along, along**2 / 200.0, along / 100.0], axis=-1)
    left = TrajectoryActions().control(np.tile(bend, (3, 1, 1)), observation)
    right = TrajectoryActions().control(np.tile(bend * [1, -1, -1], (3, 1, 1)), observation)
    assert (left.steering_rad > right.steering_rad).all()


def test_controls_are_cut_off_at_their_bounds():
    control = ControlActions().control(np.array([[9.0, -2.0]]), sample_observation(1, 2, 0))
    assert (control.acceleration_mps2[0], control.steering_rad[0]) == (4.0, -0.6)


def test_the_reward_is_its_formula():
    def reward(gained, acceleration, *kinds):
        happened = np.zeros((1, 4), dtype=bool)
        happened[0, [int(kind) for kind in kinds]] = True
        one = np.array([1.0])
        return step_rewards(
            gained * one, 12.0 * one, 0.1 * one, acceleration * one, happened, RewardWeights()
        )[0]  # fmt: skip

    assert reward(1.2, 0.0) == pytest.approx(1.0)
    assert reward(0.0, 3.0, Happening.COLLISION) == pytest.approx(-20.1)
    assert reward(0.6, 0.0, Happening.GOAL_REACHED, Happening.SIGNAL_VIOLATION) == pytest.approx(0.5)


def batch(num, seed=3, steps=90, mode=AutoresetMode.NEXT_STEP, scenario=("cut_in", "late_pedestrian")):
    env = ScenarioVectorEnv(num, list(scenario), view="flat", draws=6, autoreset_mode=mode)
    env.reset(seed=seed)
    rng = np.random.Generator(np.random.Philox(key=5))
    rows = []
    for _ in range(steps):
        actions = rng.uniform([-2.0, -0.02], [4.0, 0.02], (8, 2)).astype(np.float32)[:num]
        rows.append(env.step(actions))
    env.close()
    return rows


def test_a_slot_does_not_depend_on_the_slots_beside_it():
    many, few = batch(8), batch(2)
    assert any(row[2][:2].any() or row[3][:2].any() for row in many)
    for a, b in zip(many, few, strict=True):
        for k in range(4):
            assert np.array_equal(a[k][:2], b[k]), k
        assert np.array_equal(a[4]["episode"][:2], b[4]["episode"])


def test_an_ended_slot_begins_again_in_the_next_step_with_no_reward():
    rows = batch(4)
    ended = [(t, slot) for t, row in enumerate(rows[:-1]) for slot in np.flatnonzero(row[2] | row[3])]
    assert ended
    for t, slot in ended:
        after = rows[t + 1]
        assert after[1][slot] == 0.0 and not after[2][slot] and not after[3][slot]
        assert after[4]["episode"][slot] == rows[t][4]["episode"][slot] + 1


def test_an_ended_slot_can_begin_again_in_the_same_step():
    rows = batch(4, mode=AutoresetMode.SAME_STEP)
    told = [row for row in rows if "final_obs" in row[4]]
    assert told
    for row in told:
        done = row[4]["_final_obs"]
        assert np.array_equal(done, row[2] | row[3])
        assert (row[0][done] != row[4]["final_obs"][done]).any()


def test_a_batch_drives_as_single_worlds_do():
    env = ScenarioVectorEnv(3, "cut_in", view="flat", draws=4)
    seen, info = env.reset(seed=11)
    for slot in range(3):
        alone = ScenarioEnv(env._drawn[info["draw"][slot]], view="flat")
        first, _ = alone.reset(seed=0)
        assert np.array_equal(first, seen[slot])
        for _ in range(5):
            after, reward, *_ = alone.step(np.array([1.0, 0.01], dtype=np.float32))
        assert reward > 0
    for _ in range(5):
        together = env.step(np.tile(np.array([1.0, 0.01], dtype=np.float32), (3, 1)))
    assert np.array_equal(together[0][2], after)


def test_the_vector_environment_is_made_by_name_and_has_the_right_spaces():
    register_envs()
    env = gymnasium.make_vec(
        ENV_ID, num_envs=3, vectorization_mode="vector_entry_point", scenario="cut_in", view="flat"
    )
    seen, _ = env.reset(seed=0)
    assert env.observation_space.contains(seen) and seen.shape == (3, NUM_FLAT)
    env.close()
    with pytest.raises(RoadloomError):
        ScenarioVectorEnv(0, "cut_in")


def test_every_archetype_can_be_drawn():
    from scenarios.roads import archetypes

    road = library.load("roundabout_entry").sample(0).road
    assert map_patch(build_road(road), 0.0, 0.0, 50.0).layers.any()
    assert archetypes


def test_vector_actions_of_another_shape_are_refused():
    envs = ScenarioVectorEnv(2, "cut_in")
    envs.reset(seed=1)
    with pytest.raises(ValueError, match=r"the action has the shape \(2,\); expected \(2, 2\)"):
        envs.step(np.zeros(2, dtype=np.float32))
    envs.close()


@pytest.mark.parametrize("action", [np.zeros(5), np.zeros(1), np.zeros((1, 2))])
def test_single_actions_of_another_shape_are_refused(action):
    env = ScenarioEnv("cut_in")
    env.reset(seed=1)
    with pytest.raises(ValueError, match=r"expected \(2,\)"):
        env.step(action.astype(np.float32))
    env.close()
