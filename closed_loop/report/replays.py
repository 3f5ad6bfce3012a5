"""Replays of a page: one rollout, or two side by side, with their time series, marks, film strips and commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from closed_loop.report.birdseye import pack, pack_scene, scene_data
from closed_loop.report.film import film_of
from closed_loop.report.pages import Assets
from closed_loop.report.series import series_of
from closed_loop.results import EpisodeResult
from driving_data.rollout import Rollout

MAX_STEPS = 300


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that is marked in plots and on the time bar: when, what, and whether it must not have happened."""

    at_s: float
    text: str
    bad: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A rollout of a replay.

    Attributes:
        label: who drives.
        rollout: what happened.
        marks: moments to be marked.
    """

    label: str
    rollout: Rollout
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """An episode that plays in a page.

    Attributes:
        id: name in the page, of letters, digits and '-'.
        title: name for a person.
        views: one rollout, or two side by side; as many in each replay of a page.
        note: what came of it.
        outcome: 'ok', 'failed' or ''.
        caption: one sentence.
        tags: small badges.
        commands: label and text of the commands that play it again.
        figures: label and text of values below it.
        sample_id: key of its provenance; empty for none.
    """

    id: str
    title: str
    views: tuple[View, ...]
    note: str = ""
    outcome: str = ""
    caption: str = ""
    tags: tuple[str, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
    figures: tuple[tuple[str, str], ...] = ()
    sample_id: str = ""


def marks_of(episode: EpisodeResult) -> tuple[Mark, ...]:
    """The failures of an episode that have a moment."""
    return tuple(
        Mark(failure.at_s, f"{failure.kind.replace('_', ' ')}: {failure.reason}", failure.at_fault)
        for failure in episode.failures
        if failure.at_s is not None
    )


def replay_items(replays: Sequence[Replay], assets: Assets, max_steps: int = MAX_STEPS) -> list[dict[str, Any]]:
    """Replays as the template wants them: pictures written, data packed."""
    return [_item(replay, assets, max_steps) for replay in replays]


def _item(replay: Replay, assets: Assets, max_steps: int) -> dict[str, Any]:
    scenes = [scene_data(view.rollout, max_steps) for view in replay.views]
    films: list[dict[str, Any]] = []
    for view, scene in zip(replay.views, scenes, strict=True):
        first = next((mark.at_s for mark in view.marks if mark.bad), None)
        films.append({"label": view.label, **assets.add("film", film_of(scene, until_s=first), 1240)})
    return {
        "id": replay.id,
        "title": replay.title,
        "note": replay.note,
        "outcome": replay.outcome,
        "caption": replay.caption,
        "tags": replay.tags,
        "commands": replay.commands,
        "figures": replay.figures,
        "sample_id": replay.sample_id,
        "views": [{"label": view.label} for view in replay.views],
        "films": films,
        "data": {"views": [_view(view, scene) for view, scene in zip(replay.views, scenes, strict=True)]},
    }


def _view(view: View, scene: dict[str, Any]) -> dict[str, Any]:
    steps = np.arange(0, view.rollout.num_steps, scene["every"])
    return {
        "label": view.label,
        "scene": pack_scene(scene),
        "marks": [{"t": round(mark.at_s, 3), "text": mark.text, "bad": mark.bad} for mark in view.marks],
        "series": [
            {
                "id": series.id, "title": series.title, "unit": series.unit, "least": series.least,
                "values": pack([None if np.isnan(v) else round(100.0 * float(v)) for v in series.values[steps]]),
            }
            for series in series_of(view.rollout)
        ],
    }  # fmt: skip
