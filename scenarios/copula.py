"""Values that are drawn jointly: a Gaussian copula with given rank correlations.

A value linked to others with Spearman rank correlations r_j has the normal score z = sum_j b_j z_j + c w, where z_j
are the scores of its partners, w is standard normal, b = R^-1 p, c^2 = 1 - p^T R^-1 p, p_j = 2 sin(pi r_j / 6) and R
holds the correlations among the partners; the value is the quantile of its own distribution at the normal cdf of z.
Marginals stay what they are; where they are continuous, the rank correlations are those that were asked for.
Sources: Nelsen, An Introduction to Copulas (2006), section 5.1; Pearson (1907) for the relation of p to r.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from scenarios.expressions import Expression, Linked, Value
from scenarios.leaf import IllTyped
from scenarios.space import Choice, Const, Distribution, IntRange, Uniform
from scenarios.units import Dimension
from scenarios.written import LARGEST_FRACTION, normal_cdf, normal_quantile

Sources = Mapping[str, Value]
MAX_DEPTH = 32


def linked_value(term: Linked, path: str, get: Callable[[str], Any], sources: Sources) -> Any:
    """The value at `path` that is linked to others, whose values `get` gives.

    Raises:
        IllTyped: a partner is not drawn from a continuous distribution, or the correlations cannot hold together.
    """
    own = normal_quantile(float(get(f"{path}#0")))
    weights, rest = weights_of(term, sources)
    scores = [normal_quantile(marginal_of(name, sources).cdf(float(get(name)))) for name, _ in term.partners]
    score = math.fsum(weight * z for weight, z in zip(weights, scores, strict=True)) + rest * own
    return term.marginal.quantile(min(normal_cdf(score), LARGEST_FRACTION))


def weights_of(term: Linked, sources: Sources) -> tuple[list[float], float]:
    """How much of each partner's score, and of its own chance, a linked value has.

    Raises:
        IllTyped: the correlations cannot hold together.
    """
    asked = [score_correlation(rank) for _, rank in term.partners]
    names = [name for name, _ in term.partners]
    if len(names) == 1:
        return asked, math.sqrt(1.0 - asked[0] ** 2)
    among = np.array([[correlation(one, two, sources) for two in names] for one in names])
    weights = np.linalg.solve(among, np.array(asked))
    left = 1.0 - float(weights @ np.array(asked))
    if left < 0.0:
        raise IllTyped(f"{term.text()}: these rank correlations cannot hold together; take smaller ones")
    return weights.tolist(), math.sqrt(left)


def score_correlation(rank: float) -> float:
    """Correlation of normal scores that gives a rank correlation (Spearman)."""
    return 2.0 * math.sin(math.pi * rank / 6.0)


def correlation(one: str, two: str, sources: Sources) -> float:
    """Correlation of the normal scores of two values."""
    if one == two:
        return 1.0
    deep, flat = sorted((one, two), key=lambda name: _depth(name, sources, 0), reverse=True)
    value = sources.get(deep)
    if not (isinstance(value, Expression) and isinstance(value.term, Linked)):
        return 0.0
    weights, _ = weights_of(value.term, sources)
    partners = [name for name, _ in value.term.partners]
    return math.fsum(w * correlation(name, flat, sources) for w, name in zip(weights, partners, strict=True))


def _depth(name: str, sources: Sources, level: int) -> int:
    if level > MAX_DEPTH:
        raise IllTyped(f"{name} is linked to itself, or through more than {MAX_DEPTH} others")
    value = sources.get(name)
    if isinstance(value, Expression) and isinstance(value.term, Linked):
        return 1 + max(_depth(partner, sources, level + 1) for partner, _ in value.term.partners)
    return 0


def marginal_of(name: str, sources: Sources) -> Distribution:
    """The distribution of a value that others are linked to.

    Raises:
        IllTyped: it is computed, or takes single values.
    """
    value = sources.get(name)
    if isinstance(value, Expression):
        if not isinstance(value.term, Linked):
            raise IllTyped(f"{name} is computed; a value is linked to one that is drawn")
        value = value.term.marginal
    if value is None:
        raise IllTyped(f"nothing gives {name!r}, to which a value is linked")
    if not is_continuous(value):
        raise IllTyped(f"{name} takes single values ({value.text()}); link it to the other one instead")
    return value


def is_continuous(distribution: Distribution) -> bool:
    """Whether no single value has a probability above 0."""
    if isinstance(distribution, Choice):
        return all(is_continuous(option) for option, _ in distribution.options)
    if isinstance(distribution, (Const, IntRange)):
        return False
    if isinstance(distribution, Uniform):
        return distribution.low < distribution.high
    return all(distribution.mass(end) == 0.0 for end in getattr(distribution, "values", distribution.bounds()))


def joint(
    marginals: Mapping[str, Distribution], rank: Sequence[Sequence[float | int]] | np.ndarray
) -> dict[str, Value]:
    """Values for several paths that are drawn jointly, by a matrix of rank correlations in the same order.

    The first keeps its distribution, each later one is linked to all before it. A value that takes single numbers or
    names stands last.

    Raises:
        ValueError: the matrix does not fit the values.
        IllTyped: the rank correlations cannot hold together, or others would be linked to single values.
    """
    names = list(marginals)
    matrix = np.asarray(rank, dtype=np.float64)
    if (
        matrix.shape != (len(names), len(names))
        or not np.allclose(matrix, matrix.T)
        or not (np.diag(matrix) == 1).all()
    ):
        raise ValueError(f"rank correlations of {len(names)} values are a symmetric matrix of that size with ones")
    values: dict[str, Value] = {}
    for k, name in enumerate(names):
        partners = tuple((other, float(matrix[k, j])) for j, other in enumerate(names[:k]))
        values[name] = _linked(marginals[name], partners) if any(r for _, r in partners) else marginals[name]
        if isinstance(linked := values[name], Expression) and isinstance(linked.term, Linked):
            for other, _ in partners:
                marginal_of(other, values)
            weights_of(linked.term, values)
    return values


def _linked(marginal: Distribution, partners: tuple[tuple[str, float], ...]) -> Expression:
    dimension: Dimension = marginal.dimension
    return Expression(Linked(marginal, partners), dimension)
