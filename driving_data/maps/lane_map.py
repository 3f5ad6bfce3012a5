"""The lane map: what a road offers, sampled into polylines in `world`.

One model for OpenDRIVE roads and for the vector maps of real logs. Polylines run in the direction of travel;
left and right are seen in that direction. `routes` are named lane sequences that scenarios refer to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

import numpy as np
from jaxtyping import Float


class LaneKind(IntEnum):
    """What a lane is for."""

    DRIVING = 1
    SHOULDER = 2
    BICYCLE = 3
    SIDEWALK = 4
    PARKING = 5
    BUS = 6
    ENTRY = 7
    EXIT = 8
    MEDIAN = 9
    BORDER = 10
    RESTRICTED = 11
    OTHER = 12


DRIVABLE_KINDS = frozenset({LaneKind.DRIVING, LaneKind.BUS, LaneKind.ENTRY, LaneKind.EXIT})


class MarkingKind(IntEnum):
    """How a lane boundary is painted or built."""

    NONE = 0
    SOLID = 1
    BROKEN = 2
    SOLID_SOLID = 3
    SOLID_BROKEN = 4
    BROKEN_SOLID = 5
    BOTTS_DOTS = 6
    KERB = 7
    GRASS = 8


@dataclass(frozen=True, slots=True)
class Marking:
    """A painted or built lane boundary: kind, colour ('white', 'yellow', ...) and width."""

    kind: MarkingKind = MarkingKind.NONE
    color: str = "white"
    width_m: float = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """One lane of one lane section, sampled.

    Attributes:
        id: unique in the map.
        kind: what it is for.
        centerline_m: points along the middle, in the direction of travel.
        left_m: left boundary, same number of points as the centreline.
        right_m: right boundary, likewise.
        left_marking: marking on the left boundary.
        right_marking: marking on the right boundary.
        predecessors: ids of lanes that lead here.
        successors: ids of lanes that follow.
        left_neighbor: id of the lane to the left with the same direction of travel, if one may change to it.
        right_neighbor: likewise to the right.
        speed_limit_mps: NaN where the map does not say.
        road_id: road (OpenDRIVE) or lane group that it belongs to.
        junction_id: junction that it crosses, or None.
    """

    id: str
    kind: LaneKind
    centerline_m: Float[np.ndarray, "n 3"]
    left_m: Float[np.ndarray, "n 3"]
    right_m: Float[np.ndarray, "n 3"]
    left_marking: Marking = Marking()
    right_marking: Marking = Marking()
    predecessors: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()
    left_neighbor: str | None = None
    right_neighbor: str | None = None
    speed_limit_mps: float = float("nan")
    road_id: str = ""
    junction_id: str | None = None

    def arc_length_m(self) -> Float[np.ndarray, "n"]:
        """Distance along the centreline at each of its points."""
        steps = np.linalg.norm(np.diff(self.centerline_m, axis=0), axis=-1)
        return np.concatenate([[0.0], np.cumsum(steps)])


@dataclass(frozen=True, slots=True, eq=False)
class TrafficSignal:
    """A traffic light: where its lamps hang, where one stops for it and which lanes it controls.

    Attributes:
        id: unique in the map.
        position_m: centre of the lamps in `world`.
        heading_rad: direction in which the lamps shine (towards the drivers who obey it).
        lane_ids: lanes (usually inside the junction) that it controls.
        stop_line_m: two end points of the stop line.
    """

    id: str
    position_m: Float[np.ndarray, "3"]
    heading_rad: float
    lane_ids: tuple[str, ...]
    stop_line_m: Float[np.ndarray, "2 3"]


@dataclass(frozen=True, slots=True, eq=False)
class RoadSign:
    """A sign: `kind` is 'stop', 'yield', 'speed_limit', 'work_zone', 'arrow', ...; `value` its number, if any."""

    id: str
    kind: str
    position_m: Float[np.ndarray, "3"]
    heading_rad: float
    value: float = float("nan")
    lane_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class MapArea:
    """A polygon on the ground: kind is 'crosswalk', 'drivable', 'stop_line', 'island', 'parking', ..."""

    id: str
    kind: str
    polygon_m: Float[np.ndarray, "n 3"]


@dataclass(frozen=True, slots=True, eq=False)
class MapObject:
    """A standing object that the map names: kind is 'building', 'tree', 'pole', 'guard_rail', 'street_lamp', ..."""

    id: str
    kind: str
    position_m: Float[np.ndarray, "3"]
    heading_rad: float
    size_m: Float[np.ndarray, "3"]


@dataclass(frozen=True, eq=False)
class LaneMap:
    """A road network.

    Attributes:
        lanes: every lane of every kind.
        signals: traffic lights.
        signs: road signs.
        areas: crossings, drivable areas, islands.
        objects: standing objects.
        routes: named sequences of lane ids, each lane leading to the next; scenarios place actors on them.
        opendrive: the OpenDRIVE text that the map was read from; None for vector maps.
        name: archetype, file stem or city.
        left_hand_traffic: whether one drives on the left.
    """

    lanes: tuple[Lane, ...]
    signals: tuple[TrafficSignal, ...] = ()
    signs: tuple[RoadSign, ...] = ()
    areas: tuple[MapArea, ...] = ()
    objects: tuple[MapObject, ...] = ()
    routes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {})
    opendrive: str | None = None
    name: str = ""
    left_hand_traffic: bool = False

    @cached_property
    def lane_by_id(self) -> Mapping[str, Lane]:
        """Lanes by id."""
        return {lane.id: lane for lane in self.lanes}
