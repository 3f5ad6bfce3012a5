"""Benchmarks measure and name what they say; no test asserts a time."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import (
    bench_end_to_end,
    bench_logs,
    bench_mixing,
    bench_scenarios,
    bench_simulator,
    bench_store,
    bench_tracer,
    bench_validation,
)
from benchmarks.harness import Figure, document, median_seconds
from benchmarks.simulator_peers import PEERS
from benchmarks.worlds import camera_rig, crossing, jam, motorway, street
from roadloom.benchmarks import names
from scenarios.concrete import RoadChoice
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.simulator import EmbeddedSimulator
from tests.driving_data.example_segments import example_segment
from tests.validation.scenes import seen_segment


def assert_sound(figures, at_least):
    """Every figure has a name of its own and a finite positive value, and can be kept."""
    assert len(figures) >= at_least
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        assert math.isfinite(figure.value) and figure.value > 0 and figure.unit, figure
    kept = json.loads(json.dumps(document("test", figures), allow_nan=False))
    assert [row["name"] for row in kept["figures"]] == [figure.name for figure in figures]


def test_every_room_has_a_benchmark():
    expected = {"simulator", "tracer", "scenarios", "store", "mixing", "logs", "validation", "end_to_end"}
    assert set(names()) >= expected


def test_the_median_leaves_warmups_out():
    calls = []
    median_seconds(lambda: calls.append(1), repeats=3, warmups=2)
    assert len(calls) == 5


def test_a_ratio_needs_a_peer_and_a_goal_is_met_by_its_unit():
    assert Figure("a", 2.0, "frames/s").ratio is None
    assert Figure("a", 2.0, "frames/s", peer="p", peer_value=4.0).ratio == 0.5
    assert Figure("a", 2.0, "ms", 3.0).goal_met and not Figure("a", 2.0, "frames/s", 3.0).goal_met


def test_the_motorway_flows_and_nobody_collides():
    scenario = motorway(32, 8.0)
    assert len(scenario.actors) == 31
    session = EmbeddedSimulator().open([scenario], [0])
    session.run(80, "idm_lane_follow")
    rollout = session.rollouts()[0]
    session.close()
    assert rollout.num_steps == 81
    assert rollout.valid.all() and not [event for event in rollout.events if event.kind == "collision"]
    assert np.nanmin(np.linalg.norm(rollout.velocity_mps[-1], axis=-1)) > 5.0


def test_simulator():
    sizes = bench_simulator.Sizes(4, 2, num_steps=10, long_steps=200, python_steps=5, policy_steps=5, repeats=1)
    assert_sound(bench_simulator.measure(replace(sizes, starts=False)), 9)


def test_only_actors_that_exist_are_counted():
    # On a short road the front vehicles leave: 32 actors times the steps would be too many.
    short = replace(motorway(8, 40.0), road=RoadChoice("motorway", {"lanes": 3, "length_m": 600.0}))
    short = replace(short, ego=replace(short.ego, goal_s_m=550.0))
    session = EmbeddedSimulator(EmbeddedOptions(ends_at_goal=False)).open([short], [0])
    session.run(400, "idm_lane_follow")
    left = int(session.rollouts()[0].valid[-1].sum())
    session.close()
    assert left < 8


def test_the_jam_stands_and_the_crossing_queues_without_contacts():
    session = EmbeddedSimulator(EmbeddedOptions(ends_at_goal=False)).open([jam(32, 200.0), crossing(32, 40.0)], [0, 0])
    session.run(2000, "idm_lane_follow")
    stood, queued = session.rollouts()
    session.close()
    assert stood.valid.all() and np.linalg.norm(stood.velocity_mps[-1], axis=-1).max() < 0.05
    assert len(queued.signals.ids) == 4 and queued.valid[:200].all()
    assert np.linalg.norm(queued.velocity_mps[200], axis=-1).min() < 0.5, "somebody waits at a red light"
    assert not [event for event in (*stood.events, *queued.events) if event.kind == "collision"]


@pytest.mark.slow
def test_tracer():
    sizes = bench_tracer.Sizes(width_px=32, height_px=18, lidars=((4, 30), (8, 30)), num_actors=14, repeats=1)
    scene = bench_tracer.open_street(sizes.num_actors)
    assert_sound(
        [
            *bench_tracer.camera_figures(scene, sizes),
            *bench_tracer.lidar_figures(scene, sizes),
            *bench_tracer.build_figures(scene, sizes),
            *bench_tracer.hit_figures(scene, sizes, ask=False),
        ],
        10,
    )
    origin, direction = bench_tracer.static_rays(scene, sizes)
    found = bench_tracer.distances(scene, bench_tracer.alone(scene), origin, direction, 1)
    hit = np.isfinite(found)
    # The road lies below the camera: whatever looks steeply down meets it at once.
    down = direction[:, 2] < -0.4
    assert hit[down].all() and found[down].max() < 12.0
    np.testing.assert_allclose(np.linalg.norm(direction, axis=-1), 1.0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.extra
def test_embree_meets_the_same_triangles():
    sizes = bench_tracer.Sizes(width_px=48, height_px=27, lidars=((4, 30),), num_actors=4, repeats=1)
    figures = {figure.name: figure for figure in bench_tracer.hit_figures(bench_tracer.open_street(4), sizes)}
    if "rays on which both agree" not in figures:
        pytest.skip("embreex is not installed and pip reaches no registry")
    assert figures["rays on which both agree"].value > 99.9
    assert figures["closest hits, one thread"].ratio > 0


@pytest.mark.slow
@pytest.mark.extra
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.folder)
def test_peers_of_the_simulator_run(peer):
    told = bench_simulator.ask(replace(peer, steps=5))
    if told is None:
        pytest.skip(f"{peer.name} is not installed and pip reaches no registry")
    assert told["vehicles"] >= 0.5 * peer.vehicles and told["steps_per_second"] > 0


def test_agreement_notices_a_difference():
    ours, theirs = np.array([1.0, np.inf, 5.0, np.inf]), np.array([1.0005, 1e37, 6.0, 7.0])
    assert bench_tracer._agree(ours, theirs).tolist() == [True, True, False, False]


@pytest.mark.slow
def test_scenarios():
    sizes = bench_scenarios.Sizes(count=2, others=(), repeats=1, many=3, placed=3, rows=10, peer_seconds=0.2)
    assert_sound(bench_scenarios.measure(sizes), 5)


@pytest.mark.parametrize("archetype", bench_scenarios.ROADS)
def test_the_cars_compared_with_scenic_stand_on_lanes_and_not_in_one_another(archetype):
    concrete = bench_scenarios.placed_cars(archetype).sample(1)
    assert len(concrete.actors) == bench_scenarios.CARS
    routes = {concrete.ego.start.route, *(actor.start.route for actor in concrete.actors)}
    assert len(routes) > 2 and routes <= set(bench_scenarios.driving_routes(archetype))


@pytest.mark.slow
@pytest.mark.extra
def test_scenic_places_as_many_cars():
    sizes = bench_scenarios.Sizes(repeats=1, peer_seconds=0.2)
    told = bench_scenarios.ask_scenic(sizes)
    if told is None:
        pytest.skip("Scenic is not installed and pip reaches no registry")
    assert set(told) == {*bench_scenarios.ROADS, "free"}
    assert all(one["objects"] == bench_scenarios.CARS + 1 and one["rate"] > 0 for one in told.values())


def test_store(tmp_path):
    segment = example_segment("one")
    figures = bench_store.measure(segment, tmp_path, 1)
    assert_sound(figures, 8)
    sizes = {figure.name: figure for figure in figures}["size on disk"]
    assert sizes.ratio is not None
    arrays = bench_store.arrays_of(segment)
    assert sum(name.endswith("_rgb") for name in arrays) == len(segment.frames)


def test_mixing(tmp_path):
    made = [example_segment(name, admitted=True, seed=k) for k, name in enumerate(("one", "two", "three"))]
    sizes = bench_mixing.Sizes(num_draws=20, num_samples=8, batch_size=4, repeats=1)
    assert_sound(bench_mixing.measure(made, tmp_path, sizes), 5)


def test_logs(shared_data):
    figures = bench_logs.measure(shared_data, ("logs/gpudrive", "logs/not_there"), 1, max_segments=1)
    assert_sound(figures, 1)
    assert [figure.name for figure in figures] == ["gpudrive"]


def test_logs_are_there_under_their_names(shared_data):
    assert [name for name in bench_logs.LOGS if not (shared_data / name).exists()] == []


def test_validation():
    from validation.registry import CHECKS

    figures = bench_validation.measure(seen_segment(0), 1)
    assert_sound(figures, 1 + len(CHECKS.names()))


@pytest.mark.slow
def test_end_to_end(tmp_path):
    sizes = bench_end_to_end.Sizes(("cut_in",), 1, camera_rig(32, 18))
    figures = bench_end_to_end.measure(sizes, tmp_path)
    assert_sound(figures, 2 + len(bench_end_to_end.PARTS))


def test_the_street_has_the_actors_that_it_says():
    scenario, rollout = street(20)
    assert len(scenario.actors) == 20 and rollout.num_actors == 21
    assert len({actor.id for actor in scenario.actors}) == 20
