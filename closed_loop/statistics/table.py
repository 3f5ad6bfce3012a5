"""The episodes of a report as columns: small enough for many thousand, quick to cut into slices and to pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from closed_loop.metrics.definition import MetricInfo
from closed_loop.results import EpisodeResult, EvalReport

ALL = "all"
SLICE_KEYS = (
    "road", "weather", "light", "actor", "manoeuvre", "scenario", "protocol", "precrash", "variant", "log"
)  # fmt: skip
MIN_CLUSTERS = 5


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeTable:
    """One row for each episode, in the order of the report.

    Attributes:
        metrics: definitions of the metrics, by id.
        values: value of each metric, NaN where it does not apply or the episode is missing; shape (N,).
        digests: identity of each episode's scenario.
        names: name of each episode's logical scenario.
        origins: number of the concrete scenario that an episode runs or repeats, shape (N,).
        families: number of its logical scenario, shape (N,).
        missing: the episode could not be run, shape (N,).
        failed: something happened that must not, errors included, shape (N,).
        members: rows of each slice, 'all' first, then by key and value.
    """

    metrics: Mapping[str, MetricInfo]
    values: Mapping[str, Float[np.ndarray, "N"]]
    digests: tuple[str, ...]
    names: tuple[str, ...]
    origins: Int[np.ndarray, "N"]
    families: Int[np.ndarray, "N"]
    missing: Bool[np.ndarray, "N"]
    failed: Bool[np.ndarray, "N"]
    members: Mapping[str, Int[np.ndarray, "k"]]

    def slices(self, keys: Sequence[str] = SLICE_KEYS) -> tuple[str, ...]:
        """'all', then the slices of some keys, by key in the given order, then by value."""
        found = [name for name in self.members if name.partition(":")[0] in keys]
        return (ALL, *sorted(found, key=lambda name: (keys.index(name.partition(":")[0]), name)))

    def rows(self, slice_name: str) -> Int[np.ndarray, "k"]:
        """Rows of a slice; none where there is no such slice."""
        return self.members.get(slice_name, np.zeros(0, dtype=np.int64))

    def clusters(self, rows: Int[np.ndarray, "k"]) -> Int[np.ndarray, "k"]:
        """The cluster of each row: its logical scenario, or, where there are fewer than 5 of these, the concrete one.

        Draws of one logical scenario are alike, so that they are resampled together; from one or two scenarios alone
        nothing could be resampled, and the interval then speaks of these scenarios only.
        """
        families = self.families[rows]
        return families if len(np.unique(families)) >= MIN_CLUSTERS else self.origins[rows]


def table_of(report: "EvalReport | EpisodeTable") -> EpisodeTable:
    """The columns of a report, read one episode at a time."""
    if isinstance(report, EpisodeTable):
        return report
    ids = tuple(report.metrics)
    num = len(report.episodes)
    values = np.full((len(ids), num), np.nan)
    missing, failed = np.zeros(num, dtype=bool), np.zeros(num, dtype=bool)
    digests: list[str] = []
    names: list[str] = []
    origin_names: list[str] = []
    members: dict[str, list[int]] = {}
    for row, episode in enumerate(report.episodes):
        for k, name in enumerate(ids):
            value = episode.value(name)
            values[k, row] = np.nan if value is None else value
        missing[row], failed[row] = episode.error is not None, episode.failed
        digests.append(episode.scenario_digest)
        names.append(episode.scenario_name)
        origin_names.append(origin_of(episode))
        for tag in dict.fromkeys(episode.slices()):
            if not tag.startswith(("origin:", "repeat:")):
                members.setdefault(tag, []).append(row)
    return EpisodeTable(
        metrics=dict(report.metrics),
        values=dict(zip(ids, values, strict=True)),
        digests=tuple(digests),
        names=tuple(names),
        origins=np.unique(origin_names, return_inverse=True)[1].astype(np.int64),
        families=np.unique(names, return_inverse=True)[1].astype(np.int64),
        missing=missing,
        failed=failed,
        members={ALL: np.arange(num), **{tag: np.array(rows) for tag, rows in sorted(members.items())}},
    )


def origin_of(episode: EpisodeResult) -> str:
    """The digest of the scenario that an episode runs, or of the one that it repeats."""
    return episode.tag("origin") or episode.scenario_digest
