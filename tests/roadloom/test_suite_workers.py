"""Suites on several processes: workers that are killed, tasks that kill theirs, the same bytes everywhere."""

import os
import signal
from pathlib import Path

import pytest

from closed_loop.registry import make_policy
from closed_loop.suites.kept import find_kept
from closed_loop.suites.run import run_suite
from closed_loop.suites.suite import Suite
from driving_data.ports import Control
from roadloom.executors import LokyExecutor, RayExecutor, SerialExecutor, release_workers
from tests.closed_loop import worlds


@pytest.fixture(scope="module", autouse=True)
def _no_process_stays():
    yield
    release_workers()


class DeadlyWorlds:
    """The exact little simulator; opening a deadly scenario kills the process, each time or the first time only."""

    def __init__(self, folder):
        self.folder = str(folder)

    def open(self, scenarios, seeds):
        for scenario in scenarios:
            mark = Path(self.folder) / f"{scenario.name}-{scenario.index}-{os.getpid()}-{len(os.listdir(self.folder))}"
            tries = len(list(Path(self.folder).glob(f"{scenario.name}-{scenario.index}-*")))
            mark.touch()
            if scenario.name == "deadly" or (scenario.name == "once" and tries == 0):
                os.kill(os.getpid(), signal.SIGKILL)
        return worlds.PointWorlds().open(scenarios, seeds)


def suite(*names):
    return Suite("some", tuple(worlds.concrete(name, index=k, gap_m=20.0 + k, duration_s=2.0)
                               for k, name in enumerate(names)))  # fmt: skip


def digests(report):
    return [episode.trajectory_sha256 for episode in report.episodes]


@pytest.mark.slow
def test_a_killed_worker_costs_one_retry_and_a_deadly_task_itself_only(tmp_path):
    marks, kept = tmp_path / "marks", tmp_path / "episodes"
    marks.mkdir()
    names = ["follow", "once", "follow", "deadly"]
    report = run_suite(
        make_policy("idm"), suite(*names), DeadlyWorlds(marks), LokyExecutor(workers=1, retries=1),
        simulator_name="points", directory=kept, batch_size=2,
    )  # fmt: skip
    assert [episode.error is None for episode in report.episodes] == [True, True, True, False]
    (lost,) = report.missing()
    assert "lost its worker" in str(lost.error)
    assert lost.failures[0].evidence == {"tries": 2} and lost.metrics == {}, "missing, never passed"
    tries = [len(list(marks.glob(f"{name}-{k}-*"))) for k, name in enumerate(names)]
    assert tries == [2, 2, 3, 4], "one retry for the batch of 'once'; the other two tried twice, then each alone"
    alone = run_suite(make_policy("idm"), suite(*names[:3]), worlds.PointWorlds(), simulator_name="points")
    assert digests(report)[:3] == digests(alone)
    assert len(find_kept(kept, [episode.key for episode in report.episodes])) == 3, "the lost one is not kept"


@pytest.mark.slow
def test_the_same_bytes_in_one_process_and_in_two(tmp_path):
    names = ["follow"] * 7
    runs = [
        run_suite(make_policy("idm"), suite(*names), worlds.PointWorlds(), executor, simulator_name="points",
                  directory=folder, batch_size=size)
        for executor, folder, size in (
            (None, None, 1), (SerialExecutor(), tmp_path / "a", 3), (LokyExecutor(workers=2), tmp_path / "b", 2),
        )
    ]  # fmt: skip
    assert runs[0].to_plain() == runs[1].to_plain() == runs[2].to_plain()
    assert len(set(digests(runs[0]))) == 7


class Hesitant:
    """A policy that never answers in one scenario."""

    name = "hesitant"

    def reset(self, num_worlds):
        pass

    def act(self, observation):
        import time

        if observation.position_m[0, 1, 0] > 26.0 and len(observation.time_s) >= 1 and observation.time_s[0] > 0.45:
            time.sleep(60)
        zero = observation.time_s * 0.0
        return Control(zero, zero)


@pytest.mark.slow
def test_a_task_that_takes_too_long_is_ended_and_missing(tmp_path):
    report = run_suite(
        Hesitant(), suite("follow", "follow"), worlds.PointWorlds(), LokyExecutor(workers=1, timeout_s=2.0, retries=0),
        simulator_name="points", directory=tmp_path, batch_size=1,
    )  # fmt: skip
    assert [str(e.error) for e in report.episodes] == ["took longer than 2 s", "took longer than 2 s"]


@pytest.mark.extra
@pytest.mark.slow
def test_ray_gives_the_same_bytes_and_loses_the_same(tmp_path, monkeypatch):
    ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    marks = tmp_path / "marks"
    marks.mkdir()
    names = ["follow", "once", "follow", "deadly"]
    try:
        report = run_suite(
            make_policy("idm"), suite(*names), DeadlyWorlds(marks), RayExecutor(workers=2, retries=1),
            simulator_name="points", directory=tmp_path / "episodes", batch_size=2,
        )  # fmt: skip
    finally:
        ray.shutdown()
    assert [episode.error is None for episode in report.episodes] == [True, True, True, False]
    alone = run_suite(make_policy("idm"), suite(*names[:3]), worlds.PointWorlds(), simulator_name="points")
    assert digests(report)[:3] == digests(alone)
