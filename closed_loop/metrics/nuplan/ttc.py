"""Time to collision as nuPlan projects it.

At every frame the boxes of the ego and of the tracks move on with their present speed *along their heading* (so a car
that rolls backwards is projected forwards; objects stand), and the first time of arange(0.1, 3.0, 0.1) s at which two
of them meet counts. Tracks count whose centre bears less than 30 degrees off the ego's heading at its rear axle, or at
most 150 degrees while the ego's corners are not in one lane or its rear axle is in an intersection. A track that was
hit is left out from the frame of the contact on; an ego at 0.005 m/s or slower has no TTC; a frame with an at-fault
contact has TTC 0. The metric holds where the least TTC is over 0.95 s.
Source: nuplan-devkit e924167, time_to_collision_within_bound. Its pre-filter (boxes elongated by speed x 3 s) can drop
no track that the projection would hit, so it is not needed here.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.metrics.boxes import contact_interval_s
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.nuplan.contacts import ego_in_one_lane, is_agent, nuplan_contacts
from closed_loop.metrics.nuplan.lanes import index_of

GRID_S = np.arange(0.1, 3.0, 0.1)
BOUND_S = 0.95
STOPPED_MPS = 0.005
AHEAD_RAD = float(np.deg2rad(30.0))
BEHIND_RAD = float(np.deg2rad(150.0))
_TOUCH_S = 1e-9


def time_to_collision_s(
    ego_center_m: Float[np.ndarray, "T 2"],
    ego_yaw_rad: Float[np.ndarray, "T"],
    ego_speed_mps: Float[np.ndarray, "T"],
    ego_size_m: Float[np.ndarray, "2"],
    track_center_m: Float[np.ndarray, "T N 2"],
    track_yaw_rad: Float[np.ndarray, "T N"],
    track_speed_mps: Float[np.ndarray, "T N"],
    track_size_m: Float[np.ndarray, "N 2"],
) -> Float[np.ndarray, "T N"]:
    """First time of the grid at which each projected pair meets, inf where none does; NaN poses never meet.

    The times at which two boxes with constant velocity overlap are one interval, found exactly; the first time of the
    grid within it is what stepping along the grid would find.
    """
    begin, end = contact_interval_s(
        ego_center_m[:, None], ego_yaw_rad[:, None], ego_size_m, _along(ego_yaw_rad, ego_speed_mps)[:, None],
        track_center_m, track_yaw_rad, track_size_m, _along(track_yaw_rad, track_speed_mps),
    )  # fmt: skip
    first = np.searchsorted(GRID_S, np.where(np.isnan(begin), np.inf, begin) - _TOUCH_S)
    at = np.append(GRID_S, np.inf)[first]
    return np.where(at <= np.where(np.isnan(end), -np.inf, end) + _TOUCH_S, at, np.inf)


def _along(yaw_rad: np.ndarray, speed_mps: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(yaw_rad) * speed_mps, np.sin(yaw_rad) * speed_mps], axis=-1)


def counted_tracks(
    bearing_rad: Float[np.ndarray, "T N"],
    in_one_lane: Bool[np.ndarray, "T"],
    in_intersection: Bool[np.ndarray, "T"],
) -> Bool[np.ndarray, "T N"]:
    """Which tracks enter the TTC: ahead (under 30 degrees), or not behind (up to 150) while the ego is across lanes."""
    wide = (~in_one_lane | in_intersection)[:, None]
    return (bearing_rad < AHEAD_RAD) | (wide & (bearing_rad <= BEHIND_RAD))


@lru_cache(maxsize=8)
def nuplan_ttc_s(drive: Drive) -> tuple[Float[np.ndarray, "T"], tuple[str, ...]]:
    """TTC of each frame, inf without a threat, and whom it threatens (empty for nobody)."""
    other = drive.others
    agent = np.array([is_agent(kind) for kind in other.kind], dtype=bool)
    times = time_to_collision_s(
        drive.center_m, drive.yaw_rad, drive.speed_mps, drive.size_m, other.center_m, other.yaw_rad,
        np.where(agent, other.speed_mps, 0.0), other.size_m,
    )  # fmt: skip
    counts = counted_tracks(drive.bearing_rad, ego_in_one_lane(drive), ego_in_intersection(drive)) & other.valid
    times = np.where(counts, times, np.inf)
    for contact in nuplan_contacts(drive):
        times[contact.step :, other.ids.index(contact.actor_id)] = np.inf
    times[drive.speed_mps <= STOPPED_MPS] = np.inf
    least = times.min(axis=1, initial=np.inf)
    names = [other.ids[int(np.argmin(row))] if np.isfinite(low) else "" for row, low in zip(times, least, strict=True)]
    for contact in nuplan_contacts(drive):
        if contact.at_fault:
            least[contact.step], names[contact.step] = 0.0, contact.actor_id
    return least, tuple(names)


def ego_in_intersection(drive: Drive) -> Bool[np.ndarray, "T"]:
    """Whether the ego's rear axle is in a lane of a junction."""
    lane_map = drive.rollout.lane_map
    if lane_map is None:
        return np.zeros(drive.num_steps, dtype=bool)
    return index_of(lane_map).in_junction(drive.rear_axle_m)
