"""Failure modes, counterfactuals, sensitivity, shadow mode, texts of decisions."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from closed_loop.causes.counterfactual import changed, critical_value, value_at, what_if
from closed_loop.causes.failure_modes import Signature, modes_of
from closed_loop.causes.sensitivity import global_effects, local_effects
from closed_loop.gates.decide import GatePlan, MetricRule, Outcome, decide
from closed_loop.gates.decision_texts import junit, markdown, page, read_decision, write_decision
from closed_loop.registry import make_policy
from closed_loop.results import EpisodeResult, Failure
from closed_loop.shadow import ShadowLimits, place_after, shadow
from closed_loop.suites.episodes import run_rollouts
from driving_data.errors import InputError
from driving_data.ports import Control
from scenarios.spec import read_text
from tests.closed_loop import worlds
from tests.closed_loop.reports import report_of

LATE = read_text("""
scenario: late
parameters: {gap: 20..60 m}
road: {urban: {length: 200 m}}
ego: {on: main.1, at: 20 m, speed: 8..12 m/s}
actors:
  walker:
    kind: pedestrian | child
    on: main.1
    ahead_of: ego by gap
    lateral: -4 m
    do:
      - when: time >= 1..3 s
        cross: {to: 4 m, speed: 1..2 m/s}
sensors: none
""")


def judged(scenarios):
    """Fails where the walker sets off after 2 s; the score is a sum whose parts are known."""
    found = []
    for scenario in scenarios:
        draws = scenario.draws
        late = draws["walker.do[0].when"] > 2.0
        failures = (Failure("collision", "hit walker", 2.5, actor_kind="pedestrian", geometry="active_front"),)
        score = 10.0 * draws["walker.do[0].when"] + 0.5 * draws["gap"] + (draws["walker.kind"] == "child")
        metrics = {"driving_score": report_of("x", driving_score=[score]).episodes[0].metrics["driving_score"]}
        found.append(EpisodeResult(scenario.digest(), scenario.name, scenario.digest(), scenario.seed, scenario.index,
                                   scenario.tags, "x", metrics, failures if late else ()))  # fmt: skip
    return found


def test_one_draw_changes_and_what_hangs_on_it_follows():
    """A simplified version draws again with another seed, or edits the actor and leaves what is computed as it was."""
    concrete = replace(LATE.sample(3), tags=(*LATE.sample(3).tags, "protocol:x"))
    other = changed(LATE, concrete, {"gap": 30.0})
    assert other.draws["gap"] == other.draws["walker.by"] == 30.0
    same = {path for path in concrete.draws if path not in ("gap", "walker.by")}
    assert {path: other.draws[path] for path in same} == {path: concrete.draws[path] for path in same}
    assert other.actors[0].start.s_m - concrete.actors[0].start.s_m == pytest.approx(30.0 - concrete.draws["gap"])
    assert "protocol:x" in other.tags
    assert changed(LATE, concrete, {}) == concrete
    with pytest.raises(InputError, match="did you mean 'gap'"):
        changed(LATE, concrete, {"gapp": 30.0})


def test_a_path_that_is_not_there_is_answered_with_those_that_are():
    """The most alike first; ways of drawing (`choice:`) are no paths."""
    concrete = LATE.sample(3)
    for tell in (lambda: changed(LATE, concrete, {"walker.do[0].wen": 1.0}),
                 lambda: what_if(LATE, concrete, "walker.do[0].wen", 1.0, judged),
                 lambda: value_at(concrete, LATE, "walker.do[0].wen")):  # fmt: skip
        with pytest.raises(InputError) as caught:
            tell()
        (fault,) = caught.value.faults
        listed = fault.expected.rpartition(": ")[2].split(", ")
        assert listed[0] == fault.nearest == "walker.do[0].when"
        assert {"gap", "ego.speed", "walker.do[0].speed"} <= set(listed)
        assert not any(name.startswith("choice:") for name in listed)


def test_half_a_second_earlier():
    concrete = next(s for s in (LATE.sample(1, k) for k in range(50)) if 2.1 < s.draws["walker.do[0].when"] < 2.4)
    when = concrete.draws["walker.do[0].when"]
    found = what_if(LATE, concrete, "walker.do[0].when", when - 0.5, judged)
    assert found.outcome == "mended" and found.impossible == ""
    assert found.metrics["driving_score"][1] - found.metrics["driving_score"][0] == pytest.approx(-5.0)
    far = what_if(LATE, concrete, "walker.do[0].when", 0.2, judged)
    assert "outside" in far.impossible
    turn = critical_value(LATE, concrete, "walker.do[0].when", 1.0, 3.0, judged)
    assert turn is not None and turn.passes_at <= 2.0 < turn.fails_at < turn.passes_at + 0.003
    assert critical_value(LATE, concrete, "gap", 20.0, 60.0, judged) is None


def test_local_effects_move_one_draw_at_a_time():
    concrete = next(s for s in (LATE.sample(1, k) for k in range(50)) if 1.2 < s.draws["walker.do[0].when"] < 1.8)
    found = local_effects(LATE, concrete, judged, "driving_score", step=0.05)
    by_path = {effect.path: effect for effect in found if effect.effect and effect.effect > 0}
    assert by_path["walker.do[0].when"].effect == pytest.approx(10.0 * 0.05 * 2.0)
    assert by_path["gap"].effect == pytest.approx(0.5 * 0.05 * 40.0)
    assert {e.path for e in found if e.effect == 0.0} >= {"ego.speed"}
    assert [e.changed_to for e in found if e.path == "walker.kind"] != [concrete.draws["walker.kind"]]
    late = next(s for s in (LATE.sample(1, k) for k in range(90)) if 1.92 < s.draws["walker.do[0].when"] <= 2.0)
    assert local_effects(LATE, late, judged, "driving_score")[0].flips, "what turns the outcome comes first"


def test_global_effects_are_the_first_order_indices_of_a_known_function():
    """Ishigami: S1 = 0.314, S2 = 0.442 (a rank correlation sees nothing of it), S3 = 0 although x3 matters with x1."""
    rng = np.random.default_rng(5)
    x = rng.uniform(-np.pi, np.pi, (6000, 3))
    y = np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    draws = [{"x1": a, "x2": b, "x3": c} for a, b, c in x.tolist()]
    found = {effect.path: effect for effect in global_effects(draws, y, permutations=40)}
    assert found["x1"].index == pytest.approx(0.314, abs=0.03)
    assert found["x2"].index == pytest.approx(0.442, abs=0.03)
    assert found["x3"].index < 0.01 and found["x3"].p_adjusted > 0.05
    assert abs(found["x2"].trend) < 0.05
    few = {e.path: e for e in global_effects(draws[:40], rng.normal(size=40), permutations=60)}
    assert all(effect.index < 0.35 for effect in few.values()), "raw eta^2 of noise in five bins is not taken for more"


def test_names_are_groups_of_their_own():
    draws = [{"kind": "car" if k % 2 else "truck", "constant": 3.0} for k in range(40)]
    (found,) = global_effects(draws, np.array([float(k % 2) for k in range(40)]), permutations=30)
    assert (found.path, found.num_bins, found.trend) == ("kind", 2, None)
    assert found.index == pytest.approx(1.0)


def test_failures_are_named_by_what_happened():
    def one(k, *failures):
        base = report_of("a", collision=[0] * (k + 1)).episodes[k]
        return replace(base, failures=failures, scenario_name=f"s{k % 2}")

    hit = Failure(
        "collision", "hit", 2.0, actor_kind="child", geometry="active_front", evidence={"impact_speed_mps": 3.0}
    )
    harder = replace(hit, actor_kind="pedestrian", at_s=4.9, evidence={"impact_speed_mps": 9.0})
    late = replace(hit, at_s=5.1)
    behind = replace(hit, actor_kind="car", geometry="active_rear", at_fault=False)
    episodes = [one(0, hit), one(1, harder, late), one(2, late), one(3, behind), one(4, Failure("error", "lost")),
                one(5, behind, Failure("off_road", "left", None))]  # fmt: skip
    modes = modes_of(episodes)
    assert [(mode.name, mode.num) for mode in modes] == [
        ("hits a person with its front, early", 2), ("hits a person with its front, late", 1), ("off road", 1),
    ]  # fmt: skip
    assert modes[0].signature == Signature("collision", "person", "active_front", "early")
    assert modes[0].example == episodes[1].key, "the hardest impact"
    assert modes_of(reversed(episodes))[0].num_scenarios == 2


class Braking:
    """Brakes from a moment on; keeps count of how often it was asked."""

    name = "braking"

    def reset(self, num_worlds):
        self.asked = 0

    def act(self, observation):
        self.asked += 1
        return Control(np.where(observation.time_s >= 2.0 - 1e-9, -3.0, 0.0), np.zeros_like(observation.time_s))


def test_the_shadow_moves_nothing_and_is_told_apart():
    scenarios = (
        worlds.concrete(gap_m=60.0, speed_mps=12.0, duration_s=4.0),
        worlds.concrete(gap_m=90.0, speed_mps=12.0, index=1, duration_s=4.0),
    )
    driver, other = make_policy("constant_speed"), Braking()
    found = shadow(driver, other, worlds.PointWorlds(), scenarios)
    assert len(found) == 2 and other.asked == 40
    first = found[0]
    assert first.start_s == pytest.approx(2.0)
    assert first.acceleration_mps2 == pytest.approx(-3.0) and first.steering_rad == 0.0
    assert first.position_m == pytest.approx(0.5 * 3.0, abs=0.01), "half a t^2 after a second"
    assert (
        shadow(driver, other, worlds.PointWorlds(), scenarios, ShadowLimits(acceleration_mps2=4.0, position_m=2.0))
        == ()
    )
    alone = run_rollouts(driver, worlds.PointWorlds(), scenarios)
    assert alone[0].world_from_actor.translation_m[-1, 0, 0] == pytest.approx(48.0, abs=0.5), "it drove on"


def test_places_after_a_second_lie_on_the_arc():
    ahead = place_after(*(np.array([v]) for v in (10.0, 0.0, 0.0, 2.8)), 1.0)[0]
    assert ahead == pytest.approx([10.0, 0.0])
    radius = 2.8 / np.tan(0.1)
    turned = place_after(*(np.array([v]) for v in (10.0, 0.0, 0.1, 2.8)), 1.0)[0]
    assert turned == pytest.approx([radius * np.sin(10 / radius), radius * (1 - np.cos(10 / radius))])
    assert place_after(*(np.array([v]) for v in (1.0, -4.0, 0.0, 2.8)), 1.0)[0] == pytest.approx([0.125, 0.0])


def test_decisions_are_written_for_machines_and_people(tmp_path):
    mine, theirs = report_of("<new>", collision=[1] * 9 + [0] * 31), report_of("old", collision=[0] * 40)
    decision = decide(mine, theirs, GatePlan(regressions=(MetricRule("collision", 0.05, slices=("all",)),)))
    assert decision.outcome is Outcome.BLOCK
    write_decision(decision, tmp_path)
    assert read_decision(tmp_path / "decision.json") == decision
    root = ElementTree.fromstring(junit(decision))
    counts = {name: int(root.attrib[name]) for name in ("tests", "failures", "errors")}
    assert counts == {"tests": len(decision.reasons), "failures": 1, "errors": 1}
    assert len(root.findall("testcase/failure")) == 1, "HOLD and BLOCK are never green"
    assert "# BLOCK" in markdown(decision) and "9 / 0" in markdown(decision)
    assert "&lt;new&gt;" in page(decision) and "<new>" not in page(decision)
    text = (tmp_path / "decision.json").read_text().replace('"block"', '"pass"')
    (tmp_path / "decision.json").write_text(text)
    with pytest.raises(InputError, match="as it was written"):
        read_decision(tmp_path / "decision.json")
    assert json.loads(text)["num_flips"] == 9
