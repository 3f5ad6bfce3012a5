"""Coverage: its laws on random spaces and draws, its axes, what conditions and options do to the universe."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.algebra import LogicalScenario, choice, scenario
from scenarios.coverage import Axis, Binning, coverage_of_rows, grid_of, measure
from scenarios.coverage.axes import axis_of, bin_fractions
from scenarios.coverage.exposure import exposure_of
from scenarios.coverage.figure import difference, union
from scenarios.coverage.novelty import Space, distances, novelty, spread
from scenarios.coverage.unseen import unseen_mass, unseen_tuples
from scenarios.designs.cells import INSET, draw_array, draw_cell
from scenarios.expressions import Expression
from scenarios.parse import parse_value
from scenarios.space import Choice, Const, IntRange, LogUniform, Normal, Uniform, one_of
from scenarios.types.about import parameter
from scenarios.types.actors import ego
from scenarios.types.light import light
from scenarios.types.road import road
from scenarios.types.weather import weather
from scenarios.units import ANGLE, COUNT, LENGTH, RATIO, SPEED, TEXT
from tests.effort import examples
from tests.scenarios.parts import products
from tests.strategies import composite

WHOLE = scenario(road("motorway"), ego(on="main.2", at="150 m", speed="25..33 m/s"))


@composite
def logicals(draw):
    """A small space, without and with choices among products."""
    return draw(products("weather", "light", "gap", "speed"))


@composite
def counted(draw, num_sets=2):
    """A small space, and sets of rows of bins in it."""
    logical = draw(logicals())
    grid = grid_of(logical.blocks, draw(st.integers(1, 4)))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    whole = [whole_row(grid, rng) for _ in range(draw(st.integers(0, 12)))]
    rows = np.array(whole, dtype=np.int64).reshape(len(whole), len(grid.axes))
    ends = sorted(draw(st.lists(st.integers(0, len(rows)), min_size=num_sets - 1, max_size=num_sets - 1)))
    return grid, np.split(rows, ends), draw(st.integers(1, 3))


def whole_row(grid, rng):
    """A row that can be, drawn by bins: what its options do not bring is absent."""
    groups = grid.feasibility.groups
    row = np.array([rng.integers(len(axis.labels)) for axis in grid.axes], dtype=np.int64)
    for group, rows in zip(groups, grid.feasibility.rows, strict=True):
        row[list(group)] = rows[rng.integers(len(rows))]
    return row


@settings(max_examples=25)
@given(counted())
def test_nothing_covers_nothing_and_more_never_covers_less(given_):
    grid, (a, b), strength = given_
    empty = coverage_of_rows(grid, a[:0], strength)
    one, both = coverage_of_rows(grid, a, strength), coverage_of_rows(grid, np.concatenate([a, b]), strength)
    assert empty.num_covered == 0 and empty.ratio == (0.0 if empty.total else 1.0)
    assert one.covered <= both.covered and one.ratio <= both.ratio and one.total == both.total
    assert both.covered | both.missing == empty.missing and not both.covered & both.missing


@settings(max_examples=25)
@given(counted())
def test_what_two_sets_cover_is_what_each_covers(given_):
    grid, (a, b), strength = given_
    one, two = coverage_of_rows(grid, a, strength), coverage_of_rows(grid, b, strength)
    both = coverage_of_rows(grid, np.concatenate([a, b]), strength)
    assert both.covered == one.covered | two.covered == union(one, two).covered
    only = {tuple(sorted(each.items())) for each in difference(one, two)}
    assert only == {tuple(sorted(each.items())) for each in one.named(one.covered - two.covered)}


@settings(max_examples=25)
@given(counted(3))
def test_a_draw_adds_no_more_to_a_larger_set(given_):
    grid, (a, b, c), strength = given_
    sizes = [coverage_of_rows(grid, np.concatenate(parts), strength).num_covered
             for parts in ([a], [a, c], [a, b], [a, b, c])]  # fmt: skip
    assert sizes[1] - sizes[0] >= sizes[3] - sizes[2]


@settings(max_examples=25)
@given(counted(), st.randoms())
def test_order_and_repetition_change_nothing(given_, random):
    grid, (a, b), strength = given_
    rows = np.concatenate([a, b])
    order = list(range(len(rows))) + [random.randrange(len(rows)) for _ in range(len(rows))]
    random.shuffle(order)
    assert coverage_of_rows(grid, rows, strength).covered == coverage_of_rows(grid, rows[order], strength).covered


@settings(max_examples=25)
@given(counted())
def test_all_of_a_strength_is_all_of_the_strengths_below(given_):
    grid, (a, b), strength = given_
    rows = np.concatenate([a, b])
    if coverage_of_rows(grid, rows, strength).ratio == 1.0 and strength <= len(grid.axes):
        assert all(coverage_of_rows(grid, rows, below).ratio == 1.0 for below in range(1, strength))


def test_all_of_a_strength_is_reached_and_is_all_of_the_strengths_below():
    """The law above with a set that does reach it: an array."""
    logical = WHOLE & scenario(weather(rain="1..3 mm/h"), light("day"), parameter("gap", "5..25 m", LENGTH))
    drawn = draw_array(logical, 2, 0).scenarios
    assert logical.coverage(drawn, 2).ratio == 1.0 == logical.coverage(drawn, 1).ratio
    assert logical.coverage(drawn, 3).ratio < 1


RANGES = scenario(weather(rain="1..3 mm/h"), light("day"), parameter("gap", "normal(15 m, 4 m, 5 m, 30 m)", LENGTH))


@pytest.mark.slow
@settings(max_examples=25)
@given(st.integers(1, 4), st.integers(2, 3), st.integers(0, 1000))
def test_finer_bins_cannot_raise_the_figure(bins, factor, seed):
    """Each coarse bin is a union of as many fine ones; touching a fine cell touches the coarse one around it.

    Where cells split unevenly only the measure keeps the law: what is touched finely lies within what is touched.
    """
    coarse, fine = grid_of(RANGES.blocks, bins), grid_of(RANGES.blocks, bins * factor)
    rng = np.random.default_rng(seed)
    rows = np.stack([rng.integers(len(axis.labels), size=6) for axis in fine.axes], axis=1)
    outer = np.array([[coarser(coarse.axes[i], fine.axes[i], index) for i, index in enumerate(row)] for row in rows])
    for strength in (1, 2, 3):
        inner, around = coverage_of_rows(fine, rows, strength), coverage_of_rows(coarse, outer, strength)
        assert inner.ratio <= around.ratio + 1e-12
        weights = [exposure_of(RANGES, grid, each.universe) for grid, each in ((fine, inner), (coarse, around))]
        assert weights[0].of(inner) <= weights[1].of(around) + 1e-9


def coarser(coarse, fine, index):
    low, high = fine.edges[index]
    return coarse.bin_of(0.5 * (low + high))


@settings(max_examples=25)
@given(counted())
def test_the_measure_is_additive(given_):
    grid, (a, b), strength = given_
    one, two = coverage_of_rows(grid, a, strength), coverage_of_rows(grid, b, strength)
    universe = one.universe
    exposure = exposure_of(LogicalScenario(()), grid, universe) if not grid.finite.relations else None
    if exposure is None:
        return
    both, common = union(one, two), tuple(x & y for x, y in zip(one.hits, two.hits, strict=True))
    total = exposure.of(both) + exposure.measure(common)
    assert total == pytest.approx(exposure.of(one) + exposure.of(two), abs=1e-12)
    assert exposure.measure(universe.possible) == pytest.approx(1.0) and exposure.num_draws == 0


def test_the_exact_measure_is_what_random_draws_show():
    logical = WHOLE & scenario(parameter("gap", "normal(15 m, 4 m, 5 m, 30 m)", LENGTH))
    grid = grid_of(logical.blocks)
    universe = grid.universe(2)
    exact = exposure_of(logical, grid, universe)
    assert exact.num_draws == 0
    rows = grid.rows([logical.sample(3, i) for i in range(300)])
    shown = np.zeros(exact.weights[0].shape)
    np.add.at(shown, tuple(rows.T), 1 / len(rows))
    assert np.abs(shown - exact.weights[0]).max() < 0.08 and exact.weights[0].sum() == pytest.approx(1)


def test_a_measure_under_a_condition_is_counted_from_draws():
    logical = (WHOLE & scenario(parameter("gap", "0..10 m", LENGTH))).where("gap < 4 m or ego.speed > 29 m/s")
    grid = grid_of(logical.blocks, 2)
    exposure = exposure_of(logical, grid, grid.universe(2), draws=300)
    # Of the four quarters the one with a wide gap and a low speed is cut away but for gaps up to 4 m.
    expected = np.array([[0.8 * 0.25, 0.25], [0.0, 0.25]]) / 0.7
    assert exposure.num_draws == 300 and np.abs(exposure.weights[0].T - expected).max() < 0.1


# Axes


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        (Uniform(0.0, 10.0, LENGTH), ("0..5 m", "5..10 m")),
        (LogUniform(1.0, 100.0, RATIO), ("1..10", "10..100")),
        (Normal(0.0, 1.0, -1.0, 3.0, RATIO), ("-1..1", "1..3")),
        (IntRange(2, 4), ("2", "3", "4")),
        (IntRange(0, 9), ("0..4", "5..9")),
        (Uniform(0.0, np.deg2rad(90.0).item(), ANGLE), ("0..45 deg", "45..90 deg")),
        (Uniform(25.0, 115 / 3.6, SPEED), ("90..102.5 km/h", "102.5..115 km/h")),
        (one_of("car", "van"), ("car", "van")),
        (one_of(Const(0.0, LENGTH), Uniform(1.0, 3.0, LENGTH)), ("0 m", "1..3 m")),
        (one_of(Uniform(0.0, 2.0, LENGTH), Uniform(1.0, 4.0, LENGTH)), ("0..2 m", "2..4 m")),
    ],
)  # fmt: skip
def test_a_value_is_cut_into_named_bins(value, labels):
    axis = axis_of("x", value, 2)
    assert axis is not None and axis.labels == labels


def test_what_cannot_vary_is_no_axis():
    assert axis_of("x", Const(1.0, LENGTH)) is None
    computed = parse_value("a + 1 m", LENGTH)
    assert isinstance(computed, Expression) and axis_of("x", computed) is None


def test_boundary_bins_and_declared_edges():
    axis = axis_of("x", Uniform(0.0, 100.0, LENGTH), Binning(2, boundary=0.05))
    assert axis is not None and axis.labels == ("0..5 m", "5..50 m", "50..95 m", "95..100 m")
    axis = axis_of("x", Uniform(0.0, 100.0, LENGTH), Binning(2, edges={"x": (20.0, 30.0, 500.0)}))
    assert axis is not None and axis.labels == ("0..20 m", "20..30 m", "30..100 m")
    with pytest.raises(ValueError, match="below one half"):
        Binning(5, boundary=0.5)


bin_values = st.one_of(
    st.tuples(st.floats(-1e3, 1e3), st.floats(0.1, 1e3)).map(lambda p: Uniform(p[0], p[0] + p[1], LENGTH)),
    st.tuples(st.integers(-50, 50), st.integers(1, 40)).map(lambda p: IntRange(p[0], p[0] + p[1])),
    st.tuples(st.floats(1e-2, 1e2), st.floats(1.1, 100)).map(lambda p: LogUniform(p[0], p[0] * p[1], RATIO)),
    st.floats(0.5, 4).map(lambda width: Normal(0.0, 1.0, -width, width, RATIO)),
    st.just(one_of(Const(0.0, RATIO), Uniform(0.5, 8.0, RATIO), weights=(6.0, 2.0))),
    st.just(one_of("car", "van", "bus", weights=(5.0, 1.0, 2.0))),
)


@settings(max_examples=examples(60))
@given(bin_values, st.integers(1, 7), st.floats(0, 1, exclude_max=True))
def test_the_bins_share_the_fractions_and_a_draw_lands_in_its_bin(value, bins, unit):
    axis = axis_of("x", value, bins)
    if axis is None:
        return
    shares = [bin_fractions(axis, number, value) for number in range(len(axis.labels))]
    assert sum(b - a for parts in shares for a, b in parts) == pytest.approx(1.0, abs=1e-9)
    for number, parts in enumerate(shares):
        for a, b in parts:
            assert axis.bin_of(value.quantile(a + (INSET + unit * (1 - 2 * INSET)) * (b - a))) == number


# Options and conditions


RAIN, FOG = scenario(weather(rain="1..3 mm/h")), scenario(weather("fog"))


def test_an_option_brings_its_axes_and_no_others():
    logical = choice((1, RAIN), (3, FOG)) & scenario(parameter("gap", "0..10 m", LENGTH))
    grid = grid_of(logical.blocks, 2)
    rain = next(axis for axis in grid.axes if axis.path == "weather.rain")
    option = next(axis for axis in grid.axes if axis.path.startswith("choice:"))
    pairs = grid.universe(2)
    named = coverage_of_rows(grid, np.zeros((0, len(grid.axes)), dtype=np.int64)).gaps()
    with_rain = {gap[option.path] for gap in named if option.path in gap and gap.get("weather.rain") in rain.labels}
    assert len(with_rain) == 1
    fog = next(label for label in option.labels if label not in with_rain)
    assert not any(gap.get(option.path) == fog and "weather.rain" in gap for gap in named)
    # Fog has no rain (2); rain has no clouds and no visibility (4); what only one has never meets the other's (8).
    assert pairs.num_refused == 14


def test_one_path_with_a_range_in_each_option_is_one_axis():
    logical = choice((1, scenario(weather(rain="0..2 mm/h"))), (1, scenario(weather(rain="4..8 mm/h"))))
    grid = grid_of((WHOLE & logical).blocks, 2)
    rain = next(axis for axis in grid.axes if axis.path == "weather.rain")
    assert rain.labels == ("0..2 mm/h", "4..8 mm/h")
    found = measure((WHOLE & logical).blocks, [(WHOLE & logical).sample(1, i) for i in range(40)], 2, 2)
    assert found.ratio == 1.0 and found.infeasible == 2


def test_a_condition_leaves_out_what_it_forbids_and_nothing_else():
    """gap < speed * 1 s on a grid of 5 x 5: counted by looking at corners."""
    logical = scenario(parameter("gap", "0..50 m", LENGTH), parameter("speed", "0..40 m/s", SPEED))
    found = logical.where("gap < speed * 1 s").coverage([], 2)
    allowed = sum(1 for i, j in np.ndindex(5, 5) if 10 * i < 8 * (j + 1))
    assert (found.total, found.infeasible) == (allowed, 25 - allowed)


def test_conditions_together_are_told_exactly():
    """Each alone leaves every bin possible; both together only a diagonal."""
    parts = scenario(parameter("a", "0..10 m", LENGTH), parameter("b", "0..10 m", LENGTH))
    narrow = parts.where("a - b < 0.5 m").where("b - a < 0.5 m").coverage([], 2)
    assert narrow.total == 5 + 2 * 4 and narrow.infeasible == 25 - 13
    none = parts.where("a + b > 19 m").coverage([], 2)
    assert none.total == 1


def test_computed_values_pass_conditions_on_to_what_they_are_computed_from():
    logical = scenario(parameter("a", "0..10 m", LENGTH), parameter("c", "a + 0..10 m", LENGTH)).where("c > 16 m")
    found = logical.coverage([], 2)
    assert {axis.path for axis in found.axes} == {"a", "c#0"}
    assert found.total == sum(1 for i, j in np.ndindex(5, 5) if 2 * (i + 1) + 2 * (j + 1) > 16)


def test_whole_numbers_are_not_taken_for_fractions():
    exact = scenario(parameter("n", "1..3", COUNT), parameter("m", "1..3", COUNT)).where("n * m == 4")
    assert [gap for gap in exact.coverage([], 2).gaps()] == [{"m": "2", "n": "2"}]


@settings(max_examples=12)
@given(logicals(), st.integers(0, 1000))
def test_a_draw_in_a_cell_is_in_the_cell(logical, seed):
    whole = WHOLE & logical
    grid = grid_of(whole.blocks, 3)
    row = whole_row(grid, np.random.default_rng(seed))
    concrete = draw_cell(whole, grid, row, seed, 0)
    assert concrete is not None and concrete in whole
    assert list(grid.row(concrete.draws)) == [-1 if index >= len(axis.labels) else index
                                              for axis, index in zip(grid.axes, row, strict=True)]  # fmt: skip


# Novelty and what is unseen


def test_novelty_is_a_distance():
    logical = WHOLE & scenario(weather(rain="0..4 mm/h"), light("day"), parameter("kind", "a | b", TEXT))
    grid = grid_of(logical.blocks)
    drawn = [logical.sample(1, i) for i in range(12)]
    points = Space(grid).points(drawn)
    apart = distances(points, points, Space(grid).graded)
    assert np.allclose(apart, apart.T) and np.allclose(np.diag(apart), 0) and (apart <= 1).all()
    for i, j, k in combinations(range(12), 3):
        assert apart[i, j] <= apart[i, k] + apart[k, j] + 1e-12
    assert (novelty(grid, drawn[:3], drawn) == 0).all() and (novelty(grid, drawn, []) == 1).all()
    assert novelty(grid, [logical.sample(2, 0)], drawn[:1])[0] == pytest.approx(
        distances(Space(grid).points([logical.sample(2, 0)]), points[:1], Space(grid).graded)[0, 0]
    )
    assert spread(grid, [*drawn, drawn[0]])[0] == 0 and (spread(grid, drawn) > 0).all()


def test_one_number_that_differs_by_its_whole_range_is_one_axis_of_difference():
    logical = scenario(parameter("a", "0..10 m", LENGTH), parameter("b", "0..10 m", LENGTH))
    space = Space(grid_of(logical.blocks))
    assert distances(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]), space.graded)[0, 0] == 0.5
    assert distances(np.array([[0.0, np.nan]]), np.array([[0.0, 0.3]]), space.graded)[0, 0] == 0.5


def test_unseen_mass_is_near_the_truth_and_below_its_bound():
    """100 kinds, uneven: the chance that the next draw is new is known."""
    weights = 1.0 / np.arange(1, 101)
    weights /= weights.sum()
    errors, kept = [], 0
    for seed in range(40):
        drawn = np.random.default_rng(seed).choice(100, size=200, p=weights)
        found = unseen_mass(drawn.tolist())
        truth = 1 - weights[np.unique(drawn)].sum()
        errors.append(found.mass - truth)
        kept += truth <= found.upper
        assert found.num_kinds == len(np.unique(drawn)) and found.num_draws == 200
    assert abs(np.mean(errors)) < 0.02 and kept == 40
    assert unseen_mass([]).mass == 1.0 and unseen_mass([1, 1, 1]).mass == 0.0


def test_unseen_pairs_become_fewer():
    logical = WHOLE & scenario(weather(rain="0..4 mm/h", wind="0..9 m/s"))
    grid = grid_of(logical.blocks)
    rows = grid.rows([logical.sample(1, i) for i in range(200)])
    few, many = unseen_tuples(grid.universe(2), rows[:10]), unseen_tuples(grid.universe(2), rows)
    assert many.mass < 0.08 < 0.4 < few.mass and many.num_kinds > few.num_kinds


def test_the_figure_says_what_it_left_out():
    narrow = scenario(parameter("gap", "0..10 m", LENGTH), parameter("b", "0..1 m", LENGTH)).where("gap > 5 m")
    text = narrow.coverage([], 1).text()
    assert text == "1-way coverage 0.0%: 0 of 8 feasible combinations of 2 axes by 0 draws (2 infeasible left out)"


def test_axes_know_the_first_bin_of_an_edge():
    axis = Axis("x", ("a", "b"), ((0.0, 1.0), (1.0, 2.0)))
    assert [axis.bin_of(value) for value in (0.0, 1.0, 1.5, 3.0, "car", True)] == [0, 0, 1, None, None, None]
    assert isinstance(one_of("a", "b"), Choice)
