"""Which parameters of a logical scenario differ from draw to draw, and between which values."""

from scenarios.algebra import LogicalScenario
from scenarios.expressions import Expression, Value
from scenarios.space import Choice, Const
from scenarios.units import format_number

MAX_NAMED = 4


def varied_parameters(logical: LogicalScenario) -> dict[str, str]:
    """Parameters that have more than one value, in order, with their values in words: '60 to 130', 'car or truck'."""
    numbers: dict[str, list[float]] = {}
    texts: dict[str, list[str]] = {}
    for leaf in logical.leaves():
        for name, value in leaf.values if leaf.kind == "parameter" else ():
            path = leaf.path_of(name)
            for one in _options(value):
                if one is None:
                    texts.setdefault(path, []).append("as it is computed")
                elif isinstance(one, tuple):
                    numbers.setdefault(path, []).extend(one)
                else:
                    texts.setdefault(path, []).append(one)
    found = {path: _between(values) for path, values in numbers.items() if max(values) > min(values)}
    for path, values in texts.items():
        distinct = list(dict.fromkeys(values))
        if len(distinct) > 1 or distinct == ["as it is computed"]:
            more = f" or {len(distinct) - MAX_NAMED} more" if len(distinct) > MAX_NAMED else ""
            found[path] = ", ".join(distinct[:MAX_NAMED]) + more if more else " or ".join(distinct)
    return found


def _options(value: Value) -> list[tuple[float, float] | str | None]:
    """Every value as bounds or as text; None for what is computed from others."""
    if isinstance(value, Choice):
        return [one for option, _ in value.options for one in _options(option)]
    if isinstance(value, Expression):
        return [None]
    if isinstance(value, Const) and not value.dimension.numeric:
        return [str(value.value).rsplit("/", 1)[-1]]  # of a path its name
    low, high = value.bounds()
    return [(float(low), float(high))]


def _between(values: list[float]) -> str:
    distinct = sorted(set(values))
    if len(distinct) <= MAX_NAMED and len(distinct) < len(values):
        return " or ".join(_short(value) for value in distinct)
    return f"{_short(distinct[0])} to {_short(distinct[-1])}"


def _short(value: float) -> str:
    return format_number(float(f"{value:.4g}"))
