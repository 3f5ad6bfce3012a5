"""What the words of OpenDRIVE mean here: lane types, markings, and who may cross them."""

from driving_data.maps.lane_map import LaneKind, Marking, MarkingKind
from driving_data.maps.opendrive.document import LaneRecord, RoadMark

_LANE_KINDS = {
    "driving": LaneKind.DRIVING, "bidirectional": LaneKind.DRIVING, "connectingRamp": LaneKind.DRIVING,
    "slipLane": LaneKind.DRIVING, "HOV": LaneKind.DRIVING, "taxi": LaneKind.BUS, "bus": LaneKind.BUS,
    "roadWorks": LaneKind.DRIVING, "mwyEntry": LaneKind.ENTRY, "mwyExit": LaneKind.EXIT,
    "entry": LaneKind.ENTRY, "onRamp": LaneKind.ENTRY, "exit": LaneKind.EXIT, "offRamp": LaneKind.EXIT,
    "shoulder": LaneKind.SHOULDER, "stop": LaneKind.SHOULDER, "biking": LaneKind.BICYCLE,
    "sidewalk": LaneKind.SIDEWALK, "walking": LaneKind.SIDEWALK, "parking": LaneKind.PARKING,
    "median": LaneKind.MEDIAN, "border": LaneKind.BORDER, "curb": LaneKind.BORDER, "restricted": LaneKind.RESTRICTED,
}  # fmt: skip
_COLORS = {"standard": "white"}
_KINDS = {
    "none": MarkingKind.NONE, "solid": MarkingKind.SOLID, "broken": MarkingKind.BROKEN,
    "solid solid": MarkingKind.SOLID_SOLID, "solid broken": MarkingKind.SOLID_BROKEN,
    "broken solid": MarkingKind.BROKEN_SOLID, "broken broken": MarkingKind.BROKEN,
    "botts dots": MarkingKind.BOTTS_DOTS, "curb": MarkingKind.KERB, "grass": MarkingKind.GRASS,
    "edge": MarkingKind.SOLID, "custom": MarkingKind.SOLID,
}  # fmt: skip
_MIRRORED = {
    MarkingKind.SOLID_BROKEN: MarkingKind.BROKEN_SOLID,
    MarkingKind.BROKEN_SOLID: MarkingKind.SOLID_BROKEN,
}
_FREE = (MarkingKind.NONE, MarkingKind.BROKEN, MarkingKind.BOTTS_DOTS)


def lane_kind(name: str) -> LaneKind:
    """The kind of a lane type; OTHER for rails, 'none', 'special' and what later revisions may add."""
    return _LANE_KINDS.get(name, LaneKind.OTHER)


def mark_at(lane: LaneRecord | None, offset_m: float) -> RoadMark | None:
    """The mark on the outer border of a lane at an offset in its section; None where there is none."""
    if lane is None:
        return None
    found = None
    for mark in lane.marks:
        if mark.s_offset <= offset_m + 1e-9:
            found = mark
    return found


def marking(mark: RoadMark | None, lane_id: int, forward: bool) -> Marking:
    """A mark on the outer border of lane `lane_id`, left to right as seen by traffic along s (`forward`) or against.

    Double marks are written from the inside outwards: left to right on right-hand lanes and on the centre lane.
    """
    if mark is None:
        return Marking()
    kind = _KINDS.get(mark.type, MarkingKind.NONE)
    if (lane_id > 0) == forward:
        kind = _MIRRORED.get(kind, kind)
    return Marking(kind, _COLORS.get(mark.color, mark.color), mark.width if mark.width > 0.0 else 0.12)


def may_cross(mark: RoadMark | None, lane_id: int, leftwards: bool) -> bool:
    """Whether traffic may cross the mark of lane `lane_id`, to the left or to the right in the frame of the road."""
    if mark is None:
        return True
    if mark.lane_change:
        return mark.lane_change in ("both", "increase" if leftwards else "decrease")
    kind = marking(mark, lane_id, True).kind
    if kind in _MIRRORED:
        return (kind == MarkingKind.SOLID_BROKEN) == leftwards
    return kind in _FREE
