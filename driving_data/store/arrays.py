"""Arrays, tables and pictures as bytes: lossless, and the same bytes for the same values.

Neither a clock nor a memory layout enters: zip entries carry a fixed date, arrays are made contiguous and little
endian, pyarrow's settings are fixed.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

_EPOCH = (1980, 1, 1, 0, 0, 0)
WEBP_LIMIT_PX = 16383
_COLUMNS = b"roadloom.columns"


def to_npz(arrays: Mapping[str, np.ndarray], compressed: bool = False) -> bytes:
    """An `.npz` that `numpy.load` reads, entries in order of name.

    Args:
        arrays: what it holds, by name.
        compressed: whether entries are deflated (fast); worth it for labels that repeat themselves.

    Raises:
        TypeError: an array holds Python objects.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            entry = io.BytesIO()
            np.lib.format.write_array(entry, _canonical(arrays[name], name), version=(1, 0), allow_pickle=False)
            method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), entry.getvalue(), method, 1)
    return out.getvalue()


def from_npz(data: bytes) -> dict[str, np.ndarray]:
    """Every array of an `.npz`; nothing is unpickled.

    Raises:
        ValueError: the bytes are damaged.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, KeyError, EOFError, OSError) as error:
        raise ValueError(str(error)) from error


def to_parquet(columns: Mapping[str, np.ndarray | list[str]]) -> bytes:
    """Columns of equal length as Parquet: floats byte-split, everything zstd, no statistics, no date.

    An array of shape (N, k) becomes k columns `name.0` ... `name.k-1`; `from_parquet` joins them again.
    """
    flat: dict[str, Any] = {}
    layout: dict[str, Any] = {}
    for name, column in columns.items():
        if isinstance(column, list):
            flat[name] = pa.array(column, pa.string())
            layout[name] = {"dtype": "str", "width": 0}
            continue
        array = _canonical(column, name)
        parts = [array] if array.ndim == 1 else [np.ascontiguousarray(array[:, k]) for k in range(array.shape[1])]
        names = [name] if array.ndim == 1 else [f"{name}.{k}" for k in range(array.shape[1])]
        flat.update(dict(zip(names, parts, strict=True)))
        layout[name] = {"dtype": array.dtype.str, "width": 0 if array.ndim == 1 else array.shape[1]}
    table = pa.table(flat).replace_schema_metadata({_COLUMNS: json.dumps(layout, sort_keys=True).encode()})
    return _written(table)


def _written(table: Any) -> bytes:
    out = io.BytesIO()
    floats = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    # Dictionaries pay for the few distinct strings and small integers; byte splitting pays for floats.
    others = [field.name for field in table.schema if field.name not in floats and not pa.types.is_boolean(field.type)]
    settings: dict[str, Any] = {
        "compression": "zstd", "compression_level": 1, "use_dictionary": others or False,
        "use_byte_stream_split": floats or False, "write_statistics": False, "version": "2.6",
        "row_group_size": 1 << 20,
    }  # fmt: skip
    pq.write_table(table, out, **settings)
    return out.getvalue()


def from_parquet(data: bytes) -> dict[str, np.ndarray]:
    """The columns that `to_parquet` wrote, with their types and shapes; strings come as arrays of `str`.

    Raises:
        ValueError: the bytes are damaged or another program's.
    """
    try:
        table = pq.read_table(io.BytesIO(data), use_threads=False)
        layout: dict[str, Any] = json.loads((table.schema.metadata or {})[_COLUMNS])
        return {name: _column(table, name, **spec) for name, spec in layout.items()}
    except (pa.ArrowException, KeyError, OSError) as error:
        raise ValueError(str(error)) from error


def _column(table: Any, name: str, dtype: str, width: int) -> np.ndarray:
    if dtype == "str":
        return np.array(table[name].to_pylist(), dtype=np.str_)
    if width == 0:
        return np.array(table[name].to_numpy(), dtype=np.dtype(dtype))
    out = np.empty((table.num_rows, width), dtype=np.dtype(dtype))
    for k in range(width):
        out[:, k] = table[f"{name}.{k}"].to_numpy()
    return out


def picture_suffix(rgb: np.ndarray) -> str:
    """'webp', or 'png' where a side is too long for WebP."""
    return "webp" if max(rgb.shape[:2]) <= WEBP_LIMIT_PX else "png"


def to_picture(rgb: np.ndarray) -> bytes:
    """A picture of shape (H, W, 3) uint8, lossless.

    WebP is as exact as PNG, a tenth smaller and three to four times faster to write on sensor-like pictures.
    """
    out = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(rgb))
    if picture_suffix(rgb) == "png":
        image.save(out, "PNG", compress_level=1)
    else:
        image.save(out, "WEBP", lossless=True, quality=0, method=0, exact=True)
    return out.getvalue()


def to_png(ids: np.ndarray) -> bytes:
    """Class or instance numbers of shape (H, W), uint8 or uint16, as PNG."""
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(ids)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def from_picture(data: bytes) -> np.ndarray:
    """The pixels of a picture.

    Raises:
        ValueError: the bytes are damaged.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "WEBP")) as image:
            image.load()
            return np.array(image, dtype=np.uint16 if image.mode.startswith("I") else np.uint8)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from error


def to_dense(values: np.ndarray, name: str) -> bytes:
    """Floats of any shape, exact: one Parquet column of that name, row after row (16-bit ones as their bits)."""
    array = _canonical(values, name)
    layout = json.dumps({name: {"dtype": array.dtype.str, "shape": list(array.shape)}}).encode()
    flat = array.view("<u2") if array.dtype == np.float16 else array
    return _written(pa.table({name: flat.ravel()}).replace_schema_metadata({_COLUMNS: layout}))


def from_dense(data: bytes) -> np.ndarray:
    """What `to_dense` wrote.

    Raises:
        ValueError: the bytes are damaged.
    """
    try:
        table = pq.read_table(io.BytesIO(data), use_threads=False)
        ((name, spec),) = json.loads((table.schema.metadata or {})[_COLUMNS]).items()
        dtype = np.dtype(spec["dtype"])
        flat = np.array(table[name].to_numpy(), dtype="<u2" if dtype == np.float16 else dtype)
        return flat.view(dtype).reshape(spec["shape"])
    except (pa.ArrowException, KeyError, OSError) as error:
        raise ValueError(str(error)) from error


def _canonical(array: np.ndarray, name: str) -> np.ndarray:
    if array.dtype.hasobject:
        raise TypeError(f"{name}: arrays of Python objects are not stored")
    # ascontiguousarray would turn a scalar into a row.
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
