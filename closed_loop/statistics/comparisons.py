"""How sure may we be: intervals for rates and means, per slice, and paired comparison of two policies.

Rates get Wilson intervals, means BCa bootstrap intervals over clusters; runs that repeat one scenario count as one.
Pairs are compared by the exact McNemar test (rates) or the sign test (means), differences by Tango's score interval or
the bootstrap; several slices at once are corrected after Holm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from closed_loop.metrics.definition import Direction, MetricInfo, Scale
from closed_loop.results import EpisodeResult, EvalReport
from closed_loop.statistics.intervals import (
    RESAMPLES,
    SEED,
    bca_interval,
    clopper_pearson_interval,
    tango_interval,
    wilson_interval,
)
from closed_loop.statistics.paired_tests import holm, sign_test
from closed_loop.statistics.table import ALL, SLICE_KEYS, EpisodeTable, table_of

MIN_BOOTSTRAP = 5
"""Resampling fewer clusters says nothing about those that were not drawn."""
TIE = 1e-12
Reported = EvalReport | EpisodeTable


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean or rate with its interval.

    Attributes:
        num: number of values.
        value: mean of them; None without any.
        low: lower end of the interval; None where it cannot be given.
        high: upper end.
        method: 'wilson', 'clopper-pearson', 'bca' or 'none'.
        confidence: coverage of the interval.
        num_clusters: what the interval counts: scenarios for rates, clusters for means.
    """

    num: int
    value: float | None
    low: float | None
    high: float | None
    method: str
    confidence: float = 0.95
    num_clusters: int = 0


@dataclass(frozen=True, slots=True)
class SliceRow:
    """One metric of one policy on one slice."""

    slice: str
    metric: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two policies on the same scenarios of one slice.

    Attributes:
        slice: which slice.
        metric: which metric.
        num_pairs: scenarios in which the metric applies to both.
        candidate: mean or rate of the candidate on these pairs.
        baseline: of the baseline.
        difference: candidate - baseline.
        low: lower end of the interval of the difference.
        high: upper end.
        num_better: scenarios in which the candidate is better.
        num_worse: scenarios in which it is worse.
        p_value: two-sided, exact: McNemar for rates, sign test for means.
        p_adjusted: after Holm over the comparisons of this metric that were made together.
        direction: which way is better.
    """

    slice: str
    metric: str
    num_pairs: int
    candidate: float | None
    baseline: float | None
    difference: float | None
    low: float | None
    high: float | None
    num_better: int
    num_worse: int
    p_value: float
    p_adjusted: float
    direction: Direction


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """What two policies did in the same scenarios, in the order of the candidate's report.

    Attributes:
        candidate: values, shape (n,).
        baseline: values, shape (n,).
        losses: by how much the candidate is worse (above 0) or better, shape (n,).
        origins: the concrete scenario of each pair, shape (n,).
        clusters: the cluster of each pair, shape (n,).
        rows: row of each pair in the candidate's table, shape (n,).
    """

    candidate: Float[np.ndarray, "n"]
    baseline: Float[np.ndarray, "n"]
    losses: Float[np.ndarray, "n"]
    origins: Int[np.ndarray, "n"]
    clusters: Int[np.ndarray, "n"]
    rows: Int[np.ndarray, "n"]

    def signs(self) -> Int[np.ndarray, "k"]:
        """Per concrete scenario, in order: 1 where the candidate is worse, -1 where better, 0 where alike.

        Repeats of a scenario decide together, by their mean: they are no further evidence about other scenarios.
        """
        if len(self.losses) == 0:
            return np.zeros(0, dtype=np.int64)
        _, first, place = np.unique(self.origins, return_index=True, return_inverse=True)
        sums = np.bincount(place, weights=self.losses)[np.argsort(first)]
        return np.where(sums > TIE, 1, np.where(sums < -TIE, -1, 0))


def bootstrap_interval(
    values: Float[np.ndarray, "n"], confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float]:
    """BCa interval of the mean of values that do not depend on each other; the same seed gives the same numbers.

    Raises:
        ValueError: there are no values.
    """
    return bca_interval(values, None, confidence, resamples, seed)


def estimate(
    values: Sequence[float], scale: Scale, confidence: float = 0.95, clusters: Sequence[int] | None = None,
    exact: bool = False,
) -> Estimate:  # fmt: skip
    """Mean of values with the interval that fits their scale; fewer than five clusters of a mean have none.

    Args:
        values: the values.
        scale: rate or mean.
        confidence: of the interval.
        clusters: for means what is resampled together, for rates the scenario that a value repeats; None for none.
        exact: for rates the interval of Clopper and Pearson, which never covers too little, in place of Wilson's.
    """
    array = np.asarray(values, dtype=np.float64)
    if len(array) == 0:
        return Estimate(0, None, None, None, "none", confidence)
    mean = float(array.mean())
    place = np.arange(len(array)) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    num = int(place.max()) + 1
    if scale is Scale.RATE:
        successes = float(np.clip((np.bincount(place, weights=array) / np.bincount(place)).sum(), 0, num))
        interval = clopper_pearson_interval if exact else wilson_interval
        method = "clopper-pearson" if exact else "wilson"
        return Estimate(len(array), mean, *interval(successes, num, confidence), method, confidence, num)
    if num < MIN_BOOTSTRAP:
        return Estimate(len(array), mean, None, None, "none", confidence, num)
    return Estimate(len(array), mean, *bca_interval(array, place, confidence), "bca", confidence, num)


def slices_of(report: EvalReport, keys: Sequence[str] = SLICE_KEYS) -> dict[str, tuple[EpisodeResult, ...]]:
    """Episodes by slice: 'all' first, then `key:value` by key in the given order, then by value."""
    table = table_of(report)
    episodes = tuple(report.episodes)
    return {name: tuple(episodes[row] for row in table.rows(name).tolist()) for name in table.slices(keys)}


def estimate_slice(
    table: EpisodeTable, metric: str, slice_name: str, confidence: float = 0.95, exact: bool = False
) -> Estimate:
    """One metric on one slice; missing episodes are not in it (the gate counts them)."""
    rows, scale = table.rows(slice_name), table.metrics[metric].scale
    values = table.values[metric][rows]
    kept = rows[~np.isnan(values)]
    clusters = table.origins[kept] if scale is Scale.RATE else table.clusters(kept)
    return estimate(table.values[metric][kept].tolist(), scale, confidence, clusters.tolist(), exact)


def slice_table(
    report: Reported, metrics: Sequence[str], keys: Sequence[str] = SLICE_KEYS, confidence: float = 0.95
) -> tuple[SliceRow, ...]:
    """Every metric on every slice of a report."""
    table = table_of(report)
    return tuple(
        SliceRow(name, metric, estimate_slice(table, metric, name, confidence))
        for name in table.slices(keys)
        for metric in metrics
    )


def compare(
    candidate: Reported, baseline: Reported, metric: str, slices: Sequence[str] = (), confidence: float = 0.95
) -> tuple[Comparison, ...]:
    """Compares two policies on the scenarios that both drove, per slice (all that there are where none is given).

    Raises:
        ValueError: the metric is not in both reports with the same version.
    """
    mine, theirs = table_of(candidate), table_of(baseline)
    definition = common_metric(mine, theirs, metric)
    made = [compare_pairs(pairs_of(mine, theirs, definition, name), name, definition, confidence)
            for name in (list(slices) or mine.slices())]  # fmt: skip
    adjusted = holm([comparison.p_value for comparison in made])
    return tuple(replace(c, p_adjusted=p) for c, p in zip(made, adjusted, strict=True))


def common_metric(candidate: EpisodeTable, baseline: EpisodeTable, metric: str) -> MetricInfo:
    """The definition of a metric that both have.

    Raises:
        ValueError: the metric is not in both with the same version.
    """
    one, two = candidate.metrics.get(metric), baseline.metrics.get(metric)
    if one is None or two is None:
        raise ValueError(f"metric {metric!r} is not in both reports")
    if one.version != two.version:
        raise ValueError(f"metric {metric!r} has version {one.version} in one report and {two.version} in the other")
    return one


def pairs_of(candidate: EpisodeTable, baseline: EpisodeTable, metric: MetricInfo, slice_name: str) -> Pairs:
    """Pairs of a slice in which the metric applies to both; what is missing in one is in no pair."""
    places = {digest: row for row, digest in enumerate(baseline.digests)}
    rows = candidate.rows(slice_name)
    other = np.array([places.get(candidate.digests[row], -1) for row in rows.tolist()], dtype=np.int64)
    mine = candidate.values[metric.id][rows]
    theirs = np.where(other >= 0, baseline.values[metric.id][other], np.nan) if len(other) else mine
    kept = ~(np.isnan(mine) | np.isnan(theirs))
    rows, mine, theirs = rows[kept], mine[kept], theirs[kept]
    losses = mine - theirs if metric.direction is Direction.LOWER_IS_BETTER else theirs - mine
    return Pairs(mine, theirs, losses, candidate.origins[rows], candidate.clusters(rows), rows)


def compare_pairs(pairs: Pairs, slice_name: str, metric: MetricInfo, confidence: float = 0.95) -> Comparison:
    """The comparison on one slice; `p_adjusted` is 1, since it needs the other slices."""
    num = len(pairs.losses)
    if num == 0:
        return Comparison(slice_name, metric.id, 0, None, None, None, None, None, 0, 0, 1.0, 1.0, metric.direction)
    signs = pairs.signs()
    better, worse = int((signs < 0).sum()), int((signs > 0).sum())
    change = pairs.candidate - pairs.baseline
    low, high = difference_interval(pairs, metric, confidence)
    return Comparison(
        slice_name, metric.id, num, float(pairs.candidate.mean()), float(pairs.baseline.mean()), float(change.mean()),
        low, high, better, worse, sign_test(better, worse), 1.0, metric.direction,
    )  # fmt: skip


def difference_interval(
    pairs: Pairs, metric: MetricInfo, confidence: float = 0.95
) -> tuple[float | None, float | None]:  # fmt: skip
    """Interval of candidate - baseline: Tango's for rates, BCa over clusters for means; None where it cannot be."""
    change = pairs.candidate - pairs.baseline
    repeats = len(np.unique(pairs.origins)) < len(pairs.origins)
    if metric.scale is Scale.RATE and not repeats:
        up, down = int((change > TIE).sum()), int((change < -TIE).sum())
        return tango_interval(up, down, len(change), confidence)
    if len(np.unique(pairs.clusters)) < MIN_BOOTSTRAP:
        return None, None
    return bca_interval(change, pairs.clusters, confidence)


__all__ = [
    "ALL", "MIN_BOOTSTRAP", "SLICE_KEYS", "Comparison", "EpisodeTable", "Estimate", "Pairs", "Reported", "SliceRow",
    "bootstrap_interval", "common_metric", "compare", "compare_pairs", "difference_interval", "estimate",
    "estimate_slice", "holm", "pairs_of", "sign_test", "slice_table", "slices_of", "table_of", "wilson_interval",
]  # fmt: skip
