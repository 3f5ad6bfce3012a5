"""How distributions are written, and the checks and the normal curve that several of them share."""

import math
from functools import lru_cache

from scenarios.units import Dimension, format_number, format_quantity, written_numbers

LARGEST_FRACTION = 1 - 2.0**-53


def range_text(low: float, high: float, dimension: Dimension) -> str:
    """A range: `20..33 m/s`."""
    # A point keeps a range of ratios from reading back as a range of whole numbers.
    ends, unit = written_numbers((low, high), dimension)
    if dimension.plain and "." not in "".join(ends) and "e" not in "".join(ends):
        ends = f"{ends[0]}.0", ends[1]
    return f"{ends[0]}..{ends[1]} {unit}".rstrip()


def call_text(name: str, numbers: tuple[float, ...], dimension: Dimension) -> str:
    """A distribution by name: `normal(8 m, 2 m, 0 m, 16 m)`."""
    return f"{name}({', '.join(format_quantity(number, dimension) for number in numbers)})"


def table_text(name: str, numbers: tuple[float, ...], dimension: Dimension, behind: tuple[str, ...] = ()) -> str:
    """Many numbers in one unit, which stands behind the last: `fitted(1, 2.5, 7 m/s)`."""
    texts, unit = written_numbers(numbers, dimension)
    listed = [text + more for text, more in zip(texts, (*behind, ""), strict=True)] if behind else list(texts)
    return f"{name}({', '.join(listed)} {unit}".rstrip() + ")"


def plain_number(number: float) -> str:
    """A number without unit, whole where it is."""
    return format_number(number)


def require_ordered(low: float | int, high: float | int) -> None:
    """Refuses ends of a range that are not finite or in the wrong order."""
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("the ends of a range are finite")
    if low > high:
        raise ValueError(f"a range runs from the smaller to the larger number, not from {low} to {high}")


def is_number(value: object) -> bool:
    """Whether a value is a number, and no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_number(value: object) -> float:
    """A number as a float.

    Raises:
        TypeError: it is a text.
    """
    if not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} has no bounds")
    return float(value)


def normal_cdf(z: float) -> float:
    """Share of the standard normal curve below z."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def normal_density(z: float) -> float:
    """Height of the standard normal curve at z."""
    return math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


@lru_cache(maxsize=1)
def _standard_normal() -> object:
    from statistics import NormalDist  # loads fractions and decimal, which a scenario without Gaussians never needs

    return NormalDist().inv_cdf


def normal_quantile(probability: float) -> float:
    """Inverse of the standard normal cdf (Wichura, Algorithm AS 241, as the standard library has it)."""
    return _standard_normal()(min(max(probability, 1e-300), 1 - 1e-16))  # type: ignore[operator,no-any-return]
