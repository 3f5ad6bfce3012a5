"""Scalar geometry, compiled: places on paths, oriented boxes, quintic moves.

Each function has a slow, obvious twin in `reference.py`.
"""

import math

import numpy as np

from sim_bridge.embedded.compiled import inlined, inner, scalar
from sim_bridge.embedded.layout import LINE, PCURV, PGRADE, PHEAD, PTX, PTY, PX, PY, TINY, Pool


@scalar
def flush(value: float) -> float:
    """The value, or 0 where it is so small that it would soon be denormal."""
    return 0.0 if abs(value) < TINY else value


@scalar
def wrap(angle: float) -> float:
    """The same angle in [-pi, pi)."""
    if -math.pi <= angle < math.pi:
        return angle
    return (angle + math.pi) % (2.0 * math.pi) - math.pi


@inlined
def table_row(first: int, count: int, spacing: float, s: float) -> tuple[int, float]:
    """Row of the table before `s` and the fraction (0 to 1) of the interval beyond it; clamped to the path."""
    position = s / spacing
    k = int(position)
    k = max(0, min(k, count - 2))
    fraction = min(max(position - k, 0.0), 1.0)
    return first + k, fraction


@inner
def table_value(table: np.ndarray, first: int, count: int, spacing: float, s: float, column: int) -> float:
    """One column of a sampled path at `s`, linear between samples."""
    row, f = table_row(first, count, spacing, s)
    return table[row, column] * (1.0 - f) + table[row + 1, column] * f


@inner
def table_point(
    table: np.ndarray, first: int, count: int, spacing: float, s: float
) -> tuple[float, float, float, float]:
    """Point and unit tangent of a sampled path: cubic Hermite between samples, straight beyond the ends."""
    row, f = table_row(first, count, spacing, s)
    h = spacing
    x0, y0, x1, y1 = table[row, PX], table[row, PY], table[row + 1, PX], table[row + 1, PY]
    u0, v0, u1, v1 = table[row, PTX] * h, table[row, PTY] * h, table[row + 1, PTX] * h, table[row + 1, PTY] * h
    f2 = f * f
    f3 = f2 * f
    a, b, c, d = 2 * f3 - 3 * f2 + 1, f3 - 2 * f2 + f, -2 * f3 + 3 * f2, f3 - f2
    x = a * x0 + b * u0 + c * x1 + d * u1
    y = a * y0 + b * v0 + c * y1 + d * v1
    a, b, c, d = 6 * f2 - 6 * f, 3 * f2 - 4 * f + 1, -6 * f2 + 6 * f, 3 * f2 - 2 * f
    tx = a * x0 + b * u0 + c * x1 + d * u1
    ty = a * y0 + b * v0 + c * y1 + d * v1
    norm = math.sqrt(tx * tx + ty * ty)
    tx, ty = tx / norm, ty / norm
    beyond = s - min(max(s, 0.0), (count - 1) * spacing)
    return x + beyond * tx, y + beyond * ty, tx, ty


@inner
def table_refine(
    table: np.ndarray, first: int, count: int, spacing: float, x: float, y: float, s: float
) -> tuple[float, float]:
    """Place (s, d) on a sampled path beside which (x, y) lies, by Newton steps from a nearby `s`."""
    d = 0.0
    for _ in range(4):
        px, py, tx, ty = table_point(table, first, count, spacing, s)
        along = (x - px) * tx + (y - py) * ty
        d = (y - py) * tx - (x - px) * ty
        step = along / max(1.0 - table_value(table, first, count, spacing, s, PCURV) * d, 0.3)
        s += min(max(step, -5.0), 5.0)
        if abs(step) < 1e-10:
            break
    return s, d


@inner
def table_nearest(table: np.ndarray, first: int, count: int, k: int, x: float, y: float) -> int:
    """Sample of a path nearest to (x, y), found by walking from sample `k`."""
    best = (table[first + k, PX] - x) ** 2 + (table[first + k, PY] - y) ** 2
    for direction in (1, -1):
        while 0 <= k + direction <= count - 1:
            row = first + k + direction
            distance = (table[row, PX] - x) ** 2 + (table[row, PY] - y) ** 2
            if distance >= best:
                break
            k, best = k + direction, distance
    return k


@inlined
def path_value(pool: Pool, path: int, s: float, column: int) -> float:
    """One column of a path at `s`; what is the same all along it is not looked up."""
    if pool.fixed[path] >> column & 1:
        return pool.steady[path, column]
    return table_value(pool.table, pool.first[path], pool.count[path], pool.spacing[path], s, column)


@inlined
def path_length(pool: Pool, path: int) -> float:
    """Length of a path in metres."""
    return (pool.count[path] - 1) * pool.spacing[path]


@inlined
def path_point(pool: Pool, path: int, s: float) -> tuple[float, float, float, float]:
    """Point and unit tangent (x, y, tx, ty) at `s`; a straight line is computed, others come from their samples."""
    if pool.fixed[path] & LINE:
        tx, ty = pool.steady[path, PTX], pool.steady[path, PTY]
        return pool.steady[path, PX] + s * tx, pool.steady[path, PY] + s * ty, tx, ty
    return table_point(pool.table, pool.first[path], pool.count[path], pool.spacing[path], s)


@inlined
def refine(pool: Pool, path: int, x: float, y: float, s: float) -> tuple[float, float]:
    """Place (s, d) beside which (x, y) lies, from a nearby `s`; s may lie beyond the ends."""
    if pool.fixed[path] & LINE:
        dx, dy = x - pool.steady[path, PX], y - pool.steady[path, PY]
        tx, ty = pool.steady[path, PTX], pool.steady[path, PTY]
        return dx * tx + dy * ty, dy * tx - dx * ty
    return table_refine(pool.table, pool.first[path], pool.count[path], pool.spacing[path], x, y, s)


@inlined
def project(pool: Pool, path: int, x: float, y: float) -> tuple[float, float]:
    """Place (s, d) of a point on a path; s is NaN where the path is far away, which its grid says."""
    cell = pool.grid[path, 2]
    width, height, offset = int(pool.grid[path, 3]), int(pool.grid[path, 4]), int(pool.grid[path, 5])
    # On a GPU floor gives a float.
    column = int(math.floor((x - pool.grid[path, 0]) / cell))  # noqa: RUF046
    line = int(math.floor((y - pool.grid[path, 1]) / cell))  # noqa: RUF046
    if column < 0 or line < 0 or column >= width or line >= height:
        return math.nan, math.nan
    k = pool.cells[offset + line * width + column]
    if k < 0:
        return math.nan, math.nan
    if pool.fixed[path] & LINE:
        return refine(pool, path, x, y, 0.0)
    first, count, spacing = pool.first[path], pool.count[path], pool.spacing[path]
    k = table_nearest(pool.table, first, count, k, x, y)
    return table_refine(pool.table, first, count, spacing, x, y, k * spacing)


@inlined
def ground_gradient(pool: Pool, path: int, s: float, tx: float, ty: float, bank: float) -> tuple[float, float]:
    """Slope of the road surface (dz/dx, dz/dy) from the grade along the path and its bank (dz/dd)."""
    grade = path_value(pool, path, s, PGRADE)
    return grade * tx - bank * ty, grade * ty + bank * tx


@inlined
def path_heading(pool: Pool, path: int, s: float) -> float:
    """Heading at `s`, continuous along the path (not wrapped)."""
    return path_value(pool, path, s, PHEAD)


@scalar
def quintic_coefficients(
    start: float, rate: float, curve: float, end: float, duration: float
) -> tuple[float, float, float, float, float, float]:
    """Coefficients of the quintic from (start, rate, curve) to (end, 0, 0) within `duration`, in rising powers.

    The minimum-jerk curve between these states; Takahashi et al., IV 1989.
    """
    t, t2 = duration, duration * duration
    gap = end - start - rate * t - 0.5 * curve * t2
    slope = -(rate + curve * t)
    bend = -curve
    c3 = (10.0 * gap - 4.0 * slope * t + 0.5 * bend * t2) / (t2 * t)
    c4 = (-15.0 * gap + 7.0 * slope * t - bend * t2) / (t2 * t2)
    c5 = (6.0 * gap - 3.0 * slope * t + 0.5 * bend * t2) / (t2 * t2 * t)
    return start, rate, 0.5 * curve, c3, c4, c5


@scalar
def polynomial(
    c0: float, c1: float, c2: float, c3: float, c4: float, c5: float, t: float
) -> tuple[float, float, float]:
    """Value, first and second derivative of a quintic at `t`."""
    value = c0 + t * (c1 + t * (c2 + t * (c3 + t * (c4 + t * c5))))
    rate = c1 + t * (2.0 * c2 + t * (3.0 * c3 + t * (4.0 * c4 + t * 5.0 * c5)))
    curve = 2.0 * c2 + t * (6.0 * c3 + t * (12.0 * c4 + t * 20.0 * c5))
    return value, rate, curve


@scalar
def box_overlap(
    ax: float,
    ay: float,
    ayaw: float,
    alength: float,
    awidth: float,
    bx: float,
    by: float,
    byaw: float,
    blength: float,
    bwidth: float,
) -> tuple[float, float, float]:
    """Least translation that parts two oriented rectangles, and its axis (depth, nx, ny), from a towards b.

    Separating axis theorem; a negative depth is a lower bound of the distance between them.
    """
    dx, dy = bx - ax, by - ay
    ca, sa, cb, sb = math.cos(ayaw), math.sin(ayaw), math.cos(byaw), math.sin(byaw)
    depth, nx, ny = math.inf, 1.0, 0.0
    for axis in range(4):
        if axis == 0:
            ux, uy = ca, sa
        elif axis == 1:
            ux, uy = -sa, ca
        elif axis == 2:
            ux, uy = cb, sb
        else:
            ux, uy = -sb, cb
        reach = 0.5 * (
            abs(ux * ca + uy * sa) * alength
            + abs(-ux * sa + uy * ca) * awidth
            + abs(ux * cb + uy * sb) * blength
            + abs(-ux * sb + uy * cb) * bwidth
        )
        offset = dx * ux + dy * uy
        if reach - abs(offset) < depth:
            depth = reach - abs(offset)
            sign = 1.0 if offset >= 0.0 else -1.0
            nx, ny = sign * ux, sign * uy
    return depth, nx, ny


@scalar
def corner_distance(
    ax: float,
    ay: float,
    ayaw: float,
    alength: float,
    awidth: float,
    bx: float,
    by: float,
    byaw: float,
    blength: float,
    bwidth: float,
) -> float:
    """Least distance from the corners of rectangle a to rectangle b."""
    ca, sa, cb, sb = math.cos(ayaw), math.sin(ayaw), math.cos(byaw), math.sin(byaw)
    best = math.inf
    for corner in range(4):
        lx = 0.5 * alength if corner < 2 else -0.5 * alength
        ly = 0.5 * awidth if corner % 2 == 0 else -0.5 * awidth
        dx = ax + ca * lx - sa * ly - bx
        dy = ay + sa * lx + ca * ly - by
        u = max(abs(cb * dx + sb * dy) - 0.5 * blength, 0.0)
        v = max(abs(-sb * dx + cb * dy) - 0.5 * bwidth, 0.0)
        best = min(best, math.sqrt(u * u + v * v))
    return best


@scalar
def box_distance(
    ax: float,
    ay: float,
    ayaw: float,
    alength: float,
    awidth: float,
    bx: float,
    by: float,
    byaw: float,
    blength: float,
    bwidth: float,
) -> float:
    """Distance between two oriented rectangles; 0 where they touch or overlap."""
    depth, _, _ = box_overlap(ax, ay, ayaw, alength, awidth, bx, by, byaw, blength, bwidth)
    if depth >= 0.0:
        return 0.0
    return min(
        corner_distance(ax, ay, ayaw, alength, awidth, bx, by, byaw, blength, bwidth),
        corner_distance(bx, by, byaw, blength, bwidth, ax, ay, ayaw, alength, awidth),
    )
