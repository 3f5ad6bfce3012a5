"""The store of segments: immutable directories, whole or absent, and a catalogue beside them.

    <root>/segments/<id>/      one directory per segment, see `payload.py`
    <root>/tmp/                what is being written; left-overs of dead processes go when the store is opened
    <root>/catalog.db          SQLite, made again from the directories by `rebuild`
    <root>/versions/           immutable dataset versions, see `versions.py`
    <root>/tasks/              finished tasks of a run, so that an interrupted run goes on

A segment is written under a temporary name, made durable and renamed: at no moment does a reader see half of it.
"""

import errno
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from driving_data.errors import StoreError
from driving_data.segment import Raw, Segment, Validated, calibrated, validated
from driving_data.store import catalog, texts
from driving_data.store.catalog import Catalog, CatalogEntry, Stored, entry_of
from driving_data.store.files import no_room, orphans, safe_name, sync_directory, temporary_directory, write_file
from driving_data.store.payload import MANIFEST, Encoder, FileEntry, content_hash, manifest_bytes, payload_encoders
from driving_data.store.query import Query, SegmentInfo, info_of
from driving_data.store.reading import EVERYTHING, SKELETON, SegmentFiles, SegmentReader, Wanted, read_segment

_ANY = Query()


@dataclass(frozen=True)
class SegmentStore:
    """Segments on disk. May be used by many threads and processes at once, and sent to workers.

    Attributes:
        root: the folder; made when it does not exist.
        durable: whether a segment is flushed to the device before it appears (`fsync`).
        threads: how many threads encode the files of one segment.
    """

    root: Path
    durable: bool = True
    threads: int = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root).absolute())
        try:
            for folder in (self._segments, self._area, self.root / "versions", self.root / "tasks"):
                folder.mkdir(parents=True, exist_ok=True)
            self.catalog.create()
            self._clean()
        except OSError as error:
            raise no_room(error, self.root, 0) from error
        self._reconcile()

    @property
    def catalog(self) -> Catalog:
        """The SQLite file."""
        return Catalog(self.root / "catalog.db")

    @property
    def _segments(self) -> Path:
        return self.root / "segments"

    @property
    def _area(self) -> Path:
        return self.root / "tmp"

    def directory(self, segment_id: str) -> Path:
        """Where the files of a segment lie."""
        return self._segments / safe_name(segment_id)

    def write(self, segment: Segment[Raw], *, task_key: str | None = None, replace: bool = False) -> str:
        """Stores a segment and returns its content hash; what is there already is not written again.

        Args:
            segment: at any stage; its report decides whether it is listed as raw, admitted or rejected.
            task_key: the task of a run that made it; `is_done` then says so.
            replace: whether a segment of the same id with other content gives way.

        Raises:
            StoreError: there is no room, or another content has this id; the store is as it was before.
        """
        try:
            with temporary_directory(self._area) as place:
                stored = self._stage(segment, place / "segment")
                self._publish(place, segment, stored, replace)
        except OSError as error:
            raise no_room(error, self.directory(segment.segment_id), 0) from error
        if task_key is not None:
            self.mark_done(task_key, [segment.segment_id])
        return stored.content_hash

    def _stage(self, segment: Segment[Raw], staged: Path) -> Stored:
        """Writes every file, then the manifest, into a temporary folder."""
        with ThreadPoolExecutor(max_workers=self.threads) as pool:
            tasks = [
                (path, pool.submit(_write_one, staged / path, encoder, self.durable))
                for path, encoder in payload_encoders(segment)
            ]
            try:
                entries = {path: task.result() for path, task in tasks}
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        manifest = manifest_bytes(segment.segment_id, entries)
        write_file(staged / MANIFEST, manifest, self.durable)
        if self.durable:
            for folder in (staged, *(path for path in staged.rglob("*") if path.is_dir())):
                sync_directory(folder)
        return Stored(safe_name(segment.segment_id), content_hash(manifest), sum(e.size for e in entries.values()),
                      len(segment.frames), len(segment.sweeps))  # fmt: skip

    def _publish(self, place: Path, segment: Segment[Raw], stored: Stored, replace: bool) -> None:
        """Renames the finished folder to its place and lists it; undoes the first when the second fails."""
        target, old = self.directory(segment.segment_id), place / "old"
        while not _renamed(place / "segment", target):
            present = SegmentFiles.open(target).content_hash if not replace else _hash_or_none(target)
            if present == stored.content_hash:
                break
            if not replace:
                raise StoreError(f"{target}: another content is stored under this id; replace=True overwrites it")
            with suppress(FileNotFoundError):
                os.rename(target, old)
        if self.durable:
            sync_directory(self._segments)
        try:
            self.catalog.insert(entry_of(segment, stored))
        except StoreError:
            if not (place / "segment").exists():
                os.rename(target, place / "segment")
                _renamed(old, target)
            raise

    def load(self, segment_id: str, wanted: Wanted = EVERYTHING, *, verify: bool = False) -> Segment[Raw]:
        """Reads a segment; `wanted=SKELETON` leaves out pictures and points.

        Raises:
            StoreError: there is none of that id, or a file of it is damaged; the message names it.
        """
        return read_segment(self.files(segment_id, verify), wanted)

    def load_validated(
        self, segment_id: str, wanted: Wanted = EVERYTHING, *, verify: bool = False
    ) -> Segment[Validated]:
        """Reads a segment that may enter a training set.

        Raises:
            StoreError: as `load`, or it was never judged.
            RoadloomError: it was rejected, or its frames do not fit its calibration.
        """
        segment = self.load(segment_id, wanted, verify=verify)
        if segment.report is None:
            raise StoreError(f"{segment_id} was never judged: it may not enter a training set")
        return validated(calibrated(segment), segment.report)

    def reader(self, segment_id: str) -> SegmentReader:
        """Reads single frames and sweeps of a segment.

        Raises:
            StoreError: there is none of that id, or it is damaged.
        """
        return SegmentReader.open(self.files(segment_id))

    def files(self, segment_id: str, verify: bool = False) -> SegmentFiles:
        """The directory of a segment.

        Raises:
            StoreError: there is none of that id.
        """
        directory = self.directory(segment_id)
        if not directory.is_dir():
            raise StoreError(f"{directory}: no segment {segment_id!r} in this store")
        return SegmentFiles.open(directory, verify)

    def verify(self, segment_id: str) -> None:
        """Compares every file of a segment with its hash.

        Raises:
            StoreError: naming every file that is damaged or missing.
        """
        self.files(segment_id).check_hashes()

    def __contains__(self, segment_id: str) -> bool:
        return (self.directory(segment_id) / MANIFEST).is_file()

    def __len__(self) -> int:
        return int(self.catalog.rows("SELECT count(*) FROM segments")[0][0])

    def query(self, query: Query = _ANY) -> tuple[SegmentInfo, ...]:
        """What the catalogue says of every segment that fits, in order of id."""
        condition, values = query.sql()
        rows = self.catalog.rows(f"SELECT * FROM segments WHERE {condition} ORDER BY segment_id", values)
        tags = self._grouped("tags", "tag")
        parents = self._grouped("parents", "parent")
        wanted = None if query.ids is None else frozenset(query.ids)
        return tuple(
            info_of(row, tags.get(row["segment_id"], ()), parents.get(row["segment_id"], ()))
            for row in rows
            if wanted is None or row["segment_id"] in wanted
        )

    def _grouped(self, table: str, column: str) -> dict[str, tuple[str, ...]]:
        groups: dict[str, list[str]] = {}
        for segment_id, value in self.catalog.rows(f"SELECT segment_id, {column} FROM {table} ORDER BY 1, 2"):
            groups.setdefault(segment_id, []).append(value)
        return {key: tuple(values) for key, values in groups.items()}

    def ids(self, query: Query = _ANY) -> tuple[str, ...]:
        """Ids of the segments that fit, sorted."""
        return tuple(info.segment_id for info in self.query(query))

    def segments(self, query: Query = _ANY, wanted: Wanted = EVERYTHING) -> Iterator[Segment[Raw]]:
        """The segments that fit, read one after the other."""
        for segment_id in self.ids(query):
            yield self.load(segment_id, wanted)

    def remove(self, segment_id: str) -> None:
        """Deletes a segment."""
        with temporary_directory(self._area) as place, suppress(FileNotFoundError):
            # Not "old": what is being deleted must not come back after a crash.
            os.rename(self.directory(segment_id), place / "removed")
        self.catalog.remove(segment_id)

    def mark_done(self, task_key: str, segment_ids: Sequence[str]) -> None:
        """Remembers that a task of a run has ended and what it stored."""
        path = self.root / "tasks" / f"{hashlib.sha256(task_key.encode()).hexdigest()[:32]}.json"
        data = texts.dump({"task_key": task_key, "segment_ids": list(segment_ids)})
        try:
            with temporary_directory(self._area) as place:
                write_file(place / path.name, data, self.durable)
                os.replace(place / path.name, path)
        except OSError as error:
            raise no_room(error, path, len(data)) from error
        with self.catalog.connection() as connection:
            _insert_task(connection, data)

    def is_done(self, task_key: str) -> bool:
        """Whether the task has ended and everything that it stored is still there."""
        rows = self.catalog.rows("SELECT segment_ids FROM tasks WHERE task_key = ?", [task_key])
        return bool(rows) and all(segment_id in self for segment_id in texts.parse(rows[0][0].encode()))

    def task_result(self, task_key: str) -> tuple[str, ...]:
        """Ids of the segments that an ended task stored; empty where it has not ended."""
        rows = self.catalog.rows("SELECT segment_ids FROM tasks WHERE task_key = ?", [task_key])
        return tuple(texts.parse(rows[0][0].encode())) if rows else ()

    def rebuild(self) -> tuple[str, ...]:
        """Makes the catalogue again from the directories; returns what is wrong with those that it cannot read."""
        faults: list[str] = []
        with self.catalog.connection() as connection:
            for table in ("segments", "tags", "parents", "labels", "verdicts", "tasks"):
                connection.execute(f"DELETE FROM {table}")
            for entry in self._entries(sorted(os.listdir(self._segments)), faults):
                catalog.insert(connection, entry)
            for path in sorted((self.root / "tasks").glob("*.json")):
                _insert_task(connection, path.read_bytes())
        return tuple(faults)

    def _entries(self, names: Sequence[str], faults: list[str]) -> Iterator[CatalogEntry]:
        for name in names:
            try:
                files = SegmentFiles.open(self._segments / name)
                plain = files.decode("segment.json", texts.parse)
                stored = Stored(name, files.content_hash, files.num_bytes, len(plain["frames"]), len(plain["sweeps"]))
                yield entry_of(read_segment(files, SKELETON), stored)
            except StoreError as error:
                faults.append(str(error))

    def faults(self) -> dict[str, str]:
        """Every directory that is damaged, by its name, with what is wrong; reads all files."""
        wrong: dict[str, str] = {}
        for name in sorted(os.listdir(self._segments)):
            try:
                SegmentFiles.open(self._segments / name).check_hashes()
            except StoreError as error:
                wrong[name] = str(error)
        return wrong

    def _clean(self) -> None:
        """Removes what dead processes left; a segment that one of them was about to replace comes back."""
        for place in orphans(self._area):
            old = place / "old"
            if old.is_dir():
                with suppress(StoreError):
                    _renamed(old, self.directory(SegmentFiles.open(old).segment_id))

    def _reconcile(self) -> None:
        """Lists directories that a killed writer had renamed but not listed, and drops rows without a directory."""
        present = set(os.listdir(self._segments))
        listed = {row["directory"]: row["segment_id"] for row in self.catalog.rows("SELECT * FROM segments")}
        for entry in self._entries(sorted(present - set(listed)), []):
            self.catalog.insert(entry)
        for name in sorted(set(listed) - present):
            # Another process may have been replacing it when the folder was listed.
            if not (self._segments / name).is_dir():
                self.catalog.remove(listed[name])


def open_damaged(root: Path) -> SegmentStore:
    """Opens a store whose catalogue is damaged: moves it aside and makes a new one from the directories."""
    for suffix in ("", "-wal", "-shm"):
        path = root / f"catalog.db{suffix}"
        if path.exists():
            os.replace(path, root / f"catalog.damaged.db{suffix}")
    store = SegmentStore(root)
    store.rebuild()
    return store


def _write_one(path: Path, encoder: Encoder, durable: bool) -> FileEntry:
    data = encoder()
    write_file(path, data, durable)
    return FileEntry(len(data), hashlib.sha256(data).hexdigest())


def _renamed(source: Path, target: Path) -> bool:
    """Renames a folder unless the target is there already."""
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT) and target.exists():
            return False
        if error.errno == errno.ENOENT and not source.exists():
            return False
        raise
    return True


def _hash_or_none(target: Path) -> str | None:
    try:
        return SegmentFiles.open(target).content_hash
    except StoreError:
        return None


def _insert_task(connection: sqlite3.Connection, data: bytes) -> None:
    plain = texts.parse(data)
    ids = texts.dump(plain["segment_ids"]).decode()
    connection.execute("INSERT OR REPLACE INTO tasks VALUES (?, ?)", (plain["task_key"], ids))
