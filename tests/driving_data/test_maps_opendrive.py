"""The OpenDRIVE reader: what it understands, what it refuses, and that it reads every file at hand."""

import math
import time

import numpy as np
import pytest

from driving_data.errors import InputError
from driving_data.maps.lane_map import DRIVABLE_KINDS, LaneKind, MarkingKind
from driving_data.maps.opendrive import parse_opendrive, parse_text, read_opendrive
from driving_data.maps.opendrive.elements import parse_xml
from driving_data.maps.opendrive.network import Network
from driving_data.maps.opendrive.sampling import point_on

LANE = '<lane id="{id}" type="{type}" level="false">{inner}</lane>'
WIDTH = '<width sOffset="0" a="{a}" b="{b}" c="0" d="0"/>'


def lane(lane_id, kind="driving", a=3.0, b=0.0, extra=""):
    return LANE.format(id=lane_id, type=kind, inner=f"{WIDTH.format(a=a, b=b)}{extra}")


def road(lanes_left="", lanes_right="", center="", rule="RHT", extra="", plan="", length=100, identity="1", link=""):
    plan = plan or f'<geometry s="0" x="0" y="0" hdg="0" length="{length}"><line/></geometry>'
    return f"""<road name="" length="{length}" id="{identity}" junction="-1" rule="{rule}">{link}
      <planView>{plan}</planView>{extra}
      <lanes><laneSection s="0"><left>{lanes_left}</left><center><lane id="0" type="none">{center}</lane></center>
      <right>{lanes_right}</right></laneSection></lanes></road>"""


def opendrive(*roads):
    return f'<OpenDRIVE><header revMajor="1" revMinor="7"/>{"".join(roads)}</OpenDRIVE>'


def test_lanes_run_with_their_traffic_and_know_their_sides():
    lane_map = parse_opendrive(opendrive(road(lane(1), lane(-1) + lane(-2, "shoulder", 1.5))))
    right, left, shoulder = (lane_map.lane_by_id[f"1.0.{i}"] for i in (-1, 1, -2))
    np.testing.assert_allclose(right.centerline_m[[0, -1]], [[0, -1.5, 0], [100, -1.5, 0]])
    np.testing.assert_allclose(right.left_m[:, 1], 0.0)
    np.testing.assert_allclose(right.right_m[:, 1], -3.0)
    np.testing.assert_allclose(left.centerline_m[[0, -1]], [[100, 1.5, 0], [0, 1.5, 0]])
    np.testing.assert_allclose(left.left_m[:, 1], 0.0)
    np.testing.assert_allclose(shoulder.centerline_m[:, 1], -3.75)
    assert shoulder.kind is LaneKind.SHOULDER
    assert not lane_map.left_hand_traffic


def test_left_hand_traffic_turns_the_lanes_around():
    lane_map = parse_opendrive(opendrive(road(lane(1), lane(-1), rule="LHT")))
    left, right = lane_map.lane_by_id["1.0.1"], lane_map.lane_by_id["1.0.-1"]
    np.testing.assert_allclose(left.centerline_m[[0, -1], 0], [0, 100])
    np.testing.assert_allclose(left.left_m[:, 1], 3.0)
    np.testing.assert_allclose(right.centerline_m[[0, -1], 0], [100, 0])
    assert lane_map.left_hand_traffic


def test_neighbors_follow_the_markings():
    broken = '<roadMark sOffset="0" type="broken" color="yellow" width="0.2"/>'
    solid = '<roadMark sOffset="0" type="solid"/>'
    one_way = '<roadMark sOffset="0" type="solid broken"/>'
    text = opendrive(road("", lane(-1, extra=broken) + lane(-2, extra=solid) + lane(-3, extra=one_way) + lane(-4)))
    lanes = parse_opendrive(text).lane_by_id
    assert lanes["1.0.-1"].right_neighbor == "1.0.-2"
    assert lanes["1.0.-2"].left_neighbor == "1.0.-1"
    assert lanes["1.0.-2"].right_neighbor is None
    assert lanes["1.0.-3"].left_neighbor is None
    # Solid on the inside, broken outside: only who is outside may cross.
    assert lanes["1.0.-3"].right_neighbor is None
    assert lanes["1.0.-4"].left_neighbor == "1.0.-3"
    assert lanes["1.0.-1"].right_marking.kind is MarkingKind.BROKEN
    assert (lanes["1.0.-2"].left_marking.color, lanes["1.0.-2"].left_marking.width_m) == ("yellow", 0.2)
    assert lanes["1.0.-4"].left_marking.kind is MarkingKind.SOLID_BROKEN


def test_double_marks_are_seen_from_the_lane():
    center = '<roadMark sOffset="0" type="solid broken"/>'
    lanes = parse_opendrive(opendrive(road(lane(1), lane(-1), center=center))).lane_by_id
    assert lanes["1.0.-1"].left_marking.kind is MarkingKind.SOLID_BROKEN
    assert lanes["1.0.1"].left_marking.kind is MarkingKind.BROKEN_SOLID
    assert lanes["1.0.1"].left_neighbor is None


def test_lane_change_attribute_overrules_the_paint():
    mark = '<roadMark sOffset="0" type="solid" laneChange="increase"/>'
    lanes = parse_opendrive(opendrive(road("", lane(-1, extra=mark) + lane(-2)))).lane_by_id
    assert lanes["1.0.-2"].left_neighbor == "1.0.-1"
    assert lanes["1.0.-1"].right_neighbor is None


@pytest.mark.parametrize(
    ("limit", "unit", "mps"),
    [("36", "km/h", 10.0), ("10", "mph", 4.4704), ("7", "m/s", 7.0), ("no limit", "", math.nan)],
)
def test_speed_limits_have_units(limit, unit, mps):
    extra = f'<type s="0" type="town"><speed max="{limit}" unit="{unit}"/></type>'
    lanes = parse_opendrive(opendrive(road("", lane(-1), extra=extra))).lane_by_id
    assert lanes["1.0.-1"].speed_limit_mps == pytest.approx(mps, nan_ok=True)


def test_a_road_is_cut_where_marks_or_limits_change():
    marks = '<roadMark sOffset="0" type="broken"/><roadMark sOffset="60" type="solid"/>'
    speed = '<speed sOffset="30" max="5" unit="m/s"/>'
    lane_map = parse_opendrive(opendrive(road("", lane(-1, extra=marks + speed))))
    names = [lane_.id for lane_ in lane_map.lanes]
    assert names == ["1.0.-1", "1.1.-1", "1.2.-1"]
    assert [lane_.successors for lane_ in lane_map.lanes] == [("1.1.-1",), ("1.2.-1",), ()]
    assert [lane_.centerline_m[0, 0] for lane_ in lane_map.lanes] == pytest.approx([0.0, 30.0, 60.0])
    assert [lane_.right_marking.kind for lane_ in lane_map.lanes] == [MarkingKind.BROKEN] * 2 + [MarkingKind.SOLID]
    assert [lane_.speed_limit_mps for lane_ in lane_map.lanes] == pytest.approx([math.nan, 5.0, 5.0], nan_ok=True)


def test_bank_elevation_offset_and_height_move_the_lane():
    extra = """<elevationProfile><elevation s="0" a="1" b="0.1" c="0" d="0"/></elevationProfile>
      <lateralProfile><superelevation s="0" a="0.1" b="0" c="0" d="0"/></lateralProfile>"""
    text = opendrive(
        road(
            "", lane(-1) + lane(-2, "sidewalk", 2.0, extra='<height sOffset="0" inner="0.1" outer="0.2"/>'), extra=extra
        )
    )
    text = text.replace("<laneSection", '<laneOffset s="0" a="1.0" b="0" c="0" d="0"/><laneSection', 1)
    lanes = parse_opendrive(text).lane_by_id
    drive, walk = lanes["1.0.-1"], lanes["1.0.-2"]
    np.testing.assert_allclose(drive.left_m[0], [0.0, math.cos(0.1), 1.0 + math.sin(0.1)])
    np.testing.assert_allclose(drive.right_m[-1], [100.0, -2.0 * math.cos(0.1), 11.0 - 2.0 * math.sin(0.1)])
    np.testing.assert_allclose(walk.left_m[0, 2], drive.right_m[0, 2] + 0.1)
    np.testing.assert_allclose(walk.right_m[0, 2], 1.0 - 4.0 * math.sin(0.1) + 0.2)


def test_borders_work_like_widths():
    border = '<lane id="-1" type="driving"><border sOffset="0" a="-3" b="-0.01" c="0" d="0"/></lane>'
    drive = parse_opendrive(opendrive(road("", border))).lane_by_id["1.0.-1"]
    np.testing.assert_allclose(drive.right_m[[0, -1], 1], [-3.0, -4.0])


def test_chords_stay_within_a_centimetre_and_a_metre():
    radius, length = 15.0, 60.0
    plan = f'<geometry s="0" x="0" y="0" hdg="0" length="{length}"><arc curvature="{1 / radius}"/></geometry>'
    drive = parse_opendrive(opendrive(road("", lane(-1), plan=plan, length=length))).lane_by_id["1.0.-1"]
    for line, distance in ((drive.left_m, radius), (drive.right_m, radius + 3.0)):
        middles = 0.5 * (line[1:] + line[:-1]) - [0.0, radius, 0.0]
        assert np.max(distance - np.linalg.norm(middles[:, :2], axis=-1)) < 0.01
        assert np.max(np.linalg.norm(np.diff(line, axis=0), axis=-1)) < 1.3
    straight = parse_opendrive(opendrive(road("", lane(-1)))).lane_by_id["1.0.-1"]
    assert len(straight.centerline_m) < 30


JUNCTION = """<junction id="9" name="">
  <connection id="0" incomingRoad="1" connectingRoad="3" contactPoint="start"><laneLink from="-1" to="-1"/></connection>
  <connection id="1" incomingRoad="2" connectingRoad="3" contactPoint="end"><laneLink from="1" to="1"/></connection>
</junction>"""


def junction_file():
    def at(x, length):
        return f'<geometry s="0" x="{x}" y="0" hdg="0" length="{length}"><line/></geometry>'

    into = '<link><successor elementType="junction" elementId="9"/></link>'
    out = '<link><predecessor elementType="junction" elementId="9"/></link>'
    through = """<link><predecessor elementType="road" elementId="1" contactPoint="end"/>
      <successor elementType="road" elementId="2" contactPoint="start"/></link>"""
    links = '<link><predecessor id="{0}"/><successor id="{0}"/></link>'
    one = road(lane(1), lane(-1), plan=at(0, 50), length=50, identity="1", link=into)
    two = road(lane(1), lane(-1), plan=at(60, 50), length=50, identity="2", link=out)
    middle = road(
        lane(1, extra=links.format(1)), lane(-1, extra=links.format(-1)), plan=at(50, 10), length=10, identity="3",
        link=through,
    ).replace('junction="-1"', 'junction="9"')  # fmt: skip
    return opendrive(one, two, middle, JUNCTION)


def test_lanes_are_linked_through_junctions_in_the_direction_of_travel():
    lanes = parse_opendrive(junction_file()).lane_by_id
    assert lanes["1.0.-1"].successors == ("3.0.-1",)
    assert lanes["3.0.-1"].predecessors == ("1.0.-1",)
    assert lanes["3.0.-1"].successors == ("2.0.-1",)
    assert lanes["2.0.1"].successors == ("3.0.1",)
    assert lanes["3.0.1"].successors == ("1.0.1",)
    assert lanes["3.0.1"].junction_id == "9"
    assert lanes["1.0.1"].successors == ()


def test_a_light_controls_the_lanes_behind_its_stop_line():
    light = """<signals><signal id="L" s="49" t="-4" dynamic="yes" orientation="+" type="1000001" zOffset="2"
      height="1"/></signals>"""
    text = junction_file().replace("</lanes></road>", f"</lanes>{light}</road>", 1)
    (signal,) = parse_opendrive(text).signals
    assert signal.lane_ids == ("3.0.-1",)
    np.testing.assert_allclose(signal.stop_line_m, [[50, 0, 0], [50, -3, 0]])
    np.testing.assert_allclose(signal.position_m, [49, -4, 2.5])
    assert abs(signal.heading_rad) == pytest.approx(math.pi)


def test_signs_and_objects():
    extra = """<signals><signal id="s" s="20" t="-4" dynamic="no" orientation="+" type="274" subtype="-1" value="70"
        unit="km/h" zOffset="2" height="0.6" width="0.6"/>
      <signal id="p" s="30" t="4" dynamic="no" orientation="-" type="206" subtype="-1"/></signals>
      <objects><object id="h" type="building" s="40" t="-20" hdg="0" length="10" width="8" height="6"/>
      <object id="z" type="crosswalk" s="50" t="0"><outlines><outline><cornerRoad s="48" t="3" dz="0" height="0"/>
        <cornerRoad s="52" t="3" dz="0" height="0"/><cornerRoad s="52" t="-3" dz="0" height="0"/>
        <cornerRoad s="48" t="-3" dz="0" height="0"/></outline></outlines></object>
      <object id="t" type="tree" s="10" t="-6" radius="2" height="5">
        <repeat s="10" length="30" distance="10" tStart="-6" tEnd="-9" zOffsetStart="0" zOffsetEnd="0"/></object>
      <object id="g" type="barrier" name="guardRail" s="0" t="-5" width="0.3" height="0.8">
        <repeat s="0" length="40" distance="0" tStart="-5" tEnd="-5"/></object></objects>"""
    text = opendrive(road(lane(1), lane(-1))).replace("</lanes>", f"</lanes>{extra}")
    lane_map = parse_opendrive(text)
    limit, stop = lane_map.signs
    assert (limit.kind, limit.value, limit.lane_ids) == ("speed_limit", 70.0, ("1.0.-1",))
    np.testing.assert_allclose(limit.position_m, [20, -4, 2.3])
    assert (stop.kind, stop.lane_ids) == ("stop", ("1.0.1",))
    assert stop.heading_rad == pytest.approx(0.0)
    (zebra,) = lane_map.areas
    np.testing.assert_allclose(zebra.polygon_m[:, :2], [[48, 3], [52, 3], [52, -3], [48, -3]])
    house = next(item for item in lane_map.objects if item.kind == "building")
    np.testing.assert_allclose(house.size_m, [10, 8, 6])
    trees = [item for item in lane_map.objects if item.kind == "tree"]
    np.testing.assert_allclose([t.position_m[:2] for t in trees], [[10, -6], [20, -7], [30, -8], [40, -9]])
    rails = [item for item in lane_map.objects if item.kind == "guard_rail"]
    assert sum(rail.size_m[0] for rail in rails) == pytest.approx(40.0)


def test_every_fault_of_a_file_is_named_with_its_line():
    text = """<OpenDRIVE><header revMajor="1" revMinor="7"/>
<road name="" length="ten" id="1" junction="-1">
<link><successor elementType="road" elementId="17" contactPoint="start"/></link>
<planView><geometry s="0" x="0" y="0" hdg="0" length="100"><ark curvature="0.1"/></geometry></planView>
<lanes><laneSection s="0"><center><lane id="0"/></center><right>
<lane id="-2" type="driving"><width sOffset="0" a="3"/></lane></right></laneSection></lanes></road>
<road name="" length="5" junction="-1"><planView/><lanes/></road></OpenDRIVE>"""
    with pytest.raises(InputError) as caught:
        parse_opendrive(text)
    found = [(fault.line, fault.code) for fault in caught.value.faults]
    assert found == [
        (2, "bad-number"), (3, "unknown-road"), (4, "unknown-geometry"), (5, "lane-gap"),
        (7, "no-geometry"), (7, "no-lanes"), (7, "missing-attribute"),
    ]  # fmt: skip
    geometry = next(fault for fault in caught.value.faults if fault.code == "unknown-geometry")
    assert geometry.nearest == "arc"
    assert "road[1].planView.geometry" in geometry.path


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('<!DOCTYPE a [<!ENTITY x "y">]><OpenDRIVE>&x;</OpenDRIVE>', "doctype"),
        ("<OpenDRIVE><road></OpenDRIVE>", "xml-syntax"),
        ("<Lanelet/>", "wrong-root"),
        ("<OpenDRIVE/>", "no-roads"),
    ],
)
def test_hostile_and_foreign_texts_are_refused(text, code):
    with pytest.raises(InputError) as caught:
        parse_opendrive(text)
    assert caught.value.faults[0].code == code


def test_a_file_beyond_the_size_limit_is_refused(monkeypatch):
    monkeypatch.setattr("driving_data.maps.opendrive.elements.MAX_BYTES", 10)
    with pytest.raises(InputError, match="at most 10 bytes"):
        parse_xml(b"<OpenDRIVE></OpenDRIVE>", "big.xodr", "OpenDRIVE")


def test_endless_repetitions_are_refused():
    bomb = """</lanes><objects><object id="t" type="tree" s="0" t="0"><repeat s="0" length="100" distance="1e-9"
      tStart="0" tEnd="0"/></object></objects>"""
    with pytest.raises(InputError, match="repetitions"):
        parse_opendrive(opendrive(road("", lane(-1))).replace("</lanes>", bomb))


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="a readable file"):
        read_opendrive(tmp_path / "none.xodr")


@pytest.mark.slow
def test_every_shared_file_is_read_and_its_lanes_meet(shared_data):
    files = sorted(shared_data.rglob("*.xodr"))
    assert len(files) >= 20
    for file in files:
        lane_map = read_opendrive(file)
        driving = [lane_ for lane_ in lane_map.lanes if lane_.kind in DRIVABLE_KINDS]
        assert driving, file.name
        for lane_ in driving:
            assert np.isfinite(lane_.centerline_m).all()
            assert lane_.left_m.shape == lane_.right_m.shape == lane_.centerline_m.shape
            for successor in lane_.successors:
                follower = lane_map.lane_by_id[successor]
                assert lane_.id in follower.predecessors
                # soderleden.xodr and two_plus_one.xodr let lanes begin beside their forerunner.
                if "soderleden" not in file.name:
                    gap = np.linalg.norm(lane_.centerline_m[-1] - follower.centerline_m[0])
                    assert gap < 0.01, (file.name, lane_.id, successor)


def test_town01_is_whole(shared_data):
    started = time.perf_counter()
    town = read_opendrive(shared_data / "logs" / "maps" / "CARLA_town01.xodr")
    assert time.perf_counter() - started < 30.0
    driving = [lane_ for lane_ in town.lanes if lane_.kind in DRIVABLE_KINDS]
    assert all(lane_.successors and lane_.predecessors for lane_ in driving)
    assert len(town.signals) == 36
    for signal in town.signals:
        assert signal.lane_ids
        assert all(town.lane_by_id[i].junction_id is not None for i in signal.lane_ids)
        assert 2.0 < np.linalg.norm(signal.stop_line_m[0] - signal.stop_line_m[1]) < 20.0
        start = town.lane_by_id[signal.lane_ids[0]].centerline_m[:2, :2]
        facing = np.array([math.cos(signal.heading_rad), math.sin(signal.heading_rad)])
        assert (start[1] - start[0]) @ facing < 0.0
    assert {sign.value for sign in town.signs if sign.kind == "speed_limit"} == {30.0, 60.0, 90.0}


def test_lanes_are_found_as_openscenario_addresses_them():
    marks = '<roadMark sOffset="0" type="broken"/><roadMark sOffset="60" type="solid"/>'
    network = Network.of(parse_text(opendrive(road("", lane(-1, extra=marks)))))
    assert network.lane_id_at("1", -1, 59.0) == "1.0.-1"
    assert network.lane_id_at("1", -1, 61.0) == "1.1.-1"
    assert network.lane_id_at("1", 1, 61.0) is None
    assert network.lane_id_at("2", -1, 61.0) is None
    point, heading = point_on(network.roads["1"], 20.0, -1.5)
    np.testing.assert_allclose(point, [20.0, -1.5, 0.0])
    assert heading == 0.0
