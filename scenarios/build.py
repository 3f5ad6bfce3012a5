"""Leaves and their draws into a concrete scenario: places found, traffic set out, behaviours expanded."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from driving_data.taxonomy import ActorClass
from scenarios.concrete import Actor, ConcreteScenario, Ego, Place
from scenarios.describe import describe
from scenarios.draws import Draws
from scenarios.leaf import IllTyped, Leaf, make_leaf
from scenarios.people import usual_pace
from scenarios.space import is_constant
from scenarios.tags import tags_of
from scenarios.types.about import TIMING, own_tags
from scenarios.types.actors import ACTOR, EGO, class_of, driver_of, size_of, tasks_of, traits_of
from scenarios.types.devices import devices_of
from scenarios.types.expand import Stage, expand_leaf, minds_nothing
from scenarios.types.features import features_of, values_of
from scenarios.types.fields import Get, reader
from scenarios.types.layout import Layout, boxes_meet, layout_of
from scenarios.types.road import road_choice
from scenarios.types.sensors import rig
from scenarios.types.signals import build_programs
from scenarios.types.streams import Standing, build_stream
from scenarios.types.weather import build_environment

END_M = 1.0  # so far beyond the end of a route a place may lie: routes are measured in pieces
_NO_TIME = make_leaf("time")


class Overlap(IllTyped):
    """Two actors would begin in the same place, or one of them beyond the end of its route; `name` is the later one."""

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Parts:
    """The leaves of one product, by what they are."""

    one: dict[str, Leaf] = field(default_factory=lambda: {})
    many: dict[str, dict[str, Leaf]] = field(default_factory=lambda: {})

    @staticmethod
    def of(leaves: Iterable[Leaf]) -> "Parts":
        """Sorts leaves by kind and name."""
        parts = Parts()
        for leaf in sorted(leaves, key=lambda leaf: (leaf.kind, leaf.name)):
            if leaf.name:
                parts.many.setdefault(leaf.kind, {})[leaf.name] = leaf
            else:
                parts.one[leaf.kind] = leaf
        return parts

    def required(self, kind: str) -> Leaf:
        """The only leaf of a kind.

        Raises:
            IllTyped: there is none.
        """
        if kind not in self.one:
            raise IllTyped(f"the scenario has no {kind}; a scenario that is drawn has a road and an ego")
        return self.one[kind]

    def named(self, kind: str) -> dict[str, Leaf]:
        """Leaves of a kind by name."""
        return self.many.get(kind, {})


def build(parts: Parts, draws: Draws, seed: int, index: int) -> ConcreteScenario:
    """The concrete scenario of a product of leaves.

    Raises:
        IllTyped: parts are missing or do not fit together.
        Overlap: two actors would begin in the same place.
    """
    if "storyboard" in parts.one:
        from scenarios.openscenario.logical import build_storyboard  # reads files: loaded only where there is one

        return build_storyboard(parts.one, parts.named("parameter"), draws, seed, index)
    about = parts.one.get("about")
    road = road_choice(parts.required("road"), draws.get)
    layout = layout_of(road)
    places = _Places(parts, draws, layout)
    # Places first: that a draw puts two actors into one another is known before anything else is made.
    standing: list[Standing] = []
    for name in ("ego", *parts.named("actor")):
        place = places.of(name)
        _stand(standing, Standing(name, place, places.size(name), layout.pose(place)))
    ego = _ego(parts.required("ego"), places)
    timing = reader(parts.one.get("time", _NO_TIME), TIMING, draws.get)
    features = features_of(parts.one, parts.many, draws.get)
    actors = [_actor(leaf, parts, draws, places) for leaf in parts.named("actor").values()]
    for device in devices_of(features, layout):
        actors.append(device)
        _stand(standing, Standing(device.id, device.start, device.size_m, layout.pose(device.start)))
    for leaf in parts.named("traffic").values():
        actors.extend(build_stream(leaf, draws, layout, standing))
    name = about.text("name") if about else ""
    scenario = ConcreteScenario(
        name=name or "scenario",
        road=road,
        environment=build_environment(
            parts.one.get("weather"), parts.one.get("light"), draws.get, values_of(features, "surface")
        ),
        ego=ego,
        actors=tuple(actors),
        rig=rig(parts.one["sensors"].text("rig") if "sensors" in parts.one else "front"),
        signals=tuple(
            program
            for leaf in parts.named("signals").values()
            for program in build_programs(leaf, layout.lights(leaf.name), draws.get)
        ),
        duration_s=float(timing("duration")),
        step_s=float(timing("step")),
        seed=seed,
        index=index,
        features=features,
    )
    for path, leaf in parts.named("parameter").items():
        if not is_constant(leaf.values[0][1]):
            draws.get(path)
    return _finished(scenario, parts, layout, own_tags(about), about.text("description") if about else "")


def _finished(
    scenario: ConcreteScenario, parts: Parts, layout: Layout, own: tuple[str, ...], given: str
) -> ConcreteScenario:
    tags = tags_of(scenario, parts.named("do").values(), layout, own)
    return replace(scenario, tags=tags, description=describe(scenario, tags, given))


@dataclass(slots=True)
class _Places:
    """Where each actor begins, found when first asked for: places may hang on one another."""

    parts: Parts
    draws: Draws
    layout: Layout
    found: dict[str, Place] = field(default_factory=lambda: {})
    sizes: dict[str, tuple[float, float, float]] = field(default_factory=lambda: {})
    open: list[str] = field(default_factory=lambda: [])
    readers: dict[str, Get] = field(default_factory=lambda: {})

    def reader(self, leaf: Leaf) -> Get:
        """Getter of the fields of the ego or of an actor."""
        name = leaf.name or "ego"
        if name not in self.readers:
            self.readers[name] = reader(leaf, EGO if leaf.kind == "ego" else ACTOR, self.draws.get)
        return self.readers[name]

    def of(self, name: str) -> Place:
        if name in self.found:
            return self.found[name]
        if name in self.open:
            raise IllTyped(f"{' -> '.join([*self.open, name])}: places that hang on one another in a ring")
        self.open.append(name)
        leaf = self.parts.required("ego") if name == "ego" else self.parts.named("actor").get(name)
        if leaf is None:
            raise IllTyped(f"{self.open[-2]} is placed by {name!r}, who is not there")
        self.found[name] = self._place(leaf)
        self.open.pop()
        return self.found[name]

    def size(self, name: str) -> tuple[float, float, float]:
        if name not in self.sizes:
            self.sizes[name] = self._size(name)
        return self.sizes[name]

    def _size(self, name: str) -> tuple[float, float, float]:
        if name == "ego":
            read = self.reader(self.parts.required("ego"))
            return float(read("length")), float(read("width")), float(read("height"))
        leaf = self.parts.named("actor")[name]
        read = self.reader(leaf)
        return size_of(leaf, read, kind_of(read))

    def _place(self, leaf: Leaf) -> Place:
        read = self.reader(leaf)
        lateral, heading = float(read("lateral")), float(read("heading"))
        relation = leaf.text("relation")
        if not relation:
            route = str(read("on"))
            return self._on_road(leaf, Place(route, float(read("at")), lateral, heading))
        return self._relative(leaf, read, relation, lateral, heading)

    def _relative(self, leaf: Leaf, read: Any, relation: str, lateral: float, heading: float) -> Place:
        anchor = self.of(leaf.text("of"))
        route = str(read("on") or anchor.route)
        beside, direction = self.layout.carried(anchor.route, anchor.s_m, route)
        if relation == "beside":
            return self._on_road(leaf, Place(route, beside, lateral, heading))
        # The gap is between the boxes; ahead is where the other one is heading.
        gap = float(read("by")) + 0.5 * (self.size(leaf.name)[0] + self.size(leaf.text("of"))[0])
        s_m = beside + (direction if relation == "ahead_of" else -direction) * gap
        return self._on_road(leaf, Place(route, s_m, lateral, heading))

    def _on_road(self, leaf: Leaf, place: Place) -> Place:
        """The place, if the route is that long."""
        length_m = self.layout.length_m(place.route)
        if not -END_M <= place.s_m <= length_m + END_M:
            where = f"at {place.s_m:.4g} m of {place.route}, which is {length_m:.4g} m long"
            name = leaf.name or "ego"
            raise Overlap(f"{name} would begin {where}", name)
        return place


def kind_of(read: Any) -> ActorClass:
    """The class that was drawn."""
    label = str(read("kind"))
    try:
        return class_of(label)
    except KeyError:
        raise IllTyped(f"no actor class {label!r}") from None


def _ego(leaf: Leaf, places: _Places) -> Ego:
    read = places.reader(leaf)
    start = places.of("ego")
    speed = float(read("speed"))
    target, goal, wheelbase = read("target_speed"), read("goal"), float(read("wheelbase"))
    size = places.size("ego")
    return Ego(
        start=start,
        speed_mps=speed,
        target_speed_mps=float(target if target is not None else speed),
        goal_s_m=float(goal) if goal is not None else places.layout.length_m(start.route) - 1.0,
        size_m=size,
        wheelbase_m=wheelbase,
        # The rear overhang is taken as 0.95 m per 4.6 m of length, as in the default ego.
        rear_axle_to_center_m=0.5 * size[0] - 0.95 * size[0] / 4.6,
        task=tasks_of(leaf.text("task")),
    )


def _actor(leaf: Leaf, parts: Parts, draws: Draws, places: _Places) -> Actor:
    read = places.reader(leaf)
    kind, speed, start = kind_of(read), float(read("speed")), places.of(leaf.name)
    driver, traits = driver_of(leaf, read, kind, speed), traits_of(leaf, read)
    behaviour = None
    acts = parts.named("do").get(leaf.name)
    if acts is not None:
        pace = usual_pace(kind, str(traits.get("age", "adult")))
        behaviour = expand_leaf(acts, Stage(draws.draw, start, None if pace is None else pace.distribution()))
        if minds_nothing(acts):
            driver = replace(driver, minds_signals=False, minds_conflicts=False)
    return Actor(leaf.name, kind, places.size(leaf.name), start, speed, driver, behaviour, traits)


def _stand(standing: list[Standing], new: Standing) -> None:
    for other in standing:
        if boxes_meet(new.pose, new.size_m, other.pose, other.size_m):
            raise Overlap(f"{new.name} and {other.name} would begin in the same place", new.name)
    standing.append(new)
