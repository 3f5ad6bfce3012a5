"""What a draw may be while its fraction stays in a part of [0, 1), and which part a wanted result leaves.

A distribution maps fractions to values without falling (a choice does so option by option). Everything here errs
outwards: nothing is left out that can be drawn, but for what rounding moves over the edge of an option.
"""

import math
from bisect import bisect_left, bisect_right
from itertools import accumulate, pairwise
from typing import Any

from scenarios.expressions import Bounds, hull
from scenarios.space import Choice, Const, Distribution, IntRange, Scalar
from scenarios.written import LARGEST_FRACTION

Part = tuple[float, float]
WHOLE: Part = (0.0, 1.0)
# Room for the rounding of cdf and quantile functions.
SLACK = 1e-12
_ROUNDING = 1e-9


def range_of(distribution: Distribution, part: Part) -> Bounds | None:
    """Every value of the distribution while its fraction lies in `part` (the upper end left out)."""
    if isinstance(distribution, Const):
        return bounds_of_value(distribution.value)
    if isinstance(distribution, Choice):
        return hull([range_of(option, inner) for option, inner, _, _ in _options(distribution, part)])
    if isinstance(distribution, IntRange):
        count = distribution.high - distribution.low + 1
        first, last = math.floor(part[0] * count + _ROUNDING), math.ceil(part[1] * count - _ROUNDING) - 1
        return float(distribution.low + first), float(distribution.low + max(min(last, count - 1), first))
    return float(distribution.quantile(part[0])), float(distribution.quantile(_below(part[1])))


def part_of(distribution: Distribution, wanted: Bounds, part: Part) -> Part | None:
    """The fractions of `part` that can give a value of `wanted`; None where there are none."""
    if isinstance(distribution, Const):
        return part if _agree(bounds_of_value(distribution.value), wanted) else None
    if isinstance(distribution, Choice):
        parts: list[Part] = []
        for option, inner, start, share in _options(distribution, part):
            found = part_of(option, wanted, inner)
            if found is not None:
                parts.append((start + share * found[0], start + share if found[1] == 1.0 else start + share * found[1]))
        return _meet(part, (min(p[0] for p in parts), max(p[1] for p in parts))) if parts else None
    if not isinstance(wanted, tuple):
        return part
    if isinstance(distribution, IntRange):
        count = distribution.high - distribution.low + 1
        first = math.ceil(max(wanted[0], distribution.low)) - distribution.low
        last = math.floor(min(wanted[1], distribution.high)) - distribution.low
        return _meet(part, (first / count, (last + 1) / count)) if first <= last else None
    low = distribution.cdf(wanted[0]) - distribution.mass(wanted[0]) - SLACK if wanted[0] > -math.inf else 0.0
    high = distribution.cdf(wanted[1]) + SLACK if wanted[1] < math.inf else 1.0
    return _meet(part, (low, high))


def cuts_of(distribution: Distribution, part: Part) -> list[float]:
    """Fractions inside `part` where the draw jumps: the best places to cut it."""
    if isinstance(distribution, Choice):
        ends = _ends(distribution)
    elif isinstance(distribution, IntRange):
        count = distribution.high - distribution.low + 1
        first, last = max(math.ceil(part[0] * count), 1), min(math.floor(part[1] * count), count - 1)
        step = max((last - first) // 64, 1)
        ends = [k / count for k in range(first, last + 1, step)]
    else:
        return []
    return ends[bisect_right(ends, part[0]) : bisect_left(ends, part[1])]


def bounds_of_value(value: Scalar) -> Bounds:
    """A single value as bounds."""
    if isinstance(value, (bool, str)):
        return frozenset[Any]([value])
    return float(value), float(value)


def _agree(one: Bounds, two: Bounds) -> bool:
    if isinstance(one, tuple) and isinstance(two, tuple):
        return one[0] <= two[1] and two[0] <= one[1]
    return not isinstance(one, frozenset) or not isinstance(two, frozenset) or bool(one & two)


def _ends(choice: Choice) -> list[float]:
    total = sum(weight for _, weight in choice.options)
    return [end / total for end in accumulate(weight for _, weight in choice.options)]


def _options(choice: Choice, part: Part) -> list[tuple[Distribution, Part, float, float]]:
    """Options that `part` reaches: the option, the part of it that is reached, where its share begins, its share."""
    found: list[tuple[Distribution, Part, float, float]] = []
    for (option, _), (start, end) in zip(choice.options, pairwise([0.0, *_ends(choice)]), strict=True):
        if part[0] < end and part[1] > start:
            low, high = (part[0] - start) / (end - start), (part[1] - start) / (end - start)
            found.append((option, (max(low, 0.0), min(high, 1.0)), start, end - start))
    return found


def _meet(one: Part, two: Part) -> Part | None:
    low, high = max(one[0], two[0]), min(one[1], two[1])
    return (low, high) if low < high else None


def _below(fraction: float) -> float:
    return min(math.nextafter(fraction, 0.0), LARGEST_FRACTION)
