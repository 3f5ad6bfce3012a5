"""Grids of values: the published grids of UN R157 cell by cell, exact values, faults."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.errors import InputError
from scenarios import library
from scenarios.designs.value_grid import axis_values, sample_at, value_cells
from scenarios.expressions import TextFault
from scenarios.space import IntRange, Uniform
from scenarios.units import LENGTH, SPEED

LOW = {"ego_speed": "10..60 km/h step 10 km/h", "other_speed": "10..50 km/h step 10 km/h",
       "gap": "1..59 m step 1 m", "lateral_speed": "0..1.7 m/s step 0.1 m/s"}  # fmt: skip
HIGH = {"ego_speed": "70..130 km/h step 20", "other_speed": "10..100 km/h step 30",
        "gap": "1..119 m step 2", "lateral_speed": "0..1.7 m/s step 0.1"}  # fmt: skip
SLOWER = ["other_speed < ego_speed - 1 km/h"]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "grid", "where", "cells"), [
    ("r157/cut_in", LOW, SLOWER, 15_930),
    ("r157/cut_in", HIGH, SLOWER, 14_040),
    ("r157/cut_out", {"speed": "10..130 km/h step 10", "front_gap": "2..147 m step 5",
                      "lateral_speed": "0.1..2.9 m/s step 0.2"}, [], 5_850),
    ("r157/deceleration", {"speed": "12..128 km/h step 2", "deceleration": "0.05..0.95 g step 0.05"}, [], 1_121),
])  # fmt: skip
def test_the_published_grids_have_their_published_sizes(name, grid, where, cells):
    found = value_cells(library.load(name), grid, where)
    assert len(found) == cells
    assert len({tuple(cell.values()) for cell in found}) == cells


def test_a_cell_is_drawn_with_exactly_its_values():
    """A quantile of the range would be off in the last digits; the end of a range could not be drawn at all."""
    logical = library.load("r157/cut_in")
    for cell in value_cells(logical, HIGH, SLOWER)[::997]:
        concrete = sample_at(logical, cell, seed=1)
        assert {path: concrete.draws[path] for path in cell} == dict(cell)
        assert concrete.ego.speed_mps == cell["ego_speed"]
        assert concrete in logical


def test_what_the_grid_leaves_open_is_drawn_and_the_same_in_every_cell():
    logical = library.load("cut_in")
    near, far = (sample_at(logical, cell, 3) for cell in value_cells(logical, {"gap": ["8 m", "25 m"]}))
    assert (near.draws["gap"], far.draws["gap"]) == (8.0, 25.0)
    assert near.draws["ego.speed"] == far.draws["ego.speed"] == logical.sample(3).draws["ego.speed"]


@given(low=st.integers(0, 40), steps=st.integers(0, 30), step=st.sampled_from([1, 2, 5, 10]))
def test_axes_hold_both_ends(low, steps, step):
    high = low + steps * step
    values = axis_values(f"{low}..{high} m step {step} m", Uniform(0.0, 400.0, LENGTH))
    assert len(values) == steps + 1
    assert (values[0], values[-1]) == (low, high)


def test_an_end_between_two_steps_is_left_out():
    assert axis_values("1..6 m step 2", Uniform(0.0, 9.0, LENGTH)) == (1.0, 3.0, 5.0)
    assert axis_values("0..1 m/s step 0.1", Uniform(0.0, 9.0, SPEED))[-1] == 1.0
    assert axis_values("2..6 step 2", IntRange(1, 8)) == (2, 4, 6)


@pytest.mark.parametrize("text", ["6..1 m step 1", "1..6 m step 0 m", "1..6 m", "1 s", "12 m"])
def test_wrong_axes_are_refused(text):
    with pytest.raises(TextFault):
        axis_values(text, Uniform(0.0, 9.0, LENGTH))


def test_every_fault_is_told_with_its_place():
    with pytest.raises(InputError) as caught:
        value_cells(library.load("cut_in"), {"gapp": "1..2 m step 1", "gap": "80 m"}, ["gap <"], "suite.yaml")
    assert [(f.file, f.path, f.nearest) for f in caught.value.faults] == [
        ("suite.yaml", "grid.gapp", "gap"), ("suite.yaml", "grid.gap", None), ("suite.yaml", "where[0]", None),
    ]  # fmt: skip
