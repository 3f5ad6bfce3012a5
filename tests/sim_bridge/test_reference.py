"""The kernels and their slow twins agree."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

from driving_data.environment import Environment
from driving_data.geometry import overlap_depth_m
from driving_data.ports import Control
from driving_data.taxonomy import ActorClass, SignalState
from scenarios.behaviour import (
    AheadOf,
    AtTime,
    ChangeLane,
    ChangeSpeed,
    DistanceBelow,
    FollowPath,
    KeepSpeed,
    MoveSideways,
    Parallel,
    ReachS,
    Sequence,
    TimeGapBelow,
    TimeToCollisionBelow,
    Wait,
    When,
)
from scenarios.concrete import Driver, Ego, Place, SignalProgram
from sim_bridge.embedded.dynamics_kernels import bicycle, idm_free, idm_interaction, travel
from sim_bridge.embedded.geometry_kernels import box_distance, box_overlap, polynomial, quintic_coefficients
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.reference import Car, drive, idm_acceleration, quintic
from sim_bridge.embedded.reference_world import ReferenceWorld
from sim_bridge.embedded.roads import laid_out
from tests.effort import examples
from tests.sim_bridge.worlds import car, scenario, simulator, straight_map, winding_map

compiles = settings(deadline=None)  # the first example compiles
speeds = st.floats(0.0, 60.0)
angles = st.floats(-3.14, 3.14)
places = st.floats(-8.0, 8.0)
sizes = st.floats(0.2, 9.0)


@compiles
@given(speeds, st.floats(0.0, 60.0), st.floats(0.01, 300.0), speeds, st.floats(0.3, 4.0), st.floats(0.5, 6.0))
def test_idm_agrees_with_its_twin(v, v0, gap, lead, a, b):
    driver = Driver("idm", v0, 1.5, 2.0, a, b)
    kernel = idm_free(v, v0, a, b) - idm_interaction(gap, v, lead, 1.5, 2.0, a, b)
    assert kernel == pytest.approx(idm_acceleration(v, v0, gap, lead, driver), rel=1e-12, abs=1e-12)


@compiles
@given(speeds, st.floats(-12.0, 6.0), st.floats(-0.9, 0.9), st.floats(0.05, 1.2), st.sampled_from([0.02, 0.05, 0.1]))
def test_bicycle_agrees_with_its_twin(v, command, angle, friction, dt):
    limits, twin, state = EmbeddedOptions(), Car(3.0, -2.0, 0.7, v), (3.0, -2.0, 0.7, v, 0.0, 0.0)
    for _ in range(5):
        drive(twin, command, angle, 2.8, friction, limits, dt)
        packed = (
            limits.max_steering_rad, limits.steering_rate_radps, limits.max_acceleration_mps2,
            limits.acceleration_lag_s, limits.steering_lag_s,
        )  # fmt: skip
        *state, rate = bicycle(*state, command, angle, 2.8, friction, packed, dt)
    expected = [twin.x, twin.y, twin.yaw, twin.v, twin.a, twin.delta]
    assert np.allclose([*state, rate], [*expected, twin.rate], rtol=1e-9, atol=1e-9)


@compiles
@given(places, st.floats(-3, 3), st.floats(-3, 3), places, st.floats(0.3, 10.0), st.floats(0.0, 1.0))
def test_quintic_agrees_with_the_linear_system(start, rate, curve, end, duration, share):
    coefficients = quintic_coefficients(start, rate, curve, end, duration)
    value, slope, _ = polynomial(*coefficients, duration)
    assert value == pytest.approx(end, abs=1e-8)
    assert slope == pytest.approx(0.0, abs=1e-8)
    twin = np.polynomial.Polynomial(quintic(start, rate, curve, end, duration))
    assert polynomial(*coefficients, share * duration)[0] == pytest.approx(twin(share * duration), abs=1e-6)


def outline(x, y, yaw, length, width):
    ahead = 0.5 * length * np.array([math.cos(yaw), math.sin(yaw)])
    left = 0.5 * width * np.array([-math.sin(yaw), math.cos(yaw)])
    c = np.array([x, y])
    return Polygon([c + ahead + left, c + ahead - left, c - ahead - left, c - ahead + left])


@compiles
@given(places, places, angles, sizes, sizes, angles, sizes, sizes)
def test_boxes_agree_with_geometry_and_polygons(x, y, yaw, length, width, yaw2, length2, width2):
    one, two = (0.0, 0.0, yaw, length, width), (x, y, yaw2, length2, width2)
    depth, nx, ny = box_overlap(*one, *two)
    twin = overlap_depth_m(
        np.zeros(2), np.array(yaw), np.array([length, width]), np.array([x, y]), np.array(yaw2),
        np.array([length2, width2]),
    )  # fmt: skip
    assert depth == pytest.approx(float(twin), abs=1e-9)
    assert math.hypot(nx, ny) == pytest.approx(1.0)
    assert box_distance(*one, *two) == pytest.approx(outline(*one).distance(outline(*two)), abs=1e-6)


@compiles
@given(speeds, st.floats(-10.0, -0.1))
def test_travel_ends_at_standstill(speed, accel):
    distance, end = travel(speed, accel, 1000.0)
    assert end == 0.0
    assert distance == pytest.approx(speed * speed / (-2 * accel))


behaviours = st.sampled_from(
    [
        None,
        KeepSpeed(12.0),
        When(AtTime(0.7), ChangeSpeed(6.0, 4.0)),
        Sequence((Wait(0.5), ChangeLane("left", 2.5, 0.2), Wait(0.3), MoveSideways(-0.6, 1.0))),
        Parallel((When(ReachS(95.0), MoveSideways(0.8, 1.5)), Sequence((ChangeSpeed(18.0, 2.0), KeepSpeed(10.0))))),
        When(AheadOf("ego", 25.0), Sequence((ChangeLane("left", 2.0), ChangeSpeed(0.0, 5.0)))),
        When(TimeToCollisionBelow("ego", 4.0), ChangeSpeed(18.0, 2.0)),
        When(TimeGapBelow("ego", 2.5), Sequence((ChangeSpeed(14.0, 2.0), MoveSideways(0.7, 1.2)))),
        When(TimeToCollisionBelow("a0", 6.0), ChangeSpeed(5.0, 3.0)),
        When(TimeGapBelow("a1", 6.0), MoveSideways(0.5, 1.0)),
        Sequence((When(DistanceBelow("ego", 18.0), ChangeSpeed(4.0, 3.0)), When(AtTime(2.0), MoveSideways(0.5, 1.0)))),
    ]
)


drawn_actors = st.tuples(
    st.booleans(), st.floats(8.0, 20.0), st.floats(0.8, 2.0), st.sampled_from(["middle", "left"]), st.floats(6.0, 16.0),
    behaviours, st.sampled_from([ActorClass.CAR, ActorClass.BICYCLE]),
)  # fmt: skip
drawn_worlds = st.tuples(
    st.booleans(),
    st.lists(drawn_actors, min_size=2, max_size=3),
    st.floats(-0.4, 0.4),
    st.floats(0.0, 15.0),
    st.sampled_from([0.9, 0.35]),
)


def made(drawn):
    """A scenario from plain draws (made outside the strategy: the type checks of our dataclasses use `random`)."""
    winding, rows, offset, speed, friction = drawn
    actors = [
        car(
            f"a{k}", 70.0 + 28.0 * k, v, route, driver=Driver("idm" if idm else "none", v0, gap), behaviour=node, kind=c
        )
        for k, (idm, v0, gap, route, v, node, c) in enumerate(rows)
    ]
    programme = SignalProgram("light", ((SignalState.GREEN, 2.0), (SignalState.YELLOW, 1.0), (SignalState.RED, 9.0)))
    return scenario(
        *actors,
        ego=Ego(Place("middle", 40.0, offset, 0.05), speed, 14.0, 890.0),
        signals=() if winding else (programme,),
        environment=Environment(road_friction=friction),
        duration_s=6.0,
    )


@settings(max_examples=8, deadline=None)
@given(drawn_worlds, st.booleans())
def test_whole_worlds_agree_with_their_twin(drawn, own_driver):
    compare(drawn, own_driver)


@pytest.mark.slow
@settings(max_examples=examples(80), deadline=None)
@given(drawn_worlds, st.booleans())
def test_many_whole_worlds_agree_with_their_twin(drawn, own_driver):
    compare(drawn, own_driver)


@pytest.mark.parametrize("winding", [False, True])
def test_a_walk_agrees_with_its_twin(winding):
    walk = When(AtTime(0.5), FollowPath("middle", ((70.0, -5.0), (71.0, 0.5), (74.0, 5.0)), 1.4))
    person = car(
        "person", 70.0, 0.0, kind=ActorClass.PEDESTRIAN, size_m=(0.5, 0.6, 1.7), driver=Driver("none"), behaviour=walk,
        start=Place("middle", 70.0, -5.0),
    )  # fmt: skip
    compare_worlds(winding, scenario(person, ego=Ego(Place("middle", 300.0), 8.0, 8.0, 890.0), duration_s=6.0), True)


def compare(drawn, own_driver):
    compare_worlds(drawn[0], made(drawn), own_driver)


def compare_worlds(winding, wanted, own_driver):
    lane_map = winding_map() if winding else straight_map()
    session = simulator(lane_map).open([wanted], [0])
    paths = laid_out(lane_map)
    twin = ReferenceWorld(
        wanted,
        lambda route: paths.path(route, edges=route == "middle"),
        signal_ids=tuple(signal.id for signal in lane_map.signals),
    )
    twin.begin()
    for step in range(40):
        rollout = session.rollouts()[0]
        if any(event.kind == "collision" for event in rollout.events):
            return
        rows = twin.centers()
        pose = rollout.world_from_actor
        up = 0.5 * rollout.actors.size_m[:, 2:] * pose.rotation[-1, ..., 2]
        ground = (pose.translation_m[-1] - up)[:, :2]
        np.testing.assert_allclose(ground, rows[:, :2], rtol=0, atol=1e-8, err_msg=f"step {step}")
        np.testing.assert_allclose(np.cos(pose.yaw_rad()[-1]), np.cos(rows[:, 2]), atol=1e-7)
        if own_driver:
            session.run(1, "idm_lane_follow")
            twin.step()
        else:
            command, angle = 0.8 * math.cos(0.3 * step), 0.02 * math.sin(0.5 * step)
            session.step(Control(np.array([command]), np.array([angle])))
            twin.step(command, angle)
