"""What a run can be told: one frozen dataclass per group of `conf/`, built once at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from closed_loop.suites.parts import LogPart, SuitePart

STRICT: Mapping[str, str] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A registered implementation and its parameters."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    name: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class RealConfig:
    """Which real logs are read.

    Attributes:
        sources: files or folders; a relative path is looked up below the current folder, then below the shared data.
        max_segments: at most so many segments of each source.
        required: whether a source that is missing ends the run (else it is said and passed over).
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    sources: tuple[str, ...] = ()
    max_segments: int = 2
    required: bool = True


@dataclass(frozen=True, slots=True)
class ValidationConfig:
    """Which checks judge a segment.

    Attributes:
        checks: names; empty means every registered one.
        without: names that are left out.
        parameters: thresholds that differ from the defaults, by name of the check.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    checks: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class MixtureConfig:
    """The dataset: parts, splits and what is read from it.

    Attributes:
        ratio: share of samples by source ('real', 'synthetic', 'augmented'); shares add up to 1.
        splits: share of families by split; shares add up to 1.
        batch_size: samples in a batch.
        num_batches: batches that the run reads, to show that it can.
        exports: formats that are written.
        require: stage that segments must have reached; anything below 'validated' is refused.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    ratio: Mapping[str, float] = field(default_factory=lambda: {"real": 0.6, "synthetic": 0.3, "augmented": 0.1})
    splits: Mapping[str, float] = field(default_factory=lambda: {"train": 0.7, "val": 0.15, "test": 0.15})
    batch_size: int = 4
    num_batches: int = 8
    exports: tuple[str, ...] = ("nuscenes",)
    require: str = "validated"


@dataclass(frozen=True, slots=True)
class SuiteConfig:
    """The closed-loop evaluation.

    Attributes:
        name: name in reports.
        scenarios: names of library scenarios or paths; empty means the small set of the library, where there are
            neither parts nor logs.
        count: concrete scenarios of each of these.
        parts: further scenarios: draws and grids.
        logs: real logs that are played again.
        not_playable: what the suite is after but cannot play, with the reason, by name.
        candidate: policy that wants to be released.
        baseline: policy that it is compared with.
        rules: values of the gate plan that differ from the defaults.
        thresholds: numbers that metrics judge by and that differ from the published ones, as
            `closed_loop.metrics.thresholds` names them.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    name: str = "smoke"
    scenarios: tuple[str, ...] = ()
    count: int = 2
    parts: tuple[SuitePart, ...] = ()
    logs: tuple[LogPart, ...] = ()
    not_playable: Mapping[str, str] = field(default_factory=lambda: {})
    candidate: str = "cautious"
    baseline: str = "idm"
    rules: Mapping[str, Any] = field(default_factory=lambda: {})
    thresholds: Mapping[str, Any] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class ExecutorConfig:
    """The engine for independent tasks; `workers` 0 means one per core."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    name: str = "loky"
    workers: int = 0
    timeout_s: float = 600.0
    retries: int = 1


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """The whole main job.

    Attributes:
        output: folder of the run: its store, exports and report.
        store: store to write to; empty means `<output>/store`.
        seed: the seed of everything.
        scenario: library names or paths of YAML files; 'all' is the whole library.
        count: concrete scenarios drawn from each.
        policy: who drives the ego while data are generated.
        rig: name of a sensor rig that replaces the scenario's own; empty keeps it.
        max_frames: at most so many frames per segment.
        labels: labels of made segments beside the boxes: names as `docs/labels.md` lists them, 'words' (relations,
            captions, causes, reasoning), or 'all'.
        augment: at most so many augmented segments are made from those with camera frames.
        simulator: which simulator.
        generator: which generator.
        randomization: the parameter space that is drawn from.
        real: real logs.
        validation: checks.
        mixture: the dataset.
        suite: the evaluation.
        executor: the engine.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    output: str = "out/run"
    store: str = ""
    seed: int = 1
    scenario: tuple[str, ...] = ("all",)
    count: int = 1
    policy: str = "idm"
    rig: str = ""
    max_frames: int = 12
    labels: tuple[str, ...] = ()
    augment: int = 4
    simulator: Choice = Choice("embedded")
    generator: Choice = Choice("raytrace")
    randomization: Choice = Choice("standard")
    real: RealConfig = RealConfig()
    validation: ValidationConfig = ValidationConfig()
    mixture: MixtureConfig = MixtureConfig()
    suite: SuiteConfig = SuiteConfig()
    executor: ExecutorConfig = ExecutorConfig()
