"""Checks: segments judged per second, all together and one by one."""

from dataclasses import dataclass

from benchmarks.harness import Figure, median_seconds
from benchmarks.worlds import segments
from driving_data.segment import Raw, Segment
from validation.gate import judge
from validation.registry import CHECKS, make_check


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    scenario: str = "late_pedestrian"
    max_frames: int = 6
    repeats: int = 3


def measure(segment: Segment[Raw], repeats: int) -> list[Figure]:
    """One figure for all checks and one for each."""
    names = CHECKS.names()
    every = tuple(make_check(name) for name in names)
    seconds = median_seconds(lambda: judge(segment, every), repeats)
    rollout = segment.rollout
    note = (
        f"{len(segment.frames)} frames, {len(segment.sweeps)} sweeps, {rollout.num_actors} actors, "
        f"{rollout.num_steps} moments, one thread"
    )
    figures = [Figure(f"all {len(names)} checks", 1.0 / seconds, "segments/s", note=note)]
    for check in every:
        alone = median_seconds(lambda check=check: check.judge(segment), repeats)
        verdict = check.judge(segment)
        said = "" if verdict.applicable else f"not applicable: {verdict.reason}"
        figures.append(Figure(check.name, 1.0 / alone, "segments/s", note=said))
    return figures


def run() -> list[Figure]:
    """Everything."""
    sizes = Sizes()
    return measure(segments((sizes.scenario,), sizes.max_frames)[0], sizes.repeats)
