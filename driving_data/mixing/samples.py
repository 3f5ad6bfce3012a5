"""Samples: one moment of a validated segment as a dict of numpy arrays, for training.

A segment gives one sample per camera frame; without cameras one per lidar sweep; without either one per labelled
moment. Every sample has the same keys, so that batches of mixed sources can be stacked:

    image            (H, W, 3) uint8; (0, 0, 3) where there is none
    intrinsics       (3, 3) float32; NaN without a camera
    ego_from_camera  (4, 4) float32; NaN without a camera
    world_from_ego   (4, 4) float64, at the moment of the sample; NaN where a log does not give it
    boxes_3d         (N, 9) float32: x, y, z, length, width, height, yaw, vx, vy in the ego frame;
                     the velocity is NaN where a log does not give it (single frames)
    classes_3d       (N,) int64, `ActorClass`;  tracks_3d (N,) int64, actor index in the segment
    boxes_2d         (M, 4) float32: x_min, y_min, x_max, y_max of visible pixels
    classes_2d       (M,) int64;  tracks_2d (M,) int64
    lidar            (P, 4) float32: x, y, z in the ego frame, intensity; only where it was asked for
    timestamp_ns     () int64
    source           () int64: 0 real, 1 synthetic, 2 augmented
    index            () int64: place in the stream of the mixture
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, runtime_checkable

import numpy as np

from driving_data.errors import StoreError
from driving_data.geometry import SE3
from driving_data.segment import Segment, Source, Validated
from driving_data.sensors import CameraFrame, LidarSweep
from driving_data.store import Query, SegmentReader, SegmentStore, Wanted

Sample = dict[str, np.ndarray]
SOURCE_NUMBERS = {Source.REAL: 0, Source.SYNTHETIC: 1, Source.AUGMENTED: 2}
_TOLERANCE_NS = 60_000_000
_ADMITTED = Query(admitted=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """One segment of a source: its id, its tags, how many samples it gives, and its weight among the others."""

    segment_id: str
    tags: frozenset[str]
    num_samples: int
    weight: float = 1.0


@runtime_checkable
class SampleSource(Protocol):
    """Where the samples of a component come from."""

    @property
    def entries(self) -> Sequence[Entry]:
        """Its segments."""
        ...

    def sample(self, segment: int, index: int) -> Sample:
        """The sample of that number of the segment of that number."""
        ...


@dataclass(frozen=True, slots=True)
class MemorySource:
    """Segments in memory; made by `from_segments`."""

    segments: tuple[Segment[Validated], ...] = field(repr=False)
    entries: tuple[Entry, ...]
    lidar: bool = False

    def sample(self, segment: int, index: int) -> Sample:
        """The sample of that number of the segment of that number."""
        chosen = self.segments[segment]
        if chosen.frames:
            frame = chosen.frames[index]
            return build_sample(
                chosen, frame, index, _nearest_sweep(chosen, frame.timestamp_ns) if self.lidar else None
            )
        if chosen.sweeps:
            return build_sample(chosen, None, -1, chosen.sweeps[index], keep_lidar=self.lidar)
        return build_sample(chosen, None, -1, None, moment=index)


def from_segments(segments: Sequence[Segment[Validated]], *, lidar: bool = False) -> MemorySource:
    """Samples of segments in memory. Only `Segment[Validated]` is taken: pyright refuses anything less.

    Raises:
        StoreError: a segment carries no report that admits it, whatever its type was said to be.
    """
    for segment in segments:
        if segment.report is None or not segment.report.admitted:
            raise StoreError(f"{segment.segment_id} has not passed the gate: it may not enter a training set")
    entries = tuple(Entry(s.segment_id, frozenset(s.tags) | slices(s), _num_samples(s)) for s in segments)
    return MemorySource(tuple(segments), entries, lidar)


@dataclass(frozen=True, slots=True)
class StoreSource:
    """Admitted segments of a store, read when they are drawn; made by `from_store`."""

    store: SegmentStore
    entries: tuple[Entry, ...] = field(repr=False)
    lidar: bool = False

    def sample(self, segment: int, index: int) -> Sample:
        """The sample of that number of the segment of that number; reads one frame and what belongs to it."""
        bare, reader = _opened(self.store, self.entries[segment].segment_id)
        if len(reader.frame_times_ns):
            frame = reader.frame(index)
            nearest = _nearest(reader.sweep_times_ns, frame.timestamp_ns) if self.lidar else None
            return build_sample(bare, frame, index, None if nearest is None else reader.sweep(nearest))
        if len(reader.sweep_times_ns):
            return build_sample(bare, None, -1, reader.sweep(index), keep_lidar=self.lidar)
        return build_sample(bare, None, -1, None, moment=index)


def from_store(
    store: SegmentStore, query: Query = _ADMITTED, *, lidar: bool = False, weights: dict[str, float] | None = None
) -> StoreSource:
    """Samples of the admitted segments of a store that fit a query; `weights` by segment id, 1 where unsaid."""
    entries: list[Entry] = []
    for info in store.query(query):
        if info.status != "admitted":
            continue
        count = info.num_frames or info.num_sweeps or info.num_labelled
        tags = frozenset(info.tags) | {f"weather:{info.weather}", f"light:{info.light}"}
        entries.append(Entry(info.segment_id, tags, count, (weights or {}).get(info.segment_id, 1.0)))
    return StoreSource(store, tuple(entries), lidar)


@lru_cache(maxsize=64)
def _opened(store: SegmentStore, segment_id: str) -> tuple[Segment[Validated], SegmentReader]:
    """A segment without pictures, points and map, and what reads the former."""
    wanted = Wanted(frames=False, sweeps=False, radar=False, lane_map=False)
    return store.load_validated(segment_id, wanted), store.reader(segment_id)


def slices(segment: Segment[Validated]) -> frozenset[str]:
    """Slices that follow from the environment: `weather:rain`, `light:night`."""
    environment = segment.rollout.environment
    return frozenset({f"weather:{environment.weather()}", f"light:{environment.light()}"})


def _num_samples(segment: Segment[Validated]) -> int:
    labelled = 0 if segment.labels is None else len(np.unique(segment.labels.boxes_3d.step))
    return len(segment.frames) or len(segment.sweeps) or labelled


def _nearest_sweep(segment: Segment[Validated], timestamp_ns: int) -> LidarSweep | None:
    index = _nearest(np.array([s.timestamp_ns for s in segment.sweeps], np.int64), timestamp_ns)
    return None if index is None else segment.sweeps[index]


def _nearest(times_ns: np.ndarray, timestamp_ns: int) -> int | None:
    if not len(times_ns):
        return None
    index = int(np.argmin(np.abs(times_ns - timestamp_ns)))
    return index if abs(int(times_ns[index]) - timestamp_ns) <= _TOLERANCE_NS else None


def build_sample(
    segment: Segment[Validated],
    frame: CameraFrame | None,
    frame_index: int,
    sweep: LidarSweep | None,
    *,
    moment: int = -1,
    keep_lidar: bool = True,
) -> Sample:
    """One sample; see the head of this module.

    Args:
        segment: the segment, which need not hold its frames and sweeps.
        frame: the picture, or None.
        frame_index: its number in the segment, by which 2D boxes name it.
        sweep: the points, or None.
        moment: without picture and points: number of the labelled moment.
        keep_lidar: whether the points themselves are wanted.
    """
    if frame is not None:
        timestamp_ns = frame.timestamp_ns
    elif sweep is not None:
        timestamp_ns = sweep.timestamp_ns
    else:
        timestamp_ns = int(_labelled_times(segment)[moment])
    world_from_ego = _ego_pose(segment, frame, sweep, timestamp_ns)
    sample: Sample = {
        "image": np.zeros((0, 0, 3), np.uint8) if frame is None else frame.rgb,
        "world_from_ego": world_from_ego.matrix(),
        "timestamp_ns": np.array(timestamp_ns, np.int64),
        "source": np.array(SOURCE_NUMBERS[segment.source], np.int64),
        **_calibration(segment, frame),
        **_boxes_3d(segment, timestamp_ns, world_from_ego),
        **_boxes_2d(segment, frame_index),
    }
    if keep_lidar and sweep is not None:
        points = (world_from_ego.inverse() @ sweep.world_from_lidar).apply(sweep.points_m.astype(np.float64))
        sample["lidar"] = np.column_stack([points, sweep.intensity]).astype(np.float32)
    return sample


def _labelled_times(segment: Segment[Validated]) -> np.ndarray:
    return np.zeros(0, np.int64) if segment.labels is None else np.unique(segment.labels.boxes_3d.timestamp_ns)


def _ego_pose(
    segment: Segment[Validated], frame: CameraFrame | None, sweep: LidarSweep | None, timestamp_ns: int
) -> SE3:
    """The ego pose that the sensor itself implies, else that of the nearest moment of the rollout."""
    if frame is not None:
        return frame.world_from_camera @ segment.rig.camera(frame.camera).ego_from_camera.inverse()
    if sweep is not None:
        return sweep.world_from_lidar @ segment.rig.lidar(sweep.lidar).ego_from_lidar.inverse()
    rollout = segment.rollout
    return rollout.world_from_ego()[int(np.argmin(np.abs(rollout.timestamps_ns - timestamp_ns)))]


def _calibration(segment: Segment[Validated], frame: CameraFrame | None) -> Sample:
    if frame is None:
        return {
            "intrinsics": np.full((3, 3), np.nan, np.float32),
            "ego_from_camera": np.full((4, 4), np.nan, np.float32),
        }
    camera = segment.rig.camera(frame.camera)
    mount = camera.ego_from_camera.matrix().astype(np.float32)
    return {"intrinsics": camera.matrix().astype(np.float32), "ego_from_camera": mount}


def _boxes_3d(segment: Segment[Validated], timestamp_ns: int, world_from_ego: SE3) -> Sample:
    """Boxes of the labelled moment nearest to the sample, the ego left out; none where no moment is near."""
    rollout, labels = segment.rollout, segment.labels
    rows = np.zeros(0, np.int64)
    if labels is not None and len(labels.boxes_3d.step):
        boxes = labels.boxes_3d
        away = np.abs(boxes.timestamp_ns - timestamp_ns)
        if away.min() <= _TOLERANCE_NS:
            there = (boxes.timestamp_ns == boxes.timestamp_ns[np.argmin(away)]) & (boxes.actor != rollout.ego_index)
            rows = np.flatnonzero(there & rollout.valid[boxes.step, boxes.actor])
        step, actor = boxes.step[rows], boxes.actor[rows]
    else:
        step = actor = rows
    ego_from_actor = world_from_ego.inverse() @ rollout.world_from_actor[step, actor]
    velocity = world_from_ego.inverse().rotate(rollout.velocity_mps[step, actor])
    columns = [ego_from_actor.translation_m, rollout.actors.size_m[actor], ego_from_actor.yaw_rad(), velocity[:, :2]]
    return {
        "boxes_3d": np.column_stack(columns).astype(np.float32).reshape(len(rows), 9),
        "classes_3d": rollout.actors.kind[actor].astype(np.int64),
        "tracks_3d": actor.astype(np.int64),
    }


def _boxes_2d(segment: Segment[Validated], frame_index: int) -> Sample:
    labels = segment.labels
    if labels is None:
        return {"boxes_2d": np.zeros((0, 4), np.float32), "classes_2d": np.zeros(0, np.int64),
                "tracks_2d": np.zeros(0, np.int64)}  # fmt: skip
    rows = np.flatnonzero(labels.boxes_2d.frame == frame_index)
    actor = labels.boxes_2d.actor[rows]
    return {
        "boxes_2d": labels.boxes_2d.visible_px[rows].astype(np.float32),
        "classes_2d": segment.rollout.actors.kind[actor].astype(np.int64),
        "tracks_2d": actor.astype(np.int64),
    }
