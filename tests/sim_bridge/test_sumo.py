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
from driving_data.taxonomy import ActorClass
from scenarios.concrete import Driver, Place
from scenarios.habits import Habits
from sim_bridge.conformance import check_simulator, expect_same
from sim_bridge.registry import SIMULATORS
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


@pytest.mark.extra
@needs_sumo
def test_lights_and_other_devices_are_refused():
    with pytest.raises(Unsupported, match="traffic lights"):
        SumoSimulator().open([crossing(4, 5.0)], [0])
