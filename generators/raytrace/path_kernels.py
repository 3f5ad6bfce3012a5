"""One step of a light path, compiled: light that arrives at a hit, and where the path goes on.

Surfaces: (1 - F) albedo / pi below a microfacet layer (GGX, Smith's joint masking and shadowing, Schlick's Fresnel);
the layer is sampled by its visible normals (Heitz, Journal of Computer Graphics Techniques 7, 4, 2018), so that its
weight F G2 / G1 never exceeds 1. Of the sun and the lamps one is asked by a shadow ray, chosen by what each would give
a white wall there.
"""

import numpy as np
from numba import njit

from generators.raytrace.shading_kernels import LAMP, OFFSET_M, Lighting, lamp_at
from generators.raytrace.sky_kernels import radiance

DRAWS = 8
SUN_RADIUS_RAD = 0.00465
# Radii of lamps by kind: a luminaire, head lamps, a glowing surface.
_RADII_M = (0.22, 0.06, 0.06, 0.08)
# Glass brighter than this belongs to lamps, whose light the shadow rays bring; paths do not count it twice.
LAMP_GLASS = 0.25


@njit(cache=True, nogil=True)
def _masking(cosine: float, square: float) -> float:
    """Smith's Lambda of GGX."""
    c2 = max(cosine * cosine, 1e-8)
    return 0.5 * (np.sqrt(1.0 + square * (1.0 - c2) / c2) - 1.0)


@njit(cache=True, nogil=True)
def brdf(
    n_l: float, n_v: float, n_h: float, v_h: float, rough: float, base: float, albedo: float
) -> float:  # fmt: skip
    """Reflected radiance per irradiance from one direction, times pi (1 for a white matt wall)."""
    fresnel = base + (1.0 - base) * (1.0 - v_h) ** 5 if base > 0.0 else 0.0
    value = albedo * (1.0 - fresnel)
    if base > 0.0:
        alpha = max(rough * rough, 0.02)
        square = alpha * alpha
        lobe = n_h * n_h * (square - 1.0) + 1.0
        shadow = 1.0 / (1.0 + _masking(n_l, square) + _masking(n_v, square))
        value += 0.25 * fresnel * square / (lobe * lobe) * shadow / max(n_l * n_v, 1e-6)
    return value


@njit(cache=True, nogil=True)
def _frame(nx: float, ny: float, nz: float) -> tuple[float, float, float, float, float, float]:
    """Two directions across a normal (Duff et al., Journal of Computer Graphics Techniques 6, 1, 2017)."""
    sign = 1.0 if nz >= 0.0 else -1.0
    a = -1.0 / (sign + nz)
    b = nx * ny * a
    return 1.0 + sign * nx * nx * a, sign * b, -sign * nx, b, sign + ny * ny * a, -ny


@njit(cache=True, nogil=True)
def _visible_normal(vx: float, vy: float, vz: float, alpha: float, a: float, b: float) -> tuple[float, float, float]:
    """A microfacet normal as seen from v, in the frame of the surface."""
    x, y, z = alpha * vx, alpha * vy, vz
    size = 1.0 / np.sqrt(x * x + y * y + z * z)
    x, y, z = x * size, y * size, z * size
    flat = x * x + y * y
    if flat > 1e-9:
        inv = 1.0 / np.sqrt(flat)
        t1x, t1y = -y * inv, x * inv
    else:
        t1x, t1y = 1.0, 0.0
    t2x, t2y, t2z = -z * t1y, z * t1x, x * t1y - y * t1x
    r, angle = np.sqrt(a), 2.0 * np.pi * b
    p, q = r * np.cos(angle), r * np.sin(angle)
    s = 0.5 * (1.0 + z)
    q = (1.0 - s) * np.sqrt(max(0.0, 1.0 - p * p)) + s * q
    w = np.sqrt(max(0.0, 1.0 - p * p - q * q))
    nx, ny, nz = p * t1x + q * t2x + w * x, p * t1y + q * t2y + w * y, q * t2z + w * z
    nx, ny, nz = alpha * nx, alpha * ny, max(nz, 1e-6)
    size = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz)
    return nx * size, ny * size, nz * size


@njit(cache=True, nogil=True)
def _pick(lighting: Lighting, row: np.ndarray, draw: float, where: np.ndarray) -> float:
    """Chooses a light: -1 the sun, else a lamp, into `where[0]`; returns its probability, 0 for no light at all."""
    light, lamps = lighting.light, lighting.lamps
    sun = 0.0
    if light[20] > 0.0:
        sun = max(row[3] * light[0] + row[4] * light[1] + row[5] * light[2], 0.0) * light[4]
    total = sun
    for k in range(lamps.shape[0]):
        strength, x, y, z, _ = lamp_at(lamps[k], row)
        total += strength * max(row[3] * x + row[4] * y + row[5] * z, 0.0) * lamps[k, 7]
    if total <= 0.0:
        return 0.0
    left = draw * total - sun
    if left < 0.0:
        where[0] = -1
        return sun / total
    for k in range(lamps.shape[0]):
        strength, x, y, z, _ = lamp_at(lamps[k], row)
        share = strength * max(row[3] * x + row[4] * y + row[5] * z, 0.0) * lamps[k, 7]
        left -= share
        if left < 0.0 and share > 0.0:
            where[0] = k
            return share / total
    return 0.0


@njit(cache=True, nogil=True)
def step(
    lighting: Lighting, first: bool, point: np.ndarray, material: np.ndarray, finish: np.ndarray, view: np.ndarray,
    distance: np.ndarray, draws: np.ndarray, weight: np.ndarray, total: np.ndarray, shadow_origin: np.ndarray,
    shadow: np.ndarray, limit: np.ndarray, gain: np.ndarray, origin: np.ndarray, onward: np.ndarray,
) -> None:  # fmt: skip
    """Adds what each path sees here; prepares its shadow ray (limit 0: none) and its next ray (weight 0: it ends).

    Args:
        lighting: what lights the scene.
        first: whether these are rays of the camera, which see lamps and the sun themselves.
        point: surface rows.
        material: -1 where nothing was hit.
        finish: finish rows.
        view: directions of the rays.
        distance: along the rays.
        draws: `DRAWS` uniform numbers for each path.
        weight: what the light found here counts for, in and out, shape (n, 3).
        total: light gathered, in and out, shape (n, 3).
        shadow_origin: out: where the shadow ray begins.
        shadow: out: its direction.
        limit: out: its length.
        gain: out: light to add where it is free, shape (n, 3).
        origin: out: where the next ray begins.
        onward: out: its direction.
    """
    light, lamps, sky = lighting.light, lighting.lamps, lighting.sky
    chosen, moved = np.zeros(1, np.int64), np.empty(LAMP, np.float32)
    for i in range(point.shape[0]):
        limit[i] = 0.0
        dx, dy, dz = view[i, 0], view[i, 1], view[i, 2]
        beta = light[15]
        if material[i] < 0:
            r, g, b = radiance(dx, dy, dz, sky, 1.0)
            if not first and dx * light[0] + dy * light[1] + dz * light[2] > 0.99997:
                # The shadow rays bring the sun's own light.
                r, g, b = radiance(light[0] + 0.02, light[1] + 0.02, light[2] + 0.02, sky, 0.0)
            through = np.exp(-beta * light[19] / max(dz, 0.01)) if beta > 0.0 else 1.0
            total[i, 0] += weight[i, 0] * (r * through + light[16] * (1.0 - through))
            total[i, 1] += weight[i, 1] * (g * through + light[17] * (1.0 - through))
            total[i, 2] += weight[i, 2] * (b * through + light[18] * (1.0 - through))
            weight[i, 0], weight[i, 1], weight[i, 2] = 0.0, 0.0, 0.0
            continue
        row = point[i]
        through = np.exp(-beta * distance[i]) if beta > 0.0 else 1.0
        bright = max(finish[i, 5], finish[i, 6], finish[i, 7])
        for c in range(3):
            total[i, c] += weight[i, c] * light[16 + c] * (1.0 - through)
            weight[i, c] *= through
            if first or bright < LAMP_GLASS:
                total[i, c] += weight[i, c] * finish[i, 5 + c]
        nx, ny, nz, rough, base = row[3], row[4], row[5], finish[i, 3], finish[i, 4]
        n_v = max(-(dx * nx + dy * ny + dz * nz), 0.02)
        ox = row[0] + OFFSET_M * row[6]
        oy, oz = row[1] + OFFSET_M * row[7], row[2] + OFFSET_M * row[8]
        chance = _pick(lighting, row, draws[i, 0], chosen)
        if chance > 0.0:
            radius, angle = np.sqrt(draws[i, 1]), 2.0 * np.pi * draws[i, 2]
            if chosen[0] < 0:
                ax, ay, az, bx, by, bz = _frame(light[0], light[1], light[2])
                u, v = SUN_RADIUS_RAD * radius * np.cos(angle), SUN_RADIUS_RAD * radius * np.sin(angle)
                lx, ly, lz = light[0] + u * ax + v * bx, light[1] + u * ay + v * by, light[2] + u * az + v * bz
                far, strength = 1e5, 1.0
            else:
                lamp = lamps[chosen[0]]
                for c in range(LAMP):
                    moved[c] = lamp[c]
                size = _RADII_M[int(lamp[10] + 0.5)]
                moved[0] += size * radius * np.cos(angle)
                moved[1] += size * radius * np.sin(angle)
                strength, lx, ly, lz, far = lamp_at(moved, row)
                far = max(far - 0.5, 0.01)
            n_l = nx * lx + ny * ly + nz * lz
            if n_l > 0.0 and strength > 0.0 and lx * row[6] + ly * row[7] + lz * row[8] > 0.0:
                hx, hy, hz = lx - dx, ly - dy, lz - dz
                inv = 1.0 / max(np.sqrt(hx * hx + hy * hy + hz * hz), 1e-9)
                n_h = max((nx * hx + ny * hy + nz * hz) * inv, 0.0)
                v_h = max(-(dx * hx + dy * hy + dz * hz) * inv, 0.0)
                limit[i] = far
                shadow_origin[i, 0], shadow_origin[i, 1], shadow_origin[i, 2] = ox, oy, oz
                shadow[i, 0], shadow[i, 1], shadow[i, 2] = lx, ly, lz
                for c in range(3):
                    color = light[3 + c] if chosen[0] < 0 else lamps[chosen[0], 6 + c]
                    value = brdf(n_l, n_v, n_h, v_h, rough, base, finish[i, c])
                    gain[i, c] = weight[i, c] * value * n_l * strength * color / chance
        _onward(row, finish[i], dx, dy, dz, n_v, draws[i], weight[i], onward[i])
        origin[i, 0], origin[i, 1], origin[i, 2] = ox, oy, oz


@njit(cache=True, nogil=True)
def _onward(
    row: np.ndarray, finish: np.ndarray, dx: float, dy: float, dz: float, n_v: float, draws: np.ndarray,
    weight: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Where the path goes on, off the layer or out of the body, and what it then counts for."""
    nx, ny, nz, base = row[3], row[4], row[5], finish[4]
    ax, ay, az, bx, by, bz = _frame(nx, ny, nz)
    fresnel = base + (1.0 - base) * (1.0 - n_v) ** 5 if base > 0.0 else 0.0
    body = (1.0 - fresnel) * (finish[0] + finish[1] + finish[2]) / 3.0
    shiny = fresnel / max(fresnel + body, 1e-9)
    shiny = 0.0 if base <= 0.0 else min(max(shiny, 0.1), 0.95)
    if draws[3] < shiny:
        alpha = max(finish[3] * finish[3], 0.02)
        vx, vy, vz = -(dx * ax + dy * ay + dz * az), -(dx * bx + dy * by + dz * bz), n_v
        size = 1.0 / np.sqrt(vx * vx + vy * vy + vz * vz)
        vx, vy, vz = vx * size, vy * size, vz * size
        hx, hy, hz = _visible_normal(vx, vy, vz, alpha, draws[4], draws[5])
        v_h = max(vx * hx + vy * hy + vz * hz, 0.0)
        lx, ly, lz = 2.0 * v_h * hx - vx, 2.0 * v_h * hy - vy, 2.0 * v_h * hz - vz
        if lz <= 1e-4:
            weight[0], weight[1], weight[2] = 0.0, 0.0, 0.0
            return
        square = alpha * alpha
        seen = _masking(vz, square)
        share = (base + (1.0 - base) * (1.0 - v_h) ** 5) * (1.0 + seen) / (1.0 + seen + _masking(lz, square)) / shiny
        for c in range(3):
            weight[c] *= share
    else:
        r, angle = np.sqrt(draws[4]), 2.0 * np.pi * draws[5]
        lx, ly, lz = r * np.cos(angle), r * np.sin(angle), np.sqrt(max(0.0, 1.0 - draws[4]))
        # The layer takes its part on the way in, by the half vector as `brdf` has it.
        hx, hy, hz = lx - (dx * ax + dy * ay + dz * az), ly - (dx * bx + dy * by + dz * bz), lz + n_v
        size = 1.0 / max(np.sqrt(hx * hx + hy * hy + hz * hz), 1e-9)
        v_h = max((lx * hx + ly * hy + lz * hz) * size, 0.0)
        inside = 1.0 - (base + (1.0 - base) * (1.0 - v_h) ** 5) if base > 0.0 else 1.0
        for c in range(3):
            weight[c] *= finish[c] * inside / (1.0 - shiny)
    out[0], out[1], out[2] = lx * ax + ly * bx + lz * nx, lx * ay + ly * by + lz * ny, lx * az + ly * bz + lz * nz
    # A bent normal may send the path below the surface; it ends there.
    if out[0] * row[6] + out[1] * row[7] + out[2] * row[8] <= 0.0:
        weight[0], weight[1], weight[2] = 0.0, 0.0, 0.0
