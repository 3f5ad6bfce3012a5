"""Pages and recordings from the command line: evaluate, compare, gate and replay on a small real suite."""

import importlib.util
import json
import shlex
from dataclasses import replace

import pytest
from lxml import html
from PIL import Image

from closed_loop.registry import make_policy
from closed_loop.results import read_report
from closed_loop.suites.episodes import policy_parameters
from roadloom.commands.evaluation import parameters_of
from roadloom.pages import commands_of_both, parameters_in


@pytest.fixture(scope="module")
def evaluated(roadloom, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for policy, extra in (("constant_speed", ("--html", folder / "page.html", "--replays", "2")), ("idm", ())):
        done = roadloom(
            "evaluate", policy, "--scenario", "late_pedestrian", "--count", "2", "--executor", "serial",
            "--metrics", "standard,min_time_to_collision", "--metrics", "energy",
            "--out", folder / policy / "report.json", *extra,
        )  # fmt: skip
        assert done.status == 0, done.err
    return folder


def reports(folder):
    return folder / "constant_speed" / "report.json", folder / "idm" / "report.json"


def typed_in(command, monkeypatch, elsewhere):
    """The words after `roadloom`, in the folder to which the command goes when it is typed in elsewhere."""
    monkeypatch.chdir(elsewhere)
    cd, folder, then, program, *words = shlex.split(command)
    assert (cd, then, program) == ("cd", "&&", "roadloom")
    monkeypatch.chdir(folder)
    return words


def test_metrics_are_chosen_by_set_and_name(evaluated, roadloom):
    from closed_loop.metrics.catalogue import SETS

    report = json.loads(reports(evaluated)[0].read_text())
    assert set(report["metrics"]) == {*SETS["standard"], *SETS["energy"]}
    wrong = roadloom("evaluate", "idm", "--metrics", "standrad,enegry", "--executor", "serial")
    assert wrong.status == 1
    assert "standard" in wrong.err and "energy" in wrong.err


def test_the_commands_of_the_page_replay_its_failures(evaluated, roadloom, monkeypatch, tmp_path):
    """They begin by going to the folder of the call, so they work from anywhere."""
    tree = html.fromstring((evaluated / "page.html").read_text("utf-8"))
    assert 1 <= len(tree.xpath("//script[@class='replay-data']")) <= 3
    commands = tree.xpath("//table[@id='episodes-table']//button/@data-copy")
    assert commands
    known = {each["trajectory_sha256"] for each in json.loads(reports(evaluated)[0].read_text())["episodes"]}
    done = roadloom(*typed_in(commands[0], monkeypatch, tmp_path), "--json")
    assert done.status == 0 and done.json["trajectory_sha256"] in known
    assert "went otherwise" not in tree.text_content()


def test_compare_writes_page_markdown_and_json(evaluated, roadloom):
    out = evaluated / "comparison"
    done = roadloom("compare", *reports(evaluated), "--out", out, "--html", evaluated / "side.html", "--json")
    assert done.status == 0, done.err
    plain = json.loads((out / "comparison.json").read_text())
    assert plain["flips"] == done.json["flips"] and plain["flips"]
    assert (out / "comparison.html").read_text() == (evaluated / "side.html").read_text()
    assert (out / "comparison.md").read_text().startswith("# constant_speed against idm")
    tree = html.fromstring((out / "comparison.html").read_text("utf-8"))
    assert len(tree.xpath("//script[@class='replay-data']")) == len(plain["flips"])
    assert "does not play here" not in tree.text_content()


def test_the_commands_of_a_comparison_work_from_anywhere(evaluated, roadloom, monkeypatch, tmp_path):
    """Paths as they were given would only be found where the command was run."""
    monkeypatch.chdir(evaluated)
    mine, theirs = (path.relative_to(evaluated) for path in reports(evaluated))
    done = roadloom("compare", mine, theirs, "--out", "elsewhere", "--replays", "0")
    assert done.status == 0, done.err
    line = next(line for line in done.out.splitlines() if " fails in " in line)
    tree = html.fromstring((evaluated / "elsewhere" / "comparison.html").read_text("utf-8"))
    shown = tree.xpath("//table[@id='flips-table']//button/@data-copy")
    text = (evaluated / "elsewhere" / "comparison.md").read_text("utf-8")
    assert len(shown) >= 2 and all(f"`{command}`" in text for command in shown)
    for command in ("cd " + line.partition(": cd ")[2], shown[0], shown[1]):
        assert roadloom(*typed_in(command, monkeypatch, tmp_path), "--json").status == 0, command


def test_a_comparison_plays_a_policy_again_with_its_parameters(evaluated):
    """Commands with the name alone would play the defaults."""
    report = read_report(reports(evaluated)[1])
    assert parameters_in(report) == ()
    other = make_policy("idm", {"following": {"headway_s": 2.5}, "corridor_margin_m": 0.4})
    changed = replace(report, policy_parameters=policy_parameters(other))
    assert sorted(parameters_in(changed)) == ["corridor_margin_m=0.4", "following.headway_s=2.5"]
    again = make_policy("idm", parameters_of(parameters_in(changed)))
    assert policy_parameters(again) == changed.policy_parameters
    assert "--parameter following.headway_s=2.5" in commands_of_both(changed, report, (evaluated, evaluated))[0].play(
        "f", "idm"
    )


def test_a_flip_whose_file_is_gone_is_told(evaluated, roadloom, tmp_path):
    mine, theirs = reports(evaluated)
    copy = tmp_path / "report.json"
    copy.write_bytes(mine.read_bytes())
    done = roadloom("compare", copy, theirs, "--html", tmp_path / "page.html")
    assert done.status == 0, done.err
    tree = html.fromstring((tmp_path / "page.html").read_text("utf-8"))
    assert not tree.xpath("//script[@class='replay-data']")
    assert "does not play here" in tree.text_content()


def test_the_gate_writes_its_page(evaluated, roadloom):
    done = roadloom("gate", *reports(evaluated), "--out", evaluated / "gate")
    assert done.status in (1, 4)
    tree = html.fromstring((evaluated / "gate" / "decision.html").read_text("utf-8"))
    assert tree.xpath("string(//b[@class='word'])") == {1: "BLOCK", 4: "HOLD"}[done.status]


def test_an_episode_as_page_picture_and_json(evaluated, roadloom, monkeypatch, tmp_path):
    file = next((evaluated / "constant_speed" / "failures").iterdir())
    page, strip = evaluated / "one" / "page.html", evaluated / "one" / "strip.png"
    done = roadloom("replay", file, "constant_speed", "--html", page, "--png", strip, "--json")
    assert done.status == 0 and done.json["failures"]
    tree = html.fromstring(page.read_text("utf-8"))
    words = typed_in(tree.xpath("//button/@data-copy")[0], monkeypatch, tmp_path)
    assert words == ["replay", str(file), "constant_speed"]
    assert tree.xpath("//@src[starts-with(., 'data:image/png')]")
    with Image.open(strip) as picture:
        assert picture.width > 600


def test_a_recording_is_named_only_for_logs(evaluated, roadloom):
    file = next((evaluated / "constant_speed" / "failures").iterdir())
    done = roadloom("replay", file, "constant_speed", "--log", "somewhere")
    assert done.status == 1 and "needs no recording" in done.err


@pytest.mark.extra
@pytest.mark.skipif(importlib.util.find_spec("rerun") is None, reason="needs pip install 'roadloom[view]'")
def test_rerun_files_of_an_evaluation(evaluated, roadloom, tmp_path):
    done = roadloom(
        "evaluate", "constant_speed", "--scenario", "late_pedestrian", "--count", "2", "--executor", "serial",
        "--rrd", "1", "--out", tmp_path / "report.json",
    )  # fmt: skip
    assert done.status == 0, done.err
    (file,) = (tmp_path / "recordings").iterdir()
    assert file.suffix == ".rrd" and file.read_bytes()[:3] == b"RRF"


@pytest.mark.skipif(importlib.util.find_spec("rerun") is not None, reason="rerun-sdk is installed")
def test_a_missing_rerun_names_its_extra(evaluated, roadloom, tmp_path):
    file = next((evaluated / "constant_speed" / "failures").iterdir())
    done = roadloom("replay", file, "constant_speed", "--rrd", tmp_path / "a.rrd")
    assert done.status != 0 and "roadloom[view]" in done.err
