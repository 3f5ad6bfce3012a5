"""OpenSCENARIO files as logical scenarios: distributions become leaves of the algebra, constraints its conditions.

`to_logical` makes a product of one leaf for the storyboard and one for each parameter that varies; what is drawn from
it is a `ConcreteScenario` whose storyboard has every number fixed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from driving_data.errors import Fault, InputError, nearest_name
from scenarios import expressions as algebra
from scenarios.algebra import LogicalScenario, choice, scenario
from scenarios.concrete import ConcreteScenario
from scenarios.draws import Draws
from scenarios.leaf import IllTyped, Leaf, make_leaf
from scenarios.openscenario.constraints import Constraint, Rule, term_of
from scenarios.openscenario.distributions import Axis, Expansion, Table, expand
from scenarios.openscenario.expressions import Constant, Parameter, Term, to_text
from scenarios.openscenario.lower import lower
from scenarios.openscenario.node import Node
from scenarios.openscenario.reader import Document, read_openscenario, resolve
from scenarios.openscenario.scenario import concrete_of
from scenarios.openscenario.stochastic import constant_of
from scenarios.space import Choice
from scenarios.types.actors import RESERVED
from scenarios.units import COUNT, FLAG

MAX_CASES = 5000
_COMPARISON = {
    "equalTo": "==",
    "notEqualTo": "!=",
    "lessThan": "<",
    "lessOrEqual": "<=",
    "greaterThan": ">",
    "greaterOrEqual": ">=",
}
_PARAMETER = "parameter "


def to_logical(path: str | Path, given: Mapping[str, str] | None = None) -> LogicalScenario:
    """The logical scenario of a scenario file, or of a parameter variation file with its scenario.

    Args:
        path: of either file; a scenario file alone has no parameters that vary.
        given: values of parameters by name, which then vary no more.

    Raises:
        InputError: what `read_openscenario` and `expand` find, or a given parameter is not declared.
        IllTyped: the constraints exclude everything, or a given value.
    """
    document, given = read_openscenario(path), given or {}
    if document.kind == "catalog":
        raise InputError([Fault(str(path), 0, 0, "", "no-storyboard", "a catalog", "a scenario or a variation of one")])
    if document.kind == "scenario":
        return _fixed(document.path, document, document.root.child("ParameterDeclarations"), given)
    expansion = expand(document)
    types = _types(expansion)
    fixed = {name: text for name, text in given.items() if name not in types}
    logical = _fixed(expansion.scenario, document, expansion.declarations, fixed, tuple(types))
    for axis in expansion.axes:
        logical = logical & _varied(axis, types, expansion)
    for name, source in expansion.sources.items():
        logical = logical & scenario(make_leaf("parameter", _path(name), values={_path(name): source.distribution}))
    for constraint in expansion.constraints:
        condition = _condition(constraint, expansion)
        if condition is not None:
            logical = logical.where(algebra.Expression(condition, FLAG))
    for name in types:
        if name in given:
            equal = algebra.Apply("==", (algebra.Name(_path(name)), _literal(given[name], types[name])))
            logical = logical.where(algebra.Expression(equal, FLAG))
    return logical


def _fixed(
    path: Path, document: Document, declarations: Node | None, given: Mapping[str, str], varied: tuple[str, ...] = ()
) -> LogicalScenario:
    """The product of what does not vary: what it is called, the file, parameters with one value."""
    declared = declarations.all("ParameterDeclaration") if declarations is not None else ()
    types = {item.get("name"): item.get("parameterType") for item in declared}
    faults: list[Fault] = []
    leaves: list[Leaf] = []
    for name, text in given.items():
        if name not in types:
            near = nearest_name(name, types)
            place = str(document.path)
            faults.append(Fault(place, 0, 0, name, "unknown-parameter", repr(name), "a declared parameter", near))
            continue
        try:
            leaves.append(make_leaf("parameter", _path(name), values={_path(name): constant_of(text, types[name])}))
        except ValueError:
            expected = f"a value of type {types[name]}"
            faults.append(Fault(str(document.path), 0, 0, name, "wrong-type", repr(text), expected))
    if faults:
        raise InputError(faults)
    named = {_path(name): name for name in (*varied, *given)}
    return scenario(_about(document), _storyboard(path, named), *leaves)


def _path(name: str) -> str:
    """Path of a parameter in the algebra: its name, which must not be one of the language's own."""
    return f"{name}_" if name in RESERVED else name


def _about(document: Document) -> Leaf:
    header = document.root.child("FileHeader")
    texts = {"name": document.path.stem, "description": header.get("description") if header is not None else ""}
    return make_leaf("about", texts={name: text for name, text in texts.items() if text})


def _storyboard(path: Path, parameters: Mapping[str, str]) -> Leaf:
    file = path.resolve()
    named = {_PARAMETER + where: name for where, name in parameters.items()}
    return make_leaf("storyboard", texts={"file": str(file), "sha256": _digest(file), **named})


def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def _types(expansion: Expansion) -> dict[str, str]:
    """Type of every parameter that varies."""
    varied = [*(name for axis in expansion.axes for name in axis.names), *expansion.sources]
    declared = expansion.declarations.all("ParameterDeclaration") if expansion.declarations is not None else ()
    return {item.get("name"): item.get("parameterType") for item in declared if item.get("name") in varied}


def _varied(axis: Axis, types: Mapping[str, str], expansion: Expansion) -> LogicalScenario:
    if len(axis.names) == 1:
        name = axis.names[0]
        options = tuple((constant_of(row[0], types[name]), 1.0) for row in axis.rows)
        value = options[0][0] if len(options) == 1 else Choice(options)
        return scenario(make_leaf("parameter", _path(name), values={_path(name): value}))
    defaults = _defaults(expansion)
    rows = [
        scenario(
            *(
                make_leaf(
                    "parameter", _path(name), values={_path(name): constant_of(text or defaults[name], types[name])}
                )
                for name, text in zip(axis.names, row, strict=True)
            )
        )
        for row in axis.rows
    ]
    return choice(*((1, row) for row in rows)) if len(rows) > 1 else rows[0]


def _defaults(expansion: Expansion) -> dict[str, str]:
    declared = expansion.declarations.all("ParameterDeclaration") if expansion.declarations is not None else ()
    return {item.get("name"): item.get("value") for item in declared}


class _NoWord(Exception):
    """The algebra has no word for a function of OpenSCENARIO."""


def _condition(constraint: Constraint, expansion: Expansion) -> algebra.Term | None:
    """A constraint as a term of the algebra; None where it always holds."""
    table = next((t for t, c in zip(expansion.tables, expansion.constraints, strict=False) if c is constraint), None)
    if table is not None and table.holds.all():
        return None
    if table is not None and not table.axes:
        raise IllTyped(f"the constraint on {constraint.name} excludes the value it has, so nothing is left")
    types = _all_types(expansion)
    try:
        varied = {*_types(expansion)}
        groups = [
            _joined("and", [_compared(constraint, rule, types, varied, expansion) for rule in group])
            for group in constraint.groups
        ]
        return _joined("or", groups)
    except _NoWord as error:
        if table is not None and table.holds.sum() <= MAX_CASES:
            return _listed(table, expansion, types)
        node = constraint.node
        raise InputError(
            [Fault(node.source, node.line, node.column, "ConstraintGroup", "unsupported", str(error),
                   "+ - * / min max abs sqrt in constraints of distributions")]
        ) from None  # fmt: skip


def _all_types(expansion: Expansion) -> dict[str, str]:
    declared = expansion.declarations.all("ParameterDeclaration") if expansion.declarations is not None else ()
    return {item.get("name"): item.get("parameterType") for item in declared}


def _joined(word: str, terms: Sequence[algebra.Term]) -> algebra.Term:
    return terms[0] if len(terms) == 1 else algebra.Apply(word, tuple(terms))


def _compared(
    constraint: Constraint, rule: Rule, types: Mapping[str, str], varied: set[str], expansion: Expansion
) -> algebra.Term:
    defaults = _defaults(expansion)
    left = _term(Parameter(constraint.name), types, varied, defaults, ())
    bound = rule.bound
    if isinstance(bound, Constant) and isinstance(bound.value, str):
        right: algebra.Term = _literal(bound.value, constraint.type)
    else:
        right = _term(bound, types, varied, defaults, ())
    return algebra.Apply(_COMPARISON[rule.rule], (left, right))


def _literal(text: str, type_name: str) -> algebra.Literal:
    constant = constant_of(text, type_name)
    return _plain(constant.value) if constant.dimension == algebra.RATIO else algebra.Literal(
        constant.value, constant.dimension)  # fmt: skip


def _plain(value: Any) -> algebra.Literal:
    """A number as a condition would be written: whole ones without a point."""
    if float(value).is_integer():
        return algebra.Literal(int(value), COUNT)
    return algebra.Literal(float(value), algebra.RATIO)


def _term(
    term: Term, types: Mapping[str, str], varied: set[str], defaults: Mapping[str, str], through: tuple[str, ...]
) -> algebra.Term:
    if isinstance(term, Constant):
        return algebra.Literal(term.value, FLAG) if isinstance(term.value, bool) else _plain(term.value)
    if isinstance(term, Parameter):
        if term.name in varied:
            return algebra.Name(_path(term.name))
        inner = term_of(defaults[term.name])
        if isinstance(inner, Constant):
            return _literal(defaults[term.name], types[term.name])
        if term.name in through:
            raise _NoWord(f"{term.name}, which depends on itself")
        return _term(inner, types, varied, defaults, (*through, term.name))
    parts = tuple(_term(part, types, varied, defaults, through) for part in term.terms)
    if term.name == "negate":
        return algebra.Apply("-", parts)
    if term.name in ("min", "max"):
        joined = parts[0]
        for part in parts[1:]:
            joined = algebra.Apply(term.name, (joined, part))
        return joined
    if term.name in ("+", "-", "*", "/", "abs", "sqrt", "and", "or", "not", *_COMPARISON.values()):
        return algebra.Apply(term.name, parts)
    raise _NoWord(f"{term.name!r} in a constraint")


def _listed(table: Table, expansion: Expansion, types: Mapping[str, str]) -> algebra.Term:
    """The feasible cells of a table, one by one."""
    import numpy as np

    cases: list[algebra.Term] = []
    for cell in np.argwhere(table.holds):
        rows = [(expansion.axes[axis], int(row)) for axis, row in zip(table.axes, cell, strict=True)]
        equal: list[algebra.Term] = [
            algebra.Apply("==", (algebra.Name(_path(name)), _literal(text, types[name])))
            for axis, row in rows
            for name, text in zip(axis.names, axis.rows[row], strict=True)
        ]
        cases.append(_joined("and", equal))
    return _joined("or", cases)


@lru_cache(maxsize=32)
def _read(file: str, digest: str) -> Document:
    return read_openscenario(file)


def _unchanged(leaf: Leaf) -> Document:
    file, digest = leaf.text("file"), leaf.text("sha256")
    if not Path(file).is_file() or _digest(Path(file)) != digest:
        raise IllTyped(f"{file} has changed since the scenario was made from it")
    return _read(file, digest)


def build_storyboard(
    one: Mapping[str, Leaf], parameters: Mapping[str, Leaf], draws: Draws, seed: int, index: int
) -> ConcreteScenario:
    """The concrete scenario of a product with a storyboard leaf: its parameters drawn, its file resolved and lowered.

    Raises:
        IllTyped: the file has changed, or cannot be played with these values.
    """
    leaf = one["storyboard"]
    names = {key.removeprefix(_PARAMETER): name for key, name in leaf.texts if key.startswith(_PARAMETER)}
    values = {path: draws.get(path) for path in sorted(parameters)}
    given = {names[path]: _text(value) for path, value in values.items() if path in names}
    about = one.get("about")
    try:
        document = _unchanged(leaf)
        root = resolve(document, given)
        made = concrete_of(document, root, lower(root, given))
    except InputError as error:
        raise IllTyped(str(error)) from None
    name = about.text("name") if about is not None else ""
    description = about.text("description") if about is not None else ""
    return replace(made, name=name or made.name, description=description, seed=seed, index=index)


def _text(value: Any) -> str:
    return to_text(value if isinstance(value, (bool, str)) else float(value))


__all__ = ["build_storyboard", "to_logical"]
