"""How sure may we be: intervals for rates and means, per slice, and paired comparison of two policies.

Rates get Wilson score intervals (Wilson, JASA 22, 1927; Brown, Cai, DasGupta, Stat. Sci. 16, 2001), means get
percentile bootstrap intervals with a fixed seed (Efron, 1979). Pairs are compared by the exact McNemar test (rates) or
the sign test (means), and by bootstrap over pairs; several slices at once are corrected after Holm (1979).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import binomtest, norm

from closed_loop.metrics.definition import Direction, MetricInfo, Scale
from closed_loop.results import EpisodeResult, EvalReport

ALL = "all"
SLICE_KEYS = ("road", "weather", "light", "actor", "manoeuvre", "scenario")
RESAMPLES = 2000
SEED = 20240
MIN_BOOTSTRAP = 5
"""Resampling fewer values says nothing about those that were not drawn."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean or rate with its interval.

    Attributes:
        num: number of values.
        value: mean of them; None without any.
        low: lower end of the interval; None where it cannot be given.
        high: upper end.
        method: 'wilson', 'bootstrap' or 'none'.
        confidence: coverage of the interval.
    """

    num: int
    value: float | None
    low: float | None
    high: float | None
    method: str
    confidence: float = 0.95


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
        num_better: pairs in which the candidate is better.
        num_worse: pairs in which it is worse.
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


def wilson_interval(successes: int, num: int, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of a rate: (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).

    Raises:
        ValueError: there are no trials, or more successes than trials.
    """
    if num < 1 or not 0 <= successes <= num:
        raise ValueError(f"{successes} of {num} is no rate")
    z = float(norm.ppf(0.5 + 0.5 * confidence))
    rate = successes / num
    center = rate + z * z / (2 * num)
    spread = z * np.sqrt(rate * (1 - rate) / num + z * z / (4 * num * num))
    scale = 1 + z * z / num
    # At the borders rounding would leave a tiny rest where the formula gives exactly 0 or 1.
    low = 0.0 if successes == 0 else float((center - spread) / scale)
    return low, 1.0 if successes == num else float((center + spread) / scale)


def bootstrap_interval(
    values: Float[np.ndarray, "n"], confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float]:
    """Percentile interval of the mean over resamples with replacement; the same seed gives the same numbers.

    Raises:
        ValueError: there are no values.
    """
    if len(values) == 0:
        raise ValueError("no values to resample")
    rng = np.random.Generator(np.random.Philox(key=seed))
    means = values[rng.integers(0, len(values), (resamples, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.5 - 0.5 * confidence, 0.5 + 0.5 * confidence])
    return float(low), float(high)


def estimate(values: Sequence[float], scale: Scale, confidence: float = 0.95) -> Estimate:
    """Mean of values with the interval that fits their scale; fewer than five values of a mean have none."""
    array = np.asarray(values, dtype=np.float64)
    if len(array) == 0:
        return Estimate(0, None, None, None, "none", confidence)
    mean = float(array.mean())
    if scale is Scale.RATE:
        return Estimate(len(array), mean, *wilson_interval(round(array.sum()), len(array), confidence), "wilson",
                        confidence)  # fmt: skip
    if len(array) < MIN_BOOTSTRAP:
        return Estimate(len(array), mean, None, None, "none", confidence)
    return Estimate(len(array), mean, *bootstrap_interval(array, confidence), "bootstrap", confidence)


def slices_of(report: EvalReport, keys: Sequence[str] = SLICE_KEYS) -> dict[str, tuple[EpisodeResult, ...]]:
    """Episodes by slice: 'all' first, then `key:value` by key in the given order, then by value."""
    found: dict[str, list[EpisodeResult]] = {}
    for episode in report.episodes:
        for tag in dict.fromkeys(episode.slices()):
            if tag.partition(":")[0] in keys:
                found.setdefault(tag, []).append(episode)
    ordered = sorted(found, key=lambda tag: (keys.index(tag.partition(":")[0]), tag))
    return {ALL: report.episodes, **{tag: tuple(found[tag]) for tag in ordered}}


def slice_table(
    report: EvalReport, metrics: Sequence[str], keys: Sequence[str] = SLICE_KEYS, confidence: float = 0.95
) -> tuple[SliceRow, ...]:
    """Every metric on every slice of a report."""
    rows: list[SliceRow] = []
    for name, episodes in slices_of(report, keys).items():
        for metric in metrics:
            values = [value for episode in episodes if (value := episode.value(metric)) is not None]
            rows.append(SliceRow(name, metric, estimate(values, report.metrics[metric].scale, confidence)))
    return tuple(rows)


def compare(
    candidate: EvalReport, baseline: EvalReport, metric: str, slices: Sequence[str] = (), confidence: float = 0.95
) -> tuple[Comparison, ...]:
    """Compares two policies on the scenarios that both drove, per slice (all that there are where none is given).

    Raises:
        ValueError: the metric is not in both reports with the same version.
    """
    definition = _common_metric(candidate, baseline, metric)
    other = {episode.scenario_digest: episode for episode in baseline.episodes}
    names = list(slices) or list(slices_of(candidate))
    members = slices_of(candidate, tuple({name.partition(":")[0]: None for name in names}))
    made = [_compare_slice(name, members.get(name, ()), other, definition, confidence) for name in names]
    adjusted = holm([comparison.p_value for comparison in made])
    return tuple(_with_adjusted(c, p) for c, p in zip(made, adjusted, strict=True))


def _common_metric(candidate: EvalReport, baseline: EvalReport, metric: str) -> MetricInfo:
    one, two = candidate.metrics.get(metric), baseline.metrics.get(metric)
    if one is None or two is None:
        raise ValueError(f"metric {metric!r} is not in both reports")
    if one.version != two.version:
        raise ValueError(f"metric {metric!r} has version {one.version} in one report and {two.version} in the other")
    return one


def _compare_slice(
    name: str,
    episodes: Sequence[EpisodeResult],
    other: Mapping[str, EpisodeResult],
    definition: MetricInfo,
    confidence: float,
) -> Comparison:
    pairs: list[tuple[float, float]] = []
    for episode in episodes:
        partner = other.get(episode.scenario_digest)
        mine, theirs = episode.value(definition.id), None if partner is None else partner.value(definition.id)
        if mine is not None and theirs is not None:
            pairs.append((mine, theirs))
    if not pairs:
        return Comparison(name, definition.id, 0, None, None, None, None, None, 0, 0, 1.0, 1.0, definition.direction)
    values = np.asarray(pairs, dtype=np.float64)
    change = values[:, 0] - values[:, 1]
    gain = change if definition.direction is Direction.HIGHER_IS_BETTER else -change
    better, worse = int((gain > 1e-12).sum()), int((gain < -1e-12).sum())
    low, high = bootstrap_interval(change, confidence) if len(change) >= MIN_BOOTSTRAP else (None, None)
    return Comparison(
        name, definition.id, len(pairs), float(values[:, 0].mean()), float(values[:, 1].mean()), float(change.mean()),
        low, high, better, worse, sign_test(better, worse), 1.0, definition.direction,
    )  # fmt: skip


def _with_adjusted(comparison: Comparison, p_adjusted: float) -> Comparison:
    c = comparison
    return Comparison(
        c.slice, c.metric, c.num_pairs, c.candidate, c.baseline, c.difference, c.low, c.high, c.num_better,
        c.num_worse, c.p_value, p_adjusted, c.direction,
    )  # fmt: skip


def sign_test(better: int, worse: int) -> float:
    """Two-sided exact p value that better and worse are equally likely; for rates this is McNemar's exact test."""
    if better + worse == 0:
        return 1.0
    return float(binomtest(better, better + worse, 0.5).pvalue)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Step-down adjusted p values: adjusted_(k) = max_{j <= k} min(1, (m - j + 1) p_(j)). Holm (1979)."""
    order = np.argsort(np.asarray(p_values), kind="stable")
    adjusted = np.zeros(len(p_values))
    worst = 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = worst
    return tuple(float(value) for value in adjusted)
