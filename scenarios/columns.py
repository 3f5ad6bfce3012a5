"""Many draws of one value at once: the same numbers as one by one, bit for bit.

Only operations whose result IEEE 754 fixes (+ - * / sqrt, comparisons) are done on whole columns; what a
mathematical library computes (powers, normal quantiles) goes through the same function number by number.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from scenarios.randomness import unit_draw, unit_draws
from scenarios.shapes import SMALLEST_FRACTION, Beta, Fitted, Histogram, Triangular
from scenarios.space import Choice, Const, Distribution, IntRange, LogUniform, Normal, Scalar, Uniform
from scenarios.written import LARGEST_FRACTION, normal_quantile

Fractions = Float[np.ndarray, "N"]
Column = np.ndarray


def quantiles(distribution: Distribution, fractions: Fractions) -> Column:
    """`distribution.quantile` of many fractions; texts, and numbers of several types, come as objects."""
    return _QUANTILES[type(distribution)](distribution, fractions)


def _least(one: Column, high: float) -> Column:
    return np.where(high < one, high, one)


def _const(d: Const, f: Fractions) -> Column:
    if isinstance(d.value, str):
        column = np.empty(len(f), dtype=object)
        column[:] = d.value
        return column
    return np.full(len(f), d.value)


def _uniform(d: Uniform, f: Fractions) -> Column:
    return _least(d.low + (d.high - d.low) * f, d.high)


def _normal(d: Normal, f: Fractions) -> Column:
    below, mass = d.limits()
    z = np.array([normal_quantile(p) for p in (below + f * mass).tolist()])
    value = d.mean + d.std * z
    return _least(np.where(d.low > value, d.low, value), d.high) if len(f) else value


def _log_uniform(d: LogUniform, f: Fractions) -> Column:
    return np.array([d.quantile(fraction) for fraction in f.tolist()], dtype=np.float64)


def _int_range(d: IntRange, f: Fractions) -> Column:
    return np.minimum(d.low + (f * (d.high - d.low + 1)).astype(np.int64), d.high)


def _beta(d: Beta, f: Fractions) -> Column:
    from scipy.special import betaincinv

    value = d.low + (d.high - d.low) * betaincinv(d.a, d.b, np.where(f > SMALLEST_FRACTION, f, 0.0))
    return _least(np.where(d.low > value, d.low, value), d.high)


def _triangular(d: Triangular, f: Fractions) -> Column:
    width = d.high - d.low
    rising = d.low + np.sqrt(f * width * (d.mode - d.low))
    falling = d.high - np.sqrt((1.0 - f) * width * (d.high - d.mode))
    return np.where(f * width < d.mode - d.low, _least(rising, d.high), np.where(d.low > falling, d.low, falling))


def _histogram(d: Histogram, f: Fractions) -> Column:
    below, edges = np.array(d.below()), np.array(d.edges)
    k = np.searchsorted(below, f, side="right") - 1
    value = edges[k] + (f - below[k]) / (below[k + 1] - below[k]) * (edges[k + 1] - edges[k])
    return np.where(edges[k + 1] < value, edges[k + 1], value)


def _fitted(d: Fitted, f: Fractions) -> Column:
    values = np.array(d.values)
    steps = len(values) - 1
    k = np.minimum((f * steps).astype(np.int64), steps - 1)
    value = values[k] + (f * steps - k) * (values[k + 1] - values[k])
    return np.where(values[k + 1] < value, values[k + 1], value)


def _choice(d: Choice, f: Fractions) -> Column:
    if not len(f):
        return np.empty(0)
    rest = f * sum(weight for _, weight in d.options)
    taken = np.full(len(f), len(d.options) - 1)
    free = np.ones(len(f), dtype=bool)
    for k, (_, weight) in enumerate(d.options[:-1]):
        here = free & (rest < weight)
        taken[here] = k
        free &= ~here
        rest = np.where(free, rest - weight, rest)
    if all(isinstance(option, Const) for option, _ in d.options):
        return _joined([np.array([option.quantile(0.0)], dtype=_kind(option)) for option, _ in d.options])[taken]
    parts: list[Column] = []
    rows: list[np.ndarray] = []
    for k, (option, weight) in enumerate(d.options):
        at = np.flatnonzero(taken == k)
        inner = rest[at] / weight
        parts.append(quantiles(option, np.minimum(inner, LARGEST_FRACTION) if k == len(d.options) - 1 else inner))
        rows.append(at)
    filled = [part for part in parts if len(part)]
    column = np.empty(len(f), dtype=_joined(filled).dtype)
    for at, part in zip(rows, parts, strict=True):
        column[at] = part.tolist() if column.dtype == object else part
    return column


def _kind(option: Distribution) -> Any:
    return object if isinstance(option, Const) and isinstance(option.value, str) else None


def _joined(parts: Sequence[Column]) -> Column:
    """One column; of objects where the types differ, so that 1 stays 1 beside 0.5."""
    if len({part.dtype for part in parts}) == 1:
        return np.concatenate(parts)
    joined = np.empty(sum(map(len, parts)), dtype=object)
    joined[:] = [item for part in parts for item in part.tolist()]
    return joined


_QUANTILES: dict[type, Callable[[Any, Fractions], Column]] = {
    Const: _const, Uniform: _uniform, Normal: _normal, LogUniform: _log_uniform, IntRange: _int_range, Choice: _choice,
    Beta: _beta, Triangular: _triangular, Histogram: _histogram, Fitted: _fitted,
}  # fmt: skip


MISSES_BEFORE_A_COLUMN = 8


@dataclass(slots=True)
class Chunk:
    """Fractions and draws of a block of indices, each path a column that is made when it is first asked for.

    Attributes:
        seed: seed.
        indices: which draws of that seed.
        points: fractions of a design by path, one for each index; they stand for the first attempt.
        row: which index is being drawn.
    """

    seed: int
    indices: Integer[np.ndarray, "N"]
    points: Mapping[str, Fractions] = field(default_factory=lambda: {})
    row: int = 0
    _fractions: dict[tuple[str, int], Fractions] = field(default_factory=lambda: {})
    _values: dict[tuple[str, int, int], tuple[Distribution, list[Any]]] = field(default_factory=lambda: {})
    _misses: dict[tuple[str, int], int] = field(default_factory=lambda: {})

    def fractions(self, path: str, attempt: int) -> Fractions:
        """Fractions of every index."""
        key = (path, attempt)
        if key not in self._fractions:
            designed = attempt == 0 and path in self.points
            self._fractions[key] = self.points[path] if designed else unit_draws(self.seed, self.indices, path, attempt)
        return self._fractions[key]

    def some_fractions(self, path: str, attempt: int, rows: Integer[np.ndarray, "R"]) -> Float[np.ndarray, "R"]:
        """Fractions of some indices, where the rest is not needed."""
        if (path, attempt) in self._fractions or (attempt == 0 and path in self.points):
            return self.fractions(path, attempt)[rows]
        return unit_draws(self.seed, self.indices[rows], path, attempt)

    def fraction(self, path: str, attempt: int) -> float:
        """Fraction of the present row."""
        if self._worth_a_column(path, attempt):
            return float(self.fractions(path, attempt)[self.row])
        return self._alone(path, attempt)

    def value(self, path: str, attempt: int, distribution: Distribution) -> Scalar:
        """Draw of the present row."""
        kept = self._values.get((path, attempt, id(distribution)))
        if kept is not None:
            return kept[1][self.row]
        if not self._worth_a_column(path, attempt):
            return distribution.quantile(self._alone(path, attempt))
        column = quantiles(distribution, self.fractions(path, attempt)).tolist()
        # The distribution is kept alive with its column, so that its id stays its own.
        self._values[path, attempt, id(distribution)] = distribution, column
        return column[self.row]

    def _alone(self, path: str, attempt: int) -> float:
        if attempt == 0 and path in self.points:
            return float(self.points[path][self.row])
        return unit_draw(self.seed, int(self.indices[self.row]), path, attempt)

    def _worth_a_column(self, path: str, attempt: int) -> bool:
        """First attempts are asked for in nearly every row, later ones only where the first were refused."""
        if len(self.indices) < MISSES_BEFORE_A_COLUMN:
            return False
        if attempt == 0 or (path, attempt) in self._fractions:
            return True
        misses = self._misses[path, attempt] = self._misses.get((path, attempt), 0) + 1
        return misses > MISSES_BEFORE_A_COLUMN
