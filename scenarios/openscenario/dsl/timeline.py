"""The composition of a DSL scenario laid out in time: who does what from when to when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from driving_data.errors import Fault, InputError, nearest_name
from scenarios.openscenario.dsl import tree
from scenarios.openscenario.dsl.declarations import Declarations
from scenarios.openscenario.dsl.values import (
    ActorReference,
    Evaluated,
    Scope,
    Value,
    arithmetic,
    evaluate,
    fault,
    number,
    quantity,
)

SECONDS, METRES, SPEED, ACCELERATION = (("s", 1),), (("m", 1),), (("m", 1), ("s", -1)), (("m", 1), ("s", -2))
MAX_DEPTH = 20
_PLAIN_TYPES = ("int", "uint", "float", "bool", "string")
_MAP_CALLS = ("set_map", "path_min_driving_lanes", "min_driving_lanes", "min_lanes")


@dataclass(frozen=True, slots=True)
class Act:
    """What one actor does in one phase.

    Attributes:
        actor: name.
        verb: `drive`, `walk`, ...
        start: when the phase begins, in s.
        duration: how long it lasts, in s; None where nothing says it.
        modifiers: what is asked of it.
        scope: where the modifiers' names are looked up.
        trigger: what must have happened besides, as a `when` of our own scenario files; empty for the time alone.
        label: name of the phase.
        spot: where it stands.
    """

    actor: str
    verb: str
    start: Value
    duration: Value | None
    modifiers: tuple[tree.Modifier, ...]
    scope: Scope
    trigger: str
    label: str
    spot: tree.Spot


@dataclass(slots=True)
class Timeline:
    """One way through the scenario.

    Attributes:
        acts: in the order of the text.
        actors: type by name, in order of declaration.
        duration: of the whole.
        map_name: the map that it asks for; empty where it asks for none.
        lanes: least number of lanes that it asks for.
        parameters: ranges by name.
        conditions: restrictions, as conditions of our own scenario files.
        dropped: what has no counterpart, with its place.
        choices: for each `one_of` that was met: which was taken, of how many.
    """

    acts: list[Act] = field(default_factory=lambda: [])
    actors: dict[str, str] = field(default_factory=lambda: {})
    duration: Value = field(default_factory=lambda: number(0.0, SECONDS))
    map_name: str = ""
    lanes: int = 1
    parameters: dict[str, str] = field(default_factory=lambda: {})
    conditions: list[str] = field(default_factory=lambda: [])
    dropped: list[Fault] = field(default_factory=lambda: [])
    choices: list[tuple[int, int]] = field(default_factory=lambda: [])


class Walker:
    """Walks through a scenario once; at the k-th `one_of` it takes the alternative `picks[k]`."""

    def __init__(self, declarations: Declarations, picks: Sequence[int]) -> None:
        self.made = Timeline()
        self._known, self._picks = declarations, tuple(picks)
        self._trigger = ""
        self._label = ""
        self._globals = Scope(declarations.path, {}, declarations.units, declarations.methods, self._add_parameter)
        for item in declarations.globals:
            self._bind(item, self._globals)

    def walk(self, entity: tree.Entity) -> Timeline:
        """The scenario in time."""
        self.made.duration = self._scenario(entity, {}, self._globals, number(0.0, SECONDS), 0)
        return self.made

    def _add_parameter(self, hint: str, text: str) -> str:
        name, count = hint, 1
        while self.made.parameters.get(name, text) != text or name in self.made.actors:
            count += 1
            name = f"{hint}_{count}"
        self.made.parameters[name] = text
        return name

    def _drop(self, spot: tree.Spot, found: str, expected: str = "something that scenarios have a word for") -> None:
        entry = Fault(self._known.path, spot.line, spot.column, "", "not-translated", found, expected)
        if entry not in self.made.dropped:
            self.made.dropped.append(entry)

    def _scenario(
        self, entity: tree.Entity, given: dict[str, Evaluated], outer: Scope, start: Value, depth: int
    ) -> Value:
        if depth > MAX_DEPTH:
            raise fault(outer, entity.spot, "endless", f"{entity.name} calls itself", "an end")
        scope = Scope(self._known.path, dict(given), outer.units, outer.methods, self._add_parameter, self._globals)
        keeps = [item for item in entity.items if isinstance(item, tree.Keep)]
        for item in entity.items:
            match item:
                case tree.Field():
                    self._bind(item, scope, keeps)
                case tree.EventDeclaration():
                    scope.names[item.name] = f"event {item.name}"
                case tree.Modifier():
                    self._body_modifier(item, scope)
                case tree.Coverage():
                    self._drop(item.spot, f"{item.kind}(...)", "roadloom coverage over the parameters")
                case tree.On():
                    self._drop(item.spot, "on ...", "a wait in the do part")
                case _:
                    pass
        self._constrain(keeps, scope)
        self._events = {i.name: i for i in entity.items if isinstance(i, tree.EventDeclaration)}
        if entity.do is None:
            return number(0.0, SECONDS)
        return self._doing(entity.do, scope, start, None, entity.name, depth)

    def _bind(self, item: tree.Field, scope: Scope, keeps: Iterable[tree.Keep] = ()) -> None:
        """Gives a field its value: an argument, a default, what a keep says, or an actor of that name."""
        if item.name in scope.names:
            return
        if self._is_actor(item.type):
            bound = evaluate(item.default, scope) if item.default is not None else ActorReference(item.name)
            scope.names[item.name] = bound
            if isinstance(bound, ActorReference) and "path" not in item.type.lower():
                self.made.actors.setdefault(bound.name, item.type)
            return
        scope.names[item.name] = None
        if item.default is not None:
            scope.names[item.name] = self._default(item, item.default, scope)
            return
        for keep in keeps:
            value = self._kept_value(item.name, keep.condition, scope)
            if value is not None:
                scope.names[item.name] = value

    def _default(self, item: tree.Field, default: tree.Expression, scope: Scope) -> Evaluated:
        """A field's default; code outside the file is not run, and a field that needs it has no value."""
        try:
            return evaluate(default, scope, item.name)
        except InputError as error:
            if any(found.code != "external-method" for found in error.faults):
                raise
            self._drop(item.spot, f"{item.name} is computed by code outside the file", "an expression")
            return None

    def _is_actor(self, type_name: str) -> bool:
        entity = self._known.entities.get(type_name)
        known_other = type_name in self._known.quantities or type_name in self._known.enums
        if entity is not None:
            return entity.kind == "actor"
        return not (type_name in _PLAIN_TYPES or known_other or type_name in _QUANTITIES or "list of" in type_name)

    def _kept_value(self, name: str, condition: tree.Expression, scope: Scope) -> Evaluated:
        """The value that `keep(name == value)` or `keep(name in [a..b])` gives; None for any other condition."""
        if isinstance(condition, tree.Operation) and condition.operator in ("==", "in"):
            left, right = condition.operands
            if isinstance(left, tree.Name) and left.text == name:
                return evaluate(right, scope, name)
        return None

    def _constrain(self, keeps: Iterable[tree.Keep], scope: Scope) -> None:
        """Keeps that bind no field restrict the parameters."""
        for keep in keeps:
            condition = keep.condition
            if isinstance(condition, tree.Operation) and condition.operator in ("<", "<=", ">", ">=", "=="):
                sides = [evaluate(side, scope) for side in condition.operands]
                values = [side for side in sides if isinstance(side, Value)]
                if len(values) == 2 and not all(v.constant for v in values) and values[0] != values[1]:
                    text = f"{values[0].text} {condition.operator} {values[1].text}"
                    if keep.soft:
                        self._drop(keep.spot, f"the soft {text}", "a hard restriction")
                    elif text not in self.made.conditions:
                        self.made.conditions.append(text)

    def _body_modifier(self, item: tree.Modifier, scope: Scope) -> None:
        first = evaluate(item.arguments[0].value, scope) if item.arguments else None
        if item.name == "set_map" and isinstance(first, str):
            self.made.map_name = first
        elif item.name in _MAP_CALLS and isinstance(first, Value):
            self.made.lanes = max(self.made.lanes, round(first.low))
        elif f"{item.of}.{item.name}".strip(".") in scope.methods:
            pass  # a call for its value alone
        else:
            self._drop(item.spot, f"{f'{item.of}.' if item.of else ''}{item.name}(...)")

    def _doing(
        self, doing: tree.Doing, scope: Scope, start: Value, within: Value | None, owner: str, depth: int
    ) -> Value:
        """Lays one piece into time; gives its duration."""
        match doing:
            case tree.Labelled():
                self._label = doing.label
                return self._doing(doing.doing, scope, start, within, owner, depth)
            case tree.Compose():
                return self._composed(doing, scope, start, within, owner, depth)
            case tree.Wait():
                return self._wait(doing, scope)
            case tree.Emit():
                self._drop(doing.spot, f"emit {doing.event}", "an event that something waits for")
                return number(0.0, SECONDS)
            case tree.Invoke():
                return self._invoked(doing, scope, start, within, owner, depth)

    def _composed(
        self, doing: tree.Compose, scope: Scope, start: Value, within: Value | None, owner: str, depth: int
    ) -> Value:
        label, self._label = self._label or doing.operator, ""
        given = next((a.value for a in doing.arguments if a.name in ("duration", "")), None)
        duration = quantity(given, scope, SECONDS, f"{label}_duration") if given is not None else within
        for argument in doing.arguments:
            if argument.name not in ("duration", ""):
                self._drop(doing.spot, f"{doing.operator}({argument.name}: ...)", "duration")
        for modifier in doing.modifiers:
            self._drop(modifier.spot, f"{modifier.name} of a whole {doing.operator}", "with on one action")
        if doing.operator == "one_of":
            return self._one_of(doing, scope, start, duration, owner, depth)
        if doing.operator == "serial":
            # A serial of one member hands its own duration on; more members divide it as they say themselves.
            alone = duration if len(doing.members) == 1 else None
            total = number(0.0, SECONDS)
            for member in doing.members:
                took = self._doing(member, scope, added(start, total), alone, owner, depth)
                total = added(total, took)
            return duration or total
        if doing.operator not in ("parallel", "mix"):
            raise fault(scope, doing.spot, "not-supported", doing.operator, "serial, parallel or one_of")
        before, ends = self._trigger, [number(0.0, SECONDS)]
        for member in doing.members:
            self._trigger, self._label = before, label
            ends.append(self._doing(member, scope, start, duration, owner, depth))
        return duration or max(ends, key=lambda end: end.high)

    def _one_of(
        self, doing: tree.Compose, scope: Scope, start: Value, duration: Value | None, owner: str, depth: int
    ) -> Value:
        turn = len(self.made.choices)
        pick = self._picks[turn] if turn < len(self._picks) else 0
        self.made.choices.append((pick, len(doing.members)))
        return self._doing(doing.members[pick], scope, start, duration, owner, depth)

    def _wait(self, doing: tree.Wait, scope: Scope) -> Value:
        condition = doing.condition
        if condition.kind == "elapsed" and condition.value is not None:
            return quantity(condition.value, scope, SECONDS, f"{self._label or 'wait'}_duration")
        event = condition.value
        name = event.text if isinstance(event, tree.Name) else ""
        declared = self._events.get(name)
        if condition.kind == "event" and declared is None and name:
            raise fault(scope, doing.spot, "unknown-name", f"@{name}", "an event that is declared",
                        nearest_name(name, self._events) or "")  # fmt: skip
        trigger = self._driven_distance(declared, scope) if declared is not None else ""
        if trigger:
            self._trigger = trigger
        else:
            self._drop(doing.spot, f"wait @{name}" if name else f"wait for a condition ({condition.kind})",
                       "elapsed, or an event of a distance driven")  # fmt: skip
        if condition.guard is not None:
            self._drop(doing.spot, "the condition behind `if`", "an event without one")
        return number(0.0, SECONDS)

    def _driven_distance(self, event: tree.EventDeclaration, scope: Scope) -> str:
        """A trigger for an event that names an actor and a length: that actor has driven so far."""
        actor, length = "", None
        for argument in event.arguments:
            value = evaluate(argument.default, scope, argument.name) if argument.default is not None else None
            if isinstance(value, ActorReference):
                actor = value.name
            elif isinstance(value, Value) and value.exponents == METRES:
                length = value
        return f"{actor} drove {length.text}" if actor and length is not None else ""

    def _invoked(
        self, doing: tree.Invoke, scope: Scope, start: Value, within: Value | None, owner: str, depth: int
    ) -> Value:
        full = f"{doing.actor}.{doing.name}".strip(".")
        entity = self._known.scenario(full, owner)
        if entity is not None:
            return self._scenario(entity, self._arguments(doing, entity, scope), scope, start, depth + 1)
        actor = self._actor(doing, scope)
        duration = within
        for argument in doing.arguments:
            if argument.name == "duration":
                duration = quantity(argument.value, scope, SECONDS, f"{self._label or doing.name}_duration")
        modifiers = doing.modifiers
        if doing.name not in ("drive", "walk", "move"):
            rest = tuple(a for a in doing.arguments if a.name != "duration")
            modifiers = (tree.Modifier("", doing.name, rest, doing.spot), *modifiers)
        self.made.acts.append(
            Act(actor, doing.name, start, duration, modifiers, scope, self._trigger, self._label, doing.spot)
        )
        return duration or number(0.0, SECONDS)

    def _actor(self, doing: tree.Invoke, scope: Scope) -> str:
        """The actor of an action; one that nothing declares is made, as a path over calls into other scenarios may."""
        found = scope.find(doing.actor) if doing.actor else None
        if isinstance(found, ActorReference):
            self.made.actors.setdefault(found.name, "")
            return found.name
        if not doing.actor or doing.actor in self.made.actors:
            name = doing.actor or next(iter(self.made.actors), "")
            if name:
                return name
        if doing.name in ("drive", "walk", "move") and doing.actor and doing.actor.isidentifier():
            near = nearest_name(doing.actor, [n for n in scope.known() if isinstance(scope.find(n), ActorReference)])
            if near is None:
                self.made.actors.setdefault(doing.actor, "")
                self._drop(doing.spot, f"{doing.actor} is declared nowhere here", "a field of an actor type")
                return doing.actor
        full = f"{doing.actor}.{doing.name}".strip(".")
        near = nearest_name(full, [*self._known.entities, *scope.known()]) or ""
        raise fault(scope, doing.spot, "unknown-name", full, "an actor's action or a scenario", near)

    def _arguments(self, doing: tree.Invoke, entity: tree.Entity, scope: Scope) -> dict[str, Evaluated]:
        """Arguments of a scenario call; actors that it does not pass are those of the same name around it."""
        fields = [item for item in entity.items if isinstance(item, tree.Field)]
        given: dict[str, Evaluated] = {}
        for place, argument in enumerate(doing.arguments):
            name = argument.name or (fields[place].name if place < len(fields) else "")
            if name not in {f.name for f in fields}:
                raise fault(scope, doing.spot, "unknown-name", f"argument {name!r} of {entity.name}",
                            f"one of {', '.join(f.name for f in fields)}",
                            nearest_name(name, [f.name for f in fields]) or "")  # fmt: skip
            given[name] = evaluate(argument.value, scope, name)
        for item in fields:
            outer = scope.find(item.name)
            if item.name not in given and isinstance(outer, ActorReference):
                given[item.name] = outer
        return given


_QUANTITIES = ("time", "length", "velocity", "speed", "acceleration", "angle", "mass", "angular_rate", "distance")


def added(one: Value, two: Value) -> Value:
    """Sum of two durations; zeros are left out of the text."""
    if one.constant and one.low == 0.0:
        return two
    if two.constant and two.low == 0.0:
        return one
    total = arithmetic("+", [one, two])
    assert total is not None
    return total


def timelines(declarations: Declarations, entity: tree.Entity, most: int) -> list[Timeline]:
    """Every way through a scenario: the product of its `one_of`s, in order.

    Raises:
        InputError: something is wrong, or there are more than `most` ways.
    """
    found: list[Timeline] = []
    picks: list[int] = []
    while True:
        made = Walker(declarations, picks).walk(entity)
        found.append(made)
        taken = list(made.choices)
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        if not taken:
            return found
        picks = [pick for pick, _ in taken[:-1]] + [taken[-1][0] + 1]
        if len(found) >= most:
            scope = Scope(declarations.path, {}, declarations.units, declarations.methods, lambda hint, text: hint)
            raise fault(scope, entity.spot, "too-many", f"more than {most} combinations of one_of", f"at most {most}")
