"""A rollout as its metrics see it: the ego in front, everyone else beside it, derived quantities computed once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.metrics.boxes import box_corners_2d, box_distance_m
from closed_loop.metrics.lanes import LanePlace, locate
from closed_loop.metrics.polyline import distinct, project
from driving_data.rollout import Rollout
from driving_data.taxonomy import ActorClass


@dataclass(frozen=True, slots=True, eq=False)
class DrivingTask:
    """What was asked of the ego.

    Attributes:
        route_m: points along the route that it shall drive, shape (n, 2); None where only distances are known.
        distance_m: distance along the route from the start to the goal.
        target_speed_mps: speed asked of it where the road allows.
        duration_s: time that it had.
        expert_m: box centres of the expert that the ego is compared with, shape (E, 2); None without one.
        reactive: whether the other actors reacted to the ego; None where nobody said.
    """

    route_m: Float[np.ndarray, "n 2"] | None
    distance_m: float
    target_speed_mps: float
    duration_s: float
    expert_m: Float[np.ndarray, "E 2"] | None = None
    reactive: bool | None = None


@dataclass(frozen=True, eq=False)
class Others:
    """Everyone but the ego, N of them; NaN where not `valid`.

    Attributes:
        index: index in the rollout, one per column.
        ids: names.
        kind: classes.
        center_m: box centres, shape (T, N, 2).
        yaw_rad: shape (T, N).
        velocity_mps: shape (T, N, 2).
        size_m: length and width, shape (N, 2).
        valid: shape (T, N).
    """

    index: tuple[int, ...]
    ids: tuple[str, ...]
    kind: tuple[ActorClass, ...]
    center_m: Float[np.ndarray, "T N 2"]
    yaw_rad: Float[np.ndarray, "T N"]
    velocity_mps: Float[np.ndarray, "T N 2"]
    size_m: Float[np.ndarray, "N 2"]
    valid: Bool[np.ndarray, "T N"]

    @cached_property
    def speed_mps(self) -> Float[np.ndarray, "T N"]:
        """Magnitude of the velocity."""
        return np.hypot(self.velocity_mps[..., 0], self.velocity_mps[..., 1])


@dataclass(frozen=True, eq=False)
class Drive:
    """The ego of a rollout through the moments at which it exists (T of them), and what it met.

    Attributes:
        rollout: the rollout itself.
        task: what was asked; None for a real log.
        time_s: since the first moment, shape (T,).
        step: index of each moment in the rollout, shape (T,).
        center_m: ego box centre, shape (T, 2).
        yaw_rad: ego heading, unwrapped, shape (T,).
        velocity_mps: shape (T, 2).
        size_m: length and width.
        rear_axle_to_center_m: of the ego.
        others: everyone else.
    """

    rollout: Rollout
    task: DrivingTask | None
    time_s: Float[np.ndarray, "T"]
    step: np.ndarray
    center_m: Float[np.ndarray, "T 2"]
    yaw_rad: Float[np.ndarray, "T"]
    velocity_mps: Float[np.ndarray, "T 2"]
    size_m: Float[np.ndarray, "2"]
    rear_axle_to_center_m: float
    others: Others

    @property
    def num_steps(self) -> int:
        """T."""
        return len(self.time_s)

    @cached_property
    def step_s(self) -> float:
        """Typical time between moments."""
        return float(np.median(np.diff(self.time_s))) if self.num_steps > 1 else float("nan")

    @cached_property
    def forward(self) -> Float[np.ndarray, "T 2"]:
        """Unit vectors along the ego's heading."""
        return np.stack([np.cos(self.yaw_rad), np.sin(self.yaw_rad)], axis=-1)

    @cached_property
    def speed_mps(self) -> Float[np.ndarray, "T"]:
        """Magnitude of the ego's velocity."""
        return np.hypot(self.velocity_mps[:, 0], self.velocity_mps[:, 1])

    @cached_property
    def rear_axle_m(self) -> Float[np.ndarray, "T 2"]:
        """Places of the rear axle."""
        return self.center_m - self.rear_axle_to_center_m * self.forward

    @cached_property
    def corners_m(self) -> Float[np.ndarray, "T 4 2"]:
        """Ego corners: front-left, front-right, rear-right, rear-left."""
        return box_corners_2d(self.center_m, self.yaw_rad, self.size_m)

    @cached_property
    def place(self) -> LanePlace | None:
        """What the lane map says of the ego; None without a map."""
        lane_map = self.rollout.lane_map
        if lane_map is None or not lane_map.lanes:
            return None
        return locate(lane_map, self.center_m, self.yaw_rad, self.corners_m)

    @cached_property
    def distance_m(self) -> Float[np.ndarray, "T N"]:
        """Distance between the boxes of the ego and of every other actor; NaN where it is absent."""
        other = self.others
        return box_distance_m(
            self.center_m[:, None], self.yaw_rad[:, None], self.size_m, other.center_m, other.yaw_rad, other.size_m
        )

    @cached_property
    def bearing_rad(self) -> Float[np.ndarray, "T N"]:
        """Angle at the ego's rear axle between its heading and the centre of every other actor, 0 to pi."""
        offset = self.others.center_m - self.rear_axle_m[:, None]
        ahead = offset[..., 0] * self.forward[:, None, 0] + offset[..., 1] * self.forward[:, None, 1]
        left = offset[..., 1] * self.forward[:, None, 0] - offset[..., 0] * self.forward[:, None, 1]
        return np.abs(np.arctan2(left, ahead))

    @cached_property
    def path_m(self) -> Float[np.ndarray, "n 2"]:
        """The path that the ego drove, as a polyline of at least two points."""
        # Creeping makes points so close that their direction is noise: one point for every 5 cm.
        bucket = np.floor(self.ego_s_m / 0.05)
        path = distinct(self.center_m[np.concatenate([[True], np.diff(bucket) > 0])])
        # The last heading leads on from the last point: a place ahead of a car that stands still must have a path.
        return np.concatenate([path, path[-1:] + 0.05 * self.forward[-1:]])

    @cached_property
    def path_places(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places of the others on the ego's path: s (T, N), d (T, N), heading of the path there (T, N)."""
        return project(self.others.center_m, self.path_m)

    @cached_property
    def ego_s_m(self) -> Float[np.ndarray, "T"]:
        """Place of the ego on its own path."""
        # Nearest points would jump where a path crosses itself; the ego's own places are its travelled distance.
        steps = np.hypot(*np.diff(self.center_m, axis=0).T)
        return np.concatenate([[0.0], np.cumsum(steps)])


def drive_of(rollout: Rollout, task: DrivingTask | None = None) -> Drive:
    """Prepares a rollout for its metrics.

    Raises:
        ValueError: the ego never exists.
    """
    ego = rollout.ego_index
    step = np.flatnonzero(rollout.valid[:, ego])
    if len(step) == 0:
        raise ValueError("the ego of this rollout never exists")
    rows = np.array([i for i in range(rollout.num_actors) if i != ego], dtype=np.int64)
    pose = rollout.world_from_actor
    valid = rollout.valid[step][:, rows]
    yaw = pose.yaw_rad()[step]
    others = Others(
        index=tuple(int(i) for i in rows),
        ids=tuple(rollout.actors.ids[i] for i in rows),
        kind=tuple(rollout.actors.kind_of(int(i)) for i in rows),
        center_m=np.where(valid[..., None], pose.translation_m[step][:, rows, :2], np.nan),
        yaw_rad=np.where(valid, yaw[:, rows], np.nan),
        velocity_mps=np.where(valid[..., None], rollout.velocity_mps[step][:, rows, :2], np.nan),
        size_m=np.asarray(rollout.actors.size_m[rows, :2], dtype=np.float64),
        valid=valid,
    )
    return Drive(
        rollout=rollout,
        task=task,
        time_s=np.round((rollout.timestamps_ns[step] - rollout.timestamps_ns[0]) * 1e-9, 9),
        step=step,
        center_m=np.asarray(pose.translation_m[step, ego, :2], dtype=np.float64),
        yaw_rad=np.unwrap(yaw[:, ego]),
        velocity_mps=np.asarray(rollout.velocity_mps[step, ego, :2], dtype=np.float64),
        size_m=np.asarray(rollout.actors.size_m[ego, :2], dtype=np.float64),
        rear_axle_to_center_m=float(rollout.actors.rear_axle_to_center_m[ego]),
        others=others,
    )
