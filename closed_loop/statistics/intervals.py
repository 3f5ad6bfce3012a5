"""Intervals: of rates, of means that are clustered, of the difference of two paired rates.

All are closed forms or use a fixed seed, so that the same numbers give the same interval.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import beta, norm

RESAMPLES = 2000
SEED = 20240


def wilson_interval(successes: float | int, num: int, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of a rate: (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).

    Source: Wilson, JASA 22 (1927); Brown, Cai, DasGupta, Stat. Sci. 16 (2001). Its coverage is right on average.

    Args:
        successes: how many; a fraction where repeats of one trial agree in part.
        num: trials.
        confidence: two-sided.

    Raises:
        ValueError: there are no trials, or more successes than trials.
    """
    _require_rate(successes, num)
    z = float(norm.ppf(0.5 + 0.5 * confidence))
    rate = successes / num
    center = rate + z * z / (2 * num)
    spread = z * np.sqrt(rate * (1 - rate) / num + z * z / (4 * num * num))
    scale = 1 + z * z / num
    # At the borders rounding would leave a tiny rest where the formula gives exactly 0 or 1.
    low = 0.0 if successes == 0 else float((center - spread) / scale)
    return low, 1.0 if successes == num else float((center + spread) / scale)


def clopper_pearson_interval(successes: float | int, num: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of a rate: quantiles of Beta(x, n-x+1) and Beta(x+1, n-x). Its coverage is never too small.

    Source: Clopper, Pearson, Biometrika 26 (1934).

    Raises:
        ValueError: there are no trials, or more successes than trials.
    """
    _require_rate(successes, num)
    tail = 0.5 * (1.0 - confidence)
    low = 0.0 if successes <= 0 else float(beta.ppf(tail, successes, num - successes + 1))
    high = 1.0 if successes >= num else float(beta.ppf(1.0 - tail, successes + 1, num - successes))
    return low, high


def _require_rate(successes: float | int, num: int) -> None:
    if num < 1 or not 0 <= successes <= num:
        raise ValueError(f"{successes} of {num} is no rate")


def bca_interval(
    values: Float[np.ndarray, "n"],
    clusters: Int[np.ndarray, "n"] | None = None,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> tuple[float, float]:
    """Bias-corrected and accelerated bootstrap interval of the mean; clusters are drawn whole.

    z0 = Phi^-1(share of resampled means below the mean; ties count half), a = sum d^3 / (6 (sum d^2)^(3/2)) with d the
    jackknife deviations of the mean over clusters; ends at Phi(z0 + (z0 + z) / (1 - a (z0 + z))).
    Source: Efron, JASA 82 (1987); clusters after Davison, Hinkley, Bootstrap Methods (1997), 3.8.

    Args:
        values: the values.
        clusters: the cluster of each value; each is its own where None. Values of one cluster depend on each other.
        confidence: two-sided.
        resamples: how many resamples.
        seed: of the resampling.

    Raises:
        ValueError: there are no values.
    """
    if len(values) == 0:
        raise ValueError("no values to resample")
    sums, counts = _by_cluster(values, clusters)
    mean = float(sums.sum() / counts.sum())
    if len(sums) == 1 or float(np.ptp(values)) == 0.0:
        return (mean, mean) if float(np.ptp(values)) == 0.0 else (float(values.min()), float(values.max()))
    means = np.sort(_resampled_means(sums, counts, resamples, seed))
    # Means that are equal but for rounding are ties, on whatever scale the values are.
    slack = 1e-12 * float(np.ptp(values)) + 1e-14 * float(np.abs(values).max())
    below = np.searchsorted(means, mean - slack) + 0.5 * (
        np.searchsorted(means, mean + slack) - np.searchsorted(means, mean - slack)
    )
    z0 = float(norm.ppf(np.clip(below / resamples, 0.5 / resamples, 1 - 0.5 / resamples)))
    left_out = (sums.sum() - sums) / (counts.sum() - counts)
    deviation = left_out.mean() - left_out
    scale = float((deviation**2).sum() ** 1.5)
    acceleration = float((deviation**3).sum()) / (6.0 * scale) if scale > 0.0 else 0.0
    ends: list[float] = []
    for tail in (0.5 - 0.5 * confidence, 0.5 + 0.5 * confidence):
        z = z0 + float(norm.ppf(tail))
        ends.append(float(np.quantile(means, norm.cdf(z0 + z / max(1.0 - acceleration * z, 1e-3)))))
    return ends[0], ends[1]


def _by_cluster(
    values: Float[np.ndarray, "n"], clusters: Int[np.ndarray, "n"] | None
) -> tuple[Float[np.ndarray, "k"], Float[np.ndarray, "k"]]:
    if clusters is None:
        return values.astype(np.float64), np.ones(len(values))
    _, place = np.unique(clusters, return_inverse=True)
    return np.bincount(place, weights=values), np.bincount(place).astype(np.float64)


def _resampled_means(
    sums: Float[np.ndarray, "k"], counts: Float[np.ndarray, "k"], resamples: int, seed: int
) -> Float[np.ndarray, "r"]:
    """Means of resamples, a few at a time, so that memory stays small for many values."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    made: list[np.ndarray] = []
    at_once = max(1, 2_000_000 // len(sums))
    for start in range(0, resamples, at_once):
        drawn = rng.integers(0, len(sums), (min(at_once, resamples - start), len(sums)))
        made.append(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    return np.concatenate(made)


@lru_cache(maxsize=65536)
def tango_interval(only_first: int, only_second: int, num: int, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of the difference of two paired rates, p_first - p_second.

    T(d) = (x12 - x21 - n d) / sqrt(n (2 q + d (1 - d))), q = (sqrt(B^2 - 8 n C) - B) / (4 n),
    B = -x12 - x21 + (2 n - x12 + x21) d, C = -x21 d (1 - d); the ends are the d with T(d) = +-z.
    Unlike the normal interval it keeps a width where no pair differs: n equal pairs leave room for z^2 / (n + z^2).
    Source: Tango, Stat. Med. 17 (1998).

    Args:
        only_first: pairs in which the event is in the first alone (x12).
        only_second: in the second alone (x21).
        num: pairs (n).
        confidence: two-sided.

    Raises:
        ValueError: there are no pairs, or more that differ than there are.
    """
    if num < 1 or min(only_first, only_second) < 0 or only_first + only_second > num:
        raise ValueError(f"{only_first} and {only_second} of {num} pairs")
    z = float(norm.ppf(0.5 + 0.5 * confidence))
    difference = (only_first - only_second) / num
    ends: list[float] = []
    for sign, border in ((1.0, -1.0), (-1.0, 1.0)):
        if difference == border:
            ends.append(border)
            continue

        def gap(d: float, sign: float = sign) -> float:
            return _tango_statistic(only_first, only_second, num, d) - sign * z

        inner, outer = difference, border * (1.0 - 1e-12)
        ends.append(_root(gap, inner, outer))
    return ends[0], ends[1]


def _root(gap: Callable[[float], float], inner: float, outer: float) -> float:
    """Where a function that changes its sign between two places is 0, by halving."""
    sign = gap(inner) > 0.0
    for _ in range(60):
        middle = 0.5 * (inner + outer)
        if (gap(middle) > 0.0) == sign:
            inner = middle
        else:
            outer = middle
    return 0.5 * (inner + outer)


def _tango_statistic(only_first: int, only_second: int, num: int, d: float) -> float:
    b = -only_first - only_second + (2 * num - only_first + only_second) * d
    c = -only_second * d * (1.0 - d)
    q = (np.sqrt(max(b * b - 8.0 * num * c, 0.0)) - b) / (4.0 * num)
    variance = num * (2.0 * q + d * (1.0 - d))
    numerator = only_first - only_second - num * d
    if variance <= 0.0:
        return 0.0 if numerator == 0.0 else float(np.sign(numerator)) * np.inf
    return float(numerator / np.sqrt(variance))
