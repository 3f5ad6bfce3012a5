"""Distributions as they are written, `name(arguments)`: how many arguments each takes and what they mean."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scenarios.expressions import TextFault
from scenarios.shapes import Beta, Fitted, Histogram, Triangular
from scenarios.space import Distribution, IntRange, LogUniform, Normal, Uniform
from scenarios.units import RATIO, UNITS, Dimension, to_base

# Beyond so many standard deviations lies less of the curve than one draw in 2^53.
OPEN_END_STDS = 8.25
PLAIN_END_STDS = 4.0


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written; one without unit takes that of the next number that has one."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: a number, a number with a weight, or a range that may be open at one end.

    Attributes:
        low: the number, or where the range begins; None where it is open.
        high: where the range ends; None where it is open, and for a number.
        weight: behind `@`; 1 without.
        offset: where it stands in the text.
        is_range: whether it is a range.
    """

    low: Number | None
    high: Number | None
    weight: float
    offset: int
    is_range: bool


@dataclass(frozen=True, slots=True)
class Form:
    """How a distribution is written and made.

    Attributes:
        text: how it is written.
        make: the distribution of numbers in base units, weights, ends of the range, and what they measure.
        plain: how many arguments at the beginning have no unit, as the shape parameters of `beta`.
        counts: of numbers that it takes; empty for any.
        ranged: whether a range stands at the end.
    """

    text: str
    make: "Callable[[Numbers], Distribution]"
    counts: tuple[int, ...] = ()
    plain: int = 0
    ranged: bool = False


@dataclass(frozen=True, slots=True)
class Numbers:
    """Arguments in base units."""

    values: tuple[float, ...]
    weights: tuple[float, ...]
    low: float | None
    high: float | None
    dimension: Dimension


def distribution_of(name: str, arguments: Sequence[Argument], offset: int) -> Distribution:
    """The distribution that `name(arguments)` means.

    Raises:
        TextFault: arguments are missing, too many, do not measure the same, or make no distribution.
    """
    form = DISTRIBUTIONS[name]
    try:
        numbers = _numbers(form, arguments)
        weighted = [argument for argument in arguments if argument.weight != 1.0]
        if weighted and name != "histogram":
            raise ValueError("a weight stands behind an alternative or an edge of a histogram")
        if form.counts and len(numbers.values) not in form.counts:
            raise ValueError(f"{name} with {len(numbers.values)} numbers")
        return form.make(numbers)
    except ValueError as error:
        if isinstance(error, TextFault):
            raise
        raise TextFault("bad-distribution", str(error), form.text, offset) from None


def _numbers(form: Form, arguments: Sequence[Argument]) -> Numbers:
    ranged = bool(arguments and arguments[-1].is_range)
    if any(argument.is_range for argument in arguments[:-1]) or form.ranged != ranged:
        raise ValueError("a range stands at the end" if form.ranged else "numbers, and no range, are meant")
    shape, rest = arguments[: form.plain], arguments[form.plain :]
    plain = [argument.low for argument in shape if argument.low is not None]
    if any(number.unit for number in plain):
        raise ValueError("the first numbers are shape parameters and have no unit")
    ends = [end for argument in rest for end in (argument.low, argument.high) if end is not None]
    dimension, scaled = _in_base_units(ends, rest[0].offset if rest else 0)
    low = high = None
    if ranged:
        high = scaled.pop() if rest[-1].high is not None else None
        low = scaled.pop() if rest[-1].low is not None else None
    weights = tuple(argument.weight for argument in arguments)
    return Numbers((*(number.value for number in plain), *scaled), weights, low, high, dimension)


def _in_base_units(ends: Sequence[Number], offset: int) -> tuple[Dimension, list[float]]:
    found: list[float] = []
    unit = ""
    dimensions: set[Dimension] = set()
    for end in reversed(ends):
        unit = end.unit or unit
        found.append(to_base(end.value, unit) if unit else end.value)
        dimensions.add(UNITS[unit][1] if unit else RATIO)
    if len(dimensions) > 1:
        raise TextFault("wrong-dimension", "the numbers of a distribution", "numbers that measure the same", offset)
    return (dimensions.pop() if dimensions else RATIO), found[::-1]


def _normal(n: Numbers) -> Distribution:
    mean, std = n.values[:2]
    if len(n.values) == 4:
        low, high = n.values[2:]
    elif n.low is None and n.high is None:
        low, high = mean - PLAIN_END_STDS * std, mean + PLAIN_END_STDS * std
    else:
        low = n.low if n.low is not None else min(mean, n.high or mean) - OPEN_END_STDS * std
        high = n.high if n.high is not None else max(mean, low) + OPEN_END_STDS * std
    return Normal(mean, std, low, high, n.dimension)


def _truncated(n: Numbers) -> Distribution:
    if n.low is None and n.high is None:
        raise ValueError("truncated takes the range that is left, as 5..15 m/s, 5 m/s.. or ..15 m/s")
    return _normal(n)


def _beta(n: Numbers) -> Distribution:
    if n.low is None or n.high is None:
        raise ValueError("beta takes a range with two ends")
    return Beta(n.values[0], n.values[1], n.low, n.high, n.dimension)


def _int(n: Numbers) -> Distribution:
    if not all(number.is_integer() for number in n.values) or n.dimension != RATIO:
        raise ValueError("int takes whole numbers")
    return IntRange(int(n.values[0]), int(n.values[1]))


def _numbers_to(kind: Callable[..., Distribution]) -> "Callable[[Numbers], Distribution]":
    """Makes a distribution whose parameters are the numbers in order, and what they measure."""
    return lambda numbers: kind(*numbers.values, numbers.dimension)


DISTRIBUTIONS: dict[str, Form] = {
    "uniform": Form("uniform(low, high)", _numbers_to(Uniform), (2,)),
    "normal": Form("normal(mean, std) or normal(mean, std, low, high)", _normal, (2, 4)),
    "loguniform": Form("loguniform(low, high) with 0 < low < high", _numbers_to(LogUniform), (2,)),
    "int": Form("int(low, high)", _int, (2,)),
    "truncated": Form("truncated(mean, std, low..high), one end may be open", _truncated, (2,), ranged=True),
    "beta": Form("beta(a, b, low..high)", _beta, (2,), plain=2, ranged=True),
    "triangular": Form("triangular(low, mode, high)", _numbers_to(Triangular), (3,)),
    "histogram": Form(
        "histogram(0 @ 3, 10 @ 5, 30 m): edges with the weight up to the next",
        lambda n: Histogram(n.values, n.weights[:-1], n.dimension),
    ),
    "fitted": Form("fitted(1.2, 3.4, 8 m/s): quantiles that do not fall", lambda n: Fitted(n.values, n.dimension)),
}
