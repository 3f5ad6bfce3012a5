"""The catalogue: one SQLite file in WAL mode that answers queries without opening segments.

It holds nothing that the segment directories do not: `SegmentStore.rebuild` makes it again. Every operation opens
its own connection, so that threads, forked workers and other processes may use one store at the same time.
"""

import sqlite3
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driving_data.errors import StoreError
from driving_data.provenance import Provenance
from driving_data.segment import Raw, Segment
from driving_data.taxonomy import ActorClass

CATALOG_VERSION = 1
BUSY_TIMEOUT_S = 60.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS segments (
    segment_id TEXT PRIMARY KEY, directory TEXT NOT NULL, content_hash TEXT NOT NULL, num_bytes INTEGER NOT NULL,
    source TEXT NOT NULL, status TEXT NOT NULL, reasons TEXT NOT NULL,
    family TEXT NOT NULL, producer TEXT NOT NULL, scenario_digest TEXT, seed TEXT, origin TEXT, licence TEXT,
    generation_depth INTEGER NOT NULL, vehicle_id TEXT NOT NULL, description TEXT NOT NULL,
    weather TEXT NOT NULL, light TEXT NOT NULL, ontology_version TEXT,
    start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, num_steps INTEGER NOT NULL, num_actors INTEGER NOT NULL,
    num_frames INTEGER NOT NULL, num_sweeps INTEGER NOT NULL, num_labelled INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS segments_by_family ON segments (family);
CREATE TABLE IF NOT EXISTS tags (segment_id TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (segment_id, tag)) STRICT;
CREATE INDEX IF NOT EXISTS tags_by_tag ON tags (tag);
CREATE TABLE IF NOT EXISTS parents (
    segment_id TEXT NOT NULL, parent TEXT NOT NULL, PRIMARY KEY (segment_id, parent)
) STRICT;
CREATE TABLE IF NOT EXISTS labels (
    segment_id TEXT NOT NULL, class TEXT NOT NULL, tracks INTEGER NOT NULL, boxes_3d INTEGER NOT NULL,
    boxes_2d INTEGER NOT NULL, PRIMARY KEY (segment_id, class)
) STRICT;
CREATE TABLE IF NOT EXISTS verdicts (
    segment_id TEXT NOT NULL, check_name TEXT NOT NULL, version TEXT NOT NULL, passed INTEGER NOT NULL,
    score REAL, threshold REAL, unit TEXT NOT NULL, applicable INTEGER NOT NULL, hard INTEGER NOT NULL,
    reason TEXT NOT NULL, PRIMARY KEY (segment_id, check_name)
) STRICT;
CREATE TABLE IF NOT EXISTS tasks (task_key TEXT PRIMARY KEY, segment_ids TEXT NOT NULL) STRICT;
"""
_TABLES = ("segments", "tags", "parents", "labels", "verdicts")


@dataclass(frozen=True, slots=True)
class Catalog:
    """The SQLite file of a store."""

    path: Path

    @contextmanager
    def connection(self) -> Generator[sqlite3.Connection, None, None]:
        """A connection that commits at the end of the block, or rolls back when it raises.

        Raises:
            StoreError: the file is damaged, of a foreign version, or there is no room for it.
        """
        try:
            connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error
        try:
            connection.row_factory = sqlite3.Row
            # In WAL mode this cannot damage the file; a row lost with the power is found again in the directories.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error
        finally:
            if connection.in_transaction:
                connection.rollback()
            connection.close()

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[sqlite3.Row]:
        """The result of a query; readers never wait for writers.

        Raises:
            StoreError: the file is damaged.
        """
        try:
            connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            try:
                connection.row_factory = sqlite3.Row
                return connection.execute(sql, tuple(parameters)).fetchall()
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error

    def create(self) -> None:
        """Makes the tables where they are missing.

        Raises:
            StoreError: the catalogue is another version's.
        """
        try:
            connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            try:
                found = connection.execute("PRAGMA user_version").fetchone()[0]
                if found not in (0, CATALOG_VERSION):
                    raise StoreError(f"{self.path}: catalogue version {found}; this version reads {CATALOG_VERSION}")
                if found == 0:
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA};PRAGMA user_version={CATALOG_VERSION};COMMIT")
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error

    def insert(self, entry: "CatalogEntry") -> None:
        """Adds a segment, or replaces what the catalogue says of it."""
        with self.connection() as connection:
            insert(connection, entry)

    def remove(self, segment_id: str) -> None:
        """Takes a segment out."""
        with self.connection() as connection:
            _delete(connection, segment_id)


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """Everything that the catalogue says of one segment."""

    segment: Mapping[str, Any]
    tags: tuple[str, ...]
    parents: tuple[str, ...]
    labels: tuple[tuple[str, int, int, int], ...]
    verdicts: tuple[tuple[Any, ...], ...]


def insert(connection: sqlite3.Connection, entry: CatalogEntry) -> None:
    """Adds a segment inside a transaction that is already open."""
    segment_id = entry.segment["segment_id"]
    _delete(connection, segment_id)
    names = ", ".join(entry.segment)
    marks = ", ".join("?" * len(entry.segment))
    connection.execute(f"INSERT INTO segments ({names}) VALUES ({marks})", tuple(entry.segment.values()))
    connection.executemany("INSERT INTO tags VALUES (?, ?)", [(segment_id, tag) for tag in sorted(set(entry.tags))])
    parents = [(segment_id, parent) for parent in sorted(set(entry.parents))]
    connection.executemany("INSERT INTO parents VALUES (?, ?)", parents)
    connection.executemany("INSERT INTO labels VALUES (?, ?, ?, ?, ?)", [(segment_id, *row) for row in entry.labels])
    marks = ", ".join("?" * 10)
    rows = [(segment_id, *row) for row in entry.verdicts]
    connection.executemany(f"INSERT OR REPLACE INTO verdicts VALUES ({marks})", rows)


def _delete(connection: sqlite3.Connection, segment_id: str) -> None:
    for table in _TABLES:
        connection.execute(f"DELETE FROM {table} WHERE segment_id = ?", (segment_id,))


@dataclass(frozen=True, slots=True)
class Stored:
    """How a segment lies on disk: directory name, content hash, size, and how many frames and sweeps there are."""

    directory: str
    content_hash: str
    num_bytes: int
    num_frames: int
    num_sweeps: int


def entry_of(segment: Segment[Raw], stored: Stored) -> CatalogEntry:
    """What the catalogue says of a segment; its frames and sweeps need not be loaded."""
    provenance, rollout = segment.provenance, segment.rollout
    row: dict[str, Any] = {
        "segment_id": segment.segment_id, "directory": stored.directory,
        "content_hash": stored.content_hash, "num_bytes": stored.num_bytes,
        "source": segment.source.value, **_status(segment),
        "family": family_of(provenance, segment.segment_id), "producer": provenance.producer,
        "scenario_digest": provenance.scenario_digest,
        # Seeds may be larger than SQLite's integers.
        "seed": None if provenance.seed is None else str(provenance.seed),
        "origin": provenance.origin, "licence": provenance.licence,
        "generation_depth": provenance.generation_depth, "vehicle_id": segment.vehicle_id,
        "description": segment.description, "weather": rollout.environment.weather(),
        "light": rollout.environment.light(),
        "ontology_version": None if segment.labels is None else segment.labels.ontology_version,
        "start_ns": segment.start_timestamp_ns, "end_ns": segment.end_timestamp_ns,
        "num_steps": rollout.num_steps, "num_actors": rollout.num_actors, "num_frames": stored.num_frames,
        "num_sweeps": stored.num_sweeps, "num_labelled": _num_labelled(segment),
    }  # fmt: skip
    verdicts = () if segment.report is None else segment.report.verdicts
    return CatalogEntry(
        segment=row,
        tags=segment.tags,
        parents=provenance.parents,
        labels=_label_summary(segment),
        verdicts=tuple(
            (v.check, v.version, int(v.passed), float(v.score), float(v.threshold), v.unit, int(v.applicable),
             int(v.hard), v.reason)
            for v in verdicts
        ),
    )  # fmt: skip


def family_of(provenance: Provenance, segment_id: str) -> str:
    """What keeps variants together: the stated family, else the scenario, the log, or the segment itself."""
    return provenance.family or provenance.scenario_digest or provenance.origin or segment_id


def _status(segment: Segment[Raw]) -> dict[str, str]:
    if segment.report is None:
        return {"status": "raw", "reasons": ""}
    if segment.report.admitted:
        return {"status": "admitted", "reasons": ""}
    return {"status": "rejected", "reasons": "\n".join(segment.report.reasons)}


def _num_labelled(segment: Segment[Raw]) -> int:
    return 0 if segment.labels is None else len({int(step) for step in segment.labels.boxes_3d.step})


def _label_summary(segment: Segment[Raw]) -> tuple[tuple[str, int, int, int], ...]:
    """Class name, tracks, 3D boxes and 2D boxes, per class that has any."""
    if segment.labels is None:
        return ()
    names = {int(kind): kind.label for kind in ActorClass}
    kinds = [names.get(int(kind), "") for kind in segment.rollout.actors.kind]
    counts: dict[str, list[int]] = {}
    tracks: dict[str, set[int]] = {}
    for slot, boxes in ((1, segment.labels.boxes_3d), (2, segment.labels.boxes_2d)):
        for actor in boxes.actor:
            name = kinds[actor] if 0 <= actor < len(kinds) else ""
            counts.setdefault(name, [0, 0, 0])[slot] += 1
            tracks.setdefault(name, set()).add(int(actor))
    return tuple((name, len(tracks[name]), counts[name][1], counts[name][2]) for name in sorted(counts))
