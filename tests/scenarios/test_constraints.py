"""Restrictions are solved: thin spaces are drawn from exactly, empty ones are named, idle conditions are told."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp, kstest

from scenarios import selection
from scenarios.algebra import IllTyped, choice, scenario
from scenarios.constraints import solve
from scenarios.constraints.nodes import Scope, draws_below
from scenarios.constraints.paving import contract, pave
from scenarios.constraints.problem import Question
from scenarios.constraints.ranges import WHOLE, part_of, range_of
from scenarios.constraints.solve import Infeasible, measure_of, questions_of, solution_of
from scenarios.draws import Rejected, evaluate
from scenarios.normal_form import Restricted
from scenarios.parse import parse_condition, parse_value
from scenarios.sampling import sample_many
from scenarios.space import IntRange
from scenarios.table import draw_table
from scenarios.types.about import parameter
from scenarios.types.actors import ego
from scenarios.types.road import road
from scenarios.types.weather import weather
from scenarios.units import COUNT, LENGTH, SPEED, TEXT
from tests.effort import examples

BASE = scenario(road("motorway", lanes=3), ego(on="main.2", at="150 m", speed="20..30 m/s"))


@pytest.fixture(autouse=True)
def small_searches(monkeypatch):
    """Types are checked under pytest, which makes a search fifty times slower."""
    monkeypatch.setattr(solve, "DRAW_BUDGETS", (192, 768))


few = settings(deadline=None, max_examples=examples(30))


def lengths(**values):
    return BASE & scenario(*(parameter(name, text, LENGTH) for name, text in values.items()))


def restriction(logical):
    return next(block for block in logical.blocks if isinstance(block, Restricted))


def test_a_band_of_one_in_ten_thousand_is_drawn_from_exactly():
    logical = lengths(a="0..100 m", b="0..100 m").where("abs(a - b) < 0.005 m")
    columns = draw_table(logical, 4000, 1).columns
    a, b = columns["a"], columns["b"]
    assert np.abs(a - b).max() < 0.005
    # Given the band, a is uniform and so is the difference (but for corners of 5 mm).
    assert kstest(a, "uniform", (0, 100)).pvalue > 0.01
    assert kstest(a - b, "uniform", (-0.005, 0.01)).pvalue > 0.01


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "condition", "statistic", "cdf"),
    [
        # x + y > 195 over [0, 100]^2: the smaller side of a triangle, P(200 - s < t) = (t / 5)^2.
        ({"a": "0..100 m", "b": "0..100 m"}, "a + b > 195 m", lambda c: 200 - c["a"] - c["b"], lambda t: (t / 5) ** 2),
        # A ring: the square of the radius is uniform.
        ({"a": "-60..60 m", "b": "-60..60 m"}, "sqrt(a * a + b * b) >= 50 m and sqrt(a * a + b * b) < 50.01 m",
         lambda c: (c["a"] ** 2 + c["b"] ** 2 - 2500) / (50.01**2 - 2500), lambda t: t),
        # The tail of a normal curve beyond three standard deviations.
        ({"a": "normal(0 m, 1 m, -6 m, 6 m)", "b": "0..1 m"}, "a > 3 m", lambda c: c["a"],
         lambda t: (math.erf(t / 2**0.5) - math.erf(3 / 2**0.5)) / (math.erf(6 / 2**0.5) - math.erf(3 / 2**0.5))),
        # Logarithms: the same share of each decade.
        ({"a": "loguniform(1 m, 10000 m)", "b": "0..1 m"}, "a < 2 m and b * 1000 > a * 499.5", lambda c: c["b"], None),
    ],
)  # fmt: skip
def test_thin_spaces_have_the_restricted_measure(values, condition, statistic, cdf):
    logical = lengths(**values).where(condition)
    columns = dict(draw_table(logical, 1500, 2).columns)
    drawn = statistic(columns)
    if cdf is None:
        plain = dict(draw_table(lengths(**values), 400_000, 3).columns)
        kept = (plain["a"] < 2) & (plain["b"] * 1000 > plain["a"] * 499.5)
        assert kept.sum() > 500
        assert ks_2samp(drawn, plain["b"][kept]).pvalue > 0.01
    else:
        assert kstest(drawn, np.vectorize(cdf)).pvalue > 0.01


def test_choices_under_a_thin_restriction_keep_their_odds():
    rain, fog = scenario(weather(rain="0..10 mm/h")), scenario(weather(rain="5..10 mm/h"))
    logical = (BASE & choice((1, rain), (3, fog))).where("weather.rain > 9.99 mm/h")
    # Shares left: 0.001 of one, 0.002 of the other, at odds 1 to 3: one draw in seven comes from the first.
    table = draw_table(logical, 3000, 1)
    (path,) = [name for name in table.columns if name.startswith("choice:")]
    options = {block.options[k][1][0].paths()["weather.rain"].text(): k
               for restricted in logical.blocks if isinstance(restricted, Restricted)
               for block in restricted.blocks if hasattr(block, "options")
               for k in range(len(block.options))}  # fmt: skip
    first = options["0..10 mm/h"]
    assert np.mean(np.array(table.columns[path].tolist()) == first) == pytest.approx(1 / 7, abs=0.025)


def test_the_same_draws_come_singly_in_batches_and_as_columns():
    logical = lengths(a="0..100 m", b="0..100 m").where("abs(a - b) < 0.01 m")
    many = sample_many(logical, 30, 7)
    table = draw_table(logical, 30, 7)
    for index in (0, 11, 29):
        assert logical.sample(7, index) == many[index]
        assert {path: table.row(index)[path] for path in many[index].draws} == many[index].draws
        assert many[index] in logical


def test_draws_that_meet_a_restriction_by_themselves_are_kept():
    free, bound = lengths(a="0..100 m"), lengths(a="0..100 m").where("a > 80 m")
    one, two = draw_table(free, 300, 5).columns["a"], draw_table(bound, 300, 5).columns["a"]
    assert ((one == two) | (one <= 80)).all() and (one == two).sum() > 30


@pytest.mark.parametrize(
    ("conditions", "clash", "innocent"),
    [
        (["a > b + 60 m", "b > 45 m", "c < 0.5 m"], ["a > (b + 60 m)", "b > 45 m"], "c <"),
        (["a + b < 20 m", "a * b > 101 m * 1 m", "c > 0.1 m"], ["(a + b) < 20 m", "(a * b) > (101 m * 1 m)"], "c >"),
        (["a < b", "b < c", "a > 2 m"], ["a < b", "a > 2 m", "b < c"], "nothing"),
        (["sqrt(a * a + b * b) < 1 m", "a + b > 1.5 m"], ["(a + b) > 1.5 m", "sqrt((a * a) + (b * b)) < 1 m"], "c is"),
    ],
)
def test_conditions_that_clash_are_named_when_they_are_put_together(conditions, clash, innocent):
    logical = lengths(a="0..100 m", b="0..100 m", c="0..1 m")
    with pytest.raises(Infeasible, match="never hold together") as caught:
        for condition in conditions:
            logical = logical.where(condition)
    assert sorted(caught.value.conditions) == sorted(clash)
    assert "a is 0..100 m" in str(caught.value) and innocent not in str(caught.value)


def test_a_clash_through_computed_values_names_the_ranges_below():
    logical = lengths(a="0..10 m", b="a + 5 m").where("b > 12 m")
    with pytest.raises(Infeasible, match=r"a is 0\.\.10 m, b is a \+ 5 m"):
        logical.where("a < 3 m")


def test_names_and_flags_can_clash_too():
    base = BASE & scenario(parameter("kind", "car | truck", TEXT))
    with pytest.raises(Infeasible) as caught:
        base.where("kind == 'car'").where("kind != 'car' or ego.speed > 31 m/s")
    assert len(caught.value.conditions) == 2


def test_an_equality_between_continuous_values_is_refused_with_advice():
    with pytest.raises(IllTyped, match=r"which no draw ever meets; let one follow.*leave room: 'abs"):
        lengths(a="0..100 m", b="0..100 m").where("a + b == 50 m")


def test_equalities_of_single_values_are_met():
    logical = BASE & scenario(parameter("n", "1..40", COUNT), parameter("m", "1..40", COUNT))
    columns = draw_table(logical.where("n * m == 36"), 900, 1).columns
    pairs = set(zip(columns["n"].tolist(), columns["m"].tolist(), strict=True))
    assert pairs == {(k, 36 // k) for k in range(1, 41) if 36 % k == 0 and 36 // k <= 40}
    with_atom = lengths(a="0 m | 5..6 m").where("a == 0 m")
    assert with_atom.sample(1).draws["a"] == 0.0


def test_conditions_that_restrict_nothing_are_told():
    logical = lengths(a="0..10 m", b="0..10 m")
    lints = logical.where("a < 3 m or a > 2 m").where("b < 7 m").lints()
    assert [(lint.condition, lint.code) for lint in lints] == [("(a < 3 m) or (a > 2 m)", "vacuous")]
    assert "a is 0..10 m" in str(lints[0])
    lints = logical.where("a + b < 5 m").where("a < 6 m").lints()
    assert [(lint.condition, lint.code) for lint in lints] == [("a < 6 m", "implied")]
    assert logical.where("a + b < 5 m").lints() == ()


def test_a_search_that_gives_up_says_so_instead_of_running_for_ever(monkeypatch):
    monkeypatch.setattr(solve, "DRAW_BUDGETS", (32,))
    monkeypatch.setattr(selection, "SOLVED_TRIES", 300)
    values = {name: "0..100 m" for name in "abcdefgh"}
    logical = lengths(**values).where("abs(a + b + c + d - e - f - g - h - (a * e - b * f) / 7 m) < 1e-9 m")
    with pytest.raises(Rejected, match=r"at most .* of the draws can; widen a range"):
        logical.sample(1)


def test_measures_of_simple_shapes_are_bracketed():
    low, high = measure_of(restriction(lengths(a="0..10 m", b="0..10 m").where("a < b")))
    assert low <= 0.5 <= high and high - low < 0.05
    low, high = measure_of(restriction(lengths(a="0..10 m").where("a < 3 m")))
    assert low == pytest.approx(0.3, abs=1e-9) and high == pytest.approx(0.3, abs=1e-9)


TEXTS = ("0..10 m", "beta(2, 5, 0..10 m)", "fitted(0, 1, 1, 4, 10 m)", "histogram(0 @ 1, 2 @ 0, 3 @ 4, 10 m)",
         "normal(5 m, 2 m, 0 m, 10 m)", "loguniform(0.1 m, 10 m)", "1 m | 3..4 m @ 2 | 9 m",
         "triangular(0, 2, 10 m)")  # fmt: skip
CONDITIONS = ("a + b < c", "a - b > 2 m", "a * b < 8 m * 1 m", "a / (b + 1 m) > 2", "abs(a - b) < 1 m", "-a > -3 m",
              "min(a, b, c) > 2 m", "max(a, b) < 5 m", "sqrt(a * b) > 3 m", "a < 2 m or b > 6 m", "not (a < b)",
              "if(a > 5 m, b, c) < 2 m", "a > 1 m and (b < 2 m or c < 2 m)", "a != b", "a >= b - 1 m")  # fmt: skip


@few
@given(st.lists(st.sampled_from(TEXTS), min_size=3, max_size=3), st.sampled_from(CONDITIONS), st.integers(0, 2**32))
def test_contraction_and_paving_never_lose_a_draw(texts, condition, seed):
    sources = dict(zip("abc", (parse_value(text, LENGTH) for text in texts), strict=True))
    tree = Scope(sources).node(parse_condition(condition).term)
    axes = draws_below(tree)
    rng = np.random.default_rng(seed)
    question = Question((tree,), axes, dict.fromkeys(axes, WHOLE))
    cells = [dict(cell.box) for cell in pave([question], 40).cells]
    box = dict(question.start)
    whole = contract((tree,), box)
    for _ in range(40):
        fractions = {path: float(rng.random()) for path in axes}
        drawn = {path: axes[path].quantile(fractions[path]) for path in axes}
        if evaluate(parse_condition(condition), drawn.__getitem__, "where"):
            assert whole is not None
            assert all(box[path][0] <= fractions[path] <= box[path][1] for path in axes)
            homes = [c for c in cells if all(c[path][0] <= fractions[path] <= c[path][1] for path in axes)]
            assert homes


@few
@given(st.sampled_from(TEXTS), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_ranges_and_parts_hold_everything(text, one, two, fraction):
    distribution = parse_value(text, LENGTH)
    low, high = sorted((one, two))
    if high - low < 1e-6:
        return
    bounds = range_of(distribution, (low, high))
    inside = low + (high - low) * fraction
    value = distribution.quantile(inside)
    assert bounds[0] - 1e-9 <= value <= bounds[1] + 1e-9
    part = part_of(distribution, (value - 1e-6, value + 1e-6), WHOLE)
    assert part is not None and part[0] <= inside <= part[1]
    numbers = IntRange(2, 40)
    assert range_of(numbers, part_of(numbers, (7.0, 9.0), WHOLE)) == (7.0, 9.0)


def test_solutions_cover_the_space_once():
    logical = lengths(a="0..10 m", b="0..10 m").where("a + b < 1 m")
    solution = solution_of(restriction(logical))
    assert solution.ends[-1] == pytest.approx(1.0)
    assert math.fsum(cell.volume for cell in solution.cells) == pytest.approx(solution.paving.volume)
    assert 0.005 <= solution.paving.volume < 0.011
    many = questions_of(restriction(logical).blocks, restriction(logical).where)
    assert len(many) == 1 and set(many[0].axes) == {"a", "b"}


def test_a_nested_restriction_is_left_to_itself():
    thin = scenario(parameter("a", "0..10 m", LENGTH)).where("a > 9 m")
    wide = scenario(parameter("a", "0..10 m", LENGTH))
    logical = (BASE & choice((Fraction(1, 2), thin), (Fraction(1, 2), wide))).where("a > 8 m")
    a = draw_table(logical, 3000, 1).columns["a"]
    # Options keep their odds before the outer restriction: thin passes always, wide in 0.2: 5 in 6 are thin.
    assert np.mean(a > 9) == pytest.approx((1 + 0.1) / 1.2, abs=0.02)
    concrete = logical.sample(1, 3)
    assert concrete in logical


@pytest.mark.slow
def test_speeds_linked_by_conditions_are_solved_with_units():
    logical = (BASE & scenario(parameter("v", "0..60 m/s", SPEED))).where("abs(v - ego.speed * 2) < 0.001 m/s")
    for index in range(5):
        draws = logical.sample(9, index).draws
        assert abs(draws["v"] - 2 * draws["ego.speed"]) < 0.001


def test_values_that_read_others_many_times_or_in_a_ring_do_not_hang_the_search():
    doubled = {"v0": "1..2 m", **{f"v{i}": f"v{i - 1} + v{i - 1}" for i in range(1, 20)}}
    logical = lengths(**doubled).where("v2 > 5 m")
    assert logical.sample(1).draws["v19"] > 5 * 2**17
    ring = lengths(a="b + b", b="a + a").where("a > 3 m")
    with pytest.raises(IllTyped, match="computed from itself"):
        ring.sample(1)
