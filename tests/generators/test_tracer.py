from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.geometry import SE3, interpolate
from generators.raytrace.bvh import brute_force
from generators.raytrace.scene import Mesh
from generators.raytrace.tracer import FAR_M, bands_of, for_each, occluded, place, poses_between, prepare, trace
from tests.generators.street import CAR_SIZE, mesh_scene, plane, rollout, sphere


def soup(rng, count, spread, size):
    """Random triangles of very different shapes."""
    center = rng.normal(0, spread, (count, 1, 3))
    corners = (center + rng.normal(0, size, (count, 3, 3)) * rng.choice([0.01, 1.0, 5.0], (count, 1, 1))).astype(
        np.float32
    )
    return Mesh(corners.reshape(-1, 3), np.arange(3 * count, dtype=np.int32).reshape(-1, 3), np.zeros(count, np.int32),
                np.zeros((count, 3, 2), np.float32), np.zeros((count, 3, 3), np.float32))  # fmt: skip


def placed_nothing(traced):
    state = rollout(1).state_at(0)
    return place(traced, state, state, np.zeros(1), 0)


def rays(rng, count, spread):
    origin = rng.normal(0, spread, (count, 3)).astype(np.float32)
    direction = rng.normal(size=(count, 3))
    direction[: count // 3] = np.eye(3)[rng.integers(0, 3, count // 3)] * rng.choice([-1, 1], (count // 3, 1))
    return origin, (direction / np.linalg.norm(direction, axis=1, keepdims=True)).astype(np.float32)


@given(st.integers(0, 200), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=25)
def test_hits_are_those_of_trying_every_triangle(count, seed):
    rng = np.random.default_rng(seed)
    traced = prepare(mesh_scene(1, static=soup(rng, count, 10.0, 2.0)))
    origin, direction = rays(rng, 60, 12.0)
    hits = trace(traced, placed_nothing(traced), origin, direction, np.zeros(60, np.int32))
    corners = traced.hierarchy.triangle.reshape(-1, 3, 3)[: int(np.sum(traced.hierarchy.mesh == 0))].copy()
    corners[:, 1:] += corners[:, :1]
    t, _ = brute_force(corners, origin.astype(np.float64), direction.astype(np.float64))
    # Rays that graze an edge may be decided either way: at most one in a hundred here.
    differ = ~np.isclose(hits.distance_m, t, rtol=2e-4, atol=2e-4)
    assert differ.sum() <= 1
    blocked = occluded(traced, placed_nothing(traced), origin, direction, np.zeros(60, np.int32))
    assert np.array_equal(blocked, hits.triangle >= 0)


def test_a_fan_of_triangles_has_no_cracks():
    ball = sphere((0, 0, 0), 5.0, 24, 0)
    traced = prepare(mesh_scene(1, static=ball))
    rng = np.random.default_rng(0)
    direction = rng.normal(size=(40000, 3))
    direction[:20000] = ball.vertices_m[rng.integers(0, len(ball.vertices_m), 20000)]
    edges = ball.vertices_m[ball.triangles[rng.integers(0, len(ball.triangles), 10000)]]
    direction[:10000] = 0.5 * (edges[:, 0] + edges[:, 1])
    direction = (direction / np.linalg.norm(direction, axis=1, keepdims=True)).astype(np.float32)
    hits = trace(traced, placed_nothing(traced), np.zeros_like(direction), direction, np.zeros(40000, np.int32))
    assert np.all(hits.triangle >= 0)


def test_far_from_the_origin_nothing_is_lost():
    traced = prepare(mesh_scene(1, static=plane(4.0e5, 4.0e5 + 100, -5.0e5, -5.0e5 + 100, 0)))
    origin = (np.array([[4.0e5 + 50, -5.0e5 + 50, 2.0]]) - traced.origin_m).astype(np.float32)
    direction = np.array([[0.6, 0.0, -0.8]], np.float32)
    hits = trace(traced, placed_nothing(traced), origin, direction, np.zeros(1, np.int32))
    assert hits.distance_m[0] == pytest.approx(2.5, abs=1e-4)


def test_a_limit_and_one_actor_alone():
    ride = rollout(3)
    traced = prepare(mesh_scene(3))
    state = ride.state_at(0)
    placed = place(traced, state, state, np.zeros(1), 0)
    eye = ride.world_from_actor.translation_m[0, 0] + [0, 0, 0.2]
    origin = np.tile((eye - traced.origin_m).astype(np.float32), (2, 1))
    direction = np.array([[1, 0, 0], [-1, 0, 0]], np.float32)
    slot = np.zeros(2, np.int32)
    hits = trace(traced, placed, origin, direction, slot)
    gap = 14.0 - 0.5 * 0.99 * CAR_SIZE[0]
    assert placed.actor[hits.instance[0]] == 1 and hits.distance_m[0] == pytest.approx(gap, abs=0.03)
    assert not occluded(traced, placed, origin, direction, slot, np.full(2, gap - 0.1, np.float32)).any()
    alone = trace(traced, placed, origin, direction, slot, only=1)
    assert alone.triangle.tolist() == [-1, -1], "actor 2 is not on that ray, and nothing else is looked at"


def test_poses_agree_with_interpolation_and_go_on_beyond():
    rng = np.random.default_rng(1)
    start = SE3.from_rpy(rng.normal(0, 1, (5, 3)), rng.normal(0, 9, (5, 3)))
    end = start @ SE3.from_rpy(rng.normal(0, 0.4, (5, 3)), rng.normal(0, 1, (5, 3)))
    fraction = np.array([0.0, 0.3, 0.5, 1.0])
    made = poses_between(start, end, fraction)
    for k, f in enumerate(fraction):
        wanted = interpolate(start, end, np.full(5, f))
        assert np.allclose(made.rotation[k], wanted.rotation, atol=1e-9)
        assert np.allclose(made.translation_m[k], wanted.translation_m, atol=1e-9)
    twice = poses_between(start, end, np.array([2.0]))[0]
    turn = np.swapaxes(start.rotation, -1, -2) @ end.rotation
    assert np.allclose(twice.rotation, start.rotation @ turn @ turn, atol=1e-9)


def test_each_slot_sees_actors_where_they_are_then():
    ride = rollout(2, speed_mps=20.0)
    start, end = ride.state_at(0), ride.state_at(5)
    start = replace(start, velocity_mps=start.velocity_mps * 0)
    traced = prepare(mesh_scene(2))
    fraction = np.array([0.0, 0.5, 1.0])
    placed = place(traced, start, end, fraction, 0)
    origin = np.tile((np.array([0.0, -1.8, 0.7]) - traced.origin_m).astype(np.float32), (3, 1))
    direction = np.tile(np.array([1, 0, 0], np.float32), (3, 1))
    hits = trace(traced, placed, origin, direction, np.arange(3, dtype=np.int32))
    assert np.allclose(np.diff(hits.distance_m), 5.0, atol=1e-3)


def test_work_is_cut_without_gap_and_failures_come_back():
    assert [(s.start, s.stop) for s in bands_of(10, 4)] == [(0, 4), (4, 8), (8, 10)] and bands_of(0, 4) == []
    with pytest.raises(ZeroDivisionError):
        for_each(lambda band: 1 // 0, bands_of(8, 2), 2)
    assert FAR_M > 1e4
