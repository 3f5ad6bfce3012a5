"""Grids of values: every combination of given values of some paths, as regulations and test protocols list them.

    cells = value_cells(logical, {"ego_speed": "20..60 km/h step 10 km/h", "overlap": ["50 %", "100 %"]}, ["..."])
    concrete = sample_at(logical, cells[0], seed=1)

What the grid does not name is drawn as always; with the same seed and index it is the same in every cell.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from math import floor

from driving_data.errors import Fault, InputError, nearest_name
from scenarios.algebra import LogicalScenario
from scenarios.concrete import ConcreteScenario
from scenarios.drawing import draw_scenario
from scenarios.draws import evaluate
from scenarios.expressions import Expression, TextFault, Value
from scenarios.parse import parse_condition, parse_value
from scenarios.randomness import unit_draw
from scenarios.space import Const, Distribution, Scalar

Cell = Mapping[str, Scalar]
_STEPPED = re.compile(r"^(?P<low>.+?)\.\.(?P<high>.+?)\s+step\s+(?P<step>.+)$")
_UNIT = re.compile(r"[a-zA-Z%/].*$")
_ROUNDING = 1e-9


def axis_values(text: str | Sequence[str], value: Value) -> tuple[Scalar, ...]:
    """The values of one axis in base units: `low..high step size`, both ends included, or a list of single values.

    Args:
        text: what is written; the unit of the high end holds for a low end and a step without one.
        value: what the path holds, which must be able to give each of them.

    Raises:
        TextFault: a text cannot be read, the step is not positive, or the path cannot have a value.
    """
    texts = [text] if isinstance(text, str) else list(text)
    found = [each for one in texts for each in _axis_values(one, value)]
    if not isinstance(value, (Const, Expression)) and (outside := [each for each in found if each not in value]):
        raise TextFault("out-of-range", repr(outside[0]), f"a value of {value.text()}")
    return tuple(found)


def _axis_values(text: str, value: Value) -> list[Scalar]:
    match = _STEPPED.match(text.strip())
    if match is None:
        return [_single(text, value)]
    unit = match["high"][found.start() :] if (found := _UNIT.search(match["high"])) else ""
    low, high, step = (_number(_with_unit(match[name], unit), value) for name in ("low", "high", "step"))
    if step <= 0.0 or high < low:
        raise TextFault("bad-range", repr(text), "low..high step size, with a step above 0")
    count = floor((high - low) / step + _ROUNDING) + 1
    numbers = [low + k * step for k in range(count)]
    # The last one is the end itself, and not what adding up makes of it.
    if abs(numbers[-1] - high) <= _ROUNDING * max(step, 1.0):
        numbers[-1] = high
    return [round(number) if isinstance(step, int) else number for number in numbers]


def _with_unit(text: str, unit: str) -> str:
    return text if _UNIT.search(text) else f"{text.strip()} {unit}".strip()


def _single(text: str, value: Value) -> Scalar:
    parsed = parse_value(text, value.dimension)
    if not isinstance(parsed, Const):
        raise TextFault("not-a-value", repr(text), "a single value")
    return parsed.value


def _number(text: str, value: Value) -> float | int:
    found = _single(text, value)
    if isinstance(found, (bool, str)):
        raise TextFault("not-a-number", repr(text), "a number")
    return found


def value_cells(
    logical: LogicalScenario, grid: Mapping[str, str | Sequence[str]], where: Sequence[str] = (), file: str = ""
) -> tuple[Cell, ...]:
    """Every combination of the values of the axes that meets the conditions, the last axis fastest.

    Args:
        logical: whose paths the axes name.
        grid: values by path, as `axis_values` reads them.
        where: conditions over the paths of the grid, as `lead_speed < ego_speed`.
        file: what faults name as their file.

    Raises:
        InputError: an axis or a condition is wrong; every fault is told.
    """
    known, faults = _sources(logical), list[Fault]()
    axes: dict[str, tuple[Scalar, ...]] = {}
    for path, text in grid.items():
        if path not in known:
            faults.append(Fault(file, 0, 0, f"grid.{path}", "unknown-name", repr(path), "a path of the scenario",
                                nearest_name(path, known)))  # fmt: skip
            continue
        try:
            axes[path] = axis_values(text, known[path])
        except TextFault as fault:
            faults.append(Fault(file, 0, 0, f"grid.{path}", fault.code, fault.found, fault.expected, fault.nearest))
    conditions: list[Expression] = []
    for k, text in enumerate(where):
        try:
            conditions.append(parse_condition(text))
        except TextFault as fault:
            faults.append(Fault(file, 0, 0, f"where[{k}]", fault.code, fault.found, fault.expected, fault.nearest))
    if faults:
        raise InputError(faults)
    return tuple(_feasible(axes, conditions))


def _sources(logical: LogicalScenario) -> dict[str, Value]:
    return {path: value for leaf in logical.leaves() for path, value in leaf.paths().items()}


def _feasible(axes: Mapping[str, tuple[Scalar, ...]], conditions: Sequence[Expression]) -> Iterator[Cell]:
    for values in product(*axes.values()):
        cell = dict(zip(axes, values, strict=True))
        if all(evaluate(condition, cell.__getitem__, "where") for condition in conditions):
            yield cell


def sample_at(logical: LogicalScenario, cell: Cell, seed: int, index: int = 0) -> ConcreteScenario:
    """The draw `index` of `seed` with the values of a cell in place of what would be drawn there.

    Raises:
        Rejected: no such draw meets the restrictions of the scenario.
    """

    def value(path: str, attempt: int, distribution: Distribution) -> Scalar:
        return cell[path] if path in cell else distribution.quantile(unit_draw(seed, index, path, attempt))

    return draw_scenario(logical.blocks, partial(unit_draw, seed, index), seed, index, value)
