"""Kernels of the monitor: extremes of sliding windows and the recursion of until, one row of samples at a time.

Rows are independent traces; time is the last axis. Both are O(T) whatever the window.
"""

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def sliding_min(x: Any, low: int, high: int, out: Any, head: Any, tail: Any) -> None:
    """out[n, t] = least x[n, t + low .. t + high], clipped at the ends of the trace; +inf where nothing is left.

    Blocks as long as the window: `head` holds the least from the beginning of a block to a sample, `tail` that from a
    sample to the end of its block, so that every window is the tail of one block and the head of the next (van Herk
    1992; Gil and Werman 1993). `head` and `tail` are room for one row.
    """
    rows, count = x.shape
    width = high - low + 1
    for n in range(rows):
        block = 0
        while block < count:
            stop = min(block + width, count)
            least = np.inf
            for t in range(block, stop):
                least = min(least, x[n, t])
                head[t] = least
            least = np.inf
            for t in range(stop - 1, block - 1, -1):
                least = min(least, x[n, t])
                tail[t] = least
            block = stop
        # Windows that lie whole in the trace, then those that its ends cut off.
        begin, end = min(max(-low, 0), count), max(min(count - high, count), 0)
        for t in range(begin, end):
            out[n, t] = min(tail[t + low], head[t + high])
        for t in range(min(begin, count)):
            # Cut off at the start: the beginning of the first block, which is no shorter.
            out[n, t] = head[min(t + high, count - 1)] if t + high >= 0 else np.inf
        last_block = ((count - 1) // width) * width
        for t in range(max(begin, end), count):
            first = t + low
            if first >= count:
                out[n, t] = np.inf
            elif first >= last_block:
                out[n, t] = tail[first]
            else:
                out[n, t] = min(tail[first], head[count - 1])


@numba.njit(cache=True, nogil=True)
def reach(left: Any, right: Any, out: Any, backward: bool) -> None:
    """out[t] = max(right[t], min(left[t], out[t + 1])), or out[t - 1] where `backward`; -inf beyond the trace."""
    rows, count = left.shape
    for n in range(rows):
        following = -np.inf
        if backward:
            for t in range(count):
                following = max(right[n, t], min(left[n, t], following))
                out[n, t] = following
        else:
            for t in range(count - 1, -1, -1):
                following = max(right[n, t], min(left[n, t], following))
                out[n, t] = following


@numba.njit(cache=True, nogil=True)
def project(points: Any, line: Any, out: Any) -> None:
    """Nearest place on a polyline with straight ends: s, d to the left, heading; its twin is `polyline.project`."""
    count, segments = points.shape[0], line.shape[0] - 1
    for p in range(count):
        x, y = points[p, 0], points[p, 1]
        best, travelled = np.inf, 0.0
        out[p, 0] = out[p, 1] = out[p, 2] = np.nan
        for k in range(segments):
            dx, dy = line[k + 1, 0] - line[k, 0], line[k + 1, 1] - line[k, 1]
            length = np.sqrt(dx * dx + dy * dy)
            tx, ty = dx / length, dy / length
            ox, oy = x - line[k, 0], y - line[k, 1]
            along = ox * tx + oy * ty
            if k > 0:
                along = max(along, 0.0)
            if k < segments - 1:
                along = min(along, length)
            gx, gy = ox - along * tx, oy - along * ty
            distance = gx * gx + gy * gy
            if distance < best:
                best = distance
                side = 1.0 if tx * gy - ty * gx >= 0 else -1.0
                out[p, 0] = travelled + along
                out[p, 1] = side * np.sqrt(distance)
                out[p, 2] = np.arctan2(ty, tx)
            travelled += length
