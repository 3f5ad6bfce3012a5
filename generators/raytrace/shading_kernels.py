"""Light on surfaces, compiled: sun, sky, lamps, glossy reflection, glow, and the air in between.

Diffuse light is Lambert's; gloss is the microfacet model of Trowbridge and Reitz (GGX) with Schlick's Fresnel term.
Radiances are relative to a white wall in 100 klx; a lamp's colour is the radiance of a white wall at one metre.

Rows of lamps (`LAMP` numbers): 0-2 position, 3-5 direction, 6-8 colour, 9 cosine of the half cone (kind 0) or
whether shadows are cast (kinds 1 and 2), 10 kind (0 luminaire with a cone, 1 low beam, 2 high beam, 3 a glowing
surface), 11 reach in metres.
Rows of light (`LIGHT` numbers): 0-2 sun direction, 3-5 sun, 6-8 sky from above, 9-11 from below, 12-14 extra from
the sun's side, 15 extinction per metre, 16-18 light of the air, 19 effective height of the haze, 20 sun is up,
21 scattering that makes haloes about lamps, per metre, 22-24 place of the viewer.
Rows of covers (`COVER` numbers), pieces of tunnels: 0-1 middle, 2-3 direction along, 4 half length, 5 half width,
6-7 lowest and highest point, 8-9 way from the middle to either portal, 10-12 light within.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from generators.raytrace.noise_kernels import hashed, smooth
from generators.raytrace.sky_kernels import radiance

LAMP = 12
LIGHT = 25
COVER = 13
OFFSET_M = 2e-3


class Lighting(NamedTuple):
    """What lights the scene: the rows explained above."""

    light: np.ndarray
    lamps: np.ndarray
    sky: np.ndarray
    covers: np.ndarray


@njit(cache=True, nogil=True)
def pattern(lamp: np.ndarray, x: float, y: float, z: float) -> float:
    """Relative intensity of a lamp towards a point from which it lies in the unit direction (x, y, z).

    Kind 0 is a street luminaire: twice as strong at 60 degrees from its axis as straight down, cut off at the cone.
    Kinds 1 and 2 are the beams of `lamp_light` (in shares of 100 kcd); kind 3 follows the cosine.
    """
    cosine = -(x * lamp[3] + y * lamp[4] + z * lamp[5])
    if lamp[10] < 0.5:
        return smooth(lamp[9] - 0.05, lamp[9] + 0.25, cosine) * (0.6 + 1.2 * (1.0 - max(cosine, 0.0)))
    if cosine <= 0.05:
        return 0.0
    if lamp[10] > 2.5:
        return cosine
    # Degrees to the right of and above the lamp's axis; the axis is level but for the pitch of the vehicle.
    right = np.degrees((x * lamp[4] - y * lamp[3]) / cosine) * -1.0
    above = np.degrees((-z - cosine * lamp[5]) / cosine)
    if lamp[10] > 1.5:
        spot = np.exp(-0.5 * (right * right / 14.0 + above * above / 5.0))
        return 0.32 * spot + 0.12 * np.exp(-0.5 * (right * right / 150.0 + above * above / 9.0))
    return low_beam(right, above)


@njit(cache=True, nogil=True)
def low_beam(right: float, above: float) -> float:
    """Intensity of a low beam, in shares of 100 kcd, by degrees to the right of and above its axis; right-hand traffic.

    The edge between light and dark lies 0.57 degrees below the horizon to the left and rises by 15 degrees to the
    right of the kink, as UN Regulation 112 draws it; the levels meet that regulation's points for class B.
    """
    edge = -0.57 + min(max(right, 0.0), 6.0) * 0.268
    below = edge - above
    stray = 0.0025 if above < 4.0 else 0.001
    if below < -0.6:
        return stray
    wide = 0.07 * np.exp(-0.5 * (right - 0.8) * (right - 0.8) / 9.0) + 0.075 * np.exp(-right * right / 420.0)
    foot = below / 1.8
    return stray + wide * smooth(-0.45, 0.35, below) * (0.06 + 1.2 / (1.0 + foot * foot))


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
    strength = smooth(1.0, 0.6, distance / lamp[11]) / (square + 0.05)
    return strength * pattern(lamp, px, py, pz), px, py, pz, distance


@njit(cache=True, nogil=True)
def covered(covers: np.ndarray, row: np.ndarray) -> tuple[float, int]:
    """Share of the sky that a tunnel leaves to a point, and the piece of tunnel that it is in (-1: none).

    A portal of half width 4 m at the way d subtends about 1 / (1 + (d / 4)^2) of the half of the sky before it.
    """
    for k in range(covers.shape[0]):
        cover = covers[k]
        x, y = row[0] - cover[0], row[1] - cover[1]
        along = x * cover[2] + y * cover[3]
        if abs(along) > cover[4] or row[2] < cover[6] or row[2] > cover[7]:
            continue
        if abs(y * cover[2] - x * cover[3]) > cover[5]:
            continue
        way = max(min(cover[8] + along, cover[9] - along), 0.0)
        return 0.6 / (1.0 + way * way / 16.0), k
    return 1.0, -1


@njit(cache=True, nogil=True)
def halo(lamp: np.ndarray, origin: np.ndarray, view: np.ndarray, distance: float, scatter: float) -> float:
    """Light of a lamp that the air scatters towards the viewer, before its colour.

    Of a lamp beside the ray the integral of 1 / r^2 along it, [atan(u / h)] / h, weakened over the way by way of the
    closest point; of the viewer's own beams four stretches ahead.
    """
    x, y, z = lamp[0] - origin[0], lamp[1] - origin[1], lamp[2] - origin[2]
    nearest = x * view[0] + y * view[1] + z * view[2]
    if 0.5 < lamp[10] < 2.5 and lamp[9] < 0.5:
        total, begin = 0.0, 2.0
        for k in range(4):
            step = min((3.0, 5.0, 9.0, 16.0)[k], distance - begin)
            if step <= 0.0:
                break
            s = begin + 0.5 * step
            px, py, pz = x - s * view[0], y - s * view[1], z - s * view[2]
            r = np.sqrt(px * px + py * py + pz * pz)
            cosine = max(-(px * lamp[3] + py * lamp[4] + pz * lamp[5]) / r, 0.0)
            # The beam's edge would show where a stretch ends; its broad shape will do for a glow.
            total += 0.06 * cosine**24 / (r * r + 12.0) * np.exp(-scatter * (s + r)) * step
            begin += step
        return 0.25 * scatter * total
    across = np.sqrt(max(x * x + y * y + z * z - nearest * nearest, 0.04))
    if nearest < -across or across > lamp[11]:
        return 0.0
    angle = np.arctan((distance - nearest) / across) + np.arctan(nearest / across)
    if angle <= 0.0:
        return 0.0
    s = min(max(nearest - 0.4 * across, 0.0), distance)
    px, py, pz = x - s * view[0], y - s * view[1], z - s * view[2]
    r = max(np.sqrt(px * px + py * py + pz * pz), 1e-3)
    share = (
        pattern(lamp, px / r, py / r, pz / r) if lamp[10] > 0.5 else 0.5 + 0.5 * pattern(lamp, px / r, py / r, pz / r)
    )
    return 0.25 * scatter * share * angle / across * np.exp(-scatter * (max(nearest, 0.0) + across))


@njit(cache=True, nogil=True)
def key_rays(
    lighting: Lighting, point: np.ndarray, material: np.ndarray, origin: np.ndarray, direction: np.ndarray,
    limit: np.ndarray, which: np.ndarray,
) -> None:  # fmt: skip
    """A shadow ray from every hit: to the sun while it is up, else to the lamp that matters most there.

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
            if lamps[k, 10] > 2.5 or (lamps[k, 10] > 0.5 and lamps[k, 9] < 0.5):
                continue  # glowing surfaces, and the viewer's own beams, whose shadows it hardly sees
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
        spread = finish[i, 3] * finish[i, 3] * 0.25
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
def _haloes(
    lamps: np.ndarray, start: np.ndarray, view: np.ndarray, distance: float, scatter: float, out: np.ndarray
) -> None:  # fmt: skip
    """Adds the glow of the air about every lamp."""
    for k in range(lamps.shape[0]):
        gain = halo(lamps[k], start, view, distance, scatter)
        if gain > 0.0:
            for c in range(3):
                out[c] += gain * lamps[k, 6 + c]


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
    row_light, lamps, sky, covers = lighting.light, lighting.lamps, lighting.sky, lighting.covers
    scatter, viewer = row_light[21], row_light[22:25]
    for i in range(point.shape[0]):
        out[i, 0], out[i, 1], out[i, 2] = 0.0, 0.0, 0.0
        if material[i] < 0:
            r, g, b = radiance(view[i, 0], view[i, 1], view[i, 2], sky, 1.0)
            path = row_light[19] / max(view[i, 2], 0.01)
            through = np.exp(-row_light[15] * path) if row_light[15] > 0.0 else 1.0
            out[i, 0] = r * through + row_light[16] * (1.0 - through)
            out[i, 1] = g * through + row_light[17] * (1.0 - through)
            out[i, 2] = b * through + row_light[18] * (1.0 - through)
            if scatter > 0.0:
                _haloes(lamps, viewer, view[i], 400.0, scatter, out[i])
            continue
        row = point[i]
        share, piece = covered(covers, row)
        up = 0.5 + 0.5 * row[5]
        side = max(0.0, row[3] * row_light[0] + row[4] * row_light[1])
        keep = 1.0 - weight[i]
        for c in range(3):
            sky_light = row_light[9 + c] * (1.0 - up) + row_light[6 + c] * up + row_light[12 + c] * side
            if piece >= 0:
                sky_light = sky_light * share + covers[piece, 10 + c]
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
                # The sun's own disc is a light of its own above; its image would only sparkle.
                seen += mirror * min(image[i, c], 4.0)
            else:
                dull = row_light[6 + c] if piece < 0 else row_light[6 + c] * share + covers[piece, 10 + c]
                seen += mirror * dull * ambient[i]
            air = row_light[16 + c] if piece < 0 else row_light[16 + c] * share + covers[piece, 10 + c]
            out[i, c] = seen * through + air * (1.0 - through)
        if scatter > 0.0:
            _haloes(lamps, viewer, view[i], distance[i], scatter, out[i])
