"""The sky, compiled: the table of its smooth part, clouds, the sun's disc, stars. Parameters come from `shading_light`.

Row of parameters (`SKY` numbers): 0-2 direction of the sun, 3 cover of clouds, 4-6 lit cloud, 7-9 shaded cloud,
10 stars, 11-12 offset of the clouds, 13 evenness (1: overcast), 14-16 disc of the sun, 17-19 ground far below the
horizon, 20-22 glow beside the sun; then the table of `sky_dome`, `SIDE` x `SIDE` x 3.
"""

import numpy as np
from numba import njit

from generators.raytrace.noise_kernels import fractal, hashed, smooth

SIDE = 48
PARAMETERS = 23
SKY = PARAMETERS + SIDE * SIDE * 3
_CLOUD_PLANE = 0.11


@njit(cache=True, nogil=True)
def radiance(dx: float, dy: float, dz: float, sky: np.ndarray, detail: float) -> tuple[float, float, float]:
    """Radiance of the sky in a direction; `detail` 1 with stars, clouds and disc, 0 the smooth part alone."""
    up = max(dz, 0.0)
    size = abs(dx) + abs(dy) + up
    px, py = dx / size, dy / size
    half = 0.5 * (SIDE - 1)
    x, y = (px + py + 1.0) * half, (px - py + 1.0) * half
    i, j = min(max(int(x), 0), SIDE - 2), min(max(int(y), 0), SIDE - 2)
    a, b = x - i, y - j
    k = PARAMETERS + 3 * (i * SIDE + j)
    w00, w01, w10, w11 = (1.0 - a) * (1.0 - b), (1.0 - a) * b, a * (1.0 - b), a * b
    n = k + 3 * SIDE
    r = w00 * sky[k] + w01 * sky[k + 3] + w10 * sky[n] + w11 * sky[n + 3]
    g = w00 * sky[k + 1] + w01 * sky[k + 4] + w10 * sky[n + 1] + w11 * sky[n + 4]
    b = w00 * sky[k + 2] + w01 * sky[k + 5] + w10 * sky[n + 2] + w11 * sky[n + 5]
    if detail <= 0.0:
        return r, g, b
    cosine = dx * sky[0] + dy * sky[1] + dz * sky[2]
    even = sky[13]
    if cosine > 0.95 and dz > 0.0:
        glow = (0.35 * cosine**90 + cosine**1800) * (1.0 - even)
        r, g, b = r + sky[20] * glow, g + sky[21] * glow, b + sky[22] * glow
    if dz > 0.004:
        thick = 0.0
        if sky[3] > 0.02:
            x, y = dx / (dz + _CLOUD_PLANE) * 1.3 + sky[11], dy / (dz + _CLOUD_PLANE) * 1.3 + sky[12]
            foot = 0.02 / (dz + _CLOUD_PLANE)
            shape = 0.5 + 1.15 * fractal(x, y, 5, foot, 201)
            edge = 1.02 - sky[3]
            thick = smooth(edge - 0.12, edge + 0.22, shape) * smooth(0.004, 0.12, dz)
            ahead = 0.5 + 1.15 * fractal(x + 0.16 * sky[0], y + 0.16 * sky[1], 3, foot, 201)
            lit = min(1.0, max(0.0, 0.55 + 2.2 * (shape - ahead) + 0.35 * (1.0 - thick))) * (1.0 - 0.75 * even)
            r += (sky[7] + (sky[4] - sky[7]) * lit - r) * thick
            g += (sky[8] + (sky[5] - sky[8]) * lit - g) * thick
            b += (sky[9] + (sky[6] - sky[9]) * lit - b) * thick
        clear = (1.0 - thick) * (1.0 - even)
        if cosine > 0.999985 and clear > 0.0:  # an edge as wide as a pixel, about the true 0.27 degrees
            disc = smooth(0.999985, 0.999993, cosine) * clear
            r, g, b = r + sky[14] * disc, g + sky[15] * disc, b + sky[16] * disc
        if sky[10] > 0.0 and dz > 0.05:
            i, j = int(np.floor(dx / (1.0 + dz) * 900.0)), int(np.floor(dy / (1.0 + dz) * 900.0))
            chance = hashed(i, j, 211)
            if chance > 0.9985:
                star = sky[10] * clear * ((chance - 0.9985) / 0.0015) ** 6
                r, g, b = r + star, g + star, b + star
    if dz < 0.0:
        below = 1.0 - np.exp(dz * 14.0)
        r, g, b = r + (sky[17] - r) * below, g + (sky[18] - g) * below, b + (sky[19] - b) * below
    return r, g, b


@njit(cache=True, nogil=True)
def sky_radiance(direction: np.ndarray, sky: np.ndarray, detail: float, out: np.ndarray) -> None:
    """Fills the radiance of every direction, shape (n, 3)."""
    for i in range(direction.shape[0]):
        out[i, 0], out[i, 1], out[i, 2] = radiance(direction[i, 0], direction[i, 1], direction[i, 2], sky, detail)
