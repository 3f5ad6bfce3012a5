"""Lights and sensors that fail when something happens: any trigger of the algebra, the very step at which it fires."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.errors import InputError
from driving_data.ports import Control
from driving_data.rollout import FaultSpan
from driving_data.taxonomy import ActorMode, Light, SignalState
from scenarios.behaviour import (
    AheadOf,
    AtTime,
    DistanceBelow,
    FailSignal,
    FaultSensor,
    ReachS,
    Sequence,
    Show,
    TimeGapBelow,
    TimeToCollisionBelow,
    Wait,
    When,
)
from scenarios.concrete import Feature, Place, SignalProgram
from scenarios.spec import read_text
from scenarios.types.expand import Stage, expand
from scenarios.types.manoeuvres import step, when
from sim_bridge.conformance import expect_same
from sim_bridge.registry import SIMULATORS
from tests.sim_bridge.worlds import car, scenario, simulator

PROGRAM = SignalProgram("light", ((SignalState.RED, 3.0), (SignalState.GREEN, 2.0), (SignalState.YELLOW, 1.0)), 0.5)
STEPS = 95


def world(*behaviours, features=()):
    """Slower cars ahead of the ego on its own lane, each with a behaviour."""
    cars = [car(f"rival{k}", 110.0 + 60.0 * k, 9.0, behaviour=behaviour) for k, behaviour in enumerate(behaviours)]
    return scenario(*cars, signals=(PROGRAM,), features=features)


def played(*worlds, steps=STEPS):
    session = simulator().open(list(worlds), list(range(len(worlds))))
    session.run(steps, "constant_speed")
    made = session.rollouts()
    session.close()
    return made


def shown(*behaviours, steps=STEPS):
    return played(world(*behaviours), steps=steps)[0].signals.state[:, 0]


def fired(rollout):
    """The step at which the trigger of the failure fired, as the event says."""
    (event,) = [event for event in rollout.events if event.kind == "trigger"]
    return round(event.timestamp_ns * 1e-8)


TRIGGERS = [
    AtTime(2.0), ReachS(135.0), DistanceBelow("ego", 40.0), TimeGapBelow("ego", 2.0), TimeToCollisionBelow("ego", 6.0),
    AheadOf("ego", -1e3),
]  # fmt: skip


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda x: type(x).__name__)
def test_any_trigger_makes_lights_fail_at_its_own_step(trigger):
    (rollout,) = played(world(When(trigger, FailSignal("dark"))))
    plain = shown(None)
    states, at = rollout.signals.state[:, 0], fired(rollout)
    assert 0 <= at < 80
    assert np.array_equal(states[:at], plain[:at])
    # An event of a step has the time at its beginning; the light is out at its end.
    assert (states[at + 1 :] == SignalState.OFF).all() and not (plain[at + 1 :] == SignalState.OFF).any()


def test_two_triggers_that_differ_fail_at_different_steps():
    """Not by the clock: a trigger that never fires leaves the light alone."""
    near, far = (shown(When(DistanceBelow("ego", gap), FailSignal("dark"))) for gap in (20.0, 45.0))
    assert np.argmax(near == SignalState.OFF) > np.argmax(far == SignalState.OFF) + 20
    assert np.array_equal(shown(When(DistanceBelow("ego", -1.0), FailSignal("dark"))), shown(None))


@pytest.mark.parametrize(("kind", "state"), [
    ("dark", SignalState.OFF), ("flashing", SignalState.FLASHING_YELLOW), ("conflicting", SignalState.GREEN),
])  # fmt: skip
def test_it_lasts_its_time_and_comes_back_where_the_programme_would_be(kind, state):
    plain, states = shown(None), shown(When(AtTime(1.0), FailSignal(kind, "light", 4.0)))
    changed = np.flatnonzero(states != plain)
    assert changed[0] >= 10 and changed[-1] < 51
    assert (states[11:50] == state).all()
    assert np.array_equal(states[51:], plain[51:])


def test_stuck_lights_keep_what_they_show_when_the_trigger_fires():
    """Red until 2.5 s, green until 4.5 s: by the trigger at 3 s it is stuck at green."""
    states = shown(When(AtTime(3.0), FailSignal("stuck")))
    assert (states[:25] == SignalState.RED).all() and (states[26:] == SignalState.GREEN).all()


def test_the_last_of_several_failures_wins_while_it_lasts():
    states = shown(When(AtTime(1.0), FailSignal("dark")), When(AtTime(2.0), FailSignal("flashing", "", 2.0)))
    assert (states[11:20] == SignalState.OFF).all()
    assert (states[21:40] == SignalState.FLASHING_YELLOW).all() and (states[41:] == SignalState.OFF).all()


def test_a_failure_in_a_sequence_waits_for_its_turn():
    states = shown(Sequence((Wait(2.0), FailSignal("dark", "", 1.0), Wait(2.0), FailSignal("flashing", "", 1.0))))
    dark, flashing = (np.flatnonzero(states == x) for x in (SignalState.OFF, SignalState.FLASHING_YELLOW))
    assert len(dark) in (9, 10) and len(flashing) in (9, 10)
    assert abs(dark[0] - 21) <= 1 and abs(flashing[0] - 41) <= 2


def test_batches_single_steps_and_reset_give_the_same_bytes():
    failing = world(When(DistanceBelow("ego", 40.0), Sequence((FailSignal("dark", "", 2.0), FaultSensor("frozen")))))
    (alone,) = played(failing)
    beside = played(world(None), failing, world(When(AtTime(1.0), FailSignal("flashing"))))
    session = simulator().open([failing], [0])
    session.run(60, "constant_speed")
    session.reset()
    for _ in range(STEPS):
        session.run(1, "constant_speed")
    expect_same(alone, beside[1])
    expect_same(alone, session.rollouts()[0])
    assert alone.sensor_faults == beside[1].sensor_faults == session.rollouts()[0].sensor_faults
    assert np.array_equal(beside[0].signals.state[:, 0], shown(None))
    session.close()


def test_sensor_faults_by_trigger_and_by_the_clock_stand_in_the_rollout():
    event = When(AtTime(2.0), FaultSensor("dirt", "camera_front", 0.7, 3.0))
    clock = Feature("sensor_faults", "f", {"kind": "dropout", "sensor": "lidar_top", "from": 1.0, "for": 0.5})
    never = When(DistanceBelow("ego", -1.0), FaultSensor("noise"))
    (rollout,) = played(world(event, never, features=(clock,)))
    assert rollout.sensor_faults == (
        FaultSpan("lidar_top", "dropout", 0.5, 1_000_000_000, 1_500_000_000),
        FaultSpan("camera_front", "dirt", 0.7, 2_000_000_000, 5_000_000_000),
    )
    assert [x.kind for x in rollout.faults_at(2_000_000_000, "camera_front")] == ["dirt"]
    assert rollout.faults_at(5_000_000_000, "camera_front") == rollout.faults_at(2_000_000_000, "lidar_top") == ()
    assert played(world(event, never, features=(clock,)), steps=5)[0].sensor_faults == ()


def test_the_ego_is_told_which_faults_are_there_now():
    event = When(DistanceBelow("ego", 40.0), FaultSensor("frozen", "", 1.0, 1.0))
    session = simulator().open([world(event), world(None)], [0, 1])
    told = [session.step(Control(np.zeros(2), np.zeros(2))).sensor_faults for _ in range(STEPS)]
    session.close()
    counts = np.array([[len(faults) for faults in now] for now in told])
    assert not counts[:, 1].any()
    there = np.flatnonzero(counts[:, 0])
    # It begins with the step in which the trigger fires, whose end is the first that the ego hears of it.
    assert len(there) == 9 and there[-1] - there[0] == 8 and there[0] > 5
    assert told[there[0]][0][0].kind == "frozen"


def test_worlds_without_faults_say_nothing():
    session = simulator().open([world(None)], [0])
    assert session.step(Control(np.zeros(1), np.zeros(1))).sensor_faults == ()
    session.close()


def test_names_that_do_not_exist_are_faults():
    with pytest.raises(InputError, match="lihgt"):
        played(world(When(AtTime(1.0), FailSignal("dark", "lihgt"))))
    with pytest.raises(InputError, match=r"frosen[\s\S]*frozen"):
        played(world(When(AtTime(1.0), FaultSensor("frosen"))))


def test_the_algebra_types_them_with_any_trigger():
    one = step("signal_failure", kind="flashing", signal="light", when=when("ttc", "3 s", "ego"))
    lasting = {"for": "2 s"}
    other = step("sensor_fault", kind="dirt", sensor="camera_front", severity=0.4, when=when("s", "90 m"), **lasting)
    drawn = {"a.severity": 0.4, "a.for": 2.0, "a.kind": "", "a.when": 0.0}
    stage = Stage(lambda path, value: getattr(value, "value", drawn.get(path)), Place("middle", 0.0))
    made = [expand(x, "a", stage) for x in (one, other)]
    assert made[0] == When(TimeToCollisionBelow("ego", 3.0), FailSignal("flashing", "light"))
    assert made[1] == When(ReachS(90.0), FaultSensor("dirt", "camera_front", 0.4, 2.0))
    assert replace(made[1].then, severity=0.5) != made[1].then


def test_a_scenario_file_says_it():
    text = """
road: crossroads
ego: {on: main.straight, at: 10 m, speed: 8 m/s}
actors:
  lead: {kind: van, on: main.straight, at: 40 m, speed: 8 m/s}
do:
  lead:
    - signal_failure: {kind: dark, signal: signal.main, for: 4 s}
      when: distance(ego) < 20 m
    - sensor_fault: {kind: frozen, severity: 70 %}
"""
    concrete = read_text(text).sample(1)
    lead = next(actor for actor in concrete.actors if actor.id == "lead")
    first, second = lead.behaviour.steps
    assert first == When(DistanceBelow("ego", 20.0), FailSignal("dark", "signal.main", 4.0))
    assert second == FaultSensor("frozen", "", 70 * 0.01)


def test_what_is_shown_for_a_while_is_a_mode_or_a_lamp_for_that_while():
    waves = When(AtTime(1.0), Sequence((Show("stop", 1.5), Wait(1.5), Show("go", 0.5))))
    blinks = When(AtTime(2.0), Show("left", 1.0))
    rollout = played(scenario(car("one", 100.0, 0.0, behaviour=waves), car("two", 160.0, 5.0, behaviour=blinks)))[0]
    modes, seconds = rollout.modes, rollout.seconds()
    assert modes is not None and not modes[:, 2].any()
    stop, go = (modes[:, 1] & int(bit) > 0 for bit in (ActorMode.SIGN_STOP, ActorMode.WAVE_ON))
    assert seconds[stop][[0, -1]] == pytest.approx([1.0, 2.4]) and stop.sum() == 15
    assert seconds[go][[0, -1]] == pytest.approx([2.5, 2.9]) and go.sum() == 5
    left = rollout.lights[:, 2] & int(Light.LEFT_INDICATOR) > 0
    assert seconds[left][[0, -1]] == pytest.approx([2.0, 2.9]) and left.sum() == 10


def test_a_machine_is_at_work_while_it_is_told_to():
    text = """
road: crossroads
ego: {on: main.straight, at: 10 m, speed: 8 m/s}
actors:
  digger: {kind: construction_vehicle, on: main.straight, at: 90 m, speed: 0 m/s}
do:
  digger:
    - work: {mode: digging, for: 2 s}
      when: time > 1 s
"""
    session = SIMULATORS.load("embedded")().open([read_text(text).sample(1)], [1])
    session.run(60, "constant_speed")
    rollout = session.rollouts()[0]
    session.close()
    digger = rollout.actors.ids.index("digger")
    modes, seconds = rollout.modes, rollout.seconds()
    assert modes is not None
    at_work = modes[:, digger] & int(ActorMode.OPERATIONAL) > 0
    assert seconds[at_work][[0, -1]] == pytest.approx([1.0, 2.9], abs=0.11)
