"""Pictures: they show something, are exposed, and are new."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from driving_data.segment import Raw, Segment
from driving_data.verdict import Verdict
from validation.projection import poses_at
from validation.verdicts import Rule


@dataclass(frozen=True, slots=True)
class ImageIntegrity:
    """No picture is black, white, flat, or a copy of the one before while the world moved.

    Attributes:
        name: registered name.
        version: of the definition.
        min_mean: of the grey values 0 to 255, by day.
        night_min_mean: the same where the segment is tagged or known to be at night.
        max_mean: of the grey values.
        min_deviation: standard deviation of the grey values.
        max_clipped: part of the pixels at 0 or 255 in every channel.
        moved_m: how far the ego or anybody must have moved for a copy to be a fault.
    """

    name: str = "image_integrity"
    version: str = "1.0.0"
    min_mean: float = 8.0
    night_min_mean: float = 1.0
    max_mean: float = 245.0
    min_deviation: float = 4.0
    max_clipped: float = 0.60
    moved_m: float = 0.10

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: number of pictures with a fault."""
        rule = Rule(self.name, self.version, "pictures")
        if not segment.frames:
            return rule.not_applicable("no pictures")
        faults = [*self._exposure(segment), *self._copies(segment)]
        reason = str(faults[0]["fault"]) if faults else ""
        return rule.at_most(float(len(faults)), 0.0, reason, {"worst": faults[:5], "pictures": len(segment.frames)})

    def _exposure(self, segment: Segment[Raw]) -> list[dict[str, Any]]:
        dark = "light:night" in segment.tags or segment.rollout.environment.light() == "night"
        least = self.night_min_mean if dark else self.min_mean
        faults: list[dict[str, Any]] = []
        for frame in segment.frames:
            grey = frame.rgb[::2, ::2].mean(axis=-1, dtype=np.float32)
            mean, deviation = float(grey.mean()), float(grey.std())
            clipped = float(np.mean((grey <= 0) | (grey >= 255)))
            words = ""
            if mean < least:
                words = f"black: a mean of {mean:.1f}"
            elif mean > self.max_mean:
                words = f"white: a mean of {mean:.1f}"
            elif deviation < (1.0 if dark else self.min_deviation):
                words = f"flat: a deviation of {deviation:.1f}"
            elif clipped > (1.0 if dark else self.max_clipped):
                words = f"clipped in {100 * clipped:.0f} % of its pixels"
            if words:
                faults.append({"camera": frame.camera, "timestamp_ns": frame.timestamp_ns, "value": mean,
                               "fault": f"a picture of {frame.camera} is {words}"})  # fmt: skip
        return faults

    def _copies(self, segment: Segment[Raw]) -> list[dict[str, Any]]:
        faults: list[dict[str, Any]] = []
        last: dict[str, int] = {}
        for index, frame in enumerate(segment.frames):
            before = last.get(frame.camera)
            last[frame.camera] = index
            if before is None or not np.array_equal(segment.frames[before].rgb, frame.rgb):
                continue
            if self._moved(segment, segment.frames[before].timestamp_ns, frame.timestamp_ns):
                faults.append({"camera": frame.camera, "timestamp_ns": frame.timestamp_ns,
                               "fault": f"a picture of {frame.camera} is a copy of the one before"})  # fmt: skip
        return faults

    def _moved(self, segment: Segment[Raw], start_ns: int, end_ns: int) -> bool:
        """Whether the ego moved in between; an unknown pose counts as moving, since nothing excuses the copy."""
        rollout = segment.rollout
        start, valid_start = poses_at(rollout, start_ns)
        end, valid_end = poses_at(rollout, end_ns)
        ego = rollout.ego_index
        if not (valid_start[ego] and valid_end[ego]):
            return True
        return float(np.linalg.norm(end.translation_m[ego] - start.translation_m[ego])) > self.moved_m
