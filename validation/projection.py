"""From the world into pictures, at the moment of the picture."""

import numpy as np
from jaxtyping import Float

from driving_data.geometry import SE3, box_corners, interpolate
from driving_data.rollout import Rollout
from driving_data.sensors import CameraFrame, CameraModel

# Nearer than this a box edge is cut: what lies closer to the lens fills the picture anyway.
_NEAR_M = 0.1
_EDGES = np.array([[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6], [6, 7], [7, 4], [0, 4], [1, 5], [2, 6], [3, 7]])


def can_project(camera: CameraModel) -> bool:
    """Whether `project` knows the lens."""
    return camera.model == "pinhole" and len(camera.distortion) in (0, 4, 5)


def project(camera: CameraModel, points_m: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 2"]:
    """Pixels of points in the camera frame, which must lie before the camera (Brown-Conrady distortion, as OpenCV)."""
    x, y = points_m[:, 0] / points_m[:, 2], points_m[:, 1] / points_m[:, 2]
    if any(camera.distortion):
        k1, k2, p1, p2, *rest = camera.distortion
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * (rest[0] if rest else 0.0)))
        x, y = (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
                y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y)  # fmt: skip
    return np.stack([camera.fx_px * x + camera.cx_px, camera.fy_px * y + camera.cy_px], axis=-1)


def poses_at(rollout: Rollout, timestamp_ns: int) -> tuple[SE3, np.ndarray]:
    """Poses of every actor between the rollout's moments, shape (A,), and who is valid at both of them."""
    times = rollout.timestamps_ns
    after = int(np.clip(np.searchsorted(times, timestamp_ns), 0, len(times) - 1))
    before = max(after - 1, 0) if times[after] != timestamp_ns else after
    valid = rollout.valid[before] & rollout.valid[after]
    start, end = rollout.world_from_actor[before], rollout.world_from_actor[after]
    if before == after:
        return start, valid
    fraction = float(np.clip((timestamp_ns - times[before]) / (times[after] - times[before]), 0.0, 1.0))
    whole = np.where(valid[:, None, None], 1.0, 0.0)
    filled = [SE3(np.where(whole > 0, pose.rotation, np.eye(3)), np.where(whole[..., 0] > 0, pose.translation_m, 0.0))
              for pose in (start, end)]  # fmt: skip
    return interpolate(filled[0], filled[1], np.full(len(valid), fraction)), valid


def box_in_picture(camera: CameraModel, frame: CameraFrame, world_from_actor: SE3,
                   size_m: Float[np.ndarray, "3"]) -> Float[np.ndarray, "4"] | None:  # fmt: skip
    """Bounds (x_min, y_min, x_max, y_max) of a projected box inside the picture; None where it is not in it.

    Edges that pass behind the camera are cut at its near plane.
    """
    corners = frame.world_from_camera.inverse().apply(box_corners(world_from_actor, size_m))
    start, end = corners[_EDGES[:, 0]], corners[_EDGES[:, 1]]
    points = [corners[corners[:, 2] > _NEAR_M]]
    crossing = (start[:, 2] > _NEAR_M) != (end[:, 2] > _NEAR_M)
    if crossing.any():
        s, e = start[crossing], end[crossing]
        at = (_NEAR_M - s[:, 2]) / (e[:, 2] - s[:, 2])
        points.append(s + at[:, None] * (e - s))
    before = np.concatenate(points)
    if not len(before):
        return None
    pixel = project(camera, before)
    size = np.array([camera.width_px, camera.height_px], dtype=np.float64)
    low, high = np.clip(pixel.min(axis=0), 0, size), np.clip(pixel.max(axis=0), 0, size)
    return np.concatenate([low, high]) if (high - low).min() > 0 else None


def intersection_over_union(a: Float[np.ndarray, "4"], b: Float[np.ndarray, "4"]) -> float:
    """Overlap of two boxes (x_min, y_min, x_max, y_max), 0 to 1."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    common = float(np.prod(np.clip(high - low, 0, None)))
    both = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - common
    return common / both if both > 0 else 0.0
