"""Who sees whom past others: sight lines in the plane, with the heights of what stands in between.

From the eye above `a`'s centre (0.8 of its height, 1.5 m at most) a line goes to each of 16 points across the width of
`b` as seen from there, at half of `b`'s height. A line is blocked where it passes through another box that is at least
as high as the line is there. Buildings and other scenery are not asked: for pictures, `Boxes3D.visible_fraction` counts
pixels and is taken instead where the labels have it.
"""

import numpy as np
from jaxtyping import Bool, Float

from generators.labels.predicates.view import View

LINES = 16
EYE_SHARE, EYE_M = 0.8, 1.5


def visible_fraction(view: View, a: str, b: str) -> Float[np.ndarray, "T"]:
    """Share of the lines from `a` to `b` that nobody blocks; NaN where one of them is not there."""
    blocked = np.zeros((len(view.seconds), LINES), dtype=bool)
    for other in range(len(view.ids)):
        if other not in (view.index(a), view.index(b)):
            blocked |= blocked_lines(view, a, b, other)
    free = 1.0 - blocked.mean(axis=1)
    return np.where(view.here(a) & view.here(b), free, np.nan)


def blocked_lines(view: View, a: str, b: str, other: int) -> Bool[np.ndarray, "T L"]:
    """Which of the lines from `a` to `b` another actor blocks."""
    eye, ends = sight_lines(view, a, b)
    size = view.rollout.actors.size_m
    center, yaw = view.center_m[:, other], view.yaw_rad[:, other]
    enter, leave = passage(eye, ends, center, yaw, (float(size[other, 0]), float(size[other, 1])))
    low, high = heights(view, a, b)
    # The line is lowest at one end of its way through the box.
    least = np.minimum(low + enter * (high - low), low + leave * (high - low))
    return (enter <= leave) & (least <= float(size[other, 2])) & np.isfinite(enter) & np.isfinite(leave)


def heights(view: View, a: str, b: str) -> tuple[float, float]:
    """Height of the eye of `a` and of the middle of `b`."""
    size = view.rollout.actors.size_m
    return min(EYE_SHARE * float(size[view.index(a), 2]), EYE_M), 0.5 * float(size[view.index(b), 2])


def sight_lines(view: View, a: str, b: str) -> tuple[Float[np.ndarray, "T 2"], Float[np.ndarray, "T L 2"]]:
    """The eye of `a` and the ends of the lines: across `b`'s middle, square to the sight, as wide as it looks."""
    i, j = view.index(a), view.index(b)
    eye, to = view.center_m[:, i], view.center_m[:, j]
    sight = to - eye
    across = np.stack([-sight[:, 1], sight[:, 0]], axis=-1) / np.linalg.norm(sight, axis=-1, keepdims=True)
    length, width = view.size(b)
    forward = np.stack([np.cos(view.yaw_rad[:, j]), np.sin(view.yaw_rad[:, j])], axis=-1)
    along = np.abs((across * forward).sum(axis=-1))
    half = 0.5 * (length * along + width * np.sqrt(np.maximum(1.0 - along**2, 0.0)))
    places = (np.arange(LINES) + 0.5) / LINES * 2.0 - 1.0
    return eye, to[:, None] + places[None, :, None] * half[:, None, None] * across[:, None]


def passage(
    eye: Float[np.ndarray, "T 2"], ends: Float[np.ndarray, "T L 2"], center: Float[np.ndarray, "T 2"],
    yaw: Float[np.ndarray, "T"], size: tuple[float, float],
) -> tuple[Float[np.ndarray, "T L"], Float[np.ndarray, "T L"]]:  # fmt: skip
    """Where along each line (0 at the eye, 1 at its end) it is inside a rectangle: from and to; from > to for never."""
    cos, sin = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    start, way = (eye - center)[:, None], ends - eye[:, None]
    enter, leave = np.zeros(ends.shape[:2]), np.ones(ends.shape[:2])
    for turn, half in (((cos, sin), 0.5 * size[0]), ((-sin, cos), 0.5 * size[1])):
        at = start[..., 0] * turn[0] + start[..., 1] * turn[1]
        rate = way[..., 0] * turn[0] + way[..., 1] * turn[1]
        safe = np.where(np.abs(rate) < 1e-12, 1e-12, rate)
        one, two = (-half - at) / safe, (half - at) / safe
        enter, leave = np.maximum(enter, np.minimum(one, two)), np.minimum(leave, np.maximum(one, two))
    return enter, leave


def nearest_blocker(view: View, a: str, b: str) -> tuple[np.ndarray, np.ndarray]:
    """Index of who blocks most of the lines from `a` to `b` (-1 for nobody), and the share that it blocks."""
    best, who = np.zeros(len(view.seconds)), np.full(len(view.seconds), -1)
    for other in range(len(view.ids)):
        if other in (view.index(a), view.index(b)):
            continue
        share = blocked_lines(view, a, b, other).mean(axis=1)
        who, best = np.where(share > best, other, who), np.maximum(best, share)
    return who, best
