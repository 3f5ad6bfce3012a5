"""Distributions with a shape: beta, triangular, histogram, and quantiles that were read off real values.

Like those of `space` they are drawn through their quantile functions. `fit` makes one from a column of numbers.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from scenarios.units import RATIO, Dimension
from scenarios.written import as_number, call_text, is_number, plain_number, range_text, require_ordered, table_text

# Below it the inverse of the incomplete beta function is not computed reliably; no draw is that small.
SMALLEST_FRACTION = 1e-30


@dataclass(frozen=True, slots=True)
class Beta:
    """Beta with shape parameters `a` and `b`, stretched from `low` to `high`."""

    a: float
    b: float
    low: float
    high: float
    dimension: Dimension = RATIO

    def __post_init__(self) -> None:
        require_ordered(self.low, self.high)
        if not (0 < self.a < math.inf and 0 < self.b < math.inf):
            raise ValueError(f"the shape parameters of a beta distribution are above 0, not {self.a} and {self.b}")
        if self.low == self.high:
            raise ValueError("a beta distribution runs over a range that is not a point")

    def quantile(self, fraction: float) -> float:
        """The number below which `fraction` of the draws lie."""
        from scipy.special import betaincinv

        share = float(betaincinv(self.a, self.b, fraction if fraction > SMALLEST_FRACTION else 0.0))
        return min(max(self.low + (self.high - self.low) * share, self.low), self.high)

    def cdf(self, value: float) -> float:
        """Share of the draws at or below `value`."""
        from scipy.special import betainc

        inside = min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        return float(betainc(self.a, self.b, inside))

    def density(self, value: float) -> float:
        """Density at `value`, per base unit."""
        x = (value - self.low) / (self.high - self.low)
        if not 0.0 < x < 1.0:
            return 0.0
        log_beta = math.lgamma(self.a) + math.lgamma(self.b) - math.lgamma(self.a + self.b)
        exponent = (self.a - 1) * math.log(x) + (self.b - 1) * math.log1p(-x) - log_beta
        return math.exp(exponent) / (self.high - self.low)

    def mass(self, value: object) -> float:
        """Share of the draws that are exactly `value`: none."""
        return 0.0

    def measure(self, low: float, high: float) -> float:
        """Share of the draws above `low`, up to and including `high`."""
        return max(self.cdf(high) - self.cdf(low), 0.0)

    def __contains__(self, value: object) -> bool:
        return is_number(value) and self.low <= as_number(value) <= self.high

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return self.low, self.high

    def text(self) -> str:
        """As it is written: `beta(2, 5, 0..30 m)`."""
        shape = f"{plain_number(self.a)}, {plain_number(self.b)}"
        return f"beta({shape}, {range_text(self.low, self.high, self.dimension)})"


@dataclass(frozen=True, slots=True)
class Triangular:
    """Density rises in a straight line from `low` to `mode` and falls in one to `high`."""

    low: float
    mode: float
    high: float
    dimension: Dimension = RATIO

    def __post_init__(self) -> None:
        require_ordered(self.low, self.high)
        if not self.low <= self.mode <= self.high or self.low == self.high:
            raise ValueError(f"a triangle has its mode between its ends, not {self.mode} in {self.low}..{self.high}")

    def quantile(self, fraction: float) -> float:
        """The number below which `fraction` of the draws lie."""
        width = self.high - self.low
        if fraction * width < self.mode - self.low:
            return min(self.low + math.sqrt(fraction * width * (self.mode - self.low)), self.high)
        return max(self.high - math.sqrt((1.0 - fraction) * width * (self.high - self.mode)), self.low)

    def cdf(self, value: float) -> float:
        """Share of the draws at or below `value`."""
        if value <= self.low:
            return 0.0
        if value >= self.high:
            return 1.0
        width = self.high - self.low
        if value < self.mode:
            return (value - self.low) ** 2 / (width * (self.mode - self.low))
        return 1.0 - (self.high - value) ** 2 / (width * (self.high - self.mode))

    def density(self, value: float) -> float:
        """Density at `value`, per base unit."""
        if not self.low <= value <= self.high:
            return 0.0
        width = self.high - self.low
        if value < self.mode:
            return 2.0 * (value - self.low) / (width * (self.mode - self.low))
        return 2.0 * (self.high - value) / (width * (self.high - self.mode)) if value > self.mode else 2.0 / width

    def mass(self, value: object) -> float:
        """Share of the draws that are exactly `value`: none."""
        return 0.0

    def measure(self, low: float, high: float) -> float:
        """Share of the draws above `low`, up to and including `high`."""
        return max(self.cdf(high) - self.cdf(low), 0.0)

    def __contains__(self, value: object) -> bool:
        return is_number(value) and self.low <= as_number(value) <= self.high

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return self.low, self.high

    def text(self) -> str:
        """As it is written: `triangular(low, mode, high)`."""
        return call_text("triangular", (self.low, self.mode, self.high), self.dimension)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bins with weights, every number of a bin alike.

    Attributes:
        edges: ends of the bins, rising.
        weights: one for each bin, at least 0, together above 0.
        dimension: what the edges measure.
    """

    edges: tuple[float, ...]
    weights: tuple[float, ...]
    dimension: Dimension = RATIO

    def __post_init__(self) -> None:
        if len(self.edges) != len(self.weights) + 1 or not self.weights:
            raise ValueError("a histogram has one edge more than it has weights")
        if any(not math.isfinite(edge) for edge in self.edges) or list(self.edges) != sorted(set(self.edges)):
            raise ValueError("the edges of a histogram are finite and rise")
        if any(not 0 <= weight < math.inf for weight in self.weights) or sum(self.weights) <= 0:
            raise ValueError("the weights of a histogram are at least 0, and one of them is above 0")

    def below(self) -> list[float]:
        """Share of the draws below each edge."""
        total, running, found = math.fsum(self.weights), 0.0, [0.0]
        for weight in self.weights:
            running += weight
            found.append(min(running / total, 1.0))
        return [*found[:-1], 1.0]

    def quantile(self, fraction: float) -> float:
        """The number below which `fraction` of the draws lie."""
        below = self.below()
        k = bisect_right(below, fraction) - 1
        low, high = self.edges[k], self.edges[k + 1]
        return min(low + (fraction - below[k]) / (below[k + 1] - below[k]) * (high - low), high)

    def cdf(self, value: float) -> float:
        """Share of the draws at or below `value`."""
        if value <= self.edges[0]:
            return 0.0
        if value >= self.edges[-1]:
            return 1.0
        k, below = bisect_right(self.edges, value) - 1, self.below()
        share = (value - self.edges[k]) / (self.edges[k + 1] - self.edges[k])
        return below[k] + share * (below[k + 1] - below[k])

    def density(self, value: float) -> float:
        """Density at `value`, per base unit."""
        if not self.edges[0] <= value <= self.edges[-1]:
            return 0.0
        k, below = min(bisect_right(self.edges, value), len(self.weights)) - 1, self.below()
        return (below[k + 1] - below[k]) / (self.edges[k + 1] - self.edges[k])

    def mass(self, value: object) -> float:
        """Share of the draws that are exactly `value`: none."""
        return 0.0

    def measure(self, low: float, high: float) -> float:
        """Share of the draws above `low`, up to and including `high`."""
        return max(self.cdf(high) - self.cdf(low), 0.0)

    def __contains__(self, value: object) -> bool:
        if not is_number(value) or not self.edges[0] <= as_number(value) <= self.edges[-1]:
            return False
        k = bisect_left(self.edges, as_number(value))
        beside = self.weights[max(k - 1, 0) : k + 1] if self.edges[k] == value else self.weights[k - 1 : k]
        return any(weight > 0 for weight in beside)

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value of a bin with weight."""
        filled = [k for k, weight in enumerate(self.weights) if weight > 0]
        return self.edges[filled[0]], self.edges[filled[-1] + 1]

    def text(self) -> str:
        """As it is written: `histogram(0 @ 3, 10 @ 5, 30 m)`, weight 3 from 0 to 10 m and 5 from there to 30 m."""
        behind = tuple(f" @ {plain_number(weight)}" for weight in self.weights)
        return table_text("histogram", self.edges, self.dimension, behind)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Quantiles of real values at equally spaced fractions, straight between them: from smallest to largest.

    Values that repeat make an atom: `Fitted((0, 0, 0, 5, 9))` is 0 in half of the draws.
    """

    values: tuple[float, ...]
    dimension: Dimension = RATIO

    def __post_init__(self) -> None:
        if len(self.values) < 2 or any(not math.isfinite(value) for value in self.values):
            raise ValueError("fitted takes at least two finite values")
        if list(self.values) != sorted(self.values):
            raise ValueError("the quantiles of a fitted distribution do not fall")

    def quantile(self, fraction: float) -> float:
        """The number below which `fraction` of the draws lie."""
        steps = len(self.values) - 1
        k = min(int(fraction * steps), steps - 1)
        low, high = self.values[k], self.values[k + 1]
        return min(low + (fraction * steps - k) * (high - low), high)

    def cdf(self, value: float) -> float:
        """Share of the draws at or below `value`."""
        k = bisect_right(self.values, value) - 1
        steps = len(self.values) - 1
        if k < 0 or k >= steps:
            return 0.0 if k < 0 else 1.0
        return (k + (value - self.values[k]) / (self.values[k + 1] - self.values[k])) / steps

    def density(self, value: float) -> float:
        """Density at `value` where it is no atom, per base unit."""
        if not self.values[0] <= value <= self.values[-1]:
            return 0.0
        steps = len(self.values) - 1
        k = min(bisect_right(self.values, value), steps) - 1
        width = self.values[k + 1] - self.values[k]
        return 1.0 / (steps * width) if width > 0 else 0.0

    def mass(self, value: object) -> float:
        """Share of the draws that are exactly `value`."""
        if not is_number(value):
            return 0.0
        number = as_number(value)
        repeats = bisect_right(self.values, number) - bisect_left(self.values, number)
        return max(repeats - 1, 0) / (len(self.values) - 1)

    def measure(self, low: float, high: float) -> float:
        """Share of the draws above `low`, up to and including `high`."""
        return max(self.cdf(high) - self.cdf(low), 0.0)

    def __contains__(self, value: object) -> bool:
        return is_number(value) and self.values[0] <= as_number(value) <= self.values[-1]

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return self.values[0], self.values[-1]

    def text(self) -> str:
        """As it is written: `fitted(1.2, 3.4, 8 m/s)`."""
        return table_text("fitted", self.values, self.dimension)


def fit(
    column: Float[np.ndarray, "N"] | Iterable[float], dimension: Dimension = RATIO, steps: int = 20, digits: int = 4
) -> Fitted:  # fmt: skip
    """The distribution of a column of real values, as its quantiles at `steps` + 1 equally spaced fractions.

    Args:
        column: values in base units, as the speeds of logged segments; NaN (nothing was seen) is left out.
        dimension: what they measure.
        steps: into how many equally likely parts the values are cut.
        digits: significant digits kept of each quantile.

    Raises:
        ValueError: the column holds no number.
    """
    values = np.asarray(column if isinstance(column, np.ndarray) else list(column), dtype=np.float64).ravel()
    values = values[np.isfinite(values)]
    if not len(values) or steps < 1:
        raise ValueError("nothing to fit: the column holds no number" if steps >= 1 else "at least one step is needed")
    quantiles = np.quantile(values, np.linspace(0.0, 1.0, steps + 1))
    return Fitted(tuple(float(f"{value:.{digits}g}") for value in quantiles), dimension)
