"""Small published scores: HUGSIM's HD-score, NeuroNCAP, AlpaSim's scene score, interPlan, Waymax's feasibility.

HUGSIM (62c690d):    HD = mean over t of [NC DAC (5 TTC + 2 C) / 7] x RC, TTC looking 0.5 s and 1 s ahead
NeuroNCAP (ecdcf28): 5 without a collision, else 4 max(0, 1 - v_impact / v_ref), v_ref the impact speed without action
AlpaSim (3032e0c):   0 after a front or lateral collision or off the road, else min(1, progress / 0.8)
interPlan (a85024a): nuPlan's score with the lane changes to the goal as a further part of weight 4, and gates
Waymax (48b33d7):    infeasible where |a| > 10.4 m/s^2 or |curvature| > 0.3 1/m

Chosen where the texts are silent: in the HD-score everyone keeps velocity and heading while it looks ahead, a frame is
comfortable where nuPlan's six quantities are within their bounds in it (lateral acceleration is the real one), and RC
is the share of the task's way; without action the ego keeps its first velocity while the others do as recorded; a
contact is lateral or frontal unless the other's centre bears over 150 degrees at the rear axle; progress is that of
the ego over the expert's (the task's where there is none), 1 where that is under 5 m; accelerations and curvatures are
differences over one step, and a step of under 5 cm has no curvature.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.metrics.boxes import overlap_m
from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale, not_applicable
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.navsim.scene import motion_of_drive, scene_of_drive
from closed_loop.metrics.navsim.subscores import off_road
from closed_loop.metrics.nuplan import comfort, judge
from closed_loop.metrics.nuplan.contacts import BEHIND_RAD, boxes_meet, nuplan_contacts
from closed_loop.metrics.nuplan.score import MULTIPLIERS, WEIGHTS
from driving_data.geometry import wrap_angle

HD_AHEAD_S = (0.5, 1.0)
ALPASIM_FULL, ALPASIM_SHORT_M = 0.8, 5.0
INTERPLAN_WEIGHT = 4.0
MAX_ACCELERATION_MPS2, MAX_CURVATURE_1PM = 10.4, 0.3
_MIN_STEP_M = 0.05


def hd_score(
    nc: Float[np.ndarray, "T"],
    dac: Float[np.ndarray, "T"],
    ttc: Float[np.ndarray, "T"],
    comfortable: Float[np.ndarray, "T"],
    completion: float,
) -> float:
    """HUGSIM's HD-score from its parts in each frame and the share of the route."""
    return float(np.mean(nc * dac * (5 * ttc + 2 * comfortable) / 7)) * completion


def neuro_ncap_score(impact_mps: float | None, reference_mps: float) -> float:
    """5 without an impact, else 4 max(0, 1 - v / v_ref); 0 where doing nothing would have met nobody (v_ref 0)."""
    if impact_mps is None:
        return 5.0
    return 4.0 * max(0.0, 1.0 - impact_mps / reference_mps) if reference_mps > 0.0 else 0.0


def alpasim_score(struck: bool, off_the_road: bool, progress: float, expert_m: float) -> float:
    """0 where the ego struck someone or left the road; else min(1, progress / 0.8), 1 where the expert went < 5 m."""
    if struck or off_the_road:
        return 0.0
    return 1.0 if expert_m < ALPASIM_SHORT_M else min(1.0, progress / ALPASIM_FULL)


def interplan_score(
    multipliers: Mapping[str, float],
    parts: Mapping[str, float],
    lane_changes_to_goal: float,
    gates: Mapping[str, bool] | None = None,
) -> float:
    """The product of nuPlan times the weighted mean with the lane changes at weight 4; 0 where a gate is shut.

    Args:
        multipliers: as of `nuplan.score.cls_score`.
        parts: likewise.
        lane_changes_to_goal: 0 to 1.
        gates: what a scenario asks besides, as 'ego_sorts_stopped_vehicle'.
    """
    total = sum(WEIGHTS.values()) + INTERPLAN_WEIGHT
    mean = (sum(WEIGHTS[name] * parts[name] for name in WEIGHTS) + INTERPLAN_WEIGHT * lane_changes_to_goal) / total
    open_gates = float(all((gates or {}).values()))
    return float(np.prod([multipliers[name] for name in MULTIPLIERS])) * mean * open_gates


def infeasible_steps(
    center_m: Float[np.ndarray, "T 2"],
    yaw_rad: Float[np.ndarray, "T"],
    speed_mps: Float[np.ndarray, "T"],
    time_s: Float[np.ndarray, "T"],
) -> Bool[np.ndarray, "S"]:
    """Which steps no car could make: over 10.4 m/s^2 or over 0.3 1/m in magnitude."""
    acceleration = np.diff(speed_mps) / np.diff(time_s)
    way = np.hypot(*np.diff(center_m, axis=0).T)
    moved = way >= _MIN_STEP_M
    curvature = np.where(moved, wrap_angle(np.diff(yaw_rad)) / np.where(moved, way, 1.0), 0.0)
    return np.asarray((np.abs(acceleration) > MAX_ACCELERATION_MPS2) | (np.abs(curvature) > MAX_CURVATURE_1PM))


def hugsim_hd(drive: Drive) -> MetricValue:
    """HD-score of a drive."""
    values, gained = judge.motion_of_ego(drive), judge.progress(drive)
    if drive.rollout.lane_map is None or values is None or gained.value is None:
        return not_applicable("it needs a lane map, a task and five frames")
    whole = max(float(gained.evidence["expert_m"]), 1e-9) if "expert_m" in gained.evidence else None
    completion = 1.0 if whole is None else float(np.clip(gained.evidence["ego_m"] / whole, 0.0, 1.0))
    ok = np.all([(values[q.name] > q.low) & (values[q.name] < q.high) for q in comfort.QUANTITIES], axis=0)
    parts = {
        "nc": ~boxes_meet(drive).any(axis=1),
        "dac": ~off_road(motion_of_drive(drive), scene_of_drive(drive))[0],
        "ttc": ~_meets_ahead(drive).any(axis=1),
        "comfortable": ok,
    }
    numbers = {name: np.asarray(part, dtype=np.float64) for name, part in parts.items()}
    score = hd_score(numbers["nc"], numbers["dac"], numbers["ttc"], numbers["comfortable"], completion)
    shares = {name: float(part.mean()) for name, part in numbers.items()}
    return MetricValue(score, evidence={"shares": shares, "completion": completion})


def _meets_ahead(drive: Drive) -> Bool[np.ndarray, "T N"]:
    other, found = drive.others, np.zeros(drive.others.valid.shape, dtype=bool)
    for ahead in HD_AHEAD_S:
        depth = overlap_m(
            (drive.center_m + ahead * drive.velocity_mps)[:, None], drive.yaw_rad[:, None], drive.size_m,
            other.center_m + ahead * other.velocity_mps, other.yaw_rad, other.size_m,
        )  # fmt: skip
        found |= np.where(np.isnan(depth), -1.0, depth) >= 0.0
    return found


def neuro_ncap(drive: Drive) -> MetricValue:
    """NeuroNCAP score of a drive."""
    found = nuplan_contacts(drive)
    if not found:
        return MetricValue(5.0)
    reference = _impact_without_action(drive)
    if reference is None:
        return not_applicable("without action nobody would have been hit")
    impact = found[0].impact_speed_mps
    evidence = {"impact_mps": impact, "reference_mps": reference, "actor": found[0].actor_id}
    return MetricValue(neuro_ncap_score(impact, reference), at_s=found[0].time_s, evidence=evidence)


def _impact_without_action(drive: Drive) -> float | None:
    """Relative speed at the first contact of an ego that keeps its first velocity and heading."""
    other, velocity = drive.others, drive.velocity_mps[0]
    center = drive.center_m[0] + drive.time_s[:, None] * velocity
    heading = np.full((drive.num_steps, 1), drive.yaw_rad[0])
    depth = overlap_m(center[:, None], heading, drive.size_m, other.center_m, other.yaw_rad, other.size_m)
    meets = np.where(np.isnan(depth), -1.0, depth) >= 0.0
    if not meets.any():
        return None
    step = int(np.argmax(meets.any(axis=1)))
    relative = velocity - other.velocity_mps[step, int(np.argmax(meets[step]))]
    speed = float(np.hypot(relative[0], relative[1]))
    return speed if speed > 0 else None


def alpasim_scene(drive: Drive) -> MetricValue:
    """AlpaSim's scene score of a drive."""
    gained, road = judge.progress(drive), judge.lanes_of_ego(drive)
    if road is None or "expert_m" not in gained.evidence:
        return not_applicable("it needs a lane map and an expert's or task's way")
    struck = [
        contact for contact in nuplan_contacts(drive)
        if drive.bearing_rad[contact.step, drive.others.ids.index(contact.actor_id)] <= BEHIND_RAD
    ]  # fmt: skip
    off = bool(off_road(motion_of_drive(drive), scene_of_drive(drive)).any())
    expert = float(gained.evidence["expert_m"])
    progress = max(float(gained.evidence["ego_m"]), 0.0) / expert if expert > 0 else 0.0
    score = alpasim_score(bool(struck), off, progress, expert)
    reason = f"hit {struck[0].actor_id}" if struck else "left the road" if off else ""
    evidence = {"progress": progress, "expert_m": expert}
    return MetricValue(score, reason=reason, at_s=struck[0].time_s if struck else None, evidence=evidence)


def kinematic_infeasibility(drive: Drive) -> MetricValue:
    """1 where a step of the ego was infeasible."""
    if drive.num_steps < 2:
        return not_applicable("a single frame")
    bad = infeasible_steps(drive.center_m, drive.yaw_rad, drive.speed_mps, drive.time_s)
    at = float(drive.time_s[1 + int(np.argmax(bad))]) if bad.any() else None
    return MetricValue(float(bad.any()), at_s=at, evidence={"num_steps": int(bad.sum())})


_LOW, _HIGH = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER

METRICS = (
    Metric(
        "hugsim_hd", "1.0.0", "HD-score", "", _HIGH, Scale.MEAN, "HUGSIM (62c690d)",
        "Mean over frames of NC x DAC x (5 TTC + 2 C) / 7, times the share of the way.", hugsim_hd,
    ),
    Metric(
        "neuro_ncap", "1.0.0", "NeuroNCAP score", "", _HIGH, Scale.MEAN, "NeuroNCAP (ecdcf28)",
        "5 without a collision, else 4 times the share of the impact speed that was avoided.", neuro_ncap,
    ),
    Metric(
        "alpasim_scene", "1.0.0", "AlpaSim scene score", "", _HIGH, Scale.MEAN, "AlpaSim (3032e0c)",
        "0 after a front or lateral collision or off the road, else the progress over 0.8 of the expert's, at most 1.",
        alpasim_scene,
    ),
    Metric(
        "kinematic_infeasibility", "1.0.0", "Kinematically infeasible", "", _LOW, Scale.RATE, "Waymax (48b33d7)",
        "A step took over 10.4 m/s^2 or a curvature over 0.3 1/m.", kinematic_infeasibility,
    ),
)  # fmt: skip
