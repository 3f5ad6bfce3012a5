"""Statistics: closed forms, and coverage of the intervals on known distributions."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from closed_loop.metrics.definition import Scale
from closed_loop.statistics import (
    bootstrap_interval,
    compare,
    estimate,
    holm,
    sign_test,
    slice_table,
    slices_of,
    wilson_interval,
)
from tests.closed_loop.reports import report_of


def test_wilson_has_its_published_values():
    assert wilson_interval(0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert wilson_interval(10, 10) == (pytest.approx(0.7225, abs=1e-4), 1.0)
    low, high = wilson_interval(15, 148)  # Newcombe (1998), table I: 0.0624 to 0.1605
    assert (low, high) == (pytest.approx(0.0624, abs=1e-4), pytest.approx(0.1605, abs=1e-4))
    with pytest.raises(ValueError, match="no rate"):
        wilson_interval(3, 2)


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("num", [24, 60, 240])
def test_wilson_covers_as_promised_on_average(rate, num):
    """Exact coverage at one rate swings about 95 %; averaged over rates around it, it is near 95 %."""
    rates = np.clip(np.linspace(rate - 0.04, rate + 0.04, 41), 0.005, 0.995)
    intervals = np.array([wilson_interval(k, num) for k in range(num + 1)])
    coverage = []
    for true in rates:
        inside = (intervals[:, 0] <= true) & (true <= intervals[:, 1])
        coverage.append(binom.pmf(np.arange(num + 1), num, true)[inside].sum())
    assert 0.93 < np.mean(coverage) < 0.975


def test_bootstrap_covers_the_mean_of_known_distributions():
    rng = np.random.default_rng(5)
    for draw, mean in ((lambda: rng.normal(2.0, 1.0, 50), 2.0), (lambda: rng.exponential(1.0, 80), 1.0)):
        hits = 0
        for _ in range(300):
            low, high = bootstrap_interval(draw(), resamples=400)
            hits += low <= mean <= high
        assert 0.89 < hits / 300 < 0.985


def test_bootstrap_repeats_and_knows_its_seed():
    values = np.random.default_rng(0).normal(size=30)
    assert bootstrap_interval(values) == bootstrap_interval(values)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)
    assert bootstrap_interval(np.full(10, 3.0)) == (3.0, 3.0)


def test_estimates_say_what_they_are():
    assert estimate([], Scale.RATE).value is None
    assert estimate([1.0, 0.0], Scale.RATE).method == "wilson"
    assert estimate([1.5, 0.5, 1.0, 2.0, 0.0], Scale.MEAN).method == "bca"
    assert estimate([1.5, 1.5, 1.5, 1.5], Scale.MEAN).low is None


def test_sign_test_and_holm_have_their_closed_forms():
    assert sign_test(0, 0) == 1.0
    assert sign_test(6, 0) == pytest.approx(2 * 0.5**6)
    assert sign_test(5, 5) == 1.0
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([0.6, 0.9]) == (1.0, 1.0)
    assert holm([]) == ()


def test_holm_keeps_the_family_wise_error():
    rng = np.random.default_rng(2)
    false = sum(min(holm(list(rng.uniform(size=8)))) < 0.05 for _ in range(2000))
    assert false / 2000 < 0.065


def test_slices_follow_tags_and_hold_all_episodes_first():
    report = report_of("idm", collision=[0, 1, 0, 0], tags=[("road:urban", "weather:rain"), ("road:urban",),
                                                           ("road:motorway",), ("junk", "mood:bad")])  # fmt: skip
    found = slices_of(report)
    assert list(found) == ["all", "road:motorway", "road:urban", "weather:rain"]
    assert [len(episodes) for episodes in found.values()] == [4, 1, 2, 1]
    rows = {row.slice: row.estimate for row in slice_table(report, ["collision"])}
    assert rows["road:urban"].value == 0.5
    assert rows["all"].num == 4


def test_comparison_is_paired_by_scenario_whatever_the_order():
    one = report_of("a", driving_score=[0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.9, 0.8])
    two = report_of("b", driving_score=[0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.8, 0.7])
    shuffled = replace(two, episodes=two.episodes[::-1])
    for other in (two, shuffled):
        (got,) = compare(one, other, "driving_score", ["all"])
        assert got.difference == pytest.approx(0.1)
        assert (got.low, got.high) == (pytest.approx(0.1), pytest.approx(0.1))
        assert (got.num_better, got.num_worse) == (8, 0)
        assert got.p_value == pytest.approx(2 * 0.5**8)
    (only_some,) = compare(one, replace(two, episodes=two.episodes[:3]), "driving_score", ["all"])
    assert only_some.num_pairs == 3


def test_lower_is_better_is_understood():
    (got,) = compare(report_of("a", collision=[1, 1, 0]), report_of("b", collision=[0, 0, 0]), "collision", ["all"])
    assert (got.num_better, got.num_worse) == (0, 2)


def test_different_metric_versions_are_not_compared():
    one, two = report_of("a", collision=[0]), report_of("b", collision=[0])
    newer = {"collision": replace(two.metrics["collision"], version="2.0.0")}
    with pytest.raises(ValueError, match=r"version 1\.0\.0 in one report and 2\.0\.0"):
        compare(one, replace(two, metrics=newer), "collision")
