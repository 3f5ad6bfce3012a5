"""From what a log says of its actors to a `Rollout` and a `Segment`: derivatives, defaults, provenance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from driving_data.environment import Environment
from driving_data.geometry import SE3, wrap_angle
from driving_data.labels import Boxes2D, Boxes3D, Labels
from driving_data.maps.lane_map import LaneMap
from driving_data.provenance import Provenance, Step
from driving_data.rollout import Actors, Rollout, SignalStates
from driving_data.segment import Raw, Segment, Source
from driving_data.sensors import CameraFrame, LidarSweep, RadarReturns, SensorRig

UNKNOWN_CONDITIONS = ("weather:unknown", "light:unknown")


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """What a log says of its actors, before the rest is derived.

    Attributes:
        actors: who is there.
        ego_index: which of them is the ego.
        world_from_actor: poses of box centres, batch shape (T, A); anything where not valid.
        valid: whether the log has the actor at that moment, shape (T, A).
        velocity_mps: in `world`, shape (T, A, 3); None to differentiate the poses.
        steering_rad: road-wheel angle, shape (T, A); None where unknown.
    """

    actors: Actors
    ego_index: int
    world_from_actor: SE3
    valid: Bool[np.ndarray, "T A"]
    velocity_mps: Float[np.ndarray, "T A 3"] | None = None
    steering_rad: Float[np.ndarray, "T A"] | None = None


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where a real segment comes from.

    Attributes:
        reader: registered name of the reader.
        dataset: name of the data set.
        licence: terms of the data.
        log_id: name of the source log, the family of the segment.
        origin: path inside the data set.
        parameters: what the reader assumed, as plain data.
    """

    reader: str
    dataset: str
    licence: str
    log_id: str
    origin: str
    parameters: Mapping[str, Any]


def actors_of(ids: Sequence[str], kinds: Sequence[int], size_m: np.ndarray,
              rear_axle_to_center_m: np.ndarray | None = None) -> Actors:  # fmt: skip
    """`Actors` from plain sequences.

    Raises:
        ValueError: two actors share an id, or a box has no extent.
    """
    if len(set(ids)) != len(ids):
        raise ValueError("two tracks share an id")
    sizes = np.asarray(size_m, dtype=np.float64).reshape(-1, 3)
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        raise ValueError("a box without extent")
    offset = np.zeros(len(ids)) if rear_axle_to_center_m is None else rear_axle_to_center_m
    return Actors(tuple(ids), np.asarray(kinds, dtype=np.int64).reshape(-1), sizes, offset)


def derivative(difference: Float[np.ndarray, "S A *k"], step_s: Float[np.ndarray, "S"]) -> Float[np.ndarray, "T A *k"]:
    """Central derivative at T = S + 1 moments from the S differences between them; one-sided at gaps, NaN alone.

    Args:
        difference: value at the next moment minus value at this one; NaN where either is unknown.
        step_s: time between the moments.
    """
    shape = (len(step_s),) + (1,) * (difference.ndim - 1)
    edge = np.full((1, *difference.shape[1:]), np.nan)
    gap = np.full((1, *shape[1:]), np.nan)
    before, after = np.concatenate([edge, difference]), np.concatenate([difference, edge])
    time = step_s.reshape(shape)
    time_before, time_after = np.concatenate([gap, time]), np.concatenate([time, gap])
    central = (before + after) / (time_before + time_after)
    one_sided = np.where(np.isfinite(before), before / time_before, after / time_after)
    return np.where(np.isfinite(central), central, one_sided)


def rollout_from_tracks(timestamps_ns: Int[np.ndarray, "T"], tracks: Tracks, *, signals: SignalStates | None = None,
                        lane_map: LaneMap | None = None) -> Rollout:  # fmt: skip
    """The rollout of a log: invalid values become NaN, velocities, accelerations and yaw rates are derived.

    Raises:
        ValueError: there is no moment, time does not increase, or a valid pose is not finite.
    """
    if len(timestamps_ns) == 0 or len(tracks.actors) == 0:
        raise ValueError("a log without a single moment or actor")
    steps_ns = np.diff(timestamps_ns)
    if (steps_ns <= 0).any():
        raise ValueError(f"time does not increase after {int(timestamps_ns[int(np.argmax(steps_ns <= 0))])} ns")
    valid = np.asarray(tracks.valid, dtype=np.bool_)
    pose = tracks.world_from_actor
    if not np.isfinite(pose.translation_m[valid]).all() or not np.isfinite(pose.rotation[valid]).all():
        raise ValueError("a pose that is not a number where the log calls it valid")
    pose = SE3(np.where(valid[..., None, None], pose.rotation, np.nan),
               np.where(valid[..., None], pose.translation_m, np.nan))  # fmt: skip
    step_s = steps_ns * 1e-9
    velocity = derivative(np.diff(pose.translation_m, axis=0), step_s)
    if tracks.velocity_mps is not None:
        told = np.where(valid[..., None], tracks.velocity_mps, np.nan)
        velocity = np.where(np.isfinite(told), told, velocity)
    nothing = np.full(valid.shape, np.nan)
    steering = nothing if tracks.steering_rad is None else np.where(valid, tracks.steering_rad, np.nan)
    return Rollout(
        timestamps_ns=np.asarray(timestamps_ns, dtype=np.int64),
        actors=tracks.actors,
        ego_index=tracks.ego_index,
        world_from_actor=pose,
        velocity_mps=velocity,
        acceleration_mps2=derivative(np.diff(velocity, axis=0), step_s),
        yaw_rate_radps=derivative(wrap_angle(np.diff(pose.yaw_rad(), axis=0)), step_s),
        steering_rad=steering,
        lights=np.zeros(valid.shape, dtype=np.uint8),
        valid=valid,
        signals=signals or SignalStates((), np.zeros((len(timestamps_ns), 0), dtype=np.int64)),
        events=(),
        lane_map=lane_map,
        environment=Environment(),
    )


def boxes_3d(rollout: Rollout, step: np.ndarray, actor: np.ndarray, num_lidar_points: np.ndarray) -> Boxes3D:
    """3D labels of a real log; visibility is unknown there. Rows are put in order of moment, then actor."""
    order = np.lexsort((actor, step))
    steps, rows = np.asarray(step, np.int64)[order], np.asarray(actor, np.int64)[order]
    return Boxes3D(
        timestamp_ns=rollout.timestamps_ns[steps],
        step=steps,
        actor=rows,
        num_lidar_points=np.asarray(num_lidar_points, np.int64)[order],
        visible_fraction=np.full(len(steps), np.nan),
    )


def labels_of_every_track(rollout: Rollout) -> Labels:
    """3D labels for each valid actor and moment but the ego, with unknown point counts; no 2D labels."""
    others = rollout.valid.copy()
    others[:, rollout.ego_index] = False
    step, actor = np.nonzero(others)
    return Labels(boxes_3d(rollout, step, actor, np.full(len(step), -1)), no_boxes_2d())


def no_boxes_2d() -> Boxes2D:
    """2D labels of a log that has none."""
    none = np.zeros(0, dtype=np.int64)
    box = np.zeros((0, 4), dtype=np.float32)
    return Boxes2D(none, none, box, box, none, np.zeros(0))


def real_segment(source: LogSource, rollout: Rollout, *, rig: SensorRig | None = None, tags: Sequence[str] = (),
                 description: str = "", frames: Sequence[CameraFrame] = (), sweeps: Sequence[LidarSweep] = (),
                 radar: Sequence[RadarReturns] = (), labels: Labels | None = None,
                 vehicle_id: str = "", part: str = "") -> Segment[Raw]:  # fmt: skip
    """The segment of a real log, with provenance. `part` tells segments of one source log apart."""
    name = "-".join(piece for piece in (source.reader, source.log_id, part) if piece)
    step = Step(f"logs.{source.reader}", "1.0.0", dict(source.parameters))
    told = {tag.partition(":")[0] for tag in tags}
    unknown = tuple(tag for tag in UNKNOWN_CONDITIONS if tag.partition(":")[0] not in told)
    return Segment(
        segment_id="".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name),
        source=Source.REAL,
        rollout=rollout,
        rig=rig or SensorRig("none"),
        provenance=Provenance(producer=source.dataset, steps=(step,), origin=source.origin, licence=source.licence,
                              family=f"{source.dataset}:{source.log_id}"),
        frames=tuple(sorted(frames, key=lambda frame: (frame.timestamp_ns, frame.camera))),
        sweeps=tuple(sorted(sweeps, key=lambda sweep: (sweep.timestamp_ns, sweep.lidar))),
        radar=tuple(sorted(radar, key=lambda returns: (returns.timestamp_ns, returns.radar))),
        labels=labels,
        tags=(*tags, *unknown),
        description=description,
        vehicle_id=vehicle_id,
    )  # fmt: skip
