"""The gate: each outcome of each rule, with inputs on which a simpler gate decides otherwise."""

from dataclasses import replace

import numpy as np
import pytest

from closed_loop.gates.decide import CoverageRule, GatePlan, LimitRule, MetricRule, Outcome, SignOff, decide, signed
from closed_loop.gates.plans import read_plan
from closed_loop.results import Failure
from driving_data.errors import InputError
from tests.closed_loop.reports import report_of

N = 200


def pair(mine, theirs, metric="collision", tags=None, **rest):
    return report_of("new", tags, **{metric: mine}, **rest), report_of("old", tags, **{metric: theirs}, **rest)


def only(*rules, **rest):
    return GatePlan(**{"regressions": rules, "limits": (), "coverage": (), "hard": (), **rest})


def bits(num, *places):
    """`num` zeros with ones in the given ranges."""
    values = np.zeros(num, dtype=int)
    for place in places:
        values[place] = 1
    return values.tolist()


def reasons(decision, rule):
    return [reason for reason in decision.reasons if reason.rule == rule]


def test_shown_to_be_no_worse_passes():
    decision = decide(*pair(bits(N, slice(0, 4)), bits(N, slice(0, 6))), only(MetricRule("collision")))
    assert decision.outcome is Outcome.PASS
    assert decision.against() == ()


def test_an_identical_model_on_few_scenarios_holds_and_is_told_how_many_are_missing():
    """A gate that only looks for significant regressions would pass ten scenarios."""
    decision = decide(*pair(bits(30, slice(0, 2)), bits(30, slice(0, 2))),
                      only(MetricRule("collision", 0.02, slices=("all",))))  # fmt: skip
    assert decision.outcome is Outcome.HOLD
    (reason,) = decision.against()
    assert reason.rule == "non-inferiority"
    assert reason.num_needed is not None and reason.num_needed > 30
    assert "more scenarios may settle it" in reason.text


def test_no_difference_in_few_pairs_is_no_proof():
    """The normal interval of ten pairs without a difference has no width and would pass."""
    decision = decide(*pair([0] * 20, [0] * 20), only(MetricRule("collision", 0.05)))
    assert decision.outcome is Outcome.HOLD
    assert decision.against()[0].high == pytest.approx(1.6449**2 / (20 + 1.6449**2), abs=1e-4)


def test_a_sure_regression_blocks_with_its_figures():
    decision = decide(*pair(bits(N, slice(0, 30)), bits(N, slice(0, 10))), only(MetricRule("collision")))
    assert decision.outcome is Outcome.BLOCK
    reason = decision.against()[0]
    assert (reason.rule, reason.metric, reason.slice) == ("regression", "collision", "all")
    assert (reason.num_both_fail, reason.num_only_candidate, reason.num_only_baseline) == (10, 20, 0)
    assert reason.p_value == pytest.approx(0.5**20)
    assert "0.15 against 0.05 in 200 pairs" in reason.text


def test_pairs_decide_not_totals():
    """12 against 4 of 200: Fisher's unpaired test has p = 0.07; in pairs eight of eight differ in one direction."""
    decision = decide(*pair(bits(N, slice(0, 12)), bits(N, slice(0, 4))), only(MetricRule("collision")))
    assert decision.outcome is Outcome.BLOCK
    shuffled = decide(*pair(bits(N, slice(0, 12)), bits(N, slice(100, 104))), only(MetricRule("collision", 0.2)))
    assert reasons(shuffled, "regression")[0].p_value == pytest.approx(0.0384, abs=1e-4), "12 new, 4 mended"
    assert reasons(shuffled, "regression")[0].outcome is Outcome.PASS, "half of alpha is for the slices"


def test_one_slice_is_corrected_for_the_others():
    """Six of six in one of eight slices: p = 0.016 alone, 0.125 after Holm."""
    tags = [(f"road:{k % 8}",) for k in range(N)]
    mine = [1 if k % 8 == 3 and k // 8 < 6 else 0 for k in range(N)]
    decision = decide(*pair(mine, [0] * N, tags=tags), only(MetricRule("collision", 0.5), slice_share=1.0))
    (reason,) = [r for r in reasons(decision, "regression") if r.slice == "road:3"]
    assert reason.p_value == pytest.approx(0.5**6)
    assert reason.p_adjusted == pytest.approx(8 * 0.5**6)
    assert reason.outcome is Outcome.PASS
    worse = [1 if k % 8 == 3 and k // 8 < 9 else 0 for k in range(N)]
    decision = decide(*pair(worse, [0] * N, tags=tags), only(MetricRule("collision", 0.5), slice_share=1.0))
    assert [r.slice for r in decision.against() if r.rule == "regression"] == ["road:3"]


def test_margins_follow_severity():
    tags = [("actor:pedestrian",)] * 100 + [("actor:car",)] * 100
    plan = only(MetricRule("collision", 0.05, {"critical": 0.01}))
    decision = decide(*pair([0] * N, [0] * N, tags=tags), plan)
    assert [r.slice for r in decision.against()] == ["actor:pedestrian"]
    assert decision.against()[0].threshold == 0.01


def test_missing_episodes_are_never_passes():
    """Five episodes whose worker died: counted as passes they would make the candidate look better than it is."""
    tags = [("road:urban",)] * N
    mine = report_of("new", tags, errors=tuple(range(5)), collision=[0] * N)
    theirs = report_of("old", tags, collision=bits(N, slice(0, 5)))
    decision = decide(mine, theirs, only(MetricRule("collision")))
    assert decision.outcome is Outcome.HOLD
    reason = decision.against()[0]
    assert (reason.rule, reason.candidate) == ("missing", 5.0)
    assert reasons(decision, "regression")[0].num == N - 5
    assert decide(mine, theirs, only(MetricRule("collision"), max_missing=0.03)).outcome is Outcome.PASS


def test_repeats_of_one_scenario_are_one_scenario():
    """Ten scenarios, each run ten times, of which one fails every time: one in ten, and no McNemar with 10 of 10."""
    tags = [(f"origin:{k // 10}", f"repeat:{k % 10}") for k in range(100)]
    decision = decide(*pair(bits(100, slice(0, 10)), [0] * 100, tags=tags), only(MetricRule("collision", 0.9)))
    (reason,) = reasons(decision, "regression")
    assert (reason.num_only_candidate, reason.p_value) == (1, 0.5)
    assert reason.outcome is Outcome.PASS


@pytest.mark.parametrize(("hits", "outcome"), [(0, Outcome.PASS), (30, Outcome.HOLD), (70, Outcome.BLOCK)])
def test_limits_look_at_the_whole_interval(hits, outcome):
    reports = pair(bits(N, slice(0, hits)), [0] * N)
    assert decide(*reports, only(limits=(LimitRule("collision", 0.2),))).outcome is outcome


def test_limits_of_rates_are_exact():
    """2 of 1000: Clopper-Pearson reaches to 0.72 %, Wilson to 0.73 %, the normal interval to 0.48 % only."""
    reports = pair(bits(1000, slice(0, 2)), [0] * 1000)
    assert decide(*reports, only(limits=(LimitRule("collision", 0.0072),))).outcome is Outcome.HOLD
    found = decide(*reports, only(limits=(LimitRule("collision", 0.0073),)))
    assert found.outcome is Outcome.PASS
    (reason,) = reasons(found, "limit")
    assert (reason.low, reason.high) == (pytest.approx(0.000242, abs=2e-6), pytest.approx(0.00721, abs=1e-5))


def test_limits_of_metrics_that_should_be_high_are_lower_ones():
    reports = pair(np.linspace(0.88, 0.92, N).tolist(), [0.5] * N, metric="driving_score")
    assert decide(*reports, only(limits=(LimitRule("driving_score", 0.8),))).outcome is Outcome.PASS
    assert decide(*reports, only(limits=(LimitRule("driving_score", 0.95),))).outcome is Outcome.BLOCK


def test_coverage_counts_scenarios_and_knows_slices_and_names():
    tags = [("road:urban",)] * 37 + [("road:motorway",)] * 3
    reports = pair([0] * 40, [0] * 40, tags=tags)
    plan = only(coverage=(CoverageRule("road:motorway", 3), CoverageRule("follow", 40)))
    assert decide(*reports, plan).outcome is Outcome.PASS
    decision = decide(*reports, only(coverage=(CoverageRule("road:motorway", 4), CoverageRule("tunnel"))))
    assert decision.outcome is Outcome.HOLD
    assert "road:motorway: 3 scenarios were driven, at least 4" in decision.against()[0].text
    assert decision.against()[1].num == 0


def with_pedestrian(report, k):
    episode = report.episodes[k]
    failure = replace(episode.failures[0], actor_kind="pedestrian", geometry="active_front")
    episodes = (*report.episodes[:k], replace(episode, failures=(failure,)), *report.episodes[k + 1 :])
    return replace(report, episodes=episodes)


def test_one_pedestrian_that_the_baseline_spares_blocks_whatever_the_averages_say():
    """Collisions fall from 20 to 1; that one is a pedestrian in a scenario that the baseline passes."""
    mine, theirs = pair(bits(N, slice(50, 51)), bits(N, slice(0, 20)))
    plan = only(MetricRule("collision"), hard=("vru_collision",))
    assert decide(mine, theirs, plan).outcome is Outcome.PASS
    decision = decide(with_pedestrian(mine, 50), theirs, plan)
    assert decision.outcome is Outcome.BLOCK
    assert decision.against()[0].rule == "hard"
    spared = decide(with_pedestrian(mine, 50), replace(theirs, episodes=mine.episodes), plan)
    assert spared.outcome is not Outcome.BLOCK, "the baseline fails there too"


def test_a_new_mode_of_failure_blocks():
    plan = only(hard=("new_failure_mode",), min_new_mode=3)
    mine, theirs = pair(bits(N, slice(0, 3)), bits(N, slice(0, 9)))
    assert decide(mine, theirs, plan).outcome is Outcome.PASS
    moved = replace(mine, episodes=tuple(
        replace(e, failures=(Failure("off_road", "left the road", 4.0),)) if e.failures else e for e in mine.episodes
    ))  # fmt: skip
    assert decide(moved, theirs, plan).outcome is Outcome.BLOCK


def test_a_mean_is_tested_by_flipping_signs_in_pairs():
    rng = np.random.default_rng(3)
    level = rng.uniform(0.2, 0.9, N)
    mine, theirs = level - rng.uniform(0.0, 0.02, N), level
    decision = decide(*pair(mine.tolist(), theirs.tolist(), metric="driving_score"),
                      only(MetricRule("driving_score", 0.05)))  # fmt: skip
    assert decision.outcome is Outcome.BLOCK, "small, but in every pair; unpaired it drowns in the spread"
    same = decide(*pair(level.tolist(), level.tolist(), metric="driving_score"), only(MetricRule("driving_score")))
    assert same.outcome is Outcome.PASS


def test_a_changed_plan_is_refused_and_one_that_came_after_the_run_holds():
    plan = only(MetricRule("collision"))
    mine, theirs = (replace(r, plan_digest=plan.digest()) for r in pair([0] * N, [0] * N))
    assert decide(mine, theirs, plan, registered=True).outcome is Outcome.PASS
    loose = only(MetricRule("collision", 0.06))
    with pytest.raises(InputError, match="under which the candidate was run"):
        decide(mine, theirs, loose, registered=True)
    late = decide(*pair([0] * N, [0] * N), plan, registered=True)
    assert late.outcome is Outcome.HOLD
    assert "was not fixed before" in late.against()[0].text


def test_signatures_are_of_one_decision_by_those_who_may():
    plan = only(MetricRule("collision"), sign_offs=1, reviewers=("Ada", "Grace"))
    reports = pair([0] * N, [0] * N)
    decision = decide(*reports, plan)
    assert decision.outcome is Outcome.HOLD
    assert decision.against()[0].rule == "sign-off"
    mark = SignOff("Ada", "2026-05-31", decision.digest())
    final = signed(decision, plan, [mark])
    assert final.outcome is Outcome.PASS
    assert final.digest() == decision.digest(), "what was signed does not change by the signature"
    assert final.sign_offs == (mark,)
    with pytest.raises(InputError, match="a signature of this decision") as caught:
        signed(decision, plan, [SignOff("Adda", "2026-05-31", "0" * 64)])
    assert "did you mean 'Ada'" in str(caught.value)
    with pytest.raises(InputError, match="a day as 2026-05-31"):
        SignOff("Ada", "yesterday", decision.digest())


def test_a_signature_mends_no_regression():
    plan = only(MetricRule("collision"), sign_offs=1)
    decision = decide(*pair(bits(N, slice(0, 30)), [0] * N), plan)
    assert signed(decision, plan, [SignOff("Ada", "2026-05-31", decision.digest())]).outcome is Outcome.BLOCK


def test_flips_are_listed_with_what_plays_them_again():
    decision = decide(*pair(bits(N, slice(0, 2)), bits(N, slice(1, 3))), only())
    assert [(flip.index, flip.fails) for flip in decision.flips] == [(0, "candidate"), (2, "baseline")]
    assert decision.flips[0].command == f"roadloom replay failures/new-follow-{0:012d}.json new"


def test_looking_early_is_allowed_with_e_values_only():
    """Five of five after five pairs that differ: p = 0.031 once, but e = 10.3 is below 20."""
    plan = only(MetricRule("collision", 0.9))
    reports = pair(bits(20, slice(0, 5)), [0] * 20)
    assert decide(*reports, replace(plan, slice_share=0.0)).outcome is Outcome.BLOCK
    looked = decide(*reports, replace(plan, slice_share=0.0, sequential=True))
    assert reasons(looked, "regression")[0].outcome is Outcome.PASS
    assert reasons(looked, "regression")[0].p_value == pytest.approx(1 / (2 * (1 - 0.5**6) / 6 * 2**5), rel=1e-6)


def test_unlike_suites_and_unknown_metrics_are_told_at_once():
    one, two = pair([0] * N, [0] * N)
    with pytest.raises(InputError) as caught:
        decide(one, replace(two, suite_digest="e" * 64), only(limits=(LimitRule("colision", 0.1),)))
    text = str(caught.value)
    assert "two reports on the same scenarios" in text
    assert "did you mean 'collision'" in text


def test_plans_come_from_yaml_keep_defaults_and_tell_every_fault(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text("name: june\nalpha: 0.01\nlimits: [{metric: off_road, limit: 0.1}]\n")
    plan = read_plan(file)
    assert (plan.alpha, plan.limits) == (0.01, (LimitRule("off_road", 0.1),))
    assert plan.regressions == GatePlan().regressions
    file.write_text("# a remark changes nothing\nname: june\nlimits: [{limit: 0.1, metric: off_road}]\nalpha: 0.010\n")
    assert read_plan(file).digest() == plan.digest()
    file.write_text("name: june\nalpha: 0.02\nlimits: [{metric: off_road, limit: 0.1}]\n")
    assert read_plan(file).digest() != plan.digest()
    for text, message in (
        ("limit: []\n", "did you mean 'limits'"),
        ("alpha: small\n", "a number"),
        ("alpha: 1.5\nhard: [no_crash]\n", "between 0 and 1[^$]*vru_collision"),
        ("regressions: [{metric: collision, margin: 0}]\n", "above 0"),
        ("- 3\n", "a mapping"),
        ("name: [\n", "valid YAML"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=message):
            read_plan(file)


WRONG = """\
name: june
alhpa: 0.05
regressions:
  - {metric: colision, margin: 0.05}
  - {metric: collision, margin: -0.1, margins: {critcal: 0.02, critical: .nan}}
  - {margin: 0.05, slices: all}
limits: [{metric: off_road, limit: a lot}]
coverage:
  - slice: "actor:pedestrian"
    min_episodes: 0
hard: [vru_colision]
slice_share: 0.5
max_missing: 2
sign_offs: -1
name: july
"""


def test_every_fault_of_a_plan_is_told_with_its_place_and_the_nearest_name(tmp_path):
    """One that stops at the first fault tells one line; one without places tells no numbers."""
    file = tmp_path / "plan.yaml"
    file.write_text(WRONG)
    with pytest.raises(InputError) as caught:
        read_plan(file)
    told = [(fault.line, fault.column, fault.path, fault.nearest) for fault in caught.value.faults]
    assert told == [
        (2, 1, "plan.alhpa", "alpha"),
        (4, 6, "plan.regressions[0].metric", "collision"),
        (5, 25, "plan.regressions[1].margin", None),
        (5, 49, "plan.regressions[1].margins.critcal", "critical"),
        (5, 64, "plan.regressions[1].margins.critical", None),
        (6, 5, "plan.regressions[2]", None),
        (6, 20, "plan.regressions[2].slices", None),
        (7, 29, "plan.limits[0].limit", None),
        (10, 5, "plan.coverage[0].min_episodes", None),
        (11, 8, "plan.hard[0]", "vru_collision"),
        (13, 1, "plan.max_missing", None),
        (14, 1, "plan.sign_offs", None),
        (15, 1, "plan.name", None),
    ]
    text = str(caught.value)
    assert f"{file}:5:25: plan.regressions[1].margin: -0.1; expected a number above 0" in text
    assert f"{file}:6:5: plan.regressions[2]: expected the key 'metric'" in text
    assert f"{file}:15:1: plan.name: the same key again" in text


def test_rules_of_the_former_gate_are_recognised():
    with pytest.raises(InputError) as caught:
        GatePlan.from_plain({"max_errors": 0, "regressions": [{"metric": "collision", "tolerance": 0.05}]})
    assert [fault.nearest for fault in caught.value.faults] == ["max_missing", "margin"]
