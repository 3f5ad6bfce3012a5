"""Where vehicles may be: on the drivable area, and not against the traffic."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from driving_data.geometry import box_corners
from driving_data.maps.lane_map import LaneKind, LaneMap
from driving_data.segment import Raw, Segment
from driving_data.taxonomy import TWO_WHEELERS, VEHICLES
from driving_data.verdict import Verdict
from validation.motion import away_from_events
from validation.verdicts import Rule, is_real, worst_of

_OPEN_LANES = frozenset({LaneKind.DRIVING, LaneKind.BUS, LaneKind.ENTRY, LaneKind.EXIT, LaneKind.SHOULDER,
                         LaneKind.PARKING, LaneKind.BICYCLE})  # fmt: skip
_OPEN_AREAS = frozenset({"drivable", "parking", "driveway", "crosswalk"})


@dataclass(frozen=True, slots=True)
class DrivableArea:
    """At least 99 % of the corners of vehicles lie on the road, for each vehicle.

    Of a real log only the ego is judged, since others use yards that no map shows; and softly where the map has
    centrelines but no areas (the tags say `lane_width`), since the width of the road is then a guess.

    Attributes:
        name: registered name.
        version: of the definition.
        max_outside: part of a vehicle's corner samples that may lie outside.
        margin_m: the area is grown by this much: kerbs, paint, mirrors.
        real_min_moments: an ego that a log knows for fewer moments (a planning task) is not judged.
        allowed_tag: a segment with this tag is not judged.
    """

    name: str = "drivable_area"
    version: str = "1.0.0"
    max_outside: float = 0.01
    margin_m: float = 0.30
    real_min_moments: int = 5
    allowed_tag: str = "off_road:allowed"

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: largest part of a vehicle's corner samples outside the drivable area."""
        guessed = any(tag.startswith("lane_width:") for tag in segment.tags)
        rule = Rule(self.name, self.version, "part", hard=not guessed)
        rollout = segment.rollout
        if rollout.lane_map is None or not rollout.lane_map.lanes:
            return rule.not_applicable("no lane map")
        if self.allowed_tag in segment.tags:
            return rule.not_applicable(f"tagged {self.allowed_tag}")
        judged = rollout.valid & np.isin(rollout.actors.kind, [int(kind) for kind in (*VEHICLES, *TWO_WHEELERS)])
        judged &= away_from_events(rollout, ("collision", "off_road"), 5.0)
        if is_real(segment):
            judged &= np.arange(rollout.num_actors) == rollout.ego_index
        if judged.sum() < (self.real_min_moments if is_real(segment) else 1):
            return rule.not_applicable("no vehicle to judge")
        step, actor = np.nonzero(judged)
        corners = box_corners(rollout.world_from_actor[step, actor], rollout.actors.size_m[actor])[:, :4, :2]
        outside = ~_contains(rollout.lane_map, self.margin_m, corners.reshape(-1, 2)).reshape(-1, 4)
        share = np.full(judged.shape, np.nan)
        share[step, actor] = outside.mean(axis=1)
        count = judged.sum(axis=0)
        per_actor = np.nansum(share, axis=0) / np.maximum(count, 1)
        score = float(per_actor.max())
        evidence: dict[str, Any] = worst_of(rollout, np.where(share > 0, share * per_actor, np.nan), share)
        return rule.at_most(
            score, self.max_outside, f"{100 * score:.1f} % of a vehicle's corners off the road", evidence
        )


def _contains(lane_map: LaneMap, margin_m: float, points: np.ndarray) -> np.ndarray:
    import shapely

    rings = [
        np.concatenate([lane.left_m, lane.right_m[::-1]])[:, :2] for lane in lane_map.lanes if lane.kind in _OPEN_LANES
    ]
    rings += [area.polygon_m[:, :2] for area in lane_map.areas if area.kind in _OPEN_AREAS and len(area.polygon_m) > 2]
    low, high = points.min(axis=0) - 1.0, points.max(axis=0) + 1.0
    near = [ring for ring in rings if (ring.max(axis=0) >= low).all() and (ring.min(axis=0) <= high).all()]
    if not near:
        return np.zeros(len(points), dtype=np.bool_)
    polygons = shapely.make_valid(np.array([shapely.Polygon(ring) for ring in near], dtype=object))
    area = shapely.buffer(shapely.union_all(polygons), margin_m)
    shapely.prepare(area)
    return np.asarray(shapely.contains_xy(area, points[:, 0], points[:, 1]))
