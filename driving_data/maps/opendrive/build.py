"""Helpers that lay out roads: chains of plan-view pieces, turns, cross-sections.

pieces = chain(Pose(0, 0, 0), [(Line(), 50.0), (Arc(0.01), 30.0)])
section = cross_section(0.0, left=[Strip("driving", 3.5)], right=[Strip("driving", 3.5)], center="broken")
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from driving_data.maps.opendrive.curves import end_pose
from driving_data.maps.opendrive.document import (
    Arc,
    Cubic,
    Geometry,
    LaneHeight,
    LaneRecord,
    LaneSpeed,
    Line,
    RoadMark,
    Section,
    Shape,
    Spiral,
)


@dataclass(frozen=True, slots=True)
class Pose:
    """A point and a heading in the plane."""

    x: float
    y: float
    heading: float

    def ahead(self, distance_m: float) -> "Pose":
        """The pose `distance_m` straight ahead."""
        return self.moved(distance_m, 0.0)

    def moved(self, ahead_m: float, left_m: float) -> "Pose":
        """The pose `ahead_m` ahead and `left_m` to the left, with the same heading."""
        cos, sin = math.cos(self.heading), math.sin(self.heading)
        return Pose(self.x + ahead_m * cos - left_m * sin, self.y + ahead_m * sin + left_m * cos, self.heading)


def chain(start: Pose, parts: Sequence[tuple[Shape, float]]) -> tuple[Geometry, ...]:
    """Pieces laid end to end from a pose, without jump or kink; parts shorter than 1 mm are left out."""
    pieces: list[Geometry] = []
    s, x, y, heading = 0.0, start.x, start.y, start.heading
    for shape, length in parts:
        if length < 1e-3:
            continue
        pieces.append(Geometry(s, x, y, heading, length, shape))
        x, y, heading = end_pose(pieces[-1])
        s += length
    return tuple(pieces)


def chain_ending(end: Pose, parts: Sequence[tuple[Shape, float]]) -> tuple[Geometry, ...]:
    """Likewise, but placed so that the last piece ends at `end`."""
    trial = chain(Pose(0.0, 0.0, 0.0), parts)
    x, y, turn = end_pose(trial[-1])
    heading = end.heading - turn
    cos, sin = math.cos(heading), math.sin(heading)
    return chain(Pose(end.x - x * cos + y * sin, end.y - x * sin - y * cos, heading), parts)


def length_of(pieces: Sequence[Geometry]) -> float:
    """Length of a chain of pieces."""
    return pieces[-1].s + pieces[-1].length


def turn_parts(angle_rad: float, radius_m: float, spiral_share: float = 0.5) -> list[tuple[Shape, float]]:
    """A turn by `angle_rad` (positive to the left): clothoid in, arc, clothoid out, curvature continuous.

    `spiral_share` of the angle is turned in the two clothoids, each of which turns by L / (2 R).
    """
    curvature = math.copysign(1.0 / radius_m, angle_rad)
    each = 0.5 * spiral_share * abs(angle_rad)
    spiral, arc = 2.0 * radius_m * each, radius_m * (abs(angle_rad) - 2.0 * each)
    return [(Spiral(0.0, curvature), spiral), (Arc(curvature), arc), (Spiral(curvature, 0.0), spiral)]


def tangent_m(angle_rad: float, radius_m: float, spiral_share: float = 0.5) -> float:
    """From the beginning of such a turn to the corner where its tangents meet."""
    x, y, _ = end_pose(chain(Pose(0.0, 0.0, 0.0), turn_parts(angle_rad, 1000.0, spiral_share))[-1])
    return (x - y / math.tan(angle_rad)) * radius_m / 1000.0


def fillet(start: Pose, end: Pose, spiral_share: float = 0.5) -> list[tuple[Shape, float]]:
    """Parts from `start` to `end`, whose straight lines meet ahead of the one and behind the other: one widest turn.

    The tangent length of the turn scales with its radius; it takes the shorter of the two ways to the corner, and a
    straight line fills the longer one.

    Raises:
        ValueError: the lines do not meet between the poses.
    """
    angle = math.remainder(end.heading - start.heading, 2.0 * math.pi)
    dx, dy = end.x - start.x, end.y - start.y
    if abs(math.sin(angle)) < 1e-9:
        return _straight(start, end)
    ahead = (dx * math.sin(end.heading) - dy * math.cos(end.heading)) / math.sin(angle)
    behind = (dy * math.cos(start.heading) - dx * math.sin(start.heading)) / math.sin(angle)
    if ahead <= 0.0 or behind <= 0.0:
        raise ValueError(f"lines do not meet between the poses ({ahead:.2f} m ahead, {behind:.2f} m behind)")
    reach = min(ahead, behind)
    parts = turn_parts(angle, reach / tangent_m(angle, 1.0, spiral_share), spiral_share)
    return [(Line(), ahead - reach), *parts, (Line(), behind - reach)]


def _straight(start: Pose, end: Pose) -> list[tuple[Shape, float]]:
    aside = (end.y - start.y) * math.cos(start.heading) - (end.x - start.x) * math.sin(start.heading)
    if abs(aside) > 1e-6:
        raise ValueError(f"parallel lines {aside:.3f} m apart are joined by no single turn")
    return [(Line(), math.hypot(end.x - start.x, end.y - start.y))]


@dataclass(frozen=True, slots=True)
class Strip:
    """One lane of a cross-section, from the centre outwards.

    Attributes:
        type: OpenDRIVE lane type.
        width_m: width, or cubic profiles along the section.
        mark: road mark type on its outer border.
        color: of the mark.
        mark_width_m: of the mark.
        lane_change: as in the format; empty leaves it to the type of the mark.
        limit_mps: speed limit; NaN for none.
        height_m: above the road.
        reversed: whether its traffic runs against the habit of its side.
    """

    type: str
    width_m: float | tuple[Cubic, ...]
    mark: str = "none"
    color: str = "standard"
    mark_width_m: float = 0.12
    lane_change: str = ""
    limit_mps: float = float("nan")
    height_m: float = 0.0
    reversed: bool = False


def cross_section(
    s_m: float,
    left: Sequence[Strip] = (),
    right: Sequence[Strip] = (),
    center: str = "none",
    center_color: str = "standard",
) -> Section:
    """A lane section from strips that are given from the centre outwards on each side."""
    change = "none" if center not in ("none", "broken") else "both"
    middle = LaneRecord(0, "none", marks=(RoadMark(0.0, center, center_color, 0.12, change),))
    on_left = [_lane(k + 1, strip) for k, strip in enumerate(left)]
    on_right = [_lane(-(k + 1), strip) for k, strip in enumerate(right)]
    return Section(s_m, (*reversed(on_left), middle, *on_right))


def _lane(lane_id: int, strip: Strip) -> LaneRecord:
    widths = strip.width_m if isinstance(strip.width_m, tuple) else (Cubic(0.0, float(strip.width_m)),)
    return LaneRecord(
        lane_id,
        strip.type,
        widths=widths,
        marks=(RoadMark(0.0, strip.mark, strip.color, strip.mark_width_m, strip.lane_change),),
        speeds=() if math.isnan(strip.limit_mps) else (LaneSpeed(0.0, strip.limit_mps),),
        heights=(LaneHeight(0.0, strip.height_m, strip.height_m),) if strip.height_m else (),
        direction="reversed" if strip.reversed else "standard",
    )


def linked(
    section: Section, before: Mapping[int, int] | None = None, after: Mapping[int, int] | None = None
) -> Section:
    """The section with lane links: own id to the id at its start (`before`) and at its end (`after`)."""
    lanes = [
        replace(
            lane,
            predecessors=(before[lane.id],) if before and lane.id in before else lane.predecessors,
            successors=(after[lane.id],) if after and lane.id in after else lane.successors,
        )
        for lane in section.lanes
    ]
    return replace(section, lanes=tuple(lanes))


def same_ids(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Sections of one road, each lane linked with the lane of the same id in the sections beside it."""
    ids = [{lane.id for lane in section.lanes} - {0} for section in sections]
    made: list[Section] = []
    for k, section in enumerate(sections):
        before = {i: i for i in ids[k] & ids[k - 1]} if k else None
        after = {i: i for i in ids[k] & ids[k + 1]} if k + 1 < len(sections) else None
        made.append(linked(section, before, after))
    return tuple(made)


def smooth_step(start_s: float, length_m: float, low: float, high: float) -> Cubic:
    """A cubic from `low` to `high` over a length, level at both ends."""
    rise = high - low
    return Cubic(start_s, low, 0.0, 3.0 * rise / length_m**2, -2.0 * rise / length_m**3)


def circle(center_x: float, center_y: float, radius_m: float, count: int = 48) -> np.ndarray:
    """Points of a circle, counter-clockwise, shape (count, 2)."""
    angle = 2.0 * np.pi * np.arange(count) / count
    return np.stack([center_x + radius_m * np.cos(angle), center_y + radius_m * np.sin(angle)], axis=-1)
