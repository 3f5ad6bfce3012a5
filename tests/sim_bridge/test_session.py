"""Sessions: determinism over batches and threads, observations, refusals; the conformance suite itself."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from driving_data.errors import RoadloomError, Unsupported
from driving_data.ports import Control, Session, Simulator
from driving_data.taxonomy import ActorClass
from scenarios.behaviour import AtTime, ChangeLane, ChangeSpeed, When
from scenarios.concrete import Driver, Ego, Place
from sim_bridge.conformance import ConformanceError, check_simulator, expect_same
from sim_bridge.embedded.engines import are_plain
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.session import EmbeddedSession
from sim_bridge.registry import SIMULATORS
from sim_bridge.replay.simulator import ReplaySimulator
from tests.sim_bridge.worlds import car, scenario, simulator


def varied(k):
    """The k-th of eight different worlds."""
    actors = [
        car(f"a{j}", 70.0 + 25.0 * j, 8.0 + k, ["middle", "left", "right"][(j + k) % 3]) for j in range(1 + k % 4)
    ]
    cut = When(AtTime(0.3 * k), ChangeLane("middle", 2.0))
    actors.append(car("cut", 90.0, 14.0, "left", behaviour=cut, driver=Driver(reaction_time_s=0.1 * k)))
    return scenario(*actors, ego=Ego(Place("middle", 40.0 + k), 12.0, 16.0, 1000.0), duration_s=4.0 + 0.5 * k)


def rollouts(wanted, seeds, options):
    session = simulator(options=options).open(wanted, seeds)
    session.run(80, "idm_lane_follow")
    made = session.rollouts()
    session.close()
    return made


def test_same_bytes_whatever_the_batch_and_the_threads():
    wanted, seeds = [varied(k) for k in range(8)], list(range(8))
    noisy = EmbeddedOptions(acceleration_noise_mps2=0.4)
    alone = [rollouts([s], [seed], noisy)[0] for s, seed in zip(wanted, seeds, strict=True)]
    for threads in (1, 2):
        for one, two in zip(alone, rollouts(wanted, seeds, replace(noisy, num_threads=threads)), strict=True):
            expect_same(one, two)


def test_the_seed_moves_imperfect_drivers_only():
    noisy = EmbeddedOptions(acceleration_noise_mps2=0.4)
    one, two = (rollouts([varied(2)], [seed], noisy)[0] for seed in (0, 1))
    with pytest.raises(ConformanceError):
        expect_same(one, two)
    one, two = (rollouts([varied(2)], [seed], EmbeddedOptions())[0] for seed in (0, 1))
    expect_same(one, two)


def test_steps_and_run_are_the_same_motion():
    """Stepping with the controls that a driver would give is what `run` does: constant speed needs none here."""
    wanted = scenario(car("o", 120.0, 10.0, "left"))
    session = simulator().open([wanted], [0])
    session.run(30, "constant_speed")
    twin = simulator().open([wanted], [0])
    for _ in range(30):
        twin.step(Control(np.zeros(1), np.zeros(1)))
    expect_same(session.rollouts()[0], twin.rollouts()[0])


def test_the_built_in_simulators_conform():
    wanted = [varied(1), varied(4), varied(6)]
    check_simulator(simulator(), wanted)
    straight = simulator()
    recorded = {}
    for one in wanted:
        session = straight.open([one], [0])
        session.run(200, "idm_lane_follow")
        recorded[one.digest()] = session.rollouts()[0]
    check_simulator(ReplaySimulator(recorded=recorded), wanted)


@dataclass
class Forgetful:
    """A simulator that breaks the suite: another state each time it is opened, and it replaces unknown drivers."""

    inner: Simulator
    opened: int = 0

    def open(self, scenarios, seeds) -> Session:
        self.opened += 1
        moved = [replace(s, ego=replace(s.ego, speed_mps=s.ego.speed_mps + 0.01 * self.opened)) for s in scenarios]
        return Lenient(self.inner.open(moved, seeds))


@dataclass
class Lenient:
    inner: Session

    def reset(self):
        return self.inner.reset()

    def step(self, control):
        return self.inner.step(control)

    def run(self, num_steps, policy_kernel):
        return self.inner.run(num_steps, "constant_speed")

    def rollouts(self):
        return self.inner.rollouts()

    def close(self):
        return self.inner.close()


def test_the_suite_names_every_broken_law():
    with pytest.raises(ConformanceError) as raised:
        check_simulator(Forgetful(simulator()), [varied(0), varied(1)])
    text = str(raised.value)
    assert "same_seed_same_bytes" in text
    assert "unmet_wishes_are_refused" in text
    assert "closing_is_safe" not in text


def test_observations_say_what_is_there():
    session = simulator().open([scenario(car("o", 100.0, 12.0, "left")), scenario()], [0, 0])
    seen = session.step(Control(np.zeros(2), np.zeros(2)))
    assert seen.position_m.shape == (2, 2, 3)
    assert seen.valid.tolist() == [[True, True], [True, False]]
    assert np.isnan(seen.position_m[1, 1]).all()
    assert seen.kind[0].tolist() == [ActorClass.CAR, ActorClass.CAR]
    assert seen.position_m[0, 0] == pytest.approx([51.5, 0.0, 0.75])
    assert seen.route_m.shape == (2, 100, 3)
    assert seen.route_m[0, 0] == pytest.approx([51.5 - 1.35, 0.0, 0.0], abs=1e-9)
    assert np.linalg.norm(np.diff(seen.route_m[0], axis=0), axis=-1) == pytest.approx(1.0)
    assert seen.signal_distance_m == pytest.approx([200.0 - 51.5 - 2.3] * 2)
    assert seen.signal_state.tolist() == [7, 7]
    assert np.isinf(seen.route_speed_limit_mps).all()
    assert seen.route_remaining_m == pytest.approx([900.0 - 51.5] * 2)
    assert seen.time_s == pytest.approx([0.1, 0.1])
    kept = seen.position_m.copy()
    session.step(Control(np.zeros(2), np.zeros(2)))
    np.testing.assert_array_equal(kept, seen.position_m)


def test_observed_offset_is_left_of_the_route():
    session = simulator().open([scenario(ego=Ego(Place("middle", 50.0, 0.7), 10.0, 10.0, 900.0))], [0])
    assert session.reset().route_lateral_m[0] == pytest.approx(0.7)


def test_wrong_controls_and_wrong_drivers_are_refused():
    session = simulator().open([scenario()], [0])
    with pytest.raises(ValueError, match="shape"):
        session.step(Control(np.zeros(2), np.zeros(2)))
    with pytest.raises(ValueError, match="finite"):
        session.step(Control(np.array([np.nan]), np.zeros(1)))
    with pytest.raises(Unsupported, match="did you mean 'idm_lane_follow'"):
        session.run(1, "idm_lane_folow")
    session.close()
    with pytest.raises(RoadloomError, match="closed"):
        session.rollouts()


def test_the_registry_knows_the_built_in_simulators():
    assert {"embedded", "replay"} <= set(SIMULATORS.names())
    made = SIMULATORS.load("embedded")()
    assert isinstance(made, Simulator)
    assert isinstance(SIMULATORS.load("replay")(), Simulator)
    session = simulator().open([scenario()], [0])
    assert isinstance(session, Session)
    assert isinstance(session, EmbeddedSession)


def test_long_runs_meet_no_denormals():
    wanted = scenario(car("o", 60.0, 0.0, driver=Driver(desired_speed_mps=3.0)), duration_s=200.0)
    ego = Ego(Place("middle", 20.0, 0.4), 3.0, 3.0, 1100.0)
    session = simulator().open([replace(wanted, ego=ego)], [0])
    session.run(1500, "idm_lane_follow")
    rollout = session.rollouts()[0]
    for values in (rollout.velocity_mps, rollout.acceleration_mps2, rollout.yaw_rate_radps, rollout.steering_rad):
        size = np.abs(values[np.isfinite(values)])
        assert not ((size > 0) & (size < 1e-300)).any()


def test_braking_actor_does_not_hold_back_another_world():
    slow = scenario(car("o", 80.0, 10.0, behaviour=When(AtTime(0.5), ChangeSpeed(0.0, 8.0))))
    both = simulator().open([slow, scenario()], [0, 0])
    both.run(60, "constant_speed")
    crashed, free = both.rollouts()
    assert crashed.num_steps < free.num_steps == 61


def test_both_doors_into_the_kernels_give_the_same_bytes(monkeypatch):
    wanted, seeds = [varied(k) for k in range(6)], list(range(6))
    plain = rollouts(wanted, seeds, EmbeddedOptions())
    judged = []
    monkeypatch.setattr("sim_bridge.embedded.session.are_plain", lambda specs: judged.append(are_plain(specs)) or False)
    for one, other in zip(rollouts(wanted, seeds, EmbeddedOptions()), plain, strict=True):
        expect_same(one, other)
    assert judged == [True]


def test_worlds_with_something_rare_are_not_plain(monkeypatch):
    judged = []
    monkeypatch.setattr("sim_bridge.embedded.session.are_plain", lambda specs: judged.append(are_plain(specs)) or False)
    rollouts([varied(0)], [0], EmbeddedOptions(ego_model="dynamic"))
    lorry = car("lorry", 90.0, 10.0, kind=ActorClass.TRUCK)
    trailer = car("behind", 80.0, 10.0, kind=ActorClass.TRAILER, traits={"towed_by": "lorry"})
    rollouts([scenario(lorry, trailer)], [0], EmbeddedOptions())
    assert judged == [False, False]
