"""What the report shows, as plain dataclasses: the pipeline fills them in, `render.write_report` writes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import UInt8

from closed_loop.gates.decide import DeploymentDecision
from closed_loop.results import EvalReport
from driving_data.rollout import Rollout
from driving_data.verdict import ValidationReport


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of the summary: what, how much, and a hint below it."""

    label: str
    value: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long a stage of the run took, and how many items it made."""

    name: str
    seconds: float
    num: int = 0
    unit: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture: its kind ('camera', 'depth', ...), words for those who cannot see it, and its pixels."""

    kind: str
    alt: str
    pixels: UInt8[np.ndarray, "H W 3"]


@dataclass(frozen=True, slots=True, eq=False)
class GallerySample:
    """One sample of the gallery.

    Attributes:
        sample_id: key into `ReportData.provenance`.
        title: name for a person.
        caption: one sentence.
        tags: what is shown as small badges.
        pictures: camera, depth, semantic, instance, lidar, ...
    """

    sample_id: str
    title: str
    caption: str
    tags: tuple[str, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True, eq=False)
class GalleryGroup:
    """Samples of one kind of scenario."""

    title: str
    samples: tuple[GallerySample, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A rollout to be watched from above.

    Attributes:
        sample_id: key into `ReportData.provenance`; empty for none.
        title: kind of scenario.
        caption: one sentence.
        tags: small badges.
        rollout: what happened.
        outcome: 'ok', 'failed' or ''.
        note: what the outcome was, as 'goal reached' or 'hit pedestrian_1 at 4.2 m/s'.
    """

    sample_id: str
    title: str
    caption: str
    tags: tuple[str, ...]
    rollout: Rollout
    outcome: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Closed-loop results.

    Attributes:
        candidate: report on the policy that wants to be released.
        baseline: report on the one that it is compared with; None for none.
        decision: what the gate decided; None where it was not asked.
        headline: metric ids of the first table.
        sliced: metric ids of the per-slice table.
        failure_files: path of the replayable scenario of each failed episode, by episode key.
    """

    candidate: EvalReport
    baseline: EvalReport | None = None
    decision: DeploymentDecision | None = None
    headline: tuple[str, ...] = (
        "driving_score", "collision", "at_fault_collision", "off_road", "signal_violation", "progress",
        "min_time_to_collision", "min_distance", "comfort", "hard_brakes", "speed_limit_compliance",
    )  # fmt: skip
    sliced: tuple[str, ...] = ("driving_score", "collision", "at_fault_collision", "progress", "min_time_to_collision")
    failure_files: Mapping[str, str] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """How one check judged all segments."""

    check: str
    version: str
    hard: bool
    num_passed: int
    num_failed: int
    num_not_applicable: int
    threshold: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A segment that validation kept out, and why; `name` is for a person, `sample_id` the key into provenance."""

    sample_id: str
    name: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValidationSummary:
    """What validation said."""

    num_judged: int
    num_admitted: int
    checks: tuple[CheckSummary, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class MixtureRow:
    """Samples of one source ('real', 'synthetic', 'augmented') in the dataset.

    Attributes:
        source: which.
        asked: share that the mixture asks for, 0 to 1; None where it does not say.
        got: share of what was read, 0 to 1.
        num_by_split: segments by split.
        num_families: families of scenarios or logs.
    """

    source: str
    asked: float | None
    got: float
    num_by_split: Mapping[str, int]
    num_families: int


@dataclass(frozen=True, slots=True)
class MixtureSummary:
    """The dataset: rows by source, and notes such as 'no family crosses a split'."""

    rows: tuple[MixtureRow, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that a report shows; sections without data are left out.

    Attributes:
        title: heading.
        subtitle: one sentence: what ran.
        facts: figures of the summary.
        stages: timing.
        settings: seeds, names and choices, by label.
        versions: package versions.
        gallery: pictures by kind of scenario.
        scenes: rollouts by kind of scenario.
        evaluation: closed-loop results.
        validation: verdicts.
        mixture: the dataset.
        provenance: plain data by sample id: scenario, seed, draws, steps, hashes.
        notes: remarks at the end, as limits of the run.
    """

    title: str
    subtitle: str = ""
    facts: tuple[Fact, ...] = ()
    stages: tuple[StageTime, ...] = ()
    settings: Mapping[str, str] = field(default_factory=lambda: {})
    versions: Mapping[str, str] = field(default_factory=lambda: {})
    gallery: tuple[GalleryGroup, ...] = ()
    scenes: tuple[Scene, ...] = ()
    evaluation: Evaluation | None = None
    validation: ValidationSummary | None = None
    mixture: MixtureSummary | None = None
    provenance: Mapping[str, Any] = field(default_factory=lambda: {})
    notes: tuple[str, ...] = ()


def summarise_validation(
    reports: Sequence[ValidationReport], names: Mapping[str, str] | None = None
) -> ValidationSummary:
    """Counts of every check over all segments, and the refusals; `names` gives segments a name for a person."""
    counts: dict[str, list[int]] = {}
    first: dict[str, tuple[str, bool, str]] = {}
    for report in reports:
        for verdict in report.verdicts:
            first.setdefault(
                verdict.check, (verdict.version, verdict.hard, f"{verdict.threshold:g} {verdict.unit}".strip())
            )
            column = 2 if not verdict.applicable else 0 if verdict.passed else 1
            counts.setdefault(verdict.check, [0, 0, 0])[column] += 1
    checks = tuple(
        CheckSummary(
            name, first[name][0], first[name][1], counts[name][0], counts[name][1], counts[name][2], first[name][2]
        )
        for name in sorted(counts)
    )
    refused = tuple(
        Refusal(report.segment_id, (names or {}).get(report.segment_id, report.segment_id), report.reasons)
        for report in reports
        if not report.admitted
    )
    return ValidationSummary(len(reports), sum(report.admitted for report in reports), checks, refused)


def one_per_kind(scenes: Iterable[Scene]) -> tuple[Scene, ...]:
    """The first scene of each title, failed ones before others, in order of first appearance."""
    found: dict[str, Scene] = {}
    for scene in scenes:
        if scene.title not in found or (scene.outcome == "failed" and found[scene.title].outcome != "failed"):
            found[scene.title] = scene
    return tuple(found.values())
