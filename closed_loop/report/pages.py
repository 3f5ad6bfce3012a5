"""Writes pages: templates, pictures beside them or inside them, and nothing from the network."""

import base64
import io
import json
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import jinja2
import numpy as np
from jaxtyping import UInt8
from markupsafe import Markup

from closed_loop.report.pictures import shrunk
from closed_loop.report.tables import percent, shown, shown_difference
from closed_loop.results import write_whole

MAX_WIDTH_PX = 640
FILM_COLORS = 96
_SMOOTH = frozenset({"camera", "film", "depth"})


@runtime_checkable
class Assets(Protocol):
    """Where the pictures of a page go."""

    def add(self, kind: str, pixels: UInt8[np.ndarray, "H W 3"], max_width_px: int = MAX_WIDTH_PX) -> dict[str, Any]:
        """Takes a picture; gives its address, width and height."""
        ...


class FolderAssets:
    """Pictures as files; names are numbers, so that no name from outside becomes a path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def add(self, kind: str, pixels: UInt8[np.ndarray, "H W 3"], max_width_px: int = MAX_WIDTH_PX) -> dict[str, Any]:
        """Writes a picture."""
        content, ending, size = encoded(kind, pixels, max_width_px)
        name = f"{self._count:04d}.{ending}"
        self._count += 1
        (self._folder / name).write_bytes(content)
        return {"src": f"assets/{name}", "width": size[0], "height": size[1]}


class InlineAssets:
    """Pictures inside the page, so that it is one file."""

    def add(self, kind: str, pixels: UInt8[np.ndarray, "H W 3"], max_width_px: int = MAX_WIDTH_PX) -> dict[str, Any]:
        """Gives a picture as a data address."""
        content, ending, size = encoded(kind, pixels, max_width_px)
        mime = "image/jpeg" if ending == "jpg" else "image/png"
        text = base64.b64encode(content).decode("ascii")
        return {"src": f"data:{mime};base64,{text}", "width": size[0], "height": size[1]}


def encoded(kind: str, pixels: UInt8[np.ndarray, "H W 3"], max_width_px: int) -> tuple[bytes, str, tuple[int, int]]:
    """A picture as a file: photographs as JPEG, film strips with few colours, labels as PNG with their exact ones."""
    image = shrunk(pixels, max_width_px, kind in _SMOOTH)
    stream = io.BytesIO()
    if kind == "camera":
        image.save(stream, "JPEG", quality=88, optimize=True)
    elif kind == "film":
        image.quantize(FILM_COLORS).save(stream, "PNG", optimize=True)
    else:
        image.save(stream, "PNG", optimize=True)
    return stream.getvalue(), "jpg" if kind == "camera" else "png", (image.width, image.height)


def rendered(template: str, **values: Any) -> str:
    """A page of one of the templates beside this file."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("closed_loop.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["script_json"] = script_json
    shared: dict[str, Any] = environment.globals
    shared.update(shown=shown, shown_difference=shown_difference, percent=percent)
    return environment.get_template(template).render(**values)


def write_page(path: Path, template: str, **values: Any) -> Path:
    """Writes a page as one file, whole or not at all; a path without an ending is a folder that gets index.html."""
    target = path if path.suffix else path / "index.html"
    return write_whole(target, (rendered(template, **values),))


def script_json(value: Any) -> Markup:
    """JSON that may stand inside a script element: nothing in it can end the element or open a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)
