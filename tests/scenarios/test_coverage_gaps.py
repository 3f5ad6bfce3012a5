"""Gaps: a scenario of what is missing, whose draws show it and close it, in memory and as a file."""

import numpy as np
import pytest

from scenarios import library
from scenarios.algebra import choice, scenario
from scenarios.coverage import coverage_of_rows, grid_of
from scenarios.coverage.gaps import gaps
from scenarios.coverage.grid import CELL_TAG
from scenarios.coverage.narrowing import narrowed
from scenarios.designs.cells import draw_array
from scenarios.parse import parse_value
from scenarios.sampling import sample_many
from scenarios.space import Const, IntRange, LogUniform, Normal, Uniform, one_of
from scenarios.spec import dump_spec, read_text
from scenarios.types.about import about, parameter
from scenarios.types.actors import actor, ego
from scenarios.types.road import road
from scenarios.types.weather import weather
from scenarios.units import COUNT, LENGTH, RATIO, SPEED

BASE = scenario(
    about("small", "A small space.", ["mine"]), road("motorway"), ego(on="main.2", at="150 m", speed="25..33 m/s")
)
CAR = scenario(actor("other", kind="car | van", on="main.2", relation="ahead_of", of="ego", by="gap",
                     speed="ego.speed - 0..4 m/s"), parameter("gap", "20..60 m", LENGTH))  # fmt: skip
SPACES = {
    "ranges": BASE & CAR,
    "a condition": (BASE & CAR).where("gap > ego.speed * 1 s"),
    "options": BASE & CAR & choice((2, scenario(weather("rain"))), (1, scenario(weather(fog_visibility="60..200 m")))),
    "whole numbers": BASE & scenario(parameter("n", "1..7", COUNT), parameter("m", "1..3 | 7..8", COUNT)),
    "branches": BASE & scenario(parameter("gap", "if(ego.speed > 30 m/s, 10..20 m, 30..40 m)", LENGTH)),
    "linked": BASE & scenario(parameter("gap", "linked(20..60 m, ego.speed, 0.7)", LENGTH), weather(rain="1..3 mm/h")),
    "conditional": BASE & CAR & choice((1, scenario(parameter("x", "1..3 m", LENGTH)).where("x < 2 m")),
                                       (1, scenario(parameter("y", "1..3 m", LENGTH)))),
}  # fmt: skip


SLOW = ("branches", "linked", "a condition")
NAMES = [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in SPACES]


@pytest.mark.parametrize("name", NAMES)
def test_drawing_each_cell_once_closes_the_gap(name):
    logical = SPACES[name]
    have = sample_many(logical, 4, 1)
    missing = gaps(logical, have, bins=3)
    assert 0 < missing.coverage.ratio < 1 and missing.logical is not None and not missing.unreachable
    new = draw_array(missing.logical, 1, 2, effort=0.0).scenarios
    after = logical.coverage([*have, *new], bins=3)
    assert after.ratio == 1.0, after.gaps()
    assert gaps(logical, [*have, *new], bins=3).logical is None
    # Behind what is there, fewer cells are needed than from nothing.
    assert len(missing) < len(gaps(logical, [], bins=3))


@pytest.mark.parametrize("name", NAMES)
def test_every_draw_of_the_gaps_shows_something_that_is_missing(name):
    logical = SPACES[name]
    have = sample_many(logical, 6, 1)
    missing = gaps(logical, have, bins=3)
    assert missing.logical is not None
    grid = grid_of(logical.blocks, 3)
    for concrete in sample_many(missing.logical, 12, 5):
        shown = coverage_of_rows(grid, grid.rows([concrete])).covered
        assert shown & missing.coverage.missing


@pytest.mark.parametrize("name", SPACES)
def test_the_scenario_of_what_is_missing_is_a_file(name):
    missing = gaps(SPACES[name], [], bins=3)
    assert missing.logical is not None
    assert read_text(dump_spec(missing.logical), "gaps.yaml") == missing.logical


def test_what_a_draw_no_longer_tells_is_said_by_a_tag():
    logical = SPACES["options"]
    missing = gaps(logical, [], bins=3)
    assert missing.logical is not None
    concrete = missing.logical.sample(1)
    said = [tag for tag in concrete.tags if tag.startswith(CELL_TAG)]
    assert any(tag.startswith("cell:choice:") for tag in said) and "mine" in concrete.tags
    grid = grid_of(logical.blocks, 3)
    option = next(i for i, axis in enumerate(grid.axes) if axis.path.startswith("choice:"))
    assert grid.row(concrete.draws, concrete.tags)[option] >= 0 > grid.row(concrete.draws)[option]


def test_only_the_best_cells_if_so_many_are_asked_for():
    few = gaps(SPACES["ranges"], [], bins=3, max_cells=3)
    assert few.logical is not None and len(few) == 3
    drawn = draw_array(few.logical, 1, 0, bins=1, effort=0.0).scenarios
    many = sample_many(SPACES["ranges"], 3, 0)
    assert SPACES["ranges"].coverage(drawn, bins=3).ratio >= SPACES["ranges"].coverage(many, bins=3).ratio


@pytest.mark.parametrize(
    ("value", "edge", "expected"),
    [
        (Uniform(0.0, 10.0, LENGTH), (2.0, 4.0), Uniform(2.0, 4.0, LENGTH)),
        (Uniform(0.0, 10.0, LENGTH), (8.0, 14.0), Uniform(8.0, 10.0, LENGTH)),
        (Normal(5.0, 1.0, 0.0, 9.0, SPEED), (4.0, 6.0), Normal(5.0, 1.0, 4.0, 6.0, SPEED)),
        (LogUniform(1.0, 100.0, RATIO), (1.0, 10.0), LogUniform(1.0, 10.0, RATIO)),
        (IntRange(1, 9), (4.0, 6.0), IntRange(4, 6)),
        (one_of("car", "van"), frozenset(["van"]), Const("van", one_of("van").dimension)),
        (one_of(Const(0.0, RATIO), Uniform(1.0, 3.0, RATIO)), (1.0, 2.0), Uniform(1.0, 2.0, RATIO)),
    ],
)  # fmt: skip
def test_a_distribution_given_its_bin(value, edge, expected):
    assert narrowed(value, edge) == expected


def test_a_kind_that_cannot_be_narrowed_gets_a_condition():
    logical = BASE & scenario(parameter("lag", "beta(2, 3, 0..1 m)", LENGTH), parameter("gap", "0..1 m", LENGTH))
    missing = gaps(logical, [], bins=2)
    assert missing.logical is not None and "where" in dump_spec(missing.logical)
    assert logical.coverage(draw_array(missing.logical, 1, 0, bins=1).scenarios, bins=2).ratio == 1.0


def test_the_numbers_of_a_narrowed_expression_keep_their_names():
    logical = BASE & scenario(parameter("v", "ego.speed - (1 m/s | 2 m/s) + 0..4 m/s", SPEED))
    assert {axis.path for axis in grid_of(logical.blocks).axes} == {"ego.speed", "v#0", "v#1"}
    missing = gaps(logical, [], bins=2)
    assert missing.logical is not None
    assert read_text(dump_spec(missing.logical), "x") == missing.logical
    assert logical.coverage(draw_array(missing.logical, 1, 0, bins=1).scenarios, bins=2).ratio == 1.0
    assert not isinstance(parse_value("1 m/s | 1 m/s", SPEED), Const)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["debris_on_lane", "lead_brakes_hard"])
def test_a_library_scenario_is_covered_pairwise_and_its_gaps_close(name):
    logical = library.load(name)
    made = draw_array(logical, 2, 0)
    assert logical.coverage(made.scenarios).ratio == 1.0 and not made.unreachable
    assert all(concrete in logical for concrete in made.scenarios[:3])
    have = sample_many(logical, 20, 1)
    missing = gaps(logical, have)
    assert missing.logical is not None and len(missing) < len(made.array)
    new = draw_array(missing.logical, 1, 3, effort=0.0).scenarios
    assert logical.coverage([*have, *new]).ratio == 1.0


def test_designs_by_name_go_through_sampling():
    logical = SPACES["ranges"]
    pairs = draw_array(logical, 2, 4).scenarios
    assert [each.digest() for each in sample_many(logical, 5, 4, "pairwise")] == [each.digest() for each in pairs[:5]]
    more = sample_many(logical, len(pairs) + 4, 4, "pairwise")
    assert len(more) == len(pairs) + 4 and len({each.digest() for each in more}) == len(more)
    assert logical.coverage(sample_many(logical, 40, 4, "2way")).ratio == 1.0
    assert np.mean([logical.coverage(sample_many(logical, 20, 4, each)).ratio for each in ("random", "sobol")]) < 0.95
    with pytest.raises(ValueError, match=r"no design 'pairwize'.*pairwise"):
        sample_many(logical, 1, 0, "pairwize")
