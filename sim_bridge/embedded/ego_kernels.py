"""One step of the ego, compiled: its command as the actuators get it, its faults, the model that moves it."""

import math
from typing import Any

from sim_bridge.embedded.compiled import inlined, inner
from sim_bridge.embedded.dynamics_kernels import bicycle, limited, settle_on_ground
from sim_bridge.embedded.geometry_kernels import flush, refine, wrap
from sim_bridge.embedded.layout import (
    ACCEL,
    ALONG,
    AX,
    AY,
    BRAKE_LOSS,
    COMMAND,
    DT,
    EGO_ACCEL_LAG,
    EGO_DEAD_TIME,
    EGO_FEEDS_FORWARD,
    EGO_MAX_ACCEL,
    EGO_MAX_STEER,
    EGO_MODEL,
    EGO_STEER_LAG,
    EGO_STEER_RATE,
    FLAT_FRONT,
    FLAT_REAR,
    FRICTION,
    GRAVITY,
    GX,
    GY,
    MODE,
    MODE_TRAILER,
    MODEL_ARTICULATED,
    MODEL_DYNAMIC,
    N_ACCEL,
    N_PUSHED,
    N_RATE,
    N_SIDE,
    N_SPEED,
    N_STEER,
    N_X,
    N_Y,
    N_YAW,
    PATH,
    PUSHED,
    REAR,
    SIDE,
    SPEED,
    STEER,
    STEER_LOSS,
    STEP,
    T_FIRST,
    T_INDEX,
    V_DRAG,
    V_FIRST,
    V_MASS,
    V_REAR,
    V_ROLLING,
    VALID,
    VEHICLE_COLUMNS,
    VX,
    VY,
    WHEELBASE,
    YAW,
    YAW_RATE,
    Batch,
    D,
    Pool,
    S,
    X,
    Y,
)
from sim_bridge.embedded.tyre_kernels import FLAT_GRIP, FLAT_ROLLING
from sim_bridge.embedded.vehicle_kernels import (
    SUBSTEP_S,
    drift,
    pedals,
    single_track,
)

# What a flat tyre does to the kinematic model: the steering angle at which it drives straight on.
FLAT_PULL_RAD = 0.015


@inlined
def recall(w: Batch, command: float, steer_command: float) -> tuple[float, float, float, float, float]:
    """What reaches the actuators after the dead time: for how long the older command, then the newer one.

    Returns: seconds of the older, its acceleration and angle, acceleration and angle of the newer.
    """
    dead, dt, step = w.world_f[EGO_DEAD_TIME], w.world_f[DT], w.run[STEP]
    if dead <= 0.0:
        return 0.0, 0.0, 0.0, command, steer_command
    slots = w.commands.shape[0]
    w.commands[step % slots, 0], w.commands[step % slots, 1] = command, steer_command
    whole = int(dead / dt + 1e-9)
    older, newer = step - whole - 1, step - whole
    old_accel, old_steer, new_accel, new_steer = 0.0, 0.0, 0.0, 0.0
    if older >= 0:
        old_accel, old_steer = w.commands[older % slots, 0], w.commands[older % slots, 1]
    if newer >= 0:
        new_accel, new_steer = w.commands[newer % slots, 0], w.commands[newer % slots, 1]
    return max(dead - whole * dt, 0.0), old_accel, old_steer, new_accel, new_steer


@inlined
def limits_of(w: Batch, i: int) -> tuple[float, float, float, float, float]:
    """Largest angle, its rate, largest acceleration, acceleration lag, steering lag, with what a fault takes."""
    return (
        w.world_f[EGO_MAX_STEER] * (1.0 - w.state[STEER_LOSS, i]),
        w.world_f[EGO_STEER_RATE],
        w.world_f[EGO_MAX_ACCEL],
        w.world_f[EGO_ACCEL_LAG],
        w.world_f[EGO_STEER_LAG],
    )


@inlined
def advance_kinematic(w: Batch, i: int, command: float, steer_command: float, dt: float) -> None:
    """Moves the ego as a kinematic bicycle about its rear axle for `dt`; faults bend and weaken the command."""
    st, r = w.state, w.param_f[REAR, i]
    friction = w.world_f[FRICTION]
    front, rear = st[FLAT_FRONT, i], st[FLAT_REAR, i]
    if front != 0.0 or rear != 0.0:
        loss = 0.5 * max(abs(front), abs(rear))
        friction *= 1.0 - loss * (1.0 - FLAT_GRIP)
        if st[SPEED, i] > 0.0:
            command -= 0.25 * (abs(front) + abs(rear)) * FLAT_ROLLING * GRAVITY
        steer_command += FLAT_PULL_RAD * (front + rear)
    if st[BRAKE_LOSS, i] > 0.0:
        command = max(command, -(1.0 - st[BRAKE_LOSS, i]) * friction * GRAVITY)
    cos, sin = math.cos(st[YAW, i]), math.sin(st[YAW, i])
    x, y, yaw, speed, accel, steer, rate = bicycle(
        st[X, i] - r * cos, st[Y, i] - r * sin, st[YAW, i], st[SPEED, i], st[ACCEL, i], st[STEER, i], command,
        steer_command, w.param_f[WHEELBASE, i], friction, limits_of(w, i), dt,
    )  # fmt: skip
    st[X, i], st[Y, i], st[YAW, i] = x + r * math.cos(yaw), y + r * math.sin(yaw), yaw
    st[SPEED, i], st[ACCEL, i], st[STEER, i], st[YAW_RATE, i] = speed, accel, steer, rate


@inner
def advance_dynamic(w: Batch, i: int, command: float, steer_command: float, dt: float) -> None:
    """Moves the ego as a single-track model on slipping tyres for `dt`, in sub-steps of at most 5 ms."""
    st, p = w.state, w.world_f[V_FIRST : V_FIRST + VEHICLE_COLUMNS]
    max_steer, steer_rate, max_accel, accel_lag, steer_lag = limits_of(w, i)
    count = max(1, math.ceil(dt / SUBSTEP_S - 1e-9))
    h = dt / count
    follow_a = 1.0 - math.exp(-h / accel_lag) if accel_lag > 0.0 else 1.0
    follow_d = 1.0 - math.exp(-h / steer_lag) if steer_lag > 0.0 else 1.0
    ahead = w.param_f[REAR, i] - p[V_REAR]
    yaw, steer, accel = st[YAW, i], st[STEER, i], st[ACCEL, i]
    x, y = st[X, i] - ahead * math.cos(yaw), st[Y, i] - ahead * math.sin(yaw)
    u, v, r, pushed = st[SPEED, i], st[SIDE, i], st[YAW_RATE, i], st[PUSHED, i]
    wish, aim = min(command, max_accel), limited(steer_command, max_steer)
    for _ in range(count):
        steer = flush(limited(steer + limited((aim - steer) * follow_d, steer_rate * h), max_steer))
        accel = flush(accel + (wish - accel) * follow_a)
        cos, sin = math.cos(yaw), math.sin(yaw)
        slope_x, slope_y = st[GX, i] * cos + st[GY, i] * sin, st[GY, i] * cos - st[GX, i] * sin
        resisted = 0.0
        if w.world_f[EGO_FEEDS_FORWARD] > 0.5:
            upright = 1.0 + slope_x * slope_x + slope_y * slope_y
            resisted = p[V_DRAG] * u * abs(u) + p[V_MASS] * GRAVITY * (p[V_ROLLING] + slope_x / upright)
        drive, brake = pedals(accel, u, resisted, st[BRAKE_LOSS, i], p)
        u1, v1, r1, pushed, _, _, _, _, _ = single_track(
            u, v, r, steer, drive, brake, pushed, slope_x, slope_y, w.world_f[FRICTION], st[FLAT_FRONT, i],
            st[FLAT_REAR, i], p, h,
        )  # fmt: skip
        x, y, yaw, u, v = drift(x, y, yaw, u, v, r, u1, v1, r1, h)
        u, v, r = flush(u), flush(v), flush(r1)
    yaw = wrap(yaw)
    st[X, i], st[Y, i], st[YAW, i] = x + ahead * math.cos(yaw), y + ahead * math.sin(yaw), yaw
    st[SPEED, i], st[SIDE, i], st[YAW_RATE, i], st[PUSHED, i] = u, v, r, pushed
    st[ACCEL, i], st[STEER, i] = accel, steer


@inlined
def show_motion(w: Batch, i: int, before: float) -> None:
    """Velocity and acceleration of the box centre of a kinematic ego whose yaw rate was `before`."""
    st, r, rate = w.state, w.param_f[REAR, i], w.state[YAW_RATE, i]
    tx, ty, speed = math.cos(st[YAW, i]), math.sin(st[YAW, i]), st[SPEED, i]
    swing = flush((rate - before) / w.world_f[DT])
    st[VX, i], st[VY, i] = speed * tx - r * rate * ty, speed * ty + r * rate * tx
    along, across = st[ACCEL, i] - r * rate * rate, speed * rate + r * swing
    st[AX, i], st[AY, i] = along * tx - across * ty, along * ty + across * tx
    st[ALONG, i] = along


@inner
def show_slipping_motion(w: Batch, i: int) -> None:
    """Velocity of the box centre of a dynamic ego, and its acceleration over the step."""
    st = w.state
    tx, ty, u = math.cos(st[YAW, i]), math.sin(st[YAW, i]), st[SPEED, i]
    v = st[SIDE, i] + (w.param_f[REAR, i] - w.world_f[V_FIRST + V_REAR]) * st[YAW_RATE, i]
    vx, vy, dt = u * tx - v * ty, u * ty + v * tx, w.world_f[DT]
    st[AX, i], st[AY, i] = flush((vx - st[VX, i]) / dt), flush((vy - st[VY, i]) / dt)
    st[VX, i], st[VY, i] = vx, vy
    st[ALONG, i] = st[AX, i] * tx + st[AY, i] * ty


@inlined
def feels_trailer(w: Batch) -> bool:
    """Whether the ego's model has moved it together with its trailer already (`articulated_kernels`)."""
    if w.world_i[EGO_MODEL] != MODEL_ARTICULATED:
        return False
    j = int(w.world_f[T_FIRST + T_INDEX])
    return w.flags[MODE, j] == MODE_TRAILER and w.flags[VALID, j] == 1


@inlined
def adopt_motion(w: Batch, i: int) -> None:
    """Takes over the motion that was worked out together with the trailer."""
    st, now = w.state, w.mind
    st[X, i], st[Y, i], st[YAW, i] = now[N_X, i], now[N_Y, i], now[N_YAW, i]
    st[SPEED, i], st[SIDE, i], st[YAW_RATE, i] = now[N_SPEED, i], now[N_SIDE, i], now[N_RATE, i]
    st[PUSHED, i], st[ACCEL, i], st[STEER, i] = now[N_PUSHED, i], now[N_ACCEL, i], now[N_STEER, i]


@inlined
def show_nothing(w: Batch, i: int) -> None:
    """No ego slips, so its motion is never shown this way."""


def mover(slip: Any, show_slip: Any) -> Any:
    """The step of egos, some of which slip (`advance_dynamic`, `show_slipping_motion`) or none of which does.

    Who never slips need not wait for the tyres to be compiled: there `slip` is `advance_kinematic`, never called.
    """

    @inner
    def move_ego(pool: Pool, w: Batch, i: int, command: float, steer_command: float) -> None:
        """One step of the ego: what reaches its actuators, its model, then the motion of its box centre."""
        st, dt = w.state, w.world_f[DT]
        before = st[YAW_RATE, i]
        if feels_trailer(w):
            adopt_motion(w, i)
            first, old_accel, old_steer = dt, 0.0, 0.0
        else:
            first, old_accel, old_steer, command, steer_command = recall(w, command, steer_command)
        for part in range(2):
            span, accel, angle = dt - first, command, steer_command
            if part == 0:
                span, accel, angle = first, old_accel, old_steer
            if span < 1e-9 or feels_trailer(w):
                continue
            if w.world_i[EGO_MODEL] >= MODEL_DYNAMIC:
                slip(w, i, accel, angle, span)
            else:
                advance_kinematic(w, i, accel, angle, span)
        st[COMMAND, i] = command
        if w.world_i[EGO_MODEL] >= MODEL_DYNAMIC:
            show_slip(w, i)
        else:
            show_motion(w, i, before)
        st[S, i], st[D, i] = refine(pool, w.paths[w.flags[PATH, i]], st[X, i], st[Y, i], st[S, i])
        settle_on_ground(pool, w, i)

    return move_ego


move_ego = mover(advance_dynamic, show_slipping_motion)
move_kinematic_ego = mover(advance_kinematic, show_nothing)
