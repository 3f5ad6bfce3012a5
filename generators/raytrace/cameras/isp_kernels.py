"""From the raw mosaic to an 8-bit picture, compiled: demosaic, noise reduction, colour matrix, tone curve, sharpening.

Demosaic: Malvar, He and Cutler, "High-quality linear interpolation for demosaicing of Bayer-patterned color images"
(ICASSP 2004): bilinear, corrected by the Laplacian of the colour that is known at the pixel; 5 x 5. It works on square
roots of light, in which shot noise is the same everywhere. Beside a full pixel, whose Laplacian says nothing, what it
finds is held between the nearest pixels of the same colour, or the edges of lamps would swing over.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _between(value: float, a: float, b: float, c: float, d: float, hold: bool) -> float:
    if not hold:
        return value
    return min(max(value, min(min(a, b), min(c, d))), max(max(a, b), max(c, d)))


@njit(cache=True, nogil=True)
def demosaic(mosaic: np.ndarray, full: float, out: np.ndarray) -> None:
    """Green, red - green and blue - green of an RGGB mosaic that has a mirrored rim of two pixels.

    `full`: value from which a pixel counts as full.
    """
    m = mosaic
    for row in range(out.shape[0]):
        y = row + 2
        for column in range(out.shape[1]):
            x = column + 2
            here = m[y, x]
            left, right, over, under = m[y, x - 1], m[y, x + 1], m[y - 1, x], m[y + 1, x]
            near_h, near_v = left + right, over + under
            hold = max(max(here, max(left, right)), max(over, under)) >= full
            hold = hold or max(max(m[y, x - 2], m[y, x + 2]), max(m[y - 2, x], m[y + 2, x])) >= full
            far_h, far_v = m[y, x - 2] + m[y, x + 2], m[y - 2, x] + m[y + 2, x]
            diagonal = m[y - 1, x - 1] + m[y - 1, x + 1] + m[y + 1, x - 1] + m[y + 1, x + 1]
            if (row + column) % 2 == 0:
                green = (4.0 * here + 2.0 * (near_h + near_v) - far_h - far_v) / 8.0
                other = (6.0 * here + 2.0 * diagonal - 1.5 * (far_h + far_v)) / 8.0
                green = _between(green, left, right, over, under, hold)
                other = _between(other, m[y - 1, x - 1], m[y - 1, x + 1], m[y + 1, x - 1], m[y + 1, x + 1], hold)
                red, blue = (here, other) if row % 2 == 0 else (other, here)
            else:
                green = here
                beside = (5.0 * here + 4.0 * near_h - far_h - diagonal + 0.5 * far_v) / 8.0
                above = (5.0 * here + 4.0 * near_v - far_v - diagonal + 0.5 * far_h) / 8.0
                beside = _between(beside, left, right, left, right, hold)
                above = _between(above, over, under, over, under, hold)
                red, blue = (beside, above) if row % 2 == 0 else (above, beside)
            out[row, column, 0], out[row, column, 1], out[row, column, 2] = green, red - green, blue - green


@njit(cache=True, nogil=True)
def smooth(roots: np.ndarray, sigma: float, luma: float, step: int, out: np.ndarray) -> None:
    """Colour differences become means over 5 x 5 pixels that are about as bright, which takes false colours with it.

    The pixels lie `step` apart, so that a second pass with a step of two reaches twice as far (an a-trous filter).

    Weights are 1 / (1 + (difference of green / (3 sigma))^2)^2; green itself moves by the share `luma` to such a mean.
    """
    height, width = roots.shape[0], roots.shape[1]
    inverse = np.float32(1.0 / (9.0 * sigma * sigma))
    one = np.float32(1.0)
    for y in range(height):
        for x in range(width):
            here = roots[y, x, 0]
            total, green, red, blue = np.float32(0.0), np.float32(0.0), np.float32(0.0), np.float32(0.0)
            for j in range(-2, 3):
                v = y + j * step
                if v < 0 or v >= height:
                    continue
                for i in range(-2, 3):
                    u = x + i * step
                    if u < 0 or u >= width:
                        continue
                    gap = roots[v, u, 0] - here
                    weight = one / (one + gap * gap * inverse)
                    weight *= weight
                    total += weight
                    green += weight * roots[v, u, 0]
                    red += weight * roots[v, u, 1]
                    blue += weight * roots[v, u, 2]
            mean = one / total
            out[y, x, 0] = here + np.float32(luma) * (green * mean - here)
            out[y, x, 1], out[y, x, 2] = red * mean, blue * mean


@njit(cache=True, nogil=True)
def tone(
    roots: np.ndarray, matrix: np.ndarray, floor: float, top: float, scale: float, sharpen: float, curve: np.ndarray,
    encoded: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Roots of light plus `floor` to 8 bit.

    `curve` holds the output for 0, 1/scale, 2/scale, ... of log2(1 + 64 x); values above `top` are white. `encoded`
    is room for the picture before the unsharp mask of 3 x 3 pixels.
    """
    height, width = roots.shape[0], roots.shape[1]
    last = curve.shape[0] - 1
    for y in range(height):
        for x in range(width):
            green = max(roots[y, x, 0], 0.0)
            red, blue = max(green + roots[y, x, 1], 0.0), max(green + roots[y, x, 2], 0.0)
            red = min(red * red - floor, top)
            green, blue = min(green * green - floor, top), min(blue * blue - floor, top)
            for c in range(3):
                value = matrix[c, 0] * red + matrix[c, 1] * green + matrix[c, 2] * blue
                place = np.log2(1.0 + 64.0 * min(max(value, 0.0), top)) * scale
                low = min(int(place), last - 1)
                part = min(place - low, 1.0)
                encoded[y, x, c] = curve[low] * (1.0 - part) + curve[low + 1] * part
    for y in range(height):
        for x in range(width):
            total = 0.0
            for v in range(max(y - 1, 0), min(y + 2, height)):
                for u in range(max(x - 1, 0), min(x + 2, width)):
                    total += 0.299 * encoded[v, u, 0] + 0.587 * encoded[v, u, 1] + 0.114 * encoded[v, u, 2]
            count = (min(y + 2, height) - max(y - 1, 0)) * (min(x + 2, width) - max(x - 1, 0))
            pixel = encoded[y, x]
            detail = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2] - total / count
            for c in range(3):
                out[y, x, c] = np.uint8(min(max(pixel[c] + sharpen * detail + 0.5, 0.0), 255.0))
