"""What breaks: brakes, tyres, steering, from a behaviour with a trigger; and grip that a wish goes beyond."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.environment import Environment
from driving_data.errors import InputError
from driving_data.ports import Control
from scenarios.behaviour import AtTime, ChangeSpeed, Failure, Parallel, Sequence, TimeGapBelow, Wait, When
from scenarios.concrete import Driver, Ego, Place
from scenarios.spec import read_text
from sim_bridge.embedded.layout import GRAVITY
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.tyre_kernels import COASTING_MPS2, within_grip
from tests.sim_bridge.worlds import car, circle_map, scenario, simulator

STILL = Driver(kind="none")
FAR = Ego(Place("left", 1000.0), 0.0, 0.0, 1100.0)


def run(wanted, options=None, lane_map=None):
    session = simulator(lane_map, options).open([wanted], [0])
    session.run(round(wanted.duration_s / wanted.step_s), "constant_speed")
    return session.rollouts()[0]


def of_kind(rollout, kind):
    return [event for event in rollout.events if event.kind == kind]


def test_a_lead_vehicle_without_brakes_runs_into_what_it_would_have_stopped_for():
    standing = car("jam", 160.0, 0.0, driver=STILL)
    broken = When(AtTime(1.0), Failure("brakes"))
    sound = run(scenario(car("lead", 60.0, 15.0), standing, ego=FAR))
    assert not of_kind(sound, "collision")
    rollout = run(scenario(car("lead", 60.0, 15.0, behaviour=broken), standing, ego=FAR))
    (event,) = of_kind(rollout, "failure")
    assert event.actor_ids == ("lead",)
    assert event.timestamp_ns == pytest.approx(1e9, abs=1)
    assert event.data == {"part": "brakes", "remaining": 0.0}
    (hit,) = of_kind(rollout, "collision")
    assert set(hit.actor_ids) == {"lead", "jam"}
    speed = rollout.velocity_mps[:, 1, 0]
    step = round(hit.timestamp_ns / 1e8)
    assert np.diff(speed[11:step]).min() / 0.1 > -COASTING_MPS2 - 1e-9
    assert hit.data["closing_speed_mps"] > 10.0


def test_half_of_the_brakes_brake_half_as_hard():
    stop = When(AtTime(1.0), ChangeSpeed(0.0, 8.0))
    both = Sequence((Failure("brakes", 0.5), stop))
    rates = []
    for behaviour in (stop, both):
        speed = run(scenario(car("o", 100.0, 20.0, driver=STILL, behaviour=behaviour), ego=FAR)).velocity_mps[:, 1, 0]
        rates.append(-np.diff(speed).min() / 0.1)
    assert rates[0] == pytest.approx(8.0, abs=0.01)
    assert rates[1] == pytest.approx(0.5 * 0.9 * GRAVITY + 0.5 * COASTING_MPS2, abs=0.01)


@pytest.mark.parametrize(("wheel", "sign"), [("front_left", 1.0), ("rear_right", -1.0)])
def test_a_burst_tyre_draws_a_vehicle_aside_slows_it_and_lets_it_return(wheel, sign):
    bursts = When(AtTime(1.0), Failure("tyre", wheel=wheel))
    rollout = run(scenario(car("o", 100.0, 25.0, driver=STILL, behaviour=bursts), ego=FAR))
    y, speed = rollout.world_from_actor.translation_m[:, 1, 1], rollout.velocity_mps[:, 1, 0]
    assert 0.7 < (sign * y).max() < 1.0
    assert abs(y[-1]) < 0.02
    assert speed[15] < 25.0
    assert of_kind(rollout, "failure")[0].data == {"part": "tyre", "wheel": wheel, "remaining": 0.0}


@pytest.mark.parametrize("model", ["kinematic", "dynamic"])
@pytest.mark.parametrize(("part", "wheel"), [("brakes", ""), ("tyre", "front_right"), ("steering", "")])
def test_the_ego_can_fail_too(model, part, wheel):
    """Each failure against the same drive without it, in both models."""
    ends = []
    for behaviour in (Wait(0.1), Failure(part, 0.1, wheel, "ego")):
        parked = car("saboteur", 400.0, 0.0, driver=STILL, behaviour=behaviour)
        session = simulator(None, EmbeddedOptions(ego_model=model)).open([scenario(parked, duration_s=5.0)], [0])
        for _ in range(25):
            command = (-6.0, 0.0) if part == "brakes" else (0.0, 0.5 if part == "steering" else 0.0)
            session.step(Control(np.array([command[0]]), np.array([command[1]])))
        ends.append(session.rollouts()[0])
    sound, broken = (rollout.world_from_actor.translation_m[-1, 0] for rollout in ends)
    assert of_kind(ends[1], "failure")[0].actor_ids == ("ego",)
    if part == "brakes":
        assert broken[0] > sound[0] + 8.0
    elif part == "tyre":
        assert broken[1] < -0.15
        assert broken[0] < sound[0] or model == "dynamic"
    else:
        assert abs(broken[1]) < 0.8 * abs(sound[1])


def test_a_failure_waits_for_its_trigger_and_beside_other_actions():
    late = When(TimeGapBelow("ego", 3.0), Parallel((Failure("brakes"), ChangeSpeed(5.0, 3.0))))
    rollout = run(scenario(car("o", 110.0, 10.0, driver=STILL, behaviour=late)))
    (event,) = of_kind(rollout, "failure")
    assert event.timestamp_ns > 1e9
    assert rollout.velocity_mps[-1, 1, 0] > 5.5


def test_wrong_failures_are_named():
    wrong = car("o", 100.0, 10.0, behaviour=Sequence((Failure("engine"), Failure("tyre", 0.0, "left"),
                                                       Failure("brakes", 1.5, "", "nobody"))))  # fmt: skip
    with pytest.raises(InputError) as caught:
        run(scenario(wrong))
    paths = [fault.path for fault in caught.value.faults]
    assert paths == [
        "actors[0].behaviour.steps[0].part", "actors[0].behaviour.steps[1].wheel",
        "actors[0].behaviour.steps[2].remaining", "actors[0].behaviour.steps[2].actor",
    ]  # fmt: skip


def test_a_scenario_file_says_it():
    text = """
road: motorway
ego: {on: main.1, at: 40 m, speed: 25 m/s}
actors:
  lead: {kind: van, on: main.1, at: 90 m, speed: 25 m/s}
do:
  lead:
    - brake_failure: 20 %
      when: time >= 2 s
    - tyre_burst: {wheel: rear_left, who: ego}
"""
    concrete = read_text(text).sample(1)
    lead = next(actor for actor in concrete.actors if actor.id == "lead")
    first, second = lead.behaviour.steps
    assert first.trigger == AtTime(2.0)
    assert first.then == Failure("brakes", first.then.remaining)
    assert first.then.remaining == pytest.approx(0.2)
    assert second == Failure("tyre", 0.0, "rear_left", "ego")


@given(st.floats(-20, 20), st.floats(0, 20), st.floats(0.1, 10), st.floats(0, 1))
def test_grip_and_brakes_bound_what_a_path_follower_gets(accel, across, grip, loss):
    held = within_grip(accel, across, grip, loss)
    room = max(math.sqrt(max(grip**2 - across**2, 0.0)), 0.1 * grip)
    assert -room - 1e-9 <= held <= room + 1e-9
    if loss == 1.0:
        assert held >= -COASTING_MPS2 - 1e-9
    if -(1 - loss) * room <= accel <= room:
        assert held == pytest.approx(accel, abs=1e-12)


def test_actors_brake_no_harder_than_ice_lets_them_and_it_is_told_once():
    ice = Environment(road_friction=0.15)
    hard = When(AtTime(1.0), ChangeSpeed(0.0, 7.0))
    wanted = scenario(car("o", 100.0, 15.0, driver=STILL, behaviour=hard), ego=FAR, environment=ice, duration_s=12.0)
    rollout = run(wanted)
    speed = rollout.velocity_mps[:, 1, 0]
    assert -np.diff(speed).min() / 0.1 == pytest.approx(0.15 * GRAVITY, abs=1e-6)
    assert [event.actor_ids for event in of_kind(rollout, "grip_limit")] == [("o",)]
    free = run(wanted, EmbeddedOptions(paths_need_grip=False))
    assert -np.diff(free.velocity_mps[:, 1, 0]).min() / 0.1 == pytest.approx(7.0, abs=0.01)
    assert not of_kind(free, "grip_limit")


def test_a_bend_takes_from_the_brakes():
    """Radius 50 m at 15 m/s needs 4.5 of the 5.3 m/s^2 that a wet road has: sqrt(5.3^2 - 4.5^2) are left."""
    wet = Environment(road_friction=0.54)
    hard = When(AtTime(0.5), ChangeSpeed(0.0, 7.0))
    other = car("o", 10.0, 15.0, driver=STILL, behaviour=hard)
    rollout = run(scenario(other, ego=Ego(Place("middle", 200.0), 0.0, 0.0, 230.0), environment=wet, duration_s=2.0),
                  lane_map=circle_map(50.0))  # fmt: skip
    speed = np.linalg.norm(rollout.velocity_mps[:, 1], axis=-1)
    first = (speed[6] - speed[7]) / 0.1
    assert first == pytest.approx(math.sqrt((0.54 * GRAVITY) ** 2 - (speed[6] ** 2 / 50.0) ** 2), rel=0.03)
