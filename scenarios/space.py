"""Distributions as values: what a leaf of the scenario tree may be, with its dimension.

Every distribution is drawn through its quantile function from one number in [0, 1), so that random draws, Sobol
points, Latin hypercubes and grids all reach every leaf in the same way. `Expression` (in `expressions`) is the one
value that is computed from others instead.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from scenarios.randomness import unit_draw
from scenarios.units import COUNT, FLAG, RATIO, TEXT, Dimension, format_number, format_quantity, written_numbers

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

    def __contains__(self, value: object) -> bool:
        return value == self.value and isinstance(value, bool) == isinstance(self.value, bool)

    def bounds(self) -> tuple[float, float]:
        """The value twice; texts have no bounds."""
        return _numeric(self.value), _numeric(self.value)

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
        _ordered(self.low, self.high)

    def quantile(self, fraction: float) -> Scalar:
        """The number below which `fraction` of the draws lie."""
        return min(self.low + (self.high - self.low) * fraction, self.high)

    def __contains__(self, value: object) -> bool:
        return _is_number(value) and self.low <= _numeric(value) <= self.high

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return self.low, self.high

    def text(self) -> str:
        """As it is written: `20..33 m/s`."""
        return _range_text(self.low, self.high, self.dimension)


@dataclass(frozen=True, slots=True)
class Normal:
    """Gaussian, cut off at `low` and `high` (renormalised, drawn by inversion of the truncated cdf)."""

    mean: float
    std: float
    low: float
    high: float
    dimension: Dimension = RATIO

    def __post_init__(self) -> None:
        _ordered(self.low, self.high)
        if not (math.isfinite(self.mean) and 0 < self.std < math.inf):
            raise ValueError(f"a normal distribution has a standard deviation above 0, not {self.std}")
        if self._mass()[1] <= 0.0:
            raise ValueError("the limits of a normal distribution leave nothing of it")

    def _mass(self) -> tuple[float, float]:
        below = _normal_cdf((self.low - self.mean) / self.std)
        return below, _normal_cdf((self.high - self.mean) / self.std) - below

    def quantile(self, fraction: float) -> Scalar:
        """The number below which `fraction` of the draws lie."""
        below, mass = self._mass()
        probability = min(max(below + fraction * mass, 1e-300), 1 - 1e-16)
        return min(max(self.mean + self.std * _normal_quantile(probability), self.low), self.high)

    def __contains__(self, value: object) -> bool:
        return _is_number(value) and self.low <= _numeric(value) <= self.high

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return self.low, self.high

    def text(self) -> str:
        """As it is written: `normal(mean, std, low, high)`."""
        return _call_text("normal", (self.mean, self.std, self.low, self.high), self.dimension)


@dataclass(frozen=True, slots=True)
class LogUniform:
    """The logarithm is uniform between the logarithms of `low` and `high`, both above 0."""

    low: float
    high: float
    dimension: Dimension = RATIO

    def __post_init__(self) -> None:
        _ordered(self.low, self.high)
        if self.low <= 0:
            raise ValueError(f"a log-uniform range begins above 0, not at {self.low}")

    def quantile(self, fraction: float) -> Scalar:
        """The number below which `fraction` of the draws lie."""
        return min(max(self.low * (self.high / self.low) ** fraction, self.low), self.high)

    def __contains__(self, value: object) -> bool:
        return _is_number(value) and self.low <= _numeric(value) <= self.high

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return self.low, self.high

    def text(self) -> str:
        """As it is written: `loguniform(low, high)`."""
        return _call_text("loguniform", (self.low, self.high), self.dimension)


@dataclass(frozen=True, slots=True)
class IntRange:
    """Every whole number from `low` to `high` alike, both included."""

    low: int
    high: int

    def __post_init__(self) -> None:
        _ordered(self.low, self.high)

    @property
    def dimension(self) -> Dimension:
        """A count."""
        return COUNT

    def quantile(self, fraction: float) -> Scalar:
        """The number below which `fraction` of the draws lie."""
        return min(self.low + int(fraction * (self.high - self.low + 1)), self.high)

    def __contains__(self, value: object) -> bool:
        return _is_number(value) and float(_numeric(value)).is_integer() and self.low <= _numeric(value) <= self.high

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
        return option.quantile(min(rest / weight, 1 - 2.0**-53))

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


Distribution = Const | Uniform | Normal | LogUniform | IntRange | Choice


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


def _range_text(low: float, high: float, dimension: Dimension) -> str:
    # A point keeps a range of ratios from reading back as a range of whole numbers.
    ends, unit = written_numbers((low, high), dimension)
    if dimension.plain and "." not in "".join(ends) and "e" not in "".join(ends):
        ends = f"{ends[0]}.0", ends[1]
    return f"{ends[0]}..{ends[1]} {unit}".rstrip()


def _call_text(name: str, numbers: tuple[float, ...], dimension: Dimension) -> str:
    return f"{name}({', '.join(format_quantity(number, dimension) for number in numbers)})"


def _ordered(low: float | int, high: float | int) -> None:
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("the ends of a range are finite")
    if low > high:
        raise ValueError(f"a range runs from the smaller to the larger number, not from {low} to {high}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _numeric(value: object) -> float:
    if not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} has no bounds")
    return float(value)


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


@lru_cache(maxsize=1)
def _standard_normal() -> object:
    from statistics import NormalDist  # loads fractions and decimal, which a scenario without Gaussians never needs

    return NormalDist().inv_cdf


def _normal_quantile(probability: float) -> float:
    """Inverse of the standard normal cdf (Wichura, Algorithm AS 241, as the standard library has it)."""
    return _standard_normal()(probability)  # type: ignore[operator,no-any-return]
