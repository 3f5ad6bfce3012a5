"""One step of one world, and bands of worlds, compiled."""

import math

import numpy as np

from sim_bridge.embedded.behaviour_kernels import behave, record
from sim_bridge.embedded.compiled import entry, inlined, inner
from sim_bridge.embedded.contact_kernels import find_contacts, watch_actors, watch_ego
from sim_bridge.embedded.dynamics_kernels import (
    move_as_logged,
    move_ego,
    move_free,
    move_on_path,
    pose_on_path,
    remember_pose,
    settle_on_ground,
)
from sim_bridge.embedded.geometry_kernels import path_heading, path_point, path_value, refine, wrap
from sim_bridge.embedded.layout import (
    AFTERMATH_S,
    BASE_D,
    COMMAND,
    CRASH_STEP,
    DRIVER,
    DRIVER_IDM,
    DT,
    EGO,
    EVENT_DESPAWN,
    EVENT_SPAWN,
    GOAL_S,
    HAS_BEACON,
    HAS_BRAKE_LIGHTS,
    HAS_HEADLIGHTS,
    HAS_INDICATORS,
    INDICATOR,
    LAMPS,
    LAT_DURATION,
    LATERAL_PHASE,
    LENGTH,
    LOG_COLUMNS,
    LOW_BEAM,
    MODE,
    MODE_EGO,
    MODE_FREE,
    MODE_PATH,
    MODE_REPLAY,
    NUM_ACTORS,
    NUM_SIGNALS,
    NUM_STEPS,
    PATH,
    PLIMIT,
    PREV_S,
    PTURN,
    PZ,
    REAR,
    SIG_COUNT,
    SIG_FIRST,
    SPEED,
    SPEED_PHASE,
    STEP,
    TARGET_SPEED,
    VALID,
    VX,
    VY,
    WAITED,
    WALKS,
    WORLD_DONE,
    YAW,
    Batch,
    D,
    Pool,
    S,
    X,
    Y,
)
from sim_bridge.embedded.traffic_kernels import (
    actor_command,
    dodge,
    hold_speed,
    lane_follow,
    mind_traffic,
    next_stop,
    see_everything,
    slow_for_path,
)

EXTERNAL, IDM_LANE_FOLLOW, CONSTANT_SPEED = 0, 1, 2
FREE_SPEED_MPS = 999.0


@inner
def world_of(batch: Batch, b: int) -> Batch:
    """World `b` of a batch: the same record without the leading axis; its arrays are views."""
    return Batch(
        batch.world_f[b], batch.world_i[b], batch.paths[b], batch.param_f[b], batch.param_i[b],
        batch.phase_i[b], batch.phase_f[b], batch.signal_i[b], batch.signal_f[b], batch.program[b],
        batch.replay[b], batch.replay_valid[b], batch.replay_signal[b], batch.state[b], batch.flags[b],
        batch.proj[b], batch.run[b], batch.signal[b], batch.history[b], batch.phase_t[b], batch.log[b],
        batch.log_valid[b], batch.log_lights[b], batch.log_signal[b], batch.events[b],
        batch.habit[b], batch.mind[b], batch.rule[b],
    )  # fmt: skip


@inner
def show_signals(w: Batch) -> None:
    """What every traffic light shows at the present step, from its fixed-time programme; 7 (off) without one."""
    now = w.run[STEP] * w.world_f[DT]
    for k in range(w.world_i[NUM_SIGNALS]):
        first, count = w.signal_i[k, SIG_FIRST], w.signal_i[k, SIG_COUNT]
        if count < 0:
            w.signal[k] = w.replay_signal[min(w.run[STEP], w.replay_signal.shape[0] - 1), k]
            continue
        if count == 0:
            w.signal[k] = 7
            continue
        clock = (now + w.signal_f[k, 0]) % w.signal_f[k, 1] + 1e-9
        for phase in range(first, first + count):
            w.signal[k] = int(w.program[phase, 0])
            clock -= w.program[phase, 1]
            if clock < 0.0:
                break


@inlined
def lamps_of(pool: Pool, w: Batch, i: int) -> int:
    """`Light` bits of one actor."""
    lamps, lit = w.param_i[LAMPS, i], 0
    mode = w.flags[MODE, i]
    if lamps & HAS_HEADLIGHTS and w.world_i[LOW_BEAM] == 1:
        lit |= 1
    if lamps & HAS_BEACON:
        lit |= 64
    if mode == MODE_REPLAY:
        return int(w.replay[min(w.run[STEP], w.replay.shape[0] - 1), LOG_COLUMNS, i])
    if lamps & HAS_BRAKE_LIGHTS:
        holds = w.param_i[DRIVER, i] >= DRIVER_IDM or mode == MODE_EGO or w.flags[SPEED_PHASE, i] >= 0
        rests = w.state[SPEED, i] < 0.1 and holds and w.state[COMMAND, i] <= 0.0 and w.run[STEP] > 0
        if w.state[COMMAND, i] < -0.5 or rests or mode == MODE_FREE:
            lit |= 4
    if lamps & HAS_INDICATORS and (mode in (MODE_PATH, MODE_EGO)):
        lit |= w.flags[INDICATOR, i]
        turn = path_value(pool, w.paths[w.flags[PATH, i]], w.state[S, i], PTURN)
        if w.flags[INDICATOR, i] == 0 and abs(turn) > 0.5:
            lit |= 8 if turn > 0.0 else 16
    return lit


@inner
def keep(pool: Pool, w: Batch) -> None:
    """Writes the present moment into the log."""
    step = w.run[STEP]
    for k in range(LOG_COLUMNS):
        for i in range(w.world_i[NUM_ACTORS]):
            w.log[step, k, i] = w.state[k, i]
    for i in range(w.world_i[NUM_ACTORS]):
        w.log_valid[step, i] = w.flags[VALID, i]
        w.log_lights[step, i] = lamps_of(pool, w, i) if w.flags[VALID, i] == 1 else 0
    for k in range(w.world_i[NUM_SIGNALS]):
        w.log_signal[step, k] = w.signal[k]


@inner
def place_ego(pool: Pool, w: Batch, i: int) -> None:
    """Puts the ego at its place on its route, rolling straight ahead."""
    st, path = w.state, w.paths[w.flags[PATH, i]]
    px, py, tx, ty = path_point(pool, path, st[S, i])
    st[X, i], st[Y, i] = px - st[D, i] * ty, py + st[D, i] * tx
    st[VX, i], st[VY, i] = st[SPEED, i] * math.cos(st[YAW, i]), st[SPEED, i] * math.sin(st[YAW, i])
    settle_on_ground(pool, w, i)


@inner
def begin(pool: Pool, w: Batch) -> None:
    """Completes the initial state: poses from places on paths, signals, sight, the first row of the log.

    Until then YAW holds the heading relative to the path.
    """
    for i in range(w.world_i[NUM_ACTORS]):
        mode = w.flags[MODE, i]
        if mode != MODE_REPLAY and w.flags[VALID, i] == 1:
            heading = path_heading(pool, w.paths[w.flags[PATH, i]], w.state[S, i])
            w.state[YAW, i] = wrap(heading + w.state[YAW, i])
            if mode == MODE_EGO:
                place_ego(pool, w, i)
            else:
                pose_on_path(pool, w, i, True)
        w.state[BASE_D, i] = w.state[D, i]
        remember_pose(w, i)
    show_signals(w)
    see_everything(pool, w)
    keep(pool, w)


@inner
def move_everyone(pool: Pool, w: Batch, ego_accel: float, ego_steer: float) -> None:
    """Moves every actor by one step; all commands are taken from the state before it.

    Actors with habits have thought already (`think_kernels.think_band`): their commands stand there.
    """
    count = w.world_i[NUM_ACTORS]
    for i in range(count):
        if w.flags[VALID, i] == 1 and w.flags[MODE, i] == MODE_PATH and w.param_i[DRIVER, i] <= DRIVER_IDM:
            behave(pool, w, i)
    for i in range(count):
        if w.flags[VALID, i] == 1 and w.flags[MODE, i] == MODE_PATH:
            if w.param_i[DRIVER, i] <= DRIVER_IDM:
                w.state[COMMAND, i] = actor_command(pool, w, i)
            free = w.flags[LATERAL_PHASE, i] < 0 and w.state[LAT_DURATION, i] <= 0.0
            if w.param_i[WALKS, i] == 1 and free and w.state[SPEED, i] > 0.2:
                dodge(pool, w, i)
    for i in range(count):
        remember_pose(w, i)
        w.state[PREV_S, i] = w.state[S, i]
        w.state[WAITED, i] = w.state[WAITED, i] + w.world_f[DT] if w.state[SPEED, i] < 0.3 else 0.0
        mode = w.flags[MODE, i]
        if mode == MODE_REPLAY:
            move_as_logged(w, i)
        elif w.flags[VALID, i] == 0:
            continue
        elif mode == MODE_EGO:
            move_ego(pool, w, i, ego_accel, ego_steer)
        elif mode == MODE_PATH:
            move_on_path(pool, w, i, w.state[COMMAND, i])
        elif mode == MODE_FREE:
            move_free(w, i)


@inner
def note_comings(w: Batch) -> None:
    """Records which replayed actors came and went in this step."""
    for i in range(w.world_i[NUM_ACTORS]):
        if w.flags[MODE, i] == MODE_REPLAY and w.flags[VALID, i] != w.log_valid[w.run[STEP] - 1, i]:
            record(w, EVENT_SPAWN if w.flags[VALID, i] == 1 else EVENT_DESPAWN, i, -1)


@inner
def step_world(pool: Pool, w: Batch, ego_accel: float, ego_steer: float) -> None:
    """Advances one world by one step, unless it has ended."""
    if w.run[WORLD_DONE] == 1:
        return
    move_everyone(pool, w, ego_accel, ego_steer)
    w.run[STEP] += 1
    note_comings(w)
    find_contacts(w)
    show_signals(w)
    if w.flags[MODE, w.world_i[EGO]] == MODE_EGO:
        watch_ego(pool, w)
    watch_actors(pool, w)
    see_everything(pool, w)
    keep(pool, w)
    if w.run[STEP] >= w.world_i[NUM_STEPS]:
        w.run[WORLD_DONE] = 1
    if w.run[CRASH_STEP] >= 0 and (w.run[STEP] - w.run[CRASH_STEP]) * w.world_f[DT] >= AFTERMATH_S - 1e-9:
        w.run[WORLD_DONE] = 1


@inner
def ego_command(pool: Pool, w: Batch, driver: int) -> tuple[float, float]:
    """What a built-in driver asks of the ego: acceleration and steering angle."""
    i = w.world_i[EGO]
    if w.flags[MODE, i] != MODE_EGO:
        return 0.0, 0.0
    steer = lane_follow(pool, w, i)
    desired = w.world_f[TARGET_SPEED]
    if driver == CONSTANT_SPEED:
        return hold_speed(w, i, desired), steer
    limit = path_value(pool, w.paths[w.flags[PATH, i]], w.state[S, i], PLIMIT)
    desired = slow_for_path(pool, w, i, min(desired, limit))
    return mind_traffic(pool, w, i, desired, True, True), steer


@entry
def begin_band(pool: Pool, batch: Batch, first: int, last: int) -> None:
    """Begins the worlds of a band."""
    for b in range(first, last):
        begin(pool, world_of(batch, b))


@entry
def run_band(
    pool: Pool, batch: Batch, first: int, last: int, num_steps: int, driver: int, accel: np.ndarray, steer: np.ndarray
) -> None:
    """Advances the worlds of a band; `driver` 0 takes the commands from `accel` and `steer`, shape (B,)."""
    for b in range(first, last):
        w = world_of(batch, b)
        for _ in range(num_steps):
            if w.run[WORLD_DONE] == 1:
                break
            command, angle = accel[b], steer[b]
            if driver != EXTERNAL:
                command, angle = ego_command(pool, w, driver)
            step_world(pool, w, command, angle)


@entry
def observe_band(
    pool: Pool,
    batch: Batch,
    first: int,
    last: int,
    route: np.ndarray,
    limits: np.ndarray,
    numbers: np.ndarray,
    shown: np.ndarray,
    spacing: float,
) -> None:
    """Writes what policies see of the route: points, limits, and the columns of `numbers`.

    `numbers`: lateral offset of the rear axle, distance left to the goal, distance of the front to the next stop
    line. `shown`: state of the signal there.
    """
    for b in range(first, last):
        w = world_of(batch, b)
        i = w.world_i[EGO]
        st, path = w.state, w.paths[w.flags[PATH, i]]
        rear = w.param_f[REAR, i]
        x, y = st[X, i] - rear * math.cos(st[YAW, i]), st[Y, i] - rear * math.sin(st[YAW, i])
        s, d = refine(pool, path, x, y, st[S, i] - rear)
        for k in range(route.shape[1]):
            at = s + k * spacing
            px, py, _, _ = path_point(pool, path, at)
            route[b, k, 0], route[b, k, 1] = px, py
            route[b, k, 2] = path_value(pool, path, at, PZ)
            limit = path_value(pool, path, at, PLIMIT)
            limits[b, k] = limit if limit < FREE_SPEED_MPS else math.inf
        numbers[b, 0] = d
        numbers[b, 1] = max(w.world_f[GOAL_S] - st[S, i], 0.0)
        front = st[S, i] + 0.5 * w.param_f[LENGTH, i]
        stop = next_stop(pool, w, w.flags[PATH, i], front)
        numbers[b, 2] = pool.stop_s[stop] - front if stop >= 0 else math.inf
        shown[b] = w.signal[pool.stop_signal[stop]] if stop >= 0 else 0
