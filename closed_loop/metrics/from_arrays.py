"""Drives from plain arrays, so that any metric can be asked about data that no simulator of ours made.

drive = drive_from_arrays(time_s, ego=BoxTrack(center_m, yaw_rad), others=[...], lanes=[...])
METRICS["nuplan_time_to_collision"].measure(drive)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from closed_loop.metrics.drive import Drive, DrivingTask, drive_of
from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.maps.lane_map import Lane, LaneKind, LaneMap, MapArea, TrafficSignal
from driving_data.rollout import Actors, Event, Rollout, SignalStates
from driving_data.taxonomy import ActorClass

_HEIGHT_M = 1.6


@dataclass(frozen=True, slots=True, eq=False)
class BoxTrack:
    """A box that moves, in the plane.

    Attributes:
        center_m: of the box, shape (T, 2).
        yaw_rad: heading, shape (T,).
        size_m: length and width.
        velocity_mps: in `world`, shape (T, 2); where None differences of the centres, within each stretch of frames in
            which it exists.
        acceleration_mps2: in `world`, shape (T, 2); differences of the velocities where None.
        kind: class of the actor.
        id: name; numbered where empty.
        valid: when it exists, shape (T,); where None, wherever place and heading are finite. What stands in the other
            frames is never read.
        rear_axle_to_center_m: distance from the rear axle forward to the centre.
    """

    center_m: Float[np.ndarray, "T 2"]
    yaw_rad: Float[np.ndarray, "T"]
    size_m: tuple[float, float] = (4.6, 1.9)
    velocity_mps: Float[np.ndarray, "T 2"] | None = None
    acceleration_mps2: Float[np.ndarray, "T 2"] | None = None
    kind: ActorClass = ActorClass.CAR
    id: str = ""
    valid: Bool[np.ndarray, "T"] | None = None
    rear_axle_to_center_m: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class LaneStrip:
    """A lane as its two borders, both in the direction of travel with as many points each.

    Attributes:
        id: unique.
        left_m: left border, shape (n, 2).
        right_m: right border, shape (n, 2).
        successors: ids of the lanes that follow; those that lead here are found from them.
        left_neighbor: id of the lane to the left in the same direction, if any.
        right_neighbor: likewise to the right.
        speed_limit_mps: NaN where unknown.
        junction: name of the junction that it crosses, if any.
        center_m: its middle, shape (n, 2); between the borders where None.
    """

    id: str
    left_m: Float[np.ndarray, "n 2"]
    right_m: Float[np.ndarray, "n 2"]
    successors: tuple[str, ...] = ()
    left_neighbor: str | None = None
    right_neighbor: str | None = None
    speed_limit_mps: float = float("nan")
    junction: str | None = None
    center_m: Float[np.ndarray, "n 2"] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """A traffic light: `SignalState` numbers over time, shape (T,), the lanes it rules and its stop line, (2, 2)."""

    id: str
    state: Int[np.ndarray, "T"]
    lane_ids: tuple[str, ...] = ()
    stop_line_m: Float[np.ndarray, "2 2"] | None = None
    heading_rad: float = 0.0


def lane_map_from_arrays(
    lanes: Sequence[LaneStrip],
    drivable_m: Sequence[Float[np.ndarray, "_ 2"]] = (),
    lights: Sequence[Light] = (),
) -> LaneMap:
    """A lane map of strips, further drivable polygons and lights."""
    leads = {lane.id: tuple(other.id for other in lanes if lane.id in other.successors) for lane in lanes}
    made = tuple(
        Lane(
            lane.id, LaneKind.DRIVING, _flat(0.5 * (lane.left_m + lane.right_m) if lane.center_m is None else
            lane.center_m), _flat(lane.left_m), _flat(lane.right_m), predecessors=leads[lane.id],
            successors=lane.successors, left_neighbor=lane.left_neighbor, right_neighbor=lane.right_neighbor,
            speed_limit_mps=lane.speed_limit_mps, junction_id=lane.junction,
        )
        for lane in lanes
    )  # fmt: skip
    areas = tuple(MapArea(f"area_{k}", "drivable", _flat(polygon)) for k, polygon in enumerate(drivable_m))
    signals = tuple(
        TrafficSignal(
            light.id, np.zeros(3), light.heading_rad, light.lane_ids,
            _flat(np.zeros((2, 2)) if light.stop_line_m is None else light.stop_line_m),
        )
        for light in lights
    )  # fmt: skip
    return LaneMap(made, signals, areas=areas)


def drive_from_arrays(
    time_s: Float[np.ndarray, "T"],
    ego: BoxTrack,
    others: Sequence[BoxTrack] = (),
    lanes: Sequence[LaneStrip] = (),
    *,
    drivable_m: Sequence[Float[np.ndarray, "_ 2"]] = (),
    lights: Sequence[Light] = (),
    task: DrivingTask | None = None,
    events: Sequence[Event] = (),
) -> Drive:
    """What the metrics measure, from arrays.

    Args:
        time_s: of the frames, increasing.
        ego: the car that is judged.
        others: everyone else.
        lanes: of the map; no map where there are neither lanes nor drivable polygons.
        drivable_m: further polygons on which one may drive, each (n, 2).
        lights: traffic lights.
        task: the route, the expert, and whether the others react.
        events: as contacts that a simulator resolved.

    Raises:
        ValueError: an array has not as many frames as `time_s`.
    """
    return drive_of(rollout_from_arrays(time_s, ego, others, lanes, drivable_m=drivable_m, lights=lights,
                                        events=events), task)  # fmt: skip


def rollout_from_arrays(
    time_s: Float[np.ndarray, "T"],
    ego: BoxTrack,
    others: Sequence[BoxTrack] = (),
    lanes: Sequence[LaneStrip] = (),
    *,
    drivable_m: Sequence[Float[np.ndarray, "_ 2"]] = (),
    lights: Sequence[Light] = (),
    events: Sequence[Event] = (),
) -> Rollout:
    """A rollout from arrays; arguments and errors as of `drive_from_arrays`."""
    tracks = (ego, *others)
    for k, track in enumerate(tracks):
        if len(track.center_m) != len(time_s) or len(track.yaw_rad) != len(time_s):
            raise ValueError(f"track {k} has {len(track.center_m)} frames and the time {len(time_s)}")
    valid = np.stack([_known(track) if track.valid is None else track.valid for track in tracks], axis=1)
    velocity = [
        _rate(track.center_m, time_s, valid[:, k]) if track.velocity_mps is None else track.velocity_mps
        for k, track in enumerate(tracks)
    ]
    acceleration = [
        _rate(velocity[k], time_s, valid[:, k]) if track.acceleration_mps2 is None else track.acceleration_mps2
        for k, track in enumerate(tracks)
    ]
    yaw = np.stack([track.yaw_rad for track in tracks], axis=1)
    center = np.concatenate(
        [np.stack([t.center_m for t in tracks], axis=1), np.full((*yaw.shape, 1), 0.5 * _HEIGHT_M)], axis=-1
    )
    turn = np.stack([_turn_rate(track.yaw_rad, time_s, valid[:, k]) for k, track in enumerate(tracks)], axis=1)
    state = np.stack([light.state for light in lights], axis=1) if lights else np.zeros((len(time_s), 0), np.int64)
    return Rollout(
        timestamps_ns=np.round(np.asarray(time_s) * 1e9).astype(np.int64),
        actors=Actors(
            ids=("ego", *(track.id or f"actor_{k + 1}" for k, track in enumerate(others))),
            kind=np.array([int(track.kind) for track in tracks]),
            size_m=np.array([[*track.size_m, _HEIGHT_M] for track in tracks]),
            rear_axle_to_center_m=np.array([track.rear_axle_to_center_m for track in tracks]),
        ),
        ego_index=0,
        world_from_actor=SE3.from_yaw(yaw, center),
        velocity_mps=_flat(np.stack(velocity, axis=1)),
        acceleration_mps2=_flat(np.stack(acceleration, axis=1)),
        yaw_rate_radps=turn,
        steering_rad=np.full(yaw.shape, np.nan),
        lights=np.zeros(yaw.shape, dtype=np.uint8),
        valid=valid,
        signals=SignalStates(tuple(light.id for light in lights), state),
        events=tuple(events),
        lane_map=lane_map_from_arrays(lanes, drivable_m, lights) if lanes or drivable_m else None,
        environment=Environment(),
    )


def _known(track: BoxTrack) -> np.ndarray:
    return np.asarray(np.isfinite(track.center_m).all(axis=-1) & np.isfinite(track.yaw_rad))


def _flat(points_m: np.ndarray) -> np.ndarray:
    """Points of the plane at height 0."""
    points = np.asarray(points_m, dtype=np.float64)
    return np.concatenate([points, np.zeros((*points.shape[:-1], 1))], axis=-1)


def _rate(values: np.ndarray, time_s: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Differences within each stretch of frames in which the track exists; 0 in a stretch of one frame, NaN outside.

    What stands in the frames where it does not exist (NaN, zeros, the last place) never enters a difference.
    """
    made = np.full(values.shape, np.nan)
    for rows in _stretches(valid):
        made[rows] = np.gradient(values[rows], time_s[rows], axis=0) if len(rows) > 1 else 0.0
    return made


def _turn_rate(yaw_rad: np.ndarray, time_s: np.ndarray, valid: np.ndarray) -> np.ndarray:
    yaw = np.asarray(yaw_rad, dtype=np.float64).copy()
    yaw[valid] = np.unwrap(yaw[valid])
    return _rate(yaw, time_s, valid)


def _stretches(valid: np.ndarray) -> list[np.ndarray]:
    """The frames of each unbroken stretch of existence."""
    rows = np.flatnonzero(valid)
    return np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(rows) else []
