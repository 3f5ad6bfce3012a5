"""Lidar and depth picture see the same world."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from driving_data.segment import Raw, Segment
from driving_data.sensors import CameraFrame, CameraModel, LidarSweep
from driving_data.verdict import Verdict
from validation.labels.noise import range_sigma_m
from validation.projection import can_project, poses_at, project
from validation.verdicts import Rule


@dataclass(frozen=True, slots=True)
class LidarDepthCamera:
    """|z_lidar - depth| <= max(0.10 m, 2 %) for 98 % of the points beside depth edges.

    Left out: points within `edge_px` of a depth edge; points that the camera cannot see because something stands
    before them (depth below `hidden` times z, since the lidar looks from elsewhere); points nearer than `baselines`
    times the way from the camera to the lidar, which see bodies from different sides; points on moving actors.

    Attributes:
        name: registered name.
        version: of the definition.
        absolute_m: tolerance near by.
        relative: tolerance far away, as a part of the depth.
        min_agreement: part of the points that must agree.
        hidden: a camera depth below this part of z means an occluder.
        baselines: nearer points, in distances between camera and lidar, are not compared.
        edge_px: distance from depth edges.
        edge: ratio of depths within `edge_px` that makes an edge.
        max_desync_ns: picture and sweep further apart in time are not compared.
        min_points: fewer common points are not judged.
        max_speed_mps: points on faster actors are left out.
        sigmas: the noise of the range is allowed for, in standard deviations.
    """

    name: str = "lidar_depth_camera"
    version: str = "1.1.0"
    absolute_m: float = 0.10
    relative: float = 0.02
    min_agreement: float = 0.98
    hidden: float = 0.90
    baselines: float = 2.0
    edge_px: int = 2
    edge: float = 1.05
    max_desync_ns: int = 10_000_000
    min_points: int = 50
    max_speed_mps: float = 0.5
    sigmas: float = 4.0

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: largest part of disagreeing points of any pair of picture and sweep."""
        rule = Rule(self.name, self.version, "part")
        rows: list[dict[str, Any]] = []
        for frame in segment.frames:
            camera = next((item for item in segment.rig.cameras if item.name == frame.camera), None)
            if frame.depth_m is None or camera is None or not can_project(camera):
                continue
            for sweep in segment.sweeps:
                if abs(sweep.timestamp_ns - frame.timestamp_ns) <= self.max_desync_ns:
                    rows += self._pair(segment, camera, frame, sweep)
        if not rows:
            return rule.not_applicable("no depth picture with a sweep at its moment")
        worst = max(rows, key=lambda row: float(row["value"]))
        reason = f"{100 * worst['value']:.1f} % of the points contradict the depth of {worst['camera']}"
        return rule.at_most(
            float(worst["value"]), 1.0 - self.min_agreement, reason, {"worst": [worst], "pairs": len(rows)}
        )

    def _pair(self, segment: Segment[Raw], camera: CameraModel, frame: CameraFrame,
              sweep: LidarSweep) -> list[dict[str, Any]]:  # fmt: skip
        if frame.depth_m is None:
            return []
        points = frame.world_from_camera.inverse().apply(
            sweep.world_from_lidar.apply(sweep.points_m[self._still(segment, sweep)].astype(np.float64))
        )
        points = points[points[:, 2] > 0.5]
        pixel = np.floor(project(camera, points)).astype(np.int64)
        inside = ((pixel >= 0) & (pixel < [camera.width_px, camera.height_px])).all(axis=1)
        z, column, row = points[inside, 2], pixel[inside, 0], pixel[inside, 1]
        depth = frame.depth_m[row, column].astype(np.float64)
        apart_m = np.linalg.norm(frame.world_from_camera.translation_m - sweep.world_from_lidar.translation_m)
        seen_alike = (z >= self.baselines * apart_m) & ~(depth < self.hidden * z)
        judged = ~self._edges(frame.depth_m)[row, column] & seen_alike
        if judged.sum() < self.min_points:
            return []
        # Across one pixel the depth of a slanted surface changes: that is no contradiction.
        slope = _slope(frame.depth_m)[row, column]
        noise = self.sigmas * range_sigma_m(segment, z)
        tolerance = np.maximum(np.maximum(self.absolute_m, self.relative * z), noise) + slope
        wrong = ~(np.abs(depth - z) <= tolerance) & judged
        return [{"camera": frame.camera, "lidar": sweep.lidar, "timestamp_ns": frame.timestamp_ns,
                 "value": float(wrong.sum() / judged.sum()), "points": int(judged.sum())}]  # fmt: skip

    def _still(self, segment: Segment[Raw], sweep: LidarSweep) -> np.ndarray:
        """Which points are on a surface, and not on a moving actor's."""
        solid = np.ones(len(sweep.points_m), dtype=np.bool_) if sweep.scatter is None else ~sweep.scatter
        if sweep.instance is None:
            return solid
        rollout = segment.rollout
        _, valid = poses_at(rollout, sweep.timestamp_ns)
        step = int(np.argmin(np.abs(rollout.timestamps_ns - sweep.timestamp_ns)))
        speed = np.linalg.norm(rollout.velocity_mps[step], axis=-1)
        moving = np.concatenate([[False], valid & (np.nan_to_num(speed) > self.max_speed_mps)])
        return solid & ~moving[np.minimum(sweep.instance, len(moving) - 1)]

    def _edges(self, depth_m: np.ndarray) -> np.ndarray:
        from scipy.ndimage import maximum_filter, minimum_filter

        filled = np.where(np.isfinite(depth_m), depth_m, 1e6)
        size = 2 * self.edge_px + 1
        low, high = minimum_filter(filled, size), maximum_filter(filled, size)
        # On a slanted plane a pixel lies in the middle of the depths around it: an edge is where it does not.
        uneven = np.abs(high + low - 2 * filled) > (self.edge - 1.0) * filled
        return (high / np.maximum(low, 1e-6) > self.edge) & uneven


def _slope(depth_m: np.ndarray) -> np.ndarray:
    """Depth difference to the farther vertical or horizontal neighbour on a smooth surface."""
    filled = np.where(np.isfinite(depth_m), depth_m, 0.0).astype(np.float64)
    down = np.abs(np.gradient(filled, axis=0))
    right = np.abs(np.gradient(filled, axis=1))
    return np.minimum(np.hypot(down, right), 0.1 * filled)
