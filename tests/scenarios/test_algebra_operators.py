"""Laws of the operators that join behaviours, replace leaves and cast roles; the measure adds up."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.algebra import IllTyped, LogicalScenario, choice, mixture, scenario
from scenarios.normal_form import expand
from scenarios.spec import dump_spec, read_text
from scenarios.types.about import parameter
from scenarios.types.actors import actor, ego, player, role
from scenarios.types.manoeuvres import do, step, when
from scenarios.types.road import road
from scenarios.types.weather import weather
from scenarios.units import LENGTH
from tests.scenarios.parts import pieces, products

pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
few = settings(max_examples=20)
UNIT = LogicalScenario(())
SPEEDS = (step("change_speed", to="4..9 m/s"), step("brake", to="2 m/s"), step("accelerate", to="15 m/s"),
          step("wait", for_="1 s"), step("stop_and_go", speed="8 m/s"))  # fmt: skip
SIDES = (step("change_lane", to="main.2"), step("swerve", to="0.5 m"), step("move_sideways", to="0..1 m"))
FIRST = step("change_speed", to="5 m/s", when=when("time", "2..3 s"))


def acts(*actors: str, steps=SPEEDS) -> st.SearchStrategy[LogicalScenario]:
    """Something that each of the actors does, perhaps one of several things."""
    one = st.lists(st.sampled_from(steps), min_size=1, max_size=2)
    whole = st.tuples(*(one for _ in actors)).map(
        lambda lists: scenario(*(do(name, *done) for name, done in zip(actors, lists, strict=True)))
    )
    weighed = st.lists(st.tuples(st.integers(1, 4), whole), min_size=2, max_size=3)
    return st.one_of(whole, weighed.map(lambda options: choice(*options)))


def shares_of(one: LogicalScenario) -> dict[frozenset[object], Fraction]:
    return dict(expand(one.blocks))


@few
@given(acts("x"), acts("x"), acts("x"))
def test_sequence_is_associative_and_its_unit_does_nothing(a, b, c):
    assert a.then(b).then(c) == a.then(b.then(c))
    assert UNIT.then(a) == a == a.then(UNIT)


@few
@given(acts("x", "y"), acts("x"), acts("y"))
def test_sequences_of_several_actors_are_associative_too(a, b, c):
    # b and c act on different actors, so that their order does not matter.
    assert a.then(b).then(c) == a.then(c).then(b) == a.then(b & c)


@few
@given(acts("x"), acts("x"), acts("x"), st.integers(1, 5), st.integers(1, 5))
def test_choice_distributes_over_sequence_on_both_sides(a, b, c, p, q):
    assert choice((p, a), (q, b)).then(c) == choice((p, a.then(c)), (q, b.then(c)))
    assert c.then(choice((p, a), (q, b))) == choice((p, c.then(a)), (q, c.then(b)))


@few
@given(acts("x"), acts("x", steps=SIDES), acts("x", steps=SIDES))
def test_parallel_commutes_and_choice_distributes_over_it(a, b, c):
    assert a.together(b) == b.together(a)
    assert a.together(b | c) == a.together(b) | a.together(c)
    assert UNIT.together(a) == a


@few
@given(acts("x"), pieces("weather"), st.integers(1, 3), st.integers(1, 3))
def test_repetition_multiplies_and_leaves_the_rest_alone(a, b, m, n):
    plain = scenario(do("x", SPEEDS[0]))
    assert plain.repeat(m).repeat(n) == plain.repeat(m * n)
    assert (a & b).repeat(m) == a.repeat(m) & b
    assert b.repeat(n) == b


@few
@given(pieces("weather"), pieces("weather"), pieces("weather"), pieces("weather"))
def test_the_middle_of_two_is_medial_and_idempotent_but_no_row_of_three(a, b, c, d):
    assert (a | b) | (c | d) == (a | c) | (b | d)
    assert (a | a) | b == a | b
    assert choice(a, b, c) == choice(c, a, b) == choice((1, a), (1, b), (1, c))


def test_a_chain_of_bars_is_not_thirds_and_choice_is():
    a, b, c = (scenario(weather(name)) for name in ("rain", "fog", "snow"))
    (chain,), (even,) = ((a | b) | c).blocks, choice(a, b, c).blocks
    assert sorted(weight for weight, _ in chain.options) == [Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)]
    assert [weight for weight, _ in even.options] == [Fraction(1, 3)] * 3


@few
@given(products("weather", "light"), products("weather", "light"), st.integers(1, 9))
def test_the_measure_adds_up(a, b, tenths):
    """What a mixture gives to a product of leaves is what its parts give, by their shares; all of it is 1."""
    share = Fraction(tenths, 10)
    both = shares_of(mixture((share, a), (1 - share, b)))
    one, two = shares_of(a), shares_of(b)
    assert both == {
        atoms: share * one.get(atoms, Fraction(0)) + (1 - share) * two.get(atoms, Fraction(0))
        for atoms in one.keys() | two.keys()
    }
    assert sum(both.values()) == 1


@few
@given(pieces("weather"), pieces("light"))
def test_the_measure_of_a_product_is_the_product_of_measures(a, b):
    assert shares_of(a & b) == {
        one | two: p * q for one, p in shares_of(a).items() for two, q in shares_of(b).items()
    }  # fmt: skip


def test_a_mixture_leaves_nothing_out():
    a, b = scenario(weather("rain")), scenario(weather("fog"))
    assert mixture((0.7, a), (0.3, b)) == choice((7, a), (3, b))
    with pytest.raises(IllTyped, match=r"sum to 1, not to 0\.9"):
        mixture((0.7, a), (0.2, b))
    with pytest.raises(IllTyped, match="above 0"):
        mixture((1.5, a), (-0.5, b))


@few
@given(products("weather", "gap"), st.sampled_from(["gap > 8 m", "gap < 22 m"]))
def test_restriction_laws(a, p):
    assert a.where("true") == a == a.where("1 m < 2 m")
    assert a.where(p).where("true") == a.where(p)
    with pytest.raises(IllTyped, match="never hold"):
        a.where("false")
    with pytest.raises(IllTyped):
        a.where("gap > 40 m")


@few
@given(pieces("weather"), products("light", "time"))
def test_override_replaces_a_slot_of_every_option(a, b):
    snow, fog = weather("snow"), weather("fog")
    assert (a & b).override(snow) == scenario(snow) & b == (a & b).override(fog).override(snow)
    assert a.override(snow) == scenario(snow)
    with pytest.raises(IllTyped, match="no weather to override"):
        b.override(snow)


def test_override_keeps_restrictions_and_refuses_what_is_only_in_some_options():
    gap = scenario(parameter("gap", "5..25 m", LENGTH)).where("gap > 8 m")
    wider = gap.override(parameter("gap", "0..100 m", LENGTH))
    assert wider == scenario(parameter("gap", "0..100 m", LENGTH)).where("gap > 8 m")
    with pytest.raises(IllTyped, match="never hold"):
        gap.override(parameter("gap", "1..2 m", LENGTH))
    some = scenario(weather("rain")) | scenario(parameter("gap", "5 m", LENGTH))
    with pytest.raises(IllTyped, match="no weather to override in every option"):
        some.override(weather("fog"))
    with pytest.raises(IllTyped, match="twice at once"):
        scenario(weather("fog")).override(weather("rain"), weather("snow"))


BASE = scenario(road("motorway"), ego(on="main.2", at="100 m", speed="25 m/s"))
CUT_IN = BASE & scenario(
    role("cutter", relation="ahead_of", of="ego", by="20..30 m", on="main.3", kind="car | van | truck"),
    do("cutter", step("cut_in", to="main.2")),
)


def test_a_role_is_open_until_it_is_bound_once():
    with pytest.raises(IllTyped, match="the role 'cutter' is open"):
        CUT_IN.sample(1)
    whole = CUT_IN.bind(cutter=player("truck", speed="20..24 m/s", variant="tanker"))
    assert CUT_IN.roles == ("cutter",) and whole.roles == ()
    concrete = whole.sample(1)
    assert concrete in whole and concrete.actors[0].traits == {"variant": "tanker"}
    assert whole == BASE & scenario(
        actor("cutter", relation="ahead_of", of="ego", by="20..30 m", on="main.3", kind="truck", variant="tanker",
              speed="20..24 m/s"), do("cutter", step("cut_in", to="main.2")),
    )  # fmt: skip
    with pytest.raises(IllTyped, match="no open role cutter; open are: none"):
        whole.bind(cutter=player("car", speed="20 m/s"))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: CUT_IN.bind(cutter=player("bus", speed="20 m/s")), "a bus cannot play it"),
        (lambda: CUT_IN.bind(cutter=player("car", by="3 m")), "by bound twice, by the role and by its player"),
        (lambda: CUT_IN.bind(leader=player("car")), "no open role leader; open are: cutter"),
        (lambda: CUT_IN & scenario(actor("cutter", on="main.1", at="3 m")), "actor cutter bound twice"),
        (lambda: scenario(role("p")).bind(p=player("pedestrian", on="main.1")), "give either `at`"),
        (lambda: scenario(role("x", on="r", at="3 m"), do("x", step("cut_in", to="r"))).bind(x=player("pedestrian")),
         "cannot cut_in"),
    ],
)  # fmt: skip
def test_casts_that_do_not_fit_are_refused(build, words):
    with pytest.raises(IllTyped, match=words):
        build()


@few
@given(acts("cutter", steps=SPEEDS), pieces("weather"), st.sampled_from(["car", "van"]))
def test_binding_commutes_with_the_other_operators(a, b, kind):
    part = scenario(role("cutter", on="main.3", at="40 m"))
    who = player(kind, speed="20 m/s")
    assert (part & a & b).bind(cutter=who) == part.bind(cutter=who) & a & b
    assert (part & (a | scenario(do("cutter", FIRST)))).bind(cutter=who) == (part & a).bind(cutter=who) | (
        part & scenario(do("cutter", FIRST))
    ).bind(cutter=who)


def test_who_begins_late_waits_for_a_trigger_of_its_own_or_begins_where_nobody_did_anything():
    early, late = scenario(do("x", SPEEDS[1])), scenario(do("y", SPEEDS[1]))
    with pytest.raises(IllTyped, match="y does nothing before"):
        early.then(late)
    waiting = scenario(do("y", FIRST, SPEEDS[1]))
    assert early.then(waiting) == early & waiting
    assert scenario(weather("rain")).then(late) == scenario(weather("rain")) & late
    nested = scenario(do("y", step("sequence", steps=(FIRST, SPEEDS[1]))))
    assert early.then(nested) == early & nested


@pytest.mark.slow
@settings(max_examples=12)
@given(
    products("weather", "light", "time"), acts("cutter"), st.booleans(), st.integers(0, 2**32), st.integers(0, 999)
)  # fmt: skip
def test_what_is_drawn_is_in_it_and_what_is_dumped_reads_back(a, b, restricted, seed, index):
    whole = CUT_IN.override(do("cutter", FIRST)).bind(cutter=player("car", speed="10..20 m/s")) & a
    whole = whole.then(b)
    if restricted:
        whole = whole.where("cutter.speed > 12 m/s")
    assert read_text(dump_spec(whole)) == whole
    assert read_text(dump_spec(CUT_IN & a), whole=False) == CUT_IN & a
    concrete = whole.sample(seed, index)
    assert concrete in whole and concrete not in BASE
    assert not restricted or concrete.draws["cutter.speed"] > 12
