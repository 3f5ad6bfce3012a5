"""Which leaves go together: a table of rules, each with a name; every one says why a pair does not fit.

A rule looks at two leaves of one product, in either order, when a scenario is built. What one leaf alone cannot hold
is refused by the function that makes it; what a whole scenario still lacks is found by `completeness`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from driving_data.errors import nearest_name
from driving_data.sensors import sensors_of
from driving_data.sensors.kinds import meant_fault, possible_words
from scenarios.expressions import Expression, TextFault, dimension_of
from scenarios.leaf import IllTyped, Leaf, Misfit, Step, names_read, types_of
from scenarios.types.actors import KINDS, class_of, possible_kinds, tasks_of
from scenarios.types.catalogue import LEAF_TYPES
from scenarios.types.leaf_type import only_texts
from scenarios.types.lookup import with_article
from scenarios.types.manoeuvres import ACTIONS, ROUTE, TRIGGERS, lane_beside
from scenarios.types.road import road_lights, road_routes, road_schema
from scenarios.types.scenery import ROUNDABOUTS
from scenarios.types.sensors import rig
from scenarios.types.traffic import text_options

Check = Callable[[Leaf, Leaf], Iterator[Misfit]]
# Roads by what they have. A road from a file may have anything.
WITHOUT_JUNCTION = frozenset({"motorway", "rural", "urban", "residential", "ramp", "work_zone", "tunnel",
                              "parking", "shared_space"})  # fmt: skip
WITHOUT_STRAIGHT_LANES = frozenset({"roundabout", "crossroads", "t_junction", "urban_grid", "parking",
                                    "shared_space"})  # fmt: skip
WITHOUT_TRACKS = frozenset({"motorway", "rural", "ramp", "parking", "tunnel"})
WITHOUT_PARKING = frozenset({"motorway", "ramp"})
JUNCTIONS_OF = {
    "crossroads": ("crossroad", "staggered"), "t_junction": ("t_junction", "y_junction"), "urban_grid": ("crossroad",),
    "roundabout": tuple(ROUNDABOUTS),
}  # fmt: skip
_LONGER = 1.1
_PLACED = frozenset({"ego", "actor", "role", "do", "traffic"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes:
        id: its name, and the `code` of its misfits.
        why: what it is there for, in words.
        check: yields what is wrong with a pair of leaves.
    """

    id: str
    why: str
    check: Check


@lru_cache(maxsize=65536)
def misfits(one: Leaf, two: Leaf) -> tuple[Misfit, ...]:
    """Why two leaves of one product do not fit; empty where they do."""
    pairs = ((one, two), (two, one))
    found = (misfit for rule in RULES for first, second in pairs for misfit in rule.check(first, second))
    return tuple(dict.fromkeys(found))


def _actor_can(actor: Leaf, acts: Leaf) -> Iterator[Misfit]:
    if actor.kind not in ("actor", "role") or acts.kind != "do" or acts.name != actor.name:
        return
    if actor.kind == "role" and "kind" not in dict(actor.values):
        return
    for kind in possible_kinds(actor):
        for path, step in steps_with_paths(acts):
            if kind in KINDS and class_of(kind) not in ACTIONS[step.action].kinds:
                able = ", ".join(sorted(item.label for item in ACTIONS[step.action].kinds))
                yield Misfit(
                    acts.slot, path, "impossible-action", f"{with_article(kind)} cannot {step.action}", f"one of {able}"
                )


def _route_exists(road: Leaf, other: Leaf) -> Iterator[Misfit]:
    described = LEAF_TYPES.get(other.kind)
    if road.kind != "road" or (other.kind not in _PLACED and (described is None or "on" not in described.fields)):
        return
    routes = road_routes(road)
    for field, name in _routes_named(other) if routes is not None else ():
        assert routes is not None
        if name not in routes:
            expected = f"a route of this {_name(road)}: {', '.join(routes)}"
            near = f"= {name}" if name.endswith(".on") else nearest_name(name, routes)
            yield Misfit(other.slot, field, "unknown-route", f"no route {name!r}", expected, near)


def _on_the_road(road: Leaf, other: Leaf) -> Iterator[Misfit]:
    """Places that lie before or behind a road of one length; what hangs on more is found when it is drawn."""
    described = LEAF_TYPES.get(other.kind)
    placed = other.kind in ("ego", "actor", "traffic") or (described is not None and "on" in described.fields)
    if road.kind != "road" or not placed or not road.text("archetype"):
        return
    field = road_schema(road.text("archetype")).get("length")
    given = dict(road.values).get("length")
    usual = field.default if field is not None else None
    if isinstance(given, Expression) or not isinstance(usual, (int, float)):
        return
    # On the outside of a curve a route is longer than the middle of the road.
    length_m = _LONGER * float(given.bounds()[1] if given is not None else usual)
    for name in ("at", "goal", "from"):
        value = dict(other.values).get(name)
        if value is None or isinstance(value, Expression):
            continue
        low, high = value.bounds()
        if low > length_m or high < 0.0:
            end = length_m / _LONGER
            found = f"{name} {value.text()} on a road of {end:g} m"
            yield Misfit(other.slot, name, "beyond-road", found, f"0..{end:g} m, or a longer road")


def _stretch_runs_on(stretch: Leaf, _: Leaf) -> Iterator[Misfit]:
    values = dict(stretch.values)
    begin, end = values.get("from"), values.get("to")
    if stretch.kind == "do" or begin is None or end is None or isinstance(begin, Expression):
        return
    if not isinstance(end, Expression) and end.dimension.numeric and end.bounds()[1] < begin.bounds()[0]:
        found = f"from {begin.text()} to {end.text()}"
        yield Misfit(stretch.slot, "to", "backward-stretch", found, "`to` behind `from`, along the route")


def _routes_named(leaf: Leaf) -> list[tuple[str, str]]:
    if leaf.kind != "do":
        return [("on", name) for name in text_options(leaf, "on")]
    return [
        (f"{path}.{field}", name)
        for path, step in steps_with_paths(leaf)
        for field, value in step.values
        if ACTIONS[step.action].fields.get(field) is ROUTE
        for name in text_options(Leaf("do", values=((field, value),)), field)
    ]


def steps_with_paths(leaf: Leaf) -> list[tuple[str, Step]]:
    """Every step of a 'do' leaf with its path, as `[0][1]`."""

    def below(path: str, step: Step) -> list[tuple[str, Step]]:
        inner = [found for i, child in enumerate(step.steps) for found in below(f"{path}[{i}]", child)]
        return [(path, step), *inner]

    return [found for i, step in enumerate(leaf.steps) for found in below(f"[{i}]", step)]


def _name(road: Leaf) -> str:
    return road.text("archetype") or road.text("file")


def _has_lights(road: Leaf, signals: Leaf) -> Iterator[Misfit]:
    yield from _lights_that_fail(road, signals)
    if road.kind != "road" or signals.kind != "signals":
        return
    approaches = road_lights(road)
    if approaches is None or signals.name in approaches:
        return
    expected = f"one of {', '.join(approaches)}" if approaches else "no signals: this road has no traffic lights"
    near = nearest_name(signals.name, approaches)
    found = f"no traffic light {signals.name!r} on {_name(road)}"
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


def _turns_at_a_junction(road: Leaf, acts: Leaf) -> Iterator[Misfit]:
    if road.kind != "road" or _name(road) not in WITHOUT_JUNCTION:
        return
    steps = steps_with_paths(acts) if acts.kind == "do" else ()
    turns = [(path, step.action) for path, step in steps if ACTIONS[step.action].turn]
    if acts.kind == "ego":
        turns = [("task", task) for task in tasks_of(acts.text("task")) if task in ("turn_left", "turn_right")]
    for path, turn in turns:
        found = f"{turn} on {with_article(_name(road))}, which has no junction"
        expected = "a road with a junction: crossroads, t_junction, urban_grid or roundabout"
        yield Misfit(acts.slot, path, "turn-without-junction", found, expected)


def _turns_its_way(actor: Leaf, acts: Leaf) -> Iterator[Misfit]:
    if actor.kind not in ("actor", "role") or acts.kind != "do" or acts.name != actor.name:
        return
    for route in text_options(actor, "on"):
        for path, step in steps_with_paths(acts):
            turn, last = ACTIONS[step.action].turn, route.rpartition(".")[2]
            if turn in ("left", "right") and last in ("left", "right", "straight") and last != turn:
                yield Misfit(acts.slot, path, "turn-off-route", f"{step.action} on the route {route!r}",
                             f"a route that goes {turn}")  # fmt: skip


def lane_beside_missing(road: Leaf, actor: Leaf, acts: Leaf) -> Iterator[Misfit]:
    """Changes of an actor to a lane beside its own that the road does not have; of no actor, that no lane has."""
    routes = road_routes(road) if road.kind == "road" else None
    for path, step in steps_with_paths(acts) if routes is not None and acts.kind == "do" else ():
        assert routes is not None
        side = ACTIONS[step.action].side
        if not side or "to" in dict(step.values):
            continue
        for route in text_options(actor, "on") if actor.name == acts.name else _widest(routes):
            try:
                found = lane_beside(route, side)
            except IllTyped as error:
                yield Misfit(acts.slot, path, "no-lane-beside", str(error), "a route such as main.1")
                continue
            if found not in routes:
                where = "left" if side > 0 else "right"
                yield Misfit(acts.slot, path, "no-lane-beside", f"{step.action} from {route!r}: no lane on its {where}",
                             f"a lane {found!r} on this {_name(road)}, or `to` which route")  # fmt: skip


def _widest(routes: tuple[str, ...]) -> tuple[str, ...]:
    """A lane with most lanes beside it: if even that has none, no actor can change lanes here."""
    rows = [route for route in routes if route.endswith(".1")]
    beside = [route for route in rows if f"{route[:-1]}2" in routes]
    return () if beside or not rows else (rows[0],)


def _lane_change_has_a_lane(road: Leaf, acts: Leaf) -> Iterator[Misfit]:
    yield from lane_beside_missing(road, Leaf("actor", ""), acts) if acts.kind == "do" else ()


def _work_zone_on_lanes(road: Leaf, zone: Leaf) -> Iterator[Misfit]:
    if road.kind != "road" or zone.kind != "work_zones":
        return
    if _name(road) in WITHOUT_STRAIGHT_LANES:
        found = f"a work zone on {with_article(_name(road))}, which has no lanes to close"
        expected = "a road with lanes along it: motorway, rural, urban, residential, work_zone or ramp"
        yield Misfit(zone.slot, "", "work-zone-without-lanes", found, expected)
        return
    routes = road_routes(road) or ()
    lanes = sum(1 for route in routes if route.startswith("main.") and route[5:].isdigit())
    value = dict(zone.values).get("closed_lane")
    if value is not None and not isinstance(value, Expression) and lanes and value.bounds()[0] > lanes:
        yield Misfit(zone.slot, "closed_lane", "work-zone-without-lanes", f"lane {value.text()} closed of {lanes}",
                     f"1 to {lanes}")  # fmt: skip


def _tram_on_tracks(road: Leaf, actor: Leaf) -> Iterator[Misfit]:
    if road.kind != "road" or actor.kind not in ("actor", "traffic") or _name(road) not in WITHOUT_TRACKS:
        return
    if "tram" in (possible_kinds(actor) if actor.kind == "actor" else text_options(actor, "kind")):
        found = f"a tram on {with_article(_name(road))}, which has no tracks"
        yield Misfit(
            actor.slot, "kind", "tram-without-tracks", found, "a road in town, with lane_uses of the kind tram"
        )


def _junction_fits(road: Leaf, junction: Leaf) -> Iterator[Misfit]:
    if road.kind != "road" or junction.kind != "junction" or not road.text("archetype"):
        return
    own = JUNCTIONS_OF.get(_name(road), ("grade_separated",) if _name(road) in ("ramp", "motorway") else ())
    for kind in only_texts(junction, "kind"):
        if kind not in own:
            expected = f"one of {', '.join(own)}" if own else "no junction, or another road"
            found = f"{with_article(kind)} on {with_article(_name(road))}"
            yield Misfit(junction.slot, "kind", "junction-elsewhere", found, expected, nearest_name(kind, own))


def _task_has_its_place(road: Leaf, ego: Leaf) -> Iterator[Misfit]:
    if road.kind != "road" or ego.kind != "ego" or not road.text("archetype"):
        return
    for task in tasks_of(ego.text("task")):
        wrong = {
            "enter_roundabout": _name(road) != "roundabout",
            "park": _name(road) in WITHOUT_PARKING,
        }.get(task, False)
        if wrong:
            needed = "a roundabout" if task == "enter_roundabout" else "a road where one may park"
            yield Misfit("ego", "task", "task-without-place", f"{task} on {with_article(_name(road))}", needed)


def _friction_once(surface: Leaf, weather: Leaf) -> Iterator[Misfit]:
    if surface.kind != "surface" or weather.kind != "weather":
        return
    if "friction" in dict(surface.values) and "friction" in dict(weather.values):
        found, expected = "friction of the surface and of the weather", "one of the two"
        yield Misfit(surface.slot, "friction", "friction-twice", found, expected)


def _names_of_their_own(zone: Leaf, stream: Leaf) -> Iterator[Misfit]:
    if zone.kind == "work_zones" and stream.kind == "traffic" and zone.name == stream.name:
        found = f"a work zone and a stream of traffic, both {zone.name!r}"
        yield Misfit(zone.slot, "", "name-taken", found, "two names: their actors are numbered behind them")


def _lights_that_fail(road: Leaf, acts: Leaf) -> Iterator[Misfit]:
    if road.kind != "road" or acts.kind != "do":
        return
    lights = road_lights(road)
    for path, name in _named_by(acts, "signal_failure", "signal") if lights is not None else ():
        assert lights is not None
        if name and not any(light.startswith(name) for light in lights):
            expected = f"one of {', '.join(lights)}" if lights else "no signals: this road has no traffic lights"
            found = f"no traffic light {name!r} on {_name(road)}"
            yield Misfit(acts.slot, path, "unknown-signal", found, expected, nearest_name(name, lights))


def _named_by(acts: Leaf, action: str, field: str) -> list[tuple[str, str]]:
    """Path and value of a text that steps of one action give."""
    return [
        (f"{path}.{field}", name)
        for path, step in steps_with_paths(acts)
        if step.action == action
        for key, value in step.values
        if key == field
        for name in text_options(Leaf("do", values=((key, value),)), key)
    ]


def _fault_of_a_sensor(fault: Leaf, sensors: Leaf) -> Iterator[Misfit]:
    if fault.kind not in ("sensor_faults", "do") or sensors.kind != "sensors":
        return
    names = rig(sensors.text("rig")).names()
    named = (
        [("sensor", name) for name in only_texts(fault, "sensor")]
        if fault.kind == "sensor_faults"
        else ([pair for pair in _named_by(fault, "sensor_fault", "sensor") if pair[1]])
    )
    for path, name in named:
        if name not in names:
            yield Misfit(
                fault.slot,
                path,
                "unknown-sensor",
                f"no sensor {name!r} in the rig {sensors.text('rig')}",
                f"one of {', '.join(names)}" if names else "a rig with sensors",
                nearest_name(name, names),
            )
    there = sensors_of(rig(sensors.text("rig")))
    words = [("kind", word) for word in only_texts(fault, "kind")]
    for path, word in words if fault.kind == "sensor_faults" else _named_by(fault, "sensor_fault", "kind"):
        at = {name for where, name in named if where.removesuffix("sensor") == path.removesuffix("kind")}
        meant = [each.kind for each in there if each.name in at] or [each.kind for each in there]
        if meant and all(meant_fault(word, kind) is None for kind in meant):
            possible = possible_words(meant[0])
            found, expected = f"{word!r} of a {meant[0].value}", f"one of {', '.join(possible)}"
            yield Misfit(fault.slot, path, "impossible-fault", found, expected, nearest_name(word, possible))


RULES: tuple[Rule, ...] = (
    Rule("impossible-action", "a class does only what it can: no pedestrian changes lanes", _actor_can),
    Rule("unknown-route", "places are on routes that the road has", _route_exists),
    Rule("beyond-road", "places and goals are not before or behind the road", _on_the_road),
    Rule("backward-stretch", "a stretch of road ends behind its beginning", _stretch_runs_on),
    Rule("unknown-signal", "programmes and failures are of lights that the road has", _has_lights),
    Rule("wrong-dimension", "an expression measures what its key measures", _measures_alike),
    Rule("self-reference", "nobody waits for or overtakes itself", _target_is_other),
    Rule("turn-without-junction", "one turns where roads meet", _turns_at_a_junction),
    Rule("turn-off-route", "who turns left is on a route that turns left", _turns_its_way),
    Rule("no-lane-beside", "a lane change needs a lane beside", _lane_change_has_a_lane),
    Rule("work-zone-without-lanes", "a work zone closes lanes that lie side by side", _work_zone_on_lanes),
    Rule("tram-without-tracks", "trams run on tracks", _tram_on_tracks),
    Rule("junction-elsewhere", "the junction is of the kind that the road has", _junction_fits),
    Rule("task-without-place", "the ego is asked for what the road allows", _task_has_its_place),
    Rule("friction-twice", "friction is said once", _friction_once),
    Rule("name-taken", "work zones and streams number their actors behind names of their own", _names_of_their_own),
    Rule("unknown-sensor", "faults are of sensors that the rig has, and such as these can have", _fault_of_a_sensor),
)  # fmt: skip
