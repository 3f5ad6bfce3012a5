"""Polylines of vector maps: the same number of points on both sides, lanes around centrelines, distances."""

import numpy as np
from jaxtyping import Float

MAX_LANE_POINTS = 100_000


def as_points(values: object) -> Float[np.ndarray, "n 3"]:
    """Points as float64, shape (n, 3); a missing height becomes 0.

    Raises:
        ValueError: they are not finite points of two or three coordinates.
    """
    points = np.asarray(values, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] not in (2, 3) or not np.isfinite(points).all():
        raise ValueError(f"expected finite points of 2 or 3 coordinates, found shape {points.shape}")
    if points.shape[1] == 2:
        points = np.concatenate([points, np.zeros((len(points), 1))], axis=1)
    return points


def arc_length_m(points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n"]:
    """Distance along the polyline at each point."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=-1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def resampled(points: Float[np.ndarray, "n 3"], fraction: Float[np.ndarray, "m"]) -> Float[np.ndarray, "m 3"]:
    """Points at fractions (0 to 1) of the polyline's length."""
    along = arc_length_m(points)
    if along[-1] <= 0:
        return np.repeat(points[:1], len(fraction), axis=0)
    where = np.asarray(fraction) * along[-1]
    return np.stack([np.interp(where, along, points[:, axis]) for axis in range(3)], axis=-1)


def matched_sides(left: Float[np.ndarray, "n 3"], right: Float[np.ndarray, "m 3"]) -> tuple[np.ndarray, np.ndarray]:
    """Both boundaries with the same number of points, every vertex of the finer one kept."""
    if len(left) == len(right):
        return left, right
    finer, coarser = (left, right) if len(left) > len(right) else (right, left)
    along = arc_length_m(finer)
    fraction = along / along[-1] if along[-1] > 0 else np.linspace(0, 1, len(finer))
    other = resampled(coarser, fraction)
    return (finer, other) if finer is left else (other, finer)


def left_normals(points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
    """Horizontal unit vectors to the left of the polyline at each point."""
    tangent = np.gradient(points[:, :2], axis=0) if len(points) > 1 else np.array([[1.0, 0.0]])
    length = np.linalg.norm(tangent, axis=-1, keepdims=True)
    tangent = tangent / np.where(length > 1e-9, length, 1.0)
    return np.stack([-tangent[:, 1], tangent[:, 0], np.zeros(len(points))], axis=-1)


def distance_m(points: Float[np.ndarray, "n 3"], polyline: Float[np.ndarray, "m 3"]) -> Float[np.ndarray, "n"]:
    """Horizontal distance of each point to a polyline."""
    p = points[:, None, :2]
    if len(polyline) == 1:
        return np.linalg.norm(p[:, 0] - polyline[0, :2], axis=-1)
    a, b = polyline[None, :-1, :2], polyline[None, 1:, :2]
    edge = b - a
    length2 = np.maximum(np.sum(edge * edge, axis=-1), 1e-12)
    along = np.clip(np.sum((p - a) * edge, axis=-1) / length2, 0.0, 1.0)
    return np.min(np.linalg.norm(p - (a + along[..., None] * edge), axis=-1), axis=1)
