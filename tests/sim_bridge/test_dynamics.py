"""Bodies against closed forms: braking distance, turning circle, equilibrium gap, lane change, bends, slopes."""

import math

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.geometry import wrap_angle
from driving_data.ports import Control
from driving_data.taxonomy import ActorClass
from scenarios.behaviour import ChangeLane, FollowPath, MoveSideways
from scenarios.concrete import Driver, Ego, Place
from sim_bridge.embedded.layout import GRAVITY
from sim_bridge.embedded.options import EmbeddedOptions
from tests.sim_bridge.worlds import car, circle_map, scenario, simulator, straight_map, winding_map

PROMPT = EmbeddedOptions(acceleration_lag_s=0.0, steering_lag_s=0.0, steering_rate_radps=1e3)


def played(wanted, steps, accel=0.0, steer=0.0, lane_map=None, options=None):
    session = simulator(lane_map, options).open([wanted], [0])
    for _ in range(steps):
        session.step(Control(np.array([accel]), np.array([steer])))
    return session.rollouts()[0]


@pytest.mark.parametrize("friction", [0.9, 0.4])
def test_braking_distance_at_the_friction_limit(friction):
    wanted = scenario(environment=Environment(road_friction=friction))
    rollout = played(wanted, 90, accel=-50.0, options=PROMPT)
    gone = rollout.world_from_actor.translation_m[-1, 0, 0] - rollout.world_from_actor.translation_m[0, 0, 0]
    assert gone == pytest.approx(15.0**2 / (2 * friction * GRAVITY), rel=1e-9)
    assert rollout.velocity_mps[-1, 0, 0] == 0.0


def test_turning_circle_is_wheelbase_over_tangent():
    wanted = scenario(ego=Ego(Place("middle", 50.0), 5.0, 5.0, 1000.0), duration_s=8.0)
    rollout = played(wanted, 80, steer=0.3, options=PROMPT)
    rear = rollout.world_from_ego().translation_m[:, :2]
    a, b, c = rear[5], rear[35], rear[65]
    sides = [np.linalg.norm(p - q) for p, q in ((a, b), (b, c), (c, a))]
    (ux, uy), (vx, vy) = b - a, c - a
    radius = np.prod(sides) / (2.0 * abs(ux * vy - uy * vx))
    assert radius == pytest.approx(2.8 / math.tan(0.3), rel=1e-9)
    assert rollout.yaw_rate_radps[-1, 0] == pytest.approx(5.0 * math.tan(0.3) / 2.8)
    across = np.linalg.norm(rollout.acceleration_mps2[-1, 0])
    centre = math.hypot(radius, 1.35)
    assert across == pytest.approx(centre * rollout.yaw_rate_radps[-1, 0] ** 2, rel=1e-6)


def test_tyres_slide_wide_rather_than_exceed_the_friction_circle():
    rollout = played(scenario(environment=Environment(road_friction=0.5)), 20, accel=4.0, steer=0.5, options=PROMPT)
    total = rollout.velocity_mps[1:, 0], rollout.yaw_rate_radps[1:, 0]
    across = np.abs(np.linalg.norm(total[0], axis=-1) * total[1])
    assert across.max() < 0.5 * GRAVITY * 1.02


def test_steering_is_limited_in_angle_and_rate():
    options = EmbeddedOptions()
    rollout = played(scenario(ego=Ego(Place("middle", 50.0), 3.0, 5.0, 1000.0)), 20, steer=2.0)
    steer = rollout.steering_rad[:, 0]
    assert steer.max() == pytest.approx(options.max_steering_rad)
    assert np.diff(steer).max() <= options.steering_rate_radps * 0.1 + 1e-12


def test_idm_keeps_its_equilibrium_gap():
    driver = Driver(desired_speed_mps=20.0, time_headway_s=1.2, min_gap_m=2.5)
    lead = car("lead", 260.0, 12.0, driver=Driver(kind="none"))
    wanted = scenario(lead, car("tail", 200.0, 15.0, driver=driver), ego=Ego(Place("left", 20.0), 5.0, 5.0, 900.0))
    session = simulator().open([scenario(*wanted.actors, ego=wanted.ego, duration_s=70.0)], [0])
    session.run(700, "constant_speed")
    rollout = session.rollouts()[0]
    x, v = rollout.world_from_actor.translation_m[-1, :, 0], rollout.velocity_mps[-1, :, 0]
    gap = x[1] - x[2] - 4.5
    assert v[2] == pytest.approx(12.0, abs=1e-3)
    assert gap == pytest.approx((2.5 + 12.0 * 1.2) / math.sqrt(1 - (12.0 / 20.0) ** 4), rel=1e-3)


@pytest.mark.parametrize("reaction_s", [0.0, 0.5])
def test_a_platoon_behind_a_hard_braking_leader_does_not_collide(reaction_s):
    from scenarios.behaviour import AtTime, ChangeSpeed, When

    driver = Driver(desired_speed_mps=22.0, reaction_time_s=reaction_s)
    lead = car("lead", 320.0, 20.0, behaviour=When(AtTime(3.0), ChangeSpeed(0.0, 6.0)))
    tail = [car(f"t{k}", 280.0 - 38.0 * k, 20.0, driver=driver) for k in range(5)]
    wanted = scenario(lead, *tail, ego=Ego(Place("middle", 40.0), 18.0, 22.0, 1000.0), duration_s=45.0)
    session = simulator().open([wanted], [0])
    session.run(450, "idm_lane_follow")
    rollout = session.rollouts()[0]
    assert not [e for e in rollout.events if e.kind == "collision"]
    assert np.abs(rollout.velocity_mps[-1]).max() < 0.3
    x = rollout.world_from_actor.translation_m[-1, :, 0]
    assert np.all(np.diff(np.sort(x)) > 4.5 + 1.0)


def test_lane_change_ends_in_the_other_lane_and_never_moves_sideways():
    other = car("o", 90.0, 15.0, driver=Driver(kind="none"), behaviour=ChangeLane("left", 3.0))
    rollout = played(scenario(other), 60)
    y, yaw = rollout.world_from_actor.translation_m[:, 1, 1], rollout.world_from_actor.yaw_rad()[:, 1]
    assert y[0] == 0.0
    assert y[-1] == pytest.approx(3.5, abs=1e-9)
    assert np.all(np.diff(y) >= -1e-9)
    rear = rollout.actors.rear_axle_to_center_m[1]
    across = rollout.velocity_mps[:, 1, 1] * np.cos(yaw) - rollout.velocity_mps[:, 1, 0] * np.sin(yaw)
    # The rear axle goes where the vehicle points, but for half a step of yaw acceleration (1.35 m, 0.05 s, 1.4 rad/s2).
    np.testing.assert_allclose(across - rear * rollout.yaw_rate_radps[:, 1], 0.0, atol=0.1)
    assert np.abs(across).max() > 0.1
    assert rollout.lights[10, 1] & 8


def test_a_standing_vehicle_does_not_slide_sideways_but_a_pedestrian_may():
    parked = car("p", 90.0, 0.0, driver=Driver(kind="none"), behaviour=MoveSideways(2.0, 2.0))
    walker = car("w", 120.0, 0.0, driver=Driver(kind="none"), behaviour=MoveSideways(2.0, 2.0))
    walker = car("w", 120.0, 0.0, kind=ActorClass.PEDESTRIAN, size_m=(0.5, 0.6, 1.7), driver=walker.driver,
                 behaviour=walker.behaviour)  # fmt: skip
    rollout = played(scenario(parked, walker), 40)
    y = rollout.world_from_actor.translation_m[-1, :, 1]
    assert y[1] == 0.0
    assert y[2] == pytest.approx(2.0, abs=1e-6)


def test_recorded_motion_is_the_derivative_of_the_positions():
    """Velocity, acceleration and yaw rate of an actor on a bend with a lane change, against central differences."""
    from dataclasses import replace

    other = car("o", 90.0, 10.0, driver=Driver(kind="none"), behaviour=ChangeLane("left", 4.0))
    wanted = replace(scenario(other, duration_s=8.0), step_s=0.01)
    rollout = played(wanted, 700, lane_map=winding_map())
    pose, dt = rollout.world_from_actor, 0.01
    ground = pose.translation_m - 0.75 * pose.rotation[..., 2]
    for actor in (0, 1):
        velocity = (ground[2:, actor] - ground[:-2, actor]) / (2 * dt)
        np.testing.assert_allclose(rollout.velocity_mps[1:-1, actor, :2], velocity[:, :2], atol=0.02)
        measured = (rollout.velocity_mps[2:, actor] - rollout.velocity_mps[:-2, actor]) / (2 * dt)
        error = np.abs(rollout.acceleration_mps2[1:-1, actor, :2] - measured[:, :2])
        assert np.quantile(error, 0.95) < 0.15
        turned = wrap_angle(pose.yaw_rad()[2:, actor] - pose.yaw_rad()[:-2, actor]) / (2 * dt)
        assert np.quantile(np.abs(rollout.yaw_rate_radps[1:-1, actor] - turned), 0.95) < 0.02


def test_bodies_lie_on_a_sloping_road():
    rollout = played(scenario(car("o", 90.0, 10.0)), 20, lane_map=straight_map(grade=0.06))
    pose = rollout.world_from_actor
    ground = pose.translation_m - 0.75 * pose.rotation[..., 2]
    np.testing.assert_allclose(ground[..., 2], 0.06 * ground[..., 0], atol=1e-9)
    np.testing.assert_allclose(pose.rotation[..., 2, 0], math.sin(math.atan(0.06)), atol=1e-9)
    np.testing.assert_allclose(rollout.velocity_mps[..., 2], 0.06 * rollout.velocity_mps[..., 0], atol=1e-9)
    eye = np.einsum("...ij,...kj->...ik", pose.rotation, pose.rotation)
    np.testing.assert_allclose(eye, np.broadcast_to(np.eye(3), eye.shape), atol=1e-12)


def test_the_built_in_driver_follows_a_circle():
    wanted = scenario(ego=Ego(Place("middle", 5.0), 8.0, 8.0, 180.0), duration_s=20.0)
    session = simulator(circle_map(40.0)).open([wanted], [0])
    seen = session.run(120, "idm_lane_follow")
    centre = np.array([0.0, 40.0])
    radius = np.linalg.norm(session.rollouts()[0].world_from_actor.translation_m[:, 0, :2] - centre, axis=-1)
    assert np.abs(radius - 40.0).max() < 0.35
    assert abs(seen.route_lateral_m[0]) < 0.3


def test_a_driver_slows_down_for_a_bend():
    fast = car("o", 5.0, 12.0, driver=Driver(desired_speed_mps=25.0))
    wanted = scenario(fast, ego=Ego(Place("middle", 120.0), 0.0, 0.0, 140.0), duration_s=6.0)
    session = simulator(circle_map(30.0)).open([wanted], [0])
    session.run(60, "constant_speed")
    speed = np.linalg.norm(session.rollouts()[0].velocity_mps[30:, 1], axis=-1)
    assert speed.max() ** 2 / 30.0 < 3.2


def test_a_walker_starts_smoothly_turns_into_its_way_and_stands_at_the_end():
    walker = car("w", 100.0, 0.0, kind=ActorClass.PEDESTRIAN, size_m=(0.5, 0.6, 1.7), driver=Driver(kind="none"),
                 start=Place("middle", 100.0, -5.0, math.pi / 2),
                 behaviour=FollowPath("middle", ((100.0, -5.0), (100.0, 0.0), (103.0, 4.0)), 1.4))  # fmt: skip
    rollout = played(scenario(walker, ego=Ego(Place("left", 5.0), 0.0, 0.0, 900.0)), 100)
    pose, speed = rollout.world_from_actor, np.linalg.norm(rollout.velocity_mps[:, 1], axis=-1)
    assert speed[0] == 0.0
    assert np.abs(np.diff(speed)).max() < 0.35
    assert speed.max() == pytest.approx(1.4, abs=0.02)
    assert np.linalg.norm(pose.translation_m[-1, 1, :2] - [103.0, 4.0]) < 0.25
    assert speed[-1] < 0.02
    moving = speed > 0.3
    course = np.arctan2(rollout.velocity_mps[moving, 1, 1], rollout.velocity_mps[moving, 1, 0])
    assert np.abs(wrap_angle(course - pose.yaw_rad()[moving, 1])).max() < 0.2
