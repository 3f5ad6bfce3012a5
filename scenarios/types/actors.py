"""Actors: classes with their sizes, where they begin, how they mind the road.

Sizes are length, width, height in metres, typical of European traffic: car, Volkswagen Golf 8 (4.28, 1.79, 1.46)
to estate, rounded; van, Mercedes Sprinter; truck, rigid 18 t lorry; bus, 12 m city bus; the widths within the
2.55 m of directive 96/53/EC; motorcycle and bicycle with rider; people, 50th percentile standing with swing of the
arms (DIN 33402-2); animal, a roe or fallow deer; cone and barrier, German RSA 21 devices. Variants of a class, and
whatever else distinguishes one actor from another, are in `traits`.
"""

from collections.abc import Mapping
from math import pi

from driving_data.taxonomy import PEDESTRIANS, STATIC_OBJECTS, TWO_WHEELERS, VEHICLES, ActorClass
from scenarios.concrete import Driver
from scenarios.habits import DRIVER_KINDS
from scenarios.leaf import IllTyped, Leaf, make_leaf
from scenarios.types.driving import HABITS, driver_from
from scenarios.types.fields import Field, Get, Given, as_values, reader
from scenarios.types.lookup import known
from scenarios.types.traits import ALIASES, TRAITS, class_of, trait_objections, traits_of, usual_size
from scenarios.units import ACCELERATION, ANGLE, FLAG, LENGTH, SPEED, TEXT, TIME

SIZES_M: Mapping[ActorClass, tuple[float, float, float]] = {
    ActorClass.CAR: (4.5, 1.82, 1.5),
    ActorClass.VAN: (5.9, 2.0, 2.6),
    ActorClass.TRUCK: (9.5, 2.5, 3.6),
    ActorClass.TRAILER: (13.6, 2.55, 4.0),
    ActorClass.BUS: (12.0, 2.55, 3.1),
    ActorClass.EMERGENCY_VEHICLE: (5.9, 2.0, 2.7),
    ActorClass.CONSTRUCTION_VEHICLE: (6.6, 2.5, 3.3),
    ActorClass.MOTORCYCLE: (2.2, 0.8, 1.6),
    ActorClass.BICYCLE: (1.8, 0.6, 1.75),
    ActorClass.E_SCOOTER: (1.2, 0.55, 1.85),
    ActorClass.PEDESTRIAN: (0.5, 0.6, 1.75),
    ActorClass.CHILD: (0.4, 0.45, 1.25),
    ActorClass.WHEELCHAIR: (1.1, 0.7, 1.35),
    ActorClass.FLAGGER: (0.5, 0.6, 1.8),
    ActorClass.ANIMAL: (1.4, 0.45, 1.15),
    ActorClass.CONE: (0.38, 0.38, 0.75),
    ActorClass.BARRIER: (2.0, 0.4, 1.0),
    ActorClass.DEBRIS: (0.8, 0.6, 0.4),
    ActorClass.OTHER: (1.0, 1.0, 1.0),
}
DRIVEN = VEHICLES | TWO_WHEELERS
MOVING = DRIVEN | PEDESTRIANS | {ActorClass.ANIMAL}
KINDS = (*(kind.label for kind in ActorClass), *ALIASES)

DRIVER: Mapping[str, Field] = {
    "driver.desired_speed": Field(SPEED, "free-flow speed; else the speed at the start", None, 0.0, 90.0),
    "driver.headway": Field(TIME, "desired time gap", 1.5, 0.1, 10.0),
    "driver.min_gap": Field(LENGTH, "standstill gap", 2.0, 0.1, 20.0),
    "driver.max_acceleration": Field(ACCELERATION, "comfortable acceleration", 1.5, 0.1, 10.0),
    "driver.comfortable_deceleration": Field(ACCELERATION, "comfortable braking, a magnitude", 2.0, 0.1, 10.0),
    "driver.reaction_time": Field(TIME, "delay before it reacts", 0.0, 0.0, 5.0),
    "driver.minds_signals": Field(FLAG, "stops at red", True),
    "driver.minds_conflicts": Field(FLAG, "gives way where it must", True),
    **HABITS,
}
PLACE: Mapping[str, Field] = {
    "on": Field(TEXT, "route"),
    "at": Field(LENGTH, "distance along the route, of the box centre", None, -1e5, 1e5),
    "by": Field(LENGTH, "gap between the boxes, of a relative place", None, 0.0, 1e4),
    "lateral": Field(LENGTH, "left of the middle of the lane", 0.0, -50.0, 50.0),
    "heading": Field(ANGLE, "relative to the route, left positive", 0.0, -2 * pi, 2 * pi),
}
ACTOR: Mapping[str, Field] = {
    "kind": Field(TEXT, "class", "car", names=KINDS),
    "length": Field(LENGTH, "size", None, 0.05, 40.0),
    "width": Field(LENGTH, "size", None, 0.05, 10.0),
    "height": Field(LENGTH, "size", None, 0.05, 10.0),
    "speed": Field(SPEED, "at the start, along its heading", 0.0, 0.0, 90.0),
    **PLACE,
    **DRIVER,
    **TRAITS,
}
EGO: Mapping[str, Field] = {
    "on": PLACE["on"],
    "at": PLACE["at"],
    "lateral": PLACE["lateral"],
    "heading": PLACE["heading"],
    "speed": Field(SPEED, "at the start", None, 0.0, 90.0),
    "target_speed": Field(SPEED, "asked of it where the road allows; else the speed at the start", None, 0.0, 90.0),
    "goal": Field(LENGTH, "distance along its route at which it has arrived; else the end of the route", None, 0, 1e5),
    "length": Field(LENGTH, "size", 4.6, 2.0, 20.0),
    "width": Field(LENGTH, "size", 1.85, 1.0, 3.0),
    "height": Field(LENGTH, "size", 1.5, 1.0, 4.5),
    "wheelbase": Field(LENGTH, "between the axles", 2.8, 1.0, 12.0),
}
TASKS: Mapping[str, tuple[str, ...]] = {
    "drive_straight": ("MotionDrive",),
    "follow": ("MotionDrive",),
    "lane_change_left": ("MotionLaneChangeLeft",),
    "lane_change_right": ("MotionLaneChangeRight",),
    "turn_left": ("MotionTurnLeft",),
    "turn_right": ("MotionTurnRight",),
    "u_turn": ("MotionUTurn",),
    "merge": ("MotionDrive",),
    "overtake": ("MotionOvertake",),
    "park": ("MotionStop",),
    "exit": ("MotionDrive",),
    "stop": ("MotionStop",),
    "enter_roundabout": ("MotionDrive",),
}
RELATIONS = ("ahead_of", "behind", "beside")
RESERVED = ("ego", "road", "weather", "light", "traffic", "signals", "sensors", "time", "about", "parameters", "true",
            "false", "and", "or", "not")  # fmt: skip


def ego(*, task: str = "", **values: Given) -> Leaf:
    """The ego leaf: `on`, `at`, `speed`, `target_speed`, `goal`, ... (names of `EGO`).

    Args:
        task: what is asked of the policy, one name of `TASKS` or several in order: `lane_change_left then exit`.
        values: names of `EGO`.

    Raises:
        IllTyped: a name or value does not fit.
    """
    asked = " then ".join(known("ego task", name, TASKS) for name in tasks_of(task))
    return make_leaf("ego", "", {"task": asked} if asked else {}, as_values("ego", EGO, values))


def tasks_of(text: str) -> tuple[str, ...]:
    """The tasks of a text such as `lane_change_left then exit`, in order."""
    return tuple(name.strip() for name in text.split(" then ")) if text.strip() else ()


def actor(
    name: str, *, relation: str = "", of: str = "", driver: str = "", **values: Given
) -> Leaf:  # fmt: skip
    """An actor leaf.

    Args:
        name: its id.
        relation: 'ahead_of', 'behind' or 'beside' another actor `of`, instead of `at`.
        of: whom the relation means.
        driver: 'idm', 'none', 'imitation' or 'walker'; empty chooses by class: vehicles and riders that start with a
            speed are driven.
        values: names of `ACTOR`; dots of driver fields are written as double underscores (`driver__headway`).

    Raises:
        IllTyped: a name or value does not fit.
    """
    return actor_of(name, {"relation": relation, "of": of, "driver": driver}, values)


def actor_of(name: str, texts: Mapping[str, str], values: Mapping[str, Given]) -> Leaf:
    """An actor leaf, its `relation`, `of` and `driver` and its values as mappings (else as `actor`)."""
    return _checked(_cast("actor", name, {"relation": "", "of": "", "driver": "", **texts}, values))


def role(name: str, *, relation: str = "", of: str = "", driver: str = "", **values: Given) -> Leaf:
    """An actor that `bind` makes whole later: what is given here holds whoever plays the part.

    A `kind` that is given says who may play it. The slot is that of the actor, so that a role and an actor of one
    name cannot both be there.

    Raises:
        IllTyped: a name or value does not fit.
    """
    return _cast("role", name, {"relation": relation, "of": of, "driver": driver}, values)


def player(kind: Given, *, relation: str = "", of: str = "", driver: str = "", **values: Given) -> Leaf:
    """Who plays a role: class and whatever the role leaves open, as `player("truck", variant="tanker")`.

    Raises:
        IllTyped: a name or value does not fit.
    """
    texts = {"relation": relation, "of": of, "driver": driver}
    return _cast("role", "player", texts, {"kind": kind, **values})


def cast(part: Leaf, who: Leaf) -> Leaf:
    """The actor that a role and its player make together.

    Raises:
        IllTyped: both say the same thing, the player is of no class that the role allows, or something is missing.
    """
    allowed, kinds = possible_kinds(part), possible_kinds(who)
    if dict(part.values).get("kind") is not None and not set(kinds) <= set(allowed):
        raise IllTyped(f"role {part.name}: a {' or '.join(kinds)} cannot play it; one of {', '.join(allowed)} can")
    mine = {name: value for name, value in part.values if name != "kind"}
    twice = sorted((mine.keys() & dict(who.values).keys()) | (dict(part.texts).keys() & dict(who.texts).keys()))
    if twice:
        raise IllTyped(f"role {part.name}: {', '.join(twice)} bound twice, by the role and by its player")
    texts = dict(part.texts) | dict(who.texts)
    return _checked(make_leaf("actor", part.name, texts, mine | dict(who.values)))


def _cast(kind: str, name: str, texts: Mapping[str, str], values: Mapping[str, Given]) -> Leaf:
    relation, driver = texts["relation"], texts["driver"]
    if name in RESERVED or not name.isidentifier():
        raise IllTyped(
            f"an actor cannot be called {name!r}; take letters, digits and _, and none of {', '.join(RESERVED)}"
        )
    if relation:
        known("relation", relation, RELATIONS)
    if driver:
        known("driver", driver, DRIVER_KINDS)
    given = {key.replace("__", "."): value for key, value in values.items()}
    leaf = make_leaf(kind, name, {k: v for k, v in texts.items() if v}, as_values(f"{kind} {name}", ACTOR, given))
    if faults := list(trait_objections(leaf, possible_kinds(leaf))):
        raise IllTyped(f"{kind} {name}: {'; '.join(faults)}")
    return leaf


def _checked(leaf: Leaf) -> Leaf:
    values = dict(leaf.values)
    if bool(leaf.text("relation")) == ("at" in values):
        raise IllTyped(f"actor {leaf.name}: give either `at` or one of {', '.join(RELATIONS)}")
    if leaf.text("relation") in ("ahead_of", "behind") and "by" not in values:
        raise IllTyped(f"actor {leaf.name}: {leaf.text('relation')} says by how much, as 'ego by 20..40 m'")
    if "at" in values and "on" not in values:
        raise IllTyped(f"actor {leaf.name}: `at` needs a route, as `on: main.1`")
    if leaf.text("of") == leaf.name:
        raise IllTyped(f"actor {leaf.name} is placed by itself")
    if faults := list(trait_objections(leaf, possible_kinds(leaf))):
        raise IllTyped(f"actor {leaf.name}: {'; '.join(faults)}")
    return leaf


def possible_kinds(leaf: Leaf) -> tuple[str, ...]:
    """Classes that the actor may have; empty where an expression says."""
    from scenarios.normal_form import value_bounds

    value = dict(leaf.values).get("kind")
    found = frozenset(["car"]) if value is None else value_bounds(value, lambda _: None)
    return tuple(known("actor class", kind, KINDS) for kind in sorted(found)) if isinstance(found, frozenset) else ()


def size_of(leaf: Leaf, read: Get, kind: ActorClass) -> tuple[float, float, float]:
    """Length, width, height: as given, else typical of the class, the variant, the age and the trailers."""
    usual = usual_size(kind, str(read("kind")), traits_of(leaf, read), SIZES_M)
    given = (read("length"), read("width"), read("height"))
    length, width, height = (g if g is not None else d for g, d in zip(given, usual, strict=True))
    return float(length), float(width), float(height)


def driver_of(leaf: Leaf, read: Get, kind: ActorClass, speed_mps: float) -> Driver:
    """How an actor minds the road."""
    name = leaf.text("driver") or ("idm" if kind in DRIVEN and (speed_mps > 0 or leaf_drives(leaf)) else "none")
    return driver_from(leaf, read, name, kind in PEDESTRIANS, speed_mps)


def leaf_drives(leaf: Leaf) -> bool:
    """Whether an actor that stands at the start has a driver who wants to go."""
    return any(name == "driver.desired_speed" for name, _ in leaf.values)


def actor_reader(leaf: Leaf, get: Get) -> Get:
    """Getter of an actor's fields."""
    return reader(leaf, ACTOR, get)


__all__ = [
    "ACTOR", "DRIVEN", "DRIVER", "EGO", "KINDS", "MOVING", "PLACE", "RELATIONS", "SIZES_M", "STATIC_OBJECTS", "TASKS",
    "actor", "actor_of", "actor_reader", "cast", "class_of", "driver_of", "ego", "player", "possible_kinds", "role",
    "size_of", "tasks_of", "traits_of",
]  # fmt: skip
