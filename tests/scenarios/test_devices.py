"""A work zone stands on the road as it is wished."""

from itertools import pairwise

import pytest

from driving_data.taxonomy import ActorClass
from scenarios.algebra import IllTyped, Rejected, scenario
from scenarios.types.actors import actor, ego
from scenarios.types.features import unplayed
from scenarios.types.road import road
from scenarios.types.temporary import work_zone
from scenarios.types.traffic import traffic

BASE = scenario(road("urban", lanes=2, parking=False), ego(on="main.2", at="20 m", speed="9 m/s"))


def others(**values):
    return (BASE & scenario(work_zone("site", **values))).sample(1).actors


def test_cones_lead_across_the_lane_and_along_it():
    cones = others(on="main.1", from_="120 m", to="180 m", taper="30 m", spacing="5 m")
    assert [one.kind for one in cones] == [ActorClass.CONE] * 19
    assert [one.start.s_m for one in cones] == [90.0 + 5.0 * i for i in range(19)]
    lateral = [one.start.d_m for one in cones]
    assert lateral[0] == pytest.approx(-1.325, abs=1e-6) and lateral[6:] == pytest.approx([1.325] * 13)
    assert lateral == sorted(lateral)


def test_the_leftmost_lane_is_closed_from_the_left_and_barriers_do_not_overlap():
    barriers = (
        (
            BASE.override(ego(on="main.1", at="20 m", speed="9 m/s"))
            & scenario(work_zone("site", closed_lane=2, devices="barriers", spacing="0.5 m", from_="120 m", to="140 m"))
        )
        .sample(1)
        .actors
    )
    lateral = [one.start.d_m for one in barriers]
    assert lateral[0] > 0 > lateral[-1] and {one.start.route for one in barriers} == {"main.2"}
    gaps = [b.start.s_m - a.start.s_m for a, b in pairwise(barriers)]
    assert min(gaps) >= 2.0


def test_flaggers_stand_before_it_and_workers_in_it():
    found = others(on="main.1", from_="120 m", to="150 m", taper="20 m", flaggers=1, workers=2, devices="arrow_board",
                   phases=[{"activity": "closed", "gesture": "stop"}])  # fmt: skip
    by_kind = {one.kind: one for one in found}
    assert by_kind[ActorClass.FLAGGER].traits == {"gesture": "stop"} and by_kind[ActorClass.FLAGGER].start.s_m == 98.0
    assert sum(120 < one.start.s_m < 150 for one in found if one.kind is ActorClass.PEDESTRIAN) == 2
    assert by_kind[ActorClass.BARRIER].start.s_m == 120.0 and len(found) == 4


def test_a_zone_that_is_open_or_says_no_place_sets_nothing_out():
    assert others(on="main.1", from_="120 m", to="150 m", phases=[{"activity": "open"}]) == ()
    concrete = (BASE & scenario(work_zone("site", on="main.1", devices="cones"))).sample(1)
    assert concrete.actors == () and unplayed(concrete) == ("work_zones site: devices = cones, on = main.1",)
    placed = (BASE & scenario(work_zone("site", on="main.1", from_="120 m", to="150 m", speed_limit="30 km/h"))).sample(
        1
    )
    assert unplayed(placed) == (f"work_zones site: speed_limit = {30 / 3.6}",)


def test_traffic_keeps_out_of_it_and_who_stands_in_its_way_is_refused():
    flow = traffic("flow", count="6..9", on="main.1", speed="8 m/s", spacing="12 m", clear="15 m")
    whole = BASE & scenario(flow, work_zone("site", on="main.1", from_="120 m", to="170 m", taper="20 m"))
    for index in range(5):
        concrete = whole.sample(1, index)
        assert concrete in whole
        assert not any(90 < one.start.s_m < 180 for one in concrete.actors if one.kind is ActorClass.CAR)
    with pytest.raises(IllTyped, match="does not lie on the route"):
        others(on="main.1", from_="180 m", to="900 m")
    blocked = BASE & scenario(
        actor("x", on="main.1", at="130 m", width="3 m"),
        work_zone("site", on="main.1", from_="120 m", to="150 m", spacing="2 m"),
    )
    with pytest.raises(Rejected, match="same place"):
        blocked.sample(1)
