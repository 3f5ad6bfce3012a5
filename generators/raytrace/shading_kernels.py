"""Light on surfaces, compiled: sun, sky, lamps, glossy reflection, glow, and the air in between.

Diffuse light is Lambert's; gloss is the microfacet model of Trowbridge and Reitz (GGX) with Schlick's Fresnel term.
Radiances are relative to a white wall in full sun; a lamp's colour is the radiance of a white wall at one metre.

Rows of lamps (`LAMP` numbers): 0-2 position, 3-5 direction, 6-8 colour, 9 cosine of the half cone, 10 kind (0 cone,
1 low beam), 11 reach in metres.
Rows of light (`LIGHT` numbers): 0-2 sun direction, 3-5 sun, 6-8 sky from above, 9-11 from below, 12-14 extra from
the sun's side, 15 extinction per metre, 16-18 light of the air, 19 effective height of the haze, 20 sun is up.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from generators.raytrace.noise_kernels import hashed, smooth
from generators.raytrace.sky_kernels import radiance

LAMP = 12
LIGHT = 21
OFFSET_M = 2e-3


class Lighting(NamedTuple):
    """What lights the scene: the rows explained above."""

    light: np.ndarray
    lamps: np.ndarray
    sky: np.ndarray


@njit(cache=True, nogil=True)
def lamp_at(lamp: np.ndarray, row: np.ndarray) -> tuple[float, float, float, float, float]:
    """Strength at a surface point (before the cosine), unit direction to the lamp and distance.

    Strength 0 beyond the lamp's reach and behind the surface.
    """
    px, py, pz = lamp[0] - row[0], lamp[1] - row[1], lamp[2] - row[2]
    square = px * px + py * py + pz * pz
    if square > lamp[11] * lamp[11] or square < 1e-4 or px * row[3] + py * row[4] + pz * row[5] <= 0.0:
        return 0.0, 0.0, 0.0, 1.0, 0.0
    distance = np.sqrt(square)
    px, py, pz = px / distance, py / distance, pz / distance
    cosine = -(px * lamp[3] + py * lamp[4] + pz * lamp[5])
    strength = smooth(1.0, 0.6, distance / lamp[11]) / (square + 0.05)
    if lamp[10] < 0.5:
        return strength * smooth(lamp[9] - 0.05, lamp[9] + 0.25, cosine), px, py, pz, distance
    if cosine <= 0.05:
        return 0.0, px, py, pz, distance
    # A low beam: wide to the sides, cut off just below the horizontal, fading towards the ground in front.
    side = -(px * lamp[4] - py * lamp[3]) / cosine
    drop = pz / cosine
    steep = max(drop, 0.0) / 0.03
    beam = smooth(-0.012, 0.02, drop) * (0.006 + np.exp(-side * side / 0.16) / (1.0 + steep * steep))
    return strength * (beam + 0.003), px, py, pz, distance


@njit(cache=True, nogil=True)
def key_rays(
    lighting: Lighting, point: np.ndarray, material: np.ndarray, origin: np.ndarray, direction: np.ndarray,
    limit: np.ndarray, which: np.ndarray,
) -> None:  # fmt: skip
    """A shadow ray from every hit: to the sun while it is up, else to the street lamp that matters most there.

    `which`: -2 no ray needed, -1 the sun, otherwise the lamp. Rays that are not needed get the limit 0.
    """
    light, lamps = lighting.light, lighting.lamps
    for i in range(point.shape[0]):
        which[i], limit[i] = -2, 0.0
        row = point[i]
        origin[i, 0] = row[0] + OFFSET_M * row[6]
        origin[i, 1] = row[1] + OFFSET_M * row[7]
        origin[i, 2] = row[2] + OFFSET_M * row[8]
        direction[i, 0], direction[i, 1], direction[i, 2] = 0.0, 0.0, 1.0
        if material[i] < 0:
            continue
        if light[20] > 0.0:
            if row[3] * light[0] + row[4] * light[1] + row[5] * light[2] > 0.0:
                which[i], limit[i] = -1, 1e5
                direction[i, 0], direction[i, 1], direction[i, 2] = light[0], light[1], light[2]
            continue
        best = 0.0
        for k in range(lamps.shape[0]):
            if lamps[k, 10] > 0.5:
                continue
            strength, x, y, z, distance = lamp_at(lamps[k], row)
            if strength <= 0.0:
                continue
            gain = strength * (row[3] * x + row[4] * y + row[5] * z) * lamps[k, 7]
            if gain > best:
                best, which[i], limit[i] = gain, k, max(distance - 0.5, 0.0)
                direction[i, 0], direction[i, 1], direction[i, 2] = x, y, z


@njit(cache=True, nogil=True)
def ambient_rays(
    point: np.ndarray, material: np.ndarray, pattern: np.ndarray, reach: float, origin: np.ndarray,
    direction: np.ndarray, limit: np.ndarray,
) -> None:  # fmt: skip
    """One ray about the normal from every hit, cosine-weighted; `pattern` (n, 2) in [0, 1) spreads neighbours."""
    for i in range(point.shape[0]):
        row = point[i]
        origin[i, 0] = row[0] + OFFSET_M * row[6]
        origin[i, 1] = row[1] + OFFSET_M * row[7]
        origin[i, 2] = row[2] + OFFSET_M * row[8]
        direction[i, 0], direction[i, 1], direction[i, 2] = 0.0, 0.0, 1.0
        limit[i] = 0.0
        if material[i] < 0:
            continue
        limit[i] = reach
        nx, ny, nz = row[6], row[7], row[8]
        sign = 1.0 if nz >= 0.0 else -1.0
        a = -1.0 / (sign + nz)
        b = nx * ny * a
        radius, angle = np.sqrt(pattern[i, 0]), 2.0 * np.pi * pattern[i, 1]
        x, y, z = radius * np.cos(angle), radius * np.sin(angle), np.sqrt(max(0.0, 1.0 - pattern[i, 0]))
        direction[i, 0] = x * (1.0 + sign * nx * nx * a) + y * b + z * nx
        direction[i, 1] = x * sign * b + y * (sign + ny * ny * a) + z * ny
        direction[i, 2] = -x * sign * nx - y * ny + z * nz


@njit(cache=True, nogil=True)
def mirror_rays(
    point: np.ndarray, material: np.ndarray, finish: np.ndarray, view: np.ndarray, seeds: np.ndarray,
    weight: np.ndarray, origin: np.ndarray, direction: np.ndarray,
) -> None:  # fmt: skip
    """Weight of the mirror image (Fresnel times smoothness) and, where it counts, the ray that sees it."""
    for i in range(point.shape[0]):
        weight[i] = 0.0
        if material[i] < 0:
            continue
        row = point[i]
        dx, dy, dz = view[i, 0], view[i, 1], view[i, 2]
        nx, ny, nz = row[3], row[4], row[5]
        cosine = -(dx * nx + dy * ny + dz * nz)
        if cosine <= 0.0:
            continue
        smoothness = (1.0 - min(finish[i, 3] / 0.5, 1.0)) ** 2
        base = finish[i, 4]
        weight[i] = (base + (1.0 - base) * (1.0 - cosine) ** 5) * smoothness
        if weight[i] < 0.02:
            continue
        spread = finish[i, 3] * finish[i, 3] * 0.8
        nx += spread * (hashed(seeds[i], 1, 301) - 0.5)
        ny += spread * (hashed(seeds[i], 2, 301) - 0.5)
        nz += spread * (hashed(seeds[i], 3, 301) - 0.5)
        twice = 2.0 * (dx * nx + dy * ny + dz * nz)
        rx, ry, rz = dx - twice * nx, dy - twice * ny, dz - twice * nz
        inside = rx * row[6] + ry * row[7] + rz * row[8]
        if inside < 0.02:
            rx, ry, rz = rx + (0.02 - inside) * row[6], ry + (0.02 - inside) * row[7], rz + (0.02 - inside) * row[8]
        size = 1.0 / np.sqrt(rx * rx + ry * ry + rz * rz)
        direction[i, 0], direction[i, 1], direction[i, 2] = rx * size, ry * size, rz * size
        origin[i, 0] = row[0] + OFFSET_M * row[6]
        origin[i, 1] = row[1] + OFFSET_M * row[7]
        origin[i, 2] = row[2] + OFFSET_M * row[8]


@njit(cache=True, nogil=True)
def _gloss(n_l: float, n_v: float, n_h: float, v_h: float, rough: float, base: float) -> float:
    """Specular factor of a light, including the cosine, relative to Lambert's 1 / pi."""
    alpha = max(rough * rough, 0.02)
    square = alpha * alpha
    lobe = n_h * n_h * (square - 1.0) + 1.0
    distribution = square / (lobe * lobe)
    k = 0.5 * alpha
    shadowing = 1.0 / ((n_l * (1.0 - k) + k) * (n_v * (1.0 - k) + k))
    fresnel = base + (1.0 - base) * (1.0 - v_h) ** 5
    return min(0.25 * distribution * shadowing * fresnel * n_l, 40.0)


@njit(cache=True, nogil=True)
def _add(out: np.ndarray, i: int, finish: np.ndarray, row: np.ndarray, view: np.ndarray, lx: float, ly: float,
         lz: float, r: float, g: float, b: float) -> None:  # fmt: skip
    """Adds one light of radiance-on-white (r, g, b) from direction l."""
    n_l = row[3] * lx + row[4] * ly + row[5] * lz
    if n_l <= 0.0:
        return
    vx, vy, vz = -view[i, 0], -view[i, 1], -view[i, 2]
    gloss = 0.0
    if finish[i, 4] > 0.0 and finish[i, 3] < 0.6:  # matt surfaces: a lobe too flat and weak to be seen
        hx, hy, hz = lx + vx, ly + vy, lz + vz
        size = 1.0 / max(np.sqrt(hx * hx + hy * hy + hz * hz), 1e-9)
        n_h = max((row[3] * hx + row[4] * hy + row[5] * hz) * size, 0.0)
        v_h = max((vx * hx + vy * hy + vz * hz) * size, 0.0)
        n_v = max(row[3] * vx + row[4] * vy + row[5] * vz, 0.02)
        gloss = _gloss(n_l, n_v, n_h, v_h, finish[i, 3], finish[i, 4])
    out[i, 0] += r * (finish[i, 0] * n_l + gloss)
    out[i, 1] += g * (finish[i, 1] * n_l + gloss)
    out[i, 2] += b * (finish[i, 2] * n_l + gloss)


@njit(cache=True, nogil=True)
def light(
    lighting: Lighting, point: np.ndarray, material: np.ndarray, finish: np.ndarray, view: np.ndarray,
    distance: np.ndarray, which: np.ndarray, lit: np.ndarray, ambient: np.ndarray, weight: np.ndarray,
    image: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Radiance towards the viewer of every ray, sky and air included.

    Args:
        lighting: what lights the scene.
        point: surface rows.
        material: -1 where the sky is seen.
        finish: finish rows.
        view: directions of the rays.
        distance: along the rays.
        which: light of the shadow ray, as `key_rays` chose.
        lit: share of that light that arrives, shape (n,).
        ambient: share of the sky that is open, shape (n,).
        weight: share of the mirror image, shape (n,).
        image: radiance in the mirror, shape (n, 3); used where the weight is at least 0.02.
        out: the result, shape (n, 3).
    """
    row_light, lamps, sky = lighting.light, lighting.lamps, lighting.sky
    for i in range(point.shape[0]):
        if material[i] < 0:
            r, g, b = radiance(view[i, 0], view[i, 1], view[i, 2], sky, 1.0)
            path = row_light[19] / max(view[i, 2], 0.01)
            through = np.exp(-row_light[15] * path) if row_light[15] > 0.0 else 1.0
            out[i, 0] = r * through + row_light[16] * (1.0 - through)
            out[i, 1] = g * through + row_light[17] * (1.0 - through)
            out[i, 2] = b * through + row_light[18] * (1.0 - through)
            continue
        row = point[i]
        up = 0.5 + 0.5 * row[5]
        side = max(0.0, row[3] * row_light[0] + row[4] * row_light[1])
        keep = 1.0 - weight[i]
        for c in range(3):
            sky_light = row_light[9 + c] * (1.0 - up) + row_light[6 + c] * up + row_light[12 + c] * side
            out[i, c] = finish[i, c] * sky_light * ambient[i]
        if row_light[20] > 0.0 and which[i] == -1:
            s = lit[i]
            if s > 0.0:
                _add(out, i, finish, row, view, row_light[0], row_light[1], row_light[2],
                     s * row_light[3], s * row_light[4], s * row_light[5])  # fmt: skip
        for k in range(lamps.shape[0]):
            strength, x, y, z, _ = lamp_at(lamps[k], row)
            if which[i] == k:
                strength *= lit[i]
            if strength > 0.0:
                _add(out, i, finish, row, view, x, y, z, strength * lamps[k, 6], strength * lamps[k, 7],
                     strength * lamps[k, 8])  # fmt: skip
        mirror = weight[i]
        through = np.exp(-row_light[15] * distance[i])
        for c in range(3):
            seen = out[i, c] * keep + finish[i, 5 + c]
            if mirror >= 0.02:
                seen += mirror * image[i, c]
            else:
                seen += mirror * row_light[6 + c] * ambient[i]
            out[i, c] = seen * through + row_light[16 + c] * (1.0 - through)
