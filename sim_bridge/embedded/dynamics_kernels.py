"""How bodies move, compiled: the ego's bicycle, actors on paths, bodies after a crash.

Each law has a slow, obvious twin in `reference.py`.
"""

import math

from sim_bridge.embedded.compiled import inlined, inner, scalar
from sim_bridge.embedded.geometry_kernels import (
    flush,
    ground_gradient,
    path_heading,
    path_point,
    path_value,
    polynomial,
    quintic_coefficients,
    wrap,
)
from sim_bridge.embedded.impact_kernels import slide
from sim_bridge.embedded.layout import (
    ACCEL,
    ALONG,
    AX,
    AY,
    B_SIDE,
    BEYOND_GRIP,
    BODY,
    BODY_HIGH,
    BODY_LOW,
    BODY_PLAIN,
    BODY_WALKER,
    BRAKE_LOSS,
    C0,
    COMMAND,
    DT,
    FLAT_FRONT,
    FLAT_REAR,
    FRICTION,
    GRAVITY,
    GX,
    GY,
    JERK,
    LAT_CLOCK,
    LAT_DURATION,
    LENGTH,
    LOG_COLUMNS,
    PATH,
    PATH_FRICTION,
    PBANK,
    PCURV,
    PREV_X,
    PREV_Y,
    PREV_YAW,
    PZ,
    SPEED,
    STEER,
    STEP,
    TOLD,
    UDOT,
    VALID,
    VX,
    VY,
    WALKS,
    WEAVE,
    WEAVE_RATE,
    WHEELBASE,
    WIDTH,
    YAW,
    YAW_RATE,
    Batch,
    D,
    Pool,
    S,
    U,
    X,
    Y,
    Z,
)
from sim_bridge.embedded.tyre_kernels import FLAT_GRIP, FLAT_ROLLING, within_grip


@scalar
def idm_free(speed: float, desired: float, accel: float, comfort: float) -> float:
    """Acceleration on an empty road, m/s^2: a (1 - (v / v0)^4), no harder than comfortable braking."""
    if desired < 0.05:
        return -comfort if speed > 0.0 else 0.0
    ratio = speed / desired
    ratio *= ratio
    return max(accel * (1.0 - ratio * ratio), -comfort)


@scalar
def idm_interaction(
    gap: float, speed: float, lead_speed: float, headway: float, min_gap: float, accel: float, comfort: float
) -> float:
    """What a leader takes from the acceleration, m/s^2: a (s* / s)^2.

    s* = s0 + max(0, v T + v dv / (2 sqrt(a b))); Treiber, Hennecke, Helbing, Phys. Rev. E 62, 1805 (2000).
    """
    closing = speed * (speed - lead_speed) / (2.0 * math.sqrt(accel * comfort))
    wish = min_gap + max(0.0, speed * headway + closing)
    ratio = wish / max(gap, 0.1)
    return accel * ratio * ratio


@scalar
def speed_command(speed: float, target: float, rate: float, jerk: float, dt: float) -> float:
    """Acceleration that reaches `target` at `rate` and eases off before it, so that a jerk limit does not overshoot."""
    gap = target - speed
    size = min(rate, math.sqrt(jerk * abs(gap)), abs(gap) / dt)
    return size if gap >= 0.0 else -size


@scalar
def travel(speed: float, accel: float, dt: float) -> tuple[float, float]:
    """Distance gone and speed after `dt` of constant acceleration that ends at standstill."""
    end = speed + accel * dt
    if end >= 0.0:
        return 0.5 * (speed + end) * dt, end
    return 0.5 * speed * speed / -accel, 0.0


@scalar
def limited(value: float, bound: float) -> float:
    """The value within plus and minus `bound`."""
    return min(max(value, -bound), bound)


@scalar
def bicycle(
    x: float,
    y: float,
    yaw: float,
    speed: float,
    accel: float,
    steer: float,
    command: float,
    steer_command: float,
    wheelbase: float,
    friction: float,
    limits: tuple[float, float, float, float, float],
    dt: float,
) -> tuple[float, float, float, float, float, float, float]:
    """Kinematic bicycle about the rear axle under actuator limits and the friction circle.

    dx = v cos(yaw), dy = v sin(yaw), dyaw = v kappa, kappa = tan(delta) / L held within mu g / v^2 (the tyres slide
    wide rather than turn tighter), |a|^2 + (v^2 kappa)^2 <= (mu g)^2; acceleration and steering follow their
    commands with first-order lags. Sub-steps of at most 20 ms; within one, the path is an exact arc.

    `limits`: largest angle, its rate, largest acceleration, acceleration lag, steering lag.
    Returns: x, y, yaw, speed, acceleration, steering angle, yaw rate.
    """
    max_steer, steer_rate, max_accel, accel_lag, steer_lag = limits
    count = max(1, math.ceil(dt / 0.02 - 1e-9))
    h = dt / count
    follow_a = 1.0 - math.exp(-h / accel_lag) if accel_lag > 0.0 else 1.0
    follow_d = 1.0 - math.exp(-h / steer_lag) if steer_lag > 0.0 else 1.0
    grip = friction * GRAVITY
    steer_command = limited(steer_command, max_steer)
    rate = 0.0
    for _ in range(count):
        steer += limited((steer_command - steer) * follow_d, steer_rate * h)
        steer = flush(limited(steer, max_steer))
        kappa = limited(math.tan(steer) / wheelbase, grip / max(speed * speed, 1e-6))
        across = speed * speed * kappa
        along = math.sqrt(max(grip * grip - across * across, 0.0))
        wish = max(min(command, min(along, max_accel)), -along)
        accel = flush(limited(accel + (wish - accel) * follow_a, along))
        if speed <= 0.0 and accel < 0.0:
            accel = 0.0
        distance, speed = travel(speed, accel, h)
        turn = kappa * distance
        half = 0.5 * turn
        chord = distance * (math.sin(half) / half if abs(half) > 1e-6 else 1.0 - half * half / 6.0)
        x += chord * math.cos(yaw + half)
        y += chord * math.sin(yaw + half)
        yaw = wrap(yaw + turn)
        rate = speed * kappa
    if speed <= 0.0 and accel < 0.0:
        accel = 0.0
    return x, y, yaw, flush(speed), accel, steer, flush(rate)


@inlined
def settle_on_ground(pool: Pool, w: Batch, i: int) -> None:
    """Height and slope of actor `i` from its path at (S, D)."""
    st, path = w.state, w.paths[w.flags[PATH, i]]
    s = st[S, i]
    bank = path_value(pool, path, s, PBANK)
    _, _, tx, ty = path_point(pool, path, s)
    gx, gy = ground_gradient(pool, path, s, tx, ty, bank)
    st[GX, i], st[GY, i] = gx, gy
    st[Z, i] = path_value(pool, path, s, PZ) + bank * st[D, i]


@inner
def begin_sideways(w: Batch, i: int, target: float, duration: float) -> None:
    """Plans the quintic from the present lateral state to `target` metres left of the path."""
    st = w.state
    coefficients = quintic_coefficients(st[D, i], st[U, i], st[UDOT, i], target, duration)
    for k in range(6):
        st[C0 + k, i] = coefficients[k]
    st[LAT_CLOCK, i], st[LAT_DURATION, i] = 0.0, duration


@inlined
def advance_sideways(w: Batch, i: int) -> None:
    """Moves along the lateral quintic; a vehicle that hardly rolls waits, so that none ever drives sideways."""
    st, dt = w.state, w.world_f[DT]
    duration = st[LAT_DURATION, i]
    if duration <= 0.0:
        st[U, i], st[UDOT, i] = 0.0, 0.0
        return
    c0, c1, c2, c3, c4, c5 = st[C0, i], st[C0 + 1, i], st[C0 + 2, i], st[C0 + 3, i], st[C0 + 4, i], st[C0 + 5, i]
    pace = 1.0
    if w.param_i[WALKS, i] == 0:
        _, rate, _ = polynomial(c0, c1, c2, c3, c4, c5, min(st[LAT_CLOCK, i] + dt, duration))
        room = 0.5 * st[SPEED, i]
        pace = 0.0 if st[SPEED, i] < 0.05 else min(1.0, room / max(abs(rate), 1e-9))
    elif w.param_i[BODY, i] == BODY_WALKER:
        rate = 0.0
        for k in range(3):
            _, then, _ = polynomial(c0, c1, c2, c3, c4, c5, min(st[LAT_CLOCK, i] + 0.5 * k * dt, duration))
            rate = max(rate, abs(then))
        pace = min(1.0, w.param_f[B_SIDE, i] / max(rate, 1e-9))
    clock = st[LAT_CLOCK, i] + pace * dt
    if clock >= duration - 1e-9:
        st[D, i], _, _ = polynomial(c0, c1, c2, c3, c4, c5, duration)
        st[U, i], st[UDOT, i], st[LAT_DURATION, i] = 0.0, 0.0, 0.0
        return
    st[LAT_CLOCK, i] = clock
    st[D, i], rate, bend = polynomial(c0, c1, c2, c3, c4, c5, clock)
    st[U, i], st[UDOT, i] = flush(rate * pace), flush(bend * pace * pace)


@inlined
def pose_on_path(pool: Pool, w: Batch, i: int, initial: bool) -> None:
    """Pose, velocity and acceleration of an actor from (S, D), its speed along the path and its lateral motion."""
    st, path = w.state, w.paths[w.flags[PATH, i]]
    s, d, u, udot, v, a = st[S, i], st[D, i], st[U, i], st[UDOT, i], st[SPEED, i], st[ACCEL, i]
    d, u = d + st[WEAVE, i], u + st[WEAVE_RATE, i]
    px, py, tx, ty = path_point(pool, path, s)
    kappa = path_value(pool, path, s, PCURV)
    st[X, i], st[Y, i] = px - d * ty, py + d * tx
    turning = kappa * v / max(1.0 - kappa * d, 0.2)
    along, across = a - u * turning, udot + v * turning
    st[VX, i], st[VY, i] = v * tx - u * ty, v * ty + u * tx
    st[AX, i], st[AY, i] = along * tx - across * ty, along * ty + across * tx
    speed = math.sqrt(v * v + u * u)
    rate = 0.0
    if speed > 0.05:
        # The centre follows the path; the rear axle, half a wheelbase behind it, must not slide across its wheels.
        bend = kappa / max(1.0 - kappa * d, 0.2) + (udot * v - u * a) / max(speed * speed * speed, 0.125)
        slip = math.asin(limited(0.5 * w.param_f[WHEELBASE, i] * bend, 0.5))
        wish = path_heading(pool, path, s) + math.atan2(u, v) - slip
        most = 2.5 * w.world_f[DT]
        turn = -slip if initial else limited(wrap(wish - st[YAW, i]), most)
        st[YAW, i] = wrap(st[YAW, i] + turn)
        rate = 0.0 if initial else turn / w.world_f[DT]
    st[YAW_RATE, i] = flush(rate)
    st[ALONG, i] = st[AX, i] * math.cos(st[YAW, i]) + st[AY, i] * math.sin(st[YAW, i])
    if w.param_f[WHEELBASE, i] > 0.0:
        if speed > 0.5:
            st[STEER, i] = flush(limited(math.atan(w.param_f[WHEELBASE, i] * rate / speed), 0.7))
    else:
        st[STEER, i] = math.nan
    settle_on_ground(pool, w, i)


@inlined
def hold_to_grip(pool: Pool, w: Batch, i: int, accel: float) -> float:
    """The acceleration that the tyres and brakes of an actor on its path allow; marks a wish that they do not."""
    st, grip = w.state, w.world_f[PATH_FRICTION] * GRAVITY
    flat = abs(st[FLAT_FRONT, i]) + abs(st[FLAT_REAR, i])
    if flat > 0.0:
        grip *= 1.0 - 0.25 * flat * (1.0 - FLAT_GRIP)
        accel -= 0.25 * flat * FLAT_ROLLING * GRAVITY
    speed = st[SPEED, i]
    kappa = path_value(pool, w.paths[w.flags[PATH, i]], st[S, i], PCURV)
    across = speed * speed * kappa / max(1.0 - kappa * st[D, i], 0.2)
    held = within_grip(accel, across, grip, st[BRAKE_LOSS, i])
    if held != accel and abs(accel) > abs(held) + 0.5 and st[BRAKE_LOSS, i] == 0.0:
        w.flags[TOLD, i] |= BEYOND_GRIP
    return held


@inlined
def move_on_path(pool: Pool, w: Batch, i: int, command: float) -> None:
    """One step of an actor on its path; the acceleration follows the command within the jerk limit."""
    st, dt = w.state, w.world_f[DT]
    most = w.param_f[JERK, i] * dt
    if w.param_i[BODY, i] != BODY_PLAIN:
        command = min(max(command, st[BODY_LOW, i]), st[BODY_HIGH, i])
    accel = flush(st[ACCEL, i] + limited(command - st[ACCEL, i], most))
    accel = hold_to_grip(pool, w, i, accel)
    if st[SPEED, i] <= 0.0:
        accel = max(accel, 0.0)
    distance, speed = travel(st[SPEED, i], accel, dt)
    st[COMMAND, i] = command
    st[ACCEL, i] = 0.0 if speed <= 0.0 else accel
    st[SPEED, i] = flush(speed)
    path = w.paths[w.flags[PATH, i]]
    kappa = path_value(pool, path, st[S, i] + 0.5 * distance, PCURV)
    st[S, i] += distance / max(1.0 - kappa * st[D, i], 0.2)
    advance_sideways(w, i)
    pose_on_path(pool, w, i, False)


@inner
def move_free(w: Batch, i: int) -> None:
    """One step of a body after a crash: it slides and turns until friction has brought it to rest."""
    st, dt = w.state, w.world_f[DT]
    vx, vy, x, y = st[VX, i], st[VY, i], st[X, i], st[Y, i]
    brake = 0.7 * w.world_f[FRICTION] * GRAVITY
    st[X, i], st[Y, i], yaw, st[VX, i], st[VY, i], st[YAW_RATE, i] = slide(
        x, y, st[YAW, i], vx, vy, st[YAW_RATE, i], w.param_f[LENGTH, i], w.param_f[WIDTH, i], brake, dt
    )
    st[YAW, i] = wrap(yaw)
    st[Z, i] += st[GX, i] * (st[X, i] - x) + st[GY, i] * (st[Y, i] - y)
    st[AX, i], st[AY, i] = (st[VX, i] - vx) / dt, (st[VY, i] - vy) / dt
    st[ALONG, i] = st[AX, i] * math.cos(st[YAW, i]) + st[AY, i] * math.sin(st[YAW, i])
    st[SPEED, i] = math.sqrt(st[VX, i] * st[VX, i] + st[VY, i] * st[VY, i])
    st[ACCEL, i], st[COMMAND, i] = st[ALONG, i], -brake
    st[U, i], st[UDOT, i] = 0.0, 0.0


@inlined
def move_as_logged(w: Batch, i: int) -> None:
    """Puts a replayed actor where its log has it at the next step."""
    step = min(w.run[STEP] + 1, w.replay.shape[0] - 1)
    w.flags[VALID, i] = w.replay_valid[step, i]
    if w.flags[VALID, i] == 0:
        return
    st = w.state
    for k in range(LOG_COLUMNS):
        st[k, i] = w.replay[step, k, i]
    st[SPEED, i] = math.sqrt(st[VX, i] * st[VX, i] + st[VY, i] * st[VY, i])
    st[ACCEL, i] = st[ALONG, i]
    st[COMMAND, i] = st[ALONG, i]


@inlined
def remember_pose(w: Batch, i: int) -> None:
    """Keeps the pose before a step, for the moment of contact and for lines that were crossed."""
    st = w.state
    st[PREV_X, i], st[PREV_Y, i], st[PREV_YAW, i] = st[X, i], st[Y, i], st[YAW, i]


__all__ = [
    "begin_sideways",
    "bicycle",
    "idm_free",
    "idm_interaction",
    "limited",
    "move_as_logged",
    "move_free",
    "move_on_path",
    "pose_on_path",
    "remember_pose",
    "settle_on_ground",
    "speed_command",
    "travel",
]
