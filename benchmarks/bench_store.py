"""The store: writing, loading, reading single frames; peer: numpy.savez and numpy.load of the same arrays."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.harness import Figure, median_seconds
from benchmarks.worlds import segments
from driving_data.segment import Raw, Segment
from driving_data.sensors import SensorRig
from driving_data.store import SegmentStore

PARTS = frozenset({"depth", "semantic", "instance"})


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    max_frames: int = 6
    repeats: int = 5
    rig: SensorRig | None = None


def arrays_of(segment: Segment[Raw]) -> dict[str, np.ndarray]:
    """Every array of the frames, sweeps and tracks of a segment."""
    found: dict[str, np.ndarray] = {}
    for k, frame in enumerate(segment.frames):
        parts = {"rgb": frame.rgb, "depth": frame.depth_m, "semantic": frame.semantic, "instance": frame.instance}
        found |= {f"frame_{k}_{name}": array for name, array in parts.items() if array is not None}
    for k, sweep in enumerate(segment.sweeps):
        parts = {"points": sweep.points_m, "intensity": sweep.intensity, "ring": sweep.ring,
                 "offset": sweep.offset_ns, "semantic": sweep.semantic, "instance": sweep.instance}  # fmt: skip
        found |= {f"sweep_{k}_{name}": array for name, array in parts.items() if array is not None}
    rollout = segment.rollout
    tracks = {"rotation": rollout.world_from_actor.rotation, "translation": rollout.world_from_actor.translation_m,
              "velocity": rollout.velocity_mps, "acceleration": rollout.acceleration_mps2,
              "yaw_rate": rollout.yaw_rate_radps, "valid": rollout.valid}  # fmt: skip
    return found | tracks


def measure(segment: Segment[Raw], folder: Path, repeats: int) -> list[Figure]:
    """Our figures beside numpy's; megabytes are of the arrays in memory, for both."""
    arrays = arrays_of(segment)
    size_mb = sum(array.nbytes for array in arrays.values()) / 1e6
    durable = _write_seconds(segment, folder / "durable", repeats, durable=True)
    quick = _write_seconds(segment, folder / "quick", repeats, durable=False)
    store = SegmentStore(folder / "kept", durable=False)
    store.write(segment)
    on_disk_mb = store.query()[0].num_bytes / 1e6
    plain = folder / "plain.npz"
    saving = median_seconds(lambda: np.savez(plain, allow_pickle=False, **arrays), repeats)
    packing = median_seconds(lambda: np.savez_compressed(folder / "packed.npz", allow_pickle=False, **arrays), 1, 0)
    loading = median_seconds(lambda: _read_all(plain), repeats)
    ours = median_seconds(lambda: store.load(segment.segment_id), repeats)
    peer = f"numpy.savez {version('numpy')}"
    note = f"{size_mb:.1f} MB of arrays, {len(segment.frames)} frames, {len(segment.sweeps)} sweeps"
    return [
        Figure("write, durable", size_mb / durable, "MB/s", peer=peer, peer_value=size_mb / saving,
               note=f"{note}; compressed, hashed, flushed to the device; theirs is none of it"),
        Figure("write, not durable", size_mb / quick, "MB/s", peer=peer, peer_value=size_mb / saving, note=note),
        Figure("write against compression", size_mb / quick, "MB/s", peer=f"{peer} compressed",
               peer_value=size_mb / packing, note=note),
        Figure("load", size_mb / ours, "MB/s", peer=f"numpy.load {version('numpy')}", peer_value=size_mb / loading,
               note=note),
        Figure("size on disk", on_disk_mb, "MB", peer=peer, peer_value=plain.stat().st_size / 1e6, note=note),
        *frame_figures(store, segment, repeats),
    ]  # fmt: skip


def frame_figures(store: SegmentStore, segment: Segment[Raw], repeats: int) -> list[Figure]:
    """Single frames, as training reads them."""
    reader, count = store.reader(segment.segment_id), len(segment.frames)

    def read(parts: frozenset[str]) -> Callable[[], object]:
        return lambda: [reader.frame(index, parts) for index in range(count)]

    camera = segment.rig.cameras[0]
    note = f"{camera.width_px}x{camera.height_px}, one thread"
    return [
        Figure("read frames, colour", count / median_seconds(read(frozenset()), repeats), "frames/s", note=note),
        Figure("read frames, all labels", count / median_seconds(read(PARTS), repeats), "frames/s", note=note),
        Figure("open a segment", 1e3 * median_seconds(lambda: store.reader(segment.segment_id), repeats), "ms"),
    ]


def _write_seconds(segment: Segment[Raw], root: Path, repeats: int, durable: bool) -> float:
    store = SegmentStore(root, durable=durable)

    def write() -> None:
        # A segment that is there already would not be written again.
        store.remove(segment.segment_id)
        store.write(segment)

    return median_seconds(write, repeats)


def _read_all(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


def run() -> list[Figure]:
    """Everything, in a temporary folder."""
    sizes = Sizes()
    segment = segments(("late_pedestrian",), sizes.max_frames, sizes.rig)[0]
    folder = Path(tempfile.mkdtemp(prefix="roadloom-bench-"))
    try:
        return measure(segment, folder, sizes.repeats)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
