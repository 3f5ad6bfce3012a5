"""Bodies of riders and of people on their paths, compiled: what they can do in the next step, lean, weave, turning.

Whatever leads an actor (a script, a driver, a walker's mind) asks for an acceleration; before each step `body_band`
writes the bounds between which its body answers. Worlds without riders and people do not compile this file. Twin:
`reference_bodies.py`; equations and sources: `docs/dynamics.md`.
"""

import math

from sim_bridge.embedded.compiled import entry, hand, inlined, inner, scalar
from sim_bridge.embedded.driver_kernels import uniform
from sim_bridge.embedded.dynamics_kernels import limited
from sim_bridge.embedded.geometry_kernels import path_heading, path_value, polynomial, wrap
from sim_bridge.embedded.layout import (
    B_DRAG,
    B_LEAN,
    B_MASS,
    B_PITCH,
    B_POWER,
    B_ROLLING,
    B_TIME,
    B_TOP,
    B_TURN,
    B_WEAVE,
    BODY,
    BODY_HIGH,
    BODY_LOW,
    BODY_PLAIN,
    BODY_RIDER,
    C0,
    COMFORT,
    DESIRED,
    DO_CHANGE_SPEED,
    DT,
    FRICTION,
    GRAVITY,
    GX,
    GY,
    LAT_CLOCK,
    LAT_DURATION,
    LEAN,
    LEAN_PAST,
    LOG_COLUMNS,
    M_STAGE,
    MODE,
    MODE_PATH,
    NUM_ACTORS,
    PATH,
    PCURV,
    PH_A,
    PH_KIND,
    SEED,
    SPEED,
    SPEED_PHASE,
    STEP,
    VALID,
    WEAVE,
    WEAVE_RATE,
    WORLD_DONE,
    YAW,
    Batch,
    D,
    Pool,
    S,
)
from sim_bridge.embedded.walker_kernels import RETURN_PACE, RETURNING
from sim_bridge.embedded.world_kernels import world_of

DRAW_WEAVE = 6
NODE_S, RAMP_S = 2.0, 2.0
# Moments ahead over which a rider's lean is averaged: the middles of so many equal parts of the exponential weight.
MOMENTS = 16
# Widths of the weave, CROW (2007): 0.2 m at and above 12 km/h, 0.8 m at walking pace.
STEADY_MPS, WALKING_MPS = 12.0 / 3.6, 5.0 / 3.6
STEADY_SHARE = 0.25
# Shares of friction that a rider uses across, and braking; a walker needs it beside the push of the gait.
ACROSS_SHARE, BRAKE_SHARE, GAIT_SHARE = 0.8, 0.9, 0.5
# Speed over friction at which a person's steps just hold: 1.35 m/s needs 0.20.
STEP_MPS = 1.35 / 0.20
CONE_PARTS = 12
FACING_RAD = 1.0


@scalar
def lean_for(across: float) -> float:
    """Lean of a rider in balance, rad: tan(phi) = a_y / g."""
    return math.atan(across / GRAVITY)


@scalar
def moment_ahead(k: int, time: float) -> float:
    """The k-th of `MOMENTS` moments ahead, s: the quantile (k + 1/2) / n of exp(-t / T) / T."""
    return -time * math.log(1.0 - (k + 0.5) / MOMENTS)


@scalar
def weave_width(speed: float, widest: float) -> float:
    """Half of the width that a rider needs beside its line, m: `widest` at 5 km/h, a quarter from 12 km/h on."""
    if speed <= WALKING_MPS:
        return widest * max(speed, 0.0) / WALKING_MPS
    share = min((speed - WALKING_MPS) / (STEADY_MPS - WALKING_MPS), 1.0)
    return widest * (1.0 - share * (1.0 - STEADY_SHARE))


@scalar
def weave_noise(seed: int, i: int, time: float) -> tuple[float, float]:
    """A smooth number within plus and minus 1 and its slope: one draw every 2 s, joined by 6 t^5 - 15 t^4 + 10 t^3."""
    k = math.floor(time / NODE_S)
    t = time / NODE_S - k
    one = 2.0 * uniform(seed, i, int(k), DRAW_WEAVE) - 1.0
    two = 2.0 * uniform(seed, i, int(k) + 1, DRAW_WEAVE) - 1.0
    rise = t * t * t * (10.0 + t * (6.0 * t - 15.0))
    slope = 30.0 * t * t * (1.0 - t) * (1.0 - t)
    return one + (two - one) * rise, (two - one) * slope / NODE_S


@scalar
def rider_push(speed: float, grade: float, power: float, mass: float, drag: float, rolling: float) -> float:
    """Strongest acceleration of a rider, m/s^2: (P / v - drag v^2) / m - g (c_r cos + sin of the slope).

    Below 1 m/s the force is that at 1 m/s. di Prampero et al., J. Appl. Physiol. 47, 201 (1979); Martin et al., J.
    Appl. Biomech. 14, 276 (1998).
    """
    cos = 1.0 / math.sqrt(1.0 + grade * grade)
    return (power / max(speed, 1.0) - drag * speed * speed) / mass - GRAVITY * cos * (rolling + grade)


@scalar
def rider_brake(grade: float, pitch: float, friction: float) -> float:
    """Strongest braking of a rider, m/s^2: before the rear wheel lifts, g (cos l / h + sin), or the tyres slide.

    `pitch`: l / h, from the centre of gravity ahead to the front contact over its height; Wilson, Bicycling Science
    (2004), chapter 7, has 0.56 g.
    """
    cos = 1.0 / math.sqrt(1.0 + grade * grade)
    return max(min(GRAVITY * cos * (pitch + grade), BRAKE_SHARE * friction * GRAVITY * cos), 0.1)


@scalar
def bend_speed(curvature: float, lean: float, friction: float) -> float:
    """Fastest speed in a bend, m/s: v^2 kappa = g min(tan(lean), 0.8 mu)."""
    return math.sqrt(GRAVITY * min(math.tan(lean), ACROSS_SHARE * friction) / max(abs(curvature), 1e-6))


@scalar
def needed_braking(speed: float, limit: float, distance: float, dt: float) -> float:
    """Braking that reaches `limit` in `distance`, m/s^2; at once where there is none. Negative below the limit."""
    if distance <= 0.0:
        return (speed - limit) / dt
    return (speed * speed - limit * limit) / (2.0 * distance)


@scalar
def walker_bounds(speed: float, wish: float, top: float, time: float, friction: float) -> tuple[float, float]:
    """Weakest and strongest acceleration of a person, m/s^2: dv/dt = (v0 - v) / tau, within half the friction.

    v0 is the wish, no faster than the person runs and than its steps hold on the ground. Helbing, Molnar, Phys. Rev. E
    51, 4282 (1995), tau = 0.5 s; friction that steps need: Redfern et al., Ergonomics 44, 1138 (2001).
    """
    goal = min(wish, min(top, STEP_MPS * friction))
    most = GAIT_SHARE * friction * GRAVITY
    rate = (goal - speed) / time
    if rate >= 0.0:
        return -most, min(rate, most)
    return -most, max(min(rate, 0.0), -most) if speed > goal + 1e-9 else 0.0


@inlined
def across_at(pool: Pool, w: Batch, i: int, ahead: float) -> float:
    """Lateral acceleration that the way of actor `i` will ask for so many seconds on, at its present speed."""
    st, path, v = w.state, w.paths[w.flags[PATH, i]], w.state[SPEED, i]
    s, d = st[S, i] + v * ahead, st[D, i]
    kappa = path_value(pool, path, s, PCURV)
    extra = 0.0
    if st[LAT_DURATION, i] > 0.0 and st[LAT_CLOCK, i] + ahead < st[LAT_DURATION, i]:
        _, _, extra = polynomial(
            st[C0, i], st[C0 + 1, i], st[C0 + 2, i], st[C0 + 3, i], st[C0 + 4, i], st[C0 + 5, i],
            st[LAT_CLOCK, i] + ahead,
        )  # fmt: skip
    return v * v * kappa / max(1.0 - kappa * d, 0.2) + extra


@inlined
def lean_into(pool: Pool, w: Batch, i: int) -> None:
    """Lean at the end of the coming step: the mean of what the way asked for and what it will, one time T each way.

    The bounded solution of h phi'' = g phi - a_y(t), a pendulum that stands on its wheels: phi = (1 / 2T) integral of
    a_y(t + x) / g exp(-|x| / T), T = sqrt(h / g). So riders lean before a bend begins. Astrom, Klein, Lennartsson,
    IEEE Control Systems 25, 26 (2005); Getz (1994).
    """
    st, time = w.state, w.param_f[B_TIME, i]
    follow = 1.0 - math.exp(-w.world_f[DT] / time)
    if w.run[STEP] == 0:
        st[LEAN_PAST, i] = across_at(pool, w, i, 0.0)
        w.log[0, LOG_COLUMNS, i] = lean_for(st[LEAN_PAST, i])
    st[LEAN_PAST, i] += (across_at(pool, w, i, 0.5 * w.world_f[DT]) - st[LEAN_PAST, i]) * follow
    ahead = 0.0
    for k in range(MOMENTS):
        ahead += across_at(pool, w, i, w.world_f[DT] + moment_ahead(k, time)) / MOMENTS
    most = w.param_f[B_LEAN, i] * 1.5
    st[LEAN, i] = limited(lean_for(0.5 * (st[LEAN_PAST, i] + ahead)), most)


@inlined
def weave(w: Batch, i: int) -> None:
    """Place and pace of actor `i` beside its line at the end of the coming step."""
    st, time = w.state, (w.run[STEP] + 1) * w.world_f[DT]
    width = weave_width(st[SPEED, i], w.param_f[B_WEAVE, i]) * min(time / RAMP_S, 1.0)
    value, slope = weave_noise(w.world_i[SEED], i, time)
    st[WEAVE, i], st[WEAVE_RATE, i] = width * value, width * slope


@inlined
def grade_at(w: Batch, i: int) -> float:
    """Rise of the road over the way, along the heading of actor `i`."""
    return w.state[GX, i] * math.cos(w.state[YAW, i]) + w.state[GY, i] * math.sin(w.state[YAW, i])


@inlined
def bound_rider(pool: Pool, w: Batch, i: int) -> None:
    """What a rider can do in the coming step: power, pitch-over and grip, and the bends ahead."""
    st, f, dt = w.state, w.param_f, w.world_f[DT]
    path, v, s = w.paths[w.flags[PATH, i]], st[SPEED, i], st[S, i]
    grade, friction = grade_at(w, i), w.world_f[FRICTION]
    low = -rider_brake(grade, f[B_PITCH, i], friction)
    high = rider_push(v, grade, f[B_POWER, i], f[B_MASS, i], f[B_DRAG, i], f[B_ROLLING, i])
    comfort = min(max(f[COMFORT, i], 1.0), -low)
    reach = v * dt + v * v / (2.0 * comfort)
    for k in range(CONE_PARTS + 1):
        way = reach * k / CONE_PARTS
        limit = bend_speed(path_value(pool, path, s + way, PCURV), f[B_LEAN, i], friction)
        need = needed_braking(v, limit, way - v * dt, dt)
        if need > 0.8 * comfort:
            high = min(high, -need)
        elif limit < v + high * dt and k == 0:
            high = min(high, (limit - v) / dt)
    st[BODY_LOW, i], st[BODY_HIGH, i] = low, max(high, low)


@inlined
def wished_speed(w: Batch, i: int) -> float:
    """The speed that a walker is told or wishes."""
    phase = w.flags[SPEED_PHASE, i]
    if phase >= 0 and w.phase_i[phase, PH_KIND] == DO_CHANGE_SPEED:
        return w.phase_f[phase, PH_A]
    return w.state[DESIRED, i] * (RETURN_PACE if w.mind[M_STAGE, i] == RETURNING else 1.0)


@inlined
def bound_walker(pool: Pool, w: Batch, i: int) -> None:
    """What a person can do in the coming step; who faces elsewhere turns on the spot before it goes."""
    st, f, dt = w.state, w.param_f, w.world_f[DT]
    v, wish = st[SPEED, i], wished_speed(w, i)
    low, high = walker_bounds(v, wish, f[B_TOP, i], f[B_TIME, i], w.world_f[FRICTION])
    away = wrap(path_heading(pool, w.paths[w.flags[PATH, i]], st[S, i]) - st[YAW, i])
    if wish > 0.05 and abs(away) > FACING_RAD and v < 0.3:
        st[YAW, i] = wrap(st[YAW, i] + limited(away, f[B_TURN, i] * dt))
        high = min(high, 0.0)
        if v > 0.0:
            low, high = min(low, -v / dt), -v / dt
    st[BODY_LOW, i], st[BODY_HIGH, i] = low, max(high, low)


@inner
def use_body(pool: Pool, w: Batch, i: int) -> None:
    """Bounds, lean and weave of one actor for the coming step, and its lean into the log."""
    if w.param_i[BODY, i] != BODY_RIDER:
        bound_walker(pool, w, i)
        return
    bound_rider(pool, w, i)
    weave(w, i)
    lean_into(pool, w, i)
    w.log[(w.run[STEP] + 1) % w.log.shape[0], LOG_COLUMNS, i] = w.state[LEAN, i]


@entry
def body_band(pool: Pool, batch: Batch, first: int, last: int) -> None:
    """Lets the bodies in the worlds of a band say what they can do in the coming step."""
    ways = hand(pool)
    for b in range(first, last):
        w = hand(world_of(batch, b))
        for i in range(w.world_i[NUM_ACTORS]):
            moves = w.flags[VALID, i] == 1 and w.flags[MODE, i] == MODE_PATH
            if w.run[WORLD_DONE] == 0 and moves and w.param_i[BODY, i] != BODY_PLAIN:
                use_body(ways, w, i)
