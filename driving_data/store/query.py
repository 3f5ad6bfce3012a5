"""Questions to the catalogue, typed."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from driving_data.segment import Source


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """What the catalogue says of one segment.

    Attributes:
        segment_id: the segment.
        content_hash: sha256 of its manifest.
        source: real, synthetic or augmented.
        status: 'raw' (not judged), 'admitted' or 'rejected'.
        reasons: why it was rejected, one line per failed hard check.
        family: scenario template or source log.
        scenario_digest: identity of its concrete scenario.
        seed: seed of that scenario.
        tags: OpenLABEL names and `key:value` slices.
        parents: segments that it was made from.
        description: one sentence.
        weather: slice name of the weather.
        light: slice name of the light.
        num_frames: camera frames.
        num_sweeps: lidar sweeps.
        num_labelled: moments with 3D boxes.
        num_actors: actors.
        duration_s: from the first to the last moment.
        num_bytes: size on disk.
        generation_depth: learned models between sensors and these data.
    """

    segment_id: str
    content_hash: str
    source: Source
    status: str
    reasons: tuple[str, ...]
    family: str
    scenario_digest: str | None
    seed: int | None
    tags: tuple[str, ...]
    parents: tuple[str, ...]
    description: str
    weather: str
    light: str
    num_frames: int
    num_sweeps: int
    num_labelled: int
    num_actors: int
    duration_s: float
    num_bytes: int
    generation_depth: int


@dataclass(frozen=True, slots=True)
class Query:
    """Which segments: every stated condition must hold; what is None or empty does not restrict.

    Attributes:
        source: real, synthetic or augmented.
        tags: tags that it must have, all of them.
        without_tags: tags that it must not have.
        admitted: True only admitted ones, False only those that are not.
        status: 'raw', 'admitted' or 'rejected'.
        family: its family.
        classes: classes (as 'pedestrian') of which it must have boxes, all of them.
        weather: slice name of the weather.
        light: slice name of the light.
        failed_check: a check that it did not pass.
        parent: a segment that it was made from.
        scenario_digest: identity of its concrete scenario.
        min_frames: at least so many camera frames.
        ids: only these segments.
    """

    source: Source | None = None
    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    admitted: bool | None = None
    status: str | None = None
    family: str | None = None
    classes: tuple[str, ...] = ()
    weather: str | None = None
    light: str | None = None
    failed_check: str | None = None
    parent: str | None = None
    scenario_digest: str | None = None
    min_frames: int = 0
    ids: Collection[str] | None = None

    def sql(self) -> tuple[str, list[Any]]:
        """The condition and its parameters."""
        terms: list[str] = ["num_frames >= ?"]
        values: list[Any] = [self.min_frames]
        source = None if self.source is None else self.source.value
        equal = {"source": source, "status": self.status, "family": self.family, "weather": self.weather,
                 "light": self.light, "scenario_digest": self.scenario_digest}  # fmt: skip
        for column, value in equal.items():
            if value is not None:
                terms.append(f"{column} = ?")
                values.append(value)
        if self.admitted is not None:
            terms.append("status = 'admitted'" if self.admitted else "status != 'admitted'")
        inside = "segment_id IN (SELECT segment_id FROM"
        conditions = [(f"{inside} tags WHERE tag = ?)", tag) for tag in self.tags]
        conditions += [(f"NOT {inside} tags WHERE tag = ?)", tag) for tag in self.without_tags]
        conditions += [(f"{inside} labels WHERE class = ?)", name) for name in self.classes]
        if self.failed_check is not None:
            conditions.append((f"{inside} verdicts WHERE check_name = ? AND passed = 0)", self.failed_check))
        if self.parent is not None:
            conditions.append((f"{inside} parents WHERE parent = ?)", self.parent))
        terms += [term for term, _ in conditions]
        values += [value for _, value in conditions]
        return " AND ".join(terms), values


def info_of(row: Any, tags: tuple[str, ...], parents: tuple[str, ...]) -> SegmentInfo:
    """One row of the catalogue as a value."""
    same = ("segment_id", "content_hash", "status", "family", "scenario_digest", "description", "weather", "light",
            "num_frames", "num_sweeps", "num_labelled", "num_actors", "num_bytes", "generation_depth")  # fmt: skip
    return SegmentInfo(
        **{name: row[name] for name in same},
        source=Source(row["source"]),
        reasons=tuple(row["reasons"].splitlines()),
        seed=None if row["seed"] is None else int(row["seed"]),
        duration_s=(row["end_ns"] - row["start_ns"]) * 1e-9,
        tags=tags,
        parents=parents,
    )
