"""Finished episodes on disk: one file for each batch, one line for each episode, in 256 folders.

A file is written under a temporary name and renamed, so that it is whole or absent; which episode lies where is found
by reading the folder again. What does not depend on the result (which batch an episode was in) does not show in it.
"""

import json
from collections.abc import Collection, Sequence
from pathlib import Path

from closed_loop.results import EpisodeResult, Place, episode_line, write_whole
from driving_data.plain import digest, from_plain


def keep(results: Sequence[EpisodeResult], directory: Path) -> Path:
    """Writes the results of a batch to one file; a second call with the same episodes writes it again."""
    name = digest([result.key for result in results])
    return write_whole(
        directory / name[:2] / f"{name}.jsonl", [line for result in results for line in (episode_line(result), "\n")]
    )


def find_kept(directory: Path | None, keys: Collection[str]) -> dict[str, Place]:
    """Where the episodes of these keys lie; a line that cannot be read is as good as absent."""
    found: dict[str, Place] = {}
    wanted = set(keys)
    for path in sorted(directory.glob("[0-9a-f][0-9a-f]/*.jsonl")) if directory is not None else ():
        start = 0
        with path.open("rb") as file:
            for line in file:
                key = _key_of(line)
                if key in wanted:
                    found[key] = Place(str(path), start, start + len(line.rstrip()))
                start += len(line)
    return found


def _key_of(line: bytes) -> str:
    """The key of the episode in a line; empty where it holds none that can be read back."""
    try:
        return from_plain(EpisodeResult, json.loads(line)).key
    except ValueError:
        return ""


def forget(directory: Path) -> int:
    """Removes what was kept below a directory; the number of files."""
    paths = list(directory.glob("[0-9a-f][0-9a-f]/*.jsonl"))
    for path in paths:
        path.unlink()
    return len(paths)
