"""Impacts of oriented boxes and how they slide afterwards, compiled. Twins in `reference_impacts.py`.

The model is Kudlich's and Slibar's, as accident reconstruction uses it: compression ends when the points in contact
move together (or, where friction does not suffice, when they part no further along the normal); restitution then gives
back the share e of the whole impulse. Linear and angular momentum are kept and no energy is made.
Source: Steffan, Moser, The Collision and Trajectory Models of PC-CRASH, SAE 960886 (1996).
"""

import math

from sim_bridge.embedded.compiled import scalar

# Car bodies: Steffan and Moser name 0.1 to 0.3 and 0.5 to 0.6.
RESTITUTION = 0.1
CONTACT_FRICTION = 0.5
# Corners as near to the other box as this count as touching: bodies crumple.
CRUSH_M = 0.01
SLIDE_SUBSTEP_S = 0.02


@scalar
def corner_sum(
    ax: float, ay: float, ayaw: float, alength: float, awidth: float, bx: float, by: float, byaw: float,
    blength: float, bwidth: float, margin: float,
) -> tuple[int, float, float]:  # fmt: skip
    """Number and sum (x, y) of the corners of rectangle a that lie in rectangle b grown by `margin`."""
    ca, sa, cb, sb = math.cos(ayaw), math.sin(ayaw), math.cos(byaw), math.sin(byaw)
    count, sum_x, sum_y = 0, 0.0, 0.0
    for corner in range(4):
        lx = 0.5 * alength if corner < 2 else -0.5 * alength
        ly = 0.5 * awidth if corner % 2 == 0 else -0.5 * awidth
        x, y = ax + ca * lx - sa * ly, ay + sa * lx + ca * ly
        u, v = cb * (x - bx) + sb * (y - by), -sb * (x - bx) + cb * (y - by)
        if abs(u) <= 0.5 * blength + margin and abs(v) <= 0.5 * bwidth + margin:
            count, sum_x, sum_y = count + 1, sum_x + x, sum_y + y
    return count, sum_x, sum_y


@scalar
def contact_point(
    ax: float, ay: float, ayaw: float, alength: float, awidth: float, bx: float, by: float, byaw: float,
    blength: float, bwidth: float, depth: float,
) -> tuple[float, float]:  # fmt: skip
    """Where two rectangles that overlap by `depth` touch: the mean of the corners that lie in the other one.

    Sides that lie against each other overlap between two such corners, so the mean is the middle of the overlap.
    Rectangles that cross without a corner inside touch half-way between their centres.
    """
    margin = max(depth, 0.0) + CRUSH_M
    na, xa, ya = corner_sum(ax, ay, ayaw, alength, awidth, bx, by, byaw, blength, bwidth, margin)
    nb, xb, yb = corner_sum(bx, by, byaw, blength, bwidth, ax, ay, ayaw, alength, awidth, margin)
    if na + nb == 0:
        return 0.5 * (ax + bx), 0.5 * (ay + by)
    return (xa + xb) / (na + nb), (ya + yb) / (na + nb)


@scalar
def box_inertia(mass: float, length: float, width: float) -> float:
    """Yaw inertia of an even box, kg m^2."""
    return mass * (length * length + width * width) / 12.0


@scalar
def impulse_between(
    light_a: float, free_a: float, light_b: float, free_b: float, ax: float, ay: float, bx: float, by: float,
    nx: float, ny: float, vx: float, vy: float, restitution: float, friction: float,
) -> tuple[float, float]:  # fmt: skip
    """Impulse (x, y) that body b gets and body a gives in an impact, N s; zero where they part already.

    `light_*`: 1 / mass, `free_*`: 1 / yaw inertia (0 for what does not move); (ax, ay), (bx, by): from the centre of
    each to the contact; n: unit normal from a to b; v: velocity of a's point of contact less that of b's.
    """
    along, across = vx * nx + vy * ny, vy * nx - vx * ny
    if along <= 0.0 or light_a + light_b <= 0.0:
        return 0.0, 0.0
    arm_a, arm_b = ax * ny - ay * nx, bx * ny - by * nx
    lever_a, lever_b = ax * nx + ay * ny, bx * nx + by * ny
    knn = light_a + light_b + free_a * arm_a * arm_a + free_b * arm_b * arm_b
    ktt = light_a + light_b + free_a * lever_a * lever_a + free_b * lever_b * lever_b
    knt = free_a * arm_a * lever_a + free_b * arm_b * lever_b
    det = knn * ktt - knt * knt
    pn, pt = (ktt * along - knt * across) / det, (knn * across - knt * along) / det
    if pn > 0.0 and abs(pt) <= friction * pn:
        pn, pt = (1.0 + restitution) * pn, (1.0 + restitution) * pt
    else:
        slope = friction if pt > 0.0 else -friction
        meets, gives = along + slope * across, knn + slope * knt
        if meets <= 0.0 or gives <= 0.0:
            slope, meets, gives = 0.0, along, knn
        costs = knn + 2.0 * slope * knt + slope * slope * ktt
        # No more than what would leave the energy as it is.
        pn = min((1.0 + restitution) * along / gives, 2.0 * meets / costs)
        pt = slope * pn
    return pn * nx - pt * ny, pn * ny + pt * nx


@scalar
def slide(
    x: float, y: float, yaw: float, vx: float, vy: float, rate: float, length: float, width: float, brake: float,
    dt: float,
) -> tuple[float, float, float, float, float, float]:  # fmt: skip
    """A body that slides and turns on four feet, each braked by `brake` (m/s^2) against its own motion.

    The feet stand at 0.3 lengths and 0.4 widths; sub-steps of at most 20 ms. Returns x, y, yaw, vx, vy, rate.
    """
    count = max(1, math.ceil(dt / SLIDE_SUBSTEP_S - 1e-9))
    h = dt / count
    gyration = (length * length + width * width) / 12.0
    for _ in range(count):
        cos, sin = math.cos(yaw), math.sin(yaw)
        ax, ay, turn = 0.0, 0.0, 0.0
        for foot in range(4):
            lx = 0.3 * length if foot < 2 else -0.3 * length
            ly = 0.4 * width if foot % 2 == 0 else -0.4 * width
            rx, ry = cos * lx - sin * ly, sin * lx + cos * ly
            fx, fy = vx - rate * ry, vy + rate * rx
            share = 0.25 * brake / max(math.sqrt(fx * fx + fy * fy), brake * h)
            ax, ay = ax - share * fx, ay - share * fy
            turn -= share * (rx * fy - ry * fx)
        turn /= gyration
        x, y, yaw = x + h * (vx + 0.5 * h * ax), y + h * (vy + 0.5 * h * ay), yaw + h * (rate + 0.5 * h * turn)
        vx, vy, rate = vx + h * ax, vy + h * ay, rate + h * turn
        if vx * vx + vy * vy < 1e-12 and abs(rate) < 1e-6:
            vx, vy, rate = 0.0, 0.0, 0.0
    return x, y, yaw, vx, vy, rate
