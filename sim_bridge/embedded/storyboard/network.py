"""An OpenDRIVE network evaluated exactly, one place at a time: what the storyboard player moves its entities on.

The lane map that the rest of the simulator uses is sampled; here every s is evaluated on the reference line, the width,
offset, elevation and bank polynomials themselves. Formulae: ASAM OpenDRIVE 1.7, sections 7 to 10.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from driving_data.maps.opendrive.curves import local_pose
from driving_data.maps.opendrive.document import (
    Arc,
    Cubic,
    Document,
    Geometry,
    LaneRecord,
    Line,
    ParamPoly3,
    Road,
    RoadLink,
)

TINY = 1e-6
DRIVEN_TYPES = frozenset(
    {
        "driving", "entry", "exit", "onRamp", "offRamp", "connectingRamp", "bidirectional", "bus", "taxi", "HOV",
        "parking", "mwyEntry", "mwyExit", "roadWorks",
    }
)  # fmt: skip
_SPACING_M = 2.0
_ARC_KNOTS = 100


def wrapped(angle_rad: float) -> float:
    """The angle in [-pi, pi)."""
    return (angle_rad + math.pi) % (2.0 * math.pi) - math.pi


def sign(value: float | int) -> int:
    """-1 below 0, else 1."""
    return -1 if value < 0 else 1


def _cubic_at(profile: Sequence[Cubic], starts: Sequence[float], s: float) -> tuple[float, float]:
    """Value and slope of a piecewise cubic; 0 where it is empty."""
    if not profile:
        return 0.0, 0.0
    k = profile[max(bisect_right(starts, s) - 1, 0)]
    d = s - k.s
    return k.a + d * (k.b + d * (k.c + d * k.d)), k.b + d * (2.0 * k.c + 3.0 * k.d * d)


@dataclass(frozen=True, slots=True)
class Profile:
    """A piecewise cubic that can be asked for its value and slope."""

    records: tuple[Cubic, ...]
    starts: tuple[float, ...]

    @staticmethod
    def of(records: Sequence[Cubic]) -> "Profile":
        """Remembers where each record starts."""
        return Profile(tuple(records), tuple(record.s for record in records))

    def at(self, s: float) -> tuple[float, float]:
        """Value and slope at `s`."""
        return _cubic_at(self.records, self.starts, s)


@dataclass(frozen=True, slots=True)
class LaneStrip:
    """One lane of one section: its record and its width."""

    record: LaneRecord
    width: Profile
    driven: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """One lane section: where it starts and its lanes by id, without the centre lane."""

    s: float
    lanes: dict[int, LaneStrip]

    def center(self, s: float, lane: int) -> tuple[float, float]:
        """T of the middle of a lane relative to the centre lane, and its slope; 0 for the centre lane."""
        side, total, slope = sign(lane), 0.0, 0.0
        for k in range(1, abs(lane) + 1):
            strip = self.lanes.get(side * k)
            if strip is None:
                continue
            width, widens = strip.width.at(s - self.s)
            share = 0.5 if k == abs(lane) else 1.0
            total += share * width
            slope += share * widens
        return side * total, side * slope

    def width(self, s: float, lane: int) -> float:
        """Width of a lane; 0 where it does not exist."""
        strip = self.lanes.get(lane)
        return 0.0 if strip is None else strip.width.at(s - self.s)[0]

    def rise(self, s: float, lane: int, offset: float) -> float:
        """Height of a lane above the road surface, `offset` to the left of its middle."""
        strip = self.lanes.get(lane)
        if strip is None or not strip.record.heights:
            return 0.0
        found = strip.record.heights[0]
        for height in strip.record.heights:
            if height.s_offset <= s - self.s:
                found = height
        width = max(strip.width.at(s - self.s)[0], TINY)
        share = min(max(0.5 + sign(lane) * offset / width, 0.0), 1.0)
        return found.inner + share * (found.outer - found.inner)

    def reach(self, s: float, side: int) -> float:
        """Width of all lanes of one side."""
        return sum((self.width(s, lane) for lane in self.lanes if lane * side > 0), 0.0)


@dataclass(frozen=True, slots=True)
class Link:
    """What a road leads to at one of its ends; `contact` is 'start', 'end' or '' at a junction."""

    kind: str
    id: str
    contact: str


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One road, ready to be evaluated."""

    id: str
    length: float
    left_hand: bool
    junction: str
    geometry: tuple[Geometry, ...]
    starts: tuple[float, ...]
    arcs: dict[int, tuple[np.ndarray, np.ndarray]]
    elevation: Profile
    bank: Profile
    offset: Profile
    strips: tuple[Strip, ...]
    strip_starts: tuple[float, ...]
    before: Link | None
    after: Link | None

    @staticmethod
    def of(road: Road) -> "Track":
        """Prepares a road of a document."""
        strips = tuple(_strip(section.s, section.lanes) for section in road.sections)
        arcs = {k: _arc_table(piece) for k, piece in enumerate(road.geometry) if isinstance(piece.shape, ParamPoly3)}
        return Track(
            id=road.id,
            length=road.length,
            left_hand=road.rule == "LHT",
            junction="" if road.junction in ("-1", "") else road.junction,
            geometry=road.geometry,
            starts=tuple(piece.s for piece in road.geometry),
            arcs=arcs,
            elevation=Profile.of(road.elevation),
            bank=Profile.of(road.superelevation),
            offset=Profile.of(road.lane_offset),
            strips=strips,
            strip_starts=tuple(strip.s for strip in strips),
            before=_link(road.predecessor),
            after=_link(road.successor),
        )

    def line(self, s: float) -> tuple[float, float, float, float]:
        """x, y, heading and curvature of the reference line; straight on beyond its ends."""
        k = min(max(bisect_right(self.starts, s) - 1, 0), len(self.geometry) - 1)
        piece = self.geometry[k]
        ds = s - piece.s
        inside = min(max(ds, 0.0), piece.length)
        u, v, turn, bend = self._local(k, piece, inside)
        beyond = ds - inside
        u, v = u + beyond * math.cos(turn), v + beyond * math.sin(turn)
        cos, sin = math.cos(piece.hdg), math.sin(piece.hdg)
        return piece.x + u * cos - v * sin, piece.y + u * sin + v * cos, piece.hdg + turn, bend

    def _local(self, k: int, piece: Geometry, ds: float) -> tuple[float, float, float, float]:
        shape = piece.shape
        if isinstance(shape, Line):
            return ds, 0.0, 0.0, 0.0
        if isinstance(shape, Arc) and abs(shape.curvature) > 1e-9:
            turn = shape.curvature * ds
            return (
                math.sin(turn) / shape.curvature,
                2.0 * math.sin(0.5 * turn) ** 2 / shape.curvature,
                turn,
                (shape.curvature),
            )
        if k in self.arcs:
            lengths, parameters = self.arcs[k]
            ds = float(np.interp(ds, lengths, parameters))
        u, v, turn, bend = local_pose(shape, piece.length, np.array([ds]))
        return float(u[0]), float(v[0]), float(turn[0]), float(bend[0])

    def strip_index(self, s: float) -> int:
        """Index of the lane section at `s`."""
        return max(bisect_right(self.strip_starts, s + 1e-9) - 1, 0)

    def link(self, end: int) -> Link | None:
        """What lies behind the end (1) or the start (-1)."""
        return self.after if end > 0 else self.before

    def height(self, s: float, t: float) -> float:
        """Z of the surface at (s, t), t counted from the reference line."""
        return self.elevation.at(s)[0] + t * math.sin(self.bank.at(s)[0])


def _strip(s: float, records: Sequence[LaneRecord]) -> Strip:
    lanes: dict[int, LaneStrip] = {}
    for record in records:
        if record.id != 0:
            widths = record.widths
            lanes[record.id] = LaneStrip(record, Profile.of(widths), record.type in DRIVEN_TYPES)
    for side in (1, -1):
        before = Profile.of(())
        for k in range(1, len(lanes) + 1):
            strip = lanes.get(side * k)
            if strip is None or strip.record.widths or not strip.record.borders:
                continue
            outer = tuple(strip.record.borders)
            widths = _difference(outer, before.records, side)
            before = Profile.of(outer)
            lanes[side * k] = LaneStrip(strip.record, Profile.of(widths), strip.driven)
    return Strip(s, lanes)


def _difference(outer: Sequence[Cubic], inner: Sequence[Cubic], side: int) -> tuple[Cubic, ...]:
    """Width between two borders, record by record of their joint starts."""
    starts = sorted({record.s for record in (*outer, *inner)})
    made: list[Cubic] = []
    for s in starts:
        a, b = _moved(outer, s), _moved(inner, s)
        made.append(Cubic(s, *(side * (p - q) for p, q in zip(a, b, strict=True))))
    return tuple(made)


def _moved(profile: Sequence[Cubic], s: float) -> tuple[float, float, float, float]:
    owners = [record for record in profile if record.s <= s + 1e-9]
    if not owners:
        return (0.0, 0.0, 0.0, 0.0)
    k = owners[-1]
    d = s - k.s
    return k.a + d * (k.b + d * (k.c + d * k.d)), k.b + d * (2 * k.c + 3 * k.d * d), k.c + 3 * k.d * d, k.d


def _arc_table(piece: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Arc length of a parametric cubic over the length of its piece, so that s can be walked at constant speed."""
    given = np.linspace(0.0, piece.length, _ARC_KNOTS + 1)
    u, v, _, _ = local_pose(piece.shape, piece.length, given)
    steps = np.hypot(np.diff(u), np.diff(v))
    lengths = np.concatenate([[0.0], np.cumsum(steps)])
    return lengths * (piece.length / max(lengths[-1], 1e-12)), given


def _link(link: RoadLink | None) -> Link | None:
    if link is None:
        return None
    return Link(link.element_type, link.element_id, link.contact_point)


@dataclass(frozen=True, slots=True)
class Way:
    """One way on from a lane at a junction: road, lane and the end at which it is entered."""

    road: str
    lane: int
    contact: str


@dataclass(frozen=True, slots=True, eq=False)
class RoadNetwork:
    """Every road of a document, its junctions, and the nearest place to a point.

    Attributes:
        tracks: roads by id.
        ways: ways through a junction by (junction, road, lane).
        tree: points of the reference lines for a first guess; None without roads.
        owners: road and s of each of these points.
    """

    tracks: dict[str, Track]
    ways: dict[tuple[str, str, int], tuple[Way, ...]]
    tree: KDTree | None
    owners: tuple[tuple[str, float], ...]
    arms: dict[str, tuple[str, ...]] = field(default_factory=lambda: {})

    @staticmethod
    def of(document: Document | None) -> "RoadNetwork":
        """Prepares a document; None makes an open plane without roads."""
        if document is None:
            return RoadNetwork({}, {}, None, ())
        tracks = {road.id: Track.of(road) for road in document.roads}
        ways: dict[tuple[str, str, int], list[Way]] = {}
        for junction in document.junctions:
            for link in junction.connections:
                for source, to in link.lane_links:
                    key = (junction.id, link.incoming_road, source)
                    ways.setdefault(key, []).append(Way(link.connecting_road, to, link.contact_point))
        points: list[np.ndarray] = []
        owners: list[tuple[str, float]] = []
        for track in tracks.values():
            count = max(2, math.ceil(track.length / _SPACING_M) + 1)
            for s in np.linspace(0.0, track.length, count):
                x, y, heading, _ = track.line(float(s))
                shift = track.offset.at(float(s))[0]
                points.append(np.array([x - shift * math.sin(heading), y + shift * math.cos(heading)]))
                owners.append((track.id, float(s)))
        return RoadNetwork(
            tracks,
            {key: tuple(found) for key, found in ways.items()},
            KDTree(np.array(points)) if points else None,
            tuple(owners),
        )

    def point(self, road: str, s: float, t: float) -> tuple[float, float, float]:
        """x, y, z at (s, t), t counted from the centre lane (the reference line moved by the lane offset)."""
        track = self.tracks[road]
        x, y, heading, _ = track.line(s)
        across = t + track.offset.at(s)[0]
        side = across * math.cos(track.bank.at(s)[0])
        return x - side * math.sin(heading), y + side * math.cos(heading), track.height(s, across)

    def nearest(self, x: float, y: float, stay: str = "") -> tuple[str, float, float] | None:
        """Road, s and t (from the centre lane) of a point: the road that it lies on, else the nearest.

        Where roads overlap, `stay` is preferred, then the one whose middle is nearest.
        """
        if self.tree is None:
            return None
        count = min(len(self.owners), 48)
        _, rows = self.tree.query((x, y), k=count)
        guesses: dict[str, float] = {}
        for row in np.atleast_1d(rows):
            road, s = self.owners[int(row)]
            guesses.setdefault(road, s)
        best: tuple[tuple[float, int, float], tuple[str, float, float]] | None = None
        for road, s in guesses.items():
            at, across, off = self.project(road, x, y, s)
            track = self.tracks[road]
            strip = track.strips[track.strip_index(at)]
            outside = max(0.0, math.hypot(max(abs(across) - strip.reach(at, sign(across)), 0.0), off))
            rank = (round(outside, 3), 0 if road == stay else 1, abs(across))
            if best is None or rank < best[0]:
                best = rank, (road, at, across)
        return None if best is None else best[1]

    def project(self, road: str, x: float, y: float, guess: float) -> tuple[float, float, float]:
        """s, t (from the centre lane) and the distance beyond the ends of a point seen from one road, near `guess`."""
        track, s, along, across = self.tracks[road], guess, 0.0, 0.0
        for _ in range(12):
            px, py, heading, bend = track.line(s)
            cos, sin = math.cos(heading), math.sin(heading)
            along = (x - px) * cos + (y - py) * sin
            across = -(x - px) * sin + (y - py) * cos
            stretch = min(max(1.0 - bend * across, 0.2), 5.0)
            step = min(max(s + along / stretch, 0.0), track.length) - s
            s += step
            if abs(step) < 1e-7:
                break
        px, py, heading, _ = track.line(s)
        along = (x - px) * math.cos(heading) + (y - py) * math.sin(heading)
        across = -(x - px) * math.sin(heading) + (y - py) * math.cos(heading)
        return s, across / max(math.cos(track.bank.at(s)[0]), 0.1) - track.offset.at(s)[0], abs(along)

    def lane_at(self, road: str, s: float, t: float, any_type: bool = False) -> int:
        """The lane that t (from the centre lane) lies in, or the driven lane whose middle is nearest."""
        track = self.tracks[road]
        strip = track.strips[track.strip_index(s)]
        best, lane = math.inf, 0
        for k, record in strip.lanes.items():
            if (not any_type and not record.driven) or strip.width(s, k) < TINY:
                continue
            gap = abs(t - strip.center(s, k)[0])
            if gap < best:
                best, lane = gap, k
        if lane == 0 and not any_type:
            return self.lane_at(road, s, t, any_type=True)
        return lane

    def samples(self, road: str, count: int) -> Float[np.ndarray, "count 2"]:
        """Points of a reference line, for pictures."""
        track = self.tracks[road]
        return np.array([track.line(float(s))[:2] for s in np.linspace(0.0, track.length, count)])
