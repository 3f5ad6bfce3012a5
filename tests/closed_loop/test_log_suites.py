"""Suites of real logs, replayed and reactive: batches of one mode, the logged ego as the expert, mixed suites."""

from dataclasses import replace

import numpy as np
import pytest

from closed_loop.registry import make_policy
from closed_loop.suites import logs as module
from closed_loop.suites.episodes import EpisodeTask, judge, log_mode, run_rollouts
from closed_loop.suites.logs import LogWorlds, log_scenarios
from closed_loop.suites.parts import LogPart
from closed_loop.suites.run import run_suite
from closed_loop.suites.suite import Suite, library_suite
from driving_data.errors import InputError, Unsupported
from sim_bridge.embedded.simulator import EmbeddedSimulator

METRICS = ("nuplan_progress", "nuplan_cls_r", "nuplan_cls_nr", "collision")


@pytest.fixture(scope="module")
def folder(request):
    return request.getfixturevalue("shared_data") / "logs" / "metadrive" / "nuscenes"


@pytest.fixture(scope="module")
def entries(folder):
    parts = [LogPart((str(folder),), mode, max_segments=3, max_duration_s=6.0) for mode in module.MODES]
    return log_scenarios([(part, [folder]) for part in parts])


@pytest.fixture(scope="module")
def worlds(entries):
    return LogWorlds(EmbeddedSimulator(), {e.scenario.road.parameters["segment"]: str(e.source) for e in entries})


class Counted:
    """The worlds, and what each batch held."""

    def __init__(self, inner):
        self.inner, self.batches = inner, []

    def open(self, scenarios, seeds):
        self.batches.append([log_mode(scenario) for scenario in scenarios])
        return self.inner.open(scenarios, seeds)

    def expert_m(self, scenario):
        return self.inner.expert_m(scenario)


@pytest.mark.slow
def test_a_mixed_suite_runs_in_batches_of_one_kind_and_none_falls_apart(entries, worlds):
    own = library_suite("some", ["cut_in"], 2).scenarios
    mixed = [own[0], entries[0].scenario, own[1], entries[3].scenario, *(entry.scenario for entry in entries[1:3])]
    seen = Counted(worlds)
    report = run_suite(make_policy("idm"), Suite("mixed", mixed), seen, metrics=METRICS)
    assert [episode.error for episode in report.episodes] == [None] * 6
    steps = {(log_mode(scenario), scenario.step_s) for scenario in mixed}
    assert len(seen.batches) == len(steps), "one session for each kind: no batch was tried again one by one"
    assert sorted(map(len, seen.batches)) == [1, 2, 3]
    of_mode = [(episode.metrics["nuplan_cls_r"].applicable, episode.metrics["nuplan_cls_nr"].applicable)
               for episode in report.episodes]  # fmt: skip
    assert of_mode[1] == (False, True) and of_mode[3] == (True, False)
    alone = run_suite(make_policy("idm"), Suite("mixed", mixed), worlds, metrics=METRICS, batch_size=1)
    assert alone.to_plain() == report.to_plain()


def test_the_logged_ego_is_the_expert(entries, worlds):
    """A simplified progress compares with the way asked for; here it is the way that the logged ego went."""
    entry = entries[1]
    recording = module.recordings(str(entry.source), 6.0)[entry.scenario.road.parameters["segment"]]
    expert = worlds.expert_m(entry.scenario)
    there = recording.valid[:, recording.ego_index]
    np.testing.assert_array_equal(expert, recording.world_from_actor.translation_m[there, recording.ego_index, :2])
    assert worlds.expert_m(library_suite("some", ["cut_in"], 1).scenarios[0]) is None
    task = EpisodeTask(make_policy("constant_speed"), worlds, "embedded", (entry.scenario,), METRICS)
    (rollout,) = run_rollouts(task.policy, worlds, task.scenarios)
    progress = judge(task, entry.scenario, rollout).metrics["nuplan_progress"]
    assert progress.evidence["expert"] == "log"
    without = judge(replace(task, simulator=EmbeddedSimulator()), entry.scenario, rollout).metrics["nuplan_progress"]
    assert without.evidence["expert"] == "the task"


def test_the_ego_that_drives_as_logged_has_made_all_of_the_experts_progress(entries, worlds):
    entry = entries[1]
    recording = module.recordings(str(entry.source), 6.0)[entry.scenario.road.parameters["segment"]]
    task = EpisodeTask(make_policy("idm"), worlds, "embedded", (entry.scenario,), METRICS)
    progress = judge(task, entry.scenario, recording).metrics["nuplan_progress"]
    assert progress.value == 1.0 and progress.evidence["ego_m"] == progress.evidence["expert_m"] > 5.0


def test_a_batch_of_two_kinds_and_an_unknown_mode_are_refused(entries, worlds, folder):
    with pytest.raises(Unsupported, match="not of several"):
        worlds.open([entries[0].scenario, entries[3].scenario], [0, 0])
    with pytest.raises(Unsupported, match="no source"):
        LogWorlds(EmbeddedSimulator(), {}).open([entries[0].scenario], [0])
    with pytest.raises(InputError, match="'sleepy'"):
        log_scenarios([(LogPart((str(folder),), "sleepy"), [folder])])


def test_the_shipped_suite_plays_every_log_in_both_modes():
    from roadloom.suites import read_suite

    parts = read_suite("logs").logs
    assert [part.mode for part in parts] == list(module.MODES)
    assert replace(parts[1], mode="replay") == parts[0]


@pytest.mark.slow
def test_a_log_with_gaps_plays_reactively_to_its_end(shared_data):
    """In this log a parked car appears for one moment, its turning unknown, where a vehicle that reacts stands."""
    source = shared_data / "logs" / "gpudrive"
    part = LogPart((str(source),), "reactive", max_segments=1)
    (entry,) = log_scenarios([(part, [source])])
    worlds = LogWorlds(EmbeddedSimulator(), {entry.scenario.road.parameters["segment"]: str(source)})
    (rollout,) = run_rollouts(make_policy("idm"), worlds, (entry.scenario,))
    assert np.isfinite(rollout.velocity_mps[rollout.valid][:, :2]).all()
