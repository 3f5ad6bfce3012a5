"""Point designs: each index alone, each path by itself, one point in each stratum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from scenarios.designs.names import strength_of
from scenarios.designs.points import POINTS, PointDesign, grid_levels, lost_strata, permuted
from scenarios.space import Normal, Uniform
from scenarios.units import RATIO
from tests.effort import examples

paths = (
    st.lists(st.sampled_from(["a", "b.c", "ego.speed", "gap", "x#0"]), unique=True, max_size=5).map(sorted).map(tuple)
)


@settings(max_examples=examples(40))
@given(st.sampled_from(POINTS), paths, st.integers(1, 40), st.integers(0, 2**64 - 1))
def test_points_are_fractions_and_each_can_be_made_alone(design, dimensions, count, seed):
    made = PointDesign(design, dimensions, count, seed)
    points = made.points()
    assert points.shape == (count, len(dimensions)) and (points >= 0).all() and (points < 1).all()
    index = seed % count
    assert list(PointDesign(design, dimensions, count, seed).at(index).values()) == points[index].tolist()


@settings(max_examples=examples(40))
@given(paths, st.integers(1, 60), st.integers(0, 1000))
def test_a_latin_hypercube_has_one_point_in_each_stratum(dimensions, count, seed):
    points = PointDesign("lhs", dimensions, count, seed).points()
    for column in points.T:
        assert sorted((column * count).astype(int)) == list(range(count))


@settings(max_examples=examples(30))
@given(st.integers(1, 30), st.integers(0, 1000), st.sampled_from(["random", "lhs"]))
def test_a_path_that_comes_leaves_the_others_as_they_are(count, seed, design):
    few, more = PointDesign(design, ("a", "c"), count, seed), PointDesign(design, ("a", "b", "c"), count, seed)
    assert [row.tolist() for row in few.points().T] == [more.points()[:, k].tolist() for k in (0, 2)]


@settings(max_examples=examples(40))
@given(st.integers(1, 300), st.integers(0, 1000))
def test_a_permutation_takes_each_index_once(count, seed):
    assert sorted(permuted(i, count, "x", seed) for i in range(count)) == list(range(count))


def test_permutations_of_paths_are_not_alike():
    one, two = ([permuted(i, 200, path, 0) for i in range(200)] for path in ("a", "b"))
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.25 and abs(np.corrcoef(one, range(200))[0, 1]) < 0.25


def test_sobol_points_fill_more_evenly_than_chance_and_longer_runs_begin_alike():
    dimensions = ("a", "b", "c")
    even, chance = (PointDesign(each, dimensions, 512, 1).points() for each in ("sobol", "random"))
    assert qmc.discrepancy(even) < 0.2 * qmc.discrepancy(chance)
    assert PointDesign("sobol", dimensions, 600, 1).points()[:512].tolist() == even.tolist()
    assert PointDesign("sobol", dimensions, 600, 2).points()[0].tolist() != even[0].tolist()


def test_a_grid_has_every_cell_once():
    points = PointDesign("grid", ("a", "b", "c"), 12, 3).points()
    assert grid_levels(3, 12) == (3, 2, 2) and len({tuple(point) for point in points.tolist()}) == 12
    assert sorted(set(points[:, 0])) == pytest.approx([1 / 6, 1 / 2, 5 / 6]) and set(points[:, 1]) == {0.25, 0.75}


def test_strata_that_a_restriction_took_are_named():
    value = Uniform(0.0, 10.0, RATIO)
    drawn = [value.quantile(PointDesign("lhs", ("x",), 10, 0).at(i)["x"]) for i in range(10)]
    assert lost_strata(drawn, value.quantile, 10) == ()
    kept = [each for each in drawn if each < 7] + [0.5, 3.3]
    assert lost_strata(kept, value.quantile, 10) == (7, 8, 9)
    normal = Normal(0.0, 1.0, -3.0, 3.0, RATIO)
    assert lost_strata([normal.quantile(0.31), normal.quantile(0.99)], normal.quantile, 4) == (0, 2)


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match=r"no design 'sobel'.*'sobol'"):
        PointDesign("sobel", ("a",), 1, 0)
    with pytest.raises(ValueError, match="index 3 is not one of 3"):
        PointDesign("lhs", ("a",), 3, 0).at(3)
    with pytest.raises(ValueError, match="in order"):
        PointDesign("lhs", ("b", "a"), 3, 0)
    assert [strength_of(name) for name in ("pairwise", "3way", "2-way", "lhs", "9way")] == [2, 3, 2, None, None]
