"""Rows of a suite's page: the worst episodes, the modes of failure, the commands that play an episode again."""

import heapq
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from closed_loop.causes.failure_modes import FailureMode, first_failure, modes_of, signature_of
from closed_loop.metrics.definition import Direction, MetricInfo
from closed_loop.results import EpisodeResult, EvalReport
from closed_loop.suites.names import failure_name

MAX_ROWS = 500
MAX_COLUMNS = 7
COLUMNS = (
    "driving_score", "carla_driving_score_2_1", "nuplan_cls", "min_time_to_collision", "min_distance", "progress",
    "comfort", "hard_brakes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Commands:
    """How the episodes of a report are played again from the command line.

    Attributes:
        policy: as it was named on the command line; empty for the name in the report.
        parameters: of the policy, each as name=value.
        folder: where the scenarios of failed episodes lie.
        simulator: registered name; the standard one is not written out.
        logs: where the recordings of log scenarios lie, by the scenario's name.
        place: the folder that all these paths start from, to which a command goes first so that it works from anywhere;
            empty where they start from wherever the reader is.
    """

    policy: str = ""
    parameters: tuple[str, ...] = ()
    folder: str = "failures"
    simulator: str = "embedded"
    logs: Mapping[str, str] = field(default_factory=lambda: {})
    place: str = ""

    def of(self, report: EvalReport, episode: EpisodeResult) -> str:
        """The command that plays a failed episode again."""
        return self.play(f"{self.folder}/{failure_name(report.policy, episode)}", self.policy or report.policy,
                         episode.scenario_name)  # fmt: skip

    def play(self, file: str, policy: str, scenario: str = "") -> str:
        """The command that plays a written scenario under a policy."""
        words = ["roadloom", "replay", file, policy]
        words += [word for parameter in self.parameters for word in ("--parameter", parameter)]
        if self.simulator != "embedded":
            words += ["--simulator", self.simulator]
        if scenario in self.logs:
            words += ["--log", self.logs[scenario]]
        return self.here(shlex.join(words))

    def here(self, text: str) -> str:
        """A command that first goes to the place."""
        return f"cd {shlex.quote(self.place)} && {text}" if self.place else text


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """One episode of the table.

    Attributes:
        key: of the episode.
        scenario: name of its logical scenario.
        digest: identity of its scenario.
        seed: of the draw.
        index: of the draw.
        outcome: 'failed', 'passed' or 'missing'.
        mode: name of its failure mode; empty where it did not fail.
        reason: what happened first.
        at_s: when.
        slices: its `key:value` tags.
        values: of the table's metrics, by id.
        command: what plays it again; empty where no file of it was written.
    """

    key: str
    scenario: str
    digest: str
    seed: int
    index: int
    outcome: str
    mode: str
    reason: str
    at_s: float | None
    slices: tuple[str, ...]
    values: Mapping[str, float | None] = field(default_factory=lambda: {})
    command: str = ""


def columns_shown(metrics: Mapping[str, MetricInfo]) -> tuple[MetricInfo, ...]:
    """The metrics that the table of episodes shows: the usual ones, then what else was measured."""
    names = [name for name in COLUMNS if name in metrics]
    names += [name for name in metrics if name not in names]
    return tuple(metrics[name] for name in names[:MAX_COLUMNS])


def worst_rows(report: EvalReport, commands: Commands, limit: int = MAX_ROWS) -> tuple[EpisodeRow, ...]:
    """The worst episodes: failed ones, missing ones, then by the first metric shown; read one at a time."""
    columns = columns_shown(report.metrics)
    rows = (_row(report, episode, columns, commands) for episode in report.episodes)
    numbered = ((_rank(row, columns), k, row) for k, row in enumerate(rows))
    return tuple(row for _, _, row in heapq.nsmallest(limit, numbered, key=lambda item: item[:2]))


def _rank(row: EpisodeRow, columns: Sequence[MetricInfo]) -> tuple[float, ...]:
    """Smaller is worse."""
    first = {"failed": 0.0, "missing": 1.0, "passed": 2.0}[row.outcome]
    rest: list[float] = []
    for metric in columns[:3]:
        value = row.values.get(metric.id)
        sign = 1.0 if metric.direction is Direction.HIGHER_IS_BETTER else -1.0
        rest.append(float("inf") if value is None else sign * value)
    return first, *rest


def _row(report: EvalReport, episode: EpisodeResult, columns: Sequence[MetricInfo], commands: Commands) -> EpisodeRow:
    failure = first_failure(episode)
    outcome = "missing" if episode.error is not None else "failed" if failure is not None else "passed"
    reason = episode.error or ("" if failure is None else failure.reason)
    return EpisodeRow(
        key=episode.key,
        scenario=episode.scenario_name,
        digest=episode.scenario_digest,
        seed=episode.seed,
        index=episode.index,
        outcome=outcome,
        mode="" if failure is None else signature_of(failure).name(),
        reason=reason,
        at_s=None if failure is None else failure.at_s,
        slices=tuple(tag for tag in episode.slices() if not tag.startswith(("origin:", "repeat:"))),
        values={metric.id: episode.value(metric.id) for metric in columns},
        command=commands.of(report, episode) if outcome != "passed" else "",
    )


@dataclass(frozen=True, slots=True)
class ModeRow:
    """A mode of failure, and the episode that shows it best."""

    mode: FailureMode
    command: str
    reason: str


def mode_rows(report: EvalReport, commands: Commands) -> tuple[ModeRow, ...]:
    """Modes of failure, most frequent first."""
    modes = modes_of(report.episodes)
    wanted = {mode.example for mode in modes}
    found: dict[str, tuple[str, str]] = {}
    for episode in report.episodes if wanted else ():
        if episode.key in wanted:
            failure = first_failure(episode)
            found[episode.key] = (commands.of(report, episode), "" if failure is None else failure.reason)
    return tuple(ModeRow(mode, *found[mode.example]) for mode in modes)


def chosen_for_replay(
    report: EvalReport, rows: Sequence[EpisodeRow], num: int, num_passed: int
) -> tuple[EpisodeRow, ...]:
    """Which episodes play in the page: of every mode of failure one, then the worst, then some that passed.

    Those that passed are of scenarios as different as there are: one of each name before a second of any.
    """
    failed = [row for row in rows if row.outcome == "failed"]
    examples = [mode.example for mode in modes_of(report.episodes)]
    first = [row for key in examples for row in failed if row.key == key]
    order = [*first, *(row for row in failed if row not in first)][:num]
    seen: dict[str, int] = {}
    ranked: list[tuple[int, int, EpisodeRow]] = []
    for k, row in enumerate(row for row in rows if row.outcome == "passed"):
        seen[row.scenario] = seen.get(row.scenario, 0) + 1
        ranked.append((seen[row.scenario], k, row))
    passed = [row for _, _, row in sorted(ranked, key=lambda item: item[:2])[:num_passed]]
    return (*order, *passed)


def facts_of(plain: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Plain data as label and text, nested names joined by dots."""
    found: list[tuple[str, str]] = []
    for name, value in plain.items():
        if isinstance(value, Mapping):
            found += [(f"{name}.{inner}", text) for inner, text in facts_of(value)]  # pyright: ignore
        else:
            found.append((name, f"{value:g}" if isinstance(value, float) else str(value)))
    return tuple(found)
