"""What kind of road a storyboard is on, as far as its OpenDRIVE file tells it."""

import math

from driving_data.maps.lane_map import DRIVABLE_KINDS, LaneKind
from scenarios.openscenario.beginnings import Ground, Spot

# Types of roads in OpenDRIVE and what we call them.
TYPES = {
    "motorway": "motorway", "rural": "rural", "town": "urban", "townArterial": "urban", "townCollector": "urban",
    "townExpressway": "urban", "townLocal": "residential", "townPlayStreet": "residential", "lowSpeed": "residential",
    "townPrivate": "residential",
}  # fmt: skip
MOTORWAY_MPS = 105.0 / 3.6
AHEAD_M = 150.0


def road_kind(ground: Ground, spot: Spot, route: tuple[str, ...] = ()) -> str:
    """'intersection' where the route meets one within 150 m, else what the file calls the road; '' for unknown.

    A road that no file gives a type is called a motorway where more than 105 km/h are allowed.
    """
    if meets_junction(ground, spot, route):
        return "intersection"
    road = None if ground.network is None else ground.network.roads.get(spot.road)
    if road is None:
        return ""
    here = [kind for kind in road.types if kind.s <= spot.s_m + 1e-6] or list(road.types[:1])
    if here and here[-1].type in TYPES:
        return TYPES[here[-1].type]
    lane = ground.lane_map.lane_by_id.get(ground.lane_id(spot))
    limit = math.nan if lane is None else lane.speed_limit_mps
    return "motorway" if limit > MOTORWAY_MPS else ""


def meets_junction(ground: Ground, spot: Spot, route: tuple[str, ...]) -> bool:
    """Whether the route crosses a junction where others may come from the side within 150 m of a spot."""
    gone = 0.0
    lanes = ground.lane_map.lane_by_id
    for name in route:
        lane = lanes[name]
        if lane.junction_id is not None and gone < AHEAD_M and _crossed(ground, lane.junction_id):
            return True
        gone += float(lane.arc_length_m()[-1]) if gone or name != route[0] else _left(ground, spot)
    return False


def _left(ground: Ground, spot: Spot) -> float:
    """How far it is from a spot to the end of its road, as its lane goes."""
    road = None if ground.network is None else ground.network.roads.get(spot.road)
    if road is None:
        return 0.0
    return road.length - spot.s_m if ground.runs_along(spot) else spot.s_m


def _crossed(ground: Ground, junction: str) -> bool:
    """Whether ways through a junction begin on three roads or more: others only split or join lanes."""
    lanes = ground.lane_map.lane_by_id
    before = {
        lanes[i].road_id
        for lane in ground.lane_map.lanes
        if lane.junction_id == junction and lane.kind in DRIVABLE_KINDS
        for i in lane.predecessors
        if i in lanes
    }
    return len(before) >= 3


def lanes_per_direction(ground: Ground, spot: Spot) -> int | None:
    """How many lanes for traffic there are in the direction of the lane of a spot; None off the road."""
    network = ground.network
    road = None if network is None else network.roads.get(spot.road)
    piece = None if road is None or network is None else network.piece_at(road, spot.s_m)
    if network is None or road is None or piece is None:
        return None
    along = ground.runs_along(spot)
    lanes = ground.lane_map.lane_by_id
    count = 0
    for record in piece.section.lanes:
        lane = lanes.get(f"{road.id}.{piece.index}.{record.id}")
        there = Spot(0.0, 0.0, 0.0, road.id, record.id, spot.s_m)
        if lane is not None and lane.kind in (LaneKind.DRIVING, LaneKind.BUS) and ground.runs_along(there) == along:
            count += 1
    return count or None
