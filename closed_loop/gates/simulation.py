"""How often gate rules err: two models drive the same simulated scenarios, and each rule says whether it would release.

8 slices of 200 scenarios with failure rates of 1 to 15 %. In a share `rho` of the scenarios both models meet the same
luck (the outcome is fixed by the scenario), in the others each has its own. The rules are those of
`closed_loop.gates.decide` on the counts of pairs, and for comparison the naive ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from closed_loop.statistics.intervals import tango_interval
from closed_loop.statistics.paired_tests import e_value, holm, worse_test

RATES = (0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.15)
"""Failure rates of the slices; the fifth is the one that gets worse where one does."""
WORSE_SLICE = 4
PER_SLICE = 200
RULES = ("every slice, point estimate", "aggregate, point estimate", "any slice, McNemar uncorrected",
         "any slice, Holm", "Holm slices and aggregate", "non-inferior in every slice")  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Pairings:
    """Counts of simulated pairs, shape (runs, slices) each."""

    only_new: Int[np.ndarray, "R S"]
    only_old: Int[np.ndarray, "R S"]
    new: Int[np.ndarray, "R S"]
    old: Int[np.ndarray, "R S"]


def simulate(
    rng: np.random.Generator, runs: int, increase: Sequence[float], rho: float, per_slice: int = PER_SLICE,
    rates: Sequence[float] = RATES,
) -> Pairings:  # fmt: skip
    """Runs of both models; `increase` is added to the new model's failure rate, slice by slice."""
    shape = (runs, len(rates), per_slice)
    old, new = outcomes(rng, shape, np.asarray(rates)[:, None], np.asarray(increase)[:, None], rho)
    return Pairings((new & ~old).sum(2), (old & ~new).sum(2), new.sum(2), old.sum(2))


def outcomes(
    rng: np.random.Generator, shape: tuple[int, ...], rate: np.ndarray, increase: np.ndarray, rho: float
) -> tuple[Bool[np.ndarray, "..."], Bool[np.ndarray, "..."]]:
    """Failures of the old and the new model in the same scenarios."""
    luck, own = rng.random(shape), rng.random(shape)
    same = rng.random(shape) < rho
    return luck < rate, np.where(same, luck, own) < rate + increase


def not_released(
    pairings: Pairings, per_slice: int = PER_SLICE, alpha: float = 0.05, margin: float = 0.05
) -> dict[str, float]:
    """Share of the runs in which each rule does not release the new model."""
    b, c = pairings.only_new, pairings.only_old
    p = _each(worse_test, c, b)
    p_all = _each(worse_test, c.sum(1), b.sum(1))
    corrected = np.array([min(holm(row)) for row in p.tolist()])
    bound = _each(lambda up, down: tango_interval(up, down, per_slice, 1.0 - 2.0 * alpha)[1], b, c)
    return dict(zip(RULES, (
        float((pairings.new > pairings.old).any(1).mean()),
        float((pairings.new.sum(1) > pairings.old.sum(1)).mean()),
        float((p < alpha).any(1).mean()),
        float((corrected < alpha).mean()),
        float(((corrected < 0.5 * alpha) | (p_all < 0.5 * alpha)).mean()),
        float((bound >= margin).any(1).mean()),
    ), strict=True))  # fmt: skip


def _each(function: Callable[[int, int], float], first: np.ndarray, second: np.ndarray) -> np.ndarray:
    call = np.vectorize(lambda x, y: function(int(x), int(y)), otypes=[float])
    return call(first, second)


@dataclass(frozen=True, slots=True)
class Looking:
    """What comes of looking after every scenario.

    Attributes:
        blocked: share of the runs in which the e-process blocks.
        naive_blocked: share in which p < alpha at some time.
        mean_scenarios: scenarios driven until the e-process blocks, or all of them.
    """

    blocked: float
    naive_blocked: float
    mean_scenarios: float


def look(
    rng: np.random.Generator, runs: int, increase: float, rho: float = 0.8, rate: float = 0.05, num: int = 1000,
    alpha: float = 0.05,
) -> Looking:  # fmt: skip
    """One slice of `num` scenarios, looked at after each of them."""
    old, new = outcomes(rng, (runs, num), np.array(rate), np.array(increase), rho)
    worse, better = np.cumsum(new & ~old, axis=1), np.cumsum(old & ~new, axis=1)
    size = (int(better.max()) + 1, int(worse.max()) + 1)
    grid = np.indices(size)
    blocks = _each(e_value, grid[0], grid[1])[better, worse] >= 1.0 / alpha
    naive = _each(worse_test, grid[0], grid[1])[better, worse] < alpha
    hit = blocks.any(axis=1)
    stopped = np.where(hit, blocks.argmax(axis=1) + 1, num)
    return Looking(float(hit.mean()), float(naive.any(axis=1).mean()), float(stopped.mean()))
