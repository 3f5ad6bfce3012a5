"""Parameter value distributions: every combination of a deterministic one, the draws of a stochastic one.

A variation file names a scenario and says which values its parameters take. `expand` counts and makes the combinations
that satisfy the constraints of the scenario; they are handed out one at a time.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from driving_data.errors import Fault, InputError, nearest_name
from scenarios.openscenario.catalogs import on_disk
from scenarios.openscenario.constraints import Constraint, constraints_of, term_of
from scenarios.openscenario.expressions import ExpressionFault, Value, names_in, to_text
from scenarios.openscenario.node import Node
from scenarios.openscenario.reader import Document, read_openscenario
from scenarios.openscenario.resolve import Scope, declare_all
from scenarios.openscenario.stochastic import Source, source_of
from scenarios.randomness import unit_draw

MAX_STEPS = 1_000_000
MAX_CELLS = 20_000_000
MAX_TRIES = 10_000


@dataclass(frozen=True, slots=True)
class Axis:
    """One deterministic distribution: parameters and the rows of values that they take together."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Which cells of some axes satisfy one constraint."""

    axes: tuple[int, ...]
    holds: Bool[np.ndarray, "..."]


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a variation file stands for.

    Attributes:
        scenario: the scenario file that it varies.
        axes: deterministic distributions, in the order of the file; empty for a stochastic one.
        tables: constraints of the scenario over the axes.
        sources: stochastic distributions by parameter; empty for a deterministic one.
        runs: number of test runs of a stochastic one.
        seed: its random seed.
        constraints: those of the scenario.
        declarations: of the scenario's parameters.
        grid_count: combinations without constraints; for a stochastic one its number of test runs.
        feasible_count: combinations that satisfy the constraints.
    """

    scenario: Path
    axes: tuple[Axis, ...]
    tables: tuple[Table, ...]
    sources: Mapping[str, Source]
    runs: int
    seed: int
    constraints: tuple[Constraint, ...]
    declarations: Node | None
    grid_count: int
    feasible_count: int

    def __iter__(self) -> Iterator[dict[str, str]]:
        """Values by parameter, as text, of every combination that satisfies the constraints."""
        return self._drawn() if self.sources else self._cells()

    def _cells(self) -> Iterator[dict[str, str]]:
        for cell in itertools.product(*(range(len(axis.rows)) for axis in self.axes)):
            if all(table.holds[tuple(cell[i] for i in table.axes)] for table in self.tables):
                yield self.values(cell)

    def values(self, cell: Sequence[int]) -> dict[str, str]:
        """Values by parameter of one cell of the grid, whether it is feasible or not."""
        rows = zip(self.axes, cell, strict=True)
        return {name: text for axis, i in rows for name, text in zip(axis.names, axis.rows[i], strict=True) if text}

    def _drawn(self) -> Iterator[dict[str, str]]:
        for run in range(self.runs):
            yield self.draw(run)

    def draw(self, run: int) -> dict[str, str]:
        """The values of one test run of a stochastic distribution; the same whichever runs are asked for.

        Raises:
            InputError: no draw satisfied the constraints within the tries.
        """
        for attempt in range(MAX_TRIES):
            found = {
                name: source.value(unit_draw(self.seed, run, f"openscenario.{name}", attempt))
                for name, source in self.sources.items()
            }
            lookup = _values(self.declarations, found)
            if all(constraint.holds(lookup) for constraint in self.constraints):
                return found
        names = ", ".join(constraint.name for constraint in self.constraints)
        found_text = f"none of {MAX_TRIES} draws"
        raise InputError(
            [
                Fault(
                    str(self.scenario), 0, 0, "", "infeasible", found_text, f"one that the constraints of {names} allow"
                )
            ]
        )


def expand(document: Document, seed: int | None = None) -> Expansion:
    """The combinations that a parameter variation file stands for; they are made when they are asked for.

    Args:
        document: a parameter variation.
        seed: for stochastic distributions; the file's own if None, 0 where it has none.

    Raises:
        InputError: the scenario file or a parameter is missing, a range is empty, or a distribution is user-defined.
    """
    faults: list[Fault] = []
    expansion = _expanded(document, seed, faults)
    if faults or expansion is None:
        raise InputError(faults)
    return expansion


def target_of(document: Document) -> tuple[Path | None, Node | None]:
    """The scenario file that a variation names, where it exists, and the element that names it."""
    node = document.root.find("ParameterValueDistribution/ScenarioFile")
    if node is None:
        return None, None
    path, _ = on_disk(document.path.parent, node.get("filepath"))
    return (path if path is not None and path.is_file() else None), node


def _expanded(document: Document, seed: int | None, faults: list[Fault]) -> Expansion | None:
    holder = document.root.child("ParameterValueDistribution")
    path, named = target_of(document)
    if holder is None or named is None:
        found = f"a {document.kind}"
        faults.append(Fault(str(document.path), 0, 0, "", "no-distribution", found, "a parameter variation file"))
        return None
    if path is None:
        found = repr(named.get("filepath"))
        faults.append(_fault(named, "ScenarioFile", "missing-file", found, "the path of a scenario file"))
        return None
    declarations = read_openscenario(path).root.child("ParameterDeclarations")
    types = {
        item.get("name"): item.get("parameterType")
        for item in (declarations.all("ParameterDeclaration") if declarations is not None else ())
    }
    axes, sources = list[Axis](), dict[str, Source]()
    kind = holder.child("Deterministic") or holder.child("Stochastic")
    for node in kind.children if kind is not None else ():
        if node.tag == "StochasticDistribution":
            source = source_of(node, types.get(node.get("parameterName"), "double"), faults)
            sources |= {node.get("parameterName"): source} if source is not None else {}
        else:
            axes += _axis(node, types, faults)
        _check_names(node, types, faults)
    _check_twice([name for axis in axes for name in axis.names], kind, faults)
    if faults:
        return None
    constraints = tuple(constraints_of(declarations))
    try:
        if sources and kind is not None:
            runs = int(kind.get("numberOfTestRuns", "1"))
            own = int(float(kind.get("randomSeed", "0") or "0"))
            return Expansion(
                path, (), (), sources, runs, own if seed is None else seed, constraints, declarations, runs, runs
            )
        tables = tuple(_tables(tuple(axes), constraints, declarations))
    except ExpressionFault as fault:
        faults.append(Fault(str(path), 0, 0, "ParameterDeclarations", fault.code, fault.found, fault.expected))
        return None
    grid = math.prod(len(axis.rows) for axis in axes)
    feasible = _feasible([len(axis.rows) for axis in axes], tables)
    return Expansion(path, tuple(axes), tables, {}, 0, 0, constraints, declarations, grid, feasible)


def _fault(node: Node, path: str, code: str, found: str, expected: str, near: str | None = None) -> Fault:
    return Fault(node.source, node.line, node.column, path, code, found, expected, near)


def _check_names(node: Node, types: Mapping[str, str], faults: list[Fault]) -> None:
    refs = [item for item in node.walk() if item.tag == "ParameterAssignment"] or [node]
    for item in refs:
        name = item.get("parameterRef") or item.get("parameterName")
        if name not in types:
            expected = "a parameter that the scenario declares"
            faults.append(_fault(item, item.tag, "unknown-parameter", repr(name), expected, nearest_name(name, types)))


def _check_twice(names: list[str], node: Node | None, faults: list[Fault]) -> None:
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        assert node is not None
        faults.append(_fault(node, node.tag, "distributed-twice", name, "one distribution for each parameter"))


def _axis(node: Node, types: Mapping[str, str], faults: list[Fault]) -> list[Axis]:
    if node.tag == "DeterministicMultiParameterDistribution":
        return [_joint(node)]
    name = node.get("parameterName")
    inner = node.children[0]
    if inner.tag == "DistributionSet":
        texts = [item.get("value") for item in inner.all("Element")]
    elif inner.tag == "DistributionRange":
        texts = _range(inner, types.get(name, "double"), faults)
    else:
        found = f"a user-defined distribution of type {inner.get('type')!r}"
        faults.append(_fault(inner, inner.tag, "unsupported", found, "a distribution of the standard"))
        return []
    return [Axis((name,), tuple((text,) for text in texts), node.line)]


def _joint(node: Node) -> Axis:
    sets = [
        {item.get("parameterRef"): item.get("value") for item in row.all("ParameterAssignment")}
        for row in node.walk() if row.tag == "ParameterValueSet"
    ]  # fmt: skip
    names = tuple(dict.fromkeys(name for row in sets for name in row))
    return Axis(names, tuple(tuple(row.get(name, "") for name in names) for row in sets), node.line)


def _range(node: Node, type_name: str, faults: list[Fault]) -> list[str]:
    limits = node.child("Range")
    assert limits is not None
    try:
        step, low, high = (
            Decimal(text) for text in (node.get("stepWidth"), limits.get("lowerLimit"), limits.get("upperLimit"))
        )
        if not all(abs(float(number)) < 1e300 for number in (step, low, high)):
            raise ValueError("beyond what a double holds")
        steps = int((high - low) / step) if step else -1
    except (InvalidOperation, OverflowError, ValueError):
        faults.append(_fault(node, node.tag, "wrong-type", "limits or a step that are no numbers", "numbers"))
        return []
    if step <= 0 or high < low or steps > MAX_STEPS:
        found = f"from {low} to {high} in steps of {step}"
        expected = f"a step above 0, limits in order, at most {MAX_STEPS} values"
        faults.append(_fault(node, node.tag, "empty-range", found, expected))
        return []
    texts = [str(low + i * step) for i in range(steps + 1)]
    whole = type_name in ("int", "unsignedInt", "unsignedShort")
    return [to_text(float(text)) for text in texts] if whole else texts


def _values(declarations: Node | None, given: Mapping[str, str]) -> dict[str, Value]:
    """The values of all parameters, some of them given."""
    scope = Scope()
    declare_all(scope, declarations)
    for name, text in given.items():
        scope.declare(name, scope.declared[name][0] if name in scope.declared else "string", text)
    return {name: scope.value(name) for name in scope.declared}


def _tables(axes: tuple[Axis, ...], constraints: tuple[Constraint, ...], declarations: Node | None) -> Iterator[Table]:
    of_name = {name: i for i, axis in enumerate(axes) for name in axis.names}
    for constraint in constraints:
        read = sorted({of_name[name] for name in _reached(constraint, declarations) if name in of_name})
        shape = tuple(len(axes[i].rows) for i in read)
        if math.prod(shape) > MAX_CELLS:
            raise ExpressionFault("too-large", f"a constraint over {math.prod(shape)} cells", f"at most {MAX_CELLS}")
        holds = np.zeros(shape, dtype=np.bool_)
        for cell in itertools.product(*(range(count) for count in shape)):
            given = {
                name: text
                for i, row in zip(read, cell, strict=True)
                for name, text in zip(axes[i].names, axes[i].rows[row], strict=True)
                if text
            }
            holds[cell] = constraint.holds(_values(declarations, given))
        yield Table(tuple(read), holds)


def _reached(constraint: Constraint, declarations: Node | None) -> set[str]:
    """Parameters that a constraint depends on, through the values of others too."""
    values = {
        item.get("name"): item.get("value")
        for item in (declarations.all("ParameterDeclaration") if declarations is not None else ())
    }
    found: set[str] = set()
    waiting = list(constraint.names())
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += names_in(term_of(values.get(name, "")))
    return found


def _feasible(sizes: list[int], tables: Sequence[Table]) -> int:
    """Cells of the grid that satisfy every table; axes that no table joins are counted apart."""
    count, left = 1, list(range(len(sizes)))
    while left:
        group, waiting = {left[0]}, [left[0]]
        while waiting:
            axis = waiting.pop()
            new = {other for table in tables if axis in table.axes for other in table.axes} - group
            group |= new
            waiting += new
        left = [axis for axis in left if axis not in group]
        count *= _count(sorted(group), sizes, [table for table in tables if group & set(table.axes)])
    return count * all(bool(table.holds) for table in tables if not table.axes)


def _count(axes: list[int], sizes: list[int], tables: list[Table]) -> int:
    shape = [sizes[axis] for axis in axes]
    if math.prod(shape) > MAX_CELLS and len(axes) > 1:
        first, rest = axes[0], axes[1:]
        return sum(_count(rest, sizes, [_cut(table, first, i) for table in tables]) for i in range(sizes[first]))
    cells = np.ones(shape, dtype=np.bool_)
    for table in tables:
        place = [slice(None) if axis in table.axes else np.newaxis for axis in axes]
        cells &= table.holds[tuple(place)]
    return int(cells.sum())


def _cut(table: Table, axis: int, index: int) -> Table:
    if axis not in table.axes:
        return table
    at = table.axes.index(axis)
    return Table(table.axes[:at] + table.axes[at + 1 :], np.take(table.holds, index, axis=at))


__all__ = ["Axis", "Expansion", "Table", "expand", "target_of"]
