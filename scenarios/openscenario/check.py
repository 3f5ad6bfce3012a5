"""Everything that is wrong with an OpenSCENARIO file, and what is only odd: `check(path)`.

Errors are what keeps a file from meaning something: no XML, names that nothing bears, references that lead nowhere,
roads and lanes that do not exist, constraints that the defaults break. Lints, whose code begins with `lint-`, are what
a writer would want to know: constraints that allow everything, parameters that nothing reads, what we cannot play.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from driving_data.errors import Fault, InputError
from scenarios.openscenario.catalogs import on_disk
from scenarios.openscenario.check_references import reference_faults
from scenarios.openscenario.check_road import road_faults
from scenarios.openscenario.check_values import value_faults
from scenarios.openscenario.constraints import constraints_of, judge_constraints
from scenarios.openscenario.distributions import expand, target_of
from scenarios.openscenario.expressions import ExpressionFault, Value, to_value
from scenarios.openscenario.node import Node
from scenarios.openscenario.reader import Document, read_openscenario
from scenarios.openscenario.resolve import Resolver, Scope, resolve_tree
from scenarios.openscenario.schema import types
from scenarios.openscenario.support import unsupported

LINT = "lint-"


def is_lint(fault: Fault) -> bool:
    """True for what is odd but not wrong; such a fault fails nothing."""
    return fault.code.startswith(LINT)


def check(path: str | Path) -> list[Fault]:
    """Faults and lints of an OpenSCENARIO file, by line; empty for a good one. Files that it uses are looked at too."""
    path = Path(path)
    try:
        document = read_openscenario(path)
    except InputError as error:
        return _placed(error.faults)
    if document.kind == "scenario":
        faults = _scenario(document)
    elif document.kind == "catalog":
        faults = _catalog(document)
    else:
        faults = _variation(document)
    ordered = sorted(dict.fromkeys(faults), key=lambda fault: (fault.file != str(path), fault.file, fault.line))
    return _placed(ordered)


def _lint(node: Node, path: str, code: str, found: str, expected: str) -> Fault:
    return Fault(node.source, node.line, node.column, path, LINT + code, found, expected)


def _scenario(document: Document) -> list[Fault]:
    root, faults, resolver = resolve_tree(document.root, document.path, {})
    found = list(faults)
    found += [replace(note, code=LINT + note.code) for note in resolver.catalogs.notes]
    found += _locations(document, resolver)
    found += reference_faults(root)
    found += road_faults(root, document.path)
    found += value_faults(root)
    found += declaration_faults(document.root)
    found += _variable_faults(root)
    found += _unused(document, resolver)
    if not faults:
        found += [replace(fault, code=LINT + fault.code) for fault in unsupported(document)]
    return found


def _locations(document: Document, resolver: Resolver) -> list[Fault]:
    found: list[Fault] = []
    for tag, directory, written in resolver.locations(document.root):
        if on_disk(document.path.parent, written)[0] is None:
            path = f"CatalogLocations/{tag}/Directory/@path"
            found.append(_lint(directory, path, "missing-folder", repr(written), "a folder that exists"))
    return found


def declaration_faults(root: Node) -> list[Fault]:
    """What is wrong with the values and constraints of a file's parameters."""
    holder = root.child("ParameterDeclarations")
    if holder is None:
        return []
    scope = Scope()
    found: list[Fault] = []
    values: dict[str, Value] = {}
    seen: dict[str, Node] = {}
    for item in holder.all("ParameterDeclaration"):
        name = item.get("name")
        if name in seen:
            code = "duplicate-name" if seen[name].get("value") != item.get("value") else f"{LINT}duplicate-name"
            expected = f"a name of its own (line {seen[name].line} has that name too)"
            found.append(
                Fault(item.source, item.line, item.column, "ParameterDeclarations", code, repr(name), expected)
            )
        seen[name] = item
        scope.declare(name, item.get("parameterType"), item.get("value"))
    for name, item in seen.items():
        try:
            values[name] = to_value(scope.text(name), item.get("parameterType"))
        except ExpressionFault as fault:
            if fault.code == "wrong-type":  # others are found where references are resolved
                path = "ParameterDeclarations/ParameterDeclaration/@value"
                found.append(Fault(item.source, item.line, item.column, path, fault.code, fault.found, fault.expected))
    return found + _constraint_faults(holder, values)


def _variable_faults(root: Node) -> list[Fault]:
    """Variables of a resolved tree that begin with a value of another type."""
    holder = root.child("VariableDeclarations")
    found: list[Fault] = []
    for item in holder.all("VariableDeclaration") if holder is not None else ():
        try:
            to_value(item.get("value"), item.get("variableType"))
        except ExpressionFault as fault:
            path = "VariableDeclarations/VariableDeclaration/@value"
            found.append(Fault(item.source, item.line, item.column, path, fault.code, fault.found, fault.expected))
    return found


def _constraint_faults(holder: Node, values: dict[str, Value]) -> list[Fault]:
    found: list[Fault] = []
    constraints = [c for c in constraints_of(holder) if all(name in values for name in c.names())]
    path = "ParameterDeclarations/ParameterDeclaration/ConstraintGroup"
    for constraint in constraints:
        try:
            if not constraint.holds(values):
                what = f"{constraint.name} = {values[constraint.name]}"
                node = constraint.node
                found.append(Fault(node.source, node.line, node.column, path, "constraint-violated", what,
                                   "a value that one of its constraint groups allows"))  # fmt: skip
        except ExpressionFault as fault:
            node = constraint.node
            found.append(Fault(node.source, node.line, node.column, path, fault.code, fault.found, fault.expected))
    for code, constraint in judge_constraints(constraints, values):
        group = constraint.node.child("ConstraintGroup") or constraint.node
        if code == "vacuous-constraint":
            what = f"the groups of {constraint.name} together allow every value"
            expected = (
                "one group with all rules in it: groups are alternatives (or), rules of a group go together (and)"
            )
            found.append(_lint(group, path, code, what, expected))
        else:
            expected = "rules that some value satisfies"
            what = f"no value of {constraint.name} satisfies its constraints"
            found.append(Fault(group.source, group.line, group.column, path, code, what, expected))
    return found


def _unused(document: Document, resolver: Resolver) -> list[Fault]:
    """Parameters that no attribute, expression or condition reads."""
    root = document.root
    holder = root.child("ParameterDeclarations")
    named = {node.get("parameterRef") for node in root.walk() if node.tag in ("ParameterCondition", "ParameterAction")}
    constrained = {name for constraint in constraints_of(holder) for name in constraint.names()[1:]}
    found: list[Fault] = []
    for item in holder.all("ParameterDeclaration") if holder is not None else ():
        name = item.get("name")
        if name not in resolver.scope.used and name not in named and name not in constrained:
            path = "ParameterDeclarations/ParameterDeclaration"
            found.append(_lint(item, path, "unused-parameter", repr(name), "a parameter that something reads"))
    return found


def _catalog(document: Document) -> list[Fault]:
    catalog = document.root.child("Catalog")
    found: list[Fault] = []
    seen: dict[str, int] = {}
    resolver = Resolver(document.root, document.path, {})
    for entry in catalog.children if catalog is not None else ():
        name = entry.get("name")
        if name in seen:
            expected = f"a name of its own (line {seen[name]} has that name too)"
            path = f"Catalog/{entry.tag}"
            found.append(Fault(entry.source, entry.line, entry.column, path, "duplicate-name", repr(name), expected))
        seen.setdefault(name, entry.line)
        resolver.node(_without_references(entry), types()[entry.tag], resolver.scope, f"Catalog/{entry.tag}")
    # An entry may read parameters of the scenario that uses it, which is not known here.
    outer = [f for f in resolver.faults if f.code == "unknown-parameter"]
    found += [replace(fault, code=LINT + fault.code) for fault in outer]
    return found + [fault for fault in resolver.faults if fault.code != "unknown-parameter"]


def _without_references(node: Node) -> Node:
    """An entry without the catalog references in it, which only a scenario can follow."""
    kept = tuple(_without_references(child) for child in node.children if child.tag != "CatalogReference")
    return replace(node, children=kept)


def _variation(document: Document) -> list[Fault]:
    found: list[Fault] = []
    target, _ = target_of(document)
    if target is not None:
        try:
            found += [fault for fault in declaration_faults(read_openscenario(target).root) if fault.code != "order"]
        except InputError as error:
            return list(error.faults)
    try:
        expansion = expand(document)
    except InputError as error:
        return [*found, *error.faults]
    if expansion.feasible_count == 0:
        holder = document.root.child("ParameterValueDistribution") or document.root
        expected = "values of which some combination satisfies the constraints of the scenario"
        found.append(
            Fault(holder.source, holder.line, holder.column, "ParameterValueDistribution", "infeasible",
                  f"none of {expansion.grid_count} combinations", expected)
        )  # fmt: skip
    return found


def _placed(faults: Iterable[Fault]) -> list[Fault]:
    """Faults of attributes moved from the element to the attribute itself."""
    return [_at_attribute(fault) for fault in faults]


def _at_attribute(fault: Fault) -> Fault:
    match = re.search(r"@([\w:.]+)\Z", fault.path)
    name = match[1] if match else ""
    if fault.code == "unknown-attribute":
        name = fault.found.removeprefix("the attribute ")
    if not name or not fault.line or not fault.file:
        return fault
    lines = _lines(fault.file)
    pattern = re.compile(rf"(?<![\w:.]){re.escape(name)}\s*=")
    for number in range(fault.line, min(fault.line + 40, len(lines) + 1)):
        text = lines[number - 1]
        start = fault.column - 1 if number == fault.line else 0
        hit = pattern.search(text, max(start, 0))
        if hit:
            return replace(fault, line=number, column=hit.start() + 1)
        if ">" in text[max(start, 0) :]:
            return fault
    return fault


@lru_cache(maxsize=8)
def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8-sig", errors="replace").split("\n")
    except OSError:
        return []
