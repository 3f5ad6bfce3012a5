"""Syntax of OpenSCENARIO DSL as plain values. Every piece knows its line and column."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands."""

    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Literal:
    """A number (int, float), a text or a truth value."""

    value: int | float | str | bool
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Physical:
    """A number with a unit, as `30kph`."""

    value: float
    unit: str
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier."""

    text: str
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Member:
    """`of.name`."""

    of: "Expression"
    name: str
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; `name` is empty where it stands by its place."""

    name: str
    value: "Expression"


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`."""

    function: "Expression"
    arguments: tuple[Argument, ...]
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Between:
    """`[low..high]` or `range(low, high)`."""

    low: "Expression"
    high: "Expression"
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """`[a, b, c]`."""

    items: tuple["Expression", ...]
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with its one, two or three operands."""

    operator: str
    operands: tuple["Expression", ...]
    spot: Spot = field(default=Spot(), compare=False)


Expression = Literal | Physical | Name | Member | Call | Between | Listing | Operation


@dataclass(frozen=True, slots=True)
class Field:
    """`name: type = default`."""

    name: str
    type: str
    default: Expression | None
    variable: bool
    spot: Spot


@dataclass(frozen=True, slots=True)
class Keep:
    """`keep([default] condition)`."""

    condition: Expression
    soft: bool
    spot: Spot


@dataclass(frozen=True, slots=True)
class EventDeclaration:
    """`event name(arguments) [is condition]`."""

    name: str
    arguments: tuple[Field, ...]
    condition: "Condition | None"
    spot: Spot


@dataclass(frozen=True, slots=True)
class Method:
    """`def name(arguments) -> type is expression ...`; external ones have no body."""

    name: str
    arguments: tuple[Field, ...]
    type: str
    body: Expression | None
    external: str
    spot: Spot


@dataclass(frozen=True, slots=True)
class Coverage:
    """`cover(...)` or `record(...)`."""

    kind: str
    arguments: tuple[Argument, ...]
    spot: Spot


@dataclass(frozen=True, slots=True)
class Condition:
    """What is waited for: `elapsed`, `event`, `rise`, `fall`, `every` or `expression`."""

    kind: str
    value: Expression | None
    guard: Expression | None
    spot: Spot


@dataclass(frozen=True, slots=True)
class Compose:
    """`serial`, `parallel` or `one_of` with its arguments and members."""

    operator: str
    arguments: tuple[Argument, ...]
    members: tuple["Doing", ...]
    modifiers: tuple["Modifier", ...]
    spot: Spot


@dataclass(frozen=True, slots=True)
class Invoke:
    """An action or a scenario, with what stands under `with`."""

    actor: str
    name: str
    arguments: tuple[Argument, ...]
    modifiers: tuple["Modifier", ...]
    spot: Spot


@dataclass(frozen=True, slots=True)
class Wait:
    """`wait condition`."""

    condition: Condition
    spot: Spot


@dataclass(frozen=True, slots=True)
class Emit:
    """`emit event(arguments)`."""

    event: str
    arguments: tuple[Argument, ...]
    spot: Spot


@dataclass(frozen=True, slots=True)
class Labelled:
    """`label: doing`."""

    label: str
    doing: "Doing"
    spot: Spot


Doing = Compose | Invoke | Wait | Emit | Labelled


@dataclass(frozen=True, slots=True)
class Modifier:
    """A modifier call under `with` or in a body: `speed(30kph)`, `path.set_map("Town04")`; keeps and untils too."""

    of: str
    name: str
    arguments: tuple[Argument, ...]
    spot: Spot


@dataclass(frozen=True, slots=True)
class On:
    """`on condition: reactions`."""

    condition: Condition
    reactions: tuple[Doing, ...]
    spot: Spot


BodyItem = Field | Keep | EventDeclaration | Method | Coverage | Modifier | On


@dataclass(frozen=True, slots=True)
class Entity:
    """A struct, actor, scenario, action or modifier, or an extension of one."""

    kind: str
    name: str
    parent: str
    extends: bool
    items: tuple[BodyItem, ...]
    do: Doing | None
    spot: Spot


@dataclass(frozen=True, slots=True)
class Quantity:
    """`type name is SI(...)`: exponents by base unit."""

    name: str
    exponents: tuple[tuple[str, int], ...]
    spot: Spot


@dataclass(frozen=True, slots=True)
class UnitDeclaration:
    """`unit name of quantity is SI(..., factor: f, offset: o)`."""

    name: str
    quantity: str
    exponents: tuple[tuple[str, int], ...]
    factor: float
    offset: float
    spot: Spot


@dataclass(frozen=True, slots=True)
class Enumeration:
    """`enum name: [a, b]`."""

    name: str
    members: tuple[str, ...]
    spot: Spot


@dataclass(frozen=True, slots=True)
class Import:
    """`import osc.standard` or `import "file.osc"`."""

    name: str
    spot: Spot


Statement = Entity | Quantity | UnitDeclaration | Enumeration | Import | Field


@dataclass(frozen=True, slots=True)
class File:
    """A parsed file."""

    path: str
    statements: tuple[Statement, ...]
