"""The JSON Schema of scenario files, made from the tables that the reader uses.

Editors check and complete a scenario file with it while it is written. It refuses most of what the reader refuses;
names of routes, actors and values, and what goes together, only the reader can judge.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from scenarios.grammar import DISTRIBUTIONS
from scenarios.habits import DRIVER_KINDS
from scenarios.spec import patterns
from scenarios.spec.tables import KEYS, LEAF_TYPES, SECTIONS
from scenarios.types.actors import RELATIONS, TASKS
from scenarios.types.fields import Field, Schema, limits_text
from scenarios.types.leaf_type import LeafType
from scenarios.types.light import PRESETS as LIGHTS
from scenarios.types.manoeuvres import ACTIONS, ActionType
from scenarios.types.road import NAMES, road_schema
from scenarios.types.sensors import RIGS
from scenarios.types.signals import STATES
from scenarios.types.weather import PRESETS as WEATHERS
from scenarios.units import FLAG, SUFFIXES, TEXT, UNITS, Dimension, to_base

Plain = dict[str, Any]
_TASKS = "|".join(TASKS)
_NUMBERED = {"type": "number", "exclusiveMinimum": 0}


def json_schema() -> Plain:
    """The schema, as plain data; draft 2020-12."""
    defs = _definitions()
    top = _properties()
    option = {**top, "weight": {"anyOf": [_NUMBERED, {"type": "string", "pattern": r"^[1-9]\d*\/[1-9]\d*$"}],
                                "description": "how often this option is taken, beside the others"}}  # fmt: skip
    defs["option"] = _object(option, "a part of a scenario")
    defs["options"] = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/option"}}
    ways = [["road", "ego"], ["storyboard"], ["extends"], ["include"], ["one_of"], ["choices"], ["part"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:roadloom:scenario",
        "title": "Roadloom scenario",
        "description": "What should happen on the road, with ranges where it does not matter exactly.",
        **_object(top),
        "anyOf": [{"required": keys} for keys in ways],
        "$defs": dict(sorted(defs.items())),
    }


def _object(properties: Plain, doc: str = "", required: Iterable[str] = (), patterned: Plain | None = None) -> Plain:
    found: Plain = {"type": "object", "properties": properties, "additionalProperties": False}
    if doc:
        found["description"] = doc
    if wanted := list(required):
        found["required"] = wanted
    if patterned:
        found["patternProperties"] = patterned
    return found


def _ref(name: str, doc: str = "") -> Plain:
    return {"$ref": f"#/$defs/{name}", **({"description": doc} if doc else {})}


def _properties() -> Plain:
    """The keys of a file."""
    source = {"anyOf": [{"type": "string"}, _ref("source")]}
    found: Plain = {
        "scenario": {"type": "string", "description": "its name"},
        "description": {"type": "string", "description": "one sentence"},
        "tags": {"type": "array", "items": {"type": "string"}, "description": "your own tags"},
        "extends": {**source, "description": "a file or library scenario that this one changes"},
        "include": {"anyOf": [*source["anyOf"], {"type": "array", "items": source}],
                    "description": "files that this one is joined with"},
        "part": {"type": "boolean", "description": "true for a file that others include"},
        "parameters": {"type": "object", "description": "named values"},
        "storyboard": _object({
            "file": {"type": "string", "description": "an OpenSCENARIO XML file, which tells all that happens"},
            "parameters": {"type": "object", "additionalProperties": {"type": "string"},
                           "description": "parameters of this file by the parameters here that give their values"},
        }, "a scenario file of another language", required=["file"]),
        "road": _ref("road"), "weather": _ref("weather"), "light": _ref("light"), "ego": _ref("ego"),
        "actors": _named(_ref("actor"), "the others, by name"),
        "roles": _named(_ref("actor"), "actors of whom only some things are said; who extends the file says the rest"),
        "do": _named(_ref("steps"), "behaviours by actor name"),
        "traffic": _named(_ref("stream"), "background streams, by name"),
        "signals": _named(_ref("signal"), "programmes of traffic lights, by approach"),
        "sensors": {"anyOf": [{"enum": list(RIGS)}, _object({
            "rig": {"enum": list(RIGS)}, "faults": _named(_ref("sensor_faults"), "what is wrong with them, by name"),
        })], "description": "the ego's sensors"},
        "where": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
                  "description": "conditions that every draw meets"},
        "one_of": _ref("options", "parts, one of which is taken"),
        "choices": {"type": "array", "items": _ref("options"), "description": "several such lists"},
    }  # fmt: skip
    found |= _fields(SECTIONS["time"])
    for kind in LEAF_TYPES.values():
        found[kind.kind] = _named(_ref(kind.kind), kind.doc) if kind.several else _ref(kind.kind, kind.doc)
    return {key: found[key] for key in (*KEYS, *LEAF_TYPES)}


def _named(inner: Plain, doc: str) -> Plain:
    # `~` takes away what an included file gave.
    return {"type": "object", "additionalProperties": {"anyOf": [inner, {"type": "null"}]}, "description": doc}


def _definitions() -> Plain:
    steps = {"type": "array", "minItems": 1, "items": _ref("step")}
    found: Plain = {
        "source": _object({"file": {"type": "string"}, "set": {"type": "object"}}, required=["file"]),
        "choice": _choice(),
        "driver": {"anyOf": [{"enum": list(DRIVER_KINDS)}, _section(SECTIONS["driver"])]},
        "relation": {"type": "string", "pattern": patterns.PLACE},
        "road": _road(),
        "weather": _preset(SECTIONS["weather"], WEATHERS, "rain, fog, wind and what they do to the road"),
        "light": _preset(SECTIONS["light"], LIGHTS, "where the sun stands"),
        "ego": _section(
            SECTIONS["ego"], "where the ego begins and what it shall do",
            {"task": {"anyOf": [{"type": "string", "pattern": f"^({_TASKS})( then ({_TASKS}))*$"},
                                {"type": "array", "minItems": 1, "items": {"enum": list(TASKS)}}],
                      "description": "what is asked of the policy, in order"}},
        ),
        "actor": _section(
            SECTIONS["actor"], "",
            {**{name: _ref("relation") for name in RELATIONS}, "driver": _ref("driver"), "do": _ref("steps")},
        ),
        "stream": _section(SECTIONS["traffic"], "", {"driver": _ref("driver")}, ("count", "on", "speed")),
        "signal": _signal(),
        "steps": steps,
        "step": _step(),
    }  # fmt: skip
    for unit, dimension in _measured().items():
        found[unit] = _texts(dimension)
    for kind in LEAF_TYPES.values():
        found[kind.kind] = _leaf_type(kind)
    return found


def _measured() -> dict[str, Dimension]:
    """Names of the definitions of quantities."""
    found = {dimension.words.split(" such")[0].removeprefix("a ").removeprefix("an ").replace(" ", "_"): dimension
             for _, dimension in UNITS.values() if dimension.unit}  # fmt: skip
    return {**found, "number": UNITS["%"][1]}


def _name_of(dimension: Dimension) -> str:
    return next(name for name, other in _measured().items() if other.as_number() == dimension.as_number())


def _texts(dimension: Dimension) -> Plain:
    """A quantity in every way that it may be written; numbers without unit stand where a field allows them."""
    own = _ref(_name_of(dimension))
    items = {"anyOf": [own, {"type": "number"}]} if dimension.plain else own
    return {
        "anyOf": [
            {"type": "string", "pattern": patterns.quantity(dimension)},
            {"type": "string", "pattern": patterns.computed()},
            {"type": "array", "minItems": 1, "items": items},
            _ref("choice"),
        ],
        "description": dimension.words,
    }


def _choice() -> Plain:
    weighted = {"anyOf": [{"type": "array", "minItems": 1},
                          {"type": "object", "minProperties": 1, "additionalProperties": _NUMBERED}]}  # fmt: skip
    several = {name: {"type": ["array", "object"]} for name in DISTRIBUTIONS}
    return {**_object({"choice": weighted, **several}, "a distribution"), "minProperties": 1, "maxProperties": 1}


def _value(field: Field) -> Plain:
    """The schema of one field."""
    doc = field.doc + ("" if field.default is None else f" (default {_shown(field)})")
    dimension = field.dimension
    if dimension == FLAG:
        item: Plain = {"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": "^([=$]|\\s*(true|false)\\b).*$"}]}
        return {"anyOf": [*item["anyOf"], {"type": "array", "minItems": 1, "items": item}, _ref("choice")],
                "description": doc}  # fmt: skip
    if dimension == TEXT:
        word = {"type": "string", **({"pattern": patterns.named(field.names)} if field.names else {})}
        known = [{"enum": list(field.names)}] if field.names else []
        return {"anyOf": [*known, word, {"type": "array", "minItems": 1, "items": word}, _ref("choice")],
                "description": doc}  # fmt: skip
    if not dimension.plain:
        return _ref(_name_of(dimension), doc)
    number = {"type": "integer" if dimension.sort == "count" else "number", **_limits(field, 1.0)}
    return {"anyOf": [number, _ref(_name_of(dimension))], "description": doc}


def _shown(field: Field) -> str:
    default = field.default
    if isinstance(default, bool):
        return str(default).lower()
    unit = f" {field.dimension.unit}" if field.dimension.numeric and field.dimension.unit else ""
    return f"{default:g}{unit}" if isinstance(default, (int, float)) else str(default)


def _limits(field: Field, unit: float) -> Plain:
    """Limits of a bare number; a hair is given for the rounding of units."""
    found: Plain = {}
    for key, limit in (("minimum", field.low), ("maximum", field.high)):
        if abs(limit) != float("inf"):
            slack = 1e-9 * abs(limit / unit) if unit != 1.0 else 0.0
            found[key] = limit / unit + (slack if key == "maximum" else -slack)
    return found


def _fields(schema: Schema) -> Plain:
    return {name: _value(field) for name, field in schema.items()}


def _suffixed(schema: Schema) -> Plain:
    """Keys that end in a unit take bare numbers in it: `speed_kmh`."""
    found: Plain = {}
    for name, field in schema.items():
        for suffix, unit in SUFFIXES.items():
            if UNITS[unit][1] != field.dimension:
                continue
            number = {"type": "number", **_limits(field, to_base(1.0, unit))}
            found[f"^{name}{suffix}$"] = {"anyOf": [
                number, {"type": "string"}, {"type": "array", "items": {"type": ["number", "string"]}}, _ref("choice")],
                "description": f"{field.doc}, in {unit} ({limits_text(field)})"}  # fmt: skip
    return found


def _section(schema: Schema, doc: str = "", extra: Plain | None = None, required: Iterable[str] = ()) -> Plain:
    # A required key may be written with its unit: only those without a unit can be asked for here.
    wanted = [key for key in required if key in (extra or {}) or not schema[key].dimension.unit]
    return _object({**_fields(schema), **(extra or {})}, doc, wanted, _suffixed(schema))


def _preset(schema: Schema, presets: Mapping[str, Any], doc: str) -> Plain:
    names = {"enum": list(presets)}
    return {"anyOf": [names, _section(schema, "", {"preset": names})], "description": doc}


def _road() -> Plain:
    kinds = [_object({name: {"anyOf": [{"type": "null"}, _section(road_schema(name))]}}, "", [name]) for name in NAMES]
    routes = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
    file = _object({"file": {"type": "string"}, "routes": routes}, "an OpenDRIVE file", ["file"])
    return {"anyOf": [{"enum": list(NAMES)}, *kinds, file], "description": "the road"}


def _signal() -> Plain:
    phase = _ref("time", "duration of the phase")
    states = {name: phase for name in STATES}
    item = {**_object(states), "minProperties": 1, "maxProperties": 1}
    several = {**_object({**states, "offset": _ref("time", "how far into the cycle time zero is")}), "minProperties": 1}
    return {"anyOf": [{"enum": list(STATES)}, several, {"type": "array", "minItems": 1, "items": item}]}


def _step() -> Plain:
    actions = {name: _action(name, kind) for name, kind in ACTIONS.items()}
    when = {"type": "string", "pattern": patterns.trigger(), "description": "what it waits for"}
    step = {**_object({"when": when, **actions}), "oneOf": [{"required": [name]} for name in actions]}
    return {"anyOf": [{"enum": [name for name in ACTIONS if name not in ("sequence", "parallel", "repeat")]}, step]}


def _action(name: str, kind: ActionType) -> Plain:
    if name in ("sequence", "parallel"):
        return _ref("steps", kind.doc)
    extra: Plain = {"of": {"type": "string", "description": "the other actor"}} if kind.target else {}
    if name == "follow_path":
        pair = {"type": "array", "minItems": 2, "maxItems": 2}
        extra["points"] = {"type": "array", "items": pair, "description": "places [s, d] along the route"}
    needed: list[str] = [*(["of"] if kind.target else []), *(["points"] if name == "follow_path" else [])]
    needed += [key for key, field in kind.fields.items() if field.default is None and key not in kind.optional]
    if name == "repeat":
        extra["do"] = _ref("steps")
        needed.append("do")
    keys = _section(kind.fields, "", extra, needed)
    forms = [keys, {"type": "null"}] if not needed else [keys]
    alone = [_value(kind.fields[kind.main])] if kind.main else []
    # A bare number stands alone where the field has no unit.
    return {"anyOf": [*forms, *alone], "description": kind.doc}


def _leaf_type(kind: LeafType) -> Plain:
    rows = {key: {"type": "array", "items": _section(schema)} for key, schema in kind.rows.items()}
    preset = {"preset": {"enum": list(kind.presets)}} if kind.presets else {}
    needed = () if kind.presets else kind.required
    keys = _section(kind.fields, kind.doc, {**rows, **preset}, needed)
    return {"anyOf": [{"enum": list(kind.presets)}, keys]} if kind.presets else keys
