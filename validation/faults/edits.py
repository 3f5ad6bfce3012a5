"""Small changes to a segment, for planting faults: everything else stays what it was."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from driving_data.geometry import SE3
from driving_data.labels import Boxes2D, Boxes3D, Labels
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.sensors import CameraFrame, LidarSweep
from driving_data.taxonomy import VEHICLES


class Unplantable(ValueError):
    """The segment has nothing in which this fault could be planted; the message says what is missing."""


def with_rollout(segment: Segment[Raw], **changes: object) -> Segment[Raw]:
    """The segment with a changed rollout."""
    return replace(segment, rollout=replace(segment.rollout, **changes))  # pyright: ignore[reportArgumentType]


def with_pose(segment: Segment[Raw], translation_m: np.ndarray) -> Segment[Raw]:
    """The segment with its actors elsewhere."""
    return with_rollout(segment, world_from_actor=SE3(segment.rollout.world_from_actor.rotation, translation_m))


def with_frame(segment: Segment[Raw], index: int, frame: CameraFrame) -> Segment[Raw]:
    """The segment with one picture replaced."""
    return replace(segment, frames=(*segment.frames[:index], frame, *segment.frames[index + 1 :]))


def with_sweeps(segment: Segment[Raw], change: Callable[[LidarSweep], LidarSweep]) -> Segment[Raw]:
    """The segment with every sweep changed."""
    return replace(segment, sweeps=tuple(change(sweep) for sweep in segment.sweeps))


def labels_of(segment: Segment[Raw]) -> Labels:
    """The labels.

    Raises:
        Unplantable: there are none.
    """
    if segment.labels is None:
        raise Unplantable("the segment has no labels")
    return segment.labels


def kept_3d(boxes: Boxes3D, keep: np.ndarray) -> Boxes3D:
    """Some rows of 3D labels."""
    return Boxes3D(boxes.timestamp_ns[keep], boxes.step[keep], boxes.actor[keep], boxes.num_lidar_points[keep],
                   boxes.visible_fraction[keep])  # fmt: skip


def kept_2d(boxes: Boxes2D, keep: np.ndarray) -> Boxes2D:
    """Some rows of 2D labels."""
    return Boxes2D(boxes.frame[keep], boxes.actor[keep], boxes.visible_px[keep], boxes.amodal_px[keep],
                   boxes.num_pixels[keep], boxes.occlusion[keep])  # fmt: skip


def some_vehicle(rollout: Rollout, rng: np.random.Generator, moving: bool = False) -> int:
    """A vehicle that is there all the time.

    Raises:
        Unplantable: there is none.
    """
    there = rollout.valid.all(axis=0) & np.isin(rollout.actors.kind, [int(kind) for kind in VEHICLES])
    if moving:
        speed = np.linalg.norm(np.nan_to_num(rollout.velocity_mps), axis=-1)
        there &= speed.min(axis=0, initial=np.inf) > 1.0
    if not there.any():
        raise Unplantable("no vehicle that is there (and moves) all the time")
    return int(rng.choice(np.flatnonzero(there)))


def some_step(rollout: Rollout, rng: np.random.Generator) -> int:
    """A moment that is neither among the first nor among the last.

    Raises:
        Unplantable: the rollout is too short.
    """
    if rollout.num_steps < 6:
        raise Unplantable("fewer than six moments")
    return int(rng.integers(2, rollout.num_steps - 2))


def some_frame(segment: Segment[Raw], rng: np.random.Generator) -> int:
    """A picture.

    Raises:
        Unplantable: there is none.
    """
    if not segment.frames:
        raise Unplantable("no pictures")
    return int(rng.integers(len(segment.frames)))
