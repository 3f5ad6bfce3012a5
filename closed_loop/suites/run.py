"""Drives a policy through a suite: batched, resumable per episode, on any executor; failures become files."""

import json
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from closed_loop.metrics.catalogue import metrics_named
from closed_loop.metrics.definition import info
from closed_loop.results import EpisodeResult, EvalReport, Failure, read_report, write_json, write_report
from closed_loop.suites.episodes import (
    EpisodeTask,
    episode_key,
    episode_tags,
    judge,
    policy_parameters,
    run_batch,
    run_rollouts,
)
from closed_loop.suites.suite import Suite
from driving_data.errors import Fault, InputError
from driving_data.plain import digest, from_plain
from driving_data.ports import Executor, Policy, Simulator, TaskFailure
from driving_data.rollout import Rollout
from scenarios.concrete import ConcreteScenario

BATCH_SIZE = 12
_PACKAGES = ("roadloom", "numpy", "scipy", "shapely", "numba")


def run_suite(
    policy: Policy,
    suite: Suite,
    simulator: Simulator,
    executor: Executor | None = None,
    progress: Callable[[int], None] | None = None,
    *,
    simulator_name: str = "embedded",
    directory: Path | None = None,
    metrics: Sequence[str] = (),
    batch_size: int = BATCH_SIZE,
) -> EvalReport:
    """Evaluates a policy on every scenario of a suite.

    Args:
        policy: who drives; must be picklable where the executor uses other processes.
        suite: the scenarios.
        simulator: the worlds; picklable likewise.
        executor: runs batches side by side; in this process one after the other where None.
        progress: called with the number of episodes that have just ended (those found done included).
        simulator_name: registered name, as it stands in the report.
        directory: where each finished episode is kept as `<key>.json`; a second call takes what it finds there.
        metrics: metric ids; all where empty.
        batch_size: episodes that one session runs together.

    Raises:
        InputError: a metric is unknown, or the suite is empty.
    """
    if not suite.scenarios:
        raise InputError([Fault("", 0, 0, f"suite.{suite.name}", "empty", "no scenario", "at least one scenario")])
    names = tuple(metrics)
    keys = {digest_: key for digest_, key in _keys(policy, suite, simulator_name, names)}
    done = _kept(directory, keys.values())
    if progress is not None and done:
        progress(sum(keys[scenario.digest()] in done for scenario in suite.scenarios))
    for results in _batches(policy, suite, simulator, simulator_name, names, keys, done, batch_size, executor):
        for result in results:
            done[result.key] = result
            if directory is not None and result.error is None:
                write_json(directory / f"{result.key}.json", result)
        if progress is not None:
            progress(len(results))
    return EvalReport(
        policy=policy.name,
        policy_parameters=policy_parameters(policy),
        suite=suite.name,
        suite_digest=suite.digest(),
        simulator=simulator_name,
        versions={name: version(name) for name in _PACKAGES},
        metrics={metric.id: info(metric) for metric in metrics_named(names)},
        episodes=tuple(done[keys[scenario.digest()]] for scenario in suite.scenarios),
    )


def _keys(
    policy: Policy, suite: Suite, simulator_name: str, metrics: tuple[str, ...]
) -> list[tuple[str, str]]:
    return [(scenario.digest(), episode_key(policy, simulator_name, scenario, metrics)) for scenario in suite.scenarios]


def _kept(directory: Path | None, keys: "Sequence[str] | object") -> dict[str, EpisodeResult]:
    """Episodes that an earlier call finished; a file that cannot be read is as good as absent."""
    kept: dict[str, EpisodeResult] = {}
    if directory is None or not directory.is_dir():
        return kept
    for key in list(keys):  # type: ignore[call-overload]
        path = directory / f"{key}.json"
        if path.is_file():
            try:
                result = from_plain(EpisodeResult, json.loads(path.read_text("utf-8")))
            except ValueError:
                continue
            if result.key == key:
                kept[key] = result
    return kept
