"""Places beside a polyline: distance along it, distance to its left, heading."""

import numpy as np
from jaxtyping import Float

from closed_loop.metrics.polyline_kernels import nearest_pieces


def arc_length_m(points_m: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n"]:
    """Distance along the polyline at each of its points."""
    steps = np.hypot(*np.diff(points_m, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def project(
    points_m: Float[np.ndarray, "*batch 2"], line_m: Float[np.ndarray, "n 2"]
) -> tuple[Float[np.ndarray, "*batch"], Float[np.ndarray, "*batch"], Float[np.ndarray, "*batch"]]:
    """Nearest place on a polyline with straight extensions at both ends: (s_m, d_m to the left, heading_rad).

    s is negative before the first point. Points that are NaN give NaN.

    Raises:
        ValueError: the polyline has fewer than two points.
    """
    line_m = distinct(line_m)
    if len(line_m) < 2:
        raise ValueError("a polyline needs two points that differ")
    start, step = line_m[:-1], np.diff(line_m, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    tangent = step / length[:, None]
    flat = np.ascontiguousarray(points_m, dtype=np.float64).reshape(-1, 2)
    best, along = np.zeros(len(flat), dtype=np.int64), np.empty(len(flat))
    nearest_pieces(flat, np.stack([start[:, 0], start[:, 1], tangent[:, 0], tangent[:, 1], length]), best, along)
    beside = flat - start[best] - along[:, None] * tangent[best]
    heading = np.arctan2(tangent[:, 1], tangent[:, 0])[best]
    left = tangent[best, 0] * beside[:, 1] - tangent[best, 1] * beside[:, 0]
    side = np.where(left >= 0, 1.0, -1.0) * np.hypot(beside[:, 0], beside[:, 1])
    s = np.concatenate([[0.0], np.cumsum(length)])[best] + along
    shape = points_m.shape[:-1]
    return s.reshape(shape), side.reshape(shape), np.where(np.isnan(s), np.nan, heading).reshape(shape)


def distinct(line_m: Float[np.ndarray, "n 2"], tolerance_m: float = 1e-6) -> Float[np.ndarray, "m 2"]:
    """The polyline without points that repeat the one before."""
    if len(line_m) == 0:
        return line_m
    moved = np.hypot(*np.diff(line_m, axis=0).T) > tolerance_m
    return line_m[np.concatenate([[True], moved])]
