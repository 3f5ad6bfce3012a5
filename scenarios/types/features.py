"""Leaves that the concrete scenario has no part of its own for, kept as features; and what no engine plays of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from scenarios.concrete import ConcreteScenario, Feature
from scenarios.leaf import Leaf, Step
from scenarios.types.catalogue import LEAF_TYPES
from scenarios.types.devices import stands
from scenarios.types.fields import Get, reader
from scenarios.types.light import LIGHT, LIGHT_EXTRAS
from scenarios.types.manoeuvres import ACTIONS
from scenarios.types.weather import WEATHER, WEATHER_EXTRAS

_OWN_JUNCTIONS = {"crossroads": "crossroad", "t_junction": "t_junction", "roundabout": "roundabout"}
_EXTRAS = {"light": (LIGHT, LIGHT_EXTRAS), "weather": (WEATHER, WEATHER_EXTRAS)}


def features_of(one: Mapping[str, Leaf], many: Mapping[str, Mapping[str, Leaf]], get: Get) -> tuple[Feature, ...]:
    """Features of a product, sorted by kind and name.

    Args:
        one: leaves that a scenario has once, by kind.
        many: leaves by kind and name.
        get: drawn value at a path.
    """
    found = [_feature(leaf, get) for kind, leaf in one.items() if kind in LEAF_TYPES]
    found.extend(_feature(leaf, get) for kind in many if kind in LEAF_TYPES for leaf in many[kind].values())
    for kind, (schema, extras) in _EXTRAS.items():
        given = [name for name, _ in one[kind].values if name in extras] if kind in one else []
        if given:
            read = reader(one[kind], schema, get)
            found.append(Feature(kind, "", {name: read(name) for name in given}))
    for leaf in many.get("do", {}).values():
        found.extend(_effects(leaf, get))
    return tuple(sorted(found, key=lambda feature: (feature.kind, feature.name)))


def _feature(leaf: Leaf, get: Get) -> Feature:
    schema = {name: LEAF_TYPES[leaf.kind].schema_of(name) for name, _ in leaf.values}
    read = reader(leaf, schema, get)
    return Feature(leaf.kind, leaf.name, {name: read(name) for name, _ in leaf.values})


def _effects(leaf: Leaf, get: Get) -> Iterator[Feature]:
    for path, step in _steps(leaf.steps, ""):
        action = ACTIONS[step.action]
        if action.effect or action.approximated:
            defaults = {name: field.default for name, field in action.fields.items()}
            drawn = {name: get(f"{leaf.prefix}{path}.{name}") for name, _ in step.values}
            yield Feature("action", f"{leaf.name}{path}", {"action": step.action, **defaults, **drawn})


def _steps(steps: tuple[Step, ...], prefix: str) -> Iterator[tuple[str, Step]]:
    for i, step in enumerate(steps):
        yield f"{prefix}[{i}]", step
        yield from _steps(step.steps, f"{prefix}[{i}]")


def values_of(features: tuple[Feature, ...], kind: str) -> Mapping[str, Any] | None:
    """Values of the only feature of a kind; None without it."""
    return next((feature.values for feature in features if feature.kind == kind), None)


def unplayed(concrete: ConcreteScenario) -> tuple[str, ...]:
    """What a concrete scenario says and no engine of ours acts on, one line each: it is tagged and kept, not played.

    Read it beside `Unsupported`, by which an engine refuses what it would have to play.
    """
    built = Feature("junction", "", {"kind": _OWN_JUNCTIONS.get(concrete.road.archetype)})
    lines = [line for feature in concrete.features if feature != built for line in _unplayed_of(feature)]
    for actor in concrete.actors:
        shaping = {"age", "towed_by"} | ({"variant"} if actor.traits.get("variant") != "tram" else set[str]())
        lines.extend(
            f"actor {actor.id}: {name} = {value}" for name, value in sorted(actor.traits.items())
            if name not in shaping and value not in (False, "none", "attentive", "closed")
        )  # fmt: skip
    lines.extend(f"ego: task {task}" for task in concrete.ego.task if task != "drive_straight")
    return tuple(lines)


def _unplayed_of(feature: Feature) -> Iterator[str]:
    if feature.kind == "action":
        action = str(feature.values["action"])
        how = ACTIONS[action].approximated or "only its time passes"
        yield f"action {feature.name}: {action} ({how})"
        return
    played = LEAF_TYPES[feature.kind].played if feature.kind in LEAF_TYPES else frozenset[str]()
    if feature.kind == "work_zones" and not stands(feature):
        played = frozenset[str]()
    listed = [f"{name} = {value}" for name, value in feature.values.items() if name not in played]
    if listed:
        yield f"{feature.kind} {feature.name}".strip() + f": {', '.join(listed)}"
