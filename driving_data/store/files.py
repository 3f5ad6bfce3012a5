"""Files that are whole or absent: temporary names, locks that die with their owner, errors that say how much."""

import errno
import fcntl
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from driving_data.errors import StoreError

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def safe_name(name: str) -> str:
    """A file name for any text: itself where it is harmless, else what is harmless of it and a piece of its hash."""
    if _SAFE_NAME.fullmatch(name) and not name.endswith("."):
        return name
    tail = hashlib.sha256(name.encode()).hexdigest()[:12]
    kept = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-")[:100]
    return f"{kept or 'x'}-{tail}"


def write_file(path: Path, data: bytes, durable: bool) -> None:
    """Writes a new file below an existing temporary folder.

    Raises:
        StoreError: there is no room for it; the message says how much was to be written and how much is free.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise no_room(error, path, len(data)) from error


def replace_file(path: Path, data: bytes) -> None:
    """Writes a file that is whole or absent: under a name of this process, then renamed over what stood there.

    Raises:
        StoreError: it cannot be written; what stood there still does, and nothing half written is left.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write_file(draft, data, durable=False)
        os.replace(draft, path)
    except OSError as error:
        raise no_room(error, path, len(data)) from error
    finally:
        draft.unlink(missing_ok=True)


def no_room(error: OSError, path: Path, num_bytes: int) -> StoreError:
    """The error that a failed write becomes."""
    if error.errno not in _NO_ROOM:
        return StoreError(f"cannot write {path}: {error.strerror or error}")
    free = shutil.disk_usage(_existing(path)).free
    limit = " (a limit of this process or user)" if error.errno != errno.ENOSPC else ""
    return StoreError(f"no room to write {path}: {num_bytes} bytes needed, {free} bytes free on the device{limit}")


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def sync_directory(path: Path) -> None:
    """Makes the names in a folder survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def temporary_directory(area: Path) -> Generator[Path, None, None]:
    """A fresh folder below `area` that belongs to this process until the block ends, then it is removed.

    A lock file beside it is held with `flock`: the kernel drops the lock when the owner dies, whatever kills it, so
    `remove_orphans` can tell a folder in use from one left behind.
    """
    place, lock = _claim(area)
    try:
        place.mkdir()
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        place.with_suffix(".lock").unlink(missing_ok=True)
        os.close(lock)


def _claim(area: Path) -> tuple[Path, int]:
    while True:
        place = area / f"{os.getpid()}-{uuid.uuid4().hex}"
        path = place.with_suffix(".lock")
        try:
            lock = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644)
        except OSError as error:
            raise no_room(error, path, 0) from error
        if _lock(lock) and path.exists():
            return place, lock
        # Someone who was cleaning up took the name between its creation and its lock: take another.
        os.close(lock)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def orphans(area: Path) -> Iterator[Path]:
    """Folders below `area` whose owner is dead; each is removed, if it still exists, when the loop goes on."""
    names = {Path(entry.name).stem for entry in os.scandir(area)}
    for name in sorted(names):
        place = area / name
        lock = os.open(place.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o644)
        try:
            if not _lock(lock):
                continue
            yield place
            shutil.rmtree(place, ignore_errors=True)
            place.with_suffix(".lock").unlink(missing_ok=True)
        finally:
            os.close(lock)
