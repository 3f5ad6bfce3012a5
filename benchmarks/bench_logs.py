"""Readers of real logs: segments per second, by format; needs the shared data folder."""

from itertools import islice
from pathlib import Path

from benchmarks.harness import Figure, median_seconds
from driving_data.errors import MissingExtra
from driving_data.logs.registry import read
from roadloom.places import shared_data

LOGS = (
    "logs/av2/sensor_7fab2350",
    "logs/av2/forecasting",
    "logs/womd",
    "logs/metadrive/waymo",
    "logs/metadrive/nuscenes",
    "logs/gpudrive",
    "logs/nuscenes_frame",
    "logs/kitti/training",
    "logs/comma2k19/segment40",
    "logs/commonroad",
    "logs/udacity/solidWhiteRight.mp4",
)


def measure(root: Path, logs: tuple[str, ...], repeats: int, max_segments: int = 4) -> list[Figure]:
    """One figure per log that is there and can be read here."""
    figures: list[Figure] = []
    for name in logs:
        path = root / name
        if not path.exists():
            continue
        try:
            segments = list(islice(read(path), max_segments))
        except MissingExtra:
            continue
        seconds = median_seconds(lambda path=path: list(islice(read(path), max_segments)), repeats, 0)
        moments = sum(segment.rollout.num_steps for segment in segments)
        note = f"{segments[0].provenance.producer}: {len(segments)} segments, {moments} moments"
        figures.append(Figure(name.removeprefix("logs/"), len(segments) / seconds, "segments/s", note=note))
    return figures


def run() -> list[Figure]:
    """Everything; one figure that says so where there is no shared data."""
    root = shared_data()
    figures = [] if root is None else measure(root, LOGS, 2)
    if figures:
        return figures
    return [Figure("logs read", 0.0, "segments/s", note="no shared data; set ROADLOOM_SHARED")]
