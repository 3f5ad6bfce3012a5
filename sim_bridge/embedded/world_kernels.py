"""One step of one world, and bands of worlds, compiled."""

import math
from typing import Any

import numpy as np

from sim_bridge.embedded.behaviour_kernels import behave
from sim_bridge.embedded.compiled import entry, hand, inlined, inner
from sim_bridge.embedded.contact_kernels import (
    anyone_is_near,
    find_contacts,
    know_neighbours,
    know_reach,
    look_for_news,
    watch_actors,
    watch_ego,
)
from sim_bridge.embedded.dynamics_kernels import (
    move_as_logged,
    move_free,
    move_on_path,
    pose_on_path,
    remember_pose,
    settle_on_ground,
)
from sim_bridge.embedded.ego_kernels import move_ego, move_kinematic_ego
from sim_bridge.embedded.event_kernels import record
from sim_bridge.embedded.geometry_kernels import path_heading, path_point, path_value, refine, wrap
from sim_bridge.embedded.layout import (
    AFTERMATH_S,
    ALONG,
    AT_GOAL,
    BASE_D,
    BEYOND_GRIP,
    COMMAND,
    CRASH_STEP,
    DRIVER,
    DRIVER_IDM,
    DT,
    EGO,
    EVENT_DESPAWN,
    EVENT_GRIP,
    EVENT_JACKKNIFE,
    EVENT_SPAWN,
    FOLDED,
    GOAL_S,
    GX,
    GY,
    HAS_BEACON,
    HAS_BRAKE_LIGHTS,
    HAS_HEADLIGHTS,
    HAS_INDICATORS,
    HEIGHT,
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
    MODE_TRAILER,
    NUM_ACTORS,
    NUM_SIGNALS,
    NUM_STEPS,
    OFF_ROAD,
    PATH,
    PLIMIT,
    PREV_S,
    PTURN,
    PZ,
    REAR,
    RED_LIGHTS,
    SHOW_LATERAL,
    SHOW_REMAINING,
    SHOW_SIGNAL,
    SHOW_STEER,
    SHOW_TIME,
    SIG_COUNT,
    SIG_FIRST,
    SPEED,
    SPEED_PHASE,
    STEER,
    STEP,
    TARGET_SPEED,
    TOLD,
    TOLD_FOLDED,
    TOLD_GRIP,
    VALID,
    VX,
    VY,
    W_ACCEL,
    W_ANGLE,
    WAITED,
    WALKS,
    WORLD_DONE,
    YAW,
    YAW_RATE,
    Batch,
    D,
    Pool,
    S,
    View,
    X,
    Y,
    Z,
)
from sim_bridge.embedded.loose_kernels import swing_doors
from sim_bridge.embedded.traffic_kernels import (
    actor_command,
    dodge,
    hold_speed,
    know_headings,
    lane_follow,
    mind_traffic,
    next_stop,
    perceive,
    see_everything,
    slow_for_path,
)
from sim_bridge.embedded.trailer_kernels import hitch_trailers, pull_trailers

EXTERNAL, IDM_LANE_FOLLOW, CONSTANT_SPEED = 0, 1, 2
FREE_SPEED_MPS = 999.0


@inner
def world_of(batch: Batch, b: int) -> Batch:
    """World `b` of a batch: the same record without the leading axis; its arrays are views."""
    return Batch(
        batch.world_f[b], batch.world_i[b], batch.paths[b], batch.param_f[b], batch.param_i[b],
        batch.phase_i[b], batch.phase_f[b], batch.signal_i[b], batch.signal_f[b], batch.program[b],
        batch.replay[b], batch.replay_valid[b], batch.replay_signal[b], batch.state[b], batch.flags[b],
        batch.proj[b], batch.work[b], batch.run[b], batch.signal[b], batch.history[b], batch.phase_t[b], batch.log[b],
        batch.log_valid[b], batch.log_lights[b], batch.log_signal[b], batch.events[b], batch.commands[b],
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


@inlined
def keep(pool: Pool, w: Batch, lane: int, lanes: int) -> None:
    """Writes the present moment of every `lanes`-th actor into the log, a ring where not everything is recorded."""
    row = w.run[STEP] % w.log.shape[0]
    count = w.world_i[NUM_ACTORS]
    for k in range(LOG_COLUMNS):
        for i in range(lane, count, lanes):
            w.log[row, k, i] = w.state[k, i]
    for i in range(lane, count, lanes):
        w.log_valid[row, i] = w.flags[VALID, i]
        w.log_lights[row, i] = lamps_of(pool, w, i) if w.flags[VALID, i] == 1 else 0
    for k in range(lane, w.world_i[NUM_SIGNALS], lanes):
        w.log_signal[row, k] = w.signal[k]


@inner
def place_ego(pool: Pool, w: Batch, i: int) -> None:
    """Puts the ego at its place on its route, rolling straight ahead."""
    st, path = w.state, w.paths[w.flags[PATH, i]]
    px, py, tx, ty = path_point(pool, path, st[S, i])
    st[X, i], st[Y, i] = px - st[D, i] * ty, py + st[D, i] * tx
    st[VX, i], st[VY, i] = st[SPEED, i] * math.cos(st[YAW, i]), st[SPEED, i] * math.sin(st[YAW, i])
    settle_on_ground(pool, w, i)


def opener(hitch: Any) -> Any:
    """The beginning of worlds, with trailers to be hitched or without any."""

    @inner
    def begin(pool: Pool, w: Batch) -> None:
        """Completes the initial state: poses from places on paths, signals, sight, the first row of the log.

        Until then YAW holds the heading relative to the path.
        """
        for i in range(w.world_i[NUM_ACTORS]):
            mode = w.flags[MODE, i]
            if mode != MODE_REPLAY and mode != MODE_TRAILER and w.flags[VALID, i] == 1:
                heading = path_heading(pool, w.paths[w.flags[PATH, i]], w.state[S, i])
                w.state[YAW, i] = wrap(heading + w.state[YAW, i])
                if mode == MODE_EGO:
                    place_ego(pool, w, i)
                else:
                    pose_on_path(pool, w, i, True)
            w.state[BASE_D, i] = w.state[D, i]
            remember_pose(w, i)
        hitch(w)
        show_signals(w)
        know_headings(w, 0, 1)
        see_everything(pool, w, 0, 1)
        keep(pool, w, 0, 1)

    return begin


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
    gap, lead = perceive(w, i)
    return mind_traffic(pool, w, i, desired, gap, lead, True, True), steer


@inlined
def begin_moves(pool: Pool, w: Batch, driver: int, accel: float, angle: float) -> None:
    """What comes before the commands of a step: what the ego is asked for, and which behaviours start and end."""
    ego = w.world_i[EGO]
    if driver != EXTERNAL:
        accel, angle = ego_command(pool, w, driver)
    w.work[W_ACCEL, ego], w.work[W_ANGLE, ego] = accel, angle
    for i in range(w.world_i[NUM_ACTORS]):
        if w.flags[VALID, i] == 1 and w.flags[MODE, i] == MODE_PATH and w.param_i[DRIVER, i] <= DRIVER_IDM:
            behave(pool, w, i)


@inlined
def decide(pool: Pool, w: Batch, lane: int, lanes: int) -> None:
    """Commands of every `lanes`-th actor, all from the state before the step."""
    for i in range(lane, w.world_i[NUM_ACTORS], lanes):
        if w.flags[VALID, i] == 1 and w.flags[MODE, i] == MODE_PATH:
            # Actors with habits have thought already (`think_kernels`): their commands stand there.
            if w.param_i[DRIVER, i] <= DRIVER_IDM:
                w.state[COMMAND, i] = actor_command(pool, w, i)
            free = w.flags[LATERAL_PHASE, i] < 0 and w.state[LAT_DURATION, i] <= 0.0
            if w.param_i[WALKS, i] == 1 and free and w.state[SPEED, i] > 0.2:
                dodge(pool, w, i)


def mover(drive: Any, follow_log: Any) -> Any:
    """The motion of everybody, with rare kinds of it or without."""

    @inlined
    def move(pool: Pool, w: Batch, lane: int, lanes: int) -> None:
        """Moves every `lanes`-th actor by one step."""
        for i in range(lane, w.world_i[NUM_ACTORS], lanes):
            remember_pose(w, i)
            w.state[PREV_S, i] = w.state[S, i]
            w.state[WAITED, i] = w.state[WAITED, i] + w.world_f[DT] if w.state[SPEED, i] < 0.3 else 0.0
            mode = w.flags[MODE, i]
            if mode == MODE_REPLAY:
                follow_log(w, i)
            elif w.flags[VALID, i] == 1 and mode == MODE_EGO:
                drive(pool, w, i, w.work[W_ACCEL, i], w.work[W_ANGLE, i])
            elif w.flags[VALID, i] == 1 and mode == MODE_PATH:
                move_on_path(pool, w, i, w.state[COMMAND, i])
            elif w.flags[VALID, i] == 1 and mode == MODE_FREE:
                move_free(w, i)
            know_reach(w, i)

    return move


@inlined
def note_comings(w: Batch) -> None:
    """Records which replayed actors came and went in this step, and what movers marked as news."""
    before = (w.run[STEP] - 1) % w.log.shape[0]
    for i in range(w.world_i[NUM_ACTORS]):
        if w.flags[MODE, i] == MODE_REPLAY and w.flags[VALID, i] != w.log_valid[before, i]:
            record(w, EVENT_SPAWN if w.flags[VALID, i] == 1 else EVENT_DESPAWN, i, -1)
        told = w.flags[TOLD, i]
        if told & BEYOND_GRIP and not told & TOLD_GRIP:
            w.flags[TOLD, i] |= TOLD_GRIP
            record(w, EVENT_GRIP, i, -1)
        if told & FOLDED and not told & TOLD_FOLDED:
            w.flags[TOLD, i] |= TOLD_FOLDED
            record(w, EVENT_JACKKNIFE, i, -1)


@inlined
def settle(pool: Pool, w: Batch) -> None:
    """What happened in this step, in the order in which events are written."""
    w.run[STEP] += 1
    note_comings(w)
    if anyone_is_near(w):
        find_contacts(w)
    if w.world_i[NUM_SIGNALS] > 0:
        show_signals(w)
    if w.flags[MODE, w.world_i[EGO]] == MODE_EGO:
        watch_ego(pool, w)


@inlined
def finish(w: Batch) -> None:
    """Whether the world has ended with this step."""
    if w.run[STEP] >= w.world_i[NUM_STEPS]:
        w.run[WORLD_DONE] = 1
    if w.run[CRASH_STEP] >= 0 and (w.run[STEP] - w.run[CRASH_STEP]) * w.world_f[DT] >= AFTERMATH_S - 1e-9:
        w.run[WORLD_DONE] = 1


def stepper(lane_of: Any, num_lanes: Any, wait: Any, move: Any, pull_along: Any) -> Any:
    """The step of one world, written once for a processor (one lane) and for a GPU (a block of threads, its lanes).

    What one actor does is spread over the lanes; what writes events or reads what others wrote in the same phase is
    done by lane 0. `wait` parts the phases, so that the result does not depend on the number of lanes. `move` and
    `pull_along` move everybody, and what hangs on others.
    """

    @inner
    def step_world(pool: Pool, w: Batch, driver: int, accel: float, angle: float) -> None:
        """Advances one world, which has not ended, by one step."""
        lane, lanes = lane_of(), num_lanes()
        if lane == 0:
            begin_moves(pool, w, driver, accel, angle)
        wait()
        decide(pool, w, lane, lanes)
        wait()
        move(pool, w, lane, lanes)
        wait()
        if lane == 0:
            pull_along(w)
        wait()
        know_neighbours(w, lane, lanes)
        wait()
        if lane == 0:
            settle(pool, w)
        wait()
        look_for_news(pool, w, lane, lanes)
        know_headings(w, lane, lanes)
        wait()
        if lane == 0:
            watch_actors(pool, w)
        wait()
        see_everything(pool, w, lane, lanes)
        wait()
        keep(pool, w, lane, lanes)
        if lane == 0:
            finish(w)
        wait()

    return step_world


@inlined
def first_lane() -> int:
    """On a processor a world has one lane."""
    return 0


@inlined
def one_lane() -> int:
    """On a processor a world has one lane."""
    return 1


@inlined
def no_wait() -> None:
    """One lane waits for nobody."""


@inlined
def pull_all(w: Batch) -> None:
    """Trailers behind their vehicles, doors on theirs."""
    pull_trailers(w)
    swing_doors(w)


@inlined
def pull_none(w: Batch) -> None:
    """Nothing hangs on anybody."""


@inlined
def follow_no_log(w: Batch, i: int) -> None:
    """Nobody is replayed."""


move_all = mover(move_ego, move_as_logged)
begin = opener(hitch_trailers)
step_world = stepper(first_lane, one_lane, no_wait, move_all, pull_all)
begin_plain = opener(pull_none)
step_plain = stepper(first_lane, one_lane, no_wait, mover(move_kinematic_ego, follow_no_log), pull_none)


@inlined
def show_actors(w: Batch, view: View, b: int) -> None:
    """Writes what policies see of everybody; NaN for who is not there."""
    st = w.state
    for i in range(st.shape[1]):
        valid = w.flags[VALID, i] == 1
        hide = 0.0 if valid else math.nan
        view.valid[b, i] = valid
        view.position[b, i, 0], view.position[b, i, 1] = st[X, i] + hide, st[Y, i] + hide
        view.position[b, i, 2] = st[Z, i] + 0.5 * w.param_f[HEIGHT, i] + hide
        view.velocity[b, i, 0], view.velocity[b, i, 1] = st[VX, i] + hide, st[VY, i] + hide
        view.velocity[b, i, 2] = st[GX, i] * st[VX, i] + st[GY, i] * st[VY, i] + hide
        view.yaw[b, i], view.yaw_rate[b, i] = st[YAW, i] + hide, st[YAW_RATE, i] + hide
        view.acceleration[b, i] = st[ALONG, i] + hide


@inlined
def show_route(pool: Pool, w: Batch, view: View, b: int, spacing: float) -> None:
    """Writes what the ego sees of its route, from beside its rear axle onwards, and of the next stop line."""
    i = w.world_i[EGO]
    st, path = w.state, w.paths[w.flags[PATH, i]]
    rear = w.param_f[REAR, i]
    x, y = st[X, i] - rear * math.cos(st[YAW, i]), st[Y, i] - rear * math.sin(st[YAW, i])
    s, d = refine(pool, path, x, y, st[S, i] - rear)
    for k in range(view.route.shape[1]):
        at = s + k * spacing
        px, py, _, _ = path_point(pool, path, at)
        view.route[b, k, 0], view.route[b, k, 1] = px, py
        view.route[b, k, 2] = path_value(pool, path, at, PZ)
        limit = path_value(pool, path, at, PLIMIT)
        view.limits[b, k] = limit if limit < FREE_SPEED_MPS else math.inf
    front = st[S, i] + 0.5 * w.param_f[LENGTH, i]
    stop = next_stop(pool, w, w.flags[PATH, i], front)
    view.numbers[SHOW_LATERAL, b] = d
    view.numbers[SHOW_REMAINING, b] = max(w.world_f[GOAL_S] - st[S, i], 0.0)
    view.numbers[SHOW_SIGNAL, b] = pool.stop_s[stop] - front if stop >= 0 else math.inf
    view.shown[b] = w.signal[pool.stop_signal[stop]] if stop >= 0 else 0


@inner
def observe(pool: Pool, w: Batch, view: View, b: int, spacing: float) -> None:
    """Fills what policies see of one world."""
    show_actors(w, view, b)
    show_route(pool, w, view, b, spacing)
    view.numbers[SHOW_TIME, b] = w.run[STEP] * w.world_f[DT]
    view.numbers[SHOW_STEER, b] = w.state[STEER, w.world_i[EGO]]
    view.done[b] = w.run[WORLD_DONE] == 1
    view.happened[b, 0] = 1 if w.run[CRASH_STEP] >= 0 else 0
    view.happened[b, 1] = (w.run[OFF_ROAD] + 1) // 2
    view.happened[b, 2] = w.run[RED_LIGHTS]
    view.happened[b, 3] = w.run[AT_GOAL]


def player(start: Any, step: Any) -> Any:
    """What happens to one world in one call."""

    @inlined
    def play(
        pool: Pool, w: Batch, view: View, b: int, num_steps: int, driver: int, accel: float, steer: float,
        spacing: float,
    ) -> None:  # fmt: skip
        """Begins the world (`num_steps` -1) or advances it, then shows it."""
        if num_steps < 0:
            start(pool, w)
        for _ in range(num_steps):
            if w.run[WORLD_DONE] == 1:
                break
            step(pool, w, driver, accel, steer)
        if spacing > 0.0:
            observe(pool, w, view, b, spacing)

    return play


play_plain = player(begin_plain, step_plain)
play_whole = player(begin, step_world)


@entry
def play_band(
    pool: Pool, batch: Batch, view: View, first: int, last: int, num_steps: int, driver: int,
    accel: np.ndarray, steer: np.ndarray, spacing: float,
) -> None:  # fmt: skip
    """Begins the worlds of a band (`num_steps` -1) or advances them, then shows them; the door for plain worlds.

    Plain worlds have no logs, trailers, doors, cargo, nor egos on slipping tyres; see `engines.are_plain`.
    `driver` 0 takes the commands from `accel` and `steer`, shape (B,). `spacing`: between the points of the route
    that are shown; 0 shows nothing.
    """
    ways = hand(pool)
    for b in range(first, last):
        play_plain(ways, hand(world_of(batch, b)), view, b, num_steps, driver, accel[b], steer[b], spacing)


@entry
def play_whole_band(
    pool: Pool, batch: Batch, view: View, first: int, last: int, num_steps: int, driver: int,
    accel: np.ndarray, steer: np.ndarray, spacing: float,
) -> None:  # fmt: skip
    """As `play_band`, for worlds with everything; compiled only where it is needed."""
    ways = hand(pool)
    for b in range(first, last):
        play_whole(ways, hand(world_of(batch, b)), view, b, num_steps, driver, accel[b], steer[b], spacing)
