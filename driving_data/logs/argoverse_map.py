"""Vector maps of Argoverse 2 to `LaneMap`.

Lane ids and city coordinates (east-north-up, metres) stay as they are. Source: the map files' own keys.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.logs.files import read_json, told_as_input_error
from driving_data.logs.polylines import as_points, matched_sides
from driving_data.maps.lane_map import Lane, LaneKind, LaneMap, MapArea, Marking, MarkingKind

_KINDS = {"VEHICLE": LaneKind.DRIVING, "BUS": LaneKind.BUS, "BIKE": LaneKind.BICYCLE}
_PAINT = {
    "DASHED": MarkingKind.BROKEN,
    "SOLID": MarkingKind.SOLID,
    "DOUBLE_SOLID": MarkingKind.SOLID_SOLID,
    "DOUBLE_DASH": MarkingKind.BROKEN,
    "SOLID_DASH": MarkingKind.SOLID_BROKEN,
    "DASH_SOLID": MarkingKind.BROKEN_SOLID,
    "NONE": MarkingKind.NONE,
    "UNKNOWN": MarkingKind.NONE,
}


def read_argoverse_map(path: Path, city: str) -> LaneMap:
    """The map of one log.

    Raises:
        InputError: the file is damaged; the fault names it.
    """
    with told_as_input_error(path, "an Argoverse 2 vector map"):
        document: Mapping[str, Mapping[str, Any]] = read_json(path)
        lanes = _with_true_neighbours([_lane(item) for item in document["lane_segments"].values()])
        areas = [_area(item, "drivable") for item in document["drivable_areas"].values()]
        areas += [_crossing(item) for item in document["pedestrian_crossings"].values()]
        return LaneMap(lanes=tuple(lanes), areas=tuple(areas), name=city)


def _points(items: Sequence[Mapping[str, float]]) -> np.ndarray:
    return as_points([(point["x"], point["y"], point["z"]) for point in items])


def _marking(name: str) -> Marking:
    paint, _, color = name.rpartition("_")
    if name in _PAINT:
        return Marking(_PAINT[name])
    if paint not in _PAINT:
        raise ValueError(f"unknown lane marking {name!r}")
    return Marking(_PAINT[paint], color.lower())


def _ids(values: Sequence[int]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


def _lane(item: Mapping[str, Any]) -> Lane:
    left, right = matched_sides(_points(item["left_lane_boundary"]), _points(item["right_lane_boundary"]))
    if len(left) < 2:
        raise ValueError(f"lane {item['id']} has fewer than two boundary points")
    return Lane(
        id=str(item["id"]),
        kind=_KINDS[item["lane_type"]],
        centerline_m=0.5 * (left + right),
        left_m=left,
        right_m=right,
        left_marking=_marking(item["left_lane_mark_type"]),
        right_marking=_marking(item["right_lane_mark_type"]),
        predecessors=_ids(item["predecessors"]),
        successors=_ids(item["successors"]),
        left_neighbor=None if item["left_neighbor_id"] is None else str(item["left_neighbor_id"]),
        right_neighbor=None if item["right_neighbor_id"] is None else str(item["right_neighbor_id"]),
        junction_id="intersection" if item["is_intersection"] else None,
    )


def _with_true_neighbours(lanes: list[Lane]) -> list[Lane]:
    """Argoverse names oncoming lanes as neighbours too; ours are those with the same direction of travel."""
    from dataclasses import replace

    by_id = {lane.id: lane for lane in lanes}

    def same_way(lane: Lane, other_id: str | None) -> str | None:
        other = by_id.get(other_id or "")
        if other is None:
            return None
        along = lane.centerline_m[-1] - lane.centerline_m[0]
        return other_id if float(along @ (other.centerline_m[-1] - other.centerline_m[0])) > 0 else None

    return [
        replace(
            lane, left_neighbor=same_way(lane, lane.left_neighbor), right_neighbor=same_way(lane, lane.right_neighbor)
        )
        for lane in lanes
    ]


def _area(item: Mapping[str, Any], kind: str) -> MapArea:
    return MapArea(str(item["id"]), kind, _points(item["area_boundary"]))


def _crossing(item: Mapping[str, Any]) -> MapArea:
    edge, other = _points(item["edge1"]), _points(item["edge2"])
    return MapArea(str(item["id"]), "crosswalk", np.concatenate([edge, other[::-1]]))
