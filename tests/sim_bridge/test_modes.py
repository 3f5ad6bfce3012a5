"""Modes of actors: hand signs, machines, doors, looks away, hesitation, emergencies."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.taxonomy import ActorClass, ActorMode
from scenarios import library
from scenarios.behaviour import AtTime, FollowPath, OpenDoor, When
from scenarios.concrete import Actor, Driver, Place
from scenarios.habits import STYLES
from sim_bridge.embedded.modes import STANDS_MPS
from sim_bridge.embedded.simulator import EmbeddedSimulator


def played(scenario, steps=None, seed=3):
    session = EmbeddedSimulator().open([scenario], [seed])
    try:
        session.run(steps or round(scenario.duration_s / scenario.step_s), "idm_lane_follow")
        return session.rollouts()[0]
    finally:
        session.close()


def bits(rollout, actor):
    return rollout.modes[:, rollout.actors.ids.index(actor)]


@pytest.fixture(scope="module")
def street():
    return library.load("crossing_pedestrian").sample(5)


def actor(name, kind, place, size=(0.5, 0.6, 1.8), **rest):
    return Actor(name, kind, size, place, **rest)


@pytest.fixture(scope="module")
def crowd(street):
    """A street with one of everything that has a mode, cast by hand."""
    human, hesitant = STYLES["distracted"], STYLES["hesitant"]
    pavement = "sidewalk.right"
    cast = (
        actor("turns", ActorClass.FLAGGER, Place(pavement, 60.0), driver=Driver(
            kind="none", habits=replace(human.habits, glance_every_s=0.0, hand_stop_s=2.0, hand_slow_s=1.0))),
        actor("waves", ActorClass.FLAGGER, Place(pavement, 64.0), traits={"gesture": "go"}),
        actor("points", ActorClass.PEDESTRIAN, Place(pavement, 68.0), traits={"gesture": "point_left"}),
        actor("digs", ActorClass.CONSTRUCTION_VEHICLE, Place("sidewalk.left", 150.0), (8.0, 2.7, 3.4),
              traits={"working_mode": "digging"}),
        actor("travels", ActorClass.CONSTRUCTION_VEHICLE, Place("oncoming.1", 170.0), (8.0, 2.7, 3.4),
              speed_mps=3.0, driver=Driver(desired_speed_mps=3.0)),
        actor("looks", ActorClass.CAR, Place("oncoming.1", 20.0), (4.5, 1.8, 1.5), speed_mps=8.0,
              driver=Driver(desired_speed_mps=8.0, habits=human.habits)),
        actor("opens", ActorClass.CAR, Place("oncoming.1", 210.0, -4.0), (4.5, 1.8, 1.5),
              behaviour=When(AtTime(2.0), OpenDoor("left", 1.0))),
        actor("waits", ActorClass.PEDESTRIAN, Place(pavement, 20.0), driver=Driver(
            kind="walker", desired_speed_mps=1.4, walking=hesitant.walking),
            behaviour=FollowPath(pavement, ((20.0, 9.5),), 1.4)),
    )  # fmt: skip
    return replace(street, actors=cast)


@pytest.fixture(scope="module")
def crowded(crowd):
    return played(crowd)


def test_flaggers_show_what_drivers_obey(crowded):
    turns, seconds = bits(crowded, "turns"), crowded.seconds()
    shows_stop = (seconds % 3.0) < 2.0 - 1e-9
    assert (turns == np.where(shows_stop, ActorMode.SIGN_STOP, ActorMode.SIGN_SLOW)).all()
    assert (bits(crowded, "waves") == ActorMode.WAVE_ON).all()
    assert (bits(crowded, "points") == ActorMode.DIRECT_LEFT).all()


def test_machines_work_or_travel(crowded):
    assert (bits(crowded, "digs") == ActorMode.OPERATIONAL).all()
    travels = bits(crowded, "travels")
    speed = np.linalg.norm(crowded.velocity_mps[:, crowded.actors.ids.index("travels")], axis=-1)
    assert ((travels == ActorMode.TRANSIT) == (speed > 0.2))[crowded.valid[:, 5]].all()
    assert (speed > 0.2).any()


def test_a_door_is_open_while_it_swings(crowded):
    door = bits(crowded, "opens") == ActorMode.DOOR_OPEN
    seconds = crowded.seconds()[door]
    assert seconds.min() == pytest.approx(2.0, abs=0.15)
    assert seconds.max() == pytest.approx(5.0, abs=0.15)  # a second to open, one open, one to shut


def test_glances_are_two_seconds_in_eight_and_the_driver_counts_as_distracted(crowded):
    looks = bits(crowded, "looks")[crowded.valid[:, crowded.actors.ids.index("looks")]]
    assert (looks & ActorMode.DISTRACTED).all()
    away = (looks & ActorMode.GLANCE) > 0
    assert away[:80].sum() == 20
    assert np.count_nonzero(np.diff(away[:80].astype(int))) in (1, 2)  # one look, not many short ones


def test_a_walker_hesitates_only_short_of_its_end(crowded):
    i = crowded.actors.ids.index("waits")
    mode = (bits(crowded, "waits") & ActorMode.HESITATE) > 0
    speed = np.linalg.norm(crowded.velocity_mps[:, i], axis=-1)
    assert mode.any() and not mode.all()
    assert (speed[mode] < STANDS_MPS).any()
    moving = speed > 1.0
    onward = crowded.velocity_mps[:, i, 1] > 0  # the street runs east, the far side is in the north
    assert not mode[moving & onward].any()


def test_a_shorter_run_says_the_same_bytes(crowd, crowded):
    short = played(crowd, 40)
    assert short.modes.tobytes() == crowded.modes[:41].tobytes()
    assert short.modes.dtype == np.uint16


def test_an_emergency_is_what_flashes():
    scenario = library.load("emergency_vehicle_behind").sample(2)
    rollout = played(scenario, 20)
    assert (bits(rollout, "rescue") == ActorMode.EMERGENCY).all()
    assert rollout.state_at(3).modes is not None


def test_nothing_is_said_where_nobody_has_a_mode(street):
    assert played(replace(street, actors=()), 3).modes is None
