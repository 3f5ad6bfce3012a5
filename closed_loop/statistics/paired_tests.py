"""Tests on pairs: the same scenarios and seeds for two policies, so that only pairs that differ say something.

`sign_test` (McNemar's exact test for rates), `sign_flip_test` for means, Holm's correction, and an e-process for those
who look at the results before the end.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from scipy.special import betainc, betaln
from scipy.stats import binom, binomtest

EXACT_FLIPS = 14
"""Up to so many clusters every pattern of signs is tried."""
RANDOM_FLIPS = 20_000
_LEAST_SHARE, _MAX_LOG = 1e-280, 709.0


@lru_cache(maxsize=65536)
def sign_test(better: int, worse: int) -> float:
    """Two-sided exact p value that better and worse are equally likely; for rates this is McNemar's exact test."""
    if better + worse == 0:
        return 1.0
    return float(binomtest(better, better + worse, 0.5).pvalue)


@lru_cache(maxsize=65536)
def worse_test(better: int, worse: int) -> float:
    """One-sided exact p value: the chance of `worse` or more of the pairs that differ, were both equally likely."""
    return float(binom.sf(worse - 1, better + worse, 0.5)) if better + worse else 1.0


def sign_flip_test(
    losses: Float[np.ndarray, "n"], clusters: Int[np.ndarray, "n"] | None = None, seed: int = 20240
) -> float:
    """One-sided p value that the mean loss is not above 0, by flipping the signs of whole clusters.

    Under the hypothesis that both policies are alike each cluster's loss is as likely to have the other sign. All
    patterns are tried for up to 14 clusters, else 20,000 random ones and the one seen. Source: Fisher, The Design of
    Experiments (1935), 21; clusters after Winkler et al., NeuroImage 123 (2015).

    Raises:
        ValueError: there are no values.
    """
    if len(losses) == 0:
        raise ValueError("no pairs to compare")
    if clusters is None:
        sums = losses.astype(np.float64)
    else:
        _, place = np.unique(clusters, return_inverse=True)
        sums = np.bincount(place, weights=losses)
    sums = sums[np.abs(sums) > 1e-12]
    if len(sums) == 0:
        return 1.0
    seen = float(sums.sum()) - 1e-9 * float(np.abs(sums).sum())
    if len(sums) <= EXACT_FLIPS:
        signs = 1 - 2 * ((np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums))) & 1)
        return float(np.mean(signs @ sums >= seen))
    rng = np.random.Generator(np.random.Philox(key=seed))
    reached = 0
    at_once = max(1, 2_000_000 // len(sums))
    for start in range(0, RANDOM_FLIPS, at_once):
        signs = 1 - 2 * rng.integers(0, 2, (min(at_once, RANDOM_FLIPS - start), len(sums)))
        reached += int(np.sum(signs @ sums >= seen))
    return (reached + 1) / (RANDOM_FLIPS + 1)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Step-down adjusted p values: adjusted_(k) = max_{j <= k} min(1, (m - j + 1) p_(j)). Holm (1979)."""
    order = np.argsort(np.asarray(p_values), kind="stable")
    adjusted = np.zeros(len(p_values))
    worst = 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = worst
    return tuple(float(value) for value in adjusted)


@lru_cache(maxsize=65536)
def e_value(better: int, worse: int) -> float:
    """Evidence that the candidate is worse more often than better, after so many pairs that differ.

    E = 2 int_{1/2}^1 (2 q)^worse (2 (1 - q))^better dq: the likelihood ratio against 1/2, averaged over every q above
    it. Under the hypothesis its expectation never exceeds 1 whenever one looks, so that P(ever above 1/alpha) <= alpha.
    inf beyond what a float can hold.
    Source: Ville's inequality; mixture after Robbins, Ann. Math. Stat. 41 (1970).
    """
    a, b = worse + 1.0, better + 1.0
    # 1 - I_{1/2}(a, b), without losing digits where it is small.
    upper = float(betainc(b, a, 0.5))
    if upper < _LEAST_SHARE:
        return _e_series(better, worse)
    # Powers of two beyond a float would turn the evidence of a thousand better pairs into its contrary.
    log_e = (better + worse + 1) * math.log(2.0) + float(betaln(a, b)) + math.log(upper)
    return math.exp(log_e) if log_e < _MAX_LOG else math.inf


def _e_series(better: int, worse: int) -> float:
    """The same as a sum of positive terms, int_0^1 (1 + u)^worse (1 - u)^better du, for far more better than worse."""
    term = total = 1.0 / (better + 1)
    for k in range(worse):
        term *= (worse - k) / (better + k + 2)
        total += term
        if term < 1e-18 * total:
            break
    return total


@dataclass(frozen=True, slots=True)
class SequentialResult:
    """An e-process over pairs in order.

    Attributes:
        e_max: the largest value on the way.
        stopped_at: pairs (those that do not differ included) after which 1/alpha was reached; None for never.
        p_value: 1 / e_max, at most 1: valid whenever one stops looking.
    """

    e_max: float
    stopped_at: int | None
    p_value: float


def sequential(changes: Sequence[int], alpha: float = 0.05) -> SequentialResult:
    """The e-process over pairs in order: +1 where the candidate is worse, -1 where better, 0 where they are alike."""
    better = worse = 0
    largest, stopped = 1.0, None
    for place, change in enumerate(changes, start=1):
        worse, better = worse + (change > 0), better + (change < 0)
        if change:
            largest = max(largest, e_value(better, worse))
            if stopped is None and largest >= 1.0 / alpha:
                stopped = place
    return SequentialResult(largest, stopped, min(1.0, 1.0 / largest))
