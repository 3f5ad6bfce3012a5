"""Dense traffic of drivers who keep the rules: nobody is hit, nobody is stuck, flows are those of the formulae."""

import pytest

from benchmarks.dense_traffic import (
    gap_capacity_veh_h,
    idm_capacity_veh_h,
    play_crowds,
    saturation_flow_veh_h,
    stop_capacity_veh_h,
)
from scenarios.concrete import RoadChoice
from scenarios.roads import build_road
from sim_bridge.embedded.conflicts import meetings


@pytest.mark.slow
@pytest.mark.parametrize(("archetype", "control", "count"), [
    ("urban_grid", "signals", 40), ("urban_grid", "stop", 40), ("urban_grid", "all_way_stop", 40),
    ("t_junction", "signals", 24), ("t_junction", "stop", 24), ("crossroads", "all_way_stop", 24),
])  # fmt: skip
def test_crowds_leave_without_a_collision_a_jam_or_a_red_light_passed(archetype, control, count):
    parameters = {"control": control} if archetype == "urban_grid" else {"control": control, "arm_length_m": 300.0}
    for found in play_crowds(RoadChoice(archetype, parameters), count, 200.0, range(2)):
        assert found.count >= count - 2
        assert found.collisions == 0 and found.over_red == 0
        assert found.left == found.count and found.last_s < 180.0


def test_routes_that_meet_at_several_junctions_mind_one_another_at_each():
    """The two share a junction in the first column and cross again a row further on: both places are known."""
    lane_map = build_road(RoadChoice("urban_grid", {"control": "stop"}))
    one, two = "north.2.2.left", "west.1.1.right"
    found = meetings(lane_map, one, two)
    assert len(found) >= 2
    starts = sorted(meeting.a_m[0] for meeting in found)
    assert starts[-1] - starts[0] > 100.0
    late = next(meeting for meeting in found if meeting.a_m[0] == starts[-1])
    assert late.first_yields, "who comes from the stop sign gives way there too"


@pytest.mark.slow
@pytest.mark.parametrize(("headway_s", "low", "high"), [(1.5, 1450.0, 1550.0), (1.0, 1800.0, 1950.0)])
def test_queues_discharge_at_the_capacity_of_their_drivers(headway_s, low, high):
    """HCM: 1,800 to 1,900 vehicles an hour and lane, which drivers of one second keep; the default of 1.5 s is less."""
    flow = saturation_flow_veh_h(headway_s)
    assert low < flow < high
    assert 0.94 * idm_capacity_veh_h(headway_s) < flow < 1.01 * idm_capacity_veh_h(headway_s)


@pytest.mark.slow
def test_a_stop_sign_passes_fewer_the_denser_the_stream_and_never_more_than_the_formula():
    """Critical gap 6.2 s; 6.8 s from one to the next, as driven: close up, come to a full stop, stand a second."""
    light, dense = (stop_capacity_veh_h(flow, range(8)) for flow in (300.0, 700.0))
    for entered, stream in (light, dense):
        assert 0.5 < entered / gap_capacity_veh_h(stream, 6.2, 6.8) < 1.0
    assert dense[0] < 0.8 * light[0]
