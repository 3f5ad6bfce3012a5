"""What the writer writes, the reader reads back: the same document, and so the same lanes."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from driving_data.maps.opendrive import assemble, parse_text, write_opendrive
from driving_data.maps.opendrive.build import Pose, Strip, chain, cross_section, linked, same_ids, smooth_step
from driving_data.maps.opendrive.document import (
    Arc,
    Connection,
    Corner,
    Cubic,
    Document,
    Junction,
    Line,
    ObjectRecord,
    ParamPoly3,
    Poly3,
    Repeat,
    Road,
    RoadLink,
    RoadType,
    SignalRecord,
    SignalReference,
    Spiral,
    Validity,
)

NUMBERS = st.floats(-50.0, 50.0)
SMALL = st.floats(-0.05, 0.05)
SHAPES = st.sampled_from(
    [
        Line(),
        Arc(0.04),
        Arc(-0.011),
        Spiral(0.0, 0.05),
        Spiral(-0.02, 0.03),
        Poly3(0.0, 0.1, -0.01, 0.0),
        ParamPoly3((0.0, 7.0, 0.1, 0.0), (0.0, 0.0, 0.5, 0.1), True),
        ParamPoly3((0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 0.01, 0.0), False),
    ]
)
STRIPS = st.tuples(
    st.sampled_from(["driving", "shoulder", "sidewalk", "parking", "none"]),
    st.floats(0.5, 5.0),
    st.sampled_from(["none", "solid", "broken", "solid broken", "curb"]),
    st.sampled_from(["standard", "yellow"]),
    st.floats(0.1, 0.4),
    st.sampled_from(["", "both", "none", "increase"]),
    st.one_of(st.just(math.nan), st.floats(1.0, 40.0)),
    st.sampled_from([0.0, 0.12]),
    st.booleans(),
)


# Roads are laid out in the tests, not in the strategy: runtime type checks draw random numbers of their own.
PLANS = st.fixed_dictionaries(
    {
        "parts": st.lists(st.tuples(SHAPES, st.floats(2.0, 40.0)), min_size=1, max_size=3),
        "pose": st.tuples(NUMBERS, NUMBERS, st.floats(-3.0, 3.0)),
        "sides": st.tuples(*[st.lists(STRIPS, min_size=1, max_size=3)] * 2),
        "center": st.sampled_from(["none", "broken"]),
        "rule": st.sampled_from(["RHT", "LHT"]),
        "limit": st.sampled_from([math.nan, 13.89]),
        "profile": st.tuples(NUMBERS, SMALL, SMALL, SMALL, SMALL),
    }
)


def road_of(plan):
    geometry = chain(Pose(*plan["pose"]), plan["parts"])
    length = geometry[-1].s + geometry[-1].length
    height, slope, bank, offset, shift = plan["profile"]
    left, right = ([Strip(*fields) for fields in side] for side in plan["sides"])
    sections = [cross_section(s, left, right, plan["center"]) for s in (0.0, 0.5 * length)]
    return Road(
        "7",
        length,
        geometry,
        same_ids(sections),
        "r",
        rule=plan["rule"],
        types=(RoadType(0.0, "town", plan["limit"]),),
        elevation=(Cubic(0.0, height, slope),),
        superelevation=(Cubic(0.0, bank),),
        lane_offset=(Cubic(0.0, offset), smooth_step(0.3 * length, 0.4 * length, 0.0, shift)),
    )


@settings(max_examples=20, deadline=None)
@given(PLANS)
def test_roads_come_back_bit_for_bit(plan):
    document = Document((road_of(plan),), name="a <b> & 'c'")
    back = parse_text(write_opendrive(document))
    assert repr(_without_lines(back)) == repr(document)


@settings(max_examples=8, deadline=None)
@given(PLANS)
def test_lanes_come_back_too(plan):
    document = Document((road_of(plan),))
    one, other = assemble(document), assemble(parse_text(write_opendrive(document)))
    assert [lane.id for lane in one.lanes] == [lane.id for lane in other.lanes]
    for a, b in zip(one.lanes, other.lanes, strict=True):
        np.testing.assert_array_equal(a.left_m, b.left_m)
        np.testing.assert_array_equal(a.right_m, b.right_m)
        assert (a.kind, a.left_marking, a.right_marking) == (b.kind, b.left_marking, b.right_marking)
        assert (a.successors, a.left_neighbor, a.right_neighbor) == (b.successors, b.left_neighbor, b.right_neighbor)


def _without_lines(document):
    """Line numbers of the text do not matter for what it says."""

    def strip(value):
        if isinstance(value, tuple):
            return tuple(strip(item) for item in value)
        if hasattr(value, "__dataclass_fields__"):
            fields = {name: strip(getattr(value, name)) for name in value.__dataclass_fields__}
            return type(value)(**{name: 0 if name == "line" else item for name, item in fields.items()})
        return value

    return strip(document)


def furnished():
    section = cross_section(0.0, [Strip("driving", 3.0)], [Strip("driving", 3.0), Strip("sidewalk", 2.0)], "broken")
    one = Road(
        "1", 50.0, chain(Pose(0.0, 0.0, 0.0), [(Line(), 50.0)]), (section,), "one",
        successor=RoadLink("junction", "9"),
        signals=(SignalRecord("L", 49.0, -4.0, "light", True, "+", 2.5, type="1000001", height=0.9, width=0.3,
                              validities=(Validity(-1, -1),)),
                 SignalRecord("S", 20.0, -4.0, "limit", False, "+", 2.0, "DE", "274", value=50.0, unit="km/h")),
        objects=(ObjectRecord("t", "tree", 5.0, -6.0, radius=2.0, height=6.0,
                              repeats=(Repeat(5.0, 20.0, 10.0, -6.0, -7.0, height_start=4.0, height_end=6.0),)),
                 ObjectRecord("z", "crosswalk", 30.0, 0.0, length=3.0, width=6.0,
                              outlines=((Corner(1.0, 1.0), Corner(-1.0, 1.0), Corner(-1.0, -1.0)),
                                        (Corner(28.0, 1.0, 0.1, 2.0, True), Corner(29.0, 1.0, 0.0, 2.0, True),
                                         Corner(29.0, -1.0, 0.0, 2.0, True))))),
    )  # fmt: skip
    through = Road(
        "2", 10.0, chain(Pose(50.0, 0.0, 0.0), [(Line(), 10.0)]),
        (linked(cross_section(0.0, (), [Strip("driving", 3.0)]), {-1: -1}),), "two", "9",
        predecessor=RoadLink("road", "1", "end"),
        signal_references=(SignalReference("L", 0.0, 0.0, "+", (Validity(-1, -1),)),),
    )  # fmt: skip
    junction = Junction("9", (Connection("0", "1", "2", "start", ((-1, -1),)),), "j")
    return Document((one, through), (junction,), "d", 7, "+proj=tmerc", {"a": ("1.0.-1", "2.0.-1")})


def test_furniture_links_and_routes_come_back():
    document = furnished()
    text = write_opendrive(document)
    assert repr(_without_lines(parse_text(text))) == repr(document)
    assert write_opendrive(parse_text(text)) == text
    lane_map = assemble(parse_text(text), text)
    assert lane_map.routes["a"] == ("1.0.-1", "2.0.-1")
    assert lane_map.signals[0].lane_ids == ("2.0.-1",)


def test_text_has_the_order_of_elements_that_the_standard_asks_for():
    root = etree.fromstring(write_opendrive(furnished()).encode())
    assert [child.tag for child in root.find("road")] == ["link", "planView", "lanes", "objects", "signals"]
    assert [child.tag for child in root] == ["header", "road", "road", "junction", "userData"]
    assert root.find("header").get("revMinor") == "7"
    lanes = root.find("road/lanes/laneSection/right").findall("lane")
    assert [lane.get("id") for lane in lanes] == ["-1", "-2"]
