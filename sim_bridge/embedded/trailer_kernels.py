"""Trailers, compiled: a box whose axle follows the hitch of what tows it. Twin in `reference_vehicles.py`.

The axle does not slide, so it follows a tractrix: while the hitch goes straight on by a distance q, the angle eta
between the trailer and that line obeys tan(eta' / 2) = tan(eta / 2) exp(-q / L), exactly, forwards and backwards.
"""

import math

from sim_bridge.embedded.compiled import inlined, inner, scalar
from sim_bridge.embedded.geometry_kernels import flush, wrap
from sim_bridge.embedded.layout import (
    ACCEL,
    ALONG,
    AX,
    AY,
    COMMAND,
    DT,
    EGO_MODEL,
    FOLDED,
    GX,
    GY,
    HITCH_AT,
    MODE,
    MODE_EGO,
    MODE_TRAILER,
    MODEL_ARTICULATED,
    N_TURN,
    N_YAW,
    NUM_ACTORS,
    PREV_X,
    PREV_Y,
    PREV_YAW,
    SPEED,
    STEER,
    T_FIRST,
    T_INDEX,
    TOLD,
    TOW_AXLE,
    TOW_EYE,
    TOW_FOLD,
    TOW_RANK,
    TOW_RANKS,
    TOWED_BY,
    VALID,
    VX,
    VY,
    YAW,
    YAW_RATE,
    Batch,
    X,
    Y,
    Z,
)

# Parts of a step over which the hitch is taken to go straight.
PARTS = 4


@scalar
def follow_hitch(yaw: float, hx: float, hy: float, length: float) -> float:
    """Heading of a trailer whose axle is `length` behind its hitch, once the hitch has moved by (hx, hy)."""
    q = math.sqrt(hx * hx + hy * hy)
    if q < 1e-12:
        return yaw
    course = math.atan2(hy, hx)
    eta = wrap(yaw - course)
    return course + 2.0 * math.atan2(math.sin(0.5 * eta) * math.exp(-q / length), math.cos(0.5 * eta))


@scalar
def folded(yaw: float, tractor_yaw: float, limit: float) -> tuple[float, bool]:
    """The heading of a trailer held to the jack-knife limit, and whether it had to be."""
    angle = wrap(yaw - tractor_yaw)
    if abs(angle) <= limit:
        return yaw, False
    return tractor_yaw + (limit if angle > 0.0 else -limit), True


@inner
def pull(w: Batch, i: int) -> None:
    """Moves trailer `i` behind what tows it, which has moved already; its columns are its box centre's."""
    st, f, dt = w.state, w.param_f, w.world_f[DT]
    j = w.param_i[TOWED_BY, i]
    back, length = f[HITCH_AT, i], f[TOW_AXLE, i]
    yaw = st[YAW, i]
    turn = wrap(st[YAW, j] - st[PREV_YAW, j])
    x, y = st[PREV_X, j] - back * math.cos(st[PREV_YAW, j]), st[PREV_Y, j] - back * math.sin(st[PREV_YAW, j])
    for part in range(1, PARTS + 1):
        share = part / PARTS
        head = st[PREV_YAW, j] + share * turn
        nx = st[PREV_X, j] + share * (st[X, j] - st[PREV_X, j]) - back * math.cos(head)
        ny = st[PREV_Y, j] + share * (st[Y, j] - st[PREV_Y, j]) - back * math.sin(head)
        yaw = follow_hitch(yaw, nx - x, ny - y, length)
        x, y = nx, ny
    felt = w.world_i[EGO_MODEL] == MODEL_ARTICULATED and i == int(w.world_f[T_FIRST + T_INDEX])
    felt = felt and w.flags[MODE, j] == MODE_EGO
    if felt:
        yaw = w.mind[N_YAW, i]
    yaw, too_far = folded(yaw, st[YAW, j], f[TOW_FOLD, i])
    if too_far or (felt and abs(wrap(yaw - st[YAW, j])) > f[TOW_FOLD, i] - 1e-6):
        w.flags[TOLD, i] |= FOLDED
    rate = w.mind[N_TURN, i] if felt else wrap(yaw - st[YAW, i]) / dt
    vx, vy = st[VX, i], st[VY, i]
    place_trailer(w, i, x, y, wrap(yaw), flush(rate))
    st[AX, i], st[AY, i] = (st[VX, i] - vx) / dt, (st[VY, i] - vy) / dt
    st[ALONG, i] = st[AX, i] * math.cos(yaw) + st[AY, i] * math.sin(yaw)
    st[ACCEL, i], st[COMMAND, i] = st[ALONG, i], st[COMMAND, j]


@inner
def place_trailer(w: Batch, i: int, hx: float, hy: float, yaw: float, rate: float) -> None:
    """Puts the box of a trailer behind its hitch at (hx, hy), with the velocity that the hitch gives it."""
    st, j, eye = w.state, w.param_i[TOWED_BY, i], w.param_f[TOW_EYE, i]
    cos, sin, back = math.cos(yaw), math.sin(yaw), w.param_f[HITCH_AT, i]
    vx = st[VX, j] + st[YAW_RATE, j] * back * math.sin(st[YAW, j])
    vy = st[VY, j] - st[YAW_RATE, j] * back * math.cos(st[YAW, j])
    st[X, i], st[Y, i], st[YAW, i], st[YAW_RATE, i] = hx - eye * cos, hy - eye * sin, yaw, rate
    st[VX, i], st[VY, i] = vx + rate * eye * sin, vy - rate * eye * cos
    st[SPEED, i] = math.sqrt(st[VX, i] * st[VX, i] + st[VY, i] * st[VY, i])
    st[GX, i], st[GY, i], st[STEER, i] = st[GX, j], st[GY, j], math.nan
    st[Z, i] = st[Z, j] + st[GX, j] * (st[X, i] - st[X, j]) + st[GY, j] * (st[Y, i] - st[Y, j])


@inlined
def pull_trailers(w: Batch) -> None:
    """Moves every trailer, those nearest to their engine first."""
    for rank in range(1, w.world_i[TOW_RANKS] + 1):
        for i in range(w.world_i[NUM_ACTORS]):
            if w.flags[MODE, i] == MODE_TRAILER and w.param_i[TOW_RANK, i] == rank and w.flags[VALID, i] == 1:
                pull(w, i)
                if w.flags[VALID, w.param_i[TOWED_BY, i]] == 0:
                    w.flags[VALID, i] = 0


@inlined
def hitch_trailers(w: Batch) -> None:
    """Puts every trailer straight behind what tows it, or at the angle that YAW has relative to it."""
    for rank in range(1, w.world_i[TOW_RANKS] + 1):
        for i in range(w.world_i[NUM_ACTORS]):
            if w.flags[MODE, i] == MODE_TRAILER and w.param_i[TOW_RANK, i] == rank:
                st, j, back = w.state, w.param_i[TOWED_BY, i], w.param_f[HITCH_AT, i]
                hx, hy = st[X, j] - back * math.cos(st[YAW, j]), st[Y, j] - back * math.sin(st[YAW, j])
                place_trailer(w, i, hx, hy, wrap(st[YAW, j] + st[YAW, i]), 0.0)
                st[PREV_X, i], st[PREV_Y, i], st[PREV_YAW, i] = st[X, i], st[Y, i], st[YAW, i]
