"""Signed distance between boxes with rounded corners.

A box is shrunk on every side by r = 0.7 min(length, width) / 2 and grown again by a disc of that radius. The signed
distance of two such shapes is that of the shrunk boxes less both radii; where the shrunk boxes overlap, theirs is the
negative of the least translation that parts them (the distance of the origin from the edge of the Minkowski
difference).
"""

import numpy as np
from jaxtyping import Float

from driving_data.geometry import overlap_depth_m

ROUNDING = 0.7


def corner_points_m(
    center_m: Float[np.ndarray, "*b 2"], yaw_rad: Float[np.ndarray, "*b"], size_m: Float[np.ndarray, "*b 2"]
) -> Float[np.ndarray, "*b 4 2"]:
    """Corners of boxes: front-left, front-right, rear-right, rear-left."""
    forward = np.stack([np.cos(yaw_rad), np.sin(yaw_rad)], axis=-1)
    left = np.stack([-forward[..., 1], forward[..., 0]], axis=-1)
    half = 0.5 * size_m
    along, across = half[..., :1] * forward, half[..., 1:] * left
    return center_m[..., None, :] + np.stack([along + across, along - across, -along - across, across - along], -2)


def rounded_distance_m(
    center_a_m: Float[np.ndarray, "*b 2"], yaw_a_rad: Float[np.ndarray, "*b"], size_a_m: Float[np.ndarray, "*b 2"],
    center_b_m: Float[np.ndarray, "*b 2"], yaw_b_rad: Float[np.ndarray, "*b"], size_b_m: Float[np.ndarray, "*b 2"],
    rounding: float = ROUNDING,
) -> Float[np.ndarray, "*b"]:  # fmt: skip
    """Signed distance of pairs of rounded boxes, negative where they overlap; NaN stays NaN."""
    radius_a = 0.5 * rounding * np.min(size_a_m, axis=-1)
    radius_b = 0.5 * rounding * np.min(size_b_m, axis=-1)
    core_a, core_b = size_a_m - 2 * radius_a[..., None], size_b_m - 2 * radius_b[..., None]
    depth = overlap_depth_m(center_a_m, yaw_a_rad, core_a, center_b_m, yaw_b_rad, core_b)
    apart = np.minimum(
        _corners_to_box_m(corner_points_m(center_a_m, yaw_a_rad, core_a), center_b_m, yaw_b_rad, core_b),
        _corners_to_box_m(corner_points_m(center_b_m, yaw_b_rad, core_b), center_a_m, yaw_a_rad, core_a),
    )
    return np.asarray(np.where(depth >= 0, -depth, apart) - radius_a - radius_b)


def _corners_to_box_m(
    points_m: np.ndarray, center_m: np.ndarray, yaw_rad: np.ndarray, size_m: np.ndarray
) -> np.ndarray:
    """Least distance of four points from a box."""
    offset = points_m - center_m[..., None, :]
    cos, sin = np.cos(yaw_rad)[..., None], np.sin(yaw_rad)[..., None]
    along = np.abs(cos * offset[..., 0] + sin * offset[..., 1]) - 0.5 * size_m[..., None, 0]
    across = np.abs(cos * offset[..., 1] - sin * offset[..., 0]) - 0.5 * size_m[..., None, 1]
    return np.asarray(np.hypot(np.maximum(along, 0.0), np.maximum(across, 0.0)).min(axis=-1))
