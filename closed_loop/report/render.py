"""Writes the report: `<directory>/index.html` and the pictures beside it in `assets/`."""

import json
import shutil
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from jaxtyping import UInt8
from markupsafe import Markup

from closed_loop.report.birdseye import scene_data
from closed_loop.report.data import GalleryGroup, ReportData, Scene
from closed_loop.report.film import film_strip
from closed_loop.report.pictures import shrunk
from closed_loop.report.tables import failure_rows, headline_rows, percent, shown, shown_difference, slice_tables
from driving_data.errors import RoadloomError
from driving_data.plain import to_plain

MAX_WIDTH_PX = 640
_SMOOTH = frozenset({"camera", "film", "depth"})


def write_report(data: ReportData, directory: Path) -> Path:
    """Writes the report and returns the path of its index.html.

    The folder is written beside its place under a temporary name and then put there, so that a report is whole or
    the old one; anything else that lies in `directory/assets` is replaced.

    Raises:
        RoadloomError: a gallery sample or scene names a provenance record that is not there.
    """
    _check(data)
    directory.mkdir(parents=True, exist_ok=True)
    fresh = directory / ".assets.tmp"
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir()
    assets = _Assets(fresh)
    page = _page(data, assets)
    final = directory / "assets"
    if final.exists():
        shutil.rmtree(final)
    fresh.replace(final)
    temporary = directory / ".index.html.tmp"
    temporary.write_text(page, "utf-8")
    return temporary.replace(directory / "index.html")


def _check(data: ReportData) -> None:
    asked = [sample.sample_id for group in data.gallery for sample in group.samples]
    asked += [scene.sample_id for scene in data.scenes if scene.sample_id]
    missing = sorted({sample for sample in asked if sample not in data.provenance})
    if missing:
        raise RoadloomError("no provenance for " + ", ".join(missing))


class _Assets:
    """Pictures written so far; names are numbers, so that no name from outside becomes a path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def add(self, kind: str, pixels: UInt8[np.ndarray, "H W 3"], max_width_px: int = MAX_WIDTH_PX) -> dict[str, Any]:
        """Writes a picture: photographs as JPEG, labels as PNG with their exact colours."""
        image = shrunk(pixels, max_width_px, kind in _SMOOTH)
        photo = kind == "camera"
        name = f"{self._count:04d}.{'jpg' if photo else 'png'}"
        self._count += 1
        if photo:
            image.save(self._folder / name, quality=88, optimize=True)
        else:
            image.save(self._folder / name, optimize=True)
        return {"src": f"assets/{name}", "width": image.width, "height": image.height}


def _page(data: ReportData, assets: _Assets) -> str:
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
    evaluation = data.evaluation
    return environment.get_template("template.html.j2").render(
        data=data,
        gallery=[_group(group, assets) for group in data.gallery],
        scenes=[_scene(scene, assets) for scene in data.scenes],
        headline=headline_rows(evaluation) if evaluation else (),
        slice_tables=slice_tables(evaluation) if evaluation else (),
        failures=failure_rows(evaluation) if evaluation else [],
        provenance={key: to_plain(value) for key, value in data.provenance.items()},
        total_s=sum(stage.seconds for stage in data.stages),
        longest_s=max((stage.seconds for stage in data.stages), default=0.0),
    )


def _group(group: GalleryGroup, assets: _Assets) -> dict[str, Any]:
    return {
        "title": group.title,
        "samples": [
            {
                "sample": sample,
                "pictures": [
                    {"kind": picture.kind, "alt": picture.alt, **assets.add(picture.kind, picture.pixels)}
                    for picture in sample.pictures
                ],
            }
            for sample in group.samples
        ],
    }


def _scene(scene: Scene, assets: _Assets) -> dict[str, Any]:
    return {
        "scene": scene,
        "data": scene_data(scene.rollout),
        "film": assets.add("film", film_strip(scene.rollout), 1240),
    }


def script_json(value: Any) -> Markup:
    """JSON that may stand inside a script element: nothing in it can end the element or open a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)
