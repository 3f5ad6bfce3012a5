"""What NAVSIM's scores look at: the motion of P plans and the world around them, as arrays.

Frames are 0.1 s apart. Who else is there follows its true future, so both have the same T frames (41 for 4 s).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from jaxtyping import Bool, Float

from closed_loop.metrics.boxes import box_corners_2d
from closed_loop.metrics.comfort import raw_acceleration_mps2
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.nuplan.contacts import is_agent
from closed_loop.metrics.nuplan.lanes import LaneIndex, index_of
from closed_loop.tracking import (
    NUPLAN_BICYCLE,
    NUPLAN_TRACKER,
    KinematicBicycle,
    LqrTracker,
    RearAxleState,
    Trajectory,
)
from driving_data.taxonomy import SignalState

STEP_S = 0.1
_RED = (int(SignalState.RED), int(SignalState.RED_YELLOW))
_SEAM_M = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class PlanMotion:
    """How P plans move the ego through T frames.

    Attributes:
        center_m: box centres, shape (P, T, 2).
        yaw_rad: shape (P, T).
        speed_mps: magnitude, shape (P, T).
        acceleration_mps2: of the box centre in the vehicle's axes, shape (P, T, 2).
        size_m: length and width.
        rear_axle_to_center_m: of the ego.
    """

    center_m: Float[np.ndarray, "P T 2"]
    yaw_rad: Float[np.ndarray, "P T"]
    speed_mps: Float[np.ndarray, "P T"]
    acceleration_mps2: Float[np.ndarray, "P T 2"]
    size_m: Float[np.ndarray, "2"]
    rear_axle_to_center_m: float

    def corners_m(self) -> Float[np.ndarray, "P T 4 2"]:
        """Front-left, front-right, rear-right, rear-left."""
        return box_corners_2d(self.center_m, self.yaw_rad, self.size_m)

    def forward(self) -> Float[np.ndarray, "P T 2"]:
        """Unit vectors along the headings."""
        return np.stack([np.cos(self.yaw_rad), np.sin(self.yaw_rad)], axis=-1)

    def rear_axle_m(self) -> Float[np.ndarray, "P T 2"]:
        """Places of the rear axles."""
        return self.center_m - self.rear_axle_to_center_m * self.forward()


@dataclass(frozen=True, slots=True, eq=False)
class PlanScene:
    """The world that the plans are judged in; NaN where a track is absent.

    Attributes:
        track_center_m: shape (T, N, 2).
        track_yaw_rad: shape (T, N).
        track_speed_mps: shape (T, N).
        track_size_m: shape (N, 2).
        agent: whether each track moves by itself rather than being an object, shape (N,).
        index: the lanes; None without a map.
        on_route: which lanes belong to the route, shape (L,).
        red: which lanes are closed by a red light in each frame, shape (T, L).
        centerline_m: of the route, shape (n, 2); None without one.
    """

    track_center_m: Float[np.ndarray, "T N 2"]
    track_yaw_rad: Float[np.ndarray, "T N"]
    track_speed_mps: Float[np.ndarray, "T N"]
    track_size_m: Float[np.ndarray, "N 2"]
    agent: Bool[np.ndarray, "N"]
    index: LaneIndex | None
    on_route: Bool[np.ndarray, "L"]
    red: Bool[np.ndarray, "T L"]
    centerline_m: Float[np.ndarray, "n 2"] | None


def motion_of_drive(drive: Drive) -> PlanMotion:
    """What the ego drove, as one plan."""
    return PlanMotion(
        drive.center_m[None], drive.yaw_rad[None], drive.speed_mps[None], raw_acceleration_mps2(drive)[None],
        drive.size_m, drive.rear_axle_to_center_m,
    )  # fmt: skip


def scene_of_drive(drive: Drive, first: int = 0, num_frames: int | None = None) -> PlanScene:
    """The world of a drive from frame `first` on."""
    frames = slice(first, drive.num_steps if num_frames is None else first + num_frames)
    other, lane_map = drive.others, drive.rollout.lane_map
    index = None if lane_map is None or not index_of(lane_map).lanes else index_of(lane_map)
    route = None if drive.task is None else drive.task.route_m
    count = drive.time_s[frames].shape[0]
    return PlanScene(
        other.center_m[frames], other.yaw_rad[frames], other.speed_mps[frames], other.size_m,
        np.array([is_agent(kind) for kind in other.kind], dtype=bool), index,
        np.zeros(0, dtype=bool) if index is None else lanes_on(index, route),
        np.zeros((count, 0), dtype=bool) if index is None else _red(drive, index)[frames], route,
    )  # fmt: skip


def lanes_on(index: LaneIndex, route_m: Float[np.ndarray, "n 2"] | None) -> Bool[np.ndarray, "L"]:
    """Lanes of the road blocks that a route runs through in their direction of travel; none without a route."""
    found = np.zeros(len(index.lanes), dtype=bool)
    if route_m is None or len(route_m) < 2:
        return found
    middle = 0.5 * (route_m[1:] + route_m[:-1])
    heading = np.arctan2(*np.diff(route_m, axis=0).T[::-1])
    for place, turn, held in zip(middle, heading, index.containing(middle), strict=True):
        for k in held:
            if not found[k] and np.cos(turn - _heading_at(index, k, place)) > 0:
                found |= np.array([block == index.block[k] for block in index.block], dtype=bool)
    return found


def _heading_at(index: LaneIndex, lane: int, place_m: np.ndarray) -> float:
    line = index.lanes[lane].centerline_m[:, :2]
    k = int(np.argmin(np.hypot(*(0.5 * (line[1:] + line[:-1]) - place_m).T)))
    step = line[k + 1] - line[k]
    return float(np.arctan2(step[1], step[0]))


def _red(drive: Drive, index: LaneIndex) -> np.ndarray:
    red = np.zeros((drive.num_steps, len(index.lanes)), dtype=bool)
    lane_map = drive.rollout.lane_map
    column = {name: k for k, name in enumerate(drive.rollout.signals.ids)}
    for signal in () if lane_map is None else lane_map.signals:
        if signal.id in column:
            closed = np.isin(drive.rollout.signals.state[drive.step, column[signal.id]], _RED)
            red |= closed[:, None] & np.array([lane.id in signal.lane_ids for lane in index.lanes], dtype=bool)
    return red


@lru_cache(maxsize=8)
def ground(index: LaneIndex) -> shapely.Geometry:
    """The drivable polygons as one, with seams of up to 4 cm between them closed and the outer edge where it was."""
    grown = shapely.union_all(shapely.buffer(np.array(index.drivable, dtype=object), _SEAM_M, join_style="mitre"))
    made = shapely.buffer(grown, -_SEAM_M, join_style="mitre")
    shapely.prepare(made)
    return made


def drive_plans(
    state: RearAxleState,
    plans: Trajectory,
    size_m: Float[np.ndarray, "2"],
    rear_axle_to_center_m: float,
    num_steps: int = 40,
    tracker: LqrTracker = NUPLAN_TRACKER,
    model: KinematicBicycle = NUPLAN_BICYCLE,
) -> PlanMotion:
    """Drives P plans with the tracker and the bicycle of nuPlan from P states; one frame more than steps.

    Accelerations are those of the box centre: (a - w^2 r, v w + dw/dt r) for the yaw rate w and the distance r from
    the rear axle. The definition is silent on the term v w, which its own simulator leaves out.
    """
    states = tracker.drive(state, plans, num_steps, model)

    def over_time(values: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack(values, axis=1)

    yaw = over_time([s.yaw_rad for s in states])
    speed = over_time([s.speed_mps for s in states])
    rate = speed * np.tan(over_time([s.steering_rad for s in states])) / model.wheelbase_m
    change = np.gradient(rate, tracker.parameters.step_s, axis=1)
    r = rear_axle_to_center_m
    along = over_time([s.acceleration_mps2 for s in states]) - rate**2 * r
    forward = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    return PlanMotion(
        over_time([s.position_m for s in states]) + r * forward, yaw, np.hypot(speed, rate * r),
        np.stack([along, speed * rate + change * r], axis=-1), size_m, r,
    )  # fmt: skip
