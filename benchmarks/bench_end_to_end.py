"""From a scenario to a judged segment in a store, in one process: what one worker of the main job does."""

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.harness import Figure
from benchmarks.worlds import EMBEDDED, recipe
from driving_data.sensors import SensorRig
from driving_data.store import SegmentStore
from roadloom.pipeline.recipes import simulate
from roadloom.pipeline.tasks import judged
from roadloom.settings import ValidationConfig
from scenarios import library
from scenarios.algebra import LogicalScenario

PARTS = ("draw", "play", "play and render", "judge", "store")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    scenarios: tuple[str, ...] = ("cut_in", "late_pedestrian", "unprotected_left_turn")
    max_frames: int = 8
    rig: SensorRig | None = None


def measure(sizes: Sizes, folder: Path) -> list[Figure]:
    """Segments per second over the scenarios, and the share of each part; the first segment warms up."""
    logical = [library.load(name) for name in sizes.scenarios]
    _one(logical[0], 0, sizes, SegmentStore(folder / "warm"))
    store = SegmentStore(folder / "store")
    rows = [_one(scenario, index, sizes, store) for index, scenario in enumerate(logical, 1)]
    frames = sum(row[1] for row in rows)
    # What is played alone is played again while rendering: it is shown, but counted once.
    totals = [sum(times) - times[PARTS.index("play")] for times, _ in rows]
    admitted = len([info for info in store.query() if info.status == "admitted"])
    note = f"{len(rows)} segments, {frames} frames with a sweep each; {admitted} of {len(store)} admitted"
    each = [Figure(f"{part}, median", median(times[k] for times, _ in rows), "s") for k, part in enumerate(PARTS)]
    return [
        Figure("scenario to stored segment", len(rows) / sum(totals), "segments/s", note=note),
        Figure("scenario to stored segment, frames", frames / sum(totals), "frames/s", note=note),
        *each,
    ]


def _one(logical: LogicalScenario, index: int, sizes: Sizes, store: SegmentStore) -> tuple[Sequence[float], int]:
    """Seconds of each part, and the number of frames."""
    marks = [time.perf_counter()]
    scenario = logical.sample(2, index)
    marks.append(time.perf_counter())
    simulate(scenario, "idm", EMBEDDED)
    marks.append(time.perf_counter())
    segment = recipe(scenario, sizes.max_frames, sizes.rig).make()
    marks.append(time.perf_counter())
    segment = judged(segment, ValidationConfig())
    marks.append(time.perf_counter())
    store.write(segment)
    marks.append(time.perf_counter())
    return [after - before for before, after in pairwise(marks)], len(segment.frames)


def run() -> list[Figure]:
    """Everything, in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="roadloom-bench-"))
    try:
        return measure(Sizes(), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
