"""What every exporter needs: a fresh directory that is whole or absent, tokens, pictures."""

import hashlib
import json
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from driving_data.errors import Fault, InputError

JPEG_QUALITY = 95


@contextmanager
def fresh_directory(directory: Path) -> Generator[Path, None, None]:
    """A temporary folder beside `directory` that takes its place when the block ends without an error.

    Raises:
        InputError: `directory` is a file, or a folder that is not empty.
    """
    directory = Path(directory)
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        expected = "a folder that does not exist yet, or is empty"
        raise InputError([Fault(str(directory), 0, 0, "", "not-empty", "there is something already", expected)])
    partial = directory.with_name(f".{directory.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if directory.exists():
            directory.rmdir()
        os.rename(partial, directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def token(*parts: object) -> str:
    """32 hexadecimal digits that depend on the parts only."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def write_json(path: Path, value: Any, indent: int | None = None) -> None:
    """Plain data as JSON; NaN is refused."""
    path.write_text(json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def write_jpeg(path: Path, rgb: np.ndarray) -> None:
    """A picture as JPEG without chroma subsampling."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.ascontiguousarray(rgb)).save(path, "JPEG", quality=JPEG_QUALITY, subsampling=0)
