"""Leaves that are described by data: made, drawn, kept, written and read back; every word has a home."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.taxonomy import ActorClass
from scenarios.algebra import IllTyped, scenario
from scenarios.behaviour import ChangeLane, FollowPath, Sequence, Show, Wait
from scenarios.concrete import ConcreteScenario
from scenarios.language.slots import (
    ACTOR_CLASSES,
    ACTOR_MANOEUVRES,
    EGO_MANOEUVRES,
    LIGHTS,
    ROAD_FEATURES,
    ROAD_KINDS,
    SURFACES,
    WEATHERS,
)
from scenarios.spec import dump_spec, read_text
from scenarios.types import light as lights
from scenarios.types import weather as weathers
from scenarios.types.actors import ACTOR, KINDS, TASKS, actor, ego
from scenarios.types.catalogue import LEAF_TYPES
from scenarios.types.fields import Field
from scenarios.types.homes import ACTIONS_OF, LEAVES_OF, ROADS_OF
from scenarios.types.leaf_type import row_path, rows_of
from scenarios.types.manoeuvres import ACTIONS, do, lane_beside, step
from scenarios.types.road import NAMES, road, road_schema
from scenarios.types.scenery import surface
from scenarios.types.temporary import work_zone
from scenarios.types.traits import ALIASES, CLASSES_OF, TRAITS, VARIANTS
from scenarios.units import format_quantity
from tests.effort import examples

# Beartype looks at a random item of each list; no drawn value depends on that.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
BASE = scenario(road("urban"), ego(on="main.1", at="30 m", speed="9 m/s"))
LIMITS = {("jurisdiction", "driving_side"), ("jurisdiction", "speed_unit"), ("signs", "speed")}


def written(field: Field) -> st.SearchStrategy[str]:
    """Texts that a field takes: a constant, or a range of two."""
    if field.names:
        return st.lists(st.sampled_from(field.names), min_size=1, max_size=2, unique=True).map(" | ".join)
    if field.dimension.sort == "flag":
        return st.sampled_from(["true", "false", "true | false"])
    if field.dimension.sort == "text":
        return st.just("main.1")
    # Places along a route are on it: those before it are refused.
    low, high = max(field.low, 0.0 if field.low == -1e5 else -50.0), min(field.high, 50.0)
    if field.dimension.sort == "count":
        return st.integers(int(low), int(high)).map(str)
    numbers = st.floats(low, high, allow_subnormal=False).map(lambda x: min(max(round(x, 3), low), high))
    pairs = st.tuples(numbers, numbers).map(sorted)
    texts = pairs.map(lambda pair: tuple(format_quantity(x, field.dimension) for x in pair))
    return texts.map(lambda pair: pair[0] if pair[0] == pair[1] else f"{pair[0]}..{pair[1]}")


@st.composite
def leaves(draw):
    """A leaf of any kind, with any of its values."""
    kind = LEAF_TYPES[draw(st.sampled_from(sorted(LEAF_TYPES)))]
    names = [name for name in kind.fields if (kind.kind, name) not in LIMITS and name != "sensor"]
    chosen = set(draw(st.lists(st.sampled_from(names), unique=True, max_size=4))) | set(kind.required)
    values = {f"{name}_": draw(written(kind.fields[name])) for name in sorted(chosen)}
    least = 1 if kind.kind == "temporary_signals" else 0
    rows = {
        key: [
            {name: draw(written(field)) for name, field in schema.items()}
            for _ in range(draw(st.integers(least, 3)))
        ]
        for key, schema in kind.rows.items()
    }  # fmt: skip
    return kind.make("one" if kind.several else "", None, rows, **values)


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(leaves())
def test_any_leaf_is_written_read_back_drawn_and_kept(leaf):
    kind = LEAF_TYPES[leaf.kind]
    assert read_text(dump_spec(scenario(leaf)), whole=False) == scenario(leaf)
    try:
        whole = scenario(road("urban", lanes=2), ego(on="main.1", at="30 m", speed="9 m/s"), leaf)
    except IllTyped as error:
        assert any(word in str(error) for word in ("closed of", "on an urban", ": from "))
        return
    concrete = whole.sample(5)
    assert concrete in whole
    (feature,) = concrete.features
    assert (feature.kind, feature.name) == (leaf.kind, leaf.name)
    assert {name for name, _ in leaf.values} == set(feature.values)
    assert all(value in dict(leaf.values)[name] for name, value in feature.values.items())
    assert set(kind.tags(feature.values)) <= set(concrete.tags)
    assert ConcreteScenario.from_plain(concrete.to_plain()).digest() == concrete.digest()


@st.composite
def cast_of_one(draw):
    """An actor of any class with any of the traits that it can have."""
    kind = draw(st.sampled_from([label for label in KINDS if label not in ALIASES]))
    able = ActorClass.from_label(kind)
    names = [name for name, classes in CLASSES_OF.items() if able in classes and name != "variant"]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=3)) if names else []
    values = {name: draw(written(TRAITS[name])) for name in sorted(chosen)}
    if able in VARIANTS and draw(st.booleans()):
        values["variant"] = draw(st.sampled_from(sorted(set(VARIANTS[able]) - set(ALIASES))))
    return actor("x", kind=kind, on="oncoming.1", at="150 m", **values)


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(cast_of_one())
def test_any_actor_is_written_read_back_drawn_and_kept(leaf):
    whole = scenario(road("urban"), ego(on="main.1", at="30 m", speed="9 m/s"), leaf)
    assert read_text(dump_spec(scenario(leaf)), whole=False) == scenario(leaf)
    concrete = whole.sample(5)
    assert concrete in whole
    (one,) = concrete.actors
    assert set(one.traits) == {name for name, _ in leaf.values if name in TRAITS}
    assert all(value in dict(leaf.values)[name] for name, value in one.traits.items())
    assert all(0.05 <= size <= 80 for size in one.size_m)
    assert ConcreteScenario.from_plain(concrete.to_plain()).digest() == concrete.digest()


@pytest.mark.parametrize("kind", sorted(LEAF_TYPES))
def test_every_preset_makes_a_leaf_and_every_field_says_what_it_is(kind):
    about = LEAF_TYPES[kind]
    assert about.kind == kind and 1 <= about.layer <= 6 and about.doc
    assert set(about.required) <= set(about.fields) and about.played <= set(about.fields)
    for schema in (about.fields, *about.rows.values()):
        assert all(field.doc for field in schema.values())
        assert all(
            field.default is None or not field.names or field.default in field.names for field in schema.values()
        )
    for preset in about.presets:
        assert about.make("one" if about.several else "", preset).kind == kind


def test_rows_come_back_in_order_however_many_there_are():
    phases = [{"activity": "closed", "duration": f"{10 + i} s"} for i in range(12)]
    values = {name: value for name, value in work_zone("w", phases=phases).values}
    assert [row["duration"].value for row in rows_of(values, "phases")] == [10.0 + i for i in range(12)]
    assert row_path("phases", 3, "duration") in values


def test_every_word_of_a_description_has_a_home():
    assert set(ACTOR_MANOEUVRES) == set(ACTIONS_OF) and set(ACTIONS_OF.values()) <= set(ACTIONS)
    assert set(EGO_MANOEUVRES) == set(TASKS)
    assert set(ACTOR_CLASSES) <= set(KINDS)
    assert set(WEATHERS) <= set(weathers.PRESETS) and set(LIGHTS) <= set(lights.PRESETS)
    assert {*ROAD_FEATURES, *SURFACES} <= set(LEAVES_OF)
    assert set(ROAD_KINDS) == set(ROADS_OF) and set(ROADS_OF.values()) <= set(NAMES)
    for kind, preset in LEAVES_OF.values():
        assert preset in (road_schema("rural") if kind == "road" else LEAF_TYPES[kind].presets)


def test_traits_make_the_actor_what_it_is():
    def made(**values):
        return (BASE & scenario(actor("x", on="oncoming.1", at="80 m", **values))).sample(1).actors[0]

    assert made(kind="truck", variant="road_train").size_m == (18.75, 2.55, 4.0)
    assert made(kind="car", trailers=1, trailer_length="5 m").size_m == (4.5 + 6.0, 1.82, 1.5)
    assert made(kind="pedestrian", age="toddler").size_m[2] == 0.9 < made(kind="pedestrian", age="elder").size_m[2]
    assert made(kind="animal", variant="moose").size_m[2] == 2.0 and made(kind="animal", length="1 m").size_m[0] == 1.0
    machine = made(kind="construction_vehicle", variant="excavator", boom="40 deg", stick="-60 deg", swing="90 deg",
                   working_mode="digging")  # fmt: skip
    assert machine.traits["boom"] == pytest.approx(0.698, abs=1e-3) and machine.traits["working_mode"] == "digging"
    tram = (BASE & scenario(
        actor("t", kind="tram", on="oncoming.1", at="80 m"), LEAF_TYPES["lane_uses"].make("track", "tram_tracks")
    )).sample(1).actors[0]  # fmt: skip
    assert tram.kind is ActorClass.BUS and tram.traits == {"variant": "tram"} and tram.size_m[0] == 30.0


def test_every_trait_belongs_to_some_class_and_every_variant_has_a_size():
    assert set(CLASSES_OF) == set(TRAITS) and set(TRAITS) <= set(ACTOR)
    assert all(min(size) > 0 for variants in VARIANTS.values() for size in variants.values())
    assert set(ALIASES) == {"tram"} and all(label in KINDS for label in ALIASES)


ARGUMENTS = {
    "to": {"change_lane": "main.2", "cut_in": "main.2", "cut_out": "main.2", "merge": "main.2", "pull_out": "main.2",
           "cross": "4 m", "swerve": "0.5 m", "move_sideways": "0.5 m", "u_turn": "6 m"},
    "speed": "5 m/s", "within": "2 s", "rate": "2 m/s2", "for": "1 s", "distance": "5 m", "by": "main.2",
    "at": "60 m", "show": "left", "mode": "digging",
}  # fmt: skip


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - {"sequence", "parallel", "repeat", "follow_path", "turn"}))
def test_every_action_becomes_a_behaviour_and_its_tags(action):
    about = ACTIONS[action]
    kind = next(label for label in ("car", "truck", "pedestrian", "construction_vehicle")
                if ActorClass.from_label(label) in about.kinds)  # fmt: skip
    values: dict[str, object] = {}
    for name, field in about.fields.items():
        if field.default is None and name not in about.optional:
            given = ARGUMENTS.get(name, "1 m/s")
            values[f"{name}_"] = given.get(action, "8 m/s") if isinstance(given, dict) else given
    if action == "overtake":
        values["by_"] = "main.2"
    crossing = about.turn in ("left", "right")
    on = f"main.{about.turn}" if crossing else "main.2" if action == "lane_change_right" else "main.1"
    x = actor("x", kind=kind, on=on, at="30 m", speed="5 m/s")
    of = {"of": "ego"} if about.target else {}
    acts = do("x", step(action, **of, **values))
    street = road("crossroads") if crossing else road("urban", lanes=2)
    whole = scenario(street, ego(on=on, at="5 m", speed="8 m/s"), x, acts)
    concrete = whole.sample(1)
    assert concrete in whole and concrete.actors[0].behaviour is not None
    assert set(about.tags) <= set(concrete.tags)
    assert bool(about.effect or about.approximated) == bool(concrete.features)
    if about.effect:
        shown = concrete.actors[0].behaviour
        assert isinstance(shown, Sequence) and [type(part) for part in shown.steps] == [Show, Wait]


def test_lanes_beside_are_counted_from_the_right():
    assert lane_beside("main.1", 1) == "main.2" and lane_beside("oncoming.2", -1) == "oncoming.1"
    with pytest.raises(IllTyped, match="no numbered lane beside"):
        lane_beside("ramp", 1)
    two = scenario(road("motorway"), ego(on="main.2", at="100 m", speed="25 m/s"))
    left = actor("x", on="main.2", relation="ahead_of", of="ego", by="20 m", speed="25 m/s")
    concrete = (two & scenario(left, do("x", step("lane_change_left", within="2 s")))).sample(1)
    assert concrete.actors[0].behaviour == ChangeLane("main.3", 2.0)


def test_a_u_turn_is_half_a_circle_and_back():
    x = scenario(actor("x", on="main.1", at="20 m", speed="4 m/s"), do("x", step("u_turn", at="60 m", to="7 m")))
    path = (BASE.override(ego(on="main.1", at="100 m", speed="9 m/s")) & x).sample(1).actors[0].behaviour
    assert isinstance(path, FollowPath)
    assert path.points_m[0] == (20.0, 0.0) and path.points_m[-1] == (20.0, 7.0)
    for s, d in path.points_m[1:-1]:
        assert (s - 60.0) ** 2 + (d - 3.5) ** 2 == pytest.approx(3.5**2)
    assert max(s for s, _ in path.points_m) == pytest.approx(63.5)


def test_the_ego_is_asked_for_tasks_in_order():
    asked = BASE.override(ego(on="main.1", at="30 m", speed="9 m/s", task="drive_straight then park"))
    concrete = asked.sample(1)
    assert concrete.ego.task == ("drive_straight", "park") and "ego:park" in concrete.tags
    assert read_text(dump_spec(asked)) == asked


def test_the_surface_decides_friction_with_the_weather():
    def friction(*more):
        return (BASE & scenario(*more)).sample(1).environment.road_friction

    assert friction(surface("icy")) == pytest.approx(0.1)
    assert friction(surface("gravel")) == pytest.approx(0.6)
    assert friction(surface(friction=0.33)) == pytest.approx(0.33)
    assert friction(surface(kind="asphalt")) == friction() == pytest.approx(0.9)
    assert friction(surface(condition="flooded")) == pytest.approx(0.3)
    wet = (BASE & scenario(surface("wet"))).sample(1).environment
    assert wet.road_wetness == 0.5 and wet.road_friction == pytest.approx(0.6)
    assert friction(surface("gravel"), weathers.weather("snow")) == pytest.approx(0.25)
