"""The benchmark of the monitor measures what it says."""

from math import isfinite

from benchmarks.bench_rules import SPECS, Sizes, measure


def test_the_monitor_is_measured():
    figures = measure(Sizes(batch=20, repeats=1, with_peer=False))
    assert len(figures) == 3 * len(SPECS) and len({figure.name for figure in figures}) == len(figures)
    assert all(isfinite(figure.value) and figure.value > 0 and figure.unit for figure in figures)
