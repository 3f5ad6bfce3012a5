"""Real segments and generated ones in the same cells.

A segment that was generated from the scenario carries its draws; a real log, or a segment of another scenario, has
none that mean the same, but weather, light and the ego's speed can be read off its rollout. With the axes of a
scenario both become rows of bins. Without a scenario the axes are the `key:value` tags that a catalogue has, so that
no segment needs to be opened.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driving_data.segment import Raw, Segment, Source
from driving_data.store import SegmentInfo, SegmentStore
from scenarios.coverage.axes import Axis
from scenarios.coverage.figure import Coverage
from scenarios.coverage.grid import Grid
from scenarios.coverage.realised import measured
from scenarios.designs.axes import Axes, combos_of
from scenarios.designs.universe import universe_of

FACETS = ("weather", "light", "road", "manoeuvre", "actor")
_ONE_EACH = ("weather", "light", "road")


def row_of_segment(grid: Grid, segment: Segment[Raw], name: str) -> tuple[int, ...]:
    """The bins of a segment; -1 where an axis is not told.

    Args:
        grid: the axes.
        segment: real or generated.
        name: of the scenario; draws of others are not looked at.
    """
    scenario: Mapping[str, Any] = segment.provenance.scenario or {}
    if scenario.get("name") == name:
        return grid.row(dict(scenario.get("draws", {})), (*segment.tags, *scenario.get("tags", ())))
    return grid.row(measured(segment.rollout))


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """Rows of bins by where the data came from.

    Attributes:
        real: rows of real segments, shape (segments, axes).
        synthetic: rows of generated and augmented ones.
    """

    real: np.ndarray
    synthetic: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """All of them."""
        return np.concatenate([self.real, self.synthetic])


def sources_of(grid: Grid, segments: Iterable[Segment[Raw]], name: str) -> Sources:
    """The bins of segments, real ones apart from the rest."""
    real, made = list[tuple[int, ...]](), list[tuple[int, ...]]()
    for segment in segments:
        (real if segment.source is Source.REAL else made).append(row_of_segment(grid, segment, name))
    return Sources(*(np.array(each, dtype=np.int64).reshape(len(each), len(grid.axes)) for each in (real, made)))


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
    """Tag axes of a catalogue.

    Attributes:
        axes: one for each key that takes one value (`weather`), one with yes and no for each value of a key that may
            take several (`actor:pedestrian`).
        real: rows of real segments.
        synthetic: rows of the rest.
    """

    axes: tuple[Axis, ...]
    real: np.ndarray
    synthetic: np.ndarray

    def coverage(self, rows: np.ndarray, strength: int = 2) -> Coverage:
        """Coverage of every combination of the values that the catalogue knows."""
        finite = Axes(tuple(axis.path for axis in self.axes), tuple(axis.labels for axis in self.axes))
        universe = universe_of(finite, combos_of(len(self.axes), strength))
        return Coverage(strength, self.axes, universe, universe.covered(rows), len(rows))


def labelled_classes(store: SegmentStore) -> dict[str, tuple[str, ...]]:
    """Classes of the labelled actors of each segment of a store, from its catalogue."""
    found: dict[str, list[str]] = {}
    for row in store.catalog.rows("SELECT segment_id, class FROM labels ORDER BY segment_id, class"):
        found.setdefault(row["segment_id"], []).append(row["class"])
    return {segment_id: tuple(classes) for segment_id, classes in found.items()}


def facets_of(
    infos: Sequence[SegmentInfo], classes: Mapping[str, Sequence[str]] | None = None, keys: Sequence[str] = FACETS
) -> Facets:  # fmt: skip
    """The tag axes of what a catalogue lists.

    A key that a segment has no tag for is unknown for a real log; a generated one would have it. OpenLABEL names
    without a key are left to queries.

    Args:
        infos: the segments.
        classes: classes of their labelled actors, which count as `actor:` tags.
        keys: keys of the tags.
    """
    tagged = [_slices(info, (classes or {}).get(info.segment_id, ())) for info in infos]
    axes: list[Axis] = []
    for key in keys:
        values = sorted({value for slices in tagged for value in slices.get(key, ())})
        if key in _ONE_EACH:
            axes.extend([_text_axis(key, values)] if len(values) > 1 else [])
        else:
            axes.extend(_text_axis(f"{key}:{value}", ["no", "yes"]) for value in values)
    real = np.array([info.source is Source.REAL for info in infos], dtype=bool)
    found = [[_facet(axis, slices, is_real) for axis in axes] for slices, is_real in zip(tagged, real, strict=True)]
    rows = np.array(found, dtype=np.int64).reshape(len(infos), len(axes))
    return Facets(tuple(axes), rows[real], rows[~real])


def _slices(info: SegmentInfo, classes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {"weather": [info.weather], "light": [info.light]}
    if classes:
        found["actor"] = list(classes)
    for tag in info.tags:
        key, colon, value = tag.partition(":")
        if colon and key not in ("weather", "light"):
            found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}


def _facet(axis: Axis, slices: Mapping[str, tuple[str, ...]], is_real: np.bool_) -> int:
    key, colon, value = axis.path.partition(":")
    known = slices.get(key, ())
    if colon:
        return -1 if is_real and not known else int(value in known)
    return axis.labels.index(known[0]) if known else -1


def _text_axis(path: str, labels: Sequence[str]) -> Axis:
    return Axis(path, tuple(labels), tuple(frozenset([label]) for label in labels))
