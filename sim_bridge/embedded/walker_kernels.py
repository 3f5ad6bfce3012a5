"""Walkers who think, compiled: they stop at the kerb, look, wait for a gap, cross, and may turn back.

The rows RULE_KERB of a walk path say where a crossing begins and ends on it, which path of vehicles it crosses and
where on that path. Rows of one crossing share its beginning.
"""

import math
from typing import Any

from sim_bridge.embedded.compiled import inner
from sim_bridge.embedded.driver_kernels import DRAW_BACK, DRAW_LOOK, uniform, walk_gap
from sim_bridge.embedded.dynamics_kernels import speed_command
from sim_bridge.embedded.geometry_kernels import path_length
from sim_bridge.embedded.layout import (
    COMFORT,
    DESIRED,
    DT,
    H_LOOK,
    H_TURN_BACK,
    H_WALK_IMPATIENCE,
    H_WALK_MARGIN,
    JERK,
    LAT_DURATION,
    M_CLOCK,
    M_DESIRED,
    M_KERB,
    M_STAGE,
    M_VISITS,
    M_WAITED,
    MAX_ACCEL,
    NUM_ACTORS,
    PATH,
    PATH_PHASE,
    Q_D,
    Q_LON,
    Q_S,
    Q_VS,
    R_A,
    R_B,
    R_FROM,
    R_KIND,
    R_OTHER,
    R_PATH,
    R_TO,
    RULE_BACK,
    RULE_KERB,
    RULE_NONE,
    SEED,
    SPEED,
    VALID,
    WALKS,
    Batch,
    D,
    Pool,
    S,
)

WALKING, LOOKING, CROSSING, RETURNING = 0.0, 1.0, 2.0, 3.0
KERB_NEAR_M = 0.25
VEHICLE_SEEN_M = 200.0
STOPPED_MPS = 0.5
RETURN_PACE = 1.3


@inner
def next_kerb(rule: Any, p: int, s: float) -> int:
    """First kerb row of walk path `p` at or beyond `s`; -1 without one."""
    best = -1
    for row in range(rule.shape[0]):
        if rule[row, R_KIND] == RULE_NONE:
            break
        if rule[row, R_KIND] == RULE_KERB and int(rule[row, R_PATH]) == p and rule[row, R_FROM] >= s:  # noqa: SIM102
            if best < 0 or rule[row, R_FROM] < rule[best, R_FROM]:
                best = row
    return best


@inner
def arrival(w: Batch, row: int) -> float:
    """Seconds until the first vehicle reaches the crossing of that row; inf where none comes, 0 where one is on it.

    A vehicle that has all but stopped is not counted: it waits.
    """
    q, at, best = int(w.rule[row, R_OTHER]), w.rule[row, R_A], math.inf
    for j in range(w.world_i[NUM_ACTORS]):
        s = w.proj[q, Q_S, j]
        if w.flags[VALID, j] == 0 or w.param_i[WALKS, j] == 1 or math.isnan(s) or abs(w.proj[q, Q_D, j]) > 2.0:
            continue
        front, v = s + w.proj[q, Q_LON, j], w.proj[q, Q_VS, j]
        if s - w.proj[q, Q_LON, j] > at + 1.0 or at - front > VEHICLE_SEEN_M:
            continue
        if front > at - 1.0:
            return 0.0
        if v > STOPPED_MPS:
            best = min(best, (at - front) / v)
    return best


@inner
def is_clear(w: Batch, i: int, p: int, kerb: float, speed: float) -> bool:
    """Whether every stream that the crossing at `kerb` of path `p` meets leaves the gap that the walker needs."""
    for row in range(w.rule.shape[0]):
        if w.rule[row, R_KIND] == RULE_NONE:
            break
        if w.rule[row, R_KIND] != RULE_KERB or int(w.rule[row, R_PATH]) != p or w.rule[row, R_FROM] != kerb:
            continue
        way = w.rule[row, R_B] - kerb
        needed = walk_gap(way, speed, w.habit[H_WALK_MARGIN, i], w.mind[M_WAITED, i], w.habit[H_WALK_IMPATIENCE, i])
        if arrival(w, row) < needed:
            return False
    return True


@inner
def threatened(w: Batch, i: int, p: int, speed: float) -> bool:
    """Whether, on the first half of a crossing, a vehicle would come before the walker is past its lane."""
    s = w.state[S, i]
    for row in range(w.rule.shape[0]):
        if w.rule[row, R_KIND] == RULE_NONE:
            break
        if (
            w.rule[row, R_KIND] != RULE_KERB
            or int(w.rule[row, R_PATH]) != p
            or w.rule[row, R_FROM] != w.mind[M_KERB, i]
        ):
            continue
        kerb, left = w.rule[row, R_FROM], w.rule[row, R_B] - s
        if s - kerb < 0.5 * (w.rule[row, R_B] - kerb) and left > 0.0 and arrival(w, row) < left / max(speed, 0.1):
            return True
    return False


@inner
def swap_path(pool: Pool, w: Batch, i: int, p: int) -> None:
    """Puts a walker onto path `p`, which runs the other way along the one it is on."""
    st = w.state
    st[S, i] = path_length(pool, w.paths[w.flags[PATH, i]]) - st[S, i]
    st[D, i], st[LAT_DURATION, i] = -st[D, i], 0.0
    w.flags[PATH, i] = p


@inner
def back_path(rule: Any, p: int) -> int:
    """The local path that runs back along walk path `p`; -1 without one."""
    for row in range(rule.shape[0]):
        if rule[row, R_KIND] == RULE_NONE:
            break
        if rule[row, R_KIND] == RULE_BACK and int(rule[row, R_PATH]) == p:
            return int(rule[row, R_OTHER])
    return -1


@inner
def far_side(rule: Any, p: int, kerb: float) -> float:
    """Where the crossing at `kerb` of path `p` ends."""
    end = kerb
    for row in range(rule.shape[0]):
        if rule[row, R_KIND] == RULE_KERB and int(rule[row, R_PATH]) == p and rule[row, R_FROM] == kerb:
            end = max(end, rule[row, R_TO])
    return end


@inner
def step_stage(pool: Pool, w: Batch, i: int) -> None:
    """Moves the walker from stage to stage: walking, looking at the kerb, crossing, returning."""
    p, s, seed = w.flags[PATH, i], w.state[S, i], w.world_i[SEED]
    stage, pace = w.mind[M_STAGE, i], max(w.state[DESIRED, i], 0.1)
    if stage == WALKING:
        row = next_kerb(w.rule, p, s - KERB_NEAR_M)
        if row >= 0 and w.rule[row, R_FROM] - s < KERB_NEAR_M and w.state[SPEED, i] < 0.2:
            share = 0.5 + uniform(seed, i, int(w.mind[M_VISITS, i]), DRAW_LOOK)
            w.mind[M_STAGE, i], w.mind[M_KERB, i] = LOOKING, w.rule[row, R_FROM]
            w.mind[M_CLOCK, i], w.mind[M_WAITED, i] = share * w.habit[H_LOOK, i], 0.0
            w.mind[M_VISITS, i] += 1.0
    elif stage == LOOKING:
        w.mind[M_CLOCK, i] -= w.world_f[DT]
        w.mind[M_WAITED, i] += w.world_f[DT]
        if w.mind[M_CLOCK, i] <= 1e-9 and is_clear(w, i, p, w.mind[M_KERB, i], pace):
            w.mind[M_STAGE, i] = CROSSING
    elif stage == CROSSING:
        if s > far_side(w.rule, p, w.mind[M_KERB, i]):
            w.mind[M_STAGE, i] = WALKING
        elif back_path(w.rule, p) >= 0 and threatened(w, i, p, pace):  # noqa: SIM102
            if uniform(seed, i, int(w.mind[M_VISITS, i]), DRAW_BACK) < w.habit[H_TURN_BACK, i]:
                w.mind[M_STAGE, i], w.mind[M_DESIRED, i] = RETURNING, p
                swap_path(pool, w, i, back_path(w.rule, p))
    elif s >= path_length(pool, w.paths[p]) - w.mind[M_KERB, i] - KERB_NEAR_M and w.state[SPEED, i] < 0.2:
        swap_path(pool, w, i, int(w.mind[M_DESIRED, i]))
        w.mind[M_STAGE, i] = WALKING


@inner
def walk_command(pool: Pool, w: Batch, i: int) -> float:
    """Acceleration of a walker: it stops at kerbs until it may cross, and at the end of its path."""
    st, jerk, brake = w.state, w.param_f[JERK, i], max(w.param_f[COMFORT, i], 1.5)
    if w.flags[PATH_PHASE, i] >= 0:
        step_stage(pool, w, i)
    p, stage, desired = w.flags[PATH, i], w.mind[M_STAGE, i], st[DESIRED, i]
    left = path_length(pool, w.paths[p]) - st[S, i]
    if w.flags[PATH_PHASE, i] >= 0 and stage != RETURNING:
        desired = min(desired, math.sqrt(2.0 * brake * max(left - 0.05, 0.0)))
    if stage == RETURNING:
        desired = RETURN_PACE * desired
        left -= w.mind[M_KERB, i]
        desired = min(desired, math.sqrt(2.0 * brake * max(left, 0.0)))
    elif stage == LOOKING:
        desired = 0.0
    elif stage == WALKING:
        row = next_kerb(w.rule, p, st[S, i] - KERB_NEAR_M)
        if row >= 0:
            desired = min(desired, math.sqrt(2.0 * brake * max(w.rule[row, R_FROM] - st[S, i], 0.0)))
    rate = w.param_f[MAX_ACCEL, i] if desired >= st[SPEED, i] else brake
    return speed_command(st[SPEED, i], desired, rate, jerk, w.world_f[DT])


__all__ = ["arrival", "walk_command"]
