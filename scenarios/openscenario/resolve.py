"""Parameters, expressions and catalog references of a document, replaced by what they stand for."""

import re
from collections.abc import Mapping
from pathlib import Path

from driving_data.errors import Fault, InputError, nearest_name
from scenarios.openscenario.catalogs import Catalogs
from scenarios.openscenario.expressions import ExpressionFault, Value, evaluate, to_text, to_value
from scenarios.openscenario.lexical import EXPRESSION, PARAMETER, allows, mended, phrase
from scenarios.openscenario.node import Node, child_paths
from scenarios.openscenario.schema import ElementType, types

MAX_CATALOG_DEPTH = 10


class Scope:
    """The parameters that are known at a place: those declared there before those declared around it."""

    def __init__(self, outer: "Scope | None" = None) -> None:
        self.outer = outer
        self.declared: dict[str, tuple[str, str, Scope]] = {}
        self.values: dict[str, str] = {}
        self.busy: list[str] = []
        self.used: set[str] = set()

    def declare(self, name: str, type_name: str, text: str, evaluated_in: "Scope | None" = None) -> None:
        """Adds a parameter; its text is evaluated when it is first asked for, in `evaluated_in` or here."""
        self.declared[name] = (type_name, text, evaluated_in or self)

    def names(self) -> list[str]:
        """Every name that is known here, the innermost first."""
        return [*self.declared, *(self.outer.names() if self.outer is not None else [])]

    def text(self, name: str) -> str:
        """The value of a parameter, as text."""
        if name not in self.declared:
            if self.outer is None:
                raise ExpressionFault("unknown-parameter", f"${name}", "a declared parameter")
            return self.outer.text(name)
        self.used.add(name)
        if name not in self.values:
            if name in self.busy:
                chain = " -> ".join([*self.busy[self.busy.index(name) :], name])
                raise ExpressionFault("cyclic-parameter", chain, "a parameter that does not depend on itself")
            self.busy.append(name)
            try:
                _, text, scope = self.declared[name]
                self.values[name] = scope.replaced(text)
            finally:
                self.busy.pop()
        return self.values[name]

    def value(self, name: str) -> Value:
        """The value of a parameter in an expression."""
        owner: Scope | None = self
        while owner is not None and name not in owner.declared:
            owner = owner.outer
        if owner is None:
            near = nearest_name(name, self.names())
            raise ExpressionFault("unknown-parameter", f"${name}", "a declared parameter", f"${near}" if near else None)
        text = owner.text(name)
        try:
            return to_value(text, owner.declared[name][0])
        except ExpressionFault:
            return text  # a type that the value does not have is reported where it is declared

    def replaced(self, text: str) -> str:
        """A text with its references replaced."""
        if "$" not in text:
            return text
        if EXPRESSION.match(text) and text.count("${") == 1:
            return to_text(evaluate(text[2:-1], self.value))
        if PARAMETER.match(text):
            return self.text(self._known(text[1:]))
        return re.sub(r"(?<!\\)\$(\{[^}]*\}|[A-Za-z_][A-Za-z0-9_]*)", self._embedded, text).replace("\\$", "$")

    def _known(self, name: str) -> str:
        """The name itself; where it is not declared, a fault names the nearest."""
        if name not in self.names():
            near = nearest_name(name, self.names())
            raise ExpressionFault("unknown-parameter", f"${name}", "a declared parameter", f"${near}" if near else None)
        return name

    def _embedded(self, match: "re.Match[str]") -> str:
        inner = match[1]
        if inner.startswith("{"):
            return to_text(evaluate(inner[1:-1], self.value))
        return self.text(inner) if inner in self.names() else match[0]


def declare_all(scope: Scope, holder: Node | None) -> None:
    """Adds the parameters of a ParameterDeclarations element to a scope."""
    for item in holder.all("ParameterDeclaration") if holder is not None else ():
        scope.declare(item.get("name"), item.get("parameterType"), item.get("value"))


class Resolver:
    """Walks over a tree and writes the resolved one; collects faults and which catalogs were used."""

    def __init__(self, root: Node, path: Path, parameters: Mapping[str, str]) -> None:
        self.faults: list[Fault] = []
        self.scope = Scope()
        holder = root.child("ParameterDeclarations")
        declare_all(self.scope, holder)
        for name, text in parameters.items():
            if name in self.scope.declared:
                self.scope.declare(name, self.scope.declared[name][0], text)
            else:
                near = nearest_name(name, self.scope.declared)
                line = holder.line if holder is not None else 0
                where, expected = "ParameterDeclarations", "a declared parameter"
                self.faults.append(Fault(str(path), line, 0, where, "unknown-parameter", name, expected, near))
        self.catalogs = Catalogs(self.locations(root), path, self.faults)
        self.depth = 0

    def locations(self, root: Node) -> list[tuple[str, Node, str]]:
        """Catalog locations: (tag of the location, its Directory, the path with parameters replaced)."""
        holder = root.child("CatalogLocations")
        found: list[tuple[str, Node, str]] = []
        for location in holder.children if holder is not None else ():
            directory = location.child("Directory")
            if directory is not None:
                path = self.text(directory, "path", self.scope, f"CatalogLocations/{location.tag}/Directory/@path")
                found.append((location.tag, directory, path))
        return found

    def text(self, node: Node, name: str, scope: Scope, where: str) -> str:
        """One attribute with its references replaced; a fault where that fails."""
        written = node.get(name)
        if name in ("path", "filepath"):  # there a backslash parts folders, and does not take the meaning from a `$`
            written = written.replace("\\$", "/$")
        try:
            return scope.replaced(written)
        except ExpressionFault as fault:
            self.faults.append(
                Fault(node.source, node.line, node.column, where, fault.code, f"{node.get(name)!r}: {fault.found}",
                      fault.expected, fault.nearest)
            )  # fmt: skip
            return ""

    def attributes(self, node: Node, kind: ElementType, scope: Scope, path: str) -> dict[str, str]:
        """The attributes of an element, each of the type that the table states."""
        found: dict[str, str] = {}
        for name, written in node.attributes.items():
            if "$" not in written:
                found[name] = written
                continue
            where, count = f"{path}/@{name}", len(self.faults)
            type_name = kind.attributes[name].type if name in kind.attributes else "String"
            text = mended(type_name, self.text(node, name, scope, where))
            if len(self.faults) == count and not allows(type_name, text):
                what = f"{written!r} = {text!r}"
                self.faults.append(
                    Fault(node.source, node.line, node.column, where, "wrong-type", what, phrase(type_name))
                )
            found[name] = text
        return found

    def node(self, node: Node, kind: ElementType, scope: Scope, path: str) -> Node:
        """An element and all below it, resolved."""
        inner, children = scope, node.children
        holder = node.child("ParameterDeclarations")
        if holder is not None and kind.name != "OpenScenario":
            inner = Scope(scope)
            declare_all(inner, holder)
            children = tuple(child for child in children if child is not holder)
        attributes = self.attributes(node, kind, inner, path)
        resolved: list[Node] = []
        for child, where in zip(children, child_paths(path, [child.tag for child in children]), strict=True):
            if child.tag == "CatalogReference":
                found = self.referenced(child, inner, where)
                resolved += [found] if found is not None else []
            else:
                resolved.append(self.node(child, types()[kind.children[child.tag]], inner, where))
        return Node(node.tag, attributes, tuple(resolved), node.text, node.line, node.source, node.column)

    def referenced(self, node: Node, scope: Scope, path: str) -> Node | None:
        """What a CatalogReference stands for; None, with a fault, where there is no such entry."""
        count = len(self.faults)
        catalog = self.text(node, "catalogName", scope, f"{path}/@catalogName")
        entry = self.text(node, "entryName", scope, f"{path}/@entryName")
        if len(self.faults) > count:
            return None
        found = self.catalogs.entry(catalog, entry, node, path)
        if found is None:
            return None
        if self.depth >= MAX_CATALOG_DEPTH:
            self.faults.append(
                Fault(node.source, node.line, node.column, path, "cyclic-catalog", f"{catalog}/{entry}",
                      "a catalog entry that does not refer to itself")
            )  # fmt: skip
            return None
        assigned = Scope(self.scope)
        holder = found.child("ParameterDeclarations")
        declare_all(assigned, holder)
        self.assign(assigned, node, scope, path)
        kept = tuple(child for child in found.children if child is not holder)
        entry_node = Node(found.tag, found.attributes, kept, found.text, found.line, found.source, found.column)
        self.depth += 1
        try:
            return self.node(entry_node, types()[found.tag], assigned, f"{path}/{found.tag}")
        finally:
            self.depth -= 1

    def assign(self, scope: Scope, reference: Node, outer: Scope, path: str) -> None:
        """Puts the parameter assignments of a catalog reference over the defaults of the entry."""
        holder = reference.child("ParameterAssignments")
        for item in holder.all("ParameterAssignment") if holder is not None else ():
            name = item.get("parameterRef").removeprefix("$")
            where = f"{path}/ParameterAssignments/ParameterAssignment"
            if name not in scope.declared:
                near = nearest_name(name, scope.declared)
                self.faults.append(
                    Fault(item.source, item.line, item.column, where, "unknown-parameter", repr(name),
                          f"a parameter of the catalog entry {reference.get('entryName')}", near)
                )  # fmt: skip
                continue
            scope.declare(name, scope.declared[name][0], item.get("value"), outer)


def resolve_tree(root: Node, path: Path, parameters: Mapping[str, str]) -> tuple[Node, list[Fault], Resolver]:
    """The resolved tree, the faults found on the way, and the resolver with its scopes and catalogs."""
    try:
        resolver = Resolver(root, path, parameters)
        node = resolver.node(root, types()["OpenScenario"], resolver.scope, root.tag)
    except RecursionError:
        found, expected = "a very deep tree", "fewer levels"
        raise InputError([Fault(str(path), 0, 0, "", "too-large", found, expected)]) from None
    return node, resolver.faults, resolver
