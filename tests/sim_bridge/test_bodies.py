"""Riders lean before bends, slow for them, tire uphill and weave; people speed up, turn, step aside and mind ice."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.environment import Environment
from driving_data.geometry import wrap_angle
from driving_data.maps.lane_map import LaneMap
from driving_data.taxonomy import ActorClass
from scenarios.behaviour import FollowPath, KeepSpeed, MoveSideways
from scenarios.concrete import Driver, Ego, Place
from sim_bridge.embedded import body_kernels as kernels
from sim_bridge.embedded.bodies import ADULT, CYCLIST, MOTORCYCLE
from sim_bridge.embedded.layout import GRAVITY
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.reference_bodies import steady_ride, tipping_brake, upright_lean, walked
from sim_bridge.embedded.vehicles import AIR_KGPM3
from tests.sim_bridge.worlds import car, circle_map, lane_along, scenario, simulator, straight_map

ALONE = Driver(kind="none")
SIZES = {ActorClass.BICYCLE: (1.8, 0.6, 1.75), ActorClass.MOTORCYCLE: (2.2, 0.8, 1.5)}
FAR = Ego(Place("left", 900.0), 0.0, 0.0, 1000.0)


def rider(speed, kind=ActorClass.BICYCLE, s=20.0, **changes):
    return car("rider", s, speed, kind=kind, size_m=SIZES[kind], **{"driver": ALONE, **changes})


def person(speed, kind=ActorClass.PEDESTRIAN, s=100.0, **changes):
    return car("walker", s, speed, kind=kind, size_m=(0.5, 0.6, 1.75), **{"driver": ALONE, **changes})


def play(*actors, lane_map=None, seconds=10.0, friction=0.9, seed=0, ego=FAR, **options):
    wanted = scenario(*actors, ego=ego, duration_s=seconds, environment=Environment(road_friction=friction))
    session = simulator(lane_map or straight_map(), EmbeddedOptions(**{"bodies": True, **options})).open(
        [wanted], [seed]
    )
    session.run(round(seconds / 0.1), "constant_speed")
    return session.rollouts()[0]


def bend_map(radius):
    """100 m straight on, then half a circle to the left, no spiral between."""
    straight = np.stack([np.arange(0.0, 100.0, 0.25), np.zeros(400), np.zeros(400)], -1)
    angle = np.arange(0.0, math.pi, 0.25 / radius)
    circle = np.stack([100.0 + radius * np.sin(angle), radius * (1.0 - np.cos(angle)), 0.0 * angle], -1)
    return LaneMap((lane_along("c", np.concatenate([straight, circle])),), routes={"middle": ("c",)})


def lean_of(rollout, k=1):
    """How far an actor leans to its left."""
    up = rollout.world_from_actor.rotation[:, k, :, 2]
    yaw = rollout.world_from_actor.yaw_rad()[:, k]
    return np.arcsin(-np.sin(yaw) * up[:, 0] + np.cos(yaw) * up[:, 1])


def on_ride(lane_map, speed, kind=ActorClass.BICYCLE, **more):
    return play(rider(speed, kind), lane_map=lane_map, ego=Ego(Place("middle", 1.0), 0.0, 0.0, 90.0), **more)


@pytest.mark.parametrize(("speed", "radius"), [(4.0, 25.0), (6.0, 20.0)])
def test_in_a_steady_bend_the_lean_is_that_of_balance(speed, radius):
    """An upright box does not lean at all."""
    rollout = on_ride(circle_map(radius), speed, seconds=8.0)
    assert lean_of(rollout)[40:].mean() == pytest.approx(math.atan(speed**2 / (GRAVITY * radius)), abs=0.012)
    upright = on_ride(circle_map(radius), speed, seconds=8.0, bodies=False)
    assert np.abs(lean_of(upright)).max() < 1e-9


def test_it_leans_before_the_bend_begins_as_the_pendulum_must():
    """A first-order lag behind the bend would still be upright where the bend begins; balance there is half way."""
    rollout = on_ride(bend_map(25.0), 6.0, seconds=18.0)
    x, lean = rollout.world_from_actor.translation_m[:, 1, 0], lean_of(rollout)
    way = np.linalg.norm(np.diff(rollout.world_from_actor.translation_m[:, 1, :2], axis=0), axis=-1)
    s = x[0] + np.concatenate([[0.0], np.cumsum(way)])
    t = (s - 100.0) / 6.0
    grid = np.arange(-2.5, 2.5, 0.01)
    wanted = upright_lean(grid, np.where(grid > 0.0, 36.0 / 25.0, 0.0), CYCLIST.height_m)
    near = (t > -2.0) & (t < 2.0)
    np.testing.assert_allclose(lean[near], np.interp(t[near], grid, wanted), atol=0.02)
    assert np.interp(0.0, t, lean) == pytest.approx(0.5 * math.atan(36.0 / 25.0 / GRAVITY), abs=0.015)


@given(st.floats(0.6, 1.2), st.floats(-6.0, 6.0), st.floats(0.2, 3.0))
def test_the_lean_is_the_bounded_solution_of_the_pendulum(height, size, start):
    """The mean over 16 moments ahead and the filter behind, against the pendulum on a grid."""
    time = math.sqrt(height / GRAVITY)
    grid = np.arange(-8.0 * time, start + 8.0 * time, 0.02 * time)
    wanted = upright_lean(grid, np.where(grid > start, size, 0.0), height)
    at = float(np.interp(0.0, grid, wanted))
    ahead = np.mean([size if kernels.moment_ahead(k, time) > start else 0.0 for k in range(kernels.MOMENTS)])
    assert 0.5 * ahead / GRAVITY == pytest.approx(at, abs=0.5 * abs(size) / GRAVITY / kernels.MOMENTS + 1e-3)


@given(st.floats(50.0, 400.0), st.floats(0.0, 0.15))
def test_power_balances_drag_rolling_and_slope(power, grade):
    drag = 0.5 * AIR_KGPM3 * CYCLIST.drag_area_m2
    steady = steady_ride(power, grade, CYCLIST.mass_kg, drag, CYCLIST.rolling)
    push = kernels.rider_push(max(steady, 1.0), grade, power, CYCLIST.mass_kg, drag, CYCLIST.rolling)
    if steady > 1.0:
        # The kernel has the slope's tangent where the twin has its sine times cosine in the denominator.
        assert push == pytest.approx(0.0, abs=0.01)


@given(st.floats(-0.15, 0.15), st.floats(0.5, 0.8))
def test_braking_ends_where_the_rear_wheel_lifts(grade, length):
    assert kernels.rider_brake(grade, length / 1.1, 2.0) == pytest.approx(tipping_brake(length, 1.1, grade), rel=1e-9)


def test_a_cyclist_is_slowed_by_a_hill_and_a_motorcycle_is_not():
    """Without power limits both keep their 6 m/s."""
    hill = straight_map(0.08)
    cyclist = play(rider(6.0), lane_map=hill, seconds=40.0).velocity_mps[-1, 1, 0]
    drag = 0.5 * AIR_KGPM3 * CYCLIST.drag_area_m2
    wanted = steady_ride(CYCLIST.able(6.0).power_w, 0.08, CYCLIST.mass_kg, drag, CYCLIST.rolling)
    assert cyclist == pytest.approx(wanted, abs=0.1)
    assert 1.0 < cyclist < 2.5
    assert play(rider(6.0, ActorClass.MOTORCYCLE), lane_map=hill, seconds=20.0).velocity_mps[-1, 1, 0] > 5.9
    assert play(rider(6.0), lane_map=hill, seconds=20.0, bodies=False).velocity_mps[-1, 1, 0] > 5.9


def test_on_the_level_it_rides_as_it_is_told():
    rollout = play(rider(8.0), seconds=20.0)
    np.testing.assert_allclose(np.linalg.norm(rollout.velocity_mps[:, 1, :2], axis=-1), 8.0, atol=0.15)


@pytest.mark.parametrize("kind", [ActorClass.BICYCLE, ActorClass.MOTORCYCLE])
def test_it_slows_before_a_tight_bend_and_on_ice_more(kind):
    """8 m/s round 12 m asks for 28 degrees; whoever only follows orders takes it at 8 m/s."""
    limits = []
    for friction in (0.9, 0.2):
        rollout = on_ride(bend_map(12.0), 8.0, kind, seconds=16.0, friction=friction)
        position = rollout.world_from_actor.translation_m[:, 1]
        inside = position[:, 1] > 2.0
        speed = np.linalg.norm(rollout.velocity_mps[:, 1, :2], axis=-1)
        lean = (CYCLIST if kind is ActorClass.BICYCLE else MOTORCYCLE).lean_rad
        limit = math.sqrt(GRAVITY * 12.0 * min(math.tan(lean), 0.8 * friction))
        assert np.nanmax(speed[inside]) < limit + 0.35
        assert speed[:3].min() > 7.8
        limits.append(np.nanmax(speed[inside]))
        assert np.nanmax(np.abs(lean_of(rollout))) < lean + 0.06
    assert limits[1] < limits[0] - 0.5
    plain = on_ride(bend_map(12.0), 8.0, kind, seconds=16.0, bodies=False)
    assert np.nanmin(np.linalg.norm(plain.velocity_mps[:, 1, :2], axis=-1)) > 7.9


def test_a_cyclist_brakes_no_harder_than_it_tips():
    hard = Driver("none", comfortable_deceleration_mps2=9.0)
    rollout = play(rider(8.0, behaviour=KeepSpeed(0.0), driver=hard), seconds=4.0)
    along = np.diff(rollout.velocity_mps[:, 1, 0]) / 0.1
    assert along.min() == pytest.approx(-GRAVITY * 0.62 / 1.1, abs=0.25)


@given(st.integers(0, 2**31), st.integers(0, 200), st.floats(0.0, 1e4))
def test_weave_is_smooth_and_bounded_and_drawn_by_counters(seed, actor, time):
    value, slope = kernels.weave_noise(seed, actor, time)
    assert -1.0 <= value <= 1.0
    later, _ = kernels.weave_noise(seed, actor, time + 1e-4)
    assert (later - value) / 1e-4 == pytest.approx(slope, abs=1e-2)
    assert (value, slope) == kernels.weave_noise(seed, actor, time)


def test_who_rides_slowly_weaves_and_seeds_differ():
    def width(speed, seed):
        y = play(rider(speed), seconds=60.0, seed=seed).world_from_actor.translation_m[:, 1, 1]
        return float(np.ptp(y[30:])), y

    slow, first = width(1.5, 1)
    fast, _ = width(6.0, 1)
    assert 0.35 < slow < 0.8
    assert 0.08 < fast < 0.2
    assert first[0] == 0.0
    _, again = width(1.5, 1)
    _, other = width(1.5, 2)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


@given(st.floats(0.0, 3.0), st.floats(0.1, 3.0), st.floats(0.3, 1.0))
def test_relaxation_is_exponential(speed, wish, time):
    """Small steps of the bounds follow the exponential."""
    v = speed
    for _ in range(400):
        low, high = kernels.walker_bounds(v, wish, 6.0, time, 3.0)
        v += 0.0025 * min(max(100.0 if wish > v else -100.0, low), high) if wish > v else 0.0025 * max(high, low)
    assert v == pytest.approx(walked(speed, wish, time, 1.0), abs=0.02)


def cross(speed=1.4, **more):
    way = FollowPath("middle", ((100.0, 6.0),), speed)
    return person(0.0, start=Place("middle", 100.0, -6.0, 0.0), behaviour=way, **more)


def test_a_walker_reaches_its_pace_by_relaxation():
    """A car's follower would take 1.5 m/s^2 for 0.9 s: 0.75 m/s after half a second."""
    rollout = play(person(0.0, behaviour=KeepSpeed(1.4)), seconds=4.0)
    speed = np.linalg.norm(rollout.velocity_mps[:, 1, :2], axis=-1)
    moving = speed[np.flatnonzero(speed > 0.0)[0] - 1 :]
    wanted = [walked(0.0, 1.4, ADULT.relaxation_s, 0.1 * k) for k in range(20)]
    np.testing.assert_allclose(moving[:20], wanted, atol=0.09)


def test_who_faces_elsewhere_turns_on_the_spot_first():
    rollout = play(cross(), seconds=12.0)
    yaw, speed = rollout.world_from_actor.yaw_rad()[:, 1], np.linalg.norm(rollout.velocity_mps[:, 1, :2], axis=-1)
    goes = int(np.flatnonzero(speed > 0.1)[0])
    assert abs(math.remainder(float(yaw[goes]) - math.pi / 2, 2.0 * math.pi)) < 1.1
    assert np.abs(wrap_angle(np.diff(yaw))).max() < ADULT.turn_radps * 0.1 + 1e-6
    assert rollout.world_from_actor.translation_m[-1, 1, 1] > 5.0


def test_people_slow_down_on_ice_and_run_no_faster_than_they_can():
    def pace(wish, friction, kind=ActorClass.PEDESTRIAN, **more):
        rollout = play(person(0.0, kind, behaviour=KeepSpeed(wish), **more), seconds=8.0, friction=friction)
        return np.linalg.norm(rollout.velocity_mps[-1, 1, :2])

    assert pace(1.4, 0.9) == pytest.approx(1.4, abs=0.01)
    assert pace(1.4, 0.1) == pytest.approx(0.675, abs=0.01)
    assert pace(9.0, 0.95) == pytest.approx(6.0, abs=0.05)
    assert pace(9.0, 0.95, traits={"age": "elder"}) == pytest.approx(2.5, abs=0.05)


def test_a_step_aside_takes_its_time():
    """2 m in one second would be a leap of 3.75 m/s."""
    rollout = play(person(1.4, behaviour=MoveSideways(2.0, 1.0)), seconds=6.0)
    aside = np.diff(rollout.world_from_actor.translation_m[:, 1, 1]) / 0.1
    assert aside.max() < ADULT.aside_mps * 1.15
    assert rollout.world_from_actor.translation_m[-1, 1, 1] == pytest.approx(2.0, abs=0.02)


def test_batches_and_threads_do_not_change_riders():
    wanted = scenario(rider(5.0), person(1.3), ego=FAR, duration_s=5.0)
    alone = simulator(straight_map(), EmbeddedOptions(bodies=True)).open([wanted], [7])
    many = simulator(straight_map(), EmbeddedOptions(num_threads=3, bodies=True)).open([wanted] * 4, [1, 7, 2, 3])
    alone.run(50, "constant_speed")
    many.run(50, "constant_speed")
    one, other = alone.rollouts()[0], many.rollouts()[1]
    np.testing.assert_array_equal(one.world_from_actor.rotation, other.world_from_actor.rotation)
    np.testing.assert_array_equal(one.world_from_actor.translation_m, other.world_from_actor.translation_m)
