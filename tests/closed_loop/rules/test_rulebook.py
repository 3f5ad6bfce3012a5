"""Rule files: every fault told with its place; verdicts blind to turn, shift and delay; the scene's kernel."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closed_loop.metrics.catalogue import METRICS
from closed_loop.metrics.drive import drive_of
from closed_loop.metrics.polyline import project
from closed_loop.rules import kernels, load_rules, monitor, monitor_all, shipped_rules
from closed_loop.rules.metrics import measure_rule
from closed_loop.rules.predicates import PREDICATES
from driving_data.errors import InputError
from tests.closed_loop import worlds
from tests.closed_loop.rules.scenes import cruise, drive, intersection, lights, motorway, profile
from tests.effort import examples

ROOT = Path(__file__).resolve().parents[3]

GOOD = """\
parameters: {reaction_s: 1.0}
constants: {most_mps: 12}
rules:
  SLOW:
    title: Slow
    source: test
    formula: G (speed(ego) <= most_mps)
"""
BAD = """\
parameters: {reaction: 1.0, abrupt_mps2: hard}
rules:
  ONE:
    title: One
    source: test
    aplies: interstate
    formula: |
      G (A a1: in_same_lane(ego, a1)
               implies keep_safe_distance_prec(ego, a1))
  TWO:
    title: Two
    applies: motorway
    formula: G (in_same_lane(ego))
"""


def test_a_rule_file_is_read(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(GOOD)
    (rule,) = load_rules(path)
    assert rule.id == "SLOW" and rule.parameters.reaction_s == 1.0 and rule.parameters.abrupt_mps2 == -2.0
    verdict = monitor(rule, worlds.straight([[0.0, 0.0]], [10.0]))
    assert verdict.robustness == pytest.approx(2.0) and verdict.unit == "m/s" and not verdict.violated


def test_every_fault_of_a_rule_file_is_told_with_its_place(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(BAD)
    with pytest.raises(InputError) as caught:
        load_rules(path)
    told = {(fault.line, fault.column): str(fault) for fault in caught.value.faults}
    assert "did you mean 'reaction_s'" in told[1, 14]
    assert "a number" in told[1, 42]
    assert "did you mean 'applies'" in told[6, 5]
    assert "did you mean 'keeps_safe_distance_prec'" in told[9, 24]
    assert "one of everywhere, interstate" in told[12, 14]
    assert "in_same_lane(ego,*)" in told[13, 14]
    assert any("a source" in text for text in told.values())
    assert all(text.startswith(str(path)) for text in told.values())


@pytest.mark.parametrize("text", ["", "rules: [", "rules: 3", "constants: {speed: 3}\nrules: {}", "- a", "other: 1"])
def test_what_is_no_rule_file_is_told(tmp_path, text):
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(InputError):
        load_rules(path)
    with pytest.raises(InputError, match="a rule file"):
        load_rules(tmp_path / "absent.yaml")


def test_shipped_rules_are_metrics_and_documented():
    rules = shipped_rules()
    assert len({rule.id for rule in rules}) == len(rules) == 25
    page = (ROOT / "docs" / "rules.md").read_text("utf-8")
    for rule in rules:
        metric = METRICS[f"rule_{rule.id}"]
        assert metric.source and metric.description and metric.title
        assert f"| `{rule.id}` |" in page, rule.id
    for name, predicate in PREDICATES.items():
        assert f"| `{name}` |" in page and predicate.measure and predicate.scale > 0, name


def test_a_metric_says_what_decided_it():
    value = measure_rule(drive_of(worlds.straight([[0, 0], [3.5, 0]], [0.0, 0.0])), shipped_rules_by_id("NO_COLLISION"))
    assert value.value == 0.0 and value.at_s == 0.0
    assert value.evidence["robustness"] == pytest.approx(-0.5) and value.evidence["actors"] == ["actor_1"]
    assert "separation" in value.evidence["predicate"] and value.evidence["unit"] == "m"
    nobody = measure_rule(drive_of(worlds.straight([[0.0, 0.0]], [5.0])), shipped_rules_by_id("NO_COLLISION"))
    assert not nobody.applicable and nobody.reason == "no other actor"


def shipped_rules_by_id(name):
    return next(rule for rule in shipped_rules() if rule.id == name)


def busy():
    """Cut-ins, braking, an overtaken lane and someone who comes and goes, on a motorway."""
    speeds = np.concatenate([np.full(20, 22.0), np.linspace(22.0, 14.0, 20), np.full(20, 14.0)])
    made = drive(
        [profile(0, 0, speeds), cruise(14, 3.5, 20.0, to_y_m=0.0), cruise(-8, 3.5, 18.0), cruise(60, 0, 12.0)],
        lane_map=motorway(30.0),
    )
    there = np.ones((60, 4), dtype=bool)
    there[:15, 2] = there[45:, 3] = False
    centers = np.where(there[..., None], made.world_from_actor.translation_m, np.nan)
    return replace(made, valid=there, world_from_actor=replace(made.world_from_actor, translation_m=centers))


def crossing():
    return drive([cruise(0, 0, 10.0, 50), cruise(-20, 0, 10.0, 50)], lane_map=intersection(), signals=lights(50, 0, 50))


@pytest.mark.parametrize("scene", [busy, crossing])
@settings(max_examples=6)
@given(angle=st.floats(-np.pi, np.pi), x=st.floats(-3000, 3000), y=st.floats(-3000, 3000), delay=st.integers(0, 10**15))
def test_verdicts_are_blind_to_turn_shift_and_delay(scene, angle, x, y, delay):
    here = monitor_all(shipped_rules(), scene())
    there = monitor_all(shipped_rules(), worlds.move(scene(), angle, (x, y), delay))
    assert sum(verdict.applicable for verdict in here.values()) > 12
    for name, verdict in here.items():
        other = there[name]
        assert other.applicable == verdict.applicable, name
        if verdict.applicable:
            np.testing.assert_allclose(other.robustness, verdict.robustness, atol=2e-6, err_msg=name)
            if abs(verdict.robustness) > 1e-6:
                assert other.first_violation_s == verdict.first_violation_s, name


@settings(max_examples=examples(60))
@given(seed=st.integers(0, 2**32 - 1))
def test_the_kernel_projects_as_its_twin(seed):
    rng = np.random.default_rng(seed)
    line = np.cumsum(rng.uniform(0.1, 5.0, (int(rng.integers(2, 12)), 2)) * rng.choice([-1, 1], 2), axis=0)
    points = rng.uniform(-40, 40, (20, 2))
    points[3] = np.nan
    out = np.empty((20, 3))
    kernels.project(points, line, out)
    s, d, heading = project(points, line)
    np.testing.assert_allclose(out[:, 0], s, atol=1e-9)
    np.testing.assert_allclose(np.abs(out[:, 1]), np.abs(d), atol=1e-9)
    # At a corner two segments are equally near, and rounding chooses whose heading it is.
    corners = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    between = np.abs(s[:, None] - corners[1:-1]).min(axis=1, initial=np.inf) > 1e-6
    np.testing.assert_allclose(out[between, 1:], np.stack([d, heading], axis=-1)[between], atol=1e-9)
