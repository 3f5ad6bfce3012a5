"""What came of it: the result of an episode and of a suite, as plain data that is written and read back."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from closed_loop.metrics.definition import MetricInfo, MetricValue
from driving_data.errors import Fault, InputError
from driving_data.plain import from_plain, to_plain

REPORT_VERSION = "1.0.0"


@dataclass(frozen=True, slots=True)
class Failure:
    """Something in an episode that must not happen.

    Attributes:
        kind: 'collision', 'off_road', 'signal_violation', 'no_progress' or 'error'.
        reason: one sentence.
        at_s: when; None where it has no moment.
        at_fault: whether the ego is to blame (an error blames nobody).
    """

    kind: str
    reason: str
    at_s: float | None = None
    at_fault: bool = True


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """One closed-loop run of a policy in a concrete scenario.

    Attributes:
        key: content hash of everything that the result depends on; equal keys mean the same episode.
        scenario_name: name of the logical scenario.
        scenario_digest: identity of the concrete scenario.
        seed: the seed of the scenario.
        index: which draw of that seed.
        tags: tags of the scenario; `key:value` tags are the slices.
        policy: name of the policy.
        metrics: values by metric id; empty where the episode could not be run.
        failures: what must not have happened, in time order.
        duration_s: simulated time.
        trajectory_sha256: of every actor's pose at every moment: equal where the same thing happened.
    """

    key: str
    scenario_name: str
    scenario_digest: str
    seed: int
    index: int
    tags: tuple[str, ...]
    policy: str
    metrics: Mapping[str, MetricValue]
    failures: tuple[Failure, ...] = ()
    duration_s: float = 0.0
    trajectory_sha256: str = ""

    @property
    def failed(self) -> bool:
        """Whether anything happened that must not, by the ego's fault or by an error."""
        return any(failure.at_fault for failure in self.failures)

    @property
    def error(self) -> str | None:
        """Why the episode could not be run, or None."""
        return next((failure.reason for failure in self.failures if failure.kind == "error"), None)

    def value(self, metric: str) -> float | None:
        """The value of a metric; None where it does not apply or was not measured."""
        found = self.metrics.get(metric)
        return None if found is None else found.value

    def slices(self) -> tuple[str, ...]:
        """The `key:value` tags."""
        return tuple(tag for tag in self.tags if ":" in tag)


@dataclass(frozen=True, slots=True)
class EvalReport:
    """What came of a policy on a suite.

    Attributes:
        policy: name of the policy.
        policy_parameters: its parameters as plain data.
        suite: name of the suite.
        suite_digest: sha256 over the scenarios of the suite.
        simulator: name of the simulator.
        versions: versions of the packages that the result depends on.
        metrics: definitions of the metrics, by id.
        episodes: one result per scenario, in the order of the suite.
        report_version: of this format.
    """

    policy: str
    policy_parameters: Mapping[str, Any]
    suite: str
    suite_digest: str
    simulator: str
    versions: Mapping[str, str]
    metrics: Mapping[str, MetricInfo]
    episodes: tuple[EpisodeResult, ...]
    report_version: str = field(default=REPORT_VERSION)

    def values(self, metric: str) -> list[float]:
        """Every value of a metric that applies."""
        return [value for episode in self.episodes if (value := episode.value(metric)) is not None]

    def failed(self) -> tuple[EpisodeResult, ...]:
        """The episodes that failed."""
        return tuple(episode for episode in self.episodes if episode.failed)

    def to_plain(self) -> dict[str, Any]:
        """As plain data."""
        return to_plain(self)

    @staticmethod
    def from_plain(data: Mapping[str, Any]) -> "EvalReport":
        """Reads back what `to_plain` wrote.

        Raises:
            ValueError: the data do not fit; the message names the path.
        """
        return from_plain(EvalReport, data)


def write_json(path: Path, value: Any) -> Path:
    """Writes plain data under a temporary name and renames it, so that a file is whole or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(to_plain(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    temporary.replace(path)
    return path


def write_report(report: EvalReport, path: Path) -> Path:
    """Writes a report as JSON."""
    return write_json(path, report)


def read_report(path: Path) -> EvalReport:
    """Reads a report.

    Raises:
        InputError: the file is no report; the fault names place and path.
    """
    try:
        return EvalReport.from_plain(json.loads(path.read_text("utf-8")))
    except json.JSONDecodeError as error:
        raise InputError(
            [Fault(str(path), error.lineno, error.colno, "", "not-json", "", f"JSON: {error.msg}")]
        ) from error
    except (ValueError, OSError) as error:
        raise InputError([Fault(str(path), 0, 0, "", "not-a-report", "", f"an evaluation report: {error}")]) from error
