"""The words of the picture: who there is and between which numbers everything lies."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scenarios.expressions import Expression, Value
from scenarios.leaf import Leaf, Step
from scenarios.normal_form import Block, ChoiceOf, Restricted
from scenarios.picture.spread import Spread
from scenarios.space import Choice, Const
from scenarios.types.catalogue import LEAF_TYPES
from scenarios.types.features import unplayed
from scenarios.types.manoeuvres import TRIGGERS
from scenarios.types.road import road_schema
from scenarios.types.signals import STEADY_S
from scenarios.units import ANGLE, LENGTH, SPEED, TEXT, Dimension, format_number, to_base

_SHOWN = {SPEED: "km/h", ANGLE: "deg"}
IDLE = "(in no draw that was played did what it waits for come true)"
_ITEM = re.compile(r"(?P<item>\w+\[\d+\])\.(?P<of>\w+)")
_PHASE = re.compile(r"\d+[_ ](\w+)")
_STEADY = f"{STEADY_S:g} s"
_SKIPPED = ("length", "width", "height", "wheelbase")


@dataclass(frozen=True, slots=True)
class Entry:
    """A paragraph of the legend: whose colour it has, its title and its lines."""

    name: str
    title: str
    lines: tuple[str, ...]


def entries(spread: Spread, idle: frozenset[str] = frozenset()) -> list[Entry]:
    """Everyone and everything that is said, in the order of the legend.

    Args:
        spread: the draws.
        idle: actors for whom nothing that they wait for came true in the draws that were played.
    """
    leaves: dict[str, list[Leaf]] = {}
    for leaf in spread.logical.leaves():
        kept = leaves.setdefault(leaf.slot, [])
        if leaf not in kept:
            kept.append(leaf)
    found = [Entry("ego", "ego", tuple(_actor_lines(spread, leaves.get("ego", []))))]
    for name in spread.starts:
        own = leaves.get(f"actor {name}")
        if own:
            acts = [step for leaf in leaves.get(f"do {name}", []) for step in leaf.steps]
            found.append(Entry(name, name, (_kinds(own), *_actor_lines(spread, own), *_do_lines(acts),
                                           *((IDLE,) if name in idle else ()))))  # fmt: skip
    for name in spread.starts:
        for leaf in leaves.get(f"traffic {name}", [])[:1]:
            values = dict(leaf.values)
            count, speed = words(values["count"], None), words(values["speed"], None)
            found.append(Entry(name, name, (f"{count} of: {_kinds([leaf])}", speed)))
    found.extend(_surroundings(spread, leaves))
    held = dict.fromkeys(_held(said) for said in unplayed(spread.sample))
    return [*found, Entry("", "kept in the data, not played", ("; ".join(held),))] if held else found


def _held(said: str) -> str:
    """A line of `unplayed` in few words; where some values are played, those that are not."""
    head, _, rest = said.partition(": ")
    kind, _, name = head.partition(" ")
    if kind == "action":
        return f"{rest.split(' ')[0]} of {name.split('[')[0]}"
    fields = ", ".join(item.split(" = ")[0] for item in rest.split(", ")).replace("_", " ")
    if kind in LEAF_TYPES:
        return f"{head}: {fields}".replace("_", " ") if LEAF_TYPES[kind].played else head.replace("_", " ")
    return f"{name or kind} {fields}"


def _kinds(leaves: Sequence[Leaf]) -> str:
    values = [dict(leaf.values).get("kind") for leaf in leaves]
    return " or ".join(dict.fromkeys("car" if value is None else words(value, None) for value in values))


def _actor_lines(spread: Spread, leaves: Sequence[Leaf]) -> Iterator[str]:
    for number, leaf in enumerate(leaves):
        values = dict(leaf.values)
        if number:
            yield "or, in another option:"
        yield _place(spread, leaf, values)
        for name in ("speed", "target_speed"):
            if name in values and not _same(name, values):
                yield f"{name.replace('_', ' ')} {words(values[name], _drawn(spread, leaf.path_of(name)))}"
        for name, value in values.items():
            if name in ("lateral", "heading") and not (isinstance(value, Const) and value.value == 0):
                yield f"{name} {words(value, _drawn(spread, leaf.path_of(name)))}"


def _usual(road: Leaf, name: str) -> Any:
    """The value of a parameter of a road that does not say it."""
    archetype = road.text("archetype")
    return road_schema(archetype)[name].default if archetype else None


def _described(leaves: dict[str, list[Leaf]]) -> Iterator[Entry]:
    """Signals, and sections of the operational design domain: one line each."""
    for kind in ("signals", *LEAF_TYPES):
        own = [leaf for slot in leaves for leaf in leaves[slot] if leaf.kind == kind]
        lines = tuple(f"{leaf.name}: {_said(leaf)}" if leaf.name else _said(leaf) for leaf in own)
        if lines:
            yield Entry("", kind.replace("_", " "), lines)


def _said(leaf: Leaf) -> str:
    """The values of a leaf in one line; those of a list (`phases[00].duration`) item by item."""
    said = [words(value, None) for name, value in leaf.values if name == "kind"]
    items: dict[str, list[str]] = {}
    for name, value in leaf.values:
        text = words(value, None)
        if item := _ITEM.fullmatch(name):
            alone = item["of"] in ("activity", "duration", "state")
            items.setdefault(item["item"], []).append(text if alone else f"{item['of'].replace('_', ' ')} {text}")
        elif phase := _PHASE.fullmatch(name):
            said.append(f"{phase[1]} {text}" if text != _STEADY else phase[1])
        elif name != "kind":
            said.append(f"{name.replace('_', ' ')} {text}")
    return ", ".join([*said, *(" ".join(item) for item in items.values())])


def _same(name: str, values: dict[str, Value]) -> bool:
    value = values[name]
    return name == "target_speed" and isinstance(value, Expression) and value.text() == "ego.speed"


def _place(spread: Spread, leaf: Leaf, values: dict[str, Value]) -> str:
    route = f"on {words(values['on'], None)}" if "on" in values else ""
    relation = leaf.text("relation").replace("_", " ")
    if relation:
        by = f"{words(values['by'], _drawn(spread, leaf.path_of('by')))} " if "by" in values else ""
        return f"{by}{relation} {leaf.text('of')} {route}".strip()
    at = words(values["at"], _drawn(spread, leaf.path_of("at"))) if "at" in values else ""
    return f"{route} at {at}"


def _do_lines(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        yield _step(step)


def _step(step: Step) -> str:
    when = ""
    if step.when is not None:
        kind = TRIGGERS[step.when.kind]
        name = f"{step.when.kind}({step.when.actor})" if kind.target else step.when.kind
        when = f"when {name} {kind.sign} {words(step.when.value, None)}: "
    inner = [f"{name} {words(value, None)}" for name, value in step.values if not name.startswith("points[")]
    inner += [f"{name} {text}" for name, text in step.texts]
    below = f" ({'; '.join(_step(child) for child in step.steps)})" if step.steps else ""
    return f"{when}{step.action} {', '.join(inner)}{below}".strip()


def _surroundings(spread: Spread, leaves: dict[str, list[Leaf]]) -> Iterator[Entry]:
    road = spread.sample.road
    changed = [
        f"{name} {words(value, None)}"
        for leaf in leaves.get("road", []) for name, value in leaf.values
        if not isinstance(value, Const) or value.value != _usual(leaf, name)
    ]  # fmt: skip
    several = f"{spread.roads} roads in {len(spread.draws)} draws; one is shown" if spread.roads > 1 else ""
    yield Entry("", f"road: {road.archetype or road.file.rsplit('/', 1)[-1]}", tuple(filter(None, (*changed, several))))
    yield from _described(leaves)
    for kind in ("weather", "light"):
        own = leaves.get(kind, [])
        # Where options differ in it, they stand under "one of".
        if len(own) == 1 and (lines := tuple(_values(spread, own[0]))):
            yield Entry("", kind, (", ".join(lines),))
    named = [line for slot in leaves if slot.startswith("parameter ") for leaf in leaves[slot]
             for line in _values(spread, leaf)]  # fmt: skip
    if named:
        yield Entry("", "parameters", tuple(named))
    conditions = [text for block in spread.logical.blocks for text in _conditions(block)]
    if conditions:
        yield Entry("", "where", tuple(dict.fromkeys(conditions)))
    options = [line for block in spread.logical.blocks for line in _options(block)]
    if options:
        yield Entry("", "one of", tuple(options))


def _values(spread: Spread, leaf: Leaf) -> Iterator[str]:
    for name, value in leaf.values:
        yield f"{name.replace('_', ' ')} {words(value, _drawn(spread, leaf.path_of(name)))}"


def _conditions(block: Block) -> Iterator[str]:
    if isinstance(block, Restricted):
        yield from (condition.term.text() for condition in block.where)
        for inner in block.blocks:
            yield from _conditions(inner)


def _options(block: Block) -> Iterator[str]:
    if isinstance(block, Restricted):
        for inner in block.blocks:
            yield from _options(inner)
    elif isinstance(block, ChoiceOf):
        for weight, parts in block.options:
            slots = ", ".join(_named(part) for part in parts) or "nothing more"
            yield f"{100 * float(weight):.0f}%: {slots}"


def _named(part: Any) -> str:
    if not isinstance(part, Leaf):
        return "a part with conditions"
    shown = ", ".join(f"{name} {words(value, None)}" for name, value in part.values if name not in _SKIPPED)
    return f"{part.slot} {shown}".strip()


def _drawn(spread: Spread, path: str) -> tuple[float, float] | None:
    """Smallest and largest number that the draws have at a path."""
    found = [draw.draws[path] for draw in spread.draws if path in draw.draws]
    numbers = [float(v) for v in found if isinstance(v, (int, float)) and not isinstance(v, bool)]
    return (min(numbers), max(numbers)) if numbers else None


def words(value: Value, drawn: tuple[float, float] | None) -> str:
    """A value for people: `90-115 km/h`, `0 mm/h 75 %, 0.5-8 mm/h 25 %`; of an expression also what came out."""
    if isinstance(value, Expression):
        text = value.term.text()
        return f"{text} ({numbers(drawn, value.dimension)})" if drawn and value.dimension.numeric else text
    if isinstance(value, Choice):
        total = sum(weight for _, weight in value.options)
        merged: dict[str, float] = {}
        for option, weight in value.options:
            text = words(option, None)
            merged[text] = merged.get(text, 0.0) + weight
        return ", ".join(f"{text} {100 * weight / total:.0f}%" for text, weight in merged.items())
    if value.dimension.numeric:
        return numbers(value.bounds(), value.dimension)
    return str(value.value) if isinstance(value, Const) and value.dimension == TEXT else value.text()


def numbers(bounds: tuple[float, float], dimension: Dimension) -> str:
    """A range in the unit that people use."""
    unit = _SHOWN.get(dimension, dimension.unit)
    if dimension == SPEED and 0.0 < bounds[1] <= 4.0 and _digits(bounds, "m/s") < _digits(bounds, "km/h"):
        unit = "m/s"  # as one thinks of people
    low, high = (bound / to_base(1.0, unit) if unit else bound for bound in bounds)
    if dimension == LENGTH and low >= 10000:
        return "more than 10 km"
    ends = [_rounded(low), _rounded(high)]
    text = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}" if low < 0 else f"{ends[0]}-{ends[1]}"
    return f"{text} {unit}".strip()


def _digits(bounds: tuple[float, float], unit: str) -> int:
    return sum(len(_rounded(bound / to_base(1.0, unit))) for bound in bounds)


def _rounded(number: float) -> str:
    return format_number(float(f"{number:.3g}")) if abs(number) < 1000 else f"{number:.0f}"
