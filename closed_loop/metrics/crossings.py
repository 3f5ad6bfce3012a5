"""Criticality against those who use the same ground at another time: PET, ET and PSD of a drive."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from closed_loop.metrics.definition import MetricValue, not_applicable
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.encounters import (
    Encroachment,
    Track,
    conflict_area,
    encroachment,
    post_encroachment_s,
)
from closed_loop.metrics.extremes import least
from closed_loop.metrics.longitudinal import proportion_of_stopping_distance

_CROSSING_SINE = float(np.sin(np.deg2rad(20.0)))


@dataclass(frozen=True, slots=True)
class Crossing:
    """One who used the same ground at another time: id, PET, and when the ego entered and left."""

    actor_id: str
    post_encroachment_s: float
    ego: Encroachment


@lru_cache(maxsize=4)
def crossings_of(drive: Drive) -> tuple[Crossing, ...]:
    """Everyone who crossed the ego's way at another time, least PET first."""
    ego = Track(drive.time_s, drive.center_m, drive.yaw_rad, drive.size_m)
    low, high = drive.center_m.min(axis=0), drive.center_m.max(axis=0)
    found: list[Crossing] = []
    for column, name in enumerate(drive.others.ids):
        rows = np.flatnonzero(drive.others.valid[:, column])
        if drive.num_steps < 2 or len(rows) < 2 or not (np.diff(rows) == 1).all():
            continue
        center, size = drive.others.center_m[rows, column], drive.others.size_m[column]
        reach = 0.5 * float(np.hypot(*size) + np.hypot(*drive.size_m))
        if (center.max(axis=0) < low - reach).any() or (center.min(axis=0) > high + reach).any():
            continue
        if float(np.hypot(*np.ptp(center, axis=0))) < 1.0:
            continue  # one who stands has no way to cross
        track = Track(drive.time_s[rows], center, drive.others.yaw_rad[rows, column], size)
        area = conflict_area(ego, track)
        if area is None:
            continue
        own = encroachment(ego, area)
        theirs = encroachment(track, area)
        value = post_encroachment_s(own, theirs)
        if np.isfinite(value) and _crosses(ego, own, track, theirs):
            found.append(Crossing(name, value, own))
    return tuple(sorted(found, key=lambda crossing: (crossing.post_encroachment_s, crossing.actor_id)))


def _crosses(first: Track, own: Encroachment, second: Track, theirs: Encroachment) -> bool:
    """Whether two come from different directions, more than 20 degrees apart: who follows or meets does not cross."""
    headings = [
        np.interp(at.enter_s, track.time_s, np.unwrap(track.yaw_rad)) for track, at in ((first, own), (second, theirs))
    ]
    return bool(abs(np.sin(headings[0] - headings[1])) > _CROSSING_SINE)


_NO_CROSSING = "nobody used the same ground before or after"


def post_encroachment(drive: Drive) -> MetricValue:
    """Least PET."""
    found = crossings_of(drive)
    if not found:
        return not_applicable(_NO_CROSSING)
    at = found[0].ego.enter_s
    return MetricValue(found[0].post_encroachment_s, at_s=at, evidence={"actor": found[0].actor_id})


def encroachment_time(drive: Drive) -> MetricValue:
    """ET of the ego in the conflict area of its least PET."""
    found = crossings_of(drive)
    if not found:
        return not_applicable(_NO_CROSSING)
    if not np.isfinite(found[0].ego.time_s):
        return not_applicable("the ego does not leave the conflict area")
    return MetricValue(found[0].ego.time_s, at_s=found[0].ego.enter_s)


def stopping_proportion(drive: Drive) -> MetricValue:
    """Least PSD on the way to the conflict area of the least PET, at most 10."""
    found = crossings_of(drive)
    if not found:
        return not_applicable(_NO_CROSSING)
    before = drive.time_s < found[0].ego.enter_s
    if not before.any():
        return not_applicable("the ego begins inside the conflict area")
    way = float(np.interp(found[0].ego.enter_s, drive.time_s, drive.ego_s_m))
    proportion = proportion_of_stopping_distance(way - drive.ego_s_m[before], drive.speed_mps[before])
    return least(drive, proportion, 10.0)
