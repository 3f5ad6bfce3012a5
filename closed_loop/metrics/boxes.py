"""Oriented boxes in the plane: exact distance, exact moment of contact under constant velocity, edge tests.

Rectangles are (center, yaw, length and width); leading axes broadcast.
"""

import numpy as np
from jaxtyping import Bool, Float

from driving_data.geometry import overlap_depth_m


def box_corners_2d(
    center_m: Float[np.ndarray, "*batch 2"], yaw_rad: Float[np.ndarray, "*batch"], size_m: Float[np.ndarray, "*size 2"]
) -> Float[np.ndarray, "*out 4 2"]:
    """Corners front-left, front-right, rear-right, rear-left."""
    forward = 0.5 * size_m[..., :1] * np.stack([np.cos(yaw_rad), np.sin(yaw_rad)], axis=-1)
    left = 0.5 * size_m[..., 1:] * np.stack([-np.sin(yaw_rad), np.cos(yaw_rad)], axis=-1)
    return np.stack(
        [center_m + forward + left, center_m + forward - left, center_m - forward - left, center_m - forward + left],
        axis=-2,
    )


def points_to_box_m(
    points_m: Float[np.ndarray, "*points k 2"],
    center_m: Float[np.ndarray, "*batch 2"],
    yaw_rad: Float[np.ndarray, "*batch"],
    size_m: Float[np.ndarray, "*size 2"],
) -> Float[np.ndarray, "*out k"]:
    """Distance of k points from a rectangle; 0 inside."""
    offset = points_m - center_m[..., None, :]
    cos, sin = np.cos(yaw_rad)[..., None], np.sin(yaw_rad)[..., None]
    along = np.abs(cos * offset[..., 0] + sin * offset[..., 1]) - 0.5 * size_m[..., None, 0]
    across = np.abs(-sin * offset[..., 0] + cos * offset[..., 1]) - 0.5 * size_m[..., None, 1]
    return np.hypot(np.maximum(along, 0.0), np.maximum(across, 0.0))


def overlap_m(
    center_a_m: Float[np.ndarray, "*a 2"],
    yaw_a_rad: Float[np.ndarray, "*a"],
    size_a_m: Float[np.ndarray, "*sa 2"],
    center_b_m: Float[np.ndarray, "*b 2"],
    yaw_b_rad: Float[np.ndarray, "*b"],
    size_b_m: Float[np.ndarray, "*sb 2"],
) -> Float[np.ndarray, "*out"]:
    """`driving_data.geometry.overlap_depth_m` with broadcasting: least translation that parts the boxes."""
    shape = np.broadcast_shapes(
        np.shape(yaw_a_rad), np.shape(yaw_b_rad), np.shape(size_a_m)[:-1], np.shape(size_b_m)[:-1]
    )
    pairs = [np.broadcast_to(value, (*shape, 2)) for value in (center_a_m, size_a_m, center_b_m, size_b_m)]
    yaw_a, yaw_b = np.broadcast_to(yaw_a_rad, shape), np.broadcast_to(yaw_b_rad, shape)
    return overlap_depth_m(pairs[0], yaw_a, pairs[1], pairs[2], yaw_b, pairs[3])


def box_distance_m(
    center_a_m: Float[np.ndarray, "*a 2"],
    yaw_a_rad: Float[np.ndarray, "*a"],
    size_a_m: Float[np.ndarray, "*sa 2"],
    center_b_m: Float[np.ndarray, "*b 2"],
    yaw_b_rad: Float[np.ndarray, "*b"],
    size_b_m: Float[np.ndarray, "*sb 2"],
) -> Float[np.ndarray, "*out"]:
    """Distance between two rectangles; 0 where they touch or overlap.

    Two convex polygons that are apart are nearest at a vertex of one of them.
    """
    depth = overlap_m(center_a_m, yaw_a_rad, size_a_m, center_b_m, yaw_b_rad, size_b_m)
    of_a = points_to_box_m(box_corners_2d(center_a_m, yaw_a_rad, size_a_m), center_b_m, yaw_b_rad, size_b_m)
    of_b = points_to_box_m(box_corners_2d(center_b_m, yaw_b_rad, size_b_m), center_a_m, yaw_a_rad, size_a_m)
    apart = np.minimum(of_a.min(axis=-1), of_b.min(axis=-1))
    return np.where(np.isnan(depth), np.nan, np.where(depth >= 0, 0.0, apart))


def contact_interval_s(
    center_a_m: Float[np.ndarray, "*a 2"],
    yaw_a_rad: Float[np.ndarray, "*a"],
    size_a_m: Float[np.ndarray, "*sa 2"],
    velocity_a_mps: Float[np.ndarray, "*a 2"],
    center_b_m: Float[np.ndarray, "*b 2"],
    yaw_b_rad: Float[np.ndarray, "*b"],
    size_b_m: Float[np.ndarray, "*sb 2"],
    velocity_b_mps: Float[np.ndarray, "*b 2"],
) -> tuple[Float[np.ndarray, "*out"], Float[np.ndarray, "*out"]]:
    """When two rectangles with constant velocity and heading begin and cease to overlap, in seconds from now.

    On each of the four separating axes the offset of the centres is linear in time, so it stays within reach for
    one interval; the boxes overlap in the common part of the four. Exact, no time step. Where they never meet from
    now on, both ends are inf; a begin of 0 means that they overlap already.
    """
    offset = center_b_m - center_a_m
    relative = velocity_b_mps - velocity_a_mps
    axes_a = np.stack([np.cos(yaw_a_rad), np.sin(yaw_a_rad)], axis=-1)
    axes_b = np.stack([np.cos(yaw_b_rad), np.sin(yaw_b_rad)], axis=-1)
    shape = np.broadcast_shapes(offset.shape[:-1], relative.shape[:-1])
    begin, end = np.zeros(shape), np.full(shape, np.inf)
    for forward in (axes_a, axes_b):
        for axis in (forward, np.stack([-forward[..., 1], forward[..., 0]], axis=-1)):
            reach = np.asarray(_reach(axis, axes_a, size_a_m) + _reach(axis, axes_b, size_b_m))
            along = np.asarray(np.sum(offset * axis, axis=-1)), np.asarray(np.sum(relative * axis, axis=-1))
            low, high = _linear_interval(*along, reach)
            begin, end = np.maximum(begin, low), np.minimum(end, high)
    meets = begin <= end
    return np.where(meets, begin, np.inf), np.where(meets, end, np.inf)


def _reach(axis: np.ndarray, forward: np.ndarray, size_m: np.ndarray) -> np.ndarray:
    along = np.abs(axis[..., 0] * forward[..., 0] + axis[..., 1] * forward[..., 1])
    across = np.abs(axis[..., 1] * forward[..., 0] - axis[..., 0] * forward[..., 1])
    return np.asarray(0.5 * (along * size_m[..., 0] + across * size_m[..., 1]))


def _linear_interval(x: np.ndarray, rate: np.ndarray, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times at which |x + rate t| <= reach; empty intervals come back with low > high."""
    still = np.abs(rate) < 1e-12
    safe = np.where(still, 1.0, rate)
    first, second = (-reach - x) / safe, (reach - x) / safe
    inside = np.abs(x) <= reach
    low = np.where(still, np.where(inside, -np.inf, np.inf), np.minimum(first, second))
    high = np.where(still, np.where(inside, np.inf, -np.inf), np.maximum(first, second))
    return low, high


def edge_meets_box(
    start_m: Float[np.ndarray, "*batch 2"],
    end_m: Float[np.ndarray, "*batch 2"],
    center_m: Float[np.ndarray, "*batch 2"],
    yaw_rad: Float[np.ndarray, "*batch"],
    size_m: Float[np.ndarray, "*batch 2"],
) -> Bool[np.ndarray, "*batch"]:
    """Whether a segment meets a rectangle (slab method in the frame of the rectangle)."""
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    low, high = np.zeros(np.shape(yaw_rad)), np.ones(np.shape(yaw_rad))
    for axis, half in (((cos, sin), 0.5 * size_m[..., 0]), ((-sin, cos), 0.5 * size_m[..., 1])):
        a = axis[0] * (start_m - center_m)[..., 0] + axis[1] * (start_m - center_m)[..., 1]
        b = axis[0] * (end_m - center_m)[..., 0] + axis[1] * (end_m - center_m)[..., 1]
        first, second = _linear_interval(np.asarray(a), np.asarray(b - a), np.asarray(half))
        low, high = np.maximum(low, first), np.minimum(high, second)
    return np.asarray(low <= high)
