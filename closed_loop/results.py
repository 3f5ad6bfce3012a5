"""What came of it: the result of an episode and of a suite, as plain data that is written and read back.

A report is one JSON document with one episode to a line, so that a report of many thousand episodes is written and
read without holding them: `read_report` then leaves them in the file (`StoredEpisodes`).
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, overload

from closed_loop.metrics.definition import MetricInfo, MetricValue
from driving_data.errors import Fault, InputError
from driving_data.plain import from_plain, to_plain

REPORT_VERSION = "1.1.0"
HELD_BYTES = 16_000_000
"""Larger reports leave their episodes in the file."""
_EPISODES = ' "episodes": ['


@dataclass(frozen=True, slots=True)
class Failure:
    """Something in an episode that must not happen.

    Attributes:
        kind: 'collision', 'off_road', 'signal_violation', 'no_progress' or 'error'.
        reason: one sentence.
        at_s: when; None where it has no moment.
        at_fault: whether the ego is to blame (an error blames nobody).
        actor: id of the other one; empty without one.
        actor_kind: its class, as 'pedestrian'.
        geometry: how they met, as 'active_front'; empty where nobody was met.
        evidence: further plain data: speeds, tries.
    """

    kind: str
    reason: str
    at_s: float | None = None
    at_fault: bool = True
    actor: str = ""
    actor_kind: str = ""
    geometry: str = ""
    evidence: Mapping[str, Any] = field(default_factory=lambda: {})


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
        draws: the numbers that the scenario was drawn with, by path.
        evidence: what the policy measured of itself in the batch of this episode, as the latency of its calls; the
            only part of a result that may differ between two equal runs.
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
    draws: Mapping[str, Any] = field(default_factory=lambda: {})
    evidence: Mapping[str, Any] = field(default_factory=lambda: {})

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

    def tag(self, key: str) -> str:
        """The value of the first tag with that key; empty without one."""
        return next((tag.partition(":")[2] for tag in self.tags if tag.startswith(f"{key}:")), "")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the JSON text of an episode lies: bytes `start` to `end` of a file."""

    path: str
    start: int
    end: int


class StoredEpisodes(Sequence[EpisodeResult]):
    """Episodes that stay in their files and are read one at a time; those without a place are held."""

    __slots__ = ("_places",)

    def __init__(self, places: Sequence[Place | EpisodeResult]) -> None:
        self._places = tuple(places)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> EpisodeResult: ...
    @overload
    def __getitem__(self, index: slice) -> "StoredEpisodes": ...
    def __getitem__(self, index: int | slice) -> "EpisodeResult | StoredEpisodes":
        if isinstance(index, slice):
            return StoredEpisodes(self._places[index])
        place = self._places[index]
        return place if isinstance(place, EpisodeResult) else read_episode(place)

    def __iter__(self) -> Iterator[EpisodeResult]:
        for index in range(len(self)):
            yield self[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(other) != len(self):
            return False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(self._places)


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
        selection: what of the suite was run, as plain data: filters, shard, repeats.
        plan_digest: of the gate plan that was fixed before the run; empty without one.
    """

    policy: str
    policy_parameters: Mapping[str, Any]
    suite: str
    suite_digest: str
    simulator: str
    versions: Mapping[str, str]
    metrics: Mapping[str, MetricInfo]
    episodes: Sequence[EpisodeResult]
    report_version: str = field(default=REPORT_VERSION)
    selection: Mapping[str, Any] = field(default_factory=lambda: {})
    plan_digest: str = ""

    def values(self, metric: str) -> list[float]:
        """Every value of a metric that applies."""
        return [value for episode in self.episodes if (value := episode.value(metric)) is not None]

    def failed(self) -> tuple[EpisodeResult, ...]:
        """The episodes that failed."""
        return tuple(episode for episode in self.episodes if episode.failed)

    def missing(self) -> tuple[EpisodeResult, ...]:
        """The episodes that could not be run: worker lost every time, out of time, refused by the simulator."""
        return tuple(episode for episode in self.episodes if episode.error is not None)

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


def episode_line(episode: EpisodeResult) -> str:
    """An episode as one line of JSON, without the end of the line."""
    return json.dumps(to_plain(episode), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def read_episode(place: Place) -> EpisodeResult:
    """The episode at a place.

    Raises:
        InputError: there is none (any more).
    """
    try:
        with Path(place.path).open("rb") as file:
            file.seek(place.start)
            return from_plain(EpisodeResult, json.loads(file.read(place.end - place.start)))
    except (OSError, ValueError) as error:
        expected = f"the result of an episode at byte {place.start}: {error}"
        raise InputError([Fault(place.path, 0, 0, "episodes", "not-an-episode", "", expected)]) from error


def write_json(path: Path, value: Any) -> Path:
    """Writes plain data under a temporary name and renames it, so that a file is whole or absent."""
    return write_whole(path, (json.dumps(to_plain(value), indent=1, ensure_ascii=False, allow_nan=False), "\n"))


def write_whole(path: Path, texts: Iterator[str] | Sequence[str]) -> Path:
    """Writes texts one after the other under a temporary name and renames it; what fails leaves nothing behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.writelines(texts)
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.filename is None:
            # A write that finds no room says not where.
            error.filename = str(path)
        raise
    return path


def write_report(report: EvalReport, path: Path) -> Path:
    """Writes a report as one JSON document, one episode to a line; episodes are read and written one at a time."""
    return write_whole(path, report_texts(report))


def report_texts(report: EvalReport) -> Iterator[str]:
    """The JSON document of a report in pieces, one episode to a piece and to a line."""
    plain = to_plain(replace(report, episodes=()))
    del plain["episodes"]
    yield json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False).removesuffix("\n}")
    yield f",\n{_EPISODES}"
    for k, episode in enumerate(report.episodes):
        yield ("," if k else "") + "\n" + episode_line(episode)
    yield "\n ]\n}\n"


def read_report(path: Path) -> EvalReport:
    """Reads a report; the episodes of a large one stay in the file.

    Raises:
        InputError: the file is no report; the fault names place and path.
    """
    try:
        stored = _read_stored(path) if path.stat().st_size > HELD_BYTES else None
        return stored or EvalReport.from_plain(json.loads(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise InputError(
            [Fault(str(path), 0, 0, "", "missing-file", "there is no such file", "an evaluation report")]
        ) from error
    except json.JSONDecodeError as error:
        raise InputError(
            [Fault(str(path), error.lineno, error.colno, "", "not-json", "", f"JSON: {error.msg}")]
        ) from error
    except (ValueError, OSError) as error:
        raise InputError([Fault(str(path), 0, 0, "", "not-a-report", "", f"an evaluation report: {error}")]) from error


def _read_stored(path: Path) -> EvalReport | None:
    """A report whose episodes stay in their lines; None where the file is laid out otherwise."""
    head: list[str] = []
    places: list[Place] = []
    with path.open("rb") as file:
        for line in file:
            head.append(line.decode("utf-8"))
            if head[-1].rstrip("\n") == _EPISODES:
                break
        else:
            return None
        start = file.tell()
        for line in file:
            text = line.strip().removesuffix(b",")
            if text == b"]":
                break
            if not text.endswith(b"}") or text == b"{}":
                return None
            from_plain(EpisodeResult, json.loads(text), f"episodes[{len(places)}]")
            places.append(Place(str(path), start, start + len(text)))
            start += len(line)
    plain = json.loads("".join(head).rstrip().removesuffix(_EPISODES.strip()).rstrip().removesuffix(",") + "}")
    return replace(EvalReport.from_plain({**plain, "episodes": []}), episodes=StoredEpisodes(places))
