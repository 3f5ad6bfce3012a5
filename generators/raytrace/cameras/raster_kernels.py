"""What needs a pixel's neighbours, compiled: the smooth ambient term, edges that ask for more rays."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def smooth_ambient(
    first_row: int, last_row: int, width: int, height: int, point: np.ndarray, material: np.ndarray,
    distance: np.ndarray, raw: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Mean of `raw` over the 4 x 4 pixels around each, of those that lie on the same plane.

    Any window of 4 x 4 holds each of the 16 directions of the ray pattern once.
    """
    for y in range(first_row, last_row):
        for x in range(width):
            i = y * width + x
            out[i] = 1.0
            if material[i] < 0:
                continue
            a = point[i]
            tolerance = 0.02 + 0.01 * distance[i]
            total, weight = 0.0, 0.0
            for v in range(max(y - 1, 0), min(y + 3, height)):
                for u in range(max(x - 1, 0), min(x + 3, width)):
                    j = v * width + u
                    if material[j] < 0:
                        continue
                    b = point[j]
                    agree = a[6] * b[6] + a[7] * b[7] + a[8] * b[8]
                    if agree < 0.85:
                        continue
                    gap = a[6] * (b[0] - a[0]) + a[7] * (b[1] - a[1]) + a[8] * (b[2] - a[2])
                    if abs(gap) < tolerance:
                        total += raw[j]
                        weight += 1.0
            out[i] = total / weight if weight > 0.0 else raw[i]


@njit(cache=True, nogil=True)
def edges(
    first_row: int, last_row: int, width: int, height: int, point: np.ndarray, material: np.ndarray,
    instance: np.ndarray, distance: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Marks pixels that differ from a neighbour in actor, material, normal or depth."""
    for y in range(first_row, last_row):
        for x in range(width):
            i = y * width + x
            out[i] = False
            for k in range(4):
                u = x + (1 if k == 0 else (-1 if k == 1 else 0))
                v = y + (1 if k == 2 else (-1 if k == 3 else 0))
                if u < 0 or v < 0 or u >= width or v >= height:
                    continue
                j = v * width + u
                if material[i] != material[j] or instance[i] != instance[j]:
                    out[i] = True
                    break
                if material[i] < 0:
                    continue
                a, b = point[i], point[j]
                if a[3] * b[3] + a[4] * b[4] + a[5] * b[5] < 0.8:
                    out[i] = True
                    break
                gap = a[6] * (b[0] - a[0]) + a[7] * (b[1] - a[1]) + a[8] * (b[2] - a[2])
                if abs(gap) > 0.05 + 0.02 * distance[i]:
                    out[i] = True
                    break


@njit(cache=True, nogil=True)
def between(
    pixel: np.ndarray, straight: np.ndarray, along_u: np.ndarray, along_v: np.ndarray, right: float, down: float,
    rotation: np.ndarray, slot: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Unit directions (n, 3) in `world` of rays `right` and `down` pixels beside the centres of pixels."""
    for k in range(pixel.shape[0]):
        i = pixel[k]
        x = straight[i, 0] + right * along_u[i, 0] + down * along_v[i, 0]
        y = straight[i, 1] + right * along_u[i, 1] + down * along_v[i, 1]
        z = straight[i, 2] + right * along_u[i, 2] + down * along_v[i, 2]
        size = 1.0 / np.sqrt(x * x + y * y + z * z)
        for c in range(3):
            row = rotation[slot[k], c]
            out[k, c] = (row[0] * x + row[1] * y + row[2] * z) * size


@njit(cache=True, nogil=True)
def reuse(
    width: int, height: int, pixel: np.ndarray, right: int, down: int, point: np.ndarray, material: np.ndarray,
    instance: np.ndarray, all_point: np.ndarray, all_material: np.ndarray, all_instance: np.ndarray,
    all_distance: np.ndarray, image: np.ndarray, out: np.ndarray, wanting: np.ndarray,
) -> None:  # fmt: skip
    """Gives extra rays the light of a first ray that met the same smooth surface beside them, where there is one.

    Looked at are the pixel itself and its three neighbours towards (`right`, `down`), each 1 or -1. `wanting` tells
    which rays found none and must be shaded.
    """
    for k in range(pixel.shape[0]):
        y, x = pixel[k] // width, pixel[k] % width
        wanting[k] = True
        for n in range(4):
            u, v = x + (right if n & 1 else 0), y + (down if n & 2 else 0)
            if u < 0 or v < 0 or u >= width or v >= height:
                continue
            j = v * width + u
            if material[k] != all_material[j] or instance[k] != all_instance[j]:
                continue
            if material[k] >= 0:
                a, b = all_point[j], point[k]
                gap = a[6] * (b[0] - a[0]) + a[7] * (b[1] - a[1]) + a[8] * (b[2] - a[2])
                agree = a[3] * b[3] + a[4] * b[4] + a[5] * b[5]
                if agree < 0.95 or abs(gap) > 0.02 + 0.005 * all_distance[j]:
                    continue
            out[k, 0], out[k, 1], out[k, 2] = image[j, 0], image[j, 1], image[j, 2]
            wanting[k] = False
            break


@njit(cache=True, nogil=True)
def merge(pixel: np.ndarray, extra: np.ndarray, exposure: float, image: np.ndarray) -> None:
    """Mean of a pixel's first ray and its extra rays (n, S, 3); bright ones count less, so that edges stay smooth."""
    for k in range(pixel.shape[0]):
        i = pixel[k]
        r, g, b, total = 0.0, 0.0, 0.0, 0.0
        for s in range(extra.shape[1] + 1):
            x, y, z = (image[i, 0], image[i, 1], image[i, 2]) if s == 0 else (
                extra[k, s - 1, 0], extra[k, s - 1, 1], extra[k, s - 1, 2])  # fmt: skip
            weight = 1.0 / (1.0 + exposure * max(x, max(y, z)))
            r, g, b, total = r + x * weight, g + y * weight, b + z * weight, total + weight
        image[i, 0], image[i, 1], image[i, 2] = r / total, g / total, b / total
