"""Bodies: they do not pass through one another, and they stand on the road."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from driving_data.geometry import overlap_depth_m
from driving_data.maps.lane_map import LaneMap
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.taxonomy import PEDESTRIANS, STATIC_OBJECTS, TWO_WHEELERS, VEHICLES, ActorClass
from driving_data.verdict import Verdict
from validation.motion import away_from_events, well_seen
from validation.verdicts import Rule, is_real


@dataclass(frozen=True, slots=True)
class Interpenetration:
    """Oriented boxes overlap by no more than `depth_m`, unless a collision of the two is labelled.

    Attributes:
        name: registered name.
        version: of the definition.
        depth_m: by the separating axis theorem.
        moments: in how many moments a pair must overlap.
        real_slack_m: how far a real log's boxes may be drawn too large, both together; its static objects and
            riders (people beside or on something) are not judged.
        real_max_share: part of a real log's actors that may stand in one another: objects labelled twice.
    """

    name: str = "interpenetration"
    version: str = "1.0.0"
    depth_m: float = 0.10
    moments: int = 2
    real_slack_m: float = 0.30
    real_max_share: float = 0.05

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: the depth that the worst pair reaches in at least `moments` moments, in metres."""
        rule = Rule(self.name, self.version, "m")
        rollout = segment.rollout
        if rollout.num_actors < 2 or rollout.num_steps < self.moments or not rollout.valid.any():
            return rule.not_applicable("fewer than two actors or moments")
        if "size:assumed" in segment.tags:
            return rule.not_applicable("the sizes of the boxes are assumed")
        limit = self.depth_m + (self.real_slack_m if is_real(segment) else 0.0)
        depths = self._pairs(rollout, rollout.valid & well_seen(segment), is_real(segment))
        rows: list[dict[str, Any]] = []
        for (first, second), found in depths.items():
            if len(found) >= self.moments:
                ordered = sorted(found, key=lambda item: -item[1])
                step, _ = ordered[0]
                rows.append({
                    "actors": [rollout.actors.ids[first], rollout.actors.ids[second]],
                    "classes": [rollout.actors.kind_of(first).label, rollout.actors.kind_of(second).label],
                    "timestamp_ns": int(rollout.timestamps_ns[step]), "value": ordered[self.moments - 1][1],
                    "moments": len(found),
                })  # fmt: skip
        rows.sort(key=lambda row: -float(row["value"]))
        if is_real(segment):
            return self._of_a_log(segment, rows, limit)
        score = float(rows[0]["value"]) if rows else 0.0
        who = " and ".join(rows[0]["actors"]) if rows else ""
        return rule.at_most(score, limit, f"{who} pass {score:.2f} m into one another", {"worst": rows[:5]})

    def _of_a_log(self, segment: Segment[Raw], rows: list[dict[str, Any]], limit: float) -> Verdict:
        """Score of a real log: part of its actors that stand deeper in another than `limit`."""
        deep = [row for row in rows if float(row["value"]) > limit]
        share = len({name for row in deep for name in row["actors"]}) / segment.rollout.num_actors
        reason = f"{len(deep)} pairs of boxes stand more than {limit:.2f} m in one another"
        return Rule(self.name, self.version, "part of actors").at_most(
            share, self.real_max_share, reason, {"worst": rows[:5]}
        )

    def _pairs(
        self, rollout: Rollout, present: np.ndarray, real: bool
    ) -> dict[tuple[int, int], list[tuple[int, float]]]:
        """Overlapping moments and depths of each pair that may not overlap."""
        size = rollout.actors.size_m
        radius = 0.5 * np.linalg.norm(size[:, :2], axis=-1)
        place, yaw = rollout.world_from_actor.translation_m, rollout.world_from_actor.yaw_rad()
        labelled = {frozenset(event.actor_ids) for event in rollout.events if event.kind == "collision"}
        exempt = _exempt(rollout, real)
        found: dict[tuple[int, int], list[tuple[int, float]]] = {}
        for step in range(rollout.num_steps):
            here = np.flatnonzero(present[step])
            centre = place[step][here]
            offset = centre[:, None] - centre[None]
            near = np.hypot(offset[..., 0], offset[..., 1]) < radius[here, None] + radius[None, here]
            near &= np.abs(offset[..., 2]) < 0.5 * (size[here, None, 2] + size[None, here, 2]) - self.depth_m
            first, second = np.nonzero(np.triu(near, 1))
            a, b = here[first], here[second]
            kept = ~exempt[a, b]
            a, b = a[kept], b[kept]
            depth = overlap_depth_m(place[step, a, :2], yaw[step, a], size[a, :2],
                                    place[step, b, :2], yaw[step, b], size[b, :2])  # fmt: skip
            for i in np.flatnonzero(depth > 0):
                pair = (int(a[i]), int(b[i]))
                if frozenset(rollout.actors.ids[k] for k in pair) not in labelled:
                    found.setdefault(pair, []).append((step, float(depth[i])))
        return found


def _exempt(rollout: Rollout, real: bool) -> np.ndarray:
    """Pairs that may share space: a trailer and its tractor; in real logs people with what they carry or ride."""
    kinds = rollout.actors.kind
    trailer = kinds == int(ActorClass.TRAILER)
    vehicle = np.isin(kinds, [int(kind) for kind in VEHICLES])
    exempt = (trailer[:, None] & vehicle[None]) | (vehicle[:, None] & trailer[None])
    if real:
        loose = np.isin(kinds, [int(kind) for kind in (*PEDESTRIANS, *TWO_WHEELERS, *STATIC_OBJECTS, ActorClass.OTHER,
                                                       ActorClass.ANIMAL)])  # fmt: skip
        exempt |= loose[:, None] | loose[None]
    return exempt


@dataclass(frozen=True, slots=True)
class GroundContact:
    """What has wheels or feet stands on the road: |z_bottom - z_road| <= `height_m`.

    Attributes:
        name: registered name.
        version: of the definition.
        height_m: between the bottom of the box and the road below.
        real_slack_m: how far the bottom of a real log's box may be drawn off the ground.
        real_max_share: part of a real log's actor-moments that may break the limit.
        beside_m: only actors this near to a mapped point of the road are judged.
        event_margin_s: time around labelled collisions that is left out.
    """

    name: str = "ground_contact"
    version: str = "1.0.0"
    height_m: float = 0.15
    real_slack_m: float = 0.35
    real_max_share: float = 0.05
    beside_m: float = 2.5
    event_margin_s: float = 2.0

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: highest ratio of a box's distance to the road to the limit; of a real log, of a track's median."""
        rule = Rule(self.name, self.version, "ratio")
        rollout = segment.rollout
        ground = _ground_points(rollout.lane_map)
        if ground is None or not rollout.valid.any():
            return rule.not_applicable("no map with heights" if rollout.valid.any() else "no actor with a known pose")
        if is_real(segment) and (np.ptp(ground[:, 2]) == 0 or any(tag.startswith("height:") for tag in segment.tags)):
            return rule.not_applicable("the heights of this log are not measured")
        kinds = [int(kind) for kind in (*VEHICLES, *TWO_WHEELERS, *PEDESTRIANS)]
        judged = rollout.valid & np.isin(rollout.actors.kind, kinds)
        judged &= away_from_events(rollout, ("collision",), self.event_margin_s)
        value = self._heights(rollout, ground, judged)
        limit = self.height_m + (self.real_slack_m if is_real(segment) else 0.0)
        if is_real(segment):
            value = _usual(value)
        if not np.isfinite(value).any():
            return rule.not_applicable("no actor near the mapped road")
        return rule.ratio(segment, value / limit, value, "a body {} times the limit off the road", self.real_max_share)

    def _heights(self, rollout: Rollout, ground: np.ndarray, judged: np.ndarray) -> Float[np.ndarray, "T A"]:
        from scipy.spatial import cKDTree  # pyright: ignore[reportAttributeAccessIssue]

        step, actor = np.nonzero(judged)
        pose = rollout.world_from_actor[step, actor]
        down = np.stack([np.zeros(len(actor)), np.zeros(len(actor)), -0.5 * rollout.actors.size_m[actor, 2]], axis=-1)
        bottom = pose.translation_m + pose.rotate(down)
        distance, nearest = cKDTree(ground[:, :2]).query(bottom[:, :2], k=min(4, len(ground)))
        distance = np.asarray(distance).reshape(len(bottom), -1)
        heights = ground[np.asarray(nearest).reshape(len(bottom), -1), 2]
        weight = 1.0 / (np.square(distance) + 0.05)
        road = np.sum(weight * heights, axis=1) / np.sum(weight, axis=1)
        near = distance[:, 0] <= self.beside_m
        value = np.full(judged.shape, np.nan)
        value[step[near], actor[near]] = np.abs(bottom[near, 2] - road[near])
        return value


def _usual(value: np.ndarray) -> np.ndarray:
    """Each actor's median in place of its values: single boxes of a real log wander, whole tracks should not."""
    result = np.full(value.shape, np.nan)
    for actor in range(value.shape[1]):
        known = np.isfinite(value[:, actor])
        if known.any():
            result[known, actor] = np.median(value[known, actor])
    return result


def _ground_points(lane_map: LaneMap | None) -> Float[np.ndarray, "n 3"] | None:
    """Points on the road surface about every metre along the lanes; None without lanes."""
    if lane_map is None or not lane_map.lanes:
        return None
    parts: list[np.ndarray] = []
    for lane in lane_map.lanes:
        along = lane.arc_length_m()
        count = max(2, int(along[-1]) + 1)
        at = np.linspace(0.0, along[-1], count)
        for line in (lane.centerline_m, lane.left_m, lane.right_m):
            parts.append(np.stack([np.interp(at, along, line[:, axis]) for axis in range(3)], axis=-1))
    return np.concatenate(parts)
