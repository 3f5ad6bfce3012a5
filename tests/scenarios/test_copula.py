"""Values drawn jointly: marginals stay what they are, rank correlations are reached."""

import numpy as np
import pytest
from scipy.stats import kstest, spearmanr

from scenarios.algebra import IllTyped, scenario
from scenarios.copula import correlation, joint, score_correlation
from scenarios.parse import parse_value
from scenarios.shapes import Beta
from scenarios.space import IntRange, LogUniform, Normal, Uniform
from scenarios.table import draw_table
from scenarios.types.about import parameter
from scenarios.types.actors import ego
from scenarios.types.road import road
from scenarios.units import COUNT, LENGTH, SPEED, TIME

BASE = scenario(road("motorway", lanes=3), ego(on="main.2", at="150 m", speed="20..30 m/s"))
COUNTED = 6000


def ranks(columns, *names):
    return {(a, b): spearmanr(columns[a], columns[b]).statistic for a in names for b in names if a < b}


def test_a_linked_value_keeps_its_distribution_and_reaches_its_rank_correlation():
    logical = BASE & scenario(parameter("gap", "linked(beta(2, 5, 5..60 m), ego.speed, -0.6)", LENGTH))
    columns = draw_table(logical, COUNTED, 4).columns
    gap = Beta(2.0, 5.0, 5.0, 60.0, LENGTH)
    assert kstest(columns["gap"], np.vectorize(gap.cdf)).pvalue > 0.01
    assert kstest(columns["ego.speed"], "uniform", (20, 10)).pvalue > 0.01
    assert spearmanr(columns["gap"], columns["ego.speed"]).statistic == pytest.approx(-0.6, abs=0.03)


def test_three_values_are_joined_by_a_matrix():
    wanted = np.array([[1, 0.7, -0.3], [0.7, 1, 0.2], [-0.3, 0.2, 1]])
    marginals = {"a": LogUniform(1.0, 50.0, LENGTH), "b": Normal(3.0, 1.0, 0.0, 6.0, TIME),
                 "c": Uniform(5.0, 9.0, SPEED)}  # fmt: skip
    values = joint(marginals, wanted)
    logical = BASE & scenario(*(parameter(name, value, marginals[name].dimension) for name, value in values.items()))
    columns = draw_table(logical, COUNTED, 1).columns
    for name, marginal in marginals.items():
        assert kstest(columns[name], np.vectorize(marginal.cdf)).pvalue > 0.01
    found = ranks(columns, "a", "b", "c")
    assert found == {
        ("a", "b"): pytest.approx(0.7, abs=0.03), ("a", "c"): pytest.approx(-0.3, abs=0.04),
        ("b", "c"): pytest.approx(0.2, abs=0.04),
    }  # fmt: skip
    for i, one in enumerate("abc"):
        for j, two in enumerate("abc"):
            exact = 1.0 if i == j else score_correlation(wanted[i, j])
            assert correlation(one, two, values) == pytest.approx(exact, abs=1e-9)


def test_a_value_of_single_numbers_may_be_linked_to_others_but_not_be_linked_to():
    values = joint({"gap": Uniform(0.0, 9.0, LENGTH), "count": IntRange(1, 4)}, [[1, 0.8], [0.8, 1]])
    logical = BASE & scenario(parameter("gap", values["gap"], LENGTH), parameter("count", values["count"], COUNT))
    columns = draw_table(logical, COUNTED, 2).columns
    counts = np.array(columns["count"].tolist())
    assert np.allclose(np.bincount(counts)[1:] / COUNTED, 0.25, atol=0.02)
    assert 0.7 < spearmanr(columns["gap"], counts).statistic < 0.82
    with pytest.raises(IllTyped, match="takes single values"):
        joint({"count": IntRange(1, 4), "gap": Uniform(0.0, 9.0, LENGTH)}, [[1, 0.8], [0.8, 1]])


def test_what_is_drawn_jointly_is_a_member_and_reads_back():
    value = parse_value("linked(5..60 m, ego.speed, -0.6)", LENGTH)
    assert parse_value(value.text(), LENGTH) == value
    logical = (BASE & scenario(parameter("gap", value, LENGTH))).where("gap > 20 m")
    for index in range(10):
        concrete = logical.sample(3, index)
        assert concrete in logical and concrete.draws["gap"] > 20


def test_correlations_that_cannot_hold_together_are_refused():
    with pytest.raises(IllTyped, match="cannot hold together"):
        joint({n: Uniform(0.0, 1.0) for n in "abc"}, [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    with pytest.raises(ValueError, match="symmetric"):
        joint({n: Uniform(0.0, 1.0) for n in "ab"}, [[1, 0.9], [0.1, 1]])


def test_a_value_is_linked_to_one_that_is_drawn():
    logical = BASE & scenario(
        parameter("twice", "ego.speed * 2", SPEED), parameter("gap", "linked(1..2 m, twice, 0.5)", LENGTH)
    )
    with pytest.raises(IllTyped, match="is computed"):
        logical.sample(1)
