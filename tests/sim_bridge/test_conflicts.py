"""Giving way: who must, and whether they do."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.maps.lane_map import LaneKind, LaneMap, RoadSign, TrafficSignal
from driving_data.taxonomy import SignalState
from scenarios.concrete import Driver, Ego, Place, SignalProgram
from sim_bridge.embedded.conflicts import conflict_rows
from tests.sim_bridge.worlds import car, lane_along, scenario, simulator


def crossing(signs=(), signals=(), left_hand=False):
    """One lane to the east (route `middle`) and one to the north (`north`) that cross at the origin."""
    t = np.arange(-150.0, 150.1, 1.0)
    east = lane_along("e", np.stack([t, 0 * t, 0 * t], -1))
    north = lane_along("n", np.stack([0 * t, t, 0 * t], -1))
    routes = {"middle": ("e",), "north": ("n",)}
    return LaneMap((east, north), routes=routes, signs=signs, signals=signals, left_hand_traffic=left_hand)


def merging():
    """A main road (`middle`) and an entry lane (`ramp`) that joins it after 150 m."""
    x = np.arange(0.0, 400.1, 1.0)
    bend = np.where(x < 150.0, -10.0 * 0.5 * (1 + np.cos(np.pi * np.minimum(x, 150.0) / 150.0)), 0.0)
    ramp = lane_along("r", np.stack([x, bend, 0 * x], -1))
    main = lane_along("m", np.stack([x, 0 * x, 0 * x], -1))
    return LaneMap((main, replace(ramp, kind=LaneKind.ENTRY)), routes={"middle": ("m",), "ramp": ("r",)})


def duties(lane_map, one="middle", two="north"):
    return conflict_rows(lane_map, one, two, 0)[0].yields, conflict_rows(lane_map, two, one, 0)[0].yields


def test_the_one_from_the_right_goes_first():
    assert duties(crossing()) == (True, False)
    assert duties(crossing(left_hand=True)) == (False, True)


def test_a_sign_outweighs_the_side():
    sign = RoadSign("s", "yield", np.zeros(3), 0.0, lane_ids=("n",))
    assert duties(crossing(signs=(sign,))) == (False, True)


def test_an_entry_gives_way_to_the_main_road():
    assert duties(merging(), "middle", "ramp") == (False, True)


def test_parallel_and_equal_routes_have_no_conflict():
    lane_map = replace(crossing(), routes={"middle": ("e",), "twin": ("e",)})
    assert conflict_rows(lane_map, "middle", "twin", 0) == ()


def meeting(minds):
    """A car to the east that would reach the crossing together with the ego, who drives north."""
    other = car("o", 70.0, 12.0, driver=Driver(desired_speed_mps=12.0, minds_conflicts=minds))
    return scenario(other, ego=Ego(Place("north", 70.0), 12.0, 12.0, 280.0), duration_s=14.0)


@pytest.mark.parametrize("minds", [True, False])
def test_giving_way_avoids_the_collision_that_happens_otherwise(minds):
    session = simulator(crossing()).open([meeting(minds)], [0])
    session.run(140, "constant_speed")
    rollout = session.rollouts()[0]
    hit = any(event.kind == "collision" for event in rollout.events)
    assert hit is not minds
    if minds:
        east = rollout.world_from_actor.translation_m[:, 1, 0]
        assert rollout.velocity_mps[:, 1, 0].min() < 6.0
        assert east[-1] > 10.0


def test_the_built_in_driver_gives_way_too():
    wanted = scenario(
        car("o", 70.0, 12.0, "north", driver=Driver(kind="none")),
        ego=Ego(Place("middle", 70.0), 12.0, 12.0, 280.0),
        duration_s=14.0,
    )
    session = simulator(crossing()).open([wanted], [0])
    session.run(140, "idm_lane_follow")
    assert not [event for event in session.rollouts()[0].events if event.kind == "collision"]


def test_nobody_waits_for_those_whom_a_light_holds():
    light = TrafficSignal("light", np.array([3.0, -12.0, 4.0]), -np.pi / 2, ("n",),
                          np.array([[-2.0, -10.0, 0.0], [2.0, -10.0, 0.0]]))  # fmt: skip
    red = (SignalProgram("light", ((SignalState.RED, 60.0),)),)
    waits = car("waits", 100.0, 9.0, "north")
    goes = car("goes", 70.0, 12.0)
    wanted = scenario(waits, goes, ego=Ego(Place("middle", 5.0), 0.0, 0.0, 280.0), signals=red, duration_s=10.0)
    session = simulator(crossing(signals=(light,))).open([wanted], [0])
    session.run(100, "constant_speed")
    rollout = session.rollouts()[0]
    assert rollout.velocity_mps[:, 2, 0].min() > 11.0
    assert rollout.world_from_actor.translation_m[-1, 1, 1] < -10.0


def test_who_merges_lets_the_main_road_pass():
    ramp = car("ramp", 80.0, 14.0, "ramp")
    mains = [car(f"m{k}", 60.0 + 14.0 * k, 14.0) for k in range(3)]
    wanted = scenario(ramp, *mains, ego=Ego(Place("middle", 5.0), 10.0, 10.0, 390.0), duration_s=18.0)
    session = simulator(merging()).open([wanted], [0])
    session.run(180, "idm_lane_follow")
    rollout = session.rollouts()[0]
    assert not [event for event in rollout.events if event.kind == "collision"]
