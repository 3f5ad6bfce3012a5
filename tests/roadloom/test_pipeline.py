import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from driving_data.errors import Fault, InputError, MissingExtra, StoreError, TaskError
from driving_data.segment import Source
from driving_data.store import SegmentStore, load_version
from roadloom.pipeline.recipes import AUGMENT_STEP, MAKE_STEP
from roadloom.pipeline.sources import concrete_scenarios
from scenarios import library
from scenarios.concrete import ConcreteScenario
from scenarios.sampling import sample_many
from tests.roadloom.conftest import SMALL


def contents(store: SegmentStore) -> dict[str, str]:
    return {info.segment_id: info.content_hash for info in store.query()}


def test_a_run_ends_with_report_store_export_and_decision(finished):
    summary = finished.summary
    assert summary["segments"] == {"synthetic": 3, "real": 0, "augmented": 2}
    assert summary["admitted"] == 5
    assert not summary["rejected"]
    assert not summary["failures"]
    page = Path(summary["report"]).read_text()
    assert page.lower().startswith("<!doctype html>")
    assert all(segment_id in page for segment_id in finished.store.ids())
    export = Path(summary["exports"]["nuscenes"])
    assert len(json.loads((export / "v1.0-roadloom" / "scene.json").read_text())) == 5
    evaluation = finished.output / "evaluation"
    decision = json.loads((evaluation / "decision.json").read_text())
    assert summary["decision"].replace(" ", "_") == decision["outcome"].replace(" ", "_")
    assert (evaluation / "candidate.json").is_file()
    assert (evaluation / "baseline.json").is_file()
    assert load_version(finished.store, summary["version"]).version_id == summary["version"]


def test_every_segment_was_judged_and_verifies(finished):
    store = finished.store
    for segment_id in store.ids():
        store.verify(segment_id)
        report = store.load(segment_id).report
        assert report is not None
        assert report.segment_id == segment_id
        assert {verdict.check for verdict in report.verdicts} == {
            "identity", "image_integrity", "sensor_poses", "time_stamps",
        }  # fmt: skip


def test_provenance_says_how_each_segment_was_made(finished):
    store = finished.store
    for info in store.query():
        segment = store.load(info.segment_id)
        steps = {step.name: step for step in segment.provenance.steps}
        scenario = ConcreteScenario.from_plain(segment.provenance.scenario)
        assert scenario.digest() == segment.provenance.scenario_digest == info.scenario_digest
        drawn = sample_many(library.load(scenario.name), 1, scenario.seed)[0]
        assert drawn.digest() == scenario.digest(), "the seed alone gives the scenario again"
        assert concrete_scenarios([scenario.name], 1, 1)[0].digest() == scenario.digest(), "so does the run's"
        assert dict(steps["scenarios.sample"].draws) == dict(scenario.draws) != {}
        assert MAKE_STEP in steps
        if info.source is Source.AUGMENTED:
            assert steps[AUGMENT_STEP].parameters["parent"] in info.parents
            assert steps[AUGMENT_STEP].parameters["seed"] in (1, 2)
        else:
            assert AUGMENT_STEP not in steps
            assert segment.provenance.seed == scenario.seed
        assert bool(info.parents) == (info.source is Source.AUGMENTED)
        assert set(info.parents) <= set(store.ids())


def test_no_family_is_in_two_splits(finished):
    version = load_version(finished.store, finished.summary["version"])
    splits: dict[str, set[str]] = defaultdict(set)
    for member in version.members:
        splits[member.family].add(member.split)
    assert len(splits) == 3
    assert all(len(where) == 1 for where in splits.values())
    assert {split for where in splits.values() for split in where} == {"train", "val", "test"}


def test_without_a_terminal_there_are_few_plain_lines(finished):
    lines = finished.err.splitlines()
    assert lines[0] == "reading the configuration"
    assert len(lines) < 40
    assert not any("\x1b" in line or "\r" in line for line in lines)
    assert sum(line.startswith("make segments") for line in lines) <= 3


@pytest.mark.slow
def test_the_same_run_again_makes_nothing(roadloom, finished):
    before = {path: path.stat().st_mtime_ns for path in (finished.output / "store" / "segments").rglob("*")}
    again = roadloom(*finished.arguments)
    assert again.status == 0, again.err
    assert "make segments: 3 of 3 are in the store already" in again.err
    assert "augment: 2 of 2 are in the store already" in again.err
    assert "is there already" in again.err
    after = {path: path.stat().st_mtime_ns for path in (finished.output / "store" / "segments").rglob("*")}
    assert after == before
    assert again.json["version"] == finished.summary["version"]
    assert "make segments" not in again.json["seconds"]
    assert "augment" not in again.json["seconds"]
    same = ("segments", "admitted", "exports", "decision", "report")
    assert [again.json[key] for key in same] == [finished.summary[key] for key in same]


@pytest.mark.slow
def test_another_seed_makes_other_segments(roadloom, finished, tmp_path):
    small = ("run", "scenario=[cut_in]", *SMALL, "augment=0", "--json")
    first = roadloom(*small, f"output={tmp_path / 'a'}", "seed=11")
    second = roadloom(*small, f"output={tmp_path / 'b'}", "seed=12")
    assert (first.status, second.status) == (0, 0), first.err + second.err
    ids = [set(SegmentStore(tmp_path / name / "store").ids()) for name in "ab"]
    assert [len(each) for each in ids] == [1, 1]
    assert ids[0].isdisjoint(ids[1])
    assert first.json["version"] != second.json["version"]


@pytest.mark.slow
def test_a_purely_real_run_works_and_a_log_that_cannot_be_read_is_reported(roadloom, shared_data, tmp_path):
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(b"this is no video" * 100)
    log = shared_data / "logs" / "metadrive" / "nuscenes"
    frames = shared_data / "logs" / "nuscenes_frame"
    done = roadloom(
        "run", "scenario=[]", *SMALL, "real=shared", f"real.sources=['{damaged}','{log}','{frames}']",
        "mixture=standard", "mixture.ratio={real: 1.0}", "augment=0", f"output={tmp_path / 'out'}", "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    summary = done.json
    assert summary["segments"]["synthetic"] == 0
    assert summary["segments"]["real"] >= 2
    assert len(summary["failures"]) == 1
    reason = next(iter(summary["failures"].values()))
    assert "damaged.mp4" in reason
    assert f"read real logs: {damaged}" in done.err
    assert "damaged.mp4" in Path(summary["report"]).read_text()
    store = SegmentStore(tmp_path / "out" / "store")
    assert {info.source for info in store.query()} == {Source.REAL}
    assert all(store.load(segment_id).report is not None for segment_id in store.ids())


@pytest.mark.slow
def test_a_run_of_which_nothing_is_admitted_says_why(roadloom, tmp_path):
    strict = "validation.parameters={image_integrity: {min_mean: 300.0}}"
    done = roadloom("run", "scenario=[cut_in]", *SMALL, strict, f"output={tmp_path}", "--json")
    assert done.status == 1, done.err
    assert done.out == ""
    assert "none of the 1 segments of this run was admitted" in done.err
    assert "image_integrity: " in done.err
    assert [info.status for info in SegmentStore(tmp_path / "store").query()] == ["rejected"]


@pytest.mark.parametrize(
    "error",
    [
        InputError([Fault("a.yaml", 1, 2, "road", "unknown-name", "'x'", "a road", "y")]),
        MissingExtra("torch", "learn", "the policy"),
        TaskError("key", "reason"),
        StoreError("no room"),
    ],
)
def test_errors_come_whole_out_of_a_worker(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def small_process(output: Path, *more: str, **options) -> "subprocess.Popen[bytes]":
    """A small run in a process group of its own."""
    arguments = ("run", "scenario=[cut_in]", *SMALL, "augment=0", f"output={output}", *more)
    return subprocess.Popen([sys.executable, "-m", "roadloom.main", *arguments], start_new_session=True, **options)


def group_members(group: int) -> list[str]:
    """Processes of a group that still run, by /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(") ")
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, _, owner = rest.split()[:3]
        if int(owner) == group and state != "Z":
            found.append(name)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("begun", ["reading the configuration", "compile kernels: ", "make segments: "])
def test_an_interrupt_ends_with_130_without_a_traceback_or_workers(finished, tmp_path, begun):
    process = small_process(
        tmp_path, "count=40", "executor=loky", "executor.workers=2", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line.decode())
        if lines[-1].startswith(begun):
            break
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGINT)
    rest = process.communicate(timeout=60)[1].decode()
    said = "".join(lines) + rest
    # CPython itself dies of the signal where it came while a string was executed, as dataclasses do: 130 to a shell.
    assert process.returncode in (130, -signal.SIGINT), said
    assert "Traceback" not in said
    assert rest.rstrip().endswith("stopped; the same command goes on where it was"), said
    until = time.monotonic() + 10
    while group_members(process.pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert group_members(process.pid) == []


@pytest.mark.slow
def test_in_a_terminal_there_are_bars_and_no_debris(finished, tmp_path):
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    process = small_process(tmp_path, stdout=follower, stderr=follower)
    os.close(follower)
    chunks: list[bytes] = []

    def read() -> None:
        while True:
            try:
                chunks.append(os.read(leader, 65536))
            except OSError:
                return

    reader = threading.Thread(target=read)
    reader.start()
    assert process.wait(timeout=200) == 0
    reader.join(timeout=10)
    os.close(leader)
    text = b"".join(chunks).decode()
    assert "━" in text
    assert "Traceback" not in text
    assert "Warning" not in text
    assert str(tmp_path / "report" / "index.html") in text
    shown = [text.index(f"{stage} ") for stage in ("draw scenarios", "make segments", "export nuscenes")]
    assert all(first < second for first, second in pairwise(shown))


@pytest.mark.slow
def test_two_runs_at_once_share_one_store(finished, tmp_path):
    store = tmp_path / "store"
    more = (f"store={store}", "scenario=[cut_in,cut_out]")
    processes = [
        small_process(tmp_path / name, *more, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for name in "ab"
    ]
    said = [process.communicate(timeout=300)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    opened = SegmentStore(store)
    assert opened.faults() == {}
    expected = contents(finished.store)
    assert len(opened) == 2
    assert contents(opened).items() <= expected.items(), "each segment once, and the same as alone"
    assert sorted(path.name for path in (store / "segments").iterdir()) == sorted(opened.ids())
    assert list((store / "tmp").iterdir()) == []
