"""Places beside a polyline: distance along it, distance to its left, heading."""

import numpy as np
from jaxtyping import Float


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
    offset = points_m[..., None, :] - start
    along = offset[..., 0] * tangent[:, 0] + offset[..., 1] * tangent[:, 1]
    last = np.arange(len(start)) == len(start) - 1
    first = np.arange(len(start)) == 0
    clamped = np.minimum(np.maximum(along, np.where(first, -np.inf, 0.0)), np.where(last, np.inf, length))
    gap = offset - clamped[..., None] * tangent
    distance2 = gap[..., 0] ** 2 + gap[..., 1] ** 2
    best = np.argmin(np.where(np.isnan(distance2), np.inf, distance2), axis=-1)
    chosen = np.take_along_axis(clamped, best[..., None], axis=-1)[..., 0]
    beside = np.take_along_axis(gap, best[..., None, None], axis=-2)[..., 0, :]
    heading = np.arctan2(tangent[:, 1], tangent[:, 0])[best]
    left = tangent[best, 0] * beside[..., 1] - tangent[best, 1] * beside[..., 0]
    side = np.where(left >= 0, 1.0, -1.0) * np.hypot(beside[..., 0], beside[..., 1])
    s = np.concatenate([[0.0], np.cumsum(length)])[best] + chosen
    return s, side, np.where(np.isnan(s), np.nan, heading)


def distinct(line_m: Float[np.ndarray, "n 2"], tolerance_m: float = 1e-6) -> Float[np.ndarray, "m 2"]:
    """The polyline without points that repeat the one before."""
    if len(line_m) == 0:
        return line_m
    moved = np.hypot(*np.diff(line_m, axis=0).T) > tolerance_m
    return line_m[np.concatenate([[True], moved])]
