"""Map features in Waymo's vocabulary (WOMD protos, ScenarioNet pickles, GPUDrive JSON) to `LaneMap`.

Waymo gives centrelines, not lane areas. The half width on each side is the distance to the boundary line that the
lane names, else half the distance to the neighbour lane that it names, else `DEFAULT_HALF_WIDTH_M`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from driving_data.logs.polylines import as_points, distance_m, left_normals
from driving_data.maps.lane_map import (
    Lane,
    LaneKind,
    LaneMap,
    MapArea,
    MapObject,
    Marking,
    MarkingKind,
    RoadSign,
    TrafficSignal,
)
from driving_data.taxonomy import ActorClass, SignalState

DEFAULT_HALF_WIDTH_M = 1.75
LONGEST_CAR_M = 7.0
_HALF_WIDTH_RANGE_M = (1.0, 3.5)
_MPH_MPS = 0.44704

LANES = {
    "LANE_UNKNOWN": LaneKind.OTHER,
    "LANE_FREEWAY": LaneKind.DRIVING,
    "LANE_SURFACE_STREET": LaneKind.DRIVING,
    "LANE_SURFACE_UNSTRUCTURE": LaneKind.DRIVING,
    "LANE_BIKE_LANE": LaneKind.BICYCLE,
}
LINES = {
    "ROAD_LINE_UNKNOWN": Marking(MarkingKind.NONE),
    "ROAD_LINE_BROKEN_SINGLE_WHITE": Marking(MarkingKind.BROKEN),
    "ROAD_LINE_SOLID_SINGLE_WHITE": Marking(MarkingKind.SOLID),
    "ROAD_LINE_SOLID_DOUBLE_WHITE": Marking(MarkingKind.SOLID_SOLID),
    "ROAD_LINE_BROKEN_SINGLE_YELLOW": Marking(MarkingKind.BROKEN, "yellow"),
    "ROAD_LINE_BROKEN_DOUBLE_YELLOW": Marking(MarkingKind.BROKEN, "yellow"),
    "ROAD_LINE_SOLID_SINGLE_YELLOW": Marking(MarkingKind.SOLID, "yellow"),
    "ROAD_LINE_SOLID_DOUBLE_YELLOW": Marking(MarkingKind.SOLID_SOLID, "yellow"),
    "ROAD_LINE_PASSING_DOUBLE_YELLOW": Marking(MarkingKind.SOLID_BROKEN, "yellow"),
    "ROAD_EDGE_UNKNOWN": Marking(MarkingKind.KERB),
    "ROAD_EDGE_BOUNDARY": Marking(MarkingKind.KERB),
    "ROAD_EDGE_MEDIAN": Marking(MarkingKind.KERB),
}
_AREAS = {"CROSSWALK": "crosswalk", "SPEED_BUMP": "speed_bump", "DRIVEWAY": "driveway"}
_SIGNALS = {
    "None": SignalState.UNKNOWN,
    "UNKNOWN": SignalState.UNKNOWN,
    "ARROW_STOP": SignalState.RED,
    "ARROW_CAUTION": SignalState.YELLOW,
    "ARROW_GO": SignalState.GREEN,
    "STOP": SignalState.RED,
    "CAUTION": SignalState.YELLOW,
    "GO": SignalState.GREEN,
    "FLASHING_STOP": SignalState.FLASHING_RED,
    "FLASHING_CAUTION": SignalState.FLASHING_YELLOW,
}


@dataclass(frozen=True, slots=True, eq=False)
class Boundary:
    """The line beside points `start` to `end` of a lane."""

    start: int
    end: int
    feature_id: str


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """One map feature, whatever file it was read from.

    Attributes:
        id: of the feature.
        kind: Waymo's name in ScenarioNet's spelling, as `LANE_SURFACE_STREET`.
        points_m: polyline, polygon or the one position, shape (n, 3).
        entries: lanes that lead here.
        exits: lanes that follow.
        left: boundaries on the left.
        right: boundaries on the right.
        left_neighbors: lanes to the left.
        right_neighbors: lanes to the right.
        speed_limit_mps: NaN where unknown.
        lane_ids: lanes that a stop sign controls.
        half_width_m: measured half width; NaN where unknown.
    """

    id: str
    kind: str
    points_m: Float[np.ndarray, "n 3"]
    entries: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()
    left: tuple[Boundary, ...] = ()
    right: tuple[Boundary, ...] = ()
    left_neighbors: tuple[str, ...] = ()
    right_neighbors: tuple[str, ...] = ()
    speed_limit_mps: float = float("nan")
    lane_ids: tuple[str, ...] = ()
    half_width_m: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class LaneSignal:
    """States of the light of one lane over time, Waymo's names, and where one stops for it."""

    lane_id: str
    states: tuple[str, ...]
    stop_point_m: Float[np.ndarray, "3"]


def lane_map_from_features(features: Sequence[Feature], signals: Sequence[LaneSignal] = (), name: str = "",
                           left_hand_traffic: bool = False) -> LaneMap:  # fmt: skip
    """The lane map of a scene.

    Raises:
        ValueError: a feature has a kind that is not known.
    """
    by_id = {feature.id: feature for feature in features}
    lanes = [_lane(feature, by_id) for feature in features if feature.kind in LANES and len(feature.points_m) > 1]
    lane_by_id = {lane.id: lane for lane in lanes}
    unknown = sorted({f.kind for f in features} - set(LANES) - set(LINES) - set(_AREAS) - {"STOP_SIGN"})
    if unknown:
        raise ValueError(f"unknown map feature {unknown[0]!r}")
    return LaneMap(
        lanes=tuple(lanes),
        signals=tuple(_signal(item, lane_by_id) for item in signals),
        signs=tuple(_stop_sign(item, lane_by_id) for item in features if item.kind == "STOP_SIGN"),
        areas=tuple(
            MapArea(item.id, _AREAS[item.kind], item.points_m)
            for item in features
            if item.kind in _AREAS and len(item.points_m) > 2
        ),
        objects=tuple(edge for item in features if item.kind.startswith("ROAD_EDGE") for edge in _edges(item)),
        name=name,
        left_hand_traffic=left_hand_traffic,
    )


def _edges(feature: Feature) -> list[MapObject]:
    """A road edge as one flat object per straight piece, so that kerbs without a lane are not lost."""
    start, end = feature.points_m[:-1], feature.points_m[1:]
    length = np.linalg.norm(end - start, axis=-1)
    heading = np.arctan2(end[:, 1] - start[:, 1], end[:, 0] - start[:, 0])
    return [
        MapObject(f"{feature.id}_{index}", "kerb", 0.5 * (start[index] + end[index]), float(heading[index]),
                  np.array([length[index], 0.15, 0.15]))
        for index in np.flatnonzero(length > 1e-6)
    ]  # fmt: skip


def _lane(feature: Feature, by_id: Mapping[str, Feature]) -> Lane:
    normal = left_normals(feature.points_m)
    left = _half_width(feature, feature.left, feature.left_neighbors, by_id)
    right = _half_width(feature, feature.right, feature.right_neighbors, by_id)
    return Lane(
        id=feature.id,
        kind=LANES[feature.kind],
        centerline_m=feature.points_m,
        left_m=feature.points_m + left[:, None] * normal,
        right_m=feature.points_m - right[:, None] * normal,
        left_marking=_marking(feature.left, by_id),
        right_marking=_marking(feature.right, by_id),
        predecessors=feature.entries,
        successors=feature.exits,
        left_neighbor=feature.left_neighbors[0] if feature.left_neighbors else None,
        right_neighbor=feature.right_neighbors[0] if feature.right_neighbors else None,
        speed_limit_mps=feature.speed_limit_mps,
    )


def _half_width(lane: Feature, boundaries: Sequence[Boundary], neighbors: Sequence[str],
                by_id: Mapping[str, Feature]) -> np.ndarray:  # fmt: skip
    default = lane.half_width_m if np.isfinite(lane.half_width_m) else DEFAULT_HALF_WIDTH_M
    width = np.full(len(lane.points_m), default)
    for other in neighbors:
        if other in by_id:
            gap = 0.5 * distance_m(lane.points_m, by_id[other].points_m)
            width = np.where(gap < _HALF_WIDTH_RANGE_M[1], gap, width)
    for item in boundaries:
        line = by_id.get(item.feature_id)
        if line is not None and len(line.points_m):
            part = slice(max(item.start, 0), item.end + 1)
            width[part] = distance_m(lane.points_m[part], line.points_m)
    return np.where((width >= _HALF_WIDTH_RANGE_M[0]) & (width <= _HALF_WIDTH_RANGE_M[1]), width, default)


def _marking(boundaries: Sequence[Boundary], by_id: Mapping[str, Feature]) -> Marking:
    """The marking along the longest piece of boundary."""
    longest = max(boundaries, key=lambda item: item.end - item.start, default=None)
    line = by_id.get(longest.feature_id) if longest else None
    return LINES.get(line.kind, Marking()) if line else Marking()


def _signal(item: LaneSignal, lanes: Mapping[str, Lane]) -> TrafficSignal:
    lane = lanes.get(item.lane_id)
    heading = 0.0
    if lane is not None:
        ahead = lane.centerline_m[min(1, len(lane.centerline_m) - 1)] - lane.centerline_m[0]
        heading = float(np.arctan2(ahead[1], ahead[0]))
    across = DEFAULT_HALF_WIDTH_M * np.array([-np.sin(heading), np.cos(heading), 0.0])
    facing = float((heading + 2 * np.pi) % (2 * np.pi) - np.pi)
    stop_line = np.stack([item.stop_point_m + across, item.stop_point_m - across])
    return TrafficSignal(f"signal_{item.lane_id}", item.stop_point_m, facing, (item.lane_id,), stop_line)


def _stop_sign(feature: Feature, lanes: Mapping[str, Lane]) -> RoadSign:
    lane = next((lanes[lane_id] for lane_id in feature.lane_ids if lane_id in lanes), None)
    heading = 0.0
    if lane is not None:
        ahead = lane.centerline_m[1] - lane.centerline_m[0]
        heading = float(np.arctan2(-ahead[1], -ahead[0]))
    return RoadSign(feature.id, "stop", feature.points_m[0], heading, lane_ids=feature.lane_ids)


def signal_number(name: str) -> int:
    """`SignalState` of Waymo's name, with or without the prefix `LANE_STATE_`.

    Raises:
        ValueError: there is no such state.
    """
    short = name.removeprefix("LANE_STATE_")
    if short not in _SIGNALS:
        raise ValueError(f"unknown signal state {name!r}")
    return int(_SIGNALS[short])


def vehicle_by_length(length_m: float) -> ActorClass:
    """Waymo's VEHICLE is any vehicle: what is longer than a van is called a truck here, the rest a car."""
    return ActorClass.TRUCK if length_m > LONGEST_CAR_M else ActorClass.CAR


def mph(value: Any) -> float:
    """Miles per hour to m/s; NaN for 0 or nothing, which mean unknown."""
    number = float(value or 0.0)
    return number * _MPH_MPS if number > 0 else float("nan")


def as_feature_points(value: Any) -> np.ndarray:
    """Points of a feature: polylines, polygons or one position."""
    array = np.asarray(value, dtype=np.float64)
    return as_points(array[None] if array.ndim == 1 else array)


__all__ = [
    "Boundary",
    "Feature",
    "LaneSignal",
    "as_feature_points",
    "lane_map_from_features",
    "mph",
    "signal_number",
    "vehicle_by_length",
]
