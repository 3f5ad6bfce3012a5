"""The main job: every stage in order, each shown, each resumable."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from driving_data.errors import RoadloomError, StoreError, TaskError
from driving_data.ports import Executor, TaskFailure
from driving_data.segment import Source
from driving_data.store import Query, SegmentStore
from roadloom.console import Stages, say
from roadloom.executors import make_executor
from roadloom.pipeline.dataset import Dataset, build_dataset
from roadloom.pipeline.evaluation import Evaluation, evaluate
from roadloom.pipeline.kernels import FAMILIES, warm_kernels
from roadloom.pipeline.names import refuse_unknown_names
from roadloom.pipeline.recipes import AugmentRecipe, Recipe
from roadloom.pipeline.sources import concrete_scenarios, real_sources
from roadloom.pipeline.tasks import AugmentTask, MakeTask, NotStored, ReadTask, fingerprint, run_task
from roadloom.settings import PipelineConfig
from scenarios.types.sensors import rig as rig_named

Task = MakeTask | ReadTask | AugmentTask
AnyTask = TypeVar("AnyTask", MakeTask, ReadTask, AugmentTask)
EFFECTS = ("fog", "rain", "night", "camera")


@dataclass(slots=True)
class Outcome:
    """What a run did so far.

    Attributes:
        config: what was asked for.
        store: where the segments are.
        stages: how long each stage took.
        segment_ids: what belongs to this run, by kind: 'synthetic', 'real', 'augmented'.
        failures: tasks that gave nothing, with the reason.
        dataset: the dataset version, the mixture, the exports.
        evaluation: the two policies on the suite, and the decision.
    """

    config: PipelineConfig
    store: SegmentStore
    stages: Stages = field(default_factory=Stages)
    segment_ids: dict[str, tuple[str, ...]] = field(default_factory=lambda: {})
    failures: list[TaskFailure] = field(default_factory=lambda: [])
    dataset: Dataset | None = None
    evaluation: Evaluation | None = None


def run_pipeline(config: PipelineConfig) -> Outcome:
    """Scenarios to report.

    Raises:
        InputError: a scenario, log, policy or name in the configuration is wrong.
        StoreError: the store cannot be written.
        TaskError: every task that makes segments failed; what cannot be read or augmented is only reported.
    """
    refuse_unknown_names(config)
    output = Path(config.output)
    outcome = Outcome(config, SegmentStore(Path(config.store) if config.store else output / "store"))
    executor = make_executor(config.executor)
    with outcome.stages.stage("draw scenarios", 1, "step") as count:
        scenarios = concrete_scenarios(config.scenario, config.count, config.seed)
        logs = real_sources(config.real)
        count()
    _compile(outcome, executor)
    rig = rig_named(config.rig) if config.rig else None
    recipes = [
        Recipe(
            s,
            config.policy,
            config.simulator,
            config.generator,
            config.randomization,
            config.max_frames,
            rig,
            config.labels,
        )
        for s in scenarios
    ]
    root = str(outcome.store.root)
    _work(outcome, executor, "make segments", "synthetic", [MakeTask(root, r, config.validation) for r in recipes])
    _work(
        outcome, executor, "read real logs", "real",
        [ReadTask(root, str(p), fingerprint(p), config.real.max_segments, config.validation) for p in logs],
    )  # fmt: skip
    _work(outcome, executor, "augment", "augmented", _augmentations(outcome))
    outcome.dataset = build_dataset(outcome.store, outcome.segment_ids, config, output, outcome.stages)
    outcome.evaluation = evaluate(config, executor, output, outcome.stages)
    return outcome


def _compile(outcome: Outcome, executor: Executor) -> None:
    with outcome.stages.stage("compile kernels", len(FAMILIES), "families") as count:
        done = executor.map(warm_kernels, {family: family for family in FAMILIES}, done=count)
    failed = [item for item in done.values() if isinstance(item, TaskFailure)]
    if failed:
        raise TaskError(failed[0].key, failed[0].reason)


def _work(outcome: Outcome, executor: Executor, stage: str, kind: str, tasks: Sequence[AnyTask]) -> None:
    """Does what is not done yet, and remembers what belongs to this run, old and new."""
    keyed: Mapping[str, AnyTask] = {task.key(): task for task in tasks}
    ids: dict[str, tuple[str, ...]] = {
        key: outcome.store.task_result(key) for key in keyed if outcome.store.is_done(key)
    }
    left = {key: task for key, task in keyed.items() if key not in ids}
    if ids:
        say(f"{stage}: {len(ids)} of {len(keyed)} are in the store already")
    if left:
        with outcome.stages.stage(stage, len(left), "tasks") as count:
            function: Callable[[AnyTask], tuple[str, ...] | NotStored] = run_task
            for key, result in executor.map(function, left, done=count).items():
                if isinstance(result, TaskFailure):
                    outcome.failures.append(result)
                elif isinstance(result, NotStored):
                    raise StoreError(result.reason)
                else:
                    ids[key] = result
    failed = [item for item in outcome.failures if item.key in left]
    for failure in failed:
        say(f"{stage}: {_title(left[failure.key])}: {failure.reason}")
    if left and len(failed) == len(keyed) and kind == "synthetic":
        raise TaskError(failed[0].key, f"every task of '{stage}' failed; the first: {failed[0].reason}")
    outcome.segment_ids[kind] = tuple(segment for key in keyed for segment in ids.get(key, ()))


def _title(task: Task) -> str:
    if isinstance(task, MakeTask):
        return f"{task.recipe.scenario.name} {task.recipe.scenario.index}"
    return task.path if isinstance(task, ReadTask) else f"{task.recipe.effect} of {task.recipe.parent}"


def _augmentations(outcome: Outcome) -> list[AugmentTask]:
    """Effects in turn on admitted segments with camera frames, real ones first."""
    config = outcome.config
    wanted = {*outcome.segment_ids.get("real", ()), *outcome.segment_ids.get("synthetic", ())}
    infos = [info for info in outcome.store.query(Query(admitted=True, min_frames=1)) if info.segment_id in wanted]
    infos.sort(key=lambda info: (info.source is not Source.REAL, info.segment_id))
    picked = [info for info in infos if info.source is not Source.AUGMENTED][: config.augment]
    return [
        AugmentTask(
            str(outcome.store.root),
            AugmentRecipe(info.segment_id, EFFECTS[number % len(EFFECTS)], config.seed + number),
            config.validation,
        )
        for number, info in enumerate(picked)
    ]


def plain_summary(outcome: Outcome, report: Path) -> dict[str, Any]:
    """What a run did, as plain data for `--json`."""
    if outcome.dataset is None or outcome.evaluation is None:
        raise RoadloomError("the run has not ended")
    infos = {info.segment_id: info for info in outcome.store.query()}
    mine = [infos[segment] for ids in outcome.segment_ids.values() for segment in ids if segment in infos]
    return {
        "report": str(report),
        "store": str(outcome.store.root),
        "segments": {kind: len(ids) for kind, ids in outcome.segment_ids.items()},
        "admitted": sum(info.status == "admitted" for info in mine),
        "rejected": {info.segment_id: list(info.reasons) for info in mine if info.status == "rejected"},
        "failures": {failure.key: failure.reason for failure in outcome.failures},
        "version": outcome.dataset.version_id,
        "exports": {name: str(path) for name, path in outcome.dataset.exports.items()},
        "decision": outcome.evaluation.decision_text,
        "seconds": {name: round(seconds, 2) for name, seconds in outcome.stages.seconds.items()},
    }
