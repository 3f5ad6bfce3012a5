"""Statistics: closed forms, and coverage of the intervals on known distributions."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.stats import binom

from closed_loop.metrics.definition import Scale
from closed_loop.statistics.comparisons import (
    bootstrap_interval,
    compare,
    estimate,
    holm,
    sign_test,
    slice_table,
    slices_of,
    wilson_interval,
)
from closed_loop.statistics.intervals import bca_interval, clopper_pearson_interval, tango_interval
from closed_loop.statistics.paired_tests import e_value, sequential, sign_flip_test
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


def test_clopper_pearson_has_its_published_values():
    """2 of 1000; rule of three: 0 of 299 leaves 1 %."""
    assert clopper_pearson_interval(2, 1000) == (pytest.approx(0.000242, abs=1e-6), pytest.approx(0.007206, abs=1e-6))
    assert clopper_pearson_interval(0, 299, 0.90) == (0.0, pytest.approx(0.00997, abs=1e-5))
    assert clopper_pearson_interval(7, 7)[1] == 1.0


def test_bca_leans_with_the_skew_where_percentiles_do_not():
    """Efron's point: for skewed values both ends move to the long side. Reference: scipy.stats.bootstrap."""
    values = np.random.default_rng(4).exponential(1.0, 30) ** 2
    low, high = bca_interval(values, resamples=9999)
    reference = stats.bootstrap((values,), np.mean, method="BCa", n_resamples=9999, random_state=1).confidence_interval
    assert (low, high) == (pytest.approx(reference.low, rel=0.03), pytest.approx(reference.high, rel=0.03))
    percentile = stats.bootstrap((values,), np.mean, method="percentile", random_state=1).confidence_interval
    assert high > percentile.high + 0.1


def test_values_of_one_cluster_are_no_independent_evidence():
    """Six clusters of ten equal values: sixty values, but evidence of six."""
    values = np.repeat(np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0]), 10)
    narrow, wide = bca_interval(values), bca_interval(values, np.repeat(np.arange(6), 10))
    assert wide[1] - wide[0] > 2.5 * (narrow[1] - narrow[0])
    assert bca_interval(values[::10]) == pytest.approx(wide)


def test_repeats_count_once_in_a_rate():
    """One of ten scenarios fails in all of its ten runs: 1 of 10, not 10 of 100."""
    values = [1.0] * 10 + [0.0] * 90
    found = estimate(values, Scale.RATE, clusters=[k // 10 for k in range(100)])
    assert (found.low, found.high) == pytest.approx(wilson_interval(1, 10))
    assert found.num_clusters == 10 and found.num == 100
    assert estimate(values, Scale.RATE).high < 0.5 * found.high


@pytest.mark.parametrize(("up", "down", "num"), [(0, 1, 43), (3, 9, 40), (12, 2, 60)])
def test_tango_is_where_the_score_statistic_reaches_its_limit(up, down, num):
    """At the ends the likelihood, maximised over the nuisance rate by search, gives a statistic of +-1.96."""
    for end, z in zip(tango_interval(up, down, num), (1.959964, -1.959964), strict=True):

        def loss(q, end=end):
            return -(up * np.log(q + end) + down * np.log(q) + (num - up - down) * np.log(1 - 2 * q - end))

        bounds = (max(0.0, -end) + 1e-9, 0.5 * (1 - end) - 1e-9)
        q = optimize.minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-10}).x
        statistic = (up - down - num * end) / np.sqrt(num * (2 * q + end * (1 - end)))
        assert statistic == pytest.approx(z, abs=2e-3)


def test_tango_keeps_a_width_without_differences():
    z = 1.959964
    assert tango_interval(0, 0, 50) == (pytest.approx(-z * z / (50 + z * z)), pytest.approx(z * z / (50 + z * z)))
    assert tango_interval(5, 5, 5 + 5)[0] == pytest.approx(-tango_interval(5, 5, 10)[1])
    assert tango_interval(0, 6, 6)[0] == -1.0


def test_tango_swaps_with_the_policies():
    for b, c, n in ((3, 9, 40), (0, 4, 12), (7, 7, 100)):
        low, high = tango_interval(b, c, n)
        assert tango_interval(c, b, n) == (pytest.approx(-high), pytest.approx(-low))
        assert low <= (b - c) / n <= high


def test_sign_flips_are_exact_for_few_and_agree_with_scipy():
    losses = np.array([0.3, 0.1, -0.05, 0.4, 0.2])
    exact = stats.permutation_test((losses,), np.mean, permutation_type="samples", alternative="greater").pvalue
    assert sign_flip_test(losses) == pytest.approx(exact) == pytest.approx(2 / 32)
    assert sign_flip_test(np.full(6, 0.1), np.array([0, 0, 0, 1, 1, 1])) == 0.25, "two clusters, whatever their size"
    many = np.random.default_rng(1).normal(0.3, 1.0, 60)
    assert sign_flip_test(many) == pytest.approx(stats.ttest_1samp(many, 0.0, alternative="greater").pvalue, abs=0.01)
    assert sign_flip_test(np.zeros(4)) == 1.0


def test_e_values_are_fair_bets():
    """The expectation of the e-value after any number of fair coins is 1; by hand: 3 of 3 worse gives 30/8."""
    assert e_value(0, 3) == pytest.approx(2 * 8 * (1 - 0.5**4) / 4)
    for num in (1, 4, 9):
        mean = sum(binom.pmf(worse, num, 0.5) * e_value(num - worse, worse) for worse in range(num + 1))
        assert mean == pytest.approx(1.0)
    # Six worse give 127 / 7 = 18.1 (the eighth place), seven 255 / 8 = 31.9: 20 is passed at the ninth.
    got = sequential([1, 0, 1, 1, 0, 1, 1, 1, 1, 1])
    assert got.stopped_at == 9 and got.p_value < 0.05
    assert sequential([1] * 3 + [-1] * 9).p_value == pytest.approx(1 / 3.75)


def test_missing_episodes_are_in_no_pair():
    one = report_of("a", collision=[0, 0, 0, 0], errors=(1,))
    (got,) = compare(one, report_of("b", collision=[1, 1, 0, 0]), "collision", ["all"])
    assert (got.num_pairs, got.num_better) == (3, 1)
