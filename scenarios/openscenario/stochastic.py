"""Stochastic distributions of OpenSCENARIO, drawn through their quantile functions."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from driving_data.errors import Fault
from scenarios.openscenario.expressions import to_text
from scenarios.openscenario.node import Node
from scenarios.shapes import Fitted
from scenarios.space import Choice, Const, Distribution, Histogram, Normal, Uniform
from scenarios.units import COUNT, FLAG, RATIO, TEXT, Dimension
from scenarios.written import normal_cdf, normal_quantile

DIMENSIONS: dict[str, Dimension] = {"string": TEXT, "dateTime": TEXT, "boolean": FLAG, "double": RATIO}
FAR_STD = 9.0
"""How many standard deviations stand for "no limit"."""
POISSON_TAIL = 1e-12
FITTED_STEPS = 2000


@dataclass(frozen=True, slots=True)
class Source:
    """Where the values of one parameter come from.

    Attributes:
        quantile: value of a fraction in [0, 1), as text.
        distribution: the same for the scenario algebra; log-normal ones as quantiles with straight lines between.
    """

    quantile: Callable[[float], str]
    distribution: Distribution

    def value(self, fraction: float) -> str:
        """The text of the value below which `fraction` of the draws lie."""
        return self.quantile(fraction)


def dimension_of(type_name: str) -> Dimension:
    """What a parameter of an OpenSCENARIO type measures: a plain number, a count, a flag or a text."""
    return DIMENSIONS.get(type_name, COUNT)


def constant_of(text: str, type_name: str) -> Const:
    """A text as a constant of an OpenSCENARIO type.

    Raises:
        ValueError: the text is no value of that type.
    """
    dimension = dimension_of(type_name)
    if dimension == TEXT:
        return Const(text, TEXT)
    if dimension == FLAG:
        return Const(text.strip().lower() in ("true", "1"), FLAG)
    return Const(int(float(text)) if dimension == COUNT else float(text), dimension)


def source_of(node: Node, type_name: str, faults: list[Fault]) -> Source | None:
    """The source of a StochasticDistribution; None, with a fault, where it cannot be drawn from."""
    inner = node.children[0]
    try:
        return _SOURCES[inner.tag](inner, type_name)
    except KeyError:
        code, found = "unsupported", f"a user-defined distribution of type {inner.get('type')!r}"
        expected = "a distribution of the standard"
    except (ValueError, ArithmeticError) as error:
        code, found, expected = "empty-range", str(error), "a distribution that has values"
    faults.append(
        Fault(inner.source, inner.line, inner.column, f"StochasticDistribution/{inner.tag}", code, found, expected)
    )
    return None


def _limits(node: Node) -> tuple[float, float]:
    limits = node.child("Range")
    if limits is None:
        return -math.inf, math.inf
    low, high = float(limits.get("lowerLimit")), float(limits.get("upperLimit"))
    if not low <= high:
        raise ValueError(f"a range from {low} to {high}")
    return low, high


def _of(distribution: Distribution, type_name: str) -> Source:
    whole = dimension_of(type_name) == COUNT

    def text(fraction: float) -> str:
        value = distribution.quantile(fraction)
        return to_text(float(round(value)) if whole and isinstance(value, float) else _plain(value))

    return Source(text, distribution)


def _plain(value: float | int | str | bool) -> float | str | bool:
    return value if isinstance(value, (bool, str)) else float(value)


def _set(node: Node, type_name: str) -> Source:
    options = tuple((constant_of(item.get("value"), type_name), float(item.get("weight"))) for item in node.children)
    return _of(Choice(tuple(option for option in options if option[1] > 0)), type_name)


def _uniform(node: Node, type_name: str) -> Source:
    low, high = _limits(node)
    return _of(Uniform(low, high), type_name)


def _mean_and_std(node: Node) -> tuple[float, float]:
    mean, variance = float(node.get("expectedValue")), float(node.get("variance"))
    if not variance > 0:
        raise ValueError(f"a variance of {variance}")
    return mean, math.sqrt(variance)


def _normal(node: Node, type_name: str) -> Source:
    mean, std = _mean_and_std(node)
    low, high = _limits(node)
    low, high = max(low, mean - FAR_STD * std), min(high, mean + FAR_STD * std)
    return _of(Normal(mean, std, low, high), type_name)


def _log_normal(node: Node, type_name: str) -> Source:
    """Log-normal with the given mean and variance of the value itself.

    sigma^2 = ln(1 + variance / mean^2),  mu = ln(mean) - sigma^2 / 2
    """
    mean, std = _mean_and_std(node)
    if not mean > 0:
        raise ValueError(f"an expected value of {mean} of a log-normal distribution")
    sigma = math.sqrt(math.log1p((std / mean) ** 2))
    mu = math.log(mean) - 0.5 * sigma * sigma
    low, high = _limits(node)
    below = normal_cdf((math.log(low) - mu) / sigma) if low > 0 else 0.0
    above = normal_cdf((math.log(high) - mu) / sigma) if 0 < high < math.inf else float(high > 0)
    if not above > below:
        raise ValueError(f"a log-normal distribution with nothing from {low} to {high}")

    def value(fraction: float) -> float:
        share = min(max(below + fraction * (above - below), 1e-15), 1.0 - 1e-15)
        return min(max(math.exp(mu + sigma * normal_quantile(share)), low), high)

    quantiles = tuple(value(i / FITTED_STEPS) for i in range(FITTED_STEPS + 1))
    return Source(lambda fraction: to_text(value(fraction)), Fitted(tuple(sorted(quantiles))))


def _poisson(node: Node, type_name: str) -> Source:
    """Poisson by its probabilities, exp(-m) m^k / k!, as far as they count."""
    mean = float(node.get("expectedValue"))
    if not 0 < mean < 1e6:
        raise ValueError(f"an expected value of {mean}")
    low, high = _limits(node)
    spread = 10.0 * math.sqrt(mean) + 20.0
    counts = range(max(0, math.ceil(max(low, mean - spread))), math.floor(min(high, mean + spread)) + 1)
    weights = [(k, math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))) for k in counts]
    kept = tuple((constant_of(str(k), type_name), weight) for k, weight in weights if weight > POISSON_TAIL)
    if not kept:
        raise ValueError(f"a Poisson distribution with nothing from {low} to {high}")
    return _of(Choice(kept), type_name)


def _histogram(node: Node, type_name: str) -> Source:
    """Bins may have gaps between them; they must not overlap."""
    bins = sorted((*_limits(item), float(item.get("weight"))) for item in node.all("Bin"))
    edges, weights = [bins[0][0]], list[float]()
    for low, high, weight in bins:
        if low < edges[-1]:
            raise ValueError(f"a bin from {low} that begins before {edges[-1]}, the end of another")
        if low > edges[-1]:
            edges.append(low)
            weights.append(0.0)
        edges.append(high)
        weights.append(weight)
    return _of(Histogram(tuple(edges), tuple(weights)), type_name)


_SOURCES: dict[str, Callable[[Node, str], Source]] = {
    "ProbabilityDistributionSet": _set,
    "NormalDistribution": _normal,
    "LogNormalDistribution": _log_normal,
    "UniformDistribution": _uniform,
    "PoissonDistribution": _poisson,
    "Histogram": _histogram,
}
