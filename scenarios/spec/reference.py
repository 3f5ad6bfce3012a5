"""The tables of the reference of scenario files, made from what the reader uses.

`python -m scenarios.spec.reference` writes them into `docs/scenario_yaml.md`, and the JSON Schema beside it and into
the package; a test holds the files to what this module makes.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from scenarios.forms import DISTRIBUTIONS
from scenarios.spec.json_schema import json_schema
from scenarios.spec.tables import LEAF_TYPES, SECTIONS
from scenarios.types.actors import KINDS, SIZES_M, TASKS
from scenarios.types.fields import Field, Schema
from scenarios.types.light import PRESETS as LIGHTS
from scenarios.types.manoeuvres import ACTIONS, TRIGGERS, ActionType
from scenarios.types.road import NAMES, road, road_routes, road_schema
from scenarios.types.rules import RULES
from scenarios.types.sensors import RIGS
from scenarios.types.signals import STATES
from scenarios.types.traits import class_of, usual_size
from scenarios.types.weather import PRESETS as WEATHERS
from scenarios.units import FLAG, SUFFIXES, TEXT, UNITS, format_number, to_base

_NICE = {"m/s": "km/h", "rad": "deg"}
_MANY = 12
FOLDER = Path(__file__).resolve().parent
DOCS = FOLDER.parent.parent / "docs"


def tables() -> dict[str, str]:
    """The generated part of the page, by the name of its marker."""
    makers: Mapping[str, Callable[[], str]] = {
        "units": _units, "distributions": _distributions, "roads": _roads,
        "weather": lambda: f"{_fields(SECTIONS['weather'])}\n\n{_presets(WEATHERS)}",
        "light": lambda: f"{_fields(SECTIONS['light'])}\n\n{_presets(LIGHTS)}",
        "ego": lambda: f"{_fields(SECTIONS['ego'])}\n\n`task`: {_listed(TASKS)}; several in order as "
        "`follow then exit` or `[follow, exit]`.",
        "actor": lambda: _fields(SECTIONS["actor"]),
        "driver": lambda: _fields(SECTIONS["driver"]), "classes": _classes,
        "traffic": lambda: _fields(SECTIONS["traffic"]), "triggers": _triggers, "actions": _actions,
        "signals": lambda: f"States: {_listed(STATES)}.", 
        "sensors": lambda: f"Rigs: {_listed(RIGS)}. With faults: `sensors: {{rig: front, faults: {{dirty: {{sensor: "
        "camera_front, kind: dirt, severity: 0.2..0.6}}}`; see `sensor_faults`.",
        "time": lambda: _fields(SECTIONS["time"]), "others": _others,
        "rules": lambda: _table("code | says", ((f"`{rule.id}`", rule.why) for rule in RULES)),
    }  # fmt: skip
    return {name: make() for name, make in makers.items()}


def with_tables(page: str) -> str:
    """The page with every marked part replaced by what is generated now.

    Raises:
        ValueError: the page has a marker that is not known or not closed, or lacks one.
    """
    for name, table in tables().items():
        begin, end = f"<!-- generated: {name} -->\n", "<!-- end -->"
        if page.count(begin) != 1:
            raise ValueError(f"the page has {page.count(begin)} markers {begin.strip()!r}")
        before, rest = page.split(begin)
        if end not in rest:
            raise ValueError(f"the part {name!r} is not closed by {end!r}")
        page = f"{before}{begin}{table}\n{end}{rest.split(end, 1)[1]}"
    return page


def schema_text() -> str:
    """The JSON Schema as it is kept in files."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def write() -> list[Path]:
    """Writes the page and both copies of the schema; returns their paths."""
    page, copies = DOCS / "scenario_yaml.md", [DOCS / "scenario.schema.json", FOLDER / "scenario.schema.json"]
    page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
    for copy in copies:
        copy.write_text(schema_text(), encoding="utf-8")
    return [page, *copies]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: str, rows: Iterable[Iterable[str]]) -> str:
    columns = head.count("|") + 1
    lines = [f"| {head} |", "|" + "---|" * columns]
    return "\n".join([*lines, *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)])


def _fields(schema: Schema) -> str:
    rows = ((f"`{name}`", field.doc, _default(field), _span(field)) for name, field in schema.items())
    return _table("key | meaning | if not given | range", rows)


def _default(field: Field) -> str:
    if field.default is None:
        return ""
    if isinstance(field.default, (bool, str)):
        return f"`{str(field.default).lower()}`"
    return _quantity(field, field.default)


def _quantity(field: Field, *numbers: float | int) -> str:
    """Numbers of a field in the unit that people use."""
    unit = _NICE.get(field.dimension.unit, field.dimension.unit)
    scale = to_base(1.0, unit) if unit else 1.0
    digits = 6 if scale == 1.0 else 4
    return "..".join(format_number(float(f"{number / scale:.{digits}g}")) for number in numbers) + (
        f" {unit}" if unit else ""
    )


def _span(field: Field) -> str:
    if field.dimension == FLAG:
        return "`true`, `false`"
    if field.dimension == TEXT:
        names = field.names if len(field.names) <= _MANY * 4 else (*field.names[:_MANY], "...")
        return "see Classes" if field.names == KINDS else _listed(names) or "a name"
    finite = abs(field.low) != float("inf") and abs(field.high) != float("inf")
    if finite:
        return _quantity(field, field.low, field.high)
    return field.dimension.words.removeprefix("a ").removeprefix("an ")


def _presets(presets: Mapping[str, Mapping[str, Any]]) -> str:
    rows = (
        (f"`{name}`", "; ".join(f"`{key}: {value}`" for key, value in given.items())) for name, given in presets.items()
    )
    return _table("preset | stands for", rows)


def _units() -> str:
    by_dimension: dict[str, list[str]] = {}
    for unit, (_, dimension) in UNITS.items():
        words = dimension.words.split(" such")[0].removeprefix("a ").removeprefix("an ")
        by_dimension.setdefault("share" if unit == "%" else words, []).append(unit)
    endings: dict[str, list[str]] = {}
    for suffix, unit in SUFFIXES.items():
        dimension = UNITS[unit][1]
        words = dimension.words.split(" such")[0].removeprefix("a ").removeprefix("an ")
        endings.setdefault("share" if unit == "%" else words, []).append(suffix)
    rows = ((words, _listed(units), _listed(endings.get(words, []))) for words, units in by_dimension.items())
    return _table("what | units behind a number | ends of keys that take bare numbers", rows)


def _distributions() -> str:
    return _table("distribution | written", ((f"`{name}`", f"`{form.text}`") for name, form in DISTRIBUTIONS.items()))


def _roads() -> str:
    parts: list[str] = []
    for name in NAMES:
        routes = road_routes(road(name)) or ()
        parts.append(f"#### `{name}`\n\nRoutes: {_listed(routes)}.\n\n{_fields(road_schema(name))}")
    return "\n\n".join(parts)


def _classes() -> str:
    sizes = {kind: usual_size(class_of(kind), kind, {}, SIZES_M) for kind in KINDS}
    rows = ((f"`{kind}`", " x ".join(format_number(value) for value in sizes[kind])) for kind in KINDS)
    return _table("`kind` | length x width x height in metres, if not given", rows)


def _triggers() -> str:
    rows = (
        (f"`{name}{'(actor)' if kind.target else ''} {kind.sign} {_example(kind.dimension.unit)}`", kind.doc)
        for name, kind in TRIGGERS.items()
    )
    return _table("`when` | waits until", rows)


def _example(unit: str) -> str:
    return {"s": "3 s", "m": "20 m", "m/s": "30 km/h", "m/s2": "2 m/s2"}.get(unit, f"1 {unit}".strip())


def _actions() -> str:
    rows = ((f"`{name}`", kind.doc, _arguments(name, kind)) for name, kind in ACTIONS.items())
    return _table("action | does | arguments", rows)


def _arguments(name: str, kind: ActionType) -> str:
    if name in ("sequence", "parallel"):
        return "a list of steps"
    found = ["`of` the other actor"] if kind.target else []
    for key, field in kind.fields.items():
        default = " (may be left out)" if key in kind.optional else ""
        default = f" ({_default(field)})" if field.default is not None else default
        alone = ", may stand alone" if key == kind.main else ""
        found.append(f"`{key}` {field.doc}{default}{alone}")
    found += ["`points` places `[s, d]` along the route and to its left"] if name == "follow_path" else []
    found += ["`do` a list of steps"] if name == "repeat" else []
    return "; ".join(found)


def _others() -> str:
    parts: list[str] = []
    for kind in LEAF_TYPES.values():
        several = " Several, each under a name of its own." if kind.several else ""
        needed = f" Needed: {_listed(kind.required)}." if kind.required else ""
        text = f"#### `{kind.kind}`\n\n{kind.doc[0].upper()}{kind.doc[1:]}.{several}{needed}\n\n{_fields(kind.fields)}"
        for key, schema in kind.rows.items():
            text += f"\n\n`{key}`: a list, each item with\n\n{_fields(schema)}"
        parts.append(text + (f"\n\n{_presets(kind.presets)}" if kind.presets else ""))
    return "\n\n".join(parts)


if __name__ == "__main__":
    for written in write():
        print(written)
