"""The compiled corridor against its array-at-once twins."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from closed_loop.policies.corridor import curvature_1pm, places_on_route
from closed_loop.policies.corridor_kernels import FAR_M, fill_corridor
from driving_data.geometry import wrap_angle


def filled(position, velocity, yaw, size, present, route, spacing):
    places, curvature = np.full((7, *present.shape), np.nan), np.full(route.shape[:2], np.nan)
    fill_corridor(position, velocity, yaw, size, present, route, spacing, places, curvature)
    return places, curvature


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(0, 6), st.integers(4, 40))
def test_the_kernel_does_what_the_arrays_do(seed, worlds, actors, points):
    rng = np.random.default_rng(seed)
    heading = np.cumsum(rng.normal(0.0, 0.2, (worlds, points)), axis=1) + rng.uniform(-4.0, 4.0, (worlds, 1))
    steps = np.stack([np.cos(heading), np.sin(heading), np.zeros_like(heading)], axis=-1)
    route = np.cumsum(steps, axis=1)
    position = rng.uniform(-40.0, 40.0, (worlds, actors, 3))
    velocity, yaw = rng.normal(0.0, 10.0, (worlds, actors, 3)), rng.uniform(-3.0, 3.0, (worlds, actors))
    size, present = rng.uniform(0.5, 5.0, (worlds, actors, 3)), rng.random((worlds, actors)) < 0.8
    got, curvature = filled(position, velocity, yaw, size, present, route, 1.0)
    s, d, way = places_on_route(position[..., :2], route[..., :2])
    turned = wrap_angle(yaw - way)
    expected = [
        s, d,
        velocity[..., 0] * np.cos(way) + velocity[..., 1] * np.sin(way),
        velocity[..., 1] * np.cos(way) - velocity[..., 0] * np.sin(way),
        0.5 * (np.abs(np.cos(turned)) * size[..., 0] + np.abs(np.sin(turned)) * size[..., 1]),
        0.5 * (np.abs(np.sin(turned)) * size[..., 0] + np.abs(np.cos(turned)) * size[..., 1]),
        turned,
    ]  # fmt: skip
    absent = (-FAR_M, FAR_M, 0.0, 0.0, 0.0, 0.0, 0.0)
    for row, value, without in zip(got, expected, absent, strict=True):
        np.testing.assert_allclose(row, np.where(present, value, without), rtol=0, atol=1e-9)
    np.testing.assert_allclose(curvature, curvature_1pm(route[..., :2], 1.0), rtol=0, atol=1e-9)


def test_places_beyond_both_ends_lie_on_the_straight_extension():
    route = np.zeros((1, 5, 3))
    route[0, :, 0] = np.arange(5.0)
    position = np.array([[[-7.0, 2.0, 0.0], [9.0, -3.0, 0.0], [1.5, 0.0, 0.0]]])
    flat, there = np.zeros((1, 3)), np.ones((1, 3), bool)
    places, _ = filled(position, np.zeros((1, 3, 3)), flat, np.ones((1, 3, 3)), there, route, 1.0)
    np.testing.assert_allclose(places[0], [[-7.0, 9.0, 1.5]])
    np.testing.assert_allclose(places[1], [[2.0, -3.0, 0.0]])
