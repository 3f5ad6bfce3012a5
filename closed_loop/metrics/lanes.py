"""Where the ego is on the lane map: drivable or not, in one lane or across, in a junction, which limit holds."""

from dataclasses import dataclass

import numpy as np
import shapely
from jaxtyping import Bool, Float

from closed_loop.metrics.nuplan.lanes import index_of
from closed_loop.metrics.polyline import project
from driving_data.geometry import wrap_angle
from driving_data.maps.lane_map import Lane, LaneMap
from driving_data.maps.queries import drivable_area


@dataclass(frozen=True, slots=True, eq=False)
class LanePlace:
    """What the map says of the ego at each moment.

    Attributes:
        corner_outside_m: distance of the farthest ego corner from the drivable area, shape (T,).
        in_one_lane: whether all four corners lie in one lane or in two that follow one another, shape (T,).
        in_junction: whether the centre lies in a lane of a junction, shape (T,).
        on_lane: whether the centre lies in any drivable lane, shape (T,).
        against: whether the centre lies only in lanes that run the other way, outside junctions, shape (T,).
        speed_limit_mps: of the lane that fits the heading best; NaN where unknown, shape (T,).
    """

    corner_outside_m: Float[np.ndarray, "T"]
    in_one_lane: Bool[np.ndarray, "T"]
    in_junction: Bool[np.ndarray, "T"]
    on_lane: Bool[np.ndarray, "T"]
    against: Bool[np.ndarray, "T"]
    speed_limit_mps: Float[np.ndarray, "T"]


def locate(
    lane_map: LaneMap,
    center_m: Float[np.ndarray, "T 2"],
    yaw_rad: Float[np.ndarray, "T"],
    corners_m: Float[np.ndarray, "T 4 2"],
) -> LanePlace:
    """Places a moving box on the map."""
    index = index_of(lane_map)
    lanes = list(index.lanes)
    inside = index.members(corners_m.reshape(-1, 2)).reshape(len(lanes), -1, 4)
    holds = index.members(center_m)
    mismatch = _heading_mismatch(lanes, holds, center_m, yaw_rad)
    junction = np.array([lane.junction_id is not None for lane in lanes], dtype=bool)
    in_junction = (holds & junction[:, None]).any(axis=0)
    on_lane = holds.any(axis=0)
    nearest = np.where(np.isnan(mismatch), np.inf, mismatch).min(axis=0, initial=np.inf)
    return LanePlace(
        corner_outside_m=_outside_m(lane_map, corners_m, np.asarray(inside.any(axis=0))),
        in_one_lane=_in_one_lane(lanes, inside),
        in_junction=np.asarray(in_junction),
        on_lane=np.asarray(on_lane),
        against=on_lane & ~in_junction & (nearest > 0.5 * np.pi),
        speed_limit_mps=_limit(lanes, mismatch),
    )


def _outside_m(lane_map: LaneMap, corners_m: np.ndarray, on_lane: np.ndarray) -> np.ndarray:
    """Distance of the farthest corner from the drivable area, which covers every drivable lane."""
    distance = np.zeros(on_lane.shape)
    off = np.nonzero(~on_lane)
    distance[off] = shapely.distance(drivable_area(lane_map), shapely.points(corners_m[off]))
    return distance.max(axis=1)


def _heading_mismatch(lanes: list[Lane], holds: np.ndarray, center_m: np.ndarray, yaw_rad: np.ndarray) -> np.ndarray:
    """Angle between ego and lane where the lane holds the ego, NaN elsewhere, shape (lanes, T)."""
    mismatch = np.full(holds.shape, np.nan)
    for index, lane in enumerate(lanes):
        where = np.flatnonzero(holds[index])
        if len(where):
            _, _, heading = project(center_m[where], lane.centerline_m[:, :2])
            mismatch[index, where] = np.abs(wrap_angle(yaw_rad[where] - heading))
    return mismatch


def _in_one_lane(lanes: list[Lane], inside: np.ndarray) -> np.ndarray:
    place = {lane.id: index for index, lane in enumerate(lanes)}
    fits = np.zeros(inside.shape[1], dtype=bool)
    for index, lane in enumerate(lanes):
        if inside[index].any():
            for following in (None, *lane.successors):
                both = inside[index] if following not in place else inside[index] | inside[place[following]]
                fits |= both.all(axis=1)
    return fits


def _limit(lanes: list[Lane], mismatch: np.ndarray) -> np.ndarray:
    """The limit of the lane that fits best; of equal fits the highest, as where connectors overlap."""
    limits = np.array([lane.speed_limit_mps for lane in lanes])[:, None]
    known = np.where(np.isnan(mismatch), np.inf, mismatch)
    good = (known <= known.min(axis=0, initial=np.inf) + 0.05) & np.isfinite(known) & np.isfinite(limits)
    highest = np.where(good, limits, -np.inf).max(axis=0, initial=-np.inf)
    return np.where(np.isfinite(highest), highest, np.nan)
