"""Bird's-eye pictures, compiled: the map seen from the ego, boxes and the route on top of it."""

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def sample_map(
    out: np.ndarray, ground: np.ndarray, left: float, bottom: float, cell: float, x: float, y: float, yaw: float,
    back: float, pixel: float,
) -> None:  # fmt: skip
    """Turns a map picture (layers, rows from south to north, columns) into the ego's view, nearest cell per pixel.

    `out` is (layers, height, width); its first row lies farthest ahead, its first column leftmost; the ego is `back`
    metres from its lower edge, in the middle.
    """
    layers, height, width = out.shape
    cos, sin = math.cos(yaw), math.sin(yaw)
    for row in range(height):
        ahead = (height - row - 0.5) * pixel - back
        for column in range(width):
            aside = (0.5 * width - column - 0.5) * pixel
            u = math.floor((x + ahead * cos - aside * sin - left) / cell)
            v = math.floor((y + ahead * sin + aside * cos - bottom) / cell)
            inside = 0 <= u < ground.shape[2] and 0 <= v < ground.shape[1]
            for layer in range(layers):
                out[layer, row, column] = ground[layer, v, u] if inside else 0


@njit(cache=True, nogil=True)
def fill_box(
    layer: np.ndarray, ahead: float, aside: float, yaw: float, half_length: float, half_width: float, back: float,
    pixel: float,
) -> None:  # fmt: skip
    """Paints the pixels whose centres lie in a box given in the ego frame; a box smaller than a pixel paints one."""
    height, width = layer.shape
    cos, sin = math.cos(yaw), math.sin(yaw)
    reach = math.hypot(half_length, half_width) / pixel + 1.0
    row0, column0 = height - (ahead + back) / pixel - 0.5, 0.5 * width - aside / pixel - 0.5
    painted = False
    for row in range(max(0, int(row0 - reach)), min(height, int(row0 + reach) + 2)):
        for column in range(max(0, int(column0 - reach)), min(width, int(column0 + reach) + 2)):
            dx = (height - row - 0.5) * pixel - back - ahead
            dy = (0.5 * width - column - 0.5) * pixel - aside
            if abs(dx * cos + dy * sin) <= half_length and abs(dy * cos - dx * sin) <= half_width:
                layer[row, column] = 255
                painted = True
    row, column = math.floor(row0 + 0.5), math.floor(column0 + 0.5)
    if not painted and 0 <= row < height and 0 <= column < width:
        layer[row, column] = 255
