"""Covering arrays: nothing that can be is left open, nothing that cannot be is in a row."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from scenarios.designs import reference
from scenarios.designs.axes import Axes, Relation, Rule, combos_of, finite_axes
from scenarios.designs.covering import covering_array
from scenarios.designs.universe import Contradiction, Feasibility, num_rows, universe_of
from tests.effort import examples
from tests.strategies import composite


@composite
def small_axes(draw, max_axes=5):
    """Up to five axes of up to four values, with up to three random relations over one to three of them."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=max_axes))
    relations = []
    for _ in range(draw(st.integers(0, 3))):
        chosen = sorted(draw(st.sets(st.integers(0, len(sizes) - 1), min_size=1, max_size=min(3, len(sizes)))))
        shape = tuple(sizes[axis] for axis in chosen)
        seed = draw(st.integers(0, 2**32 - 1))
        relations.append(Relation(tuple(chosen), np.random.default_rng(seed).random(shape) < 0.7))
    names = tuple(f"x{i}" for i in range(len(sizes)))
    return Axes(names, tuple(tuple(range(size)) for size in sizes), tuple(relations))


def tuples_in(universe):
    return {
        tuple(zip(combo, place, strict=True))
        for combo, table in zip(universe.combos, universe.possible, strict=True)
        for place in np.argwhere(table).tolist()
    }


@settings(max_examples=examples(80))
@given(small_axes(), st.integers(1, 3))
def test_the_universe_is_what_some_whole_cell_shows(axes, strength):
    strength = min(strength, len(axes.names))
    expected = reference.universe(axes, strength)
    if not expected:
        with pytest.raises(Contradiction, match="no combination of"):
            Feasibility(axes)
        return
    found = universe_of(axes, combos_of(len(axes.names), strength))
    assert tuples_in(found) == expected
    assert found.num_cells == sum(table.size for table in found.possible)
    assert num_rows(axes) == len(list(reference.cells(axes)))


@settings(max_examples=examples(60))
@given(small_axes(), st.integers(1, 3))
def test_searching_tuple_by_tuple_gives_the_same_universe_as_enumerating(axes, strength):
    strength = min(strength, len(axes.names))
    expected = reference.universe(axes, strength)
    if not expected:
        return
    searched = Feasibility(axes)
    searched.rows = tuple(None for _ in searched.rows)
    assert tuples_in(universe_of(axes, combos_of(len(axes.names), strength), searched)) == expected


@settings(max_examples=examples(60))
@given(small_axes(), st.integers(1, 3), st.integers(0, 5))
def test_arrays_cover_all_that_can_be_with_rows_that_can_be(axes, strength, seed):
    strength = min(strength, len(axes.names))
    feasible = set(reference.cells(axes))
    if not feasible:
        return
    array = covering_array(axes, strength, seed, effort=0.02)
    rows = [tuple(row) for row in array.rows.tolist()]
    assert set(rows) <= feasible
    assert not reference.uncovered(axes, rows, strength)
    assert array.rows.tolist() == covering_array(axes, strength, seed, effort=0.02).rows.tolist()


@settings(max_examples=examples(40))
@given(small_axes(), st.data())
def test_tests_that_were_run_are_kept_and_count(axes, data):
    feasible = sorted(set(reference.cells(axes)))
    if not feasible:
        return
    run = data.draw(st.lists(st.sampled_from(feasible), max_size=6))
    array = covering_array(axes, 2, 0, rows=run, effort=0.02)
    assert [tuple(row) for row in array.rows[: array.num_kept].tolist()] == run and array.num_kept == len(run)
    assert not reference.uncovered(axes, array.rows.tolist(), 2)
    # What the run tests show is not asked for again: behind a complete array nothing is added.
    assert len(covering_array(axes, 2, 0, rows=array.rows.tolist())) == len(array)


def test_mixed_strength_covers_a_group_more_strongly():
    axes = finite_axes({name: range(3) for name in "abcdef"}, forbidden=[{"a": 0, "b": 0}])
    array = covering_array(axes, 2, 1, stronger=[(("a", "b", "c"), 3)])
    rows = array.rows.tolist()
    assert not reference.uncovered(axes, rows, 2)
    triples = {found for row in rows for found in reference.tuples_of(row, 3)}
    wanted = {found for found in reference.universe(axes, 3) if [axis for axis, _ in found] == [0, 1, 2]}
    assert len(wanted) == 24 and wanted <= triples
    assert len(array) < len(covering_array(axes, 3, 1))


def test_rules_are_written_as_predicates_or_forbidden_combinations():
    axes = finite_axes(
        {"weather": ("dry", "snow"), "speed_mps": (5, 15, 25)},
        where=[lambda weather, speed_mps: weather != "snow" or speed_mps < 20],
        forbidden=[{"weather": "dry", "speed_mps": 5}],
    )
    expected = {("dry", 15), ("dry", 25), ("snow", 5), ("snow", 15)}
    assert {(test["weather"], test["speed_mps"]) for test in covering_array(axes).tests()} == expected
    assert axes.row({"weather": "snow", "speed_mps": 15}) == (1, 1) and axes.row({"weather": "hail"}) == (-1, -1)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: finite_axes({"a": (1, 2)}, where=[lambda b: True]), "no axis 'b'"),
        (lambda: finite_axes({"speed": (1, 2)}, where=[Rule(("sped",), bool)]), "did you mean 'speed'"),
        (lambda: finite_axes({"a": (1, 2)}, forbidden=[{"a": 3}]), "no value 3"),
        (lambda: finite_axes({"a": ()}), "at least one value"),
        (lambda: covering_array(finite_axes({"a": (1, 2)}), 0), "strength of at least 1"),
        (lambda: covering_array(finite_axes({"a": (1, 2)}), 1, rows=[(7,)]), "outside its axis"),
        (lambda: Feasibility(finite_axes({"a": (1,), "b": (1,)}, where=[lambda a, b: False])), "no combination of a"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(build, words):
    with pytest.raises(ValueError, match=words):
        build()


def test_more_than_a_million_cells_are_searched_not_enumerated():
    """A chain of relations through 16 axes of 5 values: 1.5e11 cells, one group."""
    names = [f"x{i:02d}" for i in range(16)]
    rules = [Rule((a, b), lambda x, y: (x + y) % 5 != 0) for a, b in pairwise(names)]
    axes = finite_axes({name: range(5) for name in names}, rules)
    assert Feasibility(axes).rows == (None,) and num_rows(axes) is None
    array = covering_array(axes, 2, 0, effort=0.1)
    assert array.universe.num_undecided == 0 and array.universe.num_refused == 15 * 5
    shown = {found for row in array.rows.tolist() for found in reference.tuples_of(row, 2)}
    # Neighbours may not add up to a multiple of 5; whatever lies further apart can be bridged.
    expected = {
        ((i, a), (j, b))
        for i in range(16) for j in range(i + 1, 16) for a in range(5) for b in range(5)
        if j > i + 1 or (a + b) % 5
    }  # fmt: skip
    assert expected <= shown
    for row in array.rows.tolist():
        assert all((a + b) % 5 for a, b in pairwise(row))


def alks_axes(shared_data):
    """The axes of ALKS 4_4_1 as its variation file lists them, and the condition of its regulation."""
    folder = shared_data / "openscenario" / "alks" / "logical_scenarios"
    (file,) = folder.glob("alks_scenario_4_4_1*variation*.xosc")
    values = {}
    for each in etree.parse(file).iterfind(".//DeterministicSingleParameterDistribution"):
        name, span = each.get("parameterName"), each.find("DistributionRange")
        if span is None:
            values[name] = tuple(element.get("value") for element in each.iterfind("DistributionSet/Element"))
        else:
            low, high = (float(span.find("Range").get(end)) for end in ("lowerLimit", "upperLimit"))
            step = float(span.get("stepWidth"))
            values[name] = tuple(low + step * k for k in range(round((high - low) / step) + 1))
    names = (
        "CutInVehicle_LaneChange_MaxLateralVelocity_Vy_mps", "Ego_InitSpeed_Ve0_kph",
        "CutInVehicle_RelativeInitSpeed_Ve0_Vo0_kph",
    )  # fmt: skip
    return finite_axes(values, where=[Rule(names, lambda lateral, ego, relative: lateral < (ego + relative) / 3.6)])


def test_the_universe_of_alks_4_4_1_has_the_published_sizes(shared_data):
    axes = alks_axes(shared_data)
    assert axes.sizes == (5, 5, 2, 5, 7, 6, 5) and num_rows(axes) == 29_750
    sizes = {}
    for strength in (1, 2, 3, 4):
        universe = universe_of(axes, combos_of(7, strength))
        sizes[strength] = universe.size, universe.num_cells
    assert sizes == {1: (35, 35), 2: (506, 518), 3: (3901, 4194), 4: (17222, 20005)}


@pytest.mark.parametrize(("strength", "most", "lower_bound"), [(2, 49, 42), (3, 294, 210)])
def test_alks_4_4_1_is_covered_with_few_tests(shared_data, strength, most, lower_bound):
    axes = alks_axes(shared_data)
    array = covering_array(axes, strength, 0)
    assert lower_bound <= len(array) <= most
    # Every cell of the product is looked at, with the condition written out once more.
    lateral, ego, relative = axes.values[5], axes.values[0], axes.values[3]
    wanted = set()
    for row in product(*(range(size) for size in axes.sizes)):
        if lateral[row[5]] < (ego[row[0]] + relative[row[3]]) / 3.6:
            wanted.update(reference.tuples_of(row, strength))
    shown = {found for row in array.rows.tolist() for found in reference.tuples_of(row, strength)}
    assert shown == wanted
