"""Which leaves go together: every rule says why a pair does not fit, when a scenario is built."""

from collections.abc import Callable
from functools import lru_cache

from driving_data.errors import nearest_name
from driving_data.taxonomy import ActorClass
from scenarios.expressions import Expression, TextFault, dimension_of
from scenarios.leaf import Leaf, names_read, types_of
from scenarios.types.actors import KINDS, possible_kinds
from scenarios.types.manoeuvres import ACTIONS, TRIGGERS, all_steps
from scenarios.types.road import road_lights, road_routes
from scenarios.types.traffic import text_options


@lru_cache(maxsize=65536)
def misfit(one: Leaf, two: Leaf) -> str | None:
    """Why two leaves of one product do not fit; None where they do."""
    for first, second in ((one, two), (two, one)):
        for rule in _RULES:
            reason = rule(first, second)
            if reason:
                return reason
    return None


def _actor_can(actor: Leaf, acts: Leaf) -> str | None:
    if actor.kind != "actor" or acts.kind != "do" or acts.name != actor.name:
        return None
    for kind in possible_kinds(actor):
        if kind not in KINDS:
            return f"no actor class {kind!r}"
        for step in all_steps(acts):
            if ActorClass.from_label(kind) not in ACTIONS[step.action].kinds:
                return f"{actor.name} is a {kind}, and a {kind} cannot {step.action}"
    return None


def _route_exists(road: Leaf, other: Leaf) -> str | None:
    if road.kind != "road" or other.kind not in ("ego", "actor", "do", "traffic"):
        return None
    routes = road_routes(road)
    if routes is None:
        return None
    for name in _routes_named(other):
        if name not in routes:
            near = nearest_name(name, routes)
            hint = f"; did you mean {near!r}?" if near else ""
            archetype = road.text("archetype") or road.text("file")
            return f"{other.slot}: no route {name!r} on {archetype}; there are {', '.join(routes)}{hint}"
    return None


def _routes_named(leaf: Leaf) -> list[str]:
    if leaf.kind != "do":
        return list(text_options(leaf, "on"))
    found: list[str] = []
    for step in all_steps(leaf):
        for name, value in step.values:
            if name in ("to", "by", "on") and value.dimension.sort == "text":
                inner = Leaf("do", values=((name, value),))
                found.extend(text_options(inner, name))
    return found


def _has_lights(road: Leaf, signals: Leaf) -> str | None:
    if road.kind != "road" or signals.kind != "signals":
        return None
    approaches = road_lights(road)
    if approaches is None or signals.name in approaches:
        return None
    archetype = road.text("archetype") or road.text("file")
    if not approaches:
        return f"signal {signals.name}: {archetype} has no traffic lights"
    return f"signal {signals.name}: {archetype} has lights for {', '.join(approaches)}"


def _measures_alike(reader: Leaf, given: Leaf) -> str | None:
    if not names_read(reader) & given.paths().keys():
        return None
    types = {**types_of(given), **types_of(reader)}
    for path, value in reader.paths().items():
        if isinstance(value, Expression):
            try:
                found = dimension_of(value.term, types)
            except TextFault as fault:
                return f"{path}: {fault}"
            if found is not None and found.as_number() != value.dimension.as_number():
                return f"{path}: {value.text()!r} is {found.words}; expected {value.dimension.words}"
    return None


def _target_is_other(acts: Leaf, _: Leaf) -> str | None:
    if acts.kind != "do":
        return None
    for step in all_steps(acts):
        if step.action == "overtake" and dict(step.texts).get("of") == acts.name:
            return f"{acts.name} cannot overtake itself"
        if step.when is not None and TRIGGERS[step.when.kind].target and step.when.actor == acts.name:
            return f"{acts.name} cannot wait for itself"
    return None


_RULES: tuple[Callable[[Leaf, Leaf], str | None], ...] = (
    _actor_can, _route_exists, _has_lights, _measures_alike, _target_is_other,
)  # fmt: skip
