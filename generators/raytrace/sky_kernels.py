"""The sky, compiled: gradient, glow around the sun, clouds, stars. Parameters come from `shading_sky.py`.

Row of parameters (`SKY` numbers): 0-2 direction of the sun, 3-5 zenith, 6-8 horizon, 9-11 glow beside the sun,
12-14 disc of the sun, 15 cloud cover, 16-18 lit cloud, 19-21 shaded cloud, 22 stars, 23-24 offset of the clouds,
25 evenness (1: overcast), 26-28 ground far below the horizon.
"""

import numpy as np
from numba import njit

from generators.raytrace.noise_kernels import fractal, hashed, smooth

SKY = 29
_CLOUD_PLANE = 0.11


@njit(cache=True, nogil=True)
def radiance(dx: float, dy: float, dz: float, sky: np.ndarray, detail: float) -> tuple[float, float, float]:
    """Radiance of the sky in a direction; `detail` 1 with stars, clouds and disc, 0 the smooth part alone."""
    up = max(dz, 0.0)
    band = np.exp(-up * 4.2)
    cosine = dx * sky[0] + dy * sky[1] + dz * sky[2]
    towards = max(cosine, 0.0)
    even = sky[25]
    glow = (0.6 * towards**5 * np.exp(-up * 2.5) + 0.9 * towards**90) * (1.0 - even)
    uniform = (1.0 + 2.0 * up) * 0.45
    r = (sky[3] + (sky[6] - sky[3]) * band) * (1.0 - even) + sky[6] * uniform * even + sky[9] * glow
    g = (sky[4] + (sky[7] - sky[4]) * band) * (1.0 - even) + sky[7] * uniform * even + sky[10] * glow
    b = (sky[5] + (sky[8] - sky[5]) * band) * (1.0 - even) + sky[8] * uniform * even + sky[11] * glow
    if detail > 0.0 and dz > 0.004:
        thick = 0.0
        if sky[15] > 0.02:
            x, y = dx / (dz + _CLOUD_PLANE) * 1.3 + sky[23], dy / (dz + _CLOUD_PLANE) * 1.3 + sky[24]
            foot = 0.02 / (dz + _CLOUD_PLANE)
            shape = 0.5 + 1.15 * fractal(x, y, 5, foot, 201)
            edge = 1.02 - sky[15]
            thick = smooth(edge - 0.12, edge + 0.22, shape) * smooth(0.004, 0.12, dz)
            ahead = 0.5 + 1.15 * fractal(x + 0.16 * sky[0], y + 0.16 * sky[1], 3, foot, 201)
            lit = min(1.0, max(0.0, 0.55 + 2.2 * (shape - ahead) + 0.35 * (1.0 - thick))) * (1.0 - 0.75 * even)
            r += (sky[19] + (sky[16] - sky[19]) * lit - r) * thick
            g += (sky[20] + (sky[17] - sky[20]) * lit - g) * thick
            b += (sky[21] + (sky[18] - sky[21]) * lit - b) * thick
        clear = (1.0 - thick) * (1.0 - even)
        if cosine > 0.99985 and clear > 0.0:
            disc = smooth(0.99985, 0.99997, cosine) * clear
            r, g, b = r + sky[12] * disc, g + sky[13] * disc, b + sky[14] * disc
        if sky[22] > 0.0 and dz > 0.05:
            i, j = int(np.floor(dx / (1.0 + dz) * 420.0)), int(np.floor(dy / (1.0 + dz) * 420.0))
            chance = hashed(i, j, 211)
            if chance > 0.9975:
                star = sky[22] * clear * (chance - 0.9975) * 400.0
                r, g, b = r + star, g + star, b + star
    if dz < 0.0:
        below = 1.0 - np.exp(dz * 14.0)
        r, g, b = r + (sky[26] - r) * below, g + (sky[27] - g) * below, b + (sky[28] - b) * below
    return r, g, b


@njit(cache=True, nogil=True)
def sky_radiance(direction: np.ndarray, sky: np.ndarray, detail: float, out: np.ndarray) -> None:
    """Fills the radiance of every direction, shape (n, 3)."""
    for i in range(direction.shape[0]):
        out[i, 0], out[i, 1], out[i, 2] = radiance(direction[i, 0], direction[i, 1], direction[i, 2], sky, detail)
