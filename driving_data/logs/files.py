"""Reading files from outside: bounded in size, and every damage told as an `InputError` with file and reason."""

import json
import struct
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from jaxtyping import UInt8

from driving_data.errors import Fault, InputError
from driving_data.segment import Raw, Segment

MAX_FILE_BYTES = 2 << 30
MAX_PIXELS = 1 << 26
_DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    ArithmeticError,
    EOFError,
    MemoryError,
    RecursionError,
    SyntaxError,
    struct.error,
    zlib.error,
    TokenError,
)


def input_error(path: Path, found: str, expected: str, *, code: str = "damaged-file", place: str = "", line: int = 0,
                nearest: str | None = None) -> InputError:  # fmt: skip
    """An `InputError` with one fault of one file."""
    return InputError([Fault(str(path), line, 0, place, code, found, expected, nearest)])


@contextmanager
def told_as_input_error(path: Path, expected: str) -> Generator[None]:
    """What goes wrong inside, because the file is not what it should be, becomes an `InputError` that names it.

    The cause stays chained, so that a fault of ours can still be told from a fault of the file.
    """
    try:
        yield
    except InputError:
        raise
    except _DAMAGE as error:
        missing = isinstance(error, KeyError)
        found = f"nothing under {error}" if missing else f"{type(error).__name__}: {_first_line(error)}"
        raise input_error(path, found, expected) from error


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0][:300] if text else "no further reason"


def checked_segments(path: Path, expected: str, segments: Iterator[Segment[Raw]]) -> Iterator[Segment[Raw]]:
    """The segments of a reader, its faults told as `InputError`; a missing path is told at once.

    Raises:
        InputError: there is nothing at the path.
    """
    require(path)
    return _guarded(path, expected, segments)


def _guarded(path: Path, expected: str, segments: Iterator[Segment[Raw]]) -> Iterator[Segment[Raw]]:
    while True:
        # Numbers beyond all measure in a damaged file are a fault, not a warning.
        with told_as_input_error(path, expected), np.errstate(over="raise", invalid="raise", divide="raise"):
            segment = next(segments, None)
        if segment is None:
            return
        yield segment


def require(path: Path) -> None:
    """Refuses a path where nothing is.

    Raises:
        InputError: there is nothing at the path.
    """
    if not path.exists():
        beside = sorted(item.name for item in path.parent.iterdir()) if path.parent.is_dir() else []
        from driving_data.errors import nearest_name

        raise input_error(path, "nothing there", "a file or folder", code="missing-path",
                          nearest=nearest_name(path.name, beside))  # fmt: skip


def read_bytes(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a file, refused where there are more than `limit`.

    Raises:
        InputError: the file is missing, empty, unreadable or too large.
    """
    require(path)
    with told_as_input_error(path, "a readable file"):
        size = path.stat().st_size
        if size > limit:
            raise input_error(path, f"{size} bytes", f"at most {limit} bytes", code="too-large")
        data = path.read_bytes()
    if not data:
        raise input_error(path, "an empty file", "data", code="empty-file")
    return data


def head(path: Path, count: int = 4096) -> bytes:
    """The first bytes of a file; none where it cannot be read. For recognition only."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError:
        return b""


def read_json(path: Path) -> Any:
    """The document of a JSON file.

    Raises:
        InputError: it is no JSON; the fault names line and column.
    """
    data = read_bytes(path)
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        fault = Fault(str(path), error.lineno, error.colno, "", "damaged-file", error.msg, "a JSON document")
        raise InputError([fault]) from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise input_error(path, _first_line(error), "a JSON document") from error


def read_image(path: Path, max_pixels: int = MAX_PIXELS) -> UInt8[np.ndarray, "H W 3"]:
    """An image as RGB; its size is read from the header and limited before a pixel is decoded.

    Raises:
        InputError: it is no image, damaged or too large.
    """
    from PIL import Image

    data = read_bytes(path)
    with told_as_input_error(path, "an image file"):
        try:
            with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP", "BMP")) as image:
                width, height = image.size
                if width * height > max_pixels:
                    found = f"{width}x{height} pixels"
                    raise input_error(path, found, f"at most {max_pixels} pixels", code="too-large")
                return np.array(image.convert("RGB"), dtype=np.uint8)
        except Image.DecompressionBombError as error:
            raise input_error(path, str(error), f"at most {max_pixels} pixels", code="too-large") from error


def read_array(path: Path, *, columns: tuple[int, ...] | None = None) -> np.ndarray:
    """A `.npy` file, never unpickled; `columns` is the shape expected after the first axis.

    Raises:
        InputError: it is no array of finite size, or has another shape.
    """
    data = read_bytes(path)
    with told_as_input_error(path, "a numpy array file"):
        array = np.load(BytesIO(data), allow_pickle=False)
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
            raise ValueError("not a plain numeric array")
    if columns is not None and array.shape[1:] != columns:
        raise input_error(path, f"shape {array.shape}", f"shape (n, {', '.join(map(str, columns))})")
    return array


def read_records(path: Path, fields: int) -> np.ndarray:
    """A file of float32 records with `fields` numbers each, as KITTI and nuScenes store sweeps: shape (n, fields).

    Raises:
        InputError: the size is no whole number of records.
    """
    data = read_bytes(path)
    if len(data) % (4 * fields):
        raise input_error(path, f"{len(data)} bytes", f"a multiple of {4 * fields} ({fields} float32 per point)")
    points = np.frombuffer(data, dtype="<f4").reshape(-1, fields)
    if not np.isfinite(points).all():
        raise input_error(path, "a point that is not a number", "finite coordinates")
    return points
