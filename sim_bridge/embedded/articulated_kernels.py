"""A vehicle and the trailer that acts on it, compiled: two rigid bodies joined at the hitch, on tyres that slip.

The tractor is the dynamic single track of `vehicle_kernels`; its sub-steps are the same, on four speeds instead of
three: u, v, r of the tractor's centre of gravity in its own frame, and w, the yaw rate of the trailer. The forces at
the hitch are never computed: every impulse acts through the mass matrix of both bodies. Between sub-steps the momenta
of both are carried into the new configuration, which conserves momentum and never adds energy (Gauss's principle).
Plain worlds do not compile this file. Twin: `reference_articulated.Train`; equations: `docs/dynamics.md`.
"""

import math

import numpy as np

from sim_bridge.embedded.compiled import entry, hand, inlined, inner, scalar
from sim_bridge.embedded.dynamics_kernels import limited
from sim_bridge.embedded.ego_kernels import feels_trailer, limits_of, recall
from sim_bridge.embedded.geometry_kernels import flush, wrap
from sim_bridge.embedded.layout import (
    ACCEL,
    BRAKE_LOSS,
    DT,
    EGO,
    EGO_FEEDS_FORWARD,
    FLAT_FRONT,
    FLAT_REAR,
    FRICTION,
    GRAVITY,
    GX,
    GY,
    MODE,
    MODE_EGO,
    N_ACCEL,
    N_LOAD,
    N_PULL,
    N_PUSHED,
    N_RATE,
    N_SIDE,
    N_SPEED,
    N_STEER,
    N_TURN,
    N_X,
    N_Y,
    N_YAW,
    PUSHED,
    REAR,
    SIDE,
    SPEED,
    STEER,
    T_ANTILOCK,
    T_AXLE,
    T_BRAKES,
    T_CENTRE,
    T_CORNER,
    T_DRAG,
    T_FIRST,
    T_FOLD,
    T_HEIGHT,
    T_HITCH,
    T_HITCH_HEIGHT,
    T_INDEX,
    T_INERTIA,
    T_MASS,
    T_ROLLING,
    TRAILER_COLUMNS,
    V_ANTILOCK,
    V_BRAKE_F,
    V_CORNER_F,
    V_CORNER_R,
    V_DRAG,
    V_DRIVE_F,
    V_FIRST,
    V_FRONT,
    V_GRIP_X,
    V_GRIP_Y,
    V_HEIGHT,
    V_INERTIA,
    V_MASS,
    V_MAX_BRAKE,
    V_MAX_DRIVE,
    V_POWER,
    V_REAR,
    V_ROLLING,
    V_TRACK,
    VEHICLE_COLUMNS,
    WORLD_DONE,
    YAW,
    YAW_RATE,
    Batch,
    Pool,
    X,
    Y,
)
from sim_bridge.embedded.tyre_kernels import (
    CREEP_MPS,
    FLAT_GRIP,
    FLAT_ROLLING,
    FLAT_STIFFNESS,
    brush_force,
    burst_share,
    lateral_bound,
    longitudinal_bound,
    slope_of_slip,
)
from sim_bridge.embedded.vehicle_kernels import STANDING_MPS, STILL, SUBSTEP_S, SWEEPS, drift
from sim_bridge.embedded.world_kernels import ego_command, world_of

Four = tuple[float, float, float, float]
Six = tuple[float, float, float, float, float, float]


@scalar
def shape_of(theta: float, p: np.ndarray, t: np.ndarray) -> Six:
    """What of the mass matrix depends on the angle at the hitch: m2 e, m2 c sin, m2 c cos and the 2 x 2 that is left.

    With e from the tractor's centre of gravity back to the hitch and c from there to the trailer's; the lower block
    of the Schur complement is ((A, B), (B, D)), A = I1 + m e^2, B = m e c cos, D = I2 + m c^2, m = m1 m2 / (m1 + m2).
    """
    m1, m2, e, c = p[V_MASS], t[T_MASS], t[T_HITCH], t[T_CENTRE]
    reduced = m1 * m2 / (m1 + m2)
    return (
        m2 * e, m2 * c * math.sin(theta), m2 * c * math.cos(theta), p[V_INERTIA] + reduced * e * e,
        reduced * e * c * math.cos(theta), t[T_INERTIA] + reduced * c * c,
    )  # fmt: skip


@scalar
def answer(impulse: Four, mass: float, shape: Six) -> Four:
    """The change of (u, v, r, w) that a generalised impulse makes: M^-1 p. `mass`: of both bodies together."""
    p1, p2, p3, p4 = impulse
    me, mcs, mck, a, b, d = shape
    right3 = p3 + me * p2 / mass
    right4 = p4 - mcs * p1 / mass + mck * p2 / mass
    det = a * d - b * b
    r = (d * right3 - b * right4) / det
    w = (a * right4 - b * right3) / det
    return (p1 - mcs * w) / mass, (p2 + me * r + mck * w) / mass, r, w


@scalar
def along_row(q: Four, row: Four) -> float:
    """Speed of a contact in a direction: the product of speeds and row."""
    return q[0] * row[0] + q[1] * row[1] + q[2] * row[2] + q[3] * row[3]


@scalar
def pushed_by(q: Four, size: float, change: Four) -> Four:
    """Speeds after an impulse of that size."""
    return q[0] + size * change[0], q[1] + size * change[1], q[2] + size * change[2], q[3] + size * change[3]


@scalar
def act(
    q: Four, ahead: Four, left: Four, mass: float, shape: Six, stiffness: float, grip_x: float, grip_y: float,
    most: float, bound: float, driven: float, hold: float, across: float, h: float,
) -> tuple[float, float, float, float, float, float]:  # fmt: skip
    """One sweep over an axle: brakes and rolling hold it, then the tyre pushes across.

    `ahead`, `left`: rows of its contact along and across the wheel; `most`: what the tyre can do along at its slip;
    `bound`: what brakes and rolling ask for, N.
    Returns: u, v, r, w, force that holds, force across.
    """
    change = answer(ahead, mass, shape)
    ease = h * along_row(change, ahead)
    held = min(bound, most)
    low, high = max(-held, -grip_x - driven), min(held, grip_x - driven)
    new = min(max(hold - along_row(q, ahead) / ease, low), high)
    q = pushed_by(q, h * (new - hold), change)
    hold = new
    wx, wy = along_row(q, ahead), along_row(q, left)
    change = answer(left, mass, shape)
    ease = h * along_row(change, left)
    room = lateral_bound(driven + hold, grip_x, grip_y)
    slip = slope_of_slip(wy, wx)
    new = 0.0
    if room > 0.0:
        firm = stiffness
        if slip > 1e-9:
            firm = brush_force(slip, stiffness, room) / slip
        firm /= max(abs(wx), CREEP_MPS)
        new = min(max(-firm * (wy - ease * across) / (1.0 + ease * firm), -room), room)
    q = pushed_by(q, h * (new - across), change)
    return q[0], q[1], q[2], q[3], hold, new


@scalar
def carried(
    u: float, v: float, r: float, u2: float, v2: float, w: float, theta: float, p: np.ndarray, t: np.ndarray
) -> Four:
    """Speeds of both bodies after the hitch has joined them anew: their momenta, through the mass matrix.

    `u2`, `v2`: of the trailer's centre of gravity, in the frame of the tractor.
    """
    m1, m2, c = p[V_MASS], t[T_MASS], t[T_CENTRE]
    turn = t[T_INERTIA] * w + m2 * c * (u2 * math.sin(theta) - v2 * math.cos(theta))
    momentum = m1 * u + m2 * u2, m1 * v + m2 * v2, p[V_INERTIA] * r - m2 * t[T_HITCH] * v2, turn
    return answer(momentum, m1 + m2, shape_of(theta, p, t))


@scalar
def trailer_speeds(q: Four, theta: float, t: np.ndarray) -> tuple[float, float]:
    """Speeds of the trailer's centre of gravity along and across the tractor."""
    swing = t[T_CENTRE] * q[3]
    return q[0] + swing * math.sin(theta), q[1] - t[T_HITCH] * q[2] - swing * math.cos(theta)


@scalar
def loads_of(
    pushed: float, pull: float, shifted: float, upright: float, p: np.ndarray, t: np.ndarray
) -> tuple[float, float, float]:
    """Loads of front, rear and trailer axle, N; none below zero, together the weight.

    The hitch carries m2 g (L - c) / L and what the sub-step before shifted onto it; front: (m1 (g b - h a) + F_z
    (b - e) - F_x h_h) / l, where F_x (`pull`) is the force ahead at the hitch on the trailer.
    """
    m1, m2 = p[V_MASS], t[T_MASS]
    hitch = m2 * upright * (t[T_AXLE] - t[T_CENTRE]) / t[T_AXLE] + shifted
    hitch = min(max(hitch, -0.2 * m2 * upright), m2 * upright)
    front = m1 * (upright * p[V_REAR] - p[V_HEIGHT] * pushed) + hitch * (p[V_REAR] - t[T_HITCH])
    front = (front - pull * t[T_HITCH_HEIGHT]) / (p[V_FRONT] + p[V_REAR])
    front = min(max(front, 0.0), m1 * upright + hitch)
    return front, m1 * upright + hitch - front, m2 * upright - hitch


@scalar
def train(
    u: float, v: float, r: float, w: float, theta: float, steer: float, drive: float, brake: float, pushed: float,
    pull: float, shifted: float, slope_x: float, slope_y: float, friction: float, flat_front: float, flat_rear: float,
    towed_loss: float, p: np.ndarray, t: np.ndarray, h: float,
) -> tuple[float, float, float, float, float, float, float]:  # fmt: skip
    """One sub-step of forces on tractor and trailer; as `vehicle_kernels.single_track`, with the trailer at `theta`.

    `theta`: heading of the trailer less that of the tractor. `brake`: of the whole, shared by mass. `pull`,
    `shifted`: force ahead at the hitch and change of its load in the sub-step before. `towed_loss`: share of the
    trailer's brakes that is lost.
    Returns: u, v, r, w, pushed, pull, shifted.
    """
    m1, m2 = p[V_MASS], t[T_MASS]
    mass, shape = m1 + m2, shape_of(theta, p, t)
    steep = 1.0 + slope_x * slope_x + slope_y * slope_y
    loads = loads_of(pushed, pull, shifted, GRAVITY / math.sqrt(steep), p, t)
    cos_f, sin_f, cos_t, sin_t = math.cos(steer), math.sin(steer), math.cos(theta), math.sin(theta)
    gear = min(max(2.0 * u, -1.0), 1.0)
    q = (u, v, r, w)
    u2, v2 = trailer_speeds(q, theta, t)
    # Gravity moves both bodies alike; the drag of each acts on its own.
    fall_x, fall_y = -GRAVITY * slope_x / steep, -GRAVITY * slope_y / steep
    q = pushed_by(q, h, (fall_x, fall_y, 0.0, 0.0))
    q = pushed_by(q, -h * p[V_DRAG] * abs(u) * u, answer((1.0, 0.0, 0.0, 0.0), mass, shape))
    pace = u2 * cos_t + v2 * sin_t
    row_c = (cos_t, sin_t, -t[T_HITCH] * sin_t, 0.0)
    q = pushed_by(q, -h * t[T_DRAG] * abs(pace) * pace, answer(row_c, mass, shape))
    start_u, start_t = q[0], along_row(q, row_c)
    hold = (0.0, 0.0, 0.0)
    side = (0.0, 0.0, 0.0)
    gone = (0.0, 0.0, 0.0)
    for sweep in range(SWEEPS):
        for axle in range(3):
            load = loads[axle]
            antilock, rolling, flat = p[V_ANTILOCK] > 0.5, p[V_ROLLING], 0.0
            grip_x, grip_y = p[V_GRIP_X], p[V_GRIP_Y]
            if axle == 0:
                ahead = (cos_f, sin_f, p[V_FRONT] * sin_f, 0.0)
                left = (-sin_f, cos_f, p[V_FRONT] * cos_f, 0.0)
                slope, wish, stop, flat = p[V_CORNER_F], p[V_DRIVE_F] * drive, p[V_BRAKE_F] * brake * m1, flat_front
            elif axle == 1:
                ahead = (1.0, 0.0, 0.0, 0.0)
                left = (0.0, 1.0, -p[V_REAR], 0.0)
                slope, wish, flat = p[V_CORNER_R], (1.0 - p[V_DRIVE_F]) * drive, flat_rear
                stop = (1.0 - p[V_BRAKE_F]) * brake * m1
            else:
                ahead = row_c
                left = (-sin_t, cos_t, -t[T_HITCH] * cos_t, -t[T_AXLE])
                slope, wish, stop = t[T_CORNER], 0.0, min(brake, mass * t[T_BRAKES]) * m2 * (1.0 - towed_loss)
                antilock, rolling, grip_x, grip_y = t[T_ANTILOCK] > 0.5, t[T_ROLLING], 1.0, 1.0
            loss = abs(flat)
            stiffness = slope * load * (1.0 - 0.5 * loss * (1.0 - FLAT_STIFFNESS))
            grip = friction * load * (1.0 - 0.5 * loss * (1.0 - FLAT_GRIP))
            rolling_now = burst_share(rolling, FLAT_ROLLING, loss)
            driven = gone[axle]
            slip = slope_of_slip(along_row(q, left), along_row(q, ahead))
            most = longitudinal_bound(slip, stiffness, grip_x * grip, antilock)
            if sweep == 0 and axle < 2:
                driven = min(wish, most)
                q = pushed_by(q, h * driven, answer(ahead, mass, shape))
                if loss > 0.0:
                    sign = 1.0 if flat > 0.0 else -1.0
                    moment = gear * sign * (rolling_now - rolling) * load * 0.5 * p[V_TRACK]
                    q = pushed_by(q, h * moment, answer((0.0, 0.0, 1.0, 0.0), mass, shape))
            ends = act(
                q, ahead, left, mass, shape, stiffness, grip_x * grip, grip_y * grip, most,
                stop / mass + rolling_now * load, driven, hold[axle], side[axle], h,
            )  # fmt: skip
            q = (ends[0], ends[1], ends[2], ends[3])
            if axle == 0:
                hold, side, gone = (ends[4], hold[1], hold[2]), (ends[5], side[1], side[2]), (driven, gone[1], 0.0)
            elif axle == 1:
                hold, side, gone = (hold[0], ends[4], hold[2]), (side[0], ends[5], side[2]), (gone[0], driven, 0.0)
            else:
                hold, side = (hold[0], hold[1], ends[4]), (side[0], side[1], ends[5])
    if drive == 0.0 and max(max(abs(q[0]), abs(q[1])), max(abs(q[2]), abs(q[3]))) < STILL:
        q = (0.0, 0.0, 0.0, 0.0)
    ahead_t = (along_row(q, row_c) - start_t) / h
    pulled = m2 * ahead_t - hold[2]
    shifted = (pulled * t[T_HITCH_HEIGHT] - m2 * ahead_t * t[T_HEIGHT]) / t[T_AXLE]
    return q[0], q[1], q[2], q[3], (q[0] - start_u) / h, pulled * cos_t, shifted


@scalar
def stopped_fold(q: Four, theta: float, p: np.ndarray, t: np.ndarray) -> Four:
    """Speeds once the trailer lies against the cab: an inner moment ends the folding, both turn on together."""
    beyond = abs(theta) >= t[T_FOLD] and (q[3] - q[2]) * theta > 0.0
    if not beyond:
        return q
    change = answer((0.0, 0.0, -1.0, 1.0), p[V_MASS] + t[T_MASS], shape_of(theta, p, t))
    return pushed_by(q, -(q[3] - q[2]) / (change[3] - change[2]), change)


@scalar
def train_pedals(
    accel: float, speed: float, resisted: float, brake_loss: float, p: np.ndarray, t: np.ndarray
) -> tuple[float, float]:
    """As `vehicle_kernels.pedals` for the weight of both: the engine of the tractor, brakes on every axle."""
    mass = p[V_MASS] + t[T_MASS]
    brakes = mass * p[V_MAX_BRAKE] * (1.0 - brake_loss)
    if accel <= 0.0 and abs(speed) < STANDING_MPS:
        return 0.0, brakes
    force = mass * accel + resisted
    if force >= 0.0:
        return min(force, p[V_MASS] * p[V_MAX_DRIVE], p[V_POWER] / max(abs(speed), 1.0)), 0.0
    return 0.0, min(-force, brakes)


@scalar
def moved_train(
    x: float, y: float, yaw: float, theta: float, q0: Four, q: Four, p: np.ndarray, t: np.ndarray, h: float
) -> tuple[float, float, float, float, float, float, float, float]:
    """Moves both bodies over a sub-step and joins them anew. Returns: x, y, yaw, theta, u, v, r, w."""
    u2, v2 = trailer_speeds(q, theta, t)
    x, y, after, u, v = drift(x, y, yaw, q0[0], q0[1], q0[2], q[0], q[1], q[2], h)
    cos, sin = math.cos(after - yaw), math.sin(after - yaw)
    u2, v2 = cos * u2 + sin * v2, cos * v2 - sin * u2
    theta = wrap(theta + 0.5 * h * (q0[3] + q[3] - q0[2] - q[2]))
    joined = stopped_fold(carried(u, v, q[2], u2, v2, q[3], theta, p, t), theta, p, t)
    return x, y, after, limited(theta, t[T_FOLD]), joined[0], joined[1], joined[2], joined[3]


@inner
def advance_train(w: Batch, i: int, j: int, command: float, steer_command: float, dt: float) -> None:
    """Moves tractor `i` and trailer `j` for `dt`, from and to the columns N_* of their minds."""
    p = w.world_f[V_FIRST : V_FIRST + VEHICLE_COLUMNS]
    t = w.world_f[T_FIRST : T_FIRST + TRAILER_COLUMNS]
    st, now, own = w.state, w.mind[:, i], w.mind[:, j]
    max_steer, steer_rate, max_accel, accel_lag, steer_lag = limits_of(w, i)
    count = max(1, math.ceil(dt / SUBSTEP_S - 1e-9))
    h = dt / count
    follow_a = 1.0 - math.exp(-h / accel_lag) if accel_lag > 0.0 else 1.0
    follow_d = 1.0 - math.exp(-h / steer_lag) if steer_lag > 0.0 else 1.0
    ahead = w.param_f[REAR, i] - p[V_REAR]
    yaw, steer, accel = now[N_YAW], now[N_STEER], now[N_ACCEL]
    x, y = now[N_X] - ahead * math.cos(yaw), now[N_Y] - ahead * math.sin(yaw)
    u, v, r, pushed = now[N_SPEED], now[N_SIDE], now[N_RATE], now[N_PUSHED]
    theta, turn, pull, shifted = wrap(own[N_YAW] - yaw), own[N_TURN], own[N_PULL], own[N_LOAD]
    wish, aim = min(command, max_accel), limited(steer_command, max_steer)
    for _ in range(count):
        steer = flush(limited(steer + limited((aim - steer) * follow_d, steer_rate * h), max_steer))
        accel = flush(accel + (wish - accel) * follow_a)
        cos, sin = math.cos(yaw), math.sin(yaw)
        slope_x, slope_y = st[GX, i] * cos + st[GY, i] * sin, st[GY, i] * cos - st[GX, i] * sin
        resisted = 0.0
        if w.world_f[EGO_FEEDS_FORWARD] > 0.5:
            upright = 1.0 + slope_x * slope_x + slope_y * slope_y
            weight = (p[V_MASS] + t[T_MASS]) * GRAVITY
            rolls = (p[V_MASS] * p[V_ROLLING] + t[T_MASS] * t[T_ROLLING]) * GRAVITY
            resisted = (p[V_DRAG] + t[T_DRAG]) * u * abs(u) + rolls + weight * slope_x / upright
        drive, brake = train_pedals(accel, u, resisted, st[BRAKE_LOSS, i], p, t)
        u1, v1, r1, turn1, pushed, pull, shifted = train(
            u, v, r, turn, theta, steer, drive, brake, pushed, pull, shifted, slope_x, slope_y, w.world_f[FRICTION],
            st[FLAT_FRONT, i], st[FLAT_REAR, i], st[BRAKE_LOSS, j], p, t, h,
        )  # fmt: skip
        x, y, yaw, theta, u, v, r, turn = moved_train(
            x, y, yaw, theta, (u, v, r, turn), (u1, v1, r1, turn1), p, t, h
        )  # fmt: skip
        u, v, r, turn = flush(u), flush(v), flush(r), flush(turn)
    yaw = wrap(yaw)
    now[N_X], now[N_Y], now[N_YAW] = x + ahead * math.cos(yaw), y + ahead * math.sin(yaw), yaw
    now[N_SPEED], now[N_SIDE], now[N_RATE], now[N_PUSHED] = u, v, r, pushed
    now[N_ACCEL], now[N_STEER] = accel, steer
    own[N_YAW], own[N_TURN], own[N_PULL], own[N_LOAD] = wrap(yaw + theta), turn, pull, shifted


@inlined
def prepare(w: Batch, i: int, j: int) -> None:
    """Copies the present motion of tractor and trailer to where they are moved."""
    st, now, own = w.state, w.mind[:, i], w.mind[:, j]
    now[N_X], now[N_Y], now[N_YAW] = st[X, i], st[Y, i], st[YAW, i]
    now[N_SPEED], now[N_SIDE], now[N_RATE] = st[SPEED, i], st[SIDE, i], st[YAW_RATE, i]
    now[N_PUSHED], now[N_ACCEL], now[N_STEER] = st[PUSHED, i], st[ACCEL, i], st[STEER, i]
    own[N_YAW], own[N_TURN] = st[YAW, j], st[YAW_RATE, j]


@inner
def move_train(w: Batch, i: int, j: int, command: float, steer_command: float) -> None:
    """One step of tractor and trailer, behind the dead time of the actuators."""
    prepare(w, i, j)
    dt = w.world_f[DT]
    first, old_accel, old_steer, command, steer_command = recall(w, command, steer_command)
    if first > 1e-9:
        advance_train(w, i, j, old_accel, old_steer, first)
    if dt - first > 1e-9:
        advance_train(w, i, j, command, steer_command, dt - first)


@entry
def train_band(pool: Pool, batch: Batch, accel: np.ndarray, steer: np.ndarray, first: int, last: int) -> None:
    """Moves every ego of a band that feels its trailer, and that trailer, by one step; `play_band` then shows them."""
    for b in range(first, last):
        w = hand(world_of(batch, b))
        i = w.world_i[EGO]
        if w.run[WORLD_DONE] == 0 and w.flags[MODE, i] == MODE_EGO and feels_trailer(w):
            move_train(w, i, int(w.world_f[T_FIRST + T_INDEX]), accel[b], steer[b])


@entry
def wish_band(
    pool: Pool, batch: Batch, driver: int, accel: np.ndarray, steer: np.ndarray, first: int, last: int
) -> None:
    """Writes what a built-in driver asks of the egos of a band; an entry of its own, since few need it compiled."""
    ways = hand(pool)
    for b in range(first, last):
        w = hand(world_of(batch, b))
        if w.run[WORLD_DONE] == 0:
            accel[b], steer[b] = ego_command(ways, w, driver)
