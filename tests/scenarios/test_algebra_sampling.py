import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.plain import canonical_text
from scenarios.algebra import IllTyped, Rejected, choice, scenario
from scenarios.concrete import ConcreteScenario
from scenarios.types.about import about, parameter, timing
from scenarios.types.actors import actor, ego
from scenarios.types.light import light
from scenarios.types.manoeuvres import do, step, when
from scenarios.types.road import road
from scenarios.types.signals import signal
from scenarios.types.traffic import traffic
from scenarios.types.weather import weather
from scenarios.units import LENGTH
from tests.effort import examples

ROAD = scenario(road("motorway", lanes=3))
EGO = scenario(ego(on="main.2", at="150 m", speed="25..33 m/s"))
CUTTER = scenario(
    actor("cutter", on="main.3", relation="ahead_of", of="ego", by="8..40 m", speed="ego.speed + 0..3 m/s"),
    do("cutter", step("cut_in", to="main.2", within="2..4 s", when=when("time", "2..4 s"))),
)
FLOW = scenario(traffic("flow", count="3..6", on="main.1 | main.2", kind="car @ 3 | truck", speed="22..28 m/s"))
WEATHER = scenario(weather("rain")) | scenario(weather("fog"))
BASE = ROAD & EGO & CUTTER


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(40))
@given(st.integers(0, 2**63), st.integers(0, 10**6))
def test_what_is_drawn_is_a_member_and_the_same_bytes_each_time(seed, index):
    logical = (BASE & FLOW & WEATHER).where("cutter.by > 10 m").where("cutter.speed > ego.speed + 0.5 m/s")
    one, two = logical.sample(seed, index), logical.sample(seed, index)
    assert canonical_text(one) == canonical_text(two)
    assert one in logical and one.draws["cutter.by"] > 10
    again = ConcreteScenario.from_plain(json.loads(json.dumps(one.to_plain())))
    assert again in logical and again.digest() == one.digest()


def test_equal_scenarios_draw_equal_bytes_however_they_were_built():
    one = (ROAD & EGO) & (WEATHER & CUTTER)
    fog, rain = scenario(weather("fog")), scenario(weather("rain"))
    two = (CUTTER & rain & EGO & ROAD) | (EGO & CUTTER & ROAD & fog)
    assert one == two
    assert all(one.sample(5, i) == two.sample(5, i) for i in range(10))


def test_a_leaf_that_comes_or_goes_leaves_every_other_draw_as_it_was():
    larger = (BASE & FLOW & WEATHER & scenario(light("dusk"), timing("8..12 s"))).where("weather.clouds > 0.82")
    for index in range(20):
        few, many = BASE.sample(3, index).draws, larger.sample(3, index).draws
        assert {path: many[path] for path in few} == dict(few)
        assert len(many) > len(few)


def test_a_restriction_leaves_draws_outside_it_as_they_were():
    free, bound = BASE & FLOW, (BASE & FLOW).where("cutter.by > 20 m")
    for index in range(20):
        one, two = free.sample(3, index).draws, bound.sample(3, index).draws
        assert one["traffic.flow.count"] == two["traffic.flow.count"]
        assert one["cutter.by"] == two["cutter.by"] or one["cutter.by"] <= 20


def test_a_restriction_renormalises():
    """Given gap > 15 of 10..20, the accepted gaps are uniform in 15..20: all five strata alike."""
    logical = (ROAD & EGO & scenario(parameter("gap", "10..20 m", LENGTH))).where("gap > 15 m")
    draws = [logical.sample(1, i).draws["gap"] for i in range(600)]
    assert min(draws) > 15 and max(draws) <= 20
    assert min(Counter(int(gap) for gap in draws if gap < 20).values()) > 80


def test_choices_come_up_by_weight():
    logical = ROAD & EGO & choice((3, scenario(weather("rain"))), (1, scenario(weather("fog"))))
    found = Counter(logical.sample(1, i).environment.weather() for i in range(400))
    assert 260 < found["rain"] < 340 and found["rain"] + found["fog"] == 400


def test_a_restriction_that_hardly_anything_meets_is_drawn_from_all_the_same():
    logical = BASE.where("cutter.by * cutter.by < 64.0001 m * 1 m")
    assert all(8.0 <= logical.sample(1, i).draws["cutter.by"] < 64.0001**0.5 for i in range(5))


def test_actors_that_would_stand_in_one_another_are_drawn_again_or_refused():
    near = scenario(actor("other", on="main.2", at="140..160 m", speed="10 m/s"))
    for index in range(20):
        concrete = (ROAD & EGO & near).sample(1, index)
        assert abs(concrete.actors[0].start.s_m - 150) > 4.5
    with pytest.raises(Rejected, match="other and ego"):
        (ROAD & EGO & scenario(actor("other", on="main.2", at="150 m"))).sample(1)


def test_membership_is_exact():
    logical = BASE.where("cutter.by > 10 m")
    concrete = logical.sample(1)
    assert concrete not in (ROAD & EGO)
    assert concrete in BASE
    moved = replace(concrete, ego=replace(concrete.ego, speed_mps=concrete.ego.speed_mps + 0.1))
    assert logical.why_not(moved) == "its ego is not what its draws give"
    outside = replace(concrete, draws={**concrete.draws, "ego.speed": 50.0})
    assert "outside 25..33 m/s" in str(logical.why_not(outside))
    broken = replace(concrete, draws={**concrete.draws, "cutter.by": 9.0})
    assert "the draws break" in str(logical.why_not(broken))
    assert "not a scenario" not in logical


def test_relative_places_are_gaps_between_boxes_on_the_same_carriageway():
    ahead = scenario(actor("a", on="oncoming.1", relation="ahead_of", of="ego", by="100 m", speed="20 m/s"),
                     actor("b", relation="behind", of="ego", by="10 m", speed="20 m/s"),
                     actor("c", on="main.3", relation="beside", of="ego", speed="20 m/s"))  # fmt: skip
    concrete = (ROAD & EGO & ahead).sample(1)
    places = {one.id: one.start for one in concrete.actors}
    assert places["a"].s_m == pytest.approx(800 - 150 - 100 - 0.5 * (4.6 + 4.5), abs=1e-6)
    assert places["b"].route == "main.2" and places["b"].s_m == pytest.approx(150 - 10 - 4.55)
    assert places["c"].s_m == pytest.approx(150, abs=1e-6)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: BASE & scenario(actor("cutter", on="main.1", at="3 m")), "actor cutter bound twice"),
        (lambda: scenario(road("rural"), do("x", step("change_lane", to="main.2"))), "no route 'main.2'"),
        (lambda: scenario(road("motorway"), actor("x", on="from_left.straight", at="3 m")), "from_left.straight"),
        (lambda: scenario(road("motorway"), signal("main", [("green", "3 s")])), "no traffic lights"),
        (lambda: scenario(actor("x", kind="pedestrian", on="r", at="1 m"), do("x", step("cut_in", to="r"))), "cannot"),
        (lambda: scenario(actor("x", kind="cone", on="r", at="1 m"), do("x", step("wait", for_="1 s"))), "cannot"),
        (lambda: scenario(do("x", step("wait", for_="1 s", when=when("ttc", "1 s", "x"))), EGO.leaves()[0]), "itself"),
        (lambda: scenario(actor("x", on="r", at="1 m", speed="ego.at")) & EGO, "is a length"),
        (lambda: actor("x", on="r"), "give either"),
        (lambda: actor("x", on="r", at="1 m", kind="caar"), "did you mean 'car'"),
        (lambda: actor("road", on="r", at="1 m"), "cannot be called"),
        (lambda: road("motorwy"), "did you mean 'motorway'"),
        (lambda: road("motorway", lanes=9), "2 to 4"),
        (lambda: weather(rain="3 m"), "precipitation"),
        (lambda: light("dsk"), "did you mean 'dusk'"),
    ],
)  # fmt: skip
def test_compositions_that_make_no_sense_are_refused_when_built(build, words):
    with pytest.raises(IllTyped, match=words):
        build()


def test_what_is_missing_is_said_before_the_first_draw():
    part = scenario(weather("rain"), actor("x", on="main.1", at="3 m", speed="egoo.speed"))
    with pytest.raises(IllTyped, match=r"no road.*no ego.*egoo\.speed"):
        part.sample(1)


def test_values_that_are_computed_from_themselves_are_refused():
    ring = ROAD & scenario(ego(on="main.1", at="a", speed="9 m/s"), parameter("a", "b + 1 m", LENGTH),
                           parameter("b", "a + 1 m", LENGTH))  # fmt: skip
    with pytest.raises(IllTyped, match="computed from itself"):
        ring.sample(1)


def test_coverage_grows_counts_pairs_and_names_gaps():
    logical = (BASE & WEATHER).where("cutter.by > 10 m")
    few, many = ([logical.sample(1, i) for i in range(count)] for count in (3, 60))
    assert logical.coverage([]).ratio == 0
    one, two = logical.coverage(few, 1), logical.coverage(many, 1)
    assert one.covered <= two.covered and one.total == two.total and two.ratio > one.ratio
    assert logical.coverage(many + few, 1).covered == two.covered == logical.coverage(many[::-1], 1).covered
    pairs = logical.coverage(many, 2)
    assert 0 < pairs.ratio < 1 and all(len(gap) == 2 for gap in pairs.gaps())
    assert pairs.total > two.total
    narrow = (ROAD & EGO & scenario(parameter("gap", "0..10 m", LENGTH))).where("gap > 5 m")
    cells = narrow.coverage([narrow.sample(1, i) for i in range(200)], 1)
    assert cells.infeasible == 2 and cells.ratio == 1.0


def test_importing_scenarios_loads_numpy_only():
    code = "import sys, scenarios, scenarios.algebra, scenarios.sampling, scenarios.spec, scenarios.library\n" \
        "print(sorted({name.split('.')[0] for name in sys.modules}))"  # fmt: skip
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(ran.stdout.replace("'", '"')))
    assert "numpy" in loaded and "jaxtyping" in loaded
    assert not loaded & {"pydantic", "yaml", "lxml", "scipy", "shapely", "torch", "numba", "pandas", "pyarrow", "hydra"}


def test_scenarios_are_named_and_described():
    concrete = (BASE & scenario(about("cut_in", "A car cuts in.", ["mine"]), weather("rain"), light("night"))).sample(2)
    assert concrete.name == "cut_in" and concrete.tags[0] == "mine"
    assert {"road:motorway", "weather:rain", "light:night", "actor:car", "manoeuvre:cut_in"} <= set(concrete.tags)
    assert {"RoadTypeMotorway", "WeatherRain", "LowLightNight", "MotionCutIn"} <= set(concrete.tags)
    assert concrete.description.startswith("A car cuts in. The ego drives at ")
    assert "at night in rain" in concrete.description
    assert "cuts in" in concrete.description.split("in rain. ")[1]
