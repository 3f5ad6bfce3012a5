"""What lies at a hit, compiled: position, normals, texture coordinates, then the material with its pattern.

Row layout of a surface point (`POINT` numbers): 0-2 position, 3-5 shading normal, 6-8 face normal (both towards the
viewer), 9-10 uv, 11 footprint of a pixel on the surface in metres.
Row layout of a finish (`FINISH` numbers): 0-2 diffuse colour, 3 roughness, 4 reflectance at normal incidence,
5-7 emission.
"""

from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from generators.raytrace.noise_kernels import floor, fractal, hashed, noise, smooth
from generators.raytrace.tracer_kernels import Geometry, Instances

POINT = 12
FINISH = 8
_njit: Any = njit
_inlined: Any = _njit(cache=True, nogil=True, _nrt=False, forceinline=True)


class Attributes(NamedTuple):
    """Columns of the triangles, in the order of the leaves."""

    material: np.ndarray
    uv: np.ndarray
    normals: np.ndarray


class Looks(NamedTuple):
    """Columns of the materials; `lit` holds the brightness of each material's glow for each instance (row 0: street).

    `weather`: 0 wetness of the road, 1 snow cover, 2 share of lit windows.
    """

    albedo: np.ndarray
    second: np.ndarray
    roughness: np.ndarray
    reflectance: np.ndarray
    emission: np.ndarray
    texture: np.ndarray
    scale: np.ndarray
    wettable: np.ndarray
    lit: np.ndarray
    weather: np.ndarray


@_inlined
def surface_at(
    geometry: Geometry, attributes: Attributes, instances: Instances, origin: np.ndarray, direction: np.ndarray,
    slot: np.ndarray, distance: np.ndarray, triangle: np.ndarray, instance: np.ndarray, barycentric: np.ndarray,
    pixel_rad: float, point: np.ndarray, material: np.ndarray, i: Any,
) -> None:  # fmt: skip
    """Fills the point row and the material of one hit; material -1 where nothing was hit."""
    k = triangle[i]
    material[i] = -1
    if k < 0:
        return
    material[i] = attributes.material[k]
    t = distance[i]
    u, v = barycentric[i, 0], barycentric[i, 1]
    w = np.float32(1.0) - u - v
    tri = geometry.triangle[k]
    fx, fy, fz = (
        tri[4] * tri[8] - tri[5] * tri[7],
        tri[5] * tri[6] - tri[3] * tri[8],
        tri[3] * tri[7] - tri[4] * tri[6],
    )
    c = attributes.normals[k]
    nx = w * c[0, 0] + u * c[1, 0] + v * c[2, 0]
    ny = w * c[0, 1] + u * c[1, 1] + v * c[2, 1]
    nz = w * c[0, 2] + u * c[1, 2] + v * c[2, 2]
    who = instance[i]
    if who >= 0:
        m = instances.actor_from_world[slot[i], who]
        fx, fy, fz = (
            m[0] * fx + m[4] * fy + m[8] * fz, m[1] * fx + m[5] * fy + m[9] * fz, m[2] * fx + m[6] * fy + m[10] * fz
        )  # fmt: skip
        nx, ny, nz = (
            m[0] * nx + m[4] * ny + m[8] * nz, m[1] * nx + m[5] * ny + m[9] * nz, m[2] * nx + m[6] * ny + m[10] * nz
        )  # fmt: skip
    dx, dy, dz = direction[i, 0], direction[i, 1], direction[i, 2]
    size = 1.0 / max(sqrt(fx * fx + fy * fy + fz * fz), 1e-20)
    facing = fx * dx + fy * dy + fz * dz
    if facing > 0.0:
        size = -size
    fx, fy, fz = fx * size, fy * size, fz * size
    length = sqrt(nx * nx + ny * ny + nz * nz)
    if length < 1e-6:
        nx, ny, nz, length = fx, fy, fz, 1.0
    if nx * fx + ny * fy + nz * fz < 0.0:
        length = -length
    nx, ny, nz = nx / length, ny / length, nz / length
    if nx * dx + ny * dy + nz * dz > -0.01:
        nx, ny, nz = fx, fy, fz
    row = point[i]
    row[0], row[1], row[2] = origin[i, 0] + t * dx, origin[i, 1] + t * dy, origin[i, 2] + t * dz
    row[3], row[4], row[5], row[6], row[7], row[8] = nx, ny, nz, fx, fy, fz
    q = attributes.uv[k]
    row[9] = w * q[0, 0] + u * q[1, 0] + v * q[2, 0]
    row[10] = w * q[0, 1] + u * q[1, 1] + v * q[2, 1]
    slope = max(abs(fx * dx + fy * dy + fz * dz), 0.04)
    row[11] = pixel_rad * t / sqrt(slope)


@njit(cache=True, nogil=True)
def surface(
    geometry: Geometry, attributes: Attributes, instances: Instances, origin: np.ndarray, direction: np.ndarray,
    slot: np.ndarray, distance: np.ndarray, triangle: np.ndarray, instance: np.ndarray, barycentric: np.ndarray,
    pixel_rad: float, point: np.ndarray, material: np.ndarray,
) -> None:  # fmt: skip
    """Fills point rows and material of every hit; material -1 where nothing was hit."""
    for i in range(origin.shape[0]):
        surface_at(
            geometry, attributes, instances, origin, direction, slot, distance, triangle, instance, barycentric,
            pixel_rad, point, material, i,
        )  # fmt: skip


@njit(cache=True, nogil=True)
def _ground(kind: int, u: float, v: float, scale: float, foot: float) -> tuple[float, float]:
    """Brightness factor and share of the second colour of a ground texture."""
    if kind == 1:  # asphalt: stones, wear, darker and lighter patches with straight edges
        fine = fractal(u * 38.0, v * 38.0, 2, foot * 38.0, 3)
        broad = fractal(u * 0.45, v * 0.45, 3, foot * 0.45, 5)
        cell_u, cell_v = u / 7.3 + 0.15 * noise(u * 0.3, v * 0.3, 9), v / 3.1
        patch = hashed(floor(cell_u), floor(cell_v), 11)
        tone = 0.78 if patch > 0.93 else (1.1 if patch < 0.03 else 1.0)
        crack = abs(fractal(u * 0.7, v * 0.7, 3, foot * 0.7, 21))
        where = smooth(0.08, 0.25, fractal(u * 0.05, v * 0.05, 2, foot * 0.05, 23))
        line = 1.0 - 0.3 * where * (1.0 - smooth(0.0, 0.01, crack)) * (1.0 - smooth(0.01, 0.05, foot))
        return (1.0 + 0.7 * fine + 0.45 * broad) * tone * line, 0.0
    if kind == 2:  # concrete: stains and joints
        joint = min(
            abs(u / (2.5 * scale) - round(u / (2.5 * scale))), abs(v / (2.5 * scale) - round(v / (2.5 * scale)))
        )
        dark = 1.0 - 0.3 * (1.0 - smooth(0.002, 0.008, joint)) * (1.0 - smooth(0.02, 0.1, foot))
        return dark * (1.0 + 0.35 * fractal(u * 1.2, v * 1.2, 4, foot * 1.2, 31)), 0.0
    if kind == 3:  # grass: blades, tufts, meadows
        blades = fractal(u * 9.0, v * 9.0, 3, foot * 9.0, 41)
        tufts = fractal(u * 0.5, v * 0.5, 3, foot * 0.5, 43)
        return 1.0 + 0.9 * blades + 0.5 * tufts, smooth(-0.1, 0.35, fractal(u * 0.11, v * 0.11, 3, foot * 0.11, 47))
    if kind == 8:  # paving: slabs with joints
        a, b = u / scale, v / scale
        b += 0.5 * (floor(a) & 1)
        joint = min(abs(a - round(a)), abs(b - round(b))) * scale
        fade = 1.0 - smooth(0.3, 1.0, foot / scale)
        tone = 1.0 + fade * 0.22 * (hashed(floor(a), floor(b), 53) - 0.5)
        gap = 1.0 - 0.4 * fade * (1.0 - smooth(0.004, 0.014 + foot, joint))
        return tone * gap * (1.0 + 0.3 * fractal(u * 2.0, v * 2.0, 3, foot * 2.0, 57)), 0.0
    return 1.0 + 0.9 * fractal(u * 3.0, v * 3.0, 4, foot * 3.0, 61), smooth(0.0, 0.4, fractal(u, v, 3, foot, 63))


@njit(cache=True, nogil=True)
def _wall(kind: int, u: float, v: float, scale: float, foot: float) -> tuple[float, float]:
    """Brightness factor and share of the second colour of textures that stand upright."""
    if kind == 5:  # brick in running bond
        row = floor(v / (0.3 * scale))
        a, b = u / scale + 0.5 * (row & 1), v / (0.3 * scale)
        fade = 1.0 - smooth(0.15, 0.5, foot / scale)
        joint = min(abs(a - round(a)) * scale, abs(b - round(b)) * 0.3 * scale)
        mortar = fade * (1.0 - smooth(0.006, 0.01 + 0.5 * foot, joint))
        tone = 1.0 + fade * 0.5 * (hashed(floor(a), row, 71) - 0.5)
        return tone * (1.0 + 0.3 * fractal(u * 0.6, v * 0.6, 3, foot * 0.6, 73)), mortar
    if kind == 6:  # leaves: light and deep shade close together
        near = fractal(u / scale * 4.0, v / scale * 4.0, 3, foot / scale * 4.0, 81)
        return max(0.25, 1.0 + 1.7 * near), smooth(0.0, 0.5, fractal(u * 0.8, v * 0.8, 2, foot * 0.8, 83))
    if kind == 7:  # bark: upright furrows
        return max(0.3, 1.0 + 1.2 * fractal(u * 22.0, v * 3.0, 3, foot * 22.0, 91)), 0.0
    if kind == 10:  # roof: rows of tiles
        b, a = v / (0.35 * scale), u / (0.25 * scale)
        fade = 1.0 - smooth(0.15, 0.6, foot / (0.35 * scale))
        edge = 1.0 - 0.45 * fade * (1.0 - smooth(0.0, 0.25, b - floor(b)))
        return edge * (1.0 + fade * 0.3 * (hashed(floor(a), floor(b), 101) - 0.5)), 0.0
    if kind == 13:  # stripes of equal width
        a = u / scale
        return 1.0, 1.0 if a - floor(a) < 0.5 else 0.0
    rate = 60.0 if kind == 11 else 14.0  # fur, cloth
    return 1.0 + 0.5 * fractal(u * rate, v * rate * 0.5, 3, foot * rate, 111), 0.0


@njit(cache=True, nogil=True)
def _facade(u: float, v: float, scale: float, foot: float, base: float, share: float) -> tuple[float, float, float]:
    """Share of window pane, brightness of the wall, and whether the pane is lit (0 to 1).

    One window in each cell `scale` wide and high, with a frame, a sill and now and then a drawn curtain.
    """
    a, b = u / scale, v / scale
    i, j = floor(a), floor(b)
    x, y = a - i, b - j
    soft = 0.004 + foot / scale
    across = smooth(0.24 - soft, 0.24 + soft, x) * (1.0 - smooth(0.76 - soft, 0.76 + soft, x))
    along = smooth(0.26 - soft, 0.26 + soft, y) * (1.0 - smooth(0.8 - soft, 0.8 + soft, y))
    pane = across * along
    bar = (1.0 - smooth(0.012, 0.016 + soft, abs(x - 0.5))) * (1.0 - smooth(0.1, 0.4, foot))
    edge = smooth(0.22, 0.24, x) * (1.0 - smooth(0.76, 0.78, x)) * smooth(0.2, 0.22, y) * (1.0 - smooth(0.26, 0.27, y))
    lit = 1.0 if hashed(i, j, 127) < share else 0.0
    curtain = 0.35 + 0.65 * hashed(i, j, 131)
    wall = (1.0 + 0.22 * fractal(u * 0.5, v * 0.5, 3, foot * 0.5, 137)) * (1.0 + 0.25 * edge) * base
    return pane * (1.0 - 0.8 * bar), wall, lit * curtain


@njit(cache=True, nogil=True)
def finish(looks: Looks, point: np.ndarray, material: np.ndarray, instance: np.ndarray, out: np.ndarray) -> None:
    """Fills the finish rows of every hit, and bends the normal of wet ground a little."""
    wet, snow, share = looks.weather[0], looks.weather[1], looks.weather[2]
    for i in range(point.shape[0]):
        m = material[i]
        if m < 0:
            continue
        row = point[i]
        u, v, foot = row[9], row[10], row[11]
        kind, scale = int(looks.texture[m]), max(float(looks.scale[m]), 1e-3)
        rough, shine = looks.roughness[m], looks.reflectance[m]
        factor, second, glow = 1.0, 0.0, looks.lit[instance[i] + 1, m]
        if kind == 4:
            second, factor, lamp = _facade(u, v, scale, foot, 1.0, share)
            glow *= second * lamp
            rough += (0.06 - rough) * second
            shine += (0.09 - shine) * second
        elif kind == 1 or kind == 2 or kind == 3 or kind == 8 or kind == 9:
            factor, second = _ground(kind, u, v, scale, foot)
        elif kind != 0:
            factor, second = _wall(kind, u, v, scale, foot)
        factor = min(max(factor, 0.15), 1.9)
        damp = wet * looks.wettable[m]
        white = 0.0
        if row[8] > 0.35:
            if snow > 0.0:
                white = smooth(0.75 - snow, 1.05 - snow, 0.5 + fractal(u * 0.35, v * 0.35, 4, foot * 0.35, 151))
                white *= smooth(0.35, 0.7, row[8])
                if kind == 1:  # traffic leaves slush
                    white *= 0.62 + 0.5 * fractal(u * 0.25, v * 1.7, 3, foot * 1.7, 159)
            if damp > 0.0:
                puddle = smooth(
                    0.75 - 0.25 * damp, 0.85 - 0.2 * damp, 0.5 + fractal(u * 0.3, v * 0.3, 3, foot * 0.3, 157)
                )
                rough += (0.03 + 0.24 * (1.0 - puddle) - rough) * min(1.0, 1.3 * damp)
                shine = max(shine, 0.02 + 0.03 * damp)
                ripple = 0.012 * (1.0 - puddle)
                row[3] += ripple * (noise(u * 31.0, v * 31.0, 163) - 0.5)
                row[4] += ripple * (noise(u * 31.0, v * 31.0, 167) - 0.5)
        dark = 1.0 - 0.5 * damp
        for c in range(3):
            color = looks.albedo[m, c] * (1.0 - second) + looks.second[m, c] * second
            color *= (factor if kind != 4 else 1.0 + (factor - 1.0) * (1.0 - second)) * dark
            out[i, c] = color + (0.82 - color) * white
            out[i, 5 + c] = looks.emission[m, c] * glow
        out[i, 3] = rough + (0.95 - rough) * white
        out[i, 4] = shine * (1.0 - white)
