"""Scenario files with a storyboard through the verbs: told, drawn, judged, made into segments and made again."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from closed_loop.suites.episodes import task_of
from driving_data.store import SegmentStore
from roadloom.main import app
from roadloom.pictures import scripted
from roadloom.pipeline.recipes import JUMP_MPS, settled, simulate
from roadloom.settings import Choice
from scenarios.language.describe import describe, slots_of
from scenarios.openscenario.beginnings import beginnings
from scenarios.openscenario.logical import to_logical
from scenarios.openscenario.scenario import from_openscenario
from scenarios.openscenario.story_tags import ground_under
from scenarios.picture import scenario_picture
from scenarios.picture.sheet import EGO, PALETTE
from sim_bridge.embedded.simulator import EmbeddedSimulator

ESMINI, ALKS = "openscenario/esmini/xosc", "openscenario/alks/logical_scenarios"


def invoke(*words: str) -> str:
    found = CliRunner().invoke(app, list(words))
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.mark.parametrize(
    "name",
    ["cut-in", "ltap-od", "pedestrian", "highway_merge", "lane_change_crest", "trailers",
     "left-hand-traffic_using_road_rule"],
)  # fmt: skip
def test_beginnings_are_where_the_simulator_puts_everybody(shared_data, name: str) -> None:
    scenario = from_openscenario(shared_data / ESMINI / f"{name}.xosc", duration_s=0.1)
    session = EmbeddedSimulator().open([scenario], [0])
    session.reset()
    rollout = session.rollouts()[0]
    board = scenario.storyboard
    found = beginnings(board, ground_under(scenario))
    for k, actor in enumerate(rollout.actors.ids):
        one = found[board.ego if actor == "ego" else actor]
        if not one.present:
            continue
        x, y, yaw = one.center
        assert rollout.world_from_actor.translation_m[0, k, :2] == pytest.approx((x, y), abs=0.1), actor
        assert math.cos(rollout.world_from_actor.yaw_rad()[0, k] - yaw) == pytest.approx(1.0, abs=1e-3), actor


def test_events_of_a_storyboard_are_triggers_of_the_rollout(shared_data) -> None:
    rollout = scripted(from_openscenario(shared_data / ESMINI / "pedestrian.xosc"))
    told = [(event.actor_ids[0], event.data["trigger"]) for event in rollout.events if event.kind == "trigger"]
    assert [actor for actor, _ in told] == ["pedestrian_adult", "ego"] and all("/" in label for _, label in told)
    times = [event.timestamp_ns for event in rollout.events]
    assert times == sorted(times)


def test_descriptions_tell_who_is_where_and_what_happens_when(shared_data) -> None:
    text = describe(to_logical(shared_data / ESMINI / "pedestrian.xosc"))
    assert "The ego drives at 36 km/h at an intersection" in text and "by day" in text
    assert "A pedestrian (pedestrian_adult) stands 43.8 m ahead of the ego" in text
    assert "crosses the road along a trajectory when the ego has driven 5 m" in text
    assert "The ego brakes to a stop with 5.1 m/s² when the time to collision of the ego with pedestrian_adult" in text
    assert text.index("crosses") < text.index("brakes to a stop")


def test_descriptions_of_variations_name_what_differs(shared_data) -> None:
    logical = to_logical(shared_data / ALKS / "alks_scenario_4_4_1_cut_in_no_collision_variation.xosc")
    text, slots = describe(logical), slots_of(logical)
    assert "on a motorway with three lanes per direction" in text and "cuts in into the lane of the ego" in text
    assert "Ego_InitSpeed_Ve0_kph (20 to 60)" in text
    assert slots.road.kind == "motorway" and "cut_in" in slots.actors[0].manoeuvre
    assert slots.actors[0].relation[0] == "ahead" and slots.actors[0].trigger.kind == "distance"


def test_no_sentence_is_broken(shared_data) -> None:
    for name in ("traffic_lights", "trailers", "highway_merge", "synchronize", "light_state", "offroad_follower"):
        text = describe(from_openscenario(shared_data / ESMINI / f"{name}.xosc"))
        assert text.endswith(".") and not any(bad in text for bad in ("  ", " ,", "..", "None", "nan", "()")), text


def test_the_picture_shows_everybody_and_the_ways(shared_data) -> None:
    logical = to_logical(shared_data / ESMINI / "ltap-od.xosc")
    draw = logical.sample(0, 0)
    pixels = scenario_picture(logical, [draw])
    for color in (EGO, PALETTE[0]):
        near = np.abs(pixels[85:480].astype(int) - np.array(color)).max(axis=2) < 30
        assert near.sum() > 250, "a car of some 5 m"
        assert near[:, 60:1200].any()


@pytest.mark.slow
def test_show_draws_a_file(shared_data, tmp_path) -> None:
    file = shared_data / ALKS / "alks_scenario_4_4_1_cut_in_no_collision_variation.xosc"
    path = Path(invoke("show", str(file), "--png", "--out", str(tmp_path)).strip())
    with Image.open(path) as picture:
        assert picture.size[0] == 1280
    made = invoke("show", str(shared_data / ESMINI / "pedestrian.xosc"), "--out", str(tmp_path), "--frames", "1")
    assert any(line.endswith("_camera.png") for line in made.splitlines()) and "pedestrian_above.png" in made


def test_segments_begin_when_everybody_is_up_to_speed(shared_data) -> None:
    scenario = from_openscenario(shared_data / ESMINI / "cut-in.xosc", duration_s=2.0)
    whole = simulate(scenario, "idm", Choice("embedded"))
    cut = settled(whole)
    steps = [np.linalg.norm(np.diff(one.velocity_mps[:8], axis=0), axis=-1).max() for one in (whole, cut)]
    assert steps[0] > 30.0 and steps[1] < JUMP_MPS
    assert cut.num_steps == whole.num_steps - 3 and cut.timestamps_ns[0] == whole.timestamps_ns[3]
    assert np.array_equal(cut.velocity_mps[0], whole.velocity_mps[3])
    assert settled(cut) is cut


@pytest.mark.slow
def test_a_story_that_ends_by_itself_asks_for_less(shared_data) -> None:
    scenario = from_openscenario(shared_data / ESMINI / "cut-in.xosc")
    rollout = simulate(scenario, "idm", Choice("embedded"))
    task, lived = task_of(scenario, rollout), float(rollout.seconds()[-1])
    assert lived < scenario.duration_s - 1.0 and task.duration_s == lived
    assert task.distance_m == pytest.approx(0.9 * 30.0 * lived) and task.route_m is not None


@pytest.mark.slow
def test_policies_are_evaluated_on_files(shared_data, tmp_path) -> None:
    files = [shared_data / ESMINI / f"{name}.xosc" for name in ("cut-in", "ltap-od", "highway_merge")]
    named = [word for file in files for word in ("--scenario", str(file))]
    out = tmp_path / "report.json"
    invoke("evaluate", "idm", *named, "--count", "1", "--executor", "serial", "--out", str(out))
    episodes = json.loads(out.read_text())["episodes"]
    assert [episode["scenario_name"] for episode in episodes] == ["cut-in", "ltap-od", "highway_merge"]
    for episode in episodes:
        assert not [failure for failure in episode["failures"] if failure["kind"] == "error"], episode
        assert 0.0 < episode["metrics"]["progress"]["value"] <= 1.0
        assert any(tag.startswith("road:") for tag in episode["tags"])


@pytest.mark.slow
def test_a_run_on_a_file_gives_segments_that_are_made_again(shared_data, tmp_path) -> None:
    file, out = shared_data / ESMINI / "cut-in.xosc", tmp_path / "out"
    words = [f"scenario=[{file}]", "count=2", "real=none", "executor=serial", f"suite.scenarios=[{file}]",
             "suite.count=1", f"output={out}", "mixture.exports=[]"]  # fmt: skip
    summary = json.loads(invoke("run", *words, "--json"))
    assert summary["segments"]["synthetic"] == 2 and not summary["rejected"]
    store = SegmentStore(Path(summary["store"]))
    info = next(info for info in store.query() if info.source.value == "synthetic")
    assert {"manoeuvre:cut_in", "actor:car"} <= set(store.load(info.segment_id).tags)
    again = json.loads(invoke("reproduce", info.segment_id, "--store", summary["store"], "--json"))
    assert again["num_files"] > 0
    kept = [difference for difference in again["differences"] if "segment.json" not in difference]
    assert not [difference for difference in kept if "roadloom.code" not in difference]
