"""Background traffic by SUMO."""

import math
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.worlds import crossing, motorway
from driving_data.errors import RoadloomError, Unsupported
from driving_data.maps.lane_map import LaneKind
from driving_data.ports import Control
from driving_data.taxonomy import ActorClass, SignalState
from scenarios.concrete import Driver, Feature, Place
from scenarios.habits import Habits
from scenarios.roads import build_road
from sim_bridge.conformance import check_simulator, expect_same
from sim_bridge.registry import SIMULATORS
from sim_bridge.sumo.lights import Link, state_of
from sim_bridge.sumo.options import SumoOptions
from sim_bridge.sumo.simulator import SumoSimulator
from sim_bridge.sumo.worker import sumo_angle, yaw_of

HAS_SUMO = find_spec("libsumo") is not None
needs_sumo = pytest.mark.skipif(not HAS_SUMO, reason="SUMO is not here: pip install 'roadloom[sumo]'")


@given(st.floats(-math.pi, math.pi, exclude_max=True))
def test_headings_come_back_from_sumo(yaw):
    assert 0.0 <= sumo_angle(yaw) < 360.0
    assert abs(math.remainder(yaw_of(sumo_angle(yaw)) - yaw, 2.0 * math.pi)) < 1e-9


def test_north_is_zero_for_sumo_and_angles_grow_clockwise():
    assert sumo_angle(math.pi / 2) == pytest.approx(0.0)
    assert sumo_angle(0.0) == pytest.approx(90.0)


def test_it_is_registered():
    assert "embedded+sumo" in SIMULATORS.names()


@pytest.mark.skipif(HAS_SUMO, reason="SUMO is here")
def test_without_sumo_the_plug_in_names_what_to_install():
    with pytest.raises(RoadloomError, match=r"pip install 'roadloom\[sumo\]'"):
        SumoSimulator().open([motorway(3, 5.0)], [0])


@pytest.mark.extra
@pytest.mark.slow
@needs_sumo
def test_the_plug_in_keeps_the_laws_of_simulators():
    check_simulator(SumoSimulator(SumoOptions(vehicles=4)), [motorway(3, 10.0), motorway(5, 10.0)])


def guests_of(rollout):
    return [i for i, name in enumerate(rollout.actors.ids) if name.startswith("sumo_") and rollout.valid[:, i].any()]


@pytest.mark.extra
@needs_sumo
def test_guests_drive_on_the_lanes_of_the_road_and_as_fast_as_they_say():
    session = SumoSimulator(SumoOptions(vehicles=12)).open([motorway(3, 20.0)], [4])
    session.run(150, "idm_lane_follow")
    rollout = session.rollouts()[0]
    session.close()
    guests = guests_of(rollout)
    assert len(guests) >= 6
    centers = np.concatenate(
        [lane.centerline_m[:, :2] for lane in rollout.lane_map.lanes if lane.kind is LaneKind.DRIVING]
    )
    for i in guests:
        where, there = rollout.world_from_actor.translation_m[:, i, :2], rollout.valid[:, i]
        gone = np.linalg.norm(np.diff(where[there], axis=0), axis=-1)
        said = np.linalg.norm(rollout.velocity_mps[there, i], axis=-1)
        # A change of lanes turns SUMO's vehicles about their front, so their middle swings a little.
        assert np.abs(np.median(gone[1:] - 0.1 * said[2:])) < 0.02
        off = np.abs(where[there][-1, 1] - centers[:, 1]).min()
        assert off < 0.3, "guests keep the middle of a lane"


@pytest.mark.extra
@needs_sumo
def test_guests_pass_an_ego_that_stands_in_their_lane():
    road = motorway(2, 90.0)
    road = replace(road, ego=replace(road.ego, start=Place("main.2", 2500.0)))
    session = SumoSimulator(SumoOptions(vehicles=60, depart_s=30.0)).open([road], [2])
    control = Control(np.full(1, -8.0), np.zeros(1))
    for _ in range(800):
        seen = session.step(control)
    rollout = session.rollouts()[0]
    session.close()
    where, guests = rollout.world_from_actor.translation_m, guests_of(rollout)
    gap = where[:, :1] - where[:, guests]
    in_lane_behind = (np.abs(gap[..., 1]) < 1.0) & (gap[..., 0] > 10.0)
    beside = np.abs(gap[..., 0]) < 4.0
    dodged = [k for k in range(len(guests)) if in_lane_behind[:, k].any() and beside[:, k].any()]
    assert dodged, "somebody comes up behind the ego in its lane"
    for k in dodged:
        assert np.abs(gap[beside[:, k], k, 1]).min() > 1.9, "and passes it in another lane"
    kinds = [event.kind for event in rollout.events if "ego" in event.actor_ids]
    assert "collision" not in kinds, "whoever comes from behind sees the shadow of the ego and does not hit it"
    assert not seen.done[0]


@pytest.mark.extra
@pytest.mark.slow
@needs_sumo
def test_drivers_with_habits_and_lorries_with_trailers_live_among_guests():
    """Guests come behind the actors of the scenario in every array; a driver with habits changes lanes among them."""
    road = motorway(4, 20.0)
    fast = replace(road.actors[0], driver=Driver(desired_speed_mps=33.0, habits=Habits(lane_changes="mobil")))
    slow = replace(road.actors[0], id="slow", start=Place(road.actors[0].start.route, 190.0), speed_mps=12.0,
                   driver=Driver(desired_speed_mps=12.0))  # fmt: skip
    truck = replace(road.actors[1], kind=ActorClass.TRUCK, size_m=(5.1, 2.55, 3.8))
    trailer = replace(truck, id="trailer", kind=ActorClass.TRAILER, size_m=(13.6, 2.55, 4.0), speed_mps=0.0,
                      driver=Driver(kind="none"), traits={"towed_by": truck.id})  # fmt: skip
    mixed = replace(road, actors=(fast, slow, truck, trailer))
    made = []
    for _ in range(2):
        session = SumoSimulator(SumoOptions(vehicles=8, depart_s=5.0)).open([mixed, motorway(2, 20.0)], [4, 5])
        session.run(150, "idm_lane_follow")
        made.append(session.rollouts())
        session.close()
    first = made[0][0]
    y = first.world_from_actor.translation_m[:, 1, 1]
    assert np.ptp(y) > 3.0, "the fast one has overtaken the slow one"
    towed = first.actors.ids.index("trailer")
    where = first.world_from_actor.translation_m
    apart = np.linalg.norm(where[:, towed] - where[:, 3], axis=-1)
    assert np.ptp(apart) < 0.5
    assert len(guests_of(first)) >= 4
    for one, two in zip(*made, strict=True):
        expect_same(one, two)


# What SUMO may show for each state of ours: who turns yields at green.
MAY_SHOW = {SignalState.GREEN: "Gg", SignalState.YELLOW: "y", SignalState.RED: "r", SignalState.OFF: "o"}


def lit(duration_s=90.0, **changes):
    """A crossroads with lights that nobody of the scenario uses but the ego, who stands far from it."""
    road = crossing(1, duration_s)
    programs = tuple(
        replace(p, phases=((SignalState.GREEN, 18.0), (SignalState.YELLOW, 3.0), (SignalState.RED, 21.0)))
        for p in road.signals
    )
    ego = replace(road.ego, start=Place("main.left", 20.0), speed_mps=0.0, target_speed_mps=0.0)
    return replace(road, ego=ego, signals=programs, **changes)


def played_lights(scenario, steps, vehicles=40, seed=3):
    """The rollout, and what SUMO showed at every step, by light."""
    options = SumoOptions(vehicles=vehicles, depart_s=20.0)
    session = SumoSimulator(options).open([scenario], [seed])
    shown = []
    for _ in range(steps):
        session.step(Control(np.zeros(1), np.zeros(1)))
        shown.append(session._players[0].shown)
    rollout = session.rollouts()[0]
    session.close()
    return rollout, shown


def crossings_of(rollout):
    """(guest, light, row) of whoever drives over the stop line of a light into the junction."""
    found = []
    nose = 0.5 * 4.6
    for k, signal in enumerate(rollout.lane_map.signals):
        one, two = signal.stop_line_m[:, :2]
        lane = rollout.lane_map.lane_by_id[signal.lane_ids[0]]
        into = lane.centerline_m[1, :2] - lane.centerline_m[0, :2]
        into /= np.linalg.norm(into)
        for i in guests_of(rollout):
            there = rollout.valid[:, i]
            where = rollout.world_from_actor.translation_m[:, i, :2]
            velocity = rollout.velocity_mps[:, i, :2]
            speed = np.linalg.norm(velocity, axis=-1, keepdims=True)
            front = where + nose * velocity / np.maximum(speed, 1e-6)
            past = (front - one) @ into
            beside = (front - one) @ (two - one) / ((two - one) @ (two - one))
            over = (past[:-1] < 0.0) & (past[1:] >= 0.0) & there[:-1] & there[1:] & (past[1:] < 2.0)
            over &= (beside[1:] > 0.0) & (beside[1:] < 1.0) & (speed[1:, 0] > 0.3)
            found += [(i, k, int(row) + 1) for row in np.flatnonzero(over)]
    return found


@pytest.mark.extra
@pytest.mark.slow
@needs_sumo
def test_both_sides_show_the_same_lights_at_every_step_and_sumo_keeps_to_them():
    rollout, shown = played_lights(lit(65.0), 600)
    states = rollout.signals.state
    for step, letters in enumerate(shown):
        assert set(letters) == set(rollout.signals.ids)
        for k, name in enumerate(rollout.signals.ids):
            # Three ways through the junction; what counts for step k to k + 1 is what is shown at k.
            assert len(letters[name]) == 3
            assert set(letters[name]) <= set(MAY_SHOW[SignalState(states[step, k])])
    passed = crossings_of(rollout)
    by_light = [sum(light == k for _, light, _ in passed) for k in range(4)]
    assert len(passed) >= 12 and min(by_light) >= 1, "somebody comes from everywhere"
    at_red = [(i, k, row) for i, k, row in passed if states[row - 1, k] == SignalState.RED]
    assert not at_red, "nobody drives over a red light"
    stood = 0
    for i, _, row in passed:
        speed = np.linalg.norm(rollout.velocity_mps[max(0, row - 250) : row, i], axis=-1)
        stood += bool(np.nanmin(speed) < 0.2)
    assert stood >= 4, "some came at red, stood, and went at green"


@pytest.mark.extra
@pytest.mark.slow
@needs_sumo
def test_a_light_that_is_red_all_the_time_holds_sumo_for_ever():
    road = lit(60.0)
    always = {"signal.main": SignalState.RED, "signal.oncoming": SignalState.RED,
              "signal.from_right": SignalState.GREEN, "signal.from_left": SignalState.GREEN}  # fmt: skip
    programs = tuple(replace(p, phases=((always[p.signal_id], 10.0),)) for p in road.signals)
    rollout, shown = played_lights(replace(road, signals=programs), 600)
    ids = rollout.signals.ids
    gone = {ids[k] for _, k, _ in crossings_of(rollout)}
    assert gone == {"signal.from_right", "signal.from_left"}
    assert all(letters["signal.main"] == "rrr" and "r" not in letters["signal.from_left"] for letters in shown)
    waits = [i for i in guests_of(rollout) if np.linalg.norm(rollout.velocity_mps[-1, i]) < 0.1]
    assert waits, "somebody stands at the red light"


@pytest.mark.extra
@pytest.mark.slow
@needs_sumo
def test_dark_lights_are_dark_to_sumo_and_same_seed_gives_same_bytes():
    dark = Feature("signal_failures", "storm", {"kind": "dark", "from": 5.0})
    road = lit(15.0, features=(dark,))
    one, shown = played_lights(road, 150, vehicles=20)
    other, again = played_lights(road, 150, vehicles=20)
    expect_same(one, other)
    assert shown == again
    assert shown[40]["signal.main"] != "ooo" and all(letters["signal.main"] == "ooo" for letters in shown[51:])


def test_letters_of_sumo_by_hand():
    """Turning at green yields; a link without a light of ours yields; flashing red is a stop."""
    links = [Link(0, False), Link(0, True), Link(-1, False), Link(1, True)]
    assert state_of(links, [SignalState.GREEN, SignalState.GREEN]) == "Gggg"
    assert state_of(links, [SignalState.RED, SignalState.YELLOW]) == "rrgy"
    assert state_of(links, [SignalState.FLASHING_RED, SignalState.RED_YELLOW]) == "ssgu"
    assert state_of(links, [SignalState.OFF, SignalState.FLASHING_YELLOW]) == "oogo"


@pytest.mark.extra
@needs_sumo
def test_lights_that_rule_no_way_through_a_junction_are_refused():
    """A light in the middle of a road has no link in SUMO's network."""

    def build(choice):
        road = build_road(choice)
        first = replace(road.signals[0], lane_ids=(road.routes["main.left"][0],))
        return replace(road, signals=(first, *road.signals[1:]))

    with pytest.raises(Unsupported, match=r"signal\.main"):
        SumoSimulator(build=build).open([crossing(4, 5.0)], [0])
