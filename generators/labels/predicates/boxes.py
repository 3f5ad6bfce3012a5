"""Two rectangles in the plane, many moments at once: how far apart, ahead or beside, and when they will touch.

Rectangle `a` sees `b` in its own axes: x along its heading, y to its left. The slow twin is `reference.py`.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

_CORNERS = np.array([[0.5, 0.5], [0.5, -0.5], [-0.5, -0.5], [-0.5, 0.5]])


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """A rectangle at n moments: centre, heading, velocity; and its length and width."""

    center_m: Float[np.ndarray, "n 2"]
    yaw_rad: Float[np.ndarray, "n"]
    velocity_mps: Float[np.ndarray, "n 2"]
    length_m: float
    width_m: float

    def corners(self) -> Float[np.ndarray, "n 4 2"]:
        """Corners in the plane."""
        local = _CORNERS * np.array([self.length_m, self.width_m])
        return self.center_m[:, None] + turned(local[None], self.yaw_rad)

    def sees(self, points_m: Float[np.ndarray, "n k 2"]) -> Float[np.ndarray, "n k 2"]:
        """Points in the axes of the rectangle."""
        return turned(points_m - self.center_m[:, None], -self.yaw_rad)


def turned(points: Float[np.ndarray, "m k 2"], angle_rad: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n k 2"]:
    """Points turned about the origin, one angle per moment."""
    cos, sin = np.cos(angle_rad)[:, None], np.sin(angle_rad)[:, None]
    x, y = points[..., 0], points[..., 1]
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def seen_extent(a: Boxes, b: Boxes) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 2"]]:
    """Least and greatest x and y of `b` in the axes of `a`."""
    corners = a.sees(b.corners())
    return np.asarray(corners.min(axis=1)), np.asarray(corners.max(axis=1))


def longitudinal_gap(a: Boxes, b: Boxes) -> Float[np.ndarray, "n"]:
    """From `a`'s front to `b`'s nearest point along `a`'s heading; negative to one behind, 0 beside."""
    low, high = seen_extent(a, b)
    return signed_gap(low[:, 0], high[:, 0], 0.5 * a.length_m)


def lateral_gap(a: Boxes, b: Boxes) -> Float[np.ndarray, "n"]:
    """Free width between the two across `a`'s heading; 0 where they share width."""
    low, high = seen_extent(a, b)
    return np.abs(signed_gap(low[:, 1], high[:, 1], 0.5 * a.width_m))


def signed_gap(low: Float[np.ndarray, "n"], high: Float[np.ndarray, "n"], half: float) -> Float[np.ndarray, "n"]:
    """Gap between [-half, half] and [low, high]: positive above, negative below, 0 where they touch or overlap."""
    gap = np.where(low > half, low - half, np.where(high < -half, high + half, 0.0))
    return np.where(np.isnan(low), np.nan, gap)


def overlap(a: Boxes, b: Boxes) -> Float[np.ndarray, "n"]:
    """Depth of the overlap by the axis on which it is least; negative: by how much the best axis separates them."""
    depth = np.full(len(a.yaw_rad), np.inf)
    for one, two in ((a, b), (b, a)):
        low, high = seen_extent(one, two)
        half = 0.5 * np.array([one.length_m, one.width_m])
        depth = np.minimum(depth, np.minimum(half - low, high + half).min(axis=1))
    return depth


def distance(a: Boxes, b: Boxes) -> Float[np.ndarray, "n"]:
    """Distance of the two rectangles; 0 where they touch or overlap.

    Of two convex polygons that do not meet, one nearest point is a corner of one of them.
    """
    least = np.full(len(a.yaw_rad), np.inf)
    for one, two in ((a, b), (b, a)):
        half = 0.5 * np.array([one.length_m, one.width_m])
        away = np.maximum(np.abs(one.sees(two.corners())) - half, 0.0)
        least = np.minimum(least, np.linalg.norm(away, axis=-1).min(axis=1))
    depth = overlap(a, b)
    return np.where(np.isnan(depth), np.nan, np.where(depth >= 0.0, 0.0, least))


def time_to_collision(a: Boxes, b: Boxes) -> Float[np.ndarray, "n"]:
    """Seconds until the two touch if both keep velocity and heading; 0 where they do, inf where they never will.

    The projections onto each of the four axes overlap during one span of time; the rectangles touch while all do.
    """
    enter, leave = np.zeros(len(a.yaw_rad)), np.full(len(a.yaw_rad), np.inf)
    for one, two in ((a, b), (b, a)):
        low, high = seen_extent(one, two)
        rate = turned((two.velocity_mps - one.velocity_mps)[:, None], -one.yaw_rad)[:, 0]
        half = 0.5 * np.array([one.length_m, one.width_m])
        for axis in (0, 1):
            first, last = meeting_span(low[:, axis], high[:, axis], rate[:, axis], float(half[axis]))
            enter, leave = np.maximum(enter, first), np.minimum(leave, last)
    meets = np.where(enter <= leave, enter, np.inf)
    return np.where(np.isnan(a.yaw_rad + b.yaw_rad), np.nan, meets)


def meeting_span(
    low: Float[np.ndarray, "n"], high: Float[np.ndarray, "n"], rate: Float[np.ndarray, "n"], half: float
) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
    """From when to when [low, high], moving at `rate`, overlaps [-half, half]; (inf, -inf) for never."""
    still = np.abs(rate) < 1e-12
    safe = np.where(still, 1.0, rate)
    # It begins to overlap when its nearer end arrives and ceases when its farther end has passed.
    one, two = (-half - high) / safe, (half - low) / safe
    within = (low <= half) & (high >= -half)
    first = np.where(still, np.where(within, -np.inf, np.inf), np.minimum(one, two))
    last = np.where(still, np.where(within, np.inf, -np.inf), np.maximum(one, two))
    return first, last
