"""Labels of radio messages as a table: JSON lines or Parquet, one row a message."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from driving_data.errors import Fault, InputError

SUFFIXES = (".jsonl", ".parquet")


def write_messages(rows: Sequence[Mapping[str, Any]], path: Path) -> Path:
    """Writes rows of `generators.labels.story.message_rows`; the suffix says how.

    Raises:
        InputError: the suffix is neither `.jsonl` nor `.parquet`.
    """
    path = Path(path)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row, allow_nan=False) + "\n" for row in rows), encoding="utf-8")
    elif path.suffix == ".parquet":
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist([dict(row) for row in rows]), path)
    else:
        found = repr(path.suffix)
        raise InputError([Fault(str(path), 0, 0, "", "suffix", found, f"one of {', '.join(SUFFIXES)}")])
    return path
