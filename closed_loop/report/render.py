"""Writes the report of a run: `<directory>/index.html` and the pictures beside it in `assets/`."""

import shutil
from pathlib import Path
from typing import Any

from closed_loop.report.data import GalleryGroup, ReportData, Scene
from closed_loop.report.pages import Assets, FolderAssets, rendered
from closed_loop.report.replays import Mark, Replay, View, replay_items
from closed_loop.report.tables import columns_of, failure_rows, headline_rows, slice_tables
from driving_data.errors import RoadloomError
from driving_data.plain import to_plain
from driving_data.rollout import Rollout

_BAD = ("collision", "off_road", "signal_violation")
MAX_STEPS = 150


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
    page = _page(data, FolderAssets(fresh))
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


def _page(data: ReportData, assets: Assets) -> str:
    evaluation = data.evaluation
    columns = columns_of(evaluation) if evaluation else None
    gallery = [_group(group, assets) for group in data.gallery]
    return rendered(
        "run.html.j2",
        data=data,
        gallery=gallery,
        scenes=replay_items([_replay(k, scene) for k, scene in enumerate(data.scenes)], assets, MAX_STEPS),
        headline=headline_rows(evaluation, columns) if evaluation else (),
        slice_tables=slice_tables(evaluation, columns) if evaluation else (),
        failures=failure_rows(evaluation) if evaluation else [],
        provenance={key: to_plain(value) for key, value in data.provenance.items()},
        total_s=sum(stage.seconds for stage in data.stages),
        longest_s=max((stage.seconds for stage in data.stages), default=0.0),
    )


def _replay(number: int, scene: Scene) -> Replay:
    view = View("", scene.rollout, event_marks(scene.rollout))
    return Replay(
        f"replay-{number}", scene.title, (view,), scene.note, scene.outcome, scene.caption, scene.tags,
        sample_id=scene.sample_id,
    )  # fmt: skip


def event_marks(rollout: Rollout) -> tuple[Mark, ...]:
    """What the simulator says that happened to the ego and must not, once for each kind."""
    ego, start = rollout.actors.ids[rollout.ego_index], int(rollout.timestamps_ns[0])
    found: dict[str, Mark] = {}
    for event in rollout.events:
        if event.kind in _BAD and (not event.actor_ids or ego in event.actor_ids):
            at_s = (event.timestamp_ns - start) * 1e-9
            found.setdefault(event.kind, Mark(at_s, event.kind.replace("_", " ")))
    return tuple(found.values())


def _group(group: GalleryGroup, assets: Assets) -> dict[str, Any]:
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
