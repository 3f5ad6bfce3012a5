"""Suites: batches, resuming, faults that cost one episode, replayable failures, plain data."""

import json

import numpy as np
import pytest

from closed_loop.registry import make_policy
from closed_loop.results import EvalReport, read_report, write_report
from closed_loop.suites.episodes import episode_key, episode_tags
from closed_loop.suites.run import read_scenario, replay, run_suite, write_failures
from closed_loop.suites.suite import Suite, smoke_suite
from driving_data.errors import InputError
from driving_data.ports import Control, TaskFailure
from sim_bridge.registry import SIMULATORS
from tests.closed_loop import worlds


def small(count=5, **rest):
    return Suite("small", tuple(worlds.concrete(index=k, gap_m=20.0 + 5 * k, **rest) for k in range(count)))


def evaluate(policy="idm", suite=None, **rest):
    return run_suite(make_policy(policy), suite or small(), worlds.PointWorlds(), simulator_name="points", **rest)


@pytest.mark.slow
def test_a_suite_gives_one_result_per_scenario_in_order():
    seen = []
    report = evaluate(progress=seen.append, batch_size=2)
    assert [episode.index for episode in report.episodes] == list(range(5))
    assert sum(seen) == 5
    assert report.metrics["collision"].version == "1.0.0"
    assert all(episode.metrics["min_distance"].applicable for episode in report.episodes)
    assert report.episodes[0].duration_s == pytest.approx(8.0)
    assert not report.failed()


def test_the_careless_policy_fails_where_idm_does_not():
    careless = evaluate("constant_speed")
    assert len(careless.failed()) == 5
    failure = careless.episodes[0].failures[0]
    assert failure.kind == "collision"
    assert "hit actor_1 (car)" in failure.reason
    assert np.mean(careless.values("driving_score")) < 0.1 < 0.8 < np.mean(evaluate("idm").values("driving_score"))


@pytest.mark.slow
def test_batches_change_no_byte():
    one, many = evaluate(batch_size=1), evaluate(batch_size=5)
    assert json.dumps(one.to_plain()) == json.dumps(many.to_plain())


def test_a_finished_episode_is_not_run_again(tmp_path):
    opened = []
    first = run_suite(make_policy("idm"), small(3), worlds.PointWorlds(opened), directory=tmp_path)
    assert len(opened) == 1
    (kept,) = tmp_path.glob("*/*.jsonl")
    lines = kept.read_text().splitlines()
    kept.write_text("\n".join([lines[0], lines[1][:-40], lines[2]]) + "\n")
    again = run_suite(make_policy("idm"), small(4), worlds.PointWorlds(opened), directory=tmp_path)
    assert [len(names) for names in opened] == [3, 2]
    assert again.episodes[:3] == first.episodes


def test_the_key_knows_policy_parameters_and_scenario():
    scenario = worlds.concrete()
    keys = {
        episode_key(make_policy("idm"), "points", scenario),
        episode_key(make_policy("idm", {"corridor_margin_m": 0.5}), "points", scenario),
        episode_key(make_policy("cautious"), "points", scenario),
        episode_key(make_policy("idm"), "embedded", scenario),
        episode_key(make_policy("idm"), "points", worlds.concrete(index=1)),
    }
    assert len(keys) == 5
    assert episode_key(make_policy("idm"), "points", worlds.concrete()) in keys


def test_a_broken_world_costs_its_own_episode_only():
    suite = Suite("mixed", (worlds.concrete(), worlds.concrete("broken"), worlds.concrete(index=2)))
    report = evaluate(suite=suite)
    assert [episode.error is None for episode in report.episodes] == [True, False, True]
    assert "cannot be built" in str(report.episodes[1].error)
    assert report.episodes[1].failed


class _Crazy:
    name = "crazy"

    def reset(self, num_worlds):
        pass

    def act(self, observation):
        return Control(np.full(len(observation.done), np.nan), np.zeros(len(observation.done)))


def test_a_policy_that_gives_nonsense_is_told_in_the_result():
    report = run_suite(_Crazy(), small(2), worlds.PointWorlds())
    assert "not finite" in str(report.episodes[0].error)


class _Lossy:
    """An executor that loses the first of its tasks, as when a worker is killed."""

    def map(self, function, tasks, *, done=None):
        results = {}
        for k, (key, item) in enumerate(tasks.items()):
            results[key] = TaskFailure(key, "the worker was killed", 2) if k == 0 else function(item)
            if done is not None:
                done(key)
        return results


def test_an_executor_may_lose_a_batch(tmp_path):
    seen = []
    report = evaluate(executor=_Lossy(), batch_size=2, directory=tmp_path, progress=seen.append)
    assert [episode.error for episode in report.episodes] == ["the worker was killed"] + [None] * 4
    assert report.missing()[0].failures[0].evidence == {"tries": 2}
    assert sum(seen) == 5
    again = evaluate(batch_size=2, directory=tmp_path)
    assert all(episode.error is None for episode in again.episodes)


def test_reports_survive_json(tmp_path):
    report = evaluate("constant_speed")
    assert EvalReport.from_plain(json.loads(json.dumps(report.to_plain()))).to_plain() == report.to_plain()
    assert read_report(write_report(report, tmp_path / "report.json")).to_plain() == report.to_plain()
    (tmp_path / "bad.json").write_text('{"policy": 3}')
    with pytest.raises(InputError, match=r"bad\.json"):
        read_report(tmp_path / "bad.json")
    (tmp_path / "worse.json").write_text('{"policy"')
    with pytest.raises(InputError, match=r"worse\.json:1"):
        read_report(tmp_path / "worse.json")


def test_a_failed_episode_is_a_file_that_replays(tmp_path):
    suite = small(2)
    report = evaluate("constant_speed", suite)
    paths = write_failures(report, suite, tmp_path)
    assert len(paths) == 2
    assert read_scenario(paths[0]).digest() == suite.scenarios[0].digest()
    again, rollout = replay(paths[0], make_policy("constant_speed"), worlds.PointWorlds(), "points")
    assert again == report.episodes[0]
    assert rollout.num_steps == 81


def test_tags_name_weather_light_and_road():
    assert set(episode_tags(worlds.concrete())) >= {"actor:car", "weather:clear", "light:day", "road:urban"}


def test_an_empty_suite_is_refused():
    with pytest.raises(InputError, match="at least one scenario"):
        evaluate(suite=Suite("empty", ()))


@pytest.mark.slow
def test_the_smoke_suite_tells_careful_from_careless():
    suite = smoke_suite()
    assert len(suite.scenarios) >= 24
    assert len({scenario.name for scenario in suite.scenarios}) >= 12
    simulator = SIMULATORS.load("embedded")()
    careful = run_suite(make_policy("idm"), suite, simulator)
    careless = run_suite(make_policy("constant_speed"), suite, simulator)
    assert all(episode.error is None for episode in (*careful.episodes, *careless.episodes))
    assert np.mean(careful.values("collision")) < np.mean(careless.values("collision")) - 0.2
    assert np.mean(careful.values("driving_score")) > np.mean(careless.values("driving_score")) + 0.2
    again = run_suite(make_policy("idm"), suite, simulator, batch_size=5)
    assert [e.trajectory_sha256 for e in again.episodes] == [e.trajectory_sha256 for e in careful.episodes]
