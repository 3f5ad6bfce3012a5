import json
import os
import subprocess
import sys

import pytest

from driving_data.segment import Source
from roadloom.commands.data import SOURCES
from roadloom.main import app
from tests.roadloom.conftest import SMALL

VERBS = sorted(info.name or getattr(info.callback, "__name__", "") for info in app.registered_commands)

GOOD = """\
scenario: mine
road:
  motorway: {lanes: 3, length: 1000 m}
weather: {rain: 0 mm/h}
light: {sun_elevation: 30 deg}
ego: {on: main.2, at: 200 m, speed: 100 km/h, goal: 900 m}
actors:
  cutter:
    kind: car
    on: main.3
    ahead_of: ego by 8..25 m
    speed: ego.speed + 0..3 m/s
sensors: front
duration: 3 s
"""


def swapped(*pairs: tuple[str, str]) -> str:
    text = GOOD
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


# What is wrong, and the places of every fault.
WRONG = {
    "syntax": (swapped(("1000 m}", "1000 m")), ["3:13"]),
    "duplicate-key": (GOOD + "duration: 4 s\n", ["15:1"]),
    "unknown-key": (swapped(("weather:", "wether:")), ["4:1"]),
    "wrong-unit": (swapped(("at: 200 m", "at: 200 kg")), ["6:27"]),
    "unknown-road": (swapped(("motorway", "motorwya")), ["3:3"]),
    "unknown-route": (swapped(("on: main.3", "on: main.9")), ["10:9"]),
    "unknown-actor": (swapped(("ahead_of: ego", "ahead_of: egoo")), ["11:15"]),
    "unknown-rig": (swapped(("sensors: front", "sensors: frnt")), ["13:10"]),
    "out-of-range": (swapped(("elevation: 30 deg", "elevation: 300 deg")), ["5:24"]),
    "impossible": (GOOD + "where:\n  - cutter.speed >= 400 m/s\n", ["16:5"]),
    "no-mapping": ("- a\n- b\n", ["1:1"]),
    "empty": ("", ["1:1"]),
    "tab": (swapped(("  cutter:", "\tcutter:")), ["8:1"]),
    "three-at-once": (
        swapped(("weather:", "wether:"), ("at: 200 m", "at: 200 kg"), ("sensors: front", "sensors: frnt")),
        ["4:1", "6:27", "13:10"],
    ),
}


def test_the_good_file_is_good(roadloom, tmp_path):
    file = tmp_path / "good.yaml"
    file.write_text(GOOD)
    done = roadloom("check", file, "--json")
    assert (done.status, done.json) == (0, [])


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_gets_all_its_faults_with_their_places(roadloom, tmp_path, kind):
    text, places = WRONG[kind]
    file = tmp_path / f"{kind}.yaml"
    file.write_text(text)
    checked = roadloom("check", file, "--json")
    assert checked.status == 1
    assert [f"{fault['line']}:{fault['column']}" for fault in checked.json] == places
    assert all(fault["file"] == str(file) and fault["expected"] for fault in checked.json)
    ran = roadloom("run", f"scenario={file}", *SMALL, f"output={tmp_path / 'out'}", "--json")
    assert ran.status == 1
    assert ran.out == ""
    lines = ran.err.splitlines()
    for place in places:
        assert any(line.startswith(f"{file}:{place}: ") and "expected" in line for line in lines), ran.err
    assert not (tmp_path / "out").exists(), "nothing is made for a scenario that cannot be read"


def test_a_binary_file_is_refused_with_its_place(roadloom, tmp_path):
    file = tmp_path / "binary.yaml"
    file.write_bytes(bytes(range(256)))
    done = roadloom("check", file, "--json")
    assert done.status == 1
    assert (done.json[0]["line"], done.json[0]["file"]) == (2, str(file))


def test_faults_of_several_files_come_together(roadloom, tmp_path):
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    files[0].write_text(WRONG["unknown-key"][0])
    files[1].write_text(WRONG["unknown-rig"][0])
    done = roadloom("check", *files, "--json")
    assert [fault["file"] for fault in done.json] == [str(file) for file in files]
    assert [fault["nearest"] for fault in done.json] == ["weather", "front"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_a_sentence(roadloom, verb):
    done = roadloom(verb, "--help")
    assert done.status == 0
    assert done.out.startswith("Usage:")
    assert any(line.strip().endswith(".") for line in done.out.splitlines()[1:4])


def test_the_help_lists_every_verb(roadloom):
    done = roadloom("--help")
    assert done.status == 0
    assert all(f"  {verb}" in done.out for verb in VERBS)


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("nosuch",), ("sample",), ("sample", "cut_in", "--bogus"), ("sample", "cut_in", "--count", "0"),
        ("sample", "cut_in", "--seed", "one"), ("check",), ("reproduce",), ("gate", "one.json"), ("doctor", "extra"),
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_2_and_says_how(roadloom, arguments):
    done = roadloom(*arguments)
    assert done.status == 2
    assert "Usage:" in done.out + done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (("sample", "cut_im"), "cut_in"),
        (("sample", "cut_in", "--design", "sobl"), "sobol"),
        (("show", "cut_im"), "cut_in"),
        (("run", "dmeo"), "demo"),
        (("run", "sead=7"), "seed"),
        (("run", "mixture.ratoi={}"), "ratio"),
        (("run", "executor=locky"), "loky"),
        (("run", "scenario=[cut_im]"), "cut_in"),
        (("run", "suite.scenarios=[cut_im]"), "cut_in"),
        (("run", "policy=idn"), "idm"),
        (("run", "suite.candidate=cautius"), "cautious"),
        (("run", "simulator.name=embeded"), "embedded"),
        (("run", "generator.name=raytrac"), "raytrace"),
        (("run", "randomization.name=standart"), "standard"),
        (("run", "validation.without=[identty]"), "identity"),
        (("run", "mixture.exports=[nuscene]"), "nuscenes"),
        (("run", "rig=frnt"), "front"),
        (("evaluate", "cautius", "--scenario", "cut_in", "--executor", "serial"), "cautious"),
        (("query", "--source", "synthetc"), "synthetic"),
        (("query", "--status", "admited"), "admitted"),
        (("mix", "--ratio", "synthetc=1"), "synthetic"),
        (("export", "out", "--format", "nuscene"), "nuscenes"),
        (("bench", "simulatr"), "simulator"),
    ],
)
def test_an_unknown_name_ends_with_1_and_the_nearest(roadloom, finished, tmp_path, monkeypatch, arguments, nearest):
    monkeypatch.chdir(tmp_path)
    rest = ("--store", finished.store.root) if arguments[0] in ("query", "mix", "export") else ()
    done = roadloom(*arguments, *rest)
    assert done.status == 1, done.err
    assert f"did you mean {nearest!r}?" in done.err
    assert done.out == ""
    assert list(tmp_path.iterdir()) == [], "a slip in a name costs no work"


def test_every_unknown_name_of_a_run_is_told_at_once(roadloom):
    done = roadloom("run", "policy=idn", "rig=frnt", "suite.baseline=nobody", "scenario=cut_in")
    lines = [line for line in done.err.splitlines() if "expected one of" in line]
    assert [line.partition(":")[0] for line in lines] == ["policy", "suite.baseline", "rig"]
    assert "3 faults" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "nothing.yaml"), ("check", "nothing.xodr"), ("sample", "nothing.yaml"), ("run", "nothing.yaml"),
        ("run", "scenario=nothing.yaml"), ("query", "--store", "nothing"), ("mix", "--store", "nothing"),
        ("export", "out", "--store", "nothing"), ("reproduce", "0", "--store", "nothing"), ("import", "nothing"),
        ("compare", "nothing", "nothing"), ("gate", "nothing", "nothing"), ("validate", "nothing"),
    ],
)  # fmt: skip
def test_a_missing_path_ends_with_1_and_is_named(roadloom, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    done = roadloom(*arguments)
    assert done.status == 1, done.err
    assert "nothing" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("ratio", ["synthetic=0.5", "synthetic=x", "synthetic=1.5,real=-0.5"])
def test_shares_that_are_none_are_refused(roadloom, finished, ratio):
    done = roadloom("mix", "--store", finished.store.root, "--ratio", ratio)
    assert done.status == 1
    assert done.err.startswith("ratio: ")


def test_json_is_one_document_and_nothing_else(roadloom, finished):
    store = ("--store", finished.store.root)
    segments = roadloom("query", *store, "--json").json
    assert sorted(row["segment_id"] for row in segments) == list(finished.store.ids())
    assert {row["source"] for row in segments} == {"synthetic", "augmented"}
    assert all("type" not in row for row in segments)
    cut_ins = roadloom("query", *store, "--tag", "manoeuvre:cut_in", "--json").json
    assert {row["family"] for row in cut_ins} == {"scenario:cut_in"}
    mixed = roadloom("mix", *store, "--ratio", "synthetic=0.8,augmented=0.2", "--samples", "50", "--json")
    assert mixed.status == 0
    assert sum(part["draws"] for part in mixed.json["report"]["components"]) == 50
    judged = roadloom("validate", segments[0]["segment_id"], *store, "--json")
    assert judged.json[0]["segment_id"] == segments[0]["segment_id"]
    assert {"findings", "demo_store", "healthy"} == set(roadloom("doctor", "--json").json)
    assert {"report", "store", "segments", "version", "decision"} <= set(finished.summary)


def test_sources_of_the_command_are_those_of_the_data():
    assert tuple(source.value for source in Source) == SOURCES


def test_a_place_that_cannot_be_written_ends_with_1_and_is_named(roadloom, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    done = roadloom("sample", "cut_in", "--out", file / "folder")
    assert done.status == 1
    assert done.err.startswith(str(file))
    run = roadloom("run", "scenario=[cut_in]", *SMALL, f"output={file / 'folder'}")
    assert run.status == 1
    assert str(file) in run.err
    assert "failure of Roadloom's own" not in done.err + run.err


def test_a_sample_is_the_same_bytes_each_time(roadloom, tmp_path):
    first = roadloom("sample", "cut_in", "--count", "3", "--seed", "5")
    assert first.status == 0
    assert first.out == roadloom("sample", "cut_in", "--count", "3", "--seed", "5").out
    assert first.out != roadloom("sample", "cut_in", "--count", "3", "--seed", "6").out
    assert [row["index"] for row in first.json] == [0, 1, 2]
    assert roadloom("sample", "cut_in", "--count", "3", "--seed", "5", "--out", tmp_path).status == 0
    files = [json.loads(path.read_text()) for path in sorted(tmp_path.iterdir())]
    assert files == first.json


def in_a_process(*arguments: str, **options) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "roadloom.main", *arguments], **options)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("sample", "cut_in"), ("sample", "cut_in", "--count", "40"), ("doctor",)])
def test_a_reader_that_leaves_early_gets_no_traceback(arguments):
    read, write = os.pipe()
    os.close(read)
    process = in_a_process(*arguments, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert err == b""


@pytest.mark.slow
def test_help_loads_nothing_heavy():
    """The command answers at once: what is heavy is imported by the verb that needs it."""
    code = (
        "import sys; from roadloom.main import run; run(['--help']);"
        "print([name for name in ('numpy', 'scipy', 'hydra', 'pydantic', 'pyarrow', 'numba') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
