"""Trailers: the tractrix against its differential equation, the steady angle on a circle, jack-knife, contacts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.errors import InputError, Unsupported
from driving_data.geometry import wrap_angle
from driving_data.ports import Control
from driving_data.taxonomy import ActorClass
from scenarios.concrete import Driver, Ego, Place
from sim_bridge.embedded import trailer_kernels as kernels
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.reference_vehicles import steady_articulation, towed_heading
from tests.sim_bridge.worlds import car, scenario, simulator

STILL = Driver(kind="none")
SEMI = (13.6, 2.55, 4.0)
TRACTOR = Ego(Place("right", 100.0), 8.0, 8.0, 1100.0, ActorClass.TRUCK, (5.1, 2.55, 3.8), 3.6, 1.4)


def trailer(name="trailer", by="ego", size=SEMI, **changes):
    return car(name, 50.0, 0.0, "right", kind=ActorClass.TRAILER, size_m=size, driver=STILL, traits={"towed_by": by},
               **changes)  # fmt: skip


def drive(wanted, accel, steer, steps, model="kinematic"):
    options = EmbeddedOptions(ego_model=model, steering_lag_s=0.0, steering_rate_radps=10.0)
    session = simulator(None, options).open([wanted], [0])
    for k in range(steps):
        session.step(Control(np.array([accel]), np.array([steer(k) if callable(steer) else steer])))
    return session.rollouts()[0]


@given(
    st.floats(-3.1, 3.1), st.floats(-3.1, 3.1), st.one_of(st.floats(0.0, 8.0), st.just(5e-324)), st.floats(1.0, 12.0)
)
def test_a_straight_pull_is_that_of_the_differential_equation(yaw, course, way, length):
    goal = np.array([way * math.cos(course), way * math.sin(course)])
    line = np.linspace([0.0, 0.0], goal, 2000)
    wanted = towed_heading(yaw, line, length)
    assert wrap_angle(np.array([kernels.follow_hitch(yaw, *goal, length) - wanted]))[0] == pytest.approx(0.0, abs=1e-5)


@given(st.floats(-3.1, 3.1), st.floats(-3.1, 3.1), st.floats(0.1, 1.6))
def test_a_trailer_folds_no_further_than_its_limit(yaw, tractor, limit):
    held, told = kernels.folded(yaw, tractor, limit)
    angle = float(wrap_angle(np.array([held - tractor]))[0])
    assert abs(angle) <= limit + 1e-9
    over = abs(float(wrap_angle(np.array([yaw - tractor]))[0])) - limit
    assert told == (over > 0.0) or abs(over) < 1e-12


@pytest.mark.parametrize("steer", [0.15, 0.3, -0.3])
def test_on_a_circle_the_angle_at_the_hitch_is_the_analytic_one(steer):
    """A trailer that only copies its tractor's heading has none; one that lags by L kappa is 5 % off at 0.3 rad."""
    rollout = drive(scenario(trailer(), ego=TRACTOR, duration_s=60.0), -0.05, steer, 120)
    yaw = rollout.world_from_actor.yaw_rad()
    angle = float(wrap_angle(yaw[-1, :1] - yaw[-1, 1:])[0])
    radius = 3.6 / math.tan(abs(steer))
    assert abs(angle) == pytest.approx(steady_articulation(radius, 0.0, 8.1), abs=0.01)
    assert math.copysign(1.0, angle) == math.copysign(1.0, steer)


@pytest.mark.parametrize("model", ["kinematic", "dynamic"])
def test_the_coupling_holds_and_velocities_are_derivatives(model):
    rollout = drive(
        scenario(trailer(), ego=TRACTOR, duration_s=30.0), 0.3, lambda k: 0.2 * math.sin(0.1 * k), 100, model
    )
    pose = rollout.world_from_actor
    xy, yaw = pose.translation_m[..., :2], pose.yaw_rad()
    ahead = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    kingpin = xy[:, 1] + (6.8 - 1.6) * ahead[:, 1]
    np.testing.assert_allclose(kingpin, xy[:, 0] - 1.4 * ahead[:, 0], atol=1e-6)
    speed = (xy[2:, 1] - xy[:-2, 1]) / 0.2
    np.testing.assert_allclose(rollout.velocity_mps[1:-1, 1, :2], speed, atol=0.12)
    assert np.abs(wrap_angle(yaw[:, 0] - yaw[:, 1])).max() > 0.1
    # The axle of a trailer that is only drawn does not slide, that of one that is felt slips by a few degrees.
    axle = xy[:, 1] - (8.1 - 5.2) * ahead[:, 1]
    move, mean = np.diff(axle, axis=0), 0.5 * (ahead[1:, 1] + ahead[:-1, 1])
    assert np.abs(move[:, 0] * mean[:, 1] - move[:, 1] * mean[:, 0]).max() < (0.01 if model == "kinematic" else 0.1)


def test_a_folding_trailer_is_told_once():
    """Full lock round a hitch far behind: a short tractor folds a drawbar trailer."""
    small = Ego(Place("right", 100.0), 3.0, 3.0, 1100.0, ActorClass.TRUCK, (5.1, 2.55, 3.8), 2.0, 0.8)
    rollout = drive(scenario(trailer(size=(8.5, 2.4, 3.0)), ego=small, duration_s=60.0), 0.0, 0.6, 100)
    yaw = rollout.world_from_actor.yaw_rad()
    assert np.abs(wrap_angle(yaw[:, 0] - yaw[:, 1])).max() == pytest.approx(1.2, abs=1e-6)
    assert [event.actor_ids for event in rollout.events if event.kind == "jackknife"] == [("trailer",)]


def test_a_tractor_does_not_collide_with_its_trailer_but_others_do():
    parked = car("parked", 80.0, 0.0, "middle", driver=STILL, start=Place("right", 92.0, 2.0))
    wanted = scenario(trailer(), parked, ego=TRACTOR)
    rollout = drive(wanted, 0.0, 0.0, 20)
    hits = [event.actor_ids for event in rollout.events if event.kind == "collision"]
    assert len(hits) == 1
    assert set(hits[0]) == {"trailer", "parked"}


def test_a_road_train_hangs_in_a_row_whatever_the_order_of_its_actors():
    actors = (trailer("b", "a", (7.0, 2.5, 3.0)), trailer("a", "lorry", (6.0, 2.5, 3.0)),
              car("lorry", 300.0, 10.0, "right", kind=ActorClass.TRUCK, size_m=(9.5, 2.5, 3.6)))  # fmt: skip
    rollout = drive(scenario(*actors, ego=Ego(Place("left", 900.0), 0.0, 0.0, 1000.0)), 0.0, 0.0, 50)
    x = rollout.world_from_actor.translation_m[-1, :, 0]
    assert x[3] - x[2] == pytest.approx(4.75 + 0.2 + 1.0 + 3.0, abs=1e-6)
    assert x[2] - x[1] == pytest.approx(3.0 + 0.2 + 1.0 + 3.5, abs=1e-6)
    assert x[3] > 330.0
    assert rollout.velocity_mps[-1, 1, 0] == pytest.approx(rollout.velocity_mps[-1, 3, 0], abs=1e-9)
    assert not [event for event in rollout.events if event.kind == "collision"]


def test_followers_keep_their_distance_from_the_trailer():
    behind = car("behind", 40.0, 15.0, "right")
    rollout = drive(scenario(trailer(), behind, ego=TRACTOR, duration_s=20.0), 0.0, 0.0, 180)
    assert not [event for event in rollout.events if event.kind == "collision"]
    gap = (
        rollout.world_from_actor.translation_m[-1, 1, 0] - 6.8 - rollout.world_from_actor.translation_m[-1, 2, 0] - 2.25
    )
    assert 5.0 < gap < 25.0


def test_who_tows_must_be_there_and_nobody_tows_in_a_ring():
    with pytest.raises(InputError, match=r"traits\.towed_by"):
        drive(scenario(trailer(by="egon"), ego=TRACTOR), 0.0, 0.0, 1)
    with pytest.raises(Unsupported, match="ring"):
        drive(scenario(trailer("a", "b"), trailer("b", "a"), ego=TRACTOR), 0.0, 0.0, 1)
