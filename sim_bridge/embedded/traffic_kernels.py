"""What drivers see and mind, compiled: leaders on their path, traffic lights, crossing traffic, curves."""

import math
from typing import Any, NamedTuple

import numpy as np

from sim_bridge.embedded.compiled import inlined, inner, scalar
from sim_bridge.embedded.driver_kernels import DRAW_NOISE, uniform
from sim_bridge.embedded.dynamics_kernels import begin_sideways, idm_free, idm_interaction, limited, speed_command
from sim_bridge.embedded.geometry_kernels import path_length, path_point, path_value, project, refine
from sim_bridge.embedded.layout import (
    BASE_D,
    C0,
    COMFORT,
    DELAY,
    DESIRED,
    DO_CHANGE_SPEED,
    DRIVER,
    DRIVER_NONE,
    DT,
    FORESIGHT,
    FRICTION,
    GRAVITY,
    HEADWAY,
    JERK,
    LAT_DURATION,
    LENGTH,
    MAX_ACCEL,
    MIN_GAP,
    MINDS_CONFLICTS,
    MINDS_SIGNALS,
    MODE,
    MODE_DOOR,
    MODE_EGO,
    MODE_PATH,
    NOISE,
    NUM_ACTORS,
    NUM_PATHS,
    PATH,
    PATH_PHASE,
    PH_A,
    PH_B,
    PH_KIND,
    PLEFT,
    PRIGHT,
    PSLOW,
    Q_D,
    Q_LAT,
    Q_LON,
    Q_S,
    Q_VD,
    Q_VS,
    REAR,
    SEED,
    SPEED,
    SPEED_PHASE,
    STEP,
    TOWED_BY,
    VALID,
    VX,
    VY,
    W_COS,
    W_SIN,
    W_YAW,
    WAITED,
    WALKS,
    WHEELBASE,
    WIDTH,
    YAW,
    Batch,
    D,
    Pool,
    S,
    X,
    Y,
)

RED, YELLOW, RED_YELLOW = 3, 2, 4
CORRIDOR_MARGIN_M = 0.2
CRITICAL_GAP_S = 2.5
HARD_BRAKING_MPS2 = 5.0
WAITING_NEAR_M = 10.0
PATIENCE_S = 4.0


@inlined
def see_from_path(pool: Pool, w: Batch, p: int, j: int) -> None:
    """Writes where actor `j` lies along path `p` of the world, its extent and its velocity seen from that path."""
    st, q, path = w.state, w.proj, w.paths[p]
    if w.flags[PATH, j] == p and (w.flags[MODE, j] == MODE_PATH or w.flags[MODE, j] == MODE_EGO):
        s, d = st[S, j], st[D, j]
    else:
        s, d = project(pool, path, st[X, j], st[Y, j])
    q[p, Q_S, j] = s
    if math.isnan(s):
        return
    _, _, tx, ty = path_point(pool, path, s)
    cos, sin = w.work[W_COS, j], w.work[W_SIN, j]
    along, across = abs(cos * tx + sin * ty), abs(cos * ty - sin * tx)
    length, width = w.param_f[LENGTH, j], w.param_f[WIDTH, j]
    q[p, Q_D, j] = d
    q[p, Q_LON, j] = 0.5 * (along * length + across * width)
    q[p, Q_LAT, j] = 0.5 * (across * length + along * width)
    q[p, Q_VS, j] = st[VX, j] * tx + st[VY, j] * ty
    q[p, Q_VD, j] = -st[VX, j] * ty + st[VY, j] * tx


@inlined
def know_headings(w: Batch, lane: int, lanes: int) -> None:
    """Cosine and sine of every heading, computed anew only where it changed."""
    work = w.work
    for j in range(lane, w.world_i[NUM_ACTORS], lanes):
        yaw = w.state[YAW, j]
        if work[W_YAW, j] != yaw:
            work[W_YAW, j], work[W_COS, j], work[W_SIN, j] = yaw, math.cos(yaw), math.sin(yaw)


@inner
def see_everything(pool: Pool, w: Batch, lane: int, lanes: int) -> None:
    """Every `lanes`-th actor from every path of the world."""
    for p in range(w.world_i[NUM_PATHS]):
        for j in range(lane, w.world_i[NUM_ACTORS], lanes):
            if w.flags[VALID, j] == 1:
                see_from_path(pool, w, p, j)
            else:
                w.proj[p, Q_S, j] = math.nan


@inlined
def critical_leader(w: Batch, i: int) -> tuple[float, float]:
    """Gap and speed of the actor ahead on the path of `i` that asks for the hardest braking; inf without one.

    Whoever overlaps the corridor counts, and whoever walks or steers into it within the foresight of its kind.
    """
    st, p = w.state, w.flags[PATH, i]
    q = w.proj[p]
    s, d, v = st[S, i], st[D, i], st[SPEED, i]
    half = 0.5 * w.param_f[WIDTH, i] + CORRIDOR_MARGIN_M
    low, high = d - half, d + half
    if w.flags[MODE, i] == MODE_EGO:
        low, high = min(d, 0.0) - half, max(d, 0.0) + half
    elif st[LAT_DURATION, i] > 0.0:
        aim = 0.0
        t = st[LAT_DURATION, i]
        for k in range(5, -1, -1):
            aim = aim * t + st[C0 + k, i]
        low, high = min(low, aim - half), max(high, aim + half)
    horizon = s + (40.0 + 5.0 * v)
    nose = 0.5 * w.param_f[LENGTH, i]
    worst, best_gap, best_speed = -1.0, math.inf, 0.0
    for j in range(w.world_i[NUM_ACTORS]):
        place = q[Q_S, j]
        if not place > s or place > horizon:
            continue
        # Nobody drifts longer than the foresight of its kind: most are out of the way without a closer look.
        far, near = w.param_f[FORESIGHT, j] * q[Q_VD, j], q[Q_D, j]
        if near - q[Q_LAT, j] + min(far, 0.0) > high or near + q[Q_LAT, j] + max(far, 0.0) < low:
            continue
        if j == i or (w.param_i[WALKS, i] == 1 and w.param_i[WALKS, j] == 1):
            continue
        if w.flags[MODE, j] == MODE_DOOR and w.param_i[TOWED_BY, j] == i:
            continue
        gap = place - q[Q_LON, j] - s - nose
        sight = min(w.param_f[FORESIGHT, j], 0.3 + max(gap, 0.0) / max(v, 1.0))
        drift = q[Q_VD, j] * sight
        if near - q[Q_LAT, j] + min(drift, 0.0) > high or near + q[Q_LAT, j] + max(drift, 0.0) < low:
            continue
        need = idm_interaction(
            gap, v, q[Q_VS, j], w.param_f[HEADWAY, i], w.param_f[MIN_GAP, i], w.param_f[MAX_ACCEL, i],
            w.param_f[COMFORT, i],
        )  # fmt: skip
        if need > worst:
            worst, best_gap, best_speed = need, gap, q[Q_VS, j]
    return best_gap, best_speed


@inlined
def next_stop(pool: Pool, w: Batch, p: int, front: float) -> int:
    """Index into the stops of the pool of the first stop line beyond `front` on local path `p`; -1 without one."""
    path = w.paths[p]
    best = -1
    for k in range(pool.stop_first[path], pool.stop_first[path + 1]):
        if pool.stop_s[k] > front and (best < 0 or pool.stop_s[k] < pool.stop_s[best]):
            best = k
    return best


@inlined
def gap_to_red(pool: Pool, w: Batch, i: int) -> float:
    """Distance from the front of `i` to a light that it must and can stop for; inf without one."""
    st, front = w.state, w.state[S, i] + 0.5 * w.param_f[LENGTH, i]
    k = next_stop(pool, w, w.flags[PATH, i], front)
    if k < 0:
        return math.inf
    gap = pool.stop_s[k] - front
    shown = w.signal[pool.stop_signal[k]]
    needed = st[SPEED, i] * st[SPEED, i] / (2.0 * max(gap, 0.1))
    if shown in (RED, RED_YELLOW):
        return gap if needed < 0.9 * w.world_f[FRICTION] * GRAVITY else math.inf
    if shown == YELLOW and needed <= 1.3 * w.param_f[COMFORT, i]:
        return gap
    return math.inf


@inner
def is_held(
    stops: tuple[np.ndarray, np.ndarray, np.ndarray], signal: np.ndarray, path: int, front: float, conflict_s: float
) -> bool:
    """Whether a light that is not green stands between `front` and a conflict on a path of the pool."""
    first, stop_s, stop_signal = stops
    best = -1
    for k in range(first[path], first[path + 1]):
        if stop_s[k] > front and (best < 0 or stop_s[k] < stop_s[best]):
            best = k
    if best < 0 or stop_s[best] > conflict_s:
        return False
    shown = signal[stop_signal[best]]
    return shown in (RED, YELLOW, RED_YELLOW)


@inlined
def held_by_signal(pool: Pool, w: Batch, other: int, front: float, conflict_s: float) -> bool:
    """Whether a light that is not green stands between a place on local path `other` and a conflict on it."""
    return is_held((pool.stop_first, pool.stop_s, pool.stop_signal), w.signal, w.paths[other], front, conflict_s)


class Crossers(NamedTuple):
    """The arrays of a world that say who comes to a conflict; handing these on costs less than the whole world."""

    state: Any
    flags: Any
    proj: Any
    length: Any
    paths: Any
    signal: Any


@scalar
def comes_too_close(
    row: tuple[float, float, float, float], tail: float, front: float, v: float, patient: bool, way: float,
    length: float, mine: float,
) -> bool:  # fmt: skip
    """Whether who comes to a conflict, not held by a light, makes one wait who is `way` along at speed `mine`.

    `row`: where the conflict begins and ends on the other path, where it begins and ends on one's own.
    """
    other_start, other_end, start, end = row
    if front > other_start:
        return True
    if v < 0.3:
        return patient and front > other_start - WAITING_NEAR_M
    arrive, leave = (other_start - front) / v, (other_end - tail) / v
    pace = max(mine, 3.0)
    enter = max(start - way - 0.5 * length, 0.0) / pace
    exit_ = max(end - way + 0.5 * length, 0.0) / pace
    return arrive < exit_ + CRITICAL_GAP_S and leave > enter - 1.0


@inner
def blocked(
    conflict: np.ndarray, stops: tuple[np.ndarray, np.ndarray, np.ndarray], c: Crossers, row: int, i: int
) -> bool:
    """Whether anyone on the other path of a conflict makes `i` wait before it."""
    crossing, start, end = int(conflict[row, 0]), conflict[row, 3], conflict[row, 4]
    ends = (start, end, conflict[row, 6], conflict[row, 2])
    patient = c.state[WAITED, i] < PATIENCE_S + 1.5 * (i % 4)
    for j in range(c.flags.shape[1]):
        other = c.flags[PATH, j]
        if other < 0 or c.paths[other] != crossing or j == i:
            continue
        place, half = c.proj[other, Q_S, j], c.proj[other, Q_LON, j]
        # False of who is not there, whose place is NaN.
        if not (place - half <= end and place + half >= start - 120.0) or abs(c.proj[other, Q_D, j]) > 2.5:
            continue
        front = place + half
        if comes_too_close(
            ends, place - half, front, c.proj[other, Q_VS, j], patient, c.state[S, i], c.length[i], c.state[SPEED, i]
        ) and (front > start or not is_held(stops, c.signal, crossing, front, start)):
            return True
    return False


@inlined
def gap_to_conflict(pool: Pool, w: Batch, i: int) -> float:
    """Distance from the front of `i` to a conflict area that it must not enter yet; inf where the way is free."""
    path = w.paths[w.flags[PATH, i]]
    v, front = w.state[SPEED, i], w.state[S, i] + 0.5 * w.param_f[LENGTH, i]
    best = math.inf
    for row in range(pool.conflict_first[path], pool.conflict_first[path + 1]):
        gap = pool.conflict[row, 1] - front
        if gap < -0.5:
            gap = pool.conflict[row, 6] - front
        if pool.conflict[row, 5] == 0.0 or gap < -0.5 or gap > 60.0 or gap >= best:
            continue
        if v * v / (2.0 * max(gap, 0.1)) >= HARD_BRAKING_MPS2:
            continue
        c = Crossers(w.state, w.flags, w.proj, w.param_f[LENGTH], w.paths, w.signal)
        if blocked(pool.conflict, (pool.stop_first, pool.stop_s, pool.stop_signal), c, row, i):
            best = gap
    return best


@inlined
def perceive(w: Batch, i: int) -> tuple[float, float]:
    """The leader as the driver knows it: as it was a reaction time ago.

    Asked in every step, also where a behaviour holds the speed: a moment that nobody wrote down would be read later.
    """
    gap, speed = critical_leader(w, i)
    delay = w.param_i[DELAY, i]
    if delay <= 0:
        return gap, speed
    slots = w.history.shape[0]
    step = w.run[STEP]
    w.history[step % slots, 0, i], w.history[step % slots, 1, i] = gap, speed
    seen = max(step - delay, 0) % slots
    return w.history[seen, 0, i], w.history[seen, 1, i]


@inlined
def mind_traffic(
    pool: Pool, w: Batch, i: int, desired: float, gap: float, lead: float, minds_signals: bool, minds_conflicts: bool
) -> float:
    """Acceleration of a driver who wishes `desired` and minds its leader, lights and crossing traffic."""
    v = w.state[SPEED, i]
    headway, min_gap = w.param_f[HEADWAY, i], w.param_f[MIN_GAP, i]
    accel, comfort = w.param_f[MAX_ACCEL, i], w.param_f[COMFORT, i]
    taken = 0.0
    if gap < math.inf:
        taken = idm_interaction(gap, v, lead, headway, min_gap, accel, comfort)
    stop = math.inf
    if minds_signals:
        stop = gap_to_red(pool, w, i)
    if minds_conflicts:
        stop = min(stop, gap_to_conflict(pool, w, i))
    if stop < math.inf:
        taken = max(taken, idm_interaction(stop + 0.5, v, 0.0, 0.5, 1.0, accel, comfort))
    wish = idm_free(v, desired, accel, comfort) - taken
    return max(wish, -min(8.0, w.world_f[FRICTION] * GRAVITY))


@inlined
def side_step(w: Batch, i: int, j: int, closing: float) -> float:
    """Lateral place at which walker `i` gets past walker `j`; half of the way where `j` steps aside too."""
    st, q = w.state, w.proj[w.flags[PATH, i]]
    room = 0.5 * w.param_f[WIDTH, i] + q[Q_LAT, j] + 0.25
    aim = q[Q_D, j] - room if q[Q_D, j] >= st[D, i] - 0.1 else q[Q_D, j] + room
    return st[D, i] + 0.55 * (aim - st[D, i]) if closing > st[SPEED, i] + 0.1 else aim


@inlined
def dodge(pool: Pool, w: Batch, i: int) -> None:
    """Lets a walker step aside for others who walk its way, and go back to its line behind them."""
    st, q, path = w.state, w.proj[w.flags[PATH, i]], w.paths[w.flags[PATH, i]]
    half, alone = 0.5 * w.param_f[WIDTH, i], True
    for j in range(w.world_i[NUM_ACTORS]):
        if j == i or w.param_i[WALKS, j] == 0 or math.isnan(q[Q_S, j]):
            continue
        ahead, closing = q[Q_S, j] - st[S, i], st[SPEED, i] - q[Q_VS, j]
        if ahead < -1.5 or ahead > 2.0 + 2.0 * max(closing, 0.0):
            continue
        alone = False
        if ahead > 0.0 and closing > 0.05 and abs(q[Q_D, j] - st[D, i]) < half + q[Q_LAT, j] + 0.15:
            left = path_value(pool, path, st[S, i], PLEFT) - half
            right = path_value(pool, path, st[S, i], PRIGHT) - half
            begin_sideways(w, i, min(max(side_step(w, i, j, closing), -right), left), 1.0)
            return
    if alone and abs(st[D, i] - st[BASE_D, i]) > 0.05:
        begin_sideways(w, i, st[BASE_D, i], 2.0)


@inlined
def slow_for_path(pool: Pool, w: Batch, i: int, desired: float) -> float:
    """The desired speed, held to what curves ahead allow."""
    return min(desired, path_value(pool, w.paths[w.flags[PATH, i]], w.state[S, i], PSLOW))


@scalar
def noise(seed: int, i: int, step: int) -> float:
    """A number of zero mean and unit variance that depends on its arguments only: the sum of four uniform ones."""
    total = 0.0
    for k in range(4):
        total += uniform(seed, i, 4 * step + k, DRAW_NOISE) - 0.5
    return total * math.sqrt(3.0)


@inlined
def actor_command(pool: Pool, w: Batch, i: int) -> float:
    """Acceleration that the driver or behaviour of actor `i` asks for at this moment."""
    st, dt = w.state, w.world_f[DT]
    v, jerk = st[SPEED, i], w.param_f[JERK, i]
    phase = w.flags[SPEED_PHASE, i]
    gap, lead = math.inf, 0.0
    if w.param_i[DRIVER, i] != DRIVER_NONE and (phase < 0 or w.param_i[DELAY, i] > 0):
        gap, lead = perceive(w, i)
    if phase >= 0 and w.phase_i[phase, PH_KIND] == DO_CHANGE_SPEED:
        return speed_command(v, w.phase_f[phase, PH_A], w.phase_f[phase, PH_B], jerk, dt)
    desired = st[DESIRED, i]
    if w.flags[PATH_PHASE, i] >= 0:
        left = path_length(pool, w.paths[w.flags[PATH, i]]) - st[S, i]
        desired = min(desired, math.sqrt(2.0 * w.param_f[COMFORT, i] * max(left - 0.05, 0.0)))
    if w.param_i[DRIVER, i] == DRIVER_NONE:
        rate = w.param_f[MAX_ACCEL, i] if desired >= v else max(w.param_f[COMFORT, i], 1.5)
        return speed_command(v, desired, rate, jerk, dt)
    desired = slow_for_path(pool, w, i, desired)
    command = mind_traffic(
        pool, w, i, desired, gap, lead, w.param_i[MINDS_SIGNALS, i] == 1, w.param_i[MINDS_CONFLICTS, i] == 1
    )
    if w.world_f[NOISE] > 0.0 and v > 0.5:
        command += w.world_f[NOISE] * noise(w.world_i[SEED], i, w.run[STEP])
    return command


@inlined
def lane_follow(pool: Pool, w: Batch, i: int) -> float:
    """Steering angle of a pure-pursuit driver who keeps to the route: delta = atan(2 L sin(alpha) / l).

    Look-ahead l = max(4 m, 0.7 s v), from the rear axle. Source: Coulter, CMU-RI-TR-92-01 (1992).
    """
    st = w.state
    path, rear = w.paths[w.flags[PATH, i]], w.param_f[REAR, i]
    cos, sin = math.cos(st[YAW, i]), math.sin(st[YAW, i])
    x, y = st[X, i] - rear * cos, st[Y, i] - rear * sin
    s, _ = refine(pool, path, x, y, st[S, i] - rear)
    px, py, _, _ = path_point(pool, path, s + max(4.0, 0.7 * st[SPEED, i]))
    dx, dy = px - x, py - y
    left = -dx * sin + dy * cos
    return math.atan(2.0 * w.param_f[WHEELBASE, i] * left / max(dx * dx + dy * dy, 1.0))


@inlined
def hold_speed(w: Batch, i: int, desired: float) -> float:
    """Acceleration of a driver who only holds a speed."""
    return limited(1.5 * (desired - w.state[SPEED, i]), 3.0)
