"""How near it came: time to collision, distance, headway, required deceleration.

Boxes are projected with constant velocity and heading, exactly (no time step) for `min_time_to_collision`, and on
nuPlan's grid of 0.1 s to 3 s for the bound that enters its score. Longitudinal quantities use the path that the ego
drove as their axis, so that they hold in curves and do not depend on the orientation of the map.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.metrics.boxes import contact_interval_s
from closed_loop.metrics.collision import contacts
from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale, not_applicable
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.extremes import counted, least
from driving_data.geometry import wrap_angle

HORIZON_S = 10.0
NUPLAN_GRID_S = np.arange(0.1, 3.0, 0.1)
NUPLAN_BOUND_S = 0.95
NUPLAN_STOPPED_MPS = 0.005
LEADER_RANGE_M = 100.0
_ALONG_RAD = np.deg2rad(60.0)


def box_time_to_collision_s(drive: Drive) -> Float[np.ndarray, "T N"]:
    """Time until the boxes touch if everyone keeps velocity and heading; inf where they never do."""
    other = drive.others
    begin, _ = contact_interval_s(
        drive.center_m[:, None], drive.yaw_rad[:, None], drive.size_m, drive.velocity_mps[:, None],
        other.center_m, other.yaw_rad, other.size_m, other.velocity_mps,
    )  # fmt: skip
    return np.where(other.valid, begin, np.inf)


def nuplan_time_to_collision_s(drive: Drive) -> Float[np.ndarray, "T"]:
    """NuPlan's TTC of each moment: the first grid time at which the projected boxes overlap, inf without one.

    Tracks count when ahead (bearing under 30 degrees), or up to 150 degrees while the ego is in a junction or not in
    one lane; those already hit are left out; 0 at the moment of an at-fault contact; inf while the ego stands.
    Source: nuplan-devkit e924167, time_to_collision_within_bound.
    """
    other = drive.others
    begin, end = contact_interval_s(
        drive.center_m[:, None], drive.yaw_rad[:, None], drive.size_m, drive.velocity_mps[:, None],
        other.center_m, other.yaw_rad, other.size_m, other.velocity_mps,
    )  # fmt: skip
    first = np.searchsorted(NUPLAN_GRID_S, np.where(np.isnan(begin), np.inf, begin) - 1e-9)
    grid = np.append(NUPLAN_GRID_S, np.inf)[first]
    times = np.where((grid <= end + 1e-9) & _counts(drive), grid, np.inf)
    for contact in contacts(drive):
        times[contact.step :, other.ids.index(contact.actor_id)] = np.inf
    worst = times.min(axis=1, initial=np.inf)
    worst[drive.speed_mps <= NUPLAN_STOPPED_MPS] = np.inf
    for contact in contacts(drive):
        if contact.at_fault:
            worst[contact.step] = 0.0
    return worst


def _counts(drive: Drive) -> Bool[np.ndarray, "T N"]:
    across = np.ones(drive.num_steps, dtype=bool)
    if drive.place is not None:
        across = ~drive.place.in_one_lane | drive.place.in_junction
    reach = np.where(across, np.deg2rad(150.0), np.deg2rad(30.0))[:, None]
    return drive.others.valid & (drive.bearing_rad < reach)


@lru_cache(maxsize=4)
def leader_gap_m(drive: Drive) -> tuple[Float[np.ndarray, "T"], Float[np.ndarray, "T"]]:
    """Gap to the leader on the ego's own path and the leader's speed along it; inf and NaN without a leader.

    The leader is the nearest actor whose box overlaps the ego's swath, whose heading is within 60 degrees of the
    path, and whose rear is at most 100 m ahead of the ego's front.
    """
    other = drive.others
    s, d, heading = drive.path_places
    turn = wrap_angle(np.where(other.valid, other.yaw_rad - heading, 0.0))
    half_along = 0.5 * (np.abs(np.cos(turn)) * other.size_m[:, 0] + np.abs(np.sin(turn)) * other.size_m[:, 1])
    half_across = 0.5 * (np.abs(np.sin(turn)) * other.size_m[:, 0] + np.abs(np.cos(turn)) * other.size_m[:, 1])
    gap = s - half_along - drive.ego_s_m[:, None] - 0.5 * drive.size_m[0]
    ahead = s > drive.ego_s_m[:, None]
    leads = other.valid & ahead & (np.abs(d) < half_across + 0.5 * drive.size_m[1])
    leads &= (np.abs(turn) < _ALONG_RAD) & (gap < LEADER_RANGE_M)
    gap = np.where(leads, np.maximum(gap, 0.0), np.inf)
    if gap.shape[1] == 0:
        return np.full(drive.num_steps, np.inf), np.full(drive.num_steps, np.nan)
    nearest = np.argmin(gap, axis=1)
    row = np.arange(drive.num_steps)
    along = other.velocity_mps[..., 0] * np.cos(heading) + other.velocity_mps[..., 1] * np.sin(heading)
    found = gap[row, nearest]
    return found, np.where(np.isfinite(found), along[row, nearest], np.nan)


def longitudinal_time_to_collision_s(
    gap_m: Float[np.ndarray, "*n"], speed_mps: Float[np.ndarray, "*n"], lead_speed_mps: Float[np.ndarray, "*n"]
) -> Float[np.ndarray, "*n"]:
    """TTC = gap / (v - v_lead) where the gap closes, else inf. Hayward, Highway Research Record 384 (1972)."""
    closing = speed_mps - lead_speed_mps
    shrinks = np.isfinite(gap_m) & (closing > 1e-9)
    return np.where(shrinks, np.where(shrinks, gap_m, 1.0) / np.where(shrinks, closing, 1.0), np.inf)


def required_deceleration_mps2(
    gap_m: Float[np.ndarray, "*n"], speed_mps: Float[np.ndarray, "*n"], lead_speed_mps: Float[np.ndarray, "*n"]
) -> Float[np.ndarray, "*n"]:
    """DRAC = (v - v_lead)^2 / (2 gap) where the gap closes, else 0. Almqvist, Hydén, Risser (1991)."""
    closing = np.where(np.isnan(lead_speed_mps), 0.0, np.maximum(speed_mps - lead_speed_mps, 0.0))
    known = np.isfinite(gap_m)
    return np.where(known, closing**2 / (2 * np.maximum(np.where(known, gap_m, 1.0), 1e-3)), 0.0)


def min_time_to_collision(drive: Drive) -> MetricValue:
    """Least exact TTC of boxes before the first contact, at most the horizon."""
    if not drive.others.ids:
        return not_applicable("no other actor")
    times = box_time_to_collision_s(drive)[counted(drive)]
    return least(drive, times.min(axis=1), HORIZON_S, " s")


def time_to_collision_within_bound(drive: Drive) -> MetricValue:
    """1 where nuPlan's TTC stays above 0.95 s."""
    times = nuplan_time_to_collision_s(drive)
    step = int(np.argmin(times))
    least = float(min(times[step], NUPLAN_GRID_S[-1] + 0.1))
    held = bool(times[step] > NUPLAN_BOUND_S)
    return MetricValue(float(held), at_s=None if held else float(drive.time_s[step]), evidence={"least_s": least})


def min_longitudinal_time_to_collision(drive: Drive) -> MetricValue:
    """Least gap / closing speed to the leader before the first contact, at most the horizon."""
    gap, lead = leader_gap_m(drive)
    if not np.isfinite(gap).any():
        return not_applicable("no leader")
    times = longitudinal_time_to_collision_s(gap, drive.speed_mps, lead)[counted(drive)]
    return least(drive, times, HORIZON_S, " s")


def min_distance(drive: Drive) -> MetricValue:
    """Least distance between the boxes of the ego and anyone."""
    if not drive.others.ids or not drive.others.valid.any():
        return not_applicable("no other actor")
    distance = np.where(drive.others.valid, drive.distance_m, np.inf)
    step, column = np.unravel_index(int(np.argmin(distance)), distance.shape)
    least = 0.0 if contacts(drive) else float(distance[step, column])
    return MetricValue(least, at_s=float(drive.time_s[step]), evidence={"actor": drive.others.ids[int(column)]})


def min_time_headway(drive: Drive) -> MetricValue:
    """Least gap / ego speed to the leader while the ego moves faster than 1 m/s."""
    gap, _ = leader_gap_m(drive)
    moving = np.isfinite(gap) & (drive.speed_mps > 1.0)
    if not moving.any():
        return not_applicable("no leader while driving")
    headway = np.where(moving, np.where(moving, gap, 1.0) / np.maximum(drive.speed_mps, 1.0), np.inf)
    return least(drive, headway, HORIZON_S, " s")


def max_required_deceleration(drive: Drive) -> MetricValue:
    """Greatest deceleration that would have been needed to avoid the leader, before the first contact."""
    gap, lead = leader_gap_m(drive)
    if not np.isfinite(gap).any():
        return not_applicable("no leader")
    needed = required_deceleration_mps2(gap, drive.speed_mps, lead)[counted(drive)]
    step = int(np.argmax(needed))
    return MetricValue(float(min(needed[step], 100.0)), at_s=float(drive.time_s[step]))


_LOW, _HIGH = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER

METRICS = (
    Metric(
        "min_time_to_collision", "1.0.0", "Minimum time to collision", "s", _HIGH, Scale.MEAN,
        "Exact contact time of oriented boxes at constant velocity (separating axes)",
        "Least time until boxes would touch if everyone kept velocity and heading; at most 10 s.",
        min_time_to_collision,
    ),
    Metric(
        "time_to_collision_within_bound", "1.0.0", "TTC above 0.95 s", "", _HIGH, Scale.RATE,
        "nuPlan closed-loop score (nuplan-devkit e924167, time_to_collision_within_bound)",
        "nuPlan's time to collision, projected at 0.1 s to 2.9 s, stays above 0.95 s.", time_to_collision_within_bound,
    ),
    Metric(
        "min_longitudinal_time_to_collision", "1.0.0", "Minimum longitudinal TTC", "s", _HIGH, Scale.MEAN,
        "Hayward, Highway Research Record 384 (1972)",
        "Least gap over closing speed to the leader on the driven path; at most 10 s.",
        min_longitudinal_time_to_collision,
    ),
    Metric(
        "min_distance", "1.0.0", "Minimum distance", "m", _HIGH, Scale.MEAN, "Exact distance of oriented boxes",
        "Least distance between the ego's box and any other; 0 at a contact.", min_distance,
    ),
    Metric(
        "min_time_headway", "1.0.0", "Minimum time headway", "s", _HIGH, Scale.MEAN,
        "Jansson (2005); Westhofen et al., Arch. Comput. Methods Eng. 30 (2023)",
        "Least gap over ego speed to the leader on the driven path while driving; at most 10 s.", min_time_headway,
    ),
    Metric(
        "max_required_deceleration", "1.0.0", "Required deceleration", "m/s^2", _LOW, Scale.MEAN,
        "Almqvist, Hydén, Risser (1991): deceleration rate to avoid the crash",
        "Greatest constant deceleration needed not to hit the leader; at most 100 m/s^2.", max_required_deceleration,
    ),
)  # fmt: skip
