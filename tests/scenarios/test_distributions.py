"""Distributions with a shape, how they are written, and draws by the column."""

import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.columns import quantiles
from scenarios.expressions import TextFault
from scenarios.parse import parse_value
from scenarios.randomness import unit_draw, unit_draws
from scenarios.shapes import Beta, Fitted, Histogram, Triangular, fit
from scenarios.space import Choice, Const, IntRange, LogUniform, Normal, Uniform
from scenarios.units import COUNT, LENGTH, RATIO, SPEED, TEXT, TIME
from tests.effort import examples

few = settings(deadline=None, max_examples=examples(40))
# Strategies give functions that build: beartype looks at random items of a tuple, which Hypothesis forbids in there.
finite = st.floats(-1e4, 1e4, allow_nan=False).map(lambda x: round(x, 3))
ends = st.tuples(finite, st.floats(0.01, 1e3)).map(lambda p: (p[0], p[0] + p[1]))
shape = st.floats(0.8, 20.0).map(lambda x: round(x, 2))
tables = st.lists(finite, min_size=2, max_size=12).map(lambda values: tuple(sorted(values)))
edges = st.lists(finite, min_size=2, max_size=8, unique=True).map(lambda values: tuple(sorted(values)))


def triangle(p):
    (low, high), share = p
    return partial(Triangular, low, min(low + share * (high - low), high), high, LENGTH)


def weighted(e):
    weights = st.lists(st.integers(0, 5), min_size=len(e) - 1, max_size=len(e) - 1).filter(any)
    return weights.map(lambda w: partial(Histogram, e, tuple(map(float, w)), LENGTH))


def mixture(options):
    return partial(lambda: Choice(tuple((make(), weight) for make, weight in options)))


def names(words):
    return partial(lambda: Choice(tuple((Const(word, TEXT), 1.0 + k) for k, word in enumerate(words))))


continuous = st.one_of(
    ends.map(lambda e: partial(Uniform, *e, LENGTH)),
    st.tuples(shape, shape, ends).map(lambda p: partial(Beta, p[0], p[1], *p[2], LENGTH)),
    st.tuples(ends, st.floats(0, 1)).map(triangle),
    st.tuples(finite, st.floats(0.1, 50), st.floats(0.1, 3)).map(
        lambda p: partial(Normal, p[0], p[1], p[0] - p[2] * p[1], p[0] + p[1], LENGTH)
    ),
    st.tuples(st.floats(0.01, 10), st.floats(1.1, 100)).map(lambda p: partial(LogUniform, p[0], p[0] * p[1], LENGTH)),
    edges.flatmap(weighted),
)
fitted_ones = tables.map(lambda t: partial(Fitted, t, LENGTH))
numeric = st.one_of(continuous, fitted_ones, finite.map(lambda x: partial(Const, x, LENGTH)))
mixed = st.lists(st.tuples(numeric, st.integers(1, 5).map(float)), min_size=1, max_size=4).map(mixture)
whole = st.tuples(st.integers(-50, 50), st.integers(0, 30)).map(lambda p: partial(IntRange, p[0], p[0] + p[1]))
words = st.lists(st.sampled_from(["car", "truck", "van"]), min_size=1, max_size=3, unique=True).map(names)
fractions = st.floats(0, 1, exclude_max=True)


@few
@given(st.one_of(numeric, whole), fractions, fractions)
def test_draws_stay_inside_and_quantiles_do_not_fall(make, one, two):
    distribution = make()
    low, high = distribution.bounds()
    small, large = (distribution.quantile(f) for f in sorted((one, two)))
    assert low <= small <= large <= high
    assert small in distribution and large in distribution


@few
@given(continuous, st.floats(1e-6, 1 - 1e-6))
def test_the_cdf_undoes_the_quantile(make, fraction):
    distribution = make()
    value = distribution.quantile(fraction)
    # Where the density is small, a rounded value stands for a wider stretch of fractions.
    slack = 1e-8 + 1e-12 * max(abs(value), 1.0) * max(distribution.density(value), 1.0)
    assert distribution.cdf(value) == pytest.approx(fraction, abs=slack)
    assert distribution.mass(value) == 0.0


@few
@given(st.one_of(numeric, mixed, whole), st.lists(finite, min_size=3, max_size=6))
def test_the_measure_is_additive_and_whole(make, places):
    distribution = make()
    cuts = sorted(places)
    parts = [distribution.measure(a, b) for a, b in pairwise(cuts)]
    assert all(part >= 0 for part in parts)
    assert math.fsum(parts) == pytest.approx(distribution.measure(cuts[0], cuts[-1]), abs=1e-12)
    low, high = distribution.bounds()
    assert distribution.measure(low - 1.0, high) == 1.0 and distribution.measure(high, high + 1.0) == 0.0


@few
@given(st.one_of(continuous, fitted_ones, whole))
def test_the_measure_is_how_often_it_is_drawn(make):
    distribution = make()
    draws = np.array([float(v) for v in quantiles(distribution, (np.arange(2000) + 0.5) / 2000).tolist()])
    low, high = distribution.bounds()
    for share in (0.2, 0.5, 0.8):
        cut = low + share * (high - low)
        assert (draws <= cut).mean() == pytest.approx(distribution.measure(low - 1.0, cut), abs=1.5e-3)


@few
@given(continuous, st.floats(0.05, 0.9))
def test_the_density_is_the_slope_of_the_cdf(make, fraction):
    distribution = make()
    value = distribution.quantile(fraction)
    step = 1e-5 * (distribution.bounds()[1] - distribution.bounds()[0])
    near = [distribution.density(value - step), distribution.density(value), distribution.density(value + step)]
    slope = (distribution.cdf(value + step) - distribution.cdf(value - step)) / (2 * step)
    assert min(near) * 0.98 - 1e-6 / step * 1e-4 <= slope <= max(near) * 1.02 + 1e-6 / step * 1e-4


@few
@given(st.one_of(numeric, whole))
def test_what_is_written_reads_back_as_the_same_value(make):
    distribution = make()
    read = parse_value(distribution.text(), distribution.dimension)
    assert read == distribution
    assert parse_value(read.text(), distribution.dimension) == distribution


@few
@given(mixed)
def test_alternatives_read_back(make):
    distribution = make()
    read = parse_value(distribution.text(), LENGTH)
    assert read.text() == distribution.text()
    if len({weight for _, weight in distribution.options}) > 1:
        assert read == distribution


@settings(deadline=None, max_examples=examples(80))
@given(st.one_of(numeric, mixed, whole, words), st.lists(fractions, min_size=0, max_size=40))
def test_a_column_has_the_same_bytes_as_draws_one_by_one(make, listed):
    distribution = make()
    column = quantiles(distribution, np.array(listed, dtype=np.float64)).tolist()
    alone = [distribution.quantile(fraction) for fraction in listed]
    assert [(type(a), repr(a)) for a in column] == [(type(a), repr(a)) for a in alone]


@few
@given(st.integers(0, 2**64 - 1), st.lists(st.integers(0, 2**62), min_size=1, max_size=5), st.integers(0, 2**49))
def test_unit_draws_by_the_column_are_those_one_by_one(seed, indices, attempt):
    column = unit_draws(seed, np.array(indices), "ego.speed", attempt).tolist()
    assert column == [unit_draw(seed, index, "ego.speed", attempt) for index in indices]


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("truncated(10 m/s, 2 m/s, 5..15 m/s)", SPEED, Normal(10.0, 2.0, 5.0, 15.0, SPEED)),
        ("truncated(10 m, 2 m, 5 m..)", LENGTH, Normal(10.0, 2.0, 5.0, 10.0 + 8.25 * 2, LENGTH)),
        ("truncated(10 m, 2 m, ..15 m)", LENGTH, Normal(10.0, 2.0, 10.0 - 8.25 * 2, 15.0, LENGTH)),
        ("normal(8, 2 m)", LENGTH, Normal(8.0, 2.0, 0.0, 16.0, LENGTH)),
        ("beta(2, 5, 0..30 m)", LENGTH, Beta(2.0, 5.0, 0.0, 30.0, LENGTH)),
        ("beta(2, 5, 0..1)", RATIO, Beta(2.0, 5.0, 0.0, 1.0, RATIO)),
        ("triangular(0.5, 1, 4 s)", TIME, Triangular(0.5, 1.0, 4.0, TIME)),
        ("histogram(0 @ 3, 10 @ 5, 30 m)", LENGTH, Histogram((0.0, 10.0, 30.0), (3.0, 5.0), LENGTH)),
        ("fitted(1, 2.5, 2.5, 8 m/s)", SPEED, Fitted((1.0, 2.5, 2.5, 8.0), SPEED)),
        ("fitted(36, 72 km/h)", SPEED, Fitted((10.0, 20.0), SPEED)),
    ],
)  # fmt: skip
def test_distributions_are_read_with_their_units(text, dimension, value):
    assert parse_value(text, dimension) == value
    assert parse_value(value.text(), dimension) == value


@pytest.mark.parametrize(
    ("text", "dimension", "code", "words"),
    [
        ("beta(2 m, 5, 0..1 m)", LENGTH, "bad-distribution", "no unit"),
        ("beta(2, 5)", LENGTH, "bad-distribution", "beta(a, b, low..high)"),
        ("beta(2, 0, 0..1 m)", LENGTH, "bad-distribution", "above 0"),
        ("beta(2, 5, 0 m..)", LENGTH, "bad-distribution", "two ends"),
        ("truncated(1 m, 2 m)", LENGTH, "bad-distribution", "range"),
        ("truncated(0 m, 1 m, 50..60 m)", LENGTH, "bad-distribution", "leave nothing"),
        ("fitted(1 m)", LENGTH, "bad-distribution", "two finite"),
        ("fitted(3, 2 m)", LENGTH, "bad-distribution", "do not fall"),
        ("fitted(1..2 m)", LENGTH, "bad-distribution", "no range"),
        ("histogram(0 @ 0, 5 m)", LENGTH, "bad-distribution", "above 0"),
        ("histogram(5 @ 1, 0 m)", LENGTH, "bad-distribution", "rise"),
        ("triangular(1, 5, 3 m)", LENGTH, "bad-distribution", "between its ends"),
        ("uniform(1 m @ 2, 5 m)", LENGTH, "bad-distribution", "weight"),
        ("normal(1 m, 2 s)", LENGTH, "wrong-dimension", "measure the same"),
        ("beta(2, 5, 0..30 m)", TIME, "wrong-dimension", "a length"),
        ("beta(2, 5, 0..30)", LENGTH, "missing-unit", "has no unit"),
        ("fitted(1, 2)", COUNT, "not-whole", "whole number"),
        ("fited(1, 2 m)", LENGTH, "unknown-function", "fitted"),
        ("if(1 m, 2 m)", LENGTH, "bad-expression", "if(condition"),
        ("if(1 m, 2 m, 3 m)", LENGTH, "wrong-dimension", "condition"),
        ("if(a > 1 m, 2 m, 3 s)", LENGTH, "wrong-dimension", "joins"),
        ("linked(1..2 m, a, 2)", LENGTH, "bad-distribution", "between -1 and 1"),
        ("linked(1..2 m)", LENGTH, "bad-distribution", "linked("),
        ("linked(1..2 m, a, 0.5) + 1 m", LENGTH, "bad-expression", "alone"),
    ],
)  # fmt: skip
def test_wrong_distributions_say_what_is_wrong(text, dimension, code, words):
    with pytest.raises(TextFault) as caught:
        parse_value(text, dimension)
    assert caught.value.code == code
    assert words in str(caught.value)


def test_fit_keeps_the_quantiles_of_a_column():
    rng = np.random.default_rng(3)
    speeds = np.append(rng.gamma(4.0, 3.0, 5000), np.nan)
    fitted = fit(speeds, SPEED, steps=40)
    seen = speeds[:-1]
    draws = np.array([fitted.quantile(f) for f in (np.arange(4000) + 0.5) / 4000])
    for share in (0.1, 0.5, 0.9):
        assert np.quantile(draws, share) == pytest.approx(np.quantile(seen, share), rel=0.02)
    assert draws.mean() == pytest.approx(seen.mean(), rel=0.02)
    assert parse_value(fitted.text(), SPEED) == fitted
    with pytest.raises(ValueError, match="no number"):
        fit(np.array([np.nan]), SPEED)


def test_repeated_values_are_kept_as_what_they_are():
    standing = Fitted((0.0, 0.0, 0.0, 5.0, 9.0), SPEED)
    assert standing.mass(0.0) == 0.5 and standing.measure(-1.0, 0.0) == 0.5
    assert sum(standing.quantile((i + 0.5) / 1000) == 0.0 for i in range(1000)) == 500


@pytest.mark.parametrize("distribution", [Beta(2.0, 5.0, 1.0, 4.0), Triangular(1.0, 2.0, 4.0)])
def test_moments_are_those_of_the_formulas(distribution):
    draws = quantiles(distribution, (np.arange(20000) + 0.5) / 20000)
    mean = 1.0 + 3.0 * 2 / 7 if isinstance(distribution, Beta) else 7.0 / 3.0
    variance = 9.0 * 10 / (49 * 8) if isinstance(distribution, Beta) else (1 + 4 + 16 - 2 - 4 - 8) / 18
    assert draws.mean() == pytest.approx(mean, abs=1e-3)
    assert draws.var() == pytest.approx(variance, rel=2e-3)
