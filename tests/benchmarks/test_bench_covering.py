"""The benchmark of covering arrays measures what it says."""

from math import isfinite

import pytest

from benchmarks.bench_covering import ALKS, Sizes, alks_axes, measure, num_shown
from scenarios.designs.covering import covering_array


@pytest.mark.slow
def test_covering_is_measured():
    figures = measure(Sizes(repeats=1, num_tags=5, with_peer=False))
    found = {figure.name: figure for figure in figures}
    assert len(found) == len(figures) == 12
    assert all(isfinite(figure.value) and figure.value > 0 and figure.unit for figure in figures)
    assert found["ALKS 4_4_1 2-way feasible tuples covered"].value == 506
    assert found["ALKS 4_4_1 3-way feasible tuples covered"].goal_met
    assert found["feasible pairs that it covers"].value == 10 * 25 - 4


def test_pairs_of_rows_that_break_a_relation_do_not_count():
    axes = alks_axes()
    rows = [list(test.values()) for test in covering_array(axes, 2).tests()]
    assert num_shown(axes, rows) == 506
    broken = [ALKS["ego_kph"][0], "car", 1, -50.0, 0.0, 3.0, 0.0]
    assert num_shown(axes, [broken]) == 0 and num_shown(axes, [rows[0][:5]]) == 0
