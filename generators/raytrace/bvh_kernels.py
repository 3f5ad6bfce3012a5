"""Bounding volume hierarchies: the builder, compiled.

A node is a row of two arrays: `bounds` holds the boxes of both children (lo0, hi0, lo1, hi1: 12 numbers), `child`
says what they are: an inner node (its row, >= 0) or a leaf, coded as -1 - (8 * first + count) over `order`.
Splits are binned by the surface area heuristic (Wald, "On fast construction of SAH-based bounding volume
hierarchies", 2007) over the three axes.
"""

from typing import Any

import numpy as np
from numba import njit

BINS = 12
WIDTH = 8
FAR = np.float32(3e38)
_INF = np.float32(np.inf)


@njit(cache=True, nogil=True)
def _range_bounds(lo: np.ndarray, hi: np.ndarray, order: np.ndarray, first: int, count: int, out: np.ndarray) -> None:
    """Box of the primitives of a range (out[0], out[1]) and box of their centres, doubled (out[2], out[3])."""
    for axis in range(3):
        out[0, axis], out[1, axis], out[2, axis], out[3, axis] = _INF, -_INF, _INF, -_INF
    for k in range(first, first + count):
        p = order[k]
        for axis in range(3):
            low, high = lo[p, axis], hi[p, axis]
            center = low + high
            if low < out[0, axis]:
                out[0, axis] = low
            if high > out[1, axis]:
                out[1, axis] = high
            if center < out[2, axis]:
                out[2, axis] = center
            if center > out[3, axis]:
                out[3, axis] = center


@njit(cache=True, nogil=True)
def _fill_bins(
    lo: np.ndarray, hi: np.ndarray, order: np.ndarray, first: int, count: int, box: np.ndarray, scale: np.ndarray,
    num: np.ndarray, bins: np.ndarray,
) -> None:  # fmt: skip
    for axis in range(3):
        for b in range(BINS):
            num[axis, b] = 0
            for c in range(3):
                bins[axis, b, c], bins[axis, b, 3 + c] = _INF, -_INF
    for k in range(first, first + count):
        p = order[k]
        for axis in range(3):
            b = min(BINS - 1, int((lo[p, axis] + hi[p, axis] - box[2, axis]) * scale[axis]))
            num[axis, b] += 1
            for c in range(3):
                if lo[p, c] < bins[axis, b, c]:
                    bins[axis, b, c] = lo[p, c]
                if hi[p, c] > bins[axis, b, 3 + c]:
                    bins[axis, b, 3 + c] = hi[p, c]


@njit(cache=True, nogil=True)
def _best_split(num: np.ndarray, bins: np.ndarray, scale: np.ndarray) -> tuple[int, int]:
    """Axis and last bin of the left side with the least cost; axis -1 where nothing can be split."""
    best, best_axis, best_bin = np.inf, -1, 0
    left = np.empty(BINS)
    for axis in range(3):
        if scale[axis] == 0.0:
            continue
        for sweep in range(2):
            x0, y0, z0, x1, y1, z1 = _INF, _INF, _INF, -_INF, -_INF, -_INF
            total = 0
            for step in range(BINS - 1):
                b = step if sweep == 0 else BINS - 1 - step
                total += num[axis, b]
                x0, x1 = min(x0, bins[axis, b, 0]), max(x1, bins[axis, b, 3])
                y0, y1 = min(y0, bins[axis, b, 1]), max(y1, bins[axis, b, 4])
                z0, z1 = min(z0, bins[axis, b, 2]), max(z1, bins[axis, b, 5])
                x, y, z = x1 - x0, y1 - y0, z1 - z0
                cost = total * (x * y + y * z + z * x) if total > 0 else np.inf
                if sweep == 0:
                    left[b] = cost
                elif cost + left[b - 1] < best:
                    best, best_axis, best_bin = cost + left[b - 1], axis, b - 1
    return best_axis, best_bin


@njit(cache=True, nogil=True)
def _partition(
    lo: np.ndarray, hi: np.ndarray, order: np.ndarray, first: int, count: int, axis: int, low: float, scale: float,
    last_left: int,
) -> int:  # fmt: skip
    i, j = first, first + count - 1
    while i <= j:
        p = order[i]
        if min(BINS - 1, int((lo[p, axis] + hi[p, axis] - low) * scale)) <= last_left:
            i += 1
        else:
            order[i], order[j] = order[j], order[i]
            j -= 1
    return i


@njit(cache=True, nogil=True)
def build(lo: np.ndarray, hi: np.ndarray, max_leaf: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`bounds`, `child` and `order` over primitives with boxes `lo`, `hi` (n, 3) float32; the root is row 0."""
    n = lo.shape[0]
    order = np.empty(n, np.int32)
    for k in range(n):
        order[k] = k
    bounds = np.empty((max(n, 1), 12), np.float32)
    child = np.empty((max(n, 1), 2), np.int32)
    for axis in range(3):
        bounds[0, axis], bounds[0, 3 + axis], bounds[0, 6 + axis], bounds[0, 9 + axis] = _INF, -_INF, _INF, -_INF
    child[0, 0], child[0, 1] = -1, -1
    if n == 0:
        return bounds, child, order
    todo = np.empty((128, 4), np.int64)
    box = np.empty((4, 3), np.float32)
    num, bins, scale = np.empty((3, BINS), np.int64), np.empty((3, BINS, 6), np.float32), np.empty(3, np.float32)
    num_nodes, waiting = 1, 0
    # The root is an inner node even of one leaf: its first child is then everything, its second is empty.
    todo[0, 0], todo[0, 1], todo[0, 2], todo[0, 3] = -1, 0, 0, n
    if n <= max_leaf:
        todo[0, 0] = 0
    waiting = 1
    while waiting > 0:
        waiting -= 1
        parent, side, first, count = todo[waiting, 0], todo[waiting, 1], todo[waiting, 2], todo[waiting, 3]
        _range_bounds(lo, hi, order, first, count, box)
        if parent >= 0:
            for axis in range(3):
                bounds[parent, 6 * side + axis] = box[0, axis]
                bounds[parent, 6 * side + 3 + axis] = box[1, axis]
        if count <= max_leaf:
            child[parent, side] = -1 - (8 * first + count)
            continue
        node = 0
        if parent >= 0:
            node = num_nodes
            num_nodes += 1
            child[parent, side] = node
        for axis in range(3):
            extent = box[3, axis] - box[2, axis]
            scale[axis] = BINS * 0.9999 / extent if extent > 1e-9 else 0.0
        _fill_bins(lo, hi, order, first, count, box, scale, num, bins)
        axis, last_left = _best_split(num, bins, scale)
        middle = first + count // 2
        if axis >= 0:
            middle = _partition(lo, hi, order, first, count, axis, box[2, axis], scale[axis], last_left)
        if waiting + 2 > todo.shape[0] - 2 or middle == first or middle == first + count:
            middle = first + count // 2
        # The larger half waits, so that the list of waiting ranges stays shorter than log2(n).
        sizes_left = middle - first
        big_left = sizes_left * 2 > count
        for turn in range(2):
            left = big_left == (turn == 0)
            todo[waiting, 0], todo[waiting, 1] = node, 0 if left else 1
            todo[waiting, 2] = first if left else middle
            todo[waiting, 3] = sizes_left if left else count - sizes_left
            waiting += 1
    return bounds[:num_nodes], child[:num_nodes], order


@njit(cache=True, nogil=True)
def _reach(bounds: np.ndarray, node: int, side: int) -> float:
    """Half the surface of a child's box; -1 where it is empty."""
    x = bounds[node, 6 * side + 3] - bounds[node, 6 * side]
    y = bounds[node, 6 * side + 4] - bounds[node, 6 * side + 1]
    z = bounds[node, 6 * side + 5] - bounds[node, 6 * side + 2]
    return x * y + y * z + z * x if x >= 0.0 else -1.0


@njit(cache=True, nogil=True)
def widen(bounds: np.ndarray, child: np.ndarray) -> tuple[np.ndarray, np.ndarray, Any]:
    """The same hierarchy with up to eight children a node, and how deep a stack its traversal may need.

    Nodes take in their children's children, those with the largest surface first (Wald, Benthin and Boulos, "Getting
    rid of packets", 2008). Rows of boxes are laid out as `simd_kernels` reads them; children that are not there have
    boxes that no ray enters and the code of a leaf without primitives.
    """
    n = bounds.shape[0]
    wide, kids = np.empty((n, 6 * WIDTH), np.float32), np.full((n, WIDTH), -1, np.int32)
    todo, need = np.empty((n + 1, 2), np.int64), np.zeros(n, np.int64)
    part, side = np.empty(WIDTH, np.int64), np.empty(WIDTH, np.int64)
    todo[0, 0], todo[0, 1] = 0, 0
    waiting, made, deepest = 1, 1, 1
    while waiting > 0:
        waiting -= 1
        source, row = todo[waiting, 0], todo[waiting, 1]
        count = 0
        for s in range(2):
            if child[source, s] != -1:
                part[count], side[count] = source, s
                count += 1
        while 0 < count < WIDTH:
            best, largest = -1, -1.0
            for k in range(count):
                size = _reach(bounds, part[k], side[k])
                if child[part[k], side[k]] >= 0 and size > largest:
                    best, largest = k, size
            if best < 0:
                break
            inner = child[part[best], side[best]]
            part[best], side[best] = inner, 0
            part[count], side[count] = inner, 1
            count += 1
        deepest = max(deepest, need[row] + count)
        for k in range(WIDTH):
            for c in range(3):
                wide[row, c * WIDTH + k], wide[row, (3 + c) * WIDTH + k] = FAR, -FAR
            if k >= count:
                continue
            for c in range(6):
                wide[row, c * WIDTH + k] = bounds[part[k], 6 * side[k] + c]
            what = child[part[k], side[k]]
            kids[row, k] = what
            if what >= 0:
                kids[row, k] = made
                need[made] = need[row] + count - 1
                todo[waiting, 0], todo[waiting, 1] = what, made
                waiting, made = waiting + 1, made + 1
    return wide[:made].copy(), kids[:made].copy(), deepest
