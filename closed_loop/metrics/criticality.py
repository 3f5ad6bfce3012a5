"""Criticality of a drive: the extreme of every measure over the episode, before the first contact.

The formulas are pure functions (`longitudinal`, `threats`, `manoeuvres`, `encounters`); `leader` gives their time
series. Everything is measured along the route and between oriented boxes.
"""

from functools import lru_cache

import numpy as np

from closed_loop.metrics.collision import contacts
from closed_loop.metrics.crossings import encroachment_time, post_encroachment, stopping_proportion
from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale, not_applicable
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.extremes import counted, least, most
from closed_loop.metrics.following import (
    brake_threat,
    crash_potential,
    exposed,
    integrated,
    max_drac,
    min_headway,
    min_ttc_acceleration,
    required_lateral,
    required_longitudinal,
    rss_margin,
    safety_time_deceleration,
    steer_threat,
)
from closed_loop.metrics.longitudinal import minimal_stopping_distance_m
from closed_loop.metrics.manoeuvres import Limits, Plan, ReactionTimes, Traffic, reaction_times
from closed_loop.metrics.proximity import box_time_to_collision_s
from closed_loop.metrics.rss_danger import rss_danger
from closed_loop.metrics.threats import (
    DRY_FRICTION,
    WORST_ACCELERATION_MPS2,
    delta_v_mps,
    disc_radius_m,
    intrudes,
    worst_time_to_collision_s,
)
from driving_data.geometry import wrap_angle
from driving_data.taxonomy import STATIC_OBJECTS

CAP_S = 10.0
THREAT_S = 4.0
PLAN_S = 8.0
PLAN_STEP_S = 0.1
_NEAR_M = 60.0
_MOVING_MPS = 0.5


def stopping_distance(drive: Drive) -> MetricValue:
    """Greatest MSD."""
    return most(drive, minimal_stopping_distance_m(drive.speed_mps[counted(drive)]), np.inf)


def plan_at(drive: Drive, step: int) -> tuple[Plan, Traffic]:
    """What is predicted at a moment: the ego keeps its speed on the path that it drove, others their velocity."""
    moments = np.arange(round(PLAN_S / PLAN_STEP_S) + 1) * PLAN_STEP_S
    speed = float(drive.speed_mps[step])
    s = drive.ego_s_m[step] + speed * moments
    center = np.stack([np.interp(s, drive.ego_s_m, drive.center_m[:, k]) for k in (0, 1)], axis=-1)
    # A standing ego gives places that repeat: its last heading holds there.
    yaw = np.interp(s, drive.ego_s_m, drive.yaw_rad) if speed > _MOVING_MPS else np.full(len(s), drive.yaw_rad[step])
    beyond = np.maximum(s - drive.ego_s_m[-1], 0.0)[:, None]
    center = center + beyond * drive.forward[-1]
    other = drive.others
    near = other.valid[step] & (np.hypot(*(other.center_m[step] - drive.center_m[step]).T) < _NEAR_M)
    places = other.center_m[step, near] + moments[:, None, None] * other.velocity_mps[step, near]
    shape = (len(moments), int(near.sum()))
    traffic = Traffic(
        places, np.broadcast_to(other.yaw_rad[step, near], shape), other.size_m[near], np.ones(shape, dtype=bool)
    )
    return Plan(PLAN_STEP_S, center, yaw, np.full(len(s), speed), drive.size_m), traffic


def reactions_at(drive: Drive, step: int, limits: Limits | None = None) -> ReactionTimes:
    """TTC*, TTB, TTK, TTS and TTR at one moment of the drive."""
    plan, traffic = plan_at(drive, step)
    return reaction_times(plan, traffic, limits)


@lru_cache(maxsize=4)
def _reactions(drive: Drive) -> tuple[int, ReactionTimes] | None:
    """At the most critical moment: the least time to collision of the boxes at constant velocity."""
    if not drive.others.ids:
        return None
    times = box_time_to_collision_s(drive)[counted(drive)].min(axis=1)
    step = int(np.argmin(times))
    if not times[step] < THREAT_S:
        return step, ReactionTimes(*(float("inf"),) * 4)
    return step, reactions_at(drive, step)


def _reaction(drive: Drive, name: str) -> MetricValue:
    found = _reactions(drive)
    if found is None:
        return not_applicable("no other actor")
    step, times = found
    value = {"ttc_star": times.ttc_star_s, "brake": times.brake_s, "kickdown": times.kickdown_s,
             "steer": times.steer_s, "react": times.react_s}[name]  # fmt: skip
    if value == float("inf"):
        return MetricValue(CAP_S, reason="no contact is predicted")
    if value == float("-inf"):
        return MetricValue(-1.0, reason="too late: nothing of the kind helps", at_s=float(drive.time_s[step]))
    return MetricValue(value, at_s=float(drive.time_s[step]))


def ttc_star(drive: Drive) -> MetricValue:
    """TTC* at the most critical moment."""
    return _reaction(drive, "ttc_star")


def time_to_brake(drive: Drive) -> MetricValue:
    """TTB at the most critical moment; -1 where it is too late."""
    return _reaction(drive, "brake")


def time_to_kickdown(drive: Drive) -> MetricValue:
    """TTK at the most critical moment; -1 where it is too late."""
    return _reaction(drive, "kickdown")


def time_to_steer(drive: Drive) -> MetricValue:
    """TTS at the most critical moment; -1 where it is too late."""
    return _reaction(drive, "steer")


def time_to_react(drive: Drive) -> MetricValue:
    """TTR at the most critical moment; -1 where it is too late."""
    return _reaction(drive, "react")


def worst_time(drive: Drive) -> MetricValue:
    """Least WTTC."""
    if not drive.others.ids:
        return not_applicable("no other actor")
    part = counted(drive)
    other = drive.others
    offset = other.center_m[part] - drive.center_m[part, None]
    velocity = other.velocity_mps[part] - drive.velocity_mps[part, None]
    radius = disc_radius_m(other.size_m[:, 0], other.size_m[:, 1]) + disc_radius_m(
        float(drive.size_m[0]), float(drive.size_m[1])
    )
    static = np.array([kind in STATIC_OBJECTS for kind in other.kind], dtype=bool)
    effort = np.where(static, WORST_ACCELERATION_MPS2, 2 * WORST_ACCELERATION_MPS2)
    times = worst_time_to_collision_s(offset, velocity, radius, effort)
    return least(drive, times.min(axis=1), CAP_S)


def space_occupancy(drive: Drive) -> MetricValue:
    """SOI: moments times actors in the ego's personal space, stopping distance included."""
    if not drive.others.ids:
        return not_applicable("no other actor")
    inside = _intrusions(drive, DRY_FRICTION)[counted(drive)]
    near = _intrusions(drive, None)[counted(drive)]
    return MetricValue(float(inside.sum()), evidence={"within_margins": float(near.sum())})


def _intrusions(drive: Drive, friction: float | None) -> np.ndarray:
    other = drive.others
    inside = intrudes(
        drive.center_m[:, None], drive.yaw_rad[:, None], drive.size_m, drive.speed_mps[:, None],
        other.center_m, other.yaw_rad, other.size_m, friction,
    )  # fmt: skip
    return inside & other.valid


def delta_v(drive: Drive) -> MetricValue:
    """Greatest Delta-V of a contact, equal masses; 0 without one."""
    worst, at = 0.0, None
    for contact in contacts(drive):
        column, before = drive.others.ids.index(contact.actor_id), max(contact.step - 1, 0)
        turn = float(wrap_angle(drive.others.yaw_rad[before : before + 1, column] - drive.yaw_rad[before])[0])
        ego, other = float(drive.speed_mps[before]), float(drive.others.speed_mps[before, column])
        value = float(delta_v_mps(ego, other, turn))
        if value > worst:
            worst, at = value, contact.time_s
    return MetricValue(worst, at_s=at)


_LOW, _HIGH, _MEAN = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER, Scale.MEAN
_JANSSON = "Jansson, Collision Avoidance Theory (2005); defaults of CommonRoad-CriMe"
_TAMKE = "Tamke, Dang, Breuel, IEEE IV (2011); defaults of CommonRoad-CriMe"
_ALLEN = "Allen, Shin, Cooper, TRR 667 (1978)"
_MINDERHOUD = "Minderhoud, Bovy, Accid. Anal. Prev. 33 (2001)"
_RSS = "ad-rss-lib RssFormulas; defaults of CARLA's RssCheck"

METRICS = (
    Metric("min_headway", "1.0.0", "Minimum headway", "m", _HIGH, _MEAN, _JANSSON,
           "Least way from the ego's front to the leader's rear along the route (HW).", min_headway),
    Metric("min_time_to_collision_acceleration", "1.0.0", "Minimum TTC, constant acceleration", "s", _HIGH, _MEAN,
           _JANSSON, "Least time to collision with the leader if both keep their acceleration; at most 10 s.",
           min_ttc_acceleration),
    Metric("max_drac", "1.0.0", "Maximum DRAC", "m/s^2", _LOW, _MEAN, "Almqvist, Hydén, Risser (1991)",
           "Greatest deceleration that avoids a leader of constant speed.", max_drac),
    Metric("required_longitudinal_acceleration", "1.0.0", "Required longitudinal acceleration", "m/s^2", _HIGH, _MEAN,
           _JANSSON, "Least acceleration that avoids the leader, its own acceleration included (a_long,req).",
           required_longitudinal),
    Metric("brake_threat_number", "1.0.0", "Brake threat number", "", _LOW, _MEAN, _JANSSON,
           "Required braking over the greatest possible, 11.5 m/s^2 (BTN).", brake_threat),
    Metric("required_lateral_acceleration", "1.0.0", "Required lateral acceleration", "m/s^2", _LOW, _MEAN, _JANSSON,
           "Greatest lateral acceleration that passes the leader on one side (a_lat,req).", required_lateral),
    Metric("steer_threat_number", "1.0.0", "Steer threat number", "", _LOW, _MEAN, _JANSSON,
           "Required lateral acceleration over 8 m/s^2 (STN).", steer_threat),
    Metric("deceleration_to_safety_time", "1.0.0", "Deceleration to safety time", "m/s^2", _LOW, _MEAN,
           "Schubert, Schulze, Wanielik, IEEE T-ITS 11 (2010)",
           "Greatest deceleration that keeps a safety time of 2 s behind the leader (DST).",
           safety_time_deceleration),
    Metric("time_exposed_ttc", "1.0.0", "Time exposed TTC", "s", _LOW, _MEAN, _MINDERHOUD,
           "Time during which the TTC to the leader is at most 2 s (TET).", exposed),
    Metric("time_integrated_ttc", "1.0.0", "Time integrated TTC", "s^2", _LOW, _MEAN, _MINDERHOUD,
           "Integral of 2 s less the TTC while it is below (TIT).", integrated),
    Metric("crash_potential_index", "1.0.0", "Crash potential index", "", _LOW, _MEAN, "Cunto, Saccomanno (2007)",
           "Mean probability that the DRAC exceeds what a vehicle can brake (CPI).", crash_potential),
    Metric("minimal_stopping_distance", "1.0.0", "Minimal stopping distance", "m", _LOW, _MEAN, _ALLEN,
           "Greatest v^2 / (2 * 11.5 m/s^2) (MSD).", stopping_distance),
    Metric("post_encroachment_time", "1.0.0", "Post-encroachment time", "s", _HIGH, _MEAN, _ALLEN,
           "Least time between one leaving and the other entering the ground that both use (PET).",
           post_encroachment),
    Metric("encroachment_time", "1.0.0", "Encroachment time", "s", _LOW, _MEAN, _ALLEN,
           "Time that the ego dwells in the conflict area of its least PET (ET).", encroachment_time),
    Metric("proportion_of_stopping_distance", "1.0.0", "Proportion of stopping distance", "", _HIGH, _MEAN, _ALLEN,
           "Least remaining way to the conflict area over the minimal stopping distance (PSD).",
           stopping_proportion),
    Metric("time_to_collision_star", "1.0.0", "TTC along the plan", "s", _HIGH, _MEAN, _TAMKE,
           "First contact of the boxes along the predicted trajectory at the most critical moment (TTC*).", ttc_star),
    Metric("time_to_brake", "1.0.0", "Time to brake", "s", _HIGH, _MEAN, _TAMKE,
           "Latest moment at which full braking avoids the contact (TTB).", time_to_brake),
    Metric("time_to_kickdown", "1.0.0", "Time to kick-down", "s", _HIGH, _MEAN, _TAMKE,
           "Latest moment at which full acceleration avoids the contact (TTK).", time_to_kickdown),
    Metric("time_to_steer", "1.0.0", "Time to steer", "s", _HIGH, _MEAN, _TAMKE,
           "Latest moment at which a full swerve avoids the contact (TTS).", time_to_steer),
    Metric("time_to_react", "1.0.0", "Time to react", "s", _HIGH, _MEAN, _TAMKE,
           "Latest moment at which any of the three avoids the contact (TTR).", time_to_react),
    Metric("worst_time_to_collision", "1.0.0", "Worst time to collision", "s", _HIGH, _MEAN,
           "Wachenfeld et al., IEEE IV (2016)",
           "Earliest contact if everyone accelerated anywhere with 11.5 m/s^2 (WTTC).", worst_time),
    Metric("space_occupancy_index", "1.0.0", "Space occupancy index", "", _LOW, _MEAN,
           "Tsukaguchi, Mori (1987); margins of CommonRoad-CriMe",
           "Moments times actors within 2 m and the stopping distance ahead, 0.5 m behind and beside the ego (SOI).",
           space_occupancy),
    Metric("delta_v", "1.0.0", "Delta-V", "m/s", _LOW, _MEAN, "nuplan-devkit e924167; equal masses",
           "Change of the ego's velocity in the worst contact; 0 without one.", delta_v),
    Metric("rss_longitudinal_margin", "1.0.0", "RSS margin", "m", _HIGH, _MEAN, _RSS,
           "Least headway less the safe longitudinal distance.", rss_margin),
    Metric("rss_dangerous_share", "1.0.0", "RSS dangerous share", "", _LOW, _MEAN, _RSS,
           "Share of moments at which the longitudinal and the lateral safe distance to anyone are violated.",
           rss_danger),
)  # fmt: skip
