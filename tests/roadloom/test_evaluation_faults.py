"""What `evaluate` and `compare` say to a slip: the place, what was expected, and status 1, never a traceback."""

import json

import pytest

from roadloom.commands.evaluation import parameters_of

OWN = """
import numpy as np

def calm(observation):
    return np.zeros(len(observation.done)), 0.0

def raises(observation):
    raise ValueError("a slip of mine")

def nan(observation):
    return np.full(len(observation.done), np.nan), 0.0
"""


@pytest.fixture
def evaluate(roadloom, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(OWN)

    def call(policy, *rest):
        where = () if "--suite" in rest else ("--scenario", "cut_in", "--count", "1")
        return roadloom("evaluate", policy, *where, "--executor", "serial", "--metrics", "collision", *rest)

    return call


@pytest.mark.parametrize(("name", "reason"), [("raises", "a slip of mine"), ("nan", "not finite (world 0)")])
def test_a_policy_that_never_drives_is_told_why_and_ends_with_1(evaluate, tmp_path, name, reason):
    done = evaluate(f"python:mine.py:{name}")
    assert done.status == 1
    assert "not run: 1 of 1: " in done.err
    assert reason in done.err
    assert "Traceback" not in done.err
    assert json.loads((tmp_path / "out/evaluation/report.json").read_text())["episodes"][0]["failures"]


def test_a_policy_that_drives_ends_with_0_and_columns_fit_their_names(evaluate):
    done = evaluate(
        "python:mine.py:calm", "--metrics", "proportion_of_stopping_distance,time_to_collision_within_bound"
    )
    assert done.status == 0, done.err
    rows = [line for line in done.out.splitlines() if line.startswith("  ")]
    assert len({line.index("of 1") for line in rows}) == 1
    assert "not run" not in done.err


@pytest.mark.parametrize("text", ["name: mine\n", "name: mine\nparts: []\n", "name: mine\nlogs: []\nscenarios: []\n"])
def test_an_empty_suite_is_refused_and_not_replaced_by_another(evaluate, tmp_path, text):
    (tmp_path / "mine.yaml").write_text(text)
    done = evaluate("idm", "--suite", "mine.yaml")
    assert done.status == 1
    assert done.err.startswith("mine.yaml: suite: nothing to drive; expected scenarios, parts or logs")


def test_a_part_without_scenarios_is_told_in_words(evaluate, tmp_path):
    (tmp_path / "mine.yaml").write_text("name: mine\nparts:\n  - {scenaros: [cut_in]}\n")
    done = evaluate("idm", "--suite", "mine.yaml")
    assert done.status == 1
    assert "parts.0.scenarios: nothing; expected the key 'scenarios'" in done.err
    assert "did you mean 'scenarios'?" in done.err


def test_filters_that_leave_nothing_are_told_as_they_were_asked(evaluate):
    done = evaluate("idm", "--filter", "road:urbann", "--shard", "1/2")
    assert done.status == 1
    assert "none of 1 scenarios is left by --filter road:urbann --shard 1/2" in done.err


@pytest.mark.parametrize(
    ("parameter", "told"),
    [
        ("following.headway=2", "policy.idm.following.headway: 'headway'; expected one of min_gap_m, headway_s"),
        ("following={headway: 2}", "did you mean 'headway_s'?"),
        ("following.headway_s=slow", "policy.idm.following.headway_s: 'slow'; expected a number"),
        ("corridor_margin_m=abc", "policy.idm.corridor_margin_m: 'abc'; expected a number"),
        ("corridor_margin_m=[1", "parameter: 'corridor_margin_m=[1'; expected name=value"),
        ("following", "parameter: 'following'; expected name=value"),
        ("following.=3", "parameter: 'following.=3'; expected name=value"),
    ],
)
def test_a_wrong_parameter_is_told_with_its_place(evaluate, parameter, told):
    done = evaluate("idm", "--parameter", parameter)
    assert done.status == 1
    assert told in done.err


def test_a_dot_leads_into_a_parameter():
    assert parameters_of(["a.b=1", "a.c=[2]", "d=x"]) == {"a": {"b": 1, "c": [2]}, "d": "x"}


def test_comparing_by_an_unknown_metric_names_the_nearest(evaluate, roadloom):
    assert evaluate("idm").status == 0
    report = "out/evaluation/report.json"
    done = roadloom("compare", report, report, "--metric", "colision")
    assert done.status == 1
    assert "metric: 'colision'; expected a metric of both reports" in done.err
    assert "did you mean 'collision'?" in done.err


@pytest.mark.parametrize("option", [("--count", "3"), ("--scenario", "cut_in")])
def test_a_suite_and_what_it_would_ignore_are_refused_together(evaluate, option):
    done = evaluate("idm", "--suite", "smoke", *option)
    assert done.status == 1
    assert option[0] in done.err and "beside --suite" in done.err
