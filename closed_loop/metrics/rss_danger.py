"""Which situations of a drive are dangerous after RSS, with each other actor."""

import numpy as np

from closed_loop.metrics.definition import MetricValue, not_applicable
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.leader import curvilinear
from closed_loop.metrics.threats import (
    RSS_PEDESTRIAN,
    RSS_VEHICLE,
    RssParameters,
    rss_lateral_m,
    rss_opposite_direction_m,
    rss_same_direction_m,
)
from driving_data.taxonomy import PEDESTRIANS


def rss_danger(
    drive: Drive, vehicle: RssParameters = RSS_VEHICLE, pedestrian: RssParameters = RSS_PEDESTRIAN
) -> MetricValue:
    """Share of moments with a dangerous situation: both the longitudinal and the lateral RSS distance violated."""
    if not drive.others.ids:
        return not_applicable("no other actor")
    dangerous = rss_dangerous(drive, vehicle, pedestrian).any(axis=1)
    share = float(dangerous.mean())
    return MetricValue(share, at_s=float(drive.time_s[int(np.argmax(dangerous))]) if share else None)


def rss_dangerous(
    drive: Drive, vehicle: RssParameters = RSS_VEHICLE, pedestrian: RssParameters = RSS_PEDESTRIAN
) -> np.ndarray:
    """Whether the situation with each other actor is dangerous after RSS at each moment, shape (T, N)."""
    place = curvilinear(drive)
    ego = place.ego_speed_mps[:, None]
    result = np.zeros(drive.others.valid.shape, dtype=bool)
    for parameters, group in ((vehicle, False), (pedestrian, True)):
        columns = np.array([(kind in PEDESTRIANS) is group for kind in drive.others.kind], dtype=bool)
        if not columns.any():
            continue
        other = place.speed_mps[:, columns]
        ahead = place.s_m[:, columns] > place.ego_s_m[:, None]
        opposite = (other * ego < 0) | (np.abs(place.turn_rad[:, columns]) > 0.5 * np.pi)
        behind = rss_same_direction_m(np.maximum(ego, 0.0), np.abs(other), vehicle, parameters)
        before = rss_same_direction_m(np.abs(other), np.maximum(ego, 0.0), parameters, vehicle)
        meeting = rss_opposite_direction_m(ego, other, vehicle, parameters)
        needed = np.where(opposite, np.where(ahead, meeting, 0.0), np.where(ahead, behind, before))
        own, its = -place.ego_lateral_mps[:, None], -place.lateral_mps[:, columns]
        is_left = place.d_m[:, columns] > place.ego_d_m[:, None]
        aside = np.where(
            is_left,
            rss_lateral_m(its, own, parameters, vehicle),
            rss_lateral_m(own, its, vehicle, parameters),
        )
        close = (place.gap_m[:, columns] < needed) & (place.lateral_gap_m[:, columns] < aside)
        result[:, columns] = close & drive.others.valid[:, columns]
    return result
