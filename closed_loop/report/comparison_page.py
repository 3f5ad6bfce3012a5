"""The page of two policies on one suite: paired differences, and the scenarios in which exactly one of them fails."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from closed_loop.gates.decisions import Flip
from closed_loop.gates.flips import flips_of
from closed_loop.metrics.definition import Direction, MetricInfo
from closed_loop.report.data import Fact
from closed_loop.report.pages import InlineAssets, write_page
from closed_loop.report.replays import Replay, View, marks_of, replay_items
from closed_loop.report.suite_page import sliced_metrics
from closed_loop.report.suite_rows import Commands
from closed_loop.report.tables import shown, shown_difference, shown_slices
from closed_loop.results import EpisodeResult, EvalReport
from closed_loop.statistics.comparisons import ALL, Comparison, EpisodeTable, compare, table_of
from closed_loop.statistics.paired_tests import holm
from closed_loop.suites.episodes import trajectory_sha256
from driving_data.plain import to_plain
from driving_data.rollout import Rollout

MAX_FLIPS = 200


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One metric on one slice, paired.

    Attributes:
        metric: the definition.
        result: the comparison.
        verdict: 'better', 'worse' or '' where the corrected test cannot tell at 5 %.
    """

    metric: MetricInfo
    result: Comparison
    verdict: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Two reports, compared.

    Attributes:
        candidate: name of the policy in question.
        baseline: name of the policy that it is compared with.
        suite: name of the suite.
        overall: each common metric over all scenarios; p values corrected over these rows (Holm).
        sliced: the usual metrics by slice; p values corrected over the slices of each metric (Holm).
        flips: scenarios that exactly one of the two fails, the candidate's failures first.
        num_pairs: scenarios that both drove.
        num_failed: failed episodes of the candidate and the baseline among these pairs.
        num_missing: episodes of each that could not be run.
        left_out: metrics that are not in both reports with the same version.
    """

    candidate: str
    baseline: str
    suite: str
    overall: tuple[ComparedRow, ...]
    sliced: tuple[ComparedRow, ...]
    flips: tuple[Flip, ...]
    num_pairs: int
    num_failed: tuple[int, int]
    num_missing: tuple[int, int]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PlayedFlip:
    """A flip that was played again with both policies."""

    flip: Flip
    candidate: EpisodeResult
    baseline: EpisodeResult
    candidate_rollout: Rollout
    baseline_rollout: Rollout


def compared(candidate: EvalReport, baseline: EvalReport, metrics: Sequence[str] = ()) -> Compared:
    """Compares two reports on the scenarios that both drove.

    Args:
        candidate: the report on the policy in question.
        baseline: the report on the other.
        metrics: ids; all that both reports have with the same version where empty.

    Raises:
        ValueError: a metric that is asked for is not in both with the same version.
    """
    mine, theirs = table_of(candidate), table_of(baseline)
    common = [name for name in mine.metrics if _same_version(mine, theirs, name)]
    names = list(metrics) or common
    overall = tuple(_row(mine.metrics[name], row) for name in names for row in compare(mine, theirs, name, (ALL,)))
    overall = _corrected(overall)
    slices = shown_slices(mine)
    sliced = tuple(
        _row(mine.metrics[name], row)
        for name in (list(metrics) or sliced_metrics({name: mine.metrics[name] for name in common}))
        for row in compare(mine, theirs, name, slices)
        if row.num_pairs
    )
    failed = {digest: bool(value) for digest, value in zip(theirs.digests, theirs.failed, strict=True)}
    gone = {digest for digest, value in zip(theirs.digests, theirs.missing, strict=True) if value}
    pairs = [
        (bool(mine.failed[row]), failed[digest])
        for row, digest in enumerate(mine.digests)
        if digest in failed and digest not in gone and not mine.missing[row]
    ]
    return Compared(
        candidate=candidate.policy,
        baseline=baseline.policy,
        suite=candidate.suite,
        overall=overall,
        sliced=sliced,
        flips=flips_of(candidate, baseline),
        num_pairs=len(pairs),
        num_failed=(sum(one for one, _ in pairs), sum(two for _, two in pairs)),
        num_missing=(int(mine.missing.sum()), int(theirs.missing.sum())),
        left_out=tuple(sorted((set(mine.metrics) | set(theirs.metrics)) - set(common))),
    )


def _same_version(mine: EpisodeTable, theirs: EpisodeTable, name: str) -> bool:
    return name in theirs.metrics and theirs.metrics[name].version == mine.metrics[name].version


def _row(metric: MetricInfo, result: Comparison) -> ComparedRow:
    if result.difference is None or result.p_adjusted >= 0.05 or result.difference == 0.0:
        return ComparedRow(metric, result, "")
    gain = result.difference if metric.direction is Direction.HIGHER_IS_BETTER else -result.difference
    return ComparedRow(metric, result, "better" if gain > 0 else "worse")


def _corrected(rows: Sequence[ComparedRow]) -> tuple[ComparedRow, ...]:
    """Over all scenarios there is one test for each metric: corrected after Holm over the metrics."""
    adjusted = holm([row.result.p_value for row in rows])
    return tuple(_row(row.metric, replace(row.result, p_adjusted=p)) for row, p in zip(rows, adjusted, strict=True))


def write_comparison_page(
    result: Compared,
    path: Path,
    played: Iterable[PlayedFlip] = (),
    commands: tuple[Commands, Commands] | None = None,
    notes: Sequence[str] = (),
) -> Path:
    """Writes the page of a comparison: one file, or a folder that gets an index.html.

    Args:
        result: what `compared` found.
        path: where.
        played: flips that play side by side.
        commands: how the episodes of the candidate and of the baseline are played again.
        notes: what could not be shown, as flips whose files are gone.

    Returns:
        The path of the page.
    """
    both = commands or (Commands(result.candidate), Commands(result.baseline))
    items = replay_items([_side_by_side(result, flip) for flip in played], InlineAssets())
    return write_page(
        path,
        "comparison.html.j2",
        result=result,
        facts=_facts(result),
        replays=items,
        replayed={item["id"] for item in items},
        flips=[
            {"flip": flip, "id": flip_id(flip), "commands": flip_commands(flip, result, both)}
            for flip in result.flips[:MAX_FLIPS]
        ],
        notes=tuple(notes),
    )


def flip_id(flip: Flip) -> str:
    """The name of a flip's replay in the page."""
    return f"f-{flip.scenario_digest[:16]}"


def flip_commands(
    flip: Flip, result: Compared, commands: tuple[Commands, Commands]
) -> tuple[tuple[str, str], tuple[str, str]]:
    """Label and text of the commands that play both policies in the scenario of a flip; the file is of who failed."""
    failing = commands[0] if flip.fails == "candidate" else commands[1]
    name = shlex.split(flip.command)[2].rpartition("/")[2]
    file, (mine, theirs) = f"{failing.folder}/{name}", commands
    return (
        (result.candidate, mine.play(file, mine.policy or result.candidate, flip.scenario)),
        (result.baseline, theirs.play(file, theirs.policy or result.baseline, flip.scenario)),
    )


def _side_by_side(result: Compared, played: PlayedFlip) -> Replay:
    flip = played.flip
    views = tuple(
        View(label, rollout, marks_of(episode))
        for label, rollout, episode in (
            (result.candidate, played.candidate_rollout, played.candidate),
            (result.baseline, played.baseline_rollout, played.baseline),
        )
    )
    other = [
        name
        for name, view, episode in zip(
            (result.candidate, result.baseline), views, (played.candidate, played.baseline), strict=True
        )
        if trajectory_sha256(view.rollout) != episode.trajectory_sha256
    ]
    remark = f" (played again {' and '.join(other)} went otherwise: another version or machine)" if other else ""
    loser = result.candidate if flip.fails == "candidate" else result.baseline
    return Replay(
        id=flip_id(flip),
        title=flip.scenario.replace("_", " "),
        views=views,
        note=f"{loser}: {flip.reason}{remark}",
        outcome="failed" if flip.fails == "candidate" else "ok",
        caption=f"{flip.scenario}, seed {flip.seed}, draw {flip.index}: {loser} fails: {flip.reason}{remark}.",
        tags=played.candidate.slices()[:8],
    )


def _facts(result: Compared) -> tuple[Fact, ...]:
    new = sum(flip.fails == "candidate" for flip in result.flips)
    return (
        Fact("Pairs", f"{result.num_pairs:,}", "scenarios that both drove"),
        Fact(f"{result.candidate} fails", str(result.num_failed[0]), f"of {result.num_pairs}"),
        Fact(f"{result.baseline} fails", str(result.num_failed[1]), f"of {result.num_pairs}"),
        Fact("Only the candidate fails", str(new), "new failures"),
        Fact("Only the baseline fails", str(len(result.flips) - new), "mended failures"),
        Fact("Could not be run", f"{result.num_missing[0]} / {result.num_missing[1]}", "candidate / baseline"),
    )


def comparison_plain(result: Compared) -> dict[str, Any]:
    """A comparison as plain data."""
    return {
        "candidate": result.candidate, "baseline": result.baseline, "suite": result.suite,
        "num_pairs": result.num_pairs, "num_failed": list(result.num_failed),
        "num_missing": list(result.num_missing), "left_out": list(result.left_out),
        "metrics": to_plain({row.metric.id: row.metric for row in (*result.overall, *result.sliced)}),
        "overall": to_plain([row.result for row in result.overall]),
        "by_slice": to_plain([row.result for row in result.sliced]),
        "flips": to_plain(result.flips),
    }  # fmt: skip


_COLUMNS = ("metric", "slice", "pairs", "candidate", "baseline", "difference", "95 %", "better / worse", "p",
            "p (Holm)", "verdict")  # fmt: skip


def comparison_markdown(result: Compared, commands: tuple[Commands, Commands] | None = None) -> str:
    """A comparison as Markdown.

    Args:
        result: what `compared` found.
        commands: how the episodes of the candidate and of the baseline are played again; without them the commands are
            those for the folder of the report of who fails.
    """
    lines = [
        f"# {result.candidate} against {result.baseline}",
        "",
        f"Suite {result.suite}, {result.num_pairs} pairs.  ",
    ]
    lines += [f"{fact.label}: {fact.value} ({fact.hint})  " for fact in _facts(result)[1:]]
    for title, rows in (("Over all scenarios", result.overall), ("By slice", result.sliced)):
        lines += ["", f"## {title}", "", "| " + " | ".join(_COLUMNS) + " |", "|" + "---|" * len(_COLUMNS)]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in _cells(row)) + " |" for row in rows]
    where = "" if commands else " Commands are for the folder of the report of who fails."
    lines += ["", f"## Flips ({len(result.flips)})", "", f"Scenarios in which exactly one of the two fails.{where}", ""]
    for flip in result.flips[:MAX_FLIPS]:
        plays = [text for _, text in flip_commands(flip, result, commands)] if commands else [flip.command]
        told = ", ".join(f"`{text}`" for text in plays)
        lines.append(f"- {flip.fails} fails in {flip.scenario} {flip.scenario_digest[:12]}: {flip.reason}: {told}")
    return "\n".join(lines) + "\n"


def _cells(row: ComparedRow) -> tuple[str, ...]:
    r, metric = row.result, row.metric
    interval = "" if r.low is None or r.high is None else f"{interval_text(r, metric)}"
    difference = "" if r.difference is None else shown_difference(r.difference, metric)
    return (f"{metric.id} {metric.version}", r.slice, str(r.num_pairs), shown(r.candidate, metric),
            shown(r.baseline, metric), difference, interval, f"{r.num_better} / {r.num_worse}", f"{r.p_value:.3g}",
            f"{r.p_adjusted:.3g}", row.verdict)  # fmt: skip


def interval_text(result: Comparison, metric: MetricInfo) -> str:
    """The interval of a difference for a person."""
    if result.low is None or result.high is None:
        return ""
    return f"{shown_difference(result.low, metric)} to {shown_difference(result.high, metric)}"
