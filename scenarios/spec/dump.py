"""Logical scenarios into YAML: what is read back is the same scenario."""

import os
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from scenarios.algebra import LogicalScenario
from scenarios.expressions import Expression, Value
from scenarios.leaf import Leaf, Step
from scenarios.normal_form import Block, ChoiceOf, Restricted
from scenarios.space import Choice, Const
from scenarios.spec.tables import LEAF_TYPES, all_keys
from scenarios.types.leaf_type import rows_of
from scenarios.types.manoeuvres import TRIGGERS
from scenarios.types.road import road_schema


class _Dumper(yaml.SafeDumper):
    """Writes `on` and `no` without quotes: our reader takes only `true` and `false` for booleans."""


_Dumper.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for letter, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
}
_Dumper.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), ["t", "f"])


def dump_spec(logical: LogicalScenario, folder: Path | None = None) -> str:
    """The scenario as YAML; `read_text(dump_spec(s)) == s`.

    Args:
        logical: the scenario.
        folder: where the text will lie: files that the scenario names are written relative to it; as they are if None.
    """
    document = _document(logical.blocks)
    if folder is not None:
        document = _relative(document, folder)
    return yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110,
        default_flow_style=None,
    )  # fmt: skip


def _relative(data: Any, folder: Path) -> Any:
    """The same data with the files of roads and storyboards as they are found from a folder."""
    if isinstance(data, list):
        return [_relative(item, folder) for item in data]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(data, dict):
        return data
    found: dict[str, Any] = {key: _relative(value, folder) for key, value in data.items()}  # pyright: ignore[reportUnknownVariableType]
    for key in ("road", "storyboard"):
        if isinstance(found.get(key), dict) and "file" in found[key]:
            there = os.path.relpath(Path(found[key]["file"]).resolve(), folder.resolve())
            found[key] = {**found[key], "file": Path(there).as_posix()}
    return found


def _document(blocks: Iterable[Block]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    conditions: list[str] = []
    choices: list[Any] = []
    for block in _opened(blocks, conditions):
        if isinstance(block, Leaf):
            _WRITERS.get(block.kind, _described)(block, found)
        else:
            choices.append([{"weight": _weight(weight), **_document(parts)} for weight, parts in block.options])
    _nest_behaviours(found)
    if conditions:
        found["where"] = conditions
    if len(choices) == 1:
        found["one_of"] = choices[0]
    elif choices:
        found["choices"] = choices
    return {key: found[key] for key in ("weight", *all_keys()) if key in found}


def _opened(blocks: Iterable[Block], conditions: list[str]) -> list[Leaf | ChoiceOf]:
    """Blocks without the restrictions around them: reading puts each condition back around what it reads."""
    opened: list[Leaf | ChoiceOf] = []
    for block in blocks:
        if isinstance(block, Restricted):
            conditions.extend(condition.term.text() for condition in block.where)
            opened.extend(_opened(block.blocks, conditions))
        else:
            opened.append(block)
    return opened


def _weight(weight: Fraction) -> Any:
    return weight.numerator if weight.denominator == 1 else f"{weight.numerator}/{weight.denominator}"


def _values(leaf: Leaf) -> dict[str, Any]:
    return {name: _written(value) for name, value in leaf.values}


def _written(value: Value) -> Any:
    """A value as YAML: bare numbers and flags where the dimension allows, else its text."""
    bare = isinstance(value, Const) and not isinstance(value.value, str) and not value.dimension.unit
    return value.value if isinstance(value, Const) and bare else value.text()


def _about(leaf: Leaf, found: dict[str, Any]) -> None:
    if leaf.text("name"):
        found["scenario"] = leaf.text("name")
    if leaf.text("description"):
        found["description"] = leaf.text("description")
    if tags := [key[4:] for key, _ in leaf.texts if key.startswith("tag:")]:
        found["tags"] = tags


def _road(leaf: Leaf, found: dict[str, Any]) -> None:
    if leaf.text("file"):
        routes = {key[6:]: lanes.split() for key, lanes in leaf.texts if key.startswith("route:")}
        found["road"] = {"file": leaf.text("file"), "routes": routes}
        return
    schema = road_schema(leaf.text("archetype"))
    own = {
        name: _written(value) for name, value in leaf.values
        if not (isinstance(value, Const) and value.value == schema[name].default)
    }  # fmt: skip
    found["road"] = {leaf.text("archetype"): own} if own else leaf.text("archetype")


def _actor(leaf: Leaf, found: dict[str, Any]) -> None:
    data = _values(leaf)
    relation, driver = leaf.text("relation"), _driver(leaf, data)
    if relation:
        by = data.pop("by", None)
        data[relation] = leaf.text("of") + (f" by {by}" if by is not None else "")
    found.setdefault("roles" if leaf.kind == "role" else "actors", {})[leaf.name] = data | driver


def _driver(leaf: Leaf, data: dict[str, Any]) -> dict[str, Any]:
    """Takes the driver's values out of `data` and gives them as the file has them."""
    own = {name: data.pop(name) for name in list(data) if name.startswith("driver.")}
    if own:
        return {"driver": {name.removeprefix("driver."): value for name, value in own.items()}}
    return {"driver": leaf.text("driver")} if leaf.text("driver") else {}


def _traffic(leaf: Leaf, found: dict[str, Any]) -> None:
    data = _values(leaf)
    found.setdefault("traffic", {})[leaf.name] = data | _driver(leaf, data)


def _signal(leaf: Leaf, found: dict[str, Any]) -> None:
    phases: list[Any] = [{name[3:]: value.text()} for name, value in leaf.values if name != "offset"]
    states = [next(iter(phase)) for phase in phases]
    offset = {name: value.text() for name, value in leaf.values if name == "offset"}
    # Keys hold each state once; a programme that shows one twice (and has no offset) is a list.
    merged: Any = {key: value for phase in phases for key, value in phase.items()} | offset
    found.setdefault("signals", {})[leaf.name] = merged if len(set(states)) == len(states) else phases


def _do(leaf: Leaf, found: dict[str, Any]) -> None:
    found.setdefault("do", {})[leaf.name] = [_step(step) for step in leaf.steps]


def _step(step: Step) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if step.when is not None:
        trigger = TRIGGERS[step.when.kind]
        name = f"{step.when.kind}({step.when.actor})" if trigger.target else step.when.kind
        data["when"] = f"{name} {trigger.sign} {step.when.value.text()}"
    values: dict[str, Any] = {name: _written(value) for name, value in step.values if not name.startswith("points[")}
    values |= dict(step.texts)
    inner = [_step(child) for child in step.steps]
    if step.action in ("sequence", "parallel"):
        data[step.action] = inner
    else:
        points = _points(step)
        data[step.action] = values | ({"do": inner} if inner else {}) | ({"points": points} if points else {})
    return data


def _points(step: Step) -> list[list[str]]:
    named = {name: value.text() for name, value in step.values if name.startswith("points[")}
    count = sum(1 for name in named if name.endswith(".s"))
    return [[named[f"points[{i}].s"], named[f"points[{i}].d"]] for i in range(count)]


def _nest_behaviours(found: dict[str, Any]) -> None:
    """Puts what an actor does below the actor, where both are at hand."""
    acts, actors = found.get("do", {}), {**found.get("roles", {}), **found.get("actors", {})}
    for name in [name for name in acts if name in actors]:
        actors[name]["do"] = acts.pop(name)
    if not acts:
        found.pop("do", None)


def _storyboard(leaf: Leaf, found: dict[str, Any]) -> None:
    varied = {key.removeprefix("parameter "): name for key, name in leaf.texts if key.startswith("parameter ")}
    found["storyboard"] = {"file": leaf.text("file"), **({"parameters": varied} if varied else {})}


def _described(leaf: Leaf, found: dict[str, Any]) -> None:
    """A leaf of a kind that is described by data."""
    kind, values = LEAF_TYPES[leaf.kind], _values(leaf)
    data = {name: value for name, value in values.items() if "[" not in name}
    data |= {key: rows for key in kind.rows if (rows := rows_of(values, key))}
    if kind.several:
        found.setdefault(leaf.kind, {})[leaf.name] = data
    else:
        found[leaf.kind] = data


def _parameter(leaf: Leaf, found: dict[str, Any]) -> None:
    value = leaf.values[0][1]
    found.setdefault("parameters", {})[leaf.name] = _unmistakable(value)


def _unmistakable(value: Value) -> Any:
    """A value whose kind nothing tells but its own text: numbers that are no counts have a point, texts that are no
    names stand in quotes."""  # noqa: D205, D209
    if isinstance(value, Expression):
        return value.term.text()
    options = value.options if isinstance(value, Choice) else ((value, 1.0),)
    plain = [(option, weight) for option, weight in options if isinstance(option, Const)]
    if len(plain) != len(options) or not any(_is_mistaken(option) for option, _ in plain):
        return _written(value)
    texts = [_pointed(option) if _is_mistaken(option) else str(_written(option)) for option, _ in plain]
    if len({weight for _, weight in plain}) > 1:
        texts = [f"{text} @ {weight:g}" for text, (_, weight) in zip(texts, plain, strict=True)]
    return " | ".join(texts)


def _is_mistaken(value: Const) -> bool:
    if value.dimension.sort == "number" and not value.dimension.unit:
        return float(value.value).is_integer()
    return isinstance(value.value, str) and re.fullmatch(r"[A-Za-z_][\w.]*", value.value) is None


def _pointed(value: Const) -> str:
    return repr(value.value) if isinstance(value.value, str) else f"{float(value.value):.1f}"


_WRITERS: Mapping[str, Any] = {
    "about": _about,
    "parameter": _parameter,
    "road": _road,
    "storyboard": _storyboard,
    "weather": lambda leaf, found: found.update(weather=_values(leaf)),
    "light": lambda leaf, found: found.update(light=_values(leaf)),
    "ego": lambda leaf, found: found.update(ego=_values(leaf) | dict(leaf.texts)),
    "actor": _actor,
    "role": _actor,
    "do": _do,
    "traffic": _traffic,
    "signals": _signal,
    "sensors": lambda leaf, found: found.update(sensors=leaf.text("rig")),
    "time": lambda leaf, found: found.update(_values(leaf)),
}
