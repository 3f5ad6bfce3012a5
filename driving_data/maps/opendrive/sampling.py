"""Lane sections sampled into borders: knots where chords would miss the road by more than the tolerance.

Lengths are those along the reference line. A road is cut into pieces wherever its lane section, the marking or the
speed limit of one of its lanes changes, so that every lane of a piece has one marking on each side and one limit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from driving_data.maps.opendrive import profiles
from driving_data.maps.opendrive.curves import reference_line
from driving_data.maps.opendrive.document import Cubic, LaneRecord, LateralShape, Road, Section

CHORD_ERROR_M = 0.004
MAX_CURVED_STEP_M = 1.0
MAX_STRAIGHT_STEP_M = 5.0
_MIN_STEP_M = 0.1
_GRID_M = 0.25
_GROWTH = 0.5
_SHORTEST_M = 1e-3
_KERB_M = 0.01


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one lane section from `start` to `end` (s of the road) on which every lane stays the same."""

    road: Road
    index: int
    section_index: int
    section: Section
    start: float
    end: float

    @property
    def middle(self) -> float:
        """Its middle, at which records are looked up."""
        return 0.5 * (self.start + self.end)


@dataclass(frozen=True, slots=True, eq=False)
class Borders:
    """Lane borders of a piece at its knots: by lane id (inner, outer), each (n, 3) along s."""

    s_m: Float[np.ndarray, "n"]
    by_lane: dict[int, tuple[np.ndarray, np.ndarray]]


def pieces_of(road: Road) -> tuple[Piece, ...]:
    """The pieces of a road in order of s."""
    found: list[Piece] = []
    for k, section in enumerate(road.sections):
        end = road.sections[k + 1].s if k + 1 < len(road.sections) else max(road.length, section.s)
        cuts = sorted({section.s, end, *(c for c in _changes(road, section) if section.s + 0.01 < c < end - 0.01)})
        for start, stop in pairwise(cuts):
            if stop - start > _SHORTEST_M:
                found.append(Piece(road, len(found), k, section, start, stop))
    return tuple(found)


def _changes(road: Road, section: Section) -> list[float]:
    changes: list[float] = []
    for lane in section.lanes:
        looks = [(mark.s_offset, (mark.type, mark.color)) for mark in lane.marks]
        limits = [(speed.s_offset, speed.max_mps) for speed in lane.speeds]
        for records in (looks, limits):
            previous = None
            for offset, what in records:
                if what != previous:
                    changes.append(section.s + offset)
                previous = what
    limit = None
    for kind in road.types:
        if kind.max_mps != limit:
            changes.append(kind.s)
        limit = kind.max_mps
    return changes


def knots(piece: Piece) -> Float[np.ndarray, "n"]:
    """Places s at which the borders of a piece are sampled: its breaks, and between them as dense as its bends ask."""
    road = piece.road
    lanes = [lane for lane in piece.section.lanes if lane.id != 0]
    starts = [geometry.s for geometry in road.geometry]
    for profile in (road.elevation, road.superelevation, road.lane_offset):
        starts += [record.s for record in profile]
    starts += [fall.profile.s for fall in road.crossfall] + [shape.s for shape in road.shapes]
    for lane in lanes:
        starts += [piece.section.s + record.s for record in (*lane.widths, *lane.borders)]
    inside = sorted(s for s in set(starts) if piece.start + 0.05 < s < piece.end - 0.05)
    breaks = sorted({piece.start, *inside, *_kerbs(piece, lanes), piece.end})
    grid = np.linspace(piece.start, piece.end, max(2, int(np.ceil((piece.end - piece.start) / _GRID_M)) + 1))
    density = 1.0 / _steps(piece, lanes, grid)
    total = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(grid))])
    parts: list[np.ndarray] = []
    for start, end in pairwise(breaks):
        first, last = np.interp([start, end], grid, total)
        count = max(1, int(np.ceil(last - first - 1e-9)))
        between = np.interp(np.linspace(first, last, count + 1)[1:-1], total, grid)
        parts.append(np.concatenate([[start], between]))
    return np.concatenate([*parts, [piece.end]])


def _kerbs(piece: Piece, lanes: list[LaneRecord]) -> list[float]:
    """Both ends of the short ramps that stand for the jumps of a lane's height: just before it, and at it."""
    found: list[float] = []
    for lane in lanes:
        for before, after in pairwise(lane.heights):
            if (before.inner, before.outer) != (after.inner, after.outer):
                at = piece.section.s + after.s_offset
                found += [at - _KERB_M, at]
    return [s for s in found if piece.start + 1e-3 < s < piece.end - 1e-3]


def _steps(piece: Piece, lanes: list[LaneRecord], grid: np.ndarray) -> np.ndarray:
    """Allowed distance between knots, never growing faster than `_GROWTH` per metre, so that neighbours are alike."""
    road, local = piece.road, grid - piece.section.s
    _, _, curvature = reference_line(road.geometry, grid)
    widths = [np.abs(profiles.value(lane.widths, local)) for lane in lanes if lane.widths]
    reach = np.abs(profiles.value(road.lane_offset, grid)) + sum(widths, np.zeros(len(grid)))
    bends = np.abs(curvature) * (1.0 + np.abs(curvature) * reach) + profiles.bend(road.elevation, grid)
    bends += profiles.bend(road.lane_offset, grid) + reach * profiles.bend(road.superelevation, grid)
    for side in ("left", "right"):
        bends += reach * profiles.bend(_falls(road, side), grid)
    for lane in lanes:
        bends += profiles.bend(lane.widths, local) + profiles.bend(lane.borders, local)
    step = np.sqrt(8.0 * CHORD_ERROR_M / np.maximum(bends, 1e-9))
    step = np.clip(step, _MIN_STEP_M, np.where(bends > 1e-5, MAX_CURVED_STEP_M, MAX_STRAIGHT_STEP_M))
    ramp = _GROWTH * (grid - grid[0])
    step = np.minimum.accumulate(step - ramp) + ramp
    return (np.minimum.accumulate((step + ramp)[::-1]) - ramp[::-1])[::-1]


def borders(piece: Piece) -> Borders:
    """Borders of every lane of a piece, left to right in the frame of the road."""
    s = knots(piece)
    road, local = piece.road, s - piece.section.s
    frame = Frame.of(road, s)
    lanes = {lane.id: lane for lane in piece.section.lanes}
    by_lane: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for sign in (1, -1):
        inner_t, shift = frame.offset, np.zeros((len(s), 3))
        for lane_id in range(sign, sign * (len(lanes) + 1), sign):
            lane = lanes.get(lane_id)
            if lane is None:
                break
            outer_t = _outer(lane, sign, inner_t, frame.offset, local)
            inner, outer = frame.points(inner_t) + shift, frame.points(outer_t) + shift
            if lane.level:
                # Neither bank nor crossfall nor shape: the lane lies flat, and what is beyond it begins at its edge.
                flat = inner + (outer_t - inner_t)[:, None] * frame.left()
                shift, outer = shift + flat - outer, flat
            inner[:, 2] += _height(lane, local, 0)
            outer[:, 2] += _height(lane, local, 1)
            by_lane[lane_id] = (inner, outer)
            inner_t = outer_t
    return Borders(s, by_lane)


def _outer(lane: LaneRecord, sign: int, inner_t: np.ndarray, offset: np.ndarray, local: np.ndarray) -> np.ndarray:
    if lane.widths or not lane.borders:
        return inner_t + sign * np.maximum(profiles.value(lane.widths, local), 0.0)
    return offset + profiles.value(lane.borders, local)


def _height(lane: LaneRecord, local: np.ndarray, side: int) -> np.ndarray:
    steps = tuple(Cubic(h.s_offset, h.outer if side else h.inner) for h in lane.heights)
    return profiles.value(steps, local)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The road's frame at n places: reference point, heading, height, bank (of either side) and lane offset.

    A crossfall turns its side of the road about the reference line, beside the bank of the whole; `shape_of` gives
    the height over the banked plane at n distances t.
    """

    xy_m: Float[np.ndarray, "n 2"]
    heading_rad: Float[np.ndarray, "n"]
    z_m: Float[np.ndarray, "n"]
    bank_rad: Float[np.ndarray, "n"]
    left_fall_rad: Float[np.ndarray, "n"]
    right_fall_rad: Float[np.ndarray, "n"]
    offset: Float[np.ndarray, "n"]
    shape_of: Callable[[np.ndarray], np.ndarray]

    @staticmethod
    def of(road: Road, s_m: Float[np.ndarray, "n"]) -> "Frame":
        """The frame of a road at `s_m`."""
        xy, heading, _ = reference_line(road.geometry, s_m)
        return Frame(
            xy,
            heading,
            profiles.value(road.elevation, s_m),
            profiles.value(road.superelevation, s_m),
            profiles.value(_falls(road, "left"), s_m),
            profiles.value(_falls(road, "right"), s_m),
            profiles.value(road.lane_offset, s_m),
            lambda t_m: _shape_height(road.shapes, s_m, t_m),
        )

    def points(self, t_m: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n 3"]:
        """Points `t_m` left of the reference line on the road surface (bank raises the left side)."""
        tilt = self.bank_rad + np.where(t_m > 0.0, -self.left_fall_rad, self.right_fall_rad)
        above = self.shape_of(t_m)
        side = t_m * np.cos(tilt) - above * np.sin(self.bank_rad)
        x = self.xy_m[:, 0] - side * np.sin(self.heading_rad)
        y = self.xy_m[:, 1] + side * np.cos(self.heading_rad)
        return np.stack([x, y, self.z_m + t_m * np.sin(tilt) + above * np.cos(self.bank_rad)], axis=-1)

    def left(self) -> Float[np.ndarray, "n 3"]:
        """The level directions to the left of the reference line."""
        return np.stack([-np.sin(self.heading_rad), np.cos(self.heading_rad), np.zeros_like(self.heading_rad)], axis=-1)


def _falls(road: Road, side: str) -> tuple[Cubic, ...]:
    return tuple(fall.profile for fall in road.crossfall if fall.side in (side, "both"))


def _shape_height(shapes: Sequence[LateralShape], s: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Heights over the banked plane: cubic in t at each station, linear between stations, constant beyond them."""
    if not shapes:
        return np.zeros_like(s)
    stations = sorted({shape.s for shape in shapes})
    rows = np.stack([profiles.value([x.profile for x in shapes if x.s == at], t) for at in stations])
    after = np.clip(np.searchsorted(stations, s, side="right"), 1, max(len(stations) - 1, 1))
    if len(stations) == 1:
        return rows[0]
    low, high = np.array(stations)[after - 1], np.array(stations)[after]
    share = np.clip((s - low) / (high - low), 0.0, 1.0)
    at = np.arange(len(s))
    return rows[after - 1, at] * (1.0 - share) + rows[after, at] * share


def point_on(road: Road, s_m: float, t_m: float) -> tuple[Float[np.ndarray, "3"], float]:
    """Point of a road at (s, t) and the heading of its reference line there."""
    frame = Frame.of(road, np.array([s_m]))
    return frame.points(np.array([t_m]))[0], float(frame.heading_rad[0])


def points_on(
    road: Road, s_m: Float[np.ndarray, "n"], t_m: Float[np.ndarray, "n"]
) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n"]]:
    """Points of a road at many (s, t), s ascending, and the headings of its reference line there."""
    frame = Frame.of(road, s_m)
    return frame.points(t_m), frame.heading_rad
