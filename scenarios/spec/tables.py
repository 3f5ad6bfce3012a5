"""What a scenario file may hold: the tables that the reader, the writer, the JSON Schema and the docs share."""

from collections.abc import Mapping

from scenarios.leaf import Leaf
from scenarios.types.about import TIMING
from scenarios.types.actors import ACTOR, DRIVER, EGO
from scenarios.types.catalogue import LEAF_TYPES
from scenarios.types.fields import Field, Schema
from scenarios.types.light import LIGHT
from scenarios.types.manoeuvres import ACTIONS
from scenarios.types.road import road_schema
from scenarios.types.rules import steps_with_paths
from scenarios.types.signals import OFFSET, PHASE
from scenarios.types.traffic import TRAFFIC
from scenarios.types.weather import WEATHER

KEYS = ("scenario", "description", "tags", "extends", "include", "part", "parameters", "storyboard", "road", "weather",
        "light", "ego", "actors", "roles", "do", "traffic", "signals", "sensors", "duration", "step", "where", "one_of",
        "choices")  # fmt: skip
# Lists of a file that joins others: those of all files stand one behind the other.
JOINED_KEYS = ("where", "tags")

SECTIONS: Mapping[str, Schema] = {
    "ego": EGO,
    "actor": {name: field for name, field in ACTOR.items() if name not in DRIVER and name != "by"},
    "traffic": {name: field for name, field in TRAFFIC.items() if name not in DRIVER},
    "driver": {name.removeprefix("driver."): field for name, field in DRIVER.items()},
    "weather": WEATHER,
    "light": LIGHT,
    "time": TIMING,
}


def all_keys() -> tuple[str, ...]:
    """Every key that a file may have at the top."""
    return (*KEYS, *LEAF_TYPES)


def fields_of(leaf: Leaf) -> dict[str, Field]:
    """The field of each value of a leaf, by the value's name; of the steps of a 'do' leaf, by their path."""
    if leaf.kind == "do":
        return {
            f"{path}.{name}": ACTIONS[step.action].fields[name]
            for path, step in steps_with_paths(leaf)
            for name, _ in step.values
            if name in ACTIONS[step.action].fields
        }
    if leaf.kind == "signals":
        return {name: OFFSET if name == "offset" else PHASE for name, _ in leaf.values}
    if leaf.kind in LEAF_TYPES:
        return {name: LEAF_TYPES[leaf.kind].schema_of(name) for name, _ in leaf.values}
    schemas: dict[str, Schema] = {"ego": EGO, "actor": ACTOR, "role": ACTOR, "traffic": TRAFFIC, "weather": WEATHER,
                                  "light": LIGHT, "time": TIMING}  # fmt: skip
    if leaf.kind == "road":
        schemas["road"] = road_schema(leaf.text("archetype")) if leaf.text("archetype") else {}
    schema = schemas.get(leaf.kind, {})
    return {name: schema[name] for name, _ in leaf.values if name in schema}
