"""Criticality measures beside CommonRoad-CriMe's on its own scenarios, and on one scene turned to four angles.

CriMe's measures depend on the orientation of the map (it adds half lengths to both coordinates, and multiplies speeds
by the cosine of the lane's heading in the world), so values are compared where the ego's lane runs within 2 degrees of
the x axis; measures that do not use the lane are compared everywhere. `REASONS` says why the rest differ.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Figure
from closed_loop.metrics.drive import Drive, DrivingTask, drive_of
from closed_loop.metrics.leader import curvilinear, leader_series
from closed_loop.metrics.longitudinal import (
    crash_potential_index,
    minimal_stopping_distance_m,
    passing_time_headway_s,
    raw_deceleration_to_safety_time_mps2,
    required_longitudinal_acceleration_mps2,
    time_exposed_s,
    time_integrated_s2,
    ttc_constant_acceleration_s,
)
from closed_loop.metrics.manoeuvres import Plan, Traffic, reaction_times
from closed_loop.metrics.threats import (
    DRY_FRICTION,
    delta_v_mps,
    disc_radius_m,
    intrudes,
    required_lateral_acceleration_mps2,
    worst_time_to_collision_s,
)
from driving_data.geometry import SE3
from driving_data.logs.registry import reader
from driving_data.maps.lane_map import Lane, LaneKind, LaneMap
from driving_data.rollout import Rollout
from roadloom.places import shared_data

PEER = "commonroad-crime 0.4.5"
REQUIREMENTS = ("commonroad-crime==0.4.5",)
CASES = (
    ("OSC_CutIn-1_2_T-1.xml", 3, 4, (0, 35, 40, 50, 60)),
    ("ZAM_Zip-1_56_T-1.xml", 2, 3, (0, 10, 20)),
    ("DEU_Gar-1_1_T-1.xml", 203, 200, (0, 5, 10)),
    ("DEU_Gar-1_1_T-1.xml", 200, 202, (0, 5, 10)),
    ("USA_US101-5_1_T-1.xml", 476, 464, (0, 30)),
    ("USA_Lanker-1_3_T-1.xml", 1605, 1568, (0, 20)),
    ("ZAM_Tjunction-1_97_T-1.xml", 7, 1, (0,)),
    ("DEU_TestIntersectionInteract-3_1_T-1.xml", 30, 31, (0,)),
    ("DEU_TestIntersectionInteract-3_1_T-1.xml", 31, 30, (0,)),
)
ANGLES_DEG = (0, 45, 90, 180)
TOLERANCE = {
    "HW": 0.15, "THW": 0.1, "TTC": 0.1, "ALongReq": 0.05, "ALatReq": 0.05, "BTN": 0.005, "STN": 0.006, "DST": 0.15,
    "MSD": 0.02, "WTTC": 0.051, "TET": 0.1, "TIT": 0.05, "CPI": 1e-4, "DCE": 0.02, "TTCE": 0.1, "SOI": 2.0,
    "TTCStar": 0.0501, "TTB": 0.0501, "TTK": 0.0501, "DeltaV": 0.01, "TTS": 0.0501, "TTR": 0.0501,
}  # fmt: skip
_SPREAD_CAP = 1000.0
_NEVER = 1e6
EVERYWHERE = ("WTTC", "DCE", "TTCE")
REASONS = {
    "TTC": "CriMe drops the sign of the leader's acceleration",
    "ALongReq": "CriMe drops the sign of the leader's acceleration, and answers 0 for a lane heading of exactly 0",
    "BTN": "follows from ALongReq",
    "ALatReq": "CriMe takes the lateral offset of the ego from itself (0) and multiplies the speeds by sin(heading)",
    "STN": "follows from ALatReq",
    "DST": "the gap enters near a pole: CriMe's smoothed path is 2 to 15 cm longer; it takes speeds along x",
    "MSD": "CriMe takes the whole speed, here it is the part along the lane",
    "DeltaV": "CriMe adds the other's speed where the relative velocity subtracts it",
    "TET": "follows from TTC; CriMe asks for a common lanelet, here the leader must be in the ego's swath",
    "TIT": "as TET",
    "CPI": "follows from ALongReq",
    "SOI": "CriMe cuts the personal space at the lanelets",
    "TTCStar": "CriMe counts touching as a contact",
    "TTS": "CriMe's swerve never succeeds in this scene",
}


def following_scene(angle_deg: float, num_steps: int = 61) -> Rollout:
    """The scene of the peer: gap 36 m, 20 m/s behind 10 m/s, at this angle."""
    from tests.closed_loop import worlds

    return worlds.move(worlds.car_following(num_steps=num_steps), float(np.deg2rad(angle_deg)), (0.0, 0.0))


def pair_of(rollout: Rollout, ego: str, other: str) -> Drive:
    """The drive of one vehicle that meets only another, along the lanes on which it begins.

    Accelerations are central differences of the speed, as the peer takes them.
    """
    rows = [rollout.actors.ids.index(ego), rollout.actors.ids.index(other)]
    pose = rollout.world_from_actor
    speed = np.linalg.norm(rollout.velocity_mps[:, rows, :2], axis=-1)
    change = np.stack([_gradient(speed[:, k], rollout.valid[:, rows[k]]) for k in (0, 1)], axis=-1)
    yaw = pose.yaw_rad()[:, rows]
    acceleration = change[..., None] * np.stack([np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)], axis=-1)
    actors = replace(
        rollout.actors, ids=(ego, other), kind=rollout.actors.kind[rows], size_m=rollout.actors.size_m[rows],
        rear_axle_to_center_m=rollout.actors.rear_axle_to_center_m[rows],
    )  # fmt: skip
    pair = replace(
        rollout, actors=actors, ego_index=0, world_from_actor=SE3(pose.rotation[:, rows], pose.translation_m[:, rows]),
        velocity_mps=rollout.velocity_mps[:, rows], acceleration_mps2=acceleration,
        yaw_rate_radps=rollout.yaw_rate_radps[:, rows], steering_rad=rollout.steering_rad[:, rows],
        lights=rollout.lights[:, rows], valid=rollout.valid[:, rows],
    )  # fmt: skip
    return drive_of(pair, _lane_task(pair))


def _gradient(speed: np.ndarray, valid: np.ndarray) -> np.ndarray:
    result = np.full(len(speed), np.nan)
    rows = np.flatnonzero(valid)
    if len(rows) > 1:
        result[rows] = np.gradient(speed[rows], 0.1)
    return result


def _lane_task(rollout: Rollout) -> DrivingTask | None:
    lane_map = rollout.lane_map
    if lane_map is None:
        return None
    first = int(np.argmax(rollout.valid[:, 0]))
    place = rollout.world_from_actor.translation_m[first, 0, :2]
    lane = _lane_at(lane_map, place, float(rollout.world_from_actor.yaw_rad()[first, 0]))
    chain = [lane]
    for _ in range(2):
        chain = [*_next(lane_map, chain[0].predecessors), *chain, *_next(lane_map, chain[-1].successors)]
    points = np.concatenate([item.centerline_m[:, :2] for item in chain])
    return DrivingTask(points, 1.0, 1.0, 1.0)


def _next(lane_map: LaneMap, names: Sequence[str]) -> list[Lane]:
    return [lane_map.lane_by_id[names[0]]] if names else []


def _lane_at(lane_map: LaneMap, place: np.ndarray, yaw: float) -> Lane:
    from driving_data.maps.queries import lane_at

    found = int(lane_at(lane_map, place[None], np.array([yaw]), tuple(LaneKind))[0])
    return lane_map.lanes[found]


def measures_at(drive: Drive, step: int, episode: bool) -> dict[str, float]:
    """Our values under the peer's names, with its conventions where a measure has several."""
    series, place = leader_series(drive), curvilinear(drive)
    leads = bool(series.column[step] == 0)
    lead_mps = float(place.speed_mps[step, 0])
    ego_mps = float(place.ego_speed_mps[step])
    gap = float(series.headway_m[step])
    front = place.ego_s_m + place.ego_half_m[:, 0]
    rear = float(place.s_m[step, 0] - place.half_m[step, 0, 0])
    needed = required_longitudinal_acceleration_mps2(
        series.headway_m, np.where(series.present, place.speed_mps[:, 0] - place.ego_speed_mps, 0.0),
        np.nan_to_num(place.acceleration_mps2[:, 0]), closing_only=False,
    )  # fmt: skip
    size, other = drive.size_m, drive.others.size_m[0]
    radius = float(disc_radius_m(float(size[0]), float(size[1])) + disc_radius_m(float(other[0]), float(other[1])))
    turn = float(drive.others.yaw_rad[step, 0] - drive.yaw_rad[step])
    found = {
        "HW": gap,
        "THW": passing_time_headway_s(drive.time_s[step:], front[step:], rear) if leads else float("inf"),
        "TTC": float(series.ttc_acceleration_s[step]),
        "ALongReq": float(needed[step]),
        "ALatReq": float(series.required_lateral_mps2[step]),
        "BTN": float(needed[step]) / -11.5,
        "STN": float(series.steer_threat[step]),
        "DST": float(raw_deceleration_to_safety_time_mps2(gap, ego_mps, lead_mps)) if leads else 0.0,
        "MSD": float(minimal_stopping_distance_m(ego_mps)),
        "DeltaV": float(delta_v_mps(float(drive.speed_mps[step]), float(drive.others.speed_mps[step, 0]), turn)),
        "WTTC": float(worst_time_to_collision_s(
            drive.others.center_m[step, 0] - drive.center_m[step],
            drive.others.velocity_mps[step, 0] - drive.velocity_mps[step], radius, 23.0)),
    }  # fmt: skip
    return {**found, **(_episode(drive, step, needed) if episode else {})}


def _episode(drive: Drive, step: int, needed: np.ndarray) -> dict[str, float]:
    ttc = leader_series(drive).ttc_acceleration_s[step:]
    distance = np.where(drive.others.valid[step:-1, 0], drive.distance_m[step:-1, 0], np.inf)
    other = drive.others
    plan = Plan(0.1, drive.center_m[step:], drive.yaw_rad[step:], drive.speed_mps[step:], drive.size_m)
    traffic = Traffic(other.center_m[step:], other.yaw_rad[step:], other.size_m, other.valid[step:])
    times = reaction_times(plan, traffic)
    return {
        "TET": float(time_exposed_s(np.where(ttc > 0, ttc, np.inf), 0.1) + 0.1 * float((ttc == 0).any())),
        "TIT": float(time_integrated_s2(np.where(ttc > 0, ttc, np.inf), 0.1) + 0.2 * float((ttc == 0).any())),
        "CPI": float(crash_potential_index(-np.maximum(needed[step:-1], -1e6))),
        "DCE": float(distance.min()),
        "TTCE": float(drive.time_s[int(np.argmin(distance))]),
        "TTCStar": times.ttc_star_s,
        "TTB": times.brake_s,
        "TTK": times.kickdown_s,
        "TTS": times.steer_s,
        "TTR": times.react_s,
    }


def by_their_convention(drive: Drive, step: int, heading_rad: float, theirs: Mapping[str, Any]) -> dict[str, float]:
    """Our formulas fed with what the peer feeds its own: where these agree, the inputs alone made the difference.

    The leader's acceleration loses its sign, speeds are whole and turned by the heading of the lane in the world, the
    lateral offset is that of the ego from itself, and a heading of exactly 0 counts as no projection.
    """
    size, other = drive.size_m, drive.others.size_m[0]
    gap, ego = number(theirs["HW"]), float(drive.speed_mps[step])
    lead = float(drive.others.speed_mps[step, 0])
    cos, sin = float(np.cos(heading_rad)), float(np.sin(heading_rad))
    acceleration = drive.rollout.acceleration_mps2[drive.step[step], :2, :2]
    own = float(acceleration[0] @ drive.forward[step]) * cos
    its = float(np.hypot(*acceleration[1]))
    along = (lead - ego) * cos
    ttc = float(ttc_constant_acceleration_s(gap, along, its * cos - own))
    needed = (
        0.0
        if heading_rad == 0
        else float(required_longitudinal_acceleration_mps2(gap, along, its * cos, closing_only=False))
    )
    sideways = float(required_lateral_acceleration_mps2(
        0.0, (lead * sin - ego) * sin, its * sin, float(size[1]), float(other[1]), ttc))  # fmt: skip
    x = ego * float(np.cos(drive.yaw_rad[step])), lead * float(np.cos(drive.others.yaw_rad[step, 0]))
    turn = float(drive.others.yaw_rad[step, 0] - drive.yaw_rad[step])
    safety = float(raw_deceleration_to_safety_time_mps2(gap, *x)) if np.isfinite(gap) else 0.0
    return {
        "TTC": ttc, "ALongReq": needed, "BTN": needed / -11.5, "ALatReq": sideways, "STN": sideways / 8.0,
        "DST": safety, "MSD": float(minimal_stopping_distance_m(ego * cos)),
        "DeltaV": float(0.5 * (ego + lead * np.cos(turn))),
    }  # fmt: skip


def explained(rows: Sequence[Mapping[str, Any]], folder: Path | None) -> list[tuple[str, str, float, float, bool]]:
    """As `compared`, with the peer's inputs, for the measures whose inputs it takes otherwise."""
    result: list[tuple[str, str, float, float, bool]] = []
    for row in rows:
        if not aligned(row):
            continue
        heading = float(np.deg2rad(float(row["lane_heading_deg"])))
        found = by_their_convention(drive_of_row(row, folder), int(row["step"]), heading, row["values"])
        for name, value in found.items():
            theirs = number(row["values"][name])
            case = f"{row['file']} {row['ego']}/{row['other']} @{row['step']}"
            result.append((name, case, value, theirs, agrees(name, value, theirs)))
    return result


def occupancy(rollout: Rollout, ego: str, step: int) -> float:
    """SOI of one vehicle among all others, stopping distance included; the peer leaves out the last moment."""
    drive = drive_of(replace(rollout, ego_index=rollout.actors.ids.index(ego)))
    other = drive.others
    inside = intrudes(
        drive.center_m[:, None], drive.yaw_rad[:, None], drive.size_m, drive.speed_mps[:, None],
        other.center_m, other.yaw_rad, other.size_m, DRY_FRICTION,
    )  # fmt: skip
    # The reader adds the planning problem as an actor named ego; for the peer it is nobody.
    named = np.array([name != "ego" for name in other.ids], dtype=bool)
    return float((inside & other.valid & named)[step:-1].sum())


def rollout_of_row(row: Mapping[str, Any], folder: Path | None) -> Rollout:
    """The whole rollout that a row of the peer's answer is about.

    Raises:
        ValueError: the row is of a file and there is no folder.
    """
    if row["file"] == "following":
        return following_scene(float(row["lane_heading_deg"]))
    if folder is None:
        raise ValueError("the scenarios of CommonRoad-CriMe are not here")
    return next(iter(reader("commonroad").read(folder / str(row["file"])))).rollout


def drive_of_row(row: Mapping[str, Any], folder: Path | None) -> Drive:
    """The drive that a row of the peer's answer is about.

    Raises:
        ValueError: the row is of a file and there is no folder.
    """
    rollout = rollout_of_row(row, folder)
    if row["file"] == "following":
        return drive_of(rollout)
    return pair_of(rollout, str(row["ego"]), str(row["other"]))


def aligned(row: Mapping[str, Any]) -> bool:
    """Whether the ego's lane runs along the x axis, where the peer's values mean what they say."""
    return abs((float(row["lane_heading_deg"]) + 180.0) % 360.0 - 180.0) <= 2.0


def number(value: float | str) -> float:
    """The peer's value; NaN for an error, infinite above 10^6 (its closing times of 10^15 s come from rounding)."""
    if isinstance(value, str) and value.startswith("error"):
        return float("nan")
    return float("inf") if float(value) > _NEVER else float(value)


def agrees(name: str, ours: float, theirs: float) -> bool:
    """Whether both say the same, up to the peer's rounding and its smoothed reference path."""
    if np.isinf(ours) or np.isinf(theirs):
        return ours == theirs
    return abs(ours - theirs) <= TOLERANCE[name] + 0.005 * abs(theirs)


def compared(rows: Sequence[Mapping[str, Any]], folder: Path | None) -> list[tuple[str, str, float, float, bool]]:
    """(measure, case, ours, theirs, agrees) for every value that may be compared."""
    result: list[tuple[str, str, float, float, bool]] = []
    for row in rows:
        drive = drive_of_row(row, folder)
        whole = "TET" in row["values"]
        ours = measures_at(drive, int(row["step"]), whole)
        if whole:
            name = "ego" if row["file"] == "following" else str(row["ego"])
            ours["SOI"] = occupancy(rollout_of_row(row, folder), name, int(row["step"]))
        for name, value in ours.items():
            theirs = number(row["values"][name])
            if (aligned(row) or name in EVERYWHERE) and np.isfinite(theirs) | np.isinf(theirs):
                case = f"{row['file']} {row['ego']}/{row['other']} @{row['step']} {row['lane_heading_deg']} deg"
                result.append((name, case, value, theirs, agrees(name, value, theirs)))
    return result


def ask(folder: Path) -> dict[str, Any] | None:
    """The peer's answer; None where its environment cannot be made for want of a registry.

    Raises:
        RuntimeError: the environment or the script is broken.
    """
    devkits = import_module("tests.tools.devkits")
    try:
        python = devkits.devkit_python("commonroad_crime", REQUIREMENTS)
    except devkits.DevkitError as error:
        if error.unreachable:
            return None
        raise RuntimeError(str(error)) from error
    script = Path(__file__).with_name("crime_peer.py")
    command = [str(python), str(script), str(folder), json.dumps(CASES), json.dumps(ANGLES_DEG)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def run() -> list[Figure]:
    """Share of the compared values that agree, per measure, and the spread over four angles."""
    shared = shared_data()
    folder = None if shared is None else shared / "logs" / "commonroad"
    answer = None if folder is None else ask(folder)
    if answer is None:
        return []
    rows = answer["rows"]
    found, told = compared(rows, folder), explained(rows, folder)
    figures: list[Figure] = []
    for name in TOLERANCE:
        hits = [good for measure, *_, good in found if measure == name]
        note = f"{sum(hits)} of {len(hits)} values"
        if not all(hits):
            same = [good for measure, *_, good in told if measure == name]
            note += f"; {REASONS.get(name, 'see docs/criticality.md')}"
            note += f"; with its inputs {sum(same)} of {len(same)}" if same else ""
        figures.append(Figure(f"{name}: agreement", sum(hits) / max(len(hits), 1), "share", peer=PEER, note=note))
    figures += spread(rows)
    return figures


def spread(rows: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Greatest difference of each measure over the four angles of one scene: ours and theirs."""
    turned = [row for row in rows if row["file"] == "following"]
    ours = [measures_at(drive_of_row(row, None), 0, True) for row in turned]
    figures: list[Figure] = []
    for name in ("HW", "TTC", "ALongReq", "DST", "MSD", "TET"):
        theirs = [min(number(row["values"][name]), _SPREAD_CAP) for row in turned]
        figures.append(
            Figure(f"{name}: spread over four angles", float(np.ptp([item[name] for item in ours])), "",
                   peer=PEER, peer_value=float(np.ptp(theirs)), note="the same scene turned; 0 is right")
        )  # fmt: skip
    return figures
