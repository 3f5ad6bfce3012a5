"""What is compared between a log and its simulations: kinematics, distances, contacts and rules of chosen actors.

Arrays are (T, E): moments and evaluated actors. NaN means that the quantity is not known at that moment. Kinematics are
central differences of positions and headings (the difference over two steps, divided by two), NaN at both ends of a
track; accelerations are central differences of speeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from driving_data.geometry import wrap_angle
from driving_data.rollout import Rollout
from driving_data.taxonomy import TWO_WHEELERS, VEHICLES, ActorClass, SignalState
from validation.realism.edges import RoadEdges, edge_distance_m, edges_of_map
from validation.realism.rounded import corner_points_m, rounded_distance_m

MAX_TTC_S = 5.0
_FAR_M = 1e10
_MAX_TURN_RAD = float(np.deg2rad(75.0))
_SMALL_TURN_RAD = float(np.deg2rad(10.0))
_SMALL_OVERLAP_M = 0.5
_WHEELED = VEHICLES | (TWO_WHEELERS - {ActorClass.BICYCLE, ActorClass.E_SCOOTER})
_RED = (int(SignalState.RED), int(SignalState.RED_YELLOW))


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Features of E actors at T moments, shape (T, E); fields of the tables' names.

    Attributes:
        linear_speed: in m/s, with its vertical part.
        linear_acceleration: change of the speed, in m/s^2.
        angular_speed: in rad/s.
        angular_acceleration: in rad/s^2.
        nearest_distance: signed distance to the nearest rounded box, in m; 1e10 where nobody else is there.
        collision: 1 where that distance is negative, else 0; NaN where the actor is absent.
        time_to_collision: to the one that a vehicle follows, at most 5 s; NaN for others.
        road_edge_distance: of the corner farthest off the road, in m; NaN without a map.
        off_road: 1 where that is positive.
        signal_violation: 1 at the moment at which a vehicle's front crosses a stop line at red; NaN without lights.
        position_m: shape (T, E, 3).
    """

    linear_speed: Float[np.ndarray, "T E"]
    linear_acceleration: Float[np.ndarray, "T E"]
    angular_speed: Float[np.ndarray, "T E"]
    angular_acceleration: Float[np.ndarray, "T E"]
    nearest_distance: Float[np.ndarray, "T E"]
    collision: Float[np.ndarray, "T E"]
    time_to_collision: Float[np.ndarray, "T E"]
    road_edge_distance: Float[np.ndarray, "T E"]
    off_road: Float[np.ndarray, "T E"]
    signal_violation: Float[np.ndarray, "T E"]
    position_m: Float[np.ndarray, "T E 3"]

    def named(self, name: str) -> Float[np.ndarray, "T E"]:
        """The feature of that name."""
        return {
            "linear_speed": self.linear_speed, "linear_acceleration": self.linear_acceleration,
            "angular_speed": self.angular_speed, "angular_acceleration": self.angular_acceleration,
            "nearest_distance": self.nearest_distance, "collision": self.collision,
            "time_to_collision": self.time_to_collision, "road_edge_distance": self.road_edge_distance,
            "off_road": self.off_road, "signal_violation": self.signal_violation,
        }[name]  # fmt: skip


def central_difference(values: Float[np.ndarray, "T *k"]) -> Float[np.ndarray, "T *k"]:
    """Half the difference of the next and the previous value; NaN at both ends."""
    result = np.full(values.shape, np.nan)
    result[1:-1] = 0.5 * (values[2:] - values[:-2])
    return result


def kinematics(
    position_m: Float[np.ndarray, "T E 3"], yaw_rad: Float[np.ndarray, "T E"], step_s: float
) -> tuple[
    Float[np.ndarray, "T E"], Float[np.ndarray, "T E"], Float[np.ndarray, "T E"], Float[np.ndarray, "T E"]
]:  # fmt: skip
    """Linear speed and acceleration, angular speed and acceleration."""
    speed = np.linalg.norm(central_difference(position_m), axis=-1) / step_s
    turn = np.full(yaw_rad.shape, np.nan)
    turn[1:-1] = 0.5 * wrap_angle(yaw_rad[2:] - yaw_rad[:-2]) / step_s
    return speed, central_difference(speed) / step_s, turn, central_difference(turn) / step_s


def nearest_distance_m(
    center_m: Float[np.ndarray, "T A 2"], yaw_rad: Float[np.ndarray, "T A"], size_m: Float[np.ndarray, "A 2"],
    valid: Bool[np.ndarray, "T A"], evaluated: Int[np.ndarray, "E"],
) -> Float[np.ndarray, "T E"]:  # fmt: skip
    """Signed distance to the nearest other rounded box; NaN where the actor is absent, 1e10 where it is alone."""
    result = np.full((len(valid), len(evaluated)), np.nan)
    for column, who in enumerate(evaluated.tolist()):
        rows = np.flatnonzero(valid[:, who])
        reach = np.hypot(*size_m.T) / 2 + np.hypot(*size_m[who]) / 2
        gap = np.hypot(*np.moveaxis(center_m[rows] - center_m[rows, who][:, None], -1, 0)) - reach
        # Whoever is farther away by circles than the nearest one surely is cannot be the nearest.
        there = valid[rows].copy()
        there[:, who] = False
        bound = np.where(there, gap + 2 * reach, np.inf).min(axis=1, initial=np.inf)
        row, other = np.nonzero(there & (gap <= bound[:, None]))
        count = (len(row),)
        distance = rounded_distance_m(
            center_m[rows[row], who], yaw_rad[rows[row], who], np.broadcast_to(size_m[who], (*count, 2)),
            center_m[rows[row], other], yaw_rad[rows[row], other], size_m[other],
        )  # fmt: skip
        least = np.full(len(rows), _FAR_M)
        np.minimum.at(least, row, distance)
        result[rows, column] = least
    return result


def following_time_s(
    center_m: Float[np.ndarray, "T A 2"], yaw_rad: Float[np.ndarray, "T A"], size_m: Float[np.ndarray, "A 2"],
    speed_mps: Float[np.ndarray, "T A"], valid: Bool[np.ndarray, "T A"], evaluated: Int[np.ndarray, "E"],
) -> Float[np.ndarray, "T E"]:  # fmt: skip
    """Time to collision with the object that each actor follows, at most 5 s; NaN where the actor is absent.

    Followed is the nearest one whose rear is ahead of the own front, turned by at most 75 degrees, that overlaps the
    own straight trail (by more than 0.5 m, or it is turned by at most 10 degrees). The time is the longitudinal gap
    over the difference of the speeds where that is positive.
    """
    result = np.full((len(valid), len(evaluated)), np.nan)
    for column, who in enumerate(evaluated.tolist()):
        turn = np.abs(wrap_angle(np.where(valid, yaw_rad - yaw_rad[:, who : who + 1], np.nan)))
        cos, sin = np.cos(turn), np.sin(turn)
        half = 0.5 * np.stack(
            [np.abs(cos) * size_m[:, 0] + np.abs(sin) * size_m[:, 1],
             np.abs(sin) * size_m[:, 0] + np.abs(cos) * size_m[:, 1]]
        )  # fmt: skip
        offset = center_m - center_m[:, who : who + 1]
        ahead_x, ahead_y = np.cos(yaw_rad[:, who : who + 1]), np.sin(yaw_rad[:, who : who + 1])
        along = offset[..., 0] * ahead_x + offset[..., 1] * ahead_y - 0.5 * size_m[who, 0] - half[0]
        left = offset[..., 1] * ahead_x - offset[..., 0] * ahead_y
        overlap = np.abs(left) - 0.5 * size_m[who, 1] - half[1]
        follows = valid & (along > 0) & (turn <= _MAX_TURN_RAD) & (overlap < 0)
        follows &= (overlap < -_SMALL_OVERLAP_M) | (turn <= _SMALL_TURN_RAD)
        gap = np.where(follows, along, np.inf)
        nearest = np.argmin(gap, axis=1)
        rows = np.arange(len(valid))
        closing = speed_mps[:, who] - speed_mps[rows, nearest]
        hits = np.isfinite(gap[rows, nearest]) & (closing > 0)
        time = np.minimum(np.where(hits, gap[rows, nearest], MAX_TTC_S) / np.where(hits, closing, 1.0), MAX_TTC_S)
        result[:, column] = np.where(valid[:, who], time, np.nan)
    return result


def features_of(
    rollout: Rollout, evaluated: Int[np.ndarray, "E"], edges: RoadEdges | None = None
) -> Features:  # fmt: skip
    """Features of the evaluated actors of a rollout; road edges are taken from its map where none are given."""
    step_s = float(np.median(np.diff(rollout.timestamps_ns))) * 1e-9
    position = np.where(rollout.valid[..., None], rollout.world_from_actor.translation_m, np.nan)
    yaw = np.where(rollout.valid, rollout.world_from_actor.yaw_rad(), np.nan)
    size = np.asarray(rollout.actors.size_m, dtype=np.float64)
    speed, acceleration, turn, turn_acceleration = kinematics(position, yaw, step_s)
    nearest = nearest_distance_m(position[..., :2], yaw, size[:, :2], rollout.valid, evaluated)
    flat_speed = kinematics(position * np.array([1.0, 1.0, 0.0]), yaw, step_s)[0]
    time = following_time_s(position[..., :2], yaw, size[:, :2], flat_speed, rollout.valid, evaluated)
    wheeled = np.array([rollout.actors.kind_of(int(k)) in _WHEELED for k in evaluated], dtype=bool)
    off = _edge_distance(rollout, evaluated, position, yaw, edges)
    return Features(
        linear_speed=speed[:, evaluated],
        linear_acceleration=acceleration[:, evaluated],
        angular_speed=turn[:, evaluated],
        angular_acceleration=turn_acceleration[:, evaluated],
        nearest_distance=nearest,
        collision=_flag(nearest < 0, nearest),
        time_to_collision=np.where(wheeled, time, np.nan),
        road_edge_distance=off,
        off_road=_flag(off > 0, off),
        signal_violation=np.where(wheeled, _violations(rollout, evaluated, position[..., :2], yaw), np.nan),
        position_m=position[:, evaluated],
    )


def _flag(holds: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), np.nan, holds.astype(np.float64))


def _edge_distance(
    rollout: Rollout, evaluated: np.ndarray, position: np.ndarray, yaw: np.ndarray, edges: RoadEdges | None
) -> np.ndarray:
    if edges is None and rollout.lane_map is not None:
        edges = edges_of_map(rollout.lane_map)
    if edges is None:
        return np.full((len(position), len(evaluated)), np.nan)
    size = np.asarray(rollout.actors.size_m, dtype=np.float64)
    shape = (len(position), len(evaluated))
    corners = corner_points_m(
        position[:, evaluated, :2], yaw[:, evaluated], np.broadcast_to(size[evaluated, :2], (*shape, 2))
    )
    # Edges lie on the ground: the height of a corner is that of the box's lower side.
    ground = position[:, evaluated, 2] - 0.5 * size[evaluated, 2]
    points = np.concatenate([corners, np.broadcast_to(ground[..., None, None], (*shape, 4, 1))], axis=-1)
    return np.asarray(edge_distance_m(edges, points).max(axis=-1))


def _violations(rollout: Rollout, evaluated: np.ndarray, center: np.ndarray, yaw: np.ndarray) -> np.ndarray:
    """1 where the middle of the front crosses a stop line in the direction of travel while its light is red."""
    lane_map = rollout.lane_map
    shape = (len(center), len(evaluated))
    if lane_map is None or not lane_map.signals or not rollout.signals.ids:
        return np.full(shape, np.nan)
    length = rollout.actors.size_m[evaluated, 0]
    ahead = np.stack([np.cos(yaw[:, evaluated]), np.sin(yaw[:, evaluated])], axis=-1)
    front = center[:, evaluated] + 0.5 * length[:, None] * ahead
    result = np.where(np.isnan(yaw[:, evaluated]), np.nan, 0.0)
    column = {name: k for k, name in enumerate(rollout.signals.ids)}
    for signal in lane_map.signals:
        if signal.id in column:
            red = np.isin(rollout.signals.state[:, column[signal.id]], _RED)
            a, along = signal.stop_line_m[0, :2], signal.stop_line_m[1, :2] - signal.stop_line_m[0, :2]
            side = along[0] * (front - a)[..., 1] - along[1] * (front - a)[..., 0]
            share = ((front - a) @ along) / max(float(along @ along), 1e-12)
            inwards = np.array([-np.cos(signal.heading_rad), -np.sin(signal.heading_rad)])
            changes = (side[:-1] * side[1:] < 0) & (np.diff(front, axis=0) @ inwards > 0)
            fraction = side[:-1] / np.where(changes, side[:-1] - side[1:], 1.0)
            at = share[:-1] + fraction * np.diff(share, axis=0)
            result[1:][changes & (at >= 0) & (at <= 1) & red[1:, None]] = 1.0
    return result


def evaluated_rows(rollout: Rollout, ids: Sequence[str] | None, first_step: int) -> Int[np.ndarray, "E"]:
    """Rows of the actors to evaluate: those named, else the ego and everyone present in the whole window.

    Raises:
        ValueError: a name is unknown.
    """
    if ids is not None:
        unknown = sorted(set(ids) - set(rollout.actors.ids))
        if unknown:
            raise ValueError(f"no actor is called {unknown[0]!r}")
        return np.array([rollout.actors.ids.index(name) for name in ids], dtype=np.int64)
    whole = np.asarray(rollout.valid[first_step:].all(axis=0), dtype=np.bool_)
    whole |= np.arange(rollout.num_actors) == rollout.ego_index
    return np.flatnonzero(whole)
