"""A `Document` into a `LaneMap`: lanes in the direction of travel, with their neighbours, links and furniture."""

from dataclasses import dataclass, replace

import numpy as np

from driving_data.errors import Fault, InputError, nearest_name
from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane, LaneMap
from driving_data.maps.opendrive.document import Document, LaneRecord, Road, RoadMark
from driving_data.maps.opendrive.furniture import furniture_of
from driving_data.maps.opendrive.links import links_of
from driving_data.maps.opendrive.marks import lane_kind, mark_at, marking, may_cross
from driving_data.maps.opendrive.network import Network, lane_name, runs_forward
from driving_data.maps.opendrive.sampling import Borders, Piece, borders

_THINNEST_M = 0.01


def assemble(document: Document, text: str | None = None, file: str = "", name: str = "") -> LaneMap:
    """The lane map of a document.

    Args:
        document: what the file says.
        text: the OpenDRIVE text, kept in the map.
        file: path for fault messages.
        name: name of the map; that of the document's header where empty.

    Raises:
        InputError: a named route uses lanes that do not exist or do not follow one another.
    """
    network = Network.of(document)
    lanes: list[Lane] = []
    for pieces in network.pieces.values():
        for piece in pieces:
            lanes += _lanes_of(piece)
    known = {lane.id for lane in lanes}
    forward, backward = links_of(network, known)
    linked = [replace(x, predecessors=backward.get(x.id, ()), successors=forward.get(x.id, ())) for x in lanes]
    furniture = furniture_of(network, {lane.id: lane for lane in linked}, file)
    left = sum(road.rule == "LHT" for road in document.roads)
    lane_map = LaneMap(
        lanes=tuple(linked),
        signals=furniture.signals,
        signs=furniture.signs,
        areas=furniture.areas,
        objects=furniture.objects,
        routes=dict(document.routes),
        opendrive=text,
        name=name or document.name,
        left_hand_traffic=2 * left > len(document.roads),
    )
    check_routes(lane_map, file)
    return lane_map


def check_routes(lane_map: LaneMap, file: str = "") -> None:
    """Whether every route names lanes of the map, each leading to the next.

    Raises:
        InputError: every fault of every route.
    """
    faults: list[Fault] = []
    for route, ids in lane_map.routes.items():
        path = f"routes.{route}"
        if not ids:
            faults.append(Fault(file, 0, 0, path, "empty-route", "no lanes", "at least one lane"))
        for k, lane_id in enumerate(ids):
            if lane_id not in lane_map.lane_by_id:
                nearest = nearest_name(lane_id, lane_map.lane_by_id)
                faults.append(Fault(file, 0, 0, f"{path}[{k}]", "unknown-lane", lane_id, "a lane of the map", nearest))
            elif k and ids[k - 1] in lane_map.lane_by_id:
                before = lane_map.lane_by_id[ids[k - 1]]
                if lane_id not in before.successors:
                    expected = f"a successor of {before.id}: {', '.join(before.successors) or 'it has none'}"
                    faults.append(Fault(file, 0, 0, f"{path}[{k}]", "broken-route", lane_id, expected))
    if faults:
        raise InputError(faults)


@dataclass(frozen=True, slots=True)
class _Side:
    """A lane of a piece with the marks on both of its sides in the frame of the road."""

    record: LaneRecord
    left: tuple[RoadMark | None, int]
    right: tuple[RoadMark | None, int]


def _lanes_of(piece: Piece) -> list[Lane]:
    """Lanes of a piece, left to right in the frame of the road."""
    sampled = borders(piece)
    records = {record.id: record for record in piece.section.lanes}
    ids = sorted((i for i in sampled.by_lane if _is_wide(sampled, i)), reverse=True)
    offset = piece.middle - piece.section.s
    marks = {i: mark_at(record, offset) for i, record in records.items()}
    sides: list[_Side] = []
    for i in ids:
        left = i if i > 0 else i + 1
        right = i - 1 if i > 0 else i
        sides.append(_Side(records[i], (marks.get(left), left), (marks.get(right), right)))
    lanes = [_lane(piece, sampled, side) for side in sides]
    return [_with_neighbors(k, lanes, sides, piece.road) for k in range(len(lanes))]


def _is_wide(sampled: Borders, lane_id: int) -> bool:
    inner, outer = sampled.by_lane[lane_id]
    return bool(np.max(np.linalg.norm(outer - inner, axis=-1)) > _THINNEST_M)


def _lane(piece: Piece, sampled: Borders, side: _Side) -> Lane:
    record, road = side.record, piece.road
    inner, outer = sampled.by_lane[record.id]
    left, right = (outer, inner) if record.id > 0 else (inner, outer)
    forward = runs_forward(road, record)
    left_mark, right_mark = (marking(*mark, forward) for mark in (side.left, side.right))
    if not forward:
        left, right = right[::-1], left[::-1]
        left_mark, right_mark = right_mark, left_mark
    return Lane(
        id=lane_name(road.id, piece.index, record.id),
        kind=lane_kind(record.type),
        centerline_m=0.5 * (left + right),
        left_m=np.ascontiguousarray(left),
        right_m=np.ascontiguousarray(right),
        left_marking=left_mark,
        right_marking=right_mark,
        speed_limit_mps=_speed_limit(piece, record),
        road_id=road.id,
        junction_id=None if road.junction in ("-1", "") else road.junction,
    )


def _speed_limit(piece: Piece, record: LaneRecord) -> float:
    limit = float("nan")
    for kind in piece.road.types:
        if kind.s <= piece.middle:
            limit = kind.max_mps
    for speed in record.speeds:
        if piece.section.s + speed.s_offset <= piece.middle:
            limit = speed.max_mps
    return limit


def _with_neighbors(k: int, lanes: list[Lane], sides: list[_Side], road: Road) -> Lane:
    """The lane with the neighbours of its own direction to which its marks let one change."""
    lane, side = lanes[k], sides[k]
    forward = runs_forward(road, side.record)
    found: dict[str, str] = {}
    for step, mark in ((-1, side.left), (1, side.right)):
        if not 0 <= k + step < len(lanes):
            continue
        other = lanes[k + step]
        drivable = lane.kind in DRIVABLE_KINDS and other.kind in DRIVABLE_KINDS
        if drivable and runs_forward(road, sides[k + step].record) == forward and may_cross(*mark, step < 0):
            found["left_neighbor" if (step < 0) == forward else "right_neighbor"] = other.id
    return replace(lane, left_neighbor=found.get("left_neighbor"), right_neighbor=found.get("right_neighbor"))
