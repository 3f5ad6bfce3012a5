"""From the outcome of a run to its report."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from closed_loop.report.data import (
    Evaluation,
    Fact,
    GalleryGroup,
    GallerySample,
    MixtureRow,
    MixtureSummary,
    ReportData,
    Scene,
    StageTime,
    ValidationSummary,
    one_per_kind,
    summarise_validation,
)
from closed_loop.report.pictures import sample_of
from closed_loop.report.render import write_report
from closed_loop.results import EpisodeResult, write_json
from driving_data.errors import RoadloomError
from driving_data.plain import to_plain
from driving_data.segment import Raw, Segment, Source
from driving_data.store import SKELETON, SegmentInfo
from roadloom.pipeline.recipes import byte_versions
from roadloom.pipeline.run import Outcome

GALLERY = {
    Source.SYNTHETIC: "Made from scenarios: one segment of each",
    Source.REAL: "Read from real logs",
    Source.AUGMENTED: "Augmented: stored segments under other weather, light or camera",
}


def write_run_report(outcome: Outcome) -> Path:
    """Writes the report of a run into its output folder; returns the page.

    Raises:
        RoadloomError: the run has not ended.
    """
    infos = _infos(outcome)
    with outcome.stages.stage("write the report", len(infos), "segments") as count:
        data = _data(outcome, infos, count)
        return write_report(data, Path(outcome.config.output) / "report")


def _infos(outcome: Outcome) -> list[SegmentInfo]:
    known = {info.segment_id: info for info in outcome.store.query()}
    return [known[each] for ids in outcome.segment_ids.values() for each in ids if each in known]


def _data(outcome: Outcome, infos: Sequence[SegmentInfo], count: Any) -> ReportData:
    dataset, evaluation = outcome.dataset, outcome.evaluation
    if dataset is None or evaluation is None:
        raise RoadloomError("the run has not ended; there is nothing to report yet")
    groups: dict[Source, list[GallerySample]] = {source: [] for source in GALLERY}
    shown: set[str] = set()
    scenes: list[Scene] = []
    reports = []
    provenance: dict[str, Any] = {}
    for info in infos:
        title = kind_of(info)
        full = title not in shown
        segment = outcome.store.load(info.segment_id) if full else outcome.store.load(info.segment_id, SKELETON)
        if full and (segment.frames or segment.sweeps):
            shown.add(title)
            groups[info.source].append(sample_of(segment, title))
        if _moves(segment):
            scenes.append(_scene(segment, title))
        provenance[info.segment_id] = _provenance(outcome, info, segment)
        if segment.report is not None:
            reports.append(segment.report)
        count()
    names = {info.segment_id: f"{kind_of(info)}, {info.segment_id[:8]}" for info in infos}
    validation = summarise_validation(reports, names)
    failures = _failure_files(outcome)
    seconds = outcome.stages.seconds
    return ReportData(
        title="Roadloom run",
        subtitle=_subtitle(outcome, infos),
        facts=tuple(_facts(outcome, infos, validation)),
        stages=tuple(StageTime(name, taken) for name, taken in seconds.items()),
        settings=_settings(outcome),
        versions=byte_versions(),
        gallery=tuple(GalleryGroup(GALLERY[source], tuple(samples)) for source, samples in groups.items() if samples),
        scenes=one_per_kind(scenes),
        evaluation=Evaluation(evaluation.candidate, evaluation.baseline, evaluation.decision, failure_files=failures),
        validation=validation,
        mixture=_mixture(outcome, infos),
        provenance=provenance,
        notes=tuple(_notes(outcome)),
    )


def kind_of(info: SegmentInfo) -> str:
    """What a segment is, in words: its scenario, or its log, and whether it was augmented."""
    name = info.family.removeprefix("scenario:").replace("_", " ")
    if info.source is Source.AUGMENTED:
        return f"{name}, augmented"
    return name if info.source is Source.SYNTHETIC else f"real: {name[:48]}"


def _moves(segment: Segment[Raw]) -> bool:
    """Whether there is something to watch from above: single pictures and clips without poses have nothing."""
    rollout = segment.rollout
    return rollout.num_steps > 1 and bool(rollout.valid[:, rollout.ego_index].any())


def _scene(segment: Segment[Raw], title: str) -> Scene:
    wrong = [event for event in segment.rollout.events if event.kind in ("collision", "off_road", "signal_violation")]
    ended = [event for event in segment.rollout.events if event.kind == "goal_reached"]
    note = "; ".join(dict.fromkeys(event.kind.replace("_", " ") for event in [*wrong, *ended]))
    outcome = "failed" if wrong else "ok" if ended else ""
    tags = tuple(tag for tag in segment.tags if ":" in tag)[:6]
    return Scene(segment.segment_id, title, segment.description, tags, segment.rollout, outcome, note)


def _provenance(outcome: Outcome, info: SegmentInfo, segment: Segment[Raw]) -> dict[str, Any]:
    files = outcome.store.files(info.segment_id)
    return {
        "segment_id": info.segment_id,
        "source": info.source.value,
        "status": info.status,
        "reasons": list(info.reasons),
        "content_hash": info.content_hash,
        "tags": list(segment.tags),
        "provenance": {
            **to_plain(segment.provenance),
            "hashes": {k: e.sha256 for k, e in sorted(files.entries.items())},
        },
        "verdicts": to_plain(segment.report.verdicts) if segment.report else [],
        "reproduce": f"roadloom reproduce {info.segment_id} --store {outcome.store.root}",
    }


def _subtitle(outcome: Outcome, infos: Sequence[SegmentInfo]) -> str:
    counts = Counter(info.source.value for info in infos)
    parts = ", ".join(f"{counts[kind]} {kind}" for kind in ("synthetic", "real", "augmented") if counts[kind])
    suite = outcome.config.suite
    judged = f"{suite.candidate} against {suite.baseline} on suite {suite.name}"
    return f"{parts} segments; {judged}; seed {outcome.config.seed}"


def _facts(outcome: Outcome, infos: Sequence[SegmentInfo], validation: ValidationSummary) -> Iterator[Fact]:
    dataset, evaluation = outcome.dataset, outcome.evaluation
    yield Fact("segments", str(len(infos)), f"{validation.num_admitted} admitted by {len(validation.checks)} checks")
    yield Fact("camera frames", str(sum(info.num_frames for info in infos)), "RGB, depth, semantic, instance")
    yield Fact("lidar sweeps", str(sum(info.num_sweeps for info in infos)), "with class and instance of every point")
    if dataset is not None:
        families = len({member.family for member in dataset.version.members})
        yield Fact(
            "dataset version", dataset.version_id[:8], f"{len(dataset.version.members)} segments, {families} families"
        )
    if evaluation is not None:
        episodes = len(evaluation.candidate.episodes)
        yield Fact("gate", evaluation.decision_text.replace("_", " "), f"{episodes} episodes for each policy")
    yield Fact("time", f"{sum(outcome.stages.seconds.values()):.0f} s", "all stages of this run")


def _settings(outcome: Outcome) -> Mapping[str, str]:
    config = outcome.config
    return {
        "seed": str(config.seed),
        "scenarios": ", ".join(config.scenario),
        "simulator": config.simulator.name,
        "generator": config.generator.name,
        "randomization": config.randomization.name,
        "policy that made the data": config.policy,
        "executor": config.executor.name,
        "store": str(outcome.store.root),
    }


def _mixture(outcome: Outcome, infos: Sequence[SegmentInfo]) -> MixtureSummary | None:
    dataset = outcome.dataset
    if dataset is None:
        return None
    drawn = {part.name: part.draws for part in dataset.report.components}
    total = max(1, sum(drawn.values()))
    rows = []
    for source in Source:
        members = [member for member in dataset.version.members if member.source == source.value]
        splits = Counter(member.split for member in members)
        rows.append(
            MixtureRow(
                source.value,
                outcome.config.mixture.ratio.get(source.value, 0.0),
                drawn.get(source.value, 0) / total,
                {split: splits[split] for split in outcome.config.mixture.splits},
                len({member.family for member in members}),
            )
        )
    different = sum(part.unique for part in dataset.report.components)
    notes = [
        "No family of scenarios or logs is in two splits.",
        f"Shares are exact in every block of {dataset.report.num_samples} samples; "
        f"one holds {different} different ones. This run read {dataset.num_samples}.",
    ]
    notes += [f"{name} export: {path}" for name, path in dataset.exports.items()]
    return MixtureSummary(tuple(rows), tuple(notes))


def _failure_files(outcome: Outcome) -> Mapping[str, str]:
    """Each failed episode as a scenario file that replays it, below `failures/`."""
    evaluation = outcome.evaluation
    if evaluation is None:
        return {}
    scenarios = {scenario.digest(): scenario for scenario in evaluation.suite.scenarios}
    files: dict[str, str] = {}
    failed: list[EpisodeResult] = [*evaluation.candidate.failed(), *evaluation.baseline.failed()]
    for episode in failed:
        name = f"{episode.policy}_{episode.scenario_name}_{episode.index}_{episode.key[:8]}.json"
        path = Path(outcome.config.output) / "failures" / name
        write_json(path, scenarios[episode.scenario_digest])
        files[episode.key] = str(path)
    return files


def _notes(outcome: Outcome) -> Iterator[str]:
    if not outcome.segment_ids.get("real"):
        yield "No real log was read: this dataset is synthetic only."
    for failure in outcome.failures:
        yield f"A task gave nothing after {failure.tries} tries: {failure.reason}"
    yield "Gate decisions on so few episodes have wide intervals; suite=full has twenty draws of each scenario."
