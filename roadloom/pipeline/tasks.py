"""What workers do: make, read and augment segments, judge each and store it. Every task is keyed by its content."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from driving_data.errors import RoadloomError, StoreError
from driving_data.plain import digest, to_plain
from driving_data.segment import Raw, Segment, calibrated
from driving_data.store import SegmentStore
from driving_data.verdict import ValidationReport, Verdict
from roadloom.pipeline.recipes import AugmentRecipe, Recipe, byte_versions
from roadloom.settings import ValidationConfig
from validation.gate import GateConfig, judge


@dataclass(frozen=True, slots=True)
class MakeTask:
    """Make one synthetic segment."""

    store: str
    recipe: Recipe
    validation: ValidationConfig

    def key(self) -> str:
        """Identity of the task: the recipe, the checks, the versions."""
        return _key("make", self.recipe, self.validation)


@dataclass(frozen=True, slots=True)
class ReadTask:
    """Read the first segments of one real log."""

    store: str
    path: str
    size_and_time: tuple[int, int]
    max_segments: int
    validation: ValidationConfig

    def key(self) -> str:
        """Identity of the task: path, size and time of change of the log, the checks, the versions."""
        return _key("read", (self.path, self.size_and_time, self.max_segments), self.validation)


@dataclass(frozen=True, slots=True)
class AugmentTask:
    """Make one augmented segment from a stored one."""

    store: str
    recipe: AugmentRecipe
    validation: ValidationConfig

    def key(self) -> str:
        """Identity of the task: the recipe, the checks, the versions."""
        return _key("augment", self.recipe, self.validation)


def _key(verb: str, what: object, validation: ValidationConfig) -> str:
    return digest([verb, to_plain(what), to_plain(validation), dict(byte_versions())])


def fingerprint(path: Path) -> tuple[int, int]:
    """Total size and latest change of a file or folder: what a log is known by, without reading it."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    stats = [each.stat() for each in files]
    return sum(stat.st_size for stat in stats), max((stat.st_mtime_ns for stat in stats), default=0)


@dataclass(frozen=True, slots=True)
class NotStored:
    """A segment was made and the store did not take it: no room, no permission. A second try would not help."""

    reason: str


def run_task(task: MakeTask | ReadTask | AugmentTask) -> tuple[str, ...] | NotStored:
    """Does one task and returns the ids of what it stored."""
    store = SegmentStore(Path(task.store))
    ids: list[str] = []
    for segment in _segments(task, store):
        final = judged(segment, task.validation)
        try:
            store.write(final)
        except StoreError as error:
            return NotStored(str(error))
        ids.append(final.segment_id)
    store.mark_done(task.key(), ids)
    return tuple(ids)


def _segments(task: MakeTask | ReadTask | AugmentTask, store: SegmentStore) -> Iterator[Segment[Raw]]:
    if isinstance(task, MakeTask):
        yield task.recipe.make()
    elif isinstance(task, AugmentTask):
        yield task.recipe.make(store.load(task.recipe.parent))
    else:
        from driving_data.logs.registry import read

        yield from islice(read(Path(task.path)), task.max_segments)


def judged(segment: Segment[Raw], validation: ValidationConfig) -> Segment[Raw]:
    """The segment with the report of every check; one that does not fit its calibration is refused by that."""
    checks = GateConfig(validation.checks, validation.without, validation.parameters).build()
    try:
        report = judge(calibrated(segment), checks)
    except RoadloomError as error:
        verdict = Verdict("calibration", "1", passed=False, score=1.0, threshold=0.0, reason=str(error))
        report = ValidationReport(segment.segment_id, (verdict,))
    return replace(segment, report=report)
