"""Drives a policy through a suite: batched, resumable per episode, on any executor; failures become files."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from closed_loop.metrics.catalogue import metrics_named
from closed_loop.metrics.definition import info
from closed_loop.results import EpisodeResult, EvalReport, write_json
from closed_loop.suites.episodes import (
    EpisodeTask,
    episode_key,
    failed_episode,
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
        batch_size: episodes that one session runs together; no result depends on it.

    Raises:
        InputError: a metric is unknown, or the suite is empty.
    """
    if not suite.scenarios:
        raise InputError([Fault("", 0, 0, f"suite.{suite.name}", "empty", "no scenario", "at least one scenario")])
    whole = EpisodeTask(policy, simulator, simulator_name, suite.scenarios, tuple(metrics), directory)
    keys = [episode_key(policy, simulator_name, scenario, metrics) for scenario in suite.scenarios]
    done = kept_episodes(directory, keys)
    left = {key: s for key, s in zip(keys, suite.scenarios, strict=True) if key not in done}
    if progress is not None and len(done):
        progress(len(keys) - len(left))
    for results in _run(whole, left, batch_size, executor, progress):
        done.update((result.key, result) for result in results)
    return EvalReport(
        policy=policy.name,
        policy_parameters=policy_parameters(policy),
        suite=suite.name,
        suite_digest=suite.digest(),
        simulator=simulator_name,
        versions={name: version(name) for name in _PACKAGES},
        metrics={metric.id: info(metric) for metric in metrics_named(metrics)},
        episodes=tuple(done[key] for key in keys),
    )


def kept_episodes(directory: Path | None, keys: Iterable[str]) -> dict[str, EpisodeResult]:
    """Episodes that an earlier call finished; a file that cannot be read is as good as absent."""
    kept: dict[str, EpisodeResult] = {}
    for key in keys if directory is not None else ():
        path = Path(str(directory)) / f"{key}.json"
        if path.is_file():
            try:
                result = from_plain(EpisodeResult, json.loads(path.read_text("utf-8")))
            except ValueError:
                continue
            if result.key == key:
                kept[key] = result
    return kept


def _run(
    whole: EpisodeTask,
    left: dict[str, ConcreteScenario],
    batch_size: int,
    executor: Executor | None,
    progress: Callable[[int], None] | None,
) -> Iterator[tuple[EpisodeResult, ...]]:
    batches = {digest(list(chunk)): whole.of(tuple(left[key] for key in chunk)) for chunk in _chunks(left, batch_size)}

    def tell(batch_key: str) -> None:
        if progress is not None:
            progress(len(batches[batch_key].scenarios))

    if executor is None:
        for batch_key, task in batches.items():
            yield run_batch(task)
            tell(batch_key)
        return
    for batch_key, results in executor.map(run_batch, batches, done=tell).items():
        if isinstance(results, TaskFailure):
            task = batches[batch_key]
            yield tuple(failed_episode(task, scenario, results.reason) for scenario in task.scenarios)
        else:
            yield results


def _chunks(left: dict[str, ConcreteScenario], size: int) -> Iterator[tuple[str, ...]]:
    """Keys in batches; worlds of one session share the simulation step."""
    by_step: dict[float, list[str]] = {}
    for key, scenario in left.items():
        by_step.setdefault(scenario.step_s, []).append(key)
    for keys in by_step.values():
        for start in range(0, len(keys), size):
            yield tuple(keys[start : start + size])


def write_failures(report: EvalReport, suite: Suite, directory: Path) -> tuple[Path, ...]:
    """Writes the concrete scenario of every failed episode; each file replays with `replay`."""
    scenarios = {scenario.digest(): scenario for scenario in suite.scenarios}
    paths: list[Path] = []
    for episode in report.failed():
        name = f"{report.policy}-{episode.scenario_name}-{episode.scenario_digest[:12]}.json".replace("/", "_")
        paths.append(write_json(directory / name, scenarios[episode.scenario_digest]))
    return tuple(paths)


def read_scenario(path: Path) -> ConcreteScenario:
    """Reads a concrete scenario from JSON.

    Raises:
        InputError: the file is missing or holds no concrete scenario.
    """
    try:
        return ConcreteScenario.from_plain(json.loads(path.read_text("utf-8")))
    except json.JSONDecodeError as error:
        raise InputError(
            [Fault(str(path), error.lineno, error.colno, "", "not-json", "", f"JSON: {error.msg}")]
        ) from error
    except (OSError, ValueError) as error:
        raise InputError([Fault(str(path), 0, 0, "", "not-a-scenario", "", f"a concrete scenario: {error}")]) from error


def replay(
    path: Path, policy: Policy, simulator: Simulator, simulator_name: str = "embedded"
) -> tuple[EpisodeResult, Rollout]:
    """Drives a policy through a written scenario again: its result, and what happened.

    Raises:
        InputError: the file holds no concrete scenario.
    """
    scenario = read_scenario(path)
    rollout = run_rollouts(policy, simulator, (scenario,))[0]
    return judge(EpisodeTask(policy, simulator, simulator_name, (scenario,)), scenario, rollout), rollout


__all__ = [
    "BATCH_SIZE",
    "kept_episodes",
    "read_scenario",
    "replay",
    "run_rollouts",
    "run_suite",
    "write_failures",
]
