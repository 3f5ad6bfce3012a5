"""Columns of draws: the same values as scenarios drawn one by one, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import library
from scenarios.algebra import IllTyped, choice, scenario
from scenarios.sampling import DESIGNS, sample_many, sample_one
from scenarios.table import draw_table
from scenarios.types.about import parameter
from scenarios.types.actors import actor, ego
from scenarios.types.road import road
from scenarios.types.weather import weather
from scenarios.units import COUNT, LENGTH, SPEED, TEXT

BASE = scenario(road("motorway", lanes=3), ego(on="main.2", at="150 m", speed="20..30 m/s"))
WEATHER = choice((3, scenario(weather("rain"))), (1, scenario(weather("fog"))))
PIECES = {
    "a": ("0..9 m", "beta(2, 5, 0..9 m)", "normal(4 m, 2 m)", "fitted(0, 1, 1, 9 m)", "loguniform(1 m, 9 m)",
          "linked(0..9 m, ego.speed, 0.5)"),
    "b": ("1 m | 2..3 m @ 2 | 9 m", "a * 2 + 1..2 m", "if(a > 4 m, 1..2 m, a / 2)", "max(a, 3 m) - min(a, 1..2 m)",
          "histogram(1 @ 1, 2 @ 0, 3 @ 4, 10 m)", "abs(a - 5 m) + sqrt(a * a)"),
    "c": ("if(b > 3 m and a < 7 m, b, a > 1 m, 2 m | 3 m, 0..1 m)", "triangular(0, 2, 9 m)", "-a + b"),
}  # fmt: skip
CONDITIONS = ("a < 6 m", "a + b > 2 m", "b > 2 m or a > 5 m", "not (c > b + 6 m)", "a != b", "ego.speed > 22 m/s")


def same(table, index, draws):
    row = table.row(index)
    shared = {path: value for path, value in draws.items() if path in row}
    return all(type(row[p]) is type(v) and repr(row[p]) == repr(v) for p, v in shared.items()) and shared


@settings(deadline=None, max_examples=20)
@given(
    st.tuples(*(st.sampled_from(texts) for texts in PIECES.values())), st.sets(st.sampled_from(CONDITIONS), max_size=2),
    st.integers(0, 2**40), st.sampled_from(DESIGNS),
)  # fmt: skip
def test_columns_batches_and_single_draws_have_the_same_bytes(texts, conditions, seed, design):
    logical = BASE & WEATHER & scenario(*(parameter(n, t, LENGTH) for n, t in zip(PIECES, texts, strict=True)))
    for condition in sorted(conditions):
        logical = logical.where(condition)
    many = sample_many(logical, 12, seed, design)
    table = draw_table(logical, 12, seed, design)
    for index, concrete in enumerate(many):
        assert same(table, index, concrete.draws)
        assert set(concrete.draws) <= set(table.row(index))
    assert many[5] == sample_one(logical, 5, 12, seed, design)
    assert table.rows() == [table.row(index) for index in range(12)]


@pytest.mark.parametrize("name", ["cut_in", "late_pedestrian", "work_zone_lane_closure"])
def test_a_batch_of_the_library_is_its_single_draws(name):
    logical = library.load(name)
    many, table = sample_many(logical, 20, 3), draw_table(logical, 20, 3)
    for index in (0, 7, 19):
        assert many[index].digest() == logical.sample(3, index).digest()
    agreeing = sum(bool(same(table, index, concrete.draws)) for index, concrete in enumerate(many))
    # Scenarios whose actors would begin in one another are drawn again; the table does not know of it.
    assert agreeing >= 12


def test_a_batch_does_not_hang_on_its_size():
    logical = BASE & WEATHER & scenario(actor("x", on="main.1 | main.3", at="0..700 m", speed="5..9 m/s"))
    large = sample_many(logical, 40, 2)
    assert sample_many(logical, 7, 2) == large[:7]
    few, many = draw_table(logical, 7, 2), draw_table(logical, 20_000, 2)
    assert [few.row(i) for i in range(7)] == [many.row(i) for i in range(7)]
    assert len(many.columns["ego.speed"]) == 20_000


def test_paths_of_an_option_are_marked_where_they_are():
    table = draw_table(BASE & WEATHER, 2000, 1)
    foggy = table.present["weather.fog_visibility"]
    assert 0.2 < foggy.mean() < 0.3
    assert (foggy == ~table.present["weather.rain"]).all()
    assert all(("weather.rain" in table.row(i)) == (not foggy[i]) for i in range(50))


def test_counts_names_and_flags_keep_their_types():
    logical = BASE & scenario(parameter("n", "2..5", COUNT), parameter("kind", "car @ 2 | van", TEXT),
                              parameter("fast", "= if(n > 3, 'yes', kind)", TEXT))  # fmt: skip
    table = draw_table(logical, 300, 1)
    row = table.row(0)
    assert isinstance(row["n"], int) and isinstance(row["kind"], str)
    assert set(table.columns["fast"].tolist()) == {"yes", "car", "van"}


def test_what_has_no_value_is_refused_as_it_is_alone():
    logical = BASE & scenario(parameter("n", "0..3", COUNT), parameter("x", "ego.speed / n", SPEED))
    with pytest.raises(IllTyped, match="has no value here"):
        draw_table(logical, 50, 1)
    with pytest.raises(IllTyped, match="has no value here"):
        sample_many(logical, 50, 1)
    guarded = BASE & scenario(parameter("n", "0..3", COUNT), parameter("x", "if(n > 0, ego.speed / n, 0 m/s)", SPEED))
    assert np.isfinite(draw_table(guarded, 50, 1).columns["x"].astype(float)).all()


def test_a_branch_that_is_not_taken_is_not_drawn():
    logical = BASE & scenario(parameter("v", "if(ego.speed > 25 m/s, 60 km/h, 90..110 km/h)", SPEED))
    for index in range(20):
        draws = logical.sample(1, index).draws
        assert ("v#0" in draws) == (draws["ego.speed"] <= 25)
        assert draws["v"] == draws.get("v#0", 60 / 3.6)
        assert logical.sample(1, index) in logical
