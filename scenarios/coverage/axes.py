"""Axes: every range and choice of a logical scenario, cut into a few bins.

A choice has a bin for each option, a range of whole numbers one for each number where they are few, and any other
range is cut into equal bins (of the logarithm where the range is log-uniform). Bins of their own at both ends
(boundary bins) and declared edges are for who asks for them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from scenarios.expressions import Bounds, Expression, Linked, Value
from scenarios.space import Choice, Const, Distribution, IntRange, LogUniform
from scenarios.units import ANGLE, Dimension, format_number, to_base, written_numbers

Fraction = tuple[float, float]
LEAST_SHARE = 1e-9


@dataclass(frozen=True, slots=True)
class Binning:
    """How ranges are cut.

    Attributes:
        bins: into how many bins.
        boundary: share of a range that is a bin of its own at each end; 0 for none.
        edges: declared inner edges by path, in base units (SI; radians; mm/h); they replace the equal bins.
    """

    bins: int = 5
    boundary: float = 0.0
    edges: Mapping[str, Sequence[float]] = field(default_factory=lambda: {})

    def __post_init__(self) -> None:
        if self.bins < 1:
            raise ValueError("coverage counts combinations of at least one axis with at least one bin")
        if not 0 <= self.boundary < 0.5:
            raise ValueError(f"a boundary bin takes a share from 0 to below one half, not {self.boundary}")


@dataclass(frozen=True, slots=True)
class Axis:
    """One range or choice, cut into bins.

    Attributes:
        path: whose draw it is.
        labels: what each bin is called.
        edges: bounds of each bin: an interval, or a set of texts or flags. A value on an edge is in the lower bin.
        whole: whether its values are whole numbers.
        title: what the axis is called where its path says nothing to a person, as of a choice among products.
    """

    path: str
    labels: tuple[str, ...]
    edges: tuple[Bounds, ...]
    whole: bool = False
    title: str = ""

    @property
    def name(self) -> str:
        """What a person reads: the title where there is one, else the path."""
        return self.title or self.path

    def bin_of(self, value: Any) -> int | None:
        """The first bin that holds a value."""
        for i, edge in enumerate(self.edges):
            if value in edge if isinstance(edge, frozenset) else _is_number(value) and edge[0] <= value <= edge[1]:
                return i
        return None


def axis_of(path: str, value: Value, bins: int | Binning = 5) -> Axis | None:
    """The axis of a value; None for constants and for what is computed."""
    binning = bins if isinstance(bins, Binning) else Binning(bins)
    drawn = drawn_as(value)
    if drawn is None or isinstance(drawn, Const):
        return None
    return axis_over(path, (drawn,), binning)


def axis_over(path: str, values: Sequence[Distribution], binning: Binning) -> Axis | None:
    """One axis for everything that a path may be, in whichever option; None where there is nothing to tell apart."""
    flat = list(dict.fromkeys(option for value in values for option in _options(value)))
    if not flat[0].dimension.numeric:
        texts = list(dict.fromkeys(option.value for option in flat if isinstance(option, Const)))
        labels = tuple(str(text).lower() if isinstance(text, bool) else str(text) for text in texts)
        return Axis(path, labels, tuple(frozenset([text]) for text in texts)) if len(texts) > 1 else None
    spans = sorted(dict.fromkeys(option.bounds() for option in flat))
    whole = all(isinstance(option, IntRange) or _whole_const(option) for option in flat)
    if path not in binning.edges and len(spans) > 1 and all(one[1] < two[0] for one, two in pairwise(spans)):
        return Axis(path, _labels(spans, flat[0].dimension, whole), tuple(spans), whole)
    low, high = min(span[0] for span in spans), max(span[1] for span in spans)
    if low == high:
        return None
    unit = _unit(low, high, flat[0].dimension, whole)
    cells = _cells(path, low, high, whole, binning, all(isinstance(option, LogUniform) for option in flat), unit)
    return Axis(path, _labels(cells, flat[0].dimension, whole), tuple(cells), whole)


def _cells(path: str, low: float, high: float, whole: bool, binning: Binning, log: bool, unit: str) -> list[Fraction]:
    if path in binning.edges:
        inner = [float(edge) for edge in sorted(binning.edges[path]) if low < edge < high]
        return _whole_cells([low, *inner, high]) if whole else list(pairwise([low, *inner, high]))
    if whole and high - low < 2 * binning.bins:
        return [(float(i), float(i)) for i in range(int(low), int(high) + 1)]
    share = binning.boundary
    middle = [share + (1 - 2 * share) * i / binning.bins for i in range(binning.bins + 1)]
    shares = [0.0, *middle, 1.0] if share else middle
    ends = [low * (high / low) ** part if log else low + (high - low) * part for part in shares]
    ends = [low, *(_rounded(end, unit) for end in ends[1:-1]), high]
    return _whole_cells(ends) if whole else list(pairwise(ends))


def _whole_cells(ends: Sequence[float]) -> list[Fraction]:
    """Ranges of whole numbers, each from behind an edge up to the next."""
    cells = [(float(int(a) + 1) if k else a, float(int(b))) for k, (a, b) in enumerate(pairwise(ends))]
    return [(a, b) for a, b in cells if a <= b]


def _labels(cells: Sequence[Fraction], dimension: Dimension, whole: bool) -> tuple[str, ...]:
    """Names of the bins: one unit for all, as few digits as tell them apart."""
    unit = _unit(cells[0][0], cells[-1][1], dimension, whole)
    scale = to_base(1.0, unit) if unit else 1.0
    labels: tuple[str, ...] = ()
    for digits in (4, 6, 9, 17):
        pairs = [(_short(a / scale, digits), _short(b / scale, digits)) for a, b in cells]
        labels = tuple(f"{a if a == b else f'{a}..{b}'} {unit}".rstrip() for a, b in pairs)
        if len(set(labels)) == len(labels):
            break
    return labels


def _unit(low: float, high: float, dimension: Dimension, whole: bool) -> str:
    """The unit in which the bins of an axis are cut and named."""
    if dimension == ANGLE:
        return "deg"
    return "" if whole else written_numbers((low, high), dimension)[1]


def _rounded(number: float, unit: str) -> float:
    """An edge that is a short number in its unit."""
    scale = to_base(1.0, unit) if unit else 1.0
    short = float(f"{number / scale:.10g}")
    return to_base(short, unit) if unit else short


def _short(number: float, digits: int) -> str:
    return format_number(float(f"{number:.{digits}g}"))


def _options(value: Distribution) -> list[Distribution]:
    if isinstance(value, Choice):
        return [inner for option, _ in value.options for inner in _options(option)]
    return [value]


def _whole_const(value: Distribution) -> bool:
    return isinstance(value, Const) and isinstance(value.value, int)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def drawn_as(value: Value) -> Distribution | None:
    """The distribution that draws of a value have by themselves; None for what is computed."""
    if isinstance(value, Expression):
        return value.term.marginal if isinstance(value.term, Linked) else None
    return value


def bin_fractions(axis: Axis, number: int, value: Distribution) -> tuple[Fraction, ...]:
    """The parts of [0, 1) that the quantile function of a value takes into one bin of an axis."""
    edge = axis.edges[number]
    below = axis.edges[number - 1] if number else frozenset[Any]()
    shared = isinstance(edge, tuple) and isinstance(below, tuple) and below[1] == edge[0]
    return fractions_of(value, edge, not shared)


def fractions_of(value: Distribution, edge: Bounds, closed: bool = True) -> tuple[Fraction, ...]:
    """The parts of [0, 1) that the quantile function of a value takes into an interval or a set.

    Args:
        value: the distribution.
        edge: the interval or set.
        closed: whether the lower end of an interval belongs to it.
    """
    if isinstance(value, Const):
        inside = value.value in edge if isinstance(edge, frozenset) else _between(value.value, edge, closed)
        return ((0.0, 1.0),) if inside else ()
    if isinstance(value, Choice):
        total, start, parts = sum(weight for _, weight in value.options), 0.0, list[Fraction]()
        for option, weight in value.options:
            share = weight / total
            parts.extend((start + share * a, start + share * b) for a, b in fractions_of(option, edge, closed))
            start += share
        return tuple(parts)
    if isinstance(edge, frozenset):
        return ()
    low, high = edge
    begin = _first(lambda u: float(value.quantile(u)) >= low if closed else float(value.quantile(u)) > low)
    end = _first(lambda u: float(value.quantile(u)) > high)
    # A range that only touches the bin with its end is not in it.
    return ((begin, end),) if end - begin > LEAST_SHARE else ()


def _between(value: Any, edge: Fraction, closed: bool) -> bool:
    return _is_number(value) and edge[0] <= value <= edge[1] and (closed or value > edge[0])


def _first(beyond: Callable[[float], bool]) -> float:
    """The smallest fraction from which on a condition holds, for one that once true stays true; 1 where it never is."""
    low, high = 0.0, 1.0
    if beyond(low):
        return 0.0
    if not beyond(1.0 - 2.0**-53):
        return 1.0
    for _ in range(54):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return high
