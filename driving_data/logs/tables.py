"""Arrow tables (feather, parquet) as numpy columns, with the columns that must be there."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np

from driving_data.logs.files import input_error, read_bytes, told_as_input_error

MAX_ROWS = 50_000_000


def read_feather(path: Path, columns: tuple[str, ...]) -> Mapping[str, np.ndarray]:
    """Columns of a feather file by name.

    Raises:
        InputError: it is no feather file, damaged, or lacks a column.
    """
    from pyarrow import ipc

    data = read_bytes(path)
    with told_as_input_error(path, "an Arrow feather file"):
        reader = ipc.open_file(BytesIO(data))
        _require_columns(path, reader.schema.names, columns)
        table = reader.read_all()
        table.validate(full=True)
        return _columns(table, columns)


def read_parquet(path: Path, columns: tuple[str, ...]) -> Mapping[str, np.ndarray]:
    """Columns of a parquet file by name.

    Raises:
        InputError: it is no parquet file, damaged, too large, or lacks a column.
    """
    from pyarrow import parquet

    data = read_bytes(path)
    with told_as_input_error(path, "a parquet file"):
        file = parquet.ParquetFile(BytesIO(data))
        if file.metadata.num_rows > MAX_ROWS:
            raise input_error(path, f"{file.metadata.num_rows} rows", f"at most {MAX_ROWS} rows", code="too-large")
        _require_columns(path, file.schema_arrow.names, columns)
        table = file.read(columns=list(columns))
        table.validate(full=True)
        return _columns(table, columns)


def feather_columns(path: Path) -> tuple[str, ...]:
    """Column names of a feather file; none where it is no such file. For recognition only."""
    import pyarrow as pa
    from pyarrow import ipc

    try:
        with pa.memory_map(str(path)) as source:
            return tuple(ipc.open_file(source).schema.names)
    except (OSError, ValueError, pa.ArrowException):
        return ()


def _require_columns(path: Path, present: list[str], wanted: tuple[str, ...]) -> None:
    missing = [name for name in wanted if name not in present]
    if missing:
        raise input_error(path, f"columns {', '.join(present)}", f"also {', '.join(missing)}", code="missing-column")


def _columns(table: "object", columns: tuple[str, ...]) -> Mapping[str, np.ndarray]:
    result: dict[str, np.ndarray] = {}
    for name in columns:
        column = table.column(name)  # type: ignore[attr-defined]
        if column.null_count:
            raise ValueError(f"column {name} has missing values")
        result[name] = np.asarray(column.to_numpy())
    return result
