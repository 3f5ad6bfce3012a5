"""What comes off a vehicle, compiled: cargo that falls and slides, doors that swing and can be hit.

Both are actors of their own that are not there (VALID 0) until a behaviour lets them go. Each law has a closed form
in the tests.
"""

import math

from sim_bridge.embedded.compiled import inlined, inner
from sim_bridge.embedded.event_kernels import record
from sim_bridge.embedded.geometry_kernels import wrap
from sim_bridge.embedded.layout import (
    DOOR_ANGLE_RAD,
    DOOR_SWING_S,
    DT,
    EVENT_DESPAWN,
    EVENT_SPAWN,
    GX,
    GY,
    LAT_CLOCK,
    LAT_DURATION,
    LENGTH,
    LOOSE,
    MODE,
    MODE_DOOR,
    MODE_FREE,
    MODE_TRAILER,
    NUM_ACTORS,
    PREV_X,
    PREV_Y,
    PREV_YAW,
    SPEED,
    STEER,
    TOWED_BY,
    VALID,
    VX,
    VY,
    WIDTH,
    YAW,
    YAW_RATE,
    Batch,
    D,
    X,
    Y,
    Z,
)

BEHIND_M, HINGE_GAP_M = 0.05, 0.08


@inner
def last_of_train(w: Batch, i: int) -> int:
    """The last trailer behind an actor, or the actor itself."""
    last = i
    for _ in range(w.world_i[NUM_ACTORS]):
        found = last
        for j in range(w.world_i[NUM_ACTORS]):
            if w.flags[VALID, j] == 1 and w.flags[MODE, j] == MODE_TRAILER and w.param_i[TOWED_BY, j] == last:
                found = j
        if found == last:
            break
        last = found
    return last


@inner
def stand_on(w: Batch, j: int, i: int) -> None:
    """Puts actor `j` onto the ground plane on which actor `i` stands."""
    st = w.state
    st[GX, j], st[GY, j], st[STEER, j] = st[GX, i], st[GY, i], math.nan
    st[Z, j] = st[Z, i] + st[GX, i] * (st[X, j] - st[X, i]) + st[GY, i] * (st[Y, j] - st[Y, i])


@inner
def drop(w: Batch, i: int, j: int) -> None:
    """Cargo `j` hits the road right behind `i` or its last trailer, as fast as that drives; from then on it slides."""
    if w.flags[VALID, j] == 1:
        return
    st, f, k = w.state, w.param_f, last_of_train(w, i)
    cos, sin = math.cos(st[YAW, k]), math.sin(st[YAW, k])
    back = 0.5 * (f[LENGTH, k] + f[LENGTH, j]) + BEHIND_M
    st[X, j], st[Y, j], st[YAW, j] = st[X, k] - back * cos, st[Y, k] - back * sin, st[YAW, k]
    st[VX, j], st[VY, j] = st[VX, k] + st[YAW_RATE, k] * back * sin, st[VY, k] - st[YAW_RATE, k] * back * cos
    st[YAW_RATE, j] = st[YAW_RATE, k]
    st[SPEED, j] = math.sqrt(st[VX, j] * st[VX, j] + st[VY, j] * st[VY, j])
    stand_on(w, j, k)
    w.flags[VALID, j], w.flags[MODE, j] = 1, MODE_FREE
    record(w, EVENT_SPAWN, j, i)


@inner
def open_door(w: Batch, i: int, j: int, side: float, hold: float) -> None:
    """Door `j` of vehicle `i` begins to swing open; `side` 0 left, 1 right, 2 rear; it stays open for `hold`."""
    if w.flags[VALID, j] == 1:
        return
    w.state[D, j], w.state[LAT_CLOCK, j], w.state[LAT_DURATION, j] = side, 0.0, hold
    w.flags[VALID, j], w.flags[MODE, j] = 1, MODE_DOOR
    place_door(w, i, j, 0.0, 0.0)
    st = w.state
    st[PREV_X, j], st[PREV_Y, j], st[PREV_YAW, j] = st[X, j], st[Y, j], st[YAW, j]
    record(w, EVENT_SPAWN, j, i)


@inner
def place_door(w: Batch, i: int, j: int, angle: float, rate: float) -> None:
    """Pose and velocity of a door that stands `angle` open: its box turns about the hinge on the body of `i`."""
    st, f = w.state, w.param_f
    if w.state[D, j] > 1.5:
        hx, hy, closed, sign = -0.5 * f[LENGTH, i] - HINGE_GAP_M, 0.45 * f[WIDTH, i], -0.5 * math.pi, -1.0
    else:
        left = w.state[D, j] < 0.5
        hx, hy = 0.25 * f[LENGTH, i], (0.5 * f[WIDTH, i] + HINGE_GAP_M) * (1.0 if left else -1.0)
        closed, sign = math.pi, -1.0 if left else 1.0
    cos, sin = math.cos(st[YAW, i]), math.sin(st[YAW, i])
    yaw, half = wrap(st[YAW, i] + closed + sign * angle), 0.5 * f[LENGTH, j]
    rx, ry = hx * cos - hy * sin, hx * sin + hy * cos
    ex, ey = half * math.cos(yaw), half * math.sin(yaw)
    turn, spin = st[YAW_RATE, i], st[YAW_RATE, i] + sign * rate
    st[X, j], st[Y, j], st[YAW, j] = st[X, i] + rx + ex, st[Y, i] + ry + ey, yaw
    st[VX, j], st[VY, j] = st[VX, i] - turn * ry - spin * ey, st[VY, i] + turn * rx + spin * ex
    st[YAW_RATE, j] = spin
    st[SPEED, j] = math.sqrt(st[VX, j] * st[VX, j] + st[VY, j] * st[VY, j])
    stand_on(w, j, i)


@inlined
def swing_doors(w: Batch) -> None:
    """Moves every door with its vehicle: open within a second, held, shut within a second, gone."""
    if w.world_i[LOOSE] == 0:
        return
    for j in range(w.world_i[NUM_ACTORS]):
        if w.flags[VALID, j] == 0 or w.flags[MODE, j] != MODE_DOOR:
            continue
        i, hold = w.param_i[TOWED_BY, j], w.state[LAT_DURATION, j]
        clock = w.state[LAT_CLOCK, j] + w.world_f[DT]
        w.state[LAT_CLOCK, j] = clock
        if w.flags[VALID, i] == 0 or clock > hold + 2.0 * DOOR_SWING_S - 1e-9:
            w.flags[VALID, j] = 0
            record(w, EVENT_DESPAWN, j, -1)
        elif clock < DOOR_SWING_S:
            place_door(w, i, j, DOOR_ANGLE_RAD * clock / DOOR_SWING_S, DOOR_ANGLE_RAD / DOOR_SWING_S)
        elif clock <= DOOR_SWING_S + hold:
            place_door(w, i, j, DOOR_ANGLE_RAD, 0.0)
        else:
            left = hold + 2.0 * DOOR_SWING_S - clock
            place_door(w, i, j, DOOR_ANGLE_RAD * left / DOOR_SWING_S, -DOOR_ANGLE_RAD / DOOR_SWING_S)
