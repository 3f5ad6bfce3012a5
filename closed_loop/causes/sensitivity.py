"""What the outcome hangs on: each drawn number moved a little alone, and its share in the spread over a whole suite."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from closed_loop.causes.counterfactual import Run, changed
from closed_loop.results import EpisodeResult
from closed_loop.statistics.paired_tests import holm
from driving_data.errors import RoadloomError
from scenarios.algebra import LogicalScenario
from scenarios.concrete import ConcreteScenario
from scenarios.draws import Replay
from scenarios.expressions import Expression
from scenarios.selection import recorded
from scenarios.space import Choice, Const, Distribution, Scalar

PERMUTATIONS = 200
MIN_PER_BIN = 8
MAX_BINS = 32
SEED = 20241


@dataclass(frozen=True, slots=True)
class LocalEffect:
    """One draw moved alone.

    Attributes:
        path: the draw.
        value: what it was.
        changed_to: what it was moved to.
        before: value of the metric as it was; None where it does not apply.
        after: with the change.
        effect: after - before; None where one of them is missing.
        flips: whether the outcome turned.
        refused: why the change made no scenario; empty where it did.
    """

    path: str
    value: Scalar
    changed_to: Scalar
    before: float | None
    after: float | None
    effect: float | None
    flips: bool
    refused: str = ""


def local_effects(
    logical: LogicalScenario, concrete: ConcreteScenario, run: Run, metric: str, step: float = 0.05
) -> tuple[LocalEffect, ...]:
    """Every free draw moved up and down by a share of its range, and to each of its other options, one at a time.

    Args:
        logical: what the scenario was drawn from.
        concrete: the scenario.
        run: drives the policy.
        metric: what is looked at.
        step: share of the draws (a step of the quantile) by which a number is moved; at the ends it stays inside.

    Returns:
        Effects, those that turn the outcome first, then by size.
    """
    moves = list(_moves(logical, concrete, step))
    made: list[tuple[str, Scalar, ConcreteScenario | str]] = []
    for path, value in moves:
        try:
            made.append((path, value, changed(logical, concrete, {path: value})))
        except (RoadloomError, ValueError) as error:
            made.append((path, value, str(error)))
    scenarios = [scenario for _, _, scenario in made if isinstance(scenario, ConcreteScenario)]
    first, *rest = run((concrete, *scenarios))
    results = iter(rest)
    effects = [
        _effect(concrete, path, value, first, metric, "" if isinstance(scenario, ConcreteScenario) else scenario,
                next(results) if isinstance(scenario, ConcreteScenario) else None)
        for path, value, scenario in made
    ]  # fmt: skip
    return tuple(sorted(effects, key=lambda e: (not e.flips, -abs(e.effect or 0.0), e.path)))


def _effect(
    concrete: ConcreteScenario, path: str, value: Scalar, first: EpisodeResult, metric: str, refused: str,
    result: EpisodeResult | None,
) -> LocalEffect:  # fmt: skip
    before = first.value(metric)
    after = None if result is None else result.value(metric)
    effect = None if before is None or after is None else after - before
    flips = result is not None and result.failed != first.failed
    return LocalEffect(path, concrete.draws[path], value, before, after, effect, flips, refused)


def _moves(logical: LogicalScenario, concrete: ConcreteScenario, step: float) -> Iterator[tuple[str, Scalar]]:
    for path, distribution in sorted(free_draws(logical, concrete).items()):
        value = concrete.draws[path]
        if isinstance(value, (str, bool)) or isinstance(distribution, Choice):
            yield from ((path, other) for other in _options(distribution) if other != value)
            continue
        share = distribution.cdf(float(value))
        for moved in (max(share - step, 0.0), min(share + step, np.nextafter(1.0, 0.0))):
            other = distribution.quantile(float(moved))
            if other != value:
                yield path, other


def _options(distribution: Distribution) -> tuple[Scalar, ...]:
    if not isinstance(distribution, Choice):
        return ()
    return tuple(option.value for option, _ in distribution.options if isinstance(option, Const))


def free_draws(logical: LogicalScenario, concrete: ConcreteScenario) -> dict[str, Distribution]:
    """What was drawn for a scenario by itself, and not computed from other draws: path and distribution."""
    found: dict[str, Distribution] = {}
    for leaf in recorded(logical.blocks, Replay({}, concrete.draws)):
        for path, value in leaf.paths().items():
            if isinstance(value, Expression):
                found.update({f"{path}#{k}": inner for k, inner in enumerate(value.draws())})
            elif not isinstance(value, Const):
                found[path] = value
    return {path: value for path, value in found.items() if path in concrete.draws}


@dataclass(frozen=True, slots=True)
class GlobalEffect:
    """How much of the spread of a metric over a suite one draw explains.

    Attributes:
        path: the draw.
        index: estimate of the first-order Sobol index Var(E[Y | X]) / Var(Y), less what chance gives; from 0 to 1.
        p_value: by permutation: the chance of so large an index if the draw did not matter.
        p_adjusted: after Holm over all draws.
        num: episodes in which both are known.
        num_bins: groups of values that were compared.
        trend: rank correlation with the metric; None for names.
    """

    path: str
    index: float
    p_value: float
    p_adjusted: float
    num: int
    num_bins: int
    trend: float | None


def global_effects(
    draws: Sequence[Mapping[str, Scalar]], values: Float[np.ndarray, "n"], permutations: int = PERMUTATIONS
) -> tuple[GlobalEffect, ...]:
    """Rank of the draws of one logical scenario by their share in the spread of a metric.

    The draws are cut into bins of equal counts (names: one for each);
    eta^2 = sum n_b (mean_b - mean)^2 / sum (y - mean)^2 estimates the first-order index, too high by what its mean over
    random permutations shows; this is taken off.
    Source: Pearson's correlation ratio; Sobol', Math. Model. Comput. Exp. 1 (1993) for the index.

    Args:
        draws: numbers and names by path, one mapping for each episode.
        values: the metric, NaN where it does not apply.
        permutations: how many; the smallest p value is 1 / (permutations + 1).

    Returns:
        Effects, the largest first. Draws that are known in fewer than 16 episodes, or never vary, are left out.
    """
    paths = sorted({path for one in draws for path in one})
    found: list[GlobalEffect] = []
    for path in paths:
        rows = np.array([k for k, one in enumerate(draws) if path in one and np.isfinite(values[k])], dtype=np.int64)
        if len(rows) < 2 * MIN_PER_BIN:
            continue
        column = [draws[k][path] for k in rows.tolist()]
        bins = binned(column)
        if bins.max() == 0 or np.ptp(values[rows]) == 0.0:
            continue
        found.append(_global(path, column, bins, values[rows], permutations))
    adjusted = holm([effect.p_value for effect in found])
    done = [GlobalEffect(e.path, e.index, e.p_value, p, e.num, e.num_bins, e.trend)
            for e, p in zip(found, adjusted, strict=True)]  # fmt: skip
    return tuple(sorted(done, key=lambda effect: (-effect.index, effect.p_value, effect.path)))


def binned(column: Sequence[Scalar]) -> Int[np.ndarray, "n"]:
    """Groups of a column: a group for each name, bins of about equal counts for numbers; equal values stay together."""
    if any(isinstance(value, (str, bool)) for value in column):
        return np.unique([str(value) for value in column], return_inverse=True)[1].astype(np.int64)
    numbers = np.array([float(value) for value in column])
    num_bins = int(np.clip(len(numbers) // MIN_PER_BIN, 2, MAX_BINS))
    edges = np.unique(np.quantile(numbers, np.linspace(0.0, 1.0, num_bins + 1)[1:-1], method="lower"))
    return np.unique(np.searchsorted(edges, numbers, side="left"), return_inverse=True)[1].astype(np.int64)


def _global(
    path: str, column: Sequence[Scalar], bins: Int[np.ndarray, "n"], values: Float[np.ndarray, "n"], permutations: int
) -> GlobalEffect:
    rng = np.random.Generator(np.random.Philox(key=SEED))
    seen = correlation_ratio(bins, values)
    chance = np.array([correlation_ratio(bins, rng.permutation(values)) for _ in range(permutations)])
    index = (seen - float(chance.mean())) / max(1.0 - float(chance.mean()), 1e-9)
    p_value = (1 + int((chance >= seen - 1e-12).sum())) / (permutations + 1)
    trend = None
    if not any(isinstance(value, (str, bool)) for value in column):
        from scipy.stats import rankdata

        ranks = rankdata(np.array([float(value) for value in column])), rankdata(values)
        trend = float(np.corrcoef(*ranks)[0, 1])
    return GlobalEffect(path, max(index, 0.0), p_value, p_value, len(values), int(bins.max()) + 1, trend)


def correlation_ratio(bins: Int[np.ndarray, "n"], values: Float[np.ndarray, "n"]) -> float:
    """Share of the variance that lies between groups: eta^2."""
    counts = np.bincount(bins)
    means = np.bincount(bins, weights=values) / np.maximum(counts, 1)
    total = float(((values - values.mean()) ** 2).sum())
    return float((counts * (means - values.mean()) ** 2).sum()) / total if total > 0.0 else 0.0
