"""The dynamic single-track model against its twin, an ODE solver and closed forms, down to standstill."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from driving_data.environment import Environment
from driving_data.ports import Control
from scenarios.concrete import Ego, Place
from sim_bridge.embedded import tyre_kernels as tyres
from sim_bridge.embedded import vehicle_kernels as kernels
from sim_bridge.embedded.layout import GRAVITY
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.reference_vehicles import Track, brush, fiala, slip_rates
from sim_bridge.embedded.vehicles import BMW_320I, RIGID_TRUCK, VEHICLES, usual_vehicle
from tests.sim_bridge.worlds import scenario, simulator, straight_map

CARS = st.sampled_from(sorted(VEHICLES))
EXTREMES = st.one_of(st.floats(-60.0, 60.0), st.sampled_from([0.0, 5e-324, -1e-310, 1e-12, 1e-3, -1e-3]))


class Body:
    """The compiled model by itself, on a plane."""

    def __init__(self, car, u=0.0, v=0.0, r=0.0, h=0.005):
        self.car, self.p, self.h = car, car.row(), h
        self.u, self.v, self.r, self.pushed = u, v, r, 0.0
        self.x = self.y = self.yaw = 0.0
        self.forces = ()

    def step(self, steer, drive, brake, mu, slope=(0.0, 0.0), flat=(0.0, 0.0)):
        u, v, r, self.pushed, *self.forces = kernels.single_track(
            self.u, self.v, self.r, steer, drive, brake, self.pushed, *slope, mu, *flat, self.p, self.h
        )
        self.x, self.y, self.yaw, self.u, self.v = kernels.drift(
            self.x, self.y, self.yaw, self.u, self.v, self.r, u, v, r, self.h
        )
        self.r = r

    def energy(self):
        return 0.5 * self.car.mass_kg * (self.u**2 + self.v**2) + 0.5 * self.car.yaw_inertia_kgm2 * self.r**2


@given(st.floats(0.0, 3.0), st.floats(1e3, 3e5), st.floats(1.0, 2e5))
def test_the_closed_form_of_the_tyre_is_its_twins(slip, stiffness, bound):
    assert tyres.brush_force(slip, stiffness, bound) == pytest.approx(fiala(slip, stiffness, bound), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("slip", [0.01, 0.05, 0.1, 0.13, 0.2, 1.0])
def test_the_tyre_is_the_sum_over_its_contact_patch(slip):
    """A linear tyre that is cut off gives 4,800 N at 0.1; bristles that begin to slide give 3,600 N."""
    assert tyres.brush_force(slip, 60e3, 5e3) == pytest.approx(brush(slip, 60e3, 5e3), rel=1e-4)


@given(
    CARS, EXTREMES, st.floats(-10.0, 10.0), st.floats(-3.0, 3.0), st.floats(-1.2, 1.2), st.floats(0.0, 3e4),
    st.floats(0.0, 3e5), st.floats(0.02, 1.2), st.floats(-0.2, 0.2), st.sampled_from([0.0, 0.5, -1.0]),
)  # fmt: skip
def test_one_substep_is_that_of_the_twin(name, u, v, r, steer, drive, brake, mu, grade, flat):
    car = VEHICLES[name]
    body, twin = Body(car, u, v, r), Track(car, np.array([u, v, r]))
    for _ in range(4):
        body.step(steer, drive, brake, mu, (grade, 0.5 * grade), (flat, -0.5 * flat))
        forces = twin.step(steer, drive, brake, mu, 0.005, (grade, 0.5 * grade), (flat, -0.5 * flat))
        np.testing.assert_allclose([body.u, body.v, body.r], twin.q, rtol=1e-7, atol=1e-9)
        assert body.pushed == pytest.approx(twin.pushed, rel=1e-7, abs=1e-6)
        for (load, along, across), got in zip(forces, (body.forces[0:2], body.forces[2:4]), strict=True):
            np.testing.assert_allclose(got, (along, across), rtol=1e-6, atol=1e-3)
            assert math.hypot(*got) <= mu * load * (1 + 1e-9)
    np.testing.assert_allclose([body.x, body.y, body.yaw], [twin.x, twin.y, twin.psi], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("speed", "steer", "mu"), [(12.0, 0.05, 0.9), (25.0, 0.03, 0.9), (20.0, 0.05, 0.5), (6.0, 0.3, 0.9)]
)
def test_small_substeps_follow_the_differential_equation(speed, steer, mu):
    car = replace(BMW_320I, cg_height_m=0.0, drive_front=0.0)

    def rates(_, V):
        return slip_rates(V, steer, 900.0, car, mu)

    exact = solve_ivp(rates, (0.0, 2.0), [speed, 0.0, 0.0], rtol=1e-10, atol=1e-10).y[:, -1]
    errors = []
    for h in (0.005, 0.0025):
        body = Body(car, speed, h=h)
        for _ in range(round(2.0 / h)):
            body.step(steer, 900.0, 0.0, mu)
        errors.append(np.abs(np.array([body.u, body.v, body.r]) - exact).max())
    assert errors[0] < 0.03
    assert errors[1] < 0.6 * errors[0]


@pytest.mark.parametrize("name", sorted(VEHICLES))
def test_steady_cornering_needs_the_understeer_angle(name):
    """delta = L / R + K a_y / g; a kinematic bicycle, K = 0, is a tenth of a degree off already at 0.15 g."""
    car = VEHICLES[name]
    body, steer = Body(car, 18.0), 0.25 * car.wheelbase_m / 100.0
    for _ in range(4000):
        resisted = 0.6 * car.drag_area_m2 * body.u**2 + car.rolling * car.mass_kg * GRAVITY
        body.step(steer, resisted + 200.0 * (18.0 - body.u), 0.0, 0.9)
    lateral = body.u * body.r
    needed = car.wheelbase_m * body.r / body.u + car.understeer_rad() * lateral / GRAVITY
    assert 0.04 < lateral / GRAVITY < 0.15
    assert steer == pytest.approx(needed, rel=0.03)
    assert abs(steer - car.wheelbase_m * body.r / body.u) > 0.05 * steer


@pytest.mark.parametrize(
    ("name", "mu"), [("bmw_320i", 0.9), ("bmw_320i", 0.1), ("rigid_truck", 0.5), ("vw_vanagon", 0.7)]
)
def test_stopping_distance(name, mu):
    car = replace(VEHICLES[name], drag_area_m2=0.0, brake_front=0.5)
    body = Body(car, 20.0)
    while body.u > 0.0:
        loads = kernels.axle_loads(body.pushed, 0.0, 0.0, body.p)
        # Brakes strong enough to use all grip of both axles.
        body.step(0.0, 0.0, 2.0 * max(loads) * mu * 1.01, mu)
    assert body.x == pytest.approx(20.0**2 / (2 * mu * GRAVITY), rel=2e-3)


def test_a_wheel_without_antilock_cannot_be_steered():
    """Full braking in a bend: with anti-lock brakes the car still turns, with locked wheels it slides straight on."""
    turned = []
    for antilock in (True, False):
        body = Body(replace(BMW_320I, antilock=antilock), 25.0)
        for _ in range(200):
            body.step(0.06, 0.0, 2.0e4, 0.9)
        turned.append(abs(body.yaw))
    assert turned[0] > 0.15
    assert turned[1] < 0.35 * turned[0]


@given(
    CARS, st.floats(-40.0, 40.0), st.floats(-8.0, 8.0), st.floats(-2.0, 2.0), st.floats(-1.0, 1.0), st.floats(0.05, 1.0)
)
def test_coasting_only_loses_energy(name, u, v, r, steer, mu):
    body = Body(VEHICLES[name], u, v, r)
    before = body.energy()
    for _ in range(60):
        body.step(steer, 0.0, 0.0, mu)
        after = body.energy()
        assert after <= before * (1 + 1e-6) + 1e-6
        before = after


def test_standstill_is_a_place_to_stay():
    """On a slope of 10 % with the brake held, on ice, with the wheels turned, with denormal speeds: nothing moves."""
    for slope, mu, start in ((0.1, 0.9, 0.0), (0.05, 0.1, 5e-324), (0.0, 0.02, -1e-310)):
        body = Body(BMW_320I, start)
        for _ in range(400):
            body.step(0.9, 0.0, 12e3, mu, (slope, 0.0))
        assert abs(body.x) + abs(body.y) + abs(body.yaw) < 1e-5
        assert (body.u, body.v, body.r) == (0.0, 0.0, 0.0) or slope > 0.0


def test_a_car_on_ice_slides_down_a_slope_that_its_tyres_cannot_hold():
    body = Body(replace(BMW_320I, drag_area_m2=0.0))
    for _ in range(400):
        body.step(0.0, 0.0, 12e3, 0.05, (0.15, 0.0))
    cos = 1.0 / math.hypot(1.0, 0.15)
    expected = -GRAVITY * (0.15 * cos**2 - 0.05 * cos) * 2.0
    assert body.u == pytest.approx(expected, rel=0.02)


def test_a_flat_tyre_pulls_to_its_side():
    for flat, sign in (((1.0, 0.0), 1.0), ((-1.0, 0.0), -1.0), ((0.0, 1.0), 1.0)):
        body = Body(BMW_320I, 28.0)
        for _ in range(300):
            body.step(0.0, 0.0, 0.0, 0.9, flat=flat)
        assert sign * body.y > 0.2
        assert body.u < 27.5


def play(options, accels, steers, step_s=0.1, ego=None, lane_map=None, environment=None):
    wanted = replace(scenario(ego=ego or Ego(Place("middle", 50.0), 15.0, 15.0, 1000.0), duration_s=100.0),
                     step_s=step_s, environment=environment or Environment())  # fmt: skip
    session = simulator(lane_map, options).open([wanted], [0])
    for accel, steer in zip(accels, steers, strict=True):
        session.step(Control(np.array([accel]), np.array([steer])))
    return session.rollouts()[0]


def test_at_low_speed_both_models_make_the_same_lane_change():
    steers = [0.12 * math.sin(2 * math.pi * k / 40) for k in range(40)]
    ego = Ego(Place("right", 50.0), 2.5, 2.5, 1000.0)
    ways = [
        play(EmbeddedOptions(ego_model=model), [0.0] * 40, steers, ego=ego).world_from_actor.translation_m[:, 0]
        for model in ("kinematic", "dynamic")
    ]
    assert ways[0][-1, 1] - ways[0][0, 1] > 0.3
    np.testing.assert_allclose(ways[0], ways[1], atol=0.03)


def test_at_high_speed_they_part():
    steers = [0.03] * 30
    ego = Ego(Place("right", 50.0), 30.0, 30.0, 1000.0)
    ends = [
        play(EmbeddedOptions(ego_model=model), [0.0] * 30, steers, ego=ego).world_from_actor.yaw_rad()[-1, 0]
        for model in ("kinematic", "dynamic")
    ]
    assert ends[1] < 0.75 * ends[0]


def test_a_grade_slows_a_car_that_is_not_told_to_make_up_for_it():
    ego = Ego(Place("middle", 50.0), 20.0, 20.0, 1000.0)
    speed = {}
    for feeds in (True, False):
        options = EmbeddedOptions(ego_model="dynamic", feeds_forward=feeds)
        rollout = play(options, [0.0] * 30, [0.0] * 30, ego=ego, lane_map=straight_map(0.05))
        speed[feeds] = rollout.velocity_mps[-1, 0, 0]
    assert speed[True] == pytest.approx(20.0, abs=0.15)
    assert speed[False] == pytest.approx(20.0 - 3.0 * (0.05 + 0.013) * GRAVITY, abs=0.45)


def test_a_dynamic_ego_stops_and_stays():
    rollout = play(EmbeddedOptions(ego_model="dynamic"), [-6.0] * 60, [0.1] * 60, lane_map=straight_map(0.08))
    still = rollout.world_from_actor.translation_m[45:, 0]
    assert np.ptp(still, axis=0).max() < 1e-3
    assert rollout.velocity_mps[30:, 0, 0].min() >= -1e-6


@pytest.mark.parametrize("step_s", [0.1, 0.05, 0.02])
@pytest.mark.parametrize("model", ["kinematic", "dynamic"])
def test_dead_time_is_pure_delay_whatever_the_step(model, step_s):
    """A brake asked for at once begins 0.15 s later: the way to a stop grows by v times that, at every step length."""
    options = EmbeddedOptions(ego_model=model, acceleration_lag_s=0.0, feeds_forward=True)
    late = replace(options, dead_time_s=0.15)
    steps = round(6.0 / step_s)
    ends = [
        play(o, [-4.0] * steps, [0.0] * steps, step_s).world_from_actor.translation_m[-1, 0, 0] for o in (options, late)
    ]
    assert ends[1] - ends[0] == pytest.approx(15.0 * 0.15, abs=0.03)


def test_ice_makes_a_bend_wide():
    ego = Ego(Place("right", 50.0), 12.0, 12.0, 1000.0)
    yaw = {}
    for mu in (0.9, 0.1):
        options = EmbeddedOptions(ego_model="dynamic")
        rollout = play(options, [0.0] * 30, [0.1] * 30, ego=ego, environment=Environment(road_friction=mu))
        yaw[mu] = rollout.world_from_actor.yaw_rad()[-1, 0]
    assert yaw[0.1] < 0.35 * yaw[0.9]


def test_options_name_what_there_is():
    with pytest.raises(ValueError, match="did you mean 'dynamic'"):
        EmbeddedOptions(ego_model="dynamc")
    with pytest.raises(ValueError, match="bmw_320i"):
        EmbeddedOptions(ego_vehicle="bmw_320")
    with pytest.raises(ValueError, match="dead_time_s"):
        EmbeddedOptions(dead_time_s=-0.1)


def test_a_set_is_stretched_to_a_wheelbase_and_chosen_by_class():
    from driving_data.taxonomy import ActorClass

    long = BMW_320I.fitted(2 * BMW_320I.wheelbase_m)
    assert long.front_m / long.rear_m == pytest.approx(BMW_320I.front_m / BMW_320I.rear_m)
    assert long.yaw_inertia_kgm2 == pytest.approx(4 * BMW_320I.yaw_inertia_kgm2)
    assert usual_vehicle(ActorClass.TRUCK) is RIGID_TRUCK
    assert usual_vehicle(ActorClass.TRUCK, tows=True).max_steering_rad == 0.55
