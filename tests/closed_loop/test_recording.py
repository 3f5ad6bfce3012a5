"""Rerun files: they verify with Rerun's own tool, and what is read back is what happened."""

import importlib.util
import re
import subprocess
import sys

import numpy as np
import pytest

from closed_loop.registry import make_policy
from closed_loop.report.recording import write_recording
from closed_loop.results import EpisodeResult, Failure
from closed_loop.suites.run import run_rollouts
from closed_loop.suites.suite import library_suite
from driving_data.errors import MissingExtra
from driving_data.rollout import SignalStates
from sim_bridge.registry import SIMULATORS
from tests.closed_loop import worlds

HERE = importlib.util.find_spec("rerun") is not None
needs_rerun = pytest.mark.skipif(not HERE, reason="rerun-sdk is not installed: pip install 'roadloom[view]'")


def rerun(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "rerun", *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def entity_text(path, entity):
    """What Rerun prints of an entity, ends of lines as they are."""
    return rerun("rrd", "print", "-vvv", "--entity", entity, path)


def entities(path):
    """Number of chunks of each entity, as `rerun rrd stats` counts them."""
    text = rerun("rrd", "stats", path)
    part = text.partition("Num chunks per entity")[2].partition("Num chunks per index")[0]
    return {name: int(num) for name, num in re.findall(r"^(/\S*): (\d+)$", part, re.MULTILINE)}


@pytest.mark.skipif(HERE, reason="rerun-sdk is installed")
def test_without_rerun_the_error_names_the_extra(tmp_path):
    with pytest.raises(MissingExtra, match=r"roadloom\[view\]"):
        write_recording(worlds.straight([[0, 0]], [1.0]), tmp_path / "a.rrd")
    assert not list(tmp_path.iterdir())


@pytest.mark.extra
@needs_rerun
def test_a_real_episode_verifies_and_reads_back(tmp_path):
    suite = library_suite("one", ("late_pedestrian",), count=1)
    simulator = SIMULATORS.load("embedded")()
    rollout = run_rollouts(make_policy("constant_speed"), simulator, tuple(suite.scenarios))[0]
    failure = Failure("collision", "hit somebody hard", 1.25, at_fault=True)
    episode = EpisodeResult("k" * 64, "late_pedestrian", "d" * 64, 1, 0, (), "constant_speed", {}, (failure,))
    path = write_recording(rollout, tmp_path / "deep" / "episode.rrd", episode)
    assert [each.name for each in path.parent.iterdir()] == ["episode.rrd"]
    rerun("rrd", "verify", path)
    found = entities(path)
    for index, name in enumerate(rollout.actors.ids):
        kind = "ego" if index == rollout.ego_index else rollout.actors.kind_of(index).label
        assert f"/world/actors/{kind}/{name}" in found
    for name in ("speed", "acceleration", "time_to_collision", "distance"):
        assert f"/metrics/{name}" in found
    assert "/world/map/centerlines" in found
    assert "hit somebody hard" in entity_text(path, "/events")
    ego = rollout.actors.ids[rollout.ego_index]
    text = entity_text(path, f"/world/actors/ego/{ego}")
    # Rerun keeps positions as 32-bit floats.
    triples = re.findall(r"\[\[(-?[\d.e-]+), (-?[\d.e-]+), (-?[\d.e-]+)\]\]", text)
    places = np.array([[float(v) for v in triple] for triple in triples])
    expected = rollout.world_from_actor.translation_m[rollout.valid[:, rollout.ego_index], rollout.ego_index]
    matched = [np.abs(places - place).max(axis=1).min() for place in expected]
    assert max(matched) < 1e-3


@pytest.mark.extra
@needs_rerun
def test_boxes_turn_as_the_actors_do_and_vanish_when_they_go(tmp_path):
    valid = np.ones((40, 2), dtype=bool)
    valid[20:, 1] = False
    lights = SignalStates(("light",), np.r_[np.full((10, 1), 3), np.full((30, 1), 1)])
    rollout = worlds.straight(
        [[0, 0], [30, 3.5]], [10.0, 6.0], yaws=[0.0, 2.0], valid=valid, lane_map=worlds.two_lane_road(), signals=lights
    )
    path = write_recording(rollout, tmp_path / "a.rrd")
    text = entity_text(path, "/world/actors/car/actor_1")
    (quaternion, *_) = re.findall(r"\[\[(-?[\d.e-]+), (-?[\d.e-]+), (-?[\d.e-]+), (-?[\d.e-]+)\]\]", text)
    assert [float(v) for v in quaternion] == pytest.approx([0.0, 0.0, np.sin(1.0), np.cos(1.0)], abs=1e-5)
    assert "Clear" in text
    assert "Clear" not in entity_text(path, "/world/actors/ego/ego")
    signal = entity_text(path, "/world/signals/light")
    assert signal.count("red") == 1 and signal.count("green") == 1
