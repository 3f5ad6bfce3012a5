"""Impacts of boxes: momentum kept, no energy made, points of contact, and what bodies do afterwards."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from driving_data.geometry import overlap_depth_m
from driving_data.taxonomy import ActorClass
from scenarios.concrete import Driver, Ego, Place
from sim_bridge.embedded import impact_kernels as kernels
from sim_bridge.embedded.geometry_kernels import box_overlap
from sim_bridge.embedded.layout import GRAVITY
from sim_bridge.embedded.reference_impacts import Box, energy, impulse, touching
from tests.sim_bridge.worlds import car, scenario, simulator

STILL = Driver(kind="none")
SPEED = st.one_of(st.floats(-40.0, 40.0), st.sampled_from([0.0, 5e-324, -1e-310]))
MASS = st.sampled_from([30.0, 1600.0, 14000.0, math.inf])
BOXES = st.builds(
    Box, st.floats(-3.0, 3.0), st.floats(-2.0, 2.0), st.floats(-3.1, 3.1), st.floats(0.5, 12.0), st.floats(0.5, 2.5),
    MASS, st.tuples(SPEED, SPEED, st.floats(-5.0, 5.0)),
)  # fmt: skip


def hit(a, b, e, mu):
    """Both boxes after the compiled impact, with its impulse, point and normal."""
    depth, nx, ny = box_overlap(a.x, a.y, a.yaw, a.length, a.width, b.x, b.y, b.yaw, b.length, b.width)
    px, py = kernels.contact_point(a.x, a.y, a.yaw, a.length, a.width, b.x, b.y, b.yaw, b.length, b.width, depth)
    light = [0.0 if math.isinf(box.mass) else 1.0 / box.mass for box in (a, b)]
    free = [k / kernels.box_inertia(1.0, box.length, box.width) for k, box in zip(light, (a, b), strict=True)]
    arms = (px - a.x, py - a.y, px - b.x, py - b.y)
    vx = a.q[0] - a.q[2] * arms[1] - b.q[0] + b.q[2] * arms[3]
    vy = a.q[1] + a.q[2] * arms[0] - b.q[1] - b.q[2] * arms[2]
    gx, gy = kernels.impulse_between(light[0], free[0], light[1], free[1], *arms, nx, ny, vx, vy, e, mu)
    after = []
    for box, k, m, sign, (rx, ry) in ((a, light[0], free[0], -1.0, arms[:2]), (b, light[1], free[1], 1.0, arms[2:])):
        turn = box.q[2] + sign * m * (rx * gy - ry * gx)
        after.append(replace(box, q=(box.q[0] + sign * k * gx, box.q[1] + sign * k * gy, turn)))
    return after, np.array([gx, gy]), np.array([px, py]), np.array([nx, ny]), depth


def momentum(*boxes):
    """Linear momentum and the angular one about the origin."""
    total = np.zeros(3)
    for box in boxes:
        inertia = kernels.box_inertia(box.mass, box.length, box.width)
        px, py = box.mass * box.q[0], box.mass * box.q[1]
        total += [px, py, box.x * py - box.y * px + inertia * box.q[2]]
    return total


@given(BOXES, BOXES, st.floats(0.0, 1.0), st.floats(0.0, 2.0))
def test_an_impact_is_that_of_the_twin_makes_no_energy_and_keeps_momentum(a, b, e, mu):
    a, b = (replace(box, q=(0.0, 0.0, 0.0)) if math.isinf(box.mass) else box for box in (a, b))
    after, given_, point, normal, depth = hit(a, b, e, mu)
    assume(depth > 0.0)
    wanted = impulse(a, b, point, normal, e, mu)
    np.testing.assert_allclose(given_, wanted, rtol=1e-6, atol=1e-6 * max(1.0, float(np.abs(wanted).max())))
    assert energy(*after) <= energy(a, b) * (1 + 1e-9) + 1e-9
    if not (math.isinf(a.mass) or math.isinf(b.mass)):
        np.testing.assert_allclose(momentum(*after), momentum(a, b), rtol=1e-9, atol=1e-5)
    along = float(given_ @ normal)
    across = float(normal[0] * given_[1] - normal[1] * given_[0])
    assert along >= 0.0
    assert abs(across) <= mu * along * (1 + 1e-9) + 1e-9


@given(BOXES, BOXES)
def test_points_in_contact_end_together_without_restitution_and_with_much_friction(a, b):
    a, b = (replace(box, q=(0.0, 0.0, 0.0)) if math.isinf(box.mass) else box for box in (a, b))
    after, given_, point, normal, depth = hit(a, b, 0.0, 1e9)
    assume(depth > 0.0 and float(given_ @ normal) > 1e-3)
    speeds = [
        np.array([box.q[0] - box.q[2] * (point[1] - box.y), box.q[1] + box.q[2] * (point[0] - box.x)]) for box in after
    ]
    np.testing.assert_allclose(speeds[0], speeds[1], atol=1e-6)


@pytest.mark.parametrize(
    ("b", "where"),
    [
        (Box(4.499, 0.9, 0.0, 4.5, 1.8, 1600.0, (0.0, 0.0, 0.0)), (2.25, 0.45)),
        (Box(4.466, 1.2546, math.pi / 4, 4.5, 1.8, 1600.0, (0.0, 0.0, 0.0)), None),
        (Box(3.149, 0.0, math.pi / 2, 4.5, 1.8, 1600.0, (0.0, 0.0, 0.0)), (2.25, 0.0)),
    ],
)
def test_the_point_of_contact_lies_in_the_overlap(b, where):
    a = Box(0.0, 0.0, 0.0, 4.5, 1.8, 1600.0, (10.0, 0.0, 0.0))
    _, _, point, _, depth = hit(a, b, 0.0, 0.5)
    assert depth > 0.0
    np.testing.assert_allclose(point, where if where is not None else touching(a, b), atol=0.02)


def test_a_hit_off_the_middle_turns_both():
    """An impulse through the centres, as before, would turn nobody; by hand: J = (1 + e) v / (2/m + 2 l^2/I)."""
    a = Box(0.0, 0.0, 0.0, 4.5, 1.8, 1600.0, (10.0, 0.0, 0.0))
    b = Box(4.499, 0.9, 0.0, 4.5, 1.8, 1600.0, (0.0, 0.0, 0.0))
    after, given_, _, _, _ = hit(a, b, 0.1, 0.0)
    inertia = 1600.0 * (4.5**2 + 1.8**2) / 12
    size = 1.1 * 10.0 / (2 / 1600.0 + 2 * 0.45**2 / inertia)
    assert given_[0] == pytest.approx(size, rel=1e-6)
    assert after[0].q[2] == pytest.approx(size * 0.45 / inertia, rel=1e-6)
    assert after[1].q[2] == pytest.approx(size * 0.45 / inertia, rel=1e-6)


@given(st.floats(0.1, 30.0), st.floats(-3.1, 3.1), st.floats(1.0, 9.0))
def test_a_body_that_does_not_turn_stops_where_friction_says(speed, course, brake):
    vx, vy = speed * math.cos(course), speed * math.sin(course)
    x = y = yaw = rate = 0.0
    for _ in range(400):
        x, y, yaw, vx, vy, rate = kernels.slide(x, y, yaw, vx, vy, rate, 4.5, 1.8, brake, 0.1)
    assert math.hypot(x, y) == pytest.approx(speed**2 / (2 * brake), abs=0.01)
    assert (vx, vy) == (0.0, 0.0)
    assert abs(yaw) < 1e-6


@given(SPEED, SPEED, st.floats(-8.0, 8.0), st.sampled_from([(4.5, 1.8), (0.5, 0.6), (12.0, 2.5)]))
def test_a_sliding_body_only_loses_energy_and_comes_to_rest(vx, vy, rate, size):
    x = y = yaw = 0.0
    gyration = (size[0] ** 2 + size[1] ** 2) / 12
    before = vx**2 + vy**2 + gyration * rate**2
    for _ in range(150):
        x, y, yaw, vx, vy, rate = kernels.slide(x, y, yaw, vx, vy, rate, *size, 6.0, 0.1)
        after = vx**2 + vy**2 + gyration * rate**2
        assert after <= before + 1e-12
        before = after
    assert (vx, vy, rate) == (0.0, 0.0, 0.0)


def test_a_spinning_body_slides_farther_than_a_locked_one():
    """Feet that already move across do not brake all of the way ahead: 20 m/s on 6 m/s^2 end beyond 33.3 m."""
    x = y = yaw = 0.0
    vx, vy, rate = 20.0, 0.0, 4.0
    for _ in range(100):
        x, y, yaw, vx, vy, rate = kernels.slide(x, y, yaw, vx, vy, rate, 4.5, 1.8, 6.0, 0.1)
    assert x > 33.6
    assert abs(yaw) > 3.0


def run(wanted, steps=None):
    session = simulator().open([wanted], [0])
    session.run(steps or round(wanted.duration_s / wanted.step_s), "constant_speed")
    return session.rollouts()[0]


def pairs(rollout):
    return [event.actor_ids for event in rollout.events if event.kind == "collision"]


def test_a_pile_up_has_one_event_per_pair_and_nobody_lies_in_another():
    """The first runs into the second, which is pushed into the third; the fourth into the wreck of the first."""
    far = Ego(Place("left", 900.0), 0.0, 0.0, 1000.0)
    wanted = scenario(
        car("a", 100.0, 25.0, driver=STILL), car("b", 120.0, 2.0, driver=STILL), car("c", 127.0, 0.0, driver=STILL),
        car("d", 40.0, 24.0, driver=STILL), ego=far, duration_s=15.0,
    )  # fmt: skip
    rollout = run(wanted)
    found = [frozenset(pair) for pair in pairs(rollout)]
    assert len(found) == len(set(found)) >= 3
    assert frozenset({"a", "b"}) in found and frozenset({"b", "c"}) in found
    assert any("d" in pair for pair in found)
    last = rollout.world_from_actor.translation_m[-1, 1:, :2]
    yaw = rollout.world_from_actor.yaw_rad()[-1:, 1:]
    size = np.array([[4.5, 1.8]])
    for i in range(4):
        for j in range(i):
            depth = overlap_depth_m(last[i : i + 1], yaw[0, i : i + 1], size, last[j : j + 1], yaw[0, j : j + 1], size)
            assert depth.max() < 0.05
    assert np.abs(rollout.velocity_mps[-1, 1:]).max() < 1e-3


def test_a_body_does_not_slide_through_a_barrier():
    wall = car("wall", 112.0, 0.0, kind=ActorClass.BARRIER, size_m=(1.0, 3.0, 1.0), driver=STILL)
    far = Ego(Place("left", 900.0), 0.0, 0.0, 1000.0)
    rollout = run(scenario(car("a", 90.0, 20.0, driver=STILL), wall, car("b", 70.0, 24.0, driver=STILL), ego=far))
    assert frozenset({"a", "wall"}) in [frozenset(pair) for pair in pairs(rollout)]
    front = rollout.world_from_actor.translation_m[:, 1, 0] + 2.25
    assert front.max() < 111.5 + 0.05
    assert np.ptp(rollout.world_from_actor.translation_m[:, 2, 0]) == 0.0


def test_a_hit_beside_the_middle_turns_the_wreck():
    lying = car("a", 100.0, 0.0, driver=STILL, start=Place("middle", 100.0, 1.2))
    far = Ego(Place("left", 900.0), 0.0, 0.0, 1000.0)
    rollout = run(scenario(lying, car("b", 60.0, 20.0, driver=STILL), ego=far))
    yaw = rollout.world_from_actor.yaw_rad()
    assert abs(yaw[-1, 1] - yaw[0, 1]) > 0.2
    assert rollout.velocity_mps[-1, 1, 0] == pytest.approx(0.0, abs=1e-3)
    slid = rollout.world_from_actor.translation_m[-1, 1, 0] - 100.0
    assert 1.0 < slid < 20.0**2 / (2 * 0.7 * 0.9 * GRAVITY)
