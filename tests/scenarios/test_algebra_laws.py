"""The laws of the algebra, as properties of the normal form."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.algebra import IllTyped, LogicalScenario, choice, scenario
from scenarios.normal_form import expand
from scenarios.spec import dump_spec, read_text
from scenarios.types.about import parameter
from scenarios.types.manoeuvres import do, step, when
from scenarios.types.weather import weather
from scenarios.units import LENGTH
from tests.scenarios.parts import pieces, products

# Beartype looks at a random item of each list that a strategy's `map` hands on; no drawn value depends on that.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
weights = st.integers(1, 6)
A = scenario(weather("rain"))
B = scenario(weather("fog"))
GAP_LOW, GAP_HIGH = scenario(parameter("gap", "5..9 m", LENGTH)), scenario(parameter("gap", "20..25 m", LENGTH))


@given(pieces("weather"), pieces("light"))
def test_product_commutes(a, b):
    assert a & b == b & a
    assert (a & b).text() == (b & a).text() and hash(a & b) == hash(b & a)


@given(pieces("weather"), pieces("light"), pieces("time"))
def test_product_is_associative_and_has_a_unit(a, b, c):
    assert (a & b) & c == a & (b & c)
    assert a & LogicalScenario(()) == a


@given(pieces("weather"), pieces("weather"), products("light", "time"))
def test_product_distributes_over_choice(a, b, c):
    assert (a | b) & c == (a & c) | (b & c)
    assert c & (a | b) == (c & a) | (c & b)


@given(pieces("weather"), pieces("weather"), weights, weights)
def test_choice_is_idempotent_and_commutes_with_its_weights(a, b, p, q):
    assert a | a == a
    assert choice((p, a), (q, b)) == choice((q, b), (p, a)) == choice((2 * p, a), (2 * q, b))


@given(pieces("weather"), pieces("weather"), pieces("weather"), weights, weights, weights)
def test_choice_is_skew_associative(a, b, c, p, q, r):
    flat = choice((p, a), (q, b), (r, c))
    assert choice((p + q, choice((p, a), (q, b))), (r, c)) == flat == choice((p, a), (q + r, choice((q, b), (r, c))))


@given(products("weather", "light", "gap"), products("weather", "light", "gap"))
def test_weights_of_a_choice_sum_to_one(a, b):
    assert sum(expand((a | b).blocks).values()) == Fraction(1)


@given(products("weather", "gap", "speed"), st.sampled_from(["gap > 8 m", "gap < 22 m", "gap > 6 m and gap < 24 m"]))
def test_restrictions_commute_and_join(a, p):
    q = "speed > 6 m/s"
    assert a.where(p).where(q) == a.where(q).where(p) == a.where(f"({p}) and {q}")
    assert a.where(p).where(p) == a.where(p)
    assert a.where("1 < 2") == a


@given(pieces("gap"), products("weather", "speed"))
def test_restriction_commutes_with_a_product_whose_other_part_it_does_not_read(a, b):
    assert (a & b).where("gap > 8 m") == a.where("gap > 8 m") & b


def test_restriction_does_not_distribute_over_choice_because_it_weighs_anew():
    both = GAP_LOW | GAP_HIGH
    assert both.where("gap > 6 m") != GAP_LOW.where("gap > 6 m") | GAP_HIGH


@pytest.mark.slow
@given(products("weather", "light", "gap", "speed", "time"))
def test_what_is_dumped_reads_back(s):
    for one in (s, s.where("gap > 2 m + speed * 0.1 s"), s | s.where("gap > 8 m")):
        assert read_text(dump_spec(one), whole=False) == one


def test_sequences_are_associative_and_distribute_over_choice():
    a, b, c = (scenario(do("x", step(name, to="10 m/s"))) for name in ("change_speed", "lead_brake", "change_speed"))
    assert a.then(b).then(c) == a.then(b.then(c))
    assert (a | b).then(c) == a.then(c) | b.then(c)
    assert c.then(a | b) == c.then(a) | c.then(b)
    assert a.repeat(3) == a.then(a).then(a) and a.repeat(1) == a


def test_parallel_commutes_and_refuses_a_shared_channel():
    speed, side = scenario(do("x", step("lead_brake"))), scenario(do("x", step("change_lane", to="main.2")))
    assert speed.together(side) == side.together(speed)
    with pytest.raises(IllTyped, match="both move its speed"):
        speed.together(scenario(do("x", step("change_speed", to="3 m/s"))))


def test_a_restriction_survives_sequencing():
    first = scenario(do("x", step("change_speed", to="gap / 1 s"))) & GAP_LOW
    second = scenario(do("x", step("lead_brake")))
    assert first.where("gap > 6 m").then(second) == first.then(second).where("gap > 6 m")


def test_who_begins_late_needs_a_trigger():
    with pytest.raises(IllTyped, match="give its first step a `when`"):
        scenario(do("x", step("lead_brake"))).then(scenario(do("y", step("lead_brake"))))


def test_slots_are_bound_once():
    with pytest.raises(IllTyped, match="weather bound twice"):
        A & B
    with pytest.raises(IllTyped, match="weather bound twice"):
        (A | B) & (A | B)


def test_a_sum_of_products_is_factored_into_independent_parts():
    night, day = (scenario(parameter("gap", text, LENGTH)) for text in ("1 m", "2 m"))
    spread = choice((1, A & night), (1, A & day), (1, B & night), (1, B & day))
    assert spread == (A | B) & (night | day)
    skewed = choice((2, A & night), (1, A & day), (1, B & night), (1, B & day))
    assert skewed != (A | B) & (night | day)
    assert len(spread.blocks) == 2 and len(skewed.blocks) == 1


@pytest.mark.parametrize(
    ("condition", "words"),
    [("gap > 30 m", "can never hold"), ("gp > 3 m", "did you mean 'gap'"), ("1 > 2", "never hold")],
)
def test_conditions_that_cannot_be_met_are_refused_when_built(condition, words):
    with pytest.raises(IllTyped, match=words):
        (A & GAP_LOW).where(condition)


def test_a_condition_on_one_option_only_is_refused():
    with pytest.raises(IllTyped, match="not in every option"):
        ((A & GAP_LOW) | B).where("gap > 6 m")


def test_triggers_name_their_actor_or_none():
    with pytest.raises(IllTyped, match="names an actor"):
        when("ttc", "3 s")
    with pytest.raises(IllTyped, match="names no actor"):
        when("time", "3 s", "ego")
