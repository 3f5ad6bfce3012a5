"""Rows of the report's tables and charts, computed here so that the template only lays them out."""

from dataclasses import dataclass
from typing import Any

from closed_loop.metrics.definition import Direction, MetricInfo, Scale
from closed_loop.report.data import Evaluation
from closed_loop.statistics.comparisons import (
    ALL,
    Comparison,
    EpisodeTable,
    Estimate,
    compare,
    estimate_slice,
    table_of,
)

MAX_SLICES = 80


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric or slice of the evaluation: both policies and their difference.

    Attributes:
        label: metric title or slice.
        metric: the definition.
        candidate: estimate of the candidate.
        baseline: estimate of the baseline; None without one.
        comparison: paired comparison; None without a baseline.
        verdict: 'better', 'worse' or '' where the test cannot tell.
        low: left end of the chart's axis.
        high: right end.
    """

    label: str
    metric: MetricInfo
    candidate: Estimate
    baseline: Estimate | None
    comparison: Comparison | None
    verdict: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SliceTable:
    """One metric over all slices."""

    metric: MetricInfo
    rows: tuple[MetricRow, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The episodes of both policies as columns, read once for all tables."""

    candidate: EpisodeTable
    baseline: EpisodeTable | None = None


def columns_of(evaluation: Evaluation) -> Columns:
    """The columns of an evaluation."""
    theirs = evaluation.baseline
    return Columns(table_of(evaluation.candidate), None if theirs is None else table_of(theirs))


def headline_rows(evaluation: Evaluation, columns: Columns | None = None) -> tuple[MetricRow, ...]:
    """The metrics of the first table, over all episodes."""
    columns = columns or columns_of(evaluation)
    found: list[MetricRow] = []
    for name in evaluation.headline:
        if name in columns.candidate.metrics:
            rows = _rows(columns, columns.candidate.metrics[name], (ALL,))
            found.extend(_relabelled(row, row.metric.title) for row in rows)
    return tuple(found)


def slice_tables(evaluation: Evaluation, columns: Columns | None = None) -> tuple[SliceTable, ...]:
    """Each sliced metric over the slices; where there are very many, over those with most episodes."""
    columns = columns or columns_of(evaluation)
    names, metrics = shown_slices(columns.candidate), columns.candidate.metrics
    return tuple(
        SliceTable(metrics[name], _rows(columns, metrics[name], names)) for name in evaluation.sliced if name in metrics
    )


def shown_slices(table: EpisodeTable, limit: int = MAX_SLICES) -> tuple[str, ...]:
    """The slices in their order; those with most episodes where there are more than `limit`."""
    names = table.slices()
    largest = set(sorted(names, key=lambda name: (-len(table.rows(name)), name))[:limit])
    return tuple(name for name in names if name in largest)


def _rows(columns: Columns, metric: MetricInfo, names: tuple[str, ...]) -> tuple[MetricRow, ...]:
    mine = {name: estimate_slice(columns.candidate, metric.id, name) for name in names}
    theirs: dict[str, Estimate] = {}
    made: dict[str, Comparison] = {}
    other = columns.baseline
    if other is not None and metric.id in other.metrics:
        theirs = {name: estimate_slice(other, metric.id, name) for name in names}
        if other.metrics[metric.id].version == metric.version:
            made = {c.slice: c for c in compare(columns.candidate, other, metric.id, names)}
    low, high = _axis(metric, [*mine.values(), *theirs.values()])
    return tuple(
        MetricRow(name, metric, mine[name], theirs.get(name), made.get(name), _verdict(made.get(name)), low, high)
        for name in names
    )


def _verdict(comparison: Comparison | None) -> str:
    if comparison is None or comparison.difference is None or comparison.p_adjusted >= 0.05:
        return ""
    gain = comparison.difference if comparison.direction is Direction.HIGHER_IS_BETTER else -comparison.difference
    return "better" if gain > 0 else "worse"


def _axis(metric: MetricInfo, estimates: list[Estimate]) -> tuple[float, float]:
    ends = [end for e in estimates for end in (e.low, e.high, e.value) if end is not None]
    if metric.scale is Scale.RATE or (metric.unit == "" and max(ends, default=0.0) <= 1.0):
        return 0.0, 1.0
    return min([0.0, *ends]), max([1e-9, *ends])


def _relabelled(row: MetricRow, label: str) -> MetricRow:
    return MetricRow(label, row.metric, row.candidate, row.baseline, row.comparison, row.verdict, row.low, row.high)


def shown(value: float | None, metric: MetricInfo) -> str:
    """A value for a person: rates as per cent, the rest with three figures."""
    if value is None:
        return "–"
    if metric.scale is Scale.RATE:
        return f"{100 * value:.0f} %"
    if 0.0 < abs(value) < 1e-3:
        return "0.000"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def shown_difference(value: float, metric: MetricInfo) -> str:
    """A difference for a person: rates in percentage points, the rest with two figures; no sign on nothing."""
    if metric.scale is Scale.RATE:
        return "0" if abs(value) < 5e-4 else f"{100 * value:+.0f} pp"
    return "0" if abs(value) < 5e-4 else f"{value:+.2g}"


def percent(value: float | int, low: float | int = 0.0, high: float | int = 1.0) -> float:
    """Place of a value on an axis, in per cent."""
    return round(100.0 * min(max((value - low) / max(high - low, 1e-12), 0.0), 1.0), 2)


def failure_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Failed episodes of both policies, candidate first."""
    reports = [evaluation.candidate, *([evaluation.baseline] if evaluation.baseline is not None else [])]
    return [
        {
            "policy": report.policy,
            "scenario": episode.scenario_name,
            "digest": episode.scenario_digest,
            "seed": episode.seed,
            "index": episode.index,
            "file": evaluation.failure_files.get(episode.key, ""),
            "failures": [failure for failure in episode.failures if failure.at_fault],
        }
        for report in reports
        for episode in report.failed()
    ]
