"""OpenDRIVE as values: what a file says, before it is sampled into lanes.

The parser makes a `Document`, the writer prints one, `assemble` turns one into a `LaneMap`. Field names follow the
attributes of OpenDRIVE 1.7; speeds are converted to m/s, everything else is in the units of the format (m, rad).
`line` is the place in the file that a value came from; it does not take part in comparisons.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """A straight piece."""


@dataclass(frozen=True, slots=True)
class Arc:
    """A piece of constant curvature, positive to the left."""

    curvature: float


@dataclass(frozen=True, slots=True)
class Spiral:
    """A clothoid: curvature changes linearly from start to end."""

    curv_start: float
    curv_end: float


@dataclass(frozen=True, slots=True)
class Poly3:
    """v = a + b u + c u^2 + d u^3 in the local frame, walked by arc length (deprecated in the format)."""

    a: float
    b: float
    c: float
    d: float


@dataclass(frozen=True, slots=True)
class ParamPoly3:
    """u(p) and v(p) cubic in p, which runs from 0 to 1 (`normalized`) or to the length of the piece."""

    u: tuple[float, float, float, float]
    v: tuple[float, float, float, float]
    normalized: bool = True


Shape = Line | Arc | Spiral | Poly3 | ParamPoly3


@dataclass(frozen=True, slots=True)
class Geometry:
    """One piece of the reference line."""

    s: float
    x: float
    y: float
    hdg: float
    length: float
    shape: Shape
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Cubic:
    """a + b ds + c ds^2 + d ds^3 from `s` on (`s` counts from the road or the lane section, as the format says)."""

    s: float
    a: float
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0


@dataclass(frozen=True, slots=True)
class Crossfall:
    """By how much one side of the road (or 'both') falls to the outside, in rad from `profile.s` on."""

    side: str
    profile: Cubic


@dataclass(frozen=True, slots=True)
class LateralShape:
    """Height over the banked plane at the station `s`: a cubic in t from `profile.s` (a t, in m) on."""

    s: float
    profile: Cubic


@dataclass(frozen=True, slots=True)
class RoadMark:
    """Marking on the outer border of a lane from `s_offset` of its section on; `lane_change` as in the format."""

    s_offset: float
    type: str
    color: str = "standard"
    width: float = 0.12
    lane_change: str = ""


@dataclass(frozen=True, slots=True)
class LaneSpeed:
    """Speed limit of a lane from `s_offset` of its section on; NaN for none."""

    s_offset: float
    max_mps: float


@dataclass(frozen=True, slots=True)
class LaneHeight:
    """Height of a lane above the road surface at its inner and outer border, from `s_offset` on."""

    s_offset: float
    inner: float
    outer: float


@dataclass(frozen=True, slots=True)
class LaneRecord:
    """One lane of a section. `direction` is 'standard' or 'reversed' (of the traffic, as in OpenDRIVE 1.8)."""

    id: int
    type: str
    widths: tuple[Cubic, ...] = ()
    borders: tuple[Cubic, ...] = ()
    marks: tuple[RoadMark, ...] = ()
    speeds: tuple[LaneSpeed, ...] = ()
    heights: tuple[LaneHeight, ...] = ()
    predecessors: tuple[int, ...] = ()
    successors: tuple[int, ...] = ()
    direction: str = "standard"
    level: bool = False
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Section:
    """A lane section: lanes by id, the centre lane (id 0) among them."""

    s: float
    lanes: tuple[LaneRecord, ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class RoadLink:
    """What a road leads to: a 'road' at its 'start' or 'end', or a 'junction'."""

    element_type: str
    element_id: str
    contact_point: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class RoadType:
    """Kind of road from `s` on and its speed limit (NaN for none)."""

    s: float
    type: str
    max_mps: float = float("nan")


@dataclass(frozen=True, slots=True)
class Validity:
    """A range of lane ids."""

    from_lane: int
    to_lane: int


@dataclass(frozen=True, slots=True)
class SignalRecord:
    """A traffic light or a sign."""

    id: str
    s: float
    t: float
    name: str = ""
    dynamic: bool = False
    orientation: str = "+"
    z_offset: float = 0.0
    country: str = "OpenDRIVE"
    type: str = "-1"
    subtype: str = "-1"
    value: float = float("nan")
    unit: str = ""
    height: float = 0.0
    width: float = 0.0
    h_offset: float = 0.0
    validities: tuple[Validity, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class SignalReference:
    """A signal of another road that counts here too."""

    id: str
    s: float
    t: float
    orientation: str = "+"
    validities: tuple[Validity, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Corner:
    """A corner of an outline: (u, v) of the object or (s, t) of the road (`on_road`), with heights."""

    first: float
    second: float
    z: float = 0.0
    height: float = 0.0
    on_road: bool = False


@dataclass(frozen=True, slots=True)
class Repeat:
    """An object repeated along the road; distance 0 means one continuous body; NaN: as the object says."""

    s: float
    length: float
    distance: float
    t_start: float
    t_end: float
    z_start: float = 0.0
    z_end: float = 0.0
    height_start: float = float("nan")
    height_end: float = float("nan")
    width_start: float = float("nan")
    width_end: float = float("nan")
    length_start: float = float("nan")
    length_end: float = float("nan")


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """A standing object, or an area on the ground."""

    id: str
    type: str
    s: float
    t: float
    name: str = ""
    subtype: str = ""
    z_offset: float = 0.0
    hdg: float = 0.0
    orientation: str = "none"
    length: float = 0.0
    width: float = 0.0
    height: float = 0.0
    radius: float = 0.0
    outlines: tuple[tuple[Corner, ...], ...] = ()
    repeats: tuple[Repeat, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A stretch of a road under a roof; `type` is 'standard' or 'underpass'."""

    id: str
    s: float
    length: float
    name: str = ""
    type: str = "standard"
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Road:
    """One road. `rule` is 'RHT' or 'LHT'; `junction` is '-1' outside junctions."""

    id: str
    length: float
    geometry: tuple[Geometry, ...]
    sections: tuple[Section, ...]
    name: str = ""
    junction: str = "-1"
    rule: str = "RHT"
    predecessor: RoadLink | None = None
    successor: RoadLink | None = None
    types: tuple[RoadType, ...] = ()
    elevation: tuple[Cubic, ...] = ()
    superelevation: tuple[Cubic, ...] = ()
    crossfall: tuple[Crossfall, ...] = ()
    shapes: tuple[LateralShape, ...] = ()
    lane_offset: tuple[Cubic, ...] = ()
    signals: tuple[SignalRecord, ...] = ()
    signal_references: tuple[SignalReference, ...] = ()
    objects: tuple[ObjectRecord, ...] = ()
    tunnels: tuple[Tunnel, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """One way through a junction: from lanes of the incoming road to lanes of the connecting (or linked) road."""

    id: str
    incoming_road: str
    connecting_road: str
    contact_point: str
    lane_links: tuple[tuple[int, int], ...] = ()
    linked: bool = False
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Junction:
    """A junction. `type` is 'default', 'direct' or 'virtual'."""

    id: str
    connections: tuple[Connection, ...]
    name: str = ""
    type: str = "default"
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Document:
    """One OpenDRIVE file. `routes` names sequences of `<road>.<piece>.<lane>` (our user data in the file)."""

    roads: tuple[Road, ...]
    junctions: tuple[Junction, ...] = ()
    name: str = ""
    rev_minor: int = 7
    geo_reference: str = ""
    routes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {})
