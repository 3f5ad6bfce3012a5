"""Which leaves go together: every rule says why a pair does not fit, when a scenario is built."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from driving_data.errors import nearest_name
from driving_data.taxonomy import ActorClass
from scenarios.expressions import Expression, TextFault, dimension_of
from scenarios.leaf import Leaf, Misfit, Step, names_read, types_of
from scenarios.types.actors import KINDS, possible_kinds
from scenarios.types.manoeuvres import ACTIONS, TRIGGERS
from scenarios.types.road import road_lights, road_routes
from scenarios.types.traffic import text_options


@lru_cache(maxsize=65536)
def misfits(one: Leaf, two: Leaf) -> tuple[Misfit, ...]:
    """Why two leaves of one product do not fit; empty where they do."""
    pairs = ((one, two), (two, one))
    return tuple(misfit for rule in _RULES for first, second in pairs for misfit in rule(first, second))


def _actor_can(actor: Leaf, acts: Leaf) -> Iterator[Misfit]:
    if actor.kind != "actor" or acts.kind != "do" or acts.name != actor.name:
        return
    for kind in possible_kinds(actor):
        for path, step in steps_with_paths(acts):
            if kind in KINDS and ActorClass.from_label(kind) not in ACTIONS[step.action].kinds:
                able = ", ".join(sorted(item.label for item in ACTIONS[step.action].kinds))
                yield Misfit(acts.slot, path, "impossible-action", f"a {kind} cannot {step.action}", f"one of {able}")


def _route_exists(road: Leaf, other: Leaf) -> Iterator[Misfit]:
    if road.kind != "road" or other.kind not in ("ego", "actor", "do", "traffic"):
        return
    routes = road_routes(road)
    for field, name in _routes_named(other) if routes is not None else ():
        assert routes is not None
        if name not in routes:
            archetype = road.text("archetype") or road.text("file")
            expected = f"a route of this {archetype}: {', '.join(routes)}"
            yield Misfit(other.slot, field, "unknown-route", f"no route {name!r}", expected, nearest_name(name, routes))


def _routes_named(leaf: Leaf) -> list[tuple[str, str]]:
    if leaf.kind != "do":
        return [("on", name) for name in text_options(leaf, "on")]
    return [
        (f"{path}.{field}", name)
        for path, step in steps_with_paths(leaf)
        for field, value in step.values
        if value.dimension.sort == "text"
        for name in text_options(Leaf("do", values=((field, value),)), field)
    ]


def steps_with_paths(leaf: Leaf) -> list[tuple[str, Step]]:
    """Every step of a 'do' leaf with its path, as `[0][1]`."""

    def below(path: str, step: Step) -> list[tuple[str, Step]]:
        inner = [found for i, child in enumerate(step.steps) for found in below(f"{path}[{i}]", child)]
        return [(path, step), *inner]

    return [found for i, step in enumerate(leaf.steps) for found in below(f"[{i}]", step)]


def _has_lights(road: Leaf, signals: Leaf) -> Iterator[Misfit]:
    if road.kind != "road" or signals.kind != "signals":
        return
    approaches = road_lights(road)
    if approaches is None or signals.name in approaches:
        return
    archetype = road.text("archetype") or road.text("file")
    expected = f"one of {', '.join(approaches)}" if approaches else "no signals: this road has no traffic lights"
    near = nearest_name(signals.name, approaches)
    found = f"no traffic light {signals.name!r} on {archetype}"
    yield Misfit(signals.slot, "", "unknown-signal", found, expected, near)


def _measures_alike(reader: Leaf, given: Leaf) -> Iterator[Misfit]:
    if not names_read(reader) & given.paths().keys():
        return
    types = {**types_of(given), **types_of(reader)}
    for path, value in reader.paths().items():
        if not isinstance(value, Expression):
            continue
        field = path.removeprefix(reader.prefix).removeprefix(".")
        try:
            found = dimension_of(value.term, types)
        except TextFault as fault:
            yield Misfit(reader.slot, field, fault.code, fault.found, fault.expected, fault.nearest)
            continue
        if found is not None and found.as_number() != value.dimension.as_number():
            text = f"{value.text()!r} is {found.words.split(' such')[0]}"
            yield Misfit(reader.slot, field, "wrong-dimension", text, value.dimension.words)


def _target_is_other(acts: Leaf, _: Leaf) -> Iterator[Misfit]:
    for path, step in steps_with_paths(acts) if acts.kind == "do" else ():
        named = {dict(step.texts).get("of")}
        if step.when is not None and TRIGGERS[step.when.kind].target:
            named.add(step.when.actor)
        if acts.name in named:
            yield Misfit(acts.slot, path, "self-reference", f"{acts.name} means itself", "another actor")


_RULES: tuple[Callable[[Leaf, Leaf], Iterator[Misfit]], ...] = (
    _actor_can, _route_exists, _has_lights, _measures_alike, _target_is_other,
)  # fmt: skip
