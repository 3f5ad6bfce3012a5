"""What the files of an OpenSCENARIO DSL scenario declare, imports included."""

from dataclasses import dataclass, field
from pathlib import Path

from driving_data.errors import Fault, InputError
from scenarios.openscenario.dsl import tree
from scenarios.openscenario.dsl.parser import parse_file
from scenarios.openscenario.dsl.units import STANDARD, Unit, declared

_LIBRARIES = ("osc.standard", "osc.standard.all", "osc.standard_library", "osc.types", "osc.helpers", "osc.actors")


@dataclass(slots=True)
class Declarations:
    """Everything that is declared, by name."""

    path: str
    units: dict[str, Unit] = field(default_factory=lambda: dict(STANDARD))
    quantities: dict[str, tree.Quantity] = field(default_factory=lambda: {})
    enums: dict[str, tree.Enumeration] = field(default_factory=lambda: {})
    entities: dict[str, tree.Entity] = field(default_factory=lambda: {})
    methods: dict[str, tree.Method] = field(default_factory=lambda: {})
    globals: list[tree.Field] = field(default_factory=lambda: [])

    def scenario(self, name: str, outer: str = "") -> tree.Entity | None:
        """A scenario by its full name, or by its last part within the actor of the scenario around it."""
        actor = outer.rpartition(".")[0]
        for full in (name, f"{actor}.{name}" if actor else name):
            found = self.entities.get(full)
            if found is not None and found.kind == "scenario":
                return found
        return None

    def lineage(self, type_name: str) -> list[str]:
        """A type and what it inherits from, nearest first."""
        found: list[str] = []
        name = type_name
        while name and name not in found:
            found.append(name)
            entity = self.entities.get(name)
            name = entity.parent if entity is not None else ""
        return found


def read_declarations(path: Path) -> Declarations:
    """Reads a file and what it imports.

    Raises:
        InputError: a file cannot be read or parsed, imports go in a circle, or a name is declared twice.
    """
    result = Declarations(str(path))
    _add_file(path, result, ())
    return result


def _add_file(path: Path, result: Declarations, above: tuple[Path, ...]) -> None:
    if path.resolve() in above:
        chain = " imports ".join(p.name for p in (*above, path))
        raise InputError([Fault(str(path), 0, 0, "", "cyclic-import", chain, "imports without a circle")])
    for statement in parse_file(path).statements:
        match statement:
            case tree.Import():
                _import(statement, path, result, (*above, path.resolve()))
            case tree.Quantity():
                result.quantities[statement.name] = statement
            case tree.UnitDeclaration():
                result.units[statement.name] = declared(statement, result.quantities)
            case tree.Enumeration():
                result.enums[statement.name] = statement
            case tree.Field():
                result.globals.append(statement)
            case tree.Entity():
                _add_entity(statement, str(path), result)


def _import(statement: tree.Import, path: Path, result: Declarations, above: tuple[Path, ...]) -> None:
    """Standard libraries are known; another name is a file beside the importing one."""
    if statement.name in _LIBRARIES:
        return
    plain = path.parent / statement.name
    candidates = (plain, path.parent / f"{statement.name.replace('.', '/')}.osc", plain.with_suffix(".osc"))
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is None:
        raise InputError([Fault(str(path), statement.spot.line, statement.spot.column, "", "missing-file",
                                f"import of {statement.name}", "a file beside this one or osc.standard")])  # fmt: skip
    _add_file(found, result, above)


def _add_entity(entity: tree.Entity, file: str, result: Declarations) -> None:
    known = result.entities.get(entity.name)
    if entity.extends:
        if known is None:
            raise InputError([Fault(file, entity.spot.line, entity.spot.column, "", "unknown-name",
                                    f"extend {entity.name}", "something that is declared before")])  # fmt: skip
        entity = tree.Entity(known.kind, known.name, known.parent, False, (*known.items, *entity.items),
                             entity.do or known.do, known.spot)  # fmt: skip
    elif known is not None and known != entity:
        raise InputError([Fault(file, entity.spot.line, entity.spot.column, "", "declared-twice", entity.name,
                                f"one declaration; the first is in line {known.spot.line}")])  # fmt: skip
    result.entities[entity.name] = entity
    for item in entity.items:
        if isinstance(item, tree.Method):
            result.methods[f"{entity.name}.{item.name}"] = item
