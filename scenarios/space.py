"""Distributions as values: what a leaf of the scenario tree may be, with its dimension.

Every distribution is drawn through its quantile function from one number in [0, 1), so that random draws, Sobol
points, Latin hypercubes and grids all reach every leaf in the same way. `Expression` (in `expressions`) is the one
value that is computed from others instead.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.randomness import unit_draw
from scenarios.shapes import Beta, Fitted, Histogram, Triangular
from scenarios.units import COUNT, FLAG, RATIO, TEXT, Dimension, format_number, format_quantity
from scenarios.written import (
    LARGEST_FRACTION,
    as_number,
    call_text,
    is_number,
    normal_cdf,
    normal_density,
    normal_quantile,
    range_text,
    require_ordered,
)

Scalar = float | int | str | bool


@dataclass(frozen=True, slots=True)
class Const:
    """One value, in base units."""

    value: Scalar
    dimension: Dimension = RATIO

    def __post_init__(self) -> None:
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise ValueError(f"a constant is finite, not {self.value}")

    def quantile(self, fraction: float) -> Scalar:
        """The value, whatever the fraction."""
        return self.value

    def cdf(self, value: float) -> float:
        """Share of the draws at or below `value`; texts have no order."""
        return 1.0 if value >= as_number(self.value) else 0.0

    def density(self, value: float) -> float:
        """Density beside the atoms: none."""
        return 0.0

    def mass(self, value: object) -> float:
        """Share of the draws that are exactly `value`."""
        return 1.0 if value in self else 0.0

    def measure(self, low: float, high: float) -> float:
        """Share of the draws above `low`, up to and including `high`."""
        return max(self.cdf(high) - self.cdf(low), 0.0)

    def __contains__(self, value: object) -> bool:
        return value == self.value and isinstance(value, bool) == isinstance(self.value, bool)

    def bounds(self) -> tuple[float, float]:
        """The value twice; texts have no bounds."""
        return as_number(self.value), as_number(self.value)

    def text(self) -> str:
        """As it is written."""
        return scalar_text(self.value, self.dimension)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Every number from `low` to `high` alike."""

    low: float
    high: float
    dimension: Dimension = RATIO

    def __post_init__(self) -> None:
        require_ordered(self.low, self.high)

    def quantile(self, fraction: float) -> Scalar:
        """The number below which `fraction` of the draws lie."""
        return min(self.low + (self.high - self.low) * fraction, self.high)

    def cdf(self, value: float) -> float:
        """Share of the draws at or below `value`."""
        if value >= self.high:
            return 1.0
        return (value - self.low) / (self.high - self.low) if value > self.low else 0.0

    def density(self, value: float) -> float:
        """Density at `value`, per base unit."""
        return 1.0 / (self.high - self.low) if self.low <= value <= self.high > self.low else 0.0

    def mass(self, value: object) -> float:
        """Share of the draws that are exactly `value`."""
        return 1.0 if self.low == self.high == value else 0.0

    def measure(self, low: float, high: float) -> float:
        """Share of the draws above `low`, up to and including `high`."""
        return max(self.cdf(high) - self.cdf(low), 0.0)

    def __contains__(self, value: object) -> bool:
        return is_number(value) and self.low <= as_number(value) <= self.high

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return self.low, self.high

    def text(self) -> str:
        """As it is written: `20..33 m/s`."""
        return range_text(self.low, self.high, self.dimension)


@dataclass(frozen=True, slots=True)
class Normal:
    """Gaussian, cut off at `low` and `high` (renormalised, drawn by inversion of the truncated cdf)."""

    mean: float
    std: float
    low: float
    high: float
    dimension: Dimension = RATIO

    def __post_init__(self) -> None:
        require_ordered(self.low, self.high)
        if not (math.isfinite(self.mean) and 0 < self.std < math.inf):
            raise ValueError(f"a normal distribution has a standard deviation above 0, not {self.std}")
        if self.limits()[1] <= 0.0:
            raise ValueError("the limits of a normal distribution leave nothing of it")

    def limits(self) -> tuple[float, float]:
        """Share of the whole curve below the lower limit, and between the two."""
        below = normal_cdf((self.low - self.mean) / self.std)
        return below, normal_cdf((self.high - self.mean) / self.std) - below

    def quantile(self, fraction: float) -> Scalar:
        """The number below which `fraction` of the draws lie."""
        below, mass = self.limits()
        return min(max(self.mean + self.std * normal_quantile(below + fraction * mass), self.low), self.high)

    def cdf(self, value: float) -> float:
        """Share of the draws at or below `value`."""
        if value >= self.high:
            return 1.0
        below, mass = self.limits()
        return max((normal_cdf((value - self.mean) / self.std) - below) / mass, 0.0) if value > self.low else 0.0

    def density(self, value: float) -> float:
        """Density at `value`, per base unit."""
        if not self.low <= value <= self.high:
            return 0.0
        return normal_density((value - self.mean) / self.std) / (self.std * self.limits()[1])

    def mass(self, value: object) -> float:
        """Share of the draws that are exactly `value`."""
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
        """As it is written: `normal(mean, std, low, high)`."""
        return call_text("normal", (self.mean, self.std, self.low, self.high), self.dimension)


@dataclass(frozen=True, slots=True)
class LogUniform:
    """The logarithm is uniform between the logarithms of `low` and `high`, both above 0."""

    low: float
    high: float
    dimension: Dimension = RATIO

    def __post_init__(self) -> None:
        require_ordered(self.low, self.high)
        if self.low <= 0:
            raise ValueError(f"a log-uniform range begins above 0, not at {self.low}")

    def quantile(self, fraction: float) -> Scalar:
        """The number below which `fraction` of the draws lie."""
        return min(max(self.low * (self.high / self.low) ** fraction, self.low), self.high)

    def cdf(self, value: float) -> float:
        """Share of the draws at or below `value`."""
        if value >= self.high:
            return 1.0
        return math.log(value / self.low) / math.log(self.high / self.low) if value > self.low else 0.0

    def density(self, value: float) -> float:
        """Density at `value`, per base unit."""
        inside = self.low <= value <= self.high > self.low
        return 1.0 / (value * math.log(self.high / self.low)) if inside else 0.0

    def mass(self, value: object) -> float:
        """Share of the draws that are exactly `value`."""
        return 1.0 if self.low == self.high == value else 0.0

    def measure(self, low: float, high: float) -> float:
        """Share of the draws above `low`, up to and including `high`."""
        return max(self.cdf(high) - self.cdf(low), 0.0)

    def __contains__(self, value: object) -> bool:
        return is_number(value) and self.low <= as_number(value) <= self.high

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return self.low, self.high

    def text(self) -> str:
        """As it is written: `loguniform(low, high)`."""
        return call_text("loguniform", (self.low, self.high), self.dimension)


@dataclass(frozen=True, slots=True)
class IntRange:
    """Every whole number from `low` to `high` alike, both included."""

    low: int
    high: int

    def __post_init__(self) -> None:
        require_ordered(self.low, self.high)

    @property
    def dimension(self) -> Dimension:
        """A count."""
        return COUNT

    def quantile(self, fraction: float) -> Scalar:
        """The number below which `fraction` of the draws lie."""
        return min(self.low + int(fraction * (self.high - self.low + 1)), self.high)

    def cdf(self, value: float) -> float:
        """Share of the draws at or below `value`."""
        if value >= self.high:
            return 1.0
        return (math.floor(value) - self.low + 1) / (self.high - self.low + 1) if value >= self.low else 0.0

    def density(self, value: float) -> float:
        """Density beside the atoms: none."""
        return 0.0

    def mass(self, value: object) -> float:
        """Share of the draws that are exactly `value`."""
        return 1.0 / (self.high - self.low + 1) if value in self else 0.0

    def measure(self, low: float, high: float) -> float:
        """Share of the draws above `low`, up to and including `high`."""
        return max(self.cdf(high) - self.cdf(low), 0.0)

    def __contains__(self, value: object) -> bool:
        return is_number(value) and float(as_number(value)).is_integer() and self.low <= as_number(value) <= self.high

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return float(self.low), float(self.high)

    def text(self) -> str:
        """As it is written: `2..5`."""
        return f"{self.low}..{self.high}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several distributions or constants, by weight; weights need not sum to 1."""

    options: "tuple[tuple[Distribution, float], ...]"

    def __post_init__(self) -> None:
        if not self.options:
            raise ValueError("a choice has at least one option")
        if any(not (0 < weight < math.inf) for _, weight in self.options):
            raise ValueError("the weights of a choice are above 0")
        if len({option.dimension.as_number() for option, _ in self.options}) > 1:
            raise ValueError("the options of a choice measure the same thing")

    @property
    def dimension(self) -> Dimension:
        """What the options measure."""
        dimensions = {option.dimension for option, _ in self.options}
        return next(iter(dimensions)) if len(dimensions) == 1 else RATIO

    def quantile(self, fraction: float) -> Scalar:
        """The option into whose share `fraction` falls, drawn with what is left of it."""
        total = sum(weight for _, weight in self.options)
        rest = fraction * total
        for option, weight in self.options[:-1]:
            if rest < weight:
                return option.quantile(rest / weight)
            rest -= weight
        option, weight = self.options[-1]
        return option.quantile(min(rest / weight, LARGEST_FRACTION))

    def cdf(self, value: float) -> float:
        """Share of the draws at or below `value`; texts have no order."""
        return self._mixed([option.cdf(value) for option, _ in self.options])

    def density(self, value: float) -> float:
        """Density at `value` beside the atoms, per base unit."""
        return self._mixed([option.density(value) for option, _ in self.options])

    def mass(self, value: object) -> float:
        """Share of the draws that are exactly `value`."""
        return self._mixed([option.mass(value) for option, _ in self.options])

    def _mixed(self, shares: list[float]) -> float:
        total = math.fsum(weight for _, weight in self.options)
        weighted = zip(shares, self.options, strict=True)
        return min(math.fsum(share * weight for share, (_, weight) in weighted) / total, math.inf)

    def measure(self, low: float, high: float) -> float:
        """Share of the draws above `low`, up to and including `high`."""
        return max(self.cdf(high) - self.cdf(low), 0.0)

    def __contains__(self, value: object) -> bool:
        return any(value in option for option, _ in self.options)

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value of any option."""
        pairs = [option.bounds() for option, _ in self.options]
        return min(low for low, _ in pairs), max(high for _, high in pairs)

    def text(self) -> str:
        """As it is written: `a @ 3 | b`, without weights where they are equal."""
        equal = len({weight for _, weight in self.options}) == 1
        texts = [f"({option.text()})" if isinstance(option, Choice) else option.text() for option, _ in self.options]
        if equal:
            return " | ".join(texts)
        return " | ".join(f"{t} @ {format_number(w)}" for t, (_, w) in zip(texts, self.options, strict=True))


Distribution = Const | Uniform | Normal | LogUniform | IntRange | Choice | Beta | Triangular | Histogram | Fitted


def sample(distribution: Distribution, seed: int, index: int, path: str) -> Scalar:
    """The draw of the leaf at `path` in scenario `index` of `seed`."""
    return distribution.quantile(unit_draw(seed, index, path))


def one_of(*options: Scalar | Distribution, weights: Sequence[float] | None = None) -> Choice:
    """A choice among constants and distributions, equal unless `weights` are given."""
    values = tuple(option if not isinstance(option, (float, int, str)) else const(option) for option in options)
    return Choice(tuple(zip(values, weights or [1.0] * len(values), strict=True)))


def const(value: Scalar, dimension: Dimension | None = None) -> Const:
    """A constant; the dimension of texts, flags and whole numbers is seen from the value."""
    if dimension is not None:
        return Const(value, dimension)
    if isinstance(value, bool):
        return Const(value, FLAG)
    if isinstance(value, str):
        return Const(value, TEXT)
    return Const(value, COUNT if isinstance(value, int) else RATIO)


def scalar_text(value: Scalar, dimension: Dimension) -> str:
    """A scalar as it is written in a file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else format_quantity(value, dimension)


def is_constant(value: object) -> bool:
    """Whether a value can only take one value."""
    return isinstance(value, Const)
