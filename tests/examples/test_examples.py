"""The examples run as a newcomer would run them, and say what they promise."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from driving_data.segment import Source
from driving_data.store import Query, SegmentStore, create_version
from scenarios.sampling import sample_many
from scenarios.spec import read_spec
from tests.driving_data.example_segments import example_segment

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs an example with arguments, as `python examples/NAME ...`; gives what it printed."""

    def call(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return call


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_examples_are_short(path):
    assert len(path.read_text().splitlines()) < 40


@pytest.mark.slow
def test_my_policy_is_evaluated_on_two_scenarios(run):
    lines = run("my_policy.py").splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "lead_brakes_hard 0",
        "lead_brakes_hard 1",
        "cut_in 0",
        "cut_in 1",
    ]
    scores = [float(line.split("score ")[1].split(",")[0]) for line in lines]
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert max(scores) > 0.5


def test_my_policy_keeps_the_rules_of_policies():
    from closed_loop.conformance import check_policy

    check_policy(runpy.run_path(str(EXAMPLES / "my_policy.py"))["TwoSecondGap"])


def test_a_log_is_read(run, shared_data):
    printed = run("read_a_log.py", shared_data / "logs" / "gpudrive" / "tfrecord-00000-of-01000_4.json")
    assert "actors" in printed.splitlines()[0] and "licence" in printed.splitlines()[1]
    assert "moments, up to" in printed and "no_teleport" in printed


def test_a_missing_log_is_an_error_for_people(run, tmp_path):
    with pytest.raises(SystemExit) as stopped:
        run("read_a_log.py", tmp_path / "nothing")
    assert "nothing" in str(stopped.value.code) and "Traceback" not in str(stopped.value.code)


def test_training_batches_of_a_store(run, tmp_path):
    store = SegmentStore(tmp_path / "store", durable=False)
    for number, source in enumerate((Source.REAL, Source.SYNTHETIC, Source.SYNTHETIC, Source.AUGMENTED)):
        store.write(example_segment(f"s{number}", source, admitted=True, family=f"f{number}", seed=number))
    create_version(store, Query(admitted=True), {"train": 1.0})
    lines = run("training_batches.py", store.root).splitlines()
    assert len([line for line in lines if line.startswith("images (4, ")]) == 3
    assert "real: 7 of 12" in "\n".join(lines) or "synthetic" in "\n".join(lines)
    drawn = [int(line.split(": ")[1].split(" of")[0]) for line in lines if "different" in line]
    assert sum(drawn) == 12


def test_training_batches_without_a_store_says_what_to_do(run, tmp_path):
    with pytest.raises(SystemExit, match="make demo"):
        run("training_batches.py", tmp_path)


@pytest.mark.slow
def test_own_check_keeps_the_rules(run):
    printed = run("own_check.py")
    assert "check='gentle_ego'" in printed and "keeps every rule" in printed


def test_own_check_fails_a_hard_braking_ego():
    from tests.validation.scenes import segment_of, straight_drive

    check = runpy.run_path(str(EXAMPLES / "own_check.py"))["GentleEgo"]()
    segment = segment_of(straight_drive(np.random.default_rng(0)))
    assert check.judge(segment).passed
    segment.rollout.acceleration_mps2[5, segment.rollout.ego_index] = [-9.0, 0.0, 0.0]
    verdict = check.judge(segment)
    assert not verdict.passed and verdict.score == 9.0 and "9.0 m/s2" in verdict.reason


@pytest.mark.slow
def test_the_cyclist_comes_late_and_crosses():
    from roadloom.pipeline.recipes import simulate
    from roadloom.settings import Choice

    drawn = sample_many(read_spec(EXAMPLES / "late_cyclist.yaml"), 4, 0)
    assert len({scenario.digest() for scenario in drawn}) == 4
    rollout = simulate(drawn[0], "idm", Choice("embedded"))
    cyclist = rollout.actors.ids.index("cyclist")
    way = rollout.world_from_actor.translation_m[:, cyclist, :2]
    moved = np.linalg.norm(way - way[0], axis=-1)
    starts_s = rollout.seconds()[np.argmax(moved > 0.5)]
    assert moved[-1] > 8.0 and starts_s > 1.0
