"""Mixtures: places of the stream, samples and batches per second, from memory and from a store."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from benchmarks.harness import Figure, median_seconds
from benchmarks.worlds import segments
from driving_data.mixing import BatchOptions, Mixture, SampleSource, batches, from_segments, from_store
from driving_data.segment import Raw, Segment, Validated
from driving_data.store import Query, SegmentStore

RATIO = {"first": 0.6, "second": 0.3, "third": 0.1}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    scenarios: tuple[str, ...] = ("late_pedestrian", "cut_in", "lead_brakes_hard")
    max_frames: int = 6
    num_draws: int = 3000
    num_samples: int = 60
    batch_size: int = 8
    repeats: int = 3


def measure(made: Sequence[Segment[Raw]], folder: Path, sizes: Sizes) -> list[Figure]:
    """Figures of a mixture of three components, one segment each."""
    admitted = [cast("Segment[Validated]", segment) for segment in made]
    store = SegmentStore(folder / "store", durable=False)
    for segment in made:
        store.write(segment)
    memory: dict[str, SampleSource] = {
        name: from_segments([segment]) for name, segment in zip(RATIO, admitted, strict=True)
    }
    disk: dict[str, SampleSource] = {
        name: from_store(store, Query(ids=(segment.segment_id,))) for name, segment in zip(RATIO, admitted, strict=True)
    }
    from_memory, from_disk = Mixture.of(RATIO, memory, 1), Mixture.of(RATIO, disk, 1)
    camera = made[0].rig.cameras[0]
    note = f"{camera.width_px}x{camera.height_px}, boxes and calibration"

    def draws() -> None:
        for place in range(sizes.num_draws):
            from_memory.draw(place)

    def samples(mixture: Mixture) -> None:
        for place in range(sizes.num_samples):
            mixture.sample(place)

    num_batches = max(1, sizes.num_samples // sizes.batch_size)

    def read(prefetch: int) -> None:
        for _ in batches(from_disk, sizes.batch_size, BatchOptions(num_batches=num_batches, prefetch=prefetch)):
            pass

    count, repeats = sizes.num_samples, sizes.repeats
    per_batch = f"{sizes.batch_size} samples each; {note}"
    return [
        Figure("places of the stream", sizes.num_draws / median_seconds(draws, repeats), "draws/s",
               note="nothing is read"),
        Figure("samples from memory", count / median_seconds(lambda: samples(from_memory), repeats), "samples/s",
               note=note),
        Figure("samples from a store", count / median_seconds(lambda: samples(from_disk), repeats), "samples/s",
               note=f"{note}, one thread"),
        Figure("batches from a store", num_batches / median_seconds(lambda: read(0), repeats), "batches/s",
               note=f"one thread, {per_batch}"),
        Figure("batches from a store, read ahead", num_batches / median_seconds(lambda: read(2), repeats), "batches/s",
               note=f"two batches ahead, {per_batch}"),
    ]  # fmt: skip


def run() -> list[Figure]:
    """Everything, in a temporary folder."""
    sizes = Sizes()
    folder = Path(tempfile.mkdtemp(prefix="roadloom-bench-"))
    try:
        return measure(segments(sizes.scenarios, sizes.max_frames), folder, sizes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
