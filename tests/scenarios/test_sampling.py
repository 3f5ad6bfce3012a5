import numpy as np
import pytest

from scenarios import library
from scenarios.algebra import scenario
from scenarios.sampling import DESIGNS, axes_of, grid_levels, sample_many, sample_one
from scenarios.types.about import parameter
from scenarios.types.actors import ego
from scenarios.types.road import road
from scenarios.types.weather import weather
from scenarios.units import LENGTH, SPEED

SPACE = (
    scenario(road("rural"), ego(on="main.1", at="30 m", speed="10..20 m/s"), parameter("gap", "0..8 m", LENGTH))
    & (scenario(weather("rain")) | scenario(weather("fog")))
)  # fmt: skip


@pytest.mark.parametrize("design", DESIGNS)
def test_each_index_can_be_made_alone(design):
    many = sample_many(SPACE, 9, 5, design)
    assert many == sample_many(SPACE, 9, 5, design)
    assert all(many[i] == sample_one(SPACE, i, 9, 5, design) for i in (0, 4, 8))
    assert all(concrete in SPACE for concrete in many)
    assert many != sample_many(SPACE, 9, 6, design)


def test_a_latin_hypercube_has_one_draw_in_each_stratum():
    gaps = sorted(concrete.draws["gap"] for concrete in sample_many(SPACE, 32, 1, "lhs"))
    assert [int(gap * 4) for gap in gaps] == list(range(32))


def test_sobol_points_fill_elementary_intervals():
    draws = [concrete.draws for concrete in sample_many(SPACE, 64, 1, "sobol")]
    for path, low, width in (("gap", 0.0, 8.0), ("ego.speed", 10.0, 10.0)):
        cells = np.histogram([draw[path] for draw in draws], 64, (low, low + width))[0]
        assert (cells == 1).all()


def test_a_grid_visits_every_cell():
    small = scenario(road("rural"), ego(on="main.1", at="30 m", speed="10..20 m/s"), parameter("v", "0..9 m/s", SPEED))
    draws = [concrete.draws for concrete in sample_many(small, 9, 1, "grid")]
    assert axes_of(small) == ("ego.speed", "v") and grid_levels(2, 9) == (3, 3)
    found = {(round(draw["ego.speed"], 6), round(draw["v"], 6)) for draw in draws}
    middles = [10 + 10 * (i + 0.5) / 3 for i in range(3)], [9 * (i + 0.5) / 3 for i in range(3)]
    assert found == {(round(a, 6), round(b, 6)) for a in middles[0] for b in middles[1]}


def test_designs_spread_better_than_chance():
    def empty(design: str) -> int:
        gaps = [concrete.draws["gap"] for concrete in sample_many(SPACE, 64, 3, design)]
        return int((np.histogram(gaps, 64, (0, 8))[0] == 0).sum())

    assert empty("lhs") == empty("sobol") == 0 < empty("random")


def test_restrictions_hold_under_every_design():
    bound = SPACE.where("gap > 4 m")
    for design in DESIGNS:
        assert all(concrete.draws["gap"] > 4 for concrete in sample_many(bound, 16, 2, design))


def test_unknown_designs_and_indices_are_refused():
    with pytest.raises(ValueError, match="sobol"):
        sample_many(SPACE, 1, 1, "sobo")
    with pytest.raises(ValueError, match="index 3"):
        sample_one(SPACE, 3, 3, 1)


def test_library_scenarios_take_every_design():
    for design in DESIGNS:
        assert len({concrete.digest() for concrete in sample_many(library.load("cut_in"), 5, 1, design)}) == 5
