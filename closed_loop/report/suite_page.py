"""The page of one policy on one suite: one file that opens from disk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from closed_loop.causes.failure_modes import first_failure
from closed_loop.metrics.definition import MetricInfo, Scale
from closed_loop.report.data import Evaluation, Fact
from closed_loop.report.pages import InlineAssets, write_page
from closed_loop.report.replays import Replay, View, marks_of, replay_items
from closed_loop.report.suite_rows import Commands, columns_shown, facts_of, mode_rows, worst_rows
from closed_loop.report.tables import Columns, columns_of, headline_rows, shown, slice_tables
from closed_loop.results import EpisodeResult, EvalReport
from closed_loop.statistics.comparisons import ALL, estimate, estimate_slice
from closed_loop.suites.episodes import trajectory_sha256
from driving_data.rollout import Rollout

SLICED = ("driving_score", "collision", "at_fault_collision", "progress", "min_time_to_collision", "nuplan_cls")


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """An episode that was played again for the page: its result in the report, and what happened this time."""

    episode: EpisodeResult
    rollout: Rollout

    @property
    def same(self) -> bool:
        """Whether every actor was at every moment where it was when the report was made."""
        return trajectory_sha256(self.rollout) == self.episode.trajectory_sha256


def write_suite_page(
    report: EvalReport, path: Path, played: Iterable[Played] = (), commands: Commands | None = None
) -> Path:
    """Writes the page of a report.

    Tables show at most `suite_rows.MAX_ROWS` episodes, the worst; a report whose episodes stay on disk is read one
    episode at a time.

    Args:
        report: what came of the policy.
        path: a file, or a folder that gets an index.html.
        played: episodes that shall play in the page.
        commands: how an episode is played again from the command line.

    Returns:
        The path of the page.
    """
    chosen = commands or Commands()
    evaluation = Evaluation(report, headline=tuple(report.metrics), sliced=sliced_metrics(report.metrics))
    columns = columns_of(evaluation)
    rows = worst_rows(report, chosen)
    replays = [_replay(report, item, chosen) for item in played]
    return write_page(
        path,
        "suite.html.j2",
        report=report,
        facts=summary_facts(report, columns),
        headline=headline_rows(evaluation, columns),
        slice_tables=slice_tables(evaluation, columns),
        num_slices=len(columns.candidate.slices()),
        modes=mode_rows(report, chosen),
        replays=replay_items(replays, InlineAssets()),
        replayed={replay.id for replay in replays},
        rows=rows,
        shown_metrics=columns_shown(report.metrics),
        settings=settings_of(report),
        slices=sorted({tag for row in rows for tag in row.slices}),
        replay_id=replay_id,
    )


def sliced_metrics(metrics: Mapping[str, MetricInfo]) -> tuple[str, ...]:
    """The metrics that are shown by slice: the usual ones, or the first that there are."""
    return tuple(name for name in SLICED if name in metrics) or tuple(metrics)[:5]


def replay_id(key: str) -> str:
    """The name of an episode's replay in the page."""
    return f"r-{key[:16]}"


def summary_facts(report: EvalReport, columns: Columns) -> tuple[Fact, ...]:
    """The figures at the top: how many episodes, how many failed with its interval, how many are missing, scores."""
    table = columns.candidate
    ran = ~table.missing
    failed = estimate([float(value) for value in table.failed[ran]], Scale.RATE, clusters=table.origins[ran].tolist())
    facts = [
        Fact("Episodes", f"{len(table.digests):,}", f"{len(set(table.names)):,} scenarios by name"),
        Fact("Failed", f"{int(table.failed[ran].sum()):,}", _rate(failed)),
        Fact("Could not be run", f"{int(table.missing.sum()):,}", "never counted as passed"),
    ]
    for name in ("driving_score", "nuplan_cls", "carla_driving_score_2_1"):
        if name in table.metrics:
            found, metric = estimate_slice(table, name, ALL), table.metrics[name]
            hint = "" if found.low is None else f"95 %: {shown(found.low, metric)} to {shown(found.high, metric)}"
            facts.append(Fact(metric.title, shown(found.value, metric), hint))
    return tuple(facts)


def _rate(estimate_: Any) -> str:
    if estimate_.value is None:
        return "nothing could be run"
    return f"{100 * estimate_.value:.1f} %, 95 %: {100 * estimate_.low:.1f} to {100 * estimate_.high:.1f} %"


def settings_of(report: EvalReport) -> tuple[tuple[str, str], ...]:
    """What the report says of how it was made."""
    return (
        ("policy", report.policy),
        *((f"policy.{name}", text) for name, text in facts_of(report.policy_parameters)),
        ("suite", report.suite),
        ("suite digest", report.suite_digest[:16]),
        ("simulator", report.simulator),
        *((f"selection.{name}", text) for name, text in facts_of(report.selection)),
        *((("gate plan", report.plan_digest[:16]),) if report.plan_digest else ()),
        *report.versions.items(),
    )


def _replay(report: EvalReport, played: Played, commands: Commands) -> Replay:
    episode = played.episode
    failure = first_failure(episode)
    note = failure.reason if failure is not None else "nothing failed"
    if not played.same:
        note += " (played again it went otherwise: another version or machine)"
    return Replay(
        id=replay_id(episode.key),
        title=episode.scenario_name.replace("_", " "),
        views=(View(report.policy, played.rollout, marks_of(episode)),),
        note=note,
        outcome="failed" if episode.failed else "ok",
        caption=f"{episode.scenario_name}, seed {episode.seed}, draw {episode.index}: {note}.",
        tags=episode.slices()[:8],
        commands=(("Play it again:", commands.of(report, episode)),) if episode.failed else (),
        figures=episode_figures(episode, report.metrics),
    )


def episode_figures(episode: EpisodeResult, metrics: Mapping[str, MetricInfo]) -> tuple[tuple[str, str], ...]:
    """The metrics of an episode as title and text; those that do not apply are left out."""
    return tuple(
        (metric.title, f"{shown(value, metric)} {metric.unit}".rstrip())
        for name, metric in metrics.items()
        if (value := episode.value(name)) is not None
    )


__all__ = ["Commands", "Played", "replay_id", "write_suite_page"]
