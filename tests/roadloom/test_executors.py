"""Executors: results by key in order, and a crashed worker costs its own task only."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from driving_data.errors import InputError, MissingExtra
from driving_data.ports import Executor, TaskFailure
from roadloom.executors import EXECUTORS, LokyExecutor, RayExecutor, SerialExecutor, make_executor, release_workers
from roadloom.settings import ExecutorConfig


@pytest.fixture(scope="module", autouse=True)
def _no_process_stays():
    yield
    release_workers()


def square(number):
    return number * number


def stumble(number):
    if number == 3:
        raise ValueError("three is no number")
    return number


def act(task):
    """('die' | 'sleep' | 'ok', folder): dying leaves a mark of each try."""
    kind, folder, name = task
    (Path(folder) / f"{name}-{os.getpid()}-{time.monotonic_ns()}").touch()
    if kind == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "sleep":
        time.sleep(60)
    if kind == "die once" and len(list(Path(folder).glob(f"{name}-*"))) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return name


@pytest.mark.parametrize("executor", [SerialExecutor(), LokyExecutor(workers=2)])
def test_results_come_by_key_in_the_order_of_the_tasks(executor):
    assert isinstance(executor, Executor)
    ended = []
    results = executor.map(square, {f"k{n}": n for n in (5, 1, 4, 2)}, done=ended.append)
    assert list(results.items()) == [("k5", 25), ("k1", 1), ("k4", 16), ("k2", 4)]
    assert sorted(ended) == ["k1", "k2", "k4", "k5"]
    assert executor.map(square, {}) == {}


@pytest.mark.parametrize("executor", [SerialExecutor(retries=1), LokyExecutor(workers=2, retries=1)])
def test_a_task_that_raises_costs_itself_only(executor):
    results = executor.map(stumble, {str(n): n for n in range(5)})
    failure = results.pop("3") if isinstance(results, dict) else None
    assert failure.tries == 2 and "ValueError: three is no number" in failure.reason and failure.key == "3"
    assert results == {"0": 0, "1": 1, "2": 2, "4": 4}


def test_work_may_be_a_closure():
    offset = 7
    assert LokyExecutor(workers=1).map(lambda number: number + offset, {"a": 1}) == {"a": 8}


@pytest.mark.slow
def test_a_killed_worker_costs_its_own_task_only(tmp_path):
    kinds = ["ok", "die", "ok", "die once", "ok", "ok"]
    tasks = {f"{n}": (kind, str(tmp_path), f"t{n}") for n, kind in enumerate(kinds)}
    results = LokyExecutor(workers=2, retries=2).map(act, tasks)
    assert list(results) == list(tasks)
    assert isinstance(results["1"], TaskFailure)
    assert results["1"].tries == 3 and "lost its worker" in results["1"].reason
    assert [results[k] for k in ("0", "2", "3", "4", "5")] == ["t0", "t2", "t3", "t4", "t5"]
    tries = {n: len(list(tmp_path.glob(f"t{n}-*"))) for n in range(6)}
    assert tries == {0: 1, 1: 3, 2: 1, 3: 2, 4: 1, 5: 1}, "no innocent task ran twice"


@pytest.mark.slow
def test_a_task_that_takes_too_long_is_ended(tmp_path):
    tasks = {f"{n}": (kind, str(tmp_path), f"t{n}") for n, kind in enumerate(["sleep", "ok", "ok"])}
    began = time.monotonic()
    results = LokyExecutor(workers=2, timeout_s=1.0, retries=0).map(act, tasks)
    assert time.monotonic() - began < 30
    assert results["0"] == TaskFailure("0", "took longer than 1 s", 1)
    assert (results["1"], results["2"]) == ("t1", "t2")


def test_a_worker_that_dies_while_idle_is_replaced():
    executor = LokyExecutor(workers=1, retries=0)
    pid = executor.map(lambda _: os.getpid(), {"a": 0})["a"]
    os.kill(pid, signal.SIGKILL)
    # The pool notices within moments; either way the next task must not pay for it with its only try.
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and Path(f"/proc/{pid}/stat").exists():
        time.sleep(0.05)
    time.sleep(0.2)
    assert executor.map(square, {"b": 3}) == {"b": 9}


def test_what_done_raises_ends_the_run():
    def refuse(key):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LokyExecutor(workers=2).map(square, {str(n): n for n in range(4)}, done=refuse)


def test_wrong_input_is_not_tried_again():
    def refuse(_):
        raise InputError([])

    assert SerialExecutor(retries=5).map(refuse, {"a": 1})["a"].tries == 1


def test_every_engine_is_made_from_its_configuration():
    assert EXECUTORS.names() == ("loky", "ray", "serial")
    for name in EXECUTORS.names():
        executor = make_executor(ExecutorConfig(name, workers=1, timeout_s=5.0, retries=2))
        assert (executor.timeout_s, executor.retries) == (5.0, 2)
    with pytest.raises(InputError, match="did you mean 'loky'"):
        make_executor(ExecutorConfig("lokky"))


def test_without_ray_the_install_line_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"pip install 'roadloom\[ray\]'"):
        RayExecutor().map(square, {"a": 1})


@pytest.mark.extra
@pytest.mark.slow
def test_ray_does_what_the_others_do(tmp_path, monkeypatch):
    ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    try:
        executor = RayExecutor(workers=2, timeout_s=60.0, retries=1)
        assert executor.map(square, {f"k{n}": n for n in (5, 1, 4)}) == {"k5": 25, "k1": 1, "k4": 16}
        kinds = ["ok", "die", "ok"]
        results = executor.map(act, {f"{n}": (kind, str(tmp_path), f"t{n}") for n, kind in enumerate(kinds)})
        assert (results["0"], results["2"]) == ("t0", "t2")
        assert results["1"].tries == 2 and "lost its worker" in results["1"].reason
        assert "three is no number" in executor.map(stumble, {"3": 3})["3"].reason
    finally:
        ray.shutdown()
