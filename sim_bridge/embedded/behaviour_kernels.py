"""Phases and triggers of behaviours, compiled.

A behaviour tree is a list of phases; each waits for the phases that it needs (bits of a mask) and for its trigger.
Phases stand in such an order that one pass per step starts everything that can start.
"""

import math

from sim_bridge.embedded.compiled import inlined, inner
from sim_bridge.embedded.dynamics_kernels import begin_sideways
from sim_bridge.embedded.event_kernels import record
from sim_bridge.embedded.geometry_kernels import box_distance, path_length, project, refine
from sim_bridge.embedded.layout import (
    BASE_D,
    DESIRED,
    DO_CHANGE_LANE,
    DO_CHANGE_SPEED,
    DO_DROP,
    DO_FAIL,
    DO_FOLLOW_PATH,
    DO_KEEP_SPEED,
    DO_MOVE_SIDEWAYS,
    DO_NOTHING,
    DO_OPEN_DOOR,
    DO_WAIT,
    DONE,
    DT,
    EV_A,
    EV_B,
    EVENT_FAILURE,
    EVENT_TRIGGER,
    FIRST_PHASE,
    FLAT_FRONT,
    FLAT_REAR,
    INDICATOR,
    LAT_DURATION,
    LATERAL_PHASE,
    LENGTH,
    MODE,
    MODE_PATH,
    NUM_PHASES,
    ON_AHEAD,
    ON_DISTANCE,
    ON_NOTHING,
    ON_REACH,
    ON_TIME,
    ON_TIME_GAP,
    PATH,
    PATH_PHASE,
    PH_A,
    PH_B,
    PH_KIND,
    PH_NEED,
    PH_OTHER,
    PH_PATH,
    PH_TRIGGER,
    PH_VALUE,
    Q_LON,
    Q_S,
    SPEED,
    SPEED_PHASE,
    STARTED,
    STEP,
    SWERVES,
    VALID,
    VX,
    VY,
    WIDTH,
    YAW,
    Batch,
    D,
    Pool,
    S,
    X,
    Y,
)
from sim_bridge.embedded.loose_kernels import drop, open_door

LEFT_INDICATOR, RIGHT_INDICATOR = 8, 16
# How far a flat tyre draws a vehicle at 25 m/s and more, until its driver has it again, and the way back: chosen, a
# lane's spare room within a reaction time.
FLAT_PULL_M, FLAT_PULL_S, FLAT_RETURN_S = 0.9, 1.2, 2.5


@inner
def gap_between(w: Batch, i: int, j: int) -> float:
    """Distance between the boxes of two actors."""
    st, f = w.state, w.param_f
    return box_distance(
        st[X, i], st[Y, i], st[YAW, i], f[LENGTH, i], f[WIDTH, i],
        st[X, j], st[Y, j], st[YAW, j], f[LENGTH, j], f[WIDTH, j],
    )  # fmt: skip


@inner
def time_to_reach(w: Batch, i: int, j: int) -> float:
    """Seconds that actor `j` needs to reach actor `i` at its present speed; inf where it stands or has passed.

    Along the path of `j` where `i` lies near it, else along the gap between the boxes.
    """
    speed = math.sqrt(w.state[VX, j] ** 2 + w.state[VY, j] ** 2)
    if speed < 1e-3:
        return math.inf
    p = w.flags[PATH, j]
    if p >= 0 and not math.isnan(w.proj[p, Q_S, i]) and not math.isnan(w.proj[p, Q_S, j]):
        ahead = w.proj[p, Q_S, i] - w.proj[p, Q_S, j]
        if ahead < 0.0:
            return math.inf
        return max(ahead - w.proj[p, Q_LON, i] - w.proj[p, Q_LON, j], 0.0) / speed
    return gap_between(w, i, j) / speed


@inner
def time_to_collision(w: Batch, i: int, j: int) -> float:
    """Gap between the boxes over the closing speed along the line between the centres; inf where they part."""
    st = w.state
    dx, dy = st[X, j] - st[X, i], st[Y, j] - st[Y, i]
    distance = math.sqrt(dx * dx + dy * dy)
    if distance < 1e-9:
        return 0.0
    closing = ((st[VX, i] - st[VX, j]) * dx + (st[VY, i] - st[VY, j]) * dy) / distance
    return gap_between(w, i, j) / closing if closing > 1e-3 else math.inf


@inner
def fires(w: Batch, i: int, phase: int) -> bool:
    """Whether the trigger of a phase fires now."""
    kind, value, j = w.phase_i[phase, PH_TRIGGER], w.phase_f[phase, PH_VALUE], w.phase_i[phase, PH_OTHER]
    if kind == ON_NOTHING:
        return True
    if kind == ON_TIME:
        return w.run[STEP] * w.world_f[DT] >= value - 1e-9
    if kind == ON_REACH:
        return w.state[S, i] >= value
    if w.flags[VALID, j] == 0:
        return False
    if kind == ON_DISTANCE:
        return gap_between(w, i, j) < value
    if kind == ON_TIME_GAP:
        return time_to_reach(w, i, j) < value
    if kind == ON_AHEAD:
        return w.state[S, i] - w.proj[w.flags[PATH, i], Q_S, j] > value
    return time_to_collision(w, i, j) < value


@inner
def enter_path(pool: Pool, w: Batch, i: int, p: int, from_start: bool) -> bool:
    """Puts an actor onto local path `p` where it is; its lateral rate carries over."""
    st, path = w.state, w.paths[p]
    if from_start:
        s, d = refine(pool, path, st[X, i], st[Y, i], 0.0)
    else:
        s, d = project(pool, path, st[X, i], st[Y, i])
        if math.isnan(s):
            return False
    w.flags[PATH, i] = p
    st[S, i], st[D, i] = s, d
    return True


@inner
def fail(w: Batch, i: int, column: int, loss: float) -> None:
    """Breaks a part of a vehicle; one on a path is drawn aside by a flat tyre and steered back."""
    st = w.state
    st[column, i] = loss
    row = record(w, EVENT_FAILURE, i, -1)
    if row >= 0:
        w.events[row, EV_A], w.events[row, EV_B] = column, loss
    if w.flags[MODE, i] == MODE_PATH and column in (FLAT_FRONT, FLAT_REAR):
        speed = min(st[SPEED, i] / 25.0, 1.0)
        if w.flags[LATERAL_PHASE, i] < 0 and speed > 0.1:
            st[BASE_D, i] = st[D, i]
            w.flags[SWERVES, i] = 1
            begin_sideways(w, i, st[D, i] + FLAT_PULL_M * loss * speed, FLAT_PULL_S)


@inlined
def steer_back(w: Batch, i: int) -> None:
    """Brings an actor whose tyre has drawn it aside back to where it drove."""
    if w.flags[SWERVES, i] == 1 and w.state[LAT_DURATION, i] <= 0.0:
        w.flags[SWERVES, i] = 0
        if w.flags[LATERAL_PHASE, i] < 0 and w.flags[MODE, i] == MODE_PATH:
            begin_sideways(w, i, w.state[BASE_D, i], FLAT_RETURN_S)


@inner
def start_phase(pool: Pool, w: Batch, i: int, phase: int) -> bool:
    """Begins an action; False where it must wait because the lane to change to is not there yet."""
    st, kind = w.state, w.phase_i[phase, PH_KIND]
    a, b = w.phase_f[phase, PH_A], w.phase_f[phase, PH_B]
    w.phase_t[phase] = w.run[STEP] * w.world_f[DT]
    if kind == DO_KEEP_SPEED:
        st[DESIRED, i] = a
    elif kind == DO_CHANGE_SPEED:
        w.flags[SPEED_PHASE, i] = phase
    elif kind in (DO_CHANGE_LANE, DO_MOVE_SIDEWAYS):
        if kind == DO_CHANGE_LANE and not enter_path(pool, w, i, w.phase_i[phase, PH_PATH], False):
            return False
        w.flags[LATERAL_PHASE, i] = phase
        if abs(a - st[D, i]) > 1.5:
            w.flags[INDICATOR, i] = LEFT_INDICATOR if a > st[D, i] else RIGHT_INDICATOR
        begin_sideways(w, i, a, b)
    elif kind == DO_DROP:
        drop(w, i, w.phase_i[phase, PH_OTHER])
    elif kind == DO_OPEN_DOOR:
        open_door(w, i, w.phase_i[phase, PH_OTHER], a, b)
    elif kind == DO_FAIL:
        fail(w, i if w.phase_i[phase, PH_OTHER] < 0 else w.phase_i[phase, PH_OTHER], int(a), b)
    elif kind == DO_FOLLOW_PATH:
        enter_path(pool, w, i, w.phase_i[phase, PH_PATH], True)
        w.flags[PATH_PHASE, i] = phase
        st[DESIRED, i] = a
        st[LAT_DURATION, i], st[BASE_D, i] = 0.0, 0.0
        if abs(st[D, i]) > 0.01:
            begin_sideways(w, i, 0.0, max(1.0, abs(st[D, i])))
    return True


@inner
def ended(pool: Pool, w: Batch, i: int, phase: int) -> bool:
    """Whether a running action is over; where it is, leaves the actor as the action promises."""
    st, kind = w.state, w.phase_i[phase, PH_KIND]
    if kind in (DO_NOTHING, DO_KEEP_SPEED, DO_FAIL, DO_DROP, DO_OPEN_DOOR):
        return True
    if kind == DO_CHANGE_SPEED:
        if abs(st[SPEED, i] - w.phase_f[phase, PH_A]) > 0.05:
            return False
        st[DESIRED, i] = w.phase_f[phase, PH_A]
        w.flags[SPEED_PHASE, i] = -1
        return True
    if kind == DO_WAIT:
        return w.run[STEP] * w.world_f[DT] - w.phase_t[phase] >= w.phase_f[phase, PH_A] - 1e-9
    if kind == DO_FOLLOW_PATH:
        if st[S, i] < path_length(pool, w.paths[w.flags[PATH, i]]) - 0.15:
            return False
        st[DESIRED, i] = 0.0
        w.flags[PATH_PHASE, i] = -1
        return True
    if st[LAT_DURATION, i] > 0.0:
        return False
    w.flags[LATERAL_PHASE, i], w.flags[INDICATOR, i] = -1, 0
    st[BASE_D, i] = st[D, i]
    return True


@inlined
def behave(pool: Pool, w: Batch, i: int) -> None:
    """Starts and ends the phases of one actor; records each trigger that fires."""
    steer_back(w, i)
    first = w.param_i[FIRST_PHASE, i]
    for k in range(w.param_i[NUM_PHASES, i]):
        phase, bit = first + k, 1 << k
        if w.flags[DONE, i] & bit:
            continue
        if not w.flags[STARTED, i] & bit:
            need = w.phase_i[phase, PH_NEED]
            if w.flags[DONE, i] & need != need or not fires(w, i, phase):
                continue
            if not start_phase(pool, w, i, phase):
                continue
            w.flags[STARTED, i] |= bit
            if w.phase_i[phase, PH_TRIGGER] != ON_NOTHING:
                row = record(w, EVENT_TRIGGER, i, w.phase_i[phase, PH_OTHER])
                if row >= 0:
                    w.events[row, EV_A] = phase
        if ended(pool, w, i, phase):
            w.flags[DONE, i] |= bit
