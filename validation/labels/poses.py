"""Calibration: every picture and sweep was taken from where its sensor is mounted."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from driving_data.geometry import SE3
from driving_data.rollout import ego_frame
from driving_data.segment import Raw, Segment
from driving_data.verdict import Verdict
from validation.projection import poses_at
from validation.verdicts import Rule, is_real


@dataclass(frozen=True, slots=True)
class SensorPoses:
    """world_from_sensor = world_from_ego @ ego_from_sensor at the moment of the picture.

    Attributes:
        name: registered name.
        version: of the definition.
        angle_rad: largest angle between the two.
        distance_m: largest distance between the two.
        real_factor: how much more a real log may deviate: its poses are interpolated, its calibration measured.
    """

    name: str = "sensor_poses"
    version: str = "1.0.0"
    angle_rad: float = 0.004
    distance_m: float = 0.05
    real_factor: float = 2.5

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: highest ratio of angle or distance to its limit."""
        rule = Rule(self.name, self.version, "ratio")
        rollout = segment.rollout
        mounts = {camera.name: camera.ego_from_camera for camera in segment.rig.cameras}
        mounts |= {lidar.name: lidar.ego_from_lidar for lidar in segment.rig.lidars}
        looks = [*((f.camera, f.timestamp_ns, f.world_from_camera) for f in segment.frames),
                 *((s.lidar, s.timestamp_ns, s.world_from_lidar) for s in segment.sweeps)]  # fmt: skip
        factor = self.real_factor if is_real(segment) else 1.0
        start, end = int(rollout.timestamps_ns[0]), int(rollout.timestamps_ns[-1])
        rows: list[dict[str, Any]] = []
        for name, time, pose in looks:
            if name not in mounts or not start <= time <= end or not np.isfinite(pose.translation_m).all():
                continue
            poses, valid = poses_at(rollout, time)
            if not valid[rollout.ego_index]:
                continue
            expected = ego_frame(poses[rollout.ego_index], rollout.actors, rollout.ego_index) @ mounts[name]
            angle, distance = _difference(expected, pose)
            rows.append({"sensor": name, "timestamp_ns": time, "angle_rad": angle, "distance_m": distance,
                         "value": max(angle / self.angle_rad, distance / self.distance_m) / factor})  # fmt: skip
        if not rows:
            return rule.not_applicable("no picture or sweep with a known pose")
        rows.sort(key=lambda row: -float(row["value"]))
        worst = rows[0]
        reason = (f"{worst['sensor']} looks from {worst['distance_m']:.3f} m and {worst['angle_rad']:.4f} rad away "
                  "from its mounting")  # fmt: skip
        return rule.at_most(float(worst["value"]), 1.0, reason, {"worst": rows[:5]})


def _difference(a: SE3, b: SE3) -> tuple[float, float]:
    turn = a.rotation.T @ b.rotation
    angle = float(np.arccos(np.clip(0.5 * (np.trace(turn) - 1.0), -1.0, 1.0)))
    return angle, float(np.linalg.norm(a.translation_m - b.translation_m))
