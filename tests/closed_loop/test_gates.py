"""The gate: each outcome of each rule, and reasons that name metric, slice, values and interval."""

from dataclasses import replace

import pytest

from closed_loop.gates import CoverageRule, GateRules, LimitRule, Outcome, RegressionRule, decide
from driving_data.errors import InputError
from tests.closed_loop.reports import report_of

N = 40


def pair(mine, theirs, metric="collision", tags=None):
    return report_of("new", tags, **{metric: mine}), report_of("old", tags, **{metric: theirs})


def only(**rules):
    return GateRules(**{"regressions": (), "limits": (), "coverage": (), **rules})


def test_no_worse_is_accepted():
    decision = decide(*pair([0] * N, [1] * 5 + [0] * (N - 5)), only(regressions=(RegressionRule("collision"),)))
    assert decision.outcome is Outcome.ACCEPT
    assert decision.against() == ()


def test_a_sure_regression_is_rejected_with_its_figures():
    decision = decide(*pair([1] * 15 + [0] * 25, [0] * N), only(regressions=(RegressionRule("collision"),)))
    assert decision.outcome is Outcome.REJECT
    reason = decision.against()[0]
    assert (reason.metric, reason.slice, reason.candidate, reason.baseline) == ("collision", "all", 0.375, 0.0)
    assert reason.low is not None and reason.low > 0
    assert "0.375 against 0 in 40 pairs" in reason.text


def test_a_regression_that_may_be_chance_is_insufficient_evidence():
    decision = decide(*pair([1, 1] + [0] * 38, [0] * N), only(regressions=(RegressionRule("collision"),)))
    assert decision.outcome is Outcome.INSUFFICIENT_EVIDENCE


def test_a_regression_in_one_slice_is_found_although_the_whole_is_better():
    tags = [("road:urban",)] * 20 + [("road:motorway",)] * 20
    mine, theirs = [1] * 12 + [0] * 28, [0] * 20 + [1] * 20
    decision = decide(*pair(mine, theirs, tags=tags), only(regressions=(RegressionRule("collision"),)))
    assert decision.outcome is Outcome.REJECT
    assert [reason.slice for reason in decision.against()] == ["road:urban"]


def test_small_slices_are_left_to_the_coverage_rule():
    tags = [("road:urban",)] * 37 + [("road:motorway",)] * 3
    reports = pair([0] * 37 + [1] * 3, [1] * 3 + [0] * 37, tags=tags)
    assert decide(*reports, only(regressions=(RegressionRule("collision"),))).outcome is Outcome.ACCEPT
    rules = only(regressions=(RegressionRule("collision"),), coverage=(CoverageRule("road:motorway", 10),))
    decision = decide(*reports, rules)
    assert decision.outcome is Outcome.INSUFFICIENT_EVIDENCE
    assert "road:motorway: 3 episodes were driven, at least 10" in decision.against()[0].text


@pytest.mark.parametrize(
    ("hits", "outcome"),
    [(0, Outcome.ACCEPT), (6, Outcome.INSUFFICIENT_EVIDENCE), (30, Outcome.REJECT)],
)
def test_limits_look_at_the_whole_interval(hits, outcome):
    reports = pair([1] * hits + [0] * (N - hits), [0] * N)
    assert decide(*reports, only(limits=(LimitRule("collision", 0.2),))).outcome is outcome


def test_limits_of_metrics_that_should_be_high_are_lower_ones():
    reports = pair([0.9] * N, [0.5] * N, metric="driving_score")
    assert decide(*reports, only(limits=(LimitRule("driving_score", 0.8),))).outcome is Outcome.ACCEPT
    assert decide(*reports, only(limits=(LimitRule("driving_score", 0.95),))).outcome is Outcome.REJECT


def test_tolerance_is_allowed():
    reports = pair([0.86] * N, [0.9] * N, metric="driving_score")
    strict = only(regressions=(RegressionRule("driving_score"),))
    lenient = only(regressions=(RegressionRule("driving_score", tolerance=0.05),))
    assert decide(*reports, strict).outcome is Outcome.REJECT
    assert decide(*reports, lenient).outcome is Outcome.ACCEPT


def test_errors_are_insufficient_evidence():
    candidate = report_of("new", errors=(3,), collision=[0] * N)
    decision = decide(candidate, report_of("old", collision=[0] * N), only())
    assert decision.outcome is Outcome.INSUFFICIENT_EVIDENCE
    assert decision.against()[0].rule == "errors"


def test_unlike_suites_and_unknown_metrics_are_told_at_once():
    one, two = pair([0] * N, [0] * N)
    with pytest.raises(InputError) as caught:
        decide(one, replace(two, suite_digest="e" * 64), only(limits=(LimitRule("colision", 0.1),)))
    text = str(caught.value)
    assert "two reports on the same scenarios" in text
    assert "did you mean 'collision'" in text


def test_rules_come_from_plain_data_and_keep_defaults():
    rules = GateRules.from_plain({"limits": [{"metric": "off_road", "limit": 0.1}], "alpha": 0.01})
    assert rules.limits == (LimitRule("off_road", 0.1),)
    assert rules.alpha == 0.01
    assert rules.regressions == GateRules().regressions
    with pytest.raises(InputError, match="did you mean 'limits'"):
        GateRules.from_plain({"limit": []})
    with pytest.raises(InputError, match="a number"):
        GateRules.from_plain({"alpha": "small"})
