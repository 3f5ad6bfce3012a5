"""The one ahead, in curvilinear coordinates of the route: what the longitudinal and lateral measures need.

The axis is the route that the ego was asked to drive where it stays within 5 m of it, else the path that it drove. Both
belong to the road and not to the map's axes, so that every measure is the same however the world is turned.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Int

from closed_loop.metrics import longitudinal as along_lane
from closed_loop.metrics import threats
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.polyline import distinct, project
from driving_data.geometry import wrap_angle

RANGE_M = 100.0
_NEAR_ROUTE_M = 5.0
_ALONG_RAD = float(np.deg2rad(60.0))


@dataclass(frozen=True, slots=True, eq=False)
class Curvilinear:
    """Everyone on the axis: s along it, d to its left, speeds and accelerations along and across.

    Attributes:
        ego_s_m: shape (T,), as the other fields of the ego.
        ego_d_m: to the left.
        ego_speed_mps: along.
        ego_lateral_mps: across, to the left.
        ego_half_m: half extent along and across, shape (T, 2).
        s_m: of the others, shape (T, N), as the other fields; NaN where absent.
        d_m: to the left.
        turn_rad: heading relative to the axis.
        speed_mps: along.
        lateral_mps: across.
        acceleration_mps2: along; NaN where unknown.
        lateral_mps2: across; NaN where unknown.
        half_m: half extent along and across, shape (T, N, 2).
    """

    ego_s_m: Float[np.ndarray, "T"]
    ego_d_m: Float[np.ndarray, "T"]
    ego_speed_mps: Float[np.ndarray, "T"]
    ego_lateral_mps: Float[np.ndarray, "T"]
    ego_half_m: Float[np.ndarray, "T 2"]
    s_m: Float[np.ndarray, "T N"]
    d_m: Float[np.ndarray, "T N"]
    turn_rad: Float[np.ndarray, "T N"]
    speed_mps: Float[np.ndarray, "T N"]
    lateral_mps: Float[np.ndarray, "T N"]
    acceleration_mps2: Float[np.ndarray, "T N"]
    lateral_mps2: Float[np.ndarray, "T N"]
    half_m: Float[np.ndarray, "T N 2"]

    @property
    def gap_m(self) -> Float[np.ndarray, "T N"]:
        """Longitudinal gap between the boxes, to whoever is ahead or behind; negative where they overlap along."""
        return np.abs(self.s_m - self.ego_s_m[:, None]) - self.half_m[..., 0] - self.ego_half_m[:, None, 0]

    @property
    def lateral_gap_m(self) -> Float[np.ndarray, "T N"]:
        """Lateral gap between the boxes; negative where they overlap across."""
        return np.abs(self.d_m - self.ego_d_m[:, None]) - self.half_m[..., 1] - self.ego_half_m[:, None, 1]


@lru_cache(maxsize=4)
def curvilinear(drive: Drive) -> Curvilinear:
    """The drive on its axis."""
    route = _route(drive)
    axis = drive.path_m if route is None else route
    other = drive.others
    s, d, heading = project(other.center_m, axis)
    if route is None:
        ego_s, ego_d, ego_heading = drive.ego_s_m, np.zeros(drive.num_steps), drive.yaw_rad
    else:
        ego_s, ego_d, ego_heading = project(drive.center_m, route)
    velocity = _turned(other.velocity_mps, heading)
    acceleration = _turned(drive.rollout.acceleration_mps2[drive.step][:, list(other.index), :2], heading)
    ego_velocity = _turned(drive.velocity_mps, ego_heading)
    turn = wrap_angle(np.where(other.valid, other.yaw_rad - heading, 0.0))
    return Curvilinear(
        ego_s, ego_d, ego_velocity[..., 0], ego_velocity[..., 1],
        _half_extents(wrap_angle(drive.yaw_rad - ego_heading), drive.size_m),
        s, d, turn, velocity[..., 0], velocity[..., 1], acceleration[..., 0], acceleration[..., 1],
        _half_extents(turn, other.size_m),
    )  # fmt: skip


def _route(drive: Drive) -> np.ndarray | None:
    task = drive.task
    if task is None or task.route_m is None or len(distinct(task.route_m)) < 2:
        return None
    off = np.abs(project(drive.center_m, task.route_m)[1])
    return distinct(task.route_m) if float(off.max()) <= _NEAR_ROUTE_M else None


def _turned(vectors: np.ndarray, heading_rad: np.ndarray) -> np.ndarray:
    cos, sin = np.cos(heading_rad), np.sin(heading_rad)
    x, y = vectors[..., 0], vectors[..., 1]
    return np.stack([cos * x + sin * y, cos * y - sin * x], axis=-1)


def _half_extents(turn_rad: np.ndarray, size_m: np.ndarray) -> np.ndarray:
    cos, sin = np.abs(np.cos(turn_rad)), np.abs(np.sin(turn_rad))
    length, width = size_m[..., 0], size_m[..., 1]
    return 0.5 * np.stack([cos * length + sin * width, sin * length + cos * width], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class LeaderSeries:
    """Measures against the leader at every moment, each of shape (T,); infinite or 0 where nobody is ahead.

    Attributes:
        column: index of the leader among the others; -1 without one.
        headway_m: HW.
        time_headway_s: THW.
        ttc_s: at constant velocity.
        ttc_acceleration_s: at constant acceleration.
        drac_mps2: DRAC.
        required_longitudinal_mps2: a_long,req, at most 0.
        brake_threat: BTN.
        required_lateral_mps2: a_lat,req.
        steer_threat: STN.
        safety_time_mps2: DST.
        lead_mps: speed of the leader along the way; NaN without one.
    """

    column: Int[np.ndarray, "T"]
    headway_m: Float[np.ndarray, "T"]
    time_headway_s: Float[np.ndarray, "T"]
    ttc_s: Float[np.ndarray, "T"]
    ttc_acceleration_s: Float[np.ndarray, "T"]
    drac_mps2: Float[np.ndarray, "T"]
    required_longitudinal_mps2: Float[np.ndarray, "T"]
    brake_threat: Float[np.ndarray, "T"]
    required_lateral_mps2: Float[np.ndarray, "T"]
    steer_threat: Float[np.ndarray, "T"]
    safety_time_mps2: Float[np.ndarray, "T"]
    lead_mps: Float[np.ndarray, "T"]

    @property
    def present(self) -> Bool[np.ndarray, "T"]:
        """Whether anybody is ahead."""
        return np.asarray(self.column >= 0)


@lru_cache(maxsize=4)
def leader_series(drive: Drive) -> LeaderSeries:
    """Every measure against the leader: the nearest one ahead in the ego's swath, within 60 degrees and 100 m."""
    place = curvilinear(drive)
    rows = np.arange(drive.num_steps)
    leads = drive.others.valid & (place.s_m > place.ego_s_m[:, None]) & (place.lateral_gap_m < 0)
    leads &= (np.abs(place.turn_rad) < _ALONG_RAD) & (place.gap_m < RANGE_M)
    if leads.shape[1] == 0:
        leads = np.zeros((drive.num_steps, 1), dtype=bool)
    nearest = np.argmin(np.where(leads, _padded(place.gap_m, leads), np.inf), axis=1)
    present = leads[rows, nearest]

    def of_leader(values: np.ndarray, missing: float) -> np.ndarray:
        return np.where(present, _padded(values, leads)[rows, nearest], missing)

    def known(values: np.ndarray) -> np.ndarray:
        # Where a log gives no acceleration nobody is assumed to accelerate.
        return np.nan_to_num(of_leader(values, 0.0), nan=0.0)

    gap = np.maximum(of_leader(place.gap_m, np.inf), 0.0)
    speed, lead = place.ego_speed_mps, of_leader(place.speed_mps, np.nan)
    acceleration = known(place.acceleration_mps2)
    own = _ego_acceleration(drive)
    relative = np.where(present, lead - speed, 0.0)
    ttc = along_lane.ttc_constant_velocity_s(gap, speed, np.where(present, lead, speed))
    ttc_acceleration = along_lane.ttc_constant_acceleration_s(gap, relative, acceleration - own)
    needed = along_lane.required_longitudinal_acceleration_mps2(gap, relative, acceleration)
    width = 2 * of_leader(place.half_m[..., 1], 0.0)
    sideways = threats.required_lateral_acceleration_mps2(
        of_leader(place.d_m, 0.0) - place.ego_d_m, of_leader(place.lateral_mps, 0.0) - place.ego_lateral_mps,
        known(place.lateral_mps2), 2 * place.ego_half_m[:, 1], width, ttc,
    )  # fmt: skip
    return LeaderSeries(
        column=np.where(present, nearest, -1),
        headway_m=gap,
        time_headway_s=along_lane.time_headway_s(gap, speed),
        ttc_s=ttc,
        ttc_acceleration_s=ttc_acceleration,
        drac_mps2=along_lane.drac_mps2(gap, speed, np.where(present, lead, speed)),
        required_longitudinal_mps2=needed,
        brake_threat=along_lane.brake_threat_number(needed),
        required_lateral_mps2=sideways,
        steer_threat=threats.steer_threat_number(sideways),
        safety_time_mps2=along_lane.deceleration_to_safety_time_mps2(gap, speed, np.where(present, lead, np.nan)),
        lead_mps=np.where(present, lead, np.nan),
    )


def _padded(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """The values, or one column of NaN where there are no others."""
    return values if values.shape[1] == like.shape[1] else np.full(like.shape, np.nan)


def _ego_acceleration(drive: Drive) -> np.ndarray:
    rollout = drive.rollout
    known = rollout.acceleration_mps2[drive.step, rollout.ego_index, :2]
    if not np.isfinite(known).all():
        if drive.num_steps < 2:
            return np.zeros(drive.num_steps)
        known = np.gradient(drive.velocity_mps, drive.time_s, axis=0)
    return np.sum(known * drive.forward, axis=-1)
