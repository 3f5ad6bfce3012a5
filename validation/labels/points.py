"""Lidar points and 3D boxes: the count of each label is counted again."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from driving_data.geometry import SE3, points_in_boxes
from driving_data.labels import Boxes3D
from driving_data.segment import Raw, Segment
from driving_data.sensors import LidarSweep
from driving_data.verdict import Verdict
from validation.labels.noise import range_sigma_m
from validation.verdicts import Rule, is_real


@dataclass(frozen=True, slots=True)
class PointsInBoxes:
    """`num_lidar_points` lies between the points in the box shrunk and grown by the noise of the lidar.

    What moves while the lidar turns gets its way on top. Where points name their actor, no actor with `min_points`
    may lack a label, and no point may lie far from the actor that it names.

    Attributes:
        name: registered name.
        version: of the definition.
        max_wrong: part of the labels that may be wrong.
        real_max_wrong: of a real log's labels, which were drawn by hand.
        margin_m: least growth of a box.
        sigmas: growth in standard deviations of the range.
        min_points: from how many points on an actor must have a label.
        far_m: a point this far outside the box of the actor that it names is wrong.
    """

    name: str = "points_in_boxes"
    version: str = "1.0.0"
    max_wrong: float = 0.01
    real_max_wrong: float = 0.10
    margin_m: float = 0.05
    sigmas: float = 4.0
    min_points: int = 5
    far_m: float = 0.50

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: part of the labels that contradict the points."""
        rule = Rule(self.name, self.version, "part")
        if segment.labels is None or not segment.sweeps:
            return rule.not_applicable("no sweeps or no labels")
        boxes = segment.labels.boxes_3d
        if not len(boxes.step):
            return rule.not_applicable("no 3D boxes")
        wrong: list[dict[str, Any]] = []
        judged = 0
        for time in sorted({sweep.timestamp_ns for sweep in segment.sweeps}):
            rows = np.flatnonzero(boxes.timestamp_ns == time)
            if not len(rows):
                continue
            sweeps = [sweep for sweep in segment.sweeps if sweep.timestamp_ns == time]
            known = rows[boxes.num_lidar_points[rows] >= 0]
            judged += len(known)
            wrong += self._recount(segment, boxes, known, sweeps)
            named, lacking = self._named(segment, boxes, rows, sweeps)
            judged += named
            wrong += lacking
        if not judged:
            return rule.not_applicable("no label with a count at the moment of a sweep")
        limit = self.real_max_wrong if is_real(segment) else self.max_wrong
        reason = f"{len(wrong)} of {judged} labels contradict the points"
        return rule.at_most(len(wrong) / judged, limit, reason, {"worst": wrong[:5], "judged": judged})

    def _recount(self, segment: Segment[Raw], boxes: Boxes3D, rows: np.ndarray,
                 sweeps: list[LidarSweep]) -> list[dict[str, Any]]:  # fmt: skip
        rollout = segment.rollout
        points = np.concatenate([s.world_from_lidar.apply(s.points_m.astype(np.float64)) for s in sweeps])
        turn_s = max((float(np.abs(s.offset_ns).max(initial=0)) * 1e-9 for s in sweeps), default=0.0)
        wrong: list[dict[str, Any]] = []
        for row in rows:
            step, actor = int(boxes.step[row]), int(boxes.actor[row])
            speed = float(np.nan_to_num(np.linalg.norm(rollout.velocity_mps[step, actor])))
            margin = max(
                self.margin_m, self.sigmas * _sigma_m(segment, sweeps[0], rollout.world_from_actor[step, actor])
            )
            margin += 0.0 if is_real(segment) else speed * turn_s
            pose, size = rollout.world_from_actor[step, actor : actor + 1], rollout.actors.size_m[actor : actor + 1]
            near = points[np.abs(points - pose.translation_m).max(axis=1) < 0.5 * size.max() * 1.5 + 1.0 + margin]
            low, high = (int(points_in_boxes(near, pose, size, sign * margin).sum()) for sign in (-1, 1))
            told = int(boxes.num_lidar_points[row])
            if not low <= told <= high:
                wrong.append({"actor": rollout.actors.ids[actor], "timestamp_ns": int(boxes.timestamp_ns[row]),
                              "value": told, "counted": [low, high]})  # fmt: skip
        return wrong

    def _named(self, segment: Segment[Raw], boxes: Boxes3D, rows: np.ndarray,
               sweeps: list[LidarSweep]) -> tuple[int, list[dict[str, Any]]]:  # fmt: skip
        rollout = segment.rollout
        labelled = set(boxes.actor[rows].tolist())
        step = int(boxes.step[rows[0]])
        wrong: list[dict[str, Any]] = []
        judged = 0
        for sweep in sweeps:
            if sweep.instance is None:
                continue
            turn_s = float(np.abs(sweep.offset_ns).max(initial=0)) * 1e-9
            points = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))
            for number in np.unique(sweep.instance[sweep.instance > 0]):
                actor = int(number) - 1
                if actor == rollout.ego_index or actor >= rollout.num_actors:
                    continue
                own = points[sweep.instance == number]
                if len(own) < self.min_points:
                    continue
                judged += 1
                name = rollout.actors.ids[actor]
                row = {"actor": name, "timestamp_ns": sweep.timestamp_ns, "value": len(own)}
                if actor not in labelled:
                    wrong.append({**row, "fault": f"{len(own)} points of {name} and no label"})
                elif rollout.valid[step, actor]:
                    speed = float(np.nan_to_num(np.linalg.norm(rollout.velocity_mps[step, actor])))
                    pose = rollout.world_from_actor[step, actor : actor + 1]
                    size = rollout.actors.size_m[actor : actor + 1]
                    noise = self.sigmas * _sigma_m(segment, sweep, rollout.world_from_actor[step, actor])
                    inside = points_in_boxes(own, pose, size, self.far_m + speed * turn_s + noise)[0]
                    if inside.mean() < 0.98:
                        wrong.append({**row, "fault": f"points named {name} lie far from it"})
        return judged, wrong


def _sigma_m(segment: Segment[Raw], sweep: LidarSweep, world_from_actor: SE3) -> float:
    """Standard deviation of the range of a point on an actor."""
    distance = np.linalg.norm(world_from_actor.translation_m - sweep.world_from_lidar.translation_m)
    return float(range_sigma_m(segment, np.array([distance]))[0])
