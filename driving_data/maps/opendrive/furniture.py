"""Signals, signs, areas and standing objects of a document in `world`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from driving_data.errors import Fault, InputError
from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane, MapArea, MapObject, RoadSign, TrafficSignal
from driving_data.maps.opendrive.curves import reference_line
from driving_data.maps.opendrive.document import Corner, ObjectRecord, Repeat, Road, SignalRecord, Tunnel, Validity
from driving_data.maps.opendrive.network import Network, lane_name, runs_forward
from driving_data.maps.opendrive.sampling import Piece, point_on, points_on
from driving_data.maps.opendrive.signs import PEDESTRIAN_LIGHTS, area_kind, is_light, object_kind, plate_of, sign_kind

MAX_OBJECTS = 200_000
TUNNEL_PIECE_M, TUNNEL_HALF_WIDTH_M = 5.0, 12.0
_LONGEST_PIECE_M = 20.0
_BOW_M = 0.02
_DEFAULT_SIZES_M = {
    "tree": (4.0, 4.0, 8.0), "pole": (0.12, 0.12, 3.0), "street_lamp": (0.2, 0.2, 8.0), "barrier": (1.0, 0.4, 0.9),
    "guard_rail": (1.0, 0.3, 0.75), "building": (10.0, 10.0, 8.0), "bush": (1.5, 1.5, 1.2), "bollard": (0.2, 0.2, 1.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Furniture:
    """What stands beside the lanes and lies on them."""

    signals: tuple[TrafficSignal, ...]
    signs: tuple[RoadSign, ...]
    areas: tuple[MapArea, ...]
    objects: tuple[MapObject, ...]


def furniture_of(network: Network, lanes: Mapping[str, Lane], file: str) -> Furniture:
    """Everything beside the lanes.

    Raises:
        InputError: repeated objects add up to more than `MAX_OBJECTS`.
    """
    controlled = _controlled_lanes(network, lanes)
    signals: list[TrafficSignal] = []
    signs: list[RoadSign] = []
    areas: list[MapArea] = []
    objects: list[MapObject] = []
    for road in network.document.roads:
        for record in road.signals:
            ids = controlled.get(record.id, ())
            if is_light(record):
                signals.append(_traffic_signal(road, record, ids, lanes))
            else:
                signs.append(_sign(network, road, record, lanes))
                if signs[-1].kind in ("stop_line", "yield_line"):
                    areas.append(_line_area(signs[-1], lanes))
        areas += [_tunnel(road, tunnel) for tunnel in road.tunnels]
        for record in road.objects:
            kind = area_kind(record)
            plate = plate_of(record)
            if plate is not None:
                signs.append(_sign(network, road, plate, lanes))
            elif kind is not None:
                areas += _areas(road, record, kind, len(areas))
            else:
                objects += _objects(road, record, len(objects), file)
            if len(objects) > MAX_OBJECTS:
                fault = Fault(file, record.line, 0, f"road[{road.id}].object[{record.id}]", "too-many-objects",
                              "", f"at most {MAX_OBJECTS} objects in a file")  # fmt: skip
                raise InputError([fault])
    return Furniture(tuple(signals), tuple(signs), tuple(areas), tuple(objects))


def _tunnel(road: Road, tunnel: Tunnel) -> MapArea:
    """What lies under the roof: the left edge along the road, then the right edge back, every 5 m at most."""
    end = min(tunnel.s + tunnel.length, road.length)
    at = np.linspace(tunnel.s, end, max(2, math.ceil((end - tunnel.s) / TUNNEL_PIECE_M) + 1))
    left, _ = points_on(road, at, np.full(len(at), TUNNEL_HALF_WIDTH_M))
    right, _ = points_on(road, at, np.full(len(at), -TUNNEL_HALF_WIDTH_M))
    return MapArea(f"tunnel.{road.id}.{tunnel.id}", "tunnel", np.concatenate([left, right[::-1]]))


def _up(height_m: float) -> np.ndarray:
    return np.array([0.0, 0.0, height_m])


def _places(road: Road, orientation: str, validities: tuple[Validity, ...], piece: Piece) -> list[int]:
    """Ids of the lanes of a piece for which a signal counts.

    A validity names lanes whatever their direction (CARLA's towns write it so, with an orientation of another
    meaning); where it names lanes of both directions, or where there is none, the orientation decides.
    """
    lanes = [lane for lane in piece.section.lanes if lane.id != 0]
    if validities:
        ranges = [(min(v.from_lane, v.to_lane), max(v.from_lane, v.to_lane)) for v in validities]
        lanes = [lane for lane in lanes if any(low <= lane.id <= high for low, high in ranges)]
    facing = [lane.id for lane in lanes if orientation == "none" or (orientation == "+") == runs_forward(road, lane)]
    return facing or ([lane.id for lane in lanes] if validities else [])


def _controlled_lanes(network: Network, lanes: Mapping[str, Lane]) -> dict[str, tuple[str, ...]]:
    """Lanes that each light controls: those inside a junction, or the lane itself where none follows it."""
    found: dict[str, list[str]] = {}
    for road in network.document.roads:
        uses = [(r.id, r.s, r.orientation, r.validities) for r in (*road.signals, *road.signal_references)]
        for signal_id, s, orientation, validities in uses:
            piece = network.piece_at(road, s)
            if piece is None:
                continue
            names = [lane_name(road.id, piece.index, i) for i in _places(road, orientation, validities, piece)]
            ids = found.setdefault(signal_id, [])
            for name in names:
                ids += [i for i in _behind_light(name, lanes) if i not in ids]
    return {signal_id: tuple(ids) for signal_id, ids in found.items()}


def _behind_light(name: str, lanes: Mapping[str, Lane]) -> list[str]:
    lane = lanes.get(name)
    if lane is None or lane.kind not in DRIVABLE_KINDS:
        return []
    if lane.junction_id is not None:
        while lane.predecessors and lanes[lane.predecessors[0]].road_id == lane.road_id:
            lane = lanes[lane.predecessors[0]]
        return [lane.id]
    inside = [i for i in lane.successors if lanes[i].junction_id is not None and lanes[i].kind in DRIVABLE_KINDS]
    return inside or [lane.id]


def _facing(road: Road, record: SignalRecord) -> tuple[np.ndarray, float]:
    """Centre of the plate or lamps, and the direction it looks: towards the traffic that it is for."""
    point, heading = point_on(road, record.s, record.t)
    against = 0.0 if record.orientation == "-" else math.pi
    yaw = heading + against + record.h_offset
    return point + _up(record.z_offset + 0.5 * record.height), (yaw + math.pi) % (2 * math.pi) - math.pi


def _traffic_signal(road: Road, record: SignalRecord, ids: tuple[str, ...], lanes: Mapping[str, Lane]) -> TrafficSignal:
    point, heading = _facing(road, record)
    lane_ids = () if record.type in PEDESTRIAN_LIGHTS else ids
    if lane_ids and _direction(lanes[lane_ids[0]]) @ [math.cos(heading), math.sin(heading)] > 0.5:
        # No light turns its back on those who obey it: some files count hOffset from the road, not the orientation.
        heading = (heading + 2 * math.pi) % (2 * math.pi) - math.pi
    return TrafficSignal(record.id, point, heading, lane_ids, _stop_line(road, record, lane_ids, lanes))


def _stop_line(road: Road, record: SignalRecord, ids: tuple[str, ...], lanes: Mapping[str, Lane]) -> np.ndarray:
    """Across the beginnings of the controlled lanes that start where the first does; at the light without lanes."""
    starts = [lanes[i] for i in ids if lanes[i].junction_id is not None]
    if not starts:
        here, heading = point_on(road, record.s, record.t)
        if ids:
            return _across(lanes[ids[0]], here)
        side = 1.75 * np.array([-math.sin(heading), math.cos(heading), 0.0])
        return np.stack([here + side, here - side])
    first = starts[0]
    middle, forward = first.centerline_m[0], _direction(first)
    left = np.array([-forward[1], forward[0]])
    corners = [p[0] for lane in starts if _beside(lane, middle, forward) for p in (lane.left_m, lane.right_m)]
    along = [float((corner - middle)[:2] @ left) for corner in corners]
    return np.stack([corners[int(np.argmax(along))], corners[int(np.argmin(along))]])


def _beside(lane: Lane, middle: np.ndarray, forward: np.ndarray) -> bool:
    offset = (lane.centerline_m[0] - middle)[:2]
    return bool(abs(offset @ forward) < 4.0 and np.hypot(*offset) < 20.0 and _direction(lane) @ forward > 0.7)


def _direction(lane: Lane) -> np.ndarray:
    step = (lane.centerline_m[1] - lane.centerline_m[0])[:2]
    return step / np.linalg.norm(step)


def _across(lane: Lane, point: np.ndarray) -> np.ndarray:
    k = int(np.argmin(np.linalg.norm(lane.centerline_m[:, :2] - point[:2], axis=-1)))
    return np.stack([lane.left_m[k], lane.right_m[k]])


def _sign(network: Network, road: Road, record: SignalRecord, lanes: Mapping[str, Lane]) -> RoadSign:
    point, heading = _facing(road, record)
    kind, value = sign_kind(record)
    piece = network.piece_at(road, record.s)
    ids: list[str] = []
    if piece is not None:
        names = [
            lane_name(road.id, piece.index, i) for i in _places(road, record.orientation, record.validities, piece)
        ]
        ids = [name for name in names if name in lanes and lanes[name].kind in DRIVABLE_KINDS]
    return RoadSign(record.id, kind, point, heading, value, tuple(ids))


def _line_area(sign: RoadSign, lanes: Mapping[str, Lane]) -> MapArea:
    """A painted line, 0.4 m deep, across the lanes that must stop or yield there."""
    forward = -np.array([math.cos(sign.heading_rad), math.sin(sign.heading_rad), 0.0])
    left = np.array([-forward[1], forward[0], 0.0])
    edges = [point for i in sign.lane_ids for point in _across(lanes[i], sign.position_m)]
    along = [float((edge - sign.position_m) @ left) for edge in edges] or [1.75, -1.75]
    ground = np.append(sign.position_m[:2], edges[0][2] if edges else sign.position_m[2])
    one, other = ground + max(along) * left, ground + min(along) * left
    half = 0.2 * forward
    return MapArea(f"{sign.kind}.{sign.id}", sign.kind, np.stack([one + half, other + half, other - half, one - half]))


def _yaw(road: Road, record: ObjectRecord, heading: float) -> float:
    return heading + record.hdg + (math.pi if record.orientation == "-" else 0.0)


def _outline(road: Road, record: ObjectRecord, corners: tuple[Corner, ...]) -> np.ndarray:
    origin, heading = point_on(road, record.s, record.t)
    yaw = _yaw(road, record, heading)
    cos, sin = math.cos(yaw), math.sin(yaw)
    points: list[np.ndarray] = []
    for corner in corners:
        if corner.on_road:
            points.append(point_on(road, corner.first, corner.second)[0] + _up(corner.z))
        else:
            u, v = corner.first, corner.second
            points.append(origin + np.array([u * cos - v * sin, u * sin + v * cos, record.z_offset + corner.z]))
    return np.stack(points)


def _areas(road: Road, record: ObjectRecord, kind: str, count: int) -> list[MapArea]:
    name = f"{kind}.{record.id or count}"
    polygons = [_outline(road, record, outline) for outline in record.outlines]
    if not polygons and record.length > 0.0 and record.width > 0.0:
        half, side = 0.5 * record.length, 0.5 * record.width
        box = tuple(Corner(u, v) for u, v in ((half, side), (-half, side), (-half, -side), (half, -side)))
        polygons = [_outline(road, record, box)]
    return [MapArea(name if k == 0 else f"{name}.{k}", kind, polygon) for k, polygon in enumerate(polygons)]


def _objects(road: Road, record: ObjectRecord, count: int, file: str) -> list[MapObject]:
    kind = object_kind(record)
    name = record.id or str(count)
    if record.repeats:
        made: list[MapObject] = []
        for repeat in record.repeats:
            made += _repeated(road, record, repeat, kind, f"{name}.{len(made)}", file)
        return made
    point, heading = point_on(road, record.s, record.t)
    yaw = _yaw(road, record, heading)
    if record.outlines:
        return [_from_outline(road, record, kind, name, yaw)]
    size = _size(record, kind)
    return [MapObject(name, kind, point + _up(record.z_offset), yaw, np.array(size))]


def _size(record: ObjectRecord, kind: str) -> tuple[float, float, float]:
    length, width, height = _DEFAULT_SIZES_M.get(kind, (0.5, 0.5, 1.0))
    if record.radius > 0.0:
        length = width = 2.0 * record.radius
    return (record.length or length, record.width or width, record.height or height)


def _from_outline(road: Road, record: ObjectRecord, kind: str, name: str, yaw: float) -> MapObject:
    """The box, aligned with the object, around its outlines; it stands on their lowest corner."""
    points = np.concatenate([_outline(road, record, outline) for outline in record.outlines])
    forward = np.array([math.cos(yaw), math.sin(yaw)])
    left = np.array([-forward[1], forward[0]])
    u, v = points[:, :2] @ forward, points[:, :2] @ left
    height = max([record.height, *(corner.height for outline in record.outlines for corner in outline)]) or 1.0
    middle = 0.5 * (u.min() + u.max()) * forward + 0.5 * (v.min() + v.max()) * left
    size = np.array([np.ptp(u), np.ptp(v), height])
    return MapObject(name, kind, np.array([*middle, points[:, 2].min()]), yaw, size)


def _repeated(road: Road, record: ObjectRecord, repeat: Repeat, kind: str, name: str, file: str) -> list[MapObject]:
    """Single objects at equal distances, or a continuous body cut into straight boxes."""
    if repeat.distance > 0.0 and repeat.length / repeat.distance > MAX_OBJECTS:
        found, expected = f"{repeat.length / repeat.distance:.0f} repetitions", f"at most {MAX_OBJECTS}"
        path = f"road[{road.id}].object[{record.id}]"
        raise InputError([Fault(file, record.line, 0, path, "too-many-objects", found, expected)])
    length, width, height = _size(record, kind)
    if repeat.distance > 0.0:
        at = repeat.s + np.arange(int(repeat.length / repeat.distance + 1e-6) + 1) * repeat.distance
        ends = None
    else:
        edges = _straight_parts(road, repeat)
        at, ends = 0.5 * (edges[1:] + edges[:-1]), edges
    share = (at - repeat.s) / repeat.length if repeat.length > 0.0 else np.zeros(len(at))
    points, headings = points_on(road, at, _mixed(repeat.t_start, repeat.t_end, share))
    corners = None
    if ends is not None:
        corners, _ = points_on(road, ends, _mixed(repeat.t_start, repeat.t_end, (ends - repeat.s) / repeat.length))
    made: list[MapObject] = []
    for k, f in enumerate(share.tolist()):
        point, heading = points[k], float(headings[k])
        yaw, reach = _yaw(road, record, heading), _mix_or(repeat.length_start, repeat.length_end, f, length)
        if corners is not None:
            a, b = corners[k], corners[k + 1]
            point, reach = 0.5 * (a + b), float(np.linalg.norm(b - a))
            yaw = math.atan2(b[1] - a[1], b[0] - a[0])
        lift = _mix(repeat.z_start, repeat.z_end, f)
        tall = _mix_or(repeat.height_start, repeat.height_end, f, height)
        size = np.array([reach, _mix_or(repeat.width_start, repeat.width_end, f, width), tall])
        made.append(MapObject(f"{name}.{k}", kind, point + _up(lift), yaw, size))
    return made


def _straight_parts(road: Road, repeat: Repeat) -> np.ndarray:
    """Cuts of a continuous body such that no box misses the curve by more than `_BOW_M`."""
    grid = np.linspace(repeat.s, repeat.s + repeat.length, 64)
    bend = float(np.max(np.abs(reference_line(road.geometry, grid)[2])))
    longest = min(_LONGEST_PIECE_M, math.sqrt(8.0 * _BOW_M / max(bend, 1e-6)))
    return np.linspace(repeat.s, repeat.s + repeat.length, max(1, math.ceil(repeat.length / longest)) + 1)


def _mix(start: float, end: float, fraction: float) -> float:
    return float(start + (end - start) * fraction)


def _mixed(start: float, end: float, fractions: np.ndarray) -> np.ndarray:
    return start + (end - start) * fractions


def _mix_or(start: float, end: float, fraction: float, default: float) -> float:
    mixed = _mix(start, end, fraction)
    return default if math.isnan(mixed) else mixed
