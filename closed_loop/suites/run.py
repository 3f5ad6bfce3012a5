"""Drives a policy through a suite: batched, resumable per episode, on any executor; failures become files.

Memory does not grow with the suite: scenarios are drawn when their batch is handed out, workers write results to disk
and hand nothing back, and the report reads them from there. What stays is a key and a place for each episode.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from closed_loop.metrics.catalogue import metrics_named
from closed_loop.metrics.definition import info
from closed_loop.metrics.thresholds import PUBLISHED, Thresholds
from closed_loop.results import EpisodeResult, EvalReport, Place, StoredEpisodes, read_episode, write_json
from closed_loop.suites.episodes import (
    EpisodeTask,
    episode_key,
    failed_episode,
    judge,
    log_mode,
    policy_parameters,
    run_and_keep,
    run_rollouts,
)
from closed_loop.suites.kept import find_kept
from closed_loop.suites.names import failure_name
from closed_loop.suites.suite import Suite
from driving_data.errors import Fault, InputError
from driving_data.plain import digest
from driving_data.ports import Executor, Policy, Simulator, TaskFailure
from driving_data.rollout import Rollout
from scenarios.concrete import ConcreteScenario

BATCH_SIZE = 12
HELD_EPISODES = 2000
"""Reports of larger suites leave their episodes on disk."""
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
    plan_digest: str = "",
    thresholds: Thresholds = PUBLISHED,
) -> EvalReport:
    """Evaluates a policy on every scenario of a suite.

    A batch whose worker is lost is tried again as the executor says; where it is lost every time, its episodes are
    tried alone, so that the one to blame is found: it is left out as missing, and the others have their results.

    Args:
        policy: who drives; must be picklable where the executor uses other processes.
        suite: the scenarios.
        simulator: the worlds; picklable likewise.
        executor: runs batches side by side; in this process one after the other where None.
        progress: called with the number of episodes that have just ended (those found done included).
        simulator_name: registered name, as it stands in the report.
        directory: where finished episodes are kept (`suites.kept`); a second call takes what it finds there. Without
            one every result is held in memory.
        metrics: metric ids and names of `catalogue.SETS`; the standard ones where empty.
        batch_size: episodes that one session runs together; no result depends on it.
        plan_digest: of the gate plan under which this is run; it is written into the report before anything runs.
        thresholds: numbers that metrics judge by.

    Raises:
        InputError: a metric is unknown, or the suite is empty.
    """
    if not len(suite.scenarios):
        raise InputError([Fault("", 0, 0, f"suite.{suite.name}", "empty", "no scenario", "at least one scenario")])
    whole = EpisodeTask(policy, simulator, simulator_name, (), tuple(metrics), directory, thresholds)
    listed = _list(suite, whole)
    found: dict[str, Place | EpisodeResult] = dict(find_kept(directory, listed.places))
    if progress is not None and found:
        progress(sum(key in found for key in listed.keys))
    left = {key: place for key, place in listed.places.items() if key not in found}
    for result in _run(_Work(whole, suite.scenarios, listed, executor, progress), left, batch_size):
        found[result.key] = result
    found = {**find_kept(directory, [key for key in left if key not in found]), **found}
    places = [found[key] for key in listed.keys]
    return EvalReport(
        policy=policy.name,
        policy_parameters=policy_parameters(policy),
        suite=suite.name,
        suite_digest=listed.suite_digest,
        simulator=simulator_name,
        versions={name: version(name) for name in _PACKAGES},
        metrics={metric.id: info(metric) for metric in metrics_named(metrics, thresholds)},
        episodes=StoredEpisodes(places) if len(places) > HELD_EPISODES else tuple(map(_held, places)),
        selection=dict(suite.selection),
        plan_digest=plan_digest,
    )


def _held(place: Place | EpisodeResult) -> EpisodeResult:
    return place if isinstance(place, EpisodeResult) else read_episode(place)


@dataclass(frozen=True, slots=True, eq=False)
class _List:
    """The episodes of a suite: keys in order, the first place of each key, the kind of world of each place."""

    keys: tuple[str, ...]
    places: Mapping[str, int]
    kinds: tuple[tuple[float, str | None], ...]
    suite_digest: str


def _list(suite: Suite, whole: EpisodeTask) -> _List:
    keys: list[str] = []
    digests: list[str] = []
    kinds: list[tuple[float, str | None]] = []
    for scenario in suite.scenarios:
        digests.append(scenario.digest())
        keys.append(episode_key(whole.policy, whole.simulator_name, scenario, whole.metrics, whole.thresholds))
        kinds.append((scenario.step_s, log_mode(scenario)))
    places = {key: k for k, key in reversed(list(enumerate(keys)))}
    return _List(tuple(keys), dict(sorted(places.items(), key=lambda item: item[1])), tuple(kinds), digest(digests))


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What all batches of a run have in common."""

    whole: EpisodeTask
    scenarios: Sequence[ConcreteScenario]
    listed: _List
    executor: Executor | None
    progress: Callable[[int], None] | None

    def tell(self, num: int) -> None:
        if self.progress is not None and num:
            self.progress(num)


@dataclass(frozen=True, slots=True, eq=False)
class _Batches(Mapping[str, EpisodeTask]):
    """Tasks by key, whose scenarios are drawn when the task is asked for (executors may ask from several threads)."""

    work: _Work
    members: Mapping[str, tuple[int, ...]]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __getitem__(self, key: str) -> EpisodeTask:
        with self.lock:
            return self.work.whole.of(tuple(self.work.scenarios[place] for place in self.members[key]))

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)


def _run(work: _Work, left: Mapping[str, int], batch_size: int) -> Iterator[EpisodeResult]:
    """Runs what is left; gives the results that were not kept on disk."""
    batches = _Batches(work, _chunks(work, list(left.values()), batch_size))
    if work.executor is None:
        for key in batches:
            yield from run_and_keep(batches[key])
            work.tell(len(batches.members[key]))
        return
    lost: dict[str, TaskFailure] = {}
    done = lambda key: work.tell(len(batches.members[key]))  # noqa: E731
    for key, results in work.executor.map(run_and_keep, batches, done=done).items():
        if isinstance(results, TaskFailure):
            lost[key] = results
        else:
            yield from results
    yield from _alone(work, work.executor, batches, lost)


def _alone(
    work: _Work, executor: Executor, batches: _Batches, lost: Mapping[str, TaskFailure]
) -> Iterator[EpisodeResult]:
    """Episodes of lost batches, each in a task of its own; a batch of one has had its chance."""
    many = [key for key in lost if len(batches.members[key]) > 1]
    for key in lost.keys() - set(many):
        yield _missing(batches[key], lost[key])
    if not many:
        return
    singles = _Batches(work, _chunks(work, [place for key in many for place in batches.members[key]], 1))
    for key, results in executor.map(run_and_keep, singles).items():
        if isinstance(results, TaskFailure):
            yield _missing(singles[key], results)
        else:
            yield from results


def _missing(task: EpisodeTask, failure: TaskFailure) -> EpisodeResult:
    return failed_episode(task, task.scenarios[0], failure.reason, failure.tries)


def _chunks(work: _Work, places: Sequence[int], size: int) -> dict[str, tuple[int, ...]]:
    """Places in batches by key; worlds of one session share the simulation step, and logs the way they are played."""
    alike: dict[tuple[float, str | None], list[int]] = {}
    for place in places:
        alike.setdefault(work.listed.kinds[place], []).append(place)
    chunks = (tuple(own[start : start + size]) for own in alike.values() for start in range(0, len(own), size))
    return {digest([work.listed.keys[place] for place in chunk]): chunk for chunk in chunks}


def write_failures(report: EvalReport, suite: Suite, directory: Path) -> tuple[Path, ...]:
    """Writes the concrete scenario of every failed episode; each file replays with `roadloom replay FILE`."""
    wanted = {episode.scenario_digest: failure_name(report.policy, episode) for episode in report.failed()}
    paths: dict[str, Path] = {}
    for scenario in suite.scenarios if wanted else ():
        name = wanted.get(scenario.digest())
        if name is not None:
            paths[scenario.digest()] = write_json(directory / name, scenario)
    return tuple(paths[key] for key in wanted)


def read_scenario(path: Path) -> ConcreteScenario:
    """Reads a concrete scenario from JSON.

    Raises:
        InputError: the file is missing or holds no concrete scenario.
    """
    try:
        return ConcreteScenario.from_plain(json.loads(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise InputError(
            [Fault(str(path), 0, 0, "", "missing-file", "there is no such file", "a concrete scenario")]
        ) from error
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
    "read_scenario",
    "replay",
    "run_rollouts",
    "run_suite",
    "write_failures",
]
