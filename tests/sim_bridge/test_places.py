"""Slots of a batch: whoever gets a world in the middle of a session lives it as if it had been there alone."""

from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driving_data.maps.lane_map import MapArea
from driving_data.ports import Control, Observation
from driving_data.rollout import Rollout
from driving_data.taxonomy import ActorClass, SignalState
from scenarios import storyboard as sb
from scenarios.behaviour import AtTime, ChangeLane, ChangeSpeed, FollowPath, When
from scenarios.concrete import Actor, ConcreteScenario, Driver, Ego, Place, RoadChoice, SignalProgram
from scenarios.habits import STYLES, Habits, Walking
from scenarios.roads import build_road
from sim_bridge.compile import compile_scenarios
from sim_bridge.conformance import expect_same
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.session import EmbeddedSession
from tests.sim_bridge.storyboards import after, event, put, road_text, story
from tests.sim_bridge.storyboards import car as entity
from tests.sim_bridge.worlds import car, scenario, straight_map

STEPS, STILL = 45, Driver(kind="none")
NOISY = EmbeddedOptions(acceleration_noise_mps2=0.4, dead_time_s=0.25)
OPTIONS = {"kinematic": NOISY, "dynamic": replace(NOISY, ego_model="dynamic", dead_time_s=0.13)}


def road_of(choice: RoadChoice):
    """The three lanes with neighbours, a light and a crossing; files and archetypes as always."""
    if choice.file or choice.archetype != "test":
        return build_road(choice)
    left, middle, right = straight_map().lanes
    lanes = (
        replace(left, right_neighbor="m"),
        replace(middle, left_neighbor="l", right_neighbor="r"),
        replace(right, left_neighbor="m"),
    )
    corners = np.array([[118.0, -6.0, 0.0], [122.0, -6.0, 0.0], [122.0, 6.0, 0.0], [118.0, 6.0, 0.0]])
    return replace(straight_map(), lanes=lanes, areas=(MapArea("zebra", "crosswalk", corners),))


def human(style: str, speed_mps: float, **habits: object) -> Driver:
    """A driver of a style, with changes."""
    chosen = STYLES[style]
    return Driver(
        desired_speed_mps=speed_mps, reaction_time_s=chosen.reaction_time_s, habits=replace(chosen.habits, **habits)
    )


def late() -> ConcreteScenario:
    """Drivers who react late and are told speeds and lanes meanwhile; a light that changes."""
    slows = When(AtTime(0.5), ChangeSpeed(6.0, 2.0))
    light = SignalProgram("light", ((SignalState.RED, 2.0), (SignalState.GREEN, 3.0)), 0.0)
    return scenario(
        car("lead", 130.0, 14.0, behaviour=slows, driver=STILL),
        car("late", 105.0, 15.0, behaviour=When(AtTime(0.4), ChangeSpeed(17.0, 1.0)),
            driver=Driver(desired_speed_mps=15.0, reaction_time_s=0.9)),
        car("cut", 85.0, 16.0, "left", behaviour=When(AtTime(1.0), ChangeLane("middle", 2.0)),
            driver=Driver(reaction_time_s=0.4)),
        signals=(light,),
    )  # fmt: skip


def habits() -> ConcreteScenario:
    """An overtaker, a distracted driver, one who misjudges, a learned one."""
    return scenario(
        car("fast", 90.0, 22.0, driver=human("aggressive", 24.0, lane_changes="mobil")),
        car("slow", 150.0, 10.0),
        car("elsewhere", 60.0, 14.0, "right", driver=human("distracted", 16.0)),
        car("before", 95.0, 9.0, "right", driver=human("human", 12.0),
            behaviour=When(AtTime(0.6), ChangeSpeed(5.0, 2.0))),
        car("learned", 30.0, 12.0, "left", driver=Driver("imitation", 15.0, habits=Habits())),
    )  # fmt: skip


def walkers() -> ConcreteScenario:
    """Somebody who hesitates at the kerb and a driver who lets people cross."""
    someone = Actor(
        "walker", ActorClass.PEDESTRIAN, (0.5, 0.6, 1.7), Place("middle", 120.0, -5.0), 0.0,
        Driver(kind="walker", walking=Walking(look_s=0.6, turn_back=0.5)),
        FollowPath("middle", ((120.0, -5.0), (120.0, 6.0)), 1.3),
    )  # fmt: skip
    aside = Ego(Place("left", 20.0), 9.0, 9.0, 900.0)
    return scenario(someone, car("me", 60.0, 12.0, driver=human("normal", 12.0)), ego=aside)


def lorry() -> ConcreteScenario:
    """A truck with a trailer behind a car that breaks down."""
    ego = Ego(Place("right", 100.0), 14.0, 14.0, 1100.0, ActorClass.TRUCK, (5.1, 2.55, 3.8), 3.6, 1.4)
    trailer = car("trailer", 50.0, 0.0, "right", kind=ActorClass.TRAILER, size_m=(13.6, 2.55, 4.0), driver=STILL,
                  traits={"towed_by": "ego"})  # fmt: skip
    return scenario(trailer, car("ahead", 125.0, 14.0, "right"), ego=ego)


def crash() -> ConcreteScenario:
    """Contacts of three bodies; the world ends half a second after the first."""
    wall, behind = car("wall", 75.0, 0.0, driver=STILL), car("behind", 38.0, 24.0, driver=STILL)
    return scenario(wall, behind, ego=Ego(Place("middle", 50.0), 15.0, 25.0, 900.0))


@cache
def storyboard() -> ConcreteScenario:
    """A storyboard on a road of its own."""
    path = Path(mkdtemp()) / "road.xodr"
    path.write_text(road_text(), encoding="utf-8")
    slow = event("slow", sb.Speed(sb.SpeedTarget(0.0), sb.Dynamics("linear", "rate", 3.0)), start=after(1.0))
    board = sb.Storyboard(
        (entity("A"), entity("B")), "A", put("A", -1, 10.0, 10.0) + put("B", -1, 45.0, 8.0), (story("B", slow),)
    )
    choice = RoadChoice(file=str(path), sha256=sha256(path.read_bytes()).hexdigest())
    ego = Ego(Place("", 0.0), 10.0, 10.0, 0.0, size_m=(4.0, 2.0, 1.5), wheelbase_m=3.0, rear_axle_to_center_m=1.5)
    return scenario(road=choice, ego=ego, duration_s=4.0, step_s=0.05, storyboard=board)


WORLDS = (late, habits, walkers, lorry, crash, storyboard)


def library() -> list[ConcreteScenario]:
    """One scenario per kind of world."""
    return [made() for made in WORLDS]


def drive(session: EmbeddedSession, steps: int, count: int) -> Observation:
    """Drives all egos in a gentle weave."""
    for k in range(steps):
        wave = 0.02 if k % 20 < 10 else -0.02
        seen = session.step(Control(np.full(count, 0.3 if k < 20 else -1.0), np.full(count, wave)))
    return seen


@cache
def alone(model: str, row: int) -> tuple[Rollout, Observation]:
    """That world in a session of its own, compiled by itself."""
    specs, pool = compile_scenarios([library()[row]], [row + 5], OPTIONS[model], road_of)
    session = EmbeddedSession(specs, pool, OPTIONS[model])
    seen = drive(session, STEPS, 1)
    made = session.rollouts()[0]
    session.close()
    return made, seen


@cache
def shared(model: str, threads: int) -> EmbeddedSession:
    """One session of three slots over all worlds; what was lived in it must not matter."""
    options = replace(OPTIONS[model], num_threads=threads)
    specs, pool = compile_scenarios(library(), [row + 5 for row in range(len(WORLDS))], options, road_of)
    return EmbeddedSession(specs, pool, options, rows=[1, 3, 2])


def assert_lived_alone(session: EmbeddedSession, model: str, slot: int, row: int, seen: Observation) -> None:
    made, own = alone(model, row)
    expect_same(made, session.rollouts()[slot])
    count = len(made.actors)
    np.testing.assert_array_equal(seen.position_m[slot, :count], own.position_m[0, :count])
    np.testing.assert_array_equal(seen.route_m[slot], own.route_m[0])
    assert seen.done[slot] == own.done[0]
    assert (seen.happened[slot] == own.happened[0]).all()


rows = st.integers(0, len(WORLDS) - 1)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(sorted(OPTIONS)), st.sampled_from([1, 2]), st.lists(rows, min_size=3, max_size=3), rows,
       st.sampled_from([1, 7, 30]), st.integers(0, 2))  # fmt: skip
@example("kinematic", 1, [0, 1, 2], 3, 30, 0)
@example("dynamic", 2, [3, 4, 5], 0, 30, 1)
@example("kinematic", 2, [5, 3, 4], 5, 30, 0)
@example("dynamic", 1, [1, 2, 5], 1, 7, 2)
def test_a_placed_world_lives_as_if_alone(model, threads, placed, row, before, slot):
    session = shared(model, threads)
    session.place([0, 1, 2], placed)
    drive(session, before, 3)
    session.place([slot], [row])
    seen = drive(session, STEPS, 3)
    assert_lived_alone(session, model, slot, row, seen)


@pytest.mark.parametrize("model", sorted(OPTIONS))
def test_all_kinds_of_worlds_together_are_those_alone_and_so_after_a_reset(model):
    specs, pool = compile_scenarios(library(), [row + 5 for row in range(len(WORLDS))], OPTIONS[model], road_of)
    session = EmbeddedSession(specs, pool, replace(OPTIONS[model], num_threads=2))
    for _ in range(2):
        session.reset()
        seen = drive(session, STEPS, len(WORLDS))
        for row in range(len(WORLDS)):
            assert_lived_alone(session, model, row, row, seen)


def test_a_driver_told_a_speed_still_sees_what_goes_on_meanwhile():
    """Its leader brakes while it follows an order; when the order is done it knows the leader as of its delay."""
    lead = car("lead", 110.0, 15.0, behaviour=When(AtTime(0.5), ChangeSpeed(8.0, 3.0)), driver=STILL)
    accels = {}
    for habits in (None, Habits()):
        late = Driver(desired_speed_mps=20.0, reaction_time_s=0.5, **({} if habits is None else {"habits": habits}))
        order = When(AtTime(0.2), ChangeSpeed(17.0, 1.0))
        told = car("late", 80.0, 15.0, behaviour=order, driver=late)
        wanted = scenario(lead, told, ego=Ego(Place("left", 50.0), 5.0, 5.0, 900.0))
        specs, pool = compile_scenarios([wanted], [0], EmbeddedOptions(), road_of)
        session = EmbeddedSession(specs, pool, EmbeddedOptions())
        drive(session, 40, 1)
        made = session.rollouts()[0]
        accels[habits is None] = made.velocity_mps[:, 2, 0]
        session.close()
        speed = made.velocity_mps[:, 2, 0]
        done = int(np.argmax(speed > 16.94))
        # Knowing only the leader of before the order, 15 m/s and 25 m away, it would go on speeding up.
        assert speed[done + 4] < speed[done] + 0.1, "it brakes for what it has seen during the order"
        assert speed[-1] < 14.0
    np.testing.assert_allclose(accels[True], accels[False], atol=0.6)
