"""2D boxes against the instance map, and 3D boxes against 2D boxes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from driving_data.segment import Raw, Segment
from driving_data.verdict import Verdict
from validation.projection import box_in_picture, can_project, intersection_over_union, poses_at
from validation.verdicts import Rule, is_real


@dataclass(frozen=True, slots=True)
class BoxPixels:
    """2D boxes are tight around the pixels of their actor, count them, and none is missing.

    Attributes:
        name: registered name.
        version: of the definition.
        tolerance_px: of each side of a box.
        max_wrong: part of the boxes that may be wrong.
        min_pixels: from how many pixels on an actor must have a box.
    """

    name: str = "box_pixels"
    version: str = "1.0.0"
    tolerance_px: float = 1.0
    max_wrong: float = 0.01
    min_pixels: int = 4

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: part of the boxes that contradict the instance map."""
        rule = Rule(self.name, self.version, "part")
        frames = [index for index, frame in enumerate(segment.frames) if frame.instance is not None]
        if segment.labels is None or not frames:
            return rule.not_applicable("no labels or no instance maps")
        wrong: list[dict[str, Any]] = []
        judged = 0
        for index in frames:
            count, found = self._frame(segment, index)
            judged += count
            wrong += found
        if not judged:
            return rule.not_applicable("no actor in any picture")
        reason = f"{len(wrong)} of {judged} boxes contradict the pixels"
        return rule.at_most(len(wrong) / judged, self.max_wrong, reason, {"worst": wrong[:5], "judged": judged})

    def _frame(self, segment: Segment[Raw], index: int) -> tuple[int, list[dict[str, Any]]]:
        frame, labels = segment.frames[index], segment.labels
        if frame.instance is None or labels is None:
            return 0, []
        flat, rollout = labels.boxes_2d, segment.rollout
        rows = {int(flat.actor[row]): int(row) for row in np.flatnonzero(flat.frame == index)}
        pixels = _bounds(frame.instance)
        wrong: list[dict[str, Any]] = []
        for actor in sorted({*rows, *pixels}):
            if actor == rollout.ego_index or actor >= rollout.num_actors:
                continue
            name = rollout.actors.ids[actor]
            place = {"actor": name, "camera": frame.camera, "timestamp_ns": frame.timestamp_ns}
            if actor not in rows:
                if pixels[actor][1] >= self.min_pixels:
                    wrong.append({**place, "fault": f"{pixels[actor][1]} pixels of {name} and no box"})
                continue
            if actor not in pixels:
                wrong.append({**place, "fault": f"a box of {name} and no pixel"})
                continue
            bounds, count = pixels[actor]
            off = float(np.abs(flat.visible_px[rows[actor]] - bounds).max())
            told = int(flat.num_pixels[rows[actor]])
            if off > self.tolerance_px or told != count:
                wrong.append(
                    {**place, "value": off, "counted": count, "told": told, "fault": f"the box of {name} is off"}
                )
        return len({*rows, *pixels}), wrong


def _bounds(instance: np.ndarray) -> dict[int, tuple[np.ndarray, int]]:
    """Bounds (max exclusive) and number of the pixels of each actor."""
    row, column = np.nonzero(instance)
    actor = instance[row, column].astype(np.int64) - 1
    order = np.argsort(actor, kind="stable")
    row, column, actor = row[order], column[order], actor[order]
    names, first = np.unique(actor, return_index=True)
    found: dict[int, tuple[np.ndarray, int]] = {}
    for name, start, end in zip(names, first, [*first[1:], len(actor)][: len(names)], strict=True):
        x, y = column[start:end], row[start:end]
        box = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1], dtype=np.float64)
        found[int(name)] = (box, int(end - start))
    return found


@dataclass(frozen=True, slots=True)
class BoxReprojection:
    """The 3D box, projected with the calibration, is the stored amodal 2D box; visible pixels lie inside it.

    Attributes:
        name: registered name.
        version: of the definition.
        min_overlap: intersection over union of stored and projected box.
        real_min_overlap: of boxes drawn by hand.
        max_wrong: part of the boxes that may be wrong.
        real_max_wrong: of boxes drawn by hand.
        min_area_px: smaller boxes are not compared.
        outside_px: how far visible pixels may leave the projected box.
        occlusion_slack: the told occlusion may leave its bounds by this much. An actor fills at least `least_fill`
            of its amodal box and at most all of it, so its visible pixels bound what can be hidden.
        least_fill: see above.
    """

    name: str = "box_reprojection"
    version: str = "1.0.0"
    min_overlap: float = 0.90
    real_min_overlap: float = 0.60
    max_wrong: float = 0.01
    real_max_wrong: float = 0.20
    min_area_px: float = 150.0
    outside_px: float = 3.0
    occlusion_slack: float = 0.10
    least_fill: float = 0.08

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: part of the boxes that the calibration puts elsewhere."""
        rule = Rule(self.name, self.version, "part")
        if segment.labels is None or not len(segment.labels.boxes_2d.frame):
            return rule.not_applicable("no 2D boxes")
        flat, rollout = segment.labels.boxes_2d, segment.rollout
        least = self.real_min_overlap if is_real(segment) else self.min_overlap
        wrong: list[dict[str, Any]] = []
        judged = 0
        for index, frame in enumerate(segment.frames):
            rows = np.flatnonzero(flat.frame == index)
            camera = segment.rig.camera(frame.camera) if len(rows) else None
            if camera is None or not can_project(camera):
                continue
            poses, valid = poses_at(rollout, frame.timestamp_ns)
            for row in rows:
                actor = int(flat.actor[row])
                told = flat.amodal_px[row].astype(np.float64)
                if not np.isfinite(told).all() or not valid[actor] or np.prod(told[2:] - told[:2]) < self.min_area_px:
                    continue
                judged += 1
                seen = box_in_picture(camera, frame, poses[actor], rollout.actors.size_m[actor])
                overlap = intersection_over_union(told, seen) if seen is not None else 0.0
                sound = overlap >= least and self._inside(flat.visible_px[row].astype(np.float64), seen)
                share = float(flat.num_pixels[row] / np.prod(told[2:] - told[:2]))
                if not sound or not self._plausible(float(flat.occlusion[row]), share):
                    wrong.append({"actor": rollout.actors.ids[actor], "camera": frame.camera, "value": overlap,
                                  "timestamp_ns": frame.timestamp_ns})  # fmt: skip
        if not judged:
            return rule.not_applicable("no 2D box that can be compared")
        limit = self.real_max_wrong if is_real(segment) else self.max_wrong
        reason = f"{len(wrong)} of {judged} boxes do not fit their 3D box"
        return rule.at_most(len(wrong) / judged, limit, reason, {"worst": wrong[:5], "judged": judged})

    def _plausible(self, occlusion: float, share: float) -> bool:
        """Whether an occlusion fits `share`, the visible pixels as a part of the amodal box."""
        if not np.isfinite(occlusion) or share < 0:
            return True
        low, high = 1.0 - share / self.least_fill, 1.0 - share
        return low - self.occlusion_slack <= occlusion <= high + self.occlusion_slack

    def _inside(self, visible: np.ndarray, projected: np.ndarray | None) -> bool:
        if projected is None:
            return False
        if not np.isfinite(visible).all():
            return True
        low, high = projected[:2] - self.outside_px, projected[2:] + self.outside_px
        return bool((visible[:2] >= low).all() and (visible[2:] <= high).all())
