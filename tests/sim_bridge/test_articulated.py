"""A trailer that acts on its tractor: twin, momentum and energy, limits, linear theory of swing, jack-knife."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.environment import Environment
from driving_data.geometry import wrap_angle
from driving_data.ports import Control
from driving_data.taxonomy import ActorClass
from scenarios.behaviour import Failure
from scenarios.concrete import Driver, Ego, Place
from sim_bridge.embedded import articulated_kernels as kernels
from sim_bridge.embedded import vehicle_kernels
from sim_bridge.embedded.articulated import usual_trailer
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.reference_articulated import Train, growth_of_swing
from sim_bridge.embedded.reference_vehicles import steady_articulation
from sim_bridge.embedded.vehicles import BMW_320I, SEMI_TRACTOR
from tests.effort import examples
from tests.sim_bridge.worlds import car, scenario, simulator

SEMI = usual_trailer(ActorClass.TRUCK, 13.6, 8.1)
CARAVAN = usual_trailer(ActorClass.CAR, 7.0, 4.85)
PAIRS = {"semi": (SEMI_TRACTOR, SEMI, 2.3), "caravan": (BMW_320I, CARAVAN, BMW_320I.rear_m + 0.9)}
TRACTOR = Ego(Place("right", 100.0), 8.0, 8.0, 1100.0, ActorClass.TRUCK, (5.1, 2.55, 3.8), 3.6, 1.4)


class Pair:
    """The compiled train by itself, on a plane."""

    def __init__(self, car, trailer, hitch, u, theta=0.0, v=0.0, r=0.0, w=0.0, h=0.005):
        self.p, self.t, self.h = car.row(), trailer.row(hitch, 1.57, 1), h
        self.q, self.theta, self.loss = (u, v, r, w), theta, 0.0
        self.x = self.y = self.yaw = self.pushed = self.pull = self.shifted = 0.0

    def step(self, steer, drive, brake, mu, slope=(0.0, 0.0)):
        u, v, r, w, self.pushed, self.pull, self.shifted = kernels.train(
            *self.q, self.theta, steer, drive, brake, self.pushed, self.pull, self.shifted, *slope, mu, 0.0, 0.0,
            self.loss, self.p, self.t, self.h,
        )  # fmt: skip
        self.x, self.y, self.yaw, self.theta, *q = kernels.moved_train(
            self.x, self.y, self.yaw, self.theta, self.q, (u, v, r, w), self.p, self.t, self.h
        )
        self.q = tuple(q)

    def both(self):
        return np.array([*self.q[:3], *kernels.trailer_speeds(self.q, self.theta, self.t), self.q[3]])

    def energy(self):
        weights = np.array([self.p[0], self.p[0], self.p[1], self.t[0], self.t[0], self.t[1]])
        return 0.5 * float(weights @ self.both() ** 2)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.sampled_from(sorted(PAIRS)),
    st.one_of(st.floats(-3.0, 40.0), st.sampled_from([0.0, 5e-324, 1e-3])),
    st.floats(-0.5, 0.5), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(-1.2, 1.2), st.floats(-0.5, 0.5),
    st.floats(0.0, 9e3), st.floats(0.0, 2e5), st.floats(0.05, 1.0),
    st.tuples(st.floats(-0.2, 0.2), st.floats(-0.1, 0.1)),
)  # fmt: skip
def test_the_train_is_that_of_the_twin(name, u, v, r, turn, theta, steer, drive, brake, mu, slope):
    car, trailer, hitch = PAIRS[name]
    fast = Pair(car, trailer, hitch, u, theta, v, r, turn)
    slow = Train(car, trailer, hitch, theta, fast.both())
    assert np.abs(slow.coupling() @ slow.z).max() < 1e-9
    brake = 0.0 if drive > 3e3 else brake
    for _ in range(4):
        fast.step(steer, drive, brake, mu, slope)
        slow.step(steer, drive, brake, mu, 0.005, slope)
        np.testing.assert_allclose(fast.both(), slow.z, rtol=1e-6, atol=1e-6)
        assert (fast.x, fast.y, fast.yaw, fast.theta) == pytest.approx(
            (slow.x, slow.y, slow.psi, slow.theta), rel=1e-7, abs=1e-7
        )


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_without_grip_momentum_is_kept_and_energy_is_never_made(name):
    """On a frictionless plane without drag nothing acts but the hitch."""
    car, trailer, hitch = PAIRS[name]
    pair = Pair(
        replace(car, drag_area_m2=0.0), replace(trailer, drag_area_m2=0.0), hitch, 12.0, 0.4, 1.0, 0.4, -0.3, 0.001
    )
    weights = np.array([pair.p[0], pair.p[0], pair.t[0], pair.t[0]])

    def momentum():
        z = pair.both()
        total = np.array([weights[0] * z[0] + weights[2] * z[3], weights[0] * z[1] + weights[2] * z[4]])
        c, s = math.cos(pair.yaw), math.sin(pair.yaw)
        return np.array([c * total[0] - s * total[1], s * total[0] + c * total[1]])

    def spin():
        """Angular momentum about the tractor's start."""
        z, c, s = pair.both(), math.cos(pair.yaw), math.sin(pair.yaw)
        head = pair.yaw + pair.theta
        first = np.array([pair.x, pair.y])
        second = first - hitch * np.array([c, s]) - trailer.centre_m * np.array([math.cos(head), math.sin(head)])
        total = pair.p[1] * z[2] + pair.t[1] * z[5]
        for mass, at, (a, b) in ((weights[0], first, z[:2]), (weights[2], second, z[3:5])):
            total += mass * (at[0] * (s * a + c * b) - at[1] * (c * a - s * b))
        return total

    start, before, turning, energies = momentum(), pair.energy(), spin(), []
    for _ in range(2000):
        pair.step(0.1, 0.0, 0.0, 0.0)
        energies.append(pair.energy())
    np.testing.assert_allclose(momentum(), start, rtol=1e-9)
    assert spin() == pytest.approx(turning, rel=2e-3)
    assert np.diff([before, *energies]).max() < 1e-6 * before
    assert energies[-1] > 0.99 * before


@given(
    st.sampled_from(sorted(PAIRS)),
    st.floats(1.0, 35.0),
    st.floats(-0.3, 0.3),
    st.floats(-0.4, 0.4),
    st.floats(0.1, 1.0),
)
@settings(max_examples=examples(30), deadline=None)
def test_coasting_only_loses(name, u, theta, steer, mu):
    car, trailer, hitch = PAIRS[name]
    pair = Pair(car, trailer, hitch, u, theta)
    last = pair.energy()
    for _ in range(100):
        pair.step(steer, 0.0, 0.0, mu)
        assert pair.energy() <= last * (1.0 + 1e-9)
        last = pair.energy()


@given(st.floats(1.0, 35.0), st.floats(-0.3, 0.3), st.floats(0.0, 4e3), st.floats(0.0, 1e4), st.floats(0.1, 1.0))
@settings(max_examples=examples(40), deadline=None)
def test_a_massless_trailer_leaves_the_single_track(u, steer, drive, brake, mu):
    nothing = replace(CARAVAN, mass_kg=1e-7, yaw_inertia_kgm2=1e-7, drag_area_m2=0.0)
    pair, p = Pair(BMW_320I, nothing, 2.3, u, 0.1), BMW_320I.row()
    x = y = yaw = v = r = pushed = 0.0
    for _ in range(40):
        pair.step(steer, drive, brake, mu)
        u1, v1, r1, pushed, *_ = vehicle_kernels.single_track(
            u, v, r, steer, drive, brake, pushed, 0.0, 0.0, mu, 0.0, 0.0, p, 0.005
        )
        x, y, yaw, u, v = vehicle_kernels.drift(x, y, yaw, u, v, r, u1, v1, r1, 0.005)
        r = r1
    assert (pair.x, pair.y, pair.yaw, *pair.q[:3]) == pytest.approx((x, y, yaw, u, v, r), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("behind", "speed"), [(0.91, 20.0), (0.91, 35.0), (0.97, 25.0), (0.97, 36.0), (1.03, 20.0), (1.03, 34.0)]
)
def test_swing_grows_and_dies_as_the_eigenvalues_say(behind, speed):
    """The load behind the axle makes a caravan swing; a trailer that is only drawn along never does."""
    caravan = replace(CARAVAN, centre_m=behind * CARAVAN.axle_m, drag_area_m2=0.0, rolling=0.0)
    car, hitch = replace(BMW_320I, drag_area_m2=0.0, rolling=0.0), BMW_320I.rear_m + 0.9
    rate = growth_of_swing(car, caravan, hitch, speed)
    pair, angles = Pair(car, caravan, hitch, speed, 1e-3, h=0.001), []
    for _ in range(8000):
        pair.step(0.0, 0.0, 0.0, 0.9)
        angles.append(abs(pair.theta))
    angles = np.array(angles)
    peaks = np.flatnonzero((angles[1:-1] > angles[:-2]) & (angles[1:-1] >= angles[2:])) + 1
    peaks = peaks[(angles[peaks] > 1e-9) & (angles[peaks] < 0.01)][1:]
    slope = np.polyfit(0.001 * peaks, np.log(angles[peaks]), 1)[0]
    assert len(peaks) >= 3
    assert slope == pytest.approx(rate, abs=0.04 + 0.04 * abs(rate))


def test_the_critical_speed_lies_between_growth_and_decay():
    loose = replace(CARAVAN, centre_m=CARAVAN.axle_m)
    rates = [growth_of_swing(BMW_320I, loose, BMW_320I.rear_m + 0.9, u) for u in (20.0, 28.0, 34.0, 40.0)]
    assert rates[0] < rates[1] < 0.0 < rates[2] < rates[3]
    assert growth_of_swing(SEMI_TRACTOR, SEMI, 2.3, 35.0) < 0.0


def trailer(size=(13.6, 2.55, 4.0), **changes):
    return car("trailer", 50.0, 0.0, "right", kind=ActorClass.TRAILER, size_m=size, driver=Driver(kind="none"),
               traits={"towed_by": "ego"}, **changes)  # fmt: skip


def drive(accel, steer, steps, ego=TRACTOR, friction=0.9, *others, **options):
    made = EmbeddedOptions(ego_model="dynamic", steering_lag_s=0.0, steering_rate_radps=10.0, **options)
    wanted = scenario(trailer(), *others, ego=ego, duration_s=60.0, environment=Environment(road_friction=friction))
    session = simulator(None, made).open([wanted], [0])
    for k in range(steps):
        session.step(Control(np.array([accel(k)]), np.array([steer(k)])))
    return session.rollouts()[0]


def hitch_angle(rollout):
    yaw = rollout.world_from_actor.yaw_rad()
    return wrap_angle(yaw[:, 1] - yaw[:, 0])


@pytest.mark.parametrize("steer", [0.1, 0.3])
def test_at_walking_pace_it_is_the_tractrix(steer):
    ego = replace(TRACTOR, speed_mps=1.5, target_speed_mps=1.5)
    felt = hitch_angle(drive(lambda _: 0.0, lambda _: steer, 250, ego))
    drawn = hitch_angle(drive(lambda _: 0.0, lambda _: steer, 250, ego, feels_trailer=False))
    np.testing.assert_allclose(felt, drawn, atol=0.02)
    radius = 3.6 / math.tan(steer)
    assert abs(felt[-1]) == pytest.approx(steady_articulation(radius, 0.0, 8.1), abs=0.03)


def test_a_laden_train_speeds_up_and_answers_more_slowly():
    """The same tractor that does not feel 20 t does the 1.0 m/s^2 that it is asked for."""
    ego = replace(TRACTOR, speed_mps=15.0)
    felt = drive(lambda _: 1.0, lambda _: 0.0, 40, ego).velocity_mps[-1, 0, 0]
    free = drive(lambda _: 1.0, lambda _: 0.0, 40, ego, feels_trailer=False).velocity_mps[-1, 0, 0]
    assert free == pytest.approx(18.8, abs=0.2)
    assert 15.5 < felt < 17.0


def test_a_trailer_without_brakes_folds_a_tractor_whose_wheels_lock():
    """A tractrix never pushes: the tractor alone turns less far; with anti-lock brakes it is held in its bend."""
    lost = Failure("brakes", actor="trailer", remaining=0.0)
    watcher = car("watcher", 10.0, 0.0, "left", driver=Driver(kind="none"), behaviour=lost)
    ego = replace(TRACTOR, speed_mps=18.0, target_speed_mps=18.0)

    def stop(vehicle, bend, **options):
        return drive(
            lambda k: 0.0 if k < 15 else -6.0, lambda k: bend if k < 15 else 1.5 * bend, 100, ego, 0.2, watcher,
            ego_vehicle=vehicle, **options,
        )  # fmt: skip

    folded = stop("semi_tractor_without_antilock", 0.02)
    assert np.abs(hitch_angle(folded)).max() == pytest.approx(1.57, abs=1e-6)
    assert [e.actor_ids for e in folded.events if e.kind == "jackknife"] == [("trailer",)]
    assert np.abs(hitch_angle(stop("semi_tractor_without_antilock", 0.01))).max() > 1.2
    assert np.abs(hitch_angle(stop("semi_tractor_without_antilock", 0.01, feels_trailer=False))).max() < 1.0
    assert np.abs(hitch_angle(stop("semi_tractor", 0.01))).max() < 0.2


def test_a_built_in_driver_drives_a_train_and_batches_do_not_change_it():
    wanted = scenario(trailer(), ego=replace(TRACTOR, speed_mps=15.0, target_speed_mps=15.0), duration_s=6.0)
    options = EmbeddedOptions(ego_model="dynamic")
    alone = simulator(None, options).open([wanted], [3])
    alone.run(60, "idm_lane_follow")
    many = simulator(None, options).open([wanted] * 3, [1, 3, 5])
    many.run(60, "idm_lane_follow")
    one, other = alone.rollouts()[0], many.rollouts()[1]
    np.testing.assert_array_equal(one.world_from_actor.translation_m, other.world_from_actor.translation_m)
    assert one.velocity_mps[-1, 0, 0] > 13.0
    assert np.abs(hitch_angle(one)).max() < 0.02
